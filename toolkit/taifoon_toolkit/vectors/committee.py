"""Vectors of a whole committee: runs that the model finds, shortest first (RES-BFT, RES-QUORUM, RES-VIEW).

Honest members keep their own votes and see every certificate that exists; Byzantine seats have signed everything, so
that they add one each to every count. A run that forks a weakened committee has a step which the hardened one refuses.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from taifoon.core import consensus
from taifoon.core.consensus import Certified, Link, Voting, final_kinds
from taifoon.core.quorum import quorum
from taifoon.core.vote import VoteKind
from taifoon.primitives.types import Hash32, View
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.explorer import Schedule, Search, State
from taifoon_models.voting import GENESIS, Committee
from taifoon_models.voting import Step as ModelStep
from taifoon_toolkit.vectors.case import Sibling, Step, Trace
from taifoon_toolkit.vectors.counterexamples import recorded
from taifoon_toolkit.vectors.method import MACHINES, Machine
from taifoon_toolkit.vectors.votes import Advance, BlockAt, Finalise, Notarise, Nullify, OneLink, link_from
from taifoon_toolkit.vectors.wire import Digest, Large, Small

GREATEST_SEATS = 64
GREATEST_SEARCH = 100_000


@dataclass(frozen=True, slots=True)
class CommitteeBegins:
    """The block that everything stands on, the seats, and how many of them, the last ones, are Byzantine."""

    genesis: Digest
    seats: Small
    byzantine: Small


Act = Notarise | Nullify | Finalise | Advance


@dataclass(frozen=True, slots=True)
class MemberActs:
    """What an honest member is asked to do."""

    seat: Small
    act: Act


@dataclass(frozen=True, slots=True)
class MemberVotes:
    """The view and the votes of a member, each in increasing order."""

    view: Large
    notarised: tuple[BlockAt, ...]
    nullified: tuple[Large, ...]
    finalised: tuple[BlockAt, ...]


@dataclass(frozen=True, slots=True)
class CommitteeState:
    """The honest members by seat, and what has a certificate; `final` are the blocks that are final."""

    members: tuple[MemberVotes, ...]
    notarised: tuple[BlockAt, ...]
    nullified: tuple[Large, ...]
    final: tuple[BlockAt, ...]


Blocks = frozenset[tuple[View, Hash32]]


@dataclass(frozen=True, slots=True)
class Members:
    """Honest members, and the votes of each kind that make a certificate with those of the Byzantine seats."""

    begun: CommitteeBegins
    needed: int
    votings: tuple[Voting, ...]
    kinds: tuple[VoteKind, ...]

    def certified(self) -> Certified:
        """The certificates that exist."""
        views = {view for voting in self.votings for view in voting.nullified}
        nullified = (view for view in views if sum(view in voting.nullified for voting in self.votings) >= self.needed)
        return Certified(Hash32(self.begun.genesis), self.decided(VoteKind.NOTARISE), frozenset(nullified))

    def decided(self, kind: VoteKind) -> Blocks:
        """The blocks with a certificate of a kind."""
        votes = [voting.notarised if kind is VoteKind.NOTARISE else voting.finalised for voting in self.votings]
        every = {block for blocks in votes for block in blocks}
        return frozenset(block for block in every if sum(block in blocks for blocks in votes) >= self.needed)

    def final(self) -> Blocks:
        """The blocks with all certificates that finality takes."""
        decided = [self.decided(kind) for kind in self.kinds]
        return frozenset.intersection(*decided)


def start(profile: Profile, given: CommitteeBegins) -> Members:
    """A committee in view 1. Raises ValueError for one without an honest seat, or in which Byzantine seats decide."""
    needed = needed_of(profile, given) if 0 < given.seats <= GREATEST_SEATS else 0
    if needed < 1 or given.byzantine >= given.seats:
        raise ValueError(f"seats: 1 to {GREATEST_SEATS}, and fewer Byzantine ones than a quorum")
    honest = given.seats - given.byzantine
    return Members(given, needed, (Voting(),) * honest, final_kinds(profile))


def needed_of(profile: Profile, given: CommitteeBegins) -> int:
    """Honest votes that make a certificate."""
    return quorum(profile, given.seats) - given.byzantine


def step(profile: Profile, state: Members, event: MemberActs) -> Members:
    """The committee after an act, or a rejection."""
    if event.seat >= len(state.votings):
        raise ValueError("seat: names an honest one")
    counted = replace(state, needed=needed_of(profile, state.begun))
    voting = acted(profile, state.votings[event.seat], counted.certified(), event.act)
    return replace(state, votings=(*state.votings[: event.seat], voting, *state.votings[event.seat + 1 :]))


def acted(profile: Profile, voting: Voting, certified: Certified, act: Act) -> Voting:
    """A member after an act, or a rejection."""
    match act:
        case Notarise(link):
            return consensus.notarise(profile, voting, certified, link_from(link))
        case Finalise(link):
            return consensus.finalise(profile, voting, certified, link_from(link))
        case Nullify():
            return consensus.nullify(profile, voting)
        case Advance():
            return consensus.advance(profile, voting, certified)


def in_order(blocks: Blocks) -> tuple[BlockAt, ...]:
    """Blocks by view, then by hash."""
    return tuple(BlockAt(view, block_hash) for view, block_hash in sorted(blocks))


def shown(state: Members) -> CommitteeState:
    """The whole state."""
    certified = state.certified()
    members = tuple(
        MemberVotes(
            voting.view, in_order(voting.notarised), tuple(sorted(voting.nullified)), in_order(voting.finalised)
        )
        for voting in state.votings
    )
    return CommitteeState(
        members, in_order(certified.notarised), tuple(sorted(certified.nullified)), in_order(state.final())
    )


MACHINES["committee"] = Machine(
    "committee",
    "2.4",
    ("R-2.4-5", "R-6.2-1", "RES-QUORUM", "RES-VIEW"),
    "The honest members of a committee, who see every certificate; Byzantine seats count in each.",
    CommitteeBegins,
    MemberActs,
    CommitteeState,
    start,
    step,
    shown,
)

ACTS: dict[str, type[Notarise] | type[Finalise]] = {"notarise": Notarise, "finalise": Finalise}


def event_of(committee: Committee, seat: int, action: str, block: str) -> MemberActs:
    """A step of a schedule as an event."""
    if action in ACTS:
        return MemberActs(seat, ACTS[action](one_link(committee.blocks[block])))
    return MemberActs(seat, Nullify() if action == "nullify" else Advance())


def one_link(link: Link) -> OneLink:
    """A link as it is written."""
    return OneLink(link.view, link.block_hash, link.parent_view, link.parent_hash)


def begun(committee: Committee) -> CommitteeBegins:
    """The beginning of a committee's run."""
    return CommitteeBegins(GENESIS, committee.seats, committee.byzantine)


