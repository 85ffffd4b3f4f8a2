"""Small networks finalise, agree, survive partitions and crashes, and a planted fault does not stay unseen."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from taifoon.core.epoch import Foundation
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import root_of_range
from taifoon.core.network_state import genesis_network
from taifoon.core.quorum import tolerated_faults
from taifoon.network.envelope import Packet
from taifoon.network.kinds import Kind
from taifoon.network.messages import MMRProofRequest, MMRProofResponse
from taifoon.network.parts import RangeHead, RangeKind, RangeName
from taifoon.network.requests import proved_leaf
from taifoon.primitives.types import ClusterId, Epoch, LeafIndex, Millis
from taifoon.profile import HARDENED, Resolution
from taifoon.synchronizer.archive import answered, held_range
from taifoon.synchronizer.cluster_member import new_cluster_member
from taifoon.synchronizer.events import Effect, SendTo, StoreEpoch, StoreJobs, StoreOrders, StoreVotes
from taifoon.synchronizer.turnover import new_synchronizer
from taifoon_models.jobs import digest
from taifoon_models.keys import key
from taifoon_models.simulation import Simulation
from taifoon_models.simulation_adversary import Manner
from taifoon_models.simulation_checks import InvariantBroken
from taifoon_models.simulation_node import Node, Stored
from taifoon_models.simulation_plan import SECOND, START, Course, Crash, Cut, Plan
from taifoon_models.simulation_speed import shared_work

CALM = Plan(length=3 * SECOND // 2, stretch=3, job_gap=200_000)
HARSH = replace(
    CALM,
    seed=2,
    length=17 * SECOND // 4,
    corrupt=None,
    loss=200,
    job_gap=400_000,
    cuts=(Cut(400_000, SECOND, Course.THROUGH), Cut(9 * SECOND // 4, 11 * SECOND // 4, Course.BETWEEN)),
    crashes=(Crash(200_000, 800_000, 3), Crash(1_400_000, 1_700_000, 6)),
)


@pytest.fixture(autouse=True)
def shared() -> Iterator[None]:
    with shared_work():
        yield


def ran(simulation: Simulation) -> Simulation:
    simulation.run()
    return simulation


def broken(simulation: Simulation) -> str | None:
    try:
        simulation.run()
    except InvariantBroken as fault:
        return fault.name
    return None


@pytest.fixture(scope="module")
def calm() -> Simulation:
    with shared_work():
        return ran(Simulation(CALM))


def test_a_calm_network_closes_epochs_and_settles_its_jobs(calm: Simulation) -> None:
    simulation = calm
    epochs = {node.synchronizer.network.epoch for node in simulation.nodes}
    assert min(epochs) >= 2
    assert max(epochs) - min(epochs) <= 1
    early = {job for job, at in simulation.submitted.items() if at < SECOND // 2}
    assert len(early) == 2
    assert early <= simulation.settled_at.keys()
    assert simulation.adversary.acts == 0


def test_every_member_proves_each_leaf_of_each_closed_range(calm: Simulation) -> None:
    network = calm.nodes[0].synchronizer.network
    combiner = HashCombiner(HARDENED)
    for cluster in range(CALM.clusters):
        name = RangeName(ClusterId(cluster), RangeKind.JOBS)
        held, leaves = held_range(network, name)
        assert held.count == len(leaves) > 0
        root = root_of_range(combiner, held)
        heads = frozenset({RangeHead(name, network.chains[cluster].log.height, held.count, root)})
        for index in range(held.count):
            question = MMRProofRequest(LeafIndex(index), name, held.count)
            response = answered(HARDENED, network, digest("request"), question)
            assert isinstance(response, MMRProofResponse)
            assert proved_leaf(HARDENED, heads, question, response) == leaves[index]


@pytest.fixture(scope="module")
def harsh() -> Simulation:
    with shared_work():
        return ran(Simulation(HARSH))


def test_a_harsh_network_heals_and_goes_on(harsh: Simulation) -> None:
    healed = [entry.at for entry in harsh.timeline if entry.kind == "healing"]
    turned = [entry.at for entry in harsh.timeline if entry.kind == "epoch"]
    assert len(healed) == 2
    assert sum(at > healed[0] for at in turned) >= 2
    assert turned[-1] > healed[1]
    assert harsh.checks.cut == ()
    assert {entry.kind for entry in harsh.timeline} >= {"crash", "restart", "partition", "final"}


def test_through_a_cluster_nothing_is_final(harsh: Simulation) -> None:
    through = HARSH.cuts[0]
    settled_in = through.start // 1_000 + HARSH.latency[1] // 1_000
    final = [entry.at for entry in harsh.timeline if entry.kind == "final"]
    assert not any(settled_in < at < through.end // 1_000 for at in final)


def test_between_clusters_work_goes_on() -> None:
    between = Cut(150_000, SECOND // 2, Course.BETWEEN)
    simulation = ran(Simulation(replace(CALM, length=between.end, cuts=(between,))))
    final = [entry.at for entry in simulation.timeline if entry.kind == "final"]
    assert sum(between.start // 1_000 + 100 < at < between.end // 1_000 for at in final) >= 2


def test_the_adversary_has_as_many_members_of_each_cluster_as_are_tolerated(harsh: Simulation) -> None:
    assert harsh.adversary.acts > 0
    for epoch, chosen in harsh.adversary.chosen.items():
        for seats in harsh.checks.assignments[epoch].clusters:
            held = sum(seat.public_key in chosen for seat in seats)
            assert held == tolerated_faults(HARDENED, len(seats)) > 0


@pytest.mark.parametrize("manner", Manner, ids=lambda manner: manner.name)
def test_each_manner_alone_is_borne(manner: Manner, monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(replace(CALM, corrupt=None))
    monkeypatch.setattr(simulation.adversary, "manner", lambda number: manner)
    ran(simulation)
    assert simulation.adversary.acts > 0
    assert len(simulation.heights()) == CALM.clusters
    assert min(simulation.heights().values()) >= CALM.stretch
    if manner is Manner.FORGING:
        assert simulation.refused["ENVELOPE_CHAIN"] > 0
        assert simulation.refused["SIGNATURE_INVALID"] > 0


RUN = """
from taifoon_models.simulation import Simulation
from taifoon_models.simulation_plan import Plan
from taifoon_models.simulation_speed import shared_work
simulation = Simulation(Plan(length=600_000, corrupt=None, seed=5))
with shared_work():
    simulation.run()
