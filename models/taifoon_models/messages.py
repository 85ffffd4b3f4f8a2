"""One message of each kind, envelopes for them, and the ways in which a forger changes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from taifoon.core.accountability import SignedStatement, statement_of
from taifoon.core.assignment import SeatKey, clusters_of_seats
from taifoon.core.block import ClusterBlock, block_hash
from taifoon.core.certificate import Certificate
from taifoon.core.epoch import Assignment
from taifoon.core.epoch import Registration as Registered
from taifoon.core.epoch_block import EpochBlock, EpochHeader
from taifoon.core.leaf import ProofType, leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.inclusion import prove_leaf
from taifoon.core.mmr.mountains import MountainRange, range_of, root_of_range
from taifoon.core.quorum import quorum
from taifoon.core.vote import NO_BLOCK, VoteKind
from taifoon.network.answers import peaks_of
from taifoon.network.envelope import Envelope, Reception, Statement, seal, state
from taifoon.network.epoch_messages import EpochProposal, EpochRecordRequest, EpochRecordResponse, StretchPush
from taifoon.network.evidence import VotesShown
from taifoon.network.kinds import Kind, P2PMessage, kind_of
from taifoon.network.messages import (
    BeaconCommitment,
    BeaconReveal,
    BlockFinalized,
    BlockProposal,
    BlockRangeRequest,
    BlockRangeResponse,
    BlockVote,
    CatchUpRequest,
    ClusterJoin,
    ConsistencyRequest,
    ConsistencyResponse,
    CrossValidation,
    EvidenceReport,
    JobAssignment,
    JobSubmission,
    Leave,
    MetricsCheckpoint,
    MMRPeaksRequest,
    MMRPeaksResponse,
    MMRProofRequest,
    MMRProofResponse,
    NodeAnnounce,
    PeaksPush,
    ProofSubmission,
    PullRequest,
    Registration,
    ViewCertificate,
)
from taifoon.network.parts import (
    FinalBlock,
    MMRPeak,
    MMRProof,
    RangeHead,
    RangeKind,
    RangeName,
    Vote,
    vote_of,
)
from taifoon.primitives.types import (
    Amount,
    BlockNumber,
    ClusterId,
    Epoch,
    Hash32,
    LeafCount,
    LeafIndex,
    Millis,
    PublicKey,
    Seat,
    View,
)
from taifoon.profile import HARDENED, Profile
from taifoon_models.blocks import first_state, opened, opening_block, result_of, working_block
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import certificate_by, committee_of, key, seed, signature

CHAIN = digest("chain")
EPOCH = Epoch(3)
CLUSTER = ClusterId(1)
NOW = 1_700_000_100_000
LIFE = 30_000
SEATS = 5
REGISTERED = frozenset(key(number) for number in range(SEATS))
STRANGER = SEATS
JOBS = RangeName(CLUSTER, RangeKind.JOBS)


def reception(now: int = NOW, registered: frozenset[PublicKey] = REGISTERED) -> Reception:
    """A receiver of the models' chain and epoch, with keys 0 to 4 registered."""
    return Reception(CHAIN, EPOCH, registered, Millis(now))


def stated(message: P2PMessage, sender: int = 0, sequence: int = 0, expiry: int = NOW + LIFE) -> Statement:
    """What key `sender` signs to send a message."""
    return state(CHAIN, EPOCH, key(sender), sequence, Millis(expiry), message)


@cache
def sealed(
    profile: Profile, message: P2PMessage, sender: int = 0, sequence: int = 0, expiry: int = NOW + LIFE
) -> Envelope:
    """The envelope in which key `sender` sends a message."""
    return seal(profile, seed(sender), stated(message, sender, sequence, expiry))


def announce(sender: int = 0) -> NodeAnnounce:
    """The announcement of key `sender`."""
    return NodeAnnounce(key(sender), (ProofType.HEADER_INCLUSION,), b"198.51.100.7:4000")


@cache
def leaves(count: int, branch: int = 0) -> tuple[bytes, ...]:
    """The contents of a range of jobs; other branches differ from branch 0 in every leaf."""
    return tuple(leaf_content(intake(100 * branch + number)) for number in range(count))


@cache
def mountains(profile: Profile, count: int, branch: int = 0) -> MountainRange[Hash32]:
    """The range of these leaves."""
    return range_of(HashCombiner(profile), leaves(count, branch))


def head_of(profile: Profile, count: int, branch: int = 0) -> RangeHead:
    """The head that block `count` leaves: as many leaves as its number."""
    root = root_of_range(HashCombiner(profile), mountains(profile, count, branch))
    return RangeHead(JOBS, BlockNumber(count), LeafCount(count), root)


def peaks(profile: Profile, count: int, branch: int = 0) -> tuple[MMRPeak, ...]:
    """The peaks of the range of these leaves."""
    return peaks_of(mountains(profile, count, branch))


def certificate_of(profile: Profile, kind: VoteKind, block: ClusterBlock) -> Certificate:
    """The certificate that the first members of the models' committee give a block, a quorum of them."""
    committee = committee_of(CHAIN, block.header.epoch, block.header.cluster_id, SEATS)
    statement = statement_of(committee, kind, block.header.view, block_hash(profile, block))
    listed = tuple(range(quorum(profile, SEATS)))
    return certificate_by(profile, statement, listed, list(listed))


def final_block(profile: Profile, block: ClusterBlock) -> FinalBlock:
    """A block with its certificates."""
    kinds = (VoteKind.NOTARISE, VoteKind.FINALISE)
    return FinalBlock(block, *(certificate_of(profile, kind, block) for kind in kinds))


