"""Blocks carry votes for the blocks before them: each seat of each ancestor once, within a window, and signed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core import attestation
from taifoon.core.accountability import SignedStatement, statement_of
from taifoon.core.attestation import (
    NO_ATTENDANCE,
    attendance_after,
    attested,
    carried_votes,
    is_plainly_unfit,
    is_within_window,
    place_of,
)
from taifoon.core.block import CarriedVote, ClusterBlock, block_hash
from taifoon.core.validity import ChainState, apply_block, check_block, genesis_state
from taifoon.core.vote import VoteKind
from taifoon.primitives.types import Hash32, Millis, Seat
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.blocks import (
    BREAKINGS,
    CHAIN,
    PROOFS,
    START,
    first_state,
    formation_of,
    opened,
    proposal,
    small,
    votes_for,
    votes_for_parent,
    working_block,
)
from taifoon_models.keys import signature

SEATS = 4
WINDOW = 3
NARROW = HARDENED.with_parameters(replace(HARDENED.parameters, signature_window=WINDOW))


def next_block(profile: Profile, state: ChainState, votes: tuple[CarriedVote, ...] = ()) -> ClusterBlock:
    """The block after a state, in the next view, a millisecond later."""
    return proposal(profile, state, state.view + 1, max(START, state.timestamp + 1), attestations=votes)


def refusal(profile: Profile, state: ChainState, votes: tuple[CarriedVote, ...]) -> RejectionCode | None:
    """How a block with these votes is refused."""
    block = next_block(profile, state, votes)
    try:
        check_block(profile, PROOFS, state, block, block.header.timestamp)
    except Rejected as rejected:
        return rejected.code
    return None


def grown(profile: Profile, blocks: int, *carrying: tuple[int, tuple[int, ...]]) -> ChainState:
    """The state after so many blocks; `carrying` gives blocks with votes of these seats for their parents."""
    state = first_state(profile, SEATS)
    seats = dict(carrying)
    for number in range(1, blocks + 1):
        votes = votes_for_parent(profile, state, seats[number]) if number in seats else ()
        state = apply_block(profile, state, next_block(profile, state, votes))
    return state


def heard(state: ChainState, number: int, seat: int, kind: VoteKind = VoteKind.NOTARISE) -> SignedStatement:
    """A seat's vote for an ancestor, as it comes in a message."""
    ancestor = next(each for each in state.attendance.ancestors if each.number == number)
    statement = statement_of(state.committee, kind, ancestor.view, ancestor.block_hash)
    return SignedStatement(Seat(seat), statement, signature(NARROW, seat, statement))


@pytest.mark.parametrize("blocks", range(1, 6))
def test_a_block_carries_votes_for_the_last_blocks_and_no_others(blocks: int) -> None:
    state = grown(NARROW, blocks)
    known = [ancestor.number for ancestor in state.attendance.ancestors]
    assert known == list(range(max(1, blocks + 1 - WINDOW), blocks + 1))
    for number in known:
        assert refusal(NARROW, state, votes_for(NARROW, state, number, (0, 3))) is None
    later = apply_block(NARROW, state, next_block(NARROW, state))
    gone = votes_for(NARROW, state, known[0], (0,))
    assert refusal(NARROW, later, gone) is (RejectionCode.CARRIED_WINDOW if blocks >= WINDOW else None)
    unread = NARROW.without(Resolution.REWARD)
    assert refusal(unread, grown(unread, blocks + 1), gone) is None


def test_a_vote_is_carried_once_in_a_stretch() -> None:
    state = grown(NARROW, 2, (2, (0, 2)))
    assert refusal(NARROW, state, votes_for(NARROW, state, 1, (2,))) is RejectionCode.CARRIED_ORDER
    assert refusal(NARROW, state, votes_for(NARROW, state, 1, (1, 3))) is None
    assert refusal(NARROW, state, votes_for(NARROW, state, 2, (2,))) is None
    block = next_block(NARROW, state, votes_for(NARROW, state, 1, (2,)))
    assert not is_plainly_unfit(NARROW, state.committee, block)


def test_votes_ascend_by_block_and_then_by_seat() -> None:
    state = grown(NARROW, 2)
    older, newer = (votes_for(NARROW, state, number, (0, 1)) for number in (1, 2))
    assert refusal(NARROW, state, (*older, *newer)) is None
    for votes in ((*newer, *older), older[::-1], (*older, older[1])):
        assert refusal(NARROW, state, votes) is RejectionCode.CARRIED_ORDER
        assert is_plainly_unfit(NARROW, state.committee, next_block(NARROW, state, votes))


@pytest.mark.parametrize("kind", [VoteKind.FINALISE, VoteKind.NULLIFY])
def test_only_a_vote_to_notarise_that_very_block_is_carried(kind: VoteKind) -> None:
    state = grown(NARROW, 2)
    (vote,) = votes_for(NARROW, state, 2, (1,))
    other_kind = replace(vote, signature=heard(state, 2, 1, kind).signature)
    other_block = replace(vote, signature=heard(state, 1, 1).signature)
    other_seat = replace(vote, seat=Seat(2))
    no_seat = replace(vote, seat=Seat(SEATS))
    for wrong in (other_kind, other_block, other_seat, no_seat):
        assert refusal(NARROW, state, (wrong,)) is RejectionCode.CARRIED_SIGNATURE
        assert is_plainly_unfit(NARROW, state.committee, next_block(NARROW, state, (wrong,)))


