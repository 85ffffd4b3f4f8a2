"""Sections 2.2 to 2.4: a synchronizer as a member of a cluster in an epoch (R-2.2-4, R-2.4-1 to R-2.4-4).

The replica votes; beside it the member keeps the states of the blocks that it knows, the jobs that wait, and the
results that came for them, and builds a block when the replica asks for one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from icontract import require

from taifoon.core.block import ClusterBlock, ProofResult
from taifoon.core.consensus import FIRST_VIEW, Link
from taifoon.core.epoch import Assignment, committee_of_cluster
from taifoon.core.knowledge import finality_proof
from taifoon.core.leaf import MMRLeaf
from taifoon.core.mempool import Waiting
from taifoon.core.network_state import NetworkState, chain_of, jobs_of
from taifoon.core.owners import formation_of, may_prove
from taifoon.core.replica import Replica, new_replica, step
from taifoon.core.replica_events import BlockBuilt, BuildBlock, Effect, Event, ProposalArrived, Restarted
from taifoon.core.succession import Stretch
from taifoon.core.validity import ChainState, genesis_state
from taifoon.primitives.types import ClusterId, Hash32, Millis, PublicKey, Seat, View
from taifoon.profile import Profile
from taifoon.synchronizer.events import Terms
from taifoon.synchronizer.late_votes import Votes, held_votes, with_late_votes
from taifoon.synchronizer.live_chain import (
    LiveChain,
    States,
    built,
    is_known,
    is_within,
    open_intake,
    state_of,
    turns,
    with_states,
)


@dataclass(frozen=True, slots=True)
class ClusterMember:
    """A membership: the voting, the states of known blocks, whose turn it is, waiting jobs and results.

    `late` are votes that came after the certificate which they belong to, for a later block to carry. `owed` is the
    block for which the replica has asked and which was not due yet.
    """

    cluster: ClusterId
    replica: Replica[ClusterBlock]
    states: States
    order: tuple[Seat, ...]
    waiting: tuple[Waiting, ...] = ()
    results: tuple[ProofResult, ...] = ()
    owed: BuildBlock | None = field(default=None)
    late: Votes = ()

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """The keys of the cluster, each once."""
        return tuple(sorted(set(self.replica.known.committee.keys)))


def seats_in(keys: tuple[PublicKey, ...], key: PublicKey) -> tuple[Seat, ...]:
    """The places of a key in a committee."""
    return tuple(Seat(place) for place, other in enumerate(keys) if other == key)


@require(lambda assignment, cluster: cluster < len(assignment.clusters))
def new_cluster_member(
    profile: Profile, terms: Terms, network: NetworkState, assignment: Assignment, cluster: ClusterId
) -> ClusterMember:
    """A member of a cluster at the beginning of an epoch; the cluster's log goes on where the last closing ended it."""
    formation = formation_of(assignment, cluster, jobs_of(profile, network, assignment, terms.factor))
    chain = chain_of(network, cluster)
    beginning = genesis_state(profile, network.chain_id, formation, chain.log, chain.last)
    committee = committee_of_cluster(network.chain_id, assignment, cluster)
    seats = seats_in(committee.keys, terms.signer.public_key)
    order = turns(profile, assignment.seed, cluster, assignment.clusters[cluster])
    return ClusterMember(cluster, new_replica(committee, seats), (beginning,), order)


def live_chain(profile: Profile, terms: Terms, member: ClusterMember, now: Millis) -> LiveChain:
    """The cluster's chain as the member sees it."""
    return LiveChain(profile, terms.proof_system, member.states, member.order, terms.stretch, now)


def blocks_in(event: Event[ClusterBlock]) -> tuple[ClusterBlock, ...]:
    """The blocks that an event brings."""
    match event:
        case ProposalArrived(proposal):
            return (proposal.block,)
        case BlockBuilt(block):
            return (block,)
        case Restarted(_, proposals, _):
            return tuple(sorted((each.block for each in proposals), key=lambda block: block.header.view))
        case _:
            return ()


def vote(
    profile: Profile, terms: Terms, member: ClusterMember, event: Event[ClusterBlock], now: Millis
) -> tuple[ClusterMember, tuple[Effect[ClusterBlock], ...]]:
    """The member after its replica has taken an event. Rejects as the replica's `step` does."""
    news = blocks_in(event)
    judging = replace(member, states=with_states(profile, member.states, news)) if news else member
    chain = live_chain(profile, terms, judging, now)
    replica, effects = step(profile, chain, member.replica, event)
    after = replace(judging, replica=replica)
    if news:
        # A block that came before its parent gets its state now.
        after = replace(after, states=with_states(profile, after.states, lacking_state(after)))
    late = with_late_votes(profile, after.replica.known, after.late, event, oldest_attested(after))
    return replace(after, late=late), effects


