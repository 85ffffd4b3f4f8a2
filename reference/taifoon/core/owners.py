"""Sections 2.1 and 2.4: which clusters own a job, and which seats prove it (R-2.1-8, R-2.4-1, R-1-5).

The clusters of an epoch have an order for each job. The first ones that can prove it own it; the first of these is its
primary. Replicas are drawn from the owners in turn. All of it is a function of seed and registry, so that a leader has
nothing to choose.
"""

from __future__ import annotations

from dataclasses import dataclass

from icontract import ensure, require

from taifoon.core.assignment import SeatKey, cluster_of_job, seat_rank
from taifoon.core.epoch import Assignment, is_capable
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.mmr.combiner import HashFunction
from taifoon.core.order import rank_of
from taifoon.core.validity import Formation
from taifoon.primitives.encoding import octets_of
from taifoon.primitives.hashing import Role, conforming_integer_orders, hash_role, hash_to_integer
from taifoon.primitives.types import ClusterId, Hash32, PublicKey
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

LEAST_PROVERS = 2
"""The least that section 3.1 asks for: one prover can fail."""


@dataclass(frozen=True, slots=True)
class Replica:
    """A seat that is to prove a job, and the owner cluster for which it does."""

    cluster: ClusterId
    seat: SeatKey


@ensure(lambda clusters, result: sorted(result) == list(range(clusters)))
def rendezvous_order(
    profile: Profile, seed: Hash32, job_id: Hash32, clusters: int, draw: HashFunction = hash_role
) -> tuple[ClusterId, ...]:
    """All clusters, in the order of their draws for a job: the lowest first, ties by number."""
    order = conforming_integer_orders(profile)[0]
    drawn = (
        (hash_to_integer(draw(profile, Role.JOB, seed + job_id + bytes(octets_of(cluster, 4))), order), cluster)
        for cluster in range(clusters)
    )
    return tuple(ClusterId(cluster) for _, cluster in sorted(drawn))


def capable_seats(assignment: Assignment, cluster: ClusterId, job_type: ProofType) -> tuple[SeatKey, ...]:
    """The seats of a cluster that can prove a type."""
    return tuple(seat for seat in assignment.clusters[cluster] if is_capable(assignment, seat, job_type))


def may_own(profile: Profile, assignment: Assignment, cluster: ClusterId, job_type: ProofType) -> bool:
    """Rule: whether a cluster may own jobs of a type. Literally every cluster may: nobody reads the capabilities."""
    return Resolution.CAPABLE_OWNERS not in profile or bool(capable_seats(assignment, cluster, job_type))


def check_provable(profile: Profile, assignment: Assignment, job_type: ProofType) -> None:
    """Demand that a job can have replicas. Rejects with JOB_UNPROVABLE; literally no job is refused."""
    able = sum(is_capable(assignment, seat, job_type) for seat in assignment.seats)
    needed = min(LEAST_PROVERS, len(assignment.seats))
    if Resolution.CAPABLE_OWNERS in profile and able < needed:
        raise Rejected(
            RejectionCode.JOB_UNPROVABLE, f"job_type {job_type.name}: {able} seats can prove it; {needed} are needed"
        )


@require(lambda factor: factor >= 1)
def owners(
    profile: Profile, assignment: Assignment, leaf: MMRLeaf, factor: int, draw: HashFunction = hash_role
) -> tuple[ClusterId, ...]:
    """Rule: the clusters that own a job in an epoch, the primary first.

    Literally the cluster that the leaf names, for ever, whether or not it exists; repaired, the first of those that may
    own it, as many as the job has replicas.
    """
    if Resolution.EPOCH_SEED not in profile:
        return (leaf.assigned_cluster,)
    ordered = rendezvous_order(profile, assignment.seed, leaf.job_id, len(assignment.clusters), draw)
    able = (cluster for cluster in ordered if may_own(profile, assignment, cluster, leaf.job_type))
    return tuple(able)[:factor]


def primary(profile: Profile, assignment: Assignment, leaf: MMRLeaf) -> ClusterId | None:
    """The cluster that an intake leaf of this epoch has to name; none where no cluster can prove the job."""
    if Resolution.EPOCH_SEED not in profile:
        return cluster_of_job(profile, assignment.seed, leaf.job_id, len(assignment.clusters))
    return next(iter(owners(profile, assignment, leaf, 1)), None)


def lowest_first(
    profile: Profile, assignment: Assignment, job_id: Hash32, seats: tuple[SeatKey, ...], draw: HashFunction
) -> tuple[SeatKey, ...]:
    """Seats in the order of their draws for a job."""
    order = conforming_integer_orders(profile)[0]
    drawn_from = assignment.seed + job_id
    ranks = {seat: seat_rank(profile, Role.REPLICA, drawn_from, seat, order, draw) for seat in seats}
    every = tuple(ranks.values())
    return tuple(sorted(seats, key=lambda seat: rank_of(ranks[seat], every)))


