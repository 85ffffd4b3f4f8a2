"""The draws of simulations in plain Python, word for word and without the kernels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

WORD = 1 << 64


def mixed(word: int) -> int:
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB % WORD
    return word ^ (word >> 31)


def words(stream: int) -> Iterator[int]:
    for number in count(1):
        yield mixed((stream + 0x9E3779B97F4A7C15 * number) % WORD)


def nth(stream: int, number: int) -> int:
    return mixed((stream + 0x9E3779B97F4A7C15 * (number + 1)) % WORD)


def stream(seed: int, first: int, second: int) -> Iterator[int]:
    return words(nth(nth(seed, first), second))


def one_of(choices: int, drawn: Iterator[int]) -> int:
    """The top halves of words, multiplied; what would favour some numbers is passed over."""
    for word in drawn:
        product = (word >> 32) * choices
        if product % 2**32 >= 2**32 % choices:
            return product >> 32
    raise AssertionError("words have no end")
