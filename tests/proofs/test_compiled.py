"""A compiled formula says on a finite structure what the solver says of the formula in that structure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon_proofs.compiled import predicate, source_of
from taifoon_proofs.theorems.consensus_terms import Votes, invariants

THING = z3.DeclareSort("Thing")
COLOUR = z3.DeclareSort("Colour")
TRUTH = z3.BoolSort()
red = z3.Function("red", THING, TRUTH)
over = z3.Function("over", THING, THING, TRUTH)
next_of = z3.Function("next_of", THING, THING)
has = z3.Function("has", THING, COLOUR, TRUTH)
top = z3.Const("top", THING)
flag = z3.Const("flag", TRUTH)
x, y, z = z3.Consts("x y z", THING)
k = z3.Const("k", COLOUR)


@dataclass(frozen=True)
class World:
    """A finite structure, for the compiled predicate and, as ground facts, for the solver."""

    things: int
    colours: int
    red: frozenset[int]
    over: frozenset[tuple[int, int]]
    has: frozenset[tuple[int, int]]
    next_of: tuple[int, ...]
    top: int
    flag: bool

    def structure(self) -> Mapping[str, Any]:
        return {
            "Thing": range(self.things),
            "Colour": range(self.colours),
            "red": lambda thing: thing in self.red,
            "over": lambda upper, lower: (upper, lower) in self.over,
            "has": lambda thing, colour: (thing, colour) in self.has,
            "next_of": self.next_of.__getitem__,
            "top": self.top,
            "flag": self.flag,
        }

    def facts(self) -> list[z3.BoolRef]:
        """The structure up to isomorphism: its elements, that there are no others, and each ground atom."""
        things = [z3.Const(f"thing{number}", THING) for number in range(self.things)]
        colours = [z3.Const(f"colour{number}", COLOUR) for number in range(self.colours)]
        numbers = range(self.things)
        return [
            z3.Distinct(*things),
            z3.Distinct(*colours),
            z3.ForAll([x], z3.Or(*(x == thing for thing in things))),
            z3.ForAll([k], z3.Or(*(k == colour for colour in colours))),
            *(red(things[i]) == (i in self.red) for i in numbers),
            *(over(things[i], things[j]) == ((i, j) in self.over) for i, j in product(numbers, numbers)),
            *(has(things[i], colours[j]) == ((i, j) in self.has) for i, j in product(numbers, range(self.colours))),
            *(next_of(things[i]) == things[self.next_of[i]] for i in numbers),
            top == things[self.top],
            flag == self.flag,
        ]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    things, colours = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    one = st.integers(0, things - 1)
    return World(
        things,
        colours,
        draw(st.frozensets(one)),
        draw(st.frozensets(st.tuples(one, one))),
        draw(st.frozensets(st.tuples(one, st.integers(0, colours - 1)))),
        tuple(draw(st.lists(one, min_size=things, max_size=things))),
        draw(one),
        draw(st.booleans()),
    )


CLOSED: dict[str, z3.BoolRef] = {
    "nothing": z3.BoolVal(val=False),
    "everything": z3.BoolVal(val=True),
    "constant": flag,
    "not": z3.Not(flag),
    "and of none": z3.And(),
    "or of none": z3.Or(),
    "and of three": z3.And(flag, red(top), over(top, top)),
    "or of three": z3.Or(flag, red(top), over(top, top)),
    "implication": z3.Implies(red(top), flag),
    "implication of implications": z3.Implies(z3.Implies(red(top), flag), z3.Implies(flag, red(top))),
    "equal truths": red(top) == flag,
    "equal terms": next_of(next_of(top)) == top,
    "different": next_of(top) != top,
    "one is different from no other": z3.Distinct(top),
    "three different": z3.Exists([x, y, z], z3.Distinct(x, y, z)),
    "all": z3.ForAll([x], red(x)),
    "some": z3.Exists([x], z3.And(red(x), x != top)),
    "two variables": z3.ForAll([x, y], z3.Implies(over(x, y), z3.Not(over(y, x)))),
    "all some": z3.ForAll([x], z3.Exists([y], over(x, y))),
    "some all": z3.Exists([y], z3.ForAll([x], over(x, y))),
    "two sorts": z3.ForAll([x], z3.Exists([k], has(x, k))),
    "two sorts in one block": z3.Exists([x, k], z3.And(red(x), z3.Not(has(x, k)))),
    "three deep": z3.ForAll(
        [x, y], z3.Implies(over(x, y), z3.Exists([z], z3.And(over(x, z), z3.ForAll([k], has(z, k) == has(y, k)))))
    ),
    "shadowed": z3.ForAll([x], z3.Implies(red(x), z3.Exists([x], z3.And(over(x, x), z3.Not(red(x)))))),
    "beside each other": z3.And(z3.Exists([x], red(x)), z3.Exists([y], over(y, top))),
    "functions under quantifiers": z3.ForAll([x], over(next_of(x), next_of(next_of(x)))),
}


def holds_in(formula: z3.BoolRef, world: World) -> bool:
    """The solver's answer: the facts fix the structure, so that the formula or its negation contradicts them."""
    solver = z3.Solver()
    solver.add(*world.facts(), formula)
    answer = solver.check()
    assert answer != z3.unknown
    return bool(answer == z3.sat)


