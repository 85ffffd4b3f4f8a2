"""Section 2.1: a mountain range with all its nodes, as an archival node keeps it (R-2.1-1, R-4.1-5).

Nodes are stored in post-order and never change: appending only adds. Whoever holds them can prove any leaf; a holder
of the frontier alone cannot.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from icontract import ensure

from taifoon.core.mmr.combiner import Combiner
from taifoon.core.mmr.frontier import Frontier, root_of_frontier
from taifoon.core.mmr.shape import check_leaf_count, merges, node_count, peak_heights, subtree_position
from taifoon.core.mmr.spans import Span, value_of, whole
from taifoon.primitives.types import Height, LeafCount, LeafIndex, NodePosition
from taifoon.rejection import Rejected, RejectionCode

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class MountainRange(Generic[V]):
    """Leaf count and all nodes by position. Rejects with MMR_FULL, and MMR_SIZE_NOT_CANONICAL if the two do not fit."""

    count: LeafCount
    nodes: tuple[V, ...]

    def __post_init__(self) -> None:
        check_leaf_count(self.count)
        if len(self.nodes) != node_count(self.count):
            raise Rejected(
                RejectionCode.MMR_SIZE_NOT_CANONICAL,
                f"{len(self.nodes)} nodes for {self.count} leaves; that range has {node_count(self.count)}",
            )


def empty_range() -> MountainRange[V]:
    """A range without leaves."""
    return MountainRange(LeafCount(0), ())


@ensure(lambda mountains, result: result.nodes[: len(mountains.nodes)] == mountains.nodes)
@ensure(lambda result: len(result.nodes) == node_count(result.count))
def extend(combiner: Combiner[V], mountains: MountainRange[V], contents: Iterable[bytes]) -> MountainRange[V]:
    """The range with more leaves, in order."""
    nodes = list(mountains.nodes)
    count = int(mountains.count)
    for content in contents:
        nodes.append(combiner.leaf(NodePosition(len(nodes)), LeafIndex(count), content))
        for height in range(1, merges(count) + 1):
            left = nodes[subtree_position(count + 1 - (1 << height), height - 1)]
            nodes.append(combiner.node(NodePosition(len(nodes)), Height(height), left, nodes[-1]))
        count += 1
    return MountainRange(LeafCount(count), tuple(nodes))


def range_of(combiner: Combiner[V], contents: Iterable[bytes]) -> MountainRange[V]:
    """The range with these leaves."""
    return extend(combiner, empty_range(), contents)


def perfect_value(mountains: MountainRange[V], span: Span) -> V:
    """The stored value of a perfect span."""
    return mountains.nodes[subtree_position(span.start, span.size.bit_length() - 1)]


def span_value(combiner: Combiner[V], mountains: MountainRange[V], span: Span) -> V:
    """The value of any span of the range: stored where perfect, bagged where ragged."""
    return value_of(combiner, span, lambda perfect: perfect_value(mountains, perfect))


@ensure(lambda mountains, result: result.count == mountains.count)
def frontier_of_range(mountains: MountainRange[V]) -> Frontier[V]:
    """The peaks, read from the stored nodes."""
    peaks, start = [], 0
    for height in peak_heights(mountains.count):
        peaks.append(mountains.nodes[subtree_position(start, height)])
        start += 1 << height
    return Frontier(mountains.count, tuple(peaks))


def bag_of_range(combiner: Combiner[V], mountains: MountainRange[V]) -> V:
    """The RFC 9162 tree head."""
    return span_value(combiner, mountains, whole(mountains.count))


def root_of_range(combiner: Combiner[V], mountains: MountainRange[V]) -> V:
    """The root that commits to count and peaks."""
    return root_of_frontier(combiner, frontier_of_range(mountains))
