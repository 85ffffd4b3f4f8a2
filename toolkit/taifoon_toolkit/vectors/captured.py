"""Finds the violating steps of the counterexamples: what a hardened client must not follow.

A recorded counterexample is run under its weakened profile while the functions behind the methods are watched. A call
whose outcome is another under the hardened profile is the violating step: it becomes a vector, whose fault is the
resolution that was left out, or which that resolution decides. `violations.json` keeps what is found, since the search
loads all proofs.
"""

from __future__ import annotations

import inspect
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

from icontract import ViolationError

from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import Hash32
from taifoon.profile import HARDENED, Profile
from taifoon.rejection import RejectionCode
from taifoon_models.ideal_hash import IdealHash
from taifoon_proofs import registry
from taifoon_proofs.scenario import violates
from taifoon_toolkit.vectors.captures import CAPTURES, Capture
from taifoon_toolkit.vectors.case import Case, Step, Trace
from taifoon_toolkit.vectors.counterexamples import FILE as COUNTEREXAMPLES
from taifoon_toolkit.vectors.counterexamples import Recorded, gathered, recorded
from taifoon_toolkit.vectors.method import MACHINES, METHODS
from taifoon_toolkit.vectors.violations import FILE as VIOLATIONS
from taifoon_toolkit.vectors.wire import Json, WireError, from_json, to_json

