"""Vectors of epochs: what one is formed of, what settles in it, what its closing commits to (RES-EPOCH, RES-JOB)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core import epoch as epochs
from taifoon.core import epoch_block, job, settlement
from taifoon.core.epoch import Assignment, EpochHistory, Foundation, Registration
from taifoon.core.epoch_block import ClusterHead, EpochHeader, GlobalState
from taifoon.core.job import JobContent, JobPhase
from taifoon.core.leaf import ProofType
from taifoon.core.settlement import Completion
from taifoon.economics.registry import seats as seats_of_entry
from taifoon.primitives.types import (
    BlockNumber,
    ChainId,
    ClusterId,
    Epoch,
    Hash32,
    PublicKey,
    View,
)
from taifoon.profile import Profile
from taifoon.rejection import RejectionCode
from taifoon_models.jobs import digest
from taifoon_toolkit.vectors.assignment import OneSeat
from taifoon_toolkit.vectors.blocks import HashGiven
from taifoon_toolkit.vectors.case import Case, Sibling
from taifoon_toolkit.vectors.method import NORMATIVE, method
from taifoon_toolkit.vectors.owners import (
    GREATEST_CLUSTERS,
    GREATEST_SEATS,
    EpochGiven,
    assignment_from,
    drawn_epoch,
    vars_of,
)
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Large, Small


@dataclass(frozen=True, slots=True)
class FoundationGiven:
    """What an epoch leaves to later ones; genesis leaves the same to the first ones."""

    global_root: Digest
    registry: tuple[Registration, ...]
    clusters: Small
    beacon: Digest


@dataclass(frozen=True, slots=True)
class HistoryAsked:
    """Genesis, what the epochs that are over left, in order, and an epoch."""

    genesis: FoundationGiven
    closed: tuple[FoundationGiven, ...]
    epoch: Large


@dataclass(frozen=True, slots=True)
class AssignmentGiven:
    """The seed of an epoch, and the seats of each cluster."""

    seed: Digest
    clusters: tuple[tuple[OneSeat, ...], ...]


@dataclass(frozen=True, slots=True)
class JobWithOwners:
    """A job, and the clusters that own it, in their order."""

    job_id: Digest
    owners: tuple[Small, ...]


@dataclass(frozen=True, slots=True)
class SettlementAsked:
    """The jobs of an epoch, the completions in its final blocks, and those that were settled before."""

    jobs: tuple[JobWithOwners, ...]
    completions: tuple[Completion, ...]
    settled: tuple[Completion, ...]


@dataclass(frozen=True, slots=True)
class SettlementGiven:
    """The completions that count, by job."""

    settled: tuple[Completion, ...]


@dataclass(frozen=True, slots=True)
class EpochBeginningAsked:
    """A chain id, an epoch, and the hash of the closing before it, if there is one."""

    chain_id: Digest
    epoch: Large
    before: Digest | None


@dataclass(frozen=True, slots=True)
class EpochViewAsked:
    """An epoch with at least one seat, and a view from 1 on."""

    epoch: EpochGiven
    view: Large


@dataclass(frozen=True, slots=True)
class SeatGiven:
    """A seat."""

    seat: OneSeat


@dataclass(frozen=True, slots=True)
class LifeAsked:
    """The epoch in which a job was taken in, and the one that it is."""

    taken_in: Large
    now: Large


@dataclass(frozen=True, slots=True)
class LifeGiven:
    """Whether a job without a settled completion is off the books."""

    expired: bool


@dataclass(frozen=True, slots=True)
class PhaseAsked:
    """When a job was taken in, the epoch that it is, whether an owner completed the job, and a closing settled it."""

    taken_in: Large
    now: Large
    completed: bool
    settled: bool


@dataclass(frozen=True, slots=True)
class PhaseGiven:
    """Where the job stands."""

    phase: JobPhase


def foundation_from(profile: Profile, given: FoundationGiven) -> Foundation:
    """A foundation as the reference has it; one that is too large or names a key twice is not asked."""
    keys = [entry.public_key for entry in given.registry]
    if len(set(keys)) < len(keys):
        raise ValueError("registry: a key stands twice")
    if given.clusters > GREATEST_CLUSTERS:
        raise ValueError(f"clusters: at most {GREATEST_CLUSTERS} are asked")
    if sum(seats_of_entry(profile, entry.stake) for entry in given.registry) > GREATEST_SEATS:
        raise ValueError(f"registry: at most {GREATEST_SEATS} seats are asked")
    return Foundation(Hash32(given.global_root), given.registry, given.clusters, Hash32(given.beacon))


def assignment_given(assignment: Assignment) -> AssignmentGiven:
    """An assignment as it is given."""
    clusters = tuple(tuple(OneSeat(*vars_of(seat)) for seat in members) for members in assignment.clusters)
    return AssignmentGiven(assignment.seed, clusters)


@method("epoch.assignment", "2.2", "R-2.1-12", "R-2.2-3", "RES-EPOCH", "RES-COUNT", "RES-STAKE", "RES-ASSIGN")
def assign(profile: Profile, given: HistoryAsked) -> AssignmentGiven:
    """The assignment of an epoch, by the epochs that are over."""
    closed = tuple(foundation_from(profile, each) for each in given.closed)
    history = EpochHistory(foundation_from(profile, given.genesis), closed)
    found = epochs.assignment_of(profile, history, Epoch(given.epoch), epochs.unheard(history))
    return assignment_given(found)


@method("epoch.settle", "2.3", "R-2.1-2", "R-1-6", "R-2.4-3", "RES-JOB")
def settle(profile: Profile, given: SettlementAsked) -> SettlementGiven:
    """The completions that an epoch settles."""
    jobs = tuple(
        settlement.OwnedJob(Hash32(each.job_id), tuple(ClusterId(owner) for owner in each.owners))
        for each in given.jobs
    )
    if len({each.job_id for each in jobs}) < len(jobs):
        raise ValueError("jobs: a job stands twice")
    return SettlementGiven(settlement.settle(profile, jobs, given.completions, given.settled))


@method("epoch.global_root", "2.2", "R-2.1-12", "R-2.2-2", "R-6.1-4")
def global_root(profile: Profile, given: GlobalState) -> HashGiven:
    """The root over all clusters."""
    return HashGiven(epoch_block.global_root(profile, given.epoch, given.heads))


@method("epoch.beginning", "2.2", "R-2.3-1", "R-2.3-3", "RES-GENESIS")
def begin(profile: Profile, given: EpochBeginningAsked) -> HashGiven:
    """The hash on which the closing of an epoch stands."""
    before = None if given.before is None else Hash32(given.before)
    return HashGiven(epoch_block.epoch_genesis(profile, Hash32(given.chain_id), Epoch(given.epoch), before))


@method("epoch.block_hash", "2.2", "R-6.1-4")
def name_of(profile: Profile, given: EpochHeader) -> HashGiven:
    """The hash of a block of the epoch chain."""
    return HashGiven(epoch_block.epoch_block_hash(profile, epoch_block.EpochBlock(given, None)))


@method("epoch.leader", "2.2", "R-2.2-4", "RES-LEADER")
def leader(profile: Profile, given: EpochViewAsked) -> SeatGiven:
    """The seat that leads a view of the epoch chain."""
    assignment = assignment_from(profile, given.epoch)
    if given.view < 1 or not assignment.seats:
        raise ValueError("view: views count from 1; registry: at least one seat")
    return SeatGiven(OneSeat(*vars_of(epoch_block.epoch_leader(profile, assignment, View(given.view)))))


@method("job.identity", "2.1", "R-2.1-2", "RES-JOB")
def identify(profile: Profile, given: JobContent) -> HashGiven:
    """The id of a job."""
    return HashGiven(job.job_identity(profile, given, Hash32(bytes(32))))


@method("job.life", "2.4", "R-2.4-2", "RES-JOB")
def live(profile: Profile, given: LifeAsked) -> LifeGiven:
    """Whether a job's last epoch is over."""
    return LifeGiven(bool(job.is_expired(profile, given.taken_in, given.now)))


