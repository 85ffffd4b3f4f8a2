"""Sections 2.1 and 4.1: what a synchronizer answers about ranges and blocks (R-4.1-3 to R-4.1-6, R-2.2-2).

Whoever has followed the closings holds the range of every cluster as the last closing left it, and answers for it at
every earlier leaf count. Of blocks it holds the stretches of the epochs that are over, and those of the present one
that it has made or followed.
"""

from __future__ import annotations

from taifoon.core.block import ClusterBlock, block_hash
from taifoon.core.certificate import Certificate
from taifoon.core.cluster_log import BatchRecord
from taifoon.core.leaf import leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import root_of_range
from taifoon.core.network_state import NetworkState, chain_of
from taifoon.core.succession import ClusterChain, Stretch
from taifoon.core.vote import VoteKind
from taifoon.network.answers import Range, answer_blocks, answer_extension, answer_leaf, answer_peaks, range_at
from taifoon.network.messages import (
    BlockRangeRequest,
    BlockRangeResponse,
    ConsistencyRequest,
    ConsistencyResponse,
    MMRPeaksRequest,
    MMRPeaksResponse,
    MMRProofRequest,
    MMRProofResponse,
)
from taifoon.network.parts import FinalBlock, RangeHead, RangeKind, RangeName
from taifoon.primitives.encoding import encode
from taifoon.primitives.types import BlockNumber, ClusterId, Hash32, LeafCount
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode
from taifoon.synchronizer.cluster_member import block_of
from taifoon.synchronizer.state import Synchronizer

Blocks = tuple[ClusterBlock, ...]


def held_range(network: NetworkState, name: RangeName) -> tuple[Range, tuple[bytes, ...]]:
    """A range of a cluster and the contents of its leaves; a cluster that never was has an empty one."""
    log = chain_of(network, name.cluster).log
    if name.kind is RangeKind.JOBS:
        return log.jobs.mountains, tuple(leaf_content(leaf) for leaf in log.jobs.leaves)
    return log.batches, tuple(encode(BatchRecord, record) for record in log.records)


def counts_at(profile: Profile, chain: ClusterChain) -> dict[RangeKind, LeafCount]:
    """The leaf counts to which the last block of a chain commits: of the jobs after it, of the batches before it."""
    log, last = chain.log, chain.last
    own = last is not None and bool(log.records) and log.records[-1].block_hash == block_hash(profile, last)
    return {RangeKind.JOBS: log.jobs.mountains.count, RangeKind.BATCHES: LeafCount(log.batches.count - own)}


def head_held(profile: Profile, network: NetworkState, name: RangeName) -> RangeHead:
    """The newest certified head of a range that the closings give. Rejects with NODE_NOT_STORED before any block."""
    chain = chain_of(network, name.cluster)
    if chain.last is None:
        raise Rejected(RejectionCode.NODE_NOT_STORED, f"no closing has a block of cluster {name.cluster}")
    count = counts_at(profile, chain)[name.kind]
    held, _ = held_range(network, name)
    root = root_of_range(HashCombiner(profile), range_at(held, count))
    return RangeHead(name, chain.last.header.block_number, count, root)


def answered(
    profile: Profile,
    network: NetworkState,
    request: Hash32,
    question: MMRPeaksRequest | MMRProofRequest | ConsistencyRequest,
) -> MMRPeaksResponse | MMRProofResponse | ConsistencyResponse:
    """The answer to a question about a range.

    Rejects as `answer_peaks`, `answer_leaf`, `answer_extension` and `head_held` do.
    """
    held, leaves = held_range(network, question.range)
    match question:
        case MMRPeaksRequest():
            return answer_peaks(profile, held, head_held(profile, network, question.range), request, question)
        case MMRProofRequest():
            return answer_leaf(profile, held, leaves, request, question)
        case ConsistencyRequest():
            return answer_extension(profile, held, request, question)


def certified(profile: Profile, blocks: Blocks, certificates: tuple[Certificate, ...]) -> tuple[FinalBlock, ...]:
    """Those of the blocks of which both certificates are there."""
    kinds = (VoteKind.NOTARISE, VoteKind.FINALISE)
    found = {(each.statement.kind, each.statement.block_hash): each for each in certificates}
    names = ((block, block_hash(profile, block)) for block in blocks)
    return tuple(
        FinalBlock(block, *(found[kind, name] for kind in kinds))
        for block, name in names
        if all((kind, name) in found for kind in kinds)
    )


def own_blocks(synchronizer: Synchronizer, cluster: ClusterId) -> tuple[Blocks, tuple[Certificate, ...]]:
    """The final blocks of an own cluster in the present epoch, and all certificates of it."""
    member = synchronizer.member(cluster)
    if member is None:
        return (), ()
    blocks = (block_of(member, link) for link in member.replica.final)
    return tuple(block for block in blocks if block is not None), member.replica.known.all_certificates()


def stretches_held(synchronizer: Synchronizer, cluster: ClusterId) -> tuple[Stretch, ...]:
    """The stretches of a cluster in the epochs that are over, then those that were followed in the present one."""
    past = (stretch for record in synchronizer.records for stretch in record.stretches)
    present = (followed.stretch for followed in synchronizer.closing.followed)
    return tuple(stretch for stretch in (*past, *present) if stretch.cluster == cluster)


def holds(blocks: Blocks, number: BlockNumber) -> bool:
    """Whether a block of this number is among the blocks."""
    return any(block.header.block_number == number for block in blocks)


def blocks_from(
    profile: Profile, synchronizer: Synchronizer, request: Hash32, asked: BlockRangeRequest
) -> BlockRangeResponse:
    """The final blocks of a cluster from a number on, of one epoch; none if that number is not reached.

    Rejects with NODE_NOT_STORED where the blocks or their certificates are not held.
    """
    blocks, certificates = own_blocks(synchronizer, asked.cluster)
    if holds(blocks, asked.first):
        return answer_blocks(blocks, certified(profile, blocks, certificates), request, asked)
    for stretch in stretches_held(synchronizer, asked.cluster):
        if holds(stretch.blocks, asked.first):
            shown = () if stretch.proof is None else stretch.proof.certificates
            return answer_blocks(stretch.blocks, certified(profile, stretch.blocks, shown), request, asked)
    last = chain_of(synchronizer.network, asked.cluster).last
    if last is not None and asked.first <= last.header.block_number:
        raise Rejected(RejectionCode.NODE_NOT_STORED, f"block {asked.first} of cluster {asked.cluster} is not held")
    return BlockRangeResponse(request, (), None)
