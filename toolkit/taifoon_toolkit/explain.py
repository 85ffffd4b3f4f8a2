"""Explains a name that a report or the specification uses, to someone who meets it for the first time."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from taifoon.profile import HARDENED, Resolution, dependents
from taifoon.rejection import RejectionCode
from taifoon_proofs.catalogue import Catalogue, Defect, ResolutionEntry, TheoremEntry, load_catalogue
from taifoon_proofs.registry import Theorem, load
from taifoon_toolkit.spec import Entry, assumptions, parameters, readings

Page = Iterator[RenderableType]
Speaker = Callable[[str], str]


class UnknownIdError(ValueError):
    """An id that nothing has; the message suggests similar ones."""


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that can be explained."""

    theorems: dict[str, Theorem]
    catalogue: Catalogue
    assumptions: dict[str, Entry]
    readings: dict[str, Entry]
    parameters: dict[str, Entry]


def explain_to(console: Console, identifier: str) -> None:
    """Print the explanation of an id. Raises UnknownIdError."""
    library = Library(load(), load_catalogue(), assumptions(), readings(), parameters())
    pages = pages_by_id(library)
    wanted = identifier.strip()
    known = {name.lower(): name for name in pages}
    name = known.get(wanted.lower()) or known.get(wanted.lower().removeprefix("d-"))
    if name is None:
        close = difflib.get_close_matches(wanted.lower(), known, n=5, cutoff=0.5)
        similar = ", ".join(known[item] for item in close)
        advice = f"did you mean {similar}?" if similar else "`taifoon explain --help` shows an example of each kind"
        raise UnknownIdError(f"{wanted!r} is no theorem, defect, requirement or other id: {advice}")
    console.print(Group(*pages[name]()), soft_wrap=False)


def pages_by_id(library: Library) -> dict[str, Callable[[], Page]]:
    """A page for every id."""
    catalogue = library.catalogue
    pages: dict[str, Callable[[], Page]] = {}

    def add(names: Iterable[str], page: Callable[[Library, str], Page]) -> None:
        for name in names:
            pages[name] = lambda name=name: page(library, name)  # type: ignore[misc]

    add({item.family for item in Resolution} - set(catalogue.resolutions), family_page)
    add(catalogue.resolutions, resolution_page)
    add(catalogue.defects, defect_page)
    add(catalogue.requirements, requirement_page)
    add(catalogue.theorems, theorem_page)
    add((code.name for code in RejectionCode), rejection_page)
    add(library.assumptions, assumption_page)
    add(library.readings, reading_page)
    add(library.parameters, parameter_page)
    return pages


def title(identifier: str, words: str) -> Text:
    """The heading of a page."""
    return Text.assemble((identifier, "bold cyan"), "  ", (words, "bold"))


def part(heading: str, *lines: str) -> Group:
    """A titled paragraph or list."""
    body = [Padding(Text(" ".join(line.split())), (0, 0, 0, 2)) for line in lines]
    return Group(Text(), Text(heading, style="bold"), *body)


def listed(heading: str, names: Iterable[str], say: Speaker) -> Page:
    """A titled list of ids with a few words each; nothing where there are none."""
    lines = [f"{name}: {say(name)}" for name in names]
    if lines:
        yield part(heading, *lines)


def titles(entries: Mapping[str, Defect] | Mapping[str, TheoremEntry] | Mapping[str, ResolutionEntry]) -> Speaker:
    """Says the title of an entry."""

    def say(name: str) -> str:
        return entries[name].title if name in entries else "not in the catalogue"

    return say


def theorem_page(library: Library, name: str) -> Page:
    """A theorem."""
    entry, theorem = library.catalogue.theorems[name], library.theorems.get(name)
    yield title(name, entry.title)
    yield part(f"What it says (section {entry.section} of the source)", entry.statement)
    assumed = list(dict.fromkeys((*entry.assumptions, *(theorem.assumptions if theorem else ()))))
    if assumed:
        yield from listed(
            "What it assumes",
            assumed,
            lambda item: str(library.assumptions.get(item, {}).get("name", "not in the catalogue")),
        )
    else:
        yield part("What it assumes", "Nothing but arithmetic and logic.")
    mended = [item for item in library.catalogue.defects.values() if name in item.theorems]
    yield from listed(
        "Why it matters: it shows the repair of",
        (item.id for item in mended),
        titles(library.catalogue.defects),
    )
    if theorem is None:
        yield part("How it is established", "No function proves it yet; its status is pending.")
        return
    yield part(f"How it is established ({theorem.technique.value})", theorem.method)
    yield from listed("What it is about", theorem.requirements, lambda item: requirement_words(library, item))
    yield from listed(
        "What breaks it: the source's rule in place of",
        (item.value for item in theorem.needs),
        lambda item: f"{library.catalogue.resolutions[item].title}. {library.catalogue.resolutions[item].literal}",
    )
    traces = [f"audit/traces/{name}.without-{item.value}.itf.json" for item in theorem.needs]
    yield part(
        "See it fail",
        f"taifoon audit --theorem {shlex.quote(name)}",
        *(f"taifoon replay {shlex.quote(trace)}" for trace in traces),
    )


