"""Who works on what, for a whole registry at a time (R-2.1-12, R-2.1-13, R-2.2-4).

Equals `clusters_of_seats` and `cluster_of_job` of `taifoon.core.assignment`, and `taifoon.core.leader.leaders`. The
reference counts for each seat how many come before it; here the seats are sorted by the first eight octets of their
hashes, and where those are equal by all of their rank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taifoon.core.assignment import check_cluster_count
from taifoon.primitives.hashing import ByteOrder, Role, conforming_integer_orders
from taifoon.primitives.types import Hash32
from taifoon.profile import Profile, Resolution
from taifoon_optimized.contents import Digests, Numbers, contents_of_rows
from taifoon_optimized.hashing import hash_batch

Seats = npt.NDArray[np.uint32]

DRAWS_AT_ONCE = 1 << 18
"""Hashes of jobs in clusters that lie in memory together."""

NOBODY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Registry:
    """Seats in columns: the owner's key, and the number among the owner's seats. Equals a tuple of `SeatKey`.

    Raises ValueError for columns that are no rows of 32 octets and as many numbers of 32 bits.
    """

    public_keys: Digests
    seats: Seats

    def __post_init__(self) -> None:
        if self.public_keys.dtype != np.uint8 or self.public_keys.shape != (len(self.seats), 32):
            raise ValueError(f"public_keys: {len(self.seats)} rows of 32 uint8 are needed, one for each seat")
        if self.seats.dtype != np.uint32 or self.seats.ndim != 1:
            raise ValueError("seats: one row of uint32 is needed")

    def __len__(self) -> int:
        return len(self.seats)


def demand(profile: Profile, rule: Resolution) -> None:
    """Raise ValueError where a profile lacks a rule that the columns follow."""
    if rule not in profile:
        raise ValueError(f"profile {profile.name!r} lacks {rule.value}: the reference has the rule as it was written")


def little_endian(numbers: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """Numbers of 32 bits as rows of 4 octets."""
    return np.ascontiguousarray(numbers).view(np.uint8).reshape(-1, 4)


def drawn(
    profile: Profile, role: Role, seed: bytes, columns: tuple[npt.NDArray[np.uint8], ...], threads: int
) -> Digests:
    """The hash in a role of the seed and of the columns of each row."""
    rows = np.broadcast_to(np.frombuffer(seed, np.uint8), (len(columns[0]), len(seed)))
    return hash_batch(profile, role, contents_of_rows(np.concatenate((rows, *columns), axis=1)), threads)


def leading_words(digests: Digests, order: ByteOrder) -> npt.NDArray[np.uint64]:
    """The eight most significant octets of each digest as an integer."""
    most = digests[:, :8] if order == "big" else digests[:, :23:-1]
    return np.ascontiguousarray(most).view(">u8").reshape(-1).astype(np.uint64)


def by_rank(
    groups: Numbers, digests: Digests, registry: Registry, order: ByteOrder
) -> tuple[Numbers, npt.NDArray[np.bool_]]:
    """Rows by group, and in a group by rank; and for each place whether its rank equals that of the place before."""
    words = leading_words(digests, order)
    rows = np.lexsort((words, groups)) if groups.any() else np.argsort(words, kind="stable")
    repeated = np.zeros(len(rows), np.bool_)
    tied = np.flatnonzero((np.diff(words[rows]) == 0) & (np.diff(groups[rows]) == 0))
    for start, stop in stretches(tied):
        ranks = {
            int(row): (
                int.from_bytes(digests[row].tobytes(), order),
                int.from_bytes(registry.public_keys[row].tobytes(), order),
                int(registry.seats[row]),
            )
            for row in rows[start:stop]
        }
        rows[start:stop] = sorted(ranks, key=ranks.__getitem__)
        for place in range(start + 1, stop):
            repeated[place] = ranks[int(rows[place])] == ranks[int(rows[place - 1])]
    return rows.astype(np.int64), repeated


def stretches(tied: Numbers) -> list[tuple[int, int]]:
    """The runs of places that tie, from pairs (i, i + 1) that do, each named by i."""
    if not tied.size:
        return []
    breaks = np.flatnonzero(np.diff(tied) > 1)
    firsts, lasts = tied[np.concatenate(([0], breaks + 1))], tied[np.concatenate((breaks, [tied.size - 1]))]
    return [(int(first), int(last) + 2) for first, last in zip(firsts, lasts, strict=True)]


def clusters_of_seats(profile: Profile, seed: Hash32, registry: Registry, clusters: int, threads: int = 1) -> Numbers:
    """The cluster of each seat: its rank modulo the count. Rejects with CLUSTER_COUNT_INVALID."""
    check_cluster_count(clusters)
    demand(profile, Resolution.RANK_ASSIGNMENT)
    columns = (registry.public_keys, little_endian(registry.seats))
    digests = drawn(profile, Role.ASSIGN, seed, columns, threads)
    groups = np.zeros(len(registry), np.int64)
    rows, repeated = by_rank(groups, digests, registry, conforming_integer_orders(profile)[0])
    ranks = np.empty(len(registry), np.int64)
    # A seat that is listed twice has one rank, and the next one counts both.
    ranks[rows] = np.maximum.accumulate(np.where(repeated, 0, np.arange(len(registry))))
    return ranks % clusters


def leaders(
    profile: Profile,
    seed: Hash32,
    registry: Registry,
    assigned: Numbers,
    views: Numbers,
    order: ByteOrder = "big",
    threads: int = 1,
) -> Numbers:
    """The row of the seat that leads view `views[c]` of each cluster c; -1 where nobody is assigned to it.

    `assigned` is the cluster of each seat; no seat is listed twice. Views count from 1.
    """
    demand(profile, Resolution.LEADER_ROTATION)
    if assigned.size != len(registry) or (assigned.size and not 0 <= assigned.min() <= assigned.max() < views.size):
        raise ValueError(f"assigned: one of {views.size} clusters is needed for each of {len(registry)} seats")
    columns = (little_endian(assigned.astype(np.uint32)), registry.public_keys, little_endian(registry.seats))
    digests = drawn(profile, Role.LEADER, seed, columns, threads)
    rows, repeated = by_rank(assigned, digests, registry, order)
    if repeated.any():
        raise ValueError("registry: a seat is listed twice in a cluster: list it once")
    sizes = np.bincount(assigned, minlength=views.size)
    firsts = np.cumsum(sizes) - sizes
    places = firsts + (views - 1) % np.maximum(sizes, 1)
    led = np.full(views.size, NOBODY, np.int64)
    led[sizes > 0] = rows[places[sizes > 0]]
    return led


def clusters_of_jobs(profile: Profile, seed: Hash32, job_ids: Digests, clusters: int, threads: int = 1) -> Numbers:
    """The primary cluster of each job: the first in rendezvous order. Rejects with CLUSTER_COUNT_INVALID."""
    check_cluster_count(clusters)
    demand(profile, Resolution.EPOCH_SEED)
    order = conforming_integer_orders(profile)[0]
    names = little_endian(np.arange(clusters, dtype=np.uint32))
    chosen = np.empty(len(job_ids), np.int64)
    step = max(1, DRAWS_AT_ONCE // clusters)
    for start in range(0, len(job_ids), step):
        jobs = job_ids[start : start + step]
        columns = (np.repeat(jobs, clusters, axis=0), np.tile(names, (len(jobs), 1)))
        digests = drawn(profile, Role.JOB, seed, columns, threads)
        words = leading_words(digests, order).reshape(len(jobs), clusters)
        least = words.min(axis=1)
        chosen[start : start + step] = words.argmin(axis=1)
        for row in np.flatnonzero((words == least[:, None]).sum(axis=1) > 1):
            draws = digests.reshape(len(jobs), clusters, 32)[row]
            chosen[start + row] = min(range(clusters), key=lambda c: int.from_bytes(draws[c].tobytes(), order))
    return chosen
