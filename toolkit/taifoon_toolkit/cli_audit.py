"""The commands around the audit: audit, explain, replay."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from rich.console import Console

from taifoon_proofs.bounds import DEEP_VARIABLE
from taifoon_proofs.catalogue import CatalogueError
from taifoon_toolkit.audit import INTERRUPTED, Settings, run_audit, shipped_material
from taifoon_toolkit.cache import default_folder
from taifoon_toolkit.explain import UnknownIdError, explain_to
from taifoon_toolkit.plan import Selection, SelectionError
from taifoon_toolkit.publish import FolderError
from taifoon_toolkit.replay import TraceFileError, replay_to
from taifoon_toolkit.usage import stop

MINUTES = 15.0
MINUTES_DEEP = 120.0


@click.command()
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


@click.command()
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


@click.command()
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
