"""A member's log is a function of the finalised blocks: arrival fills the mempool, blocks fill the log."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.cluster_log import (
    BatchRecord,
    ClusterLog,
    LogBlock,
    arrive,
    empty_cluster_log,
    finalise,
    jobs_under_batch_peaks,
    mountains_of,
    state_root,
)
from taifoon.core.leaf import MMRLeaf
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import range_of
from taifoon.core.mmr.spans import Span
from taifoon.primitives.encoding import encode
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import BlockNumber, Hash32, LeafCount, LeafIndex
from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import blocks_of, completion, digest, intake

Log = ClusterLog[Hash32]
COMBINER = HashCombiner(HARDENED)
ON_ARRIVAL = HARDENED.without(Resolution.LOG_ORDER)


def block(number: int, *leaves: MMRLeaf) -> LogBlock:
    return LogBlock(BlockNumber(number), digest(f"block {number}"), leaves)


def applied(*blocks: LogBlock) -> Log:
    log: Log = empty_cluster_log()
    for each in blocks:
        log = finalise(COMBINER, log, each)
    return log


FIRST = block(1, intake(0), intake(1), completion(1))
SECOND = block(2, intake(2))
THIRD = block(3, completion(0), intake(3), completion(2))


@pytest.mark.parametrize("number", [0, 1, 3, 4])
def test_only_the_next_block_is_applied(number: int) -> None:
    log = applied(FIRST)
    with pytest.raises(Rejected) as caught:
        finalise(COMBINER, log, replace(SECOND, number=BlockNumber(number)))
    assert caught.value.code is RejectionCode.BLOCK_DISCONTINUOUS
    assert finalise(COMBINER, log, SECOND).height == 2


@pytest.mark.parametrize(
    ("leaves", "code"),
    [
        ((intake(5), completion(6)), RejectionCode.JOB_UNKNOWN),
        ((completion(0), completion(0)), RejectionCode.JOB_ALREADY_COMPLETED),
        ((completion(1),), RejectionCode.JOB_ALREADY_COMPLETED),
        ((intake(5), intake(5)), RejectionCode.JOB_ALREADY_TAKEN_IN),
        ((replace(completion(0), priority=1),), RejectionCode.LEAF_MISMATCH),
    ],
)
def test_a_block_with_one_bad_leaf_is_refused_whole(leaves: tuple[MMRLeaf, ...], code: RejectionCode) -> None:
    log = arrive(COMBINER, applied(FIRST), intake(5))
    with pytest.raises(Rejected) as caught:
        finalise(COMBINER, log, block(2, *leaves))
    assert caught.value.code is code
    assert log == arrive(COMBINER, applied(FIRST), intake(5))


def test_the_log_holds_the_leaves_of_the_blocks_in_their_order() -> None:
    log = applied(FIRST, SECOND, THIRD)
    assert log.jobs.leaves == (*FIRST.leaves, *SECOND.leaves, *THIRD.leaves)
    assert log.height == 3


def test_each_block_with_completions_gives_one_batch() -> None:
    log = applied(FIRST, SECOND, THIRD)
    assert log.records == (
        BatchRecord(FIRST.block_hash, LeafIndex(2), LeafIndex(2)),
        BatchRecord(THIRD.block_hash, LeafIndex(4), LeafIndex(6)),
    )
    assert log.batches == range_of(COMBINER, [encode(BatchRecord, record) for record in log.records])
    assert [len(encode(BatchRecord, record)) for record in log.records] == [48, 48]


def test_a_batch_peak_covers_the_completions_of_its_blocks() -> None:
    log = applied(FIRST, SECOND, THIRD)
    assert jobs_under_batch_peaks(HARDENED, log) == ((completion(1), completion(0), completion(2)),)
    more = finalise(COMBINER, log, block(4, completion(3)))
    assert jobs_under_batch_peaks(HARDENED, more) == (
        (completion(1), completion(0), completion(2)),
        (completion(3),),
    )


def test_without_a_batch_log_the_peaks_cover_intakes_too() -> None:
    log = applied(FIRST, SECOND, THIRD)
    covered = jobs_under_batch_peaks(HARDENED.without(Resolution.BATCH_LOG), log)
    assert [len(leaves) for leaves in covered] == [4, 2, 1]
    assert any(leaf.is_intake for leaves in covered for leaf in leaves)


def test_arrivals_wait_in_the_mempool_until_a_block_holds_them() -> None:
    log: Log = empty_cluster_log()
    for number in (2, 0, 1):
        log = arrive(COMBINER, log, intake(number))
    assert log.mempool == (intake(2), intake(0), intake(1))
    assert log.jobs.leaves == ()
    after = finalise(COMBINER, log, block(1, intake(0), intake(1)))
    assert after.mempool == (intake(2),)
    assert after.jobs.leaves == (intake(0), intake(1))


def test_what_arrived_changes_nothing_but_the_mempool() -> None:
    log: Log = empty_cluster_log()
    for number in (3, 2, 1, 0):
        log = arrive(COMBINER, log, intake(number))
    for each in (FIRST, SECOND, THIRD):
        log = finalise(COMBINER, log, each)
    assert replace(log, mempool=()) == applied(FIRST, SECOND, THIRD)


def test_without_an_order_of_the_log_arrival_is_what_fills_it() -> None:
    combiner = HashCombiner(ON_ARRIVAL)
    log: Log = empty_cluster_log()
    for number in (2, 0):
        log = arrive(combiner, log, intake(number))
    assert log.jobs.leaves == (intake(2), intake(0))
    assert log.mempool == ()
    after = finalise(combiner, log, block(1, intake(0)))
    assert (after.jobs, after.height) == (log.jobs, 1)
    with pytest.raises(Rejected) as caught:
        arrive(combiner, log, intake(2))
    assert caught.value.code is RejectionCode.JOB_ALREADY_TAKEN_IN


def test_the_state_root_commits_to_jobs_and_batches() -> None:
    jobs, batches, other = digest("jobs"), digest("batches"), digest("other")
    assert state_root(HARDENED, jobs, batches) == hash_role(HARDENED, Role.STATE, jobs + batches)
    assert len({state_root(HARDENED, *pair) for pair in [(jobs, batches), (batches, jobs), (jobs, other)]}) == 3
    without = HARDENED.without(Resolution.BATCH_LOG)
    assert state_root(without, jobs, batches) == state_root(DOCUMENT, jobs, other) == jobs


@pytest.mark.parametrize("count", range(33))
def test_mountains_are_aligned_powers_of_two_from_left_to_right(count: int) -> None:
    spans = mountains_of(LeafCount(count))
    assert [index for span in spans for index in range(span.start, span.stop)] == list(range(count))
    assert all(span.start % span.size == 0 and span.size.bit_count() == 1 for span in spans)
    assert [span.size for span in spans] == sorted({span.size for span in spans}, reverse=True)


def test_eleven_leaves_stand_under_three_peaks() -> None:
    assert mountains_of(LeafCount(11)) == (Span(0, 8), Span(8, 10), Span(10, 11))


def test_blocks_without_leaves_count_but_add_nothing() -> None:
    log = applied(*blocks_of([[0, 0], [1, 0], [0, 0]]))
    assert (log.height, log.jobs.leaves, log.records) == (3, (intake(0),), ())
