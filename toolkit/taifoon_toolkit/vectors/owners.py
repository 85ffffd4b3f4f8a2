"""Vectors of owners and replicas: who takes a job in, and who proves it (RES-EPOCH, RES-CAP, RES-REPL).

An epoch is given by its seed, its registry and its cluster count; seats and clusters follow from these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core import owners
from taifoon.core.assignment import clusters_of_seats
from taifoon.core.epoch import Assignment, Registration, seats_of
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.owners import OwnedJobs
from taifoon.economics.registry import seats as seats_of_entry
from taifoon.primitives.types import Amount, ClusterId, Epoch, Hash32, PublicKey
from taifoon.profile import Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.assignment import OneSeat
from taifoon_toolkit.vectors.case import Case, Double, Sibling, accept
from taifoon_toolkit.vectors.encoding import sample_leaf
from taifoon_toolkit.vectors.method import ACCEPTED, NORMATIVE, Nothing, method
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Large, Small

SECTION = "2.4"
BIG = "RES-ENC.integer"
GREATEST_SEATS = 256
GREATEST_CLUSTERS = 64
GREATEST_FACTOR = 256


@dataclass(frozen=True, slots=True)
class EpochGiven:
    """An epoch: its number, its seed, the registrations that serve in it, and its cluster count."""

    epoch: Large
    seed: Digest
    registry: tuple[Registration, ...]
    clusters: Small


@dataclass(frozen=True, slots=True)
class EpochFormed:
    """All seats of an epoch, and the seats of each cluster."""

    seats: tuple[OneSeat, ...]
    clusters: tuple[tuple[OneSeat, ...], ...]


@dataclass(frozen=True, slots=True)
class OrderAsked:
    """A seed, a job, and a cluster count of at least 1."""

    seed: Digest
    job_id: Digest
    clusters: Small


@dataclass(frozen=True, slots=True)
class OrderGiven:
    """Clusters, in an order."""

    clusters: tuple[Small, ...]


@dataclass(frozen=True, slots=True)
class OwnersAsked:
    """An epoch, a job by its id and type, and its duplication factor, at least 1."""

    epoch: EpochGiven
    job_id: Digest
    job_type: ProofType
    factor: Small


@dataclass(frozen=True, slots=True)
class OneReplica:
    """A seat that proves a job, and the owner for which it does."""

    cluster: Small
    seat: OneSeat


@dataclass(frozen=True, slots=True)
class ReplicasGiven:
    """Replicas, in the order of their draw."""

    replicas: tuple[OneReplica, ...]


@dataclass(frozen=True, slots=True)
class LeafAsked:
    """An epoch, its rules about jobs, and a leaf that a cluster wants to record.

    `carried` are the intake leaves of jobs that wait since earlier epochs, `closed` the jobs that are settled or
    expired.
    """

    epoch: EpochGiven
    factor: Small
    carried: tuple[MMRLeaf, ...]
    closed: tuple[Digest, ...]
    cluster: Small
    leaf: MMRLeaf


@dataclass(frozen=True, slots=True)
class ProverAsked:
    """An epoch, a cluster, a leaf of a job, the job's factor, and the key that proved it."""

    epoch: EpochGiven
    factor: Small
    cluster: Small
    leaf: MMRLeaf
    prover: Digest


def assignment_from(profile: Profile, given: EpochGiven) -> Assignment:
    """An epoch as the reference has it; one that is too large or names a key twice is not asked."""
    registry = tuple(sorted(given.registry, key=lambda entry: entry.public_key))
    keys = [entry.public_key for entry in registry]
    if len(set(keys)) < len(keys):
        raise ValueError("registry: a key stands twice")
    if not 1 <= given.clusters <= GREATEST_CLUSTERS:
        raise ValueError(f"clusters: from 1 to {GREATEST_CLUSTERS} are asked")
    if sum(seats_of_entry(profile, entry.stake) for entry in registry) > GREATEST_SEATS:
        raise ValueError(f"registry: at most {GREATEST_SEATS} seats are asked")
    seed, every = Hash32(given.seed), seats_of(profile, registry)
    placed = clusters_of_seats(profile, seed, every, given.clusters)
    clusters = tuple(
        tuple(seat for seat, place in zip(every, placed, strict=True) if place == cluster)
        for cluster in range(given.clusters)
    )
    return Assignment(Epoch(given.epoch), seed, registry, every, clusters)


def factor_from(factor: int) -> int:
    """A duplication factor that can be asked."""
    if not 1 <= factor <= GREATEST_FACTOR:
        raise ValueError(f"factor: from 1 to {GREATEST_FACTOR} are asked")
    return factor


def leaf_of_job(job_id: bytes, job_type: ProofType) -> MMRLeaf:
    """An intake leaf of a job; owners and replicas read its id and type alone."""
    return replace(BLANK, job_id=Hash32(job_id), job_type=job_type)


