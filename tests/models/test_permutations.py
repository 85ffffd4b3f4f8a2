"""Which decisions depend on the order in which messages arrive, and which do not.

What is known (blocks, certified statements), what is final, and the view that a member is in are functions of the set
of messages. Where a leader proposes two blocks in a view, the vote goes to the one that came first, and whether a view
is nullified or finalised depends on what came first, the timer or the certificate. Nothing else depends on the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations

import pytest

from taifoon.core.accountability import SignedStatement, statement_of
from taifoon.core.certificate import Certificate
from taifoon.core.consensus import Link, Voting
from taifoon.core.knowledge import genesis_link
from taifoon.core.proposal import Proposal
from taifoon.core.replica import Replica, new_replica, step
from taifoon.core.replica_events import (
    CertificateArrived,
    Event,
    Finalised,
    ProposalArrived,
    Restarted,
    SendVote,
    TimerEnded,
    VoteArrived,
)
from taifoon.core.vote import NO_BLOCK, Statement, VoteKind
from taifoon.primitives.types import ClusterId, Epoch, Seat, View
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import Rejected
from taifoon_models.jobs import digest
from taifoon_models.keys import certificate_by, committee_of, signature
from taifoon_models.plain_chain import PlainBlock, PlainChain, block_on
from taifoon_models.voting import GENESIS

SEATS = 4
COMMITTEE = committee_of(digest("chain"), Epoch(1), ClusterId(0), SEATS)
CHAIN = PlainChain(HARDENED, SEATS)
MEMBER = Seat(3)


@dataclass(frozen=True)
class Outcome:
    """All that a run decided: what is known and final, the view, and the votes."""

    certified: frozenset[Statement]
    blocks: tuple[Link, ...]
    final: tuple[Link, ...]
    voting: Voting
    sent: frozenset[Statement]


def run(events: Iterable[Event[PlainBlock]]) -> Outcome:
    """The member of seat 3 after these events; refused messages leave no trace."""
    member: Replica[PlainBlock] = new_replica(COMMITTEE, (MEMBER,))
    reported: list[Link] = []
    sent: set[Statement] = set()
    for event in (Restarted(), *events):
        try:
            member, effects = step(HARDENED, CHAIN, member, event)
        except Rejected:
            continue
        reported += [effect.link for effect in effects if isinstance(effect, Finalised)]
        sent |= {effect.statement for effect in effects if isinstance(effect, SendVote)}
    assert reported == sorted(reported), "a parent was reported after its child"
    assert tuple(reported) == member.final
    return Outcome(
        frozenset(item.statement for item in member.known.certificates),
        tuple(held.link for held in member.known.proposals),
        member.final,
        member.voting,
        frozenset(sent),
    )


def statement(kind: VoteKind, view: int, link: Link | None = None) -> Statement:
    return statement_of(COMMITTEE, kind, View(view), link.block_hash if link else NO_BLOCK)


def vote(seat: int, said: Statement) -> VoteArrived:
    return VoteArrived(SignedStatement(Seat(seat), said, signature(HARDENED, seat, said)))


def certificate(said: Statement, signers: Sequence[int] = (0, 1, 2)) -> Certificate:
    return certificate_by(HARDENED, said, tuple(signers), list(signers))


def proposed(block: PlainBlock, *certificates: Certificate) -> ProposalArrived[PlainBlock]:
    link = CHAIN.link(block)
    leader = CHAIN.leader(link.view)
    said = statement(VoteKind.NOTARISE, int(link.view), link)
    return ProposalArrived(
        Proposal(block, SignedStatement(leader, said, signature(HARDENED, int(leader), said)), certificates)
    )


FIRST = block_on(genesis_link(GENESIS), View(1))
ONE = CHAIN.link(FIRST)
SECOND = block_on(ONE, View(2))
TWO = CHAIN.link(SECOND)
OVER_GAP = block_on(genesis_link(GENESIS), View(2))
GAP = CHAIN.link(OVER_GAP)
RIVAL = block_on(genesis_link(GENESIS), View(1), 2)
OTHER = CHAIN.link(RIVAL)

NOTARISED, FINAL = statement(VoteKind.NOTARISE, 1, ONE), statement(VoteKind.FINALISE, 1, ONE)
NOTARISED_TWO, FINAL_TWO = statement(VoteKind.NOTARISE, 2, TWO), statement(VoteKind.FINALISE, 2, TWO)
NULLIFIED = statement(VoteKind.NULLIFY, 1)

SAME_DECISIONS: dict[str, tuple[list[Event[PlainBlock]], int, int]] = {
    "a block and its votes": (
        [proposed(FIRST), vote(1, NOTARISED), vote(2, NOTARISED), *(vote(seat, FINAL) for seat in range(3))],
        1,
        2,
    ),
    "two blocks and their certificates": (
        [
            proposed(FIRST),
            proposed(SECOND),
            *(CertificateArrived(certificate(said)) for said in (NOTARISED, FINAL, NOTARISED_TWO, FINAL_TWO)),
        ],
        2,
        3,
    ),
    "a child that carries its parent's certificate": (
        [
            proposed(SECOND, certificate(NOTARISED)),
            CertificateArrived(certificate(NOTARISED_TWO, (1, 2, 3))),
            CertificateArrived(certificate(FINAL_TWO, (0, 2, 3))),
            proposed(FIRST),
        ],
        2,
        3,
    ),
    "a block over a nullified view": (
        [
            proposed(OVER_GAP),
            *(vote(seat, NULLIFIED) for seat in range(3)),
            CertificateArrived(certificate(statement(VoteKind.NOTARISE, 2, GAP))),
            CertificateArrived(certificate(statement(VoteKind.FINALISE, 2, GAP))),
        ],
        1,
        3,
    ),
    "forged and foreign messages among good ones": (
        [
            proposed(FIRST),
            vote(1, NOTARISED),
            vote(2, NOTARISED),
            VoteArrived(SignedStatement(Seat(1), FINAL, signature(HARDENED, 2, FINAL))),
            CertificateArrived(certificate(FINAL, (0, 1))),
            CertificateArrived(certificate(FINAL)),
        ],
        1,
        2,
    ),
}


@pytest.mark.parametrize("name", SAME_DECISIONS)
def test_known_final_and_view_are_the_same_in_every_order(name: str) -> None:
    events, final, view = SAME_DECISIONS[name]
    outcomes = [run(order) for order in permutations(events)]
    for outcome in outcomes:
        assert (outcome.certified, outcome.blocks, outcome.final) == (
            outcomes[0].certified,
            outcomes[0].blocks,
            outcomes[0].final,
        )
        assert outcome.voting.view == view
        assert outcome.voting.finalised == outcomes[0].voting.finalised
    assert len(outcomes[0].final) == final


def test_a_member_that_is_late_finalises_and_does_not_notarise_a_view_that_is_over() -> None:
    """Whether a member still votes to notarise depends on whether the block comes before the end of its view."""
    events, _, _ = SAME_DECISIONS["two blocks and their certificates"]
    notarised = {outcome.voting.notarised for outcome in map(run, permutations(events))}
    own = {(link.view, link.block_hash) for link in (ONE, TWO)}
    assert frozenset() in notarised
    assert frozenset(own) in notarised
    assert all(votes <= own for votes in notarised)


def test_of_two_proposals_of_a_view_the_first_to_come_gets_the_vote() -> None:
    for first, second in ((FIRST, RIVAL), (RIVAL, FIRST)):
        link = CHAIN.link(first)
        assert run([proposed(first), proposed(second)]).voting.notarised == {(link.view, link.block_hash)}


def test_of_two_proposals_that_become_valid_together_the_lower_hash_gets_the_vote() -> None:
    rivals = [block_on(genesis_link(GENESIS), View(2), number) for number in (0, 2, 4)]
    lowest = min(CHAIN.link(block) for block in rivals)
    end = CertificateArrived(certificate(NULLIFIED))
    for order in permutations([proposed(block) for block in rivals]):
        assert run([*order, end]).voting.notarised == {(lowest.view, lowest.block_hash)}


def test_timer_or_certificate_the_first_to_come_decides_between_nullify_and_finalise() -> None:
    ready: list[Event[PlainBlock]] = [proposed(FIRST), CertificateArrived(certificate(NOTARISED))]
    in_time, late = run([*ready, TimerEnded(View(1))]), run([TimerEnded(View(1)), *ready])
    assert (in_time.voting.nullified, len(in_time.voting.finalised)) == (frozenset(), 1)
    assert (late.voting.nullified, len(late.voting.finalised)) == ({View(1)}, 0)


def test_no_order_of_two_proposals_a_timer_and_certificates_makes_a_member_contradict_itself() -> None:
    events: list[Event[PlainBlock]] = [
        proposed(FIRST),
        proposed(RIVAL),
        TimerEnded(View(1)),
        CertificateArrived(certificate(NOTARISED)),
        CertificateArrived(certificate(statement(VoteKind.NOTARISE, 1, OTHER))),
        CertificateArrived(certificate(NULLIFIED)),
    ]
    outcomes = [run(order) for order in permutations(events)]
    assert len({outcome.certified for outcome in outcomes}) == 1
    votes = [outcome.voting for outcome in outcomes]
    assert all(len(voting.notarised) <= 1 and len(voting.finalised) <= 1 for voting in votes)
    assert not any(voting.finalised and voting.nullified for voting in votes)
    assert len({voting.notarised for voting in votes}) > 1
    assert len({voting.finalised for voting in votes}) > 1


def test_the_same_orders_contradict_themselves_without_the_rule_to_vote_once() -> None:
    profile = HARDENED.without(Resolution.VOTE_ONCE)
    member: Replica[PlainBlock] = new_replica(COMMITTEE, (MEMBER,))
    chain = PlainChain(profile, SEATS)
    offers = [block_on(genesis_link(GENESIS), View(1), number) for number in (0, 2)]
    for event in (Restarted(), *map(proposed, offers)):
        member, _ = step(profile, chain, member, event)
    assert len(member.voting.notarised) == 2
