"""Cases of records of final blocks, and of books that close: rewards, silence, stakes that return, clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core.beacon import Commitment, Reveal, commitment
from taifoon.core.block import CarriedVote, ClusterBlock, Header, ProofResult
from taifoon.core.leaf import MMRLeaf, completion_of
from taifoon.core.network_state import present_assignment
from taifoon.core.owners import replicas
from taifoon.core.settlement import Completion
from taifoon.economics.ledger import close_epoch, leave
from taifoon.economics.registry import withdrawal_epoch
from taifoon.network.messages import Leave
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Hash32, Millis, PublicKey, Seat, Signature64, View
from taifoon.profile import Resolution
from taifoon.redundancy.block_records import REPLICA_BLOCKS
from taifoon.redundancy.metrics import WINDOW
from taifoon.rejection import RejectionCode
from taifoon_models.epochs import secret
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key
from taifoon_toolkit.vectors.acts_cases import NEWCOMER, Bench, bench, deposit
from taifoon_toolkit.vectors.books import (
    BooksAsked,
    ClusterRecordAsked,
    FinalBlocks,
    RecordsAsked,
    Terms,
    WorkGiven,
    network_from,
)
from taifoon_toolkit.vectors.case import Case, Sibling
from taifoon_toolkit.vectors.control import ControlState
from taifoon_toolkit.vectors.economics import OneRatio
from taifoon_toolkit.vectors.ledgers import EconomyGiven, ledger_given
from taifoon_toolkit.vectors.method import NORMATIVE
from taifoon_toolkit.vectors.network_runs import OnePending
from taifoon_toolkit.vectors.owners import EpochGiven

NOTHING = Hash32(bytes(32))
SHIPPED = NORMATIVE.parameters
TERMS = Terms(1, 5, SHIPPED.signature_window, SHIPPED.inactivity_blocks, 100, SHIPPED.minimum_due)
SHORT = replace(TERMS, signature_window=1, inactivity_blocks=2)
"""Terms under which a few blocks tell who is silent."""


def block_of(
    number: int,
    leaves: tuple[MMRLeaf, ...] = (),
    provers: tuple[PublicKey, ...] = (),
    votes: tuple[tuple[int, int], ...] = (),
    cluster: int = 0,
    epoch: int = 0,
) -> ClusterBlock:
    """A block of which the books read number, leaves, provers, and the block and seat of each vote that it carries."""
    header = Header(
        BlockNumber(number),
        NOTHING,
        NOTHING,
        ClusterId(cluster),
        Millis(number),
        PublicKey(bytes(32)),
        Epoch(epoch),
        View(number),
        View(0),
    )
    done = tuple(leaf for leaf in leaves if not leaf.is_intake)
    results = tuple(ProofResult(leaf.job_id, prover, b"") for leaf, prover in zip(done, provers, strict=True))
    carried = tuple(CarriedVote(BlockNumber(block), Seat(seat), Signature64(bytes(64))) for block, seat in votes)
    return ClusterBlock(header, leaves, results, (), (), 0, carried)


def done(leaf: MMRLeaf, by: str = "a proof") -> MMRLeaf:
    """The completion of a job."""
    return completion_of(leaf, digest(by))


def settles(leaf: MMRLeaf, number: int, cluster: int = 0, by: str = "a proof") -> Completion:
    """The completion of a job in a block, settled."""
    return Completion(leaf.job_id, ClusterId(cluster), BlockNumber(number), digest(by))


NOBODY = PublicKey(bytes(32))
PARTICULAR: dict[str, tuple[str, ...]] = {
    "work": ("R-5.1-4", "R-5.1-3"),
    "efficient": ("R-5.1-5",),
    "silent": ("R-5.2-2", "RES-ABANDON"),
    "reveals": ("R-9-5",),
    "withholds": ("R-9-5", "RES-ABANDON"),
    "takes": ("R-6.1-1",),
    "stake": ("R-5.2-1", "RES-EVID"),
    "overdue": ("R-3.2-1", "RES-CTRL"),
    "busy": ("R-3.2-8", "RES-CTRL"),
    "too": ("R-3.2-8", "RES-COUNT"),
}
"""What the books that close are particularly about, by the first word of their labels."""


def records_cases() -> Iterator[Case]:
    """Jobs that are settled in time, late or not at all, and replicas that are due."""
    first, second, third = (intake(number, 0) for number in range(3))
    elsewhere = intake(3, 1)
    whole = FinalBlocks(
        0,
        (
            block_of(4, (first, second)),
            block_of(5),
            block_of(6, (done(first), third), (NOBODY,)),
            block_of(7, (done(second, "another"),), (NOBODY,)),
        ),
    )
    other = FinalBlocks(1, (block_of(9, (done(second), elsewhere), (NOBODY,), cluster=1),))
    asked = RecordsAsked(0, (), (whole,), (settles(first, 6),))
    waits = OnePending(first, 2)
    later = FinalBlocks(0, tuple(replace(each, header=replace(each.header, epoch=Epoch(3))) for each in whole.blocks))
    away = FinalBlocks(1, (block_of(9, epoch=3, cluster=1), block_of(10, epoch=3, cluster=1)))
    carried = RecordsAsked(3, (waits,), (later,), (settles(first, 6),))
    many = tuple(block_of(number, (first, second) if number == 1 else ()) for number in range(1, 2 + REPLICA_BLOCKS))
    completes = replace(many[-2], proof_jobs=(done(first),), proof_results=(ProofResult(first.job_id, NOBODY, b""),))
    in_time = (*many[:-2], completes, many[-1])
    at_last = (*many[:-1], replace(completes, header=many[-1].header))
    found = {
        "no-clusters": RecordsAsked(0, (), (), ()),
        "no-blocks": RecordsAsked(0, (), (FinalBlocks(0, ()),), ()),
        "settled-here": asked,
        "settled-by-another": replace(asked, stretches=(whole, other), settled=(settles(second, 9, 1),)),
        "settled-by-two": replace(
            asked, stretches=(whole, other), settled=(settles(first, 6), settles(second, 7, 0, "another"))
        ),
        "settled-by-none": replace(asked, settled=()),
        "settled-since-the-epoch-before": carried,
        "overdue-here": replace(carried, settled=()),
        "overdue-before": replace(carried, pending=(replace(waits, taken_in=1),), settled=()),
        "settled-too-late": replace(carried, pending=(replace(waits, taken_in=1),)),
        "overdue-where-it-belongs": replace(
            carried, pending=(OnePending(elsewhere, 2),), stretches=(later, away), settled=()
        ),
        "overdue-where-there-are-blocks": replace(carried, stretches=(FinalBlocks(0, ()), away), settled=()),
        "overdue-and-no-blocks": replace(carried, stretches=(FinalBlocks(0, ()),), settled=()),
        "replicas-missed": RecordsAsked(0, (), (FinalBlocks(0, many),), ()),
        "a-replica-in-time": RecordsAsked(0, (), (FinalBlocks(0, in_time),), ()),
        "a-replica-at-last": RecordsAsked(0, (), (FinalBlocks(0, at_last),), ()),
        "not-due-yet": RecordsAsked(0, (), (FinalBlocks(0, many[:-1]),), ()),
    }
    for label, given in found.items():
        yield Case("records.of_blocks", label, given)


def cluster_record_cases() -> Iterator[Case]:
    """Votes that later blocks carry, proofs that the closing settles, and efficiencies of the epoch before."""
    at = bench()
    epoch = EpochGiven(0, digest("a seed"), at.court.genesis.registry, 1)
    leaf, other = intake(0, 0), intake(1, 0)
    everyone = tuple((1, seat) for seat in range(4))
    blocks = (
        block_of(1, (leaf, other)),
        block_of(2, (done(leaf), done(other)), (key(0), key(1)), everyone[:3]),
        block_of(3, (), (), (everyone[3], *((2, seat) for seat in range(3)))),
    )
    asked = ClusterRecordAsked(epoch, 2, FinalBlocks(0, blocks), (settles(leaf, 2), settles(other, 2)), ())
    before = ((OneRatio(1, 2),),)
    found = {
        "all": asked,
        "one-settled": replace(asked, settled=(settles(other, 2),)),
        "none-settled": replace(asked, settled=()),
        "one-block": replace(asked, stretch=FinalBlocks(0, (block_of(1, (leaf,)),)), settled=()),
        "no-blocks": replace(asked, stretch=FinalBlocks(0, ()), settled=()),
        "factor-1": replace(asked, factor=1),
        "another-cluster": replace(
            asked,
            epoch=replace(epoch, clusters=2),
            stretch=FinalBlocks(1, (block_of(1, cluster=1), block_of(2, cluster=1, votes=((1, 0),)))),
            settled=(),
        ),
        "second-epoch": replace(asked, epoch=replace(epoch, epoch=1), efficiencies=before),
        "a-new-cluster": replace(
            asked,
            epoch=replace(epoch, epoch=1, clusters=2),
            stretch=FinalBlocks(1, ()),
            settled=(),
            efficiencies=((OneRatio(1, 2),),),
        ),
        "above-the-mean": replace(
            asked, epoch=replace(epoch, epoch=1, clusters=2), efficiencies=((OneRatio(1, 2), OneRatio(1, 3)),)
        ),
    }
    for label, given in found.items():
        yield Case("records.of_cluster", label, given)
    code, edit = RejectionCode.EFFICIENCY_UNKNOWN, "efficiencies of the epoch before"
    unknown = replace(asked, epoch=replace(epoch, epoch=1))
    yield Case("records.of_cluster", "not-over", unknown, code, Sibling(found["second-epoch"], edit))


@dataclass(frozen=True, slots=True)
class Closing:
    """A bench, and what its epoch closes with; changes of it give the cases."""

    at: Bench
    terms: Terms = TERMS
    control: ControlState | None = None
    efficiencies: tuple[tuple[OneRatio, ...], ...] | None = None
    pending: tuple[OnePending, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    reveals: tuple[Reveal, ...] = ()
    blocks: tuple[ClusterBlock, ...] = ()
    settled: tuple[Completion, ...] = ()
    acts: tuple[bytes, ...] = ()

    @property
    def asked(self) -> BooksAsked:
        """What is given."""
        epoch = self.at.epoch
        control = ControlState(epoch, 1, 0, ()) if self.control is None else self.control
        reached = ((OneRatio(0, 1),),) * epoch if self.efficiencies is None else self.efficiencies
        work = WorkGiven((FinalBlocks(0, self.blocks),), self.settled, self.acts, self.reveals)
        economy = EconomyGiven(ledger_given(self.at.ledger), control, reached)
        return BooksAsked(self.terms, self.at.court, self.pending, self.commitments, economy, work)


def attended(blocks: int, *absent: frozenset[int] | set[int], seats: int = 4) -> tuple[ClusterBlock, ...]:
    """So many blocks; each carries the votes of all seats for the one before, but of those absent from that one."""
    missing = (*absent, *(frozenset[int]() for _ in range(blocks)))
    found = [block_of(1)]
    for number in range(1, blocks):
        votes = tuple((number, seat) for seat in range(seats) if seat not in missing[number - 1])
        found.append(block_of(number + 1, votes=votes))
    return tuple(found)


def drawn_work(at: Bench) -> tuple[tuple[ClusterBlock, ...], tuple[Completion, ...]]:
    """Two blocks in which both members prove, the one a job that it was drawn for and the other one that it was not."""
    assignment = present_assignment(NORMATIVE, network_from(NORMATIVE, at.court))
    leaves = tuple(intake(number, 0) for number in range(2))
    drawn = [replicas(NORMATIVE, assignment, leaf, at.court.factor)[0].seat.public_key for leaf in leaves]
    other = next(key(number) for number in range(2) if key(number) != drawn[1])
    votes = tuple((1, seat) for seat in (0, 1, 3))
    blocks = (block_of(1, leaves), block_of(2, tuple(done(leaf) for leaf in leaves), (drawn[0], other), votes))
    return blocks, tuple(sorted((settles(leaf, 2) for leaf in leaves), key=lambda each: each.job_id))


def books_cases() -> Iterator[Case]:
    """Epochs that close with rewards, silence, acts, stakes that return, and another cluster count."""
    name, at, later = "books.close", bench(), bench(1)
    nothing = Closing(at)
    blocks, settled = drawn_work(at)
    worked = replace(nothing, blocks=blocks, settled=settled)
    # Seats are by key: the member with one seat stands before or after the three of the other.
    lone = 0 if key(1) < key(0) else 3
    silent = replace(nothing, terms=SHORT, blocks=attended(4, {lone}, {lone}))
    holders = tuple(sorted((key(0), key(1))))
    commitments = tuple(commitment(NORMATIVE, Epoch(0), each, secret(each, Epoch(0))) for each in holders)
    reveals = tuple(Reveal(each, secret(each, Epoch(0))) for each in holders)
    kept = tuple(each for each in reveals if each.holder != key(1))
    left = replace(at.ledger, entries=leave(NORMATIVE, at.ledger, key(1)).entries)
    opens = withdrawal_epoch(NORMATIVE, 0)
    gone = {epoch: _closed(replace(at, ledger=left), epoch) for epoch in (opens - 1, opens, opens + 1)}
    waits = OnePending(intake(0, 0), 0)
    busy = tuple(block_of(number + 1, (intake(number, 0),)) for number in range(WINDOW))
    many_seats = replace(TERMS, cluster_target=2, maximum_jobs=1)
    acts = at.asked(at.says(NEWCOMER, deposit(NEWCOMER, 10_000_000))).acts
    leaves = later.asked(later.says(1, Leave(key(1)))).acts
    found = {
        "nothing": nothing,
        "work-and-votes": worked,
        "efficient": replace(
            worked, at=later, blocks=tuple(_at(1, each) for each in blocks), efficiencies=((OneRatio(3, 2),),)
        ),
        "silent": silent,
        "silent-for-a-block-less": replace(silent, blocks=attended(4, {lone})),
        "silent-at-the-end": replace(silent, blocks=attended(4, set(), {lone}, {lone})),
        "silent-with-too-many": replace(silent, blocks=attended(4, {0, 3}, {0, 3})),
        "silent-with-one-seat-of-three": replace(silent, blocks=attended(4, {1}, {1})),
        "silent-in-the-long-run-only": replace(silent, terms=replace(SHORT, inactivity_blocks=3)),
        "silent-and-left-now": replace(
            silent, at=later, blocks=tuple(_at(1, each) for each in silent.blocks), acts=leaves
        ),
        "silent-and-left-before": replace(
            silent, at=_closed(replace(at, ledger=left), 1), blocks=tuple(_at(1, each) for each in silent.blocks)
        ),
        "reveals-all": replace(nothing, commitments=commitments, reveals=reveals),
        "withholds": replace(nothing, commitments=commitments, reveals=kept),
        "withholds-and-is-silent": replace(silent, commitments=commitments, reveals=kept),
        "takes-up-acts": replace(nothing, acts=acts),
        "stake-waits": Closing(gone[opens - 1]),
        "stake-returns": Closing(gone[opens]),
        "stake-returns-an-epoch-late": Closing(gone[opens + 1]),
        "overdue": Closing(
            later, terms=replace(TERMS, minimum_due=1), pending=(waits,), blocks=(block_of(1, epoch=1),)
        ),
        "overdue-and-too-few-to-tell": Closing(later, pending=(waits,), blocks=(block_of(1, epoch=1),)),
        "busy": replace(nothing, terms=many_seats, blocks=busy),
        "busy-and-resting": replace(nothing, terms=many_seats, blocks=busy, control=ControlState(0, 1, 1, ())),
        "busy-without-seats": replace(nothing, terms=replace(many_seats, cluster_target=3), blocks=busy),
        "too-many-clusters": replace(nothing, terms=many_seats, control=ControlState(0, 4, 2, ())),
    }
    for label, closing in found.items():
        yield Case(name, label, closing.asked, requirements=PARTICULAR.get(label.partition("-")[0], ()))
    honest = Sibling(replace(nothing, acts=acts).asked, "the epoch in which it was said")
    stale = later.asked(later.says(NEWCOMER, deposit(NEWCOMER, 10_000_000))).acts
    yield Case(name, "an-act-of-another-epoch", replace(nothing, acts=stale).asked, RejectionCode.EPOCH_ACT, honest)
    short = at.asked(at.says(NEWCOMER, deposit(NEWCOMER, 20_000_000))).acts
    beyond = replace(nothing, acts=short).asked
    yield Case(name, "an-act-beyond-the-balance", beyond, RejectionCode.BALANCE_SHORT, Resolution.SEATS)


def _at(epoch: int, block: ClusterBlock) -> ClusterBlock:
    return replace(block, header=replace(block.header, epoch=Epoch(epoch)))


def _closed(at: Bench, epochs: int) -> Bench:
    """The bench so many empty epochs later."""
    ledger = at.ledger
    for _ in range(epochs):
        ledger = close_epoch(NORMATIVE, ledger, ())
    return Bench(bench(epochs).court, ledger)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from records_cases()
    yield from cluster_record_cases()
    yield from books_cases()