def requirement_words(library: Library, name: str) -> str:
    """The words of the source that a requirement quotes."""
    requirement = library.catalogue.requirements.get(name)
    return f"“{requirement.quote}”" if requirement else "not in the catalogue"


def defect_page(library: Library, name: str) -> Page:
    """A defect of the source."""
    catalogue = library.catalogue
    defect = catalogue.defects[name]
    yield title(name, defect.title)
    yield Text(f"A defect of section {defect.section} of the source; severity {defect.severity}.")
    yield part("What goes wrong, read literally", defect.flaw)
    yield from listed("The words of the source", defect.requirements, lambda item: requirement_words(library, item))
    yield part("The repair", defect.remedy)
    yield from listed("The repaired rules", defect.resolutions, titles(catalogue.resolutions))
    yield from listed("Theorems that show the repair", defect.theorems, titles(catalogue.theorems))
    if defect.witnesses:
        traces = (
            [f"audit/traces/{name}.itf.json"]
            if len(defect.witnesses) == 1
            else [f"audit/traces/{name}.{number}.itf.json" for number in range(1, len(defect.witnesses) + 1)]
        )
        yield part(
            "See it happen",
            f"taifoon audit --section {defect.section}",
            *(f"taifoon replay {shlex.quote(trace)}" for trace in traces),
        )


def requirement_page(library: Library, name: str) -> Page:
    """A statement of the source."""
    requirement = library.catalogue.requirements[name]
    yield title(name, f"“{requirement.quote}”")
    yield Text(f"Section {requirement.section} of the source; {requirement.kind}; {requirement.status}.")
    yield part("What can be tested", requirement.meaning)
    yield from listed("What is wrong with it", requirement.defects, titles(library.catalogue.defects))
    if requirement.functions:
        yield part("Carried by", *requirement.functions)
    yield from listed("Theorems", requirement.theorems, titles(library.catalogue.theorems))
    if requirement.tests:
        yield part("Tests", *requirement.tests)


def resolution_page(library: Library, name: str) -> Page:
    """A repaired rule."""
    catalogue = library.catalogue
    entry = catalogue.resolutions[name]
    yield title(name, entry.title)
    yield part("The repaired rule", entry.rule)
    yield part("The literal reading", entry.literal)
    yield part("Why this repair", entry.reason)
    yield from listed("Mends", entry.defects, titles(catalogue.defects))
    yield from listed("Needs", entry.requires, titles(catalogue.resolutions))
    member = next((item for item in Resolution if item.value == name), None)
    if member is not None:
        along = sorted(item.value for item in dependents(member) - {member})
        yield from listed("Falls with it", along, titles(catalogue.resolutions))
        broken = [theorem.id for theorem in library.theorems.values() if member in theorem.needs]
        yield from listed("Without it these fail", broken, titles(catalogue.theorems))


def family_page(library: Library, name: str) -> Page:
    """A family of repaired rules."""
    members = [item.value for item in Resolution if item.family == name and item in HARDENED]
    yield title(name, "a family of repaired rules")
    yield from listed("Its rules", members, titles(library.catalogue.resolutions))


def rejection_page(library: Library, name: str) -> Page:
    """A rejection code."""
    code = RejectionCode[name]
    yield title(name, f"rejection code {code.number}")
    yield part("What it says", code.sentence)
    named = [entry.id for entry in library.catalogue.resolutions.values() if name in entry.rule]
    yield from listed("Rules that name it", named, titles(library.catalogue.resolutions))


def assumption_page(library: Library, name: str) -> Page:
    """An assumption."""
    entry = library.assumptions[name]
    yield title(name, entry["name"])
    yield part("What is assumed", entry["statement"])
    yield part("Where it enters", entry["used"])
    users = [item.id for item in library.catalogue.theorems.values() if name in item.assumptions]
    yield from listed("Theorems that assume it", users, titles(library.catalogue.theorems))


def reading_page(library: Library, name: str) -> Page:
    """A choice without which the source cannot be executed."""
    entry = library.readings[name]
    yield title(name, "a reading choice of the document profile")
    yield part("What the source leaves open", entry["gap"])
    yield part("What the document profile does", entry["choice"])
    yield part("Why", entry["reason"])


def parameter_page(library: Library, name: str) -> Page:
    """A number that the source leaves open."""
    entry = library.parameters[name]
    yield title(name, f"= {entry['value']} {entry['unit']}")
    yield part("Why this value", entry["reason"])
