"""Vectors of the messages of section 4.1: each kind as canonical bytes, and each way of being none (RES-MSG)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from taifoon.network.kinds import Kind, P2PMessage, decode_message, encode_message, greatest_payload
from taifoon.network.priority import CLASSES, PLACES, Class, turns_between
from taifoon.network.topics import Scope, scope_of
from taifoon.primitives.encoding import U8, shape_of
from taifoon.primitives.encoding_shapes import PREFIX_BYTES, Struct, least_bytes
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon_models.messages import samples
from taifoon_toolkit.vectors.case import Case, Sibling
from taifoon_toolkit.vectors.encoding import (
    OVER_LONG,
    READS_ZEROS,
    TAG,
    TRAILING,
    TRUNCATED,
    WRITES_ANY_LENGTH,
    Encoded,
)
from taifoon_toolkit.vectors.marks import LengthMark, Mark, TagMark, drawn_value, greatest_value, least_value, marks_of
from taifoon_toolkit.vectors.method import method
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Small

SECTION = "4.1"
GREATEST_LIST = 4096
"""Bytes of the longest list that a vector holds to show that it is too long; of others the length alone is changed."""
NUMBERS = {kind: number for number, kind in enumerate(tuple(Kind)[:11], start=1)}


@dataclass(frozen=True, slots=True)
class MessageGiven:
    """Any message."""

    message: P2PMessage


@dataclass(frozen=True, slots=True)
class KindAsked:
    """A kind of message."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class KindGiven:
    """Tag byte, bytes of the longest payload, how far it goes, its place in the order of service, class, and turns."""

    tag: Annotated[int, U8]
    greatest: Small
    scope: Scope
    place: Small
    service: Class
    turns: Small


@method("message.decode", SECTION, "RES-MSG", "RES-ENC.canonical")
def decode_any(profile: Profile, given: Encoded) -> MessageGiven:
    """Decode a message strictly: a tag byte, then the fields of its kind."""
    return MessageGiven(decode_message(profile, given.octets))


@method("message.encode", SECTION, "RES-MSG", "RES-ENC.canonical")
def encode_any(profile: Profile, given: MessageGiven) -> Encoded:
    """Encode a message, or refuse what does not fit."""
    return Encoded(encode_message(given.message))


@method("message.kind", SECTION, "R-4.1-12", "R-4.2-5", "RES-MSG", "RES-GOSSIP", "RES-PRIO")
def kind(profile: Profile, given: KindAsked) -> KindGiven:
    """What is fixed for a kind: `turns` are those from one turn of its class to the next."""
    place = tuple(Class).index(CLASSES[given.kind])
    return KindGiven(
        given.kind.ordinal,
        greatest_payload(given.kind),
        scope_of(profile, given.kind),
        PLACES[given.kind],
        CLASSES[given.kind],
        turns_between(place),
    )


def about(each: Kind) -> tuple[str, ...]:
    """The requirement of a kind that the source names."""
    return (f"R-4.1-{NUMBERS[each]}",) if each in NUMBERS else ()


def name_of(each: Kind) -> str:
    """A kind in a label."""
    return each.name.lower().replace("_", "-")


def shape_of_kind(each: Kind) -> Struct:
    """The shape of a kind's fields."""
    shape = shape_of(each.value)
    if not isinstance(shape, Struct):
        raise TypeError(f"{each.value}: a message is a struct")
    return shape


def first_marks(each: Kind, message: Any) -> Iterator[Mark]:
    """The first mark of each field in an encoded message, whose fields begin after the tag byte."""
    seen = set()
    for mark in marks_of(shape_of_kind(each), message, 1, ""):
        known = (type(mark), mark.path)
        if known not in seen:
            seen.add(known)
            yield mark


def valid_cases(each: Kind, shape: Struct, drawn: P2PMessage) -> Iterator[Case]:
    """Messages with the least and greatest numbers, with none, one and more items, and one from a real run."""
    messages: dict[str, P2PMessage] = {
        "sample": samples(HARDENED)[each],
        "drawn": drawn,
        "least": least_value(shape),
        "greatest": greatest_value(shape, 1),
    }
    for label, message in messages.items():
        given = MessageGiven(message)
        octets = encode_message(message)
        yield Case("message.decode", f"{name_of(each)}-{label}", Encoded(octets), requirements=about(each))
        if label in ("drawn", "greatest"):
            yield Case("message.encode", f"{name_of(each)}-{label}", given, requirements=about(each))


def tag_cases(each: Kind, octets: bytes, mark: TagMark) -> Iterator[Case]:
    """A tag that names nothing, and that a lenient reader takes for one which the fields after it fit."""
    held = octets[mark.place]
    greatest = held + (255 - held) // mark.known * mark.known
    for tag in (held + mark.known, greatest) if mark.names_fields else (mark.known, 255):
        wrong = Encoded(octets[: mark.place] + bytes([tag]) + octets[mark.place + 1 :])
        label = f"{name_of(each)}-{mark.path}-tag-{tag}"
        yield Case("message.decode", label, wrong, TAG, Resolution.KNOWN_TAGS, about(each))


