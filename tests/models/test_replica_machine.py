"""Replicas under chance and malice: no fork, no honest key convicted, every vote a step of the proved system.

A state machine delivers, loses, doubles and reorders letters, cuts the network, crashes members in the middle of their
effects, and lets Byzantine members equivocate, withhold and replay. With too many Byzantine members a fork convicts.
"""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from taifoon.core.accountability import FinalityProof, SignedStatement, contradicts, find_guilt
from taifoon.core.consensus import Link, Voting
from taifoon.core.proposal import Proposal
from taifoon.core.quorum import guaranteed_overlap, quorum, tolerated_faults
from taifoon.core.vote import NO_BLOCK, Statement, VoteKind
from taifoon.primitives.types import Seat, Signature64, View
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.network import Letter, Network
from taifoon_models.plain_chain import PlainBlock, block_on
from taifoon_models.voting import GENESIS
from taifoon_proofs.theorems.consensus_tie import guard_predicates

STEADY = settings(deadline=None, derandomize=True, max_examples=60, stateful_step_count=50)
HUNT = settings(STEADY, max_examples=1000, phases=[Phase.generate], print_blob=False, report_multiple_bugs=False)

# Seats of each member, and the Byzantine members: up to f seats; view 1 is led by member 0.
TOLERATED = (
    ((1, 1, 1, 1), {0}),
    ((1, 1, 1, 1), {1}),
    ((1, 1, 1, 1, 1), {0}),
    ((2, 1, 1, 2, 1), {0}),
    ((1, 1, 1, 1, 1, 1, 1), {0, 1}),
    ((1,) * 10, {0, 1, 4}),
)
TOO_MANY = (
    ((1, 1, 1, 1), {0, 1}),
    ((1, 1, 1, 1, 1), {0, 1, 3}),
    ((1, 1, 1, 1, 1, 1, 1), {0, 1, 3}),
)
# Up to which view the network brings everything: what a member sends to one that is behind grows with the views.
LAST_VIEW = 6
HEALING_ROUNDS = 80
ANY = st.integers(0, 999)


