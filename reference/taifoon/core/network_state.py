"""Sections 2.1 to 2.4: the state of the whole network from one closing to the next (R-2.1-12, R-2.2-2, R-6.1-4).

A node's state is a fold over epoch records: a closing with its proof, and the blocks that it closes. So a node that
was away reads the records that it missed and is where all others are; nobody's word is needed, only certificates.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from icontract import ensure, require

from taifoon.core.accountability import FinalityProof, check_finality
from taifoon.core.beacon import Commitment, Reveal, check_commitments, check_reveals, mixed
from taifoon.core.epoch import (
    Assignment,
    EpochHistory,
    Foundation,
    Registration,
    assignment_of,
    committee_of_cluster,
    committee_of_epoch,
    seats_of,
    serving,
    unheard,
)
from taifoon.core.epoch_block import (
    Closing,
    EpochBlock,
    closing_hash,
    epoch_block_hash,
    epoch_genesis,
    foundation_of,
    global_root,
    head_of,
)
from taifoon.core.job import is_expired
from taifoon.core.leaf import MMRLeaf
from taifoon.core.owners import OwnedJobs, formation_of, owners
from taifoon.core.proof_system import ProofSystem
from taifoon.core.settlement import Completion, OwnedJob, settle
from taifoon.core.succession import ClusterChain, Stretch, completions_of, follow, new_chain
from taifoon.primitives.types import ClusterId, Epoch, Hash32, PublicKey
from taifoon.profile import Profile, Resolution
from taifoon.redundancy.control import cluster_count
from taifoon.rejection import Rejected, RejectionCode

STEPS = (-1, 0, 1)
"""By how much a cluster count may change."""


@dataclass(frozen=True, slots=True)
class PendingJob:
    """A job without a settled completion, by its first intake leaf, and the epoch of that."""

    leaf: MMRLeaf
    taken_in: Epoch


@dataclass(frozen=True, slots=True)
class NetworkState:
    """What every node derives from the closings: foundations, chains, jobs, open commitments, the last closing."""

    chain_id: Hash32
    history: EpochHistory
    chains: tuple[ClusterChain, ...]
    pending: tuple[PendingJob, ...]
    settled: tuple[Completion, ...]
    expired: tuple[Hash32, ...]
    commitments: tuple[Commitment, ...]
    before: Hash32 | None

    @property
    def epoch(self) -> Epoch:
        """The epoch that is not over."""
        return Epoch(len(self.history.closed))


@dataclass(frozen=True, slots=True)
class Choice:
    """What a closing takes from elsewhere: the ledger's registry, the control's step, commitments, reveals, acts."""

    registry: tuple[Registration, ...]
    step: int
    commitments: tuple[Commitment, ...]
    reveals: tuple[Reveal, ...]
    acts: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """An epoch that is over: the block with its closing, the proof that it is final, the stretches that it closes."""

    block: EpochBlock
    proof: FinalityProof
    stretches: tuple[Stretch, ...]


def genesis_network(chain_id: Hash32, foundation: Foundation) -> NetworkState:
    """The state before the first epoch closes."""
    return NetworkState(chain_id, EpochHistory(foundation, ()), (), (), (), (), (), None)


def present_assignment(profile: Profile, state: NetworkState) -> Assignment:
    """The assignment of the epoch that is not over, for a node that trusts nothing but closings."""
    return assignment_of(profile, state.history, state.epoch, unheard(state.history))


def jobs_of(profile: Profile, state: NetworkState, assignment: Assignment, factor: int) -> OwnedJobs:
    """The epoch's rules about jobs."""
    carried = tuple(job.leaf for job in state.pending)
    closed = frozenset(each.job_id for each in state.settled) | frozenset(state.expired)
    return OwnedJobs(profile, assignment, factor, carried, closed)


def chain_of(state: NetworkState, cluster: ClusterId) -> ClusterChain:
    """The chain of a cluster at the beginning of the epoch; one that ended before goes on where it ended."""
    return state.chains[cluster] if cluster < len(state.chains) else new_chain()


