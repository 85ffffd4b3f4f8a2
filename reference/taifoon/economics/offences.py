"""Section 5.2: offences, and the evidence that shows them from its bytes alone (R-5.2-1 to R-5.2-4).

An offence is objective: two signed statements that contradict each other, or one signed object that fails a
deterministic predicate. Anybody can check it, and nobody has to be believed. Silence alone has no evidence; it is read
off final blocks, costs little, and costs once in an epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from taifoon.core.accountability import Evidence as Contradiction
from taifoon.core.accountability import SignedStatement, is_offence
from taifoon.core.attestation import is_plainly_unfit
from taifoon.core.block import MAX_PROOF, ClusterBlock, block_hash
from taifoon.core.certificate import Committee
from taifoon.core.cluster_log import ClusterLog, state_root
from taifoon.core.leaf import MMRLeaf
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import root_of_range
from taifoon.core.proof_system import ProofSystem, proves
from taifoon.core.proposal import check_statement
from taifoon.core.quorum import tolerated_faults
from taifoon.core.validity import (
    Formation,
    check_committee,
    check_results,
    derived_leaders,
    is_foreign,
    may_hold,
)
from taifoon.core.vote import Statement, VoteKind, signs
from taifoon.primitives.encoding import U32, U64, Length, Maximum, encode
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.signatures import is_valid_signature, sign
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Hash32, LeafCount, PublicKey, Seat, Signature64
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

NOTHING = Hash32(bytes(32))


class OffenceKind(Enum):
    """The offences of the source in its order, then the added ones; the order is the encoding."""

    INVALID_PROOF = "invalid proof submission"
    INACTIVITY = "inactivity"
    DESYNCHRONISATION = "desynchronisation"
    BYZANTINE_PROPOSAL = "Byzantine proposal"
    DOUBLE_VOTE = "double vote"
    INVALID_VOTE = "vote for an invalid block"
    WITHHELD_REVEAL = "withheld reveal"


class Matter(Enum):
    """What the number of a slot counts; the order is the encoding."""

    VIEW = "view"
    JOB = "job"
    HEIGHT = "height"
    EPOCH = "epoch"


@dataclass(frozen=True, slots=True)
class Slot:
    """Where an honest key signs at most once: a view or a height of a committee, a job, an epoch.

    `cluster` is absent where the slot is of no committee; `number` is 0 and `job_id` zero where the matter has none.
    """

    chain_id: Annotated[Hash32, Length(32)]
    epoch: Annotated[Epoch, U64]
    cluster: Annotated[ClusterId, U32] | None
    matter: Matter
    number: Annotated[int, U64]
    job_id: Annotated[Hash32, Length(32)]


@dataclass(frozen=True, slots=True)
class OffenceName:
    """What an offence's identity covers: kind, key and slot, so that it counts once however often it is shown."""

    kind: OffenceKind
    key: Annotated[PublicKey, Length(32)]
    slot: Slot


@dataclass(frozen=True, slots=True)
class Offence:
    """A shown offence, and the seats of its key among those of the committee (0 of 0 without a committee)."""

    kind: OffenceKind
    key: PublicKey
    slot: Slot
    seats: int = 0
    committee_seats: int = 0

    @property
    def epoch(self) -> Epoch:
        """The epoch whose snapshot the penalty reads."""
        return self.slot.epoch


@dataclass(frozen=True, slots=True)
class Submission:
    """A prover's word that a proof proves a job, given as its intake leaf."""

    chain_id: Annotated[Hash32, Length(32)]
    epoch: Annotated[Epoch, U64]
    prover: Annotated[PublicKey, Length(32)]
    job: MMRLeaf
    proof: Annotated[bytes, Maximum(MAX_PROOF)]


@dataclass(frozen=True, slots=True)
class RootClaim:
    """A member's word that its cluster's final block of this height leaves this leaf count and this root."""

    chain_id: Annotated[Hash32, Length(32)]
    epoch: Annotated[Epoch, U64]
    cluster: Annotated[ClusterId, U32]
    height: Annotated[BlockNumber, U64]
    count: Annotated[LeafCount, U64]
    root: Annotated[Hash32, Length(32)]


