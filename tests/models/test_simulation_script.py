"""A script is written and read back, refused with the place and the fix, and its run is always the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.quorum import tolerated_faults
from taifoon.profile import HARDENED, Resolution
from taifoon_models.keys import key
from taifoon_models.simulation import Simulation
from taifoon_models.simulation_adversary import Manner
from taifoon_models.simulation_fault import INVARIANTS
from taifoon_models.simulation_plan import SECOND, Course, Crash, Cut, Departure, Plan
from taifoon_models.simulation_script import (
    Arrive,
    Bring,
    Command,
    Corrupt,
    CutAlong,
    CutApart,
    Depart,
    Heal,
    RunFor,
    Script,
    ScriptError,
    Settle,
    StartAgain,
    TakeDown,
    Weather,
    script_of,
    still,
)
from taifoon_models.simulation_script_file import read_script, written
from taifoon_models.simulation_scripted import ScriptedSimulation, played
from taifoon_models.simulation_speed import shared_work

QUICK = still(
    Plan(
        synchronizers=4,
        clusters=1,
        stretch=3,
        pace=40,
        latency=(2_000, 12_000),
        loss=0,
        duplication=0,
        message_delay=25,
        pull=80,
        patience=800,
    )
)
PLAN = Plan(
    synchronizers=8,
    stretch=2,
    pace=50,
    length=3 * SECOND // 10,
    latency=(2_000, 12_000),
    job_gap=50_000,
    corrupt=1,
    cuts=(Cut(100_000, 150_000, Course.THROUGH), Cut(150_000, 200_000, Course.BETWEEN)),
    crashes=(Crash(50_000, 120_000, 3),),
    arrivals=(60_000,),
    departures=(Departure(80_000, 5),),
)
NODE = st.integers(0, 4)
TIME = st.integers(1, 600_000_000)
SPAN = st.tuples(st.integers(0, 1_000), st.integers(1_000, 2_000))
CHANCE = st.integers(0, 10_000)
COMMANDS: tuple[st.SearchStrategy[Command], ...] = (
    st.builds(RunFor, TIME),
    st.builds(Bring, NODE),
    st.builds(CutApart, st.sampled_from([(), ((0,),), ((0, 1), (2, 3)), ((4, 0), (2,), ())])),
    st.builds(CutAlong, st.sampled_from(Course)),
    st.builds(Heal),
    st.builds(TakeDown, NODE),
    st.builds(StartAgain, NODE),
    st.builds(Arrive, st.just(4)),
    st.builds(Depart, NODE),
    st.builds(Corrupt, NODE, st.sampled_from(Manner)),
    st.builds(Weather, SPAN, CHANCE, CHANCE),
    st.builds(Settle, TIME),
)
SCRIPTS = st.builds(
    Script,
    st.builds(lambda seed, corrupt: replace(QUICK, seed=seed, corrupt=corrupt), st.integers(0, 99), st.none() | NODE),
    st.just(1),
    st.lists(st.sampled_from(Resolution), max_size=2, unique=True).map(tuple),
    st.none() | st.sampled_from(INVARIANTS),
    st.lists(st.one_of(COMMANDS), max_size=8).map(tuple),
)


@pytest.fixture(autouse=True)
def shared() -> Iterator[None]:
    with shared_work():
        yield


@settings(deadline=None, derandomize=True, max_examples=100)
@given(SCRIPTS)
def test_a_script_that_is_written_is_read_back_as_it_was(script: Script) -> None:
    assert read_script(written(script)) == script
    assert written(read_script(written(script))) == written(script)


def changed(change: dict[str, Any], *, drop: str | None = None) -> str:
    """The text of a small script with some fields otherwise, and one left out."""
    script = Script(QUICK, 1, commands=(RunFor(1_000),))
    value = json.loads(written(script))
    for name, new in change.items():
        inner, _, field = name.partition(".")
        if field:
            value[inner][field] = new
        else:
            value[inner] = new
    if drop is not None:
        del value[drop]
    return json.dumps(value)


@pytest.mark.parametrize(
    ("text", "place", "fix"),
    [
        ("[]", "script", "write one with format, network"),
        ("{", "script", "no JSON"),
        ('{"format": 1, "format": 2}', "format", "write it once"),
        (changed({"format": "other"}), "script.format", "write one of taifoon simulation script 1"),
        (changed({}, drop="latecomers"), "script.latecomers", "missing; write it"),
        (changed({"extra": 1}), "script.extra", "no such field; the fields are format"),
        (changed({"network.seed": 1.5}), "script.network.seed", "whole number from 0"),
        (changed({"network.seed": True}), "script.network.seed", "whole number from 0"),
        (changed({"network.loss": 10_001}), "script.network.loss", "from 0 to 10000"),
        (changed({"network.latency": [2, 1]}), "script.network.latency", "[least, most]"),
        (changed({"network.latency": [2]}), "script.network.latency", "[least, most]"),
        (changed({"network.clusters": 5}), "network.clusters", "write 4 or fewer"),
        (changed({"without": ["RES-NONE"]}), "script.without[0]", "write one of RES-"),
        (changed({"breaks": "luck"}), "script.breaks", "write one of agreement"),
        (changed({"commands": {}}), "script.commands", "write one in square brackets"),
        (changed({"commands": [{"do": "jump"}]}), "script.commands[0].do", "write one of run, job"),
        (changed({"commands": [{"node": 1}]}), "script.commands[0]", 'write {"do": ...}'),
        (changed({"commands": [{"do": "run", "microseconds": -1}]}), "script.commands[0].microseconds", "from 0"),
        (changed({"commands": [{"do": "run"}]}), "script.commands[0].microseconds", "missing"),
        (changed({"commands": [{"do": "heal", "node": 1}]}), "script.commands[0].node", "no such field"),
        (changed({"commands": [{"do": "crash", "node": 5}]}), "commands[0]", "write one from 0 to 4"),
        (changed({"commands": [{"do": "arrive", "node": 3}]}), "commands[0].node", "write a latecomer, from 4 on"),
        (changed({"commands": [{"do": "cut", "sides": [[0], [0]]}]}), "commands[0].sides", "on one side only"),
        (changed({"commands": [{"do": "cut along", "course": "over"}]}), "commands[0].course", "through, between"),
    ],
)
def test_a_script_that_cannot_be_meant_is_refused_with_the_place_and_the_fix(text: str, place: str, fix: str) -> None:
    with pytest.raises(ScriptError) as refused:
        read_script(text)
    assert place in str(refused.value)
    assert fix in str(refused.value)


def test_a_plan_and_its_script_have_the_same_trace() -> None:
    simulation = Simulation(PLAN)
    simulation.run()
    script = script_of(PLAN, tuple(simulation.clients))
    replayed = played(read_script(written(script)))
    assert len(script.commands) > 15
    assert simulation.adversary.acts > 0
    assert replayed.simulation.digest == simulation.digest
    assert replayed.simulation.timeline == simulation.timeline
    assert played(replace(script, commands=script.commands[1:])).simulation.digest != simulation.digest


def test_partitions_that_overlap_make_no_script() -> None:
    plan = replace(PLAN, cuts=(Cut(100_000, 200_000, Course.THROUGH), Cut(150_000, 250_000, Course.BETWEEN)))
    with pytest.raises(ScriptError, match="one partition at a time"):
        script_of(plan, ())


EVERYTHING = Script(
    QUICK,
    1,
    commands=(
        *(Heal(), StartAgain(4), RunFor(60_000), Bring(0), Corrupt(2, Manner.REPLAYING)),
        *(CutApart(((0, 1),)), RunFor(30_000), CutAlong(Course.THROUGH), TakeDown(3), TakeDown(3), RunFor(20_000)),
        *(Weather((1_000, 30_000), 300, 300), Heal(), StartAgain(3), Arrive(4), Arrive(4), RunFor(30_000), Depart(1)),
    ),
)
RUN = """
import sys
from taifoon_models.simulation_script_file import read_script
from taifoon_models.simulation_scripted import played
print(played(read_script(sys.stdin.read())).simulation.digest)
"""


def test_a_script_is_a_run_whatever_the_hashes_of_the_process() -> None:
    def digest_under(hash_seed: str) -> str:
        found = subprocess.run(  # noqa: S603
            [sys.executable, "-c", RUN],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            input=written(EVERYTHING),
            capture_output=True,
            text=True,
            check=True,
        )
        return found.stdout.strip()

    assert digest_under("1") == digest_under("4242") == played(EVERYTHING).simulation.digest


def test_each_part_of_a_script_runs() -> None:
    for place in range(len(EVERYTHING.commands)):
        left = (*EVERYTHING.commands[:place], *EVERYTHING.commands[place + 1 :])
        short = tuple(RunFor(5_000) if isinstance(command, RunFor) else command for command in left)
        assert played(replace(EVERYTHING, commands=short)).broken is None


def test_the_adversary_never_has_more_of_a_cluster_than_is_tolerated() -> None:
    wishes = tuple(Corrupt(node, Manner.SILENT) for node in (3, 1, 0))
    simulation = ScriptedSimulation(Script(QUICK))
    simulation.start_all()
    simulation.do(RunFor(40_000))
    for wish in wishes:
        simulation.do(wish)
    assert tolerated_faults(HARDENED, 4) == 1
    assert simulation.adversary.chosen[min(simulation.adversary.chosen)] == {key(3)}


def test_kept_scripts_are_small() -> None:
    for path in (Path(__file__).parent / "scripts").glob("*.json"):
        assert len(read_script(path.read_text(encoding="utf-8")).commands) <= 8
