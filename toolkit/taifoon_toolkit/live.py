"""What the audit shows while it runs: a live table on a terminal, otherwise a line from time to time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from taifoon_proofs.harness import Kind, Task
from taifoon_toolkit.plan import Plan
from taifoon_toolkit.work import AuditTask, ContractTask, CrossCheck

SECONDS_BETWEEN_LINES = 10.0
ROWS_KEPT_FREE = 8

STYLES = {
    "PROVED": "green",
    "EXHAUSTED": "green",
    "CONFIRMED": "green",
    "unsat": "green",
    "SAMPLED": "yellow",
    "UNKNOWN": "yellow",
    "unknown": "yellow",
    "failed": "bold red",
    "sat": "bold red",
}


def styled(verdict: str) -> Text:
    """A verdict in its colour. REFUTED is neutral: under DOCUMENT it is what is expected."""
    return Text(verdict, style=STYLES.get(verdict, ""))


@dataclass(slots=True)
class Row:
    """The state of one theorem while it is judged."""

    tasks: int
    hardened: str = "…"
    document: str = "…"
    cross_check: str = "…"
    witnessed: int = 0
    needed: int = 0
    ended: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Progress:
    """Counts what has ended and shows it; use as a context."""

    plan: Plan
    console: Console
    rows: dict[str, Row] = field(default_factory=dict)
    ended: int = 0
    kept: int = 0
    failed: int = 0
    others: dict[str, int] = field(default_factory=dict)
    working: list[str] = field(default_factory=list)
    live: Live | None = None
    last_line: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        for theorem in self.plan.theorems:
            self.rows[theorem.id] = Row(tasks=3 + len(theorem.needs), needed=len(theorem.needs))

    def __enter__(self) -> Progress:
        if self.console.is_terminal:
            self.live = Live(console=self.console, get_renderable=self.render, refresh_per_second=4, transient=True)
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live is not None:
            self.live.stop()

    def start(self, task: AuditTask) -> None:
        """A task has begun."""
        self.working.append(task.subject)

    def end(self, task: AuditTask, record: Mapping[str, Any] | None, seconds: float, *, kept: bool = False) -> None:
        """A task has ended; without a record it failed. `kept` records come from the cache."""
        self.ended += 1
        self.kept += kept
        self.failed += record is None
        if not kept:
            self.working.remove(task.subject)
        if isinstance(task, ContractTask):
            self.others["contracts"] = self.others.get("contracts", 0) + 1
            return
        task = task.task if isinstance(task, CrossCheck) else task
        if task.kind is Kind.DEFECT:
            self.others["defects"] = self.others.get("defects", 0) + 1
            return
        self._note(task, self.rows[task.subject], record, seconds)

    def _note(self, task: Task, row: Row, record: Mapping[str, Any] | None, seconds: float) -> None:
        verdict = "failed" if record is None else str(record["verdict"] or "-")
        row.ended += 1
        row.seconds += seconds
        if task.kind is Kind.HARDENED:
            row.hardened = verdict
        elif task.kind is Kind.DOCUMENT:
            row.document = verdict
        elif task.kind is Kind.CROSS_CHECK:
            row.cross_check = verdict
        elif record is not None and record["verdict"] == "REFUTED" and record["replayed"]:
            row.witnessed += 1

    def tick(self) -> None:
        """Time has passed: off the terminal, say so now and then."""
        now = time.monotonic()
        if self.live is None and now - self.last_line >= SECONDS_BETWEEN_LINES:
            self.last_line = now
            self.console.print(self.line(), highlight=False)

    def line(self) -> str:
        """The state in one line."""
        suffix = f"; now {', '.join(sorted(set(self.working)))}" if self.working else ""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.ended} of {len(self.plan.tasks)} tasks done{failed}{suffix}"

    def render(self) -> Group:
        """The live table: theorems at work first, then as many of the others as the terminal holds."""
        room = max(3, self.console.height - ROWS_KEPT_FREE)
        order = sorted(self.rows, key=lambda name: (name not in self.working, self.rows[name].ended == 0, name))
        table = Table(box=None, pad_edge=False)
        for heading in ("theorem", "hardened", "tight", "document", "cvc5", "seconds"):
            table.add_column(heading, justify="right" if heading in ("tight", "seconds") else "left")
        for name in order[:room]:
            row = self.rows[name]
            table.add_row(
                Text(name, style="bold" if name in self.working else ""),
                styled(row.hardened),
                f"{row.witnessed} of {row.needed}",
                styled(row.document),
                styled(row.cross_check),
                f"{row.seconds:.1f}",
            )
        others = "".join(f", {name} {count}" for name, count in sorted(self.others.items()))
        hidden = f" ({len(order) - room} more theorems not shown)" if len(order) > room else ""
        return Group(table, Text(f"{self.line()}{others}{hidden}", style="dim"))
