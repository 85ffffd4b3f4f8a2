"""Runs of a node that gossips: copies, hops, memory, quotas, pulls, epochs (RES-GOSSIP, RES-ENV, RES-PRIO)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from taifoon.network.envelope import Envelope, Packet, identity, latest_expiry
from taifoon.network.kinds import Kind, P2PMessage
from taifoon.network.messages import CatchUpRequest
from taifoon.primitives.types import ClusterId, Millis, View
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import RejectionCode
from taifoon_models.keys import key
from taifoon_models.messages import CHAIN, EPOCH, NOW, REGISTERED, STRANGER, announce, samples, sealed
from taifoon_toolkit.vectors.case import Step, Trace
from taifoon_toolkit.vectors.envelopes import BELIEVES_ENVELOPES, Receiver, as_stated
from taifoon_toolkit.vectors.gossip import EpochBegins, NodeGiven, PacketArrives, PeerPulls

HERE = Receiver(CHAIN, EPOCH, tuple(sorted(REGISTERED)), 0)
START = NodeGiven(HERE, 4)
SAMPLES = samples(HARDENED)
VOTE, ANNOUNCE = SAMPLES[Kind.BLOCK_VOTE], SAMPLES[Kind.NODE_ANNOUNCE]


def arrives(envelope: Envelope, hops_left: int = 4, now: int = NOW) -> PacketArrives:
    """A packet that arrives."""
    return PacketArrives(Packet(hops_left, envelope), now)


def name(message: P2PMessage, sender: int = 0, sequence: int = 0) -> bytes:
    """The identity of a message of the models."""
    return identity(HARDENED, sealed(HARDENED, message, sender, sequence))


def sent(number: int, sender: int = 0, **changes: int) -> Envelope:
    """A numbered message of a sender."""
    return as_stated(CatchUpRequest(ClusterId(1), View(2)), sender, sequence=number, **changes)


def cases() -> Iterator[Trace]:
    """Runs of a node: copies, hops, memory, quotas, pulls, epochs."""
    vote, announcement = sealed(HARDENED, VOTE), sealed(HARDENED, ANNOUNCE)
    expiry = vote.statement.expiry
    tolerance = HARDENED.parameters.time_tolerance
    remembers, fair = Resolution.GOSSIP, Resolution.MESSAGE_PRIORITY
    quota = RejectionCode.SENDER_QUOTA
    yield Trace(
        "gossip",
        "a-copy-is-dropped",
        START,
        (Step(arrives(vote)), Step(arrives(vote, 200)), Step(arrives(vote, 0)), Step(arrives(announcement, 0))),
        decides=(remembers,),
    )
    again = sealed(HARDENED, ANNOUNCE, sequence=1)
    yield Trace(
        "gossip",
        "an-announcement-repeated-is-new",
        START,
        (Step(arrives(announcement)), Step(arrives(again)), Step(arrives(again))),
        decides=(Resolution.ENVELOPE,),
    )
    resigned = replace(vote, signature=announcement.signature)
    yield Trace(
        "gossip",
        "another-signature-is-a-copy",
        START,
        (Step(arrives(vote)), Step(arrives(resigned, 3))),
    )
    yield Trace(
        "gossip",
        "hops-are-cut",
        START,
        (*(Step(arrives(sent(number), hops)) for number, hops in enumerate((0, 1, 4))), Step(arrives(vote, 255))),
        decides=(remembers,),
    )
    late = (expiry, expiry + 1, expiry + tolerance, expiry + tolerance + 1)
    expired = RejectionCode.ENVELOPE_EXPIRED
    yield Trace(
        "gossip",
        "remembered-until-nobody-takes-it",
        START,
        (
            Step(arrives(vote, now=expiry - 1000)),
            Step(arrives(vote, now=late[0])),
            Step(arrives(vote, now=late[1])),
            Step(arrives(vote, now=late[2])),
            Step(arrives(vote, now=late[3]), expired, Resolution.ENVELOPE),
            Step(arrives(sent(1, expiry=Millis(late[3] + 1)), now=late[3])),
        ),
        decides=(remembers,),
    )
    long_lived = sent(9, expiry=latest_expiry(HARDENED, Millis(NOW)))
    yield Trace(
        "gossip",
        "remembered-longer-than-a-minute",
        START,
        (
            Step(arrives(long_lived)),
            Step(arrives(long_lived, now=NOW + 60_001)),
            Step(arrives(long_lived, now=NOW + 119_999)),
        ),
        decides=(remembers,),
    )
    yield from quota_traces(fair, quota)
    yield from pull_traces(vote, announcement, expiry)
    forged = replace(vote, signature=sealed(HARDENED, VOTE, 1).signature)
    yield Trace(
        "gossip",
        "what-is-refused-is-not-remembered",
        START,
        (
            Step(arrives(forged), RejectionCode.SIGNATURE_INVALID, BELIEVES_ENVELOPES),
            Step(arrives(vote)),
            Step(arrives(forged)),
        ),
    )
    far = EpochBegins(EPOCH + 2, HERE.registered)
    fewer = EpochBegins(EPOCH, HERE.registered[:2])
    outside = next(number for number in range(5) if key(number) not in HERE.registered[:2])
    yield Trace(
        "gossip",
        "epochs-change",
        START,
        (
            Step(arrives(sent(0))),
            Step(far),
            Step(arrives(sent(0))),
            Step(arrives(sent(1)), RejectionCode.ENVELOPE_EPOCH, Resolution.ENVELOPE),
            Step(fewer),
            Step(arrives(sent(2, outside)), RejectionCode.ENVELOPE_SENDER, Resolution.ENVELOPE),
        ),
    )


def quota_traces(fair: Resolution, quota: RejectionCode) -> Iterator[Trace]:
    """Senders at their quota, registered ones and strangers, until messages are forgotten."""
    tolerance = HARDENED.parameters.time_tolerance
    few = replace(START, quota=2)
    soon = NOW + 10
    first = sent(0, expiry=Millis(soon))
    yield Trace(
        "gossip",
        "quota-of-a-sender",
        few,
        (
            Step(arrives(first)),
            Step(arrives(sent(1))),
            Step(arrives(sent(2)), quota, fair),
            Step(arrives(sent(3, 1))),
            Step(arrives(sent(1))),
            Step(arrives(sent(2), now=soon + tolerance), quota, fair),
            Step(arrives(sent(2), now=soon + tolerance + 1)),
        ),
    )
    strangers = tuple(as_stated(SAMPLES[Kind.JOB_SUBMISSION], STRANGER + number) for number in range(3))
    yield Trace(
        "gossip",
        "one-quota-for-all-strangers",
        few,
        (
            *(Step(arrives(envelope)) for envelope in strangers[:2]),
            Step(arrives(strangers[2]), quota, fair),
            Step(arrives(sent(0))),
        ),
    )


def pull_traces(vote: Envelope, announcement: Envelope, expiry: int) -> Iterator[Trace]:
    """Peers that ask for what they lack, at several times."""
    job = sealed(HARDENED, SAMPLES[Kind.JOB_SUBMISSION], STRANGER)
    proposal = sealed(HARDENED, SAMPLES[Kind.CATCH_UP_REQUEST], 1)
    knows_vote = (name(VOTE),)
    yield Trace(
        "gossip",
        "pulls",
        START,
        (
            Step(PeerPulls((), NOW)),
            *(Step(arrives(envelope)) for envelope in (announcement, job, proposal, vote)),
            Step(PeerPulls((), NOW)),
            Step(PeerPulls(knows_vote, NOW)),
            Step(PeerPulls((bytes(32),), NOW)),
            Step(PeerPulls((), expiry)),
            Step(PeerPulls((), expiry + 1)),
        ),
        decides=(Resolution.GOSSIP,),
    )
    short = as_stated(announce(2), 2, expiry=Millis(NOW + 5))
    yield Trace(
        "gossip",
        "pulls-what-lives",
        START,
        (Step(arrives(vote)), Step(arrives(short)), Step(PeerPulls((), NOW + 5)), Step(PeerPulls((), NOW + 6))),
        decides=(Resolution.GOSSIP,),
    )
