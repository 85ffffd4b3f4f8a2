"""Section 4.2: an adversary's share of a node's peers is its share of the stake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from itertools import product

from taifoon.network.peers import Candidate, place_drawn, total_weight
from taifoon.primitives.types import Amount
from taifoon.profile import Profile, Resolution
from taifoon_models.keys import key
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude


def eclipse_probability(profile: Profile, honest: Sequence[int], byzantine: Sequence[int], peers: int) -> Fraction:
    """The exact probability that all peers drawn are Byzantine, for uniform draws; stakes are those of the keys."""

    @cache
    def after(left: tuple[tuple[bool, int], ...], draws: int) -> Fraction:
        if draws == 0:
            return Fraction(1)
        candidates = tuple(Candidate(key(place), Amount(stake)) for place, (_, stake) in enumerate(left))
        total = total_weight(profile, candidates)
        if total == 0:
            return Fraction(1)
        places = [place_drawn(profile, candidates, draw) for draw in range(total)]
        return sum(
            (
                Fraction(places.count(place), total) * after((*left[:place], *left[place + 1 :]), draws - 1)
                for place, (bad, _) in enumerate(left)
                if bad and place in places
            ),
            Fraction(0),
        )

    return after((*((False, stake) for stake in honest), *((True, stake) for stake in byzantine)), peers)


@scenario("gossip/eclipsed")
def eclipse_is_likelier_than_the_stake_allows(
    profile: Profile, trace: Trace, *, honest: list[int], byzantine: list[int], peers: int
) -> bool:
    """All peers of a node are Byzantine with a probability above the tail in the Byzantine share of stake."""
    share = Fraction(sum(byzantine), sum(byzantine) + sum(honest))
    chance = eclipse_probability(profile, honest, byzantine, peers)
    trace.state("draw", honest=tuple(honest), byzantine=tuple(byzantine), peers=peers)
    trace.state("probability", exact=str(chance), tail=str(share**peers))
    return chance > share**peers


def splits() -> Iterator[dict[str, Json]]:
    """Every split of up to 4 units of honest stake and of Byzantine stake into keys, some of them without stake."""
    for honest, byzantine in product(range(1, 5), range(5)):
        for parts, bad in product(partitions(honest), partitions(byzantine)):
            for spare in range(3):
                for peers in range(1, 4):
                    yield {"honest": parts, "byzantine": [*bad, *[0] * spare], "peers": peers}


def partitions(total: int, most: int | None = None) -> Iterator[list[int]]:
    """Every way to write a total as a sum, parts in decreasing order."""
    if total == 0:
        yield []
    for part in range(min(total, most or total), 0, -1):
        for rest in partitions(total - part, part):
            yield [part, *rest]


def draws_favour_nobody() -> Claim:
    """A draw after Byzantine ones is Byzantine with no more than the Byzantine share of the whole stake."""
    honest, byzantine, drawn = (integer(name) for name in ("honest_stake", "byzantine_stake", "drawn_stake"))
    return Claim(
        "each-draw-is-no-likelier-than-the-share",
        (honest >= 1, drawn >= 0, drawn <= byzantine),
        (byzantine - drawn) * (honest + byzantine) <= byzantine * (honest + byzantine - drawn),
    )


@theorem(
    "T-N9",
    requirements=("R-4.2-1",),
    needs={Resolution.GOSSIP},
    technique=Technique.COMBINED,
    assumptions=("AM6",),
)
def keys_without_stake_eclipse_nobody(profile: Profile) -> Verdict:
    """The step for all stakes; and exact probabilities for every split of small stakes into keys.

    Peers are not put back, so a draw after Byzantine ones is from less Byzantine stake: the tail is the share to the
    power of the number of peers. That the shipped function draws in proportion to stake is seen in the exact
    probabilities, which take every draw into account.
    """
    return conclude(
        prove("the step from draw to draw for all stakes", draws_favour_nobody()),
        exhaust(
            profile,
            "gossip/eclipsed",
            "splits of 1 to 4 units of honest and 0 to 4 of Byzantine stake, up to 2 keys without stake, 1 to 3 peers",
            splits(),
        ),
    )
