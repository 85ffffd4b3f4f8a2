"""Blocks of a cluster's chain: their hash, their roots, where a chain begins, and what it means to validate one.

The vectors have a proof system of their own (`spec/conformance.md`, blocks), so that every client can judge the proofs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from taifoon.core import block as blocks
from taifoon.core.attestation import Ancestor, Attendance
from taifoon.core.block import ClusterBlock, ProofResult
from taifoon.core.cluster_log import ClusterLog, LogBlock, empty_cluster_log, finalise
from taifoon.core.leaf import MMRLeaf
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import root_of_range
from taifoon.core.validity import ChainState, Formation, apply_block, check_block, genesis_state, recorded, root_after
from taifoon.primitives.encoding import decode
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Hash32, Millis, Seat, View
from taifoon.profile import HARDENED, Profile, Suite
from taifoon.rejection import Rejected
from taifoon.security.client import ClientClaim, check_for_client
from taifoon_models.blocks import PROOFS
from taifoon_toolkit.vectors.accountability import ProofGiven, proof_from
from taifoon_toolkit.vectors.assignment import OneSeat, keys_of
from taifoon_toolkit.vectors.certificates import CommitteeGiven, committee_from
from taifoon_toolkit.vectors.encoding import CANONICAL, Encoded
from taifoon_toolkit.vectors.method import ACCEPTED, MACHINES, Machine, Nothing, method, with_suite
from taifoon_toolkit.vectors.owners import EpochGiven, assignment_from, jobs_from
from taifoon_toolkit.vectors.votes import OneLink
from taifoon_toolkit.vectors.wire import Digest, Large, Small

SECTION = "2.3"


@dataclass(frozen=True, slots=True)
class BlockAsked:
    """A block, in a suite."""

    suite: Suite
    block: ClusterBlock


@dataclass(frozen=True, slots=True)
class ResultAsked:
    """A result, in a suite."""

    suite: Suite
    result: ProofResult


@dataclass(frozen=True, slots=True)
class HashGiven:
    """A digest."""

    digest: Digest


@dataclass(frozen=True, slots=True)
class BeginningAsked:
    """A chain id, a cluster, an epoch, and the cluster's last final block of earlier epochs, if it has one."""

    chain_id: Digest
    cluster: Small
    epoch: Large
    last: ClusterBlock | None


@dataclass(frozen=True, slots=True)
class BeginningGiven:
    """The parent hash of the first block of the epoch, and the number before its own."""

    parent_hash: Digest
    number: Large


@dataclass(frozen=True, slots=True)
class FinalGiven:
    """A final block: its hash, and the leaves that it appends."""

    block_hash: Digest
    leaves: tuple[MMRLeaf, ...]


@dataclass(frozen=True, slots=True)
class RootAsked:
    """The blocks of a log from the first on, and the leaves of a next one."""

    suite: Suite
    blocks: tuple[FinalGiven, ...]
    leaves: tuple[MMRLeaf, ...]


@dataclass(frozen=True, slots=True)
class RootsGiven:
    """The root of the jobs after the leaves, that of the batches before them, and the state root of both."""

    jobs_root: Digest
    batches_root: Digest
    state_root: Digest


@dataclass(frozen=True, slots=True)
class RulesGiven:
    """An epoch's rules about jobs: who serves, the factor, the leaves that wait since earlier epochs, closed jobs."""

    registry: EpochGiven
    factor: Small
    carried: tuple[MMRLeaf, ...]
    closed: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class FormationGiven:
    """A cluster in an epoch: the epoch's seed, the cluster's seats in their order, and the rules about jobs.

    Without rules a cluster owns the jobs whose leaves name it, and anybody may prove them.
    """

    epoch: Large
    cluster: Small
    seed: Digest
    seats: tuple[OneSeat, ...]
    rules: RulesGiven | None


@dataclass(frozen=True, slots=True)
class AncestorGiven:
    """An earlier block of the epoch, for which a block may carry votes."""

    number: Large
    view: Large
    block_hash: Digest


@dataclass(frozen=True, slots=True)
class PlaceGiven:
    """A vote that an earlier block carries: the block that it is for, and its seat."""

    block: Large
    seat: Small


@dataclass(frozen=True, slots=True)
class ParentGiven:
    """The parent of a proposed block, the ancestors that there are votes for, and the votes that they carry already."""

    block_hash: Digest
    view: Large
    timestamp: Large
    ancestors: tuple[AncestorGiven, ...]
    carried: tuple[PlaceGiven, ...]


