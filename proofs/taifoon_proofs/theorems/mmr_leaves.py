"""Section 2.1: proofs of several leaves at once: any set of them, or a contiguous run."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.inclusion import Claim, InclusionProof, prove_leaves, prove_run, verify_leaves, verify_run
from taifoon.core.mmr.spans import Span
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.ranges import ALIEN, alien, content, ideal, item, item_names, numbered, numbered_root
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.theorems.mmr_terms import agreement_claims
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

SETS_UP_TO = bound(8, 12)
RUNS_UP_TO = bound(24, 48)
OFFERS_UP_TO = 3
ALTERED_UP_TO = 8


@scenario("mmr/honest-leaves")
def honest_leaves_refused(profile: Profile, trace: Trace, *, leaves: int, indices: list[int]) -> bool:
    """Leaves that are in the range are refused, although the proof is the range's own."""
    combiner = ideal(profile)
    named = tuple(LeafIndex(index) for index in indices)
    proof = prove_leaves(combiner, numbered(combiner, leaves), named)
    claims = tuple(Claim(index, content(index)) for index in named)
    try:
        verify_leaves(combiner, numbered_root(combiner, leaves), LeafCount(leaves), claims, proof)
    except Rejected as rejected:
        trace.state("rejected", leaves=leaves, indices=tuple(indices), code=rejected.code.name)
        return True
    return False


@scenario("mmr/forged-leaves")
def forged_leaves_accepted(
    profile: Profile, trace: Trace, *, leaves: int, claims: list[list[Json]], proved: list[int], items: list[str]
) -> bool:
    """A verifier accepts claims of which one is of a leaf that is not at that place of the range."""
    combiner = ideal(profile)
    mountains = numbered(combiner, leaves)
    claimed = tuple(Claim(LeafIndex(index), text.encode()) for index, text in claims)  # type: ignore[arg-type,union-attr]
    proof = InclusionProof(
        tuple(LeafIndex(index) for index in proved), tuple(item(combiner, mountains, name) for name in items)
    )
    trace.state("offer", leaves=leaves, claims=tuple(map(tuple, claims)), proof_is_of=tuple(proved), items=tuple(items))
    try:
        verify_leaves(combiner, numbered_root(combiner, leaves), LeafCount(leaves), claimed, proof)
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return False
    trace.state("accepted")
    return any(claim.index >= leaves or claim.content != content(claim.index) for claim in claimed)


def offers_of_two(leaves: int) -> Iterator[dict[str, Json]]:
    """Every offer of two claims, in any order, with any items; the proof is of the claimed or of other leaves."""
    names = item_names(leaves)
    sequences = [list(chosen) for length in range(leaves + 1) for chosen in product(names, repeat=length)]
    texts = [*(content(index).decode() for index in range(leaves)), ALIEN]
    places = range(leaves + 1)
    for first, second in product(product(places, texts), repeat=2):
        claims: list[Json] = [list(first), list(second)]
        for proved in dict.fromkeys(((first[0], second[0]), (0, leaves - 1))):
            for items in sequences:
                yield {"leaves": leaves, "claims": claims, "proved": list(proved), "items": list(items)}


def subsets(leaves: int) -> Iterator[tuple[int, ...]]:
    """Every non-empty set of leaves, in increasing order."""
    for size in range(1, leaves + 1):
        yield from combinations(range(leaves), size)


@theorem(
    "T-MMR-g",
    requirements=("R-4.1-6", "R-6.1-3"),
    needs={Resolution.INDEX_BOUND, Resolution.UNIQUE_POSITIONS, Resolution.CLAIMED_INDEX},
    technique=Technique.COMBINED,
    assumptions=("AM1",),
)
def sets_of_leaves_are_proved(profile: Profile) -> Verdict:
    """Complete for every set of leaves of small ranges; sound by the induction over spans and by all small offers."""
    return conclude(
        prove("the inductive step from a span to its halves, for injective hashes", *agreement_claims(profile)),
        exhaust(
            profile,
            "mmr/honest-leaves",
            f"every set of leaves of ranges of 1 to {SETS_UP_TO} leaves",
            (
                {"leaves": leaves, "indices": list(indices)}
                for leaves in range(1, SETS_UP_TO + 1)
                for indices in subsets(leaves)
            ),
        ),
        exhaust(
            profile,
            "mmr/forged-leaves",
            f"every offer of two claims with items of the range or one alien, as many as leaves, "
            f"for ranges of 1 to {OFFERS_UP_TO} leaves",
            (case for leaves in range(1, OFFERS_UP_TO + 1) for case in offers_of_two(leaves)),
        ),
    )


