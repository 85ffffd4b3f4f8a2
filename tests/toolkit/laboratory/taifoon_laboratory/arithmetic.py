"""What the laboratory's theorems are about."""

from __future__ import annotations

from taifoon.profile import Profile, Resolution


def threshold(profile: Profile, members: int) -> int:
    """How many members decide: half of them, or, repaired, more than half."""
    return members // 2 + 1 if Resolution.QUORUM in profile else (members + 1) // 2
