"""Whoever has a forged leaf accepted holds a collision, and it can be written down.

Digests are cut to 8, 12 and 16 bits, so that forgeries are found by trying. Each accepted one must give two messages
of one role, different, that the cut hash sends to one digest. With whole digests the same search finds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.inclusion import Claim, InclusionProof, prove_leaf, verify_leaves
from taifoon.core.mmr.mountains import MountainRange, range_of, root_of_range
from taifoon.primitives.hashing import Role
from taifoon.primitives.types import Hash32, Height, LeafCount, LeafIndex, NodePosition
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import Rejected
from taifoon_models.ideal_hash import Hashing, ShortHash
from taifoon_proofs.collisions import Accepted, Collision, collision_among, disagree, extract_collision

COUNT = LeafCount(5)
INDEX = LeafIndex(2)
CONTENTS = tuple(b"leaf %d" % index for index in range(COUNT))
BITS = (8, 12, 16)
WANTED = 3
NOWHERE = NodePosition(0)


def forged_content(number: int) -> bytes:
    return b"forged %d" % number


FORGED = forged_content(0)


def stray(number: int) -> Hash32:
    return Hash32(number.to_bytes(32, "big"))


def node(combiner: HashCombiner, left: Hash32, right: Hash32) -> Hash32:
    return combiner.node(NOWHERE, Height(1), left, right)


def mountains_of(combiner: HashCombiner) -> MountainRange[Hash32]:
    return range_of(combiner, CONTENTS)


def meets_at_the_leaf(combiner: HashCombiner, tries: int) -> Iterator[Accepted]:
    """Contents whose leaf hash is that of the leaf, with the leaf's own proof."""
    proof = prove_leaf(combiner, mountains_of(combiner), INDEX)
    target = combiner.leaf(NOWHERE, INDEX, CONTENTS[INDEX])
    for number in range(tries):
        if combiner.leaf(NOWHERE, INDEX, forged_content(number)) == target:
            yield (Claim(INDEX, forged_content(number)),), proof


def meets_at_the_node(combiner: HashCombiner, tries: int) -> Iterator[Accepted]:
    """One forged content, with a first item that makes the node above it the right one."""
    proof = prove_leaf(combiner, mountains_of(combiner), INDEX)
    target = node(combiner, combiner.leaf(NOWHERE, INDEX, CONTENTS[INDEX]), proof.items[0])
    leaf = combiner.leaf(NOWHERE, INDEX, FORGED)
    for number in range(tries):
        if node(combiner, leaf, stray(number)) == target:
            yield (Claim(INDEX, FORGED),), InclusionProof(proof.indices, (stray(number), *proof.items[1:]))


def meets_at_the_bag(combiner: HashCombiner, tries: int) -> Iterator[Accepted]:
    """One forged content, with a last item, the peak to the right, that makes the bag the right one."""
    mountains = mountains_of(combiner)
    proof = prove_leaf(combiner, mountains, INDEX)
    inner = node(combiner, combiner.leaf(NOWHERE, INDEX, FORGED), proof.items[0])
    peak = node(combiner, proof.items[1], inner)
    target = node(combiner, mountains.nodes[6], proof.items[2])
    for number in range(tries):
        if node(combiner, peak, stray(number)) == target:
            yield (Claim(INDEX, FORGED),), InclusionProof(proof.indices, (*proof.items[:2], stray(number)))


SEARCHES = {"leaf": meets_at_the_leaf, "node": meets_at_the_node, "bag": meets_at_the_bag}


def honest(combiner: HashCombiner) -> Accepted:
    return (Claim(INDEX, CONTENTS[INDEX]),), prove_leaf(combiner, mountains_of(combiner), INDEX)


