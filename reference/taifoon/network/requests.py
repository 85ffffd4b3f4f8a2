"""Section 4.1: requests, and the responses that are believed (R-4.1-3 to R-4.1-6, R-2.2-2).

A response names its request by the identity of the request's envelope, so it serves no other requester, peer, chain or
question; and it has to lead to a head that a final block certifies. Literally a response names nothing and is believed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from taifoon.core.accountability import statement_of
from taifoon.core.block import ClusterBlock, block_hash
from taifoon.core.certificate import Committee, check_certificate
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import Head, SubtreeProof, adopt_head, verify_consistency
from taifoon.core.mmr.frontier import checked_frontier, root_of_frontier
from taifoon.core.mmr.inclusion import InclusionProof, verify_leaf
from taifoon.core.mmr.shape import peak_heights
from taifoon.core.mmr.spans import whole
from taifoon.core.vote import VoteKind
from taifoon.network.envelope import Response
from taifoon.network.epoch_messages import EpochRecordRequest, EpochRecordResponse
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
from taifoon.network.parts import FinalBlock, RangeHead
from taifoon.primitives.types import Hash32, Millis, PublicKey
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

Question = MMRPeaksRequest | MMRProofRequest | ConsistencyRequest | BlockRangeRequest | EpochRecordRequest

ANSWER = {
    MMRPeaksRequest: MMRPeaksResponse,
    MMRProofRequest: MMRProofResponse,
    ConsistencyRequest: ConsistencyResponse,
    BlockRangeRequest: BlockRangeResponse,
    EpochRecordRequest: EpochRecordResponse,
}
"""The kind of message that answers each kind of question."""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A question that was put to a peer: the identity of its envelope, and until when an answer counts."""

    request: Hash32
    peer: PublicKey
    question: Question
    deadline: Millis


Requests = tuple[OpenRequest, ...]
"""The open requests of a node, oldest first."""


def ask(requests: Requests, opened: OpenRequest) -> Requests:
    """With one more open request."""
    return (*requests, opened)


def still_open(requests: Requests, now: Millis) -> Requests:
    """Without the requests whose time is over."""
    return tuple(opened for opened in requests if now <= opened.deadline)


def is_answer(profile: Profile, opened: OpenRequest, sender: PublicKey, response: Response) -> bool:
    """Rule: whether a response answers an open request: it names it, and comes from the peer that was asked.

    Literally it names nothing, and any response of the right kind is taken for the answer.
    """
    if Resolution.ENVELOPE in profile:
        return opened.request == response.request and opened.peer == sender
    return ANSWER[type(opened.question)] is type(response)


def take_answered(
    profile: Profile, requests: Requests, sender: PublicKey, response: Response, now: Millis
) -> tuple[OpenRequest, Requests]:
    """The request that a response answers, and the requests without it, so that no second response does.

    Rejects with REQUEST_NOT_OPEN, RESPONSE_UNFIT.
    """
    current = still_open(requests, now)
    answered = next((opened for opened in current if is_answer(profile, opened, sender, response)), None)
    if answered is None:
        raise Rejected(
            RejectionCode.REQUEST_NOT_OPEN,
            f"{sender.hex()} answers request {response.request.hex()}, which is not open to it",
        )
    if ANSWER[type(answered.question)] is not type(response):
        raise Rejected(
            RejectionCode.RESPONSE_UNFIT,
            f"{type(response).__name__} is no answer to {type(answered.question).__name__}",
        )
    return answered, tuple(opened for opened in current if opened is not answered)


def demands_certified_head(profile: Profile) -> bool:
    """Rule: whether a response has to lead to a certified head. Literally it carries no head that could be one."""
    return Resolution.MESSAGES in profile


def check_head(profile: Profile, heads: frozenset[RangeHead], head: RangeHead) -> None:
    """Demand a head that some final block leaves. Rejects with HEAD_NOT_CERTIFIED."""
    if demands_certified_head(profile) and head not in heads:
        raise Rejected(
            RejectionCode.HEAD_NOT_CERTIFIED,
            f"cluster {head.range.cluster}, block {head.block}: {head.leaf_count} leaves, root {head.root.hex()}",
        )


def certified_root(profile: Profile, heads: frozenset[RangeHead], question: MMRProofRequest) -> Hash32 | None:
    """The root of the range and leaf count that a question names, if a final block leaves it."""
    found = (head.root for head in heads if (head.range, head.leaf_count) == (question.range, question.leaf_count))
    return next(found, None)


def adopt_peaks(
    profile: Profile,
    heads: frozenset[RangeHead],
    known: Head[Hash32],
    question: MMRPeaksRequest,
    response: MMRPeaksResponse,
) -> Head[Hash32]:
    """The head that a node holds after an answer to its question for peaks, which it asked from a known head.

    Rejects with RESPONSE_UNFIT, HEAD_NOT_CERTIFIED, MMR_FULL, MMR_PEAK_COUNT, MMR_ROOT_MISMATCH, and as `adopt_head`
    does.
    """
    head = response.head
    offered = Head(head.leaf_count, head.root)
    if not demands_certified_head(profile):
        return adopt_head(HashCombiner(profile), known, offered, extension(known, response))
    if head.range != question.range or known.count != question.from_index:
        raise Rejected(
            RejectionCode.RESPONSE_UNFIT,
            f"peaks of {head.range} on {known.count} leaves; asked was {question.range} on {question.from_index}",
        )
    check_head(profile, heads, head)
    check_peaks(profile, response)
    return adopt_head(HashCombiner(profile), known, offered, extension(known, response))


