"""A member votes for commitments that it has heard, and what a holder says of the beacon reaches all in the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.accountability import statement_of
from taifoon.core.beacon import Commitment, commitment
from taifoon.core.certificate import Certificate
from taifoon.core.consensus import GENESIS_VIEW, Link
from taifoon.core.epoch_block import EpochBlock, closing_hash, epoch_block_hash
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.core.replica_events import BuildBlock
from taifoon.core.vote import VoteKind, signed_message
from taifoon.network.epoch_messages import EpochProposal
from taifoon.network.messages import BeaconCommitment, BeaconReveal, BlockVote, ViewCertificate
from taifoon.network.parts import Vote
from taifoon.primitives.types import Epoch, Hash32, Millis, Seat, View
from taifoon.rejection import RejectionCode
from taifoon.synchronizer.closing import built_epoch_block, is_acceptable
from taifoon.synchronizer.epoch_member import with_reveals
from taifoon.synchronizer.events import AlarmRang, Effect, PullAlarm
from taifoon.synchronizer.state import Synchronizer
from taifoon_models.jobs import digest
from taifoon_models.keys import key
from taifoon_models.simulation_node import NumberedSigner

from .numbered import HOLDERS, NETWORK, NOW, PROFILE, fresh, heard, messages, refusals, rung, started, terms

LATE = Millis(NOW + 70_000)
"""After the end of patience, when the epoch closes with what there is."""


def all_told(number: int, silent: tuple[int, ...] = ()) -> Synchronizer:
    """A synchronizer that has heard the commitments of all others but some."""
    said = tuple(
        (other, each)
        for other in range(HOLDERS)
        if other not in (number, *silent)
        for each in messages(started(other)[1])
        if isinstance(each, BeaconCommitment)
    )
    return heard(fresh(number), *said)[0]


def leading(synchronizer: Synchronizer, view: int) -> Synchronizer:
    """The synchronizer, asked for a closing in a view."""
    closing = synchronizer.closing
    parent = Link(GENESIS_VIEW, closing.genesis, GENESIS_VIEW, closing.genesis)
    voting = replace(closing.replica.voting, view=View(view))
    replica = replace(closing.replica, voting=voting)
    return replace(
        synchronizer, closing=replace(closing, is_due=True, replica=replica, owed=BuildBlock(View(view), parent))
    )


def commitments(synchronizer: Synchronizer, view: int) -> tuple[Commitment, ...]:
    block = built_epoch_block(PROFILE, leading(synchronizer, view), LATE)
    assert block is not None
    assert block.closing is not None
    return block.closing.commitments


def test_a_closing_is_acceptable_to_whoever_has_heard_all_its_commitments_and_to_nobody_else() -> None:
    block = built_epoch_block(PROFILE, leading(all_told(0), 1), LATE)
    assert block is not None
    assert block.closing is not None
    assert len(block.closing.commitments) == HOLDERS
    assert is_acceptable(PROFILE, all_told(1), block.closing, LATE)
    assert not is_acceptable(PROFILE, all_told(1, silent=(5,)), block.closing, LATE)
    false = replace(block.closing.commitments[3], digest=digest("another secret"))
    listed = (*block.closing.commitments[:3], false, *block.closing.commitments[4:])
    assert not is_acceptable(PROFILE, all_told(1), replace(block.closing, commitments=listed), LATE)


def test_after_f_and_one_lost_views_a_leader_lists_its_own_commitment_alone() -> None:
    faults = tolerated_faults(PROFILE, HOLDERS)
    assert len(commitments(all_told(0), 1 + faults)) == HOLDERS
    assert [each.holder for each in commitments(all_told(0), 2 + faults)] == [key(0)]


@pytest.mark.parametrize(("after", "repeated"), [(1_000, False), (terms(0).life, True)])
def test_an_own_commitment_is_repeated_once_its_message_has_expired(after: int, *, repeated: bool) -> None:
    _, effects = rung(fresh(0), AlarmRang(PullAlarm()), now=Millis(NOW + after))
    said = [each for each in messages(effects) if isinstance(each, BeaconCommitment)]
    assert bool(said) is repeated
    assert all(each.seat == Seat(0) for each in said)


def test_an_own_commitment_is_repeated_while_the_closing_is_due() -> None:
    waiting = fresh(0)
    due = replace(waiting, closing=replace(waiting.closing, is_due=True))
    _, effects = rung(due, AlarmRang(PullAlarm()))
    assert any(isinstance(each, BeaconCommitment) for each in messages(effects))


def revealing(number: int, lacking: tuple[int, ...] = ()) -> Synchronizer:
    """A synchronizer that has heard what all others say of the beacon, where all have committed for this epoch."""
    owed = tuple(
        commitment(PROFILE, Epoch(0), key(other), NumberedSigner(other).secret(Epoch(0))) for other in range(HOLDERS)
    )
    committed = replace(NETWORK, commitments=tuple(sorted(owed, key=lambda each: each.holder)))
    begun = {other: started(other, at=committed) for other in range(HOLDERS)}
    said = tuple(
        (other, each)
        for other in range(HOLDERS)
        if other != number
        for each in messages(begun[other][1])
        if isinstance(each, BeaconCommitment) or (isinstance(each, BeaconReveal) and other not in lacking)
    )
    return heard(begun[number][0], *said)[0]


def closing_by(synchronizer: Synchronizer, view: int = 1) -> EpochBlock:
    block = built_epoch_block(PROFILE, leading(synchronizer, view), LATE)
    assert block is not None
    return block


def test_a_closing_that_leaves_out_a_known_reveal_is_acceptable_to_nobody_who_knows_it() -> None:
    whole, lacking = closing_by(revealing(0)).closing, closing_by(revealing(0, lacking=(5,))).closing
    assert whole is not None
    assert lacking is not None
    assert (len(whole.reveals), len(lacking.reveals)) == (HOLDERS, HOLDERS - 1)
    assert is_acceptable(PROFILE, revealing(1), whole, LATE)
    assert is_acceptable(PROFILE, revealing(1, lacking=(5,)), lacking, LATE)
    assert not is_acceptable(PROFILE, revealing(1), lacking, LATE)


def epoch_leader(view: int = 1) -> int:
    """The synchronizer that leads a view of the epoch chain."""
    member = fresh(0).closing
    keys = member.replica.known.committee.keys
    return next(number for number in range(HOLDERS) if key(number) == keys[member.order[view - 1]])


def proposed(block: EpochBlock) -> EpochProposal:
    """A block of the epoch chain under the vote of its leader."""
    leader = epoch_leader(block.header.view)
    replica = fresh(leader).closing.replica
    committee, name = replica.known.committee, epoch_block_hash(PROFILE, block)
    statement = statement_of(committee, VoteKind.NOTARISE, block.header.view, name)
    signature = NumberedSigner(leader).sign(signed_message(PROFILE, statement))
    return EpochProposal(block, Vote(statement, replica.seats[0], signature), ())


def test_what_a_proposed_closing_reveals_is_known_to_a_member_that_refuses_the_closing() -> None:
    leader = epoch_leader()
    listener, one, other = tuple(number for number in range(HOLDERS) if number != leader)[:3]
    block = closing_by(revealing(leader, lacking=(one,)))
    before = revealing(listener, lacking=(other,))
    assert key(other) not in {each.holder for each in before.closing.reveals}
    after, _ = heard(before, (leader, proposed(block)))
    after, _ = rung(after, AlarmRang(PullAlarm()), now=LATE)
    assert {each.holder for each in after.closing.reveals} == {key(number) for number in range(HOLDERS)}
    assert not after.closing.acceptable


def test_a_reveal_that_opens_nothing_stays_unknown_whoever_shows_it() -> None:
    before = revealing(1, lacking=(5,))
    true = next(each for each in revealing(1).closing.reveals if each.holder == key(5))
    false = replace(true, secret=digest("another secret"))
    assert with_reveals(PROFILE, before.network, before.closing, (false,)) == before.closing
    assert with_reveals(PROFILE, before.network, before.closing, (false, true, true)).reveals[-1] == true


@pytest.mark.parametrize("is_stripped", [True, False], ids=["no closing", "another closing"])
def test_no_other_closing_goes_under_a_leaders_vote(*, is_stripped: bool) -> None:
    block = closing_by(revealing(epoch_leader()))
    assert block.closing is not None
    other = None if is_stripped else replace(block.closing, commitments=())
    relay = (epoch_leader() + 1) % HOLDERS
    before = revealing((epoch_leader() + 2) % HOLDERS)
    honest = proposed(block)
    after, effects = heard(before, (relay, replace(honest, block=replace(block, closing=other))))
    assert refusals(effects) == [RejectionCode.PROPOSAL_STATEMENT]
    assert after.closing == before.closing
    taken, effects = heard(after, (relay, honest))
    assert refusals(effects) == []
    taken, _ = rung(taken, AlarmRang(PullAlarm()), now=LATE)
    assert closing_hash(PROFILE, block.closing) in taken.closing.acceptable


def rivals(count: int) -> tuple[EpochProposal, ...]:
    """So many closings that the leader of the first view proposes, each with one commitment fewer."""
    closing = closing_by(all_told(epoch_leader())).closing
    assert closing is not None
    found = []
    for less in range(count):
        listed = replace(closing, commitments=closing.commitments[less:])
        header = replace(closing_by(all_told(epoch_leader())).header, closing_hash=closing_hash(PROFILE, listed))
        found.append(proposed(EpochBlock(header, listed)))
    return tuple(found)


def notarisation(proposal: EpochProposal) -> ViewCertificate:
    """The certificate of the first quorum of seats for a proposed closing."""
    statement = proposal.vote.statement
    signers = range(quorum(PROFILE, HOLDERS))
    keys = fresh(0).closing.replica.known.committee.keys
    numbers = [next(number for number in range(HOLDERS) if key(number) == keys[seat]) for seat in signers]
    signatures = tuple(NumberedSigner(number).sign(signed_message(PROFILE, statement)) for number in numbers)
    return ViewCertificate(Certificate(statement, tuple(map(Seat, signers)), signatures))


def finalising(effects: tuple[Effect, ...]) -> list[Hash32]:
    """The blocks of the epoch chain that are voted final."""
    votes = (each.vote.statement for each in messages(effects) if isinstance(each, BlockVote))
    return [vote.block_hash for vote in votes if vote.kind is VoteKind.FINALISE]


def test_a_member_goes_on_from_a_closing_that_it_would_not_have_voted_for_once_a_quorum_has() -> None:
    member = fresh((epoch_leader() + 1) % HOLDERS)
    (asked,) = rivals(1)
    said = (epoch_leader(), asked), (epoch_leader(), notarisation(asked))
    before, effects = heard(member, said[0])
    assert before.closing.held
    assert before.closing.replica.known.proposals == ()
    for order in (said, said[::-1]):
        after, effects = heard(member, *order)
        assert not after.closing.acceptable
        assert after.closing.held == ()
        assert finalising(effects) == [asked.vote.statement.block_hash]


def test_of_the_closings_of_one_view_two_wait_and_more_only_for_a_quorum() -> None:
    member, asked = fresh((epoch_leader() + 1) % HOLDERS), rivals(4)
    full, _ = heard(member, *((epoch_leader(), each) for each in asked[:3]))
    assert len(full.closing.held) == 2
    _, effects = heard(full, (epoch_leader(), notarisation(asked[3])), (epoch_leader(), asked[3]))
    assert finalising(effects) == [asked[3].vote.statement.block_hash]


def test_a_proposal_under_false_certificates_takes_no_place() -> None:
    member, (asked,) = fresh((epoch_leader() + 1) % HOLDERS), rivals(1)
    good = notarisation(asked).certificate
    false = replace(good, signatures=good.signatures[:1] * len(good.signatures))
    after, effects = heard(member, (epoch_leader(), replace(asked, certificates=(false,))))
    assert refusals(effects) == [RejectionCode.SIGNATURE_INVALID]
    assert after.closing.held == ()
    assert len(heard(after, (epoch_leader(), asked))[0].closing.held) == 1


def test_a_closing_that_its_inputs_contradict_is_forgotten() -> None:
    (asked,) = rivals(1)
    assert asked.block.closing is not None
    false = replace(asked.block.closing, clusters=asked.block.closing.clusters + 1)
    header = replace(asked.block.header, closing_hash=closing_hash(PROFILE, false))
    member = all_told((epoch_leader() + 1) % HOLDERS)
    waiting, _ = heard(member, (epoch_leader(), proposed(EpochBlock(header, false))))
    assert len(waiting.closing.held) == 1
    assert rung(waiting, AlarmRang(PullAlarm()), now=LATE)[0].closing.held == ()
