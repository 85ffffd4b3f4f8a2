"""A light node keeps logarithmically many values and follows; an archival node keeps all and proves each leaf."""

from __future__ import annotations

import pytest

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import root_of_frontier
from taifoon.core.mmr.inclusion import prove_leaf, verify_leaf
from taifoon.core.mmr.shape import node_count
from taifoon.core.storage import (
    StorageRole,
    Store,
    answer_proof_request,
    empty_store,
    keeps_all_nodes,
    store_leaf,
    stored_values,
)
from taifoon.primitives.types import Hash32, LeafIndex
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

WITHOUT_ROLES = HARDENED.without(Resolution.ROLES)
COUNTS = [1, 2, 3, 4, 7, 8, 11, 16, 21, 32, 33]


def content(index: int) -> bytes:
    return b"leaf %d" % index


def filled(profile: Profile, role: StorageRole, count: int) -> Store[Hash32]:
    combiner = HashCombiner(profile)
    store: Store[Hash32] = empty_store(profile, role)
    for index in range(count):
        store = store_leaf(combiner, store, content(index))
    return store


def code_for(profile: Profile, store: Store[Hash32], index: int) -> RejectionCode:
    with pytest.raises(Rejected) as caught:
        answer_proof_request(HashCombiner(profile), store, LeafIndex(index))
    return caught.value.code


@pytest.mark.parametrize("count", COUNTS)
def test_a_light_node_verifies_what_an_archival_node_proves(count: int) -> None:
    combiner = HashCombiner(HARDENED)
    light, archive = (filled(HARDENED, role, count) for role in StorageRole)
    assert light.frontier == archive.frontier
    root = root_of_frontier(combiner, light.frontier)
    for index in range(count):
        proof = answer_proof_request(combiner, archive, LeafIndex(index))
        verify_leaf(combiner, root, light.frontier.count, LeafIndex(index), content(index), proof)


@pytest.mark.parametrize("count", COUNTS)
def test_a_light_node_stores_the_peaks_and_an_archival_one_all_nodes(count: int) -> None:
    light, archive = (filled(HARDENED, role, count) for role in StorageRole)
    assert stored_values(light) == count.bit_count()
    assert 1 << stored_values(light) <= count + 1
    assert stored_values(archive) == node_count(count) == 2 * count - count.bit_count()


@pytest.mark.parametrize("count", COUNTS)
def test_a_light_node_proves_no_leaf_but_the_last_of_an_odd_count(count: int) -> None:
    light, archive = (filled(HARDENED, role, count) for role in StorageRole)
    assert archive.mountains is not None
    for index in range(count):
        if index == count - 1 and count % 2 == 1:
            combiner = HashCombiner(HARDENED)
            expected = prove_leaf(combiner, archive.mountains, LeafIndex(index))
            assert answer_proof_request(combiner, light, LeafIndex(index)) == expected
        else:
            assert code_for(HARDENED, light, index) is RejectionCode.NODE_NOT_STORED


@pytest.mark.parametrize("role", StorageRole)
@pytest.mark.parametrize("index", [-1, 11, 12])
def test_a_leaf_that_the_range_has_not_is_no_leaf_for_either_role(role: StorageRole, index: int) -> None:
    assert code_for(HARDENED, filled(HARDENED, role, 11), index) is RejectionCode.MMR_INDEX_OUT_OF_RANGE


@pytest.mark.parametrize("role", StorageRole)
def test_an_empty_store_has_no_leaf(role: StorageRole) -> None:
    store: Store[Hash32] = empty_store(HARDENED, role)
    assert stored_values(store) == 0
    assert code_for(HARDENED, store, 0) is RejectionCode.MMR_INDEX_OUT_OF_RANGE


@pytest.mark.parametrize("profile", [WITHOUT_ROLES, DOCUMENT], ids=lambda profile: profile.name)
def test_without_roles_nobody_can_prove_an_early_leaf(profile: Profile) -> None:
    for role in StorageRole:
        assert not keeps_all_nodes(profile, role)
        store = filled(profile, role, 8)
        assert stored_values(store) == 1
        assert code_for(profile, store, 0) is RejectionCode.NODE_NOT_STORED
    assert [keeps_all_nodes(HARDENED, role) for role in StorageRole] == [False, True]
