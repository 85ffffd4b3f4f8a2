"""`taifoon bench` measures the optimised path beside the reference, and writes what it found."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from taifoon_toolkit.bench_files import svg_text, write_bench
from taifoon_toolkit.bench_rows import LIMIT, Row, Way, compared, rates
from taifoon_toolkit.cli import main

SECTIONS = ["node hashing", "appending", "proofs of depth 3", "verification at depth 3", "leaf encoding", "assignment"]


def bench(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["bench", "--section", "batches", *arguments])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Any:
    pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")
    from taifoon_toolkit import bench_batches

    sizes = bench_batches.Sizes(10, 64, 64, (70,), 3, 5, 30, 10, rounds=1)
    monkeypatch.setattr(bench_batches, "ORDINARY", sizes)
    return bench_batches


def test_every_section_is_measured_and_written(small: Any, tmp_path: Path) -> None:
    result = bench("--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    written = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))
    assert list(dict.fromkeys(row["section"] for row in written["rows"])) == SECTIONS
    for section in SECTIONS:
        assert section in result.output
        names = [row["name"] for row in written["rows"] if row["section"] == section]
        assert any("reference" in name for name in names)
        assert any("optimised" in name for name in names)
    assert "octets a leaf" in result.output
    limits = [row for row in written["rows"] if row["name"] == LIMIT]
    assert [row["of_limit"] for row in limits] == [1.0, 1.0]
    picture = ElementTree.parse(tmp_path / "bench.svg").getroot()  # noqa: S314 - our own file
    assert len(picture.findall("{*}rect")) == sum(row["rate"] > 0 for row in written["rows"])


def test_a_library_that_is_not_installed_has_a_row_that_says_so(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "PYMERKLE", "no_such_library")
    rows = [row for row in small.batch_rows(small.ORDINARY) if row.name == "no_such_library"]
    assert [(row.size, row.note) for row in rows] == [(0, "not installed")] * 3


def test_a_library_that_is_installed_is_measured(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Tree:
        def append_entries(self, entries: list[bytes]) -> None:
            self.entries = entries

        def get_root(self) -> bytes:
            return b""

        def get_leaf(self, number: int) -> bytes:
            return self.entries[number - 1]

        def prove_inclusion(self, number: int) -> int:
            return number

    library = SimpleNamespace(InmemoryTree=Tree, verify_inclusion=lambda leaf, state, proof: None)
    monkeypatch.setitem(sys.modules, small.PYMERKLE, library)
    rows = [row for row in small.batch_rows(small.ORDINARY) if row.name.startswith(small.PYMERKLE)]
    assert len(rows) == 3
    assert all(row.rate > 0 for row in rows)


def test_without_numba_the_extra_is_named() -> None:
    code = """
import sys
sys.modules["numba"] = None
from taifoon_toolkit.cli import main
main(["bench", "--section", "batches"])
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 0, ended.stderr
    assert "taifoon-spec[fast]" in ended.stdout.replace("\n", "")


def test_ratios_are_those_of_the_first_way_and_of_the_limit() -> None:
    ways = [Way("slow", 10, lambda: sum(range(20_000))), Way(LIMIT, 10, lambda: None), Way("pair", 10, list, 2)]
    rows = list(compared("section", "things", ways, 3, [("absent", "not installed")]))
    assert [row.name for row in rows] == ["slow", LIMIT, "pair", "absent"]
    assert rows[0].ratio == rows[1].of_limit == 1.0
    assert rows[1].ratio == pytest.approx(rows[1].rate / rows[0].rate)
    assert rows[0].of_limit == pytest.approx(rows[0].rate / rows[1].rate)
    assert rows[3] == Row("section", "things", "absent", 0, 0.0, None, None, "not installed")
    assert all(row.of_limit is None for row in compared("section", "things", ways[:1], 1))


def test_ways_take_turns_after_one_round_that_warms_up() -> None:
    calls: list[str] = []
    ways = [Way(name, 1, lambda name=name: calls.append(name)) for name in "ab"]  # type: ignore[misc]
    rates(ways, 2)
    assert "".join(calls) == "ab" * 3
    with pytest.raises(ValueError, match="rounds is 0"):
        rates(ways, 0)


def test_the_picture_says_what_each_bar_is(tmp_path: Path) -> None:
    rows = [Row("a < b", "things", "slow & old", 1, 10.0, 1.0, None), Row("a < b", "things", "new", 1, 1e6, 1e5, None)]
    texts = [text.text for text in ElementTree.fromstring(svg_text(rows)).findall("{*}text")]  # noqa: S314 - our own
    assert texts == ["a < b", "slow & old", "10 things/s", "new", "1,000,000 things/s"]
    assert svg_text([]).startswith("<svg")
    assert [path.name for path in write_bench(rows, tmp_path / "new" / "folder")] == ["bench.json", "bench.svg"]
