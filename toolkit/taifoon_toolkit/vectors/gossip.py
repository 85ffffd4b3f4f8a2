"""Vectors of gossip: how far a push goes, who gets it, which peers are drawn, what a node remembers (RES-GOSSIP)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

from taifoon.network import gossip
from taifoon.network.envelope import Packet, identity
from taifoon.network.gossip import Memory
from taifoon.network.kinds import Kind, kind_of
from taifoon.network.peers import Candidate, draw_peers
from taifoon.network.topics import is_delivered
from taifoon.primitives.encoding import U8
from taifoon.primitives.types import Amount, ClusterId, Hash32, Millis, PublicKey
from taifoon.profile import Parameters, Profile
from taifoon_toolkit.vectors.case import Case
from taifoon_toolkit.vectors.envelopes import Receiver, reception_of
from taifoon_toolkit.vectors.method import MACHINES, Machine, method
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Large, Small

SECTION = "4.2"
GREATEST_NETWORK = 1 << 40
GREATEST_QUOTA = 64

Hops = Annotated[int, U8]


@dataclass(frozen=True, slots=True)
class NodesAsked:
    """The number of nodes, at least 1."""

    nodes: Large


@dataclass(frozen=True, slots=True)
class ReachGiven:
    """Peers that a first receipt is pushed to, hops at most, and the hops left in what a sender sends."""

    fanout: Small
    hops: Small
    first: Hops


@dataclass(frozen=True, slots=True)
class DeliveryAsked:
    """A kind, the cluster that a message is for or null, the clusters of a node's seats, and whether it is asked."""

    kind: Kind
    members_of: Small | None
    memberships: tuple[Small, ...]
    is_asked: bool


@dataclass(frozen=True, slots=True)
class DeliveryGiven:
    """Whether the node gets it."""

    delivered: bool


@dataclass(frozen=True, slots=True)
class PeerKnown:
    """A key, and its registered stake."""

    public_key: Digest
    stake: Large


@dataclass(frozen=True, slots=True)
class PeersAsked:
    """Candidates, and uniform numbers, one for each peer that is wanted."""

    candidates: tuple[PeerKnown, ...]
    draws: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PeersGiven:
    """Peers in the order of their draw."""

    peers: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class RoundAsked:
    """Peers, at least one, and the number of a round."""

    peers: tuple[Digest, ...]
    number: Large


@dataclass(frozen=True, slots=True)
class RoundGiven:
    """The peer that is asked in it."""

    peer: Digest


@dataclass(frozen=True, slots=True)
class NodeGiven:
    """A node that remembers nothing, and a quota for each sender in place of the one that ships."""

    receiver: Receiver
    quota: Small


@dataclass(frozen=True, slots=True)
class PacketArrives:
    """A packet arrives at a time."""

    packet: Packet
    now: Large


@dataclass(frozen=True, slots=True)
class PeerPulls:
    """A peer asks, at a time, for what lives beside the messages that it knows."""

    known: tuple[Digest, ...]
    now: Large


@dataclass(frozen=True, slots=True)
class EpochBegins:
    """The node enters an epoch with these registered keys."""

    epoch: Large
    registered: tuple[Digest, ...]


GossipEvent = PacketArrives | PeerPulls | EpochBegins


@dataclass(frozen=True, slots=True)
class Held:
    """A message that is remembered: its identity, whose quota it is in, and until when."""

    identity: Digest
    counts_for: Digest | None
    until: Large


