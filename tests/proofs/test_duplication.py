"""Figures of the duplication factor as the source has it, and the second solver's word on each obligation."""

from __future__ import annotations

from fractions import Fraction

import pytest

from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.redundancy import literal
from taifoon.redundancy.coverage import Ratio
from taifoon.redundancy.duplication import duplication_factor, stated_factor
from taifoon_models.real_ceiling import real_ceiling, ties
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.smt import Answer, confirm
from taifoon_proofs.verdict import Counterexample

THEOREMS = load()
LITERAL = HARDENED.without(Resolution.DUPLICATION)
PLAIN = {"missed": 0, "due": 1, "value": 1, "baseline": 1}


@pytest.mark.parametrize("identity", ["T-S1", "T-S3", "T-S5", "T-S14"])
def test_the_second_solver_confirms_each_obligation(identity: str) -> None:
    obligations = THEOREMS[identity].judge(HARDENED).obligations
    assert obligations
    for obligation in obligations:
        assert confirm(obligation.text, 30_000).answer is Answer.UNSATISFIABLE, obligation.name


def test_s1_the_first_network_whose_factor_exceeds_the_minimum_cluster_has_33_seats() -> None:
    beyond = [
        seats
        for seats in range(5, 60)
        if violates(DOCUMENT, "duplication/out-of-bounds", {"seats": seats, **PLAIN, "capable": 5})
    ]
    assert beyond == list(range(33, 60))


@pytest.mark.parametrize(
    ("seats", "missed", "value", "factor"), [(1, 0, 1, 2), (3, 1, 1, 4), (1_000, 0, 10**6, 9_966), (100, 0, 227, 101)]
)
def test_s1_the_literal_factor_exceeds_the_network(seats: int, missed: int, value: int, factor: int) -> None:
    inputs = {"seats": seats, "missed": missed, "due": 1, "value": value, "baseline": 1, "capable": seats}
    found = run(DOCUMENT, Counterexample("duplication/out-of-bounds", inputs))
    assert found.violated
    assert found.states[-1]["factor"] == factor
    assert run(HARDENED, Counterexample("duplication/out-of-bounds", inputs)).states[-1]["factor"] == seats


@pytest.mark.parametrize(
    ("inputs", "stated", "real"),
    [
        ({"seats": 8, "missed": 3, "due": 5, "value": 25, "baseline": 16}, 7, 6),
        ({"seats": 8, "missed": 1, "due": 20, "value": 400, "baseline": 1}, 64, 63),
    ],
)
def test_s3_floating_point_misses_ties(inputs: dict[str, int], stated: int, real: int) -> None:
    state = run(DOCUMENT, Counterexample("duplication/not-the-ceiling", inputs)).states[-1]
    assert (state["stated"], state["real"]) == (stated, real)
    assert not violates(HARDENED, "duplication/not-the-ceiling", inputs)


def test_s3_one_tie_in_thirty_is_wrong_in_floating_point() -> None:
    exact = [case for case in ties(20, 60) if case["value"] % 10**12 == 0]
    wrong = [case for case in exact if literal.duplication(**case) != max(2, real_ceiling(**case))]
    assert (len(exact), len(wrong)) == (11_413, 360)


@pytest.mark.parametrize(("seats", "ratio"), [(1_000, 10_049), (100, 223), (50, 76), (10, 8)])
def test_s4_the_least_whole_ratio_that_makes_everyone_prove(seats: int, ratio: int) -> None:
    assert stated_factor(DOCUMENT, seats, Ratio(0, 1), ratio, 1) >= seats
    assert stated_factor(DOCUMENT, seats, Ratio(0, 1), ratio - 1, 1) < seats
    assert violates(DOCUMENT, "duplication/everyone-proves", {"seats": seats, "declared": ratio * 10**6})
    assert not violates(HARDENED, "duplication/everyone-proves", {"seats": seats, "declared": ratio * 10**6})


def test_s4_the_cap_leaves_only_networks_of_six_seats_to_one_declaration() -> None:
    everyone = [
        seats
        for seats in range(2, 100)
        if violates(HARDENED, "duplication/everyone-proves", {"seats": seats, "declared": 2**64 - 1})
    ]
    assert everyone == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(("missed", "throughput"), [(0, 850), (1, 655), (2, 582), (3, 446), (5, 283)])
def test_s5_useful_throughput_falls_with_failures(missed: int, throughput: int) -> None:
    inputs = {"seats": 51, "missed": missed, "due": 10, "offered": 51}
    state = run(DOCUMENT, Counterexample("duplication/over-admission", inputs)).states[-1]
    assert (state["throughput_in_100"], state["admitted"]) == (throughput, 51)
    assert (
        run(HARDENED, Counterexample("duplication/over-admission", inputs)).states[-1]["admitted"] == throughput // 100
    )


def uncovered(profile: Profile, seats: int, failures: Fraction) -> Fraction:
    ratio = Ratio(failures.numerator, failures.denominator)
    return failures ** duplication_factor(profile, seats, ratio, 1, 1, seats)


@pytest.mark.parametrize(
    ("seats", "failures", "coverage"),
    [(5, Fraction(1, 2), "93.75"), (51, Fraction(3, 4), "94.37"), (51, Fraction(9, 10), "68.62")],
)
def test_s14_the_literal_factor_misses_the_promise(seats: int, failures: Fraction, coverage: str) -> None:
    assert f"{float(100 * (1 - uncovered(DOCUMENT, seats, failures))):.2f}" == coverage
    assert uncovered(HARDENED, seats, failures) <= Fraction(1, 20)


@pytest.mark.parametrize(("seats", "first"), [(5, 473), (10, 607), (51, 742), (1_000, 855)])
def test_s14_the_first_failure_rate_in_thousandths_that_misses(seats: int, first: int) -> None:
    def missed(profile: Profile) -> list[int]:
        return [rate for rate in range(first + 1) if uncovered(profile, seats, Fraction(rate, 1_000)) > Fraction(1, 20)]

    assert missed(DOCUMENT) == [first]
    assert missed(HARDENED) == []


def test_s14_nine_failures_in_ten_take_29_replicas() -> None:
    assert duplication_factor(HARDENED, 51, Ratio(9, 10), 1, 1, 51) == 29
    assert duplication_factor(LITERAL, 51, Ratio(9, 10), 1, 1, 51) == 11
