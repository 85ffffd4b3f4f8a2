"""Assignments and jobs of every kind for the tests of ownership, one by one and in columns."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from taifoon.core.assignment import SeatKey
from taifoon.core.epoch import Assignment, Registration
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.primitives.types import Amount, Epoch, PublicKey, Seat
from taifoon_models.jobs import digest, intake

KINDS = list(ProofType)
KEYS = tuple(PublicKey(bytes(digest(f"holder {number}"))) for number in range(9))


def assignment(placed: list[tuple[int, int]], able: list[int], clusters: int, seed: str = "seed") -> Assignment:
    """Seat by seat its holder and its cluster; the kinds of proof that each holder can make, as bits."""
    seats: list[SeatKey] = []
    for holder, _ in placed:
        seats.append(SeatKey(KEYS[holder], Seat(sum(seat.public_key == KEYS[holder] for seat in seats))))
    members = tuple(
        tuple(seat for seat, (_, place) in zip(seats, placed, strict=True) if place == cluster)
        for cluster in range(clusters)
    )
    registry = tuple(
        Registration(KEYS[holder], Amount(1), tuple(kind for bit, kind in enumerate(KINDS) if mask >> bit & 1))
        for holder, mask in enumerate(able)
    )
    return Assignment(Epoch(3), digest(seed), registry, tuple(seats), members)


@st.composite
def assignments(draw: st.DrawFn) -> Assignment:
    """Up to 24 seats of up to nine holders, in up to six clusters, of which some may be empty."""
    clusters = draw(st.integers(1, 6))
    placed = draw(st.lists(st.tuples(st.integers(0, 8), st.integers(0, clusters - 1)), max_size=24))
    able = draw(st.lists(st.sampled_from([0, 1, 2, 5, 7, 15]), min_size=7, max_size=9))
    return assignment(placed, able, clusters, draw(st.sampled_from(["seed", "another seed"])))


def job(number: int, kind: int = 0) -> MMRLeaf:
    """The intake leaf of a job of a kind."""
    return replace(intake(number), job_type=KINDS[kind])
