"""Cases of requests and their answers: honest ones, and each way of not being believed (RES-MSG, RES-ENV)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from taifoon.core.block import ClusterBlock
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import prove_consistency
from taifoon.core.mmr.inclusion import prove_leaf
from taifoon.core.quorum import quorum
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
from taifoon.network.parts import FinalBlock, MMRProof, RangeKind, RangeName
from taifoon.primitives.types import BlockNumber, ClusterId, Hash32, Height, LeafCount, LeafIndex, Signature64
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import RejectionCode
from taifoon_models.blocks import first_state, opened, opening_block, with_header, working_block
from taifoon_models.keys import key
from taifoon_models.messages import CHAIN, CLUSTER, EPOCH, JOBS, SEATS, final_block, head_of, leaves, mountains, peaks
from taifoon_toolkit.vectors.case import Case, Sibling
from taifoon_toolkit.vectors.certificates import BELIEVES, FEWER, CommitteeGiven
from taifoon_toolkit.vectors.mmr_cases import NEWER_UNCHECKED, OLDER_UNCHECKED
from taifoon_toolkit.vectors.requests import (
    BlocksAsked,
    ExtensionAsked,
    HeadGiven,
    LeafAsked,
    PeaksAsked,
)

REQUEST = Hash32(b"\x5a" * 32)
BATCHES = RangeName(CLUSTER, RangeKind.BATCHES)
BELIEVED = Resolution.MESSAGES
CODE = RejectionCode


def items_between(old: int, new: int) -> tuple[Hash32, ...]:
    """The items of the proof that one head of the models extends another."""
    return prove_consistency(HashCombiner(HARDENED), mountains(HARDENED, new), LeafCount(old)).items


def known(count: int) -> HeadGiven:
    """A head of the models that is known."""
    head = head_of(HARDENED, count)
    return HeadGiven(head.leaf_count, head.root)


def peaks_asked(old: int, new: int) -> PeaksAsked:
    """An honest answer with the peaks of a newer head."""
    head = head_of(HARDENED, new)
    response = MMRPeaksResponse(peaks(HARDENED, new), REQUEST, head, items_between(old, new))
    return PeaksAsked((head,), known(old), MMRPeaksRequest(LeafCount(old), JOBS), response)


def peaks_cases() -> Iterator[Case]:
    """Answers with peaks."""
    name = "request.adopt_peaks"
    for old, new in ((3, 7), (0, 5), (4, 8), (5, 5), (1, 2), (6, 13)):
        yield Case(name, f"{old}-to-{new}", peaks_asked(old, new))
    honest = peaks_asked(3, 7)
    head, response = honest.response.head, honest.response

    def answering(**changes: Any) -> PeaksAsked:
        return replace(honest, response=replace(response, **changes))

    many = tuple(head_of(HARDENED, count) for count in (2, 7, 9))
    yield Case(name, "among-several-heads", replace(honest, heads=many))
    other_peak = (replace(response.peaks[0], value=Hash32(bytes(32))), *response.peaks[1:])
    lower = (replace(response.peaks[0], height=Height(response.peaks[0].height - 1)), *response.peaks[1:])
    higher = (replace(response.peaks[0], height=Height(response.peaks[0].height + 1)), *response.peaks[1:])
    more = (*response.peaks, response.peaks[-1])
    refused: dict[str, tuple[PeaksAsked, RejectionCode]] = {
        "no-head": (replace(honest, heads=()), CODE.HEAD_NOT_CERTIFIED),
        "head-of-another-block": (
            replace(honest, heads=(replace(head, block=BlockNumber(6)),)),
            CODE.HEAD_NOT_CERTIFIED,
        ),
        "head-of-another-branch": (replace(honest, heads=(head_of(HARDENED, 7, 1),)), CODE.HEAD_NOT_CERTIFIED),
        "of-another-range": (replace(honest, question=MMRPeaksRequest(LeafCount(3), BATCHES)), CODE.RESPONSE_UNFIT),
        "asked-from-elsewhere": (replace(honest, question=MMRPeaksRequest(LeafCount(2), JOBS)), CODE.RESPONSE_UNFIT),
        "a-peak-missing": (answering(peaks=response.peaks[:-1]), CODE.MMR_PEAK_COUNT),
        "a-peak-more": (answering(peaks=more), CODE.MMR_PEAK_COUNT),
        "no-peaks": (answering(peaks=()), CODE.MMR_PEAK_COUNT),
        "height-of-a-peak": (answering(peaks=lower), CODE.MMR_PEAK_COUNT),
        "height-of-a-peak-above": (answering(peaks=higher), CODE.MMR_PEAK_COUNT),
        "value-of-a-peak": (answering(peaks=other_peak), CODE.MMR_ROOT_MISMATCH),
        "peaks-turned": (
            answering(
                peaks=tuple(
                    replace(peak, value=other.value)
                    for peak, other in zip(response.peaks, response.peaks[::-1], strict=True)
                )
            ),
            CODE.MMR_ROOT_MISMATCH,
        ),
    }
    for label, (given, code) in refused.items():
        yield Case(name, label, given, code, BELIEVED)
    past = replace(honest, known=replace(honest.known, root=bytes(32)))
    yield Case(name, "another-past", past, CODE.MMR_SUBTREE_MISMATCH, OLDER_UNCHECKED)
    # The last item of this proof is beside the whole older head, so that only the newer root depends on it.
    forged = replace(response, extension=(*response.extension[:-1], Hash32(bytes(32))))
    yield Case(name, "another-extension", replace(honest, response=forged), CODE.MMR_ROOT_MISMATCH, NEWER_UNCHECKED)
    longer = answering(extension=(*response.extension, Hash32(bytes(32))))
    yield Case(name, "extension-longer", longer, CODE.MMR_PROOF_TOO_LONG, Resolution.EXACT_ITEMS)
    shorter = answering(extension=response.extension[:-1])
    edit = Sibling(honest, "the last item left out")
    yield Case(name, "extension-shorter", shorter, CODE.MMR_PROOF_TOO_SHORT, edit)


def leaf_asked(count: int, index: int) -> LeafAsked:
    """An honest answer with a leaf."""
    proof = prove_leaf(HashCombiner(HARDENED), mountains(HARDENED, count), LeafIndex(index))
    response = MMRProofResponse(MMRProof(LeafIndex(index), proof.items), REQUEST, leaves(count)[index])
    question = MMRProofRequest(LeafIndex(index), JOBS, LeafCount(count))
    return LeafAsked((head_of(HARDENED, count),), question, response)


def leaf_cases() -> Iterator[Case]:
    """Answers with a leaf."""
    name = "request.proved_leaf"
    for count, index in ((1, 0), (5, 0), (5, 4), (7, 3), (8, 7)):
        yield Case(name, f"{index}-of-{count}", leaf_asked(count, index))
    honest = leaf_asked(5, 1)
    response, question = honest.response, honest.question
    other = leaf_asked(5, 2)
    turned = replace(response.proof, items=response.proof.items[::-1])
    shorter = replace(response.proof, items=response.proof.items[:-1])
    longer = replace(response.proof, items=(*response.proof.items, Hash32(bytes(32))))
    beyond = replace(response.proof, leaf_index=LeafIndex(5))
    refused: dict[str, tuple[LeafAsked, RejectionCode]] = {
        "no-head": (replace(honest, heads=()), CODE.HEAD_NOT_CERTIFIED),
        "head-of-another-count": (replace(honest, heads=(head_of(HARDENED, 6),)), CODE.HEAD_NOT_CERTIFIED),
        "head-of-another-range": (
            replace(honest, heads=(replace(head_of(HARDENED, 5), range=BATCHES),)),
            CODE.HEAD_NOT_CERTIFIED,
        ),
        "head-of-another-branch": (replace(honest, heads=(head_of(HARDENED, 5, 1),)), CODE.MMR_ROOT_MISMATCH),
        "another-leaf": (
            replace(honest, response=replace(response, leaf=leaves(5)[2])),
            CODE.MMR_ROOT_MISMATCH,
        ),
        "no-leaf": (replace(honest, response=replace(response, leaf=b"")), CODE.MMR_ROOT_MISMATCH),
        "the-next-leaf-with-its-proof": (replace(honest, response=other.response), CODE.MMR_INDEX_MISMATCH),
        "items-turned": (replace(honest, response=replace(response, proof=turned)), CODE.MMR_ROOT_MISMATCH),
        "an-item-less": (replace(honest, response=replace(response, proof=shorter)), CODE.MMR_PROOF_TOO_SHORT),
        "an-item-more": (replace(honest, response=replace(response, proof=longer)), CODE.MMR_PROOF_TOO_LONG),
        "beyond-the-range": (
            replace(
                honest,
                question=replace(question, leaf_index=LeafIndex(5)),
                response=replace(response, proof=beyond),
            ),
            CODE.MMR_INDEX_OUT_OF_RANGE,
        ),
    }
    for label, (given, code) in refused.items():
        yield Case(name, label, given, code, BELIEVED)


def extension_asked(old: int, new: int) -> ExtensionAsked:
    """An honest answer that a head extends another."""
    question = ConsistencyRequest(JOBS, LeafCount(old), LeafCount(new))
    response = ConsistencyResponse(REQUEST, items_between(old, new))
    return ExtensionAsked(head_of(HARDENED, old), head_of(HARDENED, new), question, response)


def extension_cases() -> Iterator[Case]:
    """Answers with the proof that a head extends another."""
    name = "request.check_extension"
    for old, new in ((3, 7), (0, 5), (4, 8), (5, 5)):
        yield Case(name, f"{old}-to-{new}", extension_asked(old, new))
    honest = extension_asked(3, 7)
    others = {
        "question-of-another-range": replace(honest, question=replace(honest.question, range=BATCHES)),
        "older-head-of-another-range": replace(honest, old=replace(honest.old, range=BATCHES)),
        "newer-head-of-another-range": replace(honest, new=replace(honest.new, range=BATCHES)),
        "question-from-another-count": replace(honest, question=replace(honest.question, old_count=LeafCount(2))),
        "question-to-another-count": replace(honest, question=replace(honest.question, leaf_count=LeafCount(8))),
    }
    for label, given in others.items():
        yield Case(name, label, given, CODE.RESPONSE_UNFIT, Sibling(honest, label.replace("-", " ")))
    past = replace(honest, old=replace(honest.old, root=Hash32(bytes(32))))
    yield Case(name, "another-past", past, CODE.MMR_SUBTREE_MISMATCH, OLDER_UNCHECKED)
    present = replace(honest, new=replace(honest.new, root=Hash32(bytes(32))))
    yield Case(name, "another-present", present, CODE.MMR_ROOT_MISMATCH, NEWER_UNCHECKED)
    longer = replace(honest, response=replace(honest.response, items=(*honest.response.items, Hash32(bytes(32)))))
    yield Case(name, "longer", longer, CODE.MMR_PROOF_TOO_LONG, Resolution.EXACT_ITEMS)
    backwards = ExtensionAsked(
        honest.new, honest.old, ConsistencyRequest(JOBS, LeafCount(7), LeafCount(3)), honest.response
    )
    yield Case(name, "backwards", backwards, CODE.MMR_SHRINKS, Sibling(honest, "older and newer turned"))


def two_blocks() -> tuple[FinalBlock, FinalBlock]:
    """The first two final blocks of the models' cluster."""
    blocks = opening_block(HARDENED, first_state(HARDENED, SEATS)), working_block(HARDENED, opened(HARDENED, SEATS))
    return final_block(HARDENED, blocks[0]), final_block(HARDENED, blocks[1])