def test_a_signature_for_an_older_block_is_judged_with_the_chain_alone() -> None:
    state = grown(NARROW, 2)
    forged = (replace(votes_for(NARROW, state, 1, (1,))[0], seat=Seat(2)),)
    assert refusal(NARROW, state, forged) is RejectionCode.CARRIED_SIGNATURE
    assert not is_plainly_unfit(NARROW, state.committee, next_block(NARROW, state, forged))


def test_votes_are_of_this_chain() -> None:
    state = grown(NARROW, 1)
    elsewhere = replace(state, chain_id=Hash32(bytes(32)))
    votes = votes_for_parent(NARROW, elsewhere, (0,))
    assert refusal(NARROW, state, votes) is RejectionCode.CARRIED_SIGNATURE
    assert refusal(NARROW, elsewhere, votes) is None


def test_an_epoch_begins_with_nothing_to_carry() -> None:
    before = grown(NARROW, 2)
    last = next_block(NARROW, grown(NARROW, 1))
    state = genesis_state(NARROW, CHAIN, formation_of(SEATS, epoch=4), before.log, last)
    assert state.attendance == NO_ATTENDANCE
    votes = votes_for(NARROW, before, 2, (0,))
    assert refusal(NARROW, state, votes) is RejectionCode.CARRIED_WINDOW
    assert is_plainly_unfit(NARROW, state.committee, next_block(NARROW, state, votes))


def test_what_the_next_block_cannot_carry_is_forgotten() -> None:
    state = grown(NARROW, 6, *((number, (0, 1, 2)) for number in range(2, 7)))
    assert [each.number for each in state.attendance.ancestors] == [4, 5, 6]
    assert state.attendance.carried == {(number, seat) for number in (4, 5) for seat in (0, 1, 2)}


def test_an_honest_leader_carries_all_that_it_has_heard_and_nobody_has_carried() -> None:
    state = grown(NARROW, 3, (2, (0,)))
    votes = [heard(state, number, seat) for number, seat in ((3, 2), (1, 3), (1, 0), (2, 1), (3, 2))]
    junk = replace(heard(state, 3, 1), signature=votes[0].signature)
    others = [heard(state, 3, 0, VoteKind.FINALISE), junk, replace(heard(state, 3, 1), seat=Seat(SEATS))]
    carried = carried_votes(NARROW, state.committee, state.attendance, (*votes, *others))
    assert [place_of(vote) for vote in carried] == [(1, 3), (2, 1), (3, 2)]
    assert carried == carried_votes(NARROW, state.committee, state.attendance, (*others, *votes[::-1]))
    assert refusal(NARROW, state, carried) is None


def test_where_a_block_has_no_room_for_all_the_oldest_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attestation, "MAX_CARRIED", 2)
    state = grown(NARROW, 3)
    votes = tuple(heard(state, number, seat) for number, seat in ((3, 0), (1, 2), (2, 1)))
    carried = carried_votes(NARROW, state.committee, state.attendance, votes)
    assert [place_of(vote) for vote in carried] == [(1, 2), (2, 1)]


def test_where_blocks_carry_no_votes_nothing_is_kept_or_carried() -> None:
    for profile in (DOCUMENT, HARDENED.without(Resolution.REWARD)):
        state = opened(profile, SEATS)
        assert state.attendance == NO_ATTENDANCE
        assert working_block(profile, state).attestations == ()
        votes = (heard(grown(NARROW, 1), 1, 0),)
        assert carried_votes(profile, state.committee, grown(NARROW, 1).attendance, votes) == ()


def test_the_hash_names_the_carried_votes_as_well() -> None:
    state = grown(NARROW, 1)
    votes = votes_for_parent(NARROW, state, (0, 1))
    assert block_hash(NARROW, next_block(NARROW, state, votes)) != block_hash(NARROW, next_block(NARROW, state))


@pytest.mark.parametrize("breaking", BREAKINGS)
def test_what_bytes_show_unfit_no_state_accepts(breaking: str) -> None:
    few = small(HARDENED)
    state = opened(few, 5)
    block = BREAKINGS[breaking][0](few, state, working_block(few, state))
    if is_plainly_unfit(few, state.committee, block):
        with pytest.raises(Rejected):
            check_block(few, PROOFS, state, block, Millis(block.header.timestamp))


@pytest.mark.parametrize("lateness", range(-1, WINDOW + 2))
def test_the_window_is_of_the_next_blocks(lateness: int) -> None:
    assert is_within_window(NARROW, 5, 5 + lateness) == (1 <= lateness <= WINDOW)


def test_the_state_after_a_block_is_a_function_of_the_chain() -> None:
    state = grown(NARROW, 2, (2, (1,)))
    block = next_block(NARROW, state, votes_for(NARROW, state, 1, (0,)))
    name = block_hash(NARROW, block)
    after = attendance_after(NARROW, state.attendance, block, name)
    assert after == apply_block(NARROW, state, block).attendance
    assert attested(state.committee, after.ancestors[-1]).block_hash == name
