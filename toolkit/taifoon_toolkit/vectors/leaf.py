"""Vectors of the life of a job in the range: intake, completion, and the log that keeps both (RES-LEAF2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core.job_log import JobLog, empty_job_log, record
from taifoon.core.leaf import MMRLeaf, completion_of
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import root_of_range
from taifoon.primitives.types import Hash32
from taifoon.profile import HARDENED, Profile, Suite
from taifoon.rejection import Rejected, RejectionCode
from taifoon_toolkit.vectors.case import Case, Double, Sibling, Step, Trace
from taifoon_toolkit.vectors.encoding import sample_leaf
from taifoon_toolkit.vectors.method import MACHINES, Machine, method, with_suite
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Large

SECTION = "2.1"


@dataclass(frozen=True, slots=True)
class Completing:
    """A leaf of a job, and the commitment to its proof."""

    leaf: MMRLeaf
    commitment: Digest


@dataclass(frozen=True, slots=True)
class Completed:
    """A completion leaf."""

    leaf: MMRLeaf


@dataclass(frozen=True, slots=True)
class Begin:
    """An empty log in a suite."""

    suite: Suite


@dataclass(frozen=True, slots=True)
class LogState:
    """What a log commits to, and the jobs that it has taken in and not completed, in order."""

    count: Large
    root: Digest
    open_jobs: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class Log:
    """A log with the suite that it hashes in."""

    suite: Suite
    log: JobLog[Hash32]


@method("leaf.complete", SECTION, "R-2.1-9", "RES-LEAF2")
def complete(profile: Profile, given: Completing) -> Completed:
    """The completion leaf of a job."""
    return Completed(completion_of(given.leaf, Hash32(given.commitment)))


def begin(profile: Profile, given: Begin) -> Log:
    """An empty log."""
    return Log(given.suite, empty_job_log())


def take(profile: Profile, state: Log, event: MMRLeaf) -> Log:
    """The log with one more leaf."""
    return replace(state, log=record(HashCombiner(with_suite(profile, state.suite)), state.log, event))


def shown(state: Log) -> LogState:
    """What a log commits to."""
    combiner = HashCombiner(with_suite(HARDENED, state.suite))
    completed = {leaf.job_id for leaf in state.log.leaves if not leaf.is_intake}
    waiting = tuple(leaf.job_id for leaf in state.log.leaves if leaf.job_id not in completed)
    return LogState(len(state.log.leaves), root_of_range(combiner, state.log.mountains), waiting)


MACHINES["job_log"] = Machine(
    "job_log",
    SECTION,
    ("R-2.1-9", "R-2.1-2", "R-2.1-10", "RES-LEAF2"),
    "A log of jobs: an event is a leaf, an intake or a completion.",
    Begin,
    MMRLeaf,
    LogState,
    begin,
    take,
    shown,
)

_LEAVES = "taifoon.core.job_log:"


def first_of_job(log: JobLog[Hash32], job_id: Hash32) -> MMRLeaf:
    """The intake leaf of a job, completed or not."""
    for leaf in log.leaves:
        if leaf.job_id == job_id:
            return leaf
    raise Rejected(RejectionCode.JOB_UNKNOWN, "no leaf at all")


COMPLETES_AGAIN = Double("completes a job again", f"{_LEAVES}intake_of", first_of_job)


def cases() -> Iterator[Case | Trace]:
    """All cases of this subject."""
    stream = Stream("vectors/job-log")
    leaves = [sample_leaf(stream) for _ in range(5)]
    for number, leaf in enumerate(leaves[:3]):
        yield Case("leaf.complete", f"intake-{number}", Completing(leaf, stream.octets(32)))
    done = completion_of(leaves[0], Hash32(stream.octets(32)))
    sibling = Sibling(Completing(leaves[0], bytes(32)), "the commitment filled in")
    yield Case("leaf.complete", "completed", Completing(done, bytes(32)), RejectionCode.LEAF_KIND, sibling)
    for suite in Suite:
        steps = [Step(leaf) for leaf in leaves[:3]]
        steps.append(Step(completion_of(leaves[1], Hash32(b"\x01" * 32))))
        steps += [Step(leaves[3]), Step(done), Step(completion_of(leaves[3], Hash32(bytes(32))))]
        yield Trace("job_log", f"{suite.value}-whole-life", Begin(suite), tuple(steps))
    start: Any = Begin(Suite.BLAKE3)
    again = replace(done, proof_commitment=Hash32(b"\x02" * 32))
    twice = Step(again, RejectionCode.JOB_ALREADY_COMPLETED, COMPLETES_AGAIN)
    yield Trace("job_log", "completed-twice", start, (Step(leaves[0]), Step(done), twice, Step(leaves[1])))
    retaken = Step(leaves[0], RejectionCode.JOB_ALREADY_TAKEN_IN, Sibling(leaves[1], "another job"))
    yield Trace("job_log", "taken-in-twice", start, (Step(leaves[0]), retaken, Step(done)))
    unknown = Step(done, RejectionCode.JOB_UNKNOWN, Sibling(leaves[0], "the commitment filled in"))
    yield Trace("job_log", "completed-unknown", start, (unknown, Step(leaves[0]), Step(done)))
    other = replace(done, priority=done.priority ^ 1)
    mismatch = Step(other, RejectionCode.LEAF_MISMATCH, Sibling(done, "another priority"))
    yield Trace("job_log", "completed-with-change", start, (Step(leaves[0]), mismatch, Step(done)))
