"""Sections 5.1, 5.2 and 6.1: what holders of keys ask of the ledger, and how a closing takes it up (R-5.2-1, R-6.1-1).

An act is a signed envelope with a deposit, a departure or a piece of evidence. A closing lists the acts that it takes
up, so that whoever follows the closings applies the same ones, in the same order, to the same ledger.
"""

from __future__ import annotations

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
from taifoon.core.epoch_block import MAX_ACTS
from taifoon.core.network_state import NetworkState
from taifoon.core.owners import OwnedJobs, formation_of
from taifoon.core.proof_system import ProofSystem
from taifoon.economics.ledger import Ledger, admit, deposit, leave
from taifoon.economics.offences import CondemnedBlock, Evidence, Jurisdiction, TwoRoots
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
    """The ledger after an act of a sender. Rejects as `deposit`, `leave` and `admit` do."""
    match act:
        case Registration(key, stake, capabilities):
            return deposit(profile, ledger, key, stake, capabilities)
        case Leave(key):
            return leave(profile, ledger, key)
        case EvidenceReport():
            evidence = evidence_in(act)
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


def all_applied(profile: Profile, court: Court, ledger: Ledger, acts: tuple[bytes, ...]) -> Ledger:
    """The ledger after the acts of a closing. Rejects as `applied` and `decode` do, and with EPOCH_ACT out of order."""
    envelopes = tuple(decode(Envelope, octets, profile) for octets in acts)
    if not is_in_order(envelopes):
        raise invalid_act(f"{len(acts)} acts are not each once, by sender and number")
    for envelope in envelopes:
        ledger = applied(profile, court, ledger, envelope)
    return ledger


def chosen_acts(profile: Profile, court: Court, ledger: Ledger, heard: tuple[Envelope, ...]) -> tuple[bytes, ...]:
    """What an honest leader takes up of the acts that it has heard: all, in their order, that still apply in turn."""
    chosen: tuple[Envelope, ...] = ()
    for envelope in sorted(heard, key=order_of):
        if len(chosen) == MAX_ACTS or not is_in_order((*chosen, envelope)):
            continue
        try:
            ledger = applied(profile, court, ledger, envelope)
        except Rejected:
            continue
        chosen = (*chosen, envelope)
    return tuple(act_octets(envelope) for envelope in chosen)
