"""Ranges and jobs in a simulated network: one sequence of leaves for each cluster, one owner list and one end a job.

What members hold of a cluster's range is at every moment a prefix of the longest that anybody holds; what a closing
keeps is one of these. Every final block has a proof of finality, and no result of individual mode has.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from taifoon.core import accountability
from taifoon.core.block import ClusterBlock
from taifoon.core.epoch import Assignment
from taifoon.core.knowledge import finality_proof
from taifoon.core.leaf import MMRLeaf
from taifoon.core.network_state import EpochRecord, NetworkState
from taifoon.core.owners import owners
from taifoon.core.succession import completions_of
from taifoon.core.validity import ChainState
from taifoon.primitives.types import ClusterId, Epoch, Hash32, Millis
from taifoon.profile import Profile
from taifoon.rejection import Rejected
from taifoon.synchronizer.cluster_member import ClusterMember, live_chain
from taifoon.synchronizer.events import BlockFinal, Effect, Provisional, StoreEpoch, Terms
from taifoon_models.simulation_fault import InvariantBroken, demand

Leaves = tuple[MMRLeaf, ...]


def is_prefix(shorter: Leaves, longer: Leaves) -> bool:
    """Whether a sequence of leaves begins another."""
    return longer[: len(shorter)] == shorter


@dataclass(frozen=True, slots=True)
class Seen:
    """A closing as it was first seen."""

    network: NetworkState
    record: EpochRecord


class RangeChecks:
    """The longest range of each cluster in each epoch, and what closings have kept."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.longest: dict[tuple[Epoch, ClusterId], Leaves] = {}
        self.closings: dict[Epoch, Seen] = {}
        self.owned: dict[tuple[Epoch, Hash32], tuple[ClusterId, ...]] = {}

    def grown(self, number: int, effect: BlockFinal, state: ChainState) -> None:
        """A synchronizer holds a range up to a final block: it and the longest known one begin alike."""
        place = (effect.epoch, effect.cluster)
        leaves, known = state.log.jobs.leaves, self.longest.get(place, ())
        shorter, longer = sorted((leaves, known), key=len)
        demand("prefix", is_prefix(shorter, longer), f"synchronizer {number} at {place}, {len(leaves)} leaves")
        self.longest[place] = longer

    def certified(self, number: int, terms: Terms, member: ClusterMember, effect: BlockFinal) -> None:
        """A synchronizer that reports a block as final has a proof of it that anybody accepts."""
        chain = live_chain(self.profile, terms, member, Millis(0))
        known, final = member.replica.known, member.replica.final
        place = (effect.epoch, effect.cluster, effect.number)
        demand("certified", chain.link(effect.block) in final, f"synchronizer {number} at {place}: not voted on")
        try:
            # The last final block carries those before it, which need no vote to finalise of their own.
            proof = finality_proof(self.profile, chain, known, final[-1])
            accountability.check_finality(self.profile, known.committee, chain.genesis, proof)
        except Rejected as rejected:
            raise InvariantBroken("certified", f"synchronizer {number} at {place}: {rejected.code.name}") from rejected

    def owners_agreed(self, number: int, terms: Terms, assignment: Assignment, block: ClusterBlock) -> None:
        """All derive the same owners of the jobs in a block, of which its cluster is one."""
        for leaf in block.proof_jobs:
            own = owners(self.profile, assignment, leaf, terms.factor)
            known = self.owned.setdefault((assignment.epoch, leaf.job_id), own)
            seen = f"synchronizer {number} in epoch {assignment.epoch}: {own}"
            demand("owners", own == known and block.header.cluster_id in own, seen)

    def closed(self, effect: StoreEpoch) -> None:
        """A closing keeps a prefix of what was final, adds to what earlier ones kept, and settles what they hold."""
        network, before = effect.network, self.closings.get(Epoch(effect.network.epoch - 1))
        epoch = effect.record.block.header.epoch
        for number, chain in enumerate(network.chains):
            cluster = ClusterId(number)
            leaves = chain.log.jobs.leaves
            known = self.longest.get((epoch, cluster), leaves)
            shorter, longer = sorted((leaves, known), key=len)
            demand("prefix", is_prefix(shorter, longer), f"cluster {cluster} in the closing of epoch {epoch}")
            if before is not None and number < len(before.network.chains):
                earlier = before.network.chains[number].log.jobs.leaves
                demand("prefix", is_prefix(earlier, leaves), f"cluster {cluster} loses leaves in epoch {epoch}")
        settled = () if before is None else before.network.settled
        demand("settled once", network.settled[: len(settled)] == settled, f"a settlement is gone in epoch {epoch}")
        held = {each for stretch in effect.record.stretches for each in completions_of(stretch)}
        stray = [each for each in network.settled[len(settled) :] if each not in held]
        demand("backed", not stray, f"{len(stray)} settlements of epoch {epoch} stand in no certified block")
        self.closings[network.epoch] = Seen(network, effect.record)

    def equal(self, networks: tuple[NetworkState, ...]) -> None:
        """Of closed ranges one begins another; who is in the same epoch has the same."""
        ordered = sorted(networks, key=lambda network: network.epoch)
        for earlier, later in pairwise(ordered):
            for number, (first, second) in enumerate(zip(earlier.chains, later.chains, strict=False)):
                leaves = first.log.jobs.leaves, second.log.jobs.leaves
                same = leaves[0] == leaves[1] if earlier.epoch == later.epoch else is_prefix(*leaves)
                demand("prefix", same, f"cluster {number} in epochs {earlier.epoch} and {later.epoch}")


def is_only_provisional(effects: tuple[Effect, ...]) -> bool:
    """Whether a step that tells a client of a provisional result makes nothing final."""
    told = any(isinstance(effect, Provisional) for effect in effects)
    return not told or not any(isinstance(effect, BlockFinal | StoreEpoch) for effect in effects)
