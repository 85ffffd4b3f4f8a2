"""Section 4.1: which part of a synchronizer a message is for (R-4.1-1 to R-4.1-11).

Each kind has one taker. A kind that no part of a synchronizer needs is passed over. What a message showed of others'
guilt is watched once its taker has it.
"""

from __future__ import annotations

from dataclasses import replace

from taifoon.core.beacon import Commitment, Reveal
from taifoon.core.block import ProofResult, bare
from taifoon.core.epoch import EPOCH_COMMITTEE
from taifoon.core.epoch_block import check_named
from taifoon.core.knowledge import checked
from taifoon.core.leaf import MMRLeaf
from taifoon.core.network_state import EpochRecord
from taifoon.core.proposal import Proposal, check_proposal
from taifoon.core.replica import is_in_sight
from taifoon.core.replica_events import (
    CatchUpAsked,
    CertificateArrived,
    ProposalArrived,
    VoteArrived,
)
from taifoon.network.envelope import Envelope, identity, message_octets
from taifoon.network.epoch_messages import (
    EpochProposal,
    EpochRecordRequest,
    EpochRecordResponse,
    StretchPush,
    push_of,
    record_of,
    response_of,
    stretch_of,
)
from taifoon.network.gossip import answer_pull
from taifoon.network.kinds import Kind, P2PMessage, decode_message
from taifoon.network.messages import (
    MAX_KNOWN,
    BeaconCommitment,
    BeaconReveal,
    BlockFinalized,
    BlockProposal,
    BlockRangeRequest,
    BlockVote,
    CatchUpRequest,
    ClusterJoin,
    ConsistencyRequest,
    EvidenceReport,
    JobAssignment,
    JobSubmission,
    Leave,
    MMRPeaksRequest,
    MMRProofRequest,
    NodeAnnounce,
    PeaksPush,
    ProofSubmission,
    PullRequest,
    Registration,
    ViewCertificate,
)
from taifoon.network.requests import OpenRequest, ask, still_open, take_answered
from taifoon.network.topics import REPAIRED_SCOPES, Scope
from taifoon.primitives.types import Epoch, Hash32, Millis, PublicKey, Seat
from taifoon.profile import Profile
from taifoon.rejection import Rejected
from taifoon.synchronizer.archive import answered, blocks_from
from taifoon.synchronizer.cluster_member import (
    with_job,
    with_result,
)
from taifoon.synchronizer.epoch_member import (
    closing_chain,
    longest,
    with_commitment,
    with_held,
    with_reveal,
    with_reveals,
    with_stretch,
)
from taifoon.synchronizer.events import (
    Effect,
    PullAlarm,
    Refused,
    SendTo,
    SetAlarm,
)
from taifoon.synchronizer.heralds import hear_announce, hear_assignment, hear_join, hear_push, introduced
from taifoon.synchronizer.orders import hear_act
from taifoon.synchronizer.state import (
    Done,
    Synchronizer,
    next_peer,
    registered_keys,
    send,
    spread,
    with_member,
)
from taifoon.synchronizer.surroundings import renewed
from taifoon.synchronizer.turnover import addressed, turn_over
from taifoon.synchronizer.voting import drive_closing, drive_cluster, drive_either
from taifoon.synchronizer.witness import left_out, watched

OF_ONE_EPOCH = frozenset(
    {
        Kind.BLOCK_VOTE,
        Kind.VIEW_CERTIFICATE,
        Kind.BLOCK_FINALIZED,
        Kind.BLOCK_PROPOSAL,
        Kind.EPOCH_PROPOSAL,
        Kind.CATCH_UP_REQUEST,
        Kind.PROOF_SUBMISSION,
        Kind.STRETCH_PUSH,
    }
)
"""Kinds that serve the epoch in which they are sent and no later one."""


CAUGHT_UP = frozenset({Kind.BLOCK_VOTE, Kind.VIEW_CERTIFICATE, Kind.BLOCK_PROPOSAL, Kind.EPOCH_PROPOSAL})
"""Kinds that a replica asks for by itself, by view, when it lacks them."""


def is_pulled(envelope: Envelope, epoch: Epoch) -> bool:
    """Whether a message is one that a peer in an epoch pulls: it counts there, and nothing else would bring it."""
    statement = envelope.statement
    is_for_one = REPAIRED_SCOPES[statement.kind] is Scope.PEER
    return statement.epoch >= epoch and not is_for_one and statement.kind not in CAUGHT_UP | {Kind.CATCH_UP_REQUEST}


