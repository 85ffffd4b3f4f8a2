"""Sections 2.1 and 2.2: assignments have a beginning, and every view has one leader."""

from __future__ import annotations

from itertools import product

import z3

from taifoon.core.assignment import RootHistory, SeatKey, assignment_seed, cluster_of_job, seed_epoch
from taifoon.core.leader import leaders
from taifoon.core.leaf import leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import frontier_of, root_of_frontier
from taifoon.core.order import Rank, precedes
from taifoon.primitives.hashing import conforming_integer_orders
from taifoon.primitives.types import ClusterId, Epoch, Hash32, PublicKey, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon_models.jobs import digest, intake
from taifoon_proofs.establish import Claim, exhaust, first_violation, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Counterexample, Technique, Verdict, conclude

JOBS = 100
CLUSTER_COUNTS = (1, 2, 3, 5, 10)
EPOCHS = 6


@scenario("assignment/fixpoint")
def assignment_has_no_single_solution(profile: Profile, trace: Trace, *, job: int, clusters: int, epoch: int) -> bool:
    """A job has no assigned cluster, or several: the cluster is read from a root that holds the cluster itself.

    For each cluster that the leaf could name, the root of the log with that leaf is computed, and the assignment that
    follows from it; the cluster is right if the two agree.
    """
    history = RootHistory(digest("genesis"), tuple(digest(f"root {number}") for number in range(epoch)))
    consistent = []
    for candidate in range(clusters):
        leaf = intake(job, candidate)
        combiner = HashCombiner(profile)
        root = Hash32(root_of_frontier(combiner, frontier_of(combiner, (leaf_content(leaf),))))
        seed = assignment_seed(profile, Epoch(epoch), history, root, digest("beacon"))
        assigned = cluster_of_job(profile, seed, leaf.job_id, clusters)
        trace.state("suppose", named_in_leaf=candidate, root=root, assigned=assigned, agrees=assigned == candidate)
        if assigned == candidate:
            consistent.append(candidate)
    trace.state("solutions", solutions=tuple(consistent))
    return len(consistent) != 1


@scenario("assignment/reads-the-past")
def assignment_reads_an_open_epoch(profile: Profile, trace: Trace, *, epoch: int, changed: int) -> bool:
    """The seed of an epoch follows another root than that of two epochs before, or does not follow that one."""
    roots = [digest(f"root {number}") for number in range(epoch)]
    seeds = []
    for variant in ("as it is", "changed"):
        if variant == "changed" and changed < epoch:
            roots[changed] = digest("another root")
        current = digest("current" if variant == "as it is" or changed != epoch else "another current root")
        history = RootHistory(digest("genesis"), tuple(roots))
        seeds.append(assignment_seed(profile, Epoch(epoch), history, current, digest("beacon")))
        trace.state(f"root of epoch {changed} {variant}", epoch=epoch, seed=seeds[-1])
    reads_it = changed == epoch - profile.parameters.seed_lag
    return (seeds[0] != seeds[1]) != reads_it


@theorem(
    "T-M3",
    requirements=("R-2.1-8", "R-2.1-12", "R-2.1-13", "R-1-5"),
    needs={Resolution.EPOCH_SEED},
    technique=Technique.COMBINED,
)
def assignment_is_well_founded(profile: Profile) -> Verdict:
    """The epoch that a seed reads is strictly smaller, for every epoch; so the chain of reads ends at genesis.

    The shipped `seed_epoch` runs on a symbolic epoch. That the seed reads no other root, and that the assignment of a
    job then has exactly one solution, is run for small epochs, many jobs and several cluster counts.
    """
    epoch = integer("epoch")

    def witness(model: object) -> Counterexample | None:
        return first_violation(
            profile,
            "assignment/fixpoint",
            ({"job": job, "clusters": clusters, "epoch": 0} for job in range(JOBS) for clusters in CLUSTER_COUNTS),
        )

    return conclude(
        prove(
            "every epoch",
            Claim("a-seed-reads-a-smaller-epoch", (epoch >= 0,), seed_epoch(profile, epoch) < epoch, witness),
        ),
        exhaust(
            profile,
            "assignment/reads-the-past",
            f"every change of one root up to its own, for each of the first {EPOCHS} epochs",
            ({"epoch": number, "changed": changed} for number in range(EPOCHS) for changed in range(number + 1)),
        ),
        exhaust(
            profile,
            "assignment/fixpoint",
            f"{JOBS} jobs, {len(CLUSTER_COUNTS)} cluster counts, {EPOCHS} epochs",
            (
                {"job": job, "clusters": clusters, "epoch": number}
                for job, clusters, number in product(range(JOBS), CLUSTER_COUNTS, range(EPOCHS))
            ),
        ),
    )


