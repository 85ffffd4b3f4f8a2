"""A client as a process: requests out, replies in, one line or one frame at a time, within a time and a size.

Whatever the client does, a call ends, with the reply or with a ClientError that says what the client did.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from taifoon_toolkit.conform.protocol import (
    BYE,
    FRAMES,
    FRAMING,
    HELLO,
    Abilities,
    ClientError,
    Fault,
    Framing,
    greeting_of,
    read_introduction,
    read_replies,
    read_reply,
    request_text,
)
from taifoon_toolkit.conform.transport import CommandError, Started, Transport
from taifoon_toolkit.vectors.wire import Json, to_json

__all__ = ["ClientProcess", "CommandError", "Limits", "Transport"]

CEREMONY = (HELLO, FRAMES, BYE)
MOST_IN_FRAME = 64
"""Requests of a frame: with so many the way back and forth hardly counts, and a pipe still holds them."""
FRAME_BYTES = 1 << 20
"""A frame of several requests is no longer; a single request may be."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may take: seconds for a call, seconds for a long one, bytes for a message."""

    seconds: float = 10.0
    long_seconds: float = 120.0
    reply_bytes: int = 1 << 24
    patience: int = 8


@dataclass(slots=True)
class Rate:
    """Calls and the seconds that they took, without those that greet, part or may take long."""

    calls: int = 0
    seconds: float = 0.0

    @property
    def per_second(self) -> int:
        """Calls in a second of waiting, 0 where there was none."""
        return round(self.calls / self.seconds) if self.seconds else 0


class ClientProcess:
    """A client that runs as a child process and speaks JSON, in lines or in frames."""

    def __init__(
        self,
        command: Sequence[str],
        profile_hash: bytes,
        limits: Limits,
        transport: Transport = Transport.PIPES,
        most: int = MOST_IN_FRAME,
    ) -> None:
        """A client that is not started yet; `most` requests go into a frame, and 0 keeps to lines."""
        self.command = tuple(command)
        self.profile_hash = profile_hash
        self.limits = limits
        self.transport = transport
        self.most = most
        self.abilities = Abilities("", frozenset(), frozenset())
        self.calls = 0
        self.seconds = 0.0
        self.rate = Rate()
        self.width = 1
        self._started: Started | None = None

    def __enter__(self) -> ClientProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def restart(self) -> None:
        """Start the process and greet it. Raises ClientError, and CommandError where it cannot be started."""
        self.kill()
        self.width = 1
        self._started = Started(self.command, self.transport, self.limits.seconds, self.limits.reply_bytes)
        reply = self.ask(HELLO, greeting_of(self.profile_hash))
        self.abilities = read_introduction(reply, self.profile_hash)
        if self.most and FRAMES in self.abilities.methods:
            reply = self.ask(FRAMES, to_json(FRAMING, Framing(self.most)))
            if reply != {"value": {}}:
                raise ClientError(Fault.HELLO, f"it names `{FRAMES}`, and its reply to it is {reply!r}"[:200])
            self.width = self.most
            self._started.channel.framing.in_frames = True

    def ask(self, method: str, given: Json) -> Json:
        """The reply to a call, without its id. Raises ClientError."""
        (reply,) = self.ask_all([(method, given)])
        return reply

    def ask_all(self, calls: Sequence[tuple[str, Json]]) -> list[Json]:
        """The replies to calls, without their ids, in order. Raises ClientError."""
        started = self._started
        if started is None:
            raise ClientError(Fault.CRASH, "it is not running")
        replies = []
        for numbers, requests, is_long in self._messages(calls):
            in_frames = started.channel.framing.in_frames
            message = b"[" + b",".join(requests) + b"]" if in_frames else requests[0]
            began = time.monotonic()
            try:
                content = started.channel.exchange(
                    message, self.limits.long_seconds if is_long else self.limits.seconds
                )
            finally:
                passed = time.monotonic() - began
                self.seconds += passed
            if not is_long and calls[0][0] not in CEREMONY:
                self.rate.calls += len(requests)
                self.rate.seconds += passed
            replies += read_replies(content, numbers) if in_frames else [read_reply(content, numbers[0])]
        return replies

    def farewell(self) -> None:
        """End the session: the client answers and ends by itself. Raises ClientError."""
        reply = self.ask(BYE, {})
        if reply != {"value": {}}:
            raise ClientError(Fault.GARBAGE, f"its reply to the farewell is {reply!r}"[:200])
        if self._started is not None:
            status = self._started.channel.await_end(self.limits.seconds, self._started.close_input)
            if status != 0:
                raise ClientError(Fault.CRASH, f"it ends with status {status} after its farewell")

    def kill(self) -> None:
        """End the process and all that it started."""
        if self._started is not None:
            self._started.end()
            self._started = None

    def _messages(self, calls: Sequence[tuple[str, Json]]) -> Iterator[tuple[list[int], list[bytes], bool]]:
        # Numbers and texts of the requests of one message after another, and whether the message may take long.
        numbers: list[int] = []
        requests: list[bytes] = []
        size = 0
        for method, given in calls:
            is_long = method.startswith("accumulated.")
            text = request_text(self.calls + 1, method, given)
            if requests and (len(requests) == self.width or size + len(text) > FRAME_BYTES or is_long):
                yield numbers, requests, False
                numbers, requests, size = [], [], 0
            self.calls += 1
            numbers.append(self.calls)
            requests.append(text)
            size += len(text) + 1
            if is_long:
                yield numbers, requests, True
                numbers, requests, size = [], [], 0
        if requests:
            yield numbers, requests, False
