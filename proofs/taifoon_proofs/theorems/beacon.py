"""Sections 2.1 and 2.2: whoever moves after the registry is frozen gains nothing (R-2.1-12, R-2.2-4).

A toy hash deals leadership out evenly: over all beacons each seat leads equally often, whatever the beacon is mixed
with. So every win beyond a share comes from a choice that was made with the outcome in view.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from taifoon.core.beacon import Commitment, Reveal, check_reveals, choices, commitment, mixed, withheld
from taifoon.core.epoch import EpochHistory, Foundation, Heard, Registration, assignment_of, registry_of
from taifoon.core.leader import leaders
from taifoon.core.leaf import ProofType
from taifoon.economics.ledger import Ledger, close_epoch, genesis_ledger, leave
from taifoon.primitives.hashing import Role, conforming_integer_orders, hash_role
from taifoon.primitives.types import Amount, ClusterId, Epoch, Hash32, PublicKey, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.blocks import CHAIN
from taifoon_models.epochs import network, secret, setting, small_clusters, usual_choice, worked
from taifoon_models.jobs import digest
from taifoon_models.keys import key
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

SEATS_UP_TO = bound(4, 6)
COMMITTED_UP_TO = bound(5, 7)
LEFT_UP_TO = bound(2, 4)
LEAVERS = (5, 8)
EPOCH = Epoch(3)


def number(value: int) -> Hash32:
    """A small number as a digest."""
    return Hash32(value.to_bytes(32, "big"))


class FairHash:
    """A hash under which the seed runs once through all seats' turns while the beacon runs through its values."""

    def __init__(self, seats: int) -> None:
        self._seats = seats

    def __call__(self, profile: Profile, role: Role, message: bytes) -> Hash32:
        """Seeds are root plus beacon, draws of leaders key plus seed, modulo the seats; all else is the real hash."""
        if role is Role.SEED:
            return number((message[39] + message[71]) % self._seats)
        if role is Role.LEADER:
            # The key ends the message, or the number of its seat follows it.
            key = message[63] if len(message) == 64 else message[67]
            return number((key + message[31]) % self._seats)
        return hash_role(profile, role, message)


def toy_key(index: int) -> PublicKey:
    """A key that is a small number."""
    return PublicKey(number(index))


def toy_registry(profile: Profile, seats: int, late: int | None = None) -> tuple[Registration, ...]:
    """One seat for each key from 0; a late key takes the place of the adversary's first one."""
    unit = Amount(profile.parameters.seat_stake)
    keys = range(seats) if late is None else (late, *range(1, seats))
    return tuple(Registration(toy_key(index), unit, tuple(ProofType)) for index in keys)


def leads(profile: Profile, seats: int, held: int, early: int, beacon: int, late: tuple[int, int], view: int) -> bool:
    """Whether the holder of the first seats leads a view.

    `early` is the root that it chose while the beacon was unknown; `late` are the root and the key that it chose later.
    """
    registry = toy_registry(profile, seats)
    opened = Foundation(number(early), registry, 1, number(0))
    last = Foundation(number(0), registry, 1, number(beacon))
    history = EpochHistory(opened, (*(opened for _ in range(EPOCH - 1)), last))
    chosen = toy_registry(profile, seats, None if late[1] == 0 else seats * late[1])
    heard = Heard(number(late[0]), chosen, tuple(entry.public_key for entry in chosen), 1)
    draw = FairHash(seats)
    assignment = assignment_of(profile, history, EPOCH, heard, draw)
    order = conforming_integer_orders(profile)[0]
    elected = leaders(profile, assignment.seed, ClusterId(0), assignment.clusters[0], View(view), order, draw)
    own = {toy_key(index) for index in range(held)} | {toy_key(seats * extra) for extra in range(1, 3)}
    return any(leader.public_key in own for leader in elected)


@scenario("seed/steered")
def choice_wins_more_than_its_share(
    profile: Profile, trace: Trace, *, seats: int, held: int, roots: int, keys: int, view: int
) -> bool:
    """Some choice of roots and late keys lets a holder lead more often than its share of seats, or another one less."""
    later = tuple(product(range(roots), range(keys)))
    wins = {
        early: sum(
            any(leads(profile, seats, held, early, beacon, late, view) for late in later) for beacon in range(seats)
        )
        for early in range(roots)
    }
    trace.state("choose", seats=seats, held=held, beacons=seats, wins=tuple(sorted(wins.items())))
    return any(count != held for count in wins.values())


@scenario("beacon/bias")
def withholding_buys_more_than_a_bit(profile: Profile, trace: Trace, *, honest: int, held: int) -> bool:
    """The holder of some commitments reaches more beacons than two for each, unnamed ones, or with another secret."""
    keys = tuple(PublicKey(bytes(digest(f"key {index}"))) for index in range(honest + held))
    secrets = {key: digest(f"secret {index}") for index, key in enumerate(keys)}
    commitments = tuple(commitment(profile, EPOCH, key, secrets[key]) for key in keys)
    reached: dict[Hash32, int] = {}
    unnamed = 0
    for kept in product((True, False), repeat=held):
        silent = {key for key, reveals in zip(keys[honest:], kept, strict=True) if not reveals}
        reveals = tuple(Reveal(key, secrets[key]) for key in sorted(keys) if key not in silent)
        check_reveals(profile, EPOCH, commitments, reveals)
        reached[mixed(profile, EPOCH, reveals)] = len(silent)
        unnamed += set(withheld(commitments, reveals)) != silent
    changed = sum(accepts_other_secret(profile, commitments, key) for key in keys)
    trace.state("reveal", honest=honest, held=held, beacons=len(reached), unnamed=unnamed, other_secrets=changed)
    return len(reached) > choices(held) or unnamed > 0 or changed > 0


