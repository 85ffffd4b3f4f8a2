"""How many marked seats committees get that are drawn from one registry, by sampling (sections 2.2 and 6.1).

For one committee the exact probability is `taifoon.security.exposure.hypergeometric_tail`. For the worst of all
clusters of a network, which depend on each other, there is no short formula: here is an estimate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from taifoon_optimized.draws import MOST_CHOICES, below, is_seed, stream_of
from taifoon_optimized.workers import ranges, run

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Draw:
    """Committees of equal size, drawn from one population without replacement, of which some seats are marked.

    Raises ValueError where there are not so many seats.
    """

    population: int
    marked: int
    size: int
    committees: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.marked <= self.population <= MOST_CHOICES:
            raise ValueError(
                f"marked is {self.marked} of a population of {self.population}: use 0 to all of 2^32 seats"
            )
        if self.size < 0 or self.committees < 1 or self.size * self.committees > self.population:
            raise ValueError(
                f"size and committees are {self.size} and {self.committees}; at least one committee is drawn, and no "
                f"more seats than the {self.population} there are"
            )


@njit(cache=True, nogil=True)
def count_worst(
    seed: np.uint64,
    start: int,
    stop: int,
    population: int,
    marked: int,
    size: int,
    committees: int,
    worst: Numbers,
) -> None:
    """Count the samples start <= i < stop by the marked seats of the committee that has most of them."""
    for number in range(start, stop):
        stream, word = stream_of(seed, number, 0), 0
        seats, hits_left, most = population, marked, 0
        for _ in range(committees):
            hits = 0
            for _ in range(size):
                seat, word = below(stream, word, seats)
                hits += seat < hits_left
                hits_left -= seat < hits_left
                seats -= 1
            most = max(most, hits)
        worst[most] += 1


def worst_counts(draw: Draw, seed: int, samples: int, threads: int = 1) -> Numbers:
    """How often the worst committee of a sample has 0, 1, ... marked seats; the same on any number of threads."""
    counts: list[Numbers] = []
    word = uint64(is_seed(seed))

    def work(start: int, stop: int) -> None:
        worst = np.zeros(draw.size + 1, np.int64)
        count_worst(word, start, stop, draw.population, draw.marked, draw.size, draw.committees, worst)
        counts.append(worst)

    run(work, ranges(0, max(samples, 0), threads, 1, least=1))
    total: Numbers = np.sum(counts, axis=0, dtype=np.int64)
    return total