def block_cases() -> Iterator[Case]:
    """Answers with final blocks."""
    name = "request.check_blocks"
    committee = CommitteeGiven(CHAIN, EPOCH, CLUSTER, tuple(key(number) for number in range(SEATS)))
    first, second = two_blocks()

    def answer(
        below: tuple[ClusterBlock, ...], head: FinalBlock | None, number: int = 1, cluster: int = CLUSTER
    ) -> BlocksAsked:
        question = BlockRangeRequest(ClusterId(cluster), BlockNumber(number))
        return BlocksAsked(committee, question, BlockRangeResponse(REQUEST, below, head))

    both = answer((first.block,), second)
    yield Case(name, "two-blocks", both)
    yield Case(name, "one-block", answer((), second, 2))
    yield Case(name, "no-blocks", answer((), None, 9))
    for label, given in {
        "from-another-number": answer((first.block,), second, 2),
        "of-another-cluster": answer((first.block,), second, cluster=CLUSTER + 1),
        "turned": answer((second.block,), first),
        "twice": answer((first.block, first.block), second),
        "one-left-out": answer((), second),
        "no-head": answer((first.block,), None),
    }.items():
        yield Case(name, label, given, CODE.RESPONSE_UNFIT, Sibling(both, "the blocks that were asked for"))
    orphan = final_block(HARDENED, with_header(second.block, previous_hash=Hash32(bytes(32))))
    edit = Sibling(both, "the parent of the second block")
    yield Case(name, "no-chain", answer((first.block,), orphan), CODE.BLOCK_PARENT, edit)
    changed = answer((other_time(first.block),), second)
    edit = Sibling(both, "the time of the first block")
    yield Case(name, "another-block-below", changed, CODE.BLOCK_PARENT, edit)
    yield from uncertified_cases(name, lambda final: answer((), final), first, second)


