"""Small chains of a cluster: formations, honest proposals, and proposals in which one rule of validity is broken."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from taifoon.core.assignment import SeatKey
from taifoon.core.attestation import Ancestor, attested, carries_votes
from taifoon.core.block import CarriedVote, ClusterBlock, Header, ProofJob, ProofResult, proof_commitment
from taifoon.core.cluster_log import empty_cluster_log
from taifoon.core.leaf import completion_of
from taifoon.core.proof_system import NOBODY
from taifoon.core.quorum import quorum
from taifoon.core.validity import ChainState, Formation, apply_block, derived_leaders, genesis_state, root_after
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Hash32, Millis, PublicKey, Seat, View
from taifoon.profile import Profile
from taifoon.rejection import RejectionCode
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key, signature

CHAIN = digest("chain")
START = 1_700_000_001_000
"""Time of the first block; the numbered jobs are a little older."""
NOW = Millis(START + 1_000)
"""Time of the second block, and what a clock shows then."""
MOST_JOBS = 8


def small(profile: Profile) -> Profile:
    """The profile with blocks of few jobs, so that one too many is soon reached."""
    return profile.with_parameters(replace(profile.parameters, maximum_jobs=MOST_JOBS))


def proof_of(job_id: Hash32, prover: PublicKey) -> bytes:
    """The one proof of a job by a prover: a digest of the job, then a digest of the job and the prover."""
    return b"".join(hashlib.sha256(part).digest() for part in (b"proof of " + job_id, prover + b" proves " + job_id))


@dataclass(frozen=True, slots=True)
class DigestProofs:
    """A proof system in which digests prove a job: one of the job, and one that binds the prover to it.

    A statement that names nobody asks for the first alone.
    """

    def verify(self, job: ProofJob, prover: PublicKey, proof: bytes) -> bool:
        """Whether these are the digests."""
        expected = proof_of(job.job_id, prover)
        if prover == NOBODY:
            return len(proof) == len(expected) and proof[:32] == expected[:32]
        return proof == expected


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
    return ProofResult(job_id, key(prover), proof_of(job_id, key(prover)))


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
    attestations: tuple[CarriedVote, ...] = (),
) -> ClusterBlock:
    """The block that an honest leader proposes, without signatures for itself."""
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
    needed = quorum(profile, len(formation.seats))
    return ClusterBlock(header, jobs, results, (), formation.keys, needed, attestations)


def votes_for_parent(profile: Profile, state: ChainState, seats: Iterable[int]) -> tuple[CarriedVote, ...]:
    """The votes of these seats for the block after which the state is, as a later block carries them."""
    return votes_under(profile, state, Ancestor(state.number, state.view, state.block_hash), seats)


def votes_for(profile: Profile, state: ChainState, number: int, seats: Iterable[int]) -> tuple[CarriedVote, ...]:
    """The votes of these seats for an ancestor of the next block, as that block carries them."""
    ancestor = next(each for each in state.attendance.ancestors if each.number == number)
    return votes_under(profile, state, ancestor, seats)


def votes_under(
    profile: Profile, state: ChainState, ancestor: Ancestor, seats: Iterable[int]
) -> tuple[CarriedVote, ...]:
    """The votes of these seats to notarise an ancestor."""
    statement = attested(state.committee, ancestor)
    return tuple(CarriedVote(ancestor.number, Seat(seat), signature(profile, seat, statement)) for seat in seats)


def first_votes(profile: Profile, state: ChainState) -> tuple[CarriedVote, ...]:
    """The votes for the parent that an honest leader carries: those of its certificate, the first quorum of seats."""
    if not carries_votes(profile):
        return ()
    return votes_for_parent(profile, state, range(quorum(profile, len(state.formation.seats))))


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
    """A valid second block: it takes in job 3, completes jobs 0 and 1, and carries votes for the first block."""
    results = (result_of(0), result_of(1, prover=1))
    completions = (completed(profile, state, result, number) for number, result in enumerate(results))
    return proposal(profile, state, 2, NOW, (taken_in(state, 3), *completions), results, first_votes(profile, state))


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


def carrying(
    carried: Callable[[Profile, ChainState], tuple[CarriedVote, ...]],
) -> Breaking:
    """These votes in the place of those that the block carries."""
    return lambda profile, state, block: replace(block, attestations=carried(profile, state))


def one_vote(profile: Profile, state: ChainState, **changes: object) -> tuple[CarriedVote, ...]:
    """The vote of seat 0 for the parent, with other values."""
    return (replace(votes_for_parent(profile, state, (0,))[0], **changes),)  # type: ignore[arg-type]


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
    result = replace(result_of(0), proof=result_of(1).proof)
    leaf = completed(profile, state, result, 0)
    jobs = (block.proof_jobs[0], leaf, *block.proof_jobs[2:])
    return with_jobs(profile, state, block, jobs, result, *block.proof_results[1:])


def copied_proof(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """A completion of job 0, with its commitment, by a member that shows another's proof as its own."""
    result = replace(result_of(0), prover=key(4))
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
    "vote before the epoch": (
        carrying(lambda profile, state: one_vote(profile, state, block=BlockNumber(0))),
        RejectionCode.CARRIED_WINDOW,
    ),
    "vote for itself": (
        carrying(lambda profile, state: one_vote(profile, state, block=BlockNumber(state.number + 1))),
        RejectionCode.CARRIED_WINDOW,
    ),
    "votes out of order": (
        carrying(lambda profile, state: votes_for_parent(profile, state, (1, 0))),
        RejectionCode.CARRIED_ORDER,
    ),
    "repeated vote": (
        carrying(lambda profile, state: votes_for_parent(profile, state, (1, 1))),
        RejectionCode.CARRIED_ORDER,
    ),
    "vote of no seat": (
        carrying(lambda profile, state: one_vote(profile, state, seat=Seat(len(state.formation.seats)))),
        RejectionCode.CARRIED_SIGNATURE,
    ),
    "vote of another": (
        carrying(lambda profile, state: one_vote(profile, state, seat=Seat(1))),
        RejectionCode.CARRIED_SIGNATURE,
    ),
    "missing result": (missing_result, RejectionCode.RESULTS_MISMATCH),
    "spare result": (spare_result, RejectionCode.RESULTS_MISMATCH),
    "repeated result": (repeated_result, RejectionCode.RESULTS_MISMATCH),
    "exchanged results": (exchanged_results, RejectionCode.RESULTS_MISMATCH),
    "other prover": (other_prover, RejectionCode.COMMITMENT_MISMATCH),
    "false proof": (false_proof, RejectionCode.PROOF_INVALID),
    "copied proof": (copied_proof, RejectionCode.PROOF_INVALID),
    "root": (in_header(mmr_root=digest("another root")), RejectionCode.BLOCK_ROOT),
}
"""Proposals in which one rule of validity is broken, and the code of that rule."""
