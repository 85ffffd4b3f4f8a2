"""Shapes of encoded values: the closed list of what a field can be.

Source: the structs of sections 2.1, 2.3 and 4 of the source document. Requirement ids: RES-ENC, M13; the forms are
those of the Borsh specification 1.0.

A shape is a finite tree that describes bytes. The writer, the reader and whatever else walks an encoding (proofs,
generators of vectors) match on these classes and on no Python type.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

PREFIX_BYTES = 4
"""Octets of the length before a Vec: Borsh counts items in a u32."""


@dataclass(frozen=True, slots=True)
class Integer:
    """An unsigned integer of fixed width."""

    bits: int


@dataclass(frozen=True, slots=True)
class Boolean:
    """One byte, 0 or 1."""


@dataclass(frozen=True, slots=True)
class Octets:
    """An array of a fixed number of bytes."""

    count: int


@dataclass(frozen=True, slots=True)
class OctetVec:
    """A length prefix, then as many bytes."""

    maximum: int


@dataclass(frozen=True, slots=True)
class Array:
    """A fixed number of items."""

    item: Shape
    count: int


@dataclass(frozen=True, slots=True)
class Vec:
    """A length prefix, then as many items."""

    item: Shape
    maximum: int


@dataclass(frozen=True, slots=True)
class Option:
    """A byte 0 for nothing, or a byte 1 and the item."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Ordinal:
    """An enum without payload: one byte, the member's place in the order of declaration."""

    kind: type[Enum]
    members: tuple[Enum, ...]


@dataclass(frozen=True, slots=True)
class Struct:
    """The fields of a dataclass in the order of declaration, with nothing between them."""

    kind: type
    fields: tuple[tuple[str, Shape], ...]


@dataclass(frozen=True, slots=True)
class Variants:
    """An enum with payload: one byte, the variant's place in the union, then the variant's fields."""

    variants: tuple[Struct, ...]


Shape = Integer | Boolean | Octets | OctetVec | Array | Vec | Option | Ordinal | Struct | Variants


def least_bytes(shape: Shape) -> int:
    """Length of the shortest encoding of the shape."""
    match shape:
        case Integer(bits):
            return bits // 8
        case Boolean() | Option() | Ordinal():
            return 1
        case Octets(count):
            return count
        case OctetVec() | Vec():
            return PREFIX_BYTES
        case Array(item, count):
            return count * least_bytes(item)
        case Struct(_, fields):
            return sum(least_bytes(item) for _, item in fields)
        case Variants(variants):
            return 1 + min(least_bytes(variant) for variant in variants)
