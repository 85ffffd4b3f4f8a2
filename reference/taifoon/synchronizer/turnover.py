"""Section 2.2: how a synchronizer goes from one epoch to the next, and how it starts (R-2.2-1, R-2.2-2, R-2.2-3).

A record, its own or another's, turns the network; then every part is new: assignment, memberships, leaders. What goes
over is what was heard of the new epoch already, and the jobs that wait, which the new owners are told of.
"""

from __future__ import annotations

from dataclasses import replace

from taifoon.core.beacon import Reveal, commitment
from taifoon.core.block import ClusterBlock
from taifoon.core.epoch import EPOCH_COMMITTEE
from taifoon.core.epoch_block import EpochBlock
from taifoon.core.leaf import MMRLeaf
from taifoon.core.network_state import EpochRecord, NetworkState, committing_keys, present_assignment, turn
from taifoon.core.owners import owners, primary
from taifoon.core.proposal import Proposal
from taifoon.core.replica_events import Restarted
from taifoon.network.gossip import Memory
from taifoon.network.messages import BeaconCommitment, BeaconReveal, JobSubmission
from taifoon.primitives.types import Amount, ClusterId, Epoch, Millis, Seat
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode
from taifoon.synchronizer.closing import economy_after
from taifoon.synchronizer.cluster_member import head_state, jobs_to_prove, new_cluster_member, with_job
from taifoon.synchronizer.economy import Economy, check_economy
from taifoon.synchronizer.epoch_member import new_epoch_member, with_commitment, with_reveal
from taifoon.synchronizer.events import (
    Effect,
    EpochTurned,
    PatienceAlarm,
    ProveJob,
    PullAlarm,
    SetAlarm,
    Started,
    StoredVotes,
    StoreEpoch,
    StoreOrders,
    Terms,
)
from taifoon.synchronizer.orders import repeat_orders, still_open
from taifoon.synchronizer.post import Outbox
from taifoon.synchronizer.state import Custody, Done, Synchronizer, keys_of, send, spread, with_member
from taifoon.synchronizer.voting import drive_closing, drive_cluster

SEQUENCES = 1 << 16
"""Numbers of envelopes for each millisecond since a start, so that no restart uses one again."""
NO_VALUE = Amount(0)


def new_synchronizer(
    profile: Profile, terms: Terms, network: NetworkState, economy: Economy, now: Millis
) -> Synchronizer:
    """A synchronizer that has heard nothing of the present epoch; `Started` sets it going."""
    assignment = present_assignment(profile, network)
    own = tuple(
        ClusterId(number)
        for number, seats in enumerate(assignment.clusters)
        if any(seat.public_key == terms.signer.public_key for seat in seats)
    )
    members = tuple(new_cluster_member(profile, terms, network, assignment, cluster) for cluster in own)
    closing = new_epoch_member(profile, terms, network, assignment, now)
    outbox = Outbox(network.chain_id, network.epoch, len(assignment.registry), int(now) * SEQUENCES, Memory())
    return Synchronizer(terms, network, economy, assignment, members, closing, outbox)


def started(profile: Profile, synchronizer: Synchronizer, stored: Started, now: Millis) -> Done:
    """A synchronizer that goes on from what it stored; what it had heard beside that is lost."""
    fresh = new_synchronizer(profile, synchronizer.terms, stored.network, stored.economy, now)
    fresh = replace(fresh, records=stored.records, orders=stored.orders, custody=Custody(stored.jobs))
    begun, effects = begin(profile, fresh, stored.votes, now)
    begun, more = hand_on(profile, begun, stored.jobs, now)
    effects = (*effects, *more)
    return begun, (*effects, SetAlarm(PullAlarm(), Millis(now + synchronizer.terms.pull)))


def stored_for(
    votes: tuple[StoredVotes, ...], epoch: Epoch, committee: ClusterId
) -> tuple[StoredVotes, tuple[Proposal[ClusterBlock] | Proposal[EpochBlock], ...]] | None:
    """The last stored voting in a committee of an epoch, with all proposals that were stored there."""
    found = tuple(each for each in votes if (each.epoch, each.committee) == (epoch, committee))
    proposals = tuple(dict.fromkeys(proposal for each in found for proposal in each.proposals))
    return (found[-1], proposals) if found else None


