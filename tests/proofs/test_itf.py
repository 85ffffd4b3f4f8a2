"""A trace file brings back its run, whatever the values, and a bad file is refused by the field that is wrong."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.profile import DOCUMENT, HARDENED, Parameters, Profile, Resolution, Suite
from taifoon_proofs.itf import TraceFileError, counterexample_of, run_to_itf, value_to_itf, variables
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import Run, run
from taifoon_proofs.verdict import Counterexample

load()
FORK = Counterexample("quorum/two-certificates", {"seats": 6, "double_signers": 2})
REWRITE = Counterexample("log/completion-rewrites", {"jobs": 4, "completed": 1})


def document_of(profile: Profile, counterexample: Counterexample) -> dict[str, Any]:
    return json.loads(json.dumps(run_to_itf(run(profile, counterexample), "T-X")))  # type: ignore[no-any-return]


@pytest.mark.parametrize("counterexample", [FORK, REWRITE], ids=lambda item: item.scenario)
@pytest.mark.parametrize(
    "profile",
    [
        DOCUMENT,
        HARDENED,
        HARDENED.without(Resolution.QUORUM),
        HARDENED.with_parameters(
            Parameters(Suite.KECCAK256, 7, seed_lag=3, message_delay=9, time_tolerance=1, maximum_jobs=9)
        ),
    ],
    ids=lambda profile: profile.name,
)
def test_a_file_brings_profile_counterexample_and_states_back(profile: Profile, counterexample: Counterexample) -> None:
    document = document_of(profile, counterexample)
    assert counterexample_of(document) == (profile, counterexample, document["states"])
    again = document_of(*counterexample_of(document)[:2])
    assert again == document


def test_a_file_names_theorem_summary_and_outcome() -> None:
    document = document_of(DOCUMENT, FORK)
    assert document["#meta"]["format"] == "ITF"
    assert document["#meta"]["theorem"] == "T-X"
    assert document["#meta"]["violated"] is True
    assert "conflicting blocks" in document["#meta"]["summary"]
    assert document["vars"] == variables(run(DOCUMENT, FORK))
    assert [state["#meta"]["index"] for state in document["states"]] == list(range(len(document["states"])))


def test_a_state_has_every_variable_known_or_not() -> None:
    made = Run(FORK, DOCUMENT, violated=True, states=({"action": "a"}, {"action": "b", "root": b"\x01"}))
    states = run_to_itf(made, "T-X")["states"]
    assert states == [
        {"#meta": {"index": 0}, "action": "a", "root": "none"},
        {"#meta": {"index": 1}, "action": "b", "root": "01"},
    ]


KINDS = [
    "nothing",
    "truth",
    "text",
    "octets",
    "tuple",
    "list",
    "set",
    "frozen-set",
    "map",
    "greatest-plain",
    "first-tagged",
    "tagged-negative",
]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "none"),
        (True, True),
        ("text", "text"),
        (b"\x00\xff", "00ff"),
        ((1, "a"), {"#tup": [1, "a"]}),
        ([b"\x01"], ["01"]),
        ({"b", "a"}, {"#set": ["a", "b"]}),
        (frozenset({2, 1}), {"#set": [1, 2]}),
        ({"key": (1,)}, {"#map": [["key", {"#tup": [1]}]]}),
        ((1 << 53) - 1, (1 << 53) - 1),
        (1 << 53, {"#bigint": "9007199254740992"}),
        (-(1 << 53), {"#bigint": "-9007199254740992"}),
    ],
    ids=KINDS,
)
def test_each_kind_of_value_has_its_form(value: object, shown: object) -> None:
    assert value_to_itf(value) == shown


@settings(deadline=None, derandomize=True, max_examples=100)
@given(number=st.integers())
def test_an_integer_of_any_size_survives_a_reader_of_doubles(number: int) -> None:
    shown = value_to_itf(number)
    if isinstance(shown, dict):
        assert int(str(shown["#bigint"])) == number
    else:
        assert shown == number == int(float(number))


@pytest.mark.parametrize("value", [0.5, object(), 1j])
def test_a_value_that_no_trace_can_hold_is_refused_by_its_type(value: object) -> None:
    with pytest.raises(TypeError, match=f"cannot hold {type(value).__name__}"):
        value_to_itf(value)


def remove(*path: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for name in path[:-1]:
            document = document[name]
        del document[path[-1]]

    return change


def put(value: object, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        for name in path[:-1]:
            document = document[name]
        document[path[-1]] = value

    return change


PARAMETERS = ("#meta", "profile", "parameters")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (remove("#meta"), "#meta"),
        (remove("states"), "states"),
        (remove("#meta", "scenario"), "scenario"),
        (remove("#meta", "parameters"), "parameters"),
        (remove("#meta", "profile"), "profile"),
        (remove("#meta", "profile", "resolutions"), "resolutions"),
        (remove(*PARAMETERS), "parameters"),
        (remove(*PARAMETERS, "suite"), "suite"),
        (put("md5", *PARAMETERS, "suite"), "md5"),
        (put(0, *PARAMETERS, "minimum_cluster"), "minimum_cluster is 0"),
        (put("5", *PARAMETERS, "seed_lag"), "profile"),
        (put(1, *PARAMETERS, "depth"), "depth"),
        (put(["RES-NONE"], "#meta", "profile", "resolutions"), "#meta.profile.resolutions: RES-NONE"),
        (put(["RES-BATCH"], "#meta", "profile", "resolutions"), "RES-BATCH, which requires RES-LOG"),
        (put(3, "#meta", "profile", "resolutions"), "resolutions"),
        (put("mmr/none", "#meta", "scenario"), "#meta.scenario: 'mmr/none'"),
        (put(["mmr"], "#meta", "scenario"), "#meta.scenario"),
        (put([1], "#meta", "parameters"), "#meta.parameters"),
        (put("all", "#meta", "profile"), "profile"),
    ],
    ids=lambda item: item if isinstance(item, str) else "",
)
def test_a_bad_file_is_refused_by_what_is_wrong_in_it(change: Callable[[dict[str, Any]], None], named: str) -> None:
    document = copy.deepcopy(document_of(DOCUMENT, FORK))
    counterexample_of(document)
    change(document)
    with pytest.raises(TraceFileError) as caught:
        counterexample_of(document)
    assert named in str(caught.value)
    assert ":" in str(caught.value)


@pytest.mark.parametrize("document", [None, [], "text", 7, {}])
def test_what_is_no_trace_at_all_is_refused(document: object) -> None:
    with pytest.raises(TraceFileError, match="not a trace of this project"):
        counterexample_of(document)
