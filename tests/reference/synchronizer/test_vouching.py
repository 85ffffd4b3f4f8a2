"""A member votes for commitments that it has heard, and what a holder says of the beacon reaches all in the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.beacon import Commitment
from taifoon.core.consensus import GENESIS_VIEW, Link
from taifoon.core.quorum import tolerated_faults
from taifoon.core.replica_events import BuildBlock
from taifoon.network.messages import BeaconCommitment
from taifoon.primitives.types import Millis, Seat, View
from taifoon.synchronizer.closing import built_epoch_block, is_acceptable
from taifoon.synchronizer.events import AlarmRang, PullAlarm
from taifoon.synchronizer.state import Synchronizer
from taifoon_models.jobs import digest
from taifoon_models.keys import key

from .numbered import HOLDERS, NOW, PROFILE, fresh, heard, messages, rung, started, terms

LATE = Millis(NOW + 70_000)
"""After the end of patience, when the epoch closes with what there is."""


def all_told(number: int, silent: tuple[int, ...] = ()) -> Synchronizer:
    """A synchronizer that has heard the commitments of all others but some."""
    said = tuple(
        (other, each)
        for other in range(HOLDERS)
        if other not in (number, *silent)
        for each in messages(started(other)[1])
        if isinstance(each, BeaconCommitment)
    )
    return heard(fresh(number), *said)[0]


def leading(synchronizer: Synchronizer, view: int) -> Synchronizer:
    """The synchronizer, asked for a closing in a view."""
    closing = synchronizer.closing
    parent = Link(GENESIS_VIEW, closing.genesis, GENESIS_VIEW, closing.genesis)
    voting = replace(closing.replica.voting, view=View(view))
    replica = replace(closing.replica, voting=voting)
    return replace(
        synchronizer, closing=replace(closing, is_due=True, replica=replica, owed=BuildBlock(View(view), parent))
    )


def commitments(synchronizer: Synchronizer, view: int) -> tuple[Commitment, ...]:
    block = built_epoch_block(PROFILE, leading(synchronizer, view), LATE)
    assert block is not None
    assert block.closing is not None
    return block.closing.commitments


def test_a_closing_is_acceptable_to_whoever_has_heard_all_its_commitments_and_to_nobody_else() -> None:
    block = built_epoch_block(PROFILE, leading(all_told(0), 1), LATE)
    assert block is not None
    assert block.closing is not None
    assert len(block.closing.commitments) == HOLDERS
    assert is_acceptable(PROFILE, all_told(1), block.closing, LATE)
    assert not is_acceptable(PROFILE, all_told(1, silent=(5,)), block.closing, LATE)
    false = replace(block.closing.commitments[3], digest=digest("another secret"))
    listed = (*block.closing.commitments[:3], false, *block.closing.commitments[4:])
    assert not is_acceptable(PROFILE, all_told(1), replace(block.closing, commitments=listed), LATE)


def test_after_f_and_one_lost_views_a_leader_lists_its_own_commitment_alone() -> None:
    faults = tolerated_faults(PROFILE, HOLDERS)
    assert len(commitments(all_told(0), 1 + faults)) == HOLDERS
    assert [each.holder for each in commitments(all_told(0), 2 + faults)] == [key(0)]


@pytest.mark.parametrize(("after", "repeated"), [(1_000, False), (terms(0).life, True)])
def test_an_own_commitment_is_repeated_once_its_message_has_expired(after: int, *, repeated: bool) -> None:
    _, effects = rung(fresh(0), AlarmRang(PullAlarm()), now=Millis(NOW + after))
    said = [each for each in messages(effects) if isinstance(each, BeaconCommitment)]
    assert bool(said) is repeated
    assert all(each.seat == Seat(0) for each in said)


def test_an_own_commitment_is_repeated_while_the_closing_is_due() -> None:
    waiting = fresh(0)
    due = replace(waiting, closing=replace(waiting.closing, is_due=True))
    _, effects = rung(due, AlarmRang(PullAlarm()))
    assert any(isinstance(each, BeaconCommitment) for each in messages(effects))
