"""Convictions in columns cost what the reference takes one by one, to the unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.economics import slashing as one_by_one
from taifoon.economics.ledger import genesis_ledger
from taifoon.economics.ledger import recorded as put_on_record
from taifoon.economics.offences import Matter, Offence, OffenceKind, Slot, offence_id
from taifoon.economics.registry import Snapshot
from taifoon.economics.slashing import Conviction, Destination
from taifoon.primitives.types import Amount, ClusterId, Epoch, Hash32
from taifoon.profile import HARDENED, Resolution, Suite
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest
from taifoon_models.keys import key

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized.contents import digests_of
from taifoon_optimized.convictions import convictions_in_columns, offence_ids, recorded
from taifoon_optimized.exact import words_of_numbers
from taifoon_optimized.penalties import dues, penalties, points, proceeds

from .ranges import of_suite

STEADY = settings(deadline=None, derandomize=True, max_examples=200)
GREATEST = (1 << 64) - 1
EDGES = [0, 1, 9_999, 10_000, 10_001, (1 << 63) - 1, 1 << 63, GREATEST - 1, GREATEST]
amounts = st.sampled_from(EDGES) | st.integers(0, GREATEST)
NO_JOB, JOB = Hash32(bytes(32)), digest("job")

slots = st.builds(
    Slot,
    st.sampled_from([digest("chain"), digest("another chain")]),
    st.sampled_from([0, 1, 2, GREATEST]).map(Epoch),
    st.sampled_from([None, 0, 1, (1 << 32) - 1]).map(lambda cluster: None if cluster is None else ClusterId(cluster)),
    st.sampled_from(Matter),
    st.sampled_from([0, 1, GREATEST]),
    st.sampled_from([NO_JOB, JOB]),
)
# Five members of three seats at most are never more than a committee of fifteen or more.
offences = st.builds(
    Offence,
    st.sampled_from(OffenceKind) | st.just(OffenceKind.DOUBLE_VOTE),
    st.integers(0, 4).map(key),
    slots,
    st.integers(0, 3),
    st.sampled_from([0, 15, 16, 40, 1000]),
)
convicted = st.lists(st.builds(Conviction, offences, amounts.map(Amount)), max_size=14)


def expected_dues(convictions: list[Conviction], deposited: list[int], since: list[int]) -> list[int]:
    """What the reference takes of the first members, as its ledger asks."""
    every = tuple(convictions)
    taken = []
    for member, (paid, first) in enumerate(zip(deposited, since, strict=True)):
        own = tuple(item for item in one_by_one.convictions_of(every, key(member)) if item.offence.epoch >= first)
        taken.append(one_by_one.due(HARDENED, paid, own, every))
    return taken


def found_dues(convictions: list[Conviction], deposited: list[int], since: list[int]) -> list[int]:
    keys = digests_of([key(member) for member in range(len(deposited))])
    columns = convictions_in_columns(convictions)
    paid, first = words_of_numbers("deposited", deposited), words_of_numbers("since", since)
    return [int(amount) for amount in dues(HARDENED, keys, paid, first, columns)]


@STEADY
@given(
    convictions=convicted,
    entries=st.lists(st.tuples(amounts, st.sampled_from([0, 1, 2, 3, GREATEST])), max_size=5),
)
def test_every_key_owes_what_the_reference_takes(convictions: list[Conviction], entries: list[tuple[int, int]]) -> None:
    deposited, since = [paid for paid, _ in entries], [first for _, first in entries]
    assert found_dues(convictions, deposited, since) == expected_dues(convictions, deposited, since)


def double_vote(member: int, seats: int, total: int, view: int = 1, epoch: int = 0) -> Conviction:
    slot = Slot(digest("chain"), Epoch(epoch), ClusterId(0), Matter.VIEW, view, NO_JOB)
    return Conviction(Offence(OffenceKind.DOUBLE_VOTE, key(member), slot, seats, total), Amount(1_000_003))


@pytest.mark.parametrize("guilty", range(1, 11))
def test_a_double_vote_costs_with_the_guilty_share_at_every_step(guilty: int) -> None:
    convictions = [double_vote(member, 1, 20, view) for member in range(guilty) for view in (1, 2)]
    deposited, since = [1_000_003] * guilty, [0] * guilty
    assert found_dues(convictions, deposited, since) == expected_dues(convictions, deposited, since)


def test_the_last_word_on_the_seats_of_a_key_stands() -> None:
    convictions = [
        double_vote(0, 1, 40, 1),
        double_vote(0, 5, 40, 2),
        double_vote(1, 2, 40, 1),
        double_vote(0, 3, 40, 3),
    ]
    for order in (convictions, convictions[::-1]):
        assert found_dues(order, [1 << 40] * 2, [0, 0]) == expected_dues(order, [1 << 40] * 2, [0, 0])


def test_sums_beyond_a_word_are_bounded_by_the_deposit() -> None:
    convictions = [replace(double_vote(0, 2, 2, epoch=epoch), snapshot=Amount(GREATEST - epoch)) for epoch in range(5)]
    for deposited in (GREATEST, GREATEST - 1, 5):
        assert found_dues(convictions, [deposited], [0]) == [deposited] == expected_dues(convictions, [deposited], [0])
    halves = [replace(item, snapshot=Amount(1 << 62)) for item in convictions[:3]]
    assert found_dues(halves, [GREATEST], [0]) == [3 << 62] == expected_dues(halves, [GREATEST], [0])


def test_more_guilty_seats_than_a_committee_has_are_named() -> None:
    convictions = [double_vote(0, 3, 4), double_vote(1, 2, 4)]
    with pytest.raises(ValueError, match="guilty"):
        found_dues(convictions, [1], [0])
    # Nobody who answers for it is asked about.
    assert found_dues(convictions, [1], [1]) == [0]
    columns = convictions_in_columns(convictions)
    with pytest.raises(ValueError, match="guilty"):
        points(columns, np.ones(2, np.bool_))


@STEADY
@given(rows=st.lists(st.tuples(st.sampled_from([0, 1, 9_999, 10_000, 10_001, 50_000]), amounts), max_size=9))
def test_penalties_are_exact(rows: list[tuple[int, int]]) -> None:
    found = penalties(
        np.array([each for each, _ in rows], np.int64), words_of_numbers("rows", [row[1] for row in rows])
    )
    assert [int(taken) for taken in found] == [one_by_one.checked_penalty(*row) for row in rows]


@STEADY
@given(taken=st.lists(amounts, max_size=9))
def test_reporters_and_treasury_get_what_the_reference_gives(taken: list[int]) -> None:
    treasury, reporters = proceeds(HARDENED, words_of_numbers("taken", taken))
    found = list(zip(treasury.tolist(), reporters.tolist(), strict=True))
    assert found == [one_by_one.proceeds(HARDENED, each, Destination.TREASURY) for each in taken]


@pytest.mark.parametrize("suite", Suite)
@settings(deadline=None, derandomize=True, max_examples=40)
@given(convictions=convicted)
def test_identities_and_the_record_are_the_references(suite: Suite, convictions: list[Conviction]) -> None:
    profile, columns = of_suite(suite), convictions_in_columns(convictions)
    found = [row.tobytes() for row in offence_ids(profile, columns)]
    assert found == [offence_id(profile, item.offence) for item in convictions]

    ledger = genesis_ledger(profile, digest("chain"), ())
    for item in convictions:
        stakes = Snapshot(item.offence.epoch, ((item.offence.key, item.snapshot),))
        ledger = replace(ledger, snapshots=(stakes,))
        ledger = replace(ledger, convictions=put_on_record(profile, ledger, item.offence))
    assert tuple(convictions[row] for row in recorded(profile, columns)) == ledger.convictions


def test_a_profile_that_punishes_otherwise_is_named() -> None:
    columns, keys = convictions_in_columns([double_vote(0, 1, 4)]), digests_of([key(0)])
    literal, one = HARDENED.without(Resolution.SLASHING), np.ones(1, np.uint64)
    for call in (
        lambda: dues(literal, keys, one, one, columns),
        lambda: proceeds(literal, one),
        lambda: recorded(literal, columns),
    ):
        with pytest.raises(ValueError, match=Resolution.SLASHING.value):
            call()


def test_wrong_columns_are_named() -> None:
    columns = convictions_in_columns([double_vote(0, 1, 4)])
    for changed, named in (
        ({"keys": columns.keys[:, :31]}, "keys"),
        ({"epochs": columns.epochs.astype(np.int64)}, "epochs"),
        ({"seats": columns.seats - 2}, "seats"),
        ({"committee_seats": columns.committee_seats << 33}, "committee_seats"),
        ({"snapshots": columns.snapshots[:0]}, "snapshots"),
    ):
        with pytest.raises(ValueError, match=named):
            replace(columns, **changed)
    for changed in (
        {"kinds": columns.kinds + np.uint8(len(OffenceKind))},
        {"matters": columns.matters + np.uint8(len(Matter))},
        {"clusters": columns.clusters - 2},
        {"clusters": columns.clusters + (1 << 32)},
    ):
        with pytest.raises(Rejected) as caught:
            replace(columns, **changed)
        assert caught.value.code is RejectionCode.ENCODING_OUT_OF_RANGE
    keys, two = digests_of([key(0)] * 2), np.ones(2, np.uint64)
    with pytest.raises(ValueError, match="twice"):
        dues(HARDENED, keys, two, two, columns)
    with pytest.raises(ValueError, match="deposited"):
        dues(HARDENED, keys, two[:1], two, columns)
    with pytest.raises(ValueError, match="snapshots"):
        convictions_in_columns([Conviction(double_vote(0, 1, 4).offence, Amount(1 << 64))])
