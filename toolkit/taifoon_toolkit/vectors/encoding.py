"""Vectors of the encoding: valid bytes, and each way of being invalid alone (RES-ENC).

The type `Specimen` has every kind of field once; the protocol's own types follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from taifoon.core.certificate import Certificate
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.vote import Statement, VoteKind
from taifoon.primitives.encoding import U8, U16, U32, U64, U128, Length, Maximum, decode, encode
from taifoon.primitives.encoding_reader import Message, take
from taifoon.primitives.types import ChainId, ClusterId, Hash32, Millis
from taifoon.profile import Profile, Resolution, Suite
from taifoon.rejection import Rejected, RejectionCode
from taifoon_toolkit.vectors.case import Case, Double, Sibling, agree
from taifoon_toolkit.vectors.method import method
from taifoon_toolkit.vectors.stream import Stream

SECTION = "0"
CANONICAL = Resolution.CANONICAL_ENCODING.value


@dataclass(frozen=True, slots=True)
class Short:
    """First variant of a union."""

    number: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class Wide:
    """Second variant of a union."""

    number: Annotated[int, U16]


@dataclass(frozen=True, slots=True)
class Specimen:
    """One field of each kind."""

    flag: bool
    tiny: Annotated[int, U8]
    half: Annotated[int, U16]
    word: Annotated[int, U32]
    long: Annotated[int, U64]
    vast: Annotated[int, U128]
    pair: Annotated[bytes, Length(2)]
    maybe: Annotated[int, U16] | None
    octets: Annotated[bytes, Maximum(4)]
    numbers: Annotated[tuple[Annotated[int, U16], ...], Maximum(3)]
    triple: Annotated[tuple[Annotated[int, U8], ...], Length(3)]
    suite: Suite
    choice: Short | Wide


@dataclass(frozen=True, slots=True)
class Example:
    """The type of the worked examples: its last field is a Vec, so that nothing follows a claimed length."""

    a: Annotated[int, U16] | None
    b: Annotated[bytes, Maximum(4)]


@dataclass(frozen=True, slots=True)
class Unchecked:
    """Values for the fields of a specimen that have a bound, before anybody compared them with it."""

    tiny: int
    long: int
    vast: int
    pair: bytes
    octets: bytes
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Bytes."""

    octets: bytes


@method("specimen.decode", SECTION, CANONICAL)
def decode_specimen(profile: Profile, given: Encoded) -> Specimen:
    """Decode a specimen strictly."""
    return decode(Specimen, given.octets, profile)


@method("example.decode", SECTION, CANONICAL)
def decode_example(profile: Profile, given: Encoded) -> Example:
    """Decode the type of the worked examples strictly."""
    return decode(Example, given.octets, profile)


@method("specimen.encode", SECTION, CANONICAL)
def encode_specimen(profile: Profile, given: Unchecked) -> Encoded:
    """Encode a specimen with these fields, the others being the least there are, or refuse what does not fit."""
    return Encoded(encode(Specimen, filled(given)))


@method("leaf.decode", "2.1", "R-2.1-2", "R-2.1-3", "R-2.1-4", "R-2.1-5", "R-2.1-6", "R-2.1-7", "R-2.1-8", CANONICAL)
def decode_leaf(profile: Profile, given: Encoded) -> MMRLeaf:
    """Decode a leaf strictly."""
    return decode(MMRLeaf, given.octets, profile)


@method("leaf.encode", "2.1", "R-2.1-2", "R-2.1-3", "R-2.1-4", "R-2.1-5", "R-2.1-6", "R-2.1-7", "R-2.1-8", CANONICAL)
def encode_leaf(profile: Profile, given: MMRLeaf) -> Encoded:
    """Encode a leaf."""
    return Encoded(encode(MMRLeaf, given))


@method("statement.decode", "2.4", "R-4.1-8", CANONICAL)
def decode_statement(profile: Profile, given: Encoded) -> Statement:
    """Decode the statement of a vote strictly."""
    return decode(Statement, given.octets, profile)


