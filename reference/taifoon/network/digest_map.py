"""Section 4.2: a map by digests and a queue by times, whose earlier versions stay (R-4.2-4, R-2.2-1).

A node remembers many messages and is asked of each packet whether it knows it. The map branches on four bits of the key
at a time; digests are as good as random, so that each step takes time logarithmic in what is held, and never more than
the digits of a key. The queue is a leftist heap (Crane, 1972).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

Value = TypeVar("Value")

WIDTH = 16
EMPTY: tuple[None, ...] = (None,) * WIDTH


@dataclass(frozen=True, slots=True)
class Leaf(Generic[Value]):
    """A key and its value."""

    key: bytes
    value: Value


@dataclass(frozen=True, slots=True)
class Branch(Generic[Value]):
    """What is held beneath a prefix of keys, one part for each next digit; always more than one leaf."""

    parts: tuple[DigestMap[Value], ...]


DigestMap: TypeAlias = Leaf[Value] | Branch[Value] | None
"""A map from keys of one length. Two maps of equal entries are equal."""


def digit(key: bytes, depth: int) -> int:
    """The four bits of a key at a depth, the high half of each byte first."""
    octet = key[depth // 2]
    return octet & 15 if depth % 2 else octet >> 4


def value_of(held: DigestMap[Value], key: bytes) -> Value | None:
    """The value of a key, None where there is none."""
    depth = 0
    while isinstance(held, Branch):
        held, depth = held.parts[digit(key, depth)], depth + 1
    return held.value if held is not None and held.key == key else None


def with_value(held: DigestMap[Value], key: bytes, value: Value, depth: int = 0) -> DigestMap[Value]:
    """With a value for a key, in the place of an earlier one."""
    if held is None or (isinstance(held, Leaf) and held.key == key):
        return Leaf(key, value)
    parts: tuple[DigestMap[Value], ...] = EMPTY if isinstance(held, Leaf) else held.parts
    if isinstance(held, Leaf):
        place = digit(held.key, depth)
        parts = (*parts[:place], held, *parts[place + 1 :])
    place = digit(key, depth)
    return Branch((*parts[:place], with_value(parts[place], key, value, depth + 1), *parts[place + 1 :]))


def without(held: DigestMap[Value], key: bytes, depth: int = 0) -> DigestMap[Value]:
    """Without the value of a key."""
    if held is None or isinstance(held, Leaf):
        return None if held is not None and held.key == key else held
    place = digit(key, depth)
    parts = (*held.parts[:place], without(held.parts[place], key, depth + 1), *held.parts[place + 1 :])
    left = [part for part in parts if part is not None]
    return left[0] if len(left) == 1 and isinstance(left[0], Leaf) else Branch(parts)


def values(held: DigestMap[Value]) -> Iterator[Value]:
    """All values, in the order of their keys."""
    if isinstance(held, Leaf):
        yield held.value
    elif held is not None:
        for part in held.parts:
            yield from values(part)


@dataclass(frozen=True, slots=True)
class Due:
    """The first entry of a queue, and what comes after it; the left part is at least as deep as the right one."""

    at: int
    key: bytes
    depth: int
    left: Queue
    right: Queue


Queue: TypeAlias = Due | None
"""Keys in the order of a time."""


def depth_of(queue: Queue) -> int:
    """The length of the shortest way to an empty part."""
    return 0 if queue is None else queue.depth


def joined(first: Queue, second: Queue) -> Queue:
    """One queue of two; of equal times the lower key comes first."""
    if first is None or second is None:
        return second if first is None else first
    if (second.at, second.key) < (first.at, first.key):
        first, second = second, first
    left, right = first.left, joined(first.right, second)
    if depth_of(left) < depth_of(right):
        left, right = right, left
    return Due(first.at, first.key, depth_of(right) + 1, left, right)


def enqueued(queue: Queue, at: int, key: bytes) -> Queue:
    """With one more entry."""
    return joined(queue, Due(at, key, 1, None, None))


def after_first(queue: Due) -> Queue:
    """Without the first entry."""
    return joined(queue.left, queue.right)
