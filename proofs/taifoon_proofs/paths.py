"""Shipped functions on symbolic integers, path by path.

A function that decides by comparing amounts takes one path for each way in which its comparisons can come out. Each
path is run once, with symbolic integers in place of the numbers, and gives what the comparisons said and what came out.
"Some path was taken, and what came out is good" is then one formula over all integers. It says as well that no path is
missing, so that the solver which leaves out paths that nobody can take is not trusted with that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

import icontract
import z3

from taifoon.rejection import Rejected, RejectionCode

EFFORT = 2_000_000
"""Z3's units of work for whether a path can go on; where they do not suffice, it is followed."""
MAX_PATHS = 512

T = TypeVar("T")
Integer: TypeAlias = "Number | int"


class PathError(RuntimeError):
    """A run that gives no formula: an operation that has no meaning on terms, or more paths than are followed."""


@dataclass(slots=True)
class Walk:
    """One path: the answers that are given, and those found beyond them."""

    hypotheses: Sequence[z3.BoolRef]
    given: tuple[bool, ...]
    answers: list[bool] = field(default_factory=list)
    conditions: list[z3.BoolRef] = field(default_factory=list)
    open: list[tuple[bool, ...]] = field(default_factory=list)
    solver: z3.Solver = field(default_factory=z3.Solver)

    def __post_init__(self) -> None:
        self.solver.set("rlimit", EFFORT)
        self.solver.add(*self.hypotheses)

    def answer(self, condition: z3.BoolRef) -> bool:
        """What a comparison says on this path."""
        known = z3.simplify(condition)
        if z3.is_true(known) or z3.is_false(known):
            return bool(z3.is_true(known))
        place = len(self.answers)
        said = self.given[place] if place < len(self.given) else self._found(condition)
        self.answers.append(said)
        self.conditions.append(condition if said else z3.Not(condition))
        self.solver.add(self.conditions[-1])
        return said

    def _found(self, condition: z3.BoolRef) -> bool:
        """An answer that integers can give; the other one waits for its turn if they can give it as well."""
        if not self._possible(condition):
            return False
        if self._possible(z3.Not(condition)):
            self.open.append((*self.answers, False))
        return True

    def _possible(self, condition: z3.BoolRef) -> bool:
        return bool(self.solver.check(condition) != z3.unsat)


class Truth:
    """What a comparison of symbolic integers gives; asked for its truth, it chooses the path."""

    __slots__ = ("_term", "_walk")

    def __init__(self, walk: Walk, term: z3.BoolRef) -> None:
        self._walk, self._term = walk, term

    def __bool__(self) -> bool:
        return self._walk.answer(self._term)

    def __mul__(self, other: Integer) -> Number:
        return Number(self._walk, z3.If(self._term, term_of(other), z3.IntVal(0)))

    __rmul__ = __mul__


class Number:
    """A symbolic integer with the operations of the shipped functions; it has no hash and no other meaning."""

    __slots__ = ("_walk", "term")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, walk: Walk, term: z3.ArithRef) -> None:
        self._walk, self.term = walk, term

    def _new(self, term: z3.ArithRef) -> Number:
        return Number(self._walk, term)

    def _said(self, term: z3.BoolRef) -> Truth:
        return Truth(self._walk, term)

    def __add__(self, other: Integer) -> Number:
        return self._new(self.term + term_of(other))

    __radd__ = __add__

    def __sub__(self, other: Integer) -> Number:
        return self._new(self.term - term_of(other))

    def __rsub__(self, other: Integer) -> Number:
        return self._new(term_of(other) - self.term)

    def __neg__(self) -> Number:
        return self._new(-self.term)

    def __mul__(self, other: Integer | Truth) -> Number:
        return other * self if isinstance(other, Truth) else self._new(self.term * term_of(other))

    __rmul__ = __mul__

    def __floordiv__(self, other: Integer) -> Number:
        # SMT-LIB rounds towards the floor for a positive divisor alone; any other ends the run.
        if not other > 0:
            raise PathError(f"the divisor {other} is not positive on some path")
        return self._new(self.term / term_of(other))

    def __lt__(self, other: Integer) -> Truth:
        return self._said(self.term < term_of(other))

    def __le__(self, other: Integer) -> Truth:
        return self._said(self.term <= term_of(other))

    def __gt__(self, other: Integer) -> Truth:
        return self._said(self.term > term_of(other))

    def __ge__(self, other: Integer) -> Truth:
        return self._said(self.term >= term_of(other))

    def __eq__(self, other: object) -> Truth:  # type: ignore[override]
        return self._said(self.term == term_of(other))

    def __ne__(self, other: object) -> Truth:  # type: ignore[override]
        return self._said(self.term != term_of(other))

    def __repr__(self) -> str:
        return str(self.term)


def term_of(value: object) -> z3.ArithRef:
    """An integer, symbolic or not, as a term."""
    if isinstance(value, Number):
        return value.term
    if isinstance(value, int) and not isinstance(value, bool):
        return z3.IntVal(value)
    raise PathError(f"no integer: {value!r}")


def loose(name: str) -> Number:
    """A symbolic integer on no path, for hypotheses."""
    return Number(Walk((), ()), z3.Int(name))


@dataclass(frozen=True, slots=True)
class Path(Generic[T]):
    """What the comparisons said, and what came out: a value, a refusal, or a contract that does not hold."""

    condition: z3.BoolRef
    value: T | None = None
    refused: RejectionCode | None = None
    broken: str | None = None


Body = Callable[[Callable[[str], Number]], T]
"""A run of shipped functions, given how to name a symbolic integer."""


def paths(hypotheses: Sequence[z3.BoolRef], body: Body[T]) -> Iterator[Path[T]]:
    """Every path that integers which satisfy the hypotheses can take. Raises PathError for too many."""
    waiting: list[tuple[bool, ...]] = [()]
    followed = 0
    while waiting:
        followed += 1
        if followed > MAX_PATHS:
            raise PathError(f"more than {MAX_PATHS} paths: give the run a smaller state")
        walk = Walk(hypotheses, waiting.pop())
        found = _end(walk, body)
        waiting.extend(walk.open)
        yield found


def _end(walk: Walk, body: Body[T]) -> Path[T]:
    value, refused, broken = None, None, None
    try:
        value = body(lambda name: Number(walk, z3.Int(name)))
    except Rejected as rejected:
        refused = rejected.code
    except icontract.ViolationError as violation:
        broken = str(violation).splitlines()[0]
    return Path(z3.And(z3.BoolVal(val=True), *walk.conditions), value, refused, broken)


def always(hypotheses: Sequence[z3.BoolRef], body: Body[T], good: Callable[[T], z3.BoolRef]) -> z3.BoolRef:
    """That some path is taken, and its end is good: a refusal, or a value that is; a broken contract never is."""
    ends = []
    for path in paths(hypotheses, body):
        if path.refused is not None:
            ends.append(path.condition)
        elif path.broken is None and path.value is not None:
            ends.append(z3.And(path.condition, good(path.value)))
    return z3.Or(z3.BoolVal(val=False), *ends)
