"""Clusters under partitions: certified prefixes never part, never shrink, and are the same everywhere after healing.

A state machine cuts the network into sides, lets every side do what the shipped rules allow, lets members that are cut
off prove alone, and heals. Planted faults show that each invariant can fail.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.quorum import quorum
from taifoon.primitives.types import Epoch
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.security.individual import Log, ProvisionalResult, receive
from taifoon.security.merge import GlobalView, begins_with, covers, root_of_view
from taifoon_models.partitions import Clusters

STEADY = settings(deadline=None, derandomize=True, max_examples=80, stateful_step_count=30)
HUNT = settings(STEADY, max_examples=1500, phases=[Phase.generate], print_blob=False, report_multiple_bugs=False)
SIDES = 3
CLUSTER = st.integers(0, 1)
SIDE = st.integers(0, SIDES - 1)
NODE = st.integers(0, 9)
JOB = st.integers(0, 5)
INVARIANTS = frozenset({"related", "kept", "certified", "once", "agreed"})


class Run(RuleBasedStateMachine):
    """Two clusters of five, and what nodes held at any earlier moment."""

    profile: ClassVar[Profile] = HARDENED
    network: ClassVar[type[Clusters]] = Clusters
    demands: ClassVar[frozenset[str]] = INVARIANTS
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.world = self.network(self.profile, clusters=2, seats=5)
        self.earlier: list[GlobalView] = [node.view for node in self.world.nodes]

    @initialize(jobs=st.integers(0, 3))
    def begin(self, jobs: int) -> None:
        for job in range(jobs):
            self.world.submit(job % 2, 0, job)

    @rule(sides=st.lists(SIDE, min_size=10, max_size=10))
    def cut(self, sides: list[int]) -> None:
        self.world.cut(sides)

    @rule(cluster=CLUSTER, outside=st.integers(0, 4))
    def cut_one_off(self, cluster: int, outside: int) -> None:
        self.world.cut([int(number == 5 * cluster + outside) for number in range(10)])

    @rule(cluster=CLUSTER, side=SIDE, job=JOB)
    def submit(self, cluster: int, side: int, job: int) -> None:
        self.world.submit(cluster, side, 2 * job + cluster)

    @rule(cluster=CLUSTER, side=SIDE, job=JOB)
    def prove(self, cluster: int, side: int, job: int) -> None:
        self.world.prove(cluster, side, 2 * job + cluster)

    @rule(number=NODE, job=JOB)
    def prove_alone(self, number: int, job: int) -> None:
        if self.world.prove_alone(number, 2 * job + number // 5):
            self.seen["alone"] += 1

    @rule(number=NODE)
    def hand_over(self, number: int) -> None:
        self.world.hand_over(number)

    @rule(cluster=CLUSTER, side=SIDE, leader=st.integers(0, 4))
    def make_block(self, cluster: int, side: int, leader: int) -> None:
        members = len(self.world.company(cluster, side))
        if self.world.make_block(cluster, side, leader):
            self.seen["block of a part" if members < 5 else "block of all"] += 1
        elif members:
            self.seen["halted side"] += 1

    @rule(side=SIDE)
    def exchange(self, side: int) -> None:
        self.world.exchange(side)

    @rule()
    def heal(self) -> None:
        behind = len({node.view for node in self.world.nodes})
        self.world.heal()
        self.seen["healed a difference"] += behind > 1
        if "agreed" in self.demands:
            self.all_agree()

    def all_agree(self) -> None:
        views = {node.view for node in self.world.nodes}
        assert len(views) == 1, "nodes with the same certificates hold different views"
        assert len({root_of_view(self.profile, Epoch(1), node.view, 2) for node in self.world.nodes}) == 1
        for cluster in range(2):
            logs = {(log.jobs, log.batches, log.height) for log in self.logs_of(cluster)}
            assert len(logs) == 1, "members of a cluster hold different logs"

    def logs_of(self, cluster: int) -> list[Log]:
        return [node.member.log for node in self.world.nodes if node.cluster == cluster]

    @invariant()
    def certified_prefixes_never_part(self) -> None:
        if "related" not in self.demands:
            return
        assert self.world.conflicts == 0, "two certified prefixes conflict"
        for first, second in combinations({node.view for node in self.world.nodes}, 2):
            for left, right in zip(first.prefixes, second.prefixes, strict=True):
                assert begins_with(left, right) or begins_with(right, left), "two prefixes have parted"

    @invariant()
    def nothing_certified_is_taken_back(self) -> None:
        views = [node.view for node in self.world.nodes]
        if "kept" in self.demands:
            assert all(covers(view, before) for view, before in zip(views, self.earlier, strict=True)), "taken back"
        self.earlier = views

    @invariant()
    def every_leaf_has_a_certificate(self) -> None:
        if "certified" not in self.demands:
            return
        for node in self.world.nodes:
            prefix = node.view.prefixes[node.cluster]
            blocks = [self.world.made[final.block_hash] for final in prefix]
            assert all(signers >= quorum(HARDENED, 5) for _, signers in blocks), "a block has too few signers"
            leaves = tuple(leaf for block, _ in blocks for leaf in block.leaves)
            assert node.member.log.jobs.leaves == leaves, "a leaf has no certified block"
            assert node.member.log.height == len(prefix), "a height has no certified block"

    @invariant()
    def a_job_is_completed_once(self) -> None:
        if "once" not in self.demands:
            return
        for node in self.world.nodes:
            done = [leaf.job_id for leaf in node.member.log.jobs.leaves if not leaf.is_intake]
            assert len(done) == len(set(done)), "a job is completed twice"

    def teardown(self) -> None:
        self.world.heal()
        for number in range(10):
            self.world.hand_over(number)
        for cluster in range(2):
            if "agreed" in self.demands:
                assert self.world.make_block(cluster, 0, 0), "a whole cluster makes no block"
        self.world.exchange(0)
        if "agreed" in self.demands:
            self.all_agree()
            alone = {
                (node.cluster, each.intake.job_id) for node in self.world.nodes for each in node.member.provisional
            }
            for cluster, job_id in sorted(alone):
                log = self.logs_of(cluster)[0]
                self.seen["taken up"] += 1
                assert any(leaf.job_id == job_id and not leaf.is_intake for leaf in log.jobs.leaves), "work is lost"


def played(machine: type[Run], bounds: settings = STEADY) -> Counter[str]:
    machine.seen = Counter()
    run_state_machine_as_test(machine, settings=bounds)  # type: ignore[no-untyped-call]
    return machine.seen


def test_partitions_and_healing_keep_every_certified_prefix() -> None:
    seen = played(Run)
    for event in ("block of a part", "block of all", "halted side", "alone", "healed a difference", "taken up"):
        assert seen[event] > 0, f"no run had: {event}"


class Replacing(Clusters):
    """Nodes that take the other's view, longer or not."""

    def joined(self, mine: GlobalView, other: GlobalView) -> GlobalView:
        return other


