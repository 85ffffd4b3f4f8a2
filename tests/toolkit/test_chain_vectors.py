"""The vectors of blocks, owners, epochs and section 6: each rule has one, and each breaks that rule alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from typing import Any

import jsonschema
import pytest

from taifoon.core.block import ClusterBlock
from taifoon.primitives.types import BlockNumber, Epoch
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import RejectionCode
from taifoon_models.blocks import BREAKINGS, with_header
from taifoon_models.keys import key
from taifoon_toolkit.conform.compare import Comparison
from taifoon_toolkit.conform.fuzz import Fuzzer
from taifoon_toolkit.conform.protocol import Abilities
from taifoon_toolkit.vectors import (
    beacon,
    block_cases,
    carried,
    chain_cases,
    closings,
    condemned_cases,
    epochs,
    individual,
    network_cases,
    offences,
    owners,
    reconciliation,
    validations,
    validity_cases,
)
from taifoon_toolkit.vectors.build import Built, Vector, build
from taifoon_toolkit.vectors.case import Case
from taifoon_toolkit.vectors.method import METHODS
from taifoon_toolkit.vectors.parts import put_in
from taifoon_toolkit.vectors.tree import INDEX, files_of
from taifoon_toolkit.vectors.wire import from_json, to_json

from ..clients.zoo.faithful import Faithful

SUBJECTS = (
    *(beacon, epochs, closings, owners, block_cases, validity_cases, chain_cases),
    *(network_cases, validations, reconciliation, individual, carried, offences, condemned_cases),
)
MET = {
    *("BLOCK_PARENT", "BLOCK_DISCONTINUOUS", "BLOCK_EPOCH", "BLOCK_CLUSTER", "BLOCK_VIEW", "BLOCK_TIME_NOT_LATER"),
    *("BLOCK_TIME_AHEAD", "LEAF_TIME", "BLOCK_MEMBERS", "BLOCK_QUORUM", "BLOCK_LEADER", "BLOCK_TOO_MANY_JOBS"),
    *("JOB_FOREIGN", "JOB_CLOSED", "JOB_UNPROVABLE", "JOB_ALREADY_TAKEN_IN", "JOB_UNKNOWN", "JOB_ALREADY_COMPLETED"),
    *("LEAF_KIND", "LEAF_MISMATCH", "CARRIED_WINDOW", "CARRIED_ORDER", "CARRIED_SIGNATURE", "RESULTS_MISMATCH"),
    *("COMMITMENT_MISMATCH", "PROOF_INVALID", "PROVER_NOT_DRAWN", "BLOCK_ROOT", "ROOT_UNKNOWN"),
    *("CLUSTER_COUNT_INVALID", "BEACON_REVEAL", "BEACON_COMMITMENT", "EPOCH_HEADS", "EPOCH_DERIVED"),
    *("FINALITY_PATH", "FINALITY_INCOMPLETE", "CERTIFICATE_NO_QUORUM", "SIGNATURE_INVALID", "PREFIX_CONFLICT"),
    *("CROSS_VALIDATION_MISSING", "CERTIFICATE_STATEMENT", "CERTIFICATE_SHAPE", "CERTIFICATE_SEATS_UNSORTED"),
    *("EVIDENCE_UNCONVINCING", "STATEMENT_MALFORMED", "PROPOSAL_STATEMENT"),
}


@cache
def built() -> Built:
    return build(case for subject in SUBJECTS for case in subject.cases())


def parts_of(vector: Vector) -> Iterator[Any]:
    yield from vector.content.get("steps", ()) if vector.is_trace else (vector.content,)


def validity(label: str) -> Any:
    content = next(vector.content for vector in built().vectors if vector.id == f"block.validate/{label}")
    return METHODS["block.validate"].read(content["given"])


def test_no_case_is_left_out() -> None:
    assert built().left_out == ()


def test_every_rejection_code_of_these_rules_is_met() -> None:
    met = {part["outcome"]["rejection"] for vector in built().vectors for part in parts_of(vector) if "fault" in part}
    assert met >= MET
    assert {code.name for code in RejectionCode} >= MET


@pytest.mark.parametrize("name", BREAKINGS)
def test_every_way_to_break_a_block_is_a_vector_with_its_code(name: str) -> None:
    label = name.replace(" ", "-")
    content = next(vector.content for vector in built().vectors if vector.id == f"block.validate/{label}")
    assert content["outcome"] == {"rejection": BREAKINGS[name][1].name}
    assert (content["fault"]["means"] == "unswitchable") == (name == "parent")


# What of a broken block departs from the honest one. A leaf changes the root with it, a view the leader.
WITH_ROOT = ("later leaf", "foreign job", "repeated intake", "old intake", "altered completion")
WITH_RESULTS = ("unknown job", "repeated completion", "old completion", "too many jobs", "false proof", "copied proof")
TOGETHER: dict[str, frozenset[str]] = {
    "view": frozenset({"view", "leader_pubkey"}),
    **dict.fromkeys(WITH_ROOT, frozenset({"proof_jobs", "mmr_root"})),
    **dict.fromkeys(WITH_RESULTS, frozenset({"proof_jobs", "proof_results", "mmr_root"})),
}


def departures(block: ClusterBlock, honest: ClusterBlock) -> set[str]:
    def content(each: ClusterBlock) -> dict[str, object]:
        of_block = {item.name: getattr(each, item.name) for item in fields(each) if item.name != "header"}
        return of_block | {item.name: getattr(each.header, item.name) for item in fields(each.header)}

    mine, theirs = content(block), content(honest)
    return {name for name in mine if mine[name] != theirs[name]}


@pytest.mark.parametrize("name", BREAKINGS)
def test_a_broken_block_departs_from_the_honest_one_in_what_its_rule_reads(name: str) -> None:
    asked = validity(name.replace(" ", "-"))
    found = departures(asked.block, block_cases.honest_chain(block_cases.SEATS).block)
    if name in TOGETHER:
        assert found == TOGETHER[name]
    else:
        assert len(found) == 1


def test_a_block_with_faults_of_two_checks_is_no_vector() -> None:
    chain = block_cases.honest_chain(block_cases.SEATS)
    late = with_header(chain.block, epoch=Epoch(9), leader_pubkey=key(9))
    fault = block_cases.seen_as("check_place", chain.block, "epoch")
    given = block_cases.asked(chain.state, chain.blocks, late)
    built_case = build([Case("block.validate", "two", given, RejectionCode.BLOCK_EPOCH, fault)])
    assert built_case.vectors == ()
    assert "second fault" in built_case.left_out[0]


def test_a_block_that_moves_out_of_the_window_of_its_votes_is_no_vector_of_its_number() -> None:
    chain = block_cases.honest_chain(block_cases.SEATS)
    moved = with_header(chain.block, block_number=BlockNumber(1))
    fault = block_cases.seen_as("check_place", chain.block, "number")
    code = RejectionCode.BLOCK_DISCONTINUOUS
    for block, fits in ((moved, False), (replace(moved, attestations=()), True)):
        given = block_cases.asked(chain.state, chain.blocks, block)
        assert bool(build([Case("block.validate", "moved", given, code, fault)]).vectors) == fits


@pytest.mark.parametrize("name", BREAKINGS)
def test_a_vote_for_a_broken_block_convicts_exactly_if_bytes_alone_show_the_fault(name: str) -> None:
    label, hidden = name.replace(" ", "-"), name in condemned_cases.HIDDEN
    place = f"offence.judge/{'innocent' if hidden else 'block'}-{label}"
    found = [vector.content["outcome"] for vector in built().vectors if vector.id == place]
    if name in condemned_cases.OF_THE_LOG:
        assert not found
    else:
        assert [set(outcome) for outcome in found] == [{"rejection"} if hidden else {"value"}]


def test_an_offence_is_named_by_its_kind_key_and_slot_alone() -> None:
    judged = [vector.content["outcome"] for vector in built().vectors if vector.name == "offence.judge"]
    values = [outcome["value"] for outcome in judged if "value" in outcome]
    named = {json.dumps([value["kind"], value["key"], value["slot"]]): value["identity"] for value in values}
    assert len(set(named.values())) == len(named) < len(values)
    assert all(named[json.dumps([each["kind"], each["key"], each["slot"]])] == each["identity"] for each in values)
    assert {value["kind"] for value in values} == {
        *("invalid_proof", "desynchronisation", "byzantine_proposal", "double_vote", "invalid_vote"),
    }


def test_a_refused_step_changes_nothing_and_the_run_goes_on() -> None:
    for vector in built().vectors:
        if vector.is_trace:
            before = vector.content["first"]
            for step in vector.content["steps"]:
                if "rejection" in step["outcome"]:
                    assert step["snapshot"] == before, vector.id
                before = step["snapshot"]
            assert before != vector.content["first"], vector.id


def test_every_vector_satisfies_its_schema() -> None:
    files = files_of(built().vectors)
    for place, text in files.items():
        if not place.startswith("schema/") and place != INDEX:
            document = json.loads(text)
            document["vectors"] = put_in(document.pop("parts", []), document["vectors"])
            jsonschema.Draft202012Validator(json.loads(files[document["schema"]])).validate(document)


def test_everything_that_is_given_reads_back() -> None:
    for vector in built().vectors:
        if not vector.is_trace:
            given, form = vector.content["given"], METHODS[vector.name].given_form
            assert to_json(form, from_json(form, given)) == given


def fuzzed(client: Faithful, rounds: int, vectors: tuple[Vector, ...]) -> Fuzzer:
    introduced = client.introduction()
    abilities = Abilities("zoo", frozenset(introduced["suites"]), frozenset(introduced["methods"]))
    fuzzer = Fuzzer(Comparison(client, abilities), "chains")
    for _ in fuzzer.run(vectors, rounds):
        pass
    return fuzzer


def test_fuzzing_the_faithful_client_finds_nothing() -> None:
    fuzzer = fuzzed(Faithful(), 12, built().vectors)
    assert fuzzer.found == []
    assert fuzzer.compared > fuzzer.outside > 0


@pytest.mark.parametrize(
    ("name", "resolution", "code"),
    [
        ("view.join", Resolution.MERGE, "PREFIX_CONFLICT"),
        ("jobs.check_prover", Resolution.REPLICAS, "PROVER_NOT_DRAWN"),
        ("validation.check_all", Resolution.CROSS_VALIDATION, "CROSS_VALIDATION_MISSING"),
        ("cluster_chain", Resolution.BLOCK_VALIDITY, None),
        ("lone_member", Resolution.PARTITION, None),
    ],
)
def test_fuzzing_finds_and_shrinks_a_missing_rule(name: str, resolution: Resolution, code: str | None) -> None:
    vectors = tuple(vector for vector in built().vectors if vector.name == name)
    fuzzer = fuzzed(Faithful(HARDENED.without(resolution)), 120, vectors)
    assert fuzzer.found
    if code is not None:
        assert fuzzer.found[0].content["outcome"] == {"rejection": code}
    else:
        assert len(fuzzer.found[0].content["steps"]) <= 3
