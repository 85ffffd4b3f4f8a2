"""Each message is processed once while it lives, pushed on while hops are left, and pulled by who lacks it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.network.envelope import Packet, identity
from taifoon.network.gossip import (
    SPARE_HOPS,
    Memory,
    answer_pull,
    asked_in_round,
    fanout,
    first_packet,
    forget,
    hops,
    memory_bound,
    reach_bound,
    receive,
    remembered_until,
)
from taifoon.network.kinds import Kind
from taifoon.network.topics import Scope, is_delivered, scope_of
from taifoon.primitives.types import ClusterId, Millis
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.keys import key
from taifoon_models.messages import LIFE, NOW, REGISTERED, STRANGER, announce, reception, samples, sealed

FORGETFUL = HARDENED.without(Resolution.GOSSIP)
OPEN_HANDED = HARDENED.without(Resolution.MESSAGE_PRIORITY)
TOLERANCE = HARDENED.parameters.time_tolerance
LASTING = sealed(HARDENED, announce(), expiry=NOW + 120_000)


def with_quota(profile: Profile, quota: int) -> Profile:
    return profile.with_parameters(replace(profile.parameters, sender_quota=quota))


def processed(profile: Profile, packet: Packet, *times: int) -> list[bool | RejectionCode]:
    memory, outcomes = Memory(), []
    for time in times:
        try:
            receipt = receive(profile, reception(time), memory, packet)
        except Rejected as rejected:
            outcomes.append(rejected.code)
            continue
        memory = receipt.memory
        outcomes.append(receipt.message is not None)
    return outcomes


def test_the_sources_numbers_stand_in_the_document() -> None:
    for nodes in (9, 100, 100_000):
        assert (fanout(DOCUMENT, nodes), hops(DOCUMENT, nodes)) == (8, 5)
    assert remembered_until(DOCUMENT, LASTING, Millis(NOW)) == NOW + 60_000
    assert reach_bound(8, 5) == 1 + 8 + 64 + 512 + 4_096 + 32_768 == 37_449


@pytest.mark.parametrize(
    ("nodes", "peers", "limit"),
    [(1, 1, 5), (2, 1, 5), (9, 8, 5), (100, 8, 6), (1_000, 10, 6), (10_000, 14, 7), (100_000, 17, 8)],
)
def test_fanout_and_hops_grow_with_the_network(nodes: int, peers: int, limit: int) -> None:
    assert fanout(HARDENED, nodes) == peers
    assert hops(HARDENED, nodes) == limit
    assert reach_bound(peers, limit) >= nodes


def test_the_fanout_is_a_parameter_with_a_least_value() -> None:
    wider = HARDENED.with_parameters(replace(HARDENED.parameters, gossip_fanout=30, gossip_hops=9))
    assert (fanout(wider, 1_000), hops(wider, 1_000)) == (30, 9)
    assert fanout(wider, 20) == 19
    with pytest.raises(Rejected) as caught:
        replace(HARDENED.parameters, gossip_fanout=1)
    assert caught.value.code is RejectionCode.PARAMETER_INVALID
    assert "choose 2 or more" in caught.value.detail


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.integers(2, 1 << 64))
def test_without_waste_the_hops_reach_everyone_with_some_to_spare(nodes: int) -> None:
    peers, limit = fanout(HARDENED, nodes), hops(HARDENED, nodes)
    assert peers <= 65
    if peers > 1:
        assert peers ** (limit - SPARE_HOPS) >= nodes or limit == HARDENED.parameters.gossip_hops
        assert reach_bound(peers, limit) >= nodes


def test_a_copy_is_recognised_whatever_hops_it_has_left() -> None:
    first = receive(HARDENED, reception(), Memory(), Packet(4, LASTING))
    assert first.message == announce()
    for hops_left in range(5):
        copy = receive(HARDENED, reception(), first.memory, Packet(hops_left, LASTING))
        assert (copy.message, copy.onward, copy.memory) == (None, None, first.memory)


def test_a_copy_with_another_signature_is_a_copy() -> None:
    first = receive(HARDENED, reception(), Memory(), Packet(4, LASTING))
    signed_again = replace(LASTING, signature=bytes(64))  # type: ignore[arg-type]
    assert receive(HARDENED, reception(), first.memory, Packet(4, signed_again)).message is None


def test_a_first_receipt_travels_on_while_hops_are_left() -> None:
    packet = first_packet(HARDENED, len(REGISTERED), LASTING)
    travelled = 1
    while True:
        onward = receive(HARDENED, reception(), Memory(), packet).onward
        if onward is None:
            break
        assert onward == replace(packet, hops_left=packet.hops_left - 1)
        packet, travelled = onward, travelled + 1
    assert travelled == hops(HARDENED, len(REGISTERED)) == 5


def test_a_hop_count_that_nobody_starts_with_is_cut() -> None:
    onward = receive(HARDENED, reception(), Memory(), Packet(255, LASTING)).onward
    assert onward is not None
    assert onward.hops_left == hops(HARDENED, len(REGISTERED)) - 2


def test_a_message_returns_after_a_minute_without_the_rule_of_memory_alone() -> None:
    packet = Packet(4, LASTING)
    assert processed(HARDENED, packet, NOW, NOW + 60_000, NOW + 61_000) == [True, False, False]
    assert processed(FORGETFUL, packet, NOW, NOW + 60_000, NOW + 61_000) == [True, False, True]


def test_a_message_returns_for_ever_without_expiry() -> None:
    packet = Packet(4, sealed(DOCUMENT, announce()))
    times = [NOW + 61_000 * number for number in range(20)]
    assert processed(DOCUMENT, packet, *times) == [True] * 20
    assert processed(HARDENED, Packet(4, sealed(HARDENED, announce())), *times) == [
        True,
        *[RejectionCode.ENVELOPE_EXPIRED] * 19,
    ]


def test_a_clock_that_steps_back_by_the_tolerance_sees_no_message_twice() -> None:
    expiry = LASTING.statement.expiry
    assert processed(HARDENED, Packet(4, LASTING), NOW, expiry + TOLERANCE, expiry) == [True, False, False]
    # Once it may be forgotten, no reading that the clock may step back to lies within its life.
    forgotten = forget(receive(HARDENED, reception(), Memory(), Packet(4, LASTING)).memory, expiry + TOLERANCE + 1)
    assert forgotten == Memory()
    assert processed(HARDENED, Packet(4, LASTING), expiry + 1) == [RejectionCode.ENVELOPE_EXPIRED]


def test_a_heartbeat_is_no_copy_of_the_last_one() -> None:
    first, second = (sealed(HARDENED, announce(), sequence=number) for number in (0, 1))
    memory = receive(HARDENED, reception(), Memory(), Packet(4, first)).memory
    assert receive(HARDENED, reception(), memory, Packet(4, second)).message == announce()
    bare = HARDENED.without(Resolution.ENVELOPE)
    memory = receive(bare, reception(), Memory(), Packet(4, first)).memory
    assert receive(bare, reception(), memory, Packet(4, second)).message is None


def test_a_sender_has_a_quota_by_its_rule_alone() -> None:
    for profile, last in ((HARDENED, RejectionCode.SENDER_QUOTA), (OPEN_HANDED, None)):
        small, memory = with_quota(profile, 2), Memory()
        for sequence in (0, 1):
            memory = receive(small, reception(), memory, Packet(4, sealed(small, announce(), sequence=sequence))).memory
        third = Packet(4, sealed(small, announce(), sequence=2))
        outcome = None
        try:
            receive(small, reception(), memory, third)
        except Rejected as rejected:
            outcome = rejected.code
        assert outcome is last
        # Another sender has a quota of its own, and what has expired counts no longer.
        other = Packet(4, sealed(small, announce(1), sender=1))
        assert receive(small, reception(), memory, other).message is not None
        fresh = Packet(4, sealed(small, announce(), sequence=2, expiry=NOW + 2 * LIFE))
        assert receive(small, reception(NOW + LIFE + TOLERANCE + 1), memory, fresh).message is not None


def test_all_strangers_share_one_quota() -> None:
    small, memory = with_quota(HARDENED, 2), Memory()
    job = samples()[Kind.JOB_SUBMISSION]
    for stranger in range(STRANGER, STRANGER + 2):
        memory = receive(small, reception(), memory, Packet(4, sealed(small, job, stranger))).memory
    with pytest.raises(Rejected) as caught:
        receive(small, reception(), memory, Packet(4, sealed(small, job, STRANGER + 2)))
    assert caught.value.code is RejectionCode.SENDER_QUOTA
    assert memory_bound(small, len(REGISTERED)) == 2 * (len(REGISTERED) + 1)


def test_what_is_refused_is_not_remembered() -> None:
    memory = Memory()
    forged = replace(LASTING, signature=bytes(64))  # type: ignore[arg-type]
    with pytest.raises(Rejected):
        receive(HARDENED, reception(), memory, Packet(4, forged))
    assert receive(HARDENED, reception(), memory, Packet(4, LASTING)).message == announce()


def test_a_peer_is_sent_what_it_lacks_and_what_lives_the_most_urgent_first() -> None:
    memory = Memory()
    kinds = (Kind.NODE_ANNOUNCE, Kind.JOB_ASSIGNMENT, Kind.BLOCK_VOTE)
    for kind in kinds:
        memory = receive(HARDENED, reception(), memory, Packet(4, sealed(HARDENED, samples()[kind]))).memory
    sent = answer_pull(HARDENED, memory, frozenset(), Millis(NOW))
    assert [packet.envelope.statement.kind for packet in sent] == list(kinds)[::-1]
    assert {packet.hops_left for packet in sent} == {0}
    known = frozenset({identity(HARDENED, sealed(HARDENED, samples()[Kind.BLOCK_VOTE]))})
    assert len(answer_pull(HARDENED, memory, known, Millis(NOW))) == 2
    assert answer_pull(HARDENED, memory, frozenset(), Millis(NOW + LIFE + 1)) == ()
    assert answer_pull(FORGETFUL, memory, frozenset(), Millis(NOW)) == ()


def test_forgetting_keeps_what_is_still_to_be_recognised() -> None:
    memory = receive(HARDENED, reception(), Memory(), Packet(4, LASTING)).memory
    until = memory.remembered[0].until
    assert until == LASTING.statement.expiry + TOLERANCE
    assert forget(memory, until) == memory
    assert forget(memory, Millis(until + 1)) == Memory()


@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_peer_is_asked_once_in_as_many_rounds(count: int) -> None:
    peers = tuple(key(number) for number in range(count))
    for start in range(2 * count):
        assert {asked_in_round(peers, turn) for turn in range(start, start + count)} == set(peers)


def test_work_stays_in_its_cluster_and_news_go_to_all_by_the_rule_of_topics_alone() -> None:
    own, other = frozenset({ClusterId(1)}), ClusterId(2)
    for kind in Kind:
        scope = scope_of(HARDENED, kind)
        assert is_delivered(HARDENED, kind, other, own, is_asked=False) == (scope is Scope.ALL)
        assert is_delivered(HARDENED, kind, ClusterId(1), own, is_asked=False) == (scope is not Scope.PEER)
        assert is_delivered(HARDENED, kind, other, own, is_asked=True) == (scope is not Scope.CLUSTER)
        assert is_delivered(HARDENED, kind, None, own, is_asked=False) == (scope is not Scope.PEER)
        assert is_delivered(FORGETFUL, kind, other, own, is_asked=False)
    assert scope_of(HARDENED, Kind.JOB_ASSIGNMENT) is Scope.CLUSTER
    assert scope_of(HARDENED, Kind.BLOCK_FINALIZED) is Scope.ALL
    assert scope_of(HARDENED, Kind.MMR_PROOF_REQUEST) is Scope.PEER