ALTERATIONS = ("none", "leaf", "shifted", "longer", "shorter", "item", "item-added", "item-removed")


@scenario("mmr/altered-run")
def altered_run_accepted(
    profile: Profile, trace: Trace, *, leaves: int, start: int, stop: int, alteration: str
) -> bool:
    """A run of leaves is refused although it is the range's own, or accepted although it or its proof was altered."""
    combiner = ideal(profile)
    mountains = numbered(combiner, leaves)
    run = Span(start, stop)
    contents = tuple(content(index) for index in range(start, stop))
    proof = prove_run(combiner, mountains, run)
    run, contents, proof = altered(combiner, run, contents, proof, alteration)
    trace.state("offer", leaves=leaves, run=(run.start, run.stop), contents=contents, alteration=alteration)
    try:
        verify_run(combiner, numbered_root(combiner, leaves), LeafCount(leaves), run, contents, proof)
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return alteration == "none"
    trace.state("accepted")
    return alteration != "none"


def altered(
    combiner: HashCombiner, run: Span, contents: tuple[bytes, ...], proof: InclusionProof[Hash32], alteration: str
) -> tuple[Span, tuple[bytes, ...], InclusionProof[Hash32]]:
    """A run and its proof with one thing changed; where there is nothing to change, an alien item is added."""
    stray = alien(combiner.profile)
    indices, items = proof.indices, proof.items
    if alteration == "none":
        return run, contents, proof
    if alteration == "leaf":
        return run, (*contents[:-1], b"another leaf"), proof
    if alteration == "shifted":
        return Span(run.start + 1, run.stop + 1), contents, proof
    if alteration == "longer":
        longer = Span(run.start, run.stop + 1)
        return longer, (*contents, b"another leaf"), InclusionProof((*indices, LeafIndex(run.stop)), items)
    if alteration == "shorter" and run.size > 1:
        return Span(run.start, run.stop - 1), contents[:-1], InclusionProof(indices[:-1], items)
    if alteration == "item" and items:
        return run, contents, InclusionProof(indices, (stray, *items[1:]))
    if alteration == "item-removed" and items:
        return run, contents, InclusionProof(indices, items[:-1])
    return run, contents, InclusionProof(indices, (*items, stray))


@theorem(
    "T-MMR-f",
    requirements=("R-4.1-6", "R-2.1-11"),
    needs={Resolution.INDEX_BOUND, Resolution.CLAIMED_INDEX, Resolution.EXACT_ITEMS},
    technique=Technique.COMBINED,
    assumptions=("AM1",),
)
def runs_of_leaves_are_proved(profile: Profile) -> Verdict:
    """Complete for every run of small ranges; no altered run, proof or place is accepted; sound by the induction."""
    runs = [
        (leaves, start, stop)
        for leaves in range(1, RUNS_UP_TO + 1)
        for start in range(leaves)
        for stop in range(start + 1, leaves + 1)
    ]
    return conclude(
        prove("the inductive step from a span to its halves, for injective hashes", *agreement_claims(profile)),
        exhaust(
            profile,
            "mmr/altered-run",
            f"every run of ranges of 1 to {RUNS_UP_TO} leaves, and each of {len(ALTERATIONS) - 1} alterations "
            f"up to {ALTERED_UP_TO} leaves",
            (
                {"leaves": leaves, "start": start, "stop": stop, "alteration": alteration}
                for leaves, start, stop in runs
                for alteration in (ALTERATIONS if leaves <= ALTERED_UP_TO else ALTERATIONS[:1])
            ),
        ),
    )
