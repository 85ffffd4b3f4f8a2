"""Sections 2.4 and 6.2: how many seats decide, and how many may be faulty (R-2.4-5, R-6.2-1).

The two numbers belong together: two quorums have to share an honest seat, and the honest seats alone have to make one.
With n seats that is possible exactly for fewer than n/3 faults.
"""

from __future__ import annotations

from icontract import ensure, require

from taifoon.primitives.arithmetic import ceiling_division
from taifoon.profile import HARDENED, Profile, Resolution


def quorum(profile: Profile, seats: int) -> int:
    """Rule: seats that must sign. Literally two thirds, attained counting; repaired, more than two thirds."""
    if Resolution.QUORUM in profile:
        return 2 * seats // 3 + 1
    return ceiling_division(2 * seats, 3)


def tolerated_faults(profile: Profile, seats: int) -> int:
    """Rule: Byzantine seats tolerated. Literally up to a third, inclusive; repaired, fewer than a third."""
    if Resolution.QUORUM in profile:
        return (seats - 1) // 3
    return seats // 3


def guaranteed_overlap(seats: int, signers: int) -> int:
    """Fewest seats that two sets of this many signers share, by inclusion and exclusion."""
    return 2 * signers - seats


@require(lambda seats: seats >= 1)
@ensure(lambda seats, result: 1 <= result <= seats)
@ensure(lambda seats, result: 3 * result > 2 * seats)
@ensure(lambda seats, result: result == seats - tolerated_faults(HARDENED, seats))
def hardened_quorum(seats: int) -> int:
    """The quorum of the repaired protocol, with what it guarantees as its contract."""
    return quorum(HARDENED, seats)
