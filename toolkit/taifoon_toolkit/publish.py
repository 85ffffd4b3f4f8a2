"""Writes what an audit leaves behind, so that nothing is ever seen half-written and no other file is touched."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from taifoon_toolkit.junit import junit_xml
from taifoon_toolkit.ledger import Ledger
from taifoon_toolkit.report import page

DOCUMENT = "audit.json"
WRITTEN = ("index.html", "junit.xml", "smt2", "proofs", "traces", DOCUMENT)


class FolderError(ValueError):
    """A folder that cannot take the audit; the message names it, the rule and the fix."""


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds other things and no audit. Raises FolderError."""
    if folder.exists() and not folder.is_dir():
        raise FolderError(f"--out {folder}: it is a file: choose a folder")
    if not folder.exists() or (folder / DOCUMENT).is_file():
        return
    foreign = sorted(entry.name for entry in folder.iterdir() if entry.name not in WRITTEN)
    if foreign:
        raise FolderError(
            f"--out {folder}: it holds {foreign[0]} and no {DOCUMENT}, so it is no earlier audit: "
            "choose an empty or a new folder"
        )


def json_text(content: Any) -> str:
    """A JSON document as this project writes it."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def publish(ledger: Ledger, folder: Path) -> None:
    """Write the audit into a folder. Raises FolderError where the folder cannot take it."""
    check_folder(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as made:
            fresh = Path(made) / "fresh"
            write_files(ledger, fresh)
            if folder.exists():
                replace_entries(fresh, folder, Path(made) / "old")
            else:
                fresh.rename(folder)
    except OSError as error:
        raise FolderError(f"--out {folder}: {error.strerror}: choose a folder that can be written") from error


def write_files(ledger: Ledger, folder: Path) -> None:
    """All files of an audit, in a new folder."""
    for made in (folder, folder / "smt2", folder / "proofs", folder / "traces"):
        made.mkdir()
    for name, text in sorted(ledger.obligations.items()):
        _write(folder / "smt2" / name, text)
    for name, text in sorted(ledger.proofs.items()):
        _write(folder / "proofs" / name, text)
    for name, trace in sorted(ledger.traces.items()):
        _write(folder / "traces" / name, json_text(trace))
    _write(folder / "junit.xml", junit_xml(ledger))
    _write(folder / "index.html", page(ledger))
    _write(folder / DOCUMENT, json_text(ledger.document))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def replace_entries(fresh: Path, folder: Path, old: Path) -> None:
    """Swap in the new entries one by one; the document goes first and comes last, so it never speaks of others."""
    old.mkdir()
    for name in reversed(WRITTEN):
        if (folder / name).exists():
            shutil.move(folder / name, old / name)
    for name in WRITTEN:
        (fresh / name).rename(folder / name)
