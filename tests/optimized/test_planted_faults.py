"""The comparison with the reference finds each small fault: one rotation, one lane, one carry, one bound."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

import taifoon_optimized

from . import agreement

PACKAGE = Path(taifoon_optimized.__file__).parent


@dataclass(frozen=True, slots=True)
class Fault:
    """One place in a module, and what stands there instead."""

    what: str
    module: str
    right: str
    wrong: str


FAULTS = [
    Fault("one rotation", "blake3_tiles", "rotated(uint32(b ^ c), 12)", "rotated(uint32(b ^ c), 13)"),
    Fault("one diagonal", "blake3_tiles", "quarter(a3, b0, c1, d2, m[14]", "quarter(a3, b0, c2, d1, m[14]"),
    Fault("one message word", "blake3_tiles", "return m[2], m[6], m[3],", "return m[2], m[3], m[6],"),
    Fault("one constant", "blake3_tiles", "uint32(0xA54FF53A)", "uint32(0xA54FF53B)"),
    Fault("one flag", "blake3_tiles", "KEYED_HASH = 1, 2, 8, 16", "KEYED_HASH = 1, 2, 4, 16"),
    Fault("one lane's word", "blake3_tiles", "chaining[i + 257] = o[5]", "chaining[i + 257] = o[4]"),
    Fault(
        "one octet of a message's end",
        "blake3_messages",
        "np.full((65, 64), 255, np.uint8), -1)",
        "np.full((65, 64), 255, np.uint8), -2)",
    ),
    Fault("one block too few", "blake3_messages", "(length + 63) >> 6", "length >> 6"),
    Fault("one tile that is not filled", "blake3_messages", "(lanes + 63) & ~63", "(lanes + 62) & ~63"),
    Fault("one row of a digest", "blake3_messages", "digests, targets[at:])", "digests, targets[:])"),
    Fault(
        "one child for the other",
        "blake3_nodes",
        "turn_pairs(nodes, lefts, nodes, rights, lane, message)",
        "turn_pairs(nodes, lefts, nodes, lefts, lane, message)",
    ),
    Fault("one carry", "blake3_nodes", "end = last >> height", "end = (last - 1) >> height"),
    Fault(
        "one position", "blake3_nodes", "parent - (1 << height), parent - 1", "parent - (1 << height) + 1, parent - 1"
    ),
    Fault(
        "one bit counted twice", "positions", "& uint64(0x3333333333333333)) + (", "& uint64(0x3333333333333337)) + ("
    ),
    Fault("one level of a path", "paths", "range(height + 1, 63)", "range(height + 2, 63)"),
    Fault("one side of a path", "blake3_paths", "bagged and level == height", "bagged and level > height"),
    Fault("one count in a root", "blake3_paths", "uint64(counts[tile[lane]])", "uint64(counts[tile[lane]] + 1)"),
    Fault("one bound", "verification", "(indices >= counts)", "(indices > counts)"),
    Fault("one rule left out", "verification", "asked != indices", "asked != asked"),
    Fault("one width", "leaf_columns", "assigned_cluster[number], 4)", "assigned_cluster[number], 3)"),
    Fault("one octet of an order", "assignment", "digests[:, :8]", "digests[:, 1:9]"),
]


LANES = (("in range(16)", "in [np.arange(16)]"), ("in range(64)", "in [np.arange(64)]"))
"""How the tiles go through their lanes, and how plain Python does it some twenty times faster, all at once."""


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


def verdicts(folder: Path) -> dict[str, str]:
    """What the comparison says of the package as it is, and of each copy with a fault."""
    copies = [copied(folder, name) for name in ("sound", *(fault.what for fault in FAULTS))]
    for fault, copy in zip(FAULTS, copies[1:], strict=True):
        plant(fault, copy)
    ended = subprocess.run(  # noqa: S603
        [sys.executable, agreement.__file__, *map(str, copies)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(zip(["sound", *(fault.what for fault in FAULTS)], ended.stdout.split(), strict=True))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return verdicts(tmp_path_factory.mktemp("faults"))


def test_the_package_as_it_is_agrees(found: dict[str, str]) -> None:
    assert found["sound"] == "agrees"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what.replace(" ", "-"))
def test_the_fault_is_found(fault: Fault, found: dict[str, str]) -> None:
    assert found[fault.what] == "differs"
