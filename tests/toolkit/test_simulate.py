"""`taifoon simulate` prints a timeline and a digest that a seed fixes, and names a wrong option."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from taifoon_models.simulation import Simulation
from taifoon_models.simulation_checks import InvariantBroken
from taifoon_toolkit import simulate
from taifoon_toolkit.cli import main

SMALL = ["simulate", "--synchronizers", "8", "--clusters", "2", "--stretch", "2", "--pace", "50"]
SCRIPTS = Path(__file__).parents[1] / "models" / "scripts"
SPELLS = ["--partition", "0.2-0.3:through", "--crash", "0.1-0.4:2"]


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*SMALL, *arguments])


def trace_of(output: str) -> str:
    return next(line.split()[1] for line in output.splitlines() if line.startswith("trace"))


def test_a_run_has_a_timeline_and_its_seed_fixes_the_trace(tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    options = ("--seconds", "1.2", "--byzantine", "0", *SPELLS, "--out", str(out))
    result = invoke(*options)
    assert result.exit_code == 0, result.output
    for word in ("epoch", "final", "partition", "healing", "crash", "restart", "CPU second", "every invariant held"):
        assert word in result.output
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["trace"] == trace_of(result.output)
    assert {entry["kind"] for entry in written["timeline"]} >= {"epoch", "final", "partition", "healing"}
    assert written["broken"] is None
    again = invoke(*options, "--brief")
    assert trace_of(again.output) == written["trace"]
    assert "s  final" not in again.output


def test_orders_are_in_the_timeline_and_the_books_in_the_summary(tmp_path: Path) -> None:
    out = tmp_path / "run.json"
    options = ("--seconds", "0.8", "--byzantine", "0", "--arrival", "0.1", "--departure", "0.2:5", "--out", str(out))
    result = invoke(*options, "--brief")
    assert result.exit_code == 0, result.output
    for words in ("synchronizer 8: Registration", "synchronizer 5: Leave", "issued for work", "nobody convicted"):
        assert words in result.output
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["cluster_counts"][0] == 2
    assert written["fewest_operators"][0] == 4
    assert written["issued"] > 0
    assert written["convictions"] == {}


def test_another_seed_is_another_trace() -> None:
    first, second = (invoke("--seconds", "0.1", "--seed", seed) for seed in ("1", "2"))
    assert trace_of(first.output) != trace_of(second.output)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--partition", "1:through"], "START-END:through"),
        (["--partition", "2-1:between"], "ends before it begins"),
        (["--crash", "0-1:8"], "from 0 to 7"),
        (["--departure", "1:8"], "from 0 to 7"),
        (["--clusters", "3"], "2 clusters or fewer"),
        (["--without", "RES-NONE"], "no such resolution"),
    ],
)
def test_a_wrong_option_is_named_with_what_to_write(options: list[str], message: str) -> None:
    result = invoke(*options)
    assert result.exit_code == 2
    assert message in result.output


def test_a_broken_invariant_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(self: Simulation) -> None:
        raise InvariantBroken("agreement", "two blocks")

    monkeypatch.setattr(Simulation, "run", run)
    result = invoke("--seconds", "0.1")
    assert result.exit_code == simulate.BROKEN
    assert "invariant broken: agreement: two blocks" in result.output


def replay(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["simulate", "--script", *arguments])


def test_a_run_that_is_saved_as_a_script_is_the_same_run_again(tmp_path: Path) -> None:
    path, out = tmp_path / "script.json", tmp_path / "run.json"
    result = invoke("--seconds", "0.3", "--job-gap", "0.1", "--arrival", "0.1", *SPELLS[:2], "--save", str(path))
    assert result.exit_code == 0, result.output
    again = replay(str(path), "--out", str(out))
    assert again.exit_code == 0, again.output
    assert trace_of(again.output) == trace_of(result.output)
    assert json.loads(out.read_text(encoding="utf-8"))["trace"] == trace_of(result.output)
    assert "breaks      nothing, as the script says" in again.output


@pytest.mark.parametrize("path", sorted(SCRIPTS.glob("*.json")), ids=lambda path: path.stem)
def test_a_kept_script_breaks_what_it_says_and_nothing_with_all_repairs(path: Path) -> None:
    said = json.loads(path.read_text(encoding="utf-8"))["breaks"]
    result = replay(str(path), "--brief")
    assert result.exit_code == simulate.BROKEN
    assert f"breaks      {said}, as the script says" in result.output
    assert f"invariant broken: {said}" in result.output
    repaired = replay(str(path), "--hardened", "--brief")
    assert repaired.exit_code == 0, repaired.output
    assert "with all repairs" in repaired.output


def edited(tmp_path: Path, **changes: Any) -> str:
    """A kept script with some fields otherwise."""
    value = json.loads((SCRIPTS / "finalise-beside-nullify.json").read_text(encoding="utf-8")) | changes
    path = tmp_path / "edited.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return str(path)


def test_a_script_that_breaks_otherwise_than_it_says_is_told(tmp_path: Path) -> None:
    result = replay(edited(tmp_path, breaks="agreement"), "--brief")
    assert result.exit_code == simulate.BROKEN
    assert "breaks      guiltless, the script says: agreement" in result.output


def test_a_wrong_script_is_refused_with_its_place_and_the_fix(tmp_path: Path) -> None:
    result = replay(edited(tmp_path, commands=[{"do": "crash", "node": 4}]))
    assert result.exit_code == 2
    for words in ("edited.json", "commands[0]", "no synchronizer 4", "from 0 to 3"):
        assert words in result.output
    assert "No such file" in replay(str(tmp_path / "none.json")).output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--script", "run.json", "--seed", "2"], "--seed: the script says that"),
        (["--script", "run.json", "--without", "RES-BFT.gap"], "--without: the script says that"),
        (["--hardened"], "add --script FILE"),
    ],
)
def test_nothing_is_said_beside_a_script_that_the_script_says(options: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["simulate", *options])
    assert result.exit_code == 2
    assert message in result.output
