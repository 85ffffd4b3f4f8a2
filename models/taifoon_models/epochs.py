"""A small network over many epochs: registrations, jobs, what owners finalise, and the closings, all really signed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from taifoon.core.accountability import FinalityProof, demanded
from taifoon.core.beacon import Commitment, Reveal, commitment
from taifoon.core.block import ClusterBlock, ProofResult, link_of, proof_commitment
from taifoon.core.certificate import Certificate, Committee
from taifoon.core.consensus import GENESIS_VIEW, Link
from taifoon.core.epoch import (
    Assignment,
    Foundation,
    Registration,
    committee_of_cluster,
    committee_of_epoch,
)
from taifoon.core.epoch_block import Closing, EpochBlock, epoch_block, epoch_block_hash, epoch_genesis
from taifoon.core.job import Arrival, JobContent, intake_leaf
from taifoon.core.leaf import MMRLeaf, ProofType, completion_of
from taifoon.core.network_state import (
    Choice,
    EpochRecord,
    NetworkState,
    chain_of,
    closing_of,
    followed,
    genesis_network,
    jobs_of,
    present_assignment,
    turn,
)
from taifoon.core.owners import formation_of, primary, replicas
from taifoon.core.quorum import quorum
from taifoon.core.succession import Stretch
from taifoon.core.validity import apply_block, genesis_state
from taifoon.core.vote import Statement
from taifoon.primitives.types import Amount, ChainId, ClusterId, Epoch, Hash32, Millis, PublicKey, Seat, View
from taifoon.profile import Profile
from taifoon_models.blocks import CHAIN, PROOFS, proof_of, proposal
from taifoon_models.jobs import digest
from taifoon_models.keys import key, signature

START = 1_700_000_000_000
HOUR = 3_600_000
EVERY_TYPE = tuple(ProofType)
KEYS = {key(number): number for number in range(24)}
"""The numbers of the keys that these networks know."""

Work = tuple[tuple[MMRLeaf, ...], tuple[tuple[MMRLeaf, PublicKey], ...]]
"""What a block does: the jobs that it takes in, and those that it completes, each with its prover."""


def registration(
    profile: Profile, number: int, seats: int = 1, capabilities: tuple[ProofType, ...] = EVERY_TYPE
) -> Registration:
    """Key `number` with the stake of so many seats."""
    return Registration(key(number), Amount(seats * profile.parameters.seat_stake), capabilities)


def foundation(registry: tuple[Registration, ...], clusters: int, name: str = "genesis") -> Foundation:
    """What an epoch of that name leaves to later ones."""
    return Foundation(digest(f"root of {name}"), registry, clusters, digest(f"beacon of {name}"))


def small_clusters(profile: Profile, target: int = 5) -> Profile:
    """The profile with clusters of few seats, so that a small network has several."""
    return profile.with_parameters(replace(profile.parameters, minimum_cluster=1, cluster_target=target))


def network(profile: Profile, holders: int, clusters: int) -> NetworkState:
    """A network before its first closing: one seat for each of the first keys."""
    registry = tuple(registration(profile, number) for number in range(holders))
    return genesis_network(CHAIN, foundation(registry, clusters))


def content(number: int, job_type: ProofType = ProofType.HEADER_INCLUSION) -> JobContent:
    """What job `number` asks for."""
    return JobContent(job_type, ChainId(1), ChainId(10), digest(f"payload {number}"), key(23), number)


def arrival(number: int, copy: int = 0, priority: int = 100) -> Arrival:
    """How job `number` reaches a node; each copy has an id and a time of its own."""
    return Arrival(digest(f"claimed {number} copy {copy}"), Millis(START + 1_000 * number + copy), priority)


def job_leaf(
    profile: Profile,
    assignment: Assignment,
    number: int,
    copy: int = 0,
    job_type: ProofType = ProofType.HEADER_INCLUSION,
) -> MMRLeaf:
    """The intake leaf of job `number` in an epoch, with the primary that it has there."""
    draft = intake_leaf(profile, content(number, job_type), arrival(number, copy), ClusterId(0))
    first = primary(profile, assignment, draft)
    return replace(draft, assigned_cluster=ClusterId(0) if first is None else first)


def certificate(
    profile: Profile, committee: Committee, statement: Statement, signers: Iterable[int] | None = None
) -> Certificate:
    """A certificate by the first quorum of a committee, or by given seats."""
    seats = tuple(range(quorum(profile, len(committee.keys)))) if signers is None else tuple(signers)
    signatures = tuple(signature(profile, KEYS[committee.keys[seat]], statement) for seat in seats)
    return Certificate(statement, tuple(Seat(seat) for seat in seats), signatures)


def finality(
    profile: Profile, committee: Committee, path: tuple[Link, ...], signers: Iterable[int] | None = None
) -> FinalityProof:
    """The proof that the first block of a path is final, by the first quorum or by given seats."""
    chosen = None if signers is None else tuple(signers)
    return FinalityProof(
        path,
        tuple(
            certificate(profile, committee, item, chosen) for item in dict.fromkeys(demanded(profile, committee, path))
        ),
    )


def time_of(epoch: int, block: int) -> int:
    """The time of a block of an epoch."""
    return START + (epoch + 1) * HOUR + 1_000 * block


@dataclass(frozen=True, slots=True)
class Setting:
    """An epoch as its members see it: the state before it, its assignment, and the duplication factor."""

    profile: Profile
    state: NetworkState
    assignment: Assignment
    factor: int

    def drawn(self, leaf: MMRLeaf, cluster: ClusterId) -> PublicKey:
        """The first replica of a job in a cluster, or some member where the draw has none."""
        chosen = replicas(self.profile, self.assignment, leaf, self.factor)
        keys = [each.seat.public_key for each in chosen if each.cluster == cluster]
        return (keys or [self.assignment.clusters[cluster][0].public_key])[0]

    def blocks(self, cluster: ClusterId, work: tuple[Work, ...]) -> tuple[ClusterBlock, ...]:
        """The blocks of a cluster in this epoch, one for each piece of work, in views from 1 on."""
        jobs = jobs_of(self.profile, self.state, self.assignment, self.factor)
        chain = chain_of(self.state, cluster)
        formation = formation_of(self.assignment, cluster, jobs)
        state = genesis_state(self.profile, self.state.chain_id, formation, chain.log, chain.last)
        blocks: tuple[ClusterBlock, ...] = ()
        for place, (taken, proved) in enumerate(work):
            results = tuple(ProofResult(leaf.job_id, prover, proof_of(leaf.job_id, prover)) for leaf, prover in proved)
            completions = tuple(
                completion_of(leaf, proof_commitment(self.profile, result))
                for (leaf, _), result in zip(proved, results, strict=True)
            )
            time = time_of(self.assignment.epoch, place)
            block = proposal(self.profile, state, place + 1, time, (*taken, *completions), results)
            state = apply_block(self.profile, state, block)
            blocks = (*blocks, block)
        return blocks

    def stretch(self, cluster: ClusterId, work: tuple[Work, ...] = (), signers: Iterable[int] | None = None) -> Stretch:
        """What a cluster finalises in this epoch; without work, nothing."""
        blocks = self.blocks(cluster, work)
        if not blocks:
            return Stretch(cluster, (), None)
        committee = committee_of_cluster(self.state.chain_id, self.assignment, cluster)
        path = tuple(link_of(self.profile, block) for block in reversed(blocks))
        return Stretch(cluster, blocks, finality(self.profile, committee, path, signers))

    def stretches(self, work: dict[int, tuple[Work, ...]]) -> tuple[Stretch, ...]:
        """What all clusters finalise; those without work are silent."""
        count = len(self.assignment.clusters)
        return tuple(self.stretch(ClusterId(cluster), work.get(cluster, ())) for cluster in range(count))

    def closing(self, stretches: tuple[Stretch, ...], choice: Choice) -> Closing:
        """The closing of these stretches."""
        chains = followed(self.profile, PROOFS, self.state, self.assignment, self.factor, stretches)
        return closing_of(self.profile, self.state, self.assignment, self.factor, chains, stretches, choice)

    def record(
        self, stretches: tuple[Stretch, ...], closing: Closing, signers: Iterable[int] | None = None
    ) -> EpochRecord:
        """The closing as the first block of the epoch chain, made final by the first quorum or by given seats."""
        block, link = self.first_block(closing)
        committee = committee_of_epoch(self.state.chain_id, self.assignment)
        return EpochRecord(block, finality(self.profile, committee, (link,), signers), stretches)

    def first_block(self, closing: Closing) -> tuple[EpochBlock, Link]:
        """The block of view 1 that brings a closing, and its link."""
        genesis = epoch_genesis(self.profile, self.state.chain_id, self.state.epoch, self.state.before)
        parent = Link(GENESIS_VIEW, genesis, GENESIS_VIEW, genesis)
        block = epoch_block(self.profile, self.state.epoch, View(1), parent, closing)
        return block, Link(View(1), epoch_block_hash(self.profile, block), GENESIS_VIEW, genesis)


def setting(profile: Profile, state: NetworkState, factor: int = 2) -> Setting:
    """The epoch that is not over."""
    return Setting(profile, state, present_assignment(profile, state), factor)


def secret(holder: PublicKey, epoch: Epoch) -> Hash32:
    """The secret of a holder for an epoch."""
    return digest(f"secret of {holder.hex()} for {epoch}")


def usual_choice(
    state: NetworkState, profile: Profile, *, step: int = 0, withholding: frozenset[PublicKey] = frozenset()
) -> Choice:
    """The registry as it was last, commitments of all that serve, and all reveals but the withheld ones."""
    registry = state.history.after(state.epoch - 1).registry
    commitments: tuple[Commitment, ...] = tuple(
        commitment(profile, Epoch(state.epoch + 1), entry.public_key, secret(entry.public_key, Epoch(state.epoch + 1)))
        for entry in registry
    )
    reveals = tuple(
        Reveal(each.holder, secret(each.holder, state.epoch))
        for each in state.commitments
        if each.holder not in withholding
    )
    return Choice(registry, step, commitments, reveals)


def worked(
    now: Setting, work: dict[int, tuple[Work, ...]], choice: Choice | None = None
) -> tuple[NetworkState, EpochRecord]:
    """The state after an epoch in which clusters worked so, and the record of it."""
    stretches = now.stretches(work)
    chosen = usual_choice(now.state, now.profile) if choice is None else choice
    record = now.record(stretches, now.closing(stretches, chosen))
    return turn(now.profile, PROOFS, now.state, now.factor, record), record
