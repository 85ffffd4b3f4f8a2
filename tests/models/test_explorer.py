"""The explorer sees exactly the states that a plain search with rules of its own sees, and finds the known forks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import pytest

from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_models.explorer import Exploration, Search
from taifoon_models.voting import Committee, Step, proposals

LIMIT = 100_000
WITHOUT_ONCE = HARDENED.without(Resolution.VOTE_ONCE)

# A member of the plain search: its view, and its votes as (kind, what): a block's name or a view.
Vote = tuple[str, str | int]
Member = tuple[int, frozenset[Vote]]
Members = tuple[Member, ...]


class PlainCommittee:
    """Simplex as its authors describe it, over names of blocks, without symmetry and without the shipped handlers."""

    def __init__(self, seats: int, byzantine: int, views: int) -> None:
        self.views = views
        self.honest = seats - byzantine
        self.needed = 2 * seats // 3 + 1 - byzantine
        self.parent = {"1.a": "0", "1.b": "0"}
        for view in range(2, views + 1):
            for parent in ["0", *self.parent]:
                self.parent[f"{view}.{parent.replace('.', '')}"] = parent
        self.known: dict[tuple[Member, frozenset[Vote]], tuple[Member, ...]] = {}

    @staticmethod
    def view_of(name: str) -> int:
        return int(name.partition(".")[0])

    def certificates(self, members: Members) -> frozenset[Vote]:
        cast = [vote for _, votes in members for vote in votes]
        return frozenset(vote for vote in set(cast) if vote[0] != "finalise" and cast.count(vote) >= self.needed)

    def after(self, member: Member, certificates: frozenset[Vote]) -> tuple[Member, ...]:
        asked = (member, certificates)
        if asked not in self.known:
            self.known[asked] = tuple(self.moves(member, certificates))
        return self.known[asked]

    def moves(self, member: Member, certificates: frozenset[Vote]) -> Iterator[Member]:
        view, votes = member
        voted = {(kind, self.view_of(str(what)) if kind != "nullify" else what) for kind, what in votes}
        for name, parent in self.parent.items():
            of, notarised = self.view_of(name), ("notarise", name) in certificates
            free = ("notarise", view) not in voted and ("nullify", view) not in voted
            lineage = parent == "0" or ("notarise", parent) in certificates
            gap = all(("nullify", skipped) in certificates for skipped in range(self.view_of(parent) + 1, of))
            if of == view and free and lineage and gap:
                yield view, votes | {("notarise", name)}
            if of <= view and notarised and ("nullify", of) not in voted and ("finalise", name) not in votes:
                yield view, votes | {("finalise", name)}
        if ("nullify", view) not in voted and ("finalise", view) not in voted:
            yield view, votes | {("nullify", view)}
        over = any(
            what == view if kind == "nullify" else self.view_of(str(what)) == view for kind, what in certificates
        )
        if over and view < self.views:
            yield view + 1, votes

    def explore(self) -> tuple[set[Members], dict[Members, int]]:
        """All states, and of each sorted one how many steps its distinct members have."""
        start: Members = ((1, frozenset()),) * self.honest
        seen, queue = {start}, deque([start])
        steps: dict[Members, int] = {}
        while queue:
            state = queue.popleft()
            certificates = self.certificates(state)
            following = [self.after(member, certificates) for member in state]
            steps.setdefault(canonical(state), sum(len(self.after(member, certificates)) for member in set(state)))
            for place, afters in enumerate(following):
                for after in afters:
                    reached = (*state[:place], after, *state[place + 1 :])
                    if reached not in seen:
                        seen.add(reached)
                        queue.append(reached)
        return seen, steps


def canonical(state: Members) -> Members:
    """The state with its members sorted."""
    return tuple(sorted(state, key=lambda member: (member[0], sorted(map(str, member[1])))))


def explored(profile: Profile, seats: int, views: int, limit: int = LIMIT) -> tuple[Committee, Exploration]:
    """The committee with as many Byzantine seats as the profile tolerates, searched for a fork."""
    committee = Committee(profile, seats, tolerated_faults(profile, seats), views)
    return committee, Search(committee).run(lambda state: committee.fork(state) is not None, limit)


@pytest.mark.parametrize(
    ("seats", "views", "all_states", "states", "transitions"),
    [
        (1, 3, 264, 264, 364),
        (2, 2, 829, 439, 888),
        (4, 1, 482, 116, 251),
        (5, 1, 2_466, 234, 560),
        (4, 2, 134_386, 23_902, 80_782),
    ],
)
def test_a_plain_search_without_symmetry_sees_the_same_states_and_steps(
    seats: int, views: int, all_states: int, states: int, transitions: int
) -> None:
    _, exploration = explored(HARDENED, seats, views)
    plain, steps = PlainCommittee(seats, tolerated_faults(HARDENED, seats), views).explore()
    found = (len(plain), len({canonical(state) for state in plain}), sum(steps.values()))
    assert exploration.complete
    assert found == (all_states, exploration.states, exploration.transitions)
    assert found[1:] == (states, transitions)
    assert exploration.schedule is None
    assert sum(count for _, count in exploration.fired) == transitions


def test_without_votes_that_end_views_the_search_is_of_one_round() -> None:
    committee, exploration = explored(HARDENED.without(Resolution.VIEW_CHANGE), 4, 2)
    assert exploration.complete
    assert [action for action, _ in exploration.fired] == ["notarise"]
    assert all(committee.blocks[name].view == 1 for name in ("1.a", "1.b"))


FORKS = [
    pytest.param(WITHOUT_ONCE, 4, 2, 8, id="vote once"),
    pytest.param(HARDENED.without(Resolution.CERTIFIED_PARENT), 4, 2, 10, id="certified parent"),
    pytest.param(HARDENED.without(Resolution.NULLIFIED_GAP), 4, 2, 10, id="nullified gap"),
    pytest.param(HARDENED.without(Resolution.FINALISE_EXCLUDES_NULLIFY), 4, 2, 12, id="finalise excludes nullify"),
    pytest.param(HARDENED.without(Resolution.QUORUM), 6, 1, 8, id="quorum"),
    pytest.param(DOCUMENT, 4, 1, 4, id="document"),
    pytest.param(DOCUMENT, 3, 1, 2, id="document with three seats"),
]


@pytest.mark.parametrize(("profile", "seats", "views", "steps"), FORKS)
def test_the_schedule_of_a_fork_leads_to_it_step_by_step(profile: Profile, seats: int, views: int, steps: int) -> None:
    committee, exploration = explored(profile, seats, views)
    assert not exploration.complete
    assert exploration.schedule is not None
    assert len(exploration.schedule) == exploration.depth == steps
    members = list(committee.start())
    for seat, action, block in exploration.schedule:
        assert committee.fork(tuple(members)) is None
        after = committee.do(members[seat], committee.certified(tuple(members)), Step(action, block))
        assert after is not None, (seat, action, block)
        members[seat] = after
    fork = committee.fork(tuple(members))
    assert fork is not None
    first, second = (committee.blocks[name] for name in fork)
    assert not committee.is_ancestor(first, second)
    assert not committee.is_ancestor(second, first)


@pytest.mark.parametrize(("profile", "seats", "views", "steps"), [FORKS[0], FORKS[2], FORKS[4]])
def test_the_handlers_of_the_repaired_protocol_refuse_each_of_these_schedules(
    profile: Profile, seats: int, views: int, steps: int
) -> None:
    _, exploration = explored(profile, seats, views)
    committee = Committee(HARDENED, seats, tolerated_faults(HARDENED, seats), views)
    members, refused = list(committee.start()), 0
    for seat, action, block in exploration.schedule or ():
        after = committee.do(members[seat], committee.certified(tuple(members)), Step(action, block))
        refused += after is None
        members[seat] = members[seat] if after is None else after
    assert committee.fork(tuple(members)) is None
    assert 0 < refused < steps


def test_either_rule_that_ties_finality_to_notarisation_keeps_blocks_from_forking() -> None:
    seen, carried = Resolution.FINALISE_NEEDS_NOTARISATION, Resolution.FINALITY_CARRIES_NOTARISATION
    repaired = explored(HARDENED, 4, 2)[1]
    assert explored(HARDENED.without(carried), 4, 2)[1] == repaired
    assert explored(HARDENED.without(seen), 4, 1)[1].complete
    assert len(explored(HARDENED.without(seen).without(carried), 4, 2)[1].schedule or ()) == 8


def test_one_byzantine_seat_too_many_forks_the_repaired_protocol() -> None:
    committee = Committee(HARDENED, 4, tolerated_faults(HARDENED, 4) + 1, 1)
    assert committee.needed == quorum(HARDENED, 4) - 2
    exploration = Search(committee).run(lambda state: committee.fork(state) is not None, LIMIT)
    assert exploration.schedule is not None


@pytest.mark.parametrize("limit", [1, 50, 115])
def test_a_search_that_its_limit_stops_does_not_claim_to_be_complete(limit: int) -> None:
    _, exploration = explored(HARDENED, 4, 1, limit)
    assert not exploration.complete
    assert exploration.schedule is None
    assert exploration.states > limit


def test_a_limit_that_all_states_keep_stops_nothing() -> None:
    assert explored(HARDENED, 4, 1, 116)[1] == explored(HARDENED, 4, 1)[1]


def test_a_violation_of_the_start_needs_no_step() -> None:
    exploration = Search(Committee(HARDENED, 4, 1, 1)).run(lambda _: True, LIMIT)
    assert (exploration.schedule, exploration.states, exploration.depth) == ((), 1, 0)
    assert not exploration.complete


def test_proposals_branch_from_genesis_and_from_every_earlier_block() -> None:
    assert list(proposals(1)) == ["1.a", "1.b"]
    assert list(proposals(2)) == ["1.a", "1.b", "2.0", "2.1a", "2.1b"]
    assert len(proposals(3)) == 5 + 6
    blocks = proposals(3)
    assert len({link.block_hash for link in blocks.values()}) == len(blocks)
    assert all(link.parent_view < link.view for link in blocks.values())
