"""Section 4.1: a response, or a push, is believed only if it leads to a root that a final block certifies."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import Head, prove_consistency
from taifoon.core.mmr.inclusion import prove_leaf
from taifoon.core.mmr.mountains import root_of_range
from taifoon.network.claims import heads_of_push
from taifoon.network.envelope import identity
from taifoon.network.messages import (
    MMRPeaksRequest,
    MMRPeaksResponse,
    MMRProofRequest,
    MMRProofResponse,
    PeaksPush,
)
from taifoon.network.parts import MMRProof
from taifoon.network.requests import OpenRequest, adopt_peaks, ask, proved_leaf, take_answered
from taifoon.primitives.types import LeafCount, LeafIndex, Millis
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.jobs import digest
from taifoon_models.keys import committee_of, key
from taifoon_models.messages import (
    CHAIN,
    CLUSTER,
    EPOCH,
    JOBS,
    NOW,
    SEATS,
    head_of,
    leaves,
    mountains,
    peaks,
    push,
    sealed,
)
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Technique, Verdict, conclude

LEAVES = 7
PEER, OTHER_PEER = 1, 2
PEAK_FAULTS = ("none", "unasked", "another request", "another peer", "late", "twice", "uncertified", "false peaks")


def asked(profile: Profile, question: MMRPeaksRequest | MMRProofRequest) -> OpenRequest:
    """The open request of node 0 that puts a question to a peer."""
    return OpenRequest(identity(profile, sealed(profile, question)), key(PEER), question, Millis(NOW + 1_000))


@scenario("sync/peaks")
def peaks_are_adopted_wrongly(profile: Profile, trace: Trace, *, known: int, offered: int, fault: str) -> bool:
    """A node adopts peaks that it did not ask for, that no final block certifies, or that shrink its range.

    Or it refuses an honest answer. Heads of every leaf count up to the greatest are certified; branch 1 never was.
    """
    combiner = HashCombiner(profile)
    heads = frozenset(head_of(profile, count) for count in range(LEAVES + 1))
    branch = 1 if fault == "uncertified" else 0
    whole_range = mountains(profile, offered, branch)
    proof = prove_consistency(combiner, whole_range, LeafCount(min(known, offered)))
    opened = asked(profile, MMRPeaksRequest(LeafCount(known), JOBS))
    named = digest("another request") if fault == "another request" else opened.request
    shown = peaks(profile, offered, 1 if fault == "false peaks" else branch)
    response = MMRPeaksResponse(shown, named, head_of(profile, offered, branch), proof.items)
    requests = () if fault == "unasked" else ask((), opened)
    sender = key(OTHER_PEER if fault == "another peer" else PEER)
    at = Millis(opened.deadline + 1 if fault == "late" else NOW)
    before = Head(LeafCount(known), root_of_range(combiner, mountains(profile, known)))
    right = fault == "none" and known <= offered
    trace.state("answer", fault=fault, known=known, offered=offered)
    try:
        for _ in range(2 if fault == "twice" else 1):
            answered, requests = take_answered(profile, requests, sender, response, at)
            if isinstance(answered.question, MMRPeaksRequest):
                adopt_peaks(profile, heads, before, answered.question, response)
    except Rejected as rejected:
        trace.state("refused", code=rejected.code.name)
        return right
    trace.state("adopted")
    return not right


@scenario("sync/leaf")
def leaf_is_believed_wrongly(
    profile: Profile, trace: Trace, *, count: int, wanted: int, sent: int, branch: int
) -> bool:
    """A node believes another leaf than the one that it asked for, or one of a range that no final block certifies."""
    combiner = HashCombiner(profile)
    heads = frozenset(head_of(profile, number) for number in range(LEAVES + 1))
    opened = asked(profile, MMRProofRequest(LeafIndex(wanted), JOBS, LeafCount(count)))
    proof = prove_leaf(combiner, mountains(profile, count, branch), LeafIndex(sent))
    content = leaves(count, branch)[sent]
    response = MMRProofResponse(MMRProof(LeafIndex(sent), proof.items), opened.request, content)
    right = content == leaves(count)[wanted]
    trace.state("answer", count=count, wanted=wanted, sent=sent, branch=branch)
    try:
        answered, _ = take_answered(profile, ask((), opened), key(PEER), response, Millis(NOW))
        if isinstance(answered.question, MMRProofRequest):
            proved_leaf(profile, heads, answered.question, response)
    except Rejected as rejected:
        trace.state("refused", code=rejected.code.name)
        return right
    trace.state("believed")
    return not right


PUSH_FAULTS = ("none", "another block", "other peaks", "other count", "too few votes", "votes to notarise alone")


@scenario("sync/push")
def push_is_believed_wrongly(profile: Profile, trace: Trace, *, fault: str) -> bool:
    """A node takes peaks for certified that the pushed block does not commit to, or whose block is not final.

    Or it refuses an honest push.
    """
    pushed = broken_push(profile, fault)
    committee = committee_of(CHAIN, EPOCH, CLUSTER, SEATS)
    trace.state("push", fault=fault, jobs=int(pushed.job_count))
    try:
        heads = heads_of_push(profile, committee, pushed)
    except Rejected as rejected:
        trace.state("refused", code=rejected.code.name)
        return fault == "none"
    trace.state("certified", heads=len(heads))
    return fault != "none"


def broken_push(profile: Profile, fault: str) -> PeaksPush:
    """The models' push with one fault."""
    right = push(profile)
    final = right.final
    match fault:
        case "another block":
            header = replace(final.block.header, timestamp=Millis(final.block.header.timestamp + 1))
            return replace(right, final=replace(final, block=replace(final.block, header=header)))
        case "other peaks":
            return replace(right, jobs=tuple(replace(peak, value=digest("other")) for peak in right.jobs))
        case "other count":
            return replace(right, job_count=LeafCount(2 * right.job_count))
        case "too few votes":
            few = final.finalisation
            fewer = replace(few, seats=few.seats[1:], signatures=few.signatures[1:])
            return replace(right, final=replace(final, finalisation=fewer))
        case "votes to notarise alone":
            return replace(right, final=replace(final, finalisation=final.notarisation))
        case _:
            return right


