"""Sections 2.3 and 2.4: certificates, the proof that a committee decided (R-2.3-10, R-2.3-11, R-2.3-12, R-4.1-9).

The verifier computes members and quorum itself and never reads them from a block. Signers are strictly increasing
seats, so that none counts twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from taifoon.core.quorum import quorum
from taifoon.core.vote import Statement, signs
from taifoon.primitives.encoding import U32, Length, Maximum
from taifoon.primitives.types import ClusterId, Epoch, Hash32, PublicKey, Seat, Signature64
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

MAX_SEATS = 1 << 16


@dataclass(frozen=True, slots=True)
class Committee:
    """Who decides: chain, epoch, cluster, and the key of each seat; a key with several seats stands several times."""

    chain_id: Hash32
    epoch: Epoch
    cluster: ClusterId
    keys: tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True)
class ClaimedConsensus:
    """What a block says of its own committee: the fields `cluster_members` and `quorum_threshold`."""

    members: tuple[PublicKey, ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class Certificate:
    """A statement, the seats that signed it, and their signatures in the same order."""

    statement: Statement
    seats: Annotated[tuple[Annotated[Seat, U32], ...], Maximum(MAX_SEATS)]
    signatures: Annotated[tuple[Annotated[Signature64, Length(64)], ...], Maximum(MAX_SEATS)]


def deciding(
    profile: Profile, committee: Committee, claimed: ClaimedConsensus | None
) -> tuple[tuple[PublicKey, ...], int]:
    """Rule: the members and the quorum that count. Literally those that the block itself claims."""
    if Resolution.DERIVED_FIELDS not in profile and claimed is not None:
        return claimed.members, claimed.threshold
    return committee.keys, quorum(profile, len(committee.keys))


def accepts_seats(profile: Profile, seats: tuple[Seat, ...]) -> bool:
    """Rule: which lists of signers count. Literally signatures are counted, by whomever and however often."""
    if Resolution.CERTIFICATE in profile:
        return all(low < high for low, high in pairwise(seats))
    return True


def check_certificate(
    profile: Profile,
    committee: Committee,
    statement: Statement,
    certificate: Certificate,
    claimed: ClaimedConsensus | None = None,
) -> None:
    """Accept that the committee decided a statement, or reject.

    Rejects with CERTIFICATE_STATEMENT, CERTIFICATE_SHAPE, CERTIFICATE_SEATS_UNSORTED, CERTIFICATE_SEAT_UNKNOWN,
    CERTIFICATE_NO_QUORUM, SIGNATURE_INVALID. One signature check for each seat, after all cheaper checks.
    """
    keys, needed = deciding(profile, committee, claimed)
    expected = (committee.chain_id, committee.epoch, committee.cluster)
    if certificate.statement != statement or expected != (statement.chain_id, statement.epoch, statement.committee):
        raise Rejected(
            RejectionCode.CERTIFICATE_STATEMENT, f"the certificate is of {certificate.statement}, not of {statement}"
        )
    if len(certificate.seats) != len(certificate.signatures):
        raise Rejected(
            RejectionCode.CERTIFICATE_SHAPE,
            f"{len(certificate.seats)} seats and {len(certificate.signatures)} signatures",
        )
    if not accepts_seats(profile, certificate.seats):
        raise Rejected(RejectionCode.CERTIFICATE_SEATS_UNSORTED, f"seats {certificate.seats} must strictly increase")
    for seat in certificate.seats:
        if not 0 <= seat < len(keys):
            raise Rejected(RejectionCode.CERTIFICATE_SEAT_UNKNOWN, f"seat {seat} in a committee of {len(keys)}")
    if len(certificate.seats) < needed:
        raise Rejected(
            RejectionCode.CERTIFICATE_NO_QUORUM, f"{len(certificate.seats)} seats signed; {needed} are needed"
        )
    for seat, signature in zip(certificate.seats, certificate.signatures, strict=True):
        if not signs(profile, keys[seat], certificate.statement, signature):
            raise Rejected(RejectionCode.SIGNATURE_INVALID, f"the signature of seat {seat} is not under this statement")
