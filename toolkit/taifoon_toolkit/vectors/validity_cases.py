"""Vectors of validity: honest blocks, and each way to break one rule alone (RES-VALID, RES-TIME, RES-DERIVE)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from taifoon.core import validity
from taifoon.core.block import ClusterBlock, proof_commitment
from taifoon.core.leaf import completion_of
from taifoon.core.validity import ChainState, apply_block, root_after
from taifoon.primitives.types import BlockNumber, Epoch, Hash32, Millis, PublicKey, Signature64, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon_models.blocks import (
    BREAKINGS,
    MOST_JOBS,
    NOW,
    START,
    first_state,
    opening_block,
    proposal,
    result_of,
    taken_in,
    with_header,
    with_jobs,
)
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key
from taifoon_toolkit.vectors.block_cases import (
    BELIEVES_PROOFS,
    RECORDS_ANY,
    SEATS,
    SMALL,
    TAKES_IN_AGAIN,
    Honest,
    asked,
    believes_intake,
    claims_root,
    honest_chain,
    seen_as,
)
from taifoon_toolkit.vectors.blocks import (
    FinalGiven,
    log_from,
)
from taifoon_toolkit.vectors.case import Case, Double, Fault, Sibling, agree
from taifoon_toolkit.vectors.leaf import COMPLETES_AGAIN


def commits_to_all(honest: ClusterBlock) -> Double:
    """A client for which a leaf commits to whatever result is shown."""
    commitments = {leaf.job_id: leaf.proof_commitment for leaf in honest.proof_jobs if not leaf.is_intake}
    return Double(
        "does not compare the commitment",
        "taifoon.core.validity:proof_commitment",
        lambda _, result: commitments[result.job_id],
    )


def more_jobs(profile: Profile, state: ChainState, block: ClusterBlock) -> None:
    """The checks of jobs with another bound."""
    CHECK_JOBS(profile.with_parameters(replace(profile.parameters, maximum_jobs=1 << 16)), state, block)


CHECK_JOBS = validity.check_jobs
UNBOUNDED = Double("bounds no block", "taifoon.core.validity:check_jobs", more_jobs)


RECORDED = (
    "repeated intake",
    "old intake",
    "unknown job",
    "repeated completion",
    "old completion",
    "altered completion",
)
"""The breakings for which the honest rules know no root: theirs is that of the client that lacks the check."""
PLACE = ("number", "epoch", "cluster", "parent view", "view")
TIMES = ("time of the parent", "time ahead", "later leaf")
COMMITTEE = ("members", "quorum", "leader")
VOTES = (
    *("vote before the epoch", "vote for itself", "votes out of order"),
    *("repeated vote", "vote of no seat", "vote of another"),
)
RESULTS = ("missing result", "spare result", "repeated result", "exchanged results")


def double_for(name: str, honest: ClusterBlock, broken: ClusterBlock) -> Fault:
    """The client that lacks exactly the check by which a broken block is refused."""
    groups = {"check_place": PLACE, "check_time": TIMES, "check_committee": COMMITTEE, "check_results": RESULTS}
    for check, names in groups.items():
        if name in names:
            return seen_as(check, honest, name)
    odd = next((leaf for leaf in broken.proof_jobs if leaf not in honest.proof_jobs), broken.proof_jobs[-1])
    faults: dict[str, Fault] = {
        "too many jobs": UNBOUNDED,
        "foreign job": seen_as("check_jobs", honest, name),
        "repeated intake": TAKES_IN_AGAIN,
        "old intake": TAKES_IN_AGAIN,
        "unknown job": believes_intake(odd),
        "repeated completion": COMPLETES_AGAIN,
        "old completion": COMPLETES_AGAIN,
        "altered completion": believes_intake(odd),
        "other prover": commits_to_all(honest),
        "vote before the epoch": seen_as("check_attestations", honest, name),
        "vote for itself": seen_as("check_attestations", honest, name),
        "votes out of order": ASCENDS_ANYHOW,
        "repeated vote": ASCENDS_ANYHOW,
        "vote of no seat": BELIEVES_VOTES,
        "vote of another": BELIEVES_VOTES,
        "false proof": BELIEVES_PROOFS,
        "copied proof": Resolution.ENVELOPE,
        "root": claims_root(broken),
    }
    return faults.get(name, Resolution.BLOCK_VALIDITY)


ASCENDS_ANYHOW = Double("takes carried votes in any order", "taifoon.core.attestation:is_ascending", agree)
BELIEVES_VOTES = Double("checks no carried vote", "taifoon.core.attestation:is_signed", agree)

ABOUT = {
    RejectionCode.BLOCK_PARENT: "R-2.3-3",
    RejectionCode.BLOCK_DISCONTINUOUS: "R-2.3-2",
    **dict.fromkeys((RejectionCode.BLOCK_EPOCH, RejectionCode.BLOCK_VIEW), "R-2.3-13"),
    RejectionCode.BLOCK_CLUSTER: "R-2.3-5",
    **dict.fromkeys(
        (RejectionCode.BLOCK_TIME_NOT_LATER, RejectionCode.BLOCK_TIME_AHEAD, RejectionCode.LEAF_TIME), "R-2.3-6"
    ),
    RejectionCode.BLOCK_MEMBERS: "R-2.3-11",
    RejectionCode.BLOCK_QUORUM: "R-2.3-12",
    RejectionCode.BLOCK_LEADER: "R-2.3-7",
    **dict.fromkeys(
        (
            RejectionCode.BLOCK_TOO_MANY_JOBS,
            RejectionCode.JOB_FOREIGN,
            RejectionCode.JOB_ALREADY_TAKEN_IN,
            RejectionCode.JOB_UNKNOWN,
            RejectionCode.JOB_ALREADY_COMPLETED,
            RejectionCode.LEAF_MISMATCH,
        ),
        "R-2.3-8",
    ),
    **dict.fromkeys(
        (RejectionCode.CARRIED_WINDOW, RejectionCode.CARRIED_ORDER, RejectionCode.CARRIED_SIGNATURE), "R-2.3-10"
    ),
    **dict.fromkeys(
        (RejectionCode.RESULTS_MISMATCH, RejectionCode.COMMITMENT_MISMATCH, RejectionCode.PROOF_INVALID), "R-2.3-9"
    ),
    RejectionCode.BLOCK_ROOT: "R-2.3-4",
}
"""The field of a block that a rule is about."""

GROUP = {
    **dict.fromkeys(TIMES, Resolution.TIME),
    **dict.fromkeys(COMMITTEE, Resolution.DERIVED_FIELDS),
    **dict.fromkeys(VOTES, Resolution.REWARD),
}


def fitted(state: ChainState, block: ClusterBlock, double: Double) -> ClusterBlock:
    """The block with the root that a client without a check computes."""
    with double.installed():
        return with_header(block, mmr_root=root_after(SMALL, state.log, block.proof_jobs))


def by_another_prover(profile: Profile, state: ChainState, block: ClusterBlock) -> ClusterBlock:
    """A result with a proof of its own, by another prover than the leaf commits to."""
    return replace(block, proof_results=(result_of(0, prover=4), *block.proof_results[1:]))


MENDED = {"other prover": by_another_prover}
"""Breakings whose proof would be wrong as well."""


def broken_cases() -> Iterator[Case]:
    """Each way to break one rule of validity, alone."""
    chain = honest_chain(SEATS)
    state, honest = chain.state, chain.block
    for name, (breaking, code) in BREAKINGS.items():
        label = name.replace(" ", "-")
        broken = MENDED.get(name, breaking)(SMALL, state, honest)
        if name == "parent":
            edit: Fault = Sibling(chain.asked, "another parent")
        else:
            edit = double_for(name, honest, broken)
        if name in RECORDED and isinstance(edit, Double):
            broken = fitted(state, broken, edit)
        rule = GROUP.get(name, Resolution.BLOCK_VALIDITY).value
        about = ABOUT[code]
        yield Case("block.validate", label, asked(state, chain.blocks, broken), code, edit, (rule, about))
    yield from edge_cases(chain)


def edge_cases(chain: Honest) -> Iterator[Case]:
    """Blocks that just break a rule, on its other side or by one."""
    name, code = "block.validate", RejectionCode
    state, honest = chain.state, chain.block
    later = proposal(SMALL, state, 9, NOW)
    silent = replace(honest, attestations=())
    edges: dict[str, tuple[ClusterBlock, RejectionCode, str]] = {
        "number-of-the-parent": (
            with_header(silent, block_number=BlockNumber(state.number)),
            code.BLOCK_DISCONTINUOUS,
            "check_place",
        ),
        "number-one-ahead": (
            with_header(silent, block_number=BlockNumber(state.number + 2)),
            code.BLOCK_DISCONTINUOUS,
            "check_place",
        ),
        "epoch-before": (
            with_header(honest, epoch=Epoch(honest.header.epoch - 1)),
            code.BLOCK_EPOCH,
            "check_place",
        ),
        "parent-view-above": (with_header(honest, parent_view=View(2)), code.BLOCK_VIEW, "check_place"),
        "time-before-the-parent": (
            with_header(honest, timestamp=Millis(state.timestamp - 1)),
            code.BLOCK_TIME_NOT_LATER,
            "check_time",
        ),
        "a-member-missing": (
            replace(honest, cluster_members=honest.cluster_members[:-1]),
            code.BLOCK_MEMBERS,
            "check_committee",
        ),
        "a-member-more": (
            replace(honest, cluster_members=(*honest.cluster_members, key(9))),
            code.BLOCK_MEMBERS,
            "check_committee",
        ),
        "quorum-above": (
            replace(honest, quorum_threshold=honest.quorum_threshold + 1),
            code.BLOCK_QUORUM,
            "check_committee",
        ),
        "leader-is-a-stranger": (with_header(honest, leader_pubkey=key(9)), code.BLOCK_LEADER, "check_committee"),
        "leader-of-another-view": (
            with_header(later, leader_pubkey=_other_leader(state, later)),
            code.BLOCK_LEADER,
            "check_committee",
        ),
    }
    for label, (broken, refusal, check) in edges.items():
        sane = later if label == "leader-of-another-view" else silent if label.startswith("number") else honest
        fault = seen_as(check, sane, label)
        yield Case(name, label, asked(state, chain.blocks, broken), refusal, fault, (ABOUT[refusal],))
    old, root = root_after(SMALL, state.log, ()), ("R-2.3-4",)
    stale = with_header(honest, mmr_root=old)
    yield Case(name, "root-of-the-parent", asked(state, chain.blocks, stale), code.BLOCK_ROOT, claims_root(stale), root)
    # The batches before the block's own: a root that counts the block's own batch is another one.
    own = root_after(SMALL, apply_block(SMALL, state, honest).log, ())
    eager = with_header(honest, mmr_root=own)
    yield Case(
        name, "root-with-its-own-batch", asked(state, chain.blocks, eager), code.BLOCK_ROOT, claims_root(eager), root
    )
    start = first_state(SMALL, SEATS)
    opening = opening_block(SMALL, start)
    swapped = replace(opening, proof_jobs=(opening.proof_jobs[-1], *opening.proof_jobs[:-1]))
    given = asked(start, (), fitted(start, swapped, RECORDS_ANY), START)
    yield Case(name, "completed-before-it-is-taken-in", given, code.JOB_UNKNOWN, RECORDS_ANY, ("R-2.3-8",))


def _other_leader(state: ChainState, block: ClusterBlock) -> PublicKey:
    (leading,) = validity.derived_leaders(SMALL, state.formation, View(block.header.view + 1))
    return leading


def valid_cases() -> Iterator[Case]:
    """Blocks that are valid, up to the last millisecond and the last job."""
    name = "block.validate"
    for seats in (1, 2, 3, 5, 7):
        yield Case(name, f"honest-{seats}-seats", honest_chain(seats).asked)
    chain = honest_chain(SEATS)
    state, block = chain.state, chain.block
    tolerance = SMALL.parameters.time_tolerance
    full = tuple(taken_in(state, 3 + number) for number in range(MOST_JOBS))
    on_time = replace(taken_in(state, 4), timestamp=NOW)
    signed = replace(block, validator_signatures=(Signature64(bytes(64)),))
    valid: dict[str, ClusterBlock] = {
        "after-skipped-views": proposal(SMALL, state, 9, NOW),
        "empty": proposal(SMALL, state, 2, NOW),
        "ahead-by-the-tolerance": with_header(block, timestamp=Millis(NOW + tolerance)),
        "a-millisecond-after-the-parent": with_header(block, timestamp=Millis(state.timestamp + 1)),
        "full": with_jobs(SMALL, state, block, full),
        "leaf-of-its-own-time": with_jobs(SMALL, state, block, (on_time,)),
        "false-signatures": signed,
    }
    about = {
        "full": "R-2.3-8",
        "after-skipped-views": "R-2.3-13",
        "false-signatures": "R-2.3-10",
        **dict.fromkeys(
            ("ahead-by-the-tolerance", "a-millisecond-after-the-parent", "leaf-of-its-own-time"), "R-2.3-6"
        ),
    }
    for label, each in valid.items():
        named = (about[label],) if label in about else ()
        yield Case(name, label, asked(state, chain.blocks, each), requirements=named)
    start = first_state(SMALL, SEATS)
    yield Case(name, "first-block", asked(start, (), opening_block(SMALL, start), START))
    yield from moved_cases(start)


def moved_cases(start: ChainState) -> Iterator[Case]:
    """A job that was taken in under another primary is completed where the log has it."""
    foreign, result = intake(0, cluster=2), result_of(0)
    taken = FinalGiven(digest("an earlier block"), (foreign,))
    state = replace(
        start, log=log_from(SMALL, (taken,)), block_hash=Hash32(taken.block_hash), view=View(1), timestamp=Millis(START)
    )
    leaf = completion_of(foreign, proof_commitment(SMALL, result))
    block = proposal(SMALL, state, 2, NOW, (leaf,), (result,))
    yield Case("block.validate", "completes-what-another-primary-took-in", asked(state, (taken,), block))


def cases() -> Iterator[Case]:
    """All cases of this subject."""
    yield from valid_cases()
    yield from broken_cases()
