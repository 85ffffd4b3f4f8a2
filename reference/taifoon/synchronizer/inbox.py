"""Section 4.2: what waits in front of a synchronizer, and in which order it is served (R-4.2-5, R-4.1-12).

A driver that gets packets faster than `step` takes them puts them into an inbox. What is admitted counts in the quota
of whoever signed it, so that nobody fills another's; copies of what waits or is remembered are dropped at once. The
order is that of the priorities: a flood in one class or by one sender delays the rest and starves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from icontract import ensure, require

from taifoon.network.digest_map import DigestMap, value_of, with_value, without
from taifoon.network.envelope import (
    Packet,
    Reception,
    check_place,
    check_sender,
    check_signature,
    check_time,
    identity,
    is_bound,
)
from taifoon.network.gossip import Memory, quota_key, recalls
from taifoon.network.priority import Queue, enqueue, serve, size
from taifoon.profile import Profile


@dataclass(frozen=True, slots=True)
class Inbox:
    """What waits, and the hops that each waiting packet has left, by the identity of its envelope."""

    queue: Queue = field(default_factory=Queue)
    hops: DigestMap[int] = None

    @property
    def waiting(self) -> int:
        """How many packets wait."""
        return size(self.queue)


def admit(profile: Profile, reception: Reception, memory: Memory, inbox: Inbox, packet: Packet) -> Inbox:
    """With one more packet, unless it is a copy.

    Rejects as `check_envelope` does before the payload is read, and with SENDER_QUOTA.
    """
    name, statement = identity(profile, packet.envelope), packet.envelope.statement
    if value_of(inbox.hops, name) is not None or recalls(memory, name):
        return inbox
    if is_bound(profile):
        check_place(reception, statement)
        check_time(profile, reception, statement)
        check_sender(reception, statement)
        check_signature(profile, packet.envelope)
    queue = enqueue(profile, inbox.queue, quota_key(reception, packet.envelope), packet.envelope)
    return Inbox(queue, with_value(inbox.hops, name, packet.hops_left))


@require(lambda inbox: inbox.waiting > 0)
@ensure(lambda inbox, result: result[1].waiting == inbox.waiting - 1)
def next_packet(profile: Profile, inbox: Inbox) -> tuple[Packet, Inbox]:
    """The packet whose turn it is, and the inbox without it."""
    envelope, queue = serve(profile, inbox.queue)
    name = identity(profile, envelope)
    hops_left = value_of(inbox.hops, name)
    return Packet(hops_left or 0, envelope), Inbox(queue, without(inbox.hops, name))
