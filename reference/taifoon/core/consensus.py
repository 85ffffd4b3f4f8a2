"""Sections 2.4 and 6.2: how a member votes (R-2.4-4, R-2.4-5, R-6.2-1).

The protocol is Simplex (Chan and Pass, 2023), the smallest one with the source's three messages. A member is in one
view. It votes to notarise one valid block there, or, when its timer ends, to nullify the view; a notarised or nullified
view leads to the next. Where it saw a block notarised and has not nullified the view, it votes to finalise. A decision
depends on the member's own votes and on the set of certificates that it has seen, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from taifoon.core.vote import VoteKind
from taifoon.primitives.types import Hash32, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

GENESIS_VIEW = View(0)
FIRST_VIEW = View(1)


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """What voting needs to know of a block: its hash and view, and those of its parent."""

    view: View
    block_hash: Hash32
    parent_view: View
    parent_hash: Hash32


@dataclass(frozen=True, slots=True)
class Certified:
    """The certificates that a member has seen: notarised blocks by view and hash, and nullified views."""

    genesis: Hash32
    notarised: frozenset[tuple[View, Hash32]] = frozenset()
    nullified: frozenset[View] = frozenset()

    def is_notarised(self, view: View, block_hash: Hash32) -> bool:
        """Whether a block is notarised; genesis is."""
        return (view, block_hash) == (GENESIS_VIEW, self.genesis) or (view, block_hash) in self.notarised

    def has_notarised(self, view: View) -> bool:
        """Whether some block of a view is notarised."""
        return any(certified == view for certified, _ in self.notarised)

    def is_nullified(self, view: View) -> bool:
        """Whether a view is nullified."""
        return view in self.nullified


@dataclass(frozen=True, slots=True)
class Voting:
    """A member's own state, stored before any vote is sent: its view and all votes it ever cast in this epoch."""

    view: View = FIRST_VIEW
    notarised: frozenset[tuple[View, Hash32]] = frozenset()
    nullified: frozenset[View] = frozenset()
    finalised: frozenset[tuple[View, Hash32]] = frozenset()

    def voted_in(self, view: View) -> bool:
        """Whether the member voted to notarise some block in a view."""
        return any(voted == view for voted, _ in self.notarised)

    def finalised_in(self, view: View) -> bool:
        """Whether the member voted to finalise some block in a view."""
        return any(voted == view for voted, _ in self.finalised)


def forbids_second_vote(profile: Profile, voting: Voting, link: Link) -> bool:
    """Rule: whether an earlier vote in the view forbids this one. Literally every valid block is signed."""
    return Resolution.VOTE_ONCE in profile and voting.voted_in(link.view)


def forbids_second_finalise(profile: Profile, voting: Voting, link: Link) -> bool:
    """Rule: whether an earlier vote to finalise in the view forbids this one, so that no two of them can contradict."""
    return Resolution.VOTE_ONCE in profile and voting.finalised_in(link.view)


def has_certified_parent(profile: Profile, certified: Certified, link: Link) -> bool:
    """Rule: whether the block may stand on its parent. Literally any earlier block will do."""
    if Resolution.CERTIFIED_PARENT in profile:
        return link.parent_view < link.view and certified.is_notarised(link.parent_view, link.parent_hash)
    return link.parent_view < link.view


def has_nullified_gap(profile: Profile, certified: Certified, link: Link) -> bool:
    """Rule: whether nothing can be final between parent and block. Literally nobody asks."""
    if Resolution.NULLIFIED_GAP in profile:
        return all(certified.is_nullified(View(view)) for view in range(link.parent_view + 1, link.view))
    return True


def excludes_nullify(profile: Profile, voting: Voting, view: View) -> bool:
    """Rule: whether a vote to finalise forbids one to nullify the same view."""
    return Resolution.FINALISE_EXCLUDES_NULLIFY in profile and voting.finalised_in(view)


def excludes_finalise(profile: Profile, voting: Voting, view: View) -> bool:
    """Rule: whether a vote to nullify forbids one to finalise in the same view."""
    return Resolution.FINALISE_EXCLUDES_NULLIFY in profile and view in voting.nullified


def may_be_finalised(profile: Profile, certified: Certified, link: Link) -> bool:
    """Rule: whether a member may vote to finalise a block, by what it saw. Literally there is one round of votes."""
    if Resolution.FINALISE_NEEDS_NOTARISATION in profile:
        return certified.is_notarised(link.view, link.block_hash)
    return True


