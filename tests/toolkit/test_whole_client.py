"""The client with every method conforms, leaves nothing out, and stands up to generated inputs that are made whole."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner

from taifoon_toolkit.cli import main
from taifoon_toolkit.conform.fuzz import OutsideDomainError, generated
from taifoon_toolkit.conform.refit import EVENT_REFITS, REFITS, refitted, refitted_run
from taifoon_toolkit.vectors.method import METHODS
from taifoon_toolkit.vectors.shipped import shipped_vectors
from taifoon_toolkit.vectors.stream import Stream

WHOLE = Path(__file__).parents[1] / "clients" / "python" / "whole.py"


def test_a_session_with_every_method_leaves_nothing_out(tmp_path: Path) -> None:
    arguments = ["conform", "--out", str(tmp_path), "--section", "3.2", "--section", "4.1", "--section", "4.2"]
    outcome = CliRunner().invoke(main, [*arguments, "--fuzz", "4", "--", sys.executable, str(WHOLE)])
    written = json.loads((tmp_path / "conform.json").read_text())
    expected = [vector for vector in shipped_vectors() if vector.section in ("3.2", "4.1", "4.2")]
    assert outcome.exit_code == 0, outcome.output
    assert written["summary"]["compared"] == len(expected) > 900
    assert written["summary"]["unsupported"] == 0
    assert written["fuzzing"]["compared"] > 100


@pytest.mark.parametrize("name", [*REFITS, *EVENT_REFITS])
def test_generated_inputs_get_past_the_first_check(name: str) -> None:
    base = [vector for vector in shipped_vectors() if vector.name == name]
    stream, outcomes = Stream(f"refits/{name}"), Counter[str]()
    for _ in range(60):
        try:
            vector = generated(base, stream)
        except OutsideDomainError:
            continue
        for part in (vector.content, *vector.content.get("steps", ())):
            if "outcome" in part:
                outcomes[part["outcome"].get("rejection", "accepted")] += 1
    assert outcomes["accepted"] > 5
    assert len(outcomes) >= 2


def test_a_vector_that_is_whole_stays_as_it_is() -> None:
    for vector in shipped_vectors():
        outcome = vector.content.get("outcome", {})
        if vector.name in REFITS and "value" in outcome:
            assert refitted(vector.name, vector.content["given"]) == vector.content["given"]
        elif vector.name == "control":
            events = [step["event"] for step in vector.content["steps"] if "value" in step["outcome"]]
            assert refitted_run(vector.name, vector.content["start"], events) == events
    assert set(REFITS) <= set(METHODS)
