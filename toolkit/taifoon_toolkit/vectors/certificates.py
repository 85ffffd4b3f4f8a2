"""Vectors of quorums, signed statements and certificates (RES-QUORUM, RES-BFT, RES-CERT)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core.certificate import Certificate, Committee, check_certificate
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.core.vote import NO_BLOCK, Statement, VoteKind, sign_statement, signed_message
from taifoon.primitives.types import ClusterId, Epoch, Hash32, PublicKey, Seat, Signature64, View
from taifoon.profile import Profile, Resolution, Suite
from taifoon.rejection import RejectionCode
from taifoon_models.keys import certificate_by, key, seed
from taifoon_models.keys import seed as seed_of_key
from taifoon_toolkit.vectors.case import Case, Double, Sibling, agree
from taifoon_toolkit.vectors.method import ACCEPTED, NORMATIVE, Nothing, method, with_suite
from taifoon_toolkit.vectors.wire import Digest, Large, Signed, Small

SECTION = "2.4"
CHAIN = Hash32(b"\xc1" * 32)
BLOCK = Hash32(b"\xb1" * 32)


@dataclass(frozen=True, slots=True)
class CommitteeSize:
    """The number of seats of a committee, at least 1."""

    seats: Small


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How many seats decide, and how many may be faulty."""

    quorum: Small
    faults: Small


@dataclass(frozen=True, slots=True)
class StatementAsked:
    """What a member says, in a suite."""

    suite: Suite
    statement: Statement


@dataclass(frozen=True, slots=True)
class MessageGiven:
    """The digest that is signed."""

    digest: Digest


@dataclass(frozen=True, slots=True)
class SigningAsked:
    """A secret seed and a statement."""

    seed: Digest
    statement: Statement


@dataclass(frozen=True, slots=True)
class VoteGiven:
    """A signature under a statement."""

    signature: Signed


@dataclass(frozen=True, slots=True)
class CommitteeGiven:
    """Who decides: the chain, epoch, cluster and key of each seat."""

    chain_id: Digest
    epoch: Large
    cluster: Small
    keys: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class CertificateAsked:
    """A committee, the statement in question, and a certificate."""

    committee: CommitteeGiven
    statement: Statement
    certificate: Certificate


@method("quorum.of", SECTION, "R-2.4-5", "R-2.3-12", "R-6.2-1", "RES-QUORUM")
def thresholds(profile: Profile, given: CommitteeSize) -> Thresholds:
    """Quorum and tolerated faults of a committee."""
    if given.seats < 1:
        raise ValueError("seats: a committee has at least one")
    return Thresholds(quorum(profile, given.seats), tolerated_faults(profile, given.seats))


@method("vote.message", SECTION, "R-4.1-8")
def message(profile: Profile, given: StatementAsked) -> MessageGiven:
    """The digest that a vote signs."""
    return MessageGiven(signed_message(with_suite(profile, given.suite), given.statement))


@method("vote.sign", SECTION, "R-4.1-8")
def vote(profile: Profile, given: SigningAsked) -> VoteGiven:
    """The signature of a vote."""
    return VoteGiven(sign_statement(profile, given.seed, given.statement))


@method("certificate.check", SECTION, "R-2.3-10", "R-4.1-9", "R-2.4-5", "RES-CERT")
def check(profile: Profile, given: CertificateAsked) -> Nothing:
    """Accept that a committee decided a statement, or refuse it."""
    check_certificate(profile, committee_from(given.committee), given.statement, given.certificate)
    return ACCEPTED


def committee_from(given: CommitteeGiven) -> Committee:
    """A committee as the reference has it."""
    keys = tuple(PublicKey(item) for item in given.keys)
    if not keys:
        raise ValueError("keys: a committee has at least one seat")
    return Committee(Hash32(given.chain_id), Epoch(given.epoch), ClusterId(given.cluster), keys)


def committee_given(seats: int) -> CommitteeGiven:
    """A committee in which key `i` holds seat `i`."""
    return CommitteeGiven(CHAIN, 7, 3, tuple(key(number) for number in range(seats)))


def statement_in(kind: VoteKind, view: int = 4, block: Hash32 = BLOCK) -> Statement:
    """A statement of that committee."""
    return Statement(CHAIN, Epoch(7), ClusterId(3), View(view), kind, NO_BLOCK if kind is VoteKind.NULLIFY else block)


