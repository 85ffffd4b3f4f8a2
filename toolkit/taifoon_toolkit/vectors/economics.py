"""Vectors of rewards and slashing: shares, roundings, caps, and the fold of offences (RES-REWARD, RES-SLASH)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core.leaf import ProofType
from taifoon.economics import rewards, slashing
from taifoon.economics.offences import Matter, Offence, OffenceKind, Slot
from taifoon.economics.rewards import Attestation, ClusterRecord, Delivery
from taifoon.economics.slashing import Conviction
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Epoch, Hash32, PublicKey, Seat
from taifoon.profile import Profile
from taifoon.redundancy.coverage import Ratio
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.case import Case, Sibling
from taifoon_toolkit.vectors.certificates import CHAIN
from taifoon_toolkit.vectors.method import method
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Large, Small


@dataclass(frozen=True, slots=True)
class BonusAsked:
    """A base reward, a cluster's efficiency and the average, both over one denominator."""

    base: Large
    reached: Large
    average: Large


@dataclass(frozen=True, slots=True)
class AmountGiven:
    """Base units."""

    amount: Large


@dataclass(frozen=True, slots=True)
class Taken:
    """What an offence takes."""

    taken: Large


@dataclass(frozen=True, slots=True)
class Proceeds:
    """Who gets it."""

    treasury: Large
    reporter: Large


@dataclass(frozen=True, slots=True)
class FeeAsked:
    """The base of an epoch, the weight of a job's proof, and all weights of the epoch with it, at least 1."""

    base: Large
    weight: Small
    all_proofs: Large


@dataclass(frozen=True, slots=True)
class OneRatio:
    """An efficiency; its denominator is at least 1."""

    numerator: Large
    denominator: Large


@dataclass(frozen=True, slots=True)
class EpochBonusAsked:
    """A base reward, the efficiencies of every cluster in the epochs that are over, an epoch, and a cluster."""

    base: Large
    closed: tuple[tuple[OneRatio, ...], ...]
    epoch: Large
    cluster: Small


@dataclass(frozen=True, slots=True)
class Signing:
    """A signature of a seat under a block, and the block that carries it."""

    block: Large
    seat: Small
    carried: Large


@dataclass(frozen=True, slots=True)
class Proving:
    """A proof of a job by a prover."""

    job_id: Digest
    job_type: ProofType
    prover: Digest


@dataclass(frozen=True, slots=True)
class PayoutsAsked:
    """A base reward, and what the final blocks of a cluster and epoch say of its members."""

    base: Large
    keys: tuple[Digest, ...]
    blocks: tuple[Large, ...]
    attestations: tuple[Signing, ...]
    drawn: tuple[Proving, ...]
    deliveries: tuple[Proving, ...]
    reached: Large
    average: Large


@dataclass(frozen=True, slots=True)
class OnePayout:
    """What a key is paid."""

    key: Digest
    amount: Large


@dataclass(frozen=True, slots=True)
class PayoutsGiven:
    """The payouts in the order of each key's first seat."""

    payouts: tuple[OnePayout, ...]


@dataclass(frozen=True, slots=True)
class PointsAsked:
    """Guilty seats of a committee, at most all of its seats."""

    guilty: Small
    seats: Small


@dataclass(frozen=True, slots=True)
class PointsGiven:
    """Basis points."""

    points: Small


@dataclass(frozen=True, slots=True)
class Convicted:
    """An offence on record: its key, slot and weight, and the stake of the key in the snapshot of the epoch."""

    kind: OffenceKind
    key: Digest
    slot: Slot
    seats: Small
    committee_seats: Small
    snapshot: Large


@dataclass(frozen=True, slots=True)
class DueAsked:
    """What a key paid in, the key, and the convictions of all keys."""

    deposited: Large
    key: Digest
    convictions: tuple[Convicted, ...]


@method("reward.bonus", "5.1", "R-5.1-5", "RES-REWARD")
def bonus(profile: Profile, given: BonusAsked) -> AmountGiven:
    """The bonus of a cluster."""
    return AmountGiven(rewards.budget(profile, given.base, given.reached, given.average) - given.base)


