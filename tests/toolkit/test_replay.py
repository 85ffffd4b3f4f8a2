"""`taifoon replay` runs the reference again and believes nothing that the file says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from taifoon_laboratory.theorems import open_laboratory

from taifoon.profile import HARDENED
from taifoon_proofs.itf import run_to_itf
from taifoon_proofs.scenario import run
from taifoon_proofs.verdict import Counterexample
from taifoon_toolkit.cli import main
from taifoon_toolkit.traces import steps_of, value_text

Change = Callable[[dict], object]


@pytest.fixture
def trace(audited: Path) -> dict:
    open_laboratory()
    return json.loads((audited / "traces" / "T-LAB-a.document.itf.json").read_text(encoding="utf-8"))


def replay(content: object) -> Result:
    file = Path("trace.itf.json")
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return CliRunner().invoke(main, ["replay", str(file)], env={"COLUMNS": "200"})


def test_a_written_trace_is_reproduced(trace: dict) -> None:
    outcome = replay(trace)
    assert outcome.exit_code == 0, outcome.output
    assert "Reproduced: all 2 states are as recorded" in outcome.output
    assert "great = 1208925819614629174706176" in outcome.output


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (lambda trace: trace["states"][1].update(left=5), "state 1, left: the file has 5, the reference gives 1"),
        (lambda trace: trace["states"][0].pop("members"), "state 0, members: the file has None, the reference gives 2"),
        (lambda trace: trace["states"][1].update(new=1), "state 1, new: the file has 1, the reference gives None"),
        (lambda trace: trace["states"].pop(), "the file has 1 states, the reference gives 2"),
    ],
)
def test_the_first_difference_is_named(trace: dict, change: Change, finding: str) -> None:
    change(trace)
    outcome = replay(trace)
    assert outcome.exit_code == 1
    assert finding in outcome.output


def test_a_trace_that_violates_nothing_is_not_reproduced() -> None:
    open_laboratory()
    honest = run(HARDENED, Counterexample("laboratory/two-halves", {"members": 2}))
    outcome = replay(run_to_itf(honest, "T-LAB-a"))
    assert outcome.exit_code == 1
    assert "The property is not violated under hardened" in outcome.output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda trace: trace.pop("#meta"), "#meta needs scenario, parameters and profile"),
        (
            lambda trace: trace["#meta"].update(scenario="laboratory/none"),
            "#meta.scenario: 'laboratory/none' is unknown",
        ),
        (
            lambda trace: trace["#meta"].update(parameters={"size": 1}),
            "#meta.parameters: laboratory/two-halves cannot run",
        ),
        (lambda trace: trace["#meta"].update(parameters={"members": "x"}), "#meta.parameters: laboratory/two-halves"),
        (lambda trace: trace["#meta"]["profile"].update(resolutions=["RES-NONE"]), "RES-NONE is not known"),
        (lambda trace: trace.update(states=3), "states: a trace has a list of objects there"),
        (lambda trace: trace.update(states=[1]), "states: a trace has a list of objects there"),
    ],
)
def test_a_file_that_is_no_trace_is_refused_with_the_field(trace: dict, change: Change, message: str) -> None:
    change(trace)
    outcome = replay(trace)
    assert outcome.exit_code == 2, outcome.output
    assert message in outcome.output


@pytest.mark.parametrize(("content", "message"), [("{", "not JSON"), ("[]", "a trace is a JSON object")])
def test_a_file_that_is_no_json_object_is_refused(content: str, message: str) -> None:
    outcome = replay(content)
    assert outcome.exit_code == 2
    assert message in outcome.output


def test_a_file_that_is_not_there_is_refused() -> None:
    outcome = CliRunner().invoke(main, ["replay", "nowhere.itf.json"])
    assert outcome.exit_code == 2
    assert "nowhere.itf.json: No such file" in outcome.output


def test_values_and_steps_read_as_text() -> None:
    value = {"#map": [[{"#tup": [1, "a"]}, {"#set": [True, {"#bigint": "9007199254740993"}]}], ["b", [False]]]}
    assert value_text(value) == "{(1, a): {yes, 9007199254740993}, b: [no]}"
    states = [{"action": "start", "x": 1, "y": "none"}, {"action": "go", "x": 1, "y": 2}]
    steps = steps_of({"vars": ["action", "x", "y"], "states": states})
    assert [(step.action, step.changes) for step in steps] == [("start", (("x", "1"),)), ("go", (("y", "2"),))]
