"""Triggers fire exactly beyond their limits, and are defined where nothing was measured."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Epoch
from taifoon.profile import DOCUMENT, HARDENED, Parameters, Resolution
from taifoon.redundancy.metrics import BlockRecord, BlockUse, ClusterUse, TypeCount, fold
from taifoon.redundancy.triggers import Trigger, cluster_is_busy, efficiency_is_low, fired, low_types, type_is_low

OWN = HARDENED.without(Resolution.METRICS)
LITERAL_EFFICIENCY = HARDENED.without(Resolution.EFFICIENCY)


def count(done: int, due: int) -> TypeCount:
    return TypeCount(ProofType.GROTH16, due, done, 0)


def use(*loads: int, capacity: int = 100) -> ClusterUse:
    return ClusterUse(ClusterId(0), tuple(BlockUse(load, capacity) for load in loads))


@pytest.mark.parametrize("due", [100, 200, 1_000, 10**18])
def test_coverage_of_exactly_95_percent_does_not_fire(due: int) -> None:
    limit = due * 95 // 100
    assert not type_is_low(HARDENED, count(limit, due))
    assert not type_is_low(HARDENED, count(limit + 1, due))
    assert type_is_low(HARDENED, count(limit - 1, due))


def test_doubles_miss_the_limit_of_large_counts() -> None:
    assert not type_is_low(OWN, count(95 * 10**16 - 1, 10**18))


def test_few_due_jobs_count_as_covered() -> None:
    assert not type_is_low(HARDENED, count(0, 99))
    assert type_is_low(HARDENED, count(0, 100))
    assert type_is_low(HARDENED.with_parameters(Parameters(minimum_due=19)), count(18, 19))
    assert not type_is_low(HARDENED, count(18, 19))
    assert type_is_low(OWN, count(18, 19))
    with pytest.raises(ZeroDivisionError):
        type_is_low(OWN, count(0, 0))


def test_ten_blocks_above_80_percent_fire() -> None:
    assert cluster_is_busy(HARDENED, use(*[81] * 10))
    assert not cluster_is_busy(HARDENED, use(*[81] * 9))
    assert not cluster_is_busy(HARDENED, use(*[80] * 10))
    assert not cluster_is_busy(HARDENED, use(*[99] * 9, 80))
    assert not cluster_is_busy(HARDENED, use(80, *[99] * 9))


def test_without_capacity_any_load_is_too_much() -> None:
    assert cluster_is_busy(HARDENED, use(*[1] * 10, capacity=0))
    assert not cluster_is_busy(HARDENED, use(*[0] * 10, capacity=0))
    with pytest.raises(ZeroDivisionError):
        cluster_is_busy(OWN, use(*[0] * 10, capacity=0))


def test_efficiency_of_exactly_seven_tenths_does_not_fire() -> None:
    for revenue in (10, 100, 10**18):
        limit = revenue * 3 // 10
        assert not efficiency_is_low(HARDENED, Amount(limit), Amount(revenue))
        assert not efficiency_is_low(HARDENED, Amount(limit - 1), Amount(revenue))
        assert efficiency_is_low(HARDENED, Amount(limit + 1), Amount(revenue))
    assert not efficiency_is_low(OWN, Amount(3 * 10**17 + 1), Amount(10**18))


@pytest.mark.parametrize(
    ("cost", "revenue", "literally", "repaired"),
    [(50, 100, True, True), (25, 100, True, False), (200, 100, False, True), (70, 100, False, True)],
)
def test_the_literal_efficiency_is_upside_down(cost: int, revenue: int, literally: bool, repaired: bool) -> None:
    for profile in (DOCUMENT, LITERAL_EFFICIENCY):
        assert efficiency_is_low(profile, Amount(cost), Amount(revenue)) is literally
    assert efficiency_is_low(HARDENED, Amount(cost), Amount(revenue)) is repaired


def test_without_revenue_a_cost_fires_and_none_does_not() -> None:
    assert efficiency_is_low(HARDENED, Amount(1), Amount(0))
    assert not efficiency_is_low(HARDENED, Amount(0), Amount(0))
    with pytest.raises(ZeroDivisionError):
        efficiency_is_low(OWN, Amount(0), Amount(0))


@given(st.integers(0, 10**20), st.integers(1, 10**20))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_triggers_compare_the_ratios(part: int, whole: int) -> None:
    ratio = Fraction(part, whole)
    assert efficiency_is_low(HARDENED, Amount(part), Amount(whole)) == (1 - ratio < Fraction(7, 10))
    assert cluster_is_busy(HARDENED, use(*[part] * 10, capacity=whole)) == (ratio > Fraction(4, 5))
    assert type_is_low(HARDENED, count(part, whole)) == (whole >= 100 and ratio < Fraction(19, 20))


def test_what_fires_comes_in_order_of_precedence() -> None:
    types = (TypeCount(ProofType.GROTH16, 100, 90, 0), TypeCount(ProofType.ACCOUNT_STATE, 100, 95, 0))
    numbers = [(Epoch(1), ClusterId(3), BlockNumber(number)) for number in range(10)]
    records = [BlockRecord(*each, types, 0, 0, 9, 10, Amount(1), Amount(1)) for each in numbers]
    metrics = fold(Epoch(1), records)
    assert fired(HARDENED, metrics) == (Trigger.COVERAGE, Trigger.UTILISATION, Trigger.EFFICIENCY)
    assert low_types(HARDENED, metrics) == (ProofType.GROTH16,)
    assert fired(HARDENED, fold(Epoch(1), [])) == ()
