"""A client around the reference's functions, one request at a time, with a machine among its methods.

`optimised.py` is the tutorial, and README.md leads through it; this file shows how each kind of value is read and
written by hand, how a rejection becomes a reply, and how a machine keeps its state. Add one method after another, and
run

    taifoon conform --section 0 -- python client.py

after each. What the hello does not name is not asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from serve import serve

from taifoon.core import consensus
from taifoon.core.assignment import SeatKey, cluster_of_job, clusters_of_seats
from taifoon.core.consensus import Certified, Link, Voting
from taifoon.core.leader import leaders
from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import bag_peaks, frontier_of, root_of_frontier
from taifoon.core.mmr.inclusion import Claim, InclusionProof, prove_leaves, verify_leaves
from taifoon.core.mmr.mountains import range_of
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.primitives.encoding import decode, encode
from taifoon.primitives.hashing import Role, hash_role, hash_to_integer, role_prefix
from taifoon.primitives.signatures import public_key_of, require_signature, sign
from taifoon.profile import HARDENED, Parameters, Profile, Suite
from taifoon.rejection import Rejected

Json = Any
Answer = Callable[[Json], Json]

# --- Values: bytes are hexadecimal, integers are strings of decimal digits, names are in lower case. ---


def octets(text: str) -> Any:
    return bytes.fromhex(text)


def whole(text: str) -> Any:
    return int(text)


def in_suite(name: str) -> Profile:
    return HARDENED.with_parameters(Parameters(suite=Suite(name)))


# --- Pure methods: a function from `given` to `value`. A rejection is an exception here. ---

METHODS: dict[str, Answer] = {}


def method(name: str) -> Callable[[Answer], Answer]:
    def register(function: Answer) -> Answer:
        METHODS[name] = function
        return function

    return register


@method("hash.role")
def hash_in_role(given: Json) -> Json:
    digest = hash_role(in_suite(given["suite"]), Role(given["role"]), octets(given["message"]))
    return {"digest": digest.hex()}


@method("hash.key")
def key_of_role(given: Json) -> Json:
    return {"digest": role_prefix(Suite.BLAKE3, Role(given["role"]))[0].hex()}


@method("hash.remainder")
def remainder(given: Json) -> Json:
    return {"remainder": str(hash_to_integer(octets(given["digest"])) % whole(given["divisor"]))}


@method("signature.verify")
def verify(given: Json) -> Json:
    # Where there is nothing to give, the value is an empty object.
    require_signature(octets(given["public_key"]), octets(given["message"]), octets(given["signature"]))
    return {}


@method("signature.sign")
def make_signature(given: Json) -> Json:
    seed = octets(given["seed"])
    return {"public_key": public_key_of(seed).hex(), "signature": sign(seed, octets(given["message"])).hex()}


@method("leaf.encode")
def encode_leaf(given: Json) -> Json:
    commitment = given["proof_commitment"]
    leaf = MMRLeaf(
        octets(given["job_id"]),
        ProofType[given["job_type"].upper()],
        *(whole(given[name]) for name in ("source_chain", "target_chain", "timestamp", "priority", "assigned_cluster")),
        None if commitment is None else octets(commitment),
    )
    return {"octets": encode(MMRLeaf, leaf).hex()}


@method("leaf.decode")
def decode_leaf(given: Json) -> Json:
    leaf = decode(MMRLeaf, octets(given["octets"]))
    numbers = ("source_chain", "target_chain", "timestamp", "priority", "assigned_cluster")
    return {
        "job_id": leaf.job_id.hex(),
        "job_type": leaf.job_type.name.lower(),
        **{name: str(getattr(leaf, name)) for name in numbers},
        "proof_commitment": None if leaf.proof_commitment is None else leaf.proof_commitment.hex(),
    }


@method("mmr.root")
def root(given: Json) -> Json:
    combiner = HashCombiner(in_suite(given["suite"]))
    frontier = frontier_of(combiner, map(octets, given["contents"]))
    return {
        "count": str(frontier.count),
        "peaks": [peak.hex() for peak in frontier.peaks],
        "bag": bag_peaks(combiner, frontier).hex(),
        "root": root_of_frontier(combiner, frontier).hex(),
    }


@method("mmr.prove_leaves")
def prove(given: Json) -> Json:
    combiner = HashCombiner(in_suite(given["suite"]))
    mountains = range_of(combiner, map(octets, given["contents"]))
    proof = prove_leaves(combiner, mountains, tuple(map(whole, given["indices"])))
    return {"items": [item.hex() for item in proof.items]}


@method("mmr.verify_leaves")
def verify_claims(given: Json) -> Json:
    proof = InclusionProof(tuple(map(whole, given["indices"])), tuple(map(octets, given["items"])))
    claims = tuple(Claim(whole(item["index"]), octets(item["content"])) for item in given["claims"])
    combiner = HashCombiner(in_suite(given["suite"]))
    verify_leaves(combiner, octets(given["root"]), whole(given["count"]), claims, proof)
    return {}


@method("quorum.of")
def thresholds(given: Json) -> Json:
    seats = whole(given["seats"])
    return {"quorum": str(quorum(HARDENED, seats)), "faults": str(tolerated_faults(HARDENED, seats))}


def seats_of(given: Json) -> tuple[SeatKey, ...]:
    return tuple(SeatKey(octets(item["public_key"]), whole(item["seat"])) for item in given)


@method("assignment.seats")
def assign_seats(given: Json) -> Json:
    found = clusters_of_seats(HARDENED, octets(given["seed"]), seats_of(given["seats"]), whole(given["clusters"]))
    return {"clusters": [str(cluster) for cluster in found]}


@method("assignment.job")
def assign_job(given: Json) -> Json:
    cluster = cluster_of_job(HARDENED, octets(given["seed"]), octets(given["job_id"]), whole(given["clusters"]))
    return {"cluster": str(cluster)}


@method("leader.of")
def leader(given: Json) -> Json:
    seats = seats_of(given["seats"])
    (found,) = leaders(HARDENED, octets(given["seed"]), whole(given["cluster"]), seats, whole(given["view"]), "big")
    return {"leader": {"public_key": found.public_key.hex(), "seat": str(found.seat)}}


# --- A machine: reset, step, snapshot. A refused step leaves the state as it was. ---


class Member:
    def reset(self, given: Json) -> Json:
        self.voting, self.certified = Voting(), Certified(octets(given["genesis"]))
        return {}

    def step(self, given: Json) -> Json:
        ((event, content),) = given.items()
        seen = self.certified
        if event == "see_notarised":
            pair = (whole(content["view"]), octets(content["block_hash"]))
            self.certified = Certified(seen.genesis, seen.notarised | {pair}, seen.nullified)
        elif event == "see_nullified":
            self.certified = Certified(seen.genesis, seen.notarised, seen.nullified | {whole(content["view"])})
        elif event == "nullify":
            self.voting = consensus.nullify(HARDENED, self.voting)
        elif event == "advance":
            self.voting = consensus.advance(HARDENED, self.voting, seen)
        else:
            vote = {"notarise": consensus.notarise, "finalise": consensus.finalise}[event]
            one = content["link"]
            parent = whole(one["parent_view"]), octets(one["parent_hash"])
            self.voting = vote(
                HARDENED, self.voting, seen, Link(whole(one["view"]), octets(one["block_hash"]), *parent)
            )
        return {}

    def snapshot(self, given: Json) -> Json:
        def blocks(items: frozenset[Any]) -> Json:
            return [{"view": str(view), "block_hash": block.hex()} for view, block in sorted(items)]

        return {
            "view": str(self.voting.view),
            "notarised": blocks(self.voting.notarised),
            "nullified": [str(view) for view in sorted(self.voting.nullified)],
            "finalised": blocks(self.voting.finalised),
            "seen_notarised": blocks(self.certified.notarised),
            "seen_nullified": [str(view) for view in sorted(self.certified.nullified)],
        }


MEMBER = Member()
METHODS |= {f"voting.{part}": getattr(MEMBER, part) for part in ("reset", "step", "snapshot")}

# --- The session. ---


@method("hello")
def hello(given: Json) -> Json:
    return {
        "protocol": given["protocol"],
        "client": "reference",
        "profile": given["profile"],
        "suites": [suite.value for suite in Suite],
        "methods": [name for name in METHODS if name not in ("hello", "bye")],
    }


@method("frames")
def frames(given: Json) -> Json:
    # To name this method is to take frames; `serve.py` has the rest.
    return {}


@method("bye")
def bye(given: Json) -> Json:
    return {}


def reply_to(name: str, given: Json) -> Json:
    if name not in METHODS:
        return {"unsupported": "not in this client"}
    try:
        return {"value": METHODS[name](given)}
    except Rejected as rejected:
        return {"rejection": rejected.code.name}


if __name__ == "__main__":
    serve(lambda requests: [reply_to(name, given) for name, given in requests])
