"""Vectors of blocks: their bytes, hashes and roots, and where a chain begins (RES-HASH, RES-GENESIS, RES-BATCH)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core import job_log, validity
from taifoon.core.block import MAX_JOBS, ClusterBlock, ProofResult, block_hash
from taifoon.core.job_log import JobLog
from taifoon.core.leaf import MMRLeaf, completion_of, leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import extend
from taifoon.core.validity import ChainState, Formation, apply_block
from taifoon.primitives.encoding import encode
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Hash32, Millis, Signature64, View
from taifoon.profile import Suite
from taifoon.rejection import RejectionCode
from taifoon_models.blocks import (
    CHAIN,
    MOST_JOBS,
    NOW,
    first_state,
    opening_block,
    result_of,
    small,
    with_header,
    working_block,
)
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key
from taifoon_toolkit.vectors.assignment import OneSeat
from taifoon_toolkit.vectors.blocks import (
    BeginningAsked,
    BlockAsked,
    FinalGiven,
    FormationGiven,
    ResultAsked,
    RootAsked,
    ValidityAsked,
    parent_given,
)
from taifoon_toolkit.vectors.case import Case, Double, Sibling, agree
from taifoon_toolkit.vectors.encoding import TRUNCATED, Encoded, damaged
from taifoon_toolkit.vectors.leaf import COMPLETES_AGAIN
from taifoon_toolkit.vectors.method import NORMATIVE

SEATS = 4
SMALL = small(NORMATIVE)
"""The parameters of the broken blocks: few jobs are too many."""
BELIEVES_PROOFS = Double("checks no proof", "taifoon_models.blocks:DigestProofs.verify", agree)


def formation_given(formation: Formation) -> FormationGiven:
    """A cluster of an epoch without rules about jobs, as it is asked."""
    seats = tuple(OneSeat(seat.public_key, seat.seat) for seat in formation.seats)
    return FormationGiven(formation.epoch, formation.cluster, formation.seed, seats, None)


def asked(state: ChainState, blocks: tuple[FinalGiven, ...], block: ClusterBlock, now: int = NOW) -> ValidityAsked:
    """The question whether a block is valid on a state."""
    parent = parent_given(state)
    return ValidityAsked(state.chain_id, formation_given(state.formation), blocks, parent, now, MOST_JOBS, block)


@dataclass(frozen=True, slots=True)
class Honest:
    """A chain with its opening block, and the working block that is valid on it."""

    state: ChainState
    blocks: tuple[FinalGiven, ...]
    block: ClusterBlock

    @property
    def asked(self) -> ValidityAsked:
        """The question whose answer is yes."""
        return asked(self.state, self.blocks, self.block)


def final(block: ClusterBlock) -> FinalGiven:
    """A block, as the log before another one has it."""
    return FinalGiven(block_hash(NORMATIVE, block), block.proof_jobs)


def honest_chain(seats: int) -> Honest:
    """The chain that the broken blocks stand on."""
    start = first_state(SMALL, seats)
    opening = opening_block(SMALL, start)
    state = apply_block(SMALL, start, opening)
    return Honest(state, (final(opening),), working_block(SMALL, state))


# --- Doubles: the reference with one check that sees the honest block in place of the broken one. ---

Check = Callable[..., None]


def seen_as(check: str, honest: ClusterBlock, name: str) -> Double:
    """A client that makes one check as if the block were the honest one."""
    made: Check = getattr(validity, check)

    def stand_in(*arguments: Any) -> None:
        made(*(honest if isinstance(item, ClusterBlock) else item for item in arguments))

    return Double(f"does not check: {name}", f"taifoon.core.validity:{check}", stand_in)


def takes_in_again(combiner: HashCombiner, log: JobLog[Hash32], leaf: MMRLeaf) -> JobLog[Hash32]:
    """Any intake is recorded."""
    return JobLog((*log.leaves, leaf), extend(combiner, log.mountains, (leaf_content(leaf),)))


TAKES_IN_AGAIN = Double("takes a job in again", "taifoon.core.job_log:take_in", takes_in_again)


def believes_intake(leaf: MMRLeaf) -> Double:
    """A client that completes a job by the leaf that the completion says was taken in."""
    claimed = replace(leaf, proof_commitment=None)

    def stand_in(log: JobLog[Hash32], job_id: Hash32) -> MMRLeaf:
        return claimed if job_id == leaf.job_id else INTAKE_OF(log, job_id)

    return Double("asks not for the intake leaf", "taifoon.core.job_log:intake_of", stand_in)


INTAKE_OF = job_log.intake_of
RECORDS_ANY = Double("records leaves in any order", "taifoon.core.validity:record", takes_in_again)


def claims_root(block: ClusterBlock) -> Double:
    """A client that believes the root of a block."""
    return Double("believes mmr_root", "taifoon.core.validity:root_after", lambda *_: block.header.mmr_root)


def hash_cases() -> Iterator[Case]:
    """Hashes and links of a block and of each of its changes, and the bytes of blocks."""
    chain = honest_chain(2)
    block, header = chain.block, chain.block.header
    first, second = block.proof_results
    changed: dict[str, ClusterBlock] = {
        "honest": block,
        "signed": replace(block, validator_signatures=(Signature64(b"\x01" * 64), Signature64(b"\x02" * 64))),
        "number": with_header(block, block_number=BlockNumber(header.block_number + 1)),
        "parent": with_header(block, previous_hash=digest("elsewhere")),
        "root": with_header(block, mmr_root=digest("another root")),
        "cluster": with_header(block, cluster_id=ClusterId(2)),
        "time": with_header(block, timestamp=Millis(header.timestamp + 1)),
        "leader": with_header(block, leader_pubkey=key(9)),
        "epoch": with_header(block, epoch=Epoch(header.epoch + 1)),
        "view": with_header(block, view=View(header.view + 1)),
        "parent-view": with_header(block, parent_view=View(0)),
        "no-jobs": replace(block, proof_jobs=()),
        "jobs-turned": replace(block, proof_jobs=block.proof_jobs[::-1]),
        "no-results": replace(block, proof_results=()),
        "other-proof": replace(block, proof_results=(replace(first, proof=b""), second)),
        "no-members": replace(block, cluster_members=()),
        "quorum": replace(block, quorum_threshold=block.quorum_threshold + 1),
        "no-votes": replace(block, attestations=()),
        "votes-turned": replace(block, attestations=block.attestations[::-1]),
    }
    for label, each in changed.items():
        yield Case("block.hash", label, BlockAsked(Suite.BLAKE3, each))
    for suite in Suite:
        yield Case("block.hash", f"in-{suite.value}", BlockAsked(suite, block))
        yield Case("block.link", f"in-{suite.value}", BlockAsked(suite, changed["signed"]))
        yield Case("block.commitment", f"in-{suite.value}", ResultAsked(suite, result_of(1)))
    for label, proof in (("empty", b""), ("long", bytes(range(256)) * 2)):
        yield Case("block.commitment", label, ResultAsked(Suite.BLAKE3, ProofResult(digest("job"), key(1), proof)))
    for label in ("honest", "signed", "no-jobs"):
        yield Case("block.decode", label, Encoded(encode(ClusterBlock, changed[label])))
    octets = encode(ClusterBlock, changed["signed"])
    # The header has 140 bytes, then comes the number of leaves; a leaf's type is its 33rd byte.
    leaf = 144 + 32
    yield from damaged("block.decode", octets, {"job-type": leaf}, (len(octets) - 1, leaf, 143, 139, 100, 0))


def bound_cases() -> Iterator[Case]:
    """Blocks that claim as many leaves as there may be, of which none is there, and one more."""
    octets = encode(ClusterBlock, replace(honest_chain(1).block, proof_jobs=()))
    whole = Encoded(octets)
    for label, count, rest, code in (
        ("as-many-jobs-as-may-be", MAX_JOBS, b"", TRUNCATED),
        ("a-job-too-many", MAX_JOBS + 1, octets[144:], RejectionCode.ENCODING_OVER_LONG),
    ):
        claimed = Encoded(octets[:140] + count.to_bytes(4, "little") + rest)
        yield Case("block.decode", label, claimed, code, Sibling(whole, "the count of the leaves"))


def beginning_cases() -> Iterator[Case]:
    """Where chains begin, and what that binds."""
    last = honest_chain(1).block
    base = BeginningAsked(CHAIN, 1, 4, last)
    variants = {
        "new-cluster": replace(base, last=None),
        "goes-on": base,
        "goes-on-signed": replace(base, last=replace(last, validator_signatures=(Signature64(bytes(64)),))),
        "other-cluster": replace(base, cluster=2),
        "other-epoch": replace(base, epoch=5),
        "other-chain": replace(base, chain_id=digest("another chain")),
        "other-block": replace(base, last=with_header(last, block_number=BlockNumber(99))),
    }
    for label, given in variants.items():
        yield Case("block.beginning", label, given)


def root_cases() -> Iterator[Case]:
    """Roots over logs with and without batches, and leaves that a log does not take."""
    name, code = "block.roots", RejectionCode
    chain = honest_chain(2)
    working = FinalGiven(block_hash(NORMATIVE, chain.block), chain.block.proof_jobs)
    opening = chain.blocks[0]
    jobs = chain.block.proof_jobs
    for suite in Suite:
        yield Case(name, f"empty-in-{suite.value}", RootAsked(suite, (), ()))
        yield Case(name, f"second-block-in-{suite.value}", RootAsked(suite, (opening,), jobs))
    leaves = opening.leaves
    for count in range(1, len(leaves)):
        yield Case(name, f"first-{count}-leaves", RootAsked(Suite.BLAKE3, (), leaves[:count]))
    yield Case(name, "after-two-batches", RootAsked(Suite.BLAKE3, (opening, working), ()))
    bare = FinalGiven(digest("no completions"), (intake(7),))
    yield Case(name, "a-block-without-completions-between", RootAsked(Suite.BLAKE3, (opening, bare, working), ()))
    other = replace(working, block_hash=digest("another hash"))
    yield Case(name, "batch-of-another-block", RootAsked(Suite.BLAKE3, (opening, other), ()))
    honest = RootAsked(Suite.BLAKE3, (opening,), jobs)
    for label, added, refusal, double in (
        ("taken-in-twice", jobs[0], code.JOB_ALREADY_TAKEN_IN, TAKES_IN_AGAIN),
        ("taken-in-before", leaves[0], code.JOB_ALREADY_TAKEN_IN, TAKES_IN_AGAIN),
        ("completed-twice", jobs[-1], code.JOB_ALREADY_COMPLETED, COMPLETES_AGAIN),
    ):
        yield Case(name, label, replace(honest, leaves=(*jobs, added)), refusal, double)
    unknown = completion_of(intake(9), digest("a result"))
    double = believes_intake(unknown)
    yield Case(name, "completed-unknown", replace(honest, leaves=(*jobs[:1], unknown)), code.JOB_UNKNOWN, double)


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from hash_cases()
    yield from bound_cases()
    yield from beginning_cases()
    yield from root_cases()