def hear(profile: Profile, synchronizer: Synchronizer, envelope: Envelope, message: P2PMessage, now: Millis) -> Done:
    """Give a message to the part that it is for, and watch what it showed. Rejects as that part does."""
    heard, effects = give(profile, synchronizer, envelope, message, now)
    heard, more = watched(profile, synchronizer, heard, message, now)
    return heard, (*effects, *more)


def give(profile: Profile, synchronizer: Synchronizer, envelope: Envelope, message: P2PMessage, now: Millis) -> Done:
    """Give a message to the part that it is for; kinds that no part here needs are passed over. Rejects as it does."""
    sender, network = envelope.statement.sender, synchronizer.network
    if envelope.statement.epoch < network.epoch and envelope.statement.kind in OF_ONE_EPOCH:
        return synchronizer, ()
    match message:
        case BlockVote(vote):
            return drive_either(profile, synchronizer, vote.statement.committee, VoteArrived(vote.signed), now)
        case ViewCertificate(certificate):
            committee = certificate.statement.committee
            return drive_either(profile, synchronizer, committee, CertificateArrived(certificate), now)
        case BlockFinalized(_, notarisation, finalisation):
            committee = notarisation.statement.committee
            synchronizer, first = drive_either(profile, synchronizer, committee, CertificateArrived(notarisation), now)
            committee = finalisation.statement.committee
            synchronizer, then = drive_either(profile, synchronizer, committee, CertificateArrived(finalisation), now)
            return synchronizer, (*first, *then)
        case BlockProposal(block, vote, certificates):
            proposal = Proposal(bare(profile, block), vote.signed, certificates)
            return drive_cluster(profile, synchronizer, block.header.cluster_id, ProposalArrived(proposal), now)
        case EpochProposal(block, vote, certificates):
            return hear_closing(profile, synchronizer, EpochProposal(block, vote, certificates), now)
        case CatchUpRequest(committee, view):
            if envelope.statement.epoch != network.epoch:
                return synchronizer, ()
            return drive_either(profile, synchronizer, committee, CatchUpAsked(view), now, sender)
        case JobSubmission(job, _):
            return hear_job(profile, synchronizer, addressed(profile, synchronizer, job)), ()
        case ProofSubmission(job_id, proof, prover):
            return hear_result(profile, synchronizer, ProofResult(job_id, prover, proof)), ()
        case BeaconCommitment(epoch, _, digest):
            if epoch != network.epoch + 1:
                return synchronizer, ()
            closing = with_commitment(synchronizer.closing, Commitment(sender, digest))
            return replace(synchronizer, closing=closing), ()
        case BeaconReveal(epoch, _, secret):
            if epoch != network.epoch:
                return synchronizer, ()
            closing = with_reveal(profile, network, synchronizer.closing, Reveal(sender, Hash32(secret)))
            return replace(synchronizer, closing=closing), ()
        case Registration() | Leave() | EvidenceReport():
            if envelope.statement.epoch != network.epoch:
                return synchronizer, ()
            return hear_act(profile, synchronizer, envelope, message), ()
        case StretchPush():
            return hear_stretch(profile, synchronizer, message), ()
        case PullRequest(known):
            packets = answer_pull(profile, synchronizer.outbox.memory, frozenset(known), now)
            current = (each for each in packets if is_pulled(each.envelope, envelope.statement.epoch))
            return synchronizer, tuple(SendTo((sender,), packet) for packet in current)
        case EpochRecordRequest(epoch):
            return answer_record(profile, synchronizer, epoch, identity(profile, envelope), sender, now)
        case NodeAnnounce():
            return hear_announce(synchronizer, message), ()
        case ClusterJoin():
            if envelope.statement.epoch != network.epoch:
                return synchronizer, ()
            return hear_join(profile, synchronizer, sender, message), ()
        case JobAssignment():
            if envelope.statement.epoch != network.epoch:
                return synchronizer, ()
            return hear_assignment(profile, synchronizer, sender, message, now)
        case PeaksPush():
            return hear_push(profile, synchronizer, message), ()
        case BlockRangeRequest():
            blocks = blocks_from(profile, synchronizer, identity(profile, envelope), message)
            return send(profile, synchronizer, (sender,), blocks, now)
        case MMRPeaksRequest() | MMRProofRequest() | ConsistencyRequest():
            answer = answered(profile, network, identity(profile, envelope), message)
            return send(profile, synchronizer, (sender,), answer, now)
        case EpochRecordResponse():
            return hear_record(profile, synchronizer, message, sender, now)
        case _:
            return synchronizer, ()


