"""Sections 3.1 and 3.2 as written: IEEE doubles, operations in the order of the text (RC-09).

The profile DOCUMENT decides by these formulas, so that what they do wrong can be shown. It is the one file of this
section with floats: no rule of a profile that has `RES-DUP` and `RES-METRIC` reaches it. What has no value in the
arithmetic of the source raises the error of that arithmetic, ValueError, OverflowError or ZeroDivisionError.
"""

from __future__ import annotations

import math


def duplication(seats: int, missed: int, due: int, value: int, baseline: int) -> int:
    """`max(2, ceil(log2(N) * (1 + F) * sqrt(V / V_baseline)))`, with F = missed / due."""
    return max(2, math.ceil(math.log2(seats) * (1 + missed / due) * math.sqrt(value / baseline)))


def coverage_is_low(done: int, due: int) -> bool:
    """Coverage below 95 %."""
    return done / due < 0.95


def is_overloaded(load: int, capacity: int) -> bool:
    """Utilisation above 80 %."""
    return load / capacity > 0.8


def efficiency_is_low(gain: int, revenue: int) -> bool:
    """Efficiency below 0.7."""
    return gain / revenue < 0.7
