"""`taifoon bench`: how fast the long-running parts are, each compared with another within the same run.

Machines differ and are noisy, so that a rate alone says little; the ratios within one run carry over. CPU seconds of
this process count, not those of the wall.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from taifoon.profile import HARDENED
from taifoon_models.explorer import Exploration, Search
from taifoon_models.packed import Packing, explore
from taifoon_models.tables import tabulate
from taifoon_models.voting import Committee
from taifoon_proofs.theorems.consensus_explored import forks

SEATS, BYZANTINE, VIEWS = 4, 1, 3
ROUNDS = 3
PLAIN_LIMIT = 200_000
OBJECT_LIMIT = 60_000


@dataclass(frozen=True, slots=True)
class Measured:
    """One way to search: what it saw, and the fewest CPU seconds that it took."""

    name: str
    states: int
    transitions: int
    seconds: float

    @property
    def rate(self) -> float:
        """Distinct states in a CPU second."""
        return self.states / max(self.seconds, 1e-9)


def fastest(name: str, search: Callable[[], Exploration], rounds: int) -> Measured:
    """The best of several runs, which is the one that others disturbed least."""
    best = None
    for _ in range(rounds):
        started = time.process_time()
        found = search()
        seconds = time.process_time() - started
        if best is None or seconds < best.seconds:
            best = Measured(name, found.states, found.transitions, seconds)
    if best is None:
        raise ValueError("rounds: at least one is needed")
    return best


def measurements() -> Iterator[Measured]:
    """The explorer on the committee of the ordinary audit with the most states: compiled, plain, over objects."""
    committee = Committee(HARDENED, SEATS, BYZANTINE, VIEWS)
    tables = tabulate(committee)
    packing = Packing(tables, tuple(forks(tables)))
    try:
        explore(packing, 1, compiled=True)
        states = explore(packing, 1 << 30).states
        yield fastest("compiled", lambda: explore(packing, 1 << 30, compiled=True, room=states), ROUNDS)
    except ValueError:
        pass
    yield fastest("plain", lambda: explore(packing, PLAIN_LIMIT, compiled=False), ROUNDS)
    yield fastest("over objects", lambda: Search(committee).run(lambda _: False, OBJECT_LIMIT), 1)


def bench_to(console: Console) -> None:
    """Measure and print."""
    table = Table(
        title=f"explorer: {SEATS} seats, {BYZANTINE} Byzantine, {VIEWS} views",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for heading in ("search", "states", "steps", "CPU s", "states/s", "steps/s", "ratio"):
        table.add_column(heading, no_wrap=True, justify="left" if heading == "search" else "right")
    measured = list(measurements())
    plain = next(item for item in measured if item.name == "plain")
    for item in measured:
        table.add_row(
            item.name,
            f"{item.states:,}",
            f"{item.transitions:,}",
            f"{item.seconds:.2f}",
            f"{item.rate:,.0f}",
            f"{item.transitions / max(item.seconds, 1e-9):,.0f}",
            f"{item.rate / plain.rate:.2f}",
        )
    console.print(table)
    if len(measured) == 2:
        console.print("compiled: not measured, because numba is not installed: `pip install taifoon-spec[fast]`")
