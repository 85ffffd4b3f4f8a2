"""Vectors of finality proofs and of the evidence that two conflicting ones give (R-6.2-1, RES-BFT)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core import accountability
from taifoon.core.accountability import Evidence, FinalityProof, SignedStatement
from taifoon.core.certificate import Certificate
from taifoon.core.vote import Statement, VoteKind
from taifoon.primitives.types import Hash32, Seat, Signature64
from taifoon.profile import Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon_models.keys import signature
from taifoon_toolkit.vectors.case import Case, Sibling
from taifoon_toolkit.vectors.certificates import (
    CommitteeGiven,
    committee_from,
    committee_given,
    signed_by,
    statement_in,
)
from taifoon_toolkit.vectors.method import ACCEPTED, NORMATIVE, Nothing, method
from taifoon_toolkit.vectors.votes import A1, A2, B1, B2, ROOT, OneLink, link_from
from taifoon_toolkit.vectors.wire import Digest, Signed, Small

SECTION = "6.2"
GREATEST_SKIP = 1000


@dataclass(frozen=True, slots=True)
class ProofGiven:
    """The path from a final block down to the child of genesis, and the certificates, in any order."""

    path: tuple[OneLink, ...]
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class FinalityAsked:
    """A committee, its genesis and a finality proof."""

    committee: CommitteeGiven
    genesis: Digest
    proof: ProofGiven


@dataclass(frozen=True, slots=True)
class SignedGiven:
    """A statement with the signature of a seat."""

    seat: Small
    statement: Statement
    signature: Signed


@dataclass(frozen=True, slots=True)
class EvidenceAsked:
    """A committee, and two statements that are said to be of one seat."""

    committee: CommitteeGiven
    first: SignedGiven
    second: SignedGiven


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether the evidence convicts."""

    convicts: bool


@dataclass(frozen=True, slots=True)
class ConflictAsked:
    """Two finality proofs of one committee."""

    committee: CommitteeGiven
    genesis: Digest
    first: ProofGiven
    second: ProofGiven


@dataclass(frozen=True, slots=True)
class GuiltGiven:
    """The guilty seats, in increasing order."""

    seats: tuple[Small, ...]


def proof_from(given: ProofGiven) -> FinalityProof:
    """A finality proof as the reference has it; one that skips a great many views is not asked."""
    if sum(max(0, link.view - link.parent_view) for link in given.path) > GREATEST_SKIP:
        raise ValueError(f"path: the views that it spans are at most {GREATEST_SKIP}")
    return FinalityProof(tuple(link_from(link) for link in given.path), given.certificates)


def signed_from(given: SignedGiven) -> SignedStatement:
    """A signed statement as the reference has it."""
    return SignedStatement(Seat(given.seat), given.statement, Signature64(given.signature))


@method("finality.check", SECTION, "R-6.2-1", "R-2.4-5", "R-4.1-9")
def check_finality(profile: Profile, given: FinalityAsked) -> Nothing:
    """Accept that the first block of a path is final, or refuse it."""
    committee = committee_from(given.committee)
    accountability.check_finality(profile, committee, Hash32(given.genesis), proof_from(given.proof))
    return ACCEPTED


@method("evidence.judge", SECTION, "R-6.2-1", "RES-SLASH.double-vote")
def judge(profile: Profile, given: EvidenceAsked) -> Judged:
    """Whether two signed statements convict their seat."""
    evidence = Evidence(signed_from(given.first), signed_from(given.second))
    return Judged(accountability.is_offence(profile, committee_from(given.committee), evidence))


@method("guilt.find", SECTION, "R-6.2-1")
def find(profile: Profile, given: ConflictAsked) -> GuiltGiven:
    """The seats that contradict themselves in two conflicting finality proofs."""
    committee, genesis = committee_from(given.committee), Hash32(given.genesis)
    found = accountability.find_guilt(profile, committee, genesis, proof_from(given.first), proof_from(given.second))
    return GuiltGiven(tuple(item.first.seat for item in found))


NOTARISED, FINALISED, NULLIFIED = VoteKind.NOTARISE, VoteKind.FINALISE, VoteKind.NULLIFY
SEATS = 4
HONEST = (0, 1, 2)
FIRST_A = OneLink(1, A1, 0, ROOT)
SECOND_A = OneLink(2, A2, 1, A1)
SECOND_B = OneLink(2, B2, 0, ROOT)


def certificate(kind: VoteKind, view: int, block: bytes, signers: tuple[int, ...] = HONEST) -> Certificate:
    """A certificate of the committee."""
    return signed_by(statement_in(kind, view, Hash32(block)), signers)


def asked(path: tuple[OneLink, ...], *certificates: Certificate) -> FinalityAsked:
    """A claim that the first block of the path is final."""
    return FinalityAsked(committee_given(SEATS), ROOT, ProofGiven(path, certificates))


