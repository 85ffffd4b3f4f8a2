"""Figures of section 4.1, and what each rule of messages prevents."""

from __future__ import annotations

import pytest

from taifoon.core.mmr.shape import peak_heights
from taifoon.network.envelope import Packet
from taifoon.network.kinds import Kind, encode_message, greatest_payload
from taifoon.network.messages import MMRProofRequest
from taifoon.primitives.encoding import encode, shape_of
from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon_models.messages import samples, sealed
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.theorems.messages import over_long, shortest
from taifoon_proofs.theorems.responses import PEAK_FAULTS, PUSH_FAULTS, broken_push
from taifoon_proofs.verdict import Counterexample


def longest_path(leaves: int) -> int:
    """Items of the longest proof of one leaf: the levels of its mountain, a bag to the right, the peaks to the left."""
    heights = peak_heights(leaves)  # type: ignore[arg-type]
    return max(height + place + (place < len(heights) - 1) for place, height in enumerate(heights))


@pytest.mark.parametrize(("leaves", "octets", "times"), [(1_000_000, 832, 92), (1_000_000_000, 1_344, 149)])
def test_n7_a_request_of_nine_bytes_draws_a_hundred_times_as_much(leaves: int, octets: int, times: int) -> None:
    literal_request = 1 + 8
    path_and_peaks = 32 * (peak_heights(leaves)[0] + len(peak_heights(leaves)))  # type: ignore[arg-type]
    assert path_and_peaks == octets
    assert path_and_peaks // literal_request == times
    # Peaks beside the own one come as one bag to the right and one item each to the left: never more than counted.
    assert 32 * longest_path(leaves) <= path_and_peaks
    request = sealed(HARDENED, samples()[Kind.MMR_PROOF_REQUEST])
    asked = len(encode(Packet, Packet(0, request)))
    assert asked == 1 + 32 + 8 + 1 + 32 + 8 + 8 + 4 + 21 + 64
    answered = asked - 21 + greatest_payload(Kind.MMR_PROOF_RESPONSE)
    assert answered < 14 * asked
    assert isinstance(samples()[Kind.MMR_PROOF_REQUEST], MMRProofRequest)


def test_n4_a_copied_proof_earns_its_copier_the_reward_without_the_envelope_alone() -> None:
    copied = {"job": 1, "prover": 0, "thief": 1}
    assert violates(DOCUMENT, "message/stolen-proof", copied)
    assert violates(HARDENED.without(Resolution.ENVELOPE), "message/stolen-proof", copied)
    assert not violates(HARDENED, "message/stolen-proof", copied)


@pytest.mark.parametrize("kind", ["NODE_ANNOUNCE", "CLUSTER_JOIN", "JOB_ASSIGNMENT", "PROOF_SUBMISSION"])
def test_n4_anybody_speaks_for_the_victim_in_the_document_alone(kind: str) -> None:
    forged = {"kind": kind, "change": "nothing", "forger": 1}
    assert violates(DOCUMENT, "message/forged", forged)
    assert not violates(HARDENED, "message/forged", forged)


@pytest.mark.parametrize("kind", tuple(Kind)[11:], ids=lambda kind: kind.name)
def test_n8_a_step_beyond_the_eleven_has_no_message_in_the_document(kind: Kind) -> None:
    assert violates(DOCUMENT, "message/no-kind", {"kind": kind.name})
    assert not violates(HARDENED, "message/no-kind", {"kind": kind.name})


@pytest.mark.parametrize(
    ("parameters", "without"),
    [
        ({"known": 3, "offered": 5, "fault": "another request"}, Resolution.ENVELOPE),
        ({"known": 3, "offered": 5, "fault": "another peer"}, Resolution.ENVELOPE),
        ({"known": 0, "offered": 5, "fault": "uncertified"}, Resolution.MESSAGES),
        ({"known": 3, "offered": 5, "fault": "false peaks"}, Resolution.MESSAGES),
        ({"known": 5, "offered": 3, "fault": "none"}, Resolution.CONSISTENCY),
    ],
)
def test_n5_each_rule_of_responses_prevents_its_own_fault(
    parameters: dict[str, int | str], without: Resolution
) -> None:
    assert not violates(HARDENED, "sync/peaks", parameters)
    assert violates(HARDENED.without(without), "sync/peaks", parameters)


CODES = {
    "unasked": "REQUEST_NOT_OPEN",
    "another request": "REQUEST_NOT_OPEN",
    "another peer": "REQUEST_NOT_OPEN",
    "late": "REQUEST_NOT_OPEN",
    "twice": "REQUEST_NOT_OPEN",
    "uncertified": "HEAD_NOT_CERTIFIED",
    "false peaks": "MMR_ROOT_MISMATCH",
}


@pytest.mark.parametrize("fault", PEAK_FAULTS)
def test_each_fault_of_a_response_is_refused_for_what_it_is(fault: str) -> None:
    last = run(HARDENED, Counterexample("sync/peaks", {"known": 3, "offered": 5, "fault": fault})).states[-1]
    assert last.get("code") == CODES.get(fault)
    assert (last["action"] == "adopted") == (fault == "none")


@pytest.mark.parametrize("fault", PUSH_FAULTS)
def test_each_fault_of_a_push_changes_it_and_is_refused(fault: str) -> None:
    assert (broken_push(HARDENED, fault) == broken_push(HARDENED, "none")) == (fault == "none")
    last = run(HARDENED, Counterexample("sync/push", {"fault": fault})).states[-1]
    assert (last["action"] == "certified") == (fault == "none")


def test_a12_a_join_is_believed_in_the_document_whatever_it_claims() -> None:
    claim = {"seats": 6, "clusters": 3, "seat": 2, "claimed": 3, "forger": None}
    last = run(DOCUMENT, Counterexample("message/join", claim)).states[-1]
    assert last["action"] == "accepted"
    assert run(HARDENED, Counterexample("message/join", claim)).states[-1]["code"] == "JOIN_NOT_DERIVED"
    derived = run(HARDENED, Counterexample("message/join", claim)).states[0]["derived"]
    forged = {"seats": 6, "clusters": 3, "seat": 2, "claimed": derived, "forger": 5}
    assert violates(HARDENED.without(Resolution.ENVELOPE), "message/join", forged)
    assert not violates(HARDENED, "message/join", forged)


def test_each_list_of_each_kind_is_tried_with_one_item_too_many() -> None:
    places = {(kind, field) for kind in Kind for field, _ in over_long(shape_of(kind.value))}
    assert (Kind.NODE_ANNOUNCE, ".capabilities") in places
    assert (Kind.BLOCK_PROPOSAL, ".block.proof_results[].proof") in places
    assert (Kind.BLOCK_RANGE_RESPONSE, ".blocks[].attestations") in places
    for kind in Kind:
        octets = bytes([kind.ordinal]) + shortest(shape_of(kind.value))
        assert len(octets) <= len(encode_message(samples()[kind]))
