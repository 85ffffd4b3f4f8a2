"""The role hash over many messages: equals `taifoon.primitives.hashing.hash_role`, row by row.

BLAKE3 runs in vector tiles for messages of one chunk. The other suites, longer messages and profiles without roles go
through the libraries' own code message by message, which is the fastest way without a compiler.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
from blake3 import blake3
from Crypto.Hash import keccak

from taifoon.primitives.hashing import Role, role_prefix, separates_roles
from taifoon.profile import Profile, Suite
from taifoon_optimized.blake3_messages import BATCH, fits_a_chunk, hash_messages_in_rows
from taifoon_optimized.blake3_nodes import hash_pairs
from taifoon_optimized.blake3_tiles import Words64
from taifoon_optimized.contents import Contents, Digests
from taifoon_optimized.workers import ranges, run


def runs_in_tiles(profile: Profile) -> bool:
    """Whether the profile's hash is the one that the kernels compute: BLAKE3 under the key of a role."""
    return profile.parameters.suite is Suite.BLAKE3 and separates_roles(profile)


@cache
def key_words(role: Role) -> Words64:
    """The key of a role as the kernels take it."""
    key, _ = role_prefix(Suite.BLAKE3, role)
    return np.frombuffer(key, np.uint64)


def words_of(digests: Digests) -> Words64:
    """Digests as rows of 4 words, copied only where the rows are not contiguous."""
    if digests.dtype != np.uint8 or digests.ndim != 2 or digests.shape[1] != 32:
        raise ValueError(f"digests: rows of 32 uint8 are needed, not {digests.dtype} of shape {digests.shape}")
    return np.ascontiguousarray(digests).view(np.uint64)


def library_hash(profile: Profile, role: Role) -> Callable[[bytes], bytes]:
    """The hash of one message in a role by the library's code, without the reference's checks."""
    suite = profile.parameters.suite
    key, tag = role_prefix(suite, role) if separates_roles(profile) else (b"", b"")
    if suite is Suite.BLAKE3 and key:
        return lambda message: blake3(message, key=key).digest()
    if suite is Suite.BLAKE3:
        return lambda message: blake3(message).digest()
    if suite is Suite.SHA256:
        return lambda message: hashlib.sha256(tag + message).digest()
    return lambda message: keccak.new(digest_bits=256, data=tag + message).digest()


def hash_each(profile: Profile, role: Role, messages: Iterable[bytes]) -> Digests:
    """Digests of messages in a role, one call of the library for each."""
    digest = library_hash(profile, role)
    return np.frombuffer(bytearray().join([digest(message) for message in messages]), np.uint8).reshape(-1, 32)


def hash_batch(profile: Profile, role: Role, contents: Contents, threads: int = 1) -> Digests:
    """Digests of all messages in a role. The role `empty` has no message but the empty one: ValueError."""
    if role is Role.EMPTY and contents.longest > 0:
        raise ValueError("contents: the role `empty` has one message, b''; give a message another role")
    stretches = ranges(0, len(contents), threads, BATCH)
    if not runs_in_tiles(profile) or not fits_a_chunk(contents.offsets):
        return hash_each(profile, role, (contents[number] for number in range(len(contents))))
    digests = np.empty((len(contents), 32), np.uint8)
    words, key = digests.view(np.uint64), key_words(role)

    def work(start: int, stop: int) -> None:
        hash_messages_in_rows(key, contents.octets, contents.offsets, start, stop, words)

    run(work, stretches)
    return digests


def hash_nodes(profile: Profile, lefts: Digests, rights: Digests, threads: int = 1) -> Digests:
    """Digests of inner nodes from those of their children: equals `HashCombiner.node`, row by row."""
    if lefts.shape != rights.shape:
        raise ValueError(f"rights: one for each left child is needed, not {rights.shape} for {lefts.shape}")
    stretches = ranges(0, len(lefts), threads, BATCH)
    left_words, right_words = words_of(lefts), words_of(rights)
    if not runs_in_tiles(profile):
        both = np.concatenate((lefts, rights), axis=1).tobytes()
        return hash_each(profile, Role.NODE, (both[start : start + 64] for start in range(0, len(both), 64)))
    digests = np.empty((len(lefts), 32), np.uint8)
    words, key = digests.view(np.uint64), key_words(Role.NODE)

    def work(start: int, stop: int) -> None:
        hash_pairs(key, left_words[start:stop], right_words[start:stop], words[start:stop])

    run(work, stretches)
    return digests
