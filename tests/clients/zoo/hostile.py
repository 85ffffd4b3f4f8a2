"""Clients that break the conversation itself, each in the way that its first argument names."""

from __future__ import annotations

import json
import os
import sys
import time

from taifoon.core.chain_id import profile_hash
from taifoon.profile import HARDENED

HELLO = {
    "protocol": "1",
    "client": "hostile",
    "profile": profile_hash(HARDENED).hex(),
    "suites": ["blake3"],
    "methods": ["quorum.of"],
}


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def behave(way: str, number: int, given: dict[str, str]) -> None:
    seats = int(given.get("seats", "1"))
    value = {"quorum": str(2 * seats // 3 + 1), "faults": str((seats - 1) // 3)}
    good = json.dumps({"id": number, "value": value}) + "\n"
    match way:
        case "hangs":
            time.sleep(3600)
        case "dies":
            sys.stderr.write("last words\n")
            os._exit(7)
        case "garbage":
            write("this is no reply\n")
        case "deep":
            write("[" * 200_000 + "\n")
        case "bytes":
            sys.stdout.buffer.write(b"\xff\xfe\x00\n")
            sys.stdout.buffer.flush()
        case "half-line":
            write(good[:10])
            os._exit(0)
        case "flood":
            while True:
                write("x" * 65536)
        case "line-flood":
            while True:
                write(good)
        case "wrong-id":
            write(json.dumps({"id": number + 1, "value": value}) + "\n")
        case "true-id":
            write(json.dumps({"id": True, "value": value}) + "\n")
        case "twice":
            write(good + good)
        case "drips":
            for character in good:
                write(character)
                time.sleep(0.5)
        case "extra-key":
            write(json.dumps({"id": number, "value": {**value, "more": "1"}}) + "\n")
        case "missing-key":
            write(json.dumps({"id": number, "value": {"quorum": value["quorum"]}}) + "\n")
        case "number":
            write(json.dumps({"id": number, "value": {name: int(item) for name, item in value.items()}}) + "\n")
        case "repeated-key":
            write(good.replace('{"quorum"', '{"faults": "0", "quorum"'))
        case "unsupported":
            write(json.dumps({"id": number, "unsupported": "not today"}) + "\n")
        case "complains":
            sys.stderr.write("x" * 300_000)
            sys.stderr.flush()
            write(good)
        case _:
            write(good)


def main() -> None:
    way = sys.argv[1]
    if way == "silent":
        time.sleep(3600)
    for line in sys.stdin:
        request = json.loads(line)
        if request["method"] == "hello":
            hello = {**HELLO, "profile": "00" * 32} if way == "other-profile" else HELLO
            if way == "claims-nothing":
                hello = {**HELLO, "methods": []}
            write(json.dumps({"id": request["id"], "value": hello}) + "\n")
        elif request["method"] == "bye":
            write(json.dumps({"id": request["id"], "value": {}}) + "\n")
            if way == "stays":
                time.sleep(3600)
            sys.exit(3 if way == "ends-badly" else 0)
        else:
            behave(way, request["id"], request["given"])


if __name__ == "__main__":
    main()
