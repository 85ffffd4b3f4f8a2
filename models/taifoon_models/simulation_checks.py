"""What has to hold at every step of a simulated network, whatever the adversary does.

Each invariant has a name, by which a test asks for it; `taifoon_models.simulation_fault` lists them.
"""

from __future__ import annotations

from collections.abc import Callable

from taifoon.core.accountability import contradicts
from taifoon.core.block import block_hash
from taifoon.core.epoch import Assignment
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import frontier_of_range, root_of_range
from taifoon.core.network_state import NetworkState
from taifoon.core.succession import Stretch, uncertified_completions
from taifoon.core.validity import ChainState
from taifoon.core.vote import Statement
from taifoon.economics.ledger import held, is_conserved
from taifoon.economics.offences import OffenceKind
from taifoon.network.envelope import Envelope, message_octets
from taifoon.network.kinds import Kind, decode_message
from taifoon.network.messages import BlockVote
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Hash32, PublicKey
from taifoon.profile import Profile
from taifoon.synchronizer.economy import Economy
from taifoon.synchronizer.events import BlockFinal, Effect, SendTo, StoreEpoch, StoreVotes
from taifoon.synchronizer.live_chain import state_of
from taifoon.synchronizer.state import Synchronizer
from taifoon_models.simulation_fault import InvariantBroken as InvariantBroken
from taifoon_models.simulation_fault import demand as demand
from taifoon_models.simulation_ranges import RangeChecks, is_only_provisional
from taifoon_models.simulation_votes import VoteChecks

SILENCE = frozenset({OffenceKind.INACTIVITY, OffenceKind.WITHHELD_REVEAL})
"""What a member is charged with that nobody heard of, whether it is corrupt or cut off."""

Place = tuple[Epoch, ClusterId, BlockNumber]


