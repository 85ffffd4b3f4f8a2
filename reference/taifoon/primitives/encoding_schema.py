"""Schemas: from the annotations of a dataclass to the shape of its bytes.

Source: the structs of sections 2.1, 2.3 and 4 of the source document. Requirement ids: RES-ENC, M13, N7.

A type is its own schema: fields in order, each with the marker that its Python type lacks (width, length, maximum).
What a marker leaves open is a fault of the schema, met when the type is first used and never while bytes are read.
"""

from __future__ import annotations

import dataclasses
import types
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, NewType, Union, get_args, get_origin, get_type_hints

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

TAGS = 256
"""Variants that a tag byte can tell apart."""


@dataclass(frozen=True, slots=True)
class Unsigned:
    """Marks an integer field with its width: `Annotated[Epoch, U64]`."""

    bits: int

    def __post_init__(self) -> None:
        if self.bits < 8 or self.bits % 8:
            raise TypeError(f"Unsigned({self.bits}): a width is a multiple of 8, from 8: use U8, U16, U32, U64 or U128")


@dataclass(frozen=True, slots=True)
class Length:
    """Marks an array with its fixed number of bytes or items: `Annotated[Hash32, Length(32)]`."""

    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise TypeError(f"Length({self.count}): an array has 1 item or more: leave the field out")


@dataclass(frozen=True, slots=True)
class Maximum:
    """Marks a Vec with the greatest number of bytes or items: `Annotated[tuple[Vote, ...], Maximum(1024)]`."""

    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.count < 1 << 8 * PREFIX_BYTES:
            raise TypeError(f"Maximum({self.count}): a maximum is from 1 below 2^32, the range of the length prefix")


U8 = Unsigned(8)
U16 = Unsigned(16)
U32 = Unsigned(32)
U64 = Unsigned(64)
U128 = Unsigned(128)

Marker = Unsigned | Length | Maximum


def shape_of(kind: object) -> Shape:
    """The shape that a type describes; `TypeError` naming field, rule and fix if it describes none.

    Types: a frozen dataclass; `T | None`; a union of dataclasses; an `Enum` class; `bool`; and, marked by `Annotated`,
    an `int`, `bytes` or `tuple[T, ...]`. A `NewType` is read as the type beneath it.
    """
    return _shape(kind, kind.__name__ if isinstance(kind, type) else "value", ())


def _shape(kind: object, path: str, outer: tuple[type, ...]) -> Shape:
    kind = _beneath(kind)
    if get_origin(kind) is Annotated:
        return _marked_shape(kind, path, outer)
    if get_origin(kind) in (Union, types.UnionType):
        return _union_shape(get_args(kind), path, outer)
    if kind is bool:
        return Boolean()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _struct_shape(kind, path, outer)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _ordinal_shape(kind, path)
    raise _unmarked(kind, path)


def _beneath(kind: object) -> object:
    while isinstance(kind, NewType):
        kind = kind.__supertype__
    return kind


def _unmarked(kind: object, path: str) -> TypeError:
    if kind is int:
        return TypeError(f"{path}: an int has no width: write Annotated[int, U64] or another width")
    if kind is bytes:
        return TypeError(
            f"{path}: bytes have no length: write Annotated[bytes, Length(n)] or Annotated[bytes, Maximum(n)]"
        )
    if get_origin(kind) is tuple:
        return TypeError(f"{path}: a tuple has no length: write Annotated[tuple[T, ...], Maximum(n)] or Length(n)")
    return TypeError(
        f"{path}: {kind!r} has no encoding: use a frozen dataclass, a union of dataclasses, T | None, an Enum, bool, "
        "or a marked int, bytes or tuple"
    )


def _marked_shape(kind: object, path: str, outer: tuple[type, ...]) -> Shape:
    base, *metadata = get_args(kind)
    base = _beneath(base)
    markers = [item for item in metadata if isinstance(item, Marker)]
    if len(markers) != 1:
        raise TypeError(f"{path}: has {len(markers)} markers and needs one: keep one of Unsigned, Length, Maximum")
    marker = markers[0]
    if base is int and isinstance(marker, Unsigned):
        return Integer(marker.bits)
    if base is bytes and isinstance(marker, Length):
        return Octets(marker.count)
    if base is bytes and isinstance(marker, Maximum):
        return OctetVec(marker.count)
    if get_origin(base) is tuple and not isinstance(marker, Unsigned):
        item = _item_shape(base, path, outer)
        return Array(item, marker.count) if isinstance(marker, Length) else Vec(item, marker.count)
    raise TypeError(
        f"{path}: {marker!r} does not fit {base!r}: Unsigned is for int, Length and Maximum for bytes and tuples"
    )


