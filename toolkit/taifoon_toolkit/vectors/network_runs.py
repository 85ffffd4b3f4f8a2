"""Runs of a node that follows the network by its closings, with its state after every epoch (RES-CHECKPT)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from taifoon.core import network_state
from taifoon.core.beacon import Commitment
from taifoon.core.block import ClusterBlock, block_hash
from taifoon.core.epoch_block import EpochBlock
from taifoon.core.leaf import MMRLeaf
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import root_of_range
from taifoon.core.network_state import EpochRecord, NetworkState
from taifoon.core.settlement import Completion
from taifoon.core.succession import ClusterChain, Stretch
from taifoon.primitives.types import ClusterId, Hash32
from taifoon.profile import Profile
from taifoon_models.blocks import PROOFS
from taifoon_toolkit.vectors.accountability import ProofGiven, proof_from
from taifoon_toolkit.vectors.epochs import AssignmentGiven, FoundationGiven, assignment_given, foundation_from
from taifoon_toolkit.vectors.method import MACHINES, NORMATIVE, Machine
from taifoon_toolkit.vectors.owners import factor_from
from taifoon_toolkit.vectors.wire import Digest, Large, Small

GREATEST_LIFE = 1_000


@dataclass(frozen=True, slots=True)
class NetworkBegun:
    """A chain id and its genesis, the duplication factor of all jobs, and the parameters of these names."""

    chain_id: Digest
    genesis: FoundationGiven
    factor: Small
    minimum_cluster: Small
    cluster_target: Small
    job_life: Small


@dataclass(frozen=True, slots=True)
class StretchGiven:
    """What a cluster has finalised in an epoch: its blocks, and the proof that the last one is final."""

    cluster: Small
    blocks: tuple[ClusterBlock, ...]
    proof: ProofGiven | None


@dataclass(frozen=True, slots=True)
class EpochClosed:
    """An epoch that is over: the block with its closing, the proof that it is final, what each cluster finalised."""

    block: EpochBlock
    proof: ProofGiven
    stretches: tuple[StretchGiven, ...]


@dataclass(frozen=True, slots=True)
class ChainEnd:
    """Where the chain of a cluster ends: its height, its last block if there is one, and the roots of its ranges."""

    height: Large
    block_hash: Digest | None
    jobs_root: Digest
    batches_root: Digest


@dataclass(frozen=True, slots=True)
class OnePending:
    """A job without a settled completion, by its first intake leaf, and the epoch of that."""

    leaf: MMRLeaf
    taken_in: Large


@dataclass(frozen=True, slots=True)
class NetworkShown:
    """What a node derives from the closings, with the assignment of the epoch that is not over.

    `before` is the hash of the last closing. All lists are in the order in which they came about, and the pending jobs
    of one block in the order of its leaves.
    """

    epoch: Large
    before: Digest | None
    assignment: AssignmentGiven
    chains: tuple[ChainEnd, ...]
    pending: tuple[OnePending, ...]
    settled: tuple[Completion, ...]
    expired: tuple[Digest, ...]
    commitments: tuple[Commitment, ...]


@dataclass(frozen=True, slots=True)
class NetworkRun:
    """A node's state, and what its run began with."""

    network: NetworkState
    begun: NetworkBegun


def profile_of(profile: Profile, begun: NetworkBegun) -> Profile:
    """The profile with the parameters of a run."""
    if not 1 <= begun.minimum_cluster <= begun.cluster_target or begun.job_life > GREATEST_LIFE:
        raise ValueError("minimum_cluster: from 1 to cluster_target; job_life: at most 1000")
    changed = replace(
        profile.parameters,
        minimum_cluster=begun.minimum_cluster,
        cluster_target=begun.cluster_target,
        job_life=begun.job_life,
    )
    return profile.with_parameters(changed)


def begin(profile: Profile, given: NetworkBegun) -> NetworkRun:
    """A node that knows genesis."""
    factor_from(given.factor)
    genesis = foundation_from(profile_of(profile, given), given.genesis)
    if genesis.clusters < 1 or not genesis.registry:
        raise ValueError("genesis: at least one cluster and one key")
    return NetworkRun(network_state.genesis_network(Hash32(given.chain_id), genesis), given)


def follow(profile: Profile, state: NetworkRun, event: EpochClosed) -> NetworkRun:
    """The state after an epoch, or a rejection."""
    record = EpochRecord(event.block, proof_from(event.proof), tuple(stretch_from(each) for each in event.stretches))
    ran = profile_of(profile, state.begun)
    return replace(state, network=network_state.turn(ran, PROOFS, state.network, state.begun.factor, record))


def stretch_from(given: StretchGiven) -> Stretch:
    """A stretch as the reference has it."""
    return Stretch(ClusterId(given.cluster), given.blocks, None if given.proof is None else proof_from(given.proof))


def shown(state: NetworkRun) -> NetworkShown:
    """The state as a snapshot has it."""
    network = state.network
    profile = profile_of(NORMATIVE, state.begun)
    return NetworkShown(
        network.epoch,
        network.before,
        assignment_given(network_state.present_assignment(profile, network)),
        tuple(end_of(profile, chain) for chain in network.chains),
        tuple(OnePending(each.leaf, each.taken_in) for each in network.pending),
        network.settled,
        network.expired,
        network.commitments,
    )


def end_of(profile: Profile, chain: ClusterChain) -> ChainEnd:
    """Where a chain ends."""
    combiner, log = HashCombiner(profile), chain.log
    roots = (root_of_range(combiner, each) for each in (log.jobs.mountains, log.batches))
    return ChainEnd(log.height, None if chain.last is None else block_hash(profile, chain.last), *roots)


MACHINES["network"] = Machine(
    "network",
    "2.2",
    ("R-2.1-12", "R-2.2-2", "R-6.1-4", "R-2.4-2", "R-2.4-3", "RES-CHECKPT"),
    "A node that follows the network by its closings: an event is an epoch that is over.",
    NetworkBegun,
    EpochClosed,
    NetworkShown,
    begin,
    follow,
    shown,
)
