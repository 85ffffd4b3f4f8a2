"""The command that measures the vectors: vectors mutants."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console

from taifoon_toolkit.audit import INTERRUPTED
from taifoon_toolkit.mutants.command import NothingWantedError, run_mutants
from taifoon_toolkit.mutants.session import JudgeError, Wanted
from taifoon_toolkit.mutants.sites import ToolMissingError
from taifoon_toolkit.usage import stop


@click.command()
@click.option("--section", "sections", multiple=True, metavar="NUMBER", help="Only this section, such as 2.1 or 2.")
@click.option("--module", "modules", multiple=True, metavar="TEXT", help="Only modules with this in their name.")
@click.option("--sample", type=click.IntRange(min=1), metavar="N", help="At most N mutants of each module.")
@click.option("--seed", default="1", show_default=True, help="What the sample is drawn from.")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("mutants"),
    show_default=True,
    help="Folder for tables and verdicts; a run goes on where an earlier one in it ended.",
)
def mutants(
    *, sections: tuple[str, ...], modules: tuple[str, ...], sample: int | None, seed: str, folder: Path
) -> None:
    """Judge mutants of the reference by the vectors alone: what a client could do wrong and still conform.

    Each mutant is one small change to the reference, made by Cosmic Ray, which `make mutants` installs. The vectors
    that run the changed place are answered by the mutant. spec/conformance.md says what is counted.

    \b
    Examples:
      taifoon vectors mutants --module core.mmr
      taifoon vectors mutants --section 5 --sample 100 --seed 7

    \b
    Exit status:
      0    judged
      2    Cosmic Ray is missing, nothing fits, or the reference does not answer its own vectors
      130  interrupted; the same command goes on
    """  # noqa: D301
    try:
        sys.exit(run_mutants(Wanted(sections, modules, sample, seed), folder, Console()))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except (JudgeError, NothingWantedError, ToolMissingError) as error:
        stop(error)