@method("reward.epoch_bonus", "5.1", "R-5.1-5", "RES-REWARD")
def epoch_bonus(profile: Profile, given: EpochBonusAsked) -> AmountGiven:
    """The bonus of a cluster in an epoch, from the efficiencies of epochs that are over."""
    closed = tuple(tuple(Ratio(item.numerator, item.denominator) for item in epoch) for epoch in given.closed)
    reached, average = rewards.efficiency_ratio(profile, closed, Epoch(given.epoch), ClusterId(given.cluster))
    return AmountGiven(rewards.budget(profile, given.base, reached, average) - given.base)


@method("reward.fee", "5.1", "R-5.1-6", "RES-REWARD")
def fee(profile: Profile, given: FeeAsked) -> AmountGiven:
    """The least fee of a job by the weight of its proof."""
    if given.all_proofs < 1:
        raise ValueError("all_proofs: the job's own weight is among them")
    return AmountGiven(rewards.fee(profile, given.base, given.weight, given.all_proofs))


@method("reward.payouts", "5.1", "R-5.1-2", "R-5.1-3", "R-5.1-4", "R-5.1-1", "R-5.1-5", "RES-REWARD")
def payouts(profile: Profile, given: PayoutsAsked) -> PayoutsGiven:
    """What the members of a cluster earn in an epoch."""

    def proving(item: Proving) -> Delivery:
        return Delivery(Hash32(item.job_id), item.job_type, PublicKey(item.prover))

    record = ClusterRecord(
        ClusterId(0),
        tuple(PublicKey(key) for key in given.keys),
        tuple(BlockNumber(block) for block in given.blocks),
        tuple(
            Attestation(BlockNumber(item.block), Seat(item.seat), BlockNumber(item.carried))
            for item in given.attestations
        ),
        tuple(proving(item) for item in given.drawn),
        tuple(proving(item) for item in given.deliveries),
        given.reached,
        given.average,
    )
    if len(set(record.blocks)) < len(record.blocks):
        raise ValueError("blocks: a block stands twice")
    paid = rewards.payouts(profile, given.base, record)
    return PayoutsGiven(tuple(OnePayout(item.key, item.amount or 0) for item in paid))


@method("slashing.double_vote_points", "5.2", "R-5.2-4", "R-6.2-1", "RES-SLASH.double-vote")
def points(profile: Profile, given: PointsAsked) -> PointsGiven:
    """Basis points of a double vote when so many seats of a committee are guilty."""
    return PointsGiven(slashing.checked_double_vote_points(given.guilty, given.seats))


@method("slashing.proceeds", "5.2", "R-5.2-1", "RES-SLASH")
def proceeds(profile: Profile, given: Taken) -> Proceeds:
    """What of a penalty the treasury gets, and what the reporter."""
    return Proceeds(*slashing.proceeds(profile, given.taken, slashing.Destination.TREASURY))


@method("slashing.due", "5.2", "R-5.2-1", "R-5.2-2", "R-5.2-3", "R-5.2-4", "RES-SLASH")
def due(profile: Profile, given: DueAsked) -> AmountGiven:
    """What all offences of one key take of what it paid in."""
    record = tuple(
        Conviction(
            Offence(item.kind, PublicKey(item.key), item.slot, item.seats, item.committee_seats), Amount(item.snapshot)
        )
        for item in given.convictions
    )
    own = slashing.convictions_of(record, PublicKey(given.key))
    return AmountGiven(slashing.due(profile, given.deposited, own, record))


