"""Accumulated digests: thousands of drawn cases in a line, compared by one hash over all outcomes.

A client draws the same cases from the same stream (`spec/conformance.md`, streams), so that the tree stays small. The
digest says only that something differs; the other vectors and the fuzzer say what. Long lines take the reference up to
half a minute, so their digests are kept in `accumulated.json` and computed again by a deep test.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Annotated

from blake3 import blake3

from taifoon.core.assignment import cluster_of_job
from taifoon.core.leaf import MMRLeaf
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import append, empty_frontier, root_of_frontier
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.economics.rewards import budget
from taifoon.primitives.encoding import Maximum, decode, encode
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import Hash32
from taifoon.profile import Profile, Suite
from taifoon.redundancy.coverage import Ratio
from taifoon.redundancy.duplication import duplication_factor
from taifoon.rejection import Rejected
from taifoon_toolkit.vectors.case import Case
from taifoon_toolkit.vectors.method import METHODS, NORMATIVE, method, with_suite
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.wire import Digest, Json, Small

CASES = 1 << 16
GREATEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Drawn:
    """A seed, and how many cases are drawn from it."""

    seed: Annotated[bytes, Maximum(32)]
    cases: Small


@dataclass(frozen=True, slots=True)
class Accumulated:
    """BLAKE3 of all outcomes, one after another."""

    digest: Digest


def accumulate(name: str, given: Drawn, one: Callable[[Stream], bytes]) -> Accumulated:
    """The digest over the outcomes of drawn cases."""
    if given.cases > GREATEST:
        raise ValueError(f"cases: at most {GREATEST}")
    stream, hasher = Stream(f"{name}/{given.seed.hex()}"), blake3()
    for _ in range(given.cases):
        hasher.update(one(stream))
    return Accumulated(hasher.digest())


@method("accumulated.hash", "0", "RES-ENC.roles")
def hashes(profile: Profile, given: Drawn) -> Accumulated:
    """Digests of drawn messages in drawn roles and suites."""
    suites = [with_suite(profile, suite) for suite in Suite]
    roles = tuple(Role)

    def one(stream: Stream) -> bytes:
        role, suite, length = stream.one_of(roles), stream.one_of(suites), stream.below(130)
        message = stream.octets(length)
        return hash_role(suite, role, b"" if role is Role.EMPTY else message)

    return accumulate("accumulated.hash", given, one)


@method("accumulated.leaf", "2.1", "RES-ENC.canonical", "R-2.1-2")
def leaves(profile: Profile, given: Drawn) -> Accumulated:
    """Decoding of drawn bytes, some of them no leaf: the bytes again, or the number of the rejection code."""

    def one(stream: Stream) -> bytes:
        octets = stream.octets(32) + bytes([stream.below(5)]) + stream.octets(29)
        tag = (0, 1, 0, 1, 0, 1, 1, 2)[stream.below(8)]
        octets += bytes([tag]) + (stream.octets(32) if tag else b"")
        damage = stream.below(8)
        octets = octets[:-1] if damage == 0 else octets + b"\x00" if damage == 1 else octets
        try:
            return b"\x00" + encode(MMRLeaf, decode(MMRLeaf, octets, profile))
        except Rejected as rejected:
            return bytes([rejected.code.number])

    return accumulate("accumulated.leaf", given, one)


@method("accumulated.mmr", "2.1", "R-2.1-1", "R-0-1", "R-6.1-3")
def roots(profile: Profile, given: Drawn) -> Accumulated:
    """The root after each of many appended leaves."""
    combiner = HashCombiner(profile)
    frontier = empty_frontier()  # type: ignore[var-annotated]

    def one(stream: Stream) -> bytes:
        nonlocal frontier
        frontier = append(combiner, frontier, stream.octets(stream.below(64)))
        root: Hash32 = root_of_frontier(combiner, frontier)
        return root

    return accumulate("accumulated.mmr", given, one)


@method("accumulated.assignment", "2.1", "R-2.1-8", "RES-EPOCH")
def jobs(profile: Profile, given: Drawn) -> Accumulated:
    """Primary clusters of drawn jobs."""

    def one(stream: Stream) -> bytes:
        seed, job = Hash32(stream.octets(32)), Hash32(stream.octets(32))
        return cluster_of_job(profile, seed, job, 1 + stream.below(8)).to_bytes(4, "little")

    return accumulate("accumulated.assignment", given, one)


@method("accumulated.quorum", "2.4", "R-2.4-5", "R-6.2-1", "RES-QUORUM")
def quorums(profile: Profile, given: Drawn) -> Accumulated:
    """Quorums and tolerated faults of committees of drawn sizes."""

    def one(stream: Stream) -> bytes:
        seats = 1 + stream.below(1 << 16)
        return quorum(profile, seats).to_bytes(4, "little") + tolerated_faults(profile, seats).to_bytes(4, "little")

    return accumulate("accumulated.quorum", given, one)


@method("accumulated.duplication", "3.1", "R-3.1-7", "RES-DUP")
def factors(profile: Profile, given: Drawn) -> Accumulated:
    """Duplication factors of drawn jobs."""

    def one(stream: Stream) -> bytes:
        seats, due = 1 + stream.below(4096), 1 + stream.below(64)
        failures = Ratio(stream.below(due + 1), due)
        factor = duplication_factor(profile, seats, failures, stream.below(4_000_000), 1_000_000, seats)
        return factor.to_bytes(4, "little")

    return accumulate("accumulated.duplication", given, one)


@method("accumulated.budget", "5.1", "R-5.1-5", "R-5.1-6", "RES-REWARD")
def budgets(profile: Profile, given: Drawn) -> Accumulated:
    """Budgets of drawn clusters."""

    def one(stream: Stream) -> bytes:
        base, reached, average = stream.below(1 << 40), stream.below(1000), stream.below(1000)
        return budget(profile, base, reached, average).to_bytes(8, "little")

    return accumulate("accumulated.budget", given, one)


LINES = ("hash", "leaf", "mmr", "assignment", "quorum", "duplication", "budget")
LONG = Drawn(b"long", CASES)


PREFIX = 512
"""Cases of a long line's beginning, whose digest is kept as well: it tells soon that a record is out of date."""


@cache
def recorded() -> Mapping[str, Mapping[str, str]]:
    """The digests of the long lines and of their beginnings, by method and number of cases, in hexadecimal."""
    text = files("taifoon_toolkit.vectors").joinpath("accumulated.json").read_text(encoding="utf-8")
    found: Mapping[str, Mapping[str, str]] = json.loads(text)
    return found


def outcome_of_long_line(name: str) -> Json:
    """The recorded outcome of a method's long line."""
    return {"value": {"digest": recorded()[name][str(CASES)]}}


def computed(name: str, cases: int = CASES) -> Json:
    """The outcome of so many cases of a method's long line, computed again."""
    return METHODS[name].answer(NORMATIVE, Drawn(LONG.seed, cases))


def cases() -> Iterator[Case]:
    """A short line of each kind, and a long one."""
    for name in LINES:
        yield Case(f"accumulated.{name}", "256", Drawn(b"short", 256))
        yield Case(f"accumulated.{name}", str(CASES), LONG, known=outcome_of_long_line(f"accumulated.{name}"))
