"""The packed search over arrays that grow, driven by the compiled kernel; it can be left and taken up again."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from taifoon_models.packed import ACTIONS, Packing
from taifoon_models.packed_numba import Words, expand, fill

Item = TypeVar("Item", bound=np.generic)

FIRST_CAPACITY = 1 << 18
FAST_GROWTH, SLOW_GROWTH, LARGE = 4, 2, 1 << 24
RUNNING, FORBIDDEN, FULL = 0, 1, 2


class CompiledEngine:
    """The search in machine code."""

    def __init__(self, packing: Packing, room: int = 0) -> None:
        self.packing = packing
        tables = packing.tables
        rows = [step for row in tables.steps for step in row]
        starts = [0]
        for row in tables.steps:
            starts.append(starts[-1] + len(row))
        watched = 0
        for pattern in packing.forbidden:
            watched |= 1 << (pattern.bit_length() - 1)
        self._tables = (
            packing.honest,
            tables.committee.needed,
            packing.width,
            np.array(tables.votes, np.uint64),
            np.array(starts, np.int64),
            np.array([step.present for step in rows], np.uint64),
            np.array([step.absent for step in rows], np.uint64),
            np.array([step.after for step in rows], np.int64),
            np.array([ACTIONS.index(step.step.action) for step in rows], np.int64),
            np.array(tables.mirror if packing.symmetric else (), np.int64),
            np.array(packing.forbidden, np.uint64),
            np.uint64(watched),
        )
        self.head = 0
        self.tail = 1
        self.transitions = 0
        self._fired = np.zeros(len(ACTIONS), np.int64)
        capacity = max(FIRST_CAPACITY, 1 << room.bit_length())
        self._words = np.zeros(capacity, np.uint64)
        self._parents = np.zeros(capacity, np.uint32)
        self._words[0] = packing.word((0,) * packing.honest)
        self._table = self._filled(capacity)

    @property
    def fired(self) -> tuple[int, ...]:
        """How often each action was taken."""
        return tuple(int(count) for count in self._fired)

    def word(self, number: int) -> int:
        """A state."""
        return int(self._words[number])

    def parent(self, number: int) -> int:
        """The state from which a state was found."""
        return int(self._parents[number])

    def advance(self, stop: int) -> int | None:
        """Expand states batch by batch, with more room whenever it runs out."""
        while self.head < min(stop, self.tail):
            self.head, self.tail, transitions, status = expand(
                *self._tables, self._words, self._parents, self._table, self._fired, self.head, self.tail, stop
            )
            self.transitions += int(transitions)
            if status == FORBIDDEN:
                return int(self.head)
            if status == FULL:
                self._grow()
        return None

    def _grow(self) -> None:
        capacity = (FAST_GROWTH if self._words.size < LARGE else SLOW_GROWTH) * self._words.size
        self._words = enlarged(self._words, capacity)
        self._parents = enlarged(self._parents, capacity)
        self._table = self._filled(capacity)

    def _filled(self, capacity: int) -> Words:
        table = np.zeros(2 * capacity, np.uint64)
        fill(table, self._words, self.tail)
        return table

    def save(self, file: Path) -> None:
        """Write states, parents and counts to a file, whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        counts = np.array([self.head, self.tail, self.transitions, *self.fired], np.int64)
        with part.open("wb") as stream:
            np.savez(
                stream,
                search=np.frombuffer(self._fingerprint(), np.uint8),
                counts=counts,
                words=self._words[: self.tail],
                parents=self._parents[: self.tail],
            )
        part.replace(file)

    def load(self, file: Path) -> bool:
        """Take up a search that was left."""
        with np.load(file) as kept:
            if kept["search"].tobytes() != self._fingerprint():
                return False
            counts = [int(count) for count in kept["counts"]]
            words, parents = kept["words"], kept["parents"]
        self.head, self.tail, self.transitions = counts[:3]
        self._fired = np.array(counts[3:], np.int64)
        capacity = max(FIRST_CAPACITY, 1 << self.tail.bit_length())
        self._words, self._parents = enlarged(words, capacity), enlarged(parents, capacity)
        self._table = self._filled(capacity)
        return True

    def _fingerprint(self) -> bytes:
        digest = hashlib.sha256()
        for part in self._tables:
            digest.update(np.asarray(part).tobytes() + b"|")
        return digest.digest()


def enlarged(column: npt.NDArray[Item], capacity: int) -> npt.NDArray[Item]:
    """A longer array that begins with this one; memory that is not written yet is not touched."""
    longer = np.zeros(capacity, column.dtype)
    longer[: column.size] = column
    return longer
