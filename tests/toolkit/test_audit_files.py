"""What an audit writes: the document, the JUnit report, the page, formulas and traces."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from taifoon_proofs.certify import certify
from taifoon_proofs.smt import Answer, confirm
from taifoon_toolkit.publish import FolderError, check_folder

SCHEMA = Path(__file__).parents[2] / "spec" / "audit.schema.json"


@pytest.fixture
def document(audited: Path) -> dict:
    return json.loads((audited / "audit.json").read_text(encoding="utf-8"))


def schema() -> dict:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def objects(content: object) -> list[dict]:
    found = [content] if isinstance(content, dict) else []
    inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return found + [item for child in inner for item in objects(child)]


def test_the_document_has_the_published_form(document: dict) -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(document, schema())


def test_the_published_form_leaves_nothing_open(document: dict) -> None:
    for item in objects(schema()):
        if "properties" in item and item.get("type") == "object":
            assert item["additionalProperties"] is False
            assert sorted(item["required"]) == sorted(item["properties"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "more": 1}, schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({name: item for name, item in document.items() if name != "theorems"}, schema())


def test_the_source_document_is_named_by_its_digest(document: dict) -> None:
    assert document["source_sha256"] == "fa9e722b41fccb613f4b9784d2d2b56083bd2bc7d43de9e77daf45fb15fd4c72"


def test_every_trace_and_every_formula_that_is_named_is_there(audited: Path, document: dict) -> None:
    named = {item["trace"] for item in objects(document) if "trace" in item}
    assert named == {f"traces/{file.name}" for file in (audited / "traces").iterdir()}
    assert named
    for file in (audited / "smt2").iterdir():
        assert confirm(file.read_text(encoding="utf-8")).answer is Answer.UNSATISFIABLE


def test_every_proof_certificate_is_that_of_its_formula(audited: Path, document: dict) -> None:
    proofs = {file.name.removesuffix(".cpc"): file for file in (audited / "proofs").iterdir()}
    assert set(proofs) == {file.name.removesuffix(".smt2") for file in (audited / "smt2").iterdir()}
    for name, file in proofs.items():
        text = (audited / "smt2" / f"{name}.smt2").read_text(encoding="utf-8")
        assert certify(text).text == file.read_text(encoding="utf-8")
    [certificates] = [item["cross_check"]["certificates"] for item in document["theorems"] if item["cross_check"]]
    assert certificates["written"] == len(proofs)
    assert certificates["trust_steps"] == 0
    assert document["summary"]["certificates"] == {**certificates, "absent": 0}


def test_the_page_lists_every_weakening_with_its_trace(audited: Path, document: dict) -> None:
    text = (audited / "index.html").read_text(encoding="utf-8")
    table = text.partition('<section id="weakenings">')[2].partition("</section>")[0]
    for theorem in document["theorems"]:
        for item in theorem["tightness"]:
            assert item["without"] in table
            assert item["counterexample"]["scenario"] in table
            assert f'href="{item["counterexample"]["trace"]}"' in table


def test_the_summary_counts_every_verdict_as_what_it_is(document: dict) -> None:
    summary = document["summary"]
    assert summary["hardened"] == {"EXHAUSTED": 1, "PROVED": 1}
    assert summary["document"] == {"REFUTED": 2}
    assert summary["contracts"] == {
        "CONFIRMED": 3,
        "CONFIRMED_UNDER_CALLEES": 1,
        "NOT_ANALYSED": 1,
        "REFUTED": 1,
    }
    assert summary["exit_status"] == 1
    assert summary["complaints"] == len(document["complaints"]) == 1


def test_the_junit_report_has_a_case_for_each_theorem_defect_and_module(audited: Path) -> None:
    root = ElementTree.parse(audited / "junit.xml").getroot()  # noqa: S314
    cases = {suite.get("name"): [case.get("name") for case in suite] for suite in root}
    assert cases == {
        "theorems": ["T-LAB-a", "T-LAB-b"],
        "defects": ["L1"],
        "contracts": ["taifoon_laboratory.contracts"],
        "audit": ["complaints"],
    }
    failing = [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None]
    assert failing == ["taifoon_laboratory.contracts", "complaints"]
    assert root.get("tests") == "5"
    assert root.get("failures") == "2"


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.unclosed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.unclosed.append(tag)
        for name, text in attrs:
            if name == "id":
                self.ids.append(text or "")
            if name in ("href", "src"):
                self.links.append(text or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag


def test_the_page_needs_nothing_from_elsewhere(audited: Path) -> None:
    text = (audited / "index.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert not re.search(r"https?:|@import|url\(", text)
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    for link in page.links:
        assert (link[1:] in page.ids) if link.startswith("#") else (audited / link).is_file()
    assert len(set(page.ids)) == len(page.ids)
    assert page.unclosed == []


def test_the_page_shows_theorems_defects_contracts_and_traces(audited: Path, document: dict) -> None:
    text = (audited / "index.html").read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text
    names = [item["id"] for part in ("theorems", "defects", "requirements") for item in document[part]]
    for name in [*names, "taifoon_laboratory.contracts.later", "1208925819614629174706176"]:
        assert name in text


def test_what_the_page_quotes_is_escaped(audited: Path) -> None:
    from taifoon_toolkit.ledger import Complaints, Ledger
    from taifoon_toolkit.report import page

    document = json.loads((audited / "audit.json").read_text(encoding="utf-8"))
    document["complaints"] = ["<script>alert(1)</script>"]
    traces = {file.name: json.loads(file.read_text(encoding="utf-8")) for file in (audited / "traces").iterdir()}
    text = page(Ledger(document, {}, traces, Complaints(["x"])))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_an_empty_folder_and_an_earlier_audit_are_taken_and_anything_else_refused(tmp_path: Path) -> None:
    check_folder(tmp_path / "new")
    folder = tmp_path / "folder"
    folder.mkdir()
    check_folder(folder)
    (folder / "letter.txt").write_text("", encoding="utf-8")
    with pytest.raises(FolderError, match=r"letter\.txt"):
        check_folder(folder)
    (folder / "audit.json").write_text("{}", encoding="utf-8")
    check_folder(folder)
