"""Section 5: the ledger of stakes, balances and treasury, which conserves every unit (R-5.1-6, E16).

The epoch chain applies these functions, in the order in which its blocks say. Units come into being at genesis and as
the budgets of closed epochs, and nowhere else; deposits, penalties, payouts and withdrawals only move them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from icontract import ensure, require

from taifoon.core.leaf import ProofType
from taifoon.economics.literal_rewards import Rounding
from taifoon.economics.offences import (
    NOTHING,
    Evidence,
    Jurisdiction,
    Matter,
    Offence,
    OffenceKind,
    Slot,
    Window,
    inactive,
    judge,
    offence_id,
)
from taifoon.economics.registry import (
    Entry,
    Snapshot,
    first_epoch_of,
    is_in_window,
    is_paid_in,
    last_evidence_epoch,
    snapshot_of,
    withdrawal_epoch,
)
from taifoon.economics.rewards import ClusterRecord, budget, is_window_over, payouts, present
from taifoon.economics.slashing import (
    Conviction,
    Destination,
    conforming_destinations,
    convictions_of,
    due,
    proceeds,
)
from taifoon.primitives.types import Amount, Epoch, Hash32, PublicKey, Seat
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode


@dataclass(frozen=True, slots=True)
class Ledger:
    """All units and who holds them, in the epoch at hand. Entries and balances are in the order of their keys.

    `snapshots` has the stakes of epochs against which evidence can still count, and of those to come.
    """

    chain_id: Hash32
    epoch: Epoch
    entries: tuple[Entry, ...]
    balances: tuple[tuple[PublicKey, Amount], ...]
    treasury: Amount
    burned: Amount
    issued: Amount
    snapshots: tuple[Snapshot, ...]
    convictions: tuple[Conviction, ...]

    def balance(self, key: PublicKey) -> Amount:
        """The free units of a key."""
        return Amount(sum(amount for holder, amount in self.balances if holder == key))

    def entry(self, key: PublicKey) -> Entry | None:
        """The registry's entry of a key."""
        return next((entry for entry in self.entries if entry.public_key == key), None)

    def snapshot(self, epoch: Epoch) -> Snapshot:
        """The stakes that serve in an epoch; none where they are no longer, or not yet, kept."""
        kept = (snapshot for snapshot in self.snapshots if snapshot.epoch == epoch)
        return next(kept, Snapshot(epoch, ()))


def held(ledger: Ledger) -> int:
    """All units that somebody holds, and those burned."""
    stakes = sum(entry.stake for entry in ledger.entries)
    return stakes + sum(amount for _, amount in ledger.balances) + ledger.treasury + ledger.burned


def is_conserved(ledger: Ledger) -> bool:
    """Whether what is held is what was issued, and no account is below zero."""
    amounts = (
        *(amount for _, amount in ledger.balances),
        *(entry.stake for entry in ledger.entries),
        ledger.treasury,
        ledger.burned,
    )
    return held(ledger) == ledger.issued and all(amount >= 0 for amount in amounts)


def stays_conserved(profile: Profile, before: Ledger, after: Ledger) -> bool:
    """Whether a step keeps what it has to, in a profile with the rules that conservation rests on."""
    mended = {Resolution.SEATS, Resolution.REWARD, Resolution.SLASHING} <= profile.resolutions
    return is_conserved(after) or not is_conserved(before) or not mended


@require(lambda balances, stakes: all(amount >= 0 for _, amount in (*balances, *stakes)))
@require(lambda balances: len({key for key, _ in balances}) == len(balances))
@require(lambda stakes: len({key for key, _ in stakes}) == len(stakes))
@ensure(lambda result: is_conserved(result))
def genesis_ledger(
    profile: Profile,
    chain_id: Hash32,
    balances: tuple[tuple[PublicKey, Amount], ...],
    stakes: tuple[tuple[PublicKey, Amount], ...] = (),
) -> Ledger:
    """The ledger at genesis: balances, and the stakes of the first members, who serve from epoch 0 on."""
    issued = Amount(sum(amount for _, amount in (*balances, *stakes)))
    entries = tuple(Entry(key, (), stake, Amount(0), Epoch(0), None) for key, stake in sorted(stakes))
    first = range(first_epoch_of(profile, 0))
    snapshots = tuple(snapshot_of(entries, Epoch(epoch)) for epoch in first)
    nothing = Amount(0)
    return Ledger(chain_id, Epoch(0), entries, tuple(sorted(balances)), nothing, nothing, issued, snapshots, ())


