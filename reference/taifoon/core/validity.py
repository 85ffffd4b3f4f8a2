"""Sections 2.3 and 2.4: what it means to validate a block (R-2.3-2 to R-2.3-12, R-2.4-5).

Validity is a predicate of the parent's state, the block and the local clock, the same at every member. The source says
"validate" without saying what; read literally, a block that names its parent is valid. Proofs are checked, never voted
upon.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from icontract import ensure, require

from taifoon.core.assignment import SeatKey
from taifoon.core.attestation import NO_ATTENDANCE, Attendance, attendance_after, check_attestations
from taifoon.core.block import (
    ClusterBlock,
    ProofJob,
    ProofResult,
    block_hash,
    genesis_hash,
    genesis_number,
    proof_commitment,
)
from taifoon.core.certificate import Committee
from taifoon.core.cluster_log import ClusterLog, LogBlock, appends_on_arrival, finalise, state_root
from taifoon.core.consensus import GENESIS_VIEW
from taifoon.core.job_log import JobLog, record
from taifoon.core.leader import leaders
from taifoon.core.leaf import MMRLeaf
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import root_of_range
from taifoon.core.proof_system import ProofSystem, proves
from taifoon.core.quorum import quorum
from taifoon.primitives.hashing import conforming_integer_orders
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Hash32, Millis, PublicKey, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode


class JobRules(Protocol):
    """What validity asks of an epoch about jobs: who owns them, and who proves them."""

    def owns(self, cluster: ClusterId, leaf: MMRLeaf) -> bool:
        """Whether a cluster owns a job in the epoch, whatever has become of the job."""

    def check_leaf(self, cluster: ClusterId, leaf: MMRLeaf) -> None:
        """Demand that a cluster may take a job in or complete it."""

    def check_prover(self, cluster: ClusterId, leaf: MMRLeaf, prover: PublicKey) -> None:
        """Demand that a key may prove a job for a cluster."""


@dataclass(frozen=True, slots=True)
class Formation:
    """A cluster in an epoch, as every verifier derives it: the epoch's seed, and the seats in their order.

    `jobs` are the epoch's rules of ownership; without them a cluster owns the jobs whose leaves name it.
    """

    epoch: Epoch
    cluster: ClusterId
    seed: Hash32
    seats: tuple[SeatKey, ...]
    jobs: JobRules | None = None

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """The key of each seat; a key with several seats stands several times."""
        return tuple(seat.public_key for seat in self.seats)


@dataclass(frozen=True, slots=True)
class ChainState:
    """What a block is judged against: its parent's hash, view and time, and the log after the parent.

    `attendance` is what the block may carry of votes for its ancestors, which are votes on this chain.
    """

    formation: Formation
    block_hash: Hash32
    view: View
    timestamp: Millis
    log: ClusterLog[Hash32]
    chain_id: Hash32
    attendance: Attendance = NO_ATTENDANCE

    @property
    def number(self) -> BlockNumber:
        """The parent's number."""
        return self.log.height

    @property
    def committee(self) -> Committee:
        """Who votes in the cluster and epoch."""
        formation = self.formation
        return Committee(self.chain_id, formation.epoch, formation.cluster, formation.keys)


def genesis_state(
    profile: Profile, chain_id: Hash32, formation: Formation, log: ClusterLog[Hash32], last: ClusterBlock | None
) -> ChainState:
    """The state on which the first block of a cluster's epoch stands.

    `log` and `last` are the cluster's log and final block at the end of the epoch before; a new cluster has an empty
    log and no last block.
    """
    return ChainState(
        formation,
        genesis_hash(profile, chain_id, formation.cluster, formation.epoch, last),
        GENESIS_VIEW,
        Millis(0) if last is None else last.header.timestamp,
        replace(log, height=genesis_number(profile, last)),
        chain_id,
    )


def defines_validity(profile: Profile) -> bool:
    """Rule: whether validating a block has a meaning beyond knowing its parent. Literally it has none."""
    return Resolution.BLOCK_VALIDITY in profile


def is_later(profile: Profile, parent: int, timestamp: int) -> bool:
    """Rule: whether a block's time may follow its parent's. Literally any time may. Runs on symbolic terms as well."""
    if Resolution.TIME in profile:
        return parent < timestamp
    return True


def is_within_tolerance(profile: Profile, timestamp: int, now: int) -> bool:
    """Rule: whether a block's time is credible by the local clock. Literally any time is. Runs on symbolic terms."""
    if Resolution.TIME in profile:
        return timestamp <= now + profile.parameters.time_tolerance
    return True


def may_hold(profile: Profile, timestamp: int, leaf: int) -> bool:
    """Rule: whether a block of one time may hold a leaf of another. Literally every leaf."""
    if Resolution.TIME in profile:
        return leaf <= timestamp
    return True


def agrees(profile: Profile, claimed: object, derived: object) -> bool:
    """Rule: whether what a block says of its own committee may stand. Literally it is believed."""
    if Resolution.DERIVED_FIELDS in profile:
        return claimed == derived
    return True


