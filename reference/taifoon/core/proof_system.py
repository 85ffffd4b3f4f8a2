"""Sections 2.3 and 2.4: what validation asks of a proof system (R-2.3-9).

Proofs are checked, never voted upon. So a verdict is a function of job and proof alone: no clock, no network, no state.
"""

from __future__ import annotations

from typing import Protocol

from taifoon.core.leaf import MMRLeaf


class ProofSystem(Protocol):
    """A deterministic check of proofs, the same at every member."""

    def verify(self, job: MMRLeaf, proof: bytes) -> bool:
        """Whether the proof proves the job, given as its intake leaf. Bytes that are no proof at all are no error."""
