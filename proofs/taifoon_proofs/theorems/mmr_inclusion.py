"""Section 2.1: proofs that a leaf belongs to a range: complete and sound."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from taifoon.core.mmr.combiner import HashCombiner, conforming_bag_orders
from taifoon.core.mmr.frontier import root_of_frontier
from taifoon.core.mmr.inclusion import Claim as LeafClaim
from taifoon.core.mmr.inclusion import InclusionProof, prove_leaf, verify_leaf, verify_leaves
from taifoon.core.mmr.mountains import range_of, root_of_range
from taifoon.primitives.types import LeafCount, LeafIndex, NodePosition
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.ideal_hash import ShortHash
from taifoon_models.ranges import (
    ALIEN,
    IDEAL,
    appended,
    client,
    content,
    ideal,
    item,
    item_names,
    numbered,
    numbered_root,
)
from taifoon_proofs.bounds import bound
from taifoon_proofs.collisions import Collision, extract_collision
from taifoon_proofs.establish import exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.theorems.mmr_terms import agreement_claims
from taifoon_proofs.verdict import Counterexample, Json, Outcome, Technique, Verdict, conclude

COMPLETE_UP_TO = bound(256, 512)
SOUND_UP_TO = bound(4, 5)


@scenario("mmr/honest-proof")
def honest_proof_refused(
    profile: Profile, trace: Trace, *, leaves: int, index: int, prover: int, verifier: int
) -> bool:
    """A leaf that is in the range is refused, although prover and verifier follow the rules.

    Prover and verifier are given by the number of the bag order that their client chose among the conforming ones.
    """
    proving, verifying = client(profile, prover), client(profile, verifier)
    root = numbered_root(verifying, leaves)
    proof = prove_leaf(proving, numbered(proving, leaves), LeafIndex(index))
    if trace.recording:
        trace.state("choose", prover_bags_left_first=proving.left_peak_first, verifier=verifying.left_peak_first)
        trace.state("prove", leaves=leaves, index=index, items=tuple(IDEAL.show(term) for term in proof.items))
        trace.state("expect", root=IDEAL.show(root))
    try:
        verify_leaf(verifying, root, LeafCount(leaves), LeafIndex(index), content(index), proof)
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return True
    trace.state("accepted")
    return False


@scenario("mmr/frontier-root")
def frontier_and_range_differ(profile: Profile, trace: Trace, *, leaves: int) -> bool:
    """Appending to the peaks alone gives another root than keeping all nodes."""
    combiner = ideal(profile)
    root = root_of_frontier(combiner, appended(combiner, leaves))
    stored = numbered_root(combiner, leaves)
    if trace.recording:
        trace.state("append", leaves=leaves, of_frontier=IDEAL.show(root), of_range=IDEAL.show(stored))
    return root != stored


def honest_cases(profile: Profile) -> Iterator[dict[str, Json]]:
    """Every leaf of every range, for every pair of conforming clients."""
    clients = range(len(conforming_bag_orders(profile)))
    for leaves in range(1, COMPLETE_UP_TO + 1):
        for prover, verifier in product(clients, repeat=2):
            for index in range(leaves):
                yield {"leaves": leaves, "index": index, "prover": prover, "verifier": verifier}


@theorem(
    "T-MMR-c",
    requirements=("R-2.1-1", "R-4.1-6"),
    needs={Resolution.BAG_ORDER},
    technique=Technique.EXHAUSTIVE,
)
def every_leaf_is_provable(profile: Profile) -> Verdict:
    """Every leaf of every range up to a bound, over the ideal hash, between any two conforming clients.

    The frontier and the stored range give one root, at each of these sizes.
    """
    return conclude(
        exhaust(
            profile,
            "mmr/honest-proof",
            f"every leaf of every range of 1 to {COMPLETE_UP_TO} leaves",
            honest_cases(profile),
        ),
        exhaust(
            profile,
            "mmr/frontier-root",
            f"every range of 0 to {COMPLETE_UP_TO} leaves",
            ({"leaves": leaves} for leaves in range(COMPLETE_UP_TO + 1)),
        ),
    )


@scenario("mmr/forged-leaf")
def forged_leaf_accepted(
    profile: Profile, trace: Trace, *, leaves: int, index: int, claimed: str, proved: int, items: list[str]
) -> bool:
    """A verifier that knows the root and leaf count accepts a leaf that is not at that place of the range."""
    combiner = ideal(profile)
    mountains = numbered(combiner, leaves)
    root = numbered_root(combiner, leaves)
    proof = InclusionProof((LeafIndex(proved),), tuple(item(combiner, mountains, name) for name in items))
    if trace.recording:
        trace.state("range", leaves=leaves, root=IDEAL.show(root))
        trace.state("offer", index=index, claimed=claimed, proof_is_of=proved, items=tuple(items))
    try:
        verify_leaf(combiner, root, LeafCount(leaves), LeafIndex(index), claimed.encode(), proof)
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return False
    trace.state("accepted")
    return index >= leaves or claimed.encode() != content(index)


def forgeries(leaves: int) -> Iterator[dict[str, Json]]:
    """Every offer of an adversary: any index, any leaf, any index in the proof, any items of the range or elsewhere."""
    names = item_names(leaves)
    longest = (leaves - 1).bit_length() + 1
    sequences = [list(chosen) for length in range(longest + 1) for chosen in product(names, repeat=length)]
    texts = [*(content(index).decode() for index in range(leaves)), ALIEN]
    for index, proved, claimed in product(range(leaves + 1), range(leaves + 1), texts):
        for items in sequences:
            yield {"leaves": leaves, "index": index, "claimed": claimed, "proved": proved, "items": list(items)}


@scenario("mmr/extractor")
def no_collision_extracted(profile: Profile, trace: Trace, *, bits: int, leaves: int, index: int, tries: int) -> bool:
    """Two accepted proofs disagree about a leaf, and no collision can be extracted from them."""
    for other, collision in accepted_forgeries(profile, bits, leaves, index, tries):
        trace.state("accepted", index=index, forged=other, collision=str(collision))
        if collision is None:
            return True
    return False


def accepted_forgeries(
    profile: Profile, bits: int, leaves: int, index: int, tries: int
) -> Iterator[tuple[bytes, Collision | None]]:
    """Forged contents of a leaf that are accepted by chance, for short digests, and what is extracted from them."""
    combiner = HashCombiner(profile, hash=ShortHash(bits))
    mountains = range_of(combiner, [content(number) for number in range(leaves)])
    root, count, place = root_of_range(combiner, mountains), LeafCount(leaves), LeafIndex(index)
    honest = prove_leaf(combiner, mountains, place)
    first = ((LeafClaim(place, content(index)),), honest)
    for number in range(tries):
        forged = (LeafClaim(place, f"other {number}".encode()),)
        stray = combiner.leaf(NodePosition(0), place, f"stray {number}".encode())
        replaced = InclusionProof(honest.indices, (stray, *honest.items[1:])) if honest.items else honest
        for proof in dict.fromkeys((honest, replaced)):
            try:
                verify_leaves(combiner, root, count, forged, proof)
            except Rejected:
                continue
            yield forged[0].content, extract_collision(combiner, root, count, first, (forged, proof))


SHORT = ((8, 400), (12, 1_500))
SHORT_LEAVES = 5
FEWEST_FORGERIES = 100


def extraction(profile: Profile) -> Verdict:
    """The extractor on every forgery that is accepted by chance; too few of them would show nothing."""
    accepted = 0
    places = [(leaves, index) for leaves in range(1, SHORT_LEAVES + 1) for index in range(leaves)]
    for (bits, tries), (leaves, index) in product(SHORT, places):
        for _, collision in accepted_forgeries(profile, bits, leaves, index, tries):
            accepted += 1
            if collision is None:
                parameters = {"bits": bits, "leaves": leaves, "index": index, "tries": tries}
                found = Counterexample("mmr/extractor", parameters)
                return Verdict(Outcome.REFUTED, "a forgery without a collision", counterexample=found)
    if accepted < FEWEST_FORGERIES:
        return Verdict(Outcome.UNKNOWN, "the extractor", reason=f"only {accepted} forgeries were accepted by chance")
    reach = f"{accepted} forgeries accepted by chance against digests of 8 and 12 bits, each of which gives a collision"
    return Verdict(Outcome.EXHAUSTED, reach)


@theorem(
    "T-MMR-d",
    requirements=("R-4.1-6", "R-6.1-3"),
    needs={Resolution.INDEX_BOUND, Resolution.CLAIMED_INDEX},
    technique=Technique.COMBINED,
    assumptions=("AM1",),
)
def a_place_holds_one_leaf(profile: Profile) -> Verdict:
    """The inductive step over the spans in Z3, every small forgery over the ideal hash, extraction from short hashes.

    The step holds at every span: the shipped `join` over injective symbols gives equal values only to equal halves.
    Every offer of an adversary is explored for small ranges. With short digests forged leaves are accepted by chance,
    and each gives its collision.
    """
    offers = exhaust(
        profile,
        "mmr/forged-leaf",
        "every offer of an index up to the leaf count, a leaf, and items of the range or one alien, to one over the "
        f"depth, for ranges of 1 to {SOUND_UP_TO} leaves",
        (case for leaves in range(1, SOUND_UP_TO + 1) for case in forgeries(leaves)),
    )
    if not offers.outcome.holds:
        return offers
    step = prove("the inductive step from a span to its halves, for injective hashes", *agreement_claims(profile))
    return conclude(step, offers, extraction(profile))
