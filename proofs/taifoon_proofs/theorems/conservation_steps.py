"""Section 5.2: the steps of the shipped ledger on amounts that are symbolic integers, one claim for each.

Who is there is fixed: two keys with a stake, of which one is leaving, two others, and up to two convictions.
How much each of them has, pays in, is owed or loses is any integer that the invariant allows, and so is the epoch
wherever the step does not write it into an offence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import z3

from taifoon.economics.ledger import (
    Ledger,
    admit,
    burn,
    close_epoch,
    deposit,
    genesis_ledger,
    held,
    leave,
    pay_fee,
    withdraw,
)
from taifoon.economics.offences import (
    NOTHING,
    Evidence,
    Matter,
    Offence,
    OffenceKind,
    Slot,
)
from taifoon.economics.registry import Entry, Snapshot
from taifoon.economics.rewards import ClusterRecord
from taifoon.economics.slashing import Conviction
from taifoon.primitives.types import Epoch
from taifoon.profile import Profile
from taifoon.synchronizer.economy import returned
from taifoon_models.economy import BAD_PROOF, CHAIN, CLUSTER, double_vote, jurisdiction, record_of, submission
from taifoon_models.keys import key
from taifoon_proofs.establish import Claim
from taifoon_proofs.paths import Integer, Number, always, loose, term_of

STAYING, LEAVING, OUTSIDE, UNKNOWN = 0, 1, 9, 8
"""A key with a stake, one that asked to leave, one with a balance alone, one that the ledger does not know."""
COMMITTED = Epoch(3)
NOW = Epoch(5)
COMMITTEE = (STAYING, STAYING, STAYING, LEAVING)

PROVED_REACH = (
    "each step of the ledger on every amount, stake, snapshot, base reward, efficiency and epoch of request, for 2 "
    "stakes among 4 keys, up to 2 convictions, and records of at most 4 seats and 40 blocks"
)

New: TypeAlias = Callable[[str], Number]
Step: TypeAlias = Callable[[Profile, Ledger, New], Ledger]


def offence(kind: OffenceKind, holder: int, number: int, epoch: Epoch = COMMITTED, seats: int = 0) -> Offence:
    """An offence on record; with seats, one in a committee of four."""
    slot = Slot(CHAIN, epoch, CLUSTER, Matter.VIEW, number, NOTHING)
    return Offence(kind, key(holder), slot, seats, len(COMMITTEE) if seats else 0)


RECORDS: dict[str, tuple[Offence, ...]] = {
    "clean": (),
    "one-offence": (offence(OffenceKind.INVALID_PROOF, STAYING, 7),),
    "two-epochs": (
        offence(OffenceKind.INVALID_VOTE, STAYING, 1),
        offence(OffenceKind.INACTIVITY, STAYING, 0, Epoch(COMMITTED - 1)),
    ),
    "another-guilty": (offence(OffenceKind.DOUBLE_VOTE, LEAVING, 1, seats=1),),
}
"""What is on record before the step."""


def ledger_of(new: New, record: Iterable[Offence], epoch: Any = None) -> Ledger:
    """A ledger in which every amount, and every epoch that is not given, is a symbolic integer."""

    def amount(name: str) -> Any:
        return new(name)

    entries = tuple(
        Entry(
            key(holder),
            (),
            amount(f"deposited-{holder}"),
            amount(f"taken-{holder}"),
            amount(f"since-{holder}"),
            amount(f"left-{holder}") if holder == LEAVING else None,
        )
        for holder in sorted((STAYING, LEAVING), key=key)
    )
    balances = tuple((key(holder), amount(f"balance-{holder}")) for holder in sorted((STAYING, OUTSIDE), key=key))
    snapshots = tuple(
        Snapshot(
            Epoch(served),
            tuple(
                (key(holder), amount(f"served-{holder}-in-{served}")) for holder in sorted((STAYING, LEAVING), key=key)
            ),
        )
        for served in range(COMMITTED, NOW + 2)
    )
    convictions = tuple(Conviction(each, amount(f"convicted-{place}")) for place, each in enumerate(record))
    return Ledger(
        CHAIN,
        amount("epoch") if epoch is None else epoch,
        entries,
        balances,
        amount("treasury"),
        amount("burned"),
        amount("issued"),
        snapshots,
        convictions,
    )


def invariant(ledger: Ledger) -> z3.BoolRef:
    """What every step keeps: what is held was issued, and no account, deposit, loss or snapshot is below zero."""
    natural: list[Integer] = [ledger.treasury, ledger.burned]
    for entry in ledger.entries:
        natural += [entry.taken, entry.stake]
    natural += [amount for _, amount in ledger.balances]
    natural += [stake for snapshot in ledger.snapshots for _, stake in snapshot.stakes]
    natural += [conviction.snapshot for conviction in ledger.convictions]
    return z3.And(term_of(held(ledger)) == term_of(ledger.issued), *(term_of(amount) >= 0 for amount in natural))


@dataclass(frozen=True, slots=True)
class Move:
    """A step with a name, the record that it finds, and the epoch where it has to be a number."""

    name: str
    step: Step
    record: str = "clean"
    epoch: Epoch | None = None


def moved(step: Callable[..., Ledger], holder: int) -> Step:
    """A step by a key with any amount."""
    return lambda profile, ledger, new: step(profile, ledger, key(holder), new("amount"))


def asked(step: Callable[..., Ledger], holder: int) -> Step:
    """A step by a key without an amount."""
    return lambda profile, ledger, new: step(profile, ledger, key(holder))


def reported(kind: str, reporter: int) -> Step:
    """A report of an offence of the key that stays."""

    def step(profile: Profile, ledger: Ledger, new: New) -> Ledger:
        evidence: Evidence
        if kind == "votes":
            evidence = double_vote(profile, COMMITTEE, COMMITTED, 0, 1)
        else:
            evidence = submission(profile, STAYING, COMMITTED, 1, BAD_PROOF)
        return admit(profile, ledger, jurisdiction(COMMITTED + 1, COMMITTEE), evidence, key(reporter))

    return step


def closed(record: ClusterRecord, withheld: tuple[int, ...] = ()) -> Step:
    """The end of an epoch, with any base reward and any efficiencies."""

    def step(profile: Profile, ledger: Ledger, new: New) -> Ledger:
        base: Any = new("base")
        reached: Any = new("reached")
        average: Any = new("average")
        priced = profile.with_parameters(replace(profile.parameters, base_reward=base))
        paid = replace(record, reached=reached, average=average)
        return close_epoch(priced, ledger, (paid,), withheld=tuple(key(holder) for holder in withheld))

    return step


def moves() -> Iterator[Move]:
    """Every step of the ledger."""
    holders = {"staying": STAYING, "leaving": LEAVING, "outside": OUTSIDE}
    for name, holder in holders.items():
        yield Move(f"deposit.{name}", moved(deposit, holder))
        yield Move(f"leave.{name}", asked(leave, holder))
        yield Move(f"withdraw.{name}", asked(withdraw, holder))
    yield Move("returned", lambda profile, ledger, new: returned(profile, ledger))
    for name, holder in (("outside", OUTSIDE), ("unknown", UNKNOWN)):
        yield Move(f"burn.{name}", moved(burn, holder))
        yield Move(f"fee.{name}", moved(pay_fee, holder))
    for record in RECORDS:
        yield Move(f"report.{record}", reported("proof", OUTSIDE), record)
    yield Move("report.by-itself", reported("proof", STAYING))
    yield Move("report.by-unknown", reported("proof", UNKNOWN))
    yield Move("report.votes", reported("votes", OUTSIDE), "another-guilty")
    present = record_of((STAYING, LEAVING), 3, frozenset({(2, 1)}), proofs=(STAYING, LEAVING, OUTSIDE))
    silent = frozenset((block, 3) for block in range(1, 41))
    yield Move("close.paid", closed(present), epoch=NOW)
    yield Move("close.no-work", closed(record_of((STAYING, LEAVING), 0)), epoch=NOW)
    yield Move("close.withheld", closed(record_of((OUTSIDE,), 0), (STAYING,)), "one-offence", NOW)
    yield Move("close.silent", closed(record_of(COMMITTEE, 40, silent)), epoch=NOW)


def genesis(new: New) -> tuple[tuple[Any, Any], ...]:
    """Amounts at genesis."""
    return tuple((key(holder), new(f"amount-{holder}")) for holder in sorted((STAYING, LEAVING), key=key))


def step_claims(profile: Profile) -> Iterator[Claim]:
    """Genesis has the invariant, and every step keeps it."""
    start = tuple(amount.term >= 0 for _, amount in genesis(loose))
    begun = always(start, lambda new: genesis_ledger(profile, CHAIN, genesis(new)[:1], genesis(new)[1:]), invariant)
    yield Claim("conserved.genesis", start, begun)
    for move in moves():
        yield Claim(f"conserved.{move.name}", *claimed(profile, move))


def claimed(profile: Profile, move: Move) -> tuple[tuple[z3.BoolRef, ...], z3.BoolRef]:
    """What a step is given, and what it keeps."""
    record = RECORDS[move.record]
    given = [invariant(ledger_of(loose, record, move.epoch))]
    given += [loose(name).term >= 0 for name in ("base", "reached", "average")] if move.epoch is not None else []
    kept = always(given, lambda new: move.step(profile, ledger_of(new, record, move.epoch), new), invariant)
    return tuple(given), kept
