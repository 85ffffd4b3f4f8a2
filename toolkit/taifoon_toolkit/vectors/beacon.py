"""Vectors of the beacon: commitments, reveals, and what they mix to (R-2.1-12, R-9-5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core import beacon
from taifoon.core.beacon import Commitment, Reveal
from taifoon.primitives.types import Epoch, Hash32, PublicKey
from taifoon.profile import Profile
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.blocks import HashGiven
from taifoon_toolkit.vectors.case import Case, Double, Sibling
from taifoon_toolkit.vectors.method import ACCEPTED, NORMATIVE, Nothing, method
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Large

SECTION = "2.1"


@dataclass(frozen=True, slots=True)
class SecretGiven:
    """The epoch of a reveal, its holder, and the secret."""

    epoch: Large
    holder: Digest
    secret: Digest


@dataclass(frozen=True, slots=True)
class RevealsGiven:
    """An epoch, and reveals in any order."""

    epoch: Large
    reveals: tuple[Reveal, ...]


@dataclass(frozen=True, slots=True)
class RevealsAsked:
    """An epoch, the commitments of the closing before, one for each holder, and the reveals of a closing."""

    epoch: Large
    commitments: tuple[Commitment, ...]
    reveals: tuple[Reveal, ...]


@dataclass(frozen=True, slots=True)
class CommitmentsAsked:
    """The commitments of a closing, and the keys that serve in its epoch or in the next one."""

    commitments: tuple[Commitment, ...]
    serving: tuple[Digest, ...]


@dataclass(frozen=True, slots=True)
class HoldersGiven:
    """Keys, in increasing order."""

    holders: tuple[Digest, ...]


@method("beacon.commitment", SECTION, "R-2.1-12", "R-9-5")
def commit(profile: Profile, given: SecretGiven) -> HashGiven:
    """The commitment of a holder to its secret."""
    found = beacon.commitment(profile, Epoch(given.epoch), PublicKey(given.holder), Hash32(given.secret))
    return HashGiven(found.digest)


@method("beacon.mix", SECTION, "R-2.1-12", "R-9-5")
def mix(profile: Profile, given: RevealsGiven) -> HashGiven:
    """The beacon of an epoch."""
    return HashGiven(beacon.mixed(profile, Epoch(given.epoch), given.reveals))


@method("beacon.check_reveals", SECTION, "R-2.1-12", "R-9-5")
def check_reveals(profile: Profile, given: RevealsAsked) -> Nothing:
    """Accept the reveals of a closing, or refuse them."""
    one_each(given.commitments)
    beacon.check_reveals(profile, Epoch(given.epoch), given.commitments, given.reveals)
    return ACCEPTED


@method("beacon.check_commitments", SECTION, "R-2.1-12", "R-9-5")
def check_commitments(profile: Profile, given: CommitmentsAsked) -> Nothing:
    """Accept the commitments of a closing, or refuse them."""
    beacon.check_commitments(given.commitments, frozenset(PublicKey(each) for each in given.serving))
    return ACCEPTED


@method("beacon.withheld", SECTION, "R-9-5")
def withheld(profile: Profile, given: RevealsAsked) -> HoldersGiven:
    """The holders that committed and did not reveal."""
    one_each(given.commitments)
    return HoldersGiven(beacon.withheld(given.commitments, given.reveals))


def one_each(commitments: tuple[Commitment, ...]) -> None:
    """Ask about commitments only where each holder has one."""
    if len({each.holder for each in commitments}) < len(commitments):
        raise ValueError("commitments: one for each holder")


EPOCH = Epoch(9)
COMMITMENT = beacon.commitment


def opens_for(*epochs: int) -> Double:
    """A client that takes a secret for any of these epochs."""

    def stand_in(profile: Profile, epoch: Epoch, holder: PublicKey, secret: Hash32, draw: object = None) -> Commitment:
        found = [COMMITMENT(profile, Epoch(each), holder, secret) for each in epochs]
        return next((each for each in found if each in COMMITTED), found[0])

    return Double("does not bind the epoch", "taifoon.core.beacon:commitment", stand_in)


COMMITTED: list[Commitment] = []
"""The commitments of the cases, which the double knows."""


def of_committed(profile: Profile, epoch: Epoch, holder: PublicKey, secret: Hash32, draw: object = None) -> Commitment:
    """The holder's own commitment, whatever its secret is."""
    return next(each for each in COMMITTED if each.holder == holder)


def in_order(profile: Profile, epoch: Epoch, commitments: tuple[Commitment, ...], reveals: tuple[Reveal, ...]) -> None:
    """The check of reveals that were sorted first, without repetitions."""
    ordered = tuple(sorted(dict.fromkeys(reveals), key=lambda reveal: reveal.holder))
    CHECK_REVEALS(profile, epoch, commitments, ordered)


def commitments_in_order(commitments: tuple[Commitment, ...], serving: frozenset[PublicKey]) -> None:
    """The check of commitments that were sorted first, the first one of each holder."""
    first = {each.holder: each for each in reversed(commitments)}
    CHECK_COMMITMENTS(tuple(first[holder] for holder in sorted(first)), serving)


