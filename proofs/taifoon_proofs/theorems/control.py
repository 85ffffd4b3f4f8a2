"""Section 3.2 and 2.1: what triggers lead to, and that the cluster count neither oscillates nor leaves its bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

import z3

from taifoon.core.assignment import RootHistory, SeatKey, assignment_seed, clusters_of_seats
from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Epoch, PublicKey, Seat
from taifoon.profile import Profile, Resolution
from taifoon.redundancy.control import (
    Control,
    actions_at,
    acts_after_block,
    asked_actions,
    bears_removal,
    greatest_count,
    is_bounded,
    is_count_bound,
    next_control,
    raised_replicas,
)
from taifoon.redundancy.duplication import factor_of_job
from taifoon.redundancy.metrics import WINDOW, BlockRecord, TypeCount, failure_rate, fold, read_records
from taifoon.redundancy.triggers import Trigger, fired, is_overloaded
from taifoon_models.jobs import digest
from taifoon_models.load import ConstantLoad, Money, returns, turns
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

MANY_SEATS = 1_000
CAPACITY = 100


def block_record(number: int, load: int, *, covered: bool, cost: int) -> BlockRecord:
    """A block with so much of 100 used, its jobs all done or a tenth of them missing, and 100 earned."""
    jobs = (TypeCount(ProofType.HEADER_INCLUSION, 100, 100 if covered else 90, 0),)
    accounts = (Amount(cost), Amount(100))
    return BlockRecord(Epoch(1), ClusterId(0), BlockNumber(number), jobs, 0, 0, load, CAPACITY, *accounts)


def blocks_of_epoch(loads: list[int], *, covered: bool = True, cost: int = 0) -> tuple[BlockRecord, ...]:
    """Blocks of cluster 0 in epoch 1."""
    return tuple(block_record(number, load, covered=covered, cost=cost) for number, load in enumerate(loads))


@scenario("control/count-returns")
def count_returns(
    profile: Profile, trace: Trace, *, load: int, unit: int, money: str, clusters: int, epochs: int
) -> bool:
    """At constant load the cluster count comes back to a value that it left, or an epoch takes two actions."""
    taken = turns(profile, ConstantLoad(load, unit, Money[money]), clusters, [MANY_SEATS] * epochs)
    for turn in taken:
        trace.state(
            f"epoch {turn.control.epoch}",
            load=load,
            unit=unit,
            clusters=turn.control.clusters,
            actions=tuple(action.name for action in turn.actions),
            next_clusters=turn.following.clusters,
        )
    counts = (clusters, *(turn.following.clusters for turn in taken))
    return returns(counts) or any(len(turn.actions) > 1 for turn in taken)


def constant_loads() -> Iterator[dict[str, Json]]:
    """Loads of up to seven clusters' work, every first count around it, each way the money can go."""
    unit = bound(8, 40)
    for load, money, clusters in product(range(7 * unit + 1), Money, range(1, 10)):
        yield {"load": load, "unit": unit, "money": money.name, "clusters": clusters, "epochs": 20}


def oscillation_claims() -> tuple[Claim, ...]:
    """A window of busy blocks is busy; and at one load every fall lands above every count that ever rose."""
    load, capacity, more_load, more_capacity = (integer(f"window_{name}") for name in ("a", "b", "c", "d"))
    total, unit = z3.Reals("total unit")
    risen, fallen = integer("risen"), integer("fallen")
    from_risen, from_fallen = z3.ToReal(risen), z3.ToReal(fallen)
    return (
        Claim(
            "busy-blocks-make-a-busy-window",
            (is_overloaded(load, capacity), is_overloaded(more_load, more_capacity)),
            is_overloaded(load + more_load, capacity + more_capacity),
        ),
        Claim(
            "a-fall-lands-above-every-count-that-rose",
            (
                total >= 0,
                unit > 0,
                risen >= 1,
                fallen >= 1,
                is_overloaded(total, unit * from_risen),
                bears_removal(total, unit * from_fallen, from_fallen),
            ),
            risen + 1 < fallen,
        ),
    )


