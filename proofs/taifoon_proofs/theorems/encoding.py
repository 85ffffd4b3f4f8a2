"""Conventions: a value has one encoding, and bytes decode to one value or to none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import z3

from taifoon.primitives.encoding import conforming_layouts, decode, encode, octets_of, value_of
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.encodings import SCHEMAS, borsh, values_of
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

ALPHABET = (0, 1, 2, 3, 255)
WIDTHS = (1, 2, 4, 8, 16)


@scenario("encoding/not-an-encoding")
def bytes_that_encode_nothing(profile: Profile, trace: Trace, *, schema: str, octets: str) -> bool:
    """Bytes are decoded although they are not the encoding of the value that is read from them."""
    kind = SCHEMAS[schema]
    given = bytes.fromhex(octets)
    trace.state("decode", schema=schema, octets=given)
    try:
        value = decode(kind, given, profile)
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return False
    try:
        again = encode(kind, value)
    except Rejected as rejected:
        trace.state("accepted", value=str(value), encoding_of_it=rejected.code.name)
        return True
    trace.state("accepted", value=str(value), encoding_of_it=again)
    return again != given


@scenario("encoding/lost-value")
def value_is_not_read_back(profile: Profile, trace: Trace, *, schema: str, number: int) -> bool:
    """A value encodes to bytes from which another value, or none, is read."""
    kind = SCHEMAS[schema]
    value = list(values_of(schema))[number]
    given = encode(kind, value)
    trace.state("encode", schema=schema, value=str(value), octets=given)
    try:
        return bool(decode(kind, given, profile) != value)
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return True


@scenario("encoding/not-borsh")
def some_client_does_not_write_borsh(profile: Profile, trace: Trace, *, schema: str, number: int) -> bool:
    """A conforming client encodes a value otherwise than Borsh does, so that two clients never share a hash."""
    kind = SCHEMAS[schema]
    value = list(values_of(schema))[number]
    encodings = tuple(encode(kind, value, layout) for layout in conforming_layouts(profile))
    trace.state("encode", schema=schema, value=str(value), encodings=encodings, borsh=borsh(value))
    return set(encodings) != {borsh(value)}


def short_strings() -> Iterator[dict[str, Json]]:
    """Every string of up to 2 octets, and every one of 3 to 6 octets over a small alphabet, for every schema."""
    for schema in SCHEMAS:
        for length in range(3):
            for octets in product(range(256), repeat=length):
                yield {"schema": schema, "octets": bytes(octets).hex()}
        for length in range(3, 7):
            for octets in product(ALPHABET, repeat=length):
                yield {"schema": schema, "octets": bytes(octets).hex()}


def all_values() -> Iterator[dict[str, Json]]:
    """Every value of every schema."""
    for schema in SCHEMAS:
        for number in range(len(list(values_of(schema)))):
            yield {"schema": schema, "number": number}


def integer_claims() -> Iterator[Claim]:
    """Fixed-width integers: octets and value determine each other, by the shipped formulas on bit-vectors."""
    for width in WIDTHS:
        bits = 8 * width
        value = z3.BitVec("value", 8 * max(WIDTHS) + 8)
        octets = [z3.BitVec(f"octet_{place}", 8 * max(WIDTHS) + 8) for place in range(width)]
        fits = z3.ULT(value, z3.BitVecVal(1 << bits, value.size()))
        each = [z3.ULE(octet, 255) for octet in octets]
        yield Claim(f"integer-of-{width}-octets-is-read-back", (fits,), value_of(octets_of(value, width)) == value)
        again = octets_of(value_of(octets), width)
        yield Claim(
            f"octets-of-{width}-are-read-back",
            each,
            z3.And(*(one == other for one, other in zip(again, octets, strict=True))),
        )


OCTETS = z3.SeqSort(z3.BitVecSort(8))
VALUE = z3.DeclareSort("Value")
first_code = z3.Function("first_code", VALUE, OCTETS)
second_code = z3.Function("second_code", VALUE, OCTETS)

Ends = tuple[z3.ExprRef, z3.ExprRef]


def delimits(code: z3.FuncDeclRef, values: Ends, rests: Ends) -> z3.BoolRef:
    """The code is self-delimiting at two values: equal strings that start with them have equal values and rests."""
    return z3.Implies(
        z3.Concat(code(values[0]), rests[0]) == z3.Concat(code(values[1]), rests[1]),
        z3.And(values[0] == values[1], rests[0] == rests[1]),
    )


def tagged(tag: z3.ExprRef, payload: z3.ExprRef) -> z3.ExprRef:
    """A tag octet before a payload."""
    return z3.Concat(z3.Unit(tag), payload)


def composition_claims() -> Iterator[Claim]:
    """Struct, option, enum and vector of self-delimiting codes are self-delimiting, hence injective."""
    x, x_too, y, y_too = z3.Consts("x x_too y y_too", VALUE)
    rest, rest_too = z3.Consts("rest rest_too", OCTETS)
    tag, tag_too = z3.BitVecs("tag tag_too", 8)
    same = z3.And(x == x_too, rest == rest_too)
    tails = z3.Concat(second_code(y), rest), z3.Concat(second_code(y_too), rest_too)
    yield Claim(
        "struct-is-self-delimiting",
        (
            delimits(first_code, (x, x_too), tails),
            delimits(second_code, (y, y_too), (rest, rest_too)),
            z3.Concat(first_code(x), tails[0]) == z3.Concat(first_code(x_too), tails[1]),
        ),
        z3.And(same, y == y_too),
    )
    # The payload followed by what comes after it, as one string, of which `delimits` says what its equality means.
    payload, payload_too = z3.Consts("payload payload_too", OCTETS)
    yield Claim(
        "tagged-is-self-delimiting",
        (z3.Implies(payload == payload_too, same), tagged(tag, payload) == tagged(tag_too, payload_too)),
        z3.And(same, tag == tag_too),
    )
    absent, absent_too = tagged(z3.BitVecVal(0, 8), rest), tagged(z3.BitVecVal(0, 8), rest_too)
    yield Claim("absent-differs-from-present", (tag == 1,), tagged(tag, payload) != absent)
    yield Claim("absent-is-self-delimiting", (absent == absent_too,), rest == rest_too)
    length = z3.Int("length")
    fixed, fixed_too = z3.Consts("fixed fixed_too", OCTETS)
    yield Claim(
        "fixed-width-is-self-delimiting",
        (
            z3.Length(fixed) == length,
            z3.Length(fixed_too) == length,
            z3.Concat(fixed, rest) == z3.Concat(fixed_too, rest_too),
        ),
        z3.And(fixed == fixed_too, rest == rest_too),
    )


@theorem(
    "T-M13",
    requirements=("R-2.1-2", "R-2.1-3", "R-2.1-4", "R-2.1-5", "R-2.3-5", "R-4.1-12"),
    needs={
        Resolution.CANONICAL_ENCODING,
        Resolution.NO_TRAILING_BYTES,
        Resolution.KNOWN_TAGS,
        Resolution.BOUNDED_LENGTHS,
    },
    technique=Technique.COMBINED,
)
def an_encoding_is_one_to_one(profile: Profile) -> Verdict:
    """Integers by the shipped formulas on bit-vectors; composition over sequences; the codec over all short strings.

    A vector is a fixed-width count and then a struct of that many items, so its case follows from those two by
    induction over the items. That the shipped reader and writer implement these codes is run on eight schemas, with
    every value and every short string of octets.
    """
    return conclude(
        prove("integers of every width and every composition of codes", *integer_claims(), *composition_claims()),
        exhaust(profile, "encoding/not-borsh", "every value of eight schemas in every conforming layout", all_values()),
        exhaust(profile, "encoding/lost-value", "every value of eight schemas", all_values()),
        exhaust(
            profile,
            "encoding/not-an-encoding",
            "every string of up to 2 octets, and of up to 6 over five octets, for eight schemas",
            short_strings(),
        ),
    )
