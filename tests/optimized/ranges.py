"""What the tests of the optimised path share: profiles of each suite, leaves, and both ranges of them."""

from __future__ import annotations

from collections.abc import Sequence

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.mountains import MountainRange, range_of
from taifoon.primitives.types import Hash32
from taifoon.profile import HARDENED, Parameters, Profile, Suite
from taifoon_optimized.bulk_range import BulkRange

EDGES = sorted({0, *(2**power + offset for power in range(9) for offset in (-1, 0, 1))})
"""Counts about which something carries: 2^k - 1, 2^k and 2^k + 1."""


def of_suite(suite: Suite) -> Profile:
    return HARDENED.with_parameters(Parameters(suite=suite))


def leaves(count: int) -> list[bytes]:
    """Leaves of every length up to some blocks, no two alike."""
    return [b"%d:" % index + bytes([index % 251]) * (7 * index % 150) for index in range(count)]


def reference_range(profile: Profile, contents: Sequence[bytes]) -> MountainRange[Hash32]:
    return range_of(HashCombiner(profile), contents)


def bulk_range(profile: Profile, contents: Sequence[bytes], threads: int = 1) -> BulkRange:
    grown = BulkRange(profile, threads)
    grown.append(contents)
    return grown
