"""Vectors of the metrics of an epoch: records of blocks, their sums, and ratios of these (RES-METRIC, RES-EFF)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from taifoon.core.leaf import ProofType
from taifoon.primitives.encoding import U128
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Epoch
from taifoon.profile import Profile
from taifoon.redundancy import metrics
from taifoon.redundancy.coverage import Ratio, coverage_minimum
from taifoon.redundancy.metrics import WINDOW, BlockRecord, BlockUse, ClusterUse, EpochMetrics, TypeCount
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.case import Case, Double, Sibling, accept
from taifoon_toolkit.vectors.method import method
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Large, Small

SECTION = "3.2"
GREATEST_POWER = 1 << 10

Vast = Annotated[int, U128]


@dataclass(frozen=True, slots=True)
class TypeCounted:
    """Jobs of one type: due, done, and the blocks that the done ones took together."""

    proof_type: ProofType
    due: Vast
    done: Vast
    latency: Vast


@dataclass(frozen=True, slots=True)
class RecordGiven:
    """What one final block adds to the metrics."""

    epoch: Large
    cluster: Small
    number: Large
    types: tuple[TypeCounted, ...]
    replicas_due: Large
    replicas_missed: Large
    load: Large
    capacity: Large
    cost: Large
    revenue: Large


@dataclass(frozen=True, slots=True)
class Used:
    """Load and capacity of a cluster in one block."""

    load: Large
    capacity: Large


@dataclass(frozen=True, slots=True)
class Window:
    """The last blocks of a cluster in an epoch, at most ten."""

    cluster: Small
    blocks: tuple[Used, ...]


@dataclass(frozen=True, slots=True)
class MetricsGiven:
    """The metrics of a closed epoch."""

    closed: Large
    types: tuple[TypeCounted, ...]
    clusters: tuple[Window, ...]
    replicas_due: Vast
    replicas_missed: Vast
    cost: Vast
    revenue: Vast


@dataclass(frozen=True, slots=True)
class FoldAsked:
    """An epoch that closes, and the records of its final blocks in any order."""

    closed: Large
    records: tuple[RecordGiven, ...]


@dataclass(frozen=True, slots=True)
class ReplicasAsked:
    """Replicas that were due, and those of them that were missed."""

    due: Large
    missed: Large


@dataclass(frozen=True, slots=True)
class MoneyAsked:
    """Cost and revenue of an epoch."""

    cost: Large
    revenue: Large


@dataclass(frozen=True, slots=True)
class LatencyAsked:
    """Completed jobs of a type, and the blocks that they took together."""

    done: Large
    latency: Large


@dataclass(frozen=True, slots=True)
class RatioGiven:
    """A numerator over a positive denominator, not reduced."""

    numerator: Large
    denominator: Large


@dataclass(frozen=True, slots=True)
class MaybeRatio:
    """A ratio, or none."""

    mean: RatioGiven | None


@dataclass(frozen=True, slots=True)
class MinimumAsked:
    """A failure rate, and the seats that can prove a job."""

    failed: Small
    due: Small
    capable: Small


@dataclass(frozen=True, slots=True)
class MinimumGiven:
    """The least number of replicas."""

    replicas: Small


def counted(items: tuple[TypeCounted, ...]) -> tuple[TypeCount, ...]:
    """Counts as the reference has them."""
    return tuple(TypeCount(item.proof_type, item.due, item.done, item.latency) for item in items)


def counts_given(items: tuple[TypeCount, ...]) -> tuple[TypeCounted, ...]:
    """Counts as they are written."""
    return tuple(TypeCounted(item.proof_type, item.due, item.done, item.latency) for item in items)


def metrics_given(found: EpochMetrics) -> MetricsGiven:
    """Metrics as they are written."""
    return MetricsGiven(
        found.closed,
        counts_given(found.types),
        tuple(
            Window(use.cluster, tuple(Used(block.load, block.capacity) for block in use.blocks))
            for use in found.clusters
        ),
        found.replicas_due,
        found.replicas_missed,
        found.cost,
        found.revenue,
    )


def metrics_from(given: MetricsGiven) -> EpochMetrics:
    """Metrics as the reference has them. Raises ValueError for what no fold gives."""
    types = [item.proof_type for item in given.types]
    clusters = [item.cluster for item in given.clusters]
    if len(set(types)) < len(types) or len(set(clusters)) < len(clusters):
        raise ValueError("types, clusters: each stands once")
    if any(len(item.blocks) > WINDOW for item in given.clusters):
        raise ValueError(f"blocks: a window has at most {WINDOW}")
    return EpochMetrics(
        Epoch(given.closed),
        counted(given.types),
        tuple(
            ClusterUse(ClusterId(item.cluster), tuple(BlockUse(each.load, each.capacity) for each in item.blocks))
            for item in given.clusters
        ),
        given.replicas_due,
        given.replicas_missed,
        Amount(given.cost),
        Amount(given.revenue),
    )


def record_from(given: RecordGiven) -> BlockRecord:
    """A record as the reference has it. Rejects with METRICS_RECORD."""
    return BlockRecord(
        Epoch(given.epoch),
        ClusterId(given.cluster),
        BlockNumber(given.number),
        counted(given.types),
        given.replicas_due,
        given.replicas_missed,
        given.load,
        given.capacity,
        Amount(given.cost),
        Amount(given.revenue),
    )


@method("metrics.fold", SECTION, "R-3.2-1", "R-3.2-2", "R-3.2-3", "R-3.2-4", "RES-METRIC")
def fold(profile: Profile, given: FoldAsked) -> MetricsGiven:
    """The metrics of an epoch, or the refusal of a record."""
    return metrics_given(metrics.fold(Epoch(given.closed), tuple(record_from(record) for record in given.records)))


@method("metrics.failure_rate", SECTION, "R-3.1-3", "RES-METRIC")
def failure_rate(profile: Profile, given: ReplicasAsked) -> RatioGiven:
    """The failure rate of an epoch."""
    found = metrics.failure_rate(EpochMetrics(Epoch(0), (), (), given.due, given.missed, Amount(0), Amount(0)))
    return RatioGiven(found.numerator, found.denominator)


@method("metrics.efficiency", SECTION, "R-3.2-4", "R-3.2-7", "RES-EFF")
def efficiency(profile: Profile, given: MoneyAsked) -> RatioGiven:
    """The efficiency of an epoch."""
    found = metrics.efficiency(profile, Amount(given.cost), Amount(given.revenue))
    return RatioGiven(found.numerator, found.denominator)


@method("metrics.mean_latency", SECTION, "R-3.2-2", "RES-METRIC")
def mean_latency(profile: Profile, given: LatencyAsked) -> MaybeRatio:
    """Blocks from intake to completion on average, null where nothing was completed."""
    found = metrics.mean_latency(TypeCount(ProofType.GROTH16, given.done, given.done, given.latency))
    return MaybeRatio(None if found is None else RatioGiven(found.numerator, found.denominator))


@method("coverage.minimum", "3.1", "R-3.2-1", "R-3.1-6", "RES-DUP")
def minimum(profile: Profile, given: MinimumAsked) -> MinimumGiven:
    """The least number of replicas that covers 95 %, or all capable ones."""
    if not 0 <= given.failed <= given.due or given.due == 0 or given.capable > GREATEST_POWER:
        raise ValueError(f"failed, due, capable: a rate between 0 and 1, and at most {GREATEST_POWER} seats")
    return MinimumGiven(coverage_minimum(Ratio(given.failed, given.due), given.capable))


BELIEVES_RECORDS = Double("believes records", "taifoon.redundancy.metrics:BlockRecord.__post_init__", accept)
BAD = RejectionCode.METRICS_RECORD


def drawn_record(stream: Stream, epoch: int, cluster: int, number: int) -> RecordGiven:
    """A record with some jobs of some types."""
    types = []
    for kind in ProofType:
        due = stream.below(40)
        if stream.below(4):
            types.append(TypeCounted(kind, due, stream.below(due + 1), stream.below(200)))
    due = stream.below(60)
    money = (1000 + stream.below(1000), stream.below(4000))
    used = (stream.below(200), 100 + stream.below(100))
    return RecordGiven(epoch, cluster, number, tuple(types), due, stream.below(due + 1), *used, *money)


def fold_cases() -> Iterator[Case]:
    """Epochs in several orders, long windows, and each way in which a record is refused."""
    name, stream = "metrics.fold", Stream("vectors/metrics")
    lengths = {2: 12, 0: 10, 7: 9}
    records = tuple(
        drawn_record(stream, 5, cluster, 100 * cluster + number)
        for cluster, length in lengths.items()
        for number in range(length)
    )
    short = tuple(record for record in records if record.number % 100 < 2)
    greatest = (1 << 64) - 1
    one = short[0]
    most = replace(
        one,
        types=tuple(TypeCounted(kind, greatest, greatest, greatest) for kind in ProofType),
        **dict.fromkeys(("replicas_due", "replicas_missed", "load", "capacity", "cost", "revenue"), greatest),
    )
    split = replace(one, types=tuple(TypeCounted(ProofType.GROTH16, 2, count, 3) for count in (0, 1, 2)))
    accepted = {
        "three-clusters": records,
        "backwards": records[::-1],
        "interleaved": records[::2] + records[1::2],
        "no-blocks": (),
        "one-block": (one,),
        "no-jobs": (replace(one, types=()),),
        "a-type-in-parts": (split,),
        "types-in-another-order": (replace(one, types=one.types[::-1]), short[1]),
        "greatest": (most, replace(most, number=one.number + 1)),
        "nothing-used": (replace(one, load=0, capacity=0, cost=0, revenue=0, replicas_due=0, replicas_missed=0),),
        "done-is-due": (replace(one, types=(TypeCounted(ProofType.GROTH16, 3, 3, 0),)),),
        "missed-is-due": (replace(one, replicas_due=4, replicas_missed=4),),
    }
    for label, given in accepted.items():
        yield Case(name, label, FoldAsked(5, given))
    more_done = replace(one, types=(TypeCounted(ProofType.GROTH16, 3, 4, 0),))
    yield Case(name, "more-done-than-due", FoldAsked(5, (more_done, short[1])), BAD, BELIEVES_RECORDS)
    more_missed = replace(one, replicas_due=4, replicas_missed=5)
    yield Case(name, "more-missed-than-due", FoldAsked(5, (more_missed, short[1])), BAD, BELIEVES_RECORDS)
    sound = FoldAsked(5, short)
    for label, records_given in (
        ("of-the-epoch-before", (replace(short[0], epoch=4), *short[1:])),
        ("of-the-next-epoch", (*short[:-1], replace(short[-1], epoch=6))),
    ):
        edit = Sibling(sound, "the epoch of one record")
        yield Case(name, label, FoldAsked(5, records_given), BAD, edit)
    gap = (short[0], replace(short[1], number=short[1].number + 1), *short[2:])
    yield Case(name, "a-block-left-out", FoldAsked(5, gap), BAD, Sibling(sound, "the number of one block"))
    twice = (*short, short[-1])
    yield Case(name, "a-block-twice", FoldAsked(5, twice), BAD, Sibling(sound, "one block added again"))
    other = (*short, replace(short[-1], load=short[-1].load + 1))
    yield Case(name, "a-number-twice", FoldAsked(5, other), BAD, Sibling(sound, "a second block of one number"))


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from fold_cases()
    for due, missed in ((0, 0), (1, 0), (1, 1), (100, 7), (300, 300), ((1 << 64) - 1, 1)):
        yield Case("metrics.failure_rate", f"{missed}-of-{due}", ReplicasAsked(due, missed))
    for cost, revenue in ((0, 0), (1, 0), (0, 1), (3, 10), (10, 10), (11, 10), (7, 10), ((1 << 64) - 1, (1 << 64) - 1)):
        yield Case("metrics.efficiency", f"{cost}-of-{revenue}", MoneyAsked(cost, revenue))
    for done, latency in ((0, 0), (1, 0), (3, 10), (7, 7)):
        yield Case("metrics.mean_latency", f"{latency}-for-{done}", LatencyAsked(done, latency))
    # 0.05^1, 0.2236^2 and 0.3684^3 are the greatest rates that 1, 2 and 3 replicas bear.
    rates = (
        (0, 1),
        (1, 20),
        (51, 1000),
        (2236, 10_000),
        (2237, 10_000),
        (3684, 10_000),
        (3685, 10_000),
        (1, 2),
        (1, 1),
    )
    for failed, due in rates:
        for capable in (0, 1, 3, 100):
            yield Case("coverage.minimum", f"{failed}-of-{due}-for-{capable}", MinimumAsked(failed, due, capable))
    for capable in (298, 299, 1024):
        yield Case("coverage.minimum", f"99-of-100-for-{capable}", MinimumAsked(99, 100, capable))
