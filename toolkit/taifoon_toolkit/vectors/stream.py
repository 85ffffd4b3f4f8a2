"""Choices drawn from a label: the same on every machine, and simple enough for another client to draw as well.

A stream is the output of BLAKE3 in `derive_key` mode, read from the front (`spec/conformance.md`, streams).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from blake3 import blake3

T = TypeVar("T")

CONTEXT = "taifoon v1 conformance stream"
PIECE = 1 << 14


class Stream:
    """An endless sequence of bytes that belongs to a label."""

    __slots__ = ("_hasher", "_offset", "_piece", "_place")

    def __init__(self, label: str) -> None:
        self._hasher = blake3(label.encode(), derive_key_context=CONTEXT)
        self._offset = 0
        self._piece = b""
        self._place = 0

    def octets(self, count: int) -> bytes:
        """The next `count` bytes."""
        while self._place + count > len(self._piece):
            fresh = self._hasher.digest(length=PIECE, seek=self._offset)
            self._piece = self._piece[self._place :] + fresh
            self._place = 0
            self._offset += PIECE
        self._place += count
        return self._piece[self._place - count : self._place]

    def below(self, bound: int) -> int:
        """A number below `bound`: the next 8 bytes, lowest first, modulo the bound."""
        return int.from_bytes(self.octets(8), "little") % bound

    def one_of(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]
