"""A job is what it asks for, and its life has an end."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from taifoon.core.job import Arrival, JobContent, JobPhase, intake_leaf, is_expired, job_identity, last_epoch, phase_of
from taifoon.core.leaf import ProofType
from taifoon.primitives.encoding import encode
from taifoon.primitives.types import ClusterId, Epoch, Millis
from taifoon.profile import HARDENED, Resolution
from taifoon_models.epochs import arrival, content
from taifoon_models.jobs import digest
from taifoon_models.keys import key

LIFE = HARDENED.parameters.job_life
AS_CLAIMED = HARDENED.without(Resolution.JOB_LIFE)
OTHER = {
    "job_type": ProofType.GROTH16,
    "source_chain": 2,
    "target_chain": 2,
    "payload_hash": digest("another payload"),
    "client": key(0),
    "nonce": 99,
}


def test_the_octets_of_a_jobs_content() -> None:
    octets = encode(JobContent, content(3))
    assert octets == bytes.fromhex("00 0100000000000000 0a00000000000000") + digest("payload 3") + key(23) + (
        b"\x03" + bytes(7)
    )
    assert len(octets) == 89


@pytest.mark.parametrize("name", [field.name for field in fields(JobContent)])
def test_each_field_of_the_content_makes_another_job(name: str) -> None:
    changed = replace(content(3), **{name: OTHER[name]})  # type: ignore[arg-type]
    assert job_identity(HARDENED, changed, digest("x")) != job_identity(HARDENED, content(3), digest("x"))


def test_one_job_entered_twice_is_one_job_and_two_only_without_the_rule() -> None:
    for profile, expected in ((HARDENED, 1), (AS_CLAIMED, 2)):
        leaves = [intake_leaf(profile, content(3), arrival(3, copy), ClusterId(copy)) for copy in range(2)]
        assert len({leaf.job_id for leaf in leaves}) == expected
        assert len({leaf.timestamp for leaf in leaves}) == 2


def test_an_intake_leaf_says_what_was_asked_and_how_it_arrived() -> None:
    leaf = intake_leaf(HARDENED, content(3), Arrival(digest("x"), Millis(17), 200), ClusterId(4))
    assert (leaf.timestamp, leaf.priority, leaf.assigned_cluster, leaf.proof_commitment) == (17, 200, 4, None)
    assert (leaf.job_type, leaf.source_chain, leaf.target_chain) == (ProofType.HEADER_INCLUSION, 1, 10)


def test_a_job_expires_when_its_last_epoch_is_over_and_never_without_the_rule() -> None:
    assert last_epoch(HARDENED, 5) == 5 + LIFE
    assert not is_expired(HARDENED, 5, 5 + LIFE)
    assert is_expired(HARDENED, 5, 6 + LIFE)
    assert not is_expired(AS_CLAIMED, 5, 10_000)


@pytest.mark.parametrize(
    ("now", "completed", "settled", "phase"),
    [
        (5, False, False, JobPhase.PENDING),
        (5, True, False, JobPhase.COMPLETED),
        (6 + LIFE, True, False, JobPhase.EXPIRED),
        (6 + LIFE, False, False, JobPhase.EXPIRED),
        (6 + LIFE, True, True, JobPhase.SETTLED),
    ],
)
def test_the_phases_of_a_job(now: int, completed: bool, settled: bool, phase: JobPhase) -> None:
    assert phase_of(HARDENED, Epoch(5), Epoch(now), completed=completed, settled=settled) is phase
