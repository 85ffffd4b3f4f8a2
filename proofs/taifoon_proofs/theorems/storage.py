"""Sections 2.1 and 7: logarithmic storage is enough to follow a range, and someone can prove each of its leaves."""

from __future__ import annotations

from functools import cache

from taifoon.core.mmr.frontier import root_of_frontier
from taifoon.core.mmr.inclusion import verify_leaf
from taifoon.core.storage import StorageRole, Store, answer_proof_request, empty_store, store_leaf, stored_values
from taifoon.primitives.types import Hash32, LeafIndex
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.ranges import content, ideal
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Technique, Verdict

LEAVES_UP_TO = 64


@cache
def filled(profile: Profile, role: StorageRole, leaves: int) -> Store[Hash32]:
    """The store of the first leaves."""
    if leaves == 0:
        return empty_store(profile, role)
    return store_leaf(ideal(profile), filled(profile, role, leaves - 1), content(leaves - 1))


@scenario("storage/unprovable-leaf")
def nobody_proves_the_leaf(profile: Profile, trace: Trace, *, leaves: int, index: int) -> bool:
    """No role can prove a leaf to a node of peaks, or that node keeps more, or a role refuses by a wrong name."""
    combiner = ideal(profile)
    light = filled(profile, StorageRole.LIGHT, leaves)
    root = root_of_frontier(combiner, light.frontier)
    trace.state("store", leaves=leaves, light_holds=stored_values(light), index=index, proved_by=())
    proved_by, refusals = [], set()
    for role in StorageRole:
        try:
            proof = answer_proof_request(combiner, filled(profile, role, leaves), LeafIndex(index))
            verify_leaf(combiner, root, light.frontier.count, LeafIndex(index), content(index), proof)
        except Rejected as rejected:
            trace.state(f"ask {role.name.lower()}", answer=rejected.code.name)
            refusals.add(rejected.code)
            continue
        proved_by.append(role.name.lower())
        trace.state(f"ask {role.name.lower()}", answer="proof accepted", proved_by=tuple(proved_by))
    honest_refusals = refusals <= {RejectionCode.NODE_NOT_STORED}
    return not proved_by or not honest_refusals or 1 << stored_values(light) > leaves + 1


@theorem(
    "T-M7",
    requirements=("R-2.1-1", "R-4.1-5", "R-7-5"),
    needs={Resolution.ROLES},
    technique=Technique.EXHAUSTIVE,
)
def light_nodes_follow_and_archives_prove(profile: Profile) -> Verdict:
    """Every leaf of every range up to 64 leaves: the light node holds the peaks and verifies what an archive proves."""
    return exhaust(
        profile,
        "storage/unprovable-leaf",
        f"every leaf of every range of 1 to {LEAVES_UP_TO} leaves",
        ({"leaves": leaves, "index": index} for leaves in range(1, LEAVES_UP_TO + 1) for index in range(leaves)),
    )
