"""Proofs in columns are the reference's proofs, and each is judged as the reference judges it, code by code."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.inclusion import Claim, InclusionProof, prove_leaf
from taifoon.core.mmr.mountains import root_of_range
from taifoon.core.mmr.shape import MAX_LEAVES
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex
from taifoon.profile import HARDENED, Resolution, Suite
from taifoon.rejection import RejectionCode

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized import paths as path_columns
from taifoon_optimized import verification, workers
from taifoon_optimized.contents import contents_of, digests_of
from taifoon_optimized.paths import Paths, paths
from taifoon_optimized.verification import (
    Request,
    first_rejection,
    fits_columns,
    reference_code,
    verify_paths,
    verify_requests,
)

from .ranges import EDGES, bulk_range, leaves, of_suite, reference_range

COUNT = 130
CONTENTS = leaves(COUNT)
GROWN = bulk_range(HARDENED, CONTENTS)
COMBINER = HashCombiner(HARDENED)


def joined(batches: list[Paths]) -> Paths:
    """Several batches as one."""
    lengths = np.concatenate([np.diff(batch.offsets) for batch in batches])
    return Paths(
        np.concatenate([batch.counts for batch in batches]),
        np.concatenate([batch.indices for batch in batches]),
        np.concatenate([batch.items for batch in batches]),
        np.concatenate(([0], np.cumsum(lengths))),
    )


def request(index: int = 4, size: int = 11, **changed: Any) -> Request:
    """An accepted request of leaf `index` of the first `size` leaves, with other values where they are given."""
    proof = GROWN.prove((index,), size)
    honest = Request(GROWN.root(size), LeafCount(size), (Claim(LeafIndex(index), CONTENTS[index]),), proof)
    if "items" in changed:
        changed["proof"] = InclusionProof(proof.indices, changed.pop("items"))
    return replace(honest, **changed)


@pytest.mark.parametrize("suite", Suite)
def test_every_path_of_small_ranges_is_the_reference_s_and_is_accepted(suite: Suite) -> None:
    profile = of_suite(suite)
    combiner, grown = HashCombiner(profile), bulk_range(profile, CONTENTS)
    for count in range(20):
        expected = reference_range(profile, CONTENTS[:count])
        root = digests_of([root_of_range(combiner, expected)])
        for batch in paths(grown, count=count):
            found = [batch.proof(index) for index in range(count)]
            assert found == [prove_leaf(combiner, expected, LeafIndex(index)) for index in range(count)]
            assert not verify_paths(profile, root, batch, contents_of(CONTENTS[:count])).any()


@pytest.mark.parametrize("count", [count for count in EDGES if 20 < count <= COUNT])
def test_every_path_at_the_edges(count: int) -> None:
    expected = reference_range(HARDENED, CONTENTS[:count])
    (batch,) = paths(GROWN, count=count)
    assert [batch.proof(index) for index in range(count)] == [
        prove_leaf(COMBINER, expected, LeafIndex(index)) for index in range(count)
    ]


def test_no_leaf_gives_no_batch() -> None:
    assert list(paths(GROWN, count=0)) == []
    assert list(paths(GROWN, [])) == []


def test_batches_follow_the_order_asked_for_and_their_size_has_no_bearing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [7, 3, 129, 3, 64, 0]
    (whole,) = paths(GROWN, asked)
    monkeypatch.setattr(path_columns, "PATHS_AT_ONCE", 4)
    cut = list(paths(GROWN, asked))
    assert [len(batch) for batch in cut] == [4, 2]
    assert list(joined(cut).indices) == asked
    assert np.array_equal(joined(cut).items, whole.items)


def test_an_index_beyond_the_range_is_named() -> None:
    for wrong in ([0, 5], [-1]):
        with pytest.raises(ValueError, match="indices"):
            list(paths(GROWN, wrong, count=5))


ROOTS = digests_of([GROWN.root(11)])


def test_proofs_of_several_ranges_are_judged_together() -> None:
    counts = range(1, COUNT + 1, 3)
    batches = [batch for count in counts for batch in paths(GROWN, count=count)]
    roots = digests_of([GROWN.root(count) for count in counts for _ in range(count)])
    contents = contents_of([CONTENTS[index] for count in counts for index in range(count)])
    codes = verify_paths(HARDENED, roots, joined(batches), contents)
    assert len(codes) == sum(counts)
    assert not codes.any()


@pytest.mark.parametrize("threads", [2, 3])
def test_the_thread_count_has_no_bearing_on_codes(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LEAST_ROWS", 100)
    monkeypatch.setattr(verification, "BATCH", 64)
    batch = joined(list(paths(GROWN)) * 9)
    contents = contents_of([b"forged" if number % 7 == 3 else CONTENTS[number % COUNT] for number in range(9 * COUNT)])
    roots = digests_of([GROWN.root()])
    alone = verify_paths(HARDENED, roots, batch, contents)
    assert np.array_equal(alone != 0, np.arange(9 * COUNT) % 7 == 3)
    assert np.array_equal(verify_paths(HARDENED, roots, batch, contents, threads=threads), alone)


CODE = RejectionCode
HONEST = request()
OTHER = Hash32(bytes(range(32)))
FAULTS = [
    ("count above the limit", CODE.MMR_FULL, request(count=LeafCount(MAX_LEAVES + 1))),
    ("count of more than 64 bits", CODE.MMR_FULL, request(count=LeafCount(1 << 70))),
    ("negative count", CODE.MMR_FULL, request(count=LeafCount(-1))),
    ("empty range", CODE.MMR_INDEX_OUT_OF_RANGE, request(count=LeafCount(0))),
    ("no claim", CODE.MMR_POSITIONS_EMPTY, request(claims=())),
    ("claim of another leaf", CODE.MMR_INDEX_MISMATCH, request(claims=(Claim(LeafIndex(5), CONTENTS[4]),))),
    ("more claims than leaves", CODE.MMR_INDEX_MISMATCH, request(claims=HONEST.claims * 2)),
    (
        "leaf named twice",
        CODE.MMR_POSITIONS_UNSORTED,
        request(claims=HONEST.claims * 2, proof=InclusionProof((LeafIndex(4),) * 2, HONEST.proof.items)),
    ),
    (
        "index of the count",
        CODE.MMR_INDEX_OUT_OF_RANGE,
        request(claims=(Claim(LeafIndex(11), b""),), proof=InclusionProof((LeafIndex(11),), HONEST.proof.items)),
    ),
    (
        "negative index",
        CODE.MMR_INDEX_OUT_OF_RANGE,
        request(claims=(Claim(LeafIndex(-1), b""),), proof=InclusionProof((LeafIndex(-1),), HONEST.proof.items)),
    ),
    (
        "index of more than 64 bits",
        CODE.MMR_INDEX_OUT_OF_RANGE,
        request(claims=(Claim(LeafIndex(1 << 65), b""),), proof=InclusionProof((LeafIndex(1 << 65),), ())),
    ),
    ("no item", CODE.MMR_PROOF_TOO_SHORT, request(items=())),
    ("item missing", CODE.MMR_PROOF_TOO_SHORT, request(items=HONEST.proof.items[:-1])),
    ("item left over", CODE.MMR_PROOF_TOO_LONG, request(items=(*HONEST.proof.items, OTHER))),
    ("short item", CODE.MMR_ITEM_SIZE, request(items=(OTHER[:31], *HONEST.proof.items[1:]))),
    ("item of no bytes", CODE.MMR_ITEM_SIZE, request(items=(OTHER.hex(), *HONEST.proof.items[1:]))),
    ("short root", CODE.MMR_ITEM_SIZE, request(root=OTHER[:31])),
    ("another root", CODE.MMR_ROOT_MISMATCH, request(root=OTHER)),
    ("another leaf", CODE.MMR_ROOT_MISMATCH, request(claims=(Claim(LeafIndex(4), b"forged"),))),
    ("items exchanged", CODE.MMR_ROOT_MISMATCH, request(items=(*HONEST.proof.items[1::-1], *HONEST.proof.items[2:]))),
    ("count of another range", CODE.MMR_ROOT_MISMATCH, request(count=LeafCount(10))),
    ("two rules broken", CODE.MMR_INDEX_MISMATCH, request(claims=(Claim(LeafIndex(12), b""),), items=())),
]
COLUMN_CODES = {
    CODE.MMR_FULL,
    CODE.MMR_INDEX_MISMATCH,
    CODE.MMR_INDEX_OUT_OF_RANGE,
    CODE.MMR_PROOF_TOO_SHORT,
    CODE.MMR_PROOF_TOO_LONG,
    CODE.MMR_ROOT_MISMATCH,
}


@pytest.mark.parametrize(("code", "faulty"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_each_fault_has_the_code_of_the_reference(code: RejectionCode, faulty: Request) -> None:
    assert reference_code(COMBINER, faulty) == code.number
    codes = verify_requests(HARDENED, [HONEST, faulty, HONEST])
    assert list(codes) == [0, code.number, 0]
    assert first_rejection(codes) == (1, code)


def test_the_columns_themselves_give_each_code_that_they_can_meet() -> None:
    given_by_columns = {code for _, code, faulty in FAULTS if fits_columns(faulty)}
    assert given_by_columns == COLUMN_CODES


def test_the_first_of_several_rejections_is_named() -> None:
    codes = verify_requests(HARDENED, [HONEST, *(faulty for _, _, faulty in FAULTS)])
    assert first_rejection(codes) == (1, FAULTS[0][1])
    assert [int(number) for number in codes[1:]] == [code.number for _, code, _ in FAULTS]
    assert first_rejection(verify_requests(HARDENED, [HONEST])) is None
    assert first_rejection(verify_requests(HARDENED, [])) is None


@pytest.mark.parametrize("suite", [Suite.SHA256, Suite.KECCAK256])
def test_the_other_suites_give_the_same_codes(suite: Suite) -> None:
    """Under another hash the honest request is of another range; every other fault is the same fault."""
    profile = of_suite(suite)
    grown = bulk_range(profile, CONTENTS)
    honest = replace(HONEST, root=grown.root(11), proof=grown.prove((4,), 11))
    requests = [honest, *(faulty for _, _, faulty in FAULTS), honest]
    assert [int(code) for code in verify_requests(profile, requests)] == [
        0,
        *(code.number for _, code, _ in FAULTS),
        0,
    ]


@pytest.mark.parametrize("rule", [Resolution.CLAIMED_INDEX, Resolution.EXACT_ITEMS, Resolution.SIZED_ROOT])
def test_a_profile_without_a_rule_is_judged_by_the_reference(rule: Resolution) -> None:
    profile = HARDENED.without(rule)
    requests = [HONEST, *(faulty for _, _, faulty in FAULTS)]
    expected = [reference_code(HashCombiner(profile), each) for each in requests]
    assert list(verify_requests(profile, requests)) == expected
    assert expected != [0, *(code.number for _, code, _ in FAULTS)]
    (batch,) = paths(GROWN, count=11)
    with pytest.raises(ValueError, match=rule.value):
        verify_paths(profile, ROOTS, batch, contents_of(CONTENTS[:11]))


numbers = st.integers(-1, 20) | st.sampled_from([COUNT, 1 << 62, (1 << 62) + 1, 1 << 64])

CHANGES = ["count", "claim", "index", "drop", "add", "swap", "flip", "content", "root"]


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """An honest request, or one with some things changed."""
    count = draw(st.integers(1, COUNT))
    honest = request(draw(st.integers(0, count - 1)), count)
    index, items = honest.proof.indices[0], list(honest.proof.items)
    for change in draw(
        st.lists(
            st.sampled_from(["count", "claim", "index", "drop", "add", "swap", "flip", "content", "root"]), max_size=2
        )
    ):
        if change == "count":
            honest = replace(honest, count=LeafCount(draw(numbers)))
        elif change == "claim":
            honest = replace(honest, claims=(Claim(LeafIndex(draw(numbers)), honest.claims[0].content),))
        elif change == "index":
            index = LeafIndex(draw(numbers))
            honest = replace(honest, claims=(Claim(index, honest.claims[0].content),))
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
            honest = replace(honest, claims=(Claim(honest.claims[0].index, draw(st.binary(max_size=70))),))
        elif change == "root":
            honest = replace(honest, root=Hash32(draw(st.binary(min_size=31, max_size=32))))
    return replace(honest, proof=InclusionProof((index,), tuple(items)))


@settings(deadline=None, derandomize=True, max_examples=120)
@given(batch=st.lists(requests(), max_size=12))
def test_any_batch_is_judged_as_the_reference_judges_each(batch: list[Request]) -> None:
    assert list(verify_requests(HARDENED, batch)) == [reference_code(COMBINER, each) for each in batch]


def test_deep_paths_of_great_indices_end_at_the_reference_s_root() -> None:
    """A made-up path of the greatest range: 62 items, all the way in machine words."""
    count = MAX_LEAVES - 1
    for index in (0, 1, count // 2, count - 1):
        length = int(path_columns.path_lengths(np.array([index]), np.array([count]))[0])
        items = tuple(Hash32(bytes([number] * 32)) for number in range(length))
        made = request(
            count=LeafCount(count),
            claims=(Claim(LeafIndex(index), b"leaf"),),
            proof=InclusionProof((LeafIndex(index),), items),
        )
        combiner = HashCombiner(HARDENED)
        assert reference_code(combiner, made) == CODE.MMR_ROOT_MISMATCH.number
        short = replace(made, proof=InclusionProof(made.proof.indices, items[:-1]))
        assert list(verify_requests(HARDENED, [made, short])) == [
            CODE.MMR_ROOT_MISMATCH.number,
            CODE.MMR_PROOF_TOO_SHORT.number,
        ]


ONE, ITEM = np.array([1], np.int64), np.zeros((1, 32), np.uint8)


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ((ONE.astype(np.int32), ONE, ITEM, np.array([0, 1])), "counts"),
        ((ONE, ONE, ITEM, ONE), "offsets"),
        ((ONE, ONE, ITEM[:, :31], np.array([0, 1])), "items"),
        ((ONE, ONE, ITEM, np.array([0, 2])), "offsets"),
        ((ONE, ONE, ITEM, np.array([1, 0])), "offsets"),
    ],
)
def test_columns_that_do_not_fit_are_named(columns: tuple[Any, ...], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        Paths(*columns)


def test_messages_must_be_as_many_as_proofs() -> None:
    (batch,) = paths(GROWN, count=11)
    with pytest.raises(ValueError, match="one of each"):
        verify_paths(HARDENED, ROOTS, batch, contents_of(CONTENTS[:10]))
