"""First-order formulas as Python predicates over a finite structure.

The formulas that the solvers prove things about are evaluated, unchanged, on the states of the shipped handlers: sorts
become lists, relations become functions. Nothing is written twice, so model and code cannot drift apart unnoticed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import z3

Structure = Mapping[str, Any]
Predicate = Callable[[Structure], bool]

OPERATORS = {
    z3.Z3_OP_AND: " and ",
    z3.Z3_OP_OR: " or ",
}
CONNECTIVES = {
    z3.Z3_OP_NOT: "(not {0})",
    z3.Z3_OP_IMPLIES: "(not {0} or {1})",
    z3.Z3_OP_EQ: "({0} == {1})",
    z3.Z3_OP_TRUE: "True",
    z3.Z3_OP_FALSE: "False",
}


def source_of(term: z3.ExprRef, bound: Sequence[str] = ()) -> str:
    """A formula as a Python expression; names of sorts, constants and functions are looked up in a structure `S`."""
    if z3.is_quantifier(term):
        if term.is_lambda():
            raise TypeError("a predicate cannot use lambda: use connectives, quantifiers and relations")
        names = [f"x{len(bound) + place}" for place in range(term.num_vars())]
        loops = " ".join(f"for {name} in S[{term.var_sort(place).name()!r}]" for place, name in enumerate(names))
        body = source_of(term.body(), [*bound, *names])
        return f"{'all' if term.is_forall() else 'any'}({body} {loops})"
    if z3.is_var(term):
        return str(bound[-1 - z3.get_var_index(term)])
    parts = [source_of(child, bound) for child in term.children()]
    kind = term.decl().kind()
    if kind in OPERATORS:
        return f"({OPERATORS[kind].join(parts)})" if parts else str(kind == z3.Z3_OP_AND)
    if kind == z3.Z3_OP_DISTINCT:
        return f"({' and '.join(f'{first} != {second}' for first, second in combinations(parts, 2)) or True})"
    if kind in CONNECTIVES:
        return CONNECTIVES[kind].format(*parts)
    if kind != z3.Z3_OP_UNINTERPRETED:
        raise TypeError(f"a predicate cannot use {term.decl().name()}: use connectives, quantifiers and relations")
    name = term.decl().name()
    return f"S[{name!r}]({', '.join(parts)})" if parts else f"S[{name!r}]"


def predicate(formula: z3.BoolRef) -> Predicate:
    """A closed formula as a predicate over structures that give its sorts, constants and functions."""
    source = source_of(formula)
    compiled: Predicate = eval(f"lambda S: {source}")  # noqa: S307 - the text is generated above from a formula
    return compiled
