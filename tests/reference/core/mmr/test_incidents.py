"""The mistakes that other systems shipped are caught: by a theorem, and by the verifier on a concrete forgery.

Each incident is a rule left out. Where the rule is a resolution, the theorem about it is refuted without it and the
forgery is accepted. Where the mistake is the caller's, a double of that caller takes the verifier's place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from taifoon.core.mmr.combiner import HashCombiner, conforming_bag_orders
from taifoon.core.mmr.frontier import checked_frontier, frontier_of, root_of_frontier
from taifoon.core.mmr.inclusion import Claim, InclusionProof, prove_leaf, prove_leaves, verify_leaf, verify_leaves
from taifoon.core.mmr.mountains import MountainRange, range_of, root_of_range
from taifoon.core.mmr.shape import leaf_count, node_count
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex, NodePosition
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import replays
from taifoon_proofs.theorems import mmr_leaves
from taifoon_proofs.verdict import Outcome

COUNT = LeafCount(11)
CONTENTS = tuple(b"leaf %d" % index for index in range(COUNT))
FORGED = b"never appended"
STRAY = Hash32(bytes(range(32)))


def honest(profile: Profile, count: int = COUNT) -> tuple[HashCombiner, MountainRange[Hash32], Hash32]:
    """Combiner, range and root of the first leaves."""
    combiner = HashCombiner(profile)
    mountains = range_of(combiner, CONTENTS[:count])
    return combiner, mountains, root_of_range(combiner, mountains)


def leaf_beyond_the_range(profile: Profile) -> None:
    """Hyperbridge, polkadot-sdk: a leaf at index >= n is ignored, and the rest verifies."""
    combiner, mountains, root = honest(profile)
    proof = prove_leaf(combiner, mountains, LeafIndex(10))
    claims = (Claim(LeafIndex(10), CONTENTS[10]), Claim(LeafIndex(11), FORGED))
    offered = InclusionProof((LeafIndex(10), LeafIndex(11)), proof.items)
    verify_leaves(combiner, root, COUNT, claims, offered)


def place_named_twice(profile: Profile) -> None:
    """Nervos: of two leaves at one place, only one enters the root."""
    combiner, mountains, root = honest(profile)
    proof = prove_leaf(combiner, mountains, LeafIndex(4))
    claims = (Claim(LeafIndex(4), CONTENTS[4]), Claim(LeafIndex(4), FORGED))
    verify_leaves(combiner, root, COUNT, claims, InclusionProof((LeafIndex(4), LeafIndex(4)), proof.items))


def relabelled_leaf(profile: Profile) -> None:
    """The proof of one leaf is offered for a claim about another."""
    combiner, mountains, root = honest(profile)
    proof = prove_leaf(combiner, mountains, LeafIndex(4))
    verify_leaf(combiner, root, COUNT, LeafIndex(5), CONTENTS[4], proof)


def peak_too_many(profile: Profile) -> None:
    """Herodotus: peaks are taken as they come, so that an alien one hides among them."""
    frontier = frontier_of(HashCombiner(profile), CONTENTS)
    checked_frontier(profile, frontier.count, (*frontier.peaks, STRAY))


def size_of_no_range(profile: Profile) -> None:
    """A node count that lies between two ranges is read as the smaller one."""
    leaf_count(profile, NodePosition(node_count(COUNT) + 1))


def size_beside_the_root(profile: Profile) -> None:
    """The prover states the size: a proof in a range of 3 leaves serves one of 4."""
    combiner, mountains, root = honest(profile, 3)
    proof = prove_leaf(combiner, mountains, LeafIndex(0))
    verify_leaf(combiner, root, LeafCount(4), LeafIndex(0), CONTENTS[0], proof)


def item_left_over(profile: Profile) -> None:
    """A proof carries an item that nothing consumes: a second proof of the same leaf."""
    combiner, mountains, root = honest(profile)
    proof = prove_leaf(combiner, mountains, LeafIndex(4))
    padded = InclusionProof(proof.indices, (*proof.items, STRAY))
    verify_leaf(combiner, root, COUNT, LeafIndex(4), CONTENTS[4], padded)


@dataclass(frozen=True, slots=True)
class Incident:
    """A forgery, the code that it gets, the rule that was missing, and the theorem that falls without it."""

    forgery: Callable[[Profile], None]
    code: RejectionCode
    rule: Resolution
    theorem: str

    def __str__(self) -> str:
        return self.forgery.__name__.replace("_", "-")


INCIDENTS = [
    Incident(leaf_beyond_the_range, RejectionCode.MMR_INDEX_OUT_OF_RANGE, Resolution.INDEX_BOUND, "T-MMR-g"),
    Incident(place_named_twice, RejectionCode.MMR_POSITIONS_UNSORTED, Resolution.UNIQUE_POSITIONS, "T-MMR-g"),
    Incident(relabelled_leaf, RejectionCode.MMR_INDEX_MISMATCH, Resolution.CLAIMED_INDEX, "T-MMR-d"),
    Incident(peak_too_many, RejectionCode.MMR_PEAK_COUNT, Resolution.PEAK_COUNT, "T-MMR-a"),
    Incident(size_of_no_range, RejectionCode.MMR_SIZE_NOT_CANONICAL, Resolution.CANONICAL_SIZE, "T-MMR-b"),
    Incident(size_beside_the_root, RejectionCode.MMR_ROOT_MISMATCH, Resolution.SIZED_ROOT, "T-MMR-e"),
    Incident(item_left_over, RejectionCode.MMR_PROOF_TOO_LONG, Resolution.EXACT_ITEMS, "T-MMR-h"),
]


@pytest.mark.parametrize("incident", INCIDENTS, ids=str)
def test_the_forgery_is_refused_by_one_rule_alone(incident: Incident) -> None:
    with pytest.raises(Rejected) as caught:
        incident.forgery(HARDENED)
    assert caught.value.code is incident.code
    incident.forgery(HARDENED.without(incident.rule))


@pytest.mark.parametrize("incident", INCIDENTS, ids=str)
def test_a_theorem_falls_without_the_rule(incident: Incident) -> None:
    without = HARDENED.without(incident.rule)
    theorem = load()[incident.theorem]
    assert incident.rule in theorem.needs
    verdict = theorem.judge(without)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.counterexample is not None
    assert replays(without, verdict.counterexample)


def test_two_bag_orders_split_the_clients_of_a_source_that_states_none() -> None:
    """With the operands of a bag exchanged, three peaks and more give another root, which no honest proof meets."""
    without = HARDENED.without(Resolution.BAG_ORDER)
    assert conforming_bag_orders(HARDENED) == (True,)
    assert conforming_bag_orders(without) == (True, False)
    left_first, right_first = HashCombiner(without), HashCombiner(without, left_peak_first=False)
    roots = [root_of_frontier(each, frontier_of(each, CONTENTS)) for each in (left_first, right_first)]
    assert roots[0] != roots[1]
    proof = prove_leaf(right_first, range_of(right_first, CONTENTS), LeafIndex(0))
    verify_leaf(right_first, roots[1], COUNT, LeafIndex(0), CONTENTS[0], proof)
    with pytest.raises(Rejected) as caught:
        verify_leaf(HashCombiner(HARDENED), roots[1], COUNT, LeafIndex(0), CONTENTS[0], proof)
    assert caught.value.code is RejectionCode.MMR_ROOT_MISMATCH
    verdict = load()["T-MMR-c"].judge(without)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.counterexample is not None
    assert replays(without, verdict.counterexample)


def boolean_verifier(*arguments: Any) -> bool:
    """A verifier that answers where this one raises."""
    try:
        verify_leaves(*arguments)
    except Rejected:
        return False
    return True


def careless_caller(*arguments: Any) -> tuple[Claim, ...]:
    """Hyperbridge, grovedb: the leaves that a caller believes who never looks at the verifier's answer."""
    boolean_verifier(*arguments)
    claims: tuple[Claim, ...] = arguments[3]
    return claims


def plain_caller(*arguments: Any) -> tuple[Claim, ...]:
    """The leaves that a caller believes who is just as careless with the verifier of this project."""
    verify_leaves(*arguments)
    claims: tuple[Claim, ...] = arguments[3]
    return claims


def test_a_rejection_cannot_be_overlooked_as_a_boolean_can() -> None:
    combiner, mountains, root = honest(HARDENED)
    proof = prove_leaves(combiner, mountains, (LeafIndex(4),))
    claims = (Claim(LeafIndex(4), FORGED),)
    assert careless_caller(combiner, root, COUNT, claims, proof) == claims
    with pytest.raises(Rejected) as caught:
        plain_caller(combiner, root, COUNT, claims, proof)
    assert caught.value.code is RejectionCode.MMR_ROOT_MISMATCH


def test_a_theorem_falls_with_a_caller_that_ignores_the_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mmr_leaves, "verify_leaves", careless_caller)
    verdict = load()["T-MMR-g"].judge(HARDENED)
    assert verdict.outcome is Outcome.REFUTED
    assert verdict.counterexample is not None
    assert verdict.counterexample.scenario == "mmr/forged-leaves"
