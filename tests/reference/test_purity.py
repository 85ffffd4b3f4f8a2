"""The reference is pure by its text: no assertion, no float, no clock, no chance, no input or output."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[2] / "reference"
FILES = sorted(REFERENCE.rglob("*.py"))

FORBIDDEN_MODULES = frozenset(
    {
        "asyncio",
        "builtins",
        "contextvars",
        "ctypes",
        "datetime",
        "decimal",
        "importlib",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "pickle",
        "platform",
        "queue",
        "random",
        "secrets",
        "select",
        "shutil",
        "signal",
        "socket",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "uuid",
        "numpy",
        "numba",
        "z3",
        "cvc5",
        "hypothesis",
        "click",
        "rich",
        "jinja2",
    }
)
FORBIDDEN_CALLS = frozenset(
    {"breakpoint", "complex", "eval", "exec", "float", "hash", "id", "input", "open", "print", "round", "__import__"}
)
# Floats are what the source's formula means; no profile with the named resolution reaches the file.
FLOATS_ALLOWED = {
    "taifoon/economics/literal_rewards.py": "RES-REWARD",
    "taifoon/redundancy/literal.py": "RES-DUP, RES-METRIC",
}
FLOAT_FAULTS = ("literal ", "division that gives a float", "name float", "math.log2", "math.sqrt")
EXACT_MATHEMATICS = frozenset({"ceil", "comb", "gcd", "isqrt", "lcm", "perm"})


def faults(text: str) -> Iterator[str]:
    """What in a source text is not pure, with its line."""
    for node in ast.walk(ast.parse(text)):
        found = fault_of(node)
        if found:
            yield f"line {getattr(node, 'lineno', 0)}: {found}"


def fault_of(node: ast.AST) -> str | None:
    match node:
        case ast.Assert():
            return "assert"
        case ast.Constant(value=float() | complex()):
            return f"literal {node.value!r}"
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return "division that gives a float"
        case ast.Name(id=name, ctx=ast.Load()) if name in FORBIDDEN_CALLS:
            return f"name {name}"
        case ast.Import(names=names):
            return imported([each.name for each in names])
        case ast.ImportFrom(module=str(module), names=names):
            if module == "math" and not {each.name for each in names} <= EXACT_MATHEMATICS:
                return "inexact function of math"
            return imported([module])
        case ast.Attribute(value=ast.Name(id="math"), attr=name) if name not in EXACT_MATHEMATICS:
            return f"math.{name}"
        case ast.Attribute(value=ast.Name(id="icontract"), attr="invariant"):
            return "icontract.invariant"
        case ast.Global() | ast.Nonlocal():
            return "state outside the function"
        case ast.AsyncFunctionDef():
            return "coroutine"
    return None


def imported(modules: list[str]) -> str | None:
    wrong = [module for module in modules if module.partition(".")[0] in FORBIDDEN_MODULES]
    return f"import of {', '.join(wrong)}" if wrong else None


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(REFERENCE)))
def test_the_file_is_pure(file: Path) -> None:
    found = list(faults(file.read_text(encoding="utf-8")))
    if file.relative_to(REFERENCE).as_posix() in FLOATS_ALLOWED:
        assert found, "a file without floats needs no exception"
        found = [fault for fault in found if not fault.partition(": ")[2].startswith(FLOAT_FAULTS)]
    assert found == []


def test_there_are_files_to_scan() -> None:
    assert len(FILES) > 20
    assert REFERENCE / "taifoon" / "core" / "mmr" / "inclusion.py" in FILES


@pytest.mark.parametrize(
    "text",
    [
        *["assert count", "x = 0.5", "x = 2j", "x = 1 / 2", "x /= 2", "x = float(1)", "print(1)", "open('x')"],
        *["import random", "import os.path", "from time import time", "from pathlib import Path", "import datetime"],
        *["import math\nmath.log(2)", "import math\nmath.sqrt(2)", "from math import log2", "round(1)", "hash(x)"],
        *["@icontract.invariant(x)\nclass A: pass", "def f():\n    global x", "async def f(): pass"],
    ],
)
def test_the_scan_sees_each_fault(text: str) -> None:
    assert len(list(faults(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        *["x = 7 // 2", "from math import isqrt", "import math\nmath.gcd(1, 2)", "from dataclasses import dataclass"],
        *["import hashlib", "from icontract import require", "raise Rejected(code, 'asserted')", "x = 'import os'"],
        "class Rank:\n    hash: int",
    ],
)
def test_the_scan_lets_exact_code_pass(text: str) -> None:
    assert list(faults(text)) == []
