"""Ranges of numbered leaves over the ideal hash, and how proofs about them are shown and altered.

Leaf i has the content "leaf i". A range of n leaves is a prefix of a longer one, as post-order storage promises, so one
long range serves every exploration.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from taifoon.core.mmr.combiner import HashCombiner, conforming_bag_orders
from taifoon.core.mmr.frontier import Frontier, append, empty_frontier
from taifoon.core.mmr.mountains import MountainRange, range_of, root_of_range, span_value
from taifoon.core.mmr.shape import node_count
from taifoon.core.mmr.spans import Span, halves, whole
from taifoon.primitives.hashing import Role
from taifoon.primitives.types import Hash32, LeafCount
from taifoon.profile import Profile
from taifoon_models.ideal_hash import IdealHash

GREATEST_RANGE = 512
ALIEN = "alien"


def content(index: int) -> bytes:
    """The content of leaf `index`."""
    return f"leaf {index}".encode()


IDEAL = IdealHash()


@cache
def client(profile: Profile, number: int) -> HashCombiner:
    """A client over the ideal hash that took the bag order with this number, or the last one that conforms."""
    orders = conforming_bag_orders(profile)
    return HashCombiner(profile, orders[min(number, len(orders) - 1)], IDEAL)


def ideal(profile: Profile) -> HashCombiner:
    """The client over the ideal hash that took the likeliest choices."""
    return client(profile, 0)


@cache
def _longest(combiner: HashCombiner) -> MountainRange[Hash32]:
    return range_of(combiner, [content(index) for index in range(GREATEST_RANGE)])


@cache
def numbered(combiner: HashCombiner, leaves: int) -> MountainRange[Hash32]:
    """The range of the first leaves."""
    return MountainRange(LeafCount(leaves), _longest(combiner).nodes[: node_count(leaves)])


@cache
def numbered_root(combiner: HashCombiner, leaves: int) -> Hash32:
    """The root of the range of the first leaves."""
    return root_of_range(combiner, numbered(combiner, leaves))


@cache
def appended(combiner: HashCombiner, leaves: int) -> Frontier[Hash32]:
    """The frontier after appending the first leaves one by one."""
    if leaves == 0:
        return empty_frontier()
    return append(combiner, appended(combiner, leaves - 1), content(leaves - 1))


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


def alien(profile: Profile) -> Hash32:
    """A digest from elsewhere, of a role that no range uses."""
    return IDEAL(profile, Role.EVIDENCE, b"alien")


def item(combiner: HashCombiner, mountains: MountainRange[Hash32], name: str) -> Hash32:
    """The value with a name of `item_names`."""
    if name == ALIEN:
        return alien(combiner.profile)
    start, stop = name.split("-")
    return span_value(combiner, mountains, Span(int(start), int(stop)))
