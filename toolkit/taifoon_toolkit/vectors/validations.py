"""Vectors of cross-validation and reputation: who validates a job of high value, who is asked first (RES-XVAL)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core.block import ProofResult, proof_commitment
from taifoon.core.leaf import MMRLeaf, completion_of
from taifoon.primitives.types import Amount, ClusterId, Hash32, PublicKey, Seat, Signature64
from taifoon.profile import Profile, Resolution, Suite
from taifoon.rejection import RejectionCode
from taifoon.security import cross_validation, reputation
from taifoon.security.cross_validation import Validation, ValidationCertificate, sign_validation, validation_of
from taifoon.security.reputation import Score
from taifoon_models.blocks import PROOFS, first_state, opening_block, result_of
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key, seed
from taifoon_toolkit.vectors.assignment import OneSeat, keys_of
from taifoon_toolkit.vectors.block_cases import BELIEVES_PROOFS, SMALL
from taifoon_toolkit.vectors.blocks import HashGiven
from taifoon_toolkit.vectors.case import Case, Double, Sibling, agree
from taifoon_toolkit.vectors.certificates import CHAIN, CommitteeGiven, committee_from, two_thirds
from taifoon_toolkit.vectors.method import ACCEPTED, NORMATIVE, Nothing, method, with_suite
from taifoon_toolkit.vectors.owners import BIG, GREATEST_CLUSTERS, OrderGiven
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Large, Small

SECTION = "6.1"


@dataclass(frozen=True, slots=True)
class ValidatorsAsked:
    """A seed, a job, the cluster count, and the cluster that certifies the job's result."""

    seed: Digest
    job_id: Digest
    clusters: Small
    primary: Small


@dataclass(frozen=True, slots=True)
class ValidationAsked:
    """A validation, in a suite."""

    suite: Suite
    validation: Validation


@dataclass(frozen=True, slots=True)
class ValidatingAsked:
    """The committee of a drawn cluster, a completion leaf, and the result that it commits to."""

    committee: CommitteeGiven
    completion: MMRLeaf
    result: ProofResult


@dataclass(frozen=True, slots=True)
class ValidatedAsked:
    """The committee of a drawn cluster, a completion leaf, and the cluster's certificate."""

    committee: CommitteeGiven
    completion: MMRLeaf
    certificate: ValidationCertificate


@dataclass(frozen=True, slots=True)
class HighValueAsked:
    """The committees of all clusters, the epoch's seed, the certifying cluster, a job's value, its completion.

    `certificates` are those that further clusters gave.
    """

    committees: tuple[CommitteeGiven, ...]
    seed: Digest
    primary: Small
    value: Large
    completion: MMRLeaf
    certificates: tuple[ValidationCertificate, ...]


@dataclass(frozen=True, slots=True)
class OneScore:
    """A key, and its score from 1 on."""

    key: Digest
    points: Small


@dataclass(frozen=True, slots=True)
class ScoresAsked:
    """Scores by key, each key once, and the results of a final block."""

    scores: tuple[OneScore, ...]
    results: tuple[ProofResult, ...]


@dataclass(frozen=True, slots=True)
class ScoresGiven:
    """Scores, in increasing order of their keys."""

    scores: tuple[OneScore, ...]


@dataclass(frozen=True, slots=True)
class AskingAsked:
    """The replicas of a job in the order of their draw, each once, and scores."""

    drawn: tuple[OneSeat, ...]
    scores: tuple[OneScore, ...]


@dataclass(frozen=True, slots=True)
class AskingGiven:
    """The replicas in the order in which they are asked."""

    seats: tuple[OneSeat, ...]


@method("validation.clusters", SECTION, "R-6.1-6", "RES-XVAL", BIG)
def draw(profile: Profile, given: ValidatorsAsked) -> OrderGiven:
    """The further clusters that validate a job of high value."""
    if not given.primary < given.clusters <= GREATEST_CLUSTERS:
        raise ValueError(f"primary: one of the clusters, of which at most {GREATEST_CLUSTERS} are asked")
    found = cross_validation.validating_clusters(
        profile, Hash32(given.seed), Hash32(given.job_id), given.clusters, ClusterId(given.primary)
    )
    return OrderGiven(tuple(int(cluster) for cluster in found))


@method("validation.message", SECTION, "R-6.1-6")
def message(profile: Profile, given: ValidationAsked) -> HashGiven:
    """The digest that a validation signs."""
    return HashGiven(cross_validation.validation_message(with_suite(profile, given.suite), given.validation))


