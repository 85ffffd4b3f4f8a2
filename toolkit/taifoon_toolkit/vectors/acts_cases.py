"""Cases of acts: what each does to the ledger, each way of being refused, and what a leader takes up (R-5.2-1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core.accountability import Evidence as Contradiction
from taifoon.core.accountability import SignedStatement
from taifoon.core.block import ClusterBlock, Header, block_hash
from taifoon.core.epoch import Assignment, committee_of_cluster
from taifoon.core.leaf import ProofType
from taifoon.core.owners import OwnedJobs, formation_of
from taifoon.core.validity import derived_leaders
from taifoon.core.vote import Statement, VoteKind
from taifoon.economics.ledger import Ledger, close_epoch, genesis_ledger
from taifoon.economics.offences import CondemnedBlock, FalseSubmission, RootClaim, Submission, TwoRoots, sign_claim
from taifoon.network.envelope import Envelope, seal, state
from taifoon.network.evidence import ShownEvidence, shown_of
from taifoon.network.kinds import P2PMessage
from taifoon.network.messages import EvidenceReport, JobSubmission, Leave, Registration
from taifoon.primitives.encoding import encode
from taifoon.primitives.types import (
    Amount,
    BlockNumber,
    ClusterId,
    Epoch,
    LeafCount,
    Millis,
    Seat,
    Signature64,
    View,
)
from taifoon.profile import Resolution
from taifoon.rejection import RejectionCode
from taifoon.synchronizer import acts
from taifoon_models.blocks import CHAIN, PROOFS, proof_of
from taifoon_models.epochs import foundation, registration
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key, seed, signature
from taifoon_toolkit.vectors.books import ActsAsked, CourtGiven, HeardAsked, network_from
from taifoon_toolkit.vectors.case import Case, Double, Fault, Sibling, accept, agree
from taifoon_toolkit.vectors.epochs import FoundationGiven
from taifoon_toolkit.vectors.ledgers import ledger_given
from taifoon_toolkit.vectors.method import NORMATIVE

NAME = "acts.apply"
CODE = RejectionCode
SEAT = NORMATIVE.parameters.seat_stake
SEATS = (3, 1)
"""Seats of the members, keys 0 and 1."""
NEWCOMER, POOR = 2, 3
BALANCES = {1: 2 * SEAT, NEWCOMER: SEAT + 7}
EVERY_KIND = (ProofType.HEADER_INCLUSION,)
LATEST = NORMATIVE.parameters.evidence_window + NORMATIVE.parameters.evidence_delay

BELIEVES_ACTS = Double("believes the signatures of acts", "taifoon.synchronizer.acts:check_signature", accept)
ACTS_IN_ANY_ORDER = Double("takes acts in any order", "taifoon.synchronizer.acts:is_in_order", agree)
ACTS_FOR_OTHERS = Double("lets anybody act for a key", "taifoon.synchronizer.acts:speaks_for", lambda message: None)


def applied_anyhow(profile: Any, court: acts.Court, ledger: Ledger, envelope: Envelope) -> Ledger:
    """The ledger after an act that may change nothing."""
    act = acts.act_in(profile, court, envelope)
    return acts.after_act(profile, court, ledger, act, envelope.statement.sender)


IDLE_ACTS = Double("takes acts that change nothing", "taifoon.synchronizer.acts:applied", applied_anyhow)


@dataclass(frozen=True, slots=True)
class Bench:
    """A court and the ledger of its epoch, before which nothing happened."""

    court: CourtGiven
    ledger: Ledger

    @property
    def epoch(self) -> Epoch:
        """The epoch that is not over."""
        return self.ledger.epoch

    def assignment(self, epoch: int) -> Assignment:
        """The assignment of an epoch."""
        found = acts.past_assignment(NORMATIVE, network_from(NORMATIVE, self.court), Epoch(epoch))
        if found is None:
            raise ValueError(f"epoch: {epoch} is to come")
        return found

    def says(self, sender: int, message: P2PMessage, sequence: int = 0, **changes: Any) -> Envelope:
        """The envelope in which key `sender` says something now, but for these changes."""
        statement = state(CHAIN, self.epoch, key(sender), sequence, Millis(1), message)
        return seal(NORMATIVE, seed(sender), replace(statement, **changes))

    def asked(self, *envelopes: Envelope) -> ActsAsked:
        """The acts in these envelopes, in their order."""
        octets = tuple(encode(Envelope, each) for each in envelopes)
        return ActsAsked(self.court, ledger_given(self.ledger), octets)

    def heard(self, *envelopes: Envelope) -> HeardAsked:
        """What a leader has heard."""
        return HeardAsked(self.court, ledger_given(self.ledger), envelopes)

    def reports(self, sender: int, evidence: ShownEvidence, sequence: int = 0) -> Envelope:
        """A report of evidence."""
        return self.says(sender, EvidenceReport(shown_of(evidence)), sequence)

    def vote(
        self, offender: int, block: str, view: int = 1, epoch: int | None = None, seats: int = 0
    ) -> SignedStatement:
        """The vote of a member's first seat but `seats` to notarise a block."""
        at = self.epoch if epoch is None else Epoch(epoch)
        keys = [seat.public_key for seat in self.assignment(min(at, self.epoch)).clusters[0]]
        statement = Statement(CHAIN, at, ClusterId(0), View(view), VoteKind.NOTARISE, digest(block))
        seat = Seat(keys.index(key(offender)) + seats)
        return SignedStatement(seat, statement, signature(NORMATIVE, offender, statement))

    def double_vote(self, offender: int, **changes: Any) -> Contradiction:
        """Two votes of a member in one view."""
        return Contradiction(self.vote(offender, "one", **changes), self.vote(offender, "other", **changes))


