"""Section 4.1: what an archival node answers to a request (R-4.1-3 to R-4.1-6).

Nodes of a range never change, so whoever holds a range holds it at every earlier leaf count too, and answers for that
one. A question beyond what is held is refused, not answered by halves.
"""

from __future__ import annotations

from taifoon.core.block import ClusterBlock
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import prove_consistency
from taifoon.core.mmr.inclusion import prove_leaf
from taifoon.core.mmr.mountains import MountainRange, frontier_of_range
from taifoon.core.mmr.shape import node_count, peak_heights
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
from taifoon.network.parts import MAX_BLOCKS, FinalBlock, MMRPeak, MMRProof, RangeHead
from taifoon.primitives.types import Hash32, LeafCount
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode

Range = MountainRange[Hash32]


def range_at(held: Range, count: LeafCount) -> Range:
    """A held range at an earlier leaf count. Rejects with NODE_NOT_STORED for a later one."""
    if count > held.count:
        raise Rejected(RejectionCode.NODE_NOT_STORED, f"{count} leaves are asked about; {held.count} are held")
    return MountainRange(count, held.nodes[: node_count(count)])


def peaks_of(held: Range) -> tuple[MMRPeak, ...]:
    """The peaks of a range with their heights, tallest first."""
    frontier = frontier_of_range(held)
    heights = peak_heights(held.count)
    return tuple(MMRPeak(height, value) for height, value in zip(heights, frontier.peaks, strict=True))


def answer_peaks(
    profile: Profile, held: Range, head: RangeHead, request: Hash32, question: MMRPeaksRequest
) -> MMRPeaksResponse:
    """The peaks of a certified head of the range, and the proof that it extends the first `from_index` leaves.

    Rejects with NODE_NOT_STORED where the head, or what it is to extend, is beyond what is held, and with MMR_SHRINKS
    where the asker is ahead of the head.
    """
    if question.from_index > head.leaf_count:
        raise Rejected(
            RejectionCode.MMR_SHRINKS, f"from_index is {question.from_index}; the head has {head.leaf_count} leaves"
        )
    at_head = range_at(held, head.leaf_count)
    proof = prove_consistency(HashCombiner(profile), at_head, question.from_index)
    return MMRPeaksResponse(peaks_of(at_head), request, head, proof.items)


def answer_leaf(
    profile: Profile, held: Range, leaves: tuple[bytes, ...], request: Hash32, question: MMRProofRequest
) -> MMRProofResponse:
    """The leaf that is asked for, out of the contents of the range, and its proof at the leaf count asked about.

    Rejects with NODE_NOT_STORED, and with MMR_INDEX_OUT_OF_RANGE for a leaf beyond that count.
    """
    if question.leaf_index >= question.leaf_count:
        raise Rejected(
            RejectionCode.MMR_INDEX_OUT_OF_RANGE,
            f"leaf_index is {question.leaf_index}; the range has {question.leaf_count} leaves",
        )
    proof = prove_leaf(HashCombiner(profile), range_at(held, question.leaf_count), question.leaf_index)
    shown = MMRProof(question.leaf_index, proof.items)
    return MMRProofResponse(shown, request, leaves[question.leaf_index])


def answer_extension(
    profile: Profile, held: Range, request: Hash32, question: ConsistencyRequest
) -> ConsistencyResponse:
    """The proof that the range at one leaf count extends it at another. Rejects with NODE_NOT_STORED, MMR_SHRINKS."""
    if question.old_count > question.leaf_count:
        raise Rejected(RejectionCode.MMR_SHRINKS, f"from {question.old_count} leaves to {question.leaf_count}")
    at_head = range_at(held, question.leaf_count)
    return ConsistencyResponse(request, prove_consistency(HashCombiner(profile), at_head, question.old_count).items)


def answer_blocks(
    blocks: tuple[ClusterBlock, ...], certified: tuple[FinalBlock, ...], request: Hash32, question: BlockRangeRequest
) -> BlockRangeResponse:
    """The final blocks from the number asked for on, as many as one answer holds, up to one with its certificates.

    `blocks` are final blocks of one cluster and epoch in their order, `certified` those of them whose own certificates
    are held. Rejects with NODE_NOT_STORED where no certificate is held for a block near enough.
    """
    later = tuple(block for block in blocks if block.header.block_number >= question.first)[: MAX_BLOCKS + 1]
    if not later:
        return BlockRangeResponse(request, (), None)
    ends = {final.block.header.block_number: final for final in certified}
    reached = tuple(place for place, block in enumerate(later) if block.header.block_number in ends)
    if not reached:
        raise Rejected(
            RejectionCode.NODE_NOT_STORED,
            f"no certificates of blocks {question.first} to {later[-1].header.block_number} are held",
        )
    place = reached[-1]
    return BlockRangeResponse(request, later[:place], ends[later[place].header.block_number])