@method("validation.make", SECTION, "R-6.1-6", "R-2.3-9", "RES-XVAL")
def make(profile: Profile, given: ValidatingAsked) -> Validation:
    """What a seat of a drawn cluster may sign, once it has checked the proof."""
    completion = completion_given(given.completion)
    if completion.job_id != given.result.job_id:
        raise ValueError("result: it is of the job of the completion")
    committee = committee_from(given.committee)
    return cross_validation.validate(profile, PROOFS, committee, completion, given.result)


@method("validation.check", SECTION, "R-6.1-6", "RES-XVAL", "RES-CERT")
def check(profile: Profile, given: ValidatedAsked) -> Nothing:
    """Accept that a cluster validated a completion, or refuse it."""
    completion = completion_given(given.completion)
    cross_validation.check_validation(profile, committee_from(given.committee), completion, given.certificate)
    return ACCEPTED


@method("validation.check_all", SECTION, "R-6.1-6", "RES-XVAL", BIG)
def check_all(profile: Profile, given: HighValueAsked) -> Nothing:
    """Accept that a completion has the further certificates that its value asks for, or refuse it."""
    committees = tuple(committee_from(each) for each in given.committees)
    if not given.primary < len(committees) <= GREATEST_CLUSTERS:
        raise ValueError(f"primary: one of the clusters, of which at most {GREATEST_CLUSTERS} are asked")
    named = [each.validation.cluster for each in given.certificates]
    if len(set(named)) < len(named):
        raise ValueError("certificates: at most one of each cluster")
    cross_validation.check_high_value(
        profile,
        committees,
        Hash32(given.seed),
        ClusterId(given.primary),
        Amount(given.value),
        completion_given(given.completion),
        given.certificates,
    )
    return ACCEPTED


@method("reputation.after_block", SECTION, "R-6.1-2", "RES-REP")
def after_block(profile: Profile, given: ScoresAsked) -> ScoresGiven:
    """The scores after a final block."""
    block = replace(BLOCK, proof_results=given.results)
    found = reputation.after_block(profile, scores_from(profile, given.scores), block)
    return ScoresGiven(tuple(OneScore(score.key, score.points) for score in found))


@method("reputation.asking_order", SECTION, "R-6.1-2", "R-2.4-1", "RES-REP")
def asking_order(profile: Profile, given: AskingAsked) -> AskingGiven:
    """The replicas of a job in the order in which they are asked."""
    found = reputation.asking_order(keys_of(given.drawn), scores_from(profile, given.scores))
    return AskingGiven(tuple(OneSeat(seat.public_key, seat.seat) for seat in found))


def completion_given(leaf: MMRLeaf) -> MMRLeaf:
    """A leaf that is a completion; no other is asked."""
    if leaf.is_intake:
        raise ValueError("completion: the leaf has a commitment")
    return leaf


def scores_from(profile: Profile, given: tuple[OneScore, ...]) -> reputation.Scores:
    """Scores as the reference has them."""
    keys = [score.key for score in given]
    if keys != sorted(set(keys)):
        raise ValueError("scores: each key once, in increasing order")
    if not all(1 <= score.points <= profile.parameters.reputation_cap for score in given):
        raise ValueError("scores: each from 1 to the cap")
    return tuple(Score(PublicKey(score.key), score.points) for score in given)


BLOCK = opening_block(SMALL, first_state(SMALL, 1))
SEATS = 4
HONEST = (0, 1, 2)
BELIEVES_SIGNERS = Double(
    "checks no signature of a validation", "taifoon.security.cross_validation:is_valid_signature", agree
)
FEWER_SIGNERS = Double(
    "counts a validation to two thirds, rounded down", "taifoon.security.cross_validation:quorum", two_thirds
)


def committee_of(cluster: int) -> CommitteeGiven:
    """The committee of a cluster: its keys are its own."""
    return CommitteeGiven(CHAIN, 7, cluster, tuple(key(SEATS * cluster + number) for number in range(SEATS)))


def signed(cluster: int, validation: Validation, seats: tuple[int, ...] = HONEST) -> ValidationCertificate:
    """The certificate of a cluster by some of its seats."""
    signatures = tuple(sign_validation(NORMATIVE, seed(SEATS * cluster + seat), validation) for seat in seats)
    return ValidationCertificate(validation, tuple(Seat(seat) for seat in seats), signatures)


RESULT = result_of(0)
COMPLETION = completion_of(intake(0), proof_commitment(NORMATIVE, RESULT))


