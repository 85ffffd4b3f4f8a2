"""Section 2.1: proofs that leaves belong to a range: one leaf, several, or a contiguous run (R-4.1-6, R-6.1-3).

A proof is a walk over the spans that hold the claimed leaves; each span without one is an item of the proof. For one
leaf the items are exactly the RFC 9162 path. The verifier walks the same spans, computes the root and compares once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from icontract import require

from taifoon.core.mmr.combiner import Combiner
from taifoon.core.mmr.items import Items, check_root
from taifoon.core.mmr.mountains import MountainRange, span_value
from taifoon.core.mmr.shape import check_leaf_count, leaf_position
from taifoon.core.mmr.spans import Span, halves, join, whole
from taifoon.primitives.types import LeafCount, LeafIndex, NodePosition
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Claim:
    """That the range holds `content` as leaf `index`."""

    index: LeafIndex
    content: bytes


@dataclass(frozen=True, slots=True)
class InclusionProof(Generic[V]):
    """The leaves it speaks of, and the values of the other spans, in walking order."""

    indices: tuple[LeafIndex, ...]
    items: tuple[V, ...]


def accepts_index(profile: Profile, index: int, count: int) -> bool:
    """Rule: which leaf indices a proof may name. Literally, any."""
    if Resolution.INDEX_BOUND in profile:
        return 0 <= index < count
    return index >= 0


def accepts_indices(profile: Profile, indices: tuple[LeafIndex, ...]) -> bool:
    """Rule: in which order a proof may name its leaves. Literally, in any, and repeatedly."""
    if Resolution.UNIQUE_POSITIONS in profile:
        return all(low < high for low, high in pairwise(indices))
    return True


def accepts_answer(profile: Profile, claimed: tuple[LeafIndex, ...], proved: tuple[LeafIndex, ...]) -> bool:
    """Rule: whether a proof of some leaves settles a claim about others. Literally, the two are never compared."""
    if Resolution.CLAIMED_INDEX in profile:
        return claimed == proved
    return len(claimed) == len(proved)


def walk(span: Span, wanted: tuple[int, ...]) -> tuple[tuple[Span, tuple[int, ...]], tuple[Span, tuple[int, ...]]]:
    """The halves of a span with the wanted leaves of each, in walking order: a half that is an item comes last.

    An index beyond the span counts to the right half, where only the index rule can stop it.
    """
    left, right = halves(span)
    to_left = tuple(index for index in wanted if index < left.stop)
    to_right = tuple(index for index in wanted if index >= left.stop)
    if to_left:
        return (left, to_left), (right, to_right)
    return (right, to_right), (left, to_left)


def inclusion_items(
    combiner: Combiner[V], mountains: MountainRange[V], span: Span, wanted: tuple[int, ...]
) -> Iterator[V]:
    """The items of a proof for the wanted leaves of a span."""
    if not wanted:
        yield span_value(combiner, mountains, span)
    elif span.size > 1:
        for half, inside in walk(span, wanted):
            yield from inclusion_items(combiner, mountains, half, inside)


@require(lambda indices: len(indices) > 0)
@require(lambda indices: all(low < high for low, high in pairwise(indices)))
@require(lambda mountains, indices: all(0 <= index < mountains.count for index in indices))
def prove_leaves(
    combiner: Combiner[V], mountains: MountainRange[V], indices: tuple[LeafIndex, ...]
) -> InclusionProof[V]:
    """The proof for several leaves, in increasing order."""
    items = inclusion_items(combiner, mountains, whole(mountains.count), tuple(indices))
    return InclusionProof(indices, tuple(items))


def prove_leaf(combiner: Combiner[V], mountains: MountainRange[V], index: LeafIndex) -> InclusionProof[V]:
    """The proof for one leaf; its items are the RFC 9162 path (section 2.1.3.1)."""
    return prove_leaves(combiner, mountains, (index,))


def prove_run(combiner: Combiner[V], mountains: MountainRange[V], run: Span) -> InclusionProof[V]:
    """The proof for a contiguous run of leaves; its items are the spans to its left and right."""
    return prove_leaves(combiner, mountains, tuple(LeafIndex(index) for index in range(run.start, run.stop)))


def folded(combiner: Combiner[V], span: Span, claims: tuple[tuple[int, V], ...], items: Items[V]) -> V:
    """The value of a span from the claimed leaf values inside it and the items for the rest."""
    if not claims:
        return items.take()
    if span.size == 1:
        return claims[0][1]
    wanted = tuple(index for index, _ in claims)
    values = {
        half: folded(combiner, half, tuple(claim for claim in claims if claim[0] in inside), items)
        for half, inside in walk(span, wanted)
    }
    left, right = halves(span)
    return join(combiner, span, values[left], values[right])


def verify_leaves(
    combiner: Combiner[V], root: V, count: LeafCount, claims: tuple[Claim, ...], proof: InclusionProof[V]
) -> None:
    """Accept claims about leaves of the range with this root and leaf count, or reject.

    Rejects with MMR_FULL, MMR_POSITIONS_EMPTY, MMR_INDEX_MISMATCH, MMR_POSITIONS_UNSORTED, MMR_INDEX_OUT_OF_RANGE,
    MMR_ITEM_SIZE, MMR_PROOF_TOO_SHORT, MMR_PROOF_TOO_LONG, MMR_ROOT_MISMATCH. Work: one hash for each item and claim.
    """
    profile = combiner.profile
    check_leaf_count(count)
    if not claims:
        raise Rejected(RejectionCode.MMR_POSITIONS_EMPTY, "a proof without leaves claims nothing: name at least one")
    claimed = tuple(claim.index for claim in claims)
    if not accepts_answer(profile, claimed, proof.indices):
        raise Rejected(
            RejectionCode.MMR_INDEX_MISMATCH, f"the proof is of leaves {proof.indices}, the claim is of {claimed}"
        )
    if not accepts_indices(profile, proof.indices):
        raise Rejected(RejectionCode.MMR_POSITIONS_UNSORTED, f"leaf indices {proof.indices} must strictly increase")
    for index in proof.indices:
        if not accepts_index(profile, index, count):
            raise Rejected(
                RejectionCode.MMR_INDEX_OUT_OF_RANGE,
                f"leaf index {index} in a range of {count} leaves: name one below {count}",
            )
    if count == 0:
        raise Rejected(RejectionCode.MMR_INDEX_OUT_OF_RANGE, "an empty range has no leaf")
    values = tuple(
        (int(index), combiner.leaf(NodePosition(leaf_position(index)), index, claim.content))
        for index, claim in zip(proof.indices, claims, strict=True)
    )
    items = Items(combiner, proof.items)
    bag = folded(combiner, whole(count), values, items)
    items.finish()
    check_root(combiner, root, count, bag)


def verify_leaf(
    combiner: Combiner[V], root: V, count: LeafCount, index: LeafIndex, content: bytes, proof: InclusionProof[V]
) -> None:
    """Accept that leaf `index` of the range is `content`, or reject as `verify_leaves` does."""
    verify_leaves(combiner, root, count, (Claim(index, content),), proof)


def verify_run(
    combiner: Combiner[V], root: V, count: LeafCount, run: Span, contents: tuple[bytes, ...], proof: InclusionProof[V]
) -> None:
    """Accept that the leaves of a contiguous run are `contents`, or reject as `verify_leaves` does."""
    if run.size != len(contents):
        raise Rejected(RejectionCode.MMR_INDEX_MISMATCH, f"{len(contents)} leaves for a run of {run.size}")
    claims = tuple(Claim(LeafIndex(run.start + offset), content) for offset, content in enumerate(contents))
    verify_leaves(combiner, root, count, claims, proof)
