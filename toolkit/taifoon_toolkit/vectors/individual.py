"""Vectors of individual mode: a member that is cut off, proves alone, and comes back (R-6.1-8, RES-PARTITION)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core.cluster_log import LogBlock, arrive, empty_cluster_log, finalise
from taifoon.core.leaf import MMRLeaf, completion_of
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import root_of_range
from taifoon.primitives.types import BlockNumber, Hash32
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon.security import individual
from taifoon.security.individual import ProvisionalResult, Synchronizer
from taifoon_models.jobs import digest, intake
from taifoon_toolkit.vectors.block_cases import TAKES_IN_AGAIN
from taifoon_toolkit.vectors.case import Sibling, Step, Trace
from taifoon_toolkit.vectors.leaf import COMPLETES_AGAIN
from taifoon_toolkit.vectors.method import MACHINES, Machine, Nothing
from taifoon_toolkit.vectors.wire import Digest, Large


@dataclass(frozen=True, slots=True)
class Arrive:
    """A leaf arrives from the network."""

    leaf: MMRLeaf


@dataclass(frozen=True, slots=True)
class FinalBlock:
    """A block of the cluster is final: its number, its hash, and its leaves."""

    number: Large
    block_hash: Digest
    leaves: tuple[MMRLeaf, ...]


@dataclass(frozen=True, slots=True)
class ProveAlone:
    """The member, cut off, has proved a job: its intake leaf, and the commitment to the result."""

    intake: MMRLeaf
    commitment: Digest


@dataclass(frozen=True, slots=True)
class Receive:
    """A result that another member made alone arrives."""

    intake: MMRLeaf
    completion: MMRLeaf


@dataclass(frozen=True, slots=True)
class Resubmit:
    """The member reaches its cluster again."""


LoneEvent = Arrive | FinalBlock | ProveAlone | Receive | Resubmit


@dataclass(frozen=True, slots=True)
class MemberLog:
    """The member's log and mempool, in order of arrival, and what it made alone, in order.

    `jobs_root` and `batches_root` are those of the two ranges.
    """

    height: Large
    leaves: Large
    jobs_root: Digest
    batches_root: Digest
    mempool: tuple[MMRLeaf, ...]
    provisional: tuple[Receive, ...]


def start(profile: Profile, given: Nothing) -> Synchronizer:
    """A member with an empty log."""
    return Synchronizer(empty_cluster_log())


def step(profile: Profile, state: Synchronizer, event: LoneEvent) -> Synchronizer:
    """The member after an event, or a rejection."""
    combiner = HashCombiner(profile)
    match event:
        case Arrive(leaf):
            return replace(state, log=arrive(combiner, state.log, leaf))
        case FinalBlock(number, block_hash, leaves):
            block = LogBlock(BlockNumber(number), Hash32(block_hash), leaves)
            return replace(state, log=finalise(combiner, state.log, block))
        case ProveAlone(leaf, commitment):
            return individual.prove_alone(combiner, state, leaf, Hash32(commitment))
        case Receive(leaf, completion):
            return replace(state, log=individual.receive(combiner, state.log, ProvisionalResult(leaf, completion)))
        case Resubmit():
            return individual.resubmit(combiner, state)


def shown(state: Synchronizer) -> MemberLog:
    """The whole state of a member."""
    combiner, log = HashCombiner(HARDENED), state.log
    return MemberLog(
        log.height,
        log.jobs.mountains.count,
        root_of_range(combiner, log.jobs.mountains),
        root_of_range(combiner, log.batches),
        log.mempool,
        tuple(Receive(each.intake, each.completion) for each in state.provisional),
    )


MACHINES["lone_member"] = Machine(
    "lone_member",
    "6.1",
    ("R-6.1-8", "R-2.1-10", "RES-PARTITION"),
    "A member of a cluster: its log and mempool, and the results that it made while it was cut off.",
    Nothing,
    LoneEvent,
    MemberLog,
    start,
    step,
    shown,
)


def block(number: int, *leaves: MMRLeaf) -> FinalBlock:
    """The final block of this number with these leaves."""
    return FinalBlock(number, digest(f"final block {number}"), leaves)


def cases() -> Iterator[Trace]:
    """All runs of this subject."""
    first, second = intake(0), intake(1)
    mine, theirs = digest("my proof"), digest("their proof")
    done, other = completion_of(first, mine), completion_of(first, theirs)
    alone, back = Step(ProveAlone(first, mine)), Step(Resubmit())
    taken = Step(block(1, first))
    code = RejectionCode
    partition = (Resolution.PARTITION,)
    runs: dict[str, tuple[Step, ...]] = {
        "proved-alone-and-taken-up": (alone, back, Step(block(1, first, done)), back),
        "known-job": (Step(Arrive(first)), taken, alone, back, Step(block(2, done)), back),
        "waiting-job": (Step(Arrive(first)), alone, back, Step(block(1, first, done)), back),
        "the-cluster-was-faster": (taken, alone, Step(block(2, other)), back),
        "the-cluster-is-faster-later": (taken, alone, back, Step(block(2, other)), back, alone),
        "two-jobs": (taken, alone, Step(ProveAlone(second, mine)), back, Step(block(2, second, done)), back),
        "two-jobs-turned": (Step(ProveAlone(second, mine)), alone, back, Step(block(1, first, second, done)), back),
        "beside-a-completed-job": (Step(block(1, second, completion_of(second, theirs))), alone, back),
        "beside-a-completed-job-turned": (Step(block(1, first, other)), Step(ProveAlone(second, mine)), back),
        "proved-twice": (alone, Step(ProveAlone(first, theirs)), back, back),
        "two-members-prove": (
            Step(Receive(first, other)),
            alone,
            back,
            Step(Receive(first, done)),
            Step(block(1, first, other)),
            back,
        ),
        "received-after-completion": (Step(block(1, first, other)), Step(Receive(first, done)), alone, back),
        "received-twice": (taken, Step(Receive(first, done)), Step(Receive(first, done)), Step(block(2, done))),
    }
    # The cluster took the job in by another leaf, or another leaf of it waits.
    copy = replace(first, priority=first.priority ^ 1)
    runs["taken-in-by-another-leaf"] = (Step(block(1, copy)), alone, back)
    runs["waits-as-another-leaf"] = (Step(Arrive(copy)), alone, back)
    for label, steps in runs.items():
        decides = partition if alone in steps and label != "received-after-completion" else ()
        yield Trace("lone_member", label, Nothing(), steps, decides=decides)
    edit = Sibling(ProveAlone(first, mine), "a completion in place of the intake leaf")
    kind = Step(ProveAlone(done, theirs), code.LEAF_KIND, edit)
    yield Trace("lone_member", "proves-no-intake", Nothing(), (kind, alone, back))
    gap = Step(block(2, second), code.BLOCK_DISCONTINUOUS, Sibling(block(1, second), "a later number"))
    again = Step(block(1, second), code.BLOCK_DISCONTINUOUS, Sibling(block(2, second), "the number before"))
    twice = Step(block(2, first), code.JOB_ALREADY_TAKEN_IN, TAKES_IN_AGAIN)
    redone = Step(block(3, completion_of(first, theirs)), code.JOB_ALREADY_COMPLETED, COMPLETES_AGAIN)
    steps = (gap, taken, again, twice, Step(block(2, done)), redone, Step(block(3, second)))
    yield Trace("lone_member", "refused-blocks-change-nothing", Nothing(), (Step(Arrive(second)), alone, *steps, back))
