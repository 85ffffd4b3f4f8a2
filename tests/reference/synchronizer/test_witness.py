"""A synchronizer tells of each offence that it sees once, with evidence that convicts, and of nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.vote import NO_BLOCK, VoteKind
from taifoon.economics.offences import OffenceKind
from taifoon.network.claims import check_report
from taifoon.network.evidence import BlockShown, VotesShown, evidence_of
from taifoon.network.kinds import P2PMessage
from taifoon.network.messages import BlockVote, EvidenceReport, ViewCertificate
from taifoon.profile import Profile, Resolution
from taifoon.synchronizer.acts import jurisdiction_over
from taifoon.synchronizer.closing import court_of
from taifoon.synchronizer.events import Effect, StoreOrders
from taifoon.synchronizer.state import Synchronizer
from taifoon.synchronizer.watch import MOST_FOUND, reports_offences
from taifoon.synchronizer.witness import left_out
from taifoon_models.jobs import digest

from .numbered import (
    LATER,
    PROFILE,
    certificate,
    cluster_of,
    fresh,
    heard,
    leader_of,
    mates_of,
    messages,
    proposal,
    resigned,
    said_vote,
    seat_of,
    strangers_to,
    vote,
)

ONE, OTHER = digest("one block"), digest("other block")
WITNESS = next(number for number in range(10) if number != leader_of(cluster_of(number)))
LEADER = leader_of(cluster_of(WITNESS))
GUILTY, MATE = tuple(number for number in mates_of(WITNESS) if number != LEADER)[:2]


def reports(effects: tuple[Effect, ...]) -> list[EvidenceReport]:
    return [each for each in messages(effects) if isinstance(each, EvidenceReport)]


def kinds_of(synchronizer: Synchronizer, effects: tuple[Effect, ...]) -> list[OffenceKind]:
    """The offences that the told reports convict of."""
    found = []
    for report in reports(effects):
        jurisdiction = jurisdiction_over(PROFILE, court_of(synchronizer), evidence_of(report.shown))
        found.append(check_report(PROFILE, jurisdiction, report).kind)
    return found


def two_votes(view: int = 1, first: VoteKind = VoteKind.NOTARISE) -> tuple[tuple[int, P2PMessage], ...]:
    if first is VoteKind.NULLIFY:
        return said_vote(GUILTY, first, view, NO_BLOCK), said_vote(GUILTY, VoteKind.FINALISE, view, ONE)
    return said_vote(GUILTY, first, view, ONE), said_vote(GUILTY, first, view, OTHER)


@pytest.mark.parametrize("kind", VoteKind, ids=lambda kind: kind.name)
def test_two_contradicting_votes_of_a_mate_are_told_with_both_votes(kind: VoteKind) -> None:
    said = two_votes(first=kind)
    after, effects = heard(fresh(WITNESS), *said)
    first, second = (message.vote for _, message in said if isinstance(message, BlockVote))
    assert reports(effects) == [EvidenceReport(VotesShown(first, second))]
    assert kinds_of(after, effects) == [OffenceKind.DOUBLE_VOTE]
    assert any(isinstance(effect, StoreOrders) for effect in effects)


def test_an_offence_is_told_of_once_however_often_it_is_shown() -> None:
    after, _ = heard(fresh(WITNESS), *two_votes())
    again = said_vote(GUILTY, VoteKind.NOTARISE, 1, digest("a third block"))
    after, effects = heard(after, *two_votes(), again)
    assert reports(effects) == []
    _, effects = heard(after, *two_votes(view=2))
    assert len(reports(effects)) == 1


def test_votes_that_do_not_contradict_are_no_offence() -> None:
    said = (
        said_vote(GUILTY, VoteKind.NOTARISE, 1, ONE),
        said_vote(GUILTY, VoteKind.NOTARISE, 2, OTHER),
        said_vote(GUILTY, VoteKind.NULLIFY, 1, NO_BLOCK),
        said_vote(MATE, VoteKind.NOTARISE, 1, OTHER),
    )
    after, effects = heard(fresh(WITNESS), *said)
    assert reports(effects) == []
    assert after.watch.found == ()


def test_a_vote_that_another_signed_convicts_nobody() -> None:
    false = BlockVote(vote(GUILTY, VoteKind.NOTARISE, 1, OTHER, signer=MATE))
    _, effects = heard(fresh(WITNESS), said_vote(GUILTY, VoteKind.NOTARISE, 1, ONE), (MATE, false))
    assert reports(effects) == []


def test_a_vote_against_a_certificate_that_the_seat_signed_is_told() -> None:
    signed = ViewCertificate(certificate(cluster_of(WITNESS), VoteKind.NOTARISE, 1, ONE))
    guilty = next(number for number in mates_of(WITNESS) if seat_of(number) in signed.certificate.seats)
    _, effects = heard(fresh(WITNESS), (MATE, signed), said_vote(guilty, VoteKind.NOTARISE, 1, OTHER))
    assert len(reports(effects)) == 1


def test_votes_of_a_committee_without_an_own_seat_are_not_watched() -> None:
    stranger = strangers_to(WITNESS)[0]
    said = tuple(said_vote(stranger, VoteKind.NOTARISE, 1, name) for name in (ONE, OTHER))
    assert reports(heard(fresh(WITNESS), *said)[1]) == []
    assert len(reports(heard(fresh(strangers_to(WITNESS)[1]), *said)[1])) == 1


def test_no_more_is_told_of_a_key_than_its_stake_can_pay() -> None:
    said = tuple(each for view in range(1, MOST_FOUND + 4) for each in two_votes(view=view))
    after, effects = heard(fresh(WITNESS), *said)
    assert len(reports(effects)) == MOST_FOUND == len(after.watch.found)


@pytest.mark.parametrize("rule", [Resolution.DOUBLE_VOTE, Resolution.MESSAGES], ids=lambda rule: rule.name)
def test_two_votes_are_told_by_the_rule_alone(rule: Resolution) -> None:
    without: Profile = PROFILE.without(rule)
    assert reports_offences(without) is (rule is not Resolution.MESSAGES)
    _, effects = heard(fresh(WITNESS, without), *two_votes(), profile=without)
    assert reports(effects) == []
    assert len(reports(heard(fresh(WITNESS), *two_votes())[1])) == 1


def test_another_report_of_an_offence_is_enough_and_a_false_one_is_not() -> None:
    said = two_votes()
    told = EvidenceReport(VotesShown(*(message.vote for _, message in said if isinstance(message, BlockVote))))
    after, effects = heard(fresh(WITNESS), (MATE, told), *said)
    assert reports(effects) == [told]  # The one that is pushed on.
    assert after.orders == ()
    assert len(after.watch.found) == 1
    shown = told.shown
    assert isinstance(shown, VotesShown)
    false = EvidenceReport(replace(shown, second=shown.first))
    after, _ = heard(fresh(WITNESS), (MATE, false), *said)
    assert after.orders == (told,)


def test_what_a_closing_leaves_out_is_told_by_whoever_kept_silent() -> None:
    said = two_votes()
    told = EvidenceReport(VotesShown(*(message.vote for _, message in said if isinstance(message, BlockVote))))
    silent, _ = heard(fresh(WITNESS), (MATE, told), *said)
    after, effects = left_out(PROFILE, silent, fresh(WITNESS), LATER)
    assert reports(effects) == [told]
    assert after.orders == (told,)
    assert left_out(PROFILE, silent, after, LATER) == (after, ())
    assert left_out(PROFILE, fresh(WITNESS), fresh(WITNESS), LATER) == (fresh(WITNESS), ())


def test_the_leader_of_an_invalid_block_and_who_votes_for_it_are_told() -> None:
    good = proposal(cluster_of(WITNESS))
    bad = resigned(good, replace(good.block, quorum_threshold=good.block.quorum_threshold - 1))
    after, effects = heard(fresh(WITNESS), (LEADER, bad))
    assert reports(effects) == [EvidenceReport(BlockShown(bad.vote, bad.block))]
    assert kinds_of(after, effects) == [OffenceKind.BYZANTINE_PROPOSAL]
    unread = said_vote(MATE, VoteKind.NOTARISE, 1, bad.vote.statement.block_hash)
    after, effects = heard(after, unread, unread)
    assert kinds_of(after, effects) == [OffenceKind.INVALID_VOTE]
    assert reports(effects) == [EvidenceReport(BlockShown(unread[1].vote, bad.block))]


def test_a_vote_that_comes_before_the_invalid_block_is_told_as_well() -> None:
    good = proposal(cluster_of(WITNESS))
    bad = resigned(good, replace(good.block, quorum_threshold=good.block.quorum_threshold - 1))
    unread = said_vote(MATE, VoteKind.NOTARISE, 1, bad.vote.statement.block_hash)
    after, effects = heard(fresh(WITNESS), unread, (LEADER, bad))
    assert set(kinds_of(after, effects)) == {OffenceKind.BYZANTINE_PROPOSAL, OffenceKind.INVALID_VOTE}


def test_a_valid_block_condemns_nobody() -> None:
    good = proposal(cluster_of(WITNESS))
    name = good.vote.statement.block_hash
    after, effects = heard(fresh(WITNESS), (LEADER, good), said_vote(MATE, VoteKind.NOTARISE, 1, name))
    assert reports(effects) == []
    assert after.watch == fresh(WITNESS).watch
