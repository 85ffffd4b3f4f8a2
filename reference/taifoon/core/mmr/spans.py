"""Section 2.1: spans of leaves, and how two neighbouring spans join into one value.

Bagging from the right makes the range of n leaves one tree, the tree of RFC 9162: a span splits at the greatest power
of two below its size. A perfect span is a node of a mountain; a ragged one is a bag of peaks. Every proof is a walk
over these spans.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from icontract import ensure, require

from taifoon.core.mmr.combiner import Combiner
from taifoon.core.mmr.shape import is_power_of_two, node_count, split_point, subtree_position
from taifoon.primitives.types import Height, LeafCount, NodePosition

V = TypeVar("V")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The leaves start <= i < stop."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self.stop - self.start

    def __contains__(self, index: int) -> bool:
        return self.start <= index < self.stop

    def covers(self, other: Span) -> bool:
        """Whether every leaf of the other span is in this one."""
        return self.start <= other.start and other.stop <= self.stop


def whole(count: LeafCount) -> Span:
    """The span of all leaves."""
    return Span(0, count)


@require(lambda span: span.size > 1)
@ensure(lambda span, result: result[0].start == span.start and result[1].stop == span.stop)
@ensure(lambda result: result[0].stop == result[1].start and is_power_of_two(result[0].size))
def halves(span: Span) -> tuple[Span, Span]:
    """The two spans into which RFC 9162 splits this one; the left one is perfect."""
    middle = span.start + split_point(span.size)
    return Span(span.start, middle), Span(middle, span.stop)


def is_subtree(span: Span) -> bool:
    """Whether a span is a subtree of some range: empty, or its start is a multiple of its size rounded up to 2^k."""
    rounded = 1 << max(span.size - 1, 0).bit_length()
    return span.start >= 0 and span.size >= 0 and (span.size == 0 or span.start % rounded == 0)


def join(combiner: Combiner[V], span: Span, left: V, right: V) -> V:
    """The value of a span from the values of its halves: a mountain's node, or a bag."""
    if is_power_of_two(span.size):
        height = Height(span.size.bit_length() - 1)
        return combiner.node(NodePosition(subtree_position(span.start, height)), height, left, right)
    return combiner.bag(right, left, LeafCount(span.stop), NodePosition(node_count(span.stop)))


def value_of(combiner: Combiner[V], span: Span, perfect: Callable[[Span], V]) -> V:
    """The value of any span, given those of the perfect ones."""
    if span.size == 0:
        return combiner.empty()
    if is_power_of_two(span.size):
        return perfect(span)
    left, right = halves(span)
    return join(combiner, span, perfect(left), value_of(combiner, right, perfect))
