"""A member keeps the votes that its replica passes over: valid ones, one a seat, for notarised blocks that count."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.accountability import SignedStatement, statement_of, votes_of
from taifoon.core.block import ClusterBlock
from taifoon.core.certificate import Certificate
from taifoon.core.knowledge import Known
from taifoon.core.proposal import Proposal
from taifoon.core.replica_events import CertificateArrived, Event, ProposalArrived, TimerEnded, VoteArrived
from taifoon.core.vote import NO_BLOCK, VoteKind
from taifoon.primitives.types import Epoch, Hash32, Seat, View
from taifoon.profile import HARDENED, Resolution
from taifoon.synchronizer.late_votes import Votes, held_votes, votes_in, with_late_votes
from taifoon_models.blocks import CHAIN, first_state, opening_block
from taifoon_models.jobs import digest
from taifoon_models.keys import certificate_by, committee_of, signature

STATE = first_state(HARDENED, 5)
COMMITTEE = committee_of(CHAIN, STATE.formation.epoch, STATE.formation.cluster, 5)
BLOCK, OTHER = digest("block"), digest("other block")
FIRST = View(1)


def vote(seat: int, view: int = 2, kind: VoteKind = VoteKind.NOTARISE, block: Hash32 = BLOCK) -> SignedStatement:
    """A seat's vote."""
    statement = statement_of(COMMITTEE, kind, View(view), block)
    return SignedStatement(Seat(seat), statement, signature(HARDENED, seat, statement))


def certificate(*seats: int, view: int = 2, kind: VoteKind = VoteKind.NOTARISE, block: Hash32 = BLOCK) -> Certificate:
    """The certificate of these seats."""
    return certificate_by(HARDENED, vote(0, view, kind, block).statement, seats, list(seats))


KNOWN: Known[ClusterBlock] = Known(
    COMMITTEE,
    votes=frozenset({vote(4, view=3, block=OTHER), vote(3, view=3, kind=VoteKind.FINALISE)}),
    certificates=frozenset({certificate(0, 1, 2, 3), certificate(0, 1, 2, 4, kind=VoteKind.NULLIFY, block=NO_BLOCK)}),
)


def late_after(*events: Event[ClusterBlock], oldest: View = FIRST) -> Votes:
    """The late votes after some events."""
    late: Votes = ()
    for event in events:
        late = with_late_votes(HARDENED, KNOWN, late, event, oldest)
    return late


def test_a_vote_after_its_certificate_is_kept_once() -> None:
    assert late_after(VoteArrived(vote(4))) == (vote(4),)
    assert late_after(VoteArrived(vote(4)), VoteArrived(vote(4)), TimerEnded(View(2))) == (vote(4),)


def test_a_vote_in_the_certificate_is_not_kept_beside_it() -> None:
    assert late_after(VoteArrived(vote(2))) == ()


@pytest.mark.parametrize(
    "passed_over",
    [
        vote(4, view=3),
        vote(4, block=OTHER),
        vote(3, kind=VoteKind.NULLIFY, block=NO_BLOCK),
        vote(4, kind=VoteKind.FINALISE),
        replace(vote(4), signature=vote(3).signature),
        replace(vote(4), seat=Seat(5)),
        replace(vote(4), statement=replace(vote(4).statement, epoch=Epoch(9))),
    ],
    ids=["no certificate", "another block", "to nullify", "to finalise", "forged", "no seat", "another epoch"],
)
def test_only_signed_votes_for_the_notarised_block_are_kept(passed_over: SignedStatement) -> None:
    assert late_after(VoteArrived(passed_over)) == ()


def test_a_certificate_of_other_signers_brings_their_votes() -> None:
    assert late_after(CertificateArrived(certificate(1, 2, 3, 4))) == (vote(4),)
    forged = replace(certificate(1, 2, 3, 4), signatures=(vote(0).signature,) * 4)
    assert late_after(CertificateArrived(forged)) == ()


def test_a_proposal_brings_the_votes_of_its_certificates() -> None:
    brought = Proposal(opening_block(HARDENED, STATE), vote(0, view=3), (certificate(0, 1, 3, 4),))
    assert votes_in(ProposalArrived(brought)) == (vote(0, view=3), *(vote(seat) for seat in (0, 1, 3, 4)))
    assert late_after(ProposalArrived(brought)) == (vote(4),)


def test_what_no_block_can_carry_any_more_is_forgotten() -> None:
    assert late_after(VoteArrived(vote(4)), oldest=View(2)) == (vote(4),)
    assert late_after(VoteArrived(vote(4)), oldest=View(3)) == ()
    assert with_late_votes(HARDENED, KNOWN, (vote(4),), TimerEnded(View(2)), View(3)) == ()


def test_where_blocks_carry_no_votes_none_is_kept() -> None:
    profile = HARDENED.without(Resolution.REWARD)
    assert with_late_votes(profile, KNOWN, (), VoteArrived(vote(4)), FIRST) == ()


def test_what_a_replica_holds_are_votes_to_notarise_in_certificates_and_alone() -> None:
    assert held_votes(KNOWN) == (*votes_of(certificate(0, 1, 2, 3)), vote(4, view=3, block=OTHER))
