"""Evidence keeps what it shows on its way, and an accusation has no way."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from taifoon.core.accountability import Evidence as Contradiction
from taifoon.economics.offences import Accusation, CondemnedBlock, Evidence, FalseSubmission, TwoRoots
from taifoon.network.claims import check_report
from taifoon.network.evidence import ShownEvidence, evidence_of, shown_of
from taifoon.network.kinds import Kind, decode_message, encode_message, greatest_payload
from taifoon.network.messages import EvidenceReport
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.economy import (
    BAD_PROOF,
    GOOD_PROOF,
    bad_block,
    double_vote,
    empty_block,
    forged,
    jurisdiction,
    leading_seat,
    root_claim,
    submission,
    two_roots,
    vote_for,
)

HOLDERS = (0, 1, 2, 3)
JUDGE = jurisdiction(2, HOLDERS)
LEADER = leading_seat(HARDENED, HOLDERS, 0, 1)
ROOT = root_claim(0, 5, 3, "one")
GUILTY: tuple[ShownEvidence, ...] = (
    double_vote(HARDENED, HOLDERS, 0, 3, 1),
    vote_for(HARDENED, HOLDERS, LEADER, bad_block(HARDENED, HOLDERS, 0, 1)),
    submission(HARDENED, 0, 0, 1, BAD_PROOF),
    two_roots(HARDENED, 0, ROOT, root_claim(0, 5, 3, "other")),
)
HONEST: tuple[ShownEvidence, ...] = (
    Contradiction(GUILTY[0].first, GUILTY[0].first) if isinstance(GUILTY[0], Contradiction) else GUILTY[0],
    vote_for(HARDENED, HOLDERS, LEADER, empty_block(HARDENED, HOLDERS, 0, 1)),
    submission(HARDENED, 0, 0, 1, GOOD_PROOF),
    two_roots(HARDENED, 0, ROOT, ROOT),
)
NAMES = ("votes", "block", "submission", "roots")


def outcome(evidence: Evidence) -> RejectionCode | None:
    assert isinstance(evidence, ShownEvidence)
    try:
        check_report(HARDENED, JUDGE, EvidenceReport(shown_of(evidence)))
    except Rejected as rejected:
        return rejected.code
    return None


@pytest.mark.parametrize("evidence", GUILTY, ids=NAMES)
def test_evidence_is_the_same_after_its_way(evidence: ShownEvidence) -> None:
    report = EvidenceReport(shown_of(evidence))
    octets = encode_message(report)
    arrived = decode_message(HARDENED, octets)
    assert arrived == report
    assert octets[0] == Kind.EVIDENCE_REPORT.ordinal
    assert isinstance(arrived, EvidenceReport)
    assert evidence_of(arrived.shown) == evidence


def test_each_form_has_its_tag_and_there_is_one_for_all_evidence_but_accusations() -> None:
    tags = [encode_message(EvidenceReport(shown_of(evidence)))[1] for evidence in GUILTY]
    assert tags == [0, 1, 2, 3]
    assert {*get_args(ShownEvidence), Accusation} == set(get_args(Evidence))
    assert [type(evidence) for evidence in GUILTY] == [Contradiction, CondemnedBlock, FalseSubmission, TwoRoots]


def test_a_tag_beyond_the_forms_is_refused() -> None:
    octets = encode_message(EvidenceReport(shown_of(GUILTY[2])))
    with pytest.raises(Rejected) as caught:
        decode_message(HARDENED, octets[:1] + b"\x04" + octets[2:])
    assert caught.value.code is RejectionCode.ENCODING_UNKNOWN_TAG
    with pytest.raises(Rejected) as caught:
        decode_message(HARDENED.without(Resolution.MESSAGES), octets)
    assert caught.value.code is RejectionCode.ENCODING_UNKNOWN_TAG


@pytest.mark.parametrize(("guilty", "honest"), [*zip(GUILTY, HONEST, strict=True)], ids=NAMES)
def test_a_report_convicts_by_what_it_shows_and_not_by_who_sends_it(
    guilty: ShownEvidence, honest: ShownEvidence
) -> None:
    assert outcome(guilty) is None
    assert outcome(honest) is RejectionCode.EVIDENCE_UNCONVINCING
    assert outcome(forged(guilty)) is RejectionCode.EVIDENCE_UNCONVINCING


def test_a_report_of_another_chain_convicts_nobody() -> None:
    elsewhere = replace(JUDGE, chain_id=root_claim(0, 1, 1, "elsewhere").root)
    for evidence in GUILTY:
        with pytest.raises(Rejected):
            check_report(HARDENED, elsewhere, EvidenceReport(shown_of(evidence)))


def test_a_report_is_no_longer_than_a_message_may_be() -> None:
    assert greatest_payload(Kind.EVIDENCE_REPORT) == 1 << 24
