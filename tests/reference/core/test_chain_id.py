"""A chain is identified by its rules, its parameters and its beginning."""

from __future__ import annotations

import hashlib

import pytest

from taifoon.core.chain_id import ProfileDescription, chain_id, profile_hash
from taifoon.primitives.encoding import decode, encode
from taifoon.primitives.types import Hash32
from taifoon.profile import DOCUMENT, HARDENED, Parameters, Profile, Resolution, Suite

GENESIS = Hash32(bytes(32))


def test_every_rule_counts() -> None:
    hashes = {profile_hash(HARDENED), *(profile_hash(HARDENED.without(resolution)) for resolution in Resolution)}
    assert len(hashes) == 1 + len({HARDENED.without(resolution).resolutions for resolution in Resolution})
    assert profile_hash(DOCUMENT) not in hashes


@pytest.mark.parametrize(
    "parameters",
    [
        Parameters(suite=Suite.SHA256),
        Parameters(minimum_cluster=6),
        Parameters(seed_lag=3),
        Parameters(message_delay=300),
        Parameters(timeout_doublings=3),
        Parameters(time_tolerance=0),
        Parameters(maximum_jobs=1),
        Parameters(value_baseline=1),
        Parameters(value_cap=1_000_000),
        Parameters(cluster_target=5),
        Parameters(count_rest=2),
        Parameters(minimum_due=1),
        Parameters(seat_stake=20_000),
        Parameters(base_reward=0),
        Parameters(bonus_cap=3),
        Parameters(signature_window=9),
        Parameters(inactivity_blocks=33),
        Parameters(evidence_window=7),
        Parameters(evidence_delay=0),
        Parameters(unbonding_delay=11),
        Parameters(reporter_share=0),
        Parameters(job_life=9),
        Parameters(gossip_fanout=9),
        Parameters(gossip_hops=6),
        Parameters(gossip_memory=61_000),
        Parameters(message_lifetime=60_000),
        Parameters(sender_quota=128),
        Parameters(high_value=10000001),
        Parameters(validating_clusters=3),
        Parameters(reputation_cap=1001),
    ],
)
def test_every_parameter_counts(parameters: Parameters) -> None:
    assert profile_hash(HARDENED.with_parameters(parameters)) != profile_hash(HARDENED)


def test_the_name_does_not_count() -> None:
    renamed = Profile("another name", HARDENED.resolutions, HARDENED.parameters)
    assert profile_hash(renamed) == profile_hash(HARDENED)


def test_the_hash_is_that_of_the_described_octets() -> None:
    sha256 = HARDENED.with_parameters(Parameters(suite=Suite.SHA256))
    names = sorted(resolution.value for resolution in Resolution)
    octets = len(names).to_bytes(4, "little")
    octets += b"".join(len(name).to_bytes(4, "little") + name.encode() for name in names)
    octets += bytes([1]) + (5).to_bytes(4, "little") + (2).to_bytes(8, "little")
    octets += (250).to_bytes(8, "little") + (12).to_bytes(4, "little")
    octets += (5_000).to_bytes(8, "little") + (1_024).to_bytes(4, "little")
    octets += (1_000_000).to_bytes(8, "little") + (4_000_000).to_bytes(8, "little")
    octets += (10).to_bytes(4, "little") + (1).to_bytes(8, "little") + (100).to_bytes(8, "little")
    octets += (10_000_000).to_bytes(8, "little") + (100_000).to_bytes(8, "little")
    octets += b"".join(number.to_bytes(4, "little") for number in (2, 8, 32, 8, 1, 10, 1_000))
    octets += (8).to_bytes(8, "little")
    octets += (8).to_bytes(4, "little")
    octets += (5).to_bytes(4, "little")
    octets += (60_000).to_bytes(8, "little")
    octets += (120_000).to_bytes(8, "little")
    octets += (256).to_bytes(4, "little")
    octets += (10_000_000).to_bytes(8, "little")
    octets += (2).to_bytes(4, "little")
    octets += (1_000).to_bytes(4, "little")
    assert profile_hash(sha256) == hashlib.sha256(bytes([15]) + octets).digest()
    description = decode(ProfileDescription, octets)
    assert encode(ProfileDescription, description) == octets


def test_chains_differ_by_profile_and_by_genesis() -> None:
    ids = {chain_id(profile, genesis) for profile in (HARDENED, DOCUMENT) for genesis in (GENESIS, Hash32(b"g" * 32))}
    assert len(ids) == 4
