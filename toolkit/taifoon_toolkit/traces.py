"""Traces as people read them: numbered steps, each with what was done and what it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ABSENT = "none"
ACTION = "action"


@dataclass(frozen=True, slots=True)
class Step:
    """One state of a trace: what was done, and the variables that are new or different."""

    number: int
    action: str
    changes: tuple[tuple[str, str], ...]


def value_text(value: Any) -> str:
    """A value in the Informal Trace Format as text."""
    if isinstance(value, dict):
        if "#bigint" in value:
            return str(value["#bigint"])
        if "#tup" in value:
            return f"({', '.join(value_text(item) for item in value['#tup'])})"
        if "#set" in value:
            return f"{{{', '.join(value_text(item) for item in value['#set'])}}}"
        pairs = value.get("#map", list(value.items()))
        return f"{{{', '.join(f'{value_text(key)}: {value_text(item)}' for key, item in pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(value_text(item) for item in value)}]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def steps_of(document: Mapping[str, Any]) -> tuple[Step, ...]:
    """The steps of a trace."""
    names: Sequence[str] = [name for name in document["vars"] if name != ACTION]
    steps = []
    previous: Mapping[str, Any] = {}
    for number, state in enumerate(document["states"]):
        changes = tuple(
            (name, value_text(state.get(name, ABSENT)))
            for name in names
            if state.get(name, ABSENT) != previous.get(name, ABSENT)
        )
        steps.append(Step(number, value_text(state.get(ACTION, "")), changes))
        previous = state
    return tuple(steps)
