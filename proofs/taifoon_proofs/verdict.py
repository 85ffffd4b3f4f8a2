"""What the harness says of a theorem under one profile, and how far the saying reaches.

Nothing is rounded up. A verdict made of several parts is as strong as its weakest part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from taifoon_proofs.smt import Obligation

Json = None | bool | int | str | Sequence["Json"] | Mapping[str, "Json"]


class Outcome(Enum):
    """How a theorem fared."""

    PROVED = "PROVED"
    EXHAUSTED = "EXHAUSTED"
    SAMPLED = "SAMPLED"
    UNKNOWN = "UNKNOWN"
    REFUTED = "REFUTED"

    @property
    def holds(self) -> bool:
        """Whether the theorem counts as holding: proved for all, or for every behaviour up to the stated bounds."""
        return self in (Outcome.PROVED, Outcome.EXHAUSTED)


# From strong to weak; the parts of a verdict are judged by the last of them.
STRENGTH = (Outcome.PROVED, Outcome.EXHAUSTED, Outcome.SAMPLED, Outcome.UNKNOWN, Outcome.REFUTED)


class Technique(Enum):
    """How a theorem is established."""

    UNBOUNDED_SMT = "unbounded SMT proof"
    EXHAUSTIVE = "exhaustive exploration"
    COMBINED = "SMT proof and exhaustive exploration"


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A scenario and the parameters with which it violates the theorem."""

    scenario: str
    parameters: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome, what it covers in words, and what backs it.

    `counterexample` is present exactly when refuted; `reason` says why an outcome is unknown; `obligations` are the
    formulas that were found unsatisfiable.
    """

    outcome: Outcome
    reach: str
    counterexample: Counterexample | None = None
    reason: str | None = None
    obligations: tuple[Obligation, ...] = ()

    def __post_init__(self) -> None:
        if (self.outcome is Outcome.REFUTED) != (self.counterexample is not None):
            raise ValueError("a verdict has a counterexample exactly when it is REFUTED")
        if self.outcome is Outcome.UNKNOWN and not self.reason:
            raise ValueError("an UNKNOWN verdict says why")


def conclude(*parts: Verdict) -> Verdict:
    """One verdict from several: the weakest outcome, all reaches, the first counterexample."""
    if not parts:
        raise ValueError("a theorem without parts claims nothing")
    weakest = max(parts, key=lambda part: STRENGTH.index(part.outcome))
    if weakest.outcome is Outcome.REFUTED:
        return weakest
    return Verdict(
        weakest.outcome,
        "; ".join(part.reach for part in parts),
        reason="; ".join(part.reason for part in parts if part.reason) or None,
        obligations=tuple(item for part in parts for item in part.obligations),
    )
