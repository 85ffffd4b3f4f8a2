"""A block is one decision: its encoding is the source's, its hash leaves out who signed, its beginning is bound."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.block import (
    MAX_JOBS,
    MAX_PROOF,
    Beginning,
    CarriedVote,
    ClusterBlock,
    Decision,
    Header,
    ProofResult,
    block_hash,
    claimed_consensus,
    decision_of,
    genesis_hash,
    genesis_number,
    hashed_content,
    link_of,
    proof_commitment,
)
from taifoon.core.consensus import Link
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.validity import genesis_state
from taifoon.primitives.encoding import decode, encode
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import (
    BlockNumber,
    ChainId,
    ClusterId,
    Epoch,
    Hash32,
    Millis,
    PublicKey,
    Seat,
    Signature64,
    View,
)
from taifoon.profile import DOCUMENT, HARDENED, Parameters, Resolution, Suite
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.blocks import CHAIN, first_state, formation_of, opened, opening_block, result_of, working_block
from taifoon_models.jobs import digest

MODERATE = settings(deadline=None, derandomize=True, max_examples=60)
WITH_SIGNATURES = HARDENED.without(Resolution.BLOCK_HASH)
ANEW = HARDENED.without(Resolution.GENESIS)

STATE = opened(HARDENED, 5)
BLOCK = working_block(HARDENED, STATE)
LAST = opening_block(HARDENED, first_state(HARDENED, 5))


def signed(block: ClusterBlock, *octets: int) -> ClusterBlock:
    return replace(block, validator_signatures=tuple(Signature64(bytes([octet]) * 64) for octet in octets))


@pytest.fixture
def pieces() -> dict[str, bytes]:
    """The encoding of BLOCK field by field, written out by hand."""

    def number(value: int, width: int) -> bytes:
        return value.to_bytes(width, "little")

    def leaf(each: MMRLeaf) -> bytes:
        fixed = each.job_id + b"\x00" + number(1, 8) + number(10, 8) + number(each.timestamp, 8) + b"\x80"
        commitment = b"\x00" if each.proof_commitment is None else b"\x01" + each.proof_commitment
        return fixed + number(each.assigned_cluster, 4) + commitment

    header = BLOCK.header
    return {
        "block_number": number(2, 8),
        "previous_hash": STATE.block_hash,
        "mmr_root": header.mmr_root,
        "cluster_id": number(1, 4),
        "timestamp": number(1_700_000_002_000, 8),
        "leader_pubkey": header.leader_pubkey,
        "epoch": number(3, 8),
        "view": number(2, 8),
        "parent_view": number(1, 8),
        "proof_jobs": number(3, 4) + b"".join(map(leaf, BLOCK.proof_jobs)),
        "proof_results": number(2, 4)
        + b"".join(result.job_id + result.prover + number(64, 4) + result.proof for result in BLOCK.proof_results),
        "validator_signatures": number(0, 4),
        "cluster_members": number(5, 4) + b"".join(BLOCK.cluster_members),
        "quorum_threshold": number(4, 4),
        "attestations": number(4, 4)
        + b"".join(number(1, 8) + number(vote.seat, 4) + vote.signature for vote in BLOCK.attestations),
    }


def test_the_encoding_is_the_flat_list_of_the_fields(pieces: dict[str, bytes]) -> None:
    assert encode(ClusterBlock, BLOCK) == b"".join(pieces.values())


def test_the_hash_covers_everything_but_the_signatures(pieces: dict[str, bytes]) -> None:
    covered = b"".join(octets for name, octets in pieces.items() if name != "validator_signatures")
    assert hashed_content(HARDENED, BLOCK) == covered == encode(Decision, decision_of(BLOCK))
    assert block_hash(HARDENED, BLOCK) == hash_role(HARDENED, Role.BLOCK, covered)
    assert hashed_content(WITH_SIGNATURES, BLOCK) == b"".join(pieces.values())


def test_the_hash_is_that_of_the_tagged_octets_under_sha256(pieces: dict[str, bytes]) -> None:
    sha256 = HARDENED.with_parameters(Parameters(suite=Suite.SHA256))
    covered = b"".join(octets for name, octets in pieces.items() if name != "validator_signatures")
    assert block_hash(sha256, BLOCK) == hashlib.sha256(b"\x05" + covered).digest()


def test_signatures_change_the_hash_only_without_the_rule() -> None:
    variants = [BLOCK, signed(BLOCK, 1, 2, 3, 4), signed(BLOCK, 2, 3, 4, 5), signed(BLOCK, 1, 2, 3, 4, 5)]
    assert len({block_hash(HARDENED, each) for each in variants}) == 1
    assert len({block_hash(WITH_SIGNATURES, each) for each in variants}) == 4
    assert len({block_hash(DOCUMENT, each) for each in variants}) == 4


def test_a_child_names_its_parent_however_the_signatures_were_collected() -> None:
    for profile, names in ((HARDENED, 1), (WITH_SIGNATURES, 2)):
        parents = {
            link_of(profile, replace(LAST, validator_signatures=signed(LAST, *signers).validator_signatures)).block_hash
            for signers in ((1, 2, 3, 4), (2, 3, 4, 5))
        }
        assert len(parents) == names


def test_a_link_is_what_voting_needs() -> None:
    assert link_of(HARDENED, BLOCK) == Link(View(2), block_hash(HARDENED, BLOCK), View(1), STATE.block_hash)
    assert link_of(HARDENED, LAST).block_hash == link_of(HARDENED, BLOCK).parent_hash


def test_what_a_block_claims_of_its_committee_is_its_own_fields() -> None:
    claimed = claimed_consensus(replace(BLOCK, quorum_threshold=1))
    assert (claimed.members, claimed.threshold) == (BLOCK.cluster_members, 1)


def test_a_commitment_binds_job_prover_and_proof() -> None:
    result = result_of(0)
    preimage = result.job_id + result.prover + len(result.proof).to_bytes(4, "little") + result.proof
    assert proof_commitment(HARDENED, result) == hash_role(HARDENED, Role.PROOF, preimage)
    others = (
        replace(result, job_id=digest("job 1")),
        replace(result, prover=PublicKey(digest("prover"))),
        replace(result, proof=result.proof + b"\x00"),
    )
    assert len({proof_commitment(HARDENED, each) for each in (result, *others)}) == 4


def bytes_of(length: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=length, max_size=length)


U32S, U64S = st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1)
HEADERS = st.builds(
    Header,
    block_number=U64S.map(BlockNumber),
    previous_hash=bytes_of(32).map(Hash32),
    mmr_root=bytes_of(32).map(Hash32),
    cluster_id=U32S.map(ClusterId),
    timestamp=U64S.map(Millis),
    leader_pubkey=bytes_of(32).map(PublicKey),
    epoch=U64S.map(Epoch),
    view=U64S.map(View),
    parent_view=U64S.map(View),
)
LEAVES = st.builds(
    MMRLeaf,
    job_id=bytes_of(32).map(Hash32),
    job_type=st.sampled_from(ProofType),
    source_chain=U64S.map(ChainId),
    target_chain=U64S.map(ChainId),
    timestamp=U64S.map(Millis),
    priority=st.integers(0, 255),
    assigned_cluster=U32S.map(ClusterId),
    proof_commitment=st.none() | bytes_of(32).map(Hash32),
)
RESULTS = st.builds(
    ProofResult, job_id=bytes_of(32).map(Hash32), prover=bytes_of(32).map(PublicKey), proof=st.binary(max_size=40)
)
VOTES = st.builds(
    CarriedVote, block=U64S.map(BlockNumber), seat=U32S.map(Seat), signature=bytes_of(64).map(Signature64)
)
BLOCKS = st.builds(
    ClusterBlock,
    header=HEADERS,
    proof_jobs=st.lists(LEAVES, max_size=2).map(tuple),
    proof_results=st.lists(RESULTS, max_size=2).map(tuple),
    validator_signatures=st.lists(bytes_of(64).map(Signature64), max_size=2).map(tuple),
    cluster_members=st.lists(bytes_of(32).map(PublicKey), max_size=2).map(tuple),
    quorum_threshold=U32S,
    attestations=st.lists(VOTES, max_size=2).map(tuple),
)


@MODERATE
@given(block=BLOCKS)
def test_a_block_survives_encoding(block: ClusterBlock) -> None:
    assert decode(ClusterBlock, encode(ClusterBlock, block)) == block
    assert decode(Decision, hashed_content(HARDENED, block)) == decision_of(block)


@MODERATE
@given(first=BLOCKS, second=BLOCKS)
def test_two_blocks_share_what_is_hashed_only_if_they_are_one_decision(
    first: ClusterBlock, second: ClusterBlock
) -> None:
    same = hashed_content(HARDENED, first) == hashed_content(HARDENED, second)
    assert same == (decision_of(first) == decision_of(second))


def test_a_block_over_the_encodings_maximum_is_refused() -> None:
    over = replace(BLOCK, proof_jobs=BLOCK.proof_jobs[:1] * (MAX_JOBS + 1))
    with pytest.raises(Rejected) as caught:
        encode(ClusterBlock, over)
    assert caught.value.code is RejectionCode.ENCODING_OVER_LONG
    at_most = replace(BLOCK, proof_jobs=BLOCK.proof_jobs[:1] * MAX_JOBS)
    assert len(encode(ClusterBlock, at_most)) == len(encode(ClusterBlock, BLOCK)) - (63 + 2 * 95) + 63 * MAX_JOBS


def test_a_proof_over_the_encodings_maximum_is_refused() -> None:
    assert (MAX_JOBS, MAX_PROOF) == (65_536, 1_048_576)
    longest = replace(result_of(0), proof=bytes(MAX_PROOF))
    assert len(encode(ProofResult, longest)) == 68 + MAX_PROOF
    with pytest.raises(Rejected) as caught:
        encode(ProofResult, replace(longest, proof=bytes(MAX_PROOF + 1)))
    assert caught.value.code is RejectionCode.ENCODING_OVER_LONG


BEGINNING = (CHAIN, ClusterId(1), Epoch(4))


def test_a_beginning_binds_chain_cluster_epoch_and_last_block() -> None:
    octets = CHAIN + (1).to_bytes(4, "little") + (4).to_bytes(8, "little")
    after = octets + b"\x01" + block_hash(HARDENED, LAST)
    assert genesis_hash(HARDENED, *BEGINNING, LAST) == hash_role(HARDENED, Role.GENESIS, after)
    assert genesis_hash(HARDENED, *BEGINNING, None) == hash_role(HARDENED, Role.GENESIS, octets + b"\x00")
    assert decode(Beginning, after).epoch == 4
    hashes = {
        genesis_hash(HARDENED, *BEGINNING, LAST),
        genesis_hash(HARDENED, digest("another chain"), ClusterId(1), Epoch(4), LAST),
        genesis_hash(HARDENED, CHAIN, ClusterId(2), Epoch(4), LAST),
        genesis_hash(HARDENED, CHAIN, ClusterId(1), Epoch(5), LAST),
        genesis_hash(HARDENED, *BEGINNING, BLOCK),
        genesis_hash(HARDENED, *BEGINNING, None),
    }
    assert len(hashes) == 6


def test_a_beginning_does_not_depend_on_who_signed_the_last_block() -> None:
    ends = [signed(LAST, 1, 2, 3, 4), signed(LAST, 2, 3, 4, 5)]
    assert len({genesis_hash(HARDENED, *BEGINNING, last) for last in ends}) == 1
    assert len({genesis_hash(WITH_SIGNATURES, *BEGINNING, last) for last in ends}) == 2


def test_every_cluster_begins_alike_only_without_the_rule() -> None:
    for profile in (ANEW, DOCUMENT):
        assert genesis_hash(profile, *BEGINNING, LAST) == bytes(32)
        assert genesis_hash(profile, CHAIN, ClusterId(2), Epoch(9), None) == bytes(32)


def test_numbers_go_on_through_epochs_and_start_anew_only_without_the_rule() -> None:
    assert (genesis_number(HARDENED, BLOCK), genesis_number(HARDENED, None)) == (2, 0)
    assert genesis_number(ANEW, BLOCK) == genesis_number(DOCUMENT, BLOCK) == 0


def test_an_epoch_goes_on_from_the_log_and_time_of_the_one_before() -> None:
    before = opened(HARDENED, 5)
    turned = genesis_state(HARDENED, CHAIN, formation_of(4, epoch=4), before.log, LAST)
    assert (turned.number, turned.view, turned.timestamp) == (1, 0, LAST.header.timestamp)
    assert turned.block_hash == genesis_hash(HARDENED, *BEGINNING, LAST)
    assert turned.log == before.log
    anew = genesis_state(ANEW, CHAIN, formation_of(4, epoch=4), before.log, LAST)
    assert (anew.number, anew.block_hash, anew.log.jobs) == (0, bytes(32), before.log.jobs)