def followed(
    profile: Profile,
    proof_system: ProofSystem,
    state: NetworkState,
    assignment: Assignment,
    factor: int,
    stretches: tuple[Stretch, ...],
) -> tuple[ClusterChain, ...]:
    """All chains after the stretches of an epoch, one for each cluster of the epoch in their order.

    Rejects with EPOCH_HEADS, and as `follow` does.
    """
    count = len(assignment.clusters)
    if tuple(stretch.cluster for stretch in stretches) != tuple(range(count)):
        raise Rejected(RejectionCode.EPOCH_HEADS, f"{len(stretches)} stretches for {count} clusters, each one in order")
    jobs = jobs_of(profile, state, assignment, factor)
    present = tuple(
        follow(
            profile,
            proof_system,
            committee_of_cluster(state.chain_id, assignment, stretch.cluster),
            formation_of(assignment, stretch.cluster, jobs),
            chain_of(state, stretch.cluster),
            stretch,
        )
        for stretch in stretches
    )
    return (*present, *state.chains[count:])


def taken_in(state: NetworkState, stretches: tuple[Stretch, ...]) -> tuple[PendingJob, ...]:
    """The jobs of the epoch: those that wait since earlier ones, then new intakes, each by its first leaf."""
    found = {job.leaf.job_id: job for job in state.pending}
    for stretch in stretches:
        for block in stretch.blocks:
            for leaf in block.proof_jobs:
                if leaf.is_intake and leaf.job_id not in found:
                    found[leaf.job_id] = PendingJob(leaf, state.epoch)
    return tuple(found.values())


@require(lambda choice: choice.step in STEPS)
@ensure(lambda result: result.clusters >= 1)
def closing_of(
    profile: Profile,
    state: NetworkState,
    assignment: Assignment,
    factor: int,
    chains: tuple[ClusterChain, ...],
    stretches: tuple[Stretch, ...],
    choice: Choice,
) -> Closing:
    """The one closing that chains, their stretches and a choice allow."""
    count = next_count(profile, state, assignment, choice.step)
    heads = tuple(head_of(profile, ClusterId(number), chain, count) for number, chain in enumerate(chains))
    jobs = tuple(
        OwnedJob(job.leaf.job_id, owners(profile, assignment, job.leaf, factor)) for job in taken_in(state, stretches)
    )
    completions = tuple(each for stretch in stretches for each in completions_of(stretch))
    return Closing(
        state.epoch,
        heads,
        global_root(profile, state.epoch, heads),
        settle(profile, jobs, completions, state.settled),
        tuple(sorted(choice.registry, key=lambda entry: entry.public_key)),
        count,
        tuple(sorted(choice.commitments, key=lambda each: each.holder)),
        choice.reveals,
        mixed(profile, state.epoch, choice.reveals),
        choice.acts,
    )


def choice_in(profile: Profile, state: NetworkState, assignment: Assignment, closing: Closing) -> Choice:
    """The choice that a closing claims to have been made of.

    Whoever follows a certified closing takes it as it is; a voter compares it with the ledger and the control first.
    """
    steps = (step for step in STEPS if next_count(profile, state, assignment, step) == closing.clusters)
    return Choice(closing.registry, next(steps, 0), closing.commitments, closing.reveals, closing.acts)


def next_count(profile: Profile, state: NetworkState, assignment: Assignment, step: int) -> int:
    """The cluster count of the next epoch: one step at most, within the bounds that its seats allow."""
    coming = assignment_seats(profile, state)
    return max(1, cluster_count(profile, len(assignment.clusters) + step, coming))


def assignment_seats(profile: Profile, state: NetworkState) -> int:
    """The seats of the next epoch, whose registry is frozen already."""
    registry = serving(profile, state.history, Epoch(state.epoch + 1), unheard(state.history))
    return len(seats_of(profile, registry))


def committing_keys(profile: Profile, state: NetworkState) -> frozenset[PublicKey]:
    """The keys that have a seat in the next epoch, whose registry is frozen already.

    That is the epoch of their reveals: a key without stake in it would lose nothing by withholding.
    """
    registry = serving(profile, state.history, Epoch(state.epoch + 1), unheard(state.history))
    return frozenset(seat.public_key for seat in seats_of(profile, registry))


