"""A block is valid exactly if it breaks no rule; each rule stands alone, has its code, and comes in its turn."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.block import ClusterBlock, ProofJob, block_hash, proof_commitment
from taifoon.core.cluster_log import BatchRecord, LogBlock, finalise
from taifoon.core.job_log import take_in
from taifoon.core.leaf import completion_of
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import root_of_range
from taifoon.core.validity import (
    ChainState,
    apply_block,
    check_block,
    derived_leaders,
    genesis_state,
    is_later,
    is_within_tolerance,
)
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import BlockNumber, LeafIndex, Millis, PublicKey, Signature64, View
from taifoon.profile import DOCUMENT, HARDENED, Parameters, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.blocks import (
    BREAKINGS,
    CHAIN,
    NOW,
    PROOFS,
    START,
    first_state,
    formation_of,
    opened,
    opening_block,
    proposal,
    result_of,
    small,
    taken_in,
    with_header,
    with_jobs,
    working_block,
)
from taifoon_models.jobs import intake
from taifoon_models.keys import key

SEATS = 5
BY_RULE = {
    **dict.fromkeys(("time of the parent", "time ahead", "later leaf"), Resolution.TIME),
    **dict.fromkeys(("members", "quorum", "leader"), Resolution.DERIVED_FIELDS),
}
BY_VOTES = [name for name, (_, code) in BREAKINGS.items() if code.name.startswith("CARRIED")]
SWITCHED = [name for name in BREAKINGS if name != "parent"]
BY_VALIDITY = [name for name in SWITCHED if name not in BY_RULE]


def refusal(profile: Profile, state: ChainState, block: ClusterBlock, now: Millis = NOW) -> RejectionCode | None:
    try:
        check_block(profile, PROOFS, state, block, now)
    except Rejected as rejected:
        return rejected.code
    return None


def broken(profile: Profile, breaking: str) -> tuple[ChainState, ClusterBlock]:
    state = opened(profile, SEATS)
    return state, BREAKINGS[breaking][0](profile, state, working_block(profile, state))


@pytest.mark.parametrize("seats", range(1, 8))
def test_what_an_honest_leader_proposes_is_valid(seats: int) -> None:
    state = opened(HARDENED, seats)
    for block in (working_block(HARDENED, state), proposal(HARDENED, state, 9, NOW)):
        assert refusal(HARDENED, state, block) is None


@pytest.mark.parametrize("breaking", BREAKINGS)
def test_a_block_that_breaks_one_rule_is_refused_with_its_code(breaking: str) -> None:
    profile = small(HARDENED)
    assert refusal(profile, *broken(profile, breaking)) is BREAKINGS[breaking][1]


@pytest.mark.parametrize("breaking", SWITCHED)
def test_the_refusal_is_gone_without_the_rule(breaking: str) -> None:
    profile = small(HARDENED.without(BY_RULE.get(breaking, Resolution.BLOCK_VALIDITY)))
    assert refusal(profile, *broken(profile, breaking)) is None


@pytest.mark.parametrize("breaking", SWITCHED)
def test_carried_votes_are_read_only_where_blocks_carry_votes(breaking: str) -> None:
    profile = small(HARDENED.without(Resolution.REWARD))
    expected = None if breaking in BY_VOTES else BREAKINGS[breaking][1]
    assert refusal(profile, *broken(profile, breaking)) is expected


@pytest.mark.parametrize("breaking", SWITCHED)
def test_no_other_rule_of_the_block_is_broken(breaking: str) -> None:
    """Without the two groups of rules that a breaking does not belong to, the refusal is the same."""
    rule = BY_RULE.get(breaking, Resolution.BLOCK_VALIDITY)
    for other in {Resolution.TIME, Resolution.DERIVED_FIELDS, Resolution.BLOCK_VALIDITY} - {rule}:
        profile = small(HARDENED.without(other))
        assert refusal(profile, *broken(profile, breaking)) is BREAKINGS[breaking][1]


@pytest.mark.parametrize("breaking", SWITCHED)
def test_read_literally_nothing_is_checked_beyond_the_parent(breaking: str) -> None:
    profile = small(DOCUMENT)
    assert refusal(profile, *broken(profile, breaking)) is None


@pytest.mark.parametrize("profile", [HARDENED, DOCUMENT, HARDENED.without(Resolution.BLOCK_VALIDITY)])
def test_a_block_on_another_parent_is_refused_under_every_profile(profile: Profile) -> None:
    state, block = broken(small(profile), "parent")
    assert refusal(small(profile), state, block) is RejectionCode.BLOCK_PARENT


ORDER = list(dict.fromkeys(code for _, code in BREAKINGS.values()))
# Faults of single fields, which can be laid over each other, in the order of their checks.
FIELD_FAULTS = (
    *("parent", "number", "epoch", "cluster", "parent view"),
    *("time of the parent", "members", "quorum", "leader", "root"),
)


@pytest.mark.parametrize(("earlier", "later"), list(combinations(FIELD_FAULTS, 2)))
def test_of_two_faults_the_one_that_is_checked_first_is_reported(earlier: str, later: str) -> None:
    state = opened(HARDENED, SEATS)
    block = working_block(HARDENED, state)
    for name in (later, earlier):
        block = BREAKINGS[name][0](HARDENED, state, block)
    assert refusal(HARDENED, state, block) is BREAKINGS[earlier][1]


def test_the_codes_come_in_the_order_of_their_checks() -> None:
    assert [code.name for code in ORDER] == [
        "BLOCK_PARENT",
        *("BLOCK_DISCONTINUOUS", "BLOCK_EPOCH", "BLOCK_CLUSTER", "BLOCK_VIEW"),
        *("BLOCK_TIME_NOT_LATER", "BLOCK_TIME_AHEAD", "LEAF_TIME"),
        *("BLOCK_MEMBERS", "BLOCK_QUORUM", "BLOCK_LEADER"),
        *("BLOCK_TOO_MANY_JOBS", "JOB_FOREIGN"),
        *("JOB_ALREADY_TAKEN_IN", "JOB_UNKNOWN", "JOB_ALREADY_COMPLETED", "LEAF_MISMATCH"),
        *("CARRIED_WINDOW", "CARRIED_ORDER", "CARRIED_SIGNATURE"),
        *("RESULTS_MISMATCH", "COMMITMENT_MISMATCH", "PROOF_INVALID"),
        "BLOCK_ROOT",
    ]


def test_what_is_not_signed_does_not_count() -> None:
    state = opened(HARDENED, SEATS)
    block = replace(working_block(HARDENED, state), validator_signatures=(Signature64(bytes(64)),))
    assert refusal(HARDENED, state, block) is None


@pytest.mark.parametrize("ahead", [-1, 0, 1])
def test_a_block_may_be_ahead_by_the_tolerance_and_not_more(ahead: int) -> None:
    state = opened(HARDENED, SEATS)
    tolerance = HARDENED.parameters.time_tolerance
    block = with_header(working_block(HARDENED, state), timestamp=Millis(NOW + tolerance + ahead))
    assert refusal(HARDENED, state, block) is (RejectionCode.BLOCK_TIME_AHEAD if ahead > 0 else None)
    assert refusal(HARDENED, state, block, Millis(NOW + max(ahead, 0))) is None


@pytest.mark.parametrize("after", [-1, 0, 1])
def test_a_block_may_be_a_millisecond_after_its_parent_and_not_less(after: int) -> None:
    state = opened(HARDENED, SEATS)
    block = with_header(working_block(HARDENED, state), timestamp=Millis(state.timestamp + after))
    assert refusal(HARDENED, state, block) is (None if after > 0 else RejectionCode.BLOCK_TIME_NOT_LATER)


def test_a_leaf_may_be_as_late_as_its_block() -> None:
    state = opened(HARDENED, SEATS)
    on_time = replace(taken_in(state, 4), timestamp=NOW)
    block = with_jobs(HARDENED, state, working_block(HARDENED, state), (on_time,))
    assert refusal(HARDENED, state, block) is None


def test_a_block_may_hold_as_many_jobs_as_the_parameter_says() -> None:
    profile = small(HARDENED)
    state = opened(profile, SEATS)
    full = tuple(taken_in(state, 3 + number) for number in range(profile.parameters.maximum_jobs))
    block = with_jobs(profile, state, working_block(profile, state), full)
    assert refusal(profile, state, block) is None
    fewer = profile.with_parameters(replace(profile.parameters, maximum_jobs=len(full) - 1))
    assert refusal(fewer, state, block) is RejectionCode.BLOCK_TOO_MANY_JOBS


def test_a_job_may_be_taken_in_and_completed_by_one_block_in_that_order_only() -> None:
    state = first_state(HARDENED, SEATS)
    block = opening_block(HARDENED, state)
    assert refusal(HARDENED, state, block, Millis(START)) is None
    swapped = replace(block, proof_jobs=block.proof_jobs[::-1])
    assert refusal(HARDENED, state, swapped, Millis(START)) is RejectionCode.JOB_UNKNOWN


def test_a_job_that_was_assigned_to_another_cluster_may_be_completed_where_the_log_has_it() -> None:
    """An epoch ago another cluster can have been the primary; the completion repeats the intake of this log."""
    start = first_state(HARDENED, SEATS)
    foreign, result = intake(0, cluster=2), result_of(0)
    state = replace(start, log=replace(start.log, jobs=take_in(HashCombiner(HARDENED), start.log.jobs, foreign)))
    leaf = completion_of(foreign, proof_commitment(HARDENED, result))
    block = proposal(HARDENED, state, 1, START, (leaf,), (result,))
    assert refusal(HARDENED, state, block, Millis(START)) is None


def test_the_root_covers_the_jobs_after_the_block_and_the_batches_before_it() -> None:
    state = opened(HARDENED, SEATS)
    block = working_block(HARDENED, state)
    combiner = HashCombiner(HARDENED)
    after = apply_block(HARDENED, state, block).log
    roots = [root_of_range(combiner, mountains) for mountains in (after.jobs.mountains, state.log.batches)]
    assert block.header.mmr_root == hash_role(HARDENED, Role.STATE, b"".join(roots))
    assert after.batches != state.log.batches


@dataclass(frozen=True, slots=True)
class Recording:
    """A proof system that accepts all and shows what it was asked."""

    asked: list[tuple[ProofJob, PublicKey, bytes]]

    def verify(self, job: ProofJob, prover: PublicKey, proof: bytes) -> bool:
        self.asked.append((job, prover, proof))
        return True


def test_a_proof_is_judged_by_its_prover_and_the_job_as_it_was_taken_in() -> None:
    state = opened(HARDENED, SEATS)
    asked: list[tuple[ProofJob, PublicKey, bytes]] = []
    check_block(HARDENED, Recording(asked), state, working_block(HARDENED, state), NOW)
    assert asked == [(taken_in(state, number), key(number), result_of(number, number).proof) for number in (0, 1)]


def test_a_proof_counts_for_another_only_where_its_statement_names_nobody() -> None:
    for profile in (HARDENED, HARDENED.without(Resolution.ENVELOPE)):
        expected = RejectionCode.PROOF_INVALID if Resolution.ENVELOPE in profile else None
        assert refusal(profile, *broken(profile, "copied proof")) is expected
        assert refusal(profile, *broken(profile, "false proof")) is RejectionCode.PROOF_INVALID


def test_no_proof_is_checked_before_all_cheaper_rules() -> None:
    profile = small(HARDENED)
    for breaking, (_, code) in BREAKINGS.items():
        asked: list[tuple[ProofJob, PublicKey, bytes]] = []
        state, block = broken(profile, breaking)
        with contextlib.suppress(Rejected):
            check_block(profile, Recording(asked), state, block, NOW)
        assert bool(asked) == (code in (RejectionCode.PROOF_INVALID, RejectionCode.BLOCK_ROOT)), breaking


def test_the_state_after_a_block_is_that_of_its_log() -> None:
    state = opened(HARDENED, SEATS)
    block = working_block(HARDENED, state)
    after = apply_block(HARDENED, state, block)
    name = block_hash(HARDENED, block)
    assert (after.number, after.block_hash, after.view, after.timestamp) == (2, name, 2, NOW)
    assert after.formation == state.formation
    added = LogBlock(block.header.block_number, name, block.proof_jobs)
    assert after.log == finalise(HashCombiner(HARDENED), state.log, added)
    assert after.log.records[-1] == BatchRecord(name, LeafIndex(5), LeafIndex(6))


def test_a_block_on_a_block_is_valid_on_the_state_after_it() -> None:
    state = opened(HARDENED, SEATS)
    block = working_block(HARDENED, state)
    after = apply_block(HARDENED, state, block)
    child = proposal(HARDENED, after, 5, NOW + 1)
    assert refusal(HARDENED, after, child) is None
    assert refusal(HARDENED, state, child) is RejectionCode.BLOCK_PARENT
    assert refusal(HARDENED, after, block) is RejectionCode.BLOCK_PARENT


@pytest.mark.parametrize("number", [1, 3])
def test_a_block_out_of_turn_is_not_applied(number: int) -> None:
    state = opened(HARDENED, SEATS)
    block = with_header(working_block(HARDENED, state), block_number=BlockNumber(number))
    with pytest.raises(Rejected) as caught:
        apply_block(HARDENED, state, block)
    assert caught.value.code is RejectionCode.BLOCK_DISCONTINUOUS


def test_the_chain_goes_on_in_the_next_epoch_where_it_stopped() -> None:
    before = opened(HARDENED, SEATS)
    last = opening_block(HARDENED, first_state(HARDENED, SEATS))
    state = genesis_state(HARDENED, CHAIN, formation_of(4, epoch=4), before.log, last)
    block = proposal(HARDENED, state, 1, NOW)
    assert (block.header.block_number, block.header.parent_view, block.quorum_threshold) == (2, 0, 3)
    assert refusal(HARDENED, state, block) is None
    assert refusal(HARDENED, before, block) is RejectionCode.BLOCK_PARENT
    earlier = with_header(block, timestamp=last.header.timestamp)
    assert refusal(HARDENED, state, earlier) is RejectionCode.BLOCK_TIME_NOT_LATER


@settings(deadline=None, derandomize=True, max_examples=200)
@given(
    times=st.tuples(*[st.integers(0, 2**64 - 1)] * 2),
    now=st.integers(0, 2**64 - 1),
    tolerance=st.integers(0, 2**64 - 1),
)
def test_the_rules_of_time_are_plain_comparisons(times: tuple[int, int], now: int, tolerance: int) -> None:
    profile = HARDENED.with_parameters(Parameters(time_tolerance=tolerance))
    assert is_later(profile, *times) == (times[1] > times[0])
    assert is_within_tolerance(profile, times[1], now) == (times[1] - now <= tolerance)
    assert is_later(DOCUMENT, *times)
    assert is_within_tolerance(DOCUMENT, times[1], now)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(name=st.sampled_from(sorted(BREAKINGS)), other=st.sampled_from(sorted(BREAKINGS)))
def test_a_verdict_is_a_function_of_state_block_and_clock(name: str, other: str) -> None:
    profile = small(HARDENED)
    state, block = broken(profile, name)
    first = refusal(profile, state, block)
    refusal(profile, *broken(profile, other))
    assert refusal(profile, state, block) is first is BREAKINGS[name][1]


@pytest.mark.parametrize("view", range(1, 12))
def test_the_leader_of_a_view_is_one_member_and_returns_after_a_round(view: int) -> None:
    formation = formation_of(SEATS)
    (leading,) = derived_leaders(HARDENED, formation, View(view))
    assert leading in formation.keys
    assert derived_leaders(HARDENED, formation, View(view + SEATS)) == (leading,)
