"""Sections 2.4 and 4.1: what a leader proposes, and whose word it is (R-2.3-7, R-2.4-4, R-4.1-7).

A leader signs its proposal by its own vote to notarise it. So the vote that is stored before it is sent covers the
proposal as well, and two proposals of one leader in one view are the offence of two votes to notarise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from taifoon.core.accountability import SignedStatement, statement_of
from taifoon.core.certificate import Certificate, ClaimedConsensus, Committee
from taifoon.core.consensus import FIRST_VIEW, Link
from taifoon.core.vote import NO_BLOCK, Statement, VoteKind, signs
from taifoon.primitives.types import Hash32, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

Block = TypeVar("Block")
AnyBlock = TypeVar("AnyBlock", contravariant=True)


class Chain(Protocol[AnyBlock]):
    """What voting asks of a chain's blocks; the cluster chain and the epoch chain each answer in their way."""

    @property
    def genesis(self) -> Hash32:
        """The hash on which the first block of the epoch stands."""

    def link(self, block: AnyBlock) -> Link:
        """A block's hash and view, and those of its parent."""

    def claims(self, block: AnyBlock) -> ClaimedConsensus | None:
        """What a block says of its own committee; only a profile without `RES-DERIVE` listens."""

    def is_valid(self, parent: Link, block: AnyBlock) -> bool:
        """Whether a block is valid on its parent; a function of the two alone (`RES-VALID`)."""

    def leader(self, view: View) -> Seat:
        """The seat of the committee that leads a view."""


@dataclass(frozen=True, slots=True)
class Proposal(Generic[Block]):
    """A block, its leader's vote to notarise it, and the certificates on which the block stands.

    The certificates are that of the parent and those of the nullified views between parent and block.
    """

    block: Block
    vote: SignedStatement
    certificates: tuple[Certificate, ...]


def check_statement(statement: Statement) -> None:
    """Demand that a statement can be meant: a view from 1, and a block exactly where the vote is for one.

    Rejects with STATEMENT_MALFORMED.
    """
    names_block = statement.block_hash != NO_BLOCK
    if statement.view < FIRST_VIEW or names_block != (statement.kind is not VoteKind.NULLIFY):
        raise Rejected(
            RejectionCode.STATEMENT_MALFORMED,
            f"a vote to {statement.kind.value} in view {statement.view}, block {statement.block_hash.hex()}",
        )


def check_vote(profile: Profile, committee: Committee, vote: SignedStatement) -> None:
    """Accept that a seat of the committee has voted so, or reject.

    Rejects with STATEMENT_MALFORMED, VOTE_COMMITTEE, VOTE_SEAT_UNKNOWN, SIGNATURE_INVALID.
    """
    statement = vote.statement
    check_statement(statement)
    if statement != statement_of(committee, statement.kind, statement.view, statement.block_hash):
        raise Rejected(
            RejectionCode.VOTE_COMMITTEE,
            f"the vote is of epoch {statement.epoch}, committee {statement.committee}, "
            f"chain {statement.chain_id.hex()}; the member's are {committee.epoch}, {committee.cluster}, "
            f"{committee.chain_id.hex()}",
        )
    if not 0 <= vote.seat < len(committee.keys):
        raise Rejected(RejectionCode.VOTE_SEAT_UNKNOWN, f"seat {vote.seat} in a committee of {len(committee.keys)}")
    if not signs(profile, committee.keys[vote.seat], statement, vote.signature):
        raise Rejected(RejectionCode.SIGNATURE_INVALID, f"the signature of seat {vote.seat} is not under this vote")


def is_signed_by_leader(profile: Profile, committee: Committee, vote: SignedStatement) -> bool:
    """Rule: whether a proposal is its leader's. Literally it is whoever the block names; nobody signs."""
    if Resolution.SIGNED_PROPOSAL in profile:
        return signs(profile, committee.keys[vote.seat], vote.statement, vote.signature)
    return True


def vote_in(profile: Profile, proposal: Proposal[Block]) -> tuple[SignedStatement, ...]:
    """Rule: the vote that a proposal brings with it. Literally none, since none was checked."""
    return (proposal.vote,) if Resolution.SIGNED_PROPOSAL in profile else ()


def check_proposal(profile: Profile, committee: Committee, chain: Chain[Block], proposal: Proposal[Block]) -> Link:
    """Accept a proposal as that of the leader of its view, or reject; gives the block's link.

    Whether the block is valid is decided later, when its parent is known; the certificates are checked apart. Rejects
    with PROPOSAL_STATEMENT, STATEMENT_MALFORMED, PROPOSAL_WRONG_LEADER, SIGNATURE_INVALID.
    """
    link, vote = chain.link(proposal.block), proposal.vote
    if vote.statement != statement_of(committee, VoteKind.NOTARISE, link.view, link.block_hash):
        raise Rejected(
            RejectionCode.PROPOSAL_STATEMENT,
            f"{vote.statement} is not the vote to notarise {link.block_hash.hex()} of view {link.view}",
        )
    check_statement(vote.statement)
    leader = chain.leader(link.view)
    if vote.seat != leader:
        raise Rejected(
            RejectionCode.PROPOSAL_WRONG_LEADER, f"seat {vote.seat} proposes in view {link.view}; seat {leader} leads"
        )
    if not is_signed_by_leader(profile, committee, vote):
        raise Rejected(
            RejectionCode.SIGNATURE_INVALID, f"the leader's signature is not under the proposal of view {link.view}"
        )
    return link
