"""Clients that break the conversation itself, each in the way that its first argument names.

With a second argument `frames` they take frames. Where the kit listens they connect to it.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO

Json = Any

HELLO = {"client": "hostile", "suites": ["blake3"], "methods": ["quorum.of"]}
ALL_BUT_LAST = slice(None, -1)
AGAIN: list[socket.socket] = []


def connected(way: str) -> tuple[BinaryIO, BinaryIO, socket.socket | None]:
    """Where requests come from and where replies go."""
    kind, _, place = os.environ.get("TAIFOON_CONFORM_ADDRESS", "").partition(":")
    if not kind:
        return sys.stdin.buffer, sys.stdout.buffer, None
    if way == "never-connects":
        time.sleep(3600)
    if way == "ends-unconnected":
        sys.stderr.write("no way there\n")
        sys.exit(4)

    def connection() -> socket.socket:
        if kind == "unix":
            one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            one.connect(place)
            return one
        host, _, port = place.rpartition(":")
        return socket.create_connection((host, int(port)))

    first = connection()
    if way == "connects-twice":
        AGAIN.append(connection())
    if way == "prints":
        sys.stdout.write("x" * 300_000)
        sys.stdout.flush()
    return first.makefile("rb"), first.makefile("wb"), first


class Hostile:
    """A conversation, and how it goes wrong."""

    def __init__(self, way: str, takes_frames: bool) -> None:
        self.way, self.takes_frames = way, takes_frames
        self.source, self.sink, self.socket = connected(way)
        self.in_frames = False

    def read(self) -> list[Json]:
        """The requests of a message; none at the end."""
        if not self.in_frames:
            line = self.source.readline()
            return [json.loads(line)] if line else []
        length = int.from_bytes(self.source.read(4), "little")
        return list(json.loads(self.source.read(length) or b"[]"))

    def raw(self, octets: bytes) -> None:
        self.sink.write(octets)
        self.sink.flush()

    def wrapped(self, text: str) -> bytes:
        octets = text.encode()
        return len(octets).to_bytes(4, "little") + octets if self.in_frames else octets + b"\n"

    def text(self, replies: list[Json]) -> str:
        return json.dumps(replies if self.in_frames else replies[0])

    def send(self, replies: list[Json]) -> None:
        self.raw(self.wrapped(self.text(replies)))

    def send_text(self, text: str) -> None:
        self.raw(self.wrapped(text))

    def session(self) -> None:
        """Answer until the input ends."""
        if self.way == "silent":
            time.sleep(3600)
        while requests := self.read():
            first = requests[0]
            if first["method"] == "hello":
                self.send([{"id": first["id"], "value": self.introduction(first["given"])}])
            elif first["method"] == "frames":
                reply = {"rejection": "SIGNATURE_INVALID"} if self.way == "refuses-frames" else {"value": {}}
                self.in_frames = self.way == "switches-early"
                self.send([{"id": first["id"], **reply}])
                self.in_frames = True
            elif first["method"] == "bye":
                self.farewell(first["id"])
            else:
                self.behave(requests)

    def introduction(self, given: Json) -> Json:
        hello: Json = {**given, **HELLO}
        if self.takes_frames:
            hello["methods"] = [*hello["methods"], "frames"]
        if self.way == "other-profile":
            hello["profile"] = "00" * 32
        if self.way == "claims-nothing":
            hello["methods"] = []
        if self.way == "paints":
            hello["client"] = "\x1b[2J\x07 a name"
        return hello

    def farewell(self, number: int) -> None:
        self.send([{"id": number, "value": {}}])
        if self.way == "stays":
            time.sleep(3600)
        if self.way == "last-word":
            self.raw(b"one more thing")
        if self.way == "complains-at-last":
            sys.stderr.write("x" * 300_000)
            sys.stderr.flush()
        sys.exit(3 if self.way == "ends-badly" else 0)

    def behave(self, requests: list[Json]) -> None:
        """Answer requests in the way of this client."""
        replies = []
        for request in requests:
            seats = int(request["given"]["seats"])
            value = {"quorum": str(2 * seats // 3 + 1), "faults": str((seats - 1) // 3)}
            replies.append({"id": request["id"], "value": value})
        self.slow_down(requests)
        if self.way in ENDINGS:
            ENDINGS[self.way](self, self.wrapped(self.text(replies)))
        elif self.way in TEXTS:
            self.send_text(TEXTS[self.way](self.text(replies)))
        else:
            self.send(CHANGES[self.way](replies) if self.way in CHANGES else replies)

    def slow_down(self, requests: list[Json]) -> None:
        """What depends on the requests of a message together."""
        if self.way == "takes-its-time":
            time.sleep(0.6 * len(requests))
        if self.way == "dies-in-company" and len(requests) > 1:
            os._exit(9)
        if self.way == "dies-of-one" and any(request["given"]["seats"] == "3" for request in requests):
            os._exit(9)
        if self.way == "complains":
            sys.stderr.write("x" * 300_000)
            sys.stderr.flush()


def die(status: int) -> None:
    sys.stderr.write("last words\n")
    sys.stderr.flush()
    os._exit(status)


def without_end(client: Hostile, octets: bytes) -> None:
    while True:
        client.raw(octets)


def one_by_one(client: Hostile, octets: bytes) -> None:
    for octet in octets:
        client.raw(bytes([octet]))
        time.sleep(0.5)


def cut(client: Hostile, octets: bytes, length: int) -> None:
    client.raw(octets[:length])
    os._exit(0)


def reset(client: Hostile) -> None:
    """Close a connection so that the other side gets an error, not an end."""
    if client.socket is not None:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(client.socket.detach())
    time.sleep(3600)


def hang_up(client: Hostile) -> None:
    if client.socket is not None:
        client.socket.shutdown(socket.SHUT_WR)
    time.sleep(3600)


ENDINGS: dict[str, Callable[[Hostile, bytes], None]] = {
    "hangs": lambda client, good: time.sleep(3600),
    "dies": lambda client, good: die(7),
    "half": lambda client, good: cut(client, good, len(good) // 2),
    "half-prefix": lambda client, good: cut(client, good, 2),
    "half-and-hangs": lambda client, good: (client.raw(good[:-3]), time.sleep(3600)),
    "huge-prefix": lambda client, good: (client.raw(b"\xff\xff\xff\xff"), time.sleep(3600)),
    "long-prefix": lambda client, good: (client.raw(b"\x00\x01\x00\x00" + good[4:]), time.sleep(3600)),
    "short-prefix": lambda client, good: client.raw((len(good) - 5).to_bytes(4, "little") + good[4:]),
    "a-line": lambda client, good: client.raw(good[4:] + b"\n"),
    "flood": lambda client, good: without_end(client, b"x" * 65536),
    "reply-flood": without_end,
    "drips": one_by_one,
    "twice": lambda client, good: client.raw(good + good),
    "bytes": lambda client, good: client.raw(b"\x03\0\0\0\xff\xfe\0" if client.in_frames else b"\xff\xfe\0\n"),
    "resets": lambda client, good: reset(client),
    "hangs-up": lambda client, good: hang_up(client),
}
"""What becomes of the bytes of the right reply."""

TEXTS: dict[str, Callable[[str], str]] = {
    "garbage": lambda good: "this is no reply",
    "empty": lambda good: "",
    "deep": lambda good: "[" * 200_000,
    "nested": lambda good: good.replace('"value": {', '"value": {"a": ' + "[" * 300 + "]" * 300 + ", ", 1),
    "repeated-key": lambda good: good.replace('{"quorum"', '{"faults": "0", "quorum"'),
    "not-a-number": lambda good: good.replace('"value": {', '"value": {"a": NaN, ', 1),
    "half-a-pair": lambda good: good.replace('"value": {', '"value": {"a": "\\ud800", ', 1),
    "object": lambda good: json.dumps({"replies": json.loads(good)}),
    "utf-16": lambda good: good.encode("utf-16").decode("latin-1"),
}
"""What becomes of its text."""

CHANGES: dict[str, Callable[[list[Json]], list[Json]]] = {
    "wrong-id": lambda good: [{**reply, "id": reply["id"] + 1} for reply in good],
    "true-id": lambda good: [{**reply, "id": True} for reply in good],
    "float-id": lambda good: [{**reply, "id": float(reply["id"])} for reply in good],
    "turned": lambda good: good[::-1],
    "too-few": lambda good: good[ALL_BUT_LAST],
    "too-many": lambda good: [*good, good[-1]],
    "extra-key": lambda good: [{**reply, "value": {**reply["value"], "more": "1"}} for reply in good],
    "extra-keys": lambda good: [{**reply, "value": {str(key): "1" for key in range(50_000)}} for reply in good],
    "long-value": lambda good: [{**reply, "value": {**reply["value"], "faults": "9" * 3_000_000}} for reply in good],
    "missing-key": lambda good: [{**reply, "value": {"quorum": reply["value"]["quorum"]}} for reply in good],
    "number": lambda good: [{**reply, "value": {k: int(v) for k, v in reply["value"].items()}} for reply in good],
    "unsupported": lambda good: [{"id": reply["id"], "unsupported": "not today"} for reply in good],
    "painted-key": lambda good: [{**reply, "value": {**reply["value"], "\x1b[2J\n": "1"}} for reply in good],
}
"""What becomes of its replies."""


if __name__ == "__main__":
    Hostile(sys.argv[1], "frames" in sys.argv[2:]).session()
