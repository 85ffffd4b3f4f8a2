"""Sections 2 to 6: what one synchronizer holds (R-2.2-1, R-2.2-2).

Everything here is either a value that every honest synchronizer derives from the closings, or what this one has heard
since. There is no other state: two synchronizers that were told the same hold the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from taifoon.core.block import ClusterBlock
from taifoon.core.epoch import EPOCH_COMMITTEE, Assignment
from taifoon.core.epoch_block import EpochBlock
from taifoon.core.leaf import MMRLeaf
from taifoon.core.network_state import EpochRecord, NetworkState
from taifoon.core.replica import Replica
from taifoon.network.envelope import Reception
from taifoon.network.kinds import P2PMessage
from taifoon.network.requests import Requests
from taifoon.primitives.types import ClusterId, Millis, PublicKey, View
from taifoon.profile import Profile
from taifoon.synchronizer.acts import Act
from taifoon.synchronizer.cluster_member import ClusterMember
from taifoon.synchronizer.economy import Economy
from taifoon.synchronizer.epoch_member import EpochMember
from taifoon.synchronizer.events import Effect, Terms
from taifoon.synchronizer.post import Outbox, to_all, to_peers
from taifoon.synchronizer.surroundings import Surroundings
from taifoon.synchronizer.watch import Watch

AnyReplica = Replica[ClusterBlock] | Replica[EpochBlock]


@dataclass(frozen=True, slots=True)
class LastingView:
    """The view that a cluster is in here, and since when by the local clock."""

    cluster: ClusterId
    view: View
    since: Millis


@dataclass(frozen=True, slots=True)
class Custody:
    """The jobs that clients have brought here and that are not done, and whether this synchronizer is cut off."""

    jobs: tuple[MMRLeaf, ...] = ()
    views: tuple[LastingView, ...] = ()
    is_alone: bool = False

    def since(self, cluster: ClusterId, view: View) -> Millis | None:
        """Since when a cluster is in a view; None where it was in another."""
        return next((each.since for each in self.views if (each.cluster, each.view) == (cluster, view)), None)


@dataclass(frozen=True, slots=True)
class Synchronizer:
    """A synchronizer in an epoch: a member of each cluster in which it has seats, and of the epoch's committee.

    `records` are the epochs that are over, from the first one that is kept; `asked` counts the peers asked so far.
    `orders` are the acts that this synchronizer wants taken up, until a closing has them.
    """

    terms: Terms
    network: NetworkState
    economy: Economy
    assignment: Assignment
    clusters: tuple[ClusterMember, ...]
    closing: EpochMember
    outbox: Outbox
    requests: Requests = ()
    records: tuple[EpochRecord, ...] = ()
    asked: int = 0
    orders: tuple[Act, ...] = ()
    custody: Custody = field(default_factory=Custody)
    watch: Watch = field(default_factory=Watch)
    surroundings: Surroundings = field(default_factory=Surroundings)

    def member(self, cluster: ClusterId) -> ClusterMember | None:
        """The membership in a cluster, if there is one."""
        return next((member for member in self.clusters if member.cluster == cluster), None)


Done = tuple[Synchronizer, tuple[Effect, ...]]


def with_member(synchronizer: Synchronizer, member: ClusterMember) -> Synchronizer:
    """With a changed membership."""
    clusters = tuple(member if each.cluster == member.cluster else each for each in synchronizer.clusters)
    return replace(synchronizer, clusters=clusters)


def replica_of(synchronizer: Synchronizer, committee: ClusterId) -> AnyReplica | None:
    """The replica that votes in a committee, if this synchronizer is a member."""
    if committee == EPOCH_COMMITTEE:
        return synchronizer.closing.replica
    member = synchronizer.member(committee)
    return None if member is None else member.replica


def registered_keys(synchronizer: Synchronizer) -> frozenset[PublicKey]:
    """The keys whose envelopes are read: those that serve, and those of the newest registry."""
    history = synchronizer.network.history
    newest = history.after(len(history.closed) - 1).registry
    return frozenset(entry.public_key for entry in (*synchronizer.assignment.registry, *newest))


def reception(synchronizer: Synchronizer, now: Millis) -> Reception:
    """Where and when an envelope arrives."""
    network = synchronizer.network
    return Reception(network.chain_id, network.epoch, registered_keys(synchronizer), now)


def keys_of(synchronizer: Synchronizer, committee: ClusterId) -> tuple[PublicKey, ...]:
    """The keys of a committee, each once, in their order."""
    assignment = synchronizer.assignment
    seats = assignment.seats if committee == EPOCH_COMMITTEE else assignment.clusters[committee]
    return tuple(sorted({seat.public_key for seat in seats}))


def send(
    profile: Profile, synchronizer: Synchronizer, peers: tuple[PublicKey, ...], message: P2PMessage, now: Millis
) -> Done:
    """A message to peers."""
    outbox, effects = to_peers(profile, synchronizer.terms, synchronizer.outbox, peers, message, now)
    return replace(synchronizer, outbox=outbox), effects


def spread(profile: Profile, synchronizer: Synchronizer, message: P2PMessage, now: Millis) -> Done:
    """A message to all."""
    outbox, effects = to_all(profile, synchronizer.terms, synchronizer.outbox, message, now)
    return replace(synchronizer, outbox=outbox), effects


def next_peer(synchronizer: Synchronizer, committee: ClusterId) -> tuple[PublicKey, ...]:
    """The peer whose turn it is to be asked, none where this synchronizer is alone."""
    own = synchronizer.terms.signer.public_key
    peers = tuple(key for key in keys_of(synchronizer, committee) if key != own)
    # Each begins at its own place, so that not all ask the same peer at once.
    start = sum(key < own for key in peers)
    return (peers[(start + synchronizer.asked) % len(peers)],) if peers else ()