EACH = 2
"""Violating calls of a method that one counterexample gives at most."""
ROOMS = ("taifoon.", "taifoon_models.", "taifoon_proofs.")
OUTSIDE = (ViolationError, WireError, ArithmeticError, ValueError, LookupError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Seen:
    """A call that was made: which one, and the question that it asks of a client."""

    capture: Capture
    question: Any


def found_in(holder: Any, target: str) -> Any:
    """The function that a target `module:name` names."""
    return getattr(import_module(holder), target)


@contextmanager
def watched(seen: list[Seen]) -> Iterator[None]:
    """The functions of all captures, wherever a module has them by name, noting how they are called."""
    with ExitStack() as stack:
        for capture in CAPTURES:
            module, _, name = capture.target.partition(":")
            function = found_in(module, name)
            stand_in = noting(function, capture, seen)
            for known, holder in sorted(sys.modules.items()):
                if known.startswith(ROOMS) and getattr(holder, name, None) is function:
                    stack.enter_context(patch.object(holder, name, stand_in))
        stack.enter_context(patch.object(IdealHash, "__call__", real_hash))
        yield


def real_hash(_: IdealHash, profile: Profile, role: Role, message: bytes) -> Hash32:
    """The role hash in place of the models' ideal one, of which a client knows nothing."""
    return hash_role(profile, role, message)


def noting(function: Callable[..., Any], capture: Capture, seen: list[Seen]) -> Callable[..., Any]:
    """The function, which notes its arguments as a question before it answers."""
    signature = inspect.signature(function)

    def stand_in(*arguments: Any, **named: Any) -> Any:
        bound = signature.bind(*arguments, **named)
        bound.apply_defaults()
        question = capture.question(bound.arguments)
        if question is not None:
            seen.append(Seen(capture, question))
        return function(*arguments, **named)

    return stand_in


def calls_of(found: Recorded) -> tuple[Seen, ...]:
    """The calls that a counterexample makes under its weakened profile, each once."""
    registry.load()
    seen: list[Seen] = []
    with watched(seen):
        violates(found.profile, found.scenario, found.parameters)
    return tuple(dict.fromkeys(seen))


def outcome_of(method: str, profile: Profile, given: Any) -> Json:
    """The outcome of a call under a profile; None where it has none, such as a division by 0."""
    try:
        return METHODS[method].answer(profile, given)
    except OUTSIDE:
        return None


def is_a_question(method: str, given: Any) -> bool:
    """Whether a call fits the types of its method."""
    form = METHODS[method].given_form
    try:
        return bool(from_json(form, to_json(form, given)) == given)
    except OUTSIDE:
        return False


def case_of(seen: Seen, found: Recorded, label: str) -> Case | None:
    """The vector of a call that comes out otherwise without a resolution; None where it does not."""
    method, given = seen.capture.method, seen.question
    if not is_a_question(method, given):
        return None
    hardened, weakened = (outcome_of(method, profile, given) for profile in (HARDENED, found.profile))
    if hardened is None or hardened == weakened:
        return None
    about = (found.resolution.value,)
    if "value" in hardened:
        return Case(method, label, given, requirements=about)
    if weakened is None or "value" not in weakened:
        return None
    return Case(method, label, given, RejectionCode[hardened["rejection"]], found.resolution, about)


def trace_of(seen: Seen, found: Recorded, label: str) -> Trace | None:
    """The vector of a run whose last step comes out otherwise without a resolution; None where it does not."""
    machine = MACHINES[seen.capture.method]
    begin, events = seen.question
    try:
        states = [machine.start(profile, begin) for profile in (HARDENED, found.profile)]
        outcomes: list[Json] = [None, None]
        codes: list[RejectionCode | None] = []
        for event in events:
            for place, profile in enumerate((HARDENED, found.profile)):
                outcomes[place], states[place] = machine.advance(profile, states[place], event)
            rejection = outcomes[0].get("rejection")
            codes.append(None if rejection is None else RejectionCode[rejection])
    except OUTSIDE:
        return None
    if any(codes[:-1]) or (outcomes[0] == outcomes[1] and machine.shown(states[0]) == machine.shown(states[1])):
        return None
    if codes[-1] is not None and "rejection" in outcomes[1]:
        return None
    fault = None if codes[-1] is None else found.resolution
    steps = (*(Step(event) for event in events[:-1]), Step(events[-1], codes[-1], fault))
    return Trace(machine.name, label, begin, steps, (found.resolution.value,), () if fault else (found.resolution,))


def vectors_of(found: Recorded) -> Iterator[Case | Trace]:
    """What a counterexample gives, named by its scenario and resolution."""
    counts: dict[str, int] = {}
    name = f"{found.scenario}-without-{found.resolution.value}".lower().replace("/", "-").replace(".", "-")
    for seen in calls_of(found):
        method = seen.capture.method
        if counts.get(method, 0) == EACH:
            continue
        label = f"counterexample-{name}-{counts.get(method, 0)}"
        made = trace_of(seen, found, label) if method in MACHINES else case_of(seen, found, label)
        if made is not None:
            counts[method] = counts.get(method, 0) + 1
            yield made


def content_of(made: Case | Trace) -> tuple[Any, ...]:
    """What a vector asks, whatever its name."""
    if isinstance(made, Case):
        return made.method, made.given
    return made.machine, made.start, tuple(step.event for step in made.steps)


def captured() -> Iterator[Case | Trace]:
    """All vectors from counterexamples, each question once."""
    known = set()
    labels: dict[str, int] = {}
    for found in recorded():
        for made in vectors_of(found):
            asked = content_of(made)
            if asked in known:
                continue
            known.add(asked)
            name = made.method if isinstance(made, Case) else made.machine
            key = f"{name}/{made.label}"
            labels[key] = labels.get(key, 0) + 1
            again = f"-{labels[key]}" if labels[key] > 1 else ""
            yield replace(made, label=made.label + again)


def row_of(made: Case | Trace) -> Json:
    """A vector as `violations.json` keeps it."""
    if isinstance(made, Case):
        method = METHODS[made.method]
        return {
            "name": made.method,
            "label": made.label,
            "without": made.requirements[0],
            "rejection": None if made.code is None else made.code.name,
            "given": to_json(method.given_form, made.given),
        }
    machine, last = MACHINES[made.machine], made.steps[-1]
    return {
        "name": made.machine,
        "label": made.label,
        "without": made.requirements[0],
        "rejection": None if last.code is None else last.code.name,
        "start": to_json(machine.start_form, made.start),
        "events": [to_json(machine.event_form, step.event) for step in made.steps],
    }


def text_of_violations() -> str:
    """The text of `violations.json`, found anew."""
    return "[\n" + ",\n".join(json.dumps(row_of(made)) for made in captured()) + "\n]\n"


def refresh(folder: Path, audit: Path | None) -> tuple[int, int]:
    """Write both files anew, the counterexamples from an `audit.json` if there is one; how many there are of each."""
    if audit is not None:
        text = gathered(json.loads(audit.read_text(encoding="utf-8")))
        (folder / COUNTEREXAMPLES).write_text(text, encoding="utf-8", newline="\n")
        recorded.cache_clear()
    text = text_of_violations()
    (folder / VIOLATIONS).write_text(text, encoding="utf-8", newline="\n")
    return len(recorded()), len(json.loads(text))
