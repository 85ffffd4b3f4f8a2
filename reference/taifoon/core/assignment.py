"""Section 2.1: who works on what: seeds, clusters of seats, clusters of jobs (R-2.1-12, R-2.1-13, R-2.2-3).

The source reads the current root, which every append changes and which the assignment itself feeds. Repaired, an epoch
reads the global root of an epoch that is over: the dependency goes strictly back in time and ends at genesis.
"""

from __future__ import annotations

from dataclasses import dataclass

from icontract import ensure, require

from taifoon.core.mmr.combiner import HashFunction
from taifoon.core.order import Rank, rank_of
from taifoon.primitives.encoding import octets_of
from taifoon.primitives.hashing import ByteOrder, Role, conforming_integer_orders, hash_role, hash_to_integer
from taifoon.primitives.types import ClusterId, Epoch, Hash32, PublicKey, Seat
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode


@dataclass(frozen=True, slots=True)
class SeatKey:
    """One seat: its owner's key and its number among the owner's seats."""

    public_key: PublicKey
    seat: Seat


@dataclass(frozen=True, slots=True)
class RootHistory:
    """The genesis root, and the global roots of the epochs that are over, in order."""

    genesis: Hash32
    closed: tuple[Hash32, ...]


def seed_epoch(profile: Profile, epoch: int) -> int:
    """Rule: the epoch whose root an assignment of `epoch` reads; below 0 stands for genesis.

    Literally the current one, which is not over; repaired, one that was over before the registry was frozen.
    """
    if Resolution.EPOCH_SEED in profile:
        return epoch - profile.parameters.seed_lag
    return epoch


def assignment_seed(
    profile: Profile,
    epoch: Epoch,
    history: RootHistory,
    current_root: Hash32,
    beacon: Hash32,
    draw: HashFunction = hash_role,
) -> Hash32:
    """What every assignment of an epoch is drawn from.

    Rejects with ROOT_UNKNOWN when the epoch that it reads is not over yet.
    """
    source = seed_epoch(profile, epoch)
    if source == epoch:
        return current_root
    if source >= len(history.closed):
        raise Rejected(RejectionCode.ROOT_UNKNOWN, f"epoch {epoch} reads the root of {source}, which is not over")
    root = history.genesis if source < 0 else history.closed[source]
    return draw(profile, Role.SEED, bytes(octets_of(int(epoch), 8)) + root + beacon)


def check_cluster_count(clusters: int) -> None:
    """Demand at least one cluster. Rejects with CLUSTER_COUNT_INVALID."""
    if clusters < 1:
        raise Rejected(RejectionCode.CLUSTER_COUNT_INVALID, f"num_clusters is {clusters}; there is at least 1")


def residue(profile: Profile, digest: Hash32, clusters: int) -> ClusterId:
    """A digest as an integer, modulo the cluster count."""
    return ClusterId(hash_to_integer(digest, conforming_integer_orders(profile)[0]) % clusters)


def clusters_of_seats(
    profile: Profile, seed: Hash32, seats: tuple[SeatKey, ...], clusters: int, draw: HashFunction = hash_role
) -> tuple[ClusterId, ...]:
    """Rule: the cluster of each seat, in the order given. Rejects with CLUSTER_COUNT_INVALID.

    Literally the hash of root and key modulo the count; repaired, the rank of the seat's hash modulo the count, so that
    sizes differ by at most one.
    """
    check_cluster_count(clusters)
    if Resolution.RANK_ASSIGNMENT not in profile:
        return tuple(residue(profile, draw(profile, Role.ASSIGN, seed + key.public_key), clusters) for key in seats)
    order = conforming_integer_orders(profile)[0]
    ranks = tuple(seat_rank(profile, Role.ASSIGN, seed, key, order, draw) for key in seats)
    return tuple(ClusterId(rank_of(rank, ranks) % clusters) for rank in ranks)


def cluster_size(seats: int, clusters: int, cluster: int) -> int:
    """Seats of a cluster when ranks are dealt out in turn: how many ranks leave `cluster` as remainder."""
    return (seats + clusters - 1 - cluster) // clusters


def seat_rank(
    profile: Profile, role: Role, seed: bytes, key: SeatKey, order: ByteOrder, draw: HashFunction = hash_role
) -> Rank:
    """Where a seat stands in an order drawn from a seed: by hash, ties by key and seat."""
    digest = draw(profile, role, seed + key.public_key + bytes(octets_of(int(key.seat), 4)))
    return Rank(hash_to_integer(digest, order), int.from_bytes(key.public_key, order), int(key.seat))


@require(lambda clusters: clusters < 1 << 32)
@ensure(lambda clusters, result: 0 <= result < clusters)
def cluster_of_job(profile: Profile, seed: Hash32, job_id: Hash32, clusters: int) -> ClusterId:
    """Rule: the primary cluster of a job. Rejects with CLUSTER_COUNT_INVALID.

    Literally the hash of root and job modulo the count; repaired, the first cluster in rendezvous order, so that few
    jobs move when the count changes.
    """
    check_cluster_count(clusters)
    if Resolution.EPOCH_SEED not in profile:
        return residue(profile, hash_role(profile, Role.JOB, seed + job_id), clusters)
    order = conforming_integer_orders(profile)[0]
    draws = tuple(
        hash_to_integer(hash_role(profile, Role.JOB, seed + job_id + bytes(octets_of(cluster, 4))), order)
        for cluster in range(clusters)
    )
    return ClusterId(draws.index(min(draws)))
