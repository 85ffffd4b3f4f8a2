"""Scripts carried out: a simulated network that does what it is told, command by command, and its adversary.

Commands that have nothing to act on, such as healing where nothing is cut, do nothing. So every part of a script runs.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from taifoon.core.epoch import Assignment
from taifoon.core.quorum import tolerated_faults
from taifoon.network.messages import Leave
from taifoon.primitives.types import Epoch, Hash32, PublicKey
from taifoon.profile import HARDENED, Profile
from taifoon.synchronizer.state import registered_keys
from taifoon_models.keys import key
from taifoon_models.simulation import Simulation
from taifoon_models.simulation_adversary import Adversary, Manner
from taifoon_models.simulation_fault import InvariantBroken, demand
from taifoon_models.simulation_node import Entry, Node
from taifoon_models.simulation_plan import Course, Cut, Plan
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
)
from taifoon_models.simulation_speed import shared_work

LOOK = 10_000
"""How often it is looked whether a network has settled, in microseconds."""


class ScriptedAdversary(Adversary):
    """An adversary that is told whom to want, and never has more of a cluster than it tolerates.

    Whom it has got in an epoch it keeps for that epoch. Its members may be wanted while the epoch lasts: what the
    cluster bears is counted over the whole epoch.
    """

    def __init__(self, profile: Profile, plan: Plan, chance: random.Random) -> None:
        super().__init__(profile, plan, chance)
        self.wanted: dict[int, Manner] = {}

    def manner(self, number: int) -> Manner:
        """How a member misbehaves: as it was told, else as its rank has it."""
        return self.wanted.get(number, super().manner(number))

    def keys(self, assignment: Assignment, ranks: dict[PublicKey, int]) -> frozenset[PublicKey]:
        """The corrupt keys of an epoch: those by rank, and the wanted ones."""
        if assignment.epoch not in self.chosen:
            super().keys(assignment, ranks)
            self.take(assignment)
        return self.chosen[assignment.epoch]

    def take(self, assignment: Assignment) -> None:
        """Have of each cluster those who are wanted, in the order of the wishes, as far as it tolerates them."""
        for number in self.wanted:
            with_it = self.chosen[assignment.epoch] | {key(number)}
            counts = ((sum(seat.public_key in with_it for seat in seats), len(seats)) for seats in assignment.clusters)
            if all(count <= tolerated_faults(self.profile, seats) for count, seats in counts):
                self.chosen[assignment.epoch] = with_it


class ScriptedSimulation(Simulation):
    """A network that runs by commands."""

    adversary: ScriptedAdversary

    def __init__(
        self, script: Script, profile: Profile = HARDENED, tell: Callable[[Entry], None] | None = None
    ) -> None:
        super().__init__(script.plan, profile, tell)
        self.script = script
        self.brought: dict[Hash32, int] = {}
        self.jobs = 0
        self.cut_now: Cut | None = None
        self.carried_out = 0

    def new_adversary(self, chance: random.Random) -> ScriptedAdversary:
        """The adversary, which waits for wishes."""
        return ScriptedAdversary(self.profile, self.plan, chance)

    def is_corrupt(self, number: int, epoch: Epoch) -> bool:
        """Whether the adversary has a synchronizer in an epoch."""
        assignment = self.checks.assignments.get(epoch)
        if (self.plan.corrupt == 0 and not self.adversary.wanted) or assignment is None:
            return False
        return key(number) in self.adversary.keys(assignment, self.ranks)

    def run(self) -> None:
        """Carry out the whole script. Raises InvariantBroken as soon as one is."""
        self.start_all()
        for command in self.script.commands:
            self.do(command)
        self.run_until(self.now + 1)

    def run_until(self, end: int) -> None:
        """Let all happen that is to happen before a time."""
        while self.queue and self.queue[0][0] < end:
            self.now, _, act = heapq.heappop(self.queue)
            act()
        self.now = max(self.now, end)

    def do(self, command: Command) -> None:
        """Carry out a command."""
        self.carried_out += 1
        match command:
            case RunFor(microseconds):
                self.run_until(self.now + microseconds)
            case Bring(node):
                self.bring_here(self.nodes[node])
            case CutApart(sides):
                self.cut_apart(sides)
            case CutAlong(course):
                self.cut_along(course)
            case Heal():
                self.heal_now()
            case TakeDown(node):
                if self.nodes[node].is_up:
                    self.crash(self.nodes[node])
            case StartAgain(node):
                if self.nodes[node].lives:
                    self.start(self.nodes[node])
            case Arrive(node):
                if not self.nodes[node].lives:
                    self.arrive(self.nodes[node])
            case Depart(node):
                self.order(self.nodes[node], Leave(key(node)))
            case Corrupt(node, manner):
                self.corrupt(node, manner)
            case Weather(latency, loss, duplication):
                self.record("weather", latency, loss, duplication)
                self.plan = replace(self.plan, latency=latency, loss=loss, duplication=duplication)
            case Settle(microseconds):
                self.settle(microseconds)

    def bring_here(self, node: Node) -> None:
        """A client brings the next job to a synchronizer."""
        # A plan draws who gets a job. The draw is made here too, so that a plan's script has the plan's trace.
        self.drawn()
        before = len(self.submitted)
        self.bring(node, self.jobs)
        self.jobs += 1
        if len(self.submitted) > before:
            self.brought[next(reversed(self.submitted))] = node.number

    def cut_apart(self, sides: tuple[tuple[int, ...], ...]) -> None:
        """Begin a partition of numbered sides."""
        self.heal_now()
        named = {node for side in sides for node in side}
        rest = tuple(node.number for node in self.nodes if node.number not in named)
        self.sides[None] = tuple(frozenset(key(node) for node in side) for side in (*sides, rest) if side)
        self.note("partition", f"{len(self.sides[None])} sides")
        self.record("partition", sides)

    def cut_along(self, course: Course) -> None:
        """Begin a partition along the clusters, if they are known."""
        self.heal_now()
        if self.checks.assignments:
            self.cut_now = Cut(self.now, self.now, course)
            self.cut(self.cut_now)

    def heal_now(self) -> None:
        """End the partition, if there is one."""
        if self.cut_now is not None:
            self.heal(self.cut_now)
            self.cut_now = None
        if self.sides.pop(None, None) is not None:
            self.note("healing", "all together")
            self.record("healing", "all")

    def corrupt(self, number: int, manner: Manner) -> None:
        """Tell the adversary whom to want, in this epoch already if it can have it."""
        self.adversary.wanted[number] = manner
        self.note("corrupt", f"synchronizer {number} {manner.value}")
        self.record("corrupt", number, manner.name)
        for epoch in sorted(self.checks.assignments)[-2:]:
            self.adversary.keys(self.checks.assignments[epoch], self.ranks)
            self.adversary.take(self.checks.assignments[epoch])

    # Progress.

    def settle(self, within: int) -> None:
        """Undo what stands in the way, and demand that all come to the next epoch and that jobs are settled."""
        self.heal_now()
        first = self.script.plan
        self.plan = replace(self.plan, latency=first.latency, loss=0, duplication=0)
        self.record("settle", within)
        for node in self.nodes:
            if node.lives:
                self.start(node)
        goal = Epoch(max(node.synchronizer.network.epoch for node in self.nodes) + 1)
        end = self.now + within
        while not self.has_settled(goal):
            demand("progress", self.now < end, self.lacking(goal))
            self.run_until(min(self.now + LOOK, end))
        self.checks.ranges.equal(tuple(node.synchronizer.network for node in self.honest()))

    def honest(self) -> tuple[Node, ...]:
        """The synchronizers that are up and not the adversary's."""
        return tuple(
            node
            for node in self.nodes
            if node.is_up and not self.is_corrupt(node.number, node.synchronizer.network.epoch)
        )

    def open_jobs(self) -> tuple[Hash32, ...]:
        """The jobs that an honest synchronizer of the registry took in custody and that are not settled."""
        corrupted = self.corrupted()
        return tuple(
            job
            for job, number in self.brought.items()
            if job not in self.settled_at
            and key(number) not in corrupted
            and key(number) in registered_keys(self.nodes[number].synchronizer)
        )

    def has_settled(self, goal: Epoch) -> bool:
        """Whether all honest synchronizers are in an epoch or beyond, and no job is open."""
        return all(node.synchronizer.network.epoch >= goal for node in self.honest()) and not self.open_jobs()

    def lacking(self, goal: Epoch) -> str:
        """What is still to come."""
        behind = [node.number for node in self.honest() if node.synchronizer.network.epoch < goal]
        return f"{len(self.open_jobs())} jobs are open, and synchronizers {behind} have not come to epoch {goal}"


@dataclass(frozen=True, slots=True)
class Played:
    """A script that was carried out: its simulation, and the invariant that broke."""

    simulation: ScriptedSimulation
    broken: InvariantBroken | None

    @property
    def name(self) -> str | None:
        """The name of the invariant that broke."""
        return None if self.broken is None else self.broken.name


Make = Callable[[Script, Profile], ScriptedSimulation]


def played(script: Script, profile: Profile | None = None, make: Make = ScriptedSimulation) -> Played:
    """Carry out a script, under another profile than its own if one is given."""
    simulation = make(script, script.profile if profile is None else profile)
    with shared_work():
        try:
            simulation.run()
        except InvariantBroken as broken:
            return Played(simulation, broken)
    return Played(simulation, None)