CHECK_REVEALS, CHECK_COMMITMENTS = beacon.check_reveals, beacon.check_commitments
ANY_SECRET = Double("opens a commitment with any secret", "taifoon.core.beacon:commitment", of_committed)
ANY_ORDER = Double("takes reveals in any order, also again", "taifoon.core.beacon:check_reveals", in_order)
COMMITS_IN_ANY_ORDER = Double(
    "takes commitments in any order, also again", "taifoon.core.beacon:check_commitments", commitments_in_order
)
ALL_SERVE = Double(
    "asks not whether a holder serves",
    "taifoon.core.beacon:check_commitments",
    lambda commitments, _: CHECK_COMMITMENTS(commitments, frozenset(each.holder for each in commitments)),
)


def reveal_cases() -> Iterator[Case]:
    """Reveals that open their commitments, and each fault."""
    name, code = "beacon.check_reveals", RejectionCode.BEACON_REVEAL
    stream = Stream("vectors/beacon")
    holders = sorted(PublicKey(stream.octets(32)) for _ in range(4))
    secrets = tuple(Hash32(stream.octets(32)) for _ in holders)
    pairs = tuple(zip(holders, secrets, strict=True))
    commitments = tuple(COMMITMENT(NORMATIVE, EPOCH, *pair) for pair in pairs)
    reveals = tuple(Reveal(*pair) for pair in pairs)
    for holder, secret in pairs[:2]:
        for epoch in (0, EPOCH, EPOCH + 1):
            label = f"{holder.hex()[:4]}-in-{epoch}"
            yield Case("beacon.commitment", label, SecretGiven(epoch, holder, secret))
    yield Case("beacon.commitment", "blank", SecretGiven(0, bytes(32), bytes(32)))
    honest = RevealsAsked(EPOCH, commitments, reveals)
    shown = {"all": reveals, "turned": reveals[::-1], "but-one": reveals[1:], "one": reveals[:1], "none": ()}
    for label, some in shown.items():
        yield Case("beacon.mix", label, RevealsGiven(EPOCH, some))
        yield Case("beacon.withheld", label, replace(honest, reveals=some))
        if label != "turned":
            yield Case(name, label, replace(honest, reveals=some))
    yield Case("beacon.mix", "another-epoch", RevealsGiven(EPOCH + 1, reveals))
    yield Case("beacon.withheld", "commitments-turned", replace(honest, commitments=commitments[::-1], reveals=()))
    yield Case(name, "commitments-turned", replace(honest, commitments=commitments[::-1]))
    false = replace(reveals[1], secret=Hash32(bytes(32)))
    COMMITTED[:] = commitments
    refused = {
        "turned": (reveals[::-1], ANY_ORDER),
        "twice": ((reveals[0], *reveals), ANY_ORDER),
        "another-secret": ((reveals[0], false), ANY_SECRET),
        "secret-of-another": ((replace(reveals[0], secret=secrets[1]),), ANY_SECRET),
    }
    for label, (some, double) in refused.items():
        yield Case(name, label, replace(honest, reveals=some), code, double)
    uncommitted = replace(honest, commitments=commitments[1:])
    yield Case(name, "uncommitted", uncommitted, code, Sibling(honest, "a commitment left out"))
    copied = replace(honest, commitments=(Commitment(holders[0], commitments[1].digest), *commitments[2:]))
    copied = replace(copied, reveals=(Reveal(holders[0], secrets[1]),))
    edit = Sibling(replace(honest, reveals=reveals[:1]), "the commitment of another holder, with its secret")
    yield Case(name, "copied-commitment", copied, code, edit)
    later = replace(honest, epoch=EPOCH + 1)
    yield Case(name, "for-another-epoch", later, code, opens_for(EPOCH + 1, EPOCH))
    yield from commitment_cases(commitments, tuple(holders))


def commitment_cases(commitments: tuple[Commitment, ...], holders: tuple[PublicKey, ...]) -> Iterator[Case]:
    """Commitments of holders that serve, and each fault."""
    name, code = "beacon.check_commitments", RejectionCode.BEACON_COMMITMENT
    honest = CommitmentsAsked(commitments, holders)
    yield Case(name, "all", honest)
    yield Case(name, "some", replace(honest, commitments=commitments[1:3]))
    yield Case(name, "none", CommitmentsAsked((), ()))
    yield Case(name, "serving-turned", replace(honest, serving=holders[::-1]))
    refused = {
        "turned": commitments[::-1],
        "twice": (commitments[0], *commitments),
        "two-of-one-holder": (commitments[0], replace(commitments[1], holder=holders[0])),
    }
    for label, some in refused.items():
        yield Case(name, label, replace(honest, commitments=some), code, COMMITS_IN_ANY_ORDER)
    stranger = replace(honest, serving=holders[1:])
    yield Case(name, "a-holder-that-does-not-serve", stranger, code, ALL_SERVE)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from reveal_cases()
