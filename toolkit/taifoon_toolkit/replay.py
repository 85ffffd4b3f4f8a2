"""Runs the counterexample of a trace file again, on the reference, and compares every state."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from taifoon.profile import HARDENED, Profile
from taifoon_proofs.itf import TraceFileError, counterexample_of, run_to_itf
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import SCENARIOS, Run, run
from taifoon_proofs.verdict import Counterexample
from taifoon_toolkit.traces import steps_of

__all__ = ["TraceFileError", "replay_to"]

REPRODUCED, DIFFERENT = 0, 1


def read_trace(file: Path) -> dict[str, Any]:
    """The content of a trace file. Raises TraceFileError."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TraceFileError(f"{error.strerror}: name a file that `taifoon audit` wrote") from error
    except ValueError as error:
        raise TraceFileError(f"not JSON: {error}: use a file that `taifoon audit` wrote") from error
    if not isinstance(content, dict):
        raise TraceFileError("a trace is a JSON object: use a file that `taifoon audit` wrote")
    states = content.get("states")
    if not isinstance(states, list) or not all(isinstance(state, dict) for state in states):
        raise TraceFileError("states: a trace has a list of objects there: use a file that `taifoon audit` wrote")
    return content


def run_again(profile: Profile, counterexample: Counterexample) -> Run:
    """Run the scenario. Raises TraceFileError for parameters with which it cannot run."""
    try:
        return run(profile, counterexample)
    except Exception as error:
        raise TraceFileError(
            f"#meta.parameters: {counterexample.scenario} cannot run with {dict(counterexample.parameters)}: "
            f"{type(error).__name__}: {error}"
        ) from error


def first_difference(recorded: Sequence[Mapping[str, Any]], fresh: Sequence[Mapping[str, Any]]) -> str | None:
    """Where two lists of states differ first, in words; None where they are equal."""
    for number, (old, new) in enumerate(zip(recorded, fresh, strict=False)):
        for name in [*new, *(name for name in old if name not in new)]:
            if old.get(name) != new.get(name):
                return f"state {number}, {name}: the file has {old.get(name)!r}, the reference gives {new.get(name)!r}"
    if len(recorded) != len(fresh):
        return f"the file has {len(recorded)} states, the reference gives {len(fresh)}"
    return None


def replay_to(console: Console, file: Path) -> int:
    """Replay a file, print it step by step, and return the exit status. Raises TraceFileError."""
    load()
    document = read_trace(file)
    profile, counterexample, recorded = counterexample_of(document)
    again = run_again(profile, counterexample)
    fresh: dict[str, Any] = json.loads(json.dumps(run_to_itf(again, str(document["#meta"].get("theorem", "")))))
    console.print(Text(f"{counterexample.scenario} under the profile {profile.name}", style="bold"))
    console.print(Text(SCENARIOS[counterexample.scenario].summary), soft_wrap=True)
    console.print(step_table(fresh))
    findings = []
    difference = first_difference(recorded, fresh["states"])  # type: ignore[arg-type]
    if difference:
        findings.append(f"The first difference: {difference}.")
    if not again.violated:
        findings.append(f"The property is not violated under {profile.name}.")
    if profile != HARDENED and run_again(HARDENED, counterexample).violated:
        findings.append("The property is violated under hardened as well.")
    for finding in findings:
        console.print(Text(finding, style="bold red"), soft_wrap=True)
    if not findings:
        console.print(
            Text(
                f"Reproduced: all {len(recorded)} states are as recorded, the property is violated under "
                f"{profile.name}, and not under hardened.",
                style="green",
            ),
            soft_wrap=True,
        )
    return DIFFERENT if findings else REPRODUCED


def step_table(document: Mapping[str, Any]) -> Table:
    """The steps of a trace."""
    table = Table(box=None, pad_edge=False)
    table.add_column("step", justify="right")
    table.add_column("what happens")
    table.add_column("what changes")
    for step in steps_of(document):
        changes = "\n".join(f"{name} = {value}" for name, value in step.changes)
        table.add_row(str(step.number), Text(step.action), Text(changes))
    return table
