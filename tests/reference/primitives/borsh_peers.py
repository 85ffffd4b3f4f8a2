"""Two independent implementations of Borsh, driven by the shapes of the reference.

The packages `borsh` of npm (JavaScript) and `borsh-construct` (Python) share no code with the reference or each other.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import borsh_construct
import construct

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

INTEROP = Path(__file__).parents[2] / "interop"
NODE = shutil.which("node")


def missing_node_peer() -> str | None:
    """Why the npm package cannot be asked, if it cannot."""
    if NODE is None:
        return "node is not installed"
    if not (INTEROP / "node_modules" / "borsh").is_dir():
        return "the npm package borsh is not installed: run npm install in tests/interop"
    return None


def ask_node(requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers of the npm package, from one process for all requests."""
    assert NODE is not None
    process = subprocess.run(  # noqa: S603 - a fixed script of this repository
        [NODE, "borsh_peer.mjs"],
        cwd=INTEROP,
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    answers = [json.loads(line) for line in process.stdout.splitlines()]
    assert len(answers) == len(requests)
    return answers


def node_schema(shape: Shape) -> Any:
    match shape:
        case Integer(bits):
            return f"u{bits}"
        case Boolean():
            return "bool"
        case Octets(count):
            return {"array": {"type": "u8", "len": count}}
        case OctetVec():
            return {"array": {"type": "u8"}}
        case Array(item, count):
            return {"array": {"type": node_schema(item), "len": count}}
        case Vec(item):
            return {"array": {"type": node_schema(item)}}
        case Option(item):
            return {"option": node_schema(item)}
        case Ordinal(_, members):
            return {"enum": [{"struct": {member.name: {"struct": {}}}} for member in members]}
        case Struct(_, fields):
            return {"struct": {name: node_schema(field) for name, field in fields}}
        case Variants(variants):
            return {"enum": [{"struct": {variant.kind.__name__: node_schema(variant)}} for variant in variants]}


def node_value(shape: Shape, value: Any) -> Any:
    match shape:
        case Integer(bits):
            return str(value) if bits > 32 else value
        case Boolean():
            return value
        case Octets() | OctetVec():
            return list(value)
        case Array(item) | Vec(item):
            return [node_value(item, one) for one in value]
        case Option(item):
            return None if value is None else node_value(item, value)
        case Ordinal():
            return {value.name: {}}
        case Struct(_, fields):
            return {name: node_value(field, getattr(value, name)) for name, field in fields}
        case Variants(variants):
            variant = next(variant for variant in variants if type(value) is variant.kind)
            return {variant.kind.__name__: node_value(variant, value)}


class ConstructPeer:
    """The codec of borsh-construct for a shape; it wants values of its own enum classes."""

    def __init__(self, shape: Shape) -> None:
        self._enums: dict[Shape, Any] = {}
        self._shape = shape
        self._codec = self._compile(shape)

    def encode(self, value: Any) -> bytes:
        octets = self._codec.build(self._value(self._shape, value))
        assert isinstance(octets, bytes)
        return octets

    def accepts(self, octets: bytes) -> bool:
        try:
            self._codec.parse(octets)
        except (construct.ConstructError, IndexError):
            return False
        return True

    def _compile(self, shape: Shape) -> Any:
        match shape:
            case Integer(bits):
                return getattr(borsh_construct, f"U{bits}")
            case Boolean():
                return borsh_construct.Bool
            case Octets(count):
                return construct.Bytes(count)
            case OctetVec():
                return borsh_construct.Bytes
            case Array(item, count):
                return construct.Array(count, self._compile(item))
            case Vec(item):
                return borsh_construct.Vec(self._compile(item))
            case Option(item):
                return borsh_construct.Option(self._compile(item))
            case Ordinal(kind, members):
                names = [f"Member{member.name}" for member in members]
                self._enums[shape] = borsh_construct.Enum(*names, enum_name=kind.__name__)
                return self._enums[shape]
            case Struct(_, fields):
                return borsh_construct.CStruct(*(name / self._compile(field) for name, field in fields))
            case Variants(variants):
                named = [
                    variant.kind.__name__ / self._compile(variant) if variant.fields else variant.kind.__name__
                    for variant in variants
                ]
                self._enums[shape] = borsh_construct.Enum(*named, enum_name="Variants")
                return self._enums[shape]

    def _value(self, shape: Shape, value: Any) -> Any:
        match shape:
            case Array(item) | Vec(item):
                return [self._value(item, one) for one in value]
            case Option(item):
                return None if value is None else self._value(item, value)
            case Ordinal():
                return getattr(self._enums[shape].enum, f"Member{value.name}")()
            case Struct(_, fields):
                return {name: self._value(field, getattr(value, name)) for name, field in fields}
            case Variants(variants):
                variant = next(variant for variant in variants if type(value) is variant.kind)
                return getattr(self._enums[shape].enum, variant.kind.__name__)(**self._value(variant, value))
            case _:
                return value
