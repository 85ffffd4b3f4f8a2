"""The subjects of the vectors, in the order of the source. Importing this module registers every method."""

from __future__ import annotations

from collections.abc import Iterator

from taifoon_toolkit.vectors import (
    accountability,
    accumulated,
    assignment,
    beacon,
    block_cases,
    certificates,
    chain_cases,
    claims,
    closings,
    committee,
    control,
    duplication,
    economics,
    encoding,
    envelopes,
    epochs,
    gossip,
    gossip_runs,
    hashing,
    individual,
    leaf,
    messages,
    metrics,
    mmr_cases,
    network_cases,
    owners,
    reconciliation,
    request_cases,
    signatures,
    validations,
    validity_cases,
    violations,
    votes,
    waiting,
)
from taifoon_toolkit.vectors.case import Case, Trace

SUBJECTS = (
    encoding,
    hashing,
    signatures,
    mmr_cases,
    leaf,
    assignment,
    beacon,
    epochs,
    closings,
    owners,
    certificates,
    votes,
    committee,
    block_cases,
    validity_cases,
    chain_cases,
    network_cases,
    duplication,
    metrics,
    control,
    messages,
    envelopes,
    request_cases,
    claims,
    gossip,
    gossip_runs,
    waiting,
    economics,
    accountability,
    validations,
    reconciliation,
    individual,
    violations,
    accumulated,
)


def all_cases() -> Iterator[Case | Trace]:
    """Every case of every subject."""
    for subject in SUBJECTS:
        yield from subject.cases()
