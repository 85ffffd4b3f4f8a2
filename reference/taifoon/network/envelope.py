"""Section 4.1: the envelope of every message, and what a receiver asks of it (R-4.1-1, R-4.1-2, R-4.1-10, R-4.1-11).

The source's messages name neither sender nor chain nor time. Repaired, each travels in an envelope whose signature
covers where and when it counts and what it says; only the hops left stand outside, since each hop changes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from taifoon.network.epoch_messages import EpochRecordResponse
from taifoon.network.kinds import MAX_PAYLOAD, Kind, P2PMessage, decode_message, encode_message, kind_of
from taifoon.network.messages import (
    BlockRangeResponse,
    ConsistencyResponse,
    Leave,
    MMRPeaksResponse,
    MMRProofResponse,
    NodeAnnounce,
    ProofSubmission,
    Registration,
)
from taifoon.primitives.encoding import U8, U64, Length, Maximum, encode
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.signatures import is_valid_signature, sign
from taifoon.primitives.types import Epoch, Hash32, Millis, PublicKey, Signature64
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

Response = MMRPeaksResponse | MMRProofResponse | ConsistencyResponse | BlockRangeResponse | EpochRecordResponse

OPEN_TO_ALL = frozenset({Kind.JOB_SUBMISSION, Kind.REGISTRATION, Kind.EPOCH_RECORD_REQUEST})
"""Kinds whose sender need not be registered: who brings a job, who wants to be registered, and who has to learn first
where the network stands. All of them share one quota."""

OF_ANY_EPOCH = frozenset(
    {
        Kind.MMR_PEAKS_REQUEST,
        Kind.MMR_PEAKS_RESPONSE,
        Kind.MMR_PROOF_REQUEST,
        Kind.MMR_PROOF_RESPONSE,
        Kind.CONSISTENCY_REQUEST,
        Kind.CONSISTENCY_RESPONSE,
        Kind.BLOCK_RANGE_REQUEST,
        Kind.BLOCK_RANGE_RESPONSE,
        Kind.EPOCH_RECORD_REQUEST,
        Kind.EPOCH_RECORD_RESPONSE,
    }
)
"""Kinds by which a node that was away learns of the present epoch."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a sender signs; `kind` and `payload` together are the encoding of the message."""

    chain_id: Annotated[Hash32, Length(32)]
    epoch: Annotated[Epoch, U64]
    kind: Kind
    sender: Annotated[PublicKey, Length(32)]
    sequence: Annotated[int, U64]
    expiry: Annotated[Millis, U64]
    payload: Annotated[bytes, Maximum(MAX_PAYLOAD)]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A statement and its sender's signature."""

    statement: Statement
    signature: Annotated[Signature64, Length(64)]


@dataclass(frozen=True, slots=True)
class Packet:
    """What goes over a wire: the hops that are left, and the envelope."""

    hops_left: Annotated[int, U8]
    envelope: Envelope


@dataclass(frozen=True, slots=True)
class Reception:
    """Where and when a message arrives: the receiver's chain and epoch, the registered keys, and its clock."""

    chain_id: Hash32
    epoch: Epoch
    registered: frozenset[PublicKey]
    now: Millis


def identity(profile: Profile, envelope: Envelope) -> Hash32:
    """Rule: by what a message is recognised again; the hops left never count.

    Repaired, the digest that its sender signs, so that a second signature under it makes no second message. Literally
    the digest of the bare message, so that a repeated announcement is a copy of the first.
    """
    if Resolution.ENVELOPE in profile:
        return signed_digest(profile, envelope.statement)
    return hash_role(profile, Role.ENVELOPE, message_octets(envelope.statement))


def signed_digest(profile: Profile, statement: Statement) -> Hash32:
    """The digest that the signature of an envelope is under."""
    return hash_role(profile, Role.ENVELOPE, encode(Statement, statement))


def message_octets(statement: Statement) -> bytes:
    """The encoding of the message inside."""
    return bytes([statement.kind.ordinal]) + statement.payload


def state(
    chain_id: Hash32, epoch: Epoch, sender: PublicKey, sequence: int, expiry: Millis, message: P2PMessage
) -> Statement:
    """What a sender signs to send a message. Rejects as `encode_message` does."""
    return Statement(chain_id, epoch, kind_of(message), sender, sequence, expiry, encode_message(message)[1:])


