"""Keyed BLAKE3 over pairs of digests, and the growth of a mountain range level by level.

Equals `HashCombiner.node`, and `taifoon.core.mmr.mountains.extend` where the suite is `blake3`. A run of leaves is
appended in slabs that stay in the cache: leaves first, then six levels of nodes; what is higher, one node in 64, waits
for the end, so that its tiles are full.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint32

from taifoon_optimized.blake3_messages import BATCH, Numbers, Octets, hash_messages
from taifoon_optimized.blake3_tiles import (
    CHUNK_END,
    CHUNK_START,
    KEYED_HASH,
    ROOT,
    Words64,
    begin_tile,
)
from taifoon_optimized.lanes import turn_digests, turn_pairs
from taifoon_optimized.positions import leaf_places, subtree_place

SLAB_LEAVES = BATCH
"""Leaves of a slab: with its nodes and contents half a megabyte, the second-level cache of a modest core."""

SLAB_HEIGHT = 6
"""Levels that a slab raises by itself: its last one fills one tile."""

ONE_BLOCK = CHUNK_START | CHUNK_END | ROOT | KEYED_HASH


@njit(cache=True, nogil=True)
def hash_pairs(key: Words64, lefts: Words64, rights: Words64, digests: Words64) -> None:
    """Digests of pairs of digests, each 4 words of 64 bits, row by row."""
    chaining = np.empty(4 * 64, np.uint64)
    message = np.empty(8 * 64, np.uint64)
    lengths = np.full(64, uint32(64), np.uint32)
    rows = np.empty(64, np.int64)
    chaining_words, message_words = chaining.view(np.uint32), message.view(np.uint32)
    count = digests.shape[0]
    for at in range(0, count, 64):
        for lane in range(64):
            rows[lane] = min(at + lane, count - 1)
        for lane in range(0, 64, 8):
            turn_pairs(lefts, rows, rights, rows, lane, message)
        begin_tile(key, message_words, lengths, ONE_BLOCK, chaining_words)
        for lane in range(0, 64, 8):
            turn_digests(chaining, lane, digests, rows)


@njit(cache=True, nogil=True)
def raise_levels(key: Words64, nodes: Words64, first: int, last: int, low: int, high: int) -> None:
    """The nodes of heights low <= h <= high that the leaves first <= i < last complete, lower ones before higher.

    A parent follows its right child at once, and its left child by the size of its own subtree. A tile that the nodes
    of a height do not fill repeats the last one, to the same row.
    """
    chaining = np.empty(4 * 64, np.uint64)
    message = np.empty(8 * 64, np.uint64)
    lengths = np.full(64, uint32(64), np.uint32)
    lefts, rights, parents = np.empty(64, np.int64), np.empty(64, np.int64), np.empty(64, np.int64)
    chaining_words, message_words = chaining.view(np.uint32), message.view(np.uint32)
    for height in range(low, high + 1):
        end = last >> height
        for at in range(first >> height, end, 64):
            for lane in range(64):
                parent = subtree_place(min(at + lane, end - 1) << height, height)
                lefts[lane], rights[lane], parents[lane] = parent - (1 << height), parent - 1, parent
            for lane in range(0, 64, 8):
                turn_pairs(nodes, lefts, nodes, rights, lane, message)
            begin_tile(key, message_words, lengths, ONE_BLOCK, chaining_words)
            for lane in range(0, 64, 8):
                turn_digests(chaining, lane, nodes, parents)


@njit(cache=True, nogil=True)
def append_slabs(
    leaf_key: Words64,
    node_key: Words64,
    octets: Octets,
    offsets: Numbers,
    nodes: Words64,
    count: int,
    first: int,
    last: int,
) -> None:
    """Append the leaves first <= i < last, with the levels that slabs raise; message 0 is that of leaf `count`.

    Slabs begin at multiples of their size, so that which worker does which has no bearing on the nodes.
    """
    while first < last:
        stop = min(last, (first // SLAB_LEAVES + 1) * SLAB_LEAVES)
        places = leaf_places(first, stop - first)
        hash_messages(leaf_key, octets, offsets, first - count, stop - count, nodes, places)
        raise_levels(node_key, nodes, first, stop, 1, SLAB_HEIGHT)
        first = stop
