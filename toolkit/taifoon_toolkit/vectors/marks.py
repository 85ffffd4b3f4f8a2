"""Where the tags and lengths of an encoded value stand, and values made of a shape alone.

A generator of damaged encodings has to know which byte is a tag and which four are a length. The walk follows the shape
as the writer does, so that a new field of a message is damaged without a new line here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

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
)
from taifoon_toolkit.vectors.stream import Stream


@dataclass(frozen=True, slots=True)
class TagMark:
    """A tag byte: its field, place, and number of known tags; `names_fields` where it says which fields follow."""

    path: str
    place: int
    known: int
    names_fields: bool = False


@dataclass(frozen=True, slots=True)
class LengthMark:
    """A length: its field, its place, the end of what it counts, its maximum, and the shape of an item."""

    path: str
    place: int
    end: int
    maximum: int
    item: Shape


Mark = TagMark | LengthMark
BYTE = Integer(8)


def marks_of(shape: Shape, value: Any, place: int, path: str) -> Iterator[Mark]:
    """The marks of a value whose encoding begins at a place; items of a list share their path."""
    match shape:
        case Boolean():
            yield TagMark(path, place, 2)
        case Ordinal(_, members):
            yield TagMark(path, place, len(members))
        case Option(item):
            yield TagMark(path, place, 2)
            if value is not None:
                yield from marks_of(item, value, place + 1, path)
        case OctetVec(maximum):
            yield LengthMark(path, place, place + PREFIX_BYTES + len(value), maximum, BYTE)
        case Vec(item, maximum):
            yield LengthMark(path, place, place + length_of(shape, value), maximum, item)
            place += PREFIX_BYTES
            for part in value:
                yield from marks_of(item, part, place, f"{path}-item")
                place += length_of(item, part)
        case Array(item, _):
            for part in value:
                yield from marks_of(item, part, place, f"{path}-item")
                place += length_of(item, part)
        case Struct(_, fields):
            for name, field in fields:
                part = getattr(value, name)
                yield from marks_of(field, part, place, f"{path}-{name}" if path else name)
                place += length_of(field, part)
        case Variants(variants):
            yield TagMark(path, place, len(variants), names_fields=True)
            variant = next(item for item in variants if item.kind is type(value))
            yield from marks_of(variant, value, place + 1, path)
        case Integer() | Octets():
            return


def length_of(shape: Shape, value: Any) -> int:
    """How many bytes the encoding of a value takes."""
    match shape:
        case Integer(bits):
            return bits // 8
        case Boolean() | Ordinal():
            return 1
        case Octets(count):
            return count
        case OctetVec():
            return PREFIX_BYTES + len(value)
        case Option(item):
            return 1 if value is None else 1 + length_of(item, value)
        case Vec(item, _):
            return PREFIX_BYTES + sum(length_of(item, part) for part in value)
        case Array(item, _):
            return sum(length_of(item, part) for part in value)
        case Struct(_, fields):
            return sum(length_of(field, getattr(value, name)) for name, field in fields)
        case Variants(variants):
            return 1 + length_of(next(item for item in variants if item.kind is type(value)), value)


def least_value(shape: Shape) -> Any:
    """The value with the least numbers, nothing that may be absent, and no items."""
    match shape:
        case Integer():
            return 0
        case Boolean():
            return False
        case Octets(count):
            return bytes(count)
        case OctetVec():
            return b""
        case Vec():
            return ()
        case Array(item, count):
            return (least_value(item),) * count
        case Option():
            return None
        case Ordinal(_, members):
            return members[0]
        case Struct(kind, fields):
            return kind(**{name: least_value(field) for name, field in fields})
        case Variants(variants):
            return least_value(variants[0])


def greatest_value(shape: Shape, items: int) -> Any:
    """The value with the greatest numbers, all that may be present, and so many items where the maximum allows it."""
    match shape:
        case Integer(bits):
            return (1 << bits) - 1
        case Boolean():
            return True
        case Octets(count):
            return b"\xff" * count
        case OctetVec(maximum):
            return b"\xff" * min(items, maximum)
        case Vec(item, maximum):
            return (greatest_value(item, items),) * min(items, maximum)
        case Array(item, count):
            return (greatest_value(item, items),) * count
        case Option(item):
            return greatest_value(item, items)
        case Ordinal(_, members):
            return members[-1]
        case Struct(kind, fields):
            return kind(**{name: greatest_value(field, items) for name, field in fields})
        case Variants(variants):
            return greatest_value(variants[-1], items)


def drawn_value(shape: Shape, stream: Stream, items: int) -> Any:
    """A value drawn from a stream, with all that may be present and so many items in each list."""
    match shape:
        case Integer(bits):
            return int.from_bytes(stream.octets(bits // 8), "little")
        case Boolean():
            return stream.below(2) == 1
        case Octets(count):
            return stream.octets(count)
        case OctetVec(maximum):
            return stream.octets(min(items + 2, maximum))
        case Vec(item, maximum):
            return tuple(drawn_value(item, stream, items) for _ in range(min(items, maximum)))
        case Array(item, count):
            return tuple(drawn_value(item, stream, items) for _ in range(count))
        case Option(item):
            return drawn_value(item, stream, items)
        case Ordinal(_, members):
            return stream.one_of(members)
        case Struct(kind, fields):
            return kind(**{name: drawn_value(field, stream, items) for name, field in fields})
        case Variants(variants):
            return drawn_value(stream.one_of(variants), stream, items)
