"""Figures about epochs, jobs and beacons that the specification states, found again by the shipped functions."""

from __future__ import annotations

from fractions import Fraction
from itertools import count
from math import comb

import pytest

from taifoon.core.assignment import SeatKey, cluster_of_job, clusters_of_seats
from taifoon.core.beacon import choices
from taifoon.core.block import ClusterBlock
from taifoon.core.network_state import chain_of, jobs_of
from taifoon.core.owners import formation_of, owners
from taifoon.core.quorum import guaranteed_overlap, quorum
from taifoon.core.validity import check_block, genesis_state
from taifoon.primitives.types import ClusterId, PublicKey, Seat
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.blocks import PROOFS
from taifoon_models.epochs import Setting, job_leaf, network, setting, small_clusters
from taifoon_models.jobs import digest, intake

HUNDRED = tuple(SeatKey(PublicKey(bytes(digest(f"node {number}"))), Seat(0)) for number in range(100))


def tries_until_won(share: Fraction, tries: int) -> Fraction:
    """The probability that one of so many candidate roots gives a share of the seats what it wants."""
    return 1 - (1 - share) ** tries


def test_a2_a_leader_of_ten_stays_leader_with_99_percent_after_44_tries() -> None:
    assert tries_until_won(Fraction(1, 10), 43) < Fraction(99, 100) < tries_until_won(Fraction(1, 10), 44)


def test_a2_a_tenth_leads_with_57_percent_after_8_tries_and_surely_after_120() -> None:
    assert round(100 * tries_until_won(Fraction(1, 10), 8)) == 57
    # Five jobs have 120 orders.
    assert Fraction(999_996, 1_000_000) < tries_until_won(Fraction(1, 10), 120) < Fraction(999_998, 1_000_000)


def grind(profile: Profile, byzantine: int, clusters: int, broken: str, first: int) -> int:
    """How many candidate roots are tried until some cluster can be halted or forked by the first nodes."""
    for attempt in count(1):
        placed = clusters_of_seats(profile, digest(f"root {first + attempt}"), HUNDRED, clusters)
        for cluster in range(clusters):
            members = placed.count(ClusterId(cluster))
            bad = placed[:byzantine].count(ClusterId(cluster))
            needed = quorum(profile, members)
            if broken == "halted" and 0 < needed > members - bad:
                return attempt
            if broken == "forked" and members and bad and bad >= guaranteed_overlap(members, needed):
                return attempt
    raise AssertionError("unreachable")


@pytest.mark.parametrize(("broken", "mean", "most"), [("halted", 7.55, 29), ("forked", 4.225, 14)])
def test_a2_ten_of_a_hundred_break_a_cluster_by_choosing_the_root(broken: str, mean: float, most: int) -> None:
    tries = [grind(DOCUMENT, 10, 10, broken, 10_000 * start) for start in range(40)]
    assert sum(tries) / 40 == mean
    assert max(tries) == most


@pytest.mark.parametrize(("held", "reached"), [(0, 1), (1, 2), (2, 4), (3, 8)])
def test_a_withheld_reveal_buys_one_bit(held: int, reached: int) -> None:
    assert choices(held) == reached
    # Whoever holds a tenth of the seats then leads a view with at most this probability instead of a tenth.
    assert tries_until_won(Fraction(1, 10), choices(held)) <= Fraction(reached, 10)


def test_a7_nodes_that_hold_10_and_11_disagree_on_nine_tenths_of_all_places() -> None:
    # Residues modulo 10 and 11 agree for 10 of the 110 pairs that are equally likely.
    assert sum(number % 10 != number % 11 for number in range(110)) / 110 == pytest.approx(0.909, abs=5e-4)
    keys = tuple(SeatKey(PublicKey(bytes(digest(f"node {number}"))), Seat(0)) for number in range(1_000))
    ten, eleven = (clusters_of_seats(DOCUMENT, digest("root"), keys, clusters) for clusters in (10, 11))
    assert 0.88 < sum(a != b for a, b in zip(ten, eleven, strict=True)) / 1_000 < 0.93


