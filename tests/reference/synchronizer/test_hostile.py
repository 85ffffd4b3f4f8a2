"""What a corrupt sender says never stops a synchronizer, and what it costs is bounded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from taifoon.core.block import ProofResult
from taifoon.core.vote import VoteKind
from taifoon.economics.offences import Offence, judge
from taifoon.network.epoch_messages import EpochRecordRequest, StretchPush, stretch_of
from taifoon.network.messages import EvidenceReport, PullRequest, ViewCertificate
from taifoon.primitives.types import ClusterId, Seat, Signature64
from taifoon.rejection import Rejected, RejectionCode
from taifoon.synchronizer import hear, witness
from taifoon.synchronizer.events import AlarmRang, PullAlarm, Refused, SetAlarm
from taifoon.synchronizer.hear import hear_result
from taifoon.synchronizer.node import unless_refused
from taifoon.synchronizer.state import Done
from taifoon_models.books import LEADER, member, with_stretches, worked_stretches
from taifoon_models.epochs import setting
from taifoon_models.jobs import digest
from taifoon_models.keys import key

from .numbered import (
    CLUSTERS,
    HOLDERS,
    NOW,
    PROFILE,
    certificate,
    cluster_of,
    finalising,
    fresh,
    heard,
    leader_of,
    mates_of,
    member_of,
    messages,
    proposal,
    refusals,
    rung,
    said_vote,
    seat_of,
)

ME = next(number for number in range(10) if number != leader_of(cluster_of(number)))
MATE = next(number for number in mates_of(ME) if number != leader_of(cluster_of(ME)))


@pytest.mark.parametrize("is_known", [False, True], ids=["new statement", "known statement"])
@pytest.mark.parametrize("seats", [(), (Seat(0),), tuple(map(Seat, range(9)))], ids=["none", "too few", "too many"])
def test_a_certificate_with_other_than_one_signature_a_seat_stops_nobody(
    seats: tuple[Seat, ...], *, is_known: bool
) -> None:
    proposed = proposal(cluster_of(ME))
    good, _ = finalising(proposed)
    told = ((leader_of(cluster_of(ME)), proposed), *(((MATE, good),) if is_known else ()))
    before, _ = heard(fresh(ME), *told)
    malformed = replace(good, certificate=replace(good.certificate, seats=seats))
    after, effects = heard(before, (MATE, malformed))
    assert after.clusters == before.clusters
    assert refusals(effects) == ([] if is_known else [RejectionCode.CERTIFICATE_SHAPE])


def test_a_forged_certificate_costs_its_receiver_no_judgement(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = cluster_of(ME)
    voted, _ = heard(fresh(ME), *(said_vote(mate, VoteKind.NOTARISE, 1, digest("one")) for mate in mates_of(ME)))
    good = certificate(cluster, VoteKind.NOTARISE, 1, digest("other"))
    looks = []

    def counting(*asked: Any) -> Offence:
        looks.append(asked)
        return judge(*asked)

    monkeypatch.setattr(witness, "judge", counting)
    crowd = tuple(seat_of(mate) for mate in mates_of(ME)) * 20
    forged = replace(good, seats=crowd, signatures=(Signature64(bytes(64)),) * len(crowd))
    _, effects = heard(voted, (MATE, ViewCertificate(forged)))
    assert not any(isinstance(each, EvidenceReport) for each in messages(effects))
    assert looks == []
    _, effects = heard(voted, (MATE, ViewCertificate(good)))
    assert any(isinstance(each, EvidenceReport) for each in messages(effects))


def test_of_a_prover_no_more_results_wait_than_its_quota() -> None:
    few = PROFILE.with_parameters(replace(PROFILE.parameters, sender_quota=3))
    member = fresh(ME)
    for number in range(5):
        for prover in (MATE, ME):
            member = hear_result(few, member, ProofResult(digest(f"job {number}"), key(prover), b"a proof"))
    waiting = [each.prover for each in member_of(member).results]
    assert (waiting.count(key(MATE)), waiting.count(key(ME))) == (3, 3)


def test_a_pull_names_what_fits_into_it_and_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hear, "MAX_KNOWN", 3)
    member, effects = rung(fresh(ME), AlarmRang(PullAlarm()))
    assert len(member.outbox.memory.identities) > 3
    assert {len(each.known) for each in messages(effects) if isinstance(each, PullRequest)} == {3}
    assert any(isinstance(each, SetAlarm) for each in effects)


def test_what_is_said_to_one_peer_is_not_remembered() -> None:
    member = fresh(ME)
    after, effects = rung(member, AlarmRang(PullAlarm()))
    assert any(isinstance(each, EpochRecordRequest) for each in messages(effects))
    assert after.outbox.memory == member.outbox.memory
    assert after.outbox.sequence > member.outbox.sequence


def test_a_part_that_a_rule_refuses_stops_nobody() -> None:
    member = fresh(ME)

    def refusing(*_: Any) -> Done:
        raise Rejected(RejectionCode.ENCODING_OVER_LONG, "too long")

    assert unless_refused(PROFILE, member, refusing, NOW) == (
        member,
        (Refused(RejectionCode.ENCODING_OVER_LONG, "too long"),),
    )


def test_what_is_added_to_a_block_on_its_way_is_not_kept() -> None:
    proposed = proposal(cluster_of(ME))
    loaded = replace(proposed.block, validator_signatures=(Signature64(bytes(64)),) * 50)
    after, _ = heard(fresh(ME), (MATE, replace(proposed, block=loaded)))
    assert [each.proposal.block for each in member_of(after).replica.known.proposals] == [proposed.block]
    assert stretch_of(PROFILE, StretchPush(ClusterId(0), (loaded,), ())).blocks == (proposed.block,)


def test_what_is_added_to_the_proof_of_a_stretch_is_not_kept() -> None:
    at = member(PROFILE, LEADER, HOLDERS, CLUSTERS)
    (honest, _) = worked_stretches(setting(PROFILE, at.network))
    assert honest.proof is not None
    junk = replace(honest.proof.certificates[0], seats=(Seat(0),) * 9)
    unused = replace(junk, statement=replace(junk.statement, block_hash=digest("no block")))
    loaded = replace(honest, proof=replace(honest.proof, certificates=(junk, unused, *honest.proof.certificates)))
    assert with_stretches(PROFILE, at, (loaded,)) == with_stretches(PROFILE, at, (honest,))
