"""Sections 1 and 4: what a synchronizer is told and what it asks for (R-2.4-4, R-4.1-1).

A synchronizer does no input and no output. Whoever drives it owns the sockets, the clock, the disk, the secret key and
the provers, hands it events, and carries out the effects in their order: first what is to be stored, then what is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from taifoon.core.block import ClusterBlock
from taifoon.core.consensus import Voting
from taifoon.core.epoch_block import EpochBlock
from taifoon.core.leaf import MMRLeaf
from taifoon.core.network_state import EpochRecord, NetworkState
from taifoon.core.proof_system import ProofSystem
from taifoon.core.proposal import Proposal
from taifoon.network.envelope import Packet
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Hash32, Millis, PublicKey, Signature64, View
from taifoon.rejection import RejectionCode
from taifoon.synchronizer.acts import Act
from taifoon.synchronizer.economy import Economy


class Signer(Protocol):
    """The holder of the secret key. Both answers are functions of the question alone."""

    @property
    def public_key(self) -> PublicKey:
        """The key that the signatures are under."""

    def sign(self, digest: Hash32) -> Signature64:
        """A signature under a digest."""

    def secret(self, epoch: Epoch) -> Hash32:
        """The secret that this holder commits to, and reveals, for the beacon of an epoch."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a synchronizer runs with beside the profile: spans of time in milliseconds, the same at all honest ones.

    `factor` is the duplication factor in force, `stretch` the number of blocks that a cluster makes in an epoch.
    `pace` is the least time between two blocks; `patience` the time after which an epoch no longer waits for clusters
    that have not made theirs; every `pull` a peer is asked for what was lost; `life` is the life of a message.
    `address` is where others find this synchronizer.
    """

    signer: Signer
    proof_system: ProofSystem
    factor: int
    stretch: int
    pace: Millis
    patience: Millis
    pull: Millis
    life: Millis
    address: bytes = b""


@dataclass(frozen=True, slots=True)
class ViewAlarm:
    """The timer of a view of a committee."""

    epoch: Epoch
    committee: ClusterId
    view: View


@dataclass(frozen=True, slots=True)
class BuildAlarm:
    """The time at which the leader of a committee's view may build its block."""

    epoch: Epoch
    committee: ClusterId
    view: View


@dataclass(frozen=True, slots=True)
class PatienceAlarm:
    """The time at which clusters show what there is, and then that at which the epoch closes with it."""

    epoch: Epoch


@dataclass(frozen=True, slots=True)
class PullAlarm:
    """The time to ask a peer."""


Alarm: TypeAlias = ViewAlarm | BuildAlarm | PatienceAlarm | PullAlarm


@dataclass(frozen=True, slots=True)
class StoredVotes:
    """What a member of a committee has stored of its voting in an epoch, and the proposals that it voted for."""

    epoch: Epoch
    committee: ClusterId
    voting: Voting
    proposals: tuple[Proposal[ClusterBlock] | Proposal[EpochBlock], ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """The synchronizer starts with what it stored: network and economy after the last closing, and the votes since."""

    network: NetworkState
    economy: Economy
    records: tuple[EpochRecord, ...] = ()
    votes: tuple[StoredVotes, ...] = ()
    orders: tuple[Act, ...] = ()
    jobs: tuple[MMRLeaf, ...] = ()


@dataclass(frozen=True, slots=True)
class PacketArrived:
    """A packet came from the network."""

    packet: Packet


@dataclass(frozen=True, slots=True)
class OctetsArrived:
    """A packet came from the network, as bytes."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class AlarmRang:
    """An alarm that was set has rung."""

    alarm: Alarm


@dataclass(frozen=True, slots=True)
class JobSubmitted:
    """A client brings a job to this synchronizer, as a leaf; the cluster in it is set to the primary of the epoch."""

    leaf: MMRLeaf


@dataclass(frozen=True, slots=True)
class ProofBuilt:
    """The proof for which `ProveJob` asked is there."""

    job_id: Hash32
    proof: bytes


@dataclass(frozen=True, slots=True)
class Ordered:
    """The holder of the key wants something of the ledger: seats, to leave, or that an offence is punished."""

    act: Act


Event: TypeAlias = Started | PacketArrived | OctetsArrived | AlarmRang | JobSubmitted | ProofBuilt | Ordered


@dataclass(frozen=True, slots=True)
class StoreVotes:
    """Store this, and go on only when it is stored. The voting takes the place of the last one, proposals add up."""

    votes: StoredVotes


@dataclass(frozen=True, slots=True)
class StoreEpoch:
    """Store network and economy after a closing, and the record that led there; votes of earlier epochs may go."""

    network: NetworkState
    economy: Economy
    record: EpochRecord


@dataclass(frozen=True, slots=True)
class StoreOrders:
    """Store the acts that wait for a closing, in the place of those stored before."""

    orders: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class StoreJobs:
    """Store the jobs in custody, in the place of those stored before."""

    jobs: tuple[MMRLeaf, ...]


@dataclass(frozen=True, slots=True)
class Provisional:
    """A result for the client that brought the job, made while the cluster was out of reach.

    It has no certificate and earns nothing; another result may become final.
    """

    job_id: Hash32
    proof: bytes


@dataclass(frozen=True, slots=True)
class SendTo:
    """Send a packet to these peers; the sender itself is none of them."""

    peers: tuple[PublicKey, ...]
    packet: Packet


@dataclass(frozen=True, slots=True)
class Spread:
    """Push a packet to as many peers as the fanout says, drawn by the driver."""

    packet: Packet


@dataclass(frozen=True, slots=True)
class SetAlarm:
    """Ring at a time. Of the alarms of one kind and committee only the last one set counts."""

    alarm: Alarm
    at: Millis


@dataclass(frozen=True, slots=True)
class ProveJob:
    """Make a proof of a job, and report it by `ProofBuilt`."""

    leaf: MMRLeaf


@dataclass(frozen=True, slots=True)
class BlockFinal:
    """A block of a cluster is final at this synchronizer; its parent has been reported before."""

    epoch: Epoch
    cluster: ClusterId
    number: BlockNumber
    block: ClusterBlock


@dataclass(frozen=True, slots=True)
class EpochTurned:
    """The epoch is over at this synchronizer, and the next has begun."""

    network: NetworkState
    economy: Economy


@dataclass(frozen=True, slots=True)
class Refused:
    """A message was refused, and why; it has changed nothing but what is remembered of it.

    An own word that no receiver would take is refused as well, and not said.
    """

    code: RejectionCode
    detail: str


Effect: TypeAlias = (
    StoreVotes
    | StoreEpoch
    | StoreOrders
    | StoreJobs
    | SendTo
    | Spread
    | SetAlarm
    | ProveJob
    | Provisional
    | BlockFinal
    | EpochTurned
    | Refused
)
