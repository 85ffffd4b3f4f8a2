"""Generated inputs that are made whole again after a change, so that they get past the first check.

Almost every change of what is signed ends at the signature, and almost every run of epochs at the first number that is
out of turn. A refit signs again with the models' keys, or counts on, so that the rules behind are compared as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from taifoon.network.envelope import Envelope, seal
from taifoon.network.kinds import Kind
from taifoon.primitives.encoding import decode, encode
from taifoon.redundancy.control import Control
from taifoon.rejection import Rejected
from taifoon_models.keys import key, seed
from taifoon_toolkit.vectors.books import ActsAsked, BooksAsked
from taifoon_toolkit.vectors.control import EpochOver
from taifoon_toolkit.vectors.envelopes import EnvelopeAsked
from taifoon_toolkit.vectors.gossip import GossipEvent, PacketArrives
from taifoon_toolkit.vectors.ledgers import LedgerGiven
from taifoon_toolkit.vectors.method import MACHINES, METHODS, NORMATIVE
from taifoon_toolkit.vectors.waiting import Enqueue, Node, QueueEvent
from taifoon_toolkit.vectors.wire import Json, from_json, to_json

KEYS = 12
"""Keys of the models that sign again."""


@cache
def seeds() -> dict[bytes, bytes]:
    """The secret seed of each of these keys."""
    return {bytes(key(number)): seed(number) for number in range(KEYS)}


def sealed_again(envelope: Envelope) -> Envelope:
    """The envelope with its sender's signature; as it was where the sender is none of the models' keys."""
    secret = seeds().get(bytes(envelope.statement.sender))
    return envelope if secret is None else seal(NORMATIVE, secret, envelope.statement)


def envelope_refit(given: EnvelopeAsked) -> EnvelopeAsked:
    """An arriving envelope, signed again."""
    return replace(given, envelope=sealed_again(given.envelope))


def epoch_refit(state: Control, event: EpochOver) -> EpochOver:
    """The end of an epoch, numbered as the epoch is."""
    return replace(event, metrics=replace(event.metrics, closed=state.epoch))


def packet_refit(_: Any, event: GossipEvent) -> GossipEvent:
    """A packet, signed again; other events as they are."""
    if isinstance(event, PacketArrives):
        return PacketArrives(replace(event.packet, envelope=sealed_again(event.packet.envelope)), event.now)
    return event


def queue_refit(state: Node, event: QueueEvent) -> QueueEvent:
    """An event of a queue; where nothing waits, a message comes in instead of being served."""
    waits = any(line.waiting for lines in state.queue.lines for line in lines)
    return event if waits or isinstance(event, Enqueue) else Enqueue(None, Kind.JOB_SUBMISSION, 0)


def conserved(ledger: LedgerGiven) -> LedgerGiven:
    """The ledger that has issued what is held."""
    stakes = sum(entry.deposited - entry.taken for entry in ledger.entries)
    free = sum(each.amount for each in ledger.balances)
    return replace(ledger, issued=stakes + free + ledger.treasury + ledger.burned)


def act_again(octets: bytes) -> bytes:
    """An act, signed again; as it was where it is no envelope."""
    try:
        return encode(Envelope, sealed_again(decode(Envelope, octets, NORMATIVE)))
    except Rejected:
        return octets


def acts_again(acts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Acts, signed again."""
    return tuple(act_again(octets) for octets in acts)


def acts_refit(given: ActsAsked) -> ActsAsked:
    """Acts on a ledger, signed again, and its units counted again."""
    return replace(given, ledger=conserved(given.ledger), acts=acts_again(given.acts))


def books_refit(given: BooksAsked) -> BooksAsked:
    """Books that close, with acts that are signed again, and units counted again."""
    economy = replace(given.economy, ledger=conserved(given.economy.ledger))
    return replace(given, economy=economy, work=replace(given.work, acts=acts_again(given.work.acts)))


REFITS: dict[str, Callable[[Any], Any]] = {
    "envelope.check": envelope_refit,
    "acts.apply": acts_refit,
    "books.close": books_refit,
}
EVENT_REFITS: dict[str, Callable[[Any, Any], Any]] = {
    "control": epoch_refit,
    "gossip": packet_refit,
    "queue": queue_refit,
}


def refitted(name: str, given: Json) -> Json:
    """What is given to a method, made whole again. Raises as reading it does."""
    method = METHODS[name]
    return to_json(method.given_form, REFITS[name](method.read(given))) if name in REFITS else given


def refitted_run(name: str, start: Json, events: Sequence[Json]) -> list[Json]:
    """The events of a run, each made whole again for the state that it meets. Raises as reading and running do."""
    if name not in EVENT_REFITS:
        return list(events)
    machine = MACHINES[name]
    state = machine.start(NORMATIVE, from_json(machine.start_form, start))
    fitted = []
    for written in events:
        event = EVENT_REFITS[name](state, from_json(machine.event_form, written))
        _, state = machine.advance(NORMATIVE, state, event)
        fitted.append(to_json(machine.event_form, event))
    return fitted