def draw_cases() -> Iterator[Case]:
    """Draws of further clusters, and a network that has too few of them; the statement of a validation."""
    stream = Stream("vectors/validations")
    name = "validation.clusters"
    for clusters in (3, 4, 5, 12, 64):
        for number in range(3):
            asked = ValidatorsAsked(stream.octets(32), stream.octets(32), clusters, stream.below(clusters))
            yield Case(name, f"{clusters}-clusters-{number}", asked)
    enough = ValidatorsAsked(bytes(32), bytes(32), 3, 0)
    for clusters in (1, 2):
        code = RejectionCode.CROSS_VALIDATION_MISSING
        few = replace(enough, clusters=clusters)
        yield Case(name, f"only-{clusters}", few, code, Sibling(enough, "too few clusters"))
    validation = validation_of(committee_from(committee_of(1)), COMPLETION)
    for suite in Suite:
        yield Case("validation.message", suite.value, ValidationAsked(suite, validation))
    changes: tuple[dict[str, Any], ...] = (
        {"chain_id": bytes(32)},
        {"epoch": 8},
        {"cluster": 2},
        {"job_id": bytes(32)},
        {"commitment": bytes(32)},
    )
    for change in changes:
        label = f"another-{next(iter(change)).replace('_', '-')}"
        yield Case("validation.message", label, ValidationAsked(Suite.BLAKE3, replace(validation, **change)))


def check_cases() -> Iterator[Case]:
    """Certificates of a validation, and each way to forge one."""
    name, code = "validation.check", RejectionCode
    validation = validation_of(committee_from(committee_of(1)), COMPLETION)
    honest = ValidatedAsked(committee_of(1), COMPLETION, signed(1, validation))
    yield Case(name, "least", honest)
    yield Case(name, "last-three", replace(honest, certificate=signed(1, validation, (1, 2, 3))))
    yield Case(name, "all", replace(honest, certificate=signed(1, validation, (0, 1, 2, 3))))
    unsorted = {"repeated": (0, 1, 2, 2), "swapped": (0, 2, 1), "one-seat": (0, 0, 0)}
    for label, seats in unsorted.items():
        given = replace(honest, certificate=signed(1, validation, seats))
        yield Case(name, f"seats-{label}", given, code.CERTIFICATE_SEATS_UNSORTED, Resolution.CERTIFICATE)
    short = replace(honest, certificate=signed(1, validation, (0, 1)))
    yield Case(name, "one-short", short, code.CERTIFICATE_NO_QUORUM, FEWER_SIGNERS, ("RES-QUORUM",))
    certificate = honest.certificate
    foreign = replace(signed(2, validation), seats=certificate.seats)
    yield Case(name, "other-keys", replace(honest, certificate=foreign), code.SIGNATURE_INVALID, BELIEVES_SIGNERS)
    blank = replace(certificate, signatures=(*certificate.signatures[:-1], Signature64(bytes(64))))
    yield Case(name, "blank", replace(honest, certificate=blank), code.SIGNATURE_INVALID, BELIEVES_SIGNERS)
    unknown = replace(certificate, seats=(*certificate.seats[:-1], Seat(SEATS)))
    edit = Sibling(honest, "the last seat beyond the committee")
    yield Case(name, "seat-unknown", replace(honest, certificate=unknown), code.CERTIFICATE_SEAT_UNKNOWN, edit)
    bare = replace(certificate, signatures=certificate.signatures[:-1])
    edit = Sibling(honest, "the last signature left out")
    yield Case(name, "signature-missing", replace(honest, certificate=bare), code.CERTIFICATE_SHAPE, edit)
    more = replace(certificate, signatures=(*certificate.signatures, certificate.signatures[-1]))
    edit = Sibling(honest, "the last signature twice")
    yield Case(name, "signature-more", replace(honest, certificate=more), code.CERTIFICATE_SHAPE, edit)
    other = completion_of(intake(0), digest("another result"))
    edit = Sibling(honest, "a certificate of another commitment")
    yield Case(name, "of-another-result", replace(honest, completion=other), code.CERTIFICATE_STATEMENT, edit)
    edit = Sibling(honest, "a certificate of another cluster")
    elsewhere = signed(2, validation_of(committee_from(committee_of(2)), COMPLETION))
    yield Case(name, "of-another-cluster", replace(honest, certificate=elsewhere), code.CERTIFICATE_STATEMENT, edit)
    yield from make_cases()


