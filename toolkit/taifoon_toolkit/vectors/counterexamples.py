"""The counterexamples of the weakened profiles, as the audit finds them, each with the one resolution that is left out.

The search that finds them takes minutes, so they are kept in `counterexamples.json`; `gathered` makes its content of an
`audit.json`, and a test runs each of them again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from taifoon.profile import HARDENED, Profile, Resolution
from taifoon_proofs.verdict import Counterexample
from taifoon_toolkit.vectors.wire import Json

FILE = "counterexamples.json"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A scenario with the parameters at which it fails without one resolution, and the theorems that it refutes."""

    resolution: Resolution
    theorems: tuple[str, ...]
    scenario: str
    parameters: Mapping[str, Any]

    @property
    def profile(self) -> Profile:
        """The profile under which it fails."""
        return HARDENED.without(self.resolution)

    @property
    def counterexample(self) -> Counterexample:
        """As the proofs have it."""
        return Counterexample(self.scenario, dict(self.parameters))


@cache
def recorded() -> tuple[Recorded, ...]:
    """All recorded counterexamples, by resolution, scenario and parameters."""
    text = files("taifoon_toolkit.vectors").joinpath(FILE).read_text(encoding="utf-8")
    return tuple(
        Recorded(Resolution(row["without"]), tuple(row["theorems"]), row["scenario"], row["parameters"])
        for row in json.loads(text)
    )


def gathered(audit: Json) -> str:
    """The text of `counterexamples.json`, from the content of an `audit.json`."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for theorem in audit["theorems"]:
        for weakened in theorem["tightness"]:
            shown = weakened["counterexample"]
            if shown and weakened["replayed"]:
                parameters = json.dumps(shown["parameters"], sort_keys=True)
                found.setdefault((weakened["without"], shown["scenario"], parameters), []).append(theorem["id"])
    rows = [
        json.dumps(
            {"without": without, "theorems": sorted(ids), "scenario": name, "parameters": json.loads(parameters)}
        )
        for (without, name, parameters), ids in sorted(found.items())
    ]
    return "[\n" + ",\n".join(rows) + "\n]\n"
