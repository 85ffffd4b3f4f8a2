"""An archival node's answers are accepted by who asked, and it refuses what it does not hold."""

from __future__ import annotations

import pytest

from taifoon.core.mmr.consistency import Head
from taifoon.core.mmr.mountains import empty_range
from taifoon.network.answers import (
    answer_blocks,
    answer_extension,
    answer_leaf,
    answer_peaks,
    peaks_of,
    range_at,
)
from taifoon.network.kinds import Kind, decode_message, encode_message
from taifoon.network.messages import (
    BlockRangeRequest,
    BlockRangeResponse,
    ConsistencyRequest,
    MMRPeaksRequest,
    MMRProofRequest,
)
from taifoon.network.parts import MAX_BLOCKS
from taifoon.network.requests import adopt_peaks, check_blocks, check_extension, proved_leaf
from taifoon.primitives.types import BlockNumber, LeafCount, LeafIndex
from taifoon.profile import HARDENED
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.blocks import first_state, opened, opening_block, working_block
from taifoon_models.jobs import digest
from taifoon_models.keys import committee_of
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
)

REQUEST = digest("the request")
HELD = 7
RANGE = mountains(HARDENED, HELD)
HEADS = frozenset(head_of(HARDENED, count) for count in range(HELD + 1))
PAIRS = [(old, new) for new in range(HELD + 1) for old in range(new + 1)]


def test_a_range_holds_its_earlier_selves() -> None:
    for count in range(HELD + 1):
        assert range_at(RANGE, LeafCount(count)) == mountains(HARDENED, count)
        assert peaks_of(range_at(RANGE, LeafCount(count))) == peaks(HARDENED, count)
    with pytest.raises(Rejected) as caught:
        range_at(RANGE, LeafCount(HELD + 1))
    assert caught.value.code is RejectionCode.NODE_NOT_STORED
    assert range_at(empty_range(), LeafCount(0)) == empty_range()


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_who_asks_for_peaks_adopts_the_answer(old: int, new: int) -> None:
    question = MMRPeaksRequest(LeafCount(old), JOBS)
    answer = answer_peaks(HARDENED, RANGE, head_of(HARDENED, new), REQUEST, question)
    before = Head(LeafCount(old), head_of(HARDENED, old).root)
    adopted = adopt_peaks(HARDENED, HEADS, before, question, answer)
    assert adopted == Head(LeafCount(new), head_of(HARDENED, new).root)
    assert decode_message(HARDENED, encode_message(answer)) == answer


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_who_asks_for_an_extension_accepts_the_answer(old: int, new: int) -> None:
    question = ConsistencyRequest(JOBS, LeafCount(old), LeafCount(new))
    answer = answer_extension(HARDENED, RANGE, REQUEST, question)
    check_extension(HARDENED, head_of(HARDENED, old), head_of(HARDENED, new), question, answer)


@pytest.mark.parametrize(("index", "count"), [(index, count) for index, count in PAIRS if index < count])
def test_who_asks_for_a_leaf_of_an_earlier_count_believes_the_answer(index: int, count: int) -> None:
    question = MMRProofRequest(LeafIndex(index), JOBS, LeafCount(count))
    answer = answer_leaf(HARDENED, RANGE, leaves(HELD), REQUEST, question)
    assert proved_leaf(HARDENED, HEADS, question, answer) == leaves(HELD)[index]
    assert decode_message(HARDENED, encode_message(answer)) == answer


def test_what_is_not_held_is_refused() -> None:
    beyond = LeafCount(HELD + 1)
    for ask in (
        lambda: answer_leaf(HARDENED, RANGE, leaves(HELD), REQUEST, MMRProofRequest(LeafIndex(0), JOBS, beyond)),
        lambda: answer_extension(HARDENED, RANGE, REQUEST, ConsistencyRequest(JOBS, LeafCount(1), beyond)),
        lambda: answer_peaks(
            HARDENED, RANGE, head_of(HARDENED, HELD + 1), REQUEST, MMRPeaksRequest(LeafCount(0), JOBS)
        ),
    ):
        with pytest.raises(Rejected) as caught:
            ask()
        assert caught.value.code is RejectionCode.NODE_NOT_STORED


def test_a_question_that_has_no_answer_is_refused() -> None:
    with pytest.raises(Rejected) as caught:
        answer_leaf(HARDENED, RANGE, leaves(HELD), REQUEST, MMRProofRequest(LeafIndex(3), JOBS, LeafCount(3)))
    assert caught.value.code is RejectionCode.MMR_INDEX_OUT_OF_RANGE
    for ask in (
        lambda: answer_extension(HARDENED, RANGE, REQUEST, ConsistencyRequest(JOBS, LeafCount(5), LeafCount(4))),
        lambda: answer_peaks(HARDENED, RANGE, head_of(HARDENED, 4), REQUEST, MMRPeaksRequest(LeafCount(5), JOBS)),
    ):
        with pytest.raises(Rejected) as caught:
            ask()
        assert caught.value.code is RejectionCode.MMR_SHRINKS


OPENING = final_block(HARDENED, opening_block(HARDENED, first_state(HARDENED, SEATS)))
WORKING = final_block(HARDENED, working_block(HARDENED, opened(HARDENED, SEATS)))


def test_who_asks_for_blocks_gets_a_chain_from_there_on() -> None:
    blocks = (OPENING.block, WORKING.block)
    committee = committee_of(CHAIN, EPOCH, CLUSTER, SEATS)
    for first, below, head in ((1, blocks[:1], WORKING), (2, (), WORKING), (3, (), None)):
        question = BlockRangeRequest(CLUSTER, BlockNumber(first))
        answer = answer_blocks(blocks, (WORKING,), REQUEST, question)
        assert answer == BlockRangeResponse(REQUEST, below, head)
        check_blocks(HARDENED, committee, question, answer)
    question = BlockRangeRequest(CLUSTER, BlockNumber(1))
    assert answer_blocks(blocks, (OPENING,), REQUEST, question) == BlockRangeResponse(REQUEST, (), OPENING)
    with pytest.raises(Rejected) as caught:
        answer_blocks(blocks, (), REQUEST, question)
    assert caught.value.code is RejectionCode.NODE_NOT_STORED
    many = answer_blocks(blocks[:1] * 40, (OPENING,), REQUEST, question)
    assert len(many.blocks) == MAX_BLOCKS
    assert encode_message(many)[0] == Kind.BLOCK_RANGE_RESPONSE.ordinal
