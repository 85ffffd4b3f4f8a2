"""The canonical encoding of many leaves at a time, from columns (R-2.1-2).

Equals `taifoon.core.leaf.leaf_content`, row by row: the fields in order, little-endian, an octet for the kind of job,
and one that says whether a commitment follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

from taifoon.core.leaf import MMRLeaf, ProofType, leaf_content
from taifoon.rejection import Rejected, RejectionCode
from taifoon_optimized.contents import Contents, Digests, Numbers, Octets

Bits: TypeAlias = npt.NDArray[np.bool_]
Words64: TypeAlias = npt.NDArray[np.uint64]

INTAKE_BYTES = 63
COMPLETION_BYTES = 95

WIDTHS: tuple[tuple[str, int], ...] = (
    ("source_chain", 64),
    ("target_chain", 64),
    ("timestamp", 64),
    ("priority", 8),
    ("assigned_cluster", 32),
)


@dataclass(frozen=True, slots=True, eq=False)
class LeafColumns:
    """Leaves field by field; the commitment of a row counts where it is `completed`.

    Raises ValueError for columns of another type or of different lengths, and rejects with ENCODING_OUT_OF_RANGE a kind
    of job that there is not.
    """

    job_id: Digests
    job_type: Octets
    source_chain: Words64
    target_chain: Words64
    timestamp: Words64
    priority: Octets
    assigned_cluster: npt.NDArray[np.uint32]
    proof_commitment: Digests
    completed: Bits

    def __post_init__(self) -> None:
        number = len(self.job_id)
        for name, kind, shape in COLUMNS:
            column = getattr(self, name)
            if column.dtype != kind or column.shape != (number, *shape):
                raise ValueError(
                    f"{name}: {number} rows of {np.dtype(kind).name} of shape {shape} are needed, "
                    f"not {column.dtype} of shape {column.shape}"
                )
        if number and int(self.job_type.max()) >= len(ProofType):
            raise Rejected(
                RejectionCode.ENCODING_OUT_OF_RANGE,
                f"job_type is {int(self.job_type.max())}; kinds of jobs are numbered 0 to {len(ProofType) - 1}",
            )

    def __len__(self) -> int:
        return len(self.job_id)


COLUMNS: tuple[tuple[str, type[np.generic], tuple[int, ...]], ...] = (
    ("job_id", np.uint8, (32,)),
    ("job_type", np.uint8, ()),
    ("source_chain", np.uint64, ()),
    ("target_chain", np.uint64, ()),
    ("timestamp", np.uint64, ()),
    ("priority", np.uint8, ()),
    ("assigned_cluster", np.uint32, ()),
    ("proof_commitment", np.uint8, (32,)),
    ("completed", np.bool_, ()),
)


def rows_of(values: Iterable[bytes]) -> Digests:
    """Digests below each other."""
    return np.frombuffer(bytearray().join(values), np.uint8).reshape(-1, 32)


def columns_of(leaves: Sequence[MMRLeaf]) -> LeafColumns:
    """The columns of leaves. A value that its field cannot hold is rejected as the reference does."""
    for leaf in leaves:
        numbers = all(0 <= getattr(leaf, name) < 1 << width for name, width in WIDTHS)
        commitment = leaf.proof_commitment
        if not numbers or len(leaf.job_id) != 32 or (commitment is not None and len(commitment) != 32):
            leaf_content(leaf)
    kinds = list(ProofType)
    return LeafColumns(
        rows_of(leaf.job_id for leaf in leaves),
        np.array([kinds.index(leaf.job_type) for leaf in leaves], np.uint8),
        np.array([leaf.source_chain for leaf in leaves], np.uint64),
        np.array([leaf.target_chain for leaf in leaves], np.uint64),
        np.array([leaf.timestamp for leaf in leaves], np.uint64),
        np.array([leaf.priority for leaf in leaves], np.uint8),
        np.array([leaf.assigned_cluster for leaf in leaves], np.uint32),
        rows_of(leaf.proof_commitment or bytes(32) for leaf in leaves),
        np.array([not leaf.is_intake for leaf in leaves], np.bool_),
    )


@njit(cache=True, nogil=True)
def put_word(octets: Octets, at: int, word: int, width: int) -> int:
    """Write a little-endian word, and return where the next field begins."""
    for place in range(width):
        octets[at + place] = word >> (8 * place) & 255
    return at + width


@njit(cache=True, nogil=True)
def put_row(octets: Octets, at: int, row: Octets) -> int:
    """Write a digest, and return where the next field begins."""
    for place in range(32):
        octets[at + place] = row[place]
    return at + 32


@njit(cache=True, nogil=True)
def encode_rows(
    job_id: Digests,
    job_type: Octets,
    source_chain: Words64,
    target_chain: Words64,
    timestamp: Words64,
    priority: Octets,
    assigned_cluster: npt.NDArray[np.uint32],
    proof_commitment: Digests,
    completed: Bits,
    offsets: Numbers,
    octets: Octets,
) -> None:
    """Write each leaf from its offset on."""
    for number in range(offsets.size - 1):
        at = put_row(octets, offsets[number], job_id[number])
        octets[at] = job_type[number]
        at = put_word(octets, at + 1, source_chain[number], 8)
        at = put_word(octets, at, target_chain[number], 8)
        at = put_word(octets, at, timestamp[number], 8)
        octets[at] = priority[number]
        at = put_word(octets, at + 1, assigned_cluster[number], 4)
        octets[at] = completed[number]
        if completed[number]:
            put_row(octets, at + 1, proof_commitment[number])


def encode_leaves(columns: LeafColumns) -> Contents:
    """The encodings of the leaves, in order: 63 octets for an intake, 95 for a completion."""
    lengths = np.where(columns.completed, COMPLETION_BYTES, INTAKE_BYTES)
    offsets = np.zeros(len(columns) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    octets = np.empty(int(offsets[-1]), np.uint8)
    encode_rows(
        columns.job_id,
        columns.job_type,
        columns.source_chain,
        columns.target_chain,
        columns.timestamp,
        columns.priority,
        columns.assigned_cluster,
        columns.proof_commitment,
        columns.completed,
        offsets,
        octets,
    )
    return Contents(octets, offsets)
