"""Sections 5.1, 5.2 and 6.1: what holders of keys ask of the ledger, and how a closing takes it up (R-5.2-1, R-6.1-1).

An act is a signed envelope with a deposit, a departure or a piece of evidence. A closing lists the acts that it takes
up, so that whoever follows the closings applies the same ones, in the same order, to the same ledger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from taifoon.core.accountability import Evidence as Contradiction
from taifoon.core.epoch import (
    EPOCH_COMMITTEE,
    Assignment,
    assignment_of,
    committee_of_cluster,
    committee_of_epoch,
    unheard,
)
from taifoon.core.epoch_block import MAX_ACTS, MAX_ALL_ACTS
from taifoon.core.network_state import NetworkState
from taifoon.core.owners import OwnedJobs, formation_of
from taifoon.core.proof_system import ProofSystem
from taifoon.economics.ledger import Ledger, admit, check_window, deposit, existing, leave
from taifoon.economics.offences import CondemnedBlock, Evidence, Jurisdiction, TwoRoots
from taifoon.economics.registry import seats
from taifoon.network.envelope import Envelope, check_signature, message_octets, speaks_for
from taifoon.network.evidence import evidence_of
from taifoon.network.kinds import Kind, decode_message
from taifoon.network.messages import EvidenceReport, Leave, Registration
from taifoon.primitives.encoding import decode, encode
from taifoon.primitives.types import ClusterId, Epoch, PublicKey
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode

Act = Registration | Leave | EvidenceReport
"""The messages that ask something of the ledger."""

ACT_KINDS = frozenset({Kind.REGISTRATION, Kind.LEAVE, Kind.EVIDENCE_REPORT})


@dataclass(frozen=True, slots=True)
class Court:
    """What acts are judged by: the network before the closing, the proof system, and the duplication factor."""

    network: NetworkState
    proof_system: ProofSystem
    factor: int


def order_of(envelope: Envelope) -> tuple[PublicKey, int]:
    """The place of an act in a closing: by sender, then as the sender counted."""
    return envelope.statement.sender, envelope.statement.sequence


def act_octets(envelope: Envelope) -> bytes:
    """An act as a closing holds it."""
    return encode(Envelope, envelope)


def invalid_act(reason: str) -> Rejected:
    """The refusal of an act."""
    return Rejected(RejectionCode.EPOCH_ACT, reason)


def act_in(profile: Profile, court: Court, envelope: Envelope) -> Act:
    """The act in an envelope of this chain and epoch, signed by whom it speaks for.

    That it is of this epoch makes it count once. Rejects with EPOCH_ACT, SIGNATURE_INVALID, and as `decode_message`.
    """
    statement, network = envelope.statement, court.network
    if (statement.chain_id, statement.epoch) != (network.chain_id, network.epoch):
        raise invalid_act(f"an act of epoch {statement.epoch}; the closing is of epoch {network.epoch} of this chain")
    if statement.kind not in ACT_KINDS:
        raise invalid_act(f"{statement.kind.name} asks nothing of the ledger")
    check_signature(profile, envelope)
    act = decode_message(profile, message_octets(statement))
    if speaks_for(act) not in (None, statement.sender) or not isinstance(act, Act):
        raise invalid_act(f"{statement.kind.name} by {statement.sender.hex()} speaks for another key")
    return act


def epoch_and_committee(evidence: Evidence) -> tuple[Epoch, ClusterId] | None:
    """The committee that evidence is about; none where it is about a job."""
    match evidence:
        case Contradiction(first, _):
            return first.statement.epoch, first.statement.committee
        case CondemnedBlock(vote, _):
            return vote.statement.epoch, vote.statement.committee
        case TwoRoots():
            return evidence.first.epoch, evidence.first.cluster
        case _:
            return None


def past_assignment(profile: Profile, network: NetworkState, epoch: Epoch) -> Assignment | None:
    """The assignment of an epoch up to the present one; every closing that it reads is over."""
    if epoch > network.epoch:
        return None
    return assignment_of(profile, network.history, epoch, unheard(network.history))


def jurisdiction_over(profile: Profile, court: Court, evidence: Evidence) -> Jurisdiction:
    """What evidence is judged by: the committee and the formation that it is about, derived from the closings."""
    chain_id, place = court.network.chain_id, epoch_and_committee(evidence)
    empty = Jurisdiction(chain_id, (), (), court.proof_system)
    assignment = None if place is None else past_assignment(profile, court.network, place[0])
    if place is None or assignment is None:
        return empty
    cluster = place[1]
    if cluster == EPOCH_COMMITTEE:
        return Jurisdiction(chain_id, (committee_of_epoch(chain_id, assignment),), (), court.proof_system)
    if cluster >= len(assignment.clusters):
        return empty
    committee = committee_of_cluster(chain_id, assignment, cluster)
    # Which jobs had been carried or closed then is no part of what a block's bytes can show.
    jobs = OwnedJobs(profile, assignment, court.factor, (), frozenset())
    return Jurisdiction(chain_id, (committee,), (formation_of(assignment, cluster, jobs),), court.proof_system)


def evidence_in(report: EvidenceReport) -> Evidence:
    """What a report shows."""
    return evidence_of(report.shown)


def after_act(profile: Profile, court: Court, ledger: Ledger, act: Act, sender: PublicKey) -> Ledger:
    """The ledger after an act of a sender.

    Rejects as `deposit`, `leave` and `admit` do, and with EPOCH_ACT for deposits that together buy no seat: a key
    without one would fill registry and quotas for nothing.
    """
    match act:
        case Registration(key, stake, capabilities):
            after = deposit(profile, ledger, key, stake, capabilities)
            if seats(profile, existing(after, key).deposited) < 1:
                raise invalid_act(f"a deposit of {stake} by {key.hex()}: it has to buy a seat")
            return after
        case Leave(key):
            return leave(profile, ledger, key)
        case EvidenceReport():
            evidence = evidence_in(act)
            place = epoch_and_committee(evidence)
            if place is not None:
                # An assignment of long ago is derived for nobody.
                check_window(profile, place[0], ledger.epoch)
            return admit(profile, ledger, jurisdiction_over(profile, court, evidence), evidence, sender)


def applied(profile: Profile, court: Court, ledger: Ledger, envelope: Envelope) -> Ledger:
    """The ledger after an act in its envelope.

    Rejects as `act_in` and `after_act` do, and with EPOCH_ACT for an act that changes nothing, so that nobody fills
    closings with what is known.
    """
    sender = envelope.statement.sender
    after = after_act(profile, court, ledger, act_in(profile, court, envelope), sender)
    if after == ledger:
        raise invalid_act(f"{envelope.statement.kind.name} of {sender.hex()} changes nothing")
    return after


def is_in_order(envelopes: tuple[Envelope, ...]) -> bool:
    """Whether acts stand by sender and number, each act of a sender once, however often it was said."""
    said = {(each.statement.sender, message_octets(each.statement)) for each in envelopes}
    return len(said) == len(envelopes) and all(
        order_of(first) < order_of(second) for first, second in pairwise(envelopes)
    )


def octets_in(acts: Iterable[bytes]) -> int:
    """The bytes of acts."""
    return sum(map(len, acts))


def all_applied(profile: Profile, court: Court, ledger: Ledger, acts: tuple[bytes, ...]) -> Ledger:
    """The ledger after the acts of a closing.

    Rejects as `applied` and `decode` do, and with EPOCH_ACT out of order, or beyond MAX_ALL_ACTS bytes.
    """
    if octets_in(acts) > MAX_ALL_ACTS:
        raise invalid_act(f"{octets_in(acts)} bytes of acts; a closing has {MAX_ALL_ACTS} at most")
    envelopes = tuple(decode(Envelope, octets, profile) for octets in acts)
    if not is_in_order(envelopes):
        raise invalid_act(f"{len(acts)} acts are not each once, by sender and number")
    for envelope in envelopes:
        ledger = applied(profile, court, ledger, envelope)
    return ledger


def still_applying(
    profile: Profile, court: Court, ledger: Ledger, envelopes: tuple[Envelope, ...]
) -> tuple[Envelope, ...]:
    """Those of the acts that apply one after the other, in their order, each once."""
    fit: tuple[Envelope, ...] = ()
    said: set[tuple[PublicKey, bytes]] = set()
    for envelope in sorted(envelopes, key=order_of):
        name = (envelope.statement.sender, message_octets(envelope.statement))
        is_later = not fit or order_of(fit[-1]) < order_of(envelope)
        if name in said or not is_later:
            continue
        try:
            ledger = applied(profile, court, ledger, envelope)
        except Rejected:
            continue
        fit, said = (*fit, envelope), said | {name}
    return fit


def in_turn(envelopes: tuple[Envelope, ...]) -> tuple[Envelope, ...]:
    """Acts in the order in which they get room: the first of each sender before the second of any, short ones first."""
    said: Counter[PublicKey] = Counter()
    placed = []
    for envelope in sorted(envelopes, key=order_of):
        sender = envelope.statement.sender
        placed.append((said[sender], len(act_octets(envelope)), order_of(envelope), envelope))
        said[sender] += 1
    return tuple(envelope for *_, envelope in sorted(placed, key=lambda each: each[:3]))


def with_room(envelopes: tuple[Envelope, ...]) -> tuple[Envelope, ...]:
    """As many of the acts as a closing holds, in turn; one that is too long makes way for shorter ones."""
    room = MAX_ALL_ACTS
    fit: list[Envelope] = []
    for envelope in in_turn(envelopes):
        length = len(act_octets(envelope))
        if len(fit) < MAX_ACTS and length <= room:
            room -= length
            fit.append(envelope)
    return tuple(fit)


def chosen_acts(profile: Profile, court: Court, ledger: Ledger, heard: tuple[Envelope, ...]) -> tuple[bytes, ...]:
    """What an honest leader takes up of the acts that it has heard: all that still apply in turn, if there is room.

    Else each sender has its turn, so that nobody's acts, true as they may be, crowd out another's.
    """
    fit = still_applying(profile, court, ledger, heard)
    roomy = with_room(fit)
    if len(roomy) < len(fit):
        fit = still_applying(profile, court, ledger, roomy)
    return tuple(act_octets(envelope) for envelope in fit)
