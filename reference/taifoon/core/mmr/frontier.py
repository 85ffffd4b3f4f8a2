"""Section 2.1: the frontier of a mountain range: its leaf count and peaks, O(log n) values (R-2.1-1, R-2.1-10, R-7-5).

A frontier is enough to append and to compute the root. Appending merges mountains of equal height, as adding one
ripples a carry through the bits of the count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from icontract import ensure

from taifoon.core.mmr.combiner import Combiner
from taifoon.core.mmr.shape import (
    MAX_LEAVES,
    accepts_peak_count,
    check_leaf_count,
    kept,
    leaf_position,
    merges,
    node_count,
    popcount,
    subtree_position,
)
from taifoon.primitives.types import Height, LeafCount, LeafIndex, NodePosition
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Frontier(Generic[V]):
    """Leaf count and peaks, tallest mountain first. Rejects with MMR_FULL for a count that no range has."""

    count: LeafCount
    peaks: tuple[V, ...]

    def __post_init__(self) -> None:
        check_leaf_count(self.count)


def empty_frontier() -> Frontier[V]:
    """The frontier of a range without leaves."""
    return Frontier(LeafCount(0), ())


def checked_frontier(profile: Profile, count: LeafCount, peaks: tuple[V, ...]) -> Frontier[V]:
    """A frontier from claims of another node.

    Rejects with MMR_FULL for a count that no range has, with MMR_PEAK_COUNT where peaks and count do not fit.
    """
    frontier = Frontier(count, peaks)
    if not accepts_peak_count(profile, count, len(peaks)):
        raise Rejected(
            RejectionCode.MMR_PEAK_COUNT, f"{len(peaks)} peaks for {count} leaves; that count has {popcount(count)}"
        )
    return frontier


@ensure(lambda frontier, result: result.count == frontier.count + 1)
@ensure(lambda frontier, result: len(result.peaks) == popcount(kept(frontier.count)) + 1)
def append(combiner: Combiner[V], frontier: Frontier[V], content: bytes) -> Frontier[V]:
    """The frontier with one more leaf.

    Rejects with MMR_FULL at the greatest count, with MMR_PEAK_COUNT for peaks that do not fit the count.
    """
    count = frontier.count
    if count >= MAX_LEAVES:
        raise Rejected(RejectionCode.MMR_FULL, f"count is {count}; a range holds at most {MAX_LEAVES} leaves")
    if len(frontier.peaks) != popcount(count):
        raise Rejected(
            RejectionCode.MMR_PEAK_COUNT,
            f"{len(frontier.peaks)} peaks for {count} leaves; that count has {popcount(count)}",
        )
    merged = merges(count)
    carried = combiner.leaf(NodePosition(leaf_position(count)), LeafIndex(count), content)
    start = int(count)
    for height in range(1, merged + 1):
        start -= 1 << (height - 1)
        position = NodePosition(subtree_position(start, height))
        carried = combiner.node(position, Height(height), frontier.peaks[-height], carried)
    return Frontier(LeafCount(count + 1), (*frontier.peaks[: len(frontier.peaks) - merged], carried))


@ensure(lambda result, contents: result.count >= len(contents))
def append_batch(combiner: Combiner[V], frontier: Frontier[V], contents: tuple[bytes, ...]) -> Frontier[V]:
    """The frontier with a batch of leaves, in order."""
    for content in contents:
        frontier = append(combiner, frontier, content)
    return frontier


def bag_peaks(combiner: Combiner[V], frontier: Frontier[V]) -> V:
    """The bag of the peaks, from the right: the RFC 9162 tree head of the range."""
    if not frontier.peaks:
        return combiner.empty()
    *others, accumulator = frontier.peaks
    size = NodePosition(node_count(frontier.count))
    for peak in reversed(others):
        accumulator = combiner.bag(accumulator, peak, frontier.count, size)
    return accumulator


def root_of_frontier(combiner: Combiner[V], frontier: Frontier[V]) -> V:
    """The root that commits to count and peaks, for every count, 0 and 1 too."""
    size = NodePosition(node_count(frontier.count))
    return combiner.root(frontier.count, size, bag_peaks(combiner, frontier))


def frontier_of(combiner: Combiner[V], contents: Iterable[bytes]) -> Frontier[V]:
    """The frontier of a range with these leaves."""
    return append_batch(combiner, empty_frontier(), tuple(contents))