@method("certificate.decode", "2.4", "R-4.1-9", CANONICAL)
def decode_certificate(profile: Profile, given: Encoded) -> Certificate:
    """Decode a certificate strictly."""
    return decode(Certificate, given.octets, profile)


def filled(given: Unchecked) -> Specimen:
    """A specimen with these fields; the others are zero, false, absent or the first there is."""
    return Specimen(
        flag=False,
        tiny=given.tiny,
        half=0,
        word=0,
        long=given.long,
        vast=given.vast,
        pair=given.pair,
        maybe=None,
        octets=given.octets,
        numbers=given.numbers,
        triple=(0, 0, 0),
        suite=Suite.BLAKE3,
        choice=Short(0),
    )


def padded_take(message: Message, start: int, count: int, path: str) -> bytes:
    """Bytes of a message, and zeros after its end."""
    try:
        return take(message, start, count, path)
    except Rejected:
        return message.octets[start : start + count].ljust(count, b"\x00")


READS_ZEROS = Double("reads zeros past the end", "taifoon.primitives.encoding_reader:take", padded_take)
WRAPS = Double("wraps integers", "taifoon.primitives.encoding_writer:_is_unsigned", agree)
WRITES_ANY_LENGTH = Double(
    "writes any length",
    "taifoon.primitives.encoding_writer:_prefix",
    lambda length, _, layout, __: layout.write(length, 4),
)
TRUNCATED = RejectionCode.ENCODING_TRUNCATED
TRAILING = RejectionCode.ENCODING_TRAILING_BYTES
TAG = RejectionCode.ENCODING_UNKNOWN_TAG
OVER_LONG = RejectionCode.ENCODING_OVER_LONG
OUT_OF_RANGE = RejectionCode.ENCODING_OUT_OF_RANGE

FULL = Specimen(
    flag=True,
    tiny=255,
    half=0x0102,
    word=0x01020304,
    long=0x0102030405060708,
    vast=0x0102030405060708090A0B0C0D0E0F10,
    pair=b"\xab\xcd",
    maybe=7,
    octets=b"abcd",
    numbers=(1, 2, 3),
    triple=(9, 8, 7),
    suite=Suite.KECCAK256,
    choice=Wide(7),
)
BARE = filled(Unchecked(0, 0, 0, b"\x00\x00", b"", ()))


def sample_leaf(stream: Stream, commitment: bytes | None = None) -> MMRLeaf:
    """A leaf drawn from a stream."""
    return MMRLeaf(
        job_id=Hash32(stream.octets(32)),
        job_type=stream.one_of(tuple(ProofType)),
        source_chain=ChainId(stream.below(1 << 62)),
        target_chain=ChainId(stream.below(1 << 62)),
        timestamp=Millis(stream.below(1 << 48)),
        priority=stream.below(256),
        assigned_cluster=ClusterId(stream.below(1 << 32)),
        proof_commitment=None if commitment is None else Hash32(commitment),
    )


def damaged(method_name: str, octets: bytes, tags: dict[str, int], cuts: tuple[int, ...]) -> Iterator[Case]:
    """Negative cases from valid bytes: cut short, followed by more, and with a wrong tag at each of the places."""
    for cut in cuts:
        yield Case(method_name, f"cut-at-{cut}", Encoded(octets[:cut]), TRUNCATED, READS_ZEROS)
    for label, rest in (("zero", b"\x00"), ("itself", octets)):
        yield Case(method_name, f"followed-by-{label}", Encoded(octets + rest), TRAILING, Resolution.NO_TRAILING_BYTES)
    for label, place in tags.items():
        for tag in (octets[place] | 0x80, 255):
            wrong = octets[:place] + bytes([tag]) + octets[place + 1 :]
            yield Case(method_name, f"tag-of-{label}-{tag}", Encoded(wrong), TAG, Resolution.KNOWN_TAGS)


