"""Generated inputs: vectors, changed in one or more places, by the form of the input alone.

A change keeps the form, so that whatever comes out is a question that a client has to be able to read.
"""

from __future__ import annotations

from collections.abc import Iterator

from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import (
    Flag,
    Form,
    Json,
    Many,
    Maybe,
    Octets,
    OneOf,
    Record,
    Whole,
    Word,
    variant_word,
    word_of,
)

UNBOUNDED_BITS = 66


def mutated(form: Form, value: Json, stream: Stream) -> Json:
    """The value with a change in one place of it."""
    match form:
        case Whole(bits):
            return str(_number(int(value), UNBOUNDED_BITS if bits is None else bits, stream))
        case Octets(least, most):
            return _octets(bytes.fromhex(value), least, most, stream).hex()
        case Flag():
            return not value
        case Word(kind):
            return word_of(stream.one_of(tuple(kind)))
        case Many(item, exact):
            return _list(item, exact, list(value), stream)
        case Maybe(item):
            if value is None or stream.below(8) == 0:
                return least_of(item) if value is None else None
            return mutated(item, value, stream)
        case Record(_, fields):
            if not fields:
                return value
            name, field = stream.one_of(fields)
            return {**value, name: mutated(field, value[name], stream)}
        case OneOf(variants):
            ((word, inner),) = value.items()
            record = next(variant for variant in variants if variant_word(variant) == word)
            if stream.below(6) == 0:
                other = stream.one_of(variants)
                return {variant_word(other): least_of(other)}
            return {word: mutated(record, inner, stream)}


def _number(number: int, bits: int, stream: Stream) -> int:
    choice = stream.below(8)
    changed = (
        number + 1,
        number - 1,
        0,
        1,
        number ^ (1 << stream.below(bits)),
        stream.below(16),
        number * 2,
        (1 << stream.below(bits)) - stream.below(2),
    )[choice]
    return max(0, changed) % (1 << bits)


def _octets(octets: bytes, least: int, most: int | None, stream: Stream) -> bytes:
    choice = stream.below(4) if least != most else 0
    if choice in (0, 1) and octets:
        place = stream.below(len(octets))
        changed = octets[place] ^ (1 << stream.below(8)) if choice == 0 else (0, 1, 127, 255)[stream.below(4)]
        return octets[:place] + bytes([changed]) + octets[place + 1 :]
    if choice == 2 and len(octets) > least:
        return octets[:-1]
    longer = octets + stream.octets(1)
    return longer if least <= len(longer) and (most is None or len(longer) <= most) else octets


def _list(item: Form, exact: int | None, items: list[Json], stream: Stream) -> list[Json]:
    choice = stream.below(6)
    if not items:
        return [least_of(item)] if exact is None else items
    place = stream.below(len(items))
    if choice == 0 and exact is None:
        return items[:place] + items[place + 1 :]
    if choice == 1 and exact is None:
        return [*items[:place], items[place], *items[place:]]
    if choice == 2:
        other = stream.below(len(items))
        items[place], items[other] = items[other], items[place]
        return items
    return [*items[:place], mutated(item, items[place], stream), *items[place + 1 :]]


def least_of(form: Form) -> Json:
    """The simplest value of a form."""
    match form:
        case Whole():
            return "0"
        case Octets(least, _):
            return "00" * least
        case Flag():
            return False
        case Word(kind):
            return word_of(next(iter(kind)))
        case Many(item, exact):
            return [least_of(item)] * (exact or 0)
        case Maybe():
            return None
        case Record(_, fields):
            return {name: least_of(field) for name, field in fields}
        case OneOf(variants):
            return {variant_word(variants[0]): least_of(variants[0])}


def simpler(form: Form, value: Json) -> Iterator[Json]:
    """Values of a form that are simpler than this one, the greatest steps first."""
    match form:
        case Whole():
            number = int(value)
            yield from (str(item) for item in dict.fromkeys((0, 1, number // 2, number - 1)) if 0 <= item < number)
        case Octets(least, _):
            octets = bytes.fromhex(value)
            for length in dict.fromkeys((least, len(octets) // 2, len(octets) - 1)):
                if least <= length < len(octets):
                    yield octets[:length].hex()
            if any(octets):
                yield bytes(len(octets)).hex()
        case Flag():
            if value:
                yield False
        case Word(kind):
            first = word_of(next(iter(kind)))
            if value != first:
                yield first
        case Many(item, exact):
            if exact is None:
                if len(value) > 1:
                    yield value[: len(value) // 2]
                for place in range(len(value)):
                    yield value[:place] + value[place + 1 :]
            for place, part in enumerate(value):
                for smaller in simpler(item, part):
                    yield [*value[:place], smaller, *value[place + 1 :]]
        case Maybe(item):
            if value is not None:
                yield None
                yield from simpler(item, value)
        case Record(_, fields):
            for name, field in fields:
                for smaller in simpler(field, value[name]):
                    yield {**value, name: smaller}
        case OneOf(variants):
            ((word, inner),) = value.items()
            record = next(variant for variant in variants if variant_word(variant) == word)
            for smaller in simpler(record, inner):
                yield {word: smaller}