class Run(RuleBasedStateMachine):
    """A network and what is demanded of it after every step."""

    shapes: ClassVar[tuple[tuple[tuple[int, ...], set[int]], ...]] = TOLERATED
    profile: ClassVar[Profile] = HARDENED
    network: ClassVar[type[Network]] = Network
    demands: ClassVar[frozenset[str]] = frozenset({"agreement", "no guilt", "refinement"})
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.net = self.network(self.profile, (1, 1, 1, 1))
        self.said: dict[Seat, dict[Statement, None]] = {}
        self.read = 0
        self.agreed: set[object] = set()

    @initialize(shape=st.integers(0, 99))
    def begin(self, shape: int) -> None:
        self.start(shape)

    def start(self, shape: int) -> None:
        """A new network of one of the shapes."""
        weights, byzantine = self.shapes[shape % len(self.shapes)]
        self.net = self.network(self.profile, weights, frozenset(byzantine))
        self.said = {seat: {} for seat in self.net.holder}

    def some(self, chosen: int) -> int:
        """An honest member."""
        members = sorted(self.net.members)
        return members[chosen % len(members)]

    def down(self) -> list[int]:
        """The honest members that have crashed."""
        return [number for number, member in sorted(self.net.members.items()) if not member.is_up]

    def half(self, chosen: int) -> tuple[set[int], set[int]]:
        """The honest members in two parts."""
        members = sorted(self.net.members)
        even = set(members[::2])
        first = even if chosen % 3 == 0 else {member for place, member in enumerate(members) if chosen >> place & 1}
        return first, set(members) - first

    # The network.

    @precondition(lambda self: self.net.latest_view() <= LAST_VIEW)
    @rule(rounds=st.integers(1, 4))
    def everything_waiting_arrives(self, rounds: int) -> None:
        for _ in range(rounds):
            self.net.deliver_round()

    @precondition(lambda self: self.net.waiting)
    @rule(places=st.lists(ANY, min_size=1, max_size=12), keep=st.booleans())
    def some_letters_arrive_in_any_order(self, places: list[int], keep: bool) -> None:
        for place in places:
            if self.net.waiting:
                self.net.deliver(place % len(self.net.waiting), keep=keep)

    @precondition(lambda self: self.net.waiting)
    @rule(places=st.lists(ANY, min_size=1, max_size=6))
    def letters_are_lost(self, places: list[int]) -> None:
        for place in places:
            if self.net.waiting:
                self.net.lose(place % len(self.net.waiting))

    @rule(chosen=ANY)
    def the_network_is_cut(self, chosen: int) -> None:
        self.net.partition(*self.half(chosen))

    @precondition(lambda self: self.net.groups)
    @rule()
    def the_network_heals(self) -> None:
        self.net.partition()

    # Members.

    @rule(chosen=ANY)
    def timers_end(self, chosen: int) -> None:
        for number in sorted(self.half(chosen)[0]):
            self.net.timer(number)

    @rule(chosen=ANY, after=st.integers(0, 4))
    def a_member_crashes(self, chosen: int, after: int) -> None:
        number = self.some(chosen)
        self.net.crash(number, after)
        self.net.timer(number)

    @precondition(lambda self: self.down())
    @rule(keeps=st.booleans())
    def members_restart(self, keeps: bool) -> None:
        for number in self.down():
            stored = self.net.members[number].stored
            self.seen["restart after a vote"] += stored.voted_in(stored.view) or stored.view in stored.nullified
            self.net.restart(number, keeps_certificates=keeps)

    # The adversary.

    @rule(chosen=ANY, parent=ANY, back=st.integers(0, 1), numbers=st.sampled_from([(0, 2), (0, 1), (0, 0), (4, 2)]))
    def a_byzantine_leader_proposes(self, chosen: int, parent: int, back: int, numbers: tuple[int, int]) -> None:
        view = View(max(1, self.net.latest_view() - back))
        parents = [link for link in self.net.parents()[-3:] + self.net.parents()[:1] if link.view < view]
        for number, part in zip(numbers, self.half(chosen), strict=True):
            block = block_on(parents[parent % len(parents)], view, number)
            if not self.net.byzantine_proposal(block, part):
                return
        if numbers[0] != numbers[1]:
            self.seen["equivocation"] += 1

    @rule(kind=st.sampled_from(VoteKind), back=st.integers(0, 2), chosen=ANY)
    def byzantine_seats_vote(self, kind: VoteKind, back: int, chosen: int) -> None:
        view = View(max(1, self.net.latest_view() - back))
        blocks = [link.block_hash for link in self.net.parents() if link.view == view]
        for block in [NO_BLOCK] if kind is VoteKind.NULLIFY else blocks:
            self.net.byzantine_votes(self.net.statement(kind, view, block), self.half(chosen)[0])

    @precondition(lambda self: self.net.latest_view() <= LAST_VIEW)
    @rule(chosen=ANY, rounds=st.integers(0, 5))
    def byzantine_seats_lie_to_each_half(self, chosen: int, rounds: int) -> None:
        self.tell_each_half_its_own_story(chosen, rounds)

    def tell_each_half_its_own_story(self, chosen: int, rounds: int) -> None:
        """The strongest lie: each part of the network gets a block of its own and all votes for it, and is cut off."""
        view = self.net.latest_view()
        parents = [link for link in self.net.parents() if link.view < view]
        parts = self.half(chosen)
        for number, part in zip((0, 2), parts, strict=True):
            block = block_on(parents[-1 if number else 0], view, number)
            if self.net.byzantine_proposal(block, part):
                self.seen["equivocation"] += number // 2
                for kind in (VoteKind.NOTARISE, VoteKind.FINALISE):
                    link = self.net.chain.link(block)
                    self.net.byzantine_votes(self.net.statement(kind, view, link.block_hash), part)
        self.net.partition(*parts)
        for _ in range(rounds):
            self.net.deliver_round()

    @precondition(lambda self: self.net.log)
    @rule(place=ANY, chosen=ANY)
    def an_old_message_comes_again(self, place: int, chosen: int) -> None:
        messages = list(self.net.log)
        self.net.hand_over(Letter(self.some(chosen + 1), self.some(chosen), messages[place % len(messages)]))

    @rule(chosen=ANY, victim=ANY, kind=st.sampled_from(VoteKind))
    def a_vote_is_forged(self, chosen: int, victim: int, kind: VoteKind) -> None:
        seat = self.net.seats[self.some(victim)][0]
        block = NO_BLOCK if kind is VoteKind.NULLIFY else GENESIS
        statement = self.net.statement(kind, View(self.net.latest_view() + 1), block)
        before = self.net.refused[RejectionCode.SIGNATURE_INVALID]
        receiver = self.some(chosen)
        self.net.hand_over(Letter(receiver, receiver, SignedStatement(seat, statement, Signature64(bytes(64)))))
        refused = self.net.refused[RejectionCode.SIGNATURE_INVALID] - before
        assert refused == self.net.members[receiver].is_up

    # What is demanded.

    @invariant()
    def votes_are_steps_of_the_proved_system_and_contradict_no_other(self) -> None:
        for cast in self.net.cast[self.read :]:
            told = self.said[cast.seat]
            if cast.statement in told:
                continue
            if "no guilt" in self.demands:
                assert not any(contradicts(cast.statement, other) for other in told), "an honest key is guilty"
            if "refinement" in self.demands:
                broken = broken_guards(self.net, self.said, cast.seat, cast.statement)
                assert not broken, f"outside the proved system: {broken}"
            told[cast.statement] = None
            self.seen[cast.statement.kind.value] += 1
        self.read = len(self.net.cast)

    @invariant()
    def final_blocks_agree_or_convict(self) -> None:
        final = {link for links in self.net.final.values() for link in links}
        if final == self.agreed:
            return
        self.agreed = set(final)
        self.seen["final in a later view"] += any(link.view > 1 for link in final)
        self.seen["final over a nullified view"] += any(link.view > link.parent_view + 1 for link in final)
        fork = self.net.fork()
        if fork is None:
            return
        byzantine = len(self.net.byzantine_seats())
        seats = len(self.net.holder)
        if byzantine <= tolerated_faults(HARDENED, seats):
            assert "agreement" not in self.demands, "two conflicting blocks are final"
            return
        self.seen["fork"] += 1
        proofs = [held_proof(self.net, link) for _, link in fork]
        if proofs[0] is not None and proofs[1] is not None:
            guilt = find_guilt(self.profile, self.net.committee, GENESIS, proofs[0], proofs[1])
            convicted = {evidence.first.seat for evidence in guilt}
            assert len(convicted) >= guaranteed_overlap(seats, quorum(self.profile, seats))
            assert convicted <= set(self.net.byzantine_seats())
            self.seen["conviction"] += 1


