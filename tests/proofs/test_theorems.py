"""Every theorem falls under the source as written and without each rule it needs, and the cheap ones hold repaired.

That each theorem holds under the repaired profile is what the audit establishes; the theorems with long explorations
are left to it.
"""

from __future__ import annotations

import pytest

from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_proofs.catalogue import load_catalogue
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import SCENARIOS, replays
from taifoon_proofs.smt import Answer, confirm
from taifoon_proofs.verdict import Outcome, Technique, Verdict

THEOREMS = load()
NEEDS = [(identity, resolution) for identity, theorem in THEOREMS.items() for resolution in theorem.needs]

# Each of these is decided in seconds.
CHEAP = ("T-A11", "T-C1", "T-M2", "T-M3", "T-M4", "T-M5", "T-M7", "T-M14", "T-MMR-a", "T-MMR-f")
CONFIRMED = ("T-A11", "T-C1", "T-M3")


def assert_refuted(verdict: Verdict, profile: Profile) -> None:
    assert verdict.outcome is Outcome.REFUTED, verdict.reason or verdict.reach
    assert verdict.counterexample is not None
    assert verdict.counterexample.scenario in SCENARIOS
    assert replays(profile, verdict.counterexample)


@pytest.mark.parametrize("identity", THEOREMS)
def test_the_source_as_written_gets_the_verdict_of_the_catalogue(identity: str) -> None:
    verdict = THEOREMS[identity].judge(DOCUMENT)
    assert verdict.outcome.value == load_catalogue().theorems[identity].document
    if verdict.outcome is Outcome.REFUTED:
        assert_refuted(verdict, DOCUMENT)


@pytest.mark.parametrize(("identity", "resolution"), NEEDS, ids=lambda item: getattr(item, "value", item))
def test_without_a_resolution_that_it_needs_a_theorem_falls(identity: str, resolution: Resolution) -> None:
    profile = HARDENED.without(resolution)
    assert_refuted(THEOREMS[identity].judge(profile), profile)


@pytest.mark.parametrize("identity", CHEAP)
def test_the_repaired_protocol_keeps_the_theorem(identity: str) -> None:
    verdict = THEOREMS[identity].judge(HARDENED)
    assert verdict.outcome.holds, verdict.reason or verdict.counterexample
    if THEOREMS[identity].technique is Technique.UNBOUNDED_SMT:
        assert verdict.outcome is Outcome.PROVED
    if THEOREMS[identity].technique is not Technique.EXHAUSTIVE:
        names = [item.name for item in verdict.obligations]
        assert names
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("identity", CONFIRMED)
def test_the_second_solver_confirms_each_obligation(identity: str) -> None:
    for item in THEOREMS[identity].judge(HARDENED).obligations:
        assert confirm(item.text).answer is Answer.UNSATISFIABLE, item.name


@pytest.mark.parametrize("identity", THEOREMS)
def test_a_theorem_is_tied_to_requirements_and_says_how_it_is_shown(identity: str) -> None:
    theorem = THEOREMS[identity]
    assert theorem.requirements
    assert theorem.method
    assert all(resolution in HARDENED and resolution not in DOCUMENT for resolution in theorem.needs)
