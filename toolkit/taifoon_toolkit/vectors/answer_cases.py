"""Cases of what a node answers, and of which answers to its own questions count (RES-MSG, RES-ENV)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from taifoon.network.messages import (
    BlockRangeRequest,
    BlockRangeResponse,
    ConsistencyRequest,
    MMRPeaksRequest,
    MMRProofRequest,
)
from taifoon.network.parts import FinalBlock
from taifoon.primitives.encoding import shape_of
from taifoon.primitives.types import BlockNumber, ClusterId, Hash32, LeafCount, LeafIndex
from taifoon.profile import HARDENED, Resolution
from taifoon_models.blocks import with_header
from taifoon_models.messages import CLUSTER, JOBS, head_of, leaves
from taifoon_toolkit.vectors.case import Case, Sibling, Step, Trace
from taifoon_toolkit.vectors.marks import least_value
from taifoon_toolkit.vectors.request_cases import CODE, REQUEST, extension_asked, leaf_asked, peaks_asked
from taifoon_toolkit.vectors.requests import (
    Answered,
    Ask,
    BlocksWanted,
    ExtensionWanted,
    LeafWanted,
    NoRequests,
    PeaksWanted,
)


def answer_cases() -> Iterator[Case]:
    """What a node that holds a range answers, at earlier counts too, and what it cannot."""
    contents = leaves(7)
    head = head_of(HARDENED, 5)
    wanted = PeaksWanted(contents, head, REQUEST, MMRPeaksRequest(LeafCount(3), JOBS))
    stored = CODE.NODE_NOT_STORED
    for count, start in ((7, 0), (7, 7), (5, 3), (4, 4), (1, 0)):
        asked = replace(wanted, head=head_of(HARDENED, count), question=MMRPeaksRequest(LeafCount(start), JOBS))
        yield Case("answer.peaks", f"{start}-to-{count}", asked)
    beyond = replace(wanted, head=head_of(HARDENED, 8))
    yield Case("answer.peaks", "beyond", beyond, stored, Sibling(wanted, "a head beyond what is held"))
    ahead = replace(wanted, question=MMRPeaksRequest(LeafCount(6), JOBS))
    yield Case("answer.peaks", "ahead", ahead, CODE.MMR_SHRINKS, Sibling(wanted, "the asker ahead of the head"))
    leaf = LeafWanted(contents, REQUEST, MMRProofRequest(LeafIndex(1), JOBS, LeafCount(5)))
    for index, count in ((0, 1), (4, 5), (6, 7), (3, 4)):
        question = MMRProofRequest(LeafIndex(index), JOBS, LeafCount(count))
        yield Case("answer.leaf", f"{index}-of-{count}", replace(leaf, question=question))
    later = replace(leaf, question=replace(leaf.question, leaf_count=LeafCount(8)))
    yield Case("answer.leaf", "beyond", later, stored, Sibling(leaf, "a count beyond what is held"))
    outside = replace(leaf, question=replace(leaf.question, leaf_index=LeafIndex(5)))
    edit = Sibling(leaf, "an index at the count")
    yield Case("answer.leaf", "outside", outside, CODE.MMR_INDEX_OUT_OF_RANGE, edit)
    far = replace(leaf, question=replace(leaf.question, leaf_index=LeafIndex(9)))
    edit = Sibling(leaf, "an index beyond the count")
    yield Case("answer.leaf", "far-outside", far, CODE.MMR_INDEX_OUT_OF_RANGE, edit)
    extension = ExtensionWanted(contents, REQUEST, ConsistencyRequest(JOBS, LeafCount(3), LeafCount(7)))
    for old, new in ((0, 0), (0, 7), (3, 7), (4, 6), (5, 5)):
        question_between = ConsistencyRequest(JOBS, LeafCount(old), LeafCount(new))
        yield Case("answer.extension", f"{old}-to-{new}", replace(extension, question=question_between))
    over = replace(extension, question=ConsistencyRequest(JOBS, LeafCount(3), LeafCount(8)))
    yield Case("answer.extension", "beyond", over, stored, Sibling(extension, "a count beyond what is held"))
    shrinks = replace(extension, question=ConsistencyRequest(JOBS, LeafCount(7), LeafCount(3)))
    edit = Sibling(extension, "older and newer turned")
    yield Case("answer.extension", "backwards", shrinks, CODE.MMR_SHRINKS, edit)
    yield from blocks_wanted()


def blocks_wanted() -> Iterator[Case]:
    """Questions for blocks of which some have their certificates at hand."""
    plain = least_value(shape_of(FinalBlock))
    held = tuple(
        replace(plain, block=with_header(plain.block, block_number=BlockNumber(number))) for number in range(4, 22)
    )
    blocks = tuple(final.block for final in held)

    def wanted(count: int, certified: tuple[int, ...], first: int) -> BlocksWanted:
        question = BlockRangeRequest(ClusterId(0), BlockNumber(first))
        return BlocksWanted(blocks[:count], tuple(held[place] for place in certified), REQUEST, question)

    for label, given in {
        "all": wanted(3, (0, 1, 2), 0),
        "the-last": wanted(3, (2,), 4),
        "up-to-the-certified": wanted(3, (0, 1), 4),
        "from-the-middle": wanted(3, (0, 2), 5),
        "from-the-last": wanted(3, (2,), 6),
        "beyond": wanted(3, (2,), 7),
        "none-there": wanted(0, (), 0),
        "as-many-as-fit": wanted(18, (15, 16, 17), 4),
    }.items():
        yield Case("answer.blocks", label, given)
    for label, given, sound in (
        ("no-certificates", wanted(3, (), 4), wanted(3, (2,), 4)),
        ("certificates-of-earlier-blocks", wanted(3, (0,), 5), wanted(3, (0, 2), 5)),
        ("certificates-too-far", wanted(18, (17,), 4), wanted(18, (16, 17), 4)),
    ):
        edit = Sibling(sound, "the certificates of a block near enough")
        yield Case("answer.blocks", label, given, CODE.NODE_NOT_STORED, edit)


def traces() -> Iterator[Trace]:
    """Runs of a node that asks: which response counts, until when, and how often."""
    start = NoRequests()
    peer, other = bytes([1]) * 32, bytes([2]) * 32
    first, second = bytes([0xA]) * 32, bytes([0xB]) * 32
    leaf = leaf_asked(5, 1)
    extension = extension_asked(3, 7)
    asks = Ask(first, peer, leaf.question, 1000)
    named = replace(leaf.response, request=Hash32(first))
    right = Answered(peer, named, 1000)
    code, bound = CODE.REQUEST_NOT_OPEN, Resolution.ENVELOPE
    again = Sibling(asks, "a question in place of a second answer")
    yield Trace("requests", "answered-once", start, (Step(asks), Step(right), Step(right, code, again)))
    strange = (
        Step(asks),
        Step(Answered(peer, replace(named, request=Hash32(second)), 10), code, bound),
        Step(Answered(peer, replace(named, request=Hash32(bytes(32))), 10), code, bound),
        Step(Answered(other, named, 10), code, bound),
        Step(Answered(bytes(32), named, 10), code, bound),
        Step(right),
    )
    yield Trace("requests", "named-by-the-peer-that-was-asked", start, strange)
    late = Answered(peer, named, 1001)
    yield Trace("requests", "too-late", start, (Step(asks), Step(late, code, Sibling(right, "a millisecond earlier"))))
    unfit = Answered(peer, replace(extension.response, request=Hash32(first)), 10)
    wrong = Step(unfit, CODE.RESPONSE_UNFIT, Sibling(right, "the kind that was asked for"))
    yield Trace("requests", "of-another-kind", start, (Step(asks), wrong, Step(right)))
    unasked = Step(right, code, Sibling(asks, "the question in place of the answer"))
    yield Trace("requests", "unasked", start, (unasked, Step(asks), Step(right)))
    more = Ask(second, other, extension.question, 2000)
    answered = Answered(other, replace(extension.response, request=Hash32(second)), 2000)
    kinds: tuple[tuple[Any, Any], ...] = (
        (MMRPeaksRequest(LeafCount(3), JOBS), peaks_asked(3, 7).response),
        (BlockRangeRequest(CLUSTER, BlockNumber(2)), BlockRangeResponse(REQUEST, (), None)),
    )
    several = [Step(asks), Step(more), Step(replace(answered, now=9))]
    for number, (question, response) in enumerate(kinds):
        name = Hash32(bytes([0xC0 + number]) * 32)
        several += [Step(Ask(name, peer, question, 9)), Step(Answered(peer, replace(response, request=name), 9))]
    yield Trace("requests", "several", start, (*several, Step(right)))
    # The request whose time is over goes when a response to another one comes.
    forgotten = (Step(asks), Step(more), Step(replace(answered, now=1001)))
    yield Trace("requests", "forgets-what-is-over", start, forgotten)
    twins = (Step(asks), Step(replace(asks, deadline=3000)), Step(right), Step(right))
    yield Trace("requests", "the-oldest-first", start, twins)


def cases() -> Iterator[Case | Trace]:
    """All cases of this subject."""
    yield from answer_cases()
    yield from traces()
