"""The source's formula in doubles: its figures, its roundings, and where it has no value."""

from __future__ import annotations

import pytest

from taifoon.economics.literal_rewards import Rounding, literal_bonus, literal_reward, rounded


def test_a_double_loses_the_last_digits_of_a_large_base() -> None:
    base = (1 << 60) + 3
    assert str(int(literal_bonus(base, 1, 1)))[-3:] == "408"
    assert str(base // 5)[-3:] == "395"


@pytest.mark.parametrize(
    ("members", "totals"), [(3, {"down": 99, "up": 102, "half up": 99}), (6, {"down": 96, "up": 102, "half up": 102})]
)
def test_equal_members_get_less_or_more_than_the_base(members: int, totals: dict[str, int]) -> None:
    found = {
        rounding.value: members * (literal_reward(100, 1, members, 1, 1, 0, 1, rounding) or 0) for rounding in Rounding
    }
    assert found == totals


@pytest.mark.parametrize("zero", ["proofs", "blocks", "average"])
def test_a_zero_denominator_gives_no_value(zero: str) -> None:
    found = literal_reward(
        100, 0, int(zero != "proofs"), 0, int(zero != "blocks"), 1, int(zero != "average"), Rounding.DOWN
    )
    assert found is None


@pytest.mark.parametrize(("amount", "down", "up", "half_up"), [(2.0, 2, 2, 2), (2.25, 2, 3, 2), (2.5, 2, 3, 3)])
def test_the_three_roundings(amount: float, down: int, up: int, half_up: int) -> None:
    assert [rounded(amount, rounding) for rounding in Rounding] == [down, up, half_up]
