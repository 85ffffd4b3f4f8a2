"""The bytes of a conversation: messages in lines or in frames, over the pipes of a process or over a socket.

Whatever the other side does, an exchange ends: nothing is waited for without a deadline, and no more than a bounded
number of bytes is kept.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from taifoon_toolkit.conform.protocol import ClientError, Fault, shown

PIECE = 1 << 16
PREFIX = 4
ERROR_TAIL = 2_000
PAUSE = 0.05


@dataclass(slots=True)
class Framing:
    """Where a message ends: at a line feed, or, in frames, after as many bytes as its first four say."""

    greatest: int
    in_frames: bool = False

    def wrapped(self, content: bytes) -> bytes:
        """A message as it is sent."""
        return len(content).to_bytes(PREFIX, "little") + content if self.in_frames else content + b"\n"

    def cut(self, received: bytearray, before: int) -> bytes | None:
        """The message that the bytes hold, or None where it goes on; `before` of them were seen before.

        Raises ClientError for one that is too long, and for bytes after its end.
        """
        if self.in_frames:
            if len(received) < PREFIX:
                return None
            start, end = PREFIX, PREFIX + int.from_bytes(received[:PREFIX], "little")
            rest = end
            if end - start > self.greatest:
                raise ClientError(Fault.FLOOD, f"a frame announces {end - start} bytes, {bytes(received[:PREFIX])!r}")
            if len(received) < end:
                return None
        else:
            start, end = 0, received.find(b"\n", before)
            rest = end + 1
            if end < 0:
                if len(received) > self.greatest:
                    raise ClientError(Fault.FLOOD, f"{len(received)} bytes without the end of a line")
                return None
        if len(received) > rest:
            raise ClientError(Fault.UNASKED, f"after its reply it writes {bytes(received[rest : rest + 60])!r}")
        return bytes(received[start:end])


@dataclass(slots=True)
class Channel:
    """Two directions to a client, and beside them what it writes for people.

    `source` and `sink` are two file descriptors that do not block, of pipes or of one socket. A `listener` that stays
    open finds out a client that connects again.
    """

    child: subprocess.Popen[bytes]
    framing: Framing
    source: int
    sink: int
    noises: tuple[int, ...]
    listener: socket.socket | None = None
    received: bytearray = field(default_factory=bytearray)
    said: bytearray = field(default_factory=bytearray)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def __post_init__(self) -> None:
        for descriptor in (self.source, *self.noises):
            self.selector.register(descriptor, selectors.EVENT_READ)
        if self.listener is not None:
            self.selector.register(self.listener, selectors.EVENT_READ)

    def exchange(self, content: bytes, seconds: float) -> bytes:
        """Send a message and receive the reply. Raises ClientError."""
        deadline = time.monotonic() + seconds
        for ready in self._ready(0):
            # What stands there before the question is sent answers none; the end of the output is told with the reply.
            if ready == self.source and (piece := self._read(self.source)):
                raise ClientError(Fault.UNASKED, f"before it is asked it writes {piece[:60]!r}")
        message = self.framing.wrapped(content)
        unsent = memoryview(message)[self._write(message) :]
        if unsent:
            self.selector.register(self.sink, selectors.EVENT_WRITE)
        try:
            while True:
                # A client may not read on before its own output is read, so that both directions go on together.
                for ready in self._ready(max(0.0, deadline - time.monotonic())):
                    if ready == self.sink:
                        unsent = unsent[self._write(unsent) :]
                        if not unsent:
                            self.selector.unregister(self.sink)
                    elif (reply := self._receive()) is not None:
                        return reply
                if time.monotonic() >= deadline:
                    raise ClientError(Fault.TIMEOUT, f"no reply in {seconds:g} s to {shown(content)}")
        finally:
            if unsent:
                self.selector.unregister(self.sink)

    def await_end(self, seconds: float, close: Callable[[], None]) -> int:
        """Close the client's input and wait until it ended by itself; its exit status. Raises ClientError."""
        close()
        deadline = time.monotonic() + seconds
        status = self.child.poll()
        while status is None:
            if time.monotonic() >= deadline:
                raise ClientError(Fault.TIMEOUT, "it does not end after its farewell")
            self._refuse_more(self._ready(PAUSE))
            status = self.child.poll()
        self._refuse_more(self._ready(0))
        return status

    def close(self) -> None:
        """Forget the descriptors; those who opened them close them."""
        self.selector.close()

    def last_words(self) -> str:
        """The end of what the client wrote for people."""
        for noise in self.noises:
            with contextlib.suppress(OSError):
                self.said += os.read(noise, PIECE)
        return bytes(self.said[-400:]).decode(errors="replace").strip()

    def _ready(self, seconds: float) -> list[int]:
        # The descriptors that can be read, without those that are only for people and are read here.
        found = []
        for key, _ in self.selector.select(seconds):
            if key.fd in self.noises:
                piece = self._read(key.fd)
                if piece == b"":
                    self.selector.unregister(key.fd)
                self.said += piece or b""
                del self.said[:-ERROR_TAIL]
            elif key.fileobj is self.listener:
                raise ClientError(Fault.CONNECTION, "it connects again, and one connection is the session")
            else:
                found.append(key.fd)
        return found

    def _refuse_more(self, ready: list[int]) -> None:
        if self.source in ready:
            piece = self._read(self.source)
            if piece:
                raise ClientError(Fault.UNASKED, f"after its farewell it writes {piece[:60]!r}")
            if piece == b"":
                self.selector.unregister(self.source)

    def _read(self, descriptor: int) -> bytes | None:
        try:
            return os.read(descriptor, PIECE)
        except BlockingIOError:
            return None
        except OSError:
            # A connection that the other side resets has ended as well.
            return b""

    def _write(self, content: bytes | memoryview) -> int:
        try:
            return os.write(self.sink, content[: 1 << 20])
        except BlockingIOError:
            return 0
        except OSError:
            # The reader is gone: what it left behind tells how.
            return len(content)

    def _receive(self) -> bytes | None:
        piece, before = self._read(self.source), len(self.received)
        if piece is None:
            return None
        self.received += piece
        message = self.framing.cut(self.received, before)
        if message is not None:
            self.received.clear()
            return message
        if not piece:
            raise self._ended()
        return None

    def _ended(self) -> ClientError:
        if self.received:
            return ClientError(Fault.HALF_LINE, f"its last bytes are {bytes(self.received[:60])!r}")
        try:
            how = f"exit status {self.child.wait(0.5)}"
        except subprocess.TimeoutExpired:
            how = "it closes its output and runs on"
        words = self.last_words()
        return ClientError(Fault.CRASH, how + (f"; its last words: {words}" if words else ""))
