"""What the triggers of the source do at their limits, and the second solver's word on each obligation."""

from __future__ import annotations

import pytest

from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.smt import Answer, confirm
from taifoon_proofs.verdict import Counterexample

THEOREMS = load()
OWN = HARDENED.without(Resolution.METRICS)


@pytest.mark.parametrize("identity", ["T-S6", "T-S7"])
def test_the_second_solver_confirms_each_obligation(identity: str) -> None:
    obligations = THEOREMS[identity].judge(HARDENED).obligations
    assert obligations
    for obligation in obligations:
        assert confirm(obligation.text, 30_000).answer is Answer.UNSATISFIABLE, obligation.name


def test_s6_one_pending_job_of_nineteen_would_reorganise_the_network() -> None:
    state = run(DOCUMENT, Counterexample("trigger/coverage-limit", {"done": 18, "due": 19})).states[-1]
    assert (state["fires"], state["expected"]) == (True, False)


@pytest.mark.parametrize(
    ("scenario", "parameters"),
    [
        ("trigger/coverage-limit", {"done": 0, "due": 0}),
        ("trigger/utilisation-limit", {"loads": [0] * 10, "capacity": 0}),
        ("trigger/efficiency-limit", {"cost": 0, "revenue": 0}),
    ],
)
def test_s6_without_a_measurement_the_literal_triggers_are_undefined(
    scenario: str, parameters: dict[str, object]
) -> None:
    for profile in (DOCUMENT, OWN):
        assert run(profile, Counterexample(scenario, parameters)).states[-1]["action"] == "undefined"  # type: ignore[arg-type]
    assert not violates(HARDENED, scenario, parameters)  # type: ignore[arg-type]


def test_s6_nine_blocks_at_81_and_one_at_79_never_trigger() -> None:
    """Though the mean is 80.8 %: the text asks for ten in a row, and both profiles keep to it."""
    loads = ([81] * 9 + [79]) * 3
    for profile in (DOCUMENT, HARDENED):
        for end in range(10, 31):
            case = Counterexample("trigger/utilisation-limit", {"loads": loads[:end], "capacity": 100})
            assert run(profile, case).states[-1]["fires"] is False


@pytest.mark.parametrize(
    ("cost", "literally", "repaired"), [(50, True, True), (25, True, False), (200, False, True), (85, False, True)]
)
def test_s7_the_literal_reading_fires_on_profit_and_not_on_loss(cost: int, literally: bool, repaired: bool) -> None:
    case = Counterexample("trigger/good-efficiency-fires", {"cost": cost, "revenue": 100})
    assert [run(profile, case).states[-1]["fires"] for profile in (DOCUMENT, HARDENED)] == [literally, repaired]


def test_s7_from_two_fifths_to_seventeen_twentieths_the_literal_margin_falls() -> None:
    """The step of section 7: as cost over revenue it lowers the margin from 60 % to 15 %."""
    case = [Counterexample("trigger/good-efficiency-fires", {"cost": cost, "revenue": 100}) for cost in (40, 85)]
    assert [run(DOCUMENT, each).states[-1]["margin_in_100"] for each in case] == [60, 15]
    assert run(DOCUMENT, case[0]).states[-1]["falls"] is True
    assert run(HARDENED, case[0]).states[-1]["falls"] is False
