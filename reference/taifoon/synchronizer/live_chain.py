"""Sections 2.3 and 2.4: a cluster's chain while its epoch lasts, as the voting sees it (R-2.3-1 to R-2.3-12, R-2.4-4).

The voting asks whether a block is valid on its parent; this answers with the parent's state, which is a function of the
blocks between. A stretch has a stated number of blocks; what comes after carries them to finality and holds no job.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from icontract import ensure, require

from taifoon.core.accountability import SignedStatement
from taifoon.core.assignment import SeatKey
from taifoon.core.attestation import carried_votes
from taifoon.core.block import (
    CarriedVote,
    ClusterBlock,
    Header,
    ProofJob,
    ProofResult,
    claimed_consensus,
    link_of,
    proof_commitment,
)
from taifoon.core.certificate import ClaimedConsensus
from taifoon.core.consensus import Link
from taifoon.core.leader import leaders
from taifoon.core.leaf import MMRLeaf, completion_of
from taifoon.core.mempool import Waiting, take
from taifoon.core.proof_system import ProofSystem, proves
from taifoon.core.quorum import quorum
from taifoon.core.validity import (
    ChainState,
    Formation,
    apply_block,
    check_block,
    derived_leaders,
    root_after,
)
from taifoon.primitives.hashing import conforming_integer_orders
from taifoon.primitives.types import BlockNumber, ClusterId, Hash32, Millis, Seat, View
from taifoon.profile import Profile
from taifoon.rejection import Rejected

States = tuple[ChainState, ...]


@cache
@ensure(lambda members, result: len(result) == len(members))
def turns(profile: Profile, seed: Hash32, committee: ClusterId, members: tuple[SeatKey, ...]) -> tuple[Seat, ...]:
    """The seat of the committee that leads each view from 1 on, for as many views as there are seats; then again."""
    order = conforming_integer_orders(profile)[0]
    return tuple(
        Seat(members.index(leaders(profile, seed, committee, members, View(view), order)[0]))
        for view in range(1, len(members) + 1)
    )


def state_of(states: States, block_hash: Hash32) -> ChainState | None:
    """The state after a block, if its ancestors are known."""
    return next((state for state in states if state.block_hash == block_hash), None)


def with_states(profile: Profile, states: States, blocks: Iterable[ClusterBlock]) -> States:
    """With the state after each of these blocks, parents first, whose parent's state is known.

    A block that cannot be applied has no state, and nothing stands on it.
    """
    for block in blocks:
        parent = state_of(states, block.header.previous_hash)
        if parent is None:
            continue
        try:
            state = apply_block(profile, parent, block)
        except Rejected:
            continue
        if state_of(states, state.block_hash) is None:
            states = (*states, state)
    return states


@dataclass(frozen=True, slots=True)
class LiveChain:
    """A cluster's chain: the state that the epoch begins with, then the states after the blocks that are known.

    `now` is the local clock, which a step brings along; of two steps the same block may be early in one and not in the
    other. `stretch` is the number of blocks that may hold jobs.
    """

    profile: Profile
    proof_system: ProofSystem
    states: States
    order: tuple[Seat, ...]
    stretch: int
    now: Millis

    @property
    def genesis(self) -> Hash32:
        """What the first block of the epoch stands on."""
        return self.states[0].block_hash

    def link(self, block: ClusterBlock) -> Link:
        """A block's link."""
        return link_of(self.profile, block)

    def claims(self, block: ClusterBlock) -> ClaimedConsensus | None:
        """What a block says of its committee."""
        return claimed_consensus(block)

    def is_valid(self, parent: Link, block: ClusterBlock) -> bool:
        """Whether a block is valid on its parent, and has no job beyond the stretch."""
        state = state_of(self.states, parent.block_hash)
        if state is None or (block.proof_jobs and not is_within(self.states[0], state, self.stretch)):
            return False
        try:
            check_block(self.profile, self.proof_system, state, block, self.now)
        except Rejected:
            return False
        return True

    def leader(self, view: View) -> Seat:
        """The seat that leads a view."""
        return self.order[(view - 1) % len(self.order)]


def is_within(beginning: ChainState, parent: ChainState, stretch: int) -> bool:
    """Whether the child of a block is one of the stretch."""
    return parent.number - beginning.number < stretch


def is_known(state: ChainState, job_id: Hash32) -> bool:
    """Whether a log has a leaf of a job."""
    return any(leaf.job_id == job_id for leaf in state.log.jobs.leaves)


