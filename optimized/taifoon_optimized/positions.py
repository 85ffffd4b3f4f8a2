"""Where nodes of a mountain range stand, in machine words (section 2.1).

Equal to `node_count`, `popcount`, `leaf_position` and `subtree_position` of `taifoon.core.mmr.shape`: post-order, so
that appending never moves a node.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

Numbers = npt.NDArray[np.int64]


def nodes_of(count: int) -> int:
    """Number of nodes of a range: equals `node_count`, for any whole number of leaves."""
    return 2 * count - count.bit_count()


@njit(cache=True, nogil=True)
def ones(number: int) -> int:
    """Set bits of a number below 2^63: pairs, nibbles, octets, then all octets by one product."""
    word = uint64(number)
    word -= (word >> uint64(1)) & uint64(0x5555555555555555)
    word = (word & uint64(0x3333333333333333)) + ((word >> uint64(2)) & uint64(0x3333333333333333))
    word = (word + (word >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
    return int((word * uint64(0x0101010101010101)) >> uint64(56))


@njit(cache=True, nogil=True)
def leaf_place(index: int) -> int:
    """Position of a leaf."""
    return 2 * index - ones(index)


@njit(cache=True, nogil=True)
def subtree_place(start: int, height: int) -> int:
    """Position of the root of the perfect subtree over the leaves [start, start + 2^height)."""
    return leaf_place(start + (1 << height) - 1) + height


@njit(cache=True, nogil=True)
def leaf_places(first: int, count: int) -> Numbers:
    """Positions of consecutive leaves."""
    places = np.empty(count, np.int64)
    for number in range(count):
        places[number] = leaf_place(first + number)
    return places


@njit(cache=True, nogil=True)
def child_places(first: int, last: int, height: int) -> Numbers:
    """Positions of the nodes of a height that appending the leaves first <= i < last completes, below each other.

    Row by row the parent, its left child and its right child.
    """
    begin, end = first >> height, last >> height
    places = np.empty((end - begin, 3), np.int64)
    for number in range(begin, end):
        parent = subtree_place(number << height, height)
        places[number - begin, 0] = parent
        places[number - begin, 1] = parent - (1 << height)
        places[number - begin, 2] = parent - 1
    return places
