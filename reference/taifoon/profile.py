"""Profiles: which repairs of the source document are in force.

The source, read literally, is the profile `DOCUMENT`: no resolution at all. `HARDENED` has every resolution. Both run
in one engine: decisions go through rule functions that take a profile and show the literal rule beside the repaired
one. Switching off a single resolution gives the weakened profiles with which the theorems show that each repair is
needed.

Every resolution is explained in `spec/catalogue/resolutions.toml`, every parameter in `spec/catalogue/parameters.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from taifoon.rejection import Rejected, RejectionCode


class Resolution(Enum):
    """One repaired rule. A family (the part before the dot) holds the rules that mend one group of defects."""

    # Conventions: encoding, hashing.
    CANONICAL_ENCODING = "RES-ENC.canonical"
    NO_TRAILING_BYTES = "RES-ENC.trailing"
    KNOWN_TAGS = "RES-ENC.tags"
    BOUNDED_LENGTHS = "RES-ENC.bounds"
    HASH_ROLES = "RES-ENC.roles"
    HASH_INTEGER = "RES-ENC.integer"

    # Section 2.1: the mountain range and its proofs.
    BAG_ORDER = "RES-MMR.bag-order"
    SIZED_ROOT = "RES-MMR.sized-root"
    PEAK_COUNT = "RES-MMR.peak-count"
    CANONICAL_SIZE = "RES-MMR.canonical-size"
    INDEX_BOUND = "RES-MMR.index-bound"
    CLAIMED_INDEX = "RES-MMR.claimed-index"
    UNIQUE_POSITIONS = "RES-MMR.unique-positions"
    EXACT_ITEMS = "RES-MMR.exact-items"
    CONSISTENCY = "RES-MMR.consistency"

    # Section 2.1: leaves, logs, batches, assignment.
    LOG_ORDER = "RES-LOG"
    LEAF_IMMUTABLE = "RES-LEAF2"
    BATCH_LOG = "RES-BATCH"
    JOB_LIFE = "RES-JOB"
    EPOCH_SEED = "RES-EPOCH"
    RANK_ASSIGNMENT = "RES-ASSIGN"
    CLUSTER_COUNT = "RES-COUNT"
    SEATS = "RES-STAKE"
    LEADER_ROTATION = "RES-LEADER"
    CAPABLE_OWNERS = "RES-CAP"
    ROOT_ATTESTATION = "RES-ROOTATT"
    ROLES = "RES-ROLE"
    TIME = "RES-TIME"
    JOB_PRIORITY = "RES-PRIOJOB"
    REPLICAS = "RES-REPL"

    # Sections 2.3, 2.4 and 6.2: blocks and finality.
    QUORUM = "RES-QUORUM"
    VOTE_ONCE = "RES-BFT.once"
    FINALISE_EXCLUDES_NULLIFY = "RES-BFT.finalise-excludes-nullify"
    FINALISE_NEEDS_NOTARISATION = "RES-BFT.finalise-needs-notarisation"
    FINALITY_CARRIES_NOTARISATION = "RES-BFT.finality-carries-notarisation"
    CERTIFIED_PARENT = "RES-BFT.lineage"
    NULLIFIED_GAP = "RES-BFT.gap"
    BOUND_CHAIN = "RES-BFT.statement-chain"
    BOUND_EPOCH = "RES-BFT.statement-epoch"
    BOUND_COMMITTEE = "RES-BFT.statement-committee"
    BOUND_VIEW = "RES-BFT.statement-view"
    BOUND_KIND = "RES-BFT.statement-kind"
    VIEW_CHANGE = "RES-VIEW"
    BLOCK_HASH = "RES-HASH"
    DERIVED_FIELDS = "RES-DERIVE"
    CERTIFICATE = "RES-CERT"
    BLOCK_VALIDITY = "RES-VALID"
    GENESIS = "RES-GENESIS"
    CHECKPOINT = "RES-CHECKPT"

    # Section 3: redundancy, metrics, control.
    DUPLICATION = "RES-DUP"
    METRICS = "RES-METRIC"
    EFFICIENCY = "RES-EFF"
    CONTROL = "RES-CTRL"

    # Section 4: network.
    ENVELOPE = "RES-ENV"
    SIGNED_PROPOSAL = "RES-ENV.proposal"
    GOSSIP = "RES-GOSSIP"
    MESSAGE_PRIORITY = "RES-PRIO"
    MESSAGES = "RES-MSG"

    # Section 5: rewards and slashing.
    REWARD = "RES-REWARD"
    SLASHING = "RES-SLASH"
    DOUBLE_VOTE = "RES-SLASH.double-vote"
    EVIDENCE = "RES-EVID"
    DESYNCHRONISATION = "RES-DESYNC"
    INACTIVITY = "RES-ABANDON"

    # Section 6: attacks and failures.
    PARTITION = "RES-PARTITION"
    MERGE = "RES-MERGE"
    CROSS_VALIDATION = "RES-XVAL"
    REPUTATION = "RES-REP"

    @property
    def family(self) -> str:
        """The group of rules that this one belongs to, such as `RES-MMR`."""
        return self.value.partition(".")[0]


# A resolution that makes no sense without another: what it requires.
REQUIRES: dict[Resolution, frozenset[Resolution]] = {
    Resolution.CONSISTENCY: frozenset({Resolution.SIZED_ROOT}),
    Resolution.BATCH_LOG: frozenset({Resolution.LOG_ORDER}),
    Resolution.FINALISE_EXCLUDES_NULLIFY: frozenset({Resolution.VIEW_CHANGE}),
    Resolution.FINALISE_NEEDS_NOTARISATION: frozenset({Resolution.VIEW_CHANGE}),
    Resolution.FINALITY_CARRIES_NOTARISATION: frozenset({Resolution.VIEW_CHANGE}),
    Resolution.CERTIFIED_PARENT: frozenset({Resolution.VIEW_CHANGE}),
    Resolution.NULLIFIED_GAP: frozenset({Resolution.VIEW_CHANGE}),
    Resolution.DOUBLE_VOTE: frozenset({Resolution.SLASHING}),
    Resolution.CHECKPOINT: frozenset({Resolution.EPOCH_SEED}),
    Resolution.RANK_ASSIGNMENT: frozenset({Resolution.EPOCH_SEED}),
    Resolution.LEADER_ROTATION: frozenset({Resolution.EPOCH_SEED}),
}


class Suite(Enum):
    """Hash suites; the suite's id is part of the chain id, hence of every signed statement."""

    BLAKE3 = "blake3"
    SHA256 = "sha256"
    KECCAK256 = "keccak256"


