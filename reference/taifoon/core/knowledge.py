"""Sections 2.4 and 4.1: what a member has learnt from messages (R-2.3-10, R-2.4-5, R-4.1-7).

Proposals, votes and certificates, checked as they come in and kept as sets: whatever the order of arrival, the same
blocks are known and the same statements certified. Only who signed a certificate, where more than a quorum did, depends
on which votes came first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Generic

from taifoon.core.accountability import FinalityProof, SignedStatement, demanded, statement_of
from taifoon.core.certificate import Certificate, ClaimedConsensus, Committee, check_certificate, deciding
from taifoon.core.consensus import FIRST_VIEW, GENESIS_VIEW, Certified, Link, final_kinds
from taifoon.core.proposal import Block, Chain, Proposal, check_proposal, check_statement, check_vote, vote_in
from taifoon.core.vote import Statement, VoteKind
from taifoon.primitives.types import Hash32, PublicKey, Seat, View
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode

KINDS = tuple(VoteKind)


@dataclass(frozen=True, slots=True)
class Held(Generic[Block]):
    """A proposal that was accepted, and its block's link."""

    link: Link
    proposal: Proposal[Block]


@dataclass(frozen=True, slots=True)
class Known(Generic[Block]):
    """What a member holds: proposals by link, one a block; certificates, one a statement; and votes not yet in one."""

    committee: Committee
    proposals: tuple[Held[Block], ...] = ()
    votes: frozenset[SignedStatement] = frozenset()
    certificates: frozenset[Certificate] = frozenset()

    def held(self, block_hash: Hash32) -> Held[Block] | None:
        """The proposal of a block, if it has come."""
        return next((held for held in self.proposals if held.link.block_hash == block_hash), None)

    def certificate(self, kind: VoteKind, view: View, block_hash: Hash32) -> Certificate | None:
        """The certificate of a statement of this committee, if it has come or enough votes have."""
        statement = statement_of(self.committee, kind, view, block_hash)
        return next((item for item in self.certificates if item.statement == statement), None)

    def certificates_of(self, view: View) -> tuple[Certificate, ...]:
        """The certificates of a view, in the order of kind and block."""
        return tuple(item for item in self.all_certificates() if item.statement.view == view)

    def all_certificates(self) -> tuple[Certificate, ...]:
        """Every certificate, in the order of view, kind and block."""

        def place(item: Certificate) -> tuple[View, int, Hash32]:
            return item.statement.view, KINDS.index(item.statement.kind), item.statement.block_hash

        return tuple(sorted(self.certificates, key=place))

    def certified(self, genesis: Hash32) -> Certified:
        """The certificates as the voting rules look at them."""
        statements = [item.statement for item in self.certificates]
        return Certified(
            genesis,
            frozenset((item.view, item.block_hash) for item in statements if item.kind is VoteKind.NOTARISE),
            frozenset(item.view for item in statements if item.kind is VoteKind.NULLIFY),
        )


def is_certified(known: Known[Block], statement: Statement) -> bool:
    """Whether a certificate of a statement is held."""
    return any(item.statement == statement for item in known.certificates)


def claims_of(chain: Chain[Block], known: Known[Block], block_hash: Hash32) -> ClaimedConsensus | None:
    """What the block of a statement says of its committee; nothing where the block is not known."""
    held = known.held(block_hash)
    return chain.claims(held.proposal.block) if held is not None else None


def place_of(members: tuple[PublicKey, ...], committee: Committee, seat: Seat) -> Seat | None:
    """The place of a seat among the members that count: its own, unless a block names other members."""
    if members == committee.keys:
        return seat
    key = committee.keys[seat]
    return Seat(members.index(key)) if key in members else None


def counted(profile: Profile, chain: Chain[Block], known: Known[Block], statement: Statement) -> Known[Block]:
    """With a certificate of a statement, as soon as the votes for it are a quorum."""
    members, needed = deciding(profile, known.committee, claims_of(chain, known, statement.block_hash))
    votes = sorted((vote for vote in known.votes if vote.statement == statement), key=lambda vote: vote.seat)
    places = ((place_of(members, known.committee, vote.seat), vote.signature) for vote in votes)
    signed = {place: signature for place, signature in places if place is not None}
    if len(signed) < needed or is_certified(known, statement):
        return known
    seats = tuple(sorted(signed))
    certificate = Certificate(statement, seats, tuple(signed[seat] for seat in seats))
    return replace(known, votes=known.votes.difference(votes), certificates=known.certificates | {certificate})


def with_vote(profile: Profile, chain: Chain[Block], known: Known[Block], vote: SignedStatement) -> Known[Block]:
    """With a vote, or the certificate that it completes. A vote that tells nothing new is passed over unread.

    Rejects as `check_vote` does.
    """
    statement = vote.statement
    heard = any(other.seat == vote.seat and other.statement == statement for other in known.votes)
    if heard or is_certified(known, statement):
        return known
    check_vote(profile, known.committee, vote)
    return counted(profile, chain, replace(known, votes=known.votes | {vote}), statement)


def checked(profile: Profile, chain: Chain[Block], known: Known[Block], certificate: Certificate) -> Certificate:
    """A certificate that the committee could have made. Rejects as `check_statement` and `check_certificate` do."""
    statement = certificate.statement
    check_statement(statement)
    claimed = claims_of(chain, known, statement.block_hash)
    check_certificate(profile, known.committee, statement, certificate, claimed)
    return certificate