def held_proof(net: Network, link: Link) -> FinalityProof | None:
    """The finality proof of some honest member; a crash, or a leader that kept certificates back, can leave none."""
    for number in net.members:
        try:
            return net.proof(number, link)
        except Rejected:
            continue
    return None


def broken_guards(
    net: Network, honest: dict[Seat, dict[Statement, None]], seat: Seat, statement: Statement
) -> list[str]:
    """The guards of the abstract system that a vote does not satisfy; Byzantine seats have voted what they signed."""
    seats = range(len(net.holder))
    byzantine = set(net.byzantine_seats())
    votes = {
        (int(voter), said.kind, int(said.view), said.block_hash)
        for voter in net.holder
        for said in (net.said[voter] if voter in byzantine else honest[voter])
    }
    links = {link.block_hash: link for link in net.links.values()}
    last = max((view for _, _, view, _ in votes), default=0)
    structure: dict[str, Any] = {
        "Member": seats,
        "Quorum": list(combinations(seats, quorum(net.profile, len(seats)))),
        "Block": [GENESIS, *links],
        "View": range(max(last, int(statement.view)) + 1),
        "byzantine": lambda member: member in byzantine,
        "belongs": lambda member, signers: member in signers,
        "before": lambda first, second: first < second,
        "view_of": lambda block: int(links[block].view) if block in links else 0,
        "parent": lambda block: links[block].parent_hash if block in links else GENESIS,
        "genesis": GENESIS,
        "notarise": lambda member, view, block: (member, VoteKind.NOTARISE, view, block) in votes,
        "nullify": lambda member, view: (member, VoteKind.NULLIFY, view, NO_BLOCK) in votes,
        "finalise": lambda member, view, block: (member, VoteKind.FINALISE, view, block) in votes,
        "who": int(seat),
        "view": int(statement.view),
        "block": statement.block_hash,
    }
    return [name for name, guard in guard_predicates()[statement.kind.value].items() if not guard(structure)]


def rounds_to_heal(net: Network) -> int | None:
    """Rounds until every member has finalised a block of a new view, once the adversary is silent and nothing is lost.

    None where that does not happen within a bound that is far above what is ever needed.
    """
    net.partition()
    net.waiting = {letter: None for letter in net.waiting if letter.sender in net.members}
    for number, member in net.members.items():
        member.effects_left = None
        net.restart(number)
    goal = net.latest_view()
    for rounds in range(HEALING_ROUNDS):
        if all(any(link.view > goal for link in links) for links in net.final.values()):
            return rounds
        if not net.waiting:
            for number in net.members:
                net.timer(number)
        net.deliver_round()
    return None


