"""Verification of many proofs of contiguous runs, each with the code that the reference gives (R-4.1-6, R-6.1-3).

Equals `taifoon.core.mmr.inclusion.verify_run`, proof by proof. Bagged from the right, a range is the tree in which node
i of a level is over nodes 2i and 2i + 1 of the level below, and one without a right neighbour rises as it is. So all
runs climb a level together, and each takes at most two items on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.inclusion import InclusionProof, verify_run
from taifoon.core.mmr.shape import MAX_LEAVES
from taifoon.core.mmr.spans import Span
from taifoon.primitives.hashing import Role
from taifoon.primitives.types import Hash32, LeafCount
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode
from taifoon_optimized.contents import Contents, Digests, Numbers, contents_of, contents_of_rows, digests_of
from taifoon_optimized.exact import octets_of_words
from taifoon_optimized.hashing import hash_batch, hash_nodes
from taifoon_optimized.verification import ACCEPTED, RULES, Codes, judges_columns, mark


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Proof i is of the leaves `starts[i]` up to `stops[i]` in `counts[i]` leaves: items `offsets[i]` and following.

    Raises ValueError for arrays that do not fit each other, and for bounds of leaves beyond 2^62 on either side.
    """

    counts: Numbers
    starts: Numbers
    stops: Numbers
    items: Digests
    offsets: Numbers

    def __post_init__(self) -> None:
        check_columns(self.items, self.offsets, counts=self.counts, starts=self.starts, stops=self.stops)
        for name, column in (("starts", self.starts), ("stops", self.stops)):
            if column.size and not -MAX_LEAVES <= int(column.min()) <= int(column.max()) <= MAX_LEAVES:
                raise ValueError(f"{name}: each is between -2^62 and 2^62")

    def __len__(self) -> int:
        return int(self.counts.size)


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One call of `verify_run`: the head, the run and its contents, and their proof."""

    root: Hash32
    count: LeafCount
    run: Span
    contents: tuple[bytes, ...]
    proof: InclusionProof[Hash32]


def check_columns(items: Digests, offsets: Numbers, **columns: Numbers) -> None:
    """Demand int64 columns of one length, and offsets of the items of as many proofs."""
    for name, column in (*columns.items(), ("offsets", offsets)):
        if column.dtype != np.int64 or column.ndim != 1:
            raise ValueError(f"{name}: one row of int64 is needed")
    if len({offsets.size - 1, *(column.size for column in columns.values())}) != 1:
        raise ValueError(f"{', '.join(columns)}, offsets: one of each for a proof, and a last offset")
    if items.dtype != np.uint8 or items.ndim != 2 or items.shape[1] != 32:
        raise ValueError("items: rows of 32 uint8 are needed")
    if offsets[0] < 0 or offsets[-1] > len(items) or bool(np.any(np.diff(offsets) < 0)):
        raise ValueError(f"offsets: they must not fall, from 0 or more to {len(items)} items at most")


def check_judged(profile: Profile, instead: str) -> None:
    """Demand a profile with every rule that columns are judged by."""
    if not judges_columns(profile):
        missing = ", ".join(rule.value for rule in RULES if rule not in profile)
        raise ValueError(f"profile {profile.name!r} lacks {missing}: use {instead}, which asks the reference")


@njit(cache=True, nogil=True)
def run_items(start: int, last: int, greatest: int) -> tuple[int, int, int, int]:
    """The level at which a run is one node, and the items of its proof: left of it and right of it below, and above.

    `last` is the last leaf of the run, and `greatest` that of the range.
    """
    fork, left, right, above, level = 0, 0, 0, 0, 0
    while (start ^ last) >> fork:
        fork += 1
    while greatest >> level:
        to_left = (start >> level) & 1
        to_right = (last >> level) & 1 == 0 and last >> level < greatest >> level
        if level < fork:
            left += to_left
            right += to_right
        elif to_left or to_right:
            above += 1
        level += 1
    return fork, left, right, above


@njit(cache=True, nogil=True)
def shapes_of_runs(starts: Numbers, lasts: Numbers, greatest: Numbers) -> Numbers:
    """`run_items` of each run, in rows."""
    shapes = np.empty((starts.size, 4), np.int64)
    for number in range(starts.size):
        fork, left, right, above = run_items(starts[number], lasts[number], greatest[number])
        shapes[number, 0], shapes[number, 1], shapes[number, 2], shapes[number, 3] = fork, left, right, above
    return shapes


def verify_runs(
    profile: Profile,
    roots: Digests,
    proofs: Runs,
    contents: Contents,
    lengths: Numbers,
    claimed: tuple[Numbers, Numbers] | None = None,
    threads: int = 1,
) -> Codes:
    """The code of each proof that the next `lengths[i]` messages are the claimed run of a range (counts[i], roots[i]).

    `roots` is one row for all proofs or one for each; `claimed` are starts and stops, those of the proofs unless given.
    A profile that lacks a rule of `RULES` raises ValueError.
    """
    check_judged(profile, "verify_run_requests")
    starts, stops = (proofs.starts, proofs.stops) if claimed is None else claimed
    fits = lengths.size == starts.size == stops.size == len(proofs) and lengths.min(initial=0) >= 0
    if not fits or int(lengths.sum()) != len(contents):
        raise ValueError(f"{len(contents)} messages for {len(proofs)} proofs: lengths add up to as many")
    expected = np.broadcast_to(roots, (len(proofs), 32))
    counts = proofs.counts
    codes = np.zeros(len(proofs), np.uint16)
    mark(codes, stops - starts != lengths, RejectionCode.MMR_INDEX_MISMATCH)
    mark(codes, (counts < 0) | (counts > MAX_LEAVES), RejectionCode.MMR_FULL)
    mark(codes, lengths == 0, RejectionCode.MMR_POSITIONS_EMPTY)
    mark(codes, (starts != proofs.starts) | (stops != proofs.stops), RejectionCode.MMR_INDEX_MISMATCH)
    mark(codes, (starts < 0) | (stops > counts), RejectionCode.MMR_INDEX_OUT_OF_RANGE)
    sound = np.flatnonzero(codes == ACCEPTED)
    shapes = shapes_of_runs(starts[sound], stops[sound] - 1, counts[sound] - 1)
    needed, given = shapes[:, 1:].sum(axis=1), np.diff(proofs.offsets)[sound]
    codes[sound[given < needed]] = RejectionCode.MMR_PROOF_TOO_SHORT.number
    codes[sound[given > needed]] = RejectionCode.MMR_PROOF_TOO_LONG.number
    right = sound[given == needed]
    leaves = hash_batch(profile, Role.LEAF, contents, threads)
    bags = bags_of_runs(profile, proofs, right, shapes[given == needed], leaves, np.cumsum(lengths) - lengths, threads)
    computed = sized_roots(profile, counts[right], bags, threads)
    codes[right[np.any(computed != expected[right], axis=1)]] = RejectionCode.MMR_ROOT_MISMATCH.number
    return codes


def sized_roots(profile: Profile, counts: Numbers, bags: Digests, threads: int) -> Digests:
    """The root over each count and bag: equals `HashCombiner.root`."""
    octets = octets_of_words(counts.astype(np.uint64))
    return hash_batch(profile, Role.ROOT, contents_of_rows(np.concatenate((octets, bags), axis=1)), threads)


def bags_of_runs(
    profile: Profile, proofs: Runs, rows: Numbers, shapes: Numbers, leaves: Digests, firsts: Numbers, threads: int
) -> Digests:
    """The bags to which proofs of the right length lead; `firsts` has the place of the first leaf of each proof."""
    bags = np.empty((rows.size, 32), np.uint8)
    low, high, greatest = proofs.starts[rows], proofs.stops[rows] - 1, proofs.counts[rows] - 1
    at, values, level = firsts[rows], leaves, 0
    forks = shapes[:, 0]
    # Where the next item of each kind stands: those to the left come first, those above the fork last.
    lefts = proofs.offsets[rows]
    rights = lefts + shapes[:, 1]
    aboves = rights + shapes[:, 2]
    climbing = np.arange(rows.size)
    while climbing.size:
        done = greatest[climbing] >> level == 0
        bags[climbing[done]] = values[at[done]]
        climbing, at = climbing[~done], at[~done]
        if not climbing.size:
            break
        bottom, top, end = (side[climbing] >> level for side in (low, high, greatest))
        below = level < forks[climbing]
        takes_left = bottom & 1 != 0
        takes_right = (top & 1 == 0) & (top < end)
        left_items = np.where(below, lefts[climbing], aboves[climbing])
        right_items = np.where(below, rights[climbing], aboves[climbing])
        lefts[climbing] += takes_left & below
        rights[climbing] += takes_right & below
        aboves[climbing] += (takes_left | takes_right) & ~below

        widths = (top >> 1) - (bottom >> 1) + 1
        begins = np.cumsum(widths) - widths
        of_parents = np.repeat(np.arange(climbing.size), widths)
        # Where the left child of each parent stands, if it is no item.
        children = 2 * (np.arange(of_parents.size) - begins[of_parents]) + (at - takes_left)[of_parents]
        parents = np.empty((of_parents.size, 32), np.uint8)
        ends = begins + widths - 1
        left_values = values[np.maximum(children, 0)]
        left_values[begins[takes_left]] = proofs.items[left_items[takes_left]]
        right_values = values[np.minimum(children + 1, len(values) - 1)]
        right_values[ends[takes_right]] = proofs.items[right_items[takes_right]]
        paired = np.ones(of_parents.size, np.bool_)
        paired[ends[(top & 1 == 0) & (top == end)]] = False
        parents[~paired] = left_values[~paired]
        parents[paired] = hash_nodes(profile, left_values[paired], right_values[paired], threads)
        values, at, level = parents, begins, level + 1
    return bags


def fits_columns(request: RunRequest) -> bool:
    """Whether a request is of a run, with whole numbers of 62 bits and digests of 32 octets throughout."""
    indices = request.proof.indices
    if not indices or indices != tuple(range(indices[0], indices[0] + len(indices))):
        return False
    bounds = (request.run.start, request.run.stop, indices[0], indices[-1] + 1)
    values = (request.root, *request.proof.items)
    return (
        all(-MAX_LEAVES <= bound <= MAX_LEAVES for bound in bounds)
        and -(1 << 63) <= request.count < 1 << 63
        and all(isinstance(value, bytes) and len(value) == 32 for value in values)
    )


def reference_run_code(combiner: HashCombiner, request: RunRequest) -> int:
    """The code that the reference gives a request."""
    try:
        verify_run(combiner, request.root, request.count, request.run, request.contents, request.proof)
    except Rejected as rejected:
        return rejected.code.number
    return ACCEPTED


def verify_run_requests(profile: Profile, requests: Sequence[RunRequest], threads: int = 1) -> Codes:
    """The code of each request, for any profile and any values in the proofs."""
    codes = np.zeros(len(requests), np.uint16)
    fitting = np.array([judges_columns(profile) and fits_columns(request) for request in requests], np.bool_)
    combiner = HashCombiner(profile)
    for number in np.flatnonzero(~fitting).tolist():
        codes[number] = reference_run_code(combiner, requests[number])
    chosen = [requests[number] for number in np.flatnonzero(fitting).tolist()]
    if chosen:
        proofs = Runs(
            np.array([request.count for request in chosen], np.int64),
            np.array([request.proof.indices[0] for request in chosen], np.int64),
            np.array([request.proof.indices[-1] + 1 for request in chosen], np.int64),
            digests_of([item for request in chosen for item in request.proof.items]),
            np.cumsum([0, *(len(request.proof.items) for request in chosen)], dtype=np.int64),
        )
        codes[fitting] = verify_runs(
            profile,
            digests_of([request.root for request in chosen]),
            proofs,
            contents_of([content for request in chosen for content in request.contents]),
            np.array([len(request.contents) for request in chosen], np.int64),
            (
                np.array([request.run.start for request in chosen], np.int64),
                np.array([request.run.stop for request in chosen], np.int64),
            ),
            threads,
        )
    return codes
