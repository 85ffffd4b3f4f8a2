"""Ties between the catalogue and the code, checked both ways: nothing claimed that is not there, nothing stale.

Each function returns complaints, each naming the entry, the rule and the fix; an empty list means that all ties hold.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path

from taifoon.profile import REQUIRES, Parameters, Resolution
from taifoon.rejection import RejectionCode
from taifoon_proofs.catalogue import Catalogue, Requirement, read_entries, spec_folder
from taifoon_proofs.mentions import files_of_project, known_identifiers, stale_mentions
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import SCENARIOS
from taifoon_proofs.verdict import Outcome

REQUIREMENTS = 132
KINDS = ("normative", "parameter", "data", "claim", "context")


def complaints(catalogue: Catalogue) -> list[str]:
    """Everything that does not tie."""
    load()
    return [
        *resolution_complaints(catalogue),
        *requirement_complaints(catalogue),
        *theorem_complaints(catalogue),
        *defect_complaints(catalogue),
        *parameter_complaints(),
        *rejection_complaints(),
        *mention_complaints(catalogue),
    ]


def mention_complaints(catalogue: Catalogue) -> Iterator[str]:
    """No page, comment or docstring of a checkout names an id that the catalogue does not have.

    Tests are left out: they name ids that must not exist.
    """
    root = spec_folder().parent
    if not (root / "reference").is_dir():
        return
    files = (path for path in files_of_project(root) if path.relative_to(root).parts[0] != "tests")
    yield from stale_mentions(known_identifiers(catalogue), root, files)


def unknown(entry: str, field: str, names: Iterable[str], known: Iterable[str]) -> Iterator[str]:
    """A complaint for each name that is not known."""
    for name in sorted(set(names) - set(known)):
        yield f"{entry}: {field} names {name}, which does not exist: correct or remove it"


def resolution_complaints(catalogue: Catalogue) -> Iterator[str]:
    """Resolutions of code and catalogue are the same, with the same requirements among them."""
    in_code = {resolution.value for resolution in Resolution}
    yield from unknown("resolutions.toml", "id", catalogue.resolutions, in_code)
    yield from unknown("profile.py", "Resolution", in_code, catalogue.resolutions)
    for resolution in Resolution:
        entry = catalogue.resolutions.get(resolution.value)
        required = sorted(item.value for item in REQUIRES.get(resolution, frozenset()))
        if entry is not None and sorted(entry.requires) != required:
            yield f"{resolution.value}: requires {sorted(entry.requires)} in the catalogue, {required} in profile.py"
        if entry is not None:
            yield from unknown(resolution.value, "defects", entry.defects, catalogue.defects)
            for defect in entry.defects:
                known = catalogue.defects.get(defect)
                if known is not None and resolution.value not in known.resolutions:
                    yield f"{resolution.value} lists defect {defect}, which does not list it: add it there or drop it"


def requirement_complaints(catalogue: Catalogue) -> Iterator[str]:
    """Each requirement names what carries it; each theorem's requirements name the theorem."""
    if len(catalogue.requirements) != REQUIREMENTS:
        yield f"requirements.toml has {len(catalogue.requirements)} entries; the source has {REQUIREMENTS} statements"
    theorems = load()
    for requirement in catalogue.requirements.values():
        yield from status_complaints(requirement)
        yield from unknown(requirement.id, "defects", requirement.defects, catalogue.defects)
        yield from unknown(requirement.id, "functions", filter(not_importable, requirement.functions), ())
        yield from unknown(requirement.id, "tests", filter(not_a_test, requirement.tests), ())
        proving = {name for name, theorem in theorems.items() if requirement.id in theorem.requirements}
        yield from unknown(requirement.id, "theorems", requirement.theorems, proving)
        for name in sorted(proving - set(requirement.theorems)):
            yield f"{requirement.id}: theorem {name} says that it carries this requirement: list it under theorems"
    for name, theorem in theorems.items():
        yield from unknown(name, "requirements", theorem.requirements, catalogue.requirements)


def status_complaints(requirement: Requirement) -> Iterator[str]:
    """The status is carried, pending, or waived with a reason; carried needs a function, a theorem and a test."""
    if requirement.kind not in KINDS:
        yield f"{requirement.id}: kind is {requirement.kind!r}: use one of {', '.join(KINDS)}"
    if requirement.status == "carried":
        for field in ("functions", "theorems", "tests"):
            if not getattr(requirement, field):
                yield f"{requirement.id} is carried but lists no {field}: list some or set it to pending"
    elif requirement.status != "pending" and not requirement.status.startswith("waived: "):
        yield f"{requirement.id}: status is {requirement.status!r}: use carried, pending, or waived: and a reason"


