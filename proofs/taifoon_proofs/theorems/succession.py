"""Sections 2.3 and 2.4: one chain through all epochs, followed by certificates alone, closed by all stake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise, product

from taifoon.core.accountability import FinalityProof, find_guilt
from taifoon.core.block import ClusterBlock, block_hash, genesis_hash
from taifoon.core.epoch import committee_of_cluster, committee_of_epoch
from taifoon.core.epoch_block import epoch_genesis
from taifoon.core.leaf import MMRLeaf
from taifoon.core.network_state import EpochRecord, NetworkState, answered, catch_up, chain_of, jobs_of, turn
from taifoon.core.owners import formation_of, owners
from taifoon.core.quorum import quorum
from taifoon.core.succession import Stretch, collect_early, follow, uncertified_completions
from taifoon.primitives.types import ClusterId
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.blocks import PROOFS
from taifoon_models.epochs import Setting, Work, job_leaf, network, setting, small_clusters, usual_choice, worked
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

EPOCHS_UP_TO = bound(3, 4)
HOLDERS = 9
TARGET = 3


def plan(now: Setting, busy: list[int], first_job: int) -> dict[int, tuple[Work, ...]]:
    """Each busy cluster takes in a job that it owns alone or with others, and completes it in a second block."""
    work: dict[int, tuple[Work, ...]] = {}
    numbers = iter(range(first_job, first_job + 200))
    for cluster in busy:
        if cluster >= len(now.assignment.clusters):
            continue
        leaf = next(
            leaf for leaf in (job_leaf(now.profile, now.assignment, n) for n in numbers) if owned(now, leaf, cluster)
        )
        work[cluster] = (((leaf,), ()), ((), ((leaf, now.drawn(leaf, ClusterId(cluster))),)))
    return work


def owned(now: Setting, leaf: MMRLeaf, cluster: int) -> bool:
    """Whether a cluster owns a job, with a replica of its own."""
    return leaf.assigned_cluster == cluster and cluster in owners(now.profile, now.assignment, leaf, now.factor)


@cache
def history(
    profile: Profile, steps: tuple[int, ...], busy: tuple[tuple[int, ...], ...]
) -> tuple[tuple[NetworkState, ...], tuple[EpochRecord, ...]]:
    """The states and records of epochs in which these clusters worked, and the count then moved so."""
    if not steps:
        return (network(profile, HOLDERS, 2),), ()
    states, records = history(profile, steps[:-1], busy[:-1])
    now = setting(profile, states[-1], factor=1)
    choice = usual_choice(now.state, profile, step=steps[-1])
    after, record = worked(now, plan(now, list(busy[-1]), 1_000 * len(records)), choice)
    return (*states, after), (*records, record)


def blocks_of_cluster(records: tuple[EpochRecord, ...], cluster: int) -> tuple[tuple[ClusterBlock, ...], ...]:
    """The blocks of a cluster, epoch by epoch."""
    return tuple(
        next((stretch.blocks for stretch in record.stretches if stretch.cluster == cluster), ()) for record in records
    )


@scenario("chain/broken-succession")
def succession_is_broken(profile: Profile, trace: Trace, *, steps: list[int], busy: list[list[int]]) -> bool:
    """A cluster's numbers have a gap, a beginning binds nothing before it, or a removed cluster is not marked."""
    network_profile = small_clusters(profile, TARGET)
    states, records = history(network_profile, tuple(steps), tuple(map(tuple, busy)))
    faults: list[str] = []
    for cluster in range(max(len(state.chains) for state in states)):
        by_epoch = blocks_of_cluster(records, cluster)
        line = tuple(block for blocks in by_epoch for block in blocks)
        if [block.header.block_number for block in line] != list(range(1, len(line) + 1)):
            faults.append(f"numbers of {cluster}")
        for before, block in pairwise(line):
            header = block.header
            same = header.epoch == before.header.epoch
            beginning = genesis_hash(network_profile, states[0].chain_id, ClusterId(cluster), header.epoch, before)
            expected = block_hash(network_profile, before) if same else beginning
            if header.previous_hash != expected or (not same and header.previous_hash == line[0].header.previous_hash):
                faults.append(f"parent in {cluster}")
    for record in records:
        closing = record.block.closing
        if closing is not None and any(head.ended != (head.cluster >= closing.clusters) for head in closing.heads):
            faults.append(f"end in {closing.epoch}")
    numbers = tuple(tuple(len(blocks) for blocks in blocks_of_cluster(records, c)) for c in range(3))
    trace.state("run", steps=tuple(steps), blocks=numbers, faults=tuple(faults))
    return bool(faults)


