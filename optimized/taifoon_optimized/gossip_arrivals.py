"""When a push arrives at each of up to millions of nodes (section 4.2).

Nodes push as `taifoon.network.gossip` has it: a node passes on what it sees for the first time, to distinct peers drawn
uniformly, while hops are left. Fanout and hops are those of the reference; what a simulation adds is the delay of each
link, some whole number of ticks. With a delay of one tick a time of arrival is a number of hops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

from taifoon_optimized.draws import MOST_CHOICES, below, is_seed, stream_of
from taifoon_optimized.workers import ranges, run

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

NEVER = -1
"""The time at which a message arrives that does not."""


@dataclass(frozen=True, slots=True)
class Push:
    """A push from node 0: `silent` nodes, drawn anew in each run, receive and pass nothing on; node 0 is not silent.

    Each link takes `least_delay` to `most_delay` ticks, equally likely. Raises ValueError for numbers that fit no
    network.
    """

    nodes: int
    fanout: int
    hops: int
    silent: int = 0
    least_delay: int = 1
    most_delay: int = 1

    def __post_init__(self) -> None:
        if not 2 <= self.nodes <= MOST_CHOICES:
            raise ValueError(f"nodes is {self.nodes}; a push needs another node, and 2^32 is the limit")
        if not 1 <= self.fanout < self.nodes:
            raise ValueError(f"fanout is {self.fanout}; a node has 1 to {self.nodes - 1} distinct peers")
        if self.hops < 0:
            raise ValueError(f"hops is {self.hops}; use 0 or more")
        if not 0 <= self.silent < self.nodes:
            raise ValueError(f"silent is {self.silent}; all nodes but the origin may be: use 0 to {self.nodes - 1}")
        if not 1 <= self.least_delay <= self.most_delay <= 1 << 20:
            raise ValueError(
                f"least_delay and most_delay are {self.least_delay} and {self.most_delay}; use 1 to 2^20 ticks, rising"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """One run: the tick at which each node has the message, or NEVER, the hops it then travelled, who is silent."""

    times: Numbers
    hops: Numbers
    silent: Flags


@njit(cache=True, nogil=True)
def draw_silent(seed: np.uint64, number: int, wanted: int, silent: Flags) -> None:
    """Choose so many of the nodes after the first, each set equally likely; the fewer of the two kinds are drawn."""
    others = silent.size - 1
    drawn = wanted if 2 * wanted <= others else others - wanted
    silent[0], silent[1:] = False, drawn != wanted
    # The stream behind those of the nodes.
    stream, word = stream_of(seed, number, silent.size), 0
    while drawn:
        choice, word = below(stream, word, others)
        if silent[choice + 1] == (2 * wanted > others):
            silent[choice + 1] = not silent[choice + 1]
            drawn -= 1


@njit(cache=True, nogil=True)
def draw_peers(stream: np.uint64, node: int, nodes: int, peers: Numbers) -> int:
    """Choose distinct nodes other than `node`; the result is the number of the next word."""
    word = 0
    for place in range(peers.size):
        fresh = False
        while not fresh:
            peer, word = below(stream, word, nodes - 1)
            peer += peer >= node
            fresh = True
            for other in range(place):
                fresh &= peers[other] != peer
        peers[place] = peer
    return word


@njit(cache=True, nogil=True)
def spread(
    seed: np.uint64,
    number: int,
    fanout: int,
    hop_limit: int,
    least_delay: int,
    most_delay: int,
    silent: Flags,
    times: Numbers,
    hops: Numbers,
) -> None:
    """Arrivals of run `number`; of messages that arrive at once, the one that travelled least counts.

    Nodes wait in a ring of ticks, linked to each other; one that hears of an earlier message moves.
    """
    nodes, ring = times.size, most_delay + 1
    first, after, before = np.full(ring, -1), np.empty(nodes, np.int64), np.empty(nodes, np.int64)
    peers = np.empty(fanout, np.int64)
    times[:], hops[:] = NEVER, NEVER
    times[0], hops[0], after[0], first[0] = 0, 0, -1, 0
    waiting, tick = 1, 0
    while waiting:
        node = first[tick % ring]
        first[tick % ring] = -1
        while node >= 0:
            waiting -= 1
            if hops[node] < hop_limit and not silent[node]:
                stream = stream_of(seed, number, node)
                word = draw_peers(stream, node, nodes, peers)
                for peer in peers:
                    delay, word = below(stream, word, most_delay - least_delay + 1)
                    arrival = tick + least_delay + delay
                    if times[peer] != NEVER and arrival > times[peer]:
                        continue
                    if arrival == times[peer]:
                        hops[peer] = min(hops[peer], hops[node] + 1)
                        continue
                    if times[peer] == NEVER:
                        waiting += 1
                    else:
                        if before[peer] >= 0:
                            after[before[peer]] = after[peer]
                        else:
                            first[times[peer] % ring] = after[peer]
                        if after[peer] >= 0:
                            before[after[peer]] = before[peer]
                    times[peer], hops[peer] = arrival, hops[node] + 1
                    before[peer], after[peer] = -1, first[arrival % ring]
                    if after[peer] >= 0:
                        before[after[peer]] = peer
                    first[arrival % ring] = peer
            node = after[node]
        tick += 1


@njit(cache=True, nogil=True)
def count_reached(
    seed: np.uint64,
    start: int,
    stop: int,
    fanout: int,
    hop_limit: int,
    wanted: int,
    silent: Flags,
    times: Numbers,
    hops: Numbers,
    reached: Numbers,
) -> None:
    """How many nodes that are not silent have the message in the end, for the runs start <= i < stop."""
    for number in range(start, stop):
        draw_silent(seed, number, wanted, silent)
        spread(seed, number, fanout, hop_limit, 1, 1, silent, times, hops)
        reached[number] = np.sum((times != NEVER) & ~silent)


def rows_of(nodes: int) -> tuple[Flags, Numbers, Numbers]:
    """Room for one run."""
    return np.empty(nodes, np.bool_), np.empty(nodes, np.int64), np.empty(nodes, np.int64)


def arrivals(push: Push, seed: int, number: int = 0) -> Arrivals:
    """One run of a push; runs of the same seed and number are the same."""
    silent, times, hops = rows_of(push.nodes)
    word = uint64(is_seed(seed))
    draw_silent(word, number, push.silent, silent)
    spread(word, number, push.fanout, push.hops, push.least_delay, push.most_delay, silent, times, hops)
    return Arrivals(times, hops, silent)


def reached_counts(push: Push, seed: int, runs: int, threads: int = 1) -> Numbers:
    """How many nodes that are not silent each run reaches in the end, were all delays equal.

    A run has the same outcome in any number of runs and on any number of threads.
    """
    reached = np.empty(max(runs, 0), np.int64)
    word = uint64(is_seed(seed))

    def work(start: int, stop: int) -> None:
        count_reached(word, start, stop, push.fanout, push.hops, push.silent, *rows_of(push.nodes), reached)

    run(work, ranges(0, len(reached), threads, 1, least=1))
    return reached
