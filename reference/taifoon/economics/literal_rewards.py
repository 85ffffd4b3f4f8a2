"""Section 5.1 as written: the reward formula in IEEE 754 doubles (R-5.1-2, RC-09).

No profile that has `RES-REWARD` ever comes here. It is the one file of the section with floats, since doubles in the
order written are what the source's formula means, and what it does is to be shown.
"""

from __future__ import annotations

from enum import Enum


class Rounding(Enum):
    """How an amount that is no whole number becomes one; the source does not say."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half up"


def literal_bonus(base: int, reached: int, average: int) -> float:
    """The source's `cluster_bonus`; the ratio of efficiencies is given as two integers, the second not zero."""
    return 0.2 * base * (reached / average)


def literal_reward(
    base: int,
    proofs: int,
    all_proofs: int,
    validated: int,
    all_blocks: int,
    reached: int,
    average: int,
    rounding: Rounding,
) -> int | None:
    """The source's `individual_reward`, rounded to whole units; None where a denominator is zero: no number at all."""
    if 0 in (all_proofs, all_blocks, average):
        return None
    contribution = base * (proofs / all_proofs)
    participation = literal_bonus(base, reached, average) * (validated / all_blocks)
    return rounded(contribution + participation, rounding)


def rounded(amount: float, rounding: Rounding) -> int:
    """A double as whole units."""
    if rounding is Rounding.UP:
        return -int(-amount // 1)
    return int((amount + 0.5) // 1 if rounding is Rounding.HALF_UP else amount // 1)
