"""Runs a session from the command line: the client, the vectors, then fuzzing, the files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from taifoon.core.chain_id import profile_hash
from taifoon_toolkit.conform.compare import SESSION, Comparison, Tally
from taifoon_toolkit.conform.fuzz import Fuzzer
from taifoon_toolkit.conform.process import MOST_IN_FRAME, ClientProcess, Limits, Transport
from taifoon_toolkit.conform.protocol import Abilities, ClientError
from taifoon_toolkit.conform.publish import check_folder, publish
from taifoon_toolkit.conform.screen import Screen, print_verdict
from taifoon_toolkit.conform.verdict import Verdict
from taifoon_toolkit.vectors.accumulated import CASES
from taifoon_toolkit.vectors.build import Vector
from taifoon_toolkit.vectors.method import NORMATIVE
from taifoon_toolkit.vectors.read import read_vectors
from taifoon_toolkit.vectors.shipped import shipped_vectors

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
    transport: Transport = Transport.PIPES
    most: int = MOST_IN_FRAME
    only: tuple[str, ...] = ()


class NothingSelectedError(ValueError):
    """A selection without a vector."""


def chosen(session: Session) -> tuple[Vector, ...]:
    """The vectors of a session. Raises NothingSelectedError and what reading a file raises."""
    vectors = shipped_vectors() if session.vectors is None else read_vectors(session.vectors)
    if session.sections:
        vectors = tuple(item for item in vectors if any(is_in(item.section, part) for part in session.sections))
    if session.only:
        vectors = tuple(item for item in vectors if item.name in session.only or item.id in session.only)
    if session.quick:
        vectors = tuple(item for item in vectors if not item.id.endswith(f"/{CASES}"))
    if not vectors:
        options = [f"--section {name}" for name in session.sections] + [f"--only {name}" for name in session.only]
        raise NothingSelectedError(f"{' '.join(options) or '--vectors'}: no vector is of it; `--explain all` lists all")
    return vectors


def is_in(section: str, part: str) -> bool:
    """Whether a section is the part or inside it."""
    return section == part or section.startswith(f"{part}.")


def run_session(session: Session, console: Console) -> int:
    """Run a session, print and publish it; the exit status."""
    check_folder(session.folder)
    vectors = chosen(session)
    profile = profile_hash(NORMATIVE)
    with ClientProcess(session.command, profile, session.limits, session.transport, session.most) as client:
        verdict = converse(client, session, vectors, console)
    publish(verdict, session.folder)
    print_verdict(verdict, str(session.folder), console)
    return verdict.exit_status


def converse(client: ClientProcess, session: Session, vectors: tuple[Vector, ...], console: Console) -> Verdict:
    """All that is said to the client, and shown meanwhile."""
    comparison = Comparison(client, Abilities("", frozenset(), frozenset()), session.limits.patience, client)
    fuzzer = None
    with Screen(console, vectors, comparison) as screen:
        try:
            client.restart()
            comparison.abilities = client.abilities
        except ClientError as error:
            comparison.note(SESSION, error.fault, "hello", "an introduction", error.detail, None)
            comparison.patience = 0
        for vector in comparison.run(vectors):
            screen.show(vector.name)
        if session.rounds and not comparison.is_over:
            fuzzer = Fuzzer(comparison, session.seed)
            for name in fuzzer.run(vectors, session.rounds):
                screen.show(f"fuzzed {name}: {fuzzer.compared} inputs, {len(fuzzer.found)} differences")
        if not comparison.is_over:
            try:
                client.farewell()
            except ClientError as error:
                comparison.note(SESSION, error.fault, "bye", "an orderly end", error.detail, None)
    if any(item.name == SESSION.name for item in comparison.findings):
        comparison.tallies.setdefault(SESSION.name, Tally(SESSION.section))
    known = {vector.id: vector for vector in vectors}
    name = client.abilities.client
    spent = (client.calls, client.seconds, client.rate, session.transport, client.width)
    return Verdict(name, session.command, comparison, fuzzer, known, *spent, session.sections)
