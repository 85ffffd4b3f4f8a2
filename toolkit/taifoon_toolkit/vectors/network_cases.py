"""Vectors of whole epochs: work that settles, waits and expires, and each way in which a closing is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core import network_state
from taifoon.core.accountability import FinalityProof
from taifoon.core.beacon import Commitment, Reveal
from taifoon.core.consensus import Link
from taifoon.core.epoch import committee_of_epoch
from taifoon.core.epoch_block import epoch_block, epoch_block_hash
from taifoon.core.leaf import MMRLeaf
from taifoon.core.network_state import Choice, EpochRecord, NetworkState
from taifoon.core.owners import owners, replicas
from taifoon.core.succession import Stretch
from taifoon.primitives.types import ClusterId, PublicKey, View
from taifoon.profile import Resolution
from taifoon.rejection import RejectionCode
from taifoon_models.blocks import CHAIN, PROOFS
from taifoon_models.epochs import Setting, Work, finality, foundation, job_leaf, registration, setting, usual_choice
from taifoon_models.jobs import digest
from taifoon_toolkit.vectors.accountability import ProofGiven
from taifoon_toolkit.vectors.case import Fault, Sibling, Step, Trace
from taifoon_toolkit.vectors.epochs import FoundationGiven
from taifoon_toolkit.vectors.method import NORMATIVE
from taifoon_toolkit.vectors.network_runs import EpochClosed, NetworkBegun, StretchGiven, profile_of
from taifoon_toolkit.vectors.owners import OPEN_FOR_EVER
from taifoon_toolkit.vectors.votes import OneLink

FACTOR = 2
Leaves = tuple[MMRLeaf, ...]


def begun(holders: int, clusters: int, life: int = 1) -> NetworkBegun:
    """A network of so many keys with one seat each."""
    registry = tuple(registration(NORMATIVE, number) for number in range(holders))
    left = foundation(registry, clusters)
    given = FoundationGiven(left.global_root, registry, clusters, left.beacon)
    return NetworkBegun(CHAIN, given, FACTOR, 1, 2, life)


def proof_given(proof: FinalityProof) -> ProofGiven:
    """A finality proof as it is given."""
    links = tuple(OneLink(each.view, each.block_hash, each.parent_view, each.parent_hash) for each in proof.path)
    return ProofGiven(links, proof.certificates)


def stretch_given(stretch: Stretch) -> StretchGiven:
    """A stretch as it is given."""
    return StretchGiven(stretch.cluster, stretch.blocks, None if stretch.proof is None else proof_given(stretch.proof))


def event_of(record: EpochRecord) -> EpochClosed:
    """A record as an event."""
    stretches = tuple(stretch_given(each) for each in record.stretches)
    return EpochClosed(record.block, proof_given(record.proof), stretches)


@dataclass(frozen=True, slots=True)
class Follower:
    """A node's state, from which honest and false records are made."""

    begun: NetworkBegun
    network: NetworkState

    @property
    def now(self) -> Setting:
        """The epoch that is not over."""
        return setting(profile_of(NORMATIVE, self.begun), self.network, FACTOR)

    def leaf(self, number: int) -> MMRLeaf:
        """The intake leaf of a job in this epoch."""
        return job_leaf(self.now.profile, self.now.assignment, number)

    def owners(self, leaf: MMRLeaf) -> tuple[ClusterId, ...]:
        """The owners of a job in this epoch."""
        return owners(self.now.profile, self.now.assignment, leaf, FACTOR)

    def drawn(self, leaf: MMRLeaf, cluster: ClusterId) -> PublicKey:
        """The replica of a job in a cluster."""
        found = replicas(self.now.profile, self.now.assignment, leaf, FACTOR)
        return next(each.seat.public_key for each in found if each.cluster == cluster)

    def proved(
        self, cluster: int, taken: tuple[MMRLeaf, ...], done: tuple[MMRLeaf, ...]
    ) -> dict[int, tuple[Work, ...]]:
        """One block of a cluster: it takes jobs in, and completes jobs by the replicas that are drawn for them."""
        number = ClusterId(cluster)
        return {cluster: ((taken, tuple((leaf, self.drawn(leaf, number)) for leaf in done)),)}

    def choice(self, *, step: int = 0, withholding: frozenset[PublicKey] = frozenset()) -> Choice:
        """What the next closing chooses."""
        return usual_choice(self.network, self.now.profile, step=step, withholding=withholding)

    def record(self, work: dict[int, tuple[Work, ...]], choice: Choice | None = None) -> EpochRecord:
        """The honest record of an epoch with this work."""
        stretches = self.now.stretches(work)
        chosen = self.choice() if choice is None else choice
        return self.now.record(stretches, self.now.closing(stretches, chosen))

    def false(self, record: EpochRecord, **changes: object) -> EpochRecord:
        """The record with another closing, which all seats have signed all the same."""
        closing = record.block.closing
        if closing is None:
            raise ValueError("record: it has a closing")
        return self.now.record(record.stretches, replace(closing, **changes))  # type: ignore[arg-type]

    def carried(self, record: EpochRecord) -> EpochRecord:
        """The record with a proof whose final block is a second one, which carries the first in a later view."""
        now = self.now
        closing = record.block.closing
        if closing is None:
            raise ValueError("record: it has a closing")
        block, link = now.first_block(closing)
        second = epoch_block(now.profile, self.network.epoch, View(3), link, None)
        above = Link(View(3), epoch_block_hash(now.profile, second), link.view, link.block_hash)
        committee = committee_of_epoch(CHAIN, now.assignment)
        return replace(record, block=block, proof=finality(now.profile, committee, (above, link)))

    def after(self, record: EpochRecord) -> Follower:
        """The state after a record."""
        turned = network_state.turn(self.now.profile, PROOFS, self.network, FACTOR, record)
        return replace(self, network=turned)


