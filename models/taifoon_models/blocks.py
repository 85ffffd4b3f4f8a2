"""Small chains of a cluster: formations, honest proposals, and proposals in which one rule of validity is broken."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from taifoon.core.assignment import SeatKey
from taifoon.core.block import ClusterBlock, Header, ProofJob, ProofResult, proof_commitment
from taifoon.core.cluster_log import empty_cluster_log
from taifoon.core.leaf import completion_of
from taifoon.core.quorum import quorum
from taifoon.core.validity import ChainState, Formation, apply_block, derived_leaders, genesis_state, root_after
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Hash32, Millis, Seat, View
from taifoon.profile import Profile
from taifoon.rejection import RejectionCode
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key

CHAIN = digest("chain")
START = 1_700_000_001_000
"""Time of the first block; the numbered jobs are a little older."""
NOW = Millis(START + 1_000)
"""Time of the second block, and what a clock shows then."""
MOST_JOBS = 8


def small(profile: Profile) -> Profile:
    """The profile with blocks of few jobs, so that one too many is soon reached."""
    return profile.with_parameters(replace(profile.parameters, maximum_jobs=MOST_JOBS))


def proof_of(job_id: Hash32) -> bytes:
    """The one proof that a job has in these models."""
    return hashlib.sha256(b"proof of " + job_id).digest()


@dataclass(frozen=True, slots=True)
class DigestProofs:
    """A proof system in which a digest of the job's identity proves the job."""

    def verify(self, job: ProofJob, proof: bytes) -> bool:
        """Whether this is the digest."""
        return proof == proof_of(job.job_id)


PROOFS = DigestProofs()


def formation_of(seats: int, epoch: int = 3, cluster: int = 1) -> Formation:
    """A cluster in which key `i` holds seat `i`."""
    held = tuple(SeatKey(key(number), Seat(0)) for number in range(seats))
    return Formation(Epoch(epoch), ClusterId(cluster), digest(f"seed of epoch {epoch}"), held)


def first_state(profile: Profile, seats: int) -> ChainState:
    """The state before the first block of a new cluster."""
    return genesis_state(profile, CHAIN, formation_of(seats), empty_cluster_log(), None)


def result_of(number: int, prover: int = 0) -> ProofResult:
    """The result of job `number` by a prover."""
    job_id = intake(number).job_id
    return ProofResult(job_id, key(prover), proof_of(job_id))


def taken_in(state: ChainState, number: int) -> ProofJob:
    """The intake leaf of job `number` in the state's cluster."""
    return intake(number, state.formation.cluster)


def completed(profile: Profile, state: ChainState, result: ProofResult, number: int) -> ProofJob:
    """The completion leaf of job `number` with the commitment of a result."""
    return completion_of(taken_in(state, number), proof_commitment(profile, result))


def proposal(
    profile: Profile,
    state: ChainState,
    view: int,
    timestamp: int,
    jobs: tuple[ProofJob, ...] = (),
    results: tuple[ProofResult, ...] = (),
) -> ClusterBlock:
    """The block that an honest leader proposes, without signatures."""
    formation = state.formation
    header = Header(
        block_number=BlockNumber(state.number + 1),
        previous_hash=state.block_hash,
        mmr_root=root_after(profile, state.log, jobs),
        cluster_id=formation.cluster,
        timestamp=Millis(timestamp),
        leader_pubkey=derived_leaders(profile, formation, View(view))[0],
        epoch=formation.epoch,
        view=View(view),
        parent_view=state.view,
    )
    return ClusterBlock(header, jobs, results, (), formation.keys, quorum(profile, len(formation.seats)))


def opening_block(profile: Profile, state: ChainState) -> ClusterBlock:
    """A valid first block: it takes in jobs 0, 1 and 2, and completes job 2."""
    result = result_of(2)
    jobs = (*(taken_in(state, number) for number in range(3)), completed(profile, state, result, 2))
    return proposal(profile, state, 1, START, jobs, (result,))


