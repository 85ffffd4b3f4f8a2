"""Section 2.1: peaks and positions, for every leaf count up to 2^62.

The claims run the shipped formulas on 64-bit words. Facts about `popcount` go by induction over the bits: its recursion
is a claim of its own, and the inductive steps then take it as an uninterpreted function that obeys the recursion.
"""

from __future__ import annotations

from collections.abc import Mapping

import z3

from taifoon.core.mmr.frontier import checked_frontier
from taifoon.core.mmr.shape import (
    MAX_HEIGHT,
    MAX_LEAVES,
    accepts_peak_count,
    accepts_remainder,
    bit,
    kept,
    leaf_count,
    leaf_position,
    merges,
    mountain_nodes,
    node_count,
    popcount,
    subtree_position,
)
from taifoon.primitives.types import LeafCount, NodePosition
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_proofs.establish import Claim, first_violation, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import at_most, below, constant, word
from taifoon_proofs.verdict import Counterexample, Technique, Verdict

GREATEST_WITNESS = 16


@scenario("mmr/peak-count")
def peak_count(profile: Profile, trace: Trace, *, leaves: int, peaks: int) -> bool:
    """A frontier is accepted although its number of peaks is not that of the set bits of its leaf count."""
    expected = bin(leaves).count("1")
    trace.state("claim", leaves=leaves, peaks=peaks, set_bits=expected)
    try:
        checked_frontier(profile, LeafCount(leaves), tuple(range(peaks)))
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return False
    trace.state("accepted")
    return peaks != expected


@scenario("mmr/node-count")
def size_of_no_range(profile: Profile, trace: Trace, *, size: int) -> bool:
    """A node count that no range has is read as a leaf count."""
    trace.state("claim", size=size)
    try:
        count = leaf_count(profile, NodePosition(size))
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return False
    trace.state("accepted", leaves=count, size_of_that_range=node_count(count))
    return node_count(count) != size


@theorem(
    "T-MMR-a",
    requirements=("R-0-1", "R-2.1-1", "R-2.1-11"),
    needs={Resolution.PEAK_COUNT},
    technique=Technique.UNBOUNDED_SMT,
)
def peaks_are_the_set_bits(profile: Profile) -> Verdict:
    """Bit-vector claims about one append: as the carry of n + 1 ripples, the mountains of the trailing ones merge.

    With t = merges(n), the t lowest mountains are those of heights t-1 to 0, none has height t, all others stay, and
    one of height t is added; so the heights remain the set bits of the count, by induction over the appends.
    """
    n, peaks = word("n"), word("peaks")
    appendable, countable = below(n, MAX_LEAVES), at_most(n, MAX_LEAVES)
    one, t = constant(1), merges(n)

    def witness(model: Mapping[str, int]) -> Counterexample | None:
        cases = ((leaves, count) for leaves in range(GREATEST_WITNESS) for count in range(GREATEST_WITNESS))
        return first_violation(
            profile, "mmr/peak-count", ({"leaves": leaves, "peaks": count} for leaves, count in cases)
        )

    return prove(
        "every leaf count up to 2^62",
        Claim("carry-merges-the-low-mountains", (appendable,), n & ((one << t) - 1) == (one << t) - 1),
        Claim("carry-stops-at-a-free-height", (appendable,), bit(n, t) == 0),
        Claim("higher-mountains-stay", (appendable,), kept(n) & ((one << (t + 1)) - 1) == 0),
        Claim("merged-and-kept-are-all", (appendable,), kept(n) + ((one << t) - 1) == n),
        Claim("next-count-is-kept-and-carry", (appendable,), n + 1 == kept(n) + (one << t)),
        Claim("carry-fits-below-the-limit", (appendable,), at_most(t, MAX_HEIGHT)),
        Claim("peaks-are-logarithmic", (countable,), at_most(one << popcount(n), n + 1)),
        Claim(
            "accepted-peaks-are-the-set-bits",
            (countable, accepts_peak_count(profile, n, peaks)),
            peaks == popcount(n),
            witness,
        ),
    )


population = z3.Function("population", z3.BitVecSort(64), z3.BitVecSort(64))


def recursion_at(term: z3.BitVecRef) -> z3.BoolRef:
    """The recursion of popcount at one point, for the uninterpreted function."""
    return population(term) == (term & 1) + population(term >> 1)


def abstracted(formula: z3.BoolRef, *points: z3.BitVecRef) -> z3.BoolRef:
    """A formula of shipped functions with popcount at these points replaced by the uninterpreted function."""
    return z3.substitute(formula, *((popcount(point), population(point)) for point in points))


