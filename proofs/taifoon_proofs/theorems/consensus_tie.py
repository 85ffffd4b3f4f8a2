"""Sections 2.4 and 6.2: the shipped handlers are the abstract system that agreement is proved for.

On every reachable state of small committees the proved invariants hold and final blocks agree; every step of a handler
satisfies the guards of its action; and every action whose guards hold is offered by the handler, once the member is
where the handler wants it: in the view, not yet against it, and having seen the certificate.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from taifoon.core.consensus import Certified, Voting
from taifoon.core.quorum import tolerated_faults
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon_models.explorer import Search, State
from taifoon_models.voting import Committee, Step
from taifoon_proofs.bounds import bound
from taifoon_proofs.compiled import Predicate, predicate
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.theorems.consensus import LIMIT, counterexample, played
from taifoon_proofs.theorems.consensus_frame import frame
from taifoon_proofs.theorems.consensus_terms import Votes, actions, axioms, invariants
from taifoon_proofs.verdict import Json, Outcome, Technique, Verdict

TIED = bound(((4, 1), (5, 1), (4, 2)), ((4, 1), (5, 1), (6, 1), (7, 1), (4, 2), (5, 2)))


@cache
def invariant_predicates() -> dict[str, Predicate]:
    """The proved invariants, to be evaluated."""
    return {name: predicate(formula) for name, formula in invariants(Votes()).items()}


@cache
def guard_predicates() -> dict[str, dict[str, Predicate]]:
    """The guards of each action, to be evaluated."""
    return {
        action.name: {name: predicate(formula) for name, formula in action.guards.items()}
        for action in actions(Votes(), Votes("_next"))
    }


@cache
def axiom_predicates() -> tuple[Predicate, ...]:
    """The axioms, to be evaluated on each committee."""
    return tuple(predicate(formula) for formula in axioms(HARDENED))


def structure(fixed: dict[str, Any], committee: Committee, state: State) -> dict[str, Any]:
    """A state of the handlers as a structure of the abstract system; Byzantine members have voted for everything."""
    names = {link.block_hash: name for name, link in committee.blocks.items()}
    honest = committee.honest
    notarised = [{(int(view), names[block]) for view, block in member.notarised} for member in state]
    finalised = [{(int(view), names[block]) for view, block in member.finalised} for member in state]
    nullified = [{int(view) for view in member.nullified} for member in state]
    return {
        **fixed,
        "notarise": lambda member, view, block: member >= honest or (view, block) in notarised[member],
        "finalise": lambda member, view, block: member >= honest or (view, block) in finalised[member],
        "nullify": lambda member, view: member >= honest or view in nullified[member],
    }


def broken_guards(now: dict[str, Any], committee: Committee, state: State, seat: int, step: Step) -> list[str]:
    """The guards of the abstract action that a step of a member does not satisfy; `now` is the state's structure."""
    if step.action == "advance":
        return []
    view = int(committee.blocks[step.block].view) if step.block else int(state[seat].view)
    here = now | {"who": seat, "view": view, "block": step.block}
    return [name for name, guard in guard_predicates()[step.action].items() if not guard(here)]


def expected_steps(committee: Committee, member: Voting, certified: Certified) -> Iterator[Step]:
    """The steps for which a member is in its place: the abstract guards decide about the rest."""
    for name, link in committee.blocks.items():
        if link.view == member.view and link.view not in member.nullified:
            yield Step("notarise", name)
        seen = certified.is_notarised(link.view, link.block_hash)
        if seen and link.view <= member.view:
            yield Step("finalise", name)
    if member.view not in member.nullified:
        yield Step("nullify", "")
    over = certified.is_nullified(member.view) or certified.has_notarised(member.view)
    if over and member.view < committee.views:
        yield Step("advance", "")


@scenario("consensus/step-outside")
def handler_steps_outside(
    profile: Profile, trace: Trace, *, seats: int, byzantine: int, views: int, schedule: list[list[Json]]
) -> bool:
    """A handler takes, as the last step of a schedule, one that the abstract system's guards forbid."""
    committee = Committee(profile, seats, byzantine, views)
    state = played(committee, schedule[:-1], trace)
    number, action, block = schedule[-1]
    seat, step = int(str(number)), Step(str(action), str(block))
    broken = broken_guards(structure(frame(committee), committee, state), committee, state, seat, step)
    allowed = committee.do(state[seat], committee.certified(state), step) is not None
    trace.state(f"seat {seat} would {step.action} {step.block}".rstrip(), allowed=allowed, broken_guards=tuple(broken))
    return allowed and bool(broken)


