"""Section 5.2: what offences cost (R-5.2-1 to R-5.2-4, RC-10).

The penalty of an epoch is one fold of a set: the basis points of distinct root causes, added, at most all of them, of
the stake in the epoch's snapshot, rounded down once. So it depends neither on the order of evidence nor on how often it
is shown, and never exceeds the stake. The formulas run on symbolic terms as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from icontract import ensure, require

from taifoon.economics.offences import Offence, OffenceKind, Slot
from taifoon.economics.rewards import smaller
from taifoon.primitives.types import Amount, PublicKey
from taifoon.profile import Profile, Resolution

WHOLE = 10_000
"""Basis points of a whole."""

LEAST_POINTS: dict[OffenceKind, int] = {
    OffenceKind.INVALID_PROOF: 500,
    OffenceKind.INACTIVITY: 200,
    OffenceKind.DESYNCHRONISATION: 1000,
    OffenceKind.BYZANTINE_PROPOSAL: 1500,
    OffenceKind.DOUBLE_VOTE: 1500,
    OffenceKind.INVALID_VOTE: 500,
    OffenceKind.WITHHELD_REVEAL: 200,
}
"""Basis points of each offence. The first four are the source's. A double vote is at least a Byzantine proposal; an
unread vote vouches for what is false, as an invalid submission does; a withheld reveal is silence, as inactivity is."""

CORRELATION = 3
"""How many times the guilty share a double vote costs: more than a third is guilty in a fork, so a fork costs all."""

WORD = 1 << 64
"""Amounts are unsigned words of 64 bits; a literal subtraction below zero wraps around."""


class Base(Enum):
    """What a percentage is taken of, where the source does not say."""

    CURRENT = "current stake"
    INITIAL = "initial stake"


class Destination(Enum):
    """Where slashed stake goes, where the source does not say."""

    TREASURY = "treasury"
    REPORTER = "reporter"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Conviction:
    """An offence on record, with its key's stake in the snapshot of its epoch."""

    offence: Offence
    snapshot: Amount


def conforming_bases(profile: Profile) -> tuple[Base, ...]:
    """What a client of this profile may take percentages of, the reading of RC-10 first; repaired, neither."""
    return () if Resolution.SLASHING in profile else tuple(Base)


def conforming_destinations(profile: Profile) -> tuple[Destination, ...]:
    """Where a client of this profile may put slashed stake."""
    return (Destination.TREASURY,) if Resolution.SLASHING in profile else tuple(Destination)


@require(lambda seats: seats > 0)
@require(lambda guilty, seats: 0 <= guilty <= seats)
@ensure(lambda result: LEAST_POINTS[OffenceKind.DOUBLE_VOTE] <= result <= WHOLE)
def checked_double_vote_points(guilty: int, seats: int) -> int:
    """The basis points of a double vote, with their bounds as the contract."""
    return double_vote_points(guilty, seats)


def double_vote_points(guilty: int, seats: int) -> int:
    """Basis points of a double vote when so many seats of a committee are guilty. Runs on symbolic terms as well."""
    least = LEAST_POINTS[OffenceKind.DOUBLE_VOTE]
    share = smaller(CORRELATION * WHOLE * guilty // seats, WHOLE)
    return least + (least < share) * (share - least)


def penalty(points: int, snapshot: int) -> int:
    """Base units that a sum of basis points takes of a stake. Runs on symbolic terms as well."""
    return smaller(points, WHOLE) * snapshot // WHOLE


@require(lambda points, snapshot: points >= 0 and snapshot >= 0)
@ensure(lambda snapshot, result: 0 <= result <= snapshot)
def checked_penalty(points: int, snapshot: int) -> int:
    """Base units that a sum of basis points takes of a stake, with their bounds as the contract."""
    return penalty(points, snapshot)


def reporter_share(share: int, taken: int) -> int:
    """What a reporter gets of a penalty at a share in basis points. Runs on symbolic terms as well."""
    return share * taken // WHOLE


def guilty_seats(offence: Offence, convictions: Iterable[Conviction]) -> int:
    """Seats of the offence's committee whose keys voted twice in its epoch."""
    place = (offence.slot.chain_id, offence.epoch, offence.slot.cluster)
    others = (item.offence for item in convictions if item.offence.kind is OffenceKind.DOUBLE_VOTE)
    weights = {item.key: item.seats for item in others if (item.slot.chain_id, item.epoch, item.slot.cluster) == place}
    return sum((weights | {offence.key: offence.seats}).values())


def points_of(offence: Offence, convictions: tuple[Conviction, ...]) -> int:
    """Basis points of one offence, given all that are on record."""
    if offence.kind is OffenceKind.DOUBLE_VOTE and offence.committee_seats > 0:
        return checked_double_vote_points(guilty_seats(offence, convictions), offence.committee_seats)
    return LEAST_POINTS[offence.kind]


def points_in_epoch(own: tuple[Conviction, ...], convictions: tuple[Conviction, ...]) -> int:
    """The sum of basis points of one key's offences in an epoch; of each signed slot its gravest offence alone."""
    gravest: dict[Slot, int] = {}
    for item in own:
        slot = item.offence.slot
        gravest[slot] = max(gravest.get(slot, 0), points_of(item.offence, convictions))
    return sum(gravest.values())


def literal_stake(base: Base, stake: int, offences: Iterable[Offence]) -> int:
    """The source's percentages, one after another in the order reported, each rounded down, in unsigned words."""
    left = stake
    for offence in offences:
        of = left if base is Base.CURRENT else stake
        left = (left - of * LEAST_POINTS[offence.kind] // WHOLE) % WORD
    return left


@require(lambda deposited, own: deposited >= 0 and all(item.snapshot >= 0 for item in own))
@ensure(lambda deposited, result: 0 <= result <= deposited)
def due(
    profile: Profile,
    deposited: int,
    own: tuple[Conviction, ...],
    convictions: tuple[Conviction, ...],
    base: Base = Base.CURRENT,
) -> int:
    """Rule: what all offences of one key together take of what it paid in.

    `own` are its convictions and `convictions` those of all keys. Literally each percentage is of the current stake, so
    that the order counts; repaired, the penalties of epochs add up, and never to more than there is.
    """
    if Resolution.SLASHING not in profile:
        return max(0, deposited - literal_stake(base, deposited, (item.offence for item in own)))
    penalties = 0
    for epoch in sorted({item.offence.epoch for item in own}):
        of_epoch = tuple(item for item in own if item.offence.epoch == epoch)
        penalties += checked_penalty(points_in_epoch(of_epoch, convictions), min(item.snapshot for item in of_epoch))
    return min(deposited, penalties)


def proceeds(profile: Profile, taken: int, destination: Destination) -> tuple[int, int]:
    """Rule: what of a penalty the treasury and the reporter get. Repaired, the reporter a small share of it."""
    if Resolution.SLASHING in profile:
        reported = reporter_share(profile.parameters.reporter_share, taken)
        return taken - reported, reported
    if destination is Destination.NOWHERE:
        return 0, 0
    return (taken, 0) if destination is Destination.TREASURY else (0, taken)


def convictions_of(convictions: tuple[Conviction, ...], key: PublicKey) -> tuple[Conviction, ...]:
    """The convictions of one key, in the order of the record."""
    return tuple(item for item in convictions if item.offence.key == key)