class Checks:
    """What all synchronizers have said and decided so far, and the invariants over it."""

    def __init__(self, profile: Profile, corrupt: dict[Epoch, frozenset[PublicKey]]) -> None:
        self.profile = profile
        self.corrupt = corrupt
        self.economies: dict[Epoch, Economy] = {}
        self.final: dict[Place, tuple[Hash32, object]] = {}
        self.firsts: dict[Place, int] = {}
        self.turns: dict[Epoch, int] = {}
        self.networks: dict[Epoch, tuple[Hash32 | None, Hash32]] = {}
        self.assignments: dict[Epoch, Assignment] = {}
        self.stretches: dict[ClusterId, tuple[Stretch, ...]] = {}
        self.said: dict[tuple[int, Epoch, ClusterId, int], set[Statement]] = {}
        self.cut: tuple[Place, ...] = ()
        self.jobs: dict[Place, tuple[Hash32, ...]] = {}
        self.members: set[tuple[int, Epoch]] = set()
        self.read: set[bytes] = set()
        self.ranges = RangeChecks(profile)
        self.votes = VoteChecks()

    def stepped(
        self,
        number: int,
        synchronizer: Synchronizer,
        effects: tuple[Effect, ...],
        corrupt: Callable[[int, Epoch], bool],
    ) -> None:
        """Look at a step of an honest synchronizer. Raises InvariantBroken."""
        epoch = synchronizer.network.epoch
        if (number, epoch) not in self.members:
            self.members.add((number, epoch))
            expected = self.assignments.setdefault(epoch, synchronizer.assignment)
            demand("membership", expected == synchronizer.assignment, f"synchronizer {number} in epoch {epoch}")
        for effect in effects:
            match effect:
                case StoreEpoch():
                    self.turned(number, effect)
                case BlockFinal():
                    self.block(number, effect, synchronizer)
                case SendTo(_, packet) if packet.envelope.statement.kind is Kind.BLOCK_VOTE:
                    self.spoke(number, packet.envelope, corrupt)
        self.voted(number, synchronizer, effects, corrupt)
        demand("provisional", is_only_provisional(effects), f"synchronizer {number} in epoch {epoch}")

    def voted(
        self,
        number: int,
        synchronizer: Synchronizer,
        effects: tuple[Effect, ...],
        corrupt: Callable[[int, Epoch], bool],
    ) -> None:
        """What an honest member stores before it sends is a step of the explored tables."""
        stored = [effect.votes for effect in effects if isinstance(effect, StoreVotes)]
        for votes in stored:
            self.votes.read(votes)
        for votes in stored:
            if corrupt(number, votes.epoch):
                continue
            holder, guilty = synchronizer.terms.signer.public_key, self.corrupt.get(votes.epoch, frozenset())
            outside = self.votes.outside(holder, votes, self.assignments[votes.epoch], guilty)
            demand("refinement", outside is None, f"synchronizer {number}: {outside}")

    def is_first(self, epoch: Epoch, cluster: ClusterId, number: BlockNumber) -> bool:
        """Whether a final block has been seen at one synchronizer only."""
        return self.firsts.get((epoch, cluster, number)) == 1

    def first_turn(self, number: int, epoch: Epoch) -> bool:
        """Whether a synchronizer is the first to reach an epoch."""
        return self.turns.setdefault(epoch, number) == number

    def block(self, number: int, effect: BlockFinal, synchronizer: Synchronizer) -> None:
        """Agreement, and equal ranges at equal heights; only members of a cluster finalise there."""
        member = synchronizer.member(effect.cluster) if synchronizer.network.epoch == effect.epoch else None
        place = (effect.epoch, effect.cluster, effect.number)
        name = block_hash(self.profile, effect.block)
        state = None if member is None else state_of(member.states, name)
        seen = (name, None if state is None else self.range_of(state))
        known = self.final.setdefault(place, seen)
        self.firsts[place] = self.firsts.get(place, 0) + 1
        self.jobs[place] = tuple(leaf.job_id for leaf in effect.block.proof_jobs)
        demand("agreement", known[0] == name, f"synchronizer {number} at {place}")
        demand("range", None in (known[1], seen[1]) or known[1] == seen[1], f"synchronizer {number} at {place}")
        if known[1] is None:
            self.final[place] = seen
        parent = self.final.get((*place[:2], BlockNumber(place[2] - 1)))
        stands = parent is None or parent[0] == effect.block.header.previous_hash
        demand("agreement", stands, f"synchronizer {number} below {place}")
        seats = self.assignments[effect.epoch].clusters[effect.cluster] if effect.epoch in self.assignments else ()
        own = synchronizer.terms.signer.public_key
        demand("own cluster", any(seat.public_key == own for seat in seats), f"synchronizer {number} at {place}")
        if member is not None:
            self.ranges.owners_agreed(number, synchronizer.terms, synchronizer.assignment, effect.block)
            self.ranges.certified(number, synchronizer.terms, member, effect)
        if state is not None:
            self.ranges.grown(number, effect, state)

    def range_of(self, state: ChainState) -> object:
        """Leaf count, peaks and root of the jobs, and of the batches, after a block."""
        combiner = HashCombiner(self.profile)
        ranges = (state.log.jobs.mountains, state.log.batches)
        return tuple((frontier_of_range(each), root_of_range(combiner, each)) for each in ranges)

    def turned(self, number: int, effect: StoreEpoch) -> None:
        """One closing for each epoch, each job settled once, every completion certified."""
        network = effect.network
        root = network.history.closed[-1].global_root
        seen = (network.before, root)
        known = self.networks.setdefault(network.epoch, seen)
        demand("agreement", known == seen, f"synchronizer {number} closes epoch {network.epoch - 1}")
        jobs = [each.job_id for each in network.settled]
        demand("settled once", len(set(jobs)) == len(jobs), f"synchronizer {number} in epoch {network.epoch}")
        economy = self.economies.setdefault(network.epoch, effect.economy)
        demand("economy", economy == effect.economy, f"synchronizer {number} in epoch {network.epoch}")
        if known is seen:
            self.backed(network, effect)
            self.ranges.closed(effect)
            self.paid(effect)
            self.cut = (*self.cut, *self.beyond(network))

    def paid(self, effect: StoreEpoch) -> None:
        """No unit appears or is lost; only who is guilty is convicted of what a signature shows."""
        ledger, epoch = effect.economy.ledger, effect.network.epoch
        demand("conserved", is_conserved(ledger), f"{ledger.issued} issued and {held(ledger)} held in epoch {epoch}")
        for conviction in ledger.convictions:
            offence = conviction.offence
            if offence.kind in SILENCE:
                continue
            guilty = self.corrupt.get(offence.epoch, frozenset())
            demand("convicted", offence.key in guilty, f"{offence.key.hex()} of {offence.kind.value}")

    def beyond(self, network: NetworkState) -> tuple[Place, ...]:
        """The blocks that were final in a cluster and stand after the end that the closing gives its chain."""
        last = Epoch(network.epoch - 1)
        ends = {
            ClusterId(cluster): 0 if chain.last is None else chain.last.header.block_number
            for cluster, chain in enumerate(network.chains)
        }
        return tuple(place for place in self.final if place[0] == last and place[2] > ends.get(place[1], 0))

    def backed(self, network: NetworkState, effect: StoreEpoch) -> None:
        """Every completion leaf of a closed chain stands in a certified block."""
        for stretch in effect.record.stretches:
            self.stretches[stretch.cluster] = (*self.stretches.get(stretch.cluster, ()), stretch)
        for cluster, chain in enumerate(network.chains):
            stray = uncertified_completions(chain, self.stretches.get(ClusterId(cluster), ()))
            demand("backed", not stray, f"cluster {cluster}: {len(stray)} completions without a certificate")

    def spoke(self, number: int, envelope: Envelope, corrupt: Callable[[int, Epoch], bool]) -> None:
        """No honest key signs two statements that contradict each other; a proposal's vote is sent as a vote too."""
        if envelope.signature in self.read:
            return
        self.read.add(envelope.signature)
        message = decode_message(self.profile, message_octets(envelope.statement))
        if not isinstance(message, BlockVote):
            return
        statement = message.vote.statement
        if statement.epoch not in self.assignments or corrupt(number, statement.epoch):
            return
        slot = (message.vote.seat, statement.epoch, statement.committee, statement.view)
        others = self.said.setdefault(slot, set())
        clash = [each for each in others if contradicts(each, statement)]
        demand("guiltless", not clash, f"synchronizer {number}: {statement} and {clash[:1]}")
        others.add(statement)
