"""Sections 2.3, 2.4 and 5.1: signatures that a block carries for the blocks before it (R-2.3-10, R-5.1-1, R-5.1-4).

Which signatures a certificate has depends on who collected it, and no hash covers them. What pays or charges by
signatures has to be the same everywhere. So a block carries, under its own hash, votes to notarise recent ancestors:
each seat of each ancestor once, by any leader of the next blocks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from icontract import ensure

from taifoon.core.accountability import SignedStatement, statement_of
from taifoon.core.block import MAX_CARRIED, CarriedVote, ClusterBlock
from taifoon.core.certificate import Committee
from taifoon.core.consensus import GENESIS_VIEW
from taifoon.core.vote import Statement, VoteKind, signs
from taifoon.primitives.types import BlockNumber, Hash32, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

Place = tuple[BlockNumber, Seat]


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A block of the epoch that a later one may carry votes for."""

    number: BlockNumber
    view: View
    block_hash: Hash32


@dataclass(frozen=True, slots=True)
class Attendance:
    """What the next block may carry: the ancestors of its window, by number, and the votes that are carried already.

    An epoch begins with none of either.
    """

    ancestors: tuple[Ancestor, ...] = ()
    carried: frozenset[Place] = frozenset()


NO_ATTENDANCE = Attendance()


def carries_votes(profile: Profile) -> bool:
    """Rule: whether blocks carry votes for their ancestors. Literally none does, and certificates say who signed."""
    return Resolution.REWARD in profile


def is_within_window(profile: Profile, block: int, carrier: int) -> bool:
    """Whether the block of one number may carry votes for that of another, by the numbers alone."""
    return block < carrier <= block + profile.parameters.signature_window


def place_of(vote: CarriedVote) -> Place:
    """What a vote is sorted and counted by."""
    return vote.block, vote.seat


def is_ascending(votes: tuple[CarriedVote, ...]) -> bool:
    """Whether votes strictly ascend by block and seat, so that none stands twice."""
    return all(place_of(first) < place_of(second) for first, second in pairwise(votes))


def attested(committee: Committee, ancestor: Ancestor) -> Statement:
    """What a carried vote signs: that the ancestor is notarised in its view."""
    return statement_of(committee, VoteKind.NOTARISE, ancestor.view, ancestor.block_hash)


def is_signed(profile: Profile, committee: Committee, ancestor: Ancestor, vote: CarriedVote) -> bool:
    """Whether a seat of the committee has signed for the ancestor."""
    if not 0 <= vote.seat < len(committee.keys):
        return False
    return signs(profile, committee.keys[vote.seat], attested(committee, ancestor), vote.signature)


def check_attestations(profile: Profile, committee: Committee, attendance: Attendance, block: ClusterBlock) -> None:
    """Accept the votes that a block carries, or reject.

    Rejects with CARRIED_WINDOW for a block that is none of the window, with CARRIED_ORDER for votes that do not ascend
    or that an earlier block carried, with CARRIED_SIGNATURE for a seat that there is not or that has not signed. All
    votes are looked at for one of these before the next, the signatures last.
    """
    if not carries_votes(profile):
        return
    ancestors = {ancestor.number: ancestor for ancestor in attendance.ancestors}
    for vote in block.attestations:
        if vote.block not in ancestors or not is_within_window(profile, vote.block, block.header.block_number):
            raise Rejected(
                RejectionCode.CARRIED_WINDOW,
                f"a vote for block {vote.block}: block {block.header.block_number} may carry those for "
                f"{tuple(ancestors)}",
            )
    if not is_ascending(block.attestations):
        raise Rejected(RejectionCode.CARRIED_ORDER, "the votes have to ascend by block and seat, each once")
    for vote in block.attestations:
        if place_of(vote) in attendance.carried:
            raise Rejected(
                RejectionCode.CARRIED_ORDER, f"an earlier block carries the vote of seat {vote.seat} for {vote.block}"
            )
    for vote in block.attestations:
        if not is_signed(profile, committee, ancestors[vote.block], vote):
            raise Rejected(
                RejectionCode.CARRIED_SIGNATURE,
                f"the signature is not of seat {vote.seat}, one of {len(committee.keys)}, for block {vote.block}",
            )


def is_plainly_unfit(profile: Profile, committee: Committee, block: ClusterBlock) -> bool:
    """Whether bytes alone show that a block carries a vote that it must not carry.

    Its header names its parent by hash and view, so that votes for the parent can be read; older ones can be placed and
    sorted. Every block of which this holds is one that `check_attestations` refuses, or that is not the next of its
    parent.
    """
    if not carries_votes(profile):
        return False
    header, votes = block.header, block.attestations
    parent = Ancestor(BlockNumber(header.block_number - 1), header.parent_view, header.previous_hash)
    is_first = header.parent_view == GENESIS_VIEW
    return (bool(votes) and is_first) or not (
        all(is_within_window(profile, vote.block, header.block_number) for vote in votes)
        and is_ascending(votes)
        and all(0 <= vote.seat < len(committee.keys) for vote in votes)
        and all(is_signed(profile, committee, parent, vote) for vote in votes if vote.block == parent.number)
    )


@ensure(lambda profile, result: len(result.ancestors) <= profile.parameters.signature_window)
def attendance_after(profile: Profile, attendance: Attendance, block: ClusterBlock, block_hash: Hash32) -> Attendance:
    """What the child of a block may carry. What no later block may carry is forgotten."""
    if not carries_votes(profile):
        return attendance
    header = block.header
    known = (*attendance.ancestors, Ancestor(header.block_number, header.view, block_hash))
    recent = tuple(item for item in known if is_within_window(profile, item.number, header.block_number + 1))
    numbers = {item.number for item in recent}
    carried = attendance.carried.union(place_of(vote) for vote in block.attestations)
    return Attendance(recent, frozenset(place for place in carried if place[0] in numbers))


@ensure(lambda result: is_ascending(result) and len(result) <= MAX_CARRIED)
def carried_votes(
    profile: Profile, committee: Committee, attendance: Attendance, heard: Iterable[SignedStatement]
) -> tuple[CarriedVote, ...]:
    """The votes that an honest leader carries: every valid one that it has heard and no block has carried yet.

    Where they are more than a block may hold, the oldest ones come first.
    """
    if not carries_votes(profile):
        return ()
    ancestors = {attested(committee, ancestor): ancestor for ancestor in attendance.ancestors}
    found: dict[Place, CarriedVote] = {}
    for each in sorted(heard, key=lambda each: (each.seat, each.signature)):
        ancestor = ancestors.get(each.statement)
        if ancestor is None:
            continue
        vote = CarriedVote(ancestor.number, each.seat, each.signature)
        place = place_of(vote)
        if place not in attendance.carried and place not in found and is_signed(profile, committee, ancestor, vote):
            found[place] = vote
    return tuple(found[place] for place in sorted(found)[:MAX_CARRIED])
