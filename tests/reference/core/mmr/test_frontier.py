"""Appending to the peaks alone gives the range of a list of leaves, within limits, from peaks that fit."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import (
    Frontier,
    append,
    append_batch,
    bag_peaks,
    checked_frontier,
    empty_frontier,
    frontier_of,
    root_of_frontier,
)
from taifoon.core.mmr.mountains import (
    MountainRange,
    bag_of_range,
    extend,
    frontier_of_range,
    range_of,
    root_of_range,
)
from taifoon.core.mmr.shape import (
    MAX_HEIGHT,
    MAX_LEAVES,
    leaf_count,
    leaf_position,
    merges,
    node_count,
    peak_heights,
    popcount,
    split_point,
)
from taifoon.primitives.types import Hash32, LeafCount, NodePosition
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

from . import rfc9162

COMBINER = HashCombiner(HARDENED)
GREATEST = 64
DIGEST = Hash32(bytes(32))

contents_lists = st.lists(st.binary(max_size=12), max_size=40)


def numbered(count: int) -> list[bytes]:
    return [b"leaf %d" % index for index in range(count)]


def code_of(error: pytest.ExceptionInfo[Rejected]) -> RejectionCode:
    return error.value.code


@pytest.mark.parametrize("count", range(GREATEST + 1))
def test_appending_gives_the_recursive_model(count: int) -> None:
    contents = numbered(count)
    frontier: Frontier[Hash32] = empty_frontier()
    for content in contents:
        frontier = append(COMBINER, frontier, content)
    assert frontier == Frontier(LeafCount(count), rfc9162.peaks(contents))
    assert bag_peaks(COMBINER, frontier) == rfc9162.tree_head(contents)
    assert root_of_frontier(COMBINER, frontier) == rfc9162.root(contents)


@pytest.mark.parametrize("count", range(GREATEST + 1))
def test_storing_all_nodes_gives_the_same_range(count: int) -> None:
    contents = numbered(count)
    mountains = range_of(COMBINER, contents)
    assert frontier_of_range(mountains) == frontier_of(COMBINER, contents)
    assert bag_of_range(COMBINER, mountains) == rfc9162.tree_head(contents)
    assert root_of_range(COMBINER, mountains) == rfc9162.root(contents)
    assert len(mountains.nodes) == node_count(count)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(contents=contents_lists, cuts=st.lists(st.integers(0, 40), max_size=5))
def test_any_split_into_batches_gives_the_same_frontier(contents: list[bytes], cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(contents)) for cut in cuts), len(contents)]
    frontier: Frontier[Hash32] = empty_frontier()
    mountains = range_of(COMBINER, ())
    for start, stop in pairwise(edges):
        batch = tuple(contents[start:stop])
        frontier = append_batch(COMBINER, frontier, batch)
        mountains = extend(COMBINER, mountains, batch)
    assert frontier == Frontier(LeafCount(len(contents)), rfc9162.peaks(contents))
    assert mountains == range_of(COMBINER, contents)
    assert root_of_range(COMBINER, mountains) == rfc9162.root(contents)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(contents=contents_lists, other=contents_lists)
def test_ranges_share_a_root_only_when_equal(contents: list[bytes], other: list[bytes]) -> None:
    roots = [root_of_frontier(COMBINER, frontier_of(COMBINER, each)) for each in (contents, other)]
    assert (roots[0] == roots[1]) == (contents == other)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(count=st.integers(0, MAX_LEAVES))
def test_shape_follows_the_bits_of_the_count(count: int) -> None:
    bits = [height for height in range(MAX_HEIGHT + 1) if count & (1 << height)]
    assert list(peak_heights(LeafCount(count))) == bits[::-1]
    assert popcount(count) == len(bits)
    assert node_count(count) == sum(2 ** (height + 1) - 1 for height in bits)
    assert leaf_count(HARDENED, NodePosition(node_count(count))) == count
    if count < MAX_LEAVES:
        assert merges(count) == len(bin(count)) - len(bin(count).rstrip("1"))
        assert leaf_position(count) == node_count(count)
    if count > 1:
        assert split_point(count) == rfc9162.greatest_power_below(count)


def test_the_last_append_fills_the_range() -> None:
    almost = Frontier(LeafCount(MAX_LEAVES - 1), (DIGEST,) * MAX_HEIGHT)
    full = append(COMBINER, almost, b"last")
    assert (full.count, len(full.peaks)) == (MAX_LEAVES, 1)
    with pytest.raises(Rejected) as caught:
        append(COMBINER, full, b"one too many")
    assert code_of(caught) is RejectionCode.MMR_FULL


@pytest.mark.parametrize(
    ("count", "peaks"),
    [
        pytest.param(1, 0, id="fewer-than-the-append-merges"),
        pytest.param(2, 0, id="fewer-than-the-append-keeps"),
        pytest.param(2, 2, id="more-than-the-append-keeps"),
        pytest.param(0, 1, id="a-peak-of-nothing"),
        pytest.param(11, 2, id="one-short"),
    ],
)
def test_append_refuses_peaks_that_do_not_fit_the_count(count: int, peaks: int) -> None:
    with pytest.raises(Rejected) as caught:
        append(COMBINER, Frontier(LeafCount(count), (DIGEST,) * peaks), b"leaf")
    assert code_of(caught) is RejectionCode.MMR_PEAK_COUNT


@pytest.mark.parametrize("kind", [Frontier, MountainRange])
@pytest.mark.parametrize("count", [-1, MAX_LEAVES + 1])
def test_there_is_no_range_of_a_count_beyond_the_limits(kind: type[Any], count: int) -> None:
    with pytest.raises(Rejected) as caught:
        kind(LeafCount(count), ())
    assert code_of(caught) is RejectionCode.MMR_FULL


def test_a_stored_range_has_the_nodes_of_its_count() -> None:
    nodes = range_of(COMBINER, numbered(5)).nodes
    MountainRange(LeafCount(5), nodes)
    for count, kept_nodes in ((5, nodes[:-1]), (4, nodes), (6, nodes), (5, (*nodes, DIGEST))):
        with pytest.raises(Rejected) as caught:
            MountainRange(LeafCount(count), kept_nodes)
        assert code_of(caught) is RejectionCode.MMR_SIZE_NOT_CANONICAL


HONEST = frontier_of(COMBINER, numbered(11))

ILL_FITTING = {
    "a peak left out": (HONEST.count, HONEST.peaks[:-1]),
    "a peak added": (HONEST.count, (*HONEST.peaks, DIGEST)),
    "all peaks left out": (HONEST.count, ()),
    "another count": (LeafCount(12), HONEST.peaks),
}


def test_an_honest_frontier_is_accepted() -> None:
    assert checked_frontier(HARDENED, HONEST.count, HONEST.peaks) == HONEST


@pytest.mark.parametrize("fault", ILL_FITTING)
def test_ill_fitting_peaks_are_refused_by_the_peak_count_rule_alone(fault: str) -> None:
    count, peaks = ILL_FITTING[fault]
    with pytest.raises(Rejected) as caught:
        checked_frontier(HARDENED, count, peaks)
    assert code_of(caught) is RejectionCode.MMR_PEAK_COUNT
    assert str(len(peaks)) in caught.value.detail
    assert checked_frontier(HARDENED.without(Resolution.PEAK_COUNT), count, peaks) == Frontier(count, peaks)


@pytest.mark.parametrize("profile", [HARDENED, HARDENED.without(Resolution.PEAK_COUNT)], ids=lambda item: item.name)
@pytest.mark.parametrize("count", [-1, MAX_LEAVES + 1])
def test_a_count_that_no_range_has_is_refused_under_every_profile(profile: Profile, count: int) -> None:
    with pytest.raises(Rejected) as caught:
        checked_frontier(profile, LeafCount(count), HONEST.peaks)
    assert code_of(caught) is RejectionCode.MMR_FULL
