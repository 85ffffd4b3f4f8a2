"""The messages of a session, and what can be wrong with a client (`spec/conformance.md`, session)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Protocol

from taifoon.primitives.encoding import U32
from taifoon.profile import Suite
from taifoon_toolkit.vectors.wire import Digest, Json, Small, WireError, form_of, from_json, to_json

VERSION = 1
HELLO, FRAMES, BYE = "hello", "frames", "bye"


class Fault(Enum):
    """What a finding is about. The first seven are differences, the others end the conversation."""

    ACCEPTS = "accepts what must be refused"
    REFUSES = "refuses what must be accepted"
    CODE = "refuses with another code"
    DIFFERS = "gives another value"
    MISSING_KEY = "leaves out a key"
    UNKNOWN_KEY = "gives a key that is not specified"
    CLAIMED = "names a method in its hello and does not support it"
    TIMEOUT = "does not answer in time"
    CRASH = "ends"
    HALF_LINE = "ends in the middle of a line or a frame"
    GARBAGE = "answers something that is no reply"
    FLOOD = "writes without end"
    UNASKED = "writes more than one reply"
    WRONG_ID = "answers another request"
    HELLO = "does not introduce itself as specified"
    CONNECTION = "does not connect as specified"

    @property
    def ends_session(self) -> bool:
        """Whether the process has to be started again."""
        return tuple(Fault).index(self) >= tuple(Fault).index(Fault.TIMEOUT)


class ClientError(Exception):
    """A fault of the client that ends the conversation."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(fault, detail)
        self.fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the kit says in its hello."""

    protocol: Annotated[int, U32]
    profile: Digest


@dataclass(frozen=True, slots=True)
class Introduction:
    """What a client says of itself; `client` is its name and version in UTF-8."""

    protocol: Annotated[int, U32]
    profile: Digest
    suites: tuple[Suite, ...]


class Client(Protocol):
    """A client as the comparison sees it: it answers calls, and can be started again."""

    def ask(self, method: str, given: Json) -> Json:
        """The reply to a call, without its id. Raises ClientError."""

    def restart(self) -> None:
        """Forget everything. Raises ClientError."""


class Together(Protocol):
    """A client that takes several calls at once."""

    width: int

    def ask_all(self, calls: Sequence[tuple[str, Json]]) -> list[Json]:
        """The replies to calls, without their ids, in order. Raises ClientError."""


@dataclass(frozen=True, slots=True)
class Framing:
    """What the kit asks for after the hello: frames of at most so many requests."""

    most: Small


GREETING = form_of(Greeting)
FRAMING = form_of(Framing)
INTRODUCTION = form_of(Introduction)
REPLY_KEYS = ("value", "rejection", "unsupported")


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a client says that it can: its name, suites and methods."""

    client: str
    suites: frozenset[str]
    methods: frozenset[str]


def request_text(number: int, method: str, given: Json) -> bytes:
    """A request, as the object that a line or an array holds."""
    return WRITER.encode({"id": number, "method": method, "given": given}).encode()


def greeting_of(profile_hash: bytes) -> Json:
    """The kit's hello."""
    return to_json(GREETING, Greeting(VERSION, profile_hash))


def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, if no key stands twice in it."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key stands twice in an object")
    return members


def no_number(text: str) -> Json:
    """Refuse what some writers put for a number and JSON does not have."""
    raise ValueError(f"{text} is not JSON")


WRITER = json.JSONEncoder(separators=(",", ":"))
DEEPEST = 64
READER = json.JSONDecoder(object_pairs_hook=unique_members, parse_constant=no_number)


def read_json(content: bytes) -> Json:
    """The value in a text that a client wrote. Raises ClientError."""
    try:
        value = READER.decode(content.decode())
        if b"\\u" in content:
            # Half of a pair can be written in JSON and in no file; it is found here, not where the report is written.
            json.dumps(value, ensure_ascii=False).encode()
        if content.count(b"[") + content.count(b"{") > DEEPEST:
            check_depth(value)
    except (ValueError, RecursionError) as error:
        raise ClientError(Fault.GARBAGE, f"{shown(content)}: {type(error).__name__}: {str(error)[-200:]}") from error
    return value


def check_depth(value: Json) -> None:
    """Refuse what nests so deeply that no method gives it. Raises ValueError."""
    level, depth = [value], 0
    while level:
        if depth > DEEPEST:
            raise ValueError(f"it nests more than {DEEPEST} deep")
        inner: list[Json] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level, depth = inner, depth + 1


def read_reply(content: bytes, number: int) -> Json:
    """The reply in a line, without its id. Raises ClientError."""
    return checked_reply(read_json(content), number)


def read_replies(content: bytes, numbers: Sequence[int]) -> list[Json]:
    """The replies in a frame, without their ids. Raises ClientError."""
    replies = read_json(content)
    if not isinstance(replies, list):
        raise ClientError(Fault.GARBAGE, f"{shown(content)}: a frame holds an array of replies")
    if len(replies) != len(numbers):
        fault = Fault.UNASKED if len(replies) > len(numbers) else Fault.GARBAGE
        raise ClientError(fault, f"a frame of {len(numbers)} requests is answered by one of {len(replies)} replies")
    return [checked_reply(reply, number) for reply, number in zip(replies, numbers, strict=True)]


def checked_reply(reply: Json, number: int) -> Json:
    """A reply without its id, if it answers this request. Raises ClientError."""
    if not isinstance(reply, dict) or "id" not in reply or len(reply) != 2:
        raise ClientError(Fault.GARBAGE, f"{shown_value(reply)}: a reply is an object with `id` and one other key")
    answered = reply.pop("id")
    if type(answered) is not int or answered != number:
        raise ClientError(Fault.WRONG_ID, f"request {number} was asked, {shown_value(answered)} is answered")
    ((key, content),) = reply.items()
    if key not in REPLY_KEYS or (key != "value" and not isinstance(content, str)):
        raise ClientError(Fault.GARBAGE, f"{shown_value(reply)}: the other key is one of {', '.join(REPLY_KEYS)}")
    return reply


def read_introduction(reply: Json, profile_hash: bytes) -> Abilities:
    """What a client says of itself. Raises ClientError."""
    try:
        value = reply["value"]
        methods, client = value.pop("methods"), value.pop("client")
        known = from_json(INTRODUCTION, value, "hello")
    except (KeyError, AttributeError, TypeError, WireError) as error:
        raise ClientError(Fault.HELLO, f"{shown_value(reply)}: {error}") from error
    if known.protocol != VERSION or known.profile != profile_hash:
        raise ClientError(
            Fault.HELLO,
            f"protocol {known.protocol}, profile {known.profile.hex()}: the kit has {VERSION}, {profile_hash.hex()}",
        )
    if (
        not isinstance(client, str)
        or not isinstance(methods, list)
        or not all(isinstance(item, str) for item in methods)
    ):
        raise ClientError(Fault.HELLO, "`client` is a text and `methods` a list of texts")
    return Abilities(
        printable(client[:200]), frozenset(suite.name.lower() for suite in known.suites), frozenset(methods)
    )


def printable(text: str) -> str:
    """A text of a client that does nothing to a terminal or a page."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def shown(line: bytes) -> str:
    """A line for people, cut."""
    return repr(line[:80]) + (f" and {len(line) - 80} bytes more" if len(line) > 80 else "")


def shown_value(value: Json) -> str:
    """A value for people, cut."""
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:157]}..."
