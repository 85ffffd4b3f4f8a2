"""`taifoon simulate`: a whole network over simulated time, with its timeline and the digest of its trace."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from taifoon.core.epoch import operators
from taifoon.economics.ledger import Ledger
from taifoon.profile import Profile
from taifoon_models.simulation import Simulation
from taifoon_models.simulation_checks import InvariantBroken
from taifoon_models.simulation_node import Entry
from taifoon_models.simulation_plan import SECOND, Course, Crash, Cut, Departure, Plan
from taifoon_models.simulation_speed import shared_work
from taifoon_toolkit.explore import weakened

BROKEN = 1
PARTITION = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?):(through|between|around)")
CRASH = re.compile(r"(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?):(\d+)")
STYLES = {"epoch": "bold cyan", "partition": "yellow", "healing": "green", "crash": "red", "restart": "green"}
DEPARTURE = re.compile(r"(\d+(?:\.\d+)?):(\d+)")
QUIET = frozenset({"final"})


class SimulationOptionError(ValueError):
    """An option whose value cannot be meant."""


@dataclass(frozen=True, slots=True)
class Wished:
    """What to simulate, as it was typed."""

    synchronizers: int
    clusters: int
    seed: int
    seconds: float
    partitions: tuple[str, ...]
    crashes: tuple[str, ...]
    arrivals: tuple[float, ...]
    departures: tuple[str, ...]
    job_gap: float
    block_jobs: int | None
    target: int | None
    byzantine: int | None
    without: tuple[str, ...]
    stretch: int
    pace: int
    brief: bool
    out: Path | None


def microseconds(seconds: str | float) -> int:
    """Seconds in whole microseconds."""
    return round(float(seconds) * SECOND)


def span_of(option: str, typed: str, start: str, end: str) -> tuple[int, int]:
    """A stretch of time, in microseconds. Raises SimulationOptionError where it ends before it begins."""
    span = microseconds(start), microseconds(end)
    if span[0] >= span[1]:
        raise SimulationOptionError(f"{option} {typed}: it ends before it begins; write START-END with START below END")
    return span


def cut_of(typed: str) -> Cut:
    """A partition, as it was typed. Raises SimulationOptionError."""
    found = PARTITION.fullmatch(typed)
    if found is None:
        raise SimulationOptionError(
            f"--partition {typed}: write START-END:through, :between or :around, in seconds, such as 2-3.5:through"
        )
    return Cut(*span_of("--partition", typed, found[1], found[2]), Course[found[3].upper()])


def crash_of(typed: str, synchronizers: int) -> Crash:
    """A crash, as it was typed. Raises SimulationOptionError."""
    found = CRASH.fullmatch(typed)
    if found is None or int(found[3]) >= synchronizers:
        raise SimulationOptionError(
            f"--crash {typed}: write START-END:NUMBER with a synchronizer from 0 to {synchronizers - 1}, such as 1-2:7"
        )
    return Crash(*span_of("--crash", typed, found[1], found[2]), int(found[3]))


def departure_of(typed: str, synchronizers: int) -> Departure:
    """A departure, as it was typed. Raises SimulationOptionError."""
    found = DEPARTURE.fullmatch(typed)
    if found is None or int(found[2]) >= synchronizers:
        raise SimulationOptionError(
            f"--departure {typed}: write SECONDS:NUMBER, a synchronizer from 0 to {synchronizers - 1}, such as 1.5:7"
        )
    return Departure(microseconds(found[1]), int(found[2]))


def plan_of(wished: Wished) -> Plan:
    """The plan that was typed. Raises SimulationOptionError."""
    if wished.clusters * 4 > wished.synchronizers:
        raise SimulationOptionError(
            f"--clusters {wished.clusters}: with {wished.synchronizers} synchronizers a cluster has fewer than 4, and "
            f"tolerates nobody; choose {max(1, wished.synchronizers // 4)} clusters or fewer"
        )
    return Plan(
        synchronizers=wished.synchronizers,
        clusters=wished.clusters,
        seed=wished.seed,
        length=microseconds(wished.seconds),
        corrupt=wished.byzantine,
        cuts=tuple(cut_of(typed) for typed in wished.partitions),
        crashes=tuple(crash_of(typed, wished.synchronizers) for typed in wished.crashes),
        arrivals=tuple(microseconds(at) for at in wished.arrivals),
        departures=tuple(departure_of(typed, wished.synchronizers) for typed in wished.departures),
        job_gap=microseconds(wished.job_gap),
        block_jobs=wished.block_jobs,
        target=wished.target,
        stretch=wished.stretch,
        pace=wished.pace,
    )


@dataclass(frozen=True, slots=True)
class Ran:
    """A run that is over: its simulation, CPU seconds, and the invariant that broke."""

    simulation: Simulation
    seconds: float
    broken: InvariantBroken | None


def ran(plan: Plan, profile: Profile, tell: Callable[[Entry], None]) -> Ran:
    """Run a plan, and tell each line of the timeline as soon as it is there."""
    return timed(Simulation(plan, profile, tell))


def timed(simulation: Simulation) -> Ran:
    """Run a simulation to its end, or until an invariant breaks."""
    started = time.process_time()
    broken = None
    with shared_work():
        try:
            simulation.run()
        except InvariantBroken as fault:
            broken = fault
    return Ran(simulation, max(time.process_time() - started, 1e-9), broken)


def line_of(entry: Entry) -> str:
    """A line of the timeline as text."""
    return f"{entry.at / 1_000:9.3f} s  {entry.kind:<9}  {entry.text}"


def telling(console: Console, brief: bool) -> Callable[[Entry], None]:  # noqa: FBT001 - a flag
    """What prints each line of a timeline; in brief, without single blocks."""

    def tell(entry: Entry) -> None:
        if not (brief and entry.kind in QUIET):
            console.print(line_of(entry), style=STYLES.get(entry.kind), highlight=False, soft_wrap=True)

    return tell


def simulate_to(
    console: Console, wished: Wished, keep: Callable[[Plan, tuple[str, ...], Ran], None] | None = None
) -> int:
    """Run, print the timeline and what came of it, and return the exit status. Raises ValueError.

    `keep` is given the plan, the resolutions that are switched off, and what came of the run.
    """
    plan, profile = plan_of(wished), weakened(wished.without)
    done = ran(plan, profile, telling(console, wished.brief))
    console.print(*summary(done), sep="\n", highlight=False, soft_wrap=True)
    if wished.out is not None:
        wished.out.write_text(json.dumps(report(plan, profile, done), indent=1) + "\n", encoding="utf-8")
    if keep is not None:
        keep(plan, wished.without, done)
    return conclude(console, done)


def conclude(console: Console, done: Ran) -> int:
    """Say whether every invariant held, and give the exit status."""
    if done.broken is not None:
        console.print(f"invariant broken: {done.broken}", style="red", highlight=False, soft_wrap=True)
        return BROKEN
    console.print("every invariant held at every step", style="green")
    return 0


def cluster_counts(simulation: Simulation) -> list[int]:
    """The cluster count of each epoch."""
    return [len(assignment.clusters) for _, assignment in sorted(simulation.checks.assignments.items())]


def fewest_operators(simulation: Simulation) -> list[int]:
    """The least number of distinct keys that hold a cluster's seats, in each epoch."""
    return [min(operators(assignment)) for _, assignment in sorted(simulation.checks.assignments.items())]


