"""Sections 4.1 and 4.2: how a synchronizer's own words leave it (R-4.1-1, R-4.1-7, R-4.1-8, R-4.2-1).

What the replicas of the two chains want said becomes messages, each in an envelope that the signer seals; where a
message goes follows from whose chain it is about.
"""

from __future__ import annotations

from dataclasses import dataclass

from taifoon.core.accountability import SignedStatement
from taifoon.core.block import ClusterBlock
from taifoon.core.epoch_block import EpochBlock
from taifoon.core.proposal import Proposal
from taifoon.core.vote import Statement as VoteStatement
from taifoon.core.vote import signed_message
from taifoon.network.envelope import Envelope, Packet, identity, signed_digest, state
from taifoon.network.epoch_messages import EpochProposal
from taifoon.network.gossip import Memory, Remembered, first_packet, remembered_until, remembering
from taifoon.network.kinds import P2PMessage
from taifoon.network.messages import BlockProposal
from taifoon.network.parts import vote_of
from taifoon.network.topics import Scope, scope_of
from taifoon.primitives.types import Epoch, Hash32, Millis, PublicKey, Seat
from taifoon.profile import Profile
from taifoon.synchronizer.events import Effect, SendTo, Signer, Spread, Terms


@dataclass(frozen=True, slots=True)
class Outbox:
    """What sending needs and changes: where and when the sender is, its count of envelopes, and what it remembers."""

    chain_id: Hash32
    epoch: Epoch
    registered: int
    sequence: int
    memory: Memory


def voted(profile: Profile, signer: Signer, seat: Seat, statement: VoteStatement) -> SignedStatement:
    """A vote under the signature of the synchronizer's key."""
    return SignedStatement(seat, statement, signer.sign(signed_message(profile, statement)))


def proposal_message(proposal: Proposal[ClusterBlock] | Proposal[EpochBlock]) -> P2PMessage:
    """The message that carries a proposal of either chain."""
    vote, block = vote_of(proposal.vote), proposal.block
    if isinstance(block, ClusterBlock):
        return BlockProposal(block, vote, proposal.certificates)
    return EpochProposal(block, vote, proposal.certificates)


def sealed(profile: Profile, terms: Terms, outbox: Outbox, message: P2PMessage, now: Millis) -> tuple[Outbox, Envelope]:
    """A message in its envelope, which is remembered as if it had been received, unless it is for one peer alone.

    Others may ask for it; and who asks for long answers fills nobody's memory.
    """
    sender = terms.signer.public_key
    expiry = Millis(now + terms.life)
    statement = state(outbox.chain_id, outbox.epoch, sender, outbox.sequence, expiry, message)
    envelope = Envelope(statement, terms.signer.sign(signed_digest(profile, statement)))
    memory = outbox.memory
    if scope_of(profile, statement.kind) is not Scope.PEER:
        until = remembered_until(profile, envelope, now)
        memory = remembering(memory, Remembered(identity(profile, envelope), sender, until, envelope))
    return Outbox(outbox.chain_id, outbox.epoch, outbox.registered, outbox.sequence + 1, memory), envelope


def to_peers(
    profile: Profile, terms: Terms, outbox: Outbox, peers: tuple[PublicKey, ...], message: P2PMessage, now: Millis
) -> tuple[Outbox, tuple[Effect, ...]]:
    """A message for these peers alone; it travels one hop."""
    others = tuple(peer for peer in peers if peer != terms.signer.public_key)
    if not others:
        return outbox, ()
    outbox, envelope = sealed(profile, terms, outbox, message, now)
    return outbox, (SendTo(others, Packet(0, envelope)),)


def to_all(
    profile: Profile, terms: Terms, outbox: Outbox, message: P2PMessage, now: Millis
) -> tuple[Outbox, tuple[Effect, ...]]:
    """A message for all, by gossip."""
    outbox, envelope = sealed(profile, terms, outbox, message, now)
    return outbox, (Spread(first_packet(profile, max(1, outbox.registered), envelope)),)
