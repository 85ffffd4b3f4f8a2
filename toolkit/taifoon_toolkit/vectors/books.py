"""Vectors of the books of an epoch: acts, records of final blocks, and how the ledger closes (R-5.1-6, R-5.2-1).

The books of an epoch are a function of what a closing lists. A method is given that in full: the foundations that the
epochs left, the economy before, and the work of the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from taifoon.core import network_state
from taifoon.core.beacon import Commitment, Reveal
from taifoon.core.block import ClusterBlock
from taifoon.core.epoch import EpochHistory
from taifoon.core.network_state import NetworkState, PendingJob
from taifoon.core.settlement import Completion
from taifoon.core.succession import Stretch, completions_of
from taifoon.economics import cluster_records
from taifoon.economics.ledger import Ledger
from taifoon.network.envelope import Envelope
from taifoon.primitives.types import ClusterId, Epoch, Hash32
from taifoon.profile import Profile
from taifoon.redundancy import block_records
from taifoon.redundancy.metrics import BlockRecord
from taifoon.synchronizer import acts, economy
from taifoon.synchronizer.acts import Court
from taifoon.synchronizer.economy import Work
from taifoon_models.blocks import PROOFS
from taifoon_toolkit.vectors.economics import OneRatio, Proving, Signing
from taifoon_toolkit.vectors.epochs import FoundationGiven, foundation_from
from taifoon_toolkit.vectors.ledgers import (
    EconomyGiven,
    LedgerGiven,
    economy_from,
    economy_given,
    ledger_from,
    ledger_given,
    ratios_from,
    require_distinct,
)
from taifoon_toolkit.vectors.method import method
from taifoon_toolkit.vectors.metrics import RecordGiven, counts_given
from taifoon_toolkit.vectors.network_runs import OnePending
from taifoon_toolkit.vectors.owners import EpochGiven, assignment_from, factor_from
from taifoon_toolkit.vectors.wire import Digest, Large, Small

GREATEST_EPOCH = 64
GREATEST_TERM = 100


@dataclass(frozen=True, slots=True)
class CourtGiven:
    """What acts are judged by: the chain id, genesis, what the epochs that are over left, the duplication factor."""

    chain_id: Digest
    genesis: FoundationGiven
    closed: tuple[FoundationGiven, ...]
    factor: Small


@dataclass(frozen=True, slots=True)
class ActsAsked:
    """A court, the ledger of the epoch that is not over, and acts as a closing lists them."""

    court: CourtGiven
    ledger: LedgerGiven
    acts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class HeardAsked:
    """A court, the ledger of the epoch that is not over, and the envelopes that a leader has heard, in any order."""

    court: CourtGiven
    ledger: LedgerGiven
    heard: tuple[Envelope, ...]


@dataclass(frozen=True, slots=True)
class ActsGiven:
    """Acts as a closing lists them."""

    acts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class FinalBlocks:
    """The final blocks of a cluster in an epoch, the first one first."""

    cluster: Small
    blocks: tuple[ClusterBlock, ...]


@dataclass(frozen=True, slots=True)
class RecordsAsked:
    """An epoch, the jobs that wait since earlier ones, the final blocks of clusters, and what the closing settles."""

    epoch: Large
    pending: tuple[OnePending, ...]
    stretches: tuple[FinalBlocks, ...]
    settled: tuple[Completion, ...]


@dataclass(frozen=True, slots=True)
class RecordsGiven:
    """The records of blocks, in their order."""

    records: tuple[RecordGiven, ...]


@dataclass(frozen=True, slots=True)
class ClusterRecordAsked:
    """An epoch, its factor, final blocks of a cluster, what the closing settles, and efficiencies of past epochs."""

    epoch: EpochGiven
    factor: Small
    stretch: FinalBlocks
    settled: tuple[Completion, ...]
    efficiencies: tuple[tuple[OneRatio, ...], ...]


@dataclass(frozen=True, slots=True)
class ClusterRecordGiven:
    """What rewards and charges of a cluster are read from, as in `reward.payouts`."""

    keys: tuple[Digest, ...]
    blocks: tuple[Large, ...]
    attestations: tuple[Signing, ...]
    drawn: tuple[Proving, ...]
    deliveries: tuple[Proving, ...]
    reached: int
    average: int


@dataclass(frozen=True, slots=True)
class WorkGiven:
    """What a closing lists: final blocks of each cluster, settled completions, acts, reveals."""

    stretches: tuple[FinalBlocks, ...]
    settled: tuple[Completion, ...]
    acts: tuple[bytes, ...]
    reveals: tuple[Reveal, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """The parameters of these names."""

    minimum_cluster: Small
    cluster_target: Small
    signature_window: Small
    inactivity_blocks: Small
    maximum_jobs: Small
    minimum_due: Small


@dataclass(frozen=True, slots=True)
class BooksAsked:
    """A court, the jobs that wait, the commitments for the epoch, the economy before, and the work of the epoch."""

    terms: Terms
    court: CourtGiven
    pending: tuple[OnePending, ...]
    commitments: tuple[Commitment, ...]
    economy: EconomyGiven
    work: WorkGiven


def with_terms(profile: Profile, given: Terms) -> Profile:
    """The profile with these parameters."""
    if not 1 <= given.minimum_cluster <= given.cluster_target:
        raise ValueError("minimum_cluster: from 1 to cluster_target")
    counts = (given.signature_window, given.inactivity_blocks, given.maximum_jobs, given.minimum_due)
    if not 1 <= min(counts) <= max(counts) <= GREATEST_TERM:
        raise ValueError(f"signature_window and what follows it: from 1 to {GREATEST_TERM} are asked")
    changed = replace(
        profile.parameters,
        minimum_cluster=given.minimum_cluster,
        cluster_target=given.cluster_target,
        signature_window=given.signature_window,
        inactivity_blocks=given.inactivity_blocks,
        maximum_jobs=given.maximum_jobs,
        minimum_due=given.minimum_due,
    )
    return profile.with_parameters(changed)


def network_from(
    profile: Profile,
    given: CourtGiven,
    pending: tuple[OnePending, ...] = (),
    commitments: tuple[Commitment, ...] = (),
) -> NetworkState:
    """A network of which nothing but this is read."""
    if len(given.closed) > GREATEST_EPOCH or given.genesis.clusters < 1 or not given.genesis.registry:
        raise ValueError(f"closed: at most {GREATEST_EPOCH}; genesis: at least one cluster and one key")
    require_distinct("pending", (job.leaf.job_id for job in pending))
    require_distinct("commitments", (each.holder for each in commitments))
    closed = tuple(foundation_from(profile, each) for each in given.closed)
    history = EpochHistory(foundation_from(profile, given.genesis), closed)
    jobs = tuple(PendingJob(each.leaf, Epoch(each.taken_in)) for each in pending)
    return NetworkState(Hash32(given.chain_id), history, (), jobs, (), (), commitments, None)


def court_from(network: NetworkState, given: CourtGiven, ledger: Ledger) -> Court:
    """A court of the ledger's epoch."""
    if ledger.epoch != network.epoch:
        raise ValueError("ledger: of the epoch that is not over")
    return Court(network, PROOFS, factor_from(given.factor))