def histories() -> Iterator[dict[str, Json]]:
    """Every change of the count, with all clusters at work, the first alone, or none; of the longest some."""
    for epochs in range(1, EPOCHS_UP_TO + 1):
        is_longest = epochs == EPOCHS_UP_TO
        for steps in product((1, -1) if is_longest else (0, 1, -1), repeat=epochs):
            for busy in product(([0, 1, 2], []) if is_longest else ([0, 1, 2], [0], []), repeat=epochs):
                yield {"steps": list(steps), "busy": [list(clusters) for clusters in busy]}


@theorem(
    "T-C11",
    requirements=("R-2.3-1", "R-2.3-2", "R-2.3-3"),
    needs={Resolution.GENESIS},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM1", "AM2"),
)
def one_chain_through_all_epochs(profile: Profile) -> Verdict:
    """Whole networks over a few epochs, with every change of the cluster count and clusters that rest.

    The committees change with each epoch, and each handover is accepted by `turn`, which has certificates alone.
    """
    return exhaust(
        profile,
        "chain/broken-succession",
        f"up to {EPOCHS_UP_TO - 1} epochs, every change of the count, all, one or no cluster at work in each; "
        f"{EPOCHS_UP_TO} epochs, the count changing with each, all or no cluster at work",
        histories(),
    )


@scenario("epoch/left-behind")
def member_stays_behind(profile: Profile, trace: Trace, *, epochs: int, behind: int) -> bool:
    """A member that missed some epochs asks for them and is not where the others are."""
    network_profile = small_clusters(profile, TARGET)
    states, records = history(network_profile, (0,) * epochs, ((0, 1, 2),) * epochs)
    known = states[epochs - behind]
    sent = answered(network_profile, records, known.epoch)
    trace.state("ask", head=epochs, known=int(known.epoch), sent=len(sent))
    try:
        after = catch_up(network_profile, PROOFS, known, 1, sent)
    except Rejected as rejected:
        trace.state("follow", code=rejected.code.name)
        return True
    trace.state("follow", reached=int(after.epoch))
    return after != states[-1]


def altered(records: tuple[EpochRecord, ...], fault: str) -> tuple[EpochRecord, ...]:
    """Records in which one thing is wrong."""
    first, *rest = records
    stretch = first.stretches[0]
    if fault == "an epoch is missing":
        return tuple(rest)
    if fault == "the last block is missing":
        return (replace(first, stretches=(replace(stretch, blocks=stretch.blocks[:-1]), *first.stretches[1:])), *rest)
    if fault == "the certificates are missing":
        empty = FinalityProof(stretch.proof.path if stretch.proof else (), ())
        return (replace(first, stretches=(replace(stretch, proof=empty), *first.stretches[1:])), *rest)
    if fault == "a stretch is left out":
        return (replace(first, stretches=(Stretch(stretch.cluster, (), None), *first.stretches[1:])), *rest)
    return (replace(first, stretches=(first.stretches[0], *first.stretches[:-1])), *rest)


FAULTS = (
    "an epoch is missing",
    "the last block is missing",
    "the certificates are missing",
    "a stretch is left out",
    "a stretch stands twice",
)


