"""What `spec/catalogue` holds beside the entries that the theorems need: the source, assumptions, readings, ledgers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from taifoon_proofs.catalogue import CatalogueError, read_entries, spec_folder

Entry = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """The source document: digest of its text, and titles of its sections by number."""

    sha256: str
    sections: Mapping[str, str]


@cache
def load_source() -> Source:
    """The source document, from `source.toml`. Raises CatalogueError."""
    documents = read_entries(spec_folder(), "source.toml", "document")
    sections = read_entries(spec_folder(), "source.toml", "section")
    if len(documents) != 1:
        raise CatalogueError(f"source.toml: it has {len(documents)} [[document]] entries: keep exactly one")
    return Source(documents[0]["sha256"], {item["id"]: item["title"] for item in sections})


def entries_by(file: str, table: str, key: str) -> dict[str, Entry]:
    """The entries of a catalogue file by one of their fields. Raises CatalogueError."""
    found: dict[str, Entry] = {}
    for entry in read_entries(spec_folder(), file, table):
        if key not in entry:
            raise CatalogueError(f"{file}: an entry of [[{table}]] has no {key}: add it")
        found[str(entry[key])] = entry
    return found


def assumptions() -> dict[str, Entry]:
    """The assumptions, by id."""
    return entries_by("assumptions.toml", "assumption", "id")


def readings() -> dict[str, Entry]:
    """The reading choices, by id."""
    return entries_by("readings.toml", "reading", "id")


def parameters() -> dict[str, Entry]:
    """The parameters, by name."""
    return entries_by("parameters.toml", "parameter", "name")