def check_closing(profile: Profile, state: NetworkState, expected: Closing, closing: Closing) -> None:
    """Accept a closing as the expected one: field by field, so that the fault is named.

    Rejects with EPOCH_HEADS, EPOCH_DERIVED, and as `check_reveals` and `check_commitments` do.
    """
    check_reveals(profile, state.epoch, state.commitments, closing.reveals)
    if not closes_history(profile):
        return
    check_commitments(closing.commitments, committing_keys(profile, state))
    if closing.heads != expected.heads:
        raise Rejected(RejectionCode.EPOCH_HEADS, f"the chains end elsewhere than the closing of {closing.epoch} says")
    for name in (field.name for field in fields(Closing)):
        if getattr(closing, name) != getattr(expected, name):
            raise Rejected(
                RejectionCode.EPOCH_DERIVED, f"{name} of the closing of epoch {state.epoch} differs from its inputs"
            )


def needs_attestation(profile: Profile) -> bool:
    """Rule: whether a closing counts only with the signatures of its epoch. Literally any root will do."""
    return Resolution.ROOT_ATTESTATION in profile


def closes_history(profile: Profile) -> bool:
    """Rule: whether chains end where the closing says. Literally a cluster's signatures stand by themselves."""
    return Resolution.CHECKPOINT in profile


def check_attested(profile: Profile, state: NetworkState, assignment: Assignment, record: EpochRecord) -> None:
    """Demand that all seats of the epoch have made the closing final.

    Rejects with FINALITY_PATH where the proof is of another block, and as `check_finality` does.
    """
    if not needs_attestation(profile):
        return
    genesis = epoch_genesis(profile, state.chain_id, state.epoch, state.before)
    committee = committee_of_epoch(state.chain_id, assignment)
    first = record.proof.path[-1] if record.proof.path else None
    closing = record.block.closing
    named = None if closing is None else closing_hash(profile, closing)
    is_named = first is not None and first.block_hash == epoch_block_hash(profile, record.block)
    if not is_named or named != record.block.header.closing_hash:
        raise Rejected(RejectionCode.FINALITY_PATH, f"the proof of epoch {state.epoch} is not of this closing")
    check_finality(profile, committee, genesis, record.proof)


@ensure(lambda state, result: result.epoch == state.epoch + 1)
def turn(
    profile: Profile, proof_system: ProofSystem, state: NetworkState, factor: int, record: EpochRecord
) -> NetworkState:
    """The state after an epoch.

    Rejects with BLOCK_EPOCH for another epoch than the next, and as `check_attested`, `followed`, `check_closing` do.
    """
    closing = record.block.closing
    if closing is None or closing.epoch != state.epoch:
        raise Rejected(RejectionCode.BLOCK_EPOCH, f"the record closes another epoch than {state.epoch}")
    assignment = present_assignment(profile, state)
    check_attested(profile, state, assignment, record)
    chains = followed(profile, proof_system, state, assignment, factor, record.stretches)
    choice = choice_in(profile, state, assignment, closing)
    expected = closing_of(profile, state, assignment, factor, chains, record.stretches, choice)
    check_closing(profile, state, expected, closing)
    settled = (*state.settled, *closing.settled)
    done = {each.job_id for each in settled}
    jobs = tuple(job for job in taken_in(state, record.stretches) if job.leaf.job_id not in done)
    late = tuple(job for job in jobs if is_expired(profile, job.taken_in, state.epoch + 1))
    return replace(
        state,
        history=EpochHistory(state.history.genesis, (*state.history.closed, foundation_of(closing))),
        chains=chains,
        pending=tuple(job for job in jobs if job not in late),
        settled=settled,
        expired=(*state.expired, *(job.leaf.job_id for job in late)),
        commitments=closing.commitments,
        before=closing_hash(profile, closing),
    )


def answered(profile: Profile, records: tuple[EpochRecord, ...], first: Epoch) -> tuple[EpochRecord, ...]:
    """Rule: what a node that lacks the epochs from `first` on is sent. Literally there is no message for ranges.

    Then it gets what is announced anyway: the newest.
    """
    if Resolution.MESSAGES in profile:
        return records[first:]
    return records[-1:]


def catch_up(
    profile: Profile, proof_system: ProofSystem, state: NetworkState, factor: int, records: tuple[EpochRecord, ...]
) -> NetworkState:
    """The state after the records that a node missed. Rejects as `turn` does."""
    for record in records:
        state = turn(profile, proof_system, state, factor, record)
    return state
