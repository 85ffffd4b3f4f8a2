"""Section 3.2: the triggers are exact at their limits, and a low efficiency is a bad one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product

import z3

from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Epoch
from taifoon.profile import Profile, Resolution
from taifoon.redundancy.metrics import (
    WINDOW,
    BlockRecord,
    BlockUse,
    ClusterUse,
    TypeCount,
    efficiency,
    fold,
)
from taifoon.redundancy.triggers import (
    cluster_is_busy,
    coverage_is_low,
    efficiency_gain,
    efficiency_is_low,
    is_overloaded,
    share_is_low,
    type_is_low,
)
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Counterexample, Json, Technique, Verdict, conclude

COVERAGE, UTILISATION, EFFICIENCY = Fraction(95, 100), Fraction(80, 100), Fraction(7, 10)
TOKEN = 10**18
"""Base units of a token with 18 decimals: sums of money are as long as that."""


@scenario("trigger/coverage-limit")
def coverage_trigger_is_wrong(profile: Profile, trace: Trace, *, done: int, due: int) -> bool:
    """The coverage trigger is undefined, or fires other than exactly below 95 % of enough due jobs."""
    enough = due >= profile.parameters.minimum_due
    expected = enough and Fraction(done, due) < COVERAGE
    trace.state("count", done=done, due=due, expected=expected)
    try:
        fires = type_is_low(profile, TypeCount(ProofType.HEADER_INCLUSION, due, done, 0))
    except ZeroDivisionError:
        trace.state("undefined")
        return True
    trace.state("compare", fires=fires)
    return fires != expected


@scenario("trigger/utilisation-limit")
def utilisation_trigger_is_wrong(profile: Profile, trace: Trace, *, loads: list[int], capacity: int) -> bool:
    """The utilisation trigger is undefined, or fires other than exactly for ten blocks above 80 % in a row."""
    blocks = tuple(BlockUse(load, capacity) for load in loads)
    last = loads[-WINDOW:]
    above = [Fraction(load, capacity) > UTILISATION if capacity else load > 0 for load in last]
    expected = len(last) == WINDOW and all(above)
    trace.state("use", loads=tuple(loads), capacity=capacity, expected=expected)
    try:
        fires = cluster_is_busy(profile, ClusterUse(ClusterId(0), blocks[-WINDOW:]))
    except ZeroDivisionError:
        trace.state("undefined")
        return True
    trace.state("compare", fires=fires)
    return fires != expected


@scenario("trigger/efficiency-limit")
def efficiency_trigger_is_wrong(profile: Profile, trace: Trace, *, cost: int, revenue: int) -> bool:
    """The efficiency trigger is undefined, or fires other than exactly below 0.7, as the profile reads efficiency."""
    gain = efficiency_gain(profile, Amount(cost), Amount(revenue))
    expected = Fraction(gain, revenue) < EFFICIENCY if revenue else gain < 0
    trace.state("account", cost=cost, revenue=revenue, gain=gain, expected=expected)
    try:
        fires = efficiency_is_low(profile, Amount(cost), Amount(revenue))
    except ZeroDivisionError:
        trace.state("undefined")
        return True
    trace.state("compare", fires=fires)
    return fires != expected


def records_of(numbers: list[int]) -> tuple[BlockRecord, ...]:
    """Blocks by number, of two clusters and three proof types, all of them different."""
    types = tuple(ProofType)[:3]
    records = []
    for number in numbers:
        counts = tuple(TypeCount(each, 7 * number + 9, number + place, number) for place, each in enumerate(types))
        place = (Epoch(1), ClusterId(number % 2), BlockNumber(number // 2))
        accounts = (Amount(number), Amount(3 * number))
        records.append(BlockRecord(*place, counts, number + 1, number, 10 * number, 100, *accounts))
    return tuple(records)


@scenario("metrics/order-matters")
def metrics_depend_on_order(profile: Profile, trace: Trace, *, order: list[int], shift: int) -> bool:
    """The metrics of the same finalised blocks differ by the order of blocks, or of the entries within them."""
    turned = tuple(replace(each, types=each.types[shift:] + each.types[:shift]) for each in records_of(order))
    folded = [fold(Epoch(1), records) for records in (records_of(sorted(order)), turned)]
    trace.state("fold", order=tuple(order), shift=shift, due=tuple(each.types[0].due for each in folded))
    return folded[0] != folded[1]


def coverages() -> Iterator[dict[str, int]]:
    """Small samples, and the neighbourhood of 95 % in large ones."""
    for due in (*range(41), *range(98, 125)):
        for done in range(due + 1):
            yield {"done": done, "due": due}
    for due in (99, 100, 101, 1_000, 10_000, TOKEN):
        for off in (-1, 0, 1):
            yield {"done": due * 95 // 100 + off, "due": due}


def utilisations() -> Iterator[dict[str, Json]]:
    """Windows of eight to twelve blocks of which each is below, at or above the limit in every pattern of three."""
    for blocks, pattern, capacity in product(range(8, 13), product((79, 80, 81), repeat=3), (0, 100)):
        first, middle, last = pattern
        yield {"loads": [first, *[middle] * (blocks - 2), last], "capacity": capacity}


def accounts() -> Iterator[dict[str, int]]:
    """Costs around each limit, of no revenue, little and much."""
    for revenue in (0, 1, 10, 100, 1_000, TOKEN):
        for limit, off in product((0, revenue * 3 // 10, revenue * 7 // 10, revenue, 2 * revenue), (-1, 0, 1)):
            if limit + off >= 0:
                yield {"cost": limit + off, "revenue": revenue}


def limit_claims() -> tuple[Claim, ...]:
    """The shipped comparisons are those of the ratios as real numbers, wherever these are defined."""
    part, whole = integer("part"), integer("whole")
    ratio = z3.Real("ratio")
    defined = (whole >= 1, part >= 0, ratio * z3.ToReal(whole) == z3.ToReal(part))
    gain = integer("gain")
    gained = (whole >= 1, ratio * z3.ToReal(whole) == z3.ToReal(gain))
    return (
        Claim("coverage-fires-below-95-percent", defined, coverage_is_low(part, whole) == (ratio < z3.Q(95, 100))),
        Claim("utilisation-fires-above-80-percent", defined, is_overloaded(part, whole) == (ratio > z3.Q(80, 100))),
        Claim("efficiency-fires-below-seven-tenths", gained, share_is_low(gain, whole) == (ratio < z3.Q(7, 10))),
        Claim("no-due-jobs-do-not-fire", (), z3.Not(coverage_is_low(z3.IntVal(0), z3.IntVal(0)))),
        Claim("no-load-does-not-fire", (whole >= 0,), z3.Not(is_overloaded(z3.IntVal(0), whole))),
    )


@theorem(
    "T-S6",
    requirements=("R-3.2-1", "R-3.2-2", "R-3.2-3", "R-3.2-5", "R-3.2-6"),
    needs={Resolution.METRICS},
    technique=Technique.COMBINED,
)
def the_triggers_are_exact(profile: Profile) -> Verdict:
    """The shipped comparisons run on symbolic counters and are held against the ratios as real numbers.

    The triggers themselves run on samples of every size up to forty jobs, on windows around ten blocks, and on sums of
    money around each limit, against rational numbers. Their counters are folded from blocks in every order.
    """
    return conclude(
        exhaust(profile, "trigger/coverage-limit", "up to 40 due jobs, 98 to 124, and around 95 %", coverages()),
        exhaust(profile, "trigger/utilisation-limit", "windows of 8 to 12 blocks around 80 %", utilisations()),
        exhaust(profile, "trigger/efficiency-limit", "no revenue to 10^18, around each limit", accounts()),
        exhaust(
            profile,
            "metrics/order-matters",
            "five blocks of two clusters in every order, entries in three",
            ({"order": list(order), "shift": shift} for order in permutations(range(5)) for shift in range(3)),
        ),
        prove("every counter", *limit_claims()),
    )


@scenario("trigger/good-efficiency-fires")
def efficiency_is_upside_down(profile: Profile, trace: Trace, *, cost: int, revenue: int) -> bool:
    """The trigger fires at a margin of 0.7 or more, or does not fire below; or a smaller cost is less efficient."""
    margin = Fraction(revenue - cost, revenue)
    fires = efficiency_is_low(profile, Amount(cost), Amount(revenue))
    ratios = [efficiency(profile, Amount(each), Amount(revenue)) for each in (cost, cost + 1)]
    cheaper, dearer = (Fraction(each.numerator, each.denominator) for each in ratios)
    trace.state(
        "account", cost=cost, revenue=revenue, margin_in_100=int(100 * margin), fires=fires, falls=dearer > cheaper
    )
    return fires != (margin < EFFICIENCY) or dearer > cheaper


@theorem(
    "T-S7",
    requirements=("R-3.2-4", "R-3.2-7"),
    needs={Resolution.EFFICIENCY},
    technique=Technique.COMBINED,
)
def low_efficiency_is_bad(profile: Profile) -> Verdict:
    """The shipped numerator of the efficiency and the shipped comparison run on a symbolic cost and revenue.

    A model of the negation is run as a scenario. Costs from nothing to twice the revenue are run as well.
    """
    cost, revenue = integer("cost"), integer("revenue")
    margin = z3.Real("margin")
    defined = (cost >= 0, revenue >= 1, margin * z3.ToReal(revenue) == z3.ToReal(revenue - cost))
    fires = share_is_low(efficiency_gain(profile, cost, revenue), revenue)

    def witness(model: Mapping[str, int]) -> Counterexample | None:
        return Counterexample(
            "trigger/good-efficiency-fires", {"cost": model.get("cost", 0), "revenue": model.get("revenue", 1)}
        )

    return conclude(
        prove(
            "every cost and every revenue",
            Claim("fires-exactly-below-seven-tenths", defined, fires == (margin < z3.Q(7, 10)), witness),
            Claim("every-loss-fires", (cost >= 0, revenue >= 0, cost > revenue), fires, witness),
            Claim("nothing-earned-nothing-spent", (cost == 0, revenue == 0), z3.Not(fires), witness),
        ),
        exhaust(
            profile,
            "trigger/good-efficiency-fires",
            "revenues of 1 to 40, costs up to twice as much",
            ({"cost": spent, "revenue": earned} for earned in range(1, 41) for spent in range(2 * earned + 1)),
        ),
    )
