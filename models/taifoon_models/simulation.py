"""A whole network of synchronizers over simulated time: the shipped `step` under loss, reordering, partition and crash.

Time is in whole microseconds and events wait in a heap, in the order of their time and then of their making. All chance
comes from one generator, `random.Random(seed)`, drawn from in the order of events, so that a seed is a run: same seed,
same trace, byte for byte. Every step is looked at by `taifoon_models.simulation_checks`.
"""

from __future__ import annotations

import hashlib
import heapq
import random
from collections import Counter
from collections.abc import Callable

from taifoon.core.epoch import Foundation
from taifoon.core.job import Arrival, JobContent, intake_leaf
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.network_state import NetworkState, genesis_network
from taifoon.network.envelope import Packet
from taifoon.network.gossip import fanout
from taifoon.network.messages import Leave, Registration
from taifoon.network.peers import Candidate, draw_peers
from taifoon.primitives.types import (
    Amount,
    BlockNumber,
    ChainId,
    ClusterId,
    Epoch,
    Hash32,
    Millis,
    PublicKey,
)
from taifoon.profile import HARDENED, Profile
from taifoon.rejection import Rejected
from taifoon.synchronizer.acts import Act
from taifoon.synchronizer.economy import genesis_economy
from taifoon.synchronizer.events import (
    Alarm,
    AlarmRang,
    BlockFinal,
    Effect,
    EpochTurned,
    Event,
    JobSubmitted,
    Ordered,
    PacketArrived,
    ProofBuilt,
    ProveJob,
    Provisional,
    Refused,
    SendTo,
    SetAlarm,
    Spread,
    StoreEpoch,
    StoreJobs,
    StoreOrders,
    StoreVotes,
    Terms,
)
from taifoon.synchronizer.inbox import Inbox, admit, next_packet
from taifoon.synchronizer.node import step
from taifoon.synchronizer.state import Synchronizer, reception
from taifoon.synchronizer.turnover import new_synchronizer
from taifoon_models.blocks import CHAIN, PROOFS, proof_of
from taifoon_models.epochs import registration
from taifoon_models.jobs import digest
from taifoon_models.keys import key
from taifoon_models.simulation_adversary import Adversary
from taifoon_models.simulation_checks import Checks
from taifoon_models.simulation_node import Entry, Node, NumberedSigner, Stored, alarm_slot
from taifoon_models.simulation_plan import START, Cut, Plan, sides

PROVING = (20_000, 200_000)
"""The time that a proof takes, in microseconds: the least and the most."""


