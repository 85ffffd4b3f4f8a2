"""The commands that run models: explore, bench, simulate."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click
from click.core import ParameterSource
from rich.console import Console

from taifoon_toolkit.audit import INTERRUPTED
from taifoon_toolkit.bench import SECTIONS as BENCH_SECTIONS
from taifoon_toolkit.bench import bench_to
from taifoon_toolkit.explore import Wanted, explore_to
from taifoon_toolkit.simulate import Wished, simulate_to
from taifoon_toolkit.simulate_script import Replayed, replay_to, save
from taifoon_toolkit.usage import stop

SCRIPT_FILE = click.Path(path_type=Path, dir_okay=False)
BESIDE_SCRIPT = frozenset({"script", "hardened", "brief", "out"})
ARRIVAL = "One more starts from genesis then, and buys a seat; may be repeated."


@click.command()
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


@click.command()
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


def check_script_options(script: Path | None, hardened: bool) -> None:  # noqa: FBT001 - a flag
    """Demand that nothing is said twice: a script says all of a run. Raises ValueError."""
    if script is None:
        if hardened:
            raise ValueError("--hardened: it is about a script; add --script FILE, or leave --without away")
        return
    context = click.get_current_context()
    for option in context.command.params:
        name = option.name or ""
        typed = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if typed and name not in BESIDE_SCRIPT:
            raise ValueError(f"{option.opts[0]}: the script says that; leave it away, or change the script")


@click.command()
@click.option("--synchronizers", type=click.IntRange(min=4), default=40, show_default=True, help="How many there are.")
@click.option("--clusters", type=click.IntRange(min=1), default=4, show_default=True, help="Clusters of each epoch.")
@click.option("--seed", type=int, default=1, show_default=True, help="The run: same seed, same trace.")
@click.option("--seconds", type=click.FloatRange(min=0.1), default=6.0, show_default=True, help="Simulated time.")
@click.option("--partition", "partitions", multiple=True, metavar="START-END:COURSE", help="May be repeated.")
@click.option("--crash", "crashes", multiple=True, metavar="START-END:NUMBER", help="May be repeated.")
@click.option("--arrival", "arrivals", multiple=True, type=click.FloatRange(min=0), metavar="SECONDS", help=ARRIVAL)
@click.option("--departure", "departures", multiple=True, metavar="SECONDS:NUMBER", help="Who asks to leave, and when.")
@click.option("--job-gap", type=click.FloatRange(min=0.001), default=0.5, show_default=True, help="Seconds to a job.")
@click.option("--block-jobs", type=click.IntRange(min=1), metavar="N", help="Leaves that a block holds at most.")
@click.option("--target", type=click.IntRange(min=1), metavar="N", help="Seats that a cluster has on average.")
@click.option("--byzantine", type=click.IntRange(min=0), metavar="N", help="Of each cluster. Default: as tolerated.")
@click.option("--without", multiple=True, metavar="RESOLUTION", help="Switch a repaired rule off; may be repeated.")
@click.option("--stretch", type=click.IntRange(min=1), default=4, show_default=True, help="Blocks in an epoch.")
@click.option("--pace", type=click.IntRange(min=0), default=250, show_default=True, help="Milliseconds to a block.")
@click.option("--script", type=SCRIPT_FILE, help="Run this script, which says all but --brief and --out.")
@click.option("--hardened", is_flag=True, help="Run the script with all repairs, whatever it switches off.")
@click.option("--save", "kept", type=SCRIPT_FILE, help="Write the run as a script.")
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
    arrivals: tuple[float, ...],
    departures: tuple[str, ...],
    job_gap: float,
    block_jobs: int | None,
    target: int | None,
    byzantine: int | None,
    without: tuple[str, ...],
    stretch: int,
    pace: int,
    script: Path | None,
    hardened: bool,
    kept: Path | None,
    brief: bool,
    out: Path | None,
) -> None:
    """Run a whole network over simulated time, and check every invariant at every step.

    Messages are lost, doubled and overtaken. The adversary has members of each cluster, which stay silent, tell
    halves of their peers the contrary, repeat old messages and forge fields. A partition runs `through` all clusters,
    `between` them or `around` the first; times are in seconds from the start. Work is paid, offences are reported and
    cost, and where blocks stay full the next epoch has a cluster more, if it has the seats.

    \b
    Examples:
      taifoon simulate
      taifoon simulate --synchronizers 10 --clusters 2 --seconds 5
      taifoon simulate --partition 1-2:through --partition 3-4:between --brief
      taifoon simulate --crash 0.5-1.5:7 --byzantine 0 --out run.json
      taifoon simulate --synchronizers 10 --clusters 2 --seconds 2 --save run.script.json
      taifoon simulate --script run.script.json
      taifoon simulate --synchronizers 10 --clusters 1 --target 4 --block-jobs 4 --job-gap 0.02 --stretch 13 --pace 80

    \b
    Exit status:
      0    every invariant held
      1    an invariant broke; it is named
      2    the command was used wrongly
      130  interrupted
    """  # noqa: D301
    wished = Wished(
        synchronizers=synchronizers,
        clusters=clusters,
        seed=seed,
        seconds=seconds,
        partitions=partitions,
        crashes=crashes,
        arrivals=arrivals,
        departures=departures,
        job_gap=job_gap,
        block_jobs=block_jobs,
        target=target,
        byzantine=byzantine,
        without=without,
        stretch=stretch,
        pace=pace,
        brief=brief,
        out=out,
    )
    try:
        check_script_options(script, hardened)
        if script is not None:
            sys.exit(replay_to(Console(), Replayed(script, hardened, brief, out)))
        keep = None if kept is None else partial(save, kept)
        sys.exit(simulate_to(Console(), wished, keep))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except ValueError as error:
        stop(error)
