"""Ed25519 in integers modulo 2^255 - 19: two rules of validity, written from RFC 8032 and ZIP-215.

An oracle: slow, without care for secrets, and without a line in common with the library under test.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)


@dataclass(frozen=True, slots=True)
class Point:
    """A point of -x^2 + y^2 = 1 + d x^2 y^2 in affine coordinates."""

    x: int
    y: int


IDENTITY = Point(0, 1)


def add(one: Point, other: Point) -> Point:
    """The sum, by the complete formula of RFC 8032, section 5.1."""
    product = D * one.x * other.x * one.y * other.y % P
    x = (one.x * other.y + other.x * one.y) * pow(1 + product, -1, P) % P
    y = (one.y * other.y + one.x * other.x) * pow(1 - product, -1, P) % P
    return Point(x, y)


def multiply(scalar: int, point: Point) -> Point:
    total = IDENTITY
    for bit in bin(scalar)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total


def negate(point: Point) -> Point:
    return Point(-point.x % P, point.y)


def square_root_ratio(u: int, v: int) -> int | None:
    """A root of u/v modulo P, if there is one."""
    square = u * pow(v, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    for candidate in (root, root * SQRT_MINUS_1 % P):
        if candidate * candidate % P == square:
            return candidate
    return None


def decompress(encoding: bytes, *, canonical: bool) -> Point | None:
    """The point that 32 bytes encode; a strict reader wants y below P and no sign on x = 0."""
    number = int.from_bytes(encoding, "little")
    sign, y = number >> 255, number % 2**255
    if canonical and y >= P:
        return None
    y %= P
    x = square_root_ratio((y * y - 1) % P, (D * y * y + 1) % P)
    if x is None or (canonical and x == 0 and sign):
        return None
    return Point(-x % P if x % 2 != sign else x, y)


def compress(point: Point) -> bytes:
    return (point.y | (point.x % 2) << 255).to_bytes(32, "little")


_base = decompress((4 * pow(5, -1, P) % P).to_bytes(32, "little"), canonical=True)
assert _base is not None
BASE = _base


def challenge(r: bytes, a: bytes, message: bytes) -> int:
    """k of RFC 8032: over the encodings as received, canonical or not."""
    return int.from_bytes(hashlib.sha512(r + a + message).digest(), "little") % L


def is_valid(public_key: bytes, message: bytes, signature: bytes, *, zip215: bool) -> bool:
    """Validity under ZIP-215, or under the cofactorless equation of RFC 8032 with canonical points."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    a_point = decompress(public_key, canonical=not zip215)
    r_point = decompress(r, canonical=not zip215)
    if a_point is None or r_point is None or s >= L:
        return False
    right = add(r_point, multiply(challenge(r, public_key, message), a_point))
    difference = add(multiply(s, BASE), negate(right))
    return multiply(8 if zip215 else 1, difference) == IDENTITY


def secret_scalar(seed: bytes) -> tuple[int, bytes]:
    """The clamped scalar of a seed, and the prefix for nonces."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little")
    return scalar & (1 << 254) - 8 | 1 << 254, digest[32:]


def public_key(seed: bytes) -> bytes:
    return compress(multiply(secret_scalar(seed)[0], BASE))


def sign(seed: bytes, message: bytes) -> bytes:
    scalar, prefix = secret_scalar(seed)
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % L
    r = compress(multiply(nonce, BASE))
    s = (nonce + challenge(r, public_key(seed), message) * scalar) % L
    return r + s.to_bytes(32, "little")


def small_order_points() -> list[Point]:
    """The eight points whose order divides eight, as multiples of one of order eight."""
    for y in range(2, 100):
        point = decompress(y.to_bytes(32, "little"), canonical=True)
        if point is None:
            continue
        torsion = multiply(L, point)
        if multiply(4, torsion) != IDENTITY:
            return [multiply(scalar, torsion) for scalar in range(8)]
    raise AssertionError("a point in eight has a component of full small order")


def encodings(point: Point) -> list[bytes]:
    """All encodings that a lenient reader takes for the point: y or y + P if it fits, and either sign on x = 0."""
    signs = (0, 1) if point.x == 0 else (point.x % 2,)
    numbers = [y | sign << 255 for y in (point.y, point.y + P) if y < 2**255 for sign in signs]
    return [number.to_bytes(32, "little") for number in numbers]
