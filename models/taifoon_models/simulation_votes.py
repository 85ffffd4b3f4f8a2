"""Every vote of an honest member of a simulated network is a step that the explored tables have.

A vote is looked at through a window of three views: the block's, its parent's, and one for all views between. What is
certified is what the votes cast so far can certify, each corrupt seat having signed everything. Seen so, the member's
own votes and the step have to be a row of the table that the shipped handlers have under the repaired rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import NamedTuple

from taifoon.core.consensus import GENESIS_VIEW, Link, Voting
from taifoon.core.epoch import EPOCH_COMMITTEE, Assignment
from taifoon.core.quorum import quorum
from taifoon.primitives.types import ClusterId, Epoch, Hash32, PublicKey, View
from taifoon.profile import HARDENED
from taifoon.synchronizer.events import StoredVotes
from taifoon_models.tables import Bits, guarded_outcomes, key_of
from taifoon_models.voting import Committee, Step

TABLE = Bits(Committee(HARDENED, 4, 1, 3))
OTHER = {1: "1.b", 2: "2.1b", 3: "3.1b"}
"""A name for any other block of a view of the window."""

Place = tuple[Epoch, ClusterId]


class Move(NamedTuple):
    """What a member did: its kind as the handlers are named, the view that it is about, the block if there is one."""

    action: str
    view: View
    block_hash: Hash32 | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """How a move is seen: the name of its block, its view there, and whether parent and gap are certified."""

    block: str
    place: int
    certificates: int


@cache
def row(member: Voting, step: Step) -> tuple[tuple[int, int, Voting], ...]:
    """A row of the table: the certificates that must and must not be there for a step, and the state after it."""
    return tuple(guarded_outcomes(TABLE, member, step))


def hash_of(name: str) -> tuple[View, Hash32]:
    """What a vote for a named block of the window names."""
    return key_of(TABLE.committee.blocks[name])


def seen(voting: Voting, move: Move, window: Window) -> Voting:
    """A member's votes in the view of a move, as they are in the window."""

    def named(votes: frozenset[tuple[View, Hash32]]) -> frozenset[tuple[View, Hash32]]:
        hashes = (block for view, block in votes if view == move.view)
        return frozenset(hash_of(window.block if block == move.block_hash else OTHER[window.place]) for block in hashes)

    here = View(window.place if voting.view == move.view else window.place + (1 if voting.view > move.view else -1))
    nullified = frozenset({View(window.place)}) if move.view in voting.nullified else frozenset[View]()
    return Voting(here, named(voting.notarised), nullified, named(voting.finalised))


def after_move(voting: Voting, move: Move) -> Voting:
    """A member's voting with a move."""
    if move.action == "advance":
        return replace(voting, view=View(voting.view + 1))
    if move.block_hash is None:
        return replace(voting, nullified=voting.nullified | {move.view})
    vote = frozenset({(move.view, move.block_hash)})
    if move.action == "notarise":
        return replace(voting, notarised=voting.notarised | vote)
    return replace(voting, finalised=voting.finalised | vote)


def is_allowed(voting: Voting, move: Move, window: Window) -> bool:
    """Whether a move is a row of the table, as it is seen through a window."""
    step = Step(move.action, window.block if move.action in ("notarise", "finalise") else "")
    expected = seen(after_move(voting, move), move, window)
    return any(
        window.certificates & present == present and not window.certificates & absent and after == expected
        for present, absent, after in row(seen(voting, move, window), step)
    )


def moves_between(before: Voting, after: Voting) -> Iterator[Move]:
    """The moves from one voting to a later one, in an order in which all are allowed if they are in any.

    More certificates never forbid a move, and of moves in one view only voting to finalise and to nullify exclude each
    other, whichever comes first.
    """
    notarised, finalised = sorted(after.notarised - before.notarised), sorted(after.finalised - before.finalised)
    nullified = sorted(after.nullified - before.nullified)
    first = min((before.view, *nullified, *(view for view, _ in (*notarised, *finalised))))
    for number in range(first, after.view + 1):
        view = View(number)
        yield from (Move("notarise", view, block) for voted, block in notarised if voted == view)
        yield from (Move("finalise", view, block) for voted, block in finalised if voted == view)
        yield from (Move("nullify", view) for voted in nullified if voted == view)
        if before.view <= view < after.view:
            yield Move("advance", view)