def member(name: str, seat: int) -> SeatKey:
    """A seat of a named key."""
    return SeatKey(PublicKey(bytes(digest(f"key {name}"))), Seat(seat))


@scenario("leader/clients-disagree")
def clients_elect_different_leaders(profile: Profile, trace: Trace, *, members: int, draw: int, view: int) -> bool:
    """Two conforming clients elect different leaders of a view, or one elects several, or none."""
    seats = tuple(member(str(number), 0) for number in range(members))
    elected = [
        leaders(profile, digest(f"seed {draw}"), ClusterId(0), seats, View(view), order)
        for order in conforming_integer_orders(profile)
    ]
    trace.state("elect", members=members, view=view, leaders=tuple(tuple(map(shown, group)) for group in elected))
    return any(len(group) != 1 for group in elected) or len(set(elected)) != 1


@scenario("leader/two-leaders")
def two_nodes_lead(profile: Profile, trace: Trace, *, members: int, seats_of_first: int, draw: int) -> bool:
    """A key that holds several seats makes several leaders of one view."""
    seats = (
        *(member("0", number) for number in range(seats_of_first)),
        *(member(str(number), 0) for number in range(1, members)),
    )
    order = conforming_integer_orders(profile)[0]
    elected = leaders(profile, digest(f"seed {draw}"), ClusterId(0), seats, View(1), order)
    trace.state("elect", seats=tuple(map(shown, seats)), leaders=tuple(map(shown, elected)))
    return len(elected) != 1


@scenario("leader/never-changes")
def some_seat_never_leads(profile: Profile, trace: Trace, *, members: int, draw: int, first_view: int) -> bool:
    """In as many consecutive views as there are seats, some seat does not lead exactly once."""
    seats = tuple(member(str(number), 0) for number in range(members))
    order = conforming_integer_orders(profile)[0]
    seed = digest(f"seed {draw}")
    turns = [
        leaders(profile, seed, ClusterId(0), seats, View(view), order)
        for view in range(first_view, first_view + members)
    ]
    trace.state("rotate", members=members, leaders=tuple(tuple(map(shown, turn)) for turn in turns))
    return sorted(shown(key) for turn in turns for key in turn) != sorted(map(shown, seats))


def shown(key: SeatKey) -> str:
    """A seat, for the trace."""
    return f"{key.public_key.hex()[:8]}/{key.seat}"


def order_claims() -> tuple[Claim, ...]:
    """The order of seats is a strict total order: exactly one of two different seats precedes the other."""
    first, second, third = (
        Rank(*(integer(f"{name}_{part}") for part in ("hash", "key", "seat"))) for name in ("a", "b", "c")
    )
    differ = z3.Or(first.key != second.key, first.seat != second.seat)
    return (
        Claim("order-is-irreflexive", (), z3.Not(precedes(first, first))),
        Claim("order-is-asymmetric", (precedes(first, second),), z3.Not(precedes(second, first))),
        Claim("order-is-transitive", (precedes(first, second), precedes(second, third)), precedes(first, third)),
        Claim("order-is-total", (differ,), z3.Or(precedes(first, second), precedes(second, first))),
    )


@theorem(
    "T-A11",
    requirements=("R-2.2-4",),
    needs={Resolution.HASH_INTEGER, Resolution.LEADER_ROTATION},
    technique=Technique.COMBINED,
)
def every_view_has_one_leader(profile: Profile) -> Verdict:
    """The order in which seats lead is strict and total on distinct seats, whatever the hashes: equal ones included.

    So ranks are a permutation, and the seat whose turn it is is one. Elections of small clusters run the shipped
    `leaders` for every conforming reading of a digest as an integer.
    """
    draws = range(20)
    return conclude(
        prove("every cluster, every hash", *order_claims()),
        exhaust(
            profile,
            "leader/clients-disagree",
            "clusters of 1 to 9 seats, every view of a rotation, 20 seeds",
            (
                {"members": members, "draw": draw, "view": view}
                for members in range(1, 10)
                for draw in draws
                for view in range(1, members + 1)
            ),
        ),
        exhaust(
            profile,
            "leader/never-changes",
            "clusters of 1 to 9 seats, every start of two rotations, 20 seeds",
            (
                {"members": members, "draw": draw, "first_view": first_view}
                for members in range(1, 10)
                for draw in draws
                for first_view in range(1, 2 * members + 1)
            ),
        ),
        exhaust(
            profile,
            "leader/two-leaders",
            "clusters of 1 to 5 keys of which one holds 1 to 3 seats, 20 seeds",
            (
                {"members": members, "seats_of_first": seats, "draw": draw}
                for members in range(1, 6)
                for seats in range(1, 4)
                for draw in draws
            ),
        ),
    )
