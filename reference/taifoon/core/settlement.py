"""Sections 2.1 and 2.3: which completion of a job counts (R-2.1-2, R-1-6, C17).

Every owner may complete a job, and clusters do not agree with each other inside an epoch. The epoch block settles one
completion: that of the first owner, in the job's order, which has one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from icontract import ensure

from taifoon.primitives.encoding import U32, U64, Length
from taifoon.primitives.types import BlockNumber, ClusterId, Hash32
from taifoon.profile import Profile, Resolution


@dataclass(frozen=True, slots=True, order=True)
class Completion:
    """A completion leaf of a final block: the job, the cluster and block that hold it, the commitment to its result."""

    job_id: Annotated[Hash32, Length(32)]
    cluster: Annotated[ClusterId, U32]
    block_number: Annotated[BlockNumber, U64]
    commitment: Annotated[Hash32, Length(32)]


@dataclass(frozen=True, slots=True)
class OwnedJob:
    """A job and its owners in an epoch, in their order."""

    job_id: Hash32
    owners: tuple[ClusterId, ...]


def settles_one(profile: Profile) -> bool:
    """Rule: whether one completion of a job counts. Literally each cluster's does, whenever and however often."""
    return Resolution.JOB_LIFE in profile


def counted(profile: Profile, job: OwnedJob, completions: tuple[Completion, ...]) -> tuple[Completion, ...]:
    """Rule: of the completions of a job in an epoch, those that count.

    Literally all of them; repaired, the earliest of the first owner that has one.
    """
    if not settles_one(profile):
        return tuple(sorted(completions))
    for owner in job.owners:
        of_owner = sorted(each for each in completions if each.cluster == owner)
        if of_owner:
            return (of_owner[0],)
    return ()


@ensure(lambda result: result == tuple(sorted(result)))
def settle(
    profile: Profile, jobs: Iterable[OwnedJob], completions: Iterable[Completion], settled: Iterable[Completion]
) -> tuple[Completion, ...]:
    """The completions that an epoch block settles, by job; `settled` are those of earlier epochs.

    A function of sets: neither the order in which completions became known nor who asks makes a difference.
    """
    done = {each.job_id for each in settled} if settles_one(profile) else set()
    known = set(completions)
    return tuple(
        sorted(
            chosen
            for job in {job.job_id: job for job in jobs}.values()
            if job.job_id not in done
            for chosen in counted(profile, job, tuple(each for each in known if each.job_id == job.job_id))
        )
    )
