"""Vectors of the rules of voting: runs of one member, with its whole state after every step (RES-BFT)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core import consensus
from taifoon.core.consensus import Certified, Link, Voting
from taifoon.primitives.types import Hash32, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.case import Sibling, Step, Trace
from taifoon_toolkit.vectors.method import MACHINES, Machine
from taifoon_toolkit.vectors.wire import Digest, Large


@dataclass(frozen=True, slots=True)
class Genesis:
    """The hash of the block that everything stands on."""

    genesis: Digest


@dataclass(frozen=True, slots=True)
class OneLink:
    """What voting needs to know of a block."""

    view: Large
    block_hash: Digest
    parent_view: Large
    parent_hash: Digest


@dataclass(frozen=True, slots=True)
class Notarise:
    """The member is asked to vote to notarise a valid block."""

    link: OneLink


@dataclass(frozen=True, slots=True)
class Nullify:
    """The member's timer for its view has ended."""


@dataclass(frozen=True, slots=True)
class Finalise:
    """The member is asked to vote to finalise a block."""

    link: OneLink


@dataclass(frozen=True, slots=True)
class Advance:
    """The member is asked to enter the next view."""


@dataclass(frozen=True, slots=True)
class SeeNotarised:
    """A certificate arrives: a block of a view is notarised."""

    view: Large
    block_hash: Digest


@dataclass(frozen=True, slots=True)
class SeeNullified:
    """A certificate arrives: a view is nullified."""

    view: Large


Event = Notarise | Nullify | Finalise | Advance | SeeNotarised | SeeNullified


@dataclass(frozen=True, slots=True)
class BlockAt:
    """A block of a view."""

    view: Large
    block_hash: Digest


