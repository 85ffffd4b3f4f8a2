"""Sections 2.2 and 2.4: the block that closes an epoch, and the chain of such blocks (R-2.1-12, R-2.4-6, R-6.1-4).

All seats of an epoch are its committee, and the voting is the one of the cluster chains. A closing lists where each
cluster's chain ends, settles the epoch's completions, and leaves registry, cluster count and beacon to later epochs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from icontract import ensure

from taifoon.core.assignment import SeatKey
from taifoon.core.beacon import Commitment, Commitments, Reveal, Reveals
from taifoon.core.block import NO_PARENT, Beginning, block_hash
from taifoon.core.certificate import MAX_SEATS, ClaimedConsensus
from taifoon.core.consensus import GENESIS_VIEW, Link, Voting
from taifoon.core.epoch import EPOCH_COMMITTEE, Assignment, EncodedRegistry, Foundation
from taifoon.core.leader import leaders
from taifoon.core.settlement import Completion
from taifoon.core.succession import ClusterChain
from taifoon.primitives.encoding import U32, U64, Length, Maximum, encode
from taifoon.primitives.hashing import Role, conforming_integer_orders, hash_role
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Hash32, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

MAX_CLUSTERS = MAX_SEATS
MAX_SETTLEMENTS = 1 << 24
MAX_ACTS = 1 << 12
MAX_ACT = 1 << 24
"""Bytes of one act, those of the longest message in its envelope."""
MAX_ALL_ACTS = 1 << 23
"""Bytes of all acts of a closing, 8 MiB: half of the longest message, so that closing and record can be sent."""


@dataclass(frozen=True, slots=True)
class ClusterHead:
    """Where the chain of a cluster ends: its last final block and the root in that block; none before the first block.

    `ended` closes the chain: the cluster does not exist in the next epoch.
    """

    cluster: Annotated[ClusterId, U32]
    block_number: Annotated[BlockNumber, U64]
    block_hash: Annotated[Hash32, Length(32)] | None
    mmr_root: Annotated[Hash32, Length(32)] | None
    ended: bool


Heads = Annotated[tuple[ClusterHead, ...], Maximum(MAX_CLUSTERS)]
Acts = Annotated[tuple[Annotated[bytes, Maximum(MAX_ACT)], ...], Maximum(MAX_ACTS)]


@dataclass(frozen=True, slots=True)
class GlobalState:
    """What a global root hashes: the epoch, and the head of every cluster that ever was, in their order.

    12 bytes and 14, 46 or 78 for each head, so never the 64 of a cluster's own state.
    """

    epoch: Annotated[Epoch, U64]
    heads: Heads


@dataclass(frozen=True, slots=True)
class Closing:
    """What an epoch ends with. `registry` serves in the second epoch after, `clusters` and `beacon` in the next one.

    `reveals` open the commitments of the closing before; `commitments` are to be opened in the next one. `acts` are
    what holders of keys ask of the ledger, each signed: deposits, departures, evidence. The registry follows.
    """

    epoch: Annotated[Epoch, U64]
    heads: Heads
    global_root: Annotated[Hash32, Length(32)]
    settled: Annotated[tuple[Completion, ...], Maximum(MAX_SETTLEMENTS)]
    registry: EncodedRegistry
    clusters: Annotated[int, U32]
    commitments: Commitments
    reveals: Reveals
    beacon: Annotated[Hash32, Length(32)]
    acts: Acts


@dataclass(frozen=True, slots=True)
class EpochHeader:
    """What a vote of the epoch chain names: 57 or 89 bytes, fewer than any cluster's block has."""

    epoch: Annotated[Epoch, U64]
    view: Annotated[View, U64]
    parent_view: Annotated[View, U64]
    previous_hash: Annotated[Hash32, Length(32)]
    closing_hash: Annotated[Hash32, Length(32)] | None


@dataclass(frozen=True, slots=True)
class EpochBlock:
    """A block of the epoch chain.

    The first one of an epoch has the closing. A leader that finds it notarised and not yet final adds a block without
    one, which does nothing but carry the first to finality.
    """

    header: EpochHeader
    closing: Closing | None


def head_of(profile: Profile, cluster: ClusterId, chain: ClusterChain, clusters: int) -> ClusterHead:
    """The head of a cluster's chain, for a next epoch with so many clusters."""
    last = chain.last
    ended = ends(profile, cluster, clusters)
    if last is None:
        return ClusterHead(cluster, BlockNumber(0), None, None, ended)
    return ClusterHead(cluster, last.header.block_number, block_hash(profile, last), last.header.mmr_root, ended)


def ends(profile: Profile, cluster: ClusterId, clusters: int) -> bool:
    """Rule: whether the closing ends a cluster's chain. Literally a removed cluster's chain just stops somewhere."""
    return Resolution.GENESIS in profile and cluster >= clusters


def keeper(cluster: ClusterId, clusters: int) -> ClusterId:
    """The cluster whose members keep the log of a cluster that has ended, and answer for it."""
    return ClusterId(cluster % clusters)


def global_root(profile: Profile, epoch: Epoch, heads: tuple[ClusterHead, ...]) -> Hash32:
    """The root over all clusters, which a later seed reads."""
    return hash_role(profile, Role.STATE, encode(GlobalState, GlobalState(epoch, heads)))


