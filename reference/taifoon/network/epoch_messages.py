"""Section 4.1: the messages by which an epoch closes, and by which whoever was away learns of it (R-2.2-2, R-2.4-6).

The votes of the epoch chain are votes like any other; its blocks, and the stretches that they close, need kinds of
their own. A record is the whole of an epoch that is over, and is believed for its certificates alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from taifoon.core.accountability import FinalityProof
from taifoon.core.block import ClusterBlock, bare, link_of
from taifoon.core.certificate import Certificate
from taifoon.core.consensus import Link
from taifoon.core.epoch_block import EpochBlock, EpochHeader, epoch_block_hash
from taifoon.core.network_state import EpochRecord
from taifoon.core.succession import Stretch
from taifoon.network.parts import Digest, Lineage, Vote
from taifoon.primitives.encoding import U32, U64, Maximum
from taifoon.primitives.types import ClusterId, Epoch, Hash32
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode

MAX_STRETCH = 1 << 12
"""Blocks of a cluster in one epoch."""
MAX_PROOF_CERTIFICATES = 1 << 14
"""Certificates of a finality proof: those of each block, and one for each view that the path skips."""
MAX_STRETCHES = 1 << 16

ProofCertificates = Annotated[tuple[Certificate, ...], Maximum(MAX_PROOF_CERTIFICATES)]


@dataclass(frozen=True, slots=True)
class EpochProposal:
    """A block of the epoch chain, its leader's vote to notarise it, and the certificates on which it stands."""

    block: EpochBlock
    vote: Vote
    certificates: Lineage


@dataclass(frozen=True, slots=True)
class StretchPush:
    """What a cluster has finalised in an epoch: the blocks in order, and the certificates that make the last final."""

    cluster: Annotated[ClusterId, U32]
    blocks: Annotated[tuple[ClusterBlock, ...], Maximum(MAX_STRETCH)]
    certificates: ProofCertificates


@dataclass(frozen=True, slots=True)
class EpochRecordRequest:
    """Asks for the record of an epoch."""

    epoch: Annotated[Epoch, U64]


@dataclass(frozen=True, slots=True)
class EpochRecordResponse:
    """The record: the epoch chain's blocks from the closing to the last final one, their proof, and the stretches."""

    request: Digest
    blocks: Annotated[tuple[EpochBlock, ...], Maximum(MAX_STRETCH)]
    certificates: ProofCertificates
    stretches: Annotated[tuple[StretchPush, ...], Maximum(MAX_STRETCHES)]


def push_of(stretch: Stretch) -> StretchPush:
    """A stretch, ready to travel."""
    return StretchPush(stretch.cluster, stretch.blocks, () if stretch.proof is None else stretch.proof.certificates)


def stretch_of(profile: Profile, push: StretchPush) -> Stretch:
    """A stretch that has travelled, of bare blocks; its path is that of its blocks. Nothing is checked yet."""
    if not push.blocks:
        return Stretch(push.cluster, (), None)
    path = tuple(link_of(profile, block) for block in reversed(push.blocks))
    blocks = tuple(bare(profile, block) for block in push.blocks)
    return Stretch(push.cluster, blocks, FinalityProof(path, push.certificates))


def epoch_link(profile: Profile, block: EpochBlock) -> Link:
    """The link of a block of the epoch chain."""
    header = block.header
    return Link(header.view, epoch_block_hash(profile, block), header.parent_view, header.previous_hash)


def response_of(request: Hash32, record: EpochRecord) -> EpochRecordResponse:
    """A record, ready to travel. Blocks without a closing are given by their links."""
    carriers = (
        EpochBlock(EpochHeader(record.block.header.epoch, link.view, link.parent_view, link.parent_hash, None), None)
        for link in reversed(record.proof.path[:-1])
    )
    pushes = tuple(push_of(stretch) for stretch in record.stretches)
    return EpochRecordResponse(request, (record.block, *carriers), record.proof.certificates, pushes)


def record_of(profile: Profile, response: EpochRecordResponse) -> EpochRecord:
    """A record that has travelled. Rejects with FINALITY_PATH without a block; nothing else is checked yet."""
    if not response.blocks:
        raise Rejected(RejectionCode.FINALITY_PATH, "blocks is empty; a record begins with the closing")
    path = tuple(epoch_link(profile, block) for block in reversed(response.blocks))
    stretches = tuple(stretch_of(profile, push) for push in response.stretches)
    return EpochRecord(response.blocks[0], FinalityProof(path, response.certificates), stretches)
