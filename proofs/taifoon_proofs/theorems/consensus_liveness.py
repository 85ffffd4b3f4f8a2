"""Sections 2.4 and 6.2: the steps of progress, for every committee and every number of views (T-C3u).

Progress is a chain of steps: a view ends, its end leaves a parent for the next, and a view of an honest leader makes
its block final. Each link is an obligation over the sorts of the agreement proof; that the steps are taken in time is
T-C3'.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import product

import z3

from taifoon.core.consensus import Voting
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.profile import Profile, Resolution
from taifoon_models.explorer import Search, State
from taifoon_models.voting import Committee, Step
from taifoon_proofs.bounds import bound
from taifoon_proofs.compiled import predicate
from taifoon_proofs.establish import Claim, Witness, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.theorems.consensus import LIMIT, counterexample, played
from taifoon_proofs.theorems.consensus_frame import frame
from taifoon_proofs.theorems.consensus_progress import Unaided
from taifoon_proofs.theorems.consensus_terms import (
    BLOCK,
    MEMBER,
    VIEW,
    Action,
    Votes,
    actions,
    b,
    before,
    belongs,
    byzantine,
    genesis,
    guards_in,
    m,
    no_votes,
    order_and_tree,
    parent,
    q,
    v,
    view_of,
    w,
)
from taifoon_proofs.theorems.consensus_tie import structure
from taifoon_proofs.verdict import Counterexample, Json, Outcome, Technique, Verdict, conclude

# The constants of an action in the abstract system.
WHO, CAST, IN = z3.Const("who", MEMBER), z3.Const("block", BLOCK), z3.Const("view", VIEW)
EXPLORED = bound(((4, 1), (5, 1), (4, 2)), ((4, 1), (5, 1), (6, 1), (7, 1), (4, 2)))


def axioms() -> tuple[z3.BoolRef, ...]:
    """What progress takes from a quorum: the honest members contain one, and none is without an honest member."""
    return (
        z3.Exists([q], z3.ForAll([m], z3.Implies(belongs(m, q), z3.Not(byzantine(m))))),
        z3.ForAll([q], z3.Exists([m], z3.And(belongs(m, q), z3.Not(byzantine(m))))),
        *order_and_tree(),
    )


def quorum_claims(profile: Profile) -> Iterator[Claim]:
    """The shipped quorum gives the two axioms, literally too: progress alone does not need its repair."""
    seats = integer("seats")
    needed, faults = quorum(profile, seats), tolerated_faults(profile, seats)
    yield Claim("quorum.honest-members-contain-one", (seats >= 1,), needed <= seats - faults)
    yield Claim("quorum.has-an-honest-member", (seats >= 1,), needed > faults)


def is_over(votes: Votes, view: z3.ExprRef) -> z3.BoolRef:
    """Whether members may leave a view: it is nullified, or a block of it is notarised."""
    return z3.Or(votes.nullified(view), z3.Exists([b], z3.And(view_of(b) == view, votes.notarised(b))))


def is_proper_parent(votes: Votes, block: z3.ExprRef, view: z3.ExprRef) -> z3.BoolRef:
    """Whether a block of a view may stand on this one."""
    between = z3.And(before(view_of(block), w), before(w, view))
    gap = z3.ForAll([w], z3.Implies(between, votes.nullified(w)))
    return z3.And(before(view_of(block), view), votes.notarised(block), gap)


def finalises_what_is_notarised(votes: Votes) -> z3.BoolRef:
    """The invariant of progress: an honest member's vote to finalise is for a notarised block of that view."""
    honest = z3.And(z3.Not(byzantine(m)), votes.finalise(m, v, b))
    return z3.ForAll([m, v, b], z3.Implies(honest, z3.And(view_of(b) == v, votes.notarised(b))))


def guards_of(profile: Profile, now: Votes, then: Votes) -> dict[str, tuple[Action, z3.BoolRef]]:
    """Each action with the conjunction of its guards, that of a vote to finalise included."""
    found = {}
    for action in actions(now, then):
        guards = guards_in(profile, action)
        if action.name == "finalise":
            guards = (*guards, view_of(CAST) == IN)
            if Resolution.FINALISE_NEEDS_NOTARISATION in profile:
                guards = (*guards, now.notarised(CAST))
        found[action.name] = action, z3.And(*guards) if guards else z3.BoolVal(val=True)
    return found


