"""Copies of the optimised package with one small fault each, and what a comparison says of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import taifoon_optimized

PACKAGE = Path(taifoon_optimized.__file__).parent
SOUND = "sound"
LANES = (("in range(16)", "in [np.arange(16)]"), ("in range(64)", "in [np.arange(64)]"))
"""How the tiles go through their lanes, and how plain Python does it some twenty times faster, all at once."""
LONGEST = 240
"""Seconds after which a comparison has met a fault that never ends, some thirty times as long as it takes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One place in a module, and what stands there instead."""

    what: str
    module: str
    right: str
    wrong: str


def plant(fault: Fault, copy: Path) -> None:
    """Put a fault into a copy of the package; the place must be there once."""
    source = copy / PACKAGE.name / f"{fault.module}.py"
    text = source.read_text(encoding="utf-8")
    assert text.count(fault.right) == 1, f"{fault.what}: {fault.right!r} stands {text.count(fault.right)} times"
    source.write_text(text.replace(fault.right, fault.wrong), encoding="utf-8")


def copied(folder: Path, name: str) -> Path:
    """A copy of the package, sound but for its speed."""
    copy = folder / name.replace(" ", "-").replace("'", "")
    shutil.copytree(PACKAGE, copy / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    tiles = copy / PACKAGE.name / "blake3_tiles.py"
    text = tiles.read_text(encoding="utf-8")
    for one, all_at_once in LANES:
        text = text.replace(one, all_at_once)
    tiles.write_text(text, encoding="utf-8")
    return copy


def verdicts(comparison: str, faults: list[Fault], folder: Path) -> dict[str, str]:
    """What a comparison of this folder says of the package as it is, and of each copy with a fault."""
    names = [SOUND, *(fault.what for fault in faults)]
    copies = [copied(folder, name) for name in names]
    for fault, copy in zip(faults, copies[1:], strict=True):
        plant(fault, copy)
    ended = subprocess.run(  # noqa: S603
        [sys.executable, str(Path(__file__).with_name(comparison)), *map(str, copies)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=LONGEST,
    )
    return dict(zip(names, ended.stdout.split(), strict=True))
