"""`taifoon explore` says what it found and how far it went; `taifoon bench` compares ways to search."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from taifoon_models import packed
from taifoon_models.explorer import Exploration
from taifoon_toolkit import bench, explore
from taifoon_toolkit.bench import fastest
from taifoon_toolkit.cli import main


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("way", [[], ["--plain"]], ids=["default", "plain"])
def test_a_whole_search_counts_states_and_ends_well(way: list[str]) -> None:
    result = invoke("explore", "--seats", "4", "--views", "2", *way)
    assert result.exit_code == 0, result.output
    assert "12,080" in result.output
    assert "no two conflicting blocks are final" in result.output


def test_a_fork_is_printed_with_its_shortest_schedule() -> None:
    result = invoke("explore", "--without", "RES-BFT.once", "--views", "1")
    assert result.exit_code == explore.FORK_FOUND
    assert "a fork after 8 steps" in result.output
    assert "seat 0 notarise 1.a" in result.output


def test_one_byzantine_seat_too_many_forks() -> None:
    assert invoke("explore", "--byzantine", "2", "--views", "1").exit_code == explore.FORK_FOUND
    assert invoke("explore", "--byzantine", "1", "--views", "1").exit_code == 0


def test_a_search_that_stops_at_its_limit_says_so() -> None:
    result = invoke("explore", "--limit", "100")
    assert result.exit_code == explore.LIMIT_REACHED
    assert "raise --limit" in result.output


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--without", "RES-NONE"], "RES-NONE"),
        (["--byzantine", "5"], "--byzantine 5"),
        (["--seats", "0"], "--seats"),
    ],
)
def test_wrong_use_names_the_option(arguments: list[str], named: str) -> None:
    result = invoke("explore", *arguments)
    assert result.exit_code == 2
    assert named in result.output


def test_an_interrupted_search_is_resumed_from_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba", reason="numba is not installed, and only the compiled search keeps checkpoints")
    file = tmp_path / "search.npz"
    monkeypatch.setattr(packed, "CHUNK", 3_000)
    calls = []

    def interrupt(self: object, stop: int) -> int | None:
        calls.append(stop)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(self, stop)

    from taifoon_models.packed_engine import CompiledEngine

    original = CompiledEngine.advance
    monkeypatch.setattr(CompiledEngine, "advance", interrupt)
    first = invoke("explore", "--checkpoint", str(file))
    assert first.exit_code == explore.INTERRUPTED
    assert str(file) in first.output.replace("\n", "")
    assert file.exists()
    second = invoke("explore", "--checkpoint", str(file))
    assert second.exit_code == 0
    assert calls[2] > 3_000, "the search did not begin anew"
    assert "12,080" in second.output
    assert not file.exists()


def test_the_fastest_of_several_runs_counts() -> None:
    found = Exploration(10, 20, 3, (), complete=True, schedule=None)
    measured = fastest("search", lambda: found, rounds=3)
    assert (measured.states, measured.transitions) == (10, 20)
    assert measured.rate > 0
    with pytest.raises(ValueError, match="rounds"):
        fastest("search", lambda: found, rounds=0)


def test_the_benchmark_compares_within_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "VIEWS", 1)
    monkeypatch.setattr(bench, "ROUNDS", 1)
    result = invoke("bench", "--section", "explorer")
    assert result.exit_code == 0, result.output
    assert "plain" in result.output
    assert "1.00" in result.output
