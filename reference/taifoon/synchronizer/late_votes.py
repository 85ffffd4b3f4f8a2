"""Sections 2.4 and 5.1: the votes that a member of a cluster has heard, those after the certificate included (R-5.1-4).

A replica needs a quorum and passes over what comes later. Who is paid or charged by signatures needs every one of them,
so the member keeps late votes itself, for the blocks that its cluster has notarised.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from taifoon.core.accountability import SignedStatement, votes_of
from taifoon.core.attestation import carries_votes
from taifoon.core.block import ClusterBlock
from taifoon.core.knowledge import Known, is_certified
from taifoon.core.proposal import check_vote
from taifoon.core.replica_events import CertificateArrived, Event, ProposalArrived, VoteArrived
from taifoon.core.vote import VoteKind
from taifoon.primitives.types import View
from taifoon.profile import Profile
from taifoon.rejection import Rejected

Votes = tuple[SignedStatement, ...]


def votes_in(event: Event[ClusterBlock]) -> Votes:
    """The votes that an event brings, alone or in certificates."""
    match event:
        case VoteArrived(vote):
            return (vote,)
        case CertificateArrived(certificate):
            return votes_of(certificate)
        case ProposalArrived(proposal):
            return (proposal.vote, *chain.from_iterable(map(votes_of, proposal.certificates)))
        case _:
            return ()


def to_notarise(votes: Iterable[SignedStatement]) -> Iterator[SignedStatement]:
    """Those of the votes that are to notarise a block."""
    return (vote for vote in votes if vote.statement.kind is VoteKind.NOTARISE)


def held_votes(known: Known[ClusterBlock]) -> Votes:
    """The votes to notarise that the replica holds: those in certificates, then those in none."""
    listed = chain.from_iterable(map(votes_of, known.all_certificates()))
    loose = sorted(known.votes, key=lambda vote: (vote.statement.view, vote.seat, vote.statement.block_hash))
    return tuple(to_notarise((*listed, *loose)))


def with_late_votes(
    profile: Profile, known: Known[ClusterBlock], late: Votes, event: Event[ClusterBlock], oldest: View
) -> Votes:
    """The late votes after an event, from the view of the oldest block on that a leader may still need.

    Kept is one vote for each seat and notarised block that is in no certificate of the replica. So there are at most as
    many as seats for each view. A vote without its signature is passed over.
    """
    if not carries_votes(profile):
        return late
    kept = tuple(vote for vote in late if vote.statement.view >= oldest)
    for vote in to_notarise(votes_in(event)):
        if vote.statement.view < oldest or not is_certified(known, vote.statement):
            continue
        certificate = known.certificate(vote.statement.kind, vote.statement.view, vote.statement.block_hash)
        in_certificate = certificate is not None and vote.seat in certificate.seats
        if in_certificate or any((each.seat, each.statement) == (vote.seat, vote.statement) for each in kept):
            continue
        try:
            check_vote(profile, known.committee, vote)
        except Rejected:
            continue
        kept = (*kept, vote)
    return kept
