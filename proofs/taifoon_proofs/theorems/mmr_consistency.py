"""Section 2.1: a range extends its past, and its subtrees belong to it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import z3

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import (
    Head,
    SubtreeProof,
    adopt_head,
    prove_consistency,
    prove_subtree,
    verify_subtree,
)
from taifoon.core.mmr.mountains import MountainRange, range_of, root_of_range, span_value
from taifoon.core.mmr.spans import Span, is_subtree, join, whole
from taifoon.primitives.types import Hash32, LeafCount
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.ranges import alien, content, ideal, item, item_names, numbered, numbered_root, spans_of
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.theorems.mmr_terms import VALUE, TermCombiner, agreement_claims, injective, node_hash
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

EXTENSIONS_UP_TO = bound(64, 128)
FORKS_UP_TO = 4
SUBTREES_UP_TO = bound(32, 96)
OFFERED_SUBTREES_UP_TO = 4


@scenario("mmr/honest-extension")
def honest_extension_refused(profile: Profile, trace: Trace, *, known: int, leaves: int) -> bool:
    """A light client refuses a head that extends the one it holds, although it is given the range's own proof."""
    combiner = ideal(profile)
    old = Head(LeafCount(known), numbered_root(combiner, known))
    new = Head(LeafCount(leaves), numbered_root(combiner, leaves))
    try:
        adopt_head(combiner, old, new, prove_consistency(combiner, numbered(combiner, leaves), old.count))
    except Rejected as rejected:
        trace.state("rejected", known=known, offered=leaves, code=rejected.code.name)
        return True
    return False


@scenario("mmr/false-past")
def false_past_accepted(profile: Profile, trace: Trace, *, known: int, leaves: int) -> bool:
    """A range is accepted as extending a head that no range has, because its proof is never held against that head."""
    combiner = ideal(profile)
    held = Head(LeafCount(known), alien(profile))
    offered = Head(LeafCount(leaves), numbered_root(combiner, leaves))
    trace.state("hold a false head", leaves=known, offered=leaves)
    try:
        adopt_head(combiner, held, offered, prove_consistency(combiner, numbered(combiner, leaves), held.count))
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return False
    trace.state("adopted")
    return True


def forked(combiner: HashCombiner, leaves: int, at: int) -> MountainRange[Hash32]:
    """A range that holds another leaf at one place."""
    return range_of(combiner, [content(index) if index != at else b"fork" for index in range(leaves)])


@scenario("mmr/forked-head")
def forked_head_adopted(
    profile: Profile, trace: Trace, *, known: int, leaves: int, fork: int, items: list[str] | None = None
) -> bool:
    """A light client that holds a head adopts one of a range that does not begin with the same leaves.

    The offered range differs from the known one at leaf `fork`; items starting with `~` are values of that range.
    """
    combiner = ideal(profile)
    true_range, false_range = numbered(combiner, leaves), forked(combiner, leaves, fork)
    held = Head(LeafCount(known), numbered_root(combiner, known))
    offered = Head(LeafCount(leaves), root_of_range(combiner, false_range))
    proof = None
    if items is not None:
        values = tuple(
            item(combiner, false_range if name.startswith("~") else true_range, name.lstrip("~")) for name in items
        )
        proof = SubtreeProof(whole(LeafCount(known)), values)
    trace.state("hold", leaves=known, offered=leaves, fork_at=fork, items=tuple(items) if items is not None else None)
    try:
        adopt_head(combiner, held, offered, proof)
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return False
    trace.state("adopted")
    return fork < known


def fork_offers(known: int, leaves: int) -> Iterator[dict[str, Json]]:
    """Every fork below the known leaves, without a proof and with any items of either range."""
    longest = (leaves - 1).bit_length() + 1
    for fork in range(known):
        yield {"known": known, "leaves": leaves, "fork": fork, "items": None}
        names = item_names(leaves)
        both = (*names, *(f"~{name}" for name, span in zip(names, spans_of(leaves), strict=False) if fork in span))
        for length in range(longest + 1):
            for items in product(both, repeat=length):
                yield {"known": known, "leaves": leaves, "fork": fork, "items": list(items)}


def two_sided_claims(profile: Profile) -> tuple[Claim, ...]:
    """A walk that ends inside a subtree uses one item on both sides, so that equal older values force equal newer ones.

    The older and the newer range share the left half of the span; its value enters both joins.
    """
    combiner = TermCombiner(profile)
    beside, true_beside, inner, true_inner = z3.Consts("beside true_beside inner true_inner", VALUE)
    older, newer = Span(0, 3), Span(0, 4)
    no_collision = injective(node_hash, (beside, inner), (true_beside, true_inner))
    outer = z3.Const("outer", VALUE)
    return (
        Claim(
            "equal-older-ranges-share-what-is-beside",
            (no_collision, join(combiner, older, beside, inner) == join(combiner, older, true_beside, true_inner)),
            z3.And(
                beside == true_beside,
                inner == true_inner,
                join(combiner, newer, beside, outer) == join(combiner, newer, true_beside, outer),
            ),
        ),
    )


