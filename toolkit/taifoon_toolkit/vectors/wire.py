"""The JSON form of values in vectors and sessions, derived from the types (`spec/conformance.md`, values).

Bytes are hexadecimal, integers decimal strings, so that no reader rounds or reorders anything. A reader is strict: it
refuses an unknown key, a missing one, and every second spelling of a value.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, NewType, Union, get_args, get_origin, get_type_hints

from taifoon.primitives.encoding import U8, U16, U32, U64, U128, Length, Maximum, Unsigned

Json = Any

DECIMAL = re.compile("0|[1-9][0-9]*")
HEXADECIMAL = re.compile("(?:[0-9a-f]{2})*")

Digest = Annotated[bytes, Length(32)]
"""A digest, a key or a seed: 32 bytes."""
Signed = Annotated[bytes, Length(64)]
"""A signature: 64 bytes."""
Small = Annotated[int, U32]
Large = Annotated[int, U64]

__all__ = ["U8", "U16", "U32", "U64", "U128", "Digest", "Json", "Large", "Signed", "Small", "WireError"]


class WireError(ValueError):
    """A JSON value that is not the form of its type; the message names the place, the rule and the value."""


@dataclass(frozen=True, slots=True)
class Whole:
    """An unsigned integer below 2^bits; without a width, any size."""

    bits: int | None


@dataclass(frozen=True, slots=True)
class Octets:
    """Bytes: exactly `least` of them where the two bounds agree."""

    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Word:
    """One of the names of an enum, in lower case."""

    kind: type[Enum]


@dataclass(frozen=True, slots=True)
class Many:
    """A list."""

    item: Form
    exact: int | None


@dataclass(frozen=True, slots=True)
class Maybe:
    """A value or null."""

    item: Form


@dataclass(frozen=True, slots=True)
class Record:
    """An object with exactly these keys."""

    kind: type
    fields: tuple[tuple[str, Form], ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """An object with one key, the name of the variant."""

    variants: tuple[Record, ...]


Form = Whole | Octets | Flag | Word | Many | Maybe | Record | OneOf


@cache
def form_of(kind: Any) -> Form:
    """The JSON form of a type: a dataclass, or what may be a field of one. Raises TypeError for any other."""
    while isinstance(kind, NewType):
        kind = kind.__supertype__
    markers: tuple[Any, ...] = ()
    if get_origin(kind) is Annotated:
        kind, *found = get_args(kind)
        markers = tuple(found)
        while isinstance(kind, NewType):
            kind = kind.__supertype__
    marker = next((item for item in markers if isinstance(item, Unsigned | Length | Maximum)), None)
    if kind is bool:
        return Flag()
    if kind is int:
        return Whole(marker.bits if isinstance(marker, Unsigned) else None)
    if kind is bytes:
        if isinstance(marker, Length):
            return Octets(marker.count, marker.count)
        return Octets(0, marker.count if isinstance(marker, Maximum) else None)
    if get_origin(kind) is tuple:
        return Many(form_of(get_args(kind)[0]), marker.count if isinstance(marker, Length) else None)
    if get_origin(kind) in (Union, types.UnionType):
        return _union_form(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Word(kind)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        return Record(kind, tuple((item.name, form_of(hints[item.name])) for item in dataclasses.fields(kind)))
    raise TypeError(f"{kind!r} has no JSON form: use a dataclass, a tuple of one type, int, bytes, bool or an enum")


def _union_form(members: tuple[Any, ...]) -> Form:
    present = [form_of(member) for member in members if member is not type(None)]
    if len(present) == 1:
        return Maybe(present[0])
    variants = tuple(item for item in present if isinstance(item, Record))
    return Maybe(OneOf(variants)) if len(present) < len(members) else OneOf(variants)


def to_json(form: Form, value: Any) -> Json:
    """The JSON form of a value."""
    match form:
        case Whole():
            return str(int(value))
        case Octets():
            return bytes(value).hex()
        case Flag():
            return bool(value)
        case Word():
            return word_of(value)
        case Many(item):
            return [to_json(item, part) for part in value]
        case Maybe(item):
            return None if value is None else to_json(item, value)
        case Record(_, fields):
            return {name: to_json(field, getattr(value, name)) for name, field in fields}
        case OneOf(variants):
            record = next(item for item in variants if type(value) is item.kind)
            return {variant_word(record): to_json(record, value)}


def word_of(member: Enum) -> str:
    """How a member of an enum is written."""
    return member.name.lower()


def variant_word(record: Record) -> str:
    """How a variant is written: its type's name in lower case with underscores."""
    return re.sub("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", record.kind.__name__).lower()