@dataclass(frozen=True, slots=True)
class Parameters:
    """Numbers that the protocol leaves open, with the values it ships. Reasons: `spec/catalogue/parameters.toml`."""

    suite: Suite = Suite.BLAKE3
    minimum_cluster: int = 5
    seed_lag: int = 2
    message_delay: int = 250
    timeout_doublings: int = 12
    time_tolerance: int = 5_000
    maximum_jobs: int = 1_024
    value_baseline: int = 1_000_000
    value_cap: int = 4_000_000
    cluster_target: int = 10
    count_rest: int = 1
    minimum_due: int = 100
    seat_stake: int = 10_000_000
    base_reward: int = 100_000
    bonus_cap: int = 2
    signature_window: int = 8
    inactivity_blocks: int = 32
    evidence_window: int = 8
    evidence_delay: int = 1
    unbonding_delay: int = 10
    reporter_share: int = 1_000
    job_life: int = 8
    gossip_fanout: int = 8
    gossip_hops: int = 5
    gossip_memory: int = 60_000
    message_lifetime: int = 120_000
    sender_quota: int = 256
    high_value: int = 10_000_000
    validating_clusters: int = 2
    reputation_cap: int = 1_000

    def __post_init__(self) -> None:
        if self.minimum_cluster < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"minimum_cluster is {self.minimum_cluster}; a cluster has at least 1 seat: choose 1 or more",
            )
        if self.seed_lag < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"seed_lag is {self.seed_lag}; a seed reads an earlier epoch: choose 1 or more",
            )
        if self.message_delay < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"message_delay is {self.message_delay}; a message takes time: choose 1 ms or more",
            )
        if not 0 <= self.timeout_doublings <= 32:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"timeout_doublings is {self.timeout_doublings}; timers double, and stay small numbers: choose 0 to 32",
            )
        if self.time_tolerance < 0:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"time_tolerance is {self.time_tolerance}; clocks differ by 0 milliseconds or more: choose 0 or more",
            )
        if self.maximum_jobs < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"maximum_jobs is {self.maximum_jobs}; a block that holds none completes none: choose 1 or more",
            )
        if self.value_baseline < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"value_baseline is {self.value_baseline}; values are divided by it: choose 1 or more",
            )
        if self.value_cap < self.value_baseline:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"value_cap is {self.value_cap}; a job may be worth the baseline: choose {self.value_baseline} or more",
            )
        if self.cluster_target < self.minimum_cluster:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"cluster_target is {self.cluster_target}; clusters are not planned below their minimum: "
                f"choose {self.minimum_cluster} or more",
            )
        if self.count_rest < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"count_rest is {self.count_rest}; a changed count is measured before it changes again: "
                "choose 1 or more",
            )
        if self.minimum_due < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"minimum_due is {self.minimum_due}; no jobs have no coverage: choose 1 or more",
            )
        if self.seat_stake < 1 or self.seat_stake % 10_000:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"seat_stake is {self.seat_stake}; each basis point of a seat is a whole unit: "
                "choose a multiple of 10000",
            )
        if self.base_reward < 0:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"base_reward is {self.base_reward}; rewards take nothing: choose 0 or more",
            )
        if self.bonus_cap < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"bonus_cap is {self.bonus_cap}; an average cluster has the source's bonus: choose 1 or more",
            )
        if self.signature_window < 0:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"signature_window is {self.signature_window}; no signature comes before its block: choose 0 or more",
            )
        if self.inactivity_blocks <= self.signature_window:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"inactivity_blocks is {self.inactivity_blocks}; a late signature still counts: "
                f"choose {self.signature_window + 1} or more",
            )
        if self.evidence_window < 0:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"evidence_window is {self.evidence_window}; no evidence comes before its offence: choose 0 or more",
            )
        if self.evidence_delay < 0:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"evidence_delay is {self.evidence_delay}; nothing is included before it is sent: choose 0 or more",
            )
        if self.unbonding_delay <= self.evidence_window + self.evidence_delay:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"unbonding_delay is {self.unbonding_delay}; a stake waits until no evidence counts: "
                f"choose {self.evidence_window + self.evidence_delay + 1} or more",
            )
        if not 0 <= self.reporter_share < 10_000:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"reporter_share is {self.reporter_share}; who reports itself must lose: choose 0 to 9999",
            )
        if self.job_life < 0:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"job_life is {self.job_life}; a job lives in the epoch that takes it in: choose 0 or more",
            )
        if self.gossip_fanout < 2:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"gossip_fanout is {self.gossip_fanout}; one peer each is a chain, not a spread: choose 2 or more",
            )
        if not 1 <= self.gossip_hops <= 128:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"gossip_hops is {self.gossip_hops}; a message travels, and its hop count is one byte: choose 1 to 128",
            )
        if self.gossip_memory < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"gossip_memory is {self.gossip_memory}; what is forgotten at once floods: choose 1 ms or more",
            )
        if self.message_lifetime < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"message_lifetime is {self.message_lifetime}; a message takes time: choose 1 ms or more",
            )
        if self.sender_quota < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"sender_quota is {self.sender_quota}; a sender says something: choose 1 or more",
            )
        if self.high_value < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"high_value is {self.high_value}; jobs of no value need no further certificates: choose 1 or more",
            )
        if self.validating_clusters < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"validating_clusters is {self.validating_clusters}; high value needs a further one: choose 1 or more",
            )
        if self.reputation_cap < 1:
            raise Rejected(
                RejectionCode.PARAMETER_INVALID,
                f"reputation_cap is {self.reputation_cap}; a score without points orders nothing: choose 1 or more",
            )