def jobs_from(
    profile: Profile, assignment: Assignment, factor: int, carried: tuple[MMRLeaf, ...], closed: tuple[bytes, ...]
) -> OwnedJobs:
    """An epoch's rules about jobs as the reference has them."""
    return OwnedJobs(profile, assignment, factor_from(factor), carried, frozenset(Hash32(each) for each in closed))


@method("epoch.seats", "2.2", "R-2.1-13", "R-2.2-3", "R-6.1-1", "RES-STAKE", "RES-ASSIGN", BIG)
def form(profile: Profile, given: EpochGiven) -> EpochFormed:
    """The seats of an epoch, and their clusters."""
    assignment = assignment_from(profile, given)
    return EpochFormed(
        tuple(OneSeat(*vars_of(seat)) for seat in assignment.seats),
        tuple(tuple(OneSeat(*vars_of(seat)) for seat in members) for members in assignment.clusters),
    )


def vars_of(seat: Any) -> tuple[bytes, int]:
    """The key and the number of a seat."""
    return seat.public_key, seat.seat


@method("owners.order", SECTION, "R-2.1-8", "R-1-5", "RES-EPOCH", BIG)
def order(profile: Profile, given: OrderAsked) -> OrderGiven:
    """All clusters, in the order of their draws for a job."""
    if not 1 <= given.clusters <= GREATEST_CLUSTERS:
        raise ValueError(f"clusters: from 1 to {GREATEST_CLUSTERS} are asked")
    found = owners.rendezvous_order(profile, Hash32(given.seed), Hash32(given.job_id), given.clusters)
    return OrderGiven(tuple(int(cluster) for cluster in found))


@method("owners.of", SECTION, "R-2.1-8", "R-1-5", "R-6.2-2", "RES-EPOCH", "RES-CAP", BIG)
def own(profile: Profile, given: OwnersAsked) -> OrderGiven:
    """The clusters that own a job, the primary first; none where no cluster can prove it."""
    leaf = leaf_of_job(given.job_id, given.job_type)
    found = owners.owners(profile, assignment_from(profile, given.epoch), leaf, factor_from(given.factor))
    return OrderGiven(tuple(int(cluster) for cluster in found))


@method("replicas.of", SECTION, "R-2.4-1", "R-6.2-2", "RES-REPL", "RES-CAP", BIG)
def draw(profile: Profile, given: OwnersAsked) -> ReplicasGiven:
    """The seats that prove a job."""
    leaf = leaf_of_job(given.job_id, given.job_type)
    found = owners.replicas(profile, assignment_from(profile, given.epoch), leaf, factor_from(given.factor))
    return ReplicasGiven(tuple(OneReplica(each.cluster, OneSeat(*vars_of(each.seat))) for each in found))


@method("jobs.check_leaf", SECTION, "R-2.1-8", "R-2.1-2", "R-2.3-8", "RES-CAP", "RES-EPOCH", "RES-JOB")
def check_leaf(profile: Profile, given: LeafAsked) -> Nothing:
    """Accept that a cluster may record a leaf in an epoch, or refuse it."""
    assignment = assignment_from(profile, given.epoch)
    jobs = jobs_from(profile, assignment, given.factor, given.carried, given.closed)
    jobs.check_leaf(ClusterId(given.cluster), given.leaf)
    return ACCEPTED


@method("jobs.check_prover", SECTION, "R-2.4-1", "R-2.3-9", "RES-REPL")
def check_prover(profile: Profile, given: ProverAsked) -> Nothing:
    """Accept that a key may prove a job for a cluster, or refuse it."""
    jobs = jobs_from(profile, assignment_from(profile, given.epoch), given.factor, (), ())
    jobs.check_prover(ClusterId(given.cluster), given.leaf, PublicKey(given.prover))
    return ACCEPTED


BLANK = replace(sample_leaf(Stream("vectors/owners/leaf")), priority=0)
EVERY = tuple(ProofType)
RARE = ProofType.GROTH16
"""The type that few seats of the drawn epochs can prove."""


def drawn_epoch(stream: Stream, holders: int, clusters: int, rare: tuple[int, ...] = (), most: int = 3) -> EpochGiven:
    """An epoch of drawn keys with 1 to `most` seats each; of the rare type only some of them are capable."""
    unit = NORMATIVE.parameters.seat_stake
    entries = tuple(
        Registration(
            PublicKey(stream.octets(32)),
            Amount((1 + stream.below(most)) * unit + stream.below(unit)),
            EVERY if number in rare else EVERY[:-1],
        )
        for number in range(holders)
    )
    return EpochGiven(stream.below(1 << 32), stream.octets(32), entries, clusters)


