"""A proposal is the leader's own vote for its block; a vote is of this committee, in a form that can be meant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.accountability import SignedStatement, contradicts, statement_of
from taifoon.core.knowledge import Known, genesis_link, with_proposal
from taifoon.core.proposal import Proposal, check_proposal, check_statement, check_vote, vote_in
from taifoon.core.vote import NO_BLOCK, Statement, VoteKind
from taifoon.primitives.types import ClusterId, Epoch, Hash32, Seat, Signature64, View
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest
from taifoon_models.keys import certificate_by, committee_of, signature
from taifoon_models.plain_chain import PlainBlock, PlainChain, block_on
from taifoon_models.voting import GENESIS

SEATS = 5
COMMITTEE = committee_of(digest("chain"), Epoch(1), ClusterId(0), SEATS)
UNSIGNED_PROPOSALS = HARDENED.without(Resolution.SIGNED_PROPOSAL)
STRANGER = 9


def proposal(
    profile: Profile, view: int = 1, *, number: int = 0, seat: int | None = None, signer: int | None = None
) -> Proposal[PlainBlock]:
    """The proposal of a view on genesis, by its leader unless said otherwise."""
    chain = PlainChain(profile, SEATS)
    block = block_on(genesis_link(GENESIS), View(view), number)
    leader = chain.leader(View(view)) if seat is None else Seat(seat)
    statement = statement_of(COMMITTEE, VoteKind.NOTARISE, View(view), chain.link(block).block_hash)
    signed = signature(profile, int(leader) if signer is None else signer, statement)
    return Proposal(block, SignedStatement(leader, statement, signed), ())


def refusal(profile: Profile, offered: Proposal[PlainBlock]) -> RejectionCode | None:
    """The code for which a proposal is refused."""
    try:
        check_proposal(profile, COMMITTEE, PlainChain(profile, SEATS), offered)
    except Rejected as rejected:
        return rejected.code
    return None


@pytest.mark.parametrize("profile", [HARDENED, UNSIGNED_PROPOSALS, DOCUMENT], ids=lambda profile: profile.name)
def test_a_leaders_own_proposal_is_accepted(profile: Profile) -> None:
    offered = proposal(profile)
    link = check_proposal(profile, COMMITTEE, PlainChain(profile, SEATS), offered)
    assert link == PlainChain(profile, SEATS).link(offered.block)


@pytest.mark.parametrize("view", range(1, 2 * SEATS + 1))
def test_only_the_leader_of_a_view_may_propose_in_it(view: int) -> None:
    leader = PlainChain(HARDENED, SEATS).leader(View(view))
    for seat in range(SEATS):
        expected = None if seat == leader else RejectionCode.PROPOSAL_WRONG_LEADER
        for profile in (HARDENED, UNSIGNED_PROPOSALS):
            assert refusal(profile, proposal(profile, view, seat=seat)) is expected


@pytest.mark.parametrize("signer", [1, STRANGER])
def test_a_proposal_that_its_leader_did_not_sign_is_accepted_only_without_the_rule(signer: int) -> None:
    assert refusal(HARDENED, proposal(HARDENED, signer=signer)) is RejectionCode.SIGNATURE_INVALID
    for profile in (UNSIGNED_PROPOSALS, DOCUMENT):
        assert refusal(profile, proposal(profile, signer=signer)) is None


def test_an_unchecked_vote_on_a_proposal_is_not_counted() -> None:
    for profile, votes in ((HARDENED, 1), (UNSIGNED_PROPOSALS, 0), (DOCUMENT, 0)):
        offered = proposal(profile)
        assert len(vote_in(profile, offered)) == votes
        known: Known[PlainBlock] = Known(COMMITTEE)
        assert len(with_proposal(profile, PlainChain(profile, SEATS), known, offered).votes) == votes


def test_two_proposals_of_one_leader_in_one_view_contradict_each_other() -> None:
    first, second = proposal(HARDENED), proposal(HARDENED, number=2)
    assert refusal(HARDENED, first) is None
    assert refusal(HARDENED, second) is None
    assert contradicts(first.vote.statement, second.vote.statement)


@pytest.mark.parametrize(
    "changed",
    [
        {"block_hash": digest("another block")},
        {"view": View(6)},
        {"kind": VoteKind.FINALISE},
        {"epoch": Epoch(2)},
        {"committee": ClusterId(1)},
        {"chain_id": digest("another chain")},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_proposal_with_another_vote_than_that_for_its_block_is_refused(changed: dict[str, object]) -> None:
    offered = proposal(HARDENED)
    statement = replace(offered.vote.statement, **changed)
    vote = SignedStatement(Seat(0), statement, signature(HARDENED, 0, statement))
    assert refusal(HARDENED, replace(offered, vote=vote)) is RejectionCode.PROPOSAL_STATEMENT


def test_no_block_is_proposed_in_view_0() -> None:
    assert refusal(HARDENED, proposal(HARDENED, view=0, seat=0)) is RejectionCode.STATEMENT_MALFORMED


def test_a_proposal_with_a_bad_certificate_is_refused_even_where_the_statement_is_certified_already() -> None:
    chain = PlainChain(HARDENED, SEATS)
    statement = statement_of(COMMITTEE, VoteKind.NULLIFY, View(1), NO_BLOCK)
    good = certificate_by(HARDENED, statement, (0, 1, 2, 3), [0, 1, 2, 3])
    bad = replace(good, signatures=(*good.signatures[:3], Signature64(bytes(64))))
    known: Known[PlainBlock] = Known(COMMITTEE, certificates=frozenset({good}))
    for held in (Known(COMMITTEE), known):
        with pytest.raises(Rejected) as caught:
            with_proposal(HARDENED, chain, held, replace(proposal(HARDENED, view=2), certificates=(bad,)))
        assert caught.value.code is RejectionCode.SIGNATURE_INVALID


def vote_refusal(statement: Statement, seat: int = 0, signer: int = 0) -> RejectionCode | None:
    """The code for which a vote is refused."""
    try:
        check_vote(HARDENED, COMMITTEE, SignedStatement(Seat(seat), statement, signature(HARDENED, signer, statement)))
    except Rejected as rejected:
        return rejected.code
    return None


VOTE = statement_of(COMMITTEE, VoteKind.NOTARISE, View(1), digest("block"))


@pytest.mark.parametrize(
    ("statement", "seat", "signer", "code"),
    [
        (VOTE, 0, 0, None),
        (VOTE, 0, 1, RejectionCode.SIGNATURE_INVALID),
        (VOTE, SEATS, 0, RejectionCode.VOTE_SEAT_UNKNOWN),
        (VOTE, -1, 4, RejectionCode.VOTE_SEAT_UNKNOWN),
        (replace(VOTE, epoch=Epoch(2)), 0, 0, RejectionCode.VOTE_COMMITTEE),
        (replace(VOTE, committee=ClusterId(1)), 0, 0, RejectionCode.VOTE_COMMITTEE),
        (replace(VOTE, chain_id=digest("another chain")), 0, 0, RejectionCode.VOTE_COMMITTEE),
        (replace(VOTE, view=View(0)), 0, 0, RejectionCode.STATEMENT_MALFORMED),
        (replace(VOTE, kind=VoteKind.NULLIFY), 0, 0, RejectionCode.STATEMENT_MALFORMED),
        (replace(VOTE, block_hash=NO_BLOCK), 0, 0, RejectionCode.STATEMENT_MALFORMED),
    ],
)
def test_each_fault_of_a_vote_has_its_own_code(
    statement: Statement, seat: int, signer: int, code: RejectionCode | None
) -> None:
    assert vote_refusal(statement, seat, signer) is code


@pytest.mark.parametrize("kind", VoteKind)
@pytest.mark.parametrize("block_hash", [NO_BLOCK, digest("block")], ids=["no block", "block"])
def test_a_vote_names_a_block_unless_it_is_to_nullify(kind: VoteKind, block_hash: Hash32) -> None:
    statement = statement_of(COMMITTEE, kind, View(1), block_hash)
    if (kind is VoteKind.NULLIFY) == (block_hash == NO_BLOCK):
        check_statement(statement)
    else:
        with pytest.raises(Rejected) as caught:
            check_statement(statement)
        assert caught.value.code is RejectionCode.STATEMENT_MALFORMED
