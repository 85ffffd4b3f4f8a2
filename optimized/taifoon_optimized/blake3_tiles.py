"""The BLAKE3 compression function over tiles of lanes, each lane its own message (the suite of section 2.1).

Source: the BLAKE3 paper, section 2.2. One tile is 64 messages side by side, word by word, so that one vector
instruction does one step of many of them. The compiler vectorises a loop over flat arrays with a constant number of
rounds and words of one width only: hence whole tiles always, and 64-bit words taken apart by index, not by shifting.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit, uint32

LANES = 64
"""Lanes of a tile: four vectors of 512 bits or eight of 256. Kernels write it out, for a constant loop."""

BLOCK_BYTES = 64
CHUNK_BYTES = 1024
"""Longest message that is one chunk, a chain of compressions without a tree; the kernels know no other."""

CHUNK_START, CHUNK_END, ROOT, KEYED_HASH = 1, 2, 8, 16

Words32: TypeAlias = npt.NDArray[np.uint32]
Words64: TypeAlias = npt.NDArray[np.uint64]
Lane16: TypeAlias = tuple[np.uint32, ...]


@njit(forceinline=True)
def rotated(word: np.uint32, places: int) -> np.uint32:
    """A word rotated to the right."""
    return uint32((word >> uint32(places)) | (word << uint32(32 - places)))


@njit(forceinline=True)
def quarter(
    a: np.uint32, b: np.uint32, c: np.uint32, d: np.uint32, first: np.uint32, second: np.uint32
) -> tuple[np.uint32, np.uint32, np.uint32, np.uint32]:
    """The function G: one column or diagonal with two message words."""
    a = uint32(a + b + first)
    d = rotated(uint32(d ^ a), 16)
    c = uint32(c + d)
    b = rotated(uint32(b ^ c), 12)
    a = uint32(a + b + second)
    d = rotated(uint32(d ^ a), 8)
    c = uint32(c + d)
    b = rotated(uint32(b ^ c), 7)
    return a, b, c, d


@njit(forceinline=True)
def mixed(v: Lane16, m: Lane16) -> Lane16:
    """One round: the four columns, then the four diagonals."""
    a0, b0, c0, d0 = quarter(v[0], v[4], v[8], v[12], m[0], m[1])
    a1, b1, c1, d1 = quarter(v[1], v[5], v[9], v[13], m[2], m[3])
    a2, b2, c2, d2 = quarter(v[2], v[6], v[10], v[14], m[4], m[5])
    a3, b3, c3, d3 = quarter(v[3], v[7], v[11], v[15], m[6], m[7])
    a0, b1, c2, d3 = quarter(a0, b1, c2, d3, m[8], m[9])
    a1, b2, c3, d0 = quarter(a1, b2, c3, d0, m[10], m[11])
    a2, b3, c0, d1 = quarter(a2, b3, c0, d1, m[12], m[13])
    a3, b0, c1, d2 = quarter(a3, b0, c1, d2, m[14], m[15])
    return a0, a1, a2, a3, b0, b1, b2, b3, c0, c1, c2, c3, d0, d1, d2, d3


@njit(forceinline=True)
def permuted(m: Lane16) -> Lane16:
    """The message words in the order of the next round."""
    return m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13], m[1], m[11], m[12], m[5], m[9], m[14], m[15], m[8]


@njit(forceinline=True)
def compressed(h: Lane16, m: Lane16, length: np.uint32, flags: np.uint32) -> Lane16:
    """The next chaining value of one lane: 7 rounds, as one expression. The chunk counter is 0."""
    v = (
        *h,
        uint32(0x6A09E667),
        uint32(0xBB67AE85),
        uint32(0x3C6EF372),
        uint32(0xA54FF53A),
        uint32(0),
        uint32(0),
        length,
        flags,
    )
    v, m = mixed(v, m), permuted(m)
    v, m = mixed(v, m), permuted(m)
    v, m = mixed(v, m), permuted(m)
    v, m = mixed(v, m), permuted(m)
    v, m = mixed(v, m), permuted(m)
    v, m = mixed(v, m), permuted(m)
    v = mixed(v, m)
    return (
        v[0] ^ v[8],
        v[1] ^ v[9],
        v[2] ^ v[10],
        v[3] ^ v[11],
        v[4] ^ v[12],
        v[5] ^ v[13],
        v[6] ^ v[14],
        v[7] ^ v[15],
    )


@njit(forceinline=True)
def block_of(message: Words32, lane: int) -> Lane16:
    """The 16 words of a lane's block: 8 rows of 64 pairs."""
    i = 2 * lane
    return (
        message[i],
        message[i + 1],
        message[i + 128],
        message[i + 129],
        message[i + 256],
        message[i + 257],
        message[i + 384],
        message[i + 385],
        message[i + 512],
        message[i + 513],
        message[i + 640],
        message[i + 641],
        message[i + 768],
        message[i + 769],
        message[i + 896],
        message[i + 897],
    )


@njit(forceinline=True)
def keep(chaining: Words32, lane: int, o: Lane16) -> None:
    """Put a lane's chaining value back: 4 rows of 64 pairs."""
    i = 2 * lane
    chaining[i] = o[0]
    chaining[i + 1] = o[1]
    chaining[i + 128] = o[2]
    chaining[i + 129] = o[3]
    chaining[i + 256] = o[4]
    chaining[i + 257] = o[5]
    chaining[i + 384] = o[6]
    chaining[i + 385] = o[7]


@njit(forceinline=True)
def begin_quarter(key: Words64, message: Words32, lengths: Words32, flags: int, chaining: Words32, first: int) -> None:
    """The first compression in the 16 lanes of a tile from `first`, all under one key.

    `message` holds one block of each lane, 8 rows of 64 pairs of words, `chaining` takes 4 such rows; `lengths` are the
    bytes of each lane's block. Word 2j of a lane stands beside word 2j + 1: rows are written as words of 64 bits.
    """
    k = key.view(np.uint32)
    h = (k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7])
    blocks, sizes, values = message[2 * first :], lengths[first:], chaining[2 * first :]
    for lane in range(16):
        keep(values, lane, compressed(h, block_of(blocks, lane), sizes[lane], uint32(flags)))


@njit(cache=True, nogil=True)
def begin_tile(key: Words64, message: Words32, lengths: Words32, flags: int, chaining: Words32) -> None:
    """The first compression in each of the 64 lanes."""
    for first in range(0, 64, 16):
        begin_quarter(key, message, lengths, flags, chaining, first)


@njit(cache=True, nogil=True)
def continue_tile(message: Words32, lengths: Words32, flags: int, chaining: Words32) -> None:
    """The next compression in each of the 64 lanes, which takes the chaining values and replaces them."""
    for lane in range(64):
        i = 2 * lane
        h = (
            chaining[i],
            chaining[i + 1],
            chaining[i + 128],
            chaining[i + 129],
            chaining[i + 256],
            chaining[i + 257],
            chaining[i + 384],
            chaining[i + 385],
        )
        keep(chaining, lane, compressed(h, block_of(message, lane), lengths[lane], uint32(flags)))
