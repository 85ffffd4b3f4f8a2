"""Section 2.3: a cluster's chain through all epochs, and how it is followed (R-2.3-1 to R-2.3-3, R-2.4-3).

The blocks of a cluster in one epoch are a stretch: they stand on the end of the stretch before, and one finality proof
makes all of them final. Whoever follows stretches from genesis has the cluster's log, and no leaf in it that a quorum
has not validated.
"""

from __future__ import annotations

from dataclasses import dataclass

from icontract import ensure

from taifoon.core.accountability import FinalityProof, check_finality
from taifoon.core.block import ClusterBlock, genesis_hash, link_of
from taifoon.core.certificate import Committee
from taifoon.core.cluster_log import ClusterLog, arrive, empty_cluster_log
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.proof_system import ProofSystem
from taifoon.core.settlement import Completion
from taifoon.core.validity import Formation, apply_block, check_block, genesis_state
from taifoon.primitives.types import ClusterId, Hash32
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode


@dataclass(frozen=True, slots=True)
class ClusterChain:
    """The end of a cluster's chain: the log after its last final block, and that block; none for a new cluster."""

    log: ClusterLog[Hash32]
    last: ClusterBlock | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a cluster has finalised in an epoch: its blocks in order, and what makes the last one final.

    A cluster that finalised nothing has no blocks and no proof.
    """

    cluster: ClusterId
    blocks: tuple[ClusterBlock, ...]
    proof: FinalityProof | None


def new_chain() -> ClusterChain:
    """The chain of a cluster that never had a block."""
    return ClusterChain(empty_cluster_log(), None)


def collect_early(profile: Profile, chain: ClusterChain, block: ClusterBlock) -> ClusterChain:
    """What the arrival of a proposed block does: where arrival appends, its leaves are in the log. Rejects as `arrive`.

    Repaired, nothing but the mempool changes, whatever becomes of the block.
    """
    log = chain.log
    for leaf in block.proof_jobs:
        log = arrive(HashCombiner(profile), log, leaf)
    return ClusterChain(log, chain.last)


def check_stretch_final(
    profile: Profile, committee: Committee, genesis: Hash32, blocks: tuple[ClusterBlock, ...], proof: FinalityProof
) -> None:
    """Demand that a proof makes exactly these blocks final. Rejects with FINALITY_PATH and as `check_finality` does."""
    if proof.path[::-1] != tuple(link_of(profile, block) for block in blocks):
        raise Rejected(
            RejectionCode.FINALITY_PATH, f"a proof of {len(proof.path)} blocks for a stretch of {len(blocks)}"
        )
    check_finality(profile, committee, genesis, proof)


@ensure(lambda chain, result: result.log.height >= chain.log.height)
def follow(
    profile: Profile,
    proof_system: ProofSystem,
    committee: Committee,
    formation: Formation,
    chain: ClusterChain,
    stretch: Stretch,
) -> ClusterChain:
    """The chain after a stretch, each of its blocks final and valid where it stands.

    Old blocks are judged by their own clock: that they were not ahead of time is what their validators have said.
    Rejects with FINALITY_PATH, FINALITY_INCOMPLETE, as `check_finality`, and as `check_block` does.
    """
    if not stretch.blocks:
        return chain
    if stretch.proof is None:
        raise Rejected(RejectionCode.FINALITY_INCOMPLETE, f"no proof for {len(stretch.blocks)} blocks")
    genesis = genesis_hash(profile, committee.chain_id, formation.cluster, formation.epoch, chain.last)
    check_stretch_final(profile, committee, genesis, stretch.blocks, stretch.proof)
    state = genesis_state(profile, committee.chain_id, formation, chain.log, chain.last)
    for block in stretch.blocks:
        check_block(profile, proof_system, state, block, block.header.timestamp)
        state = apply_block(profile, state, block)
    return ClusterChain(state.log, stretch.blocks[-1])


def completions_of(stretch: Stretch) -> tuple[Completion, ...]:
    """The completions that a stretch makes final, in their order."""
    return tuple(
        Completion(leaf.job_id, stretch.cluster, block.header.block_number, leaf.proof_commitment)
        for block in stretch.blocks
        for leaf in block.proof_jobs
        if leaf.proof_commitment is not None
    )


def uncertified_completions(chain: ClusterChain, stretches: tuple[Stretch, ...]) -> tuple[Hash32, ...]:
    """The jobs with a completion leaf in the log that stands in no block of the chain's stretches."""
    certified = {leaf for stretch in stretches for block in stretch.blocks for leaf in block.proof_jobs}
    return tuple(leaf.job_id for leaf in chain.log.jobs.leaves if not leaf.is_intake and leaf not in certified)
