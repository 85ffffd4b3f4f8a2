"""A mountain range that grows by batches and keeps all nodes (R-2.1-1, R-2.1-10, R-4.1-5).

Equals `taifoon.core.mmr.mountains.extend`, and is read as a `MountainRange`: the reference's own walks give frontier,
roots and proofs, of the range as it is and as it was at any earlier count, for stored nodes never move.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, cast, overload

import numpy as np

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import SubtreeProof, prove_consistency, prove_subtree
from taifoon.core.mmr.frontier import Frontier, empty_frontier, root_of_frontier
from taifoon.core.mmr.inclusion import InclusionProof, prove_leaves
from taifoon.core.mmr.mountains import MountainRange, frontier_of_range, root_of_range, span_value
from taifoon.core.mmr.shape import MAX_HEIGHT, MAX_LEAVES
from taifoon.core.mmr.spans import Span, halves, whole
from taifoon.primitives.hashing import Role, separates_roles
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode
from taifoon_optimized.blake3_messages import fits_a_chunk
from taifoon_optimized.blake3_nodes import SLAB_HEIGHT, SLAB_LEAVES, append_slabs, raise_levels
from taifoon_optimized.contents import Contents, contents_of
from taifoon_optimized.hashing import hash_batch, hash_nodes, key_words, runs_in_tiles, words_of
from taifoon_optimized.node_store import FileStore, MemoryStore, NodeStore
from taifoon_optimized.positions import child_places, leaf_places, nodes_of
from taifoon_optimized.workers import ranges, run


class StoredNodes(Sequence[Hash32]):
    """The nodes of the first leaves of a store, by position, read when asked for."""

    __slots__ = ("_size", "_store")

    def __init__(self, store: NodeStore, size: int) -> None:
        self._store = store
        self._size = size

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, position: int) -> Hash32: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[Hash32, ...]: ...
    def __getitem__(self, position: int | slice) -> Hash32 | tuple[Hash32, ...]:
        if isinstance(position, slice):
            return tuple(self[number] for number in range(*position.indices(self._size)))
        if not -self._size <= position < self._size:
            raise IndexError(f"node {position} of {self._size}")
        return Hash32(self._store.rows[position % self._size].tobytes())


class BulkRange:
    """A mountain range of a profile, over a store of nodes; `threads` workers append, with the same outcome for any.

    Use one range from one thread at a time. `close` it, or use it in a `with`, where it lies in a file.
    """

    def __init__(self, profile: Profile, threads: int = 1, store: NodeStore | None = None) -> None:
        self.profile = profile
        self.threads = threads
        self.combiner = HashCombiner(profile)
        self.store: NodeStore = MemoryStore() if store is None else store

    @property
    def count(self) -> LeafCount:
        """Number of leaves."""
        return LeafCount(self.store.count)

    def append(self, contents: Contents | Sequence[bytes]) -> None:
        """Append leaves, in order. Rejects with MMR_FULL, and then appends none.

        Two hashes for each leaf of up to 64 octets; in a file, what is appended is on disk afterwards.
        """
        batch = contents if isinstance(contents, Contents) else contents_of(contents)
        first, last = int(self.count), int(self.count) + len(batch)
        if last > MAX_LEAVES:
            raise Rejected(
                RejectionCode.MMR_FULL,
                f"count is {first} and {len(batch)} leaves follow; a range holds at most {MAX_LEAVES}",
            )
        if first == last:
            return
        self.store.reserve(last)
        if runs_in_tiles(self.profile) and fits_a_chunk(batch.offsets):
            self._append_in_tiles(batch, first, last)
        else:
            self._append_by_levels(batch, first, last)
        self.store.commit(last, lambda: self._root_at(last))

    def _append_in_tiles(self, batch: Contents, first: int, last: int) -> None:
        leaf_key, node_key, rows = key_words(Role.LEAF), key_words(Role.NODE), self.store.rows

        def work(start: int, stop: int) -> None:
            append_slabs(leaf_key, node_key, batch.octets, batch.offsets, rows, first, start, stop)

        run(work, ranges(first, last, self.threads, SLAB_LEAVES))
        raise_levels(node_key, rows, first, last, SLAB_HEIGHT + 1, MAX_HEIGHT)

    def _append_by_levels(self, batch: Contents, first: int, last: int) -> None:
        rows = self.store.rows
        leaves = hash_batch(self.profile, Role.LEAF, batch, self.threads)
        rows[leaf_places(first, last - first)] = words_of(leaves)
        for height in range(1, last.bit_length()):
            places = child_places(first, last, height)
            lefts, rights = (rows[places[:, column]].view(np.uint8) for column in (1, 2))
            rows[places[:, 0]] = words_of(hash_nodes(self.profile, lefts, rights, self.threads))

    def mountains(self, count: int | None = None) -> MountainRange[Hash32]:
        """The range, or what it was at an earlier count, as the reference reads it; nodes stay where they are.

        A count that the range has not had raises ValueError.
        """
        size = int(self.count) if count is None else count
        if not 0 <= size <= self.count:
            raise ValueError(f"count is {size}; the range has had 0 to {self.count} leaves: choose one of them")
        return self._mountains_at(size)

    def _mountains_at(self, count: int) -> MountainRange[Hash32]:
        nodes = StoredNodes(self.store, nodes_of(count))
        return MountainRange(LeafCount(count), cast("tuple[Hash32, ...]", nodes))

    def _root_at(self, count: int) -> Hash32:
        return root_of_range(self.combiner, self._mountains_at(count))

    def frontier(self, count: int | None = None) -> Frontier[Hash32]:
        """Leaf count and peaks, now or at an earlier count."""
        return frontier_of_range(self.mountains(count))

    def root(self, count: int | None = None) -> Hash32:
        """The root, now or at an earlier count."""
        return root_of_range(self.combiner, self.mountains(count))

    def prove(self, indices: Sequence[int], count: int | None = None) -> InclusionProof[Hash32]:
        """The proof for several leaves, in increasing order. For many proofs of one leaf each see `paths`."""
        return prove_leaves(self.combiner, self.mountains(count), tuple(LeafIndex(index) for index in indices))

    def prove_run(self, run_of_leaves: Span, count: int | None = None) -> InclusionProof[Hash32]:
        """The proof for a contiguous run of leaves. Logarithmic work, beside naming the leaves."""
        mountains = self.mountains(count)
        if not 0 <= run_of_leaves.start < run_of_leaves.stop <= mountains.count:
            raise ValueError(f"run: {run_of_leaves} is no run of {mountains.count} leaves: name at least one of them")
        items: list[Hash32] = []
        self._collect_run(mountains, whole(mountains.count), run_of_leaves, items)
        indices = tuple(LeafIndex(index) for index in range(run_of_leaves.start, run_of_leaves.stop))
        return InclusionProof(indices, tuple(items))

    def _collect_run(self, mountains: MountainRange[Hash32], span: Span, wanted: Span, items: list[Hash32]) -> None:
        if wanted.covers(span):
            return
        if span.stop <= wanted.start or wanted.stop <= span.start:
            items.append(span_value(self.combiner, mountains, span))
            return
        left, right = halves(span)
        # The reference's order: a half that is an item comes after the other one.
        for half in (left, right) if wanted.start < left.stop else (right, left):
            self._collect_run(mountains, half, wanted, items)

    def prove_subtree(self, subtree: Span, count: int | None = None) -> SubtreeProof[Hash32]:
        """The proof that a subtree belongs to the range."""
        return prove_subtree(self.combiner, self.mountains(count), subtree)

    def prove_consistency(self, old: int, count: int | None = None) -> SubtreeProof[Hash32]:
        """The proof that the range extends its first `old` leaves."""
        return prove_consistency(self.combiner, self.mountains(count), LeafCount(old))

    def close(self) -> None:
        """Let go of the nodes; a file keeps them."""
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_range(path: Path, profile: Profile, threads: int = 1) -> BulkRange:
    """The range that a file holds, or a new one there; what a torn append left behind is cut off.

    Raises ValueError where the file holds no range of this suite, or none of its states has its nodes.
    """
    empty_root = root_of_frontier(HashCombiner(profile), empty_frontier())
    roles = "by role" if separates_roles(profile) else "without roles"
    store = FileStore(path, f"{profile.parameters.suite.value} {roles}".encode(), empty_root)
    opened = BulkRange(profile, threads, store)
    for count, root, at in store.states:
        store.look_at(nodes_of(count))
        if opened._root_at(count) == root:
            store.adopt(count, at)
            return opened
    store.file.close()
    raise ValueError(f"{path.name}: no state of it has its nodes: bring the file back from another copy")
