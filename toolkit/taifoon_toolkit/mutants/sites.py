"""Where the reference can be mutated: every operator of Cosmic Ray at every place of a module."""

from __future__ import annotations

import ast
import copy
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3

IDENTITY = re.compile("_(Eq_Is|NotEq_IsNot|Is_Eq|IsNot_NotEq)$")
"""Operators that ask for the same object instead of the same value: Python alone answers that, no client."""


class ToolMissingError(RuntimeError):
    """Cosmic Ray is not installed."""


@dataclass(frozen=True, slots=True)
class Site:
    """One mutant: an operator of Cosmic Ray at one of its places in a module, and the function that holds it."""

    module: str
    operator: str
    occurrence: int
    line: int
    column: int
    function: str | None
    lines: tuple[int, ...]

    @property
    def name(self) -> str:
        """What identifies a mutant of a source."""
        return f"{self.module}:{self.line}:{self.column}:{self.operator}:{self.occurrence}"


@dataclass(frozen=True, slots=True)
class Target:
    """A module of the reference, with the section of the source that it is about."""

    module: str
    section: str
    source: str

    @property
    def digest(self) -> str:
        """BLAKE3 of the source."""
        return blake3(self.source.encode()).hexdigest()


def targets(folder: Path) -> tuple[Target, ...]:
    """The modules of the reference, by section and name."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if path.name != "__init__.py":
            module = ".".join((folder.name, *path.relative_to(folder).with_suffix("").parts))
            stated = re.match(r'"""Sections? (\d(?:\.\d)?)', source)
            found.append(Target(module, stated.group(1) if stated else "0", source))
    return tuple(sorted(found, key=lambda target: (target.section, target.module)))


def place_of(tree: ast.Module, line: int) -> tuple[str | None, tuple[int, ...]]:
    """The outermost function around a line, and the lines of which one has to run for a mutant there to matter.

    No function is named for what runs when the module is imported, and no lines where all of the function's count.
    """
    names: list[str] = []
    holder: ast.AST = tree
    while not isinstance(holder, ast.FunctionDef):
        inner = next(
            (
                node
                for node in ast.iter_child_nodes(holder)
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.lineno <= line <= (node.end_lineno or 0)
            ),
            None,
        )
        if inner is None:
            return None, ()
        names.append(inner.name)
        holder = inner
    if line < holder.body[0].lineno:
        return None, ()
    innermost: ast.stmt = holder
    for node in ast.walk(holder):
        if (
            isinstance(node, ast.stmt)
            and node.lineno <= line <= (node.end_lineno or 0)
            and node.lineno >= innermost.lineno
        ):
            innermost = node
    last = innermost.end_lineno or innermost.lineno
    body = getattr(innermost, "body", None)
    if isinstance(innermost, ast.FunctionDef | ast.Try | ast.Match):
        return ".".join(names), ()
    if body:
        last = body[0].lineno - 1
        if line > last:
            return ".".join(names), ()
    return ".".join(names), tuple(range(innermost.lineno, max(last, innermost.lineno) + 1))


class Ground:
    """A module of the reference with all places where it can be mutated. Raises ToolMissingError."""

    def __init__(self, target: Target) -> None:
        try:
            from cosmic_ray.ast import ast_nodes, get_ast
            from cosmic_ray.plugins import get_operator, operator_names
        except ImportError as error:
            raise ToolMissingError("Cosmic Ray is not installed: run `make mutants`, which installs it") from error
        self.target = target
        self.parsed, self.tree = get_ast(target.source), ast.parse(target.source)
        self.sites: list[Site] = []
        self.places: dict[Site, tuple[Any, Any, int]] = {}
        nodes = tuple(ast_nodes(self.parsed))
        for operator_name in operator_names():
            operator_class = get_operator(operator_name)
            if operator_class.arguments() or IDENTITY.search(operator_name):
                continue
            operator, occurrence = operator_class(), 0
            for node in nodes:
                for index, (start, _) in enumerate(operator.mutation_positions(node)):
                    site = self.site(operator_name.rpartition("/")[2], occurrence, start)
                    self.sites.append(site)
                    self.places[site] = (operator, node, index)
                    occurrence += 1

    def site(self, operator: str, occurrence: int, start: tuple[int, int]) -> Site:
        """One place with the function around it."""
        line, column = start
        function, lines = place_of(self.tree, line) if operator != "RemoveDecorator" else (None, ())
        return Site(self.target.module, operator, occurrence, line, column, function, lines)

    def mutated(self, site: Site) -> str:
        """The source with a mutant in it."""
        operator, node, index = self.places[site]
        # Operators change the node that they are given, so they get a copy of it.
        parent, node.parent = node.parent, None
        copied = copy.deepcopy(node)
        node.parent = copied.parent = parent
        changed = operator.mutate(copied, index)
        row = next(row for row, child in enumerate(parent.children) if child is node)
        whole = parent.children
        parent.children = [*whole[:row], *([] if changed is None else [changed]), *whole[row + 1 :]]
        source = str(self.parsed.get_code())
        parent.children = whole
        return source

    def segment(self, source: str, site: Site) -> str:
        """The outermost definition that holds a place, of this module or of its mutant; all of it where lines move."""
        lines = source.splitlines()
        if len(lines) != len(self.target.source.splitlines()):
            return source
        for node in self.tree.body:
            decorators = getattr(node, "decorator_list", ())
            first = min([node.lineno, *(item.lineno for item in decorators)])
            if first <= site.line <= (node.end_lineno or node.lineno):
                return "\n".join(lines[first - 1 : node.end_lineno])
        return source

    def lines_around(self, site: Site) -> range:
        """The lines of the function that holds a place, all of the module where none does."""
        holder: ast.AST = self.tree
        for name in site.function.split(".") if site.function else ():
            holder = next(item for item in ast.iter_child_nodes(holder) if getattr(item, "name", None) == name)
        return range(getattr(holder, "lineno", 1), (getattr(holder, "end_lineno", 0) or 0) + 1)
