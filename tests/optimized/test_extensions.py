"""Consistency proofs in columns are judged as the reference judges each, code by code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import SubtreeProof
from taifoon.core.mmr.shape import MAX_LEAVES
from taifoon.core.mmr.spans import Span
from taifoon.primitives.types import Hash32, LeafCount
from taifoon.profile import HARDENED, Resolution, Suite
from taifoon.rejection import RejectionCode

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized import workers
from taifoon_optimized.contents import digests_of
from taifoon_optimized.extensions import (
    ExtensionRequest,
    Extensions,
    fits_columns,
    reference_extension_code,
    verify_extension_requests,
    verify_extensions,
    walks,
)
from taifoon_optimized.verification import first_rejection

from .ranges import bulk_range, leaves, of_suite

COUNT = 140
CONTENTS = leaves(COUNT)
GROWN = bulk_range(HARDENED, CONTENTS)
COMBINER = HashCombiner(HARDENED)
OTHER = Hash32(bytes(range(32)))


def request(old: int = 6, size: int = 11, grown: Any = GROWN, **changed: Any) -> ExtensionRequest:
    """An accepted request, with other values where they are given."""
    proof = grown.prove_consistency(old, size)
    honest = ExtensionRequest(LeafCount(old), grown.root(old), LeafCount(size), grown.root(size), proof)
    if "items" in changed:
        changed["proof"] = replace(proof, items=changed.pop("items"))
    if "subtree" in changed:
        changed["proof"] = replace(proof, subtree=changed.pop("subtree"))
    return replace(honest, **changed)


@pytest.mark.parametrize("suite", Suite)
def test_every_extension_of_small_ranges_is_accepted_and_another_root_is_not(suite: Suite) -> None:
    profile = of_suite(suite)
    grown = bulk_range(profile, CONTENTS[:40])
    sizes = range(36 if suite is Suite.BLAKE3 else 9)
    honest = [request(old, count, grown) for count in sizes for old in range(count + 1)]
    assert all(fits_columns(each) for each in honest)
    assert not verify_extension_requests(profile, honest).any()
    older = [replace(each, old_root=OTHER) for each in honest]
    assert set(verify_extension_requests(profile, older)) == {RejectionCode.MMR_SUBTREE_MISMATCH.number}
    newer = [replace(each, root=OTHER) for each in honest if each.old_count]
    assert set(verify_extension_requests(profile, newer)) == {RejectionCode.MMR_ROOT_MISMATCH.number}


@pytest.mark.parametrize("count", [63, 64, 65, 127, 128, 129])
def test_extensions_about_the_powers_of_two_are_judged_as_by_the_reference(count: int) -> None:
    honest = [request(old, count) for old in range(1, count + 1)]
    reversed_items = [replace(each, proof=replace(each.proof, items=each.proof.items[::-1])) for each in honest]
    batch = [*honest, *reversed_items]
    codes = verify_extension_requests(HARDENED, batch)
    assert not codes[:count].any()
    assert list(codes) == [reference_extension_code(COMBINER, each) for each in batch]


CODE = RejectionCode
HONEST = request()
FROM_NOTHING = request(0)
ITEMS = HONEST.proof.items
FAULTS = [
    ("shrinking", CODE.MMR_SHRINKS, request(count=LeafCount(5))),
    ("shrinking below nothing", CODE.MMR_SHRINKS, request(count=LeafCount(-1))),
    ("count above the limit", CODE.MMR_FULL, request(count=LeafCount(MAX_LEAVES + 1))),
    ("count of more than 64 bits", CODE.MMR_FULL, request(count=LeafCount(1 << 70))),
    ("both counts negative", CODE.MMR_FULL, request(old_count=LeafCount(-2), count=LeafCount(-1))),
    ("negative older count", CODE.MMR_SUBTREE_INVALID, request(old_count=LeafCount(-1))),
    ("another older count", CODE.MMR_INDEX_MISMATCH, request(old_count=LeafCount(7))),
    ("proof of another subtree", CODE.MMR_INDEX_MISMATCH, request(subtree=Span(0, 5))),
    ("proof of an inner subtree", CODE.MMR_INDEX_MISMATCH, request(subtree=Span(4, 6))),
    ("no item", CODE.MMR_PROOF_TOO_SHORT, request(items=())),
    ("item missing", CODE.MMR_PROOF_TOO_SHORT, request(items=ITEMS[:-1])),
    ("item left over", CODE.MMR_PROOF_TOO_LONG, request(items=(*ITEMS, OTHER))),
    ("item for the empty range", CODE.MMR_PROOF_TOO_LONG, request(0, items=(OTHER,))),
    ("short item", CODE.MMR_ITEM_SIZE, request(items=(OTHER[:31], *ITEMS[1:]))),
    ("item of no bytes", CODE.MMR_ITEM_SIZE, request(items=(OTHER.hex(), *ITEMS[1:]))),
    ("short older root", CODE.MMR_ITEM_SIZE, request(old_root=OTHER[:31])),
    ("short newer root", CODE.MMR_ITEM_SIZE, request(root=OTHER[:31])),
    ("another older root", CODE.MMR_SUBTREE_MISMATCH, request(old_root=OTHER)),
    ("another root of nothing", CODE.MMR_SUBTREE_MISMATCH, request(0, old_root=OTHER)),
    ("both roots others", CODE.MMR_SUBTREE_MISMATCH, request(old_root=OTHER, root=OTHER)),
    ("another newer root", CODE.MMR_ROOT_MISMATCH, request(root=OTHER)),
    ("last item another", CODE.MMR_ROOT_MISMATCH, request(items=(*ITEMS[:-1], OTHER))),
    ("items exchanged", CODE.MMR_SUBTREE_MISMATCH, request(items=(ITEMS[1], ITEMS[0], *ITEMS[2:]))),
]
COLUMN_CODES = {
    CODE.MMR_SHRINKS,
    CODE.MMR_FULL,
    CODE.MMR_SUBTREE_INVALID,
    CODE.MMR_INDEX_MISMATCH,
    CODE.MMR_PROOF_TOO_SHORT,
    CODE.MMR_PROOF_TOO_LONG,
    CODE.MMR_SUBTREE_MISMATCH,
    CODE.MMR_ROOT_MISMATCH,
}


@pytest.mark.parametrize(("code", "faulty"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_each_fault_has_the_code_of_the_reference(code: RejectionCode, faulty: ExtensionRequest) -> None:
    assert reference_extension_code(COMBINER, faulty) == code.number
    codes = verify_extension_requests(HARDENED, [HONEST, faulty, FROM_NOTHING])
    assert list(codes) == [0, code.number, 0]
    assert first_rejection(codes) == (1, code)


def test_the_columns_themselves_give_each_code_that_they_can_meet() -> None:
    assert {code for _, code, faulty in FAULTS if fits_columns(faulty)} == COLUMN_CODES


def test_whatever_root_a_range_has_it_extends_the_empty_one() -> None:
    batch = [replace(FROM_NOTHING, root=OTHER)]
    assert list(verify_extension_requests(HARDENED, batch)) == [reference_extension_code(COMBINER, batch[0])] == [0]


@pytest.mark.parametrize("rule", [Resolution.EXACT_ITEMS, Resolution.SIZED_ROOT])
def test_a_profile_without_a_rule_is_judged_by_the_reference(rule: Resolution) -> None:
    profile, requests = HARDENED.without(rule), [HONEST, *(faulty for _, _, faulty in FAULTS)]
    expected = [reference_extension_code(HashCombiner(profile), each) for each in requests]
    assert list(verify_extension_requests(profile, requests)) == expected
    assert expected != [0, *(code.number for _, code, _ in FAULTS)]
    with pytest.raises(ValueError, match=rule.value):
        verify_extensions(profile, ROOT, ROOT, Extensions(NONE, NONE, digests_of([]), np.zeros(1, np.int64)))


NONE, ROOT = np.zeros(0, np.int64), digests_of([OTHER])

CHANGES = ["old_count", "count", "subtree", "drop", "add", "swap", "flip", "old_root", "root"]
numbers = st.integers(-2, 20) | st.sampled_from([COUNT, 1 << 62, (1 << 62) + 1, 1 << 64])
digests = st.binary(min_size=31, max_size=32).map(Hash32)


@st.composite
def requests(draw: st.DrawFn) -> ExtensionRequest:
    """An honest request, or one with some things changed."""
    count = draw(st.integers(0, COUNT))
    honest = request(draw(st.integers(0, count)), count)
    subtree, items = honest.proof.subtree, list(honest.proof.items)
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=2)):
        if change == "old_count":
            honest = replace(honest, old_count=LeafCount(draw(numbers)))
            if draw(st.booleans()):
                subtree = Span(0, honest.old_count)
        elif change == "count":
            honest = replace(honest, count=LeafCount(draw(numbers)))
        elif change == "subtree":
            subtree = Span(draw(st.integers(-1, 1)), draw(numbers))
        elif change == "drop" and items:
            items.pop(draw(st.integers(0, len(items) - 1)))
        elif change == "add":
            items.insert(draw(st.integers(0, len(items))), Hash32(draw(st.binary(min_size=31, max_size=33))))
        elif change == "swap":
            items.reverse()
        elif change == "flip" and items:
            place, bit = draw(st.integers(0, len(items) - 1)), draw(st.integers(0, 7))
            items[place] = Hash32(bytes([items[place][0] ^ (1 << bit), *items[place][1:]]))
        elif change in ("old_root", "root"):
            honest = replace(honest, **{change: draw(digests)})
    return replace(honest, proof=SubtreeProof(subtree, tuple(items)))


@settings(deadline=None, derandomize=True, max_examples=120)
@given(batch=st.lists(requests(), max_size=10))
def test_any_batch_is_judged_as_the_reference_judges_each(batch: list[ExtensionRequest]) -> None:
    expected = [reference_extension_code(COMBINER, each) for each in batch]
    assert list(verify_extension_requests(HARDENED, batch)) == expected


@pytest.mark.parametrize("threads", [2, 3])
def test_the_thread_count_has_no_bearing_on_codes(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LEAST_ROWS", 50)
    batch = [request(1 + number % 139, 140) for number in range(400)]
    batch[7] = replace(batch[7], old_root=OTHER)
    alone = verify_extension_requests(HARDENED, batch)
    assert first_rejection(alone) == (7, CODE.MMR_SUBTREE_MISMATCH)
    assert np.array_equal(verify_extension_requests(HARDENED, batch, threads), alone)


def test_extensions_to_great_counts_are_judged_as_by_the_reference() -> None:
    """Made-up proofs of the greatest ranges: 62 steps, all the way in machine words."""
    for count in (MAX_LEAVES, MAX_LEAVES - 1):
        for old in (1, 2, count // 2, count // 2 + 1, count // 3, count - 1, count):
            steps, _ = walks(np.array([old]), np.array([count]))
            items = tuple(Hash32(bytes([number] * 32)) for number in range(int(steps[0]) + 1))
            made = ExtensionRequest(LeafCount(old), OTHER, LeafCount(count), OTHER, SubtreeProof(Span(0, old), items))
            short = replace(made, proof=replace(made.proof, items=items[:-1]))
            longer = replace(made, proof=replace(made.proof, items=(*items, OTHER)))
            batch = [made, short, longer]
            expected = [CODE.MMR_SUBTREE_MISMATCH, CODE.MMR_PROOF_TOO_SHORT, CODE.MMR_PROOF_TOO_LONG]
            assert list(verify_extension_requests(HARDENED, batch)) == [code.number for code in expected]
            assert [reference_extension_code(COMBINER, each) for each in batch] == [code.number for code in expected]


def test_columns_that_do_not_fit_are_named() -> None:
    one, item, offsets = np.array([1], np.int64), np.zeros((1, 32), np.uint8), np.array([0, 1])
    for columns, named in (
        ((one.astype(np.int32), one, item, offsets), "old_counts"),
        ((one, one, item, one), "offsets"),
        ((one, one, item[:, :31], offsets), "items"),
    ):
        with pytest.raises(ValueError, match=named):
            Extensions(*columns)
    with pytest.raises(ValueError, match="claims"):
        verify_extensions(HARDENED, ROOT, ROOT, Extensions(one, one, item, offsets), NONE)
