"""Section 4.2: which peers a node talks to (R-4.2-1).

Literally eight keys out of those it knows, each as likely as any other, and keys cost nothing. Repaired, peers are
drawn from the registry by stake, so that an adversary's share of a node's peers is its share of the stake, however it
splits it.
"""

from __future__ import annotations

from dataclasses import dataclass

from icontract import ensure, require

from taifoon.primitives.types import Amount, PublicKey
from taifoon.profile import Profile, Resolution


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key that a node knows, and its registered stake; 0 for a key that only announced itself."""

    public_key: PublicKey
    stake: Amount


def weight(profile: Profile, candidate: Candidate) -> int:
    """Rule: how likely a candidate is drawn. Literally as likely as any; repaired, in proportion to its stake."""
    return candidate.stake if Resolution.GOSSIP in profile else 1


def total_weight(profile: Profile, candidates: tuple[Candidate, ...]) -> int:
    """Number of equally likely draws."""
    return sum(weight(profile, candidate) for candidate in candidates)


@require(lambda profile, candidates, draw: 0 <= draw < total_weight(profile, candidates))
@ensure(lambda candidates, result: 0 <= result < len(candidates))
def place_drawn(profile: Profile, candidates: tuple[Candidate, ...], draw: int) -> int:
    """The place of the candidate whose share holds the draw, a number below the total weight."""
    passed = 0
    for place, candidate in enumerate(candidates):
        passed += weight(profile, candidate)
        if draw < passed:
            return place
    return len(candidates) - 1


@ensure(lambda candidates, result: len(set(result)) == len(result))
def draw_peers(profile: Profile, candidates: tuple[Candidate, ...], draws: tuple[int, ...]) -> tuple[PublicKey, ...]:
    """Distinct peers, one for each draw while candidates of any weight are left.

    Each draw is a uniform number of at least 128 bits more than the total weight has, from the node's own randomness;
    it is reduced modulo the total of what is left.
    """
    left, peers = candidates, []
    for draw in draws:
        total = total_weight(profile, left)
        if total == 0:
            break
        place = place_drawn(profile, left, draw % total)
        peers.append(left[place].public_key)
        left = (*left[:place], *left[place + 1 :])
    return tuple(peers)
