"""The import closure holds what an outcome depends on, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from taifoon_toolkit import closure
from taifoon_toolkit.closure import closure_of, digest_of, imports_of

SOURCES = {
    "taifoon_sample/__init__.py": "from .first import one\n",
    "taifoon_sample/first.py": "import os\nfrom . import second\none = 1\n",
    "taifoon_sample/second.py": "def late():\n    from taifoon_sample.inner.third import three\n    return three\n",
    "taifoon_sample/inner/__init__.py": "",
    "taifoon_sample/inner/third.py": "from ..fourth import four as three\n",
    "taifoon_sample/fourth.py": "four = 4\n",
    "taifoon_sample/apart.py": "import blake3\n",
}


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in SOURCES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    forget()
    yield tmp_path
    forget()
    for name in [name for name in sys.modules if name.startswith("taifoon_sample")]:
        del sys.modules[name]


def forget() -> None:
    for remembered in (closure.source_of, closure._tree, closure.imports_of, closure._texts):
        remembered.cache_clear()


@pytest.mark.usefixtures("sample")
def test_the_closure_follows_relative_late_and_package_imports() -> None:
    assert closure_of(["taifoon_sample.first"]) == (
        "taifoon_sample",
        "taifoon_sample.first",
        "taifoon_sample.fourth",
        "taifoon_sample.inner",
        "taifoon_sample.inner.third",
        "taifoon_sample.second",
    )


@pytest.mark.usefixtures("sample")
def test_other_distributions_stay_outside() -> None:
    assert imports_of("taifoon_sample.apart") == frozenset()


@pytest.mark.parametrize(
    ("changed", "matters"),
    [("first", True), ("second", True), ("inner/third", True), ("fourth", True), ("apart", False)],
)
def test_the_digest_changes_exactly_with_the_modules_of_the_closure(sample: Path, changed: str, matters: bool) -> None:
    before = digest_of(["taifoon_sample.first"])
    file = sample / "taifoon_sample" / f"{changed}.py"
    file.write_text(f"{file.read_text(encoding='utf-8')}\nmore = 1\n", encoding="utf-8")
    forget()
    assert (digest_of(["taifoon_sample.first"]) != before) == matters


def test_a_scenario_called_by_its_name_is_followed() -> None:
    from taifoon_laboratory.theorems import open_laboratory

    forget()
    open_laboratory()
    assert "taifoon_laboratory.arithmetic" in closure_of(["taifoon_laboratory.theorems"])
    assert closure.scenario_module("laboratory/two-halves") == "taifoon_laboratory.theorems"
    assert closure.scenario_module("laboratory/unknown") is None
