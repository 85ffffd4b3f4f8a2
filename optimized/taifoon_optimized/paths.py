"""Inclusion proofs of one leaf each, many at a time, in columns (R-4.1-6).

Equals `taifoon.core.mmr.inclusion.prove_leaf` for each index. A path climbs the leaf's mountain, takes the bag of the
mountains to its right if there are any, then the peaks to its left from low to high. Proofs come in batches, so that
the paths of a whole range never lie in memory at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from taifoon.core.mmr.inclusion import InclusionProof
from taifoon.core.mmr.mountains import span_value
from taifoon.core.mmr.shape import MAX_HEIGHT, bit
from taifoon.core.mmr.spans import Span
from taifoon.primitives.types import Hash32, LeafIndex
from taifoon_optimized.blake3_tiles import Words64
from taifoon_optimized.bulk_range import BulkRange
from taifoon_optimized.contents import Digests, Numbers
from taifoon_optimized.positions import ones, subtree_place

PATHS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Proof i is of leaf `indices[i]` in a range of `counts[i]` leaves: items `offsets[i]` up to `offsets[i + 1]`.

    Raises ValueError for arrays that do not fit each other.
    """

    counts: Numbers
    indices: Numbers
    items: Digests
    offsets: Numbers

    def __post_init__(self) -> None:
        for name, column in (("counts", self.counts), ("indices", self.indices), ("offsets", self.offsets)):
            if column.dtype != np.int64 or column.ndim != 1:
                raise ValueError(f"{name}: one row of int64 is needed")
        if self.counts.size != self.indices.size or self.offsets.size != self.indices.size + 1:
            raise ValueError("counts, indices, offsets: one of each for a proof, and a last offset")
        if self.items.dtype != np.uint8 or self.items.ndim != 2 or self.items.shape[1] != 32:
            raise ValueError("items: rows of 32 uint8 are needed")
        if self.offsets[0] < 0 or self.offsets[-1] > len(self.items) or bool(np.any(np.diff(self.offsets) < 0)):
            raise ValueError(f"offsets: they must not fall, from 0 or more to {len(self.items)} items at most")

    def __len__(self) -> int:
        return int(self.indices.size)

    def proof(self, number: int) -> InclusionProof[Hash32]:
        """One of the proofs, as the reference has it."""
        rows = self.items[self.offsets[number] : self.offsets[number + 1]]
        return InclusionProof((LeafIndex(int(self.indices[number])),), tuple(Hash32(row.tobytes()) for row in rows))


@njit(cache=True, nogil=True)
def mountain_height(index: int, count: int) -> int:
    """Height of the mountain of a leaf: the greatest bit that the count has and the index has not."""
    differing = index ^ count
    height = 0
    while differing >> (height + 1):
        height += 1
    return height


@njit(cache=True, nogil=True)
def path_lengths(indices: Numbers, counts: Numbers) -> Numbers:
    """Items of each proof; every index is below its count."""
    lengths = np.empty(indices.size, np.int64)
    for number in range(indices.size):
        index, count = indices[number], counts[number]
        height = mountain_height(index, count)
        to_the_right = 1 if count & ((1 << height) - 1) else 0
        lengths[number] = height + to_the_right + ones(index >> (height + 1))
    return lengths


@njit(cache=True, nogil=True)
def fill_paths(nodes: Words64, bags: Words64, count: int, indices: Numbers, offsets: Numbers, items: Words64) -> None:
    """Copy the items of each proof. `bags[h]` is the bag of the mountains below height h."""
    for number in range(indices.size):
        index, at = indices[number], offsets[number]
        height = mountain_height(index, count)
        for level in range(height):
            items[at] = nodes[subtree_place(((index >> level) ^ 1) << level, level)]
            at += 1
        if count & ((1 << height) - 1):
            items[at] = bags[height]
            at += 1
        for level in range(height + 1, 63):
            if (index >> level) & 1:
                items[at] = nodes[subtree_place(index >> (level + 1) << (level + 1), level)]
                at += 1


def bags_below(mountains: BulkRange, count: int) -> Words64:
    """For each mountain of a range of `count` leaves, by height, the bag of the lower ones, where there are any."""
    bags = np.zeros((MAX_HEIGHT + 1, 4), np.uint64)
    for height in range(count.bit_length()):
        right = Span(count >> height << height, count)
        if bit(count, height) and right.size:
            value = span_value(mountains.combiner, mountains.mountains(count), right)
            bags[height] = np.frombuffer(value, np.uint64)
    return bags


def paths(
    mountains: BulkRange, indices: Sequence[int] | npt.NDArray[np.int64] | None = None, count: int | None = None
) -> Iterator[Paths]:
    """The proofs of leaves, all of them or those named, in the range as it is or as it was at an earlier count.

    Batches of at most 4096, in the order asked for. An index that is not below the count raises ValueError.
    """
    size = int(mountains.mountains(count).count)
    wanted = range(size) if indices is None else np.asarray(indices, np.int64)
    if indices is not None and len(wanted) and not 0 <= int(np.min(wanted)) <= int(np.max(wanted)) < size:
        raise ValueError(f"indices: each names one of {size} leaves, from 0 below {size}")
    bags = bags_below(mountains, size)
    for start in range(0, len(wanted), PATHS_AT_ONCE):
        chosen = np.asarray(wanted[start : start + PATHS_AT_ONCE], np.int64)
        counts = np.full(chosen.size, size, np.int64)
        offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(path_lengths(chosen, counts))))
        items = np.empty((int(offsets[-1]), 32), np.uint8)
        fill_paths(mountains.store.rows, bags, size, chosen, offsets, items.view(np.uint64))
        yield Paths(counts, chosen, items, offsets)
