"""Runs of the books over epochs: who enters, leaves and offends, what is paid, and closings that are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core.attestation import Ancestor, attested
from taifoon.core.block import CarriedVote, ClusterBlock, ProofResult, link_of, proof_commitment
from taifoon.core.epoch import Registration, committee_of_cluster
from taifoon.core.leaf import MMRLeaf, completion_of
from taifoon.core.network_state import EpochRecord, chain_of, committing_keys, jobs_of, turn
from taifoon.core.owners import formation_of, owners
from taifoon.core.succession import Stretch
from taifoon.core.validity import ChainState, apply_block, genesis_state
from taifoon.economics.offences import TwoRoots
from taifoon.network.envelope import Envelope
from taifoon.network.evidence import shown_of
from taifoon.network.messages import EvidenceReport, Leave
from taifoon.primitives.encoding import encode
from taifoon.primitives.types import Amount, ClusterId, Epoch, PublicKey, Seat, Signature64
from taifoon.profile import Profile
from taifoon.rejection import RejectionCode
from taifoon.synchronizer import economy as books
from taifoon.synchronizer.acts import Court, order_of
from taifoon.synchronizer.economy import Economy, Work
from taifoon_models.blocks import CHAIN, PROOFS, proof_of, proposal
from taifoon_models.epochs import (
    KEYS,
    Setting,
    finality,
    foundation,
    job_leaf,
    registration,
    setting,
    time_of,
    usual_choice,
)
from taifoon_models.keys import key, signature
from taifoon_toolkit.vectors.acts_cases import BELIEVES_ACTS, EVERY_KIND, SEAT, bench, deposit, two_roots
from taifoon_toolkit.vectors.books import Terms, with_terms
from taifoon_toolkit.vectors.books_cases import TERMS
from taifoon_toolkit.vectors.books_runs import BooksBegun, BooksRun, begin
from taifoon_toolkit.vectors.case import Double, Fault, Sibling, Step, Trace, accept
from taifoon_toolkit.vectors.epochs import FoundationGiven
from taifoon_toolkit.vectors.ledgers import Holding
from taifoon_toolkit.vectors.method import NORMATIVE
from taifoon_toolkit.vectors.network_cases import event_of

MEMBERS, NEWCOMER = 4, 4
PAIRS = replace(TERMS, cluster_target=2)
"""Terms under which two seats make a cluster."""
BELIEVES_BOOKS = Double("believes registry and cluster count", "taifoon.synchronizer.economy:check_economy", accept)


@dataclass(frozen=True, slots=True)
class Keeper:
    """A node's network and books, from which honest and false records are made."""

    run: BooksRun

    @property
    def profile(self) -> Profile:
        """The profile with the parameters of the run."""
        return with_terms(NORMATIVE, self.run.begun.terms)

    @property
    def now(self) -> Setting:
        """The epoch that is not over."""
        return setting(self.profile, self.run.network, self.run.begun.factor)

    def says(self, sender: int, message: Any, sequence: int = 0, **changes: Any) -> Envelope:
        """The envelope in which key `sender` says something in this epoch."""
        return replace(bench(), ledger=self.run.economy.ledger).says(sender, message, sequence, **changes)

    def stretch(self, cluster: ClusterId, leaf: MMRLeaf) -> Stretch:
        """Three blocks: a job is taken in, completed by who is drawn for it, and all votes for both are carried."""
        now, network = self.now, self.run.network
        committee = committee_of_cluster(CHAIN, now.assignment, cluster)
        jobs = jobs_of(self.profile, network, now.assignment, now.factor)
        chain = chain_of(network, cluster)
        state = genesis_state(self.profile, CHAIN, formation_of(now.assignment, cluster, jobs), chain.log, chain.last)
        prover = now.drawn(leaf, cluster)
        result = ProofResult(leaf.job_id, prover, proof_of(leaf.job_id, prover))
        work: tuple[tuple[tuple[MMRLeaf, ...], tuple[ProofResult, ...]], ...] = (
            ((leaf,), ()),
            ((completion_of(leaf, proof_commitment(self.profile, result)),), (result,)),
            ((), ()),
        )
        blocks: tuple[ClusterBlock, ...] = ()
        for place, (leaves, results) in enumerate(work):
            time = time_of(now.assignment.epoch, place)
            votes = votes_for_last(self.profile, state) if blocks else ()
            block = proposal(self.profile, state, place + 1, time, leaves, results, votes)
            state = apply_block(self.profile, state, block)
            blocks = (*blocks, block)
        path = tuple(link_of(self.profile, block) for block in reversed(blocks))
        return Stretch(cluster, blocks, finality(self.profile, committee, path))

    def worked(self, number: int) -> tuple[Stretch, ...]:
        """What all clusters finalise in an epoch in which a job comes to its first owner."""
        leaf = job_leaf(self.profile, self.now.assignment, number)
        owner = owners(self.profile, self.now.assignment, leaf, self.now.factor)[0]
        silent = self.now.stretches({})
        return tuple(self.stretch(owner, leaf) if each.cluster == owner else each for each in silent)

    def record(
        self,
        stretches: tuple[Stretch, ...] = (),
        acts: tuple[Envelope, ...] = (),
        withholding: frozenset[PublicKey] = frozenset(),
        step: int | None = None,
    ) -> EpochRecord:
        """The record of an epoch with these stretches, by default empty ones, and acts; honest without a `step`."""
        now, run = self.now, self.run
        done = stretches or now.stretches({})
        listed = tuple(encode(Envelope, each) for each in acts)
        usual = usual_choice(run.network, self.profile, withholding=withholding)
        coming = committing_keys(self.profile, run.network)
        heard = tuple(each for each in usual.commitments if each.holder in coming)
        choice = replace(usual, commitments=heard, acts=listed)
        draft = now.closing(done, choice)
        after = self.closed(books.work_in(draft, done))
        due = books.step_of(run.economy, after) if step is None else step
        derived = replace(choice, registry=after.registry, step=due)
        return now.record(done, now.closing(done, derived))

    def false(self, record: EpochRecord, **changes: Any) -> EpochRecord:
        """The record with another closing, which all seats have signed all the same."""
        closing = record.block.closing
        if closing is None:
            raise ValueError("record: it has a closing")
        return self.now.record(record.stretches, replace(closing, **changes))

    def closed(self, work: Work) -> Economy:
        """The economy after an epoch with such work."""
        now, run = self.now, self.run
        court = Court(run.network, PROOFS, now.factor)
        return books.closed(self.profile, court, now.assignment, now.factor, run.economy, work)

    def after(self, record: EpochRecord) -> Keeper:
        """The books after a record."""
        now, closing = self.now, record.block.closing
        if closing is None:
            raise ValueError("record: it has a closing")
        network = turn(self.profile, PROOFS, self.run.network, now.factor, record)
        economy = self.closed(books.work_in(closing, record.stretches))
        return Keeper(replace(self.run, network=network, economy=economy))