@dataclass(frozen=True, slots=True)
class ValidityAsked:
    """A proposed block, and what it is judged by: the parent, the blocks up to it, the clock.

    `maximum_jobs` is the parameter of that name.
    """

    chain_id: Digest
    formation: FormationGiven
    blocks: tuple[FinalGiven, ...]
    parent: ParentGiven
    now: Large
    maximum_jobs: Small
    block: ClusterBlock


@dataclass(frozen=True, slots=True)
class ClaimAsked:
    """What a client is shown about its job: the block that completes it, and the proof that the block is final."""

    committee: CommitteeGiven
    genesis: Digest
    job_id: Digest
    block: ClusterBlock
    finality: ProofGiven


@method("block.decode", SECTION, "R-2.3-1", CANONICAL)
def decode_block(profile: Profile, given: Encoded) -> ClusterBlock:
    """Decode a block strictly."""
    return decode(ClusterBlock, given.octets, profile)


@method("block.hash", SECTION, "R-2.3-3", "R-2.3-13", "R-2.3-10", "RES-HASH")
def name_of(profile: Profile, given: BlockAsked) -> HashGiven:
    """The hash by which votes and children name a block."""
    return HashGiven(blocks.block_hash(with_suite(profile, given.suite), given.block))


@method("block.link", SECTION, "R-2.3-3", "R-2.4-5", "RES-HASH")
def link(profile: Profile, given: BlockAsked) -> OneLink:
    """What voting needs to know of a block."""
    found = blocks.link_of(with_suite(profile, given.suite), given.block)
    return OneLink(found.view, found.block_hash, found.parent_view, found.parent_hash)


@method("block.commitment", SECTION, "R-2.3-9", "R-2.4-2")
def commitment(profile: Profile, given: ResultAsked) -> HashGiven:
    """The commitment of a completion leaf to its result."""
    return HashGiven(blocks.proof_commitment(with_suite(profile, given.suite), given.result))


@method("block.beginning", SECTION, "R-2.3-1", "R-2.3-2", "R-2.3-3", "RES-GENESIS")
def beginning(profile: Profile, given: BeginningAsked) -> BeginningGiven:
    """Where the chain of a cluster begins in an epoch."""
    cluster, epoch = ClusterId(given.cluster), Epoch(given.epoch)
    parent = blocks.genesis_hash(profile, Hash32(given.chain_id), cluster, epoch, given.last)
    return BeginningGiven(parent, blocks.genesis_number(profile, given.last))


@method("block.roots", SECTION, "R-2.3-4", "R-2.1-10", "R-2.1-11", "RES-BATCH", "RES-LEAF2")
def roots(profile: Profile, given: RootAsked) -> RootsGiven:
    """The roots that a block with these leaves commits to on a log."""
    suited = with_suite(profile, given.suite)
    combiner, log = HashCombiner(suited), log_from(suited, given.blocks)
    jobs = recorded(suited, log, given.leaves)
    return RootsGiven(
        root_of_range(combiner, jobs.mountains),
        root_of_range(combiner, log.batches),
        root_after(suited, log, given.leaves),
    )


@method("block.validate", SECTION, "R-2.4-5", "RES-VALID")
def validate(profile: Profile, given: ValidityAsked) -> Nothing:
    """Accept that a block is valid on its parent, or refuse it."""
    judged = with_most_jobs(profile, given.maximum_jobs)
    parent = given.parent
    state = ChainState(
        formation_from(judged, given.formation),
        Hash32(parent.block_hash),
        View(parent.view),
        Millis(parent.timestamp),
        log_from(judged, given.blocks),
        Hash32(given.chain_id),
        attendance_from(parent),
    )
    check_block(judged, PROOFS, state, given.block, Millis(given.now))
    return ACCEPTED


@method("client.check", "6.2", "R-6.2-1", "R-2.3-9", "RES-VALID")
def check_claim(profile: Profile, given: ClaimAsked) -> ProofResult:
    """The result of a job, once a client may rely on it."""
    claim = ClientClaim(given.block, proof_from(given.finality))
    committee = committee_from(given.committee)
    return check_for_client(profile, PROOFS, committee, Hash32(given.genesis), Hash32(given.job_id), claim)