def derived_leaders(profile: Profile, formation: Formation, view: View) -> tuple[PublicKey, ...]:
    """The key that may propose in a view; more than one only where the source's rule ties."""
    order = conforming_integer_orders(profile)[0]
    chosen = leaders(profile, formation.seed, formation.cluster, formation.seats, view, order)
    return tuple(seat.public_key for seat in chosen)


def recorded(profile: Profile, log: ClusterLog[Hash32], leaves: tuple[ProofJob, ...]) -> JobLog[Hash32]:
    """The job log after the leaves of a block. Rejects as `record` does.

    Where arrival appends, the leaves are there already and a block adds nothing.
    """
    jobs = log.jobs
    if appends_on_arrival(profile):
        return jobs
    for leaf in leaves:
        jobs = record(HashCombiner(profile), jobs, leaf)
    return jobs


def root_after(profile: Profile, log: ClusterLog[Hash32], leaves: tuple[ProofJob, ...]) -> Hash32:
    """What `mmr_root` has to be: the jobs after the block's own leaves, the batches before its own batch."""
    combiner = HashCombiner(profile)
    jobs_root = root_of_range(combiner, recorded(profile, log, leaves).mountains)
    return state_root(profile, jobs_root, root_of_range(combiner, log.batches))


def check_block(
    profile: Profile, proof_system: ProofSystem, state: ChainState, block: ClusterBlock, now: Millis
) -> None:
    """Accept that a block is valid on its parent's state, or reject.

    The checks come in a fixed order, those that cost least first, and each has a code of its own: BLOCK_PARENT; then as
    `check_place`, `check_time`, `check_committee`, `check_jobs`, `check_attestations`, `check_results`; last
    BLOCK_ROOT. The signatures for the block itself are no part of it: who signed is what a certificate says.
    """
    if block.header.previous_hash != state.block_hash:
        raise Rejected(
            RejectionCode.BLOCK_PARENT,
            f"previous_hash is {block.header.previous_hash.hex()}; the parent is {state.block_hash.hex()}",
        )
    check_place(profile, state, block)
    check_time(profile, state, block, now)
    check_committee(profile, state.formation, block)
    if not defines_validity(profile):
        return
    check_jobs(profile, state, block)
    check_attestations(profile, state.committee, state.attendance, block)
    check_results(profile, proof_system, block)
    check_provers(state.formation, block)
    expected = root_after(profile, state.log, block.proof_jobs)
    if block.header.mmr_root != expected:
        raise Rejected(
            RejectionCode.BLOCK_ROOT, f"mmr_root is {block.header.mmr_root.hex()}; the state gives {expected.hex()}"
        )


def check_place(profile: Profile, state: ChainState, block: ClusterBlock) -> None:
    """Check where the block stands.

    Rejects with BLOCK_DISCONTINUOUS, BLOCK_EPOCH, BLOCK_CLUSTER, BLOCK_VIEW.
    """
    if not defines_validity(profile):
        return
    header, formation = block.header, state.formation
    if header.block_number != state.number + 1:
        raise Rejected(
            RejectionCode.BLOCK_DISCONTINUOUS, f"block_number is {header.block_number}; the next is {state.number + 1}"
        )
    if header.epoch != formation.epoch:
        raise Rejected(RejectionCode.BLOCK_EPOCH, f"epoch is {header.epoch}; the chain is in {formation.epoch}")
    if header.cluster_id != formation.cluster:
        raise Rejected(RejectionCode.BLOCK_CLUSTER, f"cluster_id is {header.cluster_id}, not {formation.cluster}")
    if header.parent_view != state.view or header.view <= state.view:
        raise Rejected(
            RejectionCode.BLOCK_VIEW,
            f"view is {header.view} and parent_view {header.parent_view}; the parent is of view {state.view}",
        )


def check_time(profile: Profile, state: ChainState, block: ClusterBlock, now: Millis) -> None:
    """Check the block's time. Rejects with BLOCK_TIME_NOT_LATER, BLOCK_TIME_AHEAD, LEAF_TIME."""
    timestamp = block.header.timestamp
    if not is_later(profile, state.timestamp, timestamp):
        raise Rejected(
            RejectionCode.BLOCK_TIME_NOT_LATER, f"timestamp is {timestamp}; the parent's is {state.timestamp}"
        )
    if not is_within_tolerance(profile, timestamp, now):
        raise Rejected(
            RejectionCode.BLOCK_TIME_AHEAD,
            f"timestamp is {timestamp}; at {now} it may be {profile.parameters.time_tolerance} ahead",
        )
    for leaf in block.proof_jobs:
        if not may_hold(profile, timestamp, leaf.timestamp):
            raise Rejected(
                RejectionCode.LEAF_TIME, f"job_id {leaf.job_id.hex()} is of {leaf.timestamp}, its block of {timestamp}"
            )


