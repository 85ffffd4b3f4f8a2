"""Tables of verdicts: by section and by module, and the survivors line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from taifoon_toolkit.mutants.session import SURVIVED, Verdict

HEAD = ("mutants", "not seen", "no client", "killed", "survived", "not asked", "share")


@dataclass(slots=True)
class Tally:
    """Counts of verdicts. A survivor that no vector runs was not asked."""

    unseen: int = 0
    no_client: int = 0
    killed: int = 0
    survived: int = 0
    unasked: int = 0

    def add(self, verdict: Verdict) -> None:
        """Count one verdict."""
        match verdict.verdict:
            case "unseen":
                self.unseen += 1
            case "no client":
                self.no_client += 1
            case "killed":
                self.killed += 1
            case _ if verdict.reached:
                self.survived += 1
            case _:
                self.unasked += 1

    @property
    def mutants(self) -> int:
        """All mutants."""
        return self.unseen + self.no_client + self.killed + self.survived + self.unasked

    @property
    def share(self) -> str:
        """The share of killed ones among those that behave otherwise, if somewhere, in per cent."""
        counted = self.killed + self.survived + self.unasked
        return f"{100 * self.killed / counted:.1f} %" if counted else "-"

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of a table."""
        counts = (self.mutants, self.unseen, self.no_client, self.killed, self.survived, self.unasked)
        return (*(f"{count:,}" for count in counts), self.share)


@dataclass(slots=True)
class Tables:
    """Tallies by section and by module, the total, and the survivors."""

    sections: dict[str, Tally] = field(default_factory=dict)
    modules: dict[tuple[str, str], Tally] = field(default_factory=dict)
    total: Tally = field(default_factory=Tally)
    survivors: list[Verdict] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Count one verdict everywhere."""
        place = (verdict.section, verdict.module)
        self.total.add(verdict)
        self.sections.setdefault(verdict.section, Tally()).add(verdict)
        self.modules.setdefault(place, Tally()).add(verdict)
        if verdict.verdict == SURVIVED:
            self.survivors.append(verdict)


def tables_of(verdicts: Iterable[Verdict]) -> Tables:
    """The tables of a run."""
    tables = Tables()
    for verdict in verdicts:
        tables.add(verdict)
    return tables


def markdown_of(tables: Tables) -> str:
    """The table by section, as the specification has it."""
    rows = [f"| section | {' | '.join(HEAD)} |", "|---|" + "---:|" * len(HEAD)]
    rows += [f"| {section} | {' | '.join(tally.cells)} |" for section, tally in sorted(tables.sections.items())]
    return "\n".join([*rows, f"| all | {' | '.join(tables.total.cells)} |"])


def survivor_lines(survivors: Iterable[Verdict]) -> Iterator[str]:
    """The survivors by line of the reference: what the line is, and what it may as well be."""
    lines: dict[tuple[str, int], list[Verdict]] = {}
    for verdict in survivors:
        lines.setdefault((verdict.module, verdict.line), []).append(verdict)
    for (module, line), found in sorted(lines.items()):
        before = found[0].change.partition("  =>  ")[0]
        asked = "" if found[0].reached else " (not asked)"
        yield f"{module}:{line}{asked}: {before}"
        yield from (f"    {verdict.change.partition('  =>  ')[2] or 'the line is gone'}" for verdict in found)


def json_of(tables: Tables) -> dict[str, Mapping[str, object]]:
    """The tables as JSON."""

    def row(tally: Tally) -> dict[str, object]:
        return dict(zip(HEAD, (*(int(cell.replace(",", "")) for cell in tally.cells[:-1]), tally.share), strict=True))

    return {
        "sections": {section: row(tally) for section, tally in sorted(tables.sections.items())},
        "modules": {module: row(tally) for (_, module), tally in sorted(tables.modules.items())},
        "total": row(tables.total),
    }
