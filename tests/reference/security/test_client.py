"""A client accepts what is final and true, and nothing that is only one of the two."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.accountability import FinalityProof, statement_of
from taifoon.core.block import ProofResult, block_hash, proof_commitment
from taifoon.core.certificate import Committee
from taifoon.core.consensus import Link, final_kinds
from taifoon.core.leaf import completion_of
from taifoon.primitives.types import View
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon.security.client import ClientClaim, check_for_client
from taifoon_models.blocks import CHAIN, PROOFS, START, first_state, proof_of, proposal, taken_in
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import certificate_by, key

JOB = intake(0).job_id
STATE = first_state(HARDENED, 4)
COMMITTEE = Committee(CHAIN, STATE.formation.epoch, STATE.formation.cluster, STATE.formation.keys)


def claim(proof: bytes = proof_of(JOB, key(0)), commitment: str | None = None, signers: int = 3) -> ClientClaim:
    result = ProofResult(JOB, key(0), proof)
    committed = digest(commitment) if commitment else proof_commitment(HARDENED, result)
    leaf = taken_in(STATE, 0)
    block = proposal(HARDENED, STATE, 1, START, (leaf, completion_of(leaf, committed)), (result,))
    link = Link(View(1), block_hash(HARDENED, block), STATE.view, STATE.block_hash)
    said = (statement_of(COMMITTEE, kind, link.view, link.block_hash) for kind in final_kinds(HARDENED))
    seats = list(range(signers))
    return ClientClaim(
        block, FinalityProof((link,), tuple(certificate_by(HARDENED, each, tuple(seats), seats) for each in said))
    )


def refusal(profile: Profile, shown: ClientClaim, job_id: bytes = JOB) -> RejectionCode | None:
    try:
        check_for_client(profile, PROOFS, COMMITTEE, STATE.block_hash, type(JOB)(job_id), shown)
    except Rejected as rejected:
        return rejected.code
    return None


def test_a_final_and_true_result_is_accepted() -> None:
    shown = claim()
    accepted = check_for_client(HARDENED, PROOFS, COMMITTEE, STATE.block_hash, JOB, shown)
    assert accepted == shown.block.proof_results[0]


@pytest.mark.parametrize(
    ("shown", "code"),
    [
        (claim(proof=b"false", signers=4), RejectionCode.PROOF_INVALID),
        (claim(proof=proof_of(intake(1).job_id, key(0)), signers=4), RejectionCode.PROOF_INVALID),
        (claim(commitment="another result"), RejectionCode.COMMITMENT_MISMATCH),
    ],
)
def test_no_number_of_signers_makes_a_proof_valid_and_literally_a_quorum_does(
    shown: ClientClaim, code: RejectionCode
) -> None:
    assert refusal(HARDENED, shown) is code
    assert refusal(HARDENED.without(Resolution.BLOCK_VALIDITY), shown) is None


def test_a_true_result_that_is_not_final_is_refused() -> None:
    assert refusal(HARDENED, claim(signers=2)) is RejectionCode.CERTIFICATE_NO_QUORUM


def test_the_final_block_is_the_one_that_is_shown() -> None:
    shown = claim()
    other = replace(shown, block=replace(shown.block, quorum_threshold=4))
    assert refusal(HARDENED, other) is RejectionCode.FINALITY_PATH


def test_the_block_has_to_complete_the_job() -> None:
    assert refusal(HARDENED, claim(), intake(1).job_id) is RejectionCode.JOB_UNKNOWN
