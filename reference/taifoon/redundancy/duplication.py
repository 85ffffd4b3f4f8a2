"""Section 3.1: the adaptive duplication factor (R-3.1-1 to R-3.1-8).

The factor is a ceiling of a real number, so one wrong bit gives another factor, and clients that disagree on it draw
other replicas. Here it is found by integers: log2(N) is enclosed ever more narrowly until both ends have one ceiling.
"""

from __future__ import annotations

from math import isqrt

from icontract import ensure, require

from taifoon.primitives.arithmetic import ceiling_division
from taifoon.primitives.types import Amount
from taifoon.profile import Profile, Resolution
from taifoon.redundancy import literal
from taifoon.redundancy.coverage import Ratio, coverage_minimum
from taifoon.rejection import Rejected, RejectionCode

MINIMUM_REPLICAS = 2
"""The least of the source: one replica alone can be lost or withheld."""

FIRST_PLACES = 8
"""Binary places of the first enclosure: enough unless the real value is near an integer."""

GUARD_BITS = 64
"""Bits that a square keeps beyond the places asked for: the rounding of all squares together stays below them."""


def is_ceiling_of_root(result: int, numerator: int, denominator: int) -> bool:
    """Whether `result` is the least integer not below sqrt(numerator / denominator). Runs on symbolic terms."""
    covers = numerator <= result * result * denominator
    is_least = (result - 1) * (result - 1) * denominator < numerator
    return (result >= 0) & covers & ((result == 0) | is_least)


@require(lambda numerator, denominator: numerator >= 0 and denominator > 0)
@ensure(lambda numerator, denominator, result: is_ceiling_of_root(result, numerator, denominator))
def ceiling_of_root(numerator: int, denominator: int) -> int:
    """The least integer not below sqrt(numerator / denominator)."""
    whole = ceiling_division(numerator, denominator)
    return isqrt(whole - 1) + 1 if whole > 0 else 0


def rounded_down(mantissa: int, width: int) -> tuple[int, int]:
    """The leading `width` bits of a number and how many bits were dropped: mantissa >= leading * 2^dropped."""
    dropped = max(0, mantissa.bit_length() - width)
    return mantissa >> dropped, dropped


def rounded_up(mantissa: int, width: int) -> tuple[int, int]:
    """A number rounded up to `width` leading bits and how many bits were dropped: mantissa <= leading * 2^dropped."""
    dropped = max(0, mantissa.bit_length() - width)
    return -(-mantissa >> dropped), dropped


def logarithm_bounds(number: int, places: int) -> tuple[int, int]:
    """Integers on both sides of log2(number) * 2^places, the same one twice for a power of two.

    The bit length of number^(2^places) tells its logarithm. Squaring `places` times gives that power; rounding each
    square, once down and once up, keeps the two mantissas short and on their sides. Rejects with DUPLICATION_INPUT what
    has no logarithm.
    """
    if number < 1:
        raise Rejected(RejectionCode.DUPLICATION_INPUT, f"N is {number}; a logarithm is of at least 1")
    width = places + GUARD_BITS
    below, below_exponent = number, 0
    above, above_exponent = number, 0
    for _ in range(places):
        below, dropped = rounded_down(below * below, width)
        below_exponent = 2 * below_exponent + dropped
        above, dropped = rounded_up(above * above, width)
        above_exponent = 2 * above_exponent + dropped
    return below_exponent + below.bit_length() - 1, above_exponent + (above - 1).bit_length()


def exact_ceiling(seats: int, failures: Ratio, value: int, baseline: int) -> int:
    """The ceiling of log2(N) * (1 + F) * sqrt(V / V_baseline) over the real numbers.

    The loop ends: the real value is an integer only if N is a power of two, and then the first enclosure is exact;
    else log2(N) is transcendental (Gelfond and Schneider), and so is its product with the square root of a rational.
    Rejects with DUPLICATION_INPUT where there are no seats.
    """
    factor = failures.numerator + failures.denominator
    numerator = factor * factor * value
    denominator = failures.denominator * failures.denominator * baseline
    places = FIRST_PLACES
    while True:
        scale = denominator << 2 * places
        least, greatest = (ceiling_of_root(end * end * numerator, scale) for end in logarithm_bounds(seats, places))
        if least == greatest:
            return least
        places *= 2


def is_clamped(result: int, stated: int, covering: int, capable: int) -> bool:
    """Whether `result` is the lesser of `capable` and the greater of `stated` and `covering`. Runs on terms."""
    is_enough = (result >= stated) & (result >= covering)
    is_needed = (result <= stated) | (result <= covering)
    return (result <= capable) & is_needed & ((result == capable) | is_enough)


@ensure(lambda stated, covering, capable, result: is_clamped(result, stated, covering, capable))
def clamped(stated: int, covering: int, capable: int) -> int:
    """What the formula and the promise ask for, as far as there are capable seats."""
    return min(capable, max(stated, covering))


def check_inputs(seats: int, failures: Ratio, value: int, baseline: int, capable: int) -> None:
    """Demand the domain of the factor. Rejects with DUPLICATION_INPUT."""
    for name, number, least in (
        ("N", seats, 0),
        ("V", value, 0),
        ("V_baseline", baseline, 1),
        ("capable", capable, 0),
        ("the denominator of F", failures.denominator, 1),
        ("the numerator of F", failures.numerator, 0),
    ):
        if number < least:
            raise Rejected(RejectionCode.DUPLICATION_INPUT, f"{name} is {number}; it is at least {least}")
    if failures.numerator > failures.denominator:
        detail = f"F is {failures.numerator}/{failures.denominator}; it is at most 1"
        raise Rejected(RejectionCode.DUPLICATION_INPUT, detail)
    if capable > seats:
        detail = f"capable is {capable}; it is at most N, the {seats} seats that are registered"
        raise Rejected(RejectionCode.DUPLICATION_INPUT, detail)


def stated_factor(profile: Profile, seats: int, failures: Ratio, value: int, baseline: int) -> int:
    """Rule: what the formula of section 3.1 gives for at least one seat.

    Literally in floating point; repaired, the ceiling of the real number.
    """
    if Resolution.DUPLICATION in profile:
        return max(MINIMUM_REPLICAS, exact_ceiling(seats, failures, value, baseline))
    return literal.duplication(seats, failures.numerator, failures.denominator, value, baseline)


def duplication_factor(profile: Profile, seats: int, failures: Ratio, value: int, baseline: int, capable: int) -> int:
    """Rule: how many seats prove a job. Rejects with DUPLICATION_INPUT outside the domain.

    Literally the formula, without a cap; repaired, no less than the promised coverage takes, and no more than there are
    capable seats.
    """
    if Resolution.DUPLICATION not in profile:
        return stated_factor(profile, seats, failures, value, baseline)
    check_inputs(seats, failures, value, baseline, capable)
    if capable < MINIMUM_REPLICAS:
        return capable
    stated = stated_factor(profile, seats, failures, value, baseline)
    return clamped(stated, coverage_minimum(failures, capable), capable)


def counted_value(profile: Profile, declared: int) -> int:
    """Rule: the value at stake of a job that declares `declared`. Literally that; repaired, no more than the cap."""
    if Resolution.DUPLICATION in profile:
        return min(declared, profile.parameters.value_cap)
    return declared


def factor_of_job(
    profile: Profile, seats: int, failures: Ratio, declared: Amount, capable: int, raised: int = 0
) -> int:
    """The factor of a job in an epoch: by its declared value, raised by so many replicas where coverage was low.

    `seats` and `failures` are those of the epoch's snapshot. Rejects with DUPLICATION_INPUT outside the domain.
    """
    value = counted_value(profile, declared)
    factor = duplication_factor(profile, seats, failures, value, profile.parameters.value_baseline, capable)
    return factor + min(raised, max(0, capable - factor))


def least_fee(profile: Profile, factor: int, price: Amount) -> Amount:
    """Rule: the least fee of a job whose work has this price for one replica.

    Literally none is stated; repaired, every replica is paid for, so that a high declared value has its cost.
    """
    if Resolution.DUPLICATION in profile:
        return Amount(factor * price)
    return Amount(0)
