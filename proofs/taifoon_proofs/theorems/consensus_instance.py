"""Counterexamples of weakened rules from the proof's own formulas: a state found by Z3, turned into a schedule.

On a committee of 4 to 6 seats and few views the formulas are ground, so that Z3 finds the states that satisfy the
invariants of a weakened profile and hold a fork, with the fewest votes. Such a state is only a set of votes. It counts
once the shipped handlers cast these votes, each member its own, in some order.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import z3

from taifoon.core.consensus import Voting
from taifoon.core.quorum import tolerated_faults
from taifoon.profile import Profile, Resolution
from taifoon_models.explorer import Schedule
from taifoon_models.voting import Committee, Step
from taifoon_proofs.grounded import grounded
from taifoon_proofs.theorems.consensus_frame import GENESIS_NAME, frame
from taifoon_proofs.theorems.consensus_terms import BLOCK, Votes, invariants

COMMITTEES = ((4, 1), (6, 1), (4, 2))
MILLISECONDS = 20_000
# What the weakened handlers no longer keep.
KEPT_BY = {
    "one-notarise-a-view": Resolution.VOTE_ONCE,
    "one-finalise-a-view": Resolution.VOTE_ONCE,
    "finalise-excludes-nullify": Resolution.FINALISE_EXCLUDES_NULLIFY,
    "notarise-has-certified-parent": Resolution.CERTIFIED_PARENT,
    "notarise-has-nullified-gap": Resolution.NULLIFIED_GAP,
}

Vote = tuple[int, Step]


def open_votes(committee: Committee) -> dict[Vote, z3.BoolRef]:
    """An unknown for each vote that an honest member may cast."""
    steps = [Step(action, name) for name in committee.blocks for action in ("notarise", "finalise")]
    steps += [Step("nullify", str(view)) for view in range(1, committee.views + 1)]
    return {
        (member, step): z3.Bool(f"{step.action} {step.block} by {member}")
        for member in range(committee.honest)
        for step in steps
    }


def fork_formula(committee: Committee, votes: dict[Vote, z3.BoolRef]) -> Iterator[z3.BoolRef]:
    """That the votes satisfy the profile's invariants and make two conflicting blocks final."""

    def cast(action: str, member: int, view: int, block: str) -> z3.BoolRef | bool:
        if member >= committee.honest:
            return True
        # Votes are for a block in its own view; other ones do not exist as unknowns.
        if block == GENESIS_NAME or committee.blocks[block].view != view:
            return False
        return votes[member, Step(action, block)]

    structure = {
        **frame(committee),
        "notarise": lambda member, view, block: cast("notarise", member, view, block),
        "finalise": lambda member, view, block: cast("finalise", member, view, block),
        "nullify": lambda member, view: (
            member >= committee.honest or (votes[member, Step("nullify", str(view))] if view else False)
        ),
    }
    relations = Votes()
    for name, invariant in invariants(relations).items():
        if name not in KEPT_BY or KEPT_BY[name] in committee.profile:
            yield grounded(invariant, structure)
    one, two = z3.Consts("one two", BLOCK)
    both = z3.And(relations.finalised(one), relations.finalised(two))
    yield z3.Or(
        [
            grounded(both, {**structure, "one": first, "two": second})
            for first, second in combinations(committee.blocks, 2)
            if not committee.is_ancestor(committee.blocks[first], committee.blocks[second])
            and not committee.is_ancestor(committee.blocks[second], committee.blocks[first])
        ]
    )


def forked_votes(committee: Committee) -> list[Vote] | None:
    """The fewest votes of honest members that make a fork under the profile's invariants, or None if there are none."""
    votes = open_votes(committee)
    solver = z3.SolverFor("QF_FD")
    solver.set("timeout", MILLISECONDS)
    solver.add(*fork_formula(committee, votes))
    fewest = next((count for count in range(len(votes) + 1) if _has(solver, at_most(votes, count))), None)
    if fewest is None:
        return None
    solver.add(at_most(votes, fewest))
    # From the last on, a vote is left out where it can be: so the answer does not depend on the solver's taste.
    cast = []
    for vote, unknown in reversed(votes.items()):
        if _has(solver, z3.Not(unknown)):
            solver.add(z3.Not(unknown))
        else:
            cast.append(vote)
    return cast[::-1]


def at_most(votes: dict[Vote, z3.BoolRef], count: int) -> z3.BoolRef:
    """That no more than so many votes are cast."""
    return z3.PbLe([(vote, 1) for vote in votes.values()], count)


def _has(solver: z3.Solver, formula: z3.BoolRef) -> bool:
    return bool(solver.check(formula) == z3.sat)


def scheduled(committee: Committee, votes: list[Vote]) -> Schedule | None:
    """An order in which the handlers cast exactly these votes, or None if they refuse.

    A member votes as soon as it may, and goes on to the next view when it has no votes left in its own. More
    certificates never forbid a step, so that waiting never helps.
    """
    members: list[Voting] = list(committee.start())
    left = dict.fromkeys(votes)
    schedule: list[tuple[int, str, str]] = []
    while left:
        taken = next(_possible(committee, members, left), None)
        if taken is None:
            return None
        (seat, wanted), step, after = taken
        members[seat] = after
        left.pop((seat, wanted), None)
        schedule.append((seat, step.action, step.block))
    return tuple(schedule)


def _possible(
    committee: Committee, members: list[Voting], left: dict[Vote, None]
) -> Iterator[tuple[Vote, Step, Voting]]:
    certified = committee.certified(tuple(members))
    # Nullifying comes last in a view: it is what forbids other votes there.
    for last in (False, True):
        for seat, wanted in left:
            if (wanted.action == "nullify") is last and _is_due(committee, members[seat], wanted):
                step = Step("nullify", "") if last else wanted
                after = committee.do(members[seat], certified, step)
                if after is not None:
                    yield (seat, wanted), step, after
    for seat, member in enumerate(members):
        later = [vote for vote in left if vote[0] == seat and _view_of(committee, vote[1]) > member.view]
        here = [vote for vote in left if vote[0] == seat and _view_of(committee, vote[1]) == member.view]
        if later and not [vote for vote in here if vote[1].action != "finalise"]:
            step = Step("advance", "")
            after = committee.do(member, certified, step)
            if after is not None:
                yield (seat, step), step, after


def _view_of(committee: Committee, step: Step) -> int:
    return int(step.block) if step.action == "nullify" else int(committee.blocks[step.block].view)


def _is_due(committee: Committee, member: Voting, step: Step) -> bool:
    return step.action == "finalise" or _view_of(committee, step) == member.view


def fork_by_solver(profile: Profile) -> tuple[Committee, Schedule] | None:
    """The smallest committee for which the formulas allow a fork, and a schedule of its handlers that makes it."""
    for seats, views in COMMITTEES:
        committee = Committee(profile, seats, tolerated_faults(profile, seats), views)
        votes = forked_votes(committee)
        schedule = scheduled(committee, votes) if votes is not None else None
        if schedule is not None:
            return committee, schedule
    return None