@dataclass(frozen=True, slots=True)
class MemberState:
    """All that a member keeps: its view, its votes and the certificates that it saw, each in increasing order."""

    view: Large
    notarised: tuple[BlockAt, ...]
    nullified: tuple[Large, ...]
    finalised: tuple[BlockAt, ...]
    seen_notarised: tuple[BlockAt, ...]
    seen_nullified: tuple[Large, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A member's votes, and the certificates that it saw."""

    voting: Voting
    certified: Certified


def link_from(given: OneLink) -> Link:
    """A link as the reference has it."""
    parent = Hash32(given.parent_hash)
    return Link(View(given.view), Hash32(given.block_hash), View(given.parent_view), parent)


def start(profile: Profile, given: Genesis) -> Member:
    """A member that has seen nothing."""
    return Member(Voting(), Certified(Hash32(given.genesis)))


def step(profile: Profile, state: Member, event: Event) -> Member:
    """The member after an event, or a rejection."""
    voting, certified = state.voting, state.certified
    match event:
        case Notarise(link):
            return replace(state, voting=consensus.notarise(profile, voting, certified, link_from(link)))
        case Nullify():
            return replace(state, voting=consensus.nullify(profile, voting))
        case Finalise(link):
            return replace(state, voting=consensus.finalise(profile, voting, certified, link_from(link)))
        case Advance():
            return replace(state, voting=consensus.advance(profile, voting, certified))
        case SeeNotarised(view, block_hash):
            seen = certified.notarised | {(View(view), Hash32(block_hash))}
            return replace(state, certified=replace(certified, notarised=seen))
        case SeeNullified(view):
            return replace(state, certified=replace(certified, nullified=certified.nullified | {View(view)}))


def blocks_in_order(blocks: frozenset[tuple[View, Hash32]]) -> tuple[BlockAt, ...]:
    """Blocks by view, then by hash."""
    return tuple(BlockAt(view, block_hash) for view, block_hash in sorted(blocks))


def shown(state: Member) -> MemberState:
    """The whole state of a member."""
    voting, certified = state.voting, state.certified
    return MemberState(
        voting.view,
        blocks_in_order(voting.notarised),
        tuple(sorted(voting.nullified)),
        blocks_in_order(voting.finalised),
        blocks_in_order(certified.notarised),
        tuple(sorted(certified.nullified)),
    )


MACHINES["voting"] = Machine(
    "voting",
    "2.4",
    ("R-2.4-4", "R-2.4-5", "R-6.2-1", "RES-VIEW"),
    "One member of a committee: its votes, its view, and the certificates that it saw.",
    Genesis,
    Event,
    MemberState,
    start,
    step,
    shown,
)

ROOT = b"\x00" * 31 + b"\x67"
A1, B1, A2, B2, A3, A4 = (bytes([letter]) * 32 for letter in (0xA1, 0xB1, 0xA2, 0xB2, 0xA3, 0xA4))
ON_ROOT_A = OneLink(1, A1, 0, ROOT)
ON_ROOT_B = OneLink(1, B1, 0, ROOT)
ON_A1 = OneLink(2, A2, 1, A1)
ROOT_IN_2 = OneLink(2, B2, 0, ROOT)
START = Genesis(ROOT)
SAW_A1 = Step(SeeNotarised(1, A1))
ENTER = Step(Advance())
FIRST = Step(Notarise(ON_ROOT_A))


def refused(event: Event, code: RejectionCode, fault: Resolution | Event) -> Step:
    """A step that is refused for one reason: a switch, or an accepted event one edit away."""
    return Step(event, code, fault if isinstance(fault, Resolution) else Sibling(fault, "another event in its place"))


def cases() -> Iterator[Trace]:
    """All runs of this subject."""
    code = RejectionCode
    exclusion = Resolution.FINALISE_EXCLUDES_NULLIFY
    runs: dict[str, tuple[Step, ...]] = {
        "happy-path": (
            FIRST,
            SAW_A1,
            Step(Finalise(ON_ROOT_A)),
            ENTER,
            Step(Notarise(ON_A1)),
            Step(SeeNotarised(2, A2)),
            Step(Finalise(ON_A1)),
            ENTER,
        ),
        "nullified-view": (
            Step(Nullify()),
            Step(SeeNullified(1)),
            ENTER,
            Step(Notarise(ROOT_IN_2)),
            Step(SeeNotarised(2, B2)),
            Step(Finalise(ROOT_IN_2)),
        ),
        "notarise-then-nullify": (FIRST, Step(Nullify()), Step(SeeNullified(1)), ENTER),
        "late-finalise": (SAW_A1, ENTER, Step(Finalise(ON_ROOT_A))),
        "not-its-own-vote": (SAW_A1, Step(Finalise(ON_ROOT_A)), ENTER),
        "votes-twice": (FIRST, refused(Notarise(ON_ROOT_B), code.VOTE_TWICE, Resolution.VOTE_ONCE), SAW_A1, ENTER),
        "same-vote-twice": (FIRST, refused(Notarise(ON_ROOT_A), code.VOTE_TWICE, Resolution.VOTE_ONCE)),
        "finalises-twice": (
            SAW_A1,
            Step(SeeNotarised(1, B1)),
            Step(Finalise(ON_ROOT_A)),
            refused(Finalise(ON_ROOT_B), code.VOTE_TWICE, Resolution.VOTE_ONCE),
        ),
        "nullifies-after-finalise": (
            SAW_A1,
            Step(Finalise(ON_ROOT_A)),
            refused(Nullify(), code.VOTE_CONFLICT, exclusion),
            ENTER,
        ),
        "finalises-after-nullify": (
            SAW_A1,
            Step(Nullify()),
            refused(Finalise(ON_ROOT_A), code.VOTE_CONFLICT, exclusion),
            ENTER,
        ),
        "finalises-late-after-nullify": (
            SAW_A1,
            Step(Nullify()),
            ENTER,
            refused(Finalise(ON_ROOT_A), code.VOTE_CONFLICT, exclusion),
        ),
        "notarises-after-nullify": (
            Step(Nullify()),
            refused(Notarise(ON_ROOT_A), code.VOTE_CONFLICT, SeeNullified(1)),
            Step(SeeNullified(1)),
        ),
        "parent-not-notarised": (
            Step(SeeNullified(1)),
            ENTER,
            refused(Notarise(ON_A1), code.VOTE_LINEAGE, Resolution.CERTIFIED_PARENT),
            SAW_A1,
            Step(Notarise(ON_A1)),
        ),
        "parent-is-another-genesis": (
            refused(Notarise(replace(ON_ROOT_A, parent_hash=A4)), code.VOTE_LINEAGE, Resolution.CERTIFIED_PARENT),
            FIRST,
        ),
        "parent-in-the-same-view": (
            SAW_A1,
            refused(Notarise(OneLink(1, B1, 1, A1)), code.VOTE_LINEAGE, Notarise(ON_ROOT_B)),
            ENTER,
            Step(Notarise(ON_A1)),
        ),
        "gap-not-nullified": (
            SAW_A1,
            ENTER,
            refused(Notarise(ROOT_IN_2), code.VOTE_GAP, Resolution.NULLIFIED_GAP),
            Step(Notarise(ON_A1)),
        ),
        "gap-half-nullified": (
            SAW_A1,
            ENTER,
            Step(SeeNullified(2)),
            ENTER,
            refused(Notarise(OneLink(3, A3, 0, ROOT)), code.VOTE_GAP, Resolution.NULLIFIED_GAP),
            Step(Notarise(OneLink(3, A3, 1, A1))),
        ),
        "finalises-unseen": (
            FIRST,
            refused(Finalise(ON_ROOT_A), code.VOTE_NOT_NOTARISED, Resolution.FINALISE_NEEDS_NOTARISATION),
            SAW_A1,
            Step(Finalise(ON_ROOT_A)),
        ),
        "finalises-sibling-of-seen": (
            SAW_A1,
            refused(Finalise(ON_ROOT_B), code.VOTE_NOT_NOTARISED, Resolution.FINALISE_NEEDS_NOTARISATION),
        ),
        "advances-early": (
            refused(Advance(), code.VIEW_NOT_OVER, SeeNullified(1)),
            Step(SeeNullified(1)),
            ENTER,
            refused(Advance(), code.VIEW_NOT_OVER, SeeNullified(2)),
        ),
        "advances-on-an-older-view": (
            SAW_A1,
            ENTER,
            refused(Advance(), code.VIEW_NOT_OVER, SeeNullified(2)),
            Step(SeeNullified(2)),
            ENTER,
        ),
        "advances-on-a-later-view": (
            Step(SeeNotarised(2, A2)),
            Step(SeeNullified(2)),
            refused(Advance(), code.VIEW_NOT_OVER, SeeNullified(1)),
            SAW_A1,
            ENTER,
            ENTER,
        ),
        "finalises-in-any-order": (
            SAW_A1,
            ENTER,
            Step(Notarise(ON_A1)),
            Step(SeeNotarised(2, A2)),
            Step(Finalise(ON_A1)),
            Step(Finalise(ON_ROOT_A)),
        ),
        "parent-below-genesis": (
            refused(
                Notarise(replace(ON_ROOT_A, parent_hash=bytes(32))), code.VOTE_LINEAGE, Resolution.CERTIFIED_PARENT
            ),
            FIRST,
        ),
        "parent-in-a-later-view": (
            Step(SeeNotarised(2, A2)),
            refused(Notarise(OneLink(1, B1, 2, A2)), code.VOTE_LINEAGE, Notarise(ON_ROOT_B)),
            Step(Notarise(ON_ROOT_B)),
        ),
        "future-view": (
            refused(Notarise(ON_A1), code.VOTE_WRONG_VIEW, Notarise(ON_ROOT_A)),
            Step(SeeNotarised(2, A2)),
            refused(Finalise(ON_A1), code.VOTE_WRONG_VIEW, Notarise(ON_ROOT_A)),
            FIRST,
        ),
        "past-view": (
            SAW_A1,
            ENTER,
            refused(Notarise(ON_ROOT_A), code.VOTE_WRONG_VIEW, Notarise(ON_A1)),
            Step(Notarise(ON_A1)),
        ),
        "nullifies-twice": (
            Step(Nullify()),
            refused(Nullify(), code.VOTE_TWICE, SeeNullified(1)),
            Step(SeeNullified(1)),
            ENTER,
        ),
        "certificates-repeat": (
            SAW_A1,
            SAW_A1,
            Step(SeeNullified(1)),
            Step(SeeNullified(1)),
            Step(SeeNullified(9)),
            ENTER,
        ),
    }
    for label, steps in runs.items():
        yield Trace("voting", label, START, steps)
