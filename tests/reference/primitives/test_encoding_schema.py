"""A type that does not settle its own bytes is refused when it is first used, with field, rule and fix."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, NewType, Optional

import pytest

from taifoon.primitives.encoding import U8, U16, U32, Length, Maximum, Unsigned, decode, encode, shape_of
from taifoon.primitives.encoding_shapes import (
    Array,
    Boolean,
    Integer,
    Octets,
    OctetVec,
    Option,
    Ordinal,
    Struct,
    Variants,
    Vec,
    least_bytes,
)
from taifoon.primitives.types import Epoch, Hash32

from .sample_schemas import SMALL, Colour, Everything, Pair, Pay, Stop

Wrapped = NewType("Wrapped", Hash32)


@dataclass(frozen=True, slots=True)
class Fields:
    digest: Annotated[Hash32, Length(32)]
    wrapped: Annotated[Wrapped, Length(32)]
    epoch: Annotated[Epoch, "counted from genesis", U16]
    optional: Optional[Pair]  # noqa: UP045 - both spellings are schemas
    items: Annotated[tuple[Annotated[bytes, Maximum(3)], ...], Maximum(4)]
    colours: Annotated[tuple[Colour, ...], Length(2)]
    choice: Stop | Pay
    flag: bool = False


def test_shape_follows_the_annotations() -> None:
    pair = Struct(Pair, (("left", Integer(8)), ("right", Boolean())))
    pay = Struct(Pay, (("amount", Integer(8)),))
    assert shape_of(Fields) == Struct(
        Fields,
        (
            ("digest", Octets(32)),
            ("wrapped", Octets(32)),
            ("epoch", Integer(16)),
            ("optional", Option(pair)),
            ("items", Vec(OctetVec(3), 4)),
            ("colours", Array(Ordinal(Colour, (Colour.RED, Colour.GREEN, Colour.BLUE)), 2)),
            ("choice", Variants((Struct(Stop, ()), pay))),
            ("flag", Boolean()),
        ),
    )


def test_variants_are_numbered_in_the_order_of_each_union() -> None:
    """Two unions that differ in order are equal to Python; their encodings are not."""
    assert encode(Stop | Pay, Stop()) == b"\x00"
    assert encode(Pay | Stop, Stop()) == b"\x01"
    assert encode(Stop | Pay | None, Stop()) == b"\x01\x00"
    assert encode(Pay | Stop | None, Stop()) == b"\x01\x01"


@pytest.mark.parametrize("name", SMALL)
def test_the_fewest_bytes_are_those_of_the_shortest_encoding(name: str) -> None:
    shape = shape_of(SMALL[name])
    least = least_bytes(shape)
    accepted = [length for length in range(8) if _begins(SMALL[name], bytes(length))]
    assert min(accepted) == least


def _begins(kind: Any, octets: bytes) -> bool:
    try:
        decode(kind, octets)
    except Exception:
        return False
    return True


@dataclass
class Mutable:
    flag: bool


@dataclass(frozen=True)
class Bare:
    count: int


@dataclass(frozen=True)
class Unbounded:
    octets: bytes


@dataclass(frozen=True)
class Loose:
    pairs: tuple[Pair, ...]


@dataclass(frozen=True)
class Nested:
    inner: Bare


@dataclass(frozen=True)
class Recursive:
    next: Recursive | None


@dataclass(frozen=True)
class Left:
    items: Annotated[tuple[Right, ...], Maximum(2)]


@dataclass(frozen=True)
class Right:
    left: Left | None


@dataclass(frozen=True)
class Derived:
    flag: bool
    other: bool = field(init=False, default=False)


@dataclass(frozen=True)
class Unresolved:
    flag: Missing  # type: ignore[name-defined]  # noqa: F821


class Nobody(Enum):
    pass


Crowd = Enum("Crowd", [f"member{place}" for place in range(257)])  # type: ignore[misc]

MANY: list[Any] = [dataclass(frozen=True)(type(f"Variant{place}", (), {})) for place in range(257)]
Full: Any = MANY[0]
for variant in MANY[1:256]:
    Full = Full | variant
Multitude = Full | MANY[256]


@pytest.mark.parametrize(
    ("kind", "field_path", "fix"),
    [
        (Bare, "Bare.count", "write Annotated[int, U64]"),
        (Unbounded, "Unbounded.octets", "Annotated[bytes, Maximum(n)]"),
        (Loose, "Loose.pairs", "Annotated[tuple[T, ...], Maximum(n)]"),
        (Nested, "Nested.inner.count", "write Annotated[int, U64]"),
        (Mutable, "Mutable", "frozen=True"),
        (Recursive, "Recursive.next", "fixed depth"),
        (Left, "Left.items[].left", "fixed depth"),
        (Derived, "Derived.other", "property"),
        (Unresolved, "Unresolved", "'Missing'"),
        (Nobody, "Nobody", "0 members"),
        (Crowd, "Crowd", "257 members"),
        (Multitude, "value", "257 variants"),
        (float, "float", "no encoding"),
        (str, "str", "no encoding"),
        (list[bool], "value", "no encoding"),
        (bool | Pair, "value", "wrap each variant"),
        (Annotated[bool, U8], "value", "Unsigned is for int"),
        (Annotated[int, Maximum(3)], "value", "Unsigned is for int"),
        (Annotated[int, Length(3)], "value", "Unsigned is for int"),
        (Annotated[bytes, U8], "value", "Unsigned is for int"),
        (Annotated[tuple[bool, ...], U8], "value", "Unsigned is for int"),
        (Annotated[int, U8, U16], "value", "2 markers"),
        (Annotated[int, "a width"], "value", "0 markers"),
        (Annotated[tuple[bool, bool], Length(2)], "value", "tuple[T, ...]"),
        (Annotated[tuple[Stop, ...], Maximum(2)], "value", "Annotated[int, U32]"),
        (Annotated[tuple[Stop, ...], Length(2)], "value", "Annotated[int, U32]"),
        (Annotated[tuple[Stop | Pay, ...], Maximum(2)], "value", "a field of a dataclass"),
    ],
)
def test_a_faulty_schema_names_field_and_fix(kind: Any, field_path: str, fix: str) -> None:
    for use in (shape_of, lambda kind: encode(kind, None), lambda kind: decode(kind, b"")):
        with pytest.raises(TypeError) as caught:
            use(kind)
        assert str(caught.value).startswith(f"{field_path}: ")
        assert fix in str(caught.value)


def test_a_tag_byte_names_256_variants() -> None:
    assert encode(Full, MANY[255]()) == b"\xff"


@pytest.mark.parametrize(
    ("marker", "count", "fix"),
    [
        (Unsigned, 0, "use U8"),
        (Unsigned, 12, "use U8"),
        (Length, 0, "leave the field out"),
        (Maximum, 0, "from 1"),
        (Maximum, 1 << 32, "below 2^32"),
    ],
)
def test_a_marker_without_meaning_is_refused(marker: type, count: int, fix: str) -> None:
    with pytest.raises(TypeError, match=fix.replace("^", r"\^")):
        marker(count)


def test_the_widest_schema_compiles() -> None:
    assert least_bytes(shape_of(Everything)) == 32 + 8 + 1 + 2 + 4 + 16 + 3 + 4 + 3 + 1 + 4 + 4
    assert encode(Annotated[int, U32], 1) == b"\x01\x00\x00\x00"
