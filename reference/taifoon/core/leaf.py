"""Section 2.1: the leaf of the mountain range and the life of a job in it (R-2.1-2 to R-2.1-9).

A job gives one intake leaf, whose commitment is absent, and at most one completion leaf, which repeats the first seven
fields and adds the commitment. No leaf is ever rewritten, so no proof or signed root ever dies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Annotated

from icontract import ensure

from taifoon.primitives.encoding import U8, U32, U64, Length, encode
from taifoon.primitives.types import ChainId, ClusterId, Hash32, Millis
from taifoon.rejection import Rejected, RejectionCode


class ProofType(Enum):
    """What a job proves. The source names no member; the order is the encoding and only grows at the end."""

    HEADER_INCLUSION = "inclusion of a source-chain header in a mountain range"
    ACCOUNT_STATE = "EIP-1186 account proof"
    STORAGE_STATE = "EIP-1186 storage proof"
    GROTH16 = "Groth16 proof"


@dataclass(frozen=True, slots=True)
class MMRLeaf:
    """One event in the life of a job. `timestamp` is in milliseconds since 1970; 255 is the most urgent priority."""

    job_id: Annotated[Hash32, Length(32)]
    job_type: ProofType
    source_chain: Annotated[ChainId, U64]
    target_chain: Annotated[ChainId, U64]
    timestamp: Annotated[Millis, U64]
    priority: Annotated[int, U8]
    assigned_cluster: Annotated[ClusterId, U32]
    proof_commitment: Annotated[Hash32, Length(32)] | None

    @property
    def is_intake(self) -> bool:
        """Whether the leaf takes a job in, rather than completing it."""
        return self.proof_commitment is None


def leaf_content(leaf: MMRLeaf) -> bytes:
    """The canonical encoding, which is what the range hashes: 63 bytes for an intake, 95 for a completion."""
    return encode(MMRLeaf, leaf)


@ensure(lambda intake, commitment, result: replace(result, proof_commitment=None) == intake)
@ensure(lambda commitment, result: result.proof_commitment == commitment)
def completion_of(intake: MMRLeaf, commitment: Hash32) -> MMRLeaf:
    """The completion leaf of a job. Rejects with LEAF_KIND when the leaf at hand completes a job already."""
    if not intake.is_intake:
        raise Rejected(RejectionCode.LEAF_KIND, "proof_commitment is present; only an intake leaf can be completed")
    return replace(intake, proof_commitment=commitment)
