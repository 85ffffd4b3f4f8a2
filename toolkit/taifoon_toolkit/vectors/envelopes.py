"""Vectors of envelopes: what a sender signs, what travels, and what a receiver asks of it (RES-ENV)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core.leaf import ProofType
from taifoon.network.envelope import (
    OF_ANY_EPOCH,
    Envelope,
    Packet,
    Reception,
    Statement,
    check_envelope,
    latest_expiry,
    seal,
    signed_digest,
)
from taifoon.network.kinds import Kind, P2PMessage
from taifoon.network.messages import CatchUpRequest, Leave, NodeAnnounce, ProofSubmission, Registration
from taifoon.primitives.encoding import decode, encode
from taifoon.primitives.types import Amount, ClusterId, Epoch, Hash32, Millis, PublicKey, Signature64, View
from taifoon.profile import HARDENED, Profile, Resolution, Suite
from taifoon.rejection import RejectionCode
from taifoon_models.keys import key, seed
from taifoon_models.messages import CHAIN, EPOCH, LIFE, NOW, REGISTERED, STRANGER, samples, sealed, stated
from taifoon_toolkit.vectors.case import Case, Double, Sibling, agree
from taifoon_toolkit.vectors.encoding import READS_ZEROS, Encoded, damaged
from taifoon_toolkit.vectors.messages import MessageGiven, name_of
from taifoon_toolkit.vectors.method import method, with_suite
from taifoon_toolkit.vectors.wire import Digest, Large, Signed

SECTION = "4.1"
NAME = "envelope.check"
ENVELOPE = Resolution.ENVELOPE
CODE = RejectionCode


@dataclass(frozen=True, slots=True)
class DigestAsked:
    """What a sender says, in a suite."""

    suite: Suite
    statement: Statement


@dataclass(frozen=True, slots=True)
class DigestGiven:
    """The digest that is signed, by which a message is also known again."""

    digest: Digest


@dataclass(frozen=True, slots=True)
class SealAsked:
    """A secret seed, and what its key's holder says."""

    seed: Digest
    statement: Statement


@dataclass(frozen=True, slots=True)
class SealGiven:
    """The signature of an envelope."""

    signature: Signed


@dataclass(frozen=True, slots=True)
class Receiver:
    """The receiver's chain and epoch, the registered keys, and its clock."""

    chain_id: Digest
    epoch: Large
    registered: tuple[Digest, ...]
    now: Large


@dataclass(frozen=True, slots=True)
class EnvelopeAsked:
    """A receiver, and an envelope that arrives."""

    receiver: Receiver
    envelope: Envelope


def reception_of(given: Receiver) -> Reception:
    """A receiver as the reference has it."""
    registered = frozenset(PublicKey(item) for item in given.registered)
    return Reception(Hash32(given.chain_id), Epoch(given.epoch), registered, Millis(given.now))


@method("envelope.digest", SECTION, "RES-ENV")
def digest(profile: Profile, given: DigestAsked) -> DigestGiven:
    """The digest that the signature of an envelope is under."""
    return DigestGiven(signed_digest(with_suite(profile, given.suite), given.statement))


@method("envelope.seal", SECTION, "RES-ENV")
def sign(profile: Profile, given: SealAsked) -> SealGiven:
    """The signature that a sender puts under a statement."""
    return SealGiven(seal(profile, given.seed, given.statement).signature)


@method("packet.decode", SECTION, "RES-ENV", "RES-ENC.canonical")
def decode_packet(profile: Profile, given: Encoded) -> Packet:
    """Decode a packet strictly: the hops that are left, and the envelope."""
    return decode(Packet, given.octets, profile)


@method(NAME, SECTION, "R-4.1-1", "R-4.1-2", "R-4.1-10", "R-4.1-11", "RES-ENV", "RES-MSG")
def check(profile: Profile, given: EnvelopeAsked) -> MessageGiven:
    """The message in an envelope that is accepted, or its refusal."""
    return MessageGiven(check_envelope(profile, reception_of(given.receiver), given.envelope))


HERE = Receiver(CHAIN, EPOCH, tuple(sorted(REGISTERED)), NOW)


def received(envelope: Envelope, **receiver: Any) -> EnvelopeAsked:
    """An envelope that arrives at the receiver of the models, but for these differences."""
    return EnvelopeAsked(replace(HERE, **receiver), envelope)


def resigned(statement: Statement, sender: int = 0) -> Envelope:
    """The envelope in which a key's holder says this."""
    return seal(HARDENED, seed(sender), statement)


def as_stated(message: P2PMessage, sender: int = 0, **changes: Any) -> Envelope:
    """A message sent with other fields of the statement, signed as they are."""
    return resigned(replace(stated(message, sender), **changes), sender)


