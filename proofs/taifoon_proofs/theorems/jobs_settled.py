"""Sections 2.1, 2.3 and 2.4: every job has capable owners, and one completion of it counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product

from taifoon.core.assignment import SeatKey
from taifoon.core.epoch import Assignment, Registration, is_capable
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.network_state import NetworkState
from taifoon.core.owners import (
    capable_seats,
    check_provable,
    may_prove,
    owners,
    primary,
    replicas,
)
from taifoon.core.settlement import Completion, OwnedJob, settle
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Epoch, PublicKey, Seat
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.epochs import Work, job_leaf, network, setting, small_clusters, worked
from taifoon_models.jobs import digest, intake
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

SEATS_UP_TO = bound(5, 6)
JOBS = bound(20, 60)
JOB_TYPE = ProofType.HEADER_INCLUSION


def named_key(number: int) -> PublicKey:
    """A key that nobody signs with."""
    return PublicKey(bytes(digest(f"key {number}")))


def assignment_by_turns(capable: tuple[bool, ...], clusters: int, name: str = "seed") -> Assignment:
    """One seat for each key, dealt out to the clusters in turn; some can prove the type of the jobs."""
    registry = tuple(
        Registration(named_key(number), Amount(1), (JOB_TYPE,) if able else ()) for number, able in enumerate(capable)
    )
    seats = tuple(SeatKey(entry.public_key, Seat(0)) for entry in registry)
    return Assignment(Epoch(3), digest(name), registry, seats, tuple(seats[c::clusters] for c in range(clusters)))


def leaf_in(profile: Profile, assignment: Assignment, number: int) -> MMRLeaf:
    """The intake leaf of a job that enters in an epoch."""
    draft = intake(number)
    first = primary(profile, assignment, draft)
    return replace(draft, assigned_cluster=ClusterId(0) if first is None else first)


@scenario("owners/incapable")
def incapable_owner(
    profile: Profile, trace: Trace, *, capable: list[bool], clusters: int, factor: int, job: int
) -> bool:
    """A job is taken in that has an owner without a capable seat, too few replicas, or a prover who cannot prove it."""
    assignment = assignment_by_turns(tuple(capable), clusters)
    able = sum(capable)
    trace.state("register", seats=len(capable), capable=able, clusters=clusters)
    try:
        check_provable(profile, assignment, JOB_TYPE)
    except Rejected as rejected:
        trace.state("refuse", code=rejected.code.name)
        return able >= min(2, len(capable))
    leaf = leaf_in(profile, assignment, job)
    owning = owners(profile, assignment, leaf, factor)
    drawn = replicas(profile, assignment, leaf, factor)
    allowed = tuple(
        (cluster, seat)
        for cluster in range(clusters)
        for seat in assignment.clusters[cluster]
        if may_prove(profile, assignment, ClusterId(cluster), leaf, factor, seat.public_key)
    )
    unable = sum(not is_capable(assignment, seat, JOB_TYPE) for _, seat in allowed)
    empty = sum(not capable_seats(assignment, cluster, JOB_TYPE) for cluster in owning)
    trace.state("own", owners=tuple(owning), without_capable_seat=empty, replicas=len(drawn), unable_provers=unable)
    return empty > 0 or unable > 0 or len(drawn) != min(factor, able) or len(allowed) != len(drawn)


def capabilities() -> Iterator[dict[str, Json]]:
    """Every choice of the capable among up to a few seats, a few clusters, factors and jobs."""
    for seats in range(1, SEATS_UP_TO + 1):
        for capable in product((True, False), repeat=seats):
            for clusters, factor, job in product(range(1, min(3, seats) + 1), (2, 3, 4), range(3)):
                yield {"capable": list(capable), "clusters": clusters, "factor": factor, "job": job}


@theorem(
    "T-A10",
    requirements=("R-2.1-3", "R-2.3-9", "R-2.4-1"),
    needs={Resolution.CAPABLE_OWNERS, Resolution.REPLICAS},
    technique=Technique.EXHAUSTIVE,
)
def owners_are_capable(profile: Profile) -> Verdict:
    """Every choice of the capable seats in small networks, with several cluster counts, factors and jobs."""
    return exhaust(
        profile,
        "owners/incapable",
        f"every choice of the capable among 1 to {SEATS_UP_TO} seats, 1 to 3 clusters, factors 2 to 4, 3 jobs",
        capabilities(),
    )


@scenario("owners/moved")
def ownership_is_lost(profile: Profile, trace: Trace, *, job: int, before: int, after: int, factor: int) -> bool:
    """When the count changes, a pending job has an owner that does not exist, or other owners than it needs to have.

    Owners have to stay but for those that are removed, those that are new, and those that these push out or let in.
    """
    seats = (True,) * (2 * max(before, after))
    old = assignment_by_turns(seats, before)
    new = assignment_by_turns(seats, after)
    leaf = leaf_in(profile, old, job)
    first, then = owners(profile, old, leaf, factor), owners(profile, new, leaf, factor)
    order = owners(profile, new, leaf, after)
    whole = sorted(order) == list(range(after))
    common = range(min(before, after))
    ranked = tuple(cluster for cluster in owners(profile, old, leaf, before) if cluster in common)
    kept = tuple(cluster for cluster in order if cluster in common) == ranked
    trace.state("change", before=before, after=after, owners=tuple(first), owners_after=tuple(then))
    return not then or any(cluster >= after for cluster in then) or len(set(then)) != len(then) or not (whole and kept)


@theorem(
    "T-M10",
    requirements=("R-1-5", "R-2.1-8"),
    needs={Resolution.EPOCH_SEED},
    technique=Technique.EXHAUSTIVE,
)
def pending_jobs_have_owners(profile: Profile) -> Verdict:
    """Many jobs, every change among a few cluster counts, several factors: the shipped `owners` before and after."""
    return exhaust(
        profile,
        "owners/moved",
        f"{JOBS} jobs, every change among 1 to 6 clusters, factors 1 to 3",
        (
            {"job": job, "before": before, "after": after, "factor": factor}
            for job, before, after, factor in product(range(JOBS), range(1, 7), range(1, 7), range(1, 4))
        ),
    )


def finished(now_state: NetworkState, leaves: tuple[MMRLeaf, ...]) -> bool:
    """Whether none of these jobs waits any more."""
    waiting = {job.leaf.job_id for job in now_state.pending}
    return all(leaf.job_id not in waiting for leaf in leaves)


@scenario("job/settled-twice")
def job_is_settled_twice(profile: Profile, trace: Trace, *, completing: list[list[int]], copies: int) -> bool:
    """What one client asked for once is settled more than once, or it neither waits nor is settled.

    The job enters in as many copies, each with a time and an id of its sender's. `completing` are, for each epoch, the
    places in the order of owners of those that complete it; an epoch after its settlement has nothing to do.
    """
    network_profile = small_clusters(profile, 3)
    state = network(network_profile, 6, 2)
    known: tuple[MMRLeaf, ...] = ()
    for places in completing:
        now = setting(network_profile, state)
        if not known:
            found = tuple(job_leaf(network_profile, now.assignment, 7, copy) for copy in range(copies))
            known = tuple({leaf.job_id: leaf for leaf in found}.values())
        if state.epoch > 0 and finished(state, known):
            break
        work: dict[int, tuple[Work, ...]] = {}
        for cluster in range(len(now.assignment.clusters)):
            owning = {leaf: owners(network_profile, now.assignment, leaf, now.factor) for leaf in known}
            own = tuple(leaf for leaf in known if cluster in owning[leaf])
            in_log = {leaf.job_id for leaf in now.state.chains[cluster].log.jobs.leaves} if now.state.chains else set()
            fresh = tuple(leaf for leaf in own if leaf.job_id not in in_log)
            proved = tuple(
                (leaf, now.drawn(leaf, ClusterId(cluster)))
                for leaf in own
                if owning[leaf].index(ClusterId(cluster)) in places
            )
            work[cluster] = ((fresh, ()), ((), proved))
        state, _ = worked(now, work)
        trace.state(f"epoch {now.state.epoch}", settled=len(state.settled), pending=len(state.pending))
    ids = {leaf.job_id for leaf in known}
    settled = sum(each.job_id in ids for each in state.settled)
    waiting = sum(job.leaf.job_id in ids for job in state.pending)
    return settled + waiting != 1


def lives() -> Iterator[dict[str, Json]]:
    """Every choice of the completing owners in two epochs, with one or two copies of the job."""
    subsets: tuple[list[int], ...] = ([], [0], [1], [0, 1])
    for copies, first, second in product((1, 2), subsets, subsets):
        yield {"completing": [list(first), list(second)], "copies": copies}


@scenario("job/order-decides")
def order_of_learning_decides(profile: Profile, trace: Trace, *, owning: list[int], completing: list[int]) -> bool:
    """Two completions of a job are settled, or none although an owner has one, or the order of learning decides."""
    job = OwnedJob(digest("job"), tuple(ClusterId(cluster) for cluster in owning))
    known = tuple(
        Completion(job.job_id, ClusterId(cluster), BlockNumber(number), digest(f"result {cluster} {number}"))
        for cluster in completing
        for number in (3, 2)
    )
    outcomes = {settle(profile, (job,), order, ()) for order in permutations(known)}
    wanted = 1 if set(owning) & set(completing) else 0
    trace.state("settle", owners=tuple(owning), completing=tuple(completing), settled=tuple(map(len, outcomes)))
    again = settle(profile, (job,), known, next(iter(outcomes)))
    return len(outcomes) != 1 or any(len(outcome) != wanted for outcome in outcomes) or (wanted == 1 and bool(again))


def choices() -> Iterator[dict[str, Json]]:
    """Every order of up to two owners among three clusters, and every set of up to two that complete, late ones too."""
    for count in (2, 1):
        for owning in permutations(range(3), count):
            for completing in ((0, 1), (0, 2), (1, 2), (0,), (1,), (2,), ()):
                yield {"owning": list(owning), "completing": list(completing)}


@theorem(
    "T-M9",
    requirements=("R-2.1-2", "R-2.4-2"),
    needs={Resolution.JOB_LIFE},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2", "AM4"),
)
def one_completion_of_each_job(profile: Profile) -> Verdict:
    """Whole networks of two clusters over two epochs: every choice of the owners that complete a job in each of them.

    The job enters once or twice. Agreement within a cluster and on the closing is what the consensus theorems give.
    """
    return exhaust(
        profile, "job/settled-twice", "2 epochs, every choice of the completing owners, 1 or 2 copies", lives()
    )


@theorem(
    "T-C17",
    requirements=("R-1-6", "R-2.3-1"),
    needs={Resolution.JOB_LIFE},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2", "AM4"),
)
def settlement_is_the_same_everywhere(profile: Profile) -> Verdict:
    """Every order in which a node may learn of up to four completions, for every order of owners."""
    return conclude(
        exhaust(
            profile,
            "job/order-decides",
            "1 or 2 owners among 3 clusters, up to 2 clusters with 2 completions each, every order of learning",
            choices(),
        )
    )
