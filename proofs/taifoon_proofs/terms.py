"""Lets the reference's integer formulas run on symbolic terms.

The reference divides with `//`. SMT-LIB division rounds towards the floor for a positive divisor, so `//` by a positive
constant means the same on terms, and so does `//` by a product of terms that the hypotheses make positive (`positive`).
Any other divisor, and any real dividend, is refused rather than given another meaning.
"""

from __future__ import annotations

import z3

WORD = 64
POSITIVE = "_positive"


def _floor_division(dividend: z3.ArithRef, divisor: object) -> z3.ArithRef:
    if not dividend.is_int():
        raise TypeError(f"symbolic // needs an integer dividend, not the real {dividend}")
    if isinstance(divisor, z3.ArithRef) and not z3.is_int_value(divisor) and _is_positive(divisor):
        return dividend / divisor
    if not isinstance(divisor, int) or isinstance(divisor, bool) or divisor <= 0:
        raise TypeError(f"symbolic // needs a positive constant divisor, not {divisor!r}")
    return dividend / z3.IntVal(divisor)


def _is_positive(term: z3.ArithRef) -> bool:
    """Whether a term is a product of positive numerals and of integers made by `positive`."""
    if z3.is_int_value(term):
        return bool(term.as_long() > 0)
    if z3.is_mul(term):
        return all(_is_positive(factor) for factor in term.children())
    return bool(z3.is_const(term) and term.is_int() and term.decl().name().endswith(POSITIVE))


z3.ArithRef.__floordiv__ = _floor_division


def integer(name: str) -> z3.ArithRef:
    """An unbounded integer."""
    return z3.Int(name)


def positive(name: str) -> z3.ArithRef:
    """An integer that may be a divisor: the claim that divides by it has to have `term > 0` among its hypotheses."""
    return z3.Int(name + POSITIVE)


def word(name: str) -> z3.BitVecRef:
    """A 64-bit word."""
    return z3.BitVec(name, WORD)


def constant(value: int) -> z3.BitVecRef:
    """A 64-bit constant."""
    return z3.BitVecVal(value, WORD)


def at_most(low: z3.BitVecRef | int, high: z3.BitVecRef | int) -> z3.BoolRef:
    """Unsigned low <= high on words."""
    return z3.ULE(low, high)


def below(low: z3.BitVecRef | int, high: z3.BitVecRef | int) -> z3.BoolRef:
    """Unsigned low < high on words."""
    return z3.ULT(low, high)
