"""In discrete time every view keeps its bound, whatever the delays; a shorter timer or a weaker rule makes one late."""

from __future__ import annotations

import pytest

from taifoon.core.timing import finality_within, least_timer
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon_models.timed import Leader, Timed
from taifoon_models.timed_search import TimedSearch, Timing

LIMIT = 60_000
HONEST, SILENT, EQUIVOCATING, LATE = Leader.HONEST, Leader.SILENT, Leader.EQUIVOCATING, Leader.LATE
WITHOUT_NOTARISATION = HARDENED.without(Resolution.FINALISE_NEEDS_NOTARISATION)


def searched(
    profile: Profile, seats: int, byzantine: int, leaders: tuple[Leader, ...], delay: int, timer: int
) -> tuple[TimedSearch, Timing]:
    search = TimedSearch(Timed(profile, seats, byzantine, leaders, delay, (timer,)))
    return search, search.run(LIMIT)


@pytest.mark.parametrize(
    ("seats", "byzantine", "leaders", "delay", "moments"),
    [
        pytest.param(1, 0, (HONEST,), 1, 1, id="alone"),
        pytest.param(4, 1, (HONEST,), 1, 380, id="honest"),
        pytest.param(4, 1, (HONEST,), 2, 2_184, id="honest, two ticks"),
        pytest.param(4, 1, (SILENT,), 1, 70, id="silent"),
        pytest.param(4, 1, (SILENT, HONEST), 1, 1_476, id="silent, honest"),
        pytest.param(4, 1, (EQUIVOCATING,), 1, 37_206, id="equivocating"),
        pytest.param(5, 1, (HONEST,), 1, 1_031, id="five seats"),
    ],
)
def test_every_view_keeps_its_bound_whatever_the_delays(
    seats: int, byzantine: int, leaders: tuple[Leader, ...], delay: int, moments: int
) -> None:
    _, timing = searched(HARDENED, seats, byzantine, leaders, delay, least_timer(delay))
    assert timing == Timing(moments, complete=True, late=None)


@pytest.mark.parametrize("delay", [1, 2])
def test_a_timer_of_one_tick_less_gives_up_the_view_of_an_honest_leader(delay: int) -> None:
    search, timing = searched(HARDENED, 4, 1, (HONEST,), delay, least_timer(delay) - 1)
    assert timing.late is not None
    clocks, schedule = timing.late
    moments = [moment for _, _, possible, moment in search.replayed(clocks, schedule) if possible]
    assert len(moments) == len(schedule)
    assert [search.is_late(moment) for moment in moments] == [False] * (len(schedule) - 1) + [True]
    assert min(clocks) == -1, "the last to enter is too late for the first"
    assert any(kind == "timer" for _, kind, _ in schedule)


def test_an_undisturbed_view_is_final_within_three_delays() -> None:
    search = TimedSearch(Timed(HARDENED, 4, 1, (HONEST,), 1, (3,)))
    moment, ticks = search.begun((0, 0, 0)), 0
    while not search.is_over(moment):
        seat, _, moment = next(search.successors(moment))
        ticks += seat < 0
    assert ticks <= finality_within(1, 3, 0)
    assert {len(search.member(number).voting.finalised) for number in moment.members} == {1}


@pytest.mark.parametrize(
    ("profile", "leaders"),
    [
        pytest.param(HARDENED.without(Resolution.VIEW_CHANGE), (SILENT, HONEST), id="no change of view"),
        pytest.param(WITHOUT_NOTARISATION, (EQUIVOCATING,), id="finalise what nobody notarised"),
    ],
)
def test_a_faulty_leader_holds_the_members_where_a_rule_is_missing(
    profile: Profile, leaders: tuple[Leader, ...]
) -> None:
    search, timing = searched(profile, 4, 1, leaders, 1, 3)
    assert timing.late is not None
    *_, (_, _, _, last) = search.replayed(*timing.late)
    assert search.is_late(last)
    assert search.slowest(last.members) == 1


def test_one_byzantine_seat_too_many_holds_a_view() -> None:
    for leaders in ((SILENT,), (HONEST,)):
        _, timing = searched(HARDENED, 4, 2, leaders, 1, 3)
        assert timing.late is not None


@pytest.mark.parametrize("limit", [1, 100])
def test_a_search_that_its_limit_stops_does_not_claim_to_be_complete(limit: int) -> None:
    timing = TimedSearch(Timed(HARDENED, 4, 1, (EQUIVOCATING,), 1, (3,))).run(limit)
    assert not timing.complete
    assert timing.late is None


def test_at_least_one_member_is_in_the_view_and_a_late_one_finds_any_clock() -> None:
    assert len(list(TimedSearch(Timed(HARDENED, 4, 1, (HONEST,), 1, (3,))).starts())) == 7
    assert len(list(TimedSearch(Timed(HARDENED, 4, 1, (LATE, HONEST), 1, (3,))).starts())) == 5**3 - 1
