"""Vectors of the duplication factor and the triggers: where a float, a tie or a limit decides (RES-DUP, RES-METRIC)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Amount
from taifoon.profile import Profile, Resolution
from taifoon.redundancy.coverage import Ratio
from taifoon.redundancy.duplication import counted_value, duplication_factor, factor_of_job, least_fee
from taifoon.redundancy.metrics import BlockUse, TypeCount
from taifoon.redundancy.triggers import block_is_busy, efficiency_is_low, type_is_low
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.case import Case
from taifoon_toolkit.vectors.method import method
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Large, Small

GREATEST_ASKED = 1 << 16


@dataclass(frozen=True, slots=True)
class FactorAsked:
    """Registered seats, failure rate, value at stake, its baseline, and the seats that can prove the job."""

    seats: Small
    failed: Small
    due: Small
    value: Large
    baseline: Large
    capable: Small


@dataclass(frozen=True, slots=True)
class FactorGiven:
    """How many seats prove the job."""

    factor: Small


@dataclass(frozen=True, slots=True)
class JobFactorAsked:
    """A job's declared value, the seats and failures of the snapshot, and by how many replicas coverage raises it."""

    seats: Small
    failed: Small
    due: Small
    declared: Large
    capable: Small
    raised: Small


@dataclass(frozen=True, slots=True)
class LeastFeeAsked:
    """How many replicas a job has, and the price of one."""

    factor: Small
    price: Large


@dataclass(frozen=True, slots=True)
class LeastFeeGiven:
    """The least fee."""

    fee: int


@dataclass(frozen=True, slots=True)
class ValueAsked:
    """The declared value of a job."""

    declared: Large


@dataclass(frozen=True, slots=True)
class ValueGiven:
    """The value that counts."""

    value: Large


@dataclass(frozen=True, slots=True)
class CoverageAsked:
    """Jobs of one type that were due, and those that were done."""

    done: Large
    due: Large


@dataclass(frozen=True, slots=True)
class UseAsked:
    """Load and capacity of a cluster in a block."""

    load: Large
    capacity: Large


@dataclass(frozen=True, slots=True)
class EfficiencyAsked:
    """Cost and revenue of an epoch."""

    cost: Large
    revenue: Large


@dataclass(frozen=True, slots=True)
class Fires:
    """Whether the limit is passed."""

    fires: bool


@method("duplication.factor", "3.1", "R-3.1-7", "R-3.1-6", "R-3.1-8", "R-3.1-2", "R-3.1-3", "RES-DUP")
def factor(profile: Profile, given: FactorAsked) -> FactorGiven:
    """How many seats prove a job."""
    if max(given.due, given.capable) > GREATEST_ASKED:
        raise ValueError(f"due, capable: at most {GREATEST_ASKED} are asked")
    failures = Ratio(given.failed, given.due)
    return FactorGiven(duplication_factor(profile, given.seats, failures, given.value, given.baseline, given.capable))


@method("duplication.of_job", "3.1", "R-3.1-1", "R-3.1-4", "R-3.1-5", "RES-DUP")
def factor_in_epoch(profile: Profile, given: JobFactorAsked) -> FactorGiven:
    """How many seats prove a job in an epoch."""
    if max(given.due, given.capable) > GREATEST_ASKED:
        raise ValueError(f"due, capable: at most {GREATEST_ASKED} are asked")
    failures, declared = Ratio(given.failed, given.due), Amount(given.declared)
    return FactorGiven(factor_of_job(profile, given.seats, failures, declared, given.capable, given.raised))


@method("duplication.least_fee", "3.1", "R-3.1-4", "RES-DUP")
def fee_of_replicas(profile: Profile, given: LeastFeeAsked) -> LeastFeeGiven:
    """The least fee of a job by the price of one replica."""
    return LeastFeeGiven(least_fee(profile, given.factor, Amount(given.price)))


@method("duplication.value", "3.1", "R-3.1-4", "RES-DUP")
def value(profile: Profile, given: ValueAsked) -> ValueGiven:
    """The value of a job that counts."""
    return ValueGiven(counted_value(profile, given.declared))


@method("trigger.coverage", "3.2", "R-3.2-5", "RES-METRIC")
def coverage(profile: Profile, given: CoverageAsked) -> Fires:
    """Whether the coverage of a proof type is low."""
    return Fires(type_is_low(profile, TypeCount(ProofType.GROTH16, due=given.due, done=given.done, latency=0)))


@method("trigger.utilisation", "3.2", "R-3.2-6", "RES-METRIC")
def utilisation(profile: Profile, given: UseAsked) -> Fires:
    """Whether a cluster's utilisation in a block is high."""
    return Fires(block_is_busy(profile, BlockUse(load=given.load, capacity=given.capacity)))


@method("trigger.efficiency", "3.2", "R-3.2-7", "RES-EFF")
def efficiency(profile: Profile, given: EfficiencyAsked) -> Fires:
    """Whether the efficiency of an epoch is low."""
    return Fires(efficiency_is_low(profile, Amount(given.cost), Amount(given.revenue)))


