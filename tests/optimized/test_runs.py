"""Proofs of runs in columns are judged as the reference judges each, code by code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.inclusion import InclusionProof
from taifoon.core.mmr.shape import MAX_LEAVES
from taifoon.core.mmr.spans import Span
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex
from taifoon.profile import HARDENED, Resolution, Suite
from taifoon.rejection import RejectionCode

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized import workers
from taifoon_optimized.contents import contents_of, digests_of
from taifoon_optimized.runs import (
    RunRequest,
    Runs,
    fits_columns,
    reference_run_code,
    run_items,
    verify_run_requests,
    verify_runs,
)
from taifoon_optimized.verification import first_rejection

from .ranges import bulk_range, leaves, of_suite

COUNT = 140
CONTENTS = leaves(COUNT)
GROWN = bulk_range(HARDENED, CONTENTS)
COMBINER = HashCombiner(HARDENED)
OTHER = Hash32(bytes(range(32)))


def request(start: int = 3, stop: int = 8, size: int = 11, grown: Any = GROWN, **changed: Any) -> RunRequest:
    """An accepted request of a run of the first `size` leaves, with other values where they are given."""
    run = Span(start, stop)
    proof = grown.prove_run(run, size)
    honest = RunRequest(grown.root(size), LeafCount(size), run, tuple(CONTENTS[start:stop]), proof)
    if "items" in changed:
        changed["proof"] = replace(proof, items=changed.pop("items"))
    if "indices" in changed:
        changed["proof"] = replace(proof, indices=tuple(LeafIndex(index) for index in changed.pop("indices")))
    return replace(honest, **changed)


@pytest.mark.parametrize("suite", Suite)
def test_every_run_of_small_ranges_is_accepted_and_a_forged_leaf_is_not(suite: Suite) -> None:
    profile = of_suite(suite)
    grown = bulk_range(profile, CONTENTS[:20])
    sizes = range(1, 18 if suite is Suite.BLAKE3 else 8)
    honest = [
        request(start, stop, size, grown)
        for size in sizes
        for start in range(size)
        for stop in range(start + 1, size + 1)
    ]
    assert all(fits_columns(each) for each in honest)
    assert not verify_run_requests(profile, honest).any()
    forged = [replace(each, contents=(*each.contents[:-1], b"forged")) for each in honest]
    assert set(verify_run_requests(profile, forged)) == {RejectionCode.MMR_ROOT_MISMATCH.number}


@pytest.mark.parametrize("size", [31, 32, 33, 63, 64, 65, 127, 128, 129])
def test_runs_about_the_powers_of_two_are_judged_as_by_the_reference(size: int) -> None:
    edges = sorted({0, 1, 2, 15, 16, 17, 31, 32, size - 2, size - 1, size})
    honest = [request(start, stop, size) for start in edges for stop in edges if start < stop <= size]
    reversed_items = [replace(each, proof=replace(each.proof, items=each.proof.items[::-1])) for each in honest]
    batch = [*honest, *reversed_items]
    codes = verify_run_requests(HARDENED, batch)
    assert not codes[: len(honest)].any()
    assert list(codes) == [reference_run_code(COMBINER, each) for each in batch]


CODE = RejectionCode
HONEST = request()
WRONG_ITEMS = (HONEST.proof.items[1], HONEST.proof.items[0], *HONEST.proof.items[2:])
FAULTS = [
    ("count above the limit", CODE.MMR_FULL, request(count=LeafCount(MAX_LEAVES + 1))),
    ("count of more than 64 bits", CODE.MMR_FULL, request(count=LeafCount(1 << 70))),
    ("negative count", CODE.MMR_FULL, request(count=LeafCount(-1))),
    ("empty range", CODE.MMR_INDEX_OUT_OF_RANGE, request(count=LeafCount(0))),
    ("run beyond the range", CODE.MMR_INDEX_OUT_OF_RANGE, request(count=LeafCount(7))),
    ("run before the range", CODE.MMR_INDEX_OUT_OF_RANGE, request(run=Span(-2, 3), indices=range(-2, 3))),
    ("empty run", CODE.MMR_POSITIONS_EMPTY, request(run=Span(3, 3), contents=())),
    ("empty run of an empty proof", CODE.MMR_POSITIONS_EMPTY, request(run=Span(3, 3), contents=(), indices=())),
    ("leaf missing", CODE.MMR_INDEX_MISMATCH, request(contents=HONEST.contents[:-1])),
    ("leaf left over", CODE.MMR_INDEX_MISMATCH, request(contents=(*HONEST.contents, b""))),
    ("run backwards", CODE.MMR_INDEX_MISMATCH, request(run=Span(8, 3))),
    ("run of another place", CODE.MMR_INDEX_MISMATCH, request(run=Span(4, 9))),
    ("proof of another run", CODE.MMR_INDEX_MISMATCH, request(indices=range(2, 7))),
    ("proof of no run", CODE.MMR_INDEX_MISMATCH, request(indices=(3, 4, 5, 6, 8))),
    ("proof of no leaf", CODE.MMR_INDEX_MISMATCH, request(indices=())),
    ("no item", CODE.MMR_PROOF_TOO_SHORT, request(items=())),
    ("item missing", CODE.MMR_PROOF_TOO_SHORT, request(items=HONEST.proof.items[:-1])),
    ("item left over", CODE.MMR_PROOF_TOO_LONG, request(items=(*HONEST.proof.items, OTHER))),
    ("short item", CODE.MMR_ITEM_SIZE, request(items=(OTHER[:31], *HONEST.proof.items[1:]))),
    ("item of no bytes", CODE.MMR_ITEM_SIZE, request(items=(OTHER.hex(), *HONEST.proof.items[1:]))),
    ("short root", CODE.MMR_ITEM_SIZE, request(root=OTHER[:31])),
    ("another root", CODE.MMR_ROOT_MISMATCH, request(root=OTHER)),
    ("another leaf", CODE.MMR_ROOT_MISMATCH, request(contents=(*HONEST.contents[:2], b"", *HONEST.contents[3:]))),
    ("items exchanged", CODE.MMR_ROOT_MISMATCH, request(items=WRONG_ITEMS)),
    ("count of another range", CODE.MMR_ROOT_MISMATCH, request(count=LeafCount(12))),
]
COLUMN_CODES = {
    CODE.MMR_FULL,
    CODE.MMR_POSITIONS_EMPTY,
    CODE.MMR_INDEX_MISMATCH,
    CODE.MMR_INDEX_OUT_OF_RANGE,
    CODE.MMR_PROOF_TOO_SHORT,
    CODE.MMR_PROOF_TOO_LONG,
    CODE.MMR_ROOT_MISMATCH,
}


@pytest.mark.parametrize(("code", "faulty"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_each_fault_has_the_code_of_the_reference(code: RejectionCode, faulty: RunRequest) -> None:
    assert reference_run_code(COMBINER, faulty) == code.number
    codes = verify_run_requests(HARDENED, [HONEST, faulty, HONEST])
    assert list(codes) == [0, code.number, 0]
    assert first_rejection(codes) == (1, code)


def test_the_columns_themselves_give_each_code_that_they_can_meet() -> None:
    assert {code for _, code, faulty in FAULTS if fits_columns(faulty)} == COLUMN_CODES


@pytest.mark.parametrize("rule", [Resolution.CLAIMED_INDEX, Resolution.EXACT_ITEMS, Resolution.SIZED_ROOT])
def test_a_profile_without_a_rule_is_judged_by_the_reference(rule: Resolution) -> None:
    profile, requests = HARDENED.without(rule), [HONEST, *(faulty for _, _, faulty in FAULTS)]
    # A literal claim of fewer leaves than the proof has breaks the reference's contract, not a rule.
    requests = [each for each in requests if len(each.contents) == len(each.proof.indices)]
    expected = [reference_run_code(HashCombiner(profile), each) for each in requests]
    assert list(verify_run_requests(profile, requests)) == expected
    assert expected != [reference_run_code(COMBINER, each) for each in requests]
    with pytest.raises(ValueError, match=rule.value):
        verify_runs(profile, ROOTS, BATCH, contents_of([]), np.zeros(0, np.int64))


NONE = np.zeros(0, np.int64)
ROOTS, BATCH = digests_of([OTHER]), Runs(NONE, NONE, NONE, digests_of([]), np.zeros(1, np.int64))

CHANGES = ["count", "run", "indices", "both", "drop", "add", "swap", "flip", "content", "root"]
numbers = st.integers(-2, 20) | st.sampled_from([COUNT, 1 << 62, (1 << 62) + 1, 1 << 64])


@st.composite
def requests(draw: st.DrawFn) -> RunRequest:
    """An honest request, or one with some things changed."""
    size = draw(st.integers(1, COUNT))
    start = draw(st.integers(0, size - 1))
    honest = request(start, draw(st.integers(start + 1, size)), size)
    indices, items = honest.proof.indices, list(honest.proof.items)
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=2)):
        moved = draw(st.integers(-2, 2))
        if change == "count":
            honest = replace(honest, count=LeafCount(draw(numbers)))
        elif change in ("run", "both"):
            honest = replace(honest, run=Span(honest.run.start + moved, honest.run.stop + moved))
        if change in ("indices", "both"):
            indices = tuple(LeafIndex(index + moved) for index in indices)
        elif change == "drop" and items:
            items.pop(draw(st.integers(0, len(items) - 1)))
        elif change == "add":
            items.insert(draw(st.integers(0, len(items))), Hash32(draw(st.binary(min_size=31, max_size=33))))
        elif change == "swap":
            items.reverse()
        elif change == "flip" and items:
            place, bit = draw(st.integers(0, len(items) - 1)), draw(st.integers(0, 7))
            items[place] = Hash32(bytes([items[place][0] ^ (1 << bit), *items[place][1:]]))
        elif change == "content":
            honest = replace(honest, contents=(*honest.contents[1:], *draw(st.lists(st.binary(), max_size=2))))
        elif change == "root":
            honest = replace(honest, root=Hash32(draw(st.binary(min_size=31, max_size=32))))
    return replace(honest, proof=InclusionProof(indices, tuple(items)))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(batch=st.lists(requests(), max_size=8))
def test_any_batch_is_judged_as_the_reference_judges_each(batch: list[RunRequest]) -> None:
    expected = [reference_run_code(COMBINER, each) for each in batch]
    assert list(verify_run_requests(HARDENED, batch)) == expected


@pytest.mark.parametrize("threads", [2, 3])
def test_the_thread_count_has_no_bearing_on_codes(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LEAST_ROWS", 100)
    batch = [request(start, start + 60, 139) for start in range(0, 70, 2)]
    batch[4] = replace(batch[4], root=OTHER)
    alone = verify_run_requests(HARDENED, batch)
    assert first_rejection(alone) == (4, CODE.MMR_ROOT_MISMATCH)
    assert np.array_equal(verify_run_requests(HARDENED, batch, threads), alone)


def test_runs_at_great_indices_are_judged_as_by_the_reference() -> None:
    """Made-up proofs in the greatest ranges: the whole way in machine words."""
    for count in (MAX_LEAVES, MAX_LEAVES - 1, MAX_LEAVES - 5):
        for start, stop in ((0, 2), (count // 2 - 1, count // 2 + 2), (count - 3, count), (count - 3, count - 1)):
            needed = sum(run_items(start, stop - 1, count - 1)[1:])
            items = tuple(Hash32(bytes([number] * 32)) for number in range(needed))
            indices = tuple(LeafIndex(index) for index in range(start, stop))
            made = RunRequest(
                OTHER, LeafCount(count), Span(start, stop), (b"leaf",) * len(indices), InclusionProof(indices, items)
            )
            short = replace(made, proof=InclusionProof(indices, items[:-1]))
            longer = replace(made, proof=InclusionProof(indices, (*items, OTHER)))
            expected = [CODE.MMR_ROOT_MISMATCH, CODE.MMR_PROOF_TOO_SHORT, CODE.MMR_PROOF_TOO_LONG]
            batch = [made, short, longer]
            assert list(verify_run_requests(HARDENED, batch)) == [code.number for code in expected]
            assert [reference_run_code(COMBINER, each) for each in batch] == [code.number for code in expected]


def test_columns_that_do_not_fit_are_named() -> None:
    one, item, offsets = np.array([1], np.int64), np.zeros((1, 32), np.uint8), np.array([0, 1])
    for columns, named in (
        ((one.astype(np.int32), one, one, item, offsets), "counts"),
        ((one, one, one, item, one), "offsets"),
        ((one, one, one, item[:, :31], offsets), "items"),
        ((one, one, one, item, np.array([0, 2])), "offsets"),
        ((one, one + (1 << 62), one, item, offsets), "starts"),
    ):
        with pytest.raises(ValueError, match=named):
            Runs(*columns)
    with pytest.raises(ValueError, match="lengths"):
        verify_runs(HARDENED, ROOTS, BATCH, contents_of([b"leaf"]), NONE)
