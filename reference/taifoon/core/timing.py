"""Sections 2.4 and 6.2: how long a view lasts (R-2.2-4, R-6.2-0).

A timer has to outlast the steps of a view whose leader is honest, counted in message delays. The delay is not known, so
timers double whenever as many views as can have faulty leaders, and one more, brought no final block. Spans are in any
one unit of time; parameters are in milliseconds. The formulas run on integers and on symbolic integer terms.
"""

from __future__ import annotations

from icontract import ensure, require

from taifoon.core.quorum import tolerated_faults
from taifoon.primitives.types import Millis, View
from taifoon.profile import Profile

# The certificate that led into the view, the leader's proposal, and the votes for it, one delay each.
DELAYS_TO_NOTARISE = 3
# The proposal, the votes to notarise it, and the votes to finalise it, one delay each.
DELAYS_TO_FINALISE = 3


def entry_spread(delay: int) -> int:
    """From the first honest member's entry into a view until all are in: it sends on what let it in."""
    return delay


def least_timer(delay: int) -> int:
    """The shortest timer that never ends before an honest leader's block is seen to be notarised.

    It counts from a member's own entry; a message that arrives at the very end comes before the timer.
    """
    return DELAYS_TO_NOTARISE * delay


def finalised_within(delay: int) -> int:
    """From all honest members' being in a view of an honest leader until all of them see its block final."""
    return DELAYS_TO_FINALISE * delay


def left_within(delay: int, timer: int) -> int:
    """From all honest members' being in any view until all of them are in the next: timers end, and votes arrive."""
    return timer + delay


def finality_within(delay: int, timer: int, lost_views: int) -> int:
    """From all honest members' being in a view until all see a block final, with so many views lost on the way."""
    return lost_views * left_within(delay, timer) + finalised_within(delay)


def finality_after_synchrony(delay: int, timer: int, faults: int) -> int:
    """From the time of synchrony until all honest members see a block final.

    The view under way at that time may be lost whoever leads it, and then as many as there are faulty leaders.
    """
    return entry_spread(delay) + finality_within(delay, timer, faults + 1)


def grown_timer(delay: int, doublings: int) -> int:
    """The timer for an expected delay after some doublings."""
    return least_timer(delay) * int(2**doublings)


def fruitless_rounds(profile: Profile, seats: int, view: View, last_final: View) -> int:
    """How often as many views as have an honest leader among them went by since the last final block.

    Each such round shows that the timer was too short for the network as it was.
    """
    return (view - 1 - last_final) // (tolerated_faults(profile, seats) + 1)


@require(lambda seats: seats >= 1)
@require(lambda view, last_final: 0 <= last_final < view)
@ensure(lambda profile, result: result >= least_timer(profile.parameters.message_delay))
@ensure(
    lambda profile, result: (
        result <= grown_timer(profile.parameters.message_delay, profile.parameters.timeout_doublings)
    )
)
def view_timeout(profile: Profile, seats: int, view: View, last_final: View) -> Millis:
    """How long a member that has seen a block of view `last_final` final (0: only genesis) waits in a view.

    Members that have seen different blocks final may wait for different times; each waits long enough.
    """
    parameters = profile.parameters
    doublings = min(fruitless_rounds(profile, seats, view, last_final), parameters.timeout_doublings)
    return Millis(grown_timer(parameters.message_delay, doublings))
