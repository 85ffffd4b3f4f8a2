"""Which source files an outcome depends on: the static import closure of first-party modules.

A theorem is judged again exactly when its module, or anything that module imports within the project, changes. Imports
are read from the syntax tree, so nothing is executed; an import inside a function counts as well.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from blake3 import blake3

from taifoon_proofs.scenario import SCENARIOS

PREFIX = "taifoon"


@cache
def source_of(module: str) -> Path | None:
    """The source file of a module; None where the name is no module with Python source."""
    try:
        specification = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if specification is None or specification.origin is None or not specification.origin.endswith(".py"):
        return None
    return Path(specification.origin)


def is_first_party(module: str) -> bool:
    """Whether a module belongs to one of the rooms."""
    return module.partition(".")[0].startswith(PREFIX)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes(), filename=path.name)


def _parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _absolute(module: str, path: Path, statement: ast.ImportFrom) -> str:
    if statement.level == 0:
        return statement.module or ""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    base = package.split(".")[: len(package.split(".")) - statement.level + 1]
    return ".".join([*base, *([statement.module] if statement.module else [])])


@cache
def imports_of(module: str) -> frozenset[str]:
    """First-party modules that a module imports directly, with the packages above them."""
    path = source_of(module)
    if path is None:
        return frozenset()
    named: set[str] = set()
    for statement in ast.walk(_tree(path)):
        if isinstance(statement, ast.Import):
            named.update(alias.name for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            base = _absolute(module, path, statement)
            named.add(base)
            # `from package import name` imports a module when `name` is one.
            named.update(f"{base}.{alias.name}" for alias in statement.names)
    found = {name for name in named if is_first_party(name) and source_of(name) is not None}
    return frozenset(found.union(*(_parents(name) for name in found)) if found else found)


def scenario_module(name: str) -> str | None:
    """The module whose function is the scenario; None for an unknown scenario."""
    known = SCENARIOS.get(name)
    return known.body.__module__ if known else None


@cache
def _texts(module: str) -> frozenset[str]:
    path = source_of(module)
    if path is None:
        return frozenset()
    return frozenset(
        node.value for node in ast.walk(_tree(path)) if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def closure_of(modules: Iterable[str]) -> tuple[str, ...]:
    """The modules, what they import within the project, and the modules of scenarios that they name, sorted."""
    found: set[str] = set()
    waiting = {module for entry in modules for module in (entry, *_parents(entry))}
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.add(module)
        waiting |= imports_of(module)
        # A scenario is called by its name, which no import shows.
        waiting |= {where for text in _texts(module) if (where := scenario_module(text))}
    return tuple(sorted(module for module in found if source_of(module) is not None))


def digest_of(modules: Iterable[str]) -> str:
    """Digest of the closure's module names and sources, in hexadecimal."""
    hasher = blake3()
    for module in closure_of(modules):
        path = source_of(module)
        if path is not None:
            content = path.read_bytes()
            hasher.update(f"{module} {len(content)}\n".encode())
            hasher.update(content)
    return str(hasher.hexdigest())
