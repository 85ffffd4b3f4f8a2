"""The zoo, continued: clients with one fault in metrics, control, messages, gossip, priority, requests or voting."""

from __future__ import annotations

from taifoon.network.kinds import Kind
from taifoon.profile import Resolution
from taifoon.redundancy.metrics import WINDOW
from taifoon.redundancy.triggers import block_is_busy
from taifoon_toolkit.vectors.envelopes import BELIEVES_ENVELOPES
from taifoon_toolkit.vectors.metrics import BELIEVES_RECORDS

from .chain_faults import FAULTS
from .faults import mutated, target, without

__all__ = ["FAULTS"]

# Metrics and control.
CONTROLLED = ("control",)
without("control-acts-on-every-trigger", Resolution.CONTROL, *CONTROLLED)
without("cluster-count-without-bounds", Resolution.CLUSTER_COUNT, *CONTROLLED)
without("efficiency-is-cost-over-revenue", Resolution.EFFICIENCY, "metrics.", "trigger.")
mutated("believes-metrics-records", "R-3.2-1", ("metrics.",), BELIEVES_RECORDS)
mutated(
    "busy-in-any-of-ten-blocks",
    "R-3.2-6",
    ("trigger.",),
    target(
        "redundancy.triggers:cluster_is_busy",
        lambda profile, use: len(use.blocks) == WINDOW and any(block_is_busy(profile, block) for block in use.blocks),
    ),
)
mutated(
    "removes-a-cluster-that-has-to-come-back",
    "RES-CTRL",
    CONTROLLED,
    target("redundancy.control:bears_removal", lambda load, capacity, clusters: True),
)
# Messages and envelopes.
ENVELOPES = ("envelope.",)
without("eleven-kinds-only", Resolution.MESSAGES, "message.")
without("kinds-have-no-maxima", Resolution.BOUNDED_LENGTHS, "message.")
without("messages-and-a-byte-more", Resolution.NO_TRAILING_BYTES, "message.")
without("believes-envelopes", Resolution.ENVELOPE, *ENVELOPES)
mutated("verifies-no-envelope", "RES-ENV", ENVELOPES, BELIEVES_ENVELOPES)
mutated(
    "strangers-may-not-enter",
    "RES-ENV",
    ENVELOPES,
    target("network.envelope:OPEN_TO_ALL", frozenset({Kind.JOB_SUBMISSION})),  # type: ignore[arg-type]
)
mutated("attributes-to-anybody", "RES-ENV", ENVELOPES, target("network.envelope:speaks_for", lambda _: None))

# Gossip and priority.
without("eight-peers-five-hops", Resolution.GOSSIP, "gossip.")
without("remembers-for-a-minute", Resolution.GOSSIP, "gossip")
without("takes-any-number-of-messages", Resolution.MESSAGE_PRIORITY, "gossip")
mutated(
    "knows-envelopes-by-their-signature",
    "R-4.2-4",
    ("gossip",),
    target("network.gossip:identity", lambda _, envelope: envelope.signature[:32]),
)
without("higher-ranks-first-for-ever", Resolution.MESSAGE_PRIORITY, "queue", "priority.")
mutated(
    "turns-from-zero",
    "R-4.2-5",
    ("queue", "priority."),
    target(
        "network.priority:class_of_turn",
        lambda turn: next((place for place in range(4) if (turn - 1) >> place & 1), 4),
    ),
)

# Requests and claims.
without("takes-any-response", Resolution.ENVELOPE, "requests")
without("believes-heads", Resolution.MESSAGES, "request.")
without("believes-joins", Resolution.DERIVED_FIELDS, "claim.join")
without("assigns-to-anybody", Resolution.REPLICAS, "claim.assignment")
without("proofs-of-others", Resolution.ENVELOPE, "claim.submission")

# Committees.
without("votes-again", Resolution.VOTE_ONCE, "committee")
without("committee-finalises-and-nullifies", Resolution.FINALISE_EXCLUDES_NULLIFY, "committee")
without("skips-no-gap", Resolution.NULLIFIED_GAP, "committee")
without("stands-on-anything", Resolution.CERTIFIED_PARENT, "committee")
without("finalises-what-nobody-notarised", Resolution.FINALISE_NEEDS_NOTARISATION, "committee")
without("quorum-of-two-thirds", Resolution.QUORUM, "committee")
