"""What an audit has to do: the selection, and the tasks with the keys of their records.

A task is a unit that one process does alone. Its key covers everything that its record depends on, so a record is
looked up before the task is handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from taifoon_proofs.catalogue import Catalogue, Defect
from taifoon_proofs.harness import Kind, Task, tasks_of_theorem
from taifoon_proofs.registry import Theorem
from taifoon_toolkit.cache import Record, key_of
from taifoon_toolkit.closure import digest_of, scenario_module
from taifoon_toolkit.contracts import CallGraph, ContractedFunction, obstacle_of
from taifoon_toolkit.spec import Source
from taifoon_toolkit.work import AuditTask, ContractTask, CrossCheck

HARNESS_MODULES = ("taifoon_proofs.harness",)
CHECKER_MODULES = ("taifoon_toolkit.crosshair_check",)

CONTRACT_SECONDS = 120
CONTRACT_SECONDS_DEEP = 3600
LONGEST_CONDITION = 10
LONGEST_CONDITION_DEEP = 120


class SelectionError(ValueError):
    """A section or theorem that the audit does not know; the message names it, what is known, and the fix."""


@dataclass(frozen=True, slots=True)
class Material:
    """What is audited, and how a task is done; `ties` says where the catalogue and the code disagree."""

    theorems: Mapping[str, Theorem]
    catalogue: Catalogue
    source: Source
    graph: CallGraph
    ties: Callable[[Catalogue], Iterable[str]]
    perform: Callable[[AuditTask], Record]


@dataclass(frozen=True, slots=True)
class Selection:
    """The theorems of these sections and with these ids; empty selects everything."""

    sections: tuple[str, ...] = ()
    theorems: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return not self.sections and not self.theorems

    def has_section(self, section: str | None) -> bool:
        """Whether a section, or one that contains it, is selected."""
        return section is not None and any(section == item or section.startswith(f"{item}.") for item in self.sections)


@dataclass(frozen=True, slots=True)
class Plan:
    """The theorems, defects and contracted functions of an audit, its tasks in order, and their keys."""

    theorems: tuple[Theorem, ...]
    defects: tuple[Defect, ...]
    functions: tuple[ContractedFunction, ...]
    obstacles: Mapping[str, str]
    tasks: tuple[AuditTask, ...]
    keys: Mapping[str, str]


def make_plan(material: Material, selection: Selection, *, contracts: bool, deep: bool) -> Plan:
    """The plan of an audit. Raises SelectionError."""
    # A theorem without an entry cannot be judged; `ties` complains about it.
    known = {name: theorem for name, theorem in material.theorems.items() if name in material.catalogue.theorems}
    theorems = selected_theorems(material, known, selection)
    defects = selected_defects(material.catalogue, selection)
    functions = selected_functions(material.graph, selection) if contracts else []
    if not theorems and not defects and not functions:
        raise SelectionError(
            f"nothing to audit in section {', '.join(selection.sections)}: choose one of "
            f"{', '.join(sorted({material.catalogue.theorems[name].section for name in known}))}"
        )
    obstacles = {item.name: reason for item in functions if (reason := obstacle_of(item))}
    tasks: list[AuditTask] = list(contract_tasks([item for item in functions if item.name not in obstacles], deep=deep))
    for theorem in theorems:
        tasks += tasks_of_theorem(theorem)
    tasks += [Task(Kind.DEFECT, defect.id) for defect in defects]
    keys = {task.name: task_key(task, material, deep=deep) for task in tasks}
    return Plan(tuple(theorems), tuple(defects), tuple(functions), obstacles, tuple(tasks), keys)


def selected_theorems(material: Material, known: Mapping[str, Theorem], selection: Selection) -> list[Theorem]:
    """The registered theorems that are selected, by id."""
    for section in selection.sections:
        if section not in material.source.sections:
            raise SelectionError(
                f"--section {section}: the source has no such section: use one of {', '.join(material.source.sections)}"
            )
    for name in selection.theorems:
        if name in known:
            continue
        if name in material.catalogue.theorems:
            raise SelectionError(
                f"--theorem {name}: stated in the catalogue but not proved by any function yet: "
                f"use one of {', '.join(known)}"
            )
        raise SelectionError(f"--theorem {name}: there is no such theorem: use one of {', '.join(known)}")
    return [
        theorem
        for name, theorem in sorted(known.items())
        if selection.is_whole
        or name in selection.theorems
        or selection.has_section(material.catalogue.theorems[name].section)
    ]


def selected_defects(catalogue: Catalogue, selection: Selection) -> list[Defect]:
    """The defects with witnesses of the selected sections, and those that a selected theorem mends."""
    return [
        defect
        for _, defect in sorted(catalogue.defects.items())
        if defect.witnesses
        and (
            selection.is_whole
            or selection.has_section(defect.section)
            or set(defect.theorems) & set(selection.theorems)
        )
    ]


def selected_functions(graph: CallGraph, selection: Selection) -> list[ContractedFunction]:
    """The contracted functions of the selected sections."""
    return [
        function
        for function in graph.contracted()
        if selection.is_whole or selection.has_section(graph.sections[function.module])
    ]


def contract_tasks(functions: Iterable[ContractedFunction], *, deep: bool) -> list[ContractTask]:
    """One task for each module; the time for one condition is its share of a fixed whole."""
    wanted = list(functions)
    whole, longest = (CONTRACT_SECONDS_DEEP, LONGEST_CONDITION_DEEP) if deep else (CONTRACT_SECONDS, LONGEST_CONDITION)
    seconds = max(1, min(longest, whole // max(1, sum(function.conditions for function in wanted))))
    return [
        ContractTask(module, tuple(item.qualname for item in wanted if item.module == module), seconds)
        for module in sorted({function.module for function in wanted})
    ]


def task_key(task: AuditTask, material: Material, *, deep: bool) -> str:
    """The key of a task's record."""
    also: Any = {"deep": deep}
    if isinstance(task, CrossCheck):
        return task_key(task.task, material, deep=deep)
    if isinstance(task, ContractTask):
        modules = [*CHECKER_MODULES, task.module]
        also |= {"functions": list(task.functions), "seconds": task.seconds}
    elif task.kind is Kind.DEFECT:
        witnesses = material.catalogue.defects[task.subject].witnesses
        named = [scenario_module(witness.scenario) for witness in witnesses]
        modules = [*HARNESS_MODULES, *(module for module in named if module)]
        also["witnesses"] = [[witness.scenario, dict(witness.parameters)] for witness in witnesses]
    else:
        modules = [*HARNESS_MODULES, material.theorems[task.subject].judge.__module__]
    return key_of(task.name, digest_of(modules), also)