def followed(committee: Committee, schedule: Schedule, fault: Resolution) -> Trace | None:
    """A weakened committee's run, followed by a hardened one to the first step that it refuses, and one step on.

    None where it refuses nothing. The step after it shows that what was refused left no trace.
    """
    steps: list[Step] = []
    state = start(HARDENED, begun(committee))
    for place, (seat, action, block) in enumerate(schedule):
        event = event_of(committee, seat, action, block)
        try:
            state = step(HARDENED, state, event)
        except Rejected as rejected:
            steps.append(Step(event, rejected.code, fault))
            later = (event_of(committee, *each) for each in schedule[place + 1 :])
            return replace(plain(committee, steps), steps=(*steps, *first_accepted(state, later)))
        steps.append(Step(event))
    return None


def first_accepted(state: Members, events: Iterator[MemberActs]) -> tuple[Step, ...]:
    """The first of some events that a hardened committee accepts, if there is one."""
    for event in events:
        try:
            step(HARDENED, state, event)
        except Rejected:
            continue
        return (Step(event),)
    return ()


def plain(committee: Committee, steps: list[Step]) -> Trace:
    """A run without a name."""
    return Trace("committee", "", begun(committee), tuple(steps))


def weakened_runs() -> Iterator[Trace]:
    """The recorded counterexamples that are runs of a committee, as a hardened one takes them."""
    seen = set()
    for number, found in enumerate(recorded()):
        parameters = found.parameters
        if not {"seats", "byzantine", "schedule"} <= set(parameters) or not found.scenario.startswith("consensus/"):
            continue
        views = parameters.get("views", 2)
        committee = Committee(HARDENED, parameters["seats"], parameters["byzantine"], views)
        schedule = tuple((seat, action, block) for seat, action, block in parameters["schedule"])
        if not all(action in (*ACTS, "nullify", "advance") for _, action, _ in schedule):
            continue
        trace = followed(committee, schedule, found.resolution)
        if trace is not None and trace.steps not in seen:
            seen.add(trace.steps)
            name = found.resolution.value.lower().replace(".", "-")
            yield replace(trace, label=f"{found.scenario.partition('/')[2]}-{name}-{number}")


