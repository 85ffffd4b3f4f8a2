"""Seats are totally ordered, so that their ranks are a permutation whatever their hashes are."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icontract import ViolationError

from taifoon.core.order import Rank, precedes, rank_of

STEADY = settings(deadline=None, derandomize=True, max_examples=150)

# Few values, so that equal hashes and equal keys are common.
ranks = st.builds(Rank, hash=st.integers(0, 3), key=st.integers(0, 3), seat=st.integers(0, 3))
distinct = st.lists(ranks, min_size=1, max_size=12, unique=True)


def as_tuple(rank: Rank) -> tuple[int, int, int]:
    return rank.hash, rank.key, rank.seat


@STEADY
@given(left=ranks, right=ranks)
def test_the_order_is_lexicographic(left: Rank, right: Rank) -> None:
    assert precedes(left, right) == (as_tuple(left) < as_tuple(right))


@STEADY
@given(left=ranks, right=ranks)
def test_exactly_one_of_two_distinct_seats_comes_first(left: Rank, right: Rank) -> None:
    assert precedes(left, right) + precedes(right, left) == (left != right)


@STEADY
@given(seats=distinct)
def test_ranks_are_the_places_in_the_sorted_order(seats: list[Rank]) -> None:
    ordered = sorted(seats, key=as_tuple)
    assert [rank_of(rank, tuple(seats)) for rank in ordered] == list(range(len(seats)))


@STEADY
@given(seats=distinct, seed=st.integers(0, 1 << 16))
def test_ranks_do_not_depend_on_the_order_in_which_seats_are_given(seats: list[Rank], seed: int) -> None:
    shuffled = list(seats)
    Random(seed).shuffle(shuffled)  # noqa: S311 - the same shuffle in every run
    assert all(rank_of(rank, tuple(seats)) == rank_of(rank, tuple(shuffled)) for rank in seats)


def test_only_a_seat_of_the_set_has_a_rank_in_it() -> None:
    with pytest.raises(ViolationError):
        rank_of(Rank(0, 0, 0), (Rank(0, 0, 1),))
