"""What the theorems about blocks count: hashes of one decision, times that run wrong, votes without validation."""

from __future__ import annotations

from dataclasses import fields
from math import comb

import pytest

from taifoon.core.block import ClusterBlock, Decision, Header
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_models.blocks import BREAKINGS
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.smt import Answer, confirm
from taifoon_proofs.theorems.blocks import ALTERED, UNHASHED
from taifoon_proofs.verdict import Counterexample, Outcome, Verdict

THEOREMS = load()
WITH_SIGNATURES = HARDENED.without(Resolution.BLOCK_HASH)


def hashes_of_one_decision(profile: Profile, seats: int) -> int:
    return int(run(profile, Counterexample("block/hash-by-certificate", {"seats": seats})).states[-1]["hashes"])


def sufficient_sets(profile: Profile, seats: int) -> int:
    """Sets of signers from the quorum on, counted without listing them."""
    return sum(comb(seats, signers) for signers in range(quorum(profile, seats), seats + 1))


@pytest.mark.parametrize(
    ("profile", "seats", "needed", "hashes"),
    [
        (WITH_SIGNATURES, 6, 5, 7),
        (DOCUMENT, 6, 4, 22),
        (WITH_SIGNATURES, 7, 5, 29),
        (DOCUMENT, 7, 5, 29),
        (WITH_SIGNATURES, 10, 7, 176),
        (DOCUMENT, 10, 7, 176),
    ],
)
def test_c9_one_decision_has_a_hash_for_each_sufficient_set_of_signers(
    profile: Profile, seats: int, needed: int, hashes: int
) -> None:
    assert quorum(profile, seats) == needed
    assert hashes_of_one_decision(profile, seats) == sufficient_sets(profile, seats) == hashes
    assert hashes_of_one_decision(HARDENED, seats) == 1


def test_c9_twenty_members_have_60_460_sufficient_sets() -> None:
    assert quorum(HARDENED, 20) == quorum(DOCUMENT, 20) == 14
    assert sufficient_sets(HARDENED, 20) == sufficient_sets(DOCUMENT, 20) == 60_460


@pytest.mark.parametrize("profile", [HARDENED, WITH_SIGNATURES, DOCUMENT], ids=lambda profile: profile.name)
@pytest.mark.parametrize("field", [name for name in ALTERED if name not in UNHASHED])
def test_c9_each_field_but_the_signatures_is_bound_by_every_rule(profile: Profile, field: str) -> None:
    assert not violates(profile, "block/field-not-hashed", {"field": field})


def test_c9_the_signatures_are_the_one_field_that_is_not_bound() -> None:
    assert not violates(DOCUMENT, "block/field-not-hashed", {"field": "epoch"})
    covered = {item.name for item in (*fields(Header), *fields(Decision))}
    assert {item.name for item in (*fields(Header), *fields(ClusterBlock))} - covered == {"validator_signatures"}
    assert set(ALTERED) - set(UNHASHED) == covered - {"header"}


@pytest.mark.parametrize(
    ("times", "clocks"),
    [([0, 0], [0, 0]), ([1, 0], [0, 0]), ([0, 2], [0, 0]), ([2], [0])],
)
def test_c12_times_that_stand_still_run_back_or_run_ahead_pass_only_without_the_rule(
    times: list[int], clocks: list[int]
) -> None:
    parameters = {"times": times, "clocks": clocks}
    for profile in (DOCUMENT, HARDENED.without(Resolution.TIME)):
        assert violates(profile, "block/time-runs-wrong", parameters)
    assert not violates(HARDENED, "block/time-runs-wrong", parameters)


def test_c12_a_chain_whose_times_are_good_is_followed_to_its_end() -> None:
    followed = run(HARDENED, Counterexample("block/time-runs-wrong", {"times": [0, 1, 3], "clocks": [0, 0, 2]}))
    assert [state["action"] for state in followed.states] == ["propose"] * 3


def test_c13_a_vote_falls_exactly_where_a_rule_is_broken() -> None:
    gained = {
        profile.name: {name for name in BREAKINGS if violates(profile, "block/invalid-block-voted", {"breaking": name})}
        for profile in (HARDENED, HARDENED.without(Resolution.BLOCK_VALIDITY), DOCUMENT)
    }
    assert gained["hardened"] == set()
    by_time, by_committee = {"time of the parent", "time ahead", "later leaf"}, {"members", "quorum", "leader"}
    # Whatever validity says, a vote needs a block on a notarised one of an earlier view.
    by_voting = {"parent", "parent view", "view"}
    assert gained["hardened-without-RES-VALID"] == set(BREAKINGS) - by_time - by_committee - by_voting
    assert gained["document"] == set(BREAKINGS) - {"parent", "view"}


@pytest.mark.parametrize("seats", range(1, 13))
def test_c13_the_fewest_honest_validators_of_a_final_block_are_counted(seats: int) -> None:
    byzantine = tolerated_faults(HARDENED, seats)
    last = run(
        HARDENED, Counterexample("block/final-without-validation", {"seats": seats, "byzantine": byzantine})
    ).states[-1]
    assert last["validated"] == quorum(HARDENED, seats) - byzantine >= byzantine + 1


def test_c13_at_six_seats_a_third_of_faults_outnumbers_the_validators() -> None:
    example = Counterexample("block/final-without-validation", {"seats": 6, "byzantine": 2})
    assert run(DOCUMENT, example).violated
    assert run(DOCUMENT, example).states[-1]["validated"] == 2
    assert not run(HARDENED, example).violated


@pytest.mark.parametrize("identity", ["T-C9", "T-C12", "T-C13"])
def test_the_theorem_holds_for_the_repaired_protocol(identity: str) -> None:
    verdict: Verdict = THEOREMS[identity].judge(HARDENED)
    assert verdict.outcome is Outcome.EXHAUSTED
    for item in verdict.obligations:
        assert confirm(item.text).answer is Answer.UNSATISFIABLE
