"""An accepted certificate shows a quorum of the committee's seats, under one statement, each seat counting once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import pytest

from taifoon.core.certificate import Certificate, ClaimedConsensus, Committee, check_certificate
from taifoon.core.quorum import quorum
from taifoon.core.vote import Statement, VoteKind
from taifoon.primitives.encoding import decode, encode
from taifoon.primitives.types import ClusterId, Epoch, Seat, Signature64, View
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest
from taifoon_models.keys import certificate_by, committee_of, key, signature

SIGNED = Statement(digest("chain"), Epoch(3), ClusterId(1), View(7), VoteKind.NOTARISE, digest("block"))
FOUR = committee_of(SIGNED.chain_id, SIGNED.epoch, SIGNED.committee, 4)
ACCEPTED = certificate_by(HARDENED, SIGNED, (0, 1, 3), [0, 1, 3])
COUNTING = HARDENED.without(Resolution.CERTIFICATE)
CREDULOUS = HARDENED.without(Resolution.DERIVED_FIELDS)
OUTSIDER = 9

OTHERS = {
    "chain": replace(SIGNED, chain_id=digest("another chain")),
    "epoch": replace(SIGNED, epoch=Epoch(4)),
    "committee": replace(SIGNED, committee=ClusterId(2)),
    "view": replace(SIGNED, view=View(8)),
    "kind": replace(SIGNED, kind=VoteKind.FINALISE),
    "block": replace(SIGNED, block_hash=digest("another block")),
}
FOREIGN = {
    "chain": replace(FOUR, chain_id=digest("another chain")),
    "epoch": replace(FOUR, epoch=Epoch(4)),
    "cluster": replace(FOUR, cluster=ClusterId(2)),
}


def outcome(
    profile: Profile,
    certificate: Certificate,
    *,
    committee: Committee = FOUR,
    statement: Statement = SIGNED,
    claimed: ClaimedConsensus | None = None,
) -> RejectionCode | None:
    """The code of the rejection, or None for an accepted certificate."""
    try:
        check_certificate(profile, committee, statement, certificate, claimed)
    except Rejected as rejected:
        return rejected.code
    return None


def by(listed: Sequence[int], signers: Sequence[int] | None = None, profile: Profile = HARDENED) -> Certificate:
    """A certificate of these seats, signed by their own keys unless other signers are given."""
    return certificate_by(profile, SIGNED, tuple(listed), list(listed if signers is None else signers))


def test_the_certificate_from_which_the_faults_start_is_accepted() -> None:
    assert outcome(HARDENED, ACCEPTED) is None


@pytest.mark.parametrize("field", OTHERS)
def test_a_certificate_of_another_statement_is_refused(field: str) -> None:
    other = OTHERS[field]
    assert outcome(HARDENED, ACCEPTED, statement=other) is RejectionCode.CERTIFICATE_STATEMENT
    signed_otherwise = certificate_by(HARDENED, other, (0, 1, 3), [0, 1, 3])
    assert outcome(HARDENED, signed_otherwise) is RejectionCode.CERTIFICATE_STATEMENT


@pytest.mark.parametrize("field", FOREIGN)
def test_a_committee_decides_no_statement_of_another(field: str) -> None:
    assert outcome(HARDENED, ACCEPTED, committee=FOREIGN[field]) is RejectionCode.CERTIFICATE_STATEMENT


def test_there_is_one_signature_for_each_seat() -> None:
    missing = replace(ACCEPTED, signatures=ACCEPTED.signatures[:-1])
    left_over = replace(ACCEPTED, signatures=(*ACCEPTED.signatures, signature(HARDENED, 2, SIGNED)))
    assert outcome(HARDENED, missing) is RejectionCode.CERTIFICATE_SHAPE
    assert outcome(HARDENED, left_over) is RejectionCode.CERTIFICATE_SHAPE


@pytest.mark.parametrize("listed", [(1, 0, 3), (0, 3, 1), (0, 1, 3, 3), (0, 0, 1, 3)])
def test_seats_out_of_order_are_accepted_only_without_the_rule(listed: tuple[int, ...]) -> None:
    assert outcome(HARDENED, by(listed)) is RejectionCode.CERTIFICATE_SEATS_UNSORTED
    assert outcome(COUNTING, by(listed, profile=COUNTING)) is None


def test_one_member_makes_a_quorum_of_itself_only_without_the_rule() -> None:
    assert outcome(HARDENED, by((2, 2, 2))) is RejectionCode.CERTIFICATE_SEATS_UNSORTED
    assert outcome(COUNTING, by((2, 2, 2), profile=COUNTING)) is None
    assert outcome(COUNTING, by((2, 2), profile=COUNTING)) is RejectionCode.CERTIFICATE_NO_QUORUM


@pytest.mark.parametrize("profile", [HARDENED, COUNTING], ids=lambda profile: profile.name)
def test_a_seat_that_the_committee_has_not_is_refused(profile: Profile) -> None:
    assert outcome(profile, by((0, 1, 2, 4), profile=profile)) is RejectionCode.CERTIFICATE_SEAT_UNKNOWN
    negative = Certificate(SIGNED, (Seat(-1), Seat(1), Seat(2)), by((3, 1, 2), profile=profile).signatures)
    assert outcome(profile, negative) is RejectionCode.CERTIFICATE_SEAT_UNKNOWN


def test_one_seat_fewer_than_the_quorum_is_refused() -> None:
    assert outcome(HARDENED, by((0, 1))) is RejectionCode.CERTIFICATE_NO_QUORUM
    assert outcome(HARDENED, by(())) is RejectionCode.CERTIFICATE_NO_QUORUM


@pytest.mark.parametrize("place", range(3))
def test_each_signature_is_by_the_key_of_its_seat_under_this_statement(place: int) -> None:
    genuine = ACCEPTED.signatures[place]
    forgeries = {
        "outsider": signature(HARDENED, OUTSIDER, SIGNED),
        "another seat": signature(HARDENED, 2, SIGNED),
        "another statement": signature(HARDENED, ACCEPTED.seats[place], OTHERS["view"]),
        "one bit": Signature64(bytes([genuine[0] ^ 1]) + genuine[1:]),
    }
    for forged in forgeries.values():
        signatures = (*ACCEPTED.signatures[:place], forged, *ACCEPTED.signatures[place + 1 :])
        assert outcome(HARDENED, replace(ACCEPTED, signatures=signatures)) is RejectionCode.SIGNATURE_INVALID


def test_signatures_in_the_order_of_other_seats_are_refused() -> None:
    assert outcome(HARDENED, by((0, 1, 3), (1, 0, 3))) is RejectionCode.SIGNATURE_INVALID


def test_a_block_appoints_its_own_members_only_without_the_rule() -> None:
    claimed = ClaimedConsensus((key(OUTSIDER),), 1)
    forged = by((0,), (OUTSIDER,))
    assert outcome(HARDENED, forged, claimed=claimed) is RejectionCode.CERTIFICATE_NO_QUORUM
    assert outcome(CREDULOUS, by((0,), (OUTSIDER,), CREDULOUS), claimed=claimed) is None


@pytest.mark.parametrize("threshold", [0, 1, 2])
def test_a_block_lowers_its_own_quorum_only_without_the_rule(threshold: int) -> None:
    claimed = ClaimedConsensus(FOUR.keys, threshold)
    listed = tuple(range(threshold))
    assert outcome(HARDENED, by(listed), claimed=claimed) is RejectionCode.CERTIFICATE_NO_QUORUM
    assert outcome(CREDULOUS, by(listed, profile=CREDULOUS), claimed=claimed) is None


@pytest.mark.parametrize("claimed", [ClaimedConsensus((), 5), ClaimedConsensus((key(OUTSIDER),) * 4, 3)])
def test_a_blocks_claim_takes_nothing_from_a_good_certificate(claimed: ClaimedConsensus) -> None:
    assert outcome(HARDENED, ACCEPTED, claimed=claimed) is None
    assert outcome(CREDULOUS, by((0, 1, 3), profile=CREDULOUS), claimed=claimed) is not None


def test_without_a_claim_the_committee_decides_under_every_rule() -> None:
    assert outcome(CREDULOUS, by((0, 1, 3), profile=CREDULOUS)) is None
    assert outcome(CREDULOUS, by((0, 1), profile=CREDULOUS)) is RejectionCode.CERTIFICATE_NO_QUORUM


@pytest.mark.parametrize("seats", range(1, 8))
@pytest.mark.parametrize("profile", [HARDENED, DOCUMENT], ids=lambda profile: profile.name)
def test_a_set_of_seats_is_accepted_exactly_from_the_quorum_on(profile: Profile, seats: int) -> None:
    committee = committee_of(SIGNED.chain_id, SIGNED.epoch, SIGNED.committee, seats)
    for count in range(seats + 1):
        expected = None if count >= quorum(profile, seats) else RejectionCode.CERTIFICATE_NO_QUORUM
        for listed in combinations(range(seats), count):
            assert outcome(profile, by(listed, profile=profile), committee=committee) is expected


def test_a_key_weighs_as_many_votes_as_it_has_seats() -> None:
    committee = replace(FOUR, keys=(key(0), key(0), key(1), key(2)))
    assert outcome(HARDENED, by((0, 1, 2), (0, 0, 1)), committee=committee) is None
    assert outcome(HARDENED, by((0, 2), (0, 1)), committee=committee) is RejectionCode.CERTIFICATE_NO_QUORUM


def test_a_key_with_one_seat_votes_once() -> None:
    assert outcome(HARDENED, by((0, 0, 1), (0, 0, 1))) is RejectionCode.CERTIFICATE_SEATS_UNSORTED
    assert outcome(HARDENED, by((0, 1, 2), (0, 0, 1))) is RejectionCode.SIGNATURE_INVALID


def test_cheap_checks_come_before_signatures() -> None:
    assert outcome(HARDENED, by((0, 1), (OUTSIDER, OUTSIDER))) is RejectionCode.CERTIFICATE_NO_QUORUM
    assert outcome(HARDENED, by((0, 1, 4), (OUTSIDER, 1, 4))) is RejectionCode.CERTIFICATE_SEAT_UNKNOWN
    assert outcome(HARDENED, by((1, 0, 3), (OUTSIDER, 0, 3))) is RejectionCode.CERTIFICATE_SEATS_UNSORTED


def test_a_certificate_survives_its_encoding() -> None:
    octets = encode(Certificate, ACCEPTED)
    assert len(octets) == 85 + 4 + 3 * 4 + 4 + 3 * 64
    assert decode(Certificate, octets) == ACCEPTED
