"""The conversation of a client, apart from what it answers: over its input and output or a socket, in lines or frames.

Both clients of this folder use it, and yours can: it needs nothing but Python. `serve` takes one function, from a list
of requests to as many replies. A line holds one request, a frame up to as many as the kit says.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

Json = Any
Request = tuple[str, Json]
"""The name of a method, and what is given."""


def streams() -> tuple[BinaryIO, BinaryIO]:
    """Where requests come from and where replies go: the kit says so in the environment."""
    kind, _, place = os.environ.get("TAIFOON_CONFORM_ADDRESS", "").partition(":")
    if not kind:
        return sys.stdin.buffer, sys.stdout.buffer
    if kind == "unix":
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(place)
    else:
        host, _, port = place.rpartition(":")
        connection = socket.create_connection((host, int(port)))
    return connection.makefile("rb"), connection.makefile("wb")


def serve(answer_all: Callable[[list[Request]], list[Json]]) -> None:
    """Answer until the input ends. After the request `frames` a message is four bytes of length and an array."""
    source, sink = streams()
    in_frames = False
    while True:
        message = source.read(int.from_bytes(source.read(4), "little")) if in_frames else source.readline()
        if not message:
            return
        asked = json.loads(message) if in_frames else [json.loads(message)]
        replies = answer_all([(request["method"], request["given"]) for request in asked])
        numbered = [{"id": request["id"], **reply} for request, reply in zip(asked, replies, strict=True)]
        if in_frames:
            octets = json.dumps(numbered).encode()
            sink.write(len(octets).to_bytes(4, "little") + octets)
        else:
            sink.write(json.dumps(numbered[0]).encode() + b"\n")
        sink.flush()
        in_frames = in_frames or asked[0]["method"] == "frames"