def last_ledger(simulation: Simulation) -> Ledger:
    """The ledger after the last closing, or at genesis."""
    return (
        max(simulation.checks.economies.items())[1].ledger if simulation.checks.economies else simulation.economy.ledger
    )


def money(simulation: Simulation) -> str:
    """What was issued for work, and who has it."""
    ledger, genesis = last_ledger(simulation), simulation.economy.ledger
    issued, free = ledger.issued - genesis.issued, sum(amount for _, amount in ledger.balances)
    return f"{issued:,} issued for work; {free:,} in balances, {ledger.treasury:,} in the treasury"


def guilt(simulation: Simulation) -> str:
    """The convictions by offence, and what they have cost."""
    ledger = last_ledger(simulation)
    counts = Counter(item.offence.kind.value for item in ledger.convictions)
    taken = sum(entry.taken for entry in ledger.entries)
    listed = ", ".join(f"{count} of {kind}" for kind, count in sorted(counts.items()))
    return f"{listed}; {taken:,} of stake taken" if listed else "nobody convicted"


def summary(done: Ran) -> list[str]:
    """What came of a run, in lines."""
    simulation = done.simulation
    heads = ", ".join(f"{cluster}: {number}" for cluster, number in sorted(simulation.heights().items()))
    refused = ", ".join(f"{code} {count}" for code, count in simulation.refused.most_common(5)) or "none"
    latencies = simulation.job_latencies()
    middle = f", {sorted(latencies)[len(latencies) // 2] / SECOND:.2f} s in the middle" if latencies else ""
    return [
        "",
        f"epochs      {max(simulation.checks.assignments, default=0)} over",
        f"heights     by cluster, {heads}; {len(simulation.checks.cut)} final blocks left out of a closing",
        f"jobs        {simulation.settled} of {len(simulation.submitted)} settled{middle}",
        f"alone       {len(simulation.provisional)} jobs proved by synchronizers that were cut off",
        f"clusters    {', '.join(str(count) for count in cluster_counts(simulation))} by epoch",
        f"operators   {', '.join(str(count) for count in fewest_operators(simulation))} or more to a cluster, by epoch",
        f"money       {money(simulation)}",
        f"guilt       {guilt(simulation)}",
        f"adversary   {simulation.adversary.acts:,} messages of {len(simulation.corrupted())} synchronizers",
        f"refused     {refused}",
        f"events      {simulation.steps:,}, {simulation.steps / done.seconds:,.0f} in a CPU second",
        f"trace       {simulation.digest}",
    ]


def report(plan: Plan, profile: Profile, done: Ran) -> dict[str, object]:
    """The run as a value for other programs; all of it but the rate is a function of plan and profile."""
    simulation = done.simulation
    return {
        "profile": profile.name,
        "synchronizers": plan.synchronizers,
        "clusters": plan.clusters,
        "seed": plan.seed,
        "milliseconds": plan.length // 1_000,
        "timeline": [{"at": entry.at, "kind": entry.kind, "text": entry.text} for entry in simulation.timeline],
        "heights": {str(cluster): number for cluster, number in sorted(simulation.heights().items())},
        "left_out": len(simulation.checks.cut),
        "jobs": {
            "submitted": len(simulation.submitted),
            "settled": simulation.settled,
            "provisional": len(simulation.provisional),
        },
        "cluster_counts": cluster_counts(simulation),
        "fewest_operators": fewest_operators(simulation),
        "issued": last_ledger(simulation).issued - simulation.economy.ledger.issued,
        "treasury": last_ledger(simulation).treasury,
        "convictions": dict(
            sorted(Counter(item.offence.kind.name for item in last_ledger(simulation).convictions).items())
        ),
        "refused": dict(sorted(simulation.refused.items())),
        "events": simulation.steps,
        "events_per_cpu_second": round(simulation.steps / done.seconds),
        "broken": None if done.broken is None else str(done.broken),
        "trace": simulation.digest,
    }
