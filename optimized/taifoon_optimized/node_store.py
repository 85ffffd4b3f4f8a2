"""Where the nodes of a growing range lie: in memory, or in a file that the system maps (R-2.1-1, R-4.1-5).

Nodes stand in post-order and never move, so both only grow at the end. A file begins with a page of its own: what it
is, and two places for the state that is committed, written in turn. Nodes are on disk before the state that counts
them, and a state is believed only if its checksum and its root fit: after a torn write the last whole state is opened
and the rest cut off.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeAlias

import numpy as np
from blake3 import blake3

from taifoon.core.mmr.shape import MAX_LEAVES
from taifoon_optimized.blake3_tiles import Words64
from taifoon_optimized.positions import nodes_of

DIGEST_BYTES = 32
PAGE = 4096
"""Bytes before the first node: nodes begin on a page of their own on every common machine."""

MAGIC = b"taifoon mountain range 1\n"
STATE_BYTES = 64
STATES_AT = (64, 128)
"""Where the two states stand in the first page: count, root, checksum, each in its own 64 bytes."""

LEAST_ROOM = 1024

LARGE_PAGE = 1 << 21
MANY_LARGE_PAGES = 16
"""Bytes of a large page where there are such, and of how many on another one is no waste: a sixteenth at most."""


def grown(room: int, needed: int) -> int:
    """The next capacity: an eighth more than before, which keeps a leaf below 72 bytes, and at least what is needed."""
    return max(needed, room + room // 8, LEAST_ROOM)


class MemoryStore:
    """Nodes in memory. Rows beyond the range are not written yet, and a system gives them no memory before they are."""

    def __init__(self) -> None:
        self.count = 0
        self.pages: mmap.mmap | None = None
        self.rows: Words64 = np.empty((0, 4), np.uint64)

    def reserve(self, count: int) -> None:
        """Make room for the nodes of that many leaves."""
        if nodes_of(count) <= len(self.rows):
            return
        octets = grown(len(self.rows), nodes_of(count)) * DIGEST_BYTES
        if octets > MANY_LARGE_PAGES * LARGE_PAGE:
            # Only whole large pages are given as such, and each small one costs another fault.
            octets = -(-octets // LARGE_PAGE) * LARGE_PAGE
        # No view of the rows is ever given away: without one the pages may move.
        self.rows = np.empty((0, 4), np.uint64)
        self.pages = moved(self.pages, octets)
        self.rows = np.frombuffer(self.pages, np.uint64).reshape(-1, 4)

    def commit(self, count: int, root: Callable[[], bytes]) -> None:
        """Take the leaves below `count` as appended. No root is needed here."""
        self.count = count

    def close(self) -> None:
        """Forget the nodes."""
        self.count = 0
        self.rows = np.empty((0, 4), np.uint64)
        self.pages = None


def moved(pages: mmap.mmap | None, octets: int) -> mmap.mmap:
    """Anonymous pages of a size that begin with those given.

    Where a system has large pages they are asked for: a fault for each small one costs as much as the hashes in it.
    """
    if pages is not None:
        # Where a system cannot resize a mapping, the pages are copied below.
        with suppress(SystemError):
            pages.resize(octets)
            return pages
    if hasattr(mmap, "MAP_ANONYMOUS"):
        # Shared pages, the default, can neither grow nor be large.
        larger = mmap.mmap(-1, octets, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    else:
        larger = mmap.mmap(-1, octets)
    with suppress(AttributeError, OSError):
        larger.madvise(mmap.MADV_HUGEPAGE)
    if pages is not None:
        larger.write(pages)
    return larger


def state_of(count: int, root: bytes) -> bytes:
    """A committed state as it stands in the file."""
    body = count.to_bytes(8, "little") + root
    return body + blake3(body).digest()[: STATE_BYTES - len(body)]


def read_state(octets: bytes) -> tuple[int, bytes] | None:
    """Leaf count and root of a state, or nothing where it was not written whole."""
    count, root = int.from_bytes(octets[:8], "little"), octets[8:40]
    return (count, root) if count <= MAX_LEAVES and octets == state_of(count, root) else None


class FileStore:
    """Nodes in a file, mapped into memory.

    `title` says what the file holds; a file with another one raises ValueError. A new file holds the empty range, whose
    root is given. `states` are those whose nodes the file is long enough for, the latest first: the caller adopts the
    first one whose root is right.
    """

    def __init__(self, path: Path, title: bytes, empty_root: bytes) -> None:
        heading = (MAGIC + title).ljust(STATES_AT[0], b"\0")
        self.path = path
        self.count = 0
        self.pages: mmap.mmap | None = None
        self.rows: Words64 = np.empty((0, 4), np.uint64)
        self.file: BinaryIO = path.open("r+b" if path.exists() else "x+b")
        if self.file.seek(0, os.SEEK_END) == 0:
            self.file.write(heading + state_of(0, empty_root))
            self.file.truncate(PAGE)
            self.file.flush()
        self.file.seek(0)
        page = self.file.read(PAGE)
        if page[: STATES_AT[0]] != heading:
            self.file.close()
            raise ValueError(f"{path.name}: it is no range of {title.decode()}: name another file, or its own profile")
        stored = (max(self.file.seek(0, os.SEEK_END), PAGE) - PAGE) // DIGEST_BYTES
        read = [(read_state(page[at : at + STATE_BYTES]), at) for at in STATES_AT]
        found = [(*state, at) for state, at in read if state is not None and nodes_of(state[0]) <= stored]
        self.states = sorted(found, reverse=True)
        self.next_state = STATES_AT[0]

    def map_rows(self, rows: int) -> None:
        """Give the file room for that many nodes, and map them."""
        self.rows = np.empty((0, 4), np.uint64)
        self.pages = None
        self.file.truncate(PAGE + rows * DIGEST_BYTES)
        self.look_at(rows)

    def look_at(self, rows: int) -> None:
        """Map the first nodes, which the file has; it stays as long as it is."""
        self.rows = np.empty((0, 4), np.uint64)
        self.pages = mmap.mmap(self.file.fileno(), PAGE + rows * DIGEST_BYTES)
        self.rows = np.frombuffer(self.pages, np.uint64, 4 * rows, PAGE).reshape(-1, 4)

    def adopt(self, count: int, at: int) -> None:
        """Take a state as the last one, cut off what is behind it, and write the next one beside it."""
        self.count = count
        self.next_state = STATES_AT[1 - STATES_AT.index(at)]
        self.map_rows(nodes_of(count))

    def reserve(self, count: int) -> None:
        """Make room for the nodes of that many leaves."""
        needed = nodes_of(count)
        if needed > len(self.rows):
            self.map_rows(grown(len(self.rows), needed))

    def commit(self, count: int, root: Callable[[], bytes]) -> None:
        """Put the nodes of the leaves below `count` on disk, then the state that counts them."""
        if self.pages is not None:
            # Only whole pages can be flushed; those below the first new node were, when it was appended to.
            first = (PAGE + nodes_of(self.count) * DIGEST_BYTES) // mmap.PAGESIZE * mmap.PAGESIZE
            self.pages.flush(first, PAGE + nodes_of(count) * DIGEST_BYTES - first)
        self.file.seek(self.next_state)
        self.file.write(state_of(count, root()))
        self.file.flush()
        os.fsync(self.file.fileno())
        self.next_state = STATES_AT[1 - STATES_AT.index(self.next_state)]
        self.count = count

    def close(self) -> None:
        """Cut the spare room off and let go of the file."""
        if not self.file.closed:
            self.rows = np.empty((0, 4), np.uint64)
            self.pages = None
            self.file.truncate(PAGE + nodes_of(self.count) * DIGEST_BYTES)
            self.file.close()


NodeStore: TypeAlias = MemoryStore | FileStore
