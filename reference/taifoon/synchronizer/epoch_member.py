"""Sections 2.2 and 2.4: a synchronizer as a member of the epoch chain's committee (R-2.1-12, R-2.2-1, R-2.4-6).

All seats vote on how the epoch closes, by the same replica as in a cluster. A member votes for a closing that it can
derive itself: from stretches that it has followed, and from commitments and reveals that contradict none it has heard.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from taifoon.core.accountability import without_surplus
from taifoon.core.beacon import Commitment, Reveal, commitment
from taifoon.core.block import block_hash
from taifoon.core.certificate import ClaimedConsensus
from taifoon.core.consensus import Link
from taifoon.core.epoch import EPOCH_COMMITTEE, Assignment, committee_of_cluster, committee_of_epoch
from taifoon.core.epoch_block import (
    MAX_ACTS,
    Closing,
    EpochBlock,
    EpochChain,
    closing_hash,
    epoch_genesis,
)
from taifoon.core.knowledge import finality_proof, is_certified
from taifoon.core.network_state import EpochRecord, NetworkState, chain_of, jobs_of
from taifoon.core.owners import formation_of
from taifoon.core.proposal import Proposal
from taifoon.core.replica import Replica, new_replica
from taifoon.core.replica_events import BuildBlock
from taifoon.core.succession import ClusterChain, Stretch, follow
from taifoon.network.envelope import Envelope
from taifoon.primitives.types import ClusterId, Hash32, Millis, Seat, View
from taifoon.profile import Profile
from taifoon.synchronizer.acts import order_of
from taifoon.synchronizer.cluster_member import seats_in
from taifoon.synchronizer.events import Terms
from taifoon.synchronizer.live_chain import turns

SHOWING_DELAYS = 4
"""Message delays from the end of patience to a closing: members enter an epoch apart, and a push takes its hops."""

MOST_HELD = 2
"""Closings proposed for one view that wait to be judged."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A stretch that was checked, and the cluster's chain after it."""

    stretch: Stretch
    chain: ClusterChain


