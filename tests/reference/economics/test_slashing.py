"""Penalties: one fold of a set, bounded by the stake."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.quorum import guaranteed_overlap, quorum
from taifoon.economics.ledger import genesis_ledger, recorded
from taifoon.economics.offences import NOTHING, Matter, Offence, OffenceKind, Slot
from taifoon.economics.slashing import (
    LEAST_POINTS,
    WHOLE,
    Base,
    Conviction,
    Destination,
    conforming_bases,
    conforming_destinations,
    convictions_of,
    double_vote_points,
    due,
    literal_stake,
    penalty,
    points_in_epoch,
    proceeds,
    reporter_share,
)
from taifoon.primitives.types import Amount, Epoch
from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon_models.economy import CHAIN, CLUSTER
from taifoon_models.keys import key

STEADY = settings(deadline=None, derandomize=True, max_examples=150)
SOURCE = (
    OffenceKind.INVALID_PROOF,
    OffenceKind.INACTIVITY,
    OffenceKind.DESYNCHRONISATION,
    OffenceKind.BYZANTINE_PROPOSAL,
)


def offence(
    kind: OffenceKind, view: int = 1, epoch: int = 0, member: int = 0, seats: int = 0, total: int = 0
) -> Offence:
    return Offence(kind, key(member), Slot(CHAIN, Epoch(epoch), CLUSTER, Matter.VIEW, view, NOTHING), seats, total)


def convicted(*offences: Offence, stake: int = 1_000_000) -> tuple[Conviction, ...]:
    return tuple(Conviction(item, Amount(stake)) for item in offences)


def test_the_percentages_are_those_of_the_source() -> None:
    assert [LEAST_POINTS[kind] for kind in SOURCE] == [500, 200, 1000, 1500]
    assert set(LEAST_POINTS) == set(OffenceKind)


def test_all_four_cost_a_third_of_the_initial_or_less_of_the_current_stake() -> None:
    offences = [offence(kind, view) for view, kind in enumerate(SOURCE)]
    assert literal_stake(Base.INITIAL, 200_000, offences) == 136_000
    assert literal_stake(Base.CURRENT, 200_000, offences) == 142_443
    own = convicted(*offences, stake=200_000)
    assert due(HARDENED, 200_000, own, own) == 64_000


@pytest.mark.parametrize(("stake", "left"), [(10, {8, 9}), (14, {11, 12})])
def test_the_order_of_the_source_decides_about_small_stakes(stake: int, left: set[int]) -> None:
    found = {literal_stake(Base.CURRENT, stake, [offence(kind) for kind in order]) for order in permutations(SOURCE)}
    assert found == left


def test_seven_proposals_run_below_zero() -> None:
    seven = [offence(OffenceKind.BYZANTINE_PROPOSAL, view) for view in range(7)]
    assert literal_stake(Base.INITIAL, 100, seven) == (1 << 64) - 5
    own = convicted(*seven, stake=100)
    assert due(HARDENED, 100, own, own) == 100


def test_small_stakes_never_lose_by_percentages_of_the_current_stake() -> None:
    proposal, idle = [offence(OffenceKind.BYZANTINE_PROPOSAL)] * 9, [offence(OffenceKind.INACTIVITY)] * 9
    assert [s for s in range(60) if literal_stake(Base.CURRENT, s, proposal) == s] == list(range(7))
    assert [s for s in range(60) if literal_stake(Base.CURRENT, s, idle) == s] == list(range(50))
    seat = HARDENED.parameters.seat_stake
    assert all(penalty(points, seat) * WHOLE == points * seat for points in LEAST_POINTS.values())


def test_one_act_is_punished_three_times_in_the_source() -> None:
    act = (OffenceKind.BYZANTINE_PROPOSAL, OffenceKind.INVALID_PROOF, OffenceKind.DESYNCHRONISATION)
    own = convicted(*(offence(kind) for kind in act))
    lost = {base: 1_000_000 - literal_stake(base, 1_000_000, [item.offence for item in own]) for base in Base}
    assert lost == {Base.CURRENT: 273_250, Base.INITIAL: 300_000}
    assert due(HARDENED, 1_000_000, own, own) == 150_000


def test_a_day_of_hourly_windows_takes_two_fifths() -> None:
    day = literal_stake(Base.CURRENT, 1_000_000, [offence(OffenceKind.INACTIVITY)] * 24)
    week = literal_stake(Base.CURRENT, 1_000_000, [offence(OffenceKind.INACTIVITY)] * 168)
    assert (1_000_000 - day) // 1000 == 384
    assert (1_000_000 - week) // 1000 == 966


@STEADY
@given(points=st.integers(0, 50_000), stake=st.integers(0, (1 << 64) - 1))
def test_a_penalty_is_at_most_the_stake(points: int, stake: int) -> None:
    assert penalty(points, stake) == min(points, WHOLE) * stake // WHOLE <= stake


@pytest.mark.parametrize(
    ("guilty", "seats", "points"),
    [(0, 5, 1500), (1, 100, 1500), (1, 10, 3000), (1, 5, 6000), (2, 6, 10_000), (4, 5, 10_000)],
)
def test_double_votes_cost_three_times_the_guilty_share(guilty: int, seats: int, points: int) -> None:
    assert double_vote_points(guilty, seats) == points


def test_a_fork_costs_the_whole_stake_of_everyone_whom_it_convicts() -> None:
    for seats in range(1, 300):
        assert double_vote_points(guaranteed_overlap(seats, quorum(HARDENED, seats)), seats) == WHOLE


def test_the_guilty_of_one_committee_and_epoch_count_together() -> None:
    first = offence(OffenceKind.DOUBLE_VOTE, 1, seats=1, total=10)
    others = (
        offence(OffenceKind.DOUBLE_VOTE, 1, member=1, seats=2, total=10),
        offence(OffenceKind.DOUBLE_VOTE, 2, member=1, seats=2, total=10),
        offence(OffenceKind.DOUBLE_VOTE, 1, epoch=1, member=2, seats=5, total=10),
        offence(OffenceKind.INVALID_VOTE, 1, member=3, seats=5, total=10),
    )
    everyone = convicted(first, *others)
    assert points_in_epoch(everyone[:1], everyone) == 9000
    assert points_in_epoch(everyone[:1], everyone[:1]) == 3000


def test_penalties_of_epochs_add_up_to_no_more_than_there_is() -> None:
    own = convicted(*(offence(OffenceKind.BYZANTINE_PROPOSAL, view, epoch) for view in range(5) for epoch in range(3)))
    assert due(HARDENED, 5_000_000, own, own) == 3 * 750_000
    assert due(HARDENED, 1_000_000, own, own) == 1_000_000
    assert due(HARDENED, 5_000_000, own[::-1], own) == due(HARDENED, 5_000_000, own, own)


@STEADY
@given(
    acts=st.lists(
        st.tuples(st.sampled_from(list(OffenceKind)), st.integers(1, 3), st.integers(0, 2), st.integers(0, 4)),
        max_size=8,
    ),
    chance=st.randoms(use_true_random=False),
    deposited=st.integers(0, 1 << 40),
)
def test_any_order_and_any_repetition_takes_the_same(
    acts: list[tuple[OffenceKind, int, int, int]], chance: Random, deposited: int
) -> None:
    offences = [offence(kind, view, epoch, member, 1, 5) for kind, view, epoch, member in acts]
    stakes = tuple((key(member), Amount(deposited)) for member in range(5))
    start = genesis_ledger(HARDENED, CHAIN, (), stakes)
    shuffled = [*offences, *chance.sample(offences, k=len(offences) // 2)]
    chance.shuffle(shuffled)
    records = []
    for order in (offences, shuffled):
        ledger = start
        for item in order:
            ledger = replace(ledger, convictions=recorded(HARDENED, ledger, item))
        records.append(ledger.convictions)
    assert records[0] == records[1]
    for member in range(5):
        own = convictions_of(records[0], key(member))
        fewer = own[1:]
        assert (
            0 <= due(HARDENED, deposited, fewer, records[0]) <= due(HARDENED, deposited, own, records[0]) <= deposited
        )


@STEADY
@given(taken=st.integers(1, (1 << 64) - 1))
def test_a_reporter_gets_less_than_the_penalty(taken: int) -> None:
    assert 0 <= reporter_share(HARDENED.parameters.reporter_share, taken) < taken
    for destination in Destination:
        treasury, reporter = proceeds(HARDENED, taken, destination)
        assert treasury + reporter == taken
        assert treasury > 0


def test_the_source_leaves_base_and_destination_open() -> None:
    assert conforming_bases(DOCUMENT) == (Base.CURRENT, Base.INITIAL)
    assert conforming_bases(HARDENED) == ()
    assert conforming_destinations(HARDENED) == (Destination.TREASURY,)
    literal = HARDENED.without(Resolution.SLASHING)
    assert [proceeds(literal, 10, item) for item in conforming_destinations(literal)] == [(10, 0), (0, 10), (0, 0)]
