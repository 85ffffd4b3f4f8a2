"""`taifoon bench`: how fast the long-running parts are, each compared with another within the same run.

Machines differ and are noisy, so that a rate alone says little; the ratios within one run carry over. CPU seconds of
this process count, not those of the wall, but for work on several threads.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table

from taifoon.profile import HARDENED
from taifoon_models.explorer import Exploration, Search
from taifoon_models.packed import Packing, explore
from taifoon_models.tables import tabulate
from taifoon_models.voting import Committee
from taifoon_proofs.theorems.consensus_explored import forks
from taifoon_toolkit.bench_files import write_bench
from taifoon_toolkit.bench_rows import Row

SEATS, BYZANTINE, VIEWS = 4, 1, 3
ROUNDS = 3
SECTIONS = ("explorer", "batches")
PLAIN_LIMIT = 200_000
OBJECT_LIMIT = 60_000


@dataclass(frozen=True, slots=True)
class Measured:
    """One way to search: what it saw, and the fewest CPU seconds that it took."""

    name: str
    states: int
    transitions: int
    seconds: float

    @property
    def rate(self) -> float:
        """Distinct states in a CPU second."""
        return self.states / max(self.seconds, 1e-9)


def fastest(name: str, search: Callable[[], Exploration], rounds: int) -> Measured:
    """The best of several runs, which is the one that others disturbed least."""
    best = None
    for _ in range(rounds):
        started = time.process_time()
        found = search()
        seconds = time.process_time() - started
        if best is None or seconds < best.seconds:
            best = Measured(name, found.states, found.transitions, seconds)
    if best is None:
        raise ValueError("rounds: at least one is needed")
    return best


def measurements() -> Iterator[Measured]:
    """The explorer on the committee of the ordinary audit with the most states: compiled, plain, over objects."""
    committee = Committee(HARDENED, SEATS, BYZANTINE, VIEWS)
    tables = tabulate(committee)
    packing = Packing(tables, tuple(forks(tables)))
    try:
        explore(packing, 1, compiled=True)
        states = explore(packing, 1 << 30).states
        yield fastest("compiled", lambda: explore(packing, 1 << 30, compiled=True, room=states), ROUNDS)
    except ValueError:
        pass
    yield fastest("plain", lambda: explore(packing, PLAIN_LIMIT, compiled=False), ROUNDS)
    yield fastest("over objects", lambda: Search(committee).run(lambda _: False, OBJECT_LIMIT), 1)


def explorer_to(console: Console) -> list[Row]:
    """Measure and print the explorer."""
    title = f"explorer: {SEATS} seats, {BYZANTINE} Byzantine, {VIEWS} views"
    table = headed(title, ("search", "states", "steps", "CPU s", "states/s", "steps/s", "ratio"))
    measured = list(measurements())
    plain = next(item for item in measured if item.name == "plain")
    for item in measured:
        table.add_row(
            item.name,
            f"{item.states:,}",
            f"{item.transitions:,}",
            f"{item.seconds:.2f}",
            f"{item.rate:,.0f}",
            f"{item.transitions / max(item.seconds, 1e-9):,.0f}",
            f"{item.rate / plain.rate:.2f}",
        )
    console.print(table)
    if len(measured) == 2:
        console.print("compiled: not measured, because numba is not installed: `pip install taifoon-spec[fast]`")
    return [Row(title, "states", item.name, item.states, item.rate, item.rate / plain.rate, None) for item in measured]


def headed(title: str, headings: Sequence[str]) -> Table:
    """A table of one name and several numbers a row."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for place, heading in enumerate(headings):
        table.add_column(heading, no_wrap=True, justify="right" if place else "left")
    return table


def batches_to(console: Console, deep: bool) -> list[Row]:  # noqa: FBT001 - the option of the command
    """Measure the optimised path and print a table for each section."""
    try:
        from taifoon_toolkit import bench_batches
    except ImportError as missing:
        console.print(f"batches: not measured: {missing}", markup=False)
        return []
    rows = list(bench_batches.batch_rows(bench_batches.DEEP if deep else bench_batches.ORDINARY))
    for section, group in groupby(rows, lambda row: row.section):
        console.print()
        shown = list(group)
        table = headed(section, (shown[0].unit, "number", "rate/s", "ratio", "of limit"))
        for row in shown:
            if not row.note:
                limit = "" if row.of_limit is None else f"{row.of_limit:.3f}"
                table.add_row(row.name, f"{row.size:,}", f"{row.rate:,.0f}", f"{row.ratio:.2f}", limit)
        console.print(table if table.row_count else section, markup=False)
        for row in shown:
            if row.note:
                console.print(f"{row.name}: {row.note}", markup=False)
    return rows


def bench_to(
    console: Console,
    sections: Collection[str] = SECTIONS,
    deep: bool = False,  # noqa: FBT001, FBT002 - the option of the command
    folder: Path | None = None,
) -> None:
    """Measure and print, and write the rows where a folder is given."""
    rows = explorer_to(console) if "explorer" in sections else []
    if "batches" in sections:
        rows += batches_to(console, deep)
    if folder is not None:
        for path in write_bench(rows, folder):
            console.print(f"written: {path}", markup=False, soft_wrap=True)
