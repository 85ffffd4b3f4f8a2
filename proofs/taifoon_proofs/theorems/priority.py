"""Section 4.2: kinds have one order, and what waits is served within a bound."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from taifoon.network.envelope import Envelope, Statement
from taifoon.network.kinds import Kind, kinds
from taifoon.network.priority import (
    CLASS_PLACES,
    CLASSES,
    ORDER,
    Class,
    Queue,
    class_of_turn,
    enqueue,
    outranks,
    serve,
    service_bound,
    size,
    turns_between,
    waiting_of,
)
from taifoon.primitives.types import Signature64
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.keys import key
from taifoon_models.messages import CHAIN, EPOCH, NOW
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

QUOTA = 4
TURNS = 1 << 12
FLOOD = 12


@scenario("priority/incomparable")
def two_kinds_have_no_order(profile: Profile, trace: Trace, *, first: str, second: str) -> bool:
    """Of two different kinds neither comes before the other, or both do."""
    one, other = Kind[first], Kind[second]
    before, after = outranks(profile, one, other), outranks(profile, other, one)
    trace.state("compare", first=first, second=second, first_before=before, second_before=after)
    return before == after


@scenario("priority/no-chain")
def order_of_kinds_goes_round(profile: Profile, trace: Trace, *, first: str, second: str, third: str) -> bool:
    """One kind comes before a second and this before a third, but the first not before the third."""
    one, two, three = Kind[first], Kind[second], Kind[third]
    steps = outranks(profile, one, two), outranks(profile, two, three), outranks(profile, one, three)
    trace.state("compare", first=first, second=second, third=third, before=steps)
    return steps[0] and steps[1] and not steps[2]


@scenario("priority/source-order")
def the_sources_order_is_lost(profile: Profile, trace: Trace, *, first: str, second: str) -> bool:
    """A kind that the source ranks before another does not come before it."""
    trace.state("compare", first=first, second=second)
    return not outranks(profile, Kind[first], Kind[second])


MMR_KINDS = ("MMR_PEAKS_REQUEST", "MMR_PEAKS_RESPONSE", "MMR_PROOF_REQUEST", "MMR_PROOF_RESPONSE")
SOURCE_ORDER = (("BLOCK_PROPOSAL",), MMR_KINDS, ("JOB_ASSIGNMENT",))


@scenario("priority/turn-missing")
def a_class_waits_too_long_for_its_turn(profile: Profile, trace: Trace, *, turn: int, place: int) -> bool:
    """No turn of a class comes within its distance from some turn on."""
    distance = turns_between(place)
    trace.state("look", turn=turn, place=place, distance=distance)
    return all(class_of_turn(later) != place for later in range(turn, turn + distance))


def letter(kind: Kind, sender: int, sequence: int) -> Envelope:
    """An envelope for the queue, which reads kind and sender alone."""
    statement = Statement(CHAIN, EPOCH, kind, key(sender), sequence, NOW, b"")  # type: ignore[arg-type]
    return Envelope(statement, Signature64(bytes(64)))


@scenario("priority/starved")
def a_waiting_message_is_not_served_in_time(
    profile: Profile, trace: Trace, *, kind: str, ahead: int, turn: int, flooded: list[str], senders: int
) -> bool:
    """A message of a conforming sender is not served within the bound of its class.

    The conforming sender 0 has `ahead` messages of the kind waiting before it. Each flooded kind has so many senders of
    its own, which fill their quotas with it, and again before every service.
    """
    small = profile.with_parameters(replace(profile.parameters, sender_quota=QUOTA))
    queue = Queue(turn)
    queue = flood(small, queue, flooded, senders)
    for sequence in range(ahead + 1):
        queue = enqueue(small, queue, key(0), letter(Kind[kind], 0, sequence))
    wanted = letter(Kind[kind], 0, ahead)
    bound = service_bound(CLASS_PLACES[CLASSES[Kind[kind]]], ahead, senders + 1)
    for served in range(1, bound + 1):
        queue = flood(small, queue, flooded, senders)
        envelope, queue = serve(small, queue)
        trace.state("serve", number=served, kind=envelope.statement.kind.name, bound=bound, waiting=size(queue))
        if envelope == wanted:
            return False
    return True


def flood(profile: Profile, queue: Queue, flooded: list[str], senders: int) -> Queue:
    """The queue after each flooding sender has added what it may; where nothing stops them, up to a dozen each."""
    for sender, name in enumerate(flooded * senders, start=1):
        while waiting_of(queue, key(sender)) < FLOOD and size(queue) < FLOOD * len(flooded) * senders:
            try:
                queue = enqueue(profile, queue, key(sender), letter(Kind[name], sender, queue.turn))
            except Rejected:
                break
    return queue


FLOODS = {
    Class.AGREEMENT: Kind.BLOCK_VOTE,
    Class.PROPOSALS: Kind.BLOCK_PROPOSAL,
    Class.SYNCHRONISATION: Kind.MMR_PROOF_REQUEST,
    Class.JOBS: Kind.PROOF_SUBMISSION,
    Class.PRESENCE: Kind.NODE_ANNOUNCE,
}


def floods() -> Iterator[dict[str, Json]]:
    """Every class to be served, against floods in every set of classes, from several turns on."""
    names = [kind.name for kind in FLOODS.values()]
    for kind, chosen in product(names, range(1 << len(names))):
        flooded = [name for place, name in enumerate(names) if chosen >> place & 1]
        for ahead, turn, senders in product((0, 2), (0, 1, 7, 15), (1, 2)):
            yield {"kind": kind, "ahead": ahead, "turn": turn, "flooded": flooded, "senders": senders}


@theorem(
    "T-N3",
    requirements=("R-4.1-12", "R-4.2-5"),
    needs={Resolution.MESSAGE_PRIORITY},
    technique=Technique.EXHAUSTIVE,
)
def every_kind_has_its_place_and_its_turn(profile: Profile) -> Verdict:
    """All pairs and triples of kinds; all turns of a period; a message of each class against floods in every class.

    The turn of a class depends on the number of the turn modulo 16, so the turns that are looked at stand for all.
    """
    names = [kind.name for kind in kinds(profile)]
    return conclude(
        exhaust(
            profile,
            "priority/incomparable",
            f"every two of {len(ORDER)} kinds",
            ({"first": one, "second": other} for one, other in product(names, repeat=2) if one != other),
        ),
        exhaust(
            profile,
            "priority/no-chain",
            "every three kinds",
            ({"first": one, "second": two, "third": three} for one, two, three in product(names, repeat=3)),
        ),
        exhaust(
            profile,
            "priority/source-order",
            "the kinds that the source ranks",
            (
                {"first": one, "second": other}
                for place, later in ((0, 1), (1, 2), (0, 2))
                for one, other in product(SOURCE_ORDER[place], SOURCE_ORDER[later])
            ),
        ),
        exhaust(
            profile,
            "priority/turn-missing",
            f"every class from each of {TURNS:,} turns on",
            ({"turn": turn, "place": place} for turn in range(1, TURNS + 1) for place in range(len(Class))),
        ),
        exhaust(
            profile,
            "priority/starved",
            "a message of each class, alone or third of its sender, against every set of flooded classes",
            floods(),
        ),
    )