def accepted_cases() -> Iterator[Case]:
    """Every kind, and each bound from inside."""
    for kind, message in samples(HARDENED).items():
        yield Case(NAME, name_of(kind), received(sealed(HARDENED, message)))
    vote = samples(HARDENED)[Kind.BLOCK_VOTE]
    latest = latest_expiry(HARDENED, Millis(NOW))
    submission = samples(HARDENED)[Kind.JOB_SUBMISSION]
    entering = Registration(key(STRANGER), Amount(1), ())
    inside = {
        "epoch-before": received(sealed(HARDENED, vote), epoch=EPOCH + 1),
        "epoch-next": received(sealed(HARDENED, vote), epoch=EPOCH - 1),
        "first-epoch": received(as_stated(vote, epoch=Epoch(0)), epoch=0),
        "expires-now": received(as_stated(vote, expiry=Millis(NOW))),
        "lives-longest": received(as_stated(vote, expiry=latest)),
        "first-sequence": received(as_stated(vote, sequence=0)),
        "last-sequence": received(as_stated(vote, sequence=(1 << 64) - 1)),
        "job-of-a-stranger": received(as_stated(submission, STRANGER)),
        "registration-of-a-stranger": received(as_stated(entering, STRANGER)),
        "job-where-nobody-is-registered": received(as_stated(submission, STRANGER), registered=()),
    }
    for label, given in inside.items():
        yield Case(NAME, label, given)
    for kind in sorted(OF_ANY_EPOCH, key=lambda each: each.ordinal):
        given = received(sealed(HARDENED, samples(HARDENED)[kind]), epoch=EPOCH + 90)
        yield Case(NAME, f"long-away-{name_of(kind)}", given)


BELIEVES_ENVELOPES = Double("believes signatures", "taifoon.network.envelope:is_valid_signature", agree)


def refused_cases() -> Iterator[Case]:
    """Every check alone."""
    of_each = samples(HARDENED)
    vote, announce = of_each[Kind.BLOCK_VOTE], of_each[Kind.NODE_ANNOUNCE]
    plain = sealed(HARDENED, vote)
    latest = latest_expiry(HARDENED, Millis(NOW))
    far = (Kind.BLOCK_VOTE, Kind.BLOCK_PROPOSAL, Kind.PULL_REQUEST, Kind.CATCH_UP_REQUEST, Kind.JOB_SUBMISSION)
    refused: dict[str, tuple[EnvelopeAsked, RejectionCode]] = {
        "another-chain": (received(plain, chain_id=b"\x01" * 32), CODE.ENVELOPE_CHAIN),
        "another-chain-above": (received(plain, chain_id=b"\xff" * 32), CODE.ENVELOPE_CHAIN),
        "expired": (received(as_stated(vote, expiry=Millis(NOW - 1))), CODE.ENVELOPE_EXPIRED),
        "expired-long-ago": (received(as_stated(vote, expiry=Millis(0))), CODE.ENVELOPE_EXPIRED),
        "lives-too-long": (received(as_stated(vote, expiry=Millis(latest + 1))), CODE.ENVELOPE_LIFETIME),
        "lives-for-ever": (received(as_stated(vote, expiry=Millis((1 << 64) - 1))), CODE.ENVELOPE_LIFETIME),
    }
    for kind in far:
        envelope = sealed(HARDENED, of_each[kind])
        for label, epoch in (("two-epochs-old", EPOCH + 2), ("two-epochs-ahead", EPOCH - 2)):
            refused[f"{label}-{name_of(kind)}"] = (received(envelope, epoch=epoch), CODE.ENVELOPE_EPOCH)
    for kind in (Kind.BLOCK_VOTE, Kind.PROOF_SUBMISSION, Kind.MMR_PROOF_REQUEST, Kind.PULL_REQUEST, Kind.LEAVE):
        given = received(as_stated(of_each[kind], STRANGER))
        refused[f"of-a-stranger-{name_of(kind)}"] = (given, CODE.ENVELOPE_SENDER)
    in_anothers_name: tuple[P2PMessage, ...] = (
        announce,
        of_each[Kind.REGISTRATION],
        of_each[Kind.LEAVE],
        of_each[Kind.PROOF_SUBMISSION],
    )
    for message in in_anothers_name:
        label = f"in-anothers-name-{name_of(Kind(type(message)))}"
        refused[label] = (received(as_stated(message, 1)), CODE.ENVELOPE_ATTRIBUTION)
    for label, (given, code) in refused.items():
        yield Case(NAME, label, given, code, ENVELOPE)
    yield from unsigned_cases(plain)
    yield from undecodable_cases(announce)