def factor_cases() -> Iterator[Case]:
    """Factors where the real value is an integer, nearly one, or clamped."""
    name = "duplication.factor"
    exact = {
        "float-trap-8": (8, 3, 5, 25, 16, 8),
        "tie-16": (16, 1, 2, 4, 1, 16),
        "tie-64": (64, 1, 5, 25, 9, 64),
        "tie-1024": (1024, 1, 10, 49, 25, 1024),
        "above-tie": (16, 1, 2, 4_000_001, 1_000_000, 16),
        "below-tie": (16, 1, 2, 3_999_999, 1_000_000, 16),
        "one-seat": (1, 1, 10, 4, 1, 1),
        "two-seats": (2, 0, 1, 1, 1, 2),
        "no-value": (100, 1, 10, 0, 1, 100),
        "no-failure": (100, 0, 1, 1, 1, 100),
        "all-fail": (100, 1, 1, 1, 1, 100),
        "few-capable": (1000, 1, 10, 4, 1, 3),
        "one-capable": (1000, 1, 10, 4, 1, 1),
        "none-capable": (1000, 1, 10, 4, 1, 0),
        "no-seats": (0, 0, 1, 1, 1, 0),
        "coverage-decides": (4, 3, 5, 1, 16, 4),
        "large": ((1 << 32) - 1, 1, 1000, 4_000_000, 1_000_000, 1 << 10),
        "not-a-power": (1000, 7, 100, 2_500_000, 1_000_000, 1000),
    }
    for label, numbers in exact.items():
        yield Case(name, label, FactorAsked(*numbers))
    stream = Stream("vectors/duplication")
    for number in range(60):
        seats = (1 << stream.below(12)) if number % 3 == 0 else 1 + stream.below(5000)
        due = 1 + stream.below(40)
        given = FactorAsked(
            seats,
            stream.below(due + 1),
            due,
            stream.below(64) ** 2,
            (1 + stream.below(16)) ** 2,
            stream.below(seats + 1),
        )
        yield Case(name, f"drawn-{number}", given)
    usual = FactorAsked(100, 1, 10, 4, 1, 100)
    code, rule = RejectionCode.DUPLICATION_INPUT, Resolution.DUPLICATION
    yield Case(name, "more-failed-than-due", replace(usual, failed=11), code, rule)
    yield Case(name, "more-capable-than-seats", replace(usual, capable=101), code, rule)


def trigger_cases() -> Iterator[Case]:
    """Each trigger at its limit, beside it, and where a divisor is 0."""
    for done, due in (
        (95, 100),
        (94, 100),
        (96, 100),
        (189, 200),
        (190, 200),
        (0, 0),
        (0, 99),
        (94, 99),
        (0, 100),
        (1 << 60, 1 << 60),
    ):
        yield Case("trigger.coverage", f"{done}-of-{due}", CoverageAsked(done, due))
    for load, capacity in (
        (80, 100),
        (81, 100),
        (79, 100),
        (161, 200),
        (4, 5),
        (0, 0),
        (1, 0),
        ((1 << 63) - 1, 1 << 63),
    ):
        yield Case("trigger.utilisation", f"{load}-of-{capacity}", UseAsked(load, capacity))
    for cost, revenue in ((3, 10), (30, 100), (31, 100), (29, 100), (0, 0), (1, 0), (0, 1), (100, 100), (200, 100)):
        yield Case("trigger.efficiency", f"{cost}-of-{revenue}", EfficiencyAsked(cost, revenue))


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from factor_cases()
    for declared in (0, 1, 3_999_999, 4_000_000, 4_000_001, (1 << 64) - 1):
        yield Case("duplication.value", f"declared-{declared}", ValueAsked(declared))
    usual = JobFactorAsked(100, 1, 10, 4_000_000, 100, 0)
    for label, job in {
        "usual": usual,
        "baseline": replace(usual, declared=1_000_000),
        "above-the-cap": replace(usual, declared=100_000_000),
        "raised": replace(usual, raised=3),
        "raised-to-all": replace(usual, capable=18, raised=2),
        "raised-above-all": replace(usual, capable=18, raised=7),
        "raised-with-few": replace(usual, capable=2, raised=5),
        "raised-with-none": replace(usual, capable=0, raised=1),
        "failing": replace(usual, failed=4, due=9, raised=1),
    }.items():
        yield Case("duplication.of_job", label, job)
    failing = replace(usual, failed=11)
    code, rule = RejectionCode.DUPLICATION_INPUT, Resolution.DUPLICATION
    yield Case("duplication.of_job", "more-failed-than-due", failing, code, rule)
    for factor_asked, price in ((0, 9), (1, 9), (3, 7), (16, 1_000_003), (7, 0)):
        yield Case("duplication.least_fee", f"{factor_asked}-at-{price}", LeastFeeAsked(factor_asked, price))
    yield from trigger_cases()
