"""Vectors of partitions: which side goes on, and how what the sides hold is joined (RES-PARTITION, RES-MERGE)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core.block import ClusterBlock
from taifoon.primitives.types import Epoch, Hash32
from taifoon.profile import Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon.security import merge, partition
from taifoon.security.merge import FinalBlock, GlobalView, Prefix
from taifoon_models.blocks import CHAIN, first_state, opening_block
from taifoon_models.jobs import digest
from taifoon_toolkit.vectors.accountability import ProofGiven, proof_from
from taifoon_toolkit.vectors.block_cases import SEATS, SMALL, honest_chain
from taifoon_toolkit.vectors.blocks import HashGiven
from taifoon_toolkit.vectors.case import Case, Sibling
from taifoon_toolkit.vectors.certificates import BELIEVES, CommitteeGiven, committee_from
from taifoon_toolkit.vectors.chain_cases import finality_of, links_of
from taifoon_toolkit.vectors.method import NORMATIVE, method
from taifoon_toolkit.vectors.wire import Digest, Large, Small

SECTION = "6.1"


@dataclass(frozen=True, slots=True)
class FinalRoot:
    """A final block, and the state root that it commits to."""

    block_hash: Digest
    state_root: Digest


@dataclass(frozen=True, slots=True)
class ViewGiven:
    """The certified prefix of each cluster, by its number: its blocks from the first on."""

    prefixes: tuple[tuple[FinalRoot, ...], ...]


@dataclass(frozen=True, slots=True)
class JoinAsked:
    """A node's view, and another's of the same clusters."""

    mine: ViewGiven
    other: ViewGiven


@dataclass(frozen=True, slots=True)
class ViewRootAsked:
    """An epoch, a view, and the cluster count of the next epoch."""

    epoch: Large
    view: ViewGiven
    clusters: Small


@dataclass(frozen=True, slots=True)
class PrefixAsked:
    """A cluster's committee and beginning in an epoch, its prefix up to there, a finality proof, and its blocks.

    The blocks are those of the proof's path, the first of the epoch first.
    """

    committee: CommitteeGiven
    genesis: Digest
    before: tuple[FinalRoot, ...]
    proof: ProofGiven
    blocks: tuple[ClusterBlock, ...]


@dataclass(frozen=True, slots=True)
class PrefixGiven:
    """A prefix."""

    prefix: tuple[FinalRoot, ...]


@dataclass(frozen=True, slots=True)
class SideAsked:
    """The seats of a cluster, and how many of them a side reaches."""

    seats: Small
    reachable: Small


@dataclass(frozen=True, slots=True)
class SideGiven:
    """Whether the side may finalise, and whether its members are in individual mode."""

    goes_on: bool
    cut_off: bool


def prefix_from(given: tuple[FinalRoot, ...]) -> Prefix:
    """A prefix as the reference has it."""
    return tuple(FinalBlock(Hash32(block.block_hash), Hash32(block.state_root)) for block in given)


def view_from(given: ViewGiven) -> GlobalView:
    """A view as the reference has it."""
    return GlobalView(tuple(prefix_from(each) for each in given.prefixes))


def prefix_given(prefix: Prefix) -> tuple[FinalRoot, ...]:
    """A prefix as it is given."""
    return tuple(FinalRoot(block.block_hash, block.state_root) for block in prefix)


@method("view.join", SECTION, "R-6.1-7", "RES-MERGE")
def join(profile: Profile, given: JoinAsked) -> ViewGiven:
    """A node's view after it has heard another's."""
    if len(given.mine.prefixes) != len(given.other.prefixes):
        raise ValueError("prefixes: both views are of the same clusters")
    joined = merge.join(profile, view_from(given.mine), view_from(given.other))
    return ViewGiven(tuple(prefix_given(each) for each in joined.prefixes))


@method("view.root", SECTION, "R-6.1-7", "R-2.1-12", "RES-GENESIS")
def root(profile: Profile, given: ViewRootAsked) -> HashGiven:
    """The global root as one node sees it."""
    return HashGiven(merge.root_of_view(profile, Epoch(given.epoch), view_from(given.view), given.clusters))


@method("prefix.certify", SECTION, "R-6.1-7", "R-6.2-1", "RES-MERGE")
def certify(profile: Profile, given: PrefixAsked) -> PrefixGiven:
    """A cluster's prefix as far as a finality proof reaches."""
    found = merge.certified_prefix(
        profile,
        committee_from(given.committee),
        Hash32(given.genesis),
        prefix_from(given.before),
        proof_from(given.proof),
        given.blocks,
    )
    return PrefixGiven(prefix_given(found))


@method("partition.side", "6.2", "R-6.2-3", "R-6.1-8", "RES-PARTITION", "RES-QUORUM")
def side(profile: Profile, given: SideAsked) -> SideGiven:
    """What a side of a partition may do in a cluster."""
    if given.seats < 1 or given.reachable > given.seats:
        raise ValueError("reachable: a side reaches at most the seats that there are, and there is at least one")
    return SideGiven(
        bool(partition.goes_on(profile, given.seats, given.reachable)),
        bool(partition.is_cut_off(profile, given.seats, given.reachable)),
    )


