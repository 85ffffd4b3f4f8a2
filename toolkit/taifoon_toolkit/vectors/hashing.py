"""Vectors of hash roles, and of reading a digest as a number (RES-ENC.roles, RES-ENC.integer)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from taifoon.primitives.encoding import Maximum
from taifoon.primitives.hashing import Role, hash_role, hash_to_integer, role_prefix
from taifoon.primitives.types import Hash32
from taifoon.profile import Profile, Suite
from taifoon_toolkit.vectors.case import Case
from taifoon_toolkit.vectors.method import method, with_suite
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Small

SECTION = "0"
MAX_MESSAGE = 1 << 16


@dataclass(frozen=True, slots=True)
class InRole:
    """A message in a role of a suite; the role `empty` has the empty message only."""

    suite: Suite
    role: Role
    message: Annotated[bytes, Maximum(MAX_MESSAGE)]


@dataclass(frozen=True, slots=True)
class OneRole:
    """A role."""

    role: Role


@dataclass(frozen=True, slots=True)
class Divided:
    """A digest and the divisor of its integer, at least 1."""

    digest: Digest
    divisor: Small


@dataclass(frozen=True, slots=True)
class Hashed:
    """A digest."""

    digest: Digest


@dataclass(frozen=True, slots=True)
class Remainder:
    """What a division leaves."""

    remainder: Small


@method("hash.role", SECTION, "RES-ENC.roles", "R-6.1-3")
def hash_in_role(profile: Profile, given: InRole) -> Hashed:
    """Hash a message in a role."""
    return Hashed(hash_role(with_suite(profile, given.suite), given.role, given.message))


@method("hash.key", SECTION, "RES-ENC.roles")
def key_of_role(profile: Profile, given: OneRole) -> Hashed:
    """The key of a role under the suite blake3."""
    return Hashed(role_prefix(Suite.BLAKE3, given.role)[0])


@method("hash.remainder", SECTION, "RES-ENC.integer")
def remainder(profile: Profile, given: Divided) -> Remainder:
    """The remainder of a digest, read as an integer."""
    return Remainder(hash_to_integer(Hash32(given.digest)) % given.divisor)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    for role in Role:
        yield Case("hash.key", role.value, OneRole(role))
    stream = Stream("vectors/hashing")
    for suite in Suite:
        yield Case("hash.role", f"{suite.value}-empty-role", InRole(suite, Role.EMPTY, b""))
        for role in (item for item in Role if item is not Role.EMPTY):
            for length in (0, 1, 64) if role is not Role.NODE else (0, 1, 63, 64, 65, 1024, 1025, 4097):
                yield Case(
                    "hash.role", f"{suite.value}-{role.value}-{length}", InRole(suite, role, stream.octets(length))
                )
    for number in range(12):
        yield Case("hash.remainder", f"drawn-{number}", Divided(stream.octets(32), 1 + stream.below(1 << 16)))
    first = bytes([1]) + bytes(31)
    for divisor in (1, 2, 3, 7, 10, (1 << 32) - 1):
        yield Case("hash.remainder", f"first-byte-{divisor}", Divided(first, divisor))
        yield Case("hash.remainder", f"last-byte-{divisor}", Divided(first[::-1], divisor))
