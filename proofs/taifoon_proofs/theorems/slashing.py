"""Section 5.2: the penalties of an epoch are one bounded fold, and each act costs once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations, permutations, product

import z3

from taifoon.economics.ledger import Ledger, admit, genesis_ledger, recorded
from taifoon.economics.offences import (
    NOTHING,
    Matter,
    Offence,
    OffenceKind,
    Slot,
)
from taifoon.economics.slashing import (
    LEAST_POINTS,
    WHOLE,
    conforming_bases,
    conforming_destinations,
    double_vote_points,
    due,
    literal_stake,
    penalty,
    reporter_share,
)
from taifoon.primitives.types import Amount, Epoch
from taifoon.profile import Profile, Resolution
from taifoon_models.economy import (
    BAD_PROOF,
    CHAIN,
    CLUSTER,
    jurisdiction,
    submission,
)
from taifoon_models.keys import key
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer, positive
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

KINDS = tuple(kind.name for kind in OffenceKind)
SOURCE_KINDS = KINDS[:4]
HOLDERS = (0, 1, 2, 3, 4)
STAKES = (0, 1, 6, 7, 10, 14, 49, 50, 100, 16_833)


def offence(kind: str, view: int) -> Offence:
    """An offence of member 0 in some view of epoch 0, without weight in a committee."""
    slot = Slot(CHAIN, Epoch(0), CLUSTER, Matter.VIEW, view, NOTHING)
    return Offence(OffenceKind[kind], key(0), slot)


def taken(profile: Profile, stake: int, kinds: tuple[str, ...], views: tuple[int, ...]) -> int:
    """What offences in this order take of a stake that is its own snapshot."""
    ledger = ledger_of(profile, stake)
    for kind, view in zip(kinds, views, strict=True):
        ledger = replace(ledger, convictions=recorded(profile, ledger, offence(kind, view)))
    return due(profile, stake, ledger.convictions, ledger.convictions)


def ledger_of(profile: Profile, stake: int) -> Ledger:
    """A ledger at genesis in which members 0 to 4 have the same stake, and member 9 reports."""
    return genesis_ledger(
        profile, CHAIN, ((key(9), Amount(0)),), tuple((key(holder), Amount(stake)) for holder in HOLDERS)
    )


@scenario("slashing/order")
def the_order_of_reports_counts(profile: Profile, trace: Trace, *, stake: int, kinds: list[str]) -> bool:
    """Offences of one epoch take another amount in this order than in that of the source's list, or than is there."""
    listed = tuple(sorted(kinds, key=KINDS.index))
    amounts = []
    for order in (listed, tuple(kinds)):
        # An offence keeps its view in every order.
        amounts.append(taken(profile, stake, order, tuple(KINDS.index(kind) for kind in order)))
        trace.state("slash", stake=stake, order=order, left=stake - amounts[-1])
    return amounts[0] != amounts[1] or not 0 <= amounts[1] <= stake


@scenario("slashing/open-base")
def the_base_of_a_percentage_is_open(profile: Profile, trace: Trace, *, stake: int, kinds: list[str]) -> bool:
    """Two clients leave different stakes, or a client more than there was."""
    views = tuple(range(len(kinds)))
    offences = tuple(offence(kind, view) for kind, view in zip(kinds, views, strict=True))
    left = [literal_stake(base, stake, offences) for base in conforming_bases(profile)]
    left = left or [stake - taken(profile, stake, tuple(kinds), views)]
    trace.state("slash", stake=stake, offences=tuple(kinds), left=tuple(left))
    return len(set(left)) > 1 or not all(0 <= amount <= stake for amount in left)


@scenario("slashing/replayed")
def a_report_counts_again(profile: Profile, trace: Trace, *, times: int) -> bool:
    """One piece of evidence, reported several times, takes more than once."""
    ledger = ledger_of(profile, 10_000)
    evidence = submission(profile, 0, 0, 1, BAD_PROOF)
    left = []
    for _ in range(times):
        ledger = admit(profile, ledger, jurisdiction(1, HOLDERS), evidence, key(9))
        left.append(ledger.entry(key(0)).stake)  # type: ignore[union-attr]
        trace.state("report", left=left[-1])
    return len(set(left)) > 1


@scenario("slashing/more-costs-less")
def more_offences_cost_less(profile: Profile, trace: Trace, *, stake: int, kinds: list[str], more: str) -> bool:
    """One offence more takes less than without it."""
    views = tuple(range(len(kinds)))
    before = taken(profile, stake, tuple(kinds), views)
    after = taken(profile, stake, (*kinds, more), (*views, len(kinds)))
    trace.state("slash", stake=stake, without=before, with_one_more=after)
    return after < before


def orders() -> Iterator[dict[str, Json]]:
    """Every order of the four offences of the source, for stakes small and large."""
    for stake, kinds in product(STAKES, permutations(SOURCE_KINDS)):
        yield {"stake": stake, "kinds": list(kinds)}


def lists() -> Iterator[dict[str, Json]]:
    """All four offences of the source, and 1 to 8 Byzantine proposals."""
    for stake in (100, 2_000_000):
        yield {"stake": stake, "kinds": list(SOURCE_KINDS)}
        for count in range(1, 9):
            yield {"stake": stake, "kinds": ["BYZANTINE_PROPOSAL"] * count}


def growing() -> Iterator[dict[str, Json]]:
    """Every set of up to three kinds, and each kind in addition."""
    for size in range(4):
        for kinds, more, stake in product(combinations(KINDS, size), KINDS, (1, 10, 10_000)):
            yield {"stake": stake, "kinds": list(kinds), "more": more}