class HealingRun(Run):
    """As any run; at its end the adversary is silent, the network heals, and all members finalise."""

    def teardown(self) -> None:
        rounds = rounds_to_heal(self.net)
        assert rounds is not None, "not every member finalises after the network has healed"
        self.seen["healed"] += 1
        self.seen["most rounds to heal"] = max(self.seen["most rounds to heal"], rounds)
        self.votes_are_steps_of_the_proved_system_and_contradict_no_other()
        self.final_blocks_agree_or_convict()


def played(machine: type[Run], bounds: settings = STEADY) -> Counter[str]:
    """What was seen in the runs of a machine."""
    machine.seen = Counter()
    run_state_machine_as_test(machine, settings=bounds)  # type: ignore[no-untyped-call]
    return machine.seen


def test_up_to_f_byzantine_seats_break_nothing_and_stop_nothing() -> None:
    seen = played(HealingRun)
    for event in (
        "notarise",
        "nullify",
        "finalise",
        "equivocation",
        "restart after a vote",
        "final in a later view",
        "final over a nullified view",
        "healed",
    ):
        assert seen[event] > 0, f"no run had: {event}"
    assert seen["fork"] == 0


class OverrunRun(Run):
    """As any run, with more Byzantine seats than are tolerated."""

    shapes = TOO_MANY

    @initialize(shape=st.integers(0, 99), rounds=st.integers(0, 5))
    def begin(self, shape: int, rounds: int) -> None:
        """Often with a lie in view 1, so that forks do occur."""
        self.start(shape)
        if rounds:
            self.tell_each_half_its_own_story(0, rounds)


def test_more_than_f_byzantine_seats_fork_and_are_convicted_by_the_proofs_that_members_hold() -> None:
    seen = played(OverrunRun, settings(STEADY, max_examples=100))
    for event in ("fork", "conviction", "equivocation", "restart after a vote"):
        assert seen[event] > 0, f"no run had: {event}"


class ForgetfulNetwork(Network):
    """Members that come back with their view and none of their votes."""

    def remembered(self, number: int) -> tuple[Voting, tuple[Proposal[PlainBlock], ...]]:
        voting, proposals = super().remembered(number)
        return Voting(view=voting.view), proposals


class ForgetfulOfBlocks(Network):
    """Members that come back with their votes and without the blocks that they voted for."""

    def remembered(self, number: int) -> tuple[Voting, tuple[Proposal[PlainBlock], ...]]:
        return super().remembered(number)[0], ()


def planted(
    demands: set[str], profile: Profile = HARDENED, network: type[Network] = Network, shapes: object = TOLERATED
) -> type[Run]:
    """A machine over faulty members, of which it demands only so much."""
    body = {"demands": frozenset(demands), "profile": profile, "network": network, "shapes": shapes}
    return type("PlantedRun", (Run,), body)


SMALL = TOLERATED[:1]


@pytest.mark.parametrize(
    ("machine", "complaint"),
    [
        pytest.param(planted({"no guilt"}, network=ForgetfulNetwork), "an honest key is guilty", id="votes forgotten"),
        pytest.param(
            planted({"refinement"}, network=ForgetfulNetwork),
            "outside the proved system",
            id="forgotten, by steps",
        ),
        pytest.param(
            planted({"no guilt"}, HARDENED.without(Resolution.VOTE_ONCE)), "an honest key is guilty", id="vote twice"
        ),
        pytest.param(
            planted({"agreement"}, HARDENED.without(Resolution.VOTE_ONCE), shapes=SMALL),
            "two conflicting blocks are final",
            id="vote twice, by forks",
        ),
        pytest.param(
            planted({"refinement"}, HARDENED.without(Resolution.CERTIFIED_PARENT)), "'lineage'", id="any parent"
        ),
        pytest.param(planted({"refinement"}, HARDENED.without(Resolution.NULLIFIED_GAP)), "'gap'", id="any gap"),
        pytest.param(
            planted({"no guilt"}, HARDENED.without(Resolution.FINALISE_EXCLUDES_NULLIFY)),
            "an honest key is guilty",
            id="finalise and nullify",
        ),
    ],
)
def test_a_planted_fault_is_caught_by_the_demand_that_it_breaks(machine: type[Run], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        played(machine, HUNT)


@pytest.mark.parametrize(("network", "heals"), [(Network, True), (ForgetfulOfBlocks, False)])
def test_a_cluster_in_which_all_crash_goes_on_only_if_voters_kept_their_blocks(
    network: type[Network], heals: bool
) -> None:
    net = network(HARDENED, (1, 1, 1, 1))
    while any(member.replica.voting.view == 1 for member in net.members.values()):
        net.deliver_round()
    net.waiting.clear()
    for number in net.members:
        net.crash(number)
    assert (rounds_to_heal(net) is not None) is heals
