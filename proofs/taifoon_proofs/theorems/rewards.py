"""Section 5.1: rewards are defined, stay within a budget that is known before, and leave little over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product

import z3

from taifoon.economics.rewards import (
    ClusterRecord,
    bonus,
    budget,
    conforming_roundings,
    efficiency_epoch,
    payouts,
    portion,
    reward,
    smaller,
)
from taifoon.primitives.types import PublicKey
from taifoon.profile import Profile, Resolution
from taifoon_models.economy import record_of
from taifoon_models.keys import key
from taifoon_proofs.establish import Claim, Witness, exhaust, first_violation, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer, positive
from taifoon_proofs.verdict import Counterexample, Json, Technique, Verdict, conclude

BASE = 1_000


def amounts(profile: Profile, base: int, record: ClusterRecord) -> dict[PublicKey, int]:
    """What each member is paid; nothing where the formula gives no number."""
    return {payout.key: payout.amount or 0 for payout in payouts(profile, base, record)}


def witness_of(profile: Profile, name: str, cases: Iterable[Mapping[str, Json]]) -> Witness:
    """The first violation of a scenario, as the witness of a claim."""

    def witness(model: object) -> Counterexample | None:
        return first_violation(profile, name, cases)

    return witness


def floor_of(quotient: z3.ArithRef, amount: z3.ArithRef, part: z3.ArithRef, whole: z3.ArithRef) -> z3.BoolRef:
    """What a claim knows of a portion: that it is the floor; `portion-is-a-floor` shows it of the shipped formula."""
    exact = amount * part
    return z3.And(quotient >= 0, quotient * whole <= exact, exact < (quotient + 1) * whole)


def product_of(first: z3.ArithRef, second: z3.ArithRef) -> z3.BoolRef:
    """An instance of `naturals-multiply`: solvers find these products only if somebody names them."""
    return z3.Implies(z3.And(first >= 0, second >= 0), first * second >= 0)


def product_claim() -> Claim:
    """The product of natural numbers is one."""
    first, second = integer("first"), integer("second")
    return Claim("naturals-multiply", (first >= 0, second >= 0), first * second >= 0)


def portion_claim() -> Claim:
    """The shipped portion is the floor of the exact one."""
    amount, part, whole = integer("amount"), integer("part"), positive("whole")
    hypotheses = (amount >= 0, part >= 0, whole > 0)
    return Claim("portion-is-a-floor", hypotheses, floor_of(portion(amount, part, whole), amount, part, whole))


@scenario("rewards/over-budget")
def payouts_exceed_the_budget(
    profile: Profile, trace: Trace, *, members: int, blocks: int, signers: int, reached: int, average: int
) -> bool:
    """The rewards of a cluster sum to more than its base and bonus.

    Each member proves one job; the first members sign every block.
    """
    absent = frozenset((block, seat) for block in range(1, blocks + 1) for seat in range(signers, members))
    holders = tuple(range(members))
    record = record_of(holders, blocks, absent, proofs=holders, reached=reached, average=average)
    paid = amounts(profile, BASE, record)
    limit = budget(profile, BASE, reached, average)
    trace.state("pay", members=members, base=BASE, budget=limit, paid=tuple(paid.values()), total=sum(paid.values()))
    return sum(paid.values()) > limit


def clusters() -> Iterator[dict[str, Json]]:
    """Clusters of 1 to 7 members, every number of signers, several ratios of efficiency."""
    for (reached, average), members in product(((1, 1), (0, 1), (1, 3), (10, 1), (7, 10), (1, 0)), range(1, 8)):
        for signers in range(members + 1):
            for blocks in (0, 1, 3):
                yield {
                    "members": members,
                    "blocks": blocks,
                    "signers": signers,
                    "reached": reached,
                    "average": average,
                }


def sum_claims(witness: Witness) -> tuple[Claim, ...]:
    """Portions of a whole sum to at most the whole, and to nearly the whole; by induction over the members.

    `parts` is what the members so far have of the whole, `paid` what they were paid, `members` how many they are.
    """
    amount, whole = integer("amount"), positive("whole")
    paid, parts, members, part, quotient = (integer(name) for name in ("paid", "parts", "members", "part", "quotient"))

    def invariant(paid: z3.ArithRef, parts: z3.ArithRef, members: z3.ArithRef) -> z3.BoolRef:
        exact = amount * parts
        return z3.And(paid >= 0, members >= 0, paid * whole <= exact, exact <= (paid + members) * whole)

    given = (amount >= 0, whole > 0)
    zero = z3.IntVal(0)
    next_member = (part >= 0, floor_of(quotient, amount, part, whole))
    return (
        portion_claim(),
        Claim("no-member-is-paid-nothing", given, invariant(zero, zero, zero)),
        Claim(
            "one-more-member",
            (*given, *next_member, invariant(paid, parts, members)),
            invariant(paid + quotient, parts + part, members + 1),
        ),
        Claim(
            "portions-stay-within-the-amount",
            (*given, invariant(paid, parts, members), parts <= whole),
            paid <= amount,
            witness,
        ),
        Claim(
            "a-full-whole-leaves-at-most-a-unit-each",
            (*given, invariant(paid, parts, members), parts == whole),
            z3.And(amount - paid >= 0, amount - paid <= members),
            witness,
        ),
    )


def bonus_claims(profile: Profile, witness: Witness) -> tuple[Claim, ...]:
    """The bonus is at most kappa fifths of the base, and within it where there is no average."""
    base, reached, ratio, quotient = (integer(name) for name in ("base", "reached", "ratio", "quotient"))
    average = positive("average")
    cap = profile.parameters.bonus_cap
    zero = bonus(cap, base, reached, 0)
    limited = smaller(reached, cap * average)
    given = (base >= 0, reached >= 0, average > 0)
    return (
        Claim(
            "bonus-is-a-portion",
            given,
            z3.And(
                bonus(cap, base, reached, average) == portion(2 * base, limited, 10 * average),
                limited >= 0,
                limited <= cap * average,
            ),
        ),
        product_claim(),
        Claim(
            "bonus-is-capped",
            (
                *given,
                ratio <= cap * average,
                floor_of(quotient, 2 * base, ratio, 10 * average),
                product_of(base, cap * average - ratio),
            ),
            5 * quotient <= cap * base,
            witness,
        ),
        Claim("bonus-without-average", (base >= 0,), z3.And(zero >= 0, 5 * zero <= cap * base), witness),
    )


def two_sums() -> Claim:
    """A member's reward is a portion of the base and a portion of the bonus, so two sums make the total."""
    base, extra, proofs, signed = (integer(name) for name in ("base", "extra", "proofs", "signed"))
    all_proofs, all_signed = positive("all_proofs"), positive("all_signed")
    parts = portion(base, proofs, all_proofs) + portion(extra, signed, all_signed)
    given = (base >= 0, extra >= 0, all_proofs > 0, all_signed > 0)
    return Claim("reward-is-two-portions", given, reward(base, extra, proofs, all_proofs, signed, all_signed) == parts)


