"""From cases to vectors: outcomes by the reference, and a proof of the single fault for each refusal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from icontract import ViolationError

from taifoon.profile import Profile, Resolution
from taifoon_toolkit.vectors import subjects
from taifoon_toolkit.vectors.case import Case, Fault, Trace
from taifoon_toolkit.vectors.method import MACHINES, METHODS, NORMATIVE, Machine, Method
from taifoon_toolkit.vectors.proof import show_single_fault
from taifoon_toolkit.vectors.wire import Json, to_json


@dataclass(frozen=True, slots=True)
class Vector:
    """One vector, with its content as it is written."""

    id: str
    name: str
    section: str
    content: Json

    @property
    def is_trace(self) -> bool:
        """Whether it is a run of a machine rather than one call."""
        return "steps" in self.content

    @property
    def requirements(self) -> tuple[str, ...]:
        """The requirements and resolutions that it tests."""
        return tuple(self.content["requirements"])


@dataclass(frozen=True, slots=True)
class Built:
    """The vectors, and why each case that is none was left out."""

    vectors: tuple[Vector, ...]
    left_out: tuple[str, ...] = field(default=())


class UnfitCaseError(ValueError):
    """A case that is no vector; the message names it and says why."""


def named_by(base: tuple[str, ...], more: tuple[str, ...], fault: Fault | None) -> list[str]:
    """Requirements of a vector, first those that it is particularly about."""
    particular = (fault.value,) if isinstance(fault, Resolution) else ()
    return list(dict.fromkeys((*particular, *more, *base)))


def decisive(method: Method, given: Any, outcome: Json) -> tuple[str, ...]:
    """The resolutions of a method without which this outcome would be another."""
    by_value = {resolution.value: resolution for resolution in Resolution}
    found = []
    for name in method.requirements:
        if name in by_value:
            try:
                if method.answer(NORMATIVE.without(by_value[name]), given) != outcome:
                    found.append(name)
            except (ArithmeticError, ValueError, TypeError, ViolationError):
                found.append(name)
    return tuple(found)


def require_fit(place: str, case_code: Any, outcome: Json) -> None:
    """Demand that a case comes out as its author says. Raises UnfitCaseError."""
    expected = None if case_code is None else case_code.name
    if outcome.get("rejection") != expected:
        said = expected or "acceptance"
        raise UnfitCaseError(f"{place}: the case expects {said}, the reference gives {outcome}")


def vector_of_case(case: Case) -> Vector:
    """The vector of a call. Raises UnfitCaseError."""
    method = METHODS[case.method]
    place = f"{case.method}/{case.label}"
    outcome = method.answer(NORMATIVE, case.given) if case.known is None else case.known
    require_fit(place, case.code, outcome)
    found = decisive(method, case.given, outcome) if case.code is None and case.known is None else ()
    content: dict[str, Json] = {
        "id": place,
        "requirements": named_by(method.requirements, (*case.requirements, *found), case.fault),
        "given": to_json(method.given_form, case.given),
        "outcome": outcome,
    }
    if case.code is not None:
        if case.fault is None:
            raise UnfitCaseError(f"{place}: a refused case has to name its fault")
        shown = show_single_fault(NORMATIVE, method.answer, case.given, case.fault)
        if shown is None:
            raise UnfitCaseError(f"{place}: it is refused without {case.fault} as well: it has a second fault")
        content["fault"] = shown.to_json()
    return Vector(place, method.name, method.section, content)


def vector_of_trace(trace: Trace) -> Vector:
    """The vector of a run: the outcome and the whole state after every step. Raises UnfitCaseError."""
    machine: Machine[Any] = MACHINES[trace.machine]
    place = f"{trace.machine}/{trace.label}"
    state = machine.start(NORMATIVE, trace.start)
    content: dict[str, Json] = {
        "id": place,
        "requirements": [],
        "start": to_json(machine.start_form, trace.start),
        "first": machine.shown(state),
        "steps": [],
    }
    faults: list[str] = []
    for number, step in enumerate(trace.steps):
        outcome, after = machine.advance(NORMATIVE, state, step.event)
        require_fit(f"{place}, step {number}", step.code, outcome)
        written: dict[str, Json] = {
            "event": to_json(machine.event_form, step.event),
            "outcome": outcome,
            "snapshot": machine.shown(after),
        }
        if step.code is not None:
            if step.fault is None:
                raise UnfitCaseError(f"{place}, step {number}: a refused step has to name its fault")
            before = state

            def answer(profile: Profile, event: Any, before: Any = before) -> Json:
                return machine.advance(profile, before, event)[0]

            shown = show_single_fault(NORMATIVE, answer, step.event, step.fault)
            if shown is None:
                raise UnfitCaseError(f"{place}, step {number}: it is refused without {step.fault} as well")
            written["fault"] = shown.to_json()
            if isinstance(step.fault, Resolution):
                faults.append(step.fault.value)
        content["steps"].append(written)
        state = after
    run = [(step["outcome"], step["snapshot"]) for step in content["steps"]]
    for resolution in trace.decides:
        if not departs(machine, NORMATIVE.without(resolution), trace, run):
            raise UnfitCaseError(f"{place}: the run is the same without {resolution.value}")
    decided = (resolution.value for resolution in trace.decides)
    content["requirements"] = list(dict.fromkeys((*faults, *decided, *trace.requirements, *machine.requirements)))
    return Vector(place, machine.name, machine.section, content)


def departs(machine: Machine[Any], profile: Profile, trace: Trace, run: list[tuple[Json, Json]]) -> bool:
    """Whether a run has another outcome or state somewhere under another profile."""
    try:
        state = machine.start(profile, trace.start)
        for step, expected in zip(trace.steps, run, strict=True):
            outcome, state = machine.advance(profile, state, step.event)
            if (outcome, machine.shown(state)) != expected:
                return True
    except (ArithmeticError, ValueError, TypeError, ViolationError):
        return True
    return False


def build(cases: Iterable[Case | Trace] | None = None) -> Built:
    """The vectors of the cases, by default of all that there are, by section, name and order of the cases."""
    vectors: dict[str, Vector] = {}
    left_out = []
    for case in subjects.all_cases() if cases is None else cases:
        try:
            vector = vector_of_trace(case) if isinstance(case, Trace) else vector_of_case(case)
        except UnfitCaseError as error:
            left_out.append(str(error))
            continue
        if vector.id in vectors:
            raise UnfitCaseError(f"{vector.id}: two cases have this id: rename one")
        vectors[vector.id] = vector
    return Built(tuple(sorted(vectors.values(), key=place_of)), tuple(left_out))


def place_of(vector: Vector) -> tuple[str, str]:
    """Where a vector stands in the tree; within a name the order of the cases is kept."""
    return vector.section, vector.name


def by_name(vectors: Iterable[Vector]) -> Iterator[tuple[str, list[Vector]]]:
    """The vectors of each method and machine."""
    groups: dict[str, list[Vector]] = {}
    for vector in vectors:
        groups.setdefault(vector.name, []).append(vector)
    yield from groups.items()
