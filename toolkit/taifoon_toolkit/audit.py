"""The audit: plan the tasks, take what the cache holds, run the rest over processes, judge, publish."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

from rich.console import Console

from taifoon_proofs.bounds import CHECKPOINTS_VARIABLE, DEEP_VARIABLE
from taifoon_proofs.catalogue import load_catalogue
from taifoon_proofs.harness import Kind, Task
from taifoon_proofs.registry import load
from taifoon_proofs.ties import complaints
from taifoon_toolkit.cache import Cache, Finished
from taifoon_toolkit.contracts import call_graph
from taifoon_toolkit.ledger import make_ledger
from taifoon_toolkit.live import Progress
from taifoon_toolkit.plan import Material, Plan, Selection, make_plan
from taifoon_toolkit.pool import Done, Failed, Started, run_tasks
from taifoon_toolkit.publish import check_folder, publish
from taifoon_toolkit.spec import load_source
from taifoon_toolkit.summary import print_summary
from taifoon_toolkit.work import AuditTask, cross_check_of, perform_task

INTERRUPTED = 130


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


def shipped_material() -> Material:
    """The theorems, the catalogue and the reference of this project."""
    return Material(load(), load_catalogue(), load_source(), call_graph(), complaints, perform_task)


@dataclass(slots=True)
class Run:
    """The tasks of a plan on their way: records by task name, reasons of those that failed, and what still waits.

    A cross-check is held back until its theorem has its record under `HARDENED`, which holds the obligations.
    """

    plan: Plan
    cache: Cache
    progress: Progress
    records: dict[str, Finished] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    kept: int = 0
    waiting: deque[AuditTask] = field(default_factory=deque)
    held: dict[str, Task] = field(default_factory=dict)

    def look_up(self) -> None:
        """Take from the cache what it has; the rest waits."""
        known = {task.name: self.cache.load(self.plan.keys[task.name]) for task in self.plan.tasks}
        missing = [task for task in self.plan.tasks if known[task.name] is None]
        self.held = {task.subject: task for task in missing if is_kind(task, Kind.CROSS_CHECK)}
        self.waiting.extend(task for task in missing if not is_kind(task, Kind.CROSS_CHECK))
        for task in self.plan.tasks:
            finished = known[task.name]
            if finished is not None:
                self.kept += 1
                self.succeed(task, finished, kept=True)

    def succeed(self, task: AuditTask, finished: Finished, *, kept: bool = False) -> None:
        """A task has its record."""
        self.records[task.name] = finished
        if not kept:
            self.cache.store(self.plan.keys[task.name], finished)
        self.progress.end(task, finished.record, finished.seconds, kept=kept)
        if is_kind(task, Kind.HARDENED) and task.subject in self.held:
            self.waiting.append(cross_check_of(self.held.pop(task.subject), finished.record))

    def fail(self, task: AuditTask, reason: str, seconds: float) -> None:
        """A task ended without a record."""
        self.failures[task.name] = reason
        self.progress.end(task, None, seconds)
        if is_kind(task, Kind.HARDENED) and task.subject in self.held:
            cross_check = self.held.pop(task.subject)
            self.progress.start(cross_check)
            self.fail(cross_check, f"there is nothing to check, because {task.name} failed", 0.0)

    def work(self, material: Material, settings: Settings) -> None:
        """Do what waits. Each record is kept as soon as it is there; an interrupt ends the workers."""
        events = run_tasks(
            self.waiting,
            material.perform,
            jobs=settings.jobs,
            limit_seconds=settings.limit_seconds,
            environment=environment_of(settings),
        )
        with closing(events):
            for event in events:
                match event:
                    case None:
                        self.progress.tick()
                    case Started(task):
                        self.progress.start(task)
                    case Done(task, record, seconds):
                        self.succeed(task, Finished(record, seconds))
                    case Failed(task, reason, seconds):
                        self.fail(task, reason, seconds)


def environment_of(settings: Settings) -> dict[str, str]:
    """What workers are told: to go deep, and then where long searches keep what they have."""
    if not settings.deep:
        return {}
    kept = {CHECKPOINTS_VARIABLE: str(settings.cache / "searches")} if settings.cache else {}
    return {DEEP_VARIABLE: "1", **kept}


def is_kind(task: AuditTask, kind: Kind) -> TypeGuard[Task]:
    """Whether a task is one of the harness's, of that kind."""
    return isinstance(task, Task) and task.kind is kind


def run_audit(material: Material, settings: Settings, console: Console) -> int:
    """Run an audit and return its exit status. Raises SelectionError, FolderError, CatalogueError."""
    check_folder(settings.folder)
    plan = make_plan(material, settings.selection, contracts=settings.contracts, deep=settings.deep)
    cache = Cache(settings.cache)
    progress = Progress(plan, console)
    run = Run(plan, cache, progress)
    try:
        with progress:
            run.look_up()
            run.work(material, settings)
    except KeyboardInterrupt:
        say_interrupted(progress, cache, console)
        return INTERRUPTED
    if cache.complaint:
        console.print(f"cache: {cache.complaint}", style="yellow", soft_wrap=True)
    ledger = make_ledger(material, plan, settings.selection, run.records, run.failures, contracts=settings.contracts)
    publish(ledger, settings.folder)
    print_summary(ledger, settings.folder, console, kept=run.kept, tasks=len(plan.tasks))
    return ledger.complaints.exit_status


def say_interrupted(progress: Progress, cache: Cache, console: Console) -> None:
    """What an interrupted audit leaves behind."""
    console.print(f"Interrupted: {progress.line().partition(';')[0]}; nothing was written.", highlight=False)
    if cache.folder is None:
        console.print("Nothing was kept, because of --no-cache.")
    else:
        console.print("What is done is kept: the same command goes on from there.")
