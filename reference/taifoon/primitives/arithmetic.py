"""Exact arithmetic: integers with the direction of rounding in the name (`spec/0-conventions.md`).

Every formula runs on integers and on symbolic integer terms; divisors are positive constants.
"""

from __future__ import annotations

from icontract import ensure, require


@require(lambda divisor: divisor > 0)
@ensure(lambda dividend, divisor, result: (result - 1) * divisor < dividend <= result * divisor)
def checked_ceiling_division(dividend: int, divisor: int) -> int:
    """The least integer not below dividend / divisor, with its meaning as the contract."""
    return ceiling_division(dividend, divisor)


def ceiling_division(dividend: int, divisor: int) -> int:
    """The least integer not below dividend / divisor."""
    return -(-dividend // divisor)
