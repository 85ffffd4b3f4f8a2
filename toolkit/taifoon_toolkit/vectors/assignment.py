"""Vectors of assignment and leaders: who works on what, and who leads a view (RES-EPOCH, RES-ASSIGN, RES-LEADER)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core import assignment
from taifoon.core.assignment import RootHistory, SeatKey
from taifoon.core.leader import leaders
from taifoon.core.order import Rank, rank_of
from taifoon.primitives.types import ClusterId, Epoch, Hash32, PublicKey, Seat, View
from taifoon.profile import Profile
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.case import Case, Sibling
from taifoon_toolkit.vectors.method import method
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Large, Small

BIG = "RES-ENC.integer"
GREATEST_COUNT = 1 << 12


@dataclass(frozen=True, slots=True)
class SeedAsked:
    """An epoch, the genesis root, the roots of the closed epochs in order, and the beacon of the epoch before."""

    epoch: Large
    genesis: Digest
    closed: tuple[Digest, ...]
    beacon: Digest


@dataclass(frozen=True, slots=True)
class SeedGiven:
    """The seed of an epoch."""

    seed: Digest


@dataclass(frozen=True, slots=True)
class OneSeat:
    """A seat: the key of its owner and its number among the owner's seats."""

    public_key: Digest
    seat: Small


@dataclass(frozen=True, slots=True)
class SeatsAsked:
    """A seed, different seats and a cluster count."""

    seed: Digest
    seats: tuple[OneSeat, ...]
    clusters: Small


@dataclass(frozen=True, slots=True)
class SeatsGiven:
    """The cluster of each seat, in the order given."""

    clusters: tuple[Small, ...]


@dataclass(frozen=True, slots=True)
class JobAsked:
    """A seed, a job and a cluster count."""

    seed: Digest
    job_id: Digest
    clusters: Small


@dataclass(frozen=True, slots=True)
class JobGiven:
    """The primary cluster of a job."""

    cluster: Small


@dataclass(frozen=True, slots=True)
class LeaderAsked:
    """A seed, a cluster, its seats, all different and at least one, and a view from 1 on."""

    seed: Digest
    cluster: Small
    seats: tuple[OneSeat, ...]
    view: Large


@dataclass(frozen=True, slots=True)
class LeaderGiven:
    """The seat that leads."""

    leader: OneSeat


@dataclass(frozen=True, slots=True)
class SizeAsked:
    """How many seats and clusters there are, and one of the clusters."""

    seats: Small
    clusters: Small
    cluster: Small


@dataclass(frozen=True, slots=True)
class SizeGiven:
    """A number of seats."""

    seats: Small


@dataclass(frozen=True, slots=True)
class RankedSeat:
    """A seat with the hash that orders it."""

    hash: Digest
    public_key: Digest
    seat: Small


@dataclass(frozen=True, slots=True)
class RanksAsked:
    """Different seats with their hashes."""

    ranks: tuple[RankedSeat, ...]


@dataclass(frozen=True, slots=True)
class OrderGiven:
    """How many of the seats come before each, in the order given."""

    places: tuple[Small, ...]


class OutsideError(ValueError):
    """An input that the protocol never meets."""


def keys_of(seats: tuple[OneSeat, ...]) -> tuple[SeatKey, ...]:
    """Seats as the reference has them."""
    keys = tuple(SeatKey(PublicKey(item.public_key), Seat(item.seat)) for item in seats)
    if len(set(keys)) < len(keys):
        raise OutsideError("seats: a seat stands twice")
    return keys


@method("assignment.seed", "2.1", "R-2.1-12", "RES-EPOCH")
def seed(profile: Profile, given: SeedAsked) -> SeedGiven:
    """The seed of an epoch."""
    history = RootHistory(Hash32(given.genesis), tuple(Hash32(root) for root in given.closed))
    beacon = Hash32(given.beacon)
    return SeedGiven(assignment.assignment_seed(profile, Epoch(given.epoch), history, Hash32(bytes(32)), beacon))


@method("assignment.seats", "2.2", "R-2.1-13", "R-2.2-3", "RES-ASSIGN", BIG)
def seats(profile: Profile, given: SeatsAsked) -> SeatsGiven:
    """The cluster of each seat."""
    found = assignment.clusters_of_seats(profile, Hash32(given.seed), keys_of(given.seats), given.clusters)
    return SeatsGiven(tuple(int(cluster) for cluster in found))


@method("assignment.cluster_size", "2.2", "R-2.2-3", "RES-ASSIGN")
def size(profile: Profile, given: SizeAsked) -> SizeGiven:
    """How many seats a cluster has."""
    if not given.cluster < given.clusters:
        raise OutsideError("cluster: it is one of the clusters")
    return SizeGiven(assignment.cluster_size(given.seats, given.clusters, given.cluster))


@method("assignment.order", "2.2", "R-2.2-4", "RES-ASSIGN", "RES-LEADER")
def order(profile: Profile, given: RanksAsked) -> OrderGiven:
    """The order of seats of which some have equal hashes."""
    ranks = tuple(Rank(whole_of(item.hash), whole_of(item.public_key), item.seat) for item in given.ranks)
    if len(set(ranks)) < len(ranks):
        raise OutsideError("ranks: a seat stands twice")
    return OrderGiven(tuple(rank_of(rank, ranks) for rank in ranks))