def restarted_cluster(votes: tuple[StoredVotes, ...], epoch: Epoch, committee: ClusterId) -> Restarted[ClusterBlock]:
    """How the replica of a cluster starts."""
    stored = stored_for(votes, epoch, committee)
    if stored is None:
        return Restarted()
    proposals = tuple(
        Proposal(block, each.vote, each.certificates)
        for each in stored[1]
        if isinstance(block := each.block, ClusterBlock)
    )
    return Restarted(stored[0].voting, proposals)


def restarted_closing(votes: tuple[StoredVotes, ...], epoch: Epoch) -> Restarted[EpochBlock]:
    """How the replica of the epoch chain starts."""
    stored = stored_for(votes, epoch, EPOCH_COMMITTEE)
    if stored is None:
        return Restarted()
    proposals = tuple(
        Proposal(block, each.vote, each.certificates)
        for each in stored[1]
        if isinstance(block := each.block, EpochBlock)
    )
    return Restarted(stored[0].voting, proposals)


def begin(profile: Profile, synchronizer: Synchronizer, votes: tuple[StoredVotes, ...], now: Millis) -> Done:
    """Begin an epoch: set the replicas going, take up the jobs that wait, commit to a secret and reveal one."""
    epoch, terms = synchronizer.network.epoch, synchronizer.terms
    effects: tuple[Effect, ...] = (SetAlarm(PatienceAlarm(epoch), Millis(now + terms.patience)),)
    for cluster in tuple(member.cluster for member in synchronizer.clusters):
        start = restarted_cluster(votes, epoch, cluster)
        synchronizer, more = drive_cluster(profile, synchronizer, cluster, start, now)
        effects = (*effects, *more)
    synchronizer, more = drive_closing(profile, synchronizer, restarted_closing(votes, epoch), now)
    effects = (*effects, *more)
    synchronizer, more = take_up_jobs(profile, synchronizer)
    effects = (*effects, *more)
    synchronizer, more = beacon_words(profile, synchronizer, now)
    effects = (*effects, *more)
    synchronizer, more = repeat_orders(profile, synchronizer, now)
    return synchronizer, (*effects, *more)


def take_up_jobs(profile: Profile, synchronizer: Synchronizer) -> Done:
    """Let the jobs that wait since earlier epochs wait in each cluster that owns them now; prove those taken in."""
    effects: tuple[Effect, ...] = ()
    for pending in synchronizer.network.pending:
        owning = owners(profile, synchronizer.assignment, pending.leaf, synchronizer.terms.factor)
        for member in synchronizer.clusters:
            if member.cluster in owning:
                synchronizer = with_member(synchronizer, with_job(member, pending.leaf))
    for member in synchronizer.clusters:
        opened = tuple(pending.leaf.job_id for pending in synchronizer.network.pending)
        leaves = jobs_to_prove(profile, synchronizer.terms, synchronizer.assignment, member, opened)
        effects = (*effects, *(ProveJob(leaf) for leaf in leaves))
    return synchronizer, effects


