"""A network under constant load: what its blocks record, and what control makes of it epoch by epoch.

The load is spread evenly and stays, so that all clusters are alike and the blocks of one tell the rest. In the source's
picture each cluster adds one capacity, and more of them lower the utilisation of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Epoch
from taifoon.profile import Profile, Resolution
from taifoon.redundancy.control import Action, Control, actions_at, next_control
from taifoon.redundancy.metrics import WINDOW, BlockRecord, EpochMetrics, TypeCount, fold

JOBS = 1_000


class Money(Enum):
    """What the efficiency is, in whichever way the profile reads it."""

    PROPORTIONAL = "equal to the utilisation"
    LOW = "always low"
    HIGH = "always high"


@dataclass(frozen=True, slots=True)
class ConstantLoad:
    """Work of each block, `load / unit` of what one cluster can do; and what the efficiency follows.

    Where the capacity is `shared`, all clusters together have that of one: what the seats can do is split among them.
    """

    load: int
    unit: int
    money: Money = Money.PROPORTIONAL
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One epoch: its control, the actions that were taken on its metrics, and the control that follows."""

    control: Control
    actions: tuple[Action, ...]
    following: Control


def accounts(profile: Profile, load: int, capacity: int, money: Money) -> tuple[Amount, Amount]:
    """Cost and revenue that make the efficiency what the model says."""
    gain = {Money.PROPORTIONAL: min(load, capacity), Money.LOW: 0, Money.HIGH: capacity}[money]
    cost = capacity - gain if Resolution.EFFICIENCY in profile else gain
    return Amount(cost), Amount(capacity)


def record(profile: Profile, demand: ConstantLoad, control: Control, block: int) -> BlockRecord:
    """One block of a cluster; all its jobs are done in time."""
    capacity = demand.unit if demand.shared else demand.unit * control.clusters
    cost, revenue = accounts(profile, demand.load, capacity, demand.money)
    covered = (TypeCount(ProofType.HEADER_INCLUSION, JOBS, JOBS, 0),)
    number, load = BlockNumber(control.epoch * WINDOW + block), demand.load
    return BlockRecord(control.epoch, ClusterId(0), number, covered, 0, 0, load, capacity, cost, revenue)


def blocks_with_failures(missed: int, due: int) -> tuple[BlockRecord, ...]:
    """One block of epoch 0 by which so many of the due replicas were missed."""
    nothing = Amount(0)
    return (BlockRecord(Epoch(0), ClusterId(0), BlockNumber(1), (), due, missed, 0, 0, nothing, nothing),)


def measured(profile: Profile, demand: ConstantLoad, control: Control) -> EpochMetrics:
    """The metrics of an epoch of ten blocks."""
    return fold(control.epoch, (record(profile, demand, control, block) for block in range(WINDOW)))


def turns(profile: Profile, demand: ConstantLoad, clusters: int, seats: Sequence[int]) -> tuple[Turn, ...]:
    """Epochs from a cluster count, each followed by one with so many seats; they end where no cluster is left."""
    control, taken = Control(Epoch(0), clusters), []
    for number in seats:
        if control.clusters < 1:
            break
        metrics = measured(profile, demand, control)
        following = next_control(profile, control, metrics, number)
        taken.append(Turn(control, actions_at(profile, control, metrics), following))
        control = following
    return tuple(taken)


def returns(counts: tuple[int, ...]) -> bool:
    """Whether a count comes back after it was left."""
    seen: list[int] = []
    for count in counts:
        if count in seen[:-1] and count != seen[-1]:
            return True
        seen.append(count)
    return False
