"""A synchronizer in a simulated network, and its driver: the key, the disk, the alarms, and whether it is up."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

from taifoon.core.leaf import MMRLeaf
from taifoon.core.network_state import EpochRecord, NetworkState
from taifoon.primitives.signatures import sign
from taifoon.primitives.types import ClusterId, Epoch, Hash32, PublicKey, Signature64
from taifoon.synchronizer.acts import Act
from taifoon.synchronizer.economy import Economy
from taifoon.synchronizer.events import (
    Alarm,
    BuildAlarm,
    Started,
    StoredVotes,
    StoreEpoch,
    StoreJobs,
    StoreOrders,
    StoreVotes,
    ViewAlarm,
)
from taifoon.synchronizer.inbox import Inbox
from taifoon.synchronizer.state import Synchronizer
from taifoon_models.jobs import digest
from taifoon_models.keys import key, seed


@cache
def signed(number: int, message: Hash32) -> Signature64:
    """The signature of key `number` under a digest."""
    return Signature64(sign(seed(number), message))


@dataclass(frozen=True, slots=True)
class NumberedSigner:
    """The holder of a numbered key."""

    number: int

    @property
    def public_key(self) -> PublicKey:
        """The key."""
        return key(self.number)

    def sign(self, digest: Hash32) -> Signature64:
        """A signature, made once."""
        return signed(self.number, digest)

    def secret(self, epoch: Epoch) -> Hash32:
        """A fixed secret for each epoch."""
        return digest(f"secret of {self.number} for epoch {epoch}")


@dataclass
class Stored:
    """What of a synchronizer survives a crash."""

    network: NetworkState
    economy: Economy
    records: tuple[EpochRecord, ...] = ()
    votes: dict[tuple[Epoch, ClusterId], StoredVotes] = field(default_factory=dict)
    orders: tuple[Act, ...] = ()
    jobs: tuple[MMRLeaf, ...] = ()

    def keep(self, effect: StoreVotes | StoreEpoch | StoreOrders | StoreJobs) -> None:
        """Carry out an effect."""
        if isinstance(effect, StoreJobs):
            self.jobs = effect.jobs
            return
        if isinstance(effect, StoreOrders):
            self.orders = effect.orders
            return
        if isinstance(effect, StoreEpoch):
            self.network, self.economy = effect.network, effect.economy
            self.records = (*self.records, effect.record)
            self.votes = {place: votes for place, votes in self.votes.items() if place[0] >= effect.network.epoch}
            return
        fresh = effect.votes
        place = (fresh.epoch, fresh.committee)
        earlier = self.votes[place].proposals if place in self.votes else ()
        proposals = tuple(dict.fromkeys((*earlier, *fresh.proposals)))
        self.votes[place] = replace(fresh, proposals=proposals)

    def found(self) -> Started:
        """What a start finds."""
        return Started(self.network, self.economy, self.records, tuple(self.votes.values()), self.orders, self.jobs)


@dataclass
class Node:
    """A synchronizer and its driver: whether it is up, how often it went down, its alarms, its disk, what waits."""

    number: int
    synchronizer: Synchronizer
    stored: Stored
    is_up: bool = False
    lives: int = 0
    alarms: dict[object, Alarm] = field(default_factory=dict)
    inbox: Inbox = field(default_factory=Inbox)
    is_busy: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the timeline: when, in milliseconds from the start, and what."""

    at: int
    kind: str
    text: str


def alarm_slot(alarm: Alarm) -> object:
    """What an alarm takes the place of: the last one of its kind and committee."""
    match alarm:
        case ViewAlarm(_, committee, _) | BuildAlarm(_, committee, _):
            return type(alarm).__name__, committee
        case _:
            return type(alarm).__name__