Claim = Submission | RootClaim


@dataclass(frozen=True, slots=True)
class CondemnedBlock:
    """A vote to notarise, and the block that it is for."""

    vote: SignedStatement
    block: ClusterBlock


@dataclass(frozen=True, slots=True)
class FalseSubmission:
    """A signed submission."""

    submission: Submission
    signature: Signature64


@dataclass(frozen=True, slots=True)
class TwoRoots:
    """Two root claims and the signatures of one key under them."""

    key: PublicKey
    first: RootClaim
    first_signature: Signature64
    second: RootClaim
    second_signature: Signature64


@dataclass(frozen=True, slots=True)
class Accusation:
    """A report that names an offender and shows nothing."""

    kind: OffenceKind
    key: PublicKey
    slot: Slot


Evidence = Contradiction | CondemnedBlock | FalseSubmission | TwoRoots | Accusation


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """What the judge of evidence derives itself: the chain, its committees and clusters, and the proof system."""

    chain_id: Hash32
    committees: tuple[Committee, ...]
    formations: tuple[Formation, ...]
    proof_system: ProofSystem

    def committee(self, epoch: Epoch, cluster: ClusterId) -> Committee | None:
        """The committee of an epoch and cluster."""
        found = (item for item in self.committees if (item.epoch, item.cluster) == (epoch, cluster))
        return next(found, None)

    def formation(self, epoch: Epoch, cluster: ClusterId) -> Formation | None:
        """The formation of a cluster in an epoch."""
        found = (item for item in self.formations if (item.epoch, item.cluster) == (epoch, cluster))
        return next(found, None)


def claim_message(profile: Profile, claim: Claim) -> Hash32:
    """The digest that the signer of a claim signs."""
    return hash_role(profile, Role.CLAIM, encode(Claim, claim))


def sign_claim(profile: Profile, seed: bytes, claim: Claim) -> Signature64:
    """A signature under a claim, from the secret seed of its key."""
    return sign(seed, claim_message(profile, claim))


def signs_claim(profile: Profile, key: PublicKey, claim: Claim, signature: Signature64) -> bool:
    """Whether a signature under a claim is by this key."""
    return is_valid_signature(key, claim_message(profile, claim), signature)


def offence_id(profile: Profile, offence: Offence) -> Hash32:
    """The identity by which an offence counts once: the hash of its kind, key and slot."""
    return hash_role(profile, Role.EVIDENCE, encode(OffenceName, OffenceName(offence.kind, offence.key, offence.slot)))


def believes_accusations(profile: Profile) -> bool:
    """Rule: whether a report without evidence convicts. Literally nothing more is asked."""
    return Resolution.EVIDENCE not in profile


def punishes_double_votes(profile: Profile) -> bool:
    """Rule: whether voting twice is an offence. Literally only the proposer of a block can be punished."""
    return Resolution.DOUBLE_VOTE in profile


def punishes_unread_votes(profile: Profile) -> bool:
    """Rule: whether to vote for an invalid block is an offence. Literally only to propose one is."""
    return Resolution.SLASHING in profile


def honest_root_claim(
    profile: Profile, chain_id: Hash32, epoch: Epoch, cluster: ClusterId, log: ClusterLog[Hash32]
) -> RootClaim:
    """What an honest member says of its log: the leaf count and root after the last final block that it knows."""
    combiner = HashCombiner(profile)
    jobs = log.jobs.mountains
    root = state_root(profile, root_of_range(combiner, jobs), root_of_range(combiner, log.batches))
    return RootClaim(chain_id, epoch, cluster, log.height, jobs.count, root)


def contradicts_root(profile: Profile, first: RootClaim, second: RootClaim) -> bool:
    """Rule: whether two root claims convict. Literally any difference from another's root does.

    Repaired, two different contents of one height of one cluster in one epoch do; lag is never one.
    """
    if Resolution.DESYNCHRONISATION in profile:
        return place_of(first) == place_of(second) and first != second
    return first.root != second.root


