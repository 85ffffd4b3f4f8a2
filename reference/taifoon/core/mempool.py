"""Section 2.1: in which order waiting jobs are taken (R-2.1-7).

The more urgent job goes first, and every block that a job waits makes it more urgent by one. So urgency is respected,
and no stream of urgent jobs makes another wait for ever.
"""

from __future__ import annotations

from dataclasses import dataclass

from icontract import ensure, require

from taifoon.core.leaf import MMRLeaf
from taifoon.primitives.arithmetic import ceiling_division
from taifoon.primitives.types import BlockNumber
from taifoon.profile import Profile, Resolution

MOST_URGENT = 255


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that waits, and the number of the cluster's last block when it came."""

    leaf: MMRLeaf
    since: BlockNumber


def urgency(priority: int, since: int, block: int) -> int:
    """How urgent a job is at a block: its priority and its age in blocks. Runs on symbolic terms as well."""
    return priority + (block - since)


def taking_order(profile: Profile, pool: tuple[Waiting, ...], block: BlockNumber) -> tuple[Waiting, ...]:
    """Rule: the order in which waiting jobs are taken. Literally the order of their arrival at this node, as given.

    Repaired, the most urgent first, equal ones by job id: the same at every node that holds the same jobs.
    """
    if Resolution.JOB_PRIORITY not in profile:
        return pool
    return tuple(sorted(pool, key=lambda item: (-urgency(item.leaf.priority, item.since, block), item.leaf.job_id)))


@ensure(lambda pool, result: sorted(result[0] + result[1], key=repr) == sorted(pool, key=repr))
def take(
    profile: Profile, pool: tuple[Waiting, ...], block: BlockNumber
) -> tuple[tuple[Waiting, ...], tuple[Waiting, ...]]:
    """The jobs that a block takes, as many as it may hold, and those that go on waiting."""
    ordered = taking_order(profile, pool, block)
    most = profile.parameters.maximum_jobs
    taken = ordered[:most]
    return taken, tuple(item for item in pool if item not in taken)


def overtaking_blocks(priority: int) -> int:
    """For how many blocks after its own a later job may still come that is as urgent. Runs on symbolic terms."""
    return MOST_URGENT - priority


@require(lambda capacity, ahead: capacity >= 1 and ahead >= 0)
@require(lambda priority: 0 <= priority <= MOST_URGENT)
@ensure(lambda result: result >= 1)
def longest_wait(priority: int, ahead: int, capacity: int) -> int:
    """The most blocks until a job is taken, if no more jobs come with each block than a block takes.

    `ahead` are the jobs that go before it when it comes.
    """
    return wait_bound(priority, ahead, capacity)


def wait_bound(priority: int, ahead: int, capacity: int) -> int:
    """Blocks in which others may overtake, and blocks for the jobs ahead and this one. Runs on symbolic terms."""
    return overtaking_blocks(priority) + ceiling_division(ahead + 1, capacity)
