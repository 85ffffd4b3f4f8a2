"""Vectors of Ed25519 under ZIP-215, with the points and scalars on which libraries disagree (RES-ENC)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from taifoon.primitives.encoding import Maximum
from taifoon.primitives.signatures import public_key_of, require_signature, sign
from taifoon.profile import Profile
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.case import Case, Double, agree
from taifoon_toolkit.vectors.method import ACCEPTED, Nothing, method
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Signed

SECTION = "0"
RULE = "RES-ENC.canonical"
ORDER = (1 << 252) + 27742317777372353535851937790883648493

SMALL_ORDER = tuple(
    bytes.fromhex(text)
    for text in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    )
)
"""The eight points of small order, canonical first, then their other encodings."""


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A key, a message and a signature, of any length."""

    public_key: bytes
    message: Annotated[bytes, Maximum(1 << 16)]
    signature: bytes


@dataclass(frozen=True, slots=True)
class Signing:
    """A secret seed and a message."""

    seed: Digest
    message: Annotated[bytes, Maximum(1 << 16)]


@dataclass(frozen=True, slots=True)
class SignatureMade:
    """The public key of the seed, and its signature."""

    public_key: Digest
    signature: Signed


@method("signature.verify", SECTION, RULE)
def verify(profile: Profile, given: SignedMessage) -> Nothing:
    """Accept a signature under ZIP-215, or refuse it."""
    require_signature(given.public_key, given.message, given.signature)
    return ACCEPTED


@method("signature.sign", SECTION, RULE)
def make(profile: Profile, given: Signing) -> SignatureMade:
    """Sign a message (RFC 8032)."""
    return SignatureMade(public_key_of(given.seed), sign(given.seed, given.message))


BELIEVES_ALL = Double("verifies no signature", "taifoon.primitives.signatures:is_valid_signature", agree)
INVALID = RejectionCode.SIGNATURE_INVALID


def flipped(octets: bytes, place: int) -> bytes:
    """The bytes with one bit changed."""
    return octets[:place] + bytes([octets[place] ^ 1]) + octets[place + 1 :]


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    stream = Stream("vectors/signatures")
    for number in range(8):
        given = Signing(stream.octets(32), stream.octets((0, 1, 32, 200)[number % 4]))
        made = make_pair(given)
        yield Case("signature.sign", f"drawn-{number}", given)
        yield Case("signature.verify", f"drawn-{number}", SignedMessage(made.public_key, given.message, made.signature))
        for label, broken in (
            ("message", SignedMessage(made.public_key, given.message + b"\x00", made.signature)),
            ("scalar", SignedMessage(made.public_key, given.message, flipped(made.signature, 33))),
            ("point", SignedMessage(made.public_key, given.message, flipped(made.signature, 3))),
        ):
            yield Case("signature.verify", f"drawn-{number}-other-{label}", broken, INVALID, BELIEVES_ALL)
        scalar = int.from_bytes(made.signature[32:], "little") + ORDER
        if scalar < 1 << 256:
            malleable = made.signature[:32] + scalar.to_bytes(32, "little")
            given_again = SignedMessage(made.public_key, given.message, malleable)
            yield Case("signature.verify", f"drawn-{number}-scalar-plus-order", given_again, INVALID, BELIEVES_ALL)
    for row, point in enumerate(SMALL_ORDER):
        for column, key in enumerate(SMALL_ORDER):
            given_small = SignedMessage(key, b"Zcash", point + bytes(32))
            yield Case("signature.verify", f"small-order-{row}-{column}", given_small)
    off_curve = (2).to_bytes(32, "little")
    made = make_pair(Signing(hashlib.sha256(b"key").digest(), b""))
    for label, refused in (
        ("key-short", SignedMessage(made.public_key[:-1], b"", made.signature)),
        ("key-long", SignedMessage(made.public_key + b"\x00", b"", made.signature)),
        ("signature-short", SignedMessage(made.public_key, b"", made.signature[:-1])),
        ("signature-long", SignedMessage(made.public_key, b"", made.signature + b"\x00")),
        ("no-signature", SignedMessage(made.public_key, b"", b"")),
        ("key-off-curve", SignedMessage(off_curve, b"", made.signature)),
        ("point-off-curve", SignedMessage(made.public_key, b"", off_curve + made.signature[32:])),
        ("scalar-is-order", SignedMessage(SMALL_ORDER[0], b"", SMALL_ORDER[0] + ORDER.to_bytes(32, "little"))),
    ):
        yield Case("signature.verify", label, refused, INVALID, BELIEVES_ALL)


def make_pair(given: Signing) -> SignatureMade:
    """The key and the signature of a seed."""
    return SignatureMade(public_key_of(given.seed), sign(given.seed, given.message))