@pytest.mark.parametrize("name", CLOSED)
@settings(deadline=None, derandomize=True, max_examples=25)
@given(world=worlds())
def test_a_compiled_formula_agrees_with_the_solver(name: str, world: World) -> None:
    assert predicate(CLOSED[name])(world.structure()) is holds_in(CLOSED[name], world)


@st.composite
def formulas(draw: st.DrawFn, scope: tuple[z3.ExprRef, ...] = (), depth: int = 3) -> z3.BoolRef:
    """Closed formulas with every connective; variables of enclosing quantifiers may be shadowed."""
    terms = st.sampled_from([top, next_of(top), *scope, *(next_of(item) for item in scope)])
    if depth == 0:
        first, second = draw(terms), draw(terms)
        return draw(st.sampled_from([red(first), over(first, second), first == second, first != second, flag]))
    kind = draw(st.sampled_from(["not", "and", "or", "implies", "same", "all", "some"]))
    if kind in ("all", "some"):
        variable = draw(st.sampled_from([x, y, z]))
        body = draw(formulas((*scope, variable), depth - 1))
        return z3.ForAll([variable], body) if kind == "all" else z3.Exists([variable], body)
    left, right = draw(formulas(scope, depth - 1)), draw(formulas(scope, depth - 1))
    made: dict[str, Callable[[], z3.BoolRef]] = {
        "not": lambda: z3.Not(left),
        "and": lambda: z3.And(left, right),
        "or": lambda: z3.Or(left, right),
        "implies": lambda: z3.Implies(left, right),
        "same": lambda: left == right,
    }
    return made[kind]()


@settings(deadline=None, derandomize=True, max_examples=150)
@given(world=worlds(), formula=formulas())
def test_any_compiled_formula_agrees_with_the_solver(world: World, formula: z3.BoolRef) -> None:
    assert predicate(formula)(world.structure()) is holds_in(formula, world)


def test_quantifiers_over_no_element() -> None:
    empty = {"Thing": (), "red": lambda _: True}
    assert predicate(z3.ForAll([x], z3.Not(red(x))))(empty)
    assert not predicate(z3.Exists([x], red(x)))(empty)


@pytest.mark.parametrize(
    "term",
    [
        pytest.param(z3.Xor(flag, red(top)), id="xor"),
        pytest.param(z3.If(flag, red(top), over(top, top)), id="if"),
        pytest.param(z3.Int("n") < 3, id="comparison"),
        pytest.param(z3.Int("n") == 3, id="numeral"),
        pytest.param(z3.Lambda([x], red(x)) == z3.Lambda([x], over(x, x)), id="lambda"),
        pytest.param(z3.ForAll([x], z3.Exists([y], z3.Xor(red(x), red(y)))), id="xor under quantifiers"),
    ],
)
def test_an_operator_without_a_meaning_is_refused(term: z3.BoolRef) -> None:
    with pytest.raises(TypeError, match="a predicate cannot use"):
        predicate(term)


def test_a_structure_that_lacks_a_name_is_refused() -> None:
    with pytest.raises(KeyError, match="red"):
        predicate(z3.ForAll([x], red(x)))({"Thing": (0,)})


def test_the_source_names_sorts_constants_and_functions() -> None:
    assert source_of(z3.ForAll([x], z3.Implies(red(x), over(top, x)))) == (
        "all((not S['red'](x0) or S['over'](S['top'], x0)) for x0 in S['Thing'])"
    )


def test_a_compiled_invariant_tells_states_apart() -> None:
    once = predicate(invariants(Votes())["one-notarise-a-view"])
    frame: dict[str, Any] = {"Member": (0, 1), "View": (1, 2), "Block": "ab", "byzantine": lambda member: member == 1}
    cast = {(0, 1, "a"), (0, 2, "b"), (1, 1, "a"), (1, 1, "b")}
    assert once({**frame, "notarise": lambda *vote: vote in cast})
    assert not once({**frame, "notarise": lambda *vote: vote in cast | {(0, 1, "b")}})
