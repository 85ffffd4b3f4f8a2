"""Sections 2.1 and 2.4: what a job is, and how its life ends (R-2.1-2, R-2.4-2).

A job is what it asks for: its identity hashes that content and its client's nonce, so that the same job entered twice
is one job. It waits for a settled completion for a stated number of epochs, in each of which it has new owners.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from icontract import ensure

from taifoon.core.leaf import MMRLeaf, ProofType
from taifoon.core.mmr.combiner import HashFunction
from taifoon.primitives.encoding import U64, Length, encode
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import ChainId, ClusterId, Epoch, Hash32, Millis, PublicKey
from taifoon.profile import Profile, Resolution


@dataclass(frozen=True, slots=True)
class JobContent:
    """What a client asks for. Its encoding is 89 bytes, a length that no other message of the role `job` has."""

    job_type: ProofType
    source_chain: Annotated[ChainId, U64]
    target_chain: Annotated[ChainId, U64]
    payload_hash: Annotated[Hash32, Length(32)]
    client: Annotated[PublicKey, Length(32)]
    nonce: Annotated[int, U64]


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a job reached a node: an id that the sender wrote, a time, and an urgency."""

    claimed_id: Hash32
    timestamp: Millis
    priority: int


class JobPhase(Enum):
    """Where a job stands."""

    PENDING = "taken in, and completed by no owner"
    COMPLETED = "completed by an owner, and not settled"
    SETTLED = "settled by an epoch block"
    EXPIRED = "its last epoch is over"


def job_identity(profile: Profile, content: JobContent, claimed: Hash32, draw: HashFunction = hash_role) -> Hash32:
    """Rule: the id of a job. Literally whatever the sender wrote; repaired, the hash of what it asks for."""
    if Resolution.JOB_LIFE in profile:
        return draw(profile, Role.JOB, encode(JobContent, content))
    return claimed


@ensure(lambda result: result.is_intake)
def intake_leaf(profile: Profile, content: JobContent, arrival: Arrival, primary: ClusterId) -> MMRLeaf:
    """The intake leaf of a job that arrived so."""
    return MMRLeaf(
        job_identity(profile, content, arrival.claimed_id),
        content.job_type,
        content.source_chain,
        content.target_chain,
        arrival.timestamp,
        arrival.priority,
        primary,
        None,
    )


def last_epoch(profile: Profile, taken_in: int) -> int:
    """The last epoch in which a job that was taken in at `taken_in` may be settled. Runs on symbolic terms as well."""
    return taken_in + profile.parameters.job_life


def is_expired(profile: Profile, taken_in: int, now: int) -> bool:
    """Rule: whether a job is off the books in an epoch. Literally none ever is. Runs on symbolic terms as well."""
    if Resolution.JOB_LIFE in profile:
        return last_epoch(profile, taken_in) < now
    return False


def phase_of(profile: Profile, taken_in: Epoch, now: Epoch, *, completed: bool, settled: bool) -> JobPhase:
    """Where a job stands in an epoch. What is settled stays settled; what is not ends with its last epoch."""
    if settled:
        return JobPhase.SETTLED
    if is_expired(profile, taken_in, now):
        return JobPhase.EXPIRED
    return JobPhase.COMPLETED if completed else JobPhase.PENDING
