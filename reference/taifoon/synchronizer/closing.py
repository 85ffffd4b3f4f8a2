"""Sections 2.2 and 2.4: how a synchronizer closes an epoch (R-2.2-2, R-2.4-6, R-3.2-8 to R-3.2-10, R-5.1-6).

A leader closes with what it holds; a member votes for a closing that it can derive itself. What there is to choose is
what was heard in time: stretches, commitments, reveals, acts. Registry and cluster count follow from them.
"""

from __future__ import annotations

from dataclasses import replace

from taifoon.core.beacon import Commitments
from taifoon.core.consensus import FIRST_VIEW, GENESIS_VIEW
from taifoon.core.epoch_block import Closing, EpochBlock, covers, epoch_block, is_vouched_for
from taifoon.core.network_state import (
    Choice,
    check_closing,
    choice_in,
    closing_of,
    committing_keys,
    taken_in,
)
from taifoon.core.owners import owners
from taifoon.core.quorum import tolerated_faults
from taifoon.core.settlement import Completion, OwnedJob, settle
from taifoon.core.succession import Stretch, completions_of
from taifoon.primitives.types import Millis
from taifoon.profile import Profile
from taifoon.rejection import Rejected
from taifoon.synchronizer.acts import Court, chosen_acts
from taifoon.synchronizer.economy import Economy, Work, closed, derives_count, derives_registry, step_of, work_in
from taifoon.synchronizer.epoch_member import Followed, cuts, heads_followed, longest, may_close
from taifoon.synchronizer.state import Synchronizer


def court_of(synchronizer: Synchronizer) -> Court:
    """What acts of the present epoch are judged by."""
    return Court(synchronizer.network, synchronizer.terms.proof_system, synchronizer.terms.factor)


def settled_by(profile: Profile, synchronizer: Synchronizer, stretches: tuple[Stretch, ...]) -> tuple[Completion, ...]:
    """The completions that a closing of these stretches settles."""
    network, assignment = synchronizer.network, synchronizer.assignment
    jobs = tuple(
        OwnedJob(job.leaf.job_id, owners(profile, assignment, job.leaf, synchronizer.terms.factor))
        for job in taken_in(network, stretches)
    )
    completions = tuple(each for stretch in stretches for each in completions_of(stretch))
    return settle(profile, jobs, completions, network.settled)


def booked(profile: Profile, synchronizer: Synchronizer, stretches: tuple[Stretch, ...], choice: Choice) -> Choice:
    """Rule: a choice whose registry and step are what its acts and work come to.

    Literally no books are kept, and it is the leader who says which keys serve, and in how many clusters. Rejects as
    `closed` of the economy does.
    """
    if not derives_registry(profile) and not derives_count(profile):
        return choice
    before, factor = synchronizer.economy, synchronizer.terms.factor
    work = Work(stretches, settled_by(profile, synchronizer, stretches), choice.acts, choice.reveals)
    after = closed(profile, court_of(synchronizer), synchronizer.assignment, factor, before, work)
    return replace(
        choice,
        registry=after.registry if derives_registry(profile) else choice.registry,
        step=step_of(before, after) if derives_count(profile) else choice.step,
    )


def drafted(profile: Profile, synchronizer: Synchronizer, followed: tuple[Followed, ...], choice: Choice) -> Closing:
    """The closing of these stretches, with what the choice comes to. Rejects as `booked` does."""
    network, factor = synchronizer.network, synchronizer.terms.factor
    stretches = tuple(each.stretch for each in followed)
    chains = (*(each.chain for each in followed), *network.chains[len(followed) :])
    derived = booked(profile, synchronizer, stretches, choice)
    return closing_of(profile, network, synchronizer.assignment, factor, chains, stretches, derived)


