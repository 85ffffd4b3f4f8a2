"""A committee that votes: honest members run the shipped handlers, Byzantine seats are arithmetic.

A Byzantine seat can have signed everything, so it adds one to every count of signatures. Every honest member may see
every certificate that exists: the handlers' guards never turn false by seeing more, so a member that sees less has
fewer steps, all of which are among those explored. Members are interchangeable, so a state is their sorted tuple.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from taifoon.core.consensus import (
    GENESIS_VIEW,
    Certified,
    Link,
    Voting,
    advance,
    final_kinds,
    finalise,
    notarise,
    nullify,
)
from taifoon.core.quorum import quorum
from taifoon.core.vote import VoteKind
from taifoon.primitives.types import Hash32, View
from taifoon.profile import Profile
from taifoon.rejection import Rejected

GENESIS = Hash32(hashlib.sha256(b"genesis").digest())


class Step(NamedTuple):
    """What a member does; `block` is a name of the committee's blocks, or empty."""

    action: str
    block: str


def named(name: str) -> Hash32:
    """The hash of a named block."""
    return Hash32(hashlib.sha256(f"block {name}".encode()).digest())


def child(name: str, view: int, parent: str) -> Link:
    """A block of a view on a named parent, whose view its name begins with; `0` is genesis."""
    if parent == "0":
        return Link(View(view), named(name), GENESIS_VIEW, GENESIS)
    return Link(View(view), named(name), View(int(parent.split(".")[0])), named(parent))


def proposals(views: int) -> dict[str, Link]:
    """Blocks that leaders may propose: in view 1 two on genesis; later one on genesis and one on each earlier block.

    A name is the view, a dot, and the path of the block's ancestors: `1.a`, `1.b`, `2.0`, `2.1a`.
    """
    blocks = {"1.a": child("1.a", 1, "0"), "1.b": child("1.b", 1, "0")}
    for view in range(2, views + 1):
        parents = ["0", *blocks]
        blocks |= {
            name: child(name, view, parent) for parent in parents for name in [f"{view}.{parent.replace('.', '')}"]
        }
    return blocks


def path_of(link: Link, blocks: Mapping[str, Link]) -> tuple[Link, ...]:
    """A block and its ancestors among the named ones, down to the child of genesis."""
    by_hash = {known.block_hash: known for known in blocks.values()}
    path = [link]
    while path[-1].parent_hash in by_hash:
        path.append(by_hash[path[-1].parent_hash])
    return tuple(path)


@dataclass(frozen=True)
class Committee:
    """Seats, of which the last `byzantine` are not honest, and the blocks that may be proposed."""

    profile: Profile
    seats: int
    byzantine: int
    views: int

    @cached_property
    def blocks(self) -> dict[str, Link]:
        """The proposals, by name."""
        return proposals(self.views)

    @cached_property
    def needed(self) -> int:
        """Honest votes that make a certificate, the Byzantine seats adding theirs."""
        return quorum(self.profile, self.seats) - self.byzantine

    @property
    def honest(self) -> int:
        """Number of honest members."""
        return self.seats - self.byzantine

    def start(self) -> tuple[Voting, ...]:
        """Every honest member in view 1, without votes."""
        return (Voting(),) * self.honest

    def certified(self, members: tuple[Voting, ...]) -> Certified:
        """The certificates that exist."""
        notarised = (
            (link.view, link.block_hash)
            for link in self.blocks.values()
            if sum((link.view, link.block_hash) in member.notarised for member in members) >= self.needed
        )
        nullified = (
            View(view)
            for view in range(1, self.views + 1)
            if sum(View(view) in member.nullified for member in members) >= self.needed
        )
        return Certified(GENESIS, frozenset(notarised), frozenset(nullified))

    def steps(self, member: Voting, certified: Certified) -> Iterator[tuple[Step, Voting]]:
        """Every step that the shipped handlers allow a member that has seen these certificates."""
        for name in self.blocks:
            for action in ("notarise", "finalise"):
                after = self.do(member, certified, Step(action, name))
                if after is not None:
                    yield Step(action, name), after
        for action in ("nullify", "advance"):
            after = self.do(member, certified, Step(action, ""))
            if after is not None and after.view <= self.views:
                yield Step(action, ""), after

    def do(self, member: Voting, certified: Certified, step: Step) -> Voting | None:
        """The member after a step, or None where its handler rejects."""
        try:
            if step.action == "notarise":
                return notarise(self.profile, member, certified, self.blocks[step.block])
            if step.action == "finalise":
                return finalise(self.profile, member, certified, self.blocks[step.block])
            if step.action == "nullify":
                return nullify(self.profile, member)
            return advance(self.profile, member, certified)
        except Rejected:
            return None

    def final(self, members: tuple[Voting, ...]) -> tuple[str, ...]:
        """Names of the blocks that are final by the certificates that exist."""
        counts = {
            VoteKind.NOTARISE: lambda member: member.notarised,
            VoteKind.FINALISE: lambda member: member.finalised,
        }
        return tuple(
            name
            for name, link in self.blocks.items()
            if all(
                sum((link.view, link.block_hash) in counts[kind](member) for member in members) >= self.needed
                for kind in final_kinds(self.profile)
            )
        )

    def is_ancestor(self, older: Link, newer: Link) -> bool:
        """Whether a block is another one or lies on its path to genesis."""
        return older in path_of(newer, self.blocks)

    def fork(self, members: tuple[Voting, ...]) -> tuple[str, str] | None:
        """Two final blocks of which neither is the other's ancestor."""
        final = self.final(members)
        for first in final:
            for second in final:
                links = self.blocks[first], self.blocks[second]
                if not self.is_ancestor(*links) and not self.is_ancestor(links[1], links[0]):
                    return first, second
        return None
