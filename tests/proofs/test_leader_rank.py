"""One hash for place and rank keeps leaders in office; the repaired draws do not. Figures are exact."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import comb

import pytest
import z3

from taifoon.core.assignment import SeatKey, clusters_of_seats
from taifoon.core.leader import leaders
from taifoon.primitives.hashing import Role, conforming_integer_orders
from taifoon.primitives.types import ClusterId, Hash32, PublicKey, Seat, View
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_models.jobs import digest
from taifoon_proofs.establish import Claim, prove
from taifoon_proofs.scenario import violates
from taifoon_proofs.terms import integer
from taifoon_proofs.theorems.leader_rank import members_of
from taifoon_proofs.verdict import Outcome

WITHOUT_ROTATION = HARDENED.without(Resolution.LEADER_ROTATION)
NODES = 100


def sizes(nodes: int, clusters: int) -> list[tuple[int, Fraction]]:
    """Sizes of a cluster that has a member, with their probabilities, when each node draws its cluster."""
    share = Fraction(1, clusters)
    empty = (1 - share) ** nodes
    return [
        (size, comb(nodes, size) * share**size * (1 - share) ** (nodes - size) / (1 - empty))
        for size in range(1, nodes + 1)
    ]


def split_in_two(size: int) -> Fraction:
    """Chance to lead one's half of a cluster, by a fresh draw: the expectation of 1 / (1 + others that come along)."""
    return Fraction(2 * (2**size - 1), 2**size * size)


def fresh(nodes: int, clusters: int) -> Fraction:
    """Chance to lead one's cluster, by a fresh draw."""
    return Fraction(clusters, nodes) * (1 - (1 - Fraction(1, clusters)) ** nodes)


def least_again(size: int, nodes: int, clusters: int) -> Fraction:
    """Chance that the least of `size` hashes is the least where it is dealt next, among all nodes, by the same hash.

    Its old cluster has greater hashes only; each other node comes along with chance 1/clusters and must be greater.
    The least of `size` uniform hashes has the density size * (1 - x)^(size - 1).
    """
    others = nodes - size
    return sum(
        (
            comb(others, power)
            * Fraction(-1, clusters) ** power
            * size
            * Fraction(1, (size + power) * comb(size + power - 1, power))
            for power in range(others + 1)
        ),
        Fraction(0),
    )


def test_the_figures_of_the_defect_are_exact_expectations() -> None:
    drawn = sizes(NODES, 10)
    doubled = sum((weight * split_in_two(size) for size, weight in drawn), Fraction(0))
    one_more = sum((weight * least_again(size, NODES, 11) for size, weight in drawn), Fraction(0))
    assert round(float(doubled), 3) == 0.220
    assert round(float(one_more), 2) == 0.55
    assert round(float(fresh(NODES, 11)), 2) == 0.11


def persistence(profile: Profile, before: int, after: int, draws: int) -> Fraction:
    """How many leaders of a count lead again at another, at one seed."""
    order = conforming_integer_orders(profile)[0]
    led, again = 0, 0
    for draw in range(draws):
        seed = digest(f"draw {draw}")
        keys = tuple(SeatKey(PublicKey(bytes(digest(f"{draw} {number}"))), Seat(0)) for number in range(NODES))
        old, new = (
            {
                leader
                for cluster, group in enumerate(members_of(profile, seed, keys, count))
                for leader in leaders(profile, seed, ClusterId(cluster), group, View(1), order)
            }
            for count in (before, after)
        )
        led += len(old)
        again += len(old & new)
    return Fraction(again, led)


def test_when_the_count_doubles_every_leader_leads_again() -> None:
    assert persistence(DOCUMENT, 10, 20, 30) == 1
    assert abs(float(persistence(DOCUMENT, 10, 11, 60)) - 0.55) < 0.06


def toy(ranks: dict[bytes, int]) -> Callable[[Profile, Role, bytes], Hash32]:
    """A hash of a few values, whatever the role: the first byte of the digest."""

    def draw(profile: Profile, role: Role, message: bytes) -> Hash32:
        return Hash32(bytes(31) + bytes([ranks[message[32:64]]]))

    return draw


@pytest.mark.parametrize("nodes", [2, 3])
def test_with_every_outcome_of_a_small_hash_no_leader_falls_when_the_count_doubles(nodes: int) -> None:
    keys = tuple(SeatKey(PublicKey(bytes(digest(f"key {number}"))), Seat(0)) for number in range(nodes))
    seed = digest("seed")
    fallen = 0
    for values in product(range(12), repeat=nodes):
        draw = toy({bytes(key.public_key): value for key, value in zip(keys, values, strict=True)})
        leading = []
        for count in (2, 4):
            places = clusters_of_seats(DOCUMENT, seed, keys, count, draw)
            groups = [tuple(k for k, place in zip(keys, places, strict=True) if place == c) for c in range(count)]
            leading.append(
                {
                    leader
                    for cluster, group in enumerate(groups)
                    for leader in leaders(DOCUMENT, seed, ClusterId(cluster), group, View(1), "big", draw)
                }
            )
        fallen += not leading[0] <= leading[1]
    assert fallen == 0


def test_the_least_of_a_set_is_the_least_of_a_part_that_it_is_in_and_halves_are_parts() -> None:
    key = z3.DeclareSort("Key")
    drawn = z3.Function("drawn", key, z3.IntSort())
    whole, part = (z3.Function(name, key, z3.BoolSort()) for name in ("whole", "part"))
    k, least = z3.Consts("k least", key)
    first, second = integer("first"), integer("second")
    verdict = prove(
        "every hash",
        Claim(
            "least-stays-least",
            (
                z3.ForAll([k], z3.Implies(part(k), whole(k))),
                z3.ForAll([k], z3.Implies(whole(k), drawn(least) <= drawn(k))),
                part(least),
            ),
            z3.ForAll([k], z3.Implies(part(k), drawn(least) <= drawn(k))),
        ),
        *(
            Claim(
                f"halves-of-{count}-are-parts",
                (first >= 0, second >= 0, first % (2 * count) == second % (2 * count)),
                first % count == second % count,
            )
            for count in range(1, 21)
        ),
    )
    assert verdict.outcome is Outcome.PROVED, verdict.reason


@pytest.mark.parametrize("scenario", ["leader/one-draw", "leader/one-rank-everywhere"])
def test_draws_are_shared_under_the_source_and_never_when_repaired(scenario: str) -> None:
    parameters = {"seats": 4, "clusters": 3}
    assert violates(DOCUMENT, scenario, parameters)
    assert not violates(HARDENED, scenario, parameters)


def test_without_the_clusters_own_draw_a_seat_has_one_rank_in_all_clusters() -> None:
    assert violates(WITHOUT_ROTATION, "leader/one-rank-everywhere", {"seats": 2, "clusters": 2})
    assert not violates(WITHOUT_ROTATION, "leader/one-draw", {"seats": 2, "clusters": 2})


def test_while_the_root_stays_only_the_repaired_draws_change_with_the_epoch() -> None:
    parameters = {"seats": 3, "before": 2, "after": 4}
    assert violates(DOCUMENT, "leader/rank-outlives-epoch", parameters)
    assert not violates(HARDENED, "leader/rank-outlives-epoch", parameters)
