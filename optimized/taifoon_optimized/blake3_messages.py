"""Keyed BLAKE3 over many messages of mixed lengths, up to one chunk each.

Equals `taifoon.primitives.hashing.hash_role` of the suite `blake3`. Lanes of a tile advance block by block, so that
messages of equally many blocks are put together first.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, uint32

from taifoon_optimized.blake3_tiles import (
    CHUNK_BYTES,
    CHUNK_END,
    CHUNK_START,
    KEYED_HASH,
    ROOT,
    Words32,
    Words64,
    begin_quarter,
    continue_tile,
)
from taifoon_optimized.lanes import fetch, turn_blocks, turn_digests

Octets = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]

MOST_BLOCKS = 16
"""Blocks of the longest chunk."""

BATCH = 4096
"""Messages that are put in order at a time: their digests stay in the cache."""


MASKS = np.tril(np.full((65, 64), 255, np.uint8), -1)
"""A block for each length from 0 to 64, with so many octets set."""


@njit(cache=True, nogil=True)
def blocks_of(length: int) -> int:
    """Blocks of a message: at least one."""
    return max(1, (length + 63) >> 6)


@njit(cache=True, nogil=True)
def fits_a_chunk(offsets: Numbers) -> bool:
    """Whether the kernels can hash messages of these lengths."""
    longest = 0
    for number in range(offsets.size - 1):
        longest = max(longest, offsets[number + 1] - offsets[number])
    return longest <= CHUNK_BYTES


@njit(cache=True, nogil=True)
def fill_tile(lanes: int, starts: Numbers, sizes: Words32, targets: Numbers) -> int:
    """Repeat the last of some lanes until its tile is full: it gives the same digest to the same row again."""
    full = (lanes + 63) & ~63
    for lane in range(lanes, full):
        starts[lane], sizes[lane], targets[lane] = starts[lanes - 1], sizes[lanes - 1], targets[lanes - 1]
    return full


@njit(cache=True, nogil=True)
def lay_out(
    offsets: Numbers, start: int, stop: int, rows: Numbers, starts: Numbers, sizes: Words32, targets: Numbers
) -> int:
    """The messages start <= i < stop in lanes of full tiles, all of one tile with equally many blocks.

    Lanes know where their message begins, its length and the row of its digest. The result is the number of lanes.
    """
    shortest, longest = offsets[start + 1] - offsets[start], offsets[start + 1] - offsets[start]
    for number in range(start, stop):
        length = offsets[number + 1] - offsets[number]
        shortest, longest = min(shortest, length), max(longest, length)
    if blocks_of(shortest) == blocks_of(longest):
        for lane in range(stop - start):
            starts[lane] = offsets[start + lane]
            sizes[lane] = uint32(offsets[start + lane + 1] - offsets[start + lane])
            targets[lane] = rows[lane]
        return fill_tile(stop - start, starts, sizes, targets)
    lanes = 0
    for blocks in range(blocks_of(shortest), blocks_of(longest) + 1):
        before = lanes
        for number in range(start, stop):
            length = offsets[number + 1] - offsets[number]
            if blocks_of(length) == blocks:
                starts[lanes], sizes[lanes], targets[lanes] = offsets[number], uint32(length), rows[number - start]
                lanes += 1
        if lanes > before:
            lanes = fill_tile(lanes, starts, sizes, targets)
    return lanes


@njit(cache=True, nogil=True)
def load_blocks(octets: Octets, starts: Numbers, lengths: Words32, message: Words64) -> None:
    """Put one block of each of 64 messages into its lane, padded with zeros."""
    last = 0
    for lane in range(64):
        last = max(last, starts[lane])
    if last + 64 <= octets.size:
        for lane in range(0, 64, 8):
            turn_blocks(octets, starts, lengths, MASKS, lane, message)
        return
    # Nothing behind the last octet is read.
    whole, begins = np.zeros(64 * 64, np.uint8), np.arange(0, 64 * 64, 64)
    for lane in range(64):
        for place in range(np.int64(lengths[lane])):
            whole[64 * lane + place] = octets[starts[lane] + place]
    for lane in range(0, 64, 8):
        turn_blocks(whole, begins, lengths, MASKS, lane, message)


@njit(cache=True, nogil=True)
def hash_messages(
    key: Words64, octets: Octets, offsets: Numbers, start: int, stop: int, digests: Words64, rows: Numbers
) -> None:
    """Digests of the messages start <= i < stop, each at most one chunk long, that of i into `rows[i - start]`.

    There is at least one.
    """
    room = stop - start + 64 * MOST_BLOCKS
    starts, sizes, targets = np.empty(room, np.int64), np.empty(room, np.uint32), np.empty(room, np.int64)
    lanes = lay_out(offsets, start, stop, rows, starts, sizes, targets)
    chaining = np.empty(4 * 64, np.uint64)
    message = np.empty(8 * 64, np.uint64)
    begins, lengths = np.empty(64, np.int64), np.empty(64, np.uint32)
    chaining_words, message_words = chaining.view(np.uint32), message.view(np.uint32)
    for at in range(0, lanes, 64):
        blocks = blocks_of(sizes[at])
        for block in range(blocks):
            for lane in range(64):
                begins[lane] = starts[at + lane] + 64 * block
                lengths[lane] = min(uint32(64), uint32(sizes[at + lane] - uint32(64 * block)))
            load_blocks(octets, begins, lengths, message)
            flags = KEYED_HASH
            if block == blocks - 1:
                flags |= CHUNK_END | ROOT
            if block == 0:
                for quarter in range(0, 64, 16):
                    for lane in range(at + 64 + quarter, min(at + 64 + quarter + 16, lanes)):
                        fetch(octets, starts[lane])
                        fetch(digests, 32 * targets[lane])
                    begin_quarter(key, message_words, lengths, flags | CHUNK_START, chaining_words, quarter)
            else:
                continue_tile(message_words, lengths, flags, chaining_words)
        for lane in range(0, 64, 8):
            turn_digests(chaining, lane, digests, targets[at:])


@njit(cache=True, nogil=True)
def hash_messages_in_rows(
    key: Words64, octets: Octets, offsets: Numbers, start: int, stop: int, digests: Words64
) -> None:
    """Digests of the messages start <= i < stop into the rows of those numbers, 4 words each."""
    for first in range(start, stop, BATCH):
        last = min(first + BATCH, stop)
        hash_messages(key, octets, offsets, first, last, digests, np.arange(first, last))
