"""The abstract voting system: any committee, any number of views and blocks, in first-order logic.

Sorts are members, quorums, blocks and views; a quorum is any set of members that meets every other one in an honest
member, which is what T-C1 gives. A state is three relations: who voted to notarise which block in which view, who to
nullify which view, who to finalise which block. Actions have named guards, the handlers' rules; a Byzantine member may
vote anything at any time. The invariants are named; `spec/2-core-architecture.md` explains them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import z3

from taifoon.profile import Profile, Resolution
from taifoon_proofs.establish import Claim, Witness

MEMBER, QUORUM, BLOCK, VIEW = (z3.DeclareSort(name) for name in ("Member", "Quorum", "Block", "View"))
TRUTH = z3.BoolSort()
byzantine = z3.Function("byzantine", MEMBER, TRUTH)
belongs = z3.Function("belongs", MEMBER, QUORUM, TRUTH)
before = z3.Function("before", VIEW, VIEW, TRUTH)
view_of = z3.Function("view_of", BLOCK, VIEW)
parent = z3.Function("parent", BLOCK, BLOCK)
ancestor = z3.Function("ancestor", BLOCK, BLOCK, TRUTH)
genesis = z3.Const("genesis", BLOCK)

m, other = z3.Consts("m other", MEMBER)
q, r = z3.Consts("q r", QUORUM)
a, b, c = z3.Consts("a b c", BLOCK)
u, v, w = z3.Consts("u v w", VIEW)


def not_after(first: z3.ExprRef, second: z3.ExprRef) -> z3.BoolRef:
    """Whether a view is another one or before it."""
    return z3.Or(first == second, before(first, second))


def order_and_tree() -> tuple[z3.BoolRef, ...]:
    """Views are totally ordered, and blocks form a tree on genesis."""
    return (
        z3.ForAll([v], z3.Not(before(v, v))),
        z3.ForAll([u, v, w], z3.Implies(z3.And(before(u, v), before(v, w)), before(u, w))),
        z3.ForAll([v, w], z3.Or(v == w, before(v, w), before(w, v))),
        z3.ForAll([b], ancestor(b, b)),
        z3.ForAll([a, b], z3.Implies(z3.And(b != genesis, ancestor(a, parent(b))), ancestor(a, b))),
        z3.ForAll([b], z3.Implies(b != genesis, before(view_of(genesis), view_of(b)))),
    )


def axioms(profile: Profile) -> tuple[z3.BoolRef, ...]:
    """Quorums meet in an honest member, and what always holds of views and blocks.

    That quorums meet in an honest member is T-C1, which needs the repaired quorum.
    """
    meeting = z3.ForAll([q, r], z3.Exists([m], z3.And(belongs(m, q), belongs(m, r), z3.Not(byzantine(m)))))
    return (*((meeting,) if Resolution.QUORUM in profile else ()), *order_and_tree())


@dataclass(frozen=True)
class Votes:
    """The votes of one state; a name's suffix tells states apart."""

    suffix: str = ""

    @property
    def notarise(self) -> z3.FuncDeclRef:
        """Who voted to notarise which block in which view."""
        return z3.Function(f"notarise{self.suffix}", MEMBER, VIEW, BLOCK, TRUTH)

    @property
    def nullify(self) -> z3.FuncDeclRef:
        """Who voted to nullify which view."""
        return z3.Function(f"nullify{self.suffix}", MEMBER, VIEW, TRUTH)

    @property
    def finalise(self) -> z3.FuncDeclRef:
        """Who voted to finalise which block in which view."""
        return z3.Function(f"finalise{self.suffix}", MEMBER, VIEW, BLOCK, TRUTH)

    def quorum_of(self, voted: Callable[[z3.ExprRef], z3.BoolRef]) -> z3.BoolRef:
        """Whether some quorum voted so."""
        return z3.Exists([q], z3.ForAll([m], z3.Implies(belongs(m, q), voted(m))))

    def notarised(self, block: z3.ExprRef) -> z3.BoolRef:
        """Whether a block has its certificate to notarise; genesis needs none."""
        return z3.Or(block == genesis, self.quorum_of(lambda who: self.notarise(who, view_of(block), block)))

    def nullified(self, view: z3.ExprRef) -> z3.BoolRef:
        """Whether a view has its certificate to nullify."""
        return self.quorum_of(lambda who: self.nullify(who, view))

    def finalised(self, block: z3.ExprRef) -> z3.BoolRef:
        """Whether a block has both certificates of its view."""
        return z3.And(self.notarised(block), self.quorum_of(lambda who: self.finalise(who, view_of(block), block)))

    def certified_parent(self, block: z3.ExprRef) -> z3.BoolRef:
        """Rule `RES-BFT.lineage`: the parent is notarised in an earlier view."""
        return z3.And(block != genesis, before(view_of(parent(block)), view_of(block)), self.notarised(parent(block)))

    def nullified_gap(self, block: z3.ExprRef) -> z3.BoolRef:
        """Rule `RES-BFT.gap`: every view between parent and block is nullified."""
        between = z3.And(before(view_of(parent(block)), w), before(w, view_of(block)))
        return z3.ForAll([w], z3.Implies(between, self.nullified(w)))


