"""Evidence convicts from its bytes, and what honest members sign never does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.block import block_hash
from taifoon.core.leaf import MMRLeaf
from taifoon.core.validity import check_block
from taifoon.core.vote import Statement, VoteKind
from taifoon.economics.offences import (
    NOTHING,
    Accusation,
    Claim,
    CondemnedBlock,
    Evidence,
    Matter,
    OffenceKind,
    Slot,
    Submission,
    Window,
    claim_message,
    contradicts_root,
    inactive,
    is_objectively_invalid,
    judge,
    offence_id,
)
from taifoon.primitives.encoding import decode, encode
from taifoon.primitives.types import Epoch, Millis, Seat, View
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.blocks import BREAKINGS, NOW, PROOFS, opened, small, working_block
from taifoon_models.economy import (
    BAD_PROOF,
    CHAIN,
    CLUSTER,
    GOOD_PROOF,
    FixedProof,
    bad_block,
    double_vote,
    empty_block,
    forged,
    formation,
    jurisdiction,
    leading_seat,
    root_claim,
    submission,
    two_roots,
    vote,
    vote_for,
)
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key

HOLDERS = (0, 1, 2, 3, 3)
JUDGE = jurisdiction(2, HOLDERS)
LEADER = leading_seat(HARDENED, HOLDERS, 0, 1)
FOLLOWER = next(seat for seat in range(3) if seat != LEADER)
ROOTS = root_claim(0, 5, 3, "one"), root_claim(0, 5, 3, "other")

SHOWN: dict[OffenceKind, Evidence] = {
    OffenceKind.INVALID_PROOF: submission(HARDENED, 0, 0, 1, BAD_PROOF),
    OffenceKind.DESYNCHRONISATION: two_roots(HARDENED, 0, *ROOTS),
    OffenceKind.BYZANTINE_PROPOSAL: vote_for(HARDENED, HOLDERS, LEADER, bad_block(HARDENED, HOLDERS, 0, 1)),
    OffenceKind.DOUBLE_VOTE: double_vote(HARDENED, HOLDERS, 0, 3, 1),
    OffenceKind.INVALID_VOTE: vote_for(HARDENED, HOLDERS, FOLLOWER, bad_block(HARDENED, HOLDERS, 0, 1)),
}


SHOWN_BY_BYTES = {
    RejectionCode.BLOCK_EPOCH,
    RejectionCode.BLOCK_CLUSTER,
    RejectionCode.LEAF_TIME,
    RejectionCode.BLOCK_MEMBERS,
    RejectionCode.BLOCK_QUORUM,
    RejectionCode.BLOCK_LEADER,
    RejectionCode.BLOCK_TOO_MANY_JOBS,
    RejectionCode.JOB_FOREIGN,
    RejectionCode.RESULTS_MISMATCH,
    RejectionCode.COMMITMENT_MISMATCH,
    RejectionCode.PROOF_INVALID,
    RejectionCode.CARRIED_ORDER,
    RejectionCode.CARRIED_SIGNATURE,
}
# A block that carries votes for its parent says by them what it takes for its parent.
ALSO_SHOWN = {"view", "repeated intake", "repeated completion", "vote for itself", "parent", "parent view"}


def refused(evidence: Evidence) -> str:
    with pytest.raises(Rejected) as caught:
        judge(HARDENED, JUDGE, evidence)
    assert caught.value.code is RejectionCode.EVIDENCE_UNCONVINCING
    return caught.value.detail


@pytest.mark.parametrize("kind", SHOWN, ids=lambda kind: kind.value)
def test_each_kind_of_evidence_convicts_from_its_bytes(kind: OffenceKind) -> None:
    assert judge(HARDENED, JUDGE, SHOWN[kind]).kind is kind
    assert refused(forged(SHOWN[kind]))


@pytest.mark.parametrize("kind", SHOWN, ids=lambda kind: kind.value)
def test_evidence_of_another_chain_or_epoch_convicts_nobody_here(kind: OffenceKind) -> None:
    assert refused_by(replace(JUDGE, chain_id=digest("another chain")), SHOWN[kind])
    if kind is not OffenceKind.INVALID_PROOF:
        assert refused_by(replace(JUDGE, committees=JUDGE.committees[1:]), SHOWN[kind])


def refused_by(other: object, evidence: Evidence) -> bool:
    with pytest.raises(Rejected) as caught:
        judge(HARDENED, other, evidence)  # type: ignore[arg-type]
    return caught.value.code is RejectionCode.EVIDENCE_UNCONVINCING


def test_an_accusation_convicts_only_where_evidence_is_not_asked() -> None:
    slot = Slot(CHAIN, Epoch(0), CLUSTER, Matter.VIEW, 1, NOTHING)
    accusation = Accusation(OffenceKind.BYZANTINE_PROPOSAL, key(0), slot)
    assert "has to carry what the key signed" in refused(accusation)
    assert judge(HARDENED.without(Resolution.EVIDENCE), JUDGE, accusation).key == key(0)


def test_the_weight_of_a_key_is_all_its_seats() -> None:
    offence = judge(HARDENED, JUDGE, SHOWN[OffenceKind.DOUBLE_VOTE])
    assert (offence.key, offence.seats, offence.committee_seats) == (key(3), 2, 5)


def test_an_offence_is_its_kind_key_and_slot() -> None:
    offences = [judge(HARDENED, JUDGE, evidence) for evidence in SHOWN.values()]
    offences += [
        judge(HARDENED, JUDGE, double_vote(HARDENED, HOLDERS, 0, 3, 2)),
        judge(HARDENED, JUDGE, double_vote(HARDENED, HOLDERS, 1, 3, 1)),
        judge(HARDENED, JUDGE, double_vote(HARDENED, HOLDERS, 0, 2, 1)),
        judge(HARDENED, JUDGE, submission(HARDENED, 0, 0, 2, BAD_PROOF)),
    ]
    assert len({offence_id(HARDENED, offence) for offence in offences}) == len(offences)
    other_seat = judge(HARDENED, JUDGE, double_vote(HARDENED, HOLDERS, 0, 4, 1))
    assert offence_id(HARDENED, other_seat) == offence_id(
        HARDENED, judge(HARDENED, JUDGE, SHOWN[OffenceKind.DOUBLE_VOTE])
    )


def test_a_valid_proof_convicts_nobody() -> None:
    assert "the proof verifies" in refused(submission(HARDENED, 0, 0, 1, GOOD_PROOF))


def test_a_vote_for_a_sound_block_convicts_nobody() -> None:
    assert "passes every check" in refused(vote_for(HARDENED, HOLDERS, LEADER, empty_block(HARDENED, HOLDERS, 0, 1)))


def test_only_a_vote_to_notarise_answers_for_validity() -> None:
    condemned = SHOWN[OffenceKind.BYZANTINE_PROPOSAL]
    assert isinstance(condemned, CondemnedBlock)
    name = condemned.vote.statement.block_hash
    finalise = vote(HARDENED, HOLDERS, 0, LEADER, 1, VoteKind.FINALISE, name)
    assert "vote to notarise" in refused(replace(condemned, vote=finalise))


def test_a_vote_for_another_block_convicts_nobody() -> None:
    condemned = vote_for(HARDENED, HOLDERS, LEADER, empty_block(HARDENED, HOLDERS, 0, 1))
    assert "another block" in refused(replace(condemned, block=bad_block(HARDENED, HOLDERS, 0, 1)))


def test_an_unread_vote_is_no_offence_in_the_source() -> None:
    literal = HARDENED.without(Resolution.SLASHING)
    with pytest.raises(Rejected):
        judge(literal, JUDGE, SHOWN[OffenceKind.INVALID_VOTE])
    assert judge(literal, JUDGE, SHOWN[OffenceKind.BYZANTINE_PROPOSAL]).kind is OffenceKind.BYZANTINE_PROPOSAL


def test_a_double_vote_is_no_offence_in_the_source() -> None:
    with pytest.raises(Rejected):
        judge(HARDENED.without(Resolution.DOUBLE_VOTE), JUDGE, SHOWN[OffenceKind.DOUBLE_VOTE])


@pytest.mark.parametrize("rule", ["view", "parent", "leaf time", "committee", "results"])
def test_bytes_alone_show_that_a_block_is_invalid(rule: str) -> None:
    block = empty_block(HARDENED, HOLDERS, 0, 1)
    statement = vote_for(HARDENED, HOLDERS, 0, block).vote.statement
    cluster = formation(0, HOLDERS)
    assert not is_objectively_invalid(HARDENED, FixedProof(), cluster, statement, block)
    late = replace(intake(0), timestamp=Millis(2))
    spoiled = {
        "view": replace(block, header=replace(block.header, view=View(2))),
        "parent": replace(block, header=replace(block.header, parent_view=View(1))),
        "leaf time": replace(block, proof_jobs=(late,)),
        "committee": replace(block, quorum_threshold=1),
        "results": replace(block, proof_jobs=(replace(late, timestamp=Millis(1), proof_commitment=digest("proof")),)),
    }[rule]
    assert is_objectively_invalid(HARDENED, FixedProof(), cluster, statement, spoiled)


@pytest.mark.parametrize("breaking", BREAKINGS)
def test_what_bytes_show_is_what_every_member_checks(breaking: str) -> None:
    few = small(HARDENED)
    state = opened(few, 5)
    block = working_block(few, state)
    header = block.header
    statement = Statement(
        state.chain_id, header.epoch, header.cluster_id, header.view, VoteKind.NOTARISE, block_hash(few, block)
    )
    assert not is_objectively_invalid(few, PROOFS, state.formation, statement, block)
    broken = BREAKINGS[breaking][0](few, state, block)
    condemned = is_objectively_invalid(few, PROOFS, state.formation, statement, broken)
    # The others need the parent's state or the clock.
    assert condemned == (BREAKINGS[breaking][1] in SHOWN_BY_BYTES or breaking in ALSO_SHOWN)
    with pytest.raises(Rejected):
        check_block(few, PROOFS, state, broken, NOW)


def test_lag_is_no_offence() -> None:
    behind, ahead = root_claim(0, 5, 3, "one"), root_claim(0, 6, 4, "other")
    assert "two contents" in refused(two_roots(HARDENED, 0, behind, ahead))
    assert not contradicts_root(HARDENED, behind, behind)
    assert contradicts_root(HARDENED, behind, replace(behind, count=ahead.count))
    assert contradicts_root(HARDENED.without(Resolution.DESYNCHRONISATION), behind, ahead)


def test_an_outsider_cannot_be_desynchronised() -> None:
    assert "one member of the cluster" in refused(two_roots(HARDENED, 9, *ROOTS))


def test_claims_of_different_kinds_never_share_what_is_signed() -> None:
    sent = Submission(CHAIN, Epoch(0), key(0), intake(1), b"")
    for claim in (sent, ROOTS[0]):
        assert decode(Claim, encode(Claim, claim)) == claim
    assert encode(Claim, sent)[0] != encode(Claim, ROOTS[0])[0]
    assert claim_message(HARDENED, sent) != claim_message(HARDENED, ROOTS[0])


def windows(course: str) -> tuple[Window, ...]:
    absent = {
        "p": frozenset[Seat](),
        "a": frozenset({Seat(0)}),
        "m": frozenset({Seat(0), Seat(1)}),
        "h": frozenset({Seat(0)}),
    }
    return tuple(Window(letter != "h", absent[letter]) for letter in course)


def test_inactivity_needs_consecutive_final_blocks_and_few_absent() -> None:
    needed = HARDENED.parameters.inactivity_blocks
    charged = [
        inactive(HARDENED, 5, windows(course), Seat(0))
        for course in (
            "a" * (needed - 1),
            "a" * needed,
            "a" * 5 * needed,
            "a" * (needed - 1) + "p" + "a" * (needed - 1),
            "a" * (needed - 1) + "h" * 9 + "a",
            "m" * 2 * needed,
            "h" * 2 * needed,
        )
    ]
    assert charged == [0, 1, 1, 0, 1, 0, 0]
    assert inactive(HARDENED, 5, windows("a" * needed), Seat(1)) == 0
    assert inactive(HARDENED.without(Resolution.INACTIVITY), 5, windows("h" * 24), Seat(0)) == 24


def test_a_job_is_judged_by_the_leaf_that_the_prover_signed() -> None:
    shown = submission(HARDENED, 0, 0, 1, BAD_PROOF)
    other: MMRLeaf = intake(2)
    assert refused(replace(shown, submission=replace(shown.submission, job=other)))