def follower(given: NetworkBegun) -> Follower:
    """A node that knows genesis."""
    registry = given.genesis.registry
    genesis = foundation(registry, given.genesis.clusters)
    return Follower(given, network_state.genesis_network(CHAIN, genesis))


def step_of(record: EpochRecord) -> Step:
    """An epoch that is accepted."""
    return Step(event_of(record))


def life_trace() -> Trace:
    """Jobs that settle at once, by either owner and in a later epoch; one that expires; a withheld reveal."""
    start = follower(begun(4, 2))
    first, second, third, fourth = (start.leaf(number) for number in range(4))
    by_first, by_second = (start.owners(first)[0], start.owners(first)[1])
    work: dict[int, tuple[Work, ...]] = {
        by_first: (((first, second, third, fourth), ((first, start.drawn(first, by_first)),)),),
        by_second: (((first,), ((first, start.drawn(first, by_second)),)),),
    }
    records = [start.record(work)]
    now = start.after(records[-1])
    owner = now.owners(second)[-1]
    silent = now.now.assignment.seats[0].public_key
    taken = () if owner == by_first else (second,)
    records.append(now.record(now.proved(owner, taken, (second,)), now.choice(withholding=frozenset({silent}))))
    for _ in range(2):
        now = now.after(records[-1])
        records.append(now.record({}))
    return Trace("network", "jobs-settle-and-expire", start.begun, tuple(step_of(record) for record in records))


def count_trace() -> Trace:
    """The cluster count falls and rises by a step, and a cluster that ended goes on where it stopped."""
    start = follower(begun(4, 2))
    leaf = start.leaf(0)
    cluster = start.owners(leaf)[0]
    records = [start.record(start.proved(cluster, (leaf,), (leaf,)), start.choice(step=-1))]
    now = start.after(records[-1])
    records.append(now.record({}, now.choice(step=1)))
    now = now.after(records[-1])
    other = now.leaf(1)
    owner = now.owners(other)[0]
    records.append(now.record(now.proved(owner, (other,), (other,))))
    return Trace("network", "clusters-end-and-go-on", start.begun, tuple(step_of(record) for record in records))


def registry_trace() -> Trace:
    """Keys join in the second epoch after a closing lists them, and the cluster count follows their seats."""
    start = follower(begun(4, 2))
    more = tuple(registration(NORMATIVE, number) for number in range(8))
    records = [start.record({}, replace(start.choice(), registry=more))]
    now = start.after(records[-1])
    records.append(now.carried(now.record({}, now.choice(step=1))))
    now = now.after(records[-1])
    records.append(now.record({}, now.choice(step=-1)))
    now = now.after(records[-1])
    records.append(now.record({}))
    return Trace("network", "keys-join", start.begun, tuple(step_of(record) for record in records))