def with_certificate(
    profile: Profile, chain: Chain[Block], known: Known[Block], certificate: Certificate
) -> Known[Block]:
    """With a certificate, in place of the votes for its statement. One that tells nothing new is passed over unread.

    Rejects as `checked` does.
    """
    statement = certificate.statement
    if is_certified(known, statement):
        return known
    checked(profile, chain, known, certificate)
    votes = frozenset(vote for vote in known.votes if vote.statement != statement)
    return replace(known, votes=votes, certificates=known.certificates | {certificate})


def with_certificates(
    profile: Profile, chain: Chain[Block], known: Known[Block], certificates: tuple[Certificate, ...]
) -> Known[Block]:
    """With the certificates that a proposal brings; each is read, known or not. Rejects as `checked` does."""
    for certificate in certificates:
        known = with_certificate(profile, chain, known, checked(profile, chain, known, certificate))
    return known


def with_proposal(
    profile: Profile, chain: Chain[Block], known: Known[Block], proposal: Proposal[Block]
) -> Known[Block]:
    """With a proposal, its certificates and its leader's vote.

    Every certificate is read, known or not, so that the order of arrival does not decide whether the proposal is
    accepted. Rejects as `check_proposal` and `checked` do.
    """
    link = check_proposal(profile, known.committee, chain, proposal)
    known = with_certificates(profile, chain, known, proposal.certificates)
    if known.held(link.block_hash) is None:
        proposals = sorted((*known.proposals, Held(link, proposal)), key=lambda held: held.link)
        known = replace(known, proposals=tuple(proposals))
    for vote in vote_in(profile, proposal):
        known = with_vote(profile, chain, known, vote)
    # Where a block sets its own threshold, votes that came before it may be enough now.
    return counted(profile, chain, known, proposal.vote.statement)


def genesis_link(genesis: Hash32) -> Link:
    """Genesis, which every member knows, as a parent."""
    return Link(GENESIS_VIEW, genesis, GENESIS_VIEW, genesis)


def parent_of(chain: Chain[Block], known: Known[Block], link: Link) -> Link | None:
    """The parent of a block, if it is known and is of the view that the block says."""
    if (link.parent_view, link.parent_hash) == (GENESIS_VIEW, chain.genesis):
        return genesis_link(chain.genesis)
    held = known.held(link.parent_hash)
    return held.link if held is not None and held.link.view == link.parent_view else None


def path_to(chain: Chain[Block], known: Known[Block], link: Link) -> tuple[Link, ...]:
    """A block and its ancestors down to the child of genesis; empty where one of them is not known."""
    path = [link]
    while (parent := parent_of(chain, known, path[-1])) is not None and parent.view < path[-1].view:
        if parent.view == GENESIS_VIEW:
            return tuple(path)
        path.append(parent)
    return ()


def final_links(profile: Profile, chain: Chain[Block], known: Known[Block]) -> tuple[Link, ...]:
    """The blocks that are final by what is known, and their ancestors, by view; each with its path to genesis."""
    certified = {item.statement for item in known.certificates}
    grounded: dict[Hash32, Link] = {}
    for link in (held.link for held in known.proposals):
        parent = parent_of(chain, known, link)
        if parent is not None and (parent.view == GENESIS_VIEW or parent.block_hash in grounded):
            grounded[link.block_hash] = link
    final: dict[Hash32, Link] = {}
    wanted: set[Hash32] = set()
    for link in sorted(grounded.values(), reverse=True):
        statements = (statement_of(known.committee, kind, link.view, link.block_hash) for kind in final_kinds(profile))
        if link.block_hash in wanted or all(statement in certified for statement in statements):
            final[link.block_hash] = link
            wanted.add(link.parent_hash)
    return tuple(sorted(final.values()))


def finality_proof(profile: Profile, chain: Chain[Block], known: Known[Block], link: Link) -> FinalityProof:
    """The proof that a block is final, for anybody to check. Rejects with FINALITY_PATH, FINALITY_INCOMPLETE."""
    path = path_to(chain, known, link)
    if not path:
        raise Rejected(RejectionCode.FINALITY_PATH, f"an ancestor of the block of view {link.view} is not known")
    found = []
    for statement in demanded(profile, known.committee, path):
        certificate = known.certificate(statement.kind, statement.view, statement.block_hash)
        if certificate is None:
            raise Rejected(
                RejectionCode.FINALITY_INCOMPLETE, f"no certificate to {statement.kind.value} in view {statement.view}"
            )
        found.append(certificate)
    return FinalityProof(path, tuple(found))


def first_lacking(known: Known[Block], view: View) -> View:
    """The first view, up to the member's own, of which it lacks the certificate or a notarised block."""
    ended = {item.statement.view for item in known.certificates if item.statement.kind is not VoteKind.FINALISE}
    unknown = {
        item.statement.view
        for item in known.certificates
        if item.statement.kind is not VoteKind.NULLIFY and known.held(item.statement.block_hash) is None
    }
    return min((view, *unknown, *(View(number) for number in range(FIRST_VIEW, view) if number not in ended)))
