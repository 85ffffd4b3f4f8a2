"""Section 3.2: how many independent replicas reach the promised coverage (R-3.2-1, S14).

A job is covered if one of its replicas arrives. If each fails by itself with probability F, then `k` replicas leave
1 - F^k covered, and the source promises 95 %.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """A rational number as a numerator over a positive denominator, not reduced."""

    numerator: int
    denominator: int


PROMISED_COVERAGE = Ratio(95, 100)


def is_promised(missing: int, whole: int) -> bool:
    """Whether so much of a whole may be missing: at most what the promise leaves. Runs on symbolic terms."""
    spare = PROMISED_COVERAGE.denominator - PROMISED_COVERAGE.numerator
    return PROMISED_COVERAGE.denominator * missing <= spare * whole


def all_fail(failures: Ratio, replicas: int) -> Ratio:
    """The probability F^k that each of `replicas` independent replicas fails."""
    return Ratio(failures.numerator**replicas, failures.denominator**replicas)


def reaches_promise(failures: Ratio, replicas: int) -> bool:
    """Whether so many replicas leave no more uncovered than promised."""
    missing = all_fail(failures, replicas)
    return is_promised(missing.numerator, missing.denominator)


def coverage_minimum(failures: Ratio, capable: int) -> int:
    """The least number of replicas that reaches the promise, or all `capable` ones where none of these does.

    `failures` is between 0 and 1. F^k falls with k, so the least k is found by bisection, with exact powers.
    """
    return bisect_left(range(capable), 1, key=lambda replicas: int(reaches_promise(failures, replicas)))
