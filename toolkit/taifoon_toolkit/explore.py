"""`taifoon explore`: one committee, searched whole, with progress, to be interrupted and resumed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon_models.explorer import Exploration
from taifoon_models.packed import Engine, Packing, engine_for, explore
from taifoon_models.tables import Tables, tabulate
from taifoon_models.voting import Committee
from taifoon_proofs.theorems.consensus_explored import forks

FORK_FOUND = 1
LIMIT_REACHED = 3
INTERRUPTED = 130


class UnknownResolutionError(ValueError):
    """A resolution that does not exist."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to search, and how."""

    seats: int
    views: int
    byzantine: int | None
    without: tuple[str, ...]
    plain: bool
    limit: int
    checkpoint: Path | None


def weakened(without: tuple[str, ...]) -> Profile:
    """The repaired profile without these resolutions. Raises UnknownResolutionError."""
    known = {resolution.value: resolution for resolution in Resolution}
    unknown = [name for name in without if name not in known]
    if unknown:
        raise UnknownResolutionError(
            f"--without {unknown[0]}: no such resolution; `taifoon explain RES-BFT` lists those of voting"
        )
    profile = HARDENED
    for name in without:
        profile = profile.without(known[name])
    return profile


def explore_to(console: Console, wanted: Wanted) -> int:
    """Search, print what was found, and return the exit status. Raises UnknownResolutionError, ValueError."""
    profile = weakened(wanted.without)
    byzantine = tolerated_faults(profile, wanted.seats) if wanted.byzantine is None else wanted.byzantine
    if byzantine > wanted.seats:
        raise ValueError(f"--byzantine {byzantine}: a committee of {wanted.seats} seats has no more than these")
    committee = Committee(profile, wanted.seats, byzantine, wanted.views)
    console.print(
        f"{profile.name}: {wanted.seats} seats, {byzantine} Byzantine, quorum {quorum(profile, wanted.seats)}, "
        f"{wanted.views} views, {len(committee.blocks)} blocks"
    )
    tables = tabulate(committee)
    packing = Packing(tables, tuple(forks(tables)))
    console.print(f"{len(tables.members):,} local states, {sum(map(len, tables.steps)):,} steps of theirs tabulated")
    engine_for(packing, compiled=False if wanted.plain else None)  # what is compiled, is compiled before the clock runs
    started = time.process_time()
    try:
        with console.status("searching") as status:

            def show(engine: Engine) -> None:
                rate = engine.head / max(time.process_time() - started, 1e-9)
                status.update(f"{engine.tail:,} states found, {engine.tail - engine.head:,} waiting, {rate:,.0f}/s")

            found = explore(
                packing,
                wanted.limit,
                compiled=False if wanted.plain else None,
                progress=show,
                checkpoint=wanted.checkpoint,
            )
    except KeyboardInterrupt:
        kept = f"; the same command goes on from {wanted.checkpoint}" if wanted.checkpoint else ""
        console.print(f"interrupted{kept}", style="yellow", soft_wrap=True)
        return INTERRUPTED
    show_found(console, tables, found, time.process_time() - started)
    if found.schedule is not None:
        return FORK_FOUND
    return 0 if found.complete else LIMIT_REACHED


def show_found(console: Console, tables: Tables, found: Exploration, seconds: float) -> None:
    """The counts, how often each action fired, and the shortest schedule of a fork."""
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_row("states", f"{found.states:,}, alike members and mirror images counted once")
    table.add_row("steps", f"{found.transitions:,}")
    for action, count in found.fired:
        table.add_row(f"  {action}", f"{count:,}")
    table.add_row("depth", f"{found.depth}")
    table.add_row("CPU seconds", f"{seconds:.2f}")
    table.add_row("states per CPU second", f"{found.states / max(seconds, 1e-9):,.0f}")
    console.print(table)
    if found.schedule is not None:
        console.print(f"a fork after {len(found.schedule)} steps of honest members:", style="red")
        for seat, action, block in found.schedule:
            console.print(f"  seat {seat} {action} {block}".rstrip())
    elif found.complete:
        console.print("no two conflicting blocks are final in any state", style="green")
    else:
        console.print("the limit was reached: states are left; raise --limit", style="yellow")
