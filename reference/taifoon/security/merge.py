"""Section 6.1: reconciliation after a partition (R-6.1-7).

A node's view has for each cluster the final blocks for which it holds certificates. Two such prefixes of one cluster
never diverge, so the longer one contains the shorter, and taking it loses nothing. Logs that did diverge have no common
extension: whatever puts one after the other moves leaves that had their place.
"""

from __future__ import annotations

from dataclasses import dataclass

from icontract import ensure, require

from taifoon.core.accountability import FinalityProof, check_finality
from taifoon.core.block import ClusterBlock, block_hash
from taifoon.core.certificate import Committee
from taifoon.core.epoch_block import ClusterHead, ends, global_root
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Hash32
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode


@dataclass(frozen=True, slots=True)
class FinalBlock:
    """A block of a cluster's chain, and the state root that it commits to."""

    block_hash: Hash32
    state_root: Hash32


Prefix = tuple[FinalBlock, ...]
"""The blocks of a cluster's chain from the first on; the number of blocks is the height."""


@dataclass(frozen=True, slots=True)
class GlobalView:
    """The certified prefix of each cluster, by its number."""

    prefixes: tuple[Prefix, ...]


@require(lambda clusters: clusters >= 1)
def empty_view(clusters: int) -> GlobalView:
    """The view of a node that knows of no block."""
    return GlobalView(((),) * clusters)


@require(lambda clusters, cluster: 0 <= cluster < clusters)
def view_of_prefix(clusters: int, cluster: ClusterId, prefix: Prefix) -> GlobalView:
    """The view of a node that knows one cluster's prefix and nothing else."""
    return GlobalView(tuple(prefix if number == cluster else () for number in range(clusters)))


def certified_prefix(
    profile: Profile,
    committee: Committee,
    genesis: Hash32,
    before: Prefix,
    proof: FinalityProof,
    blocks: tuple[ClusterBlock, ...],
) -> Prefix:
    """A cluster's prefix as far as a finality proof of this epoch reaches; `before` ends where the epoch began.

    `blocks` are those of the proof's path, the first of the epoch first. Rejects with FINALITY_PATH where they are
    others, and as `check_finality` does.
    """
    check_finality(profile, committee, genesis, proof)
    hashes = tuple(block_hash(profile, block) for block in blocks)
    if hashes != tuple(link.block_hash for link in reversed(proof.path)):
        raise Rejected(RejectionCode.FINALITY_PATH, f"{len(blocks)} blocks are not the {len(proof.path)} of the path")
    added = (FinalBlock(name, block.header.mmr_root) for name, block in zip(hashes, blocks, strict=True))
    return (*before, *added)


def begins_with(log: Prefix, prefix: Prefix) -> bool:
    """Whether a log has all blocks of a prefix, in their places."""
    return log[: len(prefix)] == prefix


def takes_other(mine: int, other: int) -> bool:
    """Whether a join takes the other prefix, by the two heights. Runs on symbolic terms as well."""
    return mine < other


def reconciled(profile: Profile, cluster: ClusterId, mine: Prefix, other: Prefix) -> Prefix:
    """Rule: what a node holds of a cluster after it has heard another node's log of it.

    Literally all of both in the order of arrival: first its own, then what is new to it. Repaired, the longer of two
    certified prefixes. Rejects with PREFIX_CONFLICT where neither begins with the other: then more than a third of the
    cluster's seats are provably guilty, and nothing is merged.
    """
    if Resolution.MERGE not in profile:
        return (*mine, *(block for block in other if block not in mine))
    if not begins_with(mine, other) and not begins_with(other, mine):
        place = next(place for place, pair in enumerate(zip(mine, other, strict=False)) if pair[0] != pair[1])
        raise Rejected(
            RejectionCode.PREFIX_CONFLICT,
            f"cluster {cluster}: block {place + 1} is {mine[place].block_hash.hex()} in one prefix and "
            f"{other[place].block_hash.hex()} in the other: ask for the evidence of both finality proofs",
        )
    return other if takes_other(len(mine), len(other)) else mine


def covers(view: GlobalView, other: GlobalView) -> bool:
    """Whether a view has every prefix of another one, in its place: the order whose joins these are."""
    return all(begins_with(log, prefix) for log, prefix in zip(view.prefixes, other.prefixes, strict=True))


def is_join(profile: Profile, mine: GlobalView, other: GlobalView, joined: GlobalView) -> bool:
    """Whether a view covers two others and has no block of its own; of the source's reconciliation nothing is asked."""
    if Resolution.MERGE not in profile:
        return True
    ends = zip(joined.prefixes, mine.prefixes, other.prefixes, strict=True)
    least = all(log in (left, right) for log, left, right in ends)
    return least and covers(joined, mine) and covers(joined, other)


@require(lambda mine, other: len(mine.prefixes) == len(other.prefixes))
@ensure(lambda profile, mine, other, result: is_join(profile, mine, other, result))
def join(profile: Profile, mine: GlobalView, other: GlobalView) -> GlobalView:
    """A node's view after it has heard another's of the same clusters. Rejects with PREFIX_CONFLICT."""
    pairs = zip(mine.prefixes, other.prefixes, strict=True)
    return GlobalView(
        tuple(reconciled(profile, ClusterId(cluster), left, right) for cluster, (left, right) in enumerate(pairs))
    )


def head_of_prefix(profile: Profile, cluster: ClusterId, prefix: Prefix, clusters: int) -> ClusterHead:
    """Where a prefix ends, as an epoch block lists it; `clusters` is the cluster count of the next epoch."""
    last = prefix[-1] if prefix else None
    return ClusterHead(
        cluster,
        BlockNumber(len(prefix)),
        None if last is None else last.block_hash,
        None if last is None else last.state_root,
        ends(profile, cluster, clusters),
    )


def root_of_view(profile: Profile, epoch: Epoch, view: GlobalView, clusters: int) -> Hash32:
    """The global root as one node sees it: nodes with the same certificates have the same one.

    `clusters` is the cluster count of the next epoch, which says whose chains end.
    """
    heads = enumerate(view.prefixes)
    return global_root(
        profile, epoch, tuple(head_of_prefix(profile, ClusterId(place), prefix, clusters) for place, prefix in heads)
    )
