"""Control at constant load: it oscillates as the source has it and settles repaired; dead clusters stop no job."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import pytest

from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_models.load import ConstantLoad, Money, returns, turns
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.smt import Answer, confirm
from taifoon_proofs.verdict import Counterexample, Outcome

THEOREMS = load()
EACH_ITS_OWN = HARDENED.without(Resolution.CONTROL)


def counts(profile: Profile, demand: ConstantLoad, clusters: int, epochs: int, seats: int = 1_000) -> list[int]:
    taken = turns(profile, demand, clusters, [seats] * epochs)
    return [clusters, *(turn.following.clusters for turn in taken)]


@pytest.mark.parametrize("identity", ["T-S8", "T-S9", "T-A7"])
def test_the_second_solver_confirms_each_obligation(identity: str) -> None:
    verdict = THEOREMS[identity].judge(HARDENED)
    assert verdict.outcome is Outcome.EXHAUSTED
    for obligation in verdict.obligations:
        assert confirm(obligation.text, 30_000).answer is Answer.UNSATISFIABLE, obligation.name


@pytest.mark.parametrize("profile", [DOCUMENT, EACH_ITS_OWN], ids=lambda profile: profile.name)
def test_s8_a_load_of_two_and_a_half_swings_between_three_and_four(profile: Profile) -> None:
    assert counts(profile, ConstantLoad(5, 2), 3, 10) == [3, 4] * 5 + [3]
    assert counts(HARDENED, ConstantLoad(5, 2), 3, 10) == [3] + [4] * 10


def test_s8_two_cycles_exist_below_seven_clusters_alone() -> None:
    """A load swings between C and C + 1 if it is above 0.8 C and below 0.7 (C + 1)."""
    swinging = [count for count in range(1, 30) if Fraction(8, 10) * count < Fraction(7, 10) * (count + 1)]
    assert swinging == [1, 2, 3, 4, 5, 6]
    for count in swinging:
        between = (Fraction(8, 10) * count + Fraction(7, 10) * (count + 1)) / 2
        demand = ConstantLoad(between.numerator, between.denominator)
        assert counts(DOCUMENT, demand, count, 4) == [count, count + 1, count, count + 1, count]
        assert not returns(tuple(counts(HARDENED, demand, count, 8)))


def test_s8_two_loads_in_five_never_settle() -> None:
    """Of the loads from 0.58 to 5.60 in hundredths, from one cluster, with one cluster as the least."""
    loads = range(58, 561)
    restless = [work for work in loads if len(set(counts(EACH_ITS_OWN, ConstantLoad(work, 100), 1, 20)[-3:])) > 1]
    settled = [work for work in loads if len(set(counts(HARDENED, ConstantLoad(work, 100), 1, 20)[-3:])) == 1]
    assert (len(restless), len(loads), len(settled)) == (204, 503, 503)


@pytest.mark.parametrize("money", Money)
def test_s8_every_load_settles_whatever_the_efficiency(money: Money) -> None:
    for work, clusters in product(range(0, 60, 7), (1, 4, 9)):
        course = counts(HARDENED, ConstantLoad(work, 10, money), clusters, 30)
        assert course[-1] == course[-3]
        assert course in (sorted(course), sorted(course, reverse=True))


def test_s9_always_busy_clusters_go_from_ten_to_21_in_110_blocks() -> None:
    case = Counterexample("control/outgrows-the-seats", {"seats": 100, "clusters": 10, "epochs": 11})
    assert run(DOCUMENT, case).states[-1]["clusters"] == 21
    assert run(HARDENED, case).states[-1]["clusters"] == 10


@pytest.mark.parametrize("factor", [1, 2, 3, 6, 8])
def test_s12_each_replica_is_one_capable_seat(factor: int) -> None:
    case = Counterexample("placement/other-seats-prove", {"sizes": [2, 2, 2], "factor": factor, "draw": 0})
    literal, repaired = (run(profile, case).states[-1] for profile in (DOCUMENT, HARDENED))
    assert (literal["provers"], literal["capable"]) == (3, False)
    assert (repaired["provers"], repaired["capable"]) == (min(factor, 6), True)
    assert len(repaired["clusters"]) == min(factor, 3)


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_s11_replicas_in_one_cluster_fall_with_it(factor: int) -> None:
    """Literally one dead cluster of four is enough; repaired, it takes as many as there are replicas."""
    for profile, enough in ((DOCUMENT, 1), (HARDENED, factor)):
        deadly = [
            len(dead)
            for size in range(5)
            for dead in [list(each) for each in product(range(4), repeat=size) if list(each) == sorted(set(each))]
            if run(
                profile,
                Counterexample(
                    "placement/dead-clusters-stop-a-job",
                    {"sizes": [3, 3, 3, 3], "factor": factor, "draw": 0, "dead": dead},
                ),
            ).states[-1]["alive"]
            == ()
        ]
        assert min(deadly) == enough


def test_s13_the_tenth_busy_block_moves_the_network_at_once() -> None:
    moved = [
        length
        for length in range(2, 15)
        if violates(EACH_ITS_OWN, "control/moves-within-an-epoch", {"loads": [90] * length, "seats": 40})
    ]
    assert moved == [11, 12, 13, 14]
    assert not violates(HARDENED, "control/moves-within-an-epoch", {"loads": [90] * 14, "seats": 40})
