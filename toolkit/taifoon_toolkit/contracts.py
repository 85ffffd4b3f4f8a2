"""The contracts of the reference: which functions carry them, and what CrossHair's answers are worth.

CrossHair looks for inputs that meet a function's preconditions and break a postcondition. It drops every path on which
a callee's contract fails, so its answer for one function rests on the contracts of the functions that it calls; a
function counts as `CONFIRMED` only where those are confirmed too, all the way down.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import re
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from taifoon_toolkit.closure import source_of

DECORATORS = frozenset({"require", "ensure", "snapshot"})
SECTION = re.compile(r"Sections? (\d(?:\.\d)?)")

Definition = ast.FunctionDef | ast.AsyncFunctionDef


class ContractVerdict(Enum):
    """What is known of a function's contracts."""

    CONFIRMED = "CONFIRMED"
    CONFIRMED_UNDER_CALLEES = "CONFIRMED_UNDER_CALLEES"
    UNKNOWN = "UNKNOWN"
    NOT_ANALYSED = "NOT_ANALYSED"
    REFUTED = "REFUTED"


@dataclass(frozen=True, slots=True)
class ContractedFunction:
    """A function with contracts: `conditions` to analyse, and the contracted functions that it may reach."""

    module: str
    qualname: str
    conditions: int
    callees: tuple[str, ...]

    @property
    def name(self) -> str:
        """The function's full name."""
        return f"{self.module}.{self.qualname}"


def modules_of(package: str) -> dict[str, Path]:
    """Modules of a package by name, without importing them."""
    start = source_of(package)
    if start is None:
        return {}
    found = {}
    for path in sorted(start.parent.rglob("*.py")):
        parts = path.relative_to(start.parent).with_suffix("").parts
        name = ".".join((package, *parts))
        found[name.removesuffix(".__init__")] = path
    return found


def module_holding(name: str, modules: Iterable[str]) -> str:
    """The module in which a function of that full name is defined: the longest that the name begins with."""
    return max((module for module in modules if name.startswith(f"{module}.")), key=len)


def section_of(tree: ast.Module) -> str | None:
    """The section of the source that a module's docstring names first."""
    match = SECTION.search(ast.get_docstring(tree) or "")
    return match.group(1) if match else None


def contract_decorators(definition: Definition) -> list[str]:
    """Names of the contract decorators of a function, such as `require`."""
    names = []
    for decorator in definition.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else None
        name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
        if name in DECORATORS:
            names.append(name)
    return names


@dataclass(slots=True)
class CallGraph:
    """Who may call whom in a package, read from the syntax; where the receiver is unknown, every method of that name.

    A function that is only mentioned counts as called: it may be passed on.
    """

    definitions: dict[str, Definition]
    mentions: dict[str, frozenset[str]]
    sections: dict[str, str | None]

    def contracted(self) -> list[ContractedFunction]:
        """The functions with contracts, by name."""
        return [self._contracted(name) for name in sorted(self.definitions) if self._decorators(name)]

    def _contracted(self, name: str) -> ContractedFunction:
        module = next(
            module for module in sorted(self.sections, key=len, reverse=True) if name.startswith(f"{module}.")
        )
        postconditions = self._decorators(name).count("ensure")
        return ContractedFunction(module, name[len(module) + 1 :], max(postconditions, 1), self._callees(name))

    def _decorators(self, name: str) -> list[str]:
        return contract_decorators(self.definitions[name])

    def _callees(self, name: str) -> tuple[str, ...]:
        reached: set[str] = set()
        waiting = set(self.mentions[name])
        while waiting:
            callee = waiting.pop()
            if callee not in reached:
                reached.add(callee)
                waiting |= self.mentions[callee]
        # An operator calls a method without naming it, so every contracted one may be meant.
        operators = {item for item in self.definitions if re.search(r"\.__\w+__$", item)}
        return tuple(sorted(item for item in reached | operators if item != name and self._decorators(item)))


def call_graph(package: str = "taifoon") -> CallGraph:
    """The call graph of a package."""
    trees = {module: ast.parse(path.read_bytes()) for module, path in modules_of(package).items()}
    definitions: dict[str, Definition] = {}
    for module, tree in trees.items():
        definitions.update(_defined(tree.body, module))
    methods: dict[str, set[str]] = {}
    for name in definitions:
        owner, _, short = name.rpartition(".")
        if owner not in trees:
            methods.setdefault(short, set()).add(name)
    bindings = {module: _bindings(module, tree, package) for module, tree in trees.items()}
    mentions = {}
    for name, definition in definitions.items():
        module = module_holding(name, trees)
        mentions[name] = _mentions(definition, bindings, module, definitions, methods) - {name}
    return CallGraph(definitions, mentions, {module: section_of(tree) for module, tree in trees.items()})


