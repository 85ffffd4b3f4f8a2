"""Offences on record in columns, and the identity by which each counts once (R-5.2-1).

Equals a tuple of `taifoon.economics.slashing.Conviction`, `offence_id` of `taifoon.economics.offences` and `recorded`
of the ledger. Judging evidence stays with the reference: its cost is that of the signatures and blocks in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from taifoon.economics.offences import Matter, OffenceKind
from taifoon.economics.slashing import Conviction
from taifoon.primitives.hashing import Role
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_optimized.assignment import demand, little_endian
from taifoon_optimized.contents import Digests, Numbers, Octets, contents_of_rows, digests_of
from taifoon_optimized.exact import Words64, octets_of_words, words_of_numbers
from taifoon_optimized.grouping import digest_columns, labels
from taifoon_optimized.hashing import hash_batch

NO_CLUSTER = -1
"""The cluster of a slot that is of no committee."""

MOST_SEATS = 1 << 32
"""Seats of a committee in columns: thirty thousand times as many stay in a word."""


@dataclass(frozen=True, slots=True, eq=False)
class Convictions:
    """Convictions field by field, the slot's fields after the key; `clusters` are -1 where a slot has none.

    Raises ValueError for columns that do not fit each other, and rejects with ENCODING_OUT_OF_RANGE a number that no
    kind, matter or cluster has.
    """

    kinds: Octets
    keys: Digests
    chain_ids: Digests
    epochs: Words64
    clusters: Numbers
    matters: Octets
    numbers: Words64
    job_ids: Digests
    seats: Numbers
    committee_seats: Numbers
    snapshots: Words64

    def __post_init__(self) -> None:
        for name, kind, width, column in columns_in(self):
            shape = (len(self.kinds),) if width == 1 else (len(self.kinds), width)
            if column.dtype != kind or column.shape != shape:
                raise ValueError(f"{name}: {np.dtype(kind).name} of shape {shape} is needed, not {column.shape}")
        if max(self.seats.max(initial=0), self.committee_seats.max(initial=0)) >= MOST_SEATS:
            raise ValueError(f"seats, committee_seats: columns hold fewer than {MOST_SEATS}, use the reference")
        if min(self.seats.min(initial=0), self.committee_seats.min(initial=0)) < 0:
            raise ValueError("seats, committee_seats: they are 0 or more")
        bounds = (("kinds", self.kinds, len(OffenceKind)), ("matters", self.matters, len(Matter)))
        for name, column, bound in (*bounds, ("clusters", self.clusters, 1 << 32)):
            least = NO_CLUSTER if name == "clusters" else 0
            if len(self) and not least <= int(column.min()) <= int(column.max()) < bound:
                raise Rejected(RejectionCode.ENCODING_OUT_OF_RANGE, f"{name}: the numbers are {least} to {bound - 1}")

    def __len__(self) -> int:
        return len(self.kinds)


def columns_in(convictions: Convictions) -> Iterator[tuple[str, type[np.generic], int, npt.NDArray[np.generic]]]:
    """Each column of convictions: its name, type and width, and the column."""
    for name in ("kinds", "matters"):
        yield name, np.uint8, 1, getattr(convictions, name)
    for name in ("keys", "chain_ids", "job_ids"):
        yield name, np.uint8, 32, getattr(convictions, name)
    for name in ("epochs", "numbers", "snapshots"):
        yield name, np.uint64, 1, getattr(convictions, name)
    for name in ("clusters", "seats", "committee_seats"):
        yield name, np.int64, 1, getattr(convictions, name)


def convictions_in_columns(convictions: Sequence[Conviction]) -> Convictions:
    """The columns of convictions. A number of more than 64 bits raises ValueError with its name."""
    kinds, matters = list(OffenceKind), list(Matter)
    offences = [item.offence for item in convictions]
    slots = [offence.slot for offence in offences]
    return Convictions(
        np.array([kinds.index(offence.kind) for offence in offences], np.uint8),
        digests_of([offence.key for offence in offences]),
        digests_of([slot.chain_id for slot in slots]),
        words_of_numbers("epochs", [slot.epoch for slot in slots]),
        np.array([NO_CLUSTER if slot.cluster is None else slot.cluster for slot in slots], np.int64),
        np.array([matters.index(slot.matter) for slot in slots], np.uint8),
        words_of_numbers("numbers", [slot.number for slot in slots]),
        digests_of([slot.job_id for slot in slots]),
        np.array([offence.seats for offence in offences], np.int64),
        np.array([offence.committee_seats for offence in offences], np.int64),
        words_of_numbers("snapshots", [item.snapshot for item in convictions]),
    )


def offence_ids(profile: Profile, convictions: Convictions, threads: int = 1) -> Digests:
    """The identity of each offence: the hash of the encodings of its kind, key and slot."""
    ids = np.empty((len(convictions), 32), np.uint8)
    placed = convictions.clusters != NO_CLUSTER
    for rows in (np.flatnonzero(placed), np.flatnonzero(~placed)):
        if not rows.size:
            continue
        cluster = [placed[rows, None].astype(np.uint8)]
        if placed[rows[0]]:
            cluster.append(little_endian(convictions.clusters[rows].astype(np.uint32)))
        encoded = np.concatenate(
            (
                convictions.kinds[rows, None],
                convictions.keys[rows],
                convictions.chain_ids[rows],
                octets_of_words(convictions.epochs[rows]),
                *cluster,
                convictions.matters[rows, None],
                octets_of_words(convictions.numbers[rows]),
                convictions.job_ids[rows],
            ),
            axis=1,
        )
        ids[rows] = hash_batch(profile, Role.EVIDENCE, contents_of_rows(encoded), threads)
    return ids


def recorded(profile: Profile, convictions: Convictions, threads: int = 1) -> Numbers:
    """The rows that make the record when convictions come one after the other: each offence once, by its identity."""
    demand(profile, Resolution.SLASHING)
    # Identities compare from their first octet on, and the last column is what rows are sorted by first.
    columns = [column.byteswap() for column in digest_columns(offence_ids(profile, convictions, threads))]
    _, firsts = labels(*reversed(columns))
    return firsts