@dataclass(frozen=True, slots=True)
class GossipState:
    """What a node remembers in order of arrival, and what came of the last event that was not refused.

    `delivered` is the kind of the message that is handed on, null for a copy; `onward` are the hops left in the packet
    that is pushed on, null where none is; `sent` are the identities of what a peer gets, in order.
    """

    remembered: tuple[Held, ...]
    delivered: Kind | None
    onward: Hops | None
    sent: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its memory, and what came of the last event."""

    receiver: Receiver
    quota: int
    memory: Memory
    delivered: Kind | None = None
    onward: int | None = None
    sent: tuple[Hash32, ...] = ()


def with_quota(profile: Profile, quota: int) -> Profile:
    """The profile with another quota. Raises ValueError for one that is too great for a vector."""
    if not 1 <= quota <= GREATEST_QUOTA:
        raise ValueError(f"quota: 1 to {GREATEST_QUOTA}")
    return profile.with_parameters(Parameters(sender_quota=quota))


@method("gossip.reach", SECTION, "R-4.2-1", "R-4.2-2", "R-4.2-3", "RES-GOSSIP")
def reach(profile: Profile, given: NodesAsked) -> ReachGiven:
    """Fanout and hops in a network of so many nodes."""
    if given.nodes > GREATEST_NETWORK:
        raise ValueError(f"nodes: at most {GREATEST_NETWORK} are asked")
    hops = gossip.hops(profile, given.nodes)
    return ReachGiven(gossip.fanout(profile, given.nodes), hops, hops - 1)


@method("gossip.delivered", SECTION, "R-4.2-1", "R-4.1-12", "RES-GOSSIP")
def delivered(profile: Profile, given: DeliveryAsked) -> DeliveryGiven:
    """Whether a node gets a message."""
    cluster = None if given.members_of is None else ClusterId(given.members_of)
    memberships = frozenset(ClusterId(item) for item in given.memberships)
    return DeliveryGiven(is_delivered(profile, given.kind, cluster, memberships, is_asked=given.is_asked))


@method("gossip.peers", SECTION, "R-4.2-1", "RES-GOSSIP")
def peers(profile: Profile, given: PeersAsked) -> PeersGiven:
    """Distinct peers, drawn by stake: draw after draw modulo the stake of the candidates that are left."""
    if len({item.public_key for item in given.candidates}) < len(given.candidates):
        raise ValueError("candidates: a key stands twice")
    candidates = tuple(Candidate(PublicKey(item.public_key), Amount(item.stake)) for item in given.candidates)
    return PeersGiven(draw_peers(profile, candidates, given.draws))


@method("gossip.asked", SECTION, "R-4.2-4", "RES-GOSSIP")
def asked(profile: Profile, given: RoundAsked) -> RoundGiven:
    """The peer that is asked in a round."""
    return RoundGiven(gossip.asked_in_round(tuple(PublicKey(item) for item in given.peers), given.number))


def start(profile: Profile, given: NodeGiven) -> Node:
    """A node that remembers nothing."""
    with_quota(profile, given.quota)
    return Node(given.receiver, given.quota, Memory())


def step(profile: Profile, state: Node, event: GossipEvent) -> Node:
    """The node after an event, or a rejection."""
    bounded = with_quota(profile, state.quota)
    match event:
        case PacketArrives(packet, now):
            reception = reception_of(replace(state.receiver, now=now))
            receipt = gossip.receive(bounded, reception, state.memory, packet)
            kind = None if receipt.message is None else kind_of(receipt.message)
            onward = None if receipt.onward is None else receipt.onward.hops_left
            return replace(state, memory=receipt.memory, delivered=kind, onward=onward, sent=())
        case PeerPulls(known, now):
            packets = gossip.answer_pull(bounded, state.memory, frozenset(map(Hash32, known)), Millis(now))
            sent = tuple(identity(bounded, packet.envelope) for packet in packets)
            return replace(state, delivered=None, onward=None, sent=sent)
        case EpochBegins(epoch, registered):
            receiver = replace(state.receiver, epoch=epoch, registered=registered)
            return replace(state, receiver=receiver, delivered=None, onward=None, sent=())


def shown(state: Node) -> GossipState:
    """The whole state."""
    remembered = tuple(Held(item.identity, item.counts_for, item.until) for item in state.memory.remembered)
    return GossipState(remembered, state.delivered, state.onward, state.sent)


MACHINES["gossip"] = Machine(
    "gossip",
    SECTION,
    ("R-4.2-3", "R-4.2-4", "R-2.2-1", "RES-GOSSIP", "RES-ENV", "RES-PRIO"),
    "What a node remembers, hands on, pushes on and sends to peers that pull.",
    NodeGiven,
    GossipEvent,
    GossipState,
    start,
    step,
    shown,
)


def cases() -> Iterator[Case]:
    """Networks around powers of two, each scope, and draws at the borders of shares; the runs are apart."""
    for nodes in (1, 2, 3, 8, 9, 10, 255, 256, 511, 512, 1000, 4095, 4096, 59_049, 59_050, 10**6, 10**9, 1 << 40):
        yield Case("gossip.reach", f"{nodes}-nodes", NodesAsked(nodes))
    for kind in (Kind.BLOCK_FINALIZED, Kind.BLOCK_VOTE, Kind.MMR_PROOF_REQUEST):
        for number, (members_of, is_asked) in enumerate(((3, False), (4, False), (3, True), (4, True), (None, False))):
            label = f"{kind.name.lower().replace('_', '-')}-{number}"
            yield Case("gossip.delivered", label, DeliveryAsked(kind, members_of, (1, 3), is_asked))
    known = tuple(PeerKnown(bytes([place]) * 32, stake) for place, stake in enumerate((5, 0, 1, 94)))
    draws: dict[str, tuple[int, ...]] = {
        "none": (),
        "first-of-share": (0,),
        "last-of-share": (4,),
        "past-a-share-of-none": (5,),
        "next-share": (6,),
        "last-of-all": (99,),
        "reduced": (100,),
        "one-after-another": (6, 6, 6, 6, 6),
        "more-than-there-are": tuple(range(9)),
        "great": ((1 << 200) + 12_345, (1 << 199) + 7),
    }
    for label, numbers in draws.items():
        yield Case("gossip.peers", label, PeersAsked(known, numbers))
    stream = Stream("vectors/peers")
    many = tuple(PeerKnown(stream.octets(32), stream.below(1 << 40)) for _ in range(20))
    wide = tuple(int.from_bytes(stream.octets(25), "little") for _ in range(8))
    yield Case("gossip.peers", "eight-of-twenty", PeersAsked(many, wide))
    yield Case("gossip.peers", "no-stake", PeersAsked((PeerKnown(bytes(32), 0),), (1, 2)))
    yield Case("gossip.peers", "no-candidates", PeersAsked((), (1,)))
    names = tuple(item.public_key for item in known)
    for number in (0, 3, 4, (1 << 64) - 1):
        yield Case("gossip.asked", f"round-{number}", RoundAsked(names, number))
