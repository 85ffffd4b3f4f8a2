"""Section 2.3 and conventions: what identifies a chain (R-2.3-1): its rules, its parameters and its beginning.

The profile's hash is part of the chain id, and the chain id of every signed statement; so clients with other rules or
other parameters never mistake each other's signatures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from taifoon.primitives.encoding import U32, U64, Length, Maximum, encode
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import Hash32
from taifoon.profile import Profile, Suite

MAX_RESOLUTIONS = 256
MAX_RESOLUTION_NAME = 64


@dataclass(frozen=True, slots=True)
class ProfileDescription:
    """What a profile's hash covers: the ids of its resolutions in increasing order, and its parameters."""

    resolutions: Annotated[tuple[Annotated[bytes, Maximum(MAX_RESOLUTION_NAME)], ...], Maximum(MAX_RESOLUTIONS)]
    suite: Suite
    minimum_cluster: Annotated[int, U32]
    seed_lag: Annotated[int, U64]
    message_delay: Annotated[int, U64]
    timeout_doublings: Annotated[int, U32]
    time_tolerance: Annotated[int, U64]
    maximum_jobs: Annotated[int, U32]
    value_baseline: Annotated[int, U64]
    value_cap: Annotated[int, U64]
    cluster_target: Annotated[int, U32]
    count_rest: Annotated[int, U64]
    minimum_due: Annotated[int, U64]
    seat_stake: Annotated[int, U64]
    base_reward: Annotated[int, U64]
    bonus_cap: Annotated[int, U32]
    signature_window: Annotated[int, U32]
    inactivity_blocks: Annotated[int, U32]
    evidence_window: Annotated[int, U32]
    evidence_delay: Annotated[int, U32]
    unbonding_delay: Annotated[int, U32]
    reporter_share: Annotated[int, U32]
    job_life: Annotated[int, U64]
    gossip_fanout: Annotated[int, U32]
    gossip_hops: Annotated[int, U32]
    gossip_memory: Annotated[int, U64]
    message_lifetime: Annotated[int, U64]
    sender_quota: Annotated[int, U32]
    high_value: Annotated[int, U64]
    validating_clusters: Annotated[int, U32]
    reputation_cap: Annotated[int, U32]


@dataclass(frozen=True, slots=True)
class ChainDescription:
    """What a chain id covers."""

    profile: Annotated[Hash32, Length(32)]
    genesis: Annotated[Hash32, Length(32)]


def profile_hash(profile: Profile) -> Hash32:
    """Digest of a profile's rules and parameters; its name is for people and does not count."""
    description = ProfileDescription(
        tuple(sorted(resolution.value.encode() for resolution in profile.resolutions)),
        profile.parameters.suite,
        profile.parameters.minimum_cluster,
        profile.parameters.seed_lag,
        profile.parameters.message_delay,
        profile.parameters.timeout_doublings,
        profile.parameters.time_tolerance,
        profile.parameters.maximum_jobs,
        profile.parameters.value_baseline,
        profile.parameters.value_cap,
        profile.parameters.cluster_target,
        profile.parameters.count_rest,
        profile.parameters.minimum_due,
        profile.parameters.seat_stake,
        profile.parameters.base_reward,
        profile.parameters.bonus_cap,
        profile.parameters.signature_window,
        profile.parameters.inactivity_blocks,
        profile.parameters.evidence_window,
        profile.parameters.evidence_delay,
        profile.parameters.unbonding_delay,
        profile.parameters.reporter_share,
        profile.parameters.job_life,
        profile.parameters.gossip_fanout,
        profile.parameters.gossip_hops,
        profile.parameters.gossip_memory,
        profile.parameters.message_lifetime,
        profile.parameters.sender_quota,
        profile.parameters.high_value,
        profile.parameters.validating_clusters,
        profile.parameters.reputation_cap,
    )
    return hash_role(profile, Role.GENESIS, encode(ProfileDescription, description))


def chain_id(profile: Profile, genesis: Hash32) -> Hash32:
    """The id of a chain with these rules and this digest of its beginning."""
    return hash_role(profile, Role.GENESIS, encode(ChainDescription, ChainDescription(profile_hash(profile), genesis)))
