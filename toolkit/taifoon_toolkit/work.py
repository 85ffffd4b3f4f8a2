"""How one task of an audit is done: by the harness of the proofs room, or by CrossHair in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from taifoon_proofs.catalogue import load_catalogue
from taifoon_proofs.harness import Task, perform
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


AuditTask = Task | ContractTask


def perform_task(task: AuditTask) -> Record:
    """Do one task. The record consists of JSON values, keys sorted, as if read from a file."""
    record = contract_record(task) if isinstance(task, ContractTask) else perform(task, load_catalogue())
    normalised: Record = json.loads(canonical(record))
    return normalised


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
