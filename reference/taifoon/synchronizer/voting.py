"""Sections 2.4 and 4.1: how the replicas of a synchronizer are driven (R-2.4-4, R-2.4-5, R-4.1-7 to R-4.1-9).

A replica takes an event and wants things done: votes signed, proposals sent, timers started, a block built. What it
tells itself by that is given back to it at once; all else becomes an effect of the synchronizer.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Protocol, TypeVar

from taifoon.core.block import ClusterBlock
from taifoon.core.consensus import GENESIS_VIEW, Link, Voting
from taifoon.core.epoch import EPOCH_COMMITTEE
from taifoon.core.epoch_block import EpochBlock
from taifoon.core.proposal import Proposal
from taifoon.core.replica import step as replica_step
from taifoon.core.replica_events import (
    AskCatchUp,
    BuildBlock,
    CatchUpAsked,
    CertificateArrived,
    Event,
    Finalised,
    ForwardProposal,
    Persist,
    ProposalArrived,
    Restarted,
    SendCertificate,
    SendProposal,
    SendVote,
    StartTimer,
    TimerEnded,
    VoteArrived,
)
from taifoon.core.replica_events import Effect as Want
from taifoon.core.timing import view_timeout
from taifoon.network.messages import BlockVote, CatchUpRequest, ViewCertificate
from taifoon.network.parts import vote_of
from taifoon.primitives.types import ClusterId, Millis, PublicKey, View
from taifoon.profile import Profile
from taifoon.rejection import Rejected
from taifoon.synchronizer.cluster_member import block_of, due_at, is_complete, jobs_to_prove, vote, without_done
from taifoon.synchronizer.epoch_member import closing_chain
from taifoon.synchronizer.events import (
    BlockFinal,
    BuildAlarm,
    Effect,
    ProveJob,
    Refused,
    SetAlarm,
    StoredVotes,
    StoreVotes,
    ViewAlarm,
)
from taifoon.synchronizer.heralds import told_of
from taifoon.synchronizer.post import proposal_message, voted
from taifoon.synchronizer.state import Done, Synchronizer, keys_of, next_peer, replica_of, send, with_member

Block = TypeVar("Block", ClusterBlock, EpochBlock)
Told = TypeVar("Told", ClusterBlock, EpochBlock)


class Tell(Protocol[Told]):
    """How the replica of one committee is told an event."""

    def __call__(self, synchronizer: Synchronizer, event: Event[Told]) -> tuple[Synchronizer, tuple[Want[Told], ...]]:
        """The synchronizer after the event, and what the replica wants. Rejects as the replica's `step` does."""


def drive_cluster(
    profile: Profile,
    synchronizer: Synchronizer,
    cluster: ClusterId,
    event: Event[ClusterBlock],
    now: Millis,
    asker: PublicKey | None = None,
) -> Done:
    """Give an event to the replica of a cluster, if this synchronizer has seats there."""

    def tell(
        synchronizer: Synchronizer, event: Event[ClusterBlock]
    ) -> tuple[Synchronizer, tuple[Want[ClusterBlock], ...]]:
        member = synchronizer.member(cluster)
        if member is None or (has_closed(synchronizer) and not isinstance(event, CatchUpAsked | Restarted)):
            return synchronizer, ()
        member, wants = vote(profile, synchronizer.terms, member, event, now)
        return with_member(synchronizer, member), wants

    return drive(profile, synchronizer, cluster, tell, event, now, asker)


def drive_closing(
    profile: Profile, synchronizer: Synchronizer, event: Event[EpochBlock], now: Millis, asker: PublicKey | None = None
) -> Done:
    """Give an event to the replica of the epoch chain."""

    def tell(synchronizer: Synchronizer, event: Event[EpochBlock]) -> tuple[Synchronizer, tuple[Want[EpochBlock], ...]]:
        closing = synchronizer.closing
        chain = closing_chain(profile, synchronizer.assignment, closing)
        replica, wants = replica_step(profile, chain, closing.replica, event)
        return replace(synchronizer, closing=replace(closing, replica=replica)), wants

    return drive(profile, synchronizer, EPOCH_COMMITTEE, tell, event, now, asker)


def drive_either(
    profile: Profile,
    synchronizer: Synchronizer,
    committee: ClusterId,
    event: VoteArrived | CertificateArrived | CatchUpAsked | TimerEnded,
    now: Millis,
    asker: PublicKey | None = None,
) -> Done:
    """Give an event that names no block to the replica of a committee."""
    if committee == EPOCH_COMMITTEE:
        return drive_closing(profile, synchronizer, event, now, asker)
    return drive_cluster(profile, synchronizer, committee, event, now, asker)


def drive(
    profile: Profile,
    synchronizer: Synchronizer,
    committee: ClusterId,
    tell: Tell[Block],
    event: Event[Block],
    now: Millis,
    asker: PublicKey | None,
) -> Done:
    """Tell a replica an event, and whatever it then tells itself; an asker alone gets what it sends.

    What the replica rejects is reported, and changes nothing.
    """
    effects: tuple[Effect, ...] = ()
    events: deque[Event[Block]] = deque([event])
    while events:
        try:
            synchronizer, wants = tell(synchronizer, events.popleft())
        except Rejected as rejected:
            effects = (*effects, Refused(rejected.code, rejected.detail))
            continue
        for want in wants:
            carried: tuple[Synchronizer, tuple[Effect, ...], tuple[Event[Block], ...]] = carry_out(
                profile, synchronizer, committee, want, now, asker
            )
            synchronizer, effects = carried[0], (*effects, *carried[1])
            events.extend(carried[2])
    return synchronizer, effects


