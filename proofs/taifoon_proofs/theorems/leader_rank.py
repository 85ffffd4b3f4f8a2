"""Sections 2.1 and 2.2: who leads a cluster is drawn apart from who sits in it (R-2.2-4).

The source takes one hash for both: its remainder chooses the cluster, its magnitude the leader. Then luck persists: the
least hash of a cluster is the least of every part of the cluster that it stays in, so that a change of the cluster
count unseats no leader. Repaired, a leader's draw hashes a role of its own, the epoch's seed and the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator

from taifoon.core.assignment import RootHistory, SeatKey, assignment_seed, clusters_of_seats
from taifoon.core.leader import leaders
from taifoon.primitives.hashing import conforming_integer_orders
from taifoon.primitives.types import ClusterId, Epoch, Hash32, PublicKey, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon_models.ideal_hash import Hashing, IdealHash, RecordingHash
from taifoon_models.jobs import digest
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

SEATS_UP_TO = 6
CLUSTERS_UP_TO = 5
EPOCH = 3


def seats_of(count: int) -> tuple[SeatKey, ...]:
    """Seats of as many keys, each third key with two of them."""
    keys = (PublicKey(bytes(digest(f"key {number}"))) for number in range(count))
    pairs = ((key, seat) for number, key in enumerate(keys) for seat in range(2 if number % 3 == 2 else 1))
    return tuple(SeatKey(key, Seat(seat)) for key, seat in list(pairs)[:count])


def seed_of_epoch(profile: Profile, epoch: int) -> Hash32:
    """The seed of an epoch while nothing is appended: the current root stays."""
    history = RootHistory(digest("genesis"), tuple(digest(f"root {number}") for number in range(EPOCH)))
    return assignment_seed(profile, Epoch(epoch), history, digest("current root"), digest("beacon"))


def members_of(
    profile: Profile, seed: Hash32, seats: tuple[SeatKey, ...], clusters: int
) -> tuple[tuple[SeatKey, ...], ...]:
    """The seats of each cluster."""
    places = clusters_of_seats(profile, seed, seats, clusters)
    return tuple(
        tuple(seat for seat, place in zip(seats, places, strict=True) if place == cluster)
        for cluster in range(clusters)
    )


def recorded() -> RecordingHash:
    """An ideal hash that records."""
    return RecordingHash(IdealHash())


def draws_of_leaders(
    profile: Profile, hashing: RecordingHash, seed: Hash32, cluster: int, seats: tuple[SeatKey, ...]
) -> tuple[Hashing, ...]:
    """The uses of the hash by which these seats are ranked in a cluster."""
    start = len(hashing.records)
    leaders(profile, seed, ClusterId(cluster), seats, View(1), conforming_integer_orders(profile)[0], hashing)
    return tuple(hashing.records[start:])


@scenario("leader/one-draw")
def one_hash_places_and_ranks(profile: Profile, trace: Trace, *, seats: int, clusters: int) -> bool:
    """One and the same hash places a seat in a cluster and ranks a seat there."""
    keys, hashing, seed = seats_of(seats), recorded(), seed_of_epoch(profile, EPOCH)
    clusters_of_seats(profile, seed, keys, clusters, hashing)
    placing = {use.digest for use in hashing.records}
    shared = {
        cluster: sum(use.digest in placing for use in draws_of_leaders(profile, hashing, seed, cluster, keys))
        for cluster in range(clusters)
    }
    trace.state("draw", seats=seats, clusters=clusters, placing=len(placing), ranking_too=tuple(shared.values()))
    return any(shared.values())


@scenario("leader/one-rank-everywhere")
def one_hash_ranks_in_two_clusters(profile: Profile, trace: Trace, *, seats: int, clusters: int) -> bool:
    """One hash ranks a seat in two clusters: who is lucky in one is lucky wherever a change of the count puts it."""
    keys, hashing, seed = seats_of(seats), recorded(), seed_of_epoch(profile, EPOCH)
    ranking: dict[Hash32, int] = {}
    repeated = 0
    for cluster in range(clusters):
        for use in draws_of_leaders(profile, hashing, seed, cluster, keys):
            repeated += ranking.setdefault(use.digest, cluster) != cluster
    trace.state("rank in each cluster", seats=seats, clusters=clusters, draws=len(ranking), used_again=repeated)
    return repeated > 0


@scenario("leader/rank-outlives-epoch")
def one_hash_ranks_in_two_epochs(profile: Profile, trace: Trace, *, seats: int, before: int, after: int) -> bool:
    """While the root stays, a hash that ranked a seat in one epoch ranks it in the next, whose count is another."""
    keys, hashing = seats_of(seats), recorded()
    used: set[Hash32] = set()
    again: set[Hash32] = set()
    for epoch, clusters in ((EPOCH, before), (EPOCH + 1, after)):
        seed = seed_of_epoch(profile, epoch)
        draws = {
            use.digest for cluster in range(clusters) for use in draws_of_leaders(profile, hashing, seed, cluster, keys)
        }
        again |= used & draws
        used |= draws
        trace.state(f"epoch {epoch}", seats=seats, clusters=clusters, draws=len(draws), used_again=len(again))
    return bool(again)


@scenario("leader/count-changes")
def every_leader_leads_again(profile: Profile, trace: Trace, *, nodes: int, before: int, after: int) -> bool:
    """The cluster count changes with the epoch while the root stays, and every leader leads again where it then is."""
    keys = tuple(SeatKey(PublicKey(bytes(digest(f"key {number}"))), Seat(0)) for number in range(nodes))
    order = conforming_integer_orders(profile)[0]
    leading: list[set[SeatKey]] = []
    for epoch, clusters in ((EPOCH, before), (EPOCH + 1, after)):
        seed = seed_of_epoch(profile, epoch)
        groups = members_of(profile, seed, keys, clusters)
        leading.append(
            {
                leader
                for cluster, group in enumerate(groups)
                for leader in leaders(profile, seed, ClusterId(cluster), group, View(1), order)
            }
        )
        trace.state(f"epoch {epoch}", clusters=clusters, leaders=names(leading[-1]))
    again = leading[0] & leading[1]
    trace.state("compare", leaders_before=len(leading[0]), lead_again=names(again))
    return again == leading[0]


def names(seats: set[SeatKey]) -> tuple[str, ...]:
    """Seats, for the trace."""
    return tuple(sorted(key.public_key.hex()[:8] for key in seats))


def places() -> Iterator[dict[str, Json]]:
    """Every small number of seats and clusters."""
    for seats in range(1, SEATS_UP_TO + 1):
        for clusters in range(1, CLUSTERS_UP_TO + 1):
            yield {"seats": seats, "clusters": clusters}


def changes() -> Iterator[dict[str, Json]]:
    """Every small number of seats with every change of a small cluster count."""
    for seats in range(1, SEATS_UP_TO + 1):
        for before in range(1, CLUSTERS_UP_TO + 1):
            for after in range(1, CLUSTERS_UP_TO + 1):
                yield {"seats": seats, "before": before, "after": after}


@theorem(
    "T-A6",
    requirements=("R-2.2-4",),
    needs={Resolution.LEADER_ROTATION, Resolution.EPOCH_SEED},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM1",),
)
def rank_is_drawn_apart(profile: Profile) -> Verdict:
    """No hash that ranks a seat among leaders is one that places a seat, ranks it elsewhere, or ranked it before.

    The shipped functions draw from an ideal hash, over which equal digests mean equal inputs. Draws that share no input
    are independent (AM1), so the rank depends neither on the place nor on the count, which changes only with the epoch.
    """
    small = f"1 to {SEATS_UP_TO} seats"
    return conclude(
        exhaust(profile, "leader/one-draw", f"{small}, 1 to {CLUSTERS_UP_TO} clusters", places()),
        exhaust(profile, "leader/one-rank-everywhere", f"{small} in each of 1 to {CLUSTERS_UP_TO} clusters", places()),
        exhaust(profile, "leader/rank-outlives-epoch", f"{small}, every change of 1 to {CLUSTERS_UP_TO}", changes()),
    )
