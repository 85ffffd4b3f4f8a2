"""Each rule of the verifiers refuses its own fault, under its own code, and nothing else does.

Every case starts from an honest call that is accepted and changes one thing in it. Where the rule is a resolution, the
same call is accepted by a verifier without that rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from taifoon.core.mmr import consistency, frontier, inclusion, shape
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import Head, SubtreeProof, prove_consistency, prove_subtree
from taifoon.core.mmr.frontier import frontier_of
from taifoon.core.mmr.inclusion import Claim, InclusionProof, prove_leaves, prove_run
from taifoon.core.mmr.mountains import MountainRange, range_of, root_of_range, span_value
from taifoon.core.mmr.shape import MAX_LEAVES, node_count
from taifoon.core.mmr.spans import Span, whole
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode

COUNT, OLD = LeafCount(11), LeafCount(6)
CONTENTS = tuple(b"leaf %d" % index for index in range(COUNT))
OTHER = bytes(range(32))
Call = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Honest:
    """A range of 11 leaves under a profile, and an accepted call of each verifier."""

    profile: Profile

    @property
    def combiner(self) -> HashCombiner:
        return HashCombiner(self.profile)

    def prefix(self, count: int) -> MountainRange[Hash32]:
        return range_of(self.combiner, CONTENTS[:count])

    def root(self, count: int) -> Hash32:
        return root_of_range(self.combiner, self.prefix(count))

    def range_call(self, **arguments: Any) -> Call:
        return {"combiner": self.combiner, "root": self.root(COUNT), "count": COUNT, **arguments}

    def verify_leaves(self) -> Call:
        indices = (LeafIndex(4), LeafIndex(10))
        proof = prove_leaves(self.combiner, self.prefix(COUNT), indices)
        return self.range_call(claims=tuple(Claim(index, CONTENTS[index]) for index in indices), proof=proof)

    def verify_run(self) -> Call:
        run = Span(3, 6)
        proof = prove_run(self.combiner, self.prefix(COUNT), run)
        return self.range_call(run=run, contents=CONTENTS[3:6], proof=proof)

    def verify_subtree(self) -> Call:
        # It ends inside [4, 8), so that its value comes from the items and is compared with the claimed one.
        subtree = Span(0, 6)
        mountains = self.prefix(COUNT)
        proof = prove_subtree(self.combiner, mountains, subtree)
        return self.range_call(subtree=subtree, value=span_value(self.combiner, mountains, subtree), proof=proof)

    def verify_consistency(self) -> Call:
        proof = prove_consistency(self.combiner, self.prefix(COUNT), OLD)
        return self.range_call(old_count=OLD, old_root=self.root(OLD), proof=proof)

    def adopt_head(self) -> Call:
        call = self.verify_consistency()
        offered = Head(COUNT, call["root"])
        return {
            "combiner": self.combiner,
            "known": Head(OLD, call["old_root"]),
            "offered": offered,
            "proof": call["proof"],
        }

    def leaf_count(self) -> Call:
        return {"profile": self.profile, "size": node_count(COUNT)}

    def checked_frontier(self) -> Call:
        peaks = frontier_of(self.combiner, CONTENTS).peaks
        return {"profile": self.profile, "count": COUNT, "peaks": peaks}

    def call(self, verifier: str) -> Call:
        made: Call = getattr(self, verifier)()
        return made


VERIFIERS: dict[str, Callable[..., object]] = {
    "verify_leaves": inclusion.verify_leaves,
    "verify_run": inclusion.verify_run,
    "verify_subtree": consistency.verify_subtree,
    "verify_consistency": consistency.verify_consistency,
    "adopt_head": consistency.adopt_head,
    "leaf_count": shape.leaf_count,
    "checked_frontier": frontier.checked_frontier,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A verifier, what is wrong, the code, how the honest call is changed, and the resolution that is the rule."""

    verifier: str
    what: str
    code: RejectionCode
    change: Callable[[Call], Call]
    rule: Resolution | None = None

    def __str__(self) -> str:
        return f"{self.verifier}-{self.what.replace(' ', '-')}"

    def attempt(self, profile: Profile) -> object:
        honest = Honest(profile).call(self.verifier)
        return VERIFIERS[self.verifier](**{**honest, **self.change(honest)})


def put(**changed: Any) -> Callable[[Call], Call]:
    """Another value for one argument."""
    return lambda _: changed


