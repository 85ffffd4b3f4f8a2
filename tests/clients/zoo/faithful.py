"""The reference itself as a client, whole: what the zoo breaks, and the measure of a session's speed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from taifoon.core.chain_id import profile_hash
from taifoon.profile import HARDENED, Profile, Suite
from taifoon_toolkit.conform.protocol import ClientError, Fault
from taifoon_toolkit.vectors import subjects
from taifoon_toolkit.vectors.method import MACHINES, METHODS
from taifoon_toolkit.vectors.wire import from_json

Json = Any
assert subjects.SUBJECTS


class Faithful:
    """Answers every method as the reference does under a profile."""

    def __init__(self, profile: Profile = HARDENED) -> None:
        self.profile = profile
        self.states: dict[str, Any] = {}

    def introduction(self) -> Json:
        """What it says of itself."""
        parts = [f"{name}.{part}" for name in MACHINES for part in ("reset", "step", "snapshot")]
        return {
            "protocol": "1",
            "client": "faithful",
            "profile": profile_hash(HARDENED).hex(),
            "suites": [suite.value for suite in Suite],
            "methods": [*METHODS, *parts],
        }

    def answer(self, method: str, given: Json) -> Json:
        """The reply, without its id."""
        if method == "hello":
            return {"value": self.introduction()}
        if method == "bye":
            return {"value": {}}
        if method in METHODS:
            known = METHODS[method]
            return known.answer(self.profile, known.read(given))
        name, _, part = method.rpartition(".")
        machine = MACHINES[name]
        if part == "reset":
            self.states[name] = machine.start(self.profile, from_json(machine.start_form, given))
            return {"value": {}}
        if part == "snapshot":
            return {"value": machine.shown(self.states[name])}
        event = from_json(machine.event_form, given)
        outcome, self.states[name] = machine.advance(self.profile, self.states[name], event)
        return outcome

    # The same client inside the kit's own process, for tests of many faults.
    def ask(self, method: str, given: Json) -> Json:
        """The reply as it would come over a pipe; what the reference refuses to compute ends the client."""
        try:
            return json.loads(json.dumps(self.answer(method, json.loads(json.dumps(given)))))
        except Exception as error:
            raise ClientError(Fault.CRASH, repr(error)) from error

    def restart(self) -> None:
        """Forget everything."""
        self.states.clear()


def serve(answer: Callable[[str, Json], Json]) -> None:
    """Answer line by line until the farewell."""
    for line in sys.stdin:
        request = json.loads(line)
        reply = {"id": request["id"], **answer(request["method"], request["given"])}
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()
        if request["method"] == "bye":
            return


if __name__ == "__main__":
    serve(Faithful().answer)
