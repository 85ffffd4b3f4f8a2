"""Individual mode: work that decides nothing, and that the cluster takes up by job id."""

from __future__ import annotations

import pytest

from taifoon.core.cluster_log import LogBlock, arrive, empty_cluster_log, finalise
from taifoon.core.leaf import MMRLeaf, completion_of
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.primitives.types import BlockNumber
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon.security.individual import (
    Log,
    ProvisionalResult,
    Synchronizer,
    is_completed,
    prove_alone,
    receive,
    resubmit,
)
from taifoon_models.jobs import completion, digest, intake
from taifoon_models.partitions import applied

COMBINER = HashCombiner(HARDENED)
MINE, OTHERS = digest("proof by me"), digest("proof by another")


def block(number: int, *leaves: MMRLeaf) -> LogBlock:
    return LogBlock(BlockNumber(number), digest(f"block {number}"), leaves)


def started(profile: Profile = HARDENED) -> Synchronizer:
    log: Log = empty_cluster_log()
    return Synchronizer(applied(HashCombiner(profile), log, block(1, intake(0), intake(1))))


@pytest.mark.parametrize("profile", [DOCUMENT, HARDENED.without(Resolution.PARTITION)], ids=lambda each: each.name)
def test_work_alone_leaves_the_log_and_literally_extends_it(profile: Profile) -> None:
    repaired = prove_alone(COMBINER, started(), intake(0), MINE)
    assert repaired.log == started().log
    assert repaired.provisional == (ProvisionalResult(intake(0), completion_of(intake(0), MINE)),)
    literal = prove_alone(HashCombiner(profile), started(profile), intake(0), MINE)
    assert literal.log.height == 2
    assert is_completed(literal.log, intake(0).job_id)


def test_a_job_is_proved_alone_once() -> None:
    member = prove_alone(COMBINER, started(), intake(0), MINE)
    assert prove_alone(COMBINER, member, intake(0), OTHERS) == member
    done = Synchronizer(finalise(COMBINER, started().log, block(2, completion(0))))
    assert prove_alone(COMBINER, done, intake(0), MINE) == done
    assert len(prove_alone(COMBINER, member, intake(1), MINE).provisional) == 2


def test_only_an_intake_can_be_proved() -> None:
    with pytest.raises(Rejected) as caught:
        prove_alone(COMBINER, started(), completion(0), MINE)
    assert caught.value.code is RejectionCode.LEAF_KIND


def test_resubmission_fills_the_mempool_and_is_idempotent() -> None:
    member = prove_alone(COMBINER, started(), intake(0), MINE)
    again = resubmit(COMBINER, member)
    assert again.log.mempool == (completion_of(intake(0), MINE),)
    assert (again.log.jobs, again.log.height) == (member.log.jobs, 1)
    assert again.provisional == member.provisional
    assert resubmit(COMBINER, again) == again


def test_a_job_that_nobody_else_has_comes_with_its_intake() -> None:
    member = resubmit(COMBINER, prove_alone(COMBINER, started(), intake(7), MINE))
    assert member.log.mempool == (intake(7), completion_of(intake(7), MINE))
    after = finalise(COMBINER, member.log, block(2, *member.log.mempool))
    assert is_completed(after, intake(7).job_id)


def test_a_job_that_the_cluster_has_completed_is_dropped() -> None:
    member = prove_alone(COMBINER, started(), intake(0), MINE)
    met = Synchronizer(finalise(COMBINER, member.log, block(2, completion(0))), member.provisional)
    assert resubmit(COMBINER, met) == Synchronizer(met.log)


def test_of_two_results_of_one_job_the_first_to_arrive_waits() -> None:
    mine, other = (ProvisionalResult(intake(0), completion_of(intake(0), proof)) for proof in (MINE, OTHERS))
    log = receive(COMBINER, receive(COMBINER, started().log, mine), other)
    assert log.mempool == (mine.completion,)
    assert receive(COMBINER, receive(COMBINER, started().log, other), mine).mempool == (other.completion,)


def test_a_result_is_kept_until_its_job_is_completed() -> None:
    member = resubmit(COMBINER, prove_alone(COMBINER, started(), intake(0), MINE))
    still = Synchronizer(finalise(COMBINER, member.log, block(2, intake(3))), member.provisional)
    assert resubmit(COMBINER, still).provisional == member.provisional
    taken = Synchronizer(finalise(COMBINER, still.log, block(3, completion_of(intake(0), MINE))), still.provisional)
    assert resubmit(COMBINER, taken).provisional == ()
    assert taken.log.mempool == ()


def test_a_waiting_completion_does_not_stand_for_the_intake() -> None:
    other = completion_of(intake(7), OTHERS)
    early = arrive(COMBINER, started().log, other)
    result = ProvisionalResult(intake(7), completion_of(intake(7), MINE))
    assert receive(COMBINER, early, result).mempool == (other, intake(7))
