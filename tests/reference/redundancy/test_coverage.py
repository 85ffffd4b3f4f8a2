"""The promised coverage takes a least number of independent replicas, or all that there are."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.redundancy.coverage import Ratio, coverage_minimum, reaches_promise

RATIOS = st.integers(1, 1_000).flatmap(lambda due: st.builds(Ratio, st.integers(0, due), st.just(due)))


@given(RATIOS, st.integers(0, 40))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_the_minimum_is_the_least_that_reaches_the_promise(failures: Ratio, capable: int) -> None:
    failed = Fraction(failures.numerator, failures.denominator)
    enough = [count for count in range(capable + 1) if 1 - failed**count >= Fraction(19, 20)]
    assert coverage_minimum(failures, capable) == (enough[0] if enough else capable)


@pytest.mark.parametrize(
    ("missed", "due", "replicas"), [(0, 1, 1), (1, 20, 1), (1, 10, 2), (1, 2, 5), (3, 4, 11), (9, 10, 29)]
)
def test_the_minimum_at_common_failure_rates(missed: int, due: int, replicas: int) -> None:
    assert coverage_minimum(Ratio(missed, due), 100) == replicas
    assert reaches_promise(Ratio(missed, due), replicas)
    assert not reaches_promise(Ratio(missed, due), replicas - 1)


@pytest.mark.parametrize("capable", [0, 1, 7])
def test_certain_failure_takes_all_there_are(capable: int) -> None:
    assert coverage_minimum(Ratio(1, 1), capable) == capable
