"""Synchronizers that close the books of a small network, and leaders that write something else into the epoch block."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from taifoon.core.accountability import Evidence as Contradiction
from taifoon.core.accountability import SignedStatement
from taifoon.core.beacon import Reveal, commitment
from taifoon.core.epoch_block import Closing
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.quorum import quorum
from taifoon.core.succession import Stretch
from taifoon.core.vote import Statement, VoteKind
from taifoon.network.envelope import Envelope, seal, state
from taifoon.network.evidence import shown_of
from taifoon.network.kinds import P2PMessage
from taifoon.network.messages import EvidenceReport, Leave, Registration
from taifoon.primitives.types import Amount, ClusterId, Epoch, Hash32, Millis, Seat, View
from taifoon.profile import Profile
from taifoon.synchronizer.closing import drafted, own_choice
from taifoon.synchronizer.economy import genesis_economy
from taifoon.synchronizer.epoch_member import longest, with_act, with_commitment, with_reveal, with_stretch
from taifoon.synchronizer.events import Terms
from taifoon.synchronizer.state import Synchronizer
from taifoon.synchronizer.turnover import new_synchronizer
from taifoon_models.blocks import PROOFS
from taifoon_models.epochs import Setting, Work, job_leaf, network
from taifoon_models.jobs import digest
from taifoon_models.keys import key, seed, signature
from taifoon_models.simulation_node import NumberedSigner

LEADER, VOTER, AWAY = 0, 4, 5
"""Members that ask for nothing: one closes the epoch, one is asked for its vote, one follows from afar."""
BEGIN = 1_700_000_100_000
PATIENCE = 1_000
FACTOR = 2
NEWCOMER, STRANGER, LEAVER, CULPRIT, WITNESS = 20, 21, 3, 2, 1
"""A key with a balance and no stake, one with nothing, a member that goes, one that votes twice, and who saw it."""


def late(epoch: int) -> Millis:
    """A time at which an epoch closes with what there is."""
    return Millis(BEGIN + 100_000 * (epoch + 1) + 50_000)


def begins(epoch: int) -> Millis:
    """The time at which an epoch begins."""
    return Millis(BEGIN + 100_000 * (epoch + 1))


def member(profile: Profile, number: int, holders: int, clusters: int) -> Synchronizer:
    """A synchronizer at genesis of a network in which the newcomer has the price of two seats."""
    start = network(profile, holders, clusters)
    balances = ((key(NEWCOMER), Amount(2 * profile.parameters.seat_stake)),)
    spans = (Millis(100), Millis(PATIENCE), Millis(1_000), Millis(5_000))
    terms = Terms(NumberedSigner(number), PROOFS, FACTOR, 2, *spans)
    return new_synchronizer(profile, terms, start, genesis_economy(profile, start, balances), begins(0))


@dataclass(frozen=True, slots=True)
class Office:
    """Where acts are made: the profile, and the synchronizer whose epoch and committees they are about."""

    profile: Profile
    at: Synchronizer

    def sealed(
        self,
        sender: int,
        message: P2PMessage,
        sequence: int = 1,
        *,
        epoch: int | None = None,
        signer: int | None = None,
        chain: Hash32 | None = None,
    ) -> Envelope:
        """An envelope of a sender, of the present epoch and signed by the sender itself unless told otherwise."""
        network_state = self.at.network
        said = state(
            chain or network_state.chain_id,
            network_state.epoch if epoch is None else Epoch(epoch),
            key(sender),
            sequence,
            Millis(late(network_state.epoch) + 1_000),
            message,
        )
        return seal(self.profile, seed(sender if signer is None else signer), said)

    def deposit(self, number: int, seats: int = 1) -> Registration:
        """What buys so many seats."""
        return Registration(key(number), Amount(seats * self.profile.parameters.seat_stake), tuple(ProofType))

    def double_vote(self) -> EvidenceReport:
        """Two votes to notarise by the culprit's seat in its cluster's view 1."""
        assignment = self.at.assignment
        clusters = (
            (cluster, place)
            for cluster, seats in enumerate(assignment.clusters)
            for place, seat in enumerate(seats)
            if seat.public_key == key(CULPRIT)
        )
        cluster, place = next(clusters, (0, 0))
        votes = []
        for name in ("one", "other"):
            said = Statement(
                self.at.network.chain_id,
                assignment.epoch,
                ClusterId(cluster),
                View(1),
                VoteKind.NOTARISE,
                digest(name),
            )
            votes.append(SignedStatement(Seat(place), said, signature(self.profile, CULPRIT, said)))
        return EvidenceReport(shown_of(Contradiction(*votes)))

    def act(self, name: str) -> Envelope:
        """An honest act by name."""
        match name:
            case "registration":
                return self.sealed(NEWCOMER, self.deposit(NEWCOMER))
            case "departure":
                return self.sealed(LEAVER, Leave(key(LEAVER)))
            case "evidence":
                return self.sealed(WITNESS, self.double_vote())
        raise ValueError(f"no act {name!r}: use one of {', '.join(ACTS)}")


ACTS = ("registration", "departure", "evidence")


def informed(profile: Profile, at: Synchronizer, acts: Iterable[Envelope], holders: int) -> Synchronizer:
    """The synchronizer after it heard acts, and every holder's words for the beacon."""
    closing, network_state = at.closing, at.network
    coming = Epoch(network_state.epoch + 1)
    for envelope in acts:
        closing = with_act(closing, envelope)
    for number in range(holders):
        signer = NumberedSigner(number)
        closing = with_commitment(closing, commitment(profile, coming, key(number), signer.secret(coming)))
        if any(each.holder == key(number) for each in network_state.commitments):
            reveal = Reveal(key(number), signer.secret(network_state.epoch))
            closing = with_reveal(profile, network_state, closing, reveal)
    return replace(at, closing=closing)


def with_stretches(profile: Profile, at: Synchronizer, stretches: Iterable[Stretch]) -> Synchronizer:
    """The synchronizer after it followed these stretches."""
    closing = at.closing
    for stretch in stretches:
        closing = with_stretch(profile, at.terms, at.network, at.assignment, closing, stretch)
    return replace(at, closing=closing)


def closing_by(profile: Profile, leader: Synchronizer) -> Closing:
    """What an honest leader closes with. Rejects as `drafted` does."""
    followed = longest(leader.network, leader.assignment, leader.closing)
    return drafted(profile, leader, followed, own_choice(profile, leader))


def last_quorum(profile: Profile, seats: int) -> tuple[int, ...]:
    """The last seats that are a quorum; usual certificates are by the first."""
    return tuple(range(seats - quorum(profile, seats), seats))


def worked_stretches(now: Setting, *, by_last: bool = False) -> tuple[Stretch, ...]:
    """Each cluster takes in a job and proves it in a second block; final by its first quorum, or by its last."""
    found = []
    for cluster, seats in enumerate(now.assignment.clusters):
        numbers = range(1_000 * (now.state.epoch + 1), 1_000 * (now.state.epoch + 2))
        leaves = (job_leaf(now.profile, now.assignment, number) for number in numbers)
        leaf: MMRLeaf = next(leaf for leaf in leaves if leaf.assigned_cluster == cluster)
        prover = now.drawn(leaf, ClusterId(cluster))
        work: tuple[Work, ...] = (((leaf,), ()), ((), ((leaf, prover),)))
        signers = last_quorum(now.profile, len(seats)) if by_last else None
        found.append(now.stretch(ClusterId(cluster), work, signers))
    return tuple(found)