@dataclass(frozen=True, slots=True)
class EpochMember:
    """A membership in the committee of all seats.

    `acceptable` are the closings that the member would vote for, `held` the proposals of closings that it cannot judge
    yet, `acts` what holders of keys have asked of the ledger. `began` is the local time at which the epoch began here;
    votes to end a view count from when a closing is due.
    """

    replica: Replica[EpochBlock]
    genesis: Hash32
    order: tuple[Seat, ...]
    began: Millis
    is_due: bool = False
    acceptable: frozenset[Hash32] = frozenset()
    held: tuple[Proposal[EpochBlock], ...] = ()
    followed: tuple[Followed, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    reveals: tuple[Reveal, ...] = ()
    acts: tuple[Envelope, ...] = ()
    owed: BuildBlock | None = field(default=None)


@dataclass(frozen=True, slots=True)
class ClosingChain:
    """The epoch chain with its order of leaders, so that it is derived once."""

    chain: EpochChain
    order: tuple[Seat, ...]

    @property
    def genesis(self) -> Hash32:
        """What the closing stands on."""
        return self.chain.genesis

    def link(self, block: EpochBlock) -> Link:
        """A block's link."""
        return self.chain.link(block)

    def claims(self, block: EpochBlock) -> ClaimedConsensus | None:
        """Nothing: blocks of this chain claim no committee."""
        return self.chain.claims(block)

    def is_valid(self, parent: Link, block: EpochBlock) -> bool:
        """Whether a block stands where it says, with an acceptable closing exactly if it is the first."""
        return self.chain.is_valid(parent, block)

    def leader(self, view: View) -> Seat:
        """The seat that leads a view."""
        return self.order[(view - 1) % len(self.order)]


def new_epoch_member(
    profile: Profile, terms: Terms, network: NetworkState, assignment: Assignment, now: Millis
) -> EpochMember:
    """A member of the committee of all seats at the beginning of an epoch."""
    committee = committee_of_epoch(network.chain_id, assignment)
    seats = seats_in(committee.keys, terms.signer.public_key)
    genesis = epoch_genesis(profile, network.chain_id, network.epoch, network.before)
    order = turns(profile, assignment.seed, EPOCH_COMMITTEE, assignment.seats)
    return EpochMember(new_replica(committee, seats), genesis, order, now)


def closing_chain(profile: Profile, assignment: Assignment, member: EpochMember) -> ClosingChain:
    """The epoch chain as the member sees it."""
    return ClosingChain(EpochChain(profile, member.genesis, assignment, member.acceptable), member.order)


def end_of(profile: Profile, stretch: Stretch) -> Hash32 | None:
    """The hash of the last block of a stretch."""
    return block_hash(profile, stretch.blocks[-1]) if stretch.blocks else None


def has_followed(profile: Profile, member: EpochMember, stretch: Stretch) -> bool:
    """Whether a stretch of this cluster with this end is known."""
    end = end_of(profile, stretch)
    known = (each.stretch for each in member.followed if each.stretch.cluster == stretch.cluster)
    return any(len(each.blocks) == len(stretch.blocks) and end_of(profile, each) == end for each in known)


def with_stretch(
    profile: Profile,
    terms: Terms,
    network: NetworkState,
    assignment: Assignment,
    member: EpochMember,
    stretch: Stretch,
) -> EpochMember:
    """With a stretch of a cluster, followed from the last closing on; of its proof no more than is needed.

    Rejects as `follow` does.
    """
    if stretch.cluster >= len(assignment.clusters) or not stretch.blocks or has_followed(profile, member, stretch):
        return member
    committee = committee_of_cluster(network.chain_id, assignment, stretch.cluster)
    chain = follow(
        profile,
        terms.proof_system,
        committee,
        formation_of(assignment, stretch.cluster, jobs_of(profile, network, assignment, terms.factor)),
        chain_of(network, stretch.cluster),
        stretch,
    )
    if stretch.proof is not None:
        stretch = replace(stretch, proof=without_surplus(profile, committee, stretch.proof))
    return replace(member, followed=(*member.followed, Followed(stretch, chain)))


def unmoved(network: NetworkState, cluster: ClusterId) -> Followed:
    """A cluster that has finalised nothing in the epoch."""
    return Followed(Stretch(cluster, (), None), chain_of(network, cluster))


def longest(network: NetworkState, assignment: Assignment, member: EpochMember) -> tuple[Followed, ...]:
    """The longest known stretch of each cluster."""
    return tuple(
        max(
            (
                unmoved(network, ClusterId(cluster)),
                *(each for each in member.followed if each.stretch.cluster == cluster),
            ),
            key=lambda each: len(each.stretch.blocks),
        )
        for cluster in range(len(assignment.clusters))
    )


def heads_followed(
    profile: Profile, network: NetworkState, assignment: Assignment, member: EpochMember, closing: Closing
) -> tuple[Followed, ...] | None:
    """The stretches that end where a closing says; None while one of them is not known."""
    found: list[Followed] = []
    for cluster, head in zip(range(len(assignment.clusters)), closing.heads, strict=False):
        start = unmoved(network, ClusterId(cluster))
        ends = [*(each for each in member.followed if each.stretch.cluster == cluster), start]
        match = [each for each in ends if head_hash(profile, each) == head.block_hash]
        if not match:
            return None
        found.append(match[0])
    return tuple(found) if len(found) == len(assignment.clusters) else None


def head_hash(profile: Profile, followed: Followed) -> Hash32 | None:
    """The hash of the last block of a chain."""
    return None if followed.chain.last is None else block_hash(profile, followed.chain.last)


def is_whole(terms: Terms, followed: tuple[Followed, ...]) -> bool:
    """Whether each cluster has made its stretch."""
    return all(len(each.stretch.blocks) >= terms.stretch for each in followed)


def is_late(profile: Profile, terms: Terms, member: EpochMember, now: Millis) -> bool:
    """Whether the epoch closes with what there is: patience is at its end, and what was shown then has arrived."""
    return now >= member.began + terms.patience + SHOWING_DELAYS * profile.parameters.message_delay


def may_close(profile: Profile, terms: Terms, member: EpochMember, followed: tuple[Followed, ...], now: Millis) -> bool:
    """Whether the epoch may close with these stretches: all whole, or as they are when it is late."""
    return is_whole(terms, followed) or is_late(profile, terms, member, now)


def cuts(member: EpochMember, followed: tuple[Followed, ...]) -> bool:
    """Whether a stretch of these is shorter than one of the same cluster that the member has followed."""
    lengths = {each.stretch.cluster: len(each.stretch.blocks) for each in followed}
    return any(len(each.stretch.blocks) > lengths.get(each.stretch.cluster, 0) for each in member.followed)


def with_commitment(member: EpochMember, commitment: Commitment) -> EpochMember:
    """With a holder's commitment, the first that was heard."""
    if any(each.holder == commitment.holder for each in member.commitments):
        return member
    return replace(member, commitments=(*member.commitments, commitment))


def with_reveals(
    profile: Profile, network: NetworkState, member: EpochMember, reveals: tuple[Reveal, ...]
) -> EpochMember:
    """With those reveals that open their holders' commitments of the closing before, whoever has told of them."""
    known = {each.holder for each in member.reveals}
    owed = {each.holder: each for each in network.commitments if each.holder not in known}
    fresh: tuple[Reveal, ...] = ()
    for reveal in reveals:
        made = owed.get(reveal.holder)
        if made is not None and made == commitment(profile, network.epoch, reveal.holder, reveal.secret):
            fresh = (*fresh, reveal)
            del owed[reveal.holder]
    return replace(member, reveals=(*member.reveals, *fresh)) if fresh else member


def with_reveal(profile: Profile, network: NetworkState, member: EpochMember, reveal: Reveal) -> EpochMember:
    """With a holder's reveal, if it opens that holder's commitment."""
    return with_reveals(profile, network, member, (reveal,))


def with_act(member: EpochMember, envelope: Envelope) -> EpochMember:
    """With an act that was heard, each once, and no more than a closing may hold.

    Where there is no more room, the last act of whoever has said most makes way for one who has said less.
    """
    place = order_of(envelope)
    if any(order_of(each) == place for each in member.acts):
        return member
    if len(member.acts) < MAX_ACTS:
        return replace(member, acts=(*member.acts, envelope))
    said = Counter(each.statement.sender for each in member.acts)
    loudest = max(said, key=lambda sender: (said[sender], sender))
    if said[envelope.statement.sender] + 1 >= said[loudest]:
        return member
    last = next(each for each in reversed(member.acts) if each.statement.sender == loudest)
    others = tuple(each for each in member.acts if each is not last)
    return replace(member, acts=(*others, envelope))


def is_notarised(member: EpochMember, proposal: Proposal[EpochBlock]) -> bool:
    """Whether a quorum has voted for a proposed block, by the certificates that the member holds."""
    return is_certified(member.replica.known, proposal.vote.statement)


def with_held(member: EpochMember, proposal: Proposal[EpochBlock], link: Link) -> EpochMember:
    """With a proposal that waits to be judged, if it is news.

    Two of a view show that its leader is guilty; more count only if a quorum has voted so.
    """
    is_held = any(each.vote.statement == proposal.vote.statement for each in member.held)
    if is_held or member.replica.known.held(link.block_hash) is not None:
        return member
    rivals = sum(each.block.header.view == link.view for each in member.held)
    if rivals >= MOST_HELD and not is_notarised(member, proposal):
        return member
    return replace(member, held=(*member.held, proposal))


def with_acceptable(profile: Profile, member: EpochMember, closing: Closing) -> EpochMember:
    """With a closing that the member would vote for."""
    return replace(member, acceptable=member.acceptable | {closing_hash(profile, closing)})


def final_record(
    profile: Profile, network: NetworkState, assignment: Assignment, member: EpochMember
) -> EpochRecord | None:
    """The record of the epoch, once its closing is final and its stretches are known."""
    if not member.replica.final:
        return None
    known = member.replica.known
    held = known.held(member.replica.final[0].block_hash)
    if held is None or held.proposal.block.closing is None:
        return None
    followed = heads_followed(profile, network, assignment, member, held.proposal.block.closing)
    if followed is None:
        return None
    proof = finality_proof(profile, closing_chain(profile, assignment, member), known, member.replica.final[-1])
    return EpochRecord(held.proposal.block, proof, tuple(each.stretch for each in followed))
