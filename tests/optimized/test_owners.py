"""Jobs in columns have the owners and the replicas that the reference draws one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core import owners as one_by_one
from taifoon.core.assignment import SeatKey
from taifoon.core.epoch import Assignment, Registration
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.owners import Replica
from taifoon.primitives.types import Amount, ClusterId, Seat
from taifoon.profile import HARDENED, Profile, Resolution, Suite
from taifoon.rejection import Rejected, RejectionCode

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized import owners as in_columns
from taifoon_optimized import workers
from taifoon_optimized.assignment import NOBODY, Registry
from taifoon_optimized.contents import Digests, digests_of
from taifoon_optimized.leaf_columns import columns_of
from taifoon_optimized.owners import SeatedClusters, owners, primaries, replicas, seated_clusters, unprovable

from .ranges import of_suite
from .seated import KEYS, assignment, assignments, job

JOBS = [job(number, number % 4) for number in range(12)]
MANY = assignment([(number % 9, number * 7 % 5) for number in range(40)], [15, 3, 5, 9, 0, 15, 1, 2, 12], 5)


def assert_alike(profile: Profile, among: Assignment, jobs: Sequence[MMRLeaf], factor: int, threads: int = 1) -> None:
    """Owners, primaries, replicas and refusals of the columns are the reference's."""
    seated, columns = seated_clusters(among), columns_of(jobs)
    owning = owners(profile, seated, columns, factor, threads)
    proving = replicas(profile, seated, columns, factor, threads)
    first = primaries(profile, seated, columns, threads)
    refused = unprovable(profile, seated, columns)
    for number, leaf in enumerate(jobs):
        found = tuple(int(cluster) for cluster in owning[number] if cluster != NOBODY)
        assert found == one_by_one.owners(profile, among, leaf, factor)
        assert (None if first[number] == NOBODY else first[number]) == one_by_one.primary(profile, among, leaf)
        rows = [int(row) for row in proving[number] if row != NOBODY]
        assert one_by_one.replicas(profile, among, leaf, factor) == tuple(
            Replica(ClusterId(int(seated.assigned[row])), among.seats[row]) for row in rows
        )
        assert refused[number] == reference_code(profile, among, leaf.job_type)


def reference_code(profile: Profile, among: Assignment, kind: ProofType) -> int:
    try:
        one_by_one.check_provable(profile, among, kind)
    except Rejected as rejected:
        return rejected.code.number
    return 0


@settings(deadline=None, derandomize=True, max_examples=60)
@given(among=assignments(), jobs=st.lists(st.sampled_from(JOBS), max_size=6), factor=st.integers(1, 9))
def test_every_job_has_the_owners_and_replicas_of_the_reference(
    among: Assignment, jobs: list[MMRLeaf], factor: int
) -> None:
    assert_alike(HARDENED, among, jobs, factor)


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("factor", [1, 2, 5, 6, 39, 40, 41, 1 << 40])
def test_more_replicas_than_owners_come_from_the_owners_in_turn(suite: Suite, factor: int) -> None:
    assert_alike(of_suite(suite), MANY, JOBS[:4], factor)


@pytest.mark.parametrize("clusters", [1, 2, 8, 9])
def test_few_seats_and_empty_clusters(clusters: int) -> None:
    for placed in ([], [(0, 0)], [(0, 0), (0, clusters - 1)], [(0, 0), (1, 0)]):
        assert_alike(HARDENED, assignment(placed, [1, 3], clusters), JOBS, 3)


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_draws_that_begin_alike_are_told_apart_by_all_of_their_rank(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    original = in_columns.leading_words

    def shortened(digests: Digests, order: str) -> object:
        return original(digests, order) >> np.uint64(64 - kept) if kept else np.zeros(len(digests), np.uint64)

    monkeypatch.setattr(in_columns, "leading_words", shortened)
    for factor in (1, 3, 12):
        assert_alike(HARDENED, MANY, JOBS, factor)


@pytest.mark.parametrize("together", [1, 7, 50])
def test_how_many_draws_lie_together_has_no_bearing(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_columns, "DRAWS_AT_ONCE", together)
    assert_alike(HARDENED, MANY, JOBS, 4)


def test_the_thread_count_has_no_bearing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LEAST_ROWS", 16)
    seated, columns = seated_clusters(MANY), columns_of([job(number, number % 4) for number in range(400)])
    alone = replicas(HARDENED, seated, columns, 3)
    for threads in (2, 3):
        assert np.array_equal(replicas(HARDENED, seated, columns, 3, threads), alone)


def test_a_key_that_is_registered_twice_can_make_what_either_entry_says() -> None:
    among = assignment([(0, 0), (1, 1)], [1, 1], 2)
    twice = replace(among, registry=(*among.registry, Registration(KEYS[1], Amount(1), (ProofType.GROTH16,) * 2)))
    assert list(seated_clusters(twice).capabilities) == [1, 1 | 8]
    assert_alike(HARDENED, twice, JOBS, 2)


@pytest.mark.parametrize("able", [[0, 0], [1, 0], [1, 1]])
def test_a_job_that_one_seat_can_prove_is_refused(able: list[int]) -> None:
    seated, columns = seated_clusters(assignment([(0, 0), (1, 1)], able, 2)), columns_of([job(0)])
    expected = 0 if sum(able) == 2 else RejectionCode.JOB_UNPROVABLE.number
    assert list(unprovable(HARDENED, seated, columns)) == [expected]


def test_a_profile_that_draws_otherwise_is_named() -> None:
    seated, columns = seated_clusters(MANY), columns_of(JOBS)
    for rule in (Resolution.EPOCH_SEED, Resolution.CAPABLE_OWNERS):
        for call in (owners, replicas):
            with pytest.raises(ValueError, match=rule.value):
                call(HARDENED.without(rule), seated, columns, 2)
    with pytest.raises(ValueError, match=Resolution.CAPABLE_OWNERS.value):
        unprovable(HARDENED.without(Resolution.CAPABLE_OWNERS), seated, columns)


def test_wrong_columns_are_named() -> None:
    registry = Registry(digests_of(KEYS[:2]), np.zeros(2, np.uint32))
    assigned, able = np.array([0, 1], np.int64), np.ones(2, np.uint32)
    seed = MANY.seed
    for columns, named in (
        ((registry, assigned[:1], able, 2), "assigned"),
        ((registry, assigned, able, 1), "assigned"),
        ((registry, assigned - 1, able, 2), "assigned"),
        ((registry, assigned, able.astype(np.uint8), 2), "capabilities"),
        ((Registry(digests_of([KEYS[0]] * 2), registry.seats), assigned, able, 2), "listed twice"),
    ):
        with pytest.raises(ValueError, match=named):
            SeatedClusters(seed, *columns)
    with pytest.raises(ValueError, match="factor"):
        owners(HARDENED, seated_clusters(MANY), columns_of(JOBS), 0)
    stray = replace(MANY, seats=(*MANY.seats, SeatKey(KEYS[0], Seat(99))))
    with pytest.raises(ValueError, match="exactly one"):
        seated_clusters(stray)