def fold_claims() -> tuple[Claim, ...]:
    """The penalty lies between nothing and the stake, and rises with points, with the stake and with the guilty."""
    points, more, snapshot, larger = (integer(name) for name in ("points", "more", "snapshot", "larger"))
    guilty, others, committee = integer("guilty"), integer("others"), positive("committee")
    given = (points >= 0, snapshot >= 0)
    taken = penalty(points, snapshot)
    some, many = double_vote_points(guilty, committee), double_vote_points(guilty + others, committee)
    return (
        Claim("a-penalty-is-within-the-stake", given, z3.And(taken >= 0, taken <= snapshot)),
        Claim("rises-with-points", (*given, more >= 0), penalty(points + more, snapshot) >= taken),
        Claim("rises-with-the-stake", (*given, larger >= snapshot), penalty(points, larger) >= taken),
        Claim(
            "rises-with-the-guilty",
            (guilty >= 0, others >= 0, committee > 0),
            z3.And(many >= some, some >= LEAST_POINTS[OffenceKind.DOUBLE_VOTE], some <= WHOLE),
        ),
    )


@theorem(
    "T-E9",
    requirements=("R-5.2-1", "R-5.2-2", "R-5.2-3", "R-5.2-4"),
    needs={Resolution.SLASHING},
    technique=Technique.COMBINED,
)
def penalties_are_one_bounded_fold(profile: Profile) -> Verdict:
    """The shipped penalty on symbolic points and stakes; that a sum does not depend on its order needs no solver.

    The shipped record and fold run on every order of the source's offences, on repeated reports and growing sets.
    """
    explored = (
        exhaust(profile, "slashing/order", f"every order of four offences, {len(STAKES)} stakes", orders()),
        exhaust(profile, "slashing/open-base", "all four offences, and 1 to 8 proposals", lists()),
        exhaust(profile, "slashing/replayed", "one report up to 4 times", ({"times": times} for times in range(1, 5))),
        exhaust(profile, "slashing/more-costs-less", "sets of up to 3 kinds and one more", growing()),
    )
    return conclude(prove("every stake, every sum of points, every committee", *fold_claims()), *explored)


@scenario("slashing/one-act")
def one_act_costs_several_penalties(profile: Profile, trace: Trace, *, kinds: list[str]) -> bool:
    """What a key signed in one slot costs more than the gravest of the offences that it is."""
    stake = 2_000_000
    cost = taken(profile, stake, tuple(kinds), (1,) * len(kinds))
    gravest = max(LEAST_POINTS[OffenceKind[kind]] for kind in kinds)
    trace.state("slash", stake=stake, offences=tuple(kinds), gravest=gravest, cost=cost)
    return cost > stake * gravest // WHOLE


def acts() -> Iterator[dict[str, Json]]:
    """Every set of kinds, those of one bad proposal first."""
    yield {"kinds": ["BYZANTINE_PROPOSAL", "INVALID_PROOF", "DESYNCHRONISATION"]}
    for kinds in chain.from_iterable(combinations(KINDS, size) for size in range(1, len(KINDS) + 1)):
        yield {"kinds": list(kinds)}


@theorem("T-E14", requirements=("R-5.2-4",), needs={Resolution.SLASHING}, technique=Technique.EXHAUSTIVE)
def one_signed_object_costs_once(profile: Profile) -> Verdict:
    """Every set of kinds of offences in one slot."""
    return exhaust(profile, "slashing/one-act", f"every set of the {len(KINDS)} kinds", acts())


@scenario("slashing/self-report")
def reporting_oneself_is_free(profile: Profile, trace: Trace, *, stake: int) -> bool:
    """An offender that reports itself loses nothing, or gets all of it back."""
    for destination in conforming_destinations(profile):
        before = ledger_of(profile, stake)
        evidence = submission(profile, 0, 0, 1, BAD_PROOF)
        after = admit(profile, before, jurisdiction(1, HOLDERS), evidence, key(0), destination)
        entry = after.entry(key(0))
        kept = (0 if entry is None else entry.stake) + after.balance(key(0))
        trace.state(f"to {destination.value}", stake=stake, kept=kept)
        if kept >= stake:
            return True
    return False


@theorem(
    "T-E17",
    requirements=("R-5.2-1", "R-5.2-2", "R-5.2-3", "R-5.2-4"),
    needs={Resolution.SLASHING},
    technique=Technique.COMBINED,
)
def reporting_oneself_does_not_pay(profile: Profile) -> Verdict:
    """The shipped share of a reporter on a symbolic penalty: less than the penalty, so that something stays lost.

    Stakes of whole seats lose at least a unit by every offence; the shipped ledger runs for some of them.
    """
    share, snapshot = integer("share"), integer("snapshot")
    seat = profile.parameters.seat_stake
    rate = profile.parameters.reporter_share
    least = min(LEAST_POINTS.values())
    cases: list[dict[str, Json]] = [{"stake": seat * count} for count in (1, 2, 7)]
    return conclude(
        prove(
            "every penalty",
            Claim("a-share-is-less-than-the-penalty", (share > 0,), reporter_share(rate, share) < share),
            Claim("a-seat-loses-something", (snapshot >= seat,), penalty(least, snapshot) > 0),
        ),
        exhaust(profile, "slashing/self-report", "stakes of 1, 2 and 7 seats", cases),
    )