def accepts_other_secret(profile: Profile, commitments: tuple[Commitment, ...], key: PublicKey) -> bool:
    """Whether a holder may reveal another secret than the one that it committed to."""
    try:
        check_reveals(profile, EPOCH, commitments, (Reveal(key, digest("another secret")),))
    except Rejected:
        return False
    return True


def stakes_after(profile: Profile, holders: int, left: int, epochs: int) -> tuple[Ledger, ...]:
    """The ledger in each epoch up to one; holder 0 asks to leave in epoch `left`."""
    unit = Amount(profile.parameters.seat_stake)
    ledgers = [genesis_ledger(profile, CHAIN, (), tuple((key(holder), unit) for holder in range(holders)))]
    for epoch in range(epochs):
        ledger = leave(profile, ledgers[-1], key(0)) if epoch == left else ledgers[-1]
        ledgers.append(close_epoch(profile, ledger, ()))
    return tuple(ledgers)


@scenario("beacon/free-bit")
def a_bit_costs_nothing(profile: Profile, trace: Trace, *, holders: int, left: int, commits: int) -> bool:
    """A holder that asked to leave chooses between two beacons by withholding its reveal, and loses nothing."""
    network_profile = small_clusters(profile)
    ledgers = stakes_after(network_profile, holders, left, commits + 2)
    state = network(network_profile, holders, 1)
    reached: set[Hash32] = set()
    for epoch, after in enumerate(ledgers[1:]):
        now = setting(network_profile, state)
        choice = replace(usual_choice(state, network_profile), registry=registry_of(after.entries))
        coming = Epoch(epoch + 1)
        own = commitment(network_profile, coming, key(0), secret(key(0), coming))
        others = tuple(each for each in choice.commitments if each.holder != key(0))
        # The holder commits in one epoch alone, so that this one decides.
        choice = replace(choice, commitments=(*others, own) if epoch == commits else others)
        if epoch > commits:
            silent = replace(choice, reveals=tuple(each for each in choice.reveals if each.holder != key(0)))
            reached = {worked(now, {}, each)[0].history.after(epoch).beacon for each in (choice, silent)}
            break
        try:
            state, _ = worked(now, {}, choice)
        except Rejected as rejected:
            trace.state("close", epoch=epoch, code=rejected.code.name)
            return False
        trace.state("close", epoch=epoch, leaves=epoch == left, commits=epoch == commits)
    before = ledgers[commits + 1]
    charged = close_epoch(network_profile, before, (), withheld=(key(0),))
    lost = stake_lost(before, charged)
    trace.state("withhold", epoch=commits + 1, beacons=len(reached), lost=lost)
    return len(reached) > 1 and lost == 0


def stake_lost(before: Ledger, after: Ledger) -> int:
    """What holder 0 has less than before."""
    stakes = [sum(entry.stake for entry in each.entries if entry.public_key == key(0)) for each in (before, after)]
    return stakes[0] - stakes[1]


def departures() -> Iterator[dict[str, Json]]:
    """Each epoch of departure, and each one of a commitment up to a few later."""
    for holders, left in product(LEAVERS, range(LEFT_UP_TO)):
        for commits in range(left + 4):
            yield {"holders": holders, "left": left, "commits": commits}


def steering() -> Iterator[dict[str, Json]]:
    """Every small number of seats, shares, choices and views."""
    for seats in range(2, SEATS_UP_TO + 1):
        for held, roots, keys, view in product(range(1, seats), (3, 2, 1), (2, 1), range(1, seats + 1)):
            yield {"seats": seats, "held": held, "roots": roots, "keys": keys, "view": view}


@theorem(
    "T-A2",
    requirements=("R-2.1-12", "R-2.2-4", "R-9-5"),
    needs={Resolution.EPOCH_SEED, Resolution.CHECKPOINT},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM6",),
)
def nobody_steers_the_seed(profile: Profile) -> Verdict:
    """The shipped assignment and leaders over a toy hash, for every beacon and every choice of roots and late keys.

    The bias of the embedded beacon is bounded beside it: every subset of withheld reveals is tried, and each epoch in
    which a holder that leaves may still commit.
    """
    return conclude(
        exhaust(
            profile,
            "seed/steered",
            f"2 to {SEATS_UP_TO} seats, every share and view, up to 3 roots and 2 keys to choose from, every beacon",
            steering(),
        ),
        exhaust(
            profile,
            "beacon/bias",
            f"up to {COMMITTED_UP_TO} commitments of which any number are one holder's",
            (
                {"honest": total - held, "held": held}
                for total in range(1, COMMITTED_UP_TO + 1)
                for held in range(total + 1)
            ),
        ),
        exhaust(
            profile,
            "beacon/free-bit",
            f"5 and 8 holders, leaving in each of {LEFT_UP_TO} epochs and committing in any up to 3 later",
            departures(),
        ),
    )
