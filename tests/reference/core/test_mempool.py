"""Urgent jobs go first, waiting makes urgent, and nobody waits for ever."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.mempool import Waiting, longest_wait, take, taking_order, urgency
from taifoon.primitives.types import BlockNumber
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon_models.jobs import intake

BY_ARRIVAL = HARDENED.without(Resolution.JOB_PRIORITY)


def waiting(number: int, priority: int, since: int = 0) -> Waiting:
    return Waiting(replace(intake(number), priority=priority), BlockNumber(since))


def small(capacity: int) -> Profile:
    return HARDENED.with_parameters(replace(HARDENED.parameters, maximum_jobs=capacity))


def test_the_more_urgent_goes_first_and_arrival_decides_only_without_the_rule() -> None:
    pool = (waiting(0, 3), waiting(1, 255), waiting(2, 100))
    assert taking_order(HARDENED, pool, BlockNumber(0)) == (pool[1], pool[2], pool[0])
    assert taking_order(BY_ARRIVAL, pool, BlockNumber(0)) == pool


def test_a_block_of_waiting_counts_as_one_of_priority() -> None:
    old, fresh = waiting(0, 100, since=0), waiting(1, 110, since=11)
    assert urgency(100, 0, 20) == 120
    assert urgency(110, 11, 20) == 119
    assert taking_order(HARDENED, (fresh, old), BlockNumber(20)) == (old, fresh)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.permutations(range(6)), st.lists(st.sampled_from([0, 7, 255]), min_size=6, max_size=6))
def test_the_order_does_not_depend_on_arrival(order: list[int], priorities: list[int]) -> None:
    pool = tuple(waiting(number, priority) for number, priority in enumerate(priorities))
    shuffled = tuple(pool[number] for number in order)
    assert taking_order(HARDENED, pool, BlockNumber(3)) == taking_order(HARDENED, shuffled, BlockNumber(3))


def test_a_block_takes_no_more_than_it_may_hold() -> None:
    pool = tuple(waiting(number, number) for number in range(5))
    taken, left = take(small(2), pool, BlockNumber(0))
    assert taken == (pool[4], pool[3])
    assert left == pool[:3]


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    st.integers(200, 255),
    st.integers(1, 3),
    st.lists(st.lists(st.integers(0, 255), max_size=3), min_size=70, max_size=70),
    st.lists(st.integers(0, 255), max_size=6),
)
def test_a_job_is_taken_within_its_bound_whatever_comes(
    priority: int, capacity: int, coming: list[list[int]], backlog: list[int]
) -> None:
    mine = waiting(0, priority)
    numbers = iter(range(1, 10_000))
    pool = (mine, *(waiting(next(numbers), other) for other in backlog))
    ahead = taking_order(HARDENED, pool, BlockNumber(0)).index(mine)
    for block in range(longest_wait(priority, ahead, capacity)):
        taken, pool = take(small(capacity), pool, BlockNumber(block))
        if mine in taken:
            return
        pool = (*pool, *(waiting(next(numbers), other, block + 1) for other in coming[block][:capacity]))
    raise AssertionError("the job still waits")


def test_a_strict_order_would_let_a_job_wait_for_ever() -> None:
    mine, numbers = waiting(0, 0), iter(range(1, 10_000))
    pool = (mine, waiting(next(numbers), 255))
    for _ in range(1_000):
        pool = tuple(sorted(pool, key=lambda item: -item.leaf.priority))[1:]
        pool = (*pool, waiting(next(numbers), 255))
    assert mine in pool