def bench(epoch: int = 0) -> Bench:
    """Two members with four seats in one cluster, and holders of balances, in an epoch."""
    registry = tuple(registration(NORMATIVE, number, seats, EVERY_KIND) for number, seats in enumerate(SEATS))
    first = foundation(registry, 1)
    genesis = FoundationGiven(first.global_root, registry, 1, first.beacon)
    # Nothing here reads a registry of these, but for the epochs that genesis still serves.
    later = FoundationGiven(digest("a later root"), (), 1, digest("a later beacon"))
    balances = tuple((key(number), Amount(amount)) for number, amount in BALANCES.items())
    stakes = tuple((entry.public_key, entry.stake) for entry in registry)
    ledger = genesis_ledger(NORMATIVE, CHAIN, balances, stakes)
    for _ in range(epoch):
        ledger = close_epoch(NORMATIVE, ledger, ())
    return Bench(CourtGiven(CHAIN, genesis, (later,) * epoch, 2), ledger)


def deposit(number: int, amount: int) -> Registration:
    """A deposit by a key."""
    return Registration(key(number), Amount(amount), EVERY_KIND)


def false_submission(epoch: int, number: int, proof: bytes | None = None) -> FalseSubmission:
    """A member's submission of a proof; by default of a false one."""
    job = intake(0)
    claim = Submission(CHAIN, Epoch(epoch), key(number), job, b"no proof" if proof is None else proof)
    return FalseSubmission(claim, sign_claim(NORMATIVE, seed(number), claim))


def two_roots(epoch: int, number: int) -> TwoRoots:
    """Two roots of one height by a member."""
    first, second = (
        RootClaim(CHAIN, Epoch(epoch), ClusterId(0), BlockNumber(4), LeafCount(9), digest(name))
        for name in ("a root", "another root")
    )
    signatures = (sign_claim(NORMATIVE, seed(number), claim) for claim in (first, second))
    return TwoRoots(key(number), first, next(signatures), second, next(signatures))


def condemned(at: Bench, number: int) -> CondemnedBlock:
    """A member's vote for a block of an honest leader's form with a quorum of one seat less."""
    assignment = at.assignment(at.epoch)
    committee = committee_of_cluster(CHAIN, assignment, ClusterId(0))
    jobs = OwnedJobs(NORMATIVE, assignment, at.court.factor, (), frozenset())
    formation = formation_of(assignment, ClusterId(0), jobs)
    leader = derived_leaders(NORMATIVE, formation, View(1))[0]
    blank = digest("a parent")
    header = Header(BlockNumber(1), blank, blank, ClusterId(0), Millis(1), leader, at.epoch, View(1), View(0))
    block = ClusterBlock(header, (), (), (), committee.keys, 2)
    statement = Statement(CHAIN, at.epoch, ClusterId(0), View(1), VoteKind.NOTARISE, block_hash(NORMATIVE, block))
    seat = Seat(committee.keys.index(key(number)))
    return CondemnedBlock(SignedStatement(seat, statement, signature(NORMATIVE, number, statement)), block)


