"""Sections 2.4 and 4.1: a member of a committee, as a state machine around the voting rules (R-2.4-4, R-2.4-5).

`step` takes an event and gives the member after it and what is to be done. Whether to vote is decided by the handlers
of `taifoon.core.consensus` alone; the replica tells them what is known, and after each event tries them in a fixed
order until none moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Generic, ParamSpec

from taifoon.core.accountability import statement_of
from taifoon.core.certificate import Certificate, Committee
from taifoon.core.consensus import (
    Link,
    Voting,
    advance,
    final_kinds,
    finalise,
    has_certified_parent,
    has_nullified_gap,
    notarise,
    nullify,
)
from taifoon.core.knowledge import (
    Held,
    Known,
    final_links,
    first_lacking,
    genesis_link,
    is_certified,
    parent_of,
    with_certificate,
    with_certificates,
    with_proposal,
    with_vote,
)
from taifoon.core.proposal import Block, Chain, Proposal
from taifoon.core.replica_events import (
    AskCatchUp,
    BlockBuilt,
    BuildBlock,
    CatchUpAsked,
    CertificateArrived,
    Effect,
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
from taifoon.core.vote import NO_BLOCK, VoteKind
from taifoon.primitives.types import Hash32, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Replica(Generic[Block]):
    """A member: the seats that its key holds, each with one vote; its voting, what it knows, what it has reported.

    Of this, `voting` has to survive a crash, and the proposals voted for. `final` are the blocks that were reported
    final, `asked` the last view for which a block was asked of this member as leader.
    """

    seats: tuple[Seat, ...]
    known: Known[Block]
    voting: Voting = field(default_factory=Voting)
    final: tuple[Link, ...] = ()
    asked: View | None = None


Done = tuple[Replica[Block], tuple[Effect[Block], ...]]

VIEW_HORIZON = 64
"""Views beyond its own of which a member keeps votes and proposals. It needs none of them before it gets there; that it
keeps any spares it a question in the few views that members are apart."""


def is_in_sight(profile: Profile, own: View, view: View) -> bool:
    """Rule: whether a member in a view keeps votes and proposals of another. Literally of any, however far ahead.

    What is not kept comes again: a member that is behind asks for everything from the first view that it lacks, and for
    the votes of its own view when its timer ends. Certificates are kept of every view, since only a quorum makes them.
    """
    if Resolution.MESSAGE_PRIORITY in profile:
        return view <= own + VIEW_HORIZON
    return True


def new_replica(committee: Committee, seats: tuple[Seat, ...]) -> Replica[Block]:
    """A member that knows nothing; `Restarted` sets it going."""
    return Replica(seats, Known(committee))


def permitted(handler: Callable[P, Voting], *arguments: P.args, **named: P.kwargs) -> Voting | None:
    """The voting after a handler, or None where it rejects."""
    try:
        return handler(*arguments, **named)
    except Rejected:
        return None


def ballots(replica: Replica[Block], kind: VoteKind, view: View, block_hash: Hash32) -> tuple[SendVote, ...]:
    """One vote for each seat that the member holds."""
    statement = statement_of(replica.known.committee, kind, view, block_hash)
    return tuple(SendVote(seat, statement) for seat in replica.seats)


def cast_from(replica: Replica[Block], first: View) -> tuple[SendVote, ...]:
    """The votes that the member ever cast in views from one on, in the order of kind, view and block."""
    cast = (
        *((VoteKind.NOTARISE, *vote) for vote in sorted(replica.voting.notarised)),
        *((VoteKind.NULLIFY, view, NO_BLOCK) for view in sorted(replica.voting.nullified)),
        *((VoteKind.FINALISE, *vote) for vote in sorted(replica.voting.finalised)),
    )
    return tuple(vote for kind, view, block in cast if view >= first for vote in ballots(replica, kind, view, block))


def is_valid_here(chain: Chain[Block], known: Known[Block], link: Link, block: Block) -> bool:
    """Whether a block is valid on its parent; it is not until the parent is known."""
    parent = parent_of(chain, known, link)
    return parent is not None and chain.is_valid(parent, block)


def vote_to_notarise(profile: Profile, chain: Chain[Block], replica: Replica[Block]) -> Done[Block] | None:
    """Vote for the first valid proposal of the view, by hash, that the voting rules allow."""
    certified = replica.known.certified(chain.genesis)
    for held in replica.known.proposals:
        if held.link.view != replica.voting.view:
            continue
        after = permitted(notarise, profile, replica.voting, certified, held.link)
        if after in (None, replica.voting) or not is_valid_here(chain, replica.known, held.link, held.proposal.block):
            continue
        votes = ballots(replica, VoteKind.NOTARISE, held.link.view, held.link.block_hash)
        return replace(replica, voting=after), votes
    return None


def vote_to_finalise(profile: Profile, chain: Chain[Block], replica: Replica[Block]) -> Done[Block] | None:
    """Vote to finalise the first known block, by view and hash, that the voting rules allow."""
    certified = replica.known.certified(chain.genesis)
    for held in replica.known.proposals:
        after = permitted(finalise, profile, replica.voting, certified, held.link)
        if after is not None:
            votes = ballots(replica, VoteKind.FINALISE, held.link.view, held.link.block_hash)
            return replace(replica, voting=after), votes
    return None


def report_final(profile: Profile, chain: Chain[Block], replica: Replica[Block]) -> Done[Block] | None:
    """Report the blocks that have become final, parents first, and send on what makes them so."""
    final = final_links(profile, chain, replica.known)
    fresh = tuple(link for link in final if link not in replica.final)
    if not fresh:
        return None
    proofs = (
        replica.known.certificate(kind, link.view, link.block_hash) for link in fresh for kind in final_kinds(profile)
    )
    sends = tuple(SendCertificate(certificate) for certificate in proofs if certificate is not None)
    return replace(replica, final=final), (*sends, *(Finalised(link) for link in fresh))


def enter_next_view(profile: Profile, chain: Chain[Block], replica: Replica[Block]) -> Done[Block] | None:
    """Go on where the view has ended, and send on the certificates that say so; ask for blocks that passed unseen."""
    after = permitted(advance, profile, replica.voting, replica.known.certified(chain.genesis))
    if after is None:
        return None
    over = tuple(SendCertificate(certificate) for certificate in replica.known.certificates_of(replica.voting.view))
    lacking = first_lacking(replica.known, after.view)
    asks = (AskCatchUp(lacking),) if lacking < after.view else ()
    return replace(replica, voting=after), (*over, *asks, StartTimer(after.view))


def parent_for(profile: Profile, chain: Chain[Block], known: Known[Block], view: View) -> Link | None:
    """The known block of the latest view, the lowest hash first, on which a block of a view may stand."""
    certified = known.certified(chain.genesis)
    earlier = [genesis_link(chain.genesis), *(held.link for held in known.proposals if held.link.view < view)]
    for parent in sorted(earlier, key=lambda link: (-link.view, link.block_hash)):
        link = Link(view, NO_BLOCK, parent.view, parent.block_hash)
        if has_certified_parent(profile, certified, link) and has_nullified_gap(profile, certified, link):
            return parent
    return None


def ask_for_block(profile: Profile, chain: Chain[Block], replica: Replica[Block]) -> Done[Block] | None:
    """Ask for a block, once in each view that this member leads, as soon as there is a parent for it."""
    view = replica.voting.view
    spent = replica.asked == view or replica.voting.voted_in(view) or view in replica.voting.nullified
    if spent or chain.leader(view) not in replica.seats:
        return None
    parent = parent_for(profile, chain, replica.known, view)
    return (replace(replica, asked=view), (BuildBlock(view, parent),)) if parent is not None else None


def decided_on(replica: Replica[Block]) -> tuple[Voting, tuple[Held[Block], ...], frozenset[Certificate]]:
    """All of a member's state that its acts look at; single votes do not count until they make a certificate."""
    return replica.voting, replica.known.proposals, replica.known.certificates


