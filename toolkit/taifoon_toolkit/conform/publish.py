"""Writes what a session leaves behind: `conform.json`, `junit.xml`, a page, and the vectors that fuzzing found."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from taifoon_toolkit.conform.verdict import Verdict, document_of
from taifoon_toolkit.junit import suite
from taifoon_toolkit.publish import FolderError, json_text
from taifoon_toolkit.vectors.build import Vector
from taifoon_toolkit.vectors.method import MACHINES, METHODS
from taifoon_toolkit.vectors.tree import FORMAT, file_text

DOCUMENT = "conform.json"
FOUND = "found"


@cache
def template() -> Template:
    """The page's template; every value is escaped, a missing one is an error."""
    environment = Environment(
        loader=PackageLoader("taifoon_toolkit"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["after"] = lambda text, start: text.removeprefix(f"{start}: ")
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=1, ensure_ascii=False)
    return environment.get_template("conform.html.j2")


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds other things and no earlier session. Raises FolderError."""
    if folder.exists() and not folder.is_dir():
        raise FolderError(f"--out {folder}: it is a file: choose a folder")
    if folder.exists() and any(folder.iterdir()) and not (folder / DOCUMENT).is_file():
        raise FolderError(f"--out {folder}: it is not empty and holds no {DOCUMENT}: choose an empty or a new folder")


def junit_text(document: dict[str, Any]) -> str:
    """The session as a JUnit report: one case for each method, and one for the session."""
    root = Element("testsuites", name="taifoon conform")
    faults: dict[str, list[str]] = {item["name"]: [] for item in document["methods"]}
    for finding in document["findings"]:
        faults[finding["method"]].append(f"{finding['sentence']} ({', '.join(finding['requirements'])})")
    suite(root, "methods", ((item["name"], item["section"], faults[item["name"]]) for item in document["methods"]))
    nothing = [] if document["summary"]["compared"] else ["nothing was compared"]
    suite(root, "session", [("something is compared", None, nothing)])
    told = {name: iter([item for item in document["findings"] if item["method"] == name]) for name in faults}
    for part in root:
        for case in part:
            for failure in case.iter("failure"):
                failure.text = failure_text(next(told.get(str(case.get("name")), iter(())), None))
            row = next((item for item in document["methods"] if item["name"] == case.get("name")), None)
            if row and not row["compared"]:
                reasons = "; ".join(item["reason"] for item in row["unsupported"]) or "the session ended before"
                SubElement(case, "skipped", message=reasons)
    root.set("tests", str(sum(int(part.get("tests", "0")) for part in root)))
    root.set("failures", str(sum(int(part.get("failures", "0")) for part in root)))
    indent(root, " ")
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content.decode() + "\n"


def failure_text(finding: dict[str, Any] | None) -> str | None:
    """What is below the message of a failure: what was given, expected and got."""
    if finding is None:
        return None
    lines = [f"{name}: {json.dumps(finding[name])}" for name in ("rule", "given", "expected", "got")]
    return "\n".join(lines)


def vector_file(vector: Vector) -> str:
    """A file of one vector, of the same form as those of the tree."""
    described = METHODS[vector.name] if vector.name in METHODS else MACHINES[vector.name]
    head = {
        "format": FORMAT,
        "name": vector.name,
        "section": described.section,
        "summary": described.summary,
        "schema": f"schema/{vector.name}.json",
    }
    return file_text({**head, "vectors": [vector.content]})


def publish(verdict: Verdict, folder: Path) -> None:
    """Write a session into a folder. Raises FolderError."""
    check_folder(folder)
    document = document_of(verdict)
    try:
        (folder / FOUND).mkdir(parents=True, exist_ok=True)
        for old in (folder / FOUND).glob("*.json"):
            old.unlink()
        for vector in verdict.fuzzer.found if verdict.fuzzer else ():
            write(folder / FOUND / f"{vector.id.replace('/', '.')}.json", vector_file(vector))
        write(folder / "junit.xml", junit_text(document))
        write(folder / "index.html", template().render(session=document))
        write(folder / DOCUMENT, json_text(document))
    except OSError as error:
        raise FolderError(f"--out {folder}: {error.strerror}: choose a folder that can be written") from error


def write(path: Path, text: str) -> None:
    """A file with the same bytes on every system."""
    path.write_text(text, encoding="utf-8", newline="\n")