def invariants(votes: Votes) -> dict[str, z3.BoolRef]:
    """What holds of honest members in every reachable state."""
    honest = z3.Not(byzantine(m))
    notarise, nullify, finalise = votes.notarise, votes.nullify, votes.finalise
    return {
        "one-notarise-a-view": z3.ForAll(
            [m, v, a, b], z3.Implies(z3.And(honest, notarise(m, v, a), notarise(m, v, b)), a == b)
        ),
        "one-finalise-a-view": z3.ForAll(
            [m, v, a, b], z3.Implies(z3.And(honest, finalise(m, v, a), finalise(m, v, b)), a == b)
        ),
        "finalise-excludes-nullify": z3.ForAll(
            [m, v, b], z3.Implies(z3.And(honest, finalise(m, v, b)), z3.Not(nullify(m, v)))
        ),
        "notarise-in-the-blocks-view": z3.ForAll(
            [m, v, b], z3.Implies(z3.And(honest, notarise(m, v, b)), view_of(b) == v)
        ),
        "notarise-has-certified-parent": z3.ForAll(
            [m, v, b], z3.Implies(z3.And(honest, notarise(m, v, b)), votes.certified_parent(b))
        ),
        "notarise-has-nullified-gap": z3.ForAll(
            [m, v, b], z3.Implies(z3.And(honest, notarise(m, v, b)), votes.nullified_gap(b))
        ),
    }


@dataclass(frozen=True)
class Action:
    """A step of the system: its guards by name, and the state after it."""

    name: str
    guards: dict[str, z3.BoolRef]
    change: z3.BoolRef


def unchanged(now: Votes, then: Votes, *relations: str) -> z3.BoolRef:
    """That these relations stay as they are."""
    kept = []
    if "notarise" in relations:
        kept.append(z3.ForAll([m, v, b], then.notarise(m, v, b) == now.notarise(m, v, b)))
    if "nullify" in relations:
        kept.append(z3.ForAll([m, v], then.nullify(m, v) == now.nullify(m, v)))
    if "finalise" in relations:
        kept.append(z3.ForAll([m, v, b], then.finalise(m, v, b) == now.finalise(m, v, b)))
    return z3.And(*kept)


GUARDS = {
    "once": Resolution.VOTE_ONCE,
    "once-finalised": Resolution.VOTE_ONCE,
    "lineage": Resolution.CERTIFIED_PARENT,
    "gap": Resolution.NULLIFIED_GAP,
    "not-finalised": Resolution.FINALISE_EXCLUDES_NULLIFY,
    "not-nullified": Resolution.FINALISE_EXCLUDES_NULLIFY,
}


def guards_in(profile: Profile, action: Action) -> tuple[z3.BoolRef, ...]:
    """The guards of an action that a profile's handlers have."""
    return tuple(formula for name, formula in action.guards.items() if name not in GUARDS or GUARDS[name] in profile)


