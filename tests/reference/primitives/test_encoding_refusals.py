"""Each rule of the decoder refuses its own fault, under its own code, and nothing else does."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from taifoon.primitives.encoding import (
    U8,
    U16,
    U32,
    U64,
    U128,
    Length,
    Maximum,
    decode,
    encode,
    refuses_over_long,
    refuses_trailing_bytes,
    refuses_unknown_tags,
)
from taifoon.primitives.types import Amount
from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon.rejection import Rejected, RejectionCode

from .sample_schemas import Colour, Order, Paint, Pair, Pay, Stop

RULES = (Resolution.NO_TRAILING_BYTES, Resolution.KNOWN_TAGS, Resolution.BOUNDED_LENGTHS)

BYTES_TO_2 = Annotated[bytes, Maximum(2)]
PAIRS_TO_1 = Annotated[tuple[Pair, ...], Maximum(1)]


@dataclass(frozen=True, slots=True)
class Fault:
    """A message with one fault: its code, the rule that names it, and what a reader without that rule makes of it."""

    kind: Any
    octets: str
    code: RejectionCode
    rule: Resolution
    misread: Any

    def __str__(self) -> str:
        return f"{self.rule.name.lower()}-{self.octets}"


def trailing(kind: Any, octets: str, misread: Any) -> Fault:
    return Fault(kind, octets, RejectionCode.ENCODING_TRAILING_BYTES, Resolution.NO_TRAILING_BYTES, misread)


def unknown(kind: Any, octets: str, misread: Any) -> Fault:
    return Fault(kind, octets, RejectionCode.ENCODING_UNKNOWN_TAG, Resolution.KNOWN_TAGS, misread)


def over_long(kind: Any, octets: str, misread: Any) -> Fault:
    return Fault(kind, octets, RejectionCode.ENCODING_OVER_LONG, Resolution.BOUNDED_LENGTHS, misread)


FAULTS = [
    trailing(Annotated[int, U8], "0500", 5),
    trailing(Annotated[int, U64], "050000000000000000", 5),
    trailing(bool, "0101", misread=True),
    trailing(Stop, "00", Stop()),
    trailing(Pair, "010000", Pair(1, right=False)),
    trailing(Order, "0000", Stop()),
    trailing(Annotated[int, U8] | None, "0000", None),
    trailing(BYTES_TO_2, "01000000aabb", b"\xaa"),
    trailing(Annotated[bytes, Length(2)], "aabbcc", b"\xaa\xbb"),
    unknown(bool, "02", misread=True),
    unknown(bool, "ff", misread=True),
    unknown(Annotated[int, U8] | None, "0205", 5),
    unknown(Annotated[int, U8] | None, "ff05", 5),
    unknown(bool | None, "0102", misread=True),
    unknown(Colour, "03", Colour.RED),
    unknown(Colour, "04", Colour.GREEN),
    unknown(Colour, "ff", Colour.RED),
    unknown(Order, "03", Stop()),
    unknown(Order, "0407", Pay(Amount(7))),
    unknown(Order, "020300", Paint(Colour.RED, None)),
    unknown(Order, "02000201", Paint(Colour.RED, twice=True)),
    unknown(Pair, "0102", Pair(1, right=True)),
    over_long(BYTES_TO_2, "03000000aabbcc", b"\xaa\xbb\xcc"),
    over_long(PAIRS_TO_1, "0200000001000201", (Pair(1, right=False), Pair(2, right=True))),
]


def refusal(kind: Any, octets: bytes, *without: Resolution) -> Rejected:
    """The fault that the decoder raises under the hardened profile less some rules."""
    profile = HARDENED
    for rule in without:
        profile = profile.without(rule)
    with pytest.raises(Rejected) as caught:
        decode(kind, octets, profile)
    return caught.value


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_has_the_code_of_its_rule(fault: Fault) -> None:
    assert refusal(fault.kind, bytes.fromhex(fault.octets)).code is fault.code


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_fault_is_refused_by_its_rule_alone(fault: Fault) -> None:
    others = [rule for rule in RULES if rule is not fault.rule]
    assert refusal(fault.kind, bytes.fromhex(fault.octets), *others).code is fault.code


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_without_its_rule_a_fault_reads_as_a_value_of_another_encoding(fault: Fault) -> None:
    octets = bytes.fromhex(fault.octets)
    for profile in (HARDENED.without(fault.rule), DOCUMENT):
        value = decode(fault.kind, octets, profile)
        assert value == fault.misread
        assert type(value) is type(fault.misread)
    if fault.rule is Resolution.BOUNDED_LENGTHS:
        with pytest.raises(Rejected) as caught:
            encode(fault.kind, fault.misread)
        assert caught.value.code is RejectionCode.ENCODING_OVER_LONG
    else:
        assert encode(fault.kind, fault.misread) != octets


def test_rules_follow_the_profile() -> None:
    rules = (refuses_trailing_bytes, refuses_unknown_tags, refuses_over_long)
    for rule, resolution in zip(rules, RULES, strict=True):
        assert rule(HARDENED)
        assert not rule(DOCUMENT)
        assert not rule(HARDENED.without(resolution))


@pytest.mark.parametrize(
    ("kind", "octets"),
    [
        (Annotated[int, U16], "01"),
        (Annotated[int, U128], "00" * 15),
        (bool, ""),
        (Colour, ""),
        (Order, ""),
        (Order, "01"),
        (Annotated[int, U8] | None, "01"),
        (Annotated[bytes, Length(2)], "aa"),
        (BYTES_TO_2, "020000"),
        (BYTES_TO_2, "02000000aa"),
        (PAIRS_TO_1, "0100000001"),
    ],
)
def test_a_missing_byte_is_truncated_in_every_profile(kind: Any, octets: str) -> None:
    assert refusal(kind, bytes.fromhex(octets)).code is RejectionCode.ENCODING_TRUNCATED
    assert refusal(kind, bytes.fromhex(octets), *RULES).code is RejectionCode.ENCODING_TRUNCATED


@dataclass(frozen=True, slots=True)
class Large:
    octets: Annotated[bytes, Maximum((1 << 32) - 1)]


@dataclass(frozen=True, slots=True)
class Many:
    items: Annotated[tuple[Pair, ...], Maximum((1 << 32) - 1)]


@pytest.mark.parametrize("kind", [Large, Many])
def test_a_huge_claim_is_refused_before_memory_is_taken(kind: Any) -> None:
    decode(kind, encode(Many, Many(())))
    tracemalloc.start()
    try:
        fault = refusal(kind, b"\xff" * 64)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert fault.code is RejectionCode.ENCODING_TRUNCATED
    assert peak < 1 << 17


class Level(int):
    """An integer type of its own is an integer."""


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (Annotated[int, U8], 256, "2^8, not 256"),
        (Annotated[int, U8], -1, "not -1"),
        (Annotated[int, U64], 1 << 64, "2^64"),
        (Annotated[int, U8], True, "not True"),
        (Annotated[int, U8], 1.0, "not 1.0"),
        (Annotated[int, U8], None, "not None"),
        (bool, 1, "True or False, not 1"),
        (Annotated[bytes, Length(2)], b"\x00", "2 bytes"),
        (Annotated[bytes, Length(2)], bytearray(2), "2 bytes"),
        (Annotated[bytes, Length(2)], "ab", "2 bytes"),
        (BYTES_TO_2, [1], "bytes, not [1]"),
        (Annotated[tuple[bool, ...], Length(2)], (True,), "a tuple of 2 items"),
        (PAIRS_TO_1, [Pair(1, right=True)], "a tuple"),
        (PAIRS_TO_1, (Stop(),), "value[0]: takes a Pair"),
        (Colour, "red", "a member of Colour"),
        (Pair, Stop(), "Pair: takes a Pair"),
        (Pair, Pair(256, right=True), "Pair.left"),
        (Order, Pair(1, right=True), "one of Stop, Pay, Paint"),
        (Order, Pay(Amount(256)), "value<Pay>.amount"),
        (Annotated[int, U8], "x" * 1000, "..."),
    ],
)
def test_a_value_that_its_field_cannot_hold_is_out_of_range(kind: Any, value: object, shown: str) -> None:
    with pytest.raises(Rejected) as caught:
        encode(kind, value)
    assert caught.value.code is RejectionCode.ENCODING_OUT_OF_RANGE
    assert shown in caught.value.detail
    assert len(caught.value.detail) < 200


def test_an_integer_type_of_its_own_is_an_integer() -> None:
    assert encode(Annotated[int, U8], Level(3)) == b"\x03"


def test_a_subclass_of_a_struct_has_no_encoding_as_its_parent() -> None:
    @dataclass(frozen=True)
    class Wider(Pair):
        more: bool

    for kind in (Pair, Stop | Pair):
        with pytest.raises(Rejected, match="takes"):
            encode(kind, Wider(1, right=True, more=True))


@pytest.mark.parametrize(
    ("kind", "value", "path"),
    [(BYTES_TO_2, b"abc", "value"), (PAIRS_TO_1, (Pair(1, right=True),) * 2, "value")],
)
def test_a_vec_over_its_maximum_has_no_encoding(kind: Any, value: object, path: str) -> None:
    with pytest.raises(Rejected) as caught:
        encode(kind, value)
    assert caught.value.code is RejectionCode.ENCODING_OVER_LONG
    assert caught.value.detail.startswith(path)


@dataclass(frozen=True, slots=True)
class Batch:
    pairs: Annotated[tuple[Pair, ...], Maximum(9)]
    order: Order
    until: Annotated[int, U32] | None


@pytest.mark.parametrize(
    ("octets", "path"),
    [
        ("0a000000", "Batch.pairs: length 10 at byte 0 is over the maximum of 9"),
        ("02000000010001", "Batch.pairs: needs 4 bytes from byte 4, and 3 are left"),
        ("020000000100010200", "Batch.pairs[1].right: tag 2 at byte 7"),
        ("0000000003", "Batch.order: tag 3 at byte 4 names none of 3 variants"),
        ("0000000002ff", "Batch.order<Paint>.colour: tag 255 at byte 5"),
        ("000000000001ff", "Batch.until: needs 4 bytes from byte 6, and 1 are left"),
        ("00000000000000", "Batch: ends at byte 6, and 1 bytes follow"),
    ],
)
def test_a_refusal_names_field_rule_and_value(octets: str, path: str) -> None:
    assert refusal(Batch, bytes.fromhex(octets)).detail.startswith(path)