def with_balance(ledger: Ledger, key: PublicKey, change: int) -> Ledger:
    """The ledger with one balance changed. Rejects with BALANCE_SHORT."""
    after = ledger.balance(key) + change
    if after < 0:
        raise Rejected(
            RejectionCode.BALANCE_SHORT, f"the balance of {key.hex()} is {ledger.balance(key)}, less than {-change}"
        )
    others = tuple(pair for pair in ledger.balances if pair[0] != key)
    return replace(ledger, balances=tuple(sorted((*others, (key, Amount(after))))))


def with_entry(ledger: Ledger, entry: Entry) -> Ledger:
    """The ledger with one entry added or replaced."""
    others = tuple(item for item in ledger.entries if item.public_key != entry.public_key)
    return replace(ledger, entries=tuple(sorted((*others, entry), key=lambda item: item.public_key)))


def check_amount(amount: int) -> None:
    """Demand at least one unit. Rejects with AMOUNT_INVALID."""
    if amount < 1:
        raise Rejected(RejectionCode.AMOUNT_INVALID, f"the amount is {amount}; give 1 unit or more")


def existing(ledger: Ledger, key: PublicKey) -> Entry:
    """A key's entry. Rejects with STAKE_UNKNOWN."""
    entry = ledger.entry(key)
    if entry is None:
        raise Rejected(RejectionCode.STAKE_UNKNOWN, f"{key.hex()} has no stake: deposit first")
    return entry


@ensure(lambda profile, ledger, result: stays_conserved(profile, ledger, result))
def deposit(
    profile: Profile, ledger: Ledger, key: PublicKey, amount: Amount, capabilities: tuple[ProofType, ...] = ()
) -> Ledger:
    """Move units from a key's balance to its stake. Rejects with AMOUNT_INVALID, BALANCE_SHORT, STAKE_LEAVING."""
    check_amount(amount)
    entry = ledger.entry(key)
    if entry is None:
        entry = Entry(key, capabilities, Amount(0), Amount(0), ledger.epoch, None)
    if entry.left is not None:
        raise Rejected(RejectionCode.STAKE_LEAVING, f"{key.hex()} asked to leave in {entry.left}: withdraw first")
    paid = with_balance(ledger, key, -amount) if is_paid_in(profile) else ledger
    return with_entry(paid, replace(entry, deposited=Amount(entry.deposited + amount)))


@ensure(lambda profile, ledger, result: stays_conserved(profile, ledger, result))
def leave(profile: Profile, ledger: Ledger, key: PublicKey) -> Ledger:
    """Ask to leave: the key has no seats from the next snapshot on. Rejects with STAKE_UNKNOWN, STAKE_LEAVING."""
    entry = existing(ledger, key)
    if entry.left is not None:
        raise Rejected(RejectionCode.STAKE_LEAVING, f"{key.hex()} asked to leave in {entry.left}")
    return with_entry(ledger, replace(entry, left=ledger.epoch))


@ensure(lambda profile, ledger, result: stays_conserved(profile, ledger, result))
def withdraw(profile: Profile, ledger: Ledger, key: PublicKey) -> Ledger:
    """Move all that is left of a stake back to the balance. Rejects with STAKE_UNKNOWN, STAKE_LOCKED."""
    entry = existing(ledger, key)
    if entry.left is None or ledger.epoch < withdrawal_epoch(profile, entry.left):
        opens = (
            "after a request to leave" if entry.left is None else f"in epoch {withdrawal_epoch(profile, entry.left)}"
        )
        raise Rejected(RejectionCode.STAKE_LOCKED, f"the stake of {key.hex()} can be withdrawn {opens}")
    remaining = tuple(item for item in ledger.entries if item.public_key != key)
    return with_balance(replace(ledger, entries=remaining), key, entry.stake)