def actions(now: Votes, then: Votes) -> Iterator[Action]:
    """Every step: an honest member votes under the handlers' guards, or Byzantine members vote anything."""
    who, block, view = z3.Const("who", MEMBER), z3.Const("block", BLOCK), z3.Const("view", VIEW)
    honest = z3.Not(byzantine(who))
    yield Action(
        "notarise",
        {
            "honest": honest,
            "view": view_of(block) == view,
            "once": z3.ForAll([b], z3.Not(now.notarise(who, view, b))),
            "lineage": now.certified_parent(block),
            "gap": now.nullified_gap(block),
        },
        z3.And(
            unchanged(now, then, "nullify", "finalise"),
            z3.ForAll(
                [m, v, b],
                then.notarise(m, v, b) == z3.Or(now.notarise(m, v, b), z3.And(m == who, v == view, b == block)),
            ),
        ),
    )
    yield Action(
        "nullify",
        {"honest": honest, "not-finalised": z3.ForAll([b], z3.Not(now.finalise(who, view, b)))},
        z3.And(
            unchanged(now, then, "notarise", "finalise"),
            z3.ForAll([m, v], then.nullify(m, v) == z3.Or(now.nullify(m, v), z3.And(m == who, v == view))),
        ),
    )
    yield Action(
        "finalise",
        {
            "honest": honest,
            "once-finalised": z3.ForAll([b], z3.Not(now.finalise(who, view, b))),
            "not-nullified": z3.Not(now.nullify(who, view)),
        },
        z3.And(
            unchanged(now, then, "notarise", "nullify"),
            z3.ForAll(
                [m, v, b],
                then.finalise(m, v, b) == z3.Or(now.finalise(m, v, b), z3.And(m == who, v == view, b == block)),
            ),
        ),
    )
    grows = (
        z3.ForAll([m, v, b], z3.Implies(now.notarise(m, v, b), then.notarise(m, v, b))),
        z3.ForAll([m, v], z3.Implies(now.nullify(m, v), then.nullify(m, v))),
        z3.ForAll([m, v, b], z3.Implies(now.finalise(m, v, b), then.finalise(m, v, b))),
        z3.ForAll([m, v, b], z3.Implies(z3.Not(byzantine(m)), then.notarise(m, v, b) == now.notarise(m, v, b))),
        z3.ForAll([m, v], z3.Implies(z3.Not(byzantine(m)), then.nullify(m, v) == now.nullify(m, v))),
        z3.ForAll([m, v, b], z3.Implies(z3.Not(byzantine(m)), then.finalise(m, v, b) == now.finalise(m, v, b))),
    )
    yield Action("byzantine", {}, z3.And(*grows))


def no_votes(votes: Votes) -> tuple[z3.BoolRef, ...]:
    """The start: nobody has voted."""
    return (
        z3.ForAll([m, v, b], z3.Not(votes.notarise(m, v, b))),
        z3.ForAll([m, v], z3.Not(votes.nullify(m, v))),
        z3.ForAll([m, v, b], z3.Not(votes.finalise(m, v, b))),
    )


def induction_claims(profile: Profile, witness: Witness) -> Iterator[Claim]:
    """Each invariant holds without votes and is kept by each action, given all of them."""
    now, then = Votes(), Votes("_next")
    held = tuple(invariants(now).values())
    for name, invariant in invariants(now).items():
        yield Claim(f"start.{name}", (*axioms(profile), *no_votes(now)), invariant, witness)
    for action in actions(now, then):
        premises = (*axioms(profile), *held, *guards_in(profile, action), action.change)
        for name, invariant in invariants(then).items():
            yield Claim(f"{action.name}.{name}", premises, invariant, witness)


# What keeps an honest member from convicting itself; agreement holds without it, and is proved faster so.
UNUSED_BY_AGREEMENT = ("one-finalise-a-view",)


def agreement_step(profile: Profile, witness: Witness) -> Claim:
    """Induction over views: what is final is an ancestor of every block notarised in the same or a later view."""
    votes = Votes()
    held = tuple(formula for name, formula in invariants(votes).items() if name not in UNUSED_BY_AGREEMENT)
    final, notarised = z3.Consts("final notarised", BLOCK)
    smaller = z3.And(before(view_of(b), view_of(notarised)), votes.notarised(b), not_after(view_of(final), view_of(b)))
    return Claim(
        "finalised-is-ancestor-of-notarised",
        (
            *axioms(profile),
            *held,
            final != genesis,
            votes.finalised(final),
            votes.notarised(notarised),
            not_after(view_of(final), view_of(notarised)),
            z3.ForAll([b], z3.Implies(smaller, ancestor(final, b))),
        ),
        ancestor(final, notarised),
        witness,
    )


def one_notarised_a_view(profile: Profile, witness: Witness) -> Claim:
    """Two blocks notarised in one view are one block."""
    votes = Votes()
    first, second = z3.Consts("first second", BLOCK)
    return Claim(
        "one-notarised-a-view",
        (
            *axioms(profile),
            *invariants(votes).values(),
            first != genesis,
            second != genesis,
            view_of(first) == view_of(second),
            votes.notarised(first),
            votes.notarised(second),
        ),
        first == second,
        witness,
    )
