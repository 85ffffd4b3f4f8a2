"""The optimised path reproduces what other systems publish.

Sources: the appendix of draft-ietf-plants-merkle-tree-certs (accumulated digests over trees up to 130 leaves);
transparency-dev/merkle at 417fb0c (RFC 6962 tree heads); draft-bryce-cose-receipts-mmr-profile at 8125697 (positions);
the test vectors of BLAKE3 1.0 (keyed hashes).
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from taifoon.core.mmr.frontier import bag_peaks
from taifoon.core.mmr.mountains import span_value
from taifoon.core.mmr.spans import Span, is_subtree
from taifoon.profile import Suite

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized.blake3_messages import hash_messages_in_rows
from taifoon_optimized.bulk_range import BulkRange
from taifoon_optimized.contents import contents_of
from taifoon_optimized.paths import paths
from taifoon_optimized.positions import child_places, leaf_place, subtree_place

from .ranges import bulk_range, of_suite

RFC9162 = of_suite(Suite.SHA256)
GREATEST_TREE = 130

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
LAST_HEAD = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@cache
def tree_from(start: int) -> BulkRange:
    """The range of the leaves from one on."""
    return bulk_range(RFC9162, [bytes([value]) for value in range(start, GREATEST_TREE)])


def accumulated(lines: list[str]) -> tuple[int, str]:
    return len(lines), hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_rfc_6962_tree_head_of_eight_leaves() -> None:
    grown = bulk_range(RFC9162, [bytes.fromhex(text) for text in LEAVES])
    assert bag_peaks(grown.combiner, grown.frontier()).hex() == LAST_HEAD


def test_all_subtree_heads() -> None:
    lines = []
    for stop in range(GREATEST_TREE + 1):
        then = tree_from(0).mountains(stop)
        for start in range(stop + 1):
            if is_subtree(Span(start, stop)):
                lines.append(f"[{start}, {stop}) {span_value(tree_from(0).combiner, then, Span(start, stop)).hex()}\n")
    assert accumulated(lines) == (712, "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4ebf552e3e81")


def test_all_inclusion_paths() -> None:
    """A subtree over leaves [start, stop) is a range of its own, whose leaves are those."""
    lines = []
    for stop in range(GREATEST_TREE + 1):
        for start in range(stop + 1):
            if is_subtree(Span(start, stop)):
                for batch in paths(tree_from(start), count=stop - start):
                    for index in range(stop - start):
                        items = "".join(f" {item.hex()}" for item in batch.proof(index).items)
                        lines.append(f"{start + index} [{start}, {stop}){items}\n")
    assert accumulated(lines) == (12_807, "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d3955d8163f")


BLAKE3_KEY = b"whats the Elvish word for friend"
BLAKE3_KEYED = {
    0: "92b2b75604ed3c761f9d6f62392c8a9227ad0ea3f09573e783f1498a4ed60d26",
    1: "6d7878dfff2f485635d39013278ae14f1454b8c0a3a2d34bc1ab38228a80c95b",
    1023: "c951ecdf03288d0fcc96ee3413563d8a6d3589547f2c2fb36d9786470f1b9d6e",
    1024: "75c46f6f3d9eb4f55ecaaee480db732e6c2105546f1e675003687c31719c7ba4",
}


def test_the_keyed_hashes_that_blake3_publishes() -> None:
    messages = [bytes(place % 251 for place in range(length)) for length in BLAKE3_KEYED]
    contents, digests = contents_of(messages), np.empty((len(messages), 4), np.uint64)
    key = np.frombuffer(BLAKE3_KEY, np.uint64)
    hash_messages_in_rows(key, contents.octets, contents.offsets, 0, len(messages), digests)
    assert [row.tobytes().hex() for row in digests] == list(BLAKE3_KEYED.values())


KNOWN_ANSWERS = Path(__file__).parents[3] / "shared" / "external-vectors" / "draft_bryce_kat39.json"
COSE_LEAVES = 21


@pytest.mark.skipif(
    not KNOWN_ANSWERS.is_file(), reason=f"the known answers of the draft are not at ../shared: {KNOWN_ANSWERS.name}"
)
def test_positions_values_and_peaks_of_the_draft() -> None:
    """The draft hashes positions: with its own hash, the places of parents and children give its node values."""
    answers: dict[str, Any] = json.loads(KNOWN_ANSWERS.read_text(encoding="utf-8"))
    values: dict[int, bytes] = {}
    for index in range(COSE_LEAVES):
        values[leaf_place(index)] = hashlib.sha256(leaf_place(index).to_bytes(8, "big")).digest()
    for height in range(1, COSE_LEAVES.bit_length()):
        for parent, left, right in child_places(0, COSE_LEAVES, height).tolist():
            message = (parent + 1).to_bytes(8, "big") + values[left] + values[right]
            values[parent] = hashlib.sha256(message).digest()
            assert answers["heights"][parent] == height
    assert [values[position].hex() for position in range(len(values))] == answers["node_values"]
    for count in range(1, COSE_LEAVES + 1):
        heights = [height for height in range(5, -1, -1) if count >> height & 1]
        peaks = [subtree_place(count >> (height + 1) << (height + 1), height) for height in heights]
        assert answers["peak_indices"][str(leaf_place(count) - 1)] == peaks
