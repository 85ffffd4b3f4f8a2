"""Scenarios and theorems are registered once each, and none that could be vacuous."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_proofs.registry import THEOREMS, load, theorem
from taifoon_proofs.scenario import SCENARIOS, Trace, replays, run, scenario, violates
from taifoon_proofs.verdict import Counterexample, Outcome, Technique, Verdict

NAME, IDENTITY = "test/counts", "T-TEST"


@pytest.fixture(autouse=True)
def registries_as_they_were() -> Iterator[None]:
    scenarios, theorems = dict(SCENARIOS), dict(THEOREMS)
    yield
    SCENARIOS.clear()
    SCENARIOS.update(scenarios)
    THEOREMS.clear()
    THEOREMS.update(theorems)


@scenario(NAME)
def counts_to(profile: Profile, trace: Trace, *, steps: int, limit: int) -> bool:
    """The count passes its limit,
    which the repaired rule caps.
    """
    count = 0
    trace.state("start", count=count, limit=limit)
    for number in range(steps):
        if Resolution.QUORUM not in profile or count < limit:
            count += 1
        trace.state(f"step {number}", count=count)
    return count > limit


del SCENARIOS[NAME]


@pytest.fixture
def counting() -> Counterexample:
    scenario(NAME)(counts_to)
    return Counterexample(NAME, {"steps": 3, "limit": 2})


def judge(profile: Profile) -> Verdict:
    """By looking at it."""
    return Verdict(Outcome.PROVED, f"everything under {profile.name}")


def registered(identity: str = IDENTITY, needs: tuple[Resolution, ...] = (Resolution.QUORUM,)) -> None:
    theorem(identity, requirements=("R-1",), needs=needs, technique=Technique.EXHAUSTIVE)(judge)


def test_a_name_is_given_to_one_scenario(counting: Counterexample) -> None:
    with pytest.raises(ValueError, match="'test/counts' is registered twice"):
        scenario(NAME)(counts_to)


def test_a_scenario_says_what_is_violated(counting: Counterexample) -> None:
    assert SCENARIOS[NAME].summary == "The count passes its limit, which the repaired rule caps."

    def silent(profile: Profile, trace: Trace) -> bool:
        return False

    with pytest.raises(ValueError, match="needs a docstring"):
        scenario("test/silent")(silent)
    assert "test/silent" not in SCENARIOS


def test_a_run_records_states_in_which_earlier_values_stay_visible(counting: Counterexample) -> None:
    done = run(DOCUMENT, counting)
    assert done.violated
    assert done.states[0] == {"action": "start", "count": 0, "limit": 2}
    assert done.states[-1] == {"action": "step 2", "count": 3, "limit": 2}
    assert violates(DOCUMENT, NAME, counting.parameters)


def test_a_counterexample_replays_only_if_it_flips_under_the_hardened_profile(counting: Counterexample) -> None:
    assert replays(DOCUMENT, counting)
    assert replays(HARDENED.without(Resolution.QUORUM), counting)
    assert not replays(HARDENED, counting)
    assert not replays(DOCUMENT, Counterexample(NAME, {"steps": 2, "limit": 2}))
    # What fails under the repaired rule too shows nothing about the rule.
    hopeless = Counterexample(NAME, {"steps": 0, "limit": -1})
    assert run(DOCUMENT, hopeless).violated
    assert run(HARDENED, hopeless).violated
    assert not replays(DOCUMENT, hopeless)


def test_an_unknown_scenario_or_parameter_is_an_error(counting: Counterexample) -> None:
    with pytest.raises(KeyError):
        run(DOCUMENT, Counterexample("test/unknown", {}))
    with pytest.raises(TypeError):
        run(DOCUMENT, Counterexample(NAME, {"steps": 1, "limits": 2}))


def test_an_id_is_given_to_one_theorem() -> None:
    registered()
    with pytest.raises(ValueError, match="T-TEST is registered twice"):
        registered()


def test_a_theorem_that_needs_no_resolution_is_refused() -> None:
    with pytest.raises(ValueError, match="it may be vacuous"):
        registered(needs=())
    assert IDENTITY not in THEOREMS


def test_a_theorem_says_how_it_is_established() -> None:
    def silent(profile: Profile) -> Verdict:
        return judge(profile)

    with pytest.raises(ValueError, match="needs a docstring"):
        theorem(IDENTITY, requirements=(), needs={Resolution.QUORUM}, technique=Technique.COMBINED)(silent)
    assert IDENTITY not in THEOREMS


def test_the_needs_of_a_theorem_are_in_order_of_their_names() -> None:
    registered(needs=(Resolution.VOTE_ONCE, Resolution.SIZED_ROOT, Resolution.QUORUM))
    assert THEOREMS[IDENTITY].needs == (Resolution.VOTE_ONCE, Resolution.SIZED_ROOT, Resolution.QUORUM)
    assert [item.value for item in THEOREMS[IDENTITY].needs] == sorted(item.value for item in THEOREMS[IDENTITY].needs)
    assert THEOREMS[IDENTITY].method == "By looking at it."


def test_loading_finds_the_theorems_in_order_of_their_ids() -> None:
    found = load()
    assert list(found) == sorted(found)
    assert {"T-C1", "T-M3", "T-MMR-d", "T-A11"} <= set(found)
    assert all(found[identity].id == identity for identity in found)