def counting_claims() -> tuple[Claim, ...]:
    """What the inductions over popcount rest on, and their steps."""
    n, half = word("n"), word("half")
    appendable = below(n, MAX_LEAVES)
    changed = n ^ (n + 1)

    def append_step(count: z3.BitVecRef) -> z3.BoolRef:
        formula = popcount(count + 1) == popcount(count) - merges(count) + 1
        return abstracted(formula, count + 1, count, count ^ (count + 1))

    ends = (recursion_at(n), recursion_at(n + 1), recursion_at(changed), population(constant(0)) == 0)
    return (
        Claim("popcount-recursion", (z3.ULT(n, 1 << (MAX_HEIGHT + 1)),), popcount(n) == (n & 1) + popcount(n >> 1)),
        Claim("popcount-of-zero", (), popcount(constant(0)) == 0),
        Claim("popcount-at-most-its-bits", (), at_most(popcount(n), MAX_HEIGHT + 1)),
        Claim("append-step-even", (appendable, n & 1 == 0, recursion_at(changed >> 1), *ends), append_step(n)),
        Claim(
            "append-step-odd",
            (appendable, n & 1 == 1, half == n >> 1, recursion_at(half ^ (half + 1)), append_step(half), *ends),
            append_step(n),
        ),
    )


def size_claims() -> tuple[Claim, ...]:
    """Appending adds the leaf and one node for each merge, so that positions strictly increase."""
    n = word("n")
    appendable = below(n, MAX_LEAVES)
    points = (n + 1, n, n ^ (n + 1))
    bounded = (at_most(population(n), MAX_HEIGHT + 1), at_most(population(points[2]) - 1, MAX_HEIGHT))
    counted = abstracted(popcount(n + 1) == popcount(n) - merges(n) + 1, *points)
    return (
        Claim(
            "append-adds-leaf-and-merges",
            (appendable, counted),
            abstracted(node_count(n + 1) == node_count(n) + 1 + merges(n), *points),
        ),
        Claim("merges-are-bounded", (appendable,), at_most(merges(n), MAX_HEIGHT)),
        Claim(
            "positions-increase",
            (appendable, counted, *bounded, at_most(population(n), n)),
            abstracted(below(node_count(n), node_count(n + 1)), *points[:2]),
        ),
    )


def greedy_claims(profile: Profile) -> tuple[Claim, ...]:
    """Taking the tallest mountain off a node count first recovers the leaf count."""
    m, height, remainder = word("m"), word("height"), z3.Int("remainder")
    inside = (at_most(height, MAX_HEIGHT), below(m, constant(1) << height))
    taller = m + (constant(1) << height)
    lower = (m >> 1) + (constant(1) << (height - 1))

    def witness(model: Mapping[str, int]) -> Counterexample | None:
        return first_violation(profile, "mmr/node-count", ({"size": size} for size in range(GREATEST_WITNESS)))

    return (
        Claim("popcount-below-its-number", (at_most(m, MAX_LEAVES),), at_most(popcount(m), m)),
        Claim(
            "mountain-adds-one-bit-base",
            (*inside, height == 0, recursion_at(taller), recursion_at(m), population(constant(0)) == 0),
            population(taller) == population(m) + 1,
        ),
        Claim(
            "mountain-adds-one-bit-step",
            (
                *inside,
                height != 0,
                recursion_at(taller),
                recursion_at(m),
                population(lower) == population(m >> 1) + 1,
            ),
            population(taller) == population(m) + 1,
        ),
        Claim(
            "greedy-takes-a-mountain-that-is-there",
            (*inside, population(taller) == population(m) + 1),
            abstracted(node_count(taller) == node_count(m) + mountain_nodes(height), taller, m),
        ),
        Claim(
            "greedy-leaves-a-mountain-that-is-not",
            (*inside, at_most(population(m), m)),
            abstracted(below(node_count(m), mountain_nodes(height)), m),
        ),
        Claim("accepted-remainder-is-nothing", (accepts_remainder(profile, remainder),), remainder == 0, witness),
    )


def subtree_claims() -> tuple[Claim, ...]:
    """The nodes of a perfect subtree are stored together: its root comes right after all others of them."""
    start, height = word("start"), word("height")
    size = constant(1) << height
    aligned = (at_most(height, MAX_HEIGHT), below(start, MAX_LEAVES), start & (size - 1) == 0)
    last = start + size - 1
    lower = (start >> 1) + (constant(1) << (height - 1)) - 1
    filled = population(last) == population(start) + height
    return (
        Claim("last-leaf-fills-the-low-bits-base", (*aligned, height == 0), filled),
        Claim(
            "last-leaf-fills-the-low-bits-step",
            (
                *aligned,
                height != 0,
                recursion_at(last),
                recursion_at(start),
                population(lower) == population(start >> 1) + (height - 1),
            ),
            filled,
        ),
        Claim(
            "subtree-is-stored-together",
            (*aligned, filled),
            abstracted(
                subtree_position(start, height) == leaf_position(start) + mountain_nodes(height) - 1, last, start
            ),
        ),
    )


@theorem(
    "T-MMR-b",
    requirements=("R-2.1-1", "R-7-5"),
    needs={Resolution.CANONICAL_SIZE},
    technique=Technique.UNBOUNDED_SMT,
)
def nodes_are_counted_and_placed(profile: Profile) -> Verdict:
    """Bit-vector claims: an append adds the leaf and its merges, positions increase, and greedy reading inverts.

    Positions of leaves increase strictly with the index, hence are distinct, and a perfect subtree's nodes are stored
    together; a size is read back by taking the tallest mountain off first, and only sizes that leave nothing are
    accepted.
    """
    return prove(
        "every leaf count up to 2^62",
        *counting_claims(),
        *size_claims(),
        *subtree_claims(),
        *greedy_claims(profile),
    )
