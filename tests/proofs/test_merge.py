"""What the scenarios of reconciliation show, and that each of them can fail."""

from __future__ import annotations

import pytest

from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.theorems.merge import deliveries
from taifoon_proofs.verdict import Counterexample


def test_two_sides_after_three_blocks_end_with_two_roots_literally() -> None:
    parameters = {"common": 3, "left": 1, "right": 1}
    literal = run(DOCUMENT, Counterexample("merge/diverged-logs", parameters))
    assert literal.violated
    assert literal.states[-1]["here"] == literal.states[-1]["there"] == (5,)
    assert literal.states[-1]["root_here"] != literal.states[-1]["root_there"]
    repaired = run(HARDENED, Counterexample("merge/diverged-logs", parameters))
    assert not repaired.violated
    assert repaired.states[-1]["here"] == repaired.states[-1]["there"] == "conflict"


@pytest.mark.parametrize("common", range(4))
def test_a_side_that_only_lags_is_no_conflict(common: int) -> None:
    for profile in (HARDENED, HARDENED.without(Resolution.MERGE)):
        assert not violates(profile, "merge/diverged-logs", {"common": common, "left": 2, "right": 0})


def test_a_delivery_that_never_comes_is_seen() -> None:
    parameters = {"chains": ["ab", "a"], "order": [0, 1]}
    assert violates(HARDENED, "merge/delivery-order", parameters)
    assert not violates(HARDENED, "merge/delivery-order", {**parameters, "order": [1, 2]})


def test_every_explored_delivery_is_complete() -> None:
    for case in deliveries():
        assert set(case["order"]) == set(range(sum(map(len, case["chains"]))))  # type: ignore[arg-type]
