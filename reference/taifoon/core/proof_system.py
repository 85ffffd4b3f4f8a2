"""Sections 2.3 and 2.4: what validation asks of a proof system (R-2.3-9, R-4.1-11).

Proofs are checked, never voted upon. So a verdict is a function of job, prover and proof alone: no clock, no network,
no state. The prover is part of what is proved, so that a proof is worth nothing to whoever has only seen it.
"""

from __future__ import annotations

from typing import Protocol

from taifoon.core.leaf import MMRLeaf
from taifoon.primitives.types import PublicKey
from taifoon.profile import Profile, Resolution

NOBODY = PublicKey(bytes(32))


class ProofSystem(Protocol):
    """A deterministic check of proofs whose statement names the prover, the same at every member."""

    def verify(self, job: MMRLeaf, prover: PublicKey, proof: bytes) -> bool:
        """Whether the proof proves the job, given as its intake leaf, for this prover.

        Bytes that are no proof at all are no error. For `NOBODY` the statement leaves the prover out, and a proof by
        anybody proves it.
        """


def bound_prover(profile: Profile, prover: PublicKey) -> PublicKey:
    """Rule: whom the statement of a proof names. Literally nobody, so that a proof counts for whoever shows it."""
    return prover if Resolution.ENVELOPE in profile else NOBODY


def proves(profile: Profile, proof_system: ProofSystem, job: MMRLeaf, prover: PublicKey, proof: bytes) -> bool:
    """Whether a proof proves a job, given as its intake leaf, as the work of a prover."""
    return proof_system.verify(job, bound_prover(profile, prover), proof)