def is_genuine(combiner: HashCombiner, collision: Collision) -> bool:
    """Whether the two messages differ and hash, anew, to the one digest that both records name."""
    first, second = collision.first, collision.second
    again = [combiner.hash(combiner.profile, record.role, record.message) for record in (first, second)]
    return first.role is second.role and first.message != second.message and again == [first.digest] * 2


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize("place", SEARCHES)
def test_each_accepted_forgery_gives_a_genuine_collision(place: str, bits: int) -> None:
    combiner = HashCombiner(HARDENED, hash=ShortHash(bits))
    root = root_of_range(combiner, mountains_of(combiner))
    forgeries = list(islice(SEARCHES[place](combiner, 24 << bits), WANTED))
    assert len(forgeries) == WANTED
    for forgery in forgeries:
        verify_leaves(combiner, root, COUNT, *forgery)
        assert disagree(honest(combiner)[0], forgery[0])
        collision = extract_collision(combiner, root, COUNT, honest(combiner), forgery)
        assert collision is not None
        assert collision.first.role is (Role.LEAF if place == "leaf" else Role.NODE)
        assert is_genuine(combiner, collision)


@pytest.mark.parametrize("place", SEARCHES)
def test_the_search_finds_nothing_against_whole_digests(place: str) -> None:
    assert list(SEARCHES[place](HashCombiner(HARDENED), 1 << 12)) == []


def test_one_forgery_against_whole_digests_is_refused() -> None:
    combiner = HashCombiner(HARDENED)
    root = root_of_range(combiner, mountains_of(combiner))
    _, proof = honest(combiner)
    with pytest.raises(Rejected):
        extract_collision(combiner, root, COUNT, honest(combiner), ((Claim(INDEX, FORGED),), proof))


def test_proofs_that_agree_hold_no_collision() -> None:
    combiner = HashCombiner(HARDENED)
    mountains = mountains_of(combiner)
    root = root_of_range(combiner, mountains)
    for index in range(COUNT):
        other = (Claim(LeafIndex(index), CONTENTS[index]),), prove_leaf(combiner, mountains, LeafIndex(index))
        assert not disagree(honest(combiner)[0], other[0])
        assert extract_collision(combiner, root, COUNT, honest(combiner), other) is None


def test_an_unsound_verifier_is_found_out_by_a_disagreement_without_collision() -> None:
    """Without the rule on claimed indices, two leaves are accepted at one place, and no hash is to blame."""
    combiner = HashCombiner(HARDENED.without(Resolution.CLAIMED_INDEX))
    mountains = mountains_of(combiner)
    root = root_of_range(combiner, mountains)
    elsewhere = prove_leaf(combiner, mountains, LeafIndex(3))
    forgery = (Claim(INDEX, CONTENTS[3]),), elsewhere
    assert disagree(honest(combiner)[0], forgery[0])
    assert extract_collision(combiner, root, COUNT, honest(combiner), forgery) is None


def test_records_collide_within_one_role_only() -> None:
    leaf = Hashing(Role.LEAF, b"a", stray(1))
    assert collision_among([leaf, leaf]) is None
    assert collision_among([leaf, Hashing(Role.NODE, b"b", stray(1))]) is None
    other = Hashing(Role.LEAF, b"b", stray(1))
    assert collision_among([leaf, other]) == Collision(leaf, other)


@pytest.mark.parametrize("bits", BITS)
def test_a_cut_digest_keeps_its_first_bits_and_no_others(bits: int) -> None:
    whole, cut = HashCombiner(HARDENED), HashCombiner(HARDENED, hash=ShortHash(bits))
    for full, short in [
        (whole.leaf(NOWHERE, INDEX, b"x"), cut.leaf(NOWHERE, INDEX, b"x")),
        (node(whole, stray(1), stray(2)), node(cut, stray(1), stray(2))),
        (whole.root(COUNT, NOWHERE, stray(1)), cut.root(COUNT, NOWHERE, stray(1))),
        (whole.empty(), cut.empty()),
    ]:
        assert int.from_bytes(short, "big") >> (256 - bits) == int.from_bytes(full, "big") >> (256 - bits)
        assert int.from_bytes(short, "big") % (1 << (256 - bits)) == 0