def next_of(left: tuple[SeatKey, ...], keys: frozenset[PublicKey]) -> SeatKey:
    """The first seat whose key has no replica of the job yet, or else the first."""
    return next((seat for seat in left if seat.public_key not in keys), left[0])


@require(lambda factor: factor >= 1)
@ensure(lambda factor, result: len(result) <= factor)
@ensure(lambda result: len({replica.seat for replica in result}) == len(result))
def replicas(
    profile: Profile, assignment: Assignment, leaf: MMRLeaf, factor: int, draw: HashFunction = hash_role
) -> tuple[Replica, ...]:
    """The seats that prove a job: of each owner in turn the lowest draw among its capable seats that are left.

    A key with a replica waits until all other keys of its cluster have one. Fewer than `factor` only where the owners
    have no more capable seats.
    """
    left = {
        cluster: lowest_first(profile, assignment, leaf.job_id, capable_seats(assignment, cluster, leaf.job_type), draw)
        for cluster in owners(profile, assignment, leaf, factor, draw)
        if cluster < len(assignment.clusters)
    }
    chosen: tuple[Replica, ...] = ()
    while any(left.values()):
        for cluster, seats in left.items():
            if seats and len(chosen) < factor:
                seat = next_of(seats, frozenset(replica.seat.public_key for replica in chosen))
                chosen = (*chosen, Replica(cluster, seat))
                left[cluster] = tuple(other for other in seats if other != seat)
        if len(chosen) == factor:
            break
    return chosen


def may_prove(
    profile: Profile,
    assignment: Assignment,
    cluster: ClusterId,
    leaf: MMRLeaf,
    factor: int,
    prover: PublicKey,
) -> bool:
    """Rule: whether a key may prove a job for a cluster. Literally whoever the leader names; repaired, who is drawn."""
    if Resolution.REPLICAS not in profile:
        return True
    drawn = replicas(profile, assignment, leaf, factor)
    return any(replica.cluster == cluster and replica.seat.public_key == prover for replica in drawn)


@dataclass(frozen=True, slots=True)
class OwnedJobs:
    """The rules of an epoch about jobs: `carried` wait since earlier epochs, `closed` are settled or expired."""

    profile: Profile
    assignment: Assignment
    factor: int
    carried: tuple[MMRLeaf, ...]
    closed: frozenset[Hash32]

    def owns(self, cluster: ClusterId, leaf: MMRLeaf) -> bool:
        """Whether a cluster is one of the owners of a job in this epoch."""
        return cluster in owners(self.profile, self.assignment, leaf, self.factor)

    def check_leaf(self, cluster: ClusterId, leaf: MMRLeaf) -> None:
        """Demand that a cluster may take a job in or complete it in this epoch.

        A job that waits since an earlier epoch keeps the leaf of its first intake. Rejects with JOB_CLOSED,
        JOB_ALREADY_TAKEN_IN, JOB_UNPROVABLE, JOB_FOREIGN.
        """
        shown = leaf.job_id.hex()
        if leaf.job_id in self.closed:
            raise Rejected(RejectionCode.JOB_CLOSED, f"job_id {shown} is settled or expired")
        earlier = tuple(other for other in self.carried if other.job_id == leaf.job_id)
        if leaf.is_intake and earlier and leaf not in earlier:
            raise Rejected(RejectionCode.JOB_ALREADY_TAKEN_IN, f"job_id {shown} waits with another intake leaf")
        check_provable(self.profile, self.assignment, leaf.job_type)
        first = primary(self.profile, self.assignment, leaf)
        if leaf.is_intake and not earlier and leaf.assigned_cluster != first:
            raise Rejected(
                RejectionCode.JOB_FOREIGN, f"job_id {shown} names {leaf.assigned_cluster}; primary is {first}"
            )
        owning = owners(self.profile, self.assignment, leaf, self.factor)
        if cluster not in owning:
            raise Rejected(RejectionCode.JOB_FOREIGN, f"job_id {shown} belongs to {owning}, not to {cluster}")

    def check_prover(self, cluster: ClusterId, leaf: MMRLeaf, prover: PublicKey) -> None:
        """Demand that a result is by a replica of the cluster. Rejects with PROVER_NOT_DRAWN."""
        if not may_prove(self.profile, self.assignment, cluster, leaf, self.factor, prover):
            raise Rejected(
                RejectionCode.PROVER_NOT_DRAWN,
                f"job_id {leaf.job_id.hex()}: {prover.hex()} was not drawn for {cluster}",
            )


def formation_of(assignment: Assignment, cluster: ClusterId, jobs: OwnedJobs | None = None) -> Formation:
    """A cluster of an epoch, as its blocks are judged."""
    return Formation(assignment.epoch, cluster, assignment.seed, assignment.clusters[cluster], jobs)
