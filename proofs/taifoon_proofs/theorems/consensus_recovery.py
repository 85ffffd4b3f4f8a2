"""Sections 2.4 and 6.2: whatever happened before, the honest members alone can go on to a final block (T-C3).

Before synchrony Byzantine seats help to make any certificate and show it to whom they like: it counts as known only
where an honest member relied on it. Then they fall silent. Knowing more never disables a step (T-C3u), so a state in
which more was shown recovers by the same steps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

from taifoon.core.consensus import Certified, Link, Voting, final_kinds
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.core.vote import VoteKind
from taifoon.primitives.types import View
from taifoon.profile import Profile, Resolution, profile_of
from taifoon_models.explorer import Schedule, Search, State
from taifoon_models.voting import GENESIS, Committee, Step, path_of, proposals
from taifoon_proofs.bounds import bound
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.theorems.consensus import LIMIT, shown
from taifoon_proofs.verdict import Counterexample, Json, Outcome, Technique, Verdict

# Seats, and views of the time before synchrony, smallest first.
COMMITTEES = bound(((4, 1), (5, 1), (4, 2)), ((4, 1), (5, 1), (6, 1), (7, 1), (4, 2), (5, 2)))


class Situation(NamedTuple):
    """Honest members, and the certificates with Byzantine signatures that some of them relied on."""

    members: State
    shown: Certified


@dataclass(frozen=True)
class Views(Committee):
    """A committee in which `helpers` Byzantine seats sign, and a silent leader of view 1 proposes nothing."""

    helpers: int
    silent_leader: bool

    @cached_property
    def blocks(self) -> dict[str, Link]:
        """The proposals, by name."""
        blocks = proposals(self.views)
        if not self.silent_leader:
            return blocks
        return {name: link for name, link in blocks.items() if path_of(link, blocks)[-1].view > 1}

    @cached_property
    def needed(self) -> int:
        """Honest votes that make a certificate."""
        return quorum(self.profile, self.seats) - self.helpers


def joined(first: Certified, second: Certified) -> Certified:
    """The certificates of either."""
    return Certified(GENESIS, first.notarised | second.notarised, first.nullified | second.nullified)


def certificate_of(link: Link) -> Certified:
    """That a block is notarised, alone."""
    return Certified(GENESIS, notarised=frozenset({(link.view, link.block_hash)}))


@dataclass(frozen=True)
class Recovery:
    """A committee before synchrony, in `views` views, and after it, with one more view, whose leader is honest."""

    profile: Profile
    seats: int
    byzantine: int
    views: int
    silent_leader: bool = False
    helpers_after: int = 0

    @cached_property
    def before(self) -> Search:
        """The honest members while Byzantine seats help."""
        committee = Views(self.profile, self.seats, self.byzantine, self.views, self.byzantine, self.silent_leader)
        return Search(committee)

    @cached_property
    def after(self) -> Search:
        """The honest members afterwards."""
        views = self.views + 1
        return Search(Views(self.profile, self.seats, self.byzantine, views, self.helpers_after, self.silent_leader))

    def start(self) -> Situation:
        """Nobody has voted and nothing is shown."""
        return Situation(self.before.canonical(self.before.committee.start()), Certified(GENESIS))

    def known(self, situation: Situation) -> Certified:
        """What every honest member gets to see after synchrony: all that was shown, and what honest votes certify."""
        return joined(situation.shown, self.after.committee.certified(situation.members))

    def settled(self, members: State, used: Certified) -> Situation:
        """A situation in its one form: members sorted, nothing listed that needs no help."""
        members = self.before.canonical(members)
        alone = self.after.committee.certified(members)
        return Situation(
            members, Certified(GENESIS, used.notarised - alone.notarised, used.nullified - alone.nullified)
        )

    def relied_on(self, member: Voting, step: Step, possible: Certified) -> Iterator[tuple[str, Certified]]:
        """The certificates that a step takes; one of several to leave a view, then by the name of the block."""
        blocks = self.before.committee.blocks
        if step.action == "advance":
            for name, link in blocks.items():
                if link.view == member.view and possible.is_notarised(link.view, link.block_hash):
                    yield name, certificate_of(link)
            if member.view in possible.nullified:
                yield "", Certified(GENESIS, nullified=frozenset({member.view}))
        elif step.action == "nullify":
            yield "", Certified(GENESIS)
        else:
            link = blocks[step.block]
            named = (link.view, link.block_hash) if step.action == "finalise" else (link.parent_view, link.parent_hash)
            gap = range(link.parent_view + 1, link.view) if step.action == "notarise" else ()
            skipped = frozenset(View(view) for view in gap)
            yield step.block, Certified(GENESIS, frozenset({named}) & possible.notarised, skipped & possible.nullified)

    def asynchronous(self, situation: Situation) -> Iterator[tuple[tuple[str, str], Situation]]:
        """Every step before synchrony, as its action and the block that it takes, and the situation after it."""
        members, used = situation
        possible = self.before.committee.certified(members)
        for seat, member in enumerate(members):
            if seat and members[seat - 1] == member:
                continue
            for step, after in self.before.steps(member, possible):
                for block, taken in self.relied_on(member, step, possible):
                    reached = (*members[:seat], after, *members[seat + 1 :])
                    yield (step.action, block), self.settled(reached, joined(used, taken))

    def synchronous(self, situation: Situation) -> Iterator[tuple[Step, Situation]]:
        """Every step of the honest members alone."""
        known = self.known(situation)
        members = situation.members
        for seat, member in enumerate(members):
            if seat and members[seat - 1] == member:
                continue
            for step, after in self.after.steps(member, known):
                yield step, self.settled((*members[:seat], after, *members[seat + 1 :]), situation.shown)

    def is_final(self, situation: Situation) -> bool:
        """Whether some block is final by what is known."""
        committee, known = self.after.committee, self.known(situation)
        counts = {
            name: sum((link.view, link.block_hash) in member.finalised for member in situation.members)
            for name, link in committee.blocks.items()
        }
        holds = {
            VoteKind.NOTARISE: lambda name, link: known.is_notarised(link.view, link.block_hash),
            VoteKind.FINALISE: lambda name, link: counts[name] >= committee.needed,
        }
        kinds = final_kinds(self.profile)
        return any(all(holds[kind](name, link) for kind in kinds) for name, link in committee.blocks.items())

    def fair_step(self, situation: Situation) -> Situation | None:
        """What the members do next when nobody disturbs them: finalise, go on, vote, and last give up a view.

        In the view of the honest leader all vote for one proposal and nobody gives up.
        """
        blocks, last = self.after.committee.blocks, self.views + 1
        voted = {block for member in situation.members for view, block in member.notarised if view == last}
        order = {"finalise": 0, "advance": 1, "notarise": 2, "nullify": 3}
        chosen: tuple[int, Situation] | None = None
        for step, reached in self.synchronous(situation):
            if reached == situation:
                continue
            if step.action == "notarise":
                link = blocks[step.block]
                if link.view != last or (voted and link.block_hash not in voted):
                    continue
            if step.action == "nullify" and all(member.view == last for member in situation.members):
                continue
            if chosen is None or order[step.action] < chosen[0]:
                chosen = order[step.action], reached
        return chosen[1] if chosen else None

    def recovers_fairly(self, situation: Situation, recovering: set[Situation]) -> bool:
        """Whether the undisturbed members come to a final block; the situations on the way join `recovering`."""
        path: list[Situation] = []
        here: Situation | None = situation
        while here is not None and here not in recovering:
            path.append(here)
            if self.is_final(here):
                break
            here = self.fair_step(here)
        if here is None:
            return False
        recovering.update(path)
        return True

    def is_dead(self, situation: Situation) -> bool:
        """Whether no continuation at all of the honest members makes a block final."""
        seen, stack = {situation}, [situation]
        while stack:
            here = stack.pop()
            if self.is_final(here):
                return False
            for _, reached in self.synchronous(here):
                if reached not in seen:
                    seen.add(reached)
                    stack.append(reached)
        return True


def replayed(recovery: Recovery, schedule: list[list[Json]], trace: Trace) -> Situation:
    """The situation after a schedule of `[seat, action, block]`; what a handler refuses is left out.

    To leave a view, `block` is the notarised one that the member relies on, or empty where it is the nullification.
    """
    committee = recovery.before.committee
    members, used = list(committee.start()), Certified(GENESIS)
    trace.state(
        "committee",
        seats=committee.seats,
        byzantine=committee.byzantine,
        quorum=quorum(committee.profile, committee.seats),
        **{f"seat_{seat}": shown(committee, member) for seat, member in enumerate(members)},
    )
    for number, action, named in schedule:
        seat, verb, block = int(str(number)), str(action), str(named)
        step = Step(verb, "" if verb == "advance" else block)
        possible = committee.certified(tuple(members))
        after = committee.do(members[seat], possible, step)
        taken = dict(recovery.relied_on(members[seat], step, possible)).get(block) if after is not None else None
        if after is not None and taken is not None:
            members[seat], used = after, joined(used, taken)
        said = f"seat {seat} {verb}s {block}" if taken is not None else f"seat {seat} may not {verb} {block}"
        if trace.recording:
            trace.state(said.rstrip(), **{f"seat_{seat}": shown(committee, members[seat])})
    return recovery.settled(tuple(members), used)


@scenario("consensus/no-recovery")
def no_block_can_become_final(
    profile: Profile,
    trace: Trace,
    *,
    seats: int,
    byzantine: int,
    views: int,
    schedule: list[list[Json]],
    silent_leader: bool = False,
    members_vote_once: bool = False,
    leader_signs_both: bool = False,
) -> bool:
    """After a schedule no continuation of the honest members makes a block final, in a view of an honest leader either.

    The Byzantine seats helped with every certificate of the schedule and are silent afterwards, unless they still sign
    everything. `members_vote_once` adds that rule to the profile, as the most charitable reading would.
    """
    if members_vote_once:
        profile = profile_of(profile.name, {*profile.resolutions, Resolution.VOTE_ONCE}, profile.parameters)
    helpers = byzantine if leader_signs_both else 0
    recovery = Recovery(profile, seats, byzantine, views, silent_leader, helpers)
    dead = recovery.is_dead(replayed(recovery, schedule, trace))
    trace.state("try every continuation of the honest members", a_block_can_become_final=not dead)
    return dead and byzantine <= tolerated_faults(profile, seats)


Path = dict[Situation, tuple[Situation, tuple[str, str]] | None]


def schedule_to(recovery: Recovery, situation: Situation, path: Path) -> Schedule:
    """Who does what, from the start to a situation; sorted members are given their seats again along the way."""
    steps = []
    while (known := path[situation]) is not None:
        steps.append((known[1], situation))
        situation = known[0]
    members, used = list(recovery.before.committee.start()), Certified(GENESIS)
    schedule = []
    for (action, block), target in reversed(steps):
        possible = recovery.before.committee.certified(tuple(members))
        step = Step(action, "" if action == "advance" else block)
        for seat, member in enumerate(members):
            after = recovery.before.committee.do(member, possible, step)
            taken = dict(recovery.relied_on(member, step, possible)).get(block)
            if after is None or taken is None:
                continue
            reached = [*members[:seat], after, *members[seat + 1 :]]
            if recovery.settled(tuple(reached), joined(used, taken)) == target:
                members, used = reached, joined(used, taken)
                schedule.append((seat, action, block))
                break
        else:
            raise AssertionError(f"no seat takes the step {action} {block} to the recorded situation")
    return tuple(schedule)


def dead_situation(recovery: Recovery, schedule: Schedule) -> Counterexample:
    """A schedule to a dead situation as a scenario's parameters."""
    return Counterexample(
        "consensus/no-recovery",
        {
            "seats": recovery.seats,
            "byzantine": recovery.byzantine,
            "views": recovery.views,
            "schedule": [list(step) for step in schedule],
            "silent_leader": recovery.silent_leader,
        },
    )


