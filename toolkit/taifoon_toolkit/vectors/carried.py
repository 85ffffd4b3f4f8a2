"""Vectors of votes that a leader carries, and of the jobs that completed batches stand for (R-2.3-10, R-2.1-11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core.attestation import Ancestor, attested, carried_votes
from taifoon.core.block import CarriedVote
from taifoon.core.cluster_log import jobs_under_batch_peaks
from taifoon.core.leaf import completion_of
from taifoon.core.vote import VoteKind
from taifoon.primitives.types import BlockNumber, Epoch, Hash32, View
from taifoon.profile import Profile
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import signature
from taifoon_toolkit.vectors.accountability import SignedGiven, signed_from
from taifoon_toolkit.vectors.blocks import (
    AncestorGiven,
    FinalGiven,
    ParentGiven,
    PlaceGiven,
    attendance_from,
    log_from,
)
from taifoon_toolkit.vectors.case import Case
from taifoon_toolkit.vectors.certificates import CommitteeGiven, committee_from, committee_given
from taifoon_toolkit.vectors.method import NORMATIVE, method
from taifoon_toolkit.vectors.wire import Digest

SECTION = "2.3"
SEATS = 2


@dataclass(frozen=True, slots=True)
class CarriersAsked:
    """A committee, the parent of the next block with what that may carry, and votes that its leader has heard."""

    committee: CommitteeGiven
    parent: ParentGiven
    heard: tuple[SignedGiven, ...]


@dataclass(frozen=True, slots=True)
class CarriedGiven:
    """The votes, by block and seat."""

    votes: tuple[CarriedVote, ...]


@dataclass(frozen=True, slots=True)
class BatchesAsked:
    """The blocks of a log from the first on."""

    blocks: tuple[FinalGiven, ...]


@dataclass(frozen=True, slots=True)
class BatchesGiven:
    """For each peak of the range of batches, the tallest mountain first, the completed jobs in the log's order."""

    peaks: tuple[tuple[Digest, ...], ...]


@method("block.carries", SECTION, "R-2.3-10", "R-5.1-1", "R-5.1-4", "RES-REWARD")
def carry(profile: Profile, given: CarriersAsked) -> CarriedGiven:
    """The votes that an honest leader carries."""
    heard = tuple(signed_from(each) for each in given.heard)
    committee = committee_from(given.committee)
    return CarriedGiven(carried_votes(profile, committee, attendance_from(given.parent), heard))


@method("batches.jobs", "2.1", "R-2.1-11", "R-2.1-10", "RES-BATCH")
def completed_jobs(profile: Profile, given: BatchesAsked) -> BatchesGiven:
    """The jobs that the peaks of completed batches stand for."""
    found = jobs_under_batch_peaks(profile, log_from(profile, given.blocks))
    return BatchesGiven(tuple(tuple(leaf.job_id for leaf in leaves) for leaves in found))


def carrier_cases() -> Iterator[Case]:
    """Votes heard in any order, copies, votes of others and for others, and those that are carried already."""
    committee = committee_given(SEATS)
    named = committee_from(committee)
    blocks = tuple(Ancestor(BlockNumber(4 + n), View(6 + n), digest(f"block {4 + n}")) for n in range(2))

    def said(place: int, seat: int, signer: int | None = None) -> SignedGiven:
        statement = attested(named, blocks[place])
        return SignedGiven(seat, statement, signature(NORMATIVE, seat if signer is None else signer, statement))

    ancestors = tuple(AncestorGiven(each.number, each.view, each.block_hash) for each in blocks)
    parent = ParentGiven(blocks[-1].block_hash, blocks[-1].view, 0, ancestors, ())
    first = said(0, 0)
    every = tuple(said(place, seat) for place in range(2) for seat in range(SEATS))
    finalised = replace(first.statement, kind=VoteKind.FINALISE)
    elsewhere = replace(first.statement, epoch=Epoch(first.statement.epoch + 1))
    unknown = replace(first.statement, block_hash=Hash32(bytes(32)))
    strange = tuple(
        SignedGiven(0, statement, signature(NORMATIVE, 0, statement)) for statement in (finalised, elsewhere, unknown)
    )
    rest = replace(parent, carried=(PlaceGiven(4, 0), PlaceGiven(5, 1)))
    heard = {
        "none": (parent, ()),
        "all": (parent, every),
        "turned": (parent, every[::-1]),
        "some": (parent, (every[3], every[0])),
        "copies": (parent, (first, first, every[1], first)),
        "strange-ones-between": (parent, (*strange, every[1], *strange, every[3])),
        "of-another-seat": (parent, (said(0, 0, signer=1), every[1])),
        "forged-beside-genuine": (parent, (replace(first, signature=bytes(64)), first)),
        "of-the-seat-beyond": (parent, (said(0, SEATS, signer=0), every[3])),
        "carried-already": (rest, every),
        "no-ancestors": (replace(parent, ancestors=(), carried=()), every),
    }
    for label, (on, votes) in heard.items():
        yield Case("block.carries", label, CarriersAsked(committee, on, votes))


def batch_cases() -> Iterator[Case]:
    """Logs of up to seven batches, of one and two jobs, in blocks that also take jobs in or do nothing else."""
    done = tuple(completion_of(intake(number), digest(f"proof {number}")) for number in range(10))

    def block(number: int) -> FinalGiven:
        leaves = (intake(number), done[number], intake(9 + number)) if number % 3 else (intake(number), done[number])
        return FinalGiven(digest(f"block {number}"), leaves)

    late = FinalGiven(digest("late"), (intake(8), intake(9), done[9], intake(40), done[8]))
    waited = FinalGiven(digest("waited"), (completion_of(intake(30), digest("proof 30")),))
    waiting = FinalGiven(digest("waiting"), (intake(30),))
    blocks = tuple(block(number) for number in range(7))
    for count in (0, 1, 2, 3, 5, 6, 7):
        yield Case("batches.jobs", f"{count}-batches", BatchesAsked(blocks[:count]))
    yield Case("batches.jobs", "two-jobs-in-a-batch", BatchesAsked((waiting, late, *blocks[:2])))
    yield Case("batches.jobs", "completions-in-a-row", BatchesAsked((waiting, blocks[0], waited)))
    yield Case("batches.jobs", "nothing-completed", BatchesAsked((waiting,)))


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from carrier_cases()
    yield from batch_cases()
