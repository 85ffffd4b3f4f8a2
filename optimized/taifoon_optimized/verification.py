"""Verification of many inclusion proofs, each with the rejection code that the reference gives (R-4.1-6, R-6.1-3).

Equals `taifoon.core.mmr.inclusion.verify_leaves`, proof by proof: 0 stands for accepted, any other number is that of a
`RejectionCode`. Columns hold proofs of one leaf with items of 32 octets; `verify_requests` takes whatever another node
sent, and gives what does not fit the columns to the reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.inclusion import Claim, InclusionProof, verify_leaves
from taifoon.core.mmr.shape import MAX_LEAVES
from taifoon.primitives.hashing import Role
from taifoon.primitives.types import Hash32, LeafCount
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_optimized.blake3_messages import BATCH
from taifoon_optimized.blake3_paths import climb
from taifoon_optimized.contents import Contents, Digests, Numbers, contents_of, digests_of
from taifoon_optimized.hashing import hash_batch, hash_each, hash_nodes, key_words, runs_in_tiles, words_of
from taifoon_optimized.paths import Paths, mountain_height, path_lengths
from taifoon_optimized.workers import ranges, run

Codes: TypeAlias = npt.NDArray[np.uint16]
"""0 for an accepted proof, else the number of a rejection code."""

ACCEPTED = 0

RULES = (
    Resolution.HASH_ROLES,
    Resolution.BAG_ORDER,
    Resolution.SIZED_ROOT,
    Resolution.INDEX_BOUND,
    Resolution.CLAIMED_INDEX,
    Resolution.EXACT_ITEMS,
)
"""The rules that the columns are judged by; without one of them only the reference judges."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call of `verify_leaves`: the head, the claims about it, and their proof."""

    root: Hash32
    count: LeafCount
    claims: tuple[Claim, ...]
    proof: InclusionProof[Hash32]


def judges_columns(profile: Profile) -> bool:
    """Whether a profile has every rule that the columns are judged by."""
    return all(rule in profile for rule in RULES)


def first_rejection(codes: Codes) -> tuple[int, RejectionCode] | None:
    """The first proof that was refused, and why."""
    refused = np.flatnonzero(codes)
    if not refused.size:
        return None
    return int(refused[0]), code_of(int(codes[refused[0]]))


def code_of(number: int) -> RejectionCode:
    """The rejection code of a number."""
    return next(code for code in RejectionCode if code.number == number)


def verify_paths(
    profile: Profile,
    roots: Digests,
    proofs: Paths,
    contents: Contents,
    claimed: Numbers | None = None,
    threads: int = 1,
) -> Codes:
    """The code of each proof that leaf `claimed[i]` of the range (counts[i], roots[i]) is message i.

    `roots` is one row for all proofs or one for each; `claimed` is what the proofs are of, unless given. A profile that
    lacks a rule of `RULES` raises ValueError.
    """
    if not judges_columns(profile):
        missing = ", ".join(rule.value for rule in RULES if rule not in profile)
        raise ValueError(f"profile {profile.name!r} lacks {missing}: use verify_requests, which asks the reference")
    asked = proofs.indices if claimed is None else claimed
    if not len(contents) == asked.size == len(proofs):
        raise ValueError(f"{len(contents)} messages and {asked.size} claims for {len(proofs)} proofs: one of each")
    expected = np.broadcast_to(roots, (len(proofs), 32))
    codes = np.zeros(len(proofs), np.uint16)
    counts, indices = proofs.counts, proofs.indices
    mark(codes, (counts < 0) | (counts > MAX_LEAVES), RejectionCode.MMR_FULL)
    mark(codes, asked != indices, RejectionCode.MMR_INDEX_MISMATCH)
    mark(codes, (indices < 0) | (indices >= counts), RejectionCode.MMR_INDEX_OUT_OF_RANGE)
    sound = np.flatnonzero(codes == ACCEPTED)
    needed, given = path_lengths(indices[sound], counts[sound]), np.diff(proofs.offsets)[sound]
    codes[sound[given < needed]] = RejectionCode.MMR_PROOF_TOO_SHORT.number
    codes[sound[given > needed]] = RejectionCode.MMR_PROOF_TOO_LONG.number
    right = sound[given == needed]
    order = right[np.argsort(-given[given == needed], kind="stable")]
    computed = computed_roots(profile, proofs, contents, order, threads)
    codes[right[np.any(computed[right] != expected[right], axis=1)]] = RejectionCode.MMR_ROOT_MISMATCH.number
    return codes


