"""Sections 2.4 and 6.2: replicas are distinct capable seats over many clusters, so that dead clusters stop no job."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

from taifoon.core.assignment import SeatKey
from taifoon.core.epoch import Assignment, Registration, is_capable
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.owners import may_prove, owners, primary
from taifoon.primitives.types import Amount, ClusterId, Epoch, PublicKey, Seat
from taifoon.profile import Profile, Resolution
from taifoon_models.jobs import digest, intake
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

GREATEST_FACTOR = 4
CLUSTERS = bound(3, 4)
SEEDS = bound(2, 3)
CAPABLE = bound(2, 3)
REACH = f"up to {CAPABLE} capable seats in each of up to {CLUSTERS} clusters, factors up to {GREATEST_FACTOR}"
JOB_TYPE = ProofType.HEADER_INCLUSION

Prover = tuple[ClusterId, SeatKey]


def assignment_with(sizes: list[int], draw: int) -> Assignment:
    """Clusters with so many seats that can prove the jobs, and in each one seat that cannot; one seat for each key."""
    registry, clusters = [], []
    for cluster, size in enumerate(sizes):
        keys = [PublicKey(bytes(digest(f"key {cluster}/{number}"))) for number in range(size + 1)]
        registry += [
            Registration(key, Amount(1), (JOB_TYPE,) if number < size else ()) for number, key in enumerate(keys)
        ]
        clusters.append(tuple(SeatKey(key, Seat(0)) for key in keys))
    seats = tuple(seat for members in clusters for seat in members)
    return Assignment(Epoch(3), digest(f"seed {draw}"), tuple(registry), seats, tuple(clusters))


def without_seat(assignment: Assignment, gone: SeatKey) -> Assignment:
    """The same epoch without one seat."""
    clusters = tuple(tuple(seat for seat in members if seat != gone) for members in assignment.clusters)
    return replace(assignment, seats=tuple(seat for members in clusters for seat in members), clusters=clusters)


def leaf_of(profile: Profile, assignment: Assignment) -> MMRLeaf:
    """The intake leaf of a job in its epoch."""
    draft = intake(0)
    return replace(draft, assigned_cluster=primary(profile, assignment, draft) or ClusterId(0))


def provers(profile: Profile, assignment: Assignment, leaf: MMRLeaf, factor: int) -> tuple[Prover, ...]:
    """Every seat whose proof of the job its cluster accepts; a cluster that is no more accepts none."""
    owning = (owner for owner in owners(profile, assignment, leaf, factor) if owner < len(assignment.clusters))
    return tuple(
        (owner, seat)
        for owner in sorted(owning)
        for seat in assignment.clusters[owner]
        if may_prove(profile, assignment, owner, leaf, factor, seat.public_key)
    )


def memberships() -> Iterator[list[int]]:
    """Capable seats of a few clusters, none to some in each, at least one in all; larger networks last."""
    for clusters in range(1, CLUSTERS + 1):
        yield from (list(sizes) for sizes in product(range(CAPABLE, -1, -1), repeat=clusters) if sum(sizes))


def drawings() -> Iterator[tuple[list[int], int, int]]:
    """Every small membership, factors up to four, a few seeds."""
    yield from product(memberships(), range(1, GREATEST_FACTOR + 1), range(SEEDS))


def draws() -> Iterator[dict[str, Json]]:
    """Every small membership, factor and seed, as parameters."""
    for sizes, factor, draw in drawings():
        yield {"sizes": sizes, "factor": factor, "draw": draw}


@scenario("placement/other-seats-prove")
def provers_are_not_the_replicas(profile: Profile, trace: Trace, *, sizes: list[int], factor: int, draw: int) -> bool:
    """Those who may prove a job are not as many distinct capable seats as it takes, over as many clusters as can be."""
    assignment = assignment_with(sizes, draw)
    found = provers(profile, assignment, leaf_of(profile, assignment), factor)
    homes = tuple(sorted({cluster for cluster, _ in found}))
    able = all(is_capable(assignment, seat, JOB_TYPE) for _, seat in found)
    trace.state("draw", sizes=tuple(sizes), factor=factor, provers=len(found), capable=able, clusters=homes)
    spread = min(factor, sum(size > 0 for size in sizes))
    return not able or len(found) != min(factor, sum(sizes)) or len(homes) != spread


@scenario("placement/removal-disturbs")
def removal_changes_other_sets(
    profile: Profile, trace: Trace, *, sizes: list[int], factor: int, draw: int, cluster: int, number: int
) -> bool:
    """Removing a seat changes who may prove a job that the seat did not prove."""
    assignment = assignment_with(sizes, draw)
    removed = assignment.clusters[cluster][number]
    leaf = leaf_of(profile, assignment)
    before = provers(profile, assignment, leaf, factor)
    after = provers(profile, without_seat(assignment, removed), leaf, factor)
    shown = {name: tuple(seat.public_key for _, seat in some) for name, some in (("before", before), ("after", after))}
    trace.state("remove", sizes=tuple(sizes), removed=removed.public_key, **shown)
    return removed not in {seat for _, seat in before} and before != after


def removals() -> Iterator[dict[str, Json]]:
    """Every draw with each seat removed."""
    for sizes, factor in product(memberships(), range(1, GREATEST_FACTOR + 1)):
        for cluster, size in enumerate(sizes):
            for number in range(size + 1):
                yield {"sizes": sizes, "factor": factor, "draw": 0, "cluster": cluster, "number": number}


@theorem(
    "T-S12",
    requirements=("R-2.4-1", "R-3.1-8"),
    needs={Resolution.REPLICAS, Resolution.CAPABLE_OWNERS},
    technique=Technique.EXHAUSTIVE,
)
def replica_sets_are_drawn(profile: Profile) -> Verdict:
    """The shipped owners and their shipped rule for provers run for every small membership, beside incapable seats."""
    return conclude(
        exhaust(profile, "placement/other-seats-prove", f"{REACH}, {SEEDS} seeds", draws()),
        exhaust(profile, "placement/removal-disturbs", f"{REACH}, each seat removed", removals()),
    )


@scenario("placement/dead-clusters-stop-a-job")
def dead_clusters_stop_a_job(
    profile: Profile, trace: Trace, *, sizes: list[int], factor: int, draw: int, dead: list[int]
) -> bool:
    """No capable prover of a job is alive, although fewer clusters are dead than it could have been spread over."""
    assignment = assignment_with(sizes, draw)
    found = provers(profile, assignment, leaf_of(profile, assignment), factor)
    homes = tuple(sorted({cluster for cluster, seat in found if is_capable(assignment, seat, JOB_TYPE)}))
    alive = tuple(home for home in homes if home not in dead)
    trace.state("fail", sizes=tuple(sizes), factor=factor, homes=homes, dead=tuple(dead), alive=alive)
    return not alive and len(dead) < min(factor, sum(size > 0 for size in sizes))


@scenario("placement/not-taken-over")
def job_is_not_taken_over(
    profile: Profile, trace: Trace, *, before: list[int], after: list[int], factor: int, draw: int
) -> bool:
    """After an epoch turned, a pending job has no capable prover, although capable seats are left."""
    leaf = leaf_of(profile, assignment_with(before, draw))
    assignment = assignment_with(after, draw + SEEDS)
    found = provers(profile, assignment, leaf, factor)
    homes = tuple(sorted({cluster for cluster, seat in found if is_capable(assignment, seat, JOB_TYPE)}))
    trace.state("turn", before=tuple(before), after=tuple(after), named=leaf.assigned_cluster, homes=homes)
    return not homes


def failures() -> Iterator[dict[str, Json]]:
    """Every draw with every set of dead clusters, more of them first."""
    for sizes, factor, draw in drawings():
        for count in range(len(sizes), -1, -1):
            for dead in combinations(range(len(sizes)), count):
                yield {"sizes": sizes, "factor": factor, "draw": draw, "dead": list(dead)}


def turns_of_epochs() -> Iterator[dict[str, Json]]:
    """Every pair of small memberships."""
    every = list(memberships())
    for before, after, factor in product(every, every, (1, 2)):
        yield {"before": before, "after": after, "factor": factor, "draw": 0}


@theorem(
    "T-S11",
    requirements=("R-6.2-2",),
    needs={Resolution.EPOCH_SEED, Resolution.CAPABLE_OWNERS},
    technique=Technique.EXHAUSTIVE,
)
def dead_clusters_stop_no_job(profile: Profile) -> Verdict:
    """The shipped owners and provers run for every small membership with every set of dead clusters.

    For the epoch after, they run for pairs of memberships, the later one being whatever seats are left; that the job is
    still pending there is what its log keeps.
    """
    return conclude(
        exhaust(
            profile,
            "placement/dead-clusters-stop-a-job",
            f"{REACH}, {SEEDS} seeds, every set of dead clusters",
            failures(),
        ),
        exhaust(profile, "placement/not-taken-over", f"{REACH}, pairs of memberships", turns_of_epochs()),
    )
