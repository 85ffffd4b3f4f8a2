"""The floats of the source decide nothing in a profile with the repairs."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Amount, ClusterId
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.redundancy import literal
from taifoon.redundancy.coverage import Ratio
from taifoon.redundancy.duplication import factor_of_job
from taifoon.redundancy.metrics import BlockUse, ClusterUse, TypeCount
from taifoon.redundancy.triggers import cluster_is_busy, efficiency_is_low, type_is_low

REFERENCE = Path(__file__).parents[3] / "reference"
FUNCTIONS = [
    node.name
    for node in ast.parse(Path(literal.__file__).read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef)
]


class FloatReached(Exception):
    """A formula in floating point was asked."""


@pytest.fixture
def no_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(*_: Any) -> Any:
        raise FloatReached

    for name in FUNCTIONS:
        monkeypatch.setattr(literal, name, reached)


def decisions(profile: Profile) -> list[str]:
    """The decisions of section 3 that reach a float."""
    busy = ClusterUse(ClusterId(0), (BlockUse(9, 10),) * 10)
    asked = {
        "factor": lambda: factor_of_job(profile, 8, Ratio(3, 5), Amount(25), 8),
        "coverage": lambda: type_is_low(profile, TypeCount(ProofType.GROTH16, 100, 95, 0)),
        "utilisation": lambda: cluster_is_busy(profile, busy),
        "efficiency": lambda: efficiency_is_low(profile, Amount(3), Amount(10)),
    }
    found = []
    for name, ask in asked.items():
        try:
            ask()
        except FloatReached:
            found.append(name)
    return found


@pytest.mark.usefixtures("no_floats")
def test_the_repaired_rules_reach_no_float() -> None:
    assert len(FUNCTIONS) == 4
    assert decisions(HARDENED) == []
    assert decisions(HARDENED.without(Resolution.DUPLICATION)) == ["factor"]
    assert decisions(HARDENED.without(Resolution.METRICS)) == ["coverage", "utilisation", "efficiency"]
    assert decisions(DOCUMENT) == ["factor", "coverage", "utilisation", "efficiency"]


def test_only_the_rule_functions_import_the_floats() -> None:
    importing = [
        path.relative_to(REFERENCE).as_posix()
        for path in sorted(REFERENCE.rglob("*.py"))
        if "redundancy import literal" in path.read_text(encoding="utf-8")
    ]
    assert importing == ["taifoon/redundancy/duplication.py", "taifoon/redundancy/triggers.py"]