def explored(recovery: Recovery, limit: int) -> Verdict:
    """Every situation before synchrony, each of which has to recover."""
    start = recovery.start()
    path: Path = {start: None}
    queue = deque([start])
    recovering: set[Situation] = set()
    leader = "a silent leader" if recovery.silent_leader else "two proposals"
    reach = f"{recovery.seats} seats, {recovery.byzantine} Byzantine, {recovery.views} views, {leader}"
    while queue:
        here = queue.popleft()
        if not recovery.recovers_fairly(here, recovering) and recovery.is_dead(here):
            found = dead_situation(recovery, schedule_to(recovery, here, path))
            return Verdict(Outcome.REFUTED, f"a dead situation of {reach}", counterexample=found)
        for step, reached in recovery.asynchronous(here):
            if reached not in path:
                path[reached] = here, step
                queue.append(reached)
        if len(path) > limit:
            return Verdict(Outcome.UNKNOWN, reach, reason=f"{reach}: more than {limit:,} situations")
    return Verdict(Outcome.EXHAUSTED, f"{reach}: {len(path):,} situations, all recover")


@theorem(
    "T-C3",
    requirements=("R-2.4-5", "R-6.2-0", "R-6.2-1"),
    needs={Resolution.VIEW_CHANGE, Resolution.FINALISE_NEEDS_NOTARISATION},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM3", "AM4"),
)
def no_situation_is_dead(profile: Profile) -> Verdict:
    """Every situation that honest members can be in, with every help of Byzantine seats, and then a fair run of them.

    The Byzantine seats fall silent; what honest members relied on becomes known to all; one more view has an honest
    leader. Where the fair run, in which nobody votes for an earlier proposal any more, finds no final block, every
    continuation is searched before a situation counts as dead.
    """
    reaches = []
    for (seats, views), silent_leader in product(COMMITTEES, (False, True)):
        recovery = Recovery(profile, seats, tolerated_faults(profile, seats), views, silent_leader)
        part = explored(recovery, bound(LIMIT, 20 * LIMIT))
        if not part.outcome.holds:
            return part
        reaches.append(part.reach)
    return Verdict(Outcome.EXHAUSTED, "; ".join(reaches))