def length_cases(each: Kind, octets: bytes, mark: LengthMark) -> Iterator[Case]:
    """A list or bytes over the maximum: in full where that is short, else by the length alone."""
    label = f"{name_of(each)}-{mark.path}"
    count = mark.maximum + 1
    prefix = count.to_bytes(PREFIX_BYTES, "little")
    if count * least_bytes(mark.item) <= GREATEST_LIST:
        items = encode_least(mark) * count
        longer = Encoded(octets[: mark.place] + prefix + items + octets[mark.end :])
        yield Case("message.decode", f"{label}-over-long", longer, OVER_LONG, Resolution.BOUNDED_LENGTHS, about(each))
    else:
        claimed = Encoded(octets[: mark.place] + prefix + octets[mark.place + PREFIX_BYTES :])
        edit = Sibling(Encoded(octets), "the length, one above its maximum")
        yield Case("message.decode", f"{label}-claims-too-much", claimed, OVER_LONG, edit, about(each))
    if mark.end == len(octets) and mark.end > mark.place + PREFIX_BYTES:
        held = int.from_bytes(octets[mark.place : mark.place + PREFIX_BYTES], "little")
        if held < mark.maximum:
            more = (held + 1).to_bytes(PREFIX_BYTES, "little")
            short = Encoded(octets[: mark.place] + more + octets[mark.place + PREFIX_BYTES :])
            yield Case("message.decode", f"{label}-claims-one-more", short, TRUNCATED, READS_ZEROS, about(each))


def encode_least(mark: LengthMark) -> bytes:
    """The least item of a list: all zeros, whatever it is."""
    return bytes(least_bytes(mark.item))


def damaged_cases(each: Kind, drawn: P2PMessage, claimed: set[tuple[str, int]]) -> Iterator[Case]:
    """Every way in which bytes are no message of a kind, each alone; each long list once.

    `claimed` are the long lists that had their turn in another kind.
    """
    octets = encode_message(drawn)
    name, needs = name_of(each), about(each)
    for cut in dict.fromkeys((1, len(octets) // 2, len(octets) - 1)):
        yield Case("message.decode", f"{name}-cut-at-{cut}", Encoded(octets[:cut]), TRUNCATED, READS_ZEROS, needs)
    longer = Encoded(octets + b"\x00")
    if len(octets) <= greatest_payload(each):
        yield Case("message.decode", f"{name}-and-a-byte", longer, TRAILING, Resolution.NO_TRAILING_BYTES, needs)
    else:
        edit = Sibling(Encoded(octets), "a byte after the end of a kind that has one length")
        yield Case("message.decode", f"{name}-and-a-byte", longer, OVER_LONG, edit, needs)
    for mark in first_marks(each, drawn):
        if isinstance(mark, TagMark):
            yield from tag_cases(each, octets, mark)
        elif (known := (mark.path.rpartition("-")[2], mark.maximum)) not in claimed:
            claimed |= {known} if mark.maximum * least_bytes(mark.item) > GREATEST_LIST else set()
            yield from length_cases(each, octets, mark)


def unknown_kinds(drawn: dict[Kind, P2PMessage]) -> Iterator[Case]:
    """Tag bytes that are no kind, before the fields that a lenient reader would look for; and no byte at all."""
    for tag in (len(Kind), 128, 255):
        each = tuple(Kind)[tag % len(Kind)]
        octets = bytes([tag]) + encode_message(drawn[each])[1:]
        yield Case("message.decode", f"unknown-kind-{tag}", Encoded(octets), TAG, Resolution.KNOWN_TAGS)
    yield Case("message.decode", "nothing", Encoded(b""), TRUNCATED, READS_ZEROS)


def over_long_messages(drawn: dict[Kind, P2PMessage]) -> Iterator[Case]:
    """Messages that an encoder refuses, since a field of theirs has too many items."""
    fields = (
        (Kind.NODE_ANNOUNCE, "capabilities", 65),
        (Kind.CLUSTER_JOIN, "mmr_peaks", 63),
        (Kind.CONSISTENCY_RESPONSE, "items", 65),
        (Kind.BLOCK_RANGE_RESPONSE, "blocks", 17),
    )
    for each, field, count in fields:
        message: Any = drawn[each]
        held = getattr(message, field)
        item = held[:1] if field != "blocks" else (least_value(shape_of(type(held[0]))),)
        given = MessageGiven(replace(message, **{field: item * count}))
        least = MessageGiven(replace(message, **{field: item * (count - 1)}))
        label = f"{name_of(each)}-{field}"
        yield Case("message.encode", f"{label}-at-most", least, requirements=about(each))
        code = RejectionCode.ENCODING_OVER_LONG
        yield Case("message.encode", f"{label}-over-long", given, code, WRITES_ANY_LENGTH, about(each))


def drawn_messages() -> dict[Kind, P2PMessage]:
    """A message of each kind, drawn, with one item in each list."""
    return {each: drawn_value(shape_of_kind(each), Stream(f"vectors/message/{each.name}"), 1) for each in Kind}


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    drawn = drawn_messages()
    claimed: set[tuple[str, int]] = set()
    for each in Kind:
        yield Case("message.kind", name_of(each), KindAsked(each), requirements=about(each))
        yield from valid_cases(each, shape_of_kind(each), drawn[each])
        yield from damaged_cases(each, drawn[each], claimed)
    yield from unknown_kinds(drawn)
    yield from over_long_messages(drawn)
