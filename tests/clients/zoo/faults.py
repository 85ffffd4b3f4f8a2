"""The zoo: clients that are right but for one rule, each with the requirement that a session has to name."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import ed25519_zebra
from blake3 import blake3

from taifoon.core import assignment
from taifoon.core.accountability import contradicts
from taifoon.core.vote import VoteKind
from taifoon.economics import rewards
from taifoon.primitives import hashing
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import Hash32
from taifoon.profile import HARDENED, Parameters, Profile, Resolution, Suite
from taifoon_toolkit.vectors.case import Double
from taifoon_toolkit.vectors.certificates import BELIEVES
from taifoon_toolkit.vectors.encoding import READS_ZEROS, WRAPS
from taifoon_toolkit.vectors.leaf import COMPLETES_AGAIN
from taifoon_toolkit.vectors.mmr_cases import (
    COUNT_UNCHECKED,
    NEWER_UNCHECKED,
    OLDER_UNCHECKED,
    ROOT_UNCHECKED,
    SHAPE_UNCHECKED,
    SIZE_UNCHECKED,
)
from taifoon_toolkit.vectors.signatures import BELIEVES_ALL, ORDER, SMALL_ORDER

from .faithful import Faithful

Json = Any
Change = Callable[[str, Json, Json], Json]


@dataclass(frozen=True)
class Fault:
    """A client with one fault: another profile, mutations of the reference, or a change of its replies."""

    name: str
    requirement: str
    methods: tuple[str, ...]
    profile: Profile = HARDENED
    doubles: tuple[Double, ...] = ()
    change: Change | None = None

    @contextmanager
    def client(self) -> Iterator[Faithful]:
        """The faulty client, for as long as the mutations are installed."""
        with ExitStack() as stack:
            for double in self.doubles:
                stack.enter_context(double.installed())
            yield Changed(self) if self.change else Faithful(self.profile)


class Changed(Faithful):
    """A client that changes its replies."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.profile)
        self.fault = fault

    def answer(self, method: str, given: Json) -> Json:
        reply = super().answer(method, given)
        return self.fault.change(method, given, reply) if self.fault.change else reply


FAULTS: list[Fault] = []


def without(name: str, resolution: Resolution, *methods: str, requirement: str | None = None) -> None:
    """A client that lacks one repaired rule."""
    FAULTS.append(Fault(name, requirement or resolution.value, methods, HARDENED.without(resolution)))


def mutated(name: str, requirement: str, methods: tuple[str, ...], *doubles: Double) -> None:
    """A client with a mutated reference."""
    FAULTS.append(Fault(name, requirement, methods, doubles=doubles))


def target(path: str, stand_in: Callable[..., Any] | dict[Any, Any]) -> Double:
    """A mutation of `module:attribute`."""
    return Double(path, f"taifoon.{path}", stand_in)  # type: ignore[arg-type]


DECODERS = ("specimen", "example", "leaf", "statement", "certificate.decode")

# Encoding, hashing, signatures.
without("accepts-trailing-bytes", Resolution.NO_TRAILING_BYTES, *DECODERS)
without("accepts-unknown-tags", Resolution.KNOWN_TAGS, *DECODERS)
without("has-no-maxima", Resolution.BOUNDED_LENGTHS, *DECODERS)
mutated(
    "big-endian-integers",
    "RES-ENC.canonical",
    DECODERS,
    target("primitives.encoding_rules:Layout.read", lambda _, octets: int.from_bytes(octets, "big")),
    target("primitives.encoding_rules:Layout.write", lambda _, value, width: value.to_bytes(width, "big")),
)
mutated("reads-past-the-end", "RES-ENC.canonical", DECODERS, READS_ZEROS)
mutated(
    "wraps-integers",
    "RES-ENC.canonical",
    ("specimen.encode",),
    WRAPS,
)
without("hashes-without-roles", Resolution.HASH_ROLES, "hash.", "mmr.root")
mutated(
    "keys-without-version",
    "RES-ENC.roles",
    ("hash.",),
    target(
        "primitives.hashing:_KEYS",
        {role: blake3(b"", derive_key_context=f"taifoon {role.value}").digest() for role in Role},
    ),
)
_bare_hash = hashing.bare_hash


