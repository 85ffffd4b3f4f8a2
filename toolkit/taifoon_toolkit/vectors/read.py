"""Reads vectors strictly, and checks a tree: form, digests, outcomes by the reference, single faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.build import Vector
from taifoon_toolkit.vectors.method import MACHINES, METHODS
from taifoon_toolkit.vectors.parts import PartsError, put_in
from taifoon_toolkit.vectors.proof import Means
from taifoon_toolkit.vectors.shipped import shipped_vectors
from taifoon_toolkit.vectors.tree import FORMAT, INDEX, TreeError, digest_of, files_of
from taifoon_toolkit.vectors.wire import Form, Json, WireError, from_json

HEAD = ("format", "name", "section", "summary", "schema", "vectors")


def members(value: Json, place: str, keys: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    """An object with exactly these keys. Raises TreeError."""
    if not isinstance(value, dict):
        raise TreeError(f"{place}: takes an object, not {type(value).__name__}")
    for name in value:
        if name not in (*keys, *optional):
            raise TreeError(f"{place}.{name}: unknown key; the keys are {', '.join((*keys, *optional))}")
    for name in keys:
        if name not in value:
            raise TreeError(f"{place}.{name}: the key is missing")
    return value


def parsed(form: Form, value: Json, place: str) -> Any:
    """A value of a form. Raises TreeError."""
    try:
        return from_json(form, value, place)
    except (WireError, ValueError) as error:
        raise TreeError(str(error)) from error


def check_outcome(value: Json, place: str, check_value: Callable[[Json, str], object]) -> None:
    """Demand the form of an outcome. Raises TreeError."""
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in ("value", "rejection"):
        raise TreeError(f"{place}: takes an object with one key, value or rejection")
    if "value" in value:
        check_value(value["value"], f"{place}.value")
    elif value["rejection"] not in RejectionCode.__members__:
        raise TreeError(f"{place}.rejection: {value['rejection']!r} is no rejection code")


def check_fault(value: Json, place: str) -> None:
    """Demand the form of a fault. Raises TreeError."""
    fault = members(value, place, ("means", "rule"))
    if fault["means"] not in {item.value for item in Means} or not isinstance(fault["rule"], str):
        raise TreeError(f"{place}: means is one of {', '.join(item.value for item in Means)}, rule a text")


def read_vector(name: str, value: Json, place: str) -> Vector:
    """One vector. Raises TreeError."""
    if name in METHODS:
        method = METHODS[name]
        content = members(value, place, ("id", "requirements", "given", "outcome"), ("fault",))
        parsed(method.given_form, content["given"], f"{place}.given")
        check_outcome(content["outcome"], f"{place}.outcome", lambda item, at: parsed(method.value_form, item, at))
        if "fault" in content:
            check_fault(content["fault"], f"{place}.fault")
        section = method.section
    else:
        machine = MACHINES[name]
        content = members(value, place, ("id", "requirements", "start", "first", "steps"))
        parsed(machine.start_form, content["start"], f"{place}.start")
        parsed(machine.snapshot_form, content["first"], f"{place}.first")
        for number, item in enumerate(content["steps"]):
            at = f"{place}.steps[{number}]"
            step = members(item, at, ("event", "outcome", "snapshot"), ("fault",))
            parsed(machine.event_form, step["event"], f"{at}.event")
            parsed(machine.snapshot_form, step["snapshot"], f"{at}.snapshot")
            check_outcome(step["outcome"], f"{at}.outcome", lambda inner, there: members(inner, there, ()))
            if "fault" in step:
                check_fault(step["fault"], f"{at}.fault")
        section = machine.section
    if not isinstance(content["id"], str) or not isinstance(content["requirements"], list):
        raise TreeError(f"{place}: id is a text and requirements a list")
    return Vector(content["id"], name, section, content)


def read_json(path: Path) -> Json:
    """The content of a file. Raises TreeError."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TreeError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise TreeError(f"{path}: not JSON: {error}") from error


def read_file(path: Path) -> tuple[Vector, ...]:
    """The vectors of a file. Raises TreeError."""
    document = members(read_json(path), str(path), HEAD, ("parts",))
    if document["format"] != FORMAT:
        raise TreeError(f"{path}: format {document['format']!r}; this version reads format {FORMAT}")
    name = document["name"]
    if name not in METHODS and name not in MACHINES:
        raise TreeError(f"{path}: {name!r} is no method of this version")
    if not isinstance(document["vectors"], list) or not isinstance(document.get("parts", []), list):
        raise TreeError(f"{path}: vectors and parts are lists")
    try:
        vectors = put_in(document.get("parts", []), document["vectors"])
    except PartsError as error:
        raise TreeError(f"{path}: {error}") from error
    return tuple(read_vector(name, item, f"{path.name}.vectors[{row}]") for row, item in enumerate(vectors))


def read_vectors(path: Path) -> tuple[Vector, ...]:
    """The vectors of a file, of a tree, or of a folder of such files. Raises TreeError."""
    if path.is_file():
        return read_file(path)
    if (path / INDEX).is_file():
        listed = members(read_json(path / INDEX), INDEX, ("format", "content", "digest", "profile", "vectors"))
        files = dict.fromkeys(row["file"] for row in listed["vectors"])
    else:
        files = dict.fromkeys(found.name for found in sorted(path.glob("*.json")))
    if not files:
        raise TreeError(f"{path}: it holds no vectors: name a file, or a folder that `taifoon vectors write` wrote")
    return tuple(vector for name in files for vector in read_file(path / name))


def check_tree(folder: Path) -> Iterator[str]:
    """What is wrong with a tree, line by line; nothing where it is that of this version, byte for byte."""
    expected = files_of(shipped_vectors())
    present = {found.relative_to(folder).as_posix() for found in folder.rglob("*") if found.is_file()}
    yield from (f"{name}: no file of this version: remove it" for name in sorted(present - set(expected)))
    yield from (f"{name}: the file is missing: write the tree again" for name in sorted(set(expected) - present))
    shipped = {vector.id: vector for vector in shipped_vectors()}
    for name in sorted(present & set(expected)):
        if (folder / name).read_bytes() == expected[name].encode():
            continue
        if name == INDEX or name.startswith("schema/"):
            yield f"{name}: it differs from that of this version"
            continue
        try:
            vectors = read_file(folder / name)
        except TreeError as error:
            yield str(error)
            continue
        yield from differences(vectors, shipped, name)


def differences(vectors: tuple[Vector, ...], shipped: dict[str, Vector], name: str) -> Iterator[str]:
    """How the vectors of a file differ from those of this version."""
    before = 0
    for vector in vectors:
        known = shipped.get(vector.id)
        if known is None:
            before += 1
            yield f"{name}: {vector.id} is no vector of this version"
        elif digest_of(known.content) != digest_of(vector.content):
            before += 1
            keys = [key for key in known.content if vector.content.get(key) != known.content[key]]
            yield f"{name}: {vector.id} differs in {', '.join(keys) or 'its keys'}"
    if not before:
        yield f"{name}: the same vectors, or fewer of them, in another form or order"
