"""Identifiers in prose, comments and code: each that looks like one of the catalogue's has to be one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from taifoon_proofs.catalogue import Catalogue, read_entries, spec_folder

IDENTIFIER = re.compile(
    r"(?<![\w.-])("
    r"R-\d(?:\.\d)?-\d+"
    r"|RES-[A-Z][A-Z0-9]*(?:\.[a-z][a-z-]*[a-z])?"
    r"|T-(?:MMR-[a-z]|TR|[ACEFMNPS]\d+[orsux']?)"
    r"|RC-\d\d"
    r"|AM\d"
    r")(?![\w-])"
)
SUFFIXES = (".py", ".md", ".toml", ".j2")
SKIPPED = (".venv", ".git", "node_modules", "audit", "build", "dist")


def known_identifiers(catalogue: Catalogue, folder: Path | None = None) -> frozenset[str]:
    """Every id of the catalogue, and the families of resolutions."""
    root = folder or spec_folder()
    return frozenset(
        (
            *catalogue.requirements,
            *catalogue.resolutions,
            *(name.partition(".")[0] for name in catalogue.resolutions),
            *catalogue.theorems,
            *(entry["id"] for entry in read_entries(root, "readings.toml", "reading")),
            *(entry["id"] for entry in read_entries(root, "assumptions.toml", "assumption")),
        )
    )


def files_of_project(root: Path) -> Iterator[Path]:
    """The files of the project that people read and write."""
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if path.suffix in SUFFIXES and not any(part in SKIPPED or part.startswith(".") for part in inside.parts):
            yield path


def stale_mentions(known: frozenset[str], root: Path, files: Iterable[Path]) -> Iterator[str]:
    """A complaint for each identifier that the catalogue does not have."""
    for path in files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for name in IDENTIFIER.findall(line):
                if name not in known:
                    yield f"{path.relative_to(root)}:{number}: {name} is no id of the catalogue: correct or remove it"
