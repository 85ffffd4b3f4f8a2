"""Signatures are valid exactly as ZIP-215 says, where other rules of Ed25519 differ and where they agree."""

from __future__ import annotations

from itertools import product

import icontract
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.primitives.signatures import is_valid_signature, public_key_of, require_signature, sign
from taifoon.rejection import Rejected, RejectionCode

from . import ed25519_oracle as oracle
from .rfc8032 import CASES, Case

SEED = bytes(range(32))
MESSAGE = b"taifoon"

SMALL_ORDER = [encoding for point in oracle.small_order_points() for encoding in oracle.encodings(point)]
CANONICAL_SMALL_ORDER = [oracle.compress(point) for point in oracle.small_order_points()]


def agreed_validity(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """The verdict of the library, which must be that of the oracle."""
    verdict = is_valid_signature(public_key, message, signature)
    assert verdict == oracle.is_valid(public_key, message, signature, zip215=True)
    return verdict


def with_scalar(signature: bytes, added: int) -> bytes:
    scalar = int.from_bytes(signature[32:], "little") + added
    return signature[:32] + scalar.to_bytes(32, "little")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_published_signatures_are_made_and_accepted(case: Case) -> None:
    assert public_key_of(case.seed) == case.public_key == oracle.public_key(case.seed)
    assert sign(case.seed, case.message) == case.signature == oracle.sign(case.seed, case.message)
    assert agreed_validity(case.public_key, case.message, case.signature)
    assert oracle.is_valid(case.public_key, case.message, case.signature, zip215=False)


def test_small_order_points_have_fourteen_encodings() -> None:
    """Eight points; six more encodings with y of 2^255 - 19 or above, or a sign on x = 0."""
    assert len(set(SMALL_ORDER)) == len(SMALL_ORDER) == 14
    assert len(set(CANONICAL_SMALL_ORDER)) == 8
    assert all(oracle.decompress(encoding, canonical=False) for encoding in SMALL_ORDER)
    strict = [encoding for encoding in SMALL_ORDER if oracle.decompress(encoding, canonical=True)]
    assert set(strict) == set(CANONICAL_SMALL_ORDER)


@pytest.mark.parametrize("public_key", SMALL_ORDER, ids=bytes.hex)
def test_small_order_signatures_are_all_valid(public_key: bytes) -> None:
    """With S = 0 the equation is [8]R + [8]k A = 0, true of every pair of the 196 whatever k is."""
    for r in SMALL_ORDER:
        assert agreed_validity(public_key, MESSAGE, r + bytes(32))


def test_the_strict_rule_refuses_most_small_order_signatures() -> None:
    """The reason for fixing one rule: under the other, most of the same signatures fail."""
    verdicts = [
        oracle.is_valid(public_key, MESSAGE, r + bytes(32), zip215=False)
        for public_key, r in product(SMALL_ORDER, repeat=2)
    ]
    assert 0 < sum(verdicts) < 64


@pytest.mark.parametrize("public_key", CANONICAL_SMALL_ORDER, ids=bytes.hex)
def test_small_order_signatures_need_a_small_order_nonce(public_key: bytes) -> None:
    """S = 0 with R of large order: [8]R is not 0, and no multiple of a small-order key makes it so."""
    assert not agreed_validity(public_key, MESSAGE, oracle.compress(oracle.BASE) + bytes(32))


@pytest.mark.parametrize("torsion", oracle.small_order_points()[1:], ids=oracle.compress)
def test_a_torsion_component_of_the_nonce_is_cleared_by_the_cofactor(torsion: oracle.Point) -> None:
    """An honest signer's key, a nonce point with a small-order part: the rules part ways."""
    scalar, _ = oracle.secret_scalar(SEED)
    nonce = 12345
    public_key = oracle.public_key(SEED)
    r = oracle.compress(oracle.add(oracle.multiply(nonce, oracle.BASE), torsion))
    s = (nonce + oracle.challenge(r, public_key, MESSAGE) * scalar) % oracle.L
    signature = r + s.to_bytes(32, "little")
    assert agreed_validity(public_key, MESSAGE, signature)
    assert not oracle.is_valid(public_key, MESSAGE, signature, zip215=False)


def test_the_scalar_has_one_encoding() -> None:
    """S + L gives the same equation; RFC 8032 and ZIP-215 both refuse it, lest a third party alter a signature."""
    public_key, signature = public_key_of(SEED), sign(SEED, MESSAGE)
    assert agreed_validity(public_key, MESSAGE, signature)
    for times in range(1, 16):
        assert not agreed_validity(public_key, MESSAGE, with_scalar(signature, times * oracle.L))
    for key, r in product(SMALL_ORDER[:4], repeat=2):
        assert agreed_validity(key, MESSAGE, with_scalar(r + bytes(32), 0))
        assert not agreed_validity(key, MESSAGE, with_scalar(r + bytes(32), oracle.L))


def test_the_greatest_scalar_is_below_the_order() -> None:
    """A key and nonce of small order with S = L - 1 satisfy no equation, and S = L is out of range."""
    for scalar in (oracle.L - 1, oracle.L, 2**253 - 1, 2**256 - 1):
        signature = CANONICAL_SMALL_ORDER[0] + scalar.to_bytes(32, "little")
        assert not agreed_validity(CANONICAL_SMALL_ORDER[0], MESSAGE, signature)


@pytest.mark.parametrize("y", range(oracle.P, 2**255))
def test_a_point_may_be_encoded_above_the_field(y: int) -> None:
    """All nineteen y of P and above, with either sign: on the curve, valid as R or A by the equation alone."""
    for sign_bit in (0, 1):
        encoding = (y | sign_bit << 255).to_bytes(32, "little")
        on_curve = oracle.decompress(encoding, canonical=False) is not None
        small = encoding in SMALL_ORDER
        assert on_curve or not small
        assert agreed_validity(encoding, MESSAGE, CANONICAL_SMALL_ORDER[0] + bytes(32)) == small
        assert agreed_validity(CANONICAL_SMALL_ORDER[0], MESSAGE, encoding + bytes(32)) == small
        assert oracle.decompress(encoding, canonical=True) is None


def test_a_point_off_the_curve_is_invalid() -> None:
    off_curve = next(
        encoding
        for encoding in (y.to_bytes(32, "little") for y in range(2, 100))
        if oracle.decompress(encoding, canonical=False) is None
    )
    assert not agreed_validity(off_curve, MESSAGE, CANONICAL_SMALL_ORDER[0] + bytes(32))
    assert not agreed_validity(CANONICAL_SMALL_ORDER[0], MESSAGE, off_curve + bytes(32))


@settings(deadline=None, derandomize=True, max_examples=40)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=80))
def test_library_and_oracle_sign_alike(seed: bytes, message: bytes) -> None:
    assert public_key_of(seed) == oracle.public_key(seed)
    assert sign(seed, message) == oracle.sign(seed, message)
    assert agreed_validity(public_key_of(seed), message, sign(seed, message))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(0, 8 * (32 + 64 + len(MESSAGE)) - 1))
