"""A response is believed if it answers an open request and leads to a certified head; each rule is needed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import Head, prove_consistency
from taifoon.core.mmr.inclusion import prove_leaf
from taifoon.network.envelope import Response
from taifoon.network.kinds import Kind
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
from taifoon.network.parts import FinalBlock, MMRPeak, MMRProof, RangeHead, RangeKind, RangeName
from taifoon.network.requests import (
    OpenRequest,
    Question,
    Requests,
    adopt_peaks,
    ask,
    check_blocks,
    check_extension,
    proved_leaf,
    still_open,
    take_answered,
)
from taifoon.primitives.types import BlockNumber, Hash32, LeafCount, LeafIndex, Millis
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.blocks import first_state, opened, opening_block, working_block
from taifoon_models.jobs import digest
from taifoon_models.keys import committee_of, key
from taifoon_models.messages import (
    CHAIN,
    CLUSTER,
    EPOCH,
    JOBS,
    SEATS,
    final_block,
    head_of,
    leaves,
    mountains,
    peaks,
    samples,
)

COMBINER = HashCombiner(HARDENED)
REQUEST = digest("the request")
PEER, OTHER = key(1), key(2)
DEADLINE = Millis(1_000)
KNOWN, OFFERED = 3, 6
HEADS = frozenset(head_of(HARDENED, count) for count in range(8))
ASKED = MMRPeaksRequest(LeafCount(KNOWN), JOBS)
BEFORE = Head(LeafCount(KNOWN), head_of(HARDENED, KNOWN).root)
EXTENSION = prove_consistency(COMBINER, mountains(HARDENED, OFFERED), LeafCount(KNOWN)).items
ANSWER = MMRPeaksResponse(peaks(HARDENED, OFFERED), REQUEST, head_of(HARDENED, OFFERED), EXTENSION)


def opened_request(question: Question = ASKED) -> OpenRequest:
    return OpenRequest(REQUEST, PEER, question, DEADLINE)


OPEN: Requests = (opened_request(),)


def taken(
    response: Response = ANSWER,
    *,
    profile: Profile = HARDENED,
    requests: Requests = OPEN,
    sender: bytes = PEER,
    now: int = 0,
) -> RejectionCode | None:
    try:
        take_answered(profile, requests, sender, response, Millis(now))  # type: ignore[arg-type]
    except Rejected as rejected:
        return rejected.code
    return None


def adopted(
    response: MMRPeaksResponse, profile: Profile = HARDENED, known: Head[Hash32] = BEFORE
) -> RejectionCode | Head[Hash32]:
    try:
        question = MMRPeaksRequest(known.count, JOBS)
        return adopt_peaks(profile, HEADS, known, question, response)
    except Rejected as rejected:
        return rejected.code


def test_a_request_is_answered_once() -> None:
    other = replace(opened_request(), request=digest("another request"))
    requests = ask(ask((), opened_request()), other)
    answered, left = take_answered(HARDENED, requests, PEER, ANSWER, DEADLINE)
    assert answered == opened_request()
    assert left == (other,)
    assert taken(requests=left) is RejectionCode.REQUEST_NOT_OPEN


@pytest.mark.parametrize(
    ("response", "sender"),
    [(replace(ANSWER, request=digest("another request")), PEER), (ANSWER, OTHER)],
    ids=["another request", "another peer"],
)
def test_a_response_is_for_one_request_to_one_peer(response: MMRPeaksResponse, sender: bytes) -> None:
    assert taken(response, sender=sender) is RejectionCode.REQUEST_NOT_OPEN
    assert taken(response, sender=sender, profile=HARDENED.without(Resolution.ENVELOPE)) is None


def test_a_deadline_is_the_last_moment() -> None:
    assert taken(now=DEADLINE) is None
    assert taken(now=DEADLINE + 1) is RejectionCode.REQUEST_NOT_OPEN
    assert still_open((opened_request(),), Millis(DEADLINE + 1)) == ()


def test_a_response_of_another_kind_answers_nothing() -> None:
    other = ConsistencyResponse(REQUEST, ())
    assert taken(other) is RejectionCode.RESPONSE_UNFIT
    assert taken(other, profile=HARDENED.without(Resolution.ENVELOPE)) is RejectionCode.REQUEST_NOT_OPEN


def test_an_honest_answer_is_adopted() -> None:
    assert adopted(ANSWER) == Head(LeafCount(OFFERED), head_of(HARDENED, OFFERED).root)


def test_a_head_that_no_final_block_leaves_is_refused_by_its_rule_alone() -> None:
    forked = MMRPeaksResponse(peaks(HARDENED, OFFERED, 1), REQUEST, head_of(HARDENED, OFFERED, 1), EXTENSION)
    assert adopted(forked) is RejectionCode.HEAD_NOT_CERTIFIED
    start = Head(LeafCount(0), head_of(HARDENED, 0).root)
    from_nothing = replace(forked, extension=())
    assert adopted(from_nothing, known=start) is RejectionCode.HEAD_NOT_CERTIFIED
    trusting = HARDENED.without(Resolution.MESSAGES)
    assert isinstance(adopted(from_nothing, trusting, start), Head)


def test_an_older_certified_head_is_refused_by_the_consistency_rule_alone() -> None:
    stale = MMRPeaksResponse(peaks(HARDENED, 2), REQUEST, head_of(HARDENED, 2), ())
    assert adopted(stale) is RejectionCode.MMR_SHRINKS
    assert isinstance(adopted(stale, HARDENED.without(Resolution.CONSISTENCY)), Head)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (peaks(HARDENED, OFFERED, 1), RejectionCode.MMR_ROOT_MISMATCH),
        (peaks(HARDENED, OFFERED)[:1], RejectionCode.MMR_PEAK_COUNT),
        (tuple(MMRPeak(peak.height, peak.value) for peak in peaks(HARDENED, 5)), RejectionCode.MMR_PEAK_COUNT),
        (peaks(HARDENED, OFFERED)[::-1], RejectionCode.MMR_PEAK_COUNT),
    ],
    ids=["of another range", "too few", "of another count", "smallest first"],
)
def test_peaks_give_the_root_of_their_head(changed: tuple[MMRPeak, ...], code: RejectionCode) -> None:
    assert adopted(replace(ANSWER, peaks=changed)) is code


def test_an_answer_is_about_the_range_and_the_head_that_were_asked_for() -> None:
    batches = RangeName(CLUSTER, RangeKind.BATCHES)
    with pytest.raises(Rejected) as caught:
        adopt_peaks(HARDENED, HEADS, BEFORE, MMRPeaksRequest(LeafCount(KNOWN), batches), ANSWER)
    assert caught.value.code is RejectionCode.RESPONSE_UNFIT
    with pytest.raises(Rejected) as caught:
        adopt_peaks(HARDENED, HEADS, BEFORE, MMRPeaksRequest(LeafCount(KNOWN + 1), JOBS), ANSWER)
    assert caught.value.code is RejectionCode.RESPONSE_UNFIT


def leaf_answer(sent: int, branch: int = 0) -> MMRProofResponse:
    proof = prove_leaf(COMBINER, mountains(HARDENED, OFFERED, branch), LeafIndex(sent))
    return MMRProofResponse(MMRProof(LeafIndex(sent), proof.items), REQUEST, leaves(OFFERED, branch)[sent])


def believed(response: MMRProofResponse, profile: Profile = HARDENED, count: int = OFFERED) -> RejectionCode | bytes:
    try:
        return proved_leaf(profile, HEADS, MMRProofRequest(LeafIndex(2), JOBS, LeafCount(count)), response)
    except Rejected as rejected:
        return rejected.code


def test_the_leaf_asked_for_is_believed_and_no_other_by_its_rule_alone() -> None:
    assert believed(leaf_answer(2)) == leaves(OFFERED)[2]
    assert believed(leaf_answer(4)) is RejectionCode.MMR_INDEX_MISMATCH
    assert believed(leaf_answer(4), HARDENED.without(Resolution.CLAIMED_INDEX)) == leaves(OFFERED)[4]


def test_a_leaf_of_an_uncertified_range_is_refused_by_the_rule_of_heads_alone() -> None:
    assert believed(leaf_answer(2, branch=1)) is RejectionCode.MMR_ROOT_MISMATCH
    assert believed(leaf_answer(2), count=100) is RejectionCode.HEAD_NOT_CERTIFIED
    trusting = HARDENED.without(Resolution.MESSAGES)
    assert believed(leaf_answer(2, branch=1), trusting) == leaves(OFFERED, 1)[2]


def test_one_certified_head_is_shown_to_extend_another() -> None:
    question = ConsistencyRequest(JOBS, LeafCount(KNOWN), LeafCount(OFFERED))
    response = ConsistencyResponse(REQUEST, EXTENSION)
    old, new = head_of(HARDENED, KNOWN), head_of(HARDENED, OFFERED)
    check_extension(HARDENED, old, new, question, response)
    for first, second, code in (
        (new, new, RejectionCode.RESPONSE_UNFIT),
        (head_of(HARDENED, KNOWN, 1), new, RejectionCode.MMR_SUBTREE_MISMATCH),
    ):
        with pytest.raises(Rejected) as caught:
            check_extension(HARDENED, first, second, question, response)
        assert caught.value.code is code


COMMITTEE = committee_of(CHAIN, EPOCH, CLUSTER, SEATS)
FIRST = final_block(HARDENED, opening_block(HARDENED, first_state(HARDENED, SEATS)))
SECOND = final_block(HARDENED, working_block(HARDENED, opened(HARDENED, SEATS)))
FOREIGN = replace(SECOND.block, header=replace(SECOND.block.header, previous_hash=digest("elsewhere")))


def blocks_outcome(*blocks: FinalBlock, first: int = 1) -> RejectionCode | None:
    try:
        question = BlockRangeRequest(CLUSTER, BlockNumber(first))
        below, head = tuple(final.block for final in blocks[:-1]), blocks[-1] if blocks else None
        check_blocks(HARDENED, COMMITTEE, question, BlockRangeResponse(REQUEST, below, head))
    except Rejected as rejected:
        return rejected.code
    return None


def test_final_blocks_are_a_chain_from_the_number_asked_for() -> None:
    assert blocks_outcome(FIRST, SECOND) is None
    assert blocks_outcome(SECOND, first=2) is None
    assert blocks_outcome() is None
    assert blocks_outcome(SECOND) is RejectionCode.RESPONSE_UNFIT
    assert blocks_outcome(SECOND, FIRST, first=2) is RejectionCode.RESPONSE_UNFIT
    assert blocks_outcome(FIRST, final_block(HARDENED, FOREIGN)) is RejectionCode.BLOCK_PARENT


def test_blocks_below_a_certified_one_are_final_and_blocks_below_none_are_not() -> None:
    uncertified = replace(FIRST, notarisation=SECOND.notarisation)
    assert blocks_outcome(uncertified, SECOND) is None
    assert blocks_outcome(SECOND, uncertified) is RejectionCode.RESPONSE_UNFIT
    question = BlockRangeRequest(CLUSTER, BlockNumber(1))
    with pytest.raises(Rejected) as caught:
        check_blocks(HARDENED, COMMITTEE, question, BlockRangeResponse(REQUEST, (FIRST.block,), None))
    assert caught.value.code is RejectionCode.RESPONSE_UNFIT


def test_a_block_without_its_certificates_is_not_final() -> None:
    assert blocks_outcome(replace(FIRST, finalisation=FIRST.notarisation)) is RejectionCode.CERTIFICATE_STATEMENT
    assert blocks_outcome(replace(FIRST, notarisation=SECOND.notarisation)) is RejectionCode.CERTIFICATE_STATEMENT
    assert blocks_outcome(replace(FIRST, block=SECOND.block), first=2) is RejectionCode.CERTIFICATE_STATEMENT


def test_heads_are_compared_in_every_field() -> None:
    head = head_of(HARDENED, OFFERED)
    for other in (
        replace(head, block=BlockNumber(99)),
        replace(head, leaf_count=LeafCount(7)),
        replace(head, root=digest("other")),
        RangeHead(RangeName(CLUSTER, RangeKind.BATCHES), head.block, head.leaf_count, head.root),
    ):
        assert isinstance(adopted(replace(ANSWER, head=other)), RejectionCode)


def test_every_response_names_its_request() -> None:
    for kind in (
        Kind.MMR_PEAKS_RESPONSE,
        Kind.MMR_PROOF_RESPONSE,
        Kind.CONSISTENCY_RESPONSE,
        Kind.BLOCK_RANGE_RESPONSE,
    ):
        assert samples()[kind].request == digest("request")  # type: ignore[union-attr]
