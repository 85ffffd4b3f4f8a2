"""Catalogue, pages and code speak of the same things; a stale name on either side is found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from taifoon_proofs import ties
from taifoon_proofs.catalogue import Catalogue, CatalogueError, built, load_catalogue, read_entries, spec_folder
from taifoon_proofs.catalogue import Requirement as RequirementEntry
from taifoon_proofs.mentions import IDENTIFIER, files_of_project, known_identifiers, stale_mentions

ROOT = Path(__file__).parents[2]
SOURCE = ROOT.parent / "shared" / "source" / "taifoon-mmr-clustering.txt"


def with_requirement(catalogue: Catalogue, identity: str, **changes: object) -> Catalogue:
    changed = replace(catalogue.requirements[identity], **changes)  # type: ignore[arg-type]
    return replace(catalogue, requirements={**catalogue.requirements, identity: changed})


def with_defect(catalogue: Catalogue, identity: str, **changes: object) -> Catalogue:
    changed = replace(catalogue.defects[identity], **changes)  # type: ignore[arg-type]
    return replace(catalogue, defects={**catalogue.defects, identity: changed})


def with_theorem(catalogue: Catalogue, identity: str, **changes: object) -> Catalogue:
    changed = replace(catalogue.theorems[identity], **changes)  # type: ignore[arg-type]
    return replace(catalogue, theorems={**catalogue.theorems, identity: changed})


def test_everything_ties() -> None:
    assert ties.complaints(load_catalogue()) == []


def test_the_catalogue_is_complete() -> None:
    catalogue = load_catalogue()
    assert (len(catalogue.requirements), len(catalogue.defects)) == (132, 100)


BREAKS: dict[str, tuple[Callable[[Catalogue], Catalogue], str]] = {
    "function": (lambda c: with_requirement(c, "R-2.1-1", functions=("taifoon.core.gone",)), "taifoon.core.gone"),
    "module": (lambda c: with_requirement(c, "R-2.1-1", functions=("taifoon.gone.append",)), "taifoon.gone.append"),
    "test": (lambda c: with_requirement(c, "R-2.1-1", tests=("tests/spec/test_ties.py::test_gone",)), "test_gone"),
    "theorem": (lambda c: with_requirement(c, "R-2.1-1", theorems=("T-C1",)), "theorems names T-C1"),
    "theorem that is not listed": (lambda c: with_requirement(c, "R-2.1-9", theorems=()), "theorem T-M2 says"),
    "status": (lambda c: with_requirement(c, "R-2.1-1", status="done"), "use carried, pending, or waived"),
    "waiver without a reason": (lambda c: with_requirement(c, "R-2.1-1", status="waived"), "and a reason"),
    "carried by nothing": (lambda c: with_requirement(c, "R-9-1", status="carried"), "lists no functions"),
    "kind": (lambda c: with_requirement(c, "R-2.1-1", kind="wish"), "kind is 'wish'"),
    "defect of a requirement": (lambda c: with_requirement(c, "R-2.1-1", defects=("M99",)), "defects names M99"),
    "one-sided defect": (lambda c: with_requirement(c, "R-2.1-9", defects=()), "which does not list it"),
    "scenario": (lambda c: with_defect(c, "M1", witnesses=()), "say pending"),
    "resolution of a defect": (lambda c: with_defect(c, "M1", resolutions=("RES-NONE",)), "RES-NONE"),
    "verdict": (lambda c: with_theorem(c, "T-C1", document="MAYBE"), "document is 'MAYBE'"),
    "status of a theorem": (lambda c: with_theorem(c, "T-C1", status="pending"), "the code makes it established"),
    "assumptions": (lambda c: with_theorem(c, "T-C1", assumptions=("AM1",)), "assumes ('AM1',)"),
    "number of requirements": (lambda c: replace(c, requirements=dict(list(c.requirements.items())[1:])), "has 131"),
}


@pytest.mark.parametrize("name", BREAKS)
def test_each_broken_tie_is_named(name: str) -> None:
    break_it, expected = BREAKS[name]
    assert any(expected in complaint for complaint in ties.complaints(break_it(load_catalogue())))


def test_the_ledger_of_rejections_never_changes(tmp_path: Path) -> None:
    ledger = (spec_folder() / "catalogue" / "rejections.toml").read_text(encoding="utf-8")
    (tmp_path / "catalogue").mkdir()
    renamed = ledger.replace("MMR_FULL", "MMR_IS_FULL")
    (tmp_path / "catalogue" / "rejections.toml").write_text(renamed, encoding="utf-8")
    assert any("a published code never changes" in complaint for complaint in ties.rejection_complaints(tmp_path))
    shorter = ledger[: ledger.rindex("[[rejection]]")]
    (tmp_path / "catalogue" / "rejections.toml").write_text(shorter, encoding="utf-8")
    assert any("append it with number" in complaint for complaint in ties.rejection_complaints(tmp_path))


def test_an_entry_with_a_wrong_field_is_refused_by_name() -> None:
    with pytest.raises(CatalogueError, match="R-1: field quotation, quote is missing or unknown") as caught:
        built(
            RequirementEntry,
            "requirements.toml",
            [{"id": "R-1", "quotation": "", **{name: "" for name in FIELDS if name not in ("id", "quote")}}],
        )
    assert "requirements.toml" in str(caught.value)


FIELDS = tuple(RequirementEntry.__dataclass_fields__)


def test_no_page_or_file_mentions_an_unknown_identifier() -> None:
    known = known_identifiers(load_catalogue())
    files = [path for path in files_of_project(ROOT) if "tests" not in path.relative_to(ROOT).parts]
    assert list(stale_mentions(known, ROOT, files)) == []


def test_every_theorem_of_the_catalogue_is_recognised_in_prose() -> None:
    assert [name for name in load_catalogue().theorems if not IDENTIFIER.fullmatch(name)] == []


def test_a_stale_identifier_is_found_with_its_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("Fine: R-2.1-1.\nStale: R-2.1-99 and RES-GONE and T-C99u.\n", encoding="utf-8")
    found = list(stale_mentions(known_identifiers(load_catalogue()), tmp_path, [page]))
    assert [complaint.split(" ")[:2] for complaint in found] == [
        ["page.md:2:", name] for name in ("R-2.1-99", "RES-GONE", "T-C99u")
    ]


@pytest.mark.skipif(not SOURCE.is_file(), reason="the source document is not beside the project")
def test_every_quote_stands_in_the_source() -> None:
    source = SOURCE.read_bytes()
    assert hashlib.sha256(source).hexdigest() == read_entries(spec_folder(), "source.toml", "document")[0]["sha256"]
    assert list(ties.quote_complaints(load_catalogue(), source.decode("utf-8"))) == []


def test_a_quote_that_the_source_does_not_say_is_named() -> None:
    assert any(complaint.startswith("R-2.1-1:") for complaint in ties.quote_complaints(load_catalogue(), "nothing"))


def test_the_front_page_has_no_unfilled_place() -> None:
    assert "@" not in (ROOT / "README.md").read_text(encoding="utf-8").replace("@theorem", "")
