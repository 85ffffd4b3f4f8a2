"""Verification of many signatures, over several processes (RES-ENC).

Equals `taifoon.primitives.signatures.is_valid_signature`, row by row. The library checks one signature at a time and
holds the interpreter's lock meanwhile, so that threads gain nothing: each worker is a process that gets its rows as
octets and gives back their codes.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from types import TracebackType
from typing import Self

import ed25519_zebra
import numpy as np

from taifoon.primitives.signatures import PUBLIC_KEY_BYTES, SIGNATURE_BYTES
from taifoon.rejection import Rejected, RejectionCode
from taifoon_optimized.contents import Contents
from taifoon_optimized.verification import ACCEPTED, Codes, first_rejection

LEAST_SIGNATURES = 256
"""Fewer signatures than this, some ten milliseconds of checking, are not worth sending to a process."""

STRETCHES_EACH = 4
"""Stretches for each worker, so that one that is held up leaves its share to the others."""


def verify_rows(keys: Contents, messages: Contents, signatures: Contents) -> Codes:
    """The code of each signature: SIGNATURE_INVALID where ZIP-215 or its length refuses it, else 0."""
    codes = np.full(len(messages), RejectionCode.SIGNATURE_INVALID.number, np.uint16)
    for number in range(len(messages)):
        key, signature = keys[number], signatures[number]
        fits = len(key) == PUBLIC_KEY_BYTES and len(signature) == SIGNATURE_BYTES
        if fits and ed25519_zebra.ed_verify(signature, messages[number], key):
            codes[number] = ACCEPTED
    return codes


def packed(contents: Contents, start: int, stop: int) -> Contents:
    """Some of the messages, with no other octets beside theirs."""
    offsets = contents.offsets[start : stop + 1]
    return Contents(contents.octets[offsets[0] : offsets[-1]], offsets - offsets[0])


class Verifier:
    """Checks signatures in as many processes as it is given, with the same codes for any number of them.

    Processes start when they are first needed, which takes about a second, and stay until it is closed: use it in a
    `with`. A program that uses more than one keeps what it runs under `if __name__ == "__main__"`.
    """

    def __init__(self, processes: int = 1) -> None:
        if processes < 1:
            raise ValueError(f"processes is {processes}; at least one does the work: use 1 or more")
        self.processes = processes
        self._pool: ProcessPoolExecutor | None = None

    def verify(self, keys: Contents, messages: Contents, signatures: Contents) -> Codes:
        """The code of each signature i, of message i by key i; a worker that dies raises `BrokenProcessPool`."""
        number = len(messages)
        if not len(keys) == number == len(signatures):
            raise ValueError(f"{len(keys)} keys and {len(signatures)} signatures for {number} messages: one of each")
        workers = min(self.processes, number // LEAST_SIGNATURES)
        if workers <= 1:
            return verify_rows(keys, messages, signatures)
        if self._pool is None:
            # A fresh interpreter: a copy of this one would hold locks of threads that it does not have.
            self._pool = ProcessPoolExecutor(self.processes, mp_context=get_context("spawn"))
        stretches = workers * STRETCHES_EACH
        edges = [number * edge // stretches for edge in range(stretches + 1)]
        columns = [
            [packed(contents, start, stop) for start, stop in pairwise(edges)]
            for contents in (keys, messages, signatures)
        ]
        return np.concatenate(list(self._pool.map(verify_rows, *columns)))

    def require(self, keys: Contents, messages: Contents, signatures: Contents) -> None:
        """Refuse, with `SIGNATURE_INVALID`, a batch in which a signature does not verify; the first one is named."""
        refused = first_rejection(self.verify(keys, messages, signatures))
        if refused is not None:
            number, code = refused
            raise Rejected(code, f"signature {number} by key {keys[number].hex() or '(no bytes)'}: ZIP-215 refuses it")

    def close(self) -> None:
        """Let the processes go."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
