"""Section 2.1: how values are combined in a mountain range (R-2.1-9, R-6.1-3).

The algorithms of this package are generic in the combiner, so that the values that other systems publish can be
reproduced by small adapters. `HashCombiner` is the protocol's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from taifoon.primitives.encoding import octets_of
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import Hash32, Height, LeafCount, LeafIndex, NodePosition
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

V = TypeVar("V")


class Combiner(Protocol[V]):
    """What a system hashes for leaves, nodes, bags and roots."""

    @property
    def profile(self) -> Profile:
        """The profile under which proofs are checked."""

    def leaf(self, position: NodePosition, index: LeafIndex, content: bytes) -> V:
        """Value of a leaf from its encoded content."""

    def node(self, position: NodePosition, height: Height, left: V, right: V) -> V:
        """Value of an inner node of a mountain."""

    def bag(self, accumulator: V, left_peak: V, count: LeafCount, size: NodePosition) -> V:
        """Value of a bag from the bag of the peaks to the right and the next peak to the left."""

    def root(self, count: LeafCount, size: NodePosition, bag: V) -> V:
        """Value that commits to the whole range."""

    def empty(self) -> V:
        """Bag of no peaks."""

    def is_value(self, item: object) -> bool:
        """Whether an item taken from a proof can be a value at all."""


def conforming_bag_orders(profile: Profile) -> tuple[bool, ...]:
    """Rule: whether the left peak is the first operand of a bag. Literally both orders conform, for none is stated."""
    if Resolution.BAG_ORDER in profile:
        return (True,)
    return (True, False)


def root_preimage(profile: Profile, count: LeafCount, bag: Hash32) -> bytes | None:
    """Rule: what the root hashes beside the bag. Literally nothing: the root is the bag."""
    if Resolution.SIZED_ROOT in profile:
        return bytes(octets_of(int(count), 8)) + bag
    return None


HashFunction = Callable[[Profile, Role, bytes], Hash32]


@dataclass(frozen=True, slots=True)
class HashCombiner:
    """The protocol's combiner: role-keyed hashes, bagged as RFC 9162 does, under a sized root.

    `left_peak_first` is the order of a bag's operands; only a profile that fixes none has a choice, else the combiner
    is rejected with PARAMETER_INVALID. `hash` is the role hash: another one, such as an ideal or a shortened one, makes
    this code speak about that.
    """

    profile: Profile
    left_peak_first: bool = True
    hash: HashFunction = hash_role

    def __post_init__(self) -> None:
        if self.left_peak_first not in conforming_bag_orders(self.profile):
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"left_peak_first is {self.left_peak_first}; profile {self.profile.name} fixes it: use True",
            )

    def leaf(self, position: NodePosition, index: LeafIndex, content: bytes) -> Hash32:
        """Hash of the leaf's encoding; the tree's shape binds the index."""
        return self.hash(self.profile, Role.LEAF, content)

    def node(self, position: NodePosition, height: Height, left: Hash32, right: Hash32) -> Hash32:
        """Hash of the two children."""
        return self.hash(self.profile, Role.NODE, left + right)

    def bag(self, accumulator: Hash32, left_peak: Hash32, count: LeafCount, size: NodePosition) -> Hash32:
        """Hash of the left peak and the accumulator: with that order the bag is the RFC 9162 tree head."""
        operands = left_peak + accumulator if self.left_peak_first else accumulator + left_peak
        return self.hash(self.profile, Role.NODE, operands)

    def root(self, count: LeafCount, size: NodePosition, bag: Hash32) -> Hash32:
        """Hash of the leaf count and the bag."""
        preimage = root_preimage(self.profile, count, bag)
        return bag if preimage is None else self.hash(self.profile, Role.ROOT, preimage)

    def empty(self) -> Hash32:
        """Hash of nothing."""
        return self.hash(self.profile, Role.EMPTY, b"")

    def is_value(self, item: object) -> bool:
        """A digest is 32 bytes."""
        return isinstance(item, bytes) and len(item) == 32