def carry_out(
    profile: Profile,
    synchronizer: Synchronizer,
    committee: ClusterId,
    want: Want[Block],
    now: Millis,
    asker: PublicKey | None,
) -> tuple[Synchronizer, tuple[Effect, ...], tuple[Event[Block], ...]]:
    """Do what a replica wants; gives the effects, and what the replica tells itself by it."""
    peers = keys_of(synchronizer, committee) if asker is None else (asker,)
    signer, epoch = synchronizer.terms.signer, synchronizer.network.epoch
    effects: tuple[Effect, ...]
    match want:
        case Persist(voting, proposals):
            return synchronizer, (StoreVotes(StoredVotes(epoch, committee, voting, proposals)),), ()
        case SendVote(seat, statement):
            ballot = voted(profile, signer, seat, statement)
            synchronizer, effects = send(profile, synchronizer, peers, BlockVote(vote_of(ballot)), now)
            return synchronizer, effects, (VoteArrived(ballot),)
        case SendProposal(block, seat, statement, certificates):
            proposal = Proposal(block, voted(profile, signer, seat, statement), certificates)
            store = StoreVotes(StoredVotes(epoch, committee, voting_of(synchronizer, committee), (proposal,)))
            synchronizer, effects = send(profile, synchronizer, peers, proposal_message(proposal), now)
            return synchronizer, (store, *effects), (ProposalArrived(proposal),)
        case ForwardProposal(proposal):
            synchronizer, effects = send(profile, synchronizer, peers, proposal_message(proposal), now)
        case SendCertificate(certificate):
            synchronizer, effects = send(profile, synchronizer, peers, ViewCertificate(certificate), now)
        case AskCatchUp(view):
            synchronizer, effects = ask_catch_up(profile, synchronizer, committee, view, now)
        case StartTimer(view):
            effects = view_alarm(profile, synchronizer, committee, view, now)
        case BuildBlock():
            synchronizer, effects = owe(synchronizer, committee, want)
        case Finalised(link):
            synchronizer, effects = block_final(profile, synchronizer, committee, link, now)
    return synchronizer, effects, ()


def voting_of(synchronizer: Synchronizer, committee: ClusterId) -> Voting:
    """The voting in a committee; that of a new member where this synchronizer has no seat."""
    replica = replica_of(synchronizer, committee)
    return Voting() if replica is None else replica.voting


def has_closed(synchronizer: Synchronizer) -> bool:
    """Whether this synchronizer has voted for a closing; its clusters then only answer, lest they outgrow it."""
    return bool(synchronizer.closing.replica.voting.notarised)


def is_waited_for(synchronizer: Synchronizer, committee: ClusterId) -> bool:
    """Whether the views of a committee have to move: a stretch to be finished, or a closing that is due."""
    if committee == EPOCH_COMMITTEE:
        return synchronizer.closing.is_due
    member = synchronizer.member(committee)
    return member is not None and not is_complete(member, synchronizer.terms) and not has_closed(synchronizer)


def ask_catch_up(profile: Profile, synchronizer: Synchronizer, committee: ClusterId, view: View, now: Millis) -> Done:
    """Ask the peer whose turn it is; an answer is long, so one is asked at a time."""
    if not is_waited_for(synchronizer, committee):
        return synchronizer, ()
    peers = next_peer(synchronizer, committee)
    asking = replace(synchronizer, asked=synchronizer.asked + 1)
    return send(profile, asking, peers, CatchUpRequest(committee, view), now)


def view_alarm(
    profile: Profile, synchronizer: Synchronizer, committee: ClusterId, view: View, now: Millis
) -> tuple[Effect, ...]:
    """The timer of a view, where there is something to wait for."""
    replica = replica_of(synchronizer, committee)
    if replica is None or not is_waited_for(synchronizer, committee):
        return ()
    last_final = replica.final[-1].view if replica.final else GENESIS_VIEW
    timeout = view_timeout(profile, len(replica.known.committee.keys), view, last_final)
    return (SetAlarm(ViewAlarm(synchronizer.network.epoch, committee, view), Millis(now + timeout)),)


def owe(synchronizer: Synchronizer, committee: ClusterId, wanted: BuildBlock) -> Done:
    """Remember the block that a replica asks for; it is built as soon as it is due."""
    if committee == EPOCH_COMMITTEE:
        return replace(synchronizer, closing=replace(synchronizer.closing, owed=wanted)), ()
    member = synchronizer.member(committee)
    if member is None:
        return synchronizer, ()
    member = replace(member, owed=wanted)
    at = due_at(member, synchronizer.terms)
    alarm = BuildAlarm(synchronizer.network.epoch, committee, wanted.view)
    return with_member(synchronizer, member), () if at is None else (SetAlarm(alarm, at),)


def block_final(profile: Profile, synchronizer: Synchronizer, committee: ClusterId, link: Link, now: Millis) -> Done:
    """Take note of a final block of a cluster, ask for the proofs for which this synchronizer is drawn, and tell."""
    member = synchronizer.member(committee)
    block = None if member is None else block_of(member, link)
    if member is None or block is None:
        return synchronizer, ()
    taken_in = tuple(leaf.job_id for leaf in block.proof_jobs if leaf.is_intake)
    proving = jobs_to_prove(profile, synchronizer.terms, synchronizer.assignment, member, taken_in)
    final = BlockFinal(synchronizer.network.epoch, committee, block.header.block_number, block)
    fresh = (leaf for leaf in proving if leaf.job_id not in synchronizer.surroundings.begun)
    synchronizer, said = told_of(profile, with_member(synchronizer, without_done(member)), member, block, now)
    return synchronizer, (final, *(ProveJob(leaf) for leaf in fresh), *said)
