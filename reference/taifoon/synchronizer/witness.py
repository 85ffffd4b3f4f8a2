"""Sections 4.1 and 5.2: how a synchronizer tells of the offences that it sees (R-5.2-1, R-5.2-3).

What a message brought is watched once the message has been taken. A finding that the judge convicts by is told to all,
unless another's report of it has been heard; whoever stayed silent for that speaks up in the next epoch, if the closing
left the offence out. So each offence is told of about once, and no witness has to trust another.
"""

from __future__ import annotations

from dataclasses import replace

from taifoon.core.block import block_hash
from taifoon.economics.offences import CondemnedBlock, Offence, OffenceKind, is_objectively_invalid, judge, view_slot
from taifoon.network.envelope import message_octets
from taifoon.network.evidence import evidence_of, shown_of
from taifoon.network.kinds import Kind, P2PMessage, decode_message
from taifoon.network.messages import BlockProposal, EvidenceReport
from taifoon.primitives.types import Millis
from taifoon.profile import Profile
from taifoon.rejection import Rejected
from taifoon.synchronizer.acts import jurisdiction_over
from taifoon.synchronizer.closing import court_of
from taifoon.synchronizer.events import Effect
from taifoon.synchronizer.orders import is_worth, ordered
from taifoon.synchronizer.state import Done, Synchronizer, replica_of
from taifoon.synchronizer.watch import (
    MOST_FOUND,
    Finding,
    Watch,
    Witnessed,
    condemned_votes,
    contradictions,
    is_same,
    reports_offences,
    signed_in_message,
    signed_in_view,
    with_condemned,
    with_finding,
)


def watched(
    profile: Profile, before: Synchronizer, synchronizer: Synchronizer, message: P2PMessage, now: Millis
) -> Done:
    """The synchronizer after a message that it has taken, with what the message showed of others told to all."""
    if not reports_offences(profile) or before.network.epoch != synchronizer.network.epoch:
        return synchronizer, ()
    watch, evidence = seen(profile, before, synchronizer, message)
    effects: tuple[Effect, ...] = ()
    synchronizer = replace(synchronizer, watch=watch)
    for each in evidence:
        synchronizer, more = told(profile, synchronizer, each, now)
        effects = (*effects, *more)
    return synchronizer, effects


def seen(
    profile: Profile, before: Synchronizer, synchronizer: Synchronizer, message: P2PMessage
) -> tuple[Watch, tuple[Witnessed, ...]]:
    """The watch with a block that the message brought, if it is condemned, and the evidence that there is now."""
    watch, news = synchronizer.watch, signed_in_message(message)
    replica = replica_of(synchronizer, news[0].statement.committee) if news else None
    if replica is None:
        return watch, ()
    evidence: tuple[Witnessed, ...] = tuple(contradictions(profile, replica.known, news))
    if isinstance(message, BlockProposal) and is_condemned(profile, before, synchronizer, message):
        watch = with_condemned(watch, block_hash(profile, message.block), message.block)
        news = signed_in_view(replica.known, message.block.header.view)
    return watch, (*evidence, *condemned_votes(profile, replica.known.committee, watch, news))


def is_condemned(profile: Profile, before: Synchronizer, synchronizer: Synchronizer, proposal: BlockProposal) -> bool:
    """Whether a proposal that the replica has just taken up is of a block that bytes alone show to be invalid.

    A block for which this member has voted is none.
    """
    statement, cluster = proposal.vote.statement, proposal.block.header.cluster_id
    earlier, member = before.member(cluster), synchronizer.member(cluster)
    if earlier is None or member is None or earlier.replica.known.held(statement.block_hash) is not None:
        return False
    voted_for = (statement.view, statement.block_hash) in member.replica.voting.notarised
    if voted_for or member.replica.known.held(statement.block_hash) is None:
        return False
    formation = member.states[0].formation
    proof_system = synchronizer.terms.proof_system
    return is_objectively_invalid(profile, proof_system, formation, statement, proposal.block)


def is_noted(synchronizer: Synchronizer, evidence: Witnessed) -> bool:
    """Whether an offence of this seat and view has been found, or as many of its key as count.

    That is cheaper than to judge the evidence again.
    """
    signed = evidence.vote if isinstance(evidence, CondemnedBlock) else evidence.first
    replica = replica_of(synchronizer, signed.statement.committee)
    if replica is None or not 0 <= signed.seat < len(replica.known.committee.keys):
        return True
    key, slot = replica.known.committee.keys[signed.seat], view_slot(signed.statement)
    if synchronizer.watch.of_key(key) >= MOST_FOUND:
        return True
    offences = (finding.offence for finding in synchronizer.watch.found)
    kinds = {offence.kind for offence in offences if (offence.key, offence.slot) == (key, slot)}
    of_block = isinstance(evidence, CondemnedBlock)
    return any((kind is not OffenceKind.DOUBLE_VOTE) == of_block for kind in kinds)


def judged(profile: Profile, synchronizer: Synchronizer, report: EvidenceReport) -> Offence | None:
    """The offence that a report shows; None where it does not convince."""
    evidence = evidence_of(report.shown)
    try:
        return judge(profile, jurisdiction_over(profile, court_of(synchronizer), evidence), evidence)
    except Rejected:
        return None


def is_reported(profile: Profile, synchronizer: Synchronizer, offence: Offence) -> bool:
    """Whether another's report of an offence has been heard in this epoch."""
    for envelope in synchronizer.closing.acts:
        if envelope.statement.kind is not Kind.EVIDENCE_REPORT:
            continue
        report = decode_message(profile, message_octets(envelope.statement))
        shown = judged(profile, synchronizer, report) if isinstance(report, EvidenceReport) else None
        if shown is not None and is_same(shown, offence):
            return True
    return False


def told(profile: Profile, synchronizer: Synchronizer, evidence: Witnessed, now: Millis) -> Done:
    """Note an offence of another, and tell all of it, unless somebody has."""
    if is_noted(synchronizer, evidence):
        return synchronizer, ()
    report = EvidenceReport(shown_of(evidence))
    offence = judged(profile, synchronizer, report)
    if offence is None or offence.key == synchronizer.terms.signer.public_key:
        return synchronizer, ()
    watch = with_finding(synchronizer.watch, Finding(offence, evidence))
    if watch == synchronizer.watch:
        return synchronizer, ()
    synchronizer = replace(synchronizer, watch=watch)
    if not is_worth(profile, synchronizer, report) or is_reported(profile, synchronizer, offence):
        return synchronizer, ()
    return ordered(profile, synchronizer, report, now)


def left_out(profile: Profile, before: Synchronizer, synchronizer: Synchronizer, now: Millis) -> Done:
    """Tell, in the epoch after it, of the offences that the closing of the last one has left out."""
    effects: tuple[Effect, ...] = ()
    for finding in before.watch.found:
        if is_worth(profile, synchronizer, finding.report):
            synchronizer, more = ordered(profile, synchronizer, finding.report, now)
            effects = (*effects, *more)
    return synchronizer, effects
