"""One round of votes leaves the next leader without an answer exactly where the bound of the literature says."""

from __future__ import annotations

from itertools import combinations_with_replacement, product

import pytest

from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_proofs.establish import first_violation
from taifoon_proofs.scenario import violates
from taifoon_proofs.theorems.one_round import FAULTY, pairs_of_runs

SCENARIO = "consensus/indistinguishable"
ONE_ROUND = HARDENED.without(Resolution.VIEW_CHANGE)
SEVEN = {"first": "aabb-a-", "second": "aabb-b-", "reporters": [0, 1, 2, 3, 4], "insistent": False}
NEEDED = (
    Resolution.QUORUM,
    Resolution.VOTE_ONCE,
    Resolution.VIEW_CHANGE,
    Resolution.FINALISE_NEEDS_NOTARISATION,
)


def deceives(profile: Profile, seats: int) -> bool:
    return first_violation(profile, SCENARIO, pairs_of_runs(profile, seats)) is not None


@pytest.mark.parametrize("seats", range(4, 13))
def test_one_round_fails_exactly_where_seats_are_at_most_five_f_minus_two(seats: int) -> None:
    assert deceives(ONE_ROUND, seats) == (seats <= 5 * tolerated_faults(ONE_ROUND, seats) - 2)
    assert deceives(ONE_ROUND, seats) == (seats not in (4, 5, 6, 9))


def test_seven_seats_finalise_either_block_and_report_the_same() -> None:
    assert quorum(ONE_ROUND, 7) == 5
    assert violates(ONE_ROUND, SCENARIO, SEVEN)
    assert violates(DOCUMENT, SCENARIO, SEVEN)
    assert not violates(HARDENED, SCENARIO, SEVEN)


@pytest.mark.parametrize(
    "change",
    [
        {"first": "aabb-aa"},
        {"second": "aabbab-"},
        {"second": "bbbb-b-"},
        {"reporters": [0, 1, 2, 3]},
        {"reporters": [0, 1, 2, 3, 6]},
        {"reporters": [0, 1, 2, 3, 5]},
    ],
    ids=["honest-leader", "last-quorum-too-small", "other-votes", "too-few", "the-leader", "who-voted-otherwise"],
)
def test_the_pair_of_runs_needs_each_of_its_parts(change: dict[str, object]) -> None:
    assert not violates(ONE_ROUND, SCENARIO, {**SEVEN, **change})  # type: ignore[dict-item]


@pytest.mark.parametrize("seats", [4, 5])
def test_the_pairs_that_are_searched_miss_none_in_small_committees(seats: int) -> None:
    """Every pair of runs, up to the order of seats: each seat's two choices, and whether it reports."""
    faults = tolerated_faults(ONE_ROUND, seats)
    kinds = [
        (first, second, reports)
        for first, second, reports in product(f"ab{FAULTY}", f"ab{FAULTY}", (True, False))
        if not reports or first == second or FAULTY in (first, second)
    ]
    deceived = any(
        violates(
            ONE_ROUND,
            SCENARIO,
            {
                "first": "".join(kind[0] for kind in chosen) + FAULTY,
                "second": "".join(kind[1] for kind in chosen) + FAULTY,
                "reporters": [seat for seat, kind in enumerate(chosen) if kind[2]],
                "insistent": False,
            },
        )
        for chosen in combinations_with_replacement(kinds, seats - 1)
        if all(sum(kind[run] == FAULTY for kind in chosen) < faults for run in (0, 1))
        and sum(kind[2] for kind in chosen) >= seats - faults
    )
    assert deceived == deceives(ONE_ROUND, seats)


@pytest.mark.parametrize("resolution", NEEDED, ids=lambda item: item.value)
def test_without_a_rule_that_it_needs_some_committee_is_deceived(resolution: Resolution) -> None:
    assert any(deceives(HARDENED.without(resolution), seats) for seats in range(4, 8))


@pytest.mark.parametrize("seats", range(4, 10))
def test_two_rounds_deceive_no_committee(seats: int) -> None:
    assert not deceives(HARDENED, seats)
