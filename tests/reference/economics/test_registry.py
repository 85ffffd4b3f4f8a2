"""Seats follow stake; a stake stays until no evidence against it counts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.economics.registry import (
    Entry,
    is_in_window,
    last_epoch_of,
    last_evidence_epoch,
    seats,
    snapshot_of,
    withdrawal_epoch,
)
from taifoon.primitives.types import Amount, Epoch
from taifoon.profile import HARDENED, Resolution
from taifoon_models.keys import key

STEADY = settings(deadline=None, derandomize=True, max_examples=100)
SEAT = HARDENED.parameters.seat_stake
EVIDENCE_OFF = HARDENED.without(Resolution.EVIDENCE)


@STEADY
@given(stake=st.integers(0, (1 << 64) - 1), cut=st.integers(0, (1 << 64) - 1))
def test_no_cut_of_a_stake_gains_a_seat(stake: int, cut: int) -> None:
    part = min(stake, cut)
    assert seats(HARDENED, part) + seats(HARDENED, stake - part) <= seats(HARDENED, stake) == stake // SEAT
    literal = HARDENED.without(Resolution.SEATS)
    assert seats(literal, part) + seats(literal, stake - part) == 2 * seats(literal, stake) == 2


def test_the_last_evidence_comes_before_the_first_withdrawal() -> None:
    for left in range(5):
        last = last_evidence_epoch(HARDENED, last_epoch_of(HARDENED, left))
        assert last < withdrawal_epoch(HARDENED, left)
        assert is_in_window(HARDENED, last_epoch_of(HARDENED, left), last)
        assert not is_in_window(HARDENED, last_epoch_of(HARDENED, left), last + 1)
        assert withdrawal_epoch(EVIDENCE_OFF, left) == left


def test_evidence_from_the_future_does_not_count() -> None:
    assert is_in_window(HARDENED, 3, 3)
    assert not is_in_window(HARDENED, 4, 3)
    assert is_in_window(EVIDENCE_OFF, 4, 3)


def test_who_has_asked_to_leave_is_in_no_later_snapshot() -> None:
    stays = Entry(key(0), (), Amount(9), Amount(2), Epoch(0), None)
    leaves = Entry(key(1), (), Amount(9), Amount(0), Epoch(0), Epoch(3))
    snapshot = snapshot_of((stays, leaves), Epoch(5))
    assert snapshot.stakes == ((key(0), 7),)
    assert (snapshot.stake_of(key(0)), snapshot.stake_of(key(1))) == (7, 0)
