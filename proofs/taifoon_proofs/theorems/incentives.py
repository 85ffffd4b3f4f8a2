"""Sections 5.1 and 5.2: arithmetic of incentives, for the shipped parameters and the stated gains and chances.

The gains, costs and chances are assumptions about the world and not rules, so they stand here and in
`spec/5-economics.md`; a deployment that has others has to run these theorems with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from taifoon.core.quorum import guaranteed_overlap, quorum
from taifoon.economics.ledger import Ledger, admit, charged, genesis_ledger, silence_of
from taifoon.economics.offences import Evidence, OffenceKind
from taifoon.economics.rewards import bonus
from taifoon.economics.slashing import WHOLE, double_vote_points
from taifoon.primitives.types import Amount
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.economy import (
    BAD_PROOF,
    CHAIN,
    bad_block,
    double_vote,
    jurisdiction,
    leading_seat,
    root_claim,
    submission,
    two_roots,
    vote_for,
)
from taifoon_models.keys import key
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import positive
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

VALIDATION_COST = 100
"""Units that checking a block costs: a thousandth of what a cluster earns in an epoch, far more than a second of a
processor."""
INVALID_RATE = 10
"""Basis points of blocks that are invalid: one in a thousand. With fewer, not reading is safer."""
UNREAD_DETECTION = 5_000
"""Basis points of unread votes for an invalid block that somebody reports; block and vote are public."""
COMMITTEES = (5, 6, 7, 10)
SILENCE = (OffenceKind.INACTIVITY, OffenceKind.WITHHELD_REVEAL)


@dataclass(frozen=True, slots=True)
class Temptation:
    """What an offender may gain by an offence, in units, and how often it is shown, in basis points."""

    detection: int
    gain: int


def temptations(profile: Profile) -> dict[OffenceKind, Temptation]:
    """The stated gain of each offence.

    A single member can at most gain all that its cluster earns in an epoch; a fork, the greatest value that one cluster
    decides alone. Every member checks every proof; of other offences half are taken to be shown.
    """
    base = profile.parameters.base_reward
    epoch = base + bonus(profile.parameters.bonus_cap, base, profile.parameters.bonus_cap, 1)
    half = WHOLE // 2
    return {
        OffenceKind.INVALID_PROOF: Temptation(9_000, epoch),
        OffenceKind.INACTIVITY: Temptation(9_000, VALIDATION_COST * profile.parameters.inactivity_blocks),
        OffenceKind.DESYNCHRONISATION: Temptation(half, epoch),
        OffenceKind.BYZANTINE_PROPOSAL: Temptation(half, epoch),
        OffenceKind.DOUBLE_VOTE: Temptation(half, profile.parameters.high_value),
        OffenceKind.INVALID_VOTE: Temptation(half, epoch),
        OffenceKind.WITHHELD_REVEAL: Temptation(9_000, epoch),
    }


def evidence_of(profile: Profile, kind: OffenceKind, holders: tuple[int, ...]) -> tuple[Evidence, ...]:
    """Evidence of an offence in epoch 0; of a fork, against as many seats as it convicts at least."""
    lead = leading_seat(profile, holders, 0, 1)
    follower = next(seat for seat in range(len(holders)) if seat != lead)
    block = bad_block(profile, holders, 0, 1)
    match kind:
        case OffenceKind.INVALID_PROOF:
            return (submission(profile, 0, 0, 1, BAD_PROOF),)
        case OffenceKind.DESYNCHRONISATION:
            return (two_roots(profile, 0, root_claim(0, 1, 1, "one"), root_claim(0, 1, 1, "other")),)
        case OffenceKind.BYZANTINE_PROPOSAL:
            return (vote_for(profile, holders, lead, block),)
        case OffenceKind.INVALID_VOTE:
            return (vote_for(profile, holders, follower, block),)
        case _:
            convicted = guaranteed_overlap(len(holders), quorum(profile, len(holders)))
            return tuple(double_vote(profile, holders, 0, seat, 1) for seat in range(convicted))


def lost(profile: Profile, kind: OffenceKind, committee: int) -> int:
    """What the offenders lose together when the offence is shown; each has one seat."""
    holders = tuple(range(committee))
    seat = Amount(profile.parameters.seat_stake)
    ledger = genesis_ledger(profile, CHAIN, (), tuple((key(holder), seat) for holder in holders))
    if kind in SILENCE:
        return taken_of(charged(profile, ledger, (silence_of(ledger, kind, key(0)),)))
    for evidence in evidence_of(profile, kind, holders):
        try:
            ledger = admit(profile, ledger, jurisdiction(1, holders), evidence, key(99))
        except Rejected:
            continue
    return taken_of(ledger)


def taken_of(ledger: Ledger) -> int:
    """All that was taken of stakes."""
    return sum(entry.taken for entry in ledger.entries)


@scenario("incentives/unread-vote")
def voting_unread_pays(profile: Profile, trace: Trace, *, committee: int) -> bool:
    """A member that votes without reading saves more than it has to expect to lose."""
    cost = lost(profile, OffenceKind.INVALID_VOTE, committee)
    expected = INVALID_RATE * UNREAD_DETECTION * cost
    trace.state("compare", penalty=cost, expected_loss=expected // WHOLE**2, cost_of_reading=VALIDATION_COST)
    return expected <= VALIDATION_COST * WHOLE**2


@theorem("T-E8", requirements=("R-1-8", "R-5.1-1"), needs={Resolution.SLASHING}, technique=Technique.EXHAUSTIVE)
def honest_validation_is_the_better_reply(profile: Profile) -> Verdict:
    """The shipped ledger judges and charges an unread vote; its expected cost is compared with that of reading."""
    cases = ({"committee": committee} for committee in COMMITTEES)
    return exhaust(profile, "incentives/unread-vote", "clusters of 5, 6, 7 and 10 seats, the stated chances", cases)


@scenario("incentives/offence-pays")
def an_offence_pays(profile: Profile, trace: Trace, *, kind: str, committee: int) -> bool:
    """The expected penalty of an offence is no more than its expected gain."""
    offence = OffenceKind[kind]
    temptation = temptations(profile)[offence]
    cost = lost(profile, offence, committee)
    expected_loss, expected_gain = temptation.detection * cost, (WHOLE - temptation.detection) * temptation.gain
    trace.state("compare", offence=kind, penalty=cost, gain=temptation.gain, shown_in_10000=temptation.detection)
    return expected_loss <= expected_gain


def offences() -> Iterator[dict[str, Json]]:
    """Each offence in clusters of several sizes."""
    for committee in COMMITTEES:
        for kind in OffenceKind:
            yield {"kind": kind.name, "committee": committee}


@theorem(
    "T-E15",
    requirements=("R-5.2-1", "R-5.2-2", "R-5.2-3", "R-5.2-4"),
    needs={Resolution.SLASHING, Resolution.DOUBLE_VOTE},
    technique=Technique.COMBINED,
)
def offences_do_not_pay(profile: Profile) -> Verdict:
    """The shipped ledger judges and charges each offence; the expected penalty is compared with the stated gain.

    A fork convicts at least as many seats as two quorums share (T-E10); with the shipped quorum and points that costs
    each of them the whole stake, for every number of seats.
    """
    explored = exhaust(profile, "incentives/offence-pays", "each offence, clusters of 5, 6, 7 and 10 seats", offences())
    if Resolution.DOUBLE_VOTE not in profile:
        return explored
    seats = positive("seats")
    convicted = guaranteed_overlap(seats, quorum(profile, seats))
    whole = Claim("a-fork-costs-the-whole-stake", (seats > 0,), double_vote_points(convicted, seats) == WHOLE)
    return conclude(prove("every number of seats", whole), explored)
