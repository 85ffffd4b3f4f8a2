"""Compares what a client says with what the vectors say, key by key, and counts all that was compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from taifoon_toolkit.conform.protocol import Abilities, Client, ClientError, Fault
from taifoon_toolkit.vectors.build import Vector
from taifoon_toolkit.vectors.wire import Json, leaves_of

ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class Finding:
    """One departure of a client: where, what was expected and what came."""

    fault: Fault
    name: str
    section: str
    requirements: tuple[str, ...]
    vector: str
    place: str
    expected: Json
    got: Json
    given: Json = None

    def sentence(self) -> str:
        """The finding in words."""
        return f"{self.vector}: the client {self.fault.value} at {self.place}"


@dataclass(slots=True)
class Tally:
    """What became of the vectors of one method."""

    section: str
    compared: int = 0
    keys: int = 0
    failed: int = 0
    unsupported: dict[str, int] = field(default_factory=dict)
    not_asked: int = 0

    def leave_out(self, reason: str) -> None:
        """Count a vector that the client does not support."""
        self.unsupported[reason] = self.unsupported.get(reason, 0) + 1


def differences(expected: Json, got: Json, place: str = "") -> Iterator[tuple[Fault, str, Json, Json]]:
    """Where two values differ, and how; every key of both is looked at."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for name in expected:
            if name in got:
                yield from differences(expected[name], got[name], f"{place}.{name}")
            else:
                yield Fault.MISSING_KEY, f"{place}.{name}", expected[name], ABSENT
        for name in got:
            if name not in expected:
                yield Fault.UNKNOWN_KEY, f"{place}.{name}", ABSENT, got[name]
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for number, (left, right) in enumerate(zip(expected, got, strict=True)):
            yield from differences(left, right, f"{place}[{number}]")
    elif type(expected) is not type(got) or expected != got:
        yield Fault.DIFFERS, place, expected, got


def outcome_differences(expected: Json, reply: Json) -> Iterator[tuple[Fault, str, Json, Json]]:
    """Where a reply differs from an outcome."""
    if "unsupported" in reply:
        yield Fault.CLAIMED, ".unsupported", expected, reply
    elif "rejection" in expected:
        if "value" in reply:
            yield Fault.ACCEPTS, ".rejection", expected["rejection"], reply
        elif expected["rejection"] != reply["rejection"]:
            yield Fault.CODE, ".rejection", expected["rejection"], reply["rejection"]
    elif "rejection" in reply:
        yield Fault.REFUSES, ".value", expected["value"], reply
    else:
        yield from differences(expected["value"], reply["value"], ".value")


class Unsupported(Exception):
    """A vector that the client says it does not support; the message is the reason."""


def check_support(abilities: Abilities, vector: Vector) -> None:
    """Leave out what the client does not claim. Raises Unsupported."""
    calls = [f"{vector.name}.{part}" for part in ("reset", "step", "snapshot")] if vector.is_trace else [vector.name]
    for call in calls:
        if call not in abilities.methods:
            raise Unsupported(f"the client does not name {call}")
    given = vector.content.get("given", {})
    if "suite" in given and given["suite"] not in abilities.suites and not vector.name.startswith("specimen."):
        raise Unsupported(f"the client does not have the suite {given['suite']}")


@dataclass(slots=True)
class Comparison:
    """A client, and what is known of it so far."""

    client: Client
    abilities: Abilities
    patience: int = 8
    findings: list[Finding] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether the client failed so often that it is not asked again."""
        return self.patience <= 0

    @property
    def compared(self) -> int:
        """Vectors that were compared."""
        return sum(tally.compared for tally in self.tallies.values())

    @property
    def keys(self) -> int:
        """Plain values that were compared."""
        return sum(tally.keys for tally in self.tallies.values())

    def run(self, vectors: Iterable[Vector]) -> Iterator[Vector]:
        """Compare vector after vector, and yield each when its result is in."""
        for vector in vectors:
            tally = self.tallies.setdefault(vector.name, Tally(vector.section))
            if self.is_over:
                tally.not_asked += 1
            else:
                self.compare(vector, tally)
            yield vector

    def compare(self, vector: Vector, tally: Tally) -> None:
        """Compare one vector."""
        before = len(self.findings)
        try:
            check_support(self.abilities, vector)
            tally.keys += self.replay(vector) if vector.is_trace else self.call(vector)
        except Unsupported as reason:
            tally.leave_out(str(reason))
            return
        except ClientError as error:
            given = vector.content.get("given")
            self.note(vector, error.fault, "", "a reply", error.detail, given)
            self.recover(error)
        tally.compared += 1
        tally.failed += len(self.findings) > before

    def recover(self, error: ClientError) -> None:
        """Start the client again, as long as there is patience; a client that is slow wears it out sooner."""
        while True:
            self.patience -= 3 if error.fault is Fault.TIMEOUT else 1
            if self.is_over:
                return
            try:
                self.client.restart()
            except ClientError as again:
                error = again
            else:
                return

    def call(self, vector: Vector) -> int:
        """Ask once; the number of values compared."""
        given, expected = vector.content["given"], vector.content["outcome"]
        reply = self.client.ask(vector.name, given)
        for fault, place, wanted, got in outcome_differences(expected, reply):
            self.note(vector, fault, place, wanted, got, given)
        return len(leaves_of(expected))

    def replay(self, vector: Vector) -> int:
        """Take a machine through a run; the first step that differs ends it."""
        before, keys = len(self.findings), 0
        content = vector.content
        steps: list[tuple[str, str, Any, Json]] = [
            ("start", "reset", content["start"], {"value": {}}),
            ("start", "snapshot", {}, {"value": content["first"]}),
        ]
        for number, step in enumerate(content["steps"]):
            steps.append((f"step {number}", "step", step["event"], step["outcome"]))
            steps.append((f"after step {number}", "snapshot", {}, {"value": step["snapshot"]}))
        for place, part, given, expected in steps:
            reply = self.client.ask(f"{vector.name}.{part}", given)
            for fault, inner, wanted, got in outcome_differences(expected, reply):
                self.note(vector, fault, place + inner, wanted, got, given)
            keys += len(leaves_of(expected))
            if len(self.findings) > before:
                break
        return keys

    def note(self, vector: Vector, fault: Fault, place: str, expected: Json, got: Json, given: Json) -> None:
        """Keep a finding."""
        self.findings.append(
            Finding(fault, vector.name, vector.section, vector.requirements, vector.id, place, expected, got, given)
        )