class VoteChecks:
    """The votes of all honest members, by epoch and committee, and the blocks that they are about."""

    def __init__(self) -> None:
        self.votings: dict[Place, dict[PublicKey, Voting]] = {}
        self.links: dict[tuple[Epoch, ClusterId, Hash32], Link] = {}
        self.moves: int = 0

    def read(self, stored: StoredVotes) -> None:
        """Take note of the blocks that a member votes for."""
        for proposal in stored.proposals:
            statement, header = proposal.vote.statement, proposal.block.header
            link = Link(statement.view, statement.block_hash, header.parent_view, header.previous_hash)
            self.links[stored.epoch, stored.committee, link.block_hash] = link

    def outside(
        self, holder: PublicKey, stored: StoredVotes, assignment: Assignment, corrupt: frozenset[PublicKey]
    ) -> str | None:
        """What of a member's newly stored voting no row of the table allows; None where all of it is allowed."""
        place = (stored.epoch, stored.committee)
        votings = self.votings.setdefault(place, {})
        voting = votings.get(holder, Voting())
        if stored.voting.view < voting.view:
            # It came back with less than it had said; what it says now is held against all of it.
            voting = replace(voting, view=stored.voting.view)
        for move in moves_between(voting, stored.voting):
            count = Count(votings, keys_in(assignment, stored.committee), corrupt)
            window = self.window(place, move, count)
            if window is None or not is_allowed(voting, move, window):
                return f"to {move.action} in view {move.view} of committee {stored.committee} in epoch {stored.epoch}"
            voting = after_move(voting, move)
            votings[holder] = voting
            self.moves += 1
        votings[holder] = voting
        return None

    def window(self, place: Place, move: Move, count: Count) -> Window | None:
        """The window of a move; None for a vote for a block that nobody has stored."""
        first = TABLE.notarise[hash_of("1.a")]
        if move.action == "nullify":
            return Window("1.a", 1, 0)
        if move.action == "advance":
            over = count.has_notarised(move.view)
            return Window("1.a", 1, first * over + TABLE.nullify[View(1)] * count.is_nullified(move.view))
        link = None if move.block_hash is None else self.links.get((*place, move.block_hash))
        if link is None:
            return None
        if move.action == "finalise":
            return Window("1.a", 1, first * count.is_notarised(link.view, link.block_hash))
        gap = range(link.parent_view + 1, link.view)
        empty = all(count.is_nullified(View(view)) for view in gap)
        if link.parent_view == GENESIS_VIEW:
            return Window("2.0", 2, TABLE.nullify[View(1)] * empty) if gap else Window("1.a", 1, 0)
        parent = first * count.is_notarised(link.parent_view, link.parent_hash)
        return Window("3.1a", 3, parent + TABLE.nullify[View(2)] * empty) if gap else Window("2.1a", 2, parent)


def keys_in(assignment: Assignment, committee: ClusterId) -> tuple[PublicKey, ...]:
    """The keys of a committee, one for each seat."""
    seats = assignment.seats if committee == EPOCH_COMMITTEE else assignment.clusters[committee]
    return tuple(seat.public_key for seat in seats)


@dataclass(frozen=True, slots=True)
class Count:
    """What the votes of a committee can certify, each corrupt seat having signed everything."""

    votings: dict[PublicKey, Voting]
    keys: tuple[PublicKey, ...]
    corrupt: frozenset[PublicKey]

    def is_quorum(self, signed: frozenset[PublicKey]) -> bool:
        """Whether those who signed make a certificate, with the corrupt seats."""
        seats = sum(key in signed or key in self.corrupt for key in self.keys)
        return seats >= quorum(HARDENED, len(self.keys))

    def is_notarised(self, view: View, block_hash: Hash32) -> bool:
        """Whether a block can be notarised."""
        return self.is_quorum(
            frozenset(key for key, voting in self.votings.items() if (view, block_hash) in voting.notarised)
        )

    def has_notarised(self, view: View) -> bool:
        """Whether some block of a view can be notarised."""
        blocks = {block for voting in self.votings.values() for voted, block in voting.notarised if voted == view}
        return any(self.is_notarised(view, block) for block in blocks)

    def is_nullified(self, view: View) -> bool:
        """Whether a view can be nullified."""
        return self.is_quorum(frozenset(key for key, voting in self.votings.items() if view in voting.nullified))
