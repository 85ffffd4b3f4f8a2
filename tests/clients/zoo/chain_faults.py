"""More of the zoo: clients that lack one rule of blocks, owners, epochs, or of section 6."""

from __future__ import annotations

from taifoon.core import owners
from taifoon.primitives.hashing import Role, hash_role
from taifoon.profile import Resolution
from taifoon.security import merge, reputation
from taifoon_toolkit.vectors.beacon import ANY_ORDER, ANY_SECRET, COMMITS_IN_ANY_ORDER
from taifoon_toolkit.vectors.block_cases import BELIEVES_PROOFS, TAKES_IN_AGAIN
from taifoon_toolkit.vectors.case import accept
from taifoon_toolkit.vectors.chain_cases import CARRIES_AGAIN
from taifoon_toolkit.vectors.closings import BELIEVES_NAMES
from taifoon_toolkit.vectors.condemned_cases import CONDEMNS
from taifoon_toolkit.vectors.offences import DIFFER, VERIFIES_NOTHING
from taifoon_toolkit.vectors.owners import ANY_IS_PROVABLE, NAMED_IS_PRIMARY, OPEN_FOR_EVER, TAKES_THE_LATEST
from taifoon_toolkit.vectors.validations import BELIEVES_SIGNERS, FEWER_SIGNERS
from taifoon_toolkit.vectors.validity_cases import ASCENDS_ANYHOW, BELIEVES_VOTES, UNBOUNDED

from .faults import FAULTS, mutated, target, without

__all__ = ["FAULTS"]

# Blocks.
BLOCKS = ("block.", "cluster_chain")
VALID = ("block.validate", "cluster_chain")
without("hashes-signatures", Resolution.BLOCK_HASH, *BLOCKS)
without("starts-from-zero", Resolution.GENESIS, "block.beginning", "epoch.beginning")
without("validates-nothing", Resolution.BLOCK_VALIDITY, *VALID)
without("any-time", Resolution.TIME, *VALID)
without("believes-members-quorum-and-leader", Resolution.DERIVED_FIELDS, *VALID)
without("root-of-the-jobs-alone", Resolution.BATCH_LOG, *BLOCKS)
without("takes-copied-proofs", Resolution.ENVELOPE, *VALID)
mutated("blocks-of-any-size", "R-2.3-8", VALID, UNBOUNDED)
mutated("checks-no-proof", "R-2.3-9", VALID, BELIEVES_PROOFS)
mutated("takes-jobs-in-again", "R-2.3-8", VALID, TAKES_IN_AGAIN)
mutated("carried-votes-in-any-order", "RES-REWARD", VALID, ASCENDS_ANYHOW)
mutated("carried-votes-unchecked", "RES-REWARD", VALID, BELIEVES_VOTES)
mutated("carries-votes-again", "R-2.3-1", ("cluster_chain",), CARRIES_AGAIN)
mutated(
    "a-tolerance-too-strict",
    "R-2.3-6",
    VALID,
    target(
        "core.validity:is_within_tolerance",
        lambda profile, timestamp, now: timestamp < now + profile.parameters.time_tolerance,
    ),
)
mutated(
    "batches-before-jobs",
    "R-2.3-4",
    BLOCKS,
    target(
        "core.validity:state_root",
        lambda profile, jobs, batches: hash_role(profile, Role.STATE, batches + jobs),
    ),
)

# Owners and replicas.
OWNERS = ("owners.", "replicas.", "jobs.")
without("clusters-by-remainder", Resolution.EPOCH_SEED, "owners.of")
without("anybody-proves", Resolution.REPLICAS, "jobs.check_prover")
without("asks-not-who-is-capable", Resolution.CAPABLE_OWNERS, "owners.", "replicas.")
mutated("jobs-that-nobody-can-prove", "RES-CAP", ("jobs.",), ANY_IS_PROVABLE)
mutated("believes-the-named-primary", "RES-EPOCH", ("jobs.",), NAMED_IS_PRIMARY)
mutated("settled-jobs-again", "RES-JOB", ("jobs.",), OPEN_FOR_EVER)
mutated("later-leaf-replaces-the-first", "R-2.1-2", ("jobs.",), TAKES_THE_LATEST)
mutated(
    "a-key-proves-alone",
    "R-2.4-1",
    ("replicas.",),
    target("core.owners:next_of", lambda left, keys: left[0]),
)
_order = owners.rendezvous_order
mutated(
    "highest-draw-first",
    "R-2.1-8",
    ("owners.",),
    target("core.owners:rendezvous_order", lambda *given: _order(*given)[::-1]),
)

# Epochs.
without("a-seat-for-each-key", Resolution.SEATS, "epoch.seats", "epoch.assignment")
without("a-count-of-its-own", Resolution.CLUSTER_COUNT, "epoch.assignment")
without("settles-every-completion", Resolution.JOB_LIFE, "epoch.settle", "job.", "network")
without("closings-without-signatures", Resolution.ROOT_ATTESTATION, "network")
without("closings-not-derived", Resolution.CHECKPOINT, "network")
mutated("reveals-in-any-order", "R-9-5", ("beacon.",), ANY_ORDER)
mutated("commitments-in-any-order", "R-9-5", ("beacon.",), COMMITS_IN_ANY_ORDER)
mutated("any-secret-opens", "R-9-5", ("beacon.check_reveals",), ANY_SECRET)
mutated("commitments-of-strangers", "R-9-5", ("beacon.",), target("core.beacon:check_commitments", accept))

mutated("believes-the-closing-beside-a-header", "R-6.1-4", ("epoch.check_named",), BELIEVES_NAMES)

# Offences.
EVIDENCE = ("offence.judge",)
without("convicts-whom-nobody-signed-for", Resolution.EVIDENCE, *EVIDENCE)
mutated("condemns-any-block", "R-5.2-4", EVIDENCE, CONDEMNS)
mutated("convicts-for-lag", "R-5.2-3", EVIDENCE, DIFFER)
mutated("convicts-for-true-proofs", "R-5.2-1", EVIDENCE, VERIFIES_NOTHING)
mutated(
    "convicts-leaders-alone",
    "R-5.2-4",
    EVIDENCE,
    target("economics.offences:punishes_unread_votes", lambda profile: False),
)

# Section 6.
without("appends-the-other-log", Resolution.MERGE, "view.")
without("counts-those-in-reach", Resolution.PARTITION, "partition.", "lone_member")
without("high-value-like-any-other", Resolution.CROSS_VALIDATION, "validation.")
mutated("validations-by-two-thirds", "R-6.1-6", ("validation.",), FEWER_SIGNERS)
mutated("validations-unsigned", "R-6.1-6", ("validation.",), BELIEVES_SIGNERS)
without("validators-twice", Resolution.CERTIFICATE, "validation.")
_join = merge.takes_other
mutated("takes-the-shorter", "R-6.1-7", ("view.",), target("security.merge:takes_other", lambda a, b: _join(b, a)))
_points = reputation.points_of
mutated(
    "lowest-score-first",
    "R-6.1-2",
    ("reputation.",),
    target("security.reputation:points_of", lambda scores, key: -_points(scores, key)),
)
