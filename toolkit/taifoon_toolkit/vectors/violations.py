"""Vectors of what a hardened client must not follow: the violating steps of the counterexamples.

Each is a call, or a run to a step, that a profile without one resolution takes on the way to a violated theorem. It is
refused for that resolution alone, or has another outcome with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from taifoon.profile import Resolution
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.case import Case, Step, Trace
from taifoon_toolkit.vectors.method import MACHINES, METHODS
from taifoon_toolkit.vectors.wire import from_json

FILE = "violations.json"


@cache
def kept() -> str:
    """The text of the file."""
    return files("taifoon_toolkit.vectors").joinpath(FILE).read_text(encoding="utf-8")


def case_from(row: dict[str, Any]) -> Case | Trace:
    """A vector as it was kept. Raises WireError where its method has changed: find the violations anew."""
    resolution = Resolution(row["without"])
    code = None if row["rejection"] is None else RejectionCode[row["rejection"]]
    fault = None if code is None else resolution
    about = (resolution.value,)
    if row["name"] in METHODS:
        given = METHODS[row["name"]].read(row["given"])
        return Case(row["name"], row["label"], given, code, fault, about)
    machine = MACHINES[row["name"]]
    events = [from_json(machine.event_form, event) for event in row["events"]]
    steps = (*(Step(event) for event in events[:-1]), Step(events[-1], code, fault))
    begin = from_json(machine.start_form, row["start"])
    return Trace(row["name"], row["label"], begin, steps, about, () if fault else (resolution,))


def cases() -> Iterator[Case | Trace]:
    """All cases of this subject."""
    yield from (case_from(row) for row in json.loads(kept()))
