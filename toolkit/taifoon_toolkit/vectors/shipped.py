"""The vectors that this version of the specification has."""

from __future__ import annotations

from functools import cache

from taifoon_toolkit.vectors.build import Vector, build


@cache
def shipped_vectors() -> tuple[Vector, ...]:
    """All vectors, built once in a process."""
    return build().vectors
