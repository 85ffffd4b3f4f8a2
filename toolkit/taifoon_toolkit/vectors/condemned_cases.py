"""Vectors of votes for blocks that bytes alone condemn, and for those that they do not (R-5.2-4, RES-EVID)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core.block import CarriedVote, ClusterBlock, block_hash
from taifoon.core.validity import ChainState, apply_block, derived_leaders
from taifoon.core.vote import VoteKind
from taifoon.network.evidence import BlockShown
from taifoon.primitives.types import (
    BlockNumber,
    ClusterId,
    Epoch,
    PublicKey,
    Seat,
    Signature64,
    View,
)
from taifoon.profile import Resolution
from taifoon.rejection import RejectionCode
from taifoon_models.blocks import (
    BREAKINGS,
    NOW,
    START,
    first_state,
    opening_block,
    proposal,
    taken_in,
    votes_for_parent,
    with_header,
    working_block,
)
from taifoon_models.jobs import digest
from taifoon_toolkit.vectors.block_cases import SMALL
from taifoon_toolkit.vectors.case import Case, Double, Sibling, agree
from taifoon_toolkit.vectors.method import NORMATIVE
from taifoon_toolkit.vectors.offences import CLUSTER, CODE, EPOCH, FORMATION, NAME, SEATS, asked, vote

CONDEMNS = Double("condemns any block", "taifoon.economics.offences:is_objectively_invalid", agree)


@dataclass(frozen=True, slots=True)
class Bench:
    """The state on which the block in question stands, an honest block without work there, and one with work."""

    state: ChainState
    block: ClusterBlock
    working: ClusterBlock

    @property
    def leader(self) -> int:
        """The seat that leads the blocks' view."""
        return FORMATION.keys.index(leader_of(self.block.header.view))

    @property
    def other(self) -> int:
        """The seat that does not."""
        return 1 - self.leader

    def shown(self, block: ClusterBlock, seat: int | None = None, **changes: Any) -> BlockShown:
        """A vote for a block, by its leader's seat or by another."""
        by = self.leader if seat is None else seat
        return BlockShown(
            vote(VoteKind.NOTARISE, block.header.view, block_hash(NORMATIVE, block), by, **changes), block
        )

    def broken(self, name: str) -> ClusterBlock:
        """A block in which this rule is broken."""
        return BREAKINGS[name][0](SMALL, self.state, self.working if name in OF_WORK else self.block)

    def carrying(self, vote: CarriedVote, number: int | None = None) -> ClusterBlock:
        """The block with this one vote for an earlier one, under its own number or another."""
        carrier = self.block.header.block_number if number is None else BlockNumber(number)
        return with_header(replace(self.block, attestations=(vote,)), block_number=carrier)


def bench() -> Bench:
    """The second block of a chain."""
    start = first_state(SMALL, SEATS)
    state = apply_block(SMALL, start, opening_block(SMALL, start))
    working = replace(working_block(SMALL, state), attestations=())
    return Bench(state, proposal(SMALL, state, 2, NOW), working)


OF_WORK = (
    *("repeated intake", "repeated completion", "altered completion", "missing result", "spare result"),
    *("repeated result", "exchanged results", "other prover", "false proof", "copied proof"),
)
"""Breakings of blocks with work."""
HIDDEN = (
    *("parent", "number", "time of the parent", "time ahead", "root", "old intake", "unknown job", "old completion"),
    *("altered completion", "parent view", "vote before the epoch"),
)
"""Breakings that only the parent, the log or a clock shows, and not the bytes of the block."""


OF_THE_LOG = ("old intake", "unknown job", "old completion", "altered completion")
"""Those of them that need the log, which no vector of evidence has."""


def grounds(at: Bench) -> Iterator[tuple[str, ClusterBlock]]:
    """Blocks that bytes alone show to be invalid, each by one rule, also by the least step beyond it."""
    block, header = at.block, at.block.header
    for name in BREAKINGS:
        if name not in HIDDEN:
            yield name.replace(" ", "-"), at.broken(name)
    for label, changes in {
        "epoch-before": {"epoch": header.epoch - 1},
        "cluster-before": {"cluster_id": header.cluster_id - 1},
        "parent-view-above": {"parent_view": header.view + 1},
    }.items():
        yield label, with_header(block, **changes)
    yield "quorum-above", replace(block, quorum_threshold=block.quorum_threshold + 1)
    window = SMALL.parameters.signature_window
    first, second = votes_for_parent(SMALL, at.state, range(SEATS))
    yield "vote-too-old", at.carrying(first, first.block + window + 1)
    forged = replace(second, signature=first.signature)
    far = replace(forged, block=BlockNumber(first.block + 4))
    yield "vote-for-a-later-parent-forged", at.carrying(far, far.block + 1)
    yield "older-vote-on-the-beginning", with_header(at.carrying(first, first.block + 3), parent_view=View(0))
    yield "vote-for-a-later-block", at.carrying(first, first.block - 1)
    for label, seat in (("beyond", SEATS), ("far-beyond", (1 << 32) - 1)):
        yield f"older-vote-of-the-seat-{label}", at.carrying(replace(first, seat=Seat(seat)), first.block + window)
    yield "second-vote-forged", replace(block, attestations=(first, forged))


