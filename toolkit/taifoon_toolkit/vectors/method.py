"""Methods: what a client is asked, with the function of the reference that answers.

A method has a name, a type of what is given and of what comes out. The vectors, the session, the fuzzer and the schemas
are all made from these, so that nothing can be asked that is not specified, and nothing compared that is not typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar, get_type_hints

from taifoon.profile import HARDENED, Parameters, Profile, Suite
from taifoon.rejection import Rejected
from taifoon_toolkit.vectors.wire import Form, Json, form_of, from_json, to_json

S = TypeVar("S")

METHODS: dict[str, Method] = {}
MACHINES: dict[str, Machine[Any]] = {}


@dataclass(frozen=True)
class Method:
    """A pure function of a client."""

    name: str
    section: str
    requirements: tuple[str, ...]
    summary: str
    takes: type
    gives: type
    function: Callable[[Profile, Any], Any]

    @cached_property
    def given_form(self) -> Form:
        """The form of what is given."""
        return form_of(self.takes)

    @cached_property
    def value_form(self) -> Form:
        """The form of what comes out."""
        return form_of(self.gives)

    def answer(self, profile: Profile, given: Any) -> Json:
        """The outcome of the reference: an object with `value` or `rejection`."""
        try:
            return {"value": to_json(self.value_form, self.function(profile, given))}
        except Rejected as rejected:
            return {"rejection": rejected.code.name}

    def read(self, given: Json) -> Any:
        """What is given, from its JSON. Raises WireError."""
        return from_json(self.given_form, given, "given")


@dataclass(frozen=True)
class Machine(Generic[S]):
    """A client's state and the events that change it, all as pure functions of the reference."""

    name: str
    section: str
    requirements: tuple[str, ...]
    summary: str
    starts_from: type
    event: Any
    snapshot: type
    start: Callable[[Profile, Any], S]
    step: Callable[[Profile, S, Any], S]
    show: Callable[[S], Any]

    @cached_property
    def start_form(self) -> Form:
        """The form of what a run starts from."""
        return form_of(self.starts_from)

    @cached_property
    def event_form(self) -> Form:
        """The form of an event."""
        return form_of(self.event)

    @cached_property
    def snapshot_form(self) -> Form:
        """The form of the whole state."""
        return form_of(self.snapshot)

    def advance(self, profile: Profile, state: S, event: Any) -> tuple[Json, S]:
        """The outcome of an event, and the state after it, which is the one before where the event is refused."""
        try:
            return {"value": {}}, self.step(profile, state, event)
        except Rejected as rejected:
            return {"rejection": rejected.code.name}, state

    def shown(self, state: S) -> Json:
        """The snapshot of a state."""
        return to_json(self.snapshot_form, self.show(state))


@dataclass(frozen=True, slots=True)
class Nothing:
    """An outcome without content: accepted."""


ACCEPTED = Nothing()

F = TypeVar("F", bound=Callable[..., Any])


def method(name: str, section: str, *requirements: str) -> Callable[[F], F]:
    """Register a function `(profile, given) -> value` as the reference's answer to a method."""

    def register(function: F) -> F:
        hints = get_type_hints(function)
        takes, gives = hints["given"], hints["return"]
        summary = (function.__doc__ or "").partition("\n")[0]
        METHODS[name] = Method(name, section, requirements, summary, takes, gives, function)
        return function

    return register


def with_suite(profile: Profile, suite: Suite) -> Profile:
    """The profile with another hash suite."""
    if suite is profile.parameters.suite:
        return profile
    return profile.with_parameters(Parameters(suite=suite))


NORMATIVE = HARDENED
"""The profile of every vector."""
