"""Section 3.2: cluster reorganisation (R-3.2-8 to R-3.2-10): what the triggers of an epoch lead to.

Triggers that each act at once and by themselves drive the cluster count up and down for ever. Repaired, an epoch ends
with at most one action, a changed count is measured before it changes again, and it falls only if it would not rise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from icontract import ensure, require

from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Epoch
from taifoon.profile import Profile, Resolution
from taifoon.redundancy.coverage import Ratio
from taifoon.redundancy.metrics import EpochMetrics
from taifoon.redundancy.triggers import HIGH_UTILISATION, Trigger, fired, low_types
from taifoon.rejection import Rejected, RejectionCode


class Action(Enum):
    """What changes at the end of an epoch."""

    RAISE_FACTOR = "one replica more for each type with low coverage"
    ADD_CLUSTER = "one cluster more"
    REMOVE_CLUSTER = "one cluster fewer"


ANSWERS = {
    Trigger.COVERAGE: Action.RAISE_FACTOR,
    Trigger.UTILISATION: Action.ADD_CLUSTER,
    Trigger.EFFICIENCY: Action.REMOVE_CLUSTER,
}

# The source names no action for low coverage.
LITERAL_ANSWERS = {
    Trigger.UTILISATION: Action.ADD_CLUSTER,
    Trigger.EFFICIENCY: Action.REMOVE_CLUSTER,
}

STEPS = {Action.RAISE_FACTOR: 0, Action.ADD_CLUSTER: 1, Action.REMOVE_CLUSTER: -1}


@dataclass(frozen=True, slots=True)
class Raise:
    """How many replicas the jobs of a type get beyond their factor."""

    proof_type: ProofType
    replicas: int


@dataclass(frozen=True, slots=True)
class Control:
    """What an epoch runs with: cluster count, epochs for which it still rests, raised types in their order."""

    epoch: Epoch
    clusters: int
    rest: int = 0
    raises: tuple[Raise, ...] = ()


def asked_actions(profile: Profile, triggers: tuple[Trigger, ...]) -> tuple[Action, ...]:
    """Rule: the actions that fired triggers, in order of precedence, ask for.

    Literally one for each trigger that has one; repaired, that of the first trigger alone.
    """
    if Resolution.CONTROL in profile:
        return tuple(ANSWERS[trigger] for trigger in triggers[:1])
    return tuple(LITERAL_ANSWERS[trigger] for trigger in triggers if trigger in LITERAL_ANSWERS)


def bears_removal(load: int, capacity: int, clusters: int) -> bool:
    """Whether a utilisation of load / capacity with `clusters` is at most 80 % with one fewer. Runs on terms.

    The load stays and the capacity shrinks with the count: load / capacity becomes that times C / (C - 1).
    """
    return HIGH_UTILISATION.denominator * load * clusters <= HIGH_UTILISATION.numerator * capacity * (clusters - 1)


def is_permitted(profile: Profile, control: Control, metrics: EpochMetrics, action: Action) -> bool:
    """Rule: whether an action that is asked for is taken. Literally always.

    Repaired, a count that rests is left alone, and it falls only if every cluster, by the last ten blocks, bears it.
    """
    if Resolution.CONTROL not in profile or action is Action.RAISE_FACTOR:
        return True
    if control.rest > 0:
        return False
    if action is Action.ADD_CLUSTER:
        return True
    return all(bears_removal(use.load, use.capacity, control.clusters) for use in metrics.clusters)


def actions_at(profile: Profile, control: Control, metrics: EpochMetrics) -> tuple[Action, ...]:
    """The actions that are taken on the metrics of an epoch."""
    asked = asked_actions(profile, fired(profile, metrics))
    return tuple(action for action in asked if is_permitted(profile, control, metrics, action))


def is_count_bound(result: int, seats: int, target: int) -> bool:
    """Whether `result` is max(1, floor(seats / target)), for a constant target. Runs on symbolic terms."""
    whole = seats // target
    return (result >= 1) & (result >= whole) & ((result == 1) | (result == whole))


@ensure(lambda profile, seats, result: is_count_bound(result, seats, profile.parameters.cluster_target))
def greatest_count(profile: Profile, seats: int) -> int:
    """The most clusters that so many seats make: each has its target on average."""
    return max(1, seats // profile.parameters.cluster_target)


def is_bounded(result: int, wanted: int, greatest: int) -> bool:
    """Whether `result` is `wanted` brought between 1 and `greatest`. Runs on symbolic terms."""
    return (
        (result >= 1)
        & (result <= greatest)
        & ((result == wanted) | (result == 1) & (wanted < 1) | (result == greatest) & (wanted > greatest))
    )


@require(lambda greatest: greatest >= 1)
@ensure(lambda wanted, greatest, result: is_bounded(result, wanted, greatest))
def bounded(wanted: int, greatest: int) -> int:
    """`wanted` brought between 1 and `greatest`."""
    return min(max(wanted, 1), greatest)


def cluster_count(profile: Profile, wanted: int, seats: int) -> int:
    """Rule: the count of an epoch with so many seats. Literally what is wanted; repaired, within its bounds."""
    if Resolution.CLUSTER_COUNT in profile:
        return bounded(wanted, greatest_count(profile, seats))
    return wanted


def is_starting_up(profile: Profile, seats: int) -> bool:
    """Whether there are too few seats for one cluster that makes the claims of a cluster."""
    return seats < profile.parameters.minimum_cluster


def first_control() -> Control:
    """What the network begins with: one cluster, which is within the bounds of any number of seats."""
    return Control(Epoch(0), 1)


def raised_replicas(control: Control, proof_type: ProofType) -> int:
    """Replicas that jobs of a type get beyond their factor."""
    return sum(each.replicas for each in control.raises if each.proof_type is proof_type)


def raised(control: Control, types: tuple[ProofType, ...]) -> tuple[Raise, ...]:
    """The raises after one replica more for each of these types."""
    totals = tuple(
        Raise(proof_type, raised_replicas(control, proof_type) + (proof_type in types)) for proof_type in ProofType
    )
    return tuple(each for each in totals if each.replicas > 0)


def next_control(profile: Profile, control: Control, metrics: EpochMetrics, seats: int) -> Control:
    """What the next epoch runs with, from the metrics of this one and the seats of the next.

    Rejects with METRICS_RECORD for the metrics of another epoch.
    """
    if metrics.closed != control.epoch:
        detail = f"the metrics are of epoch {metrics.closed}; the epoch that ends is {control.epoch}"
        raise Rejected(RejectionCode.METRICS_RECORD, detail)
    actions = actions_at(profile, control, metrics)
    clusters = cluster_count(profile, control.clusters + sum(STEPS[action] for action in actions), seats)
    rest = profile.parameters.count_rest if clusters != control.clusters else max(0, control.rest - 1)
    raises = raised(control, low_types(profile, metrics)) if Action.RAISE_FACTOR in actions else control.raises
    return Control(Epoch(control.epoch + 1), clusters, rest, raises)


def acts_after_block(profile: Profile, *, last_of_epoch: bool) -> bool:
    """Rule: whether control acts after a block. Literally after any; repaired, after the last of an epoch."""
    return last_of_epoch or Resolution.CONTROL not in profile


def admitted_jobs(
    profile: Profile, offered: int, seats: int, failures: Ratio, factor: int, replicas_of_seat: int
) -> int:
    """Rule: how many of the jobs that are offered for an epoch are taken in. Literally all.

    Repaired, as many as the seats that do not fail complete `factor` times each, if a seat makes so many replicas.
    """
    if Resolution.CONTROL not in profile:
        return offered
    if factor == 0:
        return 0
    working = seats * (failures.denominator - failures.numerator) * replicas_of_seat
    return min(offered, working // (factor * failures.denominator))