def refused_trace() -> Trace:
    """In one epoch each way in which a record is refused, then the honest record."""
    code = RejectionCode
    start = follower(begun(4, 2))
    leaf = start.leaf(0)
    cluster = start.owners(leaf)[0]
    opening = start.record({})
    now = start.after(opening)
    leaf = now.leaf(0)
    cluster = now.owners(leaf)[0]
    honest = now.record(now.proved(cluster, (leaf,), (leaf,)))
    closing = honest.block.closing
    if closing is None:
        raise ValueError("record: it has a closing")
    spoiled = replace(closing.heads[0], block_number=type(closing.heads[0].block_number)(9))
    stranger = Commitment(PublicKey(bytes(32)), digest("a commitment"))
    forged = Reveal(closing.reveals[0].holder, digest("another secret"))
    checkpoint, attested = Resolution.CHECKPOINT, Resolution.ROOT_ATTESTATION
    fewer = replace(honest.proof, certificates=honest.proof.certificates[1:])
    unsigned = now.now.record(honest.stretches, closing, signers=(0, 1))
    swapped = replace(honest, block=now.false(honest, beacon=digest("another beacon")).block)
    exchanged = replace(honest, block=replace(honest.block, closing=replace(closing, beacon=digest("another beacon"))))
    bare = replace(honest, block=replace(honest.block, closing=None))
    derived = {
        "global_root": digest("another root"),
        "settled": (),
        "clusters": closing.clusters + 1,
        "registry": closing.registry[::-1],
        "beacon": digest("another beacon"),
    }
    attempts: tuple[tuple[EpochRecord, RejectionCode, Fault | str], ...] = (
        (opening, code.BLOCK_EPOCH, "the epoch before"),
        (bare, code.BLOCK_EPOCH, "the closing left out"),
        (swapped, code.FINALITY_PATH, "the block of another closing"),
        (exchanged, code.FINALITY_PATH, "another closing than the block names"),
        (replace(honest, proof=fewer), code.FINALITY_INCOMPLETE, attested),
        (unsigned, code.CERTIFICATE_NO_QUORUM, attested),
        (replace(honest, stretches=honest.stretches[:-1]), code.EPOCH_HEADS, "the last stretch left out"),
        (replace(honest, stretches=honest.stretches[::-1]), code.EPOCH_HEADS, "the stretches in another order"),
        (now.false(honest, heads=(spoiled, *closing.heads[1:])), code.EPOCH_HEADS, checkpoint),
        *((now.false(honest, **{name: value}), code.EPOCH_DERIVED, checkpoint) for name, value in derived.items()),
        (now.false(honest, reveals=(forged, *closing.reveals[1:])), code.BEACON_REVEAL, "another secret"),
        (now.false(honest, commitments=(stranger,)), code.BEACON_COMMITMENT, checkpoint),
        (false_stretch(now, honest, cluster), code.FINALITY_INCOMPLETE, "the proof of a stretch left out"),
    )
    steps = [step_of(opening)]
    for record, refusal, fault in attempts:
        shown = Sibling(event_of(honest), fault) if isinstance(fault, str) else fault
        steps.append(Step(event_of(record), refusal, shown))
    return Trace("network", "refused-closings", start.begun, (*steps, step_of(honest)))


def stretch_trace() -> Trace:
    """A stretch of two blocks, proofs of more and of fewer, and jobs that are off the books in the next epoch."""
    code = RejectionCode
    start = follower(begun(4, 2, life=0))
    done, left = start.leaf(0), start.leaf(1)
    by = ((done, start.drawn(done, ClusterId(0))),)
    honest = start.record({0: (((done, left), ()), ((), by))})
    stretch, silent = honest.stretches
    steps = []
    for edit, blocks in (
        ("the last block left out", stretch.blocks[:-1]),
        ("the last block twice", (*stretch.blocks, stretch.blocks[-1])),
    ):
        record = replace(honest, stretches=(replace(stretch, blocks=blocks), silent))
        steps.append(Step(event_of(record), code.FINALITY_PATH, Sibling(event_of(honest), edit)))
    others = [start.false(honest, beacon=digest(f"beacon {number}")).block for number in range(8)]
    for chosen in (min, max):
        other = chosen(others, key=lambda block: epoch_block_hash(start.now.profile, block))
        record = replace(honest, block=other)
        edit = "the block of another closing"
        steps.append(Step(event_of(record), code.FINALITY_PATH, Sibling(event_of(honest), edit)))
    steps.append(step_of(honest))
    now = start.after(honest)
    following = now.record({})
    for number in range(2):
        with OPEN_FOR_EVER.installed():
            again = now.record({1: (((now.leaf(number),), ()),)})
        steps.append(Step(event_of(again), code.JOB_CLOSED, OPEN_FOR_EVER))
    return Trace("network", "two-blocks-and-closed-jobs", start.begun, (*steps, step_of(following)))


def false_stretch(now: Follower, honest: EpochRecord, cluster: int) -> EpochRecord:
    """The record without the proof of a cluster's blocks."""
    stretches = tuple(
        replace(stretch, proof=None) if stretch.cluster == cluster else stretch for stretch in honest.stretches
    )
    return replace(honest, stretches=stretches)


def cases() -> Iterator[Trace]:
    """All runs of this subject."""
    yield life_trace()
    yield count_trace()
    yield registry_trace()
    yield refused_trace()
    yield stretch_trace()
