"""Sections 2.2, 2.4 and 6.2: finality within f + 1 views, and in how much time (T-C3').

Three parts. Rotation puts an honest leader among any f + 1 consecutive views. Integer lemmas over the shipped formulas
add message delays and timers to the bound. A committee in discrete time, whose adversary chooses every delay, keeps the
bounds of each view in every behaviour.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import z3

from taifoon.core.assignment import SeatKey
from taifoon.core.leader import leaders
from taifoon.core.quorum import tolerated_faults
from taifoon.core.timing import (
    entry_spread,
    finalised_within,
    finality_after_synchrony,
    finality_within,
    grown_timer,
    least_timer,
    left_within,
)
from taifoon.primitives.hashing import conforming_integer_orders
from taifoon.primitives.types import ClusterId, PublicKey, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon_models.jobs import digest
from taifoon_models.timed import Leader, Timed
from taifoon_models.timed_search import Moment, TimedSearch
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Counterexample, Json, Outcome, Technique, Verdict, conclude

GREATEST_COMMITTEE = bound(8, 12)
MOMENTS = bound(200_000, 4_000_000)
HONEST, SILENT, EQUIVOCATING, LATE = Leader.HONEST, Leader.SILENT, Leader.EQUIVOCATING, Leader.LATE
# Seats, who leads each view, and the delay bound in ticks.
TIMED: tuple[tuple[int, tuple[Leader, ...], int], ...] = (
    (4, (HONEST,), 1),
    (4, (SILENT, HONEST), 1),
    (4, (EQUIVOCATING,), 1),
    (4, (HONEST,), 2),
    (5, (HONEST,), 1),
    (5, (SILENT, HONEST), 1),
    (7, (HONEST,), 1),
    (4, (SILENT, HONEST), 2),
    (5, (HONEST,), 2),
    *bound((), ((4, (LATE, HONEST), 1), (5, (EQUIVOCATING,), 1))),
)


@scenario("leader/no-honest-leader")
def faulty_seats_lead_every_view(profile: Profile, trace: Trace, *, seats: int, faulty: list[int], view: int) -> bool:
    """Of f + 1 consecutive views none has an honest leader, with no more faulty seats than tolerated."""
    members = tuple(SeatKey(PublicKey(bytes(digest(f"key {number}"))), Seat(0)) for number in range(seats))
    order = conforming_integer_orders(profile)[0]
    trace.state("committee", seats=seats, faulty=tuple(faulty), tolerated=tolerated_faults(profile, seats))
    led = []
    for offset in range(tolerated_faults(profile, seats) + 1):
        elected = leaders(profile, digest("seed"), ClusterId(0), members, View(view + offset), order)
        led.append([members.index(key) for key in elected])
        trace.state(f"view {view + offset}", leaders=tuple(led[-1]))
    return len(faulty) <= tolerated_faults(profile, seats) and all(set(group) & set(faulty) for group in led)


def placements(profile: Profile) -> Iterator[dict[str, Json]]:
    """Every placement of as many faulty seats as tolerated, and every first view of a round."""
    for seats in range(1, GREATEST_COMMITTEE + 1):
        for faulty in combinations(range(seats), tolerated_faults(profile, seats)):
            for view in range(1, seats + 1):
                yield {"seats": seats, "faulty": list(faulty), "view": view}


def rotation_claims() -> Iterator[Claim]:
    """For every number of seats: `f + 1` faulty leaders in a row are `f + 1` faulty seats.

    Seats stand in the order of leading; `count(r)` is how many of the first `r` are faulty. A row is a run, or a run to
    the end and one from the beginning; along a run the count grows by one each, by induction over its length.
    """
    count, faulty = z3.Function("count", z3.IntSort(), z3.IntSort()), z3.Function("faulty", z3.IntSort(), z3.BoolSort())
    seats, faults, first, length, later, offset, rounds, rank = (
        integer(name) for name in ("seats", "faults", "first", "length", "later", "offset", "rounds", "rank")
    )
    yield Claim(
        "rotation.turn-of-a-later-view",
        (
            *(z3.And(place >= 0, place < seats) for place in (first, offset, later)),
            first + offset == seats * rounds + later,
        ),
        z3.Or(later == first + offset, later == first + offset - seats),
    )

    def next_seat(at: z3.ArithRef) -> z3.BoolRef:
        return count(at + 1) == count(at) + z3.If(faulty(at), 1, 0)

    yield Claim("rotation.count-never-falls", (next_seat(rank),), count(rank) <= count(rank + 1))
    yield Claim(
        "rotation.run-grows-the-count",
        (count(first + length) == count(first) + length, faulty(first + length), next_seat(first + length)),
        count(first + length + 1) == count(first) + length + 1,
    )
    sizes = (first >= 0, first < seats, faults >= 0, faults < seats, count(0) == 0, count(first) >= 0)
    run = (count(first + faults + 1) == count(first) + faults + 1, count(first + faults + 1) <= count(seats))
    yield Claim("rotation.row-inside-a-round", (*sizes, first + faults < seats, *run), count(seats) > faults)
    rest = faults + 1 - (seats - first)
    around = (rest > 0, count(seats) == count(first) + seats - first, count(rest) == rest, count(rest) <= count(first))
    yield Claim("rotation.row-around-the-end", (*sizes, *around), count(seats) > faults)


def within(start: z3.ArithRef, end: z3.ArithRef, span: z3.ArithRef | int) -> z3.BoolRef:
    """That one time follows another after at most a span."""
    return z3.And(start <= end, end <= start + span)


def timing_claims(profile: Profile) -> Iterator[Claim]:
    """Integer lemmas over the shipped formulas, for every delay, timer and number of faults."""
    delay, timer, first, all_in, entered, leader_in, proposed, voted, seen, final, fired, left, lost, faults = (
        integer(name)
        for name in (
            *("delay", "timer", "first", "all_in", "entered", "leader_in", "proposed", "voted", "seen", "final"),
            *("fired", "left", "lost", "faults"),
        )
    )
    skew = (delay >= 0, *(within(first, entry, entry_spread(delay)) for entry in (entered, leader_in)))
    steps = (within(leader_in, proposed, delay), within(voted, seen, delay))
    votes = z3.Or(voted == proposed, z3.And(voted >= proposed, within(first, voted, entry_spread(delay))))
    yield Claim(
        "timer.outlasts-an-honest-leader",
        (*skew, *steps, votes, timer >= least_timer(delay)),
        seen <= entered + timer,
    )
    settled = (delay >= 0, leader_in <= all_in, voted <= z3.If(proposed >= all_in, proposed, all_in))
    yield Claim(
        "good-view.final-in-time",
        (*settled, *steps, within(seen, final, delay)),
        final <= all_in + finalised_within(delay),
    )
    yield Claim(
        "any-view.left-in-time",
        (delay >= 0, timer >= 0, entered <= all_in, within(entered, fired, timer), within(fired, left, delay)),
        left <= all_in + left_within(delay, timer),
    )
    begin = integer("begin")
    some = (delay >= 0, timer >= 0, lost >= 0)
    yield Claim(
        "lost-views.add-up",
        (*some, all_in <= begin + lost * left_within(delay, timer), left <= all_in + left_within(delay, timer)),
        left <= begin + (lost + 1) * left_within(delay, timer),
    )
    yield Claim(
        "finality.in-time",
        (*some, all_in <= begin + lost * left_within(delay, timer), final <= all_in + finalised_within(delay)),
        final <= begin + finality_within(delay, timer, lost),
    )
    yield Claim(
        "finality.more-lost-views-take-longer",
        some,
        finality_within(delay, timer, lost) <= finality_within(delay, timer, lost + 1),
    )
    yield Claim(
        "finality.with-the-least-timer",
        (delay >= 0, faults >= 0),
        z3.And(
            finality_within(delay, least_timer(delay), faults) == (4 * faults + 3) * delay,
            finality_after_synchrony(delay, least_timer(delay), faults) == (4 * faults + 8) * delay,
        ),
    )
    expected = integer("expected_delay")
    for doublings in range(profile.parameters.timeout_doublings + 1):
        yield Claim(
            f"timer.reaches-any-delay.{doublings}",
            (expected >= 1, delay >= 0, delay <= expected * 2**doublings),
            least_timer(delay) <= grown_timer(expected, doublings),
        )


def shown(search: TimedSearch, moment: Moment) -> dict[str, Json]:
    """What the members of a moment have done, with blocks by name."""
    names = {link.block_hash: name for name, link in search.timed.committee.blocks.items()}
    states = [search.member(number) for number in moment.members]
    return {
        f"seat_{seat}": {
            "view": int(state.voting.view),
            "clock": state.clock,
            "notarised": sorted(names[block] for _, block in state.voting.notarised),
            "nullified": sorted(int(view) for view in state.voting.nullified),
            "finalised": sorted(names[block] for _, block in state.voting.finalised),
            "sees_final": state.final,
        }
        for seat, state in enumerate(states)
    }


@scenario("consensus/late-view")
def a_view_is_late(
    profile: Profile,
    trace: Trace,
    *,
    seats: int,
    byzantine: int,
    leaders: list[str],
    delay: int,
    timers: list[int],
    clocks: list[int],
    schedule: list[list[Json]],
) -> bool:
    """After synchrony a view is not left in time, or that of an honest leader brings no final block in time.

    `clocks` are the members' at synchrony, -1 before they enter the first view. A schedule says what reaches whom, and
    seat -1 is a tick of the clock; what is not possible is left out.
    """
    timed = Timed(profile, seats, byzantine, tuple(Leader(name) for name in leaders), delay, tuple(timers))
    search = TimedSearch(timed)
    moment = search.begun(tuple(clocks))
    trace.state("synchrony", time=0, late=False, **shown(search, moment))
    time, late = 0, False
    events = tuple((int(str(seat)), str(kind), str(what)) for seat, kind, what in schedule)
    for seat, (kind, what), possible, after in search.replayed(tuple(clocks), events):
        time += seat < 0 and possible
        late = late or search.is_late(after)
        verb = "the clock ticks" if seat < 0 else f"seat {seat}: {kind} {what}".rstrip()
        if trace.recording:
            trace.state(verb if possible else f"not possible: {verb}", time=time, late=late, **shown(search, after))
    return late and byzantine <= tolerated_faults(profile, seats)


def late_view(timed: Timed, late: tuple[tuple[int, ...], tuple[tuple[int, str, str], ...]]) -> Counterexample:
    """A late view as a scenario's parameters."""
    clocks, schedule = late
    return Counterexample(
        "consensus/late-view",
        {
            "seats": timed.seats,
            "byzantine": timed.byzantine,
            "leaders": [leader.value for leader in timed.leaders],
            "delay": timed.delay,
            "timers": list(timed.timers),
            "clocks": list(clocks),
            "schedule": [list(happening) for happening in schedule],
        },
    )