def check_committee(profile: Profile, formation: Formation, block: ClusterBlock) -> None:
    """Check what the block says of its committee. Rejects with BLOCK_MEMBERS, BLOCK_QUORUM, BLOCK_LEADER."""
    if not agrees(profile, block.cluster_members, formation.keys):
        raise Rejected(
            RejectionCode.BLOCK_MEMBERS,
            f"cluster_members has {len(block.cluster_members)} keys; all {len(formation.keys)} derived ones, in order",
        )
    needed = quorum(profile, len(formation.seats))
    if not agrees(profile, block.quorum_threshold, needed):
        raise Rejected(RejectionCode.BLOCK_QUORUM, f"quorum_threshold is {block.quorum_threshold}, not {needed}")
    leading = derived_leaders(profile, formation, block.header.view)
    if not any(agrees(profile, block.header.leader_pubkey, key) for key in leading):
        raise Rejected(
            RejectionCode.BLOCK_LEADER,
            f"leader_pubkey is {block.header.leader_pubkey.hex()}, no leader of view {block.header.view}",
        )


def is_foreign(formation: Formation, leaf: MMRLeaf) -> bool:
    """Whether a cluster cannot append a leaf in its epoch, whatever its log holds.

    Where the epoch has no rules about jobs, a completion repeats an intake of the log, whoever was the primary then.
    """
    if formation.jobs is not None:
        return not formation.jobs.owns(formation.cluster, leaf)
    return leaf.is_intake and leaf.assigned_cluster != formation.cluster


def check_jobs(profile: Profile, state: ChainState, block: ClusterBlock) -> None:
    """Check the leaves that the block appends.

    Rejects with BLOCK_TOO_MANY_JOBS, JOB_FOREIGN or as the epoch's rules do, and, for jobs that are not pending or
    stand twice, as `record` does: JOB_ALREADY_TAKEN_IN, JOB_UNKNOWN, JOB_ALREADY_COMPLETED, LEAF_MISMATCH.
    """
    greatest = profile.parameters.maximum_jobs
    if len(block.proof_jobs) > greatest:
        raise Rejected(
            RejectionCode.BLOCK_TOO_MANY_JOBS, f"proof_jobs holds {len(block.proof_jobs)} leaves; at most {greatest}"
        )
    for leaf in block.proof_jobs:
        if state.formation.jobs is not None:
            state.formation.jobs.check_leaf(state.formation.cluster, leaf)
        elif is_foreign(state.formation, leaf):
            raise Rejected(
                RejectionCode.JOB_FOREIGN,
                f"job_id {leaf.job_id.hex()} is assigned to {leaf.assigned_cluster}, not {state.formation.cluster}",
            )
    recorded(profile, state.log, block.proof_jobs)


def check_results(profile: Profile, proof_system: ProofSystem, block: ClusterBlock) -> None:
    """Check that each completion leaf has its result, and each result its proof.

    Rejects with RESULTS_MISMATCH, COMMITMENT_MISMATCH, PROOF_INVALID.
    """
    completions = tuple(leaf for leaf in block.proof_jobs if not leaf.is_intake)
    if tuple(result.job_id for result in block.proof_results) != tuple(leaf.job_id for leaf in completions):
        raise Rejected(
            RejectionCode.RESULTS_MISMATCH,
            f"{len(block.proof_results)} results for {len(completions)} completed jobs: one for each, in their order",
        )
    for leaf, result in zip(completions, block.proof_results, strict=True):
        check_result(profile, proof_system, leaf, result)


def check_provers(formation: Formation, block: ClusterBlock) -> None:
    """Check that each result is by a prover whom the epoch's rules allow. Rejects with PROVER_NOT_DRAWN."""
    completions = tuple(leaf for leaf in block.proof_jobs if not leaf.is_intake)
    if formation.jobs is not None:
        for leaf, result in zip(completions, block.proof_results, strict=True):
            formation.jobs.check_prover(formation.cluster, leaf, result.prover)


@require(lambda leaf, result: leaf.job_id == result.job_id and not leaf.is_intake)
def check_result(profile: Profile, proof_system: ProofSystem, leaf: ProofJob, result: ProofResult) -> None:
    """Check one result against its completion leaf. Rejects with COMMITMENT_MISMATCH, PROOF_INVALID."""
    if leaf.proof_commitment != proof_commitment(profile, result):
        raise Rejected(
            RejectionCode.COMMITMENT_MISMATCH, f"job_id {leaf.job_id.hex()}: the leaf commits to another result"
        )
    if not proves(profile, proof_system, replace(leaf, proof_commitment=None), result.prover, result.proof):
        raise Rejected(
            RejectionCode.PROOF_INVALID, f"job_id {leaf.job_id.hex()}: the proof of {result.prover.hex()} is refused"
        )


@ensure(lambda state, result: result.number == state.number + 1)
def apply_block(profile: Profile, state: ChainState, block: ClusterBlock) -> ChainState:
    """The state after a valid block. Rejects as `finalise` of the log does.

    A proposal may stand on a block that is notarised and not final yet; its state is the same function of the blocks
    since the last final one.
    """
    name = block_hash(profile, block)
    added = LogBlock(block.header.block_number, name, block.proof_jobs)
    log = finalise(HashCombiner(profile), state.log, added)
    attendance = attendance_after(profile, state.attendance, block, name)
    return ChainState(state.formation, name, block.header.view, block.header.timestamp, log, state.chain_id, attendance)
