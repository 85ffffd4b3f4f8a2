"""Differential fuzzing: generated inputs and runs, reference against client, shrunk to the smallest difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from icontract import ViolationError

from taifoon_toolkit.conform.compare import Comparison, Finding, Unsupported, check_support, questions_of
from taifoon_toolkit.conform.mutate import mutated, simpler
from taifoon_toolkit.conform.protocol import ClientError
from taifoon_toolkit.conform.refit import refitted, refitted_run
from taifoon_toolkit.vectors.build import Vector, by_name
from taifoon_toolkit.vectors.method import MACHINES, METHODS, NORMATIVE, Machine, Method
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Json, WireError, from_json

SHRINK_CALLS = 400
DIFFERENCES_EACH = 2
GREATEST_RUN = 16
GREATEST_CHANGES = 3
LONG = "accumulated."


class OutsideDomainError(Exception):
    """An input for which the protocol specifies nothing."""


OUTSIDE = (ViolationError, WireError, ArithmeticError, ValueError, IndexError, TypeError, RecursionError)


def with_outcome(vector: Vector, given: Json) -> Vector:
    """The vector of a call with another input. Raises OutsideDomainError where no outcome is specified."""
    method: Method = METHODS[vector.name]
    try:
        outcome = method.answer(NORMATIVE, method.read(given))
    except OUTSIDE as error:
        raise OutsideDomainError from error
    content = {"id": vector.id, "requirements": list(vector.requirements), "given": given, "outcome": outcome}
    return Vector(vector.id, vector.name, vector.section, content)


def with_events(vector: Vector, events: Sequence[Json]) -> Vector:
    """The vector of a run with other events. Raises OutsideDomainError."""
    machine: Machine[Any] = MACHINES[vector.name]
    start = vector.content["start"]
    try:
        state = machine.start(NORMATIVE, from_json(machine.start_form, start))
        content: dict[str, Json] = {
            "id": vector.id,
            "requirements": list(vector.requirements),
            "start": start,
            "first": machine.shown(state),
            "steps": [],
        }
        for event in events:
            outcome, state = machine.advance(NORMATIVE, state, from_json(machine.event_form, event))
            content["steps"].append({"event": event, "outcome": outcome, "snapshot": machine.shown(state)})
    except OUTSIDE as error:
        raise OutsideDomainError from error
    return Vector(vector.id, vector.name, vector.section, content)


def renamed(vector: Vector, name: str) -> Vector:
    """The vector under another id."""
    return Vector(name, vector.name, vector.section, {**vector.content, "id": name})


def generated(base: Sequence[Vector], stream: Stream) -> Vector:
    """A new vector from those of one method or machine. Raises OutsideDomainError."""
    vector = stream.one_of(base)
    if not vector.is_trace:
        given = vector.content["given"]
        for _ in range(1 + stream.below(GREATEST_CHANGES)):
            given = mutated(METHODS[vector.name].given_form, given, stream)
        if stream.below(2):
            given = made_whole(lambda: refitted(vector.name, given))
        return with_outcome(vector, given)
    alike = [item for item in base if item.content["start"] == vector.content["start"]]
    pool = [step["event"] for item in alike for step in item.content["steps"]]
    kept = vector.content["steps"][: stream.below(1 + len(vector.content["steps"]))]
    events = [step["event"] for step in kept]
    form = MACHINES[vector.name].event_form
    for _ in range(1 + stream.below(GREATEST_RUN)):
        event = stream.one_of(pool)
        events.append(mutated(form, event, stream) if stream.below(4) == 0 else event)
    if stream.below(2):
        events = made_whole(lambda: refitted_run(vector.name, vector.content["start"], events))
    return with_events(vector, events)


def made_whole(make: Callable[[], Json]) -> Json:
    """A changed input, made whole again. Raises OutsideDomainError."""
    try:
        return make()
    except OUTSIDE as error:
        raise OutsideDomainError from error


def simpler_vectors(vector: Vector) -> Iterator[Vector]:
    """Vectors that ask something simpler, the greatest steps first."""
    if not vector.is_trace:
        for given in simpler(METHODS[vector.name].given_form, vector.content["given"]):
            yield from _specified(lambda given=given: with_outcome(vector, given))
        return
    events = [step["event"] for step in vector.content["steps"]]
    for length in (len(events) // 2, len(events) - 1):
        yield from _specified(lambda length=length: with_events(vector, events[:length]))
    for place in range(len(events)):
        yield from _specified(lambda place=place: with_events(vector, events[:place] + events[place + 1 :]))


def _specified(make: Any) -> Iterator[Vector]:
    try:
        yield make()
    except OutsideDomainError:
        return


@dataclass(slots=True)
class Fuzzer:
    """Generates, compares and shrinks; keeps the vectors that reproduce what it found."""

    comparison: Comparison
    seed: str
    compared: int = 0
    outside: int = 0
    found: list[Vector] = field(default_factory=list)

    def findings_of(self, vector: Vector) -> list[Finding]:
        """What is wrong with the client's answer to a vector; the client is started again where it ended."""
        trial = Comparison(self.comparison.client, self.comparison.abilities)
        try:
            trial.judge(vector, (trial.client.ask(item.method, item.given) for item in questions_of(vector)))
        except ClientError as error:
            self.comparison.recover(error)
        return trial.findings

    def run(self, vectors: Iterable[Vector], rounds: int) -> Iterator[str]:
        """Fuzz each method that the client supports for so many rounds; yields its name when it is done."""
        for name, group in by_name(vectors):
            base = [vector for vector in group if self.supports(vector) and not name.startswith(LONG)]
            differences = 0
            inputs = self.inputs(base, Stream(f"fuzz/{self.seed}/{name}"), rounds if base else 0)
            while differences < DIFFERENCES_EACH and (batch := list(islice(inputs, self.comparison.width))):
                for vector, found in self.findings_of_all(batch):
                    self.compared += 1
                    if found:
                        differences += 1
                        self.keep(vector, found)
                    if self.comparison.is_over or differences == DIFFERENCES_EACH:
                        break
                if self.comparison.is_over:
                    break
            if base:
                yield name

    def inputs(self, base: Sequence[Vector], stream: Stream, rounds: int) -> Iterator[Vector]:
        """So many generated vectors, without those that the client does not support and those outside the domain."""
        for _ in range(rounds):
            try:
                vector = generated(base, stream)
                check_support(self.comparison.abilities, vector)
            except (OutsideDomainError, Unsupported):
                self.outside += 1
            else:
                yield vector

    def findings_of_all(self, vectors: list[Vector]) -> Iterator[tuple[Vector, list[Finding]]]:
        """What is wrong with each answer; all are asked at once where the client takes frames, or else one by one."""
        comparison, asked = self.comparison, [questions_of(vector) for vector in vectors]
        if comparison.together is not None and len(vectors) > 1:
            try:
                replies = iter(comparison.together.ask_all([item[1:3] for part in asked for item in part]))
            except ClientError:
                comparison.narrow()
            else:
                for vector, questions in zip(vectors, asked, strict=True):
                    trial = Comparison(comparison.client, comparison.abilities)
                    trial.judge(vector, islice(replies, len(questions)))
                    yield vector, trial.findings
                return
        for vector in vectors:
            if comparison.is_over:
                return
            yield vector, self.findings_of(vector)

    def supports(self, vector: Vector) -> bool:
        """Whether the client claims what a vector asks."""
        try:
            check_support(self.comparison.abilities, vector)
        except Unsupported:
            return False
        return True

    def keep(self, vector: Vector, found: list[Finding]) -> None:
        """Shrink a difference and keep it as a finding and a vector."""
        smallest, found = self.shrunk(vector, found)
        name = f"{vector.name}/found-{len(self.found)}"
        kept = renamed(smallest, name)
        self.found.append(kept)
        for item in found:
            self.comparison.note(kept, item.fault, item.place, item.expected, item.got, item.given, item.rule)

    def shrunk(self, vector: Vector, found: list[Finding]) -> tuple[Vector, list[Finding]]:
        """The smallest vector on the way down that shows the same fault."""
        calls, again = 0, True
        while again and not self.comparison.is_over:
            again = False
            for candidate in simpler_vectors(vector):
                calls += 1
                if calls > SHRINK_CALLS or self.comparison.is_over:
                    return vector, found
                smaller = self.findings_of(candidate)
                if smaller and smaller[0].fault is found[0].fault:
                    vector, found, again = candidate, smaller, True
                    break
        return vector, found