def signed_by(statement: Statement, signers: tuple[int, ...], seats: tuple[int, ...] | None = None) -> Certificate:
    """A certificate that names these seats and has these keys' signatures."""
    return certificate_by(NORMATIVE, statement, signers if seats is None else seats, list(signers))


BELIEVES = Double("checks no signature of a certificate", "taifoon.core.certificate:signs", agree)


def two_thirds(_: Profile, seats: int) -> int:
    """Two thirds rounded down, which falls short of a quorum."""
    return 2 * seats // 3


FEWER = Double("counts to two thirds, rounded down", "taifoon.core.certificate:quorum", two_thirds)


def forged() -> Iterator[Case]:
    """Each way to forge a certificate, alone."""
    name = "certificate.check"
    committee, statement = committee_given(7), statement_in(VoteKind.NOTARISE)
    honest = CertificateAsked(committee, statement, signed_by(statement, (0, 1, 2, 3, 4)))

    def with_certificate(certificate: Certificate) -> CertificateAsked:
        return replace(honest, certificate=certificate)

    code = RejectionCode.CERTIFICATE_SEATS_UNSORTED
    for label, signers in (("repeated", (0, 1, 2, 3, 3)), ("swapped", (0, 1, 3, 2, 4)), ("one-seat", (0,) * 5)):
        given = with_certificate(signed_by(statement, signers))
        yield Case(name, f"seats-{label}", given, code, Resolution.CERTIFICATE)
    short = with_certificate(signed_by(statement, (0, 1, 2, 3)))
    yield Case(name, "one-short", short, RejectionCode.CERTIFICATE_NO_QUORUM, FEWER, ("RES-QUORUM",))
    for seats in (3, 6, 9):
        two_of_three = signed_by(statement, tuple(range(2 * seats // 3)))
        third = CertificateAsked(committee_given(seats), statement, two_of_three)
        yield Case(name, f"two-thirds-of-{seats}", third, RejectionCode.CERTIFICATE_NO_QUORUM, Resolution.QUORUM)
    forger = with_certificate(signed_by(statement, (0, 1, 2, 3, 5), (0, 1, 2, 3, 4)))
    yield Case(name, "another-key", forger, RejectionCode.SIGNATURE_INVALID, BELIEVES)
    blank = replace(honest.certificate, signatures=(*honest.certificate.signatures[:-1], Signature64(bytes(64))))
    yield Case(name, "blank-signature", with_certificate(blank), RejectionCode.SIGNATURE_INVALID, BELIEVES)
    unknown = replace(honest.certificate, seats=(*honest.certificate.seats[:-1], Seat(7)))
    edit = Sibling(honest, "the last seat beyond the committee")
    yield Case(name, "seat-unknown", with_certificate(unknown), RejectionCode.CERTIFICATE_SEAT_UNKNOWN, edit)
    bare = replace(honest.certificate, signatures=honest.certificate.signatures[:-1])
    edit = Sibling(honest, "the last signature left out")
    yield Case(name, "signature-missing", with_certificate(bare), RejectionCode.CERTIFICATE_SHAPE, edit)
    extra = replace(honest.certificate, signatures=(*honest.certificate.signatures, Signature64(bytes(64))))
    edit = Sibling(honest, "a signature more than seats")
    yield Case(name, "signature-extra", with_certificate(extra), RejectionCode.CERTIFICATE_SHAPE, edit)
    for seat in (8, (1 << 32) - 1):
        far = replace(honest.certificate, seats=(*honest.certificate.seats[:-1], Seat(seat)))
        edit = Sibling(honest, "the last seat far beyond the committee")
        yield Case(name, f"seat-{seat}", with_certificate(far), RejectionCode.CERTIFICATE_SEAT_UNKNOWN, edit)
    for part, values in (("chain_id", (bytes(32), b"\xff" * 32)), ("epoch", (6, 8)), ("cluster", (2, 4))):
        for label, value in zip(("lower", "higher"), values, strict=True):
            changed: dict[str, Any] = {part: value}
            foreign = replace(honest, committee=replace(committee, **changed))
            edit = Sibling(honest, f"a committee of a {label} {part}")
            shown = part.replace("_", "-")
            yield Case(name, f"committee-of-{label}-{shown}", foreign, RejectionCode.CERTIFICATE_STATEMENT, edit)
    yield from forged_statements(honest)


def forged_statements(honest: CertificateAsked) -> Iterator[Case]:
    """Signatures under a statement that differs in one field from the one in question."""
    name, statement = "certificate.check", honest.statement
    others: tuple[tuple[Resolution, Statement, Any], ...] = (
        (Resolution.BOUND_CHAIN, replace(statement, chain_id=Hash32(b"\xc2" * 32)), {"chain_id": b"\xc2" * 32}),
        (Resolution.BOUND_EPOCH, replace(statement, epoch=Epoch(8)), {"epoch": 8}),
        (Resolution.BOUND_COMMITTEE, replace(statement, committee=ClusterId(4)), {"cluster": 4}),
        (Resolution.BOUND_VIEW, replace(statement, view=View(5)), {}),
        (Resolution.BOUND_KIND, replace(statement, kind=VoteKind.FINALISE), {}),
    )
    for resolution, other, committee in others:
        label = resolution.value.rpartition("-")[2]
        # A member's signature under its own statement is shown again under another one.
        replayed = replace(signed_by(statement, (0, 1, 2, 3, 4)), statement=other)
        given = CertificateAsked(replace(honest.committee, **committee), other, replayed)
        double = Double(
            f"signs no {label}",
            "taifoon.core.certificate:signs",
            signs_any_of(resolution),
        )
        yield Case(name, f"of-another-{label}", given, RejectionCode.SIGNATURE_INVALID, double, (resolution.value,))
        if not committee:
            mixed = replace(honest, statement=other)
            edit = Sibling(honest, f"another {label} in question")
            yield Case(name, f"asked-for-another-{label}", mixed, RejectionCode.CERTIFICATE_STATEMENT, edit)


def signs_any_of(resolution: Resolution) -> Any:
    """A check of signatures that does not cover one field of the statement that the signer meant."""
    own = statement_in(VoteKind.NOTARISE)
    weaker = NORMATIVE.without(resolution)

    def signs(profile: Profile, public_key: PublicKey, statement: Statement, signature: Signature64) -> bool:
        signers = [number for number in range(9) if key(number) == public_key]
        meant = bool(signers) and sign_statement(profile, seed_of_key(signers[0]), own) == signature
        return meant and signed_message(weaker, statement) == signed_message(weaker, own)

    return signs


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    for seats in (*range(1, 31), 100, 101, 102, (1 << 16) - 1, (1 << 32) - 1):
        yield Case("quorum.of", f"of-{seats}", CommitteeSize(seats))
    for suite in Suite:
        for kind in VoteKind:
            yield Case("vote.message", f"{suite.value}-{kind.value}", StatementAsked(suite, statement_in(kind)))
    blank = Statement(NO_BLOCK, Epoch(0), ClusterId(0), View(0), VoteKind.NOTARISE, BLOCK)
    yield Case("vote.message", "blank", StatementAsked(Suite.BLAKE3, blank))
    for resolution, only in (
        (Resolution.BOUND_CHAIN, replace(blank, chain_id=CHAIN)),
        (Resolution.BOUND_EPOCH, replace(blank, epoch=Epoch(7))),
        (Resolution.BOUND_COMMITTEE, replace(blank, committee=ClusterId(3))),
        (Resolution.BOUND_VIEW, replace(blank, view=View(4))),
        (Resolution.BOUND_KIND, replace(blank, kind=VoteKind.FINALISE)),
    ):
        label = f"only-{resolution.value.rpartition('-')[2]}"
        yield Case("vote.message", label, StatementAsked(Suite.BLAKE3, only), requirements=(resolution.value,))
    for kind in VoteKind:
        yield Case("vote.sign", kind.value, SigningAsked(seed(1), statement_in(kind, 1 << 40)))
    for seats in (1, 2, 3, 4, 5, 7, 10):
        for kind in VoteKind:
            statement = statement_in(kind)
            least = tuple(range(seats))[-(2 * seats // 3 + 1) :]
            asked = CertificateAsked(committee_given(seats), statement, signed_by(statement, least))
            yield Case("certificate.check", f"{seats}-seats-{kind.value}", asked)
    statement = statement_in(VoteKind.NOTARISE)
    every = CertificateAsked(committee_given(7), statement, signed_by(statement, tuple(range(7))))
    yield Case("certificate.check", "all-seats", every)
    yield from forged()
