"""Judges copies of the optimised package, each by the same checks, in a process of its own.

Whoever runs a comparison has set `NUMBA_DISABLE_JIT`, so that a fault in a kernel counts without a compilation.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from taifoon.rejection import Rejected

Checks = tuple[Callable[[], bool], ...]


def part(name: str) -> Any:
    """A module of the package that is judged."""
    return importlib.import_module(f"taifoon_optimized.{name}")


def agrees(checks: Checks) -> bool:
    """Whether all checks hold; a fault that stops one is a disagreement as well."""
    try:
        return all(check() for check in checks)
    except (ArithmeticError, LookupError, TypeError, ValueError, Rejected):
        return False


def verdicts(checks: Checks, folders: list[str]) -> Iterator[bool]:
    """Whether the package of each folder agrees."""
    for folder in folders:
        for name in [name for name in sys.modules if name.partition(".")[0] == "taifoon_optimized"]:
            del sys.modules[name]
        sys.path.insert(0, folder)
        importlib.invalidate_caches()
        agreed = agrees(checks)
        if Path(part("hashing").__file__).parents[1] != Path(folder):
            raise RuntimeError(f"{folder}: another package was tested")
        sys.path.remove(folder)
        yield agreed


def judge(checks: Checks) -> None:
    """Print what the checks say of the package in each folder that the command line names."""
    # Words wrap around, of which plain numpy warns.
    warnings.simplefilter("ignore", RuntimeWarning)
    for verdict in verdicts(checks, sys.argv[1:]):
        print("agrees" if verdict else "differs", flush=True)
