"""Section 4.2: who gets a message: a peer, a cluster, or all (R-4.2-1, R-0-5).

Literally every message floods to every node. Repaired, the work of a cluster stays among its members, what tells others
of it goes to all, and a request goes to the peer that is asked. So the load of a node follows that of its own cluster.
"""

from __future__ import annotations

from enum import Enum

from taifoon.network.kinds import Kind
from taifoon.primitives.types import ClusterId
from taifoon.profile import Profile, Resolution


class Scope(Enum):
    """How far a message goes."""

    PEER = "one peer"
    CLUSTER = "the members of a cluster"
    ALL = "all nodes"


REPAIRED_SCOPES = {
    Kind.NODE_ANNOUNCE: Scope.ALL,
    Kind.CLUSTER_JOIN: Scope.CLUSTER,
    Kind.MMR_PEAKS_REQUEST: Scope.PEER,
    Kind.MMR_PEAKS_RESPONSE: Scope.PEER,
    Kind.MMR_PROOF_REQUEST: Scope.PEER,
    Kind.MMR_PROOF_RESPONSE: Scope.PEER,
    Kind.BLOCK_PROPOSAL: Scope.CLUSTER,
    Kind.BLOCK_VOTE: Scope.CLUSTER,
    Kind.BLOCK_FINALIZED: Scope.ALL,
    Kind.JOB_ASSIGNMENT: Scope.CLUSTER,
    Kind.PROOF_SUBMISSION: Scope.CLUSTER,
    Kind.JOB_SUBMISSION: Scope.CLUSTER,
    Kind.EVIDENCE_REPORT: Scope.ALL,
    Kind.PEAKS_PUSH: Scope.ALL,
    Kind.CONSISTENCY_REQUEST: Scope.PEER,
    Kind.CONSISTENCY_RESPONSE: Scope.PEER,
    Kind.BLOCK_RANGE_REQUEST: Scope.PEER,
    Kind.BLOCK_RANGE_RESPONSE: Scope.PEER,
    Kind.REGISTRATION: Scope.ALL,
    Kind.LEAVE: Scope.ALL,
    Kind.BEACON_COMMITMENT: Scope.ALL,
    Kind.BEACON_REVEAL: Scope.ALL,
    Kind.CROSS_VALIDATION: Scope.CLUSTER,
    Kind.METRICS_CHECKPOINT: Scope.ALL,
    Kind.VIEW_CERTIFICATE: Scope.CLUSTER,
    Kind.CATCH_UP_REQUEST: Scope.CLUSTER,
    Kind.PULL_REQUEST: Scope.PEER,
    Kind.EPOCH_PROPOSAL: Scope.ALL,
    Kind.STRETCH_PUSH: Scope.ALL,
    Kind.EPOCH_RECORD_REQUEST: Scope.PEER,
    Kind.EPOCH_RECORD_RESPONSE: Scope.PEER,
}
"""The messages of the epoch chain, whose committee is all seats, go to all by the same rule: its cluster is all."""


def scope_of(profile: Profile, kind: Kind) -> Scope:
    """Rule: how far a kind of message goes. Literally to all, whatever it is."""
    return REPAIRED_SCOPES[kind] if Resolution.GOSSIP in profile else Scope.ALL


def is_delivered(
    profile: Profile,
    kind: Kind,
    members_of: ClusterId | None,
    memberships: frozenset[ClusterId],
    *,
    is_asked: bool,
) -> bool:
    """Whether a node gets a message that is for a cluster, or for all if `members_of` is None.

    `memberships` are the clusters of the node's seats; `is_asked` says that it is the peer of a request or response.
    """
    match scope_of(profile, kind):
        case Scope.ALL:
            return True
        case Scope.CLUSTER:
            return members_of is None or members_of in memberships
        case Scope.PEER:
            return is_asked
