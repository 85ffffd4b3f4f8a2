"""The collision extractor: two accepted proofs that disagree give an explicit collision.

Soundness of range proofs is stated this way round, so that it holds for any hash: whoever can make a verifier accept
two leaves at one place can also write down two preimages of one digest. The extractor replays both verifications,
records every hash, and looks for two records of one role with equal values and different preimages. That it never comes
back empty-handed is the theorem: both verifications walk the same spans, so, going down from the equal roots, either
two different preimages meet in one value, or the values of every common span are equal, down to the leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from taifoon.core.mmr.combiner import Combiner
from taifoon.core.mmr.inclusion import Claim, InclusionProof, verify_leaves
from taifoon.primitives.types import LeafCount
from taifoon_models.recording import Hashing, RecordingCombiner

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Collision:
    """Two uses of the hash in one role with different preimages and one value."""

    first: Hashing
    second: Hashing


Accepted = tuple[tuple[Claim, ...], InclusionProof[V]]


def disagree(first: tuple[Claim, ...], second: tuple[Claim, ...]) -> bool:
    """Whether two sets of claims put different leaves at one place."""
    contents = {claim.index: claim.content for claim in first}
    return any(contents.get(claim.index, claim.content) != claim.content for claim in second)


def collision_among(records: list[Hashing]) -> Collision | None:
    """The first two records of one role with equal values and different preimages."""
    seen: dict[tuple[str, object], Hashing] = {}
    for record in records:
        known = seen.setdefault((record.role, record.value), record)
        if known.preimage != record.preimage:
            return Collision(known, record)
    return None


def extract_collision(
    combiner: Combiner[V], root: V, count: LeafCount, first: Accepted[V], second: Accepted[V]
) -> Collision | None:
    """A collision from two accepted proofs that disagree.

    None only where the verifier is unsound. Raises Rejected where one of the proofs is not accepted.
    """
    records: list[Hashing] = []
    for claims, proof in (first, second):
        recorder = RecordingCombiner(combiner)
        verify_leaves(recorder, root, count, claims, proof)
        records += recorder.records
    return collision_among(records)
