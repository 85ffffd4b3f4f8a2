"""Sampled committees equal a plain simulation, and their tails the exact ones."""

from __future__ import annotations

import math
from collections import Counter
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon.profile import HARDENED
from taifoon.security.exposure import capture, hypergeometric_tail
from taifoon_optimized.committee_samples import Draw, worst_counts

from .plain_draws import one_of, stream

SAMPLES = 100_000
NORMAL_999 = 3.29
"""Half the width of a 99.9 % confidence interval, in standard errors."""


def plain_worst(draw: Draw, seed: int, number: int) -> int:
    """Seats leave a list one after another; the marked ones come first in it."""
    drawn = stream(seed, number, 0)
    seats = [True] * draw.marked + [False] * (draw.population - draw.marked)
    hits = [sum(seats.pop(one_of(len(seats), drawn)) for _ in range(draw.size)) for _ in range(draw.committees)]
    return max(hits)


@st.composite
def draws(draw: st.DrawFn) -> Draw:
    population = draw(st.integers(1, 40))
    committees = draw(st.integers(1, population))
    return Draw(
        population, draw(st.integers(0, population)), draw(st.integers(0, population // committees)), committees
    )


@settings(deadline=None, derandomize=True, max_examples=200)
@given(draw=draws(), seed=st.integers(0, 2**64 - 1), samples=st.integers(0, 12), threads=st.integers(1, 3))
def test_samples_are_those_of_a_plain_simulation(draw: Draw, seed: int, samples: int, threads: int) -> None:
    expected = Counter(plain_worst(draw, seed, number) for number in range(samples))
    found = worst_counts(draw, seed, samples, threads)
    assert list(found) == [expected[hits] for hits in range(draw.size + 1)]


def agrees(hits: int, exact: Fraction) -> bool:
    """Whether a sampled share is within the interval about the exact probability."""
    share = float(exact)
    return abs(hits / SAMPLES - share) <= NORMAL_999 * math.sqrt(share * (1 - share) / SAMPLES)


@pytest.mark.parametrize(
    ("population", "marked", "size"), [(100, 33, 10), (1_000, 333, 20), (10**6, 333_333, 50), (60, 20, 60)]
)
def test_every_tail_is_the_exact_one(population: int, marked: int, size: int) -> None:
    counts = worst_counts(Draw(population, marked, size), 1, SAMPLES, 2)
    assert int(counts.sum()) == SAMPLES
    for least in range(size + 1):
        exact = hypergeometric_tail(population, marked, size, least)
        if exact * SAMPLES >= 50:
            assert agrees(int(counts[least:].sum()), exact), least


def test_capture_is_sampled_as_it_is_computed() -> None:
    counts = worst_counts(Draw(1_000, 250, 30), 2, SAMPLES)
    assert agrees(int(counts[10:].sum()), capture(HARDENED, 1_000, 250, 30))


def test_the_worst_of_several_clusters_is_the_enumerated_one() -> None:
    population, marked, size = 8, 3, 4
    cut = [
        max(len(set(one) & set(range(marked))), marked - len(set(one) & set(range(marked))))
        for one in combinations(range(population), size)
    ]
    counts = worst_counts(Draw(population, marked, size, 2), 3, SAMPLES)
    for least in range(size + 1):
        assert agrees(int(counts[least:].sum()), Fraction(sum(worst >= least for worst in cut), len(cut)))


@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ((5, 6, 1), "marked is 6"),
        ((5, -1, 1), "marked is -1"),
        ((2**32 + 1, 0, 1), "population of 4294967297"),
        ((5, 1, 6), "size and committees are 6 and 1"),
        ((5, 1, 3, 2), "size and committees are 3 and 2"),
        ((5, 1, -1), "size and committees are -1 and 1"),
        ((5, 1, 1, 0), "size and committees are 1 and 0"),
    ],
)
def test_numbers_without_such_seats_are_named(numbers: tuple[int, ...], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        Draw(*numbers)
    with pytest.raises(ValueError, match="seed is 18446744073709551616"):
        worst_counts(Draw(5, 1, 1), 2**64, 1)
