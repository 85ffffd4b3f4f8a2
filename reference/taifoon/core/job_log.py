"""Section 2.1: the log of jobs, a mountain range of leaves (R-2.1-1, R-2.1-9, R-2.1-10).

The log takes a job in once and completes it once. Written literally, completing fills in the option field of the leaf
that is already there; repaired, it appends a second leaf.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from icontract import ensure

from taifoon.core.leaf import MMRLeaf, completion_of, leaf_content
from taifoon.core.mmr.combiner import Combiner
from taifoon.core.mmr.mountains import MountainRange, empty_range, extend, range_of
from taifoon.primitives.types import Hash32
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class JobLog(Generic[V]):
    """The leaves and the mountain range over their encodings."""

    leaves: tuple[MMRLeaf, ...]
    mountains: MountainRange[V]


def empty_job_log() -> JobLog[V]:
    """A log without leaves."""
    return JobLog((), empty_range())


def completed_leaves(profile: Profile, leaves: tuple[MMRLeaf, ...], completion: MMRLeaf) -> tuple[MMRLeaf, ...]:
    """Rule: the leaves after a completion. Literally the job's leaf is rewritten; repaired, a leaf is added."""
    if Resolution.LEAF_IMMUTABLE in profile:
        return (*leaves, completion)
    return tuple(completion if leaf.job_id == completion.job_id else leaf for leaf in leaves)


@ensure(lambda result: result.mountains.count == len(result.leaves))
def take_in(combiner: Combiner[V], log: JobLog[V], intake: MMRLeaf) -> JobLog[V]:
    """The log with a new job. Rejects with LEAF_KIND, JOB_ALREADY_TAKEN_IN."""
    if not intake.is_intake:
        raise Rejected(RejectionCode.LEAF_KIND, "proof_commitment is present; a job is taken in without one")
    if any(leaf.job_id == intake.job_id for leaf in log.leaves):
        raise Rejected(RejectionCode.JOB_ALREADY_TAKEN_IN, f"job_id {intake.job_id.hex()} has its intake leaf already")
    return JobLog((*log.leaves, intake), extend(combiner, log.mountains, (leaf_content(intake),)))


def intake_of(log: JobLog[V], job_id: Hash32) -> MMRLeaf:
    """The intake leaf of a job that is not completed. Rejects with JOB_UNKNOWN, JOB_ALREADY_COMPLETED."""
    of_job = tuple(leaf for leaf in log.leaves if leaf.job_id == job_id)
    if not of_job:
        raise Rejected(RejectionCode.JOB_UNKNOWN, f"job_id {job_id.hex()} has no intake leaf: take the job in first")
    if not all(leaf.is_intake for leaf in of_job):
        raise Rejected(RejectionCode.JOB_ALREADY_COMPLETED, f"job_id {job_id.hex()} has its completion leaf already")
    return of_job[0]


@ensure(lambda result: result.mountains.count == len(result.leaves))
def complete(combiner: Combiner[V], log: JobLog[V], job_id: Hash32, commitment: Hash32) -> JobLog[V]:
    """The log with a job completed. Rejects with JOB_UNKNOWN, JOB_ALREADY_COMPLETED."""
    completion = completion_of(intake_of(log, job_id), commitment)
    leaves = completed_leaves(combiner.profile, log.leaves, completion)
    if leaves[: len(log.leaves)] == log.leaves:
        added = tuple(leaf_content(leaf) for leaf in leaves[len(log.leaves) :])
        return JobLog(leaves, extend(combiner, log.mountains, added))
    return JobLog(leaves, range_of(combiner, tuple(leaf_content(leaf) for leaf in leaves)))


def record(combiner: Combiner[V], log: JobLog[V], leaf: MMRLeaf) -> JobLog[V]:
    """The log with one more event, given as its leaf.

    Rejects as `take_in` and `complete` do, and with LEAF_MISMATCH for a completion that is not that of its intake.
    """
    if leaf.proof_commitment is None:
        return take_in(combiner, log, leaf)
    if leaf != completion_of(intake_of(log, leaf.job_id), leaf.proof_commitment):
        raise Rejected(
            RejectionCode.LEAF_MISMATCH, f"job_id {leaf.job_id.hex()}: only proof_commitment may differ from the intake"
        )
    return complete(combiner, log, leaf.job_id, leaf.proof_commitment)
