"""CrossHair's answers are never rounded up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from taifoon_toolkit.contracts import ContractedFunction, call_graph, judged, modules_of, obstacle_of
from taifoon_toolkit.plan import CONTRACT_SECONDS, LONGEST_CONDITION, contract_tasks

PREFIX = "taifoon_laboratory.contracts."


@pytest.fixture
def verdicts(audited: Path) -> dict[str, dict]:
    document = json.loads((audited / "audit.json").read_text(encoding="utf-8"))
    return {item["function"].removeprefix(PREFIX): item for item in document["contracts"]}


def test_a_function_is_confirmed_only_with_its_callees(verdicts: dict[str, dict]) -> None:
    assert verdicts["magnitude"]["verdict"] == "CONFIRMED"
    assert verdicts["double_magnitude"]["verdict"] == "CONFIRMED"
    assert verdicts["later"]["verdict"] == "CONFIRMED_UNDER_CALLEES"
    assert verdicts["later"]["under"] == [f"{PREFIX}successor"]


def test_a_counterexample_is_shown(verdicts: dict[str, dict]) -> None:
    assert verdicts["successor"]["verdict"] == "REFUTED"
    assert "successor(7)" in verdicts["successor"]["reason"]


def test_a_protocol_rejection_is_an_outcome_and_not_a_fault(verdicts: dict[str, dict]) -> None:
    assert verdicts["refuse_negative"]["verdict"] == "CONFIRMED"


def test_a_protocol_class_as_parameter_is_an_obstacle(verdicts: dict[str, dict]) -> None:
    assert verdicts["area_of"]["verdict"] == "NOT_ANALYSED"
    assert "parameter shape holds a Shape" in verdicts["area_of"]["reason"]


def answer(verdict: str) -> dict:
    return {"verdict": verdict, "reason": None, "conditions": []}


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        ("CONFIRMED", ["CONFIRMED", "CONFIRMED", "CONFIRMED"]),
        ("UNKNOWN", ["CONFIRMED_UNDER_CALLEES", "CONFIRMED_UNDER_CALLEES", "UNKNOWN"]),
        ("NOT_ANALYSED", ["CONFIRMED_UNDER_CALLEES", "CONFIRMED_UNDER_CALLEES", "NOT_ANALYSED"]),
        ("REFUTED", ["CONFIRMED_UNDER_CALLEES", "CONFIRMED_UNDER_CALLEES", "REFUTED"]),
    ],
)
def test_doubt_about_one_function_reaches_all_that_rest_on_it(last: str, expected: list[str]) -> None:
    functions = [
        ContractedFunction("m", "a", 1, ("m.b",)),
        ContractedFunction("m", "b", 1, ("m.c",)),
        ContractedFunction("m", "c", 1, ()),
    ]
    answers = {"m.a": answer("CONFIRMED"), "m.b": answer("CONFIRMED"), "m.c": answer(last)}
    assert [item["verdict"] for item in judged(functions, answers)] == expected


def test_functions_that_call_each_other_are_confirmed_together() -> None:
    functions = [ContractedFunction("m", "a", 1, ("m.b",)), ContractedFunction("m", "b", 1, ("m.a",))]
    answers = {"m.a": answer("CONFIRMED"), "m.b": answer("CONFIRMED")}
    assert [item["verdict"] for item in judged(functions, answers)] == ["CONFIRMED", "CONFIRMED"]


def test_the_call_graph_of_the_reference_finds_its_contracts() -> None:
    graph = call_graph()
    found = {function.name: function for function in graph.contracted()}
    assert "taifoon.core.mmr.shape.split_point" in found["taifoon.core.mmr.spans.halves"].callees
    assert found["taifoon.core.mmr.shape.peak_heights"].conditions == 2
    assert obstacle_of(found["taifoon.core.mmr.shape.peak_heights"]) is None
    assert "Combiner" in (obstacle_of(found["taifoon.core.mmr.mountains.extend"]) or "")
    assert set(graph.sections) == set(modules_of("taifoon"))


@pytest.mark.parametrize("count", [1, 12, 60, 500])
def test_the_time_for_all_conditions_has_a_bound(count: int) -> None:
    functions = [ContractedFunction("m", f"f{number}", 1, ()) for number in range(count)]
    [task] = contract_tasks(functions, deep=False)
    assert 1 <= task.seconds <= LONGEST_CONDITION
    assert task.seconds * count <= max(CONTRACT_SECONDS, count)


SCRIPT = """
import json, z3
from taifoon_toolkit import crosshair_check

def fail(*arguments):
    raise {error}

crosshair_check.{broken} = fail
print(json.dumps(crosshair_check.answer_function("taifoon.core.quorum", "hardened_quorum", 1.0)))
"""


@pytest.mark.parametrize(
    ("broken", "error", "said"),
    [
        ("analyze_function", 'TypeError("an alias for literals")', "CrossHair cannot read the signature"),
        ("ConditionCheckable.analyze", 'z3.Z3Exception("no real")', "CrossHair failed within its solver"),
    ],
)
def test_what_crosshair_cannot_do_is_unknown_with_its_reason(broken: str, error: str, said: str) -> None:
    # In a process of its own, because CrossHair switches contracts off for the one that it runs in.
    command = [sys.executable, "-c", SCRIPT.format(broken=broken, error=error)]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    answer = json.loads(finished.stdout)
    assert answer["verdict"] == "UNKNOWN"
    assert said in answer["reason"]
