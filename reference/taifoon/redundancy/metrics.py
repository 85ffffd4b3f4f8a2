"""Section 3.2: coverage metrics (R-3.2-1 to R-3.2-4): integer counters of the finalised blocks of one epoch.

A metric that moves the network has to be a function of the chain. Each block is boiled down to a record; the records of
an epoch add up to its metrics, in whatever order they, or the entries within one, are given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Epoch
from taifoon.profile import Profile, Resolution
from taifoon.redundancy.coverage import Ratio
from taifoon.rejection import Rejected, RejectionCode

WINDOW = 10
"""Consecutive blocks of section 3.2 over which utilisation is judged."""

_ORDER_OF_TYPES = {proof_type: place for place, proof_type in enumerate(ProofType)}


@dataclass(frozen=True, slots=True)
class TypeCount:
    """Jobs of one type whose deadline is in a block or epoch.

    `done` of the `due` ones are completed by then; `latency` adds up their blocks from intake to completion.
    """

    proof_type: ProofType
    due: int
    done: int
    latency: int


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """What one finalised block adds to the metrics.

    `load` and `capacity` are in units of work, `cost` is the priced work and `revenue` the credited fees, in base
    units; of the replicas that were due by this block, some were missed. Rejects with METRICS_RECORD.
    """

    epoch: Epoch
    cluster: ClusterId
    number: BlockNumber
    types: tuple[TypeCount, ...]
    replicas_due: int
    replicas_missed: int
    load: int
    capacity: int
    cost: Amount
    revenue: Amount

    def __post_init__(self) -> None:
        counts = (self.epoch, self.cluster, self.number, self.replicas_missed, self.load, self.capacity)
        amounts = (self.cost, self.revenue)
        typed = tuple(number for count in self.types for number in (count.due - count.done, count.done, count.latency))
        if min(*counts, *amounts, *typed, self.replicas_due - self.replicas_missed) < 0:
            raise Rejected(
                RejectionCode.METRICS_RECORD,
                f"{self}; no counter is negative, and neither done jobs nor missed replicas exceed the due ones",
            )


@dataclass(frozen=True, slots=True)
class BlockUse:
    """Load and capacity of a cluster in one block."""

    load: int
    capacity: int


@dataclass(frozen=True, slots=True)
class ClusterUse:
    """The last blocks of a cluster in an epoch, at most `WINDOW`, in order."""

    cluster: ClusterId
    blocks: tuple[BlockUse, ...]

    @property
    def load(self) -> int:
        """Work that the window held."""
        return sum(block.load for block in self.blocks)

    @property
    def capacity(self) -> int:
        """Work that the window could have held."""
        return sum(block.capacity for block in self.blocks)


@dataclass(frozen=True, slots=True)
class EpochMetrics:
    """The metrics of a closed epoch: types in their order, clusters by number."""

    closed: Epoch
    types: tuple[TypeCount, ...]
    clusters: tuple[ClusterUse, ...]
    replicas_due: int
    replicas_missed: int
    cost: Amount
    revenue: Amount


def total_of_type(proof_type: ProofType, counts: tuple[TypeCount, ...]) -> TypeCount:
    """All that is counted of one type."""
    of_type = tuple(count for count in counts if count.proof_type is proof_type)
    return TypeCount(
        proof_type,
        sum(count.due for count in of_type),
        sum(count.done for count in of_type),
        sum(count.latency for count in of_type),
    )


def cluster_uses(records: tuple[BlockRecord, ...]) -> tuple[ClusterUse, ...]:
    """The windows of all clusters, from records in the order of cluster and number."""
    clusters = tuple(dict.fromkeys(record.cluster for record in records))
    return tuple(
        ClusterUse(
            cluster,
            tuple(BlockUse(record.load, record.capacity) for record in records if record.cluster == cluster)[-WINDOW:],
        )
        for cluster in clusters
    )


def fold(closed: Epoch, records: Iterable[BlockRecord]) -> EpochMetrics:
    """The metrics of a closed epoch: a function of the set of its blocks.

    The blocks of each cluster have to be consecutive, each once. Rejects with METRICS_RECORD.
    """
    ordered = tuple(sorted(records, key=lambda record: (record.cluster, record.number)))
    for record in ordered:
        if record.epoch != closed:
            detail = f"the block is of epoch {record.epoch}; the metrics are of epoch {closed}"
            raise Rejected(RejectionCode.METRICS_RECORD, detail)
    for earlier, later in pairwise(ordered):
        if earlier.cluster == later.cluster and later.number != earlier.number + 1:
            detail = f"cluster {later.cluster} has block {later.number} after {earlier.number}; it is one more"
            raise Rejected(RejectionCode.METRICS_RECORD, detail)
    counts = tuple(count for record in ordered for count in record.types)
    types = sorted({count.proof_type for count in counts}, key=_ORDER_OF_TYPES.__getitem__)
    return EpochMetrics(
        closed,
        tuple(total_of_type(proof_type, counts) for proof_type in types),
        cluster_uses(ordered),
        sum(record.replicas_due for record in ordered),
        sum(record.replicas_missed for record in ordered),
        Amount(sum(record.cost for record in ordered)),
        Amount(sum(record.revenue for record in ordered)),
    )


def read_records(
    profile: Profile, own: tuple[BlockRecord, ...], finalised: tuple[BlockRecord, ...]
) -> tuple[BlockRecord, ...]:
    """Rule: what a node folds into metrics. Literally what it measured itself; repaired, the finalised blocks."""
    return finalised if Resolution.METRICS in profile else own


def failure_rate(metrics: EpochMetrics) -> Ratio:
    """F of section 3.1: missed over due replicas; without any due, none failed."""
    if metrics.replicas_due == 0:
        return Ratio(0, 1)
    return Ratio(metrics.replicas_missed, metrics.replicas_due)


def efficiency(profile: Profile, cost: Amount, revenue: Amount) -> Ratio:
    """Rule: the efficiency. Literally cost / revenue; repaired, the margin 1 - cost / revenue, clipped to [0, 1].

    Without revenue it is 0 if there is a cost and 1 if there is none.
    """
    if Resolution.EFFICIENCY not in profile:
        return Ratio(cost, revenue)
    if revenue == 0:
        return Ratio(0 if cost > 0 else 1, 1)
    return Ratio(max(0, revenue - cost), revenue)


def mean_latency(count: TypeCount) -> Ratio | None:
    """Blocks from intake to completion of a type, on average; None where nothing was completed."""
    return Ratio(count.latency, count.done) if count.done else None
