"""The audit as a JUnit report: one test case for each theorem, defect and module with contracts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from taifoon_toolkit.contracts import ContractVerdict
from taifoon_toolkit.ledger import Ledger

# XML has no way to write these.
FORBIDDEN = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(ledger: Ledger) -> str:
    """The report as text."""
    document = ledger.document
    root = Element("testsuites", name="taifoon audit")
    suite(root, "theorems", ((item["id"], item["section"], item["complaints"]) for item in document["theorems"]))
    suite(root, "defects", ((item["id"], item["section"], faults_of_defect(item)) for item in document["defects"]))
    modules = sorted({item["module"] for item in document["contracts"]})
    suite(root, "contracts", ((name, None, faults_of_module(name, document["contracts"])) for name in modules))
    suite(root, "audit", [("complaints", None, document["complaints"])])
    total = sum(int(part.get("tests", "0")) for part in root)
    root.set("tests", str(total))
    root.set("failures", str(sum(int(part.get("failures", "0")) for part in root)))
    indent(root, " ")
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content.decode() + "\n"


def suite(root: Element, name: str, cases: Iterable[tuple[str, str | None, list[str]]]) -> None:
    """Add a suite with its cases: name, section, faults."""
    part = SubElement(root, "testsuite", name=name)
    found = list(cases)
    for case_name, section, faults in found:
        place = f"{name}.{section}" if section else name
        case = SubElement(part, "testcase", classname=place, name=case_name)
        for fault in faults:
            SubElement(case, "failure", message=FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", fault))
    part.set("tests", str(len(found)))
    part.set("failures", str(sum(bool(faults) for _, _, faults in found)))


def faults_of_defect(item: dict[str, Any]) -> list[str]:
    """Why a defect is not shown."""
    return [] if item["verdict"] == "REFUTED" else [f"{item['id']} is {item['verdict']}: a witness does not replay"]


def faults_of_module(module: str, functions: list[dict[str, Any]]) -> list[str]:
    """The contracts of a module that fail."""
    return [
        f"{item['function']}: {item['reason']}"
        for item in functions
        if item["module"] == module and item["verdict"] == ContractVerdict.REFUTED.value
    ]
