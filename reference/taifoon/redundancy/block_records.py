"""Section 3.2: what each final block of an epoch adds to the metrics (R-3.2-1 to R-3.2-4, R-3.1-3).

Everything is read off the stretches that a closing lists and the completions that it settles, so that whoever follows
the closings has the same records. Literally each node measures by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from taifoon.core.block import ClusterBlock
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.network_state import NetworkState, taken_in
from taifoon.core.settlement import Completion
from taifoon.core.succession import Stretch
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Hash32
from taifoon.profile import Profile
from taifoon.redundancy.metrics import BlockRecord, TypeCount

DEADLINE = 1
"""Epochs after the one that takes a job in, at whose end the job is overdue."""

REPLICA_BLOCKS = 8
"""Blocks of a cluster after the intake of a job, by which the cluster's replica of it is due."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A job that an epoch counts, in the block in which it does; `latency` is None for one that is overdue."""

    cluster: ClusterId
    number: BlockNumber
    job_type: ProofType
    latency: int | None


def block_numbers(stretch: Stretch) -> dict[tuple[Hash32, bool], BlockNumber]:
    """The block of a stretch that holds each intake (True) and each completion (False)."""
    return {
        (leaf.job_id, leaf.is_intake): block.header.block_number
        for block in stretch.blocks
        for leaf in block.proof_jobs
    }


def settled_counts(stretches: tuple[Stretch, ...], settled: tuple[Completion, ...]) -> Iterator[Counted]:
    """The settled jobs, each in the block that completes it.

    The latency counts blocks of that cluster from the intake on; for a job that waits since an earlier epoch, from the
    last block of that epoch on.
    """
    for stretch in stretches:
        own = {each.job_id: each for each in settled if each.cluster == stretch.cluster}
        numbers = block_numbers(stretch)
        types = {leaf.job_id: leaf.job_type for block in stretch.blocks for leaf in block.proof_jobs}
        for job_id, completion in own.items():
            beginning = stretch.blocks[0].header.block_number - 1
            intake = numbers.get((job_id, True), beginning)
            latency = completion.block_number - intake
            yield Counted(stretch.cluster, completion.block_number, types[job_id], latency)


def overdue(
    state: NetworkState, stretches: tuple[Stretch, ...], settled: tuple[Completion, ...]
) -> tuple[MMRLeaf, ...]:
    """The jobs whose deadline this closing is, and which it does not settle."""
    done = {each.job_id for each in settled}
    jobs = taken_in(state, stretches)
    return tuple(job.leaf for job in jobs if job.taken_in + DEADLINE == state.epoch and job.leaf.job_id not in done)


def overdue_counts(
    state: NetworkState, stretches: tuple[Stretch, ...], settled: tuple[Completion, ...]
) -> Iterator[Counted]:
    """The overdue jobs, each in the last block of the cluster that its leaf names, or else of the first with blocks."""
    ends = {stretch.cluster: stretch.blocks[-1].header.block_number for stretch in stretches if stretch.blocks}
    for leaf in overdue(state, stretches, settled):
        if ends:
            cluster = leaf.assigned_cluster if leaf.assigned_cluster in ends else min(ends)
            yield Counted(cluster, ends[cluster], leaf.job_type, None)


def type_counts(counted: tuple[Counted, ...]) -> tuple[TypeCount, ...]:
    """The jobs that a block counts, by type."""
    found = []
    for proof_type in ProofType:
        of_type = tuple(each for each in counted if each.job_type is proof_type)
        latencies = tuple(each.latency for each in of_type if each.latency is not None)
        if of_type:
            found.append(TypeCount(proof_type, len(of_type), len(latencies), sum(latencies)))
    return tuple(found)


def replicas_at(stretch: Stretch, block: ClusterBlock) -> tuple[int, int]:
    """The cluster's replicas that are due by a block, and those of them that it has not completed by then.

    An intake in the last blocks of a stretch has no due block in it, and is not counted.
    """
    numbers = block_numbers(stretch)
    number = block.header.block_number
    due = tuple(job for (job, is_intake), at in numbers.items() if is_intake and at + REPLICA_BLOCKS == number)
    return len(due), sum(numbers.get((job, False), number + 1) > number for job in due)


def record_of(profile: Profile, stretch: Stretch, block: ClusterBlock, counted: tuple[Counted, ...]) -> BlockRecord:
    """What one final block adds to the metrics.

    Load and capacity are in leaves. No block holds fees, so that cost and revenue are zero.
    """
    header = block.header
    here = tuple(each for each in counted if (each.cluster, each.number) == (header.cluster_id, header.block_number))
    due, missed = replicas_at(stretch, block)
    return BlockRecord(
        header.epoch,
        header.cluster_id,
        header.block_number,
        type_counts(here),
        due,
        missed,
        len(block.proof_jobs),
        profile.parameters.maximum_jobs,
        Amount(0),
        Amount(0),
    )


def block_records(
    profile: Profile, state: NetworkState, stretches: tuple[Stretch, ...], settled: tuple[Completion, ...]
) -> tuple[BlockRecord, ...]:
    """The records of all blocks that a closing lists, from the state before it.

    Each job counts once: where it is settled by its deadline, in the block that completes it; else at its deadline.
    """
    counted = (
        *(each for each in settled_counts(stretches, in_time(state, stretches, settled))),
        *overdue_counts(state, stretches, settled),
    )
    return tuple(record_of(profile, stretch, block, counted) for stretch in stretches for block in stretch.blocks)


def in_time(
    state: NetworkState, stretches: tuple[Stretch, ...], settled: tuple[Completion, ...]
) -> tuple[Completion, ...]:
    """The settled completions of jobs that were not overdue before."""
    live = {job.leaf.job_id for job in taken_in(state, stretches) if job.taken_in + DEADLINE >= state.epoch}
    return tuple(each for each in settled if each.job_id in live)
