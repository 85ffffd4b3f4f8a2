"""Sections 4.1 and 5.2: evidence as it travels (R-5.2-1 to R-5.2-4).

A report carries what the offender signed, and nothing that has to be believed: each form here is one that the judge of
section 5.2 convicts by. An accusation has no form, since it shows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias

from taifoon.core.accountability import Evidence as Contradiction
from taifoon.core.block import ClusterBlock
from taifoon.economics.offences import (
    CondemnedBlock,
    FalseSubmission,
    RootClaim,
    Submission,
    TwoRoots,
)
from taifoon.network.parts import Vote, vote_of
from taifoon.primitives.encoding import Length
from taifoon.primitives.types import PublicKey, Signature64

Signature = Annotated[Signature64, Length(64)]


@dataclass(frozen=True, slots=True)
class VotesShown:
    """Two votes of one seat that contradict each other."""

    first: Vote
    second: Vote


@dataclass(frozen=True, slots=True)
class BlockShown:
    """A vote to notarise, and the invalid block that it is for."""

    vote: Vote
    block: ClusterBlock


@dataclass(frozen=True, slots=True)
class SubmissionShown:
    """A signed submission whose proof does not verify."""

    submission: Submission
    signature: Signature


@dataclass(frozen=True, slots=True)
class RootsShown:
    """Two roots that one key signed for one height."""

    key: Annotated[PublicKey, Length(32)]
    first: RootClaim
    first_signature: Signature
    second: RootClaim
    second_signature: Signature


Shown: TypeAlias = VotesShown | BlockShown | SubmissionShown | RootsShown
"""The forms of evidence; the order is the encoding."""

ShownEvidence: TypeAlias = Contradiction | CondemnedBlock | FalseSubmission | TwoRoots
"""The evidence that has a form: all but accusations."""


def shown_of(evidence: ShownEvidence) -> Shown:
    """Evidence, ready to travel."""
    match evidence:
        case Contradiction(first, second):
            return VotesShown(vote_of(first), vote_of(second))
        case CondemnedBlock(vote, block):
            return BlockShown(vote_of(vote), block)
        case FalseSubmission(submission, signature):
            return SubmissionShown(submission, signature)
        case TwoRoots(key, first, first_signature, second, second_signature):
            return RootsShown(key, first, first_signature, second, second_signature)


def evidence_of(shown: Shown) -> ShownEvidence:
    """Evidence that has travelled, for the judge; nothing is checked yet."""
    match shown:
        case VotesShown(first, second):
            return Contradiction(first.signed, second.signed)
        case BlockShown(vote, block):
            return CondemnedBlock(vote.signed, block)
        case SubmissionShown(submission, signature):
            return FalseSubmission(submission, signature)
        case RootsShown(key, first, first_signature, second, second_signature):
            return TwoRoots(key, first, first_signature, second, second_signature)