def refuse(place: str, rule: str, value: Json) -> WireError:
    """The error for a value that is not what its place takes."""
    shown = repr(value)
    return WireError(f"{place}: takes {rule}, not {shown if len(shown) < 80 else shown[:77] + '...'}")


def from_json(form: Form, value: Json, place: str = "value") -> Any:
    """The value that the JSON stands for. Raises WireError, also for what a type's own constructor refuses."""
    match form:
        case Whole(bits):
            if not isinstance(value, str) or not DECIMAL.fullmatch(value) or len(value) > 200:
                raise refuse(place, "an integer as a string of decimal digits", value)
            if bits is not None and int(value) >= 1 << bits:
                raise refuse(place, f"an integer below 2^{bits}", value)
            return int(value)
        case Octets(least, most):
            if not isinstance(value, str) or not HEXADECIMAL.fullmatch(value):
                raise refuse(place, "bytes as lower-case hexadecimal digits", value)
            if len(value) < 2 * least or (most is not None and len(value) > 2 * most):
                raise refuse(place, f"{least} bytes" if least == most else f"at most {most} bytes", value)
            return bytes.fromhex(value)
        case Flag():
            if not isinstance(value, bool):
                raise refuse(place, "true or false", value)
            return value
        case Word(kind):
            words = {word_of(member): member for member in kind}
            if not isinstance(value, str) or value not in words:
                raise refuse(place, f"one of {', '.join(words)}", value)
            return words[value]
        case Many(item, exact):
            if not isinstance(value, list) or (exact is not None and len(value) != exact):
                raise refuse(place, "a list" if exact is None else f"a list of {exact} items", value)
            return tuple(from_json(item, part, f"{place}[{number}]") for number, part in enumerate(value))
        case Maybe(item):
            return None if value is None else from_json(item, value, place)
        case Record(kind, fields):
            return kind(**_members(fields, value, place))
        case OneOf(variants):
            named = {variant_word(record): record for record in variants}
            if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in named:
                raise refuse(place, f"an object with one key of {', '.join(named)}", value)
            ((word, inner),) = value.items()
            return from_json(named[word], inner, f"{place}.{word}")


def _members(fields: tuple[tuple[str, Form], ...], value: Json, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refuse(place, "an object", value)
    names = [name for name, _ in fields]
    unknown = [name for name in value if name not in names]
    missing = [name for name in names if name not in value]
    if unknown:
        raise WireError(f"{place}.{unknown[0]}: unknown key; the keys are {', '.join(names) or 'none'}")
    if missing:
        raise WireError(f"{place}.{missing[0]}: the key is missing")
    return {name: from_json(field, value[name], f"{place}.{name}") for name, field in fields}


def schema_of(form: Form) -> dict[str, Json]:
    """The JSON Schema (2020-12) of a form; it refuses unknown keys throughout."""
    match form:
        case Whole(bits):
            digits = {} if bits is None else {"maxLength": len(str((1 << bits) - 1))}
            return {"type": "string", "pattern": "^(0|[1-9][0-9]*)$", **digits}
        case Octets(least, most):
            bounds = {"minLength": 2 * least} | ({} if most is None else {"maxLength": 2 * most})
            return {"type": "string", "pattern": "^([0-9a-f]{2})*$", **bounds}
        case Flag():
            return {"type": "boolean"}
        case Word(kind):
            return {"enum": [word_of(member) for member in kind]}
        case Many(item, exact):
            size = {} if exact is None else {"minItems": exact, "maxItems": exact}
            return {"type": "array", "items": schema_of(item), **size}
        case Maybe(item):
            return {"anyOf": [{"type": "null"}, schema_of(item)]}
        case Record(_, fields):
            return object_schema({name: schema_of(field) for name, field in fields})
        case OneOf(variants):
            return {"oneOf": [object_schema({variant_word(item): schema_of(item)}) for item in variants]}


def object_schema(properties: Mapping[str, Json], optional: tuple[str, ...] = ()) -> dict[str, Json]:
    """The schema of an object with exactly these keys, all needed but the optional ones."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def leaves_of(value: Json, place: str = "") -> tuple[str, ...]:
    """The places of all plain values of a document; an empty object or list counts as one."""
    if isinstance(value, dict) and value:
        return tuple(found for name in value for found in leaves_of(value[name], f"{place}.{name}"))
    if isinstance(value, list) and value:
        return tuple(found for number, part in enumerate(value) for found in leaves_of(part, f"{place}[{number}]"))
    return (place,)