def _item_shape(base: object, path: str, outer: tuple[type, ...]) -> Shape:
    arguments = get_args(base)
    if len(arguments) != 2 or arguments[1] is not Ellipsis:
        raise TypeError(f"{path}: {base!r} mixes items: write tuple[T, ...], or a dataclass for items of several types")
    if get_origin(arguments[0]) in (Union, types.UnionType) and len(set(get_args(arguments[0])) - {type(None)}) > 1:
        # Annotated keeps the first of two equal types, and unions of another order are equal: the tags could be wrong.
        raise TypeError(
            f"{path}: a union of items can lose its order: make it a field of a dataclass, and that the item"
        )
    item = _shape(arguments[0], f"{path}[]", outer)
    # A prefix of four bytes would else stand for any number of items, and cost as much as it claims.
    if least_bytes(item) == 0:
        raise TypeError(f"{path}: items of no bytes cannot be told apart: write their number as Annotated[int, U32]")
    return item


def _union_shape(members: tuple[object, ...], path: str, outer: tuple[type, ...]) -> Shape:
    present = tuple(member for member in members if member is not type(None))
    if len(present) == 1:
        return Option(_shape(present[0], path, outer))
    if len(present) > TAGS:
        raise TypeError(f"{path}: {len(present)} variants, and a tag byte names {TAGS}: nest one union in a dataclass")
    variants = []
    for member in present:
        if not (isinstance(member, type) and dataclasses.is_dataclass(member)):
            raise TypeError(f"{path}: {member!r} is no dataclass: wrap each variant of a union in a frozen dataclass")
        variants.append(_struct_shape(member, f"{path}<{member.__name__}>", outer))
    return Option(Variants(tuple(variants))) if len(present) < len(members) else Variants(tuple(variants))


def _ordinal_shape(kind: type[Enum], path: str) -> Ordinal:
    members = tuple(kind)
    if not 1 <= len(members) <= TAGS:
        raise TypeError(f"{path}: {kind.__name__} has {len(members)} members, and a tag byte names 1 to {TAGS}")
    return Ordinal(kind, members)


def _struct_shape(kind: type, path: str, outer: tuple[type, ...]) -> Struct:
    if kind in outer:
        raise TypeError(f"{path}: {kind.__name__} holds itself: give the nesting a fixed depth, or hold a hash instead")
    if outer:
        # The fault is reported under the path from the outermost type; the shape itself does not depend on it.
        return _fields(kind, path, (*outer, kind))
    return _root_struct(kind)


@cache
def _root_struct(kind: type) -> Struct:
    # Only classes are kept: two unions of the same variants in another order are equal keys to Python, but not to us.
    return _fields(kind, kind.__name__, (kind,))


def _fields(kind: type, path: str, outer: tuple[type, ...]) -> Struct:
    parameters = getattr(kind, "__dataclass_params__")  # noqa: B009 - typeshed does not know it
    if not parameters.frozen:
        raise TypeError(f"{path}: {kind.__name__} is mutable: declare it @dataclass(frozen=True, slots=True)")
    hints = _hints(kind, path)
    shapes = []
    for item in dataclasses.fields(kind):
        if not item.init:
            raise TypeError(f"{path}.{item.name}: is not set by the constructor: make it a property")
        shapes.append((item.name, _shape(hints[item.name], f"{path}.{item.name}", outer)))
    return Struct(kind, tuple(shapes))


def _hints(kind: type, path: str) -> dict[str, Any]:
    try:
        return get_type_hints(kind, include_extras=True)
    except NameError as fault:
        raise TypeError(
            f"{path}: the annotation {fault.name!r} of {kind.__name__} is no name of its module: define it there"
        ) from fault
