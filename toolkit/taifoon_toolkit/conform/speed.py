"""`taifoon conform --speed`: how many calls a second a client answers, in lines and in frames, over each transport.

Kit and client are two processes, so that seconds of the wall count. Machines differ and are noisy; the ratios within
one run carry over.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console

from taifoon_toolkit.conform.compare import LONG, Unsupported, check_support, questions_of
from taifoon_toolkit.conform.process import MOST_IN_FRAME, ClientProcess, Limits, Transport
from taifoon_toolkit.conform.protocol import Abilities, ClientError
from taifoon_toolkit.conform.screen import table_of
from taifoon_toolkit.vectors.build import Vector
from taifoon_toolkit.vectors.wire import Json

Call = tuple[str, Json]

ROUNDS = 3
LEAST_CALLS = 2000
ENOUGH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One way to ask: the calls of a round, and the fewest seconds that they took."""

    transport: Transport
    frames: int
    calls: int
    seconds: float

    @property
    def rate(self) -> float:
        """Calls in a second."""
        return self.calls / max(self.seconds, 1e-9)


def calls_of(vectors: Iterable[Vector], abilities: Abilities) -> list[Call]:
    """What a client is asked in a round: all that it supports, without the long methods, often enough to measure."""
    calls: list[Call] = []
    for vector in vectors:
        try:
            check_support(abilities, vector)
        except Unsupported:
            continue
        if not vector.name.startswith(LONG):
            calls += [(item.method, item.given) for item in questions_of(vector)]
    return calls * (-(-LEAST_CALLS // len(calls))) if calls else []


def measured(client: ClientProcess, vectors: Iterable[Vector]) -> Measured | None:
    """The best of a few rounds, which is the one that others disturbed least; None where there is nothing to ask.

    Raises ClientError.
    """
    client.restart()
    calls = calls_of(vectors, client.abilities)
    if not calls:
        return None
    # What is loaded or compiled at the first call does not count.
    client.ask_all(calls)
    best, spent = float("inf"), 0.0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        client.ask_all(calls)
        passed = time.perf_counter() - began
        best, spent = min(best, passed), spent + passed
        if spent > ENOUGH_SECONDS:
            break
    frames = client.width
    client.farewell()
    return Measured(client.transport, frames, len(calls), best)


def measure_to(
    console: Console, command: Sequence[str], profile: bytes, limits: Limits, vectors: Sequence[Vector]
) -> int:
    """Measure a client in every way that it takes and print a table; the exit status."""
    table = table_of(("transport", "form", "calls", "seconds", "calls a second", "to lines"), 2)
    in_lines: dict[Transport, float] = {}
    for transport in Transport:
        for most in (0, MOST_IN_FRAME):
            try:
                with ClientProcess(command, profile, limits, transport, most) as client:
                    found = measured(client, vectors)
            except ClientError as error:
                console.print(f"{transport.value}: the client {error.fault.value}: {error.detail}", markup=False)
                return 1
            if found is None:
                console.print("The client has none of the methods asked: nothing is measured.")
                return 3
            if most and found.frames == 1:
                continue
            ratio = found.rate / in_lines.setdefault(transport, found.rate)
            form = f"frames of {found.frames}" if found.frames > 1 else "lines"
            counts = (str(found.calls), f"{found.seconds:.3f}", f"{found.rate:.0f}", f"{ratio:.2f}")
            table.add_row(transport.value, form, *counts)
    console.print(table)
    return 0
