"""Section 3.1: the factor rises with network, failures and value, and no more is taken in than it leaves throughput."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product

import z3

from taifoon.primitives.types import Amount
from taifoon.profile import Profile, Resolution
from taifoon.redundancy.control import admitted_jobs
from taifoon.redundancy.coverage import Ratio
from taifoon.redundancy.duplication import (
    duplication_factor,
    factor_of_job,
    is_ceiling_of_root,
    is_clamped,
    least_fee,
)
from taifoon.redundancy.metrics import failure_rate, fold, read_records
from taifoon_models.load import blocks_with_failures
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

PRICE = Amount(1_000)


@scenario("duplication/falls")
def factor_falls(profile: Profile, trace: Trace, *, rising: str, values: list[int], **inputs: int) -> bool:
    """The factor falls although the network, the failures or the value rise."""
    found = []
    for value in values:
        case = {**inputs, rising: value}
        capable = min(case["seats"], case["capable"])
        failures = Ratio(case["missed"], case["due"])
        factor = duplication_factor(profile, case["seats"], failures, case["value"], case["baseline"], capable)
        trace.state(f"{rising} is {value}", **case, factor=factor)
        found.append(factor)
    return any(later < earlier for earlier, later in pairwise(found))


def monotone_claims() -> tuple[Claim, ...]:
    """The real value, its ceiling, the covering number and the clamp each grow with what they are made of."""
    logarithm, failures, value = z3.Reals("logarithm failures value")
    logarithm_2, failures_2, value_2 = z3.Reals("logarithm_2 failures_2 value_2")
    square, square_2, some, some_2, real, real_2 = z3.Reals("square square_2 some some_2 real real_2")
    first, second, covering, covering_2 = (integer(name) for name in ("first", "second", "covering", "covering_2"))
    factor, factor_2, capable, capable_2 = (integer(name) for name in ("factor", "factor_2", "capable", "capable_2"))
    one = z3.RealVal(1)
    # An instance of the first claim, which spares the second solver the search for it.
    squares = z3.Implies(real_2 <= real - 1, real_2 * real_2 <= (real - 1) * (real - 1))
    grown = (logarithm >= 0, logarithm <= logarithm_2, failures >= 0, failures <= failures_2)
    return (
        Claim(
            "products-of-greater-numbers-are-greater",
            (some >= 0, some <= some_2, square >= 0, square <= square_2),
            some * square <= some_2 * square_2,
        ),
        Claim(
            "greater-failures-have-greater-factors", grown, (1 + failures) * logarithm <= (1 + failures_2) * logarithm_2
        ),
        Claim(
            "the-square-grows-with-the-value", (value >= 0, value <= value_2, some >= 0), some * value <= some * value_2
        ),
        Claim(
            "greater-squares-have-greater-ceilings",
            (
                square >= 0,
                square <= square_2,
                is_ceiling_of_root(real, square, one),
                is_ceiling_of_root(real_2, square_2, one),
                squares,
            ),
            real - 1 < real_2,
        ),
        Claim("an-integer-above-one-less-is-no-less", (first - 1 < second,), first <= second),
        Claim(
            "the-clamp-is-monotone",
            (
                is_clamped(factor, first, covering, capable),
                is_clamped(factor_2, second, covering_2, capable_2),
                first <= second,
                covering <= covering_2,
                capable <= capable_2,
            ),
            factor <= factor_2,
        ),
    )


def rising_cases() -> Iterator[dict[str, Json]]:
    """Chains in which one input rises: seats through all powers of two and between, failures, value."""
    base: dict[str, Json] = {"seats": 51, "missed": 3, "due": 10, "value": 1, "baseline": 1, "capable": 10**6}
    for missed, value in product((0, 3, 10), (0, 1, 7)):
        yield {**base, "missed": missed, "value": value, "rising": "seats", "values": list(range(1, bound(300, 3_000)))}
    for seats, value in product((2, 5, 51, 64, 1_000), (0, 1, 7)):
        yield {**base, "seats": seats, "value": value, "due": 200, "rising": "missed", "values": list(range(201))}
    for seats, missed in product((2, 5, 51, 64, 1_000), (0, 3, 10)):
        values = list(range(200))
        yield {**base, "seats": seats, "missed": missed, "baseline": 16, "rising": "value", "values": values}


@scenario("duplication/over-admission")
def more_is_taken_in_than_is_worked(
    profile: Profile, trace: Trace, *, seats: int, missed: int, due: int, offered: int
) -> bool:
    """An epoch takes in jobs whose replicas exceed what the seats that do not fail make, one replica each."""
    failures = Ratio(missed, due)
    factor = duplication_factor(profile, seats, failures, 1, 1, seats)
    admitted = admitted_jobs(profile, offered, seats, failures, factor, 1)
    working = seats * (due - missed)
    trace.state(
        "admit",
        seats=seats,
        missed=missed,
        due=due,
        offered=offered,
        factor=factor,
        throughput_in_100=100 * working // (factor * due),
        admitted=admitted,
    )
    return admitted * factor * due > working


@theorem(
    "T-S5",
    requirements=("R-3.1-3", "R-3.1-7"),
    needs={Resolution.CONTROL},
    technique=Technique.COMBINED,
)
def the_factor_is_monotone(profile: Profile) -> Verdict:
    """Z3 proves each step from greater inputs to a greater factor, with log2(N), F and V as arbitrary real numbers.

    The shipped contracts of root and clamp run on terms; that the covering number grows with F is that each power of F
    does. Chains of rising inputs run the rule, at N = 2^k and around, and admission is run for offers above and below
    the throughput.
    """
    return conclude(
        exhaust(
            profile,
            "duplication/over-admission",
            "up to 60 seats, failure rates in tenths, offers of up to twice the seats",
            (
                {"seats": seats, "missed": missed, "due": 10, "offered": offered}
                for seats in range(2, 61)
                for missed in range(11)
                for offered in range(0, 2 * seats + 1, 5)
            ),
        ),
        exhaust(
            profile,
            "duplication/falls",
            "chains of rising seats, failures up to certainty, and values",
            rising_cases(),
        ),
        prove("every network, failure rate and value", *monotone_claims()),
    )


@scenario("duplication/own-beliefs")
def nodes_compute_different_factors(
    profile: Profile, trace: Trace, *, seats: int, missed: int, beliefs: list[int]
) -> bool:
    """Nodes with the same finalised blocks compute different factors of one job, as each measured for itself.

    Of ten replicas that were due, so many were missed by the finalised blocks, and by each node's own measurement.
    """
    finalised = blocks_with_failures(missed, 10)
    factors = []
    for belief in beliefs:
        metrics = fold(finalised[0].epoch, read_records(profile, blocks_with_failures(belief, 10), finalised))
        baseline = Amount(profile.parameters.value_baseline)
        factors.append(factor_of_job(profile, seats, failure_rate(metrics), baseline, seats))
        trace.state("measure", seats=seats, missed=missed, believed=belief, factor=factors[-1])
    return len(set(factors)) != 1


@scenario("duplication/unpaid-work")
def replicas_are_not_paid_for(profile: Profile, trace: Trace, *, seats: int, declared: int) -> bool:
    """The least fee of a job is below the price of the work that its factor asks for."""
    factor = factor_of_job(profile, seats, Ratio(0, 1), Amount(declared), seats)
    fee = least_fee(profile, factor, PRICE)
    trace.state("price", seats=seats, declared=declared, factor=factor, work=factor * PRICE, fee=fee)
    return fee < factor * PRICE


@scenario("duplication/everyone-proves")
def a_declared_value_makes_everyone_work(profile: Profile, trace: Trace, *, seats: int, declared: int) -> bool:
    """A job is proved by all seats, although none fails, only because it declares a high value."""
    factor = factor_of_job(profile, seats, Ratio(0, 1), Amount(declared), seats)
    trace.state("declare", seats=seats, declared=declared, factor=factor)
    return factor >= seats


def declared_values(least: int, greatest: int) -> Iterator[dict[str, int]]:
    """Values from nothing to what a 64-bit amount holds, for every number of seats between two."""
    for seats, declared in product(range(least, greatest + 1), (0, 10**6, 4 * 10**6, 4 * 10**6 + 1, 10**12, 2**64 - 1)):
        yield {"seats": seats, "declared": declared}


@theorem(
    "T-S4",
    requirements=("R-1-7", "R-3.1-1", "R-3.1-4"),
    needs={Resolution.METRICS, Resolution.DUPLICATION},
    technique=Technique.EXHAUSTIVE,
)
def the_factor_reads_agreed_state(profile: Profile) -> Verdict:
    """Nodes with every pair of own measurements and of finalised ones compute a factor, which has to be one.

    Declared values up to the greatest amount are priced and counted, in networks of seven seats and more.
    """
    greatest = bound(150, 2_000)
    reach = f"7 to {greatest} seats, values from nothing to the greatest amount"
    return conclude(
        exhaust(
            profile,
            "duplication/own-beliefs",
            "five networks, every failure rate in tenths, every pair of beliefs",
            (
                {"seats": seats, "missed": missed, "beliefs": [first, second]}
                for seats, missed, first, second in product((5, 10, 51, 100, 1_000), range(11), range(11), range(11))
            ),
        ),
        exhaust(profile, "duplication/unpaid-work", reach, declared_values(7, greatest)),
        exhaust(profile, "duplication/everyone-proves", reach, declared_values(7, greatest)),
    )