def accepted_cases() -> Iterator[Case]:
    """Deposits, departures, and evidence of each form, alone and together."""
    now, later, last = bench(), bench(1), bench(LATEST)
    ordered = sorted((1, NEWCOMER), key=key)
    both: dict[int, P2PMessage] = {1: Leave(key(1)), NEWCOMER: deposit(NEWCOMER, SEAT)}
    found = {
        "none": now.asked(),
        "a-newcomer": now.asked(now.says(NEWCOMER, deposit(NEWCOMER, SEAT))),
        "all-of-a-balance": now.asked(now.says(NEWCOMER, deposit(NEWCOMER, BALANCES[NEWCOMER]))),
        "a-unit-of-a-member": now.asked(now.says(1, deposit(1, 1))),
        "more-of-a-member": now.asked(now.says(1, deposit(1, SEAT))),
        "a-leaver": now.asked(now.says(1, Leave(key(1)))),
        "two-senders": now.asked(*(now.says(number, both[number]) for number in ordered)),
        "two-of-a-sender": now.asked(now.says(1, deposit(1, SEAT), 4), now.says(1, Leave(key(1)), 5)),
        "far-numbers": now.asked(now.says(1, deposit(1, SEAT)), now.says(1, deposit(1, 3), (1 << 64) - 1)),
        "expired-long-ago": now.asked(now.says(1, Leave(key(1)), expiry=Millis(0))),
        "a-double-vote": now.asked(now.reports(NEWCOMER, now.double_vote(1))),
        "a-double-vote-of-many-seats": now.asked(now.reports(NEWCOMER, now.double_vote(0, seats=2))),
        "of-oneself": now.asked(now.reports(1, now.double_vote(1))),
        "of-two-views": now.asked(now.reports(1, now.double_vote(1)), now.reports(1, now.double_vote(1, view=2), 1)),
        "of-two-members": now.asked(now.reports(POOR, now.double_vote(1)), now.reports(POOR, now.double_vote(0), 1)),
        "a-false-submission": now.asked(now.reports(NEWCOMER, false_submission(0, 0))),
        "two-roots": now.asked(now.reports(NEWCOMER, two_roots(0, 0))),
        "an-invalid-block": now.asked(now.reports(NEWCOMER, condemned(now, 0))),
        "of-the-epoch-before": later.asked(later.reports(POOR, later.double_vote(1, epoch=0))),
        "of-the-last-epoch-that-counts": last.asked(last.reports(POOR, two_roots(0, 1))),
        "after-leaving": later.asked(later.says(1, Leave(key(1))), later.reports(1, two_roots(0, 1), 1)),
    }
    for label, given in found.items():
        yield Case(NAME, label, given)


Refused = dict[str, tuple[ActsAsked, RejectionCode, Fault]]


def refused_envelopes(now: Bench) -> Refused:
    """Acts that are none of this closing, whatever they ask."""
    leaving = now.says(1, Leave(key(1)))
    honest = now.asked(leaving)

    def sibling(edit: str) -> Sibling:
        return Sibling(honest, edit)

    act = CODE.EPOCH_ACT
    mine, theirs = now.says(1, deposit(1, SEAT)), now.says(NEWCOMER, deposit(NEWCOMER, SEAT))
    backwards = sorted((mine, theirs), key=acts.order_of, reverse=True)
    unsigned = replace(leaving, signature=Signature64(bytes(64)))
    changed = replace(leaving, statement=replace(leaving.statement, sequence=1))
    octets = honest.acts[0]
    submission = now.says(1, JobSubmission(intake(0), Amount(0)))
    return {
        "another-chain": (now.asked(now.says(1, Leave(key(1)), chain_id=digest("x"))), act, sibling("the chain")),
        "the-next-epoch": (now.asked(now.says(1, Leave(key(1)), epoch=Epoch(1))), act, sibling("the epoch")),
        "another-kind": (now.asked(submission), act, sibling("the kind")),
        "unsigned": (now.asked(unsigned), CODE.SIGNATURE_INVALID, BELIEVES_ACTS),
        "changed-after-signing": (now.asked(changed), CODE.SIGNATURE_INVALID, BELIEVES_ACTS),
        "for-another": (now.asked(now.says(1, deposit(NEWCOMER, SEAT))), act, ACTS_FOR_OTHERS),
        "another-leaves": (now.asked(now.says(0, Leave(key(1)))), act, ACTS_FOR_OTHERS),
        "turned": (now.asked(*backwards), act, ACTS_IN_ANY_ORDER),
        "numbers-turned": (
            now.asked(now.says(1, deposit(1, SEAT), 5), now.says(1, deposit(1, 3), 4)),
            act,
            ACTS_IN_ANY_ORDER,
        ),
        "one-number": (now.asked(mine, now.says(1, deposit(1, 3))), act, ACTS_IN_ANY_ORDER),
        "twice": (now.asked(mine, mine), act, ACTS_IN_ANY_ORDER),
        "said-twice": (now.asked(mine, now.says(1, deposit(1, SEAT), 1)), act, ACTS_IN_ANY_ORDER),
        "cut": (replace(honest, acts=(octets[:-1],)), CODE.ENCODING_TRUNCATED, sibling("the last byte left out")),
        "and-a-byte": (
            replace(honest, acts=(octets + b"\x00",)),
            CODE.ENCODING_TRAILING_BYTES,
            Resolution.NO_TRAILING_BYTES,
        ),
        "payload-cut": (
            now.asked(now.says(1, Leave(key(1)), payload=bytes(key(1))[:-1])),
            CODE.ENCODING_TRUNCATED,
            sibling("the last byte of the payload left out"),
        ),
    }


