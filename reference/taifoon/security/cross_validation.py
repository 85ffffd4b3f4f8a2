"""Section 6.1: cross-cluster validation of high-value proofs (R-6.1-6).

From a value on, one cluster's certificate is not enough: k further clusters, drawn for the job, check the proof and
each certify the same commitment. No honest seat signs for a proof that it did not check, so a false result takes the
capture of k + 1 clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from icontract import ensure, require

from taifoon.core.block import ProofResult
from taifoon.core.certificate import MAX_SEATS, Committee, accepts_seats
from taifoon.core.leaf import MMRLeaf
from taifoon.core.proof_system import ProofSystem
from taifoon.core.quorum import quorum
from taifoon.core.validity import check_result
from taifoon.primitives.encoding import U32, U64, Length, Maximum, encode, octets_of
from taifoon.primitives.hashing import Role, conforming_integer_orders, hash_role, hash_to_integer
from taifoon.primitives.signatures import is_valid_signature, sign
from taifoon.primitives.types import Amount, ClusterId, Epoch, Hash32, Seat, Signature64
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode


@dataclass(frozen=True, slots=True)
class Validation:
    """What a seat of a further cluster signs: this commitment of this job stands on a proof that it checked."""

    chain_id: Annotated[Hash32, Length(32)]
    epoch: Annotated[Epoch, U64]
    cluster: Annotated[ClusterId, U32]
    job_id: Annotated[Hash32, Length(32)]
    commitment: Annotated[Hash32, Length(32)]


@dataclass(frozen=True, slots=True)
class ValidationCertificate:
    """A validation, the seats of the validating cluster that signed it, and their signatures in the same order."""

    validation: Validation
    seats: Annotated[tuple[Annotated[Seat, U32], ...], Maximum(MAX_SEATS)]
    signatures: Annotated[tuple[Annotated[Signature64, Length(64)], ...], Maximum(MAX_SEATS)]


def needs_validation(profile: Profile, value: Amount) -> bool:
    """Rule: whether a job of this value needs further certificates. Literally no value is named, and none does."""
    return Resolution.CROSS_VALIDATION in profile and value >= profile.parameters.high_value


@require(lambda clusters, primary: 0 <= primary < clusters)
@ensure(lambda primary, result: primary not in result and len(set(result)) == len(result))
def validating_clusters(
    profile: Profile, seed: Hash32, job_id: Hash32, clusters: int, primary: ClusterId
) -> tuple[ClusterId, ...]:
    """The further clusters that validate a job of high value: the k lowest draws among all but the certifying one.

    The preimage has 68 bytes and a validation 108, so that one role serves both. Rejects with CROSS_VALIDATION_MISSING
    where there are fewer than k others: such a network finalises no result of high value.
    """
    wanted = profile.parameters.validating_clusters
    if clusters - 1 < wanted:
        raise Rejected(
            RejectionCode.CROSS_VALIDATION_MISSING,
            f"num_clusters is {clusters}; a job of high value needs {wanted} beside its own: declare a lower value",
        )
    order = conforming_integer_orders(profile)[0]
    drawn = (
        (
            hash_to_integer(hash_role(profile, Role.CROSSVAL, seed + job_id + bytes(octets_of(cluster, 4))), order),
            cluster,
        )
        for cluster in range(clusters)
        if cluster != primary
    )
    return tuple(ClusterId(cluster) for _, cluster in sorted(drawn)[:wanted])


def validation_message(profile: Profile, validation: Validation) -> Hash32:
    """The digest that a validation signs."""
    return hash_role(profile, Role.CROSSVAL, encode(Validation, validation))


def validate(
    profile: Profile,
    proof_system: ProofSystem,
    committee: Committee,
    completion: MMRLeaf,
    proof: ProofResult,
) -> Validation:
    """What an honest seat of a drawn cluster may sign: it has checked the proof behind the completion itself.

    Rejects as `check_result` does, with COMMITMENT_MISMATCH or PROOF_INVALID.
    """
    check_result(profile, proof_system, completion, proof)
    return validation_of(committee, completion)


@require(lambda completion: not completion.is_intake)
def validation_of(committee: Committee, completion: MMRLeaf) -> Validation:
    """The validation of a completion by a cluster."""
    commitment = completion.proof_commitment or Hash32(bytes(32))
    return Validation(committee.chain_id, committee.epoch, committee.cluster, completion.job_id, commitment)


def sign_validation(profile: Profile, seed: bytes, validation: Validation) -> Signature64:
    """A seat's signature under a validation, from the secret seed of its key."""
    return Signature64(sign(seed, validation_message(profile, validation)))


def check_validation(
    profile: Profile, committee: Committee, completion: MMRLeaf, certificate: ValidationCertificate
) -> None:
    """Accept that a cluster validated a completion, or reject.

    Rejects with CERTIFICATE_STATEMENT, CERTIFICATE_SHAPE, CERTIFICATE_SEATS_UNSORTED, CERTIFICATE_SEAT_UNKNOWN,
    CERTIFICATE_NO_QUORUM, SIGNATURE_INVALID, as for a certificate of votes.
    """
    expected, keys = validation_of(committee, completion), committee.keys
    seats, signatures = certificate.seats, certificate.signatures
    if certificate.validation != expected:
        raise Rejected(
            RejectionCode.CERTIFICATE_STATEMENT, f"the certificate is of {certificate.validation}, not of {expected}"
        )
    if len(seats) != len(signatures):
        raise Rejected(RejectionCode.CERTIFICATE_SHAPE, f"{len(seats)} seats and {len(signatures)} signatures")
    if not accepts_seats(profile, seats):
        raise Rejected(RejectionCode.CERTIFICATE_SEATS_UNSORTED, f"seats {seats} must strictly increase")
    for seat in seats:
        if not 0 <= seat < len(keys):
            raise Rejected(RejectionCode.CERTIFICATE_SEAT_UNKNOWN, f"seat {seat} in a committee of {len(keys)}")
    needed = quorum(profile, len(keys))
    if len(seats) < needed:
        raise Rejected(RejectionCode.CERTIFICATE_NO_QUORUM, f"{len(seats)} seats signed; {needed} are needed")
    message = validation_message(profile, expected)
    for seat, signature in zip(seats, signatures, strict=True):
        if not is_valid_signature(keys[seat], message, signature):
            raise Rejected(RejectionCode.SIGNATURE_INVALID, f"the signature of seat {seat} is not under the validation")


def check_high_value(
    profile: Profile,
    committees: tuple[Committee, ...],
    seed: Hash32,
    primary: ClusterId,
    value: Amount,
    completion: MMRLeaf,
    certificates: tuple[ValidationCertificate, ...],
) -> None:
    """Accept that a completion, which its own cluster has certified, has the further certificates that it needs.

    `committees` are those of all clusters, by number. A drawn cluster that refuses or stays silent blocks the result:
    there is no vote over a proof that some cluster found false. The job then waits for the draw of the next epoch.
    Rejects with CROSS_VALIDATION_MISSING and as `check_validation` does.
    """
    if not needs_validation(profile, value):
        return
    offered = {certificate.validation.cluster: certificate for certificate in certificates}
    for cluster in validating_clusters(profile, seed, completion.job_id, len(committees), primary):
        if cluster not in offered:
            raise Rejected(
                RejectionCode.CROSS_VALIDATION_MISSING,
                f"job_id {completion.job_id.hex()}: value {value} needs the certificate of cluster {cluster}",
            )
        check_validation(profile, committees[cluster], completion, offered[cluster])