def reward_cases() -> Iterator[Case]:
    """Bonuses at the cap, and records with each kind of claim that does not count."""
    pairs = ((0, 0), (1, 1), (2, 1), (3, 1), (1, 2), (1, 3), (0, 5), (5, 0), (7, 3))
    for reached, average in pairs:
        for base in (100_000, 99_999, 3):
            yield Case("reward.bonus", f"{base}-{reached}-{average}", BonusAsked(base, reached, average))
    for base, weight, whole in ((100, 1, 1), (100, 1, 3), (99, 1, 3), (100_000, 7, 30), (0, 2, 5), (1, 1, 1000)):
        yield Case("reward.fee", f"{base}-{weight}-{whole}", FeeAsked(base, weight, whole))
    yield from epoch_bonus_cases()
    stream = Stream("vectors/rewards")
    keys = tuple(stream.octets(32) for _ in range(4))
    jobs = tuple(Proving(stream.octets(32), kind, keys[place]) for place, kind in enumerate(ProofType))
    every = tuple(Signing(block, seat, block) for block in range(10, 13) for seat in range(4))
    full = PayoutsAsked(100_000, keys, (10, 11, 12), every, jobs, jobs, 1, 1)
    records = {
        "full": full,
        "two-seats-of-one": replace(full, keys=(keys[0], keys[1], keys[0], keys[2])),
        "one-signature-missing": replace(full, attestations=every[1:]),
        "no-signatures": replace(full, attestations=()),
        "no-proofs": replace(full, deliveries=()),
        "not-drawn": replace(full, drawn=jobs[:2]),
        "delivered-twice": replace(full, deliveries=jobs + jobs[:1]),
        "by-a-stranger": replace(full, deliveries=(*jobs, replace(jobs[0], prover=b"\x00" * 32))),
        "carried-later": replace(full, attestations=tuple(replace(item, carried=item.block + 8) for item in every)),
        "carried-too-late": replace(full, attestations=tuple(replace(item, carried=item.block + 9) for item in every)),
        "carried-before": replace(full, attestations=tuple(replace(item, carried=item.block - 1) for item in every)),
        "signed-twice": replace(full, attestations=every + every),
        "unknown-seat": replace(full, attestations=(*every, Signing(10, 4, 10))),
        "unknown-block": replace(full, attestations=(*every, Signing(9, 0, 9))),
        "indivisible": replace(full, base=99_991, drawn=jobs[:3], deliveries=jobs[:3], attestations=every[:7]),
        "above-average": replace(full, reached=3, average=1),
        "below-average": replace(full, reached=1, average=3),
        "no-average": replace(full, reached=0, average=0),
        "no-blocks": replace(full, blocks=(), attestations=()),
        "no-base": replace(full, base=0),
    }
    for label, record in records.items():
        yield Case("reward.payouts", label, record)


def epoch_bonus_cases() -> Iterator[Case]:
    """Bonuses by the epoch before, the mean over its clusters, and clusters that it did not have."""
    name = "reward.epoch_bonus"
    first = (OneRatio(1, 2), OneRatio(3, 4))
    second = (OneRatio(1, 3), OneRatio(2, 1), OneRatio(5, 7))
    whole = EpochBonusAsked(100_003, (first, second), 2, 0)
    for label, asked in {
        "first-epoch": replace(whole, closed=(), epoch=0),
        "below-average": whole,
        "above-average": replace(whole, cluster=1),
        "new-cluster": replace(whole, cluster=3),
        "far-cluster": replace(whole, cluster=4),
        "older-epoch": replace(whole, epoch=1, cluster=1),
        "no-clusters": replace(whole, closed=(first, ()), cluster=1),
        "idle-cluster": replace(whole, closed=((OneRatio(0, 1), OneRatio(4, 1)),), epoch=1),
        "idle-network": replace(whole, closed=((OneRatio(0, 1), OneRatio(0, 5)),), epoch=1),
        "capped": replace(whole, closed=((OneRatio(100, 1), *second, OneRatio(0, 1)),), epoch=1),
        "one-cluster": replace(whole, closed=((OneRatio(6, 4),),), epoch=1),
    }.items():
        yield Case(name, label, asked)
    code, known = RejectionCode.EFFICIENCY_UNKNOWN, Sibling(whole, "an epoch that reads one that is not over")
    for epoch in (3, 4, 1 << 40):
        yield Case(name, f"not-over-{epoch}", replace(whole, epoch=epoch), code, known)


