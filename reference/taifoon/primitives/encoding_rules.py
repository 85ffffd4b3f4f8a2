"""Rules of the encoding: the order of the octets of an integer, and what a decoder refuses.

Source: the structs of sections 2.1, 2.3 and 4 of the source document, written in Rust without an encoding.
Requirement ids: RES-ENC, M13, N7.

An integer is its octets, lowest first; the two formulas that say so are written once, and the codec and the proofs
evaluate the same ones. Each strictness of the decoder is a rule of its own, for each alone keeps decoding unique.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from taifoon.profile import Profile, Resolution


class Word(Protocol):
    """What an integer formula needs: Python's integers have it, and so have the bit-vector terms of a prover."""

    def __add__(self: W, other: W, /) -> W: ...
    def __and__(self: W, other: int, /) -> W: ...
    def __lshift__(self: W, other: int, /) -> W: ...
    def __rshift__(self: W, other: int, /) -> W: ...


W = TypeVar("W", bound=Word)


def octets_of(value: W, width: int) -> list[W]:
    """The octets of a value of `width` octets, lowest first. A bit-vector term keeps its width in each octet."""
    return [(value >> 8 * place) & 0xFF for place in range(width)]


def value_of(octets: Sequence[W]) -> W:
    """The value of one or more octets, lowest first; the inverse of `octets_of` on values that fit."""
    value = octets[0]
    for place, octet in enumerate(octets[1:], start=1):
        value = value + (octet << 8 * place)
    return value


@dataclass(frozen=True, slots=True)
class Layout:
    """How the octets of an integer lie in the message; all else is common to the layouts."""

    name: str
    lowest_first: bool

    def write(self, value: int, width: int) -> bytes:
        """The `width` octets of a value that fits them."""
        octets = bytes(octets_of(value, width))
        return octets if self.lowest_first else octets[::-1]

    def read(self, octets: bytes) -> int:
        """The value of one or more octets."""
        return value_of(octets if self.lowest_first else octets[::-1])


BORSH = Layout("borsh", lowest_first=True)
"""Little-endian integers: Borsh 1.0, the canonical form of the Rust types in which the source is written."""

NETWORK_ORDER = Layout("network-order", lowest_first=False)
"""Big-endian integers, as in XDR and most wire formats: the other reading that the source allows."""


def conforming_layouts(profile: Profile) -> tuple[Layout, ...]:
    """The layouts in which a client of this profile may encode; the source fixes none, and Borsh is the likelier."""
    return (BORSH,) if Resolution.CANONICAL_ENCODING in profile else (BORSH, NETWORK_ORDER)


def refuses_trailing_bytes(profile: Profile) -> bool:
    """Whether bytes after a complete value are a fault; a reader that stops when it has enough ignores them."""
    return Resolution.NO_TRAILING_BYTES in profile


def refuses_unknown_tags(profile: Profile) -> bool:
    """Whether a tag byte that names nothing is a fault.

    A reader without this rule takes any byte but 0 of an option or boolean for 1, and the tag of an enum modulo the
    number of variants.
    """
    return Resolution.KNOWN_TAGS in profile


def refuses_over_long(profile: Profile) -> bool:
    """Whether a length prefix over the declared maximum is a fault; a reader without this rule has no maximum."""
    return Resolution.BOUNDED_LENGTHS in profile
