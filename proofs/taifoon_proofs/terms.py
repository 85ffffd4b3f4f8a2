"""Lets the reference's integer formulas run on symbolic terms.

The reference divides with `//`. SMT-LIB division rounds towards the floor for a positive divisor, so `//` by a positive
constant means the same on terms; any other divisor, and any real dividend, is refused rather than given another
meaning.
"""

from __future__ import annotations

import z3

WORD = 64


def _floor_division(dividend: z3.ArithRef, divisor: object) -> z3.ArithRef:
    if not dividend.is_int():
        raise TypeError(f"symbolic // needs an integer dividend, not the real {dividend}")
    if not isinstance(divisor, int) or isinstance(divisor, bool) or divisor <= 0:
        raise TypeError(f"symbolic // needs a positive constant divisor, not {divisor!r}")
    return dividend / z3.IntVal(divisor)


z3.ArithRef.__floordiv__ = _floor_division


def integer(name: str) -> z3.ArithRef:
    """An unbounded integer."""
    return z3.Int(name)


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
