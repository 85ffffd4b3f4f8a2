"""A member keeps votes and proposals of a bounded number of views ahead, and still catches up."""

from __future__ import annotations

import pytest

from taifoon.core.accountability import SignedStatement, statement_of
from taifoon.core.certificate import Certificate
from taifoon.core.knowledge import genesis_link
from taifoon.core.proposal import Proposal
from taifoon.core.replica import VIEW_HORIZON, Replica, is_in_sight, new_replica, step
from taifoon.core.replica_events import (
    AskCatchUp,
    CatchUpAsked,
    CertificateArrived,
    Effect,
    Event,
    ProposalArrived,
    Restarted,
    SendCertificate,
    SendVote,
    TimerEnded,
    VoteArrived,
)
from taifoon.core.vote import NO_BLOCK, VoteKind
from taifoon.primitives.types import ClusterId, Epoch, Seat, View
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_models.jobs import digest
from taifoon_models.keys import certificate_by, committee_of, signature
from taifoon_models.plain_chain import PlainBlock, PlainChain, block_on
from taifoon_models.voting import GENESIS

SEATS = 4
COMMITTEE = committee_of(digest("chain"), Epoch(1), ClusterId(0), SEATS)
UNBOUNDED = HARDENED.without(Resolution.MESSAGE_PRIORITY)
EDGE = 1 + VIEW_HORIZON
Member = Replica[PlainBlock]


def started(seat: int = 3) -> Member:
    start: Restarted[PlainBlock] = Restarted()
    return told(new_replica(COMMITTEE, (Seat(seat),)), start)[0]


def told(
    member: Member, *events: Event[PlainBlock], profile: Profile = HARDENED
) -> tuple[Member, tuple[Effect[PlainBlock], ...]]:
    effects: tuple[Effect[PlainBlock], ...] = ()
    for event in events:
        member, more = step(profile, PlainChain(profile, SEATS), member, event)
        effects = (*effects, *more)
    return member, effects


def null_vote(seat: int, view: int) -> VoteArrived:
    statement = statement_of(COMMITTEE, VoteKind.NULLIFY, View(view), NO_BLOCK)
    return VoteArrived(SignedStatement(Seat(seat), statement, signature(HARDENED, seat, statement)))


def null_certificate(view: int) -> Certificate:
    statement = statement_of(COMMITTEE, VoteKind.NULLIFY, View(view), NO_BLOCK)
    return certificate_by(HARDENED, statement, (0, 1, 2), [0, 1, 2])


def proposed(view: int, *certificates: Certificate) -> ProposalArrived[PlainBlock]:
    chain = PlainChain(HARDENED, SEATS)
    block = block_on(genesis_link(GENESIS), View(view))
    link, leader = chain.link(block), chain.leader(View(view))
    statement = statement_of(COMMITTEE, VoteKind.NOTARISE, link.view, link.block_hash)
    vote = SignedStatement(leader, statement, signature(HARDENED, int(leader), statement))
    return ProposalArrived(Proposal(block, vote, certificates))


def test_what_is_in_sight_is_the_rule_of_priority() -> None:
    for own in (1, 5):
        assert is_in_sight(HARDENED, View(own), View(own + VIEW_HORIZON))
        assert not is_in_sight(HARDENED, View(own), View(own + VIEW_HORIZON + 1))
        assert is_in_sight(HARDENED, View(own), View(1))
        assert is_in_sight(DOCUMENT, View(own), View(1 << 60))


@pytest.mark.parametrize(("view", "kept"), [(EDGE, True), (EDGE + 1, False)])
def test_votes_and_proposals_are_kept_up_to_the_horizon(view: int, *, kept: bool) -> None:
    member, _ = told(started(), null_vote(0, view), proposed(view))
    assert any(vote.statement.kind is VoteKind.NULLIFY for vote in member.known.votes) is kept
    assert bool(member.known.proposals) is kept
    member, _ = told(started(), null_vote(0, view), proposed(view), profile=UNBOUNDED)
    assert len(member.known.votes) == 2
    assert len(member.known.proposals) == 1


def test_a_seat_that_votes_in_every_view_fills_no_more_than_the_horizon() -> None:
    flood = [null_vote(0, view) for view in range(1, 4 * VIEW_HORIZON)]
    assert len(told(started(), *flood)[0].known.votes) == EDGE
    assert len(told(started(), *flood, profile=UNBOUNDED)[0].known.votes) == len(flood)


def test_certificates_are_kept_of_every_view_also_those_that_a_far_proposal_brings() -> None:
    far = null_certificate(EDGE + 9)
    member, _ = told(started(), CertificateArrived(far))
    assert far in member.known.certificates
    member, _ = told(started(), proposed(EDGE + 10, far))
    assert far in member.known.certificates
    assert member.known.proposals == ()


def test_a_member_that_kept_nothing_of_far_views_catches_up_with_one_that_is_there() -> None:
    there = EDGE + 20
    ahead, _ = told(started(0), *(CertificateArrived(null_certificate(view)) for view in range(1, there)))
    ahead, _ = told(ahead, TimerEnded(View(there)))
    assert ahead.voting.view == there
    behind, _ = told(started(), null_vote(0, there), proposed(there))
    assert behind.known.votes == frozenset()
    behind, effects = told(behind, TimerEnded(View(1)))
    assert AskCatchUp(View(1)) in effects
    behind = answered(ahead, behind, View(1))
    assert behind.voting.view == there
    behind, effects = told(behind, TimerEnded(View(there)))
    assert AskCatchUp(View(there)) in effects
    behind = answered(ahead, behind, View(there))
    assert {vote.seat for vote in behind.known.votes} == {0}


def answered(ahead: Member, behind: Member, view: View) -> Member:
    """A member after another has answered what it asked for, from a view on."""
    _, effects = told(ahead, CatchUpAsked(view))
    for effect in effects:
        if isinstance(effect, SendCertificate):
            behind, _ = told(behind, CertificateArrived(effect.certificate))
        elif isinstance(effect, SendVote):
            behind, _ = told(behind, null_vote(int(effect.seat), int(effect.statement.view)))
    return behind
