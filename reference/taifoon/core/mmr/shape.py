"""Section 2.1: the shape of a mountain range, a function of its leaf count alone (R-2.1-1, R-0-1).

A range of n leaves is a row of perfect binary trees, its mountains, tallest first: one for each set bit of n. Nodes
are numbered in the order in which appending creates them (post-order), so a stored node never moves.

Every formula here uses only integer operations that 64-bit vectors have too; the proofs run these very functions on
symbolic counts up to `MAX_LEAVES`.
"""

from __future__ import annotations

from itertools import pairwise

from icontract import ensure, require

from taifoon.primitives.types import Height, LeafCount, NodePosition
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

MAX_HEIGHT = 62
MAX_LEAVES = 1 << MAX_HEIGHT


def is_leaf_count(count: int) -> bool:
    """Whether a range can hold that many leaves."""
    return 0 <= count <= MAX_LEAVES


def check_leaf_count(count: int) -> None:
    """Demand a count that a range can have. Rejects with MMR_FULL."""
    if not is_leaf_count(count):
        raise Rejected(RejectionCode.MMR_FULL, f"count is {count}; a range holds 0 to {MAX_LEAVES} leaves")


def bit(count: int, height: int) -> int:
    """1 if the range has a mountain of this height, else 0."""
    return (count >> height) & 1


def popcount(count: int) -> int:
    """Number of set bits, hence of mountains."""
    total = count & 1
    for height in range(1, MAX_HEIGHT + 1):
        total = total + ((count >> height) & 1)
    return total


def merges(count: int) -> int:
    """How many mountains the next leaf merges: the trailing ones of the count, as a carry ripples."""
    return popcount(count ^ (count + 1)) - 1


def kept(count: int) -> int:
    """The part of the count whose mountains the next append leaves as they are."""
    return count & (count + 1)


def node_count(count: int) -> int:
    """Number of nodes of all mountains together: a mountain of height h has 2^(h+1) - 1."""
    return 2 * count - popcount(count)


def leaf_position(index: int) -> int:
    """Position of a leaf: it is stored right after the nodes of the range it was appended to."""
    return node_count(index)


def subtree_position(start: int, height: int) -> int:
    """Position of the root of the perfect subtree over leaves [start, start + 2^height).

    Its last leaf is stored first, then the merges that end in this node, one level each.
    """
    return leaf_position(start + (1 << height) - 1) + height


@require(lambda count: is_leaf_count(count))
@ensure(lambda count, result: sum(1 << height for height in result) == count)
@ensure(lambda result: all(high > low for high, low in pairwise(result)))
def peak_heights(count: LeafCount) -> tuple[Height, ...]:
    """Heights of the mountains, tallest first: the set bits of the count."""
    return tuple(Height(height) for height in range(MAX_HEIGHT, -1, -1) if bit(count, height))


def accepts_peak_count(profile: Profile, count: int, peaks: int) -> bool:
    """Rule: whether a claimed number of peaks fits the leaf count. Literally, nothing ties the two."""
    if Resolution.PEAK_COUNT in profile:
        return peaks == popcount(count)
    return (peaks >= 0) & (peaks <= MAX_HEIGHT + 1)


def accepts_remainder(profile: Profile, remainder: int) -> bool:
    """Rule: what may be left of a node count once all its mountains are taken off. Literally, nothing is said."""
    if Resolution.CANONICAL_SIZE in profile:
        return remainder == 0
    return remainder >= 0


def mountain_nodes(height: int) -> int:
    """Number of nodes of one mountain."""
    return (1 << (height + 1)) - 1


def leaf_count(profile: Profile, size: NodePosition) -> LeafCount:
    """The leaf count of a range with this many nodes: mountains are taken off greedily, tallest first.

    Rejects with MMR_SIZE_NOT_CANONICAL where no range has that size, with MMR_FULL above the greatest one.
    """
    if not 0 <= size <= node_count(MAX_LEAVES):
        raise Rejected(RejectionCode.MMR_FULL, f"size is {size}; a range has 0 to {node_count(MAX_LEAVES)} nodes")
    count, remainder = 0, int(size)
    for height in range(MAX_HEIGHT, -1, -1):
        if remainder >= mountain_nodes(height):
            count, remainder = count + (1 << height), remainder - mountain_nodes(height)
    if not accepts_remainder(profile, remainder):
        raise Rejected(
            RejectionCode.MMR_SIZE_NOT_CANONICAL,
            f"size is {size}; the nearest smaller size of a range is {size - remainder}, with {count} leaves",
        )
    return LeafCount(count)


@require(lambda size: size > 1)
@ensure(lambda size, result: result < size <= 2 * result)
def split_point(size: int) -> int:
    """The greatest power of two below `size`: where RFC 9162 (section 2.1.1) splits a list of that size."""
    return 1 << ((size - 1).bit_length() - 1)


def is_power_of_two(size: int) -> bool:
    """Whether a span of this size is a perfect subtree."""
    return size > 0 and size & (size - 1) == 0
