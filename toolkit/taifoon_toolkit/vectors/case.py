"""Cases: what a vector is made of, before it has an outcome, and what proves that a negative one has one fault only."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from unittest.mock import patch

from taifoon.profile import Resolution
from taifoon.rejection import RejectionCode


@dataclass(frozen=True, slots=True)
class Double:
    """A mutation of the reference that leaves out one check: `target` is `module:attribute`, replaced by `stand_in`."""

    name: str
    target: str
    stand_in: Callable[..., Any]

    def installed(self) -> AbstractContextManager[Any]:
        """The reference with this mutation, for the length of a `with` block."""
        module, _, path = self.target.partition(":")
        holder: Any = import_module(module)
        *outer, attribute = path.split(".")
        for name in outer:
            holder = getattr(holder, name)
        return patch.object(holder, attribute, self.stand_in)


@dataclass(frozen=True, slots=True)
class Sibling:
    """For a check that is no switch and that no double can leave out: the accepted input one edit away."""

    given: Any
    edit: str


Fault = Resolution | Double | Sibling


@dataclass(frozen=True, slots=True)
class Case:
    """One question; a negative one says its code and its fault. `known` is an outcome that was computed before."""

    method: str
    label: str
    given: Any
    code: RejectionCode | None = None
    fault: Fault | None = None
    requirements: tuple[str, ...] = ()
    known: Any = None


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a trace; a refused one says its code and its fault."""

    event: Any
    code: RejectionCode | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """A run of a machine. Without any one of the resolutions in `decides`, some outcome or state of it is another."""

    machine: str
    label: str
    start: Any
    steps: tuple[Step, ...]
    requirements: tuple[str, ...] = ()
    decides: tuple[Resolution, ...] = ()


def accept(*_: object, **__: object) -> None:
    """A check that checks nothing."""


def agree(*_: object, **__: object) -> bool:
    """A question whose answer is always yes."""
    return True