@theorem(
    "T-S8",
    requirements=("R-3.2-8", "R-3.2-9"),
    needs={Resolution.CONTROL},
    technique=Technique.COMBINED,
)
def the_count_does_not_oscillate(profile: Profile) -> Verdict:
    """For every real load and every two counts Z3 proves that no rise and no fall undo each other.

    The shipped conditions of a rise and of a fall run on terms, and nothing is supposed of coverage and efficiency:
    they may ask for anything in any epoch. The closed loop is run at constant loads from every first count.
    """
    return conclude(
        exhaust(
            profile,
            "control/count-returns",
            "20 epochs of loads up to seven clusters' work, from 1 to 9 clusters, with three kinds of accounts",
            constant_loads(),
        ),
        prove("every real load, every two counts, every course of the other triggers", *oscillation_claims()),
    )


@scenario("control/outgrows-the-seats")
def count_outgrows_the_seats(profile: Profile, trace: Trace, *, seats: int, clusters: int, epochs: int) -> bool:
    """Clusters that are busy however many they are end up with fewer seats than their target on average."""
    taken = turns(profile, ConstantLoad(1, 1, Money.HIGH, shared=True), clusters, [seats] * epochs)
    for turn in taken:
        trace.state(f"epoch {turn.control.epoch}", seats=seats, clusters=turn.following.clusters)
    return any(turn.following.clusters > max(1, seats // profile.parameters.cluster_target) for turn in taken)


def bound_claims(profile: Profile) -> tuple[Claim, ...]:
    """The shipped contracts of bound and clamp keep the count between 1 and its bound, and its steps at one."""
    result, wanted, greatest, seats, clusters = (
        integer(name) for name in ("result", "wanted", "greatest", "seats", "clusters")
    )
    target = profile.parameters.cluster_target
    clamped = (seats >= 0, is_count_bound(greatest, seats, target), is_bounded(result, wanted, greatest))
    step = (*clamped, wanted - clusters <= 1, clusters - wanted <= 1, clusters >= 1)
    moved_by_one = z3.And(result - clusters <= 1, clusters - result <= 1)
    return (
        Claim("count-is-at-least-one", clamped, result >= 1),
        Claim("clusters-have-their-target", clamped, z3.Or(result == 1, target * result <= seats)),
        Claim("few-seats-make-one-cluster", (*clamped, seats < target), result == 1),
        Claim("count-moves-by-one-or-to-its-bound", step, z3.Or(moved_by_one, result == greatest)),
        Claim("count-moves-by-one-within-its-bound", (*step, clusters <= greatest), moved_by_one),
    )


@theorem(
    "T-S9",
    requirements=("R-3.2-8",),
    needs={Resolution.CLUSTER_COUNT},
    technique=Technique.COMBINED,
)
def growth_ends(profile: Profile) -> Verdict:
    """The shipped bound and clamp run on terms; clusters that share one capacity, so that all stay busy, are run."""
    return conclude(
        exhaust(
            profile,
            "control/outgrows-the-seats",
            "up to 120 seats, all clusters always busy, from one cluster and from the bound",
            (
                {"seats": seats, "clusters": clusters, "epochs": 24}
                for seats in range(120, -1, -1)
                for clusters in sorted({1, greatest_count(profile, seats)}, reverse=True)
            ),
        ),
        prove("every number of seats, every utilisation", *bound_claims(profile)),
    )


@scenario("control/not-one-action")
def triggers_do_not_lead_to_one_action(profile: Profile, trace: Trace, *, triggers: list[str]) -> bool:
    """Metrics that set off some triggers ask for no action, or for several."""
    utilisation, efficiency = Trigger.UTILISATION.name in triggers, Trigger.EFFICIENCY.name in triggers
    cost = {True: 100, False: 0}[efficiency == (Resolution.EFFICIENCY in profile)]
    covered = Trigger.COVERAGE.name not in triggers
    metrics = fold(Epoch(1), blocks_of_epoch([90 if utilisation else 10] * WINDOW, covered=covered, cost=cost))
    asked = asked_actions(profile, fired(profile, metrics))
    taken = actions_at(profile, Control(Epoch(1), 3), metrics)
    trace.state(
        "decide",
        fired=tuple(trigger.name for trigger in fired(profile, metrics)),
        asked=tuple(action.name for action in asked),
        taken=tuple(action.name for action in taken),
    )
    return len(asked) != min(1, len(triggers)) or asked != taken


@scenario("control/low-coverage-stays")
def low_coverage_changes_nothing(profile: Profile, trace: Trace, *, seats: int, epochs: int) -> bool:
    """After so many epochs of low coverage fewer than all capable seats prove a job of the type."""
    control = Control(Epoch(1), 1)
    factor = 0
    for _ in range(epochs):
        blocks = blocks_of_epoch([10] * WINDOW, covered=False)
        metrics = replace(fold(Epoch(1), blocks), closed=control.epoch)
        control = next_control(profile, control, metrics, seats)
        extra = raised_replicas(control, ProofType.HEADER_INCLUSION)
        baseline = Amount(profile.parameters.value_baseline)
        factor = factor_of_job(profile, seats, failure_rate(metrics), baseline, seats, extra)
        trace.state(f"epoch {control.epoch}", seats=seats, raised=extra, factor=factor)
    return factor < seats


@theorem(
    "T-S10",
    requirements=("R-3.2-1", "R-3.2-5"),
    needs={Resolution.CONTROL},
    technique=Technique.EXHAUSTIVE,
)
def each_trigger_has_its_action(profile: Profile) -> Verdict:
    """Every set of triggers is set off by metrics that are made for it, with a count that is free to move.

    Coverage that stays low is run for as many epochs as there are capable seats.
    """
    names = [trigger.name for trigger in Trigger]
    sets = [list(chosen) for size in range(len(names) + 1) for chosen in combinations(names, size)]
    return conclude(
        exhaust(profile, "control/not-one-action", "every set of triggers", ({"triggers": each} for each in sets)),
        exhaust(
            profile,
            "control/low-coverage-stays",
            "5 to 40 capable seats, as many epochs",
            ({"seats": seats, "epochs": seats} for seats in range(5, 41)),
        ),
    )


@scenario("control/moves-within-an-epoch")
def seats_move_within_an_epoch(profile: Profile, trace: Trace, *, loads: list[int], seats: int) -> bool:
    """A block of an epoch changes which cluster a seat is in, or leaves no cluster, before the epoch is over."""
    keys = tuple(SeatKey(PublicKey(bytes(digest(f"key {number}"))), Seat(0)) for number in range(seats))
    history = RootHistory(digest("genesis"), (digest("root of epoch 0"),))
    blocks = blocks_of_epoch(loads)
    control, assignments = Control(Epoch(1), 2), []
    for count in range(1, len(blocks)):
        if acts_after_block(profile, last_of_epoch=False):
            following = next_control(profile, control, fold(Epoch(1), blocks[:count]), seats)
            control = replace(following, epoch=Epoch(1))
        if control.clusters < 1:
            trace.state(f"block {count}", load=loads[count - 1], clusters=control.clusters)
            return True
        seed = assignment_seed(profile, Epoch(1), history, digest(f"root after block {count}"), digest("beacon"))
        assignments.append(clusters_of_seats(profile, seed, keys, control.clusters))
        trace.state(f"block {count}", load=loads[count - 1], clusters=control.clusters, assignment=assignments[-1])
    return len(set(assignments)) > 1


@scenario("control/nodes-disagree")
def nodes_turn_to_different_counts(
    profile: Profile, trace: Trace, *, finalised: list[int], beliefs: list[list[int]], seats: int
) -> bool:
    """Nodes with the same finalised blocks give the next epoch different cluster counts."""
    counts = []
    for belief in beliefs:
        records = read_records(profile, blocks_of_epoch(belief), blocks_of_epoch(finalised))
        control = next_control(profile, Control(Epoch(1), 2), fold(Epoch(1), records), seats)
        trace.state("measure", finalised=tuple(finalised), believed=tuple(belief), clusters=control.clusters)
        counts.append(control.clusters)
    return len(set(counts)) != 1


def measurements() -> Iterator[dict[str, Json]]:
    """Finalised blocks and two nodes' own measurements of them: idle, at the limit, busy, and busy but for one."""
    seen: list[Json] = [[10] * WINDOW, [80] * WINDOW, [81] * WINDOW, [81] * (WINDOW - 1) + [79], [81] * (WINDOW - 1)]
    for finalised, first, second, seats in product(seen, seen, seen, (4, 20, 100)):
        yield {"finalised": finalised, "beliefs": [first, second], "seats": seats}


@theorem(
    "T-S13",
    requirements=("R-3.2-10", "R-9-8"),
    needs={Resolution.METRICS, Resolution.CONTROL, Resolution.EPOCH_SEED},
    technique=Technique.EXHAUSTIVE,
)
def reorganisation_is_agreed(profile: Profile) -> Verdict:
    """Epochs of up to 14 blocks, idle and busy from each block on: the assignment of every seat is read after each.

    Nodes with every pair of measurements of one history turn to the next epoch.
    """
    return conclude(
        exhaust(
            profile,
            "control/moves-within-an-epoch",
            "epochs of 2 to 14 blocks, idle, busy, or busy from some block on, with 40 seats",
            (
                {"loads": [10] * idle + [90] * (length - idle), "seats": 40}
                for length in range(2, 15)
                for idle in range(length + 1)
            ),
        ),
        exhaust(profile, "control/nodes-disagree", "five histories, every pair of measurements", measurements()),
    )


@scenario("control/count-out-of-bounds")
def count_leaves_its_bounds(
    profile: Profile, trace: Trace, *, load: int, money: str, clusters: int, seats: list[int]
) -> bool:
    """The cluster count leaves its bounds, or moves by more than one although no bound forces it."""
    target = profile.parameters.cluster_target
    violated = False
    for turn, number in zip(turns(profile, ConstantLoad(load, 1, Money[money]), clusters, seats), seats, strict=False):
        count, greatest = turn.following.clusters, max(1, number // target)
        trace.state(f"epoch {turn.following.epoch}", seats=number, clusters=count, greatest=greatest)
        moved = abs(count - turn.control.clusters)
        violated |= not 1 <= count <= greatest or (moved > 1 and count != greatest)
    return violated


def changing_networks() -> Iterator[dict[str, Json]]:
    """Networks that stay, grow, shrink and collapse, idle and overloaded, from each count that they allow."""
    courses: list[list[Json]] = [
        [0] * 4,
        [4] * 4,
        [19] * 4,
        [100] * 6,
        [*range(10, 60, 10)],
        [100, 60, 35, 9, 2, 100, 100],
    ]
    for seats, load, money in product(courses, (0, 2, 100), Money):
        for clusters in range(1, 11):
            yield {"load": load, "money": money.name, "clusters": clusters, "seats": seats}


@theorem(
    "T-A7",
    requirements=("R-0-3", "R-2.1-13"),
    needs={Resolution.CLUSTER_COUNT, Resolution.METRICS},
    technique=Technique.COMBINED,
)
def the_count_stays_in_bounds(profile: Profile) -> Verdict:
    """The shipped bound and clamp run on terms, for every number of seats; changing networks run the closed loop."""
    return conclude(
        exhaust(
            profile,
            "control/count-out-of-bounds",
            "six courses of up to 100 seats, three loads, three kinds of accounts, from 1 to 10 clusters",
            changing_networks(),
        ),
        exhaust(profile, "control/nodes-disagree", "five histories, every pair of measurements", measurements()),
        prove("every number of seats, every step", *bound_claims(profile)),
    )
