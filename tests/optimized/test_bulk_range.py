"""A range that grows by batches has the nodes, frontiers, roots and proofs of the reference's, however it was cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import prove_consistency, prove_subtree, verify_consistency, verify_subtree
from taifoon.core.mmr.inclusion import prove_leaves, prove_run, verify_run
from taifoon.core.mmr.mountains import MountainRange, frontier_of_range, range_of, root_of_range, span_value
from taifoon.core.mmr.shape import MAX_LEAVES, leaf_position, node_count, popcount, subtree_position
from taifoon.core.mmr.spans import Span, is_subtree
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex
from taifoon.profile import HARDENED, Profile, Resolution, Suite
from taifoon.rejection import Rejected, RejectionCode

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized import workers
from taifoon_optimized.blake3_nodes import SLAB_LEAVES
from taifoon_optimized.bulk_range import BulkRange
from taifoon_optimized.positions import child_places, leaf_place, leaf_places, nodes_of, ones, subtree_place

from .ranges import EDGES, bulk_range, leaves, of_suite, reference_range

COMBINER = HashCombiner(HARDENED)


def nodes(mountains: BulkRange) -> tuple[Hash32, ...]:
    return tuple(mountains.mountains().nodes)


def prefix(whole: MountainRange[Hash32], count: int) -> MountainRange[Hash32]:
    return MountainRange(LeafCount(count), whole.nodes[: node_count(count)])


@settings(deadline=None, derandomize=True, max_examples=300)
@given(index=st.integers(0, MAX_LEAVES), height=st.integers(0, 20))
def test_positions_are_those_of_the_shape(index: int, height: int) -> None:
    assert ones(index) == popcount(index)
    assert nodes_of(index) == node_count(index)
    assert leaf_place(index) == leaf_position(index)
    start = min(index, MAX_LEAVES - (1 << height)) >> height << height
    assert subtree_place(start, height) == subtree_position(start, height)


@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 1), (3, 4), (5, 12), (0, 64), (63, 65)])
def test_completed_nodes_stand_by_their_children(first: int, last: int) -> None:
    assert list(leaf_places(first, last - first)) == [leaf_position(index) for index in range(first, last)]
    for height in range(1, 8):
        completed = range(first >> height, last >> height)
        assert [tuple(row) for row in child_places(first, last, height)] == [
            tuple(
                subtree_position(start, level)
                for start, level in (
                    (number << height, height),
                    (number << height, height - 1),
                    ((2 * number + 1) << (height - 1), height - 1),
                )
            )
            for number in completed
        ]


@pytest.mark.parametrize("count", EDGES)
def test_one_batch_gives_the_reference(count: int) -> None:
    grown, expected = bulk_range(HARDENED, leaves(count)), reference_range(HARDENED, leaves(count))
    assert nodes(grown) == expected.nodes
    assert grown.frontier() == frontier_of_range(expected)
    assert grown.root() == root_of_range(COMBINER, expected)


@pytest.mark.parametrize("suite", Suite)
def test_every_split_of_a_batch_gives_the_same_range(suite: Suite) -> None:
    profile, contents = of_suite(suite), leaves(7)
    expected = reference_range(profile, contents)
    for cuts in range(1 << 6):
        edges = [0, *(place + 1 for place in range(6) if cuts >> place & 1), 7]
        grown = BulkRange(profile)
        for start, stop in pairwise(edges):
            grown.append(contents[start:stop])
            assert grown.root() == root_of_range(HashCombiner(profile), prefix(expected, stop))
        assert nodes(grown) == expected.nodes


@settings(deadline=None, derandomize=True, max_examples=30)
@given(count=st.integers(0, 300), cuts=st.lists(st.integers(0, 300), max_size=6), suite=st.sampled_from(Suite))
def test_any_split_of_any_batch_gives_the_same_range(count: int, cuts: list[int], suite: Suite) -> None:
    profile, contents = of_suite(suite), leaves(count)
    grown = BulkRange(profile)
    for start, stop in pairwise([0, *sorted(min(cut, count) for cut in cuts), count]):
        grown.append(contents[start:stop])
    assert nodes(grown) == reference_range(profile, contents).nodes


LARGE = [b"%d" % index + bytes(index % 90) for index in range(2 * SLAB_LEAVES + 700)]
LARGE_RANGE = range_of(COMBINER, LARGE)


@pytest.mark.parametrize(
    "edges",
    [
        [0, SLAB_LEAVES],
        [0, len(LARGE)],
        [0, 1, SLAB_LEAVES + 1, len(LARGE)],
        [0, 700, len(LARGE)],
        [0, SLAB_LEAVES - 1, SLAB_LEAVES, 2 * SLAB_LEAVES, 2 * SLAB_LEAVES + 1],
    ],
)
@pytest.mark.parametrize("threads", [1, 3])
def test_whole_and_broken_slabs_on_any_threads(edges: list[int], threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LEAST_ROWS", 100)
    grown = BulkRange(HARDENED, threads)
    for start, stop in pairwise(edges):
        grown.append(LARGE[start:stop])
    assert nodes(grown) == LARGE_RANGE.nodes[: node_count(edges[-1])]


def test_slabs_of_leaves_of_one_length() -> None:
    contents = [bytes([index % 256, index >> 8]) * 31 + b"." for index in range(SLAB_LEAVES)]
    assert nodes(bulk_range(HARDENED, contents)) == reference_range(HARDENED, contents).nodes


def test_leaves_longer_than_a_chunk_take_the_other_way_to_the_same_range() -> None:
    contents = [*leaves(70), bytes(1025), *leaves(9)]
    assert nodes(bulk_range(HARDENED, contents)) == reference_range(HARDENED, contents).nodes


@pytest.mark.parametrize(
    "rule", [Resolution.HASH_ROLES, Resolution.SIZED_ROOT, Resolution.BAG_ORDER, Resolution.EXACT_ITEMS]
)
def test_any_profile_has_its_own_range(rule: Resolution) -> None:
    profile: Profile = HARDENED.without(rule)
    grown, expected = bulk_range(profile, leaves(21)), reference_range(profile, leaves(21))
    assert nodes(grown) == expected.nodes
    assert grown.root() == root_of_range(HashCombiner(profile), expected)


GREATEST = 130
CONTENTS = leaves(GREATEST)
GROWN = bulk_range(HARDENED, CONTENTS)
EXPECTED = reference_range(HARDENED, CONTENTS)


@pytest.mark.parametrize("count", range(0, GREATEST + 1, 5))
def test_every_earlier_range_is_still_there(count: int) -> None:
    then = prefix(EXPECTED, count)
    assert tuple(GROWN.mountains(count).nodes) == then.nodes
    assert GROWN.frontier(count) == frontier_of_range(then)
    assert GROWN.root(count) == root_of_range(COMBINER, then)


def test_a_count_that_the_range_has_not_had_is_named() -> None:
    for count in (-1, GREATEST + 1):
        with pytest.raises(ValueError, match=f"count is {count}"):
            GROWN.root(count)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(count=st.integers(1, GREATEST), chosen=st.sets(st.integers(0, GREATEST - 1), min_size=1, max_size=9))
def test_proofs_of_several_leaves(count: int, chosen: set[int]) -> None:
    indices = tuple(LeafIndex(index) for index in sorted({index % count for index in chosen}))
    assert GROWN.prove(indices, count) == prove_leaves(COMBINER, prefix(EXPECTED, count), indices)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(count=st.integers(1, GREATEST), edges=st.tuples(st.integers(0, GREATEST), st.integers(0, GREATEST)))
def test_proofs_of_runs_subtrees_and_extensions(count: int, edges: tuple[int, int]) -> None:
    then = prefix(EXPECTED, count)
    start = edges[0] % count
    span = Span(start, start + 1 + edges[1] % (count - start))
    run = GROWN.prove_run(span, count)
    assert run == prove_run(COMBINER, then, span)
    verify_run(COMBINER, GROWN.root(count), LeafCount(count), span, tuple(CONTENTS[span.start : span.stop]), run)
    if is_subtree(span):
        proof = GROWN.prove_subtree(span, count)
        assert proof == prove_subtree(COMBINER, then, span)
        value = span_value(COMBINER, then, span)
        verify_subtree(COMBINER, GROWN.root(count), LeafCount(count), span, value, proof)
    extension = GROWN.prove_consistency(span.stop, count)
    assert extension == prove_consistency(COMBINER, then, LeafCount(span.stop))
    heads = LeafCount(span.stop), GROWN.root(span.stop), LeafCount(count), GROWN.root(count)
    verify_consistency(COMBINER, *heads, extension)


@pytest.mark.parametrize("run", [Span(0, 0), Span(-1, 2), Span(5, 131), Span(4, 3)])
def test_a_run_of_no_leaves_of_the_range_is_named(run: Span) -> None:
    with pytest.raises(ValueError, match="run"):
        GROWN.prove_run(run)


def test_a_range_is_full_at_the_greatest_count() -> None:
    full = BulkRange(HARDENED)
    full.store.count = MAX_LEAVES
    full.append([])
    with pytest.raises(Rejected) as caught:
        full.append([b"one more"])
    assert caught.value.code is RejectionCode.MMR_FULL
    assert full.count == MAX_LEAVES


def test_no_leaves_change_nothing() -> None:
    grown = bulk_range(HARDENED, leaves(3))
    before = grown.root()
    grown.append([])
    assert (grown.count, grown.root()) == (3, before)


def test_nodes_are_read_as_a_sequence() -> None:
    stored, expected = GROWN.mountains().nodes, EXPECTED.nodes
    assert stored[-1] == expected[-1]
    assert stored[3:9:2] == expected[3:9:2]
    with pytest.raises(IndexError):
        stored[len(expected)]
