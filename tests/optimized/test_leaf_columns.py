"""Leaves in columns have the canonical encoding of each, and values that do not fit are refused alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.leaf import MMRLeaf, ProofType, leaf_content
from taifoon.primitives.types import ChainId, ClusterId, Hash32, Millis
from taifoon.profile import HARDENED
from taifoon.rejection import Rejected, RejectionCode

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized.bulk_range import BulkRange
from taifoon_optimized.leaf_columns import COLUMNS, LeafColumns, columns_of, encode_leaves

from .ranges import bulk_range

LEAF = MMRLeaf(
    Hash32(bytes(range(32))), ProofType.GROTH16, ChainId(1), ChainId(2**64 - 1), Millis(2**40), 255, ClusterId(7), None
)


def unsigned(width: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**width - 1) | st.sampled_from([0, 2**width - 1])


leaves = st.builds(
    MMRLeaf,
    st.binary(min_size=32, max_size=32),
    st.sampled_from(ProofType),
    unsigned(64),
    unsigned(64),
    unsigned(64),
    unsigned(8),
    unsigned(32),
    st.none() | st.binary(min_size=32, max_size=32),
)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(batch=st.lists(leaves, max_size=20))
def test_every_row_is_the_encoding_of_its_leaf(batch: list[MMRLeaf]) -> None:
    contents = encode_leaves(columns_of(batch))
    assert [contents[number] for number in range(len(contents))] == [leaf_content(leaf) for leaf in batch]


def test_encoded_columns_are_appended_as_they_are() -> None:
    batch = [
        replace(LEAF, timestamp=Millis(number), proof_commitment=None if number % 3 else LEAF.job_id)
        for number in range(70)
    ]
    grown = BulkRange(HARDENED)
    grown.append(encode_leaves(columns_of(batch)))
    assert grown.root() == bulk_range(HARDENED, [leaf_content(leaf) for leaf in batch]).root()


@pytest.mark.parametrize(
    "wrong",
    [
        {"source_chain": 2**64},
        {"target_chain": -1},
        {"timestamp": 2**64},
        {"priority": 256},
        {"assigned_cluster": 2**32},
        {"job_id": bytes(31)},
        {"proof_commitment": bytes(33)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_value_that_does_not_fit_its_field_is_refused_alike(wrong: dict[str, Any]) -> None:
    leaf = replace(LEAF, **wrong)
    with pytest.raises(Rejected) as expected:
        leaf_content(leaf)
    with pytest.raises(Rejected) as caught:
        columns_of([LEAF, leaf])
    assert caught.value.code is expected.value.code is RejectionCode.ENCODING_OUT_OF_RANGE


def test_a_kind_of_job_that_there_is_not_is_refused() -> None:
    columns = columns_of([LEAF])
    with pytest.raises(Rejected) as caught:
        replace(columns, job_type=np.array([len(ProofType)], np.uint8))
    assert caught.value.code is RejectionCode.ENCODING_OUT_OF_RANGE


@pytest.mark.parametrize("name", [name for name, _, _ in COLUMNS])
def test_columns_that_do_not_fit_are_named(name: str) -> None:
    columns = columns_of([LEAF, LEAF])
    assert isinstance(columns, LeafColumns)
    wrong = [np.zeros(2, np.float64)] if name == "job_id" else [getattr(columns, name)[:1], np.zeros(2, np.float64)]
    for column in wrong:
        with pytest.raises(ValueError, match=name):
            replace(columns, **{name: column})
