"""What the final blocks of many clusters say of their members, in columns (R-5.1-3 to R-5.1-5).

Equals a tuple of `taifoon.economics.rewards.ClusterRecord`, and `present` and `is_window_over` of that module: which
signatures count, and from which blocks absence does. Rows of one column belong to clusters by number, in any order but
for the seats.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taifoon.core.leaf import ProofType
from taifoon.economics.rewards import ClusterRecord
from taifoon.economics.rewards import Delivery as OneDelivery
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_optimized.assignment import demand
from taifoon_optimized.contents import Digests, Numbers, Octets, digests_of
from taifoon_optimized.exact import WORD, Words64, words_of_numbers
from taifoon_optimized.grouping import labels, shared
from taifoon_optimized.leaf_columns import Bits


@dataclass(frozen=True, slots=True, eq=False)
class Attestations:
    """Signatures: of a cluster, under a block, by a seat, first carried by a block."""

    clusters: Numbers
    blocks: Words64
    seats: Numbers
    carried: Words64


@dataclass(frozen=True, slots=True, eq=False)
class Deliveries:
    """Proofs of jobs by provers, drawn in a cluster or delivered there."""

    clusters: Numbers
    job_ids: Digests
    job_types: Octets
    provers: Digests


@dataclass(frozen=True, slots=True, eq=False)
class Records:
    """The records of clusters 0, 1, 2 and so on; the seats of each stand together, in the order of their clusters.

    `reached` and `average` are Python's whole numbers, one for each cluster, for they have no bound. Raises ValueError
    for columns that do not fit each other, and rejects with ENCODING_OUT_OF_RANGE a kind of proof that there is not.
    """

    seat_clusters: Numbers
    keys: Digests
    block_clusters: Numbers
    blocks: Words64
    attestations: Attestations
    drawn: Deliveries
    deliveries: Deliveries
    reached: tuple[int, ...]
    average: tuple[int, ...]

    def __post_init__(self) -> None:
        for name, kind, width, column, number in columns_in(self):
            shape = (number,) if width == 1 else (number, width)
            if column.dtype != kind or column.shape != shape:
                raise ValueError(f"{name}: {np.dtype(kind).name} of shape {shape} is needed, not {column.shape}")
            if name.endswith("clusters") and number and not 0 <= int(column.min()) <= int(column.max()) < len(self):
                raise ValueError(f"{name}: each names one of {len(self)} clusters, from 0")
            if name.endswith("job_types") and number and int(column.max()) >= len(ProofType):
                raise Rejected(
                    RejectionCode.ENCODING_OUT_OF_RANGE,
                    f"{name}: {int(column.max())} is no kind of proof; they are numbered 0 to {len(ProofType) - 1}",
                )
        if bool((np.diff(self.seat_clusters) < 0).any()):
            raise ValueError("seat_clusters: they must not fall")
        if len(self.average) != len(self) or min((*self.reached, *self.average), default=0) < 0:
            raise ValueError("reached, average: one of each for a cluster, 0 or more")

    def __len__(self) -> int:
        return len(self.reached)

    @property
    def sizes(self) -> Numbers:
        """Seats of each cluster."""
        return np.bincount(self.seat_clusters, minlength=len(self)).astype(np.int64)

    @property
    def heights(self) -> Numbers:
        """Final blocks of each cluster."""
        return np.bincount(self.block_clusters, minlength=len(self)).astype(np.int64)


def columns_in(records: Records) -> Iterator[tuple[str, type[np.generic], int, npt.NDArray[np.generic], int]]:
    """Each column of records: its name, type and width, the column, and how many rows it has to have."""
    seats, blocks, signed = len(records.keys), len(records.blocks), records.attestations
    yield "seat_clusters", np.int64, 1, records.seat_clusters, seats
    yield "keys", np.uint8, 32, records.keys, seats
    yield "block_clusters", np.int64, 1, records.block_clusters, blocks
    yield "blocks", np.uint64, 1, records.blocks, blocks
    yield "attestations.clusters", np.int64, 1, signed.clusters, len(signed.seats)
    yield "attestations.blocks", np.uint64, 1, signed.blocks, len(signed.seats)
    yield "attestations.seats", np.int64, 1, signed.seats, len(signed.seats)
    yield "attestations.carried", np.uint64, 1, signed.carried, len(signed.seats)
    for name, proofs in (("drawn", records.drawn), ("deliveries", records.deliveries)):
        number = len(proofs.job_ids)
        yield f"{name}.clusters", np.int64, 1, proofs.clusters, number
        yield f"{name}.job_ids", np.uint8, 32, proofs.job_ids, number
        yield f"{name}.job_types", np.uint8, 1, proofs.job_types, number
        yield f"{name}.provers", np.uint8, 32, proofs.provers, number


def records_of(records: Sequence[ClusterRecord]) -> Records:
    """The columns of records. A block number of more than 64 bits raises ValueError."""
    signed = [(cluster, item) for cluster, record in enumerate(records) for item in record.attestations]
    return Records(
        np.array([cluster for cluster, record in enumerate(records) for _ in record.keys], np.int64),
        digests_of([key for record in records for key in record.keys]),
        np.array([cluster for cluster, record in enumerate(records) for _ in record.blocks], np.int64),
        words_of_numbers("blocks", [block for record in records for block in record.blocks]),
        Attestations(
            np.array([cluster for cluster, _ in signed], np.int64),
            words_of_numbers("attestations.blocks", [item.block for _, item in signed]),
            np.array([item.seat for _, item in signed], np.int64),
            words_of_numbers("attestations.carried", [item.carried for _, item in signed]),
        ),
        deliveries_of([(cluster, item) for cluster, record in enumerate(records) for item in record.drawn]),
        deliveries_of([(cluster, item) for cluster, record in enumerate(records) for item in record.deliveries]),
        tuple(record.reached for record in records),
        tuple(record.average for record in records),
    )


def deliveries_of(proofs: Sequence[tuple[int, OneDelivery]]) -> Deliveries:
    """The columns of deliveries, each with its cluster."""
    kinds = list(ProofType)
    return Deliveries(
        np.array([cluster for cluster, _ in proofs], np.int64),
        digests_of([item.job_id for _, item in proofs]),
        np.array([kinds.index(item.job_type) for _, item in proofs], np.uint8),
        digests_of([item.prover for _, item in proofs]),
    )


def present(profile: Profile, records: Records) -> tuple[Words64, Numbers]:
    """The block and the row of the seat of each signature that counts, each once."""
    demand(profile, Resolution.REWARD)
    signed, sizes = records.attestations, records.sizes
    window = np.uint64(min(profile.parameters.signature_window, WORD - 1))
    late = signed.carried - signed.blocks
    counted = shared((signed.clusters, signed.blocks), (records.block_clusters, records.blocks))
    counted &= (signed.seats >= 0) & (signed.seats < sizes[signed.clusters])
    counted &= (signed.carried >= signed.blocks) & (late <= window)
    clusters, blocks, seats = signed.clusters[counted], signed.blocks[counted], signed.seats[counted]
    rows = (np.cumsum(sizes) - sizes)[clusters] + seats
    _, firsts = labels(blocks, rows)
    return blocks[firsts], rows[firsts]


def windows_over(profile: Profile, records: Records) -> Bits:
    """Whether absence from each block tells anything: every block of its window is there.

    One block of a cluster's stretch follows those of its record.
    """
    demand(profile, Resolution.REWARD)
    if profile.parameters.signature_window == 0:
        return np.ones(records.blocks.size, np.bool_)
    newest = np.zeros(len(records), np.uint64)
    np.maximum.at(newest, records.block_clusters, records.blocks)
    # The block after the newest counts as well; numbers of 64 bits have no place for it.
    needed = profile.parameters.signature_window - 1
    if needed >= WORD:
        return np.zeros(records.blocks.size, np.bool_)
    over: Bits = newest[records.block_clusters] - records.blocks >= np.uint64(needed)
    return over