def tied(profile: Profile, seats: int, views: int) -> Verdict:
    """Every state and step of a committee against the abstract system."""
    committee = Committee(profile, seats, tolerated_faults(profile, seats), views)
    fixed = frame(committee)
    reach = f"{seats} seats, {committee.byzantine} Byzantine, {views} views"
    if not all(axiom(structure(fixed, committee, committee.start())) for axiom in axiom_predicates()):
        return Verdict(Outcome.UNKNOWN, reach, reason=f"{reach}: the committee does not satisfy the axioms")
    search = Search(committee)
    complaints: dict[str, None] = {}

    def disagrees(state: State) -> bool:
        here = structure(fixed, committee, state)
        complaints.update((f"{name} fails", None) for name, holds in invariant_predicates().items() if not holds(here))
        if committee.fork(state) is not None:
            complaints["two conflicting blocks are final"] = None
        certified = committee.certified(state)
        for seat, member in enumerate(state):
            if seat and state[seat - 1] == member:
                continue
            offered = [step for step, _ in search.steps(member, certified)]
            for step in offered:
                if broken_guards(here, committee, state, seat, step):
                    outside.append((seat, step))
                    return True
            for step in expected_steps(committee, member, certified):
                if step not in offered and not broken_guards(here, committee, state, seat, step):
                    complaints[f"the handler does not offer to {' '.join(step)}".rstrip()] = None
        return False

    outside: list[tuple[int, Step]] = []
    exploration = search.run(disagrees, bound(LIMIT, 20 * LIMIT))
    if outside and exploration.schedule is not None:
        return outside_step(committee, exploration.schedule, outside[0])
    if complaints or not exploration.complete:
        return Verdict(Outcome.UNKNOWN, reach, reason=f"{reach}: {'; '.join(complaints) or 'the limit was reached'}")
    silent = {"notarise", "nullify", "finalise", "advance"} - {action for action, _ in exploration.fired}
    if silent and views > 1:
        return Verdict(Outcome.UNKNOWN, reach, reason=f"{reach}: {', '.join(sorted(silent))} never fired")
    fired = ", ".join(f"{action} {count:,}" for action, count in exploration.fired)
    return Verdict(
        Outcome.EXHAUSTED,
        f"{reach}: {exploration.states:,} states, {exploration.transitions:,} steps ({fired})",
    )


def outside_step(committee: Committee, schedule: Any, forbidden: tuple[int, Step]) -> Verdict:
    """The refutation by a step of a handler that the abstract system forbids, on the seat where the schedule put it."""
    members = played(committee, [list(step) for step in schedule], Trace(recording=False))
    here, step = structure(frame(committee), committee, members), forbidden[1]
    for seat, member in enumerate(members):
        allowed = committee.do(member, committee.certified(members), step) is not None
        if allowed and broken_guards(here, committee, members, seat, step):
            found = counterexample("consensus/step-outside", committee, (*schedule, (seat, *step)))
            return Verdict(Outcome.REFUTED, "a handler steps outside its guards", counterexample=found)
    return Verdict(Outcome.UNKNOWN, "a step", reason=f"the step {step} was not found again")


@theorem(
    "T-C4r",
    requirements=("R-2.4-4", "R-2.4-5"),
    needs={
        Resolution.VOTE_ONCE,
        Resolution.FINALISE_EXCLUDES_NULLIFY,
        Resolution.CERTIFIED_PARENT,
        Resolution.NULLIFIED_GAP,
    },
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2",),
)
def handlers_refine_the_proof(profile: Profile) -> Verdict:
    """The formulas of the proof, compiled, on every reachable state and step of the handlers, in both directions."""
    parts = []
    for seats, views in TIED:
        part = tied(profile, seats, views)
        if not part.outcome.holds:
            return part
        parts.append(part)
    return Verdict(Outcome.EXHAUSTED, "; ".join(part.reach for part in parts))
