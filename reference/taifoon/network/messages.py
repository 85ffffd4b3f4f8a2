"""Section 4.1: the messages of the source, in its order, and those that the protocol needs beside them (R-4.1-1 to 12).

Each message keeps the fields that the source gives it, first and in its order; what follows is what a receiver needs to
check it. The kinds after the eleven carry the steps that the text prescribes and has no message for (RES-MSG). A vote
to nullify needs no kind of its own, since a vote names what it is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from taifoon.core.block import MAX_PROOF, ClusterBlock
from taifoon.core.certificate import Certificate
from taifoon.core.leaf import MMRLeaf
from taifoon.network.evidence import Shown
from taifoon.network.parts import (
    MAX_BLOCKS,
    Capabilities,
    Digest,
    FinalBlock,
    Lineage,
    MMRProof,
    Path,
    Peaks,
    RangeHead,
    RangeName,
    Vote,
)
from taifoon.primitives.encoding import U32, U64, Length, Maximum
from taifoon.primitives.types import (
    Amount,
    BlockNumber,
    ClusterId,
    Epoch,
    LeafCount,
    LeafIndex,
    Millis,
    PublicKey,
    Seat,
    View,
)

MAX_ADDRESS = 128
MAX_LEAF = 95
"""Bytes of the longest leaf, a completion leaf."""
MAX_SECRET = 64
MAX_KNOWN = 1 << 16
"""Identities of one pull; a peer may send again what does not fit, and it is recognised on arrival."""

Key = Annotated[PublicKey, Length(32)]


@dataclass(frozen=True, slots=True)
class NodeAnnounce:
    """A registered key is present at an address and can prove these types (R-4.1-1)."""

    pubkey: Key
    capabilities: Capabilities
    address: Annotated[bytes, Maximum(MAX_ADDRESS)]


@dataclass(frozen=True, slots=True)
class ClusterJoin:
    """The sender's seat takes its place in a cluster, whose job log it holds up to this count (R-4.1-2)."""

    cluster_id: Annotated[ClusterId, U32]
    mmr_peaks: Peaks
    leaf_count: Annotated[LeafCount, U64]
    seat: Annotated[Seat, U32]


@dataclass(frozen=True, slots=True)
class MMRPeaksRequest:
    """Asks for the peaks of a range, and for the proof that they extend its first `from_index` leaves (R-4.1-3)."""

    from_index: Annotated[LeafCount, U64]
    range: RangeName


@dataclass(frozen=True, slots=True)
class MMRPeaksResponse:
    """The peaks of a certified head, and the items of the proof that it extends the head asked from (R-4.1-4)."""

    peaks: Peaks
    request: Digest
    head: RangeHead
    extension: Path


@dataclass(frozen=True, slots=True)
class MMRProofRequest:
    """Asks for a leaf of a range of this leaf count, and for its proof (R-4.1-5)."""

    leaf_index: Annotated[LeafIndex, U64]
    range: RangeName
    leaf_count: Annotated[LeafCount, U64]


@dataclass(frozen=True, slots=True)
class MMRProofResponse:
    """A leaf and its proof (R-4.1-6)."""

    proof: MMRProof
    request: Digest
    leaf: Annotated[bytes, Maximum(MAX_LEAF)]


@dataclass(frozen=True, slots=True)
class BlockProposal:
    """A block, its leader's vote to notarise it, and the certificates on which it stands (R-4.1-7)."""

    block: ClusterBlock
    vote: Vote
    certificates: Lineage


@dataclass(frozen=True, slots=True)
class BlockVote:
    """One vote: to notarise or finalise a block, or to nullify a view (R-4.1-8).

    The source's two fields are here the statement's `block_hash` and the signature.
    """

    vote: Vote


@dataclass(frozen=True, slots=True)
class BlockFinalized:
    """A block is final: its hash, and the certificates that say so (R-4.1-9)."""

    block_hash: Digest
    notarisation: Certificate
    finalisation: Certificate


@dataclass(frozen=True, slots=True)
class JobAssignment:
    """A seat is drawn to prove a job and has until the deadline; one message for each replica (R-4.1-10)."""

    job_id: Digest
    assignee: Key
    seat: Annotated[Seat, U32]
    deadline: Annotated[Millis, U64]


