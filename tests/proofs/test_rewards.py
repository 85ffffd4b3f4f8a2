"""Theorems on rewards: both solvers decide them, and the source's figures are those of its counterexamples."""

from __future__ import annotations

import pytest

from taifoon.economics.rewards import bonus, portion
from taifoon.profile import DOCUMENT, HARDENED
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.smt import Answer, confirm, decide, obligation
from taifoon_proofs.terms import integer, positive
from taifoon_proofs.verdict import Counterexample, Outcome

THEOREMS = load()
REWARDS = ("T-E1", "T-E2", "T-E3", "T-E4", "T-E5", "T-E6", "T-E7", "T-E8", "T-E18")
WITH_SOLVER = ("T-E1", "T-E3", "T-E4", "T-E5", "T-E6", "T-E7", "T-E18")


@pytest.mark.parametrize("identity", REWARDS)
def test_the_repaired_rules_keep_the_theorem(identity: str) -> None:
    assert THEOREMS[identity].judge(HARDENED).outcome.holds


@pytest.mark.parametrize("identity", WITH_SOLVER)
def test_the_second_solver_confirms_each_obligation(identity: str) -> None:
    obligations = THEOREMS[identity].judge(HARDENED).obligations
    assert obligations
    for item in obligations:
        assert confirm(item.text).answer is Answer.UNSATISFIABLE, item.name


@pytest.mark.parametrize(("members", "paid"), [(5, 2_000), (10, 3_000), (20, 5_000)])
def test_e1_the_bonus_is_paid_once_for_each_member(members: int, paid: int) -> None:
    all_sign = Counterexample(
        "rewards/over-budget", {"members": members, "blocks": 1, "signers": members, "reached": 1, "average": 1}
    )
    literal, repaired = run(DOCUMENT, all_sign), run(HARDENED, all_sign)
    assert literal.violated
    assert not repaired.violated
    assert (literal.states[-1]["total"], repaired.states[-1]["total"]) == (paid, 1_200)


@pytest.mark.parametrize(("members", "signers", "paid"), [(5, 4, 1_800), (10, 7, 2_400), (20, 14, 3_800)])
def test_e1_the_fewest_signers_are_over_the_budget_too(members: int, signers: int, paid: int) -> None:
    fewest = Counterexample(
        "rewards/over-budget", {"members": members, "blocks": 1, "signers": signers, "reached": 1, "average": 1}
    )
    assert run(DOCUMENT, fewest).states[-1]["total"] == paid


def test_e4_every_key_collects_a_bonus() -> None:
    split = run(DOCUMENT, Counterexample("rewards/split", {"stake": 4, "keys": 4, "others": 1, "efficiency": 3}))
    one, four = (state["earned"] for state in split.states[-2:])
    # Each of the three more keys collects a fifth of the base of a million.
    assert four - one == 3 * 200_000


def test_e5_the_leader_takes_the_bonus_of_whom_it_leaves_out() -> None:
    censored = Counterexample("rewards/censored", {"members": 5, "blocks": 1, "block": 1, "censored": 4})
    literal, repaired = run(DOCUMENT, censored), run(HARDENED, censored)
    before, late = (state["paid"][4] for state in literal.states[:2])
    assert before - late == 200_000
    assert repaired.states[0]["paid"] == repaired.states[1]["paid"]


def test_e6_ninety_nine_trivial_proofs_take_nearly_all() -> None:
    paid = run(DOCUMENT, Counterexample("rewards/trivial-proofs", {"trivial": 99})).states[-1]["paid"]
    assert paid == (990, 10)
    assert run(HARDENED, Counterexample("rewards/trivial-proofs", {"trivial": 99})).states[-1]["paid"] == (607, 392)


def test_e7_ten_times_the_average_pays_a_multiple_of_the_base() -> None:
    all_sign = {"members": 10, "blocks": 1, "signers": 10, "reached": 10, "average": 1}
    assert run(DOCUMENT, Counterexample("rewards/over-budget", all_sign)).states[-1]["total"] == 21_000
    assert run(HARDENED, Counterexample("rewards/over-budget", all_sign)).states[-1]["total"] == 1_400


def test_e18_the_source_reads_the_epoch_that_is_open() -> None:
    assert violates(DOCUMENT, "rewards/own-efficiency", {"epoch": 7})
    assert not violates(HARDENED, "rewards/own-efficiency", {"epoch": 7})


def test_a_bonus_without_a_cap_has_no_bound() -> None:
    base, reached, average = integer("base"), integer("reached"), positive("average")
    given = (base >= 0, reached >= 0, average > 0)
    for cap, answer in ((2, Answer.UNSATISFIABLE), (3, Answer.SATISFIABLE)):
        goal = bonus(cap, base, reached, average) <= 2 * base // 5
        assert decide(obligation("capped", given, goal)).answer is answer


def test_the_sum_needs_parts_that_fit_into_the_whole() -> None:
    amount, first, second, whole = integer("amount"), integer("first"), integer("second"), positive("whole")
    both = portion(amount, first, whole) + portion(amount, second, whole)
    given = (amount >= 0, first >= 0, second >= 0, whole > 0)
    fits = decide(obligation("fits", (*given, first + second <= whole), both <= amount))
    over = decide(obligation("over", (*given, first + second <= whole + 1, amount <= 3, whole <= 3), both <= amount))
    assert (fits.answer, over.answer) == (Answer.UNSATISFIABLE, Answer.SATISFIABLE)


def test_reward_theorems_are_proved_for_all_numbers_where_they_say_so() -> None:
    assert THEOREMS["T-E18"].judge(HARDENED).outcome is Outcome.PROVED