@method("job.phase", "2.4", "R-2.4-2", "R-2.4-3", "RES-JOB")
def stand(profile: Profile, given: PhaseAsked) -> PhaseGiven:
    """Where a job stands in an epoch."""
    epochs_of = Epoch(given.taken_in), Epoch(given.now)
    return PhaseGiven(job.phase_of(profile, *epochs_of, completed=given.completed, settled=given.settled))


def drawn_foundation(stream: Stream, holders: int, clusters: int) -> FoundationGiven:
    """What an epoch of drawn keys leaves."""
    drawn = drawn_epoch(stream, holders, clusters, (0,), most=2)
    return FoundationGiven(stream.octets(32), drawn.registry, clusters, stream.octets(32))


def assignment_cases() -> Iterator[Case]:
    """Assignments of the first epochs and of later ones, and of an epoch that cannot be formed yet."""
    name = "epoch.assignment"
    stream = Stream("vectors/epochs")
    genesis = drawn_foundation(stream, 5, 2)
    closed = tuple(drawn_foundation(stream, 4 + number, 1 + number % 3) for number in range(4))
    for epoch in range(5):
        yield Case(name, f"epoch-{epoch}", HistoryAsked(genesis, closed[:epoch], epoch))
    ahead = HistoryAsked(genesis, closed, 2)
    yield Case(name, "an-epoch-that-is-over", ahead)
    last = closed[-1]
    for label, change in (
        ("another-root", replace(last, global_root=bytes(32))),
        ("another-registry", replace(last, registry=genesis.registry)),
        ("another-beacon", replace(last, beacon=bytes(32))),
        ("another-count", replace(last, clusters=last.clusters + 1)),
    ):
        for epoch in (4, 5):
            asked = HistoryAsked(genesis, (*closed[:-1], change, *closed[:1])[:epoch], epoch)
            yield Case(name, f"{label}-of-the-epoch-before-{epoch}", asked)
    early = HistoryAsked(genesis, closed[:2], 3)
    edit = Sibling(HistoryAsked(genesis, closed[:3], 3), "the epoch before is not over")
    yield Case(name, "not-over", early, RejectionCode.ROOT_UNKNOWN, edit)
    none = HistoryAsked(genesis, (replace(closed[0], clusters=0),), 1)
    edit = Sibling(HistoryAsked(genesis, closed[:1], 1), "no clusters")
    yield Case(name, "no-clusters", none, RejectionCode.CLUSTER_COUNT_INVALID, edit)
    drawn = drawn_epoch(stream, 6, 2, most=3)
    for view in (1, 2, 3, 40, 1 << 62):
        yield Case("epoch.leader", f"view-{view}", EpochViewAsked(drawn, view))
    yield Case("epoch.leader", "another-seed", EpochViewAsked(replace(drawn, seed=bytes(32)), 1))


