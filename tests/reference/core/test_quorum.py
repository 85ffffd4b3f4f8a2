"""Quorum and tolerated faults fit together under the repaired rule, for no third of faults under any."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icontract import ViolationError

from taifoon.core.quorum import guaranteed_overlap, hardened_quorum, quorum, tolerated_faults
from taifoon.primitives.arithmetic import ceiling_division, checked_ceiling_division
from taifoon.profile import DOCUMENT, HARDENED

SIZES = range(1, 41)

# Seats that must sign in a committee of 1, 2, ... 12: attained two thirds as the source has it, and more than that.
LITERAL = [1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8]
REPAIRED = [1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9]


@pytest.mark.parametrize("seats", SIZES)
def test_the_repaired_quorum_is_all_but_the_tolerated_faults(seats: int) -> None:
    assert hardened_quorum(seats) == quorum(HARDENED, seats) == seats - (seats - 1) // 3
    assert tolerated_faults(HARDENED, seats) == (seats - 1) // 3


def test_the_first_quorums_of_both_profiles() -> None:
    assert [quorum(DOCUMENT, seats) for seats in range(1, 13)] == LITERAL
    assert [quorum(HARDENED, seats) for seats in range(1, 13)] == REPAIRED


@pytest.mark.parametrize("seats", SIZES)
def test_the_two_rules_differ_exactly_at_the_multiples_of_three(seats: int) -> None:
    differ = quorum(DOCUMENT, seats) != quorum(HARDENED, seats)
    assert differ == (seats % 3 == 0)
    assert (tolerated_faults(DOCUMENT, seats) != tolerated_faults(HARDENED, seats)) == (seats % 3 == 0)


def serves(seats: int, threshold: int, faults: int) -> bool:
    """Whether two quorums share an honest seat and the honest seats alone make one."""
    return guaranteed_overlap(seats, threshold) > faults and seats - faults >= threshold


def test_no_threshold_serves_a_third_of_faults_at_the_multiples_of_three() -> None:
    impossible = [
        seats
        for seats in range(1, 33)
        if not any(serves(seats, threshold, tolerated_faults(DOCUMENT, seats)) for threshold in range(seats + 1))
    ]
    assert impossible == list(range(3, 31, 3))


@pytest.mark.parametrize("seats", SIZES)
def test_the_repaired_threshold_is_the_least_whose_overlap_exceeds_a_third(seats: int) -> None:
    faults = tolerated_faults(HARDENED, seats)
    assert serves(seats, quorum(HARDENED, seats), faults)
    enough = [threshold for threshold in range(seats + 1) if 3 * guaranteed_overlap(seats, threshold) > seats]
    assert min(enough) == quorum(HARDENED, seats)
    assert not any(serves(seats, threshold, faults + 1) for threshold in range(seats + 1))


@pytest.mark.parametrize(
    ("seats", "faults", "literal"),
    [(5, 1, 4), (6, 2, 4), (9, 3, 6)],
)
def test_the_smallest_committees_of_the_source(seats: int, faults: int, literal: int) -> None:
    assert (tolerated_faults(DOCUMENT, seats), quorum(DOCUMENT, seats)) == (faults, literal)
    assert serves(seats, literal, faults) == (seats % 3 != 0)


def test_a_committee_has_a_seat() -> None:
    with pytest.raises(ViolationError):
        hardened_quorum(0)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(dividend=st.integers(-(1 << 80), 1 << 80), divisor=st.integers(1, 1 << 40))
def test_ceiling_division_rounds_up(dividend: int, divisor: int) -> None:
    result = checked_ceiling_division(dividend, divisor)
    assert result == ceiling_division(dividend, divisor) == dividend // divisor + (dividend % divisor > 0)


@pytest.mark.parametrize("divisor", [0, -1])
def test_ceiling_division_needs_a_positive_divisor(divisor: int) -> None:
    with pytest.raises(ViolationError):
        checked_ceiling_division(1, divisor)