def open_intake(state: ChainState, job_id: Hash32) -> MMRLeaf | None:
    """The intake leaf of a job that the log has taken in and not completed."""
    of_job = tuple(leaf for leaf in state.log.jobs.leaves if leaf.job_id == job_id)
    return of_job[0] if len(of_job) == 1 and of_job[0].is_intake else None


def may_append(formation: Formation, leaf: MMRLeaf) -> bool:
    """Whether the epoch's rules let the cluster append a leaf."""
    if formation.jobs is None:
        return True
    try:
        formation.jobs.check_leaf(formation.cluster, leaf)
    except Rejected:
        return False
    return True


def may_count(formation: Formation, leaf: MMRLeaf, result: ProofResult) -> bool:
    """Whether the epoch's rules let a result complete a job."""
    if formation.jobs is None:
        return True
    try:
        formation.jobs.check_leaf(formation.cluster, leaf)
        formation.jobs.check_prover(formation.cluster, leaf, result.prover)
    except Rejected:
        return False
    return True


def completions(
    profile: Profile, proof_system: ProofSystem, state: ChainState, results: tuple[ProofResult, ...]
) -> tuple[tuple[ProofJob, ...], tuple[ProofResult, ...]]:
    """The jobs that a block on a state may complete, by job, with the first prover's result for each.

    No more than a block may hold.
    """
    leaves: tuple[ProofJob, ...] = ()
    chosen: tuple[ProofResult, ...] = ()
    for result in sorted(results, key=lambda each: (each.job_id, each.prover)):
        intake = open_intake(state, result.job_id)
        is_taken = bool(chosen) and chosen[-1].job_id == result.job_id
        if intake is None or is_taken or len(chosen) == profile.parameters.maximum_jobs:
            continue
        leaf = completion_of(intake, proof_commitment(profile, result))
        is_proved = proves(profile, proof_system, intake, result.prover, result.proof)
        if is_proved and may_count(state.formation, leaf, result):
            leaves, chosen = (*leaves, leaf), (*chosen, result)
    return leaves, chosen


def intakes(
    profile: Profile, state: ChainState, waiting: tuple[Waiting, ...], timestamp: Millis, room: int
) -> tuple[ProofJob, ...]:
    """The waiting jobs that a block on a state takes in, in the order of their urgency."""
    fit = tuple(
        item
        for item in waiting
        if item.leaf.timestamp <= timestamp
        and not is_known(state, item.leaf.job_id)
        and may_append(state.formation, item.leaf)
    )
    taken, _ = take(profile, fit, BlockNumber(state.number + 1))
    return tuple(item.leaf for item in taken[:room])


@require(lambda view, state: view > state.view)
def block_on(
    profile: Profile,
    state: ChainState,
    view: View,
    timestamp: Millis,
    jobs: tuple[ProofJob, ...],
    results: tuple[ProofResult, ...],
    attestations: tuple[CarriedVote, ...] = (),
) -> ClusterBlock:
    """The block of a view that appends these leaves to a state. Rejects as `record` does."""
    formation = state.formation
    header = Header(
        block_number=BlockNumber(state.number + 1),
        previous_hash=state.block_hash,
        mmr_root=root_after(profile, state.log, jobs),
        cluster_id=formation.cluster,
        timestamp=timestamp,
        leader_pubkey=derived_leaders(profile, formation, view)[0],
        epoch=formation.epoch,
        view=view,
        parent_view=state.view,
    )
    needed = quorum(profile, len(formation.seats))
    return ClusterBlock(header, jobs, results, (), formation.keys, needed, attestations)


def built(
    chain: LiveChain,
    state: ChainState,
    view: View,
    waiting: tuple[Waiting, ...],
    results: tuple[ProofResult, ...],
    heard: tuple[SignedStatement, ...] = (),
) -> ClusterBlock:
    """The block that an honest leader builds on a state: completions first, then as many intakes as fit.

    It carries every vote for its ancestors that was `heard` and that none of them carries. Beyond the stretch it holds
    no job.
    """
    profile = chain.profile
    timestamp = Millis(max(chain.now, state.timestamp + 1))
    attestations = carried_votes(profile, state.committee, state.attendance, heard)
    if not is_within(chain.states[0], state, chain.stretch):
        return block_on(profile, state, view, timestamp, (), (), attestations)
    completed, chosen = completions(profile, chain.proof_system, state, results)
    taken = intakes(profile, state, waiting, timestamp, profile.parameters.maximum_jobs - len(completed))
    return block_on(profile, state, view, timestamp, (*taken, *completed), chosen, attestations)