def place_of(claim: RootClaim) -> tuple[Hash32, Epoch, ClusterId, BlockNumber]:
    """The slot of a root claim: one honest member knows one final block there."""
    return claim.chain_id, claim.epoch, claim.cluster, claim.height


def is_objectively_invalid(
    profile: Profile, proof_system: ProofSystem, formation: Formation, statement: Statement, block: ClusterBlock
) -> bool:
    """Whether a block fails a check of validity that needs neither clock nor parent: all that bytes alone can show.

    Every honest member makes these checks before it votes to notarise (`check_block`).
    """
    header = block.header
    if (header.epoch, header.cluster_id, header.view) != (statement.epoch, statement.committee, statement.view):
        return True
    if header.view <= header.parent_view or len(block.proof_jobs) > profile.parameters.maximum_jobs:
        return True
    if not all(may_hold(profile, header.timestamp, leaf.timestamp) for leaf in block.proof_jobs):
        return True
    events = {(leaf.job_id, leaf.is_intake) for leaf in block.proof_jobs}
    if len(events) < len(block.proof_jobs) or any(is_foreign(formation, leaf) for leaf in block.proof_jobs):
        return True
    if is_plainly_unfit(profile, Committee(statement.chain_id, header.epoch, header.cluster_id, formation.keys), block):
        return True
    try:
        check_committee(profile, formation, block)
        check_results(profile, proof_system, block)
    except Rejected:
        return True
    return False


def unconvincing(reason: str) -> Rejected:
    """The refusal of evidence."""
    return Rejected(RejectionCode.EVIDENCE_UNCONVINCING, reason)


def judge(profile: Profile, jurisdiction: Jurisdiction, evidence: Evidence) -> Offence:
    """The offence that evidence shows. Rejects with EVIDENCE_UNCONVINCING; nobody votes on it."""
    match evidence:
        case Contradiction():
            return judge_contradiction(profile, jurisdiction, evidence)
        case CondemnedBlock():
            return judge_block(profile, jurisdiction, evidence)
        case FalseSubmission():
            return judge_submission(profile, jurisdiction, evidence)
        case TwoRoots():
            return judge_roots(profile, jurisdiction, evidence)
        case Accusation():
            if not believes_accusations(profile):
                raise unconvincing(f"a report that {evidence.key.hex()} is guilty: it has to carry what the key signed")
            return Offence(evidence.kind, evidence.key, evidence.slot)


def found_committee(jurisdiction: Jurisdiction, chain_id: Hash32, epoch: Epoch, cluster: ClusterId) -> Committee:
    """The committee that evidence is about, on this chain."""
    committee = jurisdiction.committee(epoch, cluster)
    if committee is None or chain_id != jurisdiction.chain_id:
        raise unconvincing(f"epoch {epoch}, committee {cluster} of chain {chain_id.hex()} is not known here")
    return committee


def view_slot(statement: Statement) -> Slot:
    """The slot of a vote: everything that a key signs in one view of one committee is one root cause."""
    return Slot(statement.chain_id, statement.epoch, statement.committee, Matter.VIEW, statement.view, NOTHING)


def offence_in(committee: Committee, kind: OffenceKind, key: PublicKey, slot: Slot) -> Offence:
    """An offence of a committee's member, with the weight of its key."""
    return Offence(kind, key, slot, committee.keys.count(key), len(committee.keys))


def judge_contradiction(profile: Profile, jurisdiction: Jurisdiction, evidence: Contradiction) -> Offence:
    """Two contradicting votes of one seat."""
    statement = evidence.first.statement
    committee = found_committee(jurisdiction, statement.chain_id, statement.epoch, statement.committee)
    if not punishes_double_votes(profile) or not is_offence(profile, committee, evidence):
        raise unconvincing("two votes convict if they contradict each other and one seat signed both")
    return offence_in(committee, OffenceKind.DOUBLE_VOTE, committee.keys[evidence.first.seat], view_slot(statement))