@scenario("epoch/altered-range")
def altered_range_is_followed(profile: Profile, trace: Trace, *, epochs: int, fault: str) -> bool:
    """A member follows records in which something is missing or stands in a wrong place."""
    network_profile = small_clusters(profile, TARGET)
    states, records = history(network_profile, (0,) * epochs, ((0, 1, 2),) * epochs)
    try:
        catch_up(network_profile, PROOFS, states[0], 1, altered(records, fault))
    except Rejected as rejected:
        trace.state(fault, code=rejected.code.name)
        return False
    trace.state(fault, followed=True)
    return True


@theorem(
    "T-C14",
    requirements=("R-2.2-2",),
    needs={Resolution.MESSAGES},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2", "AM3"),
)
def who_is_behind_catches_up(profile: Profile) -> Verdict:
    """Every distance in runs of a few epochs: the shipped `catch_up` from the state of the member alone.

    Records in which something is missing lead nowhere, so that it is the certificates which decide.
    """
    return conclude(
        exhaust(
            profile,
            "epoch/left-behind",
            f"up to {EPOCHS_UP_TO + 1} epochs, every number of them missed",
            (
                {"epochs": epochs, "behind": behind}
                for epochs in range(1, EPOCHS_UP_TO + 2)
                for behind in range(1, epochs + 1)
            ),
        ),
        exhaust(
            profile,
            "epoch/altered-range",
            f"{len(FAULTS)} faults in runs of 2 to {EPOCHS_UP_TO} epochs",
            ({"epochs": epochs, "fault": fault} for epochs in range(2, EPOCHS_UP_TO + 1) for fault in FAULTS),
        ),
    )


def rewritten(now: Setting, honest: EpochRecord, rewriting: str) -> EpochRecord:
    """Another history of the epoch: its first cluster signs another block, and the closing may be another one too."""
    stretches = now.stretches(plan(now, [0], 500))
    wished = now.closing(stretches, usual_choice(now.state, now.profile))
    seats = len(now.assignment.seats)
    if rewriting == "the blocks alone":
        return replace(honest, stretches=stretches)
    if rewriting == "the closing, unsigned":
        block, link = now.first_block(wished)
        return EpochRecord(block, FinalityProof((link,), ()), stretches)
    # The last seats sign this closing, the first ones have signed the other: they share as few as quorums can.
    return now.record(stretches, wished, range(seats - quorum(now.profile, seats), seats))


REWRITINGS = ("the blocks alone", "the closing, unsigned", "the closing, by a quorum")


@scenario("checkpoint/rewritten")
def history_is_rewritten_for_free(profile: Profile, trace: Trace, *, holders: int, rewriting: str) -> bool:
    """Two histories of an epoch are both accepted, and not more than a third of all seats can be convicted."""
    network_profile = small_clusters(profile, TARGET)
    state = network(network_profile, holders, 2)
    now = setting(network_profile, state, factor=1)
    stretches = now.stretches(plan(now, [0, 1], 0))
    honest = now.record(stretches, now.closing(stretches, usual_choice(state, network_profile)))
    other = rewritten(now, honest, rewriting)
    accepted = 0
    for record in (honest, other):
        try:
            accepted += turn(network_profile, PROOFS, state, 1, record) is not None
        except Rejected as rejected:
            trace.state(rewriting, code=rejected.code.name)
    guilty = convicted(now, honest, other) if accepted == 2 else 0
    trace.state(rewriting, accepted=accepted, guilty=guilty, seats=holders)
    return accepted == 2 and 3 * guilty <= holders


def convicted(now: Setting, first: EpochRecord, second: EpochRecord) -> int:
    """How many seats two proofs of closings convict."""
    committee = committee_of_epoch(now.state.chain_id, now.assignment)
    genesis = epoch_genesis(now.profile, now.state.chain_id, now.state.epoch, now.state.before)
    try:
        return len(find_guilt(now.profile, committee, genesis, first.proof, second.proof))
    except Rejected:
        return 0


