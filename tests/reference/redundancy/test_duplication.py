"""The duplication factor is the exact ceiling, within its bounds, total and monotone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import islice, product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.primitives.types import Amount
from taifoon.profile import DOCUMENT, HARDENED, Parameters, Resolution
from taifoon.redundancy import literal
from taifoon.redundancy.coverage import Ratio, reaches_promise
from taifoon.redundancy.duplication import (
    ceiling_of_root,
    clamped,
    counted_value,
    duplication_factor,
    exact_ceiling,
    factor_of_job,
    least_fee,
    logarithm_bounds,
    rounded_down,
    rounded_up,
    stated_factor,
)
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.real_ceiling import Case, near_ties, real_ceiling, ties

NONE_FAILED = Ratio(0, 1)
LITERAL = HARDENED.without(Resolution.DUPLICATION)


def ceiling_of(case: Case) -> int:
    failures = Ratio(case["missed"], case["due"])
    return exact_ceiling(case["seats"], failures, case["value"], case["baseline"])


def random_cases(count: int) -> Iterator[Case]:
    chance = Random(3)  # noqa: S311 - a seeded sample
    for _ in range(count):
        due = chance.randint(1, 10_000)
        yield {
            "seats": chance.randint(1, 1 << chance.randint(1, 40)),
            "missed": chance.randint(0, due),
            "due": due,
            "value": chance.randint(0, 10**12),
            "baseline": chance.randint(1, 10**12),
        }


def test_a_hundred_thousand_ceilings_are_those_of_the_real_numbers() -> None:
    """Ties and their neighbours, near ties, and chance; decimal logarithms are the judge."""
    cases = [
        *ties(20, 60),
        *islice(near_ties(range(3, 130), range(1, 41), (10**2, 10**6, 10**18)), 8_000),
        *random_cases(58_000),
    ]
    assert len(cases) >= 100_000
    assert [case for case in cases if ceiling_of(case) != real_ceiling(**case)] == []


def test_the_other_oracle_agrees() -> None:
    """Ball arithmetic, a third method, on what is no power of two."""
    flint = pytest.importorskip("flint", reason="python-flint is not installed")
    cases = [*islice(near_ties(range(3, 60), range(1, 30), (10**6, 10**18)), 0, None, 3), *random_cases(2_000)]
    flint.ctx.prec = 400
    for case in cases:
        if case["seats"].bit_count() == 1:
            continue
        ratio = flint.fmpq((case["missed"] + case["due"]) ** 2 * case["value"], case["due"] ** 2 * case["baseline"])
        value = flint.arb(case["seats"]).log() / flint.arb(2).log() * flint.arb(ratio).sqrt()
        assert int(value.ceil().unique_fmpz()) == ceiling_of(case)


@pytest.mark.parametrize(("number", "places"), list(product([1, 2, 3, 5, 7, 8, 63, 64, 65, 1_000, 10**6], range(11))))
def test_the_enclosure_of_a_logarithm_is_that_of_its_exact_power(number: int, places: int) -> None:
    low, high = logarithm_bounds(number, places)
    assert 1 << low <= number ** (1 << places) <= 1 << high
    assert high - low == (number.bit_count() != 1)


@given(st.integers(1, 1 << 200), st.integers(1, 100))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_rounding_keeps_its_side_and_its_width(mantissa: int, width: int) -> None:
    (below, dropped), (above, also_dropped) = rounded_down(mantissa, width), rounded_up(mantissa, width)
    assert dropped == also_dropped == max(0, mantissa.bit_length() - width)
    assert below << dropped <= mantissa <= above << dropped
    assert above - below == int(below << dropped != mantissa)
    assert below.bit_length() <= width


@given(st.integers(1, 1 << 80), st.integers(11, 200))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_a_finer_enclosure_lies_in_a_coarser_one(number: int, places: int) -> None:
    low, high = logarithm_bounds(number, places)
    finer_low, finer_high = logarithm_bounds(number, places + 5)
    assert low << 5 <= finer_low <= finer_high <= high << 5


@given(st.integers(0, 10**30), st.integers(1, 10**12))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_the_ceiling_of_a_root_is_the_least_that_covers(numerator: int, denominator: int) -> None:
    root = ceiling_of_root(numerator, denominator)
    assert root * root * denominator >= numerator
    assert root == 0 or (root - 1) ** 2 * denominator < numerator


@pytest.mark.parametrize(
    ("seats", "failures", "value", "baseline", "exact", "floating"),
    [(8, Ratio(3, 5), 25, 16, 6, 7), (8, Ratio(1, 20), 400, 1, 63, 64)],
)
def test_floating_point_gives_another_factor(
    seats: int, failures: Ratio, value: int, baseline: int, exact: int, floating: int
) -> None:
    assert stated_factor(HARDENED, seats, failures, value, baseline) == exact
    assert stated_factor(LITERAL, seats, failures, value, baseline) == floating
    assert stated_factor(DOCUMENT, seats, failures, value, baseline) == floating


def test_the_order_of_multiplication_gives_another_factor() -> None:
    orders = [
        math.ceil(math.log2(32) * (1 + 3 / 5) * math.sqrt(9 / 4)),
        math.ceil((1 + 3 / 5) * math.sqrt(9 / 4) * math.log2(32)),
        math.ceil(math.log2(32) * ((1 + 3 / 5) * math.sqrt(9 / 4))),
    ]
    assert set(orders) == {12, 13}
    assert exact_ceiling(32, Ratio(3, 5), 9, 4) == 12


@pytest.mark.parametrize(
    ("seats", "factor"), [(5, 3), (32, 5), (33, 6), (51, 6), (64, 6), (100, 7), (1_000, 10), (10**5, 17)]
)
def test_the_factor_without_failures_at_the_baseline(seats: int, factor: int) -> None:
    assert duplication_factor(HARDENED, seats, NONE_FAILED, 1, 1, seats) == factor


SEATS = st.integers(0, 3_000)
FAILURES = st.integers(1, 100).flatmap(lambda due: st.builds(Ratio, st.integers(0, due), st.just(due)))
VALUES = st.integers(0, 10**9)


@given(SEATS, FAILURES, VALUES, st.integers(1, 10**6), st.data())
@settings(deadline=None, derandomize=True, max_examples=200)
def test_the_factor_is_within_its_bounds(
    seats: int, failures: Ratio, value: int, baseline: int, data: st.DataObject
) -> None:
    capable = data.draw(st.integers(0, seats))
    factor = duplication_factor(HARDENED, seats, failures, value, baseline, capable)
    assert min(2, capable) <= factor <= capable
    assert factor == capable or reaches_promise(failures, factor)


def test_without_a_cap_the_factor_exceeds_the_cluster() -> None:
    assert duplication_factor(HARDENED, 33, NONE_FAILED, 1, 1, 5) == 5
    assert duplication_factor(LITERAL, 33, NONE_FAILED, 1, 1, 5) == 6
    assert duplication_factor(LITERAL, 1_000, NONE_FAILED, 10**6, 1, 1_000) == 9_966
    assert duplication_factor(LITERAL, 1, NONE_FAILED, 1, 1, 1) == 2


@given(SEATS, FAILURES, VALUES, st.integers(1, 10**6), st.data())
@settings(deadline=None, derandomize=True, max_examples=200)
def test_the_factor_never_falls(seats: int, failures: Ratio, value: int, baseline: int, data: st.DataObject) -> None:
    capable = data.draw(st.integers(0, seats))
    factor = duplication_factor(HARDENED, seats, failures, value, baseline, capable)
    more = Ratio(data.draw(st.integers(failures.numerator, failures.denominator)), failures.denominator)
    network = seats + data.draw(st.integers(0, 100))
    assert duplication_factor(HARDENED, network, failures, value, baseline, capable) >= factor
    assert duplication_factor(HARDENED, seats, more, value, baseline, capable) >= factor
    assert duplication_factor(HARDENED, seats, failures, 2 * value + 1, baseline, capable) >= factor
    assert duplication_factor(HARDENED, seats, failures, value, baseline, seats) >= factor


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"seats": -1, "capable": 0}, "N is -1"),
        ({"value": -1}, "V is -1"),
        ({"baseline": 0}, "V_baseline is 0"),
        ({"capable": -1}, "capable is -1"),
        ({"capable": 11}, "capable is 11"),
        ({"failures": Ratio(0, 0)}, "denominator of F is 0"),
        ({"failures": Ratio(-1, 2)}, "numerator of F is -1"),
        ({"failures": Ratio(3, 2)}, "F is 3/2"),
    ],
)
def test_inputs_outside_the_domain_are_refused(changed: dict[str, object], said: str) -> None:
    inputs = {"seats": 10, "failures": Ratio(1, 2), "value": 1, "baseline": 1, "capable": 10}
    assert duplication_factor(HARDENED, **inputs) == 5  # type: ignore[arg-type]
    with pytest.raises(Rejected, match=said) as caught:
        duplication_factor(HARDENED, **(inputs | changed))  # type: ignore[arg-type]
    assert caught.value.code is RejectionCode.DUPLICATION_INPUT


@pytest.mark.parametrize("number", [0, -1])
def test_no_seats_have_no_logarithm(number: int) -> None:
    with pytest.raises(Rejected) as caught:
        stated_factor(HARDENED, number, NONE_FAILED, 1, 1)
    assert caught.value.code is RejectionCode.DUPLICATION_INPUT


@pytest.mark.parametrize(("seats", "baseline"), [(0, 1), (10, 0)])
def test_the_literal_formula_is_undefined_at_the_edges(seats: int, baseline: int) -> None:
    with pytest.raises((ValueError, ZeroDivisionError)):
        literal.duplication(seats, 0, 1, 1, baseline)


def test_the_factor_of_a_job_is_by_its_capped_value_and_its_raise() -> None:
    parameters = Parameters(value_baseline=16, value_cap=64)
    profile = HARDENED.with_parameters(parameters)
    at_cap = factor_of_job(profile, 1_000, NONE_FAILED, Amount(64), 1_000)
    assert at_cap == 20
    assert factor_of_job(profile, 1_000, NONE_FAILED, Amount(16), 1_000) == 10
    assert factor_of_job(profile, 1_000, NONE_FAILED, Amount(10**9), 1_000) == at_cap
    assert factor_of_job(LITERAL.with_parameters(parameters), 1_000, NONE_FAILED, Amount(10**9), 1_000) > 1_000
    assert factor_of_job(profile, 1_000, NONE_FAILED, Amount(16), 1_000, raised=3) == 13
    assert factor_of_job(profile, 1_000, NONE_FAILED, Amount(16), 12, raised=3) == 12
    assert (counted_value(profile, 65), counted_value(LITERAL, 65)) == (64, 65)
    assert (least_fee(profile, at_cap, Amount(7)), least_fee(LITERAL, at_cap, Amount(7))) == (140, 0)


@given(st.integers(2, 50), st.integers(0, 50), st.integers(0, 50))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_the_clamp_is_the_lesser_of_capable_and_wanted(stated: int, covering: int, capable: int) -> None:
    assert clamped(stated, covering, capable) == sorted((capable, max(stated, covering)))[0]
