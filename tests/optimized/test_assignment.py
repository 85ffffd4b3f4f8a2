"""Seats, leaders and jobs in columns fall to the clusters and seats that the reference finds one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core import assignment as one_by_one
from taifoon.core import leader
from taifoon.core.assignment import SeatKey
from taifoon.primitives.types import ClusterId, Hash32, PublicKey, Seat, View
from taifoon.profile import HARDENED, Resolution, Suite
from taifoon.rejection import Rejected, RejectionCode

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized import assignment
from taifoon_optimized.assignment import NOBODY, Registry, clusters_of_jobs, clusters_of_seats, leaders
from taifoon_optimized.contents import Digests, digests_of

from .ranges import of_suite

SEED = Hash32(bytes(range(32)))


def seat_keys(count: int) -> tuple[SeatKey, ...]:
    """Owners with up to three seats each."""
    return tuple(SeatKey(PublicKey(bytes([number // 3, 7] * 16)), Seat(number % 3)) for number in range(count))


def registry_of(keys: tuple[SeatKey, ...]) -> Registry:
    return Registry(digests_of([key.public_key for key in keys]), np.array([key.seat for key in keys], np.uint32))


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("count", [0, 1, 2, 63, 64, 65])
@pytest.mark.parametrize("clusters", [1, 2, 7, 90])
def test_seats_fall_to_the_clusters_of_the_reference(suite: Suite, count: int, clusters: int) -> None:
    profile, keys = of_suite(suite), seat_keys(count)
    found = clusters_of_seats(profile, SEED, registry_of(keys), clusters)
    assert tuple(found) == one_by_one.clusters_of_seats(profile, SEED, keys, clusters)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    chosen=st.lists(st.integers(0, 40), max_size=30),
    clusters=st.integers(1, 9),
    seed=st.binary(min_size=32, max_size=32),
)
def test_a_seat_that_is_listed_twice_has_one_cluster(chosen: list[int], clusters: int, seed: bytes) -> None:
    every = seat_keys(41)
    keys = tuple(every[number] for number in chosen)
    found = clusters_of_seats(HARDENED, Hash32(seed), registry_of(keys), clusters)
    assert tuple(found) == one_by_one.clusters_of_seats(HARDENED, Hash32(seed), keys, clusters)


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_hashes_that_begin_alike_are_told_apart_by_all_of_their_rank(
    kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = assignment.leading_words

    def shortened(digests: Digests, order: str) -> object:
        return original(digests, order) >> np.uint64(64 - kept) if kept else np.zeros(len(digests), np.uint64)

    monkeypatch.setattr(assignment, "leading_words", shortened)
    keys = seat_keys(40)
    assigned = clusters_of_seats(HARDENED, SEED, registry_of(keys), 5)
    assert tuple(assigned) == one_by_one.clusters_of_seats(HARDENED, SEED, keys, 5)
    assert_leaders(keys, assigned, np.array([1, 2, 3, 4, 50]))
    jobs = digests_of([bytes([number]) * 32 for number in range(12)])
    assert list(clusters_of_jobs(HARDENED, SEED, jobs, 6)) == [
        one_by_one.cluster_of_job(HARDENED, SEED, Hash32(job.tobytes()), 6) for job in jobs
    ]


def assert_leaders(keys: tuple[SeatKey, ...], assigned: np.ndarray, views: np.ndarray) -> None:
    for order in ("big", "little"):
        led = leaders(HARDENED, SEED, registry_of(keys), assigned, views, order)
        for cluster, view in enumerate(views):
            members = tuple(key for key, where in zip(keys, assigned, strict=True) if where == cluster)
            expected = leader.leaders(HARDENED, SEED, ClusterId(cluster), members, View(int(view)), order)
            assert (() if led[cluster] == NOBODY else (keys[led[cluster]],)) == expected


@settings(deadline=None, derandomize=True, max_examples=40)
@given(count=st.integers(0, 30), clusters=st.integers(1, 12), view=st.integers(1, 100))
def test_every_cluster_has_the_leader_of_the_reference(count: int, clusters: int, view: int) -> None:
    keys = seat_keys(count)
    assigned = clusters_of_seats(HARDENED, SEED, registry_of(keys), clusters)
    assert_leaders(keys, assigned, view + np.arange(clusters))


@pytest.mark.parametrize("clusters", [1, 2, 9, 70])
def test_jobs_fall_to_the_clusters_of_the_reference(clusters: int, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = digests_of([bytes([number, clusters]) * 16 for number in range(25)])
    expected = [one_by_one.cluster_of_job(HARDENED, SEED, Hash32(job.tobytes()), clusters) for job in jobs]
    assert list(clusters_of_jobs(HARDENED, SEED, jobs, clusters)) == expected
    monkeypatch.setattr(assignment, "DRAWS_AT_ONCE", 10)
    assert list(clusters_of_jobs(HARDENED, SEED, jobs, clusters)) == expected


def test_no_cluster_is_refused_as_the_reference_does() -> None:
    for call in (
        lambda: clusters_of_seats(HARDENED, SEED, registry_of(seat_keys(2)), 0),
        lambda: clusters_of_jobs(HARDENED, SEED, digests_of([SEED]), 0),
    ):
        with pytest.raises(Rejected) as caught:
            call()
        assert caught.value.code is RejectionCode.CLUSTER_COUNT_INVALID


def test_a_profile_that_draws_otherwise_is_named() -> None:
    registry, nobody = registry_of(seat_keys(2)), np.zeros(2, np.int64)
    for rule, call in (
        (Resolution.RANK_ASSIGNMENT, lambda profile: clusters_of_seats(profile, SEED, registry, 2)),
        (Resolution.LEADER_ROTATION, lambda profile: leaders(profile, SEED, registry, nobody, np.ones(1, np.int64))),
        (Resolution.EPOCH_SEED, lambda profile: clusters_of_jobs(profile, SEED, digests_of([SEED]), 2)),
    ):
        with pytest.raises(ValueError, match=rule.value):
            call(HARDENED.without(rule))


def test_wrong_registries_are_named() -> None:
    keys, seats = digests_of([SEED, SEED]), np.zeros(2, np.uint32)
    with pytest.raises(ValueError, match="public_keys"):
        Registry(keys[:1], seats)
    with pytest.raises(ValueError, match="seats"):
        Registry(keys, seats.astype(np.int64))
    with pytest.raises(ValueError, match="listed twice"):
        leaders(HARDENED, SEED, Registry(keys, seats), np.zeros(2, np.int64), np.ones(1, np.int64))
    with pytest.raises(ValueError, match="assigned"):
        leaders(HARDENED, SEED, Registry(keys, seats), np.array([0, 1]), np.ones(1, np.int64))