def items(alter: Callable[[tuple[bytes, ...]], tuple[Any, ...]]) -> Callable[[Call], Call]:
    """Other items in the proof; what the proof is of stays."""

    def change(call: Call) -> Call:
        proof = call["proof"]
        if isinstance(proof, InclusionProof):
            return {"proof": InclusionProof(proof.indices, alter(proof.items))}
        return {"proof": SubtreeProof(proof.subtree, alter(proof.items))}

    return change


def claims(alter: Callable[[tuple[Claim, ...]], tuple[Claim, ...]]) -> Callable[[Call], Call]:
    """Other claims, with a proof that says it is of them; its items stay."""

    def change(call: Call) -> Call:
        altered = alter(call["claims"])
        indices = tuple(claim.index for claim in altered)
        return {"claims": altered, "proof": InclusionProof(indices, call["proof"].items)}

    return change


def relabelled(position: int, index: int) -> Callable[[tuple[Claim, ...]], tuple[Claim, ...]]:
    """The claim at a position speaks of another leaf index."""

    def alter(before: tuple[Claim, ...]) -> tuple[Claim, ...]:
        named = Claim(LeafIndex(index), before[position].content)
        return (*before[:position], named, *before[position + 1 :])

    return alter


def item_faults(verifier: str) -> list[Fault]:
    """What can be wrong with the items of any proof."""
    return [
        Fault(verifier, "no item", RejectionCode.MMR_PROOF_TOO_SHORT, items(lambda _: ())),
        Fault(verifier, "last item missing", RejectionCode.MMR_PROOF_TOO_SHORT, items(lambda old: old[:-1])),
        Fault(
            verifier,
            "item left over",
            RejectionCode.MMR_PROOF_TOO_LONG,
            items(lambda old: (*old, OTHER)),
            Resolution.EXACT_ITEMS,
        ),
        Fault(verifier, "item of 31 bytes", RejectionCode.MMR_ITEM_SIZE, items(lambda old: (*old[:-1], old[-1][:31]))),
        Fault(verifier, "item of 33 bytes", RejectionCode.MMR_ITEM_SIZE, items(lambda old: (old[0] + b"\0", *old[1:]))),
        Fault(verifier, "item no bytes", RejectionCode.MMR_ITEM_SIZE, items(lambda old: (old[0].hex(), *old[1:]))),
    ]


def range_faults(verifier: str, exchanged: RejectionCode) -> list[Fault]:
    """What can be wrong with the root and count of any range, and with the items of its proofs."""
    return [
        *item_faults(verifier),
        Fault(verifier, "another root", RejectionCode.MMR_ROOT_MISMATCH, put(root=OTHER)),
        Fault(verifier, "root of 31 bytes", RejectionCode.MMR_ITEM_SIZE, put(root=OTHER[:31])),
        Fault(verifier, "count above the limit", RejectionCode.MMR_FULL, put(count=LeafCount(MAX_LEAVES + 1))),
        Fault(
            verifier,
            "items exchanged",
            exchanged,
            items(lambda old: (*old[:-2], old[-1], old[-2])),
        ),
    ]


LEAVES, RUN = "verify_leaves", "verify_run"
INDEX_RANGE, MISMATCH = RejectionCode.MMR_INDEX_OUT_OF_RANGE, RejectionCode.MMR_INDEX_MISMATCH
UNSORTED, SUBTREE = RejectionCode.MMR_POSITIONS_UNSORTED, RejectionCode.MMR_SUBTREE_INVALID
RELABELLED, UNIQUE, BOUND = Resolution.CLAIMED_INDEX, Resolution.UNIQUE_POSITIONS, Resolution.INDEX_BOUND

LEAF_FAULTS = [
    *range_faults(LEAVES, RejectionCode.MMR_ROOT_MISMATCH),
    Fault(LEAVES, "negative count", RejectionCode.MMR_FULL, put(count=LeafCount(-1))),
    Fault(LEAVES, "no claim", RejectionCode.MMR_POSITIONS_EMPTY, put(claims=())),
    Fault(LEAVES, "no claim and no leaf proved", RejectionCode.MMR_POSITIONS_EMPTY, claims(lambda _: ())),
    Fault(
        LEAVES,
        "claim of another leaf",
        MISMATCH,
        lambda call: {"claims": relabelled(0, 5)(call["claims"])},
        RELABELLED,
    ),
    Fault(
        LEAVES, "claims of each other's leaf", MISMATCH, lambda call: {"claims": exchanged(call["claims"])}, RELABELLED
    ),
    Fault(LEAVES, "claim too few", MISMATCH, lambda call: {"claims": call["claims"][:1]}),
    Fault(LEAVES, "leaves in falling order", UNSORTED, claims(lambda old: old[::-1]), UNIQUE),
    Fault(LEAVES, "leaf named twice", UNSORTED, claims(lambda old: (old[0], *old)), UNIQUE),
    Fault(LEAVES, "index of the count", INDEX_RANGE, claims(relabelled(1, 11)), BOUND),
    Fault(LEAVES, "index far beyond the count", INDEX_RANGE, claims(relabelled(1, 1 << 40)), BOUND),
    Fault(LEAVES, "negative index", INDEX_RANGE, claims(relabelled(0, -1))),
    Fault(LEAVES, "another leaf", RejectionCode.MMR_ROOT_MISMATCH, lambda call: {"claims": forged(call["claims"])}),
]


