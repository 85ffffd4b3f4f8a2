"""Section 6.1: reputation from historical performance (R-6.1-2).

A score counts what final blocks show a key to have proved, up to a bound. It says in which order the replicas that are
drawn for a job are asked, and decides nothing else: no vote, quorum, seat, leader, reward or penalty reads it. So a
wrong score costs a little time, and a fresh key that sheds its past gains nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from icontract import ensure, require

from taifoon.core.assignment import SeatKey
from taifoon.core.block import ClusterBlock
from taifoon.primitives.types import PublicKey
from taifoon.profile import Profile, Resolution


@dataclass(frozen=True, slots=True)
class Score:
    """A key and its score, from 0 to the parameter's cap."""

    key: PublicKey
    points: int


Scores = tuple[Score, ...]
"""Scores by key, in increasing order of the keys; a key that is not listed has 0."""


def points_of(scores: Scores, key: PublicKey) -> int:
    """A key's score; 0 for a key without history, which is the least that there is."""
    return next((score.points for score in scores if score.key == key), 0)


@ensure(lambda profile, result: all(0 < score.points <= profile.parameters.reputation_cap for score in result))
@ensure(lambda result: [score.key for score in result] == sorted({score.key for score in result}))
def after_block(profile: Profile, scores: Scores, block: ClusterBlock) -> Scores:
    """The scores after a final block: a point for each of a key's results, up to the cap.

    A function of final blocks alone, so that all nodes with the same blocks hold the same scores.
    """
    provers = tuple(result.prover for result in block.proof_results)
    keys = sorted({score.key for score in scores} | set(provers))
    gained = ((key, points_of(scores, key) + provers.count(key)) for key in keys)
    return tuple(Score(key, min(points, profile.parameters.reputation_cap)) for key, points in gained)


def vote_weight(profile: Profile, points: int) -> int:
    """Rule: what a seat's vote counts. Literally its holder's score, unlisted ones one point; repaired, one."""
    if Resolution.REPUTATION in profile:
        return 1
    return max(1, points)


def candidates(profile: Profile, members: tuple[SeatKey, ...], scores: Scores) -> tuple[SeatKey, ...]:
    """Rule: who may be drawn to lead or to prove. Literally the members of the best score; repaired, all members."""
    if Resolution.REPUTATION in profile:
        return members
    best = max((points_of(scores, member.public_key) for member in members), default=0)
    return tuple(member for member in members if points_of(scores, member.public_key) == best)


@require(lambda drawn: len(set(drawn)) == len(drawn))
@ensure(lambda drawn, result: set(result) == set(drawn) and len(result) == len(drawn))
def asking_order(drawn: tuple[SeatKey, ...], scores: Scores) -> tuple[SeatKey, ...]:
    """The replicas of a job in the order in which they are asked: by falling score, equal ones as drawn.

    All of them are drawn, so each may prove the job and is paid the same, whoever is asked first.
    """
    return tuple(sorted(drawn, key=lambda seat: -points_of(scores, seat.public_key)))
