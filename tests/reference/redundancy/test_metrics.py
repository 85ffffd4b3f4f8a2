"""Metrics are counters of the set of an epoch's finalised blocks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Epoch
from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon.redundancy.coverage import Ratio
from taifoon.redundancy.metrics import (
    WINDOW,
    BlockRecord,
    BlockUse,
    TypeCount,
    efficiency,
    failure_rate,
    fold,
    mean_latency,
    read_records,
)
from taifoon.rejection import Rejected, RejectionCode

HEADER, ACCOUNT = ProofType.HEADER_INCLUSION, ProofType.ACCOUNT_STATE


def block(number: int, cluster: int = 0, epoch: int = 1, **counters: object) -> BlockRecord:
    record = BlockRecord(Epoch(epoch), ClusterId(cluster), BlockNumber(number), (), 0, 0, 0, 0, Amount(0), Amount(0))
    return replace(record, **counters)  # type: ignore[arg-type]


COUNTS = st.builds(
    lambda proof_type, due, done, latency: TypeCount(proof_type, max(due, done), done, latency),
    st.sampled_from(ProofType),
    *[st.integers(0, 1_000)] * 3,
)
COUNTERS = st.fixed_dictionaries(
    {
        "types": st.lists(COUNTS, max_size=4).map(tuple),
        "replicas_due": st.integers(50, 99),
        "replicas_missed": st.integers(0, 50),
        "load": st.integers(0, 10**6),
        "capacity": st.integers(0, 10**6),
        "cost": st.integers(0, 10**18),
        "revenue": st.integers(0, 10**18),
    }
)
EPOCHS = st.lists(COUNTERS, min_size=1, max_size=30).map(
    lambda rows: [block(place // 3, cluster=place % 3, **row) for place, row in enumerate(rows)]
)


@given(EPOCHS, st.randoms(use_true_random=False))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_neither_the_order_of_blocks_nor_of_entries_matters(records: list[BlockRecord], chance: object) -> None:
    expected = fold(Epoch(1), records)
    turned = [replace(each, types=tuple(reversed(each.types))) for each in records]
    chance.shuffle(turned)  # type: ignore[attr-defined]
    assert fold(Epoch(1), turned) == expected


@given(EPOCHS)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_counters_add_up(records: list[BlockRecord]) -> None:
    metrics = fold(Epoch(1), records)
    assert metrics.cost == sum(record.cost for record in records)
    assert metrics.revenue == sum(record.revenue for record in records)
    assert metrics.replicas_missed == sum(record.replicas_missed for record in records)
    assert sum(count.due for count in metrics.types) == sum(each.due for record in records for each in record.types)
    assert [count.proof_type for count in metrics.types] == [
        each for each in ProofType if any(each is count.proof_type for record in records for count in record.types)
    ]


def test_a_window_is_the_last_ten_blocks_of_a_cluster() -> None:
    records = [block(number, load=number, capacity=20) for number in range(13)]
    records += [block(number, cluster=1, load=7, capacity=9) for number in range(100, 103)]
    first, second = fold(Epoch(1), reversed(records)).clusters
    assert first.blocks == tuple(BlockUse(number, 20) for number in range(3, 13))
    assert len(first.blocks) == WINDOW
    assert (first.load, first.capacity) == (sum(range(3, 13)), 200)
    assert (second.load, second.capacity) == (21, 27)


def test_the_failure_rate_is_of_the_replicas_that_were_due() -> None:
    records = [block(0, replicas_due=10, replicas_missed=1), block(1, replicas_due=30, replicas_missed=3)]
    assert failure_rate(fold(Epoch(1), records)) == Ratio(4, 40)
    assert failure_rate(fold(Epoch(1), [])) == Ratio(0, 1)


def test_the_latency_of_a_type_is_a_mean_over_done_jobs() -> None:
    counts = [TypeCount(HEADER, 3, 2, 9), TypeCount(ACCOUNT, 1, 0, 0), TypeCount(HEADER, 2, 2, 3)]
    header, account = fold(Epoch(1), [block(0, types=tuple(counts))]).types
    assert mean_latency(header) == Ratio(12, 4)
    assert mean_latency(account) is None


@pytest.mark.parametrize(
    ("cost", "revenue", "margin"),
    [(0, 0, Ratio(1, 1)), (1, 0, Ratio(0, 1)), (30, 100, Ratio(70, 100)), (200, 100, Ratio(0, 100))],
)
def test_efficiency_is_the_clipped_margin(cost: int, revenue: int, margin: Ratio) -> None:
    assert efficiency(HARDENED, Amount(cost), Amount(revenue)) == margin
    assert efficiency(DOCUMENT, Amount(cost), Amount(revenue)) == Ratio(cost, revenue)


def test_a_node_folds_what_is_final() -> None:
    own, finalised = (block(0, load=1),), (block(0, load=2),)
    assert read_records(HARDENED, own, finalised) == finalised
    assert read_records(HARDENED.without(Resolution.METRICS), own, finalised) == own


@pytest.mark.parametrize(
    "records",
    [
        [block(0, epoch=2)],
        [block(0), block(2)],
        [block(0), block(0)],
        [block(0, cluster=1), block(0), block(1), block(2, cluster=1)],
    ],
    ids=["another epoch", "gap", "twice", "gap of another cluster"],
)
def test_blocks_that_are_not_one_run_of_the_epoch_are_refused(records: list[BlockRecord]) -> None:
    with pytest.raises(Rejected) as caught:
        fold(Epoch(1), records)
    assert caught.value.code is RejectionCode.METRICS_RECORD


@pytest.mark.parametrize(
    "counters",
    [
        {"load": -1},
        {"capacity": -1},
        {"cost": -1},
        {"revenue": -1},
        {"replicas_missed": -1},
        {"replicas_due": 1, "replicas_missed": 2},
        {"types": (TypeCount(HEADER, 1, 2, 0),)},
        {"types": (TypeCount(HEADER, 1, -1, 0),)},
        {"types": (TypeCount(HEADER, 1, 1, -1),)},
        {"epoch": -1},
        {"cluster": -1},
        {"number": -1},
    ],
)
def test_a_record_with_an_impossible_counter_is_refused(counters: dict[str, object]) -> None:
    with pytest.raises(Rejected) as caught:
        replace(block(0), **counters)  # type: ignore[arg-type]
    assert caught.value.code is RejectionCode.METRICS_RECORD
