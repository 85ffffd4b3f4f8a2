"""The collision extractor: two accepted proofs that disagree give an explicit collision.

Soundness of range proofs is stated this way round, so that it holds for any hash: whoever can make a verifier accept
two leaves at one place can also write down two preimages of one digest. The extractor replays both verifications,
records every hash, and looks for two records of one role with equal digests and different messages. That it never comes
back empty-handed is the theorem: both verifications walk the same spans, so, going down from the equal roots, either
two different messages meet in one digest, or the values of every common span are equal, down to the leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.inclusion import Claim, InclusionProof, verify_leaves
from taifoon.primitives.hashing import Role
from taifoon.primitives.types import Hash32, LeafCount
from taifoon_models.ideal_hash import Hashing, RecordingHash


@dataclass(frozen=True, slots=True)
class Collision:
    """Two uses of the hash in one role with different messages and one digest."""

    first: Hashing
    second: Hashing


Accepted = tuple[tuple[Claim, ...], InclusionProof[Hash32]]


def disagree(first: tuple[Claim, ...], second: tuple[Claim, ...]) -> bool:
    """Whether two sets of claims put different leaves at one place."""
    contents = {claim.index: claim.content for claim in first}
    return any(contents.get(claim.index, claim.content) != claim.content for claim in second)


def collision_among(records: list[Hashing]) -> Collision | None:
    """The first two records of one role with equal digests and different messages."""
    seen: dict[tuple[Role, Hash32], Hashing] = {}
    for record in records:
        known = seen.setdefault((record.role, record.digest), record)
        if known.message != record.message:
            return Collision(known, record)
    return None


def extract_collision(
    combiner: HashCombiner, root: Hash32, count: LeafCount, first: Accepted, second: Accepted
) -> Collision | None:
    """A collision from two accepted proofs that disagree.

    None only where the verifier is unsound. Raises Rejected where one of the proofs is not accepted.
    """
    recorder = RecordingHash(combiner.hash)
    for claims, proof in (first, second):
        verify_leaves(replace(combiner, hash=recorder), root, count, claims, proof)
    return collision_among(recorder.records)
