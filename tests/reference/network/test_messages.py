"""Every message has one encoding, every accepted string is one, and no kind is longer than it declares."""

from __future__ import annotations

from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.network.kinds import (
    MAX_PAYLOAD,
    SOURCE_KINDS,
    Kind,
    P2PMessage,
    SourceMessage,
    decode_message,
    encode_message,
    greatest_bytes,
    greatest_payload,
    kind_of,
    kinds,
)
from taifoon.network.messages import Leave, NodeAnnounce
from taifoon.primitives.encoding import encode, shape_of
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.encodings import SCHEMAS, values_of
from taifoon_models.messages import announce, samples

from .random_messages import random_message

THOROUGH = settings(deadline=None, derandomize=True, max_examples=12)
ELEVEN = [
    "NodeAnnounce",
    "ClusterJoin",
    "MMRPeaksRequest",
    "MMRPeaksResponse",
    "MMRProofRequest",
    "MMRProofResponse",
    "BlockProposal",
    "BlockVote",
    "BlockFinalized",
    "JobAssignment",
    "ProofSubmission",
]
SOURCE_FIELDS = {
    "NodeAnnounce": ["pubkey", "capabilities"],
    "ClusterJoin": ["cluster_id", "mmr_peaks"],
    "MMRPeaksRequest": ["from_index"],
    "MMRPeaksResponse": ["peaks"],
    "MMRProofRequest": ["leaf_index"],
    "MMRProofResponse": ["proof"],
    "BlockProposal": ["block"],
    "BlockFinalized": ["block_hash"],
    "JobAssignment": ["job_id", "assignee"],
    "ProofSubmission": ["job_id", "proof"],
}


def fault(profile: Profile, octets: bytes) -> RejectionCode | None:
    try:
        decode_message(profile, octets)
    except Rejected as rejected:
        return rejected.code
    return None


def test_the_eleven_kinds_of_the_source_come_first_and_in_its_order() -> None:
    assert [kind.value.__name__ for kind in SOURCE_KINDS] == ELEVEN
    assert [kind.ordinal for kind in Kind] == list(range(31))
    assert kinds(DOCUMENT) == SOURCE_KINDS
    assert kinds(HARDENED) == tuple(Kind)


def test_the_unions_and_the_enum_have_the_same_kinds() -> None:
    assert [member.__name__ for member in get_args(P2PMessage)] == [kind.value.__name__ for kind in Kind]
    assert get_args(SourceMessage) == get_args(P2PMessage)[: len(SOURCE_KINDS)]


@pytest.mark.parametrize("name", SOURCE_FIELDS)
def test_a_message_of_the_source_begins_with_the_sources_fields(name: str) -> None:
    kind = next(kind for kind in Kind if kind.value.__name__ == name)
    fields = list(kind.value.__dataclass_fields__)
    assert fields[: len(SOURCE_FIELDS[name])] == SOURCE_FIELDS[name]


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_the_encoding_is_the_tag_and_the_fields(kind: Kind) -> None:
    message = samples()[kind]
    assert kind_of(message) is kind
    assert encode_message(message) == bytes([kind.ordinal]) + encode(kind.value, message)


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
@THOROUGH
@given(source=st.randoms(use_true_random=False))
def test_every_kind_is_read_back(kind: Kind, source: Random) -> None:
    message = random_message(kind, source)
    octets = encode_message(message)
    assert len(octets) - 1 <= greatest_payload(kind)
    assert decode_message(HARDENED, octets) == message


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
@THOROUGH
@given(source=st.randoms(use_true_random=False), choice=st.data())
def test_altered_octets_are_refused_or_the_encoding_of_what_is_read(
    kind: Kind, source: Random, choice: st.DataObject
) -> None:
    octets = bytearray(encode_message(random_message(kind, source)))
    octets[choice.draw(st.integers(0, len(octets) - 1))] ^= choice.draw(st.integers(1, 255))
    try:
        message = decode_message(HARDENED, bytes(octets))
    except Rejected:
        return
    assert encode_message(message) == bytes(octets)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.binary(max_size=300))
def test_any_octets_are_refused_or_the_encoding_of_what_is_read(octets: bytes) -> None:
    try:
        message = decode_message(HARDENED, octets)
    except Rejected:
        return
    assert encode_message(message) == octets


def test_a_kind_beyond_the_last_is_an_unknown_tag() -> None:
    assert fault(HARDENED, bytes([len(Kind)])) is RejectionCode.ENCODING_UNKNOWN_TAG
    # Without the rule the tag counts modulo the number of kinds, and a Leave under another tag is read.
    wrapped = bytes([len(Kind) + Kind.LEAVE.ordinal]) + bytes(32)
    assert fault(HARDENED, wrapped) is RejectionCode.ENCODING_UNKNOWN_TAG
    assert decode_message(HARDENED.without(Resolution.KNOWN_TAGS), wrapped) == Leave(bytes(32))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", tuple(Kind)[11:], ids=lambda kind: kind.name)
def test_the_further_kinds_are_there_by_their_rule_alone(kind: Kind) -> None:
    octets = encode_message(samples()[kind])
    assert fault(HARDENED, octets) is None
    assert fault(HARDENED.without(Resolution.MESSAGES), octets) is RejectionCode.ENCODING_UNKNOWN_TAG


def test_octets_after_a_message_are_refused_by_their_rule_alone() -> None:
    octets = encode_message(announce()) + b"\x00"
    assert fault(HARDENED, octets) is RejectionCode.ENCODING_TRAILING_BYTES
    assert fault(HARDENED.without(Resolution.NO_TRAILING_BYTES), octets) is None


def test_nothing_is_no_message() -> None:
    assert fault(HARDENED, b"") is RejectionCode.ENCODING_TRUNCATED


def test_a_list_over_its_maximum_is_refused_by_the_rule_of_maxima_alone() -> None:
    octets = bytes([0]) + bytes(32) + (65).to_bytes(4, "little") + bytes(65) + bytes(4)
    assert fault(HARDENED, octets) is RejectionCode.ENCODING_OVER_LONG
    read = decode_message(HARDENED.without(Resolution.BOUNDED_LENGTHS), octets)
    assert isinstance(read, NodeAnnounce)
    assert len(read.capabilities) == 65


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_a_payload_longer_than_its_kind_is_refused_unread(kind: Kind) -> None:
    octets = bytes([kind.ordinal]) + bytes(greatest_payload(kind) + 1)
    with pytest.raises(Rejected) as caught:
        decode_message(HARDENED, octets)
    assert caught.value.code is RejectionCode.ENCODING_OVER_LONG
    assert caught.value.detail.startswith(f"{kind.name}: {greatest_payload(kind) + 1} bytes")
    assert greatest_payload(kind) <= MAX_PAYLOAD


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_value_is_longer_than_the_greatest_length_of_its_shape(name: str) -> None:
    kind = SCHEMAS[name]
    assert max(len(encode(kind, value)) for value in values_of(name)) <= greatest_bytes(shape_of(kind))


def test_the_greatest_length_is_reached() -> None:
    full = NodeAnnounce(announce().pubkey, announce().capabilities * 64, bytes(128))
    assert len(encode_message(full)) - 1 == greatest_payload(Kind.NODE_ANNOUNCE) == 232
