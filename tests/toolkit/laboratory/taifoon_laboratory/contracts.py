"""Section 2.4: functions with contracts of every kind."""

from __future__ import annotations

from typing import Protocol

from icontract import ensure, require

from taifoon.rejection import Rejected, RejectionCode


class Shape(Protocol):
    """Something that CrossHair has no values of."""

    def area(self) -> int:
        """Its area."""


@ensure(lambda result: result >= 0)
def magnitude(number: int) -> int:
    """Holds."""
    return number if number >= 0 else -number


@ensure(lambda number, result: result > number)
def successor(number: int) -> int:
    """Fails at 7."""
    return number if number == 7 else number + 1


@ensure(lambda number, result: result > number)
def later(number: int) -> int:
    """Holds only if `successor` does."""
    return successor(number)


@ensure(lambda result: result >= 0)
def double_magnitude(number: int) -> int:
    """Holds, and so does its callee."""
    return 2 * magnitude(number)


@require(lambda number: number < 100)
def refuse_negative(number: int) -> int:
    """A refusal is no fault."""
    if number < 0:
        raise Rejected(RejectionCode.PARAMETER_INVALID, "negative")
    return number


@ensure(lambda result: result >= 0)
def area_of(shape: Shape) -> int:
    """Not for CrossHair."""
    return shape.area()