def specimen_cases() -> Iterator[Case]:
    """Valid specimens and each fault."""
    valid = {
        "full": FULL,
        "bare": BARE,
        "greatest": replace(FULL, half=(1 << 16) - 1, word=(1 << 32) - 1, long=(1 << 64) - 1, vast=(1 << 128) - 1),
        "middle-suite": replace(BARE, suite=Suite.SHA256),
        "present-zero": replace(BARE, maybe=0),
        "one-number": replace(BARE, numbers=(65535,)),
        "short-choice": replace(FULL, choice=Short(255)),
        "odd-octets": replace(FULL, octets=b"abc"),
        "one-octet": replace(FULL, octets=b"a", choice=Short(1)),
    }
    for label, value in valid.items():
        yield Case("specimen.decode", label, Encoded(encode(Specimen, value)))
    octets = encode(Specimen, FULL)
    # Offsets in the bytes of FULL: flag 0, maybe 34, octets 37, numbers 45, triple 55, suite 58, choice 59.
    yield from damaged("specimen.decode", octets, {"flag": 0, "maybe": 34, "suite": 58, "choice": 59}, (61, 60, 59))
    yield Case(
        "specimen.decode", "tag-of-suite-3", Encoded(octets[:58] + b"\x03" + octets[59:]), TAG, Resolution.KNOWN_TAGS
    )
    yield Case(
        "specimen.decode", "tag-of-choice-3", Encoded(octets[:59] + b"\x03" + octets[60:]), TAG, Resolution.KNOWN_TAGS
    )
    yield Case("specimen.decode", "nothing", Encoded(b""), TRUNCATED, READS_ZEROS)
    longer = octets[:37] + b"\x05\x00\x00\x00" + b"abcde" + octets[45:]
    yield Case("specimen.decode", "octets-over-long", Encoded(longer), OVER_LONG, Resolution.BOUNDED_LENGTHS)
    more = octets[:45] + b"\x04\x00\x00\x00" + b"\x01\x00" * 4 + octets[55:]
    yield Case("specimen.decode", "numbers-over-long", Encoded(more), OVER_LONG, Resolution.BOUNDED_LENGTHS)


def example_cases() -> Iterator[Case]:
    """The worked examples of the conventions, and lengths at the end of the bytes."""
    name = "example.decode"
    for label, text in (("none", "0001000000ff"), ("some", "01070000000000"), ("four", "000400000001020304")):
        yield Case(name, label, Encoded(bytes.fromhex(text)))
    yield Case(name, "tag-2", Encoded(bytes.fromhex("02070000000000")), TAG, Resolution.KNOWN_TAGS)
    long = Encoded(bytes.fromhex("00050000000102030405"))
    yield Case(name, "over-long", long, OVER_LONG, Resolution.BOUNDED_LENGTHS)
    yield Case(name, "claims-one-more", Encoded(bytes.fromhex("0002000000ff")), TRUNCATED, READS_ZEROS)
    yield Case(name, "one-more", Encoded(bytes.fromhex("000000000000")), TRAILING, Resolution.NO_TRAILING_BYTES)


def unchecked_cases() -> Iterator[Case]:
    """What an encoder refuses."""
    least = Unchecked(0, 0, 0, b"\x00\x00", b"", ())
    most = Unchecked(255, (1 << 64) - 1, (1 << 128) - 1, b"\xff\xff", b"\xff" * 4, (65535,) * 3)
    yield Case("specimen.encode", "least", least)
    yield Case("specimen.encode", "most", most)
    yield Case("specimen.encode", "tiny-over", replace(least, tiny=256), OUT_OF_RANGE, WRAPS)
    yield Case("specimen.encode", "tiny-far-over", replace(least, tiny=258), OUT_OF_RANGE, WRAPS)
    yield Case("specimen.encode", "long-far-over", replace(least, long=3 << 64), OUT_OF_RANGE, WRAPS)
    yield Case("specimen.encode", "long-over", replace(least, long=1 << 64), OUT_OF_RANGE, WRAPS)
    yield Case("specimen.encode", "vast-over", replace(least, vast=1 << 128), OUT_OF_RANGE, WRAPS)
    yield Case("specimen.encode", "number-over", replace(least, numbers=(1, 65536)), OUT_OF_RANGE, WRAPS)
    for label, pair in (("none", b""), ("short", b"\x00"), ("long", b"\x00" * 3)):
        edit = Sibling(least, "a pair of another length")
        yield Case("specimen.encode", f"pair-{label}", replace(least, pair=pair), OUT_OF_RANGE, edit)
    yield Case("specimen.encode", "octets-over-long", replace(least, octets=b"12345"), OVER_LONG, WRITES_ANY_LENGTH)
    yield Case(
        "specimen.encode", "numbers-over-long", replace(least, numbers=(1, 2, 3, 4)), OVER_LONG, WRITES_ANY_LENGTH
    )


