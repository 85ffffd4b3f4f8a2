"""Section 3.2: rebalancing triggers (R-3.2-5 to R-3.2-7), strict at their limits.

A ratio is compared with a limit by multiplying across, which is exact and defined for a denominator of 0 as well. The
three comparisons run on integers and on symbolic terms.
"""

from __future__ import annotations

from enum import Enum

from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Amount
from taifoon.profile import Profile, Resolution
from taifoon.redundancy import literal
from taifoon.redundancy.coverage import PROMISED_COVERAGE, Ratio
from taifoon.redundancy.metrics import WINDOW, BlockUse, ClusterUse, EpochMetrics, TypeCount

HIGH_UTILISATION = Ratio(80, 100)
LOW_EFFICIENCY = Ratio(7, 10)


class Trigger(Enum):
    """What can ask for a change, in order of precedence."""

    COVERAGE = "coverage of a proof type below 95 %"
    UTILISATION = "utilisation of a cluster above 80 % for ten consecutive blocks"
    EFFICIENCY = "efficiency below 0.7"


def coverage_is_low(done: int, due: int) -> bool:
    """Whether done / due < 95 %; of no due jobs it is not."""
    return PROMISED_COVERAGE.denominator * done < PROMISED_COVERAGE.numerator * due


def is_overloaded(load: int, capacity: int) -> bool:
    """Whether load / capacity > 80 %; any load on no capacity is."""
    return HIGH_UTILISATION.denominator * load > HIGH_UTILISATION.numerator * capacity


def share_is_low(gain: int, revenue: int) -> bool:
    """Whether gain / revenue < 0.7; of no revenue a loss is, and no gain is not."""
    return LOW_EFFICIENCY.denominator * gain < LOW_EFFICIENCY.numerator * revenue


def type_is_low(profile: Profile, count: TypeCount) -> bool:
    """Rule: whether the coverage of a type is low. Repaired, a type with few due jobs counts as covered."""
    if Resolution.METRICS in profile:
        return count.due >= profile.parameters.minimum_due and coverage_is_low(count.done, count.due)
    return literal.coverage_is_low(count.done, count.due)


def block_is_busy(profile: Profile, block: BlockUse) -> bool:
    """Rule: whether a cluster's utilisation in one block is high."""
    if Resolution.METRICS in profile:
        return is_overloaded(block.load, block.capacity)
    return literal.is_overloaded(block.load, block.capacity)


def cluster_is_busy(profile: Profile, use: ClusterUse) -> bool:
    """Whether each of the last ten blocks of a cluster is busy; with fewer blocks it is not."""
    return len(use.blocks) == WINDOW and all(block_is_busy(profile, block) for block in use.blocks)


def efficiency_gain(profile: Profile, cost: Amount, revenue: Amount) -> int:
    """Rule: the numerator of the efficiency over revenue. Literally the cost; repaired, what is left after it."""
    if Resolution.EFFICIENCY in profile:
        return revenue - cost
    return cost


def efficiency_is_low(profile: Profile, cost: Amount, revenue: Amount) -> bool:
    """Rule: whether the efficiency is low. Clipping it to [0, 1] would change nothing: the limit is inside."""
    gain = efficiency_gain(profile, cost, revenue)
    if Resolution.METRICS in profile:
        return share_is_low(gain, revenue)
    return literal.efficiency_is_low(gain, revenue)


def low_types(profile: Profile, metrics: EpochMetrics) -> tuple[ProofType, ...]:
    """The proof types whose coverage is low, in their order."""
    return tuple(count.proof_type for count in metrics.types if type_is_low(profile, count))


def fired(profile: Profile, metrics: EpochMetrics) -> tuple[Trigger, ...]:
    """The triggers that the metrics of an epoch set off, in order of precedence."""
    states = {
        Trigger.COVERAGE: bool(low_types(profile, metrics)),
        Trigger.UTILISATION: any(cluster_is_busy(profile, use) for use in metrics.clusters),
        Trigger.EFFICIENCY: efficiency_is_low(profile, metrics.cost, metrics.revenue),
    }
    return tuple(trigger for trigger in Trigger if states[trigger])