def commitments_to_list(profile: Profile, synchronizer: Synchronizer) -> Commitments:
    """The commitments that a leader lists: those that it has heard, and after `f + 1` lost views its own alone.

    Members vote only for commitments that they have heard from the holders. A holder that tells some members of its
    own can cost the leaders who list it their views, but no more of them than that.
    """
    member, key = synchronizer.closing, synchronizer.terms.signer.public_key
    lost = 0 if member.owed is None else member.owed.view - FIRST_VIEW
    if lost <= tolerated_faults(profile, len(synchronizer.assignment.seats)):
        return member.commitments
    return tuple(each for each in member.commitments if each.holder == key)


def own_choice(profile: Profile, synchronizer: Synchronizer) -> Choice:
    """What an honest leader closes with: all that it has heard and that counts."""
    network, member = synchronizer.network, synchronizer.closing
    reveals = tuple(sorted(member.reveals, key=lambda each: each.holder))
    committing = committing_keys(profile, network)
    listed = commitments_to_list(profile, synchronizer)
    commitments = tuple(each for each in listed if each.holder in committing)
    acts = chosen_acts(profile, court_of(synchronizer), synchronizer.economy.ledger, member.acts)
    return Choice(synchronizer.economy.registry, 0, commitments, reveals, acts)


def is_acceptable(profile: Profile, synchronizer: Synchronizer, closing: Closing, now: Millis) -> bool:
    """Whether a member would vote for a closing now."""
    return is_timely(profile, synchronizer, closing, now) and is_derived(profile, synchronizer, closing)


def is_timely(profile: Profile, synchronizer: Synchronizer, closing: Closing, now: Millis) -> bool:
    """Whether a closing is due, of stretches that the member has followed, and leaves out nothing that it knows.

    That is no final block and no reveal; commitments it has to have heard from their holders. What is not timely may
    become so.
    """
    member = synchronizer.closing
    followed = heads_followed(profile, synchronizer.network, synchronizer.assignment, member, closing)
    if followed is None or cuts(member, followed) or not covers(closing, (), member.reveals):
        return False
    if not is_vouched_for(closing, member.commitments):
        return False
    return may_close(profile, synchronizer.terms, member, followed, now)


def is_derived(profile: Profile, synchronizer: Synchronizer, closing: Closing) -> bool:
    """Whether a closing is what its stretches, acts, commitments and reveals come to, registry and count included.

    Whatever else the member hears, the answer stays.
    """
    network, assignment = synchronizer.network, synchronizer.assignment
    followed = heads_followed(profile, network, assignment, synchronizer.closing, closing)
    if followed is None:
        return False
    choice = choice_in(profile, network, assignment, closing)
    try:
        check_closing(profile, network, drafted(profile, synchronizer, followed, choice), closing)
    except Rejected:
        return False
    return True


def built_epoch_block(profile: Profile, synchronizer: Synchronizer, now: Millis) -> EpochBlock | None:
    """The block that the leader owes, if it is due: a closing, or a block that carries one to finality."""
    network, member = synchronizer.network, synchronizer.closing
    owed = member.owed
    if owed is None or not member.is_due or owed.view != member.replica.voting.view:
        return None
    if owed.parent.view != GENESIS_VIEW:
        carries = owed.view > owed.parent.view + 1
        return epoch_block(profile, network.epoch, owed.view, owed.parent, None) if carries else None
    followed = longest(network, synchronizer.assignment, member)
    if not may_close(profile, synchronizer.terms, member, followed, now):
        return None
    closing = drafted(profile, synchronizer, followed, own_choice(profile, synchronizer))
    return epoch_block(profile, network.epoch, owed.view, owed.parent, closing)


def economy_after(
    profile: Profile, synchronizer: Synchronizer, closing: Closing, stretches: tuple[Stretch, ...]
) -> Economy:
    """The economy after a closing that is final. Rejects as `closed` of the economy does."""
    terms, work = synchronizer.terms, work_in(closing, stretches)
    return closed(profile, court_of(synchronizer), synchronizer.assignment, terms.factor, synchronizer.economy, work)