def changes_view(profile: Profile) -> bool:
    """Rule: whether views end at all. Literally there is one leader and one vote."""
    return Resolution.VIEW_CHANGE in profile


def final_kinds(profile: Profile) -> tuple[VoteKind, ...]:
    """Rule: the certificates that together make a block final. Literally its one set of signatures."""
    if not changes_view(profile):
        return (VoteKind.NOTARISE,)
    if Resolution.FINALITY_CARRIES_NOTARISATION in profile:
        return (VoteKind.NOTARISE, VoteKind.FINALISE)
    return (VoteKind.FINALISE,)


def notarise(profile: Profile, voting: Voting, certified: Certified, link: Link) -> Voting:
    """Vote to notarise a valid proposal of the current view.

    Rejects with VOTE_WRONG_VIEW, VOTE_TWICE, VOTE_CONFLICT (the view is nullified already), VOTE_LINEAGE, VOTE_GAP.
    """
    if link.view != voting.view:
        raise Rejected(RejectionCode.VOTE_WRONG_VIEW, f"the block is of view {link.view}, the member in {voting.view}")
    if forbids_second_vote(profile, voting, link):
        raise Rejected(RejectionCode.VOTE_TWICE, f"a block of view {link.view} has this member's vote already")
    if link.view in voting.nullified:
        raise Rejected(RejectionCode.VOTE_CONFLICT, f"this member has voted to nullify view {link.view}")
    if not has_certified_parent(profile, certified, link):
        raise Rejected(RejectionCode.VOTE_LINEAGE, f"the parent of view {link.parent_view} is not notarised")
    if not has_nullified_gap(profile, certified, link):
        raise Rejected(
            RejectionCode.VOTE_GAP, f"not all views between {link.parent_view} and {link.view} are nullified"
        )
    return replace(voting, notarised=voting.notarised | {(link.view, link.block_hash)})


def nullify(profile: Profile, voting: Voting) -> Voting:
    """Vote to nullify the current view, when its timer has ended.

    Rejects with VIEW_NOT_OVER (the profile has no such votes), VOTE_TWICE, VOTE_CONFLICT.
    """
    if not changes_view(profile):
        raise Rejected(RejectionCode.VIEW_NOT_OVER, "this profile has no votes that end a view")
    if voting.view in voting.nullified:
        raise Rejected(RejectionCode.VOTE_TWICE, f"view {voting.view} has this member's vote to nullify already")
    if excludes_nullify(profile, voting, voting.view):
        raise Rejected(RejectionCode.VOTE_CONFLICT, f"this member has voted to finalise in view {voting.view}")
    return replace(voting, nullified=voting.nullified | {voting.view})


def finalise(profile: Profile, voting: Voting, certified: Certified, link: Link) -> Voting:
    """Vote to finalise a notarised block of a view that the member has reached.

    Rejects with VOTE_WRONG_VIEW, VOTE_TWICE, VOTE_CONFLICT, VOTE_NOT_NOTARISED.
    """
    if not changes_view(profile):
        raise Rejected(RejectionCode.VOTE_NOT_NOTARISED, "this profile has one round of votes")
    if link.view > voting.view:
        raise Rejected(RejectionCode.VOTE_WRONG_VIEW, f"the block is of view {link.view}, the member in {voting.view}")
    if (link.view, link.block_hash) in voting.finalised or forbids_second_finalise(profile, voting, link):
        raise Rejected(RejectionCode.VOTE_TWICE, f"a block of view {link.view} has this member's vote already")
    if excludes_finalise(profile, voting, link.view):
        raise Rejected(RejectionCode.VOTE_CONFLICT, f"this member has voted to nullify view {link.view}")
    if not may_be_finalised(profile, certified, link):
        raise Rejected(RejectionCode.VOTE_NOT_NOTARISED, f"the block of view {link.view} is not notarised")
    return replace(voting, finalised=voting.finalised | {(link.view, link.block_hash)})


def advance(profile: Profile, voting: Voting, certified: Certified) -> Voting:
    """Go to the next view when the current one is notarised or nullified. Rejects with VIEW_NOT_OVER."""
    over = certified.is_nullified(voting.view) or certified.has_notarised(voting.view)
    if not changes_view(profile) or not over:
        raise Rejected(RejectionCode.VIEW_NOT_OVER, f"view {voting.view} is neither notarised nor nullified")
    return replace(voting, view=View(voting.view + 1))
