"""Reconciliation joins certified prefixes: nothing moves, nothing is lost, and conflicts are reported."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.accountability import FinalityProof, statement_of
from taifoon.core.block import ClusterBlock, block_hash
from taifoon.core.certificate import Committee
from taifoon.core.consensus import Link, final_kinds
from taifoon.core.epoch_block import ClusterHead, global_root
from taifoon.core.validity import apply_block
from taifoon.core.vote import VoteKind
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Seat
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon.security.merge import (
    FinalBlock,
    GlobalView,
    Prefix,
    begins_with,
    certified_prefix,
    covers,
    empty_view,
    join,
    root_of_view,
    view_of_prefix,
)
from taifoon_models.blocks import CHAIN, first_state, opening_block, working_block
from taifoon_models.jobs import digest
from taifoon_models.keys import certificate_by

SEATS = 4
SIGNERS = [0, 1, 2]
LITERAL = HARDENED.without(Resolution.MERGE)


def prefix(*names: str) -> Prefix:
    return tuple(FinalBlock(digest(f"block {name}"), digest(f"state {name}")) for name in names)


def test_a_join_takes_the_longer_prefix_of_each_cluster() -> None:
    mine = GlobalView((prefix("a"), prefix("p", "q"), ()))
    other = GlobalView((prefix("a", "b"), prefix("p"), prefix("x")))
    joined = GlobalView((prefix("a", "b"), prefix("p", "q"), prefix("x")))
    assert join(HARDENED, mine, other) == join(HARDENED, other, mine) == joined
    assert covers(joined, mine)
    assert covers(joined, other)
    assert not covers(mine, other)


def test_two_sides_after_three_blocks_are_a_conflict_and_literally_two_logs() -> None:
    common = prefix("1", "2", "3")
    here, there = GlobalView(((*common, *prefix("x")),)), GlobalView(((*common, *prefix("y")),))
    with pytest.raises(Rejected) as caught:
        join(HARDENED, here, there)
    assert caught.value.code is RejectionCode.PREFIX_CONFLICT
    assert caught.value.detail.startswith("cluster 0: block 4 is ")
    kept_here, kept_there = join(LITERAL, here, there), join(LITERAL, there, here)
    assert kept_here.prefixes[0] == (*common, *prefix("x", "y"))
    assert kept_there.prefixes[0] == (*common, *prefix("y", "x"))
    assert not begins_with(kept_here.prefixes[0], there.prefixes[0])


def test_a_conflict_in_one_cluster_joins_none() -> None:
    mine, other = GlobalView((prefix("a"), prefix("x"))), GlobalView((prefix("a", "b"), prefix("y")))
    with pytest.raises(Rejected) as caught:
        join(HARDENED, mine, other)
    assert caught.value.detail.startswith("cluster 1: block 1 is ")
    assert join(HARDENED, mine, replace(other, prefixes=(prefix("a", "b"), ()))).prefixes[0] == prefix("a", "b")


def test_the_empty_view_changes_nothing() -> None:
    view = GlobalView((prefix("a"), ()))
    assert join(HARDENED, view, empty_view(2)) == join(HARDENED, empty_view(2), view) == view
    assert view_of_prefix(2, ClusterId(0), prefix("a")) == view


def test_the_root_of_a_view_is_the_one_of_an_epoch_block_with_these_heads() -> None:
    view = GlobalView((prefix("a", "b"), ()))
    heads = (
        ClusterHead(ClusterId(0), BlockNumber(2), digest("block b"), digest("state b"), ended=False),
        ClusterHead(ClusterId(1), BlockNumber(0), None, None, ended=True),
    )
    assert root_of_view(HARDENED, Epoch(7), view, 1) == global_root(HARDENED, Epoch(7), heads)


def test_the_root_of_a_view_binds_epoch_heights_and_places() -> None:
    one, two = prefix("a"), prefix("a", "b")
    variants: list[tuple[int, tuple[Prefix, ...], int]] = [
        *((epoch, (one, two), 2) for epoch in (7, 8)),
        *((7, view, 2) for view in ((two, one), (one,), (one, ()))),
        (7, (one, two), 1),
    ]
    roots = {root_of_view(HARDENED, Epoch(epoch), GlobalView(view), count) for epoch, view, count in variants}
    assert len(roots) == len(variants)


def proved_chain() -> tuple[Committee, FinalityProof, tuple[ClusterBlock, ...]]:
    """Two blocks of a cluster, the second one final."""
    state = first_state(HARDENED, SEATS)
    opening = opening_block(HARDENED, state)
    middle = apply_block(HARDENED, state, opening)
    working = working_block(HARDENED, middle)
    formation = state.formation
    committee = Committee(CHAIN, formation.epoch, formation.cluster, formation.keys)
    links = tuple(
        Link(block.header.view, block_hash(HARDENED, block), block.header.parent_view, block.header.previous_hash)
        for block in (working, opening)
    )
    said = [statement_of(committee, kind, links[0].view, links[0].block_hash) for kind in final_kinds(HARDENED)]
    said.append(statement_of(committee, VoteKind.NOTARISE, links[1].view, links[1].block_hash))
    certificates = tuple(certificate_by(HARDENED, each, tuple(SIGNERS), SIGNERS) for each in said)
    return committee, FinalityProof(links, certificates), (opening, working)


def test_a_prefix_is_certified_by_a_finality_proof_of_its_last_block() -> None:
    committee, proof, blocks = proved_chain()
    genesis = first_state(HARDENED, SEATS).block_hash
    before = prefix("last epoch")
    found = certified_prefix(HARDENED, committee, genesis, before, proof, blocks)
    added = tuple(FinalBlock(block_hash(HARDENED, block), block.header.mmr_root) for block in blocks)
    assert found == (*before, *added)


def test_blocks_of_another_path_are_no_certified_prefix() -> None:
    committee, proof, blocks = proved_chain()
    genesis = first_state(HARDENED, SEATS).block_hash
    for other in (blocks[::-1], blocks[:1], (blocks[0], replace(blocks[1], proof_results=()))):
        with pytest.raises(Rejected) as caught:
            certified_prefix(HARDENED, committee, genesis, (), proof, other)
        assert caught.value.code is RejectionCode.FINALITY_PATH


def test_one_signature_short_of_a_quorum_certifies_no_prefix() -> None:
    committee, proof, blocks = proved_chain()
    genesis = first_state(HARDENED, SEATS).block_hash
    last = proof.certificates[-1]
    short = replace(last, seats=tuple(map(Seat, SIGNERS[:2])), signatures=last.signatures[:2])
    with pytest.raises(Rejected) as caught:
        certified_prefix(
            HARDENED, committee, genesis, (), replace(proof, certificates=(*proof.certificates[:-1], short)), blocks
        )
    assert caught.value.code is RejectionCode.CERTIFICATE_NO_QUORUM
