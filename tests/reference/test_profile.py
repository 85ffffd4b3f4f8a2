"""A profile is a consistent set of repairs; what makes none is refused with the fix named."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.profile import (
    DOCUMENT,
    HARDENED,
    REQUIRES,
    Parameters,
    Profile,
    Resolution,
    Suite,
    dependents,
    profile_of,
)
from taifoon.rejection import Rejected, RejectionCode

REQUIREMENTS = [(item, needed) for item, required in REQUIRES.items() for needed in sorted(required, key=str)]


@pytest.mark.parametrize(("resolution", "needed"), REQUIREMENTS, ids=lambda item: item.value)
def test_a_profile_that_lacks_a_required_resolution_is_refused_with_the_fix(
    resolution: Resolution, needed: Resolution
) -> None:
    with pytest.raises(Rejected) as caught:
        profile_of("mixed", {*REQUIRES[resolution], resolution} - {needed})
    assert caught.value.code is RejectionCode.PROFILE_INCONSISTENT
    assert f"profile 'mixed' has {resolution.value}" in caught.value.detail
    assert f"which requires {needed.value}" in caught.value.detail
    assert f"add {needed.value} or drop {resolution.value}" in caught.value.detail
    closed = {item for item in Resolution if resolution in dependents(item) or item is resolution}
    assert resolution in profile_of("mixed", closed)


@pytest.mark.parametrize("resolution", Resolution, ids=lambda item: item.value)
def test_dropping_a_resolution_drops_what_requires_it_and_nothing_else(resolution: Resolution) -> None:
    weakened = HARDENED.without(resolution)
    assert resolution not in weakened
    dropped = HARDENED.resolutions - weakened.resolutions
    for other in dropped - {resolution}:
        assert REQUIRES[other] & dropped
    assert weakened.name == f"hardened-without-{resolution.value}"
    assert weakened.parameters == HARDENED.parameters
    assert resolution in HARDENED


def test_the_view_change_carries_the_rules_of_votes_in_views() -> None:
    assert dependents(Resolution.VIEW_CHANGE) == {
        Resolution.VIEW_CHANGE,
        Resolution.FINALISE_EXCLUDES_NULLIFY,
        Resolution.FINALISE_NEEDS_NOTARISATION,
        Resolution.CERTIFIED_PARENT,
        Resolution.NULLIFIED_GAP,
        Resolution.FINALITY_CARRIES_NOTARISATION,
    }


@settings(deadline=None, derandomize=True, max_examples=80)
@given(order=st.permutations(list(Resolution)))
def test_every_profile_on_the_way_from_hardened_to_document_is_consistent(order: list[Resolution]) -> None:
    profile = HARDENED
    for resolution in order:
        smaller = profile.without(resolution)
        assert smaller.resolutions <= profile.resolutions - {resolution}
        profile = smaller
    assert profile.resolutions == DOCUMENT.resolutions == frozenset()


def test_the_two_profiles_are_none_and_all() -> None:
    assert all(resolution in HARDENED and resolution not in DOCUMENT for resolution in Resolution)
    assert DOCUMENT.parameters.suite is Suite.SHA256
    assert HARDENED.parameters == Parameters(
        Suite.BLAKE3,
        minimum_cluster=5,
        seed_lag=2,
        message_delay=250,
        timeout_doublings=12,
        time_tolerance=5_000,
        maximum_jobs=1_024,
        value_baseline=1_000_000,
        value_cap=4_000_000,
        cluster_target=10,
        count_rest=1,
        minimum_due=100,
        seat_stake=10_000_000,
        base_reward=100_000,
        bonus_cap=2,
        signature_window=8,
        inactivity_blocks=32,
        evidence_window=8,
        evidence_delay=1,
        unbonding_delay=10,
        reporter_share=1_000,
        job_life=8,
        gossip_fanout=8,
        gossip_hops=5,
        gossip_memory=60_000,
        message_lifetime=120_000,
        sender_quota=256,
        high_value=10_000_000,
        validating_clusters=2,
        reputation_cap=1_000,
    )


def test_names_of_resolutions_are_unique_and_tell_their_family() -> None:
    values = [resolution.value for resolution in Resolution]
    assert len(set(values)) == len(values)
    assert Resolution.SIZED_ROOT.family == "RES-MMR"
    assert Resolution.QUORUM.family == "RES-QUORUM"
    assert all(resolution.family.startswith("RES-") for resolution in Resolution)


@pytest.mark.parametrize(
    ("field", "least"),
    [
        ("minimum_cluster", 1),
        ("seed_lag", 1),
        ("time_tolerance", 0),
        ("maximum_jobs", 1),
        ("value_baseline", 1),
        ("value_cap", 1_000_000),
        ("cluster_target", 5),
        ("count_rest", 1),
        ("minimum_due", 1),
    ],
)
@pytest.mark.parametrize("below", [1, 2])
def test_a_parameter_below_its_range_is_refused_with_the_fix(field: str, least: int, below: int) -> None:
    with pytest.raises(Rejected) as caught:
        Parameters(**{field: least - below})  # type: ignore[arg-type]
    assert caught.value.code is RejectionCode.PARAMETER_INVALID
    assert caught.value.detail.startswith(f"{field} is {least - below}")
    assert f"choose {least} or more" in caught.value.detail
    Parameters(**{field: least})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value", "fix"),
    [
        ("seat_stake", 0, "a multiple of 10000"),
        ("seat_stake", 10_001, "a multiple of 10000"),
        ("base_reward", -1, "0 or more"),
        ("bonus_cap", 0, "1 or more"),
        ("signature_window", -1, "0 or more"),
        ("inactivity_blocks", 8, "9 or more"),
        ("evidence_window", -1, "0 or more"),
        ("evidence_delay", -1, "0 or more"),
        ("unbonding_delay", 9, "10 or more"),
        ("gossip_fanout", 1, "2 or more"),
        ("gossip_hops", 0, "1 to 128"),
        ("gossip_hops", 129, "1 to 128"),
        ("gossip_memory", 0, "1 ms or more"),
        ("message_lifetime", 0, "1 ms or more"),
        ("sender_quota", 0, "1 or more"),
        ("reporter_share", -1, "0 to 9999"),
        ("reporter_share", 10_000, "0 to 9999"),
    ],
)
def test_a_parameter_of_money_outside_its_range_is_refused_with_the_fix(field: str, value: int, fix: str) -> None:
    with pytest.raises(Rejected) as caught:
        Parameters(**{field: value})  # type: ignore[arg-type]
    assert caught.value.code is RejectionCode.PARAMETER_INVALID
    assert caught.value.detail.startswith(f"{field} is {value}")
    assert caught.value.detail.endswith(f"choose {fix}")


def test_other_parameters_leave_the_resolutions() -> None:
    changed = HARDENED.with_parameters(Parameters(suite=Suite.KECCAK256))
    assert changed == Profile(HARDENED.name, HARDENED.resolutions, Parameters(suite=Suite.KECCAK256))