ON_CHAIN = asked(
    (SECOND_A, FIRST_A), certificate(NOTARISED, 2, A2), certificate(FINALISED, 2, A2), certificate(NOTARISED, 1, A1)
)
OVER_GAP = asked(
    (SECOND_B,), certificate(NOTARISED, 2, B2), certificate(FINALISED, 2, B2), certificate(NULLIFIED, 1, B2)
)


def without(given: FinalityAsked, place: int) -> FinalityAsked:
    """The claim without one of its certificates."""
    kept = given.proof.certificates[:place] + given.proof.certificates[place + 1 :]
    return replace(given, proof=replace(given.proof, certificates=kept))


def finality_cases() -> Iterator[Case]:
    """Finality proofs, and each way to leave out what they need."""
    name, missing = "finality.check", RejectionCode.FINALITY_INCOMPLETE
    yield Case(name, "one-block", asked((FIRST_A,), certificate(NOTARISED, 1, A1), certificate(FINALISED, 1, A1)))
    yield Case(name, "two-blocks", ON_CHAIN)
    yield Case(name, "over-a-gap", OVER_GAP)
    carries = Resolution.FINALITY_CARRIES_NOTARISATION
    yield Case(name, "no-notarisation", without(ON_CHAIN, 0), missing, carries)
    yield Case(name, "no-ancestor", without(ON_CHAIN, 2), missing, Resolution.CERTIFIED_PARENT)
    yield Case(name, "no-nullification", without(OVER_GAP, 2), missing, Resolution.NULLIFIED_GAP)
    edit = Sibling(ON_CHAIN, "the certificate to finalise left out")
    yield Case(name, "no-finalisation", without(ON_CHAIN, 1), missing, edit)
    floating = asked((SECOND_A,), *ON_CHAIN.proof.certificates)
    yield Case(name, "not-down-to-genesis", floating, RejectionCode.FINALITY_PATH, Resolution.CERTIFIED_PARENT)
    broken = replace(ON_CHAIN, proof=replace(ON_CHAIN.proof, path=(SECOND_A, OneLink(1, B1, 0, ROOT))))
    yield Case(name, "not-a-chain", broken, RejectionCode.FINALITY_PATH, Sibling(ON_CHAIN, "another ancestor"))
    paths = {
        "parent-above-the-next": (OneLink(2, A2, 1, B1), FIRST_A),
        "parent-view-above-the-next": (OneLink(3, A2, 2, A1), FIRST_A),
        "parent-below-genesis": (SECOND_A, OneLink(1, A1, 0, bytes(32))),
        "parent-in-the-same-view": (OneLink(2, A2, 2, A1), OneLink(2, A1, 0, ROOT)),
        "parent-in-a-later-view": (OneLink(1, A2, 2, A1), OneLink(2, A1, 0, ROOT)),
    }
    for label, (final, below) in paths.items():
        carried = (
            certificate(NOTARISED, final.view, A2),
            certificate(FINALISED, final.view, A2),
            certificate(NOTARISED, below.view, A1),
            certificate(NULLIFIED, 1, A1),
            certificate(NULLIFIED, 2, A1),
        )
        edit = Sibling(ON_CHAIN, "another path")
        yield Case(name, label, asked((final, below), *carried), RejectionCode.FINALITY_PATH, edit)
    level = replace(ON_CHAIN, proof=replace(ON_CHAIN.proof, path=()))
    yield Case(name, "no-path", level, RejectionCode.FINALITY_PATH, Sibling(ON_CHAIN, "the path left out"))