class Simulation:
    """A network of numbered synchronizers that runs by a plan."""

    def __init__(self, plan: Plan, profile: Profile = HARDENED, tell: Callable[[Entry], None] | None = None) -> None:
        self.plan = plan
        self.hear = tell
        self.profile = plan.profile_of(profile)
        self.chance = random.Random(f"taifoon {plan.seed}")  # noqa: S311
        self.now = 0
        self.made = 0
        self.steps = 0
        self.queue: list[tuple[int, int, Callable[[], None]]] = []
        self.trace = hashlib.sha256()
        self.timeline: list[Entry] = []
        self.refused: Counter[str] = Counter()
        self.submitted: dict[Hash32, int] = {}
        self.settled_at: dict[Hash32, int] = {}
        self.provisional: dict[Hash32, int] = {}
        self.sides: dict[Cut | None, tuple[frozenset[PublicKey], ...]] = {}
        registry = tuple(registration(self.profile, number) for number in range(plan.synchronizers))
        first = Foundation(digest("root of genesis"), registry, plan.clusters, digest(f"beacon of {plan.seed}"))
        genesis = genesis_network(CHAIN, first)
        late = range(plan.synchronizers, plan.everyone)
        seat = Amount(self.profile.parameters.seat_stake)
        self.economy = genesis_economy(self.profile, genesis, tuple((key(number), seat) for number in late))
        self.nodes = [self.new_node(number, genesis) for number in range(plan.everyone)]
        self.numbers = {key(number): number for number in range(plan.everyone)}
        self.candidates: dict[Epoch, tuple[Candidate, ...]] = {}
        self.clients: list[int] = []
        self.adversary = self.new_adversary(random.Random(f"adversary {plan.seed}"))  # noqa: S311
        self.ranks = {key(number): rank for number, rank in enumerate(self.adversary.ranks)}
        self.checks = Checks(self.profile, self.adversary.chosen)

    # What there is to run.

    def new_node(self, number: int, genesis: NetworkState) -> Node:
        """A synchronizer that is still down."""
        terms = self.terms(number)
        synchronizer = new_synchronizer(self.profile, terms, genesis, self.economy, Millis(START))
        return Node(number, synchronizer, Stored(genesis, self.economy))

    def new_adversary(self, chance: random.Random) -> Adversary:
        """The adversary, which has its own chance."""
        return Adversary(self.profile, self.plan, chance)

    def terms(self, number: int) -> Terms:
        """What synchronizer `number` runs with."""
        plan = self.plan
        return Terms(
            NumberedSigner(number),
            PROOFS,
            plan.factor,
            plan.stretch,
            Millis(plan.pace),
            Millis(plan.patience),
            Millis(plan.pull),
            Millis(plan.life),
        )

    def at(self, when: int, act: Callable[[], None]) -> None:
        """Put an act on the queue."""
        self.made += 1
        heapq.heappush(self.queue, (max(when, self.now), self.made, act))

    def between(self, span: tuple[int, int]) -> int:
        """A whole number out of a span, both ends included."""
        return self.chance.randint(*span)

    def happens(self, chance: int) -> bool:
        """Whether something of so many ten-thousandths happens."""
        return chance > 0 and self.chance.randrange(10_000) < chance

    def clock(self) -> Millis:
        """The local time of every synchronizer, in milliseconds."""
        return Millis(START + self.now // 1_000)

    def note(self, kind: str, text: str) -> None:
        """A line of the timeline."""
        entry = Entry(self.now // 1_000, kind, text)
        self.timeline.append(entry)
        if self.hear is not None:
            self.hear(entry)

    def record(self, *words: object) -> None:
        """Let words count in the digest of the trace."""
        self.trace.update(repr((self.now, *words)).encode())

    # Running.

    def start_all(self) -> None:
        """Let those that are there from the start begin, each a little later than another."""
        for node in self.nodes[: self.plan.synchronizers]:
            self.at(self.between((0, 20_000)), lambda node=node: self.start(node))  # type: ignore[misc]

    def prepare(self) -> None:
        """Put on the queue what the plan says."""
        plan = self.plan
        self.start_all()
        for node, when in zip(self.nodes[plan.synchronizers :], plan.arrivals, strict=True):
            self.at(when, lambda node=node: self.arrive(node))  # type: ignore[misc]
        for departure in plan.departures:
            leaver = self.nodes[departure.node]
            self.at(departure.at, lambda node=leaver: self.order(node, Leave(key(node.number))))  # type: ignore[misc]
        for cut in plan.cuts:
            self.at(cut.start, lambda cut=cut: self.cut(cut))  # type: ignore[misc]
            self.at(cut.end, lambda cut=cut: self.heal(cut))  # type: ignore[misc]
        for crash in plan.crashes:
            self.at(crash.start, lambda crash=crash: self.crash(self.nodes[crash.node]))  # type: ignore[misc]
            self.at(crash.end, lambda crash=crash: self.start(self.nodes[crash.node]))  # type: ignore[misc]
        for number, when in enumerate(plan.job_times):
            self.at(when, lambda number=number: self.submit(number))  # type: ignore[misc]

    def run(self) -> None:
        """Run to the end of the plan. Raises InvariantBroken as soon as one is."""
        self.prepare()
        while self.queue and self.queue[0][0] <= self.plan.length:
            self.now, _, act = heapq.heappop(self.queue)
            act()

    def tell(self, node: Node, event: Event) -> None:
        """Give a synchronizer an event, look at what it did, and carry out what it wants."""
        if not node.is_up:
            return
        self.steps += 1
        before = node.synchronizer.network.epoch
        node.synchronizer, effects = self.stepped(node, event)
        self.checks.stepped(node.number, node.synchronizer, effects, self.is_corrupt)
        # A step that turns the epoch speaks of both: the adversary has its words only if it has the member in both.
        if all(self.is_corrupt(node.number, each) for each in {before, node.synchronizer.network.epoch}):
            effects = self.adversary.turned(node.number, node.synchronizer, effects)
        for effect in effects:
            self.carry_out(node, effect)

    def stepped(self, node: Node, event: Event) -> tuple[Synchronizer, tuple[Effect, ...]]:
        """What the shipped step makes of an event."""
        return step(self.profile, node.synchronizer, event, self.clock())

    def is_corrupt(self, number: int, epoch: Epoch) -> bool:
        """Whether the adversary has a synchronizer in an epoch."""
        assignment = self.checks.assignments.get(epoch)
        if self.plan.corrupt == 0 or assignment is None:
            return False
        return key(number) in self.adversary.keys(assignment, self.ranks)

    def start(self, node: Node) -> None:
        """Let a synchronizer start with what it stored."""
        if node.is_up:
            return
        node.is_up, node.lives = True, node.lives + 1
        if node.lives > 1:
            self.note("restart", f"synchronizer {node.number}")
        self.record("start", node.number)
        self.tell(node, node.stored.found())

    def arrive(self, node: Node) -> None:
        """Let a synchronizer come that knows nothing but genesis, and ask for a seat."""
        self.start(node)
        asked = registration(self.profile, node.number)
        self.order(node, Registration(asked.public_key, asked.stake, asked.capabilities))

    def order(self, node: Node, act: Act) -> None:
        """A synchronizer's holder wants something of the ledger."""
        self.note("order", f"synchronizer {node.number}: {type(act).__name__}")
        self.record("order", node.number)
        self.tell(node, Ordered(act))

    def crash(self, node: Node) -> None:
        """Take a synchronizer down, with all that it has not stored."""
        self.note("crash", f"synchronizer {node.number}")
        self.record("crash", node.number)
        node.is_up = False
        node.alarms.clear()
        node.inbox, node.is_busy = Inbox(), False

    def submit(self, number: int) -> None:
        """A client brings a job to some synchronizer."""
        self.clients.append(self.drawn())
        self.bring(self.nodes[self.clients[-1]], number)

    def drawn(self) -> int:
        """A synchronizer by chance, of those that are there from the start."""
        return self.chance.randrange(self.plan.synchronizers)

    def bring(self, node: Node, number: int) -> None:
        """A client brings job `number` to a synchronizer; one that is down does not take it."""
        leaf = self.new_job(number)
        if node.is_up:
            self.submitted[leaf.job_id] = self.now
            self.record("job", node.number, leaf.job_id)
            self.tell(node, JobSubmitted(leaf))

    def new_job(self, number: int) -> MMRLeaf:
        """The leaf of job `number`, as its client brings it now."""
        content = JobContent(
            ProofType.HEADER_INCLUSION, ChainId(1), ChainId(10), digest(f"payload {number}"), key(0), number
        )
        arrival = Arrival(digest(f"claimed {number}"), self.clock(), self.chance.randrange(256))
        return intake_leaf(self.profile, content, arrival, ClusterId(0))

    def carry_out(self, node: Node, effect: Effect) -> None:
        """Do what a synchronizer wants done."""
        match effect:
            case StoreVotes() | StoreEpoch() | StoreOrders() | StoreJobs():
                node.stored.keep(effect)
            case SendTo(peers, packet):
                for peer in peers:
                    self.post(node.number, self.numbers[peer], packet)
            case Spread(packet):
                self.spread(node, packet)
            case SetAlarm(alarm, at):
                self.set_alarm(node, alarm, at)
            case ProveJob(leaf):
                lives = node.lives
                self.at(self.now + self.between(PROVING), lambda: self.proved(node, leaf, lives))
            case BlockFinal(epoch, cluster, number, block):
                self.record("final", node.number, epoch, cluster, number, block.header.mmr_root)
                if self.checks.is_first(epoch, cluster, number):
                    self.note(
                        "final", f"epoch {epoch} cluster {cluster} block {number}, {len(block.proof_jobs)} leaves"
                    )
            case EpochTurned(network, _):
                self.turned(node, network)
            case Provisional(job_id, _):
                self.provisional.setdefault(job_id, self.now)
                self.record("provisional", node.number, job_id)
            case Refused(code, _):
                self.refused[code.name] += 1
                self.record("refused", node.number, code.name)

    def turned(self, node: Node, network: NetworkState) -> None:
        """Take note of an epoch that is over."""
        closed = network.history.closed[-1]
        self.record("turned", node.number, network.epoch, closed.global_root)
        if self.checks.first_turn(node.number, network.epoch):
            for each in network.settled:
                self.settled_at.setdefault(each.job_id, self.now)
            moved = self.seats_moved(network.epoch)
            self.note(
                "epoch",
                f"{network.epoch} begins, root {closed.global_root.hex()[:16]}, {moved} seats change their cluster, "
                f"{self.settled} jobs settled",
            )

    def seats_moved(self, epoch: Epoch) -> int:
        """How many seats have another cluster than in the epoch before."""
        before, after = self.checks.assignments.get(Epoch(epoch - 1)), self.checks.assignments.get(epoch)
        if before is None or after is None:
            return 0
        old = {seat: cluster for cluster, seats in enumerate(before.clusters) for seat in seats}
        return sum(old.get(seat) != cluster for cluster, seats in enumerate(after.clusters) for seat in seats)

    def proved(self, node: Node, leaf: MMRLeaf, lives: int) -> None:
        """A proof is there; one that was asked for before a crash is lost."""
        if node.lives == lives:
            self.tell(node, ProofBuilt(leaf.job_id, proof_of(leaf.job_id, key(node.number))))

    # The network.

    def set_alarm(self, node: Node, alarm: Alarm, at: Millis) -> None:
        """Set an alarm in the place of the last one of its kind."""
        node.alarms[alarm_slot(alarm)] = alarm
        when = (at - START) * 1_000
        lives = node.lives

        def ring() -> None:
            if node.lives == lives and node.alarms.get(alarm_slot(alarm)) == alarm:
                self.tell(node, AlarmRang(alarm))

        self.at(when, ring)

    def spread(self, node: Node, packet: Packet) -> None:
        """Push a packet to drawn peers."""
        others = tuple(each for each in self.registered(node) if each.public_key != key(node.number))
        count = fanout(self.profile, len(others) + 1)
        draws = tuple(self.chance.getrandbits(192) for _ in range(count))
        for peer in draw_peers(self.profile, others, draws):
            self.post(node.number, self.numbers[peer], packet)

    def registered(self, node: Node) -> tuple[Candidate, ...]:
        """The registered keys with stake, by the newest closing that a synchronizer knows."""
        epoch = node.synchronizer.network.epoch
        if epoch not in self.candidates:
            entries = node.synchronizer.economy.registry
            found = tuple(Candidate(each.public_key, each.stake) for each in entries if each.stake)
            self.candidates[epoch] = found
        return self.candidates[epoch]

    def cut(self, cut: Cut) -> None:
        """Begin a partition, along the clusters as they are where the epoch is furthest."""
        assignment = max(self.checks.assignments.items())[1]
        self.sides[cut] = sides(cut, assignment)
        self.note("partition", f"{cut.course.value}, {len(self.sides[cut])} sides")
        self.record("partition", cut.course.value)

    def heal(self, cut: Cut) -> None:
        """End a partition."""
        del self.sides[cut]
        self.note("healing", cut.course.value)
        self.record("healing", cut.course.value)

    def is_cut(self, sender: int, receiver: int) -> bool:
        """Whether a partition keeps two synchronizers apart now; a corrupt sender is on every side."""
        if not self.sides:
            return False
        pair = {key(sender), key(receiver)}
        apart = any(not any(pair <= side for side in found) for found in self.sides.values())
        return apart and not self.is_corrupt(sender, self.nodes[sender].synchronizer.network.epoch)

    def post(self, sender: int, receiver: int, packet: Packet) -> None:
        """Send a packet on its way: it may be lost, come twice, and overtake others."""
        if self.is_cut(sender, receiver) or self.happens(self.plan.loss):
            return
        for _ in range(1 + self.happens(self.plan.duplication)):
            when = self.now + self.between(self.plan.latency)
            self.at(when, lambda: self.deliver(receiver, packet))

    def deliver(self, receiver: int, packet: Packet) -> None:
        """Hand a packet over, or put it into the inbox where packets take time."""
        self.record("packet", receiver, packet.envelope.signature)
        node = self.nodes[receiver]
        if self.plan.service == 0:
            self.tell(node, PacketArrived(packet))
        elif node.is_up:
            here = node.synchronizer
            try:
                arrival = reception(here, self.clock())
                node.inbox = admit(self.profile, arrival, here.outbox.memory, node.inbox, packet)
            except Rejected as rejected:
                self.refused[rejected.code.name] += 1
            self.serve(node)

    def serve(self, node: Node) -> None:
        """Begin with the packet whose turn it is, if none is being served."""
        if node.is_busy or node.inbox.waiting == 0:
            return
        node.is_busy, lives = True, node.lives

        def served() -> None:
            if node.is_up and node.lives == lives:
                packet, node.inbox = next_packet(self.profile, node.inbox)
                node.is_busy = False
                self.tell(node, PacketArrived(packet))
                self.serve(node)

        self.at(self.now + self.plan.service, served)

    # What is to be seen.

    @property
    def settled(self) -> int:
        """How many of the submitted jobs are settled."""
        return len(self.settled_at.keys() & self.submitted.keys())

    def job_latencies(self) -> list[int]:
        """From the submission of each settled job to the first closing that settles it, in microseconds."""
        return [at - self.submitted[job] for job, at in self.settled_at.items() if job in self.submitted]

    def heights(self) -> dict[ClusterId, BlockNumber]:
        """The number of the last block of each cluster that is final somewhere."""
        found: dict[ClusterId, BlockNumber] = {}
        for _, cluster, number in self.checks.final:
            found[cluster] = max(number, found.get(cluster, number))
        return found

    def corrupted(self) -> frozenset[PublicKey]:
        """The keys that the adversary had in some epoch."""
        return frozenset(each for keys in self.adversary.chosen.values() for each in keys)

    @property
    def digest(self) -> str:
        """The digest of everything that happened."""
        return self.trace.hexdigest()
