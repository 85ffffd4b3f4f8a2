"""Values of any shape, for messages of every kind with every list short."""

from __future__ import annotations

from random import Random
from typing import Any

from taifoon.network.kinds import Kind, P2PMessage
from taifoon.primitives.encoding import shape_of
from taifoon.primitives.encoding_shapes import (
    Array,
    Boolean,
    Integer,
    Octets,
    OctetVec,
    Option,
    Ordinal,
    Shape,
    Struct,
    Variants,
    Vec,
)

LONGEST = 3


def random_message(kind: Kind, source: Random) -> P2PMessage:
    message: P2PMessage = random_value(shape_of(kind.value), source)
    return message


def random_value(shape: Shape, source: Random) -> Any:
    match shape:
        case Integer(bits):
            return source.choice((0, 1, source.getrandbits(bits), (1 << bits) - 1))
        case Boolean():
            return source.random() < 0.5
        case Octets(count):
            return source.randbytes(count)
        case OctetVec(maximum):
            return source.randbytes(source.randint(0, min(maximum, LONGEST)))
        case Array(item, count):
            return tuple(random_value(item, source) for _ in range(count))
        case Vec(item, maximum):
            return tuple(random_value(item, source) for _ in range(source.randint(0, min(maximum, LONGEST))))
        case Option(item):
            return random_value(item, source) if source.random() < 0.5 else None
        case Ordinal(_, members):
            return source.choice(members)
        case Struct(kind, fields):
            return kind(**{name: random_value(item, source) for name, item in fields})
        case Variants(variants):
            return random_value(source.choice(variants), source)
