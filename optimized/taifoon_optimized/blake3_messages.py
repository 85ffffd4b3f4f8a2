"""Keyed BLAKE3 over many messages of mixed lengths, up to one chunk each.

Equals `taifoon.primitives.hashing.hash_role` of the suite `blake3`. Lanes of a tile advance block by block, so that
messages of equally many blocks are put together first.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit, uint32, uint64

from taifoon_optimized.blake3_tiles import (
    CHUNK_END,
    CHUNK_START,
    KEYED_HASH,
    ROOT,
    Words32,
    Words64,
    begin_tile,
    continue_tile,
)

Octets = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]

MOST_BLOCKS = 16
"""Blocks of the longest chunk."""

BATCH = 4096
"""Messages that are put in order at a time: their digests stay in the cache."""


@njit(forceinline=True)
def whole_word(octets: Octets, at: np.uint64) -> np.uint64:
    """Eight octets as a little-endian word, whatever their alignment: the compiler makes one load of it."""
    word: np.uint64 = (
        uint64(octets[at])
        | uint64(octets[at + uint64(1)]) << uint64(8)
        | uint64(octets[at + uint64(2)]) << uint64(16)
        | uint64(octets[at + uint64(3)]) << uint64(24)
        | uint64(octets[at + uint64(4)]) << uint64(32)
        | uint64(octets[at + uint64(5)]) << uint64(40)
        | uint64(octets[at + uint64(6)]) << uint64(48)
        | uint64(octets[at + uint64(7)]) << uint64(56)
    )
    return word


@njit(forceinline=True)
def broken_word(octets: Octets, at: np.uint64, stop: np.uint64, start: np.uint64) -> np.uint64:
    """The octets from `at` before `stop`, fewer than eight of them, padded with zeros.

    Where the message that began at `start` has eight octets in all, its last eight are read at once.
    """
    rest = stop - at
    if stop - start >= uint64(8):
        return whole_word(octets, stop - uint64(8)) >> (uint64(64) - uint64(8) * rest)
    word = uint64(0)
    for place in range(7):
        if uint64(place) < rest:
            word |= uint64(octets[at + uint64(place)]) << uint64(8 * place)
    return word


@njit(cache=True, nogil=True)
def blocks_of(length: int) -> int:
    """Blocks of a message: at least one."""
    return max(1, (length + 63) >> 6)


@njit(cache=True, nogil=True)
def order_by_blocks(offsets: Numbers, start: int, stop: int, order: Numbers, ends: Numbers) -> bool:
    """The messages start <= i < stop by number of blocks, equal ones in place: a counting sort.

    `ends[b]` tells where those of `b` blocks end; they begin where those of fewer end. The result is whether all have
    equally many, and so stand as they were.
    """
    shortest, longest = offsets[start + 1] - offsets[start], offsets[start + 1] - offsets[start]
    for number in range(start, stop):
        length = offsets[number + 1] - offsets[number]
        shortest, longest = min(shortest, length), max(longest, length)
    if blocks_of(shortest) == blocks_of(longest):
        for place in range(stop - start):
            order[place] = start + place
        ends[: blocks_of(longest)] = 0
        ends[blocks_of(longest) :] = stop - start
        return True
    places = np.zeros(MOST_BLOCKS + 1, np.int64)
    for number in range(start, stop):
        places[blocks_of(offsets[number + 1] - offsets[number])] += 1
    below = 0
    for blocks in range(MOST_BLOCKS + 1):
        below, places[blocks] = below + places[blocks], below
        ends[blocks] = below
    for number in range(start, stop):
        blocks = blocks_of(offsets[number + 1] - offsets[number])
        order[places[blocks]] = number
        places[blocks] += 1
    return False


@njit(cache=True, nogil=True)
def load_blocks(
    octets: Octets,
    offsets: Numbers,
    tile: Numbers,
    block: int,
    message: Words64,
    lengths: Words32,
) -> None:
    """Put one block of each message into its lane."""
    for lane in range(tile.size):
        number = tile[lane]
        start = uint64(offsets[number])
        stop = uint64(offsets[number + 1])
        at = start + uint64(64 * block)
        length = min(uint64(64), stop - at)
        lengths[lane] = uint32(length)
        if length > uint64(56):
            # A whole block, or one that ends in its last word: an intake leaf has 63 bytes.
            for row in range(7):
                message[64 * row + lane] = whole_word(octets, at + uint64(8 * row))
            last = whole_word(octets, at + length - uint64(8))
            message[448 + lane] = last >> (uint64(512) - uint64(8) * length)
        else:
            words = np.int64(length >> uint64(3))
            for row in range(words):
                message[64 * row + lane] = whole_word(octets, at + uint64(8 * row))
            if length & uint64(7):
                message[64 * words + lane] = broken_word(octets, at + uint64(8 * words), stop, start)
                words += 1
            for row in range(words, 8):
                message[64 * row + lane] = uint64(0)


@njit(cache=True, nogil=True)
def tile_place(number: int) -> int:
    """Where the first word of a digest stands among double tiles; the other words follow 128 apart."""
    return (number >> 7 << 9) + (number & 127)


@njit(cache=True, nogil=True)
def keep_tile(chaining: Words64, digests: Words64, tile: int) -> None:
    """Put the digests of a tile, counted by 64, into its half of a double tile."""
    for row in range(4):
        target = digests[tile_place(64 * tile) + 128 * row :]
        for lane in range(64):
            target[lane] = chaining[64 * row + lane]


@njit(cache=True, nogil=True)
def hash_messages(key: Words64, octets: Octets, offsets: Numbers, start: int, stop: int, digests: Words64) -> None:
    """Digests of the messages start <= i < stop, in double tiles: 4 rows of 128 words for each 128 messages.

    There is at least one, and each is at most one chunk long. `digests` has room for whole double tiles.
    """
    order = np.empty(stop - start, np.int64)
    ends = np.zeros(MOST_BLOCKS + 1, np.int64)
    uniform = order_by_blocks(offsets, start, stop, order, ends)
    chaining = np.empty(4 * 64, np.uint64)
    message = np.zeros(8 * 64, np.uint64)
    lengths = np.zeros(64, np.uint32)
    chaining_words, message_words = chaining.view(np.uint32), message.view(np.uint32)
    for blocks in range(1, MOST_BLOCKS + 1):
        for at in range(ends[blocks - 1], ends[blocks], 64):
            tile = order[at : min(at + 64, ends[blocks])]
            for block in range(blocks):
                flags = KEYED_HASH
                if block == 0:
                    flags |= CHUNK_START
                if block == blocks - 1:
                    flags |= CHUNK_END | ROOT
                load_blocks(octets, offsets, tile, block, message, lengths)
                if block == 0:
                    begin_tile(key, message_words, lengths, flags, chaining_words)
                else:
                    continue_tile(message_words, lengths, flags, chaining_words)
            if uniform:
                keep_tile(chaining, digests, at >> 6)
            else:
                for lane in range(tile.size):
                    place = tile_place(tile[lane] - start)
                    for word in range(4):
                        digests[place + 128 * word] = chaining[64 * word + lane]


@njit(cache=True, nogil=True)
def hash_messages_in_rows(
    key: Words64, octets: Octets, offsets: Numbers, start: int, stop: int, digests: Words64
) -> None:
    """Digests of the messages start <= i < stop into the rows of those numbers, 4 words each."""
    tiles = np.empty(4 * BATCH, np.uint64)
    for first in range(start, stop, BATCH):
        count = min(BATCH, stop - first)
        hash_messages(key, octets, offsets, first, first + count, tiles)
        for number in range(count):
            place = tile_place(number)
            for word in range(4):
                digests[first + number, word] = tiles[place + 128 * word]
