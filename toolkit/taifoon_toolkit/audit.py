"""The audit: plan the tasks, take what the cache holds, run the rest over processes, judge, publish."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from taifoon_proofs.catalogue import Catalogue, load_catalogue
from taifoon_proofs.registry import load
from taifoon_toolkit.cache import Cache, Finished
from taifoon_toolkit.contracts import call_graph
from taifoon_toolkit.ledger import Ledger, make_ledger
from taifoon_toolkit.live import Progress
from taifoon_toolkit.plan import Material, Plan, Selection, make_plan
from taifoon_toolkit.pool import Done, Failed, Started, run_tasks
from taifoon_toolkit.publish import check_folder, publish
from taifoon_toolkit.spec import load_source
from taifoon_toolkit.summary import print_summary
from taifoon_toolkit.work import perform_task

INTERRUPTED = 130
DEEP = "TAIFOON_DEEP"


@dataclass(frozen=True, slots=True)
class Settings:
    """How an audit is run: what is selected, where it goes, and what it may cost."""

    selection: Selection
    folder: Path
    jobs: int
    limit_seconds: float
    cache: Path | None
    contracts: bool = True
    deep: bool = False


@dataclass(slots=True)
class Outcome:
    """How the tasks ended: records by task name, and reasons of those without one."""

    records: dict[str, Finished] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    kept: int = 0


def shipped_material() -> Material:
    """The theorems, the catalogue and the reference of this project."""
    return Material(load(), load_catalogue(), load_source(), call_graph(), ties(), perform_task)


def ties() -> Callable[[Catalogue], Iterable[str]]:
    """The check of what the catalogue says against the code; no complaint where the proofs room has none."""
    try:
        found: Callable[[Catalogue], Iterable[str]] = importlib.import_module("taifoon_proofs.ties").complaints
    except ModuleNotFoundError as error:
        if error.name != "taifoon_proofs.ties":
            raise
        return lambda catalogue: ()
    return found


def run_plan(plan: Plan, material: Material, settings: Settings, cache: Cache, progress: Progress) -> Outcome:
    """Do the tasks of a plan. Each record is kept as soon as it is there; an interrupt ends the workers."""
    outcome = Outcome()
    waiting = []
    for task in plan.tasks:
        known = cache.load(plan.keys[task.name])
        if known is None:
            waiting.append(task)
            continue
        outcome.records[task.name] = known
        outcome.kept += 1
        progress.end(task, known.record, known.seconds, kept=True)
    events = run_tasks(
        waiting,
        material.perform,
        jobs=settings.jobs,
        limit_seconds=settings.limit_seconds,
        environment={DEEP: "1"} if settings.deep else {},
    )
    with closing(events):
        for event in events:
            match event:
                case None:
                    progress.tick()
                case Started(task):
                    progress.start(task)
                case Done(task, record, seconds):
                    outcome.records[task.name] = Finished(record, seconds)
                    cache.store(plan.keys[task.name], outcome.records[task.name])
                    progress.end(task, record, seconds)
                case Failed(task, reason, seconds):
                    outcome.failures[task.name] = reason
                    progress.end(task, None, seconds)
    return outcome


def run_audit(material: Material, settings: Settings, console: Console) -> int:
    """Run an audit and return its exit status. Raises SelectionError, FolderError, CatalogueError."""
    check_folder(settings.folder)
    plan = make_plan(material, settings.selection, contracts=settings.contracts, deep=settings.deep)
    cache = Cache(settings.cache)
    progress = Progress(plan, console)
    try:
        with progress:
            outcome = run_plan(plan, material, settings, cache, progress)
    except KeyboardInterrupt:
        say_interrupted(progress, cache, console)
        return INTERRUPTED
    if cache.complaint:
        console.print(f"cache: {cache.complaint}", style="yellow", soft_wrap=True)
    ledger: Ledger = make_ledger(
        material, plan, settings.selection, outcome.records, outcome.failures, contracts=settings.contracts
    )
    publish(ledger, settings.folder)
    print_summary(ledger, settings.folder, console, kept=outcome.kept, tasks=len(plan.tasks))
    return ledger.complaints.exit_status


def say_interrupted(progress: Progress, cache: Cache, console: Console) -> None:
    """What an interrupted audit leaves behind."""
    console.print(f"Interrupted: {progress.line().partition(';')[0]}; nothing was written.", highlight=False)
    if cache.folder is None:
        console.print("Nothing was kept, because of --no-cache.")
    else:
        console.print("What is done is kept: the same command goes on from there.")
