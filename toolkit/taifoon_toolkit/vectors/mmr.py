"""Vectors of the mountain range: roots, appending, and all proofs with each way to forge one (RES-MMR)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from taifoon.core.mmr import consistency, frontier, inclusion
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import bag_peaks, checked_frontier, frontier_of, root_of_frontier
from taifoon.core.mmr.inclusion import Claim, InclusionProof
from taifoon.core.mmr.mountains import MountainRange, range_of, root_of_range
from taifoon.core.mmr.shape import leaf_count
from taifoon.core.mmr.spans import Span
from taifoon.primitives.encoding import Maximum
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex, NodePosition
from taifoon.profile import Profile, Suite
from taifoon_toolkit.vectors.method import ACCEPTED, Nothing, method, with_suite
from taifoon_toolkit.vectors.wire import Digest, Large

SECTION = "2.1"
Content = Annotated[bytes, Maximum(1 << 12)]


@dataclass(frozen=True, slots=True)
class Leaves:
    """The contents of all leaves of a range."""

    suite: Suite
    contents: tuple[Content, ...]


@dataclass(frozen=True, slots=True)
class Committed:
    """What commits to a range."""

    count: Large
    peaks: tuple[Digest, ...]
    bag: Digest
    root: Digest


@dataclass(frozen=True, slots=True)
class Appending:
    """A frontier that another node claims, and one more leaf."""

    suite: Suite
    count: Large
    peaks: tuple[Digest, ...]
    content: Content


@dataclass(frozen=True, slots=True)
class Claimed:
    """A frontier that another node claims."""

    suite: Suite
    count: Large
    peaks: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """Leaf count and root of a range."""

    count: Large
    root: Digest


@dataclass(frozen=True, slots=True)
class Offered:
    """The head that a light client holds, the one that it is offered, and the items of a consistency proof or null."""

    suite: Suite
    known: Head
    offered: Head
    items: tuple[Digest, ...] | None


@dataclass(frozen=True, slots=True)
class NodeCount:
    """The number of nodes of a range."""

    size: int


@dataclass(frozen=True, slots=True)
class Counted:
    """The number of leaves of a range."""

    count: Large


@dataclass(frozen=True, slots=True)
class SomeLeaves:
    """A range and the indices of some of its leaves, at least one, increasing, below the leaf count."""

    suite: Suite
    contents: tuple[Content, ...]
    indices: tuple[Large, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """The items of a proof."""

    items: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class LeafClaim:
    """That a leaf of a range has this content."""

    index: Large
    content: Content


@dataclass(frozen=True, slots=True)
class LeavesClaimed:
    """Claims about leaves, and a proof; `indices` are those that the proof names itself."""

    suite: Suite
    root: bytes
    count: Large
    claims: tuple[LeafClaim, ...]
    indices: tuple[Large, ...]
    items: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class RunClaimed:
    """That leaves start to stop, the latter excluded, have these contents; `indices` are those that the proof names."""

    suite: Suite
    root: bytes
    count: Large
    start: Large
    stop: Large
    contents: tuple[Content, ...]
    indices: tuple[Large, ...]
    items: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """A range and the leaf count of an older one, at most its own."""

    suite: Suite
    contents: tuple[Content, ...]
    older: Large


@dataclass(frozen=True, slots=True)
class ExtensionClaimed:
    """That a range extends an older one."""

    suite: Suite
    older: Large
    older_root: bytes
    count: Large
    root: bytes
    items: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A range and a subtree of it: leaves start to stop, the latter excluded."""

    suite: Suite
    contents: tuple[Content, ...]
    start: Large
    stop: Large


@dataclass(frozen=True, slots=True)
class PartClaimed:
    """That a range has a subtree of this value; `proof_start` and `proof_stop` are what the proof names itself."""

    suite: Suite
    root: bytes
    count: Large
    start: Large
    stop: Large
    value: bytes
    proof_start: Large
    proof_stop: Large
    items: tuple[bytes, ...]


def combiner_of(profile: Profile, suite: Suite) -> HashCombiner:
    """The protocol's combiner in a suite."""
    return HashCombiner(with_suite(profile, suite))


def committed(combiner: HashCombiner, claimed: frontier.Frontier[Hash32]) -> Committed:
    """Everything that commits to a frontier."""
    bag = bag_peaks(combiner, claimed)
    return Committed(claimed.count, claimed.peaks, bag, root_of_frontier(combiner, claimed))


@method("mmr.root", SECTION, "R-2.1-1", "R-6.1-3", "RES-MMR.sized-root")
def root(profile: Profile, given: Leaves) -> Committed:
    """Peaks, bag and root of a range, given as all its leaves."""
    combiner = combiner_of(profile, given.suite)
    return committed(combiner, frontier_of(combiner, given.contents))


@method("mmr.append", SECTION, "R-2.1-1", "R-0-1", "R-4.1-4", "RES-MMR.peak-count")
def append(profile: Profile, given: Appending) -> Committed:
    """Append a leaf to a frontier whose count and peaks another node claims."""
    combiner = combiner_of(profile, given.suite)
    peaks = tuple(Hash32(peak) for peak in given.peaks)
    claimed = checked_frontier(combiner.profile, LeafCount(given.count), peaks)
    return committed(combiner, frontier.append(combiner, claimed, given.content))


