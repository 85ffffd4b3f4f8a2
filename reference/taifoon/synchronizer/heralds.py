"""Section 4.1: what a synchronizer says of itself and of its clusters unasked (R-4.1-1, R-4.1-2, R-4.1-10, R-2.4-6).

It announces itself and joins its clusters when an epoch begins; when a block is final, its leader tells the drawn
replicas, and a speaker tells all of the new head. What is heard of this kind is compared with what is derived.
"""

from __future__ import annotations

from dataclasses import replace

from taifoon.core.block import ClusterBlock
from taifoon.core.epoch import committee_of_cluster
from taifoon.core.leaf import MMRLeaf
from taifoon.core.network_state import chain_of
from taifoon.core.owners import replicas
from taifoon.core.quorum import tolerated_faults
from taifoon.network.answers import peaks_of
from taifoon.network.claims import check_assignment, check_join, heads_of_push
from taifoon.network.kinds import Kind, kinds
from taifoon.network.messages import ClusterJoin, JobAssignment, NodeAnnounce, PeaksPush
from taifoon.primitives.types import BlockNumber, Hash32, Millis, PublicKey, Seat
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode
from taifoon.synchronizer.archive import certified
from taifoon.synchronizer.cluster_member import ClusterMember, head_state
from taifoon.synchronizer.events import Effect, ProveJob
from taifoon.synchronizer.live_chain import open_intake, state_of
from taifoon.synchronizer.state import Done, Synchronizer, send, spread
from taifoon.synchronizer.surroundings import Place, Progress, with_place, with_presence, with_progress


