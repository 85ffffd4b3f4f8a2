"""The invariants of a simulated network by name, and what is raised when one breaks."""

from __future__ import annotations

INVARIANTS = (
    "agreement",
    "range",
    "prefix",
    "membership",
    "owners",
    "settled once",
    "backed",
    "certified",
    "provisional",
    "guiltless",
    "refinement",
    "own cluster",
    "economy",
    "conserved",
    "convicted",
    "progress",
)
"""Every name. `progress` is asked for by scripts alone."""


class InvariantBroken(Exception):
    """An invariant does not hold: its name, and what was seen."""

    def __init__(self, name: str, seen: str) -> None:
        super().__init__(f"{name}: {seen}")
        self.name = name


def demand(name: str, holds: bool, seen: str) -> None:  # noqa: FBT001
    """Raise unless an invariant holds."""
    if not holds:
        raise InvariantBroken(name, seen)
