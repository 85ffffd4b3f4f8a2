"""Which clusters own each of many jobs, and which seats prove them (R-2.1-8, R-2.4-1, R-1-5).

Equals `owners`, `primary`, `replicas` and `check_provable` of `taifoon.core.owners`. Draws are compared by their first
eight octets, and where those are equal by all of their rank. A job costs one hash for each cluster that can prove it
and one for each capable seat of its owners.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from taifoon.core.epoch import Assignment
from taifoon.core.leaf import ProofType
from taifoon.core.owners import LEAST_PROVERS
from taifoon.primitives.hashing import Role, conforming_integer_orders
from taifoon.primitives.types import Hash32
from taifoon.profile import Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon_optimized.assignment import (
    DRAWS_AT_ONCE,
    NOBODY,
    Registry,
    demand,
    drawn,
    leading_words,
    little_endian,
)
from taifoon_optimized.contents import Digests, Numbers, digests_of
from taifoon_optimized.grouping import digest_columns, labels
from taifoon_optimized.leaf_columns import Bits, LeafColumns, Words64
from taifoon_optimized.verification import Codes

Types: TypeAlias = npt.NDArray[np.uint32]
"""Bit k of a number stands for the k-th kind of proof."""


@dataclass(frozen=True, slots=True, eq=False)
class SeatedClusters:
    """Seats in columns, each with its cluster and the types of proof that its holder can make.

    Equals an `Assignment`. Raises ValueError for columns that do not fit each other, and for a seat listed twice.
    """

    seed: Hash32
    registry: Registry
    assigned: Numbers
    capabilities: Types
    clusters: int
    holders: Numbers = field(init=False)
    """A number for each seat, the same for the seats of one key."""

    def __post_init__(self) -> None:
        seats = len(self.registry)
        if self.assigned.dtype != np.int64 or self.assigned.shape != (seats,):
            raise ValueError(f"assigned: {seats} int64 are needed, one for each seat")
        if seats and not 0 <= int(self.assigned.min()) <= int(self.assigned.max()) < self.clusters:
            raise ValueError(f"assigned: each seat has one of {self.clusters} clusters, from 0")
        if self.capabilities.dtype != np.uint32 or self.capabilities.shape != (seats,):
            raise ValueError(f"capabilities: {seats} uint32 are needed, one for each seat")
        holders, _ = labels(*digest_columns(self.registry.public_keys))
        _, firsts = labels(holders, self.registry.seats)
        if firsts.size != seats:
            raise ValueError("registry: a seat is listed twice: list it once")
        object.__setattr__(self, "holders", holders)

    def capable(self, number: int) -> Bits:
        """Which seats can make the proofs of a type, given by its number."""
        able: Bits = (self.capabilities >> np.uint32(number)) & np.uint32(1) != 0
        return able


def seated_clusters(assignment: Assignment) -> SeatedClusters:
    """The columns of an assignment. A seat that no cluster has, or two have, raises ValueError."""
    where = {seat: cluster for cluster, members in enumerate(assignment.clusters) for seat in members}
    listed = sum(len(members) for members in assignment.clusters)
    if not listed == len(where) == len(assignment.seats) or not all(seat in where for seat in assignment.seats):
        raise ValueError("clusters: each seat of the assignment is in exactly one of them")
    able: dict[bytes, int] = {}
    kinds = list(ProofType)
    for entry in assignment.registry:
        mask = sum(1 << kinds.index(kind) for kind in set(entry.capabilities))
        able[entry.public_key] = able.get(entry.public_key, 0) | mask
    return SeatedClusters(
        assignment.seed,
        Registry(
            digests_of([seat.public_key for seat in assignment.seats]),
            np.array([seat.seat for seat in assignment.seats], np.uint32),
        ),
        np.array([where[seat] for seat in assignment.seats], np.int64),
        np.array([able.get(seat.public_key, 0) for seat in assignment.seats], np.uint32),
        len(assignment.clusters),
    )


def check_factor(factor: int) -> None:
    """Demand a replica at least."""
    if factor < 1:
        raise ValueError(f"factor is {factor}; a job has at least one replica: use 1 or more")


def unprovable(profile: Profile, seated: SeatedClusters, jobs: LeafColumns) -> Codes:
    """JOB_UNPROVABLE for each job that too few seats can prove, else 0."""
    demand(profile, Resolution.CAPABLE_OWNERS)
    needed = min(LEAST_PROVERS, len(seated.registry))
    refused = np.array([seated.capable(number).sum() < needed for number in range(len(ProofType))])
    return np.where(refused[jobs.job_type], RejectionCode.JOB_UNPROVABLE.number, 0).astype(np.uint16)


def owners(profile: Profile, seated: SeatedClusters, jobs: LeafColumns, factor: int, threads: int = 1) -> Numbers:
    """The clusters that own each job, the primary first: a row for each job, filled up with -1.

    A row has `factor` places, or as many as there are clusters where that is less.
    """
    demand(profile, Resolution.EPOCH_SEED)
    demand(profile, Resolution.CAPABLE_OWNERS)
    check_factor(factor)
    owning = np.full((len(jobs), min(factor, seated.clusters)), NOBODY, np.int64)
    for number in range(len(ProofType)):
        rows = np.flatnonzero(jobs.job_type == number)
        able = np.unique(seated.assigned[seated.capable(number)])
        if rows.size and able.size:
            count = min(owning.shape[1], able.size)
            owning[rows, :count] = first_in_order(profile, seated.seed, jobs.job_id[rows], able, count, threads)
    return owning


def primaries(profile: Profile, seated: SeatedClusters, jobs: LeafColumns, threads: int = 1) -> Numbers:
    """The cluster that an intake leaf of each job has to name; -1 where no cluster can prove it."""
    first = owners(profile, seated, jobs, 1, threads)
    return first[:, 0] if first.shape[1] else np.full(len(jobs), NOBODY, np.int64)


def first_in_order(
    profile: Profile, seed: Hash32, job_ids: Digests, able: Numbers, count: int, threads: int
) -> Numbers:
    """The first clusters of each job's rendezvous order among those that may own it, given in increasing order."""
    order = conforming_integer_orders(profile)[0]
    names = little_endian(able.astype(np.uint32))
    chosen = np.empty((len(job_ids), count), np.int64)
    step = max(1, DRAWS_AT_ONCE // able.size)
    for start in range(0, len(job_ids), step):
        part = job_ids[start : start + step]
        columns = (np.repeat(part, able.size, axis=0), np.tile(names, (len(part), 1)))
        digests = drawn(profile, Role.JOB, seed, columns, threads)
        places, tied = least(leading_words(digests, order).reshape(len(part), able.size), count)
        for row in np.flatnonzero(tied):
            draws = digests[row * able.size : (row + 1) * able.size]
            ranks = [int.from_bytes(draw.tobytes(), order) for draw in draws]
            places[row] = sorted(range(able.size), key=ranks.__getitem__)[:count]
        chosen[start : start + step] = able[places]
    return chosen


def least(words: Words64, count: int) -> tuple[Numbers, Bits]:
    """The places of the least words of each row, lowest first, and whether equal words leave their order open."""
    # One more than asked for shows whether the last one ties with what is left out.
    held = min(count + 1, words.shape[1])
    places = np.argpartition(words, held - 1, axis=1)[:, :held]
    chosen = np.take_along_axis(words, places, axis=1)
    by_word = np.argsort(chosen, axis=1)
    tied = (np.diff(np.take_along_axis(chosen, by_word, axis=1), axis=1) == 0).any(axis=1)
    return np.take_along_axis(places, by_word, axis=1)[:, :count], tied


def replicas(profile: Profile, seated: SeatedClusters, jobs: LeafColumns, factor: int, threads: int = 1) -> Numbers:
    """The rows of the seats that prove each job, in the order drawn: a row for each job, filled up with -1.

    A replica proves for its own cluster, `seated.assigned`. A row has `factor` places, or as many as there are seats.
    """
    owning = owners(profile, seated, jobs, factor, threads)
    chosen = np.full((len(jobs), min(factor, len(seated.registry))), NOBODY, np.int64)
    for number in range(len(ProofType)):
        rows = np.flatnonzero(jobs.job_type == number)
        able = np.flatnonzero(seated.capable(number))
        if rows.size and able.size:
            members = able[np.argsort(seated.assigned[able], kind="stable")]
            sizes = np.bincount(seated.assigned[able], minlength=seated.clusters)
            # The number -1 of an owner that there is not takes the place after the last cluster: no members.
            lengths = np.concatenate((sizes, [0]))[owning[rows]]
            starts = np.concatenate((np.cumsum(sizes) - sizes, [0]))[owning[rows]]
            for first, last in portions_of_jobs(lengths.sum(axis=1)):
                part = rows[first:last]
                candidates = Candidates.of(members, starts[first:last], lengths[first:last])
                chosen[part] = drawn_in_turn(profile, seated, jobs.job_id[part], candidates, chosen.shape[1], threads)
    return chosen


def portions_of_jobs(lengths: Numbers) -> Iterator[tuple[int, int]]:
    """Stretches of jobs whose draws lie in memory together, one job at least."""
    ends = np.cumsum(lengths)
    first = 0
    while first < lengths.size:
        room = (int(ends[first - 1]) if first else 0) + DRAWS_AT_ONCE
        last = max(first + 1, int(np.searchsorted(ends, room, side="right")))
        yield first, last
        first = last


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The capable seats of each job's owners: those of owner j of job i are `rows[offsets[i, j]:offsets[i, j + 1]]`."""

    rows: Numbers
    offsets: Numbers

    @staticmethod
    def of(members: Numbers, starts: Numbers, lengths: Numbers) -> Candidates:
        """The candidates of jobs, from where the members of each owner begin and how many they are."""
        ends = np.cumsum(lengths)
        begins = ends - lengths.reshape(-1)
        places = np.arange(int(ends[-1])) + np.repeat(starts.reshape(-1) - begins, lengths.reshape(-1))
        last = ends.reshape(lengths.shape)[:, -1:]
        return Candidates(members[places], np.concatenate((begins.reshape(lengths.shape), last), axis=1))

    def of_job(self, job: int) -> slice:
        """Where the candidates of a job stand."""
        return slice(int(self.offsets[job, 0]), int(self.offsets[job, -1]))


def drawn_in_turn(
    profile: Profile, seated: SeatedClusters, job_ids: Digests, candidates: Candidates, factor: int, threads: int
) -> Numbers:
    """The rows of the seats drawn for each job."""
    order = conforming_integer_orders(profile)[0]
    rows, offsets = candidates.rows, candidates.offsets
    keys, seats = seated.registry.public_keys, seated.registry.seats
    of_jobs = np.repeat(job_ids, offsets[:, -1] - offsets[:, 0], axis=0)
    digests = drawn(profile, Role.REPLICA, seated.seed, (of_jobs, keys[rows], little_endian(seats[rows])), threads)
    words = leading_words(digests, order)
    chosen, tied = np.full((len(job_ids), factor), NOBODY, np.int64), np.zeros(len(job_ids), np.bool_)
    draw_in_turn(words, seated.holders[rows], offsets, chosen, tied)
    if tied.any():
        for job in np.flatnonzero(tied):
            # Places in the order of whole ranks, instead of words that leave it open.
            part = candidates.of_job(int(job))
            ranks = [
                (
                    int.from_bytes(digests[place].tobytes(), order),
                    int.from_bytes(keys[rows[place]].tobytes(), order),
                    int(seats[rows[place]]),
                )
                for place in range(part.start, part.stop)
            ]
            words[part.start + np.array(sorted(range(len(ranks)), key=ranks.__getitem__))] = np.arange(
                len(ranks), dtype=np.uint64
            )
        draw_in_turn(words, seated.holders[rows], offsets, chosen, tied)
    return np.where(chosen == NOBODY, NOBODY, rows[chosen])


@njit(cache=True, nogil=True)
def draw_in_turn(words: Words64, holders: Numbers, offsets: Numbers, chosen: Numbers, tied: Bits) -> None:
    """Of each owner in turn the least candidate of a key not drawn yet, else the least: equals `next_of`, in turn.

    Writes the places of the candidates, and which jobs have words that leave the order open.
    """
    left = np.ones(words.size, np.bool_)
    for job in range(offsets.shape[0]):
        left[offsets[job, 0] : offsets[job, offsets.shape[1] - 1]] = True
        room = min(chosen.shape[1], offsets[job, offsets.shape[1] - 1] - offsets[job, 0])
        count = 0
        while count < room:
            for owner in range(offsets.shape[1] - 1):
                first, fresh = -1, -1
                for place in range(offsets[job, owner], offsets[job, owner + 1]):
                    if not left[place]:
                        continue
                    if first >= 0 and words[place] == words[first]:
                        tied[job] = True
                    if first < 0 or words[place] < words[first]:
                        first = place
                    if fresh >= 0 and words[place] > words[fresh]:
                        continue
                    held = False
                    for earlier in range(count):
                        held = held or holders[chosen[job, earlier]] == holders[place]
                    if held:
                        continue
                    if fresh >= 0 and words[place] == words[fresh]:
                        tied[job] = True
                    else:
                        fresh = place
                if first >= 0 and count < room:
                    chosen[job, count] = first if fresh < 0 else fresh
                    left[chosen[job, count]] = False
                    count += 1
