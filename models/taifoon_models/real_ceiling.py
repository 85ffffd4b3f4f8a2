"""The ceiling of section 3.1 by another method: decimal logarithms with directed rounding.

Independent of the reference, which squares integers: here the logarithm is that of the decimal library, widened by one
unit in the last place on either side, and the number of digits doubles until both ends have one ceiling. Where N is a
power of two the value may be an integer, and rationals are compared instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import cache
from itertools import product
from math import ceil, gcd

FIRST_DIGITS = 30
NEAR_DIGITS = 80

Case = dict[str, int]


@cache
def logarithm_ends(number: int, digits: int) -> tuple[Decimal, Decimal]:
    """log2 of a number between two decimals."""
    down, up = Context(prec=digits, rounding=ROUND_FLOOR), Context(prec=digits, rounding=ROUND_CEILING)
    top, two = down.ln(Decimal(number)), down.ln(Decimal(2))
    return (
        down.divide(top.next_minus(down), two.next_plus(up)),
        up.divide(top.next_plus(up), two.next_minus(down)),
    )


def real_ceiling(seats: int, missed: int, due: int, value: int, baseline: int) -> int:
    """The ceiling of log2(N) * (1 + F) * sqrt(V / V_baseline) over the real numbers, for N >= 1."""
    if value == 0 or seats == 1:
        return 0
    if seats.bit_count() == 1:
        return rational_ceiling(seats, missed, due, value, baseline)
    digits = FIRST_DIGITS
    while True:
        down, up = Context(prec=digits, rounding=ROUND_FLOOR), Context(prec=digits, rounding=ROUND_CEILING)
        low, high = logarithm_ends(seats, digits)
        square = ((missed + due) * (missed + due) * value, due * due * baseline)
        low = down.multiply(low, down.sqrt(down.divide(*map(Decimal, square))).next_minus(down))
        high = up.multiply(high, up.sqrt(up.divide(*map(Decimal, square))).next_plus(up))
        if ceil(low) == ceil(high):
            return ceil(low)
        digits *= 2


def rational_ceiling(seats: int, missed: int, due: int, value: int, baseline: int) -> int:
    """The ceiling where log2(N) is an integer: the least whole number whose square is not below the value's."""
    square = ((seats.bit_length() - 1) * (1 + Fraction(missed, due))) ** 2 * Fraction(value, baseline)
    guess = ceil(Context(prec=FIRST_DIGITS).sqrt(Decimal(square.numerator) / Decimal(square.denominator)))
    return next(whole for whole in range(max(0, guess - 2), guess + 3) if whole * whole >= square)


def ties(greatest_power: int, roots: int) -> Iterator[Case]:
    """Inputs whose value is an integer, and those with one more or less in V: N a power of two, the root rational."""
    for power, due, root, divisor in product(range(1, greatest_power + 1), (1, 2, 5, 10, 20), range(1, roots), (1, 4)):
        for missed in range(due + 1):
            if gcd(missed, due) == 1 and power * (due + missed) * root % (due * divisor) == 0:
                for off in (-1, 0, 1):
                    scale = 10**12
                    yield {
                        "seats": 1 << power,
                        "missed": missed,
                        "due": due,
                        "value": root * root * scale + off,
                        "baseline": divisor * divisor * scale,
                    }


def near_ties(seats: range, whole: range, denominators: tuple[int, ...]) -> Iterator[Case]:
    """Inputs whose value is no integer but as near to one as the denominators allow, on either side."""
    for number, target in product(seats, whole):
        if number.bit_count() == 1:
            continue
        low, high = logarithm_ends(number, NEAR_DIGITS)
        wanted = (target / ((Fraction(low) + Fraction(high)) / 2)) ** 2
        for denominator in denominators:
            ratio = wanted.limit_denominator(denominator)
            if ratio > 0:
                yield {
                    "seats": number,
                    "missed": 0,
                    "due": 1,
                    "value": ratio.numerator,
                    "baseline": ratio.denominator,
                }
