"""A flood by corrupt members does not starve votes where what waits is served fairly, and does where it is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.profile import HARDENED, Profile, Resolution
from taifoon_models.simulation import Simulation
from taifoon_models.simulation_adversary import Manner
from taifoon_models.simulation_plan import SECOND, Plan
from taifoon_models.simulation_speed import shared_work

CALM = Plan(length=7 * SECOND // 10, stretch=3, job_gap=200_000, loss=0, duplication=0, service=2_000)
FLOODED = replace(CALM, corrupt=None)


def heights(plan: Plan, profile: Profile, patch: pytest.MonkeyPatch) -> list[int]:
    """The number of the last final block of each cluster."""
    with shared_work():
        simulation = Simulation(plan, profile)
        patch.setattr(simulation.adversary, "manner", lambda number: Manner.SPAMMING)
        simulation.run()
    assert (simulation.adversary.acts > 0) is (plan.corrupt is None)
    return [simulation.heights().get(cluster, 0) for cluster in range(plan.clusters)]


def test_a_flood_slows_nobody_down_by_the_fair_queue_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    unfair = HARDENED.without(Resolution.MESSAGE_PRIORITY)
    calm, bare = heights(CALM, HARDENED, monkeypatch), heights(CALM, unfair, monkeypatch)
    assert min(*calm, *bare) >= CALM.stretch
    assert min(heights(FLOODED, HARDENED, monkeypatch)) >= CALM.stretch
    assert max(heights(FLOODED, unfair, monkeypatch)) < CALM.stretch


def test_a_network_without_service_time_keeps_nothing_waiting() -> None:
    with shared_work():
        simulation = Simulation(replace(CALM, service=0, length=SECOND // 5))
        simulation.run()
    assert all(node.inbox.waiting == 0 for node in simulation.nodes)
