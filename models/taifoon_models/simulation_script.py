"""A run of a simulated network as a script: the network, and the commands that it is given one after another.

A script says who does what and when; chance is left with latency, loss and proving times, and comes from its seed. Any
part of its commands is a script again, so that one in which an invariant breaks can be made shorter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

from taifoon.profile import HARDENED, Profile, Resolution
from taifoon_models.simulation_adversary import Manner
from taifoon_models.simulation_plan import Course, Plan


@dataclass(frozen=True, slots=True)
class RunFor:
    """Let time pass."""

    microseconds: int


@dataclass(frozen=True, slots=True)
class Bring:
    """A client brings a new job to a synchronizer."""

    node: int


@dataclass(frozen=True, slots=True)
class CutApart:
    """Cut the network into these sides; who is on none of them is with all others of that kind."""

    sides: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class CutAlong:
    """Cut the network along its clusters, as they are now."""

    course: Course


@dataclass(frozen=True, slots=True)
class Heal:
    """End the partition."""


@dataclass(frozen=True, slots=True)
class TakeDown:
    """Crash a synchronizer, with all that it has not stored."""

    node: int


@dataclass(frozen=True, slots=True)
class StartAgain:
    """Start a synchronizer that is down, with what it stored."""

    node: int


@dataclass(frozen=True, slots=True)
class Arrive:
    """Let a latecomer start from genesis and ask for a seat."""

    node: int


@dataclass(frozen=True, slots=True)
class Depart:
    """Let a synchronizer ask to leave."""

    node: int


@dataclass(frozen=True, slots=True)
class Corrupt:
    """The adversary wants a synchronizer: it has it in each epoch in which its cluster tolerates one more."""

    node: int
    manner: Manner


@dataclass(frozen=True, slots=True)
class Weather:
    """Change what becomes of packets: latency in microseconds, chances in ten-thousandths."""

    latency: tuple[int, int]
    loss: int
    duplication: int


@dataclass(frozen=True, slots=True)
class Settle:
    """Heal, start who is down, lose nothing, and demand progress of all within a time."""

    microseconds: int


Command: TypeAlias = (
    RunFor | Bring | CutApart | CutAlong | Heal | TakeDown | StartAgain | Arrive | Depart | Corrupt | Weather | Settle
)


class ScriptError(ValueError):
    """A script that cannot be meant: the field, the rule, and what to write."""


@dataclass(frozen=True, slots=True)
class Script:
    """A network, what is given to it, and what came of it.

    In `network`, a plan, nothing happens by itself. `latecomers` are numbered after those that are there from the
    start. `without` are the resolutions that are switched off, and `breaks` is the invariant that breaks then, if one
    does.
    """

    network: Plan
    latecomers: int = 0
    without: tuple[Resolution, ...] = ()
    breaks: str | None = None
    commands: tuple[Command, ...] = ()

    @property
    def everyone(self) -> int:
        """How many synchronizers there are, the latecomers included."""
        return self.network.synchronizers + self.latecomers

    @property
    def plan(self) -> Plan:
        """The network as a plan in which nothing happens."""
        return replace(still(self.network), arrivals=(0,) * self.latecomers)

    @property
    def profile(self) -> Profile:
        """The profile that the network runs."""
        profile = HARDENED
        for resolution in self.without:
            profile = profile.without(resolution)
        return profile


def still(plan: Plan) -> Plan:
    """A plan's network, in which nothing happens."""
    return replace(plan, length=0, job_gap=Plan().job_gap, cuts=(), crashes=(), arrivals=(), departures=())


def nodes_of(command: Command) -> tuple[int, ...]:
    """The synchronizers that a command names."""
    match command:
        case CutApart(sides):
            return tuple(node for side in sides for node in side)
        case Bring(node) | TakeDown(node) | StartAgain(node) | Arrive(node) | Depart(node) | Corrupt(node, _):
            return (node,)
        case _:
            return ()


def check_script(script: Script) -> None:
    """Demand that a script speaks of synchronizers that it has. Raises ScriptError."""
    network, everyone = script.network, script.everyone
    if network.clusters > network.synchronizers:
        raise ScriptError(
            f"network.clusters: {network.clusters} with {network.synchronizers} synchronizers; a cluster has at least "
            f"one: write {network.synchronizers} or fewer"
        )
    for number, command in enumerate(script.commands):
        place = f"commands[{number}]"
        named = nodes_of(command)
        strange = [node for node in named if not 0 <= node < everyone]
        if strange:
            raise ScriptError(
                f"{place}: there is no synchronizer {strange[0]}; write one from 0 to {everyone - 1}, or raise "
                "network.synchronizers or latecomers"
            )
        if isinstance(command, CutApart) and len(set(named)) < len(named):
            twice = next(node for node in named if named.count(node) > 1)
            raise ScriptError(f"{place}.sides: synchronizer {twice} stands twice; write it on one side only")
        if isinstance(command, Arrive) and command.node < network.synchronizers:
            raise ScriptError(
                f"{place}.node: synchronizer {command.node} is there from the start; write a latecomer, from "
                f"{network.synchronizers} on, and have enough latecomers"
            )


def acts_of(plan: Plan) -> Iterator[tuple[int, Command | None]]:
    """What a plan has happen and when; acts of one time in their order. None stands for the next job."""
    for number, when in enumerate(plan.arrivals):
        yield when, Arrive(plan.synchronizers + number)
    for departure in plan.departures:
        yield departure.at, Depart(departure.node)
    for cut in plan.cuts:
        yield cut.start, CutAlong(cut.course)
        yield cut.end, Heal()
    for crash in plan.crashes:
        yield crash.start, TakeDown(crash.node)
        yield crash.end, StartAgain(crash.node)
    for when in plan.job_times:
        yield when, None


def script_of(plan: Plan, clients: tuple[int, ...], without: tuple[Resolution, ...] = ()) -> Script:
    """The script of a plan that has run, and in which jobs went to these synchronizers; its run has the same trace.

    Jobs that the plan did not come to are left out. Raises ScriptError for partitions that overlap.
    """
    spans = sorted((cut.start, cut.end) for cut in plan.cuts)
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            raise ScriptError(
                f"cuts: one begins at {start} before the last ends at {end}; a script has one partition at a time: "
                "let them follow each other"
            )
    acts = sorted(enumerate(acts_of(plan)), key=lambda each: (each[1][0], each[0]))
    commands: list[Command] = []
    now, jobs = 0, iter(clients)
    for _, (when, act) in acts:
        client = next(jobs, None) if act is None else None
        if when > plan.length or (act is None and client is None):
            continue
        if when > now:
            commands.append(RunFor(when - now))
            now = when
        if act is not None:
            commands.append(act)
        elif client is not None:
            commands.append(Bring(client))
    commands.append(RunFor(plan.length - now))
    script = Script(still(plan), len(plan.arrivals), without, None, tuple(commands))
    check_script(script)
    return script
