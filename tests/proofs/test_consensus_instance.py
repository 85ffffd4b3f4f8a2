"""The formulas of the proof, ground on small committees, give the forks of the shipped handlers and no others."""

from __future__ import annotations

from typing import Any

import pytest
import z3

from taifoon.core.quorum import tolerated_faults
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon_models.voting import Committee, Step
from taifoon_proofs.compiled import predicate
from taifoon_proofs.grounded import grounded
from taifoon_proofs.scenario import Trace
from taifoon_proofs.theorems.consensus import played
from taifoon_proofs.theorems.consensus_frame import frame
from taifoon_proofs.theorems.consensus_instance import COMMITTEES, fork_by_solver, forked_votes, scheduled
from taifoon_proofs.theorems.consensus_terms import BLOCK, Votes, axioms, genesis, invariants
from taifoon_proofs.theorems.consensus_tie import structure

NEEDED = (
    Resolution.VOTE_ONCE,
    Resolution.QUORUM,
    Resolution.FINALISE_EXCLUDES_NULLIFY,
    Resolution.CERTIFIED_PARENT,
    Resolution.NULLIFIED_GAP,
)


def committee_of(profile: Profile, seats: int, views: int) -> Committee:
    return Committee(profile, seats, tolerated_faults(profile, seats), views)


@pytest.mark.parametrize(("seats", "views"), COMMITTEES)
def test_the_repaired_rules_leave_no_votes_that_fork(seats: int, views: int) -> None:
    assert forked_votes(committee_of(HARDENED, seats, views)) is None


@pytest.mark.parametrize("resolution", NEEDED, ids=lambda item: item.value)
def test_without_a_rule_the_votes_found_are_cast_by_the_handlers_and_fork(resolution: Resolution) -> None:
    found = fork_by_solver(HARDENED.without(resolution))
    assert found is not None
    committee, schedule = found
    members = list(committee.start())
    for seat, action, block in schedule:
        after = committee.do(members[seat], committee.certified(tuple(members)), Step(action, block))
        assert after is not None, f"seat {seat} may not {action} {block}"
        members[seat] = after
    assert committee.fork(tuple(members)) is not None


def test_votes_that_a_handler_refuses_are_not_scheduled() -> None:
    committee = committee_of(HARDENED, 4, 2)
    twice = [(0, Step("notarise", "1.a")), (0, Step("notarise", "1.b"))]
    assert scheduled(committee, twice) is None
    assert scheduled(committee, twice[:1]) == ((0, "notarise", "1.a"),)
    unsupported = [(0, Step("notarise", "2.1a"))]
    assert scheduled(committee, unsupported) is None


SCHEDULES: tuple[list[Any], ...] = (
    [],
    [[0, "notarise", "1.a"], [1, "notarise", "1.a"], [2, "notarise", "1.b"], [0, "finalise", "1.a"]],
    [[0, "nullify", ""], [1, "nullify", ""], [0, "advance", ""], [0, "notarise", "2.0"]],
)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=len)
def test_a_ground_formula_says_what_the_compiled_one_says(schedule: list[Any]) -> None:
    committee = committee_of(HARDENED, 4, 2)
    here = structure(frame(committee), committee, played(committee, schedule, Trace(recording=False)))
    for formula in (*axioms(HARDENED), *invariants(Votes()).values(), votes_of_block()):
        assert grounded(formula, here).eq(z3.BoolVal(predicate(formula)(here)))


def votes_of_block() -> z3.BoolRef:
    """A formula that is false in some of the states: that some block is notarised beside genesis."""
    block = z3.Const("any_block", BLOCK)
    return z3.Exists([block], z3.And(block != genesis, Votes().notarised(block)))


def test_what_a_structure_leaves_open_stays_in_the_formula() -> None:
    thing = z3.DeclareSort("Thing")
    red, blue = z3.Function("red", thing, z3.BoolSort()), z3.Function("blue", thing, z3.BoolSort())
    x = z3.Const("x", thing)
    unknown = [z3.Bool("red0"), z3.Bool("red1")]
    here = {"Thing": range(2), "red": unknown.__getitem__, "blue": [True, False].__getitem__}
    assert grounded(z3.ForAll([x], z3.Implies(blue(x), red(x))), here).eq(unknown[0])
    assert z3.is_true(grounded(z3.Exists([x], z3.Or(blue(x), red(x))), here))
    assert z3.is_false(grounded(z3.ForAll([x], z3.And(blue(x), red(x))), here))
    with pytest.raises(TypeError, match="connectives"):
        grounded(z3.Int("number") < 3, {"number": z3.Int("number")})