def padded_as_sha3(suite: Suite, message: bytes) -> Hash32:
    return Hash32(hashlib.sha3_256(message).digest()) if suite is Suite.KECCAK256 else _bare_hash(suite, message)


mutated("sha3-for-keccak", "RES-ENC.roles", ("hash.",), target("primitives.hashing:bare_hash", padded_as_sha3))
mutated(
    "little-endian-digests",
    "RES-ENC.integer",
    ("hash.remainder", "assignment.", "leader."),
    target("core.assignment:conforming_integer_orders", lambda _: ("little",)),
    Double(
        "little-endian remainder",
        "taifoon_toolkit.vectors.hashing:hash_to_integer",
        lambda digest: int.from_bytes(digest, "little"),
    ),
)


def strict(key: bytes, message: bytes, signature: bytes) -> bool:
    """As libraries do that refuse keys and points of small order."""
    if key in SMALL_ORDER or signature[:32] in SMALL_ORDER:
        return False
    return bool(ed25519_zebra.ed_verify(signature, message, key))


def malleable(key: bytes, message: bytes, signature: bytes) -> bool:
    """As libraries did that reduced the scalar first."""
    scalar = int.from_bytes(signature[32:], "little") % ORDER
    return bool(ed25519_zebra.ed_verify(signature[:32] + scalar.to_bytes(32, "little"), message, key))


VALID = "primitives.signatures:is_valid_signature"
mutated("refuses-small-order", "RES-ENC.canonical", ("signature.",), target(VALID, strict))
mutated("accepts-malleable-scalars", "RES-ENC.canonical", ("signature.",), target(VALID, malleable))
mutated("verifies-no-signature", "RES-ENC.canonical", ("signature.",), BELIEVES_ALL)

# The mountain range.
MMR = ("mmr.",)
without("no-index-bound", Resolution.INDEX_BOUND, *MMR)
mutated(
    "index-up-to-the-count",
    "RES-MMR.index-bound",
    MMR,
    target("core.mmr.inclusion:accepts_index", lambda _, index, count: 0 <= index <= count),
)
without("repeated-positions", Resolution.UNIQUE_POSITIONS, *MMR)
without("claims-not-compared", Resolution.CLAIMED_INDEX, *MMR)
without("leftover-items", Resolution.EXACT_ITEMS, *MMR)
without("root-without-size", Resolution.SIZED_ROOT, *MMR)
without("peaks-not-counted", Resolution.PEAK_COUNT, *MMR)
without("sizes-of-no-range", Resolution.CANONICAL_SIZE, *MMR)
without("heads-without-proof", Resolution.CONSISTENCY, *MMR)
mutated(
    "bag-from-the-left",
    "RES-MMR.bag-order",
    MMR,
    target(
        "core.mmr.combiner:HashCombiner.bag",
        lambda self, accumulator, left, count, size: self.hash(self.profile, Role.NODE, accumulator + left),
    ),
)
mutated("older-root-not-compared", "R-6.1-7", MMR, OLDER_UNCHECKED)
mutated("root-not-compared", "R-4.1-6", MMR, ROOT_UNCHECKED)
mutated("newer-root-not-compared", "R-6.1-7", MMR, NEWER_UNCHECKED)
mutated("items-of-any-size", "R-4.1-6", MMR, SIZE_UNCHECKED)
mutated("any-interval-a-subtree", "R-2.2-2", MMR, SHAPE_UNCHECKED)
mutated("too-many-leaves", "R-4.1-6", MMR, COUNT_UNCHECKED)
mutated(
    "leaves-hashed-as-nodes",
    "R-6.1-3",
    MMR,
    target(
        "core.mmr.combiner:HashCombiner.leaf",
        lambda self, position, index, content: self.hash(self.profile, Role.NODE, content),
    ),
)

# Leaves.
LOG = ("job_log", "leaf.")
mutated("completes-twice", "RES-LEAF2", LOG, COMPLETES_AGAIN)
without("rewrites-leaves", Resolution.LEAF_IMMUTABLE, *LOG)


