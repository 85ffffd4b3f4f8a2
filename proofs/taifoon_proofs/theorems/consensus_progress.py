"""Section 6.2: crashed seats and an equivocating leader do not hold a cluster in a view for ever."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

from taifoon.core.consensus import GENESIS_VIEW, Link
from taifoon.core.quorum import tolerated_faults
from taifoon.profile import Profile, Resolution
from taifoon_models.explorer import Schedule, Search, State
from taifoon_models.voting import Committee, proposals
from taifoon_proofs.bounds import bound
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.theorems.consensus import LIMIT, counterexample, played
from taifoon_proofs.verdict import Json, Outcome, Technique, Verdict

VIEWS = 2
SEATS = bound((4, 5), (4, 5, 6))


@dataclass(frozen=True)
class Unaided(Committee):
    """A committee whose faulty seats have crashed: the members that are left make certificates without them.

    A silent leader has crashed before it proposed anything in the first view; any other one has proposed two blocks.
    """

    silent_leader: bool = False

    @cached_property
    def blocks(self) -> dict[str, Link]:
        """The proposals, by name."""
        blocks = proposals(self.views)
        if not self.silent_leader:
            return blocks
        return {name: link for name, link in blocks.items() if link.view > 1 and link.parent_view == GENESIS_VIEW}

    @cached_property
    def needed(self) -> int:
        """Votes of live members that make a certificate: the whole quorum."""
        return super().needed + self.byzantine


def has_progressed(committee: Committee, state: State) -> bool:
    """Whether a block is final, or every live member has left the first view."""
    return bool(committee.final(state)) or all(member.view > 1 for member in state)


def reachable(search: Search, start: State) -> dict[State, list[State]]:
    """Every state that live members can reach from a state, with its successors."""
    successors: dict[State, list[State]] = {}
    queue = deque([search.canonical(start)])
    while queue and len(successors) <= LIMIT:
        state = queue.popleft()
        if state in successors:
            continue
        successors[state] = [after for _, after in search.successors(state)]
        queue.extend(successors[state])
    return successors


def dead_states(search: Search, successors: dict[State, list[State]]) -> list[State]:
    """The states from which no continuation makes progress, in the order of discovery."""
    predecessors = defaultdict(list)
    for state, following in successors.items():
        for after in following:
            predecessors[after].append(state)
    alive = {state for state in successors if has_progressed(search.committee, state)}
    queue: deque[State] = deque(alive)
    while queue:
        for before in predecessors[queue.popleft()]:
            if before not in alive:
                alive.add(before)
                queue.append(before)
    return [state for state in successors if state not in alive]


@scenario("consensus/dead-cluster")
def the_cluster_is_dead(
    profile: Profile,
    trace: Trace,
    *,
    seats: int,
    byzantine: int,
    views: int,
    schedule: list[list[Json]],
    silent_leader: bool = False,
) -> bool:
    """After a schedule no continuation of the live members finalises a block or leaves the view; the rest crashed."""
    committee = Unaided(profile, seats, byzantine, views, silent_leader)
    search = Search(committee)
    state = search.canonical(played(committee, schedule, trace))
    successors = reachable(search, state)
    dead = state in dead_states(search, successors)
    trace.state("try every continuation", states=len(successors), progress_is_possible=not dead)
    return dead and byzantine <= tolerated_faults(profile, seats)


def schedule_to(search: Search, wanted: Iterable[State]) -> Schedule | None:
    """A shortest schedule to one of the wanted states."""
    targets = set(wanted)
    return search.run(lambda state: state in targets, LIMIT).schedule


@theorem(
    "T-C3s",
    requirements=("R-6.2-0", "R-6.2-1"),
    needs={Resolution.VIEW_CHANGE, Resolution.FINALISE_NEEDS_NOTARISATION},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM3",),
)
def crashed_seats_hold_no_view(profile: Profile) -> Verdict:
    """The graph of every state that live members reach with the tolerated number of crashed seats, searched backwards.

    In the first view two blocks are proposed, as by an equivocating leader, or none, as by a crashed one. From each
    state in it a continuation of the live members makes a block final or takes all of them to the next view.
    """
    reaches = []
    for seats, silent_leader in product(SEATS, (False, True)):
        committee = Unaided(profile, seats, tolerated_faults(profile, seats), VIEWS, silent_leader)
        search = Search(committee)
        successors = reachable(search, committee.start())
        if len(successors) > LIMIT:
            return Verdict(Outcome.UNKNOWN, f"{seats} seats", reason=f"{seats} seats: more than {LIMIT:,} states")
        dead = dead_states(search, successors)
        if dead:
            schedule = schedule_to(search, dead)
            if schedule is None:
                return Verdict(Outcome.UNKNOWN, f"{seats} seats", reason="a dead state was not found again")
            found = counterexample("consensus/dead-cluster", committee, schedule)
            found = replace(found, parameters={**found.parameters, "silent_leader": silent_leader})
            return Verdict(Outcome.REFUTED, f"{len(dead):,} dead states of {seats} seats", counterexample=found)
        leader = "a silent leader" if silent_leader else "two proposals"
        reaches.append(f"{seats} seats, {committee.byzantine} crashed, {leader}: {len(successors):,} states, none dead")
    return Verdict(Outcome.EXHAUSTED, "; ".join(reaches))