def exchanged(honest: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """The contents stay in the order of the proof; each is claimed of the other's index."""
    indices = (claim.index for claim in reversed(honest))
    return tuple(Claim(index, claim.content) for index, claim in zip(indices, honest, strict=True))


def forged(honest: tuple[Claim, ...]) -> tuple[Claim, ...]:
    return (Claim(honest[0].index, b"forged"), *honest[1:])


RUN_FAULTS = [
    *range_faults(RUN, RejectionCode.MMR_ROOT_MISMATCH),
    Fault(RUN, "run longer than its leaves", MISMATCH, put(run=Span(3, 7))),
    Fault(RUN, "leaf missing", MISMATCH, put(contents=CONTENTS[3:5])),
    Fault(RUN, "shifted run", MISMATCH, put(run=Span(4, 7)), RELABELLED),
    Fault(RUN, "empty run", RejectionCode.MMR_POSITIONS_EMPTY, put(run=Span(3, 3), contents=())),
    Fault(RUN, "leaves exchanged", RejectionCode.MMR_ROOT_MISMATCH, put(contents=CONTENTS[5:2:-1])),
]

SUBTREE_FAULTS = [
    *range_faults("verify_subtree", RejectionCode.MMR_SUBTREE_MISMATCH),
    Fault("verify_subtree", "unaligned", SUBTREE, put(subtree=Span(1, 6))),
    Fault("verify_subtree", "backwards", SUBTREE, put(subtree=Span(6, 0))),
    Fault("verify_subtree", "empty", SUBTREE, put(subtree=Span(0, 0))),
    Fault("verify_subtree", "beyond the range", INDEX_RANGE, put(subtree=Span(0, 12))),
    Fault("verify_subtree", "proof of another", MISMATCH, put(subtree=Span(0, 5))),
    Fault("verify_subtree", "value of 31 bytes", RejectionCode.MMR_ITEM_SIZE, put(value=OTHER[:31])),
    Fault("verify_subtree", "another value", RejectionCode.MMR_SUBTREE_MISMATCH, put(value=OTHER)),
]

GROWTH = "verify_consistency"
CONSISTENCY_FAULTS = [
    *range_faults(GROWTH, RejectionCode.MMR_SUBTREE_MISMATCH),
    Fault(GROWTH, "shrinks", RejectionCode.MMR_SHRINKS, put(old_count=LeafCount(12))),
    Fault(GROWTH, "proof of another prefix", MISMATCH, put(old_count=LeafCount(7))),
    Fault(GROWTH, "another older root", RejectionCode.MMR_SUBTREE_MISMATCH, put(old_root=OTHER)),
    Fault(GROWTH, "older root of 31 bytes", RejectionCode.MMR_ITEM_SIZE, put(old_root=OTHER[:31])),
    Fault(GROWTH, "older count negative", SUBTREE, put(old_count=LeafCount(-1))),
]

ADOPT = "adopt_head"
HEAD_FAULTS = [
    *item_faults(ADOPT),
    Fault(ADOPT, "no proof", RejectionCode.MMR_UNPROVED_EXTENSION, put(proof=None), Resolution.CONSISTENCY),
    Fault(ADOPT, "shorter", RejectionCode.MMR_SHRINKS, put(offered=Head(LeafCount(5), OTHER)), Resolution.CONSISTENCY),
    Fault(ADOPT, "forked", RejectionCode.MMR_ROOT_MISMATCH, put(offered=Head(COUNT, OTHER)), Resolution.CONSISTENCY),
    Fault(
        ADOPT,
        "other past",
        RejectionCode.MMR_SUBTREE_MISMATCH,
        put(known=Head(OLD, OTHER)),
        Resolution.CONSISTENCY,
    ),
]

SHAPE_FAULTS = [
    Fault(
        "leaf_count", "size of no range", RejectionCode.MMR_SIZE_NOT_CANONICAL, put(size=20), Resolution.CANONICAL_SIZE
    ),
    Fault("leaf_count", "negative size", RejectionCode.MMR_FULL, put(size=-1)),
    Fault("leaf_count", "above the limit", RejectionCode.MMR_FULL, put(size=node_count(MAX_LEAVES) + 1)),
    Fault(
        "checked_frontier",
        "peak too many",
        RejectionCode.MMR_PEAK_COUNT,
        lambda call: {"peaks": (*call["peaks"], OTHER)},
        Resolution.PEAK_COUNT,
    ),
    Fault("checked_frontier", "above the limit", RejectionCode.MMR_FULL, put(count=LeafCount(MAX_LEAVES + 1))),
]

FAULTS = [*LEAF_FAULTS, *RUN_FAULTS, *SUBTREE_FAULTS, *CONSISTENCY_FAULTS, *HEAD_FAULTS, *SHAPE_FAULTS]


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_the_honest_call_is_accepted(verifier: str) -> None:
    VERIFIERS[verifier](**Honest(HARDENED).call(verifier))


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_each_fault_has_its_own_code(fault: Fault) -> None:
    with pytest.raises(Rejected) as caught:
        fault.attempt(HARDENED)
    assert caught.value.code is fault.code
    assert caught.value.detail


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.rule], ids=str)
def test_without_its_rule_the_fault_is_accepted(fault: Fault) -> None:
    assert fault.rule is not None
    fault.attempt(HARDENED.without(fault.rule))


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.rule], ids=str)
def test_no_other_rule_of_the_range_stands_in_for_it(fault: Fault) -> None:
    # Without CONSISTENCY no proof of an extension is looked at, so that no fault in one is found.
    needed = {fault.rule, Resolution.CONSISTENCY} if fault.verifier == ADOPT else {fault.rule}
    for rule in Resolution:
        profile = HARDENED.without(rule)
        if rule.family == "RES-MMR" and needed <= profile.resolutions:
            with pytest.raises(Rejected) as caught:
                fault.attempt(profile)
            assert caught.value.code is fault.code


