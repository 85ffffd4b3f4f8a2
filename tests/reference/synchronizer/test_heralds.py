"""What a synchronizer says unasked, and what it takes of such words from others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.block import ClusterBlock
from taifoon.core.epoch import committee_of_cluster
from taifoon.core.leaf import MMRLeaf
from taifoon.core.owners import primary, replicas
from taifoon.network.claims import heads_of_push
from taifoon.network.kinds import P2PMessage
from taifoon.network.messages import BlockProposal, ClusterJoin, JobAssignment, NodeAnnounce, PeaksPush
from taifoon.network.parts import RangeKind
from taifoon.primitives.types import ClusterId, LeafCount, Millis, Seat
from taifoon.profile import Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon.synchronizer.events import BlockFinal, Effect, ProveJob, Spread
from taifoon.synchronizer.heralds import speaker_of
from taifoon.synchronizer.live_chain import block_on
from taifoon.synchronizer.state import Synchronizer
from taifoon.synchronizer.surroundings import Surroundings, renewed
from taifoon_models.epochs import setting
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key

from .numbered import (
    HOLDERS,
    LATER,
    NETWORK,
    PROFILE,
    cluster_of,
    finalising,
    fresh,
    heard,
    holder_of,
    leader_of,
    mates_of,
    member_of,
    messages,
    proposal,
    refusals,
    resigned,
    seat_of,
    started,
    strangers_to,
)

ASSIGNMENT = setting(PROFILE, NETWORK).assignment


def of(kind: type[P2PMessage], effects: tuple[Effect, ...]) -> list[P2PMessage]:  # type: ignore[valid-type]
    return [each for each in messages(effects) if isinstance(each, kind)]  # type: ignore[arg-type]


# Presence.


@pytest.mark.parametrize("number", [0, 3, 7])
def test_a_synchronizer_announces_its_key_and_joins_its_cluster(number: int) -> None:
    _, effects = started(number)
    entry = next(each for each in ASSIGNMENT.registry if each.public_key == key(number))
    assert of(NodeAnnounce, effects) == [NodeAnnounce(key(number), entry.capabilities, b"")]
    assert of(ClusterJoin, effects) == [ClusterJoin(cluster_of(number), (), LeafCount(0), Seat(0))]


def test_an_address_is_told_as_it_is_given() -> None:
    synchronizer = fresh(0)
    there = replace(synchronizer, terms=replace(synchronizer.terms, address=b"198.51.100.7:4000"))
    _, effects = heard(fresh(1), (0, NodeAnnounce(key(0), (), b"198.51.100.7:4000")))
    assert any(isinstance(effect, Spread) for effect in effects)
    assert there.terms.address == b"198.51.100.7:4000"


def test_of_each_registered_key_the_last_announcement_is_kept() -> None:
    said = tuple((number, NodeAnnounce(key(number), (), b"%d" % again)) for again in range(3) for number in range(1, 5))
    after, _ = heard(fresh(0), *said)
    assert {each.public_key: each.address for each in after.surroundings.neighbours} == {
        key(number): b"2" for number in range(1, 5)
    }


def test_whoever_is_not_registered_gets_no_entry() -> None:
    stranger = HOLDERS + 5
    after, effects = heard(fresh(0), (stranger, NodeAnnounce(key(stranger), (), b"here")))
    assert refusals(effects) == [RejectionCode.ENVELOPE_SENDER]
    assert after.surroundings == Surroundings()
    literal = PROFILE.without(Resolution.ENVELOPE)
    after, _ = heard(fresh(0, literal), (stranger, NodeAnnounce(key(stranger), (), b"here")), profile=literal)
    assert after.surroundings.neighbour(key(stranger)) is not None


def test_a_join_counts_for_the_derived_cluster_alone() -> None:
    mate = mates_of(0)[0]
    join = ClusterJoin(cluster_of(0), (), LeafCount(0), Seat(0))
    after, effects = heard(fresh(0), (mate, join), (mate, join))
    neighbour = after.surroundings.neighbour(key(mate))
    assert neighbour is not None
    assert [place.cluster for place in neighbour.places] == [cluster_of(0)]
    assert refusals(effects) == []
    _, effects = heard(fresh(0), (strangers_to(0)[0], join))
    assert refusals(effects) == [RejectionCode.JOIN_NOT_DERIVED]
    literal: Profile = PROFILE.without(Resolution.DERIVED_FIELDS)
    _, effects = heard(fresh(0, literal), (strangers_to(0)[0], join), profile=literal)
    assert refusals(effects) == []


def test_the_next_epoch_keeps_who_is_registered_and_no_places() -> None:
    mate = mates_of(0)[0]
    said = tuple((number, NodeAnnounce(key(number), (), b"here")) for number in range(1, 4))
    after, _ = heard(fresh(0), *said, (mate, ClusterJoin(cluster_of(0), (), LeafCount(0), Seat(0))))
    kept = renewed(after.surroundings, frozenset({key(1), key(2)}))
    assert {each.public_key for each in kept.neighbours} == {key(1), key(2)}
    assert all(each.places == () for each in kept.neighbours)


# Final blocks.


def with_jobs(cluster: ClusterId, jobs: tuple[int, ...]) -> BlockProposal:
    """The first proposal of a cluster, with jobs that it takes in."""
    original = proposal(cluster)
    state = member_of(fresh(leader_of(cluster))).states[0]
    leaves = tuple(named(number) for number in jobs)
    header = original.block.header
    block = block_on(PROFILE, state, header.view, header.timestamp, leaves, ())
    return resigned(original, block)


def named(number: int) -> MMRLeaf:
    leaf = intake(number)
    first = primary(PROFILE, ASSIGNMENT, leaf)
    assert first is not None
    return replace(leaf, assigned_cluster=first)


def final_at(number: int, proposed: BlockProposal) -> tuple[Synchronizer, tuple[Effect, ...]]:
    """A synchronizer at which a proposed block becomes final."""
    leader = leader_of(proposed.block.header.cluster_id)
    after, first = heard(fresh(number), (leader, proposed))
    after, then = heard(after, *((leader, each) for each in finalising(proposed)))
    return after, (*first, *then)


CLUSTER = cluster_of(0)
PROPOSED = with_jobs(CLUSTER, (5, 6))
MEMBERS = tuple(number for number in range(HOLDERS) if cluster_of(number) == CLUSTER)
SPEAKER = holder_of(CLUSTER, speaker_of(PROFILE, member_of(fresh(0)), PROPOSED.block.header.block_number))
LEADER = leader_of(CLUSTER)
FOREIGN = strangers_to(0)[0]


def push() -> PeaksPush:
    _, effects = final_at(SPEAKER, PROPOSED)
    (pushed,) = of(PeaksPush, effects)
    assert isinstance(pushed, PeaksPush)
    return pushed


def test_one_speaker_pushes_the_heads_of_a_final_block() -> None:
    for number in MEMBERS:
        after, effects = final_at(number, PROPOSED)
        assert any(isinstance(effect, BlockFinal) for effect in effects)
        assert len(of(PeaksPush, effects)) == (number == SPEAKER)
        assert (after.surroundings.progress_of(CLUSTER) is not None) is (number == SPEAKER)
    committee = committee_of_cluster(NETWORK.chain_id, ASSIGNMENT, CLUSTER)
    counts = {head.range.kind: head.leaf_count for head in heads_of_push(PROFILE, committee, push())}
    assert counts == {RangeKind.JOBS: 2, RangeKind.BATCHES: 0}


def test_the_first_seats_speak_in_turn() -> None:
    member = member_of(fresh(0))
    turns = [speaker_of(PROFILE, member, number) for number in range(1, 7)]  # type: ignore[arg-type]
    assert turns == [1, 0, 1, 0, 1, 0]


def test_a_push_shows_another_cluster_how_far_this_one_is() -> None:
    after, effects = heard(fresh(FOREIGN), (SPEAKER, push()))
    assert refusals(effects) == []
    progress = after.surroundings.progress_of(CLUSTER)
    assert progress is not None
    assert progress.number == PROPOSED.block.header.block_number
    committee = committee_of_cluster(NETWORK.chain_id, ASSIGNMENT, CLUSTER)
    assert after.surroundings.heads == heads_of_push(PROFILE, committee, push())


@pytest.mark.parametrize("change", ["count", "certificate"])
def test_a_push_that_its_block_does_not_certify_is_refused(change: str) -> None:
    good = push()
    false = (
        replace(good, jobs=good.jobs[:1] + good.jobs[:1], job_count=LeafCount(3))
        if change == "count"
        else replace(good, final=replace(good.final, finalisation=good.final.notarisation))
    )
    after, effects = heard(fresh(FOREIGN), (SPEAKER, false))
    expected = {"count": RejectionCode.MMR_ROOT_MISMATCH, "certificate": RejectionCode.CERTIFICATE_STATEMENT}
    assert refusals(effects) == [expected[change]]
    assert after.surroundings.progress == ()


def test_an_older_push_changes_nothing() -> None:
    after, _ = heard(fresh(FOREIGN), (SPEAKER, push()))
    again, effects = heard(after, (LEADER, push()))
    assert again.surroundings == after.surroundings
    assert refusals(effects) == []


# Assignments.


def drawn() -> tuple[tuple[int, MMRLeaf], ...]:
    """The replicas of the cluster, by the number of their key, each with its job."""
    numbers = {key(number): number for number in range(HOLDERS)}
    return tuple(
        (numbers[replica.seat.public_key], leaf)
        for leaf in PROPOSED.block.proof_jobs
        for replica in replicas(PROFILE, ASSIGNMENT, leaf, 2)
        if replica.cluster == CLUSTER
    )


def assignments() -> list[JobAssignment]:
    own, effects = final_at(LEADER, PROPOSED)
    del own
    return [each for each in of(JobAssignment, effects) if isinstance(each, JobAssignment)]


def test_the_leader_assigns_each_job_to_its_drawn_replica_and_nobody_else_does() -> None:
    elsewhere = [(key(number), leaf.job_id) for number, leaf in drawn() if number != LEADER]
    assert [(each.assignee, each.job_id) for each in assignments()] == elsewhere
    assert elsewhere
    for number in MEMBERS:
        if number != LEADER:
            assert of(JobAssignment, final_at(number, PROPOSED)[1]) == []


def prover() -> tuple[int, JobAssignment]:
    message = assignments()[0]
    return next(number for number in MEMBERS if key(number) == message.assignee), message


def asked(effects: tuple[Effect, ...]) -> list[MMRLeaf]:
    return [effect.leaf for effect in effects if isinstance(effect, ProveJob)]


def test_a_prover_that_lacks_the_certificates_begins_when_it_is_told_and_once() -> None:
    number, message = prover()
    behind, effects = heard(fresh(number), (LEADER, PROPOSED))
    assert asked(effects) == []
    told, effects = heard(behind, (LEADER, message))
    assert [leaf.job_id for leaf in asked(effects)] == [message.job_id]
    again, effects = heard(told, (LEADER, message))
    assert asked(effects) == []
    _, effects = heard(again, *((LEADER, each) for each in finalising(PROPOSED)))
    assert any(isinstance(effect, BlockFinal) for effect in effects)
    assert message.job_id not in [leaf.job_id for leaf in asked(effects)]


def test_who_knows_the_block_to_be_final_has_begun_already() -> None:
    number, message = prover()
    after, effects = final_at(number, PROPOSED)
    assert message.job_id in [leaf.job_id for leaf in asked(effects)]
    assert asked(heard(after, (LEADER, message))[1]) == []


@pytest.mark.parametrize("fault", ["sender", "assignee", "deadline", "job"])
def test_a_leader_has_no_discretion(fault: str) -> None:
    number, message = prover()
    sender, other = LEADER, next(each for each in MEMBERS if each not in (number, LEADER))
    if fault == "sender":
        sender = other
    elif fault == "assignee":
        message = replace(message, assignee=key(other), seat=Seat(0))
    elif fault == "deadline":
        message = replace(message, deadline=Millis(LATER - 1))
    else:
        message = replace(message, job_id=digest("no job"))
    receiver = other if fault == "assignee" else number
    behind, _ = heard(fresh(receiver), (LEADER, PROPOSED))
    after, effects = heard(behind, (sender, message))
    expected = RejectionCode.JOB_UNKNOWN if fault == "job" else RejectionCode.ASSIGNMENT_NOT_DRAWN
    assert refusals(effects) == [expected]
    assert asked(effects) == []
    assert after.surroundings.begun == frozenset()


def test_whom_an_assignment_may_name_is_the_rule_of_replicas() -> None:
    number, message = prover()
    other = next(each for each in MEMBERS if each not in (number, LEADER))
    literal = PROFILE.without(Resolution.REPLICAS)
    named_at_will = replace(message, assignee=key(other))
    behind, _ = heard(fresh(other, literal), (LEADER, PROPOSED), profile=literal)
    after, effects = heard(behind, (LEADER, named_at_will), profile=literal)
    assert refusals(effects) == []
    assert message.job_id in {leaf.job_id for leaf in asked(effects)} | after.surroundings.begun


def test_a_block_without_jobs_assigns_nothing() -> None:
    empty = proposal(CLUSTER)
    assert isinstance(empty.block, ClusterBlock)
    assert of(JobAssignment, final_at(LEADER, empty)[1]) == []
    assert seat_of(LEADER) == member_of(fresh(LEADER)).replica.seats[0]