def hear_closing(profile: Profile, synchronizer: Synchronizer, message: EpochProposal, now: Millis) -> Done:
    """Take a proposal of the epoch chain; one with a closing waits until the member would vote for it.

    Its reveals count at once: each opens its holder's commitment, whoever shows it, and the next leader needs all that
    any member knows. Rejects as `check_named`, `check_proposal` and `checked` do.
    """
    proposal = Proposal(message.block, message.vote.signed, message.certificates)
    check_named(profile, message.block)
    if message.block.closing is None:
        return drive_closing(profile, synchronizer, ProposalArrived(proposal), now)
    closing = synchronizer.closing
    chain = closing_chain(profile, synchronizer.assignment, closing)
    link = check_proposal(profile, closing.replica.known.committee, chain, proposal)
    for certificate in proposal.certificates:
        checked(profile, chain, closing.replica.known, certificate)
    closing = with_reveals(profile, synchronizer.network, closing, message.block.closing.reveals)
    synchronizer = replace(synchronizer, closing=closing)
    if not is_in_sight(profile, closing.replica.voting.view, link.view):
        return synchronizer, ()
    return replace(synchronizer, closing=with_held(closing, proposal, link)), ()


def hear_job(profile: Profile, synchronizer: Synchronizer, leaf: MMRLeaf) -> Synchronizer:
    """Let a job wait in each own cluster that owns it. Rejects as the epoch's rules do."""
    for member in synchronizer.clusters:
        rules = member.states[0].formation.jobs
        if leaf.is_intake and rules is not None:
            rules.check_leaf(member.cluster, leaf)
            synchronizer = with_member(synchronizer, with_job(member, leaf))
    return synchronizer


def hear_result(profile: Profile, synchronizer: Synchronizer, result: ProofResult) -> Synchronizer:
    """Keep a result in each own cluster; it is checked when a block is built and when one is judged."""
    for member in synchronizer.clusters:
        synchronizer = with_member(synchronizer, with_result(profile, member, result))
    return synchronizer


def hear_stretch(profile: Profile, synchronizer: Synchronizer, push: StretchPush) -> Synchronizer:
    """Follow a stretch of the present epoch. Rejects as `follow` does."""
    if not push.blocks or push.blocks[0].header.epoch != synchronizer.network.epoch:
        return synchronizer
    stretch = stretch_of(profile, push)
    network, assignment = synchronizer.network, synchronizer.assignment
    closing = with_stretch(profile, synchronizer.terms, network, assignment, synchronizer.closing, stretch)
    return replace(synchronizer, closing=closing)


def proved(profile: Profile, synchronizer: Synchronizer, job_id: Hash32, proof: bytes, now: Millis) -> Done:
    """Submit an own proof to the clusters for which it was made."""
    key = synchronizer.terms.signer.public_key
    synchronizer = hear_result(profile, synchronizer, ProofResult(job_id, key, proof))
    effects: tuple[Effect, ...] = ()
    for member in synchronizer.clusters:
        synchronizer, more = send(profile, synchronizer, member.keys, ProofSubmission(job_id, proof, key), now)
        effects = (*effects, *more)
    return synchronizer, effects


def ask_record(profile: Profile, synchronizer: Synchronizer, peer: PublicKey, now: Millis) -> Done:
    """Ask a peer for the record of the present epoch, which may be over elsewhere."""
    question = EpochRecordRequest(synchronizer.network.epoch)
    synchronizer, effects = send(profile, synchronizer, (peer,), question, now)
    names = (identity(profile, each.packet.envelope) for each in effects if isinstance(each, SendTo))
    deadline = Millis(now + synchronizer.terms.pull)
    requests = still_open(synchronizer.requests, now)
    for name in names:
        requests = ask(requests, OpenRequest(name, peer, question, deadline))
    return replace(synchronizer, requests=requests), effects


