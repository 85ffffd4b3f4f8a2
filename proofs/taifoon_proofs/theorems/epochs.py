"""Sections 2.1, 2.2 and 6.1: an epoch is formed of what earlier epochs have finalised, and places follow stake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import permutations, product

from taifoon.core.assignment import clusters_of_seats
from taifoon.core.epoch import Heard, Registration, assignment_of, committee_of_epoch, seats_of, unheard
from taifoon.core.network_state import EpochRecord, NetworkState, present_assignment, turn
from taifoon.core.quorum import quorum
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import Amount, Hash32, PublicKey
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.blocks import PROOFS
from taifoon_models.epochs import (
    Setting,
    finality,
    network,
    registration,
    setting,
    small_clusters,
    usual_choice,
    worked,
)
from taifoon_models.jobs import digest
from taifoon_models.keys import key
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

PLACED_UP_TO = bound(5, 6)
EPOCHS_UP_TO = bound(3, 5)


class ChosenRanks:
    """A hash under which seats are ranked as chosen: the first seat that is drawn has the first rank, and so on."""

    def __init__(self, ranks: tuple[int, ...]) -> None:
        self._ranks = ranks
        self._drawn: dict[bytes, int] = {}

    def __call__(self, profile: Profile, role: Role, message: bytes) -> Hash32:
        """The rank of a seat as a digest."""
        if role is not Role.ASSIGN:
            return hash_role(profile, role, message)
        place = self._drawn.setdefault(message, len(self._drawn))
        return Hash32(self._ranks[place].to_bytes(32, "big"))


@scenario("assignment/places-of-a-key")
def places_do_not_follow_stake(profile: Profile, trace: Trace, *, stakes: list[int], clusters: int) -> bool:
    """Over all orders of the draws, a key has another share of some cluster's places than its share of the stake."""
    unit = profile.parameters.seat_stake
    registry = tuple(Registration(key(number), Amount(stake * unit), ()) for number, stake in enumerate(stakes))
    seats = seats_of(profile, registry)
    places: dict[tuple[PublicKey, int], int] = {(entry.public_key, c): 0 for entry in registry for c in range(clusters)}
    for ranks in permutations(range(len(seats))):
        drawn = clusters_of_seats(profile, digest("seed"), seats, clusters, ChosenRanks(ranks))
        for seat, cluster in zip(seats, drawn, strict=True):
            places[seat.public_key, cluster] += 1
    totals = {c: sum(places[entry.public_key, c] for entry in registry) for c in range(clusters)}
    trace.state("count", stakes=tuple(stakes), places=tuple(places.values()), of=tuple(totals.values()))
    return any(
        places[key(number), c] * sum(stakes) != totals[c] * stake
        for number, stake in enumerate(stakes)
        for c in range(clusters)
    )


def divided_stakes() -> Iterator[dict[str, Json]]:
    """Every way in which up to a few seats are held by one to three keys."""
    for seats in range(1, PLACED_UP_TO + 1):
        for holders in range(1, min(3, seats) + 1):
            for stakes in product(range(1, seats + 1), repeat=holders):
                if sum(stakes) == seats:
                    for clusters in range(1, 4):
                        yield {"stakes": list(stakes), "clusters": clusters}


@theorem(
    "T-A8",
    requirements=("R-2.2-3", "R-6.1-1"),
    needs={Resolution.SEATS},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM6",),
)
def places_follow_stake(profile: Profile) -> Verdict:
    """Every order of the draws of up to a few seats, however they are divided among keys.

    With an ideal beacon all orders are equally likely, so that counting them is the expectation.
    """
    return exhaust(
        profile,
        "assignment/places-of-a-key",
        f"every order of up to {PLACED_UP_TO} seats of 1 to 3 keys, 1 to 3 clusters",
        divided_stakes(),
    )


@cache
def honest_run(profile: Profile, holders: int, clusters: int, epochs: int) -> tuple[NetworkState, ...]:
    """The states of a quiet network before each of its epochs and after the last."""
    states = [network(profile, holders, clusters)]
    for _ in range(epochs):
        states.append(worked(setting(profile, states[-1]), {})[0])
    return tuple(states)


@scenario("epoch/hearsay")
def hearsay_decides(profile: Profile, trace: Trace, *, holders: int, epoch: int, differs: str) -> bool:
    """Two nodes with the same closings derive different members, for what else they have heard differs."""
    state = honest_run(small_clusters(profile), holders, 2, epoch)[epoch]
    heard = unheard(state.history)
    late = registration(profile, holders)
    other: dict[str, Heard] = {
        "announcements": replace(heard, announced=heard.announced[:-1]),
        "a deposit after the freeze": replace(heard, registry=(*heard.registry, late)),
        "the current root": replace(heard, root=digest("root after one more leaf")),
        "the count": replace(heard, clusters=heard.clusters + 1),
    }
    derived = tuple(
        assignment_of(small_clusters(profile), state.history, state.epoch, each).clusters
        for each in (heard, other[differs])
    )
    trace.state(f"differ in {differs}", sizes=tuple(tuple(len(group) for group in groups) for groups in derived))
    return derived[0] != derived[1]


HEARSAY = ("announcements", "a deposit after the freeze", "the current root", "the count")


