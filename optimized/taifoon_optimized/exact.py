"""Exact shares of amounts in machine words: products of 128 bits, quotients rounded down, no float anywhere.

Equals `taifoon.economics.rewards.portion`, row by row. A product is two words of 64 bits; where both are needed the
quotient is found bit by bit, as on paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

Words64: TypeAlias = npt.NDArray[np.uint64]

WORD = 1 << 64


def words_of_numbers(name: str, numbers: Sequence[int]) -> Words64:
    """Whole numbers as words. One that is below 0, or of more than 64 bits, raises ValueError with its name."""
    wrong = next((number for number in numbers if not 0 <= number < WORD), None)
    if wrong is not None:
        raise ValueError(f"{name}: {wrong} is no number of 64 bits: columns hold 0 to 2^64 - 1, use the reference")
    return np.array(numbers, np.uint64)


def octets_of_words(words: Words64) -> npt.NDArray[np.uint8]:
    """Words as rows of 8 octets, little-endian."""
    return np.ascontiguousarray(words).view(np.uint8).reshape(-1, 8)


@njit(cache=True, nogil=True)
def divided_product(left: np.uint64, right: np.uint64, divisor: np.uint64) -> np.uint64:
    """The product over the divisor, which is at least 1 and not below `right`, so that a word holds the quotient."""
    half, low = uint64(32), uint64(0xFFFFFFFF)
    first = (left & low) * (right & low)
    second = (left >> half) * (right & low) + (first >> half)
    third = (left & low) * (right >> half) + (second & low)
    remainder = (left >> half) * (right >> half) + (second >> half) + (third >> half)
    rest = (third << half) | (first & low)
    if remainder == uint64(0):
        return rest // divisor
    quotient, one, top = uint64(0), uint64(1), uint64(63)
    for _ in range(64):
        carried = remainder >> top
        remainder = (remainder << one) | (rest >> top)
        rest = rest << one
        quotient = quotient << one
        if carried != uint64(0) or remainder >= divisor:
            remainder = remainder - divisor
            quotient = quotient | one
    return quotient


@njit(cache=True, nogil=True)
def divide_products(amounts: Words64, parts: Words64, wholes: Words64, quotients: Words64) -> None:
    """The share of each amount; 0 of a whole of 0."""
    for number in range(amounts.size):
        whole = wholes[number]
        quotients[number] = uint64(0) if whole == uint64(0) else divided_product(amounts[number], parts[number], whole)


def portions(amounts: Words64, parts: Words64, wholes: Words64) -> Words64:
    """`amounts * parts // wholes`, rounded down, 0 where the whole is 0. No part exceeds its whole, else ValueError."""
    if bool(((parts > wholes) & (wholes > 0)).any()):
        raise ValueError("parts: none exceeds its whole")
    quotients = np.empty(amounts.size, np.uint64)
    divide_products(amounts, parts, wholes, quotients)
    return quotients
