"""Sections 2.4 and 4.1: what a vote says and what its signature covers (R-4.1-8, R-2.4-5).

A signature authorises one statement: this kind of vote, for this block, in this view of this committee in this epoch of
this chain. The source signs the block hash alone, so that one signature serves in every network, epoch and view.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from taifoon.primitives.encoding import U32, U64, Length, encode
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.signatures import is_valid_signature, sign
from taifoon.primitives.types import ClusterId, Epoch, Hash32, PublicKey, Signature64, View
from taifoon.profile import Profile, Resolution

NO_BLOCK = Hash32(bytes(32))


class VoteKind(Enum):
    """What a vote is for; the order is the encoding."""

    NOTARISE = "notarise"
    NULLIFY = "nullify"
    FINALISE = "finalise"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a member says; `block_hash` is zero where the vote is to nullify."""

    chain_id: Annotated[Hash32, Length(32)]
    epoch: Annotated[Epoch, U64]
    committee: Annotated[ClusterId, U32]
    view: Annotated[View, U64]
    kind: VoteKind
    block_hash: Annotated[Hash32, Length(32)]


def covered_statement(profile: Profile, statement: Statement) -> Statement:
    """Rule: the part of a statement that its signature covers; literally the block hash, the rest reading as blank.

    Each field is covered by a rule of its own.
    """
    return Statement(
        chain_id=statement.chain_id if Resolution.BOUND_CHAIN in profile else NO_BLOCK,
        epoch=statement.epoch if Resolution.BOUND_EPOCH in profile else Epoch(0),
        committee=statement.committee if Resolution.BOUND_COMMITTEE in profile else ClusterId(0),
        view=statement.view if Resolution.BOUND_VIEW in profile else View(0),
        kind=statement.kind if Resolution.BOUND_KIND in profile else VoteKind.NOTARISE,
        block_hash=statement.block_hash,
    )


def signed_message(profile: Profile, statement: Statement) -> Hash32:
    """The digest that a vote signs."""
    return hash_role(profile, Role.VOTE, encode(Statement, covered_statement(profile, statement)))


def sign_statement(profile: Profile, seed: bytes, statement: Statement) -> Signature64:
    """A member's signature under a statement, from the secret seed of its key."""
    return Signature64(sign(seed, signed_message(profile, statement)))


def signs(profile: Profile, key: PublicKey, statement: Statement, signature: Signature64) -> bool:
    """Whether a signature under a statement is by this key."""
    return is_valid_signature(key, signed_message(profile, statement), signature)