def beacon_words(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done:
    """Commit to a secret for the next epoch, and reveal the one that was committed to for this one."""
    network, signer = synchronizer.network, synchronizer.terms.signer
    key, coming = signer.public_key, Epoch(network.epoch + 1)
    closing = synchronizer.closing
    words: tuple[BeaconCommitment | BeaconReveal, ...] = ()
    if key in committing_keys(profile, network):
        made = commitment(profile, coming, key, signer.secret(coming))
        closing = with_commitment(closing, made)
        words = (BeaconCommitment(coming, Seat(0), made.digest),)
    if any(each.holder == key for each in network.commitments):
        secret = signer.secret(network.epoch)
        closing = with_reveal(profile, network, closing, Reveal(key, secret))
        words = (*words, BeaconReveal(network.epoch, Seat(0), secret))
    synchronizer = replace(synchronizer, closing=closing)
    effects: tuple[Effect, ...] = ()
    for word in words:
        synchronizer, more = spread(profile, synchronizer, word, now)
        effects = (*effects, *more)
    return synchronizer, effects


def waiting_jobs(synchronizer: Synchronizer) -> tuple[MMRLeaf, ...]:
    """The jobs that wait in this synchronizer's clusters, were taken in there, or are in its custody, each once.

    Those taken in by a block that the closing leaves out have to find their owners again.
    """
    leaves = {leaf.job_id: leaf for leaf in synchronizer.custody.jobs}
    leaves.update({item.leaf.job_id: item.leaf for member in synchronizer.clusters for item in member.waiting})
    for member in synchronizer.clusters:
        leaves.update({leaf.job_id: leaf for leaf in head_state(member).log.jobs.leaves if leaf.is_intake})
    return tuple(leaves.values())


def turn_over(profile: Profile, synchronizer: Synchronizer, record: EpochRecord, now: Millis) -> Done:
    """Go on in the next epoch. Rejects as `turn` of the network, `closed` and `check_economy` do."""
    terms = synchronizer.terms
    network = turn(profile, terms.proof_system, synchronizer.network, terms.factor, record)
    closing = record.block.closing
    if closing is None:
        raise Rejected(RejectionCode.BLOCK_EPOCH, f"the record of epoch {synchronizer.network.epoch} has no closing")
    economy = economy_after(profile, synchronizer, closing, record.stretches)
    check_economy(profile, closing, economy)
    fresh = new_synchronizer(profile, terms, network, economy, now)
    outbox = replace(synchronizer.outbox, epoch=network.epoch, registered=fresh.outbox.registered)
    fresh = replace(
        fresh,
        outbox=outbox,
        requests=synchronizer.requests,
        records=(*synchronizer.records, record),
        asked=synchronizer.asked,
        custody=Custody(synchronizer.custody.jobs),
        orders=still_open(profile, synchronizer.orders, fresh, closing),
    )
    begun, effects = begin(profile, fresh, (), now)
    begun, more = hand_on(profile, begun, waiting_jobs(synchronizer), now)
    # Orders first: who crashed after the epoch alone was stored would pay once more for what the closing has taken up.
    stores = (StoreOrders(begun.orders), StoreEpoch(network, economy, record))
    return begun, (*stores, EpochTurned(network, economy), *effects, *more)


def hand_on(profile: Profile, synchronizer: Synchronizer, leaves: tuple[MMRLeaf, ...], now: Millis) -> Done:
    """Submit jobs that no log has taken in to their owners in this epoch."""
    effects: tuple[Effect, ...] = ()
    network = synchronizer.network
    known = {each.leaf.job_id for each in network.pending} | {each.job_id for each in network.settled}
    known |= set(network.expired)
    for leaf in leaves:
        if leaf.job_id not in known:
            synchronizer, more = submit(profile, synchronizer, leaf, now)
            effects = (*effects, *more)
    return synchronizer, effects


def addressed(profile: Profile, synchronizer: Synchronizer, leaf: MMRLeaf) -> MMRLeaf:
    """A job's leaf as this epoch takes it in: a job that waits since an earlier epoch keeps its first leaf."""
    carried = (pending.leaf for pending in synchronizer.network.pending if pending.leaf.job_id == leaf.job_id)
    first = primary(profile, synchronizer.assignment, leaf)
    return next(carried, leaf if first is None else replace(leaf, assigned_cluster=first))


def submit(profile: Profile, synchronizer: Synchronizer, leaf: MMRLeaf, now: Millis) -> Done:
    """Tell the owners of a job of it, this synchronizer included if it is in one; a job nobody can prove is dropped."""
    if primary(profile, synchronizer.assignment, leaf) is None:
        return synchronizer, ()
    named = addressed(profile, synchronizer, leaf)
    owning = owners(profile, synchronizer.assignment, named, synchronizer.terms.factor)
    peers = tuple(sorted({key for cluster in owning for key in keys_of(synchronizer, cluster)}))
    for cluster in owning:
        member = synchronizer.member(cluster)
        if member is not None:
            synchronizer = with_member(synchronizer, with_job(member, named))
    return send(profile, synchronizer, peers, JobSubmission(named, NO_VALUE), now)
