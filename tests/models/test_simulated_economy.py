"""A running network sells and takes back seats, punishes, pays, and has as many clusters as its load asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from taifoon.economics.ledger import Ledger, held
from taifoon.economics.offences import OffenceKind
from taifoon.network.messages import Leave
from taifoon.primitives.types import Amount, Epoch, PublicKey
from taifoon.profile import HARDENED
from taifoon.synchronizer.economy import Economy
from taifoon_models.keys import key
from taifoon_models.simulation import Simulation
from taifoon_models.simulation_adversary import Manner
from taifoon_models.simulation_checks import InvariantBroken
from taifoon_models.simulation_node import Node
from taifoon_models.simulation_plan import SECOND, Departure, Plan
from taifoon_models.simulation_speed import shared_work

SEAT = HARDENED.parameters.seat_stake
NEWCOMER, LEAVER = 10, 3
BUSY = Plan(
    synchronizers=10,
    clusters=1,
    target=4,
    length=2_150_000,
    stretch=13,
    pace=60,
    latency=(5_000, 20_000),
    message_delay=40,
    block_jobs=4,
    job_gap=15_000,
    corrupt=1,
    arrivals=(150_000,),
    departures=(Departure(200_000, LEAVER),),
)


class Double(Simulation):
    """A network whose corrupt member tells the one half of its peers the contrary of what it tells the other."""

    def prepare(self) -> None:
        self.adversary.manner = lambda number: Manner.EQUIVOCATING  # type: ignore[method-assign]
        # The leaver is none of the adversary's.
        self.adversary.ranks[LEAVER] = 1 << 64
        self.ranks[key(LEAVER)] = 1 << 64
        super().prepare()


@pytest.fixture(autouse=True)
def shared() -> Iterator[None]:
    with shared_work():
        yield


@pytest.fixture(scope="module")
def busy() -> Simulation:
    with shared_work():
        simulation = Double(BUSY)
        simulation.run()
        return simulation


def economies(simulation: Simulation) -> dict[Epoch, Economy]:
    return simulation.checks.economies


def last_ledger(simulation: Simulation) -> Ledger:
    return max(economies(simulation).items())[1].ledger


def serving(simulation: Simulation, epoch: int) -> set[PublicKey]:
    return {seat.public_key for seat in simulation.checks.assignments[Epoch(epoch)].seats}


def test_a_newcomer_learns_the_epochs_buys_a_seat_and_serves_from_the_second_epoch_after(busy: Simulation) -> None:
    assert max(busy.checks.assignments) == 2
    for epoch in busy.checks.assignments:
        assert (key(NEWCOMER) in serving(busy, epoch)) == (epoch >= 2)
    entry = last_ledger(busy).entry(key(NEWCOMER))
    assert entry is not None
    assert entry.stake == SEAT
    assert economies(busy)[Epoch(1)].ledger.balance(key(NEWCOMER)) == 0
    assert busy.nodes[NEWCOMER].synchronizer.clusters


def test_who_leaves_serves_two_epochs_more_and_stays_liable(busy: Simulation) -> None:
    for epoch in busy.checks.assignments:
        assert (key(LEAVER) in serving(busy, epoch)) == (epoch < 2)
    entry = last_ledger(busy).entry(key(LEAVER))
    assert entry is not None
    assert (entry.left, entry.stake) == (0, SEAT)


def test_who_votes_twice_is_reported_by_a_witness_and_pays_once_for_each_slot(busy: Simulation) -> None:
    ledger = last_ledger(busy)
    guilty = {item.offence.key for item in ledger.convictions if item.offence.kind is OffenceKind.DOUBLE_VOTE}
    assert guilty
    assert guilty <= busy.corrupted()
    for offender in guilty:
        entry = ledger.entry(offender)
        assert entry is not None
        assert entry.taken > 0
    names = [(item.offence.kind, item.offence.key, item.offence.slot) for item in ledger.convictions]
    assert len(set(names)) == len(names)


def test_an_offender_without_a_seats_stake_has_no_seat_any_more(busy: Simulation) -> None:
    short = {
        entry.public_key
        for entry in economies(busy)[Epoch(1)].ledger.entries
        if entry.stake < SEAT and entry.left is None
    }
    assert short
    assert not short & serving(busy, 2)


def test_work_is_paid_out_of_the_budgets_and_nothing_else_is_issued(busy: Simulation) -> None:
    genesis = busy.economy.ledger
    for epoch, economy in economies(busy).items():
        ledger = economy.ledger
        clusters = sum(len(busy.checks.assignments[Epoch(each)].clusters) for each in range(epoch))
        base = HARDENED.parameters.base_reward
        assert base * clusters <= ledger.issued - genesis.issued <= base * clusters * 7 // 5
        assert held(ledger) == ledger.issued
    paid = [amount for holder, amount in last_ledger(busy).balances if amount]
    assert len(paid) >= BUSY.synchronizers


def test_full_blocks_call_for_one_cluster_more_and_the_next_epoch_has_it(busy: Simulation) -> None:
    counts = [len(busy.checks.assignments[epoch].clusters) for epoch in sorted(busy.checks.assignments)]
    assert counts[:2] == [1, 2]
    assert {economy.control.clusters for economy in economies(busy).values()} == {2}
    idle = Double(replace(BUSY, job_gap=SECOND, arrivals=(), departures=(), length=3 * SECOND // 2))
    idle.run()
    assert {economy.control.clusters for economy in economies(idle).values()} == {1}


class Counterfeit(Simulation):
    """A network in which the ledger of synchronizer 0 has a unit more."""

    def new_node(self, number: int, genesis: object) -> Node:
        node = super().new_node(number, genesis)  # type: ignore[arg-type]
        if number == 0:
            ledger = self.economy.ledger
            richer = replace(ledger, balances=((key(0), Amount(1)),), issued=Amount(ledger.issued + self.hidden))
            node.stored.economy = replace(self.economy, ledger=richer)
        return node

    hidden = 0


class Private(Counterfeit):
    hidden = 1


@pytest.mark.parametrize(("network", "name"), [(Counterfeit, "conserved"), (Private, "economy")])
def test_a_synchronizer_with_other_books_is_caught(network: type[Counterfeit], name: str) -> None:
    plan = replace(BUSY, corrupt=0, arrivals=(), departures=(), job_gap=SECOND, length=3 * SECOND // 2, stretch=3)
    simulation = network(plan)
    with pytest.raises(InvariantBroken) as fault:
        simulation.run()
    assert fault.value.name in {name, "economy"}


def test_an_order_survives_a_crash() -> None:
    simulation = Simulation(replace(BUSY, corrupt=0, arrivals=(), departures=(), length=100_000))
    simulation.run()
    node = simulation.nodes[0]
    simulation.order(node, Leave(key(0)))
    simulation.crash(node)
    simulation.start(node)
    assert node.synchronizer.orders == (Leave(key(0)),)
    assert len(node.synchronizer.closing.acts) == 1
