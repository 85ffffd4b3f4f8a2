"""Sections 2.1 and 2.2: who serves in an epoch, where, and drawn from what (R-2.1-12, R-2.2-1, R-2.2-3).

Everything that an epoch is formed of is a function of epochs that are over: the registry and the global root of two
epochs before, the beacon and the cluster count of the epoch before. The source takes what a node happens to hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from icontract import ensure

from taifoon.core.assignment import RootHistory, SeatKey, assignment_seed, clusters_of_seats, seed_epoch
from taifoon.core.certificate import MAX_SEATS, Committee
from taifoon.core.leaf import ProofType
from taifoon.core.mmr.combiner import HashFunction
from taifoon.economics.registry import Entry, seats
from taifoon.primitives.encoding import U64, Length, Maximum
from taifoon.primitives.hashing import hash_role
from taifoon.primitives.types import Amount, ClusterId, Epoch, Hash32, PublicKey, Seat
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

MAX_CAPABILITIES = 256

EPOCH_COMMITTEE = ClusterId((1 << 32) - 1)
"""The number by which statements name the committee of all seats; no cluster has it."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A key that serves: its stake, and the types of proof that it can make."""

    public_key: Annotated[PublicKey, Length(32)]
    stake: Annotated[Amount, U64]
    capabilities: Annotated[tuple[ProofType, ...], Maximum(MAX_CAPABILITIES)]


Registry = tuple[Registration, ...]
EncodedRegistry = Annotated[tuple[Registration, ...], Maximum(MAX_SEATS)]


@dataclass(frozen=True, slots=True)
class Foundation:
    """What an epoch leaves to later ones when it closes; genesis leaves the same to the first ones.

    The registry serves from the second epoch after it on, the cluster count and the beacon in the next one.
    """

    global_root: Hash32
    registry: Registry
    clusters: int
    beacon: Hash32


@dataclass(frozen=True, slots=True)
class EpochHistory:
    """Genesis, and the foundations that the epochs which are over have left, in order."""

    genesis: Foundation
    closed: tuple[Foundation, ...]

    def after(self, epoch: int) -> Foundation:
        """What an epoch left; below 0 stands for genesis. Rejects with ROOT_UNKNOWN while the epoch is not over."""
        if epoch >= len(self.closed):
            raise Rejected(RejectionCode.ROOT_UNKNOWN, f"epoch {epoch} is not over: {len(self.closed)} are")
        return self.genesis if epoch < 0 else self.closed[epoch]

    def roots(self) -> RootHistory:
        """The global roots alone."""
        return RootHistory(self.genesis.global_root, tuple(each.global_root for each in self.closed))


@dataclass(frozen=True, slots=True)
class Heard:
    """What one node holds by itself: its root, the registry at its head, the keys that gossip brought, its count.

    Only the rules of the source listen to it.
    """

    root: Hash32
    registry: Registry
    announced: tuple[PublicKey, ...]
    clusters: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """An epoch as every node derives it: its seed, who serves, all seats, the seats of each cluster."""

    epoch: Epoch
    seed: Hash32
    registry: Registry
    seats: tuple[SeatKey, ...]
    clusters: tuple[tuple[SeatKey, ...], ...]


def registry_of(entries: tuple[Entry, ...]) -> Registry:
    """What the ledger's entries come to when the registry is frozen: the keys that have not asked to leave, by key."""
    serving_entries = (entry for entry in entries if entry.left is None)
    registrations = (Registration(entry.public_key, entry.stake, entry.capabilities) for entry in serving_entries)
    return tuple(sorted(registrations, key=lambda entry: entry.public_key))


def serving(profile: Profile, history: EpochHistory, epoch: Epoch, heard: Heard) -> Registry:
    """Rule: the registrations that serve in an epoch, by key.

    Literally all keys whose announcement arrived. With seats but no frozen registry, those of the present head.
    Rejects with ROOT_UNKNOWN while the epoch that froze the registry is not over.
    """
    if Resolution.SEATS not in profile:
        return tuple(Registration(key, Amount(0), tuple(ProofType)) for key in sorted(set(heard.announced)))
    source = seed_epoch(profile, epoch)
    registry = heard.registry if source == epoch else history.after(source).registry
    return tuple(sorted(registry, key=lambda entry: entry.public_key))


def count_in_force(profile: Profile, history: EpochHistory, epoch: Epoch, heard: Heard) -> int:
    """Rule: the cluster count of an epoch. Literally a number of the node's own; repaired, one that is agreed.

    Rejects with ROOT_UNKNOWN while the epoch before is not over.
    """
    if Resolution.CLUSTER_COUNT in profile:
        return history.after(epoch - 1).clusters
    return heard.clusters


def seats_of(profile: Profile, registry: Registry) -> tuple[SeatKey, ...]:
    """All seats of a registry, by key and number."""
    return tuple(
        SeatKey(entry.public_key, Seat(number))
        for entry in sorted(registry, key=lambda entry: entry.public_key)
        for number in range(seats(profile, entry.stake))
    )


@ensure(lambda result: sum(len(members) for members in result.clusters) == len(result.seats))
def assignment_of(
    profile: Profile, history: EpochHistory, epoch: Epoch, heard: Heard, draw: HashFunction = hash_role
) -> Assignment:
    """The assignment of an epoch.

    Rejects with ROOT_UNKNOWN while an epoch that it reads is not over, and with CLUSTER_COUNT_INVALID.
    """
    registry = serving(profile, history, epoch, heard)
    beacon = history.after(epoch - 1).beacon
    seed = assignment_seed(profile, epoch, history.roots(), heard.root, beacon, draw)
    count = count_in_force(profile, history, epoch, heard)
    keys = seats_of(profile, registry)
    placed = clusters_of_seats(profile, seed, keys, count, draw)
    members = tuple(
        tuple(key for key, place in zip(keys, placed, strict=True) if place == cluster) for cluster in range(count)
    )
    return Assignment(epoch, seed, registry, keys, members)


def unheard(history: EpochHistory) -> Heard:
    """What a node holds that has heard nothing but the epochs that are over."""
    last = history.after(len(history.closed) - 1)
    return Heard(last.global_root, last.registry, tuple(entry.public_key for entry in last.registry), last.clusters)


def committee_of_cluster(chain_id: Hash32, assignment: Assignment, cluster: ClusterId) -> Committee:
    """The committee of a cluster's chain in an epoch."""
    keys = tuple(seat.public_key for seat in assignment.clusters[cluster])
    return Committee(chain_id, assignment.epoch, cluster, keys)


def committee_of_epoch(chain_id: Hash32, assignment: Assignment) -> Committee:
    """The committee of the epoch chain: all seats."""
    keys = tuple(seat.public_key for seat in assignment.seats)
    return Committee(chain_id, assignment.epoch, EPOCH_COMMITTEE, keys)


def operators(assignment: Assignment) -> tuple[int, ...]:
    """How many distinct keys hold the seats of each cluster. A report: no rule reads it, since keys are free."""
    return tuple(len({seat.public_key for seat in seats}) for seats in assignment.clusters)


def is_capable(assignment: Assignment, seat: SeatKey, job_type: ProofType) -> bool:
    """Whether the holder of a seat can make proofs of a type."""
    return any(entry.public_key == seat.public_key and job_type in entry.capabilities for entry in assignment.registry)
