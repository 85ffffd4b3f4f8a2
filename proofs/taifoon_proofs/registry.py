"""The registry of theorems. Adding a theorem is one decorated function.

The function takes a profile and returns a verdict. What the theorem says stands in `spec/catalogue/theorems.toml`; the
function's docstring says how it is established.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from taifoon.profile import Profile, Resolution
from taifoon_proofs.verdict import Technique, Verdict

Judge = Callable[[Profile], Verdict]


@dataclass(frozen=True, slots=True)
class Theorem:
    """A registered theorem. `needs` are the resolutions without any single one of which it must fail."""

    id: str
    requirements: tuple[str, ...]
    needs: tuple[Resolution, ...]
    technique: Technique
    assumptions: tuple[str, ...]
    judge: Judge
    method: str


THEOREMS: dict[str, Theorem] = {}


def theorem(
    theorem_id: str,
    *,
    requirements: Iterable[str],
    needs: Iterable[Resolution],
    technique: Technique,
    assumptions: Iterable[str] = (),
) -> Callable[[Judge], Judge]:
    """Register a theorem under its id of the catalogue. Raises ValueError for a theorem that could be vacuous."""

    def register(judge: Judge) -> Judge:
        if theorem_id in THEOREMS:
            raise ValueError(f"theorem {theorem_id} is registered twice")
        needed = tuple(sorted(needs, key=lambda resolution: resolution.value))
        if not needed:
            raise ValueError(f"theorem {theorem_id} needs no resolution: without a tightness witness it may be vacuous")
        if not judge.__doc__:
            raise ValueError(f"theorem {theorem_id} needs a docstring that says how it is established")
        THEOREMS[theorem_id] = Theorem(
            theorem_id,
            tuple(requirements),
            needed,
            technique,
            tuple(assumptions),
            judge,
            " ".join(judge.__doc__.split()),
        )
        return judge

    return register


def load() -> dict[str, Theorem]:
    """All theorems, by id; imports every module of the theorems package."""
    package = importlib.import_module("taifoon_proofs.theorems")
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        importlib.import_module(f"{package.__name__}.{module}")
    return dict(sorted(THEOREMS.items()))
