"""Section 4.1: the enum of all messages, and how much of one a receiver reads at most (R-4.1-1 to R-4.1-12).

A kind's ordinal is its place here, and the enum only grows at its end. What a kind declares bounds its encoding, so a
payload that is too long is refused by its length alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import TypeAlias

from taifoon.network.epoch_messages import EpochProposal, EpochRecordRequest, EpochRecordResponse, StretchPush
from taifoon.network.messages import (
    BeaconCommitment,
    BeaconReveal,
    BlockFinalized,
    BlockProposal,
    BlockRangeRequest,
    BlockRangeResponse,
    BlockVote,
    CatchUpRequest,
    ClusterJoin,
    ConsistencyRequest,
    ConsistencyResponse,
    CrossValidation,
    EvidenceReport,
    JobAssignment,
    JobSubmission,
    Leave,
    MetricsCheckpoint,
    MMRPeaksRequest,
    MMRPeaksResponse,
    MMRProofRequest,
    MMRProofResponse,
    NodeAnnounce,
    PeaksPush,
    ProofSubmission,
    PullRequest,
    Registration,
    ViewCertificate,
)
from taifoon.primitives.encoding import decode, encode, refuses_over_long, shape_of
from taifoon.primitives.encoding_shapes import (
    PREFIX_BYTES,
    Array,
    Boolean,
    Integer,
    Octets,
    OctetVec,
    Option,
    Ordinal,
    Shape,
    Struct,
    Variants,
    Vec,
)
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

MAX_PAYLOAD = 1 << 24
"""Bytes of any payload, 16 MiB: a full block with proofs of 16 KiB each. Kinds without blocks declare far less."""

SourceMessage: TypeAlias = (
    NodeAnnounce
    | ClusterJoin
    | MMRPeaksRequest
    | MMRPeaksResponse
    | MMRProofRequest
    | MMRProofResponse
    | BlockProposal
    | BlockVote
    | BlockFinalized
    | JobAssignment
    | ProofSubmission
)

P2PMessage: TypeAlias = (
    NodeAnnounce
    | ClusterJoin
    | MMRPeaksRequest
    | MMRPeaksResponse
    | MMRProofRequest
    | MMRProofResponse
    | BlockProposal
    | BlockVote
    | BlockFinalized
    | JobAssignment
    | ProofSubmission
    | JobSubmission
    | EvidenceReport
    | PeaksPush
    | ConsistencyRequest
    | ConsistencyResponse
    | BlockRangeRequest
    | BlockRangeResponse
    | Registration
    | Leave
    | BeaconCommitment
    | BeaconReveal
    | CrossValidation
    | MetricsCheckpoint
    | ViewCertificate
    | CatchUpRequest
    | PullRequest
    | EpochProposal
    | StretchPush
    | EpochRecordRequest
    | EpochRecordResponse
)


class Kind(Enum):
    """The kinds of messages; the order is the encoding, and the value is the type of the message."""

    NODE_ANNOUNCE = NodeAnnounce
    CLUSTER_JOIN = ClusterJoin
    MMR_PEAKS_REQUEST = MMRPeaksRequest
    MMR_PEAKS_RESPONSE = MMRPeaksResponse
    MMR_PROOF_REQUEST = MMRProofRequest
    MMR_PROOF_RESPONSE = MMRProofResponse
    BLOCK_PROPOSAL = BlockProposal
    BLOCK_VOTE = BlockVote
    BLOCK_FINALIZED = BlockFinalized
    JOB_ASSIGNMENT = JobAssignment
    PROOF_SUBMISSION = ProofSubmission
    JOB_SUBMISSION = JobSubmission
    EVIDENCE_REPORT = EvidenceReport
    PEAKS_PUSH = PeaksPush
    CONSISTENCY_REQUEST = ConsistencyRequest
    CONSISTENCY_RESPONSE = ConsistencyResponse
    BLOCK_RANGE_REQUEST = BlockRangeRequest
    BLOCK_RANGE_RESPONSE = BlockRangeResponse
    REGISTRATION = Registration
    LEAVE = Leave
    BEACON_COMMITMENT = BeaconCommitment
    BEACON_REVEAL = BeaconReveal
    CROSS_VALIDATION = CrossValidation
    METRICS_CHECKPOINT = MetricsCheckpoint
    VIEW_CERTIFICATE = ViewCertificate
    CATCH_UP_REQUEST = CatchUpRequest
    PULL_REQUEST = PullRequest
    EPOCH_PROPOSAL = EpochProposal
    STRETCH_PUSH = StretchPush
    EPOCH_RECORD_REQUEST = EpochRecordRequest
    EPOCH_RECORD_RESPONSE = EpochRecordResponse

    @property
    def ordinal(self) -> int:
        """The tag byte of the kind."""
        return _ORDINALS[self]


_ORDINALS = {kind: ordinal for ordinal, kind in enumerate(Kind)}

SOURCE_KINDS = tuple(Kind)[:11]
"""The eleven kinds of section 4.1."""


@dataclass(frozen=True, slots=True)
class Message:
    """Any message. Its encoding is that of the enum: the kind's tag byte, then the message's fields."""

    body: P2PMessage


@dataclass(frozen=True, slots=True)
class LiteralMessage:
    """One of the eleven."""

    body: SourceMessage


def kinds(profile: Profile) -> tuple[Kind, ...]:
    """Rule: the kinds that there are. Literally the eleven; repaired, one for each step of the protocol."""
    return tuple(Kind) if Resolution.MESSAGES in profile else SOURCE_KINDS


def kind_of(message: P2PMessage) -> Kind:
    """The kind of a message."""
    return Kind(type(message))


def encode_message(message: P2PMessage) -> bytes:
    """The encoding of a message: tag and fields. Rejects with ENCODING_OUT_OF_RANGE, ENCODING_OVER_LONG."""
    return encode(Message, Message(message))


def decode_message(profile: Profile, octets: bytes) -> P2PMessage:
    """The message that the bytes encode, and no other bytes do.

    Rejects with ENCODING_OVER_LONG before anything is read if the kind declares less, else as `decode` does. A kind
    that the profile lacks is an unknown tag.
    """
    check_length(profile, octets)
    if Resolution.MESSAGES in profile:
        return decode(Message, octets, profile).body
    return decode(LiteralMessage, octets, profile).body


def check_length(profile: Profile, octets: bytes) -> None:
    """Demand that no message is longer than the maxima of its kind allow. Rejects with ENCODING_OVER_LONG."""
    if not octets or octets[0] >= len(Kind) or not refuses_over_long(profile):
        return
    kind = tuple(Kind)[octets[0]]
    if len(octets) - 1 > greatest_payload(kind):
        raise Rejected(
            RejectionCode.ENCODING_OVER_LONG,
            f"{kind.name}: {len(octets) - 1} bytes; its fields are at most {greatest_payload(kind)}",
        )


@cache
def greatest_payload(kind: Kind) -> int:
    """Bytes of the longest payload of a kind."""
    return min(MAX_PAYLOAD, greatest_bytes(shape_of(kind.value)))


def greatest_bytes(shape: Shape) -> int:
    """Length of the longest encoding of a shape, from its declared maxima."""
    match shape:
        case Integer(bits):
            return bits // 8
        case Boolean() | Ordinal():
            return 1
        case Octets(count):
            return count
        case OctetVec(maximum):
            return PREFIX_BYTES + maximum
        case Array(item, count):
            return count * greatest_bytes(item)
        case Vec(item, maximum):
            return PREFIX_BYTES + maximum * greatest_bytes(item)
        case Option(item):
            return 1 + greatest_bytes(item)
        case Struct(_, fields):
            return sum(greatest_bytes(item) for _, item in fields)
        case Variants(variants):
            return 1 + max(greatest_bytes(variant) for variant in variants)
