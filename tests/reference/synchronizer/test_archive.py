"""A synchronizer answers about ranges and blocks with what the asker can check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from taifoon.core.epoch import committee_of_cluster
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import Head
from taifoon.core.mmr.mountains import root_of_range
from taifoon.core.network_state import NetworkState
from taifoon.network.answers import range_at
from taifoon.network.messages import BlockRangeRequest, BlockRangeResponse, MMRPeaksRequest, MMRPeaksResponse
from taifoon.network.parts import RangeHead, RangeKind, RangeName
from taifoon.network.requests import adopt_peaks, blocks_in, check_blocks
from taifoon.primitives.types import BlockNumber, ClusterId, Hash32, LeafCount
from taifoon.profile import HARDENED
from taifoon.rejection import Rejected, RejectionCode
from taifoon.synchronizer.archive import answered, blocks_from, head_held, held_range
from taifoon.synchronizer.events import Event
from taifoon.synchronizer.state import Synchronizer
from taifoon_models.jobs import digest
from taifoon_models.simulation import Simulation
from taifoon_models.simulation_node import Node
from taifoon_models.simulation_plan import SECOND, Plan
from taifoon_models.simulation_speed import shared_work

from .numbered import PROFILE, fresh, heard, mates_of, messages, refusals, strangers_to
from .test_heralds import CLUSTER, FOREIGN, PROPOSED, SPEAKER, final_at

REQUEST = digest("request")
PLAN = Plan(length=SECOND, stretch=2, job_gap=100_000)


class Noting(Simulation):
    """A network that notes the heads which members remember by pushes, and those that each closing leaves."""

    def prepare(self) -> None:
        super().prepare()
        self.pushed: dict[tuple[RangeName, BlockNumber], RangeHead] = {}
        self.closed: dict[tuple[RangeName, BlockNumber], RangeHead] = {}

    def tell(self, node: Node, event: Event) -> None:
        before = node.synchronizer.network.epoch
        super().tell(node, event)
        for head in node.synchronizer.surroundings.heads:
            self.pushed[head.range, head.block] = head
        if node.synchronizer.network.epoch > before:
            for name in names():
                head = head_held(self.profile, node.synchronizer.network, name)
                self.closed[name, head.block] = head


@pytest.fixture(scope="module")
def simulation() -> Iterator[Noting]:
    with shared_work():
        run = Noting(PLAN)
        run.run()
        yield run


@pytest.fixture
def synchronizer(simulation: Noting) -> Synchronizer:
    return simulation.nodes[0].synchronizer


def names() -> Iterator[RangeName]:
    return (RangeName(ClusterId(cluster), kind) for cluster in range(PLAN.clusters) for kind in RangeKind)


def known_head(network: NetworkState, name: RangeName, count: int) -> Head[Hash32]:
    held, _ = held_range(network, name)
    return Head(LeafCount(count), root_of_range(HashCombiner(HARDENED), range_at(held, LeafCount(count))))


def test_peaks_come_with_the_proof_that_they_extend_every_earlier_head(synchronizer: Synchronizer) -> None:
    network, checked = synchronizer.network, 0
    for name in names():
        head = head_held(HARDENED, network, name)
        for count in range(head.leaf_count + 1):
            question = MMRPeaksRequest(LeafCount(count), name)
            response = answered(HARDENED, network, REQUEST, question)
            assert isinstance(response, MMRPeaksResponse)
            known = known_head(network, name, count)
            adopted = adopt_peaks(HARDENED, frozenset({head}), known, question, response)
            assert (adopted.count, adopted.root) == (head.leaf_count, head.root)
            checked += 1
    assert checked > 4


def test_the_heads_of_a_closing_are_those_that_pushes_certified(simulation: Noting) -> None:
    found = 0
    for place, head in simulation.closed.items():
        if place in simulation.pushed:
            assert simulation.pushed[place] == head
            found += 1
    assert found >= 2 * PLAN.clusters


def test_a_range_without_blocks_has_no_head() -> None:
    request = MMRPeaksRequest(LeafCount(0), RangeName(CLUSTER, RangeKind.JOBS))
    _, effects = heard(fresh(0), (mates_of(0)[0], request))
    assert refusals(effects) == [RejectionCode.NODE_NOT_STORED]


def test_an_asker_that_is_ahead_is_refused(synchronizer: Synchronizer) -> None:
    name = RangeName(ClusterId(0), RangeKind.JOBS)
    ahead = MMRPeaksRequest(LeafCount(head_held(HARDENED, synchronizer.network, name).leaf_count + 1), name)
    with pytest.raises(Rejected) as caught:
        answered(HARDENED, synchronizer.network, REQUEST, ahead)
    assert caught.value.code is RejectionCode.MMR_SHRINKS


def test_every_closed_block_is_answered_for_with_its_certificates(simulation: Noting) -> None:
    synchronizer = simulation.nodes[0].synchronizer
    checked = 0
    for record in synchronizer.records:
        epoch = record.block.header.epoch
        assignment = simulation.checks.assignments[epoch]
        for stretch in record.stretches:
            committee = committee_of_cluster(synchronizer.network.chain_id, assignment, stretch.cluster)
            for place, block in enumerate(stretch.blocks):
                question = BlockRangeRequest(stretch.cluster, block.header.block_number)
                response = blocks_from(simulation.profile, synchronizer, REQUEST, question)
                check_blocks(simulation.profile, committee, question, response)
                assert blocks_in(response) == stretch.blocks[place:]
                checked += 1
    assert checked >= 6


def test_a_block_that_is_not_held_is_refused_and_one_that_is_not_made_yet_is_none(synchronizer: Synchronizer) -> None:
    forgetful = replace(synchronizer, records=())
    with pytest.raises(Rejected) as caught:
        blocks_from(HARDENED, forgetful, REQUEST, BlockRangeRequest(ClusterId(0), BlockNumber(1)))
    assert caught.value.code is RejectionCode.NODE_NOT_STORED
    beyond = BlockRangeRequest(ClusterId(0), BlockNumber(10_000))
    assert blocks_from(HARDENED, synchronizer, REQUEST, beyond) == BlockRangeResponse(REQUEST, (), None)


def test_a_block_of_the_present_epoch_is_answered_for_by_its_members() -> None:
    holder, _ = final_at(SPEAKER, PROPOSED)
    number = PROPOSED.block.header.block_number
    _, effects = heard(holder, (mates_of(SPEAKER)[0], BlockRangeRequest(CLUSTER, number)))
    (response,) = (each for each in messages(effects) if isinstance(each, BlockRangeResponse))
    assert blocks_in(response) == (PROPOSED.block,)
    committee = holder.clusters[0].replica.known.committee
    check_blocks(PROFILE, committee, BlockRangeRequest(CLUSTER, number), response)
    _, effects = heard(fresh(FOREIGN), (strangers_to(FOREIGN)[0], BlockRangeRequest(CLUSTER, number)))
    assert [each.head for each in messages(effects) if isinstance(each, BlockRangeResponse)] == [None]
