"""A client with every method: those of the tutorial, and all others as the kit's own registrations have them.

The tutorial shows how a value is read and written by hand. With a hundred methods an author derives that from the types
instead; here the kit's own forms do it. A session with this client leaves nothing out.
"""

from __future__ import annotations

from typing import Any

from client import METHODS, Json, reply_to
from serve import serve

from taifoon.profile import HARDENED
from taifoon_toolkit.vectors import subjects
from taifoon_toolkit.vectors.method import MACHINES, Machine
from taifoon_toolkit.vectors.method import METHODS as REGISTERED
from taifoon_toolkit.vectors.wire import from_json

REST = {name: known for name, known in REGISTERED.items() if subjects.SUBJECTS and name not in METHODS}
STATES: dict[str, Any] = {}


def driven(machine: Machine[Any], part: str, given: Json) -> Json:
    """The reply of a machine; a refused step leaves the state as it was."""
    if part == "reset":
        STATES[machine.name] = machine.start(HARDENED, from_json(machine.start_form, given))
        return {"value": {}}
    if part == "snapshot":
        return {"value": machine.shown(STATES[machine.name])}
    event = from_json(machine.event_form, given)
    outcome, STATES[machine.name] = machine.advance(HARDENED, STATES[machine.name], event)
    return outcome


def answer(name: str, given: Json) -> Json:
    """The reply to any request."""
    if name == "hello":
        parts = [f"{machine}.{part}" for machine in MACHINES for part in ("reset", "step", "snapshot")]
        reply = reply_to(name, given)
        named = dict.fromkeys([*reply["value"]["methods"], *REST, *parts])
        return {"value": {**reply["value"], "client": "whole", "methods": list(named)}}
    if name in REST:
        return REST[name].answer(HARDENED, REST[name].read(given))
    machine, _, part = name.rpartition(".")
    if name not in METHODS and machine in MACHINES:
        return driven(MACHINES[machine], part, given)
    return reply_to(name, given)


if __name__ == "__main__":
    serve(lambda requests: [answer(name, given) for name, given in requests])