def invariant_claims(profile: Profile, witness: Witness) -> Iterator[Claim]:
    """The invariant of progress holds without votes, and every action keeps it."""
    now, then = Votes(), Votes("_next")
    yield Claim("start.finalised-is-notarised", no_votes(now), finalises_what_is_notarised(now), witness)
    for name, (action, guards) in guards_of(profile, now, then).items():
        premises = (*order_and_tree(), finalises_what_is_notarised(now), guards, action.change)
        yield Claim(f"{name}.finalised-is-notarised", premises, finalises_what_is_notarised(then), witness)


def view_claims(profile: Profile, witness: Witness) -> Iterator[Claim]:
    """Every view ends once its members have given up, and its end leaves a parent for the next."""
    votes = Votes()
    here, following, known = z3.Const("here", VIEW), z3.Const("following", VIEW), z3.Const("known", BLOCK)
    cannot_nullify = z3.BoolVal(val=True)
    if Resolution.VIEW_CHANGE in profile:
        guards = guards_of(profile, votes, Votes("_next"))["nullify"][1]
        allowed = z3.substitute(guards, (WHO, m), (IN, here))
        cannot_nullify = z3.Or(votes.nullify(m, here), z3.Not(allowed))
    given_up = z3.ForAll([m], z3.Implies(z3.Not(byzantine(m)), cannot_nullify))
    stuck = (*axioms(), finalises_what_is_notarised(votes), given_up)
    yield Claim("view-without-voters-is-over", stuck, is_over(votes, here), witness)
    next_view = z3.And(before(here, following), z3.ForAll([v], z3.Not(z3.And(before(here, v), before(v, following)))))
    first = z3.ForAll([v], z3.Implies(before(v, here), v == view_of(genesis)))
    yield Claim(
        "first-view-has-a-parent",
        (*order_and_tree(), first, before(view_of(genesis), here)),
        is_proper_parent(votes, genesis, here),
        witness,
    )
    yield Claim(
        "view-that-is-over-leaves-a-parent",
        (*order_and_tree(), next_view, is_proper_parent(votes, known, here), is_over(votes, here)),
        z3.Exists([b], is_proper_parent(votes, b, following)),
        witness,
    )


def good_view_claims(profile: Profile, witness: Witness) -> Iterator[Claim]:
    """A view whose leader proposed one block, which nobody honest has nullified: its block comes to be final."""
    votes = Votes()
    honest = z3.Not(byzantine(m))
    guards = guards_of(profile, votes, Votes("_next"))
    one_proposal = z3.ForAll([m, b], z3.Implies(z3.And(honest, votes.notarise(m, IN, b)), b == CAST))
    kept = z3.ForAll([m], z3.Implies(honest, z3.Not(votes.nullify(m, IN))))
    good = (
        *axioms(),
        finalises_what_is_notarised(votes),
        genesis != CAST,
        view_of(CAST) == IN,
        one_proposal,
        kept,
    )
    honest_who = z3.Not(byzantine(WHO))
    not_yet = z3.Not(votes.notarise(WHO, IN, CAST))
    placed = is_proper_parent(votes, parent(CAST), IN)
    yield Claim("good-view.may-notarise", (*good, honest_who, not_yet, placed), guards["notarise"][1], witness)
    all_notarised = z3.ForAll([m], z3.Implies(honest, votes.notarise(m, IN, CAST)))
    yield Claim("good-view.notarised", (*good, all_notarised), votes.notarised(CAST), witness)
    undecided = z3.Not(votes.finalise(WHO, IN, CAST))
    certified = votes.notarised(CAST)
    yield Claim("good-view.may-finalise", (*good, honest_who, undecided, certified), guards["finalise"][1], witness)
    all_finalised = z3.ForAll([m], z3.Implies(honest, votes.finalise(m, IN, CAST)))
    yield Claim("good-view.final", (*good, certified, all_finalised), votes.finalised(CAST), witness)


def growth_claims(profile: Profile, witness: Witness) -> Iterator[Claim]:
    """What a member may do, it may still do when it has seen more of the others' votes."""
    now, then = Votes(), Votes("_more")
    more = (
        z3.ForAll([m, v, b], z3.Implies(now.notarise(m, v, b), then.notarise(m, v, b))),
        z3.ForAll([m, v], z3.Implies(now.nullify(m, v), then.nullify(m, v))),
        z3.ForAll([v, b], then.notarise(WHO, v, b) == now.notarise(WHO, v, b)),
        z3.ForAll([v], then.nullify(WHO, v) == now.nullify(WHO, v)),
        z3.ForAll([v, b], then.finalise(WHO, v, b) == now.finalise(WHO, v, b)),
    )
    later = guards_of(profile, then, Votes("_next"))
    for name, (_, guards) in guards_of(profile, now, Votes("_next")).items():
        if name != "byzantine":
            yield Claim(f"more-votes-keep.{name}", (*order_and_tree(), *more, guards), later[name][1], witness)
    yield Claim("more-votes-keep.over", (*order_and_tree(), *more, is_over(now, IN)), is_over(then, IN), witness)


