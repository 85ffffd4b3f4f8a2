"""Vectors of evidence: what each form of it shows, and what shows nothing (R-5.2-1 to R-5.2-4, RES-EVID, RES-SLASH)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core.assignment import SeatKey
from taifoon.core.certificate import Committee
from taifoon.core.validity import Formation
from taifoon.core.vote import Statement, VoteKind
from taifoon.economics import offences
from taifoon.economics.offences import Claim, Jurisdiction, OffenceKind, RootClaim, Slot, Submission, sign_claim
from taifoon.network.evidence import RootsShown, Shown, SubmissionShown, VotesShown, evidence_of
from taifoon.network.parts import Vote
from taifoon.primitives.types import (
    BlockNumber,
    ClusterId,
    Epoch,
    Hash32,
    LeafCount,
    Seat,
    Signature64,
    View,
)
from taifoon.profile import Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon_models.blocks import (
    CHAIN,
    PROOFS,
    formation_of,
    proof_of,
)
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key, seed, signature
from taifoon_toolkit.vectors.block_cases import SMALL, formation_given
from taifoon_toolkit.vectors.blocks import FormationGiven, formation_from, with_most_jobs
from taifoon_toolkit.vectors.case import Case, Double, Fault, Sibling, agree
from taifoon_toolkit.vectors.method import NORMATIVE, method
from taifoon_toolkit.vectors.wire import Digest, Small

SECTION = "5.2"
NAME = "offence.judge"


@dataclass(frozen=True, slots=True)
class OffenceAsked:
    """A chain, the one cluster of it that the judge knows, the parameter `maximum_jobs`, and evidence as it travels."""

    chain_id: Digest
    formation: FormationGiven
    maximum_jobs: Small
    evidence: Shown


@dataclass(frozen=True, slots=True)
class OffenceGiven:
    """The offence: its identity, its kind, key and slot, and the seats of its key among those of the committee."""

    identity: Digest
    kind: OffenceKind
    key: Digest
    slot: Slot
    seats: Small
    committee_seats: Small


@method(NAME, SECTION, "R-5.2-1", "R-5.2-2", "R-5.2-3", "R-5.2-4", "RES-EVID", "RES-SLASH.double-vote", "RES-SLASH")
def judge(profile: Profile, given: OffenceAsked) -> OffenceGiven:
    """The offence that evidence shows from its bytes alone."""
    judged = with_most_jobs(profile, given.maximum_jobs)
    formation = formation_from(judged, given.formation)
    chain = Hash32(given.chain_id)
    committee = Committee(chain, formation.epoch, formation.cluster, formation.keys)
    jurisdiction = Jurisdiction(chain, (committee,), (formation,), PROOFS)
    found = offences.judge(judged, jurisdiction, evidence_of(given.evidence))
    identity = offences.offence_id(judged, found)
    return OffenceGiven(identity, found.kind, found.key, found.slot, found.seats, found.committee_seats)


CODE = RejectionCode.EVIDENCE_UNCONVINCING
SEATS = 2
FORMATION = formation_of(SEATS)
CLUSTER, EPOCH = FORMATION.cluster, FORMATION.epoch
CONTRADICTS = Double("believes that two votes contradict each other", "taifoon.economics.offences:is_offence", agree)
DIFFER = Double("believes that two roots differ", "taifoon.economics.offences:contradicts_root", agree)
VERIFIES_NOTHING = Double("verifies no proof", "taifoon.economics.offences:proves", lambda *_: False)


def asked(evidence: Shown, formation: Formation = FORMATION) -> OffenceAsked:
    """What this evidence shows."""
    return OffenceAsked(CHAIN, formation_given(formation), SMALL.parameters.maximum_jobs, evidence)


def vote(kind: VoteKind, view: int, block: bytes, seat: int, holder: int | None = None, **changes: Any) -> Vote:
    """The vote of a seat, which the key of its number holds, or `holder`."""
    statement = replace(Statement(CHAIN, EPOCH, CLUSTER, View(view), kind, Hash32(block)), **changes)
    return Vote(statement, Seat(seat), signature(NORMATIVE, seat if holder is None else holder, statement))


# --- Votes. ---


def vote_cases() -> Iterator[Case]:
    """Two votes that contradict each other, by each seat, and pairs that do not convict."""
    notarise, finalise, nullify = VoteKind.NOTARISE, VoteKind.FINALISE, VoteKind.NULLIFY
    one, other, none = digest("one"), digest("other"), bytes(32)

    def pair(seat: int, view: int = 7, **changes: Any) -> VotesShown:
        return VotesShown(*(vote(notarise, view, block, seat, **changes) for block in (one, other)))

    for seat in range(SEATS):
        yield Case(NAME, f"two-votes-of-seat-{seat}", asked(pair(seat)))
    mixed = VotesShown(vote(nullify, 3, none, 1), vote(finalise, 3, one, 1))
    yield Case(NAME, "two-votes-to-nullify-and-finalise", asked(mixed))
    yield Case(NAME, "two-votes-of-two-seats-of-a-key", asked(pair(2, holder=0), of_one_key()))
    both = VotesShown(vote(notarise, 3, one, 1), vote(finalise, 3, one, 1))
    yield Case(NAME, "two-votes-that-agree", asked(both), CODE, CONTRADICTS)
    again = replace(pair(1), second=pair(1).first)
    yield Case(NAME, "one-vote-twice", asked(again), CODE, CONTRADICTS)
    two = replace(pair(1), second=pair(0).second)
    yield Case(NAME, "two-votes-of-two-seats", asked(two), CODE, CONTRADICTS)
    unsigned = replace(pair(1), second=replace(pair(1).second, signature=Signature64(bytes(64))))
    yield Case(NAME, "two-votes-one-unsigned", asked(unsigned), CODE, CONTRADICTS)
    edits: dict[str, dict[str, Any]] = {
        "chain": {"chain_id": digest("another chain")},
        "epoch-before": {"epoch": Epoch(EPOCH - 1)},
        "epoch-after": {"epoch": Epoch(EPOCH + 1)},
        "cluster-before": {"committee": ClusterId(CLUSTER - 1)},
        "cluster-after": {"committee": ClusterId(CLUSTER + 1)},
    }
    for label, changes in edits.items():
        edit = Sibling(asked(pair(1)), f"votes of another {label.partition('-')[0]}")
        yield Case(NAME, f"two-votes-of-another-{label}", asked(pair(1, **changes)), CODE, edit)


def of_one_key() -> Formation:
    """A cluster of four seats, three of which are of one key."""
    held = ((0, 0), (1, 0), (0, 1), (0, 2))
    return replace(FORMATION, seats=tuple(SeatKey(key(number), Seat(seat)) for number, seat in held))


# --- Submissions and roots. ---


def signed(claim: Claim, number: int) -> Signature64:
    """The signature of a key under a claim."""
    return sign_claim(NORMATIVE, seed(number), claim)


def submission_cases() -> Iterator[Case]:
    """Submissions of false proofs, of true ones, and those that nobody signed."""
    job = intake(0)
    false = Submission(CHAIN, EPOCH, key(1), job, b"no proof")
    variants = {
        "false-proof": false,
        "no-proof": replace(false, proof=b""),
        "proof-of-another-job": replace(false, proof=proof_of(intake(1).job_id, key(1))),
        "proof-of-another-prover": replace(false, proof=proof_of(job.job_id, key(2))),
        "of-an-epoch-to-come": replace(false, epoch=Epoch(EPOCH + 9)),
        "of-another-job": replace(false, job=intake(5)),
    }
    for label, claim in variants.items():
        yield Case(NAME, f"submission-{label}", asked(SubmissionShown(claim, signed(claim, 1))))
    true = replace(false, proof=proof_of(job.job_id, key(1)))
    yield Case(NAME, "submission-true", asked(SubmissionShown(true, signed(true, 1))), CODE, VERIFIES_NOTHING)
    for label, under in (("unsigned", Signature64(bytes(64))), ("signed-by-another", signed(false, 2))):
        shown = asked(SubmissionShown(false, under))
        yield Case(NAME, f"submission-{label}", shown, CODE, Resolution.EVIDENCE)
    edit = Sibling(asked(SubmissionShown(false, signed(false, 1))), "another chain")
    for label, chain in (("a-lower", bytes(32)), ("a-higher", b"\xff" * 32)):
        other = replace(false, chain_id=Hash32(chain))
        shown = asked(SubmissionShown(other, signed(other, 1)))
        yield Case(NAME, f"submission-of-{label}-chain", shown, CODE, edit)


def root_cases() -> Iterator[Case]:
    """Two roots of one height, roots that may both be, and roots that no member signed."""
    first = RootClaim(CHAIN, EPOCH, CLUSTER, BlockNumber(4), LeafCount(9), digest("a root"))

    def pair(second: RootClaim, number: int = 1, signer: int | None = None, one: RootClaim = first) -> RootsShown:
        by = number if signer is None else signer
        return RootsShown(key(number), one, signed(one, number), second, signed(second, by))

    root, count = replace(first, root=digest("another root")), replace(first, count=LeafCount(10))
    for seat in (0, SEATS - 1):
        yield Case(NAME, f"roots-of-seat-{seat}", asked(pair(root, seat)))
    yield Case(NAME, "roots-of-two-counts", asked(pair(count)))
    yield Case(NAME, "roots-of-two-counts-turned", asked(pair(first, one=count)))
    yield Case(NAME, "roots-of-three-seats", asked(pair(root, 0), of_one_key()))
    innocent: dict[str, tuple[RootClaim, Fault]] = {
        "twice-the-same": (first, DIFFER),
        "of-two-heights": (replace(root, height=BlockNumber(5)), DIFFER),
        "of-an-earlier-height": (replace(root, height=BlockNumber(3)), DIFFER),
        "of-two-epochs": (replace(root, epoch=Epoch(EPOCH + 1)), DIFFER),
        "of-two-clusters": (replace(root, cluster=ClusterId(CLUSTER + 1)), DIFFER),
        "of-two-chains": (replace(root, chain_id=digest("another chain")), DIFFER),
    }
    for label, (second, fault) in innocent.items():
        yield Case(NAME, f"roots-{label}", asked(pair(second)), CODE, fault)
    guilty = asked(pair(root))
    for label, shown in (
        ("second", pair(root, signer=0)),
        ("first", replace(pair(root), first_signature=Signature64(bytes(64)))),
    ):
        yield Case(NAME, f"roots-{label}-unsigned", asked(shown), CODE, Resolution.EVIDENCE)
    stranger = asked(pair(root, SEATS))
    yield Case(NAME, "roots-of-a-stranger", stranger, CODE, Sibling(guilty, "a key without a seat"))
    others: dict[str, dict[str, Any]] = {
        "chain": {"chain_id": digest("another chain")},
        "epoch": {"epoch": Epoch(EPOCH + 1)},
        "cluster": {"cluster": ClusterId(CLUSTER + 1)},
    }
    for label, changes in others.items():
        one, two = (replace(each, **changes) for each in (first, root))
        edit = Sibling(guilty, f"another {label}")
        yield Case(NAME, f"roots-in-another-{label}", asked(pair(two, one=one)), CODE, edit)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    subjects = (
        ("RES-SLASH.double-vote", vote_cases()),
        ("R-5.2-1", submission_cases()),
        ("R-5.2-3", root_cases()),
    )
    for requirement, found in subjects:
        for case in found:
            yield replace(case, requirements=(requirement,))
