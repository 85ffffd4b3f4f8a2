"""An epoch is formed of foundations that earlier epochs left, each from the epoch that the rule names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.epoch import (
    EPOCH_COMMITTEE,
    EpochHistory,
    Foundation,
    Registration,
    assignment_of,
    committee_of_cluster,
    committee_of_epoch,
    count_in_force,
    is_capable,
    operators,
    registry_of,
    seats_of,
    serving,
    unheard,
)
from taifoon.core.leaf import ProofType
from taifoon.economics.registry import Entry
from taifoon.primitives.types import Amount, ClusterId, Epoch
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.blocks import CHAIN
from taifoon_models.epochs import foundation, registration
from taifoon_models.jobs import digest
from taifoon_models.keys import key

UNIT = HARDENED.parameters.seat_stake


def foundation_of(number: int) -> Foundation:
    return foundation((registration(HARDENED, number), registration(HARDENED, 20)), number + 1, f"epoch {number}")


HISTORY = EpochHistory(
    foundation((registration(HARDENED, 20),), 1), tuple(foundation_of(number) for number in range(4))
)


def test_each_part_of_an_epoch_comes_from_its_epoch_before() -> None:
    heard = unheard(HISTORY)
    for epoch in (2, 3, 4):
        assert set(serving(HARDENED, HISTORY, Epoch(epoch), heard)) == set(foundation_of(epoch - 2).registry)
        assert count_in_force(HARDENED, HISTORY, Epoch(epoch), heard) == epoch
        base = assignment_of(HARDENED, HISTORY, Epoch(epoch), heard)
        assert len(base.clusters) == epoch
        for part, reads in (("global_root", epoch - 2), ("beacon", epoch - 1)):
            for changed in range(4):
                closed = list(HISTORY.closed)
                closed[changed] = replace(closed[changed], **{part: digest("another")})
                other = assignment_of(HARDENED, replace(HISTORY, closed=tuple(closed)), Epoch(epoch), heard)
                assert (other.seed != base.seed) == (changed == reads)


def test_the_first_epochs_are_formed_of_genesis() -> None:
    start = EpochHistory(HISTORY.genesis, ())
    first = assignment_of(HARDENED, start, Epoch(0), unheard(start))
    assert first.registry == HISTORY.genesis.registry
    one_closed = EpochHistory(HISTORY.genesis, HISTORY.closed[:1])
    assert assignment_of(HARDENED, one_closed, Epoch(1), unheard(one_closed)).registry == HISTORY.genesis.registry


def test_an_epoch_whose_foundations_are_not_laid_cannot_be_derived() -> None:
    with pytest.raises(Rejected) as caught:
        assignment_of(HARDENED, HISTORY, Epoch(5), unheard(HISTORY))
    assert caught.value.code is RejectionCode.ROOT_UNKNOWN


def test_seats_follow_stake_and_are_listed_by_key_and_number() -> None:
    stakes = (0, UNIT - 1, UNIT, 3 * UNIT + 5)
    registry = tuple(Registration(key(number), Amount(stake), ()) for number, stake in enumerate(stakes))
    seats = seats_of(HARDENED, registry)
    assert sorted((seat.public_key, seat.seat) for seat in seats) == [(seat.public_key, seat.seat) for seat in seats]
    counted = [sum(seat.public_key == key(number) for seat in seats) for number in range(4)]
    assert counted == [0, 0, 1, 3]


def test_the_frozen_registry_has_all_that_have_not_asked_to_leave() -> None:
    stays = Entry(key(5), (ProofType.GROTH16,), Amount(7 * UNIT), Amount(UNIT), Epoch(0), None)
    leaves = replace(stays, public_key=key(6), left=Epoch(2))
    other = replace(stays, public_key=key(7), capabilities=())
    found = registry_of((other, leaves, stays))
    assert found == tuple(sorted(found, key=lambda entry: entry.public_key))
    assert set(found) == {
        Registration(key(5), Amount(6 * UNIT), (ProofType.GROTH16,)),
        Registration(key(7), Amount(6 * UNIT), ()),
    }


@pytest.mark.parametrize(
    ("profile", "members"),
    [
        (HARDENED, [0, 20]),
        (HARDENED.without(Resolution.SEATS), [7, 9]),
        (HARDENED.without(Resolution.EPOCH_SEED), [11]),
    ],
    ids=["frozen", "announced", "at the head"],
)
def test_members_are_the_frozen_ones_and_others_only_without_the_rule(profile: Profile, members: list[int]) -> None:
    heard = replace(unheard(HISTORY), announced=(key(9), key(7), key(9)), registry=(registration(HARDENED, 11),))
    found = serving(profile, HISTORY, Epoch(2), heard)
    assert [entry.public_key for entry in found] == sorted(key(number) for number in members)


def test_the_count_is_a_nodes_own_only_without_the_rule() -> None:
    heard = replace(unheard(HISTORY), clusters=9)
    assert count_in_force(HARDENED, HISTORY, Epoch(2), heard) == 2
    assert count_in_force(HARDENED.without(Resolution.CLUSTER_COUNT), HISTORY, Epoch(2), heard) == 9


def test_committees_are_the_seats_of_a_cluster_and_all_seats() -> None:
    assignment = assignment_of(HARDENED, HISTORY, Epoch(3), unheard(HISTORY))
    assert committee_of_epoch(CHAIN, assignment).keys == tuple(seat.public_key for seat in assignment.seats)
    assert committee_of_epoch(CHAIN, assignment).cluster == EPOCH_COMMITTEE == (1 << 32) - 1
    together = [k for c in range(3) for k in committee_of_cluster(CHAIN, assignment, ClusterId(c)).keys]
    assert sorted(together) == sorted(committee_of_epoch(CHAIN, assignment).keys)


def test_capability_is_that_of_the_seats_holder() -> None:
    able = Registration(key(0), Amount(2 * UNIT), (ProofType.GROTH16,))
    history = EpochHistory(Foundation(digest("root"), (able, registration(HARDENED, 1, 1, ())), 1, digest("b")), ())
    assignment = assignment_of(HARDENED, history, Epoch(0), unheard(history))
    assert [is_capable(assignment, seat, ProofType.GROTH16) for seat in assignment.seats].count(True) == 2
    assert not any(is_capable(assignment, seat, ProofType.ACCOUNT_STATE) for seat in assignment.seats)


@pytest.mark.parametrize(("stakes", "expected"), [((1, 1, 1, 1, 1), 5), ((5,), 1), ((3, 2), 2)])
def test_operators_are_distinct_keys_however_many_seats_they_hold(stakes: tuple[int, ...], expected: int) -> None:
    registry = tuple(registration(HARDENED, number, stake) for number, stake in enumerate(stakes))
    history = EpochHistory(foundation(registry, 1), ())
    assignment = assignment_of(HARDENED, history, Epoch(0), unheard(history))
    assert [len(seats) for seats in assignment.clusters] == [5]
    assert operators(assignment) == (expected,)