def evidence_cases() -> Iterator[Case]:
    """Pairs of statements that contradict each other, and pairs that do not."""
    pairs: dict[str, tuple[Statement, Statement]] = {
        "two-notarised": (statement_in(NOTARISED, 1, Hash32(A1)), statement_in(NOTARISED, 1, Hash32(B1))),
        "two-finalised": (statement_in(FINALISED, 1, Hash32(A1)), statement_in(FINALISED, 1, Hash32(B1))),
        "finalised-nullified": (statement_in(FINALISED, 1, Hash32(A1)), statement_in(NULLIFIED, 1)),
        "nullified-finalised": (statement_in(NULLIFIED, 1), statement_in(FINALISED, 1, Hash32(A1))),
        "notarised-nullified": (statement_in(NOTARISED, 1, Hash32(A1)), statement_in(NULLIFIED, 1)),
        "notarised-finalised-others": (statement_in(NOTARISED, 1, Hash32(A1)), statement_in(FINALISED, 1, Hash32(B1))),
        "nullified-twice": (statement_in(NULLIFIED, 1), statement_in(NULLIFIED, 1)),
        "nullified-blocks": (statement_in(NULLIFIED, 1), replace(statement_in(NULLIFIED, 1), block_hash=Hash32(A1))),
        "same-twice": (statement_in(NOTARISED, 1, Hash32(A1)), statement_in(NOTARISED, 1, Hash32(A1))),
        "other-views": (statement_in(NOTARISED, 1, Hash32(A1)), statement_in(NOTARISED, 2, Hash32(B1))),
        "other-epochs": (
            statement_in(NOTARISED, 1, Hash32(A1)),
            replace(statement_in(NOTARISED, 1, Hash32(B1)), epoch=statement_in(NOTARISED).epoch + 1),  # type: ignore[arg-type]
        ),
        "other-chains": (
            statement_in(NOTARISED, 1, Hash32(A1)),
            replace(statement_in(NOTARISED, 1, Hash32(B1)), chain_id=Hash32(bytes(32))),
        ),
    }
    for label, (first, second) in pairs.items():
        left = SignedGiven(2, first, signature(NORMATIVE, 2, first))
        right = SignedGiven(2, second, signature(NORMATIVE, 2, second))
        given = EvidenceAsked(committee_given(SEATS), left, right)
        yield Case("evidence.judge", label, given)
        if label == "two-notarised":
            yield Case("evidence.judge", "of-two-seats", replace(given, second=replace(right, seat=1)))
            yield Case("evidence.judge", "unsigned", replace(given, second=replace(right, signature=bytes(64))))
            yield Case("evidence.judge", "of-two-seats-upwards", replace(given, second=replace(right, seat=3)))
            yield Case("evidence.judge", "turned", replace(given, first=right, second=left))
            outside = replace(given, first=replace(left, seat=9), second=replace(right, seat=9))
            yield Case("evidence.judge", "of-no-seat", outside)
            beyond = replace(given, first=replace(left, seat=SEATS), second=replace(right, seat=SEATS))
            yield Case("evidence.judge", "of-the-seat-beyond", beyond)
            for seat in (0, SEATS - 1):
                of_seat = (
                    replace(item, seat=seat, signature=signature(NORMATIVE, seat, item.statement))
                    for item in (left, right)
                )
                yield Case("evidence.judge", f"of-seat-{seat}", EvidenceAsked(committee_given(SEATS), *of_seat))


def guilt_cases() -> Iterator[Case]:
    """Conflicting finality proofs."""
    committee = committee_given(SEATS)
    last = (1, 2, 3)
    same_view = (
        ProofGiven((FIRST_A,), (certificate(NOTARISED, 1, A1), certificate(FINALISED, 1, A1))),
        ProofGiven(
            (OneLink(1, B1, 0, ROOT),), (certificate(NOTARISED, 1, B1, last), certificate(FINALISED, 1, B1, last))
        ),
    )
    yield Case("guilt.find", "one-view", ConflictAsked(committee, ROOT, *same_view))
    later = ProofGiven(
        (SECOND_B,),
        (certificate(NOTARISED, 2, B2, last), certificate(FINALISED, 2, B2, last), certificate(NULLIFIED, 1, B2, last)),
    )
    conflict = ConflictAsked(committee, ROOT, same_view[0], later)
    yield Case("guilt.find", "over-a-nullified-view", conflict)
    yield Case("guilt.find", "over-a-nullified-view-turned", ConflictAsked(committee, ROOT, later, same_view[0]))
    crossed = ProofGiven(
        (OneLink(1, B1, 0, ROOT),),
        (certificate(NOTARISED, 1, B1, (0, 1, 3)), certificate(FINALISED, 1, B1, (0, 2, 3))),
    )
    yield Case("guilt.find", "by-another-vote", ConflictAsked(committee, ROOT, same_view[0], crossed))
    fork = asked(
        (OneLink(2, B2, 1, A1), FIRST_A),
        certificate(NOTARISED, 2, B2, last),
        certificate(FINALISED, 2, B2, last),
        certificate(NOTARISED, 1, A1, last),
    ).proof
    yield Case("guilt.find", "over-one-ancestor", ConflictAsked(committee, ROOT, ON_CHAIN.proof, fork))
    for place, given in enumerate((conflict.first, conflict.second)):
        bare = replace(given, certificates=given.certificates[1:])
        broken = replace(conflict, first=bare) if place == 0 else replace(conflict, second=bare)
        edit = Sibling(conflict, "a certificate left out")
        label = f"incomplete-{('first', 'second')[place]}"
        yield Case("guilt.find", label, broken, RejectionCode.FINALITY_INCOMPLETE, edit)
    agreeing = replace(conflict, second=ON_CHAIN.proof)
    edit = Sibling(conflict, "the second proof is of a descendant")
    yield Case("guilt.find", "no-conflict", agreeing, RejectionCode.FINALITY_AGREES, edit)
    turned = replace(agreeing, first=agreeing.second, second=agreeing.first)
    edit = Sibling(conflict, "the first proof is of a descendant")
    yield Case("guilt.find", "no-conflict-turned", turned, RejectionCode.FINALITY_AGREES, edit)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from finality_cases()
    yield from evidence_cases()
    yield from guilt_cases()
