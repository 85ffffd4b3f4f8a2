"""A client as a process: one line out, one line in, within a time and a size.

Whatever the client does, a call ends: the kit never waits on a pipe without a deadline, and never keeps more than a
bounded number of bytes.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass

from taifoon_toolkit.conform.protocol import (
    BYE,
    HELLO,
    Abilities,
    ClientError,
    Fault,
    greeting_of,
    read_introduction,
    read_reply,
    request_line,
)
from taifoon_toolkit.vectors.wire import Json

PIECE = 1 << 16
ERROR_TAIL = 2_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may take: seconds for a call, seconds for a long one, bytes for a reply."""

    seconds: float = 10.0
    long_seconds: float = 120.0
    reply_bytes: int = 1 << 24
    patience: int = 8


class CommandError(ValueError):
    """A command that cannot be started; the message names it and the reason."""


class ClientProcess:
    """A client that runs as a child process and speaks lines of JSON."""

    def __init__(self, command: Sequence[str], profile_hash: bytes, limits: Limits) -> None:
        self.command = tuple(command)
        self.profile_hash = profile_hash
        self.limits = limits
        self.abilities = Abilities("", frozenset(), frozenset())
        self.calls = 0
        self.seconds = 0.0
        self._child: subprocess.Popen[bytes] | None = None
        self._selector = selectors.DefaultSelector()
        self._received = bytearray()
        self._errors = bytearray()

    def __enter__(self) -> ClientProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def restart(self) -> None:
        """Start the process and greet it. Raises ClientError, and CommandError where it cannot be started."""
        self.kill()
        try:
            self._child = subprocess.Popen(  # noqa: S603 - the user names the client
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise CommandError(f"{self.command[0]}: {error.strerror}: name a program that can be run") from error
        self._received.clear()
        self._errors.clear()
        self._selector = selectors.DefaultSelector()
        for pipe, events in (
            (self._child.stdin, 0),
            (self._child.stdout, selectors.EVENT_READ),
            (self._child.stderr, selectors.EVENT_READ),
        ):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                if events:
                    self._selector.register(pipe.fileno(), events)
        reply = self.ask(HELLO, greeting_of(self.profile_hash))
        self.abilities = read_introduction(reply, self.profile_hash)

    def ask(self, method: str, given: Json) -> Json:
        """The reply to a call, without its id. Raises ClientError."""
        self.calls += 1
        seconds = self.limits.long_seconds if method.startswith("accumulated.") else self.limits.seconds
        request, started = request_line(self.calls, method, given), time.monotonic()
        try:
            line = self._exchange(request, started + seconds)
        finally:
            self.seconds += time.monotonic() - started
        return read_reply(line, self.calls)

    def farewell(self) -> None:
        """End the session: the client answers and ends by itself. Raises ClientError."""
        self.ask(BYE, {})
        child = self._child
        if child is not None and child.stdin is not None:
            child.stdin.close()
            try:
                status = child.wait(self.limits.seconds)
            except subprocess.TimeoutExpired as error:
                raise ClientError(Fault.TIMEOUT, "it does not end after its farewell") from error
            if status != 0:
                raise ClientError(Fault.CRASH, f"it ends with status {status} after its farewell")

    def kill(self) -> None:
        """End the process and all that it started."""
        child = self._child
        if child is None:
            return
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        self._selector.close()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
        self._child = None

    def _exchange(self, line: bytes, deadline: float) -> bytes:
        child = self._child
        if child is None or child.stdin is None or child.stdout is None or child.stderr is None:
            raise ClientError(Fault.CRASH, "it is not running")
        source, sink, errors = child.stdout.fileno(), child.stdin.fileno(), child.stderr.fileno()
        self._refuse_unasked(source)
        unsent = memoryview(line)[self._write(sink, line) :]
        if unsent:
            self._selector.register(sink, selectors.EVENT_WRITE)
        try:
            while True:
                for key, _ in self._selector.select(max(0.0, deadline - time.monotonic())):
                    if key.fd == sink:
                        unsent = unsent[self._write(sink, unsent) :]
                        if not unsent:
                            self._selector.unregister(sink)
                    elif key.fd == errors:
                        self._drain(errors)
                    else:
                        reply = self._receive(source)
                        if reply is not None:
                            return reply
                if time.monotonic() >= deadline:
                    raise ClientError(Fault.TIMEOUT, f"no reply to {line[:60].decode(errors='replace')}")
        finally:
            if unsent:
                with contextlib.suppress(KeyError):
                    self._selector.unregister(sink)

    def _refuse_unasked(self, source: int) -> None:
        # What stands there before the question is sent answers none; the end of the output is told with the reply.
        for key, _ in self._selector.select(0):
            if key.fd == source and (piece := os.read(source, PIECE)):
                raise ClientError(Fault.UNASKED, f"before it is asked it writes {piece[:60]!r}")

    def _write(self, sink: int, content: bytes | memoryview) -> int:
        try:
            return os.write(sink, content[: 1 << 20])
        except BlockingIOError:
            return 0
        except OSError:
            # The reader is gone: what it left behind tells how.
            return len(content)

    def _drain(self, errors: int) -> None:
        piece = os.read(errors, PIECE)
        if not piece:
            self._selector.unregister(errors)
        self._errors += piece
        del self._errors[:-ERROR_TAIL]

    def _receive(self, source: int) -> bytes | None:
        piece = os.read(source, PIECE)
        before = len(self._received)
        self._received += piece
        end = self._received.find(b"\n", before)
        if end >= 0:
            line = bytes(self._received[:end])
            rest = bytes(self._received[end + 1 :])
            self._received.clear()
            if rest:
                raise ClientError(Fault.UNASKED, f"after its reply it writes {rest[:60]!r}")
            return line
        if len(self._received) > self.limits.reply_bytes:
            raise ClientError(Fault.FLOOD, f"{len(self._received)} bytes without the end of a line")
        if not piece:
            raise self._ended()
        return None

    def _ended(self) -> ClientError:
        child = self._child
        status = "unknown"
        if child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = str(child.wait(1.0))
            if child.stderr is not None:
                with contextlib.suppress(OSError):
                    self._errors += os.read(child.stderr.fileno(), PIECE)
        said = bytes(self._errors[-400:]).decode(errors="replace").strip()
        if self._received:
            return ClientError(Fault.HALF_LINE, f"its last bytes are {bytes(self._received[:60])!r}")
        return ClientError(Fault.CRASH, f"exit status {status}" + (f"; its last words: {said}" if said else ""))
