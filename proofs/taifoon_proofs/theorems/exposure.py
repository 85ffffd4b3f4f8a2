"""Section 6.2: the probabilities of a captured and of a halted cluster, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations, product

from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.profile import Profile, Resolution
from taifoon.security.exposure import (
    binomial_tail,
    capture,
    final_committee,
    hypergeometric_tail,
    online_quorum,
    planned_size,
)
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

BYZANTINE_SHARE = Fraction(1, 5)
"""The share of all stake that is assumed to be Byzantine."""

ACCEPTED_CAPTURE = Fraction(1, 1 << 40)
"""Probability of capture of the committee on which finality rests that counts as none."""

DOWN = Fraction(1, 10)
ACCEPTED_HALT = Fraction(2, 100)
"""With a tenth of its members down a cluster may lack its quorum this often."""


@scenario("exposure/captured-committee")
def finality_rests_on_a_captured_committee(profile: Profile, trace: Trace, *, seats: int, cluster: int) -> bool:
    """With a fifth of all seats Byzantine, the committee that makes a block final for good is captured too often."""
    byzantine = int(BYZANTINE_SHARE * seats)
    committee = final_committee(profile, seats, cluster)
    probability = capture(profile, seats, byzantine, committee)
    trace.state(
        "draw",
        seats=seats,
        byzantine=byzantine,
        committee=committee,
        tolerated=tolerated_faults(profile, committee),
        captured_in_10000=int(10_000 * probability),
    )
    return probability > ACCEPTED_CAPTURE


@scenario("exposure/hypergeometric-tail")
def draws_without_replacement_differ(profile: Profile, trace: Trace, *, population: int, marked: int) -> bool:
    """The formula differs from the count over every draw out of a population of which the first seats are marked."""
    for drawn in range(population + 1):
        hits = [sum(seat < marked for seat in draw) for draw in combinations(range(population), drawn)]
        for least in range(drawn + 2):
            counted = Fraction(sum(hit >= least for hit in hits), len(hits))
            if hypergeometric_tail(population, marked, drawn, least) != counted:
                trace.state("differs", drawn=drawn, least=least)
                return True
    return False


@scenario("exposure/binomial-tail")
def independent_trials_differ(profile: Profile, trace: Trace, *, trials: int, numerator: int, denominator: int) -> bool:
    """The formula, or with it the quorum of members that are up, differs from the sum over every pattern of hits."""
    share = Fraction(numerator, denominator)
    sums = [Fraction(0)] * (trials + 1)
    for pattern in product((False, True), repeat=trials):
        chance = Fraction(1)
        for hit in pattern:
            chance *= share if hit else 1 - share
        sums[sum(pattern)] += chance
    differs = [least for least in range(trials + 2) if binomial_tail(trials, share, least) != sum(sums[least:])]
    trace.state("compare", trials=trials, differs=tuple(differs))
    return bool(differs) or online_quorum(profile, trials, 1 - share) != sum(sums[quorum(profile, trials) :])


@scenario("exposure/offline-quorum")
def planned_cluster_halts_often(profile: Profile, trace: Trace, *, numerator: int, denominator: int) -> bool:
    """A cluster of the planned size lacks its quorum too often at a failure rate of its members."""
    size, failure = planned_size(profile), Fraction(numerator, denominator)
    probability = online_quorum(profile, size, failure)
    trace.state("plan", seats=size, quorum=quorum(profile, size), online_in_10000=int(10_000 * probability))
    return 1 - probability > ACCEPTED_HALT


def fractions() -> Iterator[dict[str, Json]]:
    """Small numbers of trials, and shares in tenths and thirds."""
    for trials in range(1, 9):
        for numerator, denominator in [*((tenth, 10) for tenth in range(11)), (1, 3), (2, 3)]:
            yield {"trials": trials, "numerator": numerator, "denominator": denominator}


@theorem(
    "T-A5",
    requirements=("R-6.1-5", "R-6.2-1"),
    needs={Resolution.CHECKPOINT},
    technique=Technique.COMBINED,
    assumptions=("AM5", "AM6"),
)
def the_final_committee_is_not_captured(profile: Profile) -> Verdict:
    """The shipped tail against a count over every draw of up to nine seats, and the final committee of every network.

    That all seats together are never captured while a fifth of them is Byzantine needs no chance: it is linear
    arithmetic over the shipped number of tolerated faults.
    """
    seats, byzantine = integer("seats"), integer("byzantine")
    return conclude(
        exhaust(
            profile,
            "exposure/captured-committee",
            "networks of 5 to 200 seats with clusters of 5 and 10",
            (
                {"seats": count, "cluster": cluster}
                for count in range(5, 201)
                for cluster in (profile.parameters.minimum_cluster, profile.parameters.cluster_target)
                if cluster <= count
            ),
        ),
        exhaust(
            profile,
            "exposure/hypergeometric-tail",
            "every draw out of up to 9 seats",
            (
                {"population": population, "marked": marked}
                for population in range(1, 10)
                for marked in range(population + 1)
            ),
        ),
        prove(
            "every number of seats",
            Claim(
                "a-fifth-is-tolerated-by-all-seats",
                (seats >= 1, byzantine >= 0, 5 * byzantine <= seats),
                byzantine <= tolerated_faults(profile, seats),
            ),
        ),
    )


@theorem(
    "T-F6",
    requirements=("R-6.2-0",),
    needs={Resolution.CLUSTER_COUNT},
    technique=Technique.EXHAUSTIVE,
)
def planned_clusters_stay_up(profile: Profile) -> Verdict:
    """The shipped tail against the sum over every pattern of members up and down, for up to eight members.

    At the failure rate for which clusters are planned, and at lower ones, the planned size has its quorum up.
    """
    rates = [(DOWN.numerator * hundredth, DOWN.denominator * 10) for hundredth in range(11)]
    return conclude(
        exhaust(
            profile,
            "exposure/offline-quorum",
            "failure rates of 0 to 10 % in steps of one",
            ({"numerator": numerator, "denominator": denominator} for numerator, denominator in rates),
        ),
        exhaust(profile, "exposure/binomial-tail", "up to 8 members at shares in tenths and thirds", fractions()),
    )
