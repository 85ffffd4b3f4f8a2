"""Sections 5.2 and 6.1: what a synchronizer wants of the ledger, until a closing has it (R-5.2-1, R-6.1-1).

An order is told to all in each epoch anew, since an act counts in the closing of its own epoch only. It is stored
first, so that a restart does not lose it; said twice in an epoch it counts once.
"""

from __future__ import annotations

from dataclasses import replace

from taifoon.core.epoch_block import Closing
from taifoon.network.envelope import Envelope, message_octets
from taifoon.network.kinds import encode_message
from taifoon.network.messages import EvidenceReport
from taifoon.primitives.encoding import decode
from taifoon.primitives.types import Millis
from taifoon.profile import Profile
from taifoon.rejection import Rejected
from taifoon.synchronizer.acts import Act, after_act
from taifoon.synchronizer.closing import court_of
from taifoon.synchronizer.epoch_member import with_act
from taifoon.synchronizer.events import Effect, Spread, StoreOrders
from taifoon.synchronizer.state import Done, Synchronizer, spread


def repeat_orders(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done:
    """Ask again, in this epoch, for what no closing has taken up yet."""
    effects: tuple[Effect, ...] = ()
    for act in synchronizer.orders:
        synchronizer, more = said_act(profile, synchronizer, act, now)
        effects = (*effects, *more)
    return synchronizer, effects


def said_act(profile: Profile, synchronizer: Synchronizer, act: Act, now: Millis) -> Done:
    """Tell all of an act, and keep it for an own closing."""
    synchronizer, effects = spread(profile, synchronizer, act, now)
    envelopes = (each.packet.envelope for each in effects if isinstance(each, Spread))
    closing = synchronizer.closing
    for envelope in envelopes:
        closing = with_act(closing, envelope)
    return replace(synchronizer, closing=closing), effects


def ordered(profile: Profile, synchronizer: Synchronizer, act: Act, now: Millis) -> Done:
    """Take an order: it is stored, told to all, and repeated each epoch until a closing has it or it is in vain."""
    if act in synchronizer.orders:
        return synchronizer, ()
    synchronizer = replace(synchronizer, orders=(*synchronizer.orders, act))
    synchronizer, effects = said_act(profile, synchronizer, act, now)
    return synchronizer, (StoreOrders(synchronizer.orders), *effects)


def hear_act(profile: Profile, synchronizer: Synchronizer, envelope: Envelope, act: Act) -> Synchronizer:
    """Keep an act for a closing. Rejects as `after_act` does what no closing of the epoch could take up.

    Evidence, which only registered keys may send, is judged when a closing is made.
    """
    if not isinstance(act, EvidenceReport):
        after_act(profile, court_of(synchronizer), synchronizer.economy.ledger, act, envelope.statement.sender)
    return replace(synchronizer, closing=with_act(synchronizer.closing, envelope))


def still_open(profile: Profile, orders: tuple[Act, ...], fresh: Synchronizer, closing: Closing) -> tuple[Act, ...]:
    """The orders that a closing has not taken up, and that the ledger after it would still take."""
    own = fresh.terms.signer.public_key
    taken = tuple(decode(Envelope, octets, profile).statement for octets in closing.acts)
    done = {message_octets(statement) for statement in taken if statement.sender == own}
    return tuple(act for act in orders if encode_message(act) not in done and is_worth(profile, fresh, act))


def is_worth(profile: Profile, synchronizer: Synchronizer, act: Act) -> bool:
    """Whether the present ledger would take an own act."""
    ledger = synchronizer.economy.ledger
    try:
        return after_act(profile, court_of(synchronizer), ledger, act, synchronizer.terms.signer.public_key) != ledger
    except Rejected:
        return False