def _defined(body: Sequence[ast.stmt], prefix: str) -> dict[str, Definition]:
    found: dict[str, Definition] = {}
    for statement in body:
        if isinstance(statement, Definition):
            found[f"{prefix}.{statement.name}"] = statement
        elif isinstance(statement, ast.ClassDef):
            found |= _defined(statement.body, f"{prefix}.{statement.name}")
    return found


def _bindings(module: str, tree: ast.Module, package: str) -> dict[str, str]:
    """What the names of a module stand for: full names within the package."""
    bound: dict[str, str] = {}
    for statement in ast.walk(tree):
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(package):
            for alias in statement.names:
                bound[alias.asname or alias.name] = f"{statement.module}.{alias.name}"
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.asname and alias.name.startswith(package):
                    bound[alias.asname] = alias.name
    for defined in tree.body:
        if isinstance(defined, Definition | ast.ClassDef):
            bound[defined.name] = f"{module}.{defined.name}"
    return bound


def _mentions(
    definition: Definition,
    bindings: Mapping[str, Mapping[str, str]],
    module: str,
    definitions: Mapping[str, Definition],
    methods: Mapping[str, set[str]],
) -> frozenset[str]:
    found: set[str] = set()
    for node in ast.walk(definition):
        if isinstance(node, ast.Name) and node.id in bindings[module]:
            target = _followed(bindings[module][node.id], bindings)
            if target in definitions:
                found.add(target)
            # Naming a class may construct it.
            found.update(f"{target}.{name}" for name in ("__init__", "__post_init__"))
        elif isinstance(node, ast.Attribute):
            found |= methods.get(node.attr, set())
            if isinstance(node.value, ast.Name):
                found.add(_followed(f"{bindings[module].get(node.value.id, '')}.{node.attr}", bindings))
    return frozenset(found & set(definitions))


def _followed(target: str, bindings: Mapping[str, Mapping[str, str]]) -> str:
    """The definition behind a name that a package passes on from another module."""
    seen: set[str] = set()
    while target not in seen:
        seen.add(target)
        module, _, name = target.rpartition(".")
        target = bindings.get(module, {}).get(name, target)
    return target


def obstacle_of(function: ContractedFunction) -> str | None:
    """Why CrossHair cannot make arguments for a function: a parameter of a protocol class; None where it can."""
    target: Any = importlib.import_module(function.module)
    for part in function.qualname.split("."):
        target = inspect.getattr_static(target, part)
    body = inspect.unwrap(getattr(target, "__func__", getattr(target, "fget", None)) or target)
    try:
        hints = typing.get_type_hints(body)
    except (NameError, TypeError):
        return None
    for parameter, hint in hints.items():
        if parameter != "return" and (named := _protocol_in(hint, set())):
            return f"parameter {parameter} holds a {named}: CrossHair has no values of a protocol class"
    return None


def _protocol_in(hint: Any, seen: set[Any]) -> str | None:
    base = typing.get_origin(hint) or hint
    if getattr(base, "_is_protocol", False):
        return str(base.__name__)
    inner: Iterable[Any] = [item for item in typing.get_args(hint) if not isinstance(item, list)]
    if isinstance(base, type) and dataclasses.is_dataclass(base) and base not in seen:
        seen.add(base)
        inner = [*inner, *typing.get_type_hints(base).values()]
    return next((named for item in inner if (named := _protocol_in(item, seen))), None)


def judged(functions: Sequence[ContractedFunction], answers: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The functions that have an answer, with their verdicts, callees taken into account.

    A set of functions that are each confirmed under the others is confirmed: the innermost failing call would have no
    failing callee, and CrossHair would have seen it.
    """
    confirmed = {name for name, answer in answers.items() if answer["verdict"] == ContractVerdict.CONFIRMED.value}
    while True:
        unsupported = {
            function.name for function in functions if function.name in confirmed and set(function.callees) - confirmed
        }
        if not unsupported:
            break
        confirmed -= unsupported
    return [
        _judged(function, answers[function.name], confirmed)
        for function in sorted(functions, key=lambda item: item.name)
        if function.name in answers
    ]


def _judged(function: ContractedFunction, answer: Mapping[str, Any], confirmed: set[str]) -> dict[str, Any]:
    verdict, unconfirmed = str(answer["verdict"]), sorted(set(function.callees) - confirmed)
    if verdict == ContractVerdict.CONFIRMED.value and function.name not in confirmed:
        verdict = ContractVerdict.CONFIRMED_UNDER_CALLEES.value
    else:
        unconfirmed = []
    return {
        "function": function.name,
        "module": function.module,
        "verdict": verdict,
        "under": unconfirmed,
        "reason": answer["reason"],
        "conditions": answer["conditions"],
    }