print(simulation.steps, simulation.digest)
"""


def test_a_seed_is_a_run_whatever_the_hashes_of_the_process() -> None:
    def digest_under(hash_seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        found = subprocess.run(  # noqa: S603
            [sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=True
        )
        return found.stdout

    first = digest_under("1")
    assert int(first.split()[0]) > 1_000
    assert first == digest_under("4242")


def test_another_seed_is_another_run() -> None:
    plan = replace(CALM, length=150_000)
    assert ran(Simulation(plan)).digest == ran(Simulation(plan)).digest
    assert ran(Simulation(plan)).digest != ran(Simulation(replace(plan, seed=2))).digest


def test_a_run_without_shared_work_is_the_same() -> None:
    plan = replace(CALM, length=250_000)
    shared_digest = ran(Simulation(plan)).digest
    script = RUN.replace("with shared_work():", "if True:").replace(
        "Plan(length=600_000, corrupt=None, seed=5)", "Plan(length=250_000, stretch=3, job_gap=200_000)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    assert found.stdout.split()[1] == shared_digest


class Forgetful(Stored):
    """A disk that loses votes."""

    def keep(self, effect: StoreVotes | StoreEpoch | StoreOrders | StoreJobs) -> None:
        if not isinstance(effect, StoreVotes):
            super().keep(effect)


class Leaderless(Simulation):
    """A network in which the first leader to propose goes down at once, and comes back."""

    disk = Stored
    is_down = False

    def new_node(self, number: int, genesis: object) -> Node:
        node = super().new_node(number, genesis)  # type: ignore[arg-type]
        node.stored = self.disk(node.stored.network, node.stored.economy)
        return node

    def carry_out(self, node: Node, effect: Effect) -> None:
        super().carry_out(node, effect)
        kind = effect.packet.envelope.statement.kind if isinstance(effect, SendTo) else None
        if kind is Kind.BLOCK_PROPOSAL and not self.is_down:
            self.is_down = True
            self.at(self.now + 1_000, lambda: self.crash(node))
            self.at(self.now + 50_000, lambda: self.start(node))


class ForgetfulLeader(Leaderless):
    disk = Forgetful


def test_a_leader_that_forgets_its_vote_is_found_guilty_and_one_that_stores_it_is_not() -> None:
    plan = replace(CALM, length=400_000)
    assert broken(Leaderless(plan)) is None
    assert broken(ForgetfulLeader(plan)) == "guiltless"


class ForeignEar(Simulation):
    """A network in which synchronizer 0 takes the envelopes of a cluster that it has no seat in for its own."""

    def start(self, node: Node) -> None:
        super().start(node)
        if node.number == 0:
            here = node.synchronizer
            self.foreign = ClusterId(1 - here.clusters[0].cluster)
            member = new_cluster_member(self.profile, here.terms, here.network, here.assignment, self.foreign)
            node.synchronizer = replace(here, clusters=(member,))

    def post(self, sender: int, receiver: int, packet: Packet) -> None:
        super().post(sender, receiver, packet)
        super().post(sender, 0, packet)


def test_a_member_that_accepts_the_envelopes_of_another_cluster_is_caught() -> None:
    assert broken(ForeignEar(replace(CALM, length=600_000))) == "own cluster"


class OtherBeacon(Simulation):
    """A network in which synchronizer 0 believes in another beacon."""

    def new_node(self, number: int, genesis: object) -> Node:
        node = super().new_node(number, genesis)  # type: ignore[arg-type]
        if number == 0:
            network = node.stored.network
            first = network.history.genesis
            other = Foundation(first.global_root, first.registry, first.clusters, digest("another beacon"))
            node.stored = Stored(genesis_network(network.chain_id, other), node.stored.economy)
            node.synchronizer = new_synchronizer(
                self.profile, node.synchronizer.terms, node.stored.network, node.stored.economy, Millis(START)
            )
        return node


def test_a_member_with_another_membership_is_caught() -> None:
    assert broken(OtherBeacon(replace(CALM, length=100_000))) == "membership"


def test_a_restarted_synchronizer_has_the_votes_that_it_stored() -> None:
    simulation = Simulation(replace(CALM, length=250_000))
    ran(simulation)
    node = simulation.nodes[4]
    before = [(member.cluster, member.replica.voting) for member in node.synchronizer.clusters]
    simulation.crash(node)
    simulation.start(node)
    after = [(member.cluster, member.replica.voting) for member in node.synchronizer.clusters]
    assert after == before
    assert before[0][1].notarised
    assert key(4) == node.synchronizer.terms.signer.public_key
    assert node.synchronizer.network.epoch == Epoch(0)


def test_an_epoch_closes_without_a_cluster_that_is_cut_off_and_its_jobs_are_settled_later() -> None:
    around = Cut(250_000, 9 * SECOND // 10, Course.AROUND)
    small = replace(CALM, synchronizers=20, clusters=4, stretch=4, pace=100, patience=500, job_gap=60_000)
    simulation = ran(Simulation(replace(small, length=2 * SECOND, cuts=(around,))))
    assert {(epoch, cluster) for epoch, cluster, _ in simulation.checks.cut} == {(0, 0)}
    alone = {job for place in simulation.checks.cut for job in simulation.checks.jobs[place]}
    assert alone
    assert alone <= simulation.settled_at.keys()


def test_timers_that_are_too_short_make_nobody_guilty_by_the_rule_of_finalising_alone() -> None:
    hasty = replace(CALM, length=SECOND // 2, message_delay=12)
    assert broken(Simulation(hasty)) is None
    assert broken(Simulation(hasty, HARDENED.without(Resolution.FINALISE_EXCLUDES_NULLIFY))) == "guiltless"
