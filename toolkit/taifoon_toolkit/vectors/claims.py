"""Vectors of messages that claim what their receiver derives: joins, assignments, submissions, pushes (RES-DERIVE)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core.block import ProofResult
from taifoon.core.leaf import MMRLeaf
from taifoon.core.owners import replicas
from taifoon.network import claims
from taifoon.network.messages import ClusterJoin, JobAssignment, PeaksPush, ProofSubmission
from taifoon.network.parts import RangeHead
from taifoon.primitives.types import ClusterId, Hash32, LeafCount, Millis, PublicKey, Seat
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon_models.blocks import PROOFS
from taifoon_models.jobs import intake
from taifoon_models.keys import key
from taifoon_models.messages import CHAIN, CLUSTER, EPOCH, NOW, SEATS, peaks, push, submission
from taifoon_toolkit.vectors.block_cases import BELIEVES_PROOFS
from taifoon_toolkit.vectors.case import Case, Sibling
from taifoon_toolkit.vectors.certificates import BELIEVES, CommitteeGiven, committee_from
from taifoon_toolkit.vectors.method import ACCEPTED, Nothing, method
from taifoon_toolkit.vectors.owners import GREATEST_FACTOR, EpochGiven, assignment_from, drawn_epoch
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Large, Small

SECTION = "4.1"
CODE = RejectionCode


@dataclass(frozen=True, slots=True)
class JoinAsked:
    """An epoch, and a sender that joins a cluster."""

    epoch: EpochGiven
    sender: Digest
    join: ClusterJoin


@dataclass(frozen=True, slots=True)
class AssignmentAsked:
    """An epoch, a job by its intake leaf, its factor, the leader, and a sender that assigns it at a time."""

    epoch: EpochGiven
    job: MMRLeaf
    factor: Small
    leader: Digest
    sender: Digest
    message: JobAssignment
    now: Large


@dataclass(frozen=True, slots=True)
class SubmissionAsked:
    """The intake leaves of the jobs that wait, and a proof."""

    jobs: tuple[MMRLeaf, ...]
    submission: ProofSubmission


@dataclass(frozen=True, slots=True)
class PushAsked:
    """A committee, and a push of peaks."""

    committee: CommitteeGiven
    push: PeaksPush


@dataclass(frozen=True, slots=True)
class HeadsGiven:
    """The heads that the push certifies: of the jobs, then of the batches."""

    heads: tuple[RangeHead, ...]


@method("claim.join", SECTION, "R-4.1-2", "RES-DERIVE")
def join(profile: Profile, given: JoinAsked) -> Nothing:
    """Accept that a seat of the sender belongs to the cluster that it joins, or refuse it."""
    claims.check_join(profile, assignment_from(profile, given.epoch), PublicKey(given.sender), given.join)
    return ACCEPTED


@method("claim.assignment", SECTION, "R-4.1-10", "R-2.4-1", "RES-REPL", "RES-ENV")
def assign(profile: Profile, given: AssignmentAsked) -> Nothing:
    """Accept that the leader passes a job to one of its replicas, or refuse it."""
    if not 1 <= given.factor <= GREATEST_FACTOR:
        raise ValueError(f"factor: 1 to {GREATEST_FACTOR}")
    claims.check_assignment(
        profile,
        assignment_from(profile, given.epoch),
        given.job,
        given.factor,
        PublicKey(given.leader),
        PublicKey(given.sender),
        given.message,
        Millis(given.now),
    )
    return ACCEPTED


@method("claim.submission", SECTION, "R-4.1-11", "R-2.3-9", "RES-ENV")
def submit(profile: Profile, given: SubmissionAsked) -> ProofResult:
    """The result of a job that waits, or the refusal of its proof; the proof system is that of the blocks."""
    if len({job.job_id for job in given.jobs}) < len(given.jobs):
        raise ValueError("jobs: a job stands twice")
    return claims.check_submission(profile, PROOFS, given.jobs, given.submission)


@method("claim.push", SECTION, "R-4.1-4", "R-2.2-2", "RES-MSG")
def pushed(profile: Profile, given: PushAsked) -> HeadsGiven:
    """The heads that a push certifies, or its refusal."""
    heads = claims.heads_of_push(profile, committee_from(given.committee), given.push)
    return HeadsGiven(tuple(sorted(heads, key=lambda head: head.range.kind.value, reverse=True)))


FULL = 1 << 63
"""A leaf count that no range has, and whose half one can have."""


def join_cases(epoch: EpochGiven) -> Iterator[Case]:
    """Joins of the derived cluster, and of others."""
    name = "claim.join"
    assignment = assignment_from(HARDENED, epoch)
    placed = [(seat, place) for place, seats in enumerate(assignment.clusters) for seat in seats]
    held = peaks(HARDENED, 5)

    def asked(number: int, **changes: Any) -> JoinAsked:
        seat, cluster = placed[number]
        joined = ClusterJoin(ClusterId(cluster), held, LeafCount(5), seat.seat)
        return JoinAsked(epoch, seat.public_key, replace(joined, **changes))

    for number in (0, len(placed) // 2, len(placed) - 1):
        yield Case(name, f"derived-{number}", asked(number))
    yield Case(name, "without-leaves", asked(0, mmr_peaks=(), leaf_count=LeafCount(0)))
    honest = asked(0)
    derived = Resolution.DERIVED_FIELDS
    other = ClusterId((honest.join.cluster_id + 1) % epoch.clusters)
    refused = {
        "another-cluster": replace(honest, join=replace(honest.join, cluster_id=other)),
        "a-cluster-that-is-none": replace(honest, join=replace(honest.join, cluster_id=ClusterId(epoch.clusters))),
        "a-seat-that-is-none": replace(honest, join=replace(honest.join, seat=Seat(99))),
        "a-key-that-is-none": replace(honest, sender=bytes(32)),
    }
    for label, given in refused.items():
        yield Case(name, label, given, CODE.JOIN_NOT_DERIVED, derived)
    for label, shown in (("a-peak-less", held[:-1]), ("a-peak-more", (*held, held[-1])), ("no-peaks", ())):
        given = replace(honest, join=replace(honest.join, mmr_peaks=shown))
        yield Case(name, label, given, CODE.MMR_PEAK_COUNT, Resolution.PEAK_COUNT)
    half = replace(honest, join=replace(honest.join, mmr_peaks=held[:1], leaf_count=LeafCount(FULL >> 1)))
    full = replace(half, join=replace(half.join, leaf_count=LeafCount(FULL)))
    yield Case(name, "range-too-large", full, CODE.MMR_FULL, Sibling(half, "the count doubled"))


def assignment_cases(epoch: EpochGiven) -> Iterator[Case]:
    """Assignments to replicas in time, and others."""
    name = "claim.assignment"
    assignment = assignment_from(HARDENED, epoch)
    kind = assignment.registry[0].capabilities[0]
    job = replace(intake(1), job_type=kind)
    drawn = [replica.seat for replica in replicas(HARDENED, assignment, job, 2)]
    leader = assignment.seats[-1].public_key
    outside = next(seat for seat in assignment.seats if seat not in drawn)

    def asked(seat: Any, **changes: Any) -> AssignmentAsked:
        message = JobAssignment(job.job_id, seat.public_key, seat.seat, Millis(NOW))
        return replace(AssignmentAsked(epoch, job, 2, leader, leader, message, NOW), **changes)

    honest = asked(drawn[0])
    for number, seat in enumerate(drawn):
        yield Case(name, f"replica-{number}", asked(seat))
    yield Case(name, "before-the-deadline", replace(honest, now=NOW - 1))
    undrawn, drawn_by = CODE.ASSIGNMENT_NOT_DRAWN, Resolution.REPLICAS
    yield Case(name, "no-replica", asked(outside), undrawn, drawn_by)
    yield Case(name, "replica-of-more", asked(replicas(HARDENED, assignment, job, 3)[2].seat), undrawn, drawn_by)
    stranger = replace(honest, message=replace(honest.message, assignee=PublicKey(bytes(32))))
    yield Case(name, "no-key", stranger, undrawn, drawn_by)
    usurped = replace(honest, sender=drawn[0].public_key)
    yield Case(name, "not-by-the-leader", usurped, undrawn, Resolution.ENVELOPE)
    keys = sorted(seat.public_key for seat in assignment.seats)
    for label, sender, leading in (("a-lower-key", keys[0], keys[-1]), ("a-higher-key", keys[-1], keys[0])):
        given = replace(honest, sender=sender, leader=leading)
        yield Case(name, f"not-by-the-leader-{label}", given, undrawn, Resolution.ENVELOPE)
    late = replace(honest, now=NOW + 1)
    yield Case(name, "late", late, undrawn, Sibling(honest, "a millisecond later"))
    other = replace(honest, message=replace(honest.message, job_id=Hash32(bytes(32))))
    yield Case(name, "another-job", other, CODE.JOB_UNKNOWN, Sibling(honest, "the job in the message"))
    above = replace(honest, message=replace(honest.message, job_id=Hash32(b"\xff" * 32)))
    yield Case(name, "another-job-above", above, CODE.JOB_UNKNOWN, Sibling(honest, "the job in the message"))


def submission_cases() -> Iterator[Case]:
    """Proofs of jobs that wait, by their provers and by others."""
    name = "claim.submission"
    jobs = (intake(0), intake(1))
    honest = SubmissionAsked(jobs, submission(1, 0))
    yield Case(name, "honest", honest)
    yield Case(name, "of-another-prover", SubmissionAsked(jobs, submission(1, 3)))
    unknown = SubmissionAsked(jobs[:1], honest.submission)
    yield Case(name, "of-no-job", unknown, CODE.JOB_UNKNOWN, Sibling(honest, "the job left out"))
    rest = SubmissionAsked(jobs[1:], submission(0, 0))
    edit = Sibling(SubmissionAsked(jobs, rest.submission), "the job left out")
    yield Case(name, "of-no-job-turned", rest, CODE.JOB_UNKNOWN, edit)
    yield Case(name, "of-the-first-job", SubmissionAsked(jobs, rest.submission))
    yield Case(name, "of-the-first-job-turned", SubmissionAsked(jobs[::-1], rest.submission))
    stolen = replace(honest, submission=replace(honest.submission, prover=key(2)))
    yield Case(name, "stolen", stolen, CODE.PROOF_INVALID, Resolution.ENVELOPE)
    wrong = replace(honest, submission=replace(honest.submission, proof=submission(0, 0).proof))
    yield Case(name, "of-another-job", wrong, CODE.PROOF_INVALID, BELIEVES_PROOFS)
    nothing = replace(honest, submission=replace(honest.submission, proof=b""))
    yield Case(name, "no-proof", nothing, CODE.PROOF_INVALID, BELIEVES_PROOFS)


def push_cases() -> Iterator[Case]:
    """Pushes whose peaks give the root of a final block, and others."""
    name = "claim.push"
    committee = CommitteeGiven(CHAIN, EPOCH, CLUSTER, tuple(key(number) for number in range(SEATS)))
    honest = PushAsked(committee, push(HARDENED))
    yield Case(name, "honest", honest)
    shown = honest.push

    def pushing(**changes: Any) -> PushAsked:
        return replace(honest, push=replace(shown, **changes))

    other = (replace(shown.jobs[0], value=Hash32(bytes(32))), *shown.jobs[1:])
    edit = Sibling(honest, "the peaks of the final block")
    mismatch = CODE.MMR_ROOT_MISMATCH
    yield Case(name, "another-peak", pushing(jobs=other), mismatch, edit)
    for number in range(4):
        false = (replace(shown.jobs[0], value=Hash32(bytes([number]) * 32)), *shown.jobs[1:])
        yield Case(name, f"false-peak-{number}", pushing(jobs=false), mismatch, edit)
    older = pushing(jobs=shown.batches, job_count=shown.batch_count)
    yield Case(name, "batches-for-jobs", older, mismatch, edit)
    counted = pushing(job_count=LeafCount(shown.job_count + 1))
    code = CODE.MMR_PEAK_COUNT if shown.job_count.bit_count() != (shown.job_count + 1).bit_count() else mismatch
    yield Case(name, "another-count", counted, code, edit)
    yield Case(name, "no-peaks", pushing(jobs=()), CODE.MMR_PEAK_COUNT, edit)
    unsigned = shown.final.finalisation
    blank = replace(unsigned, signatures=(*unsigned.signatures[:-1], type(unsigned.signatures[0])(bytes(64))))
    forged = pushing(final=replace(shown.final, finalisation=blank))
    yield Case(name, "blank-signature", forged, CODE.SIGNATURE_INVALID, BELIEVES)
    halves = pushing(final=replace(shown.final, finalisation=shown.final.notarisation))
    yield Case(name, "notarised-twice", halves, CODE.CERTIFICATE_STATEMENT, edit)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    epoch = drawn_epoch(Stream("vectors/claims"), 8, 2)
    yield from join_cases(epoch)
    yield from assignment_cases(epoch)
    yield from submission_cases()
    yield from push_cases()