def opened(profile: Profile, seats: int) -> ChainState:
    """The state after the opening block."""
    state = first_state(profile, seats)
    return apply_block(profile, state, opening_block(profile, state))


def working_block(profile: Profile, state: ChainState) -> ClusterBlock:
    """A valid second block: it takes in job 3, and completes jobs 0 and 1."""
    results = (result_of(0), result_of(1, prover=1))
    completions = (completed(profile, state, result, number) for number, result in enumerate(results))
    return proposal(profile, state, 2, NOW, (taken_in(state, 3), *completions), results)


def with_header(block: ClusterBlock, **changes: object) -> ClusterBlock:
    """The block with other values in its header."""
    return replace(block, header=replace(block.header, **changes))  # type: ignore[arg-type]


def with_jobs(
    profile: Profile, state: ChainState, block: ClusterBlock, jobs: tuple[ProofJob, ...], *results: ProofResult
) -> ClusterBlock:
    """The block with other leaves and results, and the root that fits them."""
    fitted = replace(block, proof_jobs=jobs, proof_results=results)
    return with_header(fitted, mmr_root=root_after(profile, state.log, jobs))


Breaking = Callable[[Profile, ChainState, ClusterBlock], ClusterBlock]


def in_header(**changes: object) -> Breaking:
    """Other values in the header."""
    return lambda profile, state, block: with_header(block, **changes)


