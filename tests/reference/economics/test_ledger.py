"""The ledger: units move, and only genesis and epochs make them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from taifoon.core.accountability import FinalityProof, demanded, find_guilt
from taifoon.economics.ledger import (
    Ledger,
    admit,
    burn,
    close_epoch,
    deposit,
    genesis_ledger,
    held,
    is_conserved,
    leave,
    pay_fee,
    withdraw,
)
from taifoon.economics.rewards import budget
from taifoon.primitives.types import Amount
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.economy import BAD_PROOF, CHAIN, committee, double_vote, jurisdiction, record_of, submission
from taifoon_models.keys import certificate_by, key
from taifoon_models.voting import GENESIS, path_of, proposals

SEAT = HARDENED.parameters.seat_stake
HOLDERS = (0, 1, 2, 3, 4)
JUDGE = jurisdiction(30, HOLDERS)


def begin(stake: int = SEAT, profile: Profile = HARDENED) -> Ledger:
    stakes = tuple((key(holder), Amount(stake)) for holder in HOLDERS)
    return genesis_ledger(profile, CHAIN, ((key(0), Amount(5)), (key(9), Amount(2 * SEAT))), stakes)


def after(epochs: int, ledger: Ledger) -> Ledger:
    for _ in range(epochs):
        ledger = close_epoch(HARDENED, ledger, ())
    return ledger


def code_of(step: Callable[[], Ledger]) -> RejectionCode:
    with pytest.raises(Rejected) as caught:
        step()
    return caught.value.code


def test_an_epoch_issues_its_budget_and_nothing_else() -> None:
    ledger = begin()
    record = record_of(HOLDERS, 2, frozenset({(1, 0)}), proofs=HOLDERS, reached=3, average=2)
    closed = close_epoch(HARDENED, ledger, (record,))
    issued = budget(HARDENED, HARDENED.parameters.base_reward, 3, 2)
    assert closed.issued - ledger.issued == issued == 130_000
    # The base is paid out whole; of the bonus one signature of ten is missing.
    assert closed.treasury == 3000
    assert closed.balance(key(0)) == 5 + 20_000 + 3000
    assert is_conserved(closed)
    literal = close_epoch(HARDENED.without(Resolution.REWARD), ledger, (record,))
    assert literal.treasury < 0
    assert not is_conserved(literal)


def test_a_deposit_moves_units_and_serves_two_epochs_later() -> None:
    ledger = deposit(HARDENED, begin(), key(9), Amount(SEAT))
    assert (ledger.balance(key(9)), held(ledger)) == (SEAT, ledger.issued)
    closed = close_epoch(HARDENED, ledger, ())
    assert [closed.snapshot(epoch).stake_of(key(9)) for epoch in (0, 1, 2)] == [0, 0, SEAT]  # type: ignore[arg-type]
    literal = deposit(HARDENED.without(Resolution.SEATS), begin(), key(9), Amount(SEAT))
    assert not is_conserved(literal)


def test_what_cannot_be_paid_or_moved_is_refused() -> None:
    ledger = begin()
    gone = leave(HARDENED, ledger, key(0))
    assert code_of(lambda: deposit(HARDENED, ledger, key(9), Amount(0))) is RejectionCode.AMOUNT_INVALID
    assert code_of(lambda: burn(HARDENED, ledger, key(9), Amount(-1))) is RejectionCode.AMOUNT_INVALID
    assert code_of(lambda: deposit(HARDENED, ledger, key(9), Amount(3 * SEAT))) is RejectionCode.BALANCE_SHORT
    assert code_of(lambda: burn(HARDENED, ledger, key(8), Amount(1))) is RejectionCode.BALANCE_SHORT
    assert code_of(lambda: leave(HARDENED, ledger, key(9))) is RejectionCode.STAKE_UNKNOWN
    assert code_of(lambda: withdraw(HARDENED, ledger, key(9))) is RejectionCode.STAKE_UNKNOWN
    assert code_of(lambda: leave(HARDENED, gone, key(0))) is RejectionCode.STAKE_LEAVING
    assert code_of(lambda: deposit(HARDENED, gone, key(0), Amount(1))) is RejectionCode.STAKE_LEAVING
    assert code_of(lambda: withdraw(HARDENED, ledger, key(0))) is RejectionCode.STAKE_LOCKED


def test_a_fee_goes_to_the_treasury() -> None:
    paid = pay_fee(HARDENED, begin(), key(0), Amount(4))
    assert (paid.balance(key(0)), paid.treasury) == (1, 4)
    assert code_of(lambda: pay_fee(HARDENED, paid, key(0), Amount(2))) is RejectionCode.BALANCE_SHORT
    assert code_of(lambda: pay_fee(HARDENED, paid, key(0), Amount(0))) is RejectionCode.AMOUNT_INVALID


def test_a_stake_is_withdrawn_in_the_first_epoch_after_its_delay() -> None:
    ledger = leave(HARDENED, begin(), key(0))
    waiting = HARDENED.parameters.seed_lag + HARDENED.parameters.unbonding_delay
    assert code_of(lambda: withdraw(HARDENED, after(waiting - 1, ledger), key(0))) is RejectionCode.STAKE_LOCKED
    paid = withdraw(HARDENED, after(waiting, ledger), key(0))
    assert (paid.balance(key(0)), paid.entry(key(0))) == (5 + SEAT, None)
    assert withdraw(HARDENED.without(Resolution.EVIDENCE), ledger, key(0)).balance(key(0)) == 5 + SEAT


def test_a_former_member_is_slashed() -> None:
    ledger = after(5, leave(HARDENED, begin(), key(0)))
    assert ledger.snapshot(ledger.epoch).stake_of(key(0)) == 0
    slashed = admit(HARDENED, ledger, JUDGE, submission(HARDENED, 0, 1, 1, BAD_PROOF), key(9))
    assert slashed.entry(key(0)).taken == SEAT // 20  # type: ignore[union-attr]


def test_a_report_pays_a_share_once() -> None:
    evidence = submission(HARDENED, 0, 0, 1, BAD_PROOF)
    ledger = admit(HARDENED, begin(), JUDGE, evidence, key(9))
    assert ledger.balance(key(9)) - 2 * SEAT == SEAT // 200
    assert ledger.treasury == SEAT // 20 - SEAT // 200
    assert admit(HARDENED, ledger, JUDGE, evidence, key(1)) == ledger


def test_evidence_outside_its_window_is_refused() -> None:
    last = HARDENED.parameters.evidence_window + HARDENED.parameters.evidence_delay
    evidence = submission(HARDENED, 0, 0, 1, BAD_PROOF)
    assert admit(HARDENED, after(last, begin()), JUDGE, evidence, key(9)).treasury > 0
    assert code_of(lambda: admit(HARDENED, after(last + 1, begin()), JUDGE, evidence, key(9))) is (
        RejectionCode.EVIDENCE_LATE
    )
    ahead = submission(HARDENED, 0, 1, 1, BAD_PROOF)
    assert code_of(lambda: admit(HARDENED, begin(), JUDGE, ahead, key(9))) is RejectionCode.EVIDENCE_LATE


def test_a_withheld_reveal_is_charged_like_silence_and_once_with_it() -> None:
    blocks = HARDENED.parameters.inactivity_blocks + HARDENED.parameters.signature_window
    idle = record_of(HOLDERS, blocks, frozenset((block, 4) for block in range(1, blocks + 1)))
    for records, withheld in (((), (key(4), key(99))), ((idle,), ()), ((idle,), (key(4),))):
        ledger = close_epoch(HARDENED, begin(), records, withheld=withheld)
        assert {entry.public_key: entry.taken for entry in ledger.entries if entry.taken} == {key(4): SEAT // 50}


def test_an_outsider_fills_no_record() -> None:
    evidence = submission(HARDENED, 9, 0, 1, BAD_PROOF)
    assert code_of(lambda: admit(HARDENED, begin(), JUDGE, evidence, key(0))) is RejectionCode.EVIDENCE_UNCONVINCING
    literal = admit(HARDENED.without(Resolution.EVIDENCE), begin(), JUDGE, evidence, key(0))
    assert len(literal.convictions) == 1
    assert literal.entries == begin().entries


def test_a_fork_costs_everyone_whom_it_convicts_the_whole_stake() -> None:
    links = proposals(2)
    judge = replace(JUDGE, committees=(committee(0, HOLDERS),))
    proofs = []
    for name, signers in (("1.a", (0, 1, 2, 3)), ("2.0", (1, 2, 3, 4))):
        path = path_of(links[name], links)
        statements = dict.fromkeys(demanded(HARDENED, judge.committees[0], path))
        signed = tuple(certificate_by(HARDENED, item, signers, list(signers)) for item in statements)
        proofs.append(FinalityProof(path, signed))
    found = find_guilt(HARDENED, judge.committees[0], GENESIS, *proofs)
    assert [evidence.first.seat for evidence in found] == [1, 2, 3]
    ledger = begin()
    for evidence in found:
        ledger = admit(HARDENED, ledger, judge, evidence, key(9))
    assert [entry.stake for entry in ledger.entries if entry.taken] == [0, 0, 0]
    assert ledger.treasury + ledger.balance(key(9)) == 5 * SEAT


def test_the_order_of_evidence_does_not_change_what_is_taken() -> None:
    shown = [double_vote(HARDENED, HOLDERS, 0, seat, view) for seat in (0, 1) for view in (1, 2)]
    shown.append(submission(HARDENED, 0, 0, 1, BAD_PROOF))  # type: ignore[arg-type]
    ends = []
    for order in (shown, shown[::-1], shown[2:] + shown[:2]):
        ledger = begin()
        for evidence in order:
            ledger = admit(HARDENED, ledger, JUDGE, evidence, key(9))
        ends.append((ledger.entries, ledger.convictions, ledger.treasury + ledger.balance(key(9))))
    assert ends[0] == ends[1] == ends[2]
    assert [entry.taken for entry in ends[0][0] if entry.taken] == [SEAT, SEAT]


def test_more_guilt_raises_the_penalty_of_those_convicted_before() -> None:
    ledger = admit(HARDENED, begin(), JUDGE, double_vote(HARDENED, HOLDERS, 0, 0, 1), key(9))
    assert ledger.entry(key(0)).taken == SEAT * 6 // 10  # type: ignore[union-attr]
    ledger = admit(HARDENED, ledger, JUDGE, double_vote(HARDENED, HOLDERS, 0, 1, 1), key(9))
    assert [ledger.entry(key(member)).taken for member in (0, 1)] == [SEAT, SEAT]  # type: ignore[union-attr]


def test_an_idle_member_is_charged_once_an_epoch_and_not_after_it_left() -> None:
    blocks = HARDENED.parameters.inactivity_blocks * 2
    idle = record_of(HOLDERS, blocks, frozenset((block, 4) for block in range(1, blocks + 1)))
    ledger = close_epoch(HARDENED, begin(), (idle,))
    assert [entry.taken for entry in ledger.entries if entry.taken] == [SEAT // 50]
    assert ledger.entry(key(4)).taken == SEAT // 50  # type: ignore[union-attr]
    left = close_epoch(HARDENED, leave(HARDENED, begin(), key(4)), ())
    assert not any(entry.taken for entry in close_epoch(HARDENED, left, (idle,)).entries)
