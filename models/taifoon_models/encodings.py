"""Small schemas that use every form of the encoding, with all their values: for exhaustive runs of the codec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any

from taifoon.primitives.encoding import U8, U16, Length, Maximum


class Colour(Enum):
    """An enum without payload."""

    RED = 0
    GREEN = 1
    BLUE = 2


@dataclass(frozen=True, slots=True)
class Short:
    """A struct of one octet."""

    low: Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class Flag:
    """A struct of one boolean."""

    up: bool


@dataclass(frozen=True, slots=True)
class Wide:
    """A struct of two octets in one integer."""

    value: Annotated[int, U16]


@dataclass(frozen=True, slots=True)
class Maybe:
    """An option."""

    value: Annotated[int, U8] | None


@dataclass(frozen=True, slots=True)
class Choice:
    """An enum without payload as a field."""

    colour: Colour


@dataclass(frozen=True, slots=True)
class Either:
    """An enum with payloads."""

    value: Short | Flag


@dataclass(frozen=True, slots=True)
class Few:
    """A vector of at most one octet."""

    values: Annotated[tuple[Annotated[int, U8], ...], Maximum(1)]


@dataclass(frozen=True, slots=True)
class Pair:
    """A struct with a fixed array and an option."""

    first: Annotated[bytes, Length(1)]
    second: bool | None


SCHEMAS: dict[str, type[Any]] = {
    schema.__name__.lower(): schema for schema in (Short, Flag, Wide, Maybe, Choice, Either, Few, Pair)
}


def values_of(name: str) -> Iterator[Any]:
    """All values of a schema; where an integer is wide, its ends and powers of two."""
    octets = range(256)
    edges = sorted({0, 255, 256, 65_535, *(1 << power for power in range(16))})
    match name:
        case "short":
            yield from (Short(octet) for octet in octets)
        case "flag":
            yield from (Flag(up) for up in (False, True))
        case "wide":
            yield from (Wide(value) for value in edges)
        case "maybe":
            yield from (Maybe(value) for value in (None, *octets))
        case "choice":
            yield from (Choice(colour) for colour in Colour)
        case "either":
            yield from (Either(Short(octet)) for octet in octets)
            yield from (Either(Flag(up)) for up in (False, True))
        case "few":
            yield from (Few(chosen) for chosen in ((), *((octet,) for octet in octets)))
        case "pair":
            yield from (Pair(bytes([octet]), up) for octet in octets for up in (None, False, True))
        case _:
            raise ValueError(f"no schema {name!r}: use one of {', '.join(SCHEMAS)}")


def borsh(value: Any) -> bytes:
    """The Borsh encoding of a value, written out by hand for each schema from the Borsh specification."""
    match value:
        case Short(low):
            return bytes([low])
        case Flag(up):
            return bytes([up])
        case Wide(number):
            return number.to_bytes(2, "little")
        case Maybe(None):
            return b"\x00"
        case Maybe(number):
            return bytes([1, number or 0])
        case Choice(colour):
            return bytes([[Colour.RED, Colour.GREEN, Colour.BLUE].index(colour)])
        case Either(Short(low)):
            return bytes([0, low])
        case Either(Flag(up)):
            return bytes([1, up])
        case Few(numbers):
            return len(numbers).to_bytes(4, "little") + bytes(numbers)
        case Pair(first, None):
            return first + b"\x00"
        case Pair(first, up):
            return first + bytes([1, bool(up)])
    raise TypeError(f"{value!r} is of none of the schemas")