def mark(codes: Codes, refused: npt.NDArray[np.bool_], code: RejectionCode) -> None:
    """Give a code to those refused that have none yet: the first rule that is broken counts."""
    codes[refused & (codes == ACCEPTED)] = code.number


def computed_roots(profile: Profile, proofs: Paths, contents: Contents, order: Numbers, threads: int) -> Digests:
    """The roots that the proofs of an order lead to, in the rows of their numbers."""
    leaves = hash_batch(profile, Role.LEAF, contents, threads)
    if not runs_in_tiles(profile):
        return roots_by_levels(profile, proofs, leaves, order)
    roots = np.zeros((len(proofs), 32), np.uint8)
    node_key, root_key = key_words(Role.NODE), key_words(Role.ROOT)
    leaf_words, items, root_words = words_of(leaves), words_of(proofs.items), roots.view(np.uint64)

    def work(start: int, stop: int) -> None:
        part = order[start:stop]
        climb(node_key, root_key, part, proofs.indices, proofs.counts, leaf_words, items, proofs.offsets, root_words)

    run(work, ranges(0, order.size, threads, BATCH))
    return roots


def roots_by_levels(profile: Profile, proofs: Paths, leaves: Digests, order: Numbers) -> Digests:
    """The same for the other suites: all paths climb a level, then the next."""
    values = leaves.copy()
    indices, counts = proofs.indices, proofs.counts
    lengths = np.diff(proofs.offsets)
    heights = np.zeros(len(proofs), np.int64)
    for row in order:
        heights[row] = mountain_height(indices[row], counts[row])
    for level in range(int(lengths[order].max(initial=0))):
        rows = order[lengths[order] > level]
        inside = heights[rows] > level
        bagged = (heights[rows] == level) & (counts[rows] & ((1 << heights[rows]) - 1) != 0)
        right = np.where(inside, (indices[rows] >> level) & 1 != 0, ~bagged)[:, None]
        items = proofs.items[proofs.offsets[rows] + level]
        lefts, rights = np.where(right, items, values[rows]), np.where(right, values[rows], items)
        values[rows] = hash_nodes(profile, lefts, rights)
    roots = np.zeros((len(proofs), 32), np.uint8)
    messages = (int(counts[row]).to_bytes(8, "little") + values[row].tobytes() for row in order)
    roots[order] = hash_each(profile, Role.ROOT, messages)
    return roots


def fits_columns(request: Request) -> bool:
    """Whether a request is of one leaf, with whole numbers of 64 bits and digests of 32 octets throughout."""
    proof = request.proof
    if len(request.claims) != 1 or len(proof.indices) != 1:
        return False
    numbers = (request.count, request.claims[0].index, proof.indices[0])
    values = (request.root, *proof.items)
    return all(-(1 << 63) <= number < 1 << 63 for number in numbers) and all(
        isinstance(value, bytes) and len(value) == 32 for value in values
    )


def reference_code(combiner: HashCombiner, request: Request) -> int:
    """The code that the reference gives a request."""
    try:
        verify_leaves(combiner, request.root, request.count, request.claims, request.proof)
    except Rejected as rejected:
        return rejected.code.number
    return ACCEPTED


def verify_requests(profile: Profile, requests: Sequence[Request], threads: int = 1) -> Codes:
    """The code of each request, for any profile and any values in the proofs."""
    codes = np.zeros(len(requests), np.uint16)
    in_columns = judges_columns(profile)
    fitting = [number for number, request in enumerate(requests) if in_columns and fits_columns(request)]
    chosen = [requests[number] for number in fitting]
    combiner = HashCombiner(profile)
    for number in sorted(set(range(len(requests))) - set(fitting)):
        codes[number] = reference_code(combiner, requests[number])
    if chosen:
        lengths = np.array([0, *(len(request.proof.items) for request in chosen)], np.int64)
        proofs = Paths(
            np.array([request.count for request in chosen], np.int64),
            np.array([request.proof.indices[0] for request in chosen], np.int64),
            digests_of([item for request in chosen for item in request.proof.items]),
            np.cumsum(lengths),
        )
        codes[fitting] = verify_paths(
            profile,
            digests_of([request.root for request in chosen]),
            proofs,
            contents_of([request.claims[0].content for request in chosen]),
            np.array([request.claims[0].index for request in chosen], np.int64),
            threads,
        )
    return codes