def extension(known: Head[Hash32], response: MMRPeaksResponse) -> SubtreeProof[Hash32]:
    """The proof that the offered head extends the known one."""
    return SubtreeProof(whole(known.count), response.extension)


def check_peaks(profile: Profile, response: MMRPeaksResponse) -> None:
    """Demand peaks that give the head's root. Rejects with MMR_FULL, MMR_PEAK_COUNT, MMR_ROOT_MISMATCH."""
    head = response.head
    frontier = checked_frontier(profile, head.leaf_count, tuple(peak.value for peak in response.peaks))
    heights = tuple(peak.height for peak in response.peaks)
    if heights != tuple(peak_heights(head.leaf_count)):
        raise Rejected(
            RejectionCode.MMR_PEAK_COUNT, f"peaks of heights {heights} for {head.leaf_count} leaves: tallest first"
        )
    root = root_of_frontier(HashCombiner(profile), frontier)
    if root != head.root:
        raise Rejected(
            RejectionCode.MMR_ROOT_MISMATCH, f"the peaks give {root.hex()}, the head's root is {head.root.hex()}"
        )


def proved_leaf(
    profile: Profile, heads: frozenset[RangeHead], question: MMRProofRequest, response: MMRProofResponse
) -> bytes:
    """The leaf that a question asks for, from an answer whose proof leads to a certified root.

    Rejects with HEAD_NOT_CERTIFIED, and as `verify_leaf` does. Where no head is certified, the leaf is believed.
    """
    if not demands_certified_head(profile):
        return response.leaf
    root = certified_root(profile, heads, question)
    if root is None:
        raise Rejected(
            RejectionCode.HEAD_NOT_CERTIFIED,
            f"no final block leaves {question.range} with {question.leaf_count} leaves",
        )
    proof = InclusionProof((response.proof.leaf_index,), response.proof.items)
    verify_leaf(HashCombiner(profile), root, question.leaf_count, question.leaf_index, response.leaf, proof)
    return response.leaf


def check_extension(
    profile: Profile, old: RangeHead, new: RangeHead, question: ConsistencyRequest, response: ConsistencyResponse
) -> None:
    """Accept the proof that a head extends another one. Rejects with RESPONSE_UNFIT, and as `verify_consistency`."""
    asked = (question.range, question.range, question.old_count, question.leaf_count)
    if (old.range, new.range, old.leaf_count, new.leaf_count) != asked:
        raise Rejected(RejectionCode.RESPONSE_UNFIT, f"the heads are of {old.range} and {new.range}; asked was {asked}")
    proof = SubtreeProof(whole(question.old_count), response.items)
    verify_consistency(HashCombiner(profile), old.leaf_count, old.root, new.leaf_count, new.root, proof)


def check_final(profile: Profile, committee: Committee, final: FinalBlock) -> None:
    """Accept that a committee has finalised a block. Rejects as `check_certificate` does."""
    name, view = block_hash(profile, final.block), final.block.header.view
    for kind, certificate in ((VoteKind.NOTARISE, final.notarisation), (VoteKind.FINALISE, final.finalisation)):
        check_certificate(profile, committee, statement_of(committee, kind, view, name), certificate)


def blocks_in(response: BlockRangeResponse) -> tuple[ClusterBlock, ...]:
    """The blocks of an answer, the head last."""
    return response.blocks if response.head is None else (*response.blocks, response.head.block)


def check_blocks(
    profile: Profile, committee: Committee, question: BlockRangeRequest, response: BlockRangeResponse
) -> None:
    """Accept final blocks of one epoch as the answer to a question for blocks.

    The last one is certified, and whatever it stands on is final with it. Rejects with RESPONSE_UNFIT for blocks of
    another cluster or other numbers or without a head, with BLOCK_PARENT where they are no chain, and as `check_final`.
    """
    blocks = blocks_in(response)
    for offset, header in enumerate(block.header for block in blocks):
        if (header.cluster_id, header.block_number) != (question.cluster, question.first + offset):
            raise Rejected(
                RejectionCode.RESPONSE_UNFIT,
                f"block {header.block_number} of cluster {header.cluster_id}; asked was {question} and what follows it",
            )
    if response.head is None:
        if blocks:
            raise Rejected(RejectionCode.RESPONSE_UNFIT, f"{len(blocks)} blocks and no certificates: head is absent")
        return
    check_final(profile, committee, response.head)
    for earlier, later in pairwise(blocks):
        if later.header.previous_hash != block_hash(profile, earlier):
            raise Rejected(
                RejectionCode.BLOCK_PARENT, f"block {later.header.block_number} does not stand on the one before"
            )