@theorem(
    "T-E1",
    requirements=("R-1-8", "R-5.1-1", "R-5.1-2", "R-5.1-4", "R-5.1-6", "R-9-9"),
    needs={Resolution.REWARD},
    technique=Technique.COMBINED,
)
def payouts_stay_within_the_budget(profile: Profile) -> Verdict:
    """Induction over the members, of whatever number: what they are paid so far is at most their exact share.

    The parts of all proofs sum to all proofs, and those of all signatures to at most one for each seat and block. The
    shipped payouts run for small clusters, every number of signers among them.
    """
    witness = witness_of(profile, "rewards/over-budget", clusters())
    if Resolution.REWARD in profile:
        unbounded = prove(
            "every number of members, every amount", two_sums(), *sum_claims(witness), *bonus_claims(profile, witness)
        )
        return conclude(unbounded, over_budget(profile))
    return over_budget(profile)


def over_budget(profile: Profile) -> Verdict:
    """The small clusters, exhaustively."""
    return exhaust(profile, "rewards/over-budget", "clusters of 1 to 7 members", clusters())


@scenario("rewards/undefined")
def a_reward_has_no_value(
    profile: Profile, trace: Trace, *, proofs: int, blocks: int, reached: int, average: int
) -> bool:
    """Some member's reward is no number, since a denominator is zero."""
    holders = (0, 1)
    record = record_of(holders, blocks, proofs=holders[:proofs], reached=reached, average=average)
    paid = payouts(profile, BASE, record)
    trace.state("pay", proofs=proofs, blocks=blocks, average=average, paid=tuple(item.amount for item in paid))
    return any(item.amount is None for item in paid)


@theorem("T-E2", requirements=("R-5.1-2", "R-5.1-3"), needs={Resolution.REWARD}, technique=Technique.EXHAUSTIVE)
def rewards_are_total(profile: Profile) -> Verdict:
    """Every choice of zero and not zero among proofs, blocks, the cluster's efficiency and the average."""
    cases = (
        {"proofs": proofs, "blocks": blocks, "reached": reached, "average": average}
        for proofs, blocks, reached, average in product(range(3), range(3), range(3), range(3))
    )
    return exhaust(profile, "rewards/undefined", "0 to 2 of each denominator", cases)


