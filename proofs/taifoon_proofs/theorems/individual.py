"""Section 6.1: what a synchronizer does alone decides nothing, and is merged by job id."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from taifoon.core.cluster_log import LogBlock, empty_cluster_log
from taifoon.core.leaf import MMRLeaf
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.primitives.types import BlockNumber
from taifoon.profile import Profile, Resolution
from taifoon.security.individual import Log, Synchronizer, is_completed, prove_alone, receive, resubmit
from taifoon.security.partition import goes_on
from taifoon_models.jobs import completion, digest, intake
from taifoon_models.partitions import applied, takeable
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict

SEATS = 5


def block_of(number: int, *leaves: MMRLeaf) -> LogBlock:
    """A block of the cluster."""
    return LogBlock(BlockNumber(number), digest(f"block {number}"), leaves)


@scenario("individual/final-alone")
def work_alone_decides(
    profile: Profile, trace: Trace, *, lone: list[list[int]], meanwhile: list[int], late: int, leader: int
) -> bool:
    """Work of members that are cut off is final or rewarded without the cluster, or is not merged by job id.

    Jobs 0 and 1 are taken in by all. Each list of `lone` is a member that is cut off and proves these jobs; job 2 comes
    from a client that reaches nobody else. The others complete `meanwhile`, if they go on. After healing every result
    is sent to everyone twice, or not at all to member `late`, and `leader` proposes what waits in its mempool.
    """
    combiner = HashCombiner(profile)
    start: Log = applied(combiner, empty_cluster_log(), block_of(1, intake(0), intake(1)))
    members = [Synchronizer(start) for _ in lone]
    rest = start
    trace.state("cut off", lone=len(lone), log=rest.height)
    for place, jobs in enumerate(lone):
        for job in jobs:
            members[place] = prove_alone(combiner, members[place], intake(job), digest(f"proof {job} by {place}"))
        log = members[place].log
        trace.state(f"member {place} proves {jobs}", height=log.height, leaves=len(log.jobs.leaves))
        if (log.jobs, log.batches, log.records, log.height) != (start.jobs, start.batches, start.records, 1):
            return True
    if goes_on(profile, SEATS, SEATS - len(lone)) and meanwhile:
        block = block_of(2, *(completion(job) for job in meanwhile))
        rest = applied(combiner, rest, block)
        members = [Synchronizer(applied(combiner, each.log, block), each.provisional) for each in members]
    trace.state("heal", height=rest.height)
    members = [resubmit(combiner, member) for member in members]
    if [resubmit(combiner, member) for member in members] != members:
        return True
    logs = [rest, *(member.log for member in members)]
    for place, log in enumerate(logs):
        results = () if place == late else tuple(result for member in members for result in member.provisional * 2)
        for result in results:
            log = receive(combiner, log, result)
        logs[place] = log
    proposed = block_of(rest.height + 1, *takeable(combiner, logs[leader]))
    logs = [applied(combiner, log, proposed) for log in logs]
    trace.state(f"{leader} leads", leaves=len(proposed.leaves), height=logs[0].height)
    return len({(log.jobs, log.batches, log.records) for log in logs}) > 1 or misses(logs, leader, late, lone)


def misses(logs: list[Log], leader: int, late: int, lone: list[list[int]]) -> bool:
    """Whether a job has two completions, or one that reached the leader in time has none."""
    completed = [leaf.job_id for leaf in logs[0].jobs.leaves if not leaf.is_intake]
    due = {digest(f"job {job}") for jobs in lone for job in jobs} if leader != late else set()
    return len(set(completed)) < len(completed) or not all(is_completed(logs[0], job_id) for job_id in due)


def histories() -> Iterator[dict[str, Json]]:
    """One or two members cut off, each with one or two results, and what the others complete in the meantime."""
    works = ([0], [1], [2], [0, 1], [1, 0], [0, 2])
    for lone in (*([work] for work in works), *(list(pair) for pair in product(works, repeat=2))):
        for meanwhile in ([], [0], [0, 1]):
            for leader, late in product(range(len(lone) + 1), range(-1, len(lone) + 1)):
                yield {"lone": list(map(list, lone)), "meanwhile": meanwhile, "late": late, "leader": leader}


@theorem(
    "T-F2",
    requirements=("R-6.1-8",),
    needs={Resolution.PARTITION},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2",),
)
def individual_results_are_provisional(profile: Profile) -> Verdict:
    """Small partitions of a cluster of five: every pair of works done alone, and every leader after healing.

    The log, its batches and its height, from which certificates and rewards follow, stay what the cluster's blocks made
    them. Results are sent again and again, and each job ends with one completion at everyone.
    """
    return exhaust(
        profile,
        "individual/final-alone",
        "one or two members alone with one or two results each, up to two jobs completed without them, every leader",
        histories(),
    )
