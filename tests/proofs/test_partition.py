"""What the scenarios of partitions and failures show, and that each of them can fail."""

from __future__ import annotations

import pytest

from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.theorems.partition import partitions
from taifoon_proofs.verdict import Counterexample


@pytest.mark.parametrize("seats", range(2, 8))
def test_literally_any_two_sides_finalise_and_repaired_none_do(seats: int) -> None:
    for first in range(1, seats):
        parameters = {"seats": seats, "sides": [first, seats - first]}
        assert violates(DOCUMENT, "partition/sides", parameters)
        assert not violates(HARDENED, "partition/sides", parameters)


def test_the_partitions_of_five_seats_are_all_there() -> None:
    cases = [tuple(case["sides"]) for case in partitions(5)]  # type: ignore[arg-type]
    assert len(cases) == len(set(cases)) == 16
    assert (2, 2, 1) in cases
    assert (5, 0, 0) in cases


def test_a_job_of_a_dead_cluster_gets_a_live_owner() -> None:
    moved = 0
    for job in range(30):
        parameters = {"clusters": 4, "dead": [0, 1], "job": job, "epochs": 8}
        states = run(HARDENED, Counterexample("failures/dead-clusters", parameters)).states
        assert states[-1]["alive"]
        stuck = run(HARDENED.without(Resolution.EPOCH_SEED), Counterexample("failures/dead-clusters", parameters))
        assert stuck.violated == (stuck.states[0]["assigned"] in (0, 1))
        moved += len(states) > 2
    assert moved > 0


def test_no_epoch_that_turns_leaves_some_jobs_waiting() -> None:
    half = {"clusters": 4, "dead": [0, 1], "epochs": 0}
    waiting = [violates(HARDENED, "failures/dead-clusters", {**half, "job": job}) for job in range(60)]
    assert 0 < sum(waiting) < 30
