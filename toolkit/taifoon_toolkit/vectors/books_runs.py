"""Runs of a node that keeps the books of the network, epoch by epoch (R-5.1-6, R-6.1-1, RES-CHECKPT)."""

from __future__ import annotations

from dataclasses import dataclass

from taifoon.core import network_state
from taifoon.core.network_state import EpochRecord, NetworkState
from taifoon.primitives.types import Hash32
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode
from taifoon.synchronizer import economy as books
from taifoon.synchronizer.acts import Court
from taifoon.synchronizer.economy import Economy
from taifoon_models.blocks import PROOFS
from taifoon_toolkit.vectors.accountability import proof_from
from taifoon_toolkit.vectors.books import Terms, with_terms
from taifoon_toolkit.vectors.epochs import FoundationGiven, foundation_from
from taifoon_toolkit.vectors.ledgers import EconomyGiven, Holding, economy_given, holdings_from, require_distinct
from taifoon_toolkit.vectors.method import MACHINES, Machine
from taifoon_toolkit.vectors.network_runs import EpochClosed, stretch_from
from taifoon_toolkit.vectors.owners import factor_from
from taifoon_toolkit.vectors.wire import Digest, Large, Small

GREATEST_BALANCE = 1 << 56


@dataclass(frozen=True, slots=True)
class BooksBegun:
    """A chain id, its genesis, the balances beside the stakes of it, the duplication factor, and parameters."""

    chain_id: Digest
    genesis: FoundationGiven
    balances: tuple[Holding, ...]
    factor: Small
    terms: Terms


@dataclass(frozen=True, slots=True)
class BooksShown:
    """The epoch that is not over, the hash of the last closing, and the economy."""

    epoch: Large
    before: Digest | None
    economy: EconomyGiven


@dataclass(frozen=True, slots=True)
class BooksRun:
    """A node's network and economy, and what its run began with."""

    network: NetworkState
    economy: Economy
    begun: BooksBegun


def begin(profile: Profile, given: BooksBegun) -> BooksRun:
    """A node that knows genesis."""
    factor_from(given.factor)
    profile = with_terms(profile, given.terms)
    genesis = foundation_from(profile, given.genesis)
    if genesis.clusters < 1 or not genesis.registry:
        raise ValueError("genesis: at least one cluster and one key")
    require_distinct("balances", (each.key for each in given.balances))
    if any(each.amount > GREATEST_BALANCE for each in given.balances):
        raise ValueError("balances: at most 2^56 units are asked")
    network = network_state.genesis_network(Hash32(given.chain_id), genesis)
    return BooksRun(network, books.genesis_economy(profile, network, holdings_from(given.balances)), given)


def follow(profile: Profile, state: BooksRun, event: EpochClosed) -> BooksRun:
    """The state after an epoch whose closing has the registry and the cluster count of the books, or a rejection."""
    profile = with_terms(profile, state.begun.terms)
    factor, before, closing = state.begun.factor, state.network, event.block.closing
    record = EpochRecord(event.block, proof_from(event.proof), tuple(stretch_from(each) for each in event.stretches))
    network = network_state.turn(profile, PROOFS, before, factor, record)
    if closing is None:
        raise Rejected(RejectionCode.BLOCK_EPOCH, f"the record of epoch {before.epoch} has no closing")
    court, assignment = Court(before, PROOFS, factor), network_state.present_assignment(profile, before)
    work = books.work_in(closing, record.stretches)
    after = books.closed(profile, court, assignment, factor, state.economy, work)
    books.check_economy(profile, closing, after)
    return BooksRun(network, after, state.begun)


def shown(state: BooksRun) -> BooksShown:
    """The state as a snapshot has it."""
    return BooksShown(state.network.epoch, state.network.before, economy_given(state.economy))


MACHINES["books"] = Machine(
    "books",
    "5.1",
    ("R-5.1-6", "R-5.2-1", "R-6.1-1", "R-3.2-8", "RES-CHECKPT", "RES-STAKE"),
    "A node that keeps the books of the network by its closings: an event is an epoch that is over.",
    BooksBegun,
    EpochClosed,
    BooksShown,
    begin,
    follow,
    shown,
)
