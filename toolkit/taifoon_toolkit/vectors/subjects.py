"""The subjects of the vectors, in the order of the source. Importing this module registers every method."""

from __future__ import annotations

from collections.abc import Iterator

from taifoon_toolkit.vectors import (
    accountability,
    accumulated,
    assignment,
    certificates,
    duplication,
    economics,
    encoding,
    hashing,
    leaf,
    mmr_cases,
    signatures,
    votes,
)
from taifoon_toolkit.vectors.case import Case, Trace

SUBJECTS = (
    encoding,
    hashing,
    signatures,
    mmr_cases,
    leaf,
    assignment,
    certificates,
    votes,
    duplication,
    economics,
    accountability,
    accumulated,
)


def all_cases() -> Iterator[Case | Trace]:
    """Every case of every subject."""
    for subject in SUBJECTS:
        yield from subject.cases()
