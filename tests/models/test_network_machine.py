"""Whole networks under chance and malice: a state machine writes scripts, and every invariant holds at every step.

Clients bring jobs, the network is cut and heals, synchronizers crash, come and go, the adversary takes over as many as
are tolerated, packets are late and lost. At the end all stands in nobody's way, and everybody has to make progress. A
run that breaks an invariant is shortened and written as a script. `TAIFOON_DEEP=1` plays large networks.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from taifoon.profile import HARDENED, Resolution
from taifoon.synchronizer.events import StoreEpoch, StoreJobs, StoreOrders, StoreVotes
from taifoon_models.simulation_adversary import MANNERS, Manner
from taifoon_models.simulation_fault import InvariantBroken
from taifoon_models.simulation_node import Node, Stored
from taifoon_models.simulation_plan import Course, Plan
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
    Settle,
    StartAgain,
    TakeDown,
    Weather,
    still,
)
from taifoon_models.simulation_script_file import read_script, written
from taifoon_models.simulation_scripted import Make, ScriptedSimulation, played
from taifoon_models.simulation_shrink import judge_of, shortened
from taifoon_models.simulation_speed import shared_work

DEEP = os.environ.get("TAIFOON_DEEP") == "1"
STEADY = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=10 if DEEP else 4,
    stateful_step_count=12 if DEEP else 9,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    print_blob=False,
    report_multiple_bugs=False,
)
HUNT = settings(STEADY, max_examples=40, stateful_step_count=8)

SMALL = ((4, 1), (8, 2))
LARGE = ((10, 2), (12, 3), (16, 4), (20, 2), (40, 4))
QUICK = still(
    Plan(stretch=3, pace=40, latency=(2_000, 12_000), loss=0, duplication=0, message_delay=25, pull=80, patience=800)
)
LATECOMERS = 1
MILLISECOND = 1_000
BOUND = 6_000 * MILLISECOND
"""The time within which a network that nothing disturbs any more has to come to rest."""

ANY = st.integers(0, 999)
PAUSE = st.integers(10, 60)
LATENCIES = ((2_000, 12_000), (1_000, 40_000), (20_000, 60_000))
LOSSES = (0, 0, 200, 1_500)
COURSES = tuple(Course)
EVENTS = (
    "time_passes",
    "a_client_brings_a_job",
    "the_network_is_cut_anywhere",
    "the_network_is_cut_along_its_clusters",
    "the_network_heals",
    "synchronizers_crash",
    "who_is_down_starts_again",
    "the_adversary_takes_over",
    "the_weather_changes",
    "a_latecomer_arrives",
    "a_synchronizer_leaves",
)


@pytest.fixture(autouse=True)
def shared() -> Iterator[None]:
    with shared_work():
        yield


class Run(RuleBasedStateMachine):
    """A network that carries out each command as soon as it is written."""

    shapes: ClassVar[tuple[tuple[int, int], ...]] = LARGE if DEEP else SMALL
    network: ClassVar[Plan] = QUICK
    without: ClassVar[tuple[Resolution, ...]] = ()
    make: ClassVar[Make] = ScriptedSimulation
    settles: ClassVar[bool] = True
    seen: ClassVar[Counter[str]] = Counter()
    failed: ClassVar[Script | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.simulation: ScriptedSimulation | None = None
        self.script = Script(self.network, LATECOMERS, self.without)
        self.has_left = self.is_broken = False

    @initialize(shape=ANY, seed=ANY)
    def begin(self, shape: int, seed: int) -> None:
        synchronizers, clusters = self.shapes[shape % len(self.shapes)]
        network = replace(self.network, synchronizers=synchronizers, clusters=clusters, seed=seed)
        self.script = replace(self.script, network=network)
        self.simulation = type(self).make(self.script, self.script.profile)
        self.simulation.start_all()
        self.do(RunFor(30 * MILLISECOND), Bring(0), Bring(synchronizers - 1))

    def do(self, *commands: Command) -> None:
        """Write commands and carry them out; of a run that breaks an invariant the script is kept."""
        assert self.simulation is not None
        for command in commands:
            self.script = replace(self.script, commands=(*self.script.commands, command))
            try:
                self.simulation.do(command)
            except InvariantBroken as broken:
                self.is_broken = True
                type(self).failed = replace(self.script, breaks=broken.name)
                raise

    def some(self, chosen: int) -> int:
        """A synchronizer that is there from the start."""
        return chosen % self.script.network.synchronizers

    @rule(event=st.sampled_from(EVENTS), chosen=ANY, pause=PAUSE)
    def something_happens(self, event: str, chosen: int, pause: int) -> None:
        """One rule for all, so that each run has events of all kinds."""
        self.do(*getattr(self, event)(chosen), RunFor(pause * MILLISECOND))

    def time_passes(self, chosen: int) -> tuple[Command, ...]:
        return (RunFor(chosen % 100 * MILLISECOND),)

    def a_client_brings_a_job(self, chosen: int) -> tuple[Command, ...]:
        return (Bring(self.some(chosen)),)

    def the_network_is_cut_anywhere(self, chosen: int) -> tuple[Command, ...]:
        nodes = range(self.script.network.synchronizers)
        sides = (tuple(node for node in nodes if (chosen >> node % 10) % 2 == part) for part in (0, 1))
        return (CutApart(tuple(side for side in sides if side)),)

    def the_network_is_cut_along_its_clusters(self, chosen: int) -> tuple[Command, ...]:
        return (CutAlong(COURSES[chosen % len(COURSES)]),)

    def the_network_heals(self, chosen: int) -> tuple[Command, ...]:
        return (Heal(),)

    def synchronizers_crash(self, chosen: int) -> tuple[Command, ...]:
        return tuple(TakeDown(self.some(chosen + other)) for other in range(1 + chosen % 3))

    def who_is_down_starts_again(self, chosen: int) -> tuple[Command, ...]:
        return tuple(StartAgain(node) for node in range(self.script.everyone))

    def the_adversary_takes_over(self, chosen: int) -> tuple[Command, ...]:
        return (Corrupt(self.some(chosen), MANNERS[chosen % len(MANNERS)]),)

    def the_weather_changes(self, chosen: int) -> tuple[Command, ...]:
        return (Weather(LATENCIES[chosen % 3], LOSSES[chosen % 4], 500 * (chosen % 2)),)

    def a_latecomer_arrives(self, chosen: int) -> tuple[Command, ...]:
        return (Arrive(self.script.network.synchronizers),)

    def a_synchronizer_leaves(self, chosen: int) -> tuple[Command, ...]:
        if self.has_left:
            return ()
        self.has_left = True
        return (Depart(self.some(chosen)),)

    def teardown(self) -> None:
        if self.simulation is None or self.is_broken:
            return
        if self.settles:
            self.do(Settle(BOUND))
        self.count(self.simulation)

    def count(self, simulation: ScriptedSimulation) -> None:
        """Take note of what the run had, so that none of it is checked in vain."""
        kinds = Counter(entry.kind for entry in simulation.timeline)
        for kind in ("partition", "healing", "crash", "restart", "corrupt", "order", "epoch"):
            self.seen[kind] += kinds[kind]
        self.seen["settled job"] += simulation.settled
        self.seen["vote"] += simulation.checks.votes.moves
        self.seen["malice"] += simulation.adversary.acts
        self.seen["longest script"] = max(self.seen["longest script"], len(self.script.commands))


def seen_in(machine: type[Run], bounds: settings = STEADY) -> Counter[str]:
    """Play a machine, and give what its runs had."""
    machine.seen, machine.failed = Counter(), None
    run_state_machine_as_test(machine, settings=bounds)  # type: ignore[no-untyped-call]
    return machine.seen


def hunted(machine: type[Run], folder: Path, runs: int = 200) -> Path | None:
    """Play a machine; where an invariant breaks, the run as the file of a shortened script."""
    try:
        seen_in(machine, HUNT)
    except InvariantBroken:
        assert machine.failed is not None
        assert machine.failed.breaks is not None
        short = shortened(machine.failed, judge_of(machine.failed.breaks, machine.make), runs)
        path = folder / f"{machine.failed.breaks.replace(' ', '-')}.json"
        path.write_text(written(short), encoding="utf-8")
        return path
    return None


def test_no_invariant_breaks_and_all_make_progress_once_nothing_is_in_the_way(tmp_path: Path) -> None:
    try:
        seen = seen_in(Run)
    except InvariantBroken as broken:
        assert Run.failed is not None
        path = tmp_path / "broken.json"
        path.write_text(written(shortened(Run.failed, judge_of(broken.name), 60)), encoding="utf-8")
        pytest.fail(f"{broken}; `taifoon simulate --script {path}` shows it:\n{path.read_text(encoding='utf-8')}")
    for event in ("partition", "healing", "crash", "restart", "corrupt", "order", "epoch", "settled job", "malice"):
        assert seen[event] > 0, f"no run had: {event}"
    assert seen["vote"] > 300


def planted(**body: Any) -> type[Run]:
    """A machine over small faulty networks, which are not asked to come to rest."""
    return type("PlantedRun", (Run,), {"shapes": ((4, 1),), "settles": False, **body})


class Forgetful(Stored):
    """A disk that loses votes."""

    def keep(self, effect: StoreVotes | StoreEpoch | StoreOrders | StoreJobs) -> None:
        if not isinstance(effect, StoreVotes):
            super().keep(effect)


class ForgetfulDisks(ScriptedSimulation):
    """A network in which nobody finds its votes again after a crash."""

    def new_node(self, number: int, genesis: object) -> Node:
        node = super().new_node(number, genesis)  # type: ignore[arg-type]
        node.stored = Forgetful(node.stored.network, node.stored.economy)
        return node


def test_a_vote_to_finalise_beside_one_to_nullify_is_found_shortened_and_replayed(tmp_path: Path) -> None:
    # Timers are too short for this weather, so that views are given up while their blocks are on the way.
    hasty = replace(QUICK, latency=(20_000, 60_000))
    path = hunted(planted(without=(Resolution.FINALISE_EXCLUDES_NULLIFY,), network=hasty), tmp_path, runs=20)
    assert path is not None
    script = read_script(path.read_text(encoding="utf-8"))
    assert script.breaks == "guiltless"
    assert len(script.commands) <= 5
    assert played(script).name == "guiltless"
    assert played(script, HARDENED).name is None


def noisy() -> Iterator[Command]:
    """Crashes and restarts one after the other, and much that has nothing to do with them."""
    yield RunFor(40 * MILLISECOND)
    for node in range(4):
        yield from (Bring(node), Corrupt(3, Manner.SILENT), TakeDown(node), RunFor(5 * MILLISECOND), Heal())
        yield from (StartAgain(node), CutAlong(Course.AROUND), RunFor(25 * MILLISECOND), Heal())


def test_forgotten_votes_are_shortened_to_a_crash_and_a_restart_and_stored_ones_break_nothing() -> None:
    network = replace(QUICK, synchronizers=4, clusters=1)
    script = Script(network, breaks="guiltless", commands=tuple(noisy()))
    assert played(script).name is None
    short = shortened(script, judge_of("guiltless", ForgetfulDisks), runs=30)
    kinds = Counter(type(command) for command in short.commands)
    assert {TakeDown, StartAgain} <= kinds.keys() <= {TakeDown, StartAgain, RunFor, Corrupt}
    assert len(short.commands) <= 8 < len(script.commands)
    assert played(short, make=ForgetfulDisks).name == "guiltless"
    assert played(short).name is None


FIXTURES = sorted((Path(__file__).parent / "scripts").glob("*.json"))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_a_kept_script_still_breaks_its_invariant_and_none_with_all_repairs(path: Path) -> None:
    script = read_script(path.read_text(encoding="utf-8"))
    assert script.breaks is not None
    assert script.without
    assert played(script).name == script.breaks
    assert played(script, HARDENED).name is None
    assert written(script) == path.read_text(encoding="utf-8")
