"""The commands for other clients: vectors, conform."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from taifoon_toolkit.audit import INTERRUPTED
from taifoon_toolkit.conform.command import NothingSelectedError, Session, run_session
from taifoon_toolkit.conform.method_page import explain_method
from taifoon_toolkit.conform.process import CommandError, Limits
from taifoon_toolkit.publish import FolderError
from taifoon_toolkit.usage import stop
from taifoon_toolkit.vectors.command import check_to, write_to
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


@click.command()
@click.option("--section", "sections", multiple=True, metavar="NUMBER", help="Only this section, such as 2.1 or 2.")
@click.option("--fuzz", "rounds", type=click.IntRange(min=0), default=0, metavar="N", help="Generated inputs a method.")
@click.option("--seed", default="1", show_default=True, help="What the generated inputs are drawn from.")
@click.option(
    "--vectors", "source", type=click.Path(path_type=Path, exists=True), help="Only those of this file or tree."
)
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=10.0, show_default=True, help="Seconds."
)
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
    rounds: int,
    seed: str,
    source: Path | None,
    timeout: float,
    quick: bool,
    method_name: str | None,
    folder: Path,
    command: tuple[str, ...],
) -> None:
    """Run the client that COMMAND starts against the vectors, and show where it departs from the reference.

    The client is one process that reads requests from its standard input and writes replies to its standard output, one
    JSON object a line; spec/conformance.md has all that its author needs. With --fuzz, generated inputs follow; what
    differs is shrunk and kept as a vector in the folder `found` of the report.

    \b
    Examples:
      taifoon conform -- python my_client.py
      taifoon conform --section 2.1 --fuzz 500 --seed 7 -- node client.mjs
      taifoon conform --vectors conform/found -- ./client
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
    try:
        sys.exit(run_session(Session(command, folder, sections, rounds, seed, source, quick, limits), Console()))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (CommandError, FolderError, NothingSelectedError, TreeError) as error:
        stop(error)
