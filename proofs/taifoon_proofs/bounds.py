"""Bounds of explorations: the ordinary ones, and those of a deep audit."""

from __future__ import annotations

import os
from typing import TypeVar

DEEP_VARIABLE = "TAIFOON_DEEP"

T = TypeVar("T")


def bound(ordinary: T, deep: T) -> T:
    """The bound of this process: the deep one where the environment asks for a deep audit."""
    return deep if os.environ.get(DEEP_VARIABLE) == "1" else ordinary