def turned(asked: OwnersAsked) -> OwnersAsked:
    """The same with its registry listed the other way round."""
    return replace(asked, epoch=replace(asked.epoch, registry=asked.epoch.registry[::-1]))


def drawn_cases() -> Iterator[Case]:
    """Orders, owners and replicas of drawn jobs, among them some that few seats can prove."""
    stream = Stream("vectors/owners")
    for clusters in (1, 2, 3, 7, 16, 64):
        for number in range(2):
            asked = OrderAsked(stream.octets(32), stream.octets(32), clusters)
            yield Case("owners.order", f"{clusters}-clusters-{number}", asked)
    shapes = ((1, 1, ()), (4, 1, (1,)), (6, 2, (0, 5)), (9, 3, (2,)), (12, 5, (0, 1, 2)), (5, 7, (4,)), (8, 4, ()))
    for holders, clusters, rare in shapes:
        epoch = drawn_epoch(stream, holders, clusters, rare)
        label = f"{holders}-holders-{clusters}-clusters"
        yield Case("epoch.seats", label, epoch)
        yield Case("epoch.seats", f"{label}-turned", replace(epoch, registry=epoch.registry[::-1]))
        for factor in (1, 2, 3, 8):
            for kind in (ProofType.HEADER_INCLUSION, RARE):
                job = OwnersAsked(epoch, stream.octets(32), kind, factor)
                word = f"{label}-{factor}-{kind.name.lower().replace('_', '-')}"
                yield Case("owners.of", word, job)
                yield Case("replicas.of", word, turned(job) if factor == 3 else job)
    unit = NORMATIVE.parameters.seat_stake
    stakes = (0, 1, unit - 1, unit, unit + 1, 2 * unit - 1, 2 * unit, 9 * unit)
    poor = replace(
        epoch,
        registry=tuple(
            replace(entry, stake=Amount(stake)) for entry, stake in zip(epoch.registry, stakes, strict=True)
        ),
    )
    yield Case("epoch.seats", "stakes-at-the-edges", poor)
    yield Case("epoch.seats", "nobody", replace(epoch, registry=()))


def double(name: str, attribute: str, stand_in: Callable[..., Any]) -> Double:
    """A client whose rule about owners is another one."""
    return Double(name, f"taifoon.core.owners:{attribute}", stand_in)


NAMED_IS_PRIMARY = double(
    "believes the primary that a leaf names", "primary", lambda _, __, leaf: leaf.assigned_cluster
)
ANY_IS_PROVABLE = double("asks not whether a job has enough capable seats", "check_provable", accept)
CHECKS_LEAF = OwnedJobs.check_leaf
OPEN_FOR_EVER = double(
    "closes no job",
    "OwnedJobs.check_leaf",
    lambda jobs, cluster, leaf: CHECKS_LEAF(replace(jobs, closed=frozenset()), cluster, leaf),
)
TAKES_THE_LATEST = double(
    "lets a later intake leaf take the place of the first",
    "OwnedJobs.check_leaf",
    lambda jobs, cluster, leaf: CHECKS_LEAF(replace(jobs, carried=(leaf,)), cluster, leaf),
)
ALL_OWN = double(
    "lets every cluster own every job",
    "owners",
    lambda profile, assignment, leaf, factor, draw=None: owners.rendezvous_order(
        profile, assignment.seed, leaf.job_id, len(assignment.clusters)
    ),
)


