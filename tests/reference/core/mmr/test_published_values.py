"""The range reproduces the values that other systems publish.

Sources: transparency-dev/merkle at 417fb0c (RFC 6962 tree heads; Apache-2.0); the appendix of
draft-ietf-plants-merkle-tree-certs (accumulated digests over all subtrees of trees up to 130 leaves);
nervosnetwork/merkle-mountain-range at c0c9263, `test_mmr_root`; draft-bryce-cose-receipts-mmr-profile, test vectors
at 8125697.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import subtree_items
from taifoon.core.mmr.frontier import bag_peaks, frontier_of
from taifoon.core.mmr.inclusion import folded, inclusion_items
from taifoon.core.mmr.items import Items
from taifoon.core.mmr.mountains import MountainRange, bag_of_range, frontier_of_range, range_of, span_value
from taifoon.core.mmr.shape import leaf_count, leaf_position, node_count, peak_heights, subtree_position
from taifoon.core.mmr.spans import Span, is_subtree, whole
from taifoon.primitives.types import Height, LeafCount, LeafIndex, NodePosition
from taifoon.profile import HARDENED, Parameters, Profile, Resolution, Suite
from taifoon.rejection import Rejected, RejectionCode

RFC9162 = HashCombiner(HARDENED.with_parameters(Parameters(suite=Suite.SHA256)))
GREATEST_TREE = 130
V = TypeVar("V")

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
TREE_HEADS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("count", range(9))
def test_bag_is_the_rfc_6962_tree_head(count: int) -> None:
    contents = [bytes.fromhex(text) for text in LEAVES[:count]]
    assert bag_peaks(RFC9162, frontier_of(RFC9162, contents)).hex() == TREE_HEADS[count]
    assert bag_of_range(RFC9162, range_of(RFC9162, contents)).hex() == TREE_HEADS[count]


BYTES = range_of(RFC9162, [bytes([value]) for value in range(GREATEST_TREE)])


def first_leaves(mountains: MountainRange[V], count: int) -> MountainRange[V]:
    """The range of the first leaves: post-order makes its nodes a prefix of the larger range's."""
    return MountainRange(LeafCount(count), mountains.nodes[: node_count(count)])


def accumulated(lines: list[str]) -> tuple[int, str]:
    return len(lines), hashlib.sha256("".join(lines).encode()).hexdigest()


def test_all_subtree_heads() -> None:
    lines = [
        f"[{start}, {stop}) {span_value(RFC9162, BYTES, Span(start, stop)).hex()}\n"
        for stop in range(GREATEST_TREE + 1)
        for start in range(stop + 1)
        if is_subtree(Span(start, stop))
    ]
    assert accumulated(lines) == (712, "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81")


def test_all_inclusion_paths() -> None:
    lines = []
    for stop in range(GREATEST_TREE + 1):
        for start in range(stop + 1):
            if is_subtree(Span(start, stop)):
                for index in range(start, stop):
                    items = inclusion_items(RFC9162, BYTES, Span(start, stop), (index,))
                    lines.append(f"{index} [{start}, {stop})" + "".join(f" {item.hex()}" for item in items) + "\n")
    assert accumulated(lines) == (12_807, "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f")


def test_all_subtree_consistency_proofs() -> None:
    lines = []
    for count in range(GREATEST_TREE + 1):
        mountains = first_leaves(BYTES, count)
        for stop in range(count + 1):
            for start in range(stop + 1):
                if is_subtree(Span(start, stop)):
                    span = Span(start, stop)
                    items = subtree_items(RFC9162, mountains, whole(LeafCount(count)), span, known=True)
                    lines.append(f"[{start}, {stop}) {count}" + "".join(f" {item.hex()}" for item in items) + "\n")
    assert accumulated(lines) == (42_893, "10fa99b37bf9bf9ffa26b412fbd98bd75363256d0b75d61bc4538b9c9c5a0a74")


@dataclass(frozen=True, slots=True)
class Nervos:
    """BLAKE2b-256 without personalisation; a bag's first operand is the accumulator."""

    profile: Profile = HARDENED

    def leaf(self, position: NodePosition, index: LeafIndex, content: bytes) -> bytes:
        return hashlib.blake2b(index.to_bytes(4, "little"), digest_size=32).digest()

    def node(self, position: NodePosition, height: Height, left: bytes, right: bytes) -> bytes:
        return hashlib.blake2b(left + right, digest_size=32).digest()

    def bag(self, accumulator: bytes, left_peak: bytes, count: LeafCount, size: NodePosition) -> bytes:
        return hashlib.blake2b(accumulator + left_peak, digest_size=32).digest()

    def root(self, count: LeafCount, size: NodePosition, bag: bytes) -> bytes:
        return bag

    def empty(self) -> bytes:
        return b""

    def is_value(self, item: object) -> bool:
        return isinstance(item, bytes)


def test_nervos_root_of_eleven_leaves() -> None:
    frontier = frontier_of(Nervos(), [b""] * 11)
    assert bag_peaks(Nervos(), frontier).hex() == "f6794677f37a57df6a5ec36ce61036e43a36c1a009d05c81c9aa685dde1fd6e3"


