"""Vectors of the closing of an epoch: its bytes, its identity, and what a member asks of it (R-6.1-4, R-2.4-6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core import epoch_block
from taifoon.core.beacon import Commitment, Reveal
from taifoon.core.consensus import Link
from taifoon.core.epoch import Assignment, Registration
from taifoon.core.epoch_block import (
    MAX_ACTS,
    MAX_CLUSTERS,
    MAX_SETTLEMENTS,
    Closing,
    ClusterHead,
    EpochBlock,
    EpochChain,
    EpochHeader,
)
from taifoon.core.leaf import ProofType
from taifoon.core.settlement import Completion
from taifoon.primitives.encoding import decode, encode
from taifoon.primitives.types import (
    Amount,
    BlockNumber,
    ClusterId,
    Epoch,
    Hash32,
    PublicKey,
    View,
)
from taifoon.profile import Profile
from taifoon.rejection import RejectionCode
from taifoon_models.jobs import digest
from taifoon_toolkit.vectors.blocks import HashGiven
from taifoon_toolkit.vectors.case import Case, Double, Sibling, accept
from taifoon_toolkit.vectors.encoding import CANONICAL, TRUNCATED, Encoded, damaged
from taifoon_toolkit.vectors.epochs import HEAD, NO_BLOCK
from taifoon_toolkit.vectors.method import ACCEPTED, NORMATIVE, Nothing, method
from taifoon_toolkit.vectors.wire import Digest, Large, Small


@dataclass(frozen=True, slots=True)
class CoverAsked:
    """A closing, and what a member has seen and heard: heads of chains, reveals, and commitments from their holders."""

    closing: Closing
    seen: tuple[ClusterHead, ...]
    revealed: tuple[Reveal, ...]
    heard: tuple[Commitment, ...]


@dataclass(frozen=True, slots=True)
class CoverGiven:
    """Whether the closing leaves out nothing that was seen or revealed, and whether its commitments were all heard."""

    covers: bool
    vouched: bool


@dataclass(frozen=True, slots=True)
class PlaceOfBlock:
    """A block as a parent: its view and its hash."""

    view: Large
    block_hash: Digest


@dataclass(frozen=True, slots=True)
class EpochBlockAsked:
    """An epoch, where its chain begins, the closings that the member has checked, a parent, and a block on it."""

    epoch: Large
    genesis: Digest
    acceptable: tuple[Digest, ...]
    parent: PlaceOfBlock
    block: EpochBlock


@dataclass(frozen=True, slots=True)
class EpochBlockGiven:
    """Whether a member may vote for the block."""

    valid: bool


@dataclass(frozen=True, slots=True)
class ProposalAsked:
    """An epoch, a view, the parent, and the closing that is brought; none to carry the parent to finality."""

    epoch: Large
    view: Large
    parent: PlaceOfBlock
    closing: Closing | None


@dataclass(frozen=True, slots=True)
class NamedAsked:
    """A block of the epoch chain, as it was heard."""

    block: EpochBlock


@dataclass(frozen=True, slots=True)
class KeeperAsked:
    """A cluster that has ended, and the count of those that are left."""

    cluster: Small
    clusters: Small


@dataclass(frozen=True, slots=True)
class KeeperGiven:
    """The cluster whose members keep the log of another."""

    keeper: Small


@method("epoch.valid", "2.2", "R-6.1-4", "R-2.4-5", "R-2.1-12")
def judge_block(profile: Profile, given: EpochBlockAsked) -> EpochBlockGiven:
    """Whether a block of the epoch chain stands where it says, with a closing exactly if it is the first."""
    serves = Assignment(Epoch(given.epoch), Hash32(bytes(32)), (), (), ())
    acceptable = frozenset(Hash32(each) for each in given.acceptable)
    chain = EpochChain(profile, Hash32(given.genesis), serves, acceptable)
    return EpochBlockGiven(chain.is_valid(parent_from(given.parent), given.block))


def parent_from(given: PlaceOfBlock) -> Link:
    """A parent as the reference has it; nothing here asks for its own parent."""
    return Link(View(given.view), Hash32(given.block_hash), View(0), Hash32(bytes(32)))


@method("epoch.propose", "2.2", "R-6.1-4", "R-2.4-5")
def propose(profile: Profile, given: ProposalAsked) -> EpochHeader:
    """The header of the block that a leader of the epoch chain proposes."""
    parent = parent_from(given.parent)
    return epoch_block.epoch_block(profile, Epoch(given.epoch), View(given.view), parent, given.closing).header


@method("epoch.check_named", "2.2", "R-6.1-4")
def check_named(profile: Profile, given: NamedAsked) -> Nothing:
    """Accept that a block of the epoch chain has the closing that its header names, or refuse it."""
    epoch_block.check_named(profile, given.block)
    return ACCEPTED


@method("epoch.keeper", "2.2", "R-3.2-9", "R-6.1-4")
def keep(profile: Profile, given: KeeperAsked) -> KeeperGiven:
    """Who answers for the log of a cluster that has ended."""
    if given.clusters < 1:
        raise ValueError("clusters: at least one is left")
    return KeeperGiven(epoch_block.keeper(ClusterId(given.cluster), given.clusters))


BELIEVES_NAMES = Double("asks not for the closing of a header", "taifoon.core.epoch_block:check_named", accept)


@method("closing.decode", "2.2", "R-6.1-4", "R-2.1-12", CANONICAL)
def decode_closing(profile: Profile, given: Encoded) -> Closing:
    """Decode a closing strictly."""
    return decode(Closing, given.octets, profile)


@method("closing.hash", "2.2", "R-6.1-4", "R-2.1-12")
def name_closing(profile: Profile, given: Closing) -> HashGiven:
    """The identity of a closing."""
    return HashGiven(epoch_block.closing_hash(profile, given))


@method("closing.covers", "2.2", "R-2.4-6", "R-6.1-4")
def cover(profile: Profile, given: CoverAsked) -> CoverGiven:
    """What a member asks of a closing before it votes, beside validity."""
    return CoverGiven(
        epoch_block.covers(given.closing, given.seen, given.revealed),
        epoch_block.is_vouched_for(given.closing, given.heard),
    )


def cases() -> Iterator[Case]:
    """Closings with each field changed, their bytes, and what a member asks of them."""
    head, empty = HEAD, NO_BLOCK
    holder, other = PublicKey(digest("holder")), PublicKey(digest("other"))
    commitments = (Commitment(holder, digest("a commitment")), Commitment(other, digest("another")))
    reveals = (Reveal(holder, digest("a secret")), Reveal(other, digest("another secret")))
    entries = (Registration(holder, Amount(NORMATIVE.parameters.seat_stake), tuple(ProofType)[:2]),)
    done = (Completion(digest("job"), ClusterId(0), BlockNumber(3), digest("a proof")),)
    base = replace(
        empty_closing(),
        heads=(head, empty),
        global_root=digest("root"),
        settled=done,
        registry=entries,
        clusters=2,
        commitments=commitments,
        reveals=reveals,
        beacon=digest("beacon"),
    )
    changed: dict[str, Closing] = {
        "full": base,
        "empty": empty_closing(),
        "another-epoch": replace(base, epoch=Epoch(8)),
        "another-head": replace(base, heads=(replace(head, ended=True), empty)),
        "another-root": replace(base, global_root=digest("other")),
        "nothing-settled": replace(base, settled=()),
        "no-registry": replace(base, registry=()),
        "another-count": replace(base, clusters=3),
        "no-commitments": replace(base, commitments=()),
        "no-reveals": replace(base, reveals=()),
        "another-beacon": replace(base, beacon=digest("other")),
        "acts": replace(base, acts=(b"", b"an act")),
    }
    for label, each in changed.items():
        yield Case("closing.hash", label, each)
    for label in ("full", "empty", "acts"):
        yield Case("closing.decode", label, Encoded(encode(Closing, changed[label])))
    octets = encode(Closing, base)
    # The epoch has 8 bytes and the number of heads 4; in the first head the tag of the block's hash is the 13th byte.
    yield from damaged("closing.decode", octets, {"block-hash": 12 + 12}, (len(octets) - 1, 60, 11, 0))
    asked = CoverAsked(base, (head,), reveals[:1], commitments)
    higher, lower = (replace(head, block_number=BlockNumber(head.block_number + step)) for step in (1, -1))
    stranger = replace(head, cluster=ClusterId(5))
    seen = {
        "all": asked,
        "nothing-seen": CoverAsked(base, (), (), ()),
        "a-later-block": replace(asked, seen=(higher,)),
        "an-earlier-block": replace(asked, seen=(lower,)),
        "a-cluster-more": replace(asked, seen=(replace(stranger, block_number=BlockNumber(0)),)),
        "another-reveal": replace(asked, revealed=(Reveal(holder, digest("other")),)),
        "all-reveals": replace(asked, revealed=reveals[::-1]),
        "more-heard": replace(asked, heard=(*commitments, Commitment(PublicKey(digest("third")), digest("a third")))),
        "one-commitment-unheard": replace(asked, heard=commitments[1:]),
        "another-commitment-heard": replace(asked, heard=(commitments[0], replace(commitments[1], digest=bytes(32)))),  # type: ignore[arg-type]
    }
    for label, each_asked in seen.items():
        yield Case("closing.covers", label, each_asked)
    yield from bound_cases()
    yield from epoch_block_cases(replace(empty_closing(), epoch=Epoch(7)))
    for cluster, clusters in ((2, 2), (3, 2), (4, 3), (5, 3), (9, 4), (7, 1)):
        yield Case("epoch.keeper", f"{cluster}-of-{clusters}", KeeperAsked(cluster, clusters))


def bound_cases() -> Iterator[Case]:
    """Lists that claim just as many items as there may be, of which none is there, and one item more."""
    name = "closing.decode"
    empty = encode(Closing, empty_closing())
    whole = Encoded(empty)
    # The lists begin after 8 bytes of epoch; then 32 of the root; behind them are 32 of the beacon and 4 of the acts.
    places = {"heads": (8, MAX_CLUSTERS), "settled": (8 + 4 + 32, MAX_SETTLEMENTS), "acts": (len(empty) - 4, MAX_ACTS)}
    for label, (place, most) in places.items():
        for step, code in ((0, TRUNCATED), (1, RejectionCode.ENCODING_OVER_LONG)):
            count = (most + step).to_bytes(4, "little")
            claimed = Encoded(empty[:place] + count + (b"" if step == 0 else empty[place + 4 :]))
            edit = Sibling(whole, f"the count of {label}")
            yield Case(name, f"{label}-{('as-many-as-may-be', 'one-too-many')[step]}", claimed, code, edit)


def epoch_block_cases(closing: Closing) -> Iterator[Case]:
    """First blocks and those that carry them to finality, and each field of another place."""
    name = "epoch.valid"
    genesis, known = digest("genesis of the epoch"), epoch_block.closing_hash(NORMATIVE, closing)
    root = PlaceOfBlock(0, genesis)
    header = EpochHeader(closing.epoch, View(2), View(0), genesis, known)
    first = EpochBlockAsked(
        closing.epoch, genesis, (digest("another closing"), known), root, EpochBlock(header, closing)
    )
    below = PlaceOfBlock(2, digest("the first block"))
    after = EpochHeader(closing.epoch, View(3), View(2), Hash32(below.block_hash), None)
    carrying = replace(first, parent=below, block=EpochBlock(after, None))
    other = replace(closing, clusters=closing.clusters + 1)
    unchecked = epoch_block.closing_hash(NORMATIVE, other)

    def moved(asked: EpochBlockAsked, **changes: Any) -> EpochBlockAsked:
        return replace(asked, block=replace(asked.block, header=replace(asked.block.header, **changes)))

    wrong: dict[str, dict[str, Any]] = {
        "epoch-before": {"epoch": closing.epoch - 1},
        "epoch-after": {"epoch": closing.epoch + 1},
        "parent-view": {"parent_view": 1},
        "parent-view-above": {"parent_view": 3},
        "lower-parent": {"previous_hash": bytes(32)},
        "higher-parent": {"previous_hash": b"\xff" * 32},
        "lower-closing": {"closing_hash": bytes(32)},
        "higher-closing": {"closing_hash": b"\xff" * 32},
        "no-closing-named": {"closing_hash": None},
    }
    for word, asked in (("first", first), ("carrying", carrying)):
        yield Case(name, word, asked)
        for label, changes in wrong.items():
            if not (asked is carrying and label == "no-closing-named"):
                yield Case(name, f"{word}-{label}", moved(asked, **changes))
    unheard = replace(first, block=EpochBlock(replace(header, closing_hash=unchecked), other))
    lone = replace(first, block=EpochBlock(replace(header, closing_hash=None), None))
    again = replace(carrying, block=EpochBlock(replace(after, closing_hash=known), closing))
    others = {
        "first-unchecked": unheard,
        "first-without-closing": lone,
        "first-names-what-it-has-not": replace(first, block=EpochBlock(header, None)),
        "first-nothing-checked": replace(first, acceptable=()),
        "carrying-a-closing": again,
        "carrying-at-genesis-in-a-later-view": moved(
            replace(carrying, parent=PlaceOfBlock(2, genesis)), previous_hash=genesis
        ),
        "carrying-on-another-block-of-view-0": moved(
            replace(carrying, parent=PlaceOfBlock(0, below.block_hash)), parent_view=0
        ),
        "carrying-on-a-lower-block-of-view-0": moved(
            replace(carrying, parent=PlaceOfBlock(0, bytes(32))), parent_view=0, previous_hash=bytes(32)
        ),
    }
    for label, asked in others.items():
        yield Case(name, label, asked)
    yield from proposal_cases(first, carrying)


def proposal_cases(first: EpochBlockAsked, carrying: EpochBlockAsked) -> Iterator[Case]:
    """What a leader proposes, and closings beside the header of another."""
    block, above = first.block, carrying.block
    for word, asked in (("first", first), ("carrying", carrying)):
        given = ProposalAsked(asked.epoch, asked.block.header.view, asked.parent, asked.block.closing)
        yield Case("epoch.propose", word, given)
        yield Case("epoch.check_named", word, NamedAsked(asked.block))
    refused = {
        "closing-left-out": replace(block, closing=None),
        "closing-put-beside": replace(above, closing=block.closing),
        "name-left-out": EpochBlock(replace(block.header, closing_hash=None), block.closing),
        "lower-name": EpochBlock(replace(block.header, closing_hash=Hash32(bytes(32))), block.closing),
        "higher-name": EpochBlock(replace(block.header, closing_hash=Hash32(b"\xff" * 32)), block.closing),
    }
    code = RejectionCode.PROPOSAL_STATEMENT
    for label, each in refused.items():
        yield Case("epoch.check_named", label, NamedAsked(each), code, BELIEVES_NAMES)


def empty_closing() -> Closing:
    """A closing of an epoch in which nothing happened."""
    blank = Hash32(bytes(32))
    return Closing(Epoch(7), (), blank, (), (), 1, (), (), blank, ())
