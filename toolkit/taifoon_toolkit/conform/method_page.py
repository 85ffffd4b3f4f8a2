"""What methods take and give, as the page on conformance lists it."""

from __future__ import annotations

import textwrap
from enum import Enum

from taifoon.core.certificate import Certificate
from taifoon.core.job import JobPhase
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.vote import Statement, VoteKind
from taifoon.economics.offences import Matter, OffenceKind, Slot
from taifoon.primitives.hashing import Role
from taifoon.profile import Suite
from taifoon_toolkit.conform.chain_page import CHAIN_RECORDS
from taifoon_toolkit.conform.message_page import PART_WORDS, PARTS, kinds_of_message, variants_of_message
from taifoon_toolkit.vectors.accountability import ProofGiven, SignedGiven
from taifoon_toolkit.vectors.assignment import OneSeat
from taifoon_toolkit.vectors.certificates import CommitteeGiven
from taifoon_toolkit.vectors.economics import Convicted, Proving
from taifoon_toolkit.vectors.method import MACHINES, METHODS
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
    variant_word,
    word_of,
)

COLUMNS = 120


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
    **PARTS,
    **CHAIN_RECORDS,
}
"""Records that occur more than once, with the names under which the page writes them out."""

WORDS: dict[type[Enum], str] = {
    Suite: "suite",
    Role: "role",
    ProofType: "proof type",
    VoteKind: "vote kind",
    OffenceKind: "offence kind",
    Matter: "matter",
    JobPhase: "job phase",
    **PART_WORDS,
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
        case OneOf() if (messages := variants_of_message(form)) is not None:
            return messages
        case OneOf(variants):
            return " or ".join(f"`{{{variant_word(item)}: {plain_text(item)}}}`" for item in variants)


def plain_text(form: Record) -> str:
    """The keys of a record where the page has it as code."""
    return fields_text(form).replace("*", "").replace("`", "")


def fields_text(form: Record) -> str:
    """The keys of a record, each with its form."""
    return "{" + ", ".join(f"{name}: {notation(field)}" for name, field in form.fields) + "}"


def messages_text() -> str:
    """The kinds of messages, as the page has them."""
    lines = ["| tag | message | form |", "|---|---|---|"]
    lines += [f"| {tag} | `{name}` | {fields_text(record)} |" for tag, name, record in kinds_of_message()]
    return "\n".join(lines) + "\n"


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