def votes_for_last(profile: Profile, state: ChainState) -> tuple[CarriedVote, ...]:
    """The votes of all seats for the last block, as the next one carries them."""
    last = Ancestor(state.number, state.view, state.block_hash)
    statement = attested(state.committee, last)
    return tuple(
        CarriedVote(last.number, Seat(seat), signature(profile, KEYS[holder], statement))
        for seat, holder in enumerate(state.committee.keys)
    )


def keeper(terms: Terms, *balances: tuple[int, int]) -> Keeper:
    """The books at genesis: members with one seat each in two clusters, and balances of keys."""
    registry = tuple(registration(NORMATIVE, number, 1, EVERY_KIND) for number in range(MEMBERS))
    first = foundation(registry, 2)
    genesis = FoundationGiven(first.global_root, registry, 2, first.beacon)
    held = tuple(sorted((Holding(key(number), amount) for number, amount in balances), key=lambda each: each.key))
    return Keeper(begin(NORMATIVE, BooksBegun(CHAIN, genesis, held, 1, terms)))


def life_trace() -> Trace:
    """A key enters and serves, one leaves, one is convicted and one withholds; the cluster count follows the seats."""
    now = keeper(PAIRS, (NEWCOMER, SEAT + 5))
    begun = now.run.begun
    records = [now.record(now.worked(0), (now.says(NEWCOMER, deposit(NEWCOMER, SEAT)),))]
    now = now.after(records[-1])
    leaver, silent = key(1), now.now.assignment.seats[0].public_key
    leaving = now.says(1, Leave(leaver))
    report = now.says(NEWCOMER, EvidenceReport(shown_of(two_roots_of(now))))
    acts = tuple(sorted((leaving, report), key=order_of))
    records.append(now.record((), acts, frozenset({silent})))
    now = now.after(records[-1])
    records.append(now.record(now.worked(1)))
    now = now.after(records[-1])
    records.append(now.record())
    return Trace("books", "enter-leave-and-offend", begun, tuple(Step(event_of(record)) for record in records))


