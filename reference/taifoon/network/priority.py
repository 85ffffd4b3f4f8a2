"""Section 4.2: in which order a node serves what waits (R-4.2-5, R-4.1-12).

Five classes of kinds, in a total order that keeps the source's three. The order is one of weight: a class has every
second turn of those that the more urgent ones leave, so that a flood in one delays the others and starves none. Inside
a class senders take turns, and each has a quota.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from icontract import ensure, require

from taifoon.network.envelope import Envelope
from taifoon.network.kinds import Kind
from taifoon.primitives.types import PublicKey
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode


class Class(Enum):
    """Classes of kinds, the most urgent first."""

    AGREEMENT = "votes and certificates"
    PROPOSALS = "proposals"
    SYNCHRONISATION = "range synchronisation"
    JOBS = "jobs and proofs"
    PRESENCE = "presence"


ORDER: tuple[tuple[Kind, Class], ...] = (
    (Kind.BLOCK_FINALIZED, Class.AGREEMENT),
    (Kind.VIEW_CERTIFICATE, Class.AGREEMENT),
    (Kind.BLOCK_VOTE, Class.AGREEMENT),
    (Kind.EVIDENCE_REPORT, Class.AGREEMENT),
    (Kind.BEACON_REVEAL, Class.AGREEMENT),
    (Kind.BEACON_COMMITMENT, Class.AGREEMENT),
    (Kind.EPOCH_PROPOSAL, Class.PROPOSALS),
    (Kind.BLOCK_PROPOSAL, Class.PROPOSALS),
    (Kind.CATCH_UP_REQUEST, Class.PROPOSALS),
    (Kind.STRETCH_PUSH, Class.SYNCHRONISATION),
    (Kind.EPOCH_RECORD_REQUEST, Class.SYNCHRONISATION),
    (Kind.EPOCH_RECORD_RESPONSE, Class.SYNCHRONISATION),
    (Kind.PEAKS_PUSH, Class.SYNCHRONISATION),
    (Kind.MMR_PEAKS_REQUEST, Class.SYNCHRONISATION),
    (Kind.MMR_PEAKS_RESPONSE, Class.SYNCHRONISATION),
    (Kind.MMR_PROOF_REQUEST, Class.SYNCHRONISATION),
    (Kind.MMR_PROOF_RESPONSE, Class.SYNCHRONISATION),
    (Kind.CONSISTENCY_REQUEST, Class.SYNCHRONISATION),
    (Kind.CONSISTENCY_RESPONSE, Class.SYNCHRONISATION),
    (Kind.BLOCK_RANGE_REQUEST, Class.SYNCHRONISATION),
    (Kind.BLOCK_RANGE_RESPONSE, Class.SYNCHRONISATION),
    (Kind.PULL_REQUEST, Class.SYNCHRONISATION),
    (Kind.JOB_ASSIGNMENT, Class.JOBS),
    (Kind.PROOF_SUBMISSION, Class.JOBS),
    (Kind.CROSS_VALIDATION, Class.JOBS),
    (Kind.JOB_SUBMISSION, Class.JOBS),
    (Kind.METRICS_CHECKPOINT, Class.JOBS),
    (Kind.CLUSTER_JOIN, Class.PRESENCE),
    (Kind.NODE_ANNOUNCE, Class.PRESENCE),
    (Kind.REGISTRATION, Class.PRESENCE),
    (Kind.LEAVE, Class.PRESENCE),
)
"""Every kind with its class, the most urgent first: the total order."""

PLACES = {kind: place for place, (kind, _) in enumerate(ORDER)}
CLASSES = dict(ORDER)
CLASS_PLACES = {item: place for place, item in enumerate(Class)}

LITERAL_RANKS = {
    Kind.BLOCK_PROPOSAL: 0,
    Kind.MMR_PEAKS_REQUEST: 1,
    Kind.MMR_PEAKS_RESPONSE: 1,
    Kind.MMR_PROOF_REQUEST: 1,
    Kind.MMR_PROOF_RESPONSE: 1,
    Kind.JOB_ASSIGNMENT: 2,
}
"""What the source ranks: proposals, range synchronisation, assignments."""

LAST_RANK = 3


def urgency(envelope: Envelope) -> int:
    """The place of a message's kind in the total order; 0 is the most urgent."""
    return PLACES[envelope.statement.kind]


def is_fair(profile: Profile) -> bool:
    """Rule: whether classes and senders share the turns. Literally a higher rank always goes first."""
    return Resolution.MESSAGE_PRIORITY in profile


