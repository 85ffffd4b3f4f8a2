"""Tasks over processes: each worker does one task at a time, and the parent knows which.

That is why a task whose worker dies, or that passes its time limit, can be named and all others go on. Workers are
spawned, ignore the interrupt key, and lead a process group of their own, so that what they start ends with them.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")

Record = dict[str, Any]
PATIENCE = 0.25


@dataclass(frozen=True, slots=True)
class Started(Generic[T]):
    """A worker has taken up a task."""

    task: T


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """A task ended with a record."""

    task: T
    record: Record
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed(Generic[T]):
    """A task ended without a record: an exception, a dead worker or the time limit."""

    task: T
    reason: str
    seconds: float


Event = Started[T] | Done[T] | Failed[T]


@dataclass(slots=True)
class _Worker(Generic[T]):
    process: BaseProcess
    connection: Connection
    task: T | None = None
    since: float = field(default_factory=time.monotonic)

    def stop(self) -> None:
        """End the worker and everything that it started."""
        if self.process.pid is not None and self.process.is_alive():
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except (OSError, AttributeError):
                # The worker has no group of its own yet, or the platform has none.
                self.process.kill()
        self.process.join()
        self.connection.close()


def run_tasks(
    waiting: deque[T],
    perform: Callable[[T], Record],
    *,
    jobs: int,
    limit_seconds: float,
    environment: Mapping[str, str] | None = None,
) -> Generator[Event[T] | None, None, None]:
    """Do all waiting tasks with at most `jobs` workers and report each event; None reports that time has passed.

    Whoever iterates may add waiting tasks in answer to an event. `perform` and the tasks are pickled. Closing the
    iterator, as an interrupt does, ends all workers.
    """
    workers = [_hired(perform, environment) for _ in range(min(jobs, len(waiting)))]
    try:
        while waiting or any(worker.task is not None for worker in workers):
            for worker in workers:
                if worker.task is None and waiting:
                    worker.task, worker.since = waiting.popleft(), time.monotonic()
                    _hand_over(worker)
                    yield Started(worker.task)
            busy = [worker for worker in workers if worker.task is not None]
            ready = wait([worker.connection for worker in busy], PATIENCE)
            for worker in busy:
                event = _event(worker, limit_seconds, ready=worker.connection in ready)
                if event is None:
                    continue
                if not worker.process.is_alive() or isinstance(event, Failed):
                    worker.stop()
                    workers[workers.index(worker)] = _hired(perform, environment)
                else:
                    worker.task = None
                yield event
            yield None
    finally:
        for worker in workers:
            worker.stop()


def _hired(perform: Callable[[T], Record], environment: Mapping[str, str] | None) -> _Worker[T]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, perform, dict(environment or {})), daemon=True)
    with _interrupt_held():
        process.start()
    theirs.close()
    return _Worker(process, ours)


@contextmanager
def _interrupt_held() -> Iterator[None]:
    """Hold the interrupt key back; a worker that starts meanwhile never hears it, the parent hears it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _hand_over(worker: _Worker[T]) -> None:
    try:
        worker.connection.send(worker.task)
    except OSError:
        # The worker is dead; its closed connection is reported as such when it is read.
        return


def _event(worker: _Worker[T], limit_seconds: float, *, ready: bool) -> Event[T] | None:
    task = worker.task
    if task is None:
        return None
    elapsed = round(time.monotonic() - worker.since, 3)
    if not ready:
        if elapsed < limit_seconds:
            return None
        return Failed(task, f"stopped after the limit of {limit_seconds:g} seconds: raise --limit", elapsed)
    try:
        record, reason, seconds = worker.connection.recv()
    except (EOFError, OSError):
        worker.process.join(1)
        return Failed(task, f"the worker died with exit code {worker.process.exitcode}", elapsed)
    return Failed(task, reason, seconds) if record is None else Done(task, record, seconds)


def _serve(connection: Connection, perform: Callable[[Any], Record], environment: dict[str, str]) -> None:
    _detach()
    os.environ.update(environment)
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        start = time.perf_counter()
        record, reason = None, None
        try:
            record = perform(task)
        except Exception as error:
            reason = _described(error)
        connection.send((record, reason, round(time.perf_counter() - start, 3)))


def _detach() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgrp"):
        os.setpgrp()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        if hasattr(os, "killpg"):
            os.killpg(os.getpgrp(), signal.SIGKILL)
        os._exit(1)


def _described(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"
