"""Assignment reads the past alone, spreads the seats evenly, and gives each job one cluster."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.assignment import (
    RootHistory,
    SeatKey,
    assignment_seed,
    cluster_of_job,
    clusters_of_seats,
    residue,
    seed_epoch,
)
from taifoon.core.leaf import leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import frontier_of, root_of_frontier
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import Epoch, Hash32, LeafIndex, NodePosition, PublicKey, Seat
from taifoon.profile import DOCUMENT, HARDENED, Parameters, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest, intake

BEACON = digest("beacon")
CURRENT = digest("current root")
SEED = digest("seed")
BY_RESIDUE = HARDENED.without(Resolution.RANK_ASSIGNMENT)
BY_ROOT = HARDENED.without(Resolution.EPOCH_SEED)
BOTH = [HARDENED, DOCUMENT]


def history(epochs: int) -> RootHistory:
    return RootHistory(digest("genesis"), tuple(digest(f"root {number}") for number in range(epochs)))


def seats_of(count: int, per_key: int = 1) -> tuple[SeatKey, ...]:
    return tuple(
        SeatKey(PublicKey(bytes(digest(f"key {number // per_key}"))), Seat(number % per_key)) for number in range(count)
    )


@pytest.mark.parametrize("epoch", range(8))
def test_a_seed_reads_the_root_of_two_epochs_before(epoch: int) -> None:
    known = history(epoch)
    source = known.closed[epoch - 2] if epoch >= 2 else known.genesis
    expected = hash_role(HARDENED, Role.SEED, epoch.to_bytes(8, "little") + source + BEACON)
    assert assignment_seed(HARDENED, Epoch(epoch), known, CURRENT, BEACON) == expected


@pytest.mark.parametrize("lag", [1, 2, 3, 5])
def test_the_lag_is_a_parameter(lag: int) -> None:
    profile = HARDENED.with_parameters(Parameters(seed_lag=lag))
    assert [seed_epoch(profile, epoch) for epoch in range(8)] == [epoch - lag for epoch in range(8)]
    assert [seed_epoch(BY_ROOT, epoch) for epoch in range(8)] == list(range(8))


def test_an_epoch_whose_source_is_not_over_has_no_seed() -> None:
    with pytest.raises(Rejected) as caught:
        assignment_seed(HARDENED, Epoch(5), history(3), CURRENT, BEACON)
    assert caught.value.code is RejectionCode.ROOT_UNKNOWN
    assignment_seed(HARDENED, Epoch(5), history(4), CURRENT, BEACON)
    assert assignment_seed(BY_ROOT, Epoch(5), history(3), CURRENT, BEACON) == CURRENT


@settings(deadline=None, derandomize=True, max_examples=60)
@given(epoch=st.integers(0, 12), other=st.binary(min_size=32, max_size=32))
def test_neither_the_current_root_nor_a_later_one_moves_a_seed(epoch: int, other: bytes) -> None:
    known = history(epoch)
    recent = RootHistory(known.genesis, (*known.closed[: max(epoch - 1, 0)], *(Hash32(other),) * min(epoch, 1)))
    seed = assignment_seed(HARDENED, Epoch(epoch), known, CURRENT, BEACON)
    assert seed == assignment_seed(HARDENED, Epoch(epoch), recent, Hash32(other), BEACON)
    assert seed != assignment_seed(HARDENED, Epoch(epoch), known, CURRENT, digest("another beacon"))


@pytest.mark.parametrize("profile", BOTH, ids=lambda profile: profile.name)
@pytest.mark.parametrize("clusters", [0, -1])
def test_there_is_at_least_one_cluster(profile: Profile, clusters: int) -> None:
    for attempt in (
        lambda: clusters_of_seats(profile, SEED, seats_of(3), clusters),
        lambda: cluster_of_job(profile, SEED, digest("job"), clusters),
    ):
        with pytest.raises(Rejected) as caught:
            attempt()
        assert caught.value.code is RejectionCode.CLUSTER_COUNT_INVALID


@settings(deadline=None, derandomize=True, max_examples=50)
@given(seats=st.integers(0, 40), clusters=st.integers(1, 12), draw=st.integers(0, 1 << 16))
def test_cluster_sizes_differ_by_at_most_one(seats: int, clusters: int, draw: int) -> None:
    assigned = clusters_of_seats(HARDENED, digest(f"seed {draw}"), seats_of(seats, 2), clusters)
    sizes = Counter(assigned)
    expected = Counter({cluster: (seats + clusters - 1 - cluster) // clusters for cluster in range(clusters)})
    assert +sizes == +expected
    assert len(assigned) == seats


def test_sizes_of_fifty_seats_in_ten_clusters_by_rank_and_by_residue() -> None:
    seats = seats_of(50)
    by_rank = Counter(clusters_of_seats(HARDENED, SEED, seats, 10))
    by_residue = Counter(clusters_of_seats(BY_RESIDUE, SEED, seats, 10))
    assert set(by_rank.values()) == {5}
    assert min(by_residue.values()) < 5


@settings(deadline=None, derandomize=True, max_examples=30)
@given(order=st.permutations(list(range(12))), clusters=st.integers(1, 5))
def test_the_cluster_of_a_seat_does_not_depend_on_the_order_of_the_registry(order: list[int], clusters: int) -> None:
    seats = seats_of(12)
    assigned = dict(zip(seats, clusters_of_seats(HARDENED, SEED, seats, clusters), strict=True))
    shuffled = tuple(seats[place] for place in order)
    assert dict(zip(shuffled, clusters_of_seats(HARDENED, SEED, shuffled, clusters), strict=True)) == assigned


def test_by_residue_all_seats_of_a_key_fall_into_one_cluster() -> None:
    seats = seats_of(12, per_key=12)
    assert len(set(clusters_of_seats(BY_RESIDUE, SEED, seats, 3))) == 1
    assert len(set(clusters_of_seats(HARDENED, SEED, seats, 3))) == 3


def test_a_residue_reads_the_digest_with_the_high_octet_first() -> None:
    for clusters in (1, 2, 7, 10):
        assert residue(HARDENED, SEED, clusters) == int(SEED.hex(), 16) % clusters


@pytest.mark.parametrize("number", range(12))
def test_the_cluster_of_a_job_is_the_one_that_draws_the_lowest_hash(number: int) -> None:
    job = digest(f"job {number}")
    draws = {hash_role(HARDENED, Role.JOB, SEED + job + cluster.to_bytes(4, "little")): cluster for cluster in range(7)}
    assert cluster_of_job(HARDENED, SEED, job, 7) == draws[min(draws)]


@pytest.mark.parametrize("number", range(12))
def test_by_root_the_cluster_of_a_job_is_a_residue(number: int) -> None:
    job = digest(f"job {number}")
    drawn = hash_role(BY_ROOT, Role.JOB, SEED + job)
    assert cluster_of_job(BY_ROOT, SEED, job, 7) == int.from_bytes(drawn, "big") % 7


JOBS = 600


@pytest.mark.parametrize("clusters", [1, 4, 9])
def test_growing_by_a_cluster_moves_jobs_to_the_new_cluster_alone(clusters: int) -> None:
    moved = 0
    for number in range(JOBS):
        before = cluster_of_job(HARDENED, SEED, digest(f"job {number}"), clusters)
        after = cluster_of_job(HARDENED, SEED, digest(f"job {number}"), clusters + 1)
        assert after in (before, clusters)
        moved += after != before
    share, expected = moved / JOBS, 1 / (clusters + 1)
    assert abs(share - expected) < 3 * (expected * (1 - expected) / JOBS) ** 0.5


def test_by_residue_growing_by_a_cluster_moves_most_jobs() -> None:
    jobs = [digest(f"job {number}") for number in range(JOBS)]
    moved = sum(cluster_of_job(BY_ROOT, SEED, job, 10) != cluster_of_job(BY_ROOT, SEED, job, 11) for job in jobs)
    assert 10 * moved > 8 * JOBS


def solutions(profile: Profile, job: int, clusters: int) -> list[int]:
    """The clusters that a leaf may name so that the root with that leaf assigns its job to the cluster named.

    The leaf is the first of its log, so its hash is the bag of the range.
    """
    combiner = HashCombiner(profile)
    found = []
    for candidate in range(clusters):
        leaf = intake(job, candidate)
        bag = combiner.leaf(NodePosition(0), LeafIndex(0), leaf_content(leaf))
        root = combiner.root(1, 1, bag)  # type: ignore[arg-type]
        seed = assignment_seed(profile, Epoch(0), history(0), Hash32(root), BEACON)
        if cluster_of_job(profile, seed, leaf.job_id, clusters) == candidate:
            found.append(candidate)
    return found


@pytest.mark.parametrize("clusters", [3, 10])
def test_a_root_that_holds_the_assignment_leaves_many_jobs_without_one(clusters: int) -> None:
    """Each candidate agrees with probability 1/C, so none does with probability (1 - 1/C)^C: 8/27 for C = 3."""
    jobs = 2_000
    found = [len(solutions(DOCUMENT, job, clusters)) for job in range(jobs)]
    none, one = (1 - 1 / clusters) ** clusters, (1 - 1 / clusters) ** (clusters - 1)
    for count, expected in ((0, none), (1, one)):
        deviation = (expected * (1 - expected) / jobs) ** 0.5
        assert abs(found.count(count) / jobs - expected) < 3 * deviation
    assert max(found) > 1


@pytest.mark.parametrize("clusters", [3, 10])
def test_a_seed_of_the_past_gives_each_job_one_cluster(clusters: int) -> None:
    assert {len(solutions(HARDENED, job, clusters)) for job in range(100)} == {1}


def test_the_root_of_a_log_of_one_leaf_is_that_of_the_frontier() -> None:
    for profile in BOTH:
        combiner = HashCombiner(profile)
        content = leaf_content(intake(0))
        bag = combiner.leaf(NodePosition(0), LeafIndex(0), content)
        root = combiner.root(1, 1, bag)  # type: ignore[arg-type]
        assert root == root_of_frontier(combiner, frontier_of(combiner, (content,)))
