"""Vectors of the queue of a node: in which order it serves what waits (RES-PRIO)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from taifoon.network import priority
from taifoon.network.envelope import Envelope, Statement
from taifoon.network.kinds import Kind
from taifoon.network.priority import Class, Queue, outranks
from taifoon.primitives.types import Epoch, Hash32, Millis, PublicKey, Signature64
from taifoon.profile import Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.case import Case, Step, Trace
from taifoon_toolkit.vectors.gossip import with_quota
from taifoon_toolkit.vectors.method import MACHINES, Machine, method
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Large, Small

SECTION = "4.2"


@dataclass(frozen=True, slots=True)
class KindsAsked:
    """Two kinds of messages."""

    first: Kind
    second: Kind


@dataclass(frozen=True, slots=True)
class RankGiven:
    """Whether the first comes before the second."""

    first: bool


@dataclass(frozen=True, slots=True)
class TurnAsked:
    """The number of a turn, at least 1."""

    turn: Large


@dataclass(frozen=True, slots=True)
class TurnGiven:
    """The class that has it."""

    service: Class


@dataclass(frozen=True, slots=True)
class QueueGiven:
    """An empty queue, and a quota for each sender in place of the one that ships."""

    quota: Small


@dataclass(frozen=True, slots=True)
class Enqueue:
    """A message comes in, in the quota of a key, or of all that are not registered; `number` tells it from others."""

    counts_for: Digest | None
    kind: Kind
    number: Large


@dataclass(frozen=True, slots=True)
class Serve:
    """The next message is served; something waits."""


QueueEvent = Enqueue | Serve


@dataclass(frozen=True, slots=True)
class OneWaiting:
    """A message that waits, or was served."""

    kind: Kind
    number: Large


@dataclass(frozen=True, slots=True)
class OneLine:
    """What one sender has waiting in a class, in order of arrival."""

    sender: Digest | None
    waiting: tuple[OneWaiting, ...]


@dataclass(frozen=True, slots=True)
class QueueState:
    """Turns that are over, the lines of each class, the next sender first, and what the last turn served."""

    turn: Large
    classes: tuple[tuple[OneLine, ...], ...]
    served: OneWaiting | None


@dataclass(frozen=True, slots=True)
class Node:
    """A queue with its quota, and what the last turn served."""

    quota: int
    queue: Queue
    served: Envelope | None = None


@method("priority.outranks", SECTION, "R-4.2-5", "R-4.1-12", "RES-PRIO")
def rank(profile: Profile, given: KindsAsked) -> RankGiven:
    """Whether one kind comes before another."""
    return RankGiven(outranks(profile, given.first, given.second))


@method("priority.turn", SECTION, "R-4.2-5", "RES-PRIO")
def turn(profile: Profile, given: TurnAsked) -> TurnGiven:
    """The class that a turn belongs to."""
    if given.turn == 0:
        raise ValueError("turn: turns begin with 1")
    return TurnGiven(tuple(Class)[priority.class_of_turn(given.turn)])


def envelope_of(event: Enqueue) -> Envelope:
    """An envelope that says no more than an event does."""
    sender = PublicKey(event.counts_for or bytes(32))
    statement = Statement(Hash32(bytes(32)), Epoch(0), event.kind, sender, event.number, Millis(0), b"")
    return Envelope(statement, Signature64(bytes(64)))


def start(profile: Profile, given: QueueGiven) -> Node:
    """An empty queue."""
    with_quota(profile, given.quota)
    return Node(given.quota, Queue())


def step(profile: Profile, state: Node, event: QueueEvent) -> Node:
    """The queue after an event, or a rejection."""
    bounded = with_quota(profile, state.quota)
    match event:
        case Enqueue(counts_for):
            key = None if counts_for is None else PublicKey(counts_for)
            queue = priority.enqueue(bounded, state.queue, key, envelope_of(event))
            return replace(state, queue=queue, served=None)
        case Serve():
            served, queue = priority.serve(bounded, state.queue)
            return replace(state, queue=queue, served=served)


def waiting(envelope: Envelope) -> OneWaiting:
    """A message as a snapshot has it."""
    return OneWaiting(envelope.statement.kind, envelope.statement.sequence)


def shown(state: Node) -> QueueState:
    """The whole state."""
    return QueueState(
        state.queue.turn,
        tuple(
            tuple(OneLine(line.sender, tuple(waiting(item) for item in line.waiting)) for line in lines)
            for lines in state.queue.lines
        ),
        None if state.served is None else waiting(state.served),
    )


MACHINES["queue"] = Machine(
    "queue",
    SECTION,
    ("R-4.2-5", "R-4.1-12", "RES-PRIO"),
    "What waits to be served: classes share the turns, and in a class its senders do.",
    QueueGiven,
    QueueEvent,
    QueueState,
    start,
    step,
    shown,
)

A, B, C = (bytes([letter]) * 32 for letter in (0xA0, 0xB0, 0xC0))
KIND_OF = dict(
    zip(
        Class,
        (Kind.BLOCK_VOTE, Kind.BLOCK_PROPOSAL, Kind.PEAKS_PUSH, Kind.PROOF_SUBMISSION, Kind.NODE_ANNOUNCE),
        strict=True,
    )
)
SERVE = Step(Serve())


def fill(*events: tuple[bytes | None, Kind]) -> tuple[Step, ...]:
    """Messages one after another, numbered from 0."""
    return tuple(Step(Enqueue(sender, kind, number)) for number, (sender, kind) in enumerate(events))


def traces() -> Iterator[Trace]:
    """Runs of a queue: classes, senders, quotas, and a mixture."""
    fair = Resolution.MESSAGE_PRIORITY
    roomy = QueueGiven(16)
    each = tuple((A, kind) for kind in KIND_OF.values())
    turned = (*fill(*each[::-1]), *(SERVE,) * 5)
    yield Trace("queue", "every-class-at-once", roomy, turned, decides=(fair,))
    flood = fill(*((A, Kind.BLOCK_VOTE),) * 9, (B, Kind.NODE_ANNOUNCE), (B, Kind.JOB_SUBMISSION), (B, Kind.LEAVE))
    yield Trace("queue", "a-flood-starves-none", roomy, (*flood, *(SERVE,) * 12), decides=(fair,))
    vote, job = Kind.BLOCK_VOTE, Kind.JOB_SUBMISSION
    turns = fill((A, vote), (A, vote), (A, vote), (B, vote), (C, vote), (C, vote))
    yield Trace("queue", "senders-take-turns", roomy, (*turns, *(SERVE,) * 6), decides=(fair,))
    comes_back = (*fill((A, vote), (B, vote)), SERVE, Step(Enqueue(A, vote, 9)), SERVE, SERVE)
    yield Trace("queue", "who-comes-back-stands-behind", roomy, comes_back)
    strangers = fill((None, job), (A, job), (None, job), (None, job))
    yield Trace("queue", "strangers-share-a-line", roomy, (*strangers, *(SERVE,) * 4), decides=(fair,))
    refused = RejectionCode.SENDER_QUOTA
    full = (
        *fill((A, vote), (A, job)),
        Step(Enqueue(A, vote, 2), refused, fair),
        Step(Enqueue(B, vote, 3)),
        SERVE,
        Step(Enqueue(A, Kind.LEAVE, 4)),
        Step(Enqueue(A, Kind.LEAVE, 5), refused, fair),
        SERVE,
    )
    yield Trace("queue", "a-quota-over-all-classes", QueueGiven(2), full)
    nobody = (
        Step(Enqueue(None, job, 0)),
        Step(Enqueue(None, Kind.REGISTRATION, 1), refused, fair),
        Step(Enqueue(A, job, 2)),
        SERVE,
        Step(Enqueue(None, Kind.REGISTRATION, 1)),
    )
    yield Trace("queue", "a-quota-of-all-strangers", QueueGiven(1), nobody)
    stream = Stream("vectors/queue")
    mixed: list[Step] = []
    held = 0
    for number in range(48):
        if held and stream.below(5) < 2:
            mixed.append(SERVE)
            held -= 1
        else:
            sender = stream.one_of((A, B, C, None))
            mixed.append(Step(Enqueue(sender, stream.one_of(tuple(Kind)), number)))
            held += 1
    yield Trace("queue", "mixed", QueueGiven(48), tuple(mixed), decides=(fair,))


def cases() -> Iterator[Case | Trace]:
    """All cases of this subject."""
    order = tuple(kind for kind, _ in priority.ORDER)
    for number, (first, second) in enumerate(pairwise(order)):
        yield Case("priority.outranks", f"neighbours-{number}", KindsAsked(first, second))
    chain = (Kind.BLOCK_PROPOSAL, Kind.MMR_PEAKS_REQUEST, Kind.JOB_ASSIGNMENT)
    for place, first in enumerate(chain):
        for second in chain[: place + 1]:
            yield Case("priority.outranks", f"source-{first.name}-{second.name}".lower(), KindsAsked(first, second))
    for number in (*range(1, 17), 32, 48, (1 << 63), (1 << 64) - 1):
        yield Case("priority.turn", f"turn-{number}", TurnAsked(number))
    yield from traces()