@pytest.mark.parametrize(("one_in", "members", "percent"), [(5, 5, 32.8), (5, 10, 10.7), (20, 5, 77.4), (20, 10, 59.9)])
def test_a10_a_cluster_without_a_capable_member_is_likely(one_in: int, members: int, percent: float) -> None:
    nobody = Fraction(one_in - 1, one_in) ** members
    assert float(100 * nobody) == pytest.approx(percent, abs=0.05)


def test_m10_from_ten_clusters_to_five_half_of_the_pending_jobs_lose_their_cluster() -> None:
    jobs = [intake(number) for number in range(1_000)]
    named = [cluster_of_job(DOCUMENT, digest("root"), leaf.job_id, 10) for leaf in jobs]
    assert 0.45 < sum(cluster >= 5 for cluster in named) / len(named) < 0.55


def test_m10_a_new_cluster_takes_its_share_of_the_jobs_and_moves_no_other() -> None:
    jobs = [intake(number).job_id for number in range(600)]
    before, after = ([cluster_of_job(HARDENED, digest("seed"), job, clusters) for job in jobs] for clusters in (5, 6))
    moved = [new for old, new in zip(before, after, strict=True) if old != new]
    assert set(moved) == {5}
    assert 0.12 < len(moved) / len(jobs) < 0.22


def test_c11_consecutive_committees_of_ten_out_of_a_hundred_share_one_member() -> None:
    shared = sum(Fraction(k * comb(10, k) * comb(90, 10 - k), comb(100, 10)) for k in range(11))
    assert shared == 1


def code_of(now: Setting, cluster: ClusterId, block: ClusterBlock) -> RejectionCode | None:
    rules = jobs_of(now.profile, now.state, now.assignment, now.factor)
    chain = chain_of(now.state, cluster)
    formation = formation_of(now.assignment, cluster, rules)
    state = genesis_state(now.profile, now.state.chain_id, formation, chain.log, chain.last)
    try:
        check_block(now.profile, PROOFS, state, block, block.header.timestamp)
    except Rejected as rejected:
        return rejected.code
    return None


@pytest.mark.parametrize(
    ("profile", "expected"),
    [(HARDENED, RejectionCode.PROVER_NOT_DRAWN), (HARDENED.without(Resolution.REPLICAS), None)],
    ids=["drawn", "named by the leader"],
)
def test_c16_a_block_with_a_proof_by_another_than_a_drawn_replica_is_refused_only_with_the_rule(
    profile: Profile, expected: RejectionCode | None
) -> None:
    sized = small_clusters(profile, 3)
    now = setting(sized, network(sized, 9, 2))
    leaf = job_leaf(sized, now.assignment, 1)
    cluster = owners(sized, now.assignment, leaf, now.factor)[0]
    drawn = now.drawn(leaf, cluster)
    other = next(seat.public_key for seat in now.assignment.clusters[cluster] if seat.public_key != drawn)
    honest, named = (now.blocks(cluster, (((leaf,), ((leaf, prover),)),))[0] for prover in (drawn, other))
    assert code_of(now, cluster, honest) is None
    assert code_of(now, cluster, named) is expected


def test_a_block_of_a_cluster_that_does_not_own_the_job_is_refused() -> None:
    sized = small_clusters(HARDENED, 3)
    now = setting(sized, network(sized, 9, 3))
    leaf = job_leaf(sized, now.assignment, 1)
    owning = owners(sized, now.assignment, leaf, now.factor)
    for cluster in map(ClusterId, range(3)):
        block = now.blocks(cluster, (((leaf,), ()),))[0]
        assert code_of(now, cluster, block) is (None if cluster in owning else RejectionCode.JOB_FOREIGN)
