"""Members in columns earn what the reference pays them one by one, to the unit."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.leaf import ProofType
from taifoon.economics import rewards as one_by_one
from taifoon.economics.ledger import silence
from taifoon.economics.offences import inactive
from taifoon.economics.rewards import Attestation, ClusterRecord, Delivery
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Seat
from taifoon.profile import HARDENED, Parameters, Profile, Resolution
from taifoon.redundancy.coverage import Ratio
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest
from taifoon_models.keys import key

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized.inactivity import inactive_seats
from taifoon_optimized.records import present, records_of, windows_over
from taifoon_optimized.rewards import contributions, efficiency_ratios, payouts, treasury_shares

STEADY = settings(deadline=None, derandomize=True, max_examples=150)
KINDS = list(ProofType)
WINDOW = HARDENED.parameters.signature_window
GREATEST = (1 << 64) - 1

blocks = st.integers(1, 4) | st.sampled_from([0, 12, GREATEST - 1, GREATEST])
deliveries = st.builds(
    Delivery,
    st.integers(0, 2).map(lambda job: digest(f"job {job}")),
    st.sampled_from(KINDS),
    st.integers(0, 4).map(key),
)


@st.composite
def records(draw: st.DrawFn) -> ClusterRecord:
    """A record with signatures late and early, of strange seats and blocks, and proofs by members and strangers."""
    attested = st.tuples(blocks, st.integers(-1, 6), st.sampled_from([-1, 0, 1, WINDOW, WINDOW + 1]))
    return ClusterRecord(
        ClusterId(draw(st.integers(0, 3))),
        tuple(key(holder) for holder in draw(st.lists(st.integers(0, 3), max_size=6))),
        tuple(BlockNumber(number) for number in draw(st.lists(blocks, max_size=5))),
        tuple(
            Attestation(BlockNumber(block), Seat(seat), BlockNumber(min(GREATEST, max(0, block + late))))
            for block, seat, late in draw(st.lists(attested, max_size=20))
        ),
        tuple(draw(st.lists(deliveries, max_size=6))),
        tuple(draw(st.lists(deliveries, max_size=6))),
        *draw(st.tuples(st.integers(0, 40) | st.just(1 << 90), st.integers(0, 40) | st.just(1 << 90))),
    )


def assert_paid_alike(profile: Profile, base: int, every: list[ClusterRecord]) -> None:
    """Members, amounts, budgets and what is left are the reference's, cluster by cluster."""
    columns = records_of(every)
    paid = payouts(profile, base, columns)
    for cluster, record in enumerate(every):
        rows = np.flatnonzero(paid.members.clusters == cluster)
        members = [
            one_by_one.Contribution(
                columns.keys[paid.members.seats[row]].tobytes(),
                int(paid.members.proofs[row]),
                int(paid.members.signed[row]),
            )
            for row in rows
        ]
        assert tuple(members) == one_by_one.contributions(profile, record)
        expected = one_by_one.payouts(profile, base, record)
        assert [int(paid.amounts[row]) for row in rows] == [payout.amount for payout in expected]
        assert paid.budgets[cluster] == one_by_one.budget(profile, base, record.reached, record.average)
        left = paid.budgets[cluster] - sum(payout.amount or 0 for payout in expected)
        assert treasury_shares(paid)[cluster] == left >= 0
    assert len(paid.amounts) == sum(len(dict.fromkeys(record.keys)) for record in every)


