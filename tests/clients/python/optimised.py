"""A client around functions that take many rows at a time: the tutorial.

A client gets requests and gives replies; `serve.py` carries both. This one puts the kernels of `taifoon_optimized` to
the test. Those take columns, so that a frame of requests is sorted by method, and by whatever the rows of one call
share, such as a suite or a seed. Yours answers with its own code. Begin with `hello`, add one method after another, and
run

    taifoon conform --section 2.1 --fuzz 100 -- python optimised.py

after each. What the hello does not name is not asked. `taifoon conform --explain METHOD` shows what a method takes and
gives, with examples, and `spec/conformance.md` has it all. The kernels are compiled when they are first called, which
takes longer than a reply may: the first session needs `--timeout 120`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from functools import partial
from typing import Any

import numpy as np
from serve import Json, Request, serve

from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.mmr.frontier import bag_peaks
from taifoon.core.mmr.inclusion import Claim, InclusionProof
from taifoon.core.mmr.spans import Span
from taifoon.primitives.hashing import Role
from taifoon.profile import HARDENED, Parameters, Profile, Suite
from taifoon.rejection import Rejected
from taifoon_optimized import assignment
from taifoon_optimized.assignment import Registry, by_rank, drawn, little_endian
from taifoon_optimized.bulk_range import BulkRange
from taifoon_optimized.contents import contents_of, digests_of
from taifoon_optimized.hashing import hash_batch
from taifoon_optimized.leaf_columns import columns_of, encode_leaves
from taifoon_optimized.signatures import verify_rows
from taifoon_optimized.verification import Codes, code_of, verify_requests
from taifoon_optimized.verification import Request as Claimed

# --- Values: bytes are hexadecimal, integers are strings of decimal digits, names are in lower case. ---

octets: Callable[[str], Any] = bytes.fromhex
whole: Callable[[str], Any] = int


def in_suite(name: str) -> Profile:
    return HARDENED.with_parameters(Parameters(suite=Suite(name)))


def verdicts(codes: Codes) -> list[Json]:
    """Accepted, or refused with a code: a reply has one key of the two."""
    return [{"rejection": code_of(int(code)).name} if code else {"value": {}} for code in codes]


def values(given: Iterable[Json]) -> list[Json]:
    return [{"value": value} for value in given]


# --- Methods: each answers a list of requests that agree in a key, and gives as many replies. ---

Answer = Callable[[list[Json]], list[Json]]
Key = Callable[[Json], Hashable]
METHODS: dict[str, tuple[Key, Answer]] = {}


def by_suite(given: Json) -> Hashable:
    return str(given["suite"])


def method(name: str, key: Key = lambda given: None) -> Callable[[Answer], Answer]:
    """Register what answers the requests of a method that agree in a key."""

    def register(function: Answer) -> Answer:
        METHODS[name] = key, function
        return function

    return register


def single(name: str) -> Callable[[Callable[[Json], Json]], None]:
    """Register what answers a single request; a batch is then one after another, each a group of its own."""

    def register(function: Callable[[Json], Json]) -> None:
        METHODS[name] = id, lambda group: values(map(function, group))

    return register


@method("hash.role", lambda given: (given["suite"], given["role"]))
def hash_in_role(group: list[Json]) -> list[Json]:
    messages = contents_of([octets(given["message"]) for given in group])
    digests = hash_batch(in_suite(group[0]["suite"]), Role(group[0]["role"]), messages)
    return values({"digest": digest.tobytes().hex()} for digest in digests)


@method("signature.verify")
def verify_signatures(group: list[Json]) -> list[Json]:
    names = ("public_key", "message", "signature")
    return verdicts(verify_rows(*(contents_of([octets(given[name]) for given in group]) for name in names)))


@method("leaf.encode")
def encode_many(group: list[Json]) -> list[Json]:
    numbers = ("source_chain", "target_chain", "timestamp", "priority", "assigned_cluster")
    leaves = [
        MMRLeaf(
            octets(given["job_id"]),
            ProofType[given["job_type"].upper()],
            *(whole(given[name]) for name in numbers),
            None if given["proof_commitment"] is None else octets(given["proof_commitment"]),
        )
        for given in group
    ]
    encoded = encode_leaves(columns_of(leaves))
    return values({"octets": encoded[row].hex()} for row in range(len(leaves)))


@method("mmr.verify_leaves", by_suite)
def verify_claims(group: list[Json]) -> list[Json]:
    def claimed(given: Json) -> Claimed:
        claims = tuple(Claim(whole(item["index"]), octets(item["content"])) for item in given["claims"])
        proof = InclusionProof(tuple(map(whole, given["indices"])), tuple(map(octets, given["items"])))
        return Claimed(octets(given["root"]), whole(given["count"]), claims, proof)

    return verdicts(verify_requests(in_suite(group[0]["suite"]), [claimed(given) for given in group]))


def range_of(given: Json) -> BulkRange:
    mountains = BulkRange(in_suite(given["suite"]))
    mountains.append([octets(content) for content in given["contents"]])
    return mountains


@single("mmr.root")
def root(given: Json) -> Json:
    mountains = range_of(given)
    frontier = mountains.frontier()
    return {
        "count": str(frontier.count),
        "peaks": [peak.hex() for peak in frontier.peaks],
        "bag": bag_peaks(mountains.combiner, frontier).hex(),
        "root": mountains.root().hex(),
    }


def proof_of(prove: Callable[[BulkRange, Json], Any], given: Json) -> Json:
    return {"items": [item.hex() for item in prove(range_of(given), given).items]}


def span_of(given: Json) -> Span:
    return Span(whole(given["start"]), whole(given["stop"]))


single("mmr.prove_leaves")(partial(proof_of, lambda leaves, given: leaves.prove([*map(whole, given["indices"])])))
single("mmr.prove_consistency")(
    partial(proof_of, lambda leaves, given: leaves.prove_consistency(whole(given["older"])))
)
single("mmr.prove_subtree")(partial(proof_of, lambda leaves, given: leaves.prove_subtree(span_of(given))))


@method("assignment.job", lambda given: (given["seed"], given["clusters"]))
def assign_jobs(group: list[Json]) -> list[Json]:
    jobs, seed = digests_of([octets(given["job_id"]) for given in group]), octets(group[0]["seed"])
    found = assignment.clusters_of_jobs(HARDENED, seed, jobs, whole(group[0]["clusters"]))
    return values({"cluster": str(cluster)} for cluster in found)


def registry_of(seats: Json) -> Registry:
    keys = digests_of([octets(item["public_key"]) for item in seats])
    return Registry(keys, np.array([whole(item["seat"]) for item in seats], np.uint32))


@single("assignment.seats")
def assign_seats(given: Json) -> Json:
    registry = registry_of(given["seats"])
    found = assignment.clusters_of_seats(HARDENED, octets(given["seed"]), registry, whole(given["clusters"]))
    return {"clusters": [str(cluster) for cluster in found]}


@single("leader.of")
def leader(given: Json) -> Json:
    # `leaders` has a row for each cluster below the greatest; for one cluster of any number, its two steps suffice.
    registry = registry_of(given["seats"])
    cluster = np.full(len(registry), whole(given["cluster"]), np.uint32)
    columns = (little_endian(cluster), registry.public_keys, little_endian(registry.seats))
    digests = drawn(HARDENED, Role.LEADER, octets(given["seed"]), columns, 1)
    rows, _ = by_rank(np.zeros(len(registry), np.int64), digests, registry, "big")
    return {"leader": given["seats"][rows[(whole(given["view"]) - 1) % len(registry)]]}


# --- The session. ---


@single("hello")
def hello(given: Json) -> Json:
    names = [name for name in METHODS if name not in ("hello", "bye")]
    suites = [suite.value for suite in Suite]
    return {**given, "client": "taifoon_optimized", "suites": suites, "methods": names}


@single("frames")
def frames(given: Json) -> Json:
    # To name this method is to take frames, many requests in a message.
    return {}


@single("bye")
def bye(given: Json) -> Json:
    return {}


def answer_all(requests: list[Request]) -> list[Json]:
    """The replies, in order. No method here has a state, so that requests are answered group by group."""
    groups: dict[Hashable, list[int]] = {}
    for place, (name, given) in enumerate(requests):
        groups.setdefault((name, METHODS[name][0](given)) if name in METHODS else None, []).append(place)
    replies: list[Json] = [{"unsupported": "not among the batched functions"}] * len(requests)
    for group in groups.values():
        name = requests[group[0]][0]
        if name in METHODS:
            try:
                found = METHODS[name][1]([requests[place][1] for place in group])
            except Rejected as rejected:
                # A kernel refuses a batch for what its rows share.
                found = [{"rejection": rejected.code.name}] * len(group)
            for place, reply in zip(group, found, strict=True):
                replies[place] = reply
    return replies


if __name__ == "__main__":
    serve(answer_all)
