"""Hash suites, one function for each role, and the reading of a digest as an integer.

Source: `hash()` of sections 2.1, 2.2 and 2.4 of the source document, which defines neither the function nor what is
hashed. Requirement ids: RES-ENC, RC-01, A11, M5, M13.

Every use of a hash has a role, and roles never share an input: no leaf can pass for a node, no job for a vote. BLAKE3
separates roles by key, which costs no message byte; the other suites by a leading tag byte, as RFC 9162 does.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from typing import Literal

import icontract
from blake3 import blake3
from Crypto.Hash import keccak

from taifoon.primitives.types import Hash32
from taifoon.profile import Profile, Resolution, Suite

DIGEST_BYTES = 32
"""Length of every digest: 128 bits of collision resistance, and the width that all three suites share."""

ByteOrder = Literal["big", "little"]


class Role(Enum):
    """What a hash is of. The set is closed and append-only: a role's ordinal is its tag byte in the tagged suites."""

    LEAF = "leaf"
    """A leaf of a mountain range."""
    NODE = "node"
    """An inner node of a mountain range, and the bag of its peaks."""
    ROOT = "root"
    """The root of a mountain range: leaf count and bag."""
    EMPTY = "empty"
    """The bag of no peaks; its only message is the empty one."""
    JOB = "job"
    """The identity of a job."""
    BLOCK = "block"
    """The identity of a block."""
    VOTE = "vote"
    """The statement that a vote signs."""
    ENVELOPE = "envelope"
    """The statement that the sender of a message signs."""
    SEED = "seed"
    """The seed of an epoch."""
    ASSIGN = "assign"
    """The rank of a seat in the assignment to clusters."""
    LEADER = "leader"
    """The rank of a seat in the order of leaders."""
    REPLICA = "replica"
    """The rank of a seat in the choice of replicas."""
    CROSSVAL = "crossval"
    """The choice of cross-validated completions."""
    EVIDENCE = "evidence"
    """The identity of evidence of a fault."""
    CHECKPOINT = "checkpoint"
    """The identity of a checkpoint."""
    GENESIS = "genesis"
    """The identity of a genesis."""
    STATE = "state"
    """The pair of roots of a cluster, which a block commits to."""
    PROOF = "proof"
    """The commitment of a completion leaf: job, prover and proof."""
    CLAIM = "claim"
    """What its signer answers for beside votes: a submitted proof, a root."""
    BEACON = "beacon"
    """A committed secret, and the mixture of the revealed ones."""


KEY_CONTEXT = "taifoon v1 "
"""Start of each key's context. The version changes with the meaning of any role, never with a new one."""

# The context alone tells one role from another: the key material is empty.
_KEYS = {role: blake3(b"", derive_key_context=KEY_CONTEXT + role.value).digest() for role in Role}

# RFC 9162 fixes 00 and 01 for leaf and node, which the order of the roles already gives them. Its empty tree is the
# hash of no bytes at all, so that `empty` has no tag; the number of its place stays unused.
_TAGS = {role: b"" if role is Role.EMPTY else bytes([ordinal]) for ordinal, role in enumerate(Role)}


def separates_roles(profile: Profile) -> bool:
    """Whether a hash depends on its role; the source names one function `hash()` for everything."""
    return Resolution.HASH_ROLES in profile


def conforming_integer_orders(profile: Profile) -> tuple[ByteOrder, ...]:
    """The byte orders in which a client of this profile may read a digest as an integer, the likelier one first.

    The source takes a digest modulo the cluster count and compares digests without saying how either is done.
    """
    return ("big",) if Resolution.HASH_INTEGER in profile else ("big", "little")


def bare_hash(suite: Suite, message: bytes) -> Hash32:
    """The suite's published function of the message alone: no key, no tag."""
    if suite is Suite.BLAKE3:
        return Hash32(blake3(message).digest())
    if suite is Suite.SHA256:
        return Hash32(hashlib.sha256(message).digest())
    return Hash32(keccak.new(digest_bits=256, data=message).digest())


def role_prefix(suite: Suite, role: Role) -> tuple[bytes, bytes]:
    """What a suite adds for a role: the key (empty for an unkeyed suite) and the bytes before the message.

    Two roles of a suite differ in the key or in the first byte hashed. The one exception, `empty` of a tagged suite,
    adds nothing and hashes nothing: an input of zero bytes, which no tagged role has.
    """
    if suite is Suite.BLAKE3:
        return _KEYS[role], b""
    return b"", _TAGS[role]


def hash_role(profile: Profile, role: Role, message: bytes) -> Hash32:
    """Digest of a message in a role, 32 bytes, in the suite of the profile.

    `blake3`: keyed BLAKE3 under `derive_key("taifoon v1 <role>")` of empty key material. `sha256` and `keccak256`: the
    hash of the role's tag byte and the message, which for SHA-256 and the roles leaf, node and empty is RFC 9162
    (section 2.1.1) to the letter. The role `empty` has the empty message only; another breaks the contract.
    """
    suite = profile.parameters.suite
    if not separates_roles(profile):
        return bare_hash(suite, message)
    if role is Role.EMPTY:
        return _empty_hash(suite, message)
    if suite is Suite.BLAKE3:
        return Hash32(blake3(message, key=_KEYS[role]).digest())
    return bare_hash(suite, _TAGS[role] + message)


def _has_no_bytes(message: bytes) -> bool:
    return not message


@icontract.require(_has_no_bytes, "the role `empty` has one message, b'': give a message another role")
def _empty_hash(suite: Suite, message: bytes) -> Hash32:
    if suite is Suite.BLAKE3:
        return Hash32(blake3(message, key=_KEYS[Role.EMPTY]).digest())
    return bare_hash(suite, message)


def hash_to_integer(digest: Hash32, order: ByteOrder = "big") -> int:
    """The digest as an integer below 2^256; big-endian is the order in which digests themselves compare."""
    return int.from_bytes(digest, order)
