"""Judges mutants: a process that answers the vectors with one mutant of the reference at a time.

It runs with `python -O`, so that contracts are off and a mutant is killed by what it answers and not by what the
reference demands of itself. It writes no file: a mutant of a function gets that function's code in a forked copy of the
process, any other the module's source at an import anew.
"""

from __future__ import annotations

import gc
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import signal
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

SECONDS, LONG_SECONDS = 2, 300
MEMORY = 2 << 30
OWN = "taifoon_toolkit.mutants"
REPLAYED = "taifoon_toolkit.vectors.subjects"

Vectors = dict[str, tuple[str, Any]]


class Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Gives one module another source."""

    def __init__(self, module: str, source: str, path: str) -> None:
        self.module, self.source, self.path = module, source, path

    def get_source(self, fullname: str) -> str:
        """The mutated source."""
        return self.source

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        """The specification of the mutated module alone."""
        if fullname != self.module:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=self.path)


def is_answered(name: str, content: Any) -> bool:
    """Whether the reference in this process answers a vector as recorded."""
    from taifoon_toolkit.vectors.method import MACHINES, METHODS, NORMATIVE
    from taifoon_toolkit.vectors.wire import from_json

    if name in METHODS:
        method = METHODS[name]
        answer = method.answer(NORMATIVE, method.read(content["given"]))
        return bool(answer == content["outcome"])
    machine = MACHINES[name]
    state = machine.start(NORMATIVE, from_json(machine.start_form, content["start"]))
    if machine.shown(state) != content["first"]:
        return False
    for step in content["steps"]:
        outcome, state = machine.advance(NORMATIVE, state, from_json(machine.event_form, step["event"]))
        if outcome != step["outcome"] or machine.shown(state) != step["snapshot"]:
            return False
    return True


def first_difference(vectors: Vectors, names: Sequence[str]) -> dict[str, str]:
    """The first vector that is answered otherwise, and how."""
    for vector in names:
        try:
            if not is_answered(*vectors[vector]):
                return {"verdict": "killed", "by": vector, "how": "differs"}
        except BaseException as error:
            if isinstance(error, TimeoutError):
                return {"verdict": "killed", "by": vector, "how": "time"}
            return {"verdict": "killed", "by": vector, "how": type(error).__name__}
    return {"verdict": "survived"}


def out_of_time(*_: object) -> NoReturn:
    """Ends a mutant that does not end."""
    raise TimeoutError


def in_a_copy(work: Callable[[], Any], seconds: int = SECONDS) -> Any:
    """What `work` gives in a forked copy of this process, as JSON; a copy that dies has a verdict too."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        gc.disable()
        os.close(reading)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.signal(signal.SIGPROF, out_of_time)
        signal.setitimer(signal.ITIMER_PROF, seconds, 1)
        answer = {"verdict": "killed", "by": "", "how": "dies"}
        with suppress(BaseException):
            answer = work()
        signal.setitimer(signal.ITIMER_PROF, 0)
        with os.fdopen(writing, "w") as pipe:
            json.dump(answer, pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else {"verdict": "killed", "by": "", "how": "dies"}


def traced(vectors: Vectors) -> dict[str, Any]:
    """The lines of the reference that each vector runs in functions, by module, and those that importing runs."""
    spec = importlib.util.find_spec("taifoon")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("the reference is not installed: run `make setup`")
    root = str(Path(next(iter(spec.submodule_search_locations))))
    seen: set[tuple[str, int]] = set()

    def local(frame: types.FrameType, event: str, _: Any) -> Any:
        seen.add((frame.f_code.co_filename, frame.f_lineno))
        return local

    def called(frame: types.FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        # Without this flag it is the body of a module or a class.
        if code.co_filename.startswith(root) and code.co_flags & 1:
            return local(frame, event, argument)
        return None

    def by_module() -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for path, line in sorted(seen):
            parts = Path(path).relative_to(root).with_suffix("").parts
            found.setdefault(".".join(("taifoon", *parts)), []).append(line)
        seen.clear()
        return found

    # What runs while the reference is imported makes its constants; what the vectors are made of is not asked again.
    sys.settrace(called)
    for module in sorted(path for path in Path(root).rglob("*.py") if path.name != "__init__.py"):
        importlib.import_module(".".join(("taifoon", *module.relative_to(root).with_suffix("").parts)))
    sys.settrace(None)
    importing, lines, wrong = by_module(), {}, []
    importlib.import_module(REPLAYED)
    for vector, (name, content) in vectors.items():
        sys.settrace(called)
        right = is_answered(name, content)
        sys.settrace(None)
        lines[vector] = by_module()
        if not right:
            wrong.append(vector)
    cached = [name for name, module in sys.modules.items() if any(caches_of(name, module))]
    return {"importing": importing, "lines": lines, "wrong": wrong, "cached": cached}


def code_at(code: types.CodeType, names: Sequence[str]) -> types.CodeType | None:
    """The code of a function in that of a module."""
    for name in names:
        inner = [item for item in code.co_consts if isinstance(item, types.CodeType) and item.co_name == name]
        if len(inner) != 1:
            return None
        code = inner[0]
    return code


def function_at(module: types.ModuleType, names: Sequence[str]) -> types.FunctionType | None:
    """The function itself, under whatever decorates it."""
    holder: Any = module
    for name in names:
        holder = vars(holder).get(name)
    for _ in range(4):
        if isinstance(holder, types.FunctionType) and not hasattr(holder, "__wrapped__"):
            return holder
        for name in ("__wrapped__", "__func__", "fget", "func"):
            if getattr(holder, name, None) is not None:
                holder = getattr(holder, name)
                break
    return None


def with_new_code(module: str, names: Sequence[str], source: str) -> bool:
    """Give a function the code of a mutant; False where only a new import can."""
    loaded = sys.modules[module]
    function = function_at(loaded, names)
    code = code_at(compile(source, str(loaded.__file__), "exec", dont_inherit=True), names)
    if function is None or code is None or code.co_freevars != function.__code__.co_freevars:
        return False
    function.__code__ = code
    forget()
    return True


def forget() -> None:
    """Empty every cache of the reference: what was computed before the mutant was there is not its answer."""
    for name, module in list(sys.modules.items()):
        for clear in list(caches_of(name, module)):
            clear()


def caches_of(name: str, module: types.ModuleType) -> Iterator[Callable[[], None]]:
    """What empties each cache that a module of the reference defines."""
    if name.partition(".")[0] == "taifoon":
        for value in vars(module).values():
            if getattr(value, "__module__", None) == name and hasattr(value, "cache_clear"):
                yield value.cache_clear


def imported_anew(module: str, source: str) -> bool:
    """Import everything again with a mutant in place of a module; False where that fails."""
    path = str(sys.modules[module].__file__)
    for name in [name for name in sys.modules if name.startswith("taifoon")]:
        if name != "taifoon_toolkit" and not name.startswith(OWN):
            del sys.modules[name]
    sys.meta_path.insert(0, Mutated(module, source, path))
    try:
        importlib.import_module(REPLAYED)
    except BaseException:
        return False
    return True


def judged(vectors: Vectors, asked: Any) -> dict[str, str]:
    """The verdict on one mutant."""
    function, module, source = asked["function"], asked["module"], asked["source"]
    if not (function and with_new_code(module, function.split("."), source)) and not imported_anew(module, source):
        return {"verdict": "no client"}
    return first_difference(vectors, asked["vectors"])


def serve(path: Path) -> None:
    """Answer requests, one JSON object a line, about the vectors of a file."""
    vectors: Vectors = {identity: (name, content) for identity, name, content in json.loads(path.read_text())}
    for third in ("blake3", "ed25519_zebra", "Crypto.Hash.keccak", "icontract", "unittest.mock"):
        importlib.import_module(third)
    print(json.dumps(in_a_copy(lambda: traced(vectors), LONG_SECONDS)), flush=True)
    importlib.import_module(REPLAYED)
    # The copies share what is not touched again.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(in_a_copy(partial(judged, vectors, asked))), flush=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(Path(sys.argv[1]))
