"""The bound on service is met by floods, and by no less than the rule of priority."""

from __future__ import annotations

import pytest

from taifoon.network.kinds import Kind
from taifoon.network.priority import CLASS_PLACES, CLASSES, service_bound, turns_between
from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.theorems.priority import FLOODS
from taifoon_proofs.verdict import Counterexample

STRICT = HARDENED.without(Resolution.MESSAGE_PRIORITY)
ALL = [kind.name for kind in FLOODS.values()]
VOTES_AGAINST_PROPOSALS = {
    "kind": "BLOCK_VOTE",
    "ahead": 0,
    "turn": 0,
    "flooded": ["BLOCK_PROPOSAL"],
    "senders": 1,
}


def test_n3_a_flood_of_proposals_starves_a_vote_in_the_document_alone() -> None:
    assert violates(DOCUMENT, "priority/starved", VOTES_AGAINST_PROPOSALS)
    assert violates(STRICT, "priority/starved", VOTES_AGAINST_PROPOSALS)
    assert not violates(HARDENED, "priority/starved", VOTES_AGAINST_PROPOSALS)


@pytest.mark.parametrize("kind", FLOODS.values(), ids=lambda kind: kind.name)
def test_a_flood_in_every_class_makes_the_third_message_wait_almost_to_the_bound(kind: Kind) -> None:
    flooded = {"kind": kind.name, "ahead": 2, "turn": 0, "flooded": ALL, "senders": 2}
    trace = run(HARDENED, Counterexample("priority/starved", flooded))
    bound = service_bound(CLASS_PLACES[CLASSES[kind]], 2, 3)
    assert not trace.violated
    assert bound == 9 * turns_between(CLASS_PLACES[CLASSES[kind]])
    assert len(trace.states) > bound - turns_between(CLASS_PLACES[CLASSES[kind]])


def test_n3_votes_and_announcements_have_no_order_in_the_document() -> None:
    pair = {"first": "BLOCK_VOTE", "second": "NODE_ANNOUNCE"}
    assert violates(DOCUMENT, "priority/incomparable", pair)
    assert not violates(HARDENED, "priority/incomparable", pair)
