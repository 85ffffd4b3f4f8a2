"""Several clusters under partitions: sides that may go on make blocks, and healing joins what was certified.

Members vote honestly and at once, so that a block's signers are the members of the side that made it; what matters here
is which sides may make blocks, and what nodes hold when sides come and go.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from taifoon.core.assignment import SeatKey
from taifoon.core.cluster_log import LogBlock, appends_on_arrival, arrive, empty_cluster_log, finalise, state_root
from taifoon.core.epoch import Assignment, Registration
from taifoon.core.job_log import record
from taifoon.core.leaf import MMRLeaf, ProofType, completion_of
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import root_of_range
from taifoon.primitives.types import Amount, BlockNumber, Epoch, Hash32, Seat
from taifoon.profile import Profile
from taifoon.rejection import Rejected
from taifoon.security.individual import (
    Log,
    ProvisionalResult,
    Synchronizer,
    is_completed,
    prove_alone,
    receive,
    resubmit,
)
from taifoon.security.merge import FinalBlock, GlobalView, Prefix, empty_view, join
from taifoon.security.partition import goes_on, is_cut_off
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key


def assignment_in(epoch: int, clusters: int) -> Assignment:
    """An epoch of clusters with one seat each, all capable, and the epoch's own seed."""
    held = tuple(SeatKey(key(number), Seat(0)) for number in range(clusters))
    registry = tuple(Registration(seat.public_key, Amount(1), tuple(ProofType)) for seat in held)
    return Assignment(Epoch(epoch), digest(f"seed of epoch {epoch}"), registry, held, tuple((seat,) for seat in held))


def takeable(combiner: HashCombiner, log: Log) -> tuple[MMRLeaf, ...]:
    """What an honest leader puts into its block: each waiting leaf that the log still records, intakes first."""
    jobs, taken = log.jobs, []
    for leaf in sorted(log.mempool, key=lambda leaf: not leaf.is_intake):
        try:
            jobs = record(combiner, jobs, leaf)
        except Rejected:
            continue
        taken.append(leaf)
    return tuple(taken)


@dataclass(slots=True)
class Node:
    """A member of a cluster: its log and what it proved alone, its view of all clusters, and the side it is on."""

    cluster: int
    member: Synchronizer
    view: GlobalView
    side: int = 0


