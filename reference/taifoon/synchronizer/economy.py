"""Sections 3.2, 5 and 6.1: what an epoch costs and earns, as a fold over closings (R-3.2-8 to R-3.2-10, R-5.1-6).

Beside chains and jobs the closings carry the ledger and the control from epoch to epoch: acts are taken up, rewards
paid, silence charged, metrics folded. Registry and cluster count of the next closing are what comes out, and no choice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from icontract import ensure

from taifoon.core.beacon import Reveal, withheld
from taifoon.core.epoch import Assignment, Registry, registry_of
from taifoon.core.epoch_block import Closing
from taifoon.core.network_state import NetworkState, assignment_seats
from taifoon.core.settlement import Completion
from taifoon.core.succession import Stretch
from taifoon.economics.cluster_records import cluster_record
from taifoon.economics.ledger import Ledger, close_epoch, genesis_ledger, is_conserved, with_entry, withdraw
from taifoon.economics.registry import withdrawal_epoch
from taifoon.primitives.types import Amount, Epoch, PublicKey
from taifoon.profile import Profile, Resolution
from taifoon.redundancy.block_records import block_records
from taifoon.redundancy.control import Control, next_control
from taifoon.redundancy.coverage import Ratio
from taifoon.redundancy.metrics import BlockRecord, efficiency, fold
from taifoon.rejection import Rejected, RejectionCode
from taifoon.synchronizer.acts import Court, all_applied

Balances = tuple[tuple[PublicKey, Amount], ...]


@dataclass(frozen=True, slots=True)
class Economy:
    """The ledger and the control of the epoch that is not over, and the efficiencies of those that are."""

    ledger: Ledger
    control: Control
    efficiencies: tuple[tuple[Ratio, ...], ...] = ()

    @property
    def registry(self) -> Registry:
        """The keys that serve if the epoch closes now."""
        return registry_of(self.ledger.entries)


@dataclass(frozen=True, slots=True)
class Work:
    """What a closing lists, and the economy of its epoch rests on: stretches, settled completions, acts, reveals."""

    stretches: tuple[Stretch, ...]
    settled: tuple[Completion, ...]
    acts: tuple[bytes, ...]
    reveals: tuple[Reveal, ...]


def work_in(closing: Closing, stretches: tuple[Stretch, ...]) -> Work:
    """What a closing says of its epoch's work."""
    return Work(stretches, closing.settled, closing.acts, closing.reveals)


@ensure(lambda result: is_conserved(result.ledger))
def genesis_economy(profile: Profile, network: NetworkState, balances: Balances = ()) -> Economy:
    """The economy at genesis: the stakes of the first registry, balances beside them, and the first cluster count."""
    first = network.history.genesis
    stakes = tuple((entry.public_key, entry.stake) for entry in first.registry)
    ledger = genesis_ledger(profile, network.chain_id, balances, stakes)
    for registration in first.registry:
        entry = ledger.entry(registration.public_key)
        if entry is not None:
            ledger = with_entry(ledger, replace(entry, capabilities=registration.capabilities))
    return Economy(ledger, Control(Epoch(0), first.clusters))


def returned(profile: Profile, ledger: Ledger) -> Ledger:
    """The ledger with every stake given back that may be withdrawn now; nobody has to ask a second time."""
    for entry in ledger.entries:
        if entry.left is not None and withdrawal_epoch(profile, entry.left) <= ledger.epoch:
            ledger = withdraw(profile, ledger, entry.public_key)
    return ledger


def efficiencies_of(profile: Profile, clusters: int, records: tuple[BlockRecord, ...]) -> tuple[Ratio, ...]:
    """The efficiency of each cluster in an epoch."""
    found = []
    for cluster in range(clusters):
        own = tuple(record for record in records if record.cluster == cluster)
        cost, revenue = sum(record.cost for record in own), sum(record.revenue for record in own)
        found.append(efficiency(profile, Amount(cost), Amount(revenue)))
    return tuple(found)


@ensure(lambda economy, result: result.ledger.epoch == economy.ledger.epoch + 1)
def closed(
    profile: Profile, court: Court, assignment: Assignment, factor: int, economy: Economy, work: Work
) -> Economy:
    """The economy after an epoch that closes with such work.

    First the acts are taken up, then matured stakes return, then the epoch is paid and charged; the count of clusters
    follows from the metrics. Rejects as `all_applied` does.
    """
    network = court.network
    ledger = returned(profile, all_applied(profile, court, economy.ledger, work.acts))
    settled = frozenset(work.settled)
    records = tuple(
        cluster_record(profile, assignment, factor, stretch, settled, economy.efficiencies)
        for stretch in work.stretches
    )
    silent = withheld(network.commitments, work.reveals)
    ledger = close_epoch(profile, ledger, records, withheld=silent)
    blocks = block_records(profile, network, work.stretches, work.settled)
    metrics = fold(network.epoch, blocks)
    control = next_control(profile, economy.control, metrics, assignment_seats(profile, network))
    reached = efficiencies_of(profile, len(assignment.clusters), blocks)
    return Economy(ledger, control, (*economy.efficiencies, reached))


def step_of(economy: Economy, after: Economy) -> int:
    """By how much the cluster count of the next epoch changes; where fewer seats lower its bound by more, one down."""
    return max(-1, min(1, after.control.clusters - economy.control.clusters))


def derives_registry(profile: Profile) -> bool:
    """Rule: whether a closing's registry is what its acts come to. Literally a leader says who serves."""
    return Resolution.SEATS in profile


def derives_count(profile: Profile) -> bool:
    """Rule: whether a closing's cluster count is what its work comes to. Literally a leader says it."""
    return Resolution.CLUSTER_COUNT in profile


def check_economy(profile: Profile, closing: Closing, after: Economy) -> None:
    """Demand that registry and cluster count of a closing are what its work comes to. Rejects with EPOCH_DERIVED."""
    derived = (
        ("registry", after.registry, derives_registry(profile)),
        ("clusters", max(1, after.control.clusters), derives_count(profile)),
    )
    for name, value, is_derived in derived:
        if is_derived and getattr(closing, name) != value:
            raise Rejected(
                RejectionCode.EPOCH_DERIVED, f"{name} of the closing of epoch {closing.epoch} is not what its acts give"
            )
