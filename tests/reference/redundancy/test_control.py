"""At most one action an epoch; the count rests, does not fall into the other trigger, and stays in its bounds."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Epoch
from taifoon.profile import DOCUMENT, HARDENED, Parameters, Resolution
from taifoon.redundancy.control import (
    Action,
    Control,
    Raise,
    actions_at,
    acts_after_block,
    admitted_jobs,
    asked_actions,
    bears_removal,
    cluster_count,
    first_control,
    is_starting_up,
    next_control,
    raised_replicas,
)
from taifoon.redundancy.coverage import Ratio
from taifoon.redundancy.metrics import BlockRecord, EpochMetrics, TypeCount, fold
from taifoon.redundancy.triggers import Trigger
from taifoon.rejection import Rejected, RejectionCode

EACH_ITS_OWN = HARDENED.without(Resolution.CONTROL)
UNBOUNDED = HARDENED.without(Resolution.CLUSTER_COUNT)
SEATS = 1_000
HEADER = ProofType.HEADER_INCLUSION


def measured(epoch: int, load: int, *, cost: int = 0, done: int = 100, clusters: int = 1) -> EpochMetrics:
    """An epoch whose clusters use so much of 100 in ten blocks, with so many of 100 jobs done and 100 earned."""
    types = (TypeCount(HEADER, 100, done, 0),)
    return fold(
        Epoch(epoch),
        [
            BlockRecord(
                Epoch(epoch), ClusterId(cluster), BlockNumber(block), types, 0, 0, load, 100, Amount(cost), Amount(100)
            )
            for cluster in range(clusters)
            for block in range(10)
        ],
    )


BUSY, IDLE, LOSING, UNCOVERED = {"load": 81}, {"load": 10}, {"load": 10, "cost": 31}, {"load": 10, "done": 94}


def turned(control: Control, seats: int = SEATS, **measurement: int) -> Control:
    return next_control(HARDENED, control, measured(control.epoch, **measurement), seats)


def test_high_utilisation_adds_one_cluster_within_the_bound() -> None:
    assert turned(Control(Epoch(4), 3), **BUSY) == Control(Epoch(5), 4, rest=1)
    assert turned(Control(Epoch(4), 3), seats=39, **BUSY) == Control(Epoch(5), 3)
    unbounded = next_control(UNBOUNDED, Control(Epoch(4), 3), measured(4, **BUSY), 39)
    assert unbounded == Control(Epoch(5), 4, rest=1)
    assert turned(Control(Epoch(4), 3), **IDLE) == Control(Epoch(5), 3)


@pytest.mark.parametrize(("load", "after"), [(53, 2), (54, 3)])
def test_low_efficiency_removes_one_cluster_if_the_rest_bear_it(load: int, after: int) -> None:
    """Three clusters at 53 % leave 79.5 % for each of two, and at 54 % they leave 81 %."""
    metrics = measured(0, load, cost=31)
    assert next_control(HARDENED, Control(Epoch(0), 3), metrics, SEATS).clusters == after
    assert next_control(EACH_ITS_OWN, Control(Epoch(0), 3), metrics, SEATS).clusters == 2


def test_the_last_cluster_stays() -> None:
    metrics = measured(0, 0, cost=31)
    assert next_control(HARDENED, Control(Epoch(0), 1), metrics, SEATS).clusters == 1
    assert next_control(UNBOUNDED, Control(Epoch(0), 1), metrics, SEATS).clusters == 0


def test_one_busy_cluster_forbids_a_removal() -> None:
    even, one_busy = measured(0, 10, cost=31, clusters=3), measured(0, 10, cost=31, clusters=2)
    busy = measured(0, 79, cost=31).clusters
    assert actions_at(HARDENED, Control(Epoch(0), 3), even) == (Action.REMOVE_CLUSTER,)
    assert actions_at(HARDENED, Control(Epoch(0), 3), replace(one_busy, clusters=one_busy.clusters + busy)) == ()


def test_eighty_percent_after_a_removal_is_borne() -> None:
    assert bears_removal(60, 100, 4)
    assert not bears_removal(61, 100, 4)


def test_low_coverage_raises_the_factor_of_its_type_alone() -> None:
    control = turned(Control(Epoch(0), 3), **UNCOVERED)
    assert control == Control(Epoch(1), 3, raises=(Raise(HEADER, 1),))
    again = turned(control, **UNCOVERED)
    assert again.raises == (Raise(HEADER, 2),)
    assert raised_replicas(again, HEADER) == 2
    assert raised_replicas(again, ProofType.GROTH16) == 0
    assert turned(again, **IDLE).raises == again.raises


def test_literally_low_coverage_changes_nothing() -> None:
    assert next_control(EACH_ITS_OWN, Control(Epoch(0), 3), measured(0, **UNCOVERED), SEATS) == Control(Epoch(1), 3)


@pytest.mark.parametrize(
    ("triggers", "repaired", "literal"),
    [
        ((), (), ()),
        ((Trigger.COVERAGE,), (Action.RAISE_FACTOR,), ()),
        ((Trigger.UTILISATION,), (Action.ADD_CLUSTER,), (Action.ADD_CLUSTER,)),
        ((Trigger.EFFICIENCY,), (Action.REMOVE_CLUSTER,), (Action.REMOVE_CLUSTER,)),
        (
            (Trigger.UTILISATION, Trigger.EFFICIENCY),
            (Action.ADD_CLUSTER,),
            (Action.ADD_CLUSTER, Action.REMOVE_CLUSTER),
        ),
        (tuple(Trigger), (Action.RAISE_FACTOR,), (Action.ADD_CLUSTER, Action.REMOVE_CLUSTER)),
    ],
)
def test_the_first_trigger_decides(
    triggers: tuple[Trigger, ...], repaired: tuple[Action, ...], literal: tuple[Action, ...]
) -> None:
    assert asked_actions(HARDENED, triggers) == repaired
    assert asked_actions(EACH_ITS_OWN, triggers) == asked_actions(DOCUMENT, triggers) == literal


@pytest.mark.parametrize("rest", [1, 2, 3])
def test_a_changed_count_rests(rest: int) -> None:
    profile = HARDENED.with_parameters(Parameters(count_rest=rest))
    control, counts = Control(Epoch(0), 1), []
    for epoch in range(2 * rest + 3):
        control = next_control(profile, control, measured(epoch, **BUSY), SEATS)
        counts.append(control.clusters)
    assert counts == [2, *[2] * rest, 3, *[3] * rest, 4]
    assert actions_at(EACH_ITS_OWN, Control(Epoch(0), 1, rest=1), measured(0, **BUSY)) == (Action.ADD_CLUSTER,)


def test_coverage_acts_while_the_count_rests() -> None:
    assert turned(Control(Epoch(0), 3, rest=1), **UNCOVERED).raises == (Raise(HEADER, 1),)


def test_fewer_seats_bring_the_count_down_at_once() -> None:
    assert turned(Control(Epoch(0), 10), seats=35, **IDLE) == Control(Epoch(1), 3, rest=1)
    assert turned(Control(Epoch(0), 10), seats=3, **IDLE) == Control(Epoch(1), 1, rest=1)
    assert next_control(UNBOUNDED, Control(Epoch(0), 10), measured(0, **IDLE), 3).clusters == 10


@given(st.integers(-3, 300), st.integers(0, 2_000), st.integers(5, 40))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_every_count_is_within_its_bounds(wanted: int, seats: int, target: int) -> None:
    profile = HARDENED.with_parameters(Parameters(cluster_target=target))
    count = cluster_count(profile, wanted, seats)
    assert 1 <= count <= max(1, seats // target)
    assert count == wanted or not 1 <= wanted <= max(1, seats // target)
    assert cluster_count(UNBOUNDED, wanted, seats) == wanted


def test_a_network_starts_up_below_the_minimum_cluster() -> None:
    assert [seats for seats in range(8) if is_starting_up(HARDENED, seats)] == [0, 1, 2, 3, 4]
    assert first_control() == Control(Epoch(0), 1)
    assert cluster_count(HARDENED, 3, 4) == 1


def test_control_acts_after_the_last_block_of_an_epoch() -> None:
    assert acts_after_block(HARDENED, last_of_epoch=True)
    assert not acts_after_block(HARDENED, last_of_epoch=False)
    assert acts_after_block(EACH_ITS_OWN, last_of_epoch=False)


def test_metrics_of_another_epoch_are_refused() -> None:
    with pytest.raises(Rejected) as caught:
        next_control(HARDENED, Control(Epoch(1), 3), measured(0, **IDLE), SEATS)
    assert caught.value.code is RejectionCode.METRICS_RECORD


MEASUREMENTS = st.lists(
    st.tuples(st.integers(0, 120), st.integers(0, 120), st.integers(90, 100), st.integers(0, 300)),
    min_size=1,
    max_size=12,
)


@given(MEASUREMENTS, st.integers(1, 12))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_the_loop_moves_by_one_within_its_bounds_and_rests(
    course: list[tuple[int, int, int, int]], clusters: int
) -> None:
    """Whatever is measured: one step, unless fewer seats force more, and none right after a change."""
    controls = [Control(Epoch(0), clusters)]
    for load, cost, done, seats in course:
        metrics = measured(controls[-1].epoch, load, cost=cost, done=done)
        assert len(actions_at(HARDENED, controls[-1], metrics)) <= 1
        controls.append(next_control(HARDENED, controls[-1], metrics, seats))
    bounds = [max(1, seats // 10) for _, _, _, seats in course]
    for (before, after), greatest in zip(pairwise(controls), bounds, strict=True):
        assert 1 <= after.clusters <= greatest
        assert abs(after.clusters - before.clusters) <= 1 or after.clusters == greatest
        assert after.clusters in (before.clusters, greatest) or before.rest == 0


@pytest.mark.parametrize(
    ("missed", "factor", "throughput"), [(0, 6, 850), (1, 7, 655), (2, 7, 582), (3, 8, 446), (5, 9, 283)]
)
def test_admission_is_what_the_factor_leaves(missed: int, factor: int, throughput: int) -> None:
    """At 51 seats, N(1 - F)/d in hundredths."""
    failures = Ratio(missed, 10)
    assert admitted_jobs(HARDENED, 10**6, 51, failures, factor, 100) == throughput
    assert admitted_jobs(HARDENED, 5, 51, failures, factor, 100) == 5
    assert admitted_jobs(EACH_ITS_OWN, 10**6, 51, failures, factor, 100) == 10**6


def test_nothing_is_admitted_that_nobody_proves() -> None:
    assert admitted_jobs(HARDENED, 10, 51, Ratio(0, 1), 0, 100) == 0
    assert admitted_jobs(HARDENED, 10, 51, Ratio(1, 1), 6, 100) == 0