@method("mmr.commit", SECTION, "R-4.1-4", "R-6.1-3", "RES-MMR.peak-count")
def commit(profile: Profile, given: Claimed) -> Committed:
    """Bag and root of a frontier whose count and peaks another node claims."""
    combiner = combiner_of(profile, given.suite)
    peaks = tuple(Hash32(peak) for peak in given.peaks)
    return committed(combiner, checked_frontier(combiner.profile, LeafCount(given.count), peaks))


@method("mmr.adopt_head", SECTION, "R-4.1-4", "R-2.2-2", "RES-MMR.consistency")
def adopt_head(profile: Profile, given: Offered) -> Head:
    """The head that a light client holds after another node offered a newer one, with or without a proof."""
    known = consistency.Head(LeafCount(given.known.count), Hash32(given.known.root))
    offered = consistency.Head(LeafCount(given.offered.count), Hash32(given.offered.root))
    proof = None
    if given.items is not None:
        proof = consistency.SubtreeProof(Span(0, given.known.count), tuple(Hash32(item) for item in given.items))
    held = consistency.adopt_head(combiner_of(profile, given.suite), known, offered, proof)
    return Head(held.count, held.root)


@method("mmr.leaf_count", SECTION, "R-0-1", "RES-MMR.canonical-size")
def leaves_of_size(profile: Profile, given: NodeCount) -> Counted:
    """The leaf count of a range with this many nodes."""
    return Counted(leaf_count(profile, NodePosition(given.size)))


@method("mmr.prove_leaves", SECTION, "R-4.1-5", "R-2.1-1")
def prove_leaves(profile: Profile, given: SomeLeaves) -> Proof:
    """The proof for some leaves."""
    combiner = combiner_of(profile, given.suite)
    indices = tuple(LeafIndex(index) for index in given.indices)
    return Proof(inclusion.prove_leaves(combiner, range_of(combiner, given.contents), indices).items)


@method("mmr.verify_leaves", SECTION, "R-4.1-6", "R-6.1-3")
def verify_leaves(profile: Profile, given: LeavesClaimed) -> Nothing:
    """Accept claims about leaves, or refuse them."""
    claims = tuple(Claim(LeafIndex(item.index), item.content) for item in given.claims)
    items = tuple(Hash32(item) for item in given.items)
    proof = InclusionProof(tuple(LeafIndex(index) for index in given.indices), items)
    combiner = combiner_of(profile, given.suite)
    inclusion.verify_leaves(combiner, Hash32(given.root), LeafCount(given.count), claims, proof)
    return ACCEPTED


@method("mmr.verify_run", SECTION, "R-4.1-6", "R-4.1-5")
def verify_run(profile: Profile, given: RunClaimed) -> Nothing:
    """Accept the leaves of a contiguous run, or refuse them."""
    items = tuple(Hash32(item) for item in given.items)
    proof = InclusionProof(tuple(LeafIndex(index) for index in given.indices), items)
    combiner, run = combiner_of(profile, given.suite), Span(given.start, given.stop)
    inclusion.verify_run(combiner, Hash32(given.root), LeafCount(given.count), run, given.contents, proof)
    return ACCEPTED


@method("mmr.prove_consistency", SECTION, "R-6.1-7", "R-4.1-4")
def prove_consistency(profile: Profile, given: Prefix) -> Proof:
    """The proof that a range extends its first leaves."""
    combiner = combiner_of(profile, given.suite)
    mountains = range_of(combiner, given.contents)
    return Proof(consistency.prove_consistency(combiner, mountains, LeafCount(given.older)).items)


@method("mmr.verify_consistency", SECTION, "R-6.1-7", "R-4.1-4")
def verify_consistency(profile: Profile, given: ExtensionClaimed) -> Nothing:
    """Accept that a range extends an older one, or refuse it."""
    proof = consistency.SubtreeProof(Span(0, given.older), tuple(Hash32(item) for item in given.items))
    consistency.verify_consistency(
        combiner_of(profile, given.suite),
        LeafCount(given.older),
        Hash32(given.older_root),
        LeafCount(given.count),
        Hash32(given.root),
        proof,
    )
    return ACCEPTED


@method("mmr.prove_subtree", SECTION, "R-2.2-2", "R-4.1-6")
def prove_subtree(profile: Profile, given: Part) -> Proof:
    """The proof that a subtree belongs to a range."""
    combiner = combiner_of(profile, given.suite)
    span = Span(given.start, given.stop)
    return Proof(consistency.prove_subtree(combiner, range_of(combiner, given.contents), span).items)


@method("mmr.verify_subtree", SECTION, "R-2.2-2", "R-4.1-6")
def verify_subtree(profile: Profile, given: PartClaimed) -> Nothing:
    """Accept that a range has a subtree of this value, or refuse it."""
    items = tuple(Hash32(item) for item in given.items)
    consistency.verify_subtree(
        combiner_of(profile, given.suite),
        Hash32(given.root),
        LeafCount(given.count),
        Span(given.start, given.stop),
        Hash32(given.value),
        consistency.SubtreeProof(Span(given.proof_start, given.proof_stop), items),
    )
    return ACCEPTED


def root_and_range(combiner: HashCombiner, contents: tuple[bytes, ...]) -> tuple[Hash32, MountainRange[Hash32]]:
    """A range and its root."""
    mountains: MountainRange[Hash32] = range_of(combiner, contents)
    return root_of_range(combiner, mountains), mountains
