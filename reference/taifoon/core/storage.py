"""Sections 2.1 and 7: what a node stores of a range, and what it can answer (R-2.1-1, R-4.1-5, R-7-5).

Peaks alone are logarithmic storage; they are enough to append and to verify, and cannot answer for a leaf. Repaired,
that is a role: light nodes keep the peaks, archival ones every node. Written literally, every node keeps the peaks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from taifoon.core.mmr.combiner import Combiner
from taifoon.core.mmr.frontier import Frontier, append
from taifoon.core.mmr.inclusion import InclusionProof, prove_leaf
from taifoon.core.mmr.mountains import MountainRange, empty_range, extend, frontier_of_range
from taifoon.core.mmr.shape import bit
from taifoon.primitives.types import LeafIndex
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

V = TypeVar("V")


class StorageRole(Enum):
    """How much of a range a node keeps."""

    LIGHT = "peaks"
    ARCHIVAL = "all nodes"


@dataclass(frozen=True, slots=True)
class Store(Generic[V]):
    """The peaks, and for an archival node all nodes."""

    frontier: Frontier[V]
    mountains: MountainRange[V] | None


def keeps_all_nodes(profile: Profile, role: StorageRole) -> bool:
    """Rule: whether a node of this role keeps all nodes. Literally storage is logarithmic for every node."""
    return Resolution.ROLES in profile and role is StorageRole.ARCHIVAL


def empty_store(profile: Profile, role: StorageRole) -> Store[V]:
    """The store of an empty range."""
    mountains: MountainRange[V] = empty_range()
    return Store(frontier_of_range(mountains), mountains if keeps_all_nodes(profile, role) else None)


def store_leaf(combiner: Combiner[V], store: Store[V], content: bytes) -> Store[V]:
    """The store with one more leaf. Rejects with MMR_FULL."""
    frontier = append(combiner, store.frontier, content)
    if store.mountains is None:
        return Store(frontier, None)
    return Store(frontier, extend(combiner, store.mountains, (content,)))


def stored_values(store: Store[V]) -> int:
    """How many values the store holds."""
    return len(store.frontier.peaks) if store.mountains is None else len(store.mountains.nodes)


def answer_proof_request(combiner: Combiner[V], store: Store[V], index: LeafIndex) -> InclusionProof[V]:
    """The proof of a leaf.

    Rejects with MMR_INDEX_OUT_OF_RANGE, and with NODE_NOT_STORED where only the peaks are kept and the leaf is none.
    """
    count = store.frontier.count
    if not 0 <= index < count:
        raise Rejected(RejectionCode.MMR_INDEX_OUT_OF_RANGE, f"leaf_index is {index}; the range has {count} leaves")
    if store.mountains is None and index == count - 1 and bit(count, 0):
        # The last leaf of an odd count is a mountain of its own, beside the peaks that are kept.
        return InclusionProof((index,), tuple(reversed(store.frontier.peaks[:-1])))
    if store.mountains is None:
        raise Rejected(
            RejectionCode.NODE_NOT_STORED, f"leaf_index {index}: this node keeps the peaks; ask an archival node"
        )
    return prove_leaf(combiner, store.mountains, index)
