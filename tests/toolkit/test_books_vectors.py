"""The vectors of acts and books: units are conserved in all of them, and each refusal has one fault and no effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from taifoon.profile import HARDENED, Resolution
from taifoon_models.keys import key
from taifoon_toolkit.conform.compare import Comparison
from taifoon_toolkit.conform.fuzz import Fuzzer
from taifoon_toolkit.conform.protocol import Abilities
from taifoon_toolkit.vectors import acts_cases, books_cases, books_traces
from taifoon_toolkit.vectors.books_traces import NEWCOMER
from taifoon_toolkit.vectors.build import Built, Vector, build
from taifoon_toolkit.vectors.method import METHODS

from ..clients.zoo.faithful import Faithful

SUBJECTS = (acts_cases, books_cases, books_traces)
MET = {
    *("EPOCH_ACT", "EPOCH_DERIVED", "SIGNATURE_INVALID", "ENCODING_TRUNCATED", "ENCODING_TRAILING_BYTES"),
    *("AMOUNT_INVALID", "BALANCE_SHORT", "STAKE_LEAVING", "STAKE_UNKNOWN"),
    *("EVIDENCE_UNCONVINCING", "EVIDENCE_LATE", "EFFICIENCY_UNKNOWN"),
}


@cache
def built() -> Built:
    return build(case for subject in SUBJECTS for case in subject.cases())


def content_of(name: str) -> Any:
    return next(vector.content for vector in built().vectors if vector.id == name)


def ledgers_in(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if "treasury" in value:
            yield value
        for part in value.values():
            yield from ledgers_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from ledgers_in(part)


def held(ledger: Any) -> int:
    stakes = sum(int(entry["deposited"]) - int(entry["taken"]) for entry in ledger["entries"])
    free = sum(int(each["amount"]) for each in ledger["balances"])
    return stakes + free + int(ledger["treasury"]) + int(ledger["burned"])


def test_no_case_is_left_out_and_every_refusal_is_met() -> None:
    assert built().left_out == ()
    parts = [part for vector in built().vectors for part in [vector.content, *vector.content.get("steps", ())]]
    assert {part["outcome"]["rejection"] for part in parts if "fault" in part} == MET


def test_every_ledger_holds_what_was_issued_and_acts_issue_nothing() -> None:
    ledgers = [ledger for vector in built().vectors for ledger in ledgers_in(vector.content)]
    assert len(ledgers) > 100
    assert all(held(ledger) == int(ledger["issued"]) for ledger in ledgers)
    for vector in built().vectors:
        if vector.name == "acts.apply":
            assert len({ledger["issued"] for ledger in ledgers_in(vector.content)}) == 1


def test_an_input_that_made_units_is_not_asked() -> None:
    given = content_of("acts.apply/a-newcomer")["given"]
    assert "value" in METHODS["acts.apply"].answer(HARDENED, METHODS["acts.apply"].read(given))
    richer = {**given, "ledger": {**given["ledger"], "treasury": "1"}}
    with pytest.raises(ValueError, match="what is held is what was issued"):
        METHODS["acts.apply"].answer(HARDENED, METHODS["acts.apply"].read(richer))


def test_a_refused_closing_changes_nothing_and_the_run_goes_on() -> None:
    content = content_of("books/refused-books")
    before = content["first"]
    for step in content["steps"]:
        assert ("fault" in step) == (step["snapshot"] == before)
        before = step["snapshot"]
    assert Counter("fault" in step for step in content["steps"]) == {True: 8, False: 2}


def test_a_run_has_a_key_that_enters_and_earns_one_that_leaves_and_one_cluster_less() -> None:
    steps = content_of("books/enter-leave-and-offend")["steps"]
    registries = [
        {entry["public_key"]: int(entry["stake"]) for entry in step["event"]["block"]["closing"]["registry"]}
        for step in steps
    ]
    newcomer, leaver = key(NEWCOMER).hex(), key(1).hex()
    assert [newcomer in registry for registry in registries] == [True] * 4
    assert [leaver in registry for registry in registries] == [True, False, False, False]
    balances = [
        {each["key"]: int(each["amount"]) for each in step["snapshot"]["economy"]["ledger"]["balances"]}
        for step in steps
    ]
    # It serves from the second epoch after; before that it has the rest of its balance and a reporter's share.
    assert balances[0][newcomer] == 5
    assert balances[2][newcomer] > balances[1][newcomer] > 5
    counts = [step["snapshot"]["economy"]["control"]["clusters"] for step in steps]
    assert counts == ["2", "2", "1", "1"]
    kinds = {each["kind"] for each in steps[-1]["snapshot"]["economy"]["ledger"]["convictions"]}
    assert kinds == {"desynchronisation", "withheld_reveal"}


def fuzzed(client: Faithful, rounds: int, vectors: tuple[Vector, ...]) -> Fuzzer:
    introduced = client.introduction()
    abilities = Abilities("zoo", frozenset(introduced["suites"]), frozenset(introduced["methods"]))
    fuzzer = Fuzzer(Comparison(client, abilities), "books")
    for _ in fuzzer.run(vectors, rounds):
        pass
    return fuzzer


def test_fuzzing_the_faithful_client_finds_nothing() -> None:
    fuzzer = fuzzed(Faithful(), 30, built().vectors)
    assert fuzzer.found == []
    assert fuzzer.compared > fuzzer.outside > 0


@pytest.mark.parametrize("resolution", [Resolution.SEATS, Resolution.EVIDENCE])
def test_fuzzing_finds_a_missing_rule(resolution: Resolution) -> None:
    acts = (vector for vector in built().vectors if vector.name == "acts.apply")
    vectors = tuple(vector for vector in acts if vector.content.get("fault", {}).get("rule") == resolution.value)
    assert fuzzed(Faithful(), 40, vectors).found == []
    assert fuzzed(Faithful(HARDENED.without(resolution)), 40, vectors).found
