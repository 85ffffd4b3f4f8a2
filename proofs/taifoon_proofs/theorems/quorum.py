"""Sections 2.4 and 6.2: quorum arithmetic, for every number of seats."""

from __future__ import annotations

from collections.abc import Mapping

import z3

from taifoon.core.quorum import guaranteed_overlap, quorum, tolerated_faults
from taifoon.primitives.types import Seat
from taifoon.profile import Profile, Resolution
from taifoon_proofs.establish import Claim, first_violation, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Counterexample, Technique, Verdict

GREATEST_WITNESS = 40


@scenario("quorum/two-certificates")
def two_certificates(profile: Profile, trace: Trace, *, seats: int, double_signers: int) -> bool:
    """Two conflicting blocks both gather a quorum, although no more seats sign twice than are tolerated.

    The first seats sign both blocks; the others are honest, sign one, and are split as evenly as possible.
    """
    honest = [Seat(seat) for seat in range(double_signers, seats)]
    signers: dict[str, set[Seat]] = {"A": set(), "B": set()}
    trace.state(
        "committee",
        seats=seats,
        quorum=quorum(profile, seats),
        tolerated=tolerated_faults(profile, seats),
        signed_A=(),
        signed_B=(),
    )
    for seat in range(double_signers):
        for block in ("A", "B"):
            signers[block].add(Seat(seat))
            trace.state(f"faulty seat {seat} signs {block}", **{f"signed_{block}": tuple(sorted(signers[block]))})
    for turn, seat in enumerate(honest):
        block = "AB"[turn % 2]
        signers[block].add(seat)
        trace.state(f"honest seat {seat} signs {block}", **{f"signed_{block}": tuple(sorted(signers[block]))})
    certified = [block for block in ("A", "B") if len(signers[block]) >= quorum(profile, seats)]
    trace.state("count", certified=tuple(certified))
    return len(certified) == 2 and double_signers <= tolerated_faults(profile, seats)


@scenario("quorum/silent-seats")
def silent_seats(profile: Profile, trace: Trace, *, seats: int, silent: int) -> bool:
    """No block is ever certified, although no more seats are silent than are tolerated."""
    signers = frozenset(Seat(seat) for seat in range(silent, seats))
    certified = len(signers) >= quorum(profile, seats)
    trace.state(
        "count",
        seats=seats,
        quorum=quorum(profile, seats),
        tolerated=tolerated_faults(profile, seats),
        signed=tuple(sorted(signers)),
        certified=certified,
    )
    return not certified and silent <= tolerated_faults(profile, seats)


def smallest_fork(profile: Profile) -> Counterexample | None:
    """The fork, or else the halt, in the smallest cluster that the source allows."""
    sizes = range(profile.parameters.minimum_cluster, GREATEST_WITNESS)
    return first_violation(
        profile,
        "quorum/two-certificates",
        ({"seats": seats, "double_signers": tolerated_faults(profile, seats)} for seats in sizes),
    ) or first_violation(
        profile,
        "quorum/silent-seats",
        ({"seats": seats, "silent": tolerated_faults(profile, seats)} for seats in sizes),
    )


def inclusion_and_exclusion() -> tuple[Claim, ...]:
    """Overlap of two sets of seats is at least what they hold together less all seats, by induction over the seats."""
    in_a, in_b = z3.Bools("in_a in_b")
    weight, a, b, both, everyone = (integer(name) for name in ("weight", "a", "b", "both", "everyone"))

    def invariant(a: z3.ArithRef, b: z3.ArithRef, both: z3.ArithRef, everyone: z3.ArithRef) -> z3.BoolRef:
        return z3.And(both + everyone >= a + b, both >= 0, a >= both, b >= both, everyone >= a, everyone >= b)

    zero = z3.IntVal(0)
    extended = invariant(
        a + z3.If(in_a, weight, 0),
        b + z3.If(in_b, weight, 0),
        both + z3.If(z3.And(in_a, in_b), weight, 0),
        everyone + weight,
    )
    return (
        Claim("overlap-base", (), invariant(zero, zero, zero, zero)),
        Claim("overlap-step", (weight >= 0, invariant(a, b, both, everyone)), extended),
    )


@theorem(
    "T-C1",
    requirements=("R-2.4-5", "R-6.2-1", "R-2.3-12"),
    needs={Resolution.QUORUM},
    technique=Technique.UNBOUNDED_SMT,
)
def two_quorums_share_an_honest_seat(profile: Profile) -> Verdict:
    """Linear integer arithmetic over the shipped `quorum` and `tolerated_faults`, with the number of seats unbounded.

    The overlap of two quorums is bounded by inclusion and exclusion, itself an induction over the seats; the converse
    shows that no threshold serves when the faults reach a third. The smallest concrete fork is searched from the
    source's minimum of five seats.
    """
    n, a, b, both, threshold, third = (integer(name) for name in ("n", "a", "b", "both", "threshold", "third"))
    q, f = quorum(profile, n), tolerated_faults(profile, n)
    committee = (n >= 1,)
    two_quorums = (*committee, a >= q, b >= q, a <= n, b <= n, both >= a + b - n)

    def witness(model: Mapping[str, int]) -> Counterexample | None:
        return smallest_fork(profile)

    return prove(
        "every number of seats n >= 1",
        Claim("two-quorums-share-an-honest-seat", two_quorums, both >= f + 1, witness),
        Claim("honest-seats-make-a-quorum", committee, n - f >= q, witness),
        Claim("quorum-is-all-but-the-faults", committee, q == n - f, witness),
        Claim("quorum-is-reachable", committee, z3.And(q >= 1, q <= n), witness),
        Claim("overlap-exceeds-a-third", committee, 3 * guaranteed_overlap(n, q) > n, witness),
        Claim("no-smaller-quorum-keeps-the-third", committee, 3 * guaranteed_overlap(n, q - 1) <= n, witness),
        Claim("faults-stay-below-a-third", committee, z3.And(3 * f < n, 3 * (f + 1) >= n), witness),
        Claim(
            "no-threshold-serves-a-third-of-faults",
            (n >= 1, 3 * third >= n),
            z3.Not(z3.And(guaranteed_overlap(n, threshold) >= third + 1, n - third >= threshold)),
        ),
        *inclusion_and_exclusion(),
    )