def leaf_cases() -> Iterator[Case]:
    """Leaves of both kinds, encoded and decoded."""
    stream = Stream("vectors/leaf")
    for number in range(6):
        leaf = sample_leaf(stream, stream.octets(32) if number % 2 else None)
        yield Case("leaf.encode", f"leaf-{number}", leaf)
        yield Case("leaf.decode", f"leaf-{number}", Encoded(encode(MMRLeaf, leaf)))
    for kind in ProofType:
        yield Case("leaf.encode", kind.name.lower().replace("_", "-"), replace(sample_leaf(stream), job_type=kind))
    octets = encode(MMRLeaf, replace(sample_leaf(stream, bytes(32)), job_type=ProofType.GROTH16))
    yield from damaged("leaf.decode", octets, {"job-type": 32, "commitment": 62}, (94, 70, 63, 62, 61, 33, 32, 0))
    yield Case(
        "leaf.decode", "tag-of-job-type-4", Encoded(octets[:32] + b"\x04" + octets[33:]), TAG, Resolution.KNOWN_TAGS
    )


def vote_cases() -> Iterator[Case]:
    """Statements and certificates."""
    stream = Stream("vectors/statement")
    for kind in VoteKind:
        octets = stream.octets(32 + 8 + 4 + 8) + bytes([tuple(VoteKind).index(kind)]) + stream.octets(32)
        yield Case("statement.decode", kind.value, Encoded(octets))
    yield from damaged("statement.decode", octets, {"kind": 52}, (84, 52, 40, 31, 0))
    for count in (0, 1, 3):
        seats = count.to_bytes(4, "little") + b"".join(seat.to_bytes(4, "little") for seat in range(count))
        whole = octets + seats + count.to_bytes(4, "little") + stream.octets(64 * count)
        yield Case("certificate.decode", f"{count}-seats", Encoded(whole))
    yield from damaged("certificate.decode", whole, {"kind": 52}, (len(whole) - 1, len(octets) + 2, 40))
    most = octets + (1 << 16).to_bytes(4, "little")
    yield Case("certificate.decode", "claims-the-most-seats", Encoded(most), TRUNCATED, READS_ZEROS)
    wholly = octets + bytes(4) + (1 << 16).to_bytes(4, "little")
    yield Case("certificate.decode", "claims-the-most-signatures", Encoded(wholly), TRUNCATED, READS_ZEROS)
    beyond = octets + bytes(4) + ((1 << 16) + 1).to_bytes(4, "little")
    sibling = Sibling(Encoded(octets + bytes(8)), "a length of signatures above the greatest")
    yield Case("certificate.decode", "signatures-over-long", Encoded(beyond), OVER_LONG, sibling)
    # In full that is a quarter of a megabyte; other types show the maximum with all items there.
    crowded = octets + ((1 << 16) + 1).to_bytes(4, "little") + bytes(4)
    sibling = Sibling(Encoded(octets + bytes(8)), "a length of seats above the greatest")
    yield Case("certificate.decode", "seats-over-long", Encoded(crowded), OVER_LONG, sibling)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from specimen_cases()
    yield from example_cases()
    yield from unchecked_cases()
    yield from leaf_cases()
    yield from vote_cases()
