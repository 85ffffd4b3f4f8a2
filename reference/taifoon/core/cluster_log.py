"""Section 2.1: what one member of a cluster keeps: its job log, the log of batches, and a mempool (R-2.1-10, R-2.1-11).

What arrives waits in the mempool; a leaf enters the log when a finalised block holds it, in the order of the block. So
the log is a function of the chain. A second range numbers the completed batches, one leaf for each finalised block with
completions: its peaks, and not those of the job log, stand for finished work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Generic, TypeVar

from icontract import ensure

from taifoon.core.job_log import JobLog, empty_job_log, record
from taifoon.core.leaf import MMRLeaf
from taifoon.core.mmr.combiner import Combiner
from taifoon.core.mmr.mountains import MountainRange, empty_range, extend
from taifoon.core.mmr.shape import peak_heights
from taifoon.core.mmr.spans import Span
from taifoon.primitives.encoding import U64, Length, encode
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import BlockNumber, Hash32, LeafCount, LeafIndex
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class LogBlock:
    """What a finalised block adds to the log: its number, its hash, and its leaves in order."""

    number: BlockNumber
    block_hash: Hash32
    leaves: tuple[MMRLeaf, ...]


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """Leaf of the batch accumulator: a finalised block and the first and last log index of its completions."""

    block_hash: Annotated[Hash32, Length(32)]
    first_completion: Annotated[LeafIndex, U64]
    last_completion: Annotated[LeafIndex, U64]


@dataclass(frozen=True, slots=True)
class ClusterLog(Generic[V]):
    """One member's view: number of the last applied block (0 before the first), logs, mempool in order of arrival."""

    height: BlockNumber
    jobs: JobLog[V]
    batches: MountainRange[V]
    records: tuple[BatchRecord, ...]
    mempool: tuple[MMRLeaf, ...]


def empty_cluster_log() -> ClusterLog[V]:
    """The view at genesis."""
    return ClusterLog(BlockNumber(0), empty_job_log(), empty_range(), (), ())


def appends_on_arrival(profile: Profile) -> bool:
    """Rule: whether an arriving leaf enters the log at once, as the source has it, or waits for a finalised block."""
    return Resolution.LOG_ORDER not in profile


def arrive(combiner: Combiner[V], log: ClusterLog[V], leaf: MMRLeaf) -> ClusterLog[V]:
    """The member's view when a leaf arrives from the network.

    A leaf that the mempool or the log holds already changes nothing. Where arrival appends, rejects as `record` does.
    """
    if appends_on_arrival(combiner.profile):
        return replace(log, jobs=record(combiner, log.jobs, leaf))
    if leaf in log.mempool or leaf in log.jobs.leaves:
        return log
    return replace(log, mempool=(*log.mempool, leaf))


@ensure(lambda log, result: result.height == log.height + 1)
def finalise(combiner: Combiner[V], log: ClusterLog[V], block: LogBlock) -> ClusterLog[V]:
    """The member's view when a block is final.

    Rejects with BLOCK_DISCONTINUOUS for any block but the next, and as `record` does; then nothing is applied.
    """
    if block.number != log.height + 1:
        raise Rejected(RejectionCode.BLOCK_DISCONTINUOUS, f"number is {block.number}; the next is {log.height + 1}")
    if appends_on_arrival(combiner.profile):
        return replace(log, height=block.number)
    jobs = log.jobs
    completed = []
    for leaf in block.leaves:
        jobs = record(combiner, jobs, leaf)
        if not leaf.is_intake:
            completed.append(LeafIndex(len(jobs.leaves) - 1))
    mempool = tuple(leaf for leaf in log.mempool if leaf not in block.leaves)
    applied = replace(log, height=block.number, jobs=jobs, mempool=mempool)
    if not completed:
        return applied
    batch = BatchRecord(block.block_hash, completed[0], completed[-1])
    return replace(
        applied,
        batches=extend(combiner, log.batches, (encode(BatchRecord, batch),)),
        records=(*log.records, batch),
    )


def state_root(profile: Profile, jobs_root: Hash32, batches_root: Hash32) -> Hash32:
    """Rule: what `mmr_root` of a block commits to: literally the jobs alone, repaired the jobs and the batches."""
    if Resolution.BATCH_LOG in profile:
        return hash_role(profile, Role.STATE, jobs_root + batches_root)
    return jobs_root


def mountains_of(count: LeafCount) -> tuple[Span, ...]:
    """The leaves under each peak, tallest mountain first."""
    spans, start = [], 0
    for height in peak_heights(count):
        spans.append(Span(start, start + (1 << height)))
        start += 1 << height
    return tuple(spans)


def jobs_under_batch_peaks(profile: Profile, log: ClusterLog[V]) -> tuple[tuple[MMRLeaf, ...], ...]:
    """Rule: for each peak that is said to represent completed batches, the job leaves that it covers.

    Literally these are the peaks of the job log; repaired, those of the batch accumulator.
    """
    leaves = log.jobs.leaves
    if Resolution.BATCH_LOG not in profile:
        return tuple(leaves[span.start : span.stop] for span in mountains_of(log.jobs.mountains.count))
    return tuple(
        tuple(
            leaf
            for batch in log.records[span.start : span.stop]
            for leaf in leaves[batch.first_completion : batch.last_completion + 1]
            if not leaf.is_intake
        )
        for span in mountains_of(log.batches.count)
    )