def settlement_cases() -> Iterator[Case]:
    """Completions of one job by several owners, in several blocks, by strangers, and of settled jobs."""
    jobs = tuple(JobWithOwners(digest(f"job {number}"), owners) for number, owners in enumerate(((2, 0), (1,), (0, 1))))

    def by(number: int, cluster: int, block: int, proof: str = "a proof") -> Completion:
        return Completion(digest(f"job {number}"), ClusterId(cluster), BlockNumber(block), digest(proof))

    every = SettlementAsked(jobs, (by(0, 0, 1), by(0, 2, 9), by(1, 1, 4), by(2, 1, 2), by(2, 0, 7)), ())
    runs = {
        "first-owner-wins": every,
        "turned": replace(every, jobs=jobs[::-1], completions=every.completions[::-1]),
        "second-owner-alone": replace(every, completions=(by(0, 0, 1),)),
        "earliest-block": replace(every, completions=(by(0, 2, 9), by(0, 2, 3), by(0, 2, 5))),
        "least-commitment": replace(every, completions=(by(0, 2, 3), by(0, 2, 3, "another"), by(0, 2, 3, "third"))),
        "twice-the-same": replace(every, completions=(by(1, 1, 4), by(1, 1, 4))),
        "by-no-owner": replace(every, completions=(by(1, 0, 1), by(0, 1, 1))),
        "of-no-job": replace(every, completions=(by(7, 1, 1), by(1, 1, 4))),
        "settled-before": replace(every, settled=(by(0, 0, 1), by(2, 1, 1))),
        "nothing": SettlementAsked(jobs, (), ()),
        "no-owners": SettlementAsked((replace(jobs[0], owners=()),), every.completions, ()),
    }
    for label, given in runs.items():
        yield Case("epoch.settle", label, given)


