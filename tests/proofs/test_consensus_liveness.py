"""Progress: each rule that it needs is named by a dead state, each that it does not need is shown to be idle."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from taifoon.core.consensus import Certified, Voting, notarise
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution, profile_of
from taifoon.rejection import Rejected
from taifoon_models.voting import GENESIS, Step, proposals
from taifoon_proofs.establish import Claim
from taifoon_proofs.scenario import violates
from taifoon_proofs.smt import Answer, confirm, decide, exported, obligation
from taifoon_proofs.theorems.consensus_liveness import (
    good_view_claims,
    growth_claims,
    handlers_keep_the_invariant,
    invariant_claims,
    quorum_claims,
    stuck_view,
    view_claims,
)
from taifoon_proofs.theorems.consensus_recovery import Recovery, Situation, explored
from taifoon_proofs.theorems.consensus_timing import rotation_claims, timing_claims
from taifoon_proofs.verdict import Json, Outcome

LIMIT = 60_000
NEEDED = {Resolution.VIEW_CHANGE, Resolution.FINALISE_NEEDS_NOTARISATION}
IDLE = (
    Resolution.QUORUM,
    Resolution.VOTE_ONCE,
    Resolution.FINALISE_EXCLUDES_NULLIFY,
    Resolution.FINALITY_CARRIES_NOTARISATION,
    Resolution.CERTIFIED_PARENT,
    Resolution.NULLIFIED_GAP,
)
SPLIT: list[list[Json]] = [
    [0, "notarise", "1.a"],
    [1, "notarise", "1.a"],
    [2, "notarise", "1.b"],
    [3, "notarise", "1.b"],
]
ONE_VOTE = profile_of("document-and-one-vote", {Resolution.VOTE_ONCE}, DOCUMENT.parameters)


def claims(profile: Profile) -> list[Claim]:
    def witness(model: object) -> None:
        return None

    return [
        *quorum_claims(profile),
        *view_claims(profile, witness),
        *invariant_claims(profile, witness),
        *good_view_claims(profile, witness),
        *growth_claims(profile, witness),
    ]


CLAIMS = {claim.name: claim for claim in (*claims(HARDENED), *rotation_claims(), *timing_claims(HARDENED))}


@pytest.mark.parametrize("name", CLAIMS)
def test_both_solvers_decide_each_step_of_progress(name: str) -> None:
    claim = obligation(name, CLAIMS[name].hypotheses, CLAIMS[name].goal)
    assert decide(claim).answer is Answer.UNSATISFIABLE
    assert confirm(exported(claim)).answer is Answer.UNSATISFIABLE


def unproved(profile: Profile) -> set[str]:
    """The steps of progress that are not proved, by the solver that searches for finite models."""
    answers = {
        claim.name: confirm(obligation(claim.name, claim.hypotheses, claim.goal).text, finite_models=True).answer
        for claim in claims(profile)
    }
    return {name for name, answer in answers.items() if answer is not Answer.UNSATISFIABLE}


@pytest.mark.parametrize(
    ("rule", "lost"),
    [
        pytest.param(Resolution.FINALISE_NEEDS_NOTARISATION, {"finalise.finalised-is-notarised"}, id="notarised first"),
        pytest.param(Resolution.VIEW_CHANGE, {"view-without-voters-is-over"}, id="change of view"),
    ],
)
def test_without_a_rule_the_step_that_rests_on_it_is_lost(rule: Resolution, lost: set[str]) -> None:
    assert lost <= unproved(HARDENED.without(rule))
    assert stuck_view(HARDENED.without(rule)) is not None
    assert stuck_view(HARDENED) is None


@pytest.mark.parametrize("rule", IDLE, ids=lambda rule: rule.value)
def test_no_step_of_progress_rests_on_a_rule_of_agreement(rule: Resolution) -> None:
    assert unproved(HARDENED.without(rule)) == set()


@pytest.mark.parametrize(("seats", "views"), [(1, 2), (4, 1), (5, 1)])
def test_the_handlers_keep_the_invariant_of_progress(seats: int, views: int) -> None:
    assert handlers_keep_the_invariant(HARDENED, seats, views).outcome is Outcome.EXHAUSTED


def recovery(profile: Profile, seats: int, views: int, *, silent_leader: bool = False) -> Recovery:
    return Recovery(profile, seats, tolerated_faults(profile, seats), views, silent_leader)


@pytest.mark.parametrize(("seats", "views"), [(1, 2), (2, 2), (4, 1), (5, 1), (6, 1)])
@pytest.mark.parametrize("silent_leader", [False, True])
def test_no_situation_is_dead_when_byzantine_seats_fall_silent(seats: int, views: int, *, silent_leader: bool) -> None:
    verdict = explored(recovery(HARDENED, seats, views, silent_leader=silent_leader), LIMIT)
    assert verdict.outcome is Outcome.EXHAUSTED, verdict.reason or verdict.counterexample


@pytest.mark.parametrize("rule", IDLE, ids=lambda rule: rule.value)
def test_no_situation_is_dead_without_a_rule_of_agreement(rule: Resolution) -> None:
    profile = HARDENED.without(rule)
    for seats in (4, 5):
        assert explored(recovery(profile, seats, 1), LIMIT).outcome is Outcome.EXHAUSTED


@pytest.mark.parametrize("rule", sorted(NEEDED, key=lambda rule: rule.value), ids=lambda rule: rule.value)
def test_a_situation_is_dead_without_a_rule_of_progress(rule: Resolution) -> None:
    verdict = explored(recovery(HARDENED.without(rule), 4, 1), LIMIT)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.counterexample is not None
    assert violates(HARDENED.without(rule), verdict.counterexample.scenario, verdict.counterexample.parameters)
    assert not violates(HARDENED, verdict.counterexample.scenario, verdict.counterexample.parameters)


def test_a_search_that_its_limit_stops_is_no_proof() -> None:
    assert explored(recovery(HARDENED, 4, 1), 50).outcome is Outcome.UNKNOWN


def test_one_byzantine_seat_too_many_leaves_the_honest_members_dead() -> None:
    assert explored(Recovery(HARDENED, 4, 2, 1), LIMIT).outcome is Outcome.REFUTED


def test_a_certificate_that_nobody_relied_on_is_not_shown() -> None:
    model = recovery(HARDENED, 4, 1)
    members, shown = model.start()
    for _ in range(2):
        after = model.before.committee.do(members[0], Certified(GENESIS), Step("nullify", ""))
        assert after is not None
        members = (*members[1:], after)
    situation = Situation(model.before.canonical(members), shown)
    assert model.before.committee.certified(members).nullified, "with the Byzantine seat there is a certificate"
    assert not model.known(situation).nullified
    reached = {after for _, after in model.asynchronous(situation)}
    assert all(after.shown == Certified(GENESIS) for after in reached)


@pytest.mark.parametrize("leader_signs_both", [False, True])
def test_a_split_of_two_and_two_is_dead_under_one_vote_and_one_round(*, leader_signs_both: bool) -> None:
    split = {"seats": 5, "byzantine": 1, "views": 1, "schedule": SPLIT, "leader_signs_both": leader_signs_both}
    assert violates(ONE_VOTE, "consensus/no-recovery", split)
    assert violates(DOCUMENT, "consensus/no-recovery", {**split, "members_vote_once": True})
    assert not violates(DOCUMENT, "consensus/no-recovery", split), "who signs every block cannot be split"
    assert not violates(HARDENED, "consensus/no-recovery", split)


Seen = tuple[frozenset[str], Voting]
"""The proposals that a member of five has received, and its votes."""


def outlooks(profile: Profile) -> set[Seen]:
    """What one member can have received and voted for, by the shipped handler."""
    blocks = proposals(1)
    found: set[Seen] = {(frozenset(), Voting())}
    while True:
        more = set(found)
        for received, voting in found:
            more |= {(received | {name}, voting) for name in blocks}
            for name in received:
                try:
                    more.add((received, notarise(profile, voting, Certified(GENESIS), blocks[name])))
                except Rejected:
                    continue
        if more == found:
            return found
        found = more


def voted_for(members: tuple[Seen, ...], name: str) -> int:
    return sum((1, proposals(1)[name].block_hash) in voting.notarised for _, voting in members)


def is_dead(members: tuple[Seen, ...]) -> bool:
    """Whether no block can be certified, the leader signing both and every member receiving both."""
    undecided = sum(not voting.notarised for _, voting in members)
    return all(voted_for(members, name) + undecided + 1 < quorum(DOCUMENT, 5) for name in proposals(1))


def test_an_equivocating_leader_leaves_384_of_16384_states_dead() -> None:
    """Four honest members of five, what they received and voted for, and which blocks the leader signed."""
    signed_by_leader: Iterator[tuple[bool, ...]] = product((False, True), repeat=2)
    members = list(product(outlooks(ONE_VOTE), repeat=4))
    leader = len(list(signed_by_leader))
    assert len(members) * leader == 16_384
    assert sum(map(is_dead, members)) * leader == 384


@pytest.mark.parametrize("seats", [1, 4, 5])
def test_some_view_of_a_row_has_an_honest_leader_and_none_without_rotation(seats: int) -> None:
    fixed = HARDENED.without(Resolution.LEADER_ROTATION)
    cases = [
        {"seats": seats, "faulty": [faulty], "view": view} for faulty in range(seats) for view in range(1, 2 * seats)
    ]
    assert not any(violates(HARDENED, "leader/no-honest-leader", case) for case in cases)
    reigns = [case["faulty"] for case in cases if violates(fixed, "leader/no-honest-leader", case)]
    assert reigns == (reigns[:1] * (2 * seats - 1) if seats > 1 else [])