def stretch_from(given: FinalBlocks) -> Stretch:
    """Final blocks as the reference has them, whose certificates are no part of the books."""
    numbers = [block.header.block_number for block in given.blocks]
    if any(later != earlier + 1 for earlier, later in pairwise(numbers)):
        raise ValueError("blocks: one after another")
    if any(block.header.cluster_id != given.cluster for block in given.blocks):
        raise ValueError("blocks: of the cluster")
    return Stretch(ClusterId(given.cluster), given.blocks, None)


def require_settled(stretches: tuple[Stretch, ...], settled: tuple[Completion, ...]) -> None:
    """Demand that each settled completion is one of these blocks, and each job settled once. Raises ValueError."""
    require_distinct("settled", (each.job_id for each in settled))
    require_distinct("stretches", (stretch.cluster for stretch in stretches))
    made = {each for stretch in stretches for each in completions_of(stretch)}
    if not made.issuperset(settled):
        raise ValueError("settled: completions of these blocks")


def records_given(records: tuple[BlockRecord, ...]) -> RecordsGiven:
    """Records as they are written; a block that completes what a later one takes in is not asked."""
    if any(count.latency < 0 for record in records for count in record.types):
        raise ValueError("blocks: a job is taken in before it is completed")
    return RecordsGiven(
        tuple(
            RecordGiven(
                each.epoch,
                each.cluster,
                each.number,
                counts_given(each.types),
                each.replicas_due,
                each.replicas_missed,
                each.load,
                each.capacity,
                each.cost,
                each.revenue,
            )
            for each in records
        )
    )


