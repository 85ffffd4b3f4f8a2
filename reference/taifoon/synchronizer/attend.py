"""Sections 2.2 to 2.4: what a synchronizer does by itself, once what it waited for is there (R-2.2-2, R-2.4-4).

A block is due, a stretch is whole, a closing can be judged, an epoch is over: each follows from what is held and the
time. They are tried in a fixed order after every event until none applies.
"""

from __future__ import annotations

from dataclasses import replace

from taifoon.core.epoch import EPOCH_COMMITTEE
from taifoon.core.quorum import tolerated_faults
from taifoon.core.replica_events import BlockBuilt, ProposalArrived
from taifoon.core.succession import ClusterChain
from taifoon.network.epoch_messages import push_of
from taifoon.primitives.types import Millis
from taifoon.profile import Profile
from taifoon.synchronizer.closing import built_epoch_block, is_derived, is_timely
from taifoon.synchronizer.cluster_member import ClusterMember, built_block, head_state, is_complete, own_stretch
from taifoon.synchronizer.epoch_member import (
    Followed,
    final_record,
    is_notarised,
    longest,
    may_close,
    with_acceptable,
)
from taifoon.synchronizer.events import Effect
from taifoon.synchronizer.hear import turned
from taifoon.synchronizer.state import Done, Synchronizer, spread, with_member
from taifoon.synchronizer.voting import drive_closing, drive_cluster, view_alarm


def attend(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done:
    """Do what is due until nothing is.

    It ends: each act spends what it needs - an owed block, a stretch not yet shown, a held proposal, an epoch.
    """
    effects: tuple[Effect, ...] = ()
    while True:
        for act in (build_cluster_block, show_stretch, begin_closing, judge_closing, build_closing, end_epoch):
            done = act(profile, synchronizer, now)
            if done is not None:
                synchronizer, effects = done[0], (*effects, *done[1])
                break
        else:
            return synchronizer, effects


def build_cluster_block(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done | None:
    """Build the block that a cluster is owed, if it is due."""
    for member in synchronizer.clusters:
        block = built_block(profile, synchronizer.terms, member, now)
        if block is not None:
            synchronizer = with_member(synchronizer, replace(member, owed=None))
            return drive_cluster(profile, synchronizer, member.cluster, BlockBuilt(block), now)
    return None


def may_show(synchronizer: Synchronizer, member: ClusterMember, now: Millis) -> bool:
    """Whether a member's stretch is to be shown: whole, or at the end of patience as far as it goes."""
    shown = max((len(each.stretch.blocks) for each in own_followed(synchronizer, member)), default=0)
    final = len(member.replica.final)
    late = now >= synchronizer.closing.began + synchronizer.terms.patience
    return shown < final and (late or (is_complete(member, synchronizer.terms) and shown < synchronizer.terms.stretch))


def own_followed(synchronizer: Synchronizer, member: ClusterMember) -> tuple[Followed, ...]:
    """The known stretches of a member's cluster."""
    return tuple(each for each in synchronizer.closing.followed if each.stretch.cluster == member.cluster)


def is_speaker(profile: Profile, member: ClusterMember) -> bool:
    """Whether this member tells others of the stretch: one of the first seats, of which one at least is honest."""
    speakers = tolerated_faults(profile, len(member.order)) + 1
    return any(seat < speakers for seat in member.replica.seats)


def show_stretch(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done | None:
    """Take up the stretch that a cluster of this synchronizer has made, and tell all of it."""
    for member in synchronizer.clusters:
        if not may_show(synchronizer, member, now):
            continue
        stretch = own_stretch(profile, synchronizer.terms, member, now)
        if not stretch.blocks:
            continue
        followed = Followed(stretch, ClusterChain(head_state(member).log, stretch.blocks[-1]))
        closing = synchronizer.closing
        synchronizer = replace(synchronizer, closing=replace(closing, followed=(*closing.followed, followed)))
        if not is_speaker(profile, member):
            return synchronizer, ()
        return spread(profile, synchronizer, push_of(stretch), now)
    return None


def begin_closing(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done | None:
    """Start to wait for the closing, once all stretches are whole or patience is at its end."""
    closing, terms = synchronizer.closing, synchronizer.terms
    if closing.is_due:
        return None
    if not may_close(profile, terms, closing, longest(synchronizer.network, synchronizer.assignment, closing), now):
        return None
    synchronizer = replace(synchronizer, closing=replace(closing, is_due=True))
    return synchronizer, view_alarm(profile, synchronizer, EPOCH_COMMITTEE, closing.replica.voting.view, now)


def judge_closing(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done | None:
    """Give the replica a proposed closing that this synchronizer would vote for, or that a quorum has voted for.

    The latter it need not like: others may have heard what it has not, and all have to go on from what is notarised.
    What its own inputs contradict is forgotten.
    """
    closing = synchronizer.closing
    for proposal in closing.held:
        asked = proposal.block.closing
        if asked is None:
            continue
        rest = replace(closing, held=tuple(each for each in closing.held if each != proposal))
        if is_notarised(closing, proposal):
            return drive_closing(profile, replace(synchronizer, closing=rest), ProposalArrived(proposal), now)
        if not is_timely(profile, synchronizer, asked, now):
            continue
        if not is_derived(profile, synchronizer, asked):
            return replace(synchronizer, closing=rest), ()
        judged = with_acceptable(profile, rest, asked)
        return drive_closing(profile, replace(synchronizer, closing=judged), ProposalArrived(proposal), now)
    return None


def build_closing(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done | None:
    """Build the block that the epoch chain is owed, if it is due."""
    block = built_epoch_block(profile, synchronizer, now)
    if block is None:
        return None
    closing = replace(synchronizer.closing, owed=None)
    if block.closing is not None:
        closing = with_acceptable(profile, closing, block.closing)
    return drive_closing(profile, replace(synchronizer, closing=closing), BlockBuilt(block), now)


def end_epoch(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done | None:
    """Go to the next epoch, once the closing is final."""
    record = final_record(profile, synchronizer.network, synchronizer.assignment, synchronizer.closing)
    return None if record is None else turned(profile, synchronizer, record, now)
