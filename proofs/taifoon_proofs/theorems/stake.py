"""Sections 5.2 and 6.1: stake buys seats, splitting it buys no more, and no unit appears or vanishes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

from taifoon.economics.ledger import (
    Ledger,
    admit,
    burn,
    close_epoch,
    deposit,
    genesis_ledger,
    held,
    is_conserved,
    leave,
    pay_fee,
    withdraw,
)
from taifoon.economics.registry import seats, seats_of_stake
from taifoon.economics.slashing import Destination, conforming_destinations
from taifoon.primitives.types import Amount
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.economy import BAD_PROOF, CHAIN, jurisdiction, record_of, submission
from taifoon_models.keys import key
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer, positive
from taifoon_proofs.theorems.conservation_steps import PROVED_REACH, step_claims
from taifoon_proofs.theorems.rewards import witness_of
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

HOLDERS = (0, 1, 2)
LENGTH = 4

Step = Callable[[Profile, Ledger, Destination], Ledger]


@scenario("stake/split")
def a_split_stake_gains_seats(profile: Profile, trace: Trace, *, stake: int, parts: list[int]) -> bool:
    """A stake, in tenths of a seat, holds more seats when it is split over several keys."""
    tenth = profile.parameters.seat_stake // 10
    whole = seats(profile, stake * tenth)
    split = tuple(seats(profile, part * tenth) for part in parts)
    trace.state("split", stake=stake, seats=whole, parts=tuple(parts), seats_of_parts=split)
    return sum(split) > whole


def splits() -> Iterator[dict[str, Json]]:
    """Every split of up to four seats, in tenths, into two parts, and some into three."""
    for first in range(1, 41):
        for second in range(1, 41 - first):
            yield {"stake": first + second, "parts": [first, second]}
            yield {"stake": first + second + 7, "parts": [first, second, 7]}


@theorem("T-A3", requirements=("R-6.1-1", "R-0-8"), needs={Resolution.SEATS}, technique=Technique.COMBINED)
def splitting_a_stake_gains_no_seat(profile: Profile) -> Verdict:
    """Induction over the parts, with stakes and the price of a seat symbolic; the shipped rule runs on small splits."""
    explored = exhaust(profile, "stake/split", "every split of up to 4 seats in tenths, into 2 and 3 parts", splits())
    if Resolution.SEATS not in profile:
        return explored
    unit, part, parts, counted = positive("unit"), integer("part"), integer("parts"), integer("counted")
    given = (unit > 0, part >= 0, parts >= 0, counted <= seats_of_stake(unit, parts))
    total = seats(profile, parts)
    return conclude(
        prove(
            "every price of a seat, every number of parts",
            Claim("no-part-has-no-seat", (unit > 0, parts == 0), seats_of_stake(unit, parts) == 0),
            Claim("one-more-part", given, counted + seats_of_stake(unit, part) <= seats_of_stake(unit, parts + part)),
            Claim(
                "the-shipped-price",
                (parts >= 0,),
                total * profile.parameters.seat_stake <= parts,
                witness_of(profile, "stake/split", splits()),
            ),
        ),
        explored,
    )


def pay(profile: Profile, ledger: Ledger, destination: Destination) -> Ledger:
    """Close an epoch in which all members but the last sign all blocks and prove a job."""
    absent = frozenset((block, HOLDERS[-1]) for block in range(1, 4))
    return close_epoch(profile, ledger, (record_of(HOLDERS, 3, absent, proofs=HOLDERS),))


def idle(profile: Profile, ledger: Ledger, destination: Destination) -> Ledger:
    """Close as many epochs without blocks as a withdrawal waits."""
    for _ in range(profile.parameters.unbonding_delay + profile.parameters.seed_lag):
        ledger = close_epoch(profile, ledger, ())
    return ledger


def report(profile: Profile, ledger: Ledger, destination: Destination) -> Ledger:
    """Report an invalid submission of member 0 in the epoch at hand."""
    evidence = submission(profile, 0, ledger.epoch, 1, BAD_PROOF)
    return admit(profile, ledger, jurisdiction(0, HOLDERS), evidence, key(9), destination)


STEPS: dict[str, Step] = {
    "deposit": lambda profile, ledger, _: deposit(profile, ledger, key(0), Amount(profile.parameters.seat_stake)),
    "leave": lambda profile, ledger, _: leave(profile, ledger, key(0)),
    "withdraw": lambda profile, ledger, _: withdraw(profile, ledger, key(0)),
    "burn": lambda profile, ledger, _: burn(profile, ledger, key(9), Amount(5)),
    "fee": lambda profile, ledger, _: pay_fee(profile, ledger, key(9), Amount(4)),
    "pay": pay,
    "idle": idle,
    "report": report,
}


@scenario("stake/conservation")
def units_appear_or_vanish(profile: Profile, trace: Trace, *, steps: list[str]) -> bool:
    """After some steps the units held and burned are not those issued, or an account is below zero.

    A step that is refused changes nothing.
    """
    seat = profile.parameters.seat_stake
    balances = ((key(0), Amount(3 * seat)), (key(9), Amount(7)))
    for destination in conforming_destinations(profile):
        ledger = genesis_ledger(profile, CHAIN, balances, tuple((key(holder), Amount(seat)) for holder in HOLDERS))
        for step in steps:
            try:
                ledger = STEPS[step](profile, ledger, destination)
            except Rejected as rejected:
                trace.state(step, code=rejected.code.name)
                continue
            trace.state(step, held=held(ledger), issued=ledger.issued, treasury=ledger.treasury)
            if not is_conserved(ledger):
                return True
    return False


def histories() -> Iterator[dict[str, Json]]:
    """Every sequence of up to so many steps."""
    for length in range(1, LENGTH + 1):
        for steps in product(STEPS, repeat=length):
            yield {"steps": list(steps)}


@theorem(
    "T-E16",
    requirements=("R-5.1-6", "R-5.2-1"),
    needs={Resolution.SEATS, Resolution.REWARD, Resolution.SLASHING},
    technique=Technique.COMBINED,
)
def every_unit_is_conserved(profile: Profile) -> Verdict:
    """Induction over the steps: each one of the shipped ledger runs, path by path, on symbolic amounts and epochs.

    For every way in which its comparisons can come out, it refuses or keeps the sum and every sign. Keys, stakes,
    convictions and the work of an epoch are few and fixed there. Every sequence of a few steps is explored beside it.
    """
    explored = exhaust(
        profile, "stake/conservation", f"every sequence of up to {LENGTH} of {len(STEPS)} steps", histories()
    )
    if not explored.outcome.holds:
        return explored
    return conclude(prove(PROVED_REACH, *step_claims(profile)), explored)
