"""Shipped functions on symbolic integers: each path is a run of numbers, none is missing, no operation is reread."""

from __future__ import annotations

from typing import Any

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.economics.ledger import Ledger, deposit, held, pay_fee
from taifoon.economics.rewards import portion, smaller
from taifoon.economics.slashing import checked_penalty, double_vote_points
from taifoon.primitives.types import Amount
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import RejectionCode
from taifoon_models.keys import key
from taifoon_proofs.certify import certify
from taifoon_proofs.establish import Claim
from taifoon_proofs.paths import MAX_PATHS, Number, PathError, Truth, always, loose, paths
from taifoon_proofs.smt import Answer, decide, exported, obligation
from taifoon_proofs.theorems.conservation_steps import (
    OUTSIDE,
    RECORDS,
    Move,
    claimed,
    invariant,
    ledger_of,
    moved,
    moves,
    step_claims,
)

STEADY = settings(deadline=None, derandomize=True, max_examples=60)
NUMBERS = st.integers(-(1 << 70), 1 << 70)
FORMULAS = {
    "smaller": smaller,
    "larger": lambda first, second: max(first, second),
    "portion": lambda first, second: portion(first, 3, second * second),
    "points": lambda first, second: double_vote_points(first, 7 + second * second),
    "clamped": lambda first, second: max(0, min(first, second)) - second // 3,
}


def at(term: z3.ExprRef, first: int, second: int) -> z3.ExprRef:
    return z3.simplify(z3.substitute(term, (z3.Int("a"), z3.IntVal(first)), (z3.Int("b"), z3.IntVal(second))))


def answer(hypotheses: tuple[z3.BoolRef, ...], goal: z3.BoolRef) -> Answer:
    return decide(obligation("x", hypotheses, goal)).answer


@pytest.mark.parametrize("name", FORMULAS)
@STEADY
@given(first=NUMBERS, second=NUMBERS)
def test_numbers_take_one_path_and_it_gives_what_they_give(name: str, first: int, second: int) -> None:
    formula: Any = FORMULAS[name]
    found = tuple(paths((), lambda new: formula(new("a"), new("b"))))
    taken = [each for each in found if z3.is_true(at(each.condition, first, second))]
    assert len(taken) == 1
    value: Any = taken[0].value
    result = value if isinstance(value, int) else at(value.term, first, second).as_long()
    assert result == formula(first, second)


def test_a_path_that_the_hypotheses_exclude_is_left_out() -> None:
    a = z3.Int("a")
    assert len(list(paths((), lambda new: bool(new("a") < 3)))) == 2
    assert [each.value for each in paths((a > 5,), lambda new: bool(new("a") < 3))] == [False]


def test_a_missing_path_leaves_the_claim_without_a_proof() -> None:
    a = z3.Int("a")
    goal = always((a > 5,), lambda new: new("a") if new("a") > 4 else None, lambda value: value.term > 4)
    assert answer((a > 5,), goal) is Answer.UNSATISFIABLE
    assert answer((a > 3,), goal) is Answer.SATISFIABLE


def test_a_refusal_ends_well_and_a_broken_contract_does_not() -> None:
    snapshot = z3.Int("snapshot")
    for given_is, expected in ((snapshot >= 0, Answer.UNSATISFIABLE), (snapshot >= -1, Answer.SATISFIABLE)):
        goal = always((given_is,), lambda new: checked_penalty(500, new("snapshot")), lambda value: value.term >= -1)
        assert answer((given_is,), goal) is expected
    refused = list(paths((), lambda new: pay_fee(HARDENED, ledger_of(new, ()), key(OUTSIDE), new("fee"))))
    assert {each.refused for each in refused} >= {RejectionCode.AMOUNT_INVALID, None}


@pytest.mark.parametrize(
    "operation",
    [
        lambda number: number // number,
        lambda number: number // 0,
        lambda number: number + 0.5,
        lambda number: number == "1",
        lambda number: number + True,
    ],
    ids=["divisor of any sign", "division by zero", "fraction", "text", "truth value"],
)
def test_an_operation_without_a_meaning_ends_the_run(operation: Any) -> None:
    with pytest.raises(PathError):
        list(paths((), lambda new: operation(new("a"))))


def test_a_symbolic_integer_is_no_key_of_a_set_and_no_machine_number() -> None:
    for use in (hash, int, float, range):
        with pytest.raises(TypeError):
            use(loose("a"))  # type: ignore[call-overload]


def test_too_many_paths_are_refused() -> None:
    def many(new: Any) -> int:
        return sum(1 if new(f"a{place}") > 0 else 0 for place in range(10))

    assert MAX_PATHS < 2**10
    with pytest.raises(PathError, match="paths"):
        list(paths((), many))


def test_a_truth_times_a_number_chooses_no_path() -> None:
    product = (loose("a") < 3) * loose("b")
    assert isinstance(loose("a") < 3, Truth)
    assert isinstance(product, Number)
    assert at(product.term, 2, 7).as_long() == 7
    assert at(product.term, 3, 7).as_long() == 0


@pytest.fixture(scope="module")
def claims() -> tuple[Claim, ...]:
    return tuple(step_claims(HARDENED))


def test_every_step_has_a_claim_and_each_kind_of_step_has_an_end_that_is_no_refusal(claims: tuple[Claim, ...]) -> None:
    done = set()
    for move in moves():
        given_is = (invariant(ledger_of(loose, RECORDS[move.record], move.epoch)),)
        ends = paths(
            given_is, lambda new, move=move: move.step(HARDENED, ledger_of(new, RECORDS[move.record], move.epoch), new)
        )
        if any(end.value is not None for end in ends):
            done.add(move.name.partition(".")[0])
    assert done == {"deposit", "leave", "withdraw", "returned", "burn", "fee", "report", "close"}
    assert len({claim.name for claim in claims}) == len(list(moves())) + 1


def test_the_second_solver_proves_each_step_without_a_step_on_trust(claims: tuple[Claim, ...]) -> None:
    for claim in claims:
        proof = certify(exported(obligation(claim.name, claim.hypotheses, claim.goal)))
        assert proof.text is not None, f"{claim.name}: {proof.reason}"
        assert proof.trust_steps == 0


def leaking(profile: Any, ledger: Ledger, holder: Any, amount: Amount) -> Ledger:
    """A fee of which one unit is lost where it is large."""
    paid = pay_fee.__wrapped__(profile, ledger, holder, amount)  # type: ignore[attr-defined]
    object.__setattr__(paid, "treasury", paid.treasury - (amount > 1_000_000) * 1)
    return paid


def test_a_unit_lost_of_a_large_fee_alone_is_found() -> None:
    for step, expected in ((pay_fee, Answer.UNSATISFIABLE), (leaking, Answer.SATISFIABLE)):
        assert answer(*claimed(HARDENED, Move("fee", moved(step, OUTSIDE)))) is expected


def test_a_stake_that_is_not_paid_in_breaks_the_claim() -> None:
    for profile, expected in (
        (HARDENED, Answer.UNSATISFIABLE),
        (HARDENED.without(Resolution.SEATS), Answer.SATISFIABLE),
    ):
        assert answer(*claimed(profile, Move("deposit", moved(deposit, OUTSIDE)))) is expected


def test_what_is_held_is_the_shipped_sum() -> None:
    ledger = ledger_of(loose, ())
    assert "treasury" in str(held(ledger))
    assert z3.is_and(invariant(ledger))
