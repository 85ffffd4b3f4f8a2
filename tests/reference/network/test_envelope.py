"""An envelope counts on its chain, about its epoch, while it lives, from whom it names, and for nobody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from taifoon.network.envelope import (
    OF_ANY_EPOCH,
    OPEN_TO_ALL,
    Envelope,
    Packet,
    Statement,
    check_envelope,
    identity,
    latest_expiry,
    seal,
    speaks_for,
)
from taifoon.network.kinds import Kind
from taifoon.primitives.encoding import decode, encode
from taifoon.primitives.types import Epoch, Millis, Signature64
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.keys import seed
from taifoon_models.messages import CHANGES, EPOCH, NOW, STRANGER, announce, reception, samples, sealed, stated

BARE = HARDENED.without(Resolution.ENVELOPE)
LIMIT = HARDENED.parameters.message_lifetime + HARDENED.parameters.time_tolerance


def outcome(profile: Profile, envelope: Envelope, now: int = NOW) -> RejectionCode | None:
    try:
        check_envelope(profile, reception(now), envelope)
    except Rejected as rejected:
        return rejected.code
    return None


def resigned(change: Callable[[Statement], Statement], sender: int = 0) -> Envelope:
    """An announcement of the sender, changed and then signed by it."""
    return seal(HARDENED, seed(sender), change(stated(announce(sender), sender)))


FAULTS = {
    "chain": (resigned(CHANGES["chain"]), RejectionCode.ENVELOPE_CHAIN),
    "later epoch": (resigned(lambda it: replace(it, epoch=Epoch(EPOCH + 2))), RejectionCode.ENVELOPE_EPOCH),
    "earlier epoch": (resigned(lambda it: replace(it, epoch=Epoch(EPOCH - 2))), RejectionCode.ENVELOPE_EPOCH),
    "expired": (resigned(lambda it: replace(it, expiry=Millis(NOW - 1))), RejectionCode.ENVELOPE_EXPIRED),
    "too lasting": (resigned(lambda it: replace(it, expiry=Millis(NOW + LIMIT + 1))), RejectionCode.ENVELOPE_LIFETIME),
    "stranger": (resigned(lambda it: it, STRANGER), RejectionCode.ENVELOPE_SENDER),
    "signature": (
        Envelope(stated(announce()), Signature64(bytes(64))),
        RejectionCode.SIGNATURE_INVALID,
    ),
    "author": (sealed(HARDENED, announce(0), sender=1), RejectionCode.ENVELOPE_ATTRIBUTION),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_rule_refuses_its_fault_and_nothing_does_without_the_envelope(name: str) -> None:
    envelope, code = FAULTS[name]
    assert outcome(HARDENED, envelope) is code
    assert outcome(BARE, envelope) is None


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_an_honest_envelope_gives_its_message(kind: Kind) -> None:
    message = samples()[kind]
    assert check_envelope(HARDENED, reception(), sealed(HARDENED, message)) == message


@pytest.mark.parametrize("change", [name for name in CHANGES if name != "nothing"])
def test_the_signature_covers_everything_that_is_stated(change: str) -> None:
    envelope = sealed(HARDENED, samples()[Kind.JOB_ASSIGNMENT])
    changed = replace(envelope, statement=CHANGES[change](envelope.statement))
    assert outcome(HARDENED, envelope) is None
    assert outcome(HARDENED, changed) is not None
    assert identity(HARDENED, changed) != identity(HARDENED, envelope)


@pytest.mark.parametrize("distance", [-1, 0, 1])
def test_an_epoch_that_turns_loses_nothing(distance: int) -> None:
    assert outcome(HARDENED, resigned(lambda it: replace(it, epoch=Epoch(EPOCH + distance)))) is None


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_only_synchronisation_crosses_epochs(kind: Kind) -> None:
    statement = replace(stated(samples()[kind]), epoch=Epoch(EPOCH + 9))
    expected = None if kind in OF_ANY_EPOCH else RejectionCode.ENVELOPE_EPOCH
    assert outcome(HARDENED, seal(HARDENED, seed(0), statement)) is expected


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_only_those_who_bring_a_job_or_a_registration_may_be_strangers(kind: Kind) -> None:
    assert {Kind.JOB_SUBMISSION, Kind.REGISTRATION, Kind.EPOCH_RECORD_REQUEST} == OPEN_TO_ALL
    message = samples()[kind]
    named = speaks_for(message) is not None
    envelope = sealed(HARDENED, message, sender=STRANGER)
    code = RejectionCode.ENVELOPE_SENDER
    if kind in OPEN_TO_ALL:
        code = RejectionCode.ENVELOPE_ATTRIBUTION if named else None  # type: ignore[assignment]
    assert outcome(HARDENED, envelope) is code


def test_the_limits_of_life_are_included() -> None:
    envelope = sealed(HARDENED, announce())
    expiry = envelope.statement.expiry
    assert outcome(HARDENED, envelope, expiry) is None
    assert outcome(HARDENED, envelope, expiry + 1) is RejectionCode.ENVELOPE_EXPIRED
    earliest = expiry - LIMIT
    assert latest_expiry(HARDENED, Millis(earliest)) == expiry
    assert outcome(HARDENED, envelope, earliest) is None
    assert outcome(HARDENED, envelope, earliest - 1) is RejectionCode.ENVELOPE_LIFETIME


def test_hops_and_signature_are_no_part_of_a_messages_identity() -> None:
    envelope = sealed(HARDENED, announce())
    other = replace(envelope, signature=Signature64(bytes(64)))
    assert identity(HARDENED, envelope) == identity(HARDENED, other)
    # The hop count is a field of the packet, which the identity never sees.
    assert Packet(3, envelope).envelope == Packet(2, envelope).envelope


def test_two_announcements_differ_by_their_sequence_number() -> None:
    first, second = (sealed(HARDENED, announce(), sequence=number) for number in (0, 1))
    assert identity(HARDENED, first) != identity(HARDENED, second)
    assert identity(BARE, first) == identity(BARE, second)


def test_a_payload_is_not_read_before_its_signature_holds() -> None:
    broken = replace(stated(announce()), payload=b"")
    assert outcome(HARDENED, Envelope(broken, Signature64(bytes(64)))) is RejectionCode.SIGNATURE_INVALID
    assert outcome(HARDENED, seal(HARDENED, seed(0), broken)) is RejectionCode.ENCODING_TRUNCATED


def test_envelope_and_packet_are_read_back() -> None:
    packet = Packet(4, sealed(HARDENED, announce()))
    octets = encode(Packet, packet)
    assert decode(Packet, octets) == packet
    # Chain id, epoch, kind, sender, sequence, expiry, length and signature around the payload.
    assert len(octets) - 1 - len(packet.envelope.statement.payload) == 32 + 8 + 1 + 32 + 8 + 8 + 4 + 64
