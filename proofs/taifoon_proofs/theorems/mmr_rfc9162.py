"""Section 2.1: bagged from the right, the range is the tree of RFC 9162, proofs included."""

from __future__ import annotations

from taifoon.core.mmr.combiner import HashCombiner, conforming_bag_orders
from taifoon.core.mmr.consistency import prove_consistency, subtree_items
from taifoon.core.mmr.frontier import bag_peaks, frontier_of
from taifoon.core.mmr.inclusion import prove_leaf
from taifoon.core.mmr.mountains import range_of
from taifoon.core.mmr.spans import whole
from taifoon.primitives.types import LeafCount, LeafIndex
from taifoon.profile import Parameters, Profile, Resolution, Suite
from taifoon_models.ranges import content
from taifoon_models.rfc9162 import consistency_proof, inclusion_path, tree_head
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Technique, Verdict

LEAVES_UP_TO = bound(40, 130)


@scenario("mmr/rfc9162")
def differs_from_rfc_9162(profile: Profile, trace: Trace, *, leaves: int) -> bool:
    """Under SHA-256 the bag, a path or a consistency proof of some conforming client is not that of RFC 9162."""
    rfc_profile = profile.with_parameters(Parameters(suite=Suite.SHA256))
    contents = tuple(content(index) for index in range(leaves))
    expected = (
        tree_head(contents),
        [inclusion_path(index, contents) for index in range(leaves)],
        [consistency_proof(old, contents) for old in range(1, leaves)],
    )
    for left_first in conforming_bag_orders(profile):
        combiner = HashCombiner(rfc_profile, left_peak_first=left_first)
        mountains = range_of(combiner, contents)
        span = whole(mountains.count)
        computed = (
            bag_peaks(combiner, frontier_of(combiner, contents)),
            [list(prove_leaf(combiner, mountains, LeafIndex(index)).items) for index in range(leaves)],
            [
                list(subtree_items(combiner, mountains, span, whole(LeafCount(old)), known=True))
                for old in range(1, leaves)
            ],
        )
        trace.state(
            "compare", leaves=leaves, left_peak_first=left_first, bag=bytes(computed[0]), rfc_9162_head=expected[0]
        )
        if computed != expected or sized_proofs_differ(combiner, contents, expected[2]):
            return True
    return False


def sized_proofs_differ(combiner: HashCombiner, contents: tuple[bytes, ...], expected: list[list[bytes]]) -> bool:
    """Whether a consistency proof against sized roots is anything but the RFC's with the hidden older head in front."""
    mountains = range_of(combiner, contents)
    for old, rfc_items in enumerate(expected, start=1):
        hidden = [tree_head(contents[:old])] if old & (old - 1) == 0 else []
        if list(prove_consistency(combiner, mountains, LeafCount(old)).items) != [*hidden, *rfc_items]:
            return True
    return False


@theorem(
    "T-MMR-i",
    requirements=("R-2.1-1", "R-4.1-6"),
    needs={Resolution.BAG_ORDER, Resolution.HASH_ROLES},
    technique=Technique.EXHAUSTIVE,
)
def the_bag_is_the_rfc_9162_head(profile: Profile) -> Verdict:
    """Against the RFC's recursive definitions, transcribed: head, every path and every consistency proof, byte by byte.

    So published vectors of RFC 9162 test this range, and every deviation of a hash, an operand or an order shows.
    """
    return exhaust(
        profile,
        "mmr/rfc9162",
        f"head, paths and consistency proofs of every range of 0 to {LEAVES_UP_TO} leaves",
        ({"leaves": leaves} for leaves in range(LEAVES_UP_TO + 1)),
    )
