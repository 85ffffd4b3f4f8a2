"""Which functions of the reference stand behind which methods, and how a call of one is asked of a client.

A call that a client cannot be asked gives a question that does not fit its method's types, or none; who captures it
leaves it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from taifoon.profile import Profile, Suite
from taifoon_toolkit.vectors.accountability import FinalityAsked, ProofGiven
from taifoon_toolkit.vectors.assignment import JobAsked, LeaderAsked, OneSeat, SeatsAsked
from taifoon_toolkit.vectors.certificates import CertificateAsked, CommitteeGiven, CommitteeSize
from taifoon_toolkit.vectors.control import AdmissionAsked, CountAsked, EpochOver, shown
from taifoon_toolkit.vectors.duplication import CoverageAsked, EfficiencyAsked, FactorAsked, UseAsked, ValueAsked
from taifoon_toolkit.vectors.economics import BonusAsked
from taifoon_toolkit.vectors.encoding import Encoded
from taifoon_toolkit.vectors.envelopes import EnvelopeAsked, Receiver
from taifoon_toolkit.vectors.gossip import DeliveryAsked, NodesAsked, PeerKnown, PeersAsked
from taifoon_toolkit.vectors.leaf import Begin
from taifoon_toolkit.vectors.metrics import FoldAsked, MoneyAsked, RecordGiven, counts_given, metrics_given
from taifoon_toolkit.vectors.mmr import Claimed, ExtensionClaimed, Head, LeafClaim, LeavesClaimed, NodeCount, Offered
from taifoon_toolkit.vectors.requests import Answered, Ask, HeadGiven, LeafAsked, NoRequests, PeaksAsked
from taifoon_toolkit.vectors.votes import OneLink
from taifoon_toolkit.vectors.waiting import KindsAsked

Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Capture:
    """A function `module:name`, the method or machine that asks for it, and the question that a call is.

    The question of a machine is what its run starts from, and its events.
    """

    target: str
    method: str
    ask: Callable[[Arguments], Any]

    def question(self, arguments: Arguments) -> Any:
        """The question that a call is; None where it is none."""
        try:
            return self.ask(arguments)
        except (AttributeError, LookupError, TypeError, ValueError):
            return None


def suite_of(arguments: Arguments) -> Suite:
    """The suite of a combiner."""
    profile: Profile = arguments["combiner"].profile
    return profile.parameters.suite


def leaves_claimed(arguments: Arguments) -> LeavesClaimed:
    """A proof of leaves that is verified."""
    claims = tuple(LeafClaim(claim.index, claim.content) for claim in arguments["claims"])
    proof = arguments["proof"]
    return LeavesClaimed(
        suite_of(arguments), arguments["root"], arguments["count"], claims, tuple(proof.indices), tuple(proof.items)
    )


def extension_claimed(arguments: Arguments) -> ExtensionClaimed | None:
    """A proof of an extension that is verified, if it is of the older head."""
    proof = arguments["proof"]
    if (proof.subtree.start, proof.subtree.stop) != (0, arguments["old_count"]):
        return None
    return ExtensionClaimed(
        suite_of(arguments),
        arguments["old_count"],
        arguments["old_root"],
        arguments["count"],
        arguments["root"],
        tuple(proof.items),
    )


def head_offered(arguments: Arguments) -> Offered:
    """A newer head that is offered."""
    known, offered, proof = arguments["known"], arguments["offered"], arguments["proof"]
    items = None if proof is None else tuple(proof.items)
    return Offered(suite_of(arguments), Head(known.count, known.root), Head(offered.count, offered.root), items)


def peaks_claimed(arguments: Arguments) -> Claimed:
    """A frontier that another node claims."""
    return Claimed(arguments["profile"].parameters.suite, arguments["count"], tuple(arguments["peaks"]))


def certificate_asked(arguments: Arguments) -> CertificateAsked | None:
    """A certificate that is checked, if its block claims no committee of its own."""
    committee = arguments["committee"]
    if arguments.get("claimed") is not None:
        return None
    given = CommitteeGiven(committee.chain_id, committee.epoch, committee.cluster, tuple(committee.keys))
    return CertificateAsked(given, arguments["statement"], arguments["certificate"])


def finality_asked(arguments: Arguments) -> FinalityAsked:
    """A proof that a block is final."""
    committee, proof = arguments["committee"], arguments["proof"]
    given = CommitteeGiven(committee.chain_id, committee.epoch, committee.cluster, tuple(committee.keys))
    path = tuple(OneLink(link.view, link.block_hash, link.parent_view, link.parent_hash) for link in proof.path)
    return FinalityAsked(given, arguments["genesis"], ProofGiven(path, tuple(proof.certificates)))


def envelope_asked(arguments: Arguments) -> EnvelopeAsked:
    """An envelope that arrives."""
    here = arguments["reception"]
    receiver = Receiver(here.chain_id, here.epoch, tuple(sorted(here.registered)), here.now)
    return EnvelopeAsked(receiver, arguments["envelope"])


def heads_in_order(arguments: Arguments) -> tuple[Any, ...]:
    """Certified heads in an order."""
    return tuple(sorted(arguments["heads"], key=lambda head: (head.range.kind.value, head.block, head.root)))


def peaks_asked(arguments: Arguments) -> PeaksAsked:
    """An answer with peaks."""
    known = HeadGiven(arguments["known"].count, arguments["known"].root)
    return PeaksAsked(heads_in_order(arguments), known, arguments["question"], arguments["response"])


def leaf_asked(arguments: Arguments) -> LeafAsked:
    """An answer with a leaf."""
    return LeafAsked(heads_in_order(arguments), arguments["question"], arguments["response"])


def response_arrives(arguments: Arguments) -> tuple[NoRequests, tuple[Any, ...]]:
    """A response to a node with open requests."""
    asks = tuple(Ask(each.request, each.peer, each.question, each.deadline) for each in arguments["requests"])
    return NoRequests(), (*asks, Answered(arguments["sender"], arguments["response"], arguments["now"]))


def epoch_ends(arguments: Arguments) -> tuple[Any, tuple[Any, ...]]:
    """The end of an epoch."""
    return shown(arguments["control"]), (EpochOver(metrics_given(arguments["metrics"]), arguments["seats"]),)


def leaf_recorded(arguments: Arguments) -> tuple[Begin, tuple[Any, ...]]:
    """One more leaf of a log."""
    return Begin(suite_of(arguments)), (*arguments["log"].leaves, arguments["leaf"])


def records_folded(arguments: Arguments) -> FoldAsked:
    """The records of an epoch."""
    records = tuple(
        RecordGiven(
            each.epoch,
            each.cluster,
            each.number,
            counts_given(each.types),
            each.replicas_due,
            each.replicas_missed,
            each.load,
            each.capacity,
            each.cost,
            each.revenue,
        )
        for each in arguments["records"]
    )
    return FoldAsked(arguments["closed"], records)


def seats_given(seats: Any) -> tuple[OneSeat, ...]:
    """Seats as they are written."""
    return tuple(OneSeat(each.public_key, each.seat) for each in seats)


def peers_drawn(arguments: Arguments) -> PeersAsked:
    """Peers that are drawn."""
    known = tuple(PeerKnown(each.public_key, each.stake) for each in arguments["candidates"])
    return PeersAsked(known, tuple(arguments["draws"]))


def message_delivered(arguments: Arguments) -> DeliveryAsked:
    """A message that reaches a node or not."""
    memberships = tuple(sorted(arguments["memberships"]))
    return DeliveryAsked(arguments["kind"], arguments["members_of"], memberships, arguments["is_asked"])


def factor_asked(arguments: Arguments) -> FactorAsked:
    """A job's duplication factor."""
    failures = arguments["failures"]
    return FactorAsked(
        arguments["seats"],
        failures.numerator,
        failures.denominator,
        arguments["value"],
        arguments["baseline"],
        arguments["capable"],
    )


