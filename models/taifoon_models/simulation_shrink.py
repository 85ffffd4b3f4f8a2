"""A script in which an invariant breaks, made shorter: fewer synchronizers, fewer commands, less time.

Each change is tried by running the whole script again, and kept if the same invariant still breaks. Changes are tried
in a fixed order, the large ones first, until none helps or so many runs are spent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from taifoon_models.simulation_plan import Plan
from taifoon_models.simulation_script import (
    Arrive,
    Bring,
    Command,
    Corrupt,
    CutApart,
    Depart,
    RunFor,
    Script,
    ScriptError,
    StartAgain,
    TakeDown,
    check_script,
)
from taifoon_models.simulation_scripted import Make, ScriptedSimulation, played

LEAST = 4
"""Synchronizers of the smallest cluster that tolerates one."""
SEEDS = (1, 2, 3)
"""Seeds that are tried with a smaller network, in which chance falls otherwise anyway."""
MILLISECOND = 1_000
MORE = 50 * MILLISECOND

Judge = Callable[[Script], int | None]
"""How many commands of a script are carried out when the invariant breaks; None where it holds."""


def judge_of(name: str, make: Make = ScriptedSimulation) -> Judge:
    """A judge that runs scripts and looks for one invariant."""

    def judge(script: Script) -> int | None:
        done = played(script, make=make)
        return done.simulation.carried_out if done.name == name else None

    return judge


def renumbered(command: Command, everyone: int) -> Command:
    """A command in a network of fewer synchronizers."""
    if isinstance(command, CutApart):
        sides = tuple(tuple(node for node in side if node < everyone) for side in command.sides)
        return CutApart(tuple(side for side in sides if side))
    if isinstance(command, Bring | TakeDown | StartAgain | Arrive | Depart | Corrupt):
        return replace(command, node=command.node % everyone)
    return command


def smaller(script: Script) -> Iterator[Script]:
    """The script in calmer and smaller networks."""
    network = script.network
    sizes = sorted({(clusters, clusters * LEAST) for clusters in (1, 2, network.clusters)})
    for clusters, synchronizers in sizes:
        if (synchronizers, clusters) < (network.synchronizers, network.clusters) and clusters <= network.clusters:
            commands = tuple(renumbered(command, synchronizers) for command in script.commands)
            for seed in (network.seed, *SEEDS):
                size = replace(network, clusters=clusters, synchronizers=synchronizers, seed=seed)
                yield replace(script, network=size, latecomers=0, commands=commands)
    if script.latecomers:
        yield replace(script, latecomers=0)
    calm: tuple[Plan, ...] = (
        replace(network, loss=0, duplication=0),
        replace(network, corrupt=0),
        replace(network, service=0),
    )
    yield from (replace(script, network=each) for each in calm if each != network)


def without(script: Script, start: int, end: int) -> Script:
    """A script without some of its commands, that ends with the time that they took and a little more.

    Whatever is left out, all chance falls otherwise after it; a longer end lets the same happen somewhat later.
    """
    commands = (*script.commands[:start], *script.commands[end:])
    taken = sum(each.microseconds for each in script.commands[start:end] if isinstance(each, RunFor))
    if commands and isinstance(last := commands[-1], RunFor):
        commands = (*commands[:-1], RunFor(last.microseconds + taken + MORE))
    return replace(script, commands=commands)


def quicker(script: Script) -> Iterator[Script]:
    """The script with neighbouring times as one, or with one of its times halved, in whole milliseconds."""
    commands = script.commands
    for place, (first, second) in enumerate(pairwise(commands)):
        if isinstance(first, RunFor) and isinstance(second, RunFor):
            both = RunFor(first.microseconds + second.microseconds)
            yield replace(script, commands=(*commands[:place], both, *commands[place + 2 :]))
    for place, command in enumerate(commands):
        if isinstance(command, RunFor):
            half = command.microseconds // 2 // MILLISECOND * MILLISECOND
            if half:
                yield replace(script, commands=(*commands[:place], RunFor(half), *commands[place + 1 :]))


def is_sound(script: Script) -> bool:
    """Whether a script speaks of synchronizers that it has."""
    try:
        check_script(script)
    except ScriptError:
        return False
    return True


class Shortening:
    """A script that gets shorter, and the runs that are left for it."""

    def __init__(self, script: Script, judge: Judge, runs: int) -> None:
        self.script = script
        self.judge = judge
        self.runs = runs
        self.tried: set[Script] = set()

    def takes(self, candidate: Script) -> bool:
        """Whether a change keeps the invariant broken; then it is made, and what comes after the break is dropped."""
        if candidate in self.tried or self.runs == 0 or not is_sound(candidate):
            return False
        self.tried.add(candidate)
        self.runs -= 1
        carried_out = self.judge(candidate)
        if carried_out is None:
            return False
        self.script = replace(candidate, commands=candidate.commands[:carried_out])
        self.tried.add(self.script)
        return True

    def drop_commands(self) -> None:
        """Drop a half of the commands, a quarter, and so on down to single ones, later ones first."""
        size = len(self.script.commands) // 2
        while size:
            start = len(self.script.commands) - size
            while start >= 0:
                self.takes(without(self.script, start, start + size))
                start = min(start, len(self.script.commands)) - size
            size //= 2

    def first_of(self, change: Callable[[Script], Iterator[Script]]) -> bool:
        """Make the first change of a kind that keeps the invariant broken."""
        return any(self.takes(candidate) for candidate in change(self.script))


def shortened(script: Script, judge: Judge, runs: int = 200) -> Script:
    """The shortest script that was found within so many runs, in which the same invariant breaks.

    A script in which it does not break is given back as it is.
    """
    shortening = Shortening(script, judge, runs)
    if not shortening.takes(script):
        return script
    while shortening.runs:
        before = shortening.script
        while shortening.first_of(smaller):
            pass
        shortening.drop_commands()
        while shortening.first_of(quicker):
            pass
        if shortening.script == before:
            break
    return shortening.script
