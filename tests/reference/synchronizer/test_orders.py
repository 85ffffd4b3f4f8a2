"""What a holder orders is paid for once, whenever its synchronizer crashes, and nobody crowds it out of a closing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from taifoon.core.network_state import EpochRecord
from taifoon.economics.ledger import Ledger
from taifoon.economics.registry import last_evidence_epoch
from taifoon.network.envelope import Packet
from taifoon.primitives.types import Amount, Epoch
from taifoon.profile import HARDENED
from taifoon.rejection import Rejected, RejectionCode
from taifoon.synchronizer import acts, epoch_member
from taifoon.synchronizer.acts import Court, act_octets, after_act, all_applied, chosen_acts, octets_in
from taifoon.synchronizer.closing import court_of
from taifoon.synchronizer.economy import genesis_economy
from taifoon.synchronizer.epoch_member import with_act
from taifoon.synchronizer.events import (
    Effect,
    Ordered,
    PacketArrived,
    Refused,
    Started,
    StoreEpoch,
    StoreJobs,
    StoreOrders,
    StoreVotes,
)
from taifoon.synchronizer.node import step
from taifoon.synchronizer.orders import ordered
from taifoon.synchronizer.state import Synchronizer
from taifoon.synchronizer.turnover import turn_over
from taifoon_models.books import (
    CULPRIT,
    LEADER,
    LEAVER,
    NEWCOMER,
    STRANGER,
    WITNESS,
    Office,
    begins,
    closing_by,
    informed,
    late,
    member,
)
from taifoon_models.epochs import setting, small_clusters
from taifoon_models.keys import key
from taifoon_models.simulation_node import Stored

PROFILE = small_clusters(HARDENED)
HOLDERS, CLUSTERS = 10, 2
SEAT = PROFILE.parameters.seat_stake


@cache
def asking() -> Synchronizer:
    """A newcomer that has ordered a seat."""
    at = member(PROFILE, NEWCOMER, HOLDERS, CLUSTERS)
    return ordered(PROFILE, at, Office(PROFILE, at).deposit(NEWCOMER), begins(0))[0]


@cache
def record() -> EpochRecord:
    """The record of the first epoch, whose closing takes the newcomer's order up."""
    leader = member(PROFILE, LEADER, HOLDERS, CLUSTERS)
    heard = informed(PROFILE, leader, (Office(PROFILE, leader).act("registration"),), HOLDERS)
    now = setting(PROFILE, leader.network)
    return now.record(now.stretches({}), closing_by(PROFILE, heard))


def stores(effects: tuple[Effect, ...]) -> tuple[StoreVotes | StoreEpoch | StoreOrders | StoreJobs, ...]:
    return tuple(each for each in effects if isinstance(each, StoreVotes | StoreEpoch | StoreOrders | StoreJobs))


@pytest.mark.parametrize("kept", range(4))
def test_no_crash_between_two_stores_lets_a_deposit_be_paid_twice(kept: int) -> None:
    before = asking()
    assert before.orders
    after, effects = turn_over(PROFILE, before, record(), late(0))
    assert after.economy.ledger.entry(before.terms.signer.public_key) is not None
    stored = Stored(before.network, before.economy, orders=before.orders)
    for effect in stores(effects)[:kept]:
        stored.keep(effect)
    begun = Started(stored.network, stored.economy, stored.records, orders=stored.orders)
    restarted, _ = step(PROFILE, member(PROFILE, NEWCOMER, HOLDERS, CLUSTERS), begun, late(0))
    assert not restarted.orders or restarted.network.epoch == before.network.epoch


def test_an_order_is_taken_once() -> None:
    before = asking()
    assert step(PROFILE, before, Ordered(before.orders[0]), begins(0))[0].orders == before.orders


def acting() -> tuple[Synchronizer, Office]:
    """A synchronizer in a network where a newcomer has a balance, and where acts about it are made."""
    at = member(PROFILE, LEADER, HOLDERS, CLUSTERS)
    return at, Office(PROFILE, at)


def court_and_ledger(at: Synchronizer) -> tuple[Court, Ledger]:
    return court_of(at), at.economy.ledger


