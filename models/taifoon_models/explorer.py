"""Explicit-state search over a voting committee: every reachable state of the shipped handlers, breadth first.

States are exact, so nothing is missed by a collision of hashes. The first violation is one that takes the fewest steps,
and comes with a schedule that leads to it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from taifoon.core.consensus import Certified, Voting
from taifoon_models.voting import Committee, Step

State = tuple[Voting, ...]
Schedule = tuple[tuple[int, str, str], ...]


@dataclass(frozen=True, slots=True)
class Exploration:
    """What a search found: counts, how often each action fired, and the schedule of a violation.

    `complete` says that every reachable state was seen; else the search stopped at its limit or at a violation.
    """

    states: int
    transitions: int
    depth: int
    fired: tuple[tuple[str, int], ...]
    complete: bool
    schedule: Schedule | None


class Search:
    """A breadth-first search; local steps are computed once for each local state and set of certificates."""

    def __init__(self, committee: Committee) -> None:
        self.committee = committee
        self._steps: dict[tuple[Voting, Certified], tuple[tuple[Step, Voting], ...]] = {}
        self._keys: dict[Voting, tuple[object, ...]] = {}

    def steps(self, member: Voting, certified: Certified) -> tuple[tuple[Step, Voting], ...]:
        """The steps of one member, as the handlers give them."""
        asked = (member, certified)
        known = self._steps.get(asked)
        if known is None:
            known = self._steps[asked] = tuple(self.committee.steps(member, certified))
        return known

    def canonical(self, members: State) -> State:
        """The state with its members sorted."""
        return tuple(sorted(members, key=self._key))

    def _key(self, member: Voting) -> tuple[object, ...]:
        known = self._keys.get(member)
        if known is None:
            known = self._keys[member] = (
                member.view,
                sorted(member.notarised),
                sorted(member.nullified),
                sorted(member.finalised),
            )
        return known

    def successors(self, state: State) -> Iterator[tuple[Step, State]]:
        """Every step of some member and the state after it; members in one local state count once."""
        certified = self.committee.certified(state)
        for place, member in enumerate(state):
            if place and state[place - 1] == member:
                continue
            for step, after in self.steps(member, certified):
                yield step, self.canonical((*state[:place], after, *state[place + 1 :]))

    def run(self, violated: Callable[[State], bool], limit: int) -> Exploration:
        """Search until a violation, until all is seen, or until `limit` states."""
        start = self.canonical(self.committee.start())
        parents: dict[State, tuple[State, Step] | None] = {start: None}
        depths = {start: 0}
        queue = deque([start])
        fired: Counter[str] = Counter()
        transitions = 0
        while queue:
            state = queue.popleft()
            if violated(state):
                schedule = self.schedule_to(state, parents)
                return self._result(parents, transitions, depths[state], fired, schedule=schedule, complete=False)
            for step, reached in self.successors(state):
                transitions += 1
                fired[step.action] += 1
                if reached not in parents:
                    parents[reached] = (state, step)
                    depths[reached] = depths[state] + 1
                    queue.append(reached)
            if len(parents) > limit:
                return self._result(parents, transitions, depths[state], fired, schedule=None, complete=False)
        return self._result(parents, transitions, max(depths.values()), fired, schedule=None, complete=True)

    def _result(
        self,
        parents: dict[State, tuple[State, Step] | None],
        transitions: int,
        depth: int,
        fired: Counter[str],
        *,
        schedule: Schedule | None,
        complete: bool,
    ) -> Exploration:
        return Exploration(len(parents), transitions, depth, tuple(sorted(fired.items())), complete, schedule)

    def schedule_to(self, state: State, parents: dict[State, tuple[State, Step] | None]) -> Schedule:
        """Who does what, from the start to a state: sorted members are given their seats again along the way."""
        steps = []
        while (known := parents[state]) is not None:
            steps.append((state, known[1]))
            state = known[0]
        members = list(self.committee.start())
        schedule = []
        for target, step in reversed(steps):
            certified = self.committee.certified(tuple(members))
            for seat, member in enumerate(members):
                after = self.committee.do(member, certified, step)
                if after is not None and self.canonical((*members[:seat], after, *members[seat + 1 :])) == target:
                    members[seat] = after
                    schedule.append((seat, step.action, step.block))
                    break
            else:
                raise AssertionError(f"no seat takes the step {step} to the recorded state")
        return tuple(schedule)