@dataclass(frozen=True, slots=True)
class ProofSubmission:
    """A proof of a job, whose statement names its prover (R-4.1-11)."""

    job_id: Digest
    proof: Annotated[bytes, Maximum(MAX_PROOF)]
    prover: Key


@dataclass(frozen=True, slots=True)
class JobSubmission:
    """A job enters, as its intake leaf, with the value that is declared for it."""

    job: MMRLeaf
    value: Annotated[Amount, U64]


@dataclass(frozen=True, slots=True)
class EvidenceReport:
    """What a key signed and no honest key signs."""

    shown: Shown


@dataclass(frozen=True, slots=True)
class PeaksPush:
    """A final block and the peaks to which its root commits: of the jobs after it, of the batches before it."""

    final: FinalBlock
    jobs: Peaks
    job_count: Annotated[LeafCount, U64]
    batches: Peaks
    batch_count: Annotated[LeafCount, U64]


@dataclass(frozen=True, slots=True)
class ConsistencyRequest:
    """Asks for the proof that a range of one leaf count extends it at an older one."""

    range: RangeName
    old_count: Annotated[LeafCount, U64]
    leaf_count: Annotated[LeafCount, U64]


@dataclass(frozen=True, slots=True)
class ConsistencyResponse:
    """The items of that proof."""

    request: Digest
    items: Path


@dataclass(frozen=True, slots=True)
class BlockRangeRequest:
    """Asks for final blocks of a cluster, from one number on."""

    cluster: Annotated[ClusterId, U32]
    first: Annotated[BlockNumber, U64]


@dataclass(frozen=True, slots=True)
class BlockRangeResponse:
    """Final blocks with consecutive numbers, the one asked for first; none if there is none yet.

    `head` comes last and is final by its certificates, which makes the blocks that it stands on final as well.
    """

    request: Digest
    blocks: Annotated[tuple[ClusterBlock, ...], Maximum(MAX_BLOCKS)]
    head: FinalBlock | None


@dataclass(frozen=True, slots=True)
class Registration:
    """A key asks for seats: its stake, and what it can prove."""

    pubkey: Key
    stake: Annotated[Amount, U64]
    capabilities: Capabilities


@dataclass(frozen=True, slots=True)
class Leave:
    """A key gives up its seats; its stake stays liable until no evidence can count any more."""

    pubkey: Key


@dataclass(frozen=True, slots=True)
class BeaconCommitment:
    """The digest of a secret that the sender's seat will reveal for the beacon of an epoch."""

    epoch: Annotated[Epoch, U64]
    seat: Annotated[Seat, U32]
    commitment: Digest


@dataclass(frozen=True, slots=True)
class BeaconReveal:
    """That secret."""

    epoch: Annotated[Epoch, U64]
    seat: Annotated[Seat, U32]
    secret: Annotated[bytes, Maximum(MAX_SECRET)]


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """A further cluster's certificate that it finds the completion of a high-value job valid."""

    job_id: Digest
    commitment: Digest
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class MetricsCheckpoint:
    """The digest of a cluster's records of an epoch, up to a final block that anyone can fold them from."""

    epoch: Annotated[Epoch, U64]
    cluster: Annotated[ClusterId, U32]
    last_block: Annotated[BlockNumber, U64]
    records: Digest


@dataclass(frozen=True, slots=True)
class ViewCertificate:
    """A certificate that lets its receiver leave a view, or that it lacks for other reasons."""

    certificate: Certificate


@dataclass(frozen=True, slots=True)
class CatchUpRequest:
    """Asks the members of a committee for what they hold from a view on.

    They answer by proposals and certificates, which are checked on their own account.
    """

    committee: Annotated[ClusterId, U32]
    view: Annotated[View, U64]


@dataclass(frozen=True, slots=True)
class PullRequest:
    """Asks a peer for the messages that it remembers, other than these, named by the identity of their envelopes."""

    known: Annotated[tuple[Digest, ...], Maximum(MAX_KNOWN)]
