"""A chain of blocks that hold a number: the least that the voting can run over."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated

from taifoon.core.certificate import ClaimedConsensus
from taifoon.core.consensus import Link
from taifoon.primitives.encoding import U32, U64, Length, encode
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import Hash32, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon_models.voting import GENESIS


@dataclass(frozen=True, slots=True)
class PlainHeader:
    """What the hash of a plain block covers."""

    view: Annotated[View, U64]
    parent_view: Annotated[View, U64]
    parent_hash: Annotated[Hash32, Length(32)]
    number: Annotated[int, U32]


@dataclass(frozen=True, slots=True)
class PlainBlock:
    """A block; `claimed` is what it says of its own committee."""

    header: PlainHeader
    claimed: ClaimedConsensus | None = None


@cache
def link_of(profile: Profile, header: PlainHeader) -> Link:
    """A block's link."""
    digest = hash_role(profile, Role.BLOCK, encode(PlainHeader, header))
    return Link(header.view, digest, header.parent_view, header.parent_hash)


@dataclass(frozen=True, slots=True)
class PlainChain:
    """A chain whose blocks are valid if their number is even; leaders go around, or are one for ever."""

    profile: Profile
    seats: int

    @property
    def genesis(self) -> Hash32:
        """The genesis of all model chains."""
        return GENESIS

    def link(self, block: PlainBlock) -> Link:
        """A block's link."""
        return link_of(self.profile, block.header)

    def claims(self, block: PlainBlock) -> ClaimedConsensus | None:
        """What a block says of its committee."""
        return block.claimed

    def is_valid(self, parent: Link, block: PlainBlock) -> bool:
        """Whether a block's number is even."""
        return block.header.number % 2 == 0 and parent.view == block.header.parent_view

    def leader(self, view: View) -> Seat:
        """Seat 0 in view 1; then every seat in its turn, where leaders rotate."""
        rotates = Resolution.VIEW_CHANGE in self.profile and Resolution.LEADER_ROTATION in self.profile
        return Seat((view - 1) % self.seats if rotates else 0)


def block_on(parent: Link, view: View, number: int = 0, claimed: ClaimedConsensus | None = None) -> PlainBlock:
    """A block of a view on a parent."""
    return PlainBlock(PlainHeader(view, parent.view, parent.block_hash, number), claimed)
