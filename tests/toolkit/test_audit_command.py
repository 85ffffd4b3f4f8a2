"""`taifoon audit` from the command line: exit statuses, selection, bad input."""

from __future__ import annotations

import json
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from taifoon_laboratory.theorems import material

import taifoon_toolkit.cli_audit
from taifoon_toolkit.cli import main


@pytest.fixture
def laboratory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taifoon_toolkit.cli_audit, "shipped_material", material)


def audit(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", "--jobs", "2", *arguments])


def document() -> dict:
    return json.loads(Path("audit/audit.json").read_text(encoding="utf-8"))


@pytest.mark.usefixtures("laboratory")
def test_an_audit_without_a_fault_exits_with_0_and_writes_every_file() -> None:
    outcome = audit()
    assert outcome.exit_code == 0, outcome.output
    assert "The audit passes." in outcome.output
    assert document()["summary"]["theorems_standing"] == 2
    assert sorted(item.name for item in Path("audit/smt2").iterdir()) == ["T-LAB-a.halves.smt2"]
    assert sorted(item.name for item in Path("audit/proofs").iterdir()) == ["T-LAB-a.halves.cpc"]
    assert "1 proof certificates of " in outcome.output
    assert " steps, 0 trust steps\n" in outcome.output
    assert sorted(item.name for item in Path("audit/traces").iterdir()) == [
        "L1.1.itf.json",
        "L1.2.itf.json",
        "T-LAB-a.document.itf.json",
        "T-LAB-a.without-RES-QUORUM.itf.json",
        "T-LAB-b.document.itf.json",
        "T-LAB-b.without-RES-QUORUM.itf.json",
    ]
    assert [item.name for item in Path().iterdir() if item.name.startswith(".audit")] == []


@pytest.mark.usefixtures("laboratory")
def test_the_exit_status_tells_a_fault_from_a_missing_witness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABORATORY_FAULT", "T-LAB-a hardened-without-RES-QUORUM=unknown")
    missing = audit("--no-cache")
    assert missing.exit_code == 3
    assert "T-LAB-a has no counterexample without RES-QUORUM" in missing.output
    monkeypatch.setenv("LABORATORY_FAULT", "T-LAB-a hardened=unknown")
    fault = audit("--no-cache")
    assert fault.exit_code == 1
    assert "T-LAB-a does not hold under HARDENED" in fault.output
    assert [item["id"] for item in document()["theorems"] if not item["stands"]] == ["T-LAB-a"]


@pytest.mark.usefixtures("laboratory")
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("T-LAB-b document=raise", "RuntimeError: broken on request"),
        ("T-LAB-b document=die", "the worker died with exit code 7"),
        ("T-LAB-b document=hang", "stopped after the limit of 6 seconds"),
        ("T-LAB-a cross-check=raise", "RuntimeError: broken on request"),
    ],
)
def test_a_task_that_fails_is_named_and_all_others_are_done(
    fault: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABORATORY_FAULT", fault)
    outcome = audit("--limit", "0.1") if fault.endswith("hang") else audit()
    task = fault.partition("=")[0]
    assert outcome.exit_code == 1
    assert f"{task}: {reason}" in outcome.output
    judged = {item["id"]: item["stands"] for item in document()["theorems"]}
    assert judged == {"T-LAB-a": "T-LAB-a" not in task, "T-LAB-b": "T-LAB-b" not in task}
    monkeypatch.delenv("LABORATORY_FAULT")
    assert audit().exit_code == 0, "a task that failed is done again"


@pytest.mark.usefixtures("laboratory")
@pytest.mark.parametrize(
    ("arguments", "theorems", "defects"),
    [
        (("--section", "2.4"), ["T-LAB-a"], ["L1"]),
        (("--section", "6"), ["T-LAB-b"], []),
        (("--theorem", "T-LAB-b"), ["T-LAB-b"], []),
        (("--theorem", "T-LAB-a", "--section", "6"), ["T-LAB-a", "T-LAB-b"], ["L1"]),
    ],
)
def test_a_selection_leaves_the_rest_out(arguments: tuple[str, ...], theorems: list[str], defects: list[str]) -> None:
    outcome = audit(*arguments)
    assert outcome.exit_code == 0, outcome.output
    found = document()
    assert [item["id"] for item in found["theorems"]] == theorems
    assert [item["id"] for item in found["defects"]] == defects
    assert len(found["requirements"]) > 100
    assert not found["summary"]["whole"]


@pytest.mark.usefixtures("laboratory")
def test_a_section_ends_with_its_theorems_weakenings_requirements_and_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    outcome = audit("--section", "2.4")
    ending = outcome.output.partition("\nSection 2.4\n")[2]
    lines = [" ".join(line.split()) for line in ending.splitlines()]
    [proved] = [line for line in lines if line.startswith("T-LAB-a PROVED ")]
    assert proved.endswith("every number of members")
    trace = document()["theorems"][0]["tightness"][0]["counterexample"]["trace"]
    assert Path("audit", trace).is_file()
    assert f"T-LAB-a RES-QUORUM laboratory/two-halves 1 {trace}" in lines
    for requirement in document()["requirements"]:
        if requirement["section"] == "2.4":
            assert any(line.startswith(f"{requirement['id']} {requirement['status'][:6]}") for line in lines)
    assert any(line.startswith("Section 2.4 took ") and line.endswith(" s") for line in lines)
    assert "Section 6" not in ending


@pytest.mark.usefixtures("laboratory")
def test_without_a_section_no_section_is_printed() -> None:
    assert "\nSection " not in audit().output


@pytest.mark.usefixtures("laboratory")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--section", "2.9"), "--section 2.9: the source has no such section: use one of 0, 1, 2,"),
        (("--section", "8"), "nothing to audit in section 8: choose one of 2.4, 6.2"),
        (("--theorem", "T-LAB-z"), "--theorem T-LAB-z: there is no such theorem: use one of T-LAB-a, T-LAB-b"),
        (("--theorem", "T-LAB-c"), "--theorem T-LAB-c: stated in the catalogue but not proved by any function yet"),
        (("--jobs", "0"), "0 is not in the range"),
        (("--limit", "0"), "0"),
        (("--out", "taken"), "--out taken: it holds notes.txt and no audit.json, so it is no earlier audit"),
        (("--out", "taken/notes.txt"), "--out taken/notes.txt: it is a file: choose a folder"),
    ],
)
def test_bad_input_is_named_with_the_rule_and_the_fix(arguments: tuple[str, ...], message: str) -> None:
    Path("taken").mkdir()
    Path("taken/notes.txt").write_text("mine", encoding="utf-8")
    outcome = audit(*arguments)
    assert outcome.exit_code == 2
    assert message in outcome.output
    assert not Path("audit").exists()


