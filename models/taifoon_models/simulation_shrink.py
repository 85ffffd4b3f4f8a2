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
MILLISECOND = 1_000

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
            size = replace(network, clusters=clusters, synchronizers=synchronizers)
            commands = tuple(renumbered(command, synchronizers) for command in script.commands)
            yield replace(script, network=size, latecomers=0, commands=commands)
    if script.latecomers:
        yield replace(script, latecomers=0)
    calm: tuple[Plan, ...] = (
        replace(network, loss=0, duplication=0),
        replace(network, corrupt=0),
        replace(network, service=0),
    )
    yield from (replace(script, network=each) for each in calm if each != network)


def without_some(script: Script) -> Iterator[Script]:
    """The script without a half of its commands, a quarter, and so on down to single ones; later ones first."""
    length = len(script.commands)
    size = length
    while size:
        for start in range(length - size, -1, -size):
            left = (*script.commands[:start], *script.commands[start + size :])
            yield replace(script, commands=left)
        size //= 2


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


def shortened(script: Script, judge: Judge, runs: int = 200) -> Script:
    """The shortest script that was found within so many runs, in which the same invariant breaks.

    A script in which it does not break is given back as it is.
    """
    carried_out = judge(script)
    if carried_out is None:
        return script
    script = replace(script, commands=script.commands[:carried_out])
    tried = {script}
    while True:
        for candidate in (*smaller(script), *without_some(script), *quicker(script)):
            if candidate in tried or not is_sound(candidate):
                continue
            if not runs:
                return script
            runs -= 1
            tried.add(candidate)
            carried_out = judge(candidate)
            if carried_out is not None:
                script = replace(candidate, commands=candidate.commands[:carried_out])
                tried.add(script)
                break
        else:
            return script
