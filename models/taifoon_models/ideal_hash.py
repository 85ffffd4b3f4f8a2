"""Hashes that stand in for the role hash: an ideal one, one that is cut short, and one that keeps a record.

Each is passed to the protocol's own combiner, so that what is explored is the shipped code. Over the ideal hash two
digests are equal only if role and message are: what holds there holds under collision resistance, and what fails there
fails for a structural reason, with any hash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from taifoon.core.mmr.combiner import HashFunction
from taifoon.primitives.hashing import DIGEST_BYTES, Role, hash_role, separates_roles
from taifoon.primitives.types import Hash32
from taifoon.profile import Profile


class IdealHash:
    """Every new message gets a new digest, numbered in the order of asking; roles count where the profile has them."""

    def __init__(self) -> None:
        self._digests: dict[tuple[Role | None, bytes], Hash32] = {}
        self._messages: dict[Hash32, tuple[Role | None, bytes]] = {}

    def __call__(self, profile: Profile, role: Role, message: bytes) -> Hash32:
        """The digest of a message in a role."""
        asked = (role if separates_roles(profile) else None, message)
        known = self._digests.get(asked)
        if known is None:
            known = Hash32(b"ideal" + len(self._digests).to_bytes(DIGEST_BYTES - 5, "big"))
            self._digests[asked] = known
            self._messages[known] = asked
        return known

    def show(self, digest: bytes) -> str:
        """What was hashed, for traces: digests inside a message are shown in turn."""
        if digest not in self._messages:
            return digest.hex()
        role, message = self._messages[Hash32(digest)]
        name = "hash" if role is None else role.value
        parts: list[str] = []
        while len(message) >= DIGEST_BYTES and message[-DIGEST_BYTES:] in self._messages:
            parts.insert(0, self.show(message[-DIGEST_BYTES:]))
            message = message[:-DIGEST_BYTES]
        if message:
            parts.insert(0, message.decode() if message.isascii() and b"\0" not in message else message.hex())
        return f"{name}({', '.join(parts)})"


@dataclass(frozen=True, slots=True)
class ShortHash:
    """The role hash with every digest cut to its first bits, the rest zero: collisions do occur."""

    bits: int

    def __call__(self, profile: Profile, role: Role, message: bytes) -> Hash32:
        """The cut digest."""
        dropped = 8 * DIGEST_BYTES - self.bits
        digest = int.from_bytes(hash_role(profile, role, message), "big") >> dropped << dropped
        return Hash32(digest.to_bytes(DIGEST_BYTES, "big"))


class Hashing(NamedTuple):
    """One use of the hash: its role, the message, and the digest."""

    role: Role
    message: bytes
    digest: Hash32


@dataclass(slots=True, eq=False)
class RecordingHash:
    """A hash that behaves as another one and records each use."""

    inner: HashFunction
    records: list[Hashing] = field(default_factory=list)

    def __call__(self, profile: Profile, role: Role, message: bytes) -> Hash32:
        """The digest of the recorded hash."""
        digest = self.inner(profile, role, message)
        self.records.append(Hashing(role, message, digest))
        return digest
