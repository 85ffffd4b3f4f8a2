"""Section 4.2: how far a push goes, what a node remembers, and what it pulls (R-4.2-1 to R-4.2-4, R-2.2-1).

A first receipt is handed to the node and pushed on while hops are left; a copy is recognised and dropped. Fanout, hops
and memory are the source's numbers, or, repaired, follow the size of the network and the life of the message. What push
misses, pull brings: a node asks its peers, one after another, for what it does not remember.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from icontract import ensure, require

from taifoon.network.digest_map import DigestMap, Queue, after_first, enqueued, value_of, values, with_value, without
from taifoon.network.envelope import Envelope, Packet, Reception, check_envelope, identity
from taifoon.network.kinds import P2PMessage
from taifoon.network.priority import urgency
from taifoon.primitives.types import Hash32, Millis, PublicKey
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

SPARE_HOPS = 3
"""Hops beyond those that a push without waste would need."""


@require(lambda nodes: nodes >= 1)
@ensure(lambda nodes, result: 1 <= result <= max(1, nodes - 1))
def fanout(profile: Profile, nodes: int) -> int:
    """Rule: peers that a first receipt is pushed to, of so many nodes, itself among them.

    Literally eight. Repaired, as many as the number of nodes has binary digits, if these are more. Never more than
    there are others, and 1 for a node alone.
    """
    wanted = profile.parameters.gossip_fanout
    if Resolution.GOSSIP in profile:
        wanted = max(wanted, nodes.bit_length())
    return max(1, min(wanted, nodes - 1))


@require(lambda nodes: nodes >= 1)
@ensure(lambda profile, result: result >= profile.parameters.gossip_hops)
def hops(profile: Profile, nodes: int) -> int:
    """Rule: hops that a message travels at most. Literally five; repaired, enough for all nodes and some to spare."""
    if Resolution.GOSSIP not in profile:
        return profile.parameters.gossip_hops
    peers = fanout(profile, nodes)
    needed = 0
    while peers > 1 and peers**needed < nodes:
        needed += 1
    return max(profile.parameters.gossip_hops, needed + SPARE_HOPS)


def first_packet(profile: Profile, nodes: int, envelope: Envelope) -> Packet:
    """What the sender of a message sends: the first hop is under way."""
    return Packet(hops(profile, nodes) - 1, envelope)


@require(lambda peers, travelled: peers >= 1 and travelled >= 0)
def reach_bound(peers: int, travelled: int) -> int:
    """The most nodes that a push can reach: its origin, and one more generation for each hop."""
    return sum(peers**hop for hop in range(travelled + 1))


@dataclass(frozen=True, slots=True)
class Remembered:
    """A message that was received, by its identity, and until when it is remembered; `counts_for` has it in its quota.

    The envelope is kept for peers that pull.
    """

    identity: Hash32
    counts_for: PublicKey | None
    until: Millis
    envelope: Envelope


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What a node remembers: by identity, with the number of its arrival; by expiry; and how many of each sender.

    To recognise, to add and to forget a message take time logarithmic in what is held. Two memories are equal if they
    remember the same in the same order.
    """

    items: DigestMap[tuple[int, Remembered]] = None
    expiries: Queue = None
    counts: DigestMap[int] = None
    arrivals: int = 0

    @property
    def remembered(self) -> tuple[Remembered, ...]:
        """All of it, in order of arrival."""
        return tuple(item for _, item in sorted(values(self.items), key=lambda pair: pair[0]))

    @property
    def identities(self) -> frozenset[Hash32]:
        """The identities of the remembered messages."""
        return frozenset(item.identity for _, item in values(self.items))

    def __eq__(self, other: object) -> bool:
        """Whether another memory holds the same."""
        if not isinstance(other, Memory):
            return NotImplemented
        return self.items is other.items or self.remembered == other.remembered


def counter(counts_for: PublicKey | None) -> bytes:
    """The key of a quota, that of all who are not registered before any other."""
    return bytes(33) if counts_for is None else b"\x01" + counts_for


def recalls(memory: Memory, name: Hash32) -> bool:
    """Whether a message of this identity is remembered."""
    return value_of(memory.items, name) is not None


def alive(memory: Memory, counts_for: PublicKey | None) -> int:
    """How many remembered messages count in a quota."""
    return value_of(memory.counts, counter(counts_for)) or 0


def counted(memory: Memory, counts_for: PublicKey | None, change: int) -> DigestMap[int]:
    """The counts with one more or one less in a quota; what is at nothing is left out."""
    number, key = alive(memory, counts_for) + change, counter(counts_for)
    return with_value(memory.counts, key, number) if number else without(memory.counts, key)