def whole_of(octets: bytes) -> int:
    """Bytes as an integer, as the protocol reads a hash."""
    return int.from_bytes(octets, "big")


@method("assignment.job", "2.1", "R-2.1-8", "R-2.1-12", "RES-EPOCH", BIG)
def job(profile: Profile, given: JobAsked) -> JobGiven:
    """The primary cluster of a job."""
    if given.clusters > GREATEST_COUNT:
        raise OutsideError(f"clusters: at most {GREATEST_COUNT} are asked")
    return JobGiven(assignment.cluster_of_job(profile, Hash32(given.seed), Hash32(given.job_id), given.clusters))


@method("leader.of", "2.2", "R-2.2-4", "RES-LEADER", BIG)
def leader(profile: Profile, given: LeaderAsked) -> LeaderGiven:
    """The seat that leads a view of a cluster."""
    if given.view < 1 or not given.seats:
        raise OutsideError("view: views count from 1; seats: at least one")
    cluster = ClusterId(given.cluster)
    found = leaders(profile, Hash32(given.seed), cluster, keys_of(given.seats), View(given.view), "big")
    return LeaderGiven(OneSeat(found[0].public_key, found[0].seat))


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    stream = Stream("vectors/assignment")
    genesis, beacon = stream.octets(32), stream.octets(32)
    closed = tuple(stream.octets(32) for _ in range(4))
    for epoch in range(6):
        yield Case("assignment.seed", f"epoch-{epoch}", SeedAsked(epoch, genesis, closed[: max(0, epoch - 1)], beacon))
    early = SeedAsked(3, genesis, closed[:1], beacon)
    known = Sibling(replace(early, closed=closed[:2]), "one root fewer")
    yield Case("assignment.seed", "not-over", early, RejectionCode.ROOT_UNKNOWN, known)
    ahead = SeedAsked(5, genesis, closed[:1], beacon)
    known = Sibling(replace(ahead, closed=closed), "three roots fewer")
    yield Case("assignment.seed", "long-before-it-is-over", ahead, RejectionCode.ROOT_UNKNOWN, known)
    for owners, each, clusters in ((1, 1, 1), (5, 1, 1), (10, 1, 2), (7, 2, 3), (4, 5, 4), (20, 1, 4), (13, 3, 7)):
        drawn = tuple(
            OneSeat(key, number) for key in (stream.octets(32) for _ in range(owners)) for number in range(each)
        )
        asked = SeatsAsked(stream.octets(32), drawn, clusters)
        label = f"{owners}-owners-{each}-seats-{clusters}-clusters"
        yield Case("assignment.seats", label, asked)
        yield Case("assignment.seats", f"{label}-turned", replace(asked, seats=drawn[::-1]))
        for view in dict.fromkeys((1, 2, len(drawn), len(drawn) + 1, (1 << 63) + 5)):
            yield Case("leader.of", f"{label}-view-{view}", LeaderAsked(asked.seed, clusters - 1, drawn, view))
        turned = LeaderAsked(asked.seed, clusters - 1, drawn[::-1], 1)
        yield Case("leader.of", f"{label}-turned", turned)
        yield Case("leader.of", f"{label}-other-cluster", replace(turned, cluster=clusters + 255))
    for total, count in ((0, 1), (1, 1), (1, 3), (7, 3), (8, 3), (9, 3), (100, 7)):
        for cluster in dict.fromkeys((0, total % count, count - 1)):
            given_size = SizeAsked(total, count, cluster)
            yield Case("assignment.cluster_size", f"{total}-in-{count}-{cluster}", given_size)
    low, high = bytes(32), b"\x01" + bytes(31)
    tied = {
        "by-hash": ((low, high, 9), (high, low, 0)),
        "by-key": ((low, high, 0), (low, low, 9)),
        "by-seat": ((low, high, 1), (low, high, 0), (low, high, 256)),
        "by-all": ((high, low, 1), (low, high, 1), (high, low, 0), (low, low, 2), (low, high, 0), (high, high, 0)),
        "last-byte": ((bytes(31) + b"\x02", low, 0), (b"\x01" + bytes(31), low, 0), (bytes(31) + b"\x01", low, 0)),
    }
    for label, rows in tied.items():
        yield Case("assignment.order", label, RanksAsked(tuple(RankedSeat(*row) for row in rows)))
    none = replace(asked, clusters=0)
    code = RejectionCode.CLUSTER_COUNT_INVALID
    yield Case("assignment.seats", "no-clusters", none, code, Sibling(asked, "no clusters"))
    for number in range(24):
        clusters = 1 + stream.below(12) if number % 4 else (1, 2, 256, 300, 257, 3)[number // 4]
        yield Case("assignment.job", f"drawn-{number}", JobAsked(stream.octets(32), stream.octets(32), clusters))
    asked_job = JobAsked(bytes(32), bytes(32), 1)
    empty = replace(asked_job, clusters=0)
    yield Case("assignment.job", "no-clusters", empty, code, Sibling(asked_job, "no clusters"))
