"""Verification of many consistency proofs, each with the code that the reference gives (R-6.1-7, R-4.1-4).

Equals `taifoon.core.mmr.consistency.verify_consistency`, proof by proof. The walk from the newer range down to the
older one is a word of directions; all proofs climb it from its end together, each with the values of both ranges.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import SubtreeProof, verify_consistency
from taifoon.core.mmr.shape import MAX_LEAVES
from taifoon.primitives.types import Hash32, LeafCount
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode
from taifoon_optimized.contents import Digests, Numbers, digests_of
from taifoon_optimized.hashing import hash_nodes
from taifoon_optimized.runs import check_columns, check_judged, sized_roots
from taifoon_optimized.verification import ACCEPTED, Codes, judges_columns, mark


@dataclass(frozen=True, slots=True, eq=False)
class Extensions:
    """Proof i is that `counts[i]` leaves begin with the first `old_counts[i]`: items `offsets[i]` and following.

    Raises ValueError for arrays that do not fit each other.
    """

    old_counts: Numbers
    counts: Numbers
    items: Digests
    offsets: Numbers

    def __post_init__(self) -> None:
        check_columns(self.items, self.offsets, old_counts=self.old_counts, counts=self.counts)

    def __len__(self) -> int:
        return int(self.counts.size)


@dataclass(frozen=True, slots=True)
class ExtensionRequest:
    """One call of `verify_consistency`: both heads, and the proof."""

    old_count: LeafCount
    old_root: Hash32
    count: LeafCount
    root: Hash32
    proof: SubtreeProof[Hash32]


@njit(cache=True, nogil=True)
def walks(old_counts: Numbers, counts: Numbers) -> tuple[Numbers, Numbers]:
    """For each pair of counts the steps from the newer range down to the end of the older one, and which go right.

    The first step is the lowest bit. A step to the right leaves a perfect span that both ranges have.
    """
    steps, turns = np.zeros(counts.size, np.int64), np.zeros(counts.size, np.int64)
    for number in range(counts.size):
        old, count = old_counts[number], counts[number]
        while old != count:
            half = 1
            while 2 * half < count:
                half *= 2
            if old <= half:
                count = half
            else:
                old, count = old - half, count - half
                turns[number] |= 1 << steps[number]
            steps[number] += 1
    return steps, turns


def verify_extensions(
    profile: Profile,
    old_roots: Digests,
    roots: Digests,
    proofs: Extensions,
    claimed: Numbers | None = None,
    threads: int = 1,
) -> Codes:
    """The code of each proof that the range (counts[i], roots[i]) begins with (claimed[i], old_roots[i]).

    Both roots are one row for all proofs or one for each; `claimed` are the older counts, those of the proofs unless
    given.
    A profile that lacks a rule of `RULES` raises ValueError.
    """
    check_judged(profile, "verify_extension_requests")
    older, counts = proofs.old_counts if claimed is None else claimed, proofs.counts
    if older.size != len(proofs):
        raise ValueError(f"{older.size} claims for {len(proofs)} proofs: one of each")
    old_expected, expected = (np.broadcast_to(each, (len(proofs), 32)) for each in (old_roots, roots))
    codes = np.zeros(len(proofs), np.uint16)
    mark(codes, counts < older, RejectionCode.MMR_SHRINKS)
    mark(codes, (counts < 0) | (counts > MAX_LEAVES), RejectionCode.MMR_FULL)
    mark(codes, older < 0, RejectionCode.MMR_SUBTREE_INVALID)
    mark(codes, older != proofs.old_counts, RejectionCode.MMR_INDEX_MISMATCH)
    sound = np.flatnonzero(codes == ACCEPTED)
    steps, turns = walks(np.maximum(older[sound], 1), np.maximum(counts[sound], 1))
    # Every range extends the empty one, and nothing is proved of it.
    begun = older[sound] > 0
    needed, given = np.where(begun, steps + 1, 0), np.diff(proofs.offsets)[sound]
    codes[sound[given < needed]] = RejectionCode.MMR_PROOF_TOO_SHORT.number
    codes[sound[given > needed]] = RejectionCode.MMR_PROOF_TOO_LONG.number

    fits = given == needed
    old_bags = np.broadcast_to(np.frombuffer(HashCombiner(profile).empty(), np.uint8), (sound.size, 32)).copy()
    bags = old_bags.copy()
    full = np.flatnonzero(fits & begun)
    old_bags[full], bags[full] = climbed(profile, proofs, sound[full], steps[full], turns[full], threads)
    right = sound[fits]
    old_computed = sized_roots(profile, older[right], old_bags[fits], threads)
    computed = sized_roots(profile, counts[right], bags[fits], threads)
    mismatch = np.zeros((2, len(proofs)), np.bool_)
    mismatch[0, right] = np.any(old_computed != old_expected[right], axis=1)
    mismatch[1, right] = np.any(computed != expected[right], axis=1) & begun[fits]
    mark(codes, mismatch[0], RejectionCode.MMR_SUBTREE_MISMATCH)
    mark(codes, mismatch[1], RejectionCode.MMR_ROOT_MISMATCH)
    return codes


def climbed(
    profile: Profile, proofs: Extensions, rows: Numbers, steps: Numbers, turns: Numbers, threads: int
) -> tuple[Digests, Digests]:
    """The bags of the older and the newer range to which proofs of the right length lead."""
    items = proofs.offsets[rows]
    older = proofs.items[items]
    newer = older.copy()
    for step in range(int(steps.max(initial=0))):
        climbing = np.flatnonzero(steps > step)
        both = (turns[climbing] >> (steps[climbing] - 1 - step)) & 1 != 0
        beside = proofs.items[items[climbing] + 1 + step]
        values = newer[climbing]
        lefts, rights = np.where(both[:, None], beside, values), np.where(both[:, None], values, beside)
        newer[climbing] = hash_nodes(profile, lefts, rights, threads)
        older[climbing[both]] = hash_nodes(profile, beside[both], older[climbing[both]], threads)
    return older, newer


def fits_columns(request: ExtensionRequest) -> bool:
    """Whether a request is of the start of a range, with numbers of 64 bits and digests of 32 octets throughout."""
    numbers = (request.old_count, request.count, request.proof.subtree.stop)
    values = (request.old_root, request.root, *request.proof.items)
    return (
        request.proof.subtree.start == 0
        and all(-(1 << 63) <= number < 1 << 63 for number in numbers)
        and all(isinstance(value, bytes) and len(value) == 32 for value in values)
    )


def reference_extension_code(combiner: HashCombiner, request: ExtensionRequest) -> int:
    """The code that the reference gives a request."""
    try:
        verify_consistency(combiner, request.old_count, request.old_root, request.count, request.root, request.proof)
    except Rejected as rejected:
        return rejected.code.number
    return ACCEPTED


def verify_extension_requests(profile: Profile, requests: Sequence[ExtensionRequest], threads: int = 1) -> Codes:
    """The code of each request, for any profile and any values in the proofs."""
    codes = np.zeros(len(requests), np.uint16)
    fitting = np.array([judges_columns(profile) and fits_columns(request) for request in requests], np.bool_)
    combiner = HashCombiner(profile)
    for number in np.flatnonzero(~fitting).tolist():
        codes[number] = reference_extension_code(combiner, requests[number])
    chosen = [requests[number] for number in np.flatnonzero(fitting).tolist()]
    if chosen:
        proofs = Extensions(
            np.array([request.proof.subtree.stop for request in chosen], np.int64),
            np.array([request.count for request in chosen], np.int64),
            digests_of([item for request in chosen for item in request.proof.items]),
            np.cumsum([0, *(len(request.proof.items) for request in chosen)], dtype=np.int64),
        )
        codes[fitting] = verify_extensions(
            profile,
            digests_of([request.old_root for request in chosen]),
            digests_of([request.root for request in chosen]),
            proofs,
            np.array([request.old_count for request in chosen], np.int64),
            threads,
        )
    return codes
