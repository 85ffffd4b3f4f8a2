"""Figures of section 4.2: how far a push reaches, how likely a node is cut off, how much it receives."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest

from taifoon.network.envelope import Envelope
from taifoon.network.gossip import reach_bound
from taifoon.network.kinds import Kind
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_models.gossip_net import connected_graphs, coverage, pull, push, received
from taifoon_models.messages import announce, sealed
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.theorems.gossip import SOURCE_REACH
from taifoon_proofs.theorems.peers import eclipse_probability, partitions
from taifoon_proofs.verdict import Counterexample

LITERAL = HARDENED.without(Resolution.GOSSIP)
NORMAL_999 = 3.29
"""Half the width of a 99.9 % confidence interval, in standard errors of the mean."""


def announcement(profile: Profile) -> Envelope:
    return sealed(profile, announce())


def test_n1_five_hops_of_eight_reach_37_449_nodes_and_never_37_450() -> None:
    assert reach_bound(8, 5) == SOURCE_REACH == 37_449
    for nodes in (37_449, 37_450, 100_000):
        assert violates(DOCUMENT, "gossip/ball-too-small", {"nodes": nodes}) == (nodes > 37_449)
        assert not violates(HARDENED, "gossip/ball-too-small", {"nodes": nodes})
    assert Fraction(37_449, 100_000) < Fraction(3_745, 10_000)


@pytest.mark.parametrize(
    ("nodes", "silent", "runs", "mean"),
    [
        (1_000, 0, 200, 0.9996),
        (10_000, 0, 30, 0.946),
        (100_000, 0, 5, 0.306),
        (1_000, 333, 200, 0.973),
        (10_000, 3_333, 60, 0.505),
        (100_000, 33_333, 40, 0.075),
    ],
)
def test_n1_mean_coverage_of_one_push_is_the_stated_one(nodes: int, silent: int, runs: int, mean: float) -> None:
    chance = Random(f"coverage of {nodes} nodes, {silent} silent")  # noqa: S311 - a seeded sample
    shares = [reached / honest for reached, honest in (coverage(DOCUMENT, nodes, silent, chance) for _ in range(runs))]
    found = sum(shares) / runs
    error = math.sqrt(sum((share - found) ** 2 for share in shares) / (runs - 1) / runs)
    # The figures are rounded to the last digit given, and come from samples of their own.
    assert abs(found - mean) <= NORMAL_999 * math.sqrt(2) * error + 0.0005


@pytest.mark.parametrize("nodes", [1_000, 10_000])
def test_repaired_push_alone_reaches_more_than_999_of_1000_nodes(nodes: int) -> None:
    chance = Random(f"repaired coverage of {nodes} nodes")  # noqa: S311 - a seeded sample
    reached, honest = zip(*(coverage(HARDENED, nodes, 0, chance) for _ in range(10)), strict=True)
    assert 1_000 * sum(reached) > 999 * sum(honest)


def test_a_push_follows_the_peers_that_are_drawn() -> None:
    chain = [[1], [2], [3], [4], [5], [6], [0]]
    assert push(LITERAL, chain, announcement(LITERAL)) == [0, 1, 2, 3, 4, 5]
    star = [[1, 2, 3, 4], [0, 2, 3, 4], [0, 1, 3, 4], [0, 1, 2, 4], [0, 1, 2, 3]]
    assert push(HARDENED, star, announcement(HARDENED)) == [0, 1, 2, 3, 4]


def test_there_are_as_many_connected_graphs_as_there_should_be() -> None:
    # Numbers of connected labelled graphs, A001187 of the OEIS.
    assert [sum(1 for _ in connected_graphs(nodes)) for nodes in range(1, 6)] == [1, 1, 4, 38, 728]


def test_pull_goes_one_step_further_each_time_that_every_peer_was_asked() -> None:
    edges = [[0, 1], [1, 2], [2, 3], [3, 4]]
    rounds = pull(HARDENED, 5, edges, [0, 1, 1, 1, 0], announcement(HARDENED))
    held = [next(rounds) for _ in range(8)]
    assert held[-1] == [0, 1, 2, 3, 4]
    for step in range(1, 5):
        assert step in held[2 * step - 1]
    lost = pull(LITERAL, 5, edges, [0, 1, 1, 1, 0], announcement(LITERAL))
    assert [next(lost) for _ in range(8)] == [[0]] * 8


def test_n2_a_message_returns_after_61_seconds_and_a_heartbeat_is_lost() -> None:
    returning = {"life": 120, "readings": [0, 61]}
    assert violates(DOCUMENT, "gossip/processed-again", returning)
    assert violates(LITERAL, "gossip/processed-again", returning)
    assert not violates(HARDENED, "gossip/processed-again", returning)
    assert not violates(DOCUMENT, "gossip/processed-again", {"life": 120, "readings": [0, 60]})
    assert violates(DOCUMENT, "gossip/heartbeat-lost", {"seconds": 59})
    assert not violates(DOCUMENT, "gossip/heartbeat-lost", {"seconds": 61})
    assert not violates(HARDENED, "gossip/heartbeat-lost", {"seconds": 1})


def test_n6_each_node_receives_10_200_messages_a_second_and_sends_81_600() -> None:
    def job_messages(profile: Profile, elsewhere: int) -> int:
        loads = [0] * 10
        none = received(profile, 0, loads, 6, 5)
        loads[1] = elsewhere
        return received(profile, 0, loads, 6, 5) - none

    assert job_messages(DOCUMENT, 850) == 850 * 6 * 2 == 10_200
    assert 8 * job_messages(DOCUMENT, 850) == 81_600
    assert job_messages(HARDENED, 850) == 0


def test_the_load_of_a_node_grows_with_the_number_of_clusters_by_two_messages_each() -> None:
    counts = [received(HARDENED, 0, [3] * clusters, 6, 5) for clusters in range(1, 6)]
    assert {later - earlier for earlier, later in pairwise(counts)} == {2}
    last = run(HARDENED, Counterexample("gossip/foreign-load", {"loads": [1, 2], "other_loads": [1, 9], "replicas": 6}))
    assert {state["received"] for state in last.states} == {counts[1] - 2 * 2 * 6}


def test_n9_eight_peers_are_all_byzantine_as_often_as_stated() -> None:
    assert f"{float(Fraction(1, 3) ** 8):.1e}" == "1.5e-04"
    assert f"{float(Fraction(9, 10) ** 8):.2f}" == "0.43"
    # Of a crowd of a hundred, 90 of them one adversary's: without putting back, a little less.
    literal = eclipse_probability(LITERAL, [1] * 10, [0] * 90, 8)
    assert literal == Fraction(math.comb(90, 8), math.comb(100, 8))
    assert f"{float(literal):.3f}" == "0.417"
    assert eclipse_probability(HARDENED, [1] * 10, [0] * 90, 8) == 0


def test_eclipse_is_least_likely_for_an_adversary_of_one_key_and_never_above_the_tail() -> None:
    chances = [eclipse_probability(HARDENED, [1, 1, 1], split, 2) for split in partitions(3)]
    assert chances[0] == 0
    assert max(chances) <= Fraction(1, 4)
    assert chances == sorted(chances)


def test_partitions_are_all_there() -> None:
    assert [len(list(partitions(total))) for total in range(7)] == [1, 1, 2, 3, 5, 7, 11]
    assert Kind.BLOCK_VOTE.ordinal == 7
