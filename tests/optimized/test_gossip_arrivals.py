"""Arrivals of pushes in large networks equal a plain simulation, and who is reached equals the reference's own push."""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon.network.gossip import fanout, hops
from taifoon.profile import HARDENED, Resolution
from taifoon_models.gossip_net import coverage, push
from taifoon_models.messages import announce, sealed
from taifoon_optimized.draws import word_at
from taifoon_optimized.gossip_arrivals import NEVER, Push, arrivals, reached_counts

from .plain_draws import nth, one_of, stream

LITERAL = HARDENED.without(Resolution.GOSSIP)


def plain_silent(setting: Push, seed: int, number: int) -> set[int]:
    others = range(1, setting.nodes)
    few = 2 * setting.silent <= len(others)
    drawn = stream(seed, number, setting.nodes)
    chosen: set[int] = set()
    while len(chosen) < (setting.silent if few else len(others) - setting.silent):
        chosen.add(1 + one_of(len(others), drawn))
    return chosen if few else set(others) - chosen


def plain_links(setting: Push, seed: int, number: int, node: int) -> list[tuple[int, int]]:
    """The distinct peers that a node pushes to, and the ticks that each link takes."""
    drawn = stream(seed, number, node)
    peers: list[int] = []
    while len(peers) < setting.fanout:
        place = one_of(setting.nodes - 1, drawn)
        peer = place if place < node else place + 1
        if peer not in peers:
            peers.append(peer)
    spread = setting.most_delay - setting.least_delay + 1
    return [(peer, setting.least_delay + one_of(spread, drawn)) for peer in peers]


def plain_arrivals(setting: Push, seed: int, number: int) -> dict[int, tuple[int, int]]:
    """Time and hops of each node that is reached: a queue of messages under way, the earliest and shortest first."""
    quiet = plain_silent(setting, seed, number)
    under_way, seen = [(0, 0, 0)], {}
    while under_way:
        tick, travelled, node = heapq.heappop(under_way)
        if node in seen:
            continue
        seen[node] = (tick, travelled)
        if travelled < setting.hops and node not in quiet:
            for peer, delay in plain_links(setting, seed, number, node):
                heapq.heappush(under_way, (tick + delay, travelled + 1, peer))
    return seen


@st.composite
def pushes(draw: st.DrawFn) -> Push:
    nodes = draw(st.integers(2, 40))
    least = draw(st.integers(1, 5))
    return Push(
        nodes,
        draw(st.integers(1, min(6, nodes - 1))),
        draw(st.integers(0, 6)),
        draw(st.integers(0, nodes - 1)),
        least,
        least + draw(st.integers(0, 9)),
    )


SEEDS = st.integers(0, 2**64 - 1)


def test_the_words_are_those_of_splitmix64() -> None:
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert [int(word_at(np.uint64(0), number)) for number in range(3)] == published
    assert [nth(0, number) for number in range(3)] == published


@settings(deadline=None, derandomize=True, max_examples=300)
@given(setting=pushes(), seed=SEEDS, number=st.integers(0, 3))
def test_times_and_hops_are_those_of_a_plain_simulation(setting: Push, seed: int, number: int) -> None:
    found = arrivals(setting, seed, number)
    expected = plain_arrivals(setting, seed, number)
    assert set(np.flatnonzero(found.silent)) == plain_silent(setting, seed, number)
    assert int(found.silent.sum()) == setting.silent
    times = [expected.get(node, (NEVER, NEVER)) for node in range(setting.nodes)]
    assert list(zip(found.times, found.hops, strict=True)) == times


@settings(deadline=None, derandomize=True, max_examples=25)
@given(nodes=st.integers(3, 12), peers=st.integers(2, 4), limit=st.integers(1, 5), seed=SEEDS)
def test_a_push_reaches_whom_the_reference_reaches(nodes: int, peers: int, limit: int, seed: int) -> None:
    profile = LITERAL.with_parameters(replace(LITERAL.parameters, gossip_fanout=peers, gossip_hops=limit))
    setting = Push(nodes, fanout(profile, nodes), hops(profile, nodes))
    targets = [[peer for peer, _ in plain_links(setting, seed, 0, node)] for node in range(nodes)]
    expected = push(profile, targets, sealed(profile, announce()))
    assert list(np.flatnonzero(arrivals(setting, seed).times != NEVER)) == expected


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_runs_are_the_same_on_any_threads_and_in_any_number_of_runs(threads: int) -> None:
    setting = Push(300, 3, 4, 100)
    alone = [arrivals(setting, 5, number) for number in range(9)]
    counts = [int(((run.times != NEVER) & ~run.silent).sum()) for run in alone]
    assert len(set(counts)) > 1
    assert list(reached_counts(setting, 5, 9, threads)) == counts
    assert list(reached_counts(setting, 5, 4, threads)) == counts[:4]
    assert list(reached_counts(setting, 6, 9, threads)) != counts
    assert reached_counts(setting, 5, 0, threads).size == 0


@pytest.mark.parametrize(("nodes", "silent"), [(1_000, 0), (1_000, 333)])
def test_coverage_is_that_of_the_model_with_draws_of_its_own(nodes: int, silent: int) -> None:
    chance = random.Random("draws of another generator")  # noqa: S311 - a seeded sample
    plain = np.array([coverage(LITERAL, nodes, silent, chance)[0] for _ in range(150)]) / (nodes - silent)
    setting = Push(nodes, fanout(LITERAL, nodes), hops(LITERAL, nodes), silent)
    found = reached_counts(setting, 1, 1_000) / (nodes - silent)
    error = math.sqrt(plain.var(ddof=1) / plain.size + found.var(ddof=1) / found.size)
    assert abs(plain.mean() - found.mean()) <= 3.29 * error


def test_without_a_hop_limit_every_link_of_a_clique_is_used() -> None:
    found = arrivals(Push(50, 49, 1), 0)
    assert list(found.times) == [0] + [1] * 49
    assert list(arrivals(Push(50, 49, 0), 0).times) == [0] + [NEVER] * 49
    assert list(arrivals(Push(2, 1, 1, silent=1, least_delay=7, most_delay=7), 0).times) == [0, 7]


@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ((1, 1, 1), "nodes is 1"),
        ((2**32 + 1, 1, 1), "nodes is 4294967297"),
        ((9, 0, 1), "fanout is 0"),
        ((9, 9, 1), "fanout is 9"),
        ((9, 1, -1), "hops is -1"),
        ((9, 1, 1, 9), "silent is 9"),
        ((9, 1, 1, -1), "silent is -1"),
        ((9, 1, 1, 0, 0, 1), "least_delay and most_delay are 0 and 1"),
        ((9, 1, 1, 0, 3, 2), "least_delay and most_delay are 3 and 2"),
    ],
)
def test_numbers_that_fit_no_network_are_named(numbers: tuple[int, ...], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        Push(*numbers)
    with pytest.raises(ValueError, match="seed is -1"):
        arrivals(Push(9, 1, 1), -1)