@dataclass(frozen=True, slots=True)
class Profile:
    """A set of resolutions and parameters. `resolution in profile` asks whether a rule is repaired."""

    name: str
    resolutions: frozenset[Resolution]
    parameters: Parameters = field(default_factory=Parameters)

    def __post_init__(self) -> None:
        for resolution in Resolution:
            missing = REQUIRES.get(resolution, frozenset()) - self.resolutions
            if resolution in self.resolutions and missing:
                names = ", ".join(sorted(item.value for item in missing))
                raise Rejected(
                    RejectionCode.PROFILE_INCONSISTENT,
                    f"profile {self.name!r} has {resolution.value}, which requires {names}: "
                    f"add {names} or drop {resolution.value}",
                )

    def __contains__(self, resolution: Resolution) -> bool:
        return resolution in self.resolutions

    def without(self, resolution: Resolution) -> Profile:
        """This profile with one rule as the source has it, and with it whatever requires that rule."""
        dropped = dependents(resolution)
        return Profile(f"{self.name}-without-{resolution.value}", self.resolutions - dropped, self.parameters)

    def with_parameters(self, parameters: Parameters) -> Profile:
        """This profile with other numbers."""
        return Profile(self.name, self.resolutions, parameters)


def dependents(resolution: Resolution) -> frozenset[Resolution]:
    """The resolution and all that require it, directly or through others."""
    found = {resolution}
    while True:
        more = {item for item, required in REQUIRES.items() if required & found} - found
        if not more:
            return frozenset(found)
        found |= more


def profile_of(name: str, resolutions: Iterable[Resolution], parameters: Parameters | None = None) -> Profile:
    """A profile from any collection of resolutions."""
    return Profile(name, frozenset(resolutions), parameters or Parameters())


# The reading choices of the source take untagged SHA-256 for its undefined `hash()`.
DOCUMENT = profile_of("document", (), Parameters(suite=Suite.SHA256))
HARDENED = profile_of("hardened", Resolution)
