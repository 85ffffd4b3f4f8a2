"""Many messages in two arrays: all octets in a row, and where each message begins and ends.

Kernels take messages in this form only; a list of `bytes` costs one joining.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Octets: TypeAlias = npt.NDArray[np.uint8]
Numbers: TypeAlias = npt.NDArray[np.int64]
Digests: TypeAlias = npt.NDArray[np.uint8]
"""Rows of 32 octets."""


@dataclass(frozen=True, slots=True, eq=False)
class Contents:
    """Message i is `octets[offsets[i]:offsets[i + 1]]`.

    Raises ValueError for arrays of another type or shape, and for offsets that fall or leave the octets.
    """

    octets: Octets
    offsets: Numbers

    def __post_init__(self) -> None:
        if self.octets.dtype != np.uint8 or self.octets.ndim != 1 or not self.octets.flags.c_contiguous:
            raise ValueError("octets: one contiguous row of uint8 is needed; use contents_of or contents_of_rows")
        if self.offsets.dtype != np.int64 or self.offsets.ndim != 1 or self.offsets.size == 0:
            raise ValueError("offsets: one row of int64 is needed, with one more entry than there are messages")
        falling = bool((self.offsets[1:] < self.offsets[:-1]).any())
        if falling or self.offsets[0] < 0 or self.offsets[-1] > self.octets.size:
            raise ValueError(f"offsets: they must not fall, from 0 or more to {self.octets.size} octets at most")

    def __len__(self) -> int:
        return int(self.offsets.size) - 1

    def __getitem__(self, number: int) -> bytes:
        if not 0 <= number < len(self):
            raise IndexError(f"message {number} of {len(self)}")
        return self.octets[self.offsets[number] : self.offsets[number + 1]].tobytes()

    @property
    def longest(self) -> int:
        """Length of the longest message in octets, 0 where there is none."""
        return int((self.offsets[1:] - self.offsets[:-1]).max(initial=0))

    def part(self, start: int, stop: int) -> Contents:
        """The messages start <= i < stop, over the same octets."""
        if not 0 <= start <= stop <= len(self):
            raise ValueError(f"part [{start}, {stop}) of {len(self)} messages: choose 0 <= start <= stop <= length")
        return Contents(self.octets, self.offsets[start : stop + 1])


def contents_of(messages: Sequence[bytes]) -> Contents:
    """Messages from a sequence of `bytes`."""
    offsets = np.fromiter(accumulate(map(len, messages), initial=0), np.int64, len(messages) + 1)
    return Contents(np.frombuffer(bytearray().join(messages), np.uint8), offsets)


def contents_of_rows(rows: npt.NDArray[np.uint8]) -> Contents:
    """Messages of equal length, one for each row of a matrix."""
    if rows.ndim != 2 or rows.dtype != np.uint8:
        raise ValueError("rows: a matrix of uint8 is needed, one message in a row")
    number, length = rows.shape
    return Contents(np.ascontiguousarray(rows).reshape(-1), np.arange(number + 1, dtype=np.int64) * length)


def digests_of(values: Sequence[bytes]) -> Digests:
    """Rows from digests of 32 octets each."""
    if any(len(value) != 32 for value in values):
        raise ValueError("values: each digest has 32 octets")
    return np.frombuffer(bytearray().join(values), np.uint8).reshape(len(values), 32)