def make_cases() -> Iterator[Case]:
    """What an honest seat signs, and what it does not."""
    name, code = "validation.make", RejectionCode
    honest = ValidatingAsked(committee_of(1), COMPLETION, RESULT)
    yield Case(name, "proved", honest)
    false = replace(RESULT, proof=result_of(1).proof)
    claimed = completion_of(intake(0), proof_commitment(NORMATIVE, false))
    given = ValidatingAsked(committee_of(1), claimed, false)
    yield Case(name, "false-proof", given, code.PROOF_INVALID, BELIEVES_PROOFS)
    copied = replace(RESULT, prover=key(4))
    claimed = completion_of(intake(0), proof_commitment(NORMATIVE, copied))
    given = ValidatingAsked(committee_of(1), claimed, copied)
    yield Case(name, "copied-proof", given, code.PROOF_INVALID, Resolution.ENVELOPE)
    other = replace(honest, result=result_of(0, prover=4))
    edit = Sibling(honest, "the result of another prover")
    yield Case(name, "result-of-another", other, code.COMMITMENT_MISMATCH, edit)


def value_cases() -> Iterator[Case]:
    """Completions of low and of high value, with and without what they need."""
    name, code = "validation.check_all", RejectionCode
    limit, clusters, primary = NORMATIVE.parameters.high_value, 5, 0
    committees = tuple(committee_of(cluster) for cluster in range(clusters))
    of_job = (Hash32(digest("a seed")), COMPLETION.job_id, clusters, ClusterId(primary))
    drawn = cross_validation.validating_clusters(NORMATIVE, *of_job)
    given = tuple(
        signed(cluster, validation_of(committee_from(committees[cluster]), COMPLETION)) for cluster in range(clusters)
    )
    needed = tuple(given[cluster] for cluster in drawn)
    honest = HighValueAsked(committees, of_job[0], primary, limit, COMPLETION, needed)
    yield Case(name, "both", honest)
    yield Case(name, "both-turned", replace(honest, certificates=needed[::-1]))
    yield Case(name, "all-clusters", replace(honest, certificates=given))
    yield Case(name, "below-the-limit", replace(honest, value=limit - 1, certificates=()))
    yield Case(name, "above-the-limit", replace(honest, value=limit + 1))
    lacking = code.CROSS_VALIDATION_MISSING
    above = replace(honest, value=limit + 1, certificates=())
    yield Case(name, "above-the-limit-without-any", above, lacking, Resolution.CROSS_VALIDATION)
    for place in range(len(needed)):
        fewer = replace(honest, certificates=needed[:place] + needed[place + 1 :])
        yield Case(name, f"without-{place}", fewer, lacking, Resolution.CROSS_VALIDATION)
    undrawn = tuple(each for number, each in enumerate(given) if number not in drawn)
    yield Case(name, "others", replace(honest, certificates=undrawn), lacking, Resolution.CROSS_VALIDATION)
    small = replace(honest, committees=committees[:2], certificates=given[:2])
    yield Case(name, "too-few-clusters", small, lacking, Resolution.CROSS_VALIDATION)
    blank = replace(needed[1], signatures=(*needed[1].signatures[:-1], Signature64(bytes(64))))
    forged = replace(honest, certificates=(needed[0], blank))
    yield Case(name, "second-forged", forged, code.SIGNATURE_INVALID, BELIEVES_SIGNERS)


def score_cases() -> Iterator[Case]:
    """Scores after blocks, up to the cap, and the order in which replicas are asked."""
    name, cap = "reputation.after_block", NORMATIVE.parameters.reputation_cap
    keys = sorted(key(number) for number in range(4))

    def by(*provers: int) -> tuple[ProofResult, ...]:
        return tuple(ProofResult(digest(f"job {number}"), keys[each], b"") for number, each in enumerate(provers))

    held = (OneScore(keys[0], 3), OneScore(keys[2], cap - 1))
    blocks = {
        "first": ScoresAsked((), by(1, 0)),
        "none": ScoresAsked(held, ()),
        "nothing": ScoresAsked((), ()),
        "again": ScoresAsked(held, by(0, 2, 0, 3)),
        "over-the-cap": ScoresAsked(held, by(2, 2, 2)),
        "at-the-cap": ScoresAsked((OneScore(keys[1], cap),), by(1)),
    }
    for label, given in blocks.items():
        yield Case(name, label, given)
    seats = tuple(OneSeat(keys[number], seat) for number, seat in ((3, 0), (1, 0), (0, 0), (2, 1), (0, 1)))
    for label, scores in {
        "without-scores": (),
        "by-score": held,
        "equal-scores": (OneScore(keys[0], 5), OneScore(keys[1], 5)),
        "rising": tuple(OneScore(each, 1 + place) for place, each in enumerate(keys)),
        "of-strangers": (OneScore(bytes(32), 9),),
    }.items():
        yield Case("reputation.asking_order", label, AskingAsked(seats, scores))
        yield Case("reputation.asking_order", f"{label}-turned", AskingAsked(seats[::-1], scores))


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from draw_cases()
    yield from check_cases()
    yield from value_cases()
    yield from score_cases()
