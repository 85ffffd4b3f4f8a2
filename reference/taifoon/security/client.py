"""Section 6.2: what a client accepts (R-6.2-1): a captured cluster never makes an invalid proof valid.

A final block shows that a cluster has decided; the proof shows that the result is true. A client that checks both
believes no cluster. The source lets the cluster's signatures stand for the proofs.
"""

from __future__ import annotations

from dataclasses import dataclass

from taifoon.core.accountability import FinalityProof, check_finality
from taifoon.core.block import ClusterBlock, ProofResult, block_hash
from taifoon.core.certificate import Committee
from taifoon.core.proof_system import ProofSystem
from taifoon.core.validity import check_result, defines_validity
from taifoon.primitives.types import Hash32
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode


@dataclass(frozen=True, slots=True)
class ClientClaim:
    """What a client is shown: the block that completes its job, and the proof that the block is final."""

    block: ClusterBlock
    finality: FinalityProof


def check_for_client(
    profile: Profile,
    proof_system: ProofSystem,
    committee: Committee,
    genesis: Hash32,
    job_id: Hash32,
    claim: ClientClaim,
) -> ProofResult:
    """The result of a job, once a client may rely on it.

    Rejects as `check_finality` does; with FINALITY_PATH where another block is final, with JOB_UNKNOWN where the block
    does not complete the job; and, where proofs are checked at all, with COMMITMENT_MISMATCH and PROOF_INVALID.
    """
    check_finality(profile, committee, genesis, claim.finality)
    if claim.finality.path[0].block_hash != block_hash(profile, claim.block):
        raise Rejected(RejectionCode.FINALITY_PATH, "the block shown is not the first of the path")
    completions = (leaf for leaf in claim.block.proof_jobs if leaf.job_id == job_id and not leaf.is_intake)
    completion = next(completions, None)
    shown = next((result for result in claim.block.proof_results if result.job_id == job_id), None)
    if completion is None or shown is None:
        raise Rejected(RejectionCode.JOB_UNKNOWN, f"job_id {job_id.hex()} is not completed in the block with a result")
    if defines_validity(profile):
        check_result(profile, proof_system, completion, shown)
    return shown
