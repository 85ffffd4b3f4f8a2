"""Section 5.2: what a member sees of others' guilt while it votes (R-5.2-3, R-6.2-1).

Nobody is asked to look for offences: what a message brings is held against what the replica knows already. Two votes
that contradict each other, or a vote for a block that its bytes alone condemn, are evidence for anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from taifoon.core.accountability import Evidence as Contradiction
from taifoon.core.accountability import SignedStatement, contradicts, votes_of
from taifoon.core.block import ClusterBlock
from taifoon.core.certificate import Committee
from taifoon.core.knowledge import Known
from taifoon.core.vote import VoteKind, signs
from taifoon.economics.offences import CondemnedBlock, Offence
from taifoon.network.epoch_messages import EpochProposal
from taifoon.network.evidence import shown_of
from taifoon.network.kinds import Kind, P2PMessage, kinds
from taifoon.network.messages import BlockFinalized, BlockProposal, BlockVote, EvidenceReport, ViewCertificate
from taifoon.primitives.types import Hash32, PublicKey, View
from taifoon.profile import Profile

MOST_FOUND = 20
"""Offences of a key that a member notes in an epoch: as many of the mildest that a vote can be take the whole stake."""
MOST_CONDEMNED = 64
"""Invalid blocks whose voters a member looks out for."""

Witnessed: TypeAlias = Contradiction | CondemnedBlock
"""The evidence that a member comes by."""


@dataclass(frozen=True, slots=True)
class Condemned:
    """A block that its bytes alone condemn, and its hash."""

    block_hash: Hash32
    block: ClusterBlock


@dataclass(frozen=True, slots=True)
class Finding:
    """An offence, and what shows it."""

    offence: Offence
    evidence: Witnessed

    @property
    def report(self) -> EvidenceReport:
        """The evidence as a message."""
        return EvidenceReport(shown_of(self.evidence))


@dataclass(frozen=True, slots=True)
class Watch:
    """What a member has seen of others' guilt in an epoch: condemned blocks, and each offence once."""

    condemned: tuple[Condemned, ...] = ()
    found: tuple[Finding, ...] = ()

    def block(self, block_hash: Hash32) -> ClusterBlock | None:
        """A condemned block."""
        return next((each.block for each in self.condemned if each.block_hash == block_hash), None)

    def of_key(self, key: PublicKey) -> int:
        """How many offences of a key were found."""
        return sum(finding.offence.key == key for finding in self.found)


def reports_offences(profile: Profile) -> bool:
    """Rule: whether a member tells of what it has seen. Literally there is no message that could carry it."""
    return Kind.EVIDENCE_REPORT in kinds(profile)


def is_same(first: Offence, second: Offence) -> bool:
    """Whether two pieces of evidence show one offence: the same kind, key and slot."""
    return (first.kind, first.key, first.slot) == (second.kind, second.key, second.slot)


def with_condemned(watch: Watch, block_hash: Hash32, block: ClusterBlock) -> Watch:
    """With one more condemned block, while there is room."""
    if watch.block(block_hash) is not None or len(watch.condemned) >= MOST_CONDEMNED:
        return watch
    return replace(watch, condemned=(*watch.condemned, Condemned(block_hash, block)))


def with_finding(watch: Watch, finding: Finding) -> Watch:
    """With an offence, once, and no more of a key than can be punished."""
    offence = finding.offence
    if any(is_same(each.offence, offence) for each in watch.found) or watch.of_key(offence.key) >= MOST_FOUND:
        return watch
    return replace(watch, found=(*watch.found, finding))


def signed_in_message(message: P2PMessage) -> tuple[SignedStatement, ...]:
    """The votes that a message brings to a member of its committee, alone or in certificates."""
    match message:
        case BlockVote(vote):
            return (vote.signed,)
        case ViewCertificate(certificate):
            return votes_of(certificate)
        case BlockFinalized(_, notarisation, finalisation):
            return (*votes_of(notarisation), *votes_of(finalisation))
        case BlockProposal(_, vote, certificates) | EpochProposal(_, vote, certificates):
            carried = (signed for each in certificates for signed in votes_of(each))
            return (vote.signed, *carried)
        case _:
            return ()


def signed_in_view(known: Known[Any], view: View) -> tuple[SignedStatement, ...]:
    """The votes of a view that a replica knows, alone or in certificates, by seat and signature."""
    alone = (vote for vote in known.votes if vote.statement.view == view)
    certified = (each for each in known.certificates if each.statement.view == view)
    found = {*alone, *(signed for each in certified for signed in votes_of(each))}
    return tuple(sorted(found, key=lambda signed: (signed.seat, signed.signature)))


def is_genuine(profile: Profile, committee: Committee, signed: SignedStatement) -> bool:
    """Whether a seat of the committee has signed a vote."""
    keys, seat = committee.keys, signed.seat
    return 0 <= seat < len(keys) and signs(profile, keys[seat], signed.statement, signed.signature)


def contradictions(profile: Profile, known: Known[Any], news: tuple[SignedStatement, ...]) -> Iterator[Contradiction]:
    """The first pair of contradicting votes for each of the new votes that has one, up to the first forged one.

    Who sends a forged vote is read no further: a message may hold any number of them.
    """
    views = {signed.statement.view for signed in news}
    held = {view: signed_in_view(known, view) for view in sorted(views)}
    for signed in news:
        for other in held[signed.statement.view]:
            if other.seat == signed.seat and contradicts(other.statement, signed.statement):
                if not is_genuine(profile, known.committee, signed):
                    return
                yield Contradiction(other, signed)
                break


def condemned_votes(
    profile: Profile, committee: Committee, watch: Watch, votes: tuple[SignedStatement, ...]
) -> Iterator[CondemnedBlock]:
    """The votes to notarise a condemned block, each with the block, up to the first forged one."""
    for signed in votes:
        block = watch.block(signed.statement.block_hash)
        if block is not None and signed.statement.kind is VoteKind.NOTARISE:
            if not is_genuine(profile, committee, signed):
                return
            yield CondemnedBlock(signed, block)
