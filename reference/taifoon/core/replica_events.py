"""Sections 2.4 and 4.1: what a replica is told and what it asks for (R-2.4-4, R-2.4-5).

A replica does no input and no output: events go in, effects come out, and whoever drives it keeps the clock, the wires,
the disk and the keys. The effects of a step are carried out in their order, `Persist` before every send.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeAlias

from taifoon.core.accountability import SignedStatement
from taifoon.core.certificate import Certificate
from taifoon.core.consensus import Link, Voting
from taifoon.core.proposal import Block, Proposal
from taifoon.core.vote import Statement
from taifoon.primitives.types import Seat, View


@dataclass(frozen=True, slots=True)
class ProposalArrived(Generic[Block]):
    """A proposal came in, from another member or from this one itself."""

    proposal: Proposal[Block]


@dataclass(frozen=True, slots=True)
class VoteArrived:
    """A vote came in, from another member or from this one itself."""

    vote: SignedStatement


@dataclass(frozen=True, slots=True)
class CertificateArrived:
    """A certificate came in."""

    certificate: Certificate


@dataclass(frozen=True, slots=True)
class TimerEnded:
    """The timer of a view has ended; that of a view which is left counts for nothing."""

    view: View


@dataclass(frozen=True, slots=True)
class BlockBuilt(Generic[Block]):
    """The block for which `BuildBlock` asked is there."""

    block: Block


@dataclass(frozen=True, slots=True)
class CatchUpAsked:
    """Another member asks for what this one has from a view on."""

    view: View


@dataclass(frozen=True, slots=True)
class Restarted(Generic[Block]):
    """The member starts, with what it has stored; the first time that is nothing.

    `voting` is that of the last `Persist`, `proposals` are those of every `Persist` and its own; of certificates any
    that it kept, or none.
    """

    voting: Voting = field(default_factory=Voting)
    proposals: tuple[Proposal[Block], ...] = ()
    certificates: tuple[Certificate, ...] = ()


Event: TypeAlias = (
    ProposalArrived[Block]
    | VoteArrived
    | CertificateArrived
    | TimerEnded
    | BlockBuilt[Block]
    | CatchUpAsked
    | Restarted[Block]
)


@dataclass(frozen=True, slots=True)
class Persist(Generic[Block]):
    """Store this, and go on only when it is stored: the voting, and the proposals newly voted for.

    The vote so that no crash makes the member contradict itself; the proposal so that a notarised block is never lost:
    of its voters more than `f` are honest, and each has it.
    """

    voting: Voting
    proposals: tuple[Proposal[Block], ...]


@dataclass(frozen=True, slots=True)
class SendVote:
    """Sign a statement by the key of a seat and send it to all members, this one included."""

    seat: Seat
    statement: Statement


@dataclass(frozen=True, slots=True)
class SendProposal(Generic[Block]):
    """Sign a statement by the key of the leader's seat, store the proposal, and send it to all members.

    The member itself gets it too, by `ProposalArrived`.
    """

    block: Block
    seat: Seat
    statement: Statement
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class ForwardProposal(Generic[Block]):
    """Send another's proposal on to who has asked to catch up."""

    proposal: Proposal[Block]


@dataclass(frozen=True, slots=True)
class SendCertificate:
    """Send a certificate to all other members."""

    certificate: Certificate


@dataclass(frozen=True, slots=True)
class AskCatchUp:
    """Ask other members for what they have from a view on."""

    view: View


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Start the timer of a view; timers of other views are dropped."""

    view: View


@dataclass(frozen=True, slots=True)
class BuildBlock:
    """Build a block of a view on a parent, as the leader, and report it by `BlockBuilt`."""

    view: View
    parent: Link


@dataclass(frozen=True, slots=True)
class Finalised:
    """A block is final; its parent has been reported before."""

    link: Link


Effect: TypeAlias = (
    Persist[Block]
    | SendVote
    | SendProposal[Block]
    | ForwardProposal[Block]
    | SendCertificate
    | AskCatchUp
    | StartTimer
    | BuildBlock
    | Finalised
)
