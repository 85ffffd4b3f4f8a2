"""Section 2.1: what every verifier of range proofs shares: taking items in order, and the one comparison at the end.

Items are taken once each and none may be left: a proof that carries more than its shape needs is another proof of the
same statement, and a leaf or item that nothing consumes is one that nothing checks.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from taifoon.core.mmr.combiner import Combiner
from taifoon.core.mmr.shape import node_count
from taifoon.primitives.types import LeafCount, NodePosition
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

V = TypeVar("V")


def accepts_leftovers(profile: Profile, leftovers: int) -> bool:
    """Rule: how many items may remain when the walk is over. Literally, any number."""
    if Resolution.EXACT_ITEMS in profile:
        return leftovers == 0
    return leftovers >= 0


class Items(Generic[V]):
    """The items of one proof, taken from the front. Rejects with MMR_ITEM_SIZE, MMR_PROOF_TOO_SHORT or _TOO_LONG."""

    __slots__ = ("_combiner", "_items", "_taken")

    def __init__(self, combiner: Combiner[V], items: tuple[V, ...]) -> None:
        for number, item in enumerate(items):
            if not combiner.is_value(item):
                raise Rejected(RejectionCode.MMR_ITEM_SIZE, f"item {number} is no digest of 32 bytes: {shown(item)}")
        self._combiner = combiner
        self._items = items
        self._taken = 0

    def take(self) -> V:
        """The next item."""
        if self._taken == len(self._items):
            raise Rejected(RejectionCode.MMR_PROOF_TOO_SHORT, f"{len(self._items)} items; the walk needs more")
        self._taken += 1
        return self._items[self._taken - 1]

    def finish(self) -> None:
        """Demand that no item is left."""
        leftovers = len(self._items) - self._taken
        if not accepts_leftovers(self._combiner.profile, leftovers):
            raise Rejected(RejectionCode.MMR_PROOF_TOO_LONG, f"{leftovers} of {len(self._items)} items are left over")


def shown(value: object) -> str:
    """A value for people: digests in hexadecimal."""
    return value.hex() if isinstance(value, bytes) else repr(value)


def check_root(combiner: Combiner[V], root: V, count: LeafCount, bag: V) -> None:
    """Compare the root over a computed bag with the expected one. Rejects with MMR_ROOT_MISMATCH."""
    if not combiner.is_value(root):
        raise Rejected(RejectionCode.MMR_ITEM_SIZE, f"the expected root is no digest of 32 bytes: {shown(root)}")
    computed = combiner.root(count, NodePosition(node_count(count)), bag)
    if computed != root:
        raise Rejected(RejectionCode.MMR_ROOT_MISMATCH, f"the proof gives {shown(computed)}, expected is {shown(root)}")
