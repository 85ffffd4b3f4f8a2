"""Section 4.1: messages that claim something which the receiver can derive or verify (R-4.1-2, R-4.1-10, R-4.1-11).

A join names a cluster, an assignment a prover, a submission a proof, a push new peaks. Each is compared with what the
receiver computes itself from registry, seed, draw and certificates. Literally each is believed.
"""

from __future__ import annotations

from taifoon.core.assignment import SeatKey
from taifoon.core.block import ProofResult
from taifoon.core.certificate import Committee
from taifoon.core.cluster_log import state_root
from taifoon.core.epoch import Assignment
from taifoon.core.leaf import MMRLeaf
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import checked_frontier, root_of_frontier
from taifoon.core.owners import replicas
from taifoon.core.proof_system import ProofSystem, proves
from taifoon.economics.offences import Jurisdiction, Offence, judge
from taifoon.network.evidence import evidence_of
from taifoon.network.messages import ClusterJoin, EvidenceReport, JobAssignment, PeaksPush, ProofSubmission
from taifoon.network.parts import MMRPeak, RangeHead, RangeKind, RangeName
from taifoon.network.requests import check_final
from taifoon.primitives.types import ClusterId, Hash32, LeafCount, Millis, PublicKey
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode


def derived_cluster(assignment: Assignment, seat: SeatKey) -> ClusterId | None:
    """The cluster of a seat in an epoch, None for a seat that the epoch does not have."""
    return next((ClusterId(place) for place, seats in enumerate(assignment.clusters) if seat in seats), None)


def believes_join(profile: Profile, derived: ClusterId | None, claimed: ClusterId) -> bool:
    """Rule: which joins are believed. Literally all of them."""
    if Resolution.DERIVED_FIELDS in profile:
        return derived == claimed
    return True


def check_join(profile: Profile, assignment: Assignment, sender: PublicKey, join: ClusterJoin) -> None:
    """Accept that a seat of the sender belongs to the cluster that it joins, or reject.

    Rejects with JOIN_NOT_DERIVED, MMR_FULL, MMR_PEAK_COUNT.
    """
    derived = derived_cluster(assignment, SeatKey(sender, join.seat))
    if not believes_join(profile, derived, join.cluster_id):
        raise Rejected(
            RejectionCode.JOIN_NOT_DERIVED,
            f"seat {join.seat} of {sender.hex()} joins cluster {join.cluster_id}; derived is {derived}",
        )
    checked_frontier(profile, join.leaf_count, tuple(peak.value for peak in join.mmr_peaks))


def believes_assignment(profile: Profile, drawn: tuple[SeatKey, ...], named: SeatKey) -> bool:
    """Rule: whom an assignment may name. Literally whomever its sender likes."""
    if Resolution.REPLICAS in profile:
        return named in drawn
    return True


def is_by_leader(profile: Profile, leader: PublicKey, sender: PublicKey) -> bool:
    """Rule: whose assignments count. Literally an assignment has no sender."""
    return sender == leader if Resolution.ENVELOPE in profile else True


def check_assignment(
    profile: Profile,
    assignment: Assignment,
    job: MMRLeaf,
    factor: int,
    leader: PublicKey,
    sender: PublicKey,
    message: JobAssignment,
    now: Millis,
) -> None:
    """Accept that the leader passes a job, given by its intake leaf, to one of its replicas, or reject.

    The replicas are those that every member draws for the job and its duplication factor. Rejects with JOB_UNKNOWN for
    another job, else with ASSIGNMENT_NOT_DRAWN, also where the deadline has passed.
    """
    if message.job_id != job.job_id:
        raise Rejected(RejectionCode.JOB_UNKNOWN, f"job_id is {message.job_id.hex()}; at hand is {job.job_id.hex()}")
    if not is_by_leader(profile, leader, sender):
        raise Rejected(RejectionCode.ASSIGNMENT_NOT_DRAWN, f"sender {sender.hex()} is not the leader {leader.hex()}")
    drawn = tuple(replica.seat for replica in replicas(profile, assignment, job, factor))
    if not believes_assignment(profile, drawn, SeatKey(message.assignee, message.seat)):
        raise Rejected(
            RejectionCode.ASSIGNMENT_NOT_DRAWN,
            f"seat {message.seat} of {message.assignee.hex()} is no replica of job {message.job_id.hex()}",
        )
    if message.deadline < now:
        raise Rejected(RejectionCode.ASSIGNMENT_NOT_DRAWN, f"deadline is {message.deadline}; it is {now}")


def check_submission(
    profile: Profile, proofs: ProofSystem, jobs: tuple[MMRLeaf, ...], submission: ProofSubmission
) -> ProofResult:
    """Accept a proof of a pending job, given by the intake leaves, as its prover's, or reject.

    That the sender is the prover is checked with the envelope. Rejects with JOB_UNKNOWN, PROOF_INVALID.
    """
    job = next((leaf for leaf in jobs if leaf.job_id == submission.job_id), None)
    if job is None:
        raise Rejected(RejectionCode.JOB_UNKNOWN, f"job_id {submission.job_id.hex()} is not pending here")
    if not proves(profile, proofs, job, submission.prover, submission.proof):
        raise Rejected(
            RejectionCode.PROOF_INVALID,
            f"job_id {submission.job_id.hex()}: the proof is not one of {submission.prover.hex()}",
        )
    return ProofResult(submission.job_id, submission.prover, submission.proof)


def check_report(profile: Profile, jurisdiction: Jurisdiction, report: EvidenceReport) -> Offence:
    """The offence that a report shows, whoever sends it. Rejects with EVIDENCE_UNCONVINCING."""
    return judge(profile, jurisdiction, evidence_of(report.shown))


def range_root(profile: Profile, count: LeafCount, peaks: tuple[MMRPeak, ...]) -> Hash32:
    """The root of a range with these peaks. Rejects with MMR_FULL, MMR_PEAK_COUNT."""
    return root_of_frontier(
        HashCombiner(profile), checked_frontier(profile, count, tuple(peak.value for peak in peaks))
    )


def heads_of_push(profile: Profile, committee: Committee, push: PeaksPush) -> frozenset[RangeHead]:
    """The two heads that a push certifies: its block is final, and its peaks give the root that the block commits to.

    Rejects with MMR_ROOT_MISMATCH, MMR_FULL, MMR_PEAK_COUNT, and as `check_final` does.
    """
    check_final(profile, committee, push.final)
    header = push.final.block.header
    jobs = range_root(profile, push.job_count, push.jobs)
    batches = range_root(profile, push.batch_count, push.batches)
    if state_root(profile, jobs, batches) != header.mmr_root:
        raise Rejected(
            RejectionCode.MMR_ROOT_MISMATCH,
            f"the peaks do not give mmr_root {header.mmr_root.hex()} of block {header.block_number}",
        )
    return frozenset(
        RangeHead(RangeName(header.cluster_id, kind), header.block_number, count, root)
        for kind, count, root in (
            (RangeKind.JOBS, push.job_count, jobs),
            (RangeKind.BATCHES, push.batch_count, batches),
        )
    )
