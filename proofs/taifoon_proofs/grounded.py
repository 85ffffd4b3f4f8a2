"""First-order formulas over a finite structure, with some relations left open for a solver to choose.

Quantifiers become conjunctions and disjunctions over the elements of their sorts. What the structure knows is decided
on the spot, and what it leaves open, by giving a term instead of a truth value, remains in the formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import z3

Structure = Mapping[str, Any]


def grounded(formula: z3.BoolRef, structure: Structure) -> z3.BoolRef:
    """A closed formula without quantifiers, equivalent in every structure that completes the given one."""
    value = _value(formula, structure, ())
    return z3.BoolVal(value) if isinstance(value, bool) else value


def _value(term: z3.ExprRef, structure: Structure, bound: Sequence[Any]) -> Any:
    if z3.is_quantifier(term):
        if term.is_lambda():
            raise TypeError("a formula cannot use lambda: use connectives, quantifiers and relations")
        domains = [structure[term.var_sort(place).name()] for place in range(term.num_vars())]
        instances = (_value(term.body(), structure, (*bound, *chosen)) for chosen in product(*domains))
        return _all(instances) if term.is_forall() else _any(instances)
    if z3.is_var(term):
        return bound[-1 - z3.get_var_index(term)]
    kind = term.decl().kind()
    if kind == z3.Z3_OP_UNINTERPRETED:
        known = structure[term.decl().name()]
        return known(*(_value(child, structure, bound) for child in term.children())) if term.num_args() else known
    parts = (_value(child, structure, bound) for child in term.children())
    if kind in (z3.Z3_OP_AND, z3.Z3_OP_TRUE):
        return _all(parts)
    if kind in (z3.Z3_OP_OR, z3.Z3_OP_FALSE):
        return _any(parts)
    if kind == z3.Z3_OP_NOT:
        return _not(next(parts))
    if kind == z3.Z3_OP_IMPLIES:
        premise = _not(next(parts))
        return True if premise is True else _any((premise, next(parts)))
    if kind == z3.Z3_OP_EQ:
        return _equal(*parts)
    if kind == z3.Z3_OP_DISTINCT:
        values = list(parts)
        return len(set(values)) == len(values)
    raise TypeError(f"a formula cannot use {term.decl().name()}: use connectives, quantifiers and relations")


def _all(parts: Iterator[Any] | Sequence[Any]) -> Any:
    left = []
    for part in parts:
        if part is False:
            return False
        if part is not True:
            left.append(part)
    return (z3.And(left) if len(left) > 1 else left[0]) if left else True


def _any(parts: Iterator[Any] | Sequence[Any]) -> Any:
    left = []
    for part in parts:
        if part is True:
            return True
        if part is not False:
            left.append(part)
    return (z3.Or(left) if len(left) > 1 else left[0]) if left else False


def _not(part: Any) -> Any:
    return not part if isinstance(part, bool) else z3.Not(part)


def _equal(first: Any, second: Any) -> Any:
    if isinstance(first, z3.ExprRef) or isinstance(second, z3.ExprRef):
        return first == second
    return bool(first == second)
