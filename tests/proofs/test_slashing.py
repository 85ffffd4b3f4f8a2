"""Theorems on penalties and stake: both solvers decide them, and the source's figures are those of their scenarios."""

from __future__ import annotations

import pytest

from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.smt import Answer, confirm
from taifoon_proofs.theorems.evidence import FORGED
from taifoon_proofs.theorems.slashing import SOURCE_KINDS
from taifoon_proofs.verdict import Counterexample

THEOREMS = load()
PENALTIES = ("T-A3", "T-E9", "T-E11", "T-E12", "T-E13", "T-E14", "T-E15", "T-E16", "T-E17")
WITH_SOLVER = ("T-A3", "T-E9", "T-E13", "T-E15", "T-E17")


@pytest.mark.parametrize("identity", PENALTIES)
def test_the_repaired_rules_keep_the_theorem(identity: str) -> None:
    assert THEOREMS[identity].judge(HARDENED).outcome.holds


@pytest.mark.parametrize("identity", WITH_SOLVER)
def test_the_second_solver_confirms_each_obligation(identity: str) -> None:
    obligations = THEOREMS[identity].judge(HARDENED).obligations
    assert obligations
    for item in obligations:
        assert confirm(item.text).answer is Answer.UNSATISFIABLE, item.name


def test_a3_ten_free_keys_are_ten_places() -> None:
    split = Counterexample("stake/split", {"stake": 10, "parts": [1] * 10})
    assert run(DOCUMENT, split).states[-1]["seats_of_parts"] == (1,) * 10
    assert run(HARDENED, split).states[-1]["seats_of_parts"] == (0,) * 10


def test_e9_two_readings_of_a_percentage() -> None:
    all_four = Counterexample("slashing/open-base", {"stake": 2_000_000, "kinds": list(SOURCE_KINDS)})
    # 28.7785 % of the current stake, 32 % of the initial one.
    assert run(DOCUMENT, all_four).states[-1]["left"] == (1_424_430, 1_360_000)
    assert run(HARDENED, all_four).states[-1]["left"] == (1_360_000,)


def test_e9_seven_proposals_wrap_an_unsigned_word() -> None:
    seven = Counterexample("slashing/open-base", {"stake": 100, "kinds": ["BYZANTINE_PROPOSAL"] * 7})
    assert run(DOCUMENT, seven).states[-1]["left"][1] == (1 << 64) - 5
    assert run(HARDENED, seven).states[-1]["left"] == (0,)


def test_e9_a_stake_of_ten_ends_at_eight_or_nine() -> None:
    order = ["INVALID_PROOF", "INACTIVITY", "BYZANTINE_PROPOSAL", "DESYNCHRONISATION"]
    counterexample = Counterexample("slashing/order", {"stake": 10, "kinds": order})
    assert {state["left"] for state in run(DOCUMENT, counterexample).states} == {8, 9}
    assert {state["left"] for state in run(HARDENED, counterexample).states} == {7}


def test_e11_a_day_cut_off_takes_two_fifths_of_an_honest_stake() -> None:
    day = Counterexample("slashing/partition", {"windows": "h" * 24, "members": 5})
    # 38.4 % of a million.
    assert run(DOCUMENT, day).states[-1]["left"] // 1_000 == 615
    assert run(HARDENED, day).states[-1]["left"] == 1_000_000


def test_e11_who_is_gone_while_others_go_on_loses_two_percent_and_no_more() -> None:
    gone = Counterexample("slashing/partition", {"windows": "a" * 24, "members": 5})
    assert run(HARDENED, gone).states[-1]["left"] == 980_000


def test_e13_whoever_withdraws_first_is_not_slashed() -> None:
    first = Counterexample("slashing/withdrawn-first", {"left": 0, "offence": 0, "evidence": 1})
    assert run(HARDENED.without(Resolution.EVIDENCE), first).states[-1]["lost"] == 0
    assert run(HARDENED, first).states[-1]["lost"] == HARDENED.parameters.seat_stake // 20


@pytest.mark.parametrize("kind", FORGED)
def test_e13_what_shows_nothing_convicts_only_where_nothing_is_asked(kind: str) -> None:
    assert not violates(HARDENED, "slashing/framed", {"kind": kind})
    # Votes are checked with their signatures under every profile.
    assert violates(HARDENED.without(Resolution.EVIDENCE), "slashing/framed", {"kind": kind}) == (kind != "vote")


def test_e14_one_proposal_is_punished_three_times() -> None:
    act = Counterexample("slashing/one-act", {"kinds": ["BYZANTINE_PROPOSAL", "INVALID_PROOF", "DESYNCHRONISATION"]})
    # 27.325 % of two million, and 15 %.
    assert run(DOCUMENT, act).states[-1]["cost"] == 546_500
    assert run(HARDENED, act).states[-1]["cost"] == 300_000


def test_e15_a_fork_costs_its_voters_nothing_and_then_everything() -> None:
    fork = Counterexample("incentives/offence-pays", {"kind": "DOUBLE_VOTE", "committee": 5})
    assert run(DOCUMENT, fork).states[-1]["penalty"] == 0
    # Two quorums of four among five share three seats.
    assert run(HARDENED, fork).states[-1]["penalty"] == 3 * HARDENED.parameters.seat_stake


def test_e17_an_offender_reports_itself_for_free() -> None:
    free = Counterexample("slashing/self-report", {"stake": 10_000_000})
    assert run(DOCUMENT, free).violated
    kept = run(HARDENED, free).states[-1]["kept"]
    # A tenth of the 5 % comes back.
    assert kept == 10_000_000 - 450_000
