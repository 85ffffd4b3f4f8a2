"""Section 2.1: the log is append-only, the same at every member, and its batch peaks cover completed batches."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

from taifoon.core.cluster_log import (
    BatchRecord,
    ClusterLog,
    LogBlock,
    appends_on_arrival,
    arrive,
    empty_cluster_log,
    finalise,
    jobs_under_batch_peaks,
)
from taifoon.core.job_log import JobLog, complete, empty_job_log, record, take_in
from taifoon.core.leaf import MMRLeaf, ProofType, leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import prove_consistency, verify_consistency
from taifoon.core.mmr.inclusion import prove_leaf, verify_leaf
from taifoon.core.mmr.mountains import frontier_of_range, range_of, root_of_range
from taifoon.primitives.encoding import encode
from taifoon.primitives.types import Hash32, LeafIndex
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.jobs import Shape, blocks_of, completion, digest, intake, shapes
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Technique, Verdict, conclude

JOBS_UP_TO = bound(12, 40)
ARRIVALS_UP_TO = bound(4, 5)


@scenario("log/completion-rewrites")
def completion_rewrites_the_past(profile: Profile, trace: Trace, *, jobs: int, completed: int) -> bool:
    """Completing a job changes a leaf or node that was already there, so proofs and roots made before are dead."""
    combiner = HashCombiner(profile)
    log: JobLog[Hash32] = empty_job_log()
    for number in range(jobs):
        log = take_in(combiner, log, intake(number))
    old_root = root_of_range(combiner, log.mountains)
    trace.state("take in", jobs=jobs, leaves=len(log.leaves), root=old_root, changed_leaves=(), changed_nodes=())
    after = complete(combiner, log, digest(f"job {completed}"), digest(f"proof {completed}"))
    changed_leaves = changed(log.leaves, after.leaves)
    changed_nodes = changed(log.mountains.nodes, after.mountains.nodes)
    trace.state(
        f"complete job {completed}",
        leaves=len(after.leaves),
        root=root_of_range(combiner, after.mountains),
        changed_leaves=changed_leaves,
        changed_nodes=changed_nodes,
    )
    return bool(changed_leaves or changed_nodes) or not past_is_proved(combiner, log, after, trace)


@scenario("log/false-completion")
def false_completion_recorded(profile: Profile, trace: Trace, *, field: str) -> bool:
    """A completion leaf is recorded although it differs from its intake in more than the commitment."""
    combiner = HashCombiner(profile)
    log = take_in(combiner, empty_job_log(), intake(0))
    other = {"job_type": ProofType.GROTH16, "priority": 0}.get(field, 7)
    leaf = replace(completion(0), **{field: other})  # type: ignore[arg-type]
    trace.state("take in", leaves=len(log.leaves))
    try:
        record(combiner, log, leaf)
    except Rejected as rejected:
        trace.state(f"complete with another {field}", code=rejected.code.name)
        return False
    trace.state(f"complete with another {field}", recorded=True)
    return True


ALTERED = ("job_type", "source_chain", "target_chain", "timestamp", "priority", "assigned_cluster")


def changed(before: tuple[object, ...], after: tuple[object, ...]) -> tuple[int, ...]:
    """Places at which something is no longer what it was."""
    return tuple(place for place, value in enumerate(before) if place >= len(after) or after[place] != value)


def past_is_proved(combiner: HashCombiner, before: JobLog[Hash32], after: JobLog[Hash32], trace: Trace) -> bool:
    """Whether the longer log proves that it extends the shorter one, and still proves each of its leaves."""
    old, new = before.mountains, after.mountains
    root = root_of_range(combiner, new)
    try:
        proof = prove_consistency(combiner, new, old.count)
        verify_consistency(combiner, old.count, root_of_range(combiner, old), new.count, root, proof)
        for index, leaf in enumerate(before.leaves):
            place = LeafIndex(index)
            verify_leaf(combiner, root, new.count, place, leaf_content(leaf), prove_leaf(combiner, new, place))
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return False
    return True


@theorem(
    "T-M2",
    requirements=("R-2.1-1", "R-2.1-9", "R-0-1"),
    needs={Resolution.LEAF_IMMUTABLE},
    technique=Technique.EXHAUSTIVE,
)
def the_log_is_append_only(profile: Profile) -> Verdict:
    """Each completion in each log up to a bound leaves all leaves and nodes, and every old leaf stays provable."""
    return conclude(
        exhaust(
            profile,
            "log/completion-rewrites",
            f"every completion in every log of 1 to {JOBS_UP_TO} jobs",
            ({"jobs": jobs, "completed": completed} for jobs in range(1, JOBS_UP_TO + 1) for completed in range(jobs)),
        ),
        exhaust(
            profile, "log/false-completion", "each other field of a completion altered", ({"field": f} for f in ALTERED)
        ),
    )


@scenario("log/arrival-order")
def arrival_order_decides(profile: Profile, trace: Trace, *, first: list[int], second: list[int], cuts: Shape) -> bool:
    """Two members that applied the same blocks hold different ranges, because jobs reached them in different order."""
    combiner = HashCombiner(profile)
    blocks = blocks_of(cuts)
    members: list[ClusterLog[Hash32]] = []
    for name, order in (("A", first), ("B", second)):
        member: ClusterLog[Hash32] = empty_cluster_log()
        for number in order:
            member = arrive(combiner, member, intake(number))
        for block in blocks:
            member = finalise(combiner, member, block)
        members.append(member)
        trace.state(
            f"member {name}",
            arrivals=tuple(order),
            height=member.height,
            leaves=member.jobs.mountains.count,
            peaks=frontier_of_range(member.jobs.mountains).peaks,
            root=root_of_range(combiner, member.jobs.mountains),
        )
    left, right = members
    waiting = [leaf for member in members for leaf in member.mempool if leaf in member.jobs.leaves]
    return bool(waiting) or (left.jobs, left.batches, left.height) != (right.jobs, right.batches, right.height)


@theorem(
    "T-M1",
    requirements=("R-2.1-10", "R-2.1-12", "R-2.2-2"),
    needs={Resolution.LOG_ORDER},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2",),
)
def equal_height_means_equal_range(profile: Profile) -> Verdict:
    """Every order of arrival of a few jobs at two members, and every division of the jobs into blocks.

    Agreement on the blocks themselves is what the consensus theorems give; here the log is shown to be a function of
    the blocks alone.
    """
    return exhaust(
        profile,
        "log/arrival-order",
        f"every order of arrival of 1 to {ARRIVALS_UP_TO} jobs at two members, over every division into blocks",
        (
            {"first": list(first), "second": list(second), "cuts": cuts}
            for jobs in range(1, ARRIVALS_UP_TO + 1)
            for cuts in divisions(jobs)
            for first in permutations(range(jobs))
            for second in permutations(range(jobs))
        ),
    )


def divisions(jobs: int) -> list[Shape]:
    """Every division of jobs into blocks without empty ones, each block completing one earlier job."""
    if jobs == 0:
        return [[]]
    return [[*rest, [size, 1]] for size in range(1, jobs + 1) for rest in divisions(jobs - size)]


@scenario("log/batch-peaks")
def peaks_cover_other_than_batches(profile: Profile, trace: Trace, *, cuts: Shape) -> bool:
    """A peak that represents completed batches covers a job that is not completed, or completed jobs go uncovered."""
    combiner = HashCombiner(profile)
    log: ClusterLog[Hash32] = empty_cluster_log()
    blocks = blocks_of(cuts)
    for block in blocks:
        if appends_on_arrival(profile):
            for leaf in block.leaves:
                log = arrive(combiner, log, leaf)
        log = finalise(combiner, log, block)
    covered = jobs_under_batch_peaks(profile, log)
    shown = tuple(tuple(name_of(leaf, blocks) for leaf in peak) for peak in covered)
    batches = [tuple(leaf for leaf in block.leaves if not leaf.is_intake) for block in blocks]
    expected = tuple(leaf for batch in batches for leaf in batch)
    trace.state("finalise", blocks=tuple(map(tuple, cuts)), batches=len([batch for batch in batches if batch]))
    trace.state("peaks", covers=shown)
    in_order = tuple(leaf for peak in covered for leaf in peak)
    if in_order != expected or not all(whole_batches(peak, batches) for peak in covered):
        return True
    return not appends_on_arrival(profile) and log.batches != range_of(combiner, batch_leaves(blocks))


def batch_leaves(blocks: tuple[LogBlock, ...]) -> list[bytes]:
    """What the batch accumulator has to hold, counted from the blocks alone."""
    leaves, held = [], 0
    for block in blocks:
        places = [held + place for place, leaf in enumerate(block.leaves) if not leaf.is_intake]
        held += len(block.leaves)
        if places:
            batch = BatchRecord(block.block_hash, LeafIndex(places[0]), LeafIndex(places[-1]))
            leaves.append(encode(BatchRecord, batch))
    return leaves


def name_of(leaf: MMRLeaf, blocks: tuple[LogBlock, ...]) -> str:
    """What a leaf records, for the trace."""
    number = next(block.number for block in blocks if leaf in block.leaves)
    return f"{'intake' if leaf.is_intake else 'completion'} in block {number}"


def whole_batches(peak: tuple[MMRLeaf, ...], batches: list[tuple[MMRLeaf, ...]]) -> bool:
    """Whether a peak covers each batch wholly or not at all."""
    return all(not set(batch) & set(peak) or set(batch) <= set(peak) for batch in batches)


@theorem(
    "T-M4",
    requirements=("R-2.1-11",),
    needs={Resolution.BATCH_LOG},
    technique=Technique.EXHAUSTIVE,
)
def batch_peaks_cover_batches(profile: Profile) -> Verdict:
    """Every history of up to 3 blocks with up to 2 intakes and completions each, and of up to 5 with up to 1.

    The peaks of the batch accumulator cover exactly the completions of finalised blocks, in order, each block wholly.
    """
    return conclude(
        *(
            exhaust(
                profile,
                "log/batch-peaks",
                f"every history of {blocks} blocks with up to {greatest} intakes and completions each",
                ({"cuts": cuts} for cuts in shapes(blocks, greatest)),
            )
            for blocks, greatest in ((1, 2), (2, 2), (3, 2), (4, 1), (5, 1))
        )
    )
