"""Section 4.1: what several messages are made of: ranges, their certified heads, votes, peaks and proofs (R-4.1-4).

The source gives `MMRPeak`, `MMRProof` and `Capability` without a definition. Every list has a maximum; those of ranges
follow from the greatest leaf count, 2^62.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from taifoon.core.accountability import SignedStatement
from taifoon.core.block import ClusterBlock
from taifoon.core.certificate import Certificate
from taifoon.core.leaf import ProofType
from taifoon.core.vote import Statement
from taifoon.primitives.encoding import U8, U32, U64, Length, Maximum
from taifoon.primitives.types import (
    BlockNumber,
    ClusterId,
    Hash32,
    Height,
    LeafCount,
    LeafIndex,
    Seat,
    Signature64,
)

MAX_PEAKS = 62
"""Peaks of a range of fewer than 2^62 leaves: one for each set bit of the count."""
MAX_PATH = 64
"""Items of a proof of one leaf or of an older head: one for each level of a range, and the older head itself."""
MAX_CAPABILITIES = 64
MAX_LINEAGE = 1 << 10
"""Certificates that a proposal brings: its parent's, and one for each view that was nullified since."""
MAX_BLOCKS = 16
"""Blocks of one answer below its head; who needs more asks again."""

Capability = ProofType

Digest = Annotated[Hash32, Length(32)]
Capabilities = Annotated[tuple[Capability, ...], Maximum(MAX_CAPABILITIES)]
Path = Annotated[tuple[Digest, ...], Maximum(MAX_PATH)]
Lineage = Annotated[tuple[Certificate, ...], Maximum(MAX_LINEAGE)]


class RangeKind(Enum):
    """The two ranges of a cluster; the order is the encoding."""

    JOBS = "jobs"
    BATCHES = "batches"


@dataclass(frozen=True, slots=True)
class RangeName:
    """A range of a cluster."""

    cluster: Annotated[ClusterId, U32]
    kind: RangeKind


@dataclass(frozen=True, slots=True)
class RangeHead:
    """A range as the root of a final block has it: the block's number, the leaf count, and the range's own root."""

    range: RangeName
    block: Annotated[BlockNumber, U64]
    leaf_count: Annotated[LeafCount, U64]
    root: Digest


@dataclass(frozen=True, slots=True)
class MMRPeak:
    """A peak and the height of its mountain."""

    height: Annotated[Height, U8]
    value: Digest


Peaks = Annotated[tuple[MMRPeak, ...], Maximum(MAX_PEAKS)]


@dataclass(frozen=True, slots=True)
class MMRProof:
    """The proof of one leaf: its index, and the values beside its path, in walking order."""

    leaf_index: Annotated[LeafIndex, U64]
    items: Path


@dataclass(frozen=True, slots=True)
class Vote:
    """A signed statement as it travels."""

    statement: Statement
    seat: Annotated[Seat, U32]
    signature: Annotated[Signature64, Length(64)]

    @property
    def signed(self) -> SignedStatement:
        """The same for the rules of voting and of blame."""
        return SignedStatement(self.seat, self.statement, self.signature)


def vote_of(signed: SignedStatement) -> Vote:
    """A signed statement, ready to travel."""
    return Vote(signed.statement, signed.seat, signed.signature)


@dataclass(frozen=True, slots=True)
class FinalBlock:
    """A block with the two certificates that make it final."""

    block: ClusterBlock
    notarisation: Certificate
    finalisation: Certificate
