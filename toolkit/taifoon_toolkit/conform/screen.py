"""What a session shows: a live table by section while it runs, then methods, findings by requirement, a summary."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterable, Mapping
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from taifoon_toolkit.conform.compare import Comparison, Tally
from taifoon_toolkit.conform.verdict import Explanation, Verdict, explanations
from taifoon_toolkit.vectors.build import Vector
from taifoon_toolkit.vectors.wire import Json

SHOWN = 8
GREATEST_VALUE = 400
SECONDS_BETWEEN_LINES = 10.0


class Screen:
    """The state of a session: on a terminal a table that changes, elsewhere a line from time to time."""

    def __init__(self, console: Console, vectors: Iterable[Vector], comparison: Comparison) -> None:
        self.console = console
        self.comparison = comparison
        self.current = "starting the client"
        self.asked: dict[str, int] = {}
        for vector in vectors:
            self.asked[vector.section] = self.asked.get(vector.section, 0) + 1
        self.live = Live(console=console, get_renderable=self.render, refresh_per_second=8, transient=True)
        self.last_line = time.monotonic()

    def __enter__(self) -> Screen:
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.live.stop()

    def show(self, current: str) -> None:
        """Something is done; off the terminal, say so now and then."""
        self.current = current
        now = time.monotonic()
        if not self.console.is_terminal and now - self.last_line >= SECONDS_BETWEEN_LINES:
            self.last_line = now
            self.console.print(self.line(), highlight=False, soft_wrap=True)

    def line(self) -> str:
        """The state in one line."""
        findings = len(self.comparison.findings)
        return f"{self.comparison.compared} of {sum(self.asked.values())} compared, {findings} findings; {self.current}"

    def render(self) -> Group:
        """The live table, a row for each section."""
        by_section: dict[str, list[Tally]] = {section: [] for section in sorted(self.asked)}
        for tally in self.comparison.tallies.values():
            by_section.setdefault(tally.section, []).append(tally)
        table = table_of(("section", "vectors", "compared", "values", "failed", "unsupported"), 1)
        for section, tallies in by_section.items():
            counts = (
                self.asked.get(section, 0),
                sum(tally.compared for tally in tallies),
                sum(tally.keys for tally in tallies),
                sum(tally.failed for tally in tallies),
                sum(sum(tally.unsupported.values()) for tally in tallies),
            )
            table.add_row(section, *map(str, counts), style="red" if counts[3] else "")
        return Group(table, Text(self.line(), style="dim"))


def table_of(titles: tuple[str, ...], texts: int) -> Table:
    """An empty table of so many columns of text and then numbers, none of which is cut."""
    table = Table(box=None, pad_edge=False)
    for place, title in enumerate(titles):
        table.add_column(title, justify="left" if place < texts else "right", no_wrap=True, min_width=len(title))
    return table


def methods_table(tallies: Mapping[str, Tally]) -> Table:
    """What became of the vectors, by method."""
    titles: tuple[str, ...] = ("section", "method", "compared", "values", "failed", "unsupported")
    is_cut_short = any(tally.not_asked for tally in tallies.values())
    table = table_of((*titles, "not asked") if is_cut_short else titles, 2)
    table.columns[1].min_width = max(map(len, tallies), default=0)
    for name, tally in tallies.items():
        counts = [tally.compared, tally.keys, tally.failed, sum(tally.unsupported.values())]
        if is_cut_short:
            counts.append(tally.not_asked)
        style = "red" if tally.failed else ("yellow" if not tally.compared else "")
        table.add_row(tally.section, name, *map(str, counts), style=style)
    return table


def told(value: Json) -> str:
    """A value in one line, cut."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=True)
    text = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return text if len(text) <= GREATEST_VALUE else f"{text[:GREATEST_VALUE]}... ({len(text)} characters)"


def print_explanation(item: Explanation, console: Console) -> None:
    """A requirement with the smallest difference, expected and given side by side."""
    found, many = item.smallest, len(item.findings)
    head = Text(f"{item.requirement}", style="bold red").append(f"  {item.title}", style="bold not dim")
    console.print(head, soft_wrap=True)
    count = f"{many} finding{'s' if many > 1 else ''}"
    console.print(Text(f"  {count}; also of {', '.join(item.also)}" if item.also else f"  {count}"), soft_wrap=True)
    console.print(Text(f"  {found.sentence()}"), soft_wrap=True)
    if found.rule is not None and found.rule != item.requirement:
        console.print(Text(f"    breaks    {found.rule}"), soft_wrap=True)
    if found.given is not None:
        console.print(Text(f"    given     {told(found.given)}"), soft_wrap=True)
    console.print(Text(f"    expected  {told(found.expected)}", style="green"), soft_wrap=True)
    console.print(Text(f"    client    {told(found.got)}", style="red"), soft_wrap=True)


def print_verdict(verdict: Verdict, folder: str, console: Console) -> None:
    """The table, the findings and the summary."""
    comparison, rate = verdict.comparison, verdict.rate
    form = f"frames of up to {verdict.frames} requests" if verdict.frames > 1 else "lines"
    console.print(Text(f"Client: {verdict.client or 'it did not introduce itself'}; {form}, {verdict.transport.value}"))
    console.print(methods_table(comparison.tallies))
    found = explanations(comparison, verdict.vectors)
    for item in found[:SHOWN]:
        print_explanation(item, console)
    if len(found) > SHOWN:
        console.print(f"{len(found) - SHOWN} more explanations are in the report.")
    unsupported = sum(sum(tally.unsupported.values()) for tally in comparison.tallies.values())
    line = f"{comparison.compared} vectors with {comparison.keys} values compared, {unsupported} unsupported, "
    line += f"{len(comparison.findings)} findings; {verdict.calls} calls, {verdict.seconds:.1f} s in the client"
    line += f", {rate.per_second} calls a second" if rate.calls else ""
    if verdict.fuzzer:
        line += f"; {verdict.fuzzer.compared} generated inputs, {verdict.fuzzer.outside} outside of the domain"
    console.print(line, highlight=False, soft_wrap=True)
    if not comparison.compared:
        console.print("Nothing was compared, which is no conformance.", style="red")
    if comparison.is_over:
        console.print("The client failed so often that it was not asked again.", style="red")
    if verdict.fuzzer and verdict.fuzzer.found:
        again = f"taifoon conform --vectors {folder}/found -- {shlex.join(verdict.command)}"
        console.print(f"What fuzzing found, again: {again}", highlight=False, soft_wrap=True)
    console.print(f"Report: {folder}/index.html", highlight=False, soft_wrap=True)
