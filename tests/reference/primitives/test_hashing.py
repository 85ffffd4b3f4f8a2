"""Hash suites agree with their publications, and no two roles or suites share a function."""

from __future__ import annotations

import hashlib
from itertools import combinations

import icontract
import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.primitives.hashing import (
    DIGEST_BYTES,
    Role,
    bare_hash,
    conforming_integer_orders,
    hash_role,
    hash_to_integer,
    role_prefix,
    separates_roles,
)
from taifoon.primitives.types import Hash32
from taifoon.profile import DOCUMENT, HARDENED, Parameters, Profile, Resolution, Suite

THOROUGH = settings(deadline=None, derandomize=True, max_examples=100)

UNTAGGED = HARDENED.without(Resolution.HASH_ROLES)


def under(suite: Suite, profile: Profile = HARDENED) -> Profile:
    return profile.with_parameters(Parameters(suite=suite))


@pytest.mark.parametrize(
    ("suite", "message", "digest"),
    [
        (Suite.BLAKE3, b"", "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"),
        (Suite.SHA256, b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (Suite.SHA256, b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (Suite.KECCAK256, b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (Suite.KECCAK256, b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    ],
)
def test_bare_functions_are_the_published_ones(suite: Suite, message: bytes, digest: str) -> None:
    """Published digests: the BLAKE3 test vectors, FIPS 180-4, and the Keccak submission at 256 bits."""
    assert bare_hash(suite, message).hex() == digest


def test_keccak_is_not_the_later_standard() -> None:
    """SHA-3 pads differently; an EVM verifier computes the older function."""
    assert bare_hash(Suite.KECCAK256, b"abc") != hashlib.sha3_256(b"abc").digest()


def test_sha256_is_the_tree_of_rfc_9162() -> None:
    """Empty tree, leaf without bytes, and the head of two leaves 00 and 10, as logs publish them."""
    profile = under(Suite.SHA256)
    empty_leaf = hash_role(profile, Role.LEAF, b"")
    first, second = (hash_role(profile, Role.LEAF, octets) for octets in (b"\x00", b"\x10"))
    assert hash_role(profile, Role.EMPTY, b"") == hashlib.sha256(b"").digest()
    assert empty_leaf.hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert first.hex() == "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
    head = hash_role(profile, Role.NODE, empty_leaf + first)
    assert head.hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert hash_role(profile, Role.NODE, first + second) == hashlib.sha256(b"\x01" + first + second).digest()


@pytest.mark.parametrize("role", Role)
def test_blake3_keys_are_derived_from_the_role_alone(role: Role) -> None:
    key = blake3(derive_key_context=f"taifoon v1 {role.value}").digest()
    assert role_prefix(Suite.BLAKE3, role) == (key, b"")
    message = b"" if role is Role.EMPTY else b"message"
    assert hash_role(HARDENED, role, message) == blake3(message, key=key).digest()


@pytest.mark.parametrize("suite", [Suite.SHA256, Suite.KECCAK256])
def test_tags_are_the_ordinals_of_the_roles_but_for_empty(suite: Suite) -> None:
    prefixes = {role: role_prefix(suite, role) for role in Role}
    assert prefixes.pop(Role.EMPTY) == (b"", b"")
    assert [prefix for _, prefix in prefixes.values()] == [bytes([tag]) for tag in range(len(Role)) if tag != 3]
    assert {key for key, _ in prefixes.values()} == {b""}


def test_the_order_of_the_roles_is_fixed() -> None:
    names = (
        "leaf node root empty job block vote envelope seed assign leader replica crossval evidence checkpoint genesis"
    )
    assert [role.value for role in Role] == [*names.split(), "state", "proof", "claim", "beacon"]


@pytest.mark.parametrize("suite", Suite)
def test_roles_are_distinct_in_key_or_first_byte(suite: Suite) -> None:
    for one, other in combinations(Role, 2):
        assert role_prefix(suite, one) != role_prefix(suite, other)


@THOROUGH
@given(st.binary(max_size=200))
def test_one_message_has_a_digest_of_its_own_in_each_suite_and_role(message: bytes) -> None:
    digests = [hash_role(under(suite), role, message) for suite in Suite for role in Role if role is not Role.EMPTY]
    assert len(set(digests)) == len(digests)
    assert {len(digest) for digest in digests} == {DIGEST_BYTES}


@pytest.mark.parametrize("suite", Suite)
def test_without_roles_all_uses_of_a_hash_agree(suite: Suite) -> None:
    """What the rule prevents: a node hashed as a leaf, an assignment hashed as a node."""
    literal = under(suite, UNTAGGED)
    message = bytes(64)
    assert {hash_role(literal, role, message) for role in Role} == {bare_hash(suite, message)}
    assert hash_role(under(suite), Role.LEAF, message) != hash_role(under(suite), Role.NODE, message)


def test_the_rule_follows_the_profile() -> None:
    assert separates_roles(HARDENED)
    assert not separates_roles(UNTAGGED)
    assert not separates_roles(DOCUMENT)


@pytest.mark.parametrize("suite", Suite)
def test_the_empty_role_has_the_empty_message_only(suite: Suite) -> None:
    empty = hash_role(under(suite), Role.EMPTY, b"")
    others = {hash_role(under(suite), role, b"") for role in Role if role is not Role.EMPTY}
    assert empty not in others
    with pytest.raises(icontract.ViolationError, match="another role"):
        hash_role(under(suite), Role.EMPTY, b"\x00")


def test_a_digest_reads_big_endian_and_the_source_allows_both() -> None:
    digest = Hash32(bytes(31) + b"\x01")
    assert hash_to_integer(digest) == 1
    assert conforming_integer_orders(HARDENED) == ("big",)
    for profile in (DOCUMENT, HARDENED.without(Resolution.HASH_INTEGER)):
        first, second = conforming_integer_orders(profile)
        assert (first, second) == ("big", "little")
        # Two clients take the same digest to different clusters out of seven: 2^248 is 4 modulo 7.
        assert hash_to_integer(digest, first) % 7 != hash_to_integer(digest, second) % 7


@THOROUGH
@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_digests_compare_as_their_integers(first: bytes, second: bytes) -> None:
    one, other = Hash32(first), Hash32(second)
    assert (one < other) == (hash_to_integer(one) < hash_to_integer(other))
    assert hash_to_integer(one) < 1 << 256
