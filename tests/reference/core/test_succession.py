"""A chain is followed block by block, and only where one proof makes exactly these blocks final."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.epoch import committee_of_cluster
from taifoon.core.network_state import chain_of, jobs_of
from taifoon.core.owners import formation_of
from taifoon.core.quorum import quorum
from taifoon.core.succession import (
    ClusterChain,
    Stretch,
    collect_early,
    completions_of,
    follow,
    new_chain,
    uncertified_completions,
)
from taifoon.primitives.types import ClusterId
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.blocks import PROOFS, with_header
from taifoon_models.epochs import Setting, Work, job_leaf, network, setting, small_clusters
from taifoon_models.jobs import digest

PROFILE = small_clusters(HARDENED, 5)
CLUSTER = ClusterId(0)
NOW = setting(PROFILE, network(PROFILE, 5, 1), factor=1)
LEAVES = tuple(job_leaf(PROFILE, NOW.assignment, number) for number in range(2))
WORK: tuple[Work, ...] = ((LEAVES, ()), ((), ((LEAVES[0], NOW.drawn(LEAVES[0], CLUSTER)),)))
STRETCH = NOW.stretch(CLUSTER, WORK)


def followed(stretch: Stretch, now: Setting = NOW) -> ClusterChain:
    committee = committee_of_cluster(now.state.chain_id, now.assignment, CLUSTER)
    rules = jobs_of(now.profile, now.state, now.assignment, now.factor)
    formation = formation_of(now.assignment, CLUSTER, rules)
    return follow(now.profile, PROOFS, committee, formation, chain_of(now.state, CLUSTER), stretch)


def test_a_stretch_leads_to_its_last_block_and_leaves() -> None:
    after = followed(STRETCH)
    assert after.last == STRETCH.blocks[-1]
    assert after.log.height == 2
    assert after.log.jobs.leaves == tuple(leaf for block in STRETCH.blocks for leaf in block.proof_jobs)
    assert [each.job_id for each in completions_of(STRETCH)] == [LEAVES[0].job_id]
    assert uncertified_completions(after, (STRETCH,)) == ()
    assert uncertified_completions(after, ()) == (LEAVES[0].job_id,)


def test_a_silent_cluster_stays_where_it_is() -> None:
    assert followed(Stretch(CLUSTER, (), None)) == new_chain()


def altered(fault: str) -> Stretch:
    if fault == "no proof":
        return replace(STRETCH, proof=None)
    if fault == "a block too few":
        return replace(STRETCH, blocks=STRETCH.blocks[:1])
    if fault == "another block":
        return replace(STRETCH, blocks=(STRETCH.blocks[0], with_header(STRETCH.blocks[1], mmr_root=digest("x"))))
    return NOW.stretch(CLUSTER, WORK, range(quorum(PROFILE, 5) - 1))


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("no proof", RejectionCode.FINALITY_INCOMPLETE),
        ("a block too few", RejectionCode.FINALITY_PATH),
        ("another block", RejectionCode.FINALITY_PATH),
        ("a seat too few", RejectionCode.CERTIFICATE_NO_QUORUM),
    ],
)
def test_each_fault_of_a_stretch_is_refused(fault: str, code: RejectionCode) -> None:
    with pytest.raises(Rejected) as caught:
        followed(altered(fault))
    assert caught.value.code is code


def test_a_signed_block_that_is_not_valid_is_refused_only_with_the_rule() -> None:
    foreign = replace(job_leaf(PROFILE, NOW.assignment, 7), assigned_cluster=ClusterId(6))
    with pytest.raises(Rejected) as caught:
        followed(NOW.stretch(CLUSTER, (((foreign,), ()),)))
    assert caught.value.code is RejectionCode.JOB_FOREIGN
    literal = PROFILE.without(Resolution.BLOCK_VALIDITY)
    now = setting(literal, network(literal, 5, 1), factor=1)
    assert followed(now.stretch(CLUSTER, (((foreign,), ()),)), now).log.jobs.leaves == (foreign,)


def test_a_proposal_that_arrives_touches_no_log_but_without_the_rule() -> None:
    for profile, touched in ((PROFILE, 0), (PROFILE.without(Resolution.LOG_ORDER), 2)):
        after = collect_early(profile, new_chain(), STRETCH.blocks[0])
        assert len(after.log.jobs.leaves) == touched
