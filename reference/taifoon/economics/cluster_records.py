"""Section 5.1: what the final blocks of an epoch say of a cluster's members (R-5.1-1, R-5.1-3, R-5.1-4, C17).

The blocks hold proofs and late signatures, the closing settles one completion of each job. So rewards are a function of
what every follower of the closings has.
"""

from __future__ import annotations

from collections.abc import Iterator

from taifoon.core.epoch import Assignment
from taifoon.core.leaf import MMRLeaf
from taifoon.core.owners import replicas
from taifoon.core.settlement import Completion
from taifoon.core.succession import Stretch
from taifoon.economics.attendance import attested_blocks, participation
from taifoon.economics.rewards import ClusterRecord, Delivery, efficiency_ratio
from taifoon.profile import Profile
from taifoon.redundancy.coverage import Ratio


def settled_results(stretch: Stretch, settled: frozenset[Completion]) -> Iterator[tuple[MMRLeaf, Delivery]]:
    """The completions of a stretch that the closing settles, each with who delivered the proof."""
    for block in stretch.blocks:
        completed = (leaf for leaf in block.proof_jobs if leaf.proof_commitment is not None)
        for leaf, result in zip(completed, block.proof_results, strict=True):
            commitment = leaf.proof_commitment
            if commitment is None:
                continue
            name = Completion(leaf.job_id, stretch.cluster, block.header.block_number, commitment)
            if name in settled:
                yield leaf, Delivery(leaf.job_id, leaf.job_type, result.prover)


def drawn_for(profile: Profile, assignment: Assignment, factor: int, leaf: MMRLeaf) -> tuple[Delivery, ...]:
    """The proofs of a job that its replicas are drawn to deliver."""
    chosen = replicas(profile, assignment, leaf, factor)
    return tuple(Delivery(leaf.job_id, leaf.job_type, each.seat.public_key) for each in chosen)


def cluster_record(
    profile: Profile,
    assignment: Assignment,
    factor: int,
    stretch: Stretch,
    settled: frozenset[Completion],
    efficiencies: tuple[tuple[Ratio, ...], ...],
) -> ClusterRecord:
    """What one cluster's final blocks say. Rejects with EFFICIENCY_UNKNOWN as `efficiency_ratio` does."""
    results = tuple(settled_results(stretch, settled))
    reached, average = efficiency_ratio(profile, efficiencies, assignment.epoch, stretch.cluster)
    return ClusterRecord(
        stretch.cluster,
        tuple(seat.public_key for seat in assignment.clusters[stretch.cluster]),
        attested_blocks(profile, stretch),
        participation(profile, stretch),
        tuple(each for leaf, _ in results for each in drawn_for(profile, assignment, factor, leaf)),
        tuple(delivery for _, delivery in results),
        reached,
        average,
    )
