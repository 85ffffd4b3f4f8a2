"""Parts: what stands in a file of vectors more than once is written once, and named by its number.

Runs repeat a registry, a block, a whole state in almost every step. In the place of such a value a file has
`{"$part": n}`, and its `parts` have the value. A part names only parts before it. No key of a value begins with `$`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from taifoon_toolkit.vectors.wire import Json

NAME = "$part"
LONG_PART = 120
"""Bytes from which on an object or a list that stands again is written once."""


class PartsError(ValueError):
    """A part that is none; the message names it and the rule."""


def text_of(value: Json) -> str:
    """The text by which a value is known again: it says the order of keys, which a file keeps."""
    return json.dumps(value, separators=(",", ":"))


def inner(value: Json) -> Sequence[Any]:
    """The values of an object or a list; none of any other."""
    return tuple(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ()


def repeated(values: Sequence[Json]) -> frozenset[str]:
    """The texts of the long objects and lists that stand more than once, outside of others that do."""
    counts = Counter[str]()
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if not isinstance(value, dict | list):
            continue
        text = text_of(value)
        if len(text) < LONG_PART:
            continue
        counts[text] += 1
        if counts[text] == 1:
            waiting.extend(inner(value))
    return frozenset(text for text, count in counts.items() if count > 1)


def taken_out(vectors: Sequence[Json]) -> tuple[list[Json], list[Json]]:
    """The parts of a file, and its vectors with names in the place of what they repeat."""
    again = repeated([value for vector in vectors for value in vector.values()])
    numbers: dict[str, int] = {}
    parts: list[Json] = []

    def within(value: Json) -> Json:
        if isinstance(value, dict):
            return {name: named(item) for name, item in value.items()}
        return [named(item) for item in value]

    def named(value: Json) -> Json:
        if not isinstance(value, dict | list):
            return value
        text = text_of(value)
        if text not in again:
            return within(value)
        if text not in numbers:
            written = within(value)
            numbers[text] = len(parts)
            parts.append(written)
        return {NAME: numbers[text]}

    return parts, [within(vector) for vector in vectors]


def put_in(parts: Sequence[Json], vectors: Sequence[Json]) -> list[Json]:
    """The vectors of a file with its parts in their places. Raises PartsError."""
    known: list[Json] = []

    def whole(value: Json) -> Json:
        if isinstance(value, list):
            return [whole(item) for item in value]
        if not isinstance(value, dict):
            return value
        if NAME not in value:
            return {name: whole(item) for name, item in value.items()}
        number = value[NAME]
        if len(value) > 1 or type(number) is not int or not 0 <= number < len(known):
            raise PartsError(f"{NAME}: takes the number of a part before, of which there are {len(known)}, alone")
        return known[number]

    for part in parts:
        known.append(whole(part))
    return [whole(vector) for vector in vectors]