def test_any_flipped_bit_is_refused(place: int) -> None:
    """One bit of key, signature or message: the pieces lie one after another."""
    octets = bytearray(public_key_of(SEED) + sign(SEED, MESSAGE) + MESSAGE)
    octets[place // 8] ^= 1 << place % 8
    public_key, signature, message = bytes(octets[:32]), bytes(octets[32:96]), bytes(octets[96:])
    assert not agreed_validity(public_key, message, signature)


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
def test_a_key_of_another_length_is_invalid(length: int) -> None:
    assert not is_valid_signature(bytes(length), MESSAGE, sign(SEED, MESSAGE))


@pytest.mark.parametrize("length", [0, 1, 32, 63, 65, 128])
def test_a_signature_of_another_length_is_invalid(length: int) -> None:
    assert not is_valid_signature(public_key_of(SEED), MESSAGE, (sign(SEED, MESSAGE) + bytes(64))[:length])


def test_requiring_a_signature_raises_its_code() -> None:
    public_key, signature = public_key_of(SEED), sign(SEED, MESSAGE)
    require_signature(public_key, MESSAGE, signature)
    for fault in ((public_key, b"other", signature), (b"", MESSAGE, signature), (public_key, MESSAGE, b"")):
        with pytest.raises(Rejected) as caught:
            require_signature(*fault)
        assert caught.value.code is RejectionCode.SIGNATURE_INVALID


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_seed_of_another_length_breaks_the_contract(length: int) -> None:
    with pytest.raises(icontract.ViolationError, match="32 bytes"):
        public_key_of(bytes(length))
    with pytest.raises(icontract.ViolationError, match="32 bytes"):
        sign(bytes(length), MESSAGE)
