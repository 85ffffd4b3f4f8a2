"""Signatures in batches are judged as one by one, by any number of processes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.primitives.signatures import is_valid_signature, public_key_of, sign
from taifoon.rejection import Rejected, RejectionCode

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized import signatures
from taifoon_optimized.contents import contents_of
from taifoon_optimized.signatures import Verifier
from taifoon_optimized.verification import Codes, first_rejection

Row = tuple[bytes, bytes, bytes]
"""A key, a message and a signature."""

INVALID = RejectionCode.SIGNATURE_INVALID.number
SEEDS = [bytes([number]) * 32 for number in range(4)]
KEYS = [public_key_of(seed) for seed in SEEDS]
ORDER = (1 << 252) + 27742317777372353535851937790883648493

# RFC 8032 leaves open what becomes of these: points of small order, encoded as they should be and otherwise.
SMALL = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000080",
]


def honest(number: int) -> Row:
    message = b"%d" % number * (number % 5)
    return KEYS[number % 4], message, sign(SEEDS[number % 4], message)


def judged(rows: list[Row], verifier: Verifier) -> Codes:
    return verifier.verify(*(contents_of([row[side] for row in rows]) for side in range(3)))


def reference_codes(rows: list[Row]) -> list[int]:
    return [0 if is_valid_signature(*row) else INVALID for row in rows]


def beyond_the_order(signature: bytes) -> bytes:
    """The same signature with its scalar written another way."""
    return signature[:32] + (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")


SINGLE = Verifier()
KEY, MESSAGE, SIGNATURE = honest(7)
FAULTS: list[Row] = [
    (KEYS[0], MESSAGE, SIGNATURE),
    (KEY, MESSAGE + b"x", SIGNATURE),
    (KEY, MESSAGE, bytes([SIGNATURE[0] ^ 1]) + SIGNATURE[1:]),
    (KEY, MESSAGE, SIGNATURE[:-1] + bytes([SIGNATURE[-1] ^ 1])),
    (KEY, MESSAGE, beyond_the_order(SIGNATURE)),
    (KEY[:31], MESSAGE, SIGNATURE),
    (KEY + b"x", MESSAGE, SIGNATURE),
    (KEY, MESSAGE, SIGNATURE[:63]),
    (KEY, MESSAGE, SIGNATURE + b"x"),
    (b"", MESSAGE, b""),
    (b"\x02" + bytes(31), MESSAGE, SIGNATURE),
]


@pytest.mark.parametrize("faulty", FAULTS)
def test_each_fault_is_refused_as_by_the_reference(faulty: Row) -> None:
    rows = [honest(0), faulty, honest(1)]
    codes = judged(rows, SINGLE)
    assert list(codes) == reference_codes(rows) == [0, INVALID, 0]
    assert first_rejection(codes) == (1, RejectionCode.SIGNATURE_INVALID)


def test_points_of_small_order_are_judged_under_zip_215() -> None:
    points = [bytes.fromhex(point) for point in SMALL]
    rows = [(key, b"Zcash", point + bytes(32)) for key in points for point in points]
    codes = judged(rows, SINGLE)
    assert list(codes) == reference_codes(rows)
    assert not codes.any()


@settings(deadline=None, derandomize=True, max_examples=60)
@given(rows=st.lists(st.integers(0, 9).map(honest) | st.sampled_from(FAULTS), max_size=12))
def test_any_batch_is_judged_as_one_by_one(rows: list[Row]) -> None:
    assert list(judged(rows, SINGLE)) == reference_codes(rows)


@pytest.fixture(scope="module")
def pair() -> Iterator[Verifier]:
    with Verifier(2) as verifier:
        yield verifier


@pytest.mark.parametrize("number", [1, 7, 8, 9, 64, 203])
def test_the_number_of_processes_has_no_bearing(number: int, pair: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "LEAST_SIGNATURES", 4)
    rows = [FAULTS[place % len(FAULTS)] if place % 5 == 3 else honest(place) for place in range(number)]
    codes = judged(rows, pair)
    assert list(codes) == reference_codes(rows)
    assert np.array_equal(codes, judged(rows, SINGLE))


def test_the_first_of_several_faults_is_named(pair: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "LEAST_SIGNATURES", 4)
    rows = [honest(place) for place in range(40)]
    for verifier in (SINGLE, pair):
        verifier.require(*(contents_of([row[side] for row in rows]) for side in range(3)))
    rows[23], rows[38] = FAULTS[1], FAULTS[9]
    for verifier in (SINGLE, pair):
        assert first_rejection(judged(rows, verifier)) == (23, RejectionCode.SIGNATURE_INVALID)
        with pytest.raises(Rejected, match="signature 23") as caught:
            verifier.require(*(contents_of([row[side] for row in rows]) for side in range(3)))
        assert caught.value.code is RejectionCode.SIGNATURE_INVALID


def test_wrong_batches_and_counts_are_named() -> None:
    with pytest.raises(ValueError, match="processes"):
        Verifier(0)
    with pytest.raises(ValueError, match="one of each"):
        SINGLE.verify(contents_of([KEY]), contents_of([]), contents_of([SIGNATURE]))
    assert judged([], SINGLE).size == 0
