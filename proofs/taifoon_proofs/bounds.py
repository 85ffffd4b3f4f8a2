"""Bounds of explorations, the ordinary ones and those of a deep audit, and where these keep what they have."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

DEEP_VARIABLE = "TAIFOON_DEEP"
CHECKPOINTS_VARIABLE = "TAIFOON_CHECKPOINTS"

T = TypeVar("T")


def bound(ordinary: T, deep: T) -> T:
    """The bound of this process: the deep one where the environment asks for a deep audit."""
    return deep if os.environ.get(DEEP_VARIABLE) == "1" else ordinary


def checkpoint(name: str) -> Path | None:
    """Where a long search keeps what it has, to go on after an interrupt; None where no folder is set."""
    folder = os.environ.get(CHECKPOINTS_VARIABLE)
    return Path(folder) / f"{name}.npz" if folder else None