HEAD = ClusterHead(ClusterId(0), BlockNumber(4), digest("block"), digest("state"), ended=False)
NO_BLOCK = ClusterHead(ClusterId(1), BlockNumber(0), None, None, ended=False)


def hash_cases() -> Iterator[Case]:
    """Roots, hashes and identities, each with one field changed."""
    head, empty = HEAD, NO_BLOCK
    base = GlobalState(Epoch(7), (head, empty))
    states = {
        "two-clusters": base,
        "another-epoch": replace(base, epoch=Epoch(8)),
        "turned": replace(base, heads=(empty, head)),
        "one-cluster": replace(base, heads=(head,)),
        "none": replace(base, heads=()),
        "ended": replace(base, heads=(head, replace(empty, ended=True))),
        "another-height": replace(base, heads=(replace(head, block_number=BlockNumber(5)), empty)),
        "another-block": replace(base, heads=(replace(head, block_hash=digest("other")), empty)),
        "another-state": replace(base, heads=(replace(head, mmr_root=digest("other")), empty)),
    }
    for label, state in states.items():
        yield Case("epoch.global_root", label, state)
    chain = digest("chain")
    for number, given in enumerate(
        (
            EpochBeginningAsked(chain, 0, None),
            EpochBeginningAsked(chain, 1, digest("closing")),
            EpochBeginningAsked(chain, 2, digest("closing")),
            EpochBeginningAsked(bytes(32), 1, digest("closing")),
            EpochBeginningAsked(chain, 1, None),
        )
    ):
        yield Case("epoch.beginning", f"beginning-{number}", given)
    header = EpochHeader(Epoch(7), View(2), View(1), digest("parent"), digest("closing"))
    headers = {
        "with-closing": header,
        "without-closing": replace(header, closing_hash=None),
        "another-view": replace(header, view=View(3)),
        "another-parent-view": replace(header, parent_view=View(0)),
        "another-epoch": replace(header, epoch=Epoch(8)),
        "another-parent": replace(header, previous_hash=digest("elsewhere")),
    }
    for label, each in headers.items():
        yield Case("epoch.block_hash", label, each)
    yield from job_cases()


def job_cases() -> Iterator[Case]:
    """Identities of jobs, and the ends of their lives."""
    asked = JobContent(
        ProofType.HEADER_INCLUSION, ChainId(1), ChainId(10), digest("payload"), PublicKey(digest("client")), 3
    )
    contents = {
        "job": asked,
        "another-type": replace(asked, job_type=ProofType.GROTH16),
        "another-source": replace(asked, source_chain=ChainId(2)),
        "another-target": replace(asked, target_chain=ChainId(2)),
        "another-payload": replace(asked, payload_hash=digest("other")),
        "another-client": replace(asked, client=PublicKey(bytes(32))),
        "another-nonce": replace(asked, nonce=4),
    }
    for label, each in contents.items():
        yield Case("job.identity", label, each)
    life = NORMATIVE.parameters.job_life
    for now in (0, 5, 5 + life - 1, 5 + life, 5 + life + 1, 1 << 40):
        yield Case("job.life", f"in-{now}", LifeAsked(5, now))
    for now in (2 * life, 2 * life + 1):
        yield Case("job.life", f"as-old-as-its-life-in-{now}", LifeAsked(life, now))
    for number, (now, completed, settled) in enumerate(
        (now, *flags) for now in (5, 5 + life, 6 + life) for flags in ((False, False), (True, False), (True, True))
    ):
        yield Case("job.phase", f"phase-{number}", PhaseAsked(5, now, completed, settled))


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from assignment_cases()
    yield from settlement_cases()
    yield from hash_cases()