def oldest_attested(member: ClusterMember) -> View:
    """The view of the oldest block that the block after the final ones may carry votes for."""
    ancestors = head_state(member).attendance.ancestors
    return ancestors[0].view if ancestors else FIRST_VIEW


def lacking_state(member: ClusterMember) -> tuple[ClusterBlock, ...]:
    """The known blocks without a state, by view."""
    hashes = {state.block_hash for state in member.states}
    held = (each for each in member.replica.known.proposals if each.link.block_hash not in hashes)
    return tuple(each.proposal.block for each in held)


def is_complete(member: ClusterMember, terms: Terms) -> bool:
    """Whether the whole stretch is final here."""
    return len(member.replica.final) >= terms.stretch


def due_at(member: ClusterMember, terms: Terms) -> Millis | None:
    """When the owed block may be built; None while it must not be.

    Beyond the stretch a block only carries its parent to finality, so that it waits until a view has passed in which
    the parent could become final by itself.
    """
    if member.owed is None or member.owed.view != member.replica.voting.view:
        return None
    state = state_of(member.states, member.owed.parent.block_hash)
    if state is None:
        return None
    if is_within(member.states[0], state, terms.stretch):
        return Millis(state.timestamp + terms.pace)
    carries = not is_complete(member, terms) and member.owed.view > member.owed.parent.view + 1
    return Millis(0) if carries else None


def built_block(profile: Profile, terms: Terms, member: ClusterMember, now: Millis) -> ClusterBlock | None:
    """The owed block, if it is due."""
    at = due_at(member, terms)
    if member.owed is None or at is None or now < at:
        return None
    state = state_of(member.states, member.owed.parent.block_hash)
    if state is None:
        return None
    chain = live_chain(profile, terms, member, now)
    heard = (*held_votes(member.replica.known), *member.late)
    return built(chain, state, member.owed.view, member.waiting, member.results, heard)


def head_state(member: ClusterMember) -> ChainState:
    """The state after the last final block."""
    final = member.replica.final
    found = state_of(member.states, final[-1].block_hash) if final else None
    return member.states[0] if found is None else found


def block_of(member: ClusterMember, link: Link) -> ClusterBlock | None:
    """The block of a link."""
    held = member.replica.known.held(link.block_hash)
    return None if held is None else held.proposal.block


def own_stretch(profile: Profile, terms: Terms, member: ClusterMember, now: Millis) -> Stretch:
    """What the cluster has finalised in the epoch, as far as this member knows."""
    final = member.replica.final
    blocks = tuple(block for link in final if (block := block_of(member, link)) is not None)
    if not blocks:
        return Stretch(member.cluster, (), None)
    chain = live_chain(profile, terms, member, now)
    return Stretch(member.cluster, blocks, finality_proof(profile, chain, member.replica.known, final[-1]))


def with_job(member: ClusterMember, leaf: MMRLeaf) -> ClusterMember:
    """With one more job waiting, unless it waits already or the log has it."""
    state = head_state(member)
    if any(item.leaf.job_id == leaf.job_id for item in member.waiting) or is_known(state, leaf.job_id):
        return member
    return replace(member, waiting=(*member.waiting, Waiting(leaf, state.number)))


def with_result(profile: Profile, member: ClusterMember, result: ProofResult) -> ClusterMember:
    """With a result, one for each prover of a job. Whether it counts is decided when a block is built.

    Of a prover there wait no more than it may have messages alive, as nobody says which jobs there will be.
    """
    waiting = tuple(each.job_id for each in member.results if each.prover == result.prover)
    if result.job_id in waiting or len(waiting) >= profile.parameters.sender_quota:
        return member
    return replace(member, results=(*member.results, result))


def without_done(member: ClusterMember) -> ClusterMember:
    """Without waiting jobs that the log has taken in and results of jobs that it has completed."""
    state = head_state(member)
    done = {leaf.job_id for leaf in state.log.jobs.leaves if not leaf.is_intake}
    return replace(
        member,
        waiting=tuple(item for item in member.waiting if not is_known(state, item.leaf.job_id)),
        results=tuple(each for each in member.results if each.job_id not in done),
    )


def is_drawn(profile: Profile, terms: Terms, assignment: Assignment, cluster: ClusterId, leaf: MMRLeaf) -> bool:
    """Whether this synchronizer is to prove a job for a cluster."""
    return may_prove(profile, assignment, cluster, leaf, terms.factor, terms.signer.public_key)


def jobs_to_prove(
    profile: Profile, terms: Terms, assignment: Assignment, member: ClusterMember, jobs: tuple[Hash32, ...]
) -> tuple[MMRLeaf, ...]:
    """Of these jobs, those that are taken in, open, and drawn for this synchronizer."""
    state = head_state(member)
    leaves = (leaf for job in jobs if (leaf := open_intake(state, job)) is not None)
    return tuple(leaf for leaf in leaves if is_drawn(profile, terms, assignment, member.cluster, leaf))