def timed_runs(profile: Profile) -> Verdict:
    """Every behaviour of small committees in discrete time; a timer of one tick less has to be found too short."""
    reaches = []
    for seats, led, delay in TIMED:
        timed = Timed(profile, seats, tolerated_faults(profile, seats), led, delay, (least_timer(delay),))
        names = ", ".join(leader.value for leader in led)
        reach = f"{seats} seats, leaders {names}, delay {delay}"
        timing = TimedSearch(timed).run(MOMENTS)
        if timing.late is not None:
            return Verdict(Outcome.REFUTED, f"a late view of {reach}", counterexample=late_view(timed, timing.late))
        if not timing.complete:
            return Verdict(Outcome.UNKNOWN, reach, reason=f"{reach}: more than {MOMENTS:,} moments")
        reaches.append(f"{reach}: {timing.moments:,} moments")
    for seats, delay in ((4, 1), (4, 2)):
        if not is_too_short(profile, seats, delay):
            reason = f"{seats} seats, delay {delay}: a timer of one tick less was not found too short"
            return Verdict(Outcome.UNKNOWN, "timers", reason=reason)
    return Verdict(Outcome.EXHAUSTED, "; ".join(reaches))


def is_too_short(profile: Profile, seats: int, delay: int) -> bool:
    """Whether a timer of one tick less than the least one makes the view of an honest leader late."""
    timers = (least_timer(delay) - 1,)
    timed = Timed(profile, seats, tolerated_faults(profile, seats), (HONEST,), delay, timers)
    return TimedSearch(timed).run(MOMENTS).late is not None


@theorem(
    "T-C3'",
    requirements=("R-2.2-4", "R-6.2-0", "R-6.2-1"),
    needs={Resolution.VIEW_CHANGE, Resolution.LEADER_ROTATION, Resolution.FINALISE_NEEDS_NOTARISATION},
    technique=Technique.COMBINED,
    assumptions=("AM3", "AM4"),
)
def finality_comes_in_time(profile: Profile) -> Verdict:
    """Rotation and the sums of delays for every number of seats, every delay and timer, as integer obligations.

    The shipped leaders are drawn for every placement of faulty seats in small committees, and the shipped handlers run
    in discrete time against every choice of delays, with silent and equivocating leaders.
    """
    led = exhaust(
        profile,
        "leader/no-honest-leader",
        f"every placement of faulty seats in committees of up to {GREATEST_COMMITTEE}",
        placements(profile),
    )
    if not led.outcome.holds:
        return led
    timed = timed_runs(profile)
    if not timed.outcome.holds:
        return timed
    proved = prove("every number of seats, delay and timer", *rotation_claims(), *timing_claims(profile))
    return conclude(proved, led, timed)
