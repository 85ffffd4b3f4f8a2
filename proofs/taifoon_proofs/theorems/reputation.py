"""Section 6.1: reputation changes no decision."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from taifoon.core.assignment import SeatKey, clusters_of_seats
from taifoon.core.leader import leaders
from taifoon.core.owners import replicas
from taifoon.core.quorum import quorum
from taifoon.primitives.hashing import conforming_integer_orders
from taifoon.primitives.types import ClusterId, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon.security.reputation import Score, Scores, asking_order, candidates, points_of, vote_weight
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key
from taifoon_models.partitions import assignment_in
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict

MEMBERS = 4
SEED = digest("seed of epoch 3")


def scores_of(points: list[int]) -> Scores:
    """Scores of the members by key."""
    return tuple(sorted((Score(key(number), each) for number, each in enumerate(points) if each), key=lambda s: s.key))


def decisions(profile: Profile, scores: Scores, view: int, signers: int) -> dict[str, object]:
    """What a cluster decides when its nodes hold these scores: quorum, leader, clusters, replicas."""
    members = tuple(SeatKey(key(number), Seat(0)) for number in range(MEMBERS))
    able = candidates(profile, members, scores)
    weights = sum(vote_weight(profile, points_of(scores, key(number))) for number in range(signers))
    order = conforming_integer_orders(profile)[0]
    drawn = tuple(each.seat for each in replicas(profile, assignment_in(3, MEMBERS), intake(0), 2))
    return {
        "final": weights >= quorum(profile, MEMBERS),
        "leaders": tuple(seat.public_key for seat in leaders(profile, SEED, ClusterId(1), able, View(view), order)),
        "clusters": tuple(
            zip((seat.public_key for seat in able), clusters_of_seats(profile, SEED, able, 2), strict=True)
        ),
        "replicas": frozenset(seat.public_key for seat in asking_order(drawn, scores)),
    }


@scenario("reputation/decides")
def scores_change_a_decision(profile: Profile, trace: Trace, *, points: list[int], view: int, signers: int) -> bool:
    """Nodes that hold these scores decide otherwise than nodes that hold none.

    The first members sign a block; leader, clusters and replicas are drawn by the shipped functions.
    """
    with_scores = decisions(profile, scores_of(points), view, signers)
    without = decisions(profile, (), view, signers)
    for name, scores, decided in (("scores", points, with_scores), ("no scores", [], without)):
        trace.state(f"decide with {name}", points=tuple(scores), **decided)
    return with_scores != without


def assignments(profile: Profile) -> Iterator[dict[str, Json]]:
    """Every assignment of the least, the next and the greatest score, every view of a round, every set of signers."""
    for points in product((0, 1, profile.parameters.reputation_cap), repeat=MEMBERS):
        for view in range(1, MEMBERS + 1):
            yield {"points": list(points), "view": view, "signers": view}


@theorem(
    "T-F5",
    requirements=("R-6.1-2",),
    needs={Resolution.REPUTATION},
    technique=Technique.EXHAUSTIVE,
)
def reputation_does_not_interfere(profile: Profile) -> Verdict:
    """Every assignment of scores to four members against none at all, over the shipped decisions of a cluster.

    No other function of the reference takes a score, which the tests read off its text.
    """
    return exhaust(
        profile,
        "reputation/decides",
        "every assignment of three scores to four members, in every view",
        assignments(profile),
    )
