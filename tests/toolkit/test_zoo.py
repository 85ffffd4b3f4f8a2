"""Every client of the zoo is found out, and the kit names the rule that it breaks."""

from __future__ import annotations

import pytest

from taifoon_toolkit.conform.compare import Comparison
from taifoon_toolkit.conform.protocol import Abilities
from taifoon_toolkit.conform.verdict import named_first
from taifoon_toolkit.vectors.build import Vector
from taifoon_toolkit.vectors.shipped import shipped_vectors

from ..clients.zoo.books_faults import FAULTS
from ..clients.zoo.faithful import Faithful
from ..clients.zoo.faults import Fault

FIRST = 3
"""A requirement or resolution is named if it is among so many of its kind that explain the findings best."""


def of_kind(named: tuple[str, ...], requirement: str) -> list[str]:
    return [name for name in named if name.startswith("RES-") == requirement.startswith("RES-")]


def asked_of(fault: Fault) -> list[Vector]:
    return [
        vector
        for vector in shipped_vectors()
        if vector.name.startswith(fault.methods) and not vector.name.startswith("accumulated.")
    ]


def compared(client: Faithful, vectors: list[Vector]) -> Comparison:
    introduced = client.introduction()
    abilities = Abilities("zoo", frozenset(introduced["suites"]), frozenset(introduced["methods"]))
    comparison = Comparison(client, abilities, patience=1000)
    for _ in comparison.run(vectors):
        pass
    return comparison


def test_the_zoo_is_large_and_each_fault_has_its_own_name() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 40


def test_the_faithful_client_conforms() -> None:
    comparison = compared(Faithful(), [item for item in shipped_vectors() if not item.id.endswith("65536")])
    assert comparison.findings == []
    assert comparison.compared > 1000


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_kit_names_the_requirement_that_a_faulty_client_breaks(fault: Fault) -> None:
    vectors = asked_of(fault)
    with fault.client() as client:
        comparison = compared(client, vectors)
    assert comparison.findings
    named = named_first(comparison, {vector.id: vector for vector in vectors})
    assert fault.requirement in of_kind(named, fault.requirement)[:FIRST]