def blocks_named(*names: str) -> tuple[FinalRoot, ...]:
    """A prefix of blocks with these names."""
    return tuple(FinalRoot(digest(f"block {name}"), digest(f"state {name}")) for name in names)


def join_cases() -> Iterator[Case]:
    """Joins of views, and views that conflict at each place."""
    name, code = "view.join", RejectionCode.PREFIX_CONFLICT
    none: tuple[FinalRoot, ...] = ()
    a, ab, abc = (blocks_named(*names) for names in ("a", "ab", "abc"))
    p, pq = blocks_named("p"), blocks_named("p", "q")
    mine, other = ViewGiven((a, pq, none)), ViewGiven((ab, p, blocks_named("x")))
    pairs = {
        "each-has-more": (mine, other),
        "each-has-more-turned": (other, mine),
        "equal": (mine, mine),
        "nothing-new": (ViewGiven((abc,)), ViewGiven((a,))),
        "nothing-held": (ViewGiven((none, none)), ViewGiven((abc, pq))),
        "no-clusters": (ViewGiven(()), ViewGiven(())),
    }
    for label, (left, right) in pairs.items():
        yield Case(name, label, JoinAsked(left, right))
    same = replace(a[0], state_root=digest("another state"))
    conflicts = {
        "first-block": (ViewGiven((a,)), ViewGiven((p,))),
        "fourth-block": (ViewGiven((blocks_named(*"abcx"),)), ViewGiven((blocks_named(*"abcy"),))),
        "inside": (ViewGiven((blocks_named(*"abcd"),)), ViewGiven((blocks_named(*"axcd"),))),
        "shorter-with-another-last": (ViewGiven((abc,)), ViewGiven((blocks_named("a", "x"),))),
        "another-state-root": (ViewGiven((a,)), ViewGiven(((same,),))),
        "second-cluster": (ViewGiven((a, p)), ViewGiven((ab, a))),
        "same-blocks-in-another-order": (ViewGiven((ab,)), ViewGiven((blocks_named("b", "a"),))),
    }
    for label, (left, right) in conflicts.items():
        yield Case(name, f"conflict-{label}", JoinAsked(left, right), code, Resolution.MERGE)
    roots: tuple[tuple[int, ViewGiven, int], ...] = (
        *((epoch, ViewGiven((a, ab)), 2) for epoch in (0, 7, 8)),
        *((7, view, 2) for view in (ViewGiven((ab, a)), ViewGiven((a,)), ViewGiven((a, none)), ViewGiven(()))),
        *((7, ViewGiven((a, ab)), count) for count in (0, 1, 3)),
    )
    for number, (epoch, view, count) in enumerate(roots):
        yield Case("view.root", f"view-{number}", ViewRootAsked(epoch, view, count))


def prefix_cases() -> Iterator[Case]:
    """Prefixes as far as a proof reaches, and proofs of other blocks."""
    name, code = "prefix.certify", RejectionCode.FINALITY_PATH
    chain, first = honest_chain(SEATS), first_state(SMALL, SEATS)
    opening, formation = opening_block(SMALL, first), chain.state.formation
    committee = CommitteeGiven(CHAIN, formation.epoch, formation.cluster, formation.keys)
    links = links_of(chain.block, opening)
    proof = finality_of(committee, links)
    honest = PrefixAsked(committee, links[1].parent_hash, (), proof, (opening, chain.block))
    yield Case(name, "two-blocks", honest)
    yield Case(name, "on-an-earlier-epoch", replace(honest, before=blocks_named("a", "b")))
    alone = finality_of(committee, links[1:])
    yield Case(name, "one-block", replace(honest, proof=alone, blocks=(opening,)))
    refused = {
        "turned": (honest.blocks[::-1], "the blocks in another order"),
        "last-missing": (honest.blocks[:1], "the last block left out"),
        "first-missing": (honest.blocks[1:], "the first block left out"),
        "none": ((), "the blocks left out"),
        "another-block": ((opening, replace(chain.block, proof_results=())), "another block in place of the last"),
        "one-more": ((*honest.blocks, chain.block), "the last block twice"),
    }
    for label, (blocks, edit) in refused.items():
        yield Case(name, label, replace(honest, blocks=blocks), code, Sibling(honest, edit))
    forged = replace(proof.certificates[0], signatures=proof.certificates[0].signatures[::-1])
    given = replace(honest, proof=replace(proof, certificates=(forged, *proof.certificates[1:])))
    yield Case(name, "forged-signature", given, RejectionCode.SIGNATURE_INVALID, BELIEVES)


def side_cases() -> Iterator[Case]:
    """Sides of clusters of all small sizes, at their edges."""
    for seats in (*range(1, 11), 100):
        least = next(count for count in range(1, seats + 1) if partition.goes_on(NORMATIVE, seats, count))
        for reachable in dict.fromkeys((0, 1, seats // 2 + 1, least - 1, least, seats)):
            if reachable <= seats:
                yield Case("partition.side", f"{reachable}-of-{seats}", SideAsked(seats, reachable))


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from join_cases()
    yield from prefix_cases()
    yield from side_cases()
