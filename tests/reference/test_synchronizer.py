"""One synchronizer finds the part that a message is for, stores before it sends, and is moved by nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.accountability import statement_of
from taifoon.core.consensus import GENESIS_VIEW, Link
from taifoon.core.knowledge import genesis_link
from taifoon.core.owners import primary, replicas
from taifoon.core.replica_events import BuildBlock
from taifoon.core.vote import NO_BLOCK, Statement, VoteKind, signed_message
from taifoon.network.envelope import Envelope, Packet, message_octets, signed_digest, state
from taifoon.network.epoch_messages import EpochRecordRequest
from taifoon.network.kinds import Kind, P2PMessage, decode_message
from taifoon.network.messages import BlockVote, CatchUpRequest, JobSubmission, MetricsCheckpoint, NodeAnnounce
from taifoon.network.parts import Vote
from taifoon.primitives.encoding import encode
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Epoch, Hash32, Millis, Seat, View
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon.synchronizer.cluster_member import (
    built_block,
    due_at,
    is_complete,
    is_drawn,
    live_chain,
    new_cluster_member,
)
from taifoon.synchronizer.economy import genesis_economy
from taifoon.synchronizer.events import (
    AlarmRang,
    Effect,
    Event,
    JobSubmitted,
    OctetsArrived,
    PacketArrived,
    PullAlarm,
    Refused,
    SendTo,
    SetAlarm,
    Spread,
    Started,
    StoreVotes,
    Terms,
)
from taifoon.synchronizer.live_chain import LiveChain, block_on, turns
from taifoon.synchronizer.node import step
from taifoon.synchronizer.state import Synchronizer
from taifoon.synchronizer.turnover import new_synchronizer
from taifoon_models.blocks import PROOFS
from taifoon_models.epochs import network, setting, small_clusters
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key
from taifoon_models.simulation_node import NumberedSigner

NOW = Millis(1_700_000_100_000)
PROFILE = small_clusters(HARDENED)
HOLDERS, CLUSTERS = 10, 2
NETWORK = network(PROFILE, HOLDERS, CLUSTERS)
ECONOMY = genesis_economy(PROFILE, NETWORK)
LATER = Millis(NOW + 200)


def terms(number: int, stretch: int = 3) -> Terms:
    spans = (Millis(100), Millis(60_000), Millis(1_000), Millis(5_000))
    return Terms(NumberedSigner(number), PROOFS, 2, stretch, *spans)


def fresh(number: int, profile: Profile = PROFILE, stretch: int = 3) -> Synchronizer:
    begun = new_synchronizer(profile, terms(number, stretch), NETWORK, ECONOMY, NOW)
    return step(profile, begun, Started(NETWORK, ECONOMY), NOW)[0]


def cluster_of(number: int) -> ClusterId:
    return fresh(number).clusters[0].cluster


def mate_of(number: int) -> int:
    """Another member of the same cluster."""
    return next(other for other in range(HOLDERS) if other != number and cluster_of(other) == cluster_of(number))


def stranger_to(number: int) -> int:
    """A member of another cluster."""
    return next(other for other in range(HOLDERS) if cluster_of(other) != cluster_of(number))


def packet(
    sender: int, message: P2PMessage, chain: Hash32 = NETWORK.chain_id, epoch: int = 0, profile: Profile = PROFILE
) -> Packet:
    signer = NumberedSigner(sender)
    statement = state(chain, Epoch(epoch), key(sender), 1, Millis(NOW + 4_000), message)
    return Packet(3, Envelope(statement, signer.sign(signed_digest(profile, statement))))


def told(number: int, event: Event, profile: Profile = PROFILE) -> tuple[Synchronizer, tuple[Effect, ...]]:
    return step(profile, fresh(number, profile), event, LATER)


def refusals(effects: tuple[Effect, ...]) -> list[RejectionCode]:
    return [effect.code for effect in effects if isinstance(effect, Refused)]


def messages(effects: tuple[Effect, ...]) -> list[P2PMessage]:
    packets = [effect.packet for effect in effects if isinstance(effect, SendTo | Spread)]
    return [decode_message(PROFILE, message_octets(each.envelope.statement)) for each in packets]


def a_job(profile: Profile = PROFILE, number: int = 1) -> JobSubmission:
    """A job that every cluster owns: there are two of them, and two replicas."""
    return JobSubmission(replace(intake(number), assigned_cluster=ClusterId(0)), Amount(1))


def test_bytes_and_the_packet_that_they_encode_are_one_event() -> None:
    sent = packet(mate_of(0), a_job())
    assert told(0, OctetsArrived(encode(Packet, sent))) == told(0, PacketArrived(sent))


def test_bytes_that_are_no_packet_are_refused_and_change_nothing() -> None:
    after, effects = told(0, OctetsArrived(encode(Packet, packet(1, a_job())) + b"\x00"))
    assert refusals(effects) == [RejectionCode.ENCODING_TRAILING_BYTES]
    assert after.outbox.memory == fresh(0).outbox.memory


def test_a_step_is_a_function_of_its_arguments() -> None:
    event = PacketArrived(packet(mate_of(0), a_job()))
    assert told(0, event) == told(0, event)


def test_a_copy_of_a_message_does_nothing() -> None:
    event = PacketArrived(packet(mate_of(0), a_job()))
    once, _ = told(0, event)
    again, effects = step(PROFILE, once, event, LATER)
    assert again == once
    assert effects == ()


@pytest.mark.parametrize("number", [0, 3])
def test_an_envelope_of_another_chain_moves_only_who_does_not_ask(number: int) -> None:
    event = PacketArrived(packet(mate_of(number), a_job(), chain=digest("another chain")))
    after, effects = told(number, event)
    assert refusals(effects) == [RejectionCode.ENVELOPE_CHAIN]
    assert not after.clusters[0].waiting

    literal = PROFILE.without(Resolution.ENVELOPE)
    foreign = PacketArrived(packet(mate_of(number), a_job(), chain=digest("another chain"), profile=literal))
    believed, effects = told(number, foreign, literal)
    assert refusals(effects) == []
    assert believed.clusters[0].waiting


def test_a_message_whose_part_refuses_it_is_remembered_and_read_once() -> None:
    mate = mate_of(0)
    committee = fresh(0).clusters[0].replica.known.committee
    seat = Seat(committee.keys.index(key(mate)))
    statement = vote_statement(0, VoteKind.NULLIFY)
    forged = BlockVote(Vote(statement, seat, NumberedSigner(stranger_to(0)).sign(digest("something else"))))
    event = PacketArrived(packet(mate, forged))
    once, effects = told(0, event)
    assert refusals(effects) == [RejectionCode.SIGNATURE_INVALID]
    assert once.clusters == fresh(0).clusters
    assert step(PROFILE, once, event, LATER) == (once, ())


def vote_statement(number: int, kind: VoteKind) -> Statement:
    return statement_of(fresh(number).clusters[0].replica.known.committee, kind, View(1), NO_BLOCK)


def test_a_vote_of_another_cluster_finds_no_replica() -> None:
    stranger = stranger_to(0)
    statement = vote_statement(stranger, VoteKind.NULLIFY)
    signer = NumberedSigner(stranger)
    seat = Seat(fresh(stranger).clusters[0].replica.known.committee.keys.index(key(stranger)))
    vote = BlockVote(Vote(statement, seat, signer.sign(signed_message(PROFILE, statement))))
    after, effects = told(0, PacketArrived(packet(stranger, vote)))
    assert after.clusters == fresh(0).clusters
    assert refusals(effects) == []
    taken, _ = told(mate_of(stranger), PacketArrived(packet(stranger, vote)))
    assert taken.clusters[0].replica.known.votes


def test_votes_are_stored_before_they_leave() -> None:
    begun = new_synchronizer(PROFILE, terms(leader()), NETWORK, ECONOMY, NOW)
    _, effects = step(PROFILE, begun, Started(NETWORK, ECONOMY), NOW)
    kinds = [
        effect.packet.envelope.statement.kind if isinstance(effect, SendTo) else type(effect) for effect in effects
    ]
    assert Kind.BLOCK_PROPOSAL in kinds
    assert kinds.index(StoreVotes) < kinds.index(Kind.BLOCK_PROPOSAL)
    assert kinds.index(StoreVotes) < kinds.index(Kind.BLOCK_VOTE)


def leader() -> int:
    """The synchronizer that leads the first view of cluster 0."""
    seats = setting(PROFILE, NETWORK).assignment
    order = turns(PROFILE, seats.seed, ClusterId(0), seats.clusters[0])
    first = seats.clusters[0][order[0]].public_key
    return next(number for number in range(HOLDERS) if key(number) == first)


def test_a_submitted_job_waits_at_every_owner() -> None:
    after, effects = told(0, JobSubmitted(intake(7)))
    sent = [each for each in messages(effects) if isinstance(each, JobSubmission)]
    assert [each.job.job_id for each in sent] == [intake(7).job_id]
    assert [item.leaf for item in after.clusters[0].waiting] == [sent[0].job]
    reached = {peer for effect in effects if isinstance(effect, SendTo) for peer in effect.peers}
    assert reached == {key(number) for number in range(1, HOLDERS)}
    other, refused = told(stranger_to(0), PacketArrived(packet(0, sent[0])))
    assert [item.leaf for item in other.clusters[0].waiting] == [sent[0].job]
    assert refusals(refused) == []


def test_a_message_for_nobody_here_is_pushed_on_and_passed_over() -> None:
    metrics = MetricsCheckpoint(Epoch(0), ClusterId(0), BlockNumber(1), digest("records"))
    after, effects = told(0, PacketArrived(packet(1, metrics)))
    assert [type(effect) for effect in effects] == [Spread]
    assert replace(after, outbox=fresh(0).outbox) == fresh(0)


def test_what_is_for_a_cluster_travels_one_hop() -> None:
    _, effects = told(0, PacketArrived(packet(mate_of(0), CatchUpRequest(cluster_of(0), View(1)))))
    assert not any(isinstance(effect, Spread) for effect in effects)


def test_a_newer_epoch_makes_a_synchronizer_ask_for_the_record_once() -> None:
    event = PacketArrived(packet(1, NodeAnnounce(key(1), (), b""), epoch=1))
    after, effects = told(0, event)
    assert EpochRecordRequest(Epoch(0)) in messages(effects)
    assert [opened.peer for opened in after.requests] == [key(1)]
    other = PacketArrived(packet(2, NodeAnnounce(key(2), (), b""), epoch=1))
    _, effects = step(PROFILE, after, other, LATER)
    assert EpochRecordRequest(Epoch(0)) not in messages(effects)


def test_the_pull_alarm_sets_itself_again() -> None:
    _, effects = told(0, AlarmRang(PullAlarm()))
    assert SetAlarm(PullAlarm(), Millis(LATER + 1_000)) in effects


def one_after(chain: LiveChain, jobs: int) -> bool:
    """Whether a block with so many jobs is valid on the last known state."""
    state_before = chain.states[-1]
    rules = state_before.formation.jobs
    leaves = tuple(
        replace(intake(number), assigned_cluster=primary_of(number), timestamp=Millis(1)) for number in range(jobs)
    )
    if rules is not None:
        for leaf in leaves:
            rules.check_leaf(state_before.formation.cluster, leaf)
    view = View(state_before.view + 1)
    block = block_on(PROFILE, state_before, view, Millis(state_before.timestamp + 1), leaves, ())
    parent = Link(state_before.view, state_before.block_hash, GENESIS_VIEW, chain.genesis)
    return chain.is_valid(parent, block)


def primary_of(number: int) -> ClusterId:
    found = primary(PROFILE, setting(PROFILE, NETWORK).assignment, intake(number))
    assert found is not None
    return found


@pytest.mark.parametrize("stretch", [1, 0])
def test_beyond_the_stretch_a_block_holds_no_job(stretch: int) -> None:
    here = terms(0, stretch)
    member = new_cluster_member(PROFILE, here, NETWORK, setting(PROFILE, NETWORK).assignment, ClusterId(0))
    chain = live_chain(PROFILE, here, member, NOW)
    assert one_after(chain, 0)
    assert one_after(chain, 1) is (stretch == 1)


def test_an_owed_block_waits_for_its_pace_and_a_carrier_for_a_lost_view() -> None:
    here = fresh(leader())
    member = here.clusters[0]
    beginning = member.states[0]
    owed = BuildBlock(member.replica.voting.view, genesis_link(beginning.block_hash))
    paced = replace(member, owed=owed, states=(replace(beginning, timestamp=NOW),))
    assert due_at(paced, here.terms) == NOW + 100
    assert built_block(PROFILE, here.terms, paced, Millis(NOW + 99)) is None
    assert built_block(PROFILE, here.terms, paced, Millis(NOW + 100)) is not None
    nothing_left = replace(here.terms, stretch=0)
    assert is_complete(paced, nothing_left)
    assert due_at(paced, nothing_left) is None


def test_turns_are_those_of_the_leader_rule_again_and_again() -> None:
    assignment = setting(PROFILE, NETWORK).assignment
    order = turns(PROFILE, assignment.seed, ClusterId(1), assignment.clusters[1])
    assert sorted(order) == list(range(len(assignment.clusters[1])))
    member = new_cluster_member(PROFILE, terms(0), NETWORK, assignment, ClusterId(1))
    chain = live_chain(PROFILE, terms(0), member, NOW)
    assert [chain.leader(View(view)) for view in range(1, 8)] == [order[view % len(order)] for view in range(7)]


def test_only_the_drawn_are_asked_for_a_proof() -> None:
    assignment = setting(PROFILE, NETWORK).assignment
    leaf = replace(intake(5), assigned_cluster=primary_of(5))
    drawn = {(each.cluster, each.seat.public_key) for each in replicas(PROFILE, assignment, leaf, 2)}
    asked = {
        (ClusterId(cluster), key(number))
        for cluster in range(CLUSTERS)
        for number in range(HOLDERS)
        if is_drawn(PROFILE, terms(number), assignment, ClusterId(cluster), leaf)
    }
    assert asked == drawn
    assert len(drawn) == 2
