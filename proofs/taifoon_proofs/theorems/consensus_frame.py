"""The abstract voting system on one finite committee: what its sorts and fixed relations are there.

With the votes of a state added, this is a structure in which the proof's formulas are evaluated; with votes left open,
one in which a solver looks for a state.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

from taifoon.core.quorum import quorum
from taifoon_models.voting import GENESIS, Committee

GENESIS_NAME = "0"


def frame(committee: Committee) -> dict[str, Any]:
    """What of the structure does not change from state to state."""
    blocks = committee.blocks
    by_hash = {link.block_hash: name for name, link in blocks.items()} | {GENESIS: GENESIS_NAME}
    view = {GENESIS_NAME: 0, **{name: int(link.view) for name, link in blocks.items()}}
    parent = {GENESIS_NAME: GENESIS_NAME, **{name: by_hash[link.parent_hash] for name, link in blocks.items()}}

    def is_ancestor(older: str, newer: str) -> bool:
        while newer not in (older, GENESIS_NAME):
            newer = parent[newer]
        return newer == older

    members = range(committee.seats)
    return {
        "Member": members,
        "Quorum": list(combinations(members, quorum(committee.profile, committee.seats))),
        "Block": list(view),
        "View": range(committee.views + 1),
        "byzantine": lambda member: member >= committee.honest,
        "belongs": lambda member, signers: member in signers,
        "before": lambda first, second: first < second,
        "view_of": view.__getitem__,
        "parent": parent.__getitem__,
        "ancestor": is_ancestor,
        "genesis": GENESIS_NAME,
    }