def remembering(memory: Memory, item: Remembered) -> Memory:
    """With one more message."""
    return Memory(
        with_value(memory.items, item.identity, (memory.arrivals, item)),
        enqueued(memory.expiries, item.until, item.identity),
        counted(memory, item.counts_for, 1),
        memory.arrivals + 1,
    )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What comes of a packet: the memory, the message if it is new, and the packet to push on if it is to travel."""

    memory: Memory
    message: P2PMessage | None
    onward: Packet | None


def remembered_until(profile: Profile, envelope: Envelope, now: Millis) -> Millis:
    """Rule: how long a message is remembered.

    Literally a minute from its receipt. Repaired, until a clock that is behind as far as allowed sees it expire too.
    """
    if Resolution.GOSSIP in profile:
        return Millis(envelope.statement.expiry + profile.parameters.time_tolerance)
    return Millis(now + profile.parameters.gossip_memory)


def quota_key(reception: Reception, envelope: Envelope) -> PublicKey | None:
    """In whose quota a message counts: its sender's, or None for the one quota of all that are not registered."""
    sender = envelope.statement.sender
    return sender if sender in reception.registered else None


def has_room(profile: Profile, memory: Memory, counts_for: PublicKey | None) -> bool:
    """Rule: whether one more message of a sender is taken. Literally always."""
    if Resolution.MESSAGE_PRIORITY not in profile:
        return True
    return alive(memory, counts_for) < profile.parameters.sender_quota


def memory_bound(profile: Profile, registered: int) -> int:
    """The most messages that a node remembers: a quota for each registered sender, and one for all others."""
    return (registered + 1) * profile.parameters.sender_quota


def forget(memory: Memory, now: Millis) -> Memory:
    """Without what need not be remembered any longer."""
    while memory.expiries is not None and memory.expiries.at < now:
        name, left = memory.expiries.key, after_first(memory.expiries)
        found = value_of(memory.items, name)
        memory = replace(memory, expiries=left)
        if found is not None:
            counts = counted(memory, found[1].counts_for, -1)
            memory = replace(memory, items=without(memory.items, name), counts=counts)
    return memory


@ensure(lambda packet, result: result.onward is None or result.onward.hops_left < packet.hops_left)
def receive(profile: Profile, reception: Reception, memory: Memory, packet: Packet) -> Receipt:
    """Take a packet from the network.

    Rejects as `check_envelope` does, and with SENDER_QUOTA. A copy gives no message and travels no further. A hop
    count that no sender starts with is cut to the greatest that one does.
    """
    memory = forget(memory, reception.now)
    name = identity(profile, packet.envelope)
    if recalls(memory, name):
        return Receipt(memory, None, None)
    message = check_envelope(profile, reception, packet.envelope)
    counts_for = quota_key(reception, packet.envelope)
    if not has_room(profile, memory, counts_for):
        raise Rejected(
            RejectionCode.SENDER_QUOTA,
            f"sender {packet.envelope.statement.sender.hex()} has {profile.parameters.sender_quota} messages alive",
        )
    until = remembered_until(profile, packet.envelope, reception.now)
    kept = remembering(memory, Remembered(name, counts_for, until, packet.envelope))
    hops_left = min(packet.hops_left, hops(profile, max(1, len(reception.registered))) - 1)
    onward = replace(packet, hops_left=hops_left - 1) if hops_left > 0 else None
    return Receipt(kept, message, onward)


def pulls(profile: Profile) -> bool:
    """Rule: whether nodes ask each other for what they lack. Literally what push misses is lost."""
    return Resolution.GOSSIP in profile


def answer_pull(profile: Profile, memory: Memory, known: frozenset[Hash32], now: Millis) -> tuple[Packet, ...]:
    """What a peer is sent that asks for the living messages beside those it knows, the most urgent kinds first.

    They travel one hop: who lacks them will ask.
    """
    if not pulls(profile):
        return ()
    lacking = (
        item.envelope
        for item in memory.remembered
        if item.identity not in known and now <= item.envelope.statement.expiry
    )
    return tuple(Packet(0, envelope) for envelope in sorted(lacking, key=urgency))


@require(lambda peers: len(peers) > 0)
def asked_in_round(peers: tuple[PublicKey, ...], round_number: int) -> PublicKey:
    """The peer that is asked in a round: one after another, so that each is asked once in as many rounds."""
    return peers[round_number % len(peers)]