def introduced(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done:
    """Announce an own registered key to all, and each own seat to its cluster."""
    key = synchronizer.terms.signer.public_key
    entry = next((each for each in synchronizer.assignment.registry if each.public_key == key), None)
    if entry is None:
        return synchronizer, ()
    announce = NodeAnnounce(key, entry.capabilities, synchronizer.terms.address)
    synchronizer, effects = spread(profile, synchronizer, announce, now)
    for member in synchronizer.clusters:
        jobs = chain_of(synchronizer.network, member.cluster).log.jobs.mountains
        for place in synchronizer.assignment.clusters[member.cluster]:
            if place.public_key == key:
                join = ClusterJoin(member.cluster, peaks_of(jobs), jobs.count, place.seat)
                synchronizer, more = send(profile, synchronizer, member.keys, join, now)
                effects = (*effects, *more)
    return synchronizer, effects


def hear_announce(synchronizer: Synchronizer, announce: NodeAnnounce) -> Synchronizer:
    """Take note of a registered key; that it speaks for itself is checked with the envelope."""
    present = with_presence(synchronizer.surroundings, announce.pubkey, announce.address, announce.capabilities)
    return replace(synchronizer, surroundings=present)


def hear_join(profile: Profile, synchronizer: Synchronizer, sender: PublicKey, join: ClusterJoin) -> Synchronizer:
    """Take note of a seat that joins its cluster. Rejects as `check_join` does."""
    check_join(profile, synchronizer.assignment, sender, join)
    place = Place(join.cluster_id, join.seat, join.leaf_count)
    return replace(synchronizer, surroundings=with_place(synchronizer.surroundings, sender, place))


def speaker_of(profile: Profile, member: ClusterMember, number: BlockNumber) -> Seat:
    """The seat that tells of a block: the first `f + 1` in turn, so that of as many blocks one is told by an honest."""
    return Seat(number % (tolerated_faults(profile, len(member.order)) + 1))


def push_for(profile: Profile, member: ClusterMember, block: ClusterBlock) -> PeaksPush | None:
    """The push of a final block; None where its own certificates or its parent's state are not there.

    A later block's push then says as much and more.
    """
    final = certified(profile, (block,), member.replica.known.all_certificates())
    name = final[0].notarisation.statement.block_hash if final else None
    after = None if name is None else state_of(member.states, name)
    before = state_of(member.states, block.header.previous_hash)
    if after is None or before is None:
        return None
    jobs, batches = after.log.jobs.mountains, before.log.batches
    return PeaksPush(final[0], peaks_of(jobs), jobs.count, peaks_of(batches), batches.count)


def told_of(
    profile: Profile, synchronizer: Synchronizer, member: ClusterMember, block: ClusterBlock, now: Millis
) -> Done:
    """What is said of a final block of an own cluster: the speaker pushes its head, its leader assigns its jobs."""
    effects: tuple[Effect, ...] = ()
    if speaker_of(profile, member, block.header.block_number) in member.replica.seats:
        push = push_for(profile, member, block) if Kind.PEAKS_PUSH in kinds(profile) else None
        if push is not None:
            synchronizer, effects = spread(profile, synchronizer, push, now)
            synchronizer = hear_push(profile, synchronizer, push)
    if block.header.leader_pubkey == synchronizer.terms.signer.public_key:
        synchronizer, more = assigned(profile, synchronizer, member, block, now)
        effects = (*effects, *more)
    return synchronizer, effects


def assigned(
    profile: Profile, synchronizer: Synchronizer, member: ClusterMember, block: ClusterBlock, now: Millis
) -> Done:
    """Tell each drawn replica of the cluster of its job; whom and by when is nothing that the leader chooses."""
    effects: tuple[Effect, ...] = ()
    deadline = Millis(now + synchronizer.terms.patience)
    for leaf in (each for each in block.proof_jobs if each.is_intake):
        for replica in replicas(profile, synchronizer.assignment, leaf, synchronizer.terms.factor):
            if replica.cluster == member.cluster:
                seat = replica.seat
                message = JobAssignment(leaf.job_id, seat.public_key, seat.seat, deadline)
                synchronizer, more = send(profile, synchronizer, (seat.public_key,), message, now)
                effects = (*effects, *more)
    return synchronizer, effects


def taken_in_by(member: ClusterMember, job_id: Hash32, sender: PublicKey) -> tuple[MMRLeaf, PublicKey] | None:
    """The intake leaf of a job and the leader of the block that takes it in, the sender's if it has such a block."""
    blocks = (held.proposal.block for held in member.replica.known.proposals)
    found = tuple(
        (leaf, block.header.leader_pubkey)
        for block in blocks
        for leaf in block.proof_jobs
        if leaf.job_id == job_id and leaf.is_intake
    )
    by_sender = tuple(each for each in found if each[1] == sender)
    return next(iter((*by_sender, *found)), None)


def hear_assignment(
    profile: Profile, synchronizer: Synchronizer, sender: PublicKey, message: JobAssignment, now: Millis
) -> Done:
    """Begin on a job for which the leader of its block names this synchronizer, where its finality is not known here.

    Whoever knows it has begun by itself. Rejects with JOB_UNKNOWN and as `check_assignment` does.
    """
    assignment, factor = synchronizer.assignment, synchronizer.terms.factor
    for member in synchronizer.clusters:
        found = taken_in_by(member, message.job_id, sender)
        if found is None:
            continue
        leaf, leader = found
        check_assignment(profile, assignment, leaf, factor, leader, sender, message, now)
        known = synchronizer.surroundings.begun
        is_own = message.assignee == synchronizer.terms.signer.public_key
        if not is_own or leaf.job_id in known or open_intake(head_state(member), leaf.job_id) is not None:
            return synchronizer, ()
        begun = replace(synchronizer.surroundings, begun=known | {leaf.job_id})
        return replace(synchronizer, surroundings=begun), (ProveJob(leaf),)
    raise Rejected(RejectionCode.JOB_UNKNOWN, f"no known block takes job {message.job_id.hex()} in")


def hear_push(profile: Profile, synchronizer: Synchronizer, push: PeaksPush) -> Synchronizer:
    """Remember the heads of a final block of the present epoch, if it is the newest known of its cluster.

    Rejects as `heads_of_push` does.
    """
    header, network = push.final.block.header, synchronizer.network
    if header.epoch != network.epoch or header.cluster_id >= len(synchronizer.assignment.clusters):
        return synchronizer
    known = synchronizer.surroundings.progress_of(header.cluster_id)
    if known is not None and known.number >= header.block_number:
        return synchronizer
    committee = committee_of_cluster(network.chain_id, synchronizer.assignment, header.cluster_id)
    heads = heads_of_push(profile, committee, push)
    progress = Progress(header.cluster_id, header.block_number, heads)
    return replace(synchronizer, surroundings=with_progress(synchronizer.surroundings, progress))