bases = st.integers(0, 1 << 20) | st.integers(0, 1 << 70) | st.sampled_from([GREATEST, GREATEST * 5 // 7 + 1])


@STEADY
@given(every=st.lists(records(), max_size=4), base=bases)
def test_every_member_earns_what_the_reference_pays(every: list[ClusterRecord], base: int) -> None:
    assert_paid_alike(HARDENED, base, every)


@STEADY
@given(every=st.lists(records(), max_size=3), cap=st.integers(1, 4), window=st.sampled_from([0, 1, 30, 1 << 70]))
def test_the_parameters_of_the_profile_count(every: list[ClusterRecord], cap: int, window: int) -> None:
    parameters = Parameters(bonus_cap=cap, signature_window=window, inactivity_blocks=window + 1)
    assert_paid_alike(HARDENED.with_parameters(parameters), 1000, every)


@STEADY
@given(every=st.lists(records(), max_size=4))
def test_the_signatures_that_count_are_those_of_the_reference(every: list[ClusterRecord]) -> None:
    columns = records_of(every)
    found, rows = present(HARDENED, columns)
    firsts = np.cumsum([0, *(len(record.keys) for record in every)])
    for cluster, record in enumerate(every):
        own = columns.seat_clusters[rows] == cluster
        signed = zip(found[own].tolist(), (rows[own] - firsts[cluster]).tolist(), strict=True)
        assert tuple(sorted(signed)) == one_by_one.present(HARDENED, record)


LARGE = ClusterRecord(
    ClusterId(0),
    (key(0), key(1), key(2)),
    tuple(BlockNumber(number) for number in range(1, 8)),
    tuple(Attestation(BlockNumber(number), Seat(number % 3), BlockNumber(number)) for number in range(1, 8)),
    (Delivery(digest("job"), KINDS[3], key(0)), Delivery(digest("job"), KINDS[1], key(1))),
    (Delivery(digest("job"), KINDS[3], key(0)), Delivery(digest("job"), KINDS[1], key(1))),
    7,
    3,
)


def test_great_bases_are_divided_without_loss_in_words_and_above_them() -> None:
    """The last base whose budget fits a word, the first that does not, and where a double would be wrong."""
    fitting = max(
        base
        for base in (GREATEST * 10 // 14 + offset for offset in range(-9, 9))
        if base + 2 * base * 6 // 30 <= GREATEST
    )
    for base in (fitting, fitting + 1, fitting + 2, 1 << 64, 1 << 90, (1 << 60) + 1):
        assert_paid_alike(HARDENED, base, [LARGE, replace(LARGE, reached=1)])
    assert payouts(HARDENED, fitting - 2, records_of([LARGE])).amounts.dtype == np.uint64
    assert payouts(HARDENED, GREATEST, records_of([LARGE])).amounts.dtype == np.object_
    exact = payouts(HARDENED, (1 << 60) + 1, records_of([LARGE])).amounts.tolist()
    assert exact != [int(float(amount)) for amount in exact]


@pytest.mark.parametrize(("needed", "window"), [(2, 0), (2, 1), (3, 1), (3, 2), (5, 4)])
@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    absences=st.lists(st.lists(st.sets(st.integers(0, 6)), max_size=9), max_size=3),
    seats=st.integers(0, 7),
    twice=st.booleans(),
)
def test_who_was_silent_is_whom_the_reference_charges(
    needed: int, window: int, absences: list[list[set[int]]], seats: int, twice: bool
) -> None:
    profile = HARDENED.with_parameters(Parameters(signature_window=window, inactivity_blocks=needed))
    every = []
    for number, windows in enumerate(absences):
        heights = [BlockNumber(1 if twice and height == 2 else height) for height in range(len(windows))]
        attested = tuple(
            Attestation(height, Seat(seat), height)
            for height, absent in zip(heights, windows, strict=True)
            for seat in range(seats)
            if seat not in absent
        )
        keys = tuple(key(seat % 4) for seat in range(seats))
        every.append(ClusterRecord(ClusterId(number), keys, tuple(heights), attested, (), (), 0, 0))
    expected = [
        bool(inactive(profile, len(record.keys), silence(profile, record), Seat(seat)))
        for record in every
        for seat in range(len(record.keys))
    ]
    assert list(inactive_seats(profile, records_of(every))) == expected


@pytest.mark.parametrize("window", [0, 1, 2, 3, 8, GREATEST, 1 << 64, 1 << 70])
@settings(deadline=None, derandomize=True, max_examples=25)
@given(every=st.lists(records(), max_size=4))
def test_silence_in_any_record_is_charged_as_by_the_reference(window: int, every: list[ClusterRecord]) -> None:
    profile = HARDENED.with_parameters(Parameters(signature_window=window, inactivity_blocks=window + 1))
    expected = [
        inactive(profile, len(record.keys), silence(profile, record), Seat(seat))
        for record in every
        for seat in range(len(record.keys))
    ]
    columns = records_of(every)
    assert list(inactive_seats(profile, columns)) == expected
    telling = windows_over(profile, columns)
    for cluster, record in enumerate(every):
        last = max(record.blocks, default=0) + 1
        own = telling[columns.block_clusters == cluster]
        assert list(own) == [one_by_one.is_window_over(profile, block, last) for block in record.blocks]


ratios = st.builds(Ratio, st.integers(0, 50), st.integers(1, 50))


@STEADY
@given(closed=st.lists(st.lists(ratios, max_size=5), max_size=3), epoch=st.integers(0, 4), clusters=st.integers(0, 7))
def test_efficiencies_are_the_references(closed: list[list[Ratio]], epoch: int, clusters: int) -> None:
    over = tuple(tuple(each) for each in closed)
    try:
        found: object = efficiency_ratios(HARDENED, over, Epoch(epoch), clusters)
    except Rejected as rejected:
        found = rejected.code
    try:
        expected: object = tuple(
            one_by_one.efficiency_ratio(HARDENED, over, Epoch(epoch), ClusterId(cluster)) for cluster in range(clusters)
        )
    except Rejected as rejected:
        expected = rejected.code
    # No cluster asks nothing of the reference, which then refuses nothing.
    if clusters:
        assert found == expected
    else:
        assert found in ((), RejectionCode.EFFICIENCY_UNKNOWN)


def test_efficiencies_of_an_epoch_that_is_not_over_are_refused() -> None:
    with pytest.raises(Rejected) as caught:
        efficiency_ratios(HARDENED, (), Epoch(1), 2)
    assert caught.value.code is RejectionCode.EFFICIENCY_UNKNOWN
    assert efficiency_ratios(HARDENED, ((Ratio(1, 2),),), Epoch(1), 1) == ((2, 2),)
    assert Fraction(*efficiency_ratios(HARDENED, ((Ratio(1, 2), Ratio(1, 4)),), Epoch(1), 2)[0]) == Fraction(4, 3)


def test_a_profile_that_pays_otherwise_is_named() -> None:
    columns = records_of([LARGE])
    literal = HARDENED.without(Resolution.REWARD)
    for call in (lambda: payouts(literal, 1, columns), lambda: contributions(literal, columns)):
        with pytest.raises(ValueError, match=Resolution.REWARD.value):
            call()
    with pytest.raises(ValueError, match=Resolution.INACTIVITY.value):
        inactive_seats(HARDENED.without(Resolution.INACTIVITY), columns)


def test_wrong_columns_are_named() -> None:
    columns = records_of([LARGE, LARGE])
    for changed, named in (
        ({"keys": columns.keys[1:]}, "seat_clusters"),
        ({"blocks": columns.blocks.astype(np.int64)}, "blocks"),
        ({"seat_clusters": columns.seat_clusters[::-1].copy()}, "not fall"),
        ({"block_clusters": columns.block_clusters + 1}, "block_clusters"),
        ({"attestations": replace(columns.attestations, seats=columns.attestations.seats[1:])}, "attestations"),
        ({"drawn": replace(columns.drawn, clusters=columns.drawn.clusters - 1)}, "drawn.clusters"),
        ({"average": (1,)}, "average"),
        ({"reached": (1, -1)}, "reached"),
    ):
        with pytest.raises(ValueError, match=named):
            replace(columns, **changed)
    with pytest.raises(Rejected) as caught:
        replace(columns, drawn=replace(columns.drawn, job_types=columns.drawn.job_types + np.uint8(4)))
    assert caught.value.code is RejectionCode.ENCODING_OUT_OF_RANGE
    with pytest.raises(ValueError, match="base"):
        payouts(HARDENED, -1, columns)
    with pytest.raises(ValueError, match="blocks"):
        records_of([replace(LARGE, blocks=(BlockNumber(1 << 64),))])
