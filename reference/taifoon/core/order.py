"""Sections 2.1 and 2.2: the total order in which seats are drawn (R-2.2-4).

Seats are ordered by a hash; equal hashes fall back to key and seat number, so that no two seats ever tie.
"""

from __future__ import annotations

from dataclasses import dataclass

from icontract import ensure, require


@dataclass(frozen=True, slots=True)
class Rank:
    """What a seat is ordered by: its hash as an integer, its owner's key as an integer, its number."""

    hash: int
    key: int
    seat: int


def precedes(left: Rank, right: Rank) -> bool:
    """Whether the left seat comes before the right one: lexicographic, lowest hash first.

    Written with bitwise connectives, so that it runs on symbolic terms as well.
    """
    by_seat = (left.key == right.key) & (left.seat < right.seat)
    by_key = (left.key < right.key) | by_seat
    return (left.hash < right.hash) | ((left.hash == right.hash) & by_key)


@require(lambda rank, ranks: rank in ranks)
@ensure(lambda ranks, result: 0 <= result < len(ranks))
def rank_of(rank: Rank, ranks: tuple[Rank, ...]) -> int:
    """How many of the ranks come before this one."""
    return sum(precedes(other, rank) for other in ranks)
