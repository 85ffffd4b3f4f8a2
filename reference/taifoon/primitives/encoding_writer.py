"""Writing a value in a shape.

Source: the structs of sections 2.1, 2.3 and 4 of the source document. Requirement ids: RES-ENC, M13.

The writer is total on the values of a type and refuses everything else: what a field cannot hold is never cut, wrapped
or converted, since two values would then share one encoding.
"""

from __future__ import annotations

from typing import Any

from taifoon.primitives.encoding_rules import Layout
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
from taifoon.rejection import Rejected, RejectionCode

SHOWN_CHARACTERS = 80
"""How much of a refused value an error quotes."""


def write(shape: Shape, value: Any, layout: Layout, path: str) -> bytes:
    """Encoding of a value; `path` names the field in errors.

    `ENCODING_OVER_LONG` for a Vec over its maximum, `ENCODING_OUT_OF_RANGE` for any other value without an encoding.
    """
    match shape:
        case Integer(bits):
            if not _is_unsigned(value, bits):
                raise _out_of_range(path, f"an integer from 0 below 2^{bits}", value)
            return layout.write(value, bits // 8)
        case Boolean():
            if not isinstance(value, bool):
                raise _out_of_range(path, "True or False", value)
            return bytes([value])
        case Octets(count):
            if not isinstance(value, bytes) or len(value) != count:
                raise _out_of_range(path, f"{count} bytes", value)
            return value
        case OctetVec(maximum):
            if not isinstance(value, bytes):
                raise _out_of_range(path, "bytes", value)
            return _prefix(len(value), maximum, layout, path) + value
        case Array(item, count):
            if not isinstance(value, tuple) or len(value) != count:
                raise _out_of_range(path, f"a tuple of {count} items", value)
            return _items(item, value, layout, path)
        case Vec(item, maximum):
            if not isinstance(value, tuple):
                raise _out_of_range(path, "a tuple", value)
            return _prefix(len(value), maximum, layout, path) + _items(item, value, layout, path)
        case Option(item):
            return b"\x00" if value is None else b"\x01" + write(item, value, layout, path)
        case Ordinal(kind, members):
            if not isinstance(value, kind):
                raise _out_of_range(path, f"a member of {kind.__name__}", value)
            return bytes([members.index(value)])
        case Struct():
            return _struct(shape, value, layout, path)
        case Variants(variants):
            return _variant(variants, value, layout, path)


def _is_unsigned(value: object, bits: int) -> bool:
    # Python counts True and False among the integers; an integer field does not.
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << bits


def _prefix(length: int, maximum: int, layout: Layout, path: str) -> bytes:
    if length > maximum:
        raise Rejected(RejectionCode.ENCODING_OVER_LONG, f"{path}: length {length} is over the maximum of {maximum}")
    return layout.write(length, PREFIX_BYTES)


def _items(item: Shape, values: tuple[Any, ...], layout: Layout, path: str) -> bytes:
    return b"".join(write(item, value, layout, f"{path}[{place}]") for place, value in enumerate(values))


def _struct(shape: Struct, value: Any, layout: Layout, path: str) -> bytes:
    # A subclass could hold fields that its encoding as the parent would drop, and two values would share bytes.
    if type(value) is not shape.kind:
        raise _out_of_range(path, f"a {shape.kind.__name__}", value)
    return b"".join(write(field, getattr(value, name), layout, f"{path}.{name}") for name, field in shape.fields)


def _variant(variants: tuple[Struct, ...], value: Any, layout: Layout, path: str) -> bytes:
    for ordinal, variant in enumerate(variants):
        if type(value) is variant.kind:
            return bytes([ordinal]) + _struct(variant, value, layout, f"{path}<{variant.kind.__name__}>")
    raise _out_of_range(path, "one of " + ", ".join(variant.kind.__name__ for variant in variants), value)


def _out_of_range(path: str, rule: str, value: object) -> Rejected:
    shown = repr(value)
    if len(shown) > SHOWN_CHARACTERS:
        shown = f"{shown[:SHOWN_CHARACTERS]}..."
    return Rejected(RejectionCode.ENCODING_OUT_OF_RANGE, f"{path}: takes {rule}, not {shown}")
