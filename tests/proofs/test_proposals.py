"""A forged proposal is blamed on its leader literally, at the source's price, and refused in the repaired protocol."""

from __future__ import annotations

from fractions import Fraction

import pytest

from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon.rejection import RejectionCode
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.theorems.proposals import UNSIGNED, forgeries, stake_left
from taifoon_proofs.verdict import Counterexample


@pytest.mark.parametrize(("number", "permille"), [(1, 850), (5, 444), (10, 197)])
def test_what_forgeries_leave_of_a_leaders_stake_is_what_the_catalogue_says(number: int, permille: int) -> None:
    left, whole = stake_left(number)
    assert Fraction(left, whole) == Fraction(85, 100) ** number
    assert (2000 * left + whole) // (2 * whole) == permille


@pytest.mark.parametrize("number", [1, 5, 10])
def test_every_forgery_is_blamed_literally_and_none_in_the_repaired_protocol(number: int) -> None:
    parameters = {"seats": 5, "view": 1, "forger": UNSIGNED, "forgeries": number}
    literal = run(DOCUMENT, Counterexample("proposal/forged", parameters))
    assert literal.violated
    assert literal.states[-1]["blamed"] == number
    assert literal.states[-1]["stake_left"] == "{}/{}".format(*stake_left(number))
    repaired = run(HARDENED, Counterexample("proposal/forged", parameters))
    assert not repaired.violated
    assert repaired.states[-1]["refused"] == RejectionCode.SIGNATURE_INVALID.name


def test_the_scenario_is_violated_by_the_leaders_own_signature_so_that_it_can_fail() -> None:
    assert violates(HARDENED, "proposal/forged", {"seats": 5, "view": 1, "forger": 0, "forgeries": 1})


def test_every_explored_forgery_passes_without_the_rule() -> None:
    profile = HARDENED.without(Resolution.SIGNED_PROPOSAL)
    cases = list(forgeries(profile))
    assert len(cases) == 7 * (5 + 6 + 7 + 8)
    assert all(violates(profile, "proposal/forged", parameters) for parameters in cases)