@dataclass
class Clusters:
    """Clusters of equal size, cut into sides; `made` remembers each block with the number of its signers."""

    profile: Profile
    clusters: int
    seats: int
    nodes: list[Node] = field(init=False)
    made: dict[Hash32, tuple[LogBlock, int]] = field(default_factory=dict)
    conflicts: int = 0

    def __post_init__(self) -> None:
        self.combiner = HashCombiner(self.profile)
        self.nodes = [
            Node(number // self.seats, Synchronizer(empty_cluster_log()), empty_view(self.clusters))
            for number in range(self.clusters * self.seats)
        ]

    def cut(self, sides: list[int]) -> None:
        """Put each node on a side; nodes of different sides do not reach each other."""
        for node, side in zip(self.nodes, sides, strict=True):
            node.side = side

    def heal(self) -> None:
        """Bring all nodes together, let them tell each other what they hold, and submit what was proved alone."""
        self.cut([0] * len(self.nodes))
        self.exchange(0)
        for node in self.nodes:
            node.member = resubmit(self.combiner, node.member)

    def company(self, cluster: int, side: int) -> list[Node]:
        """The members of a cluster on one side."""
        return [node for node in self.nodes if (node.cluster, node.side) == (cluster, side)]

    def joined(self, mine: GlobalView, other: GlobalView) -> GlobalView:
        """A node's view after it has heard another's; where they conflict it keeps its own."""
        try:
            return join(self.profile, mine, other)
        except Rejected:
            self.conflicts += 1
            return mine

    def exchange(self, side: int) -> None:
        """All nodes of a side tell each other their views, and members apply the blocks of their own cluster."""
        present = [node for node in self.nodes if node.side == side]
        views = [node.view for node in present]
        for node in present:
            for view in views:
                node.view = self.joined(node.view, view)
            self.catch_up(node)

    def catch_up(self, node: Node) -> None:
        """A member applies the blocks of its cluster that its view has and its log lacks."""
        for final in node.view.prefixes[node.cluster][node.member.log.height :]:
            log = applied(self.combiner, node.member.log, self.made[final.block_hash][0])
            node.member = Synchronizer(log, node.member.provisional)

    def submit(self, cluster: int, side: int, job: int) -> None:
        """A client's job reaches the members of a cluster on one side."""
        for node in self.company(cluster, side):
            self.deliver(node, intake(job, cluster))

    def deliver(self, node: Node, leaf: MMRLeaf) -> None:
        """A leaf reaches a member; where arrival is what fills the log, a leaf that it cannot record is dropped."""
        try:
            node.member = Synchronizer(arrive(self.combiner, node.member.log, leaf), node.member.provisional)
        except Rejected:
            return

    def prove(self, cluster: int, side: int, job: int) -> None:
        """A member proves a job in reach of its cluster: the completion reaches the members on its side."""
        for node in self.company(cluster, side):
            leaf = completion_in(cluster, job)
            if not is_completed(node.member.log, leaf.job_id):
                self.deliver(node, leaf)

    def prove_alone(self, number: int, job: int) -> bool:
        """A member that is cut off from its cluster proves a job by itself. False where it is not cut off."""
        node = self.nodes[number]
        if not is_cut_off(self.profile, self.seats, len(self.company(node.cluster, node.side))):
            return False
        leaf = intake(job, node.cluster)
        node.member = prove_alone(self.combiner, node.member, leaf, digest(f"proof {job} by {number}"))
        return True

    def hand_over(self, number: int) -> None:
        """What a member proved alone reaches the members of its cluster that are in reach."""
        node = self.nodes[number]
        for other in self.company(node.cluster, node.side):
            for result in node.member.provisional:
                other.member = Synchronizer(self.received(other.member.log, result), other.member.provisional)

    def received(self, log: Log, result: ProvisionalResult) -> Log:
        """A log when a result of individual mode arrives."""
        return receive(self.combiner, log, result)

    def make_block(self, cluster: int, side: int, leader: int) -> bool:
        """The members of a cluster on one side make a block of what waits at their leader. False where they may not."""
        members = self.company(cluster, side)
        if not goes_on(self.profile, self.seats, len(members)):
            return False
        self.exchange(side)
        leading = members[leader % len(members)]
        before = leading.view.prefixes[cluster]
        log, name = leading.member.log, digest(f"block of {cluster} on {side} after {tip(before).hex()}")
        block = LogBlock(BlockNumber(log.height + 1), name, takeable(self.combiner, log))
        after = applied(self.combiner, log, block)
        self.made[name] = (block, len(members))
        roots = (root_of_range(self.combiner, each) for each in (after.jobs.mountains, after.batches))
        prefix = (*before, FinalBlock(name, state_root(self.profile, *roots)))
        for node in members:
            if node.view.prefixes[cluster] == before:
                node.view = with_prefix(node.view, cluster, prefix)
                self.catch_up(node)
        return True


def applied(combiner: HashCombiner, log: Log, block: LogBlock) -> Log:
    """The log after a block; where arrival is what fills the log, its leaves arrive first."""
    if appends_on_arrival(combiner.profile):
        for leaf in block.leaves:
            log = arrive(combiner, log, leaf)
    return finalise(combiner, log, block)


def completion_in(cluster: int, job: int) -> MMRLeaf:
    """The completion of a job by its cluster."""
    return completion_of(intake(job, cluster), digest(f"proof {job}"))


def tip(prefix: Prefix) -> Hash32:
    """The last block's hash of a prefix; zero for none."""
    return prefix[-1].block_hash if prefix else Hash32(bytes(32))


def with_prefix(view: GlobalView, cluster: int, prefix: Prefix) -> GlobalView:
    """The view with one cluster's prefix replaced by a longer one."""
    return GlobalView(tuple(prefix if number == cluster else old for number, old in enumerate(view.prefixes)))
