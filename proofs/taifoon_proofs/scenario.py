"""Scenarios: small runs of the reference in which a property can be seen to fail.

A scenario takes a profile and JSON parameters, runs the shipped functions, records its states, and returns whether the
property was violated. Exploration, counterexample and replay are the same function: a theorem explores a scenario over
many parameters, and a counterexample is a scenario with the parameters at which it failed. A counterexample counts only
if it fails again under the profile it was found for and no longer fails under `HARDENED`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from taifoon.profile import HARDENED, Profile
from taifoon_proofs.verdict import Counterexample, Json

Body = Callable[..., bool]


@dataclass(slots=True)
class Trace:
    """The states of a run. `recording` off makes exploration cheap."""

    recording: bool = True
    states: list[dict[str, Any]] = field(default_factory=list)

    def state(self, action: str, **values: Any) -> None:
        """Record a state: what was done, and what is to be seen afterwards. Earlier values stay visible."""
        if self.recording:
            previous = self.states[-1] if self.states else {}
            self.states.append({**previous, "action": action, **values})


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named run; `summary` says what is violated when it returns True."""

    name: str
    summary: str
    body: Body


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a scenario."""

    counterexample: Counterexample
    profile: Profile
    violated: bool
    states: tuple[dict[str, Any], ...]


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str) -> Callable[[Body], Body]:
    """Register a scenario under a name like `mmr/honest-proof`; its docstring is the summary."""

    def register(body: Body) -> Body:
        if name in SCENARIOS:
            raise ValueError(f"scenario {name!r} is registered twice")
        if not body.__doc__:
            raise ValueError(f"scenario {name!r} needs a docstring that says what is violated")
        SCENARIOS[name] = Scenario(name, " ".join(body.__doc__.split()), body)
        return body

    return register


def violates(profile: Profile, name: str, parameters: Mapping[str, Json]) -> bool:
    """Whether a scenario violates its property, without recording."""
    return SCENARIOS[name].body(profile, Trace(recording=False), **parameters)


def run(profile: Profile, counterexample: Counterexample) -> Run:
    """Run a scenario and record it. Raises KeyError for an unknown scenario, TypeError for wrong parameters."""
    trace = Trace()
    violated = SCENARIOS[counterexample.scenario].body(profile, trace, **counterexample.parameters)
    return Run(counterexample, profile, violated, tuple(trace.states))


def replays(profile: Profile, counterexample: Counterexample) -> bool:
    """Whether the counterexample fails again under its profile and no longer under `HARDENED`."""
    return run(profile, counterexample).violated and not run(HARDENED, counterexample).violated
