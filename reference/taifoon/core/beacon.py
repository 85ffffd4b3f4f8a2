"""Sections 2.1 and 2.2: the beacon that an epoch's seed mixes in (R-2.1-12, R-9-5).

The registry that a seed assigns is frozen before the beacon is known, so that nobody chooses keys, jobs or blocks to
suit it. Any source with that property will do. The embedded one is commit and reveal: a holder commits to a secret in
one epoch and reveals it in the next. Whoever withholds a reveal has one bit of influence, and is named for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from icontract import ensure, require

from taifoon.core.certificate import MAX_SEATS
from taifoon.core.mmr.combiner import HashFunction
from taifoon.primitives.encoding import U64, Length, Maximum, encode
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import Epoch, Hash32, PublicKey
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode


@dataclass(frozen=True, slots=True)
class Commitment:
    """The digest by which a holder fixes its secret in one epoch, to reveal it in the next."""

    holder: Annotated[PublicKey, Length(32)]
    digest: Annotated[Hash32, Length(32)]


@dataclass(frozen=True, slots=True)
class Reveal:
    """The secret of a holder."""

    holder: Annotated[PublicKey, Length(32)]
    secret: Annotated[Hash32, Length(32)]


@dataclass(frozen=True, slots=True)
class CommittedSecret:
    """What a commitment hashes: the epoch of the reveal, the holder, the secret. 72 bytes."""

    epoch: Annotated[Epoch, U64]
    holder: Annotated[PublicKey, Length(32)]
    secret: Annotated[Hash32, Length(32)]


Commitments = Annotated[tuple[Commitment, ...], Maximum(MAX_SEATS)]
Reveals = Annotated[tuple[Reveal, ...], Maximum(MAX_SEATS)]


@dataclass(frozen=True, slots=True)
class Mixture:
    """What the beacon of an epoch hashes: its reveals, by holder. 12 bytes and 64 for each, so never 72."""

    epoch: Annotated[Epoch, U64]
    reveals: Reveals


def commitment(
    profile: Profile, epoch: Epoch, holder: PublicKey, secret: Hash32, draw: HashFunction = hash_role
) -> Commitment:
    """The commitment of a holder to the secret that it will reveal in `epoch`.

    It binds the holder, so that a copied commitment cannot be revealed, and the epoch, so that no secret serves twice.
    """
    return Commitment(
        holder, draw(profile, Role.BEACON, encode(CommittedSecret, CommittedSecret(epoch, holder, secret)))
    )


def check_reveals(
    profile: Profile,
    epoch: Epoch,
    commitments: tuple[Commitment, ...],
    reveals: tuple[Reveal, ...],
    draw: HashFunction = hash_role,
) -> None:
    """Demand at most one reveal for each commitment, by holder, that opens it. Rejects with BEACON_REVEAL."""
    open_commitments = {each.holder: each for each in commitments}
    holders = tuple(reveal.holder for reveal in reveals)
    if holders != tuple(sorted(set(holders))):
        raise Rejected(
            RejectionCode.BEACON_REVEAL, f"{len(holders)} reveals are not one for each holder, in their order"
        )
    for reveal in reveals:
        if open_commitments.get(reveal.holder) != commitment(profile, epoch, reveal.holder, reveal.secret, draw):
            raise Rejected(
                RejectionCode.BEACON_REVEAL,
                f"the secret of {reveal.holder.hex()} opens no commitment for epoch {epoch}",
            )


def check_commitments(commitments: tuple[Commitment, ...], serving: frozenset[PublicKey]) -> None:
    """Demand one commitment for each holder, by holder, of keys that serve. Rejects with BEACON_COMMITMENT.

    `serving` are the keys that have stake when they are to reveal; another would choose between two beacons for free.
    """
    holders = tuple(each.holder for each in commitments)
    if holders != tuple(sorted(set(holders))) or not serving.issuperset(holders):
        raise Rejected(
            RejectionCode.BEACON_COMMITMENT,
            f"{len(holders)} commitments: one for each holder, in their order, of {len(serving)} keys that serve",
        )


def mixed(profile: Profile, epoch: Epoch, reveals: tuple[Reveal, ...], draw: HashFunction = hash_role) -> Hash32:
    """The beacon of an epoch: the hash of all reveals, in the order of their holders."""
    ordered = tuple(sorted(reveals, key=lambda reveal: reveal.holder))
    return draw(profile, Role.BEACON, encode(Mixture, Mixture(epoch, ordered)))


@require(lambda commitments: len({each.holder for each in commitments}) == len(commitments))
@ensure(lambda commitments, reveals, result: len(result) >= len(commitments) - len(reveals))
def withheld(commitments: tuple[Commitment, ...], reveals: tuple[Reveal, ...]) -> tuple[PublicKey, ...]:
    """The holders that committed and did not reveal, in their order: each has chosen between two beacons."""
    revealed = {reveal.holder for reveal in reveals}
    return tuple(sorted(each.holder for each in commitments if each.holder not in revealed))


def choices(commitments_of_one: int) -> int:
    """How many beacons the holder of so many commitments chooses among, once all other reveals are known."""
    return int(2**commitments_of_one)