def rule_cases() -> Iterator[Case]:
    """Leaves and provers that an epoch's rules allow, and each that they refuse."""
    stream = Stream("vectors/owners/rules")
    name, code = "jobs.check_leaf", RejectionCode
    epoch = drawn_epoch(stream, 8, 4, (3, 6), most=2)
    assignment = assignment_from(NORMATIVE, epoch)
    draft = sample_leaf(stream)
    draft = replace(draft, job_type=ProofType.ACCOUNT_STATE)
    ordered = owners.owners(NORMATIVE, assignment, draft, 4)
    first, second, third = ordered[:3]
    leaf = replace(draft, assigned_cluster=first)
    honest = LeafAsked(epoch, 2, (), (), first, leaf)
    yield Case(name, "primary", honest)
    yield Case(name, "second-owner", replace(honest, cluster=second))
    yield Case(name, "completion", replace(honest, leaf=replace(leaf, proof_commitment=Hash32(bytes(32)))))
    others = tuple(sample_leaf(stream) for _ in range(2))
    yield Case(name, "others-wait", replace(honest, carried=others, closed=(others[0].job_id, others[1].job_id)))
    waiting = replace(leaf, assigned_cluster=third)
    carried = replace(honest, carried=(*others, waiting), leaf=waiting)
    yield Case(name, "carried-with-its-first-leaf", carried)
    completing = replace(honest, leaf=replace(leaf, assigned_cluster=third, proof_commitment=Hash32(bytes(32))))
    yield Case(name, "completes-a-leaf-of-another-primary", completing)
    closed = replace(honest, closed=(leaf.job_id,))
    yield Case(name, "closed", closed, code.JOB_CLOSED, OPEN_FOR_EVER, ("RES-JOB",))
    again = replace(carried, leaf=replace(waiting, priority=waiting.priority ^ 1))
    yield Case(name, "carried-with-another-leaf", again, code.JOB_ALREADY_TAKEN_IN, TAKES_THE_LATEST)
    renamed = replace(honest, leaf=replace(leaf, assigned_cluster=second))
    yield Case(name, "names-the-second-owner", renamed, code.JOB_FOREIGN, NAMED_IS_PRIMARY, ("RES-EPOCH",))
    outside = replace(honest, cluster=third)
    yield Case(name, "not-an-owner", outside, code.JOB_FOREIGN, ALL_OWN)
    yield Case(name, "owner-by-factor", replace(outside, factor=3))
    nowhere = replace(honest, cluster=4)
    yield Case(name, "no-such-cluster", nowhere, code.JOB_FOREIGN, Sibling(honest, "a cluster beyond the last"))
    for able, fault in (((5,), ANY_IS_PROVABLE), ((), None)):
        alone = drawn_epoch(stream, 8, 4, able, most=1)
        formed = assignment_from(NORMATIVE, alone)
        rare = replace(sample_leaf(stream), job_type=RARE)
        owning = owners.owners(NORMATIVE, formed, rare, 2)
        named = owning[0] if owning else ClusterId(0)
        asked = LeafAsked(alone, 2, (), (), named, replace(rare, assigned_cluster=named))
        common = replace(asked.leaf, job_type=ProofType.ACCOUNT_STATE)
        primary = owners.owners(NORMATIVE, formed, common, 1)[0]
        sibling = replace(asked, cluster=primary, leaf=replace(common, assigned_cluster=primary))
        label = f"{len(able)}-can-prove"
        edit = fault or Sibling(sibling, "a type that nobody can prove, at another cluster")
        yield Case(name, label, asked, code.JOB_UNPROVABLE, edit, ("RES-CAP",))
    two = drawn_epoch(stream, 8, 4, (2, 5), most=1)
    formed = assignment_from(NORMATIVE, two)
    rare = replace(sample_leaf(stream), job_type=RARE)
    (named, *_) = owners.owners(NORMATIVE, formed, rare, 2)
    asked = LeafAsked(two, 2, (), (), named, replace(rare, assigned_cluster=named))
    yield Case(name, "just-two-can-prove", asked)
    lone = drawn_epoch(stream, 1, 1, (0,), most=1)
    yield Case(
        name,
        "the-only-seat",
        LeafAsked(lone, 2, (), (), 0, replace(leaf, job_type=RARE, assigned_cluster=ClusterId(0))),
    )
    yield from prover_cases(epoch, assignment, leaf)


def prover_cases(epoch: EpochGiven, assignment: Assignment, leaf: MMRLeaf) -> Iterator[Case]:
    """Provers that were drawn, and one of each kind that was not."""
    name, code = "jobs.check_prover", RejectionCode.PROVER_NOT_DRAWN
    drawn = owners.replicas(NORMATIVE, assignment, leaf, 3)
    for place, replica in enumerate(drawn):
        honest = ProverAsked(epoch, 3, replica.cluster, leaf, replica.seat.public_key)
        yield Case(name, f"replica-{place}", honest)
    lowest, highest = (choose(drawn, key=lambda each: each.cluster) for choose in (min, max))
    for word, at, by in (("lower", lowest, highest), ("higher", highest, lowest)):
        elsewhere = ProverAsked(epoch, 3, at.cluster, leaf, by.seat.public_key)
        yield Case(name, f"for-a-{word}-cluster", elsewhere, code, Resolution.REPLICAS)
    replica = drawn[0]
    honest = ProverAsked(epoch, 3, replica.cluster, leaf, replica.seat.public_key)
    drawn_keys = {each.seat.public_key for each in drawn}
    colleague = next(seat.public_key for seat in assignment.seats if seat.public_key not in drawn_keys)
    refused = {
        "not-drawn": replace(honest, prover=colleague),
        "stranger": replace(honest, prover=bytes(32)),
        "for-another-owner": replace(honest, cluster=drawn[1].cluster),
        "by-a-lower-factor": replace(honest, factor=1, prover=drawn[1].seat.public_key, cluster=drawn[1].cluster),
    }
    for label, given in refused.items():
        yield Case(name, label, given, code, Resolution.REPLICAS)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from drawn_cases()
    yield from rule_cases()