RULES: dict[tuple[str, RejectionCode], Resolution | None] = {
    ("notarise", RejectionCode.VOTE_TWICE): Resolution.VOTE_ONCE,
    ("notarise", RejectionCode.VOTE_LINEAGE): Resolution.CERTIFIED_PARENT,
    ("notarise", RejectionCode.VOTE_GAP): Resolution.NULLIFIED_GAP,
    ("notarise", RejectionCode.VOTE_CONFLICT): None,
    ("notarise", RejectionCode.VOTE_WRONG_VIEW): None,
    ("finalise", RejectionCode.VOTE_CONFLICT): Resolution.FINALISE_EXCLUDES_NULLIFY,
    ("finalise", RejectionCode.VOTE_NOT_NOTARISED): Resolution.FINALISE_NEEDS_NOTARISATION,
    ("finalise", RejectionCode.VOTE_TWICE): None,
    ("finalise", RejectionCode.VOTE_WRONG_VIEW): None,
    ("nullify", RejectionCode.VOTE_CONFLICT): Resolution.FINALISE_EXCLUDES_NULLIFY,
    ("nullify", RejectionCode.VOTE_TWICE): None,
    ("advance", RejectionCode.VIEW_NOT_OVER): None,
}
"""The rules of voting, by act and code, with the switch that leaves each out, if there is one."""


def code_of(profile: Profile, voting: Voting, certified: Certified, act: Act) -> RejectionCode | None:
    """The code with which a member refuses an act; None if it does it."""
    try:
        acted(profile, voting, certified, act)
    except Rejected as rejected:
        return rejected.code
    return None


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act that one rule alone refuses in a state, and one that the member does there."""

    rule: tuple[str, RejectionCode]
    voting: Voting
    act: Act
    instead: Act


def refusals(committee: Committee, state: State) -> Iterator[Refusal]:
    """What the members of a state refuse by one rule alone."""
    certified = committee.certified(state)
    asked = [(action, block) for action in ACTS for block in committee.blocks] + [("nullify", ""), ("advance", "")]
    acts = [(action, event_of(committee, 0, action, block).act) for action, block in asked]
    for voting in state:
        codes = [(action, act, code_of(HARDENED, voting, certified, act)) for action, act in acts]
        instead = next((act for _, act, code in codes if code is None), None)
        for action, act, code in codes:
            if code is None or instead is None or (action, code) not in RULES:
                continue
            switch = RULES[action, code]
            if switch is None or code_of(HARDENED.without(switch), voting, certified, act) is None:
                yield Refusal((action, code), voting, act, instead)


def shortest_runs() -> Iterator[Trace]:
    """For each rule a shortest run of the model after which it alone refuses an act, breadth first."""
    committee = Committee(HARDENED, 4, 1, 2)
    search = Search(committee)
    first = search.canonical(committee.start())
    parents: dict[State, tuple[State, ModelStep] | None] = {first: None}
    queue = deque([first])
    missing = set(RULES)
    while queue and missing:
        state = queue.popleft()
        for found in refusals(committee, state):
            if found.rule in missing:
                missing.remove(found.rule)
                yield run_to(committee, search.schedule_to(state, parents), found)
        for taken, reached in search.successors(state):
            if reached not in parents:
                parents[reached] = (state, taken)
                queue.append(reached)


def run_to(committee: Committee, schedule: Schedule, found: Refusal) -> Trace:
    """The run to a refusal, which it ends with, and what the member does instead."""
    steps = [Step(event_of(committee, *each)) for each in schedule]
    state = start(HARDENED, begun(committee))
    for taken in steps:
        state = step(HARDENED, state, taken.event)
    seat = state.votings.index(found.voting)
    action, code = found.rule
    instead = MemberActs(seat, found.instead)
    fault = RULES[found.rule] or Sibling(instead, "another act in its place")
    steps += [Step(MemberActs(seat, found.act), code, fault), Step(instead)]
    return replace(plain(committee, steps), label=f"shortest-{action}-{code.name}".lower().replace("_", "-"))


FINAL = (
    "1.a",
    "2.1a",
    "2.0",
)
"""Blocks that become final: in the first view, on a block of it, and after the first view was nullified."""


def is_final(committee: Committee, name: str, state: State) -> bool:
    """Whether a block is final in a state."""
    return name in committee.final(state)


def final_runs() -> Iterator[Trace]:
    """The shortest runs of the model after which a block is final."""
    committee = Committee(HARDENED, 4, 1, 2)
    for name in FINAL:
        found = Search(committee).run(partial(is_final, committee, name), GREATEST_SEARCH)
        if found.schedule is not None:
            steps = [Step(event_of(committee, *each)) for each in found.schedule]
            yield replace(plain(committee, steps), label=f"final-{name.replace('.', '-')}")


def cases() -> Iterator[Trace]:
    """All runs of this subject."""
    yield from final_runs()
    yield from shortest_runs()
    yield from weakened_runs()