def judge_block(profile: Profile, jurisdiction: Jurisdiction, evidence: CondemnedBlock) -> Offence:
    """A vote to notarise a block that bytes alone show to be invalid: its leader's word, or an unread signature."""
    statement, seat = evidence.vote.statement, evidence.vote.seat
    committee = found_committee(jurisdiction, statement.chain_id, statement.epoch, statement.committee)
    formation = jurisdiction.formation(statement.epoch, statement.committee)
    if formation is None or statement.kind is not VoteKind.NOTARISE:
        raise unconvincing("a vote to notarise a cluster's block is what answers for its validity")
    check_statement(statement)
    if statement.block_hash != block_hash(profile, evidence.block):
        raise unconvincing(f"the vote is for {statement.block_hash.hex()}, which is another block")
    if not 0 <= seat < len(committee.keys):
        raise unconvincing(f"seat {seat} in a committee of {len(committee.keys)}")
    key = committee.keys[seat]
    # Unsigned blocks would convict whomever they name.
    if not believes_accusations(profile) and not signs(profile, key, statement, evidence.vote.signature):
        raise unconvincing(f"the signature of seat {seat} is not under the vote")
    if not is_objectively_invalid(profile, jurisdiction.proof_system, formation, statement, evidence.block):
        raise unconvincing("the block passes every check that bytes alone allow")
    if key in derived_leaders(profile, formation, statement.view):
        return offence_in(committee, OffenceKind.BYZANTINE_PROPOSAL, key, view_slot(statement))
    if not punishes_unread_votes(profile):
        raise unconvincing("the block is another's proposal")
    return offence_in(committee, OffenceKind.INVALID_VOTE, key, view_slot(statement))


def judge_submission(profile: Profile, jurisdiction: Jurisdiction, evidence: FalseSubmission) -> Offence:
    """A signed submission whose proof does not verify."""
    submission = evidence.submission
    signed = believes_accusations(profile) or signs_claim(profile, submission.prover, submission, evidence.signature)
    if submission.chain_id != jurisdiction.chain_id or not signed:
        raise unconvincing("a submission counts with its prover's signature, on this chain")
    if proves(profile, jurisdiction.proof_system, submission.job, submission.prover, submission.proof):
        raise unconvincing("the proof verifies")
    slot = Slot(submission.chain_id, submission.epoch, None, Matter.JOB, 0, submission.job.job_id)
    return Offence(OffenceKind.INVALID_PROOF, submission.prover, slot)


def judge_roots(profile: Profile, jurisdiction: Jurisdiction, evidence: TwoRoots) -> Offence:
    """Two signed roots for one height."""
    first, second = evidence.first, evidence.second
    committee = found_committee(jurisdiction, first.chain_id, first.epoch, first.cluster)
    if not contradicts_root(profile, first, second):
        raise unconvincing("two claims convict if they give one height of a cluster two contents")
    pairs = ((first, evidence.first_signature), (second, evidence.second_signature))
    signed = all(signs_claim(profile, evidence.key, claim, signature) for claim, signature in pairs)
    if evidence.key not in committee.keys or not (signed or believes_accusations(profile)):
        raise unconvincing("both claims need the signature of one member of the cluster")
    slot = Slot(first.chain_id, first.epoch, first.cluster, Matter.HEIGHT, first.height, NOTHING)
    return offence_in(committee, OffenceKind.DESYNCHRONISATION, evidence.key, slot)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time of a cluster: a final block with the seats that did not sign it, or none final and silence."""

    is_final: bool
    absent: frozenset[Seat]


def inactive(profile: Profile, committee_seats: int, windows: tuple[Window, ...], seat: Seat) -> int:
    """Rule: how often a seat is charged with inactivity in an epoch.

    Literally once for each window without a sign of it. Repaired, once if it is absent from K consecutive final blocks,
    in each of which at most f seats are absent: where more are, the network is at fault.
    """
    if Resolution.INACTIVITY not in profile:
        return sum(seat in window.absent for window in windows)
    final = tuple(window for window in windows if window.is_final)
    telling = tuple(
        seat in window.absent and len(window.absent) <= tolerated_faults(profile, committee_seats) for window in final
    )
    needed = profile.parameters.inactivity_blocks
    return int(any(all(telling[start : start + needed]) for start in range(len(telling) - needed + 1)))
