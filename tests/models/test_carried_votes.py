"""In a running network the votes of all live members come to stand in blocks, and everybody reads the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest

from taifoon.core.succession import Stretch
from taifoon.economics import attendance
from taifoon.economics.attendance import attestations_of, attested_blocks, participation
from taifoon.economics.rewards import Attestation
from taifoon.profile import HARDENED
from taifoon.synchronizer import cluster_member
from taifoon_models.simulation import Simulation
from taifoon_models.simulation_checks import InvariantBroken
from taifoon_models.simulation_plan import SECOND, Plan
from taifoon_models.simulation_speed import shared_work

CALM = Plan(length=SECOND, stretch=3, job_gap=200_000)


@cache
def calm() -> Simulation:
    """A calm network that has closed an epoch."""
    with shared_work():
        simulation = Simulation(CALM)
        simulation.run()
    return simulation


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulation]:
    """The same network, in which votes after the certificate are lost."""
    monkeypatch.setattr(cluster_member, "with_late_votes", lambda *_: ())
    with shared_work():
        simulation = Simulation(CALM)
        simulation.run()
        yield simulation


def closed_stretches(simulation: Simulation, node: int) -> tuple[Stretch, ...]:
    """The stretches of closed epochs, as a synchronizer stored them."""
    return tuple(stretch for record in simulation.nodes[node].stored.records for stretch in record.stretches)


def absences(simulation: Simulation) -> int:
    """The votes that closed stretches lack, for blocks that another one follows."""
    lacking = 0
    for stretch in closed_stretches(simulation, 0):
        carried = Counter(each.block for each in attestations_of(stretch.blocks))
        seats = len(stretch.blocks[0].cluster_members)
        lacking += sum(seats - carried[number] for number in attested_blocks(HARDENED, stretch))
    return lacking


def test_every_vote_of_a_live_member_is_carried() -> None:
    assert len(closed_stretches(calm(), 0)) >= 2
    assert absences(calm()) == 0


def test_leaders_that_forget_late_votes_leave_members_out(forgetful: Simulation) -> None:
    assert absences(forgetful) > 0


def test_members_that_read_their_own_certificates_come_to_different_ledgers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "carries_votes", lambda _: False)
    with shared_work(), pytest.raises(InvariantBroken) as caught:
        Simulation(CALM).run()
    assert caught.value.name == "economy"


def test_all_members_read_the_same_participation() -> None:
    simulation = calm()
    read: dict[tuple[int, int], tuple[Attestation, ...]] = {}
    for number in range(len(simulation.nodes)):
        for stretch in closed_stretches(simulation, number):
            place = (stretch.blocks[0].header.epoch, stretch.cluster)
            assert read.setdefault(place, participation(HARDENED, stretch)) == participation(HARDENED, stretch)
    assert all(read.values())
