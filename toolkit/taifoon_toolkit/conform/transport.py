"""How a client comes to its conversation: over its standard input and output, or over a socket that it connects to.

Over a socket the kit listens, on this machine only, and tells the client where in an environment variable. The client
connects once. What it writes to its standard output is then for people, like its error output.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from enum import Enum
from pathlib import Path

from taifoon_toolkit.conform.channel import PAUSE, PIECE, Channel, Framing
from taifoon_toolkit.conform.protocol import ClientError, Fault

ADDRESS = "TAIFOON_CONFORM_ADDRESS"
"""The environment variable with `unix:PATH` or `tcp:HOST:PORT`."""
LOCAL = "127.0.0.1"
GREATEST_PATH = 100
"""Bytes of a socket's path; systems take 104 or 108 with the final zero."""


class Transport(Enum):
    """What carries the conversation."""

    PIPES = "pipes"
    UNIX = "unix"
    TCP = "tcp"


class CommandError(ValueError):
    """A command that cannot be started; the message names it and the reason."""


class Started:
    """A started client with its channel. Ending it ends all that it started and frees what it held."""

    def __init__(self, command: Sequence[str], transport: Transport, seconds: float, greatest: int) -> None:
        """Start a command and wait for its connection. Raises CommandError and ClientError."""
        self.connection: socket.socket | None = None
        with ExitStack() as held:
            listener = None if transport is Transport.PIPES else held.enter_context(listening(transport, held))
            self.child = spawned(command, None if listener is None else address_of(listener))
            held.callback(end, self.child)
            framing = Framing(greatest)
            if listener is None:
                source, sink, noises = pipes_of(self.child)
                self.channel = Channel(self.child, framing, source, sink, noises)
            else:
                self.connection = held.enter_context(accepted(self.child, listener, seconds))
                # A second descriptor of the same socket, so that either direction is waited for apart.
                source, sink, noises = self.connection.fileno(), os.dup(self.connection.fileno()), noises_of(self.child)
                held.callback(os.close, sink)
                self.channel = Channel(self.child, framing, source, sink, noises, listener)
            held.callback(self.channel.close)
            self.held = held.pop_all()

    def close_input(self) -> None:
        """Tell the client that nothing follows."""
        if self.connection is not None:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_WR)
        elif self.child.stdin is not None:
            self.child.stdin.close()

    def end(self) -> None:
        """End the process and all that it started."""
        self.held.close()


def listening(transport: Transport, held: ExitStack) -> socket.socket:
    """A socket that clients of this machine can connect to."""
    if transport is Transport.TCP:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind((LOCAL, 0))
    else:
        folder = held.enter_context(tempfile.TemporaryDirectory(prefix="taifoon-"))
        path = str(Path(folder) / "socket")
        if len(os.fsencode(path)) > GREATEST_PATH:
            raise CommandError(
                f"--socket unix: {path} is longer than {GREATEST_PATH} bytes, which no socket's path can be: "
                "name a shorter folder in TMPDIR, or use --socket tcp"
            )
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(path)
    listener.listen(8)
    listener.settimeout(0)
    return listener


def address_of(listener: socket.socket) -> str:
    """Where a client connects, as the environment variable says it."""
    name = listener.getsockname()
    return f"unix:{name}" if isinstance(name, str) else f"tcp:{name[0]}:{name[1]}"


def spawned(command: Sequence[str], address: str | None) -> subprocess.Popen[bytes]:
    """The process of a command, in a session of its own. Raises CommandError."""
    environment = {name: value for name, value in os.environ.items() if name != ADDRESS}
    if address is not None:
        environment[ADDRESS] = address
    try:
        child = subprocess.Popen(  # noqa: S603 - the user names the client
            tuple(command),
            stdin=subprocess.PIPE if address is None else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            env=environment,
        )
    except OSError as error:
        raise CommandError(f"{command[0]}: {error.strerror}: name a program that can be run") from error
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            os.set_blocking(pipe.fileno(), False)
    return child


def end(child: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, and close its pipes."""
    with contextlib.suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    for pipe in (child.stdin, child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()


def pipes_of(child: subprocess.Popen[bytes]) -> tuple[int, int, tuple[int, ...]]:
    """Where a child is read, where it is written to, and what it writes for people."""
    if child.stdin is None or child.stdout is None or child.stderr is None:
        raise CommandError("a client over pipes is started with all three of them")
    return child.stdout.fileno(), child.stdin.fileno(), (child.stderr.fileno(),)


def noises_of(child: subprocess.Popen[bytes]) -> tuple[int, ...]:
    """What a child writes for people when its conversation is elsewhere."""
    return tuple(pipe.fileno() for pipe in (child.stdout, child.stderr) if pipe is not None)


def accepted(child: subprocess.Popen[bytes], listener: socket.socket, seconds: float) -> socket.socket:
    """The connection of a client. Raises ClientError where it ends or is late."""
    deadline, said = time.monotonic() + seconds, bytearray()
    noises = noises_of(child)
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        for noise in noises:
            selector.register(noise, selectors.EVENT_READ)
        while True:
            ended = child.poll()
            for key, _ in selector.select(0 if ended is not None else PAUSE):
                if key.fileobj is listener:
                    with contextlib.suppress(OSError):
                        return prepared(listener.accept()[0])
                    continue
                piece = b""
                with contextlib.suppress(OSError):
                    piece = os.read(key.fd, PIECE)
                if not piece:
                    selector.unregister(key.fd)
                said = (said + piece)[-400:]
            words = said.decode(errors="replace").strip()
            tail = f"; its last words: {words}" if words else ""
            if ended is not None:
                raise ClientError(
                    Fault.CRASH, f"exit status {ended} before it connects to {address_of(listener)}{tail}"
                )
            if time.monotonic() >= deadline:
                raise ClientError(
                    Fault.TIMEOUT, f"it does not connect to {address_of(listener)} in {seconds:g} s{tail}"
                )


def prepared(connection: socket.socket) -> socket.socket:
    """A connection that does not block and does not wait for more before it sends."""
    connection.settimeout(0)
    if connection.family is socket.AF_INET:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection
