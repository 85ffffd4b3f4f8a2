"""Section 3.1: the duplication factor is exact, total, bounded, and reaches the promised coverage."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain, islice, product

import z3

from taifoon.profile import Profile, Resolution
from taifoon.redundancy.coverage import Ratio, is_promised
from taifoon.redundancy.duplication import (
    MINIMUM_REPLICAS,
    duplication_factor,
    is_ceiling_of_root,
    is_clamped,
    logarithm_bounds,
    stated_factor,
)
from taifoon.rejection import Rejected
from taifoon_models.real_ceiling import Case, near_ties, real_ceiling, ties
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Technique, Verdict, conclude

SEATS = (2, 3, 4, 5, 8, 10, 32, 33, 51, 64, 100, 1_000)
FAILURES = ((0, 1), (1, 20), (3, 10), (1, 2), (3, 5), (3, 4), (9, 10), (1, 1))
RATIOS = ((0, 1), (1, 100), (1, 1), (25, 16), (9, 4), (227, 1), (1_000_000, 1))


def factors(numbers: tuple[int, ...]) -> Iterator[Case]:
    """Factors of a grid of networks, failure rates, values and numbers of capable seats."""
    for seats, (missed, due), (value, baseline) in product(numbers, FAILURES, RATIOS):
        for capable in sorted({min(count, seats) for count in (0, 1, 2, 5, seats)}, reverse=True):
            yield {
                "seats": seats,
                "missed": missed,
                "due": due,
                "value": value,
                "baseline": baseline,
                "capable": capable,
            }


@scenario("duplication/out-of-bounds")
def factor_leaves_its_bounds(profile: Profile, trace: Trace, *, seats: int, capable: int, **inputs: int) -> bool:
    """The factor exceeds the capable seats, or is below two although two exist."""
    failures = Ratio(inputs["missed"], inputs["due"])
    factor = duplication_factor(profile, seats, failures, inputs["value"], inputs["baseline"], capable)
    trace.state("compute", seats=seats, capable=capable, **inputs, factor=factor)
    return not min(MINIMUM_REPLICAS, capable) <= factor <= capable


@theorem(
    "T-S1",
    requirements=("R-3.1-6", "R-3.1-8"),
    needs={Resolution.DUPLICATION},
    technique=Technique.COMBINED,
)
def the_factor_is_within_the_capable(profile: Profile) -> Verdict:
    """The shipped contract of the clamp, on symbolic integers, implies the bounds; a grid of inputs runs the rule."""
    factor, stated, covering, capable = (integer(name) for name in ("factor", "stated", "covering", "capable"))
    clamped = (is_clamped(factor, stated, covering, capable), stated >= MINIMUM_REPLICAS, covering >= 0)
    return conclude(
        exhaust(
            profile,
            "duplication/out-of-bounds",
            f"networks of up to {SEATS[-1]:,} seats, failure rates from 0 to 1, values up to 10^6 baselines",
            factors(SEATS),
        ),
        prove(
            "every factor that the clamp gives",
            Claim("factor-is-at-most-the-capable", clamped, factor <= capable),
            Claim("factor-is-at-least-two", (*clamped, capable >= MINIMUM_REPLICAS), factor >= MINIMUM_REPLICAS),
            Claim("the-few-capable-all-prove", (*clamped, capable < MINIMUM_REPLICAS), factor == capable),
        ),
    )


@scenario("duplication/undefined")
def factor_is_undefined(profile: Profile, trace: Trace, *, seats: int, capable: int, **inputs: int) -> bool:
    """The factor has no value inside its domain, or neither a value nor a refusal outside."""
    numbers = (seats, capable, inputs["missed"], inputs["value"], inputs["baseline"] - 1, inputs["due"] - 1)
    inside = min(numbers) >= 0 and inputs["missed"] <= inputs["due"] and capable <= seats
    failures = Ratio(inputs["missed"], inputs["due"])
    trace.state("ask", seats=seats, capable=capable, **inputs, inside=inside)
    try:
        factor = duplication_factor(profile, seats, failures, inputs["value"], inputs["baseline"], capable)
    except Rejected as refusal:
        trace.state("refused", reason=refusal.code.name)
        return inside
    except (ValueError, ZeroDivisionError) as failure:
        trace.state("undefined", reason=str(failure))
        return True
    trace.state("computed", factor=factor)
    return not inside


def edges() -> Iterator[Case]:
    """Inputs at the edges of the domain and one step outside."""
    for seats, capable, missed, due, value, baseline in product(
        (0, 1, 2, 3, 1 << 32, -1), (0, 1, 2, -1), (0, 1, 2, -1), (1, 2, 0), (0, 1, 1 << 64, -1), (1, 1 << 64, 0, -1)
    ):
        yield {
            "seats": seats,
            "missed": missed,
            "due": due,
            "value": value,
            "baseline": baseline,
            "capable": capable,
        }


@theorem(
    "T-S2",
    requirements=("R-3.1-2", "R-3.1-3", "R-3.1-5"),
    needs={Resolution.DUPLICATION},
    technique=Technique.EXHAUSTIVE,
)
def the_factor_is_total(profile: Profile) -> Verdict:
    """Every edge of the domain, alone and with every other, and one step outside: a factor inside, a refusal outside.

    Between the edges nothing divides and every loop is bounded by the seats, but for the enclosure, which T-S3 covers.
    """
    return exhaust(profile, "duplication/undefined", "every edge of the domain and one step outside", edges())


@scenario("duplication/not-the-ceiling")
def factor_is_not_the_ceiling(profile: Profile, trace: Trace, *, seats: int, **inputs: int) -> bool:
    """The formula of the source gives another number than over the real numbers."""
    failures = Ratio(inputs["missed"], inputs["due"])
    stated = stated_factor(profile, seats, failures, inputs["value"], inputs["baseline"])
    real = max(MINIMUM_REPLICAS, real_ceiling(seats, **inputs))
    trace.state("compute", seats=seats, **inputs, stated=stated, real=real)
    return stated != real


@scenario("duplication/enclosure-misses")
def enclosure_misses_the_logarithm(profile: Profile, trace: Trace, *, number: int, places: int) -> bool:
    """The enclosure of a logarithm does not hold its exact power, is wide, or is exact for no power of two."""
    low, high = logarithm_bounds(number, places)
    power = number ** (1 << places)
    trace.state("enclose", number=number, places=places, low=low, high=high, bits_of_power=power.bit_length())
    return not 1 << low <= power <= 1 << high or high - low != int(number.bit_count() != 1)


def ceilings() -> Iterator[Case]:
    """Exact ties and their neighbours, then near ties of other networks."""
    step = bound(8, 1)
    exact = islice(ties(20, 60), 0, None, step)
    near = near_ties(range(3, bound(60, 400)), range(1, bound(20, 60)), (100, 10**6, 10**18))
    return chain(exact, near)


def enclosure_claims() -> tuple[Claim, ...]:
    """What carries the ceiling from integers to the real number: roots, roundings, squares, and two ends that agree.

    All variables are real numbers, integers among them; of integers only this is used: above n means at least n + 1.
    """
    root, whole, numerator, denominator = z3.Reals("root whole numerator denominator")
    low, logarithm, high, square, ceiling = z3.Reals("low logarithm high square ceiling")
    lesser, greater, scale = z3.Reals("lesser greater scale")
    rounded_up = (denominator * (whole - 1) < numerator, numerator <= denominator * whole)
    floor_root = (root * root <= whole - 1, whole <= (root + 1) * (root + 1))
    one = z3.RealVal(1)
    return (
        Claim(
            "integer-root-gives-the-ceiling",
            (denominator > 0, root >= 0, *rounded_up, *floor_root),
            is_ceiling_of_root(root + 1, numerator, denominator),
        ),
        Claim(
            "a-lesser-number-has-a-lesser-square",
            (lesser >= 0, lesser <= greater),
            lesser * lesser <= greater * greater,
        ),
        Claim(
            "rounding-keeps-its-side", (lesser >= 0, lesser <= greater, scale >= 0), lesser * scale <= greater * scale
        ),
        Claim(
            "two-ends-with-one-ceiling-enclose-it",
            (
                low >= 0,
                low <= logarithm,
                logarithm <= high,
                square >= 0,
                is_ceiling_of_root(ceiling, low * low * square, one),
                is_ceiling_of_root(ceiling, high * high * square, one),
            ),
            is_ceiling_of_root(ceiling, logarithm * logarithm * square, one),
        ),
    )


def power_claims() -> tuple[Claim, ...]:
    """Where log2(N) is the integer k, the d with the shipped contract is the ceiling of k * sqrt(p / q).

    Proved for all real numbers in these places, and so for the integers.
    """
    k, p, q, d, value = z3.Reals("k p q d value")
    domain = (k >= 0, p >= 0, q > 0, value >= 0, value * value * q == k * k * p)
    ceiling = is_ceiling_of_root(d, k * k * p, q)
    # Instances of the claims on squares and on roundings, which spare the second solver the search for them.
    squares = z3.Implies(value <= d - 1, value * value <= (d - 1) * (d - 1))
    scaled = z3.Implies(value * value <= (d - 1) * (d - 1), value * value * q <= (d - 1) * (d - 1) * q)
    return (
        Claim("power-of-two-not-below-the-value", (*domain, ceiling), value <= d),
        Claim("power-of-two-least", (*domain, ceiling, d >= 1, squares, scaled), d - 1 < value),
    )


@theorem(
    "T-S3",
    requirements=("R-3.1-7",),
    needs={Resolution.DUPLICATION},
    technique=Technique.COMBINED,
)
def the_ceiling_is_exact(profile: Profile) -> Verdict:
    """Z3 proves, for all numbers, that the shipped contract of the root is the real ceiling where N is a power of two.

    For any other N it proves the steps that carry an enclosure of log2(N), an arbitrary real number, to the ceiling:
    roundings and squares keep their side, and two ends with one ceiling give it to all between. Ties, their neighbours
    and near ties are compared with decimal logarithms, enclosures with exact powers. That the loop ends is a theorem of
    number theory.
    """
    return conclude(
        exhaust(
            profile,
            "duplication/not-the-ceiling",
            "exact ties up to N = 2^20, one more and one less in V, and near ties of other N",
            ceilings(),
        ),
        exhaust(
            profile,
            "duplication/enclosure-misses",
            "numbers up to 300, up to 9 places",
            ({"number": number, "places": places} for number in range(1, 301) for places in range(10)),
        ),
        prove("every N that is a power of two", *power_claims()),
        prove("every enclosure of log2(N)", *enclosure_claims()),
    )


@scenario("duplication/coverage-missed")
def coverage_is_missed(profile: Profile, trace: Trace, *, seats: int, capable: int, **inputs: int) -> bool:
    """Independent replicas leave more than 5 % uncovered, although the capable seats together would not."""
    missed, due = inputs["missed"], inputs["due"]
    factor = duplication_factor(profile, seats, Ratio(missed, due), inputs["value"], inputs["baseline"], capable)
    uncovered, best = Fraction(missed, due) ** factor, Fraction(missed, due) ** capable
    trace.state(
        "cover", seats=seats, capable=capable, **inputs, factor=factor, coverage_in_10000=int((1 - uncovered) * 10_000)
    )
    return uncovered > Fraction(1, 20) >= best


@theorem(
    "T-S14",
    requirements=("R-3.2-1",),
    needs={Resolution.DUPLICATION},
    technique=Technique.COMBINED,
)
def the_factor_gives_the_coverage(profile: Profile) -> Verdict:
    """By induction every replica beyond enough is enough, so the clamp keeps the promise; a grid runs the rule."""
    missing, whole, missed, due = z3.Reals("missing whole missed due")
    ratio = (missing >= 0, whole > 0, missed >= 0, missed <= due, due > 0)
    factor, stated, covering, capable = (integer(name) for name in ("factor", "stated", "covering", "capable"))
    return conclude(
        exhaust(
            profile,
            "duplication/coverage-missed",
            f"networks of up to {SEATS[-1]:,} seats, failure rates from 0 to 1, values up to 10^6 baselines",
            factors(SEATS),
        ),
        prove(
            "every failure rate and every number of capable seats that reaches the promise",
            Claim(
                "one-replica-more-keeps-the-promise",
                (*ratio, is_promised(missing, whole)),
                is_promised(missing * missed, whole * due),
            ),
            Claim(
                "the-clamp-keeps-what-covers",
                (is_clamped(factor, stated, covering, capable), covering <= capable),
                factor >= covering,
            ),
        ),
    )
