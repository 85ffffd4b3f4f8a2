"""Each view has one leader, and every seat leads once in as many views as there are seats."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.assignment import SeatKey
from taifoon.core.leader import cluster_seed, leaders
from taifoon.primitives.hashing import Role, conforming_integer_orders, hash_role
from taifoon.primitives.types import ClusterId, Hash32, PublicKey, Seat, View
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_models.jobs import digest

STEADY = settings(deadline=None, derandomize=True, max_examples=60)
FIXED = HARDENED.without(Resolution.LEADER_ROTATION)
CLUSTER = ClusterId(3)


def member(name: int, seat: int = 0) -> SeatKey:
    return SeatKey(PublicKey(bytes(digest(f"key {name}"))), Seat(seat))


def leader_of(profile: Profile, seed: Hash32, members: tuple[SeatKey, ...], view: int) -> tuple[SeatKey, ...]:
    return leaders(profile, seed, CLUSTER, members, View(view), conforming_integer_orders(profile)[0])


sizes, draws = st.integers(1, 12), st.integers(0, 1 << 16).map(lambda draw: digest(f"seed {draw}"))


@STEADY
@given(size=sizes, seed=draws, turns=st.integers(0, 3))
def test_every_seat_leads_once_in_a_round_of_views(size: int, seed: Hash32, turns: int) -> None:
    members = tuple(member(number // 2, number % 2) for number in range(size))
    views = range(1 + turns * size, 1 + (turns + 1) * size)
    elected = [leader_of(HARDENED, seed, members, view) for view in views]
    assert all(len(group) == 1 for group in elected)
    assert {group[0] for group in elected} == set(members)
    assert elected[0] == leader_of(HARDENED, seed, members, 1)


@STEADY
@given(size=sizes, seed=draws)
def test_the_seats_of_the_lowest_hashes_lead_first(size: int, seed: Hash32) -> None:
    members = tuple(member(number) for number in range(size))

    def drawn(key: SeatKey) -> bytes:
        message = seed + int(CLUSTER).to_bytes(4, "little") + key.public_key + int(key.seat).to_bytes(4, "little")
        return hash_role(HARDENED, Role.LEADER, message)

    turns = [leader_of(HARDENED, seed, members, view)[0] for view in range(1, size + 1)]
    assert turns == sorted(members, key=drawn)


@STEADY
@given(size=sizes, seed=draws, view=st.integers(1, 30))
def test_the_leader_does_not_depend_on_the_order_of_the_members(size: int, seed: Hash32, view: int) -> None:
    members = tuple(member(number) for number in range(size))
    assert leader_of(HARDENED, seed, members, view) == leader_of(HARDENED, seed, members[::-1], view)


def test_without_members_nobody_leads() -> None:
    for profile in (HARDENED, FIXED, DOCUMENT):
        assert leader_of(profile, digest("seed"), (), 1) == ()


def test_without_rotation_the_lowest_hash_leads_every_view_of_every_cluster() -> None:
    members = tuple(member(number) for number in range(7))
    lowest = min(members, key=lambda key: hash_role(FIXED, Role.LEADER, digest("seed") + key.public_key))
    for view in range(1, 15):
        assert leader_of(FIXED, digest("seed"), members, view) == (lowest,)
    assert cluster_seed(FIXED, digest("seed"), ClusterId(1)) == cluster_seed(FIXED, digest("seed"), ClusterId(2))


def test_without_rotation_the_seats_of_one_key_lead_together() -> None:
    members = (member(0, 0), member(0, 1), member(0, 2))
    assert leader_of(FIXED, digest("seed"), members, 1) == members
    assert len(leader_of(HARDENED, digest("seed"), members, 1)) == 1


def test_clusters_draw_their_leaders_apart() -> None:
    members = tuple(member(number) for number in range(9))
    first = [leaders(HARDENED, digest("seed"), ClusterId(c), members, View(1), "big") for c in range(20)]
    assert len(set(first)) > 1


@pytest.mark.parametrize("profile", [HARDENED, HARDENED.without(Resolution.HASH_INTEGER)], ids=lambda item: item.name)
def test_clients_agree_on_the_leader_when_they_read_digests_alike(profile: Profile) -> None:
    members = tuple(member(number) for number in range(6))
    elected = {
        tuple(leaders(profile, digest(f"seed {draw}"), CLUSTER, members, View(1), order) for draw in range(10))
        for order in conforming_integer_orders(profile)
    }
    assert len(elected) == (1 if profile is HARDENED else 2)