def admission_asked(arguments: Arguments) -> AdmissionAsked:
    """Jobs that are offered for an epoch."""
    failures = arguments["failures"]
    return AdmissionAsked(
        arguments["offered"],
        arguments["seats"],
        failures.numerator,
        failures.denominator,
        arguments["factor"],
        arguments["replicas_of_seat"],
    )


CAPTURES: tuple[Capture, ...] = (
    Capture("taifoon.core.mmr.inclusion:verify_leaves", "mmr.verify_leaves", leaves_claimed),
    Capture("taifoon.core.mmr.consistency:verify_consistency", "mmr.verify_consistency", extension_claimed),
    Capture("taifoon.core.mmr.consistency:adopt_head", "mmr.adopt_head", head_offered),
    Capture("taifoon.core.mmr.frontier:checked_frontier", "mmr.commit", peaks_claimed),
    Capture("taifoon.core.mmr.shape:leaf_count", "mmr.leaf_count", lambda given: NodeCount(given["size"])),
    Capture("taifoon.core.job_log:record", "job_log", leaf_recorded),
    Capture("taifoon.core.quorum:quorum", "quorum.of", lambda given: CommitteeSize(given["seats"])),
    Capture("taifoon.core.certificate:check_certificate", "certificate.check", certificate_asked),
    Capture("taifoon.core.accountability:check_finality", "finality.check", finality_asked),
    Capture(
        "taifoon.core.assignment:cluster_of_job",
        "assignment.job",
        lambda given: JobAsked(given["seed"], given["job_id"], given["clusters"]),
    ),
    Capture(
        "taifoon.core.assignment:clusters_of_seats",
        "assignment.seats",
        lambda given: SeatsAsked(given["seed"], seats_given(given["seats"]), given["clusters"]),
    ),
    Capture(
        "taifoon.core.leader:leaders",
        "leader.of",
        lambda given: LeaderAsked(given["seed"], given["cluster"], seats_given(given["members"]), given["view"]),
    ),
    Capture("taifoon.redundancy.duplication:duplication_factor", "duplication.factor", factor_asked),
    Capture(
        "taifoon.redundancy.duplication:counted_value",
        "duplication.value",
        lambda given: ValueAsked(given["declared"]),
    ),
    Capture(
        "taifoon.redundancy.triggers:type_is_low",
        "trigger.coverage",
        lambda given: CoverageAsked(given["count"].done, given["count"].due),
    ),
    Capture(
        "taifoon.redundancy.triggers:block_is_busy",
        "trigger.utilisation",
        lambda given: UseAsked(given["block"].load, given["block"].capacity),
    ),
    Capture(
        "taifoon.redundancy.triggers:efficiency_is_low",
        "trigger.efficiency",
        lambda given: EfficiencyAsked(given["cost"], given["revenue"]),
    ),
    Capture("taifoon.redundancy.triggers:fired", "trigger.fired", lambda given: metrics_given(given["metrics"])),
    Capture("taifoon.redundancy.metrics:fold", "metrics.fold", records_folded),
    Capture(
        "taifoon.redundancy.metrics:efficiency",
        "metrics.efficiency",
        lambda given: MoneyAsked(given["cost"], given["revenue"]),
    ),
    Capture("taifoon.redundancy.control:next_control", "control", epoch_ends),
    Capture(
        "taifoon.redundancy.control:cluster_count",
        "control.count",
        lambda given: CountAsked(given["wanted"], given["seats"]),
    ),
    Capture("taifoon.redundancy.control:admitted_jobs", "control.admitted", admission_asked),
    Capture("taifoon.network.kinds:decode_message", "message.decode", lambda given: Encoded(given["octets"])),
    Capture("taifoon.network.envelope:check_envelope", "envelope.check", envelope_asked),
    Capture("taifoon.network.requests:adopt_peaks", "request.adopt_peaks", peaks_asked),
    Capture("taifoon.network.requests:proved_leaf", "request.proved_leaf", leaf_asked),
    Capture("taifoon.network.requests:take_answered", "requests", response_arrives),
    Capture("taifoon.network.gossip:hops", "gossip.reach", lambda given: NodesAsked(given["nodes"])),
    Capture("taifoon.network.peers:draw_peers", "gossip.peers", peers_drawn),
    Capture("taifoon.network.topics:is_delivered", "gossip.delivered", message_delivered),
    Capture(
        "taifoon.network.priority:outranks",
        "priority.outranks",
        lambda given: KindsAsked(given["first"], given["second"]),
    ),
    Capture(
        "taifoon.economics.rewards:budget",
        "reward.bonus",
        lambda given: BonusAsked(given["base"], given["reached"], given["average"]),
    ),
)
"""What is watched. A later entry may be called by an earlier one; each call is judged by itself."""
