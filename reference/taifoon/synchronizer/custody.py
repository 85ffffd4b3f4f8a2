"""Sections 2.4 and 6.1: the jobs that clients bring to a synchronizer, and individual mode (R-6.1-8, R-2.4-1).

A job stays in custody until it is settled or expired: it is submitted again in every epoch. Whoever gets nowhere in its
own cluster goes on proving what it has in custody. Such results are provisional: they are told to the client and to
nobody else, and when the cluster is there again, jobs and results are submitted to it as any others are.
"""

from __future__ import annotations

from dataclasses import replace

from taifoon.core.consensus import GENESIS_VIEW
from taifoon.core.leaf import MMRLeaf
from taifoon.core.network_state import NetworkState
from taifoon.core.timing import view_timeout
from taifoon.primitives.types import Hash32, Millis
from taifoon.profile import Profile
from taifoon.synchronizer.cluster_member import ClusterMember
from taifoon.synchronizer.events import Effect, ProveJob, Provisional, StoreJobs
from taifoon.synchronizer.hear import proved
from taifoon.synchronizer.state import Done, LastingView, Synchronizer
from taifoon.synchronizer.turnover import hand_on, submit
from taifoon.synchronizer.voting import is_waited_for

PATIENT_TIMERS = 3
"""Timers of a view after which a member takes itself to be cut off: who reaches a quorum has left the view by then."""


def entrusted(profile: Profile, synchronizer: Synchronizer, leaf: MMRLeaf, now: Millis) -> Done:
    """Take a job from a client: store it, submit it, and prove it at once where nobody else can be reached."""
    custody = synchronizer.custody
    if any(each.job_id == leaf.job_id for each in custody.jobs):
        return synchronizer, ()
    custody = replace(custody, jobs=(*custody.jobs, leaf))
    synchronizer, effects = submit(profile, replace(synchronizer, custody=custody), leaf, now)
    alone = (ProveJob(leaf),) if custody.is_alone else ()
    return synchronizer, (StoreJobs(custody.jobs), *effects, *alone)


def open_jobs(network: NetworkState, jobs: tuple[MMRLeaf, ...]) -> tuple[MMRLeaf, ...]:
    """The jobs that are neither settled nor expired."""
    done = {each.job_id for each in network.settled} | set(network.expired)
    return tuple(leaf for leaf in jobs if leaf.job_id not in done)


def is_stuck(profile: Profile, synchronizer: Synchronizer, member: ClusterMember, now: Millis) -> bool:
    """Whether a member has been in a view for longer than any that it could leave with a quorum in reach."""
    since = synchronizer.custody.since(member.cluster, member.replica.voting.view)
    if since is None or not is_waited_for(synchronizer, member.cluster):
        return False
    final = member.replica.final
    last = final[-1].view if final else GENESIS_VIEW
    timeout = view_timeout(profile, len(member.replica.known.committee.keys), member.replica.voting.view, last)
    return now > since + PATIENT_TIMERS * timeout


def lasting(synchronizer: Synchronizer, now: Millis) -> tuple[LastingView, ...]:
    """The view of each own cluster, and since when it lasts here."""
    found: list[LastingView] = []
    for member in synchronizer.clusters:
        view = member.replica.voting.view
        since = synchronizer.custody.since(member.cluster, view)
        found.append(LastingView(member.cluster, view, now if since is None else since))
    return tuple(found)


def is_alone(profile: Profile, synchronizer: Synchronizer, now: Millis) -> bool:
    """Whether a synchronizer is cut off from each cluster that it has a seat in."""
    members = synchronizer.clusters
    return bool(members) and all(is_stuck(profile, synchronizer, member, now) for member in members)


def looked_after(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done:
    """Begin individual mode, or end it; what was made in it is then submitted."""
    custody = replace(synchronizer.custody, views=lasting(synchronizer, now))
    before, jobs = synchronizer.custody, open_jobs(synchronizer.network, synchronizer.custody.jobs)
    alone = is_alone(profile, replace(synchronizer, custody=custody), now)
    synchronizer = replace(synchronizer, custody=replace(custody, is_alone=alone, jobs=jobs))
    stored: tuple[Effect, ...] = () if jobs == before.jobs else (StoreJobs(jobs),)
    if alone and not before.is_alone:
        return synchronizer, (*stored, *(ProveJob(leaf) for leaf in jobs))
    if before.is_alone and not alone:
        synchronizer, effects = hand_on(profile, synchronizer, jobs, now)
        synchronizer, more = results_again(profile, synchronizer, now)
        return synchronizer, (*stored, *effects, *more)
    return synchronizer, stored


def results_again(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done:
    """Submit the own results that no block has taken up; those by job id that are known already change nothing."""
    own = synchronizer.terms.signer.public_key
    found = {
        each.job_id: each.proof for member in synchronizer.clusters for each in member.results if each.prover == own
    }
    effects: tuple[Effect, ...] = ()
    for job_id in sorted(found):
        synchronizer, more = proved(profile, synchronizer, job_id, found[job_id], now)
        effects = (*effects, *more)
    return synchronizer, effects


def built(profile: Profile, synchronizer: Synchronizer, job_id: Hash32, proof: bytes, now: Millis) -> Done:
    """Take an own proof. In individual mode the client is told of it, as a provisional result."""
    synchronizer, effects = proved(profile, synchronizer, job_id, proof, now)
    custody = synchronizer.custody
    is_provisional = custody.is_alone and any(each.job_id == job_id for each in custody.jobs)
    return synchronizer, (*effects, *((Provisional(job_id, proof),) if is_provisional else ()))
