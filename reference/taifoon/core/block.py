"""Section 2.3: the block of a cluster's chain, its hash, and where a chain begins (R-2.3-1 to R-2.3-13).

A block is what the cluster decides: which leaves its log grows by, and the proofs for the completed ones. Its hash
names that decision and nothing else, so the signatures that are collected for it stand beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from taifoon.core.certificate import MAX_SEATS, ClaimedConsensus
from taifoon.core.consensus import Link
from taifoon.core.leaf import MMRLeaf
from taifoon.primitives.encoding import U32, U64, Length, Maximum, encode
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Hash32, Millis, PublicKey, Seat, Signature64, View
from taifoon.profile import Profile, Resolution

MAX_JOBS = 1 << 16
MAX_PROOF = 1 << 20
MAX_CARRIED = 1 << 16

NO_PARENT = Hash32(bytes(32))

# What the block does to a job, said by the leaf that it appends: an intake leaf takes the job in, a completion leaf
# completes it. The source gives the name without a definition; the log needs nothing beyond the leaf.
ProofJob = MMRLeaf


@dataclass(frozen=True, slots=True)
class ProofResult:
    """Who proved a job, and the proof. The source gives the name without a definition."""

    job_id: Annotated[Hash32, Length(32)]
    prover: Annotated[PublicKey, Length(32)]
    proof: Annotated[bytes, Maximum(MAX_PROOF)]


@dataclass(frozen=True, slots=True)
class Header:
    """Where the block stands.

    The first six fields are the source's. It has no view and no epoch, and a vote needs both: who leads depends on the
    view, who votes on the epoch, and a block that follows skipped views names the view of its parent.
    """

    block_number: Annotated[BlockNumber, U64]
    previous_hash: Annotated[Hash32, Length(32)]
    mmr_root: Annotated[Hash32, Length(32)]
    cluster_id: Annotated[ClusterId, U32]
    timestamp: Annotated[Millis, U64]
    leader_pubkey: Annotated[PublicKey, Length(32)]
    epoch: Annotated[Epoch, U64]
    view: Annotated[View, U64]
    parent_view: Annotated[View, U64]


@dataclass(frozen=True, slots=True)
class CarriedVote:
    """A seat's vote to notarise an earlier block of the epoch, by the number of that block."""

    block: Annotated[BlockNumber, U64]
    seat: Annotated[Seat, U32]
    signature: Annotated[Signature64, Length(64)]


Jobs = Annotated[tuple[ProofJob, ...], Maximum(MAX_JOBS)]
Results = Annotated[tuple[ProofResult, ...], Maximum(MAX_JOBS)]
Signatures = Annotated[tuple[Annotated[Signature64, Length(64)], ...], Maximum(MAX_SEATS)]
Attestations = Annotated[tuple[CarriedVote, ...], Maximum(MAX_CARRIED)]
Members = Annotated[tuple[Annotated[PublicKey, Length(32)], ...], Maximum(MAX_SEATS)]


@dataclass(frozen=True, slots=True)
class ClusterBlock:
    """A block with its signatures: header, body and consensus fields in the source's order.

    `proof_jobs` are the leaves that the block appends, in order; `proof_results` has one result for each completion
    leaf, in the same order. `attestations`, which the source does not have, are signatures for earlier blocks: unlike
    those for this one they are part of what is decided. A struct has no frame, so the encoding is that of one flat list
    of fields.
    """

    header: Header
    proof_jobs: Jobs
    proof_results: Results
    validator_signatures: Signatures
    cluster_members: Members
    quorum_threshold: Annotated[int, U32]
    attestations: Attestations = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What members decide when they sign a block: all of it but their signatures under it."""

    header: Header
    proof_jobs: Jobs
    proof_results: Results
    cluster_members: Members
    quorum_threshold: Annotated[int, U32]
    attestations: Attestations = ()


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the parent of a cluster's first block of an epoch is the hash of."""

    chain_id: Annotated[Hash32, Length(32)]
    cluster_id: Annotated[ClusterId, U32]
    epoch: Annotated[Epoch, U64]
    last_block: Annotated[Hash32, Length(32)] | None


def decision_of(block: ClusterBlock) -> Decision:
    """The block without its signatures."""
    return Decision(
        block.header,
        block.proof_jobs,
        block.proof_results,
        block.cluster_members,
        block.quorum_threshold,
        block.attestations,
    )


def hashed_content(profile: Profile, block: ClusterBlock) -> bytes:
    """Rule: what a block's hash covers. Literally the whole struct, with whichever signatures were collected."""
    if Resolution.BLOCK_HASH in profile:
        return encode(Decision, decision_of(block))
    return encode(ClusterBlock, block)


def bare(profile: Profile, block: ClusterBlock) -> ClusterBlock:
    """A block as it is kept: without the signatures under it, where its hash does not cover them.

    Anybody could add any number of them to a block that is on its way.
    """
    if Resolution.BLOCK_HASH in profile:
        return replace(block, validator_signatures=())
    return block


def block_hash(profile: Profile, block: ClusterBlock) -> Hash32:
    """The hash by which votes and children name a block."""
    return hash_role(profile, Role.BLOCK, hashed_content(profile, block))


def link_of(profile: Profile, block: ClusterBlock) -> Link:
    """What voting needs to know of a block."""
    header = block.header
    return Link(header.view, block_hash(profile, block), header.parent_view, header.previous_hash)


def claimed_consensus(block: ClusterBlock) -> ClaimedConsensus:
    """What a block says of its own committee."""
    return ClaimedConsensus(block.cluster_members, block.quorum_threshold)


def proof_commitment(profile: Profile, result: ProofResult) -> Hash32:
    """The commitment of a completion leaf: it binds the job, the prover and the proof."""
    return hash_role(profile, Role.PROOF, encode(ProofResult, result))


def genesis_hash(
    profile: Profile, chain_id: Hash32, cluster: ClusterId, epoch: Epoch, last: ClusterBlock | None
) -> Hash32:
    """Rule: the hash that a cluster's first block of an epoch has as its parent.

    `last` is the cluster's last final block of the epoch before, None for a new cluster. Literally every formation of a
    cluster starts with the zero hash; repaired, the hash binds chain, cluster, epoch, and the last block with all that
    it commits to.
    """
    if Resolution.GENESIS not in profile:
        return NO_PARENT
    last_block = None if last is None else block_hash(profile, last)
    return hash_role(profile, Role.GENESIS, encode(Beginning, Beginning(chain_id, cluster, epoch, last_block)))


def genesis_number(profile: Profile, last: ClusterBlock | None) -> BlockNumber:
    """Rule: the number before that of a cluster's first block of an epoch. Literally numbers start anew, from 0."""
    if Resolution.GENESIS not in profile or last is None:
        return BlockNumber(0)
    return last.header.block_number
