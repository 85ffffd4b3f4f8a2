"""Section 6.2: who is to blame when two conflicting blocks are final (R-6.2-1, R-1-6).

A finality proof carries the certificates of its block and, for each ancestor, the notarisation and the nullifications
of the views it skips. From two conflicting proofs, contradictions are read off: pairs of statements by one seat that no
honest member ever signs together. Each piece of evidence is checked from its bytes alone, by anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

from icontract import ensure

from taifoon.core.certificate import Certificate, Committee, check_certificate
from taifoon.core.consensus import GENESIS_VIEW, Link, final_kinds
from taifoon.core.vote import NO_BLOCK, Statement, VoteKind, signs
from taifoon.primitives.types import Hash32, Seat, Signature64, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode


@dataclass(frozen=True, slots=True)
class FinalityProof:
    """The path from a final block down to the child of genesis, and the certificates that make it final."""

    path: tuple[Link, ...]
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement with the signature of one seat under it."""

    seat: Seat
    statement: Statement
    signature: Signature64


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two statements that one seat signed."""

    first: SignedStatement
    second: SignedStatement


def statement_of(committee: Committee, kind: VoteKind, view: View, block_hash: Hash32) -> Statement:
    """What the members of a committee sign for a kind of vote."""
    return Statement(committee.chain_id, committee.epoch, committee.cluster, view, kind, block_hash)


def demanded(profile: Profile, committee: Committee, path: tuple[Link, ...]) -> Iterator[Statement]:
    """Rule: the statements for which a finality proof has to carry certificates, one after the other.

    The certificates of the final block, as `final_kinds` says; for each other block of the path its notarisation; and
    for each view that the path skips its nullification. Literally the last two are asked of nobody. A path may skip
    more views than memory holds, so a reader stops at the first statement that is not certified.
    """
    final = path[0]
    for kind in final_kinds(profile):
        yield statement_of(committee, kind, final.view, final.block_hash)
    if Resolution.CERTIFIED_PARENT in profile:
        for link in path[1:]:
            yield statement_of(committee, VoteKind.NOTARISE, link.view, link.block_hash)
    if Resolution.NULLIFIED_GAP in profile:
        for link in path:
            for view in range(link.parent_view + 1, link.view):
                yield statement_of(committee, VoteKind.NULLIFY, View(view), NO_BLOCK)


def check_path(profile: Profile, genesis: Hash32, path: tuple[Link, ...]) -> None:
    """Demand a chain of decreasing views, down to genesis where parents have to be certified.

    Rejects with FINALITY_PATH.
    """
    chained = all(
        (link.parent_hash, link.parent_view) == (below.block_hash, below.view) for link, below in pairwise(path)
    )
    grounded = bool(path) and (path[-1].parent_view, path[-1].parent_hash) == (GENESIS_VIEW, genesis)
    whole = grounded or (bool(path) and Resolution.CERTIFIED_PARENT not in profile)
    if not whole or not chained or not all(link.parent_view < link.view for link in path):
        raise Rejected(
            RejectionCode.FINALITY_PATH, f"views {[link.view for link in path]}: each block must stand on the next"
        )


def check_finality(profile: Profile, committee: Committee, genesis: Hash32, proof: FinalityProof) -> None:
    """Accept that the first block of a path is final, or reject.

    Rejects with FINALITY_PATH, FINALITY_INCOMPLETE, and as `check_certificate` does.
    """
    check_path(profile, genesis, proof.path)
    carried = {certificate.statement: certificate for certificate in proof.certificates}
    for statement in demanded(profile, committee, proof.path):
        if statement not in carried:
            raise Rejected(
                RejectionCode.FINALITY_INCOMPLETE, f"no certificate to {statement.kind.value} in view {statement.view}"
            )
        check_certificate(profile, committee, statement, carried[statement])


def without_surplus(profile: Profile, committee: Committee, proof: FinalityProof) -> FinalityProof:
    """A checked proof with the certificates that it needs, each once; anybody could add any number of others."""
    carried = {certificate.statement: certificate for certificate in proof.certificates}
    needed = tuple(carried[statement] for statement in demanded(profile, committee, proof.path))
    return FinalityProof(proof.path, needed)


def contradicts(first: Statement, second: Statement) -> bool:
    """Whether no honest member signs both: two blocks notarised or finalised in a view, or it finalised and nullified.

    Statements of different chains, epochs, committees or views never contradict each other.
    """
    slot = (first.chain_id, first.epoch, first.committee, first.view)
    if slot != (second.chain_id, second.epoch, second.committee, second.view):
        return False
    if first.kind is second.kind and first.kind is not VoteKind.NULLIFY:
        return first.block_hash != second.block_hash
    return {first.kind, second.kind} == {VoteKind.FINALISE, VoteKind.NULLIFY}


def is_offence(profile: Profile, committee: Committee, evidence: Evidence) -> bool:
    """Whether evidence convicts its seat: two contradicting statements, both under valid signatures of its key."""
    first, second = evidence.first, evidence.second
    if first.seat != second.seat or not 0 <= first.seat < len(committee.keys):
        return False
    if not contradicts(first.statement, second.statement):
        return False
    key = committee.keys[first.seat]
    return all(signs(profile, key, signed.statement, signed.signature) for signed in (first, second))


def votes_of(certificate: Certificate) -> tuple[SignedStatement, ...]:
    """The votes that a certificate is made of. It may never have been checked: a seat without a signature has none."""
    pairs = zip(certificate.seats, certificate.signatures, strict=False)
    return tuple(SignedStatement(seat, certificate.statement, signature) for seat, signature in pairs)


def signed_in(proof: FinalityProof) -> tuple[SignedStatement, ...]:
    """Every signed statement that a proof carries, those included that nothing demands and nobody has checked."""
    return tuple(vote for certificate in proof.certificates for vote in votes_of(certificate))


@ensure(lambda result: len({evidence.first.seat for evidence in result}) == len(result))
def find_guilt(
    profile: Profile, committee: Committee, genesis: Hash32, first: FinalityProof, second: FinalityProof
) -> tuple[Evidence, ...]:
    """One piece of evidence for each seat that contradicts itself in two conflicting finality proofs, by seat.

    Rejects with FINALITY_AGREES where the proofs do not conflict, and as `check_finality` does.
    """
    for proof in (first, second):
        check_finality(profile, committee, genesis, proof)
    if first.path[0] in second.path or second.path[0] in first.path:
        raise Rejected(RejectionCode.FINALITY_AGREES, "one final block stands on the path of the other")
    found: dict[Seat, Evidence] = {}
    for left, right in combinations((*signed_in(first), *signed_in(second)), 2):
        if left.seat not in found and is_offence(profile, committee, Evidence(left, right)):
            found[left.seat] = Evidence(left, right)
    return tuple(found[seat] for seat in sorted(found))