@ensure(lambda profile, ledger, result: stays_conserved(profile, ledger, result))
def burn(profile: Profile, ledger: Ledger, key: PublicKey, amount: Amount) -> Ledger:
    """Destroy free units of one's own. Rejects with AMOUNT_INVALID, BALANCE_SHORT."""
    check_amount(amount)
    return replace(with_balance(ledger, key, -amount), burned=Amount(ledger.burned + amount))


@ensure(lambda profile, ledger, result: stays_conserved(profile, ledger, result))
def pay_fee(profile: Profile, ledger: Ledger, key: PublicKey, amount: Amount) -> Ledger:
    """Move a job's fee from its submitter to the treasury, where no prover gets it back.

    Rejects with AMOUNT_INVALID, BALANCE_SHORT. `least_fee` says what it has to be.
    """
    check_amount(amount)
    return replace(with_balance(ledger, key, -amount), treasury=Amount(ledger.treasury + amount))


def recorded(profile: Profile, ledger: Ledger, offence: Offence) -> tuple[Conviction, ...]:
    """Rule: the convictions with one more. Literally every report counts; repaired, each offence once, as a set."""
    conviction = Conviction(offence, ledger.snapshot(offence.epoch).stake_of(offence.key))
    if Resolution.SLASHING not in profile:
        return (*ledger.convictions, conviction)
    by_id = {offence_id(profile, item.offence): item for item in (conviction, *ledger.convictions)}
    return tuple(by_id[name] for name in sorted(by_id))


def settled(
    profile: Profile, ledger: Ledger, reporter: PublicKey | None, offender: PublicKey, destination: Destination
) -> Ledger:
    """Take what the convictions on record call for and has not been taken yet.

    The reporter shares in what its evidence takes of the offender, not in what it adds to the penalties of others.
    """
    for entry in ledger.entries:
        since = tuple(
            item for item in convictions_of(ledger.convictions, entry.public_key) if item.offence.epoch >= entry.since
        )
        taken = max(entry.taken, due(profile, entry.deposited, since, ledger.convictions))
        if taken == entry.taken:
            continue
        more = taken - entry.taken
        to_treasury, to_reporter = proceeds(profile, more, destination)
        if reporter is None or entry.public_key != offender:
            to_treasury, to_reporter = to_treasury + to_reporter, 0
        ledger = with_entry(ledger, replace(entry, taken=Amount(taken)))
        ledger = replace(ledger, treasury=Amount(ledger.treasury + to_treasury))
        if reporter is not None and to_reporter > 0:
            ledger = with_balance(ledger, reporter, to_reporter)
    return ledger


def check_window(profile: Profile, offence: Epoch, now: Epoch) -> None:
    """Demand that evidence of an offence of one epoch counts in another. Rejects with EVIDENCE_LATE."""
    if not is_in_window(profile, offence, now):
        raise Rejected(
            RejectionCode.EVIDENCE_LATE,
            f"an offence of epoch {offence} counts until {last_evidence_epoch(profile, offence)}; the epoch is {now}",
        )


@ensure(lambda profile, ledger, result: stays_conserved(profile, ledger, result))
def admit(
    profile: Profile,
    ledger: Ledger,
    jurisdiction: Jurisdiction,
    evidence: Evidence,
    reporter: PublicKey,
    destination: Destination | None = None,
) -> Ledger:
    """Put an offence on record and take its penalty; an offence that is on record changes nothing.

    Rejects with EVIDENCE_UNCONVINCING, EVIDENCE_LATE. `destination` is one of `conforming_destinations`, by default the
    first.
    """
    offence = judge(profile, jurisdiction, evidence)
    check_window(profile, offence.epoch, ledger.epoch)
    # An offence of a key without stake would only fill the record.
    if Resolution.EVIDENCE in profile and ledger.snapshot(offence.epoch).stake_of(offence.key) == 0:
        raise Rejected(
            RejectionCode.EVIDENCE_UNCONVINCING, f"{offence.key.hex()} had no stake in epoch {offence.epoch}"
        )
    goes_to = destination or conforming_destinations(profile)[0]
    known = replace(ledger, convictions=recorded(profile, ledger, offence))
    return settled(profile, known, reporter, offence.key, goes_to)


