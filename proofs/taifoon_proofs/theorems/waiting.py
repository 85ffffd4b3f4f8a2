"""Sections 2.1 and 2.4: how long a job waits, what its time can be, and what a leader can do to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

import z3

from taifoon.core.assignment import SeatKey
from taifoon.core.leader import leaders
from taifoon.core.leaf import MMRLeaf
from taifoon.core.mempool import MOST_URGENT, Waiting, longest_wait, overtaking_blocks, take, urgency, wait_bound
from taifoon.core.owners import may_prove, replicas
from taifoon.core.quorum import tolerated_faults
from taifoon.core.validity import apply_block, check_block
from taifoon.primitives.hashing import conforming_integer_orders
from taifoon.primitives.types import BlockNumber, ClusterId, Millis, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.blocks import NOW, PROOFS, START, first_state, proposal, taken_in
from taifoon_models.jobs import digest, intake
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.theorems.jobs_settled import assignment_by_turns, leaf_in, named_key
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

MEMBERS_UP_TO = bound(7, 10)
CAPACITIES_UP_TO = 16


@scenario("log/time-runs-back")
def time_runs_back(profile: Profile, trace: Trace, *, steps: list[int], leaf: int) -> bool:
    """A block is accepted that is not later than its parent, or that holds a leaf which is later than itself."""
    state, time, broken = first_state(profile, 4), START, 0
    for number, step in enumerate(steps):
        time += step
        job = replace(taken_in(state, number), timestamp=Millis(time + leaf))
        block = proposal(profile, state, number + 1, time, (job,))
        try:
            check_block(profile, PROOFS, state, block, Millis(NOW))
        except Rejected as rejected:
            trace.state("refuse", block=number + 1, code=rejected.code.name)
            break
        broken += time <= state.timestamp or job.timestamp > time
        trace.state("accept", block=number + 1, time=time, parent=state.timestamp, leaf=job.timestamp)
        state = apply_block(profile, state, block)
    return broken > 0


@theorem(
    "T-M11",
    requirements=("R-2.1-6",),
    needs={Resolution.TIME},
    technique=Technique.EXHAUSTIVE,
)
def leaf_time_never_passes_block_time(profile: Profile) -> Verdict:
    """Chains of up to three blocks whose times go back, stand still or go on, with earlier, equal and later leaves."""
    return exhaust(
        profile,
        "log/time-runs-back",
        "chains of 1 to 3 blocks, steps of -1, 0, 1 and 9 ms, leaves of -1, 0 and 1 ms",
        (
            {"steps": list(steps), "leaf": leaf}
            for count in range(1, 4)
            for steps in product((-1, 0, 1, 9), repeat=count)
            for leaf in (-1, 0, 1)
        ),
    )


def job(name: int, priority: int) -> MMRLeaf:
    """A job of a priority."""
    return replace(intake(name), priority=priority)


@scenario("mempool/waits-too-long")
def job_waits_too_long(
    profile: Profile, trace: Trace, *, priority: int, others: int, capacity: int, backlog: int
) -> bool:
    """A job waits for longer than its bound, or goes after one that is less urgent and came with it.

    With each block come as many jobs as a block takes, all of one other priority; at first there is a backlog of them.
    """
    sized = profile.with_parameters(replace(profile.parameters, maximum_jobs=capacity))
    mine = Waiting(job(0, priority), BlockNumber(0))
    pool = (*(Waiting(job(1 + number, others), BlockNumber(0)) for number in range(backlog)), mine)
    ahead = sum(others >= priority for _ in range(backlog))
    longest = longest_wait(priority, ahead, capacity)
    for block in range(longest):
        taken, pool = take(sized, pool, BlockNumber(block))
        if mine in taken:
            unfair = others < priority and backlog > 0 and block > 0
            trace.state("take", block=block, bound=longest, less_urgent_first=unfair)
            return unfair
        came = range(1 + backlog + block * capacity, 1 + backlog + (block + 1) * capacity)
        pool = (*pool, *(Waiting(job(number, others), BlockNumber(block + 1)) for number in came))
    trace.state("wait", bound=longest, waiting=len(pool))
    return True


def waiting_claims() -> tuple[Claim, ...]:
    """The order of two jobs never changes, late jobs never overtake, and then the bound has room for all jobs ahead."""
    priority, since, other, later, block, step = (
        integer(name) for name in ("priority", "since", "other", "later", "block", "step")
    )
    urgent = tuple(z3.And(item >= 0, item <= MOST_URGENT) for item in (priority, other))
    ahead = integer("ahead")
    return (
        Claim(
            "the-order-of-two-jobs-never-changes",
            (step >= 0,),
            (urgency(priority, since, block) < urgency(other, later, block))
            == (urgency(priority, since, block + step) < urgency(other, later, block + step)),
        ),
        Claim(
            "who-comes-late-does-not-overtake",
            (*urgent, later > since + overtaking_blocks(priority)),
            urgency(other, later, block) < urgency(priority, since, block),
        ),
        *(
            Claim(
                f"blocks-of-{capacity}-have-room-within-the-bound",
                (ahead >= 0, *urgent),
                capacity * (wait_bound(priority, ahead, capacity) - overtaking_blocks(priority)) > ahead,
            )
            for capacity in range(1, CAPACITIES_UP_TO + 1)
        ),
    )


@theorem(
    "T-M12",
    requirements=("R-2.1-7",),
    needs={Resolution.JOB_PRIORITY},
    technique=Technique.COMBINED,
)
def waiting_is_bounded(profile: Profile) -> Verdict:
    """Z3 over the shipped urgency: the order of two jobs is fixed, and a job that comes late enough goes after.

    So the work ahead of a job stays while others can overtake, and then shrinks by a block's worth with each block. The
    bound that follows is run with the shipped `take` under a full load, for priorities at both ends and in between.
    """
    return conclude(
        prove(f"every priority, age and backlog, blocks of 1 to {CAPACITIES_UP_TO} jobs", *waiting_claims()),
        exhaust(
            profile,
            "mempool/waits-too-long",
            "priorities 0, 200, 250, 254 and 255 against the same, blocks of 1 to 3 jobs, a backlog of 0 to 5",
            loads(),
        ),
    )


def loads() -> Iterator[dict[str, Json]]:
    """Every pair of some priorities, small blocks, and small backlogs."""
    priorities = (250, 254, 255, 200)
    for mine, others, capacity, backlog in product(priorities, (*priorities, 0), (1, 2, 3), (0, 3, 5)):
        yield {"priority": mine, "others": others, "capacity": capacity, "backlog": backlog}
    yield {"priority": 0, "others": 255, "capacity": 1, "backlog": 2}


@scenario("leader/censors")
def job_is_censored(profile: Profile, trace: Trace, *, members: int, byzantine: list[int], draw: int) -> bool:
    """A job that every honest member knows is in no block of f + 1 views, because each leader passed it over."""
    seats = tuple(SeatKey(named_key(number), Seat(0)) for number in range(members))
    censors = {seats[number] for number in byzantine}
    pool = (Waiting(job(0, 0), BlockNumber(0)),)
    order = conforming_integer_orders(profile)[0]
    led = []
    for view in range(1, tolerated_faults(profile, members) + 2):
        leader = leaders(profile, digest(f"seed {draw}"), ClusterId(0), seats, View(view), order)[0]
        led.append(seats.index(leader))
        taken = () if leader in censors else take(profile, pool, BlockNumber(view))[0]
        trace.state(f"view {view}", leader=led[-1], censors=leader in censors, taken=len(taken))
        if pool[0] in taken:
            return False
    return True


def censorships() -> Iterator[dict[str, Json]]:
    """Every set of as many Byzantine members as are tolerated, in small clusters."""
    for members in range(4, MEMBERS_UP_TO + 1):
        for byzantine in combinations(range(members), (members - 1) // 3):
            for draw in range(5):
                yield {"members": members, "byzantine": list(byzantine), "draw": draw}


@scenario("leader/names-provers")
def leader_names_the_prover(profile: Profile, trace: Trace, *, members: int, job: int, leader: int) -> bool:
    """A leader that was not drawn for a job may prove it all the same, and take the proof's reward."""
    assignment = assignment_by_turns((True,) * members, 1)
    leaf = leaf_in(profile, assignment, job)
    drawn = {replica.seat.public_key for replica in replicas(profile, assignment, leaf, 2)}
    named = named_key(leader)
    allowed = may_prove(profile, assignment, ClusterId(0), leaf, 2, named)
    trace.state("name itself", leader=leader, drawn=named in drawn, allowed=allowed)
    return allowed != (named in drawn)


@theorem(
    "T-C16",
    requirements=("R-2.4-1",),
    needs={Resolution.LEADER_ROTATION, Resolution.REPLICAS},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM3", "AM4"),
)
def censorship_is_bounded(profile: Profile) -> Verdict:
    """Every set of f Byzantine members that pass a job over whenever they lead; who proves it is none of their choice.

    That the block of an honest leader becomes final after synchrony is T-C3'.
    """
    return conclude(
        exhaust(
            profile,
            "leader/censors",
            f"4 to {MEMBERS_UP_TO} members, every set of f that censor, 5 seeds",
            censorships(),
        ),
        exhaust(
            profile,
            "leader/names-provers",
            "3 to 7 members, 10 jobs, each member as leader",
            (
                {"members": members, "job": number, "leader": leader}
                for members in range(3, 8)
                for number in range(10)
                for leader in range(members)
            ),
        ),
    )
