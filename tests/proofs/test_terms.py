"""Symbolic floor division means what Python's does, and refuses to mean anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import z3
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.profile import DOCUMENT, HARDENED, Profile
from taifoon_proofs.smt import Answer, decide, obligation
from taifoon_proofs.terms import at_most, below, constant, integer, positive, word

STEADY = settings(deadline=None, derandomize=True, max_examples=150)


def value(term: z3.ExprRef) -> Any:
    simplified = z3.simplify(term)
    return simplified.as_long() if z3.is_int_value(simplified) else z3.is_true(simplified)


@STEADY
@given(dividend=st.integers(-(1 << 70), 1 << 70), divisor=st.integers(1, 1 << 40))
def test_division_rounds_towards_the_floor_for_either_sign(dividend: int, divisor: int) -> None:
    assert value(z3.IntVal(dividend) // divisor) == dividend // divisor


@pytest.mark.parametrize(("dividend", "expected"), [(-7, -3), (-6, -2), (-1, -1), (0, 0), (6, 2), (7, 2)])
def test_division_by_three_around_zero(dividend: int, expected: int) -> None:
    assert value(z3.IntVal(dividend) // 3) == expected == dividend // 3


def test_the_solver_agrees_for_every_dividend() -> None:
    dividend = integer("dividend")
    quotient = dividend // 3
    floor = z3.And(3 * quotient <= dividend, dividend < 3 * (quotient + 1))
    assert decide(obligation("floor-division-by-three", [], floor)).answer is Answer.UNSATISFIABLE


def test_division_by_a_positive_term_is_the_floor() -> None:
    dividend, first, second = integer("dividend"), positive("first"), positive("second")
    quotient = dividend // (3 * first * second)
    whole = 3 * first * second
    floor = z3.And(quotient * whole <= dividend, dividend < (quotient + 1) * whole)
    given = [first > 0, second > 0, whole > 0]
    assert decide(obligation("floor-division-by-a-term", given, floor)).answer is Answer.UNSATISFIABLE
    assert decide(obligation("without-hypotheses", [], floor)).answer is not Answer.UNSATISFIABLE


@pytest.mark.parametrize(
    "divide",
    [
        pytest.param(lambda: integer("x") // 0, id="by-zero"),
        pytest.param(lambda: integer("x") // -3, id="by-a-negative"),
        pytest.param(lambda: integer("x") // integer("y"), id="by-a-term"),
        pytest.param(lambda: integer("x") // z3.IntVal(3), id="by-a-constant-term"),
        pytest.param(lambda: integer("x") // (positive("y") * integer("z")), id="by-a-product-with-any-term"),
        pytest.param(lambda: integer("x") // (positive("y") + 1), id="by-a-sum"),
        pytest.param(lambda: integer("x") // True, id="by-a-boolean"),
        pytest.param(lambda: integer("x") // 1.5, id="by-a-float"),
        pytest.param(lambda: 7 // integer("x"), id="of-a-number-by-a-term"),
        pytest.param(lambda: z3.Real("x") // 2, id="of-a-real"),
        pytest.param(lambda: word("x") // 2, id="of-a-word"),
    ],
)
def test_any_other_division_is_refused(divide: Callable[[], object]) -> None:
    with pytest.raises(TypeError):
        divide()


@pytest.mark.parametrize("profile", [DOCUMENT, HARDENED], ids=lambda profile: profile.name)
def test_a_shipped_formula_means_the_same_on_terms_and_on_numbers(profile: Profile) -> None:
    seats = integer("seats")
    for rule in (quorum, tolerated_faults):
        term = rule(profile, seats)
        for number in range(1, 60):
            assert value(z3.substitute(term, (seats, z3.IntVal(number)))) == rule(profile, number)


@STEADY
@given(low=st.integers(0, (1 << 64) - 1), high=st.integers(0, (1 << 64) - 1))
def test_words_are_compared_without_sign(low: int, high: int) -> None:
    assert value(at_most(constant(low), constant(high))) == (low <= high)
    assert value(below(constant(low), constant(high))) == (low < high)