def answer_record(
    profile: Profile, synchronizer: Synchronizer, epoch: Epoch, request: Hash32, asker: PublicKey, now: Millis
) -> Done:
    """Answer with a record that is kept; of the present epoch, with the stretches that are known."""
    found = tuple(each for each in synchronizer.records if each.block.header.epoch == epoch)
    if found:
        return send(profile, synchronizer, (asker,), response_of(request, found[0]), now)
    effects: tuple[Effect, ...] = ()
    if epoch == synchronizer.network.epoch and synchronizer.closing.is_due:
        for followed in longest(synchronizer.network, synchronizer.assignment, synchronizer.closing):
            if followed.stretch.blocks:
                synchronizer, more = send(profile, synchronizer, (asker,), push_of(followed.stretch), now)
                effects = (*effects, *more)
    return synchronizer, effects


def hear_record(
    profile: Profile, synchronizer: Synchronizer, response: EpochRecordResponse, sender: PublicKey, now: Millis
) -> Done:
    """Turn the epoch by the record that was asked for, and ask for the next one. Rejects as `turn` does."""
    _, requests = take_answered(profile, synchronizer.requests, sender, response, now)
    synchronizer = replace(synchronizer, requests=requests)
    record = record_of(profile, response)
    if record.block.header.epoch != synchronizer.network.epoch:
        return synchronizer, ()
    synchronizer, effects = turned(profile, synchronizer, record, now)
    synchronizer, more = ask_record(profile, synchronizer, sender, now)
    return synchronizer, (*effects, *more)


def pull(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done:
    """Ask a peer for lost messages, and whether the epoch is over."""
    effects: tuple[Effect, ...] = (SetAlarm(PullAlarm(), Millis(now + synchronizer.terms.pull)),)
    remembered = synchronizer.outbox.memory.remembered
    named = sorted(item.identity for item in remembered if is_pulled(item.envelope, synchronizer.network.epoch))
    known = tuple(named[:MAX_KNOWN])
    for member in synchronizer.clusters:
        peers = next_peer(synchronizer, member.cluster)
        synchronizer, more = send(profile, synchronizer, peers, PullRequest(known), now)
        effects = (*effects, *more)
    for peer in next_peer(synchronizer, EPOCH_COMMITTEE):
        synchronizer, more = ask_record(profile, synchronizer, peer, now)
        effects = (*effects, *more)
    synchronizer, more = repeat_beacon(profile, synchronizer, now)
    effects = (*effects, *more)
    return replace(synchronizer, asked=synchronizer.asked + 1), effects


def repeat_beacon(profile: Profile, synchronizer: Synchronizer, now: Millis) -> Done:
    """Tell all again of an own commitment and reveal, once their first messages have expired or the closing is due.

    Who missed a commitment, or lost it in a restart, votes for no closing that lists it; a reveal that no leader has
    heard counts as withheld.
    """
    closing, key, epoch = synchronizer.closing, synchronizer.terms.signer.public_key, synchronizer.network.epoch
    if not closing.is_due and now < closing.began + synchronizer.terms.life:
        return synchronizer, ()
    coming = Epoch(epoch + 1)
    words: tuple[BeaconCommitment | BeaconReveal, ...] = (
        *(BeaconCommitment(coming, Seat(0), each.digest) for each in closing.commitments if each.holder == key),
        *(BeaconReveal(epoch, Seat(0), each.secret) for each in closing.reveals if each.holder == key),
    )
    effects: tuple[Effect, ...] = ()
    for word in words:
        synchronizer, more = spread(profile, synchronizer, word, now)
        effects = (*effects, *more)
    return synchronizer, effects


def turned(profile: Profile, synchronizer: Synchronizer, record: EpochRecord, now: Millis) -> Done:
    """Go to the next epoch, and hear again what came for it too early. Rejects as `turn_over` does."""
    early, before = synchronizer.outbox.memory.remembered, synchronizer
    synchronizer, effects = turn_over(profile, synchronizer, record, now)
    around = renewed(before.surroundings, registered_keys(synchronizer))
    synchronizer, more = introduced(profile, replace(synchronizer, surroundings=around), now)
    effects = (*effects, *more)
    synchronizer, more = left_out(profile, before, synchronizer, now)
    effects = (*effects, *more)
    for item in early:
        statement = item.envelope.statement
        if statement.epoch == synchronizer.network.epoch and now <= statement.expiry:
            message = decode_message(profile, message_octets(statement))
            try:
                synchronizer, more = hear(profile, synchronizer, item.envelope, message, now)
            except Rejected as rejected:
                more = (Refused(rejected.code, rejected.detail),)
            effects = (*effects, *more)
    return synchronizer, effects
