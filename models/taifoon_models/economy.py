"""A small economy: numbered members, the evidence that they can give, and a ledger that anything may happen to.

The proof system of the model accepts one fixed proof, so that valid and invalid submissions are both at hand.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from taifoon.core.accountability import Evidence as Contradiction
from taifoon.core.accountability import SignedStatement
from taifoon.core.assignment import SeatKey
from taifoon.core.block import ClusterBlock, Header, block_hash
from taifoon.core.certificate import Committee
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.quorum import quorum
from taifoon.core.validity import Formation, derived_leaders
from taifoon.core.vote import Statement, VoteKind
from taifoon.economics.offences import (
    CondemnedBlock,
    Evidence,
    FalseSubmission,
    Jurisdiction,
    RootClaim,
    Submission,
    TwoRoots,
    sign_claim,
)
from taifoon.economics.rewards import Attestation, ClusterRecord, Delivery
from taifoon.primitives.types import (
    BlockNumber,
    ClusterId,
    Epoch,
    Hash32,
    LeafCount,
    Millis,
    PublicKey,
    Seat,
    Signature64,
    View,
)
from taifoon.profile import Profile
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key, seed, signature

CHAIN = digest("economy")
CLUSTER = ClusterId(0)
GOOD_PROOF = b"proof"
BAD_PROOF = b"no proof"
FIRST_BLOCK = BlockNumber(1)


class FixedProof:
    """A proof system with one proof."""

    def verify(self, job: MMRLeaf, prover: PublicKey, proof: bytes) -> bool:
        """Whether it is that proof."""
        return proof == GOOD_PROOF


@cache
def formation(epoch: int, holders: tuple[int, ...]) -> Formation:
    """The cluster of an epoch; seat `i` belongs to member `holders[i]`."""
    seats = tuple(SeatKey(key(holder), Seat(holders[:place].count(holder))) for place, holder in enumerate(holders))
    return Formation(Epoch(epoch), CLUSTER, digest(f"seed {epoch}"), seats)


def committee(epoch: int, holders: tuple[int, ...]) -> Committee:
    """The committee of that cluster."""
    return Committee(CHAIN, Epoch(epoch), CLUSTER, tuple(key(holder) for holder in holders))


def jurisdiction(epochs: int, holders: tuple[int, ...]) -> Jurisdiction:
    """A judge that knows one cluster in each of the first epochs."""
    known = range(epochs)
    return Jurisdiction(
        CHAIN,
        tuple(committee(epoch, holders) for epoch in known),
        tuple(formation(epoch, holders) for epoch in known),
        FixedProof(),
    )


def vote(
    profile: Profile, holders: tuple[int, ...], epoch: int, seat: int, view: int, kind: VoteKind, block: Hash32
) -> SignedStatement:
    """A seat's vote, signed by its holder."""
    statement = Statement(CHAIN, Epoch(epoch), CLUSTER, View(view), kind, block)
    return SignedStatement(Seat(seat), statement, signature(profile, holders[seat], statement))


def double_vote(profile: Profile, holders: tuple[int, ...], epoch: int, seat: int, view: int) -> Contradiction:
    """Two votes to notarise in one view."""
    first, second = (
        vote(profile, holders, epoch, seat, view, VoteKind.NOTARISE, digest(name)) for name in ("one", "other")
    )
    return Contradiction(first, second)


def empty_block(profile: Profile, holders: tuple[int, ...], epoch: int, view: int) -> ClusterBlock:
    """A block without jobs that passes every check that bytes alone allow."""
    cluster = formation(epoch, holders)
    leader = derived_leaders(profile, cluster, View(view))[0]
    header = Header(
        FIRST_BLOCK, digest("parent"), digest("root"), CLUSTER, Millis(1), leader, Epoch(epoch), View(view), View(0)
    )
    return ClusterBlock(header, (), (), (), cluster.keys, quorum(profile, len(holders)))


def bad_block(profile: Profile, holders: tuple[int, ...], epoch: int, view: int) -> ClusterBlock:
    """A block that claims a quorum of one seat less."""
    block = empty_block(profile, holders, epoch, view)
    return replace(block, quorum_threshold=block.quorum_threshold - 1)


def vote_for(profile: Profile, holders: tuple[int, ...], seat: int, block: ClusterBlock) -> CondemnedBlock:
    """A seat's vote to notarise a block, beside the block."""
    header, name = block.header, block_hash(profile, block)
    cast = vote(profile, holders, header.epoch, seat, header.view, VoteKind.NOTARISE, name)
    return CondemnedBlock(cast, block)


def leading_seat(profile: Profile, holders: tuple[int, ...], epoch: int, view: int) -> int:
    """The first seat of the key that leads a view."""
    cluster = formation(epoch, holders)
    return cluster.keys.index(derived_leaders(profile, cluster, View(view))[0])


def submission(profile: Profile, holder: int, epoch: int, job: int, proof: bytes) -> FalseSubmission:
    """A member's signed submission of a proof."""
    claim = Submission(CHAIN, Epoch(epoch), key(holder), intake(job), proof)
    return FalseSubmission(claim, sign_claim(profile, seed(holder), claim))


def root_claim(epoch: int, height: int, count: int, root: str) -> RootClaim:
    """A claim about a root."""
    return RootClaim(CHAIN, Epoch(epoch), CLUSTER, BlockNumber(height), LeafCount(count), digest(root))


def two_roots(profile: Profile, holder: int, first: RootClaim, second: RootClaim) -> TwoRoots:
    """Two claims signed by one member."""
    signatures = [sign_claim(profile, seed(holder), claim) for claim in (first, second)]
    return TwoRoots(key(holder), first, signatures[0], second, signatures[1])


def forged(evidence: Evidence) -> Evidence:
    """The same evidence with a signature by a key that nobody on the chain holds."""
    other = Signature64(b"\x01" * 64)
    match evidence:
        case Contradiction():
            return replace(evidence, second=replace(evidence.second, signature=other))
        case CondemnedBlock():
            return replace(evidence, vote=replace(evidence.vote, signature=other))
        case FalseSubmission():
            return replace(evidence, signature=other)
        case TwoRoots():
            return replace(evidence, second_signature=other)
    return evidence


def delivery(job: int, holder: int, job_type: ProofType = ProofType.HEADER_INCLUSION) -> Delivery:
    """A proof of a job by a member."""
    return Delivery(digest(f"job {job}"), job_type, key(holder))


def record_of(
    holders: tuple[int, ...],
    blocks: int,
    absent: frozenset[tuple[int, int]] = frozenset(),
    late: frozenset[tuple[int, int]] = frozenset(),
    proofs: tuple[int, ...] = (),
    reached: int = 1,
    average: int = 1,
) -> ClusterRecord:
    """The record of a cluster and epoch.

    All seats sign all blocks at once, but for pairs of block and seat that are absent, or late by one block. `proofs`
    names the member that delivers each job.
    """
    numbers = tuple(BlockNumber(number) for number in range(1, blocks + 1))
    attestations = tuple(
        Attestation(number, Seat(seat), BlockNumber(number + ((number, seat) in late)))
        for number in numbers
        for seat in range(len(holders))
        if (number, seat) not in absent
    )
    delivered = tuple(delivery(job, holder) for job, holder in enumerate(proofs))
    keys: tuple[PublicKey, ...] = tuple(key(holder) for holder in holders)
    return ClusterRecord(CLUSTER, keys, numbers, attestations, delivered, delivered, reached, average)
