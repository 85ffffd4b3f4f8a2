"""The search over a committee in discrete time: every moment of every behaviour, breadth first, and the late ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from taifoon.core.consensus import Certified, Voting
from taifoon.core.timing import finalised_within, left_within
from taifoon_models.timed import KIND_OF_CERTIFICATE, VOTES, Leader, Member, Message, Timed
from taifoon_models.voting import GENESIS, Step

Schedule = tuple[tuple[int, str, str], ...]


class Moment(NamedTuple):
    """Members by the numbers of their states; ticks since all are in the slowest one's view, and in a good one."""

    members: tuple[int, ...]
    waiting: int
    since_good: int


@dataclass(frozen=True, slots=True)
class Timing:
    """What a search found: how many moments, whether these are all, and how a late one comes about."""

    moments: int
    complete: bool
    late: tuple[tuple[int, ...], Schedule] | None


class TimedSearch:
    """Every behaviour from every start, breadth first; the steps of each state of a member are computed once."""

    def __init__(self, timed: Timed) -> None:
        self.timed = timed
        self._numbers: dict[Member, int] = {}
        self._states: list[Member] = []
        self._steps: dict[int, tuple[tuple[Message, int, tuple[Message, ...]], ...]] = {}
        self._received: dict[tuple[int, tuple[Message, ...]], int] = {}
        self._aged: dict[int, int | None] = {}

    def number(self, member: Member) -> int:
        """The number of a member's state."""
        known = self._numbers.setdefault(member, len(self._states))
        if known == len(self._states):
            self._states.append(member)
        return known

    def member(self, number: int) -> Member:
        """The member's state of a number."""
        return self._states[number]

    def steps(self, number: int) -> tuple[tuple[Message, int, tuple[Message, ...]], ...]:
        """What can happen to a member now: what it is, the state afterwards, and what the member sends."""
        known = self._steps.get(number)
        if known is None:
            known = self._steps[number] = tuple(
                (label, self.number(after), sent)
                for label, changed, first in self._happenings(self.member(number))
                for after, more in [self.timed.acted(changed)]
                for sent in [first + more]
            )
        return known

    def _happenings(self, member: Member) -> Iterator[tuple[Message, Member, tuple[Message, ...]]]:
        timed = self.timed
        for age, message in dict.fromkeys(member.flying):
            if message[0] in VOTES:
                continue
            rest = list(member.flying)
            rest.remove((age, message))
            yield message, timed.heard(member._replace(flying=tuple(rest)), message), ()
        for said, count in timed.votes(member, 0).items():
            if said[0] in KIND_OF_CERTIFICATE and count >= timed.needed - timed.byzantine:
                yield ("count", " ".join(said)), timed.certify(member, said), ()
        view = member.voting.view
        if member.clock >= 0 and timed.leader(view) is Leader.EQUIVOCATING:
            for name, link in timed.committee.blocks.items():
                if link.view == view and name not in member.proposals and timed.is_proper(member.seen, link):
                    yield ("show", name), timed.heard(member, ("show", name)), ()
        if self.has_ended(member) and not timed.is_overdue(member):
            sent: list[Message] = []
            fired = timed.done(member._replace(clock=member.clock + 1), Step("nullify", ""), sent)
            yield ("timer", str(view)), fired, tuple(sent)

    def received(self, number: int, sent: tuple[Message, ...]) -> int:
        """The state of a member to which messages are now under way."""
        known = self._received.get((number, sent))
        if known is None:
            known = self.number(self.timed.receiving(self.member(number), sent))
            self._received[number, sent] = known
        return known

    def aged(self, number: int) -> int | None:
        """The state of a member one tick later; None while something is overdue."""
        if number not in self._aged:
            self._aged[number] = self._one_tick(self.member(number))
        return self._aged[number]

    def _one_tick(self, member: Member) -> int | None:
        timed = self.timed
        if self.has_ended(member) or timed.is_overdue(member):
            return None
        clock = member.clock + 1 if 0 <= member.clock < timed.timer(member.voting.view) else member.clock
        flying = tuple(sorted((min(age + 1, timed.delay), message) for age, message in member.flying))
        older = member._replace(clock=clock, flying=flying)
        return self.number(timed.tidied(timed.arrived_final(older)))

    def has_ended(self, member: Member) -> bool:
        """Whether the member's timer ends now."""
        return member.clock == self.timed.timer(member.voting.view)

    def starts(self) -> Iterator[tuple[int, ...]]:
        """Clocks of the members at synchrony: at least one is in the first view, -1 for those that are not yet."""
        timed = self.timed
        clocks = range(timed.timer(1) + 1) if timed.leader(1) is Leader.LATE else (0,)
        return (entered for entered in product((*clocks, -1), repeat=timed.honest) if max(entered) >= 0)

    def begun(self, clocks: tuple[int, ...]) -> Moment:
        """The first moment: members that are in the view act, and what let them in is under way to the others."""
        entering = ((0, ("enter", "")),)
        leads = any(leader in (Leader.HONEST, Leader.LATE) for leader in self.timed.leaders)
        start = Member(leads, Voting(), 0, Certified(GENESIS), frozenset(), (), final=False)
        numbers = tuple(
            self.number(start._replace(leads=leads and not seat, clock=clock, flying=entering if clock < 0 else ()))
            for seat, clock in enumerate(clocks)
        )
        for seat in range(len(numbers)):
            after, sent = self.timed.acted(self.member(numbers[seat]))
            numbers = self.together(numbers, seat, self.number(after), sent)
        return self.clocked(numbers, Moment((), 0, -1))

    def together(self, numbers: tuple[int, ...], seat: int, after: int, sent: tuple[Message, ...]) -> tuple[int, ...]:
        """All members after one of them has changed and sent something to the others."""
        return tuple(
            after if other == seat else self.received(number, sent) if sent else number
            for other, number in enumerate(numbers)
        )

    def slowest(self, numbers: tuple[int, ...]) -> int:
        """The view of the slowest member; 0 while one has not entered the first."""
        states = (self.member(number) for number in numbers)
        return min(int(state.voting.view) if state.clock >= 0 else 0 for state in states)

    def clocked(self, numbers: tuple[int, ...], before: Moment) -> Moment:
        """The moment with these members: both clocks start again where the slowest member reaches a view."""
        slowest, good = self.slowest(numbers), self.timed.good_view
        if good is not None and slowest >= good:
            return Moment(numbers, 0, max(before.since_good, 0))
        moved = not before.members or slowest > self.slowest(before.members)
        return Moment(numbers, 0 if moved else before.waiting, -1)

    def is_late(self, moment: Moment) -> bool:
        """Whether a view was not left in time, or a good one did not bring a final block in time."""
        timed, view = self.timed, self.slowest(moment.members)
        if self.is_over(moment):
            return False
        if moment.since_good >= 0:
            return moment.since_good > finalised_within(timed.delay)
        return view > 0 and moment.waiting > left_within(timed.delay, timed.timer(view))

    def is_over(self, moment: Moment) -> bool:
        """Whether all members have seen a block final, or have left every view, where no good one was among them."""
        if all(self.member(number).final for number in moment.members):
            return True
        return self.timed.good_view is None and self.slowest(moment.members) > len(self.timed.leaders)

    def successors(self, moment: Moment) -> Iterator[tuple[int, Message, Moment]]:
        """Every happening: the seat, or -1 for a tick of the clock, what it is, and the moment after it."""
        for seat, number in enumerate(moment.members):
            for label, after, sent in self.steps(number):
                yield seat, label, self.clocked(self.together(moment.members, seat, after, sent), moment)
        later = [self.aged(number) for number in moment.members]
        aged = tuple(number for number in later if number is not None)
        if len(aged) == len(later):
            since = moment.since_good + 1 if moment.since_good >= 0 else -1
            waiting = moment.waiting + (self.slowest(aged) > 0 and since < 0)
            yield -1, ("tick", ""), Moment(aged, waiting, since)

    def canonical(self, moment: Moment) -> Moment:
        """The moment with the members that do not lead sorted."""
        first = 1 if self.member(moment.members[0]).leads else 0
        return moment._replace(members=(*moment.members[:first], *sorted(moment.members[first:])))

    def run(self, limit: int) -> Timing:
        """Every moment up to a limit, or up to the first late one, which comes with a schedule that leads to it."""
        parents: dict[Moment, tuple[Moment, Message] | tuple[int, ...]] = {}
        queue: deque[Moment] = deque()
        for clocks in self.starts():
            moment = self.canonical(self.begun(clocks))
            if moment not in parents:
                parents[moment] = clocks
                queue.append(moment)
        while queue and len(parents) <= limit:
            here = queue.popleft()
            if self.is_late(here):
                return Timing(len(parents), complete=False, late=self.schedule_to(here, parents))
            if self.is_over(here):
                continue
            for _, label, reached in self.successors(here):
                moment = self.canonical(reached)
                if moment not in parents:
                    parents[moment] = here, label
                    queue.append(moment)
        return Timing(len(parents), complete=not queue, late=None)

    def schedule_to(self, moment: Moment, parents: Mapping[Moment, Any]) -> tuple[tuple[int, ...], Schedule]:
        """Clocks at synchrony and what happens to whom; sorted members are given their seats again along the way."""
        labels: list[tuple[Message, Moment]] = []
        while isinstance(parents[moment][0], Moment):
            before, label = parents[moment]
            labels.append((label, moment))
            moment = before
        clocks = parents[moment]
        here, schedule = self.begun(clocks), []
        for label, target in reversed(labels):
            for seat, happening, reached in self.successors(here):
                if happening == label and self.canonical(reached) == target:
                    here = reached
                    schedule.append((seat, *label))
                    break
            else:
                raise AssertionError(f"{label} leads from no seat to the recorded moment")
        return clocks, tuple(schedule)

    def replayed(self, clocks: tuple[int, ...], schedule: Schedule) -> Iterator[tuple[int, Message, bool, Moment]]:
        """Each happening of a schedule, whether it is possible, and the moment after it."""
        here = self.begun(clocks)
        for seat, kind, what in schedule:
            found = [
                reached for number, label, reached in self.successors(here) if (number, *label) == (seat, kind, what)
            ]
            here = found[0] if found else here
            yield seat, (kind, what), bool(found), here