def unsigned_cases(plain: Envelope) -> Iterator[Case]:
    """A field changed after the signature, each alone, and signatures of others."""
    statement = plain.statement
    asks = as_stated(CatchUpRequest(ClusterId(1), View(2)))
    changed = {
        "epoch": replace(plain, statement=replace(statement, epoch=Epoch(EPOCH + 1))),
        "sequence": replace(plain, statement=replace(statement, sequence=statement.sequence + 1)),
        "expiry": replace(plain, statement=replace(statement, expiry=Millis(statement.expiry - 1))),
        "sender": replace(plain, statement=replace(statement, sender=key(1))),
        "payload": replace(plain, statement=replace(statement, payload=statement.payload[:-1] + b"\x00")),
        # Both kinds have a u32 and a u64.
        "kind": replace(asks, statement=replace(asks.statement, kind=Kind.BLOCK_RANGE_REQUEST)),
    }
    for label, envelope in changed.items():
        yield Case(
            NAME, f"{label}-changed", received(envelope), CODE.SIGNATURE_INVALID, BELIEVES_ENVELOPES, ("RES-ENV",)
        )
    elsewhere = replace(plain, statement=replace(statement, chain_id=Hash32(b"\x02" * 32)))
    given = received(elsewhere, chain_id=b"\x02" * 32)
    yield Case(NAME, "chain-changed", given, CODE.SIGNATURE_INVALID, BELIEVES_ENVELOPES)
    by_another = Signature64(seal(HARDENED, seed(1), statement).signature)
    for label, signature in (("of-another-key", by_another), ("blank", Signature64(bytes(64)))):
        given = received(replace(plain, signature=signature))
        yield Case(NAME, f"signature-{label}", given, CODE.SIGNATURE_INVALID, BELIEVES_ENVELOPES)


def undecodable_cases(announce: P2PMessage) -> Iterator[Case]:
    """Payloads that are signed and no encoding."""
    payload = stated(announce).payload
    cut = as_stated(announce, payload=payload[:-1])
    yield Case(NAME, "payload-cut", received(cut), CODE.ENCODING_TRUNCATED, READS_ZEROS)
    longer = as_stated(announce, payload=payload + b"\x00")
    trailing = Resolution.NO_TRAILING_BYTES
    yield Case(NAME, "payload-and-a-byte", received(longer), CODE.ENCODING_TRAILING_BYTES, trailing)
    # The types that can be proved are counted after the key, one byte each.
    strange = as_stated(announce, payload=payload[:36] + bytes([len(ProofType)]) + payload[37:])
    yield Case(NAME, "payload-tag", received(strange), CODE.ENCODING_UNKNOWN_TAG, Resolution.KNOWN_TAGS)
    many = as_stated(announce, payload=payload[:32] + (65).to_bytes(4, "little") + bytes(65) + payload[37:])
    yield Case(NAME, "payload-over-long", received(many), CODE.ENCODING_OVER_LONG, Resolution.BOUNDED_LENGTHS)


def packet_cases() -> Iterator[Case]:
    """Packets that decode, and damaged ones."""
    message = Leave(key(0))
    packets = {
        "none-left": Packet(0, sealed(HARDENED, message)),
        "most-left": Packet(255, as_stated(NodeAnnounce(key(0), (), b""), expiry=Millis((1 << 64) - 1))),
        "proof": Packet(4, as_stated(ProofSubmission(Hash32(bytes(32)), b"", key(0)))),
    }
    for label, packet in packets.items():
        yield Case("packet.decode", label, Encoded(encode(Packet, packet)))
    octets = encode(Packet, packets["none-left"])
    # Hops 1, chain 32, epoch 8, then the kind.
    yield from damaged("packet.decode", octets, {"kind": 41}, (len(octets) - 1, 60, 1, 0))
    # After the kind a sender, a sequence and an expiry, then the length of the payload.
    claim = octets[:90] + ((1 << 24) + 1).to_bytes(4, "little") + octets[94:]
    edit = Sibling(Encoded(octets), "the length of the payload, one above its maximum")
    yield Case("packet.decode", "payload-claims-too-much", Encoded(claim), CODE.ENCODING_OVER_LONG, edit)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    some = (Kind.NODE_ANNOUNCE, Kind.BLOCK_VOTE, Kind.LEAVE, Kind.PULL_REQUEST)
    for kind in some:
        statement = stated(samples(HARDENED)[kind], 2, 7, NOW + LIFE)
        for suite in Suite:
            yield Case("envelope.digest", f"{name_of(kind)}-{suite.value}", DigestAsked(suite, statement))
        yield Case("envelope.seal", name_of(kind), SealAsked(seed(2), statement))
    yield from packet_cases()
    yield from accepted_cases()
    yield from refused_cases()
