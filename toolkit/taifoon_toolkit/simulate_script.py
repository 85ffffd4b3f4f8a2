"""`taifoon simulate --script`: a run that is written down, command by command, and `--save`, which writes one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from taifoon.profile import HARDENED, Resolution
from taifoon_models.simulation_node import Entry
from taifoon_models.simulation_plan import Plan
from taifoon_models.simulation_script import Script, ScriptError, script_of
from taifoon_models.simulation_script_file import read_script, written
from taifoon_models.simulation_scripted import ScriptedSimulation
from taifoon_toolkit.simulate import Ran, conclude, report, summary, telling, timed


@dataclass(frozen=True, slots=True)
class Replayed:
    """Which script to run, and how."""

    path: Path
    hardened: bool
    brief: bool
    out: Path | None


def script_at(path: Path) -> Script:
    """The script in a file. Raises ScriptError, with the file's name."""
    try:
        return read_script(path.read_text(encoding="utf-8"))
    except (ScriptError, OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"--script {path}: {error}") from error


def save(path: Path, plan: Plan, without: tuple[str, ...], done: Ran) -> None:
    """Write a plan that has run as a script. Raises ScriptError where it is none."""
    resolutions = tuple(Resolution(name) for name in without)
    script = script_of(plan, tuple(done.simulation.clients), resolutions)
    broken = None if done.broken is None else done.broken.name
    path.write_text(written(replace(script, breaks=broken)), encoding="utf-8")


def expectation(script: Script, done: Ran, hardened: bool) -> str:  # noqa: FBT001 - a flag
    """How what came of a run compares with what its script says."""
    broken = None if done.broken is None else done.broken.name
    if hardened and script.without:
        switched = ", ".join(resolution.value for resolution in script.without)
        return f"with all repairs; the script switches {switched} off, and then breaks: {script.breaks or 'nothing'}"
    told = "as the script says" if broken == script.breaks else f"the script says: {script.breaks or 'nothing'}"
    return f"breaks      {broken or 'nothing'}, {told}"


def replay_to(console: Console, wanted: Replayed) -> int:
    """Run a script, print the timeline and what came of it, and return the exit status. Raises ScriptError."""
    script = script_at(wanted.path)
    profile = HARDENED if wanted.hardened else script.profile
    tell: Callable[[Entry], None] = telling(console, wanted.brief)
    done = timed(ScriptedSimulation(script, profile, tell))
    console.print(*summary(done), expectation(script, done, wanted.hardened), sep="\n", highlight=False, soft_wrap=True)
    if wanted.out is not None:
        found = report(done.simulation.plan, profile, done) | {"milliseconds": done.simulation.now // 1_000}
        wanted.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return conclude(console, done)
