"""A side goes on with a quorum of the whole cluster, and with nothing less."""

from __future__ import annotations

import pytest

from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.primitives.types import ClusterId, Epoch, Seat
from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon.security.partition import committee_of_side, goes_on, is_cut_off
from taifoon_models.jobs import digest
from taifoon_models.keys import committee_of

LITERAL = HARDENED.without(Resolution.PARTITION)


@pytest.mark.parametrize("seats", range(1, 41))
def test_a_side_goes_on_exactly_with_a_quorum_of_all_seats(seats: int) -> None:
    going = [reachable for reachable in range(seats + 1) if goes_on(HARDENED, seats, reachable)]
    assert going == list(range(quorum(HARDENED, seats), seats + 1))
    assert going[0] == seats - tolerated_faults(HARDENED, seats)


@pytest.mark.parametrize("seats", range(2, 41))
def test_one_seat_short_of_the_quorum_waits_and_literally_goes_on(seats: int) -> None:
    short = quorum(HARDENED, seats) - 1
    assert not goes_on(HARDENED, seats, short)
    assert goes_on(LITERAL, seats, short)
    assert goes_on(DOCUMENT, seats, short)


def test_literally_even_a_lone_member_goes_on_but_no_empty_side_does() -> None:
    assert goes_on(LITERAL, 5, 1)
    assert not goes_on(LITERAL, 5, 0)
    assert not goes_on(DOCUMENT, 5, 0)
    assert not goes_on(HARDENED, 5, 0)


def test_individual_mode_begins_and_ends_with_the_quorum_in_reach() -> None:
    assert [is_cut_off(HARDENED, 5, reachable) for reachable in range(6)] == [True, True, True, True, False, False]
    assert not is_cut_off(HARDENED, 1, 1)


def test_a_side_is_judged_by_the_whole_committee_and_literally_by_itself() -> None:
    committee = committee_of(digest("chain"), Epoch(3), ClusterId(1), 5)
    side = frozenset({Seat(1), Seat(4)})
    assert committee_of_side(HARDENED, committee, side) == committee
    assert committee_of_side(LITERAL, committee, side).keys == (committee.keys[1], committee.keys[4])
