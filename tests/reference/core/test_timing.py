"""A timer outlasts the steps of an honest leader's view, and grows only after views that should have been final."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.quorum import tolerated_faults
from taifoon.core.timing import (
    finality_after_synchrony,
    finality_within,
    fruitless_rounds,
    grown_timer,
    least_timer,
    left_within,
    view_timeout,
)
from taifoon.primitives.types import View
from taifoon.profile import HARDENED, Parameters

STEADY = settings(deadline=None, derandomize=True, max_examples=200)
FIRST = least_timer(HARDENED.parameters.message_delay)

seats, last_finals, waits = st.integers(1, 200), st.integers(0, 1 << 20), st.integers(1, 1 << 20)


def timeout(seats: int, view: int, last_final: int) -> int:
    return view_timeout(HARDENED, seats, View(view), View(last_final))


def test_the_view_after_a_final_block_has_the_first_timer() -> None:
    assert FIRST == 3 * 250
    assert {timeout(seats, view + 1, view) for seats in range(1, 20) for view in range(50)} == {FIRST}


@pytest.mark.parametrize(("seats", "faults"), [(1, 0), (4, 1), (5, 1), (7, 2), (10, 3)])
def test_a_timer_doubles_when_a_view_of_an_honest_leader_brought_no_final_block(seats: int, faults: int) -> None:
    assert faults == tolerated_faults(HARDENED, seats)
    timers = [timeout(seats, view, 0) for view in range(1, 4 * (faults + 1) + 1)]
    assert timers == [FIRST * doubled for doubled in (1, 2, 4, 8) for _ in range(faults + 1)]


@pytest.mark.parametrize(
    ("seats", "waited", "rounds", "timer"),
    [(5, 0, 0, 750), (5, 1, 0, 750), (5, 2, 1, 1_500), (5, 3, 1, 1_500), (7, 2, 0, 750), (7, 3, 1, 1_500)]
    + [(5, waited, waited // 2, 3_072_000) for waited in (24, 25, 1_000)],
)
def test_the_timers_of_the_specification(seats: int, waited: int, rounds: int, timer: int) -> None:
    assert fruitless_rounds(HARDENED, seats, View(101 + waited), View(100)) == rounds
    assert timeout(seats, 101 + waited, 100) == timer


@STEADY
@given(seats=seats, last_final=last_finals, wait=waits)
def test_timers_never_shrink_before_the_next_final_block_and_have_an_end(
    seats: int, last_final: int, wait: int
) -> None:
    here = timeout(seats, last_final + wait, last_final)
    assert FIRST <= here <= timeout(seats, last_final + wait + 1, last_final) <= FIRST << 12


@STEADY
@given(seats=seats, last_final=last_finals, doublings=st.integers(0, 12))
def test_every_delay_up_to_the_last_doubling_is_served_after_finitely_many_views(
    seats: int, last_final: int, doublings: int
) -> None:
    delay = HARDENED.parameters.message_delay << doublings
    view = last_final + 1 + doublings * (tolerated_faults(HARDENED, seats) + 1)
    assert timeout(seats, view, last_final) >= least_timer(delay)
    assert doublings == 0 or timeout(seats, view - 1, last_final) < least_timer(delay)


@STEADY
@given(seats=seats, earlier=last_finals, later=last_finals, wait=waits)
def test_who_has_seen_less_final_waits_no_shorter(seats: int, earlier: int, later: int, wait: int) -> None:
    earlier, later = sorted((earlier, later))
    assert timeout(seats, later + wait, earlier) >= timeout(seats, later + wait, later)


def test_parameters_set_the_first_timer_and_the_last() -> None:
    profile = HARDENED.with_parameters(Parameters(message_delay=10, timeout_doublings=1))
    assert [view_timeout(profile, 4, View(view), View(0)) for view in (1, 2, 3, 4, 5, 9)] == [30, 30, 60, 60, 60, 60]


@pytest.mark.parametrize(("delay", "faults", "delays"), [(1, 0, 3), (1, 1, 7), (250, 33, 135)])
def test_the_bound_in_delays_with_the_least_timer(delay: int, faults: int, delays: int) -> None:
    timer = least_timer(delay)
    assert finality_within(delay, timer, faults) == delays * delay
    assert finality_after_synchrony(delay, timer, faults) == (delays + 5) * delay
    assert left_within(delay, timer) == 4 * delay


def test_rounds_are_counted_from_the_last_final_block() -> None:
    assert [fruitless_rounds(HARDENED, 7, View(view), View(10)) for view in (11, 13, 14, 16, 17)] == [0, 0, 1, 1, 2]
    assert grown_timer(1, 5) == 96
