"""How long the kernels take before the first of them runs: compiled anew, and from what numba kept."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from taifoon_toolkit.bench_rows import Row

SECTION = "start"
APPEND = """
from taifoon.profile import HARDENED
from taifoon_optimized.bulk_range import BulkRange
BulkRange(HARDENED).append((b"leaf",))
"""
IMPORT = "import taifoon_optimized.bulk_range"


def wall_seconds(program: str, kernels: str) -> float:
    """Seconds of the wall that a process of its own takes; `kernels` is the folder where numba keeps its code."""
    started = time.perf_counter()
    environment = {**os.environ, "NUMBA_CACHE_DIR": kernels}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment, capture_output=True)  # noqa: S603
    return time.perf_counter() - started


def starting() -> Iterator[Row]:
    """A process that appends one leaf: with no kernel compiled, with all of them kept, and the imports alone."""
    with tempfile.TemporaryDirectory() as folder:
        for name, program in (("first start, compiling", APPEND), ("later start", APPEND), ("imports alone", IMPORT)):
            seconds = wall_seconds(program, folder)
            yield Row(SECTION, "processes", name, 0, 0.0, None, None, f"{seconds:.1f} s")
