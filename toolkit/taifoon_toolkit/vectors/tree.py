"""The tree of vectors on disk: one file for each method, one schema for each file, one index.

The tree has the same bytes wherever and under whatever hash seed it is written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from taifoon.core.chain_id import profile_hash
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.build import Vector, by_name
from taifoon_toolkit.vectors.method import MACHINES, METHODS, NORMATIVE
from taifoon_toolkit.vectors.parts import taken_out
from taifoon_toolkit.vectors.proof import Means
from taifoon_toolkit.vectors.wire import Json, object_schema, schema_of

FORMAT = 2
"""Version of the form of the files; it changes where an old reader would misread a new file."""
CONTENT = 2
"""Version of the set of vectors; it grows with every change of their content."""

INDEX = "index.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT = {"type": "string", "minLength": 1}


class TreeError(ValueError):
    """A tree that is no tree of vectors; the message names the place, the rule and the fix."""


def canonical(content: Json) -> bytes:
    """The bytes over which a digest of JSON is taken: keys in order, no space, ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def digest_of(content: Json) -> str:
    """BLAKE3 of JSON, in hexadecimal."""
    return blake3(canonical(content)).hexdigest()


def file_text(content: Json) -> str:
    """A file of the tree: one vector or part a line, so that it can be read and compared."""
    lines = []
    for name, value in content.items():
        if isinstance(value, list) and value and isinstance(value[0], dict | list):
            rows = ",\n".join("  " + json.dumps(item, separators=(",", ":")) for item in value)
            lines.append(f" {json.dumps(name)}: [\n{rows}\n ]")
        else:
            lines.append(f" {json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def outcome_schema(value: Json) -> Json:
    """A value, or the code of a rejection."""
    codes = {"enum": [code.name for code in RejectionCode]}
    return {"oneOf": [object_schema({"value": value}), object_schema({"rejection": codes})]}


def schema_of_name(name: str) -> Json:
    """The schema of a file of vectors, its parts put in their places."""
    fault = object_schema({"means": {"enum": [item.value for item in Means]}, "rule": TEXT})
    shared = {"id": TEXT, "requirements": {"type": "array", "items": TEXT, "minItems": 1}}
    if name in METHODS:
        method = METHODS[name]
        outcome = outcome_schema(schema_of(method.value_form))
        parts = {**shared, "given": schema_of(method.given_form), "outcome": outcome, "fault": fault}
        vector = object_schema(parts, optional=("fault",))
    else:
        machine = MACHINES[name]
        snapshot = schema_of(machine.snapshot_form)
        step = object_schema(
            {
                "event": schema_of(machine.event_form),
                "outcome": outcome_schema(object_schema({})),
                "snapshot": snapshot,
                "fault": fault,
            },
            optional=("fault",),
        )
        steps = {"type": "array", "items": step}
        vector = object_schema({**shared, "start": schema_of(machine.start_form), "first": snapshot, "steps": steps})
    head = dict.fromkeys(("name", "section", "summary", "schema"), TEXT)
    whole = object_schema({"format": {"const": FORMAT}, **head, "vectors": {"type": "array", "items": vector}})
    return {"$schema": DIALECT, "title": name, **with_definitions(whole)}


LONG_SCHEMA = 160
"""Bytes from which on a part of a schema that occurs again is written once."""


def is_schema(part: Json) -> bool:
    """Whether an object of a schema's JSON is a schema itself, not a map from names to schemas."""
    return isinstance(part.get("type"), str) or isinstance(part.get("oneOf", part.get("anyOf")), list)


def with_definitions(schema: Json) -> Json:
    """The schema, in which what occurs again is written once, under `$defs`, and referred to."""
    counts: dict[bytes, int] = {}

    def count(part: Json) -> None:
        if isinstance(part, dict):
            text = canonical(part)
            counts[text] = counts.get(text, 0) + 1
            if counts[text] > 1:
                return
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            count(inner)

    def referred(part: Json) -> Json:
        if isinstance(part, dict):
            text = canonical(part)
            if is_schema(part) and counts[text] > 1 and len(text) >= LONG_SCHEMA:
                if text not in names:
                    names[text] = f"part-{len(names) + 1}"
                    definitions[names[text]] = {key: referred(inner) for key, inner in part.items()}
                return {"$ref": f"#/$defs/{names[text]}"}
            return {key: referred(inner) for key, inner in part.items()}
        return [referred(inner) for inner in part] if isinstance(part, list) else part

    names: dict[bytes, str] = {}
    definitions: dict[str, Json] = {}
    count(schema)
    whole = referred(schema)
    return {**whole, "$defs": definitions} if definitions else whole


@dataclass(frozen=True, slots=True)
class Counts:
    """How many vectors a tree has, and how the single fault of the negative ones is shown."""

    vectors: int
    steps: int
    negative: Mapping[str, int]


def faults_in(vector: Vector) -> Iterator[Json]:
    """The faults that a vector carries."""
    for part in (vector.content, *vector.content.get("steps", ())):
        if "fault" in part:
            yield part["fault"]


def counts_of(vectors: tuple[Vector, ...]) -> Counts:
    """Count vectors and their faults by means."""
    negative = {item.value: 0 for item in Means}
    for vector in vectors:
        for fault in faults_in(vector):
            negative[fault["means"]] += 1
    return Counts(len(vectors), sum(len(vector.content.get("steps", ())) for vector in vectors), negative)


def files_of(vectors: tuple[Vector, ...]) -> dict[str, str]:
    """Every file of the tree by its path, as text."""
    files: dict[str, str] = {}
    rows = []
    profile = {"name": NORMATIVE.name, "hash": profile_hash(NORMATIVE).hex()}
    for name, group in by_name(vectors):
        described = METHODS[name] if name in METHODS else MACHINES[name]
        place, schema = f"{described.section}/{name}.json", f"schema/{name}.json"
        files[schema] = file_text(schema_of_name(name))
        parts, written = taken_out([vector.content for vector in group])
        head = {
            "format": FORMAT,
            "name": name,
            "section": described.section,
            "summary": described.summary,
            "schema": schema,
        }
        files[place] = file_text({**head, **({"parts": parts} if parts else {}), "vectors": written})
        rows += [
            {
                "id": vector.id,
                "file": place,
                "requirements": list(vector.requirements),
                "profile": NORMATIVE.name,
                "schema": schema,
                "digest": digest_of(vector.content),
            }
            for vector in group
        ]
    total = digest_of([row["digest"] for row in rows])
    files[INDEX] = file_text(
        {"format": FORMAT, "content": CONTENT, "digest": total, "profile": profile, "vectors": rows}
    )
    return files


def write_tree(vectors: tuple[Vector, ...], folder: Path) -> None:
    """Write the tree into a folder that is new, empty or an earlier tree. Raises TreeError."""
    if folder.exists() and not folder.is_dir():
        raise TreeError(f"{folder}: it is a file: choose a folder")
    files = files_of(vectors)
    if folder.exists() and any(folder.iterdir()):
        if not (folder / INDEX).is_file():
            raise TreeError(f"{folder}: it holds other things and no {INDEX}: choose an empty or a new folder")
        for old in sorted(folder.rglob("*.json")):
            if str(old.relative_to(folder).as_posix()) not in files:
                raise TreeError(f"{old}: it is no part of this tree: remove it, or choose another folder")
    for place, text in files.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8", newline="\n")
