"""`taifoon vectors mutants`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from taifoon_toolkit.mutants.session import LOG, Run, Verdict, Wanted
from taifoon_toolkit.mutants.table import HEAD, Tables, json_of, markdown_of, survivor_lines, tables_of
from taifoon_toolkit.vectors.shipped import shipped_vectors

DONE = 0
WIDTH = 110
TABLE, PAGE, SURVIVORS = "mutants.json", "mutants.md", "survivors.txt"


class NothingWantedError(ValueError):
    """No module of the reference fits what is wanted."""


def shown_while(console: Console, verdicts: Iterator[Verdict]) -> Iterator[Verdict]:
    """The verdicts, with their number and module on the screen while they come."""
    columns = (SpinnerColumn(), TextColumn("{task.fields[done]} mutants, {task.fields[module]}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("mutants", total=None, done=0, module="vectors")
        for number, verdict in enumerate(verdicts, 1):
            progress.update(task, done=number, module=verdict.module)
            yield verdict


def printed(console: Console, tables: Tables) -> None:
    """Print a row for each module and each section."""
    table = Table(box=None, pad_edge=False)
    table.add_column("of", no_wrap=True)
    for name in HEAD:
        table.add_column(name, justify="right", no_wrap=True)
    for (section, module), tally in sorted(tables.modules.items()):
        table.add_row(f"{section} {module.removeprefix('taifoon.')}", *tally.cells)
    table.add_section()
    for section, tally in sorted(tables.sections.items()):
        table.add_row(f"section {section}", *tally.cells)
    table.add_row("all", *tables.total.cells)
    console.print(table, width=max(console.width, WIDTH), crop=False, soft_wrap=True)


def run_mutants(wanted: Wanted, folder: Path, console: Console) -> int:
    """Judge the mutants that are wanted, print and keep the tables. Raises JudgeError, ToolMissingError."""
    run = Run(folder, wanted, shipped_vectors())
    if not run.targets:
        raise NothingWantedError("no module of the reference fits --section and --module: see `spec/conformance.md`")
    tables = tables_of(shown_while(console, run.verdicts()))
    printed(console, tables)
    if run.unasked:
        console.print(f"no vector asks: {', '.join(run.unasked)}", highlight=False)
    (folder / TABLE).write_text(json.dumps(json_of(tables), indent=1) + "\n", encoding="utf-8")
    (folder / PAGE).write_text(markdown_of(tables) + "\n", encoding="utf-8")
    (folder / SURVIVORS).write_text("".join(f"{line}\n" for line in survivor_lines(tables.survivors)), encoding="utf-8")
    console.print(f"{folder}: {TABLE}, {PAGE}, {SURVIVORS}, {LOG}", highlight=False)
    return DONE
