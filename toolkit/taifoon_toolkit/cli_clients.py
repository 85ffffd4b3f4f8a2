"""The commands for other clients: vectors, conform."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from taifoon.core.chain_id import profile_hash
from taifoon_toolkit.audit import INTERRUPTED
from taifoon_toolkit.conform.command import NothingSelectedError, Session, chosen, run_session
from taifoon_toolkit.conform.explain_page import explain_method
from taifoon_toolkit.conform.process import MOST_IN_FRAME, CommandError, Limits, Transport
from taifoon_toolkit.conform.speed import measure_to
from taifoon_toolkit.publish import FolderError
from taifoon_toolkit.usage import stop
from taifoon_toolkit.vectors.command import check_to, refresh_to, write_to
from taifoon_toolkit.vectors.method import NORMATIVE
from taifoon_toolkit.vectors.tree import TreeError


@click.group()
def vectors() -> None:
    """Write and check the conformance vectors, for implementers of other clients."""


@vectors.command("write")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def vectors_write(folder: Path) -> None:
    """Write all vectors into DIR, which is new, empty or an earlier tree.

    The tree has one file for each method, a JSON Schema for each file, and index.json. Its bytes are the same wherever
    it is written. A negative vector is written only where its one rule, left out, makes the reference accept it.

    \b
    Exit status:
      0  written
      1  a case is no vector and was left out; the lines name it
      2  DIR cannot take the tree
    """  # noqa: D301
    try:
        sys.exit(write_to(Console(), folder))
    except TreeError as error:
        stop(error)


@vectors.command("check")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
def vectors_check(folder: Path) -> None:
    """Compare the vectors in DIR with those of this version, and name every difference.

    \b
    Exit status:
      0  the same, byte for byte
      1  something differs
    """  # noqa: D301
    sys.exit(check_to(Console(), folder))


@vectors.command("refresh")
@click.option("--audit", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="An audit.json to read.")
def vectors_refresh(audit: Path | None) -> None:
    """Find the vectors of violating steps anew, after the reference has changed.

    With --audit the counterexamples are those of that audit, else those that are kept. For authors of the
    specification: the files belong to its sources.
    """
    sys.exit(refresh_to(Console(), audit))


@click.command()
@click.option("--section", "sections", multiple=True, metavar="NUMBER", help="Only this section, such as 2.1 or 2.")
@click.option("--only", multiple=True, metavar="NAME", help="Only this method, or the vector of this id.")
@click.option("--fuzz", "rounds", type=click.IntRange(min=0), default=0, metavar="N", help="Generated inputs a method.")
@click.option("--seed", default="1", show_default=True, help="What the generated inputs are drawn from.")
@click.option(
    "--vectors", "source", type=click.Path(path_type=Path, exists=True), help="Only those of this file or tree."
)
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True, help="Seconds."
)
@click.option(
    "--socket",
    "socket_kind",
    type=click.Choice([Transport.UNIX.value, Transport.TCP.value]),
    help="Listen, and tell the client where in TAIFOON_CONFORM_ADDRESS, rather than use its input and output.",
)
@click.option("--lines", is_flag=True, help="Ask one request a line, also of a client that takes frames.")
@click.option("--speed", is_flag=True, help="Measure calls a second in lines, frames and over sockets, and end.")
@click.option("--quick", is_flag=True, help="Leave out the lines of 65,536 drawn cases.")
@click.option("--explain", "method_name", metavar="METHOD", help="Show what a method takes and gives, and end.")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("conform"),
    show_default=True,
    help="Folder for the report.",
)
@click.argument("command", nargs=-1)
def conform(
    *,
    sections: tuple[str, ...],
    only: tuple[str, ...],
    rounds: int,
    seed: str,
    source: Path | None,
    timeout: float,
    socket_kind: str | None,
    lines: bool,
    speed: bool,
    quick: bool,
    method_name: str | None,
    folder: Path,
    command: tuple[str, ...],
) -> None:
    """Run the client that COMMAND starts against the vectors, and show where it departs from the reference.

    The client is one process that reads requests from its standard input and writes replies to its standard output, one
    JSON object a line, or many in a frame if it can; with --socket it connects to the kit instead. spec/conformance.md
    has all that its author needs. With --fuzz, generated inputs follow; what differs is shrunk and kept as a vector in
    the folder `found` of the report.

    \b
    Examples:
      taifoon conform -- python my_client.py
      taifoon conform --section 2.1 --fuzz 500 --seed 7 -- node client.mjs
      taifoon conform --vectors conform/found -- ./client
      taifoon conform --socket tcp --only leaf.decode -- ./client
      taifoon conform --explain mmr.verify_leaves

    \b
    Exit status:
      0    nothing differs
      1    something differs; the report names requirement and vector
      2    the command was used wrongly, or the client cannot be started
      3    nothing was compared
      130  interrupted
    """  # noqa: D301
    if method_name is not None:
        try:
            explain_method(Console(), method_name)
        except KeyError:
            stop(f"--explain {method_name}: no such method; name one, or `all` for their list")
        return
    if not command:
        stop("no client is named: write -- and its command, such as: taifoon conform -- python client.py")
    limits = Limits(seconds=timeout, long_seconds=12 * timeout)
    transport = Transport.PIPES if socket_kind is None else Transport(socket_kind)
    most = 0 if lines else MOST_IN_FRAME
    session = Session(command, folder, sections, rounds, seed, source, quick, limits, transport, most, only)
    try:
        if speed:
            profile = profile_hash(NORMATIVE)
            sys.exit(measure_to(Console(), command, profile, limits, chosen(session)))
        sys.exit(run_session(session, Console()))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (CommandError, FolderError, NothingSelectedError, TreeError) as error:
        stop(error)
