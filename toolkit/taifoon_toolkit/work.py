"""How one task of an audit is done: by the harness of the proofs room, or by CrossHair in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from taifoon_proofs.catalogue import load_catalogue
from taifoon_proofs.harness import Task, cross_checked, perform
from taifoon_proofs.smt import Obligation
from taifoon_toolkit.cache import Record, canonical


@dataclass(frozen=True, slots=True)
class ContractTask:
    """The contracts of one reference module: functions to analyse, and seconds for each condition."""

    module: str
    functions: tuple[str, ...]
    seconds: int

    @property
    def name(self) -> str:
        """A stable name, such as `taifoon.core.quorum contracts`."""
        return f"{self.module} contracts"

    @property
    def subject(self) -> str:
        """What the task is about."""
        return self.module


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """The second solver's turn on the obligations that a theorem gave under `HARDENED`, so that none is made twice."""

    task: Task
    obligations: tuple[Obligation, ...]

    @property
    def name(self) -> str:
        """The name of the harness's task."""
        return self.task.name

    @property
    def subject(self) -> str:
        """The theorem."""
        return self.task.subject


AuditTask = Task | ContractTask | CrossCheck


def perform_task(task: AuditTask) -> Record:
    """Do one task. The record consists of JSON values, keys sorted, as if read from a file."""
    if isinstance(task, ContractTask):
        record = contract_record(task)
    elif isinstance(task, CrossCheck):
        record = cross_checked(task.obligations)
    else:
        record = perform(task, load_catalogue())
    normalised: Record = json.loads(canonical(record))
    return normalised


def cross_check_of(task: Task, hardened: Record) -> CrossCheck:
    """The cross-check of a theorem, from its record under `HARDENED`."""
    return CrossCheck(task, tuple(Obligation(item["name"], item["text"]) for item in hardened["obligations"]))


def contract_record(task: ContractTask) -> Record:
    """CrossHair's answers on a module. Raises RuntimeError where CrossHair itself fails."""
    command = [sys.executable, "-m", "taifoon_toolkit.crosshair_check", task.module, str(task.seconds), *task.functions]
    # CrossHair follows hash order; a fixed seed makes its answers repeatable.
    surroundings = {**os.environ, "PYTHONHASHSEED": "0"}
    # The modules are to be found there as they are found here.
    surroundings["PYTHONPATH"] = os.pathsep.join(item for item in sys.path if item)
    finished = subprocess.run(command, capture_output=True, text=True, env=surroundings, check=False)  # noqa: S603
    if finished.returncode != 0:
        lines = finished.stderr.strip().splitlines() or ["no message"]
        raise RuntimeError(f"CrossHair ended with status {finished.returncode}: {lines[-1]}")
    return {"answers": json.loads(finished.stdout)}
