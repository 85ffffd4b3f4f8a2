"""The `taifoon` command."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from rich.console import Console

from taifoon_proofs.bounds import DEEP_VARIABLE
from taifoon_proofs.catalogue import CatalogueError
from taifoon_toolkit.audit import INTERRUPTED, Settings, run_audit, shipped_material
from taifoon_toolkit.bench import SECTIONS as BENCH_SECTIONS
from taifoon_toolkit.bench import bench_to
from taifoon_toolkit.cache import default_folder
from taifoon_toolkit.conform.command import NothingSelectedError, Session, run_session
from taifoon_toolkit.conform.method_page import explain_method
from taifoon_toolkit.conform.process import CommandError, Limits
from taifoon_toolkit.explain import UnknownIdError, explain_to
from taifoon_toolkit.explore import Wanted, explore_to
from taifoon_toolkit.plan import Selection, SelectionError
from taifoon_toolkit.publish import FolderError
from taifoon_toolkit.replay import TraceFileError, replay_to
from taifoon_toolkit.simulate import Wished, simulate_to
from taifoon_toolkit.vectors.command import check_to, write_to
from taifoon_toolkit.vectors.tree import TreeError

USAGE = 2
MINUTES = 15.0
MINUTES_DEEP = 120.0


def stop(message: object) -> None:
    """End with a message about what was typed."""
    click.echo(f"Error: {message}", err=True)
    sys.exit(USAGE)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="taifoon-spec", message="%(prog)s %(version)s")
def main() -> None:
    """The executable, machine-checked specification of the Taifoon protocol.

    Start with `taifoon audit`: it runs every theorem about the protocol against the executable reference and writes a
    report. Then `taifoon explain` anything that the report names, and `taifoon replay` any counterexample.
    """


@main.command()
@click.option(
    "--section", "sections", multiple=True, metavar="NUMBER", help="Only this section of the source, such as 2.3 or 2."
)
@click.option("--theorem", "theorems", multiple=True, metavar="ID", help="Only this theorem, such as T-C1.")
@click.option("--deep", is_flag=True, envvar=DEEP_VARIABLE, help="Larger bounds and longer searches; takes hours.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes. Default: one for each core.")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path),
    default=Path("audit"),
    show_default=True,
    help="Folder for the report.",
)
@click.option("--no-cache", is_flag=True, help="Run every task, and keep no record.")
@click.option("--no-contracts", is_flag=True, help="Leave out the contracts of the reference, which CrossHair checks.")
@click.option(
    "--limit",
    "minutes",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help=f"Stop a task after so long. Default: {MINUTES:g}, with --deep {MINUTES_DEEP:g}.",
)
def audit(
    *,
    sections: tuple[str, ...],
    theorems: tuple[str, ...],
    deep: bool,
    jobs: int | None,
    folder: Path,
    no_cache: bool,
    no_contracts: bool,
    minutes: float | None,
) -> None:
    """Run the theorems against the reference and write a report.

    For each theorem the audit shows whether it holds for the repaired protocol, that it fails without each repair that
    it needs, what the source as written gives, and the second solver's opinion. Every counterexample is run again on
    the reference. --section and --theorem may be repeated; both together select what either names.

    \b
    Examples:
      taifoon audit                            everything; open audit/index.html afterwards
      taifoon audit --section 2.3              one section of the source
      taifoon audit --theorem T-C1 --no-cache  one theorem, from scratch

    Records of finished tasks are kept in $TAIFOON_CACHE, else $XDG_CACHE_HOME/taifoon, else ~/.cache/taifoon, and used
    again until the code that they depend on changes. After Ctrl-C the same command goes on where it stopped.

    \b
    Exit status:
      0    every demand holds
      1    something fails; the last lines name it
      2    the command was used wrongly
      3    nothing fails, but a counterexample that should exist was not found
      130  interrupted
    """  # noqa: D301
    if not __debug__:
        stop("Python runs with -O, which switches contracts off: run without -O and PYTHONOPTIMIZE")
    settings = Settings(
        Selection(sections, theorems),
        folder,
        jobs or os.cpu_count() or 1,
        60 * (minutes or (MINUTES_DEEP if deep else MINUTES)),
        None if no_cache else default_folder(),
        contracts=not no_contracts,
        deep=deep,
    )
    try:
        sys.exit(run_audit(shipped_material(), settings, Console()))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (SelectionError, FolderError, CatalogueError) as error:
        stop(error)


@main.command()
@click.argument("identifier", metavar="ID")
def explain(identifier: str) -> None:
    """Explain a theorem, defect, requirement, resolution or any other name in a report.

    \b
    ID is one of
      T-C1            a theorem: what it says, what it assumes, what breaks it
      M5 or D-M5      a defect of the source, what mends it, how to see it
      R-2.4-5         a requirement: the words of the source and what carries them
      RES-QUORUM      a resolution: the repaired rule beside the literal one
      MMR_FULL        a rejection code
      AM1             an assumption
      RC-02           a choice without which the source cannot be executed
      seed_lag        a parameter

    Exit status: 0; 2 where the ID is unknown, with suggestions.
    """  # noqa: D301
    try:
        explain_to(Console(), identifier)
    except (UnknownIdError, CatalogueError) as error:
        stop(error)


@main.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def replay(file: Path) -> None:
    """Run the counterexample in FILE again and compare every state.

    FILE is a trace in the Informal Trace Format that `taifoon audit` wrote. The reference is run anew under the
    profile that the file names, and once more under the repaired one, where the violation must be gone.

    \b
    Example:
      taifoon replay audit/traces/T-C1.document.itf.json

    \b
    Exit status:
      0  every state is as recorded, and the repaired protocol does not fail
      1  something differs; the first difference is named
      2  the file cannot be read
    """  # noqa: D301
    try:
        sys.exit(replay_to(Console(), file))
    except TraceFileError as error:
        stop(f"{file}: {error}")


@main.command()
@click.option("--seats", type=click.IntRange(min=1), default=4, show_default=True, help="Seats of the committee.")
@click.option("--views", type=click.IntRange(1, 4), default=2, show_default=True, help="Views that are explored.")
@click.option("--byzantine", type=click.IntRange(min=0), metavar="N", help="Byzantine seats. Default: as tolerated.")
@click.option("--without", multiple=True, metavar="RESOLUTION", help="Switch a repaired rule off; may be repeated.")
@click.option("--plain", is_flag=True, help="Search in Python, even where the compiled search can run.")
@click.option("--limit", type=click.IntRange(min=1), default=200_000_000, metavar="STATES", help="Stop after so many.")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to keep the search in, and to go on from; it is removed at the end.",
)
def explore(
    *,
    seats: int,
    views: int,
    byzantine: int | None,
    without: tuple[str, ...],
    plain: bool,
    limit: int,
    checkpoint: Path | None,
) -> None:
    """Search every state that a committee reaches by the shipped handlers for two conflicting final blocks.

    Members are interchangeable and so are the two blocks of the first view; states are kept exactly. Each state takes
    about 30 bytes of memory.

    \b
    Examples:
      taifoon explore --seats 4 --views 3
      taifoon explore --seats 5 --views 3 --checkpoint search.npz
      taifoon explore --seats 4 --without RES-BFT.gap
      taifoon explore --seats 4 --byzantine 2 --views 1

    \b
    Exit status:
      0    no fork in any state
      1    a fork; the shortest schedule to it is printed
      2    the command was used wrongly
      3    states are left
      130  interrupted
    """  # noqa: D301
    try:
        sys.exit(explore_to(Console(), Wanted(seats, views, byzantine, without, plain, limit, checkpoint)))
    except ValueError as error:
        stop(error)


@main.command()
@click.option("--section", "sections", multiple=True, type=click.Choice(BENCH_SECTIONS), help="Only this section.")
@click.option("--deep", is_flag=True, help="Append ten million leaves as well: 700 MB, some more minutes.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Write bench.json and bench.svg here.")
def bench(sections: tuple[str, ...], deep: bool, out: Path | None) -> None:  # noqa: FBT001 - a flag
    """Measure the explorer and the optimised path, each way compared with another within this run.

    \b
    Examples:
      taifoon bench
      taifoon bench --section batches --out bench
    """  # noqa: D301
    bench_to(Console(), sections or BENCH_SECTIONS, deep, out)


@main.group()
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


@main.command()
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


@main.command()
@click.option("--synchronizers", type=click.IntRange(min=4), default=40, show_default=True, help="How many there are.")
@click.option("--clusters", type=click.IntRange(min=1), default=4, show_default=True, help="Clusters of each epoch.")
@click.option("--seed", type=int, default=1, show_default=True, help="The run: same seed, same trace.")
@click.option("--seconds", type=click.FloatRange(min=0.1), default=6.0, show_default=True, help="Simulated time.")
@click.option("--partition", "partitions", multiple=True, metavar="START-END:COURSE", help="May be repeated.")
@click.option("--crash", "crashes", multiple=True, metavar="START-END:NUMBER", help="May be repeated.")
@click.option("--byzantine", type=click.IntRange(min=0), metavar="N", help="Of each cluster. Default: as tolerated.")
@click.option("--without", multiple=True, metavar="RESOLUTION", help="Switch a repaired rule off; may be repeated.")
@click.option("--stretch", type=click.IntRange(min=1), default=4, show_default=True, help="Blocks in an epoch.")
@click.option("--pace", type=click.IntRange(min=0), default=250, show_default=True, help="Milliseconds to a block.")
@click.option("--brief", is_flag=True, help="Leave the single blocks out of the timeline.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="File for the run as JSON.")
def simulate(
    *,
    synchronizers: int,
    clusters: int,
    seed: int,
    seconds: float,
    partitions: tuple[str, ...],
    crashes: tuple[str, ...],
    byzantine: int | None,
    without: tuple[str, ...],
    stretch: int,
    pace: int,
    brief: bool,
    out: Path | None,
) -> None:
    """Run a whole network over simulated time, and check every invariant at every step.

    Messages are lost, doubled and overtaken. The adversary has members of each cluster, which stay silent, tell
    halves of their peers the contrary, repeat old messages and forge fields. A partition runs `through` all clusters,
    `between` them or `around` the first; times are in seconds from the start.

    \b
    Examples:
      taifoon simulate
      taifoon simulate --synchronizers 10 --clusters 2 --seconds 5
      taifoon simulate --partition 1-2:through --partition 3-4:between --brief
      taifoon simulate --crash 0.5-1.5:7 --byzantine 0 --out run.json

    \b
    Exit status:
      0    every invariant held
      1    an invariant broke; it is named
      2    the command was used wrongly
      130  interrupted
    """  # noqa: D301
    wished = Wished(
        synchronizers, clusters, seed, seconds, partitions, crashes, byzantine, without, stretch, pace, brief, out
    )
    try:
        sys.exit(simulate_to(Console(), wished))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except ValueError as error:
        stop(error)
