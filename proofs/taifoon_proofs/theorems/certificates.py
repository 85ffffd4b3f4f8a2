"""Sections 2.3 and 2.4: what an accepted certificate shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from taifoon.core.certificate import ClaimedConsensus, Committee, check_certificate
from taifoon.core.quorum import quorum
from taifoon.core.vote import Statement, VoteKind
from taifoon.primitives.types import ClusterId, Epoch, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.jobs import digest
from taifoon_models.keys import certificate_by, committee_of, key
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

SIGNED = Statement(digest("chain"), Epoch(3), ClusterId(1), View(7), VoteKind.NOTARISE, digest("block"))
OTHERS: dict[str, Statement] = {
    "chain": replace(SIGNED, chain_id=digest("another chain")),
    "epoch": replace(SIGNED, epoch=Epoch(4)),
    "committee": replace(SIGNED, committee=ClusterId(2)),
    "view": replace(SIGNED, view=View(8)),
    "kind": replace(SIGNED, kind=VoteKind.FINALISE),
    "block": replace(SIGNED, block_hash=digest("another block")),
}
SEATS = 4


def committee_for(statement: Statement, seats: int) -> Committee:
    """The committee that a statement names, with the same keys for every one."""
    return committee_of(statement.chain_id, statement.epoch, statement.committee, seats)


@scenario("certificate/replayed")
def votes_count_for_another_statement(profile: Profile, trace: Trace, *, field: str) -> bool:
    """Signatures under one statement certify another, which differs in one field."""
    other = OTHERS[field]
    listed = tuple(range(quorum(profile, SEATS)))
    signed = certificate_by(profile, SIGNED, listed, list(listed))
    trace.state("sign", statement=str(SIGNED), seats=listed)
    offered = replace(signed, statement=other)
    trace.state("offer the same signatures", statement=str(other))
    return accepted(profile, committee_for(other, SEATS), other, offered, None, trace)


def accepted(
    profile: Profile,
    committee: Committee,
    statement: Statement,
    certificate: object,
    claimed: ClaimedConsensus | None,
    trace: Trace,
) -> bool:
    """Whether the shipped check accepts."""
    try:
        check_certificate(profile, committee, statement, certificate, claimed)  # type: ignore[arg-type]
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return False
    trace.state("accepted")
    return True


@theorem(
    "T-C8",
    requirements=("R-4.1-8",),
    needs={
        Resolution.BOUND_CHAIN,
        Resolution.BOUND_EPOCH,
        Resolution.BOUND_COMMITTEE,
        Resolution.BOUND_VIEW,
        Resolution.BOUND_KIND,
    },
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM1", "AM2"),
)
def a_signature_authorises_one_statement(profile: Profile) -> Verdict:
    """Each field of a statement in turn: signatures under one value are not accepted for another.

    That no two statements share what is signed is T-M13 for the encoding and collision resistance for the hash.
    """
    return exhaust(profile, "certificate/replayed", "each field of a statement", ({"field": name} for name in OTHERS))


@scenario("certificate/too-few-signers")
def fewer_members_than_a_quorum_decide(
    profile: Profile, trace: Trace, *, seats: int, signers: int, listed: list[int]
) -> bool:
    """A certificate is accepted although fewer than a quorum of distinct members signed.

    The first members sign; a listed seat whose member does not sign gets the first member's signature.
    """
    by = [seat if seat < signers else 0 for seat in listed]
    certificate = certificate_by(profile, SIGNED, tuple(listed), by)
    trace.state("offer", seats=seats, quorum=quorum(profile, seats), listed=tuple(listed), signed_by=tuple(by))
    if not accepted(profile, committee_for(SIGNED, seats), SIGNED, certificate, None, trace):
        return False
    return len(set(by)) < quorum(profile, seats)


def shortages(seats: int, needed: int) -> Iterator[dict[str, Json]]:
    """Every list of seats, one unknown seat among them, up to one over the quorum, signed by too few members."""
    for signers in range(1, needed):
        for length in range(1, needed + 2):
            for listed in product(range(seats + 1), repeat=length):
                yield {"seats": seats, "signers": signers, "listed": list(listed)}


@scenario("certificate/claimed-committee")
def the_blocks_own_committee_decides(
    profile: Profile, trace: Trace, *, threshold: int, members: list[int], listed: list[int]
) -> bool:
    """A certificate is accepted on the word of the block about its members or its quorum.

    The committee holds keys 0 to 3; key 9 is an outsider. Members sign for the seats that the block claims for them.
    """
    claimed = ClaimedConsensus(tuple(key(number) for number in members), threshold)
    by = [members[seat] for seat in listed]
    certificate = certificate_by(profile, SIGNED, tuple(listed), by)
    trace.state("offer", claimed_members=tuple(members), claimed_threshold=threshold, signed_by=tuple(by))
    if not accepted(profile, committee_for(SIGNED, SEATS), SIGNED, certificate, claimed, trace):
        return False
    return len({number for number in by if number < SEATS}) < quorum(profile, SEATS)


def claims() -> Iterator[dict[str, Json]]:
    """Every threshold and several claimed memberships, with every strictly increasing list of signers among them."""
    memberships = ([9], [0, 9], [9, 0], [0, 1, 9], [0, 1, 2, 3], [0, 1, 2, 3, 9])
    for members, threshold in product(memberships, range(6)):
        for chosen in range(1, 1 << len(members)):
            listed = [place for place in range(len(members)) if chosen >> place & 1]
            yield {"threshold": threshold, "members": list(members), "listed": listed}


@theorem(
    "T-C6",
    requirements=("R-2.3-11", "R-2.3-12"),
    needs={Resolution.DERIVED_FIELDS},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2",),
)
def the_block_is_not_asked_who_decides(profile: Profile) -> Verdict:
    """Every claim of a block about members and quorum, out of a small set, with every list of signers."""
    return exhaust(
        profile, "certificate/claimed-committee", "every claim out of six memberships and six thresholds", claims()
    )


@theorem(
    "T-C7",
    requirements=("R-2.3-10", "R-4.1-9"),
    needs={Resolution.CERTIFICATE},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2",),
)
def a_certificate_shows_a_quorum_of_members(profile: Profile) -> Verdict:
    """Every list of seats up to one over the quorum, for 4 and 5 seats, signed by fewer members than the quorum."""
    return conclude(
        *(
            exhaust(
                profile,
                "certificate/too-few-signers",
                f"every list of up to {quorum(profile, seats) + 1} of {seats} seats and an unknown one",
                shortages(seats, quorum(profile, seats)),
            )
            for seats in (SEATS, 5)
        )
    )
