"""The role hash of every suite, written out by hand: keys and tags as `spec/0-conventions.md` has them."""

from __future__ import annotations

import hashlib

from blake3 import blake3
from Crypto.Hash import keccak

TAGS = {
    "leaf": "00",
    "node": "01",
    "root": "02",
    "job": "04",
    "block": "05",
    "vote": "06",
    "envelope": "07",
    "seed": "08",
    "assign": "09",
    "leader": "0a",
    "replica": "0b",
    "crossval": "0c",
    "evidence": "0d",
    "checkpoint": "0e",
    "genesis": "0f",
    "state": "10",
    "proof": "11",
    "claim": "12",
    "beacon": "13",
}


def role_digest(suite: str, role: str, message: bytes) -> bytes:
    """The digest of a message in a role."""
    if suite == "blake3":
        key = blake3(b"", derive_key_context=f"taifoon v1 {role}").digest()
        return blake3(message, key=key).digest()
    tagged = bytes.fromhex(TAGS.get(role, "")) + message
    if suite == "sha256":
        return hashlib.sha256(tagged).digest()
    return keccak.new(digest_bits=256, data=tagged).digest()
