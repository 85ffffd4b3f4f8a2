"""A replica stores before it sends, votes for what is valid on a known parent, and refuses bad messages unchanged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.accountability import SignedStatement, check_finality, statement_of
from taifoon.core.certificate import Certificate, ClaimedConsensus, Committee
from taifoon.core.consensus import Link, Voting
from taifoon.core.knowledge import finality_proof, genesis_link
from taifoon.core.proposal import Proposal
from taifoon.core.replica import Replica, new_replica, step
from taifoon.core.replica_events import (
    AskCatchUp,
    BlockBuilt,
    BuildBlock,
    CatchUpAsked,
    CertificateArrived,
    Effect,
    Event,
    Finalised,
    ForwardProposal,
    Persist,
    ProposalArrived,
    Restarted,
    SendCertificate,
    SendProposal,
    SendVote,
    StartTimer,
    TimerEnded,
    VoteArrived,
)
from taifoon.core.vote import NO_BLOCK, Statement, VoteKind
from taifoon.primitives.types import ClusterId, Epoch, Hash32, Seat, Signature64, View
from taifoon.profile import DOCUMENT, HARDENED, Profile
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest
from taifoon_models.keys import certificate_by, committee_of, key, signature
from taifoon_models.plain_chain import PlainBlock, PlainChain, block_on
from taifoon_models.voting import GENESIS

SEATS = 4
COMMITTEE = committee_of(digest("chain"), Epoch(1), ClusterId(0), SEATS)
CHAIN = PlainChain(HARDENED, SEATS)
Member = Replica[PlainBlock]
Effects = tuple[Effect[PlainBlock], ...]


def told(
    *events: Event[PlainBlock],
    seats: tuple[int, ...] = (3,),
    profile: Profile = HARDENED,
    committee: Committee = COMMITTEE,
) -> tuple[Member, Effects]:
    """A member that started, took these events, and its last effects."""
    chain = PlainChain(profile, len(committee.keys))
    member: Member = new_replica(committee, tuple(map(Seat, seats)))
    effects: Effects = ()
    start: Restarted[PlainBlock] = Restarted()
    for event in (start, *events):
        member, effects = step(profile, chain, member, event)
    return member, effects


def said(kind: VoteKind, view: int, link: Link | None = None) -> Statement:
    return statement_of(COMMITTEE, kind, View(view), link.block_hash if link else NO_BLOCK)


def certified(statement: Statement, *signers: int, profile: Profile = HARDENED) -> CertificateArrived:
    listed = signers or (0, 1, 2)
    return CertificateArrived(certificate_by(profile, statement, listed, list(listed)))


def vote(seat: int, statement: Statement, signer: int | None = None) -> VoteArrived:
    signed = signature(HARDENED, seat if signer is None else signer, statement)
    return VoteArrived(SignedStatement(Seat(seat), statement, signed))


def proposed(
    block: PlainBlock, *certificates: Certificate, seat: int | None = None, profile: Profile = HARDENED
) -> ProposalArrived[PlainBlock]:
    chain = PlainChain(profile, SEATS)
    link = chain.link(block)
    leader = chain.leader(link.view) if seat is None else Seat(seat)
    statement = said(VoteKind.NOTARISE, int(link.view), link)
    signed = SignedStatement(leader, statement, signature(profile, int(leader), statement))
    return ProposalArrived(Proposal(block, signed, certificates))


ROOT = genesis_link(GENESIS)
FIRST = block_on(ROOT, View(1))
ONE = CHAIN.link(FIRST)
RIVAL = block_on(ROOT, View(1), 2)
SECOND = block_on(ONE, View(2))
TWO = CHAIN.link(SECOND)
NOTARISED, FINAL = said(VoteKind.NOTARISE, 1, ONE), said(VoteKind.FINALISE, 1, ONE)
NULLIFIED = said(VoteKind.NULLIFY, 1)


def test_a_member_that_starts_asks_others_and_waits_and_the_leader_builds() -> None:
    assert told()[1] == (AskCatchUp(View(1)), StartTimer(View(1)))
    assert told(seats=(0,))[1] == (AskCatchUp(View(1)), StartTimer(View(1)), BuildBlock(View(1), ROOT))


def test_a_leader_stores_its_vote_then_sends_its_proposal_with_what_it_stands_on() -> None:
    member, effects = told(BlockBuilt(FIRST), seats=(0,))
    voting = Voting(notarised=frozenset({(ONE.view, ONE.block_hash)}))
    assert member.voting == voting
    assert effects == (
        Persist(voting, ()),
        SendProposal(FIRST, Seat(0), NOTARISED, ()),
        SendVote(Seat(0), NOTARISED),
    )
    notarised = certified(NOTARISED)
    _, effects = told(proposed(FIRST), notarised, BlockBuilt(SECOND), seats=(1,))
    assert effects[1] == SendProposal(SECOND, Seat(1), said(VoteKind.NOTARISE, 2, TWO), (notarised.certificate,))


def test_a_leader_over_a_nullified_view_sends_the_nullification() -> None:
    nullified = certified(NULLIFIED)
    over = block_on(ROOT, View(2))
    _, effects = told(nullified, BlockBuilt(over), seats=(1,))
    assert isinstance(effects[1], SendProposal)
    assert effects[1].certificates == (nullified.certificate,)


@pytest.mark.parametrize(
    ("block", "seats", "code"),
    [
        (FIRST, (1,), RejectionCode.PROPOSAL_WRONG_LEADER),
        (block_on(ROOT, View(1), 1), (0,), RejectionCode.PROPOSAL_INVALID),
        (block_on(replace(ROOT, block_hash=digest("unknown")), View(1)), (0,), RejectionCode.PROPOSAL_INVALID),
        (block_on(ROOT, View(5)), (0,), RejectionCode.VOTE_WRONG_VIEW),
    ],
    ids=["not the leader", "invalid", "unknown parent", "another view"],
)
def test_a_member_proposes_only_a_valid_block_of_its_own_view(
    block: PlainBlock, seats: tuple[int, ...], code: RejectionCode
) -> None:
    with pytest.raises(Rejected) as caught:
        told(BlockBuilt(block), seats=seats)
    assert caught.value.code is code


def test_every_vote_and_the_block_it_is_for_is_stored_before_anything_is_sent() -> None:
    member, effects = told(proposed(FIRST))
    assert effects == (Persist(member.voting, (proposed(FIRST).proposal,)), SendVote(Seat(3), NOTARISED))
    member, effects = told(proposed(FIRST), certified(NOTARISED))
    assert effects == (
        Persist(member.voting, ()),
        SendVote(Seat(3), FINAL),
        SendCertificate(certified(NOTARISED).certificate),
        StartTimer(View(2)),
    )
    member, effects = told(TimerEnded(View(1)))
    assert effects == (
        Persist(member.voting, ()),
        SendVote(Seat(3), NULLIFIED),
        AskCatchUp(View(1)),
        StartTimer(View(1)),
    )


def test_a_key_with_several_seats_votes_with_each() -> None:
    committee = replace(COMMITTEE, keys=(key(0), key(1), key(2), key(2)))
    _, effects = told(proposed(FIRST), seats=(2, 3), committee=committee)
    assert effects[1:] == (SendVote(Seat(2), NOTARISED), SendVote(Seat(3), NOTARISED))


def test_a_block_gets_a_vote_only_when_it_is_valid_on_a_known_parent() -> None:
    second = proposed(SECOND, certified(NOTARISED).certificate)
    ready, effects = told(second)
    assert ready.voting == Voting(view=View(2))
    assert not any(isinstance(effect, SendVote) for effect in effects)
    _, effects = step(HARDENED, CHAIN, ready, proposed(FIRST))
    assert SendVote(Seat(3), said(VoteKind.NOTARISE, 2, TWO)) in effects
    assert told(proposed(block_on(ROOT, View(1), 1)))[1] == ()


def test_the_timer_of_a_view_that_is_left_counts_for_nothing() -> None:
    member, _ = told(certified(NULLIFIED))
    assert step(HARDENED, CHAIN, member, TimerEnded(View(1))) == (member, ())


BAD: dict[str, tuple[Event[PlainBlock], RejectionCode]] = {
    "forged vote": (vote(1, NOTARISED, signer=0), RejectionCode.SIGNATURE_INVALID),
    "vote of an unknown seat": (vote(SEATS, NOTARISED), RejectionCode.VOTE_SEAT_UNKNOWN),
    "vote of another epoch": (vote(0, replace(NOTARISED, epoch=Epoch(2))), RejectionCode.VOTE_COMMITTEE),
    "proposal of another than the leader": (proposed(FIRST, seat=1), RejectionCode.PROPOSAL_WRONG_LEADER),
    "proposal with a bad certificate": (
        proposed(SECOND, certified(NOTARISED, 0, 1).certificate),
        RejectionCode.CERTIFICATE_NO_QUORUM,
    ),
    "certificate without quorum": (certified(NOTARISED, 0, 1), RejectionCode.CERTIFICATE_NO_QUORUM),
    "certificate of one seat often": (certified(NOTARISED, 0, 0, 0), RejectionCode.CERTIFICATE_SEATS_UNSORTED),
    "certificate of another committee": (
        certified(replace(NOTARISED, committee=ClusterId(1))),
        RejectionCode.CERTIFICATE_STATEMENT,
    ),
    "certificate to nullify a block": (
        certified(replace(NOTARISED, kind=VoteKind.NULLIFY)),
        RejectionCode.STATEMENT_MALFORMED,
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_message_is_refused_with_its_code_and_changes_nothing(name: str) -> None:
    event, code = BAD[name]
    member, _ = told(proposed(FIRST))
    before = repr(member)
    with pytest.raises(Rejected) as caught:
        step(HARDENED, CHAIN, member, event)
    assert caught.value.code is code
    assert repr(member) == before


def test_a_late_member_reaches_the_view_by_certificates_alone_and_asks_for_the_blocks() -> None:
    joined = [certified(said(VoteKind.NULLIFY, view)) for view in range(1, 6)]
    member, _ = told(*joined)
    assert member.voting == Voting(view=View(6))
    member, effects = told(certified(NULLIFIED), certified(said(VoteKind.NOTARISE, 2, TWO)))
    assert AskCatchUp(View(2)) in effects


def test_who_asks_gets_certificates_blocks_and_votes_from_that_view_on() -> None:
    member, _ = told(proposed(FIRST), certified(NOTARISED))
    notarised = certified(NOTARISED).certificate
    assert step(HARDENED, CHAIN, member, CatchUpAsked(View(1))) == (
        member,
        (SendCertificate(notarised), ForwardProposal(proposed(FIRST).proposal), SendVote(Seat(3), FINAL)),
    )
    assert step(HARDENED, CHAIN, member, CatchUpAsked(View(2))) == (member, ())


def test_a_restarted_member_repeats_its_vote_and_gives_no_other_unless_it_forgot() -> None:
    before, _ = told(proposed(FIRST))
    member, effects = told(Restarted(before.voting, (proposed(FIRST).proposal,)))
    assert effects[0] == SendVote(Seat(3), NOTARISED)
    assert step(HARDENED, CHAIN, member, proposed(RIVAL))[1] == ()
    forgetful, _ = told(Restarted(replace(before.voting, notarised=frozenset())), proposed(RIVAL))
    assert forgetful.voting.notarised != before.voting.notarised
    assert len(forgetful.voting.notarised) == 1


def test_a_final_block_is_reported_after_its_ancestors_with_a_proof_that_others_accept() -> None:
    last = [certified(said(kind, 2, TWO)) for kind in (VoteKind.NOTARISE, VoteKind.FINALISE)]
    member, effects = told(proposed(FIRST), proposed(SECOND, certified(NOTARISED).certificate), *last)
    assert [effect.link for effect in effects if isinstance(effect, Finalised)] == [ONE, TWO]
    proof = finality_proof(HARDENED, CHAIN, member.known, TWO)
    check_finality(HARDENED, COMMITTEE, GENESIS, proof)
    with pytest.raises(Rejected) as caught:
        finality_proof(HARDENED, CHAIN, told(proposed(SECOND))[0].known, TWO)
    assert caught.value.code is RejectionCode.FINALITY_PATH
    with pytest.raises(Rejected) as caught:
        finality_proof(HARDENED, CHAIN, told(proposed(FIRST))[0].known, ONE)
    assert caught.value.code is RejectionCode.FINALITY_INCOMPLETE


def of_document(claimed: ClaimedConsensus | None) -> tuple[Member, Effects, Hash32]:
    """A member under the source as written, that got a proposal with such claims and the vote of seat 0."""
    block = block_on(ROOT, View(1), claimed=claimed)
    link = PlainChain(DOCUMENT, SEATS).link(block)
    statement = said(VoteKind.NOTARISE, 1, link)
    cast = VoteArrived(SignedStatement(Seat(0), statement, signature(DOCUMENT, 0, statement)))
    member, effects = told(proposed(block, profile=DOCUMENT), cast, profile=DOCUMENT)
    return member, effects, link.block_hash


def test_literally_a_block_is_final_by_the_members_and_the_threshold_that_it_names_itself() -> None:
    member, _, _ = of_document(ClaimedConsensus(COMMITTEE.keys, 3))
    assert member.final == ()
    member, effects, block_hash = of_document(ClaimedConsensus((key(9), key(0)), 1))
    assert [link.block_hash for link in member.final] == [block_hash]
    certificate = next(effect.certificate for effect in effects if isinstance(effect, SendCertificate))
    assert certificate.seats == (Seat(1),)


def test_literally_there_is_one_kind_of_vote_and_the_view_never_ends() -> None:
    member, effects, _ = of_document(None)
    assert member.voting.view == 1
    after, effects = step(DOCUMENT, PlainChain(DOCUMENT, SEATS), member, TimerEnded(View(1)))
    assert after == member
    assert effects == (AskCatchUp(View(1)), StartTimer(View(1)))


def test_a_signature_of_no_bytes_is_refused_like_any_other() -> None:
    with pytest.raises(Rejected) as caught:
        told(VoteArrived(SignedStatement(Seat(0), NOTARISED, Signature64(b""))))
    assert caught.value.code is RejectionCode.SIGNATURE_INVALID