def refused_by_the_ledger(now: Bench) -> Refused:
    """Deposits and departures that the ledger does not allow."""
    leaving = now.says(1, Leave(key(1)))
    fits = Sibling(now.asked(now.says(NEWCOMER, deposit(NEWCOMER, SEAT))), "one who has the units")
    gone = replace(now.ledger, entries=tuple(_left(entry) for entry in now.ledger.entries))
    away = replace(now, ledger=gone)
    stays = Sibling(now.asked(leaving), "before the key asked to leave")
    more = Sibling(now.asked(now.says(1, deposit(1, SEAT))), "before the key asked to leave")
    nothing = now.asked(now.says(1, deposit(1, 0)))
    unit = Sibling(now.asked(now.says(1, deposit(1, 1))), "a unit in place of none")
    beyond = now.asked(now.says(NEWCOMER, deposit(NEWCOMER, BALANCES[NEWCOMER] + 1)))
    return {
        "nothing-deposited": (nothing, CODE.AMOUNT_INVALID, unit),
        "a-seat-but-for-a-unit": (
            now.asked(now.says(NEWCOMER, deposit(NEWCOMER, SEAT - 1))),
            CODE.EPOCH_ACT,
            Resolution.SEATS,
        ),
        "beyond-the-balance": (beyond, CODE.BALANCE_SHORT, Resolution.SEATS),
        "without-a-balance": (now.asked(now.says(POOR, deposit(POOR, SEAT))), CODE.BALANCE_SHORT, fits),
        "one-with-stake-and-no-balance": (now.asked(now.says(0, deposit(0, 1))), CODE.BALANCE_SHORT, Resolution.SEATS),
        "a-deposit-of-a-leaver": (away.asked(away.says(1, deposit(1, SEAT))), CODE.STAKE_LEAVING, more),
        "leaves-twice": (away.asked(leaving), CODE.STAKE_LEAVING, stays),
        "a-stranger-leaves": (
            now.asked(now.says(NEWCOMER, Leave(key(NEWCOMER)))),
            CODE.STAKE_UNKNOWN,
            Sibling(now.asked(leaving), "one who has a stake"),
        ),
        "the-second-of-two": (
            now.asked(now.says(1, Leave(key(1))), now.says(1, deposit(1, SEAT), 1)),
            CODE.STAKE_LEAVING,
            Sibling(now.asked(now.says(1, deposit(1, SEAT)), now.says(1, Leave(key(1)), 1)), "the numbers"),
        ),
    }


def _left(entry: Any) -> Any:
    return replace(entry, left=Epoch(0)) if entry.public_key == key(1) else entry


