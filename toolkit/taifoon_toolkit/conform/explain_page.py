"""`taifoon conform --explain METHOD`: what a method takes and gives, with requests and replies as they are written."""

from __future__ import annotations

import json
import re

from rich.console import Console
from rich.text import Text

from taifoon_toolkit.conform.compare import questions_of
from taifoon_toolkit.conform.method_page import fields_text, notation
from taifoon_toolkit.conform.process import MOST_IN_FRAME
from taifoon_toolkit.conform.protocol import BYE, FRAMES, HELLO, VERSION
from taifoon_toolkit.conform.verdict import title_of
from taifoon_toolkit.vectors.build import Vector
from taifoon_toolkit.vectors.method import MACHINES, METHODS
from taifoon_toolkit.vectors.shipped import shipped_vectors
from taifoon_toolkit.vectors.wire import Form, Json, Record, schema_of

ALL = "all"
PARTS_OF_MACHINE = ("reset", "step", "snapshot")
GREATEST_LINE = 1500
REQUESTS_OF_MACHINE = 8

PROFILE = "32 bytes"
CEREMONY: dict[str, tuple[str, Json, Json]] = {
    HELLO: (
        "The first request: the client introduces itself, and gives the profile back.",
        {"protocol": str(VERSION), "profile": PROFILE},
        {
            "protocol": str(VERSION),
            "profile": PROFILE,
            "client": "name and version",
            "suites": ["blake3", "sha256", "keccak256"],
            "methods": ["quorum.of", "voting.reset", "voting.step", "voting.snapshot", FRAMES],
        },
    ),
    FRAMES: (
        "The second request, to a client that names it: what follows its reply goes in frames of so many requests.",
        {"most": str(MOST_IN_FRAME)},
        {},
    ),
    BYE: ("The last request: the client ends with status 0 when its input ends.", {}, {}),
}
"""The methods that open and close a session, with what is given and what the value is."""


def explain_method(console: Console, name: str) -> None:
    """Print what a method is, its forms, examples and schemas. Raises KeyError for an unknown one."""
    if name == ALL:
        print_list(console)
    elif name in CEREMONY:
        print_ceremony(console, name)
    else:
        base = name.removesuffix(name[name.rfind(".") :]) if name.rpartition(".")[2] in PARTS_OF_MACHINE else name
        print_method(console, base)


def print_list(console: Console) -> None:
    """Every method with its section and its summary."""
    for name, (summary, _, _) in CEREMONY.items():
        say(console, f"      {name}: {summary}")
    rows = [(item.section, item.name, item.summary) for item in METHODS.values()]
    rows += [(item.section, item.name, f"{item.summary} A machine.") for item in MACHINES.values()]
    for section, known, summary in sorted(rows):
        say(console, f"{section:5} {known}: {summary}")


def print_ceremony(console: Console, name: str) -> None:
    """A method of the session itself."""
    summary, given, value = CEREMONY[name]
    say(console, f"{name}: {summary}", style="bold")
    print_exchange(console, 1 + list(CEREMONY).index(name), name, given, {"value": value})


def print_method(console: Console, name: str) -> None:
    """A method that computes, or a machine. Raises KeyError."""
    parts: list[tuple[str, Form]]
    if name in METHODS:
        method = METHODS[name]
        parts = [("given", method.given_form), ("value", method.value_form)]
        section, summary, requirements = method.section, method.summary, method.requirements
    else:
        machine = MACHINES[name]
        parts = [("reset", machine.start_form), ("step", machine.event_form), ("snapshot", machine.snapshot_form)]
        section, summary, requirements = machine.section, machine.summary, machine.requirements
    say(console, f"{name} (section {section}): {summary}", style="bold")
    for part, form in parts:
        text = fields_text(form) if isinstance(form, Record) else notation(form)
        say(console, f"{part}: {re.sub('[*`]', '', text)}")
    say(console, "requirements:")
    for requirement in requirements:
        say(console, f"  {requirement}  {title_of(requirement)}".rstrip())
    for vector in examples(name):
        print_example(console, vector)
    for part, form in parts:
        say(console, f"schema of {part}: {json.dumps(schema_of(form))}")


def examples(name: str) -> list[Vector]:
    """The shortest vector that is accepted throughout, and the shortest in which something is refused."""
    of_method = sorted((item for item in shipped_vectors() if item.name == name), key=lambda item: len(asked(item)))
    accepted = [item for item in of_method if not any("rejection" in reply for _, _, reply in asked(item))]
    refused = [item for item in of_method if item not in accepted]
    return accepted[:1] + refused[:1]


def asked(vector: Vector) -> list[tuple[str, Json, Json]]:
    """Method, input and reply of each request of a vector."""
    return [(item.method, item.given, item.expected) for item in questions_of(vector)]


def print_example(console: Console, vector: Vector) -> None:
    """A vector as requests and replies."""
    fault = vector.content.get("fault")
    say(console, f"example {vector.id}" + (f", which breaks {fault['rule']}:" if fault else ":"))
    requests = asked(vector)
    for number, (method, given, reply) in enumerate(requests[:REQUESTS_OF_MACHINE], start=2):
        print_exchange(console, number, method, given, reply)
    if len(requests) > REQUESTS_OF_MACHINE:
        say(console, f"  and {len(requests) - REQUESTS_OF_MACHINE} more requests")


def print_exchange(console: Console, number: int, method: str, given: Json, reply: Json) -> None:
    """A request and the reply to it."""
    for mark, message in (("->", {"id": number, "method": method, "given": given}), ("<-", {"id": number, **reply})):
        text = json.dumps(message)
        say(console, f"  {mark} {text if len(text) <= GREATEST_LINE else text[:GREATEST_LINE] + '...'}")


def say(console: Console, text: str, style: str = "") -> None:
    """A line that is neither wrapped nor marked up."""
    console.print(Text(text, style=style), soft_wrap=True)