def slot_of(number: int, epoch: int = 5) -> Slot:
    """A view of one committee."""
    return Slot(CHAIN, Epoch(epoch), ClusterId(1), Matter.VIEW, number, Hash32(bytes(32)))


SOURCE_KINDS = (
    OffenceKind.INVALID_PROOF,
    OffenceKind.INACTIVITY,
    OffenceKind.DESYNCHRONISATION,
    OffenceKind.BYZANTINE_PROPOSAL,
    OffenceKind.INVALID_VOTE,
)


def slashing_cases() -> Iterator[Case]:
    """Single offences, sums, caps, and what counts once."""
    for guilty, seats in (
        (0, 3),
        (1, 1),
        (1, 3),
        (1, 4),
        (1, 100),
        (5, 100),
        (6, 100),
        (33, 100),
        (34, 100),
        (100, 100),
    ):
        yield Case("slashing.double_vote_points", f"{guilty}-of-{seats}", PointsAsked(guilty, seats))
    key, other = b"\x0a" * 32, b"\x0b" * 32
    stake = 10_000_019

    def convicted(kind: OffenceKind, view: int, epoch: int = 5, of: bytes = key, snapshot: int = stake) -> Convicted:
        seats = (2, 10) if kind is OffenceKind.DOUBLE_VOTE else (0, 0)
        return Convicted(kind, of, slot_of(view, epoch), *seats, snapshot)

    for kind in SOURCE_KINDS:
        yield Case("slashing.due", kind.name.lower().replace("_", "-"), DueAsked(stake, key, (convicted(kind, 1),)))
    invalid, silent, lagging, proposing = (convicted(kind, place) for place, kind in enumerate(SOURCE_KINDS[:4]))
    double = convicted(OffenceKind.DOUBLE_VOTE, 9)
    accomplice = convicted(OffenceKind.DOUBLE_VOTE, 9, of=other)
    slot = accomplice.slot
    elsewhere = (
        *(replace(slot, chain_id=Hash32(octets)) for octets in (bytes(32), b"\xff" * 32)),
        *(replace(slot, epoch=Epoch(epoch)) for epoch in (4, 6)),
        *(replace(slot, cluster=ClusterId(cluster)) for cluster in (0, 2)),
    )
    records: dict[str, tuple[Convicted, ...]] = {
        "none": (),
        "of-another": (convicted(OffenceKind.DESYNCHRONISATION, 1, of=other),),
        "two": (invalid, lagging),
        "two-turned": (lagging, invalid),
        "four": (invalid, silent, lagging, proposing),
        "one-slot": (replace(invalid, slot=slot_of(3)), replace(proposing, slot=slot_of(3))),
        "two-epochs": (lagging, replace(lagging, slot=slot_of(2, 6), snapshot=stake // 2)),
        "least-snapshot": (lagging, replace(invalid, snapshot=1_000_003)),
        "double-vote": (double,),
        "double-vote-with-accomplice": (double, accomplice),
        "double-vote-by-others-elsewhere": (double, *(replace(accomplice, slot=slot) for slot in elsewhere)),
        "double-vote-and-proposal": (double, replace(proposing, slot=slot_of(9))),
        "more-than-all": tuple(convicted(OffenceKind.BYZANTINE_PROPOSAL, view) for view in range(8)),
        "more-than-all-in-epochs": tuple(convicted(OffenceKind.BYZANTINE_PROPOSAL, 1, epoch) for epoch in range(8)),
    }
    for label, record in records.items():
        yield Case("slashing.due", label, DueAsked(stake, key, record))
    for taken in (0, 1, 19, 20, 21, 9_999, 1_000_003, (1 << 63) + 1):
        yield Case("slashing.proceeds", f"of-{taken}", Taken(taken))
    drawn_down = DueAsked(stake // 10, key, (proposing,))
    yield Case("slashing.due", "snapshot-above-deposit", drawn_down)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from reward_cases()
    yield from slashing_cases()