def refused_evidence(now: Bench) -> Refused:
    """Reports that show nothing, or nothing that counts."""
    late, later = bench(LATEST + 1), bench(1)
    genuine = now.double_vote(1)
    shown = Sibling(now.asked(now.reports(NEWCOMER, genuine)), "two votes of a member in one view of this chain")
    unsigned = replace(genuine, second=replace(genuine.second, signature=Signature64(bytes(64))))
    same = replace(genuine, second=genuine.first)
    elsewhere = replace(genuine, second=now.vote(1, "other", view=2))
    coming = Contradiction(now.vote(1, "one", epoch=1), now.vote(1, "other", epoch=1))
    proved = false_submission(0, 0, proof_of(intake(0).job_id, key(0)))
    false = Sibling(now.asked(now.reports(NEWCOMER, false_submission(0, 0))), "a proof that does not verify")
    stakeless = replace(now, ledger=replace(now.ledger, snapshots=tuple(map(_without, now.ledger.snapshots))))
    known = acts.all_applied(
        NORMATIVE,
        acts.Court(network_from(NORMATIVE, now.court), PROOFS, now.court.factor),
        now.ledger,
        now.asked(now.reports(NEWCOMER, genuine)).acts,
    )
    again = replace(now, ledger=known)
    code = CODE.EVIDENCE_UNCONVINCING
    return {
        "evidence-unsigned": (now.asked(now.reports(NEWCOMER, unsigned)), code, shown),
        "evidence-of-one-vote": (now.asked(now.reports(NEWCOMER, same)), code, shown),
        "evidence-of-two-views": (now.asked(now.reports(NEWCOMER, elsewhere)), code, shown),
        "evidence-of-an-epoch-to-come": (now.asked(now.reports(NEWCOMER, coming)), CODE.EVIDENCE_LATE, shown),
        "evidence-of-a-proof": (now.asked(now.reports(NEWCOMER, proved)), code, false),
        "evidence-of-a-stranger": (
            now.asked(now.reports(NEWCOMER, false_submission(0, POOR))),
            code,
            Resolution.EVIDENCE,
        ),
        "evidence-without-stake": (stakeless.asked(now.reports(NEWCOMER, genuine)), code, Resolution.EVIDENCE),
        "evidence-late": (late.asked(late.reports(POOR, two_roots(0, 1))), CODE.EVIDENCE_LATE, Resolution.EVIDENCE),
        "evidence-known": (again.asked(now.reports(POOR, genuine)), CODE.EPOCH_ACT, IDLE_ACTS),
        "evidence-twice": (
            later.asked(
                *(later.reports(1, later.double_vote(1, epoch=0)), later.reports(1, _turned(later), 1)),
            ),
            CODE.EPOCH_ACT,
            IDLE_ACTS,
        ),
    }


def _turned(at: Bench) -> Contradiction:
    shown = at.double_vote(1, epoch=0)
    return Contradiction(shown.second, shown.first)


def _without(snapshot: Any) -> Any:
    return replace(snapshot, stakes=tuple(pair for pair in snapshot.stakes if pair[0] != key(1)))


def chosen_cases() -> Iterator[Case]:
    """What a leader has heard, in any order, with what it leaves out."""
    now = bench()
    first, second = now.says(1, deposit(1, SEAT)), now.says(1, Leave(key(1)), 1)
    newcomer = now.says(NEWCOMER, deposit(NEWCOMER, SEAT))
    blank = replace(newcomer, signature=Signature64(bytes(64)))
    found: dict[str, tuple[Envelope, ...]] = {
        "nothing": (),
        "in-any-order": (second, newcomer, first),
        "the-other-way": (first, newcomer, second),
        "none-that-is-refused": (blank, now.says(POOR, deposit(POOR, 1)), first),
        "one-of-a-number": (first, now.says(1, deposit(1, 3)), newcomer),
        "one-of-a-message": (now.says(1, deposit(1, SEAT), 7), first),
        "none-after-leaving": (now.says(1, deposit(1, 3), 2), second),
        "what-the-balance-bears": (newcomer, now.says(NEWCOMER, deposit(NEWCOMER, 8), 1), first),
        "none-of-another-epoch": (now.says(1, Leave(key(1)), epoch=Epoch(1)), newcomer),
        "evidence-once": (
            now.reports(NEWCOMER, two_roots(0, 0), 1),
            now.reports(1, two_roots(0, 0)),
            now.reports(POOR, two_roots(0, 0)),
        ),
    }
    for label, envelopes in found.items():
        yield Case("acts.choose", label, now.heard(*envelopes))


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from accepted_cases()
    refusals: tuple[Callable[[Bench], Refused], ...] = (refused_envelopes, refused_by_the_ledger, refused_evidence)
    for refused in refusals:
        for label, (given, code, fault) in refused(bench()).items():
            yield Case(NAME, label, given, code, fault)
    yield from chosen_cases()
