"""The network's state is a fold over closings, and each rule of a closing refuses what breaks it alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.beacon import Reveal, commitment
from taifoon.core.epoch_block import Closing
from taifoon.core.network_state import (
    EpochRecord,
    NetworkState,
    answered,
    catch_up,
    check_closing,
    jobs_of,
    turn,
)
from taifoon.core.owners import owners
from taifoon.primitives.types import ClusterId, Epoch, PublicKey
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.blocks import PROOFS
from taifoon_models.epochs import (
    Setting,
    Work,
    job_leaf,
    network,
    registration,
    secret,
    setting,
    small_clusters,
    usual_choice,
    worked,
)
from taifoon_models.jobs import digest
from taifoon_models.keys import key
from taifoon_proofs.theorems.succession import history, plan

PROFILE = small_clusters(HARDENED, 3)


def begun(profile: Profile = PROFILE) -> Setting:
    return setting(profile, network(profile, 9, 2))


def job_at_work(now: Setting, number: int, completing: tuple[int, ...]) -> dict[int, tuple[Work, ...]]:
    """Both owners take a job in; the owners at these places of its order complete it."""
    leaf = job_leaf(now.profile, now.assignment, number)
    work: dict[int, tuple[Work, ...]] = {}
    for place, cluster in enumerate(owners(now.profile, now.assignment, leaf, now.factor)):
        proved = ((leaf, now.drawn(leaf, cluster)),) if place in completing else ()
        work[cluster] = (((leaf,), ()), ((), proved))
    return work


def record_of(now: Setting, work: dict[int, tuple[Work, ...]]) -> EpochRecord:
    stretches = now.stretches(work)
    return now.record(stretches, now.closing(stretches, usual_choice(now.state, now.profile)))


def code_of(profile: Profile, state: NetworkState, record: EpochRecord) -> RejectionCode | None:
    try:
        turn(profile, PROOFS, state, 2, record)
    except Rejected as rejected:
        return rejected.code
    return None


@pytest.mark.parametrize(("completing", "settled", "pending"), [((), 0, 1), ((0,), 1, 0), ((1,), 1, 0), ((0, 1), 1, 0)])
def test_a_job_is_settled_once_or_waits(completing: tuple[int, ...], settled: int, pending: int) -> None:
    now = begun()
    after, record = worked(now, job_at_work(now, 1, completing))
    assert (len(after.settled), len(after.pending)) == (settled, pending)
    if completing:
        order = owners(PROFILE, now.assignment, job_leaf(PROFILE, now.assignment, 1), 2)
        assert after.settled[0].cluster == order[completing[0]]
    assert record.block.closing is not None
    assert after.history.closed[-1].global_root == record.block.closing.global_root


def test_a_waiting_job_is_completed_by_owners_of_a_later_epoch() -> None:
    now = begun()
    state, _ = worked(now, job_at_work(now, 1, ()))
    leaf = state.pending[0].leaf
    later = setting(PROFILE, state)
    work: dict[int, tuple[Work, ...]] = {}
    for cluster in owners(PROFILE, later.assignment, leaf, 2):
        in_log = leaf in state.chains[cluster].log.jobs.leaves
        work[cluster] = ((() if in_log else (leaf,), ()), ((), ((leaf, later.drawn(leaf, cluster)),)))
    after, _ = worked(later, work)
    assert (len(after.settled), len(after.pending)) == (1, 0)


def test_a_job_that_nobody_proves_expires_and_does_not_come_back() -> None:
    profile = PROFILE.with_parameters(replace(PROFILE.parameters, job_life=1))
    now = begun(profile)
    state, _ = worked(now, job_at_work(now, 1, ()))
    leaf = state.pending[0].leaf
    for _ in range(2):
        assert len(state.pending) == 1 or state.expired
        state, _ = worked(setting(profile, state), {})
    assert state.pending == ()
    assert state.expired == (leaf.job_id,)
    later = setting(profile, state)
    rules = jobs_of(profile, state, later.assignment, 2)
    with pytest.raises(Rejected) as caught:
        rules.check_leaf(owners(profile, later.assignment, leaf, 1)[0], leaf)
    assert caught.value.code is RejectionCode.JOB_CLOSED


def test_the_registry_of_a_closing_serves_in_the_second_epoch_after() -> None:
    state = network(PROFILE, 9, 2)
    sizes = []
    for _ in range(4):
        now = setting(PROFILE, state)
        sizes.append(len(now.assignment.seats))
        choice = usual_choice(state, PROFILE)
        more = (*choice.registry, registration(PROFILE, 9, 2)) if state.epoch == 0 else choice.registry
        state, _ = worked(now, {}, replace(choice, registry=more))
    assert sizes == [9, 9, 11, 11]


def test_the_count_moves_by_one_within_its_bounds_and_an_ended_chain_goes_on_later() -> None:
    state, counts, heights = network(PROFILE, 9, 2), [], []
    for epoch, step in enumerate((1, 1, -1, -1, -1, 1, 0)):
        now = setting(PROFILE, state, factor=1)
        state, record = worked(now, plan(now, [0, 1, 2], 1_000 * epoch), usual_choice(state, PROFILE, step=step))
        assert record.block.closing is not None
        counts.append(record.block.closing.clusters)
        heights.append(tuple(int(chain.log.height) for chain in state.chains))
        ended = [head.ended for head in record.block.closing.heads]
        assert ended == [head.cluster >= counts[-1] for head in record.block.closing.heads]
    assert counts == [3, 3, 2, 1, 1, 2, 2]
    assert heights[-1] == (14, 10, 4)


def with_closing(now: Setting, work: dict[int, tuple[Work, ...]], **changes: object) -> EpochRecord:
    """A record whose closing all seats have signed, with other values in some fields."""
    stretches = now.stretches(work)
    closing = now.closing(stretches, usual_choice(now.state, now.profile))
    return now.record(stretches, replace(closing, **changes))  # type: ignore[arg-type]


FALSE_FIELDS: dict[str, tuple[object, RejectionCode]] = {
    "heads": ((), RejectionCode.EPOCH_HEADS),
    "global_root": (digest("another"), RejectionCode.EPOCH_DERIVED),
    "settled": ((), RejectionCode.EPOCH_DERIVED),
    "clusters": (7, RejectionCode.EPOCH_DERIVED),
    "beacon": (digest("another"), RejectionCode.EPOCH_DERIVED),
}


@pytest.mark.parametrize("name", sorted(FALSE_FIELDS))
def test_a_derived_field_is_recomputed_by_all_but_without_the_rule(name: str) -> None:
    value, code = FALSE_FIELDS[name]
    now = begun()
    record = with_closing(now, job_at_work(now, 1, (0,)), **{name: value})
    assert code_of(PROFILE, now.state, record) is code
    literal = PROFILE.without(Resolution.CHECKPOINT)
    before = begun(literal)
    record = with_closing(before, job_at_work(before, 1, (0,)), **{name: value})
    assert code_of(literal, before.state, record) is None


def test_a_registry_out_of_order_is_refused() -> None:
    now = begun()
    order = usual_choice(now.state, PROFILE).registry
    reversed_order = tuple(sorted(order, key=lambda entry: entry.public_key, reverse=True))
    assert code_of(PROFILE, now.state, with_closing(now, {}, registry=reversed_order)) is RejectionCode.EPOCH_DERIVED


def test_a_reveal_that_opens_nothing_is_refused() -> None:
    now = begun()
    record = with_closing(now, {}, reveals=(Reveal(key(0), digest("secret")),))
    assert code_of(PROFILE, now.state, record) is RejectionCode.BEACON_REVEAL


def test_commitments_are_one_for_each_holder_that_serves() -> None:
    now = begun()
    usual = usual_choice(now.state, PROFILE).commitments
    ordered = tuple(sorted(usual, key=lambda each: each.holder))
    stranger = replace(ordered[-1], holder=PublicKey(b"\xff" * 32))
    for commitments in ((ordered[0], ordered[0]), (*ordered, stranger), ordered[::-1]):
        record = with_closing(now, {}, commitments=commitments)
        assert code_of(PROFILE, now.state, record) is RejectionCode.BEACON_COMMITMENT
    assert code_of(PROFILE, now.state, with_closing(now, {}, commitments=ordered[2:])) is None


def test_only_who_has_a_seat_in_the_epoch_of_the_reveal_may_commit() -> None:
    now = begun()
    choice = usual_choice(now.state, PROFILE)
    leaver = choice.registry[0].public_key
    assert leaver in {each.holder for each in choice.commitments}
    state, _ = worked(now, {}, replace(choice, registry=choice.registry[1:]))
    now = setting(PROFILE, state)
    assert leaver in {seat.public_key for seat in now.assignment.seats}
    stays = usual_choice(state, PROFILE).commitments
    made = commitment(PROFILE, Epoch(2), leaver, secret(leaver, Epoch(2)))
    for commitments, code in ((stays, None), ((*stays, made), RejectionCode.BEACON_COMMITMENT)):
        ordered = tuple(sorted(commitments, key=lambda each: each.holder))
        assert code_of(PROFILE, state, with_closing(now, {}, commitments=ordered)) is code


def test_a_record_of_another_epoch_is_refused() -> None:
    states, records = history(PROFILE, (0, 0), ((0,), (0,)))
    assert code_of(PROFILE, states[0], records[1]) is RejectionCode.BLOCK_EPOCH
    assert code_of(PROFILE, states[1], records[0]) is RejectionCode.BLOCK_EPOCH


def test_stretches_are_one_for_each_cluster_in_order() -> None:
    now = begun()
    honest = record_of(now, job_at_work(now, 1, (0,)))
    for stretches in (honest.stretches[:1], honest.stretches[::-1], (*honest.stretches, honest.stretches[0])):
        assert code_of(PROFILE, now.state, replace(honest, stretches=stretches)) is RejectionCode.EPOCH_HEADS


def test_a_closing_needs_the_signatures_of_its_epoch_but_without_the_rule() -> None:
    now = begun()
    honest = record_of(now, {})
    unsigned = replace(honest, proof=replace(honest.proof, certificates=()))
    assert code_of(PROFILE, now.state, honest) is None
    assert code_of(PROFILE, now.state, unsigned) is RejectionCode.FINALITY_INCOMPLETE
    assert code_of(PROFILE.without(Resolution.ROOT_ATTESTATION), now.state, unsigned) is None


def test_a_proof_is_of_the_very_closing_that_a_record_brings() -> None:
    now = begun()
    honest = record_of(now, {})
    other = with_closing(now, {}, clusters=1)
    assert code_of(PROFILE, now.state, replace(honest, block=other.block)) is RejectionCode.FINALITY_PATH
    exchanged = replace(honest.block, closing=other.block.closing)
    assert code_of(PROFILE, now.state, replace(honest, block=exchanged)) is RejectionCode.FINALITY_PATH
    pathless = replace(honest.proof, path=())
    assert code_of(PROFILE, now.state, replace(honest, proof=pathless)) is RejectionCode.FINALITY_PATH


def test_a_closing_differs_from_the_expected_one_in_a_field_that_is_named() -> None:
    now = begun()
    stretches = now.stretches({})
    expected = now.closing(stretches, usual_choice(now.state, PROFILE))
    check_closing(PROFILE, now.state, expected, expected)
    with pytest.raises(Rejected, match="beacon of the closing of epoch 0"):
        check_closing(PROFILE, now.state, expected, replace(expected, beacon=digest("another")))


def test_a_withheld_reveal_changes_the_beacon_of_the_next_epoch() -> None:
    state, _ = worked(begun(), {})
    beacons = set()
    for withholding in (frozenset(), frozenset({key(3)}), frozenset({key(3), key(4)})):
        choice = usual_choice(state, PROFILE, withholding=withholding)
        after, _ = worked(setting(PROFILE, state), {}, choice)
        beacons.add(after.history.closed[-1].beacon)
    assert len(beacons) == 3


def test_who_missed_epochs_gets_them_and_only_the_newest_without_the_rule() -> None:
    states, records = history(PROFILE, (0, 0, 1), ((0, 1),) * 3)
    sent = answered(PROFILE, records, Epoch(1))
    assert catch_up(PROFILE, PROOFS, states[1], 1, sent) == states[-1]
    assert answered(PROFILE.without(Resolution.MESSAGES), records, Epoch(1)) == records[-1:]


def test_a_stretch_without_work_leaves_a_chain_as_it_was() -> None:
    states, _ = history(PROFILE, (0, 0), ((0, 1), (0,)))
    assert states[2].chains[1] == states[1].chains[1]
    assert states[2].chains[0].log.height == states[1].chains[0].log.height + 2


def test_a_closing_is_the_same_whoever_computes_it() -> None:
    now = begun()
    stretches = now.stretches(job_at_work(now, 1, (0, 1)))
    choice = usual_choice(now.state, PROFILE)
    shuffled = replace(choice, registry=choice.registry[::-1], commitments=choice.commitments[::-1])
    closings: set[Closing] = {now.closing(stretches, each) for each in (choice, shuffled)}
    assert len(closings) == 1
    assert all(stretch.cluster == ClusterId(place) for place, stretch in enumerate(stretches))
