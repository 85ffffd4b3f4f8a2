"""Section 6.1: individual mode, the work of a synchronizer that is cut off (R-6.1-8).

Read literally, a lone node goes on as a cluster of one and finalises. Repaired, it goes on proving and nothing else:
its results are provisional until the cluster takes them up, which merges them by job id.
"""

from __future__ import annotations

from dataclasses import dataclass

from icontract import ensure

from taifoon.core.cluster_log import ClusterLog, LogBlock, appends_on_arrival, arrive, finalise
from taifoon.core.leaf import MMRLeaf, completion_of, leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import BlockNumber, Hash32
from taifoon.profile import Profile, Resolution

Log = ClusterLog[Hash32]


@dataclass(frozen=True, slots=True)
class ProvisionalResult:
    """A job as it was taken in, and the completion that its prover claims for it."""

    intake: MMRLeaf
    completion: MMRLeaf


@dataclass(frozen=True, slots=True)
class Synchronizer:
    """A member's log of its cluster, and the results that it made while it was cut off, in their order."""

    log: Log
    provisional: tuple[ProvisionalResult, ...] = ()


def finalises_alone(profile: Profile) -> bool:
    """Rule: whether a lone node's result is final. Literally the mode falls back to a chain of one."""
    return Resolution.PARTITION not in profile


def is_completed(log: Log, job_id: Hash32) -> bool:
    """Whether a job's completion is in the log."""
    return any(leaf.job_id == job_id and not leaf.is_intake for leaf in log.jobs.leaves)


def missing_leaves(log: Log, result: ProvisionalResult) -> tuple[MMRLeaf, ...]:
    """What of a result the log and its mempool lack: the intake, unless the job was taken in, and one completion."""
    job_id = result.intake.job_id
    recorded = tuple(leaf for leaf in log.jobs.leaves if leaf.job_id == job_id)
    waiting = tuple(leaf for leaf in log.mempool if leaf.job_id == job_id)
    taken_in = bool(recorded) or any(leaf.is_intake for leaf in waiting)
    proved = any(not leaf.is_intake for leaf in (*recorded, *waiting))
    return (*(() if taken_in else (result.intake,)), *(() if proved else (result.completion,)))


def finalised_alone(combiner: HashCombiner, log: Log, result: ProvisionalResult) -> Log:
    """The log after a block that one node made by itself."""
    leaves = missing_leaves(log, result)
    if appends_on_arrival(combiner.profile):
        for leaf in leaves:
            log = arrive(combiner, log, leaf)
    name = hash_role(combiner.profile, Role.BLOCK, leaf_content(result.completion))
    return finalise(combiner, log, LogBlock(BlockNumber(log.height + 1), name, leaves))


@ensure(lambda combiner, member, result: finalises_alone(combiner.profile) or result.log == member.log)
def prove_alone(combiner: HashCombiner, member: Synchronizer, intake: MMRLeaf, commitment: Hash32) -> Synchronizer:
    """A synchronizer that is cut off proves a job. Rejects with LEAF_KIND for anything but an intake leaf.

    A job that is completed in its log, or that it proved before, changes nothing. Repaired, the log stays as it is: no
    block, no batch, hence neither certificate nor reward.
    """
    result = ProvisionalResult(intake, completion_of(intake, commitment))
    proved = any(earlier.intake.job_id == intake.job_id for earlier in member.provisional)
    if proved or is_completed(member.log, intake.job_id):
        return member
    log = finalised_alone(combiner, member.log, result) if finalises_alone(combiner.profile) else member.log
    return Synchronizer(log, (*member.provisional, result))


def receive(combiner: HashCombiner, log: Log, result: ProvisionalResult) -> Log:
    """A member's log when a result of individual mode reaches it: its mempool gains what it lacks, nothing else.

    Of two completions of one job the first to arrive waits; the second changes nothing.
    """
    for leaf in missing_leaves(log, result):
        log = arrive(combiner, log, leaf)
    return log


@ensure(lambda result: all(not is_completed(result.log, each.intake.job_id) for each in result.provisional))
def resubmit(combiner: HashCombiner, member: Synchronizer) -> Synchronizer:
    """A synchronizer that reaches its cluster again: its results wait in the mempool until their jobs are completed."""
    log = member.log
    for result in member.provisional:
        log = receive(combiner, log, result)
    return Synchronizer(log, tuple(each for each in member.provisional if not is_completed(log, each.intake.job_id)))
