"""A closing has one identity, and the epoch chain runs on the voting of the cluster chains."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any

import pytest

from taifoon.core.accountability import SignedStatement, check_finality
from taifoon.core.consensus import GENESIS_VIEW, Link, Voting
from taifoon.core.epoch import committee_of_epoch
from taifoon.core.epoch_block import (
    Closing,
    EpochBlock,
    EpochChain,
    EpochHeader,
    closing_hash,
    covers,
    epoch_block,
    epoch_genesis,
    epoch_leader,
    global_root,
    is_sealed,
    is_vouched_for,
    keeper,
)
from taifoon.core.knowledge import finality_proof
from taifoon.core.proposal import Proposal
from taifoon.core.replica import Replica, new_replica, step
from taifoon.core.replica_events import (
    BlockBuilt,
    BuildBlock,
    CertificateArrived,
    Finalised,
    ProposalArrived,
    Restarted,
    SendCertificate,
    SendProposal,
    SendVote,
    StartTimer,
    TimerEnded,
    VoteArrived,
)
from taifoon.primitives.encoding import decode, encode
from taifoon.primitives.types import BlockNumber, ClusterId, Epoch, Seat, View
from taifoon.profile import HARDENED, Resolution
from taifoon_models.blocks import CHAIN
from taifoon_models.epochs import KEYS, Setting, network, setting, small_clusters, usual_choice, worked
from taifoon_models.jobs import digest
from taifoon_models.keys import signature
from taifoon_proofs.theorems.succession import plan

PROFILE = small_clusters(HARDENED, 3)


def in_second_epoch(holders: int = 4) -> tuple[Setting, Closing]:
    """The second epoch of a small network in which cluster 0 works, and its closing."""
    first = setting(PROFILE, network(PROFILE, holders, 1), factor=1)
    state, _ = worked(first, plan(first, [0], 0))
    now = setting(PROFILE, state, factor=1)
    stretches = now.stretches(plan(now, [0], 100))
    return now, now.closing(stretches, usual_choice(state, PROFILE))


NOW, CLOSING = in_second_epoch()
GENESIS = epoch_genesis(PROFILE, CHAIN, NOW.state.epoch, NOW.state.before)
CHAIN_HERE = EpochChain(PROFILE, GENESIS, NOW.assignment, frozenset({closing_hash(PROFILE, CLOSING)}))
BEGINNING = Link(GENESIS_VIEW, GENESIS, GENESIS_VIEW, GENESIS)


def test_a_closing_is_read_back_from_its_octets() -> None:
    assert decode(Closing, encode(Closing, CLOSING)) == CLOSING
    block = epoch_block(PROFILE, NOW.state.epoch, View(1), BEGINNING, CLOSING)
    assert decode(EpochBlock, encode(EpochBlock, block)) == block


def test_the_header_has_a_length_that_no_cluster_block_has() -> None:
    lengths = {
        len(encode(EpochHeader, epoch_block(PROFILE, Epoch(1), View(1), BEGINNING, closing).header))
        for closing in (None, CLOSING)
    }
    assert lengths == {57, 89}


CHANGES: dict[str, object] = {
    "epoch": Epoch(9),
    "heads": (),
    "global_root": digest("another"),
    "settled": (),
    "registry": (),
    "clusters": 3,
    "commitments": (),
    "reveals": (),
    "beacon": digest("another"),
}


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_each_field_of_a_closing_makes_another_identity(name: str) -> None:
    assert closing_hash(PROFILE, replace(CLOSING, **{name: CHANGES[name]})) != closing_hash(PROFILE, CLOSING)  # type: ignore[arg-type]


def test_each_field_of_a_head_makes_another_global_root() -> None:
    head = CLOSING.heads[0]
    others = (
        replace(head, cluster=ClusterId(5)),
        replace(head, block_number=BlockNumber(99)),
        replace(head, block_hash=None),
        replace(head, mmr_root=digest("another")),
        replace(head, ended=True),
    )
    roots = {global_root(PROFILE, CLOSING.epoch, (each, *CLOSING.heads[1:])) for each in (head, *others)}
    assert len(roots) == 6
    assert global_root(PROFILE, Epoch(9), CLOSING.heads) not in roots


def test_a_beginning_binds_the_closing_before_only_with_the_rule() -> None:
    literal = PROFILE.without(Resolution.GENESIS)
    closings = (None, digest("one"), digest("two"))
    for profile, count in ((PROFILE, 3), (literal, 1)):
        assert len({epoch_genesis(profile, CHAIN, Epoch(1), before) for before in closings}) == count


@pytest.mark.parametrize(
    ("block", "valid"),
    [
        (epoch_block(PROFILE, Epoch(1), View(1), BEGINNING, CLOSING), True),
        (epoch_block(PROFILE, Epoch(2), View(1), BEGINNING, CLOSING), False),
        (epoch_block(PROFILE, Epoch(1), View(1), BEGINNING, None), False),
        (epoch_block(PROFILE, Epoch(1), View(1), BEGINNING, replace(CLOSING, clusters=3)), False),
        (epoch_block(PROFILE, Epoch(1), View(2), Link(View(1), digest("b"), GENESIS_VIEW, GENESIS), CLOSING), False),
        (EpochBlock(epoch_block(PROFILE, Epoch(1), View(1), BEGINNING, None).header, CLOSING), False),
    ],
    ids=["honest", "another epoch", "no closing", "another closing", "another parent", "a closing that is not named"],
)
def test_the_first_block_stands_on_the_beginning_with_an_acceptable_closing(block: EpochBlock, valid: bool) -> None:
    assert CHAIN_HERE.is_valid(BEGINNING, block) == valid


def test_a_later_block_has_no_closing() -> None:
    parent = CHAIN_HERE.link(epoch_block(PROFILE, Epoch(1), View(1), BEGINNING, CLOSING))
    assert CHAIN_HERE.is_valid(parent, epoch_block(PROFILE, Epoch(1), View(2), parent, None))
    assert not CHAIN_HERE.is_valid(parent, epoch_block(PROFILE, Epoch(1), View(2), parent, CLOSING))


def test_a_closing_stands_on_no_other_beginning() -> None:
    elsewhere = Link(GENESIS_VIEW, digest("elsewhere"), GENESIS_VIEW, digest("elsewhere"))
    assert not CHAIN_HERE.is_valid(elsewhere, epoch_block(PROFILE, Epoch(1), View(1), elsewhere, CLOSING))


def test_an_honest_member_knows_when_a_closing_leaves_something_out() -> None:
    assert covers(CLOSING, CLOSING.heads, CLOSING.reveals)
    ahead = replace(CLOSING.heads[0], block_number=BlockNumber(CLOSING.heads[0].block_number + 1))
    assert not covers(CLOSING, (ahead,), ())
    assert not covers(CLOSING, (replace(ahead, cluster=ClusterId(8)),), ())
    assert len(CLOSING.reveals) == 4
    assert not covers(replace(CLOSING, reveals=CLOSING.reveals[1:]), (), CLOSING.reveals)


def test_an_honest_member_knows_when_a_closing_commits_in_anothers_name() -> None:
    assert len(CLOSING.commitments) == 4
    assert is_vouched_for(CLOSING, CLOSING.commitments)
    assert is_vouched_for(replace(CLOSING, commitments=()), ())
    assert not is_vouched_for(CLOSING, CLOSING.commitments[1:])
    forged = replace(CLOSING.commitments[0], digest=digest("another"))
    assert not is_vouched_for(CLOSING, (forged, *CLOSING.commitments[1:]))


def test_a_member_that_voted_for_a_closing_is_silent_in_its_cluster() -> None:
    assert not is_sealed(Voting())
    assert not is_sealed(Voting(nullified=frozenset({View(1)})))
    assert is_sealed(Voting(notarised=frozenset({(View(1), digest("closing"))})))


def test_the_log_of_an_ended_cluster_has_a_keeper() -> None:
    assert [keeper(ClusterId(cluster), 3) for cluster in range(7)] == [0, 1, 2, 0, 1, 2, 0]


class Members:
    """All seats as replicas of the epoch chain, letters delivered at once; some seats are down."""

    def __init__(self, down: frozenset[int] = frozenset()) -> None:
        self.committee = committee_of_epoch(CHAIN, NOW.assignment)
        self.replicas: dict[int, Replica[EpochBlock]] = {
            seat: new_replica(self.committee, (Seat(seat),))
            for seat in range(len(self.committee.keys))
            if seat not in down
        }
        self.timers: dict[int, View] = {}
        self.final: dict[int, list[Link]] = {seat: [] for seat in self.replicas}
        self.queue: deque[tuple[int, Any]] = deque((seat, Restarted(Voting(), ())) for seat in self.replicas)

    def run(self, steps: int) -> None:
        for _ in range(steps):
            if self.queue:
                seat, event = self.queue.popleft()
                self.replicas[seat], effects = step(PROFILE, CHAIN_HERE, self.replicas[seat], event)
                for effect in effects:
                    self.carry_out(seat, effect)
            elif not any(self.final.values()):
                self.time_out()

    def carry_out(self, seat: int, effect: object) -> None:
        match effect:
            case SendVote(voter, statement):
                signed = signature(PROFILE, KEYS[self.committee.keys[voter]], statement)
                self.to_all(VoteArrived(SignedStatement(voter, statement, signed)))
            case SendProposal(block, voter, statement, certificates):
                signed = signature(PROFILE, KEYS[self.committee.keys[voter]], statement)
                self.to_all(ProposalArrived(Proposal(block, SignedStatement(voter, statement, signed), certificates)))
            case SendCertificate(certificate):
                self.to_all(CertificateArrived(certificate))
            case BuildBlock(view, parent):
                closing = CLOSING if parent == BEGINNING else None
                self.queue.append((seat, BlockBuilt(epoch_block(PROFILE, NOW.state.epoch, view, parent, closing))))
            case StartTimer(view):
                self.timers[seat] = view
            case Finalised(link):
                self.final[seat].append(link)

    def to_all(self, event: object) -> None:
        self.queue.extend((seat, event) for seat in self.replicas)

    def time_out(self) -> None:
        self.queue.extend((seat, TimerEnded(view)) for seat, view in self.timers.items())


@pytest.mark.parametrize("is_down", [False, True], ids=["all are up", "the first leader is down"])
def test_the_voting_of_the_cluster_chains_closes_an_epoch(is_down: bool) -> None:
    first = NOW.assignment.seats.index(epoch_leader(PROFILE, NOW.assignment, View(1)))
    members = Members(frozenset({first} if is_down else ()))
    members.run(200)
    closed = {links[0] for links in members.final.values() if links}
    assert len(closed) == 1
    link = closed.pop()
    assert link.view == (2 if is_down else 1)
    assert (link.parent_view, link.parent_hash) == (GENESIS_VIEW, GENESIS)
    seat = next(seat for seat, links in members.final.items() if links)
    proof = finality_proof(PROFILE, CHAIN_HERE, members.replicas[seat].known, members.final[seat][-1])
    check_finality(PROFILE, members.committee, GENESIS, proof)
    assert proof.path[-1] == link
