"""Numbered key pairs, committees of them, and their signatures, each made once."""

from __future__ import annotations

import hashlib
from functools import cache

from taifoon.core.certificate import Certificate, Committee
from taifoon.core.vote import Statement, sign_statement
from taifoon.primitives.signatures import public_key_of
from taifoon.primitives.types import ClusterId, Epoch, Hash32, PublicKey, Seat, Signature64
from taifoon.profile import Profile


def seed(number: int) -> bytes:
    """The secret seed of key `number`."""
    return hashlib.sha256(f"key {number}".encode()).digest()


@cache
def key(number: int) -> PublicKey:
    """The public key of key `number`."""
    return PublicKey(public_key_of(seed(number)))


@cache
def signature(profile: Profile, number: int, statement: Statement) -> Signature64:
    """The signature of key `number` under a statement."""
    return sign_statement(profile, seed(number), statement)


def committee_of(chain_id: Hash32, epoch: Epoch, cluster: ClusterId, seats: int) -> Committee:
    """A committee in which key `i` holds seat `i`."""
    return Committee(chain_id, epoch, cluster, tuple(key(number) for number in range(seats)))


def certificate_by(profile: Profile, statement: Statement, listed: tuple[int, ...], signers: list[int]) -> Certificate:
    """A certificate that lists these seats, each with the signature of the signer in its place."""
    signatures = tuple(signature(profile, number, statement) for number in signers)
    return Certificate(statement, tuple(Seat(seat) for seat in listed), signatures)
