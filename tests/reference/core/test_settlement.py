"""One completion of a job counts: that of the first owner that has one, whatever the order of learning."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.settlement import Completion, OwnedJob, settle
from taifoon.primitives.types import BlockNumber, ClusterId
from taifoon.profile import HARDENED, Resolution
from taifoon_models.jobs import digest

EACH = HARDENED.without(Resolution.JOB_LIFE)


def completion(job: int, cluster: int, block: int = 1) -> Completion:
    return Completion(
        digest(f"job {job}"), ClusterId(cluster), BlockNumber(block), digest(f"result {job} {cluster} {block}")
    )


def job(number: int, *clusters: int) -> OwnedJob:
    return OwnedJob(digest(f"job {number}"), tuple(ClusterId(cluster) for cluster in clusters))


def test_the_first_owner_that_has_a_completion_settles_and_all_do_only_without_the_rule() -> None:
    known = (completion(1, 0), completion(1, 2))
    assert settle(HARDENED, (job(1, 2, 0),), known, ()) == (completion(1, 2),)
    assert settle(HARDENED, (job(1, 1, 0, 2),), known, ()) == (completion(1, 0),)
    assert settle(EACH, (job(1, 2, 0),), known, ()) == tuple(sorted(known))


def test_who_does_not_own_a_job_settles_nothing() -> None:
    assert settle(HARDENED, (job(1, 1),), (completion(1, 0),), ()) == ()
    assert settle(HARDENED, (), (completion(1, 0),), ()) == ()


def test_what_is_settled_is_not_settled_again_but_without_the_rule() -> None:
    assert settle(HARDENED, (job(1, 0),), (completion(1, 0, 5),), (completion(1, 1),)) == ()
    assert settle(EACH, (job(1, 0),), (completion(1, 0, 5),), (completion(1, 1),)) == (completion(1, 0, 5),)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(st.data())
def test_the_order_and_the_number_of_times_of_learning_do_not_count(data: st.DataObject) -> None:
    jobs = tuple(job(number, *data.draw(st.permutations(range(3)))) for number in range(3))
    pairs = st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(1, 3))
    known = tuple(completion(*each) for each in data.draw(st.lists(pairs, max_size=8)))
    again = tuple(data.draw(st.permutations((*known, *known[:2]))))
    settled = settle(HARDENED, jobs, known, ())
    assert settled == settle(HARDENED, tuple(reversed(jobs)), again, ())
    assert len({each.job_id for each in settled}) == len(settled)
    assert {each.job_id for each in settled} == {each.job_id for each in known}
