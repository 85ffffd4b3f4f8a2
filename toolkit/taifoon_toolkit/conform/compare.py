"""Compares what a client says with what the vectors say, key by key, and counts all that was compared.

A client that takes frames is asked for many vectors at once. Where such a frame fails, its vectors are asked again one
by one, so that a finding always names the vector that it is about.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from taifoon_toolkit.conform.protocol import Abilities, Client, ClientError, Fault, Together, printable
from taifoon_toolkit.vectors.build import Vector
from taifoon_toolkit.vectors.wire import Json, leaves_of

ABSENT = "(absent)"
SESSION = Vector("session", "session", "0", {"id": "session", "requirements": ["RES-ENC.canonical"]})
"""Stands for the conversation itself in findings."""
DIFFERENCES_OF_ONE = 20
"""A reply with more differences is told by the first ones."""
GREATEST_SHOWN = 20_000
"""Characters of a client's value that a finding keeps."""
LONG = "accumulated."
"""Methods that may take long, and are asked alone."""
NARROWER = 4
"""By so much a frame shrinks that failed: a few failures, and the client is asked one request at a time."""


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
    rule: str | None = None
    """The rule that the input breaks, where it is one that must be refused."""

    def sentence(self) -> str:
        """The finding in words."""
        place = self.place
        for plain in (".rejection", ".value", ".unsupported"):
            place = place.removesuffix(plain)
        return f"{self.vector}: the client {self.fault.value}" + (f" at {place}" if place else "")


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
                yield Fault.UNKNOWN_KEY, f"{place}.{printable(name[:60])}", ABSENT, got[name]
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
            yield Fault.ACCEPTS, ".rejection", expected, reply
        elif expected["rejection"] != reply["rejection"]:
            yield Fault.CODE, ".rejection", expected, reply
    elif "rejection" in reply:
        yield Fault.REFUSES, ".value", expected, reply
    else:
        yield from differences(expected["value"], reply["value"], ".value")


class Question(NamedTuple):
    """One request of a vector: where in it, what is asked, and the outcome."""

    place: str
    method: str
    given: Json
    expected: Json


def questions_of(vector: Vector) -> list[Question]:
    """What a vector asks, in order: a call, or a reset and steps with a snapshot after each."""
    name, content = vector.name, vector.content
    if not vector.is_trace:
        return [Question("", name, content["given"], content["outcome"])]
    asked = [
        Question("start", f"{name}.reset", content["start"], {"value": {}}),
        Question("start", f"{name}.snapshot", {}, {"value": content["first"]}),
    ]
    for number, step in enumerate(content["steps"]):
        asked.append(Question(f"step {number}", f"{name}.step", step["event"], step["outcome"]))
        asked.append(Question(f"after step {number}", f"{name}.snapshot", {}, {"value": step["snapshot"]}))
    return asked