def log_from(profile: Profile, given: tuple[FinalGiven, ...]) -> ClusterLog[Hash32]:
    """The log after final blocks; blocks that no chain has are not asked."""
    log: ClusterLog[Hash32] = empty_cluster_log()
    for number, block in enumerate(given, start=1):
        try:
            log = finalise(
                HashCombiner(profile), log, LogBlock(BlockNumber(number), Hash32(block.block_hash), block.leaves)
            )
        except Rejected as rejected:
            raise ValueError(f"blocks: block {number} is none of a log: {rejected}") from rejected
    return log


def attendance_from(given: ParentGiven) -> Attendance:
    """What a block may carry of votes as the reference has it."""
    numbers = [ancestor.number for ancestor in given.ancestors]
    if len(set(numbers)) < len(numbers):
        raise ValueError("ancestors: a block stands twice")
    return Attendance(
        tuple(Ancestor(BlockNumber(item.number), View(item.view), Hash32(item.block_hash)) for item in given.ancestors),
        frozenset((BlockNumber(item.block), Seat(item.seat)) for item in given.carried),
    )


def parent_given(state: ChainState) -> ParentGiven:
    """The parent of the next block of a chain, as it is given."""
    attendance = state.attendance
    return ParentGiven(
        state.block_hash,
        state.view,
        state.timestamp,
        tuple(AncestorGiven(item.number, item.view, item.block_hash) for item in attendance.ancestors),
        tuple(PlaceGiven(*place) for place in sorted(attendance.carried)),
    )


def formation_from(profile: Profile, given: FormationGiven) -> Formation:
    """A cluster of an epoch as the reference has it."""
    seats = keys_of(given.seats)
    if not seats:
        raise ValueError("seats: a cluster has at least one seat")
    rules = None
    if given.rules is not None:
        assignment = assignment_from(profile, given.rules.registry)
        rules = jobs_from(profile, assignment, given.rules.factor, given.rules.carried, given.rules.closed)
    return Formation(Epoch(given.epoch), ClusterId(given.cluster), Hash32(given.seed), seats, rules)


def with_most_jobs(profile: Profile, most: int) -> Profile:
    """The profile with another bound on the leaves of a block."""
    if most < 1:
        raise ValueError("maximum_jobs: a block may hold at least one job")
    return profile.with_parameters(replace(profile.parameters, maximum_jobs=most))


# --- A cluster's chain in one epoch, block by block. ---


@dataclass(frozen=True, slots=True)
class ChainBegun:
    """A chain id, and a cluster that never had a block."""

    chain_id: Digest
    formation: FormationGiven


@dataclass(frozen=True, slots=True)
class Proposed:
    """A block that was proposed on the last one, and what the clock shows."""

    now: Large
    block: ClusterBlock


@dataclass(frozen=True, slots=True)
class ChainShown:
    """Where the chain stands: its last block as a parent, the counts and roots of both ranges, open jobs in order.

    Votes that are carried are listed by block and seat.
    """

    number: Large
    last: ParentGiven
    leaves: Large
    jobs_root: Digest
    batches: Large
    batches_root: Digest
    open_jobs: tuple[Digest, ...]


def begin(profile: Profile, given: ChainBegun) -> ChainState:
    """The state before the first block."""
    formation = formation_from(profile, given.formation)
    return genesis_state(profile, Hash32(given.chain_id), formation, empty_cluster_log(), None)


def extend(profile: Profile, state: ChainState, event: Proposed) -> ChainState:
    """The state after a valid block, or a rejection."""
    check_block(profile, PROOFS, state, event.block, Millis(event.now))
    return apply_block(profile, state, event.block)


def shown(state: ChainState) -> ChainShown:
    """The state as a snapshot has it."""
    combiner, log = HashCombiner(HARDENED), state.log
    done = {leaf.job_id for leaf in log.jobs.leaves if not leaf.is_intake}
    return ChainShown(
        state.number,
        parent_given(state),
        log.jobs.mountains.count,
        root_of_range(combiner, log.jobs.mountains),
        log.batches.count,
        root_of_range(combiner, log.batches),
        tuple(leaf.job_id for leaf in log.jobs.leaves if leaf.is_intake and leaf.job_id not in done),
    )


MACHINES["cluster_chain"] = Machine(
    "cluster_chain",
    SECTION,
    ("R-2.3-1", "R-2.1-10", "RES-VALID"),
    "The chain of a cluster in one epoch: an event is a proposed block, which is validated and becomes the last one.",
    ChainBegun,
    Proposed,
    ChainShown,
    begin,
    extend,
    shown,
)
