"""Section 6.2: how probable it is that a cluster is captured, or halts by crashes (R-6.1-5, R-6.2-1).

Members are drawn, so the share of Byzantine seats in a cluster is a matter of chance, and so is the number of members
that are up. The probabilities are sums of binomial coefficients over one denominator, exact fractions; no decision of a
node reads them, the choice of parameters does.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

from icontract import ensure, require

from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.profile import Profile, Resolution
from taifoon.security.partition import goes_on


def is_probability(value: Fraction) -> bool:
    """Whether a number lies from 0 to 1."""
    return 0 <= value <= 1


@require(lambda population, marked, drawn: 0 <= marked <= population and 0 <= drawn <= population)
@ensure(lambda result: is_probability(result))
def hypergeometric_tail(population: int, marked: int, drawn: int, least: int) -> Fraction:
    """Probability that at least `least` of the seats drawn without replacement are marked ones."""
    ways = sum(
        comb(marked, hit) * comb(population - marked, drawn - hit)
        for hit in range(max(least, 0), min(marked, drawn) + 1)
    )
    return Fraction(ways, comb(population, drawn))


@require(lambda trials, least: trials >= 0)
@require(lambda share: is_probability(share))
@ensure(lambda result: is_probability(result))
def binomial_tail(trials: int, share: Fraction, least: int) -> Fraction:
    """Probability that at least `least` of so many independent trials hit, each with probability `share`."""
    hits, misses = share.numerator, share.denominator - share.numerator
    ways = sum(comb(trials, hit) * hits**hit * misses ** (trials - hit) for hit in range(max(least, 0), trials + 1))
    return Fraction(ways, share.denominator**trials)


def capture(profile: Profile, population: int, byzantine: int, cluster: int) -> Fraction:
    """Probability that a cluster drawn from all seats has more Byzantine ones than it tolerates."""
    return hypergeometric_tail(population, byzantine, cluster, tolerated_faults(profile, cluster) + 1)


def capture_in_the_limit(profile: Profile, share: Fraction, cluster: int) -> Fraction:
    """The same for a network that is large beside the cluster."""
    return binomial_tail(cluster, share, tolerated_faults(profile, cluster) + 1)


def safe_size(profile: Profile, population: int, byzantine: int, limit: Fraction) -> int | None:
    """The least cluster that stays at or below a probability of capture together with the next two sizes.

    The tolerated faults grow with every third seat, so that a single size may be safe by chance of rounding. None
    where no size below the whole network is.
    """
    run = 0
    for size in range(1, population + 1):
        run = run + 1 if capture(profile, population, byzantine, size) <= limit else 0
        if run == 3:
            return size - 2
    return None


def online_quorum(profile: Profile, cluster: int, failure: Fraction) -> Fraction:
    """Probability that a cluster has its quorum up while each member is down with probability `failure`."""
    return binomial_tail(cluster, 1 - failure, quorum(profile, cluster))


def some_side_goes_on(profile: Profile, cluster: int, share: Fraction) -> Fraction:
    """Probability that a partition in two leaves a side of a cluster that may finalise.

    Each member is on the first side with probability `share`, independently.
    """
    hits, misses = share.numerator, share.denominator - share.numerator
    ways = sum(
        comb(cluster, first) * hits**first * misses ** (cluster - first)
        for first in range(cluster + 1)
        if goes_on(profile, cluster, first) or goes_on(profile, cluster, cluster - first)
    )
    return Fraction(ways, share.denominator**cluster)


def planned_size(profile: Profile) -> int:
    """Rule: seats that a cluster is planned with. Literally the minimum suffices; repaired, a target above it."""
    if Resolution.CLUSTER_COUNT in profile:
        return profile.parameters.cluster_target
    return profile.parameters.minimum_cluster


def final_committee(profile: Profile, seats: int, cluster: int) -> int:
    """Rule: how many seats stand behind what is final for good. Literally those of one cluster; repaired, all."""
    if Resolution.CHECKPOINT in profile:
        return seats
    return cluster
