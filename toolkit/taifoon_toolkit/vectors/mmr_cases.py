"""Cases of the mountain range: small ranges in every shape, and each forgery alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from taifoon.core.mmr import consistency, inclusion
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import frontier_of
from taifoon.core.mmr.mountains import MountainRange, range_of, root_of_range, span_value
from taifoon.core.mmr.spans import Span
from taifoon.primitives.hashing import Role
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex, NodePosition
from taifoon.profile import Resolution, Suite
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.case import Case, Double, Sibling, accept, agree
from taifoon_toolkit.vectors.method import NORMATIVE
from taifoon_toolkit.vectors.mmr import (
    Appending,
    Claimed,
    ExtensionClaimed,
    Head,
    LeafClaim,
    Leaves,
    LeavesClaimed,
    NodeCount,
    Offered,
    Part,
    PartClaimed,
    Prefix,
    RunClaimed,
    SomeLeaves,
    combiner_of,
)

COUNTS = (*range(18), 31, 32, 33, 63, 64, 65, 100)
SEVERAL = {
    1: ((0,),),
    2: ((0, 1),),
    7: ((0, 6), (1, 2, 4)),
    11: ((0, 5, 10), (8, 9), (3, 4, 5, 6)),
    13: ((12,), (0, 12)),
}

MAX_LEAVES = 1 << 62
ROOT_UNCHECKED = Double("compares no root", "taifoon.core.mmr.inclusion:check_root", accept)
NEWER_UNCHECKED = Double("compares no root", "taifoon.core.mmr.consistency:check_root", accept)
OLDER_UNCHECKED = Double("compares no older root", "taifoon.core.mmr.consistency:check_old_root", accept)
COUNT_UNCHECKED = Double("numbers any count of leaves", "taifoon.core.mmr.inclusion:check_leaf_count", accept)
SIZE_UNCHECKED = Double("takes items of any size", "taifoon.core.mmr.combiner:HashCombiner.is_value", agree)
SHAPE_UNCHECKED = Double("takes any interval for a subtree", "taifoon.core.mmr.consistency:is_subtree", agree)


def contents_of(count: int) -> tuple[bytes, ...]:
    """The leaves of every range here: leaf i is the number i in two bytes, highest first, and i modulo 5 more bytes."""
    return tuple(number.to_bytes(2, "big") + bytes(number % 5) for number in range(count))


def built(suite: Suite, count: int) -> tuple[HashCombiner, MountainRange[Hash32], Hash32]:
    """Combiner, range and root of a range of `count` leaves."""
    combiner = combiner_of(NORMATIVE, suite)
    mountains: MountainRange[Hash32] = range_of(combiner, contents_of(count))
    return combiner, mountains, root_of_range(combiner, mountains)


def claim_of(suite: Suite, count: int, indices: tuple[int, ...]) -> LeavesClaimed:
    """An honest claim with its proof."""
    combiner, mountains, root = built(suite, count)
    proof = inclusion.prove_leaves(combiner, mountains, tuple(LeafIndex(index) for index in indices))
    contents = contents_of(count)
    claims = tuple(LeafClaim(index, contents[index]) for index in indices)
    return LeavesClaimed(suite, root, count, claims, indices, proof.items)


def extension_of(suite: Suite, older: int, count: int) -> ExtensionClaimed:
    """An honest claim that a range extends an older one."""
    combiner, mountains, root = built(suite, count)
    proof = consistency.prove_consistency(combiner, mountains, LeafCount(older))
    return ExtensionClaimed(suite, older, built(suite, older)[2], count, root, proof.items)


def part_of(suite: Suite, count: int, start: int, stop: int) -> PartClaimed:
    """An honest claim about a subtree."""
    combiner, mountains, root = built(suite, count)
    span = Span(start, stop)
    proof = consistency.prove_subtree(combiner, mountains, span)
    value = span_value(combiner, mountains, span)
    return PartClaimed(suite, root, count, start, stop, value, start, stop, proof.items)


def honest_cases() -> Iterator[Case]:
    """Ranges of every small shape and their proofs."""
    for suite in Suite:
        for count in COUNTS if suite is Suite.BLAKE3 else (0, 1, 2, 3, 7, 8, 13):
            bagged = ("RES-MMR.bag-order",) if count.bit_count() > 1 else ()
            yield Case("mmr.root", f"{suite.value}-{count}", Leaves(suite, contents_of(count)), requirements=bagged)
    suite = Suite.BLAKE3
    for count in range(17):
        peaks = frontier_of(combiner_of(NORMATIVE, suite), contents_of(count)).peaks
        yield Case("mmr.append", f"to-{count}", Appending(suite, count, peaks, b"next"))
        yield Case("mmr.commit", f"of-{count}", Claimed(suite, count, peaks))
    # The greatest count has one peak, the one before it a peak of each height.
    yield Case("mmr.commit", "of-the-greatest", Claimed(suite, MAX_LEAVES, (bytes(32),)))
    nearly = tuple(bytes([height]) * 32 for height in range(MAX_LEAVES.bit_length() - 1, 0, -1))
    yield Case("mmr.append", "to-one-below-the-greatest", Appending(suite, MAX_LEAVES - 1, nearly, b"last"))
    for count in (*range(12), 32, MAX_LEAVES):
        yield Case("mmr.leaf_count", f"of-{count}", NodeCount(2 * count - count.bit_count()))
    for count in (1, 2, 3, 4, 5, 7, 8, 11, 16):
        for index in range(count):
            yield Case("mmr.verify_leaves", f"{count}-{index}", claim_of(suite, count, (index,)))
            yield Case("mmr.prove_leaves", f"{count}-{index}", SomeLeaves(suite, contents_of(count), (index,)))
    for count, choices in SEVERAL.items():
        for indices in choices:
            label = f"{count}-" + "-".join(map(str, indices))
            if len(indices) > 1:
                yield Case("mmr.verify_leaves", label, claim_of(suite, count, indices))
                yield Case("mmr.prove_leaves", label, SomeLeaves(suite, contents_of(count), indices))
    for count in range(9):
        for older in range(count + 1):
            yield Case("mmr.verify_consistency", f"{older}-to-{count}", extension_of(suite, older, count))
            yield Case("mmr.prove_consistency", f"{older}-to-{count}", Prefix(suite, contents_of(count), older))
    for count, start, stop in (
        (1, 0, 1),
        (4, 1, 2),
        (8, 2, 4),
        (8, 6, 8),
        (13, 12, 13),
        (5, 4, 5),
        (7, 4, 7),
        (8, 4, 6),
        (13, 8, 11),
        (13, 8, 13),
        (14, 12, 14),
        (11, 0, 6),
    ):
        yield Case("mmr.verify_subtree", f"{count}-{start}-{stop}", part_of(suite, count, start, stop))
        yield Case("mmr.prove_subtree", f"{count}-{start}-{stop}", Part(suite, contents_of(count), start, stop))


def forged_leaves() -> Iterator[Case]:
    """Each way to forge a proof of leaves, alone."""
    name, suite = "mmr.verify_leaves", Suite.BLAKE3
    for count in (1, 5, 7, 8):
        honest = claim_of(suite, count, (count - 1,))
        beyond = replace(honest, claims=(LeafClaim(count, honest.claims[0].content),), indices=(count,))
        code = RejectionCode.MMR_INDEX_OUT_OF_RANGE
        yield Case(name, f"beyond-{count}", beyond, code, Resolution.INDEX_BOUND, ("R-4.1-5",))
        far = replace(beyond, claims=(LeafClaim((1 << 64) - 1, honest.claims[0].content),), indices=((1 << 64) - 1,))
        yield Case(name, f"far-beyond-{count}", far, code, Resolution.INDEX_BOUND, ("R-4.1-5",))
    pair = claim_of(suite, 7, (1, 4))
    twice = replace(pair, claims=(pair.claims[0], *pair.claims), indices=(1, 1, 4))
    lied = replace(twice, claims=(pair.claims[0], LeafClaim(1, b"unseen"), pair.claims[1]))
    swapped = replace(pair, claims=pair.claims[::-1], indices=(4, 1))
    code = RejectionCode.MMR_POSITIONS_UNSORTED
    for label, given in (("repeated", twice), ("repeated-with-lie", lied), ("swapped", swapped)):
        yield Case(name, label, given, code, Resolution.UNIQUE_POSITIONS)
    other = replace(pair, claims=(LeafClaim(2, pair.claims[0].content), pair.claims[1]))
    yield Case(name, "of-another-leaf", other, RejectionCode.MMR_INDEX_MISMATCH, Resolution.CLAIMED_INDEX)
    earlier = replace(pair, claims=(LeafClaim(0, pair.claims[0].content), pair.claims[1]))
    yield Case(name, "of-an-earlier-leaf", earlier, RejectionCode.MMR_INDEX_MISMATCH, Resolution.CLAIMED_INDEX)
    for label, claims in (("fewer", pair.claims[:1]), ("more", (*pair.claims, LeafClaim(5, b"")))):
        edit = Sibling(pair, f"{label} claims than the proof names")
        given = replace(pair, claims=claims)
        yield Case(name, f"{label}-claims-than-proved", given, RejectionCode.MMR_INDEX_MISMATCH, edit)
    for count, indices in ((1, (0,)), (5, (4,)), (8, (3,)), (7, (1, 4))):
        honest = claim_of(suite, count, indices)
        label = f"{count}-" + "-".join(map(str, indices))
        longer = replace(honest, items=(*honest.items, bytes(32)))
        yield Case(name, f"longer-{label}", longer, RejectionCode.MMR_PROOF_TOO_LONG, Resolution.EXACT_ITEMS)
        if honest.items:
            shorter = replace(honest, items=honest.items[:-1])
            edit = Sibling(honest, "the last item left out")
            yield Case(name, f"shorter-{label}", shorter, RejectionCode.MMR_PROOF_TOO_SHORT, edit)
        mismatch = RejectionCode.MMR_ROOT_MISMATCH
        wrong = (
            ("root", replace(honest, root=bytes(32))),
            ("content", replace(honest, claims=(LeafClaim(indices[0], b"other"), *honest.claims[1:]))),
        )
        for part, given in wrong:
            yield Case(name, f"other-{part}-{label}", given, mismatch, ROOT_UNCHECKED)
        if len(honest.items) > 1:
            turned = replace(honest, items=honest.items[::-1])
            yield Case(name, f"items-turned-{label}", turned, mismatch, ROOT_UNCHECKED)
    grown = replace(claim_of(suite, 5, (0,)), count=6)
    yield Case(
        name, "for-another-count", grown, RejectionCode.MMR_ROOT_MISMATCH, ROOT_UNCHECKED, ("RES-MMR.sized-root",)
    )
    honest = claim_of(suite, 5, (1,))
    none = replace(honest, claims=(), indices=())
    yield Case(name, "of-nothing", none, RejectionCode.MMR_POSITIONS_EMPTY, Sibling(honest, "the claim left out"))
    combiner = combiner_of(NORMATIVE, suite)
    for size in (0, 31, 33):
        item = bytes(size)
        with SIZE_UNCHECKED.installed():
            bag = combiner.hash(NORMATIVE, Role.NODE, item + combiner.leaf(NodePosition(0), LeafIndex(1), b"leaf"))
            root = combiner.root(LeafCount(2), NodePosition(0), bag)
        given = LeavesClaimed(suite, root, 2, (LeafClaim(1, b"leaf"),), (1,), (item,))
        yield Case(name, f"item-of-{size}", given, RejectionCode.MMR_ITEM_SIZE, SIZE_UNCHECKED)
    count = MAX_LEAVES + 1
    bag = combiner.hash(NORMATIVE, Role.NODE, bytes(32) + combiner.leaf(NodePosition(0), LeafIndex(0), b"leaf"))
    root = combiner.root(LeafCount(count), NodePosition(0), bag)
    full = LeavesClaimed(suite, root, count, (LeafClaim(MAX_LEAVES, b"leaf"),), (MAX_LEAVES,), (bytes(32),))
    yield Case(name, "range-too-large", full, RejectionCode.MMR_FULL, COUNT_UNCHECKED)


def run_of(count: int, start: int, stop: int) -> RunClaimed:
    """An honest claim about a run of leaves."""
    honest = claim_of(Suite.BLAKE3, count, tuple(range(start, stop)))
    contents = tuple(claim.content for claim in honest.claims)
    return RunClaimed(honest.suite, honest.root, count, start, stop, contents, honest.indices, honest.items)


def run_cases() -> Iterator[Case]:
    """Runs of leaves, and runs that are not those of the proof."""
    name, code = "mmr.verify_run", RejectionCode.MMR_INDEX_MISMATCH
    for count, start, stop in ((1, 0, 1), (7, 2, 5), (7, 0, 7), (8, 3, 4), (13, 11, 13)):
        yield Case(name, f"{count}-{start}-{stop}", run_of(count, start, stop))
    honest = run_of(7, 2, 5)
    wrong = {
        "longer": replace(honest, stop=6),
        "shorter": replace(honest, stop=4),
        "shifted": replace(honest, start=1, stop=4),
        "one-content-fewer": replace(honest, contents=honest.contents[:-1]),
        "one-content-more": replace(honest, contents=(*honest.contents, contents_of(6)[5])),
        "nothing": replace(honest, start=3, stop=3),
    }
    for label, given in wrong.items():
        yield Case(name, label, given, code, Sibling(honest, "another run"))
    other = replace(honest, contents=(b"other", *honest.contents[1:]))
    yield Case(name, "other-content", other, RejectionCode.MMR_ROOT_MISMATCH, ROOT_UNCHECKED)


def forged_extensions() -> Iterator[Case]:
    """Each way to forge the other proofs and claims, alone."""
    suite = Suite.BLAKE3
    name = "mmr.verify_consistency"
    honest = extension_of(suite, 3, 7)
    older = replace(honest, older_root=bytes(32))
    yield Case(name, "other-older-root", older, RejectionCode.MMR_SUBTREE_MISMATCH, OLDER_UNCHECKED)
    empty = replace(extension_of(suite, 0, 5), older_root=bytes(32))
    yield Case(name, "other-empty-root", empty, RejectionCode.MMR_SUBTREE_MISMATCH, OLDER_UNCHECKED)
    newer = replace(honest, root=bytes(32))
    yield Case(name, "other-newer-root", newer, RejectionCode.MMR_ROOT_MISMATCH, NEWER_UNCHECKED)
    same = replace(extension_of(suite, 4, 4), root=bytes(32))
    yield Case(name, "same-count-other-root", same, RejectionCode.MMR_ROOT_MISMATCH, NEWER_UNCHECKED)
    longer = replace(honest, items=(*honest.items, bytes(32)))
    yield Case(name, "longer", longer, RejectionCode.MMR_PROOF_TOO_LONG, Resolution.EXACT_ITEMS)
    from_none = replace(extension_of(suite, 0, 5), items=(bytes(32),))
    yield Case(name, "longer-from-empty", from_none, RejectionCode.MMR_PROOF_TOO_LONG, Resolution.EXACT_ITEMS)
    shorter = replace(honest, items=honest.items[:-1])
    edit = Sibling(honest, "the last item left out")
    yield Case(name, "shorter", shorter, RejectionCode.MMR_PROOF_TOO_SHORT, edit)
    level = extension_of(suite, 4, 4)
    shrunk = replace(level, count=3)
    yield Case(name, "shrinks", shrunk, RejectionCode.MMR_SHRINKS, Sibling(level, "the newer count one lower"))
    name = "mmr.verify_subtree"
    part = part_of(suite, 7, 4, 6)
    wrong = replace(part, value=bytes(32))
    yield Case(name, "other-value", wrong, RejectionCode.MMR_ROOT_MISMATCH, NEWER_UNCHECKED)
    other = replace(part, start=0, stop=2)
    yield Case(name, "of-another-subtree", other, RejectionCode.MMR_INDEX_MISMATCH, Sibling(part, "another claim"))
    later = replace(part, proof_start=0, proof_stop=2)
    edit = Sibling(part, "a proof of another subtree")
    yield Case(name, "proof-of-another-subtree", later, RejectionCode.MMR_INDEX_MISMATCH, edit)
    across = part_of(suite, 11, 0, 6)
    for label, value in (("low", bytes(32)), ("high", b"\xff" * 32)):
        # The walk ends inside this subtree, so that the items alone give its value.
        edit = Sibling(across, "another value")
        other_value = replace(across, value=value)
        yield Case(name, f"value-too-{label}", other_value, RejectionCode.MMR_SUBTREE_MISMATCH, edit)
    backwards = replace(part, start=5, stop=4, proof_start=5, proof_stop=4)
    edit = Sibling(part, "a start after the stop")
    yield Case(name, "backwards", backwards, RejectionCode.MMR_SUBTREE_INVALID, edit)
    longer_part = replace(part, items=(*part.items, bytes(32)))
    yield Case(name, "longer", longer_part, RejectionCode.MMR_PROOF_TOO_LONG, Resolution.EXACT_ITEMS)
    nothing = replace(part, stop=4, proof_stop=4)
    yield Case(name, "empty", nothing, RejectionCode.MMR_SUBTREE_INVALID, Sibling(part, "the subtree emptied"))
    combiner, mountains, root = built(suite, 4)
    leaf = [span_value(combiner, mountains, Span(index, index + 1)) for index in range(4)]
    beside = span_value(combiner, mountains, Span(0, 2))
    value = combiner.hash(NORMATIVE, Role.NODE, beside + leaf[2])
    skewed = PartClaimed(suite, root, 4, 1, 3, value, 1, 3, (leaf[2], leaf[3], beside))
    yield Case(name, "not-aligned", skewed, RejectionCode.MMR_SUBTREE_INVALID, SHAPE_UNCHECKED)
    peaks = frontier_of(combiner, contents_of(5)).peaks
    for label, claimed in (("fewer", peaks[:-1]), ("more", (*peaks, bytes(32))), ("none", ())):
        given = Claimed(suite, 5, claimed)
        yield Case("mmr.commit", f"{label}-peaks", given, RejectionCode.MMR_PEAK_COUNT, Resolution.PEAK_COUNT)
        sibling = Sibling(Appending(suite, 5, peaks, b""), f"{label} peaks")
        yield Case(
            "mmr.append", f"{label}-peaks", Appending(suite, 5, claimed, b""), RejectionCode.MMR_PEAK_COUNT, sibling
        )
    half = Appending(suite, MAX_LEAVES >> 1, (bytes(32),), b"")
    full = replace(half, count=MAX_LEAVES)
    yield Case("mmr.append", "full", full, RejectionCode.MMR_FULL, Sibling(half, "the count doubled"))
    for size in (2, 5, 6, 9, (1 << 63) - 2):
        yield Case(
            "mmr.leaf_count",
            f"no-range-{size}",
            NodeCount(size),
            RejectionCode.MMR_SIZE_NOT_CANONICAL,
            Resolution.CANONICAL_SIZE,
        )
    greatest = NodeCount(2 * MAX_LEAVES - 1)
    for size in (greatest.size + 1, greatest.size + 2, (1 << 64) + 7):
        edit = Sibling(greatest, "more nodes than the greatest range has")
        yield Case("mmr.leaf_count", f"above-the-greatest-{size}", NodeCount(size), RejectionCode.MMR_FULL, edit)
    known, offered = Head(3, built(suite, 3)[2]), Head(7, built(suite, 7)[2])
    yield Case("mmr.adopt_head", "proved", Offered(suite, known, offered, extension_of(suite, 3, 7).items))
    unproved = Offered(suite, known, offered, None)
    code = RejectionCode.MMR_UNPROVED_EXTENSION
    yield Case("mmr.adopt_head", "unproved", unproved, code, Resolution.CONSISTENCY)
    forked = replace(Offered(suite, known, offered, extension_of(suite, 3, 7).items), offered=Head(7, bytes(32)))
    yield Case("mmr.adopt_head", "forked", forked, RejectionCode.MMR_ROOT_MISMATCH, Resolution.CONSISTENCY)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from honest_cases()
    yield from forged_leaves()
    yield from run_cases()
    yield from forged_extensions()
