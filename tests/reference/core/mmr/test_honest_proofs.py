"""Every honest proof is the RFC 9162 proof where there is one, and is accepted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icontract import ViolationError

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import (
    Head,
    adopt_head,
    prove_consistency,
    prove_subtree,
    verify_consistency,
    verify_subtree,
)
from taifoon.core.mmr.inclusion import (
    Claim,
    prove_leaf,
    prove_leaves,
    prove_run,
    verify_leaf,
    verify_leaves,
    verify_run,
)
from taifoon.core.mmr.mountains import MountainRange, range_of, root_of_range, span_value
from taifoon.core.mmr.shape import node_count
from taifoon.core.mmr.spans import Span, is_subtree
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex
from taifoon.profile import HARDENED

from . import rfc9162

COMBINER = HashCombiner(HARDENED)
GREATEST = 33
CONTENTS = tuple(b"leaf %d" % index for index in range(GREATEST))
LONGEST = range_of(COMBINER, CONTENTS)


def first(count: int) -> MountainRange[Hash32]:
    return MountainRange(LeafCount(count), LONGEST.nodes[: node_count(count)])


@pytest.mark.parametrize("count", range(1, GREATEST + 1))
def test_the_path_of_each_leaf_is_that_of_the_rfc(count: int) -> None:
    contents, mountains = CONTENTS[:count], first(count)
    for index, content in enumerate(contents):
        proof = prove_leaf(COMBINER, mountains, LeafIndex(index))
        assert proof.items == rfc9162.path(index, contents)
        verify_leaf(COMBINER, rfc9162.root(contents), LeafCount(count), LeafIndex(index), content, proof)


@pytest.mark.parametrize("count", range(1, GREATEST + 1))
def test_the_proof_of_each_extension_is_that_of_the_rfc(count: int) -> None:
    contents, mountains = CONTENTS[:count], first(count)
    head = Head(LeafCount(count), rfc9162.root(contents))
    for old in range(1, count + 1):
        proof = prove_consistency(COMBINER, mountains, LeafCount(old))
        assert proof.items == rfc9162.extension(old, contents)
        known = Head(LeafCount(old), rfc9162.root(contents[:old]))
        assert adopt_head(COMBINER, known, head, proof) == head


def test_every_range_extends_the_empty_one() -> None:
    for count in range(GREATEST + 1):
        proof = prove_consistency(COMBINER, first(count), LeafCount(0))
        assert proof.items == ()
        root = rfc9162.root(CONTENTS[:count])
        verify_consistency(COMBINER, LeafCount(0), rfc9162.root(()), LeafCount(count), root, proof)


ranges = st.integers(1, GREATEST)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(count=ranges, choice=st.sets(st.integers(0, GREATEST - 1), min_size=1))
def test_any_set_of_leaves_is_provable_with_no_more_items_than_paths(count: int, choice: set[int]) -> None:
    mountains = first(count)
    indices = tuple(LeafIndex(index) for index in sorted({index % count for index in choice}))
    proof = prove_leaves(COMBINER, mountains, indices)
    claims = tuple(Claim(index, CONTENTS[index]) for index in indices)
    verify_leaves(COMBINER, root_of_range(COMBINER, mountains), mountains.count, claims, proof)
    assert len(proof.items) <= sum(len(rfc9162.path(index, CONTENTS[:count])) for index in indices)
    assert len(set(proof.items)) == len(proof.items)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(count=ranges, edges=st.tuples(ranges, ranges))
def test_any_run_of_leaves_is_provable(count: int, edges: tuple[int, int]) -> None:
    mountains = first(count)
    start = edges[0] % count
    run = Span(start, start + 1 + edges[1] % (count - start))
    proof = prove_run(COMBINER, mountains, run)
    root = root_of_range(COMBINER, mountains)
    verify_run(COMBINER, root, mountains.count, run, CONTENTS[run.start : run.stop], proof)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 8, 11, 13, 16, 21])
def test_each_subtree_has_the_head_of_its_leaves_and_is_provable(count: int) -> None:
    mountains = first(count)
    root = rfc9162.root(CONTENTS[:count])
    for stop in range(1, count + 1):
        for start in range(stop):
            span = Span(start, stop)
            if is_subtree(span):
                value = span_value(COMBINER, mountains, span)
                assert value == rfc9162.tree_head(CONTENTS[start:stop])
                proof = prove_subtree(COMBINER, mountains, span)
                verify_subtree(COMBINER, root, LeafCount(count), span, value, proof)


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        *[(0, 0, True), (5, 5, True), (0, 7, True), (4, 7, True), (8, 11, True), (6, 8, True)],
        *[(2, 5, False), (4, 9, False), (3, 5, False), (-4, -2, False), (3, 2, False)],
    ],
)
def test_a_subtree_starts_at_a_multiple_of_its_rounded_size(start: int, stop: int, expected: bool) -> None:
    assert is_subtree(Span(start, stop)) is expected


@pytest.mark.parametrize("indices", [(), (3, 1), (2, 2), (7,), (-1,)], ids=str)
def test_asking_the_prover_for_leaves_that_it_cannot_have_is_a_programming_fault(indices: tuple[int, ...]) -> None:
    with pytest.raises(ViolationError):
        prove_leaves(COMBINER, first(7), tuple(LeafIndex(index) for index in indices))
