"""Keyed BLAKE3 up many inclusion paths at a time, one lane for each path.

Equals the folding of `taifoon.core.mmr.inclusion.folded` and the sized root of `HashCombiner.root`. Lanes stand by
falling length of their paths, so that those still climbing are the first ones of a tile.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint32, uint64

from taifoon_optimized.blake3_messages import Numbers
from taifoon_optimized.blake3_nodes import ONE_BLOCK
from taifoon_optimized.blake3_tiles import Words64, begin_tile
from taifoon_optimized.paths import mountain_height

ROOT_OCTETS = 40
"""What a root hashes: the leaf count in 8 octets, and the bag."""


@njit(cache=True, nogil=True)
def goes_right(index: int, height: int, level: int, bagged: bool) -> bool:  # noqa: FBT001 - a lane's own state
    """Whether the value climbing is the right child where it meets the item of a level of its path."""
    if level < height:
        return bool((index >> level) & 1)
    return not (bagged and level == height)


@njit(cache=True, nogil=True)
def climb(
    node_key: Words64,
    root_key: Words64,
    order: Numbers,
    indices: Numbers,
    counts: Numbers,
    leaves: Words64,
    items: Words64,
    offsets: Numbers,
    roots: Words64,
) -> None:
    """Roots that paths lead to, that of proof `order[i]` into its own row; lengths fall along the order."""
    chaining = np.empty(4 * 64, np.uint64)
    value = np.empty(4 * 64, np.uint64)
    message = np.zeros(8 * 64, np.uint64)
    chaining_words, message_words = chaining.view(np.uint32), message.view(np.uint32)
    lengths = np.empty(64, np.uint32)
    heights, bagged = np.zeros(64, np.int64), np.zeros(64, np.bool_)
    for at in range(0, order.size, 64):
        tile = order[at : min(at + 64, order.size)]
        for lane in range(tile.size):
            number = tile[lane]
            heights[lane] = mountain_height(indices[number], counts[number])
            bagged[lane] = counts[number] & ((1 << heights[lane]) - 1) != 0
            for word in range(4):
                value[64 * word + lane] = leaves[number, word]
        lengths[:] = uint32(64)
        climbing, level = tile.size, 0
        while True:
            while climbing and offsets[tile[climbing - 1] + 1] - offsets[tile[climbing - 1]] <= level:
                climbing -= 1
            if climbing == 0:
                break
            for lane in range(climbing):
                number = tile[lane]
                item = offsets[number] + level
                mine = 256 if goes_right(indices[number], heights[lane], level, bagged[lane]) else 0
                other = 256 - mine
                for word in range(4):
                    message[mine + 64 * word + lane] = value[64 * word + lane]
                    message[other + 64 * word + lane] = items[item, word]
            begin_tile(node_key, message_words, lengths, ONE_BLOCK, chaining_words)
            for word in range(4):
                for lane in range(climbing):
                    value[64 * word + lane] = chaining[64 * word + lane]
            level += 1
        message[:] = uint64(0)
        for lane in range(tile.size):
            message[lane] = uint64(counts[tile[lane]])
            for word in range(4):
                message[64 * (word + 1) + lane] = value[64 * word + lane]
        lengths[:] = uint32(ROOT_OCTETS)
        begin_tile(root_key, message_words, lengths, ONE_BLOCK, chaining_words)
        for lane in range(tile.size):
            for word in range(4):
                roots[tile[lane], word] = chaining[64 * word + lane]
