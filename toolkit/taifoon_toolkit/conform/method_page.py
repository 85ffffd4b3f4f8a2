"""What a method takes and gives, for the author of a client."""

from __future__ import annotations

import json
import textwrap
from enum import Enum

from rich.console import Console
from rich.text import Text

from taifoon.core.certificate import Certificate
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.vote import Statement, VoteKind
from taifoon.economics.offences import Matter, OffenceKind, Slot
from taifoon.primitives.hashing import Role
from taifoon.profile import Suite
from taifoon_toolkit.vectors.accountability import ProofGiven, SignedGiven
from taifoon_toolkit.vectors.assignment import OneSeat
from taifoon_toolkit.vectors.certificates import CommitteeGiven
from taifoon_toolkit.vectors.economics import Convicted, Proving
from taifoon_toolkit.vectors.method import MACHINES, METHODS
from taifoon_toolkit.vectors.shipped import shipped_vectors
from taifoon_toolkit.vectors.votes import BlockAt, OneLink
from taifoon_toolkit.vectors.wire import (
    Flag,
    Form,
    Many,
    Maybe,
    Octets,
    OneOf,
    Record,
    Whole,
    Word,
    form_of,
    schema_of,
    variant_word,
    word_of,
)

ALL = "all"
EXAMPLES = 2
COLUMNS = 120


def explain_method(console: Console, name: str) -> None:
    """Print what a method is, the schemas of both sides, and examples. Raises KeyError for an unknown one."""
    if name == ALL:
        rows = [(item.section, item.name, item.summary) for item in METHODS.values()]
        rows += [(item.section, item.name, item.summary) for item in MACHINES.values()]
        for section, known, summary in sorted(rows):
            console.print(Text(f"{section:5} {known}: {summary}"), soft_wrap=True)
        return
    base = name.rpartition(".")[0] if name not in METHODS and name not in MACHINES else name
    if base in METHODS:
        method = METHODS[base]
        parts: list[tuple[str, Form]] = [("given", method.given_form), ("value", method.value_form)]
        described: tuple[str, str, tuple[str, ...]] = (method.section, method.summary, method.requirements)
    else:
        machine = MACHINES[base]
        parts = [("reset", machine.start_form), ("step", machine.event_form), ("snapshot", machine.snapshot_form)]
        described = (machine.section, machine.summary, machine.requirements)
    of_section, said, requirements = described
    console.print(Text(f"{base} (section {of_section}): {said}", style="bold"), soft_wrap=True)
    console.print(Text(f"Requirements: {', '.join(requirements)}"), soft_wrap=True)
    for part, form in parts:
        console.print(Text(f"{part}: {json.dumps(schema_of(form), indent=1)}"), soft_wrap=True)
    for vector in [item for item in shipped_vectors() if item.name == base][:EXAMPLES]:
        console.print(Text(f"example: {json.dumps(vector.content)[:1500]}"), soft_wrap=True)


NAMED: dict[type, str] = {
    Statement: "statement",
    Certificate: "certificate",
    MMRLeaf: "leaf",
    Slot: "slot",
    CommitteeGiven: "committee",
    OneLink: "link",
    OneSeat: "seat",
    ProofGiven: "finality proof",
    SignedGiven: "signed statement",
    Proving: "delivery",
    Convicted: "conviction",
    BlockAt: "block",
}
"""Records that occur more than once, with the names under which the page writes them out."""

WORDS: dict[type[Enum], str] = {
    Suite: "suite",
    Role: "role",
    ProofType: "proof type",
    VoteKind: "vote kind",
    OffenceKind: "offence kind",
    Matter: "matter",
}
"""Enums with names of their own on the page."""


def notation(form: Form) -> str:
    """A form as the methods page writes it."""
    match form:
        case Whole(bits):
            return "integer" if bits is None else f"u{bits}"
        case Octets(least, most):
            return f"{least} bytes" if least == most else "bytes" if most is None else f"at most {most} bytes"
        case Flag():
            return "boolean"
        case Word(kind):
            return f"*{WORDS[kind]}*"
        case Many(item, exact):
            return f"list{'' if exact is None else f' of {exact}'} of {notation(item)}"
        case Maybe(item):
            return f"{notation(item)} or null"
        case Record(kind, _) if kind in NAMED:
            return f"*{NAMED[kind]}*"
        case Record():
            return fields_text(form)
        case OneOf(variants):
            return " or ".join(f"`{{{variant_word(item)}: {fields_text(item)}}}`".replace("*", "") for item in variants)


def fields_text(form: Record) -> str:
    """The keys of a record, each with its form."""
    return "{" + ", ".join(f"{name}: {notation(field)}" for name, field in form.fields) + "}"


def records_text() -> str:
    """The named records and words, as the page has them."""
    lines = ["| name | form |", "|---|---|"]
    for kind, name in NAMED.items():
        form = form_of(kind)
        if isinstance(form, Record):
            lines.append(f"| *{name}* | {fields_text(form)} |")
    for kind, name in WORDS.items():
        lines.append(f"| *{name}* | " + ", ".join(f"`{word_of(member)}`" for member in kind) + " |")
    return "\n".join(lines) + "\n"


def wrapped(line: str) -> str:
    """An item of the list in lines of the page's width."""
    return textwrap.fill(line, COLUMNS, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def methods_text() -> str:
    """The list of methods, as the page has it."""
    items = []
    for name, method in sorted(METHODS.items(), key=lambda item: (item[1].section, item[0])):
        items.append(
            f"- **`{name}`** ({method.section}): {method.summary} Given: {notation(method.given_form)}. "
            f"Value: {notation(method.value_form)}."
        )
    for name, machine in sorted(MACHINES.items()):
        items.append(
            f"- **`{name}`** ({machine.section}), a machine: {machine.summary} "
            f"Given to `{name}.reset`: {notation(machine.start_form)}. "
            f"Given to `{name}.step`: {notation(machine.event_form)}. "
            f"Value of `{name}.snapshot`: {notation(machine.snapshot_form)}."
        )
    return "\n".join(wrapped(item) for item in items) + "\n"
