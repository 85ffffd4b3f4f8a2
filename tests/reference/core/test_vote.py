"""A signature authorises one statement: every field is covered, each by a rule of its own."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.vote import NO_BLOCK, Statement, VoteKind, covered_statement, sign_statement, signed_message, signs
from taifoon.primitives.encoding import decode, encode
from taifoon.primitives.types import ClusterId, Epoch, Hash32, View
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution, profile_of
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest
from taifoon_models.keys import key, seed

STEADY = settings(deadline=None, derandomize=True, max_examples=150)
SIGNED = Statement(digest("chain"), Epoch(3), ClusterId(1), View(7), VoteKind.FINALISE, digest("block"))
BLANK = Statement(NO_BLOCK, Epoch(0), ClusterId(0), View(0), VoteKind.NOTARISE, SIGNED.block_hash)
ENCODED_BYTES = 32 + 8 + 4 + 8 + 1 + 32

# The rule that covers each field, and a statement that differs in that field alone; the source covers the block hash.
BOUND: dict[str, tuple[Resolution, Statement]] = {
    "chain_id": (Resolution.BOUND_CHAIN, replace(SIGNED, chain_id=digest("another chain"))),
    "epoch": (Resolution.BOUND_EPOCH, replace(SIGNED, epoch=Epoch(4))),
    "committee": (Resolution.BOUND_COMMITTEE, replace(SIGNED, committee=ClusterId(2))),
    "view": (Resolution.BOUND_VIEW, replace(SIGNED, view=View(8))),
    "kind": (Resolution.BOUND_KIND, replace(SIGNED, kind=VoteKind.NOTARISE)),
}
ANOTHER_BLOCK = replace(SIGNED, block_hash=digest("another block"))

HASHES = st.binary(min_size=32, max_size=32).map(Hash32)
STATEMENTS = st.builds(
    Statement,
    chain_id=HASHES,
    epoch=st.integers(0, (1 << 64) - 1).map(Epoch),
    committee=st.integers(0, (1 << 32) - 1).map(ClusterId),
    view=st.integers(0, (1 << 64) - 1).map(View),
    kind=st.sampled_from(VoteKind),
    block_hash=HASHES,
)
# Close statements: each field has two values, so that pairs often agree in some fields and differ in others.
CLOSE = st.builds(
    Statement,
    chain_id=st.sampled_from([SIGNED.chain_id, NO_BLOCK]),
    epoch=st.sampled_from([Epoch(0), Epoch(1)]),
    committee=st.sampled_from([ClusterId(0), ClusterId(1)]),
    view=st.sampled_from([View(0), View(1)]),
    kind=st.sampled_from(VoteKind),
    block_hash=st.sampled_from([SIGNED.block_hash, NO_BLOCK]),
)
RULES = frozenset(rule for rule, _ in BOUND.values())


@STEADY
@given(first=STATEMENTS | CLOSE, second=STATEMENTS | CLOSE)
def test_two_statements_share_a_signed_message_only_if_they_are_one(first: Statement, second: Statement) -> None:
    assert (signed_message(HARDENED, first) == signed_message(HARDENED, second)) == (first == second)


@STEADY
@given(first=CLOSE, second=CLOSE, rules=st.sets(st.sampled_from(sorted(RULES, key=lambda rule: rule.value))))
def test_a_signed_message_fixes_the_block_and_exactly_the_fields_whose_rules_are_in_force(
    first: Statement, second: Statement, rules: set[Resolution]
) -> None:
    profile = profile_of("some rules", (HARDENED.resolutions - RULES) | rules)
    covered = ["block_hash", *(name for name, (rule, _) in BOUND.items() if rule in rules)]
    agree = all(getattr(first, name) == getattr(second, name) for name in covered)
    assert (signed_message(profile, first) == signed_message(profile, second)) == agree


@STEADY
@given(first=CLOSE, second=CLOSE)
def test_the_source_covers_the_block_hash_and_nothing_else(first: Statement, second: Statement) -> None:
    same = signed_message(DOCUMENT, first) == signed_message(DOCUMENT, second)
    assert same == (first.block_hash == second.block_hash)


def test_covered_statements_of_both_profiles() -> None:
    assert covered_statement(DOCUMENT, SIGNED) == BLANK
    assert covered_statement(HARDENED, SIGNED) == SIGNED


def test_every_field_but_the_block_hash_has_its_rule() -> None:
    assert {item.name for item in fields(Statement)} == {*BOUND, "block_hash"}


@pytest.mark.parametrize("field", BOUND)
def test_a_signature_is_good_for_another_value_of_a_field_only_without_its_rule(field: str) -> None:
    rule, other = BOUND[field]
    signature = sign_statement(HARDENED, seed(1), SIGNED)
    assert signs(HARDENED, key(1), SIGNED, signature)
    assert not signs(HARDENED, key(1), other, signature)
    weakened = HARDENED.without(rule)
    assert signs(weakened, key(1), other, sign_statement(weakened, seed(1), SIGNED))
    remaining = [statement for name, (_, statement) in BOUND.items() if name != field]
    for statement in (*remaining, ANOTHER_BLOCK):
        assert not signs(weakened, key(1), statement, sign_statement(weakened, seed(1), SIGNED))


@pytest.mark.parametrize("profile", [DOCUMENT, HARDENED], ids=lambda profile: profile.name)
def test_a_signature_is_of_one_key_and_one_block(profile: Profile) -> None:
    signature = sign_statement(profile, seed(1), SIGNED)
    assert signs(profile, key(1), SIGNED, signature)
    assert not signs(profile, key(2), SIGNED, signature)
    assert not signs(profile, key(1), ANOTHER_BLOCK, signature)


@STEADY
@given(statement=STATEMENTS)
def test_a_statement_survives_its_encoding(statement: Statement) -> None:
    octets = encode(Statement, statement)
    assert len(octets) == ENCODED_BYTES
    assert decode(Statement, octets) == statement


def test_the_ordinals_of_the_kinds_are_fixed() -> None:
    assert [encode(VoteKind, kind) for kind in (VoteKind.NOTARISE, VoteKind.NULLIFY, VoteKind.FINALISE)] == [
        b"\x00",
        b"\x01",
        b"\x02",
    ]
    assert len(VoteKind) == 3


def test_a_fourth_kind_of_vote_is_refused() -> None:
    octets = bytearray(encode(Statement, SIGNED))
    place = 32 + 8 + 4 + 8
    assert octets[place] == 2
    octets[place] = 3
    with pytest.raises(Rejected) as refused:
        decode(Statement, bytes(octets))
    assert refused.value.code is RejectionCode.ENCODING_UNKNOWN_TAG
