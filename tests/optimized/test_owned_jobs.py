"""Leaves in columns are taken in, completed and proved by those whom the reference lets, code by code."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.epoch import Assignment
from taifoon.core.leaf import MMRLeaf, completion_of
from taifoon.core.owners import OwnedJobs, owners, primary, replicas
from taifoon.primitives.types import ClusterId, Hash32, PublicKey
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized.contents import digests_of
from taifoon_optimized.leaf_columns import columns_of
from taifoon_optimized.owned_jobs import check_leaves, check_provers
from taifoon_optimized.owners import seated_clusters
from taifoon_optimized.verification import first_rejection

from .seated import KEYS, assignment, assignments, job

CODE = RejectionCode
AMONG = assignment([(number % 6, number % 3) for number in range(12)], [1, 1, 1, 1, 1, 0], 3)


@dataclass(frozen=True)
class Case:
    """A leaf, and the cluster that is about to hold it."""

    cluster: int
    leaf: MMRLeaf


def found_codes(jobs: OwnedJobs, cases: list[Case]) -> list[int]:
    """The codes of the columns."""
    codes = check_leaves(
        jobs.profile,
        seated_clusters(jobs.assignment),
        jobs.factor,
        columns_of(jobs.carried),
        digests_of(sorted(jobs.closed)),
        np.array([case.cluster for case in cases], np.int64),
        columns_of([case.leaf for case in cases]),
    )
    return [int(code) for code in codes]


def reference_codes(jobs: OwnedJobs, cases: list[Case]) -> list[int]:
    """The codes of the reference."""
    codes = []
    for case in cases:
        try:
            jobs.check_leaf(ClusterId(case.cluster), case.leaf)
            codes.append(0)
        except Rejected as rejected:
            codes.append(rejected.code.number)
    return codes


def taken_in(number: int, kind: int = 0) -> MMRLeaf:
    """The intake leaf that names its primary."""
    leaf = job(number, kind)
    first = primary(HARDENED, AMONG, leaf)
    return replace(leaf, assigned_cluster=ClusterId(0) if first is None else first)


def jobs_of(carried: tuple[MMRLeaf, ...] = (), closed: tuple[Hash32, ...] = (), factor: int = 2) -> OwnedJobs:
    return OwnedJobs(HARDENED, AMONG, factor, carried, frozenset(closed))


def test_each_rule_of_ownership_has_its_code() -> None:
    leaf, waiting, unprovable = taken_in(0), taken_in(1), taken_in(2, 3)
    first, second = owners(HARDENED, AMONG, leaf, 2)
    (stranger,) = {0, 1, 2} - {first, second}
    misnamed = replace(leaf, assigned_cluster=second)
    moved = replace(waiting, assigned_cluster=ClusterId(waiting.assigned_cluster + 1))
    done = completion_of(leaf, digest("proof"))
    jobs = jobs_of(carried=(waiting,), closed=(digest("closed"), taken_in(3).job_id))
    where = owners(HARDENED, AMONG, waiting, 2)[1]
    cases = [
        (0, Case(first, leaf)),
        (0, Case(second, leaf)),
        (0, Case(where, waiting)),
        (0, Case(second, done)),
        (CODE.JOB_FOREIGN.number, Case(first, misnamed)),
        (CODE.JOB_FOREIGN.number, Case(stranger, leaf)),
        (CODE.JOB_FOREIGN.number, Case(stranger, done)),
        (CODE.JOB_FOREIGN.number, Case(-1, leaf)),
        (CODE.JOB_FOREIGN.number, Case(3, leaf)),
        (CODE.JOB_ALREADY_TAKEN_IN.number, Case(where, moved)),
        (CODE.JOB_UNPROVABLE.number, Case(0, unprovable)),
        (CODE.JOB_CLOSED.number, Case(0, taken_in(3))),
    ]
    every = [case for _, case in cases]
    assert reference_codes(jobs, every) == [code for code, _ in cases]
    assert found_codes(jobs, every) == [code for code, _ in cases]
    refused = first_rejection(np.array(found_codes(jobs, every), np.uint16))
    assert refused == (4, CODE.JOB_FOREIGN)


def test_a_carried_job_with_another_commitment_is_another_leaf_only_if_it_is_complete() -> None:
    waiting = taken_in(1)
    for carried in ((waiting, completion_of(waiting, digest("proof"))), (completion_of(waiting, digest("proof")),)):
        jobs = jobs_of(carried=carried)
        cases = [Case(waiting.assigned_cluster, leaf) for leaf in (waiting, carried[-1])]
        assert found_codes(jobs, cases) == reference_codes(jobs, cases)


numbers = st.integers(0, 4)


@st.composite
def leaves(draw: st.DrawFn) -> MMRLeaf:
    leaf = replace(taken_in(draw(numbers), draw(st.integers(0, 1))), timestamp=draw(st.integers(0, 1)))
    if draw(st.booleans()):
        leaf = replace(leaf, assigned_cluster=ClusterId(draw(numbers)))
    return completion_of(leaf, digest("proof")) if draw(st.booleans()) else leaf


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    among=assignments(),
    carried=st.lists(leaves(), max_size=4),
    closed=st.frozensets(numbers, max_size=2),
    cases=st.lists(st.builds(Case, numbers, leaves()), max_size=8),
    factor=st.integers(1, 4),
)
def test_any_batch_is_judged_as_the_reference_judges_each(
    among: Assignment, carried: list[MMRLeaf], closed: frozenset[int], cases: list[Case], factor: int
) -> None:
    jobs = OwnedJobs(HARDENED, among, factor, tuple(carried), frozenset(job(number).job_id for number in closed))
    assert found_codes(jobs, cases) == reference_codes(jobs, cases)


def prover_codes(jobs: OwnedJobs, cases: list[Case], provers: list[PublicKey]) -> list[int]:
    codes = check_provers(
        jobs.profile,
        seated_clusters(jobs.assignment),
        jobs.factor,
        np.array([case.cluster for case in cases], np.int64),
        columns_of([case.leaf for case in cases]),
        digests_of(provers),
    )
    return [int(code) for code in codes]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    among=assignments(),
    asked=st.lists(st.tuples(st.builds(Case, numbers, leaves()), st.sampled_from(KEYS)), max_size=8),
    factor=st.integers(1, 4),
)
def test_who_may_prove_is_whom_the_reference_draws(
    among: Assignment, asked: list[tuple[Case, PublicKey]], factor: int
) -> None:
    jobs = OwnedJobs(HARDENED, among, factor, (), frozenset())
    expected = []
    for case, prover in asked:
        try:
            jobs.check_prover(ClusterId(case.cluster), case.leaf, prover)
            expected.append(0)
        except Rejected as rejected:
            expected.append(rejected.code.number)
    assert prover_codes(jobs, [case for case, _ in asked], [prover for _, prover in asked]) == expected


def test_a_replica_may_prove_for_its_own_cluster_alone() -> None:
    leaf, jobs = taken_in(0), jobs_of()
    for replica in replicas(HARDENED, AMONG, leaf, 2):
        cases = [Case(cluster, leaf) for cluster in range(3)]
        expected = [0 if cluster == replica.cluster else CODE.PROVER_NOT_DRAWN.number for cluster in range(3)]
        assert prover_codes(jobs, cases, [replica.seat.public_key] * 3) == expected


def test_a_profile_that_draws_nobody_is_named_and_so_are_wrong_columns() -> None:
    seated, columns = seated_clusters(AMONG), columns_of([taken_in(0)])
    where, provers = np.zeros(1, np.int64), digests_of(KEYS[:1])
    with pytest.raises(ValueError, match=Resolution.REPLICAS.value):
        check_provers(HARDENED.without(Resolution.REPLICAS), seated, 2, where, columns, provers)
    with pytest.raises(ValueError, match="provers"):
        check_provers(HARDENED, seated, 2, where, columns, digests_of(KEYS[:2]))
    with pytest.raises(ValueError, match="clusters"):
        check_leaves(HARDENED, seated, 2, columns, provers, np.zeros(2, np.int64), columns)
