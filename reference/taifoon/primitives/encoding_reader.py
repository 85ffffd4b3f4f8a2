"""Reading a value of a shape from bytes that anyone may have sent.

Source: the structs of sections 2.1, 2.3 and 4 of the source document. Requirement ids: RES-ENC, M13, N7.

The reader walks the finite tree of the shape once, so that it ends whatever the bytes say. Before it reads a sequence
it compares the length that the bytes claim with the bytes that are there: a claim alone costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from taifoon.primitives.encoding_rules import Layout, refuses_over_long, refuses_unknown_tags
from taifoon.primitives.encoding_shapes import (
    PREFIX_BYTES,
    Array,
    Boolean,
    Integer,
    Octets,
    OctetVec,
    Option,
    Ordinal,
    Shape,
    Struct,
    Variants,
    Vec,
    least_bytes,
)
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode


@dataclass(frozen=True, slots=True)
class Message:
    """The bytes being read, and the rules under which they are."""

    octets: bytes
    profile: Profile
    layout: Layout


def read(shape: Shape, message: Message, start: int, path: str) -> tuple[Any, int]:
    """The value that begins at byte `start`, and the place of the byte after it; `path` names the field in errors.

    `ENCODING_TRUNCATED`, `ENCODING_UNKNOWN_TAG` or `ENCODING_OVER_LONG` for bytes that begin no encoding.
    """
    match shape:
        case Integer(bits):
            octets = take(message, start, bits // 8, path)
            return message.layout.read(octets), start + bits // 8
        case Boolean():
            return _flag(message, start, path), start + 1
        case Octets(count):
            return take(message, start, count, path), start + count
        case OctetVec(maximum):
            length = _length(message, start, maximum, 1, path)
            start += PREFIX_BYTES
            return take(message, start, length, path), start + length
        case Array(item, count):
            return _items(item, count, message, start, path)
        case Vec(item, maximum):
            length = _length(message, start, maximum, least_bytes(item), path)
            return _items(item, length, message, start + PREFIX_BYTES, path)
        case Option(item):
            present = _flag(message, start, path)
            return read(item, message, start + 1, path) if present else (None, start + 1)
        case Ordinal(_, members):
            return members[_tag(message, start, len(members), path)], start + 1
        case Struct():
            return _struct(shape, message, start, path)
        case Variants(variants):
            variant = variants[_tag(message, start, len(variants), path)]
            return _struct(variant, message, start + 1, f"{path}<{variant.kind.__name__}>")


def take(message: Message, start: int, count: int, path: str) -> bytes:
    """The `count` bytes from `start`; `ENCODING_TRUNCATED` if there are fewer."""
    left = len(message.octets) - start
    if count > left:
        raise Rejected(
            RejectionCode.ENCODING_TRUNCATED,
            f"{path}: needs {count} bytes from byte {start}, and {left} are left",
        )
    return message.octets[start : start + count]


def _flag(message: Message, start: int, path: str) -> bool:
    octet = take(message, start, 1, path)[0]
    if octet > 1 and refuses_unknown_tags(message.profile):
        raise Rejected(RejectionCode.ENCODING_UNKNOWN_TAG, f"{path}: tag {octet} at byte {start} is neither 0 nor 1")
    return octet != 0


def _tag(message: Message, start: int, variants: int, path: str) -> int:
    octet = take(message, start, 1, path)[0]
    if octet >= variants and refuses_unknown_tags(message.profile):
        raise Rejected(
            RejectionCode.ENCODING_UNKNOWN_TAG,
            f"{path}: tag {octet} at byte {start} names none of {variants} variants, numbered from 0",
        )
    return octet % variants


def _length(message: Message, start: int, maximum: int, least: int, path: str) -> int:
    length = message.layout.read(take(message, start, PREFIX_BYTES, path))
    if length > maximum and refuses_over_long(message.profile):
        raise Rejected(
            RejectionCode.ENCODING_OVER_LONG,
            f"{path}: length {length} at byte {start} is over the maximum of {maximum}",
        )
    # Invariant: as many items of the least size fit the bytes left, so that the loop over them is paid for.
    take(message, start + PREFIX_BYTES, length * least, path)
    return length


def _items(item: Shape, count: int, message: Message, start: int, path: str) -> tuple[tuple[Any, ...], int]:
    values = []
    for place in range(count):
        value, start = read(item, message, start, f"{path}[{place}]")
        values.append(value)
    return tuple(values), start


def _struct(shape: Struct, message: Message, start: int, path: str) -> tuple[Any, int]:
    values = {}
    for name, field in shape.fields:
        values[name], start = read(field, message, start, f"{path}.{name}")
    return shape.kind(**values), start