def altered(method: str, given: Json, reply: Json) -> Json:
    """A log that completes a job whatever else the leaf says."""
    return {"value": {}} if reply == {"rejection": "LEAF_MISMATCH"} else reply


FAULTS.append(Fault("takes-altered-completions", "R-2.1-9", LOG, change=altered))

# Assignment and leaders.
without("hash-modulo-count", Resolution.RANK_ASSIGNMENT, "assignment.")
FAULTS.append(
    Fault("seed-of-the-epoch-before", "RES-EPOCH", ("assignment.",), HARDENED.with_parameters(Parameters(seed_lag=1)))
)
mutated(
    "jobs-by-modulo",
    "RES-EPOCH",
    ("assignment.job", "accumulated.assignment"),
    Double(
        "jobs by modulo",
        "taifoon_toolkit.vectors.assignment:assignment.cluster_of_job",
        lambda profile, seed, job, clusters: assignment.residue(
            profile, hash_role(profile, Role.JOB, seed + job), clusters
        ),
    ),
)
mutated(
    "clusters-in-the-order-given",
    "RES-ASSIGN",
    ("assignment.seats",),
    target("core.assignment:rank_of", lambda rank, ranks: ranks.index(rank)),
)
mutated(
    "wide-seat-numbers",
    "RES-ASSIGN",
    ("assignment.", "leader."),
    target(
        "core.assignment:octets_of",
        lambda value, width: list(int(value).to_bytes(8 if width == 4 else width, "little")),
    ),
)
without("leads-for-ever", Resolution.LEADER_ROTATION, "leader.")


def one_view_later(method: str, given: Json, reply: Json) -> Json:
    """Views counted from 0."""
    later = {**given, "view": str(int(given["view"]) + 1)}
    return Faithful().answer(method, later)


FAULTS.append(Fault("views-from-zero", "RES-LEADER", ("leader.",), change=one_view_later))
mutated(
    "leaders-without-cluster",
    "RES-LEADER",
    ("leader.",),
    target("core.leader:cluster_seed", lambda profile, seed, cluster: seed),
)

# Quorums, votes, certificates.
without("two-thirds-are-enough", Resolution.QUORUM, "quorum.", "certificate.check")
without("counts-a-seat-twice", Resolution.CERTIFICATE, "certificate.check")
mutated(
    "seats-in-any-order",
    "RES-CERT",
    ("certificate.check",),
    target("core.certificate:accepts_seats", lambda _, seats: len(set(seats)) == len(seats)),
)
mutated("certificates-unread", "R-2.3-10", ("certificate.check",), BELIEVES)
for bound in ("CHAIN", "EPOCH", "COMMITTEE", "VIEW", "KIND"):
    without(f"signs-no-{bound.lower()}", Resolution[f"BOUND_{bound}"], "vote.", "certificate.check")
without("locks-forgotten", Resolution.VOTE_ONCE, "voting")
without("finalises-and-nullifies", Resolution.FINALISE_EXCLUDES_NULLIFY, "voting")
without("finalises-unseen", Resolution.FINALISE_NEEDS_NOTARISATION, "voting")
without("any-parent", Resolution.CERTIFIED_PARENT, "voting", "finality.")
without("skips-views", Resolution.NULLIFIED_GAP, "voting", "finality.")
without("views-never-end", Resolution.VIEW_CHANGE, "voting")


class Leaky(Faithful):
    """Changes its state although it refuses."""

    def answer(self, method: str, given: Json) -> Json:
        before = self.states.get("voting")
        reply = super().answer(method, given)
        if method == "voting.step" and "rejection" in reply:
            voting = replace(before.voting, view=before.voting.view + 1)
            self.states["voting"] = replace(before, voting=voting)
        return reply


class LeakyFault(Fault):
    """A client whose refused steps leave a trace."""

    @contextmanager
    def client(self) -> Iterator[Faithful]:
        yield Leaky()


FAULTS.append(LeakyFault("refused-steps-count", "R-2.4-5", ("voting",)))
without("finality-without-notarisation", Resolution.FINALITY_CARRIES_NOTARISATION, "finality.")


