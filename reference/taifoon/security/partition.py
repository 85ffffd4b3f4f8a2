"""Section 6.2: which side of a partition goes on (R-6.2-3).

Members drawn by hash are spread over the network, so a partition cuts through clusters. The committee stays who it is,
however few of it are in reach: two disjoint sides never both have a quorum of it, and the side without one waits.
"""

from __future__ import annotations

from dataclasses import replace

from icontract import ensure, require

from taifoon.core.certificate import Committee
from taifoon.core.quorum import quorum
from taifoon.primitives.types import PublicKey, Seat
from taifoon.profile import Profile, Resolution


def seats_that_count(profile: Profile, seats: int, reachable: int) -> int:
    """Rule: of how many seats a quorum is taken: literally of those in reach, repaired of all. Runs on terms."""
    if Resolution.PARTITION in profile:
        return seats
    return reachable


def goes_on(profile: Profile, seats: int, reachable: int) -> bool:
    """Whether a side that reaches so many of a cluster's seats may finalise.

    Written with bitwise connectives, so that it runs on symbolic terms as well.
    """
    return (reachable >= 1) & (reachable >= quorum(profile, seats_that_count(profile, seats, reachable)))


@require(lambda committee, side: all(0 <= seat < len(committee.keys) for seat in side))
@ensure(lambda profile, committee, result: Resolution.PARTITION not in profile or result == committee)
def committee_of_side(profile: Profile, committee: Committee, side: frozenset[Seat]) -> Committee:
    """Rule: against whom a side checks certificates: literally those that it sees, repaired the whole committee."""
    if Resolution.PARTITION in profile:
        return committee
    keys: tuple[PublicKey, ...] = tuple(key for seat, key in enumerate(committee.keys) if seat in side)
    return replace(committee, keys=keys)


def is_cut_off(profile: Profile, seats: int, reachable: int) -> bool:
    """Whether a synchronizer is cut off from its cluster, itself counted among those in reach.

    This alone begins and ends individual mode. Whoever eclipses a node can bring it about, and gains provisional
    results, which decide nothing.
    """
    return not goes_on(profile, seats, reachable)