def block_cases() -> Iterator[Case]:
    """Votes for blocks that bytes alone show to be invalid, for valid ones, and votes that are none."""
    at = bench()
    for name, block in grounds(at):
        yield Case(NAME, f"block-{name}", asked(at.shown(block)))
    broken = at.broken("quorum")
    yield Case(NAME, "block-of-another-leader", asked(at.shown(broken, at.other)))
    view, named = at.block.header.view, block_hash(NORMATIVE, at.block)
    for label, voted in (("before", view - 1), ("after", view + 1)):
        shown = BlockShown(vote(VoteKind.NOTARISE, voted, named, at.leader), at.block)
        yield Case(NAME, f"block-of-the-view-{label}", asked(shown))
    # A block whose parent is genesis has no ancestor in its epoch.
    first = first_block()
    early = replace(first, attestations=(replace(votes_for_parent(SMALL, at.state, (0,))[0], block=BlockNumber(0)),))
    seat = FORMATION.keys.index(first.header.leader_pubkey)
    yield Case(NAME, "block-first-with-a-vote", asked(at.shown(early, seat)))
    yield from innocent_cases(at)
    yield from block_vote_cases(at, broken)


def first_block() -> ClusterBlock:
    """An honest first block without work."""
    return proposal(SMALL, first_state(SMALL, SEATS), 1, START)


def innocent_cases(at: Bench) -> Iterator[Case]:
    """Blocks that bytes alone do not condemn, up to the last leaf, the last millisecond and the oldest vote."""
    state, block = at.state, at.block
    full = tuple(taken_in(state, 3 + number) for number in range(SMALL.parameters.maximum_jobs))
    window = SMALL.parameters.signature_window
    first, second = votes_for_parent(SMALL, state, range(SEATS))
    unread = replace(first, signature=Signature64(bytes(64)))
    innocent = {
        "empty": block,
        "working": at.working,
        "first": first_block(),
        "full": replace(block, proof_jobs=full),
        "leaf-of-its-own-time": replace(block, proof_jobs=(replace(full[0], timestamp=block.header.timestamp),)),
        "votes-of-all-seats": replace(block, attestations=(first, second)),
        "oldest-vote-unread": at.carrying(unread, first.block + window),
        "vote-for-a-later-parent": at.carrying(replace(first, block=BlockNumber(first.block + 4)), first.block + 5),
        "parent-far-below": with_header(block, view=View(9), leader_pubkey=leader_of(9)),
        **{name.replace(" ", "-"): at.broken(name) for name in HIDDEN if name not in OF_THE_LOG},
    }
    for label, each in innocent.items():
        seat = FORMATION.keys.index(leader_of(each.header.view))
        yield Case(NAME, f"innocent-{label}", asked(at.shown(each, seat)), CODE, CONDEMNS)


def leader_of(view: int) -> PublicKey:
    """Who leads a view."""
    return derived_leaders(SMALL, FORMATION, View(view))[0]


def block_vote_cases(at: Bench, broken: ClusterBlock) -> Iterator[Case]:
    """Votes that do not answer for a broken block."""
    named = block_hash(NORMATIVE, broken)
    view = broken.header.view
    guilty = asked(at.shown(broken))
    other = asked(at.shown(broken, at.other))
    unsigned = at.shown(broken)
    unsigned = replace(unsigned, vote=replace(unsigned.vote, signature=Signature64(bytes(64))))
    yield Case(NAME, "block-unsigned", asked(unsigned), CODE, Resolution.EVIDENCE)
    forged = at.shown(broken, at.leader, holder=at.other)
    yield Case(NAME, "block-signed-by-another", asked(forged), CODE, Resolution.EVIDENCE)
    beyond = {"beyond": SEATS, "far-beyond": (1 << 32) - 1}
    for label, seat in beyond.items():
        shown = at.shown(broken, seat, holder=0)
        yield Case(NAME, f"block-by-the-seat-{label}", asked(shown), CODE, Sibling(other, "a seat that there is not"))
    for kind in (VoteKind.FINALISE, VoteKind.NULLIFY):
        shown = BlockShown(vote(kind, view, named, at.leader), broken)
        edit = Sibling(guilty, "a vote of another kind")
        yield Case(NAME, f"block-by-a-vote-to-{kind.name.lower()}", asked(shown), CODE, edit)
    elsewhere = BlockShown(vote(VoteKind.NOTARISE, view, digest("another block"), at.leader), broken)
    yield Case(NAME, "block-of-another-vote", asked(elsewhere), CODE, Sibling(guilty, "a vote for another block"))
    nothing = BlockShown(vote(VoteKind.NOTARISE, view, bytes(32), at.leader), broken)
    edit = Sibling(guilty, "a vote for no block")
    yield Case(NAME, "block-by-a-vote-for-none", asked(nothing), RejectionCode.STATEMENT_MALFORMED, edit)
    zero = BlockShown(vote(VoteKind.NOTARISE, 0, named, at.leader), broken)
    yield Case(NAME, "block-in-view-0", asked(zero), RejectionCode.STATEMENT_MALFORMED, Sibling(guilty, "view 0"))
    others: dict[str, dict[str, Any]] = {
        "chain": {"chain_id": digest("another chain")},
        "epoch": {"epoch": Epoch(EPOCH + 1)},
        "cluster": {"committee": ClusterId(CLUSTER + 1)},
    }
    for label, changes in others.items():
        shown = at.shown(broken, at.leader, **changes)
        yield Case(NAME, f"block-of-another-{label}", asked(shown), CODE, Sibling(guilty, f"another {label}"))


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    for case in block_cases():
        yield replace(case, requirements=("R-5.2-4",))