@pytest.mark.usefixtures("laboratory")
def test_a_second_audit_replaces_what_the_first_wrote_and_nothing_else() -> None:
    assert audit().exit_code == 0
    Path("audit/notes.txt").write_text("mine", encoding="utf-8")
    assert audit("--theorem", "T-LAB-b").exit_code == 0
    assert Path("audit/notes.txt").read_text(encoding="utf-8") == "mine"
    assert list(Path("audit/smt2").iterdir()) == []
    assert [item["id"] for item in document()["theorems"]] == ["T-LAB-b"]


def test_a_shipped_theorem_passes_and_its_traces_replay() -> None:
    outcome = audit("--theorem", "T-C1")
    assert outcome.exit_code in (0, 1), outcome.output
    [theorem] = document()["theorems"]
    assert theorem["stands"], theorem["complaints"]
    for trace in sorted(Path("audit/traces").glob("T-C1.*")):
        replayed = CliRunner().invoke(main, ["replay", str(trace)])
        assert replayed.exit_code == 0, replayed.output


@pytest.mark.parametrize("command", [[], ["audit"], ["explain"], ["replay"]])
def test_help_shows_an_example_or_the_first_step(command: list[str]) -> None:
    outcome = CliRunner().invoke(main, [*command, "--help"])
    assert outcome.exit_code == 0
    assert "taifoon audit" in outcome.output or "T-C1" in outcome.output


def test_the_version_is_that_of_the_distribution() -> None:
    outcome = CliRunner().invoke(main, ["--version"], prog_name="taifoon")
    assert outcome.output == f"taifoon {metadata.version('taifoon-spec')}\n"
