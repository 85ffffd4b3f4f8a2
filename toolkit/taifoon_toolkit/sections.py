"""The audit by section of the source: theorems, weakenings with their traces, requirements, and what it all took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from taifoon_toolkit.ledger import Ledger
from taifoon_toolkit.live import styled

Row = tuple[str | Text, ...]
RIGHT = ("seconds", "steps")
SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Weakening:
    """A theorem with one repair switched off: the scenario that then fails, its length, and the file of its trace."""

    theorem: str
    without: str
    verdict: str
    replayed: bool
    scenario: str = ""
    steps: int = 0
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """What an audit found of one section; `seconds` are those of all tasks of its theorems and defects."""

    number: str
    theorems: tuple[Mapping[str, Any], ...]
    weakenings: tuple[Weakening, ...]
    requirements: tuple[Mapping[str, Any], ...]
    seconds: float


def weakenings_of(theorem: Mapping[str, Any], traces: Mapping[str, Any]) -> tuple[Weakening, ...]:
    """The weakenings of a theorem, in the order of its needs."""
    found = []
    for item in theorem["tightness"]:
        weakening = Weakening(theorem["id"], item["without"], item["verdict"], bool(item["replayed"]))
        if example := item["counterexample"]:
            schedule = example["parameters"].get(SCHEDULE)
            states = traces[example["trace"].removeprefix("traces/")]["states"]
            # The first state is where a run starts, which is no step.
            steps = len(schedule) if isinstance(schedule, list) else len(states) - 1
            weakening = Weakening(
                theorem["id"],
                item["without"],
                item["verdict"],
                bool(item["replayed"]),
                example["scenario"],
                steps,
                example["trace"],
            )
        found.append(weakening)
    return tuple(found)


def sections_of(ledger: Ledger) -> tuple[Section, ...]:
    """Every section that has a requirement, or a theorem that was judged, in the order of the source."""
    document = ledger.document
    numbers = {item["section"] for part in ("theorems", "requirements") for item in document[part]}
    sections = []
    for number in sorted(numbers):
        theorems = tuple(item for item in document["theorems"] if item["section"] == number)
        sections.append(
            Section(
                number,
                theorems,
                tuple(item for theorem in theorems for item in weakenings_of(theorem, ledger.traces)),
                tuple(item for item in document["requirements"] if item["section"] == number),
                ledger.seconds.get(number, 0.0),
            )
        )
    return tuple(sections)


def print_sections(ledger: Ledger, console: Console) -> None:
    """Print each section that was asked for, with the sections inside it."""
    asked = ledger.document["summary"]["sections"]
    for section in sections_of(ledger):
        if any(section.number == number or section.number.startswith(f"{number}.") for number in asked):
            print_section(section, console)


def print_section(section: Section, console: Console) -> None:
    """Print a section."""
    console.print(Text(f"\nSection {section.number}", style="bold"))
    theorems: list[Row] = [("theorem", "verdict", "seconds", "reach")]
    for theorem in section.theorems:
        hardened = theorem["hardened"]
        reach = hardened["reason"] or hardened["reach"]
        theorems.append((theorem["id"], styled(hardened["verdict"]), f"{hardened['seconds']:.1f}", reach))
    weakenings: list[Row] = [("theorem", "switched off", "fails in", "steps", "trace")]
    for item in section.weakenings:
        fails_in = Text(item.scenario) if item.replayed else Text(f"{item.scenario} not again".strip(), "bold red")
        if item.trace:
            weakenings.append((item.theorem, item.without, fails_in, str(item.steps), item.trace))
        else:
            weakenings.append((item.theorem, item.without, styled(item.verdict), "-", "-"))
    requirements: list[Row] = [("requirement", "status", "theorems")]
    for requirement in section.requirements:
        requirements.append((requirement["id"], requirement["status"], ", ".join(requirement["theorems"]) or "-"))
    for rows in (theorems, weakenings, requirements):
        if len(rows) > 1:
            print_rows(rows, console)
            console.print()
    console.print(f"Section {section.number} took {section.seconds:.1f} s", highlight=False)


def print_rows(rows: Sequence[Row], console: Console) -> None:
    """Print rows in columns, the first as heading. No line is broken, so that a name can be copied from it."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        line = Text(style="" if number else "bold")
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            gap = " " * (width - len(cell)) if place < len(row) - 1 else ""
            parts: tuple[str | Text, ...] = (gap, cell) if rows[0][place] in RIGHT else (cell, gap)
            line = Text.assemble(line, "  " if place else "", *parts)
        console.print(line, soft_wrap=True)
