"""Combiners that remember what they hashed, and hashes cut short so that collisions do occur.

A recorded hash is a preimage and its value. Two records with one value and different preimages are a collision; where
two accepted proofs disagree, one must be found among their records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from taifoon.core.mmr.combiner import Combiner, HashCombiner, root_preimage
from taifoon.primitives.types import Hash32, Height, LeafCount, LeafIndex, NodePosition
from taifoon.profile import Profile

V = TypeVar("V")


class Hashing(NamedTuple):
    """One use of the hash: its role, what was hashed, and the value."""

    role: str
    preimage: tuple[object, ...]
    value: object


@dataclass(slots=True)
class RecordingCombiner(Generic[V]):
    """A combiner that behaves as another one and records each use of the hash."""

    inner: Combiner[V]
    records: list[Hashing] = field(default_factory=list)

    @property
    def profile(self) -> Profile:
        """The profile of the recorded combiner."""
        return self.inner.profile

    def _recorded(self, role: str, preimage: tuple[object, ...], value: V) -> V:
        self.records.append(Hashing(role, preimage, value))
        return value

    def leaf(self, position: NodePosition, index: LeafIndex, content: bytes) -> V:
        """A leaf's preimage is its content."""
        return self._recorded("leaf", (content,), self.inner.leaf(position, index, content))

    def node(self, position: NodePosition, height: Height, left: V, right: V) -> V:
        """A node's preimage is its children."""
        return self._recorded("node", (left, right), self.inner.node(position, height, left, right))

    def bag(self, accumulator: V, left_peak: V, count: LeafCount, size: NodePosition) -> V:
        """A bag is hashed as a node, left peak first."""
        value = self.inner.bag(accumulator, left_peak, count, size)
        return self._recorded("node", (left_peak, accumulator), value)

    def root(self, count: LeafCount, size: NodePosition, bag: V) -> V:
        """A sized root's preimage is count and bag; a root that is the bag hashes nothing."""
        value = self.inner.root(count, size, bag)
        return value if value == bag else self._recorded("root", (count, bag), value)

    def empty(self) -> V:
        """The bag of no peaks."""
        return self._recorded("empty", (), self.inner.empty())

    def is_value(self, item: object) -> bool:
        """As the recorded combiner says."""
        return self.inner.is_value(item)


@dataclass(frozen=True, slots=True)
class TruncatedCombiner:
    """The protocol's combiner with every digest cut to its first bits, the rest zero."""

    profile: Profile
    bits: int

    def _cut(self, digest: Hash32) -> Hash32:
        kept = int.from_bytes(digest, "big") >> (256 - self.bits) << (256 - self.bits)
        return Hash32(kept.to_bytes(32, "big"))

    @property
    def _whole(self) -> HashCombiner:
        return HashCombiner(self.profile)

    def leaf(self, position: NodePosition, index: LeafIndex, content: bytes) -> Hash32:
        """A cut leaf hash."""
        return self._cut(self._whole.leaf(position, index, content))

    def node(self, position: NodePosition, height: Height, left: Hash32, right: Hash32) -> Hash32:
        """A cut node hash."""
        return self._cut(self._whole.node(position, height, left, right))

    def bag(self, accumulator: Hash32, left_peak: Hash32, count: LeafCount, size: NodePosition) -> Hash32:
        """A cut bag."""
        return self._cut(self._whole.bag(accumulator, left_peak, count, size))

    def root(self, count: LeafCount, size: NodePosition, bag: Hash32) -> Hash32:
        """A cut root; where the profile's root is the bag, the bag."""
        if root_preimage(self.profile, count, bag) is None:
            return bag
        return self._cut(self._whole.root(count, size, bag))

    def empty(self) -> Hash32:
        """A cut empty bag."""
        return self._cut(self._whole.empty())

    def is_value(self, item: object) -> bool:
        """A digest of 32 bytes."""
        return self._whole.is_value(item)
