"""Sections 5.2 and 6.1: stake, the seats that it buys, and when it may leave (R-6.1-1, A3, E13, E16).

A seat is one unit of stake and has one vote, so that a stake split over many keys never gains a seat. A key that has
asked to leave serves until its last snapshot is over; its stake waits until no evidence against it can count any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from icontract import ensure, require

from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Amount, Epoch, PublicKey
from taifoon.profile import Profile, Resolution


@dataclass(frozen=True, slots=True)
class Entry:
    """A key in the registry: what it paid in, what was taken of that, since when, and when it asked to leave."""

    public_key: PublicKey
    capabilities: tuple[ProofType, ...]
    deposited: Amount
    taken: Amount
    since: Epoch
    left: Epoch | None

    @property
    def stake(self) -> Amount:
        """What is left of the deposits."""
        return Amount(self.deposited - self.taken)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The stakes that serve in an epoch, by key; frozen before the seed of the epoch is known."""

    epoch: Epoch
    stakes: tuple[tuple[PublicKey, Amount], ...]

    def stake_of(self, key: PublicKey) -> Amount:
        """The stake of a key; 0 for a key that does not serve."""
        return Amount(sum(stake for holder, stake in self.stakes if holder == key))


def seats_of_stake(unit: int, stake: int) -> int:
    """Seats that a stake buys at a price. Runs on symbolic terms as well."""
    return stake // unit


def seats(profile: Profile, stake: int) -> int:
    """Rule: the seats of one key. Literally one key has one place, whatever its stake. Runs on symbolic terms."""
    if Resolution.SEATS in profile:
        return seats_of_stake(profile.parameters.seat_stake, stake)
    return 1


def is_paid_in(profile: Profile) -> bool:
    """Rule: whether a stake is taken from a balance. Literally a stake is a number that no section introduces."""
    return Resolution.SEATS in profile


def first_epoch_of(profile: Profile, request: int) -> int:
    """The first epoch whose snapshot shows a request that was made in epoch `request`. Runs on symbolic terms."""
    return request + profile.parameters.seed_lag


def last_epoch_of(profile: Profile, left: int) -> int:
    """The last epoch in which a key serves that asked to leave in epoch `left`. Runs on symbolic terms as well."""
    return first_epoch_of(profile, left) - 1


def withdrawal_epoch(profile: Profile, left: int) -> int:
    """Rule: the first epoch in which a stake may be withdrawn. Literally nothing holds it. Runs on symbolic terms."""
    if Resolution.EVIDENCE in profile:
        return first_epoch_of(profile, left) + profile.parameters.unbonding_delay
    return left


def last_evidence_epoch(profile: Profile, offence: int) -> int:
    """The last epoch in which evidence of an offence is accepted. Runs on symbolic terms as well."""
    return offence + profile.parameters.evidence_window + profile.parameters.evidence_delay


def is_in_window(profile: Profile, offence: int, now: int) -> bool:
    """Rule: whether evidence counts now. Literally it always does, if there is anything left to take."""
    if Resolution.EVIDENCE in profile:
        return offence <= now <= last_evidence_epoch(profile, offence)
    return True


@require(lambda entries: len({entry.public_key for entry in entries}) == len(entries))
@ensure(lambda result: all(low[0] < high[0] for low, high in pairwise(result.stakes)))
def snapshot_of(entries: tuple[Entry, ...], epoch: Epoch) -> Snapshot:
    """The stakes of all keys that have not asked to leave, for a later epoch."""
    serving = tuple((entry.public_key, entry.stake) for entry in entries if entry.left is None)
    return Snapshot(epoch, tuple(sorted(serving)))
