"""Where numba or numpy is not installed, the optimised path says what to install, and everything else works."""

from __future__ import annotations

import subprocess
import sys

import pytest

MODULES = [
    "taifoon_optimized",
    *(
        f"taifoon_optimized.{name}"
        for name in ("bulk_range", "hashing", "owners", "rewards", "penalties", "runs", "extensions", "signatures")
    ),
]


def run_without(missing: str, code: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter in which a package is not to be found."""
    blocked = f"import sys; sys.modules[{missing!r}] = None\n{code}"
    return subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True, check=False)  # noqa: S603


@pytest.mark.parametrize("missing", ["numba", "numpy"])
@pytest.mark.parametrize("module", MODULES)
def test_the_extra_is_named(missing: str, module: str) -> None:
    ended = run_without(missing, f"import {module}")
    assert ended.returncode != 0
    last = ended.stderr.strip().splitlines()[-1]
    assert f"needs {missing}" in last
    assert "taifoon-spec[fast]" in last


def test_the_reference_works_without_it() -> None:
    code = """
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import frontier_of, root_of_frontier
from taifoon.profile import HARDENED
print(root_of_frontier(HashCombiner(HARDENED), frontier_of(HashCombiner(HARDENED), [b"leaf"])).hex())
"""
    ended = run_without("numba", code)
    assert ended.returncode == 0, ended.stderr
    assert len(ended.stdout.strip()) == 64
