"""A verdict is as strong as its weakest part, and says what it rests on."""

from __future__ import annotations

from itertools import permutations, product

import pytest

from taifoon_proofs.smt import Obligation
from taifoon_proofs.verdict import STRENGTH, Counterexample, Outcome, Verdict, conclude

EXAMPLE = Counterexample("some/scenario", {"seats": 6})


def part(outcome: Outcome) -> Verdict:
    return Verdict(
        outcome,
        f"reach of {outcome.value}",
        counterexample=EXAMPLE if outcome is Outcome.REFUTED else None,
        reason="time is up" if outcome is Outcome.UNKNOWN else None,
        obligations=(Obligation(outcome.value.lower(), "text"),),
    )


def test_the_strengths_are_all_outcomes_from_proved_to_refuted() -> None:
    assert list(STRENGTH) == list(Outcome)
    assert [outcome for outcome in Outcome if outcome.holds] == [Outcome.PROVED, Outcome.EXHAUSTED]


@pytest.mark.parametrize(
    "pair", list(product(Outcome, repeat=2)), ids=lambda pair: "-".join(each.name for each in pair)
)
def test_of_two_parts_the_weaker_one_decides(pair: tuple[Outcome, Outcome]) -> None:
    weaker = max(pair, key=list(Outcome).index)
    assert conclude(*map(part, pair)).outcome is weaker


def test_the_order_of_the_parts_does_not_change_the_outcome() -> None:
    for chosen in permutations(Outcome, 3):
        outcomes = {conclude(*map(part, order)).outcome for order in permutations(chosen)}
        assert len(outcomes) == 1


def test_what_holds_names_all_reaches_and_obligations() -> None:
    verdict = conclude(part(Outcome.PROVED), part(Outcome.EXHAUSTED))
    assert verdict.reach == "reach of PROVED; reach of EXHAUSTED"
    assert [item.name for item in verdict.obligations] == ["proved", "exhausted"]
    assert verdict.reason is None


def test_an_unknown_part_leaves_its_reason() -> None:
    assert conclude(part(Outcome.PROVED), part(Outcome.UNKNOWN)).reason == "time is up"


def test_a_refuted_part_leaves_its_counterexample() -> None:
    verdict = conclude(part(Outcome.UNKNOWN), part(Outcome.REFUTED), part(Outcome.PROVED))
    assert verdict.counterexample == EXAMPLE


def test_nothing_concludes_from_nothing() -> None:
    with pytest.raises(ValueError, match="without parts claims nothing"):
        conclude()


def test_a_counterexample_belongs_to_a_refutation_alone() -> None:
    with pytest.raises(ValueError, match="exactly when it is REFUTED"):
        Verdict(Outcome.REFUTED, "reach")
    with pytest.raises(ValueError, match="exactly when it is REFUTED"):
        Verdict(Outcome.PROVED, "reach", counterexample=EXAMPLE)


@pytest.mark.parametrize("reason", [None, ""])
def test_the_unknown_has_a_reason(reason: str | None) -> None:
    with pytest.raises(ValueError, match="says why"):
        Verdict(Outcome.UNKNOWN, "reach", reason=reason)