def convicts_the_honest(first: Any, second: Any) -> bool:
    kinds = {first.kind, second.kind}
    same = (first.view, first.epoch, first.chain_id) == (second.view, second.epoch, second.chain_id)
    return contradicts(first, second) or (same and kinds == {VoteKind.NOTARISE, VoteKind.NULLIFY})


mutated(
    "convicts-the-honest",
    "RES-SLASH.double-vote",
    ("evidence.", "guilt."),
    target("core.accountability:contradicts", convicts_the_honest),
)

# Redundancy.
without("literal-duplication", Resolution.DUPLICATION, "duplication.")


def in_floats(seats: int, failures: Any, value: int, baseline: int) -> int:
    rate = failures.numerator / failures.denominator
    return math.ceil(math.log2(seats) * (1 + rate) * math.sqrt(value / baseline))


DUPLICATION = "redundancy.duplication:"
mutated("float-duplication", "R-3.1-7", ("duplication.",), target(f"{DUPLICATION}exact_ceiling", in_floats))
mutated(
    "more-replicas-than-provers",
    "R-3.1-8",
    ("duplication.",),
    target(f"{DUPLICATION}clamped", lambda stated, covering, capable: max(stated, covering)),
)
mutated(
    "coverage-not-asked",
    "R-3.1-6",
    ("duplication.",),
    target(f"{DUPLICATION}coverage_minimum", lambda failures, capable: 0),
)
mutated(
    "values-not-capped",
    "R-3.1-4",
    ("duplication.",),
    Double("no cap", "taifoon_toolkit.vectors.duplication:counted_value", lambda _, declared: declared),
)
TRIGGERS = "redundancy.triggers:"
mutated(
    "trigger-at-the-limit",
    "R-3.2-5",
    ("trigger.",),
    target(f"{TRIGGERS}coverage_is_low", lambda done, due: 20 * done <= 19 * due),
)
mutated(
    "load-at-the-limit",
    "R-3.2-6",
    ("trigger.",),
    target(f"{TRIGGERS}is_overloaded", lambda load, room: 5 * load >= 4 * room),
)
without("small-samples", Resolution.METRICS, "trigger.")
without("cost-for-gain", Resolution.EFFICIENCY, "trigger.")

# Economics.
REWARDS = "economics.rewards:"
PAID = ("reward.",)
mutated(
    "bonus-shared-by-signatures-given",
    "R-5.1-4",
    PAID,
    target(
        f"{REWARDS}individual_reward",
        lambda profile, base, totals, member, rounding: rewards.reward(
            base,
            rewards.bonus(2, base, totals.reached, totals.average),
            member.proofs,
            totals.proofs,
            member.signed,
            max(1, totals.seats * totals.blocks - 1),
        ),
    ),
)
mutated("bonus-without-cap", "R-5.1-5", PAID, target(f"{REWARDS}smaller", lambda left, right: left))
mutated(
    "rewards-round-up",
    "R-5.1-3",
    PAID,
    target(f"{REWARDS}portion", lambda amount, part, whole: -(-amount * part // whole) if whole else 0),
)
mutated(
    "signatures-of-one-block-only",
    "R-5.1-4",
    PAID,
    target(f"{REWARDS}counts_signature", lambda _, block, carried: block == carried),
)
without("literal-rewards", Resolution.REWARD, *PAID)
SLASHING = "economics.slashing:"
SLASHED = ("slashing.",)
without("slashes-the-current-stake", Resolution.SLASHING, *SLASHED)
mutated(
    "no-correlation",
    "RES-SLASH.double-vote",
    SLASHED,
    target(f"{SLASHING}double_vote_points", lambda guilty, seats: 1500),
)
mutated(
    "penalties-without-bound",
    "RES-SLASH",
    SLASHED,
    target(f"{SLASHING}penalty", lambda points, snapshot: points * snapshot // 10_000),
)
mutated(
    "each-offence-of-a-slot",
    "RES-SLASH",
    SLASHED,
    target(
        f"{SLASHING}points_in_epoch",
        lambda own, record: sum(
            {0: 500, 1: 200, 2: 1000, 3: 1500, 4: 1500, 5: 500}[list(type(item.offence.kind)).index(item.offence.kind)]
            for item in own
        ),
    ),
)
