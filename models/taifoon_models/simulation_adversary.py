"""The adversary of a simulated network: it has members of every cluster in every epoch, and speaks with their keys.

A corrupt member runs the shipped code as all do; what leaves it is then dropped, contradicted, repeated or forged. Whom
the adversary has is fixed for an epoch, and never more than a cluster tolerates. Partitions do not bind it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from taifoon.core.block import block_hash
from taifoon.core.epoch import Assignment
from taifoon.core.quorum import tolerated_faults
from taifoon.core.vote import Statement as VoteStatement
from taifoon.core.vote import VoteKind, signed_message
from taifoon.network.envelope import Envelope, Packet, message_octets, signed_digest, state
from taifoon.network.kinds import Kind, P2PMessage, decode_message
from taifoon.network.messages import BlockProposal, BlockVote, MMRProofRequest
from taifoon.network.parts import RangeKind, RangeName, Vote
from taifoon.primitives.types import ClusterId, Epoch, LeafCount, LeafIndex, Millis, PublicKey, Seat, View
from taifoon.profile import Profile
from taifoon.synchronizer.events import Effect, SendTo, Signer, Spread
from taifoon.synchronizer.state import Synchronizer
from taifoon_models.jobs import digest
from taifoon_models.simulation_plan import Plan

SPAM = 24
"""Packets that a spamming member sends beside each of its own."""
KEPT = 64
"""Packets that a replaying member has in store."""


class Manner(Enum):
    """What a corrupt member does with what it would honestly send."""

    SILENT = "says nothing"
    EQUIVOCATING = "tells one half of its peers the contrary"
    REPLAYING = "sends old packets again"
    FORGING = "changes a field and signs anew"
    SPAMMING = "sends many questions that have no answer"


MANNERS = tuple(Manner)


class Adversary:
    """Whom the adversary has, and what it makes of their words."""

    def __init__(self, profile: Profile, plan: Plan, chance: random.Random) -> None:
        self.profile = profile
        self.plan = plan
        self.chance = chance
        self.ranks = [chance.getrandbits(64) for _ in range(plan.everyone)]
        self.chosen: dict[Epoch, frozenset[PublicKey]] = {}
        self.store: list[SendTo] = []
        self.sequence = 0
        self.acts = 0

    def manner(self, number: int) -> Manner:
        """How a member misbehaves."""
        return MANNERS[self.ranks[number] % len(MANNERS)]

    def keys(self, assignment: Assignment, ranks: dict[PublicKey, int]) -> frozenset[PublicKey]:
        """The corrupt keys of an epoch: of each cluster the lowest ranks, as many as the plan has."""
        if assignment.epoch not in self.chosen:
            chosen: set[PublicKey] = set()
            for seats in assignment.clusters:
                tolerated = tolerated_faults(self.profile, len(seats))
                limit = tolerated if self.plan.corrupt is None else min(self.plan.corrupt, tolerated)
                ordered = sorted((seat.public_key for seat in seats), key=lambda each: ranks[each])
                chosen.update(ordered[:limit])
            self.chosen[assignment.epoch] = frozenset(chosen)
        return self.chosen[assignment.epoch]

    def turned(self, number: int, synchronizer: Synchronizer, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
        """The effects of a corrupt member's step, as the adversary has them carried out."""
        turned: list[Effect] = []
        for effect in effects:
            if isinstance(effect, SendTo | Spread):
                self.acts += 1
                turned += self.said(number, synchronizer, effect)
            else:
                turned.append(effect)
        return tuple(turned)

    def said(self, number: int, synchronizer: Synchronizer, effect: SendTo | Spread) -> list[Effect]:
        """What is sent in the place of a message."""
        manner = self.manner(number)
        if manner is Manner.SILENT:
            # It follows the epochs all the same: in the next one the adversary may have given it up.
            follows = isinstance(effect, SendTo) and effect.packet.envelope.statement.kind is Kind.EPOCH_RECORD_REQUEST
            return [effect] if follows else []
        if isinstance(effect, Spread):
            return [effect]
        if manner is Manner.REPLAYING:
            self.store = [*self.store, effect][-KEPT:]
            return [effect, SendTo(effect.peers, self.chance.choice(self.store).packet)]
        if manner is Manner.SPAMMING:
            return [effect, *(SendTo(effect.peers, packet) for packet in self.spam(synchronizer))]
        message = decode_message(self.profile, message_octets(effect.packet.envelope.statement))
        if manner is Manner.FORGING:
            forged = self.forged(synchronizer, message)
            return [effect, *(SendTo(effect.peers, packet) for packet in forged)]
        other = self.contrary(synchronizer.terms.signer, message)
        if other is None:
            return [effect]
        half = len(effect.peers) // 2
        return [
            SendTo(effect.peers[:half], effect.packet),
            SendTo(effect.peers[half:], self.sealed(synchronizer, other)),
        ]

    def contrary(self, signer: Signer, message: P2PMessage) -> P2PMessage | None:
        """A message of the same member that contradicts one of its own; None where there is none."""
        if isinstance(message, BlockVote):
            statement = message.vote.statement
            is_null = statement.kind is VoteKind.NULLIFY
            kind = VoteKind.FINALISE if is_null else statement.kind
            name = digest(f"no block {self.chance.getrandbits(64)}")
            return BlockVote(self.vote(signer, message.vote.seat, replace(statement, kind=kind, block_hash=name)))
        if isinstance(message, BlockProposal):
            header = message.block.header
            block = replace(message.block, header=replace(header, timestamp=Millis(header.timestamp + 1)))
            if message.block.header.leader_pubkey != signer.public_key:
                return None
            statement = replace(message.vote.statement, block_hash=block_hash(self.profile, block))
            return BlockProposal(block, self.vote(signer, message.vote.seat, statement), message.certificates)
        return None

    def forged(self, synchronizer: Synchronizer, message: P2PMessage) -> list[Packet]:
        """The message with one field changed: of another seat, committee, epoch or view, or in a false envelope."""
        if not isinstance(message, BlockVote):
            return []
        vote, signer = message.vote, synchronizer.terms.signer
        clusters = len(synchronizer.assignment.clusters)
        statement = vote.statement
        changes: tuple[Callable[[], P2PMessage], ...] = (
            lambda: BlockVote(replace(vote, seat=Seat(vote.seat + 1))),
            lambda: BlockVote(
                replace(vote, statement=replace(statement, committee=ClusterId((statement.committee + 1) % clusters)))
            ),
            lambda: BlockVote(replace(vote, statement=replace(statement, epoch=Epoch(statement.epoch + 1)))),
            lambda: BlockVote(replace(vote, statement=replace(statement, view=View(statement.view + 1)))),
            lambda: BlockVote(self.vote(signer, Seat(vote.seat + 1), statement)),
        )
        packet = self.sealed(synchronizer, self.chance.choice(changes)())
        false = replace(packet.envelope.statement, chain_id=digest("another chain"))
        return [packet, Packet(0, Envelope(false, packet.envelope.signature))]

    def spam(self, synchronizer: Synchronizer) -> list[Packet]:
        """Questions about leaves that no range has, each another one."""
        name = RangeName(ClusterId(0), RangeKind.JOBS)
        leaves = (LeafIndex(self.chance.getrandbits(60)) for _ in range(SPAM))
        return [self.sealed(synchronizer, MMRProofRequest(leaf, name, LeafCount(1 << 61))) for leaf in leaves]

    def vote(self, signer: Signer, seat: Seat, statement: VoteStatement) -> Vote:
        """A vote under the member's key."""
        return Vote(statement, seat, signer.sign(signed_message(self.profile, statement)))

    def sealed(self, synchronizer: Synchronizer, message: P2PMessage) -> Packet:
        """A message in a valid envelope of the member."""
        self.sequence += 1
        network, signer = synchronizer.network, synchronizer.terms.signer
        newest = max(item.envelope.statement.expiry for item in synchronizer.outbox.memory.remembered)
        statement = state(network.chain_id, network.epoch, signer.public_key, self.sequence, newest, message)
        return Packet(0, Envelope(statement, signer.sign(signed_digest(self.profile, statement))))
