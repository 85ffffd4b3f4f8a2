"""Records of finished tasks, kept by the content that they depend on.

An entry is written at once when its task ends, so an interrupted audit resumes where it stopped. An entry that cannot
be read, or whose digest is wrong, counts as absent.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from blake3 import blake3

FORMAT = "1"
PACKAGES = (
    "blake3",
    "crosshair-tool",
    "cvc5",
    "hypothesis",
    "icontract",
    "numba",
    "numpy",
    "py-ed25519-zebra-bindings",
    "pycryptodome",
    "z3-solver",
)

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """The record of a task, and how long the task took when it ran."""

    record: Record
    seconds: float


def default_folder() -> Path:
    """`$TAIFOON_CACHE`, else `taifoon` below `$XDG_CACHE_HOME`, else `~/.cache/taifoon`."""
    if chosen := os.environ.get("TAIFOON_CACHE"):
        return Path(chosen)
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "taifoon"
    return Path.home() / ".cache" / "taifoon"


def versions() -> dict[str, str]:
    """Versions of everything outside the project on which an outcome can depend."""
    found = {"python": f"{platform.python_implementation()} {platform.python_version()}"}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "absent"
    return found


def key_of(task: str, sources: str, circumstances: Any) -> str:
    """The key of a task from its name, the digest of its sources and the JSON values that it also depends on."""
    content = {"format": FORMAT, "task": task, "sources": sources, "also": circumstances, "versions": versions()}
    return str(blake3(canonical(content)).hexdigest())


def canonical(content: Any) -> bytes:
    """One byte string for one JSON value."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is never seen half-written."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@dataclass(slots=True)
class Cache:
    """A folder of records; `folder` None keeps nothing. `complaint` says why entries could not be written, once."""

    folder: Path | None
    complaint: str | None = None

    def path_of(self, key: str) -> Path:
        """The file of an entry."""
        return (self.folder or Path()) / key[:2] / f"{key}.json"

    def load(self, key: str) -> Finished | None:
        """The entry, or None where there is none that can be trusted."""
        if self.folder is None:
            return None
        try:
            entry = json.loads(self.path_of(key).read_bytes())
            record, seconds = entry["record"], entry["seconds"]
            whole = entry["digest"] == _digest(key, record, seconds)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return Finished(record, seconds) if whole else None

    def store(self, key: str, finished: Finished) -> None:
        """Keep an entry. A folder that cannot be written is a complaint, never the end of an audit."""
        if self.folder is None:
            return
        digest = _digest(key, finished.record, finished.seconds)
        entry = {"record": finished.record, "seconds": finished.seconds, "digest": digest}
        path = self.path_of(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, canonical(entry))
        except OSError as error:
            self.complaint = f"{self.folder}: {error.strerror}: nothing is kept; set TAIFOON_CACHE to another folder"


def _digest(key: str, record: Any, seconds: Any) -> str:
    return str(blake3(canonical([key, record, seconds])).hexdigest())