def silence(profile: Profile, record: ClusterRecord) -> tuple[Window, ...]:
    """The final blocks of a record whose window is over, each with the seats whose signature never came in time.

    One block of the stretch follows those of the record.
    """
    signed = present(profile, record)
    last = max(record.blocks, default=0) + 1
    everyone = frozenset(Seat(seat) for seat in range(len(record.keys)))
    return tuple(
        Window(is_final=True, absent=everyone - {seat for block, seat in signed if block == number})
        for number in record.blocks
        if is_window_over(profile, number, last)
    )


def silence_of(ledger: Ledger, kind: OffenceKind, key: PublicKey) -> Offence:
    """Silence of a key in the epoch at hand: all kinds of it have one slot, so that who is offline is charged once."""
    return Offence(kind, key, Slot(ledger.chain_id, ledger.epoch, None, Matter.EPOCH, 0, NOTHING))


def inactivity(profile: Profile, ledger: Ledger, record: ClusterRecord) -> tuple[Offence, ...]:
    """The inactivity that a record shows of keys that had not asked to leave before the epoch."""
    windows = silence(profile, record)
    found = []
    for key in dict.fromkeys(record.keys):
        entry = ledger.entry(key)
        seats = tuple(Seat(seat) for seat, holder in enumerate(record.keys) if holder == key)
        if entry is not None and (entry.left is None or entry.left >= ledger.epoch):
            charges = max(inactive(profile, len(record.keys), windows, seat) for seat in seats)
            found += [silence_of(ledger, OffenceKind.INACTIVITY, key)] * charges
    return tuple(found)


def charged(profile: Profile, ledger: Ledger, offences: Iterable[Offence]) -> Ledger:
    """Put offences on record that final blocks show, and take their penalties; nobody reports them."""
    for offence in offences:
        known = replace(ledger, convictions=recorded(profile, ledger, offence))
        ledger = settled(profile, known, None, offence.key, conforming_destinations(profile)[0])
    return ledger


def paid_out(profile: Profile, ledger: Ledger, record: ClusterRecord, rounding: Rounding) -> Ledger:
    """Issue a cluster's budget, pay its members, and give the treasury what is left."""
    base = profile.parameters.base_reward
    issued = budget(profile, base, record.reached, record.average)
    left = issued
    for payout in payouts(profile, base, record, rounding):
        if payout.amount:
            ledger = with_balance(ledger, payout.key, payout.amount)
            left -= payout.amount
    return replace(ledger, treasury=Amount(ledger.treasury + left), issued=Amount(ledger.issued + issued))


@require(lambda records: len({record.cluster for record in records}) == len(records))
@ensure(lambda profile, ledger, result: stays_conserved(profile, ledger, result))
@ensure(lambda ledger, result: result.epoch == ledger.epoch + 1)
def close_epoch(
    profile: Profile,
    ledger: Ledger,
    records: tuple[ClusterRecord, ...],
    rounding: Rounding = Rounding.DOWN,
    withheld: tuple[PublicKey, ...] = (),
) -> Ledger:
    """Pay the rewards of an epoch, charge silence, freeze the next snapshot, and turn to the next epoch.

    `withheld` are the holders that the beacon names for reveals that they owed in this epoch.
    """
    for record in records:
        ledger = paid_out(profile, ledger, record, rounding)
        ledger = charged(profile, ledger, inactivity(profile, ledger, record))
    reveals = (silence_of(ledger, OffenceKind.WITHHELD_REVEAL, key) for key in withheld if ledger.entry(key))
    ledger = charged(profile, ledger, tuple(reveals))
    frozen = snapshot_of(ledger.entries, Epoch(first_epoch_of(profile, ledger.epoch)))
    following = Epoch(ledger.epoch + 1)
    return replace(ledger, epoch=following, snapshots=kept(profile, (*ledger.snapshots, frozen), following))


def kept(profile: Profile, snapshots: Iterable[Snapshot], now: Epoch) -> tuple[Snapshot, ...]:
    """The snapshots against which evidence can count now or later."""
    return tuple(snapshot for snapshot in snapshots if last_evidence_epoch(profile, snapshot.epoch) >= now)