class Deaf(Clusters):
    """Nodes that keep their own view."""

    def joined(self, mine: GlobalView, other: GlobalView) -> GlobalView:
        return mine


class Believing(Clusters):
    """Members that write a result of individual mode into their log as soon as they hear of it."""

    def received(self, log: Log, result: ProvisionalResult) -> Log:
        if any(leaf.job_id == result.intake.job_id for leaf in log.jobs.leaves):
            return log
        return receive(HashCombiner(HARDENED.without(Resolution.LOG_ORDER)), log, result)


@pytest.mark.parametrize(
    ("demand", "network", "profile", "message"),
    [
        ("related", Clusters, HARDENED.without(Resolution.PARTITION), "conflict|parted"),
        ("certified", Clusters, HARDENED.without(Resolution.PARTITION), "too few signers|no certified block"),
        ("kept", Replacing, HARDENED, "taken back"),
        ("agreed", Deaf, HARDENED, "different views"),
        ("certified", Believing, HARDENED, "no certified block"),
    ],
)
def test_a_planted_fault_is_caught(demand: str, network: type[Clusters], profile: Profile, message: str) -> None:
    body: dict[str, Any] = {"demands": frozenset({demand}), "network": network, "profile": profile}
    machine = type("PlantedRun", (Run,), body)
    with pytest.raises(AssertionError, match=message):
        played(machine, HUNT)
