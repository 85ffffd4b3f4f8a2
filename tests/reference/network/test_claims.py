"""What a message claims is compared with what every receiver derives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.assignment import SeatKey, clusters_of_seats
from taifoon.core.block import proof_commitment
from taifoon.core.owners import replicas
from taifoon.network.claims import (
    check_assignment,
    check_join,
    check_submission,
    derived_cluster,
    heads_of_push,
)
from taifoon.network.messages import ClusterJoin, JobAssignment, ProofSubmission
from taifoon.network.parts import RangeKind
from taifoon.primitives.types import ClusterId, LeafCount, Millis, PublicKey, Seat
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.blocks import PROOFS
from taifoon_models.jobs import intake
from taifoon_models.keys import committee_of, key
from taifoon_models.messages import (
    CHAIN,
    CLUSTER,
    EPOCH,
    NOW,
    SEATS,
    assignment_over,
    peaks,
    push,
    submission,
)

KEYS = tuple(SeatKey(key(number // 2), Seat(number % 2)) for number in range(12))
ASSIGNMENT = assignment_over(HARDENED, KEYS, 3)
DERIVED = clusters_of_seats(HARDENED, ASSIGNMENT.seed, KEYS, 3)


def join_outcome(
    profile: Profile, sender: PublicKey, seat: int, cluster: int, *, count: int = 5, shown: int = 5
) -> RejectionCode | None:
    join = ClusterJoin(ClusterId(cluster), peaks(HARDENED, shown), LeafCount(count), Seat(seat))
    try:
        check_join(profile, ASSIGNMENT, sender, join)
    except Rejected as rejected:
        return rejected.code
    return None


@pytest.mark.parametrize("place", range(12))
def test_a_seat_joins_its_own_cluster_and_no_other_by_the_rule_of_derived_fields_alone(place: int) -> None:
    seat, own = KEYS[place], DERIVED[place]
    assert derived_cluster(ASSIGNMENT, seat) == own
    for cluster in range(4):
        expected = None if cluster == own else RejectionCode.JOIN_NOT_DERIVED
        assert join_outcome(HARDENED, seat.public_key, seat.seat, cluster) is expected
        assert join_outcome(HARDENED.without(Resolution.DERIVED_FIELDS), seat.public_key, seat.seat, cluster) is None


def test_a_seat_that_is_not_registered_joins_nothing() -> None:
    assert derived_cluster(ASSIGNMENT, SeatKey(key(0), Seat(2))) is None
    for cluster in range(3):
        assert join_outcome(HARDENED, key(0), 2, cluster) is RejectionCode.JOIN_NOT_DERIVED
        assert join_outcome(HARDENED, key(9), 0, cluster) is RejectionCode.JOIN_NOT_DERIVED


def test_the_peaks_of_a_join_fit_their_count_by_the_rule_of_peak_counts_alone() -> None:
    seat, own = KEYS[0], DERIVED[0]
    assert join_outcome(HARDENED, seat.public_key, 0, own, count=7) is RejectionCode.MMR_PEAK_COUNT
    assert join_outcome(HARDENED.without(Resolution.PEAK_COUNT), seat.public_key, 0, own, count=7) is None


JOB = intake(1)
FACTOR = 4
DRAWN = tuple(replica.seat for replica in replicas(HARDENED, ASSIGNMENT, JOB, FACTOR))
ASSIGNED = JobAssignment(JOB.job_id, DRAWN[0].public_key, DRAWN[0].seat, Millis(NOW))


def assignment_outcome(
    assignment: JobAssignment, *, profile: Profile = HARDENED, sender: PublicKey = KEYS[0].public_key, now: int = NOW
) -> RejectionCode | None:
    try:
        check_assignment(profile, ASSIGNMENT, JOB, FACTOR, KEYS[0].public_key, sender, assignment, Millis(now))
    except Rejected as rejected:
        return rejected.code
    return None


@pytest.mark.parametrize("seat", KEYS)
def test_an_assignment_names_a_drawn_seat_by_the_rule_of_replicas_alone(seat: SeatKey) -> None:
    assignment = replace(ASSIGNED, assignee=seat.public_key, seat=seat.seat)
    assert assignment_outcome(assignment) is (None if seat in DRAWN else RejectionCode.ASSIGNMENT_NOT_DRAWN)
    assert assignment_outcome(assignment, profile=HARDENED.without(Resolution.REPLICAS)) is None


def test_an_assignment_is_of_the_job_at_hand() -> None:
    assert assignment_outcome(replace(ASSIGNED, job_id=intake(2).job_id)) is RejectionCode.JOB_UNKNOWN


def test_an_assignment_is_the_leaders_by_the_rule_of_envelopes_alone() -> None:
    assert assignment_outcome(ASSIGNED, sender=key(4)) is RejectionCode.ASSIGNMENT_NOT_DRAWN
    assert assignment_outcome(ASSIGNED, sender=key(4), profile=HARDENED.without(Resolution.ENVELOPE)) is None


def test_an_assignment_ends_with_its_deadline() -> None:
    assert assignment_outcome(ASSIGNED, now=ASSIGNED.deadline) is None
    assert assignment_outcome(ASSIGNED, now=ASSIGNED.deadline + 1) is RejectionCode.ASSIGNMENT_NOT_DRAWN


def submission_outcome(submitted: ProofSubmission, profile: Profile = HARDENED) -> RejectionCode | PublicKey:
    try:
        return check_submission(profile, PROOFS, (intake(1), intake(2)), submitted).prover
    except Rejected as rejected:
        return rejected.code


def test_a_proof_is_its_provers_and_a_copy_is_worth_something_without_the_envelope_alone() -> None:
    assert submission_outcome(submission(1, 0)) == key(0)
    copied = replace(submission(1, 0), prover=key(1))
    assert submission_outcome(copied) is RejectionCode.PROOF_INVALID
    for profile in (HARDENED.without(Resolution.ENVELOPE), DOCUMENT):
        unbound = replace(submission(1, 0), prover=key(1))
        assert submission_outcome(unbound, profile) == key(1)


def test_a_proof_is_for_a_pending_job() -> None:
    assert submission_outcome(submission(3, 0)) is RejectionCode.JOB_UNKNOWN
    other = replace(submission(1, 0), job_id=intake(2).job_id)
    assert submission_outcome(other) is RejectionCode.PROOF_INVALID


def test_the_commitment_to_a_submission_binds_its_prover() -> None:
    jobs, proofs = (intake(1),), PROOFS
    accepted = [check_submission(HARDENED, proofs, jobs, submission(1, prover)) for prover in (0, 1)]
    assert proof_commitment(HARDENED, accepted[0]) != proof_commitment(HARDENED, accepted[1])


def test_a_push_certifies_both_ranges_of_its_cluster() -> None:
    pushed = push(HARDENED)
    heads = heads_of_push(HARDENED, committee_of(CHAIN, EPOCH, CLUSTER, SEATS), pushed)
    counts = {head.range.kind: head.leaf_count for head in heads}
    assert counts == {RangeKind.JOBS: pushed.job_count, RangeKind.BATCHES: pushed.batch_count}
    assert {(head.range.cluster, head.block) for head in heads} == {(CLUSTER, 1)}


def test_a_push_of_another_committee_is_refused() -> None:
    with pytest.raises(Rejected) as caught:
        heads_of_push(HARDENED, committee_of(CHAIN, EPOCH, ClusterId(2), SEATS), push(HARDENED))
    assert caught.value.code is RejectionCode.CERTIFICATE_STATEMENT
