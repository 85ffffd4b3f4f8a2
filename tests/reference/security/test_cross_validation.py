"""High value needs k further clusters; each rule of their certificates counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.block import ProofResult, proof_commitment
from taifoon.core.certificate import Committee
from taifoon.core.leaf import MMRLeaf, completion_of
from taifoon.core.quorum import quorum
from taifoon.primitives.encoding import encode
from taifoon.primitives.types import Amount, ClusterId, Epoch, Seat, Signature64
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon.security.cross_validation import (
    Validation,
    ValidationCertificate,
    check_high_value,
    check_validation,
    needs_validation,
    sign_validation,
    validate,
    validating_clusters,
    validation_of,
)
from taifoon_models.blocks import CHAIN, PROOFS, proof_of
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key, seed

SEATS, CLUSTERS = 4, 5
SEED = digest("seed of epoch 3")
HIGH = Amount(HARDENED.parameters.high_value)
LITERAL = HARDENED.without(Resolution.CROSS_VALIDATION)
RESULT = ProofResult(intake(0).job_id, key(0), proof_of(intake(0).job_id, key(0)))
COMPLETION = completion_of(intake(0), proof_commitment(HARDENED, RESULT))
COMMITTEES = tuple(
    Committee(CHAIN, Epoch(3), ClusterId(cluster), tuple(key(SEATS * cluster + seat) for seat in range(SEATS)))
    for cluster in range(CLUSTERS)
)


def certificate(
    cluster: int, leaf: MMRLeaf = COMPLETION, signers: tuple[int, ...] = (0, 1, 3)
) -> ValidationCertificate:
    said = validation_of(COMMITTEES[cluster], leaf)
    signatures = tuple(sign_validation(HARDENED, seed(SEATS * cluster + seat), said) for seat in signers)
    return ValidationCertificate(said, tuple(map(Seat, signers)), signatures)


def refusal(profile: Profile, value: Amount, certificates: tuple[ValidationCertificate, ...]) -> RejectionCode | None:
    try:
        check_high_value(profile, COMMITTEES, SEED, ClusterId(0), value, COMPLETION, certificates)
    except Rejected as rejected:
        return rejected.code
    return None


DRAWN = validating_clusters(HARDENED, SEED, intake(0).job_id, CLUSTERS, ClusterId(0))
GOOD = tuple(certificate(cluster) for cluster in DRAWN)


def test_the_threshold_itself_is_high_value() -> None:
    assert needs_validation(HARDENED, HIGH)
    assert not needs_validation(HARDENED, Amount(HIGH - 1))
    assert not needs_validation(LITERAL, HIGH)
    assert not needs_validation(DOCUMENT, Amount(1 << 60))


def test_high_value_needs_the_certificate_of_each_drawn_cluster() -> None:
    assert refusal(HARDENED, HIGH, GOOD) is None
    for left_out in range(2):
        short = tuple(each for place, each in enumerate(GOOD) if place != left_out)
        assert refusal(HARDENED, HIGH, short) is RejectionCode.CROSS_VALIDATION_MISSING
        assert refusal(LITERAL, HIGH, short) is None
        assert refusal(HARDENED, Amount(HIGH - 1), short) is None


def test_certificates_of_clusters_that_were_not_drawn_do_not_count() -> None:
    others = tuple(certificate(cluster) for cluster in range(CLUSTERS) if cluster not in DRAWN)
    assert refusal(HARDENED, HIGH, others) is RejectionCode.CROSS_VALIDATION_MISSING
    assert refusal(HARDENED, HIGH, (*others, *GOOD)) is None


def test_the_draw_has_k_clusters_beside_the_certifying_one_and_moves_with_the_seed() -> None:
    for clusters in range(3, 8):
        for primary in range(clusters):
            drawn = validating_clusters(HARDENED, SEED, intake(1).job_id, clusters, ClusterId(primary))
            assert len(drawn) == len(set(drawn)) == HARDENED.parameters.validating_clusters
            assert primary not in drawn
            assert all(0 <= cluster < clusters for cluster in drawn)
    seeds = [digest(f"seed {number}") for number in range(20)]
    assert len({validating_clusters(HARDENED, each, intake(0).job_id, CLUSTERS, ClusterId(0)) for each in seeds}) > 5


@pytest.mark.parametrize("clusters", [1, 2])
def test_a_network_of_too_few_clusters_finalises_no_high_value(clusters: int) -> None:
    with pytest.raises(Rejected) as caught:
        validating_clusters(HARDENED, SEED, intake(0).job_id, clusters, ClusterId(0))
    assert caught.value.code is RejectionCode.CROSS_VALIDATION_MISSING
    one = HARDENED.with_parameters(replace(HARDENED.parameters, validating_clusters=1))
    assert len(validating_clusters(one, SEED, intake(0).job_id, 2, ClusterId(0))) == 1


def test_a_validation_is_as_long_as_no_draw() -> None:
    assert len(encode(Validation, validation_of(COMMITTEES[1], COMPLETION))) == 108


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        (certificate(2), RejectionCode.CERTIFICATE_STATEMENT),
        (certificate(1, completion_of(intake(0), digest("another proof"))), RejectionCode.CERTIFICATE_STATEMENT),
        (replace(certificate(1), signatures=certificate(1).signatures[:2]), RejectionCode.CERTIFICATE_SHAPE),
        (certificate(1, signers=(1, 0, 3)), RejectionCode.CERTIFICATE_SEATS_UNSORTED),
        (certificate(1, signers=(0, 0, 3)), RejectionCode.CERTIFICATE_SEATS_UNSORTED),
        (certificate(1, signers=(0, 1, 4)), RejectionCode.CERTIFICATE_SEAT_UNKNOWN),
        (certificate(1, signers=(0, 1)), RejectionCode.CERTIFICATE_NO_QUORUM),
        (replace(certificate(1), signatures=(Signature64(bytes(64)),) * 3), RejectionCode.SIGNATURE_INVALID),
        (replace(certificate(1), signatures=certificate(2).signatures), RejectionCode.SIGNATURE_INVALID),
    ],
)
def test_each_rule_of_a_validation_certificate_counts(broken: ValidationCertificate, code: RejectionCode) -> None:
    with pytest.raises(Rejected) as caught:
        check_validation(HARDENED, COMMITTEES[1], COMPLETION, broken)
    assert caught.value.code is code
    check_validation(HARDENED, COMMITTEES[1], COMPLETION, certificate(1))


def test_a_seat_that_signs_twice_counts_once_and_literally_as_often_as_it_signs() -> None:
    loose = HARDENED.without(Resolution.CERTIFICATE)
    doubled = certificate(1, signers=(0, 0, 0))
    assert len(doubled.seats) == quorum(HARDENED, SEATS)
    check_validation(loose, COMMITTEES[1], COMPLETION, doubled)
    with pytest.raises(Rejected) as caught:
        check_validation(HARDENED, COMMITTEES[1], COMPLETION, doubled)
    assert caught.value.code is RejectionCode.CERTIFICATE_SEATS_UNSORTED


def test_an_honest_seat_signs_what_it_has_checked() -> None:
    assert validate(HARDENED, PROOFS, COMMITTEES[1], COMPLETION, RESULT) == validation_of(COMMITTEES[1], COMPLETION)
    for wrong, code in (
        (replace(RESULT, proof=b"false"), RejectionCode.COMMITMENT_MISMATCH),
        (replace(RESULT, prover=key(1)), RejectionCode.COMMITMENT_MISMATCH),
    ):
        with pytest.raises(Rejected) as caught:
            validate(HARDENED, PROOFS, COMMITTEES[1], COMPLETION, wrong)
        assert caught.value.code is code
    false = replace(RESULT, proof=b"false")
    committed = completion_of(intake(0), proof_commitment(HARDENED, false))
    with pytest.raises(Rejected) as caught:
        validate(HARDENED, PROOFS, COMMITTEES[1], committed, false)
    assert caught.value.code is RejectionCode.PROOF_INVALID
