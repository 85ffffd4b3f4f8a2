"""Numbered jobs, and how members of a cluster meet them: small histories for exploration."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import product

from taifoon.core.cluster_log import LogBlock
from taifoon.core.leaf import MMRLeaf, ProofType, completion_of
from taifoon.primitives.types import BlockNumber, ChainId, ClusterId, Hash32, Millis

Shape = list[list[int]]


def digest(name: str) -> Hash32:
    """A fixed digest for a name."""
    return Hash32(hashlib.sha256(name.encode()).digest())


def intake(number: int, cluster: int = 0) -> MMRLeaf:
    """The intake leaf of job `number`."""
    return MMRLeaf(
        job_id=digest(f"job {number}"),
        job_type=ProofType.HEADER_INCLUSION,
        source_chain=ChainId(1),
        target_chain=ChainId(10),
        timestamp=Millis(1_700_000_000_000 + number),
        priority=128,
        assigned_cluster=ClusterId(cluster),
        proof_commitment=None,
    )


def completion(number: int) -> MMRLeaf:
    """The completion leaf of job `number`."""
    return completion_of(intake(number), digest(f"proof {number}"))


def blocks_of(shape: Shape) -> tuple[LogBlock, ...]:
    """Blocks with given numbers of intakes and completions; jobs are completed in the order of their intake.

    A block takes in before it completes, so it can complete its own jobs; completions beyond the jobs there are
    dropped.
    """
    blocks, taken, done = [], 0, 0
    for number, (intakes, completions) in enumerate(shape, start=1):
        leaves = [intake(taken + offset) for offset in range(intakes)]
        taken += intakes
        finished = min(completions, taken - done)
        leaves += [completion(done + offset) for offset in range(finished)]
        done += finished
        blocks.append(LogBlock(BlockNumber(number), digest(f"block {number}"), tuple(leaves)))
    return tuple(blocks)


def shapes(blocks: int, greatest: int) -> Iterator[Shape]:
    """Every history of that many blocks with 0 to `greatest` intakes and completions each."""
    pairs = [list(pair) for pair in product(range(greatest + 1), repeat=2)]
    for chosen in product(pairs, repeat=blocks):
        yield [list(pair) for pair in chosen]