def settle(profile: Profile, chain: Chain[Block], replica: Replica[Block]) -> Done[Block]:
    """Do what can be done until nothing can.

    It ends: each round casts a vote, reports a block, asks for a block, or leaves a view, and known blocks and
    certificates are finite.
    """
    effects: tuple[Effect[Block], ...] = ()
    while True:
        for act in (vote_to_notarise, vote_to_finalise, report_final, enter_next_view, ask_for_block):
            done = act(profile, chain, replica)
            if done is not None:
                replica, effects = done[0], (*effects, *done[1])
                break
        else:
            return replica, effects


def propose(profile: Profile, chain: Chain[Block], replica: Replica[Block], block: Block) -> Done[Block]:
    """Vote for the block that this member built as leader, and send it with the certificates that it stands on.

    Rejects with PROPOSAL_WRONG_LEADER, PROPOSAL_INVALID, and as `notarise` does.
    """
    link, known = chain.link(block), replica.known
    leader = chain.leader(link.view)
    if leader not in replica.seats:
        raise Rejected(
            RejectionCode.PROPOSAL_WRONG_LEADER,
            f"seat {leader} leads view {link.view}; this member has {replica.seats}",
        )
    if not is_valid_here(chain, known, link, block):
        raise Rejected(RejectionCode.PROPOSAL_INVALID, f"the block of view {link.view} on {link.parent_hash.hex()}")
    after = notarise(profile, replica.voting, known.certified(chain.genesis), link)
    wanted = [(VoteKind.NOTARISE, link.parent_view, link.parent_hash)]
    wanted += [(VoteKind.NULLIFY, View(view), NO_BLOCK) for view in range(link.parent_view + 1, link.view)]
    found = tuple(item for wish in wanted if (item := known.certificate(*wish)) is not None)
    statement = statement_of(known.committee, VoteKind.NOTARISE, link.view, link.block_hash)
    votes = ballots(replica, VoteKind.NOTARISE, link.view, link.block_hash)
    return replace(replica, voting=after), (SendProposal(block, leader, statement, found), *votes)


