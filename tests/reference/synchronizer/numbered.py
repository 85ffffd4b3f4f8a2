"""One synchronizer of a network of ten in two clusters, and what others of them send it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from taifoon.core.accountability import statement_of
from taifoon.core.block import ClusterBlock, block_hash
from taifoon.core.certificate import Certificate
from taifoon.core.network_state import NetworkState
from taifoon.core.quorum import quorum
from taifoon.core.vote import VoteKind, signed_message
from taifoon.network.envelope import Envelope, Packet, message_octets, signed_digest, state
from taifoon.network.kinds import P2PMessage, decode_message
from taifoon.network.messages import BlockProposal, BlockVote, ViewCertificate
from taifoon.network.parts import Vote
from taifoon.primitives.types import ClusterId, Epoch, Hash32, Millis, Seat, View
from taifoon.profile import HARDENED, Profile
from taifoon.rejection import RejectionCode
from taifoon.synchronizer.cluster_member import ClusterMember
from taifoon.synchronizer.economy import genesis_economy
from taifoon.synchronizer.events import Effect, Event, PacketArrived, Refused, SendTo, Spread, Started, Terms
from taifoon.synchronizer.node import step
from taifoon.synchronizer.state import Synchronizer
from taifoon.synchronizer.turnover import new_synchronizer
from taifoon_models.blocks import PROOFS
from taifoon_models.epochs import network, small_clusters
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


def started(
    number: int, profile: Profile = PROFILE, stretch: int = 3, at: NetworkState = NETWORK
) -> tuple[Synchronizer, tuple[Effect, ...]]:
    begun = new_synchronizer(profile, terms(number, stretch), at, ECONOMY, NOW)
    return step(profile, begun, Started(at, ECONOMY), NOW)


@cache
def fresh(number: int, profile: Profile = PROFILE, stretch: int = 3) -> Synchronizer:
    return started(number, profile, stretch)[0]


def member_of(synchronizer: Synchronizer) -> ClusterMember:
    return synchronizer.clusters[0]


def cluster_of(number: int) -> ClusterId:
    return member_of(fresh(number)).cluster


def seat_of(number: int) -> Seat:
    return member_of(fresh(number)).replica.seats[0]


def mates_of(number: int) -> tuple[int, ...]:
    """The other members of the same cluster."""
    return tuple(other for other in range(HOLDERS) if other != number and cluster_of(other) == cluster_of(number))


def strangers_to(number: int) -> tuple[int, ...]:
    """The members of the other cluster."""
    return tuple(other for other in range(HOLDERS) if cluster_of(other) != cluster_of(number))


def holder_of(cluster: ClusterId, seat: Seat) -> int:
    """The synchronizer that has a seat of a cluster."""
    return next(number for number in range(HOLDERS) if (cluster_of(number), seat_of(number)) == (cluster, seat))


def leader_of(cluster: ClusterId, view: int = 1) -> int:
    """The synchronizer that leads a view of a cluster."""
    one = next(number for number in range(HOLDERS) if cluster_of(number) == cluster)
    order = member_of(fresh(one)).order
    return holder_of(cluster, order[(view - 1) % len(order)])


def packet(
    sender: int,
    message: P2PMessage,
    *,
    epoch: int = 0,
    sequence: int = 1,
    profile: Profile = PROFILE,
    life: int = 4_000,
) -> Packet:
    signer = NumberedSigner(sender)
    expiry = Millis(NOW + life)
    statement = state(NETWORK.chain_id, Epoch(epoch), key(sender), sequence, expiry, message)
    return Packet(3, Envelope(statement, signer.sign(signed_digest(profile, statement))))


def heard(
    synchronizer: Synchronizer, *said: tuple[int, P2PMessage], profile: Profile = PROFILE, now: Millis = LATER
) -> tuple[Synchronizer, tuple[Effect, ...]]:
    """A synchronizer after messages of others, each from its sender, and all effects."""
    effects: tuple[Effect, ...] = ()
    for place, (sender, message) in enumerate(said):
        sent = packet(
            sender, message, sequence=100 + place + len(synchronizer.outbox.memory.remembered), profile=profile
        )
        synchronizer, more = step(profile, synchronizer, PacketArrived(sent), now)
        effects = (*effects, *more)
    return synchronizer, effects


def rung(
    synchronizer: Synchronizer, event: Event, profile: Profile = PROFILE, now: Millis = LATER
) -> tuple[Synchronizer, tuple[Effect, ...]]:
    return step(profile, synchronizer, event, now)


def refusals(effects: tuple[Effect, ...]) -> list[RejectionCode]:
    return [effect.code for effect in effects if isinstance(effect, Refused)]


def messages(effects: tuple[Effect, ...]) -> list[P2PMessage]:
    packets = [effect.packet for effect in effects if isinstance(effect, SendTo | Spread)]
    return [decode_message(PROFILE, message_octets(each.envelope.statement)) for each in packets]


def vote(number: int, kind: VoteKind, view: int, block: Hash32, signer: int | None = None) -> Vote:
    """The vote of a synchronizer's seat in its cluster, signed by itself unless another signs."""
    committee = member_of(fresh(number)).replica.known.committee
    statement = statement_of(committee, kind, View(view), block)
    by = NumberedSigner(number if signer is None else signer)
    return Vote(statement, seat_of(number), by.sign(signed_message(PROFILE, statement)))


def said_vote(number: int, kind: VoteKind, view: int, block: Hash32) -> tuple[int, BlockVote]:
    return number, BlockVote(vote(number, kind, view, block))


def proposal(cluster: ClusterId, view: int = 1) -> BlockProposal:
    """The first proposal of the leader of view 1 of a cluster."""
    _, effects = started(leader_of(cluster, view))
    return next(each for each in messages(effects) if isinstance(each, BlockProposal))


def resigned(original: BlockProposal, block: ClusterBlock) -> BlockProposal:
    """Another block in the place of a proposed one, signed by the same leader."""
    number = leader_of(block.header.cluster_id, block.header.view)
    ballot = vote(number, VoteKind.NOTARISE, block.header.view, block_hash(PROFILE, block))
    return replace(original, block=block, vote=ballot)


def certificate(cluster: ClusterId, kind: VoteKind, view: int, block: Hash32) -> Certificate:
    """The certificate of the first seats of a cluster, a quorum of them."""
    numbers = sorted((number for number in range(HOLDERS) if cluster_of(number) == cluster), key=seat_of)
    votes = [vote(number, kind, view, block) for number in numbers[: quorum(PROFILE, len(numbers))]]
    seats, signatures = tuple(each.seat for each in votes), tuple(each.signature for each in votes)
    return Certificate(votes[0].statement, seats, signatures)


def finalising(proposed: BlockProposal) -> tuple[ViewCertificate, ViewCertificate]:
    """The two certificates that make a proposed block final."""
    cluster, view, name = (
        proposed.block.header.cluster_id,
        proposed.block.header.view,
        block_hash(PROFILE, proposed.block),
    )
    kinds = (VoteKind.NOTARISE, VoteKind.FINALISE)
    first, second = (ViewCertificate(certificate(cluster, kind, view, name)) for kind in kinds)
    return first, second
