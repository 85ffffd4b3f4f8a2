"""Which of many leaves a cluster may take in or complete, and who may prove them (R-2.1-8, R-2.4-1).

Equals `OwnedJobs.check_leaf` and `OwnedJobs.check_prover` of `taifoon.core.owners`, row by row: 0 stands for accepted,
any other number is that of a `RejectionCode`.
"""

from __future__ import annotations

import numpy as np

from taifoon.profile import Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon_optimized.assignment import NOBODY, demand
from taifoon_optimized.contents import Digests, Numbers
from taifoon_optimized.grouping import Column, digest_columns, shared
from taifoon_optimized.leaf_columns import LeafColumns
from taifoon_optimized.owners import SeatedClusters, owners, replicas, unprovable
from taifoon_optimized.verification import Codes, mark


def check_clusters(clusters: Numbers, jobs: LeafColumns) -> None:
    """Demand a cluster for each leaf."""
    if clusters.shape != (len(jobs),):
        raise ValueError(f"clusters: {len(jobs)} are needed, one for each leaf")


def leaf_values(leaves: LeafColumns) -> tuple[Column, ...]:
    """Columns that are equal in all of them where two leaves are equal."""
    commitments = np.where(leaves.completed[:, None], leaves.proof_commitment, np.uint8(0))
    return (
        *digest_columns(leaves.job_id),
        leaves.job_type,
        leaves.source_chain,
        leaves.target_chain,
        leaves.timestamp,
        leaves.priority,
        leaves.assigned_cluster,
        *digest_columns(commitments),
        leaves.completed,
    )


def check_leaves(
    profile: Profile,
    seated: SeatedClusters,
    factor: int,
    carried: LeafColumns,
    closed: Digests,
    clusters: Numbers,
    leaves: LeafColumns,
    threads: int = 1,
) -> Codes:
    """The code of each leaf in a block of `clusters[i]`: JOB_CLOSED, JOB_ALREADY_TAKEN_IN, JOB_UNPROVABLE, JOB_FOREIGN.

    `carried` wait since earlier epochs, and `closed` are the ids of jobs that are settled or expired.
    """
    check_clusters(clusters, leaves)
    owning = owners(profile, seated, leaves, factor, threads)
    job_ids = digest_columns(leaves.job_id)
    earlier = shared(job_ids, digest_columns(carried.job_id))
    known = shared(leaf_values(leaves), leaf_values(carried))
    primary = owning[:, 0] if owning.shape[1] else np.full(len(leaves), NOBODY, np.int64)
    codes = np.zeros(len(leaves), np.uint16)
    mark(codes, shared(job_ids, digest_columns(closed)), RejectionCode.JOB_CLOSED)
    mark(codes, ~leaves.completed & earlier & ~known, RejectionCode.JOB_ALREADY_TAKEN_IN)
    mark(codes, unprovable(profile, seated, leaves) != 0, RejectionCode.JOB_UNPROVABLE)
    misnamed = leaves.assigned_cluster.astype(np.int64) != primary
    mark(codes, ~leaves.completed & ~earlier & misnamed, RejectionCode.JOB_FOREIGN)
    owned = ((owning == clusters[:, None]) & (owning != NOBODY)).any(axis=1)
    mark(codes, ~owned, RejectionCode.JOB_FOREIGN)
    return codes


def check_provers(
    profile: Profile,
    seated: SeatedClusters,
    factor: int,
    clusters: Numbers,
    leaves: LeafColumns,
    provers: Digests,
    threads: int = 1,
) -> Codes:
    """PROVER_NOT_DRAWN for each key that is no replica of its leaf's job for `clusters[i]`, else 0."""
    demand(profile, Resolution.REPLICAS)
    check_clusters(clusters, leaves)
    if provers.shape != leaves.job_id.shape:
        raise ValueError(f"provers: {len(leaves)} rows of 32 uint8 are needed, one for each leaf")
    rows = replicas(profile, seated, leaves, factor, threads)
    job, place = np.nonzero(rows != NOBODY)
    seats = rows[job, place]
    same_key = (seated.registry.public_keys[seats] == provers[job]).all(axis=1)
    codes = np.full(len(leaves), RejectionCode.PROVER_NOT_DRAWN.number, np.uint16)
    codes[job[same_key & (seated.assigned[seats] == clusters[job])]] = 0
    return codes