def is_stuck(committee: Committee, state: State) -> bool:
    """Whether nothing is final, and all members are in one view that is not over and in which none may vote."""
    certified = committee.certified(state)

    def may_go_on(member: Voting) -> bool:
        steps = (Step("nullify", ""), Step("advance", ""), *(Step("notarise", name) for name in committee.blocks))
        return any(committee.do(member, certified, step) not in (None, member) for step in steps)

    together = len({member.view for member in state}) == 1
    return together and not committee.final(state) and not any(map(may_go_on, state))


@scenario("consensus/stuck-view")
def the_view_is_stuck(
    profile: Profile,
    trace: Trace,
    *,
    seats: int,
    byzantine: int,
    views: int,
    schedule: list[list[Json]],
    silent_leader: bool = False,
) -> bool:
    """All live members are in a view that is not over, and none of them may vote there; the other seats crashed."""
    committee = Unaided(profile, seats, byzantine, views, silent_leader)
    members = played(committee, schedule, trace)
    stuck = is_stuck(committee, members)
    trace.state("each member tries to vote and to leave the view", possible=not stuck)
    return stuck and byzantine <= tolerated_faults(profile, seats)


def stuck_view(profile: Profile) -> Counterexample | None:
    """The shortest schedule to a stuck view in the smallest committee that has one."""
    for seats, silent_leader in product((4, 5), (False, True)):
        committee = Unaided(profile, seats, tolerated_faults(profile, seats), 1, silent_leader)
        exploration = Search(committee).run(partial(is_stuck, committee), LIMIT)
        if exploration.schedule is not None:
            found = counterexample("consensus/stuck-view", committee, exploration.schedule)
            return replace(found, parameters={**found.parameters, "silent_leader": silent_leader})
    return None


def handlers_keep_the_invariant(profile: Profile, seats: int, views: int) -> Verdict:
    """The invariant of progress, compiled, on every reachable state of the handlers; and no view of them is stuck."""
    holds = predicate(finalises_what_is_notarised(Votes()))
    aided = Committee(profile, seats, tolerated_faults(profile, seats), views)
    alone = Unaided(profile, seats, aided.byzantine, views)
    fixed = frame(aided)
    reach = f"{seats} seats, {aided.byzantine} Byzantine, {views} views"
    kept = Search(aided).run(lambda state: not holds(structure(fixed, aided, state)), LIMIT)
    free = Search(alone).run(lambda state: is_stuck(alone, state), LIMIT)
    if free.schedule is not None:
        found = counterexample("consensus/stuck-view", alone, free.schedule)
        return Verdict(Outcome.REFUTED, f"a stuck view of {reach}", counterexample=found)
    if not kept.complete or not free.complete:
        return Verdict(Outcome.UNKNOWN, reach, reason=f"{reach}: the invariant fails, or the limit was reached")
    return Verdict(Outcome.EXHAUSTED, f"{reach}: {kept.states:,} states, and {free.states:,} with crashed seats")


@theorem(
    "T-C3u",
    requirements=("R-2.4-5", "R-6.2-0", "R-6.2-1"),
    needs={Resolution.VIEW_CHANGE, Resolution.FINALISE_NEEDS_NOTARISATION},
    technique=Technique.COMBINED,
    assumptions=("AM4",),
)
def views_end_and_good_views_finalise(profile: Profile) -> Verdict:
    """One obligation for each link of progress over uninterpreted sorts, and its invariant kept by every step.

    The invariant is then evaluated, compiled, on every reachable state of small committees of the shipped handlers,
    where also no view is stuck. The two axioms on quorums are proved for the shipped formula.
    """

    def witness(model: Mapping[str, int]) -> Counterexample | None:
        return stuck_view(profile)

    proved = prove(
        "every committee, every number of views and blocks",
        *quorum_claims(profile),
        *view_claims(profile, witness),
        *invariant_claims(profile, witness),
        *good_view_claims(profile, witness),
        *growth_claims(profile, witness),
    )
    if not proved.outcome.holds:
        return proved
    return conclude(proved, *(handlers_keep_the_invariant(profile, seats, views) for seats, views in EXPLORED))
