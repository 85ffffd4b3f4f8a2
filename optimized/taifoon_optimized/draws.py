"""Random words that depend on their number alone, for simulations: no state, so any worker may draw any of them.

The generator is SplitMix64 (Steele, Lea and Flood, 2014), counted instead of stepped. A seed has a stream for each pair
of numbers, such as a run and a node. These words are no secrets; what a protocol draws comes from
`taifoon.core.beacon`.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uint64

MOST_SEED = (1 << 64) - 1
MOST_CHOICES = 1 << 32
"""What `below` chooses from: half a word decides."""


def is_seed(seed: int) -> int:
    """The seed. Raises ValueError for one that is no word of 64 bits."""
    if not 0 <= seed <= MOST_SEED:
        raise ValueError(f"seed is {seed}; a word of 64 bits is needed: use 0 to 2^64 - 1")
    return seed


@njit(cache=True, nogil=True)
def scattered(word: np.uint64) -> np.uint64:
    """A word with its bits well mixed."""
    word = (word ^ (word >> uint64(30))) * uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> uint64(27))) * uint64(0x94D049BB133111EB)
    return word ^ (word >> uint64(31))


@njit(cache=True, nogil=True)
def word_at(stream: np.uint64, number: int) -> np.uint64:
    """Word `number` of a stream, from 0."""
    return scattered(stream + uint64(0x9E3779B97F4A7C15) * uint64(number + 1))


@njit(cache=True, nogil=True)
def stream_of(seed: np.uint64, first: int, second: int) -> np.uint64:
    """The stream of a seed for two numbers."""
    return word_at(word_at(uint64(seed), first), second)


@njit(cache=True, nogil=True)
def below(stream: np.uint64, number: int, choices: int) -> tuple[int, int]:
    """One of `choices` equally likely numbers from 0, and the number of the next word (Lemire, 2019).

    At most 2^32 choices. Words that would favour some of them are passed over.
    """
    low, width = uint64(0xFFFFFFFF), uint64(choices)
    favoured = (uint64(1 << 32) - width) % width
    while True:
        product = (word_at(stream, number) >> uint64(32)) * width
        number += 1
        if (product & low) >= favoured:
            return int(product >> uint64(32)), number