@method("acts.apply", "5.2", "R-5.2-1", "R-6.1-1", "RES-STAKE", "RES-EVID")
def apply(profile: Profile, given: ActsAsked) -> LedgerGiven:
    """The ledger after the acts of a closing, or the refusal of one."""
    ledger = ledger_from(given.court.chain_id, given.ledger)
    court = court_from(network_from(profile, given.court), given.court, ledger)
    return ledger_given(acts.all_applied(profile, court, ledger, given.acts))


@method("acts.choose", "5.2", "R-5.2-1", "R-6.1-1", "RES-STAKE", "RES-EVID")
def choose(profile: Profile, given: HeardAsked) -> ActsGiven:
    """What an honest leader takes up of the acts that it has heard."""
    ledger = ledger_from(given.court.chain_id, given.ledger)
    court = court_from(network_from(profile, given.court), given.court, ledger)
    return ActsGiven(acts.chosen_acts(profile, court, ledger, given.heard))


@method("records.of_blocks", "3.2", "R-3.2-1", "R-3.2-2", "R-3.2-3", "R-3.1-3", "RES-METRIC")
def of_blocks(profile: Profile, given: RecordsAsked) -> RecordsGiven:
    """What the final blocks of an epoch add to its metrics."""
    if given.epoch > GREATEST_EPOCH:
        raise ValueError(f"epoch: at most {GREATEST_EPOCH} is asked")
    blank = FoundationGiven(bytes(32), (), 1, bytes(32))
    closed = (foundation_from(profile, blank),) * given.epoch
    jobs = tuple(PendingJob(each.leaf, Epoch(each.taken_in)) for each in given.pending)
    require_distinct("pending", (job.leaf.job_id for job in jobs))
    history = EpochHistory(foundation_from(profile, blank), closed)
    network = NetworkState(Hash32(bytes(32)), history, (), jobs, (), (), (), None)
    stretches = tuple(stretch_from(each) for each in given.stretches)
    require_settled(stretches, given.settled)
    return records_given(block_records.block_records(profile, network, stretches, given.settled))


@method("records.of_cluster", "5.1", "R-5.1-1", "R-5.1-3", "R-5.1-4", "RES-REWARD")
def of_cluster(profile: Profile, given: ClusterRecordAsked) -> ClusterRecordGiven:
    """What the final blocks of a cluster say of its members."""
    assignment, stretch = assignment_from(profile, given.epoch), stretch_from(given.stretch)
    require_settled((stretch,), given.settled)
    if stretch.cluster >= len(assignment.clusters):
        raise ValueError("stretch: of a cluster of the epoch")
    factor, efficiencies = factor_from(given.factor), ratios_from(given.efficiencies)
    found = cluster_records.cluster_record(profile, assignment, factor, stretch, frozenset(given.settled), efficiencies)
    return ClusterRecordGiven(
        found.keys,
        found.blocks,
        tuple(Signing(item.block, item.seat, item.carried) for item in found.attestations),
        tuple(Proving(item.job_id, item.job_type, item.prover) for item in found.drawn),
        tuple(Proving(item.job_id, item.job_type, item.prover) for item in found.deliveries),
        found.reached,
        found.average,
    )


@method("books.close", "5.1", "R-5.1-6", "R-5.1-1", "R-3.2-8", "R-3.2-9", "RES-REWARD", "RES-CTRL", "RES-EVID")
def close(profile: Profile, given: BooksAsked) -> EconomyGiven:
    """The economy after an epoch that closes with such work, or the refusal of an act."""
    profile = with_terms(profile, given.terms)
    before = economy_from(given.court.chain_id, given.economy)
    network = network_from(profile, given.court, given.pending, given.commitments)
    court = court_from(network, given.court, before.ledger)
    assignment = network_state.present_assignment(profile, network)
    stretches = tuple(stretch_from(each) for each in given.work.stretches)
    require_settled(stretches, given.work.settled)
    require_distinct("reveals", (each.holder for each in given.work.reveals))
    if tuple(stretch.cluster for stretch in stretches) != tuple(range(len(assignment.clusters))):
        raise ValueError("stretches: one for each cluster, in order")
    records_given(block_records.block_records(profile, network, stretches, given.work.settled))
    work = Work(stretches, given.work.settled, given.work.acts, given.work.reveals)
    return economy_given(economy.closed(profile, court, assignment, court.factor, before, work))