def closing_hash(profile: Profile, closing: Closing) -> Hash32:
    """The identity of a closing, whatever block of the epoch chain brings it."""
    return hash_role(profile, Role.CHECKPOINT, encode(Closing, closing))


def foundation_of(closing: Closing) -> Foundation:
    """What later epochs are formed of."""
    return Foundation(closing.global_root, closing.registry, closing.clusters, closing.beacon)


def epoch_block_hash(profile: Profile, block: EpochBlock) -> Hash32:
    """The hash by which votes and children name a block of the epoch chain."""
    return hash_role(profile, Role.BLOCK, encode(EpochHeader, block.header))


def epoch_genesis(profile: Profile, chain_id: Hash32, epoch: Epoch, before: Hash32 | None) -> Hash32:
    """Rule: the hash on which the closing of an epoch stands. Literally the zero hash.

    Repaired, it binds chain, epoch and the closing before, hence all earlier ones.
    """
    if Resolution.GENESIS not in profile:
        return NO_PARENT
    return hash_role(profile, Role.GENESIS, encode(Beginning, Beginning(chain_id, EPOCH_COMMITTEE, epoch, before)))


def epoch_leader(profile: Profile, assignment: Assignment, view: View) -> SeatKey:
    """The seat that leads a view of the epoch chain."""
    order = conforming_integer_orders(profile)[0]
    return leaders(profile, assignment.seed, EPOCH_COMMITTEE, assignment.seats, view, order)[0]


@ensure(lambda profile, result: (result.header.closing_hash is None) == (result.closing is None))
def epoch_block(profile: Profile, epoch: Epoch, view: View, parent: Link, closing: Closing | None) -> EpochBlock:
    """The block that a leader proposes on a parent: with a closing on the beginning, without one on a block."""
    named = None if closing is None else closing_hash(profile, closing)
    return EpochBlock(EpochHeader(epoch, view, parent.view, parent.block_hash, named), closing)


def check_named(profile: Profile, block: EpochBlock) -> None:
    """Demand the closing that the header names, none where it names none. Rejects with PROPOSAL_STATEMENT.

    A vote is for the header, so that anybody could put another closing under a leader's signature.
    """
    named = None if block.closing is None else closing_hash(profile, block.closing)
    if named != block.header.closing_hash:
        raise Rejected(
            RejectionCode.PROPOSAL_STATEMENT,
            f"closing_hash is {shown(block.header.closing_hash)}; the closing beside it has {shown(named)}",
        )


def shown(name: Hash32 | None) -> str:
    """A hash for a reader."""
    return "none" if name is None else name.hex()


def covers(closing: Closing, seen: tuple[ClusterHead, ...], revealed: tuple[Reveal, ...]) -> bool:
    """Whether a closing leaves out nothing that a member knows: no final block, and no reveal.

    An honest member votes for no other closing, so that a leader can neither drop a cluster's work nor choose among
    reveals. A matter of what arrived, hence no part of validity.
    """
    reached = {head.cluster: head.block_number for head in closing.heads}
    is_behind = any(reached.get(head.cluster, -1) < head.block_number for head in seen)
    return not is_behind and set(revealed) <= set(closing.reveals)


def is_vouched_for(closing: Closing, heard: tuple[Commitment, ...]) -> bool:
    """Whether a member has heard each commitment of a closing from its holder itself, in a signed message.

    An honest member votes for no other closing: a leader that commits in another's name would have that holder's bit,
    and the holder the blame for what it cannot reveal.
    """
    return set(closing.commitments) <= set(heard)


def is_sealed(voting: Voting) -> bool:
    """Whether a member, by its votes in the epoch chain, has to be silent in its cluster until the epoch is over.

    It voted for a closing that lists where the cluster's chain ends; a later block would be left out.
    """
    return bool(voting.notarised)


@dataclass(frozen=True, slots=True)
class EpochChain:
    """The epoch chain in one epoch, as the voting sees it.

    `acceptable` are the closings that the member has checked by what it knows.
    """

    profile: Profile
    genesis: Hash32
    assignment: Assignment
    acceptable: frozenset[Hash32]

    def link(self, block: EpochBlock) -> Link:
        """A block's link."""
        header = block.header
        return Link(header.view, epoch_block_hash(self.profile, block), header.parent_view, header.previous_hash)

    def claims(self, block: EpochBlock) -> ClaimedConsensus | None:
        """Blocks of this chain claim no committee."""
        return None

    def is_valid(self, parent: Link, block: EpochBlock) -> bool:
        """Whether a block stands where it says, and has an acceptable closing exactly if it is the first."""
        header = block.header
        stands = (header.epoch, header.parent_view, header.previous_hash) == (
            self.assignment.epoch,
            parent.view,
            parent.block_hash,
        )
        named = None if block.closing is None else closing_hash(self.profile, block.closing)
        is_first = (parent.view, parent.block_hash) == (GENESIS_VIEW, self.genesis)
        return stands and named == header.closing_hash and (named in self.acceptable if is_first else named is None)

    def leader(self, view: View) -> Seat:
        """The place, among all seats, of the one that leads a view."""
        return Seat(self.assignment.seats.index(epoch_leader(self.profile, self.assignment, view)))