@scenario("rewards/rounding")
def rounding_is_open(profile: Profile, trace: Trace, *, base: int, members: int, reached: int) -> bool:
    """Two clients pay different amounts, or more than the budget, or leave two units a member and more.

    All members prove as much as each other and sign every block; the average efficiency is 3.
    """
    holders = tuple(range(members))
    record = record_of(holders, 2, proofs=holders, reached=reached, average=3)
    limit = budget(profile, base, reached, 3)
    totals = []
    for rounding in conforming_roundings(profile):
        totals.append(sum(payout.amount or 0 for payout in payouts(profile, base, record, rounding)))
        trace.state(f"round {rounding.value}", base=base, members=members, budget=limit, total=totals[-1])
    return len(set(totals)) > 1 or not all(0 <= limit - total < 2 * members for total in totals)


def remainders() -> Iterator[dict[str, Json]]:
    """Small bases that do and do not divide evenly."""
    for base, members, reached in product((0, 1, 7, 100, 101, 12_345), range(1, 9), (0, 1, 3, 5)):
        yield {"base": base, "members": members, "reached": reached}


def strict_remainder() -> Claim:
    """With at least one member the remainder of a full whole is below one unit each: the last step is strict."""
    amount, whole = integer("amount"), positive("whole")
    paid, parts, members, part, quotient = (integer(name) for name in ("paid", "parts", "members", "part", "quotient"))
    return Claim(
        "the-remainder-is-below-a-unit-each",
        (
            amount >= 0,
            whole > 0,
            part >= 0,
            amount * parts <= (paid + members) * whole,
            floor_of(quotient, amount, part, whole),
            parts + part == whole,
        ),
        amount - (paid + quotient) < members + 1,
    )


@theorem("T-E3", requirements=("R-5.1-2",), needs={Resolution.REWARD}, technique=Technique.COMBINED)
def the_remainder_is_small(profile: Profile) -> Verdict:
    """The induction of T-E1 bounds what is left of each of the two sums: less than a unit for each member.

    The shipped payouts run for small clusters under every rounding that the profile allows.
    """
    explored = exhaust(
        profile, "rewards/rounding", "6 bases, 1 to 8 members, 4 efficiencies, every allowed rounding", remainders()
    )
    if Resolution.REWARD not in profile:
        return explored
    witness = witness_of(profile, "rewards/rounding", remainders())
    return conclude(prove("every number of members", *sum_claims(witness), strict_remainder()), explored)


@scenario("rewards/uncapped")
def the_bonus_is_not_capped(profile: Profile, trace: Trace, *, reached: int, average: int) -> bool:
    """A member alone in its cluster earns more than the base and kappa fifths of it."""
    record = record_of((0,), 1, proofs=(0,), reached=reached, average=average)
    paid = amounts(profile, BASE, record)[key(0)]
    greatest = BASE + profile.parameters.bonus_cap * BASE // 5
    trace.state("pay", base=BASE, reached=reached, average=average, paid=paid, greatest=greatest)
    return paid > greatest


@theorem("T-E7", requirements=("R-5.1-5", "R-9-9"), needs={Resolution.REWARD}, technique=Technique.COMBINED)
def the_bonus_is_capped(profile: Profile) -> Verdict:
    """The shipped bonus on symbolic base and efficiencies; the payouts of a lone member for small efficiencies."""
    cases: list[dict[str, Json]] = [
        {"reached": reached, "average": average} for reached in range(21) for average in range(11)
    ]
    explored = exhaust(profile, "rewards/uncapped", "efficiencies of 0 to 20 over averages of 0 to 10", cases)
    if Resolution.REWARD not in profile:
        return explored
    witness = witness_of(profile, "rewards/uncapped", cases)
    return conclude(
        prove("every base and every efficiency", portion_claim(), *bonus_claims(profile, witness)), explored
    )


@scenario("rewards/own-efficiency")
def the_bonus_reads_its_own_epoch(profile: Profile, trace: Trace, *, epoch: int) -> bool:
    """The bonus of an epoch reads the efficiency of an epoch that is not over, whose revenue includes that bonus."""
    source = efficiency_epoch(profile, epoch)
    trace.state("read", epoch=epoch, reads=source)
    return source >= epoch


@theorem("T-E18", requirements=("R-5.1-5",), needs={Resolution.REWARD}, technique=Technique.UNBOUNDED_SMT)
def efficiency_is_well_founded(profile: Profile) -> Verdict:
    """The epoch that a bonus reads is strictly smaller, for every epoch; so the chain of reads ends before genesis."""
    epoch = integer("epoch")
    witness = witness_of(profile, "rewards/own-efficiency", [{"epoch": 0}])
    claim = Claim("a-bonus-reads-a-smaller-epoch", (epoch >= 0,), efficiency_epoch(profile, epoch) < epoch, witness)
    return prove("every epoch", claim)
