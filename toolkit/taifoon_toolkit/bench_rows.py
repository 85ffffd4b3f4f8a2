"""What a benchmark measures: ways to do the same thing, in turn, and how their medians compare within one run.

Ways take turns, so that whatever else the machine does disturbs all of them. One thread is measured in CPU seconds of
this process, several in seconds of the wall.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

LIMIT = "limit: blake3, one buffer"
"""The way that nothing is expected to beat: one thread of the `blake3` package, each 64 octets one compression."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do something `size` times."""

    name: str
    size: int
    action: Callable[[], object]
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Row:
    """How fast a way is: things in a second, and as a multiple of the first way of its section and of the limit.

    A row that tells something else, such as why a way cannot be measured here, has a size of 0 and says it in `note`.
    """

    section: str
    unit: str
    name: str
    size: int
    rate: float
    ratio: float | None
    of_limit: float | None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """The row as the file has it."""
        return asdict(self)


def seconds(way: Way) -> float:
    """Seconds that one run of a way takes."""
    clock = time.process_time if way.threads == 1 else time.perf_counter
    started = clock()
    way.action()
    return max(clock() - started, 1e-9)


def rates(ways: Sequence[Way], rounds: int) -> list[float]:
    """Things in a second for each way: medians over the rounds, after one that warms up."""
    if rounds < 1:
        raise ValueError(f"rounds is {rounds}: at least one is needed")
    for way in ways:
        way.action()
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for way, times in zip(ways, taken, strict=True):
            times.append(seconds(way))
    return [way.size / median(times) for way, times in zip(ways, taken, strict=True)]


def compared(
    section: str, unit: str, ways: Sequence[Way], rounds: int, notes: Iterable[tuple[str, str]] = ()
) -> Iterator[Row]:
    """The rows of a section: its first way is what the others are compared with; `notes` are rows without a rate."""
    found = rates(ways, rounds)
    limit = next((rate for way, rate in zip(ways, found, strict=True) if way.name == LIMIT), None)
    for way, rate in zip(ways, found, strict=True):
        yield Row(section, unit, way.name, way.size, rate, rate / found[0], rate / limit if limit else None)
    for name, reason in notes:
        yield Row(section, unit, name, 0, 0.0, None, None, reason)
