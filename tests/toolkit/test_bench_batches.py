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

from taifoon_models.rfc9162 import tree_head
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

    sizes = bench_batches.Sizes(10, 64, 64, (70, 200), 3, 5, 30, 10, rounds=1, starts=False)
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
    costs = [row for row in written["rows"] if row["name"].startswith("cost of a leaf at ")]
    assert [row["ratio"] for row in costs if "at 70" in row["name"]] == [1.0, 1.0]
    rates = [next(row["rate"] for row in written["rows"] if row["name"] == f"optimised, {size}") for size in (70, 200)]
    assert costs[1]["ratio"] == pytest.approx(rates[0] / rates[1])
    gains = [row for row in written["rows"] if row["name"].startswith("a second thread")]
    assert len(gains) == 6
    assert all(row["note"] == f"adds {row['ratio']:.2f}" for row in gains)
    limits = [row for row in written["rows"] if row["name"] == LIMIT]
    assert [row["of_limit"] for row in limits] == [1.0, 1.0]
    picture = ElementTree.parse(tmp_path / "bench.svg").getroot()  # noqa: S314 - our own file
    assert len(picture.findall("{*}rect")) == sum(row["rate"] > 0 for row in written["rows"])


def test_a_library_that_is_not_installed_has_a_row_that_says_so(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "PYMERKLE", "no_such_library")
    rows = [row for row in small.batch_rows(small.ORDINARY) if row.name == "no_such_library"]
    assert [(row.size, row.note) for row in rows] == [(0, "not installed")] * 3


class Peer:
    """A library for trees of RFC 9162, as far as it is measured."""

    def append_entries(self, entries: list[bytes]) -> None:
        self.entries = entries

    def get_root(self) -> bytes:
        return tree_head(tuple(self.entries))

    def get_leaf(self, number: int) -> bytes:
        return self.entries[number - 1]

    def prove_inclusion(self, number: int) -> int:
        return number


class WrongPeer(Peer):
    def get_root(self) -> bytes:
        return tree_head((*self.entries, b""))


def test_a_library_that_is_installed_is_measured(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    library = SimpleNamespace(InmemoryTree=Peer, verify_inclusion=lambda leaf, state, proof: None)
    monkeypatch.setitem(sys.modules, small.PYMERKLE, library)
    rows = [row for row in small.batch_rows(small.ORDINARY) if row.name.startswith(small.PYMERKLE)]
    assert len(rows) == 3
    assert all(row.rate > 0 for row in rows)
    (said,) = small.peer_agrees(library, [b"one", b"two", b"three"])[1:]
    assert said == "equals our bag under sha256, 3 leaves"


def test_a_peer_with_another_root_stops_the_benchmark(small: Any) -> None:
    with pytest.raises(ValueError, match="its root of 3 leaves is not our bag under sha256"):
        small.peer_agrees(SimpleNamespace(InmemoryTree=WrongPeer), [b"one", b"two", b"three"])


def test_the_installed_peer_has_our_bag(small: Any) -> None:
    library = pytest.importorskip("pymerkle", reason="pymerkle is not installed")
    for size in (1, 2, 3, 7, 64, 100):
        assert small.peer_agrees(library, [bytes([number]) for number in range(size)])


def test_starts_are_told_by_what_is_kept(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from taifoon_toolkit import bench_start

    monkeypatch.setattr(bench_start, "APPEND", "import numba; print(numba.__version__)")
    monkeypatch.setattr(bench_start, "IMPORT", "pass")
    rows = list(bench_start.starting())
    assert [row.name for row in rows] == ["first start, compiling", "later start", "imports alone"]
    assert all(row.note.endswith(" s") and float(row.note[:-2]) >= 0 for row in rows)
    monkeypatch.setattr(bench_start, "APPEND", "raise SystemExit(3)")
    with pytest.raises(subprocess.CalledProcessError):
        list(bench_start.starting())


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
