"""Cut off from its cluster a synchronizer proves for its clients; none of that is final, and none of it is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from taifoon.primitives.types import Hash32
from taifoon.synchronizer.events import Provisional
from taifoon_models.simulation import Simulation
from taifoon_models.simulation_plan import SECOND, Course, Crash, Cut, Plan
from taifoon_models.simulation_speed import shared_work

APART = Cut(300_000, 1_700_000, Course.THROUGH)
PLAN = Plan(seed=4, length=4 * SECOND, stretch=5, job_gap=200_000, message_delay=60, cuts=(APART,))


@pytest.fixture(autouse=True)
def shared() -> Iterator[None]:
    with shared_work():
        yield


@pytest.fixture(scope="module")
def healed() -> Simulation:
    with shared_work():
        simulation = Simulation(PLAN)
        simulation.run()
        return simulation


def test_results_are_provisional_while_no_side_has_a_quorum_and_only_then(healed: Simulation) -> None:
    assert healed.provisional
    assert all(APART.start < at <= APART.end + 300_000 for at in healed.provisional.values())
    calm = Simulation(replace(PLAN, cuts=(), length=3 * SECOND // 2))
    calm.run()
    assert calm.settled_at
    assert not calm.provisional


def test_what_was_made_alone_is_settled_once_after_the_healing(healed: Simulation) -> None:
    for job in healed.provisional:
        assert healed.settled_at[job] > APART.end
    settled = [each.job_id for each in healed.nodes[0].synchronizer.network.settled]
    assert len(set(settled)) == len(settled)


def test_every_job_that_a_client_brought_is_settled(healed: Simulation) -> None:
    early = {job for job, at in healed.submitted.items() if at < 2 * SECOND}
    assert len(early) >= 8
    assert early <= healed.settled_at.keys()


class Losing(Simulation):
    """A network that loses every job on its way from the synchronizer to which a client brought it."""

    def submit(self, number: int) -> None:
        loss, self.plan = self.plan, replace(self.plan, loss=10_000)
        super().submit(number)
        self.plan = loss


def test_a_job_in_custody_is_submitted_again_in_the_next_epoch_and_survives_a_crash() -> None:
    plan = replace(PLAN, cuts=(), length=5 * SECOND // 2, stretch=3, job_gap=400_000)
    simulation = Losing(replace(plan, crashes=tuple(Crash(450_000, 500_000, node) for node in range(3))))
    simulation.run()
    early: set[Hash32] = {job for job, at in simulation.submitted.items() if at < SECOND}
    assert early
    assert early <= simulation.settled_at.keys()


def test_a_provisional_result_says_nothing_but_the_job_and_the_proof() -> None:
    assert list(Provisional.__dataclass_fields__) == ["job_id", "proof"]
