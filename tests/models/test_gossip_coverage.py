"""How much of a large network a push reaches, with seed, number of runs and confidence interval."""

from __future__ import annotations

import pytest

pytest.importorskip("numba", reason="numba is not installed, and large networks need it")

from taifoon.profile import DOCUMENT, HARDENED
from taifoon_models.gossip_coverage import mean_coverage, pushed

SEED = 1


@pytest.mark.parametrize(
    ("nodes", "silent", "runs", "stated"),
    [
        (1_000, 0, 4_000, "0.9996"),
        (10_000, 0, 1_000, "0.946"),
        (100_000, 0, 400, "0.306"),
        (1_000, 333, 4_000, "0.973"),
        (10_000, 3_333, 1_500, "0.505"),
        (100_000, 33_333, 400, "0.075"),
    ],
)
def test_n1_coverage_of_the_literal_push_is_the_stated_one(nodes: int, silent: int, runs: int, stated: str) -> None:
    low, high = mean_coverage(DOCUMENT, nodes, silent, SEED, runs).interval
    rounding = 0.5 * 10.0 ** -len(stated.removeprefix("0."))
    assert low - rounding <= float(stated) <= high + rounding
    assert high - low < 0.012


@pytest.mark.parametrize(("nodes", "runs", "once_given"), [(10_000, 1_000, 0.945), (100_000, 400, 0.305)])
def test_n1_coverage_lies_above_the_figures_of_a_few_runs(nodes: int, runs: int, once_given: float) -> None:
    low, _ = mean_coverage(DOCUMENT, nodes, 0, SEED, runs).interval
    assert low > once_given


@pytest.mark.parametrize(("nodes", "silent"), [(100_000, 0), (100_000, 33_333), (1_000_000, 0), (1_000_000, 333_333)])
def test_the_repaired_push_reaches_all_but_a_few_of_a_million(nodes: int, silent: int) -> None:
    runs = 2 if nodes > 100_000 else 10
    assert mean_coverage(HARDENED, nodes, silent, SEED, runs).mean >= 1 - 5e-5


def test_figures_are_the_same_again_and_others_with_another_seed() -> None:
    first = mean_coverage(DOCUMENT, 1_000, 100, SEED, 20)
    assert mean_coverage(DOCUMENT, 1_000, 100, SEED, 20, threads=2) == first
    assert mean_coverage(DOCUMENT, 1_000, 100, SEED + 1, 20) != first
    assert (pushed(DOCUMENT, 1_000).fanout, pushed(DOCUMENT, 1_000).hops) == (8, 5)
    assert (pushed(HARDENED, 1_000).fanout, pushed(HARDENED, 1_000).hops) == (10, 6)
    with pytest.raises(ValueError, match="runs is 1"):
        mean_coverage(DOCUMENT, 1_000, 0, SEED, 1)
