"""Section 5.1: who signed the blocks of a cluster and epoch, as everybody reads it (R-5.1-1, R-5.1-4).

Two nodes can hold different certificates of one block, with other signers. So what counts is what later blocks carry
under their own hashes; a node's own certificates say nothing. The last block of a stretch is followed by none, and
nobody's signature for it counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from taifoon.core.attestation import carries_votes
from taifoon.core.block import ClusterBlock, block_hash
from taifoon.core.succession import Stretch
from taifoon.core.vote import VoteKind
from taifoon.economics.rewards import Attestation
from taifoon.primitives.types import BlockNumber
from taifoon.profile import Profile


def numbers_of(blocks: tuple[ClusterBlock, ...]) -> tuple[BlockNumber, ...]:
    """The numbers of blocks."""
    return tuple(block.header.block_number for block in blocks)


def attestations_of(blocks: tuple[ClusterBlock, ...]) -> tuple[Attestation, ...]:
    """The signatures that the blocks of a stretch carry, in the order of the blocks."""
    return tuple(
        Attestation(vote.block, vote.seat, block.header.block_number) for block in blocks for vote in block.attestations
    )


def held_attestations(profile: Profile, stretch: Stretch) -> Iterator[Attestation]:
    """The signatures in the certificates by which a node holds the blocks of a stretch to be notarised."""
    numbers = {block_hash(profile, block): block.header.block_number for block in stretch.blocks}
    for certificate in () if stretch.proof is None else stretch.proof.certificates:
        statement = certificate.statement
        if statement.kind is VoteKind.NOTARISE and statement.block_hash in numbers:
            number = numbers[statement.block_hash]
            yield from (Attestation(number, seat, number) for seat in certificate.seats)


def participation(profile: Profile, stretch: Stretch) -> tuple[Attestation, ...]:
    """Rule: what says who signed. Literally the certificates that a node happens to hold; repaired, the blocks."""
    if carries_votes(profile):
        return attestations_of(stretch.blocks)
    return tuple(held_attestations(profile, stretch))


def attested_blocks(profile: Profile, stretch: Stretch) -> tuple[BlockNumber, ...]:
    """Rule: the blocks whose signatures can count. Literally all; repaired, those that another one follows."""
    numbers = numbers_of(stretch.blocks)
    return numbers[:-1] if carries_votes(profile) else numbers
