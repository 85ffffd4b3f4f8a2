"""The encoding is Borsh, as two independent implementations write it, and stricter than both are in reading."""

from __future__ import annotations

from random import Random
from typing import Annotated, Any, NamedTuple

import pytest

from taifoon.primitives.encoding import U8, Maximum, decode, encode, shape_of
from taifoon.rejection import Rejected, RejectionCode

from .borsh_peers import ConstructPeer, ask_node, missing_node_peer, node_schema, node_value
from .sample_schemas import SMALL, Colour, Everything, Order, random_value

pytestmark = pytest.mark.filterwarnings("ignore:The `repr_ns` argument:DeprecationWarning")

needs_node = pytest.mark.skipif(missing_node_peer() is not None, reason=str(missing_node_peer()))

KINDS: dict[str, Any] = {**SMALL, "everything": Everything}

# borsh-construct flattens the payload of a variant and with it any enum inside, which it then cannot write.
CONSTRUCT_KINDS = [name for name in KINDS if name != "variants"]


class Mutilated(NamedTuple):
    """A message with one fault, its code here, and the peers that accept it."""

    fault: str
    kind: Any
    octets: str
    code: RejectionCode
    accepted_by: frozenset[str]


CONSTRUCT, BOTH = frozenset({"construct"}), frozenset({"node", "construct"})
NONE: frozenset[str] = frozenset()
TRAILING, TAG = RejectionCode.ENCODING_TRAILING_BYTES, RejectionCode.ENCODING_UNKNOWN_TAG
OVER_LONG, TRUNCATED = RejectionCode.ENCODING_OVER_LONG, RejectionCode.ENCODING_TRUNCATED

MUTILATED = [
    Mutilated("a byte after an integer", Annotated[int, U8], "0500", TRAILING, BOTH),
    Mutilated("a byte after a unit variant", Order, "0000", TRAILING, BOTH),
    Mutilated("a boolean of 2", bool, "02", TAG, BOTH),
    Mutilated("an option of 2", Annotated[int, U8] | None, "0205", TAG, CONSTRUCT),
    Mutilated("an enum of 3 out of 3", Colour, "03", TAG, NONE),
    Mutilated("a Vec over its maximum", Annotated[bytes, Maximum(2)], "03000000aabbcc", OVER_LONG, BOTH),
    Mutilated("a Vec cut short", Annotated[bytes, Maximum(2)], "0200000000", TRUNCATED, NONE),
]


def samples(kind: Any, count: int) -> list[Any]:
    source = Random(20)  # noqa: S311 - the same sample in every run
    return [random_value(shape_of(kind), source) for _ in range(count)]


def accepted_by(peer: str) -> list[str]:
    return [case.fault for case in MUTILATED if peer in case.accepted_by]


@pytest.mark.parametrize("name", CONSTRUCT_KINDS)
def test_bytes_equal_those_of_borsh_construct(name: str) -> None:
    kind = KINDS[name]
    peer = ConstructPeer(shape_of(kind))
    for value in samples(kind, 60):
        octets = encode(kind, value)
        assert octets == peer.encode(value)
        assert peer.accepts(octets)


@needs_node
def test_bytes_and_values_equal_those_of_the_npm_package() -> None:
    cases = [(kind, value) for kind in KINDS.values() for value in samples(kind, 60)]
    schemas = [node_schema(shape_of(kind)) for kind, _ in cases]
    values = [node_value(shape_of(kind), value) for kind, value in cases]
    encoded = [encode(kind, value).hex() for kind, value in cases]
    writing = [{"schema": schema, "value": value} for schema, value in zip(schemas, values, strict=True)]
    reading = [{"schema": schema, "octets": octets} for schema, octets in zip(schemas, encoded, strict=True)]
    assert ask_node(writing) == [{"octets": octets} for octets in encoded]
    assert ask_node(reading) == [{"value": value} for value in values]


@pytest.mark.parametrize("case", MUTILATED, ids=lambda case: case.fault)
def test_each_fault_is_refused_under_its_code(case: Mutilated) -> None:
    with pytest.raises(Rejected) as caught:
        decode(case.kind, bytes.fromhex(case.octets))
    assert caught.value.code is case.code


def test_borsh_construct_accepts_a_fault_of_each_rule() -> None:
    accepted = [case for case in MUTILATED if ConstructPeer(shape_of(case.kind)).accepts(bytes.fromhex(case.octets))]
    assert [case.fault for case in accepted] == accepted_by("construct")
    assert {case.code for case in accepted} == {TRAILING, TAG, OVER_LONG}


@needs_node
def test_the_npm_package_accepts_a_fault_of_each_rule() -> None:
    answers = ask_node([{"schema": node_schema(shape_of(case.kind)), "octets": case.octets} for case in MUTILATED])
    accepted = [case for case, answer in zip(MUTILATED, answers, strict=True) if "value" in answer]
    assert [case.fault for case in accepted] == accepted_by("node")
    assert {case.code for case in accepted} == {TRAILING, TAG, OVER_LONG}