def vote(profile: Profile, kind: VoteKind, name: str = "block", seat: int = 0) -> Vote:
    """The vote of a seat in view 2, for the block of that name or to nullify."""
    committee = committee_of(CHAIN, EPOCH, CLUSTER, SEATS)
    block = NO_BLOCK if kind is VoteKind.NULLIFY else digest(name)
    statement = statement_of(committee, kind, View(2), block)
    return vote_of(SignedStatement(Seat(seat), statement, signature(profile, seat, statement)))


def push(profile: Profile) -> PeaksPush:
    """The peaks to which the models' opening block commits."""
    before = first_state(profile, SEATS)
    jobs = opened(profile, SEATS).log.jobs.mountains
    batches = before.log.batches
    block = opening_block(profile, before)
    return PeaksPush(final_block(profile, block), peaks_of(jobs), jobs.count, peaks_of(batches), batches.count)


def submission(job: int, prover: int) -> ProofSubmission:
    """The proof that key `prover` makes of a job."""
    result = result_of(job, prover)
    return ProofSubmission(result.job_id, result.proof, result.prover)


@cache
def samples(profile: Profile = HARDENED) -> dict[Kind, P2PMessage]:
    """One message of each kind, each sent by key 0."""
    block = working_block(profile, opened(profile, SEATS))
    final = final_block(profile, block)
    leader_vote = vote_of(
        SignedStatement(Seat(0), final.notarisation.statement, final.notarisation.signatures[0]),
    )
    head = head_of(profile, 5)
    proof = prove_leaf(HashCombiner(profile), mountains(profile, 5), LeafIndex(1))
    epoch_blocks = (EpochBlock(EpochHeader(EPOCH, View(1), View(0), digest("beginning"), None), None),)
    messages: tuple[P2PMessage, ...] = (
        announce(),
        ClusterJoin(CLUSTER, peaks(profile, 5), LeafCount(5), Seat(0)),
        MMRPeaksRequest(LeafCount(3), JOBS),
        MMRPeaksResponse(peaks(profile, 5), digest("request"), head, proof.items),
        MMRProofRequest(LeafIndex(1), JOBS, LeafCount(5)),
        MMRProofResponse(MMRProof(LeafIndex(1), proof.items), digest("request"), leaves(5)[1]),
        BlockProposal(block, leader_vote, (final.notarisation,)),
        BlockVote(vote(profile, VoteKind.NULLIFY)),
        BlockFinalized(block_hash(profile, block), final.notarisation, final.finalisation),
        JobAssignment(digest("job 1"), key(1), Seat(0), Millis(NOW + LIFE)),
        submission(1, 0),
        JobSubmission(intake(7), Amount(1_000_000)),
        EvidenceReport(VotesShown(vote(profile, VoteKind.NOTARISE), vote(profile, VoteKind.NOTARISE, "other"))),
        push(profile),
        ConsistencyRequest(JOBS, LeafCount(3), LeafCount(5)),
        ConsistencyResponse(digest("request"), proof.items),
        BlockRangeRequest(CLUSTER, BlockNumber(2)),
        BlockRangeResponse(digest("request"), (), final),
        Registration(key(0), Amount(50_000_000), (ProofType.GROTH16,)),
        Leave(key(0)),
        BeaconCommitment(EPOCH, Seat(0), digest("secret")),
        BeaconReveal(EPOCH, Seat(0), b"secret"),
        CrossValidation(digest("job 1"), digest("commitment"), final.finalisation),
        MetricsCheckpoint(EPOCH, CLUSTER, BlockNumber(2), digest("records")),
        ViewCertificate(final.notarisation),
        CatchUpRequest(CLUSTER, View(2)),
        PullRequest((digest("known"),)),
        EpochProposal(epoch_blocks[0], leader_vote, ()),
        StretchPush(CLUSTER, (block,), (final.notarisation, final.finalisation)),
        EpochRecordRequest(EPOCH),
        EpochRecordResponse(digest("request"), epoch_blocks, (final.notarisation,), ()),
    )
    return {kind_of(message): message for message in messages}


def assignment_over(profile: Profile, seats: tuple[SeatKey, ...], clusters: int) -> Assignment:
    """An epoch of these seats, all of them capable, in the clusters that they are drawn for."""
    drawn_from = digest("seed")
    placed = clusters_of_seats(profile, drawn_from, seats, clusters)
    members = tuple(
        tuple(seat for seat, place in zip(seats, placed, strict=True) if place == cluster)
        for cluster in range(clusters)
    )
    registered = {seat.public_key: Registered(seat.public_key, Amount(1), tuple(ProofType)) for seat in seats}
    return Assignment(EPOCH, drawn_from, tuple(registered.values()), seats, members)


Change = Callable[[Statement], Statement]

CHANGES: dict[str, Change] = {
    "nothing": lambda statement: statement,
    "chain": lambda statement: replace(statement, chain_id=digest("another chain")),
    "epoch": lambda statement: replace(statement, epoch=Epoch(statement.epoch + 1)),
    "kind": lambda statement: replace(
        statement, kind=Kind.LEAVE if statement.kind is not Kind.LEAVE else Kind.MMR_PEAKS_REQUEST
    ),
    "sender": lambda statement: replace(statement, sender=key(1)),
    "sequence": lambda statement: replace(statement, sequence=statement.sequence + 1),
    "expiry": lambda statement: replace(statement, expiry=Millis(statement.expiry + 1)),
    "payload": lambda statement: replace(statement, payload=statement.payload[:-1] + b"\x01"),
}
"""What a forger may change in a statement that somebody signed."""