@theorem(
    "T-N5",
    requirements=("R-2.2-2", "R-2.4-6", "R-4.1-3", "R-4.1-4", "R-4.1-5", "R-4.1-6"),
    needs={Resolution.ENVELOPE, Resolution.MESSAGES, Resolution.CONSISTENCY, Resolution.CLAIMED_INDEX},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM1", "AM2"),
)
def a_response_leads_to_a_certified_root(profile: Profile) -> Verdict:
    """Every two leaf counts up to seven with each fault alone; every leaf sent for every leaf asked for; a push."""
    return conclude(
        exhaust(
            profile,
            "sync/peaks",
            f"every known and offered leaf count up to {LEAVES}, with no fault and each of {len(PEAK_FAULTS) - 1}",
            (
                {"known": known, "offered": offered, "fault": fault}
                for fault in PEAK_FAULTS
                for known, offered in product(range(LEAVES + 1), repeat=2)
                if offered > 0 or fault not in ("uncertified", "false peaks")
            ),
        ),
        exhaust(
            profile,
            "sync/leaf",
            f"every leaf sent for every leaf asked for, of up to {LEAVES} leaves, of the certified range and another",
            (
                {"count": count, "wanted": wanted, "sent": sent, "branch": branch}
                for count in range(1, LEAVES + 1)
                for wanted, sent, branch in product(range(count), range(count), (0, 1))
            ),
        ),
        exhaust(
            profile,
            "sync/push",
            f"a push without a fault and with each of {len(PUSH_FAULTS) - 1}",
            ({"fault": fault} for fault in PUSH_FAULTS),
        ),
    )