@pytest.mark.parametrize(("stake", "is_taken"), [(SEAT - 1, False), (SEAT, True)])
def test_a_deposit_that_buys_no_seat_is_neither_kept_nor_taken_up(stake: int, *, is_taken: bool) -> None:
    at, office = acting()
    act = office.sealed(NEWCOMER, replace(office.deposit(NEWCOMER), stake=Amount(stake)))
    after, effects = step(PROFILE, at, PacketArrived(Packet(1, act)), late(0))
    assert [each.code for each in effects if isinstance(each, Refused)] == (
        [] if is_taken else [RejectionCode.EPOCH_ACT]
    )
    assert bool(after.closing.acts) is is_taken
    assert bool(chosen_acts(PROFILE, *court_and_ledger(at), (act,))) is is_taken


def test_a_member_tops_its_stake_up_by_any_amount() -> None:
    at, office = acting()
    economy = genesis_economy(PROFILE, at.network, ((key(WITNESS), Amount(1)),))
    act = office.sealed(WITNESS, replace(office.deposit(WITNESS), stake=Amount(1)))
    assert chosen_acts(PROFILE, court_of(at), economy.ledger, (act,)) == (act_octets(act),)


@pytest.mark.parametrize("sender", [STRANGER, LEAVER])
def test_what_no_closing_could_take_up_is_not_kept(sender: int) -> None:
    at, office = acting()
    act = office.sealed(sender, office.deposit(sender))
    after, effects = step(PROFILE, at, PacketArrived(Packet(1, act)), late(0))
    assert [each.code for each in effects if isinstance(each, Refused)] == [RejectionCode.BALANCE_SHORT]
    assert after.closing.acts == ()


def test_who_says_most_makes_way_for_who_says_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epoch_member, "MAX_ACTS", 4)
    at, office = acting()
    loud = tuple(office.sealed(CULPRIT, office.deposit(CULPRIT, 1 + number), number) for number in range(6))
    closing = at.closing
    for act in (*loud, office.act("departure"), office.act("registration"), loud[5]):
        closing = with_act(closing, act)
    assert set(closing.acts) == {*loud[:2], office.act("departure"), office.act("registration")}


def rich(at: Synchronizer) -> Ledger:
    """The ledger where the culprit has a balance as well."""
    balances = tuple((key(number), Amount(30 * SEAT)) for number in (CULPRIT, NEWCOMER))
    return genesis_economy(PROFILE, at.network, balances).ledger


def test_where_room_is_short_each_sender_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    at, office = acting()
    loud = tuple(office.sealed(CULPRIT, office.deposit(CULPRIT, 1 + number), number) for number in range(6))
    others = tuple(office.act(name) for name in ("departure", "registration", "evidence"))
    asked = (court_of(at), rich(at), (*loud, *others))
    assert len(chosen_acts(PROFILE, *asked)) == 9
    monkeypatch.setattr(acts, "MAX_ACTS", 4)
    assert set(chosen_acts(PROFILE, *asked)) == {act_octets(each) for each in (loud[0], *others)}


def test_the_acts_of_a_closing_have_room_for_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    at, office = acting()
    court, ledger = court_and_ledger(at)
    both = tuple(office.act(name) for name in ("departure", "evidence"))
    taken = chosen_acts(PROFILE, court, ledger, both)
    assert len(taken) == 2
    all_applied(PROFILE, court, ledger, taken)
    monkeypatch.setattr(acts, "MAX_ALL_ACTS", octets_in(taken) - 1)
    assert chosen_acts(PROFILE, court, ledger, both) == (act_octets(both[0]),)
    with pytest.raises(Rejected) as refused:
        all_applied(PROFILE, court, ledger, taken)
    assert refused.value.code is RejectionCode.EPOCH_ACT


def test_evidence_of_long_ago_is_refused_before_its_committee_is_derived(monkeypatch: pytest.MonkeyPatch) -> None:
    at, office = acting()
    court, ledger = court_and_ledger(at)
    report = office.double_vote()
    after_act(PROFILE, court, ledger, report, key(WITNESS))
    monkeypatch.setattr(acts, "past_assignment", None)
    last = last_evidence_epoch(PROFILE, 0)
    with pytest.raises(Rejected) as refused:
        after_act(PROFILE, court, replace(ledger, epoch=Epoch(last + 1)), report, key(WITNESS))
    assert refused.value.code is RejectionCode.EVIDENCE_LATE
