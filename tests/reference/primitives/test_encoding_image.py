"""The decoder accepts exactly the image of the encoder, and the encoder is injective."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from random import Random
from typing import Annotated, Any

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.primitives.encoding import (
    BORSH,
    NETWORK_ORDER,
    U32,
    Layout,
    conforming_layouts,
    decode,
    encode,
    octets_of,
    shape_of,
    value_of,
)
from taifoon.primitives.encoding_shapes import least_bytes
from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon.rejection import Rejected, RejectionCode

from .sample_schemas import SMALL, Everything, random_value, small_values

THOROUGH = settings(deadline=None, derandomize=True, max_examples=80)

everything = st.randoms(use_true_random=False).map(lambda source: random_value(shape_of(Everything), source))
layouts = st.sampled_from([BORSH, NETWORK_ORDER])


def accepted(kind: Any, alphabet: Collection[int], longest: int) -> dict[bytes, Any]:
    """Each string over the alphabet that the decoder accepts, with its value."""
    found = {}
    for length in range(longest + 1):
        for octets in map(bytes, product(alphabet, repeat=length)):
            try:
                found[octets] = decode(kind, octets)
            except Rejected:
                continue
    return found


def image(kind: Any, alphabet: Collection[int], longest: int) -> dict[bytes, Any]:
    """Each encoding over the alphabet, with its value; two values must not meet in one encoding."""
    found: dict[bytes, Any] = {}
    for value, length in small_values(shape_of(kind), alphabet, longest):
        octets = encode(kind, value)
        assert len(octets) == length
        assert octets not in found, f"{value!r} and {found[octets]!r} share {octets.hex()}"
        if set(octets) <= set(alphabet):
            found[octets] = value
    return found


@pytest.mark.parametrize("name", [name for name, kind in SMALL.items() if least_bytes(shape_of(kind)) <= 2])
def test_accepted_strings_to_two_bytes_are_the_image(name: str) -> None:
    assert accepted(SMALL[name], range(256), 2) == image(SMALL[name], range(256), 2)


@pytest.mark.parametrize("name", SMALL)
def test_accepted_strings_to_six_bytes_over_a_small_alphabet_are_the_image(name: str) -> None:
    alphabet = (0, 1, 2, 255)
    found = accepted(SMALL[name], alphabet, 6)
    assert found == image(SMALL[name], alphabet, 6)
    assert found, "a schema without any short encoding tests nothing"


@THOROUGH
@given(everything, layouts)
def test_decoding_returns_the_encoded_value(value: Everything, layout: Layout) -> None:
    octets = encode(Everything, value, layout)
    assert decode(Everything, octets, HARDENED, layout) == value
    assert decode(Everything, octets, DOCUMENT, layout) == value


@THOROUGH
@given(everything, everything)
def test_no_encoding_begins_another(first: Everything, second: Everything) -> None:
    one, other = encode(Everything, first), encode(Everything, second)
    assert one.startswith(other) == (first == second)


@THOROUGH
@given(everything, st.data())
def test_an_altered_encoding_is_refused_or_that_of_its_own_value(value: Everything, choice: st.DataObject) -> None:
    octets = bytearray(encode(Everything, value))
    octets[choice.draw(st.integers(0, len(octets) - 1))] ^= choice.draw(st.integers(1, 255))
    try:
        other = decode(Everything, bytes(octets))
    except Rejected:
        return
    assert other != value
    assert encode(Everything, other) == bytes(octets)


@settings(THOROUGH, max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_round_trip(octets: bytes) -> None:
    for kind in (Everything, *SMALL.values()):
        try:
            value = decode(kind, octets)
        except Rejected:
            continue
        assert encode(kind, value) == octets


@THOROUGH
@given(everything)
def test_every_cut_is_truncated(value: Everything) -> None:
    octets = encode(Everything, value)
    for cut in range(len(octets)):
        with pytest.raises(Rejected) as fault:
            decode(Everything, octets[:cut])
        assert fault.value.code is RejectionCode.ENCODING_TRUNCATED


@THOROUGH
@given(everything, st.binary(min_size=1, max_size=4))
def test_every_suffix_is_trailing(value: Everything, suffix: bytes) -> None:
    octets = encode(Everything, value) + suffix
    with pytest.raises(Rejected) as fault:
        decode(Everything, octets)
    assert fault.value.code is RejectionCode.ENCODING_TRAILING_BYTES
    assert decode(Everything, octets, HARDENED.without(Resolution.NO_TRAILING_BYTES)) == value


def test_the_source_allows_two_layouts_that_disagree() -> None:
    word = Annotated[int, U32]
    assert conforming_layouts(HARDENED) == (BORSH,)
    assert conforming_layouts(DOCUMENT) == (BORSH, NETWORK_ORDER)
    assert conforming_layouts(HARDENED.without(Resolution.CANONICAL_ENCODING)) == (BORSH, NETWORK_ORDER)
    assert [encode(word, 1, layout).hex() for layout in conforming_layouts(DOCUMENT)] == ["01000000", "00000001"]
    assert decode(word, encode(word, 1, BORSH), DOCUMENT, NETWORK_ORDER) == 1 << 24


def test_layouts_differ_only_inside_integers() -> None:
    value = random_value(shape_of(Everything), Random(1))  # noqa: S311 - a seeded sample
    assert sorted(encode(Everything, value, BORSH)) == sorted(encode(Everything, value, NETWORK_ORDER))


@pytest.mark.parametrize("width", [1, 2, 4, 8, 16])
def test_octet_formulas_are_inverse_for_every_value(width: int) -> None:
    """The formulas that the codec runs, on terms: for all values of the width at once."""
    value = z3.BitVec("value", 8 * width)
    octets: list[Any] = octets_of(value, width)
    solver = z3.Solver()
    solver.add(z3.Or(value_of(octets) != value, *(z3.UGT(octet, 255) for octet in octets)))
    assert solver.check() == z3.unsat


@pytest.mark.parametrize("width", [1, 2, 4, 8, 16])
def test_value_formula_is_inverse_for_every_string_of_octets(width: int) -> None:
    octets: list[Any] = [z3.ZeroExt(8 * width - 8, z3.BitVec(f"octet{place}", 8)) for place in range(width)]
    value = value_of(octets)
    solver = z3.Solver()
    solver.add(z3.Or(*(found != octet for found, octet in zip(octets_of(value, width), octets, strict=True))))
    assert solver.check() == z3.unsat


@given(st.integers(0, (1 << 128) - 1))
@THOROUGH
def test_octets_are_those_of_the_platform(value: int) -> None:
    assert bytes(octets_of(value, 16)) == value.to_bytes(16, "little")
    assert value_of(value.to_bytes(16, "little")) == value
