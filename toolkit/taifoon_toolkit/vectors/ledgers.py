"""Ledgers and economies as vectors have them: every unit and who holds it, the control, efficiencies (R-5.1-6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from taifoon.core.leaf import ProofType
from taifoon.economics.ledger import Ledger, held, is_conserved
from taifoon.economics.offences import Offence
from taifoon.economics.registry import Entry, Snapshot
from taifoon.economics.slashing import Conviction
from taifoon.primitives.types import Amount, Epoch, Hash32, PublicKey
from taifoon.redundancy.control import Control, Raise
from taifoon.redundancy.coverage import Ratio
from taifoon.synchronizer.economy import Economy
from taifoon_toolkit.vectors.control import ControlState, OneRaise
from taifoon_toolkit.vectors.economics import Convicted, OneRatio
from taifoon_toolkit.vectors.wire import Digest, Large

GREATEST_AMOUNT = 1 << 62


@dataclass(frozen=True, slots=True)
class Holding:
    """Units of a key."""

    key: Digest
    amount: Large


@dataclass(frozen=True, slots=True)
class EntryGiven:
    """A key in the registry: what it paid in, what was taken of that, since when, and when it asked to leave."""

    public_key: Digest
    capabilities: tuple[ProofType, ...]
    deposited: Large
    taken: Large
    since: Large
    left: Large | None


@dataclass(frozen=True, slots=True)
class SnapshotGiven:
    """The stakes that serve in an epoch, by key."""

    epoch: Large
    stakes: tuple[Holding, ...]


@dataclass(frozen=True, slots=True)
class LedgerGiven:
    """All units and who holds them; entries, balances and stakes by key, snapshots by epoch, convictions by id."""

    epoch: Large
    entries: tuple[EntryGiven, ...]
    balances: tuple[Holding, ...]
    treasury: Large
    burned: Large
    issued: Large
    snapshots: tuple[SnapshotGiven, ...]
    convictions: tuple[Convicted, ...]


@dataclass(frozen=True, slots=True)
class EconomyGiven:
    """The ledger and the control of an epoch, and the efficiency of each cluster in the epochs before it."""

    ledger: LedgerGiven
    control: ControlState
    efficiencies: tuple[tuple[OneRatio, ...], ...]


def require_distinct(place: str, items: Iterable[object]) -> None:
    """Demand that nothing stands twice. Raises ValueError."""
    found = tuple(items)
    if len(set(found)) < len(found):
        raise ValueError(f"{place}: one stands twice")


def ledger_from(chain_id: bytes, given: LedgerGiven) -> Ledger:
    """A ledger as the reference has it; one that lost or made units, or is out of order, is not asked."""
    ledger = Ledger(
        Hash32(chain_id),
        Epoch(given.epoch),
        tuple(
            Entry(
                PublicKey(item.public_key),
                item.capabilities,
                Amount(item.deposited),
                Amount(item.taken),
                Epoch(item.since),
                None if item.left is None else Epoch(item.left),
            )
            for item in given.entries
        ),
        holdings_from(given.balances),
        Amount(given.treasury),
        Amount(given.burned),
        Amount(given.issued),
        tuple(Snapshot(Epoch(item.epoch), holdings_from(item.stakes)) for item in given.snapshots),
        tuple(
            Conviction(
                Offence(item.kind, PublicKey(item.key), item.slot, item.seats, item.committee_seats),
                Amount(item.snapshot),
            )
            for item in given.convictions
        ),
    )
    require_distinct(
        "convictions", ((item.offence.kind, item.offence.key, item.offence.slot) for item in ledger.convictions)
    )
    keys = [entry.public_key for entry in ledger.entries]
    holders = [holder for holder, _ in ledger.balances]
    epochs = [snapshot.epoch for snapshot in ledger.snapshots]
    if any(list(each) != sorted(set(each)) for each in (keys, holders, epochs)):  # type: ignore[type-var]
        raise ValueError("entries, balances, snapshots: in order, each once")
    if not is_conserved(ledger) or held(ledger) >= GREATEST_AMOUNT:
        raise ValueError("ledger: what is held is what was issued, below 2^62 units")
    return ledger


def holdings_from(given: tuple[Holding, ...]) -> tuple[tuple[PublicKey, Amount], ...]:
    """Holdings as the reference has them."""
    return tuple((PublicKey(item.key), Amount(item.amount)) for item in given)


def holdings_given(found: tuple[tuple[PublicKey, Amount], ...]) -> tuple[Holding, ...]:
    """Holdings as they are written."""
    return tuple(Holding(key, amount) for key, amount in found)


def ledger_given(ledger: Ledger) -> LedgerGiven:
    """A ledger as it is written."""
    entries = (
        EntryGiven(item.public_key, item.capabilities, item.deposited, item.taken, item.since, item.left)
        for item in ledger.entries
    )
    convictions = (
        Convicted(of.kind, of.key, of.slot, of.seats, of.committee_seats, item.snapshot)
        for item in ledger.convictions
        for of in (item.offence,)
    )
    return LedgerGiven(
        ledger.epoch,
        tuple(entries),
        holdings_given(ledger.balances),
        ledger.treasury,
        ledger.burned,
        ledger.issued,
        tuple(SnapshotGiven(item.epoch, holdings_given(item.stakes)) for item in ledger.snapshots),
        tuple(convictions),
    )


def economy_from(chain_id: bytes, given: EconomyGiven) -> Economy:
    """An economy as the reference has it; ledger and control are of one epoch."""
    state, ledger = given.control, ledger_from(chain_id, given.ledger)
    if state.epoch != ledger.epoch or state.clusters < 1 or len(given.efficiencies) != ledger.epoch:
        raise ValueError("economy: of the epoch that is not over, with a cluster, and efficiencies of all before")
    control = Control(
        Epoch(state.epoch),
        state.clusters,
        state.rest,
        tuple(Raise(item.proof_type, item.replicas) for item in state.raises),
    )
    return Economy(ledger, control, ratios_from(given.efficiencies))


def ratios_from(given: tuple[tuple[OneRatio, ...], ...]) -> tuple[tuple[Ratio, ...], ...]:
    """Efficiencies as the reference has them."""
    return tuple(tuple(Ratio(item.numerator, item.denominator) for item in epoch) for epoch in given)


def economy_given(found: Economy) -> EconomyGiven:
    """An economy as it is written."""
    raises = tuple(OneRaise(item.proof_type, item.replicas) for item in found.control.raises)
    control = ControlState(found.control.epoch, found.control.clusters, found.control.rest, raises)
    efficiencies = tuple(
        tuple(OneRatio(item.numerator, item.denominator) for item in epoch) for epoch in found.efficiencies
    )
    return EconomyGiven(ledger_given(found.ledger), control, efficiencies)
