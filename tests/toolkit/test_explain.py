"""`taifoon explain` knows every name of the specification, and helps with a wrong one."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from taifoon.profile import Resolution
from taifoon.rejection import RejectionCode
from taifoon_proofs.catalogue import load_catalogue
from taifoon_proofs.registry import load
from taifoon_toolkit.cli import main
from taifoon_toolkit.explain import Library, pages_by_id
from taifoon_toolkit.spec import assumptions, parameters, readings


def explain(name: str) -> Result:
    return CliRunner().invoke(main, ["explain", name], env={"COLUMNS": "200"})


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("T-C1", ["Quorum arithmetic", "What it says", "RES-QUORUM", "taifoon audit --theorem T-C1", "taifoon replay"]),
        ("M5", ["severity high", "The words of the source", "The repair", "RES-MMR.sized-root"]),
        ("D-M5", ["severity high"]),
        ("R-2.4-5", ["2/3 cluster members must validate", "C1:"]),
        ("RES-QUORUM", ["The literal reading", "The repaired rule", "T-C1"]),
        ("res-bft", ["RES-BFT.once"]),
        ("MMR_FULL", ["rejection code 7"]),
        ("AM1", ["Collision resistance"]),
        ("RC-02", ["What the source leaves open"]),
        ("seed_lag", ["Why this value"]),
    ],
)
def test_each_kind_of_name_is_explained(name: str, words: list[str]) -> None:
    outcome = explain(name)
    assert outcome.exit_code == 0, outcome.output
    for expected in words:
        assert expected in outcome.output


def test_every_name_of_the_specification_has_a_page() -> None:
    library = Library(load(), load_catalogue(), assumptions(), readings(), parameters())
    pages = pages_by_id(library)
    for page in pages.values():
        assert list(page())
    known = {item.value for item in Resolution} | {code.name for code in RejectionCode}
    assert known | set(load_catalogue().requirements) <= set(pages)


@pytest.mark.parametrize(
    ("name", "suggestion"), [("T-C99", "T-C9"), ("RES-QUORM", "RES-QUORUM"), ("MMR_FUL", "MMR_FULL")]
)
def test_an_unknown_name_gets_suggestions(name: str, suggestion: str) -> None:
    outcome = explain(name)
    assert outcome.exit_code == 2
    assert f"'{name}' is no theorem" in outcome.output
    assert suggestion in outcome.output


def test_a_name_like_no_other_gets_the_way_to_the_list() -> None:
    outcome = explain("???")
    assert outcome.exit_code == 2
    assert "taifoon explain --help" in outcome.output
