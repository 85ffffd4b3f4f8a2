"""Rewards are read off final blocks and stay within a budget that is known before."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.leaf import ProofType
from taifoon.economics.rewards import (
    PROOF_WEIGHTS,
    Attestation,
    bonus,
    budget,
    contributions,
    counts_signature,
    credited,
    efficiency_ratio,
    fee,
    least_fee,
    payouts,
    portion,
    present,
    reward,
    smaller,
)
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Seat
from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon.redundancy.coverage import Ratio
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.economy import delivery, record_of
from taifoon_models.keys import key

STEADY = settings(deadline=None, derandomize=True, max_examples=150)
LITERAL = HARDENED.without(Resolution.REWARD)
WINDOW = HARDENED.parameters.signature_window
U64 = st.integers(0, (1 << 64) - 1)


@STEADY
@given(left=U64, right=U64)
def test_the_smaller_number_needs_no_branch(left: int, right: int) -> None:
    assert smaller(left, right) == min(left, right)


@STEADY
@given(amount=U64, part=U64, whole=st.integers(0, 1 << 70))
def test_a_portion_is_rounded_down_and_of_nothing_is_nothing(amount: int, part: int, whole: int) -> None:
    assert portion(amount, part, whole) == (0 if whole == 0 else int(Fraction(amount * part, whole)))


@STEADY
@given(base=U64, reached=st.integers(0, 1000), average=st.integers(0, 1000))
def test_the_bonus_is_a_fifth_at_the_average_and_capped(base: int, reached: int, average: int) -> None:
    given = bonus(2, base, reached, average)
    assert 0 <= given <= 2 * base // 5
    assert bonus(2, base, average, average) == base // 5
    assert bonus(2, base, 0, 7) == 0
    if average and reached <= 2 * average:
        assert given == int(Fraction(base, 5) * Fraction(reached, average))


@STEADY
@given(
    holders=st.lists(st.integers(0, 3), min_size=1, max_size=6),
    absent=st.frozensets(st.tuples(st.integers(1, 4), st.integers(0, 5))),
    proofs=st.lists(st.integers(0, 3), max_size=6),
    base=st.integers(0, 1 << 40),
    ratio=st.tuples(st.integers(0, 30), st.integers(0, 30)),
)
def test_payouts_and_remainder_make_the_budget(
    holders: list[int],
    absent: frozenset[tuple[int, int]],
    proofs: list[int],
    base: int,
    ratio: tuple[int, int],
) -> None:
    record = record_of(tuple(holders), 4, absent, proofs=tuple(proofs), reached=ratio[0], average=ratio[1])
    paid = [payout.amount for payout in payouts(HARDENED, base, record)]
    remainder = budget(HARDENED, base, *ratio) - sum(amount or 0 for amount in paid)
    assert None not in paid
    assert remainder >= 0
    everyone = any(proof in holders for proof in proofs) and not any(seat < len(holders) for _, seat in absent)
    if everyone:
        assert remainder < 2 * len(holders)


def test_the_source_pays_the_bonus_to_every_member() -> None:
    totals = {}
    for members in (5, 10, 20, 100):
        holders = tuple(range(members))
        record = record_of(holders, 1, proofs=holders)
        totals[members] = sum(payout.amount or 0 for payout in payouts(LITERAL, 100_000, record))
        assert sum(payout.amount or 0 for payout in payouts(HARDENED, 100_000, record)) == 120_000
    assert totals == {5: 200_000, 10: 300_000, 20: 500_000, 100: 2_100_000}


def test_rewards_are_read_off_final_blocks() -> None:
    record = record_of((0, 1), 2, proofs=(0, 1))
    of_no_block = Attestation(BlockNumber(9), Seat(0), BlockNumber(9))
    of_no_seat = Attestation(BlockNumber(1), Seat(7), BlockNumber(1))
    added = replace(record, attestations=(*record.attestations, of_no_block, of_no_seat, record.attestations[0]))
    assert present(HARDENED, added) == present(HARDENED, record)
    assert payouts(HARDENED, 1000, added) == payouts(HARDENED, 1000, record)


def test_a_signature_counts_in_any_block_within_the_window() -> None:
    assert [late for late in range(-2, WINDOW + 3) if counts_signature(HARDENED, 10, 10 + late)] == [*range(WINDOW + 1)]
    assert [late for late in range(-2, WINDOW + 3) if counts_signature(LITERAL, 10, 10 + late)] == [0]


def test_a_seat_counts_and_not_a_key() -> None:
    record = record_of((0, 0, 1), 2)
    assert [member.signed for member in contributions(HARDENED, record)] == [4, 2]
    assert [member.signed for member in contributions(LITERAL, record)] == [2, 2]


def test_a_replica_is_credited_once_and_only_if_it_was_drawn() -> None:
    drawn = (delivery(0, 0), delivery(1, 1, ProofType.GROTH16))
    delivered = (delivery(0, 0), delivery(0, 0), delivery(1, 1, ProofType.GROTH16), delivery(1, 0), delivery(2, 9))
    record = replace(record_of((0, 1), 1), drawn=drawn, deliveries=delivered)
    assert credited(HARDENED, record) == ((key(0), 1), (key(1), PROOF_WEIGHTS[ProofType.GROTH16]))
    assert credited(LITERAL, record) == ((key(0), 1), (key(0), 1), (key(1), 1), (key(0), 1))


def test_every_type_of_proof_has_a_weight() -> None:
    assert set(PROOF_WEIGHTS) == set(ProofType)
    assert min(PROOF_WEIGHTS.values()) == 1


@pytest.mark.parametrize(("members", "needed", "gain"), [(5, 4, 25), (10, 7, 42), (100, 67, 49)])
def test_dividing_by_the_signatures_given_would_pay_for_leaving_some_out(members: int, needed: int, gain: int) -> None:
    extra = 1_000_000
    all_sign = reward(0, extra, 0, 0, 1, members)
    censored = reward(0, extra, 0, 0, 1, needed)
    assert (censored - all_sign) * 100 // all_sign == gain
    assert reward(0, extra, 0, 0, 1, members) == all_sign


def test_the_fee_of_a_job_is_its_price() -> None:
    assert least_fee(1000, 3, 7) == 429
    assert fee(HARDENED, 1000, 3, 7) == 429
    assert fee(LITERAL, 1000, 3, 7) == 0


def test_the_average_is_the_mean_over_clusters_of_the_epoch_before() -> None:
    closed = ((Ratio(1, 1), Ratio(2, 2), Ratio(1, 1), Ratio(1, 1), Ratio(16, 1)),)
    ratios = [Fraction(*efficiency_ratio(HARDENED, closed, Epoch(1), ClusterId(cluster))) for cluster in range(5)]
    assert ratios == [Fraction(1, 4)] * 4 + [Fraction(4)]
    assert sum(ratios) == 5
    newcomer = efficiency_ratio(HARDENED, closed, Epoch(1), ClusterId(5))
    assert newcomer[0] == newcomer[1] > 0
    assert efficiency_ratio(HARDENED, closed, Epoch(0), ClusterId(0)) == (0, 0)


@pytest.mark.parametrize(("profile", "epoch"), [(HARDENED, 2), (DOCUMENT, 1)], ids=["hardened", "document"])
def test_efficiencies_of_an_open_epoch_are_refused(profile: object, epoch: int) -> None:
    with pytest.raises(Rejected) as caught:
        efficiency_ratio(profile, ((Ratio(1, 1),),), Epoch(epoch), ClusterId(0))  # type: ignore[arg-type]
    assert caught.value.code is RejectionCode.EFFICIENCY_UNKNOWN
