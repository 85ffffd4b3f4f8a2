"""A leaf has one encoding, of fixed length, and a completion is its intake with the commitment added."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.leaf import MMRLeaf, ProofType, completion_of, leaf_content
from taifoon.primitives.encoding import decode
from taifoon.primitives.types import ChainId, ClusterId, Hash32, Millis
from taifoon.rejection import Rejected, RejectionCode

JOB = Hash32(bytes(range(32)))
COMMITMENT = Hash32(b"\xcc" * 32)

INTAKE = MMRLeaf(
    job_id=JOB,
    job_type=ProofType.STORAGE_STATE,
    source_chain=ChainId(1),
    target_chain=ChainId(0x0102030405060708),
    timestamp=Millis(1_700_000_000_000),
    priority=255,
    assigned_cluster=ClusterId(0x01020304),
    proof_commitment=None,
)

# Written out by hand: fields in order, integers with the low octet first.
INTAKE_OCTETS = (
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"  # job_id
    "02"  # job_type: the third member
    "0100000000000000"  # source_chain
    "0807060504030201"  # target_chain
    "0068e5cf8b010000"  # timestamp: 0x018bcfe56800
    "ff"  # priority
    "04030201"  # assigned_cluster
    "00"  # no proof_commitment
)
COMPLETION_OCTETS = INTAKE_OCTETS[:-2] + "01" + "cc" * 32

digests = st.binary(min_size=32, max_size=32).map(Hash32)
u64 = st.integers(0, (1 << 64) - 1)
leaves = st.builds(
    MMRLeaf,
    job_id=digests,
    job_type=st.sampled_from(ProofType),
    source_chain=u64.map(ChainId),
    target_chain=u64.map(ChainId),
    timestamp=u64.map(Millis),
    priority=st.integers(0, 255),
    assigned_cluster=st.integers(0, (1 << 32) - 1).map(ClusterId),
    proof_commitment=st.none() | digests,
)


def test_the_octets_of_an_intake() -> None:
    assert leaf_content(INTAKE).hex() == INTAKE_OCTETS
    assert len(leaf_content(INTAKE)) == 63


def test_the_octets_of_a_completion() -> None:
    completion = completion_of(INTAKE, COMMITMENT)
    assert leaf_content(completion).hex() == COMPLETION_OCTETS
    assert len(leaf_content(completion)) == 95


def test_the_proof_types_keep_their_numbers() -> None:
    numbers = {kind: leaf_content(replace(INTAKE, job_type=kind))[32] for kind in ProofType}
    assert numbers == {
        ProofType.HEADER_INCLUSION: 0,
        ProofType.ACCOUNT_STATE: 1,
        ProofType.STORAGE_STATE: 2,
        ProofType.GROTH16: 3,
    }


@settings(deadline=None, derandomize=True, max_examples=120)
@given(leaf=leaves)
def test_the_length_tells_the_kind_and_the_octets_tell_the_leaf(leaf: MMRLeaf) -> None:
    octets = leaf_content(leaf)
    assert len(octets) == (63 if leaf.is_intake else 95)
    assert decode(MMRLeaf, octets) == leaf


@settings(deadline=None, derandomize=True, max_examples=120)
@given(leaf=leaves, other=leaves)
def test_different_leaves_have_different_octets(leaf: MMRLeaf, other: MMRLeaf) -> None:
    assert (leaf_content(leaf) == leaf_content(other)) == (leaf == other)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("job_id", JOB[:31]),
        ("source_chain", 1 << 64),
        ("target_chain", -1),
        ("timestamp", 1 << 64),
        ("priority", 256),
        ("assigned_cluster", 1 << 32),
        ("proof_commitment", COMMITMENT + b"\0"),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(Rejected) as caught:
        leaf_content(replace(INTAKE, **{field: value}))
    assert caught.value.code is RejectionCode.ENCODING_OUT_OF_RANGE
    assert field in caught.value.detail


@settings(deadline=None, derandomize=True, max_examples=60)
@given(leaf=leaves.filter(lambda leaf: leaf.is_intake), commitment=digests)
def test_a_completion_differs_from_its_intake_in_the_commitment_alone(leaf: MMRLeaf, commitment: Hash32) -> None:
    completion = completion_of(leaf, commitment)
    differing = [item.name for item in fields(MMRLeaf) if getattr(completion, item.name) != getattr(leaf, item.name)]
    assert differing == ["proof_commitment"]
    assert completion.proof_commitment == commitment
    assert leaf_content(completion)[:62] == leaf_content(leaf)[:62]


def test_a_completion_cannot_be_completed_again() -> None:
    with pytest.raises(Rejected) as caught:
        completion_of(completion_of(INTAKE, COMMITMENT), COMMITMENT)
    assert caught.value.code is RejectionCode.LEAF_KIND
