"""Section 2.1: proofs that a range extends an older one, and that a subtree belongs to a range (R-6.1-7, R-2.2-2).

Both are one walk: it goes down to the subtree in question and meets, for each span beside it, an item. With start 0 the
subtree is the older range, and the items are those of RFC 9162 (section 2.1.4); in general they are those of the
subtree consistency proof of draft-ietf-plants-merkle-tree-certs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from icontract import require

from taifoon.core.mmr.combiner import Combiner
from taifoon.core.mmr.items import Items, check_root, shown
from taifoon.core.mmr.mountains import MountainRange, span_value
from taifoon.core.mmr.shape import check_leaf_count
from taifoon.core.mmr.spans import Span, halves, is_subtree, join, whole
from taifoon.primitives.types import LeafCount
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class SubtreeProof(Generic[V]):
    """A subtree, and the values of the spans beside it, in walking order."""

    subtree: Span
    items: tuple[V, ...]


def subtree_items(
    combiner: Combiner[V],
    mountains: MountainRange[V],
    span: Span,
    subtree: Span,
    known: bool,  # noqa: FBT001 - the draft's own flag
) -> Iterator[V]:
    """The items that lead from a subtree to a span.

    `known` says that the verifier has the subtree's value already; else, where the walk ends in the whole of a
    subtree, its value is the first item.
    """
    if subtree.size == 0:
        return
    if span == subtree:
        if not known:
            yield span_value(combiner, mountains, span)
        return
    left, right = halves(span)
    if left.covers(subtree):
        yield from subtree_items(combiner, mountains, left, subtree, known)
        yield span_value(combiner, mountains, right)
    elif right.covers(subtree):
        yield from subtree_items(combiner, mountains, right, subtree, known)
        yield span_value(combiner, mountains, left)
    else:
        rest = Span(right.start, subtree.stop)
        yield from subtree_items(combiner, mountains, right, rest, known=False)
        yield span_value(combiner, mountains, left)


def folded_subtree(combiner: Combiner[V], span: Span, subtree: Span, known: V | None, items: Items[V]) -> tuple[V, V]:
    """The values of the subtree and of the span that holds it, from what is known and the items."""
    if span == subtree:
        value = items.take() if known is None else known
        return value, value
    left, right = halves(span)
    if left.covers(subtree):
        inner, outer = folded_subtree(combiner, left, subtree, known, items)
        return inner, join(combiner, span, outer, items.take())
    if right.covers(subtree):
        inner, outer = folded_subtree(combiner, right, subtree, known, items)
        return inner, join(combiner, span, items.take(), outer)
    # The subtree begins with the whole left half and ends inside the right one.
    inner, outer = folded_subtree(combiner, right, Span(right.start, subtree.stop), None, items)
    beside = items.take()
    return join(combiner, subtree, beside, inner), join(combiner, span, beside, outer)


def check_subtree(subtree: Span, count: LeafCount) -> None:
    """Demand a subtree inside a range. Rejects with MMR_FULL, MMR_SUBTREE_INVALID, MMR_INDEX_OUT_OF_RANGE."""
    check_leaf_count(count)
    if not is_subtree(subtree):
        raise Rejected(
            RejectionCode.MMR_SUBTREE_INVALID,
            f"[{subtree.start}, {subtree.stop}): the start must be a multiple of the size rounded up to 2^k",
        )
    if subtree.stop > count:
        raise Rejected(
            RejectionCode.MMR_INDEX_OUT_OF_RANGE, f"[{subtree.start}, {subtree.stop}) in a range of {count} leaves"
        )


@require(lambda mountains, subtree: is_subtree(subtree) and subtree.stop <= mountains.count)
def prove_subtree(combiner: Combiner[V], mountains: MountainRange[V], subtree: Span) -> SubtreeProof[V]:
    """The proof that a subtree, whose value the verifier has, belongs to the range."""
    items = subtree_items(combiner, mountains, whole(mountains.count), subtree, known=True)
    return SubtreeProof(subtree, tuple(items))


def verify_subtree(
    combiner: Combiner[V], root: V, count: LeafCount, subtree: Span, value: V, proof: SubtreeProof[V]
) -> None:
    """Accept that the range (count, root) has a subtree with this value, or reject.

    Rejects with MMR_FULL, MMR_SUBTREE_INVALID (also for an empty subtree, which says nothing), MMR_INDEX_MISMATCH,
    MMR_INDEX_OUT_OF_RANGE, MMR_ITEM_SIZE, MMR_PROOF_TOO_SHORT, MMR_PROOF_TOO_LONG, MMR_SUBTREE_MISMATCH,
    MMR_ROOT_MISMATCH.
    """
    check_subtree(subtree, count)
    if subtree.size == 0:
        raise Rejected(
            RejectionCode.MMR_SUBTREE_INVALID, "the subtree is empty: its value says nothing about the range"
        )
    if proof.subtree != subtree:
        raise Rejected(RejectionCode.MMR_INDEX_MISMATCH, f"the proof is of {proof.subtree}, not of {subtree}")
    if not combiner.is_value(value):
        raise Rejected(RejectionCode.MMR_ITEM_SIZE, f"the subtree's value is no digest of 32 bytes: {shown(value)}")
    items = Items(combiner, proof.items)
    computed, bag = folded_subtree(combiner, whole(count), subtree, value, items)
    items.finish()
    # Where the walk ends inside the subtree, its value comes from the items and has to be the claimed one.
    if computed != value:
        raise Rejected(
            RejectionCode.MMR_SUBTREE_MISMATCH, f"the proof gives {shown(computed)}, claimed is {shown(value)}"
        )
    check_root(combiner, root, count, bag)


@require(lambda mountains, old: 0 <= old <= mountains.count)
def prove_consistency(combiner: Combiner[V], mountains: MountainRange[V], old: LeafCount) -> SubtreeProof[V]:
    """The proof that the range extends its first `old` leaves.

    A sized root hides the bag, so the verifier knows no value beforehand: where RFC 9162 omits the older head (old is
    a power of two), it is the first item here.
    """
    subtree = whole(old)
    items = subtree_items(combiner, mountains, whole(mountains.count), subtree, known=False)
    return SubtreeProof(subtree, tuple(items))


def verify_consistency(
    combiner: Combiner[V], old_count: LeafCount, old_root: V, count: LeafCount, root: V, proof: SubtreeProof[V]
) -> None:
    """Accept that the range (count, root) begins with the range (old_count, old_root), or reject.

    Rejects with MMR_SHRINKS, MMR_FULL, MMR_SUBTREE_INVALID, MMR_INDEX_MISMATCH, MMR_ITEM_SIZE, MMR_PROOF_TOO_SHORT,
    MMR_PROOF_TOO_LONG, MMR_SUBTREE_MISMATCH (the older root), MMR_ROOT_MISMATCH (the newer one).
    """
    if count < old_count:
        raise Rejected(RejectionCode.MMR_SHRINKS, f"from {old_count} leaves to {count}: a range only grows")
    check_subtree(whole(old_count), count)
    if proof.subtree != whole(old_count):
        raise Rejected(RejectionCode.MMR_INDEX_MISMATCH, f"the proof is of {proof.subtree}, not of {whole(old_count)}")
    if not combiner.is_value(root):
        raise Rejected(RejectionCode.MMR_ITEM_SIZE, f"the newer root is no digest of 32 bytes: {shown(root)}")
    items = Items(combiner, proof.items)
    if old_count == 0:
        # Every range extends the empty one; only the older root remains to be checked.
        items.finish()
        check_old_root(combiner, old_root, old_count, combiner.empty())
        return
    old_bag, bag = folded_subtree(combiner, whole(count), whole(old_count), None, items)
    items.finish()
    check_old_root(combiner, old_root, old_count, old_bag)
    check_root(combiner, root, count, bag)


def check_old_root(combiner: Combiner[V], root: V, count: LeafCount, bag: V) -> None:
    """Compare the root over the older bag with the expected one. Rejects with MMR_SUBTREE_MISMATCH."""
    try:
        check_root(combiner, root, count, bag)
    except Rejected as rejected:
        if rejected.code is RejectionCode.MMR_ROOT_MISMATCH:
            raise Rejected(RejectionCode.MMR_SUBTREE_MISMATCH, rejected.detail) from rejected
        raise


@dataclass(frozen=True, slots=True)
class Head(Generic[V]):
    """What a light client knows of a range: its leaf count and root."""

    count: LeafCount
    root: V


def demands_extension_proof(profile: Profile) -> bool:
    """Rule: whether a new head needs a proof that it extends the known one. Literally there is no such proof."""
    return Resolution.CONSISTENCY in profile


def adopt_head(combiner: Combiner[V], known: Head[V], offered: Head[V], proof: SubtreeProof[V] | None) -> Head[V]:
    """The head that a light client holds after another node offered a newer one (R-4.1-4).

    Rejects with MMR_UNPROVED_EXTENSION without a proof, else as `verify_consistency` does.
    """
    if not demands_extension_proof(combiner.profile):
        return offered
    if proof is None:
        raise Rejected(
            RejectionCode.MMR_UNPROVED_EXTENSION, f"{offered.count} leaves offered after {known.count}, without a proof"
        )
    verify_consistency(combiner, known.count, known.root, offered.count, offered.root, proof)
    return offered