def test_a_proof_for_one_size_serves_another_only_under_a_root_without_size() -> None:
    def attempt(profile: Profile) -> None:
        honest = Honest(profile)
        proof = prove_leaves(honest.combiner, honest.prefix(3), (LeafIndex(0),))
        claim = (Claim(LeafIndex(0), CONTENTS[0]),)
        inclusion.verify_leaves(honest.combiner, honest.root(3), LeafCount(4), claim, proof)

    with pytest.raises(Rejected) as caught:
        attempt(HARDENED)
    assert caught.value.code is RejectionCode.MMR_ROOT_MISMATCH
    attempt(HARDENED.without(Resolution.SIZED_ROOT))


@pytest.mark.parametrize("profile", [HARDENED, HARDENED.without(Resolution.INDEX_BOUND)], ids=lambda item: item.name)
def test_an_empty_range_has_no_leaf_whatever_the_index_rule(profile: Profile) -> None:
    combiner = HashCombiner(profile)
    claim = (Claim(LeafIndex(0), b""),)
    with pytest.raises(Rejected) as caught:
        inclusion.verify_leaves(
            combiner, Honest(profile).root(0), LeafCount(0), claim, InclusionProof((LeafIndex(0),), ())
        )
    assert caught.value.code is RejectionCode.MMR_INDEX_OUT_OF_RANGE


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"proof": SubtreeProof(whole(LeafCount(0)), (OTHER,))}, "MMR_PROOF_TOO_LONG", id="an-item"),
        pytest.param({"old_root": OTHER}, "MMR_SUBTREE_MISMATCH", id="another-older-root"),
        pytest.param({"root": OTHER[:31]}, "MMR_ITEM_SIZE", id="newer-root-of-31-bytes"),
    ],
)
def test_an_extension_of_the_empty_range_is_checked_too(change: Call, code: str) -> None:
    honest = Honest(HARDENED)
    proof = prove_consistency(honest.combiner, honest.prefix(COUNT), LeafCount(0))
    call = honest.range_call(old_count=LeafCount(0), old_root=honest.root(0), proof=proof)
    consistency.verify_consistency(**call)
    with pytest.raises(Rejected) as caught:
        consistency.verify_consistency(**{**call, **change})
    assert caught.value.code is RejectionCode[code]


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_every_code_that_a_verifier_documents_has_a_case(verifier: str) -> None:
    documented = set(re.findall(r"MMR_[A-Z_]+[A-Z]", VERIFIERS[verifier].__doc__ or ""))
    shown = {fault.code.name for fault in FAULTS if fault.verifier == verifier}
    assert documented <= shown