def theorem_complaints(catalogue: Catalogue) -> Iterator[str]:
    """Registered theorems stand in the catalogue as established, with the same assumptions; no other does."""
    theorems = load()
    yield from unknown("theorems", "id", theorems, catalogue.theorems)
    outcomes = {outcome.value for outcome in Outcome}
    for entry in catalogue.theorems.values():
        registered = theorems.get(entry.id)
        status = "pending" if registered is None else "established"
        if entry.status != status:
            yield f"{entry.id}: status is {entry.status!r} in theorems.toml but the code makes it {status}: correct it"
        if registered is not None and sorted(registered.assumptions) != sorted(entry.assumptions):
            yield f"{entry.id}: assumes {entry.assumptions} in theorems.toml, {registered.assumptions} in code"
        if entry.document not in outcomes:
            yield f"{entry.id}: document is {entry.document!r}: use one of {', '.join(sorted(outcomes))}"


def defect_complaints(catalogue: Catalogue) -> Iterator[str]:
    """A defect is shown exactly when it has witnesses; all that it names exists."""
    for defect in catalogue.defects.values():
        status = "shown" if defect.witnesses else "pending"
        if defect.status != status:
            yield f"{defect.id}: status is {defect.status!r} but it has {len(defect.witnesses)} witnesses: say {status}"
        yield from unknown(defect.id, "requirements", defect.requirements, catalogue.requirements)
        yield from unknown(defect.id, "resolutions", defect.resolutions, catalogue.resolutions)
        yield from unknown(defect.id, "theorems", defect.theorems, catalogue.theorems)
        yield from unknown(defect.id, "witnesses", (item.scenario for item in defect.witnesses), SCENARIOS)
        for name in defect.requirements:
            requirement = catalogue.requirements.get(name)
            if requirement is not None and defect.id not in requirement.defects:
                yield f"{defect.id} lists {name}, which does not list it: add it there or drop it"


def parameter_complaints(folder: Path | None = None) -> Iterator[str]:
    """Every parameter stands in the catalogue with its shipped value and a reason."""
    entries = {entry["name"]: entry for entry in read_entries(folder or spec_folder(), "parameters.toml", "parameter")}
    shipped = Parameters()
    names = [field.name for field in fields(Parameters)]
    yield from unknown("parameters.toml", "name", entries, names)
    for name in names:
        value = getattr(shipped, name)
        text = str(getattr(value, "value", value))
        entry = entries.get(name)
        if entry is None:
            yield f"parameters.toml lacks {name}: add it with value, unit and reason"
        elif entry.get("value") != text or not entry.get("reason"):
            yield f"parameters.toml, {name}: value is {entry.get('value')!r}, shipped is {text!r}; a reason is needed"


def rejection_complaints(folder: Path | None = None) -> Iterator[str]:
    """The ledger of rejection codes is the enum: numbers run from 1, and none ever changes its name."""
    entries = read_entries(folder or spec_folder(), "rejections.toml", "rejection")
    ledger = [(entry.get("number"), entry.get("name")) for entry in entries]
    in_code = [(code.number, code.name) for code in RejectionCode]
    if [number for number, _ in in_code] != list(range(1, len(in_code) + 1)):
        yield "rejection.py: numbers must run from 1 without a gap: append new codes at the end"
    for recorded, actual in zip(ledger, in_code, strict=False):
        if recorded != actual:
            yield f"rejections.toml has {recorded}, rejection.py {actual}: a published code never changes"
    for number, name in in_code[len(ledger) :]:
        yield f"rejections.toml lacks {name}: append it with number {number}"


def not_importable(path: str) -> bool:
    """Whether a dotted path names nothing in the reference."""
    module, _, name = path.rpartition(".")
    try:
        return not path.startswith("taifoon.") or not hasattr(importlib.import_module(module), name)
    except ImportError:
        return True


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Names of the functions in a Python file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def not_a_test(path: str) -> bool:
    """Whether `tests/...py::name` names no test; an installed copy without tests cannot tell."""
    root = spec_folder().parent
    if not (root / "tests").is_dir():
        return False
    file, _, name = path.partition("::")
    return not (root / file).is_file() or name not in functions_of(root / file)


def quote_complaints(catalogue: Catalogue, source: str) -> Iterator[str]:
    """Each quote stands in the source, up to white space."""
    text = " ".join(source.split())
    for requirement in catalogue.requirements.values():
        if " ".join(requirement.quote.split()) not in text:
            yield f"{requirement.id}: the source does not say {requirement.quote!r}: quote it verbatim"
