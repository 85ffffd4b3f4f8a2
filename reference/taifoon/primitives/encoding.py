"""The canonical encoding: Borsh, driven by the annotations of the protocol's own types.

Source: the structs of sections 2.1, 2.3 and 4 of the source document, which gives fourteen names without a definition
and no encoding. Requirement ids: RES-ENC, M13, A11, N7.

Every value has one encoding and every accepted message one value: two clients that hold the same value hash the same
bytes. The decoder accepts exactly the image of `encode`, and each of its rules can be switched off in a profile.

    @dataclass(frozen=True, slots=True)
    class Vote:
        block: Annotated[Hash32, Length(32)]
        view: Annotated[View, U64]

    encode(Vote, vote)
    decode(Vote, octets)
"""

from __future__ import annotations

from typing import Any, TypeVar, overload

from taifoon.primitives.encoding_reader import Message, read
from taifoon.primitives.encoding_rules import (
    BORSH,
    NETWORK_ORDER,
    Layout,
    conforming_layouts,
    octets_of,
    refuses_over_long,
    refuses_trailing_bytes,
    refuses_unknown_tags,
    value_of,
)
from taifoon.primitives.encoding_schema import U8, U16, U32, U64, U128, Length, Maximum, Unsigned, shape_of
from taifoon.primitives.encoding_writer import write
from taifoon.profile import HARDENED, Profile
from taifoon.rejection import Rejected, RejectionCode

__all__ = [
    "BORSH",
    "NETWORK_ORDER",
    "U8",
    "U16",
    "U32",
    "U64",
    "U128",
    "Layout",
    "Length",
    "Maximum",
    "Unsigned",
    "conforming_layouts",
    "decode",
    "encode",
    "octets_of",
    "refuses_over_long",
    "refuses_trailing_bytes",
    "refuses_unknown_tags",
    "shape_of",
    "value_of",
]

T = TypeVar("T")


def encode(kind: object, value: object, layout: Layout = BORSH) -> bytes:
    """The encoding of a value of a type.

    A value that its field cannot hold is refused with `ENCODING_OUT_OF_RANGE`, a Vec over its maximum with
    `ENCODING_OVER_LONG`. A type that is no schema raises `TypeError`.
    """
    return write(shape_of(kind), value, layout, _name(kind))


@overload
def decode(kind: type[T], octets: bytes, profile: Profile = ..., layout: Layout = ...) -> T: ...
@overload
def decode(kind: object, octets: bytes, profile: Profile = ..., layout: Layout = ...) -> Any: ...
def decode(kind: object, octets: bytes, profile: Profile = HARDENED, layout: Layout = BORSH) -> Any:
    """The value that the bytes encode, and no other bytes do.

    Refuses with `ENCODING_TRUNCATED`, `ENCODING_UNKNOWN_TAG`, `ENCODING_OVER_LONG` or `ENCODING_TRAILING_BYTES`, as far
    as the profile has the rule. A fault that the type's own constructor raises passes through. Time and memory are
    linear in the bytes given, whatever lengths they claim.
    """
    value, end = read(shape_of(kind), Message(octets, profile, layout), 0, _name(kind))
    if end < len(octets) and refuses_trailing_bytes(profile):
        raise Rejected(
            RejectionCode.ENCODING_TRAILING_BYTES,
            f"{_name(kind)}: ends at byte {end}, and {len(octets) - end} bytes follow",
        )
    return value


def _name(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) else "value"
