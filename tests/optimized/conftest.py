"""Kernels compiled before any source of the optimised path last changed are forgotten.

Numba compiles anew what stands in a changed file, and not what calls it from another one: the tests would hold stale
kernels to the reference.
"""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "optimized" / "taifoon_optimized"


def forget_stale_kernels() -> None:
    changed = max(source.stat().st_mtime for source in PACKAGE.glob("*.py"))
    for kernel in PACKAGE.glob("__pycache__/*.nb[ic]"):
        if kernel.stat().st_mtime < changed:
            kernel.unlink(missing_ok=True)


forget_stale_kernels()
