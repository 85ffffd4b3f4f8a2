"""Sections 2.1 and 2.2: membership stays for an epoch, clusters are of one size, and no block elects its successor."""

from __future__ import annotations

from collections.abc import Iterator

import z3

from taifoon.core.assignment import RootHistory, SeatKey, assignment_seed, cluster_size, clusters_of_seats
from taifoon.core.leader import leaders
from taifoon.primitives.hashing import conforming_integer_orders
from taifoon.primitives.types import ClusterId, Epoch, Hash32, PublicKey, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon_models.jobs import digest
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

GREATEST_CLUSTER_COUNT = 40
EPOCH = Epoch(3)
HISTORY = RootHistory(digest("genesis"), tuple(digest(f"root {number}") for number in range(EPOCH)))


def seats_of(count: int) -> tuple[SeatKey, ...]:
    """One seat for each of the first keys."""
    return tuple(SeatKey(PublicKey(bytes(digest(f"key {number}"))), Seat(0)) for number in range(count))


def seed_after(profile: Profile, append: int) -> Hash32:
    """What an assignment of the epoch is drawn from when this many leaves have been appended to the current log."""
    return assignment_seed(profile, EPOCH, HISTORY, digest(f"current root {append}"), digest("beacon"))


@scenario("assignment/append-moves-seats")
def an_append_moves_seats(profile: Profile, trace: Trace, *, seats: int, clusters: int, append: int) -> bool:
    """Within an epoch, one more leaf in the log moves seats to other clusters."""
    keys = seats_of(seats)
    before, after = (
        clusters_of_seats(profile, seed_after(profile, number), keys, clusters) for number in (append, append + 1)
    )
    moved = sum(old != new for old, new in zip(before, after, strict=True))
    trace.state("before", clusters=before, moved=0)
    trace.state("after one append", clusters=after, moved=moved)
    return moved > 0


@theorem(
    "T-A1",
    requirements=("R-2.1-12", "R-2.2-3"),
    needs={Resolution.EPOCH_SEED},
    technique=Technique.EXHAUSTIVE,
    assumptions=(),
)
def membership_stays_for_an_epoch(profile: Profile) -> Verdict:
    """Appends within an epoch, for several numbers of seats and clusters: the shipped assignment does not move.

    That the seed reads no root of its own epoch, for every epoch, is T-M3.
    """
    return exhaust(
        profile,
        "assignment/append-moves-seats",
        "20 appends, 1 to 30 seats, 1 to 6 clusters",
        (
            {"seats": seats, "clusters": clusters, "append": append}
            for seats in range(1, 31)
            for clusters in range(1, 7)
            for append in range(20)
        ),
    )


@scenario("assignment/uneven-clusters")
def clusters_are_uneven(profile: Profile, trace: Trace, *, seats: int, clusters: int, draw: int) -> bool:
    """Sizes of clusters differ by more than one, or a cluster has not the size that the formula gives."""
    assigned = clusters_of_seats(profile, digest(f"seed {draw}"), seats_of(seats), clusters)
    sizes = tuple(assigned.count(ClusterId(cluster)) for cluster in range(clusters))
    trace.state("assign", seats=seats, clusters=clusters, sizes=sizes, smallest=min(sizes))
    return sizes != tuple(cluster_size(seats, clusters, cluster) for cluster in range(clusters))


def size_claims() -> Iterator[Claim]:
    """For each cluster count: sizes as seats are dealt out, the two sizes there are, and when the least is five."""
    seats, cluster = integer("seats"), integer("cluster")
    for clusters in range(1, GREATEST_CLUSTER_COUNT + 1):
        size, share = cluster_size(seats, clusters, cluster), seats // clusters
        least = cluster_size(seats, clusters, clusters - 1)
        dealt = z3.If(seats % clusters == cluster, 1, 0)
        yield Claim(
            f"sizes-of-{clusters}-clusters",
            (seats >= 0, cluster >= 0, cluster < clusters),
            z3.And(
                cluster_size(z3.IntVal(0), clusters, cluster) == 0,
                cluster_size(seats + 1, clusters, cluster) == size + dealt,
                z3.Or(size == share, size == share + 1),
                (least >= 5) == (clusters <= seats // 5),
            ),
        )


@theorem(
    "T-A4",
    requirements=("R-2.1-13", "R-6.1-5"),
    needs={Resolution.RANK_ASSIGNMENT},
    technique=Technique.COMBINED,
)
def clusters_are_even(profile: Profile) -> Verdict:
    """Integer arithmetic for each cluster count up to 40 and every number of seats, by induction over the seats.

    The shipped assignment is then run on up to 40 seats: each cluster has the size that the formula gives.
    """
    return conclude(
        prove(f"every number of seats, 1 to {GREATEST_CLUSTER_COUNT} clusters", *size_claims()),
        exhaust(
            profile,
            "assignment/uneven-clusters",
            "1 to 40 seats, 1 to 8 clusters, 3 seeds",
            (
                {"seats": seats, "clusters": clusters, "draw": draw}
                for seats in range(1, 41)
                for clusters in range(1, 9)
                for draw in range(3)
            ),
        ),
    )


@scenario("leader/elected-by-a-block")
def a_block_elects_the_leader(profile: Profile, trace: Trace, *, members: int, view: int, candidates: int) -> bool:
    """Whoever chooses what a block appends chooses who leads next: different blocks, different leaders."""
    keys = seats_of(members)
    order = conforming_integer_orders(profile)[0]
    elected = []
    for number in range(candidates):
        elected.append(leaders(profile, seed_after(profile, number), ClusterId(0), keys, View(view), order))
        shown = tuple(leader.public_key.hex()[:8] for leader in elected[-1])
        trace.state(f"propose block {number}", leaders=shown)
    return len(set(elected)) != 1


def elections() -> Iterator[dict[str, Json]]:
    """Small clusters, the views of one rotation, and several blocks to choose from."""
    for members in range(1, 8):
        for view in range(1, members + 1):
            yield {"members": members, "view": view, "candidates": 8}


@theorem(
    "T-C10",
    requirements=("R-2.2-4", "R-2.3-7"),
    needs={Resolution.EPOCH_SEED},
    technique=Technique.EXHAUSTIVE,
)
def no_block_elects_a_leader(profile: Profile) -> Verdict:
    """Eight blocks to choose from, clusters of 1 to 7 seats, every view of a rotation: the leader is one and the same.

    That the seed reads no root of its own epoch, for every epoch, is T-M3.
    """
    return exhaust(profile, "leader/elected-by-a-block", "clusters of 1 to 7 seats, 8 blocks", elections())
