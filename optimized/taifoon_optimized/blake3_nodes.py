"""Keyed BLAKE3 over pairs of digests, and the growth of a mountain range level by level.

Equals `HashCombiner.node`, and `taifoon.core.mmr.mountains.extend` where the suite is `blake3`. A run of leaves is
appended in slabs that stay in the cache: leaves first, then six levels of nodes; what is higher, one node in 64, waits
for the end, so that its tiles are full.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint32

from taifoon_optimized.blake3_messages import BATCH, Numbers, Octets, hash_messages, keep_tile, tile_place
from taifoon_optimized.blake3_tiles import (
    CHUNK_END,
    CHUNK_START,
    KEYED_HASH,
    ROOT,
    Words64,
    begin_tile,
)
from taifoon_optimized.positions import subtree_place

SLAB_LEAVES = BATCH
"""Leaves of a slab: with its nodes and contents half a megabyte, the second-level cache of a modest core."""

SLAB_HEIGHT = 6
"""Levels that a slab raises by itself: its last one fills one tile."""

ONE_BLOCK = CHUNK_START | CHUNK_END | ROOT | KEYED_HASH


@njit(cache=True, nogil=True)
def hash_pairs(key: Words64, lefts: Words64, rights: Words64, digests: Words64) -> None:
    """Digests of pairs of digests, each 4 words of 64 bits, row by row."""
    chaining = np.empty(4 * 64, np.uint64)
    message = np.zeros(8 * 64, np.uint64)
    lengths = np.full(64, 64, np.uint32)
    chaining_words, message_words = chaining.view(np.uint32), message.view(np.uint32)
    for at in range(0, digests.shape[0], 64):
        lanes = min(64, digests.shape[0] - at)
        for lane in range(lanes):
            for word in range(4):
                message[64 * word + lane] = lefts[at + lane, word]
                message[64 * (4 + word) + lane] = rights[at + lane, word]
        begin_tile(key, message_words, lengths, ONE_BLOCK, chaining_words)
        for lane in range(lanes):
            for word in range(4):
                digests[at + lane, word] = chaining[64 * word + lane]


@njit(cache=True, nogil=True)
def raise_levels(key: Words64, nodes: Words64, first: int, last: int, low: int, high: int) -> None:
    """The nodes of heights low <= h <= high that the leaves first <= i < last complete, lower ones before higher.

    A parent follows its right child at once, and its left child by the size of its own subtree.
    """
    chaining = np.empty(4 * 64, np.uint64)
    message = np.zeros(8 * 64, np.uint64)
    lengths = np.full(64, uint32(64), np.uint32)
    places = np.empty(64, np.int64)
    chaining_words, message_words = chaining.view(np.uint32), message.view(np.uint32)
    for height in range(low, high + 1):
        end = last >> height
        for at in range(first >> height, end, 64):
            lanes = min(64, end - at)
            for lane in range(lanes):
                parent = subtree_place((at + lane) << height, height)
                places[lane] = parent
                left, right = parent - (1 << height), parent - 1
                for word in range(4):
                    message[64 * word + lane] = nodes[left, word]
                    message[64 * (4 + word) + lane] = nodes[right, word]
            begin_tile(key, message_words, lengths, ONE_BLOCK, chaining_words)
            for lane in range(lanes):
                for word in range(4):
                    nodes[places[lane], word] = chaining[64 * word + lane]


@njit(cache=True, nogil=True)
def write_level(tiles: Words64, count: int, nodes: Words64, first: int, height: int) -> None:
    """Put the digests of consecutive nodes of a height, `first` the number of the first one, where they belong."""
    for number in range(count):
        place = tile_place(number)
        row = subtree_place((first + number) << height, height)
        nodes[row, 0] = tiles[place]
        nodes[row, 1] = tiles[place + 128]
        nodes[row, 2] = tiles[place + 256]
        nodes[row, 3] = tiles[place + 384]


@njit(cache=True, nogil=True)
def hash_level(key: Words64, tiles: Words64, parents: int) -> None:
    """Replace the digests of a level by those of their parents, a multiple of 64 of them.

    A parent's tile is made of the next double tile of children, so that none is overwritten before it is read.
    """
    chaining = np.empty(4 * 64, np.uint64)
    message = np.empty(8 * 64, np.uint64)
    lengths = np.full(64, uint32(64), np.uint32)
    chaining_words, message_words = chaining.view(np.uint32), message.view(np.uint32)
    for tile in range(parents >> 6):
        for row in range(4):
            children = tiles[512 * tile + 128 * row :]
            lefts, rights = message[64 * row :], message[256 + 64 * row :]
            for lane in range(64):
                lefts[lane] = children[2 * lane]
                rights[lane] = children[2 * lane + 1]
        begin_tile(key, message_words, lengths, ONE_BLOCK, chaining_words)
        keep_tile(chaining, tiles, tile)


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

    Slabs begin at multiples of their size, so that which worker does which has no bearing on the nodes. A whole slab
    is raised in tiles, a broken one from the nodes themselves.
    """
    tiles = np.empty(4 * SLAB_LEAVES, np.uint64)
    while first < last:
        stop = min(last, (first // SLAB_LEAVES + 1) * SLAB_LEAVES)
        hash_messages(leaf_key, octets, offsets, first - count, stop - count, tiles)
        write_level(tiles, stop - first, nodes, first, 0)
        if stop - first == SLAB_LEAVES:
            for height in range(1, SLAB_HEIGHT + 1):
                hash_level(node_key, tiles, SLAB_LEAVES >> height)
                write_level(tiles, SLAB_LEAVES >> height, nodes, first >> height, height)
        else:
            raise_levels(node_key, nodes, first, stop, 1, SLAB_HEIGHT)
        first = stop