@theorem(
    "T-M14",
    requirements=("R-6.1-7", "R-2.2-2", "R-4.1-4"),
    needs={Resolution.CONSISTENCY},
    technique=Technique.COMBINED,
    assumptions=("AM1",),
)
def heads_only_grow(profile: Profile) -> Verdict:
    """Complete for all pairs of small sizes; sound by induction over spans, and for every small offer of a fork."""
    return conclude(
        prove(
            "the inductive step from a span to its halves, for injective hashes",
            *agreement_claims(profile),
            *two_sided_claims(profile),
        ),
        exhaust(
            profile,
            "mmr/honest-extension",
            f"every pair of sizes from 0 to {EXTENSIONS_UP_TO} leaves",
            (
                {"known": known, "leaves": leaves}
                for leaves in range(EXTENSIONS_UP_TO + 1)
                for known in range(leaves + 1)
            ),
        ),
        exhaust(
            profile,
            "mmr/forked-head",
            f"every offer of a range of up to {FORKS_UP_TO} leaves that differs in one leaf, with items of both ranges "
            "or one alien, to one over the depth",
            (
                case
                for leaves in range(1, FORKS_UP_TO + 1)
                for known in range(1, leaves + 1)
                for case in fork_offers(known, leaves)
            ),
        ),
        exhaust(
            profile,
            "mmr/false-past",
            f"a false head of every size below each of 1 to {FORKS_UP_TO} leaves, with the range's own proof",
            ({"known": known, "leaves": leaves} for leaves in range(1, FORKS_UP_TO + 1) for known in range(leaves + 1)),
        ),
    )


@scenario("mmr/subtree-offer")
def false_subtree_accepted(
    profile: Profile, trace: Trace, *, leaves: int, start: int, stop: int, value: str, items: list[str]
) -> bool:
    """A verifier accepts a value that is not that of the subtree, or a proof other than the one there is."""
    combiner = ideal(profile)
    mountains = numbered(combiner, leaves)
    span = Span(start, stop)
    offered = item(combiner, mountains, value)
    proof = SubtreeProof(span, tuple(item(combiner, mountains, name) for name in items))
    trace.state("offer", leaves=leaves, subtree=(start, stop), value=value, items=tuple(items))
    try:
        verify_subtree(combiner, numbered_root(combiner, leaves), LeafCount(leaves), span, offered, proof)
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return False
    trace.state("accepted")
    return proof != prove_subtree(combiner, mountains, span) or offered != span_value(combiner, mountains, span)


@scenario("mmr/other-subtree")
def proof_of_another_subtree_accepted(
    profile: Profile, trace: Trace, *, leaves: int, claimed: list[int], proved: list[int]
) -> bool:
    """A value and its proof are accepted as those of another subtree."""
    combiner = ideal(profile)
    mountains = numbered(combiner, leaves)
    span, other = Span(*claimed), Span(*proved)
    value, proof = span_value(combiner, mountains, other), prove_subtree(combiner, mountains, other)
    trace.state("offer", leaves=leaves, claimed=tuple(claimed), proof_is_of=tuple(proved))
    try:
        verify_subtree(combiner, numbered_root(combiner, leaves), LeafCount(leaves), span, value, proof)
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return span == other
    trace.state("accepted")
    return span != other


@scenario("mmr/honest-subtree")
def honest_subtree_refused(profile: Profile, trace: Trace, *, leaves: int, start: int, stop: int) -> bool:
    """A subtree of the range is refused, although value and proof are the range's own."""
    combiner = ideal(profile)
    mountains = numbered(combiner, leaves)
    span = Span(start, stop)
    value, proof = span_value(combiner, mountains, span), prove_subtree(combiner, mountains, span)
    try:
        verify_subtree(combiner, numbered_root(combiner, leaves), LeafCount(leaves), span, value, proof)
    except Rejected as rejected:
        trace.state("rejected", leaves=leaves, subtree=(start, stop), code=rejected.code.name)
        return True
    return False


def subtrees_of(leaves: int) -> Iterator[Span]:
    """Every non-empty subtree within a range."""
    for stop in range(1, leaves + 1):
        for start in range(stop):
            if is_subtree(Span(start, stop)):
                yield Span(start, stop)


def subtree_offers(leaves: int) -> Iterator[dict[str, Json]]:
    """Every offer of a subtree: any value of the range or elsewhere, any items."""
    names = item_names(leaves)
    longest = (leaves - 1).bit_length() + 1
    sequences = [list(chosen) for length in range(longest + 1) for chosen in product(names, repeat=length)]
    for span in subtrees_of(leaves):
        for value, items in product(names, sequences):
            yield {"leaves": leaves, "start": span.start, "stop": span.stop, "value": value, "items": list(items)}


@theorem(
    "T-MMR-h",
    requirements=("R-4.1-6", "R-2.2-2"),
    needs={Resolution.EXACT_ITEMS},
    technique=Technique.COMBINED,
    assumptions=("AM1",),
)
def subtrees_are_proved(profile: Profile) -> Verdict:
    """Complete for every subtree of ranges up to a bound; one proof each, for every small offer; the induction."""
    return conclude(
        prove("the inductive step from a span to its halves, for injective hashes", *agreement_claims(profile)),
        exhaust(
            profile,
            "mmr/honest-subtree",
            f"every subtree of ranges of 1 to {SUBTREES_UP_TO} leaves",
            (
                {"leaves": leaves, "start": span.start, "stop": span.stop}
                for leaves in range(1, SUBTREES_UP_TO + 1)
                for span in subtrees_of(leaves)
            ),
        ),
        exhaust(
            profile,
            "mmr/subtree-offer",
            f"every offer of values and items of the range or one alien, to one over the depth, for subtrees of ranges "
            f"of 1 to {OFFERED_SUBTREES_UP_TO} leaves",
            (case for leaves in range(1, OFFERED_SUBTREES_UP_TO + 1) for case in subtree_offers(leaves)),
        ),
        exhaust(
            profile,
            "mmr/other-subtree",
            "every pair of subtrees of ranges of 1 to 8 leaves, the proof of one for the other",
            (
                {"leaves": leaves, "claimed": [one.start, one.stop], "proved": [other.start, other.stop]}
                for leaves in range(1, 9)
                for one, other in product(subtrees_of(leaves), repeat=2)
            ),
        ),
    )
