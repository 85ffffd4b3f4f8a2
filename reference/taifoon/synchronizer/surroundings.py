"""Sections 4.1 and 2.4: what a synchronizer knows of the others (R-4.1-1, R-4.1-2, R-2.4-6).

Who is present, where, and in which cluster; and how far each cluster has come. Nothing here is believed on its own:
keys are registered, memberships are derived, and heads are certified.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from icontract import ensure

from taifoon.network.parts import Capabilities, RangeHead
from taifoon.primitives.types import BlockNumber, ClusterId, Hash32, LeafCount, Millis, PublicKey, Seat

START = Millis(0)


@dataclass(frozen=True, slots=True)
class Place:
    """A seat that has taken its place in a cluster, and the leaf count of the job log that its holder has."""

    cluster: ClusterId
    seat: Seat
    leaf_count: LeafCount


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A registered key that has announced itself: its last address, what it can prove, and its places in the epoch."""

    public_key: PublicKey
    address: bytes = b""
    capabilities: Capabilities = ()
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """The newest certified heads of a cluster: both are of one final block."""

    cluster: ClusterId
    number: BlockNumber
    heads: frozenset[RangeHead]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The peers that were heard, by key, each once; the clusters' progress, by number; jobs begun on a leader's word.

    There are no more neighbours than registered keys, and no more places than seats. `asked_ahead` is the time until
    which nobody else who is in a later epoch is asked for the record.
    """

    neighbours: tuple[Neighbour, ...] = ()
    progress: tuple[Progress, ...] = ()
    begun: frozenset[Hash32] = frozenset()
    asked_ahead: Millis = START

    def neighbour(self, key: PublicKey) -> Neighbour | None:
        """What is known of a key."""
        return next((each for each in self.neighbours if each.public_key == key), None)

    def progress_of(self, cluster: ClusterId) -> Progress | None:
        """How far a cluster is known to have come."""
        return next((each for each in self.progress if each.cluster == cluster), None)

    @property
    def heads(self) -> frozenset[RangeHead]:
        """All heads that are remembered as certified."""
        return frozenset(head for each in self.progress for head in each.heads)


@ensure(lambda result: len({each.public_key for each in result.neighbours}) == len(result.neighbours))
def with_neighbour(surroundings: Surroundings, neighbour: Neighbour) -> Surroundings:
    """With what is now known of a key, in the place of what was."""
    others = (each for each in surroundings.neighbours if each.public_key != neighbour.public_key)
    return replace(surroundings, neighbours=tuple(sorted((*others, neighbour), key=lambda each: each.public_key)))


def with_presence(
    surroundings: Surroundings, key: PublicKey, address: bytes, capabilities: Capabilities
) -> Surroundings:
    """With the presence of a registered key at an address."""
    known = surroundings.neighbour(key) or Neighbour(key)
    return with_neighbour(surroundings, replace(known, address=address, capabilities=capabilities))


def with_place(surroundings: Surroundings, key: PublicKey, place: Place) -> Surroundings:
    """With a place that a seat of a key has taken; a seat has one place."""
    known = surroundings.neighbour(key) or Neighbour(key)
    others = (each for each in known.places if each.seat != place.seat)
    places = tuple(sorted((*others, place), key=lambda each: each.seat))
    return with_neighbour(surroundings, replace(known, places=places))


def with_progress(surroundings: Surroundings, progress: Progress) -> Surroundings:
    """With certified heads of a cluster, if they are newer than those remembered."""
    known = surroundings.progress_of(progress.cluster)
    if known is not None and known.number >= progress.number:
        return surroundings
    others = (each for each in surroundings.progress if each.cluster != progress.cluster)
    return replace(surroundings, progress=tuple(sorted((*others, progress), key=lambda each: each.cluster)))


def renewed(surroundings: Surroundings, registered: frozenset[PublicKey]) -> Surroundings:
    """What of it still counts in the next epoch: who is registered, without places, and the progress of clusters."""
    kept = (each for each in surroundings.neighbours if each.public_key in registered)
    return Surroundings(tuple(replace(each, places=()) for each in kept), surroundings.progress)
