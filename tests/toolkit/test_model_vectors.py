"""Vectors from the models: every recorded counterexample still fails, and its violating step is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from taifoon.network.kinds import Kind, Message, P2PMessage, encode_message
from taifoon.primitives.encoding import encode, shape_of
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import RejectionCode
from taifoon_proofs import registry
from taifoon_proofs.scenario import violates
from taifoon_toolkit.vectors import committee, control, violations
from taifoon_toolkit.vectors.build import UnfitCaseError, build, vector_of_trace
from taifoon_toolkit.vectors.case import Case, Trace
from taifoon_toolkit.vectors.counterexamples import gathered, recorded
from taifoon_toolkit.vectors.marks import LengthMark, TagMark, greatest_value, least_value, length_of, marks_of
from taifoon_toolkit.vectors.messages import drawn_messages, shape_of_kind
from taifoon_toolkit.vectors.shipped import shipped_vectors
from taifoon_toolkit.vectors.tree import with_definitions


def test_every_recorded_counterexample_fails_without_its_resolution_and_not_with_it() -> None:
    registry.load()
    assert len(recorded()) > 150
    for found in recorded():
        assert violates(found.profile, found.scenario, found.parameters), found
        assert not violates(HARDENED, found.scenario, found.parameters), found


def test_the_kept_violations_are_those_that_the_counterexamples_make() -> None:
    # A process of its own, since what the models have computed before is not called again.
    script = "from taifoon_toolkit.vectors.captured import *; print(text_of_violations(), end='')"
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    found = subprocess.run(  # noqa: S603 - this project's own code
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert violations.kept() == found.stdout, "run taifoon vectors refresh"


def test_no_violation_is_followed_by_a_hardened_client_and_each_is_about_one_resolution() -> None:
    made = tuple(violations.cases())
    assert build(made).left_out == ()
    resolutions = {item.requirements[0] for item in made}
    assert len(resolutions) > 20
    refused = [item for item in made if isinstance(item, Case) and item.code is not None]
    assert all(isinstance(item.fault, Resolution) for item in refused)
    assert len(refused) > 25


def test_a_fork_of_a_weakened_committee_ends_at_a_step_that_is_refused() -> None:
    runs = {trace.label: trace for trace in committee.weakened_runs()}
    forks = [trace for label, trace in runs.items() if label.startswith("fork-")]
    assert len(forks) >= 5
    for trace in forks:
        codes = [step.code for step in trace.steps if step.code is not None]
        assert len(codes) == 1
        last = vector_of_trace(trace).content["steps"][-1]["snapshot"]
        assert len({block["view"] for block in last["final"]}) == len(last["final"])


def test_the_models_shortest_runs_meet_every_rule_of_voting() -> None:
    met = {step.code for trace in committee.shortest_runs() for step in trace.steps if step.code is not None}
    assert met == {code for _, code in committee.RULES}
    assert met >= {RejectionCode.VOTE_TWICE, RejectionCode.VOTE_GAP, RejectionCode.VIEW_NOT_OVER}


def test_a_run_that_a_resolution_does_not_decide_is_no_vector() -> None:
    calm = next(trace for trace in control.control_cases() if trace.label == "nothing-happens")
    claimed = Trace(calm.machine, calm.label, calm.start, calm.steps, decides=(Resolution.CONTROL,))
    assert vector_of_trace(calm)
    with pytest.raises(UnfitCaseError, match="the same without RES-CTRL"):
        vector_of_trace(claimed)


def test_counterexamples_are_gathered_from_an_audit() -> None:
    shown = {"scenario": "mmr/forged-leaf", "parameters": {"leaves": 1}}
    tightness = [
        {"without": "RES-MMR.index-bound", "counterexample": shown, "replayed": True},
        {"without": "RES-MMR.bag-order", "counterexample": shown, "replayed": False},
        {"without": "RES-MMR.sized-root", "counterexample": None, "replayed": None},
    ]
    rows = json.loads(gathered({"theorems": [{"id": "T-A", "tightness": tightness}]}))
    assert rows == [{"without": "RES-MMR.index-bound", "theorems": ["T-A"], **shown}]


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_marks_stand_where_the_writer_puts_tags_and_lengths(kind: Kind) -> None:
    shape = shape_of_kind(kind)
    messages: tuple[P2PMessage, ...] = (drawn_messages()[kind], least_value(shape), greatest_value(shape, 2))
    for message in messages:
        octets = encode_message(message)
        assert octets == encode(Message, Message(message))
        assert length_of(shape, message) == len(octets) - 1
        for mark in marks_of(shape, message, 1, ""):
            if isinstance(mark, TagMark):
                assert octets[mark.place] < mark.known
            elif isinstance(mark, LengthMark):
                count = int.from_bytes(octets[mark.place : mark.place + 4], "little")
                assert count <= mark.maximum
                assert mark.end - mark.place - 4 >= count


def test_every_kind_of_message_has_a_valid_vector_and_each_fault() -> None:
    decoded = [vector for vector in shipped_vectors() if vector.name == "message.decode"]
    for kind in Kind:
        name = kind.name.lower().replace("_", "-")
        of_kind = [vector for vector in decoded if vector.id.startswith(f"message.decode/{name}-")]
        codes = {vector.content["outcome"].get("rejection") for vector in of_kind}
        assert None in codes
        assert {"ENCODING_TRUNCATED"} <= codes
        assert codes & {"ENCODING_TRAILING_BYTES", "ENCODING_OVER_LONG"}


def test_a_schema_writes_once_what_occurs_again() -> None:
    part = {"type": "object", "properties": {name * 20: shape_text() for name in "abcd"}, "additionalProperties": False}
    whole = {"type": "object", "properties": {"first": part, "second": part}}
    short = with_definitions(whole)
    assert short["properties"]["first"] == short["properties"]["second"] == {"$ref": "#/$defs/part-1"}
    assert short["$defs"]["part-1"]["properties"].keys() == part["properties"].keys()
    assert with_definitions({"type": "object", "properties": {"only": part}})["properties"]["only"] == part


def shape_text() -> dict[str, str]:
    return {"type": "string"}


def test_a_shape_of_a_message_is_that_of_its_type() -> None:
    assert all(shape_of_kind(kind) == shape_of(kind.value) for kind in Kind)