def seal(profile: Profile, seed: bytes, statement: Statement) -> Envelope:
    """The envelope of a statement, signed from the secret seed of a key."""
    return Envelope(statement, Signature64(sign(seed, signed_digest(profile, statement))))


def latest_expiry(profile: Profile, now: Millis) -> Millis:
    """The latest expiry that a receiver accepts: the longest life, seen by a clock that is behind."""
    return Millis(now + profile.parameters.message_lifetime + profile.parameters.time_tolerance)


def is_bound(profile: Profile) -> bool:
    """Rule: whether what an envelope says is checked. Literally a message comes without one."""
    return Resolution.ENVELOPE in profile


def speaks_for(message: P2PMessage) -> PublicKey | None:
    """The key in whose name a message speaks, where that is a field of it."""
    match message:
        case NodeAnnounce() | Registration() | Leave():
            return message.pubkey
        case ProofSubmission():
            return message.prover
        case _:
            return None


def check_envelope(profile: Profile, reception: Reception, envelope: Envelope) -> P2PMessage:
    """Accept an envelope, and give the message in it, or reject.

    Rejects with ENVELOPE_CHAIN, ENVELOPE_EPOCH, ENVELOPE_EXPIRED, ENVELOPE_LIFETIME, ENVELOPE_SENDER,
    SIGNATURE_INVALID, as `decode_message` does, and with ENVELOPE_ATTRIBUTION. The cheapest checks come first, and no
    payload is read before the signature holds. That a response answers a request is checked apart.
    """
    if is_bound(profile):
        check_place(reception, envelope.statement)
        check_time(profile, reception, envelope.statement)
        check_sender(reception, envelope.statement)
        check_signature(profile, envelope)
    message = decode_message(profile, message_octets(envelope.statement))
    key = speaks_for(message)
    if is_bound(profile) and key is not None and key != envelope.statement.sender:
        raise Rejected(
            RejectionCode.ENVELOPE_ATTRIBUTION,
            f"{envelope.statement.kind.name} speaks for {key.hex()}; its sender is {envelope.statement.sender.hex()}",
        )
    return message


def check_place(reception: Reception, statement: Statement) -> None:
    """Demand the receiver's chain and, but for catching up, its epoch or one next to it."""
    if statement.chain_id != reception.chain_id:
        raise Rejected(
            RejectionCode.ENVELOPE_CHAIN,
            f"chain_id is {statement.chain_id.hex()}; this chain is {reception.chain_id.hex()}",
        )
    near = abs(statement.epoch - reception.epoch) <= 1
    if not near and statement.kind not in OF_ANY_EPOCH:
        raise Rejected(
            RejectionCode.ENVELOPE_EPOCH,
            f"epoch is {statement.epoch}; at epoch {reception.epoch} only it and its neighbours count",
        )


def check_time(profile: Profile, reception: Reception, statement: Statement) -> None:
    """Demand that the message lives, and not for too long."""
    if statement.expiry < reception.now:
        raise Rejected(RejectionCode.ENVELOPE_EXPIRED, f"expiry is {statement.expiry}; it is {reception.now}")
    if statement.expiry > latest_expiry(profile, reception.now):
        raise Rejected(
            RejectionCode.ENVELOPE_LIFETIME,
            f"expiry is {statement.expiry}; at {reception.now} it is {latest_expiry(profile, reception.now)} at most",
        )


def check_sender(reception: Reception, statement: Statement) -> None:
    """Demand a registered sender where the kind needs one."""
    if statement.kind not in OPEN_TO_ALL and statement.sender not in reception.registered:
        raise Rejected(
            RejectionCode.ENVELOPE_SENDER,
            f"sender {statement.sender.hex()} is not registered and may not send {statement.kind.name}",
        )


def check_signature(profile: Profile, envelope: Envelope) -> None:
    """Demand the sender's signature under all that the envelope says."""
    statement = envelope.statement
    if not is_valid_signature(statement.sender, signed_digest(profile, statement), envelope.signature):
        raise Rejected(
            RejectionCode.SIGNATURE_INVALID, f"sender {statement.sender.hex()} did not sign this {statement.kind.name}"
        )