def given_until(vector: Vector, number: int) -> Json:
    """What leads to the question of this number: the input of a call, or a run's start and events so far."""
    if not vector.is_trace:
        return vector.content.get("given")
    events = [step["event"] for step in vector.content["steps"]]
    return {"start": vector.content["start"], "events": events[: number // 2]}


def rule_at(vector: Vector, number: int) -> str | None:
    """The rule that the question of this number breaks."""
    part = vector.content
    if vector.is_trace:
        step = number // 2 - 1
        part = part["steps"][step] if step >= 0 and number % 2 == 0 else {}
    rule: str | None = part.get("fault", {}).get("rule")
    return rule


def clipped(value: Json) -> Json:
    """A value of a client as a finding keeps it: the beginning of its text where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= GREATEST_SHOWN:
        return value
    return f"{text[:GREATEST_SHOWN]}... and {len(text) - GREATEST_SHOWN} characters more"


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
    together: Together | None = None
    narrowed: int = 1
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

    @property
    def width(self) -> int:
        """Requests that are asked at once."""
        return 1 if self.together is None else max(1, self.together.width // self.narrowed)

    def run(self, vectors: Iterable[Vector]) -> Iterator[Vector]:
        """Compare vector after vector, and yield each when its result is in."""
        waiting: list[Vector] = []
        asked = 0
        for vector in vectors:
            is_long = vector.name.startswith(LONG)
            if is_long:
                yield from self.compare_all(waiting)
                waiting, asked = [], 0
            asked += len(questions_of(vector))
            waiting.append(vector)
            if asked >= self.width or is_long:
                yield from self.compare_all(waiting)
                waiting, asked = [], 0
        yield from self.compare_all(waiting)

    def compare_all(self, vectors: list[Vector]) -> list[Vector]:
        """Compare vectors, at once if the client takes them so; the same vectors."""
        supported = []
        for vector in vectors:
            tally = self.tallies.setdefault(vector.name, Tally(vector.section))
            try:
                check_support(self.abilities, vector)
                supported.append(vector)
            except Unsupported as reason:
                if self.is_over:
                    tally.not_asked += 1
                else:
                    tally.leave_out(str(reason))
        if self.width == 1 or len(supported) < 2 or self.is_over or not self.compare_together(supported):
            for vector in supported:
                if self.is_over:
                    self.tallies[vector.name].not_asked += 1
                else:
                    self.compare(vector)
        return vectors

    def compare_together(self, vectors: list[Vector]) -> bool:
        """Compare vectors in frames; whether they were answered."""
        if self.together is None:
            return False
        asked = [questions_of(vector) for vector in vectors]
        try:
            replies = iter(self.together.ask_all([(item.method, item.given) for part in asked for item in part]))
        except ClientError as error:
            return self.compare_apart(vectors, error)
        for vector, questions in zip(vectors, asked, strict=True):
            self.count(vector, islice(replies, len(questions)))
        return True

    def compare_apart(self, vectors: list[Vector], error: ClientError) -> bool:
        """Compare one by one what failed in a frame; where nothing does so again, the frame itself is the finding.

        A client that is late needs no finding then: a frame takes as long as its requests together.
        """
        before = len(self.findings)
        self.narrow()
        for vector in vectors:
            if self.is_over:
                self.tallies[vector.name].not_asked += 1
            else:
                self.compare(vector)
        if len(self.findings) == before and error.fault is not Fault.TIMEOUT:
            self.note(SESSION, error.fault, f"a frame of {len(vectors)} vectors", "replies", error.detail, None)
        return True

    def compare(self, vector: Vector) -> None:
        """Compare one vector that the client supports, one request at a time."""
        self.count(vector, (self.client.ask(item.method, item.given) for item in questions_of(vector)))

    def count(self, vector: Vector, replies: Iterator[Json]) -> None:
        """Compare a vector with the replies to it, and count it."""
        tally, before = self.tallies[vector.name], len(self.findings)
        try:
            tally.keys += self.judge(vector, replies)
        except ClientError as error:
            self.recover(error)
        tally.compared += 1
        tally.failed += len(self.findings) > before

    def judge(self, vector: Vector, replies: Iterator[Json]) -> int:
        """Note where replies differ; the number of values compared. The first reply that differs ends a run.

        Raises ClientError where a reply does not come, which is noted as well.
        """
        keys = 0
        for number, question in enumerate(questions_of(vector)):
            try:
                reply = next(replies)
            except ClientError as error:
                self.note_at(vector, number, error.fault, question.place, "a reply", error.detail)
                raise
            keys += len(leaves_of(question.expected))
            found = tuple(islice(outcome_differences(question.expected, reply), DIFFERENCES_OF_ONE))
            for fault, inner, wanted, got in found:
                self.note_at(vector, number, fault, question.place + inner, wanted, got)
            if found:
                break
        return keys

    def narrow(self) -> None:
        """Start the client again after a frame that failed, and ask for less at once."""
        self.narrowed *= NARROWER
        self.start_again()

    def recover(self, error: ClientError) -> None:
        """Start the client again, as long as there is patience; a client that is slow wears it out sooner."""
        self.patience -= 3 if error.fault is Fault.TIMEOUT else 1
        self.start_again()

    def start_again(self) -> None:
        """Start the client; each start that fails costs patience."""
        while not self.is_over:
            try:
                self.client.restart()
            except ClientError as again:
                self.patience -= 3 if again.fault is Fault.TIMEOUT else 1
            else:
                return

    def note_at(self, vector: Vector, number: int, fault: Fault, place: str, expected: Json, got: Json) -> None:
        """Keep a finding about the question of this number of a vector."""
        given, rule = given_until(vector, number), rule_at(vector, number)
        self.note(vector, fault, place, expected, got, given, rule)

    def note(
        self,
        vector: Vector,
        fault: Fault,
        place: str,
        expected: Json,
        got: Json,
        given: Json,
        rule: str | None = None,
    ) -> None:
        """Keep a finding."""
        about = (vector.name, vector.section, vector.requirements, vector.id)
        self.findings.append(Finding(fault, *about, place, expected, clipped(got), given, rule))
