"""Owners and replicas are drawn from seed and registry, and each rule of ownership has a code of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.assignment import SeatKey, cluster_of_job
from taifoon.core.epoch import Assignment, Registration
from taifoon.core.leaf import MMRLeaf, ProofType, completion_of
from taifoon.core.owners import (
    OwnedJobs,
    check_provable,
    formation_of,
    may_prove,
    owners,
    primary,
    rendezvous_order,
    replicas,
)
from taifoon.primitives.types import Amount, ClusterId, Epoch, PublicKey, Seat
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest, intake

TYPE = ProofType.HEADER_INCLUSION
KEYS = tuple(PublicKey(bytes(digest(f"key {number}"))) for number in range(12))
SEED = digest("seed")


def assignment(able: set[int], clusters: int, seats: tuple[int, ...] = (1,) * 6) -> Assignment:
    registry = tuple(
        Registration(KEYS[n], Amount(count), (TYPE,) if n in able else ()) for n, count in enumerate(seats)
    )
    keys = tuple(SeatKey(KEYS[n], Seat(seat)) for n, count in enumerate(seats) for seat in range(count))
    return Assignment(Epoch(3), SEED, registry, keys, tuple(keys[c::clusters] for c in range(clusters)))


EVERYBODY = assignment(set(range(6)), 3)


def taken_in(number: int, among: Assignment = EVERYBODY) -> MMRLeaf:
    first = primary(HARDENED, among, intake(number))
    assert first is not None
    return replace(intake(number), assigned_cluster=first)


def test_the_first_of_the_rendezvous_order_is_the_primary_cluster() -> None:
    for number in range(60):
        for clusters in (1, 2, 5):
            order = rendezvous_order(HARDENED, SEED, intake(number).job_id, clusters)
            assert sorted(order) == list(range(clusters))
            assert order[0] == cluster_of_job(HARDENED, SEED, intake(number).job_id, clusters)


def test_jobs_spread_over_the_clusters() -> None:
    counted = Counter(primary(HARDENED, EVERYBODY, intake(number)) for number in range(600))
    assert all(150 < counted[ClusterId(cluster)] < 250 for cluster in range(3))


def test_owners_are_the_first_capable_clusters_and_any_only_without_the_rule() -> None:
    # Cluster 1 has seats 1 and 4, which can prove nothing.
    some = assignment({0, 2, 3, 5}, 3)
    for number in range(40):
        leaf = intake(number)
        order = rendezvous_order(HARDENED, SEED, leaf.job_id, 3)
        assert owners(HARDENED, some, leaf, 2) == tuple(cluster for cluster in order if cluster != 1)
        assert owners(HARDENED.without(Resolution.CAPABLE_OWNERS), some, leaf, 2) == order[:2]


def test_the_literal_owner_is_the_leafs_field_for_ever() -> None:
    by_field = HARDENED.without(Resolution.EPOCH_SEED)
    assert owners(by_field, EVERYBODY, replace(intake(0), assigned_cluster=ClusterId(9)), 3) == (9,)


def test_a_type_that_one_seat_can_prove_is_refused_only_with_the_rule() -> None:
    one = assignment({4}, 3)
    with pytest.raises(Rejected) as caught:
        check_provable(HARDENED, one, TYPE)
    assert caught.value.code is RejectionCode.JOB_UNPROVABLE
    check_provable(HARDENED.without(Resolution.CAPABLE_OWNERS), one, TYPE)
    check_provable(HARDENED, assignment({4, 5}, 3), TYPE)
    check_provable(HARDENED, assignment({0}, 1, seats=(1,)), TYPE)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(st.sets(st.integers(0, 5), min_size=2), st.integers(1, 3), st.integers(2, 5), st.integers(0, 50))
def test_replicas_are_distinct_capable_and_spread_over_the_owners(
    able: set[int], clusters: int, factor: int, number: int
) -> None:
    among = assignment(able, clusters)
    drawn = replicas(HARDENED, among, intake(number), factor)
    assert len(drawn) == min(factor, len(able))
    assert {each.seat.public_key for each in drawn} <= {KEYS[n] for n in able}
    assert all(each.seat in among.clusters[each.cluster] for each in drawn)
    owning = owners(HARDENED, among, intake(number), factor)
    assert [each.cluster for each in drawn][: len(owning)] == list(owning)[: len(drawn)]


def test_a_key_with_many_seats_proves_twice_only_when_no_other_is_left() -> None:
    among = assignment({0, 1}, 1, seats=(3, 1))
    for number in range(20):
        keys = [each.seat.public_key for each in replicas(HARDENED, among, intake(number), 4)]
        assert set(keys[:2]) == {KEYS[0], KEYS[1]}
        assert keys[2:] == [KEYS[0], KEYS[0]]


def test_one_seat_less_changes_only_the_sets_that_it_was_in() -> None:
    fewer = assignment({0, 1, 2, 3, 5}, 3)
    for number in range(60):
        before = replicas(HARDENED, EVERYBODY, intake(number), 2)
        if KEYS[4] not in {each.seat.public_key for each in before}:
            assert replicas(HARDENED, fewer, intake(number), 2) == before


def test_who_is_not_drawn_may_prove_only_without_the_rule() -> None:
    leaf = taken_in(1)
    drawn = {(each.cluster, each.seat.public_key) for each in replicas(HARDENED, EVERYBODY, leaf, 2)}
    by_leader = HARDENED.without(Resolution.REPLICAS)
    for cluster in range(3):
        for key in KEYS[:6]:
            allowed = may_prove(HARDENED, EVERYBODY, ClusterId(cluster), leaf, 2, key)
            assert allowed == ((cluster, key) in drawn)
            assert may_prove(by_leader, EVERYBODY, ClusterId(cluster), leaf, 2, key)


def jobs(profile: Profile = HARDENED, carried: tuple[MMRLeaf, ...] = (), closed: tuple[bytes, ...] = ()) -> OwnedJobs:
    return OwnedJobs(profile, EVERYBODY, 2, carried, frozenset(closed))  # type: ignore[arg-type]


def test_each_owner_may_take_a_job_in_and_complete_it() -> None:
    leaf = taken_in(1)
    for cluster in owners(HARDENED, EVERYBODY, leaf, 2):
        jobs().check_leaf(cluster, leaf)
        jobs().check_leaf(cluster, completion_of(leaf, digest("proof")))


LEAF = taken_in(1)
OWNING = owners(HARDENED, EVERYBODY, LEAF, 2)
STRANGER = next(ClusterId(cluster) for cluster in range(3) if cluster not in OWNING)
NOT_PRIMARY = OWNING[1]


@pytest.mark.parametrize(
    ("rules", "cluster", "leaf", "code"),
    [
        (jobs(), STRANGER, LEAF, RejectionCode.JOB_FOREIGN),
        (jobs(), STRANGER, completion_of(LEAF, digest("proof")), RejectionCode.JOB_FOREIGN),
        (jobs(), OWNING[0], replace(LEAF, assigned_cluster=NOT_PRIMARY), RejectionCode.JOB_FOREIGN),
        (jobs(closed=(LEAF.job_id,)), OWNING[0], LEAF, RejectionCode.JOB_CLOSED),
        (jobs(carried=(replace(LEAF, priority=1),)), OWNING[0], LEAF, RejectionCode.JOB_ALREADY_TAKEN_IN),
        (jobs(), OWNING[0], replace(LEAF, job_type=ProofType.GROTH16), RejectionCode.JOB_UNPROVABLE),
    ],
    ids=["no owner", "no owner completes", "other primary", "closed", "another intake", "unprovable"],
)
def test_each_rule_of_ownership_has_its_code(
    rules: OwnedJobs, cluster: ClusterId, leaf: MMRLeaf, code: RejectionCode
) -> None:
    with pytest.raises(Rejected) as caught:
        rules.check_leaf(cluster, leaf)
    assert caught.value.code is code


def test_a_job_of_an_earlier_epoch_keeps_its_first_leaf() -> None:
    old = replace(LEAF, assigned_cluster=ClusterId(77))
    jobs(carried=(old,)).check_leaf(OWNING[1], old)


def test_a_prover_who_is_not_drawn_is_refused() -> None:
    drawn = replicas(HARDENED, EVERYBODY, LEAF, 2)[0]
    jobs().check_prover(drawn.cluster, LEAF, drawn.seat.public_key)
    with pytest.raises(Rejected) as caught:
        jobs().check_prover(STRANGER, LEAF, drawn.seat.public_key)
    assert caught.value.code is RejectionCode.PROVER_NOT_DRAWN


def test_a_formation_has_the_clusters_seats_and_the_epochs_rules() -> None:
    rules = jobs()
    formation = formation_of(EVERYBODY, ClusterId(2), rules)
    assert (formation.epoch, formation.cluster, formation.seed, formation.jobs) == (3, 2, SEED, rules)
    assert formation.seats == EVERYBODY.clusters[2]
