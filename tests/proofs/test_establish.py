"""Nothing is rounded up: what is vacuous, empty or without a concrete run is unknown, not established."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import z3

from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_proofs.establish import Claim, exhaust, first_violation, prove
from taifoon_proofs.scenario import SCENARIOS, Trace, scenario
from taifoon_proofs.verdict import Counterexample, Outcome

X = z3.Int("x")
NAME = "test/above"
TRUE = Claim("grows", (X > 2,), X > 1)
FALSE = Claim("grows-more", (X > 2, X < 9), X > 3)
EMPTY = Claim("anything", (X > 2, X < 2), X == 7)
OPEN = Claim("three-cubes", (z3.Int("a") > 0,), z3.Int("a") ** 3 + z3.Int("b") ** 3 + z3.Int("c") ** 3 != 114)


@pytest.fixture(autouse=True)
def one_scenario() -> Iterator[None]:
    @scenario(NAME)
    def above(profile: Profile, trace: Trace, *, count: int) -> bool:
        """The count is above what the rule allows."""
        return count > (3 if Resolution.QUORUM in profile else 1)

    yield
    del SCENARIOS[NAME]


def shown(model: Mapping[str, int]) -> Counterexample:
    return Counterexample(NAME, {"count": model["x"]})


def unshown(model: Mapping[str, int]) -> None:
    return None


def test_claims_that_all_hold_are_proved_with_their_obligations() -> None:
    verdict = prove("every x", TRUE, Claim("grows-still", (X > 3,), X > 1))
    assert verdict.outcome is Outcome.PROVED
    assert verdict.reach == "every x"
    assert [item.name for item in verdict.obligations] == ["grows", "grows-still"]


@pytest.mark.parametrize("goal", [X == 7, z3.BoolVal(val=True), z3.BoolVal(val=False)], ids=str)
def test_hypotheses_that_contradict_each_other_prove_nothing(goal: z3.BoolRef) -> None:
    verdict = prove("every x", TRUE, Claim("anything", EMPTY.hypotheses, goal))
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason == "anything: no model of the hypotheses was found"
    assert verdict.obligations == ()


def test_a_model_with_a_scenario_refutes() -> None:
    verdict = prove("every x", TRUE, Claim(FALSE.name, FALSE.hypotheses, FALSE.goal, shown))
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.counterexample == Counterexample(NAME, {"count": 3})
    assert verdict.reach == "grows-more"


@pytest.mark.parametrize("witness", [None, unshown])
def test_a_model_without_a_scenario_is_unknown_and_told(witness: None) -> None:
    verdict = prove("every x", Claim(FALSE.name, FALSE.hypotheses, FALSE.goal, witness))
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason == "grows-more: a model without a scenario: x = 3"


def test_a_claim_that_the_solver_leaves_open_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    from taifoon_proofs import establish, smt

    monkeypatch.setattr(establish, "decide", lambda item: smt.decide(item, 100))
    verdict = prove("every sum", OPEN)
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason is not None
    assert verdict.reason.startswith("three-cubes")


def cases(*counts: int) -> list[dict[str, int]]:
    return [{"count": count} for count in counts]


def test_an_exploration_without_a_violation_is_exhausted_and_counted() -> None:
    verdict = exhaust(HARDENED, NAME, "every small count", cases(0, 1, 2, 3))
    assert verdict.outcome is Outcome.EXHAUSTED
    assert verdict.reach == "every small count (4 cases)"


def test_an_exploration_of_nothing_is_unknown() -> None:
    verdict = exhaust(HARDENED, NAME, "every count", iter(()))
    assert verdict.outcome is Outcome.UNKNOWN
    assert verdict.reason == "test/above: no case was explored"


def test_the_first_violation_ends_an_exploration() -> None:
    def endless() -> Iterator[dict[str, int]]:
        count = 0
        while True:
            yield {"count": count}
            count += 1

    verdict = exhaust(DOCUMENT, NAME, "every count", endless())
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.counterexample == Counterexample(NAME, {"count": 2})
    assert verdict.reach == "case 3 of test/above"
    assert first_violation(HARDENED, NAME, endless()) == Counterexample(NAME, {"count": 4})


def test_a_search_that_finds_nothing_gives_nothing() -> None:
    assert first_violation(HARDENED, NAME, cases(1, 2)) is None
    assert first_violation(HARDENED, NAME, cases()) is None
