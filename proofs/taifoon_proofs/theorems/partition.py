"""Section 6.2: one side of a partition at most goes on, and dead clusters lose no job."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, combinations, pairwise, permutations, product
from math import factorial

import z3

from taifoon.core.assignment import cluster_of_job
from taifoon.core.certificate import Certificate, Committee, check_certificate
from taifoon.core.consensus import FIRST_VIEW, GENESIS_VIEW, Certified, Link, Voting, final_kinds, finalise, notarise
from taifoon.core.leaf import MMRLeaf
from taifoon.core.owners import owners
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.core.vote import Statement, VoteKind
from taifoon.primitives.hashing import DIGEST_BYTES, Role
from taifoon.primitives.types import ClusterId, Epoch, Hash32, Seat
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon.security.exposure import hypergeometric_tail
from taifoon.security.partition import committee_of_side, goes_on
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import committee_of, key, signature
from taifoon_models.partitions import assignment_in
from taifoon_models.voting import GENESIS, named
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Counterexample, Json, Technique, Verdict, conclude

CHAIN = digest("chain")
SEATS_UP_TO = bound(7, 10)
REPLICAS = 2
JOBS = bound(30, 300)


def finalises(profile: Profile, committee: Committee, side: range, block: str, trace: Trace) -> bool:
    """Whether a side finalises a block of its own: its members vote by the shipped rules, certificates are checked."""
    link = Link(FIRST_VIEW, named(block), GENESIS_VIEW, GENESIS)
    seen = Certified(GENESIS, frozenset({(FIRST_VIEW, link.block_hash)}))
    deciding = committee_of_side(profile, committee, frozenset(map(Seat, side)))
    seats = tuple(Seat(deciding.keys.index(key(member))) for member in side)
    for kind in final_kinds(profile):
        for _ in side:
            voting = notarise(profile, Voting(), Certified(GENESIS), link)
            if kind is VoteKind.FINALISE:
                finalise(profile, voting, seen, link)
        statement = Statement(CHAIN, committee.epoch, committee.cluster, FIRST_VIEW, kind, link.block_hash)
        signatures = tuple(signature(profile, member, statement) for member in side)
        try:
            check_certificate(profile, deciding, statement, Certificate(statement, seats, signatures))
        except Rejected as rejected:
            trace.state(f"{len(side)} members on {block}", kind=kind.value, code=rejected.code.name)
            return False
    trace.state(f"{len(side)} members on {block}", final=block)
    return True


@scenario("partition/sides")
def two_sides_finalise(profile: Profile, trace: Trace, *, seats: int, sides: list[int]) -> bool:
    """Two disjoint sides of a cluster each finalise a block of their own; or predicate and votes disagree on a side.

    The sides have so many members; the other members are in reach of no one.
    """
    committee = committee_of(CHAIN, Epoch(3), ClusterId(1), seats)
    parts = [range(start, stop) for start, stop in pairwise(accumulate(sides, initial=0))]
    trace.state("partition", seats=seats, quorum=quorum(profile, seats), sides=tuple(sides))
    final = [
        bool(part) and finalises(profile, committee, part, "ABC"[place], trace) for place, part in enumerate(parts)
    ]
    predicted = [goes_on(profile, seats, size) for size in sides]
    return sum(final) > 1 or final != predicted


@scenario("partition/whole-cluster")
def a_whole_cluster_waits_for_another(profile: Profile, trace: Trace, *, seats: int, crashed: int) -> bool:
    """A cluster does not finalise by its own votes although no more of its seats are down than are tolerated."""
    committee = committee_of(CHAIN, Epoch(3), ClusterId(1), seats)
    trace.state(
        "cut off from all other clusters", seats=seats, crashed=crashed, tolerated=tolerated_faults(profile, seats)
    )
    return not finalises(profile, committee, range(seats - crashed), "A", trace)


def partitions(seats: int) -> Iterator[dict[str, Json]]:
    """Every way in which up to three sides of a cluster, in falling order, and members in reach of no one remain."""
    for sides in product(range(seats, -1, -1), repeat=3):
        if sum(sides) <= seats and sides[0] >= sides[1] >= sides[2]:
            yield {"seats": seats, "sides": list(sides)}


@theorem(
    "T-F1",
    requirements=("R-6.2-3",),
    needs={Resolution.PARTITION},
    technique=Technique.COMBINED,
    assumptions=("AM2",),
)
def one_side_at_most_goes_on(profile: Profile) -> Verdict:
    """The shipped predicate runs on an unbounded number of seats and on two sides of any size.

    Small committees are cut into all possible sides, which vote by the shipped handlers and check each other's
    certificates. A cluster that lacks no more seats than are tolerated finalises with its own votes alone.
    """
    n, first, second = integer("n"), integer("first"), integer("second")
    disjoint = (n >= 1, first >= 0, second >= 0, first + second <= n)

    def witness(model: object) -> Counterexample | None:
        return Counterexample("partition/sides", {"seats": 2, "sides": [1, 1]})

    return conclude(
        prove(
            "every number of seats and every two sides",
            Claim(
                "two-sides-never-both-go-on",
                disjoint,
                z3.Not(z3.And(goes_on(profile, n, first), goes_on(profile, n, second))),
                witness,
            ),
            Claim("a-whole-cluster-goes-on", (n >= 1,), goes_on(profile, n, n - tolerated_faults(profile, n)), witness),
            Claim("no-one-alone-goes-on", (n >= 2,), z3.Not(goes_on(profile, n, z3.IntVal(1))), witness),
        ),
        *(
            exhaust(profile, "partition/sides", f"every partition of {seats} seats", partitions(seats))
            for seats in range(1, SEATS_UP_TO + 1)
        ),
        exhaust(
            profile,
            "partition/whole-cluster",
            f"up to {SEATS_UP_TO} seats with up to f of them down",
            (
                {"seats": seats, "crashed": crashed}
                for seats in range(1, SEATS_UP_TO + 1)
                for crashed in range(tolerated_faults(profile, seats) + 1)
            ),
        ),
    )


def taken_in(profile: Profile, job: int, clusters: int) -> MMRLeaf:
    """The intake leaf of a job: it names the cluster that was the primary in epoch 0."""
    drawn = cluster_of_job(profile, assignment_in(0, clusters).seed, intake(job).job_id, clusters)
    return intake(job, drawn)


@scenario("failures/dead-clusters")
def job_stays_with_the_dead(
    profile: Profile, trace: Trace, *, clusters: int, dead: list[int], job: int, epochs: int
) -> bool:
    """A job is not completed although half of the clusters live and so many epochs have turned since its intake."""
    leaf = taken_in(profile, job, clusters)
    trace.state("intake", clusters=clusters, dead=tuple(dead), assigned=leaf.assigned_cluster)
    for epoch in range(epochs + 1):
        owning = owners(profile, assignment_in(epoch, clusters), leaf, REPLICAS)
        alive = tuple(owner for owner in owning if goes_on(profile, 1, int(owner not in dead)))
        trace.state(f"epoch {epoch}", owners=owning, alive=alive)
        if alive:
            return False
    return True


class OrderedDraws:
    """A hash by which the clusters draw for a job in a given order: every order that hashes could ever give."""

    def __init__(self, order: tuple[int, ...]) -> None:
        self._order = order

    def __call__(self, profile: Profile, role: Role, message: bytes) -> Hash32:
        """The cluster's place in the order; the cluster ends the message."""
        return Hash32(self._order.index(int.from_bytes(message[-4:], "little")).to_bytes(DIGEST_BYTES, "big"))