@dataclass(frozen=True, slots=True)
class CoseReceipts:
    """SHA-256; a leaf hashes its own node index, an inner node its position counted from 1."""

    profile: Profile = HARDENED

    def leaf(self, position: NodePosition, index: LeafIndex, content: bytes) -> bytes:
        return hashlib.sha256(position.to_bytes(8, "big")).digest()

    def node(self, position: NodePosition, height: Height, left: bytes, right: bytes) -> bytes:
        return hashlib.sha256((position + 1).to_bytes(8, "big") + left + right).digest()

    def bag(self, accumulator: bytes, left_peak: bytes, count: LeafCount, size: NodePosition) -> bytes:
        raise AssertionError("this system bags no peaks")

    def root(self, count: LeafCount, size: NodePosition, bag: bytes) -> bytes:
        raise AssertionError("this system has no root")

    def empty(self) -> bytes:
        raise AssertionError("this system bags no peaks")

    def is_value(self, item: object) -> bool:
        return isinstance(item, bytes)


KNOWN_ANSWERS = Path(__file__).parents[5] / "shared" / "external-vectors" / "draft_bryce_kat39.json"
COSE_LEAVES = 21

needs_known_answers = pytest.mark.skipif(
    not KNOWN_ANSWERS.is_file(), reason=f"the known answers of the draft are not at ../shared: {KNOWN_ANSWERS.name}"
)


@cache
def known_answers() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(KNOWN_ANSWERS.read_text(encoding="utf-8"))
    return found


@cache
def cose_range() -> MountainRange[bytes]:
    return range_of(CoseReceipts(), [b""] * COSE_LEAVES)


@cache
def span_at(position: int) -> Span:
    """The leaves under a node: the aligned interval whose root is stored there."""
    return next(
        Span(start, start + (1 << height))
        for height in range(COSE_LEAVES.bit_length())
        for start in range(0, COSE_LEAVES, 1 << height)
        if subtree_position(start, height) == position
    )


@needs_known_answers
def test_node_values_and_heights_of_the_draft() -> None:
    answers = known_answers()
    nodes = cose_range().nodes
    assert [node.hex() for node in nodes] == answers["node_values"]
    assert [span_at(position).size.bit_length() - 1 for position in range(len(nodes))] == answers["heights"]
    assert [nodes[leaf_position(index)].hex() for index in range(COSE_LEAVES)] == answers["leaf_values"]


@needs_known_answers
def test_peaks_of_the_draft_at_every_size() -> None:
    answers = known_answers()
    indices, values = {}, []
    for count in range(1, COSE_LEAVES + 1):
        frontier = frontier_of_range(first_leaves(cose_range(), count))
        positions, start = [], 0
        for height in peak_heights(LeafCount(count)):
            positions.append(subtree_position(start, height))
            start += 1 << height
        indices[str(node_count(count) - 1)] = positions
        values.append([peak.hex() for peak in frontier.peaks])
        assert frontier == frontier_of(CoseReceipts(), [b""] * count)
    assert indices == answers["peak_indices"]
    assert values == answers["peak_values"]


@needs_known_answers
def test_leaf_counts_of_the_draft() -> None:
    """The draft reads any node count greedily; the repaired reading agrees and refuses what is no range's size."""
    greedy = HARDENED.without(Resolution.CANONICAL_SIZE)
    for last, expected in enumerate(known_answers()["leaf_counts"]):
        size = NodePosition(last + 1)
        assert leaf_count(greedy, size) == expected
        assert bin(expected)[2:] == known_answers()["peak_masks"][last]
        if node_count(expected) == size:
            assert leaf_count(HARDENED, size) == expected
        else:
            with pytest.raises(Rejected) as caught:
                leaf_count(HARDENED, size)
            assert caught.value.code is RejectionCode.MMR_SIZE_NOT_CANONICAL


@needs_known_answers
def test_inclusion_paths_of_the_draft() -> None:
    """Each of the 417 paths, from a leaf or an inner node up to the peak of its mountain, and what it folds to."""
    nodes, combiner = cose_range().nodes, CoseReceipts()
    paths = known_answers()["inclusion_paths"]
    assert len(paths) == 417
    for path in paths:
        mountains = first_leaves(cose_range(), leaf_count(HARDENED, NodePosition(path["mmr_size"])))
        span, mountain = span_at(path["i"]), span_at(path["peaks"][path["peak_slot"]])
        assert frontier_of_range(mountains).peaks == tuple(nodes[peak] for peak in path["peaks"])
        items = tuple(nodes[position] for position in path["path"])
        assert tuple(subtree_items(combiner, mountains, mountain, span, known=True)) == items
        if span.size == 1:
            assert tuple(inclusion_items(combiner, mountains, mountain, (span.start,))) == items
            leaf = (span.start, nodes[path["i"]])
            assert (
                folded(combiner, mountain, (leaf,), Items(combiner, items))
                == frontier_of_range(mountains).peaks[path["peak_slot"]]
            )
