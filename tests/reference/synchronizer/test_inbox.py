"""An inbox serves by priority, counts what waits for whoever signed it, and drops copies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.vote import NO_BLOCK, VoteKind
from taifoon.network.envelope import Envelope, Packet
from taifoon.network.kinds import Kind
from taifoon.network.messages import MMRProofRequest
from taifoon.network.parts import RangeKind, RangeName
from taifoon.primitives.types import ClusterId, LeafCount, LeafIndex, Signature64
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon.synchronizer.events import PacketArrived
from taifoon.synchronizer.inbox import Inbox, admit, next_packet
from taifoon.synchronizer.node import step
from taifoon.synchronizer.state import reception

from .numbered import LATER, PROFILE, fresh, mates_of, packet, said_vote

HERE = fresh(0)
SPAMMER, MATE = mates_of(0)[:2]
QUOTA = 6
SMALL = PROFILE.with_parameters(replace(PROFILE.parameters, sender_quota=QUOTA))


def question(number: int) -> Packet:
    """One of a spammer's questions."""
    asked = MMRProofRequest(LeafIndex(number), RangeName(ClusterId(0), RangeKind.JOBS), LeafCount(1 << 20))
    return packet(SPAMMER, asked, sequence=number)


def ballot(view: int) -> Packet:
    number, message = said_vote(MATE, VoteKind.NULLIFY, view, NO_BLOCK)
    return packet(number, message, sequence=view)


def put(inbox: Inbox, *packets: Packet, profile: Profile = SMALL) -> Inbox:
    for each in packets:
        inbox = admit(profile, reception(HERE, LATER), HERE.outbox.memory, inbox, each)
    return inbox


def emptied(inbox: Inbox, profile: Profile = SMALL) -> list[Packet]:
    """All that waits, in the order in which it is served."""
    served = []
    while inbox.waiting:
        first, inbox = next_packet(profile, inbox)
        served.append(first)
    assert inbox.hops is None
    return served


def outcome(inbox: Inbox, one: Packet, profile: Profile = SMALL) -> RejectionCode | None:
    try:
        put(inbox, one, profile=profile)
    except Rejected as rejected:
        return rejected.code
    return None


def test_what_was_admitted_comes_out_once_with_its_hops() -> None:
    packets = [question(1), replace(question(2), hops_left=0), ballot(1), replace(ballot(2), hops_left=7)]
    served = emptied(put(Inbox(), *packets))
    assert sorted(served, key=lambda each: each.envelope.signature) == sorted(
        packets, key=lambda each: each.envelope.signature
    )


def test_a_vote_does_not_wait_behind_questions_by_the_rule_of_priority_alone() -> None:
    for profile, place in ((SMALL, 0), (SMALL.without(Resolution.MESSAGE_PRIORITY), 4)):
        flooded = put(Inbox(), *(question(number) for number in range(4)), ballot(1), profile=profile)
        kinds = [each.envelope.statement.kind for each in emptied(flooded, profile)]
        assert kinds.index(Kind.BLOCK_VOTE) == place


def test_a_sender_fills_its_own_quota_and_nobody_elses() -> None:
    full = put(Inbox(), *(question(number) for number in range(QUOTA)))
    assert outcome(full, question(QUOTA)) is RejectionCode.SENDER_QUOTA
    assert outcome(full, ballot(1)) is None
    unbounded = SMALL.without(Resolution.MESSAGE_PRIORITY)
    assert outcome(full, question(QUOTA), unbounded) is None


def test_nobody_fills_the_quota_of_a_key_that_it_does_not_hold() -> None:
    forged = replace(ballot(1), envelope=Envelope(ballot(1).envelope.statement, Signature64(bytes(64))))
    assert outcome(Inbox(), forged) is RejectionCode.SIGNATURE_INVALID
    assert outcome(Inbox(), forged, SMALL.without(Resolution.ENVELOPE)) is None


def test_a_copy_of_what_waits_or_is_remembered_is_dropped() -> None:
    inbox = put(Inbox(), ballot(1))
    assert put(inbox, replace(ballot(1), hops_left=0)) == inbox
    taken, _ = step(SMALL, HERE, PacketArrived(ballot(1)), LATER)
    assert admit(SMALL, reception(taken, LATER), taken.outbox.memory, Inbox(), ballot(1)) == Inbox()


def test_an_empty_inbox_has_no_next() -> None:
    with pytest.raises(Exception, match="waiting > 0"):
        next_packet(SMALL, Inbox())
