"""The catalogue of `spec/`: requirements, resolutions, defects, theorems, parameters, as typed values.

Loading checks the form of each file; `ties` checks what the entries say against the code, both ways.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from taifoon_proofs.verdict import Json


class CatalogueError(ValueError):
    """A catalogue file that breaks its form; the message names the file, the entry, the field and the fix."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A statement of the source, what it means, and what carries it."""

    id: str
    section: str
    kind: str
    quote: str
    meaning: str
    status: str
    defects: tuple[str, ...]
    functions: tuple[str, ...]
    theorems: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResolutionEntry:
    """A repaired rule, its reason, and what the source has instead."""

    id: str
    title: str
    rule: str
    reason: str
    literal: str
    defects: tuple[str, ...]
    requires: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Witness:
    """A scenario that shows a defect."""

    scenario: str
    parameters: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Defect:
    """A flaw of the source, what repairs it, and the scenarios that show it."""

    id: str
    severity: str
    section: str
    title: str
    flaw: str
    remedy: str
    status: str
    requirements: tuple[str, ...]
    resolutions: tuple[str, ...]
    theorems: tuple[str, ...]
    witnesses: tuple[Witness, ...]


@dataclass(frozen=True, slots=True)
class TheoremEntry:
    """What a theorem says, and the verdict that the source as written must get."""

    id: str
    section: str
    title: str
    statement: str
    assumptions: tuple[str, ...]
    document: str
    status: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything in `spec/catalogue`, by id."""

    requirements: Mapping[str, Requirement]
    resolutions: Mapping[str, ResolutionEntry]
    defects: Mapping[str, Defect]
    theorems: Mapping[str, TheoremEntry]


def spec_folder() -> Path:
    """The `spec` folder: beside the rooms in a checkout, inside this package once installed."""
    checkout = Path(__file__).resolve().parents[2] / "spec"
    installed = Path(__file__).resolve().parent / "spec"
    for folder in (checkout, installed):
        if (folder / "catalogue" / "requirements.toml").is_file():
            return folder
    raise CatalogueError(f"no spec folder at {checkout} or {installed}: reinstall the project or check it out whole")


def read_entries(folder: Path, file: str, table: str) -> list[dict[str, Any]]:
    """The entries of one catalogue file."""
    path = folder / "catalogue" / file
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{path}: {error}: restore or correct the file") from error
    entries = content.get(table)
    if not isinstance(entries, list):
        raise CatalogueError(f"{path}: needs a list of [[{table}]]")
    return entries


def built(kind: type[Any], file: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    """Entries as values of a dataclass, by id; lists become tuples, unknown and missing fields are refused."""
    found: dict[str, Any] = {}
    fields = list(kind.__dataclass_fields__)
    for entry in entries:
        identity = entry.get("id", "(no id)")
        wrong = sorted(set(entry) ^ set(fields))
        if wrong:
            raise CatalogueError(f"{file}, {identity}: field {', '.join(wrong)} is missing or unknown: use {fields}")
        if identity in found:
            raise CatalogueError(f"{file}, {identity}: the id stands twice: give each entry its own")
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
        found[identity] = kind(**values)
    return found


@cache
def load_catalogue(folder: Path | None = None) -> Catalogue:
    """The catalogue. Raises CatalogueError for a file that breaks its form."""
    root = folder or spec_folder()
    defects = read_entries(root, "defects.toml", "defect")
    for entry in defects:
        entry["witnesses"] = [
            Witness(witness["scenario"], witness["parameters"]) for witness in entry.get("witnesses", [])
        ]
    return Catalogue(
        built(Requirement, "requirements.toml", read_entries(root, "requirements.toml", "requirement")),
        built(ResolutionEntry, "resolutions.toml", read_entries(root, "resolutions.toml", "resolution")),
        built(Defect, "defects.toml", defects),
        built(TheoremEntry, "theorems.toml", read_entries(root, "theorems.toml", "theorem")),
    )
