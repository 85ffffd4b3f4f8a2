"""Vectors of the closing of an epoch: its bytes, its identity, and what a member asks of it (R-6.1-4, R-2.4-6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core import epoch_block
from taifoon.core.beacon import Commitment, Reveal
from taifoon.core.epoch import Registration
from taifoon.core.epoch_block import Closing, ClusterHead
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
)
from taifoon.profile import Profile
from taifoon_models.jobs import digest
from taifoon_toolkit.vectors.blocks import HashGiven
from taifoon_toolkit.vectors.case import Case
from taifoon_toolkit.vectors.encoding import CANONICAL, Encoded, damaged
from taifoon_toolkit.vectors.epochs import HEAD, NO_BLOCK
from taifoon_toolkit.vectors.method import NORMATIVE, method


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
        "one-commitment-unheard": replace(asked, heard=commitments[1:]),
        "another-commitment-heard": replace(asked, heard=(commitments[0], replace(commitments[1], digest=bytes(32)))),  # type: ignore[arg-type]
    }
    for label, each_asked in seen.items():
        yield Case("closing.covers", label, each_asked)


def empty_closing() -> Closing:
    """A closing of an epoch in which nothing happened."""
    blank = Hash32(bytes(32))
    return Closing(Epoch(7), (), blank, (), (), 1, (), (), blank, ())