@scenario("failures/one-epoch")
def an_epoch_serves_too_few(profile: Profile, trace: Trace, *, clusters: int, factor: int, dead: int) -> bool:
    """In one epoch a job waits for more orders of the clusters than those with all its owners dead.

    All orders are as likely, so their share is the probability; it is at most one half for each owner, and nothing if
    there are more owners than dead clusters.
    """
    assignment, leaf = assignment_in(0, clusters), taken_in(profile, 0, clusters)
    waiting = 0
    for order in permutations(range(clusters)):
        owning = owners(profile, assignment, leaf, factor, OrderedDraws(order))
        waiting += all(owner < dead for owner in owning)
    share = Fraction(waiting, factorial(clusters))
    trace.state("orders", clusters=clusters, dead=dead, factor=factor, waiting=waiting, of=factorial(clusters))
    exact = hypergeometric_tail(clusters, dead, min(factor, clusters), min(factor, clusters))
    too_often = 2 * dead <= clusters and share > Fraction(1, 2 ** min(factor, clusters))
    return share != exact or too_often or (factor > dead and waiting > 0)


def losses(epochs: int) -> Iterator[dict[str, Json]]:
    """Every choice of up to half of two to four dead clusters, and some jobs."""
    for clusters, job in product((2, 3, 4), range(JOBS)):
        for count in range(clusters // 2 + 1):
            for dead in combinations(range(clusters), count):
                yield {"clusters": clusters, "dead": list(dead), "job": job, "epochs": epochs}


@theorem(
    "T-F3",
    requirements=("R-6.2-2",),
    needs={Resolution.EPOCH_SEED},
    technique=Technique.COMBINED,
    assumptions=("AM3", "AM6"),
)
def half_of_the_clusters_may_die(profile: Profile) -> Verdict:
    """The shipped owners of jobs under every order in which clusters can draw, and under the drawn orders of epochs.

    One epoch is explored for every order of up to five clusters; its share of orders without a live owner is held
    against the exact fraction. Over epochs, seeds are drawn anew and jobs are followed until a live cluster owns them.
    """
    clusters, dead, earlier = integer("clusters"), integer("dead"), integer("earlier")
    epochs = profile.parameters.job_life
    return conclude(
        exhaust(
            profile,
            "failures/dead-clusters",
            f"{JOBS} jobs, 2 to 4 clusters, every dead half, {epochs} epochs after the intake",
            losses(epochs),
        ),
        exhaust(
            profile,
            "failures/one-epoch",
            "every order of 1 to 5 clusters, every number of dead ones and of owners",
            (
                {"clusters": count, "factor": factor, "dead": halted}
                for count in range(1, 6)
                for factor in range(1, count + 1)
                for halted in range(count + 1)
            ),
        ),
        prove(
            "every number of clusters",
            Claim(
                "each-owner-is-dead-with-one-half-at-most",
                (2 * dead <= clusters, earlier >= 0, earlier < clusters),
                2 * (dead - earlier) <= clusters - earlier,
            ),
        ),
    )
