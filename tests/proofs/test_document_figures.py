"""Figures of the source as written, each computed by the shipped functions under `DOCUMENT`."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from itertools import permutations

import pytest

from taifoon.core.cluster_log import ClusterLog, arrive, empty_cluster_log, finalise, jobs_under_batch_peaks
from taifoon.core.leaf import leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import frontier_of, root_of_frontier
from taifoon.core.mmr.inclusion import InclusionProof, prove_leaf, verify_leaf
from taifoon.core.mmr.mountains import frontier_of_range, root_of_range
from taifoon.core.mmr.shape import node_count, popcount
from taifoon.core.quorum import guaranteed_overlap, quorum, tolerated_faults
from taifoon.core.storage import StorageRole, Store, empty_store, store_leaf, stored_values
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.jobs import blocks_of, completion, intake
from taifoon_models.ranges import content, ideal, numbered, numbered_root
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.verdict import Counterexample

load()
COMBINER = HashCombiner(DOCUMENT)


def roots_over_all_arrivals(profile: Profile, jobs: int) -> set[Hash32]:
    combiner = HashCombiner(profile)
    roots = set()
    for order in permutations(range(jobs)):
        log: ClusterLog[Hash32] = empty_cluster_log()
        for number in order:
            log = arrive(combiner, log, intake(number))
        for block in blocks_of([[jobs, 0]]):
            log = finalise(combiner, log, block)
        roots.add(root_of_range(combiner, log.jobs.mountains))
    return roots


@pytest.mark.parametrize(("jobs", "orders"), [(1, 1), (2, 2), (3, 6), (4, 24), (5, 120)])
def test_m1_each_order_of_arrival_gives_its_own_root(jobs: int, orders: int) -> None:
    assert len(roots_over_all_arrivals(DOCUMENT, jobs)) == orders
    assert len(roots_over_all_arrivals(HARDENED, jobs)) == 1


def test_m2_a_completion_changes_the_leaf_and_its_ancestors() -> None:
    rewriting = Counterexample("log/completion-rewrites", {"jobs": 4, "completed": 1})
    last = run(DOCUMENT, rewriting).states[-1]
    # The leaf itself at position 1, its parent at 2, the peak at 6.
    assert (last["changed_leaves"], last["changed_nodes"], last["leaves"]) == ((1,), (1, 2, 6), 4)
    repaired = run(HARDENED, rewriting).states[-1]
    assert (repaired["changed_leaves"], repaired["changed_nodes"], repaired["leaves"]) == ((), (), 5)


def test_m2_proofs_and_roots_made_before_a_completion_are_dead() -> None:
    combiner = HashCombiner(DOCUMENT)
    before = [leaf_content(intake(number)) for number in range(4)]
    after = [before[0], leaf_content(completion(1)), *before[2:]]
    roots = [root_of_frontier(combiner, frontier_of(combiner, contents)) for contents in (before, after)]
    assert roots[0] != roots[1]


def logged(jobs: int, done: int) -> ClusterLog[Hash32]:
    """A member's view under the source's rule after jobs, of which the first ones are completed."""
    log: ClusterLog[Hash32] = empty_cluster_log()
    for number in range(jobs):
        log = arrive(COMBINER, log, intake(number))
    for number in range(done):
        log = arrive(COMBINER, log, completion(number))
    return log


def test_m4_three_jobs_without_a_proof_have_two_peaks_of_completed_batches() -> None:
    covered = jobs_under_batch_peaks(DOCUMENT, logged(3, 0))
    assert [len(leaves) for leaves in covered] == [2, 1]
    assert all(leaf.is_intake for leaves in covered for leaf in leaves)


def test_m4_batches_of_three_and_five_have_one_peak() -> None:
    log = logged(8, 8)
    covered = jobs_under_batch_peaks(DOCUMENT, log)
    assert [len(leaves) for leaves in covered] == [8]
    assert len(frontier_of_range(log.jobs.mountains).peaks) == 1


def test_m4_repaired_batches_of_three_and_five_have_their_own_peak() -> None:
    combiner = HashCombiner(HARDENED)
    log: ClusterLog[Hash32] = empty_cluster_log()
    for block in blocks_of([[3, 3], [5, 5]]):
        log = finalise(combiner, log, block)
    assert log.batches.count == 2
    assert [len(leaves) for leaves in jobs_under_batch_peaks(HARDENED, log)] == [8]


@pytest.mark.parametrize(
    ("scenario", "parameters"),
    [
        pytest.param("mmr/second-preimage", {}, id="a-two-leaves-are-one"),
        pytest.param("mmr/bag-as-node", {}, id="b-a-bag-is-a-node"),
        *(pytest.param("mmr/assignment-as-root", {"height": height}, id=f"c-height-{height}") for height in range(5)),
    ],
)
def test_m5_one_digest_has_two_meanings(scenario: str, parameters: dict[str, int]) -> None:
    assert violates(DOCUMENT, scenario, parameters)
    assert not violates(HARDENED, scenario, parameters)


def test_m5_the_order_of_a_bag_shows_in_proofs_from_three_peaks_on() -> None:
    refused = [
        leaves
        for leaves in range(1, 16)
        if any(
            violates(DOCUMENT, "mmr/honest-proof", {"leaves": leaves, "index": index, "prover": 0, "verifier": 1})
            for index in range(leaves)
        )
    ]
    assert refused == [leaves for leaves in range(1, 16) if popcount(leaves) >= 3] == [7, 11, 13, 14, 15]


def test_m7_a_million_leaves_have_seven_peaks_and_two_million_nodes() -> None:
    assert popcount(1_000_000) == 7
    assert node_count(1_000_000) == 1_999_993
    assert 32 * popcount(1_000_000) == 224
    assert 32 * node_count(1_000_000) >> 20 == 61


def test_m7_every_node_of_the_source_keeps_the_peaks_alone() -> None:
    for role in StorageRole:
        store: Store[Hash32] = empty_store(DOCUMENT, role)
        for index in range(8):
            store = store_leaf(COMBINER, store, content(index))
        assert stored_values(store) == 1
    assert violates(DOCUMENT, "storage/unprovable-leaf", {"leaves": 8, "index": 0})


WITHOUT_SIZE = HARDENED.without(Resolution.SIZED_ROOT)
HONEST_PROOFS = [(leaves, index) for leaves in range(1, 33) for index in range(leaves)]


SIZES = 48


@cache
def places_by_length(sizes: int) -> dict[int, list[tuple[int, int]]]:
    """All sizes and indices, by the number of items of a proof there; a proof of another length has no chance."""
    combiner, found = ideal(HARDENED), defaultdict(list)
    for size in range(1, sizes + 1):
        for place in range(size):
            proof = prove_leaf(combiner, numbered(combiner, size), LeafIndex(place))
            found[len(proof.items)].append((size, place))
    return found


def other_size_served(profile: Profile, leaves: int, index: int) -> int | None:
    """The smallest other size for which the items of an honest proof verify its leaf, at whatever index there."""
    combiner = ideal(profile)
    root = numbered_root(combiner, leaves)
    items = prove_leaf(combiner, numbered(combiner, leaves), LeafIndex(index)).items
    for size, place in places_by_length(SIZES)[len(items)]:
        claimed = LeafIndex(place)
        proof = InclusionProof((claimed,), items)
        try:
            verify_leaf(combiner, root, LeafCount(size), claimed, content(index), proof)
        except Rejected:
            continue
        if size != leaves:
            return size
    return None


def test_without_a_size_in_the_root_nearly_every_proof_serves_another_size() -> None:
    """Of the proofs in ranges of up to 32 leaves, the first leaf of one and of two alone serve no other size.

    The last two leaves of 32 need a size of 48, all others one of up to 33.
    """
    served = {proof: other_size_served(WITHOUT_SIZE, *proof) for proof in HONEST_PROOFS}
    assert len(served) == 528
    assert [proof for proof, size in served.items() if size is None] == [(1, 0), (2, 0)]
    assert [proof for proof, size in served.items() if size == SIZES] == [(32, 30), (32, 31)]
    assert sum(size is not None for size in served.values()) == 526
    assert sum(size is not None and size <= 33 for size in served.values()) == 524


def test_without_a_size_in_the_root_most_proofs_serve_another_size_at_their_own_index() -> None:
    """The exceptions are the last leaf of an odd range and the last two of an even one."""
    cases = [{"leaves": leaves, "index": index, "sizes": 33} for leaves, index in HONEST_PROOFS]
    assert sum(violates(WITHOUT_SIZE, "mmr/other-size", case) for case in cases) == 480
    assert not any(violates(HARDENED, "mmr/other-size", case) for case in cases[:200])


def test_a_sized_root_lets_no_proof_serve_another_size() -> None:
    assert not any(other_size_served(HARDENED, *proof) for proof in HONEST_PROOFS if proof[0] <= 16)


def test_c1_no_threshold_serves_six_seats_with_two_faults() -> None:
    assert (quorum(DOCUMENT, 6), tolerated_faults(DOCUMENT, 6)) == (4, 2)
    assert guaranteed_overlap(6, 4) == 2
    assert 6 - 2 < 5
    assert violates(DOCUMENT, "quorum/two-certificates", {"seats": 6, "double_signers": 2})
    assert not violates(DOCUMENT, "quorum/two-certificates", {"seats": 5, "double_signers": 1})


@pytest.mark.parametrize(("profile", "needed"), [(DOCUMENT, 2), (HARDENED, 4)], ids=["document", "hardened"])
def test_c1_double_signers_that_fork_six_seats(profile: Profile, needed: int) -> None:
    """The fewest seats that sign both blocks when two certificates appear, tolerated or not."""
    forks = []
    for double in range(7):
        done = run(profile, Counterexample("quorum/two-certificates", {"seats": 6, "double_signers": double}))
        if len(done.states[-1]["certified"]) == 2:
            forks.append(double)
    assert min(forks) == needed


@pytest.mark.parametrize("seats", [4, 5])
def test_c1_two_thirds_rounded_down_are_unsafe_with_one_fault(seats: int) -> None:
    assert guaranteed_overlap(seats, 2 * seats // 3) <= 1
    assert guaranteed_overlap(seats, quorum(HARDENED, seats)) > 1