def timer_ended(profile: Profile, replica: Replica[Block], view: View) -> Done[Block]:
    """Vote to nullify the view where that is allowed, and ask others for what may have been lost."""
    if view != replica.voting.view:
        return replica, ()
    again = (AskCatchUp(first_lacking(replica.known, view)), StartTimer(view))
    after = permitted(nullify, profile, replica.voting)
    if after is None:
        return replica, again
    return replace(replica, voting=after), (*ballots(replica, VoteKind.NULLIFY, view, NO_BLOCK), *again)


def answer(replica: Replica[Block], view: View) -> tuple[Effect[Block], ...]:
    """What a member that is behind needs from a view on: certificates, proposals, this member's other votes."""
    certificates = (item for item in replica.known.all_certificates() if item.statement.view >= view)
    proposals = (held.proposal for held in replica.known.proposals if held.link.view >= view)
    return (
        *(SendCertificate(item) for item in certificates),
        *(ForwardProposal(item) for item in proposals),
        *(vote for vote in cast_from(replica, view) if not is_certified(replica.known, vote.statement)),
    )


def restart(profile: Profile, chain: Chain[Block], replica: Replica[Block], stored: Restarted[Block]) -> Done[Block]:
    """A member of the same seats that goes on from what it stored: the votes of its view are sent again.

    Rejects as `with_proposal` and `with_certificate` do.
    """
    known: Known[Block] = Known(replica.known.committee)
    for proposal in stored.proposals:
        known = with_proposal(profile, chain, known, proposal)
    for certificate in stored.certificates:
        known = with_certificate(profile, chain, known, certificate)
    view = stored.voting.view
    fresh: Replica[Block] = Replica(replica.seats, known, stored.voting)
    return fresh, (*cast_from(fresh, view), AskCatchUp(first_lacking(known, view)), StartTimer(view))


def receive(profile: Profile, chain: Chain[Block], replica: Replica[Block], event: Event[Block]) -> Done[Block]:
    """The member with what an event tells, before it acts on it; rejects a message that cannot be honest."""
    known = replica.known
    match event:
        case ProposalArrived(proposal):
            if not is_in_sight(profile, replica.voting.view, chain.link(proposal.block).view):
                return replace(replica, known=with_certificates(profile, chain, known, proposal.certificates)), ()
            return replace(replica, known=with_proposal(profile, chain, known, proposal)), ()
        case VoteArrived(vote):
            if not is_in_sight(profile, replica.voting.view, vote.statement.view):
                return replica, ()
            return replace(replica, known=with_vote(profile, chain, known, vote)), ()
        case CertificateArrived(certificate):
            return replace(replica, known=with_certificate(profile, chain, known, certificate)), ()
        case BlockBuilt(block):
            return propose(profile, chain, replica, block)
        case TimerEnded(view):
            return timer_ended(profile, replica, view)
        case CatchUpAsked(view):
            return replica, answer(replica, view)
        case Restarted():
            return restart(profile, chain, replica, event)


def voted_for(replica: Replica[Block], stored: Voting) -> tuple[Proposal[Block], ...]:
    """The proposals of the blocks for which the member has voted since it last stored its voting."""
    fresh = replica.voting.notarised - stored.notarised
    return tuple(held.proposal for held in replica.known.proposals if (held.link.view, held.link.block_hash) in fresh)


def step(profile: Profile, chain: Chain[Block], replica: Replica[Block], event: Event[Block]) -> Done[Block]:
    """The member after an event, and what is to be done, in this order; votes are stored before anything is sent.

    A message that cannot be honest is rejected, and the member stays as it was.
    """
    heard, sends = receive(profile, chain, replica, event)
    # What a settled member decides on has to change before it can do more.
    moved = isinstance(event, Restarted) or decided_on(heard) != decided_on(replica)
    settled, more = settle(profile, chain, heard) if moved else (heard, ())
    stored = event.voting if isinstance(event, Restarted) else replica.voting
    persist = (Persist(settled.voting, voted_for(settled, stored)),) if settled.voting != stored else ()
    return settled, (*persist, *sends, *more)
