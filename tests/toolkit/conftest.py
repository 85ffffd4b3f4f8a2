from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LABORATORY = str(Path(__file__).parent / "laboratory")
if LABORATORY not in sys.path:
    # Spawned workers take the parent's path over.
    sys.path.insert(0, LABORATORY)


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from taifoon_proofs.scenario import SCENARIOS

    monkeypatch.setenv("TAIFOON_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TAIFOON_DEEP", raising=False)
    monkeypatch.delenv("LABORATORY_FAULT", raising=False)
    monkeypatch.chdir(tmp_path)
    yield
    SCENARIOS.pop("laboratory/two-halves", None)


@pytest.fixture(scope="session")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished audit of the laboratory, contracts included."""
    from rich.console import Console
    from taifoon_laboratory.theorems import material

    from taifoon_toolkit.audit import Settings, run_audit
    from taifoon_toolkit.plan import Selection

    folder = tmp_path_factory.mktemp("audited") / "audit"
    settings = Settings(Selection(), folder, 2, 60.0, None)
    run_audit(material(contracts=True), settings, Console(width=200, quiet=True))
    return folder
