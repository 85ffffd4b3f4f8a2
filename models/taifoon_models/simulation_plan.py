"""What a simulated network goes through: its size, its weather, and who crashes or is cut off when.

Times are in microseconds from the start, except those that synchronizers are told, which are in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from taifoon.core.epoch import Assignment
from taifoon.primitives.types import PublicKey
from taifoon.profile import Profile

START = 1_700_000_000_000
"""The time of the start by every clock."""
SECOND = 1_000_000


class Course(Enum):
    """Where a partition runs."""

    THROUGH = "through the clusters"
    BETWEEN = "between the clusters"
    AROUND = "around the first cluster"


@dataclass(frozen=True, slots=True)
class Cut:
    """A partition from start to end.

    Between the clusters each is alone; around the first one all others keep together; through them halves of all do.
    """

    start: int
    end: int
    course: Course


@dataclass(frozen=True, slots=True)
class Crash:
    """A synchronizer that is down from start to end."""

    start: int
    end: int
    node: int


@dataclass(frozen=True, slots=True)
class Departure:
    """A synchronizer that asks to leave."""

    at: int
    node: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A run. Chances are in ten-thousandths; `corrupt` is how many members of each cluster the adversary may have.

    `corrupt` of None stands for as many as a cluster tolerates. Each of `arrivals` is the time at which one more
    synchronizer, with the balance of a seat, starts from genesis and asks for its seat. `block_jobs` is how many leaves
    a block holds, None for as many as shipped; `target` how many seats a cluster has before there may be another, None
    for as many as at the start. `service` is how long a synchronizer takes for a packet; of 0 nothing ever waits.
    """

    synchronizers: int = 10
    clusters: int = 2
    seed: int = 1
    length: int = 10 * SECOND
    latency: tuple[int, int] = (10_000, 60_000)
    loss: int = 50
    duplication: int = 50
    corrupt: int | None = 0
    cuts: tuple[Cut, ...] = ()
    crashes: tuple[Crash, ...] = ()
    arrivals: tuple[int, ...] = ()
    departures: tuple[Departure, ...] = ()
    block_jobs: int | None = None
    target: int | None = None
    job_gap: int = 500_000
    factor: int = 2
    stretch: int = 4
    pace: int = 150
    patience: int = 60_000
    pull: int = 500
    life: int = 1_000
    message_delay: int = 100
    service: int = 0

    @property
    def everyone(self) -> int:
        """How many synchronizers there are, those included that come later."""
        return self.synchronizers + len(self.arrivals)

    @property
    def job_times(self) -> range:
        """When clients bring jobs: at equal distances, until a fifth of the run is left."""
        return range(self.job_gap, self.length - self.length // 5, self.job_gap)

    def profile_of(self, profile: Profile) -> Profile:
        """The profile with the numbers of a small network: short timers, short lives of messages."""
        size = max(1, self.synchronizers // self.clusters)
        parameters = replace(
            profile.parameters,
            minimum_cluster=min(profile.parameters.minimum_cluster, self.target or size),
            cluster_target=self.target or size,
            message_delay=self.message_delay,
            time_tolerance=200,
            sender_quota=2_048,
            maximum_jobs=self.block_jobs or profile.parameters.maximum_jobs,
        )
        return profile.with_parameters(parameters)


def sides(cut: Cut, assignment: Assignment) -> tuple[frozenset[PublicKey], ...]:
    """The keys that hear each other while a partition lasts that begins in an epoch."""
    clusters = tuple(tuple(seat.public_key for seat in seats) for seats in assignment.clusters)
    if cut.course is Course.BETWEEN:
        return tuple(frozenset(keys) for keys in clusters)
    if cut.course is Course.AROUND:
        return frozenset(clusters[0]), frozenset(key for keys in clusters[1:] for key in keys)
    return tuple(
        frozenset(key for keys in clusters for place, key in enumerate(keys) if place % 2 == half) for half in (0, 1)
    )