def outranks(profile: Profile, first: Kind, second: Kind) -> bool:
    """Rule: whether one kind comes before another. Literally this leaves five kinds without rank, after the others."""
    if is_fair(profile):
        return PLACES[first] < PLACES[second]
    return LITERAL_RANKS.get(first, LAST_RANK) < LITERAL_RANKS.get(second, LAST_RANK)


@dataclass(frozen=True, slots=True)
class Line:
    """What one sender has waiting in a class, in order of arrival."""

    sender: PublicKey | None
    waiting: tuple[Envelope, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits to be served: the turn, and for each class the lines of its senders, the next one first.

    Literally there is one line for each rank.
    """

    turn: int = 0
    lines: tuple[tuple[Line, ...], ...] = ((),) * len(Class)


def class_of_turn(turn: int) -> int:
    """The place of the class that a turn belongs to: the number of times 2 divides it, capped where classes end.

    So every class but the last has every second turn of those that the classes before it leave, and the last has all
    that are left.
    """
    place = 0
    while place < len(Class) - 1 and turn % 2 == 0:
        turn //= 2
        place += 1
    return place


def turns_between(place: int) -> int:
    """Turns from one of a class to its next."""
    return 1 << min(place + 1, len(Class) - 1)


def class_place(profile: Profile, kind: Kind) -> int:
    """The place of a kind's class; literally its rank."""
    return CLASS_PLACES[CLASSES[kind]] if is_fair(profile) else LITERAL_RANKS.get(kind, LAST_RANK)


def waiting_of(queue: Queue, sender: PublicKey | None) -> int:
    """How many messages of a sender wait."""
    return sum(len(line.waiting) for lines in queue.lines for line in lines if line.sender == sender)


@ensure(lambda queue, result: size(result) == size(queue) + 1)
def enqueue(profile: Profile, queue: Queue, counts_for: PublicKey | None, envelope: Envelope) -> Queue:
    """With one more message, in the quota of `counts_for`. Rejects with SENDER_QUOTA."""
    if not is_fair(profile):
        return _with_line(queue, class_place(profile, envelope.statement.kind), None, envelope)
    if waiting_of(queue, counts_for) >= profile.parameters.sender_quota:
        raise Rejected(
            RejectionCode.SENDER_QUOTA,
            f"{profile.parameters.sender_quota} messages of sender {envelope.statement.sender.hex()} wait already",
        )
    return _with_line(queue, class_place(profile, envelope.statement.kind), counts_for, envelope)


def _with_line(queue: Queue, place: int, sender: PublicKey | None, envelope: Envelope) -> Queue:
    lines = queue.lines[place]
    if any(line.sender == sender for line in lines):
        changed = tuple(Line(sender, (*line.waiting, envelope)) if line.sender == sender else line for line in lines)
    else:
        changed = (*lines, Line(sender, (envelope,)))
    return _with_lines(queue, place, changed)


def _with_lines(queue: Queue, place: int, lines: tuple[Line, ...]) -> Queue:
    return Queue(queue.turn, (*queue.lines[:place], lines, *queue.lines[place + 1 :]))


def size(queue: Queue) -> int:
    """How many messages wait."""
    return sum(len(line.waiting) for lines in queue.lines for line in lines)


def served_class(profile: Profile, queue: Queue) -> int:
    """Rule: the place of the class to serve, of those in which something waits.

    Literally the first one. Repaired, that of the turn; where nothing waits in it, the first one.
    """
    waiting = tuple(place for place, lines in enumerate(queue.lines) if lines)
    place = class_of_turn(queue.turn + 1)
    return place if is_fair(profile) and place in waiting else waiting[0]


@require(lambda queue: size(queue) > 0)
@ensure(lambda queue, result: size(result[1]) == size(queue) - 1)
def serve(profile: Profile, queue: Queue) -> tuple[Envelope, Queue]:
    """The next message and the queue without it: the first of the sender whose turn it is, who then waits behind."""
    place = served_class(profile, queue)
    first, *others = queue.lines[place]
    left = (Line(first.sender, first.waiting[1:]),) if len(first.waiting) > 1 else ()
    served = _with_lines(queue, place, (*others, *left))
    return first.waiting[0], Queue(served.turn + 1, served.lines)


def service_bound(place: int, ahead: int, senders: int) -> int:
    """Turns within which a message is served that so many of its sender's own wait before, in the class at a place.

    `senders` bounds how many senders have something waiting in the class at a time.
    """
    return (ahead + 1) * senders * turns_between(place)
