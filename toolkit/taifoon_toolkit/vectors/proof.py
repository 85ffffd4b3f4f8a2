"""Single-fault proofs: a negative vector is written only if without its one rule the reference accepts it.

A vector that is refused for two reasons says nothing about a client that lacks one of the rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from taifoon.profile import Profile, Resolution
from taifoon_toolkit.vectors.case import Double, Fault, Sibling
from taifoon_toolkit.vectors.wire import Json

Answer = Callable[[Profile, Any], Json]


class Means(Enum):
    """How it is shown that a negative vector has one fault."""

    SWITCH = "switch"
    DOUBLE = "double"
    SIBLING = "unswitchable"


@dataclass(frozen=True, slots=True)
class Shown:
    """That without a rule the vector is accepted: by which means, and what was left out."""

    means: Means
    rule: str

    def to_json(self) -> Json:
        """As a vector carries it."""
        return {"means": self.means.value, "rule": self.rule}


def is_accepted(outcome: Json) -> bool:
    """Whether an outcome is a value."""
    return "value" in outcome


def show_single_fault(profile: Profile, answer: Answer, given: Any, fault: Fault) -> Shown | None:
    """What shows that `given` breaks one rule only; None where it does not."""
    match fault:
        case Resolution():
            weaker = profile.without(fault)
            return Shown(Means.SWITCH, fault.value) if is_accepted(answer(weaker, given)) else None
        case Double():
            with fault.installed():
                accepted = is_accepted(answer(profile, given))
            return Shown(Means.DOUBLE, fault.name) if accepted else None
        case Sibling():
            return Shown(Means.SIBLING, fault.edit) if is_accepted(answer(profile, fault.given)) else None