@theorem(
    "T-A9",
    requirements=("R-0-3", "R-2.1-12", "R-2.2-1", "R-2.2-3"),
    needs={Resolution.EPOCH_SEED, Resolution.SEATS, Resolution.CLUSTER_COUNT},
    technique=Technique.EXHAUSTIVE,
)
def members_come_from_closings(profile: Profile) -> Verdict:
    """Each thing that a node may have heard beside the closings, alone, in networks of a few holders and epochs."""
    return exhaust(
        profile,
        "epoch/hearsay",
        f"5 to 12 holders, the first {EPOCHS_UP_TO + 1} epochs, each of {len(HEARSAY)} things heard",
        (
            {"holders": holders, "epoch": epoch, "differs": differs}
            for differs in HEARSAY
            for holders in range(5, 13)
            for epoch in range(EPOCHS_UP_TO + 1)
        ),
    )


def forged(now: Setting, holders: int, forgery: str) -> EpochRecord:
    """A record whose closing the seats of the epoch have not made final."""
    choice = usual_choice(now.state, now.profile)
    stretches = now.stretches({})
    honest = now.record(stretches, now.closing(stretches, choice))
    wished = now.closing(
        stretches, replace(choice, registry=tuple(registration(now.profile, n) for n in range(1, holders)))
    )
    block, link = now.first_block(wished)
    committee = committee_of_epoch(now.state.chain_id, now.assignment)
    needed = quorum(now.profile, len(committee.keys))
    if forgery == "no certificate":
        return EpochRecord(block, replace(honest.proof, path=(link,), certificates=()), stretches)
    if forgery == "one seat too few":
        return EpochRecord(block, finality(now.profile, committee, (link,), range(needed - 1)), stretches)
    if forgery == "the proof of another closing":
        return EpochRecord(block, honest.proof, stretches)
    # The seats that the wished closing would bring in sign it themselves.
    others = replace(committee, keys=tuple(key(number) for number in range(1, holders)))
    return EpochRecord(block, finality(now.profile, others, (link,)), stretches)


FORGERIES = ("no certificate", "one seat too few", "the proof of another closing", "the new seats themselves")


@scenario("epoch/unattested")
def unattested_root_forms_clusters(profile: Profile, trace: Trace, *, holders: int, epoch: int, forgery: str) -> bool:
    """A closing that the seats of its epoch have not made final becomes what later clusters are formed of."""
    network_profile = small_clusters(profile)
    state = honest_run(network_profile, holders, 2, epoch)[epoch]
    now = setting(network_profile, state)
    try:
        after = turn(network_profile, PROOFS, state, now.factor, forged(now, holders, forgery))
    except Rejected as rejected:
        trace.state(forgery, epoch=epoch, code=rejected.code.name)
        return False
    serving = len(after.history.closed[-1].registry)
    trace.state(forgery, epoch=epoch, accepted=True, registry_of_the_epoch_after_next=serving)
    return True


@scenario("epoch/rootless")
def a_seed_reads_no_attested_root(profile: Profile, trace: Trace, *, holders: int, epochs: int) -> bool:
    """A closing by all seats is refused, or the seed in force follows another root than the one which it should.

    Each root is replaced in turn: that of the closing two epochs before, or of genesis, and no other, moves the seed.
    """
    network_profile = small_clusters(profile)
    state = honest_run(network_profile, holders, 2, epochs)[epochs]
    source = epochs - profile.parameters.seed_lag
    seed = present_assignment(network_profile, state).seed
    moved = []
    for place in range(-1, epochs):
        changed = replace(state.history.after(place), global_root=digest("another root"))
        history = (
            replace(state.history, genesis=changed)
            if place < 0
            else replace(
                state.history, closed=(*state.history.closed[:place], changed, *state.history.closed[place + 1 :])
            )
        )
        moved.append(present_assignment(network_profile, replace(state, history=history)).seed != seed)
    trace.state("replace each root", epoch=epochs, genesis_and_closings=tuple(moved))
    return moved != [place == max(source, -1) for place in range(-1, epochs)]


@theorem(
    "T-A13",
    requirements=("R-6.1-4", "R-0-3"),
    needs={Resolution.ROOT_ATTESTATION},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2",),
)
def attestation_is_an_induction(profile: Profile) -> Verdict:
    """The step of the induction is `turn`: it is given each forgery of a closing in each of the first epochs.

    The base is genesis, and honest closings are accepted, so that the claim is not empty.
    """
    return conclude(
        exhaust(
            profile,
            "epoch/unattested",
            f"5 to 10 holders, the first {EPOCHS_UP_TO} epochs, each of {len(FORGERIES)} forgeries",
            (
                {"holders": holders, "epoch": epoch, "forgery": forgery}
                for holders in range(5, 11)
                for epoch in range(EPOCHS_UP_TO)
                for forgery in FORGERIES
            ),
        ),
        exhaust(
            profile,
            "epoch/rootless",
            f"honest runs of up to {EPOCHS_UP_TO} epochs of 5 to 10 holders",
            ({"holders": holders, "epochs": epochs} for holders in range(5, 11) for epochs in range(EPOCHS_UP_TO + 1)),
        ),
    )