@theorem(
    "T-C15",
    requirements=("R-2.2-2", "R-6.1-4"),
    needs={Resolution.CHECKPOINT, Resolution.ROOT_ATTESTATION, Resolution.QUORUM},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2",),
)
def nothing_changes_below_a_checkpoint(profile: Profile) -> Verdict:
    """Another history by all keys of a cluster, without a closing, with an unsigned one, and with one by a quorum.

    The quorums share as few seats as they can; that any two conflicting proofs convict as many is T-E10.
    """
    return exhaust(
        profile,
        "checkpoint/rewritten",
        f"networks of 4 to 12 seats, {len(REWRITINGS)} ways to rewrite an epoch",
        ({"holders": holders, "rewriting": rewriting} for holders in range(4, 13) for rewriting in REWRITINGS),
    )


@scenario("log/uncertified-completion")
def completion_without_certificate(profile: Profile, trace: Trace, *, jobs: int, certified: int, failed: int) -> bool:
    """A completion leaf is in a member's log although no block with a certificate of the cluster holds it.

    The cluster takes jobs in and completes the first ones. Then proposals that complete the others arrive, and fail.
    """
    network_profile = small_clusters(profile)
    now = setting(network_profile, network(network_profile, 5, 1), factor=1)
    cluster = ClusterId(0)
    leaves = tuple(job_leaf(network_profile, now.assignment, number) for number in range(jobs))
    proved = tuple((leaf, now.drawn(leaf, cluster)) for leaf in leaves)
    stretch = now.stretch(cluster, ((leaves, ()), ((), proved[:certified])))
    proposals = now.blocks(cluster, ((leaves, ()), ((), proved[: certified + failed])))
    chain = chain_of(now.state, cluster)
    formation = formation_of(now.assignment, cluster, jobs_of(network_profile, now.state, now.assignment, 1))
    committee = committee_of_cluster(now.state.chain_id, now.assignment, cluster)
    for block in proposals:
        chain = collect_early(network_profile, chain, block)
    try:
        after = follow(network_profile, PROOFS, committee, formation, chain, stretch)
    except Rejected as rejected:
        # The member's log has parted from that of the others.
        trace.state("the certified blocks do not fit", code=rejected.code.name)
        after = chain
    alone = uncertified_completions(after, (stretch,))
    trace.state("finalise", certified=certified, failed=failed, leaves=len(after.log.jobs.leaves), alone=len(alone))
    return bool(alone) or forged_stretch_is_followed(now, leaves)


def forged_stretch_is_followed(now: Setting, leaves: tuple[MMRLeaf, ...]) -> bool:
    """Whether a member follows blocks that one seat less than a quorum has signed."""
    cluster = ClusterId(0)
    needed = quorum(now.profile, len(now.assignment.clusters[0]))
    stretch = now.stretch(cluster, ((leaves, ()),), range(needed - 1))
    formation = formation_of(now.assignment, cluster, jobs_of(now.profile, now.state, now.assignment, 1))
    committee = committee_of_cluster(now.state.chain_id, now.assignment, cluster)
    try:
        follow(now.profile, PROOFS, committee, formation, chain_of(now.state, cluster), stretch)
    except Rejected:
        return False
    return True


@theorem(
    "T-M6",
    requirements=("R-2.4-3",),
    needs={Resolution.LOG_ORDER},
    technique=Technique.EXHAUSTIVE,
)
def completions_are_certified(profile: Profile) -> Verdict:
    """A cluster that takes in up to a few jobs, completes some in a certified block, and others in one that fails."""
    return exhaust(
        profile,
        "log/uncertified-completion",
        "1 to 4 jobs, every division into completed, proposed in vain, and pending",
        (
            {"jobs": jobs, "certified": certified, "failed": failed}
            for jobs in range(1, 5)
            for certified in range(jobs + 1)
            for failed in range(jobs + 1 - certified)
        ),
    )
