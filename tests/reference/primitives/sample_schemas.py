"""Schemas of every shape, and walkers over shapes that share no code with the codec."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import product
from random import Random
from typing import Annotated, Any

from taifoon.primitives.encoding import U8, U16, U32, U64, U128, Length, Maximum
from taifoon.primitives.encoding_shapes import (
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
from taifoon.primitives.types import Amount, ChainId, Epoch, Hash32, PublicKey


class Colour(Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Pair:
    left: Annotated[int, U8]
    right: bool


@dataclass(frozen=True, slots=True)
class Stop:
    pass


@dataclass(frozen=True, slots=True)
class Pay:
    amount: Annotated[Amount, U8]


@dataclass(frozen=True, slots=True)
class Paint:
    colour: Colour
    twice: bool | None


@dataclass(frozen=True, slots=True)
class Text:
    octets: Annotated[bytes, Maximum(2)]


Order = Stop | Pay | Paint

# Schemas whose encodings are short enough to meet every one of them.
SMALL: dict[str, Any] = {
    "u8": Annotated[int, U8],
    "u16": Annotated[int, U16],
    "bool": bool,
    "enum": Colour,
    "option of u8": Annotated[int, U8] | None,
    "option of bool": bool | None,
    "option of enum": Colour | None,
    "array of 2 bytes": Annotated[bytes, Length(2)],
    "array of 2 bools": Annotated[tuple[bool, ...], Length(2)],
    "array of 1 option": Annotated[tuple[bool | None, ...], Length(1)],
    "bytes to 2": Annotated[bytes, Maximum(2)],
    "bools to 2": Annotated[tuple[bool, ...], Maximum(2)],
    "struct": Pair,
    "structs to 1": Annotated[tuple[Pair, ...], Maximum(1)],
    "struct without fields": Stop,
    "variants": Order,
    "option of variants": Stop | Pay | None,
    "variants with a Vec": Stop | Text,
}


@dataclass(frozen=True, slots=True)
class Inner:
    flag: bool
    colour: Colour
    limit: Annotated[int, U128] | None


@dataclass(frozen=True, slots=True)
class Move:
    target: Annotated[ChainId, U32]
    memo: Annotated[bytes, Maximum(20)]
    fee: Annotated[Amount, U64] | None


@dataclass(frozen=True, slots=True)
class Step:
    order: Stop | Move | Pay


@dataclass(frozen=True, slots=True)
class Everything:
    """All shapes at once, with the widths of the protocol's own structs."""

    digest: Annotated[Hash32, Length(32)]
    epoch: Annotated[Epoch, U64]
    small: Annotated[int, U8]
    medium: Annotated[int, U16]
    chain: Annotated[ChainId, U32]
    large: Annotated[int, U128]
    inner: Inner
    steps: Annotated[tuple[Step, ...], Maximum(5)]
    colours: Annotated[tuple[Colour, ...], Length(3)]
    signer: Annotated[PublicKey, Length(32)] | None
    memo: Annotated[bytes, Maximum(40)]
    matrix: Annotated[tuple[Annotated[tuple[Annotated[int, U16], ...], Maximum(3)], ...], Maximum(3)]


def random_value(shape: Shape, source: Random) -> Any:
    """A value of the shape; lengths and integers are often extreme."""
    match shape:
        case Integer(bits):
            return source.choice([0, 1, (1 << bits) - 1, 1 << bits - 1, source.randrange(1 << bits)])
        case Boolean():
            return source.choice([False, True])
        case Octets(count):
            return bytes(source.choices(range(256), k=count))
        case OctetVec(maximum):
            return bytes(source.choices(range(256), k=source.randint(0, maximum)))
        case Array(item, count):
            return tuple(random_value(item, source) for _ in range(count))
        case Vec(item, maximum):
            return tuple(random_value(item, source) for _ in range(source.randint(0, maximum)))
        case Option(item):
            return source.choice([None, random_value(item, source)])
        case Ordinal(_, members):
            return source.choice(members)
        case Struct(kind, fields):
            return kind(**{name: random_value(field, source) for name, field in fields})
        case Variants(variants):
            return random_value(source.choice(variants), source)


Sized = tuple[Any, int]


def small_values(shape: Shape, alphabet: Collection[int], budget: int) -> Iterator[Sized]:
    """Each value once, with the length of its encoding, if that is within the budget.

    Integers and byte strings are confined to the alphabet; tags and lengths are not.
    """
    match shape:
        case Integer(bits) if bits // 8 <= budget:
            yield from ((int.from_bytes(octets, "little"), bits // 8) for octets in _strings(alphabet, bits // 8))
        case Boolean() if budget >= 1:
            yield from ((False, 1), (True, 1))
        case Octets(count) if count <= budget:
            yield from ((octets, count) for octets in _strings(alphabet, count))
        case OctetVec(maximum):
            for count in range(min(maximum, budget - 4) + 1):
                yield from ((octets, 4 + count) for octets in _strings(alphabet, count))
        case Array(item, count):
            yield from _sequences((item,) * count, alphabet, budget)
        case Vec(item, maximum):
            for count in range(maximum + 1):
                items = _sequences((item,) * count, alphabet, budget - 4)
                yield from ((values, 4 + length) for values, length in items)
        case Option(item) if budget >= 1:
            yield None, 1
            yield from ((value, 1 + length) for value, length in small_values(item, alphabet, budget - 1))
        case Ordinal(_, members) if budget >= 1:
            yield from ((member, 1) for member in members)
        case Struct(kind, fields):
            for values, length in _sequences(tuple(field for _, field in fields), alphabet, budget):
                yield kind(*values), length
        case Variants(variants):
            for variant in variants:
                yield from ((value, 1 + length) for value, length in small_values(variant, alphabet, budget - 1))


def _strings(alphabet: Collection[int], length: int) -> Iterator[bytes]:
    return (bytes(octets) for octets in product(alphabet, repeat=length))


def _sequences(shapes: tuple[Shape, ...], alphabet: Collection[int], budget: int) -> Iterator[Sized]:
    if budget < 0:
        return
    if not shapes:
        yield (), 0
        return
    for first, length in small_values(shapes[0], alphabet, budget):
        for rest, more in _sequences(shapes[1:], alphabet, budget - length):
            yield (first, *rest), length + more