def other_member_order(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """The members in another order."""
    return replace(block, cluster_members=block.cluster_members[::-1])


def lower_quorum(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """A threshold of one less."""
    return replace(block, quorum_threshold=block.quorum_threshold - 1)


def other_leader(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """Another member as the leader."""
    others = (member for member in block.cluster_members if member != block.header.leader_pubkey)
    return with_header(block, leader_pubkey=next(others))


def earlier_view(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """The parent's own view, by the leader of that view."""
    return with_header(block, view=state.view, leader_pubkey=derived_leaders(profile, state.formation, state.view)[0])


def time_of_parent(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """The parent's own time."""
    return with_header(block, timestamp=state.timestamp)


def time_ahead(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """A millisecond more than the tolerance ahead of the clock."""
    return with_header(block, timestamp=Millis(NOW + profile.parameters.time_tolerance + 1))


def later_leaf(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """An intake of a millisecond after the block."""
    late = replace(taken_in(state, 4), timestamp=Millis(block.header.timestamp + 1))
    return with_jobs(profile, state, block, (*block.proof_jobs, late), *block.proof_results)


def too_many_jobs(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """One intake more than a block may hold."""
    count = profile.parameters.maximum_jobs + 1
    return with_jobs(profile, state, block, tuple(taken_in(state, 3 + number) for number in range(count)))


def foreign_job(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """An intake that is assigned to another cluster."""
    foreign = intake(4, state.formation.cluster + 1)
    return with_jobs(profile, state, block, (*block.proof_jobs, foreign), *block.proof_results)


def repeated_intake(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """A job that the block takes in twice."""
    return replace(block, proof_jobs=(*block.proof_jobs, block.proof_jobs[0]))


def old_intake(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """A job that an earlier block took in."""
    return replace(block, proof_jobs=(*block.proof_jobs, taken_in(state, 0)))


def unknown_job(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """The completion, with its result, of a job that nobody took in."""
    return with_completion(profile, state, block, 9)


def old_completion(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """A job, with its result, that an earlier block completed."""
    return with_completion(profile, state, block, 2)


def with_completion(profile: Profile, state: ChainState, block: ClusterBlock, number: int) -> ClusterBlock:
    """The block with one more completion and its result."""
    result = result_of(number)
    leaf = completed(profile, state, result, number)
    return replace(block, proof_jobs=(*block.proof_jobs, leaf), proof_results=(*block.proof_results, result))


def repeated_completion(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """A job that the block completes twice, each time with its result."""
    return replace(
        block,
        proof_jobs=(*block.proof_jobs, block.proof_jobs[-1]),
        proof_results=(*block.proof_results, block.proof_results[-1]),
    )


def altered_completion(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """A completion that differs from its intake in the priority."""
    last = replace(block.proof_jobs[-1], priority=0)
    return replace(block, proof_jobs=(*block.proof_jobs[:-1], last))


def missing_result(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """One result less than jobs completed."""
    return replace(block, proof_results=block.proof_results[:-1])


def spare_result(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """A result of a job that the block does not complete."""
    return replace(block, proof_results=(*block.proof_results, result_of(3)))


def repeated_result(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """Two results of one completed job."""
    return replace(block, proof_results=(*block.proof_results, block.proof_results[-1]))


def exchanged_results(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """The results in another order than the jobs."""
    return replace(block, proof_results=block.proof_results[::-1])


def other_prover(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """The same proof, claimed by another prover than the leaf commits to."""
    return replace(block, proof_results=(replace(block.proof_results[0], prover=key(4)), *block.proof_results[1:]))


def false_proof(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """A completion of job 0, with its commitment, by the proof of job 1."""
    result = replace(result_of(0), proof=proof_of(intake(1).job_id))
    leaf = completed(profile, state, result, 0)
    jobs = (block.proof_jobs[0], leaf, *block.proof_jobs[2:])
    return with_jobs(profile, state, block, jobs, result, *block.proof_results[1:])


BREAKINGS: dict[str, tuple[Breaking, RejectionCode]] = {
    "parent": (in_header(previous_hash=digest("elsewhere")), RejectionCode.BLOCK_PARENT),
    "number": (in_header(block_number=BlockNumber(7)), RejectionCode.BLOCK_DISCONTINUOUS),
    "epoch": (in_header(epoch=Epoch(4)), RejectionCode.BLOCK_EPOCH),
    "cluster": (in_header(cluster_id=ClusterId(2)), RejectionCode.BLOCK_CLUSTER),
    "parent view": (in_header(parent_view=View(0)), RejectionCode.BLOCK_VIEW),
    "view": (earlier_view, RejectionCode.BLOCK_VIEW),
    "time of the parent": (time_of_parent, RejectionCode.BLOCK_TIME_NOT_LATER),
    "time ahead": (time_ahead, RejectionCode.BLOCK_TIME_AHEAD),
    "later leaf": (later_leaf, RejectionCode.LEAF_TIME),
    "members": (other_member_order, RejectionCode.BLOCK_MEMBERS),
    "quorum": (lower_quorum, RejectionCode.BLOCK_QUORUM),
    "leader": (other_leader, RejectionCode.BLOCK_LEADER),
    "too many jobs": (too_many_jobs, RejectionCode.BLOCK_TOO_MANY_JOBS),
    "foreign job": (foreign_job, RejectionCode.JOB_FOREIGN),
    "repeated intake": (repeated_intake, RejectionCode.JOB_ALREADY_TAKEN_IN),
    "old intake": (old_intake, RejectionCode.JOB_ALREADY_TAKEN_IN),
    "unknown job": (unknown_job, RejectionCode.JOB_UNKNOWN),
    "repeated completion": (repeated_completion, RejectionCode.JOB_ALREADY_COMPLETED),
    "old completion": (old_completion, RejectionCode.JOB_ALREADY_COMPLETED),
    "altered completion": (altered_completion, RejectionCode.LEAF_MISMATCH),
    "missing result": (missing_result, RejectionCode.RESULTS_MISMATCH),
    "spare result": (spare_result, RejectionCode.RESULTS_MISMATCH),
    "repeated result": (repeated_result, RejectionCode.RESULTS_MISMATCH),
    "exchanged results": (exchanged_results, RejectionCode.RESULTS_MISMATCH),
    "other prover": (other_prover, RejectionCode.COMMITMENT_MISMATCH),
    "false proof": (false_proof, RejectionCode.PROOF_INVALID),
    "root": (in_header(mmr_root=digest("another root")), RejectionCode.BLOCK_ROOT),
}
"""Proposals in which one rule of validity is broken, and the code of that rule."""
