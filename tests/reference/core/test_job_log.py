"""A job is taken in once and completed once, and every other event is refused and leaves the log as it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from taifoon.core.job_log import JobLog, complete, completed_leaves, empty_job_log, intake_of, record, take_in
from taifoon.core.leaf import MMRLeaf, ProofType, leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import range_of
from taifoon.primitives.types import ChainId, ClusterId, Hash32, Millis
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import completion, digest, intake

Log = JobLog[Hash32]
PENDING, DONE, UNKNOWN = 0, 1, 2
REWRITING = HARDENED.without(Resolution.LEAF_IMMUTABLE)


def log_of(profile: Profile) -> Log:
    """Two jobs are taken in; the second is completed."""
    combiner = HashCombiner(profile)
    log: Log = empty_job_log()
    for number in (PENDING, DONE):
        log = take_in(combiner, log, intake(number))
    return record(combiner, log, completion(DONE))


@dataclass(frozen=True, slots=True)
class Event:
    """An event that the log refuses, with its code."""

    what: str
    code: RejectionCode
    attempt: Callable[[HashCombiner, Log], object]

    def __str__(self) -> str:
        return self.what.replace(" ", "-")


def completed(number: int) -> Callable[[HashCombiner, Log], object]:
    return lambda combiner, log: complete(combiner, log, digest(f"job {number}"), digest("another proof"))


def recorded(leaf: MMRLeaf) -> Callable[[HashCombiner, Log], object]:
    return lambda combiner, log: record(combiner, log, leaf)


REFUSED = [
    Event("completion of an unknown job", RejectionCode.JOB_UNKNOWN, completed(UNKNOWN)),
    Event("completion leaf of an unknown job", RejectionCode.JOB_UNKNOWN, recorded(completion(UNKNOWN))),
    Event("second completion", RejectionCode.JOB_ALREADY_COMPLETED, completed(DONE)),
    Event("second completion leaf", RejectionCode.JOB_ALREADY_COMPLETED, recorded(completion(DONE))),
    Event("second intake", RejectionCode.JOB_ALREADY_TAKEN_IN, recorded(intake(PENDING))),
    Event("intake of a completed job", RejectionCode.JOB_ALREADY_TAKEN_IN, recorded(intake(DONE))),
    Event(
        "second intake with another time",
        RejectionCode.JOB_ALREADY_TAKEN_IN,
        recorded(replace(intake(PENDING), timestamp=Millis(1))),
    ),
    Event(
        "completion taken in as a new job",
        RejectionCode.LEAF_KIND,
        lambda combiner, log: take_in(combiner, log, completion(UNKNOWN)),
    ),
]

OTHER_VALUES: dict[str, Any] = {
    "job_type": ProofType.GROTH16,
    "source_chain": ChainId(2),
    "target_chain": ChainId(2),
    "timestamp": Millis(2),
    "priority": 2,
    "assigned_cluster": ClusterId(2),
}


@pytest.mark.parametrize("profile", [HARDENED, REWRITING, DOCUMENT], ids=lambda profile: profile.name)
@pytest.mark.parametrize("event", REFUSED, ids=str)
def test_each_event_is_refused_with_its_own_code_and_changes_nothing(event: Event, profile: Profile) -> None:
    log = log_of(profile)
    with pytest.raises(Rejected) as caught:
        event.attempt(HashCombiner(profile), log)
    assert caught.value.code is event.code
    assert log == log_of(profile)


@pytest.mark.parametrize("field", OTHER_VALUES)
def test_a_completion_leaf_that_differs_elsewhere_is_no_completion_of_its_intake(field: str) -> None:
    leaf = replace(completion(PENDING), **{field: OTHER_VALUES[field]})
    with pytest.raises(Rejected) as caught:
        record(HashCombiner(HARDENED), log_of(HARDENED), leaf)
    assert caught.value.code is RejectionCode.LEAF_MISMATCH
    record(HashCombiner(HARDENED), log_of(HARDENED), completion(PENDING))


def test_intake_and_completion_are_two_leaves_of_the_range() -> None:
    log = log_of(HARDENED)
    assert log.leaves == (intake(PENDING), intake(DONE), completion(DONE))
    assert log.mountains == range_of(HashCombiner(HARDENED), [leaf_content(leaf) for leaf in log.leaves])
    assert intake_of(log, digest(f"job {PENDING}")) == intake(PENDING)


def test_without_immutable_leaves_the_intake_is_overwritten() -> None:
    log = log_of(REWRITING)
    assert log.leaves == (intake(PENDING), completion(DONE))
    assert log.mountains == range_of(HashCombiner(REWRITING), [leaf_content(leaf) for leaf in log.leaves])


@pytest.mark.parametrize("number", [PENDING, DONE])
def test_the_rule_on_completions_adds_or_rewrites(number: int) -> None:
    before = (intake(PENDING), intake(DONE))
    assert completed_leaves(HARDENED, before, completion(number)) == (*before, completion(number))
    rewritten = completed_leaves(REWRITING, before, completion(number))
    assert [leaf.is_intake for leaf in rewritten] == [number != PENDING, number != DONE]


def test_recording_an_event_is_taking_in_or_completing() -> None:
    combiner = HashCombiner(HARDENED)
    log = take_in(combiner, empty_job_log(), intake(PENDING))
    assert record(combiner, empty_job_log(), intake(PENDING)) == log
    commitment = completion(PENDING).proof_commitment
    assert commitment is not None
    assert record(combiner, log, completion(PENDING)) == complete(combiner, log, intake(PENDING).job_id, commitment)
