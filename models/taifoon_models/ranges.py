"""Ranges of numbered leaves over the ideal hash, and how proofs about them are shown and altered.

Leaf i has the content "leaf i". A range of n leaves is a prefix of a longer one, as post-order storage promises, so one
long range serves every exploration.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from taifoon.core.mmr.combiner import conforming_bag_orders
from taifoon.core.mmr.frontier import Frontier, append, empty_frontier
from taifoon.core.mmr.mountains import MountainRange, range_of, root_of_range, span_value
from taifoon.core.mmr.shape import node_count
from taifoon.core.mmr.spans import Span, halves, whole
from taifoon.primitives.types import LeafCount
from taifoon.profile import Profile
from taifoon_models.free_algebra import FreeCombiner, Term

GREATEST_RANGE = 512
ALIEN = "alien"


def content(index: int) -> bytes:
    """The content of leaf `index`."""
    return f"leaf {index}".encode()


@cache
def ideal(profile: Profile) -> FreeCombiner:
    """The ideal hash under a profile."""
    return FreeCombiner(profile)


@cache
def client(profile: Profile, number: int) -> FreeCombiner:
    """The ideal hash of a client that took the bag order with this number, or the last one that conforms."""
    orders = conforming_bag_orders(profile)
    return ideal(profile).sharing(left_peak_first=orders[min(number, len(orders) - 1)])


@cache
def appended(combiner: FreeCombiner, leaves: int) -> Frontier[Term]:
    """The frontier after appending the first leaves one by one."""
    if leaves == 0:
        return empty_frontier()
    return append(combiner, appended(combiner, leaves - 1), content(leaves - 1))


@cache
def _longest(combiner: FreeCombiner) -> MountainRange[Term]:
    return range_of(combiner, [content(index) for index in range(GREATEST_RANGE)])


@cache
def numbered(combiner: FreeCombiner, leaves: int) -> MountainRange[Term]:
    """The range of the first leaves."""
    return MountainRange(LeafCount(leaves), _longest(combiner).nodes[: node_count(leaves)])


@cache
def numbered_root(combiner: FreeCombiner, leaves: int) -> Term:
    """The root of the range of the first leaves."""
    return root_of_range(combiner, numbered(combiner, leaves))


def spans_of(leaves: int) -> Iterator[Span]:
    """All spans into which a range splits, from the whole down to the leaves."""

    def below(span: Span) -> Iterator[Span]:
        yield span
        if span.size > 1:
            for half in halves(span):
                yield from below(half)

    if leaves:
        yield from below(whole(LeafCount(leaves)))


def item_names(leaves: int) -> tuple[str, ...]:
    """Names of all values that an adversary can offer: every span of the range, and one value from elsewhere."""
    return (*(f"{span.start}-{span.stop}" for span in spans_of(leaves)), ALIEN)


def item(combiner: FreeCombiner, mountains: MountainRange[Term], name: str) -> Term:
    """The value with a name of `item_names`."""
    if name == ALIEN:
        return combiner.term("alien")
    start, stop = name.split("-")
    return span_value(combiner, mountains, Span(int(start), int(stop)))