def uncertified_cases(name: str, answer: Any, first: FinalBlock, second: FinalBlock) -> Iterator[Case]:
    """Blocks whose certificates do not make them final."""
    one = Sibling(answer(first), "the certificates of the block")
    statement = CODE.CERTIFICATE_STATEMENT
    mixed = {
        "certificates-of-another-block": replace(second, block=first.block),
        "notarised-twice": replace(first, finalisation=first.notarisation),
        "finalised-twice": replace(first, notarisation=first.finalisation),
        "another-block-after-all": replace(first, block=other_time(first.block)),
    }
    for label, final in mixed.items():
        yield Case(name, label, answer(final), statement, one)
    finalisation = first.finalisation
    blank = replace(finalisation, signatures=(*finalisation.signatures[:-1], Signature64(bytes(64))))
    forged = answer(replace(first, finalisation=blank))
    yield Case(name, "blank-signature", forged, CODE.SIGNATURE_INVALID, BELIEVES)
    few = quorum(HARDENED, SEATS) - 1
    short = replace(finalisation, seats=finalisation.seats[:few], signatures=finalisation.signatures[:few])
    yield Case(name, "no-quorum", answer(replace(first, finalisation=short)), CODE.CERTIFICATE_NO_QUORUM, FEWER)
    held, by = finalisation.seats, finalisation.signatures
    repeated = replace(finalisation, seats=(*held, held[-1]), signatures=(*by, by[-1]))
    twice = answer(replace(first, finalisation=repeated))
    yield Case(name, "seat-twice", twice, CODE.CERTIFICATE_SEATS_UNSORTED, Resolution.CERTIFICATE)


def other_time(block: ClusterBlock) -> ClusterBlock:
    """The block a millisecond later."""
    return with_header(block, timestamp=block.header.timestamp + 1)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from peaks_cases()
    yield from leaf_cases()
    yield from extension_cases()
    yield from block_cases()
