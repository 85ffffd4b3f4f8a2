"""Stretches of empty blocks that carry votes, held by certificates of any signers."""

from __future__ import annotations

from functools import cache

from taifoon.core.attestation import carries_votes
from taifoon.core.block import ClusterBlock, link_of
from taifoon.core.succession import Stretch
from taifoon.core.validity import apply_block
from taifoon.profile import Profile
from taifoon_models.blocks import START, first_state, proposal, votes_for_parent
from taifoon_models.epochs import finality


@cache
def attended_stretch(
    profile: Profile, seats: int, blocks: int, carried: tuple[int, ...], signers: tuple[int, ...]
) -> Stretch:
    """A stretch of so many blocks; each but the first carries the votes of the seats `carried` for its parent.

    Whoever holds it has certificates of the seats `signers`. Where blocks carry no votes, these carry none.
    """
    state = first_state(profile, seats)
    made: tuple[ClusterBlock, ...] = ()
    for view in range(1, blocks + 1):
        votes = votes_for_parent(profile, state, carried) if made and carries_votes(profile) else ()
        block = proposal(profile, state, view, START + view, attestations=votes)
        state = apply_block(profile, state, block)
        made = (*made, block)
    path = tuple(link_of(profile, block) for block in reversed(made))
    return Stretch(state.formation.cluster, made, finality(profile, state.committee, path, signers))
