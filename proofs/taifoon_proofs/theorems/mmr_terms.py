"""The inductive step of every soundness proof about ranges: equal values have equal halves.

Two accepted proofs about one range walk the same spans. `join`, run here on symbolic values, gives equal values only to
equal halves when the hash is injective; so the agreement of two verifications passes from the root down to each leaf.
"""

from __future__ import annotations

import z3

from taifoon.core.mmr.combiner import root_preimage
from taifoon.core.mmr.spans import Span, join
from taifoon.primitives.types import Hash32, Height, LeafCount, LeafIndex, NodePosition
from taifoon.profile import Profile
from taifoon_proofs.establish import Claim

VALUE = z3.DeclareSort("Value")
CONTENT = z3.DeclareSort("Content")
leaf_hash = z3.Function("leaf_hash", CONTENT, VALUE)
node_hash = z3.Function("node_hash", VALUE, VALUE, VALUE)
root_hash = z3.Function("root_hash", z3.IntSort(), VALUE, VALUE)
empty_value = z3.Const("empty_value", VALUE)


class TermCombiner:
    """A combiner whose values are terms over uninterpreted hashes."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def leaf(self, position: NodePosition, index: LeafIndex, content: object) -> z3.ExprRef:
        """The hash of a content."""
        return leaf_hash(content)

    def node(self, position: NodePosition, height: Height, left: z3.ExprRef, right: z3.ExprRef) -> z3.ExprRef:
        """The hash of two children."""
        return node_hash(left, right)

    def bag(self, accumulator: z3.ExprRef, left_peak: z3.ExprRef, count: LeafCount, size: NodePosition) -> z3.ExprRef:
        """A bag, hashed as a node."""
        return node_hash(left_peak, accumulator)

    def root(self, count: object, size: object, bag: z3.ExprRef) -> z3.ExprRef:
        """The sized root, or the bag where the profile has none."""
        sized = root_preimage(self.profile, LeafCount(0), Hash32(b"")) is not None
        return root_hash(count, bag) if sized else bag

    def empty(self) -> z3.ExprRef:
        """The bag of no peaks."""
        return empty_value

    def is_value(self, item: object) -> bool:
        """Any term."""
        return isinstance(item, z3.ExprRef)


def injective(function: z3.FuncDeclRef, first: tuple[z3.ExprRef, ...], second: tuple[z3.ExprRef, ...]) -> z3.BoolRef:
    """No collision of a hash between two given preimages."""
    same = z3.And(*(left == right for left, right in zip(first, second, strict=True)))
    return z3.Implies(function(*first) == function(*second), same)


def root_claim(profile: Profile) -> Claim:
    """Equal roots over one count have equal bags."""
    combiner, size = TermCombiner(profile), NodePosition(0)
    bag, bag_too = z3.Consts("bagged bagged_too", VALUE)
    count = z3.Int("count")
    roots = combiner.root(count, size, bag), combiner.root(count, size, bag_too)
    return Claim(
        "equal-roots-have-equal-bags",
        (injective(root_hash, (count, bag), (count, bag_too)), roots[0] == roots[1]),
        bag == bag_too,
    )


def agreement_claims(profile: Profile) -> tuple[Claim, ...]:
    """From equal roots to equal leaves, one level at a time."""
    combiner = TermCombiner(profile)
    left, right, left_too, right_too = z3.Consts("left right left_too right_too", VALUE)
    content, content_too = z3.Consts("content content_too", CONTENT)
    agree_left, agree_right = z3.Bools("agree_left agree_right")
    size = NodePosition(0)
    no_collision = injective(node_hash, (left, right), (left_too, right_too))
    claims = []
    for shape, span in (("mountain", Span(0, 4)), ("bag", Span(0, 3))):
        values = join(combiner, span, left, right), join(combiner, span, left_too, right_too)
        claims.append(
            Claim(
                f"equal-{shape}s-have-equal-halves",
                (no_collision, values[0] == values[1]),
                z3.And(left == left_too, right == right_too),
            )
        )
        claims.append(
            Claim(
                f"agreement-passes-down-a-{shape}",
                (
                    no_collision,
                    values[0] == values[1],
                    z3.Implies(left == left_too, agree_left),
                    z3.Implies(right == right_too, agree_right),
                ),
                z3.And(agree_left, agree_right),
            )
        )
    claims.append(root_claim(profile))
    leaves = (combiner.leaf(size, LeafIndex(0), content), combiner.leaf(size, LeafIndex(0), content_too))
    claims.append(
        Claim(
            "equal-leaf-hashes-have-equal-contents",
            (injective(leaf_hash, (content,), (content_too,)), leaves[0] == leaves[1]),
            content == content_too,
        )
    )
    return tuple(claims)
