"""Sections 2.2, 5 and 6.1: what an epoch block says of registry and cluster count is no choice of its leader."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations, product

from taifoon.core.epoch_block import Closing
from taifoon.core.network_state import EpochRecord
from taifoon.economics.ledger import is_conserved
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon.synchronizer.closing import is_acceptable
from taifoon.synchronizer.state import Synchronizer
from taifoon.synchronizer.turnover import turn_over
from taifoon_models.books import (
    ACTS,
    AWAY,
    FACTOR,
    LEADER,
    VOTER,
    Office,
    begins,
    closing_by,
    informed,
    last_quorum,
    late,
    member,
    with_stretches,
    worked_stretches,
)
from taifoon_models.epochs import Setting, setting, small_clusters
from taifoon_models.forged_books import FALSE_ACTS, FALSE_BOOKS, forged
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

EPOCHS_UP_TO = bound(2, 3)
HOLDERS = (8, 10)
CLUSTERS = 2


def sized(profile: Profile) -> Profile:
    """The profile with clusters so small that the network may have one more."""
    return small_clusters(profile, 3)


def place(profile: Profile, at: Synchronizer) -> Setting:
    """The epoch that a synchronizer is in."""
    return setting(profile, at.network, FACTOR)


def turned(profile: Profile, at: Synchronizer, record: EpochRecord) -> Synchronizer:
    """The synchronizer in the next epoch. Rejects as `turn_over` does."""
    return turn_over(profile, at, record, begins(at.network.epoch + 1))[0]


@cache
def lived(profile: Profile, number: int, holders: int, epochs: int) -> Synchronizer:
    """A synchronizer after some quiet epochs."""
    if epochs == 0:
        return member(profile, number, holders, CLUSTERS)
    before = lived(profile, LEADER, holders, epochs - 1)
    closing = closing_by(profile, informed(profile, before, (), holders))
    now = place(profile, before)
    return turned(profile, lived(profile, number, holders, epochs - 1), now.record(now.stretches({}), closing))


def refusal(profile: Profile, at: Synchronizer, closing: Closing) -> RejectionCode | None:
    """Why a node does not go on with a closing that all seats have made final; None where it does."""
    now = place(profile, at)
    try:
        turned(profile, at, now.record(now.stretches({}), closing))
    except Rejected as rejected:
        return rejected.code
    return None


@scenario("books/chosen")
def a_leader_chooses(
    profile: Profile, trace: Trace, *, holders: int, epoch: int, acts: list[str], forgery: str
) -> bool:
    """A closing with a registry, a count or an act that the rules do not give gets a vote, or ends the epoch."""
    network_profile = sized(profile)
    voter = informed(network_profile, lived(network_profile, VOTER, holders, epoch), (), holders)
    for closing in forged(Office(network_profile, voter), acts, forgery):
        votes = is_acceptable(network_profile, voter, closing, late(epoch))
        code = refusal(network_profile, voter, closing)
        trace.state(
            forgery,
            epoch=epoch,
            registry=len(closing.registry),
            clusters=closing.clusters,
            acts=len(closing.acts),
            gets_a_vote=votes,
            code=None if code is None else code.name,
        )
        if votes or code is None:
            return True
    return False


@scenario("books/disagreement")
def honest_books_differ(
    profile: Profile, trace: Trace, *, holders: int, acts: list[list[str]], worked: list[bool]
) -> bool:
    """An honest closing is refused, or nodes that follow the same closings have other books, members or clusters.

    The leader has heard the acts, a voter none of them, and a third node holds the blocks by other certificates.
    """
    network_profile = sized(profile)
    nodes = [member(network_profile, number, holders, CLUSTERS) for number in (LEADER, VOTER, AWAY)]
    for epoch, names in enumerate(acts):
        now = place(network_profile, nodes[0])
        stretches = worked_stretches(now) if worked[epoch] else now.stretches({})
        others = worked_stretches(now, by_last=True) if worked[epoch] else stretches
        leader, voter = (with_stretches(network_profile, at, stretches) for at in nodes[:2])
        said = [Office(network_profile, leader).act(name) for name in names]
        leader = informed(network_profile, leader, said, holders)
        voter = informed(network_profile, voter, (), holders)
        signers = last_quorum(network_profile, len(now.assignment.seats))
        try:
            closing = closing_by(network_profile, leader)
            is_wanted = is_acceptable(network_profile, voter, closing, late(epoch))
            records = (now.record(stretches, closing), now.record(others, closing, signers))
            nodes = [turned(network_profile, at, records[at is nodes[-1]]) for at in (leader, voter, nodes[-1])]
        except Rejected as rejected:
            trace.state("refused", epoch=epoch, code=rejected.code.name)
            return True
        trace.state("close", epoch=epoch, acts=tuple(names), listed=len(closing.acts), registry=len(closing.registry))
        first = nodes[0]
        same = all(
            (at.economy, at.network.history, at.assignment) == (first.economy, first.network.history, first.assignment)
            for at in nodes
        )
        if not (is_wanted and same and is_conserved(first.economy.ledger) and len(closing.acts) == len(names)):
            return True
    return False


def choices() -> Iterator[dict[str, Json]]:
    """Every false book over every set of acts, and every false act, in the first epochs."""
    for holders, epoch in product(HOLDERS, range(EPOCHS_UP_TO)):
        for name in FALSE_BOOKS:
            for size in range(len(ACTS) + 1):
                for acts in combinations(ACTS, size):
                    yield {"holders": holders, "epoch": epoch, "acts": list(acts), "forgery": name}
        for name in FALSE_ACTS:
            yield {"holders": holders, "epoch": epoch, "acts": [], "forgery": name}


def plans() -> Iterator[dict[str, Json]]:
    """Every way to spread the acts over some epochs, or to leave one out, with and without work."""
    for holders, busy in product(HOLDERS[1:], (False, True)):
        for when in product(range(EPOCHS_UP_TO + 1), repeat=len(ACTS)):
            acts = [[name for name, at in zip(ACTS, when, strict=True) if at == epoch] for epoch in range(EPOCHS_UP_TO)]
            yield {"holders": holders, "acts": acts, "worked": [busy and epoch % 2 == 0 for epoch in range(len(acts))]}


@theorem(
    "T-E19",
    requirements=("R-2.2-3", "R-5.1-6", "R-5.2-1", "R-6.1-1"),
    needs={Resolution.SEATS, Resolution.CLUSTER_COUNT, Resolution.CHECKPOINT},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2",),
)
def the_registry_is_no_choice(profile: Profile) -> Verdict:
    """Each false registry, count and act is offered to a member for its vote, and to a node with all signatures.

    Beside it, honest closings of every order of registration, departure and report leave all who follow them alike.
    """
    chosen = exhaust(
        profile,
        "books/chosen",
        f"8 and 10 holders, the first {EPOCHS_UP_TO} epochs, {len(FALSE_BOOKS)} false books over every set of "
        f"{len(ACTS)} acts, {len(FALSE_ACTS)} false acts",
        choices(),
    )
    if not chosen.outcome.holds:
        return chosen
    reach = f"10 holders, {EPOCHS_UP_TO} epochs, every way to spread {len(ACTS)} acts over them"
    return conclude(chosen, exhaust(profile, "books/disagreement", reach, plans()))
