"""Section 2.2: who leads a cluster (R-2.2-4).

The source lets the node of the lowest hash lead, for ever. Repaired, leadership goes around in the order of the hashes,
beginning with the lowest: every seat has its turn once in as many views as there are seats.
"""

from __future__ import annotations

from icontract import require

from taifoon.core.assignment import SeatKey, seat_rank
from taifoon.core.mmr.combiner import HashFunction
from taifoon.core.order import rank_of
from taifoon.primitives.encoding import octets_of
from taifoon.primitives.hashing import ByteOrder, Role, hash_role, hash_to_integer
from taifoon.primitives.types import ClusterId, Hash32, View
from taifoon.profile import Profile, Resolution


def cluster_seed(profile: Profile, seed: Hash32, cluster: ClusterId) -> bytes:
    """Rule: what leaders are drawn from: literally the root alone, repaired the seed and the cluster."""
    if Resolution.LEADER_ROTATION in profile:
        return seed + bytes(octets_of(int(cluster), 4))
    return seed


@require(lambda members: len(set(members)) == len(members))
def leaders(
    profile: Profile,
    seed: Hash32,
    cluster: ClusterId,
    members: tuple[SeatKey, ...],
    view: View,
    order: ByteOrder,
    draw: HashFunction = hash_role,
) -> tuple[SeatKey, ...]:
    """Rule: who leads a view of a cluster; more than one only where the source's rule ties.

    `order` is the byte order in which this client reads hashes as integers; the repaired protocol has one. Views count
    from 1. No members, no leader.
    """
    if not members:
        return ()
    drawn_from = cluster_seed(profile, seed, cluster)
    if Resolution.LEADER_ROTATION not in profile:
        hashes = tuple(
            hash_to_integer(draw(profile, Role.LEADER, drawn_from + key.public_key), order) for key in members
        )
        return tuple(key for key, drawn in zip(members, hashes, strict=True) if drawn == min(hashes))
    ranks = tuple(seat_rank(profile, Role.LEADER, drawn_from, key, order, draw) for key in members)
    turn = (view - 1) % len(members)
    return tuple(key for key, rank in zip(members, ranks, strict=True) if rank_of(rank, ranks) == turn)