def two_roots_of(now: Keeper) -> TwoRoots:
    """Two roots by the first seat of a cluster in the epoch before."""
    holder = KEYS[now.now.assignment.clusters[0][0].public_key]
    return two_roots(now.run.network.epoch, holder)


def refused_trace() -> Trace:
    """In one epoch each way in which books are false, then the honest record."""
    now = keeper(PAIRS, (NEWCOMER, SEAT))
    begun, code = now.run.begun, RejectionCode
    entering = now.says(NEWCOMER, deposit(NEWCOMER, SEAT))
    honest = now.record((), (entering,))
    closing = honest.block.closing
    if closing is None:
        raise ValueError("record: it has a closing")
    more = Registration(key(NEWCOMER + 1), Amount(SEAT), EVERY_KIND)
    everyone = tuple(sorted((*closing.registry, more), key=lambda each: each.public_key))
    richer = tuple(replace(each, stake=Amount(each.stake + SEAT)) for each in closing.registry)
    unsigned = encode(Envelope, replace(entering, signature=Signature64(bytes(64))))
    stale = encode(Envelope, now.says(NEWCOMER, deposit(NEWCOMER, SEAT), epoch=Epoch(1)))
    beyond = encode(Envelope, now.says(NEWCOMER, deposit(NEWCOMER, 2 * SEAT)))
    fresh = Sibling(event_of(honest), "the epoch in which the act was said")
    attempts: tuple[tuple[EpochRecord, RejectionCode, Fault], ...] = (
        (now.false(honest, registry=everyone), code.EPOCH_DERIVED, BELIEVES_BOOKS),
        (now.false(honest, registry=closing.registry[1:]), code.EPOCH_DERIVED, BELIEVES_BOOKS),
        (now.false(honest, registry=richer), code.EPOCH_DERIVED, BELIEVES_BOOKS),
        (now.false(honest, acts=()), code.EPOCH_DERIVED, BELIEVES_BOOKS),
        (now.record((), (entering,), step=-1), code.EPOCH_DERIVED, BELIEVES_BOOKS),
        (now.false(honest, acts=(unsigned,)), code.SIGNATURE_INVALID, BELIEVES_ACTS),
        (now.false(honest, acts=(stale,)), code.EPOCH_ACT, fresh),
        (now.false(honest, acts=(beyond,)), code.BALANCE_SHORT, Sibling(event_of(honest), "the amount of the deposit")),
    )
    steps = tuple(Step(event_of(record), refusal, fault) for record, refusal, fault in attempts)
    later = now.after(honest)
    return Trace("books", "refused-books", begun, (*steps, Step(event_of(honest)), Step(event_of(later.record()))))


def cases() -> Iterator[Trace]:
    """All runs of this subject."""
    yield life_trace()
    yield refused_trace()
