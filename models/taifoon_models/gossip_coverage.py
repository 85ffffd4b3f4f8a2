"""The mean coverage of pushes in large networks, with its standard error (section 4.2).

The arrivals are those of `taifoon_optimized.gossip_arrivals`, which the extra `fast` brings; fanout and hops are the
reference's. Whoever names seed and number of runs gets the same figures again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from taifoon.network.gossip import fanout, hops
from taifoon.profile import Profile
from taifoon_optimized.gossip_arrivals import Push, reached_counts

NORMAL_95 = 1.96
"""Half the width of a 95 % confidence interval, in standard errors of the mean."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The mean share of the nodes that are not silent which a push reaches, and the standard error of that mean."""

    mean: float
    error: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval."""
        return self.mean - NORMAL_95 * self.error, self.mean + NORMAL_95 * self.error


def pushed(profile: Profile, nodes: int, silent: int = 0) -> Push:
    """The push of a profile in a network of so many nodes."""
    return Push(nodes, fanout(profile, nodes), hops(profile, nodes), silent)


def mean_coverage(profile: Profile, nodes: int, silent: int, seed: int, runs: int, threads: int = 1) -> Coverage:
    """Coverage over two runs or more, each with peers and silent nodes of its own."""
    if runs < 2:
        raise ValueError(f"runs is {runs}: a standard error needs two")
    shares = reached_counts(pushed(profile, nodes, silent), seed, runs, threads) / (nodes - silent)
    return Coverage(float(shares.mean()), float(shares.std(ddof=1)) / math.sqrt(runs))
