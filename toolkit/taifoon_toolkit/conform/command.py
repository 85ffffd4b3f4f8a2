"""Runs a session from the command line: vectors, then fuzzing, a live line, a table, the files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from taifoon.core.chain_id import profile_hash
from taifoon_toolkit.conform.compare import Comparison, Tally
from taifoon_toolkit.conform.fuzz import Fuzzer
from taifoon_toolkit.conform.process import ClientProcess, Limits
from taifoon_toolkit.conform.protocol import Abilities, ClientError
from taifoon_toolkit.conform.publish import check_folder, publish
from taifoon_toolkit.conform.verdict import Verdict, named_first, smallest
from taifoon_toolkit.vectors.accumulated import CASES
from taifoon_toolkit.vectors.build import Vector
from taifoon_toolkit.vectors.method import NORMATIVE
from taifoon_toolkit.vectors.read import read_vectors
from taifoon_toolkit.vectors.shipped import shipped_vectors

SHOWN = 12
DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Session:
    """What is asked of whom."""

    command: tuple[str, ...]
    folder: Path
    sections: tuple[str, ...] = ()
    rounds: int = 0
    seed: str = "1"
    vectors: Path | None = None
    quick: bool = False
    limits: Limits = DEFAULT_LIMITS


class NothingSelectedError(ValueError):
    """A selection without a vector."""


def chosen(session: Session) -> tuple[Vector, ...]:
    """The vectors of a session. Raises NothingSelectedError and what reading a file raises."""
    vectors = shipped_vectors() if session.vectors is None else read_vectors(session.vectors)
    if session.sections:
        vectors = tuple(item for item in vectors if any(is_in(item.section, part) for part in session.sections))
    if session.quick:
        vectors = tuple(item for item in vectors if not item.id.endswith(f"/{CASES}"))
    if not vectors:
        raise NothingSelectedError(f"--section {', '.join(session.sections)}: no vector is of it")
    return vectors


def is_in(section: str, part: str) -> bool:
    """Whether a section is the part or inside it."""
    return section == part or section.startswith(f"{part}.")


def run_session(session: Session, console: Console) -> int:
    """Run a session, print and publish it; the exit status."""
    check_folder(session.folder)
    vectors = chosen(session)
    with ClientProcess(session.command, profile_hash(NORMATIVE), session.limits) as client:
        verdict = converse(client, session, vectors, console)
    publish(verdict, session.folder)
    print_verdict(verdict, session.folder, console)
    return verdict.exit_status


def converse(client: ClientProcess, session: Session, vectors: tuple[Vector, ...], console: Console) -> Verdict:
    """All that is said to the client."""
    comparison = Comparison(client, Abilities("", frozenset(), frozenset()), session.limits.patience)
    fuzzer = None
    with console.status("starting the client") as status:
        try:
            client.restart()
            comparison.abilities = client.abilities
        except ClientError as error:
            comparison.note(SESSION, error.fault, "hello", "an introduction", error.detail, None)
            comparison.patience = 0
        for number, vector in enumerate(comparison.run(vectors), start=1):
            status.update(f"{vector.name}: {number} of {len(vectors)}, {len(comparison.findings)} findings")
        if session.rounds and not comparison.is_over:
            fuzzer = Fuzzer(comparison, session.seed)
            for name in fuzzer.run(vectors, session.rounds):
                status.update(f"fuzzing {name}: {fuzzer.compared} inputs, {len(fuzzer.found)} differences")
        if not comparison.is_over:
            try:
                client.farewell()
            except ClientError as error:
                comparison.note(SESSION, error.fault, "bye", "an orderly end", error.detail, None)
    if any(item.name == SESSION.name for item in comparison.findings):
        comparison.tallies.setdefault(SESSION.name, Tally(SESSION.section))
    known = {vector.id: vector for vector in vectors}
    name = client.abilities.client
    return Verdict(name, session.command, comparison, fuzzer, known, client.calls, client.seconds, session.sections)


SESSION = Vector("session", "session", "0", {"id": "session", "requirements": ["RES-ENC.canonical"]})
"""Stands for the conversation itself in findings."""


def print_verdict(verdict: Verdict, folder: Path, console: Console) -> None:
    """The table, the findings and the summary."""
    comparison = verdict.comparison
    console.print(Text(f"Client: {verdict.client or 'it did not introduce itself'}"))
    console.print(tally_table(comparison.tallies.items()))
    shown = named_first(comparison, verdict.vectors)
    by_requirement = verdict.by_requirement
    for requirement in shown[:SHOWN]:
        found = by_requirement[requirement][1]
        least = smallest(found)
        line = f"{requirement}: {len(found)} findings; the smallest: {least.sentence()}: "
        line += f"expected {least.expected!r}, got {least.got!r}"
        console.print(Text(line[:600], style="red"), soft_wrap=True)
    if len(shown) > SHOWN:
        console.print(f"{len(shown) - SHOWN} more requirements are in the report.")
    unsupported = sum(sum(tally.unsupported.values()) for tally in comparison.tallies.values())
    line = f"{comparison.compared} vectors with {comparison.keys} values compared, {unsupported} unsupported, "
    line += f"{len(comparison.findings)} findings; {verdict.calls} calls, {verdict.seconds:.1f} s in the client "
    line += f"({verdict.calls / max(verdict.seconds, 0.001):.0f} a second)"
    if verdict.fuzzer:
        line += f"; {verdict.fuzzer.compared} generated inputs, {verdict.fuzzer.outside} outside of the domain"
    console.print(line, highlight=False, soft_wrap=True)
    if not comparison.compared:
        console.print("Nothing was compared, which is no conformance.", style="red")
    console.print(f"Report: {folder / 'index.html'}", highlight=False, soft_wrap=True)


def tally_table(rows: Iterable[tuple[str, Tally]]) -> Table:
    """What became of the vectors, by method."""
    table = Table(box=None, pad_edge=False)
    for title in ("section", "method", "compared", "values", "failed", "unsupported", "not asked"):
        table.add_column(title, justify="left" if title in ("section", "method") else "right")
    for name, tally in rows:
        counts = (tally.compared, tally.keys, tally.failed, sum(tally.unsupported.values()), tally.not_asked)
        style = "red" if tally.failed else ("yellow" if not tally.compared else "")
        table.add_row(tally.section, name, *map(str, counts), style=style)
    return table
